/* SPDX-License-Identifier: Apache-2.0 */
/* test-trends.c - which days stand out, which way things go; and adding up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "model/trends.h"

enum { TODAY = TREND_DAYS - 1 };

/* n runs of `rows` rows and `ms` milliseconds each, of which `bad` rows in a thousand fail. */
static struct rollup day(int64_t n, int64_t rows, int64_t ms, int64_t bad)
{
	return (struct rollup){
		.completed = n, .processed = n * rows, .completed_rows = n * rows, .rows_failed = n * rows * bad / 1000,
		.ms = n * ms, .ms_min = ms, .ms_max = ms,
	};
}

/* Days that are a little uneven, as days are. */
static void make(struct rollup *days, int64_t n, int64_t rows, int64_t ms)
{
	for (int i = 0; i < TREND_DAYS; i++)
		days[i] = day(n, rows + rows * (i * 7 % 11 - 5) / 100, ms + ms * (i * 5 % 11 - 5) / 100, 0);
}

/* "rows drop 30 0 1000; duration spike 28 ..." */
static void expect(const struct rollup *days, const char *findings)
{
	char text[1000] = "";
	struct trends t;

	trends_find(days, &t);
	for (size_t i = 0; i < t.n_findings; i++) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len, "%s%s %s %zu %lld", i ? "; " : "",
			 trend_metric_name(t.findings[i].metric), t.findings[i].spike ? "spike" : "drop",
			 TODAY - t.findings[i].day, (long long)t.findings[i].value);
	}
	assert_string_equal(text, findings);
}

static void even_days_say_nothing(void **state)
{
	struct rollup days[TREND_DAYS];

	(void)state;
	make(days, 24, 1000, 5000);
	expect(days, "");
	memset(days, 0, sizeof days);
	expect(days, "");
	/* the same each day to the last row: a few more are nothing, half as many again is something */
	for (int i = 0; i < TREND_DAYS; i++)
		days[i] = day(1, 1000, 5000, 0);
	days[TODAY] = day(1, 1499, 5000, 0);
	expect(days, "");
	days[TODAY] = day(1, 1500, 5000, 0);
	expect(days, "rows spike 0 1500");
}

static void days_that_stand_out_are_named(void **state)
{
	struct rollup days[TREND_DAYS];

	(void)state;
	make(days, 24, 1000, 5000);
	days[TODAY - 2] = day(24, 0, 5000, 0);
	days[TODAY - 4] = day(24, 1000, 60000, 0);
	days[TODAY - 5] = day(24, 1000, 5000, 30);
	expect(days, "rows drop 2 0; duration spike 4 60000; error_rate spike 5 30000");
	/* it stands out for a week, and does not make what follows odd */
	make(days, 24, 1000, 5000);
	days[TODAY - 7] = day(24, 9000, 5000, 0);
	expect(days, "rows spike 7 9000");
	make(days, 24, 1000, 5000);
	days[TODAY - 8] = day(24, 9000, 5000, 0);
	expect(days, "");
}

static void what_varies_much_must_vary_more_to_stand_out(void **state)
{
	struct rollup days[TREND_DAYS];

	(void)state;
	for (int i = 0; i < TREND_DAYS; i++)
		days[i] = day(24, i % 2 ? 500 : 1500, 5000, 0);
	expect(days, "");
	days[TODAY - 1] = day(24, 3000, 5000, 0);
	expect(days, "");
	days[TODAY - 1] = day(24, 5000, 5000, 0);
	expect(days, "rows spike 1 5000");
}

static void small_differences_are_nothing(void **state)
{
	struct rollup days[TREND_DAYS];

	(void)state;
	for (int i = 0; i < TREND_DAYS; i++)
		days[i] = day(24, 1, 10, 0);
	days[TODAY - 1] = day(24, 3, 900, 4);
	expect(days, "");
	days[TODAY - 1] = day(24, 4, 1010, 0);
	expect(days, "rows spike 1 4; duration spike 1 1010");
}

static void today_is_judged_by_half_of_its_runs(void **state)
{
	struct rollup days[TREND_DAYS];

	(void)state;
	make(days, 24, 1000, 5000);
	days[TODAY] = day(11, 0, 5000, 0);
	expect(days, "");
	days[TODAY] = day(12, 0, 5000, 0);
	expect(days, "rows drop 0 0");
}

static void days_without_runs_are_no_days(void **state)
{
	struct rollup days[TREND_DAYS];

	(void)state;
	/* once a week */
	memset(days, 0, sizeof days);
	for (int i = 0; i < TREND_DAYS; i += 7)
		days[i] = day(1, 1000, 5000, 0);
	days[TODAY] = day(1, 0, 5000, 0);
	expect(days, "rows drop 0 0");
	/* too few days before */
	memset(days, 0, 7 * sizeof days[0]);
	expect(days, "");
	/* only failures: there is nothing to tell rows from */
	make(days, 24, 1000, 5000);
	days[TODAY - 1] = (struct rollup){.failed = 24};
	expect(days, "");
}

static void ways(void **state)
{
	struct rollup days[TREND_DAYS];
	struct trends t;

	(void)state;
	make(days, 24, 1000, 5000);
	trends_find(days, &t);
	for (int m = 0; m < TREND_METRICS; m++)
		assert_int_equal(t.of[m].way, TREND_STEADY);
	assert_in_range(t.of[TREND_ROWS].recent, 950, 1050);
	for (int i = TODAY - 7; i < TODAY; i++)
		days[i] = day(24, 1300, 3000, 20);
	trends_find(days, &t);
	assert_int_equal(t.of[TREND_ROWS].way, TREND_RISING);
	assert_int_equal(t.of[TREND_DURATION].way, TREND_FALLING);
	assert_int_equal(t.of[TREND_ERROR_RATE].way, TREND_RISING);
	assert_int_equal(t.of[TREND_ERROR_RATE].recent, 20000);
	memset(days, 0, (TODAY - 7) * sizeof days[0]);
	trends_find(days, &t);
	assert_int_equal(t.of[TREND_ROWS].way, TREND_UNKNOWN);
	assert_int_equal(t.of[TREND_ROWS].before, -1);
	assert_int_equal(t.of[TREND_ROWS].recent, 1300);
}

/* ----------------------------------------------------------------------- roll-ups */

static void adding_up(void **state)
{
	struct rollup sum = {0}, failed = {.failed = 1, .processed = 5, .rows_failed = 5, .started = 1, .waited_max = 9};
	struct rollup slow = day(1, 10, 500, 0), quick = day(1, 10, 100, 0), with_errors = day(1, 80, 300, 500);

	(void)state;
	with_errors.completed = 0;
	with_errors.with_errors = 1;
	assert_int_equal(rollup_mean_ms(&sum), -1);
	assert_int_equal(rollup_error_rate(&sum), -1);
	assert_int_equal(rollup_success_rate(&sum), -1);
	/* a run that completed in no time is the quickest, one that failed is none */
	rollup_add(&sum, &failed);
	assert_int_equal(rollup_success_rate(&sum), 0);
	rollup_add(&sum, &slow);
	rollup_add(&sum, &failed);
	rollup_add(&sum, &quick);
	rollup_add(&sum, &with_errors);
	assert_int_equal(sum.ms_min, 100);
	assert_int_equal(sum.ms_max, 500);
	assert_int_equal(rollup_mean_ms(&sum), 300);
	assert_int_equal(rollup_tried(&sum), 5);
	assert_int_equal(rollup_success_rate(&sum), 600000);
	assert_int_equal(rollup_error_rate(&sum), 50 * 1000000 / 110);
	assert_int_equal(sum.completed_rows, 100);
	assert_int_equal(sum.waited_max, 9);
	quick.ms = quick.ms_min = quick.ms_max = 0;
	rollup_add(&sum, &quick);
	assert_int_equal(sum.ms_min, 0);
}

static void as_json(void **state)
{
	struct rollup r = day(3, 1000, 1234, 1);
	struct buf b = BUF_INIT;

	(void)state;
	r.failed = 1;
	buf_addc(&b, '{');
	rollup_json(&r, &b);
	buf_addc(&b, '}');
	assert_string_equal(b.s,
		"{\"runs\":{\"total\":4,\"completed\":3,\"completed_with_errors\":0,\"failed\":1,\"cancelled\":0,\"previews\":0,"
		"\"extract_only\":0},\"success_rate\":0.750000,\"rows_processed\":3000,\"rows_created\":0,\"rows_updated\":0,"
		"\"rows_deleted\":0,\"rows_disabled\":0,\"rows_failed\":3,\"rows_skipped\":0,\"rows_unchanged\":0,"
		"\"error_rate\":0.001000,\"duration_seconds\":{\"mean\":1.234,\"least\":1.234,\"most\":1.234},"
		"\"queued_seconds\":{\"mean\":null,\"most\":null},\"problems_opened\":0}");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(even_days_say_nothing),
		cmocka_unit_test(days_that_stand_out_are_named),
		cmocka_unit_test(what_varies_much_must_vary_more_to_stand_out),
		cmocka_unit_test(small_differences_are_nothing),
		cmocka_unit_test(today_is_judged_by_half_of_its_runs),
		cmocka_unit_test(days_without_runs_are_no_days),
		cmocka_unit_test(ways),
		cmocka_unit_test(adding_up),
		cmocka_unit_test(as_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
