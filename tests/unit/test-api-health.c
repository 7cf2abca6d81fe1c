/* SPDX-License-Identifier: Apache-2.0 */
/* test-api-health.c - scores, totals, days and findings over HTTP, of a history made up for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "api-fixture.h"
#include "base/clock.h"
#include "model/trends.h"
#include "store/rollups.h"

static int64_t now_of(void *ctx)
{
	return *(int64_t *)ctx;
}

/* Noon of the day that is today where nothing else is said. */
static int64_t noon(struct served *s)
{
	static int64_t now;

	now = clock_now() / ROLLUP_DAY * ROLLUP_DAY + ROLLUP_DAY / 2;
	s->f.clock = (struct supervise_clock){now_of, &now};
	return now;
}

/* Runs that ended so many days ago. */
static void past(struct journal *j, const char *sync, int64_t now, int days_ago, const struct rollup *one)
{
	static int64_t id;
	struct ferry_error err = {0};
	struct rollup_run run = {.sync = sync, .id = ++id, .ended_at = now - days_ago * ROLLUP_DAY, .now = now, .one = *one};

	assert_int_equal(rollups_add(j, &run, &err), 0);
}

/* A month in which two days stand out; today nothing has failed. */
static void make_history(struct served *s, const char *sync, int64_t now)
{
	struct journal *j;
	struct ferry_error err = {0};

	mkdir(s->f.state, 0700);
	assert_int_equal(journal_open(s->f.state, &j, &err), 0);
	for (int i = 0; i <= 30; i++) {
		struct rollup day = {.completed = 24, .processed = 24000, .completed_rows = 24000, .ms = 48000, .ms_min = 1500,
			.ms_max = 2500 + i, .started = 24, .waited_ms = 240, .waited_max = 20};
		if (i == 2)
			day.processed = day.completed_rows = 0;
		if (i == 3)
			day.rows_failed = 1200;
		past(j, sync, now, i, &day);
	}
	assert_int_equal(journal_commit(j, &err), 0);
	journal_close(j);
}

static int64_t completed_in(const struct answer *a, const char *span)
{
	return json_get_int(json_get(json_get(at(a->doc, "totals"), span), "runs"), "completed", -1);
}

static void days_that_stand_out_are_told(void **state)
{
	struct served *s = *state;
	int64_t now = noon(s);
	struct buf day = BUF_INIT;

	fixture_sync(&s->f, "a-ok", NULL);
	make_history(s, "a-ok", now);
	serve(s);
	struct answer a = call(s, "GET", "/api/v1/syncs/a-ok/trends", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_count(at(a.doc, "days")), 30);
	assert_int_equal(json_count(at(a.doc, "findings")), 2);
	trend_day_text(now / ROLLUP_DAY - 2, &day);
	assert_string_equal(text_at(a.doc, "findings.0.day"), day.s);
	assert_string_equal(text_at(a.doc, "findings.0.metric"), "rows");
	assert_string_equal(text_at(a.doc, "findings.0.kind"), "drop");
	assert_string_equal(text_at(a.doc, "findings.0.message"), "0 rows a run; usual is 1000 rows a run");
	assert_string_equal(text_at(a.doc, "findings.1.metric"), "error_rate");
	assert_string_equal(text_at(a.doc, "findings.1.kind"), "spike");
	assert_non_null(strstr(a.raw.s, "\"value\":0.050000,\"usual\":0.000000"));
	assert_string_equal(text_at(a.doc, "trends.rows.direction"), "steady");
	assert_int_equal(int_at(a.doc, "trends.rows.recent"), 1000);
	/* today at noon and yesterday at noon are 24 hours and the one under way */
	assert_int_equal(completed_in(&a, "24h"), 48);
	assert_int_equal(completed_in(&a, "7d"), 7 * 24);
	assert_int_equal(completed_in(&a, "30d"), 30 * 24);
	assert_int_equal(json_get_int(json_get(at(a.doc, "totals"), "30d"), "rows_failed", -1), 1200);
	assert_non_null(strstr(a.raw.s, "\"duration_seconds\":{\"mean\":2.000,\"least\":1.500,\"most\":2.529}"));
	release(&a);
	a = call(s, "GET", "/api/v1/syncs/a-ok/trends?days=366", NULL);
	assert_int_equal(json_count(at(a.doc, "days")), 366);
	assert_int_equal(int_at(a.doc, "days.335.runs.completed"), 24);
	assert_int_equal(int_at(a.doc, "days.334.runs.completed"), 0);
	assert_int_equal(json_count(at(a.doc, "findings")), 2);
	release(&a);
	a = call(s, "GET", "/api/v1/syncs/a-ok/trends?days=1", NULL);
	assert_int_equal(json_count(at(a.doc, "days")), 1);
	assert_int_equal(json_count(at(a.doc, "findings")), 2);
	release(&a);
	expect(s, "GET", "/api/v1/syncs/a-ok/trends?days=0", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/syncs/a-ok/trends?days=367", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/syncs/nobody/trends", NULL, 404, "NOT_FOUND");
	buf_release(&day);
}

static void scores_come_in_pages_with_the_totals_of_all(void **state)
{
	struct served *s = *state;
	int64_t now = noon(s);
	char name[20];

	for (int i = 0; i < 25; i++) {
		snprintf(name, sizeof name, "s%02d-ok", i);
		fixture_sync(&s->f, name, NULL);
	}
	make_history(s, "s24-ok", now);
	serve(s);
	struct answer a = call(s, "GET", "/api/v1/health/syncs?page=2", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_count(at(a.doc, "data")), 5);
	assert_int_equal(int_at(a.doc, "pagination.total"), 25);
	assert_string_equal(text_at(a.doc, "data.4.sync_id"), "s24-ok");
	/* it ran often and well, but nobody knows of a run that completed: the journal has none */
	assert_int_equal(int_at(a.doc, "data.4.score"), 80);
	assert_string_equal(text_at(a.doc, "data.3.band"), "unknown");
	assert_true(at(a.doc, "data.3.score") == NULL);
	assert_int_equal(int_at(a.doc, "data.4.parts.success.points"), 40);
	assert_int_equal(int_at(a.doc, "data.4.parts.success.of"), 40);
	assert_int_equal(completed_in(&a, "30d"), 30 * 24);
	release(&a);
	a = call(s, "GET", "/api/v1/syncs/s24-ok/health", NULL);
	assert_int_equal(int_at(a.doc, "score"), 80);
	release(&a);
	expect(s, "GET", "/api/v1/syncs/nobody/health", NULL, 404, "NOT_FOUND");
	expect(s, "GET", "/api/v1/health/syncs?page=0", NULL, 400, "USAGE");
}

static void those_that_run_next_come_first(void **state)
{
	struct served *s = *state;

	fixture_sync(&s->f, "a-ok", "schedule: manual");
	fixture_sync(&s->f, "b-ok", "schedule: {cron: '0 0 1 1 *'}");
	fixture_sync(&s->f, "c-ok", "schedule: {cron: '* * * * *'}");
	serve(s);
	supervise_start(s->f.s);
	struct answer a = call(s, "GET", "/api/v1/syncs?sort=next_run_at", NULL);
	assert_string_equal(text_at(a.doc, "data.0.id"), "c-ok");
	assert_string_equal(text_at(a.doc, "data.1.id"), "b-ok");
	assert_string_equal(text_at(a.doc, "data.2.id"), "a-ok");
	release(&a);
	a = call(s, "GET", "/api/v1/syncs?sort=next_run_at&per_page=1&page=2", NULL);
	assert_int_equal(json_count(at(a.doc, "data")), 1);
	assert_string_equal(text_at(a.doc, "data.0.id"), "b-ok");
	release(&a);
	a = call(s, "GET", "/api/v1/syncs?sort=id&page=9", NULL);
	assert_int_equal(json_count(at(a.doc, "data")), 0);
	release(&a);
	expect(s, "GET", "/api/v1/syncs?sort=size", NULL, 400, "USAGE");
}

static void what_is_due_and_does_not_start_is_no_good_health(void **state)
{
	struct served *s = *state;
	int64_t *now = (int64_t[]){clock_now()};

	s->f.clock = (struct supervise_clock){now_of, now};
	fixture_sync(&s->f, "a-ok", "schedule: {cron: '0 0 1 1 *'}");
	serve(s);
	supervise_start(s->f.s);
	struct answer a = call(s, "GET", "/healthz", NULL);
	assert_int_equal(a.status, 200);
	release(&a);
	*now += 366 * ROLLUP_DAY;
	a = call(s, "GET", "/healthz", NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(text_at(a.doc, "status"), "degraded");
	assert_non_null(strstr(text_at(a.doc, "checks.scheduler.message"), "1 sync is due for minutes and not started, 'a-ok'"));
	assert_string_equal(text_at(a.doc, "checks.journal.status"), "ok");
	release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(days_that_stand_out_are_told, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(scores_come_in_pages_with_the_totals_of_all, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(those_that_run_next_come_first, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(what_is_due_and_does_not_start_is_no_good_health, api_setup, api_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
