/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.c - what the keyword tables cannot say of schedules. */
#include <stdlib.h>
#include <string.h>

#include "conf/checks.h"

#define SECOND_MS ((int64_t)1000)
#define LONGEST_MS ((int64_t)366 * 86400 * 1000)

/* ------------------------------------------------------------------ one schedule */

static const struct {
	const char *name;
	enum schedule_kind kind;
} kinds[] = {
	{"every", SCHEDULE_EVERY}, {"adaptive", SCHEDULE_ADAPTIVE}, {"cron", SCHEDULE_CRON},
	{"after", SCHEDULE_AFTER},
};

static const struct yaml_node *key_of(const struct yaml_node *map, const char *name)
{
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->keys[i]->text, name) == 0)
			return map->keys[i];
	return NULL;
}

/* The one kind it is of; only a fixed cron may stand beside adaptive, and overrides it. */
static void find_kind(struct keyword_reader *r, const struct yaml_node *node, struct schedule_def *s)
{
	const char *first = NULL;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const struct yaml_node *key = key_of(node, kinds[i].name);
		if (!key)
			continue;
		if (first && !(s->kind == SCHEDULE_ADAPTIVE && kinds[i].kind == SCHEDULE_CRON))
			keyword_mistake(r, key, "'%s' cannot stand beside '%s'", kinds[i].name, first);
		first = kinds[i].name;
		s->kind = kinds[i].kind;
	}
	if (!first)
		keyword_mistake(r, node, "the schedule does not say when (give one of every, cron, adaptive, after)");
}

/* A key that has a meaning for some kinds only. */
static void only_with(struct keyword_reader *r, const struct yaml_node *node, const char *name, bool fits,
		      const char *with)
{
	const struct yaml_node *key = key_of(node, name);

	if (key && !fits)
		keyword_mistake(r, key, "'%s' has no meaning here (it goes with %s)", name, with);
}

static void read_cron(struct keyword_reader *r, const struct yaml_node *at, const char *name,
		      struct rhythm_def *rhythm)
{
	struct ferry_error err = {0};

	if (rhythm->text && cron_parse(rhythm->text, &rhythm->cron, &err) < 0)
		keyword_mistake(r, at, "'%s': '%s': %s", name, SHOWN(rhythm->text), err.msg);
}

/* A tier: a duration, or a cron pattern. */
static void read_tier(struct keyword_reader *r, const struct yaml_node *at, const char *name,
		      struct rhythm_def *rhythm)
{
	if (!rhythm->text)
		return;
	if (*rhythm->text == '@' || strpbrk(rhythm->text, " \t")) {
		read_cron(r, at, name, rhythm);
	} else if (!conf_parse_duration(rhythm->text, &rhythm->every_ms)) {
		keyword_mistake(r, at, "'%s': '%s' is neither a duration such as 15m nor a cron pattern such as "
				"'0 3 * * 0'", name, SHOWN(rhythm->text));
	} else if (rhythm->every_ms < SECOND_MS || rhythm->every_ms > LONGEST_MS) {
		keyword_mistake(r, at, "'%s': '%s' is out of range (1s to 366d)", name, SHOWN(rhythm->text));
	}
}

static void read_zone(struct keyword_reader *r, const struct yaml_node *node, struct schedule_def *s)
{
	const struct yaml_node *at = keyword_find(node, "timezone");
	struct ferry_error err = {0};

	if (at && s->timezone && zone_load(r->arena, s->timezone, &s->zone, &err) < 0)
		keyword_mistake(r, at, "'timezone': %s (a name of the tz database, such as Europe/Berlin or UTC)",
				err.msg);
}

void conf_check_schedule(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	struct schedule_def *s = base;
	const struct yaml_node *adaptive = keyword_find(node, "adaptive"), *every = keyword_find(node, "every");

	find_kind(r, node, s);
	only_with(r, node, "timezone", s->kind == SCHEDULE_CRON || s->kind == SCHEDULE_ADAPTIVE,
		  "cron and adaptive");
	only_with(r, node, "jitter", s->kind != SCHEDULE_AFTER, "every, cron and adaptive");
	only_with(r, node, "catch_up", s->kind != SCHEDULE_AFTER, "every, cron and adaptive");
	if (s->kind == SCHEDULE_CRON)
		read_cron(r, keyword_find(node, "cron"), "cron", &s->rhythm);
	else if (every && every->kind == YAML_NODE_SCALAR)
		s->rhythm.text = arena_strdup(r->arena, every->text);
	for (int i = 0; i < CADENCE_TIERS; i++) {
		const char *name = cadence_tier_name((enum cadence_tier)i);
		const struct yaml_node *at = adaptive ? keyword_find(adaptive, name) : NULL;
		read_tier(r, at ? at : node, name, &s->adaptive.tiers[i]);
	}
	read_zone(r, node, s);
}

/* ------------------------------------------------------------- all of them together */

/* Those that could not be read have no name. */
static const struct sync_def *sync_named(const struct generation *g, const char *name)
{
	for (size_t i = 0; i < g->n_syncs; i++)
		if (g->syncs[i].name && strcmp(g->syncs[i].name, name) == 0)
			return &g->syncs[i];
	return NULL;
}

static const struct sync_def *followed(const struct generation *g, const struct sync_def *sync)
{
	return sync->schedule.kind == SCHEDULE_AFTER && sync->schedule.after ? sync_named(g, sync->schedule.after)
		: NULL;
}

static void check_circle(const struct generation *g, const struct sync_def *sync, struct conf_mistakes *mistakes)
{
	const struct sync_def *at = followed(g, sync);
	struct buf way = BUF_INIT;

	buf_addf(&way, "%s", sync->name);
	for (size_t i = 0; at && i < g->n_syncs; i++, at = followed(g, at)) {
		buf_addf(&way, " after %s", at->name);
		if (at != sync)
			continue;
		conf_mistake(mistakes, &sync->schedule.after_mark, "'after': the sync follows itself and would never "
			     "run: %s", buf_str(&way));
		break;
	}
	buf_release(&way);
}

static void check_after(const struct generation *g, const struct sync_def *sync, const char **names,
			struct conf_mistakes *mistakes)
{
	const struct schedule_def *s = &sync->schedule;

	if (s->kind != SCHEDULE_AFTER || !s->after)
		return;
	if (followed(g, sync)) {
		check_circle(g, sync, mistakes);
		return;
	}
	const char *near = conf_nearest(s->after, names);
	if (near)
		conf_mistake(mistakes, &s->after_mark, "unknown sync '%s' (did you mean '%s'?)", SHOWN(s->after), near);
	else
		conf_mistake(mistakes, &s->after_mark, "unknown sync '%s' (none of that name in syncs.d)",
			     SHOWN(s->after));
}

static void put_span(struct buf *out, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
	size_t i = 0;

	while (ms % units[i].ms)
		i++;
	buf_addf(out, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
}

/* The longest time between two runs; of a sync that follows another one, that one's. */
static int64_t longest_gap(const struct generation *g, const struct sync_def *sync)
{
	for (size_t i = 0; sync && i < g->n_syncs; i++, sync = followed(g, sync))
		if (sync->schedule.kind != SCHEDULE_AFTER)
			return schedule_longest_gap(&sync->schedule);
	return 0;
}

/* A source that looks back for less than the time between two runs would miss what happens in between. */
static void check_lookback(const struct segment_def *seg, int64_t gap, struct conf_mistakes *mistakes)
{
	for (size_t i = 0; i < seg->source.options.n; i++) {
		const struct def_option *o = &seg->source.options.items[i];
		int64_t lookback;
		if (strcmp(o->name, "lookback") != 0 || !o->is_scalar || !conf_parse_duration(o->text, &lookback) ||
		    lookback >= gap)
			continue;
		struct buf text = BUF_INIT;
		put_span(&text, gap);
		conf_mistake(mistakes, &o->value_mark, "'lookback': %s is shorter than the longest time between two "
			     "runs by the schedule (%s): what happens in between could be missed", o->text,
			     buf_str(&text));
		buf_release(&text);
	}
}

static void check_segments(const struct generation *g, const struct sync_def *sync, struct conf_mistakes *mistakes)
{
	int64_t gap = longest_gap(g, sync);

	for (size_t i = 0; i < sync->n_segments; i++) {
		const struct segment_def *seg = &sync->segments[i];
		if (sync->schedule.kind == SCHEDULE_ADAPTIVE && seg->name && strcmp(seg->name, SCHEDULING_SEGMENT) == 0)
			conf_mistake(mistakes, &seg->mark, "no segment of a sync with an adaptive schedule can be named "
				     "'%s' (that one tells what the schedule did)", SCHEDULING_SEGMENT);
		check_lookback(seg, gap, mistakes);
	}
}

void conf_check_schedules(const struct generation *g, struct conf_mistakes *mistakes)
{
	const char **names = ferry_alloc0(g->n_syncs + 1, sizeof *names);
	size_t n = 0;

	for (size_t i = 0; i < g->n_syncs; i++)
		if (g->syncs[i].name)
			names[n++] = g->syncs[i].name;
	for (size_t i = 0; i < g->n_syncs; i++) {
		if (!g->syncs[i].name)
			continue;
		check_after(g, &g->syncs[i], names, mistakes);
		check_segments(g, &g->syncs[i], mistakes);
	}
	free(names);
}
