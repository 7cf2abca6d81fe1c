/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - is what the configuration asks of a connector something it can do? Every mistake is
 * reported at the place where it was made. Reads no secrets and calls nothing of a connector.
 */
#include "plug/check.h"

#include <string.h>

#include "plug/plug-private.h"

/* ---- options */

static const char *nearest_option(const char *word, const struct ferry_option *const *tables,
				  size_t n)
{
	struct buf names = BUF_INIT;
	const char *end = NULL;

	for (size_t i = 0; i < n; i++)
		for (const struct ferry_option *row = tables[i]; row && row->name; row++)
			buf_add(&names, &row->name, sizeof row->name);
	buf_add(&names, &end, sizeof end);
	const char *near = conf_nearest(word, (const char *const *)(void *)names.s);
	buf_release(&names);
	return near;
}

static const struct ferry_option *find_in(const char *name,
					  const struct ferry_option *const *tables, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ferry_option *row = option_find(tables[i], name);
		if (row)
			return row;
	}
	return NULL;
}

static void check_value(const struct ferry_option *row, const struct def_option *given,
			struct conf_mistakes *m)
{
	struct arena arena = ARENA_INIT;
	struct ferry_option named = *row;
	struct ferry_value value;
	char why[256];

	/* one of many below a prefix is told by its own name */
	named.name = given->name;
	if (!given->is_scalar)
		conf_mistake(m, &given->value_mark, "%s: takes a single value, not a list or map",
			     named.name);
	else if (!conf_has_reference(given->text) &&
		 !option_parse(&named, given->text, &arena, &value, why, sizeof why))
		conf_mistake(m, &given->value_mark, "%s", why);
	arena_release(&arena);
}

/* Whether the tables know settings below that name: then it takes a map. */
static bool takes_map(const char *name, const struct ferry_option *const *tables, size_t n)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < n; i++)
		for (const struct ferry_option *row = tables[i]; row && row->name; row++)
			if (strncmp(row->name, name, len) == 0 && row->name[len] == '.')
				return true;
	return false;
}

/* Whether a setting was written as a map that takes a single value. */
static bool takes_value(const char *name, const struct ferry_option *const *tables, size_t n,
			struct buf *outer)
{
	const char *dot = strchr(name, '.');

	buf_reset(outer);
	buf_add(outer, name, dot ? (size_t)(dot - name) : 0);
	return dot && find_in(buf_str(outer), tables, n);
}

/* A name no table has: what may be meant. */
static void mistake_unknown(const struct def_option *g, const struct ferry_option *const *tables,
			    size_t n, const char *whose, struct conf_mistakes *m)
{
	const char *near = nearest_option(g->name, tables, n);
	struct buf outer = BUF_INIT;

	if (takes_map(g->name, tables, n))
		conf_mistake(m, &g->value_mark, "%s: takes a map of settings", g->name);
	else if (takes_value(g->name, tables, n, &outer) && !takes_map(buf_str(&outer), tables, n))
		conf_mistake(m, &g->value_mark, "%s: takes a single value, not a list or map",
			     buf_str(&outer));
	else if (near)
		conf_mistake(m, &g->mark, "unknown setting '%s' for %s (did you mean '%s'?)",
			     g->name, whose, near);
	else
		conf_mistake(m, &g->mark, "unknown setting '%s' for %s", g->name, whose);
	buf_release(&outer);
}

/* Each given option against the first table that has it. whose: "lago-customers as a source". */
static void check_given(const struct def_options *given, const struct ferry_option *const *tables,
			size_t n, const char *whose, struct conf_mistakes *m)
{
	for (size_t i = 0; i < given->n; i++) {
		const struct def_option *g = &given->items[i];
		const struct ferry_option *row = find_in(g->name, tables, n);
		if (option_given(given, g->name) != g)
			conf_mistake(m, &g->mark, "'%s' is there already", g->name);
		else if (row)
			check_value(row, g, m);
		else
			mistake_unknown(g, tables, n, whose, m);
	}
}

static void check_required(const struct def_options *given, const struct ferry_option *table,
			   const struct def_mark *mark, const char *whose, struct conf_mistakes *m)
{
	struct buf missing = BUF_INIT;

	for (const struct ferry_option *row = table; row && row->name; row++)
		if ((row->flags & FERRY_OPTION_REQUIRED) && !row->fallback &&
		    !option_given(given, row->name))
			buf_addf(&missing, "%s'%s'", missing.len ? ", " : "", row->name);
	if (missing.len)
		conf_mistake(m, mark, "%s needs %s", whose, buf_str(&missing));
	buf_release(&missing);
}

/* ---- a destination's fields */

/* The table's entry for a field: its own name, or "prefix.*" for one below that prefix. */
const struct ferry_field *check_find_field(const struct ferry_field *table, const char *name)
{
	for (const struct ferry_field *f = table; f && f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	for (const struct ferry_field *f = table; f && f->name; f++) {
		size_t n = strlen(f->name);
		if (n > 2 && strcmp(f->name + n - 2, ".*") == 0 &&
		    strncmp(f->name, name, n - 1) == 0 && name[n - 1])
			return f;
	}
	return NULL;
}

static const char *nearest_field(const char *word, const struct ferry_field *table)
{
	struct buf names = BUF_INIT;
	const char *end = NULL;

	for (const struct ferry_field *f = table; f->name; f++)
		if (!(f->flags & FERRY_FIELD_READONLY))
			buf_add(&names, &f->name, sizeof f->name);
	buf_add(&names, &end, sizeof end);
	const char *near = conf_nearest(word, (const char *const *)(void *)names.s);
	buf_release(&names);
	return near;
}

static bool is_mapped(const struct segment_def *seg, const char *field)
{
	for (size_t i = 0; i < seg->n_map; i++)
		if (strcmp(seg->map[i].field, field) == 0)
			return true;
	return false;
}

static void check_map(const struct ferry_connector *api, const struct segment_def *seg,
		      struct conf_mistakes *m)
{
	for (size_t i = 0; i < seg->n_map; i++) {
		const struct map_def *map = &seg->map[i];
		const struct ferry_field *f = check_find_field(api->fields, map->field);
		const char *near;
		if (f && (f->flags & FERRY_FIELD_READONLY))
			conf_mistake(m, &map->mark, "field '%s' of %s can be read but not written",
				     map->field, api->name);
		else if (!f && (near = nearest_field(map->field, api->fields)))
			conf_mistake(m, &map->mark, "%s has no field '%s' (did you mean '%s'?)",
				     api->name, map->field, near);
		else if (!f)
			conf_mistake(m, &map->mark, "%s has no field '%s'", api->name, map->field);
	}
}

/* Names of the fields with that flag, and how many of them are mapped. */
static size_t list_fields(const struct ferry_connector *api, const struct segment_def *seg,
			  uint32_t flag, bool only_unmapped, struct buf *names)
{
	size_t mapped = 0;

	for (const struct ferry_field *f = api->fields; f->name; f++) {
		if (!(f->flags & flag) || (f->flags & FERRY_FIELD_READONLY))
			continue;
		bool is = is_mapped(seg, f->name);
		mapped += is;
		if (!is || !only_unmapped)
			buf_addf(names, "%s'%s'", names->len ? ", " : "", f->name);
	}
	return mapped;
}

static void check_fields(const struct ferry_connector *api, const struct endpoint_def *endpoint,
			 const struct segment_def *seg, struct conf_mistakes *m)
{
	struct buf names = BUF_INIT;

	check_map(api, seg, m);
	list_fields(api, seg, FERRY_FIELD_REQUIRED, true, &names);
	if (names.len)
		conf_mistake(m, &endpoint->mark, "%s needs these fields in 'map': %s", api->name,
			     buf_str(&names));
	buf_reset(&names);
	if (seg->mode != FERRY_MODE_APPEND &&
	    !list_fields(api, seg, FERRY_FIELD_IDENTIFIER, false, &names) && names.len)
		conf_mistake(m, &endpoint->mark,
			     "'map' has no field by which %s identifies a record (%s)", api->name,
			     buf_str(&names));
	buf_release(&names);
}

/* ---- a destination's mode and policies */

static void check_mode(const struct ferry_connector *api, const struct endpoint_def *endpoint,
		       const struct segment_def *seg, struct conf_mistakes *m)
{
	struct buf allowed = BUF_INIT;

	if (api->modes & (uint32_t)seg->mode)
		return;
	for (uint32_t bit = FERRY_MODE_UPSERT; bit <= FERRY_MODE_APPEND; bit <<= 1)
		if (api->modes & bit)
			buf_addf(&allowed, "%s%s", allowed.len ? ", " : "",
				 mode_name((enum ferry_mode)bit));
	conf_mistake(m, seg->mode_mark.line ? &seg->mode_mark : &endpoint->mark,
		     "mode %s is not supported by %s (allowed: %s)", mode_name(seg->mode),
		     api->name, buf_str(&allowed));
	buf_release(&allowed);
}

static void check_missing(const struct ferry_connector *api, const struct segment_def *seg,
			  struct conf_mistakes *m)
{
	if (seg->policy.missing == MISSING_DELETE && !(api->caps & FERRY_CAP_DELETE))
		conf_mistake(m, &seg->mark,
			     "policy 'missing: delete' is not possible: %s cannot delete%s",
			     api->name,
			     api->caps & FERRY_CAP_DISABLE ? " (allowed: ignore, disable)"
							   : " (allowed: ignore)");
	if (seg->policy.missing == MISSING_DISABLE && !(api->caps & FERRY_CAP_DISABLE))
		conf_mistake(m, &seg->mark,
			     "policy 'missing: disable' is not possible: %s cannot disable%s",
			     api->name,
			     api->caps & FERRY_CAP_DELETE ? " (allowed: ignore, delete)"
							  : " (allowed: ignore)");
}

/* ---- an endpoint, a connection */

void check_endpoint(const struct plug *plug, enum ferry_role role,
		    const struct endpoint_def *endpoint, const struct segment_def *seg,
		    struct conf_mistakes *m)
{
	const struct ferry_connector *api = plug->api;
	bool source = role == FERRY_SOURCE;
	const struct ferry_option *table = source ? api->source_options : api->destination_options;
	struct buf whose = BUF_INIT;

	if (!(api->roles & (uint32_t)role)) {
		conf_mistake(m, &endpoint->mark, "%s cannot be a %s, only a %s", api->name,
			     source ? "source" : "destination", source ? "destination" : "source");
		return;
	}
	buf_addf(&whose, "%s as a %s", api->name, source ? "source" : "destination");
	check_given(&endpoint->options, &table, 1, buf_str(&whose), m);
	check_required(&endpoint->options, table, &endpoint->mark, buf_str(&whose), m);
	buf_release(&whose);
	if (source || !seg)
		return;
	check_mode(api, endpoint, seg, m);
	check_missing(api, seg, m);
	if (api->fields)
		check_fields(api, endpoint, seg, m);
}

void check_connection(const struct plug *const *plugs, size_t n,
		      const struct connection_def *connection, struct conf_mistakes *m)
{
	struct buf tables = BUF_INIT, whose = BUF_INIT;

	buf_addf(&whose, "a connection of family %s", connection->family);
	for (size_t i = 0; i < n; i++)
		buf_add(&tables, &plugs[i]->api->connection_options,
			sizeof plugs[i]->api->connection_options);
	check_given(&connection->options, (const struct ferry_option *const *)(void *)tables.s, n,
		    buf_str(&whose), m);
	for (size_t i = 0; i < n; i++)
		check_required(&connection->options, plugs[i]->api->connection_options,
			       &connection->mark, buf_str(&whose), m);
	buf_release(&tables);
	buf_release(&whose);
}

void plug_check(const struct plug *plug, enum ferry_role role,
		const struct connection_def *connection, const struct endpoint_def *endpoint,
		const struct segment_def *seg, struct conf_mistakes *mistakes)
{
	if (connection)
		check_connection(&plug, 1, connection, mistakes);
	check_endpoint(plug, role, endpoint, seg, mistakes);
}
