/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyword.c - the engine: YAML maps into structs by the tables. Knows no keyword by name.
 *
 * It goes on after a mistake, so that all of them are told at once; what it builds then is used
 * only for finding more of them.
 */
#include "conf/keyword.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *part(void *base, size_t offset)
{
	return (char *)base + offset;
}

struct def_mark keyword_mark(const struct keyword_reader *r, const struct yaml_node *node)
{
	return (struct def_mark){r->file, node->line, node->column};
}

void keyword_mistake(struct keyword_reader *r, const struct yaml_node *at, const char *fmt, ...)
{
	struct def_mark mark = keyword_mark(r, at);
	char text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	conf_mistake(r->mistakes, &mark, "%s", text);
}

void keyword_unknown(struct keyword_reader *r, const struct yaml_node *at, const char *thing,
		     const char *const *candidates, const char *otherwise)
{
	if (r->mistakes->n == CONF_MISTAKES_MAX)
		return;				/* looking for likenesses takes time */
	const char *near = conf_nearest(at->text, candidates);
	if (near)
		keyword_mistake(r, at, "unknown %s '%s' (did you mean '%s'?)", thing,
				SHOWN(at->text), near);
	else
		keyword_mistake(r, at, "unknown %s '%s' (%s)", thing, SHOWN(at->text), otherwise);
}

const struct yaml_node *keyword_find(const struct yaml_node *node, const char *name)
{
	if (node->kind == YAML_NODE_MAP)
		for (size_t i = 0; i < node->n; i++)
			if (strcmp(node->keys[i]->text, name) == 0)
				return node->items[i];
	return NULL;
}

const struct yaml_node *keyword_item(const struct yaml_node *value, size_t i)
{
	return value->kind == YAML_NODE_LIST ? value->items[i] : value;
}

static const struct keyword *lookup(const struct keyword_object *o, const char *name)
{
	for (const struct keyword *k = o->keywords; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

/* ---- duplicates */

struct key_at {
	const struct yaml_node *key;
	size_t i;
};

static int compare_keys(const void *pa, const void *pb)
{
	const struct key_at *a = pa, *b = pb;
	int c = strcmp(a->key->text, b->key->text);

	return c ? c : (a->i > b->i) - (a->i < b->i);
}

static void drop_duplicates(struct keyword_reader *r, struct yaml_node *map)
{
	struct key_at *sorted = ferry_alloc0(map->n, sizeof *sorted);
	size_t first = 0, kept = 0;

	for (size_t i = 0; i < map->n; i++)
		sorted[i] = (struct key_at){map->keys[i], i};
	qsort(sorted, map->n, sizeof *sorted, compare_keys);
	for (size_t i = 1; i < map->n; i++) {
		if (strcmp(sorted[first].key->text, sorted[i].key->text) != 0) {
			first = i;
			continue;
		}
		keyword_mistake(r, sorted[i].key, "'%s' is given twice (first in line %d)",
				SHOWN(sorted[i].key->text), sorted[first].key->line);
		map->items[sorted[i].i] = NULL;
	}
	free(sorted);
	for (size_t i = 0; i < map->n; i++)
		if (map->items[i]) {
			map->keys[kept] = map->keys[i];
			map->items[kept++] = map->items[i];
		}
	map->n = kept;
}

/* The YAML reader bounds the depth. */
void keyword_drop_duplicates(struct keyword_reader *r, struct yaml_node *node)
{
	if (node->kind == YAML_NODE_MAP && node->n > 1)
		drop_duplicates(r, node);
	for (size_t i = 0; i < node->n; i++)
		keyword_drop_duplicates(r, node->items[i]);
}

/* ---- defaults */

void keyword_defaults(const struct keyword_object *o, const struct def_mark *mark, void *base)
{
	if (o->mark)
		*(struct def_mark *)part(base, o->mark) = *mark;
	for (const struct keyword *k = o->keywords; k->name; k++) {
		if (k->mark)
			*(struct def_mark *)part(base, k->mark) = *mark;
		if (k->type < KEYWORD_EXPRS)
			keyword_scalar_default(k, base);
		else if (k->type == KEYWORD_OBJECT)
			keyword_defaults(k->object, mark, part(base, k->offset));
	}
}

/* ---- several values */

static bool count_fits(struct keyword_reader *r, const struct keyword *k,
		       const struct yaml_node *at, size_t n)
{
	struct buf limits = BUF_INIT;

	if (n >= (size_t)k->min && n <= (size_t)k->max)
		return true;
	keyword_limits(k, &limits);
	keyword_mistake(r, at, "'%s' has %zu entries (%s)", k->name, n, limits.s);
	buf_release(&limits);
	return false;
}

/* The keyword that one entry of a list of values would have. */
static struct keyword entry_of(const struct keyword *k)
{
	struct keyword entry = {.name = k->name, .type = KEYWORD_TEXT};

	if (k->type == KEYWORD_EXPRS)
		entry.type = KEYWORD_EXPR;
	else if (k->type == KEYWORD_NAMES)
		entry.type = KEYWORD_NAME;
	else if (k->type == KEYWORD_REASONS)
		entry.type = KEYWORD_REASON;
	return entry;
}

static void read_values(struct keyword_reader *r, const struct keyword *k,
			const struct yaml_node *node, void *base)
{
	struct keyword entry = entry_of(k);
	size_t n = node->kind == YAML_NODE_LIST ? node->n : 1;

	if (!count_fits(r, k, node, n))
		return;
	const char **texts = arena_alloc0(r->arena, n, sizeof *texts);
	for (size_t i = 0; i < n; i++) {
		const struct yaml_node *item = keyword_item(node, i);
		if (!keyword_scalar(r, &entry, item, &texts[i]) || !texts[i])
			continue;
		for (size_t j = 0; j < i; j++)
			if (texts[j] && strcmp(texts[i], texts[j]) == 0) {
				keyword_mistake(r, item, "'%s': '%s' is given twice", k->name,
						SHOWN(texts[i]));
				break;
			}
	}
	*(const char ***)part(base, k->offset) = texts;
	*(size_t *)part(base, k->count) = n;
}

static void mistake_kind(struct keyword_reader *r, const struct keyword *k,
			 const struct yaml_node *node)
{
	static const char *const kinds[] = {"single value", "list", "map"};

	if (k->choices && node->kind == YAML_NODE_SCALAR)
		keyword_mistake(r, node, "'%s' cannot be '%s' (%s)", k->name, SHOWN(node->text),
				k->help);
	else
		keyword_mistake(r, node, "'%s' must be a %s, not a %s (%s)", k->name,
				keyword_type_name(k->type), kinds[node->kind], k->help);
}

static void read_mapping(struct keyword_reader *r, const struct keyword *k,
			 const struct yaml_node *node, void *base)
{
	if (node->kind != YAML_NODE_MAP) {
		mistake_kind(r, k, node);
		return;
	}
	if (!count_fits(r, k, node, node->n))
		return;
	struct map_def *map = arena_alloc0(r->arena, node->n, sizeof *map);
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *key = node->keys[i], *value = node->items[i];
		struct shown name;
		struct keyword entry = {
			.name = keyword_shown(key->text, &name), .type = KEYWORD_EXPR,
			.offset = offsetof(struct map_def, expr),
		};
		if (!keyword_valid_field(key->text))
			keyword_mistake(r, key,
					"'%s' cannot be a field (letters, digits and _, beginning "
					"with a letter or _; dots between parts)",
					name.s);
		map[i].field = arena_strdup(r->arena, key->text);
		map[i].mark = keyword_mark(r, value);
		keyword_scalar(r, &entry, value, &map[i]);
	}
	*(struct map_def **)part(base, k->offset) = map;
	*(size_t *)part(base, k->count) = node->n;
}

static void read_entry(struct keyword_reader *r, const struct keyword *k, const struct yaml_node *node,
		       void *object)
{
	struct keyword word = {.name = k->name, .type = KEYWORD_CHOICE, .choices = k->choices};
	struct def_mark mark = keyword_mark(r, node);

	if (!k->choices || node->kind != YAML_NODE_SCALAR) {
		keyword_read(r, k->object, node, &mark, object);
		return;
	}
	keyword_defaults(k->object, &mark, object);
	keyword_scalar(r, &word, node, object);
}

static void read_object_list(struct keyword_reader *r, const struct keyword *k,
			     const struct yaml_node *node, void *base)
{
	size_t n = node->kind == YAML_NODE_LIST ? node->n : 1;

	if (node->kind != YAML_NODE_LIST && !k->choices) {
		mistake_kind(r, k, node);
		return;
	}
	if (!count_fits(r, k, node, n))
		return;
	char *objects = arena_alloc0(r->arena, n, k->object->size);
	for (size_t i = 0; i < n; i++)
		read_entry(r, k, keyword_item(node, i), objects + i * k->object->size);
	*(void **)part(base, k->offset) = objects;
	*(size_t *)part(base, k->count) = n;
}

static void check_name(struct keyword_reader *r, const struct keyword *k,
		       const struct yaml_node *key)
{
	if (k->flags & KEYWORD_IDENTIFIERS) {
		if (!keyword_valid_identifier(key->text))
			keyword_mistake(r, key,
					"'%s' cannot name a %s (1 to 64 of a-z, A-Z, 0-9 and _, "
					"beginning with a letter or _)",
					SHOWN(key->text), k->object->name);
	} else if (!keyword_valid_name(key->text)) {
		keyword_mistake(r, key,
				"'%s' cannot name a %s (1 to 64 of a-z, 0-9, _ and -, beginning "
				"with a letter or digit)",
				SHOWN(key->text), k->object->name);
	}
}

static void read_object_map(struct keyword_reader *r, const struct keyword *k,
			    const struct yaml_node *node, void *base)
{
	if (node->kind != YAML_NODE_MAP) {
		mistake_kind(r, k, node);
		return;
	}
	if (!count_fits(r, k, node, node->n))
		return;
	char *objects = arena_alloc0(r->arena, node->n, k->object->size);
	for (size_t i = 0; i < node->n; i++) {
		struct def_mark mark = keyword_mark(r, node->keys[i]);
		void *object = objects + i * k->object->size;
		check_name(r, k, node->keys[i]);
		*(const char **)object = arena_strdup(r->arena, node->keys[i]->text);
		keyword_read(r, k->object, node->items[i], &mark, object);
	}
	*(void **)part(base, k->offset) = objects;
	*(size_t *)part(base, k->count) = node->n;
}

/* ---- one keyword */

static void add_reference(struct keyword_reader *r, const char *name, const struct yaml_node *at)
{
	if (r->n_references == r->cap_references) {
		r->cap_references = r->cap_references ? r->cap_references * 2 : 16;
		r->references = ferry_realloc(r->references, r->cap_references,
					      sizeof *r->references);
	}
	r->references[r->n_references++] = (struct keyword_reference){name, keyword_mark(r, at)};
}

static void read_one(struct keyword_reader *r, const struct keyword *k, const struct yaml_node *key,
		     const struct yaml_node *value, void *base)
{
	struct def_mark mark = keyword_mark(r, key);

	if (k->mark)
		*(struct def_mark *)part(base, k->mark) = keyword_mark(r, value);
	if (k->type >= KEYWORD_EXPRS && keyword_is_null(value)) {
		keyword_mistake(r, value, "'%s' has no value (%s)", k->name, k->help);
		return;
	}
	switch (k->type) {
	case KEYWORD_EXPRS: case KEYWORD_TEXTS: case KEYWORD_NAMES: case KEYWORD_FIELDS: case KEYWORD_REASONS:
		read_values(r, k, value, base);
		break;
	case KEYWORD_MAPPING:
		read_mapping(r, k, value, base);
		break;
	case KEYWORD_OBJECTS:
		read_object_list(r, k, value, base);
		break;
	case KEYWORD_NAMED:
		read_object_map(r, k, value, base);
		break;
	case KEYWORD_OBJECT:
		if (k->choices && value->kind == YAML_NODE_SCALAR) {
			for (const struct keyword_choice *c = k->choices; c->name; c++)
				if (strcmp(c->name, value->text) == 0)
					return;
			mistake_kind(r, k, value);
		} else if (value->kind != YAML_NODE_MAP) {
			mistake_kind(r, k, value);
		} else {
			keyword_read(r, k->object, value, &mark, part(base, k->offset));
		}
		break;
	default:
		if (keyword_scalar(r, k, value, base) && k->type == KEYWORD_CONNECTION)
			add_reference(r, *(const char **)part(base, k->offset), value);
		break;
	}
}

/* ---- objects */

/* The names a key of this map may have, for "did you mean"; ends with NULL. */
#define CANDIDATES 64
static void list_candidates(const struct keyword_object *o, const char *names[CANDIDATES],
			    struct buf *text)
{
	const struct keyword *tables[] = {o->keywords, o->part ? o->part->keywords : NULL};
	size_t n = 0;

	buf_adds(text, "allowed: ");
	for (size_t t = 0; t < 2 && tables[t]; t++)
		for (const struct keyword *k = tables[t]; k->name; k++) {
			FERRY_ASSERT(n < CANDIDATES - 1);
			buf_addf(text, "%s%s", n ? ", " : "", k->name);
			names[n++] = k->name;
		}
	names[n] = NULL;
}

static void mistake_unknown_key(struct keyword_reader *r, const struct keyword_object *o,
				const struct yaml_node *key)
{
	const char *names[CANDIDATES];
	struct buf allowed = BUF_INIT;

	if (r->mistakes->n == CONF_MISTAKES_MAX)
		return;
	list_candidates(o, names, &allowed);
	keyword_unknown(r, key, "key", names, buf_str(&allowed));
	buf_release(&allowed);
}

static size_t count_options(const struct yaml_node *value)
{
	size_t n = 0;

	for (size_t i = 0; value->kind == YAML_NODE_MAP && i < value->n; i++)
		n += count_options(value->items[i]);
	return value->kind == YAML_NODE_MAP ? n : 1;
}

/* Each setting in a map has a copy of the map's name, so that has to end somewhere. */
#define OPTION_NAME_MAX 200

/* The settings in a map are named after where they stand: `auth: {type: basic}` is auth.type. */
static void add_option(struct keyword_reader *r, struct def_options *options, const char *name,
		       const struct yaml_node *key, const struct yaml_node *value)
{
	if (keyword_is_null(value)) {
		keyword_mistake(r, key, "'%s' has no value (give one, or leave the key out)",
				SHOWN(name));
		return;
	}
	if (strlen(name) > OPTION_NAME_MAX) {
		keyword_mistake(r, key, "'%s' is no setting (names have at most %d characters)",
				SHOWN(name), OPTION_NAME_MAX);
		return;
	}
	for (size_t i = 0; value->kind == YAML_NODE_MAP && i < value->n; i++)
		add_option(r, options, arena_printf(r->arena, "%s.%s", name, value->keys[i]->text),
			   value->keys[i], value->items[i]);
	if (value->kind == YAML_NODE_MAP)
		return;
	options->items[options->n++] = (struct def_option){
		.name = arena_strdup(r->arena, name),
		.text = value->kind == YAML_NODE_SCALAR ? arena_strdup(r->arena, value->text) : "",
		.is_scalar = value->kind == YAML_NODE_SCALAR,
		.mark = keyword_mark(r, key),
		.value_mark = keyword_mark(r, value),
	};
}

/* An option nobody has a keyword for may be a required key with a slip in it. */
static void mistake_missing(struct keyword_reader *r, const struct keyword_object *o,
			    const struct keyword *k, const struct yaml_node *node,
			    const struct def_mark *mark)
{
	const char *name[] = {k->name, NULL};

	for (size_t i = 0; o->options && i < node->n; i++)
		if (!lookup(o, node->keys[i]->text) && conf_nearest(node->keys[i]->text, name)) {
			keyword_mistake(r, node->keys[i], "unknown key '%s' (did you mean '%s'?)",
					SHOWN(node->keys[i]->text), k->name);
			return;
		}
	conf_mistake(r->mistakes, mark, "'%s' is missing (%s)", k->name, k->help);
}

static bool stands_beside(const struct keyword_object *o, const struct keyword *k)
{
	return (k->flags & KEYWORD_ALWAYS) || strcmp(k->name, o->alone) == 0;
}

void keyword_read(struct keyword_reader *r, const struct keyword_object *o,
		  const struct yaml_node *node, const struct def_mark *mark, void *base)
{
	keyword_defaults(o, mark, base);
	if (node->kind != YAML_NODE_MAP) {
		keyword_mistake(r, node, "a %s must be a map of its settings", o->name);
		return;
	}
	struct def_options *options = o->options ? part(base, o->options) : NULL;
	if (options)
		options->items = arena_alloc0(r->arena, count_options(node), sizeof *options->items);
	bool alone = o->alone && keyword_find(node, o->alone);
	for (size_t i = 0; i < node->n; i++) {
		const char *name = node->keys[i]->text;
		const struct keyword *k = lookup(o, name);
		if (k && alone && !stands_beside(o, k))
			keyword_mistake(r, node->keys[i], "'%s' cannot stand beside '%s'", name, o->alone);
		else if (k)
			read_one(r, k, node->keys[i], node->items[i], base);
		else if (options)
			add_option(r, options, name, node->keys[i], node->items[i]);
		else if (!o->is_part && !(o->part && lookup(o->part, name)))
			mistake_unknown_key(r, o, node->keys[i]);
	}
	for (const struct keyword *k = o->keywords; k->name; k++)
		if ((k->flags & KEYWORD_REQUIRED) && (!alone || stands_beside(o, k)) &&
		    !keyword_find(node, k->name))
			mistake_missing(r, o, k, node, mark);
	if (o->check)
		o->check(r, node, base);
}
