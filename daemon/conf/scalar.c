/* SPDX-License-Identifier: Apache-2.0 */
/* scalar.c - single values by keyword: what is accepted, how it is stored, and how that is said. */
#include "conf/keyword.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(enum ferry_mode) == sizeof(int) && sizeof(enum missing_policy) == sizeof(int),
	       "a choice is stored as an int");

#define NAME_FORM "1 to 64 of a-z, 0-9, _ and -, beginning with a letter or digit"

static const struct {
	const char *name, *form;
} types[KEYWORD_TYPES] = {
	[KEYWORD_TEXT] = {"text", ""},
	[KEYWORD_NAME] = {"name", NAME_FORM},
	[KEYWORD_CONNECTION] = {"connection", "name of a connection in connections.d"},
	[KEYWORD_REASON] = {"code", "1 to 64 of A-Z, 0-9 and _, beginning with a letter"},
	[KEYWORD_EXPR] = {"expression", "an SQL expression over the source's columns"},
	[KEYWORD_INT] = {"whole number", "decimal digits"},
	[KEYWORD_LONG] = {"whole number", "decimal digits"},
	[KEYWORD_RATE] = {"number", "decimal digits, and up to three after a point"},
	[KEYWORD_DURATION] = {"duration", "a whole number with a unit: ms, s, m, h, d or w"},
	[KEYWORD_SIZE] = {"size", "a whole number with a unit: B, KiB, MiB, GiB or TiB"},
	[KEYWORD_BOOL] = {"truth value", "true or false"},
	[KEYWORD_TRISTATE] = {"truth value", "true or false"},
	[KEYWORD_CHOICE] = {"choice", ""},
	[KEYWORD_LIMIT] = {"limit", "a number of rows such as 100, or a share such as 5%"},
	[KEYWORD_EXPRS] = {"expression or list of expressions", ""},
	[KEYWORD_TEXTS] = {"text or list of texts", ""},
	[KEYWORD_NAMES] = {"name or list of names", ""},
	[KEYWORD_FIELDS] = {"field or list of fields", ""},
	[KEYWORD_REASONS] = {"code or list of codes", ""},
	[KEYWORD_MAPPING] = {"map of field: expression", ""},
	[KEYWORD_OBJECT] = {"map", ""},
	[KEYWORD_OBJECTS] = {"list of maps", ""},
	[KEYWORD_NAMED] = {"map of name: map", ""},
};

const char *keyword_type_name(enum keyword_type type)
{
	return types[type].name;
}

static void show_quantity(struct buf *out, enum keyword_type type, int64_t v)
{
	static const struct {
		const char *name;
		int64_t factor;
	} units[2][5] = {
		{{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}},
		{{"TiB", 1LL << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1024}, {"B", 1}},
	};

	if (type == KEYWORD_DURATION || type == KEYWORD_SIZE) {
		int i = 0, kind = type == KEYWORD_SIZE;
		while (i < 4 && (v < units[kind][i].factor || v % units[kind][i].factor))
			i++;
		buf_addf(out, "%lld%s", (long long)(v / units[kind][i].factor),
			 units[kind][i].name);
	} else {
		buf_addf(out, "%lld", (long long)v);
	}
}

const char *keyword_type_form(enum keyword_type type)
{
	return types[type].form;
}

void keyword_limits(const struct keyword *k, struct buf *out)
{
	const char *between = "";

	for (const struct keyword_choice *c = k->choices; c && c->name; c++, between = ", ")
		buf_addf(out, "%s%s", between, c->name);
	if (!k->min && !k->max)
		return;
	if (*between)
		buf_adds(out, "; ");
	if (k->type >= KEYWORD_EXPRS && !k->min) {
		buf_adds(out, "at most ");
	} else {
		show_quantity(out, k->type, k->min);
		buf_adds(out, " to ");
	}
	show_quantity(out, k->type, k->max);
}

const char *keyword_shown(const char *text, struct shown *out)
{
	size_t n = strnlen(text, sizeof out->s), max = sizeof out->s - sizeof "...";

	if (n > max) {
		for (n = max; n && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
			;
		snprintf(out->s, sizeof out->s, "%.*s...", (int)n, text);
	} else {
		memcpy(out->s, text, n);
		out->s[n] = '\0';
	}
	for (char *s = out->s; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
	return out->s;
}

bool keyword_is_null(const struct yaml_node *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (node->kind != YAML_NODE_SCALAR || !node->plain)
		return false;
	for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
		if (strcmp(node->text, nulls[i]) == 0)
			return true;
	return false;
}

/* first: characters it may begin with; rest: what may follow besides. */
static bool made_of(const char *s, const char *first, const char *rest, size_t max)
{
	size_t n = strlen(s);

	if (!n || n > max || !strchr(first, *s))
		return false;
	for (; *s; s++)
		if (!strchr(first, *s) && !strchr(rest, *s))
			return false;
	return true;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

bool keyword_valid_name(const char *s)
{
	return made_of(s, LOWER DIGITS, "_-", 64);
}

bool keyword_valid_identifier(const char *s)
{
	return made_of(s, LOWER UPPER "_", DIGITS, 64);
}

bool keyword_valid_field(const char *s)
{
	char part[65];

	for (size_t n = strlen(s); n <= 255; s++) {
		size_t len = strcspn(s, ".");
		if (len >= sizeof part)
			return false;
		memcpy(part, s, len);
		part[len] = '\0';
		if (!keyword_valid_identifier(part))
			return false;
		s += len;
		if (!*s)
			return true;
	}
	return false;
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

enum verdict { FINE, MALFORMED, OUT_OF_RANGE };

/* "0.5", "50": no sign, no exponent, so that what is stored is what was written. */
static bool parse_rate(const char *s, double *ret)
{
	char whole[24];
	const char *point = strchr(s, '.');
	size_t len = point ? (size_t)(point - s) : strlen(s);
	size_t decimals = point ? strlen(point + 1) : 0;
	int64_t i, thousandths = 0;

	if (len >= sizeof whole || (point && (decimals < 1 || decimals > 3)) || *s == '-')
		return false;
	memcpy(whole, s, len);
	whole[len] = '\0';
	if (!conf_parse_int(whole, &i) || i > 1000000000)
		return false;
	for (size_t d = 0; d < 3; d++) {
		char c = d < decimals ? point[1 + d] : '0';
		if (c < '0' || c > '9')
			return false;
		thousandths = thousandths * 10 + (c - '0');
	}
	*ret = (double)(i * 1000 + thousandths) / 1000;
	return true;
}

static enum verdict store_number(const struct keyword *k, const char *text, void *to)
{
	int64_t v;
	double rate = 0;
	bool ok;

	switch (k->type) {
	case KEYWORD_DURATION: ok = conf_parse_duration(text, &v); break;
	case KEYWORD_SIZE: ok = conf_parse_size(text, &v); break;
	case KEYWORD_RATE: ok = parse_rate(text, &rate); v = (int64_t)rate; break;
	default: ok = conf_parse_int(text, &v); break;
	}
	if (!ok)
		return MALFORMED;
	if ((k->min || k->max) && (v < k->min || v > k->max || rate > (double)k->max))
		return OUT_OF_RANGE;
	if (k->type == KEYWORD_INT)
		*(int *)to = (int)v;
	else if (k->type == KEYWORD_RATE)
		*(double *)to = rate;
	else
		*(int64_t *)to = v;
	return FINE;
}

static enum verdict store_choice(const struct keyword *k, const char *text, void *to)
{
	for (const struct keyword_choice *c = k->choices; c->name; c++)
		if (strcmp(c->name, text) == 0) {
			memcpy(to, &c->value, sizeof c->value);
			return FINE;
		}
	return MALFORMED;
}

static enum verdict check_text(const struct keyword *k, const char *text)
{
	switch (k->type) {
	case KEYWORD_NAME: return keyword_valid_name(text) ? FINE : MALFORMED;
	case KEYWORD_REASON: return made_of(text, UPPER, DIGITS "_", 64) ? FINE : MALFORMED;
	default: return FINE;
	}
}

/* A text is kept, not copied. */
static enum verdict store(const struct keyword *k, const char *text, void *to)
{
	bool b;

	switch (k->type) {
	case KEYWORD_INT:
	case KEYWORD_LONG:
	case KEYWORD_RATE:
	case KEYWORD_DURATION:
	case KEYWORD_SIZE:
		return store_number(k, text, to);
	case KEYWORD_CHOICE:
		return store_choice(k, text, to);
	case KEYWORD_LIMIT:
		return conf_parse_limit(text, to) ? FINE : MALFORMED;
	case KEYWORD_BOOL: case KEYWORD_TRISTATE:
		if (!conf_parse_bool(text, &b))
			return MALFORMED;
		if (k->type == KEYWORD_BOOL)
			*(bool *)to = b;
		else
			*(int *)to = b;
		return FINE;
	default:
		*(const char **)to = text;
		return check_text(k, text);
	}
}

void keyword_scalar_default(const struct keyword *k, void *base)
{
	void *to = (char *)base + k->offset;

	if (k->fallback)
		FERRY_ASSERT(store(k, k->fallback, to) == FINE);
	else if (k->type == KEYWORD_TRISTATE)
		*(int *)to = -1;
}

static void mistake_choice(struct keyword_reader *r, const struct keyword *k,
			   const struct yaml_node *node, const char *allowed)
{
	const char *names[16] = {NULL};

	for (size_t i = 0; i < 15 && k->choices[i].name; i++)
		names[i] = k->choices[i].name;
	const char *near = conf_nearest(node->text, names);
	if (near)
		keyword_mistake(r, node, "'%s' cannot be '%s' (did you mean '%s'? allowed: %s)",
				k->name, SHOWN(node->text), near, allowed);
	else
		keyword_mistake(r, node, "'%s' cannot be '%s' (allowed: %s)", k->name,
				SHOWN(node->text), allowed);
}

static void mistake_value(struct keyword_reader *r, const struct keyword *k,
			  const struct yaml_node *node, enum verdict verdict)
{
	struct buf limits = BUF_INIT, value = BUF_INIT;
	const char *form = types[k->type].form;

	keyword_limits(k, &limits);
	if (k->flags & KEYWORD_SECRET)
		buf_adds(&value, "its value");
	else
		buf_addf(&value, "'%s'", SHOWN(node->text));
	if (k->type == KEYWORD_CHOICE)
		mistake_choice(r, k, node, buf_str(&limits));
	else if (verdict == OUT_OF_RANGE)
		keyword_mistake(r, node, "'%s': %s is out of range (%s)", k->name, buf_str(&value),
				buf_str(&limits));
	else
		keyword_mistake(r, node, "'%s': %s is no %s (%s%s%s)", k->name, buf_str(&value),
				keyword_type_name(k->type), form, *form && limits.len ? "; " : "",
				buf_str(&limits));
	buf_release(&limits);
	buf_release(&value);
}

bool keyword_scalar(struct keyword_reader *r, const struct keyword *k, const struct yaml_node *node,
		    void *base)
{
	void *to = (char *)base + k->offset;

	if (node->kind != YAML_NODE_SCALAR) {
		keyword_mistake(r, node, "'%s' must be a single value, not a %s (%s)", k->name,
				node->kind == YAML_NODE_LIST ? "list" : "map",
				keyword_type_name(k->type));
		return false;
	}
	if (keyword_is_null(node)) {
		keyword_mistake(r, node, "'%s' has no value (%s)", k->name, k->type == KEYWORD_EXPR
				? "give an expression; SQL's own NULL goes in quotes"
				: "give one, or leave the key out");
		return false;
	}
	if (is_blank(node->text)) {
		keyword_mistake(r, node, "'%s' is empty (give it a value, or leave the key out)",
				k->name);
		return false;
	}
	/* the tree goes after the file was read, the struct stays */
	const char *text = node->text;
	if (k->type <= KEYWORD_EXPR)
		text = arena_strdup(r->arena, text);
	enum verdict v = store(k, text, to);
	if (v != FINE) {
		mistake_value(r, k, node, v);
		return false;
	}
	return true;
}
