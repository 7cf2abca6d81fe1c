/* SPDX-License-Identifier: Apache-2.0 */
/* tallies.c - names and how often. */
#include "supervise/tallies.h"

#include <stdlib.h>
#include <string.h>

void tallies_release(struct tallies *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i].name);
	free(t->items);
	*t = (struct tallies){NULL, 0};
}

void tallies_add(struct tallies *t, const char *name, int64_t n)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->items[i].name, name) == 0) {
			t->items[i].n += n;
			return;
		}
	t->items = ferry_realloc(t->items, t->n + 1, sizeof *t->items);
	t->items[t->n++] = (struct tally){ferry_strdup(name), n};
}

void tallies_sum(struct tallies *t, const struct tallies *more)
{
	for (size_t i = 0; i < more->n; i++)
		tallies_add(t, more->items[i].name, more->items[i].n);
}

void tallies_json(const struct tallies *t, const char *key, struct buf *out)
{
	jw_open(out, key, '{');
	for (size_t i = 0; i < t->n; i++)
		jw_int(out, t->items[i].name, t->items[i].n);
	jw_close(out, '}');
}

/* The one that follows `last` in the order of size; NULL at the end. */
static const struct tally *next_largest(const struct tallies *t, const struct tally *last)
{
	const struct tally *best = NULL;

	for (const struct tally *i = t->items; i < t->items + t->n; i++) {
		if (last && (i->n > last->n || (i->n == last->n && i <= last)))
			continue;
		if (!best || i->n > best->n)
			best = i;
	}
	return best;
}

void tallies_top_json(const struct tallies *t, size_t most, const char *key, struct buf *out)
{
	const struct tally *at = NULL;

	jw_open(out, key, '[');
	for (size_t i = 0; i < most && (at = next_largest(t, at)); i++) {
		jw_open(out, NULL, '{');
		jw_text(out, "code", at->name);
		jw_int(out, "count", at->n);
		jw_close(out, '}');
	}
	jw_close(out, ']');
}

int tallies_take(struct tallies *t, json_node *node, const char *name, struct ferry_error *err)
{
	json_node *v = json_get(node, name), *count;
	void *iter = NULL;
	const char *key;
	int64_t n;

	if (!v)
		return 0;
	if (json_kind(v) != JSON_OBJECT)
		return ferry_fail(err, FERRY_E_PROTOCOL, "'%s' is no object", name);
	tallies_release(t);
	while (json_next(v, &iter, &key, &count)) {
		if (!json_int(count, &n))
			return ferry_fail(err, FERRY_E_PROTOCOL, "'%s' of '%s' is no number", key,
					  name);
		tallies_add(t, key, n);
	}
	return 0;
}
