/* SPDX-License-Identifier: Apache-2.0 */
/* test-rollups.c - each run is counted once: with its end, after a crash, and of an old journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "store/rollups.h"
#include "supervise-fixture.h"
#include "supervise/trends.h"
#include "wire/kv.h"

#define SECOND ((int64_t)1000000)

static int setup(void **state)
{
	struct fixture *f = ferry_alloc0(1, sizeof *f);

	fixture_make(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_remove(*state);
	free(*state);
	return 0;
}

static struct supervise_totals totals(struct fixture *f, const char *sync)
{
	struct supervise_totals t;
	struct ferry_error err = {0};

	if (supervise_totals(f->s, sync, &t, &err) < 0)
		fail_msg("%s", err.msg);
	return t;
}

/* "completed with_errors failed cancelled previews extracts" of each span, which must be the same. */
static void expect(struct fixture *f, const char *sync, const char *counts)
{
	struct supervise_totals t = totals(f, sync);

	for (int i = 0; i < SPANS; i++) {
		const struct rollup *r = &t.of[i].sum;
		char text[200];
		snprintf(text, sizeof text, "%lld %lld %lld %lld %lld %lld", (long long)r->completed,
			 (long long)r->with_errors, (long long)r->failed, (long long)r->cancelled, (long long)r->previews,
			 (long long)r->extracts);
		assert_string_equal(text, counts);
	}
}

/* Until no run lies behind, and that is in the journal. */
static bool all_counted(struct fixture *f, void *ctx)
{
	(void)ctx;
	return !rollups_behind(supervise_journal(f->s)) && !journal_pending(supervise_journal(f->s));
}

/* --------------------------------------------------------------------- with their end */

static void each_end_is_counted(void **state)
{
	struct fixture *f = *state;
	static const struct supervise_request requests[] = {{.preview = true}, {.extract_only = true}};
	struct ferry_error err = {0};
	bool coalesced;
	int64_t id;

	fixture_sync(f, "a-ok", NULL);
	fixture_sync(f, "b-rows", NULL);
	fixture_sync(f, "c-auth", NULL);
	fixture_sync(f, "d-long", NULL);
	fixture_open(f);
	expect(f, NULL, "0 0 0 0 0 0");
	json_free(fixture_run(f, "a-ok"));
	json_free(fixture_run(f, "a-ok"));
	json_free(fixture_run(f, "b-rows"));
	json_free(fixture_run(f, "c-auth"));
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(supervise_trigger(f->s, "a-ok", &requests[i], &tester, &id, &coalesced, &err), 0);
		json_free(fixture_wait(f, id));
	}
	/* one is cancelled while it runs, one before */
	id = fixture_trigger(f, "d-long");
	fixture_wait_status(f, id, "running");
	int64_t queued = fixture_trigger(f, "d-long");
	enum run_status status;
	assert_int_equal(supervise_cancel(f->s, queued, &tester, &status, &err), 0);
	assert_int_equal(supervise_cancel(f->s, id, &tester, &status, &err), 0);
	json_free(fixture_wait(f, id));

	expect(f, "a-ok", "2 0 0 0 1 1");
	expect(f, "b-rows", "0 1 0 0 0 0");
	expect(f, "c-auth", "0 0 1 0 0 0");
	expect(f, "d-long", "0 0 0 2 0 0");
	expect(f, NULL, "2 1 1 2 1 1");
	expect(f, "a", "0 0 0 0 0 0");
	struct rollup r = totals(f, NULL).of[SPAN_24H].sum;
	assert_int_equal(r.processed, 21);
	assert_int_equal(r.completed_rows, 21);
	assert_int_equal(r.created, 12);
	assert_int_equal(r.updated, 3);
	assert_int_equal(r.unchanged, 3);
	assert_int_equal(r.skipped, 2);
	assert_int_equal(r.rows_failed, 1);
	assert_int_equal(r.started, 5);		/* not those that only look, nor the one that never began */
	assert_true(r.ms_min <= r.ms_max && r.ms >= r.ms_max);

	/* all of it is there again, and nothing is counted twice */
	fixture_close(f);
	fixture_open(f);
	expect(f, "a-ok", "2 0 0 0 1 1");
	expect(f, NULL, "2 1 1 2 1 1");
	assert_false(totals(f, NULL).partial);
}

/* Whether it is the first one at all, or others have been counted before. */
static void orphans_are_counted_once(struct fixture *f, bool first)
{
	fixture_sync(f, "a-long", NULL);
	fixture_sync(f, "b-ok", NULL);
	fixture_open(f);
	if (!first)
		json_free(fixture_run(f, "b-ok"));
	fixture_wait_status(f, fixture_trigger(f, "a-long"), "running");
	fixture_trigger(f, "a-long");
	expect(f, "a-long", "0 0 0 0 0 0");
	fixture_close(f);
	for (int i = 0; i < 3; i++) {
		fixture_open(f);
		fixture_until(f, all_counted, NULL, 10000);
		expect(f, "a-long", "0 0 2 0 0 0");
		expect(f, NULL, first ? "0 0 2 0 0 0" : "1 0 2 0 0 0");
		fixture_close(f);
	}
}

static void a_run_whose_daemon_died_is_counted_once(void **state)
{
	orphans_are_counted_once(*state, false);
}

static void so_is_the_first_one_of_all(void **state)
{
	orphans_are_counted_once(*state, true);
}

/* Document and roll-up are one group: either both are there after a crash or none. */
static void a_group_that_is_lost_takes_both_along(void **state)
{
	struct fixture *f = *state;
	struct journal *j;
	struct ferry_error err = {0};
	int64_t now = clock_now();
	struct rollup day;
	struct buf json = BUF_INIT;

	assert_int_equal(mkdir(f->state, 0700), 0);
	for (int lost = 0; lost < 3; lost++) {
		assert_int_equal(journal_open(f->state, &j, &err), 0);
		size_t mark = journal_pending(j);
		struct journal_run run = {.id = 1, .sync = "a", .status = RUN_COMPLETED, .queued_at = now, .json = "{}", .len = 2};
		struct rollup_run count = {.sync = "a", .id = 1, .ended_at = now, .now = now, .one = {.completed = 1}};
		journal_put_run(j, &run);
		assert_int_equal(rollups_add(j, &count, &err), 0);
		if (lost == 1) {
			journal_rollback(j, mark);
			assert_int_equal(journal_pending(j), 0);
			journal_put_state(j, "other", "1", 1);
			assert_int_equal(journal_commit(j, &err), 0);
		}
		if (lost == 2)
			assert_int_equal(journal_commit(j, &err), 0);
		journal_close(j);
		assert_int_equal(journal_open(f->state, &j, &err), 0);
		assert_int_equal(rollups_behind(j), 0);
		assert_int_equal(rollups_read(j, "a", ROLLUP_DAYS, now / ROLLUP_DAY, 1, &day, &err), 0);
		assert_int_equal(day.completed, lost == 2);
		buf_reset(&json);
		assert_int_equal(journal_run(j, 1, &json, NULL), lost == 2 ? 0 : -1);
		journal_close(j);
	}
	buf_release(&json);
}

/* ----------------------------------------------------------------------- days and hours */

static int64_t count_kept(struct journal *j, const char *sync, enum rollup_span span, int64_t last)
{
	struct rollup r[600];
	struct ferry_error err = {0};
	int64_t n = 0;

	assert_int_equal(rollups_read(j, sync, span, last, 600, r, &err), 0);
	for (size_t i = 0; i < 600; i++)
		n += r[i].completed;
	return n;
}

static void old_days_and_hours_go(void **state)
{
	struct fixture *f = *state;
	struct journal *j;
	struct ferry_error err = {0};
	int64_t start = clock_now() / ROLLUP_DAY * ROLLUP_DAY, at = start;
	struct rollup two[2];

	assert_int_equal(mkdir(f->state, 0700), 0);
	assert_int_equal(journal_open(f->state, &j, &err), 0);
	for (int i = 0; i < 500 * 24; i += 6, at += 6 * ROLLUP_HOUR) {
		struct rollup_run run = {.sync = i % 4 ? "ab" : "a", .id = i + 1, .ended_at = at, .now = at, .one = {.completed = 1}};
		assert_int_equal(rollups_add(j, &run, &err), 0);
		assert_int_equal(journal_commit(j, &err), 0);
	}
	at -= 6 * ROLLUP_HOUR;
	int64_t day = at / ROLLUP_DAY, hour = at / ROLLUP_HOUR;
	assert_int_equal(count_kept(j, "a", ROLLUP_DAYS, day), 2 * 401);
	assert_int_equal(count_kept(j, "ab", ROLLUP_DAYS, day), 2 * 401);
	assert_int_equal(count_kept(j, NULL, ROLLUP_DAYS, day), 4 * 401);
	assert_int_equal(count_kept(j, NULL, ROLLUP_HOURS, hour), 50 / 6 + 1);
	assert_int_equal(count_kept(j, "b", ROLLUP_DAYS, day), 0);
	/* what lies before the epoch, or is asked for beyond the end, is empty */
	assert_int_equal(rollups_read(j, "a", ROLLUP_DAYS, 0, 2, two, &err), 0);
	assert_int_equal(two[0].completed + two[1].completed, 0);
	assert_int_equal(rollups_read(j, "a", ROLLUP_DAYS, day + 1, 2, two, &err), 0);
	assert_int_equal(two[0].completed, 2);
	assert_int_equal(two[1].completed, 0);
	/* a run that ended longer ago than is kept leaves nothing */
	struct rollup_run old = {.sync = "a", .id = 100000, .ended_at = start, .now = at, .one = {.completed = 1}};
	assert_int_equal(rollups_add(j, &old, &err), 0);
	assert_int_equal(journal_pending(j), 0);
	journal_close(j);
}

/* The clock of a fixture. */
static int64_t clock_at(void *ctx)
{
	return *(int64_t *)ctx;
}

static void spans_are_right_to_the_hour(void **state)
{
	struct fixture *f = *state;
	int64_t now = (clock_now() / ROLLUP_DAY * 24 + 10) * ROLLUP_HOUR, start = now;

	f->clock = (struct supervise_clock){clock_at, &now};
	fixture_sync(f, "a-ok", NULL);
	fixture_open(f);
	json_free(fixture_run(f, "a-ok"));
	static const struct {
		int hours;
		int64_t runs[SPANS];
	} rows[] = {
		{0, {1, 1, 1}}, {24, {1, 1, 1}}, {25, {0, 1, 1}}, {6 * 24 + 13, {0, 1, 1}}, {6 * 24 + 14, {0, 0, 1}},
		{29 * 24 + 13, {0, 0, 1}}, {29 * 24 + 14, {0, 0, 0}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		now = start + rows[i].hours * ROLLUP_HOUR;
		struct supervise_totals t = totals(f, "a-ok");
		for (int span = 0; span < SPANS; span++)
			if (t.of[span].sum.completed != rows[i].runs[span])
				fail_msg("after %d hours, span %d: %lld", rows[i].hours, span, (long long)t.of[span].sum.completed);
		assert_true(t.of[SPAN_24H].since <= now - 24 * ROLLUP_HOUR);
	}
}

/* ------------------------------------------------------------------------ an old journal */

static int forget(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	(void)ctx;
	(void)err;
	kv_clear(txn, 0);
	kv_del(txn, 1, (struct kv_bytes){"rollups", 7});
	return 0;
}

/* Make the journal one of a ferry that knew no roll-ups. */
static void make_old(struct fixture *f)
{
	static const char *const tables[] = {"rollups", "state", NULL};
	char *path = ferry_asprintf("%s/journal", f->state);
	struct kv_env *env;
	struct ferry_error err = {0};

	assert_int_equal(kv_open(path, "journal", 1, tables, &env, &err), 0);
	assert_int_equal(kv_update(env, forget, NULL, &err), 0);
	kv_close(env);
	free(path);
}

/* Copies of a run's document under further ids, the last of them still running. */
static void copy_run(struct fixture *f, const struct json_doc *doc, int64_t n)
{
	struct journal *j;
	struct ferry_error err = {0};
	size_t len;
	const char *text = json_dump(json_root(doc), &len), *behind = strchr(text, ',');

	assert_int_equal(journal_open(f->state, &j, &err), 0);
	for (int64_t i = 0; i < n; i++) {
		struct buf json = BUF_INIT;
		int64_t id = journal_next_run(j);
		bool last = i == n - 1;
		buf_addf(&json, "{\"id\":%lld%s", (long long)id, behind);
		struct journal_run run = {
			.id = id, .sync = text_at(doc, "sync_id"), .status = last ? RUN_RUNNING : RUN_COMPLETED,
			.queued_at = clock_now(), .json = json.s, .len = json.len,
		};
		if (last) {
			char *s = strstr(json.s, "\"status\":\"completed\"");
			memcpy(s, "\"status\":\"running\"  ", 20);
		}
		journal_put_run(j, &run);
		buf_release(&json);
	}
	assert_int_equal(journal_commit(j, &err), 0);
	journal_close(j);
}

static bool some_counted(struct fixture *f, void *ctx)
{
	return rollups_behind(supervise_journal(f->s)) < *(int64_t *)ctx;
}

static void runs_of_an_old_journal_are_counted_by_and_by(void **state)
{
	struct fixture *f = *state;
	int64_t most = 200;

	fixture_sync(f, "a-ok", NULL);
	fixture_sync(f, "b-rows", NULL);
	fixture_open(f);
	json_free(fixture_run(f, "b-rows"));
	struct json_doc *doc = fixture_run(f, "a-ok");
	fixture_close(f);
	copy_run(f, doc, 300);
	json_free(doc);
	make_old(f);

	/* a new run meanwhile, and a daemon that dies in the midst of it twice */
	fixture_open(f);
	assert_true(totals(f, NULL).partial);
	json_free(fixture_run(f, "a-ok"));
	fixture_until(f, some_counted, &most, 10000);
	fixture_close(f);
	fixture_open(f);
	assert_in_range(rollups_behind(supervise_journal(f->s)), 1, 260);
	most = 100;
	fixture_until(f, some_counted, &most, 10000);
	json_free(fixture_run(f, "b-rows"));
	fixture_close(f);
	fixture_open(f);
	fixture_until(f, all_counted, NULL, 10000);
	expect(f, "a-ok", "301 0 1 0 0 0");
	expect(f, "b-rows", "0 2 0 0 0 0");
	expect(f, NULL, "301 2 1 0 0 0");
	fixture_close(f);

	fixture_open(f);
	assert_false(totals(f, NULL).partial);
	expect(f, NULL, "301 2 1 0 0 0");
}

static void an_old_journal_without_runs_has_nothing_to_count(void **state)
{
	struct fixture *f = *state;

	fixture_sync(f, "a-ok", NULL);
	fixture_open(f);
	fixture_close(f);
	make_old(f);
	fixture_open(f);
	assert_false(totals(f, NULL).partial);
	json_free(fixture_run(f, "a-ok"));
	expect(f, "a-ok", "1 0 0 0 0 0");
}

/* -------------------------------------------------------------------------------- health */

static struct health health(struct fixture *f, const char *name)
{
	struct supervise_sync sync;
	struct health h;
	struct ferry_error err = {0};

	assert_true(supervise_sync_named(f->s, name, &sync));
	if (supervise_health(f->s, &sync, &h, &err) < 0)
		fail_msg("%s", err.msg);
	return h;
}

static void a_sync_is_as_late_as_its_schedule_says(void **state)
{
	struct fixture *f = *state;
	int64_t now, start;

	/* a Friday evening */
	assert_true(clock_parse("2026-03-06T20:50:00Z", 20, &now));
	start = now;
	f->clock = (struct supervise_clock){clock_at, &now};
	fixture_sync(f, "a-ok", "schedule: manual");
	fixture_sync(f, "b-ok", "schedule: {every: 1h}");
	fixture_sync(f, "c-ok", "schedule: {after: b-ok}");
	fixture_sync(f, "d-ok", "schedule: {adaptive: {active: 15m, idle: 1h, dormant: 1w}}");
	fixture_sync(f, "e-ok", "schedule: {every: 1h}");
	/* at weekends nothing is due, and on Mondays it shows within minutes when nothing comes */
	fixture_sync(f, "f-ok", "schedule: {cron: '*/15 3-20 * * 1-5'}");
	fixture_sync(f, "g-ok", "schedule: {after: c-ok}");
	fixture_open(f);
	assert_int_equal(health(f, "a-ok").band, HEALTH_UNKNOWN);
	json_free(fixture_run(f, "a-ok"));
	json_free(fixture_run(f, "b-ok"));
	json_free(fixture_run(f, "c-ok"));
	json_free(fixture_run(f, "d-ok"));
	json_free(fixture_run(f, "e-ok"));
	json_free(fixture_run(f, "f-ok"));
	json_free(fixture_run(f, "g-ok"));
	struct ferry_error err = {0};
	assert_int_equal(supervise_pause(f->s, "e-ok", &tester, &err), 0);
	assert_int_equal(health(f, "b-ok").score, 100);
	/* the run of d wrote rows, so it is active: 15 minutes count, not the week */
	now = start + 65 * 60 * SECOND;
	assert_int_equal(health(f, "a-ok").score, 100);
	assert_int_equal(health(f, "b-ok").score, 100);
	assert_int_equal(health(f, "c-ok").score, 100);
	assert_int_equal(health(f, "d-ok").score, 80);
	now = start + 10 * ROLLUP_HOUR;
	assert_int_equal(health(f, "a-ok").score, 100);
	assert_int_equal(health(f, "b-ok").score, 80);
	assert_int_equal(health(f, "c-ok").score, 80);
	assert_int_equal(health(f, "d-ok").score, 80);
	assert_int_equal(health(f, "e-ok").score, 100);
	assert_int_equal(health(f, "f-ok").score, 100);
	assert_int_equal(health(f, "g-ok").score, 80);
	assert_true(clock_parse("2026-03-09T03:00:00Z", 20, &now));
	assert_int_equal(health(f, "f-ok").score, 100);
	now += 31 * 60 * SECOND;
	assert_int_equal(health(f, "f-ok").score, 80);
}

static void what_is_due_and_was_not_started_is_overdue(void **state)
{
	struct fixture *f = *state;
	struct supervise_overdue overdue;
	int64_t now = clock_now();

	f->clock = (struct supervise_clock){clock_at, &now};
	fixture_sync(f, "a-ok", "schedule: {cron: '0 0 1 1 *'}");
	fixture_open(f);
	supervise_start(f->s);
	supervise_overdue(f->s, &overdue);
	assert_int_equal(overdue.syncs, 0);
	now += 400 * ROLLUP_DAY;
	supervise_overdue(f->s, &overdue);
	assert_int_equal(overdue.syncs, 1);
	assert_string_equal(overdue.first, "a-ok");
	supervise_look(f->s);
	supervise_overdue(f->s, &overdue);
	assert_int_equal(overdue.syncs, 0);
	assert_in_range(overdue.silent_ms, 0, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_end_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(a_run_whose_daemon_died_is_counted_once, setup, teardown),
		cmocka_unit_test_setup_teardown(so_is_the_first_one_of_all, setup, teardown),
		cmocka_unit_test_setup_teardown(a_group_that_is_lost_takes_both_along, setup, teardown),
		cmocka_unit_test_setup_teardown(old_days_and_hours_go, setup, teardown),
		cmocka_unit_test_setup_teardown(spans_are_right_to_the_hour, setup, teardown),
		cmocka_unit_test_setup_teardown(runs_of_an_old_journal_are_counted_by_and_by, setup, teardown),
		cmocka_unit_test_setup_teardown(an_old_journal_without_runs_has_nothing_to_count, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sync_is_as_late_as_its_schedule_says, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_due_and_was_not_started_is_overdue, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
