/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trends.c - counting runs into roll-ups, and reading what they come to.
 *
 * A run is counted with its end, in the same group. Runs of a journal from before there were roll-ups
 * are counted a few at a time, whenever the loop has nothing better to do.
 */
#include "supervise/trends.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/rollups.h"
#include "supervise/supervisor.h"

enum { AT_ONCE = 32, BEHIND_MS = 50 };
#define BEHIND_US 5000			/* of a batch, at most about */
#define SECOND_US ((int64_t)1000000)
#define OVERDUE_US (120 * SECOND_US)

/* -------------------------------------------------------------------- counting */

static void count_status(const struct run_doc *doc, struct rollup *r)
{
	if (doc->extract_only)
		r->extracts = 1;
	else if (doc->preview)
		r->previews = 1;
	else if (doc->status == RUN_FAILED)
		r->failed = 1;
	else if (doc->status == RUN_CANCELLED)
		r->cancelled = 1;
	else if (run_doc_row_errors(doc))
		r->with_errors = 1;
	else
		r->completed = 1;
}

static struct rollup rollup_of(const struct run_doc *doc)
{
	struct rollup r = {0};
	struct counters c;

	count_status(doc, &r);
	if (r.extracts || r.previews)
		return r;
	run_doc_sum(doc, &c);
	r.processed = run_doc_rows(&c);
	r.created = c.created;
	r.updated = c.updated;
	r.deleted = c.deleted;
	r.disabled = c.disabled;
	r.rows_failed = run_doc_row_errors(doc);
	r.skipped = c.skipped;
	r.unchanged = c.unchanged;
	for (size_t i = 0; i < doc->n_segments; i++)
		r.problems += doc->segments[i].problems.opened;
	if (doc->started_at) {
		r.started = 1;
		r.waited_ms = doc->started_at > doc->queued_at ? (doc->started_at - doc->queued_at) / 1000 : 0;
		r.waited_max = r.waited_ms;
	}
	if (rollup_done(&r)) {
		r.completed_rows = r.processed;
		r.ms = r.ms_min = r.ms_max = run_doc_ms(doc, doc->completed_at);
	}
	return r;
}

void trends_ended(struct supervisor *s, const struct run_doc *doc)
{
	struct rollup_run run = {
		.sync = doc->sync, .id = doc->id, .ended_at = doc->completed_at, .now = doc->completed_at,
		.one = rollup_of(doc),
	};
	struct ferry_error err = {0};

	/* a number that cannot be told costs no run */
	if (rollups_add(s->journal, &run, &err) < 0)
		log_error(&err);
}

/* ------------------------------------------------------------- runs from before */

static int count_behind(struct supervisor *s, int64_t id, struct ferry_error *err)
{
	struct buf json = BUF_INIT;
	struct run_doc doc;

	int rc = journal_run(s->journal, id, &json, err);
	if (rc == 0)
		rc = run_doc_read(json.s, json.len, &doc, err);
	if (rc == 0) {
		struct rollup_run run = {
			.sync = doc.sync, .id = id, .ended_at = doc.completed_at, .now = supervise_now(s),
			.one = rollup_of(&doc),
		};
		if (doc.completed_at)
			rc = rollups_add_behind(s->journal, &run, err);
		run_doc_release(&doc);
	}
	buf_release(&json);
	return rc;
}

static int batch(struct supervisor *s, struct ferry_error *err)
{
	struct journal_filter of = {.status = JOURNAL_ANY, .below = rollups_behind(s->journal)};
	int64_t ids[AT_ONCE], until = clock_mono() + BEHIND_US;
	size_t n, i = 0;

	if (journal_list(s->journal, &of, 0, AT_ONCE, ids, &n, NULL, err) < 0)
		return -1;
	while (i < n && (!i || clock_mono() < until)) {
		struct ferry_error damaged = {0};
		if (count_behind(s, ids[i++], &damaged) < 0)
			log_error(&damaged);
	}
	rollups_set_behind(s->journal, n ? ids[i - 1] : 0);
	group_touch(s);
	return 0;
}

static void on_behind(void *ctx)
{
	struct supervisor *s = ctx;
	struct ferry_error err = {0};

	if (s->journal_error.code == FERRY_OK && batch(s, &err) < 0) {
		log_error(&err);
		return;			/* the next start tries again */
	}
	loop_timer_set(s->behind, rollups_behind(s->journal) ? BEHIND_MS : -1);
}

int trends_init(struct supervisor *s, struct ferry_error *err)
{
	return loop_timer(s->loop, rollups_behind(s->journal) ? BEHIND_MS : -1, on_behind, s, &s->behind, err);
}

/* --------------------------------------------------------------------- looking */

static void sum_up(const struct rollup *from, size_t n, struct rollup *ret)
{
	*ret = (struct rollup){0};
	for (size_t i = 0; i < n; i++)
		rollup_add(ret, &from[i]);
}

int supervise_totals(struct supervisor *s, const char *sync, struct supervise_totals *ret, struct ferry_error *err)
{
	static const size_t days_of[SPANS] = {[SPAN_7D] = 7, [SPAN_30D] = 30};
	struct rollup hours[25], days[30];
	int64_t hour = supervise_now(s) / ROLLUP_HOUR, day = hour / 24;

	if (rollups_read(s->journal, sync, ROLLUP_HOURS, hour, 25, hours, err) < 0 ||
	    rollups_read(s->journal, sync, ROLLUP_DAYS, day, 30, days, err) < 0)
		return -1;
	ret->of[SPAN_24H].since = (hour - 24) * ROLLUP_HOUR;
	sum_up(hours, 25, &ret->of[SPAN_24H].sum);
	for (int i = SPAN_7D; i < SPANS; i++) {
		ret->of[i].since = (day - (int64_t)days_of[i] + 1) * ROLLUP_DAY;
		sum_up(days + 30 - days_of[i], days_of[i], &ret->of[i].sum);
	}
	ret->partial = rollups_behind(s->journal) != 0;
	return 0;
}

int supervise_days(struct supervisor *s, const char *sync, size_t n, struct rollup *ret, int64_t *ret_today,
		   struct ferry_error *err)
{
	*ret_today = supervise_now(s) / ROLLUP_DAY;
	return rollups_read(s->journal, sync, ROLLUP_DAYS, *ret_today, n, ret, err);
}

/* The sync whose clock decides when this one is due: itself, or the one at the head of those it follows. */
static const struct sync_state *leader_of(const struct supervisor *s, const struct sync_state *st)
{
	const struct sync_state *other;

	/* configuration allows no circles */
	while (st->def->schedule.kind == SCHEDULE_AFTER && (other = sync_find(s, st->def->schedule.after)) && other->def)
		st = other;
	return st;
}

/*
 * When its schedule wanted the next run after the one that completed last, and how much later another one.
 * Nothing is put in when it runs on request only.
 */
static void find_pace(const struct supervisor *s, const struct sync_state *st, struct health_facts *facts)
{
	const struct sync_state *leader = leader_of(s, st);
	const struct schedule_def *def = &leader->def->schedule;
	const struct rhythm_def *rhythm = &def->rhythm;
	int64_t jitter = due_jitter(leader->def);

	if (def->kind == SCHEDULE_ADAPTIVE)
		rhythm = &def->adaptive.tiers[cadence_tier_now(&leader->memory.cadence, facts->now)];
	else if (def->kind != SCHEDULE_EVERY && def->kind != SCHEDULE_CRON)
		return;
	if (rhythm->every_ms) {
		facts->gap_us = rhythm->every_ms * 1000;
		facts->due_at = facts->completed_at + facts->gap_us + jitter;
		return;
	}
	int64_t slot = cron_next(&rhythm->cron, def->zone, facts->completed_at / SECOND_US);
	int64_t then = slot == INT64_MAX ? slot : cron_next(&rhythm->cron, def->zone, slot);
	if (then == INT64_MAX)
		return;
	facts->due_at = slot * SECOND_US + jitter;
	facts->gap_us = (then - slot) * SECOND_US;
}

int supervise_health(struct supervisor *s, const struct supervise_sync *sync, struct health *ret,
		     struct ferry_error *err)
{
	const struct sync_state *st = sync_find(s, sync->def->name);
	struct rollup days[HEALTH_DAYS];
	int64_t today;

	if (supervise_days(s, sync->def->name, HEALTH_DAYS, days, &today, err) < 0)
		return -1;
	struct health_facts facts = {
		.days = days, .now = supervise_now(s), .completed_at = st->memory.completed,
		.paused = sync->paused_by != NULL, .under_way = sync->running != 0,
	};
	if (facts.completed_at)
		find_pace(s, st, &facts);
	health_score(&facts, ret);
	return 0;
}

void supervise_overdue(const struct supervisor *s, struct supervise_overdue *ret)
{
	int64_t latest = supervise_now(s) - OVERDUE_US;

	*ret = (struct supervise_overdue){.silent_ms = s->looked_at ? (clock_mono() - s->looked_at) / 1000 : 0};
	for (size_t i = 0; i < s->n_syncs && s->scheduling && !s->stopping; i++)
		if (s->syncs[i]->due.at && s->syncs[i]->due.at < latest && !ret->syncs++)
			ret->first = s->syncs[i]->name;
}
