/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-notify.c - events of runs, and whom they are told when: a clock that tests move, tables of runs,
 * and what must hold whatever happens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "model/notify.h"

#define MINUTE ((int64_t)60 * 1000000)
#define HOUR (60 * MINUTE)

enum { F = NOTIFY_BIT(NOTIFY_FAILED), C = NOTIFY_BIT(NOTIFY_COMPLETED), E = NOTIFY_BIT(NOTIFY_ERROR_RATE),
	N = NOTIFY_BIT(NOTIFY_CONSECUTIVE_FAILURES), R = NOTIFY_BIT(NOTIFY_RECOVERED),
	P = NOTIFY_BIT(NOTIFY_PROBLEMS_OPENED) };

/* A sync with one target, and the time. */
struct world {
	struct notify_memory m;
	struct notify_quota quota;
	struct notify_on_def on[NOTIFY_EVENTS];
	struct notify_def def;
	int64_t now, run, per_hour;
	struct notify_held held;	/* of the last message */
};

static void want(struct world *w, unsigned events)
{
	w->def.n_on = 0;
	for (int e = 0; e < NOTIFY_EVENTS; e++)
		if (events & NOTIFY_BIT(e))
			w->on[w->def.n_on++] = (struct notify_on_def){
				.event = (enum notify_event)e, .consecutive_failures = 3,
				.error_rate = {.given = true, .percent = true, .value = 5},
			};
	w->def.on = w->on;
	w->def.n_targets = 1;
}

static void start(struct world *w, unsigned events)
{
	*w = (struct world){.now = 1000 * HOUR, .per_hour = 1000};
	want(w, events);
}

/* A run ends; what the target is told of it. */
static unsigned ends(struct world *w, struct notify_outcome o)
{
	o.at = w->now;
	struct notify_ask ask = {
		.target = "ops", .events = notify_ended(&w->m, &w->def, &o), .run = ++w->run, .now = w->now,
		.repeat_after_us = HOUR, .max_per_hour = w->per_hour,
	};
	return notify_tell(&w->m, &w->quota, &ask, &w->held);
}

static unsigned fails(struct world *w)
{
	return ends(w, (struct notify_outcome){.completed = false});
}

static unsigned completes(struct world *w)
{
	return ends(w, (struct notify_outcome){.completed = true, .rows = 100});
}

/* Each letter a run (f, c), a blank an hour, a dot a minute; then what was told of it, "-" nothing. */
static void story(unsigned wanted, const char *runs, const char *expected)
{
	static const char letters[] = "fceNRsp";
	struct buf told = BUF_INIT;
	struct world w;

	start(&w, wanted);
	for (const char *s = runs; *s; s++) {
		if (*s == ' ' || *s == '.') {
			w.now += *s == ' ' ? HOUR : MINUTE;
			continue;
		}
		unsigned events = *s == 'f' ? fails(&w) : completes(&w);
		for (int e = 0; e < NOTIFY_EVENTS; e++)
			if (events & NOTIFY_BIT(e))
				buf_addc(&told, letters[e]);
		buf_adds(&told, events ? "," : "-,");
	}
	if (strcmp(buf_str(&told), expected) != 0)
		fail_msg("%s: told %s, not %s", runs, buf_str(&told), expected);
	buf_release(&told);
	notify_memory_release(&w.m);
}

static void events_of_runs(void **state)
{
	(void)state;
	story(F, "f", "f,");
	story(F, "c", "-,");
	story(C, "c c", "c,c,");
	story(C, "f", "-,");
	/* a failing sync: told, then every hour */
	story(F, "f..f..f f", "f,-,-,f,");
	/* recovered: only after a failure that was told, and once */
	story(F | R, "c c", "-,-,");
	story(F | R, "f c c", "f,R,-,");
	story(R, "f c", "-,-,");
	story(F | C | R, "f c", "f,cR,");
	/* in a row: once, and again only after a recovery */
	story(N, "f f f f f f", "-,-,N,-,-,-,");
	story(N, "f f f c f f f", "-,-,N,-,-,-,N,");
	story(N | R, "f f f c", "-,-,N,R,");
	story(N | F, "f f f", "f,f,fN,");
	story(N, "f f c f f c", "-,-,-,-,-,-,");
}

static void flapping_does_not_flood(void **state)
{
	(void)state;
	/* failing and recovering every minute: two messages an hour */
	story(F | R, "f.c.f.c.f.c.f.c", "f,R,-,-,-,-,-,-,");
	story(F | R, "f.c.f.c f.c", "f,R,-,-,f,R,");
	/* a day of it, every ten minutes */
	struct world w;
	int told = 0;
	int64_t held = 0;
	start(&w, F | R);
	for (int i = 0; i < 144; i++, w.now += 10 * MINUTE) {
		told += (i % 2 ? completes(&w) : fails(&w)) != 0;
		held += w.held.n[NOTIFY_FAILED];
	}
	assert_in_range(told, 40, 48);
	/* none is lost: each failure was told, or counted with one that was */
	assert_in_range(held + told / 2, 72 - 3, 72);
	notify_memory_release(&w.m);
}

static void held_back_is_told(void **state)
{
	struct world w;

	(void)state;
	start(&w, F | R);
	assert_int_equal(fails(&w), F);
	assert_int_equal(w.held.since, 0);
	for (int i = 0; i < 12; i++) {
		w.now += 4 * MINUTE;
		assert_int_equal(fails(&w), 0);
	}
	w.now += 12 * MINUTE;
	assert_int_equal(fails(&w), F);
	assert_int_equal(w.held.n[NOTIFY_FAILED], 12);
	assert_int_equal(w.held.since, 1000 * HOUR + 4 * MINUTE);
	/* and only once */
	w.now += HOUR;
	assert_int_equal(fails(&w), F);
	assert_int_equal(w.held.n[NOTIFY_FAILED], 0);
	/* a recovery brings what was held back with it */
	w.now += MINUTE;
	assert_int_equal(fails(&w), 0);
	assert_int_equal(completes(&w), R);
	assert_int_equal(w.held.n[NOTIFY_FAILED], 1);
	notify_memory_release(&w.m);
}

/* The last one of a run of failures is not forgotten because no further run comes. */
static void overdue(void **state)
{
	struct notify_overdue o;
	struct world w;

	(void)state;
	start(&w, F | R | P);
	fails(&w);
	completes(&w);
	assert_int_equal(notify_next(&w.m, HOUR), 0);
	w.now += MINUTE;
	fails(&w);
	w.now += MINUTE;
	fails(&w);
	assert_int_equal(notify_next(&w.m, HOUR), 1001 * HOUR);
	assert_false(notify_take_overdue(&w.m, HOUR, 1001 * HOUR - 1, &o));
	assert_true(notify_take_overdue(&w.m, HOUR, 1001 * HOUR, &o));
	assert_string_equal(o.target, "ops");
	assert_int_equal(o.event, NOTIFY_FAILED);
	assert_int_equal(o.run, 4);
	assert_int_equal(o.held, 2);
	assert_int_equal(o.since, 1000 * HOUR + MINUTE);
	assert_false(notify_take_overdue(&w.m, HOUR, 2000 * HOUR, &o));
	/* when it has recovered meanwhile there is nothing to tell */
	fails(&w);
	completes(&w);
	assert_int_equal(notify_next(&w.m, HOUR), 0);
	/* problems wait whatever becomes of the sync */
	ends(&w, (struct notify_outcome){.completed = true, .problems_opened = 2});
	ends(&w, (struct notify_outcome){.completed = true, .problems_opened = 3});
	assert_int_equal(notify_next(&w.m, HOUR), w.now + HOUR);
	notify_memory_release(&w.m);
}

static void error_rates(void **state)
{
	static const struct {
		int64_t rows, errors;
		double limit;
		bool percent, told;
	} cases[] = {
		{100, 4, 5, true, false}, {100, 5, 5, true, true}, {100, 100, 5, true, true}, {0, 0, 5, true, false},
		{100, 0, 0, true, false}, {1000000000, 50000000, 5, true, true}, {1000000000, 49999999, 5, true, false},
		{3, 1, 33.3, true, true}, {100, 9, 10, false, false}, {100, 10, 10, false, true}, {0, 1, 5, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world w;
		start(&w, E);
		w.on[0].error_rate = (struct limit_def){true, cases[i].percent, cases[i].limit};
		struct notify_outcome o = {.completed = i % 2, .rows = cases[i].rows, .row_errors = cases[i].errors};
		if (ends(&w, o) != (cases[i].told ? E : 0U))
			fail_msg("case %zu", i);
		notify_memory_release(&w.m);
	}
}

static void several_events_are_one_message(void **state)
{
	struct world w;

	(void)state;
	start(&w, F | E | P);
	struct notify_outcome bad = {.completed = false, .rows = 10, .row_errors = 5, .problems_opened = 1};
	assert_int_equal(ends(&w, bad), F | E | P);
	/* one of them is new: the others ride along */
	notify_memory_release(&w.m);
	start(&w, F | E);
	assert_int_equal(fails(&w), F);
	w.now += MINUTE;
	assert_int_equal(ends(&w, bad), F | E);
	assert_int_equal(w.held.n[NOTIFY_FAILED], 0);
	notify_memory_release(&w.m);
	assert_int_equal(notify_first(F | N | E), NOTIFY_CONSECUTIVE_FAILURES);
	assert_int_equal(notify_first(C | R), NOTIFY_RECOVERED);
}

static void hourly_limit(void **state)
{
	struct world w;

	(void)state;
	start(&w, F | R);
	w.per_hour = 1;
	assert_int_equal(fails(&w), F);
	/* the recovery is owed until there is room for it */
	assert_int_equal(completes(&w), 0);
	assert_int_equal(w.quota.held, 1);
	w.now += 30 * MINUTE;
	assert_int_equal(completes(&w), 0);
	w.now += 30 * MINUTE;
	assert_int_equal(completes(&w), R);
	w.now += MINUTE;
	assert_int_equal(fails(&w), 0);
	/* no storm of attempts while there is no room */
	assert_int_equal(notify_next(&w.m, HOUR), w.now + HOUR);
	/* a clock that was set back by years stops nothing for years */
	w.now -= 900 * HOUR;
	assert_int_equal(fails(&w), F);
	notify_memory_release(&w.m);
}

static void targets_are_told_apart(void **state)
{
	struct world w;
	struct notify_quota full = {.from = 1000 * HOUR, .sent = 5}, empty = {0};
	struct notify_held held;

	(void)state;
	start(&w, F | R);
	struct notify_outcome bad = {.completed = false, .at = w.now}, good = {.completed = true, .at = w.now};
	struct notify_ask ask = {.events = notify_ended(&w.m, &w.def, &bad), .run = 1, .now = w.now,
		.repeat_after_us = HOUR, .max_per_hour = 5};
	ask.target = "a";
	assert_int_equal(notify_tell(&w.m, &full, &ask, &held), 0);
	ask.target = "b";
	assert_int_equal(notify_tell(&w.m, &empty, &ask, &held), F);
	/* who knows of no failure is told of no recovery */
	ask.events = notify_ended(&w.m, &w.def, &good);
	empty = full = (struct notify_quota){0};
	ask.target = "a";
	assert_int_equal(notify_tell(&w.m, &full, &ask, &held), 0);
	ask.target = "b";
	assert_int_equal(notify_tell(&w.m, &empty, &ask, &held), R);
	notify_memory_release(&w.m);
}

static void memory_survives(void **state)
{
	struct buf json = BUF_INIT, again = BUF_INIT;
	struct notify_memory copy = {0};
	struct ferry_error err = {0};
	struct world w;

	(void)state;
	start(&w, F | N | R);
	for (int i = 0; i < 5; i++, w.now += MINUTE)
		fails(&w);
	notify_memory_json(&w.m, &json);
	assert_int_equal(notify_memory_read(json.s, json.len, &copy, &err), 0);
	assert_int_equal(copy.failures, 5);
	assert_true(copy.streak_told);
	assert_true(copy.told[0].failing);
	notify_memory_json(&copy, &again);
	assert_string_equal(json.s, again.s);
	/* read over what is there; and what is no such text changes nothing */
	assert_int_equal(notify_memory_read(json.s, json.len, &copy, &err), 0);
	assert_int_equal(copy.n_told, 1);
	assert_int_equal(notify_memory_read("{", 1, &copy, &err), -1);
	assert_int_equal(copy.n_told, 1);
	notify_memory_release(&copy);
	notify_memory_release(&w.m);
	buf_release(&json);
	buf_release(&again);
}

static void backoff(void **state)
{
	static const int64_t seconds[] = {10, 60, 300, 1800, 7200, 7200, 7200};

	(void)state;
	for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++)
		assert_int_equal(notify_backoff_ms((int64_t)i + 1, 10000, 0), seconds[i] * 1000);
	/* all attempts together end within a day */
	int64_t age = 0, attempts = 0, wait;
	while ((wait = notify_backoff_ms(++attempts, 10000, age)) > 0)
		age += wait;
	assert_in_range(age, 20 * 3600000, 24 * 3600000);
	assert_in_range(attempts, 10, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_of_runs),
		cmocka_unit_test(flapping_does_not_flood),
		cmocka_unit_test(held_back_is_told),
		cmocka_unit_test(overdue),
		cmocka_unit_test(error_rates),
		cmocka_unit_test(several_events_are_one_message),
		cmocka_unit_test(hourly_limit),
		cmocka_unit_test(targets_are_told_apart),
		cmocka_unit_test(memory_survives),
		cmocka_unit_test(backoff),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
