/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.c - a connector's option tables: from what is written in YAML to typed settings. The same
 * conversion serves the check of the configuration and the opening of a handle; only the latter
 * reads secrets.
 */
#include "plug/plug-private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/value.h"

/* "headers.*": stands for any name below that prefix. */
static bool is_open(const struct ferry_option *row)
{
	size_t n = strlen(row->name);
	return n > 2 && strcmp(row->name + n - 2, ".*") == 0;
}

static bool is_below(const struct ferry_option *row, const char *name)
{
	size_t n = strlen(row->name) - 1;
	return is_open(row) && strncmp(row->name, name, n) == 0 && name[n];
}

const struct ferry_option *option_find(const struct ferry_option *table, const char *name)
{
	for (const struct ferry_option *row = table; row && row->name; row++)
		if (strcmp(row->name, name) == 0 && !is_open(row))
			return row;
	for (const struct ferry_option *row = table; row && row->name; row++)
		if (is_below(row, name))
			return row;
	return NULL;
}

const struct def_option *option_given(const struct def_options *given, const char *name)
{
	for (size_t i = 0; i < given->n; i++)
		if (strcmp(given->items[i].name, name) == 0)
			return &given->items[i];
	return NULL;
}

/* ---- one value */

/* "'x' is not ...": what was written, unless it is a secret. Returns false. */
static bool refuse(const struct ferry_option *row, const char *text, const char *what, char *why,
		   size_t size)
{
	if (row->flags & FERRY_OPTION_SECRET)
		snprintf(why, size, "%s: its value is not %s", row->name, what);
	else
		snprintf(why, size, "%s: '%s' is not %s", row->name, text, what);
	return false;
}

/* A bound as a person would write it; `up` says what to divide by for each unit. */
static void show_bound(enum ferry_option_type type, int64_t v, char *out, size_t size)
{
	static const struct { int64_t unit; const char *name; } spans[] = {
		{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"},
	}, sizes[] = {
		{INT64_C(1) << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, ""},
	};
	int i = 0;

	if (type == FERRY_OPT_DURATION) {
		while (v % spans[i].unit != 0 || (v == 0 && spans[i].unit > 1000))
			i++;
		snprintf(out, size, "%" PRId64 "%s", v / spans[i].unit, spans[i].name);
	} else if (type == FERRY_OPT_SIZE) {
		while (v % sizes[i].unit != 0 || (v == 0 && sizes[i].unit > 1))
			i++;
		snprintf(out, size, "%" PRId64 "%s", v / sizes[i].unit, sizes[i].name);
	} else {
		snprintf(out, size, "%" PRId64, v);
	}
}

static bool in_range(const struct ferry_option *row, const char *text, int64_t v, char *why,
		     size_t size)
{
	char min[32], max[32], what[96];
	bool open_end = row->max < row->min;

	if ((row->min == 0 && row->max == 0) || (v >= row->min && (open_end || v <= row->max)))
		return true;
	show_bound(row->type, row->min, min, sizeof min);
	show_bound(row->type, row->max, max, sizeof max);
	if (open_end)
		snprintf(what, sizeof what, "at least %s", min);
	else
		snprintf(what, sizeof what, "from %s to %s", min, max);
	return refuse(row, text, what, why, size);
}

static bool parse_choice(const struct ferry_option *row, const char *text, char *why, size_t size)
{
	struct buf what = BUF_INIT;

	for (const char *const *c = row->choices; c && *c; c++)
		if (strcmp(*c, text) == 0)
			return true;
	buf_adds(&what, "one of ");
	for (const char *const *c = row->choices; c && *c; c++)
		buf_addf(&what, "%s%s", c == row->choices ? "" : ", ", *c);
	const char *near = row->choices ? conf_nearest(text, row->choices) : NULL;
	if (near)
		buf_addf(&what, " (did you mean '%s'?)", near);
	refuse(row, text, buf_str(&what), why, size);
	buf_release(&what);
	return false;
}

static bool parse_number(const struct ferry_option *row, const char *text, int64_t *ret, char *why,
			 size_t size)
{
	if (row->type == FERRY_OPT_INT && !conf_parse_int(text, ret))
		return refuse(row, text, "a whole number", why, size);
	if (row->type == FERRY_OPT_DURATION && !conf_parse_duration(text, ret))
		return refuse(row, text, "a duration (500ms, 30s, 15m, 2h, 30d)", why, size);
	if (row->type == FERRY_OPT_SIZE && !conf_parse_size(text, ret))
		return refuse(row, text, "a size (64KiB, 10MiB, 1GiB)", why, size);
	return in_range(row, text, *ret, why, size);
}

bool option_parse(const struct ferry_option *row, const char *text, struct arena *arena,
		  struct ferry_value *ret, char *why, size_t why_size)
{
	int64_t number;
	bool truth;

	switch (row->type) {
	case FERRY_OPT_INT:
	case FERRY_OPT_DURATION:
	case FERRY_OPT_SIZE:
		if (!parse_number(row, text, &number, why, why_size))
			return false;
		*ret = value_int(number);
		return true;
	case FERRY_OPT_BOOL:
		if (!conf_parse_bool(text, &truth))
			return refuse(row, text, "true or false", why, why_size);
		*ret = value_bool(truth);
		return true;
	case FERRY_OPT_CHOICE:
		if (!parse_choice(row, text, why, why_size))
			return false;
		break;
	case FERRY_OPT_TEXT:
		if (!*text && (row->flags & FERRY_OPTION_REQUIRED)) {
			snprintf(why, why_size, "%s: must not be empty", row->name);
			return false;
		}
		break;
	}
	*ret = value_textn(arena_strdup(arena, text), strlen(text));
	return true;
}

/* ---- tables */

static bool is_twice(const struct ferry_option *table, const struct ferry_option *row)
{
	while (strcmp(table->name, row->name) != 0)
		table++;
	return table != row;
}

int option_table_check(const struct ferry_option *table, const char *which, struct ferry_error *err)
{
	struct arena arena = ARENA_INIT;
	struct ferry_value value;
	char why[256];
	int rc = 0;

	for (const struct ferry_option *row = table; rc == 0 && row && row->name; row++) {
		if (is_open(row) && (row->fallback || row->flags & FERRY_OPTION_REQUIRED))
			rc = ferry_fail(err, FERRY_E_CONNECTOR,
					"%s '%s' stands for many and has a default or is required",
					which, row->name);
		else if (is_open(row) && is_twice(table, row))
			rc = ferry_fail(err, FERRY_E_CONNECTOR, "%s '%s' is there twice", which,
					row->name);
		else if ((unsigned)row->type > FERRY_OPT_CHOICE)
			rc = ferry_fail(err, FERRY_E_CONNECTOR, "%s '%s' has an unknown type",
					which, row->name);
		else if (row->type == FERRY_OPT_CHOICE && (!row->choices || !*row->choices))
			rc = ferry_fail(err, FERRY_E_CONNECTOR, "%s '%s' has no choices", which,
					row->name);
		else if (!is_open(row) && option_find(table, row->name) != row)
			rc = ferry_fail(err, FERRY_E_CONNECTOR, "%s '%s' is there twice", which,
					row->name);
		else if (row->fallback &&
			 !option_parse(row, row->fallback, &arena, &value, why, sizeof why))
			rc = ferry_fail(err, FERRY_E_CONNECTOR, "default of %s %s", which, why);
	}
	arena_release(&arena);
	return rc;
}

static void append(struct setting_list *list, struct arena *arena, const char *name,
		   struct ferry_value value)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 16;
		struct ferry_setting *items = arena_alloc0(arena, cap, sizeof *items);
		if (list->n)
			memcpy(items, list->items, list->n * sizeof *items);
		list->items = items;
		list->cap = cap;
	}
	list->items[list->n++] = (struct ferry_setting){name, value};
}

/* What was written for the row, references resolved. The text stays in `out`. */
static int resolve(const struct ferry_option *row, const struct def_option *given, struct buf *out,
		   struct ferry_error *err)
{
	if (!given->is_scalar)
		return ferry_fail(err, FERRY_E_CONFIG, "%s: takes a single value", row->name);
	if (conf_resolve(given->text, out, err) < 0)
		return ferry_within(err, "%s", row->name);
	if (memchr(buf_str(out), '\0', out->len))
		return ferry_fail(err, FERRY_E_CONFIG, "%s: its value has a NUL byte in it",
				  row->name);
	return 0;
}

/* One value that was written, or the default when `given` is NULL. */
static int add_setting(const struct ferry_option *row, const struct def_option *given,
		       struct arena *arena, struct setting_list *list, struct buf *text,
		       struct ferry_error *err)
{
	struct ferry_value value;
	char why[256];

	buf_reset(text);
	if (!given)
		buf_adds(text, row->fallback);
	else if (resolve(row, given, text, err) < 0)
		return -1;
	if (!option_parse(row, buf_str(text), arena, &value, why, sizeof why))
		return ferry_fail(err, FERRY_E_CONFIG, "%s", why);
	append(list, arena, given ? arena_strdup(arena, given->name) : row->name, value);
	return 0;
}

/* All that were given below the prefix of an open row, each under its own name. */
static int add_open(const struct ferry_option *table, const struct ferry_option *row,
		    const struct def_options *given, struct arena *arena, struct setting_list *list,
		    struct buf *text, struct ferry_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < given->n; i++) {
		struct ferry_option one = *row;
		one.name = given->items[i].name;
		if (option_find(table, one.name) == row)
			rc = add_setting(&one, &given->items[i], arena, list, text, err);
	}
	return rc;
}

int option_settings(const struct ferry_option *table, const struct def_options *given,
		    struct arena *arena, struct setting_list *list, struct buf *missing,
		    struct ferry_error *err)
{
	struct buf text = BUF_INIT;
	int rc = 0;

	for (const struct ferry_option *row = table; rc == 0 && row && row->name; row++) {
		const struct def_option *g = option_given(given, row->name);
		if (is_open(row))
			rc = add_open(table, row, given, arena, list, &text, err);
		else if (g || row->fallback)
			rc = add_setting(row, g, arena, list, &text, err);
		else if (row->flags & FERRY_OPTION_REQUIRED)
			buf_addf(missing, "%s%s", missing->len ? ", " : "", row->name);
	}
	if (text.s)
		explicit_bzero(text.s, text.cap);
	buf_release(&text);
	return rc;
}

void option_known(const struct ferry_option *table, const struct def_options *given,
		  struct arena *arena, struct setting_list *list)
{
	struct ferry_value value;
	char why[256];

	for (size_t i = 0; i < given->n; i++) {
		const struct def_option *g = &given->items[i];
		const struct ferry_option *row = option_find(table, g->name);
		if (!row || !g->is_scalar)
			continue;
		if (conf_has_reference(g->text))
			append(list, arena, arena_strdup(arena, g->name), value_null());
		else if (option_parse(row, g->text, arena, &value, why, sizeof why))
			append(list, arena, arena_strdup(arena, g->name), value);
	}
	for (const struct ferry_option *row = table; row && row->name; row++)
		if (row->fallback && !option_given(given, row->name) &&
		    option_parse(row, row->fallback, arena, &value, why, sizeof why))
			append(list, arena, row->name, value);
}
