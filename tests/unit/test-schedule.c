/* SPDX-License-Identifier: Apache-2.0 */
/* test-schedule.c - tiers and due times: tables, and clocks that jump about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "supervise/due.h"

#define SECOND ((int64_t)1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static int64_t when(const char *text)
{
	int64_t us;

	if (!clock_parse(text, strlen(text), &us))
		fail_msg("'%s' is no time", text);
	return us;
}

static struct rhythm_def every(const char *text, int64_t us)
{
	return (struct rhythm_def){.text = text, .every_ms = us / 1000};
}

static struct rhythm_def cron(const char *text)
{
	struct rhythm_def r = {.text = text};
	struct ferry_error err = {0};

	if (cron_parse(text, &r.cron, &err) < 0)
		fail_msg("%s", err.msg);
	return r;
}

static struct adaptive_def adaptive(void)
{
	return (struct adaptive_def){
		.tiers = {every("15m", 15 * MINUTE), every("1h", HOUR), cron("0 3 * * 0")},
		.demote_after = 2, .quiet_ms = 30 * DAY / 1000,
	};
}

/* --------------------------------------------------------------------- tiers */

static void tiers_step_by_step(void **state)
{
	enum { Q = LOOK_QUIET, A = LOOK_ACTIVITY, F = LOOK_FAILED };
	enum { ACTIVE = CADENCE_ACTIVE, IDLE = CADENCE_IDLE, DORMANT = CADENCE_DORMANT };
	static const struct {
		int64_t after;		/* the one before */
		int found, to, quiet;
		const char *reason;
	} steps[] = {
		{HOUR, Q, IDLE, 1, "nothing has happened: 1 of 2 quiet runs in a row"},
		{HOUR, Q, IDLE, 2, "nothing has happened, but for 0 of 30 days only"},
		{HOUR, A, ACTIVE, 0, "that"},
		{HOUR, Q, ACTIVE, 1, "nothing has happened: 1 of 2 quiet runs in a row"},
		{HOUR, F, ACTIVE, 1, "that, so nothing is known: the tier is held"},
		{HOUR, F, ACTIVE, 1, "that, so nothing is known: the tier is held"},
		{HOUR, Q, IDLE, 0, "nothing has happened in 2 runs in a row"},
		{29 * DAY, Q, IDLE, 1, "nothing has happened: 1 of 2 quiet runs in a row"},
		{HOUR, Q, IDLE, 2, "nothing has happened, but for 29 of 30 days only"},
		{HOUR, F, IDLE, 2, "that, so nothing is known: the tier is held"},
		{20 * HOUR, Q, DORMANT, 0, "nothing has happened for 30 days"},
		{7 * DAY, Q, DORMANT, 1, "nothing has happened"},
		{7 * DAY, F, DORMANT, 1, "that, so nothing is known: the tier is held"},
		{7 * DAY, A, ACTIVE, 0, "that"},
		/* quiet, active, quiet: not in a row */
		{HOUR, Q, ACTIVE, 1, "nothing has happened: 1 of 2 quiet runs in a row"},
		{HOUR, A, ACTIVE, 0, "that"},
		{HOUR, Q, ACTIVE, 1, "nothing has happened: 1 of 2 quiet runs in a row"},
		{HOUR, Q, IDLE, 0, "nothing has happened in 2 runs in a row"},
		/* long quiet alone is not enough either */
		{60 * DAY, Q, IDLE, 1, "nothing has happened: 1 of 2 quiet runs in a row"},
		{HOUR, Q, DORMANT, 0, "nothing has happened for 60 days"},
		/* a clock set back by a year: the quiet time counts from then on */
		{-365 * DAY, A, ACTIVE, 0, "that"},
	};
	struct adaptive_def def = adaptive();
	int64_t now = when("2026-03-01T00:00:00Z");
	struct cadence c = cadence_first(now);
	struct cadence_step step;

	(void)state;
	assert_int_equal(c.tier, CADENCE_IDLE);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct cadence_look look = {.what = "that"};
		enum cadence_tier from = c.tier;
		look.found = steps[i].found == Q ? LOOK_QUIET : steps[i].found == A ? LOOK_ACTIVITY : LOOK_FAILED;
		now += steps[i].after;
		cadence_evaluate(&def, &look, now, &c, &step);
		if (c.tier != (enum cadence_tier)steps[i].to || step.to != c.tier || step.from != from ||
		    c.quiet != steps[i].quiet || step.pinned || strcmp(step.reason, steps[i].reason) != 0)
			fail_msg("step %zu: %s -> %s, %d quiet, '%s'", i, cadence_tier_name(step.from),
				 cadence_tier_name(step.to), c.quiet, step.reason);
	}
}

static void a_pin_suspends_and_then_all_is_as_before(void **state)
{
	struct adaptive_def def = adaptive();
	int64_t now = when("2026-03-01T00:00:00Z");
	struct cadence c = cadence_first(now), before;
	struct cadence_look look = {LOOK_ACTIVITY, "that"};
	struct cadence_step step;

	(void)state;
	c.pin_tier = CADENCE_DORMANT;
	c.pinned_until = now + 336 * HOUR;
	before = c;
	for (int64_t t = now; t < c.pinned_until; t += 7 * HOUR) {
		cadence_evaluate(&def, &look, t, &c, &step);
		assert_true(step.pinned);
		assert_int_equal(step.from, CADENCE_DORMANT);
		assert_int_equal(step.to, CADENCE_DORMANT);
		assert_int_equal(cadence_tier_now(&c, t), CADENCE_DORMANT);
		assert_int_equal(c.tier, before.tier);
		assert_int_equal(c.quiet, before.quiet);
	}
	assert_int_equal(cadence_tier_now(&c, c.pinned_until), CADENCE_IDLE);
	cadence_evaluate(&def, &look, c.pinned_until, &c, &step);
	assert_false(step.pinned);
	assert_int_equal(step.to, CADENCE_ACTIVE);
}

/* ------------------------------------------------------------------- one sync */

struct world {
	struct sync_def def;
	struct due_memory m;
	int64_t now, other;
	struct due due;
};

static void begin(struct world *w, enum schedule_kind kind, struct rhythm_def rhythm, const char *now)
{
	*w = (struct world){.def = {.name = "customers", .schedule = {.kind = kind, .rhythm = rhythm,
		.adaptive = adaptive(), .timezone = "UTC", .catch_up = true,
		.after = kind == SCHEDULE_AFTER ? "orders" : NULL}}, .now = when(now)};
	due_adopt(&w->m, &w->def.schedule, w->now);
}

static void look(struct world *w)
{
	due_next(&w->m, &w->def, w->other, w->now, &w->due);
}

static void check_due(struct world *w, enum due_why why, const char *at)
{
	char text[CLOCK_TEXT] = "never";

	look(w);
	if (w->due.at)
		clock_format(w->due.at, text);
	if (w->due.why != why || strcmp(text, at) != 0) {
		struct buf reason = BUF_INIT;
		due_text(&w->m, &w->def, &w->due, w->now, &reason);
		fail_msg("due %s instead of %s: %s", text, at, buf_str(&reason));
	}
}

static void start(struct world *w)
{
	due_started(&w->m, &(struct due_start){.now = w->now, .jitter = due_jitter(&w->def), .followed = w->other,
						.by_retry = w->due.why == DUE_RETRY});
}

static void end(struct world *w, bool completed, bool transient)
{
	due_ended(&w->m, &w->def.retry, &(struct due_end){.run = 7, .now = w->now, .completed = completed,
							   .transient = transient});
}

static void run_for(struct world *w, int64_t us)
{
	start(w);
	w->now += us;
	end(w, true, false);
}

/* Through the journal and back. */
static void restart(struct world *w)
{
	struct buf json = BUF_INIT;
	struct ferry_error err = {0};

	due_memory_json(&w->m, &json);
	due_memory_release(&w->m);
	assert_int_equal(due_memory_read(json.s, json.len, &w->m, &err), 0);
	buf_release(&json);
	due_adopt(&w->m, &w->def.schedule, w->now);
}

static void every_counts_from_the_end(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SCHEDULE_EVERY, every("15m", 15 * MINUTE), "2026-03-01T10:00:00Z");
	check_due(&w, DUE_FIRST, "2026-03-01T10:00:00Z");
	run_for(&w, 5 * MINUTE);
	check_due(&w, DUE_SPAN, "2026-03-01T10:20:00Z");
	restart(&w);
	check_due(&w, DUE_SPAN, "2026-03-01T10:20:00Z");
	/* a run longer than the interval: nothing is stacked behind it */
	w.now = when("2026-03-01T10:20:00Z");
	run_for(&w, HOUR);
	check_due(&w, DUE_SPAN, "2026-03-01T11:35:00Z");
	/* long overdue: from then, once */
	w.now = when("2026-03-05T00:00:00Z");
	check_due(&w, DUE_SPAN, "2026-03-01T11:35:00Z");
	run_for(&w, 0);
	check_due(&w, DUE_SPAN, "2026-03-05T00:15:00Z");
	/* a clock set back makes nobody wait for longer than the interval, and does not run away */
	w.now = when("2026-03-04T00:00:00Z");
	check_due(&w, DUE_SPAN, "2026-03-04T00:15:00Z");
	w.now += 5 * MINUTE;
	check_due(&w, DUE_SPAN, "2026-03-04T00:15:00Z");
	due_memory_release(&w.m);
}

static void cron_makes_up_for_what_it_missed_once(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SCHEDULE_CRON, cron("0 * * * *"), "2026-03-01T10:30:00Z");
	check_due(&w, DUE_SLOT, "2026-03-01T11:00:00Z");
	/* forward by a day */
	w.now = when("2026-03-02T10:30:00Z");
	check_due(&w, DUE_SLOT, "2026-03-01T11:00:00Z");
	run_for(&w, MINUTE);
	check_due(&w, DUE_SLOT, "2026-03-02T11:00:00Z");
	/* back by two hours: what has run does not run again */
	w.now = when("2026-03-02T08:30:00Z");
	check_due(&w, DUE_SLOT, "2026-03-02T11:00:00Z");
	/* back by more: the clock was wrong before */
	w.now = when("2026-03-01T00:30:00Z");
	check_due(&w, DUE_SLOT, "2026-03-01T01:00:00Z");
	/* moments that pass during a run are one more run, at once */
	w.now = when("2026-03-01T01:00:00Z");
	run_for(&w, 3 * HOUR + 10 * MINUTE);
	check_due(&w, DUE_SLOT, "2026-03-01T02:00:00Z");
	run_for(&w, MINUTE);
	check_due(&w, DUE_SLOT, "2026-03-01T05:00:00Z");
	/* a pattern that was just changed has missed nothing */
	w.def.schedule.rhythm = cron("*/5 * * * *");
	w.now = when("2026-03-01T04:42:00Z");
	restart(&w);
	check_due(&w, DUE_SLOT, "2026-03-01T04:45:00Z");
	due_memory_release(&w.m);
}

static void broken_off_by_the_daemons_end(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SCHEDULE_CRON, cron("0 3 * * *"), "2026-03-01T03:00:00Z");
	start(&w);
	due_ended(&w.m, &w.def.retry, &(struct due_end){.run = 1, .now = w.now + MINUTE, .broken = true,
							.transient = true});
	w.now += HOUR;
	restart(&w);
	check_due(&w, DUE_BROKEN, "2026-03-01T04:00:00Z");
	run_for(&w, MINUTE);
	check_due(&w, DUE_SLOT, "2026-03-02T03:00:00Z");
	due_memory_release(&w.m);
}

static void without_catching_up(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SCHEDULE_CRON, cron("0 3 * * *"), "2026-03-01T10:00:00Z");
	w.now = when("2026-03-05T10:00:00Z");
	due_skip(&w.m, 0, w.now);
	check_due(&w, DUE_SLOT, "2026-03-06T03:00:00Z");
	due_memory_release(&w.m);

	begin(&w, SCHEDULE_EVERY, every("1h", HOUR), "2026-03-01T10:00:00Z");
	due_memory_release(&w.m);
	w.def.schedule.catch_up = false;
	due_adopt(&w.m, &w.def.schedule, w.now);
	check_due(&w, DUE_SPAN, "2026-03-01T11:00:00Z");
	due_memory_release(&w.m);
}

static void paused(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SCHEDULE_EVERY, every("1h", HOUR), "2026-03-01T10:00:00Z");
	w.m.paused_by = ferry_strdup("uid 0 (root)");
	w.m.paused_at = w.now;
	check_due(&w, DUE_PAUSED, "never");
	restart(&w);
	check_due(&w, DUE_PAUSED, "never");
	struct buf text = BUF_INIT;
	due_text(&w.m, &w.def, &w.due, w.now, &text);
	assert_string_equal(text.s, "paused by uid 0 (root) at 2026-03-01T10:00:00Z");
	buf_release(&text);
	due_memory_release(&w.m);
}

static void following_another_sync(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SCHEDULE_AFTER, (struct rhythm_def){0}, "2026-03-01T10:00:00Z");
	w.other = when("2026-03-01T09:00:00Z");
	check_due(&w, DUE_WAITS, "never");
	w.now = w.other = when("2026-03-01T11:00:00Z");
	check_due(&w, DUE_FOLLOWS, "2026-03-01T11:00:00Z");
	restart(&w);
	check_due(&w, DUE_FOLLOWS, "2026-03-01T11:00:00Z");
	start(&w);
	/* it completes once more, and again, while this one runs */
	w.other = when("2026-03-01T11:05:00Z");
	w.now = when("2026-03-01T11:10:00Z");
	w.other = w.now;
	end(&w, true, false);
	check_due(&w, DUE_FOLLOWS, "2026-03-01T11:10:00Z");
	run_for(&w, MINUTE);
	check_due(&w, DUE_WAITS, "never");
	/* the clock is set back behind the other's end: not again and again */
	w.other = when("2026-03-01T12:00:00Z");
	w.now = when("2026-03-01T11:20:00Z");
	check_due(&w, DUE_FOLLOWS, "2026-03-01T12:00:00Z");
	run_for(&w, MINUTE);
	check_due(&w, DUE_WAITS, "never");
	due_memory_release(&w.m);
}

static void retries_are_bounded(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SCHEDULE_EVERY, every("1h", HOUR), "2026-03-01T10:00:00Z");
	w.def.retry = (struct retry_def){.attempts = 2, .wait_ms = 60000};
	start(&w);
	end(&w, false, true);
	check_due(&w, DUE_RETRY, "2026-03-01T10:01:00Z");
	restart(&w);
	check_due(&w, DUE_RETRY, "2026-03-01T10:01:00Z");
	struct buf text = BUF_INIT;
	due_text(&w.m, &w.def, &w.due, w.now, &text);
	assert_string_equal(text.s, "retry 1 of 2, of run 7");
	buf_release(&text);
	for (int i = 0; i < 2; i++) {
		w.now = w.due.at;
		start(&w);
		end(&w, false, true);
		look(&w);
	}
	/* a clock set back makes nobody wait for longer */
	struct due_memory before = w.m;
	w.m.retry_of = 7;
	w.m.retry_at = w.now + DAY;
	check_due(&w, DUE_RETRY, "2026-03-01T10:03:00Z");
	w.m = before;
	/* two were tried; the schedule goes on, and has two more for its next run */
	check_due(&w, DUE_SPAN, "2026-03-01T11:02:00Z");
	w.now = w.due.at;
	start(&w);
	end(&w, false, true);
	check_due(&w, DUE_RETRY, "2026-03-01T11:03:00Z");
	/* the reason does not go by itself */
	w.now = w.due.at;
	start(&w);
	end(&w, false, false);
	check_due(&w, DUE_SPAN, "2026-03-01T12:03:00Z");
	/* a moment of the schedule that comes first is the retry too */
	w.def.retry.wait_ms = 7200000;
	w.now = w.due.at;
	start(&w);
	end(&w, false, true);
	check_due(&w, DUE_SPAN, "2026-03-01T13:03:00Z");
	w.now = w.due.at;
	run_for(&w, 0);
	check_due(&w, DUE_SPAN, "2026-03-01T14:03:00Z");
	due_memory_release(&w.m);
}

static void tiers_have_their_own_rhythm(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SCHEDULE_ADAPTIVE, (struct rhythm_def){0}, "2026-03-04T10:00:00Z");
	check_due(&w, DUE_FIRST, "2026-03-04T10:00:00Z");
	run_for(&w, 0);
	check_due(&w, DUE_SPAN, "2026-03-04T11:00:00Z");
	w.m.cadence.tier = CADENCE_ACTIVE;
	check_due(&w, DUE_SPAN, "2026-03-04T10:15:00Z");
	w.m.cadence.tier = CADENCE_DORMANT;
	restart(&w);
	check_due(&w, DUE_SLOT, "2026-03-08T03:00:00Z");
	struct buf text = BUF_INIT;
	due_text(&w.m, &w.def, &w.due, w.now, &text);
	assert_string_equal(text.s, "dormant: cron 0 3 * * 0");
	w.m.cadence.pin_tier = CADENCE_ACTIVE;
	w.m.cadence.pinned_until = w.now + 2 * HOUR;
	restart(&w);
	check_due(&w, DUE_SPAN, "2026-03-04T10:15:00Z");
	buf_reset(&text);
	due_text(&w.m, &w.def, &w.due, w.now, &text);
	assert_string_equal(text.s, "active, pinned until 2026-03-04T12:00:00Z: 15m after the end of the last run");
	buf_release(&text);
	w.now += 2 * HOUR;
	check_due(&w, DUE_SLOT, "2026-03-08T03:00:00Z");
	due_memory_release(&w.m);
}

static void jitter_is_a_syncs_own(void **state)
{
	static const char *const names[] = {"customers", "orders", "invoices", "a", "b"};
	int64_t seen[5];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct sync_def def = {.name = names[i], .schedule = {.jitter_ms = 600000}};
		seen[i] = due_jitter(&def);
		assert_true(seen[i] >= 0 && seen[i] < 10 * MINUTE);
		assert_int_equal(due_jitter(&def), seen[i]);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(seen[k], seen[i]);
		def.schedule.jitter_ms = 0;
		assert_int_equal(due_jitter(&def), 0);
	}
}

static void damaged_memory_is_refused_or_harmless(void **state)
{
	struct ferry_error err = {0};
	struct due_memory m;

	(void)state;
	assert_int_equal(due_memory_read("{", 1, &m, &err), -1);
	assert_int_equal(due_memory_read("{}", 2, &m, &err), 0);
	assert_int_equal(m.cadence.tier, CADENCE_IDLE);
	assert_null(m.paused_by);
	due_memory_release(&m);
	assert_int_equal(due_memory_read("{\"tier\":\"asleep\",\"covered\":\"x\"}", 31, &m, &err), 0);
	assert_int_equal(m.cadence.tier, CADENCE_IDLE);
	due_memory_release(&m);
}

/* ------------------------------------------------------ clocks that jump about */

struct clockwork {
	struct world w;
	const struct zone *zone;
	unsigned seed, first_seed;
	int64_t accounted;		/* all moments up to here have had their run */
	int runs;
};

static int64_t any(struct clockwork *c, int64_t from, int64_t to)
{
	return from + (int64_t)((double)rand_r(&c->seed) / ((double)RAND_MAX + 1) * (double)(to - from));
}

/* A run that starts now: at least one moment has come since the last one. */
static void account(struct clockwork *c, int64_t jitter)
{
	int64_t next = cron_next(&c->w.def.schedule.rhythm.cron, c->zone, c->accounted / SECOND) * SECOND;

	if (next + jitter > c->w.now)
		fail_msg("seed %u: a run at %lld, though the next moment is %lld", c->first_seed,
			 (long long)(c->w.now / SECOND), (long long)((next + jitter) / SECOND));
	c->accounted = c->w.now - jitter;
	c->runs++;
}

/* Nothing that has come may wait. */
static void nothing_waits(struct clockwork *c, int64_t jitter)
{
	int64_t next = cron_next(&c->w.def.schedule.rhythm.cron, c->zone, c->accounted / SECOND) * SECOND;

	if (next + jitter <= c->w.now)
		fail_msg("seed %u: %lld is not due at %lld", c->first_seed, (long long)(next / SECOND),
			 (long long)(c->w.now / SECOND));
}

static void live_through(struct clockwork *c, int64_t until)
{
	struct world *w = &c->w;
	int64_t jitter = due_jitter(&w->def), highest = w->now;

	while (w->now < until) {
		switch (any(c, 0, 20)) {
		case 0:
			restart(w);
			break;
		case 1:				/* back, but not by so much that it was wrong before */
			if (highest - w->now < HOUR)
				w->now -= any(c, 0, HOUR);
			break;
		case 2:				/* forward */
			w->now += any(c, 0, 3 * DAY);
			break;
		default:
			look(w);
			/* as the daemon's timer does, or long before */
			if (w->due.at > w->now && any(c, 0, 3))
				w->now = w->due.at + any(c, 0, SECOND);
			else
				w->now += any(c, 0, 2 * HOUR);
			break;
		}
		highest = w->now > highest ? w->now : highest;
		look(w);
		if (w->due.at > w->now) {
			nothing_waits(c, jitter);
			continue;
		}
		account(c, jitter);
		run_for(w, any(c, 0, 4) ? any(c, 0, MINUTE) : any(c, 0, 5 * HOUR));
	}
}

static void each_moment_is_accounted_for(void **state)
{
	static const char *const patterns[] = {"*/15 * * * *", "30 2 * * *", "0 * * * *", "10,40 1-3 * * *",
		"0 0 * * sun", "* * * * *"};
	static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"};
	struct arena arena = ARENA_INIT;
	struct ferry_error err = {0};
	unsigned seed = 1;
	int runs = 0;

	(void)state;
	for (size_t z = 0; z < 4; z++)
		for (size_t p = 0; p < 6; p++, seed++) {
			struct clockwork c = {.seed = seed, .first_seed = seed};
			begin(&c.w, SCHEDULE_CRON, cron(patterns[p]), "2026-02-01T00:00:00Z");
			if (zone_load(&arena, zones[z], &c.zone, &err) < 0)
				skip();
			c.w.def.schedule.zone = c.zone;
			c.w.def.schedule.jitter_ms = seed % 2 ? 0 : 300000;
			due_adopt(&c.w.m, &c.w.def.schedule, c.w.now);
			c.accounted = c.w.now;
			live_through(&c, when("2026-12-01T00:00:00Z"));
			runs += c.runs;
			due_memory_release(&c.w.m);
		}
	assert_true(runs > 5000);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiers_step_by_step),
		cmocka_unit_test(a_pin_suspends_and_then_all_is_as_before),
		cmocka_unit_test(every_counts_from_the_end),
		cmocka_unit_test(cron_makes_up_for_what_it_missed_once),
		cmocka_unit_test(broken_off_by_the_daemons_end),
		cmocka_unit_test(without_catching_up),
		cmocka_unit_test(paused),
		cmocka_unit_test(following_another_sync),
		cmocka_unit_test(retries_are_bounded),
		cmocka_unit_test(tiers_have_their_own_rhythm),
		cmocka_unit_test(jitter_is_a_syncs_own),
		cmocka_unit_test(damaged_memory_is_refused_or_harmless),
		cmocka_unit_test(each_moment_is_accounted_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
