/* SPDX-License-Identifier: Apache-2.0 */
/* test-health.c - scores by tables: what days, ages and schedules make of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "model/health.h"

#define MINUTE ((int64_t)60 * 1000000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct world {
	struct rollup days[HEALTH_DAYS];	/* [0] is today, [n] n days ago: turned round before it is judged */
	struct health_facts facts;
};

static struct world world(void)
{
	int64_t now;

	assert_true(clock_parse("2026-03-10T12:00:00Z", 20, &now));
	return (struct world){.facts = {.now = now, .completed_at = now - 10 * MINUTE, .due_at = now + 50 * MINUTE,
		.gap_us = HOUR}};
}

static struct health judge(const struct world *w)
{
	struct rollup days[HEALTH_DAYS];
	struct health_facts facts = w->facts;
	struct health h;

	for (size_t i = 0; i < HEALTH_DAYS; i++)
		days[HEALTH_DAYS - 1 - i] = w->days[i];
	facts.days = days;
	health_score(&facts, &h);
	if (h.score >= 0)
		assert_int_equal(h.score, h.parts[0].points + h.parts[1].points + h.parts[2].points + h.parts[3].points);
	for (int i = 0; i < HEALTH_PARTS; i++) {
		assert_in_range(h.parts[i].points, 0, health_part_most((enum health_part)i));
		assert_true(h.parts[i].why[0]);
	}
	assert_int_equal(h.band, health_band_of(h.score));
	return h;
}

/* n runs that completed, with 100 rows and a second each. */
static struct rollup fine(int64_t n)
{
	return (struct rollup){
		.completed = n, .processed = 100 * n, .completed_rows = 100 * n, .ms = 1000 * n, .ms_min = n ? 1000 : 0,
		.ms_max = n ? 1000 : 0,
	};
}

static void fill(struct world *w, size_t from, size_t to, struct rollup day)
{
	for (size_t i = from; i <= to; i++)
		w->days[i] = day;
}

static void expect(const struct world *w, int success, int errors, int latency, int freshness)
{
	struct health h = judge(w);

	if (h.parts[0].points != success || h.parts[1].points != errors || h.parts[2].points != latency ||
	    h.parts[3].points != freshness)
		fail_msg("%d %d %d %d: %s; %s; %s; %s", h.parts[0].points, h.parts[1].points, h.parts[2].points,
			 h.parts[3].points, h.parts[0].why, h.parts[1].why, h.parts[2].why, h.parts[3].why);
}

static void expect_why(const struct world *w, enum health_part part, const char *why)
{
	struct health h = judge(w);
	assert_string_equal(h.parts[part].why, why);
}

static void bands(void **state)
{
	static const struct {
		int score;
		const char *name;
	} rows[] = {
		{100, "healthy"}, {80, "healthy"}, {79, "degraded"}, {60, "degraded"}, {59, "unhealthy"}, {40, "unhealthy"},
		{39, "critical"}, {0, "critical"}, {-1, "unknown"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(health_band_name(health_band_of(rows[i].score)), rows[i].name);
}

static void nothing_is_known_of_a_sync_that_never_ran(void **state)
{
	struct world w = world();

	(void)state;
	w.facts.completed_at = 0;
	assert_int_equal(judge(&w).score, -1);
	assert_string_equal(judge(&w).why, "no run has ended yet");
	/* previews, runs that only extract and cancelled ones are no history */
	w.days[0] = (struct rollup){.previews = 3, .extracts = 2, .cancelled = 4};
	assert_int_equal(judge(&w).score, -1);
	/* one that has only failed is as ill as can be */
	w.days[0].failed = 1;
	expect(&w, 0, 0, 0, 0);
	assert_int_equal(judge(&w).band, HEALTH_CRITICAL);
	/* and a first run that completed is all there is to ask for */
	w.days[0] = fine(1);
	w.facts.completed_at = w.facts.now - MINUTE;
	expect(&w, 40, 20, 20, 20);
	expect_why(&w, HEALTH_LATENCY, "runs take 1.00 s; nothing to compare it with yet");
}

static void success(void **state)
{
	struct world w = world();

	(void)state;
	fill(&w, 0, 30, fine(24));
	expect(&w, 40, 20, 20, 20);
	expect_why(&w, HEALTH_SUCCESS, "24 of 24 runs today completed");
	w.days[0].failed = 6;
	expect(&w, 24, 20, 20, 20);
	w.days[0].cancelled = 100;
	expect(&w, 24, 20, 20, 20);
	/* errors in rows are no failure of the run */
	w.days[0] = fine(20);
	w.days[0].completed = 10;
	w.days[0].with_errors = 10;
	expect(&w, 40, 20, 20, 20);
	/* when today is young, yesterday has a say; and as many days as it takes to have five runs */
	w.days[0] = (struct rollup){.failed = 1};
	expect(&w, 36, 20, 20, 20);
	expect_why(&w, HEALTH_SUCCESS, "24 of 25 runs since 2026-03-09 completed");
	memset(w.days, 0, sizeof w.days);
	for (size_t i = 2; i < 30; i += 7)
		w.days[i] = fine(1);
	w.days[9] = (struct rollup){.failed = 1};
	expect(&w, 20, 20, 20, 20);
	expect_why(&w, HEALTH_SUCCESS, "3 of 4 runs since 2026-02-15 completed");
}

static void failures_alone_leave_nothing_to_judge(void **state)
{
	struct world w = world();

	(void)state;
	fill(&w, 0, 30, fine(24));
	w.days[0] = (struct rollup){.failed = 12};
	w.facts.due_at = w.facts.now - 12 * HOUR;
	expect(&w, 0, 0, 0, 0);
	assert_string_equal(judge(&w).why, "0 of 12 runs today completed");
	/* the first run that completes again is worth much, yet not all */
	w.days[0] = fine(1);
	w.days[0].failed = 12;
	w.facts.due_at = w.facts.now + HOUR;
	expect(&w, 0, 20, 20, 20);
	assert_int_equal(judge(&w).band, HEALTH_DEGRADED);
	/* half of them is not half of the points */
	w.days[0] = fine(12);
	w.days[0].failed = 12;
	expect(&w, 0, 20, 20, 20);
	w.days[0].failed = 11;
	expect(&w, 1, 20, 20, 20);
}

static void errors(void **state)
{
	/* of 10,000 rows: today's errors, usual errors (-1: no days before), points */
	static const int rows[][3] = {
		{0, 0, 20}, {9, 0, 20}, {10, 0, 20}, {40, 0, 0}, {25, 0, 10},
		{100, 100, 20}, {125, 100, 20}, {400, 100, 0}, {262, 100, 10},
		/* much is much, however usual */
		{500, 500, 10}, {499, 499, 20}, {5000, 5000, 10},
		/* nothing to compare with: the rate itself counts */
		{0, -1, 20}, {500, -1, 10}, {1000, -1, 0}, {9000, -1, 0}, {100, -1, 18},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world w = world();
		struct rollup today = fine(24), before = fine(24);
		today.processed = before.processed = 10000;
		today.rows_failed = rows[i][0];
		before.rows_failed = rows[i][1];
		if (rows[i][1] >= 0)
			fill(&w, 1, 30, before);
		w.days[0] = today;
		if (judge(&w).parts[HEALTH_ERRORS].points != rows[i][2])
			fail_msg("row %zu: %d, %s", i, judge(&w).parts[HEALTH_ERRORS].points, judge(&w).parts[HEALTH_ERRORS].why);
	}
}

static void latency(void **state)
{
	/* milliseconds today, usual, points */
	static const int rows[][3] = {
		{10, 10, 20}, {900, 10, 20}, {3000, 10, 20}, {5500, 10, 10}, {8000, 10, 0},
		{60000, 60000, 20}, {90000, 60000, 20}, {165000, 60000, 10}, {240000, 60000, 0}, {1000, 60000, 20},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world w = world();
		struct rollup today = fine(24), before = fine(24);
		today.ms = 24 * (int64_t)rows[i][0];
		before.ms = 24 * (int64_t)rows[i][1];
		fill(&w, 1, 30, before);
		/* two odd days do not change what is usual */
		w.days[3].ms *= 100;
		w.days[4].ms = 0;
		w.days[0] = today;
		if (judge(&w).parts[HEALTH_LATENCY].points != rows[i][2])
			fail_msg("row %zu: %d, %s", i, judge(&w).parts[HEALTH_LATENCY].points, judge(&w).parts[HEALTH_LATENCY].why);
	}
}

static void freshness(void **state)
{
	/* minutes since it was due, minutes to another one, points */
	static const int rows[][3] = {
		{-60, 60, 20}, {0, 60, 20}, {15, 60, 20}, {120, 60, 0}, {10000, 60, 0}, {68, 60, 9}, {60, 60, 11},
		/* a minute's play, however often it runs */
		{1, 1, 20}, {4, 1, 11}, {8, 1, 0},
		{0, 7 * 1440, 20}, {1440, 7 * 1440, 20}, {7 * 1440, 7 * 1440, 11}, {14 * 1440, 7 * 1440, 0},
	};
	struct world w = world();

	(void)state;
	fill(&w, 0, 30, (struct rollup){.completed = 24});
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		w.facts.due_at = w.facts.now - rows[i][0] * MINUTE;
		w.facts.gap_us = rows[i][1] * MINUTE;
		struct health h = judge(&w);
		if (h.parts[HEALTH_FRESHNESS].points != rows[i][2])
			fail_msg("row %zu: %d, %s", i, h.parts[HEALTH_FRESHNESS].points, h.parts[HEALTH_FRESHNESS].why);
	}
	w.facts.gap_us = HOUR;
	w.facts.due_at = w.facts.now + 7 * MINUTE;
	expect_why(&w, HEALTH_FRESHNESS, "last completed 10 min ago; the next one is due in 7 min");
	w.facts.due_at = w.facts.now - 3 * DAY;
	w.facts.completed_at = w.facts.now - 3 * DAY - HOUR;
	expect_why(&w, HEALTH_FRESHNESS, "last completed 3 days ago; the next one was due 3 days ago");
	w.facts.under_way = true;
	expect_why(&w, HEALTH_FRESHNESS, "last completed 3 days ago; one is under way");
	assert_int_equal(judge(&w).parts[HEALTH_FRESHNESS].points, 0);
	w.facts.paused = true;
	expect_why(&w, HEALTH_FRESHNESS, "it is paused, so it is not late");
	assert_int_equal(judge(&w).parts[HEALTH_FRESHNESS].points, 20);
	w.facts.paused = false;
	w.facts.due_at = 0;
	expect_why(&w, HEALTH_FRESHNESS, "last completed 3 days ago; it runs on request only");
	assert_int_equal(judge(&w).parts[HEALTH_FRESHNESS].points, 20);
	w.facts.completed_at = 0;
	expect_why(&w, HEALTH_FRESHNESS, "no run has completed yet");
	assert_int_equal(judge(&w).parts[HEALTH_FRESHNESS].points, 0);
	/* a run that takes long is not late while it runs */
	w = world();
	fill(&w, 0, 30, (struct rollup){.completed = 1, .ms = 3600000});
	w.facts.due_at = w.facts.now - HOUR;
	assert_int_equal(judge(&w).parts[HEALTH_FRESHNESS].points, 20);
}

/* Whatever the numbers are, nothing overflows and no part leaves its range. */
static void any_numbers(void **state)
{
	static const int64_t numbers[] = {0, 1, 7, 1000, INT64_C(1) << 40, INT64_C(1) << 55};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct world w = world();
		for (size_t i = 0; i < HEALTH_DAYS; i++)
			for (size_t m = 0; m < ROLLUP_MEMBERS; m++) {
				seed = seed * 1664525 + 1013904223;
				*(int64_t *)(void *)((char *)&w.days[i] + rollup_members[m].offset) = numbers[seed >> 16 & 3] +
					(round & 1 ? numbers[(seed >> 20) % 6] : 0);
			}
		w.facts.gap_us = numbers[(seed >> 8) % 6];
		w.facts.due_at = w.facts.now - numbers[(seed >> 10) % 5];
		w.facts.completed_at = w.facts.now - numbers[(seed >> 12) % 5];
		judge(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bands),
		cmocka_unit_test(nothing_is_known_of_a_sync_that_never_ran),
		cmocka_unit_test(success),
		cmocka_unit_test(failures_alone_leave_nothing_to_judge),
		cmocka_unit_test(errors),
		cmocka_unit_test(latency),
		cmocka_unit_test(freshness),
		cmocka_unit_test(any_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
