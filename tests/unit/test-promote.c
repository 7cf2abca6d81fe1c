/* SPDX-License-Identifier: Apache-2.0 */
/* test-promote.c - plans that a guard has stopped, runs that only extract, and what a run tells of itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "supervise-fixture.h"

#define SYNC "a-script"
#define GUARDED "{\"type\":\"segment\",\"segment\":\"main\",\"status\":\"error\",\"at\":1,\"counters\":{\"extracted\":5,\"deleted\":40}," \
	"\"reasons\":{\"A\":1,\"B\":5,\"C\":3,\"D\":3,\"E\":2,\"F\":9}}\n" \
	"{\"type\":\"stage\",\"segment\":\"main\",\"stage\":\"decide\",\"status\":\"failed\",\"at\":2,\"ms\":1,\"error\":" \
	"{\"code\":\"GUARD\",\"message\":\"40 deletes are too many\",\"hint\":\"look\",\"more\":1," \
	"\"causes\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"]}}\n" \
	"{\"type\":\"done\",\"status\":\"failed\",\"at\":3,\"row_errors\":0,\"error\":{\"code\":\"GUARD\"," \
	"\"message\":\"40 deletes are too many\",\"hint\":\"look\"}}\n"

static int setup(void **state)
{
	struct fixture *f = ferry_alloc0(1, sizeof *f);

	fixture_make(f);
	fixture_sync(f, SYNC, "schedule: {every: 1h}");
	fixture_open(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_remove(*state);
	free(*state);
	return 0;
}

/* A run with those wishes that says that; its number. */
static int64_t run(struct fixture *f, struct supervise_request request, const char *script)
{
	struct ferry_error err = {0};
	bool coalesced;
	int64_t id;

	request.trigger = TRIGGER_API;
	fixture_script(f, script);
	if (supervise_trigger(f->s, SYNC, &request, &tester, &id, &coalesced, &err) < 0)
		fail_msg("%s", err.msg);
	json_free(fixture_wait(f, id));
	return id;
}

static void refused(struct fixture *f, int64_t run, bool override, const char *message)
{
	struct ferry_error err = {0};
	int64_t id;

	assert_int_equal((override ? supervise_promote_over_guard : supervise_promote)(f->s, run, &tester, &id, &err),
			 -1);
	assert_int_equal(err.code, FERRY_E_STATE);
	if (!strstr(err.msg, message))
		fail_msg("'%s' is not in '%s'", message, err.msg);
}

static void a_guard_can_be_overridden(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	const struct journal_audit_filter all = {0};
	struct buf audit = BUF_INIT;
	int64_t id, total, next;

	int64_t old = run(f, (struct supervise_request){0}, GUARDED);
	int64_t guarded = run(f, (struct supervise_request){0}, GUARDED);
	assert_int_equal(supervise_promote(f->s, guarded, &tester, &id, &err), -1);
	assert_int_equal(err.code, FERRY_E_STATE);
	assert_non_null(strstr(err.msg, "40 deletes are too many"));
	assert_non_null(strstr(err.hint, "ferryctl promote 2 --override-guard"));
	refused(f, old, true, "that is run 2");
	assert_int_equal(supervise_promote_over_guard(f->s, guarded, &tester, &id, &err), 0);
	struct json_doc *doc = fixture_wait(f, id);
	assert_string_equal(text_at(doc, "status"), "completed");
	assert_int_equal(int_at(doc, "promote_of"), guarded);
	assert_true(json_get_bool(json_root(doc), "override_guard", false));
	json_free(doc);
	refused(f, guarded, true, "promoted already, by run 3");
	assert_int_equal(supervise_promoted_by(f->s, guarded), 3);
	assert_int_equal(supervise_promoted_by(f->s, old), 0);
	assert_int_equal(journal_audit(supervise_journal(f->s), &all, 0, 10, &audit, &total, &next, &err), 0);
	assert_non_null(strstr(audit.s, "run 3, over its guards: 0 created, 0 updated, 40 deleted, "
			       "0 disabled of 5 extracted; 40 deletes are too many"));
	buf_release(&audit);
}

static void only_a_guard_can_be_overridden(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	int64_t id;

	int64_t failed = run(f, (struct supervise_request){0},
			     "{\"type\":\"done\",\"status\":\"failed\",\"at\":3,\"error\":{\"code\":\"AUTH\",\"message\":\"no\"}}\n");
	refused(f, failed, true, "only a preview that is ready");
	int64_t preview = run(f, (struct supervise_request){.preview = true}, "");
	assert_int_equal(supervise_promote_over_guard(f->s, preview, &tester, &id, &err), 0);
	struct json_doc *doc = fixture_wait(f, id);
	assert_true(json_get_bool(json_root(doc), "override_guard", false));
	json_free(doc);
	/* a newer preview's plan is the one to take */
	int64_t guarded = run(f, (struct supervise_request){0}, GUARDED);
	run(f, (struct supervise_request){.preview = true}, "");
	refused(f, guarded, true, "is not the latest");
}

static void extracting_only_leaves_no_trace(void **state)
{
	struct fixture *f = *state;
	struct supervise_sync sync;
	struct ferry_error err = {0};
	bool coalesced;
	int64_t id;

	int64_t first = run(f, (struct supervise_request){0}, "");
	supervise_start(f->s);
	assert_true(supervise_sync_named(f->s, SYNC, &sync));
	int64_t due = sync.next_run_at;
	assert_true(due > clock_now());
	fixture_spin(f, 20);
	int64_t only = run(f, (struct supervise_request){.extract_only = true, .limit = 7}, "");
	struct json_doc *job = fixture_job(f);
	assert_true(json_get_bool(json_root(job), "extract_only", false));
	assert_int_equal(int_at(job, "limit"), 7);
	json_free(job);
	struct json_doc *doc = fixture_doc(f, only);
	assert_string_equal(text_at(doc, "status"), "completed");
	assert_true(json_get_bool(json_root(doc), "extract_only", false));
	assert_int_equal(int_at(doc, "limit"), 7);
	json_free(doc);
	supervise_sync_named(f->s, SYNC, &sync);
	assert_int_equal(sync.last->run, first);
	assert_int_equal(sync.next_run_at, due);
	refused(f, only, false, "only a preview");
	/* asked again it is that again */
	assert_int_equal(supervise_retry(f->s, only, &tester, &id, &coalesced, &err), 0);
	doc = fixture_wait(f, id);
	assert_int_equal(int_at(doc, "limit"), 7);
	json_free(doc);
	/* nor does the next daemon take it for the last run */
	fixture_close(f);
	fixture_open(f);
	supervise_sync_named(f->s, SYNC, &sync);
	assert_int_equal(sync.last->run, first);
}

static void wishes_are_not_mixed(void **state)
{
	struct fixture *f = *state;
	struct supervise_request only = {.trigger = TRIGGER_API, .extract_only = true, .limit = 5};
	struct ferry_error err = {0};
	bool coalesced;
	int64_t id, again;

	fixture_script(f, "wait\n");
	fixture_wait_status(f, fixture_trigger(f, SYNC), "running");
	assert_int_equal(supervise_trigger(f->s, SYNC, &only, &tester, &id, &coalesced, &err), 0);
	assert_int_equal(supervise_trigger(f->s, SYNC, &only, &tester, &again, &coalesced, &err), 0);
	assert_true(coalesced);
	assert_int_equal(again, id);
	only.limit = 6;
	assert_int_equal(supervise_trigger(f->s, SYNC, &only, &tester, &again, &coalesced, &err), -1);
	assert_int_equal(err.code, FERRY_E_BUSY);
	only.extract_only = false;
	only.limit = 0;
	assert_int_equal(supervise_trigger(f->s, SYNC, &only, &tester, &again, &coalesced, &err), -1);
	assert_int_equal(err.code, FERRY_E_BUSY);
	fixture_go(f);
	json_free(fixture_wait(f, id));
}

/* The same when it is read from the journal again. */
static void check_failed_document(const struct json_doc *doc)
{
	assert_int_equal(failed_stages(doc), 1);
	assert_string_equal(text_at(doc, "segments.0.stages.4.error_summary"), "40 deletes are too many");
	assert_string_equal(text_at(doc, "segments.0.stages.4.error_payload.code"), "GUARD");
	assert_string_equal(text_at(doc, "segments.0.stages.4.error_payload.hint"), "look");
	assert_int_equal(json_count(at(doc, "segments.0.stages.4.error_payload.causes")), 5);
	assert_null(at(doc, "segments.0.stages.4.error_payload.more"));
	assert_null(at(doc, "segments.0.stages.1.error_payload"));
	assert_null(at(doc, "segments.0.stages.1.error_summary"));
	json_node *top = at(doc, "segments.0.top_decision_reason_codes");
	assert_string_equal(json_dump(top, NULL),
			    "[{\"code\":\"F\",\"count\":9},{\"code\":\"B\",\"count\":5},{\"code\":\"C\",\"count\":3},"
			    "{\"code\":\"D\",\"count\":3},{\"code\":\"E\",\"count\":2}]");
	assert_int_equal(json_count(at(doc, "summary.top_decision_reason_codes")), 5);
}

static void a_failed_stage_tells_why(void **state)
{
	struct fixture *f = *state;
	int64_t id = run(f, (struct supervise_request){0}, GUARDED);
	struct json_doc *doc = fixture_doc(f, id);

	check_failed_document(doc);
	size_t len;
	const char *json = json_dump(json_root(doc), &len);
	struct run_doc parsed;
	struct ferry_error err = {0};
	struct buf again = BUF_INIT;
	assert_int_equal(run_doc_read(json, len, &parsed, &err), 0);
	run_doc_json(&parsed, clock_now(), false, &again);
	run_doc_release(&parsed);
	json_free(doc);
	assert_int_equal(json_parse(again.s, again.len, "again", &doc, &err), 0);
	check_failed_document(doc);
	json_free(doc);
	buf_release(&again);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_guard_can_be_overridden),
		T(only_a_guard_can_be_overridden),
		T(extracting_only_leaves_no_trace),
		T(wishes_are_not_mixed),
		T(a_failed_stage_tells_why),
	};
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
