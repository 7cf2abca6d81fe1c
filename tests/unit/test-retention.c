/* SPDX-License-Identifier: Apache-2.0 */
/* test-retention.c - what goes, what stays, in what portions, and what a kill in between leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/plan_store.h"
#include "store/retention.h"
#include "store/rollups.h"
#include "supervise-fixture.h"

#define SECOND ((int64_t)1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define TODAY (20000 * DAY)

static int64_t the_time;

static int64_t test_now(void *ctx)
{
	(void)ctx;
	return the_time;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	fixture_make(f);
	f->clock.now = test_now;
	the_time = TODAY;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_remove(*state);
	free(*state);
	return 0;
}

static void must(int rc, const struct ferry_error *err)
{
	if (rc < 0)
		fail_msg("%s", err->msg);
}

static struct journal *journal(struct fixture *f)
{
	return supervise_journal(f->s);
}

static void commit(struct fixture *f)
{
	struct ferry_error err = {0};
	must(journal_commit(journal(f), &err), &err);
}

/* A run as the supervisor leaves it, by the journal alone. */
static int64_t put_run(struct fixture *f, const char *sync, enum run_status status, int64_t queued_at)
{
	int64_t id = journal_next_run(journal(f));
	char json[200];
	int n = snprintf(json, sizeof json, "{\"id\":%lld,\"sync_id\":\"%s\",\"status\":\"%s\",\"trigger\":\"api\"}", (long long)id, sync,
			 run_status_name(status));

	journal_put_run(journal(f), &(struct journal_run){id, sync, status, queued_at, json, (size_t)n});
	return id;
}

static void put_lines(struct fixture *f, int64_t run, int64_t n)
{
	struct journal_tally logs = {.max = n}, errors = {.max = n};
	static const char line[] = "{\"message\":\"a line of about the length that lines have, or somewhat less than that\"}";

	for (int64_t i = 0; i < n; i++) {
		journal_add_line(journal(f), JOURNAL_LOGS, run, &logs, "main", line, sizeof line - 1);
		journal_add_line(journal(f), JOURNAL_ERRORS, run, &errors, "main", line, sizeof line - 1);
		if (i % 1000 == 999)
			commit(f);
	}
	commit(f);
}

static void make_plan(struct fixture *f, int64_t run)
{
	struct ferry_error err = {0};
	struct plan_store *p;

	must(plan_create(f->state, run, &p, &err), &err);
	plan_close(p);
}

static bool has_plan(struct fixture *f, int64_t run)
{
	char *path = ferry_asprintf("%s/plans/%lld", f->state, (long long)run);
	struct stat st;
	bool there = stat(path, &st) == 0;

	free(path);
	return there;
}

static bool has_run(struct fixture *f, int64_t id)
{
	struct ferry_error err = {0};
	int rc = retention_has_run(journal(f), id, &err);

	must(rc, &err);
	return rc;
}

static int64_t lines(struct fixture *f, enum journal_lines which, int64_t run)
{
	struct ferry_error err = {0};
	int64_t n = retention_lines(journal(f), which, run, &err);

	must(n < 0 ? -1 : 0, &err);
	return n;
}

struct passage {
	bool done;
	struct supervise_retention r;
	struct ferry_error err;
};

static void on_passed(void *ctx, const struct supervise_retention *r, const struct ferry_error *err)
{
	struct passage *p = ctx;

	p->done = true;
	if (r)
		p->r = *r;
	if (err)
		p->err = *err;
}

static bool passed(struct fixture *f, void *ctx)
{
	(void)f;
	return ((struct passage *)ctx)->done;
}

static struct passage pass(struct fixture *f, bool dry_run)
{
	struct passage p = {0};
	struct ferry_error err = {0};

	must(supervise_retain(f->s, dry_run, &tester, on_passed, &p, &err), &err);
	fixture_until(f, passed, &p, 60000);
	assert_int_equal(p.err.code, FERRY_OK);
	return p;
}

/* --------------------------------------------------------------------- the rules */

#define C RUN_COMPLETED
#define F RUN_FAILED
#define X RUN_CANCELLED
#define P RUN_PREVIEW_READY
#define Q RUN_QUEUED
enum { GOES, STAYS, BARE };		/* bare: without its log */

static void rules(void **state)
{
	static const struct {
		int days;		/* old */
		enum run_status status;
		int fate;
		const char *because;
	} runs[] = {
		{400, C, GOES, "old"},
		{300, P, GOES, "old"},
		{299, P, STAYS, "the newest preview"},
		{200, F, GOES, "old, another one failed since"},
		{150, Q, STAYS, "under way"},
		{120, X, STAYS, "the newest that was cancelled"},
		{100, F, STAYS, "the newest that failed"},
		{91, C, GOES, "a day too old"},
		{89, C, BARE, "young enough, its log is not"},
		{31, C, BARE, "the log is a day too old"},
		{29, C, STAYS, "all of it is young"},
		{1, C, STAYS, "the newest"},
	};
	enum { N = sizeof runs / sizeof runs[0] };
	struct fixture *f = *state;
	int64_t ids[N];

	fixture_sync(f, "a", NULL);
	fixture_open(f);
	for (int i = 0; i < N; i++) {
		ids[i] = put_run(f, "a", runs[i].status, TODAY - runs[i].days * DAY);
		put_lines(f, ids[i], 3);
		make_plan(f, ids[i]);
	}
	struct passage dry = pass(f, true);
	for (int i = 0; i < N; i++)
		assert_true(has_run(f, ids[i]));
	struct passage wet = pass(f, false);
	for (int k = 0; k < KEPT_KINDS; k++) {
		if (dry.r.of[k].items != wet.r.of[k].items)
			fail_msg("%s: %lld were told, %lld went", supervise_kept_name((enum supervise_kept)k),
				 (long long)dry.r.of[k].items, (long long)wet.r.of[k].items);
		assert_int_equal(wet.r.of[k].err.code, FERRY_OK);
	}
	assert_int_equal(dry.r.of[KEPT_PLANS].bytes, wet.r.of[KEPT_PLANS].bytes);
	for (int i = 0; i < N; i++) {
		bool stays = runs[i].fate != GOES;
		if (has_run(f, ids[i]) != stays)
			fail_msg("the run of %d days (%s) %s", runs[i].days, runs[i].because, stays ? "is gone" : "is there");
		assert_int_equal(has_plan(f, ids[i]), stays);
		if (runs[i].fate == BARE)
			assert_int_equal(lines(f, JOURNAL_LOGS, ids[i]), 0);
		if (!stays)
			assert_int_equal(lines(f, JOURNAL_LOGS, ids[i]) + lines(f, JOURNAL_ERRORS, ids[i]), 0);
	}
	/* the second one finds nothing to do */
	struct passage again = pass(f, false);
	for (int k = 0; k < KEPT_KINDS; k++)
		assert_int_equal(again.r.of[k].items, 0);
}

static void counts(void **state)
{
	struct fixture *f = *state;

	fixture_settings(f, "retention: {runs: {count: 20}, plans: {count: 3}}\n");
	fixture_sync(f, "a", "retention: {runs: {count: 10}, plans: {count: 5}}");
	fixture_sync(f, "b", NULL);
	fixture_open(f);
	for (int i = 0; i < 30; i++) {
		make_plan(f, put_run(f, "a", C, TODAY));
		make_plan(f, put_run(f, "b", C, TODAY));
		make_plan(f, put_run(f, "gone", C, TODAY));
	}
	commit(f);
	pass(f, false);
	for (int64_t i = 1; i <= 90; i++) {
		int nth = 30 - (int)((i - 1) / 3), sync = (int)((i - 1) % 3);
		assert_int_equal(has_run(f, i), nth <= (sync == 0 ? 10 : 20));
		assert_int_equal(has_plan(f, i), nth <= (sync == 0 ? 5 : 3));
	}
}

static void audit_and_problems(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	struct journal_audit_filter all = {0};
	struct buf items = BUF_INIT;
	int64_t total, next;

	fixture_sync(f, "a", NULL);
	fixture_open(f);
	for (int i = 0; i < 2500; i++) {
		struct buf json = BUF_INIT;
		jw_open(&json, NULL, '{');
		jw_time(&json, "at", TODAY - (2500 - i) * DAY);
		jw_close(&json, '}');
		journal_add_audit(journal(f), json.s, json.len);
		buf_release(&json);
	}
	for (int i = 0; i < 30; i++) {
		struct problem p = {.id = problem_next_id(journal(f)), .sync = "a", .segment = "main", .form = "aa",
			.status = i < 20 ? PROBLEM_CLEARED : PROBLEM_OPEN, .opened_at = 1,
			.closed_at = i < 20 ? TODAY - (i < 10 ? 500 : 5) * DAY : 0};
		char form[8];
		snprintf(form, sizeof form, "aa%02x", (unsigned)i);
		p.form = form;
		problem_put(journal(f), &p);
	}
	commit(f);
	struct passage dry = pass(f, true);
	assert_int_equal(dry.r.of[KEPT_AUDIT].items, 2100);
	assert_int_equal(dry.r.of[KEPT_PROBLEMS].items, 10);
	struct passage wet = pass(f, false);
	assert_int_equal(wet.r.of[KEPT_AUDIT].items, 2100);
	assert_int_equal(wet.r.of[KEPT_PROBLEMS].items, 10);
	must(journal_audit(journal(f), &all, 0, 1, &items, &total, &next, &err), &err);
	/* and the entry of this passage itself */
	assert_int_equal(total, 401);
	buf_release(&items);
	/* all of it is past its time by now; the newest entry stays, so that no number is given twice */
	the_time += 5000 * DAY;
	pass(f, false);
	must(journal_audit(journal(f), &all, 0, 1, &items, &total, &next, &err), &err);
	assert_int_equal(total, 1);
	buf_release(&items);
}

static void whoever_is_referred_to_stays(void **state)
{
	struct fixture *f = *state;

	fixture_sync(f, "a-long", "retention: {runs: {age: 1h}}");
	fixture_open(f);
	int64_t old = put_run(f, "a-long", F, TODAY - 300 * DAY);
	put_run(f, "a-long", F, TODAY - 200 * DAY);
	int64_t gone = put_run(f, "a-long", F, TODAY - 299 * DAY);
	put_run(f, "a-long", F, TODAY - 100 * DAY);
	commit(f);
	struct ferry_error err = {0};
	bool coalesced;
	int64_t again;
	must(supervise_retry(f->s, old, &tester, &again, &coalesced, &err), &err);
	fixture_wait_status(f, again, "running");
	pass(f, false);
	assert_true(has_run(f, old));
	assert_true(has_run(f, again));
	assert_false(has_run(f, gone));
	must(supervise_cancel(f->s, again, &tester, &(enum run_status){0}, &err), &err);
	json_free(fixture_wait(f, again));
}

/* A daemon that begins counts the runs it finds into trends by and by; until then they stay. */
static bool counted(struct fixture *f, void *ctx)
{
	(void)ctx;
	return rollups_behind(journal(f)) == 0;
}

static void open_again(struct fixture *f)
{
	fixture_close(f);
	fixture_open(f);
	fixture_until(f, counted, NULL, 20000);
}

/* ------------------------------------------------------------------ in small portions */

struct beats {
	struct loop_source *timer;
	int64_t last, longest;
};

static void on_beat(void *ctx)
{
	struct beats *b = ctx;
	int64_t now = clock_mono();

	if (b->last && now - b->last > b->longest)
		b->longest = now - b->last;
	b->last = now;
	loop_timer_set(b->timer, 1);
}

static void a_large_run_goes_in_parts(void **state)
{
	struct fixture *f = *state;
	struct beats beats = {0};
	struct ferry_error err = {0};

	fixture_sync(f, "a", NULL);
	fixture_open(f);
	int64_t large = put_run(f, "a", C, TODAY - 100 * DAY);
	put_run(f, "a", C, TODAY);
	put_lines(f, large, 10000);
	must(loop_timer(f->loop, 1, on_beat, &beats, &beats.timer, &err), &err);
	struct passage p = pass(f, false);
	loop_drop(beats.timer);
	assert_int_equal(p.r.of[KEPT_LOGS].items, 10000);
	assert_int_equal(p.r.of[KEPT_ROW_ERRORS].items, 10000);
	assert_false(has_run(f, large));
	print_message("others had to wait for %lld ms at most\n", (long long)beats.longest / 1000);
	/* the machine may be slow, but in one piece it would be far longer */
	if (beats.longest > 200 * 1000)
		fail_msg("others had to wait for %lld ms", (long long)beats.longest / 1000);
	assert_true(p.r.ended_at >= p.r.began_at);
}

/* What is pending must stay within what a transaction may hold. */
static void a_part_keeps_to_its_budget(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	struct retention_budget budget = {100, 1 << 20};
	int64_t n;

	fixture_sync(f, "a", NULL);
	fixture_open(f);
	int64_t run = put_run(f, "a", C, TODAY);
	put_lines(f, run, 250);
	assert_int_equal(retention_drop_lines(journal(f), JOURNAL_LOGS, run, &budget, &n, &err), 0);
	assert_int_equal(n, 100);
	assert_int_equal(journal_pending(journal(f)), 100);
	commit(f);
	/* the last ones first, so that what is left is numbered without gaps */
	assert_int_equal(lines(f, JOURNAL_LOGS, run), 150);
	budget = (struct retention_budget){1000, 300};
	assert_int_equal(retention_drop_lines(journal(f), JOURNAL_LOGS, run, &budget, &n, &err), 0);
	assert_in_range(n, 1, 4);
	journal_rollback(journal(f), 0);
	budget = (struct retention_budget){1000, 1 << 20};
	assert_int_equal(retention_drop_lines(journal(f), JOURNAL_LOGS, run, &budget, &n, &err), 1);
	commit(f);
	assert_int_equal(lines(f, JOURNAL_LOGS, run), 0);
	assert_int_equal(lines(f, JOURNAL_ERRORS, run), 250);
}

/* A daemon of its own that is killed when some of the lines are gone. */
static void die_in_between(struct fixture *f, int64_t run)
{
	open_again(f);
	for (;;) {
		struct passage p = {0};
		struct ferry_error err = {0};
		if (supervise_retain(f->s, false, &tester, on_passed, &p, &err) < 0)
			_exit(1);
		while (!p.done) {
			int64_t n = retention_lines(journal(f), JOURNAL_LOGS, run, &err);
			if (n > 0 && n < 5000)
				kill(getpid(), SIGKILL);
			fixture_spin(f, 3);
		}
		_exit(2);
	}
}

static void a_kill_in_between_loses_nothing(void **state)
{
	struct fixture *f = *state;
	int status;

	fixture_sync(f, "a", NULL);
	fixture_open(f);
	int64_t run = put_run(f, "a", C, TODAY - 100 * DAY), young = put_run(f, "a", C, TODAY);
	put_lines(f, run, 5000);
	put_lines(f, young, 10);
	fixture_close(f);
	pid_t pid = fork();
	if (pid == 0)
		die_in_between(f, run);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	open_again(f);
	/* it is a run with a shorter log, which can be read as any other */
	struct buf items = BUF_INIT;
	struct ferry_error err = {0};
	int64_t total, left = lines(f, JOURNAL_LOGS, run);
	assert_true(has_run(f, run));
	assert_in_range(left, 1, 4999);
	must(journal_lines(journal(f), JOURNAL_LOGS, run, NULL, 0, 0, 10000, &items, &total, &err), &err);
	assert_int_equal(total, left);
	buf_release(&items);
	pass(f, false);
	assert_false(has_run(f, run));
	assert_int_equal(lines(f, JOURNAL_LOGS, run) + lines(f, JOURNAL_ERRORS, run), 0);
	assert_int_equal(lines(f, JOURNAL_LOGS, young), 10);
}

/* ------------------------------------------------------------------------- trouble */

/* Flip a bit in every place of the journal's file where that text stands. */
static int damage(struct fixture *f, const char *text)
{
	char *path = ferry_asprintf("%s/journal/data.mdb", f->state);
	struct buf file = BUF_INIT;
	size_t len = strlen(text);
	int n = 0, fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(buf_read_file(&file, path, 64 << 20), 0);
	for (char *at = file.s; (at = memmem(at, file.len - (size_t)(at - file.s), text, len)); at += len, n++)
		assert_int_equal(pwrite(fd, "~", 1, at - file.s), 1);
	close(fd);
	buf_release(&file);
	free(path);
	return n;
}

static void what_is_damaged_goes_too(void **state)
{
	struct fixture *f = *state;
	struct journal_tally logs = {.max = 9};
	static const char line[] = "{\"message\":\"unlikely words\"}";

	fixture_sync(f, "a", NULL);
	fixture_open(f);
	int64_t old = put_run(f, "a", C, TODAY - 100 * DAY), other = put_run(f, "a", C, TODAY - 99 * DAY);
	put_run(f, "a", C, TODAY);
	for (int i = 0; i < 3; i++)
		journal_add_line(journal(f), JOURNAL_LOGS, old, &logs, "main", line, sizeof line - 1);
	commit(f);
	fixture_close(f);
	assert_true(damage(f, "unlikely words") > 0);
	open_again(f);
	struct passage p = pass(f, false);
	assert_int_equal(p.r.of[KEPT_LOGS].err.code, FERRY_OK);
	assert_false(has_run(f, old));
	assert_false(has_run(f, other));
}

static void what_fails_stops_nothing_else(void **state)
{
	struct fixture *f = *state;
	char *path = NULL;

	if (geteuid() == 0)
		skip();			/* root may remove anything */
	fixture_sync(f, "a", NULL);
	fixture_open(f);
	int64_t old = put_run(f, "a", C, TODAY - 100 * DAY);
	put_run(f, "a", C, TODAY);
	commit(f);
	make_plan(f, 999);
	path = ferry_asprintf("%s/plans/999/own", f->state);
	assert_int_equal(mkdir(path, 0700), 0);
	struct passage p = pass(f, false);
	assert_int_equal(p.r.of[KEPT_PLANS].err.code, FERRY_E_SYSTEM);
	assert_false(has_run(f, old));
	assert_int_equal(supervise_retention(f->s)->of[KEPT_PLANS].err.code, FERRY_E_SYSTEM);
	rmdir(path);
	p = pass(f, false);
	assert_int_equal(p.r.of[KEPT_PLANS].err.code, FERRY_OK);
	free(path);
}

/* ------------------------------------------------------------------------- growth */

static int64_t file_bytes(struct fixture *f)
{
	char *path = ferry_asprintf("%s/journal/data.mdb", f->state);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	free(path);
	return (int64_t)st.st_size;
}

/* Runs by the hundred, an hour of simulated time each; returns how long the slowest commit took. */
static int64_t live_on(struct fixture *f, int n)
{
	int64_t slowest = 0;

	for (int i = 0; i < n; i++) {
		char name[8];
		snprintf(name, sizeof name, "s%d", i % 10);
		int64_t id = put_run(f, name, i % 7 ? C : F, the_time);
		struct journal_tally logs = {.max = 20};
		for (int k = 0; k < 20; k++)
			journal_add_line(journal(f), JOURNAL_LOGS, id, &logs, "main",
					 "{\"message\":\"what a run has to say while it goes on its way\"}", 61);
		if (i % 100 < 99)
			continue;
		int64_t before = clock_mono();
		commit(f);
		int64_t took = clock_mono() - before;
		slowest = took > slowest ? took : slowest;
		the_time += 2 * HOUR;
		if (i % 1000 == 999)
			pass(f, false);
	}
	return slowest;
}

static void growth_is_bounded(void **state)
{
	struct fixture *f = *state;
	const char *many = getenv("FERRY_TEST_RUNS");
	int n = many ? (int)strtol(many, NULL, 10) : 20000;

	fixture_settings(f, "retention: {runs: {age: 7d, count: 300}, logs: {age: 2d}}\n");
	fixture_sync(f, "s0", NULL);
	fixture_open(f);
	live_on(f, n / 4);
	int64_t size = file_bytes(f), at_first = live_on(f, n / 4);
	int64_t slowest = live_on(f, n / 2), total;
	struct journal_filter all = {.status = JOURNAL_ANY};
	struct ferry_error err = {0};
	size_t got;
	int64_t ids[1];
	must(journal_list(journal(f), &all, 0, 1, ids, &got, &total, &err), &err);
	print_message("%d runs: %lld kept, %lld KiB, slowest commit %lld us, then %lld us\n", n, (long long)total,
		      (long long)file_bytes(f) / 1024, (long long)at_first, (long long)slowest);
	assert_in_range(total, 3000, 4000);
	/* pages that became free are used again */
	assert_true(file_bytes(f) <= size + size / 4);
	/* and the list of them does not make commits slow; a busy machine is allowed for */
	assert_true(slowest < 10 * at_first + 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rules, setup, teardown),
		cmocka_unit_test_setup_teardown(counts, setup, teardown),
		cmocka_unit_test_setup_teardown(audit_and_problems, setup, teardown),
		cmocka_unit_test_setup_teardown(whoever_is_referred_to_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(a_large_run_goes_in_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(a_part_keeps_to_its_budget, setup, teardown),
		cmocka_unit_test_setup_teardown(a_kill_in_between_loses_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_damaged_goes_too, setup, teardown),
		cmocka_unit_test_setup_teardown(what_fails_stops_nothing_else, setup, teardown),
		cmocka_unit_test_setup_teardown(growth_is_bounded, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
