/* SPDX-License-Identifier: Apache-2.0 */
/* test-api-problems.c - the HTTP API: problems, what a person says of them, a record's history, raw records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api-fixture.h"
#include "model/value.h"
#include "store/plan_store.h"

#define REPORT(form, group) "{\"type\":\"problem\",\"segment\":\"main\",\"form\":\"" form "\",\"key\":\"k" form "\"," \
	"\"group\":\"" group "\",\"code\":\"C\",\"severity\":\"error\",\"message\":\"m\"}\n"

static void run(struct served *s, const char *script)
{
	fixture_script(&s->f, script);
	json_free(fixture_run(&s->f, "a-script"));
}

static void begin_with_three(struct served *s)
{
	fixture_sync(&s->f, "a-script", NULL);
	serve(s);
	run(s, REPORT("aa01", "one") REPORT("aa02", "two") REPORT("aa03", "one"));
}

/* ------------------------------------------------------------------- problems */

static void problems_are_listed_and_shown(void **state)
{
	struct served *s = *state;

	begin_with_three(s);
	struct answer a = call(s, "GET", "/api/v1/problems", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(int_at(a.doc, "pagination.total"), 3);
	assert_int_equal(int_at(a.doc, "data.0.id"), 3);
	assert_string_equal(text_at(a.doc, "data.0.key"), "kaa03");
	release(&a);
	a = call(s, "GET", "/api/v1/problems?sync=a-script&segment=main&group=one&page=2&per_page=1", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 2);
	assert_int_equal(json_count(at(a.doc, "data")), 1);
	assert_int_equal(int_at(a.doc, "data.0.id"), 1);
	release(&a);
	static const char *const none[] = {"sync=b", "segment=b", "group=three", "status=cleared", "status=ignored",
		"status=resolved"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		char *path = ferry_asprintf("/api/v1/problems?%s", none[i]);
		a = call(s, "GET", path, NULL);
		assert_int_equal(int_at(a.doc, "pagination.total"), 0);
		release(&a);
		free(path);
	}
	a = call(s, "GET", "/api/v1/problems/2", NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(text_at(a.doc, "group"), "two");
	assert_string_equal(text_at(a.doc, "history.0.event"), "opened");
	release(&a);
	expect(s, "GET", "/api/v1/problems?status=done", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/problems?page=0", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/problems?status=all", NULL, 200, "");
	expect(s, "GET", "/api/v1/problems/9", NULL, 404, "NOT_FOUND");
	expect(s, "GET", "/api/v1/problems/x", NULL, 404, "NOT_FOUND");
	expect(s, "GET", "/api/v1/problems/resolve", NULL, 404, "NOT_FOUND");
	expect(s, "POST", "/api/v1/problems/1", "{}", 405, "USAGE");
}

static void a_person_resolves(void **state)
{
	struct served *s = *state;

	begin_with_three(s);
	struct answer a = call(s, "POST", "/api/v1/problems/1/resolve", "{\"action\":\"link\",\"dest_id\":\"d-7\"}");
	assert_int_equal(a.status, 200);
	assert_string_equal(text_at(a.doc, "status"), "resolved");
	assert_string_equal(text_at(a.doc, "resolution.dest_id"), "d-7");
	release(&a);
	a = call(s, "POST", "/api/v1/problems/2/resolve", "{\"action\":\"ignore\",\"until\":\"30d\"}");
	assert_string_equal(text_at(a.doc, "status"), "ignored");
	assert_true(strlen(text_at(a.doc, "resolution.until")) > 18);
	release(&a);
	expect(s, "POST", "/api/v1/problems/3/resolve", "{\"action\":\"ignore\",\"until\":\"2999-01-01T00:00:00Z\"}", 200, "");
	expect(s, "POST", "/api/v1/problems/3/resolve", "{\"action\":\"reopen\",\"until\":null}", 200, "");
	expect(s, "POST", "/api/v1/problems/3/resolve", "{\"action\":\"reopen\"}", 409, "STATE");
	static const char *const wrong[] = {
		"{}", "{\"action\":7}", "{\"action\":\"what\"}", "{\"action\":\"link\"}", "{\"action\":\"link\",\"dest_id\":\"\"}",
		"{\"action\":\"create\",\"dest_id\":\"d\"}", "{\"action\":\"ignore\",\"until\":\"soon\"}",
		"{\"action\":\"ignore\",\"until\":\"2001-01-01\"}", "{\"action\":\"retry\",\"until\":\"1d\"}",
		"{\"action\":\"retry\",\"why\":\"x\"}", "[]",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		expect(s, "POST", "/api/v1/problems/3/resolve", wrong[i], 400, "USAGE");
	expect(s, "POST", "/api/v1/problems/9/resolve", "{\"action\":\"retry\"}", 404, "NOT_FOUND");
	expect(s, "POST", "/api/v1/problems/x/resolve", "{\"action\":\"retry\"}", 404, "NOT_FOUND");
	a = call(s, "GET", "/api/v1/audit", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 6);
	assert_string_equal(text_at(a.doc, "data.0.action"), "resolve");
	assert_non_null(strstr(text_at(a.doc, "data.0.result"), "refused: STATE"));
	assert_string_equal(text_at(a.doc, "data.4.target"), "problem 1 of a-script/main, key kaa01");
	assert_string_equal(text_at(a.doc, "data.4.result"), "link d-7");
	release(&a);
}

static void many_at_once(void **state)
{
	struct served *s = *state;

	begin_with_three(s);
	expect(s, "POST", "/api/v1/problems/resolve", "{\"action\":\"retry\"}", 400, "USAGE");
	expect(s, "POST", "/api/v1/problems/resolve", "{\"sync\":\"a-script\"}", 400, "USAGE");
	expect(s, "POST", "/api/v1/problems/resolve", "{\"sync\":\"a-script\",\"action\":\"create\"}", 400, "USAGE");
	expect(s, "POST", "/api/v1/problems/resolve", "{\"sync\":\"nope\",\"action\":\"retry\"}", 404, "NOT_FOUND");
	struct answer a = call(s, "POST", "/api/v1/problems/resolve",
			       "{\"sync\":\"a-script\",\"segment\":\"main\",\"group\":\"one\",\"action\":\"retry\"}");
	assert_int_equal(a.status, 200);
	assert_int_equal(int_at(a.doc, "resolved"), 2);
	release(&a);
	a = call(s, "GET", "/api/v1/problems", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 1);
	assert_int_equal(int_at(a.doc, "data.0.id"), 2);
	release(&a);
}

/* --------------------------------------------------------------- wishes of a run */

static void wishes_are_checked(void **state)
{
	struct served *s = *state;

	fixture_sync(&s->f, "a-ok", NULL);
	serve(s);
	static const char *const wrong[] = {
		"{\"limit\":5}", "{\"extract_only\":true,\"limit\":-1}", "{\"extract_only\":true,\"limit\":\"5\"}",
		"{\"extract_only\":true,\"limit\":null}", "{\"extract_only\":true,\"limit\":1.5}",
		"{\"extract_only\":true,\"preview\":true}", "{\"extract_only\":true,\"full\":true}", "{\"extract_only\":1}",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		expect(s, "POST", "/api/v1/syncs/a-ok/trigger", wrong[i], 400, "USAGE");
	expect(s, "POST", "/api/v1/syncs/a-ok/trigger", "{\"extract_only\":true,\"limit\":5}", 202, "");
	json_free(fixture_wait(&s->f, 1));
	struct answer a = call(s, "GET", "/api/v1/syncs/a-ok", NULL);
	assert_null(at(a.doc, "last_run"));
	release(&a);
	expect(s, "POST", "/api/v1/runs/1/promote", "{\"override_guard\":true}", 409, "STATE");
	expect(s, "POST", "/api/v1/runs/1/promote", "{\"override\":true}", 400, "USAGE");
	expect(s, "POST", "/api/v1/runs/1/promote", "{\"override_guard\":\"yes\"}", 400, "USAGE");
}

static void raw_records_are_paged(void **state)
{
	struct served *s = *state;
	struct plan_store *plan;
	struct ferry_error err = {0};

	fixture_sync(&s->f, "a-ok", NULL);
	serve(s);
	expect(s, "POST", "/api/v1/syncs/a-ok/trigger", "{\"extract_only\":true}", 202, "");
	json_free(fixture_wait(&s->f, 1));
	json_free(fixture_run(&s->f, "a-ok"));
	expect(s, "GET", "/api/v1/runs/1/records", NULL, 404, "NOT_FOUND");
	assert_int_equal(plan_create(s->f.state, 1, &plan, &err), 0);
	for (int i = 0; i < 3; i++) {
		char *json = ferry_asprintf("{\"id\":%d,\"name\":\"n\"}", i);
		assert_int_equal(plan_add_raw(plan, i == 2 ? "other" : "main", json, strlen(json), &err), 0);
		free(json);
	}
	assert_int_equal(plan_settle(plan, &err), 0);
	plan_close(plan);
	struct answer a = call(s, "GET", "/api/v1/runs/1/records?per_page=1&page=2", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(int_at(a.doc, "pagination.total"), 3);
	assert_int_equal(int_at(a.doc, "data.0.record.id"), 1);
	release(&a);
	a = call(s, "GET", "/api/v1/runs/1/records?segment=other", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 1);
	assert_int_equal(int_at(a.doc, "data.0.record.id"), 2);
	release(&a);
	a = call(s, "GET", "/api/v1/runs/2/records", NULL);
	assert_int_equal(a.status, 409);
	assert_non_null(strstr(text_at(a.doc, "error.hint"), "--extract-only"));
	release(&a);
	expect(s, "GET", "/api/v1/runs/9/records", NULL, 404, "NOT_FOUND");
}

/* ------------------------------------------------------------------------ history */

/* The plan of a run: one entry, of that key. */
static void plan(struct served *s, int64_t run, const char *key, enum ferry_decision d, const char *reason)
{
	static const char *const names[] = {"name"};
	static const bool sensitive[] = {false};
	struct ferry_value k = value_text(key), name = value_text("new");
	struct buf form = BUF_INIT, record = BUF_INIT;
	struct ferry_error err = {0};
	struct plan_store *p;

	assert_int_equal(plan_create(s->f.state, run, &p, &err), 0);
	assert_int_equal(key_encode(&k, 1, &form, &err), 0);
	record_encode(&name, 1, &record);
	plan_begin(p, 0, true, NULL, NULL);
	struct plan_entry e = {.key = {form.s, form.len}, .decision = d, .reason = reason, .dest_id = "",
			       .record = record.s, .record_len = record.len};
	assert_int_equal(plan_add(p, &e, &err), 0);
	struct plan_header h = {.segment = "main", .definition = "d", .key_parts = 1, .names = names,
				.sensitive = sensitive, .n_names = 1};
	assert_int_equal(plan_end(p, &h, &err), 0);
	plan_close(p);
	buf_release(&form);
	buf_release(&record);
}

static void a_record_has_a_history(void **state)
{
	struct served *s = *state;

	fixture_sync(&s->f, "a-ok", NULL);
	fixture_sync(&s->f, "a-rows", NULL);
	serve(s);
	json_free(fixture_run(&s->f, "a-ok"));
	expect(s, "POST", "/api/v1/syncs/a-ok/trigger", "{\"preview\":true}", 202, "");
	fixture_wait_status(&s->f, 2, "preview_ready");
	expect(s, "POST", "/api/v1/runs/2/promote", NULL, 202, "");
	json_free(fixture_wait(&s->f, 3));
	json_free(fixture_run(&s->f, "a-ok"));
	plan(s, 1, "k1", FERRY_CREATE, "NEW_IN_SOURCE");
	plan(s, 2, "k1", FERRY_UPDATE, "FIELDS_CHANGED");
	plan(s, 4, "other", FERRY_CREATE, "NEW_IN_SOURCE");

	struct answer a = call(s, "GET", "/api/v1/syncs/a-ok/history?key=k1", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_count(at(a.doc, "data")), 2);
	/* the preview's plan is its promotion's */
	assert_int_equal(int_at(a.doc, "data.0.run_id"), 3);
	assert_int_equal(int_at(a.doc, "data.0.promote_of"), 2);
	assert_string_equal(text_at(a.doc, "data.0.trigger"), "promote");
	assert_string_equal(text_at(a.doc, "data.0.decisions.0.decision"), "update");
	assert_int_equal(int_at(a.doc, "data.1.run_id"), 1);
	assert_string_equal(text_at(a.doc, "data.1.status"), "completed");
	assert_string_equal(text_at(a.doc, "data.1.decisions.0.reason"), "NEW_IN_SOURCE");
	assert_non_null(at(a.doc, "data.1.started_at"));
	assert_null(at(a.doc, "pagination.next_before"));
	assert_int_equal(int_at(a.doc, "pagination.runs"), 4);
	release(&a);
	a = call(s, "GET", "/api/v1/syncs/a-ok/history?key=k1&per_page=1", NULL);
	assert_int_equal(json_count(at(a.doc, "data")), 1);
	assert_int_equal(int_at(a.doc, "pagination.next_before"), 3);
	release(&a);
	a = call(s, "GET", "/api/v1/syncs/a-ok/history?key=k1&before=3", NULL);
	assert_int_equal(json_count(at(a.doc, "data")), 1);
	assert_int_equal(int_at(a.doc, "data.0.run_id"), 1);
	release(&a);
	a = call(s, "GET", "/api/v1/syncs/a-ok/history?key=k1&segment=nope", NULL);
	assert_int_equal(json_count(at(a.doc, "data")), 0);
	release(&a);
	expect(s, "GET", "/api/v1/syncs/a-ok/history", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/syncs/a-ok/history?key=1&before=x", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/syncs/nope/history?key=1", NULL, 404, "NOT_FOUND");
	/* a row error is part of it, also where there is no plan any more */
	json_free(fixture_run(&s->f, "a-rows"));
	a = call(s, "GET", "/api/v1/syncs/a-rows/history?key=k0", NULL);
	assert_int_equal(json_count(at(a.doc, "data")), 1);
	assert_string_equal(text_at(a.doc, "data.0.errors.0.code"), "REJECTED");
	assert_int_equal(json_count(at(a.doc, "data.0.decisions")), 0);
	release(&a);
	a = call(s, "GET", "/api/v1/syncs/a-rows/history?key=k", NULL);
	assert_int_equal(json_count(at(a.doc, "data")), 0);
	release(&a);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, api_setup, api_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(problems_are_listed_and_shown),
		T(a_person_resolves),
		T(many_at_once),
		T(wishes_are_checked),
		T(raw_records_are_paged),
		T(a_record_has_a_history),
	};
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
