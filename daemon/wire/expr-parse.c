/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr-parse.c - the text of an expression into a tree, as far as it is known natively. Precedence is
 * SQLite's. Whatever is not understood for certain makes the whole expression unknown: a comment, an
 * operator, a function, a name that is no column, a number that is no integer.
 */
#include <string.h>
#include <strings.h>

#include "wire/expr-native.h"

enum { DEPTH_MAX = 60, ARGS_MAX = 64 };

struct parser {
	const char *p;			/* at the next token */
	const struct ferry_column *columns;
	size_t n_columns;
	struct arena *arena;
	int depth;
};

static struct native *parse_or(struct parser *s);

/* ------------------------------------------------------------------- tokens */

static void skip_blanks(struct parser *s)
{
	s->p += strspn(s->p, " \t\n\f\r");
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		c == '$' || (unsigned char)c >= 0x80;
}

/* Length of the bare word here; 0 when there is none. */
static size_t word_length(const struct parser *s)
{
	size_t n = 0;

	/* U+FEFF, which starts with 0xef, is a blank to SQLite where a word could begin */
	if (s->p[0] == '$' || (s->p[0] >= '0' && s->p[0] <= '9') || (unsigned char)s->p[0] == 0xef)
		return 0;
	while (is_word(s->p[n]))
		n++;
	return n;
}

static bool is_named(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(word, name, len) == 0;
}

static bool accept_word(struct parser *s, const char *name)
{
	size_t len = word_length(s);

	if (!len || !is_named(s->p, len, name))
		return false;
	s->p += len;
	skip_blanks(s);
	return true;
}

static bool accept(struct parser *s, const char *sign)
{
	size_t len = strlen(sign);

	if (strncmp(s->p, sign, len) != 0)
		return false;
	s->p += len;
	skip_blanks(s);
	return true;
}

/* 'text' or "name" without its quotes, which are doubled inside. */
static bool quoted(struct parser *s, char quote, const char **ret, size_t *ret_len)
{
	char *text = arena_alloc(s->arena, strlen(s->p) + 1);
	size_t n = 0;

	for (s->p++;; s->p++) {
		if (!*s->p)
			return false;
		if (*s->p == quote && *++s->p != quote)
			break;
		text[n++] = *s->p;
	}
	text[n] = '\0';
	skip_blanks(s);
	*ret = text;
	*ret_len = n;
	return true;
}

/* -------------------------------------------------------------------- nodes */

static struct native *node(struct parser *s, enum native_op op, struct native **args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!args[i])
			return NULL;
	struct native *e = arena_alloc0(s->arena, 1, sizeof *e);
	e->op = op;
	e->n = n;
	e->args = arena_alloc(s->arena, n * sizeof *args);
	if (n)
		memcpy(e->args, args, n * sizeof *args);
	return e;
}

static struct native *binary(struct parser *s, enum native_op op, struct native *a, struct native *b)
{
	return node(s, op, (struct native *[]){a, b}, 2);
}

static struct native *literal(struct parser *s, struct ferry_value v)
{
	struct native *e = node(s, NATIVE_VALUE, NULL, 0);

	e->value = v;
	return e;
}

/* --------------------------------------------------------------- the leaves */

static struct native *column(struct parser *s, const char *name, size_t len)
{
	for (size_t i = 0; i < s->n_columns; i++)
		if (is_named(name, len, s->columns[i].name)) {
			struct native *e = node(s, NATIVE_COLUMN, NULL, 0);
			e->column = i;
			return e;
		}
	return NULL;
}

/* A name, or src and a name; the first word has been read. */
static struct native *name(struct parser *s, const char *word, size_t len)
{
	if (*s->p != '.')
		return column(s, word, len);
	if (!is_named(word, len, "src"))
		return NULL;
	s->p++;
	skip_blanks(s);
	if (*s->p == '"')
		return quoted(s, '"', &word, &len) ? column(s, word, len) : NULL;
	word = s->p;
	len = word_length(s);
	s->p += len;
	skip_blanks(s);
	return len ? column(s, word, len) : NULL;
}

static struct native *integer(struct parser *s)
{
	int64_t i = 0;
	const char *start = s->p;

	if (*s->p == '0' && (s->p[1] == 'x' || s->p[1] == 'X'))
		return NULL;
	for (; *s->p >= '0' && *s->p <= '9' && s->p - start < 18; s->p++)
		i = i * 10 + (*s->p - '0');
	/* a fraction, an exponent, or maybe more than 64 bits */
	if (*s->p == '.' || is_word(*s->p))
		return NULL;
	skip_blanks(s);
	return literal(s, (struct ferry_value){.i = i, .type = FERRY_INT});
}

/* All up to ")", which is read too. */
static bool arguments(struct parser *s, struct native **args, size_t *n)
{
	for (*n = 0; *n < ARGS_MAX;) {
		args[*n] = parse_or(s);
		if (!args[(*n)++])
			return false;
		if (accept(s, ")"))
			return true;
		if (!accept(s, ","))
			return false;
	}
	return false;
}

static struct native *call(struct parser *s, const char *word, size_t len)
{
	static const struct {
		const char *name;
		enum native_op op;
		size_t least, most;
	} functions[] = {
		{"lower", NATIVE_LOWER, 1, 1}, {"upper", NATIVE_UPPER, 1, 1}, {"trim", NATIVE_TRIM, 1, 1},
		{"ltrim", NATIVE_LTRIM, 1, 1}, {"rtrim", NATIVE_RTRIM, 1, 1}, {"length", NATIVE_LENGTH, 1, 1},
		{"coalesce", NATIVE_COALESCE, 2, ARGS_MAX}, {"ifnull", NATIVE_COALESCE, 2, 2},
		{"nullif", NATIVE_NULLIF, 2, 2},
	};
	struct native *args[ARGS_MAX];
	size_t n;

	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
		if (!is_named(word, len, functions[i].name))
			continue;
		if (!arguments(s, args, &n) || n < functions[i].least || n > functions[i].most)
			return NULL;
		return node(s, functions[i].op, args, n);
	}
	return NULL;
}

/* CASE [x] WHEN a THEN b ... [ELSE c] END; the first word has been read. */
static struct native *parse_case(struct parser *s)
{
	struct native *args[ARGS_MAX];
	size_t n = 0;
	bool compares = false;

	if (!accept_word(s, "when")) {
		args[n++] = parse_or(s);
		compares = true;
		if (!args[0] || !accept_word(s, "when"))
			return NULL;
	}
	do {
		if (n + 3 > ARGS_MAX)
			return NULL;
		args[n] = parse_or(s);
		if (!args[n++] || !accept_word(s, "then"))
			return NULL;
		args[n] = parse_or(s);
		if (!args[n++])
			return NULL;
	} while (accept_word(s, "when"));
	if (accept_word(s, "else"))
		args[n++] = parse_or(s);
	if (!args[n - 1] || !accept_word(s, "end"))
		return NULL;
	return node(s, compares ? NATIVE_SWITCH : NATIVE_CASE, args, n);
}

static struct native *parse_word(struct parser *s)
{
	const char *word = s->p;
	size_t len = word_length(s);

	if (!len)
		return NULL;
	s->p += len;
	skip_blanks(s);
	if (is_named(word, len, "null"))
		return literal(s, (struct ferry_value){.type = FERRY_NULL});
	if (is_named(word, len, "case"))
		return parse_case(s);
	/* words that are values of their own, whatever the columns are called, or no values at all */
	static const char *const others[] = {
		"not", "true", "false", "current_date", "current_time", "current_timestamp",
	};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (is_named(word, len, others[i]))
			return NULL;
	return accept(s, "(") ? call(s, word, len) : name(s, word, len);
}

static struct native *parse_leaf(struct parser *s)
{
	const char *text;
	size_t len;

	if (accept(s, "(")) {
		struct native *e = parse_or(s);
		return e && accept(s, ")") ? e : NULL;
	}
	if (*s->p >= '0' && *s->p <= '9')
		return integer(s);
	if (*s->p == '\'') {
		if (!quoted(s, '\'', &text, &len))
			return NULL;
		return literal(s, (struct ferry_value){.s = text, .len = (uint32_t)len, .type = FERRY_TEXT});
	}
	if (*s->p == '"')
		return quoted(s, '"', &text, &len) && *s->p != '(' ? name(s, text, len) : NULL;
	return parse_word(s);
}

/* ------------------------------------------------------- operators, by rank */

static struct native *parse_unary(struct parser *s)
{
	if (s->depth >= DEPTH_MAX)
		return NULL;
	s->depth++;
	struct native *e;
	if (*s->p == '-' && s->p[1] != '-' && accept(s, "-"))
		e = node(s, NATIVE_NEGATE, (struct native *[]){parse_unary(s)}, 1);
	else
		e = parse_leaf(s);
	s->depth--;
	return e;
}

static struct native *parse_concat(struct parser *s)
{
	struct native *e = parse_unary(s);

	while (e && accept(s, "||"))
		e = binary(s, NATIVE_CONCAT, e, parse_unary(s));
	return e;
}

static struct native *parse_product(struct parser *s)
{
	struct native *e = parse_concat(s);

	for (;;) {
		if (e && *s->p == '*' && accept(s, "*"))
			e = binary(s, NATIVE_MULTIPLY, e, parse_concat(s));
		else if (e && *s->p == '/' && s->p[1] != '*' && accept(s, "/"))
			e = binary(s, NATIVE_DIVIDE, e, parse_concat(s));
		else
			return e;
	}
}

static struct native *parse_sum(struct parser *s)
{
	struct native *e = parse_product(s);

	for (;;) {
		if (e && accept(s, "+"))
			e = binary(s, NATIVE_ADD, e, parse_product(s));
		else if (e && *s->p == '-' && s->p[1] != '-' && s->p[1] != '>' && accept(s, "-"))
			e = binary(s, NATIVE_SUBTRACT, e, parse_product(s));
		else
			return e;
	}
}

static struct native *parse_order(struct parser *s)
{
	struct native *e = parse_sum(s);

	for (;;) {
		if (!e || strncmp(s->p, "<<", 2) == 0 || strncmp(s->p, ">>", 2) == 0 || strncmp(s->p, "<>", 2) == 0)
			return e;
		if (accept(s, "<="))
			e = binary(s, NATIVE_LE, e, parse_sum(s));
		else if (accept(s, ">="))
			e = binary(s, NATIVE_GE, e, parse_sum(s));
		else if (accept(s, "<"))
			e = binary(s, NATIVE_LT, e, parse_sum(s));
		else if (accept(s, ">"))
			e = binary(s, NATIVE_GT, e, parse_sum(s));
		else
			return e;
	}
}

/* What follows IS or IS NOT: only NULL is known. */
static struct native *parse_is(struct parser *s, struct native *e)
{
	bool not = accept_word(s, "not");
	struct native *what = parse_order(s);

	if (!what || what->op != NATIVE_VALUE || what->value.type != FERRY_NULL)
		return NULL;
	return node(s, not ? NATIVE_NOT_NULL : NATIVE_IS_NULL, &e, 1);
}

static struct native *parse_equal(struct parser *s)
{
	struct native *e = parse_order(s);

	for (;;) {
		if (!e)
			return NULL;
		if (accept(s, "==") || accept(s, "="))
			e = binary(s, NATIVE_EQ, e, parse_order(s));
		else if (accept(s, "<>") || accept(s, "!="))
			e = binary(s, NATIVE_NE, e, parse_order(s));
		else if (accept_word(s, "is"))
			e = parse_is(s, e);
		else if (accept_word(s, "isnull"))
			e = node(s, NATIVE_IS_NULL, &e, 1);
		else if (accept_word(s, "notnull"))
			e = node(s, NATIVE_NOT_NULL, &e, 1);
		else
			return e;
	}
}

static struct native *parse_not(struct parser *s)
{
	if (s->depth >= DEPTH_MAX)
		return NULL;
	s->depth++;
	struct native *e;
	if (accept_word(s, "not"))
		e = node(s, NATIVE_NOT, (struct native *[]){parse_not(s)}, 1);
	else
		e = parse_equal(s);
	s->depth--;
	return e;
}

static struct native *parse_and(struct parser *s)
{
	struct native *e = parse_not(s);

	while (e && accept_word(s, "and"))
		e = binary(s, NATIVE_AND, e, parse_not(s));
	return e;
}

static struct native *parse_or(struct parser *s)
{
	struct native *e = parse_and(s);

	while (e && accept_word(s, "or"))
		e = binary(s, NATIVE_OR, e, parse_and(s));
	return e;
}

struct native *native_parse(const char *text, const struct ferry_column *columns, size_t n,
			    struct arena *arena)
{
	struct parser s = {.p = text, .columns = columns, .n_columns = n, .arena = arena};

	skip_blanks(&s);
	struct native *e = parse_or(&s);
	return e && !*s.p ? e : NULL;
}
