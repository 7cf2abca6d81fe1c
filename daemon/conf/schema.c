/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.c - the keyword tables as JSON Schema. What it refuses the loader refuses too; the loader
 * refuses more, since some rules stand between keywords or between files. Values are as YAML 1.2 has
 * them: 5 is a number, and where ferry takes a text it takes a number too.
 */
#include "conf/schema.h"

#include <string.h>

#include "conf/keyword.h"
#include "wire/json.h"

#define NAME_PATTERN "^[a-z0-9][a-z0-9_-]{0,63}$"
#define IDENTIFIER_PATTERN "^[A-Za-z_][A-Za-z0-9_]{0,63}$"
#define FIELD_PATTERN "^[A-Za-z_][A-Za-z0-9_]{0,63}(\\.[A-Za-z_][A-Za-z0-9_]{0,63})*$"
#define NUMBER_PATTERN "(0|[1-9][0-9]*)"

static const char *const kind_names[] = {"ferry", "connections", "syncs"};

const char *conf_kind_name(enum conf_kind kind)
{
	return kind_names[kind];
}

int conf_kind_from_name(const char *name)
{
	for (int i = CONF_DAEMON; i <= CONF_SYNCS; i++)
		if (strcmp(kind_names[i], name) == 0)
			return i;
	return -1;
}

struct schema {
	struct buf *out;
	const struct conf_schema_rules *rules;
	const struct keyword_object *file;	/* what a whole file is */
};

static void put_object(struct schema *s, const struct keyword_object *o);

/* ------------------------------------------------------------------ single values */

static void put_text(struct buf *b, const char *pattern)
{
	jw_text(b, "type", "string");
	if (pattern)
		jw_text(b, "pattern", pattern);
	else
		jw_int(b, "minLength", 1);
}

/* A text that may look like something else. */
static void put_any_text(struct buf *b)
{
	static const char *const types[] = {"string", "number", "boolean"};

	jw_open(b, "type", '[');
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		jw_text(b, NULL, types[i]);
	jw_close(b, ']');
	jw_int(b, "minLength", 1);
}

static void put_range(struct buf *b, const struct keyword *k)
{
	if (!k->min && !k->max)
		return;
	jw_int(b, "minimum", k->min);
	jw_int(b, "maximum", k->max);
}

static void put_choices(struct buf *b, const struct keyword_choice *choices)
{
	jw_open(b, "enum", '[');
	for (const struct keyword_choice *c = choices; c->name; c++)
		jw_text(b, NULL, c->name);
	jw_close(b, ']');
}

static void put_limit(struct buf *b)
{
	jw_open(b, "anyOf", '[');
	jw_open(b, NULL, '{');
	jw_text(b, "type", "integer");
	jw_int(b, "minimum", 0);
	jw_close(b, '}');
	jw_open(b, NULL, '{');
	put_text(b, "^" NUMBER_PATTERN "(\\.[0-9]+)?%$");
	jw_close(b, '}');
	jw_close(b, ']');
}

static void put_single(struct buf *b, const struct keyword *k)
{
	switch (k->type) {
	case KEYWORD_NAME:
	case KEYWORD_CONNECTION:
		put_text(b, NAME_PATTERN);
		break;
	case KEYWORD_REASON:
		put_text(b, "^[A-Z][A-Z0-9_]{0,63}$");
		break;
	case KEYWORD_INT:
	case KEYWORD_LONG:
		jw_text(b, "type", "integer");
		put_range(b, k);
		break;
	case KEYWORD_RATE:
		jw_text(b, "type", "number");
		put_range(b, k);
		break;
	case KEYWORD_DURATION:
		put_text(b, "^" NUMBER_PATTERN "(ms|s|m|h|d|w)$");
		break;
	case KEYWORD_SIZE:
		put_text(b, "^" NUMBER_PATTERN "(B|KiB|MiB|GiB|TiB)$");
		break;
	case KEYWORD_BOOL:
	case KEYWORD_TRISTATE:
		jw_text(b, "type", "boolean");
		break;
	case KEYWORD_CHOICE:
		put_choices(b, k->choices);
		break;
	case KEYWORD_LIMIT:
		put_limit(b);
		break;
	default:
		put_any_text(b);
		break;
	}
}

/* A default as YAML reads it. */
static void put_default(struct buf *b, const struct keyword *k)
{
	bool as_it_is = k->type == KEYWORD_INT || k->type == KEYWORD_LONG || k->type == KEYWORD_RATE ||
		k->type == KEYWORD_BOOL;

	if (k->fallback && as_it_is)
		jw_raw(b, "default", k->fallback, strlen(k->fallback));
	else if (k->fallback)
		jw_text(b, "default", k->fallback);
}

/* The help, and what a pattern cannot say. */
static void put_description(struct buf *b, const struct keyword *k)
{
	struct buf text = BUF_INIT, limits = BUF_INIT;
	bool span = k->type == KEYWORD_DURATION || k->type == KEYWORD_SIZE;

	buf_adds(&text, k->help);
	if (span) {
		keyword_limits(k, &limits);
		buf_addf(&text, " (%s%s%s)", keyword_type_form(k->type), limits.len ? "; " : "", buf_str(&limits));
	}
	jw_text(b, "description", buf_str(&text));
	buf_release(&text);
	buf_release(&limits);
}

/* ----------------------------------------------------------------- several values */

static enum keyword_type entry_type(enum keyword_type type)
{
	return type == KEYWORD_EXPRS ? KEYWORD_EXPR : type == KEYWORD_NAMES ? KEYWORD_NAME
		: type == KEYWORD_REASONS ? KEYWORD_REASON : KEYWORD_TEXT;
}

static void put_counts(struct buf *b, const struct keyword *k, const char *least, const char *most)
{
	if (k->min)
		jw_int(b, least, k->min);
	if (k->max)
		jw_int(b, most, k->max);
}

/* An entry alone, or a list of such. */
static void put_values(struct buf *b, const struct keyword *k)
{
	struct keyword entry = {.type = entry_type(k->type)};

	jw_open(b, "anyOf", '[');
	jw_open(b, NULL, '{');
	put_single(b, &entry);
	jw_close(b, '}');
	jw_open(b, NULL, '{');
	jw_text(b, "type", "array");
	jw_open(b, "items", '{');
	put_single(b, &entry);
	jw_close(b, '}');
	jw_bool(b, "uniqueItems", true);
	put_counts(b, k, "minItems", "maxItems");
	jw_close(b, '}');
	jw_close(b, ']');
}

static void put_mapping(struct buf *b, const struct keyword *k)
{
	struct keyword entry = {.type = KEYWORD_EXPR};

	jw_text(b, "type", "object");
	jw_open(b, "propertyNames", '{');
	jw_text(b, "pattern", FIELD_PATTERN);
	jw_close(b, '}');
	jw_open(b, "additionalProperties", '{');
	put_single(b, &entry);
	jw_close(b, '}');
	put_counts(b, k, "minProperties", "maxProperties");
}

static void put_named(struct schema *s, const struct keyword *k)
{
	struct buf *b = s->out;

	jw_text(b, "type", "object");
	jw_open(b, "propertyNames", '{');
	jw_text(b, "pattern", k->flags & KEYWORD_IDENTIFIERS ? IDENTIFIER_PATTERN : NAME_PATTERN);
	jw_close(b, '}');
	jw_open(b, "additionalProperties", '{');
	put_object(s, k->object);
	jw_close(b, '}');
	put_counts(b, k, "minProperties", "maxProperties");
}

/* An object, or one of the words that may stand instead of it. */
static void put_entry(struct schema *s, const struct keyword *k)
{
	struct buf *b = s->out;

	if (!k->choices) {
		put_object(s, k->object);
		return;
	}
	jw_open(b, "anyOf", '[');
	jw_open(b, NULL, '{');
	put_choices(b, k->choices);
	jw_close(b, '}');
	jw_open(b, NULL, '{');
	put_object(s, k->object);
	jw_close(b, '}');
	jw_close(b, ']');
}

static void put_list(struct schema *s, const struct keyword *k)
{
	struct buf *b = s->out;

	if (k->choices) {
		jw_open(b, "anyOf", '[');
		jw_open(b, NULL, '{');
		put_entry(s, k);
		jw_close(b, '}');
		jw_open(b, NULL, '{');
	}
	jw_text(b, "type", "array");
	jw_open(b, "items", '{');
	put_entry(s, k);
	jw_close(b, '}');
	put_counts(b, k, "minItems", "maxItems");
	if (k->choices) {
		jw_close(b, '}');
		jw_close(b, ']');
	}
}

static void put_keyword(struct schema *s, const struct keyword *k)
{
	struct buf *b = s->out;

	jw_open(b, k->name, '{');
	put_description(b, k);
	put_default(b, k);
	if (k->type == KEYWORD_MAPPING)
		put_mapping(b, k);
	else if (k->type == KEYWORD_OBJECT)
		put_entry(s, k);
	else if (k->type == KEYWORD_OBJECTS)
		put_list(s, k);
	else if (k->type == KEYWORD_NAMED)
		put_named(s, k);
	else if (k->type >= KEYWORD_EXPRS)
		put_values(b, k);
	else
		put_single(b, k);
	jw_close(b, '}');
}

/* ------------------------------------------------------------------------ objects */

static void put_required(struct buf *b, const struct keyword_object *o, bool alone)
{
	jw_open(b, "required", '[');
	for (const struct keyword *k = o->keywords; k->name; k++)
		if ((k->flags & KEYWORD_REQUIRED) && (!alone || (k->flags & KEYWORD_ALWAYS)))
			jw_text(b, NULL, k->name);
	jw_close(b, ']');
}

/* None of the keywords but those that may stand beside `alone`. */
static void put_none_of(struct buf *b, const struct keyword_object *o, bool all)
{
	jw_open(b, "properties", '{');
	for (const struct keyword *k = o->keywords; k->name; k++)
		if (all || (!(k->flags & KEYWORD_ALWAYS) && strcmp(k->name, o->alone) != 0))
			jw_bool(b, k->name, false);
	jw_close(b, '}');
}

/* if: that key is there. */
static void open_if(struct buf *b, const char *key)
{
	jw_open(b, "if", '{');
	jw_open(b, "required", '[');
	jw_text(b, NULL, key);
	jw_close(b, ']');
	jw_close(b, '}');
	jw_open(b, "then", '{');
}

static void put_needs(struct buf *b, const struct keyword_object *o)
{
	if (!o->alone) {
		put_required(b, o, false);
		return;
	}
	open_if(b, o->alone);
	put_required(b, o, true);
	put_none_of(b, o, false);
	jw_close(b, '}');
	jw_open(b, "else", '{');
	put_required(b, o, false);
	jw_close(b, '}');
}

/* A sync's own keys, and those of its only segment or `segments`. */
static void put_part(struct buf *b, const struct keyword_object *o)
{
	jw_open(b, "allOf", '[');
	jw_open(b, NULL, '{');
	put_required(b, o, false);
	jw_close(b, '}');
	jw_open(b, NULL, '{');
	open_if(b, "segments");
	put_none_of(b, o->part, true);
	jw_close(b, '}');
	jw_open(b, "else", '{');
	put_needs(b, o->part);
	jw_close(b, '}');
	jw_close(b, '}');
	jw_close(b, ']');
}

static void put_one_of(struct buf *b, const char *names)
{
	if (!names)
		return;
	jw_open(b, "oneOf", '[');
	for (const char *p = names; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		jw_open(b, NULL, '{');
		jw_open(b, "required", '[');
		jw_textn(b, NULL, p, n);
		jw_close(b, ']');
		jw_close(b, '}');
		p += n;
	}
	jw_close(b, ']');
}

static const char *rules_of(const struct schema *s, const struct keyword_object *o)
{
	for (const struct conf_schema_rules *r = s->rules; r && r->object; r++)
		if (strcmp(r->object, o->name) == 0)
			return r->json;
	return NULL;
}

static void put_object(struct schema *s, const struct keyword_object *o)
{
	struct buf *b = s->out;
	const char *rules = o->options ? rules_of(s, o) : NULL;

	/* a file may have nothing but comments */
	if (o == s->file)
		jw_raw(b, "type", "[\"object\",\"null\"]", strlen("[\"object\",\"null\"]"));
	else
		jw_text(b, "type", "object");
	jw_open(b, "properties", '{');
	for (const struct keyword *k = o->keywords; k->name; k++)
		put_keyword(s, k);
	for (const struct keyword *k = o->part ? o->part->keywords : NULL; k && k->name; k++)
		put_keyword(s, k);
	jw_close(b, '}');
	if (rules) {
		jw_open(b, "allOf", '[');
		buf_adds(b, rules);
		jw_close(b, ']');
	}
	put_one_of(b, o->one_of);
	if (!o->options || rules)
		jw_bool(b, rules ? "unevaluatedProperties" : "additionalProperties", false);
	if (o->part)
		put_part(b, o);
	else
		put_needs(b, o);
}

void conf_schema(enum conf_kind kind, const struct conf_schema_rules *rules, struct buf *out)
{
	static const struct keyword_object *const objects[] = {
		[CONF_DAEMON] = &conf_daemon_object, [CONF_CONNECTIONS] = &conf_connections_object,
		[CONF_SYNCS] = &conf_sync_object,
	};
	static const char *const titles[] = {
		[CONF_DAEMON] = "ferry.yaml", [CONF_CONNECTIONS] = "connections.d/*.yaml",
		[CONF_SYNCS] = "syncs.d/*.yaml",
	};
	struct schema s = {out, rules, objects[kind]};

	jw_open(out, NULL, '{');
	jw_text(out, "$schema", "https://json-schema.org/draft/2020-12/schema");
	jw_text(out, "title", titles[kind]);
	put_object(&s, objects[kind]);
	jw_close(out, '}');
}
