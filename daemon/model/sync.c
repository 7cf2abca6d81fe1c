/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.c - finding definitions by name (both lists are sorted by conf), and what a segment's
 * definition says of its key.
 */
#include "model/sync.h"

#include <stdlib.h>
#include <string.h>

static int by_connection(const void *name, const void *item)
{
	return strcmp(name, ((const struct connection_def *)item)->name);
}

static int by_sync(const void *name, const void *item)
{
	return strcmp(name, ((const struct sync_def *)item)->name);
}

const struct connection_def *generation_connection(const struct generation *g, const char *name)
{
	if (!g->n_connections)
		return NULL;
	return bsearch(name, g->connections, g->n_connections, sizeof *g->connections,
		       by_connection);
}

const struct sync_def *generation_sync(const struct generation *g, const char *name)
{
	if (!g->n_syncs)
		return NULL;
	return bsearch(name, g->syncs, g->n_syncs, sizeof *g->syncs, by_sync);
}

/* A bare column name, as text without quotes; NULL when it is an expression. */
static const char *bare_name(struct arena *arena, const char *expr)
{
	size_t n = strlen(expr);

	if (n > 2 && expr[0] == '"' && expr[n - 1] == '"' && !memchr(expr + 1, '"', n - 2))
		return arena_strndup(arena, expr + 1, n - 2);
	for (size_t i = 0; i < n; i++) {
		char c = expr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!letter && !(i && c >= '0' && c <= '9'))
			return NULL;
	}
	return n ? expr : NULL;
}

const char *const *segment_key_columns(const struct segment_def *seg, struct arena *arena)
{
	const char **names = arena_alloc0(arena, seg->n_key + 1, sizeof *names);

	for (size_t i = 0; i < seg->n_key; i++)
		if (!(names[i] = bare_name(arena, seg->key[i])))
			return NULL;
	return names;
}

const char *const *segment_key_fields(const struct segment_def *seg, struct arena *arena)
{
	const char **names = arena_alloc0(arena, seg->n_key + 1, sizeof *names);

	for (size_t i = 0; i < seg->n_key; i++) {
		for (size_t f = 0; f < seg->n_map && !names[i]; f++)
			if (strcmp(seg->map[f].expr, seg->key[i]) == 0)
				names[i] = seg->map[f].field;
		if (!names[i])
			return NULL;
	}
	return names;
}

const char *mode_name(enum ferry_mode mode)
{
	switch (mode) {
	case FERRY_MODE_UPSERT: return "upsert";
	case FERRY_MODE_INSERT: return "insert";
	case FERRY_MODE_UPDATE: return "update";
	case FERRY_MODE_MIRROR: return "mirror";
	case FERRY_MODE_APPEND: return "append";
	}
	return "unknown";
}
