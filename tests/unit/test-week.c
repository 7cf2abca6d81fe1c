/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-week.c - a week in the life of a supervisor, with a clock that is moved on from one run to the
 * next: the week in which Berlin's clocks go forward. Each run must be one that was announced, and each
 * moment of a schedule must have had its run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "supervise-fixture.h"

#define SECOND ((int64_t)1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct ran {
	char sync[32], from[12], to[12];
	int64_t at;
	enum run_trigger trigger;
	enum run_status status;
};

struct week {
	struct supervise_watcher watcher;
	struct fixture f;
	int64_t now;
	struct ran *ran;
	size_t n;
};

static int64_t when(const char *text)
{
	int64_t us;

	if (!clock_parse(text, strlen(text), &us))
		fail_msg("'%s' is no time", text);
	return us;
}

static int64_t clock_of(void *ctx)
{
	return ((struct week *)ctx)->now;
}

static void copy_statistic(const struct run_doc *run, const char *name, char out[12])
{
	const struct segment_doc *seg = &run->segments[run->n_segments - 1];
	struct json_doc *doc;

	snprintf(out, 12, "-");
	if (strcmp(seg->name, "scheduling") != 0 || !seg->statistics_json)
		return;
	assert_int_equal(json_parse(seg->statistics_json, strlen(seg->statistics_json), "x", &doc, NULL), 0);
	snprintf(out, 12, "%s", json_get_text(json_root(doc), name, "?"));
	json_free(doc);
}

static void on_news(void *ctx, const struct supervise_event *event)
{
	const struct run_doc *run = event->run;
	struct week *w = ctx;

	if (event->news != NEWS_END)
		return;
	w->ran = ferry_realloc(w->ran, w->n + 1, sizeof *w->ran);
	struct ran *r = &w->ran[w->n++];
	*r = (struct ran){.at = run->started_at, .trigger = run->trigger, .status = run->status};
	snprintf(r->sync, sizeof r->sync, "%s", run->sync);
	copy_statistic(run, "from", r->from);
	copy_statistic(run, "to", r->to);
}

static bool nothing_under_way(struct fixture *f, void *ctx)
{
	struct supervise_status status;

	(void)ctx;
	supervise_status(f->s, &status);
	return !status.running && !status.queued;
}

static void open_daemon(struct week *w)
{
	fixture_open(&w->f);
	w->watcher = (struct supervise_watcher){.fn = on_news, .ctx = w};
	supervise_watch(w->f.s, &w->watcher);
	supervise_start(w->f.s);
}

/* The nearest announced run; 0: none. */
static int64_t announced(struct week *w)
{
	struct supervise_sync sync;
	int64_t next = 0;

	for (size_t i = 0; supervise_sync_at(w->f.s, i, &sync); i++)
		if (sync.next_run_at && (!next || sync.next_run_at < next))
			next = sync.next_run_at;
	return next;
}

/* Go on from run to run. */
static void live_until(struct week *w, int64_t until)
{
	for (;;) {
		fixture_until(&w->f, nothing_under_way, NULL, 20000);
		int64_t next = announced(w);
		if (!next || next >= until)
			break;
		size_t before = w->n;
		w->now = next > w->now ? next : w->now;
		supervise_look(w->f.s);
		fixture_until(&w->f, nothing_under_way, NULL, 20000);
		if (w->n == before)
			fail_msg("nothing ran at %lld, though it was announced", (long long)next);
	}
	w->now = until;
}

static size_t count(const struct week *w, const char *sync, int64_t from, int64_t to)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += strcmp(w->ran[i].sync, sync) == 0 && w->ran[i].at >= from && w->ran[i].at < to;
	return n;
}

static const struct ran *nth(const struct week *w, const char *sync, size_t n)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->ran[i].sync, sync) == 0 && n-- == 0)
			return &w->ran[i];
	fail_msg("%s has not run so often", sync);
	return NULL;
}

static int setup(void **state)
{
	struct week *w = ferry_alloc0(1, sizeof *w);

	fixture_make(&w->f);
	w->f.clock = (struct supervise_clock){clock_of, w};
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct week *w = *state;

	fixture_remove(&w->f);
	free(w->ran);
	free(w);
	return 0;
}

/* ------------------------------------------------------------------------ tests */

static void patterns_and_intervals(void **state)
{
	struct week *w = *state;
	int64_t from = when("2026-03-25T12:30:00Z"), to = from + 7 * DAY;

	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	w->now = from;
	fixture_settings(&w->f, "log_lines_max: 10\n");
	fixture_sync(&w->f, "hourly-ok", "schedule: {cron: '0 * * * *', timezone: Europe/Berlin}");
	fixture_sync(&w->f, "night-ok", "schedule: {cron: '30 2 * * *', timezone: Europe/Berlin}");
	fixture_sync(&w->f, "follow-ok", "schedule: {after: night-ok}");
	fixture_sync(&w->f, "often-ok", "schedule: {every: 3h, jitter: 5m}");
	fixture_sync(&w->f, "never-ok", "schedule: manual");
	open_daemon(w);
	live_until(w, to);

	assert_int_equal(count(w, "hourly-ok", from, to), 168);
	for (size_t i = 0; i < 168; i++)
		assert_int_equal(nth(w, "hourly-ok", i)->at, when("2026-03-25T13:00:00Z") + (int64_t)i * HOUR);
	assert_int_equal(count(w, "night-ok", from, to), 7);
	assert_int_equal(nth(w, "night-ok", 2)->at, when("2026-03-28T01:30:00Z"));
	assert_int_equal(nth(w, "night-ok", 3)->at, when("2026-03-29T01:00:00Z"));
	assert_int_equal(nth(w, "night-ok", 4)->at, when("2026-03-30T00:30:00Z"));
	assert_int_equal(count(w, "follow-ok", from, to), 7);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(nth(w, "follow-ok", i)->at, nth(w, "night-ok", i)->at);
	/* at once, then each time the same span */
	assert_int_equal(nth(w, "often-ok", 0)->at, from);
	int64_t span = nth(w, "often-ok", 1)->at - from;
	assert_true(span >= 3 * HOUR && span < 3 * HOUR + 5 * MINUTE);
	assert_int_equal(count(w, "often-ok", from, to), (size_t)((7 * DAY - 1) / span + 1));
	for (size_t i = 1; i < count(w, "often-ok", from, to); i++)
		assert_int_equal(nth(w, "often-ok", i)->at - nth(w, "often-ok", i - 1)->at, span);
	assert_int_equal(count(w, "never-ok", from, to), 0);
	for (size_t i = 0; i < w->n; i++)
		assert_int_equal(w->ran[i].status, RUN_COMPLETED);
}

/* Down from Friday evening to Saturday noon, and a clock that is set. */
static void a_daemon_that_was_down(void **state)
{
	struct week *w = *state;
	int64_t from = when("2026-03-26T00:00:30Z");

	w->now = from;
	fixture_sync(&w->f, "hourly-ok", "schedule: {cron: '0 * * * *'}");
	fixture_sync(&w->f, "lazy-ok", "schedule: {cron: '0 * * * *', catch_up: false}");
	fixture_sync(&w->f, "night-ok", "schedule: {cron: '30 2 * * *'}");
	fixture_sync(&w->f, "often-ok", "schedule: {every: 4h}");
	open_daemon(w);
	live_until(w, when("2026-03-27T20:30:00Z"));
	fixture_close(&w->f);
	w->now = when("2026-03-28T12:10:00Z");
	open_daemon(w);
	live_until(w, when("2026-03-28T15:30:00Z"));

	/* each that was due once, and the rest as if nothing had been */
	int64_t down = when("2026-03-27T20:30:00Z"), up = when("2026-03-28T12:10:00Z");
	assert_int_equal(count(w, "hourly-ok", from, down), 44);
	assert_int_equal(count(w, "hourly-ok", down, up + 1), 1);
	assert_int_equal(nth(w, "hourly-ok", 44)->at, up);
	assert_int_equal(nth(w, "hourly-ok", 44)->trigger, TRIGGER_STARTUP);
	assert_int_equal(nth(w, "hourly-ok", 45)->at, when("2026-03-28T13:00:00Z"));
	assert_int_equal(nth(w, "hourly-ok", 45)->trigger, TRIGGER_SCHEDULE);
	assert_int_equal(nth(w, "lazy-ok", 44)->at, when("2026-03-28T13:00:00Z"));
	assert_int_equal(nth(w, "night-ok", 2)->at, up);
	assert_int_equal(nth(w, "often-ok", 12)->at, up);

	/* back by an hour and a half: nothing comes twice, and then all goes on */
	w->now -= 90 * MINUTE;
	supervise_look(w->f.s);
	live_until(w, when("2026-03-28T17:30:00Z"));
	assert_int_equal(count(w, "hourly-ok", up + 1, w->now), 5);
	/* forward by two days: one run for all that was passed over */
	w->now = when("2026-03-30T17:30:00Z");
	supervise_look(w->f.s);
	live_until(w, when("2026-03-30T19:30:00Z"));
	assert_int_equal(count(w, "hourly-ok", when("2026-03-28T17:30:00Z"), w->now), 3);
	assert_int_equal(count(w, "night-ok", when("2026-03-28T17:30:00Z"), w->now), 1);

	/* paused for three hours: the same */
	struct ferry_error err = {0};
	assert_int_equal(supervise_pause(w->f.s, "hourly-ok", &tester, &err), 0);
	assert_int_equal(supervise_pause(w->f.s, "lazy-ok", &tester, &err), 0);
	live_until(w, when("2026-03-30T22:30:00Z"));
	assert_int_equal(supervise_resume(w->f.s, "hourly-ok", &tester, &err), 0);
	assert_int_equal(supervise_resume(w->f.s, "lazy-ok", &tester, &err), 0);
	live_until(w, when("2026-03-30T23:30:00Z"));
	assert_int_equal(count(w, "hourly-ok", when("2026-03-30T19:30:00Z"), w->now), 2);
	assert_int_equal(count(w, "lazy-ok", when("2026-03-30T19:30:00Z"), w->now), 1);
}

#define QUIET "\n"
#define BUSY "{\"type\":\"segment\",\"segment\":\"main\",\"status\":\"success\",\"at\":1,\"counters\":{\"extracted\":3," \
	"\"created\":3,\"planned\":3,\"acknowledged\":3}}\n"
#define OPEN "{\"type\":\"segment\",\"segment\":\"main\",\"status\":\"success\",\"at\":1,\"counters\":{\"extracted\":3," \
	"\"skipped\":3},\"reasons\":{\"SESSION_OPEN\":3}}\n"
#define FAILED "{\"type\":\"done\",\"status\":\"failed\",\"at\":1,\"row_errors\":0,\"error\":{\"code\":\"NETWORK\"," \
	"\"message\":\"down\",\"hint\":\"\",\"causes\":[]}}\n"

static void say(struct week *w, const char *script)
{
	/* an empty script does nothing; a line end alone would be no event */
	fixture_script(&w->f, strcmp(script, QUIET) == 0 ? "" : script);
}

static void check_tier(struct week *w, const char *tier, size_t runs, size_t before)
{
	struct supervise_sync sync;

	assert_true(supervise_sync_named(w->f.s, "cards-script", &sync));
	if (strcmp(sync.tier, tier) != 0 || w->n - before != runs)
		fail_msg("%s after %zu runs: %s", sync.tier, w->n - before, sync.reason);
}

static void an_adaptive_week(void **state)
{
	struct week *w = *state;
	int64_t start = when("2026-03-23T00:00:00Z");
	struct ferry_error err = {0};
	size_t n;

	w->now = start;
	fixture_sync(&w->f, "cards-script",
		     "schedule: {adaptive: {quiet: 2d, activity: SESSION_OPEN}, timezone: UTC}");
	fixture_open(&w->f);
	say(w, QUIET);
	w->watcher = (struct supervise_watcher){.fn = on_news, .ctx = w};
	supervise_watch(w->f.s, &w->watcher);
	supervise_start(w->f.s);

	/* Monday: idle, each hour */
	live_until(w, start + DAY - MINUTE);
	check_tier(w, "idle", 24, 0);
	/* Tuesday morning sessions are open, then rows are written: each quarter of an hour */
	n = w->n;
	say(w, OPEN);
	live_until(w, start + DAY + 2 * HOUR);
	check_tier(w, "active", 8, n);
	assert_string_equal(nth(w, "cards-script", n)->to, "active");
	n = w->n;
	say(w, BUSY);
	live_until(w, start + DAY + 4 * HOUR);
	check_tier(w, "active", 8, n);
	/* the other side is down for an hour: held; a restart in the middle of it */
	n = w->n;
	say(w, FAILED);
	live_until(w, start + DAY + 4 * HOUR + 30 * MINUTE);
	fixture_close(&w->f);
	open_daemon(w);
	live_until(w, start + DAY + 5 * HOUR);
	check_tier(w, "active", 4, n);
	/* quiet: two more, then each hour; dormant two days after the last row */
	n = w->n;
	say(w, QUIET);
	live_until(w, start + DAY + 6 * HOUR);
	check_tier(w, "idle", 2, n);
	fixture_close(&w->f);
	open_daemon(w);
	live_until(w, start + 3 * DAY + 5 * HOUR + 30 * MINUTE);
	check_tier(w, "dormant", 2 + 47, n);
	/* pinned to active on Thursday, for five hours: each quarter of an hour, and nothing is evaluated */
	n = w->n;
	assert_int_equal(supervise_pin(w->f.s, "cards-script", "active", 5, &tester, &err), 0);
	live_until(w, start + 3 * DAY + 10 * HOUR + 30 * MINUTE);
	fixture_spin(&w->f, 10);
	supervise_look(w->f.s);
	live_until(w, start + 3 * DAY + 12 * HOUR);
	check_tier(w, "dormant", w->n - n, n);
	assert_true(w->n - n >= 19 && w->n - n <= 21);
	/* paused until Saturday; dormant means Sunday at three */
	n = w->n;
	assert_int_equal(supervise_pause(w->f.s, "cards-script", &tester, &err), 0);
	live_until(w, start + 5 * DAY);
	assert_int_equal(w->n, n);
	assert_int_equal(supervise_resume(w->f.s, "cards-script", &tester, &err), 0);
	live_until(w, start + 7 * DAY);
	check_tier(w, "dormant", 1, n);
	assert_int_equal(nth(w, "cards-script", n)->at, when("2026-03-29T03:00:00Z"));
	for (size_t i = 0; i < w->n; i++)
		assert_string_not_equal(w->ran[i].from, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(patterns_and_intervals, setup, teardown),
		cmocka_unit_test_setup_teardown(a_daemon_that_was_down, setup, teardown),
		cmocka_unit_test_setup_teardown(an_adaptive_week, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
