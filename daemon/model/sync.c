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

const struct target_def *generation_target(const struct generation *g, const char *name)
{
	for (size_t i = 0; i < g->daemon.n_targets; i++)
		if (strcmp(g->daemon.targets[i].name, name) == 0)
			return &g->daemon.targets[i];
	return NULL;
}

const char *target_kind_name(enum target_kind kind)
{
	static const char *const names[] = {"slack", "webhook", "email"};

	return names[kind];
}

static const char *const tiers[] = {"active", "idle", "dormant"};

const char *cadence_tier_name(enum cadence_tier tier)
{
	return tiers[tier];
}

int cadence_tier_from_name(const char *name)
{
	for (int i = 0; i < CADENCE_TIERS; i++)
		if (strcmp(tiers[i], name) == 0)
			return i;
	return -1;
}

static int64_t rhythm_gap(const struct rhythm_def *r)
{
	return r->every_ms ? r->every_ms : cron_longest_gap(&r->cron) * 1000;
}

int64_t schedule_longest_gap(const struct schedule_def *s)
{
	int64_t most = 0;

	if (s->kind == SCHEDULE_EVERY || s->kind == SCHEDULE_CRON)
		return rhythm_gap(&s->rhythm) + s->jitter_ms;
	for (int i = 0; i < CADENCE_TIERS && s->kind == SCHEDULE_ADAPTIVE; i++) {
		int64_t gap = rhythm_gap(&s->adaptive.tiers[i]) + s->jitter_ms;
		most = gap > most ? gap : most;
	}
	return most;
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
