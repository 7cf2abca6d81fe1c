/* SPDX-License-Identifier: Apache-2.0 */
/* test-supervise.c - runs under a supervisor, with a worker that can be wrong in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "supervise-fixture.h"

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

static void check_failed(const struct json_doc *doc, const char *code, const char *stage,
			 const char *message)
{
	assert_string_equal(text_at(doc, "status"), "failed");
	assert_string_equal(text_at(doc, "error.code"), code);
	assert_string_equal(text_at(doc, "error.stage"), stage);
	assert_string_equal(text_at(doc, "error.segment"), "main");
	if (!strstr(text_at(doc, "error.message"), message))
		fail_msg("'%s' is not in '%s'", message, text_at(doc, "error.message"));
	assert_true(strlen(text_at(doc, "error.hint")) > 4);
	assert_int_equal(failed_stages(doc), 1);
	assert_string_equal(text_at(doc, "segments.0.status"), "error");
}

/* ---------------------------------------------------------------- how runs end */

static void a_run_that_succeeds(void **state)
{
	struct fixture *f = *state;
	struct buf stored = BUF_INIT, lines = BUF_INIT;
	struct ferry_error err = {0};
	int64_t total;

	fixture_sync(f, "a-ok", NULL);
	fixture_open(f);
	struct json_doc *doc = fixture_run(f, "a-ok");
	assert_int_equal(int_at(doc, "id"), 1);
	assert_string_equal(text_at(doc, "status"), "completed");
	assert_string_equal(text_at(doc, "trigger"), "api");
	assert_string_equal(text_at(doc, "source_name"), "uid 1000 (tester)");
	assert_int_equal(int_at(doc, "rows_extracted"), 7);
	assert_int_equal(int_at(doc, "rows_processed"), 7);
	assert_int_equal(int_at(doc, "rows_created"), 4);
	assert_int_equal(int_at(doc, "summary.decisions.create"), 4);
	assert_int_equal(int_at(doc, "summary.reasons.NEW_IN_SOURCE"), 4);
	assert_string_equal(json_dump(at(doc, "phases.query"), NULL), "0.010");
	assert_null(at(doc, "error"));
	assert_int_equal(failed_stages(doc), 0);
	assert_int_equal(json_count(at(doc, "segments.0.stages")), STAGES);
	assert_string_equal(text_at(doc, "segments.0.stages.1.status"), "completed");
	assert_string_equal(text_at(doc, "segments.0.stages.1.summary"), "extract done");
	assert_int_equal(int_at(doc, "segments.0.stages.1.metrics.items_extracted"), 7);
	assert_int_equal(int_at(doc, "segments.0.statistics.a"), 1);
	json_free(doc);
	/* the same is in the journal, with its log */
	assert_int_equal(journal_run(supervise_journal(f->s), 1, &stored, &err), 0);
	assert_non_null(strstr(stored.s, "\"status\":\"completed\""));
	assert_int_equal(journal_lines(supervise_journal(f->s), JOURNAL_LOGS, 1, "main", 0, 0, 10,
				       &lines, &total, &err), 0);
	assert_int_equal(total, 1);
	assert_non_null(strstr(lines.s, "\"message\":\"hello\""));
	buf_release(&stored);
	buf_release(&lines);
}

static void row_errors_are_kept_and_counted(void **state)
{
	struct fixture *f = *state;
	struct buf lines = BUF_INIT;
	struct ferry_error err = {0};
	int64_t total;

	fixture_sync(f, "a-rows", NULL);
	fixture_open(f);
	struct json_doc *doc = fixture_run(f, "a-rows");
	assert_string_equal(text_at(doc, "status"), "completed");
	assert_int_equal(int_at(doc, "row_errors"), 1);
	assert_int_equal(int_at(doc, "rows_failed"), 1);
	json_free(doc);
	assert_int_equal(journal_lines(supervise_journal(f->s), JOURNAL_ERRORS, 1, NULL, 0, 0, 10,
				       &lines, &total, &err), 0);
	assert_int_equal(total, 1);
	assert_non_null(strstr(lines.s, "\"key\":\"k0\""));
	assert_non_null(strstr(lines.s, "\"field\":\"email\""));
	buf_release(&lines);
}

static void every_bad_end_fails_one_stage(void **state)
{
	static const struct {
		const char *sync, *code, *stage, *message;
	} cases[] = {
		{"a-auth", "AUTH", "extract", "key refused"},
		{"a-crash", "WORKER_DIED", "extract", "SIGSEGV in stage extract of segment 'main'"},
		{"a-pass", "WORKER_DIED", "extract", "SIGABRT"},
		{"a-early", "WORKER_DIED", "validate_setup", "status 5"},
		{"a-nomem", "MEMORY_LIMIT", "extract", "out of memory in stage extract"},
		{"a-silent", "HUNG", "extract", "no sign of life for 1 s in stage extract"},
		{"a-garbage", "PROTOCOL", "extract", "not valid JSON"},
		{"a-stranger", "PROTOCOL", "validate_setup", "unknown segment 'nobody'"},
		{"a-endless", "PROTOCOL", "validate_setup", "longer than 1 MiB"},
		{"a-quiet", "WORKER_DIED", "validate_setup", "status 0 before its run was done"},
	};
	struct fixture *f = *state;

	fixture_settings(f, "heartbeat_timeout: 1s\n");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		fixture_sync(f, cases[i].sync, NULL);
	fixture_open(f);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct json_doc *doc = fixture_run(f, cases[i].sync);
		check_failed(doc, cases[i].code, cases[i].stage, cases[i].message);
		json_free(doc);
	}
}

static void a_worker_that_cannot_be_started(void **state)
{
	struct fixture *f = *state;

	fixture_sync(f, "a-ok", NULL);
	free(f->worker);
	f->worker = ferry_strdup("/nowhere/ferry-worker");
	fixture_open(f);
	struct json_doc *doc = fixture_run(f, "a-ok");
	check_failed(doc, "SYSTEM", "validate_setup", "cannot start /nowhere/ferry-worker");
	json_free(doc);
}

static void a_talker_is_capped_and_ends_at_its_timeout(void **state)
{
	struct fixture *f = *state;
	struct buf lines = BUF_INIT;
	struct ferry_error err = {0};
	int64_t total, slowest = 0;

	fixture_settings(f, "log_lines_max: 500\n");
	fixture_sync(f, "a-chatty", "timeout: 1s");
	fixture_open(f);
	int64_t id = fixture_trigger(f, "a-chatty");
	/* the loop must turn all the while */
	for (int i = 0; i < 30; i++) {
		int64_t before = clock_mono();
		fixture_spin(f, 10);
		int64_t took = clock_mono() - before;
		slowest = took > slowest ? took : slowest;
	}
	assert_true(slowest < 500000);
	fixture_wait_status(f, id, "running");
	/* it does not listen: only the end of the supervisor's patience stops it */
	fixture_spin(f, 1000);
	supervise_stop(f->s);
	supervise_stop(f->s);
	assert_int_equal(loop_run(f->loop, &err), 0);
	struct json_doc *doc = fixture_doc(f, id);
	check_failed(doc, "TIMEOUT", "extract", "longer than its timeout of 1 s");
	json_free(doc);
	assert_int_equal(journal_lines(supervise_journal(f->s), JOURNAL_LOGS, id, NULL, 0, 0, 1,
				       &lines, &total, &err), 0);
	assert_int_equal(total, 500);
	buf_release(&lines);
}

/* ------------------------------------------------------------- queue and cancel */

static int64_t trigger_with(struct fixture *f, const char *sync, bool preview, bool *coalesced,
			    struct ferry_error *err)
{
	struct supervise_request request = {.trigger = TRIGGER_API, .preview = preview};
	int64_t id;

	return supervise_trigger(f->s, sync, &request, &tester, &id, coalesced, err) < 0 ? -1 : id;
}

static void one_runs_one_waits_the_rest_is_one(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	struct supervise_sync sync;
	enum run_status status;
	bool coalesced;

	fixture_sync(f, "a-long", NULL);
	fixture_open(f);
	int64_t first = fixture_trigger(f, "a-long");
	fixture_wait_status(f, first, "running");
	int64_t second = trigger_with(f, "a-long", false, &coalesced, &err);
	assert_int_equal(second, first + 1);
	assert_false(coalesced);
	assert_int_equal(trigger_with(f, "a-long", false, &coalesced, &err), second);
	assert_true(coalesced);
	/* a preview must not become that real run */
	assert_int_equal(trigger_with(f, "a-long", true, &coalesced, &err), -1);
	assert_int_equal(err.code, FERRY_E_BUSY);
	fixture_spin(f, 50);
	assert_true(supervise_sync_named(f->s, "a-long", &sync));
	assert_int_equal(sync.running, first);
	assert_int_equal(sync.queued, second);

	assert_int_equal(supervise_cancel(f->s, second, &tester, &status, &err), 0);
	assert_int_equal(status, RUN_CANCELLED);
	assert_int_equal(supervise_cancel(f->s, first, &tester, &status, &err), 0);
	assert_int_equal(status, RUN_RUNNING);
	struct json_doc *doc = fixture_wait(f, first);
	assert_string_equal(text_at(doc, "status"), "cancelled");
	assert_non_null(strstr(text_at(doc, "error.message"), "cancelled by uid 1000 (tester)"));
	assert_int_equal(failed_stages(doc), 0);
	json_free(doc);
	doc = fixture_doc(f, second);
	assert_string_equal(text_at(doc, "status"), "cancelled");
	assert_null(at(doc, "started_at"));
	json_free(doc);
	assert_int_equal(supervise_cancel(f->s, first, &tester, &status, &err), -1);
	assert_int_equal(err.code, FERRY_E_STATE);
	assert_int_equal(supervise_cancel(f->s, 99, &tester, &status, &err), -1);
	assert_int_equal(err.code, FERRY_E_NOT_FOUND);
}

static void as_many_at_once_as_the_settings_say(void **state)
{
	struct fixture *f = *state;
	struct supervise_status st;

	fixture_settings(f, "max_concurrent_runs: 2\n");
	fixture_sync(f, "a-long", NULL);
	fixture_sync(f, "b-long", NULL);
	fixture_sync(f, "c-long", NULL);
	fixture_open(f);
	int64_t a = fixture_trigger(f, "a-long"), b = fixture_trigger(f, "b-long");
	int64_t c = fixture_trigger(f, "c-long");
	fixture_wait_status(f, b, "running");
	fixture_spin(f, 50);
	supervise_status(f->s, &st);
	assert_int_equal(st.running, 2);
	assert_int_equal(st.queued, 1);
	enum run_status status;
	assert_int_equal(supervise_cancel(f->s, a, &tester, &status, NULL), 0);
	fixture_wait_status(f, c, "running");
}

static void a_stubborn_worker_is_ended(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};

	/* SIGTERM after a second, which it ignores; SIGKILL five seconds later */
	fixture_settings(f, "stop_timeout: 1s\n");
	fixture_sync(f, "a-stubborn", NULL);
	fixture_open(f);
	int64_t id = fixture_trigger(f, "a-stubborn"), before = clock_mono();
	fixture_wait_status(f, id, "running");
	supervise_stop(f->s);
	assert_int_equal(loop_run(f->loop, &err), 0);
	assert_in_range((clock_mono() - before) / 1000, 5500, 9000);
	struct json_doc *doc = fixture_doc(f, id);
	assert_string_equal(text_at(doc, "status"), "cancelled");
	assert_non_null(strstr(text_at(doc, "error.message"),
			       "the daemon was stopped; the worker did not stop in time"));
	json_free(doc);
}

/* ------------------------------------------------------------- retry and promote */

static void a_retry_is_a_new_run(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	bool coalesced;
	int64_t id;

	fixture_sync(f, "a-auth", NULL);
	fixture_sync(f, "a-long", NULL);
	fixture_open(f);
	json_free(fixture_run(f, "a-auth"));
	assert_int_equal(supervise_retry(f->s, 1, &tester, &id, &coalesced, &err), 0);
	assert_int_equal(id, 2);
	struct json_doc *doc = fixture_wait(f, 2);
	assert_string_equal(text_at(doc, "trigger"), "retry");
	assert_int_equal(int_at(doc, "retry_of"), 1);
	json_free(doc);
	int64_t running = fixture_trigger(f, "a-long");
	assert_int_equal(supervise_retry(f->s, running, &tester, &id, &coalesced, &err), -1);
	assert_int_equal(err.code, FERRY_E_STATE);
	assert_int_equal(supervise_retry(f->s, 99, &tester, &id, &coalesced, &err), -1);
	assert_int_equal(err.code, FERRY_E_NOT_FOUND);
}

static void only_the_latest_preview_is_promoted_and_once(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	bool coalesced;
	int64_t id;

	fixture_sync(f, "a-ok", NULL);
	fixture_open(f);
	int64_t plain = fixture_trigger(f, "a-ok");
	json_free(fixture_wait(f, plain));
	assert_int_equal(supervise_promote(f->s, plain, &tester, &id, &err), -1);
	assert_int_equal(err.code, FERRY_E_STATE);
	int64_t older = trigger_with(f, "a-ok", true, &coalesced, &err);
	fixture_wait_status(f, older, "preview_ready");
	int64_t latest = trigger_with(f, "a-ok", true, &coalesced, &err);
	fixture_wait_status(f, latest, "preview_ready");
	assert_int_equal(supervise_promote(f->s, older, &tester, &id, &err), -1);
	assert_int_equal(err.code, FERRY_E_STATE);
	assert_int_equal(supervise_promote(f->s, latest, &tester, &id, &err), 0);
	struct json_doc *doc = fixture_wait(f, id);
	assert_string_equal(text_at(doc, "trigger"), "promote");
	assert_string_equal(text_at(doc, "status"), "completed");
	assert_int_equal(int_at(doc, "promote_of"), latest);
	json_free(doc);
	assert_int_equal(supervise_promote(f->s, latest, &tester, &id, &err), -1);
	assert_int_equal(err.code, FERRY_E_STATE);
	assert_non_null(strstr(err.msg, "promoted already"));
	/* also for the next daemon */
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(supervise_promote(f->s, latest, &tester, &id, &err), -1);
	assert_int_equal(err.code, FERRY_E_STATE);
}

static void a_promotion_taken_back_before_its_start_frees_the_plan(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	enum run_status status;
	bool coalesced;
	int64_t id;

	fixture_settings(f, "max_concurrent_runs: 1\n");
	fixture_sync(f, "a-ok", NULL);
	fixture_sync(f, "b-long", NULL);
	fixture_open(f);
	int64_t plan = trigger_with(f, "a-ok", true, &coalesced, &err);
	fixture_wait_status(f, plan, "preview_ready");
	fixture_wait_status(f, fixture_trigger(f, "b-long"), "running");
	assert_int_equal(supervise_promote(f->s, plan, &tester, &id, &err), 0);
	assert_int_equal(supervise_cancel(f->s, id, &tester, &status, &err), 0);
	assert_int_equal(supervise_promote(f->s, plan, &tester, &id, &err), 0);
}

/* -------------------------------------------------------------------- schedule */

static bool ran_twice(struct fixture *f, void *ctx)
{
	struct supervise_sync sync;

	return supervise_sync_named(f->s, ctx, &sync) && sync.last->run && sync.last->trigger == TRIGGER_SCHEDULE;
}

static void every_counts_from_the_end_of_the_last_run(void **state)
{
	struct fixture *f = *state;
	struct supervise_sync sync;

	fixture_sync(f, "a-ok", "schedule: {every: 1s}");
	fixture_sync(f, "b-ok", NULL);
	fixture_open(f);
	supervise_start(f->s);
	fixture_wait_status(f, 1, "completed");
	struct json_doc *doc = fixture_doc(f, 1);
	assert_string_equal(text_at(doc, "trigger"), "startup");
	json_free(doc);
	fixture_spin(f, 20);
	assert_true(supervise_sync_named(f->s, "a-ok", &sync));
	assert_int_equal(sync.next_run_at, sync.last->completed_at + 1000000);
	fixture_until(f, ran_twice, "a-ok", 5000);
	supervise_sync_named(f->s, "b-ok", &sync);
	assert_int_equal(sync.last->run, 0);
	assert_int_equal(sync.next_run_at, 0);
}

static void what_ran_lately_waits_what_is_overdue_runs(void **state)
{
	struct fixture *f = *state;
	struct supervise_sync sync;

	fixture_sync(f, "a-ok", "schedule: {every: 1h}");
	fixture_sync(f, "b-ok", "schedule: {every: 1s}");
	fixture_open(f);
	json_free(fixture_run(f, "a-ok"));
	json_free(fixture_run(f, "b-ok"));
	fixture_close(f);
	usleep(1100000);
	fixture_open(f);
	supervise_start(f->s);
	fixture_wait_status(f, 3, "completed");
	struct json_doc *doc = fixture_doc(f, 3);
	assert_string_equal(text_at(doc, "sync_id"), "b-ok");
	assert_string_equal(text_at(doc, "trigger"), "startup");
	json_free(doc);
	supervise_sync_named(f->s, "a-ok", &sync);
	assert_int_equal(sync.last->run, 1);
	assert_int_equal(sync.next_run_at, sync.last->completed_at + (int64_t)3600 * 1000000);
}

/* ------------------------------------------------------------------ dying and stopping */

/* A daemon of its own, that is killed in the middle of a run. */
static void live_until_killed(struct fixture *f, int ready)
{
	fixture_open(f);
	int64_t id = fixture_trigger(f, "a-long");
	fixture_wait_status(f, id, "running");
	fixture_trigger(f, "a-long");
	fixture_spin(f, 300);
	if (write(ready, "x", 1) != 1)
		_exit(1);
	fixture_spin(f, 60000);
	_exit(0);
}

static void a_dead_daemons_runs_are_failed(void **state)
{
	struct fixture *f = *state;
	struct supervise_sync sync;
	char c;
	int fds[2];

	fixture_sync(f, "a-long", "schedule: {every: 1h}");
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0)
		live_until_killed(f, fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	close(fds[0]);

	/* as long as it lives nobody else may */
	struct supervise_paths paths = {f->config, f->state, "/none", f->worker};
	struct ferry_error err = {0};
	char holder[32];
	assert_int_equal(loop_new(&f->loop, &err), 0);
	assert_int_equal(supervise_new(f->loop, &paths, &f->s, &err), -1);
	assert_int_equal(err.code, FERRY_E_LOCKED);
	snprintf(holder, sizeof holder, "process %d", (int)pid);
	assert_non_null(strstr(err.msg, holder));
	loop_free(f->loop);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fixture_open(f);
	struct json_doc *doc = fixture_doc(f, 1);
	check_failed(doc, "DAEMON_DIED", "extract", "while this run was running");
	assert_string_equal(text_at(doc, "segments.0.stages.0.status"), "completed");
	assert_true(at(doc, "completed_at") != NULL);
	json_free(doc);
	doc = fixture_doc(f, 2);
	check_failed(doc, "DAEMON_DIED", "validate_setup", "while this run was queued");
	json_free(doc);
	/* it is made up for, an hour early */
	supervise_start(f->s);
	supervise_sync_named(f->s, "a-long", &sync);
	assert_true(sync.next_run_at && sync.next_run_at <= clock_now());
}

static void a_stop_lets_runs_finish(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	bool coalesced;

	fixture_sync(f, "a-long", NULL);
	fixture_open(f);
	int64_t running = fixture_trigger(f, "a-long");
	fixture_wait_status(f, running, "running");
	int64_t queued = fixture_trigger(f, "a-long");
	supervise_stop(f->s);
	assert_int_equal(trigger_with(f, "a-long", false, &coalesced, &err), -1);
	assert_int_equal(err.code, FERRY_E_UNAVAILABLE);
	assert_int_equal(loop_run(f->loop, &err), 0);
	assert_int_equal(supervise_fatal(f->s)->code, FERRY_OK);
	fixture_close(f);
	fixture_open(f);
	struct json_doc *doc = fixture_doc(f, running);
	assert_string_equal(text_at(doc, "status"), "cancelled");
	assert_string_equal(text_at(doc, "error.message"), "the daemon was stopped");
	assert_true(json_get_bool(json_root(doc), "interrupted", false));
	json_free(doc);
	doc = fixture_doc(f, queued);
	assert_string_equal(text_at(doc, "status"), "cancelled");
	json_free(doc);
}

/* ---------------------------------------------------------------------- reload */

struct answer {
	int n, rc;
	size_t mistakes;
	int64_t generation;
	char message[sizeof ((struct ferry_error *)0)->msg];
};

static void on_reload(void *ctx, const struct supervise_reload *r)
{
	struct answer *a = ctx;

	a->n++;
	a->rc = r->rc;
	a->mistakes = r->mistakes->n;
	a->generation = r->generation;
	memcpy(a->message, r->err->msg, sizeof a->message);
}

static bool answered(struct fixture *f, void *ctx)
{
	(void)f;
	return ((struct answer *)ctx)->n > 0;
}

static struct answer reload(struct fixture *f)
{
	struct answer a = {0};

	supervise_reload(f->s, &tester, on_reload, &a);
	fixture_until(f, answered, &a, 5000);
	return a;
}

static void a_reload_takes_all_or_nothing(void **state)
{
	struct fixture *f = *state;
	struct supervise_sync sync;
	struct supervise_status st;

	fixture_sync(f, "a-ok", NULL);
	fixture_open(f);
	fixture_sync(f, "b-ok", NULL);
	struct answer a = reload(f);
	assert_int_equal(a.rc, 0);
	assert_int_equal(a.generation, 2);
	assert_true(supervise_sync_named(f->s, "b-ok", &sync));

	/* what ferry itself finds */
	fixture_sync(f, "c-ok", "wrong: 1\nworse: 2");
	a = reload(f);
	assert_int_equal(a.rc, -1);
	assert_int_equal(a.mistakes, 2);
	assert_int_equal(a.generation, 2);
	assert_false(supervise_sync_named(f->s, "c-ok", &sync));
	supervise_status(f->s, &st);
	assert_non_null(strstr(st.reload_error, "2 mistakes"));

	/* what only a connector can find */
	fixture_sync(f, "c-ok", "# bad-connector");
	a = reload(f);
	assert_int_equal(a.rc, -1);
	assert_int_equal(a.mistakes, 1);
	assert_non_null(strstr(a.message, "syncs.d/a.yaml:3:5: no such connector"));
	assert_false(supervise_sync_named(f->s, "c-ok", &sync));

	fixture_sync(f, "c-ok", NULL);
	a = reload(f);
	assert_int_equal(a.rc, 0);
	assert_int_equal(a.generation, 3);
	assert_true(supervise_sync_named(f->s, "c-ok", &sync));
	supervise_status(f->s, &st);
	assert_null(st.reload_error);
}

static void reloads_at_the_same_time_all_get_an_answer(void **state)
{
	struct fixture *f = *state;
	struct answer a = {0}, b = {0}, c = {0};

	fixture_sync(f, "a-ok", "# slow-check");
	fixture_open(f);
	supervise_reload(f->s, &tester, on_reload, &a);
	supervise_reload(f->s, &tester, on_reload, &b);
	supervise_reload(f->s, NULL, on_reload, &c);
	fixture_until(f, answered, &a, 5000);
	assert_int_equal(a.generation, 2);
	/* written after the first was read: the others must see it */
	fixture_until(f, answered, &c, 5000);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.generation, 3);
	assert_int_equal(c.generation, 3);
}

static void a_sync_that_goes_takes_its_queued_run_along(void **state)
{
	struct fixture *f = *state;
	struct supervise_sync sync;
	enum run_status status;

	fixture_sync(f, "a-long", NULL);
	fixture_open(f);
	int64_t running = fixture_trigger(f, "a-long");
	fixture_wait_status(f, running, "running");
	int64_t queued = fixture_trigger(f, "a-long");
	char *path = ferry_asprintf("%s/syncs.d/a-long.yaml", f->config);
	assert_int_equal(unlink(path), 0);
	free(path);
	assert_int_equal(reload(f).rc, 0);
	assert_false(supervise_sync_named(f->s, "a-long", &sync));
	struct json_doc *doc = fixture_wait(f, queued);
	assert_string_equal(text_at(doc, "status"), "cancelled");
	json_free(doc);
	/* the running one goes on, and can be ended */
	doc = fixture_doc(f, running);
	assert_string_equal(text_at(doc, "status"), "running");
	json_free(doc);
	assert_int_equal(supervise_cancel(f->s, running, &tester, &status, NULL), 0);
	json_free(fixture_wait(f, running));
	assert_int_equal(reload(f).rc, 0);
}

static void a_reload_in_the_way_of_the_end_is_answered(void **state)
{
	struct fixture *f = *state;
	struct answer a = {0};

	fixture_sync(f, "a-ok", "# slow-check");
	fixture_open(f);
	supervise_reload(f->s, &tester, on_reload, &a);
	fixture_close(f);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.rc, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_that_succeeds, setup, teardown),
		cmocka_unit_test_setup_teardown(row_errors_are_kept_and_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(every_bad_end_fails_one_stage, setup, teardown),
		cmocka_unit_test_setup_teardown(a_worker_that_cannot_be_started, setup, teardown),
		cmocka_unit_test_setup_teardown(a_talker_is_capped_and_ends_at_its_timeout, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_runs_one_waits_the_rest_is_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(as_many_at_once_as_the_settings_say, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_stubborn_worker_is_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(a_retry_is_a_new_run, setup, teardown),
		cmocka_unit_test_setup_teardown(only_the_latest_preview_is_promoted_and_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_promotion_taken_back_before_its_start_frees_the_plan, setup, teardown),
		cmocka_unit_test_setup_teardown(every_counts_from_the_end_of_the_last_run, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_ran_lately_waits_what_is_overdue_runs, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_dead_daemons_runs_are_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stop_lets_runs_finish, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reload_takes_all_or_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(reloads_at_the_same_time_all_get_an_answer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_sync_that_goes_takes_its_queued_run_along, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_reload_in_the_way_of_the_end_is_answered, setup,
						teardown),
	};
	/* a worker that cannot be heard to an end must not hold the test for ever */
	alarm(240);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
