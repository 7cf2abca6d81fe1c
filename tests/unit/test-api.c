/* SPDX-License-Identifier: Apache-2.0 */
/* test-api.c - the HTTP API, over its real socket. Who may call what is in test-roles.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api-fixture.h"
#include "base/clock.h"

/* ----------------------------------------------------------------------- roles */

static void roles_come_from_the_peer(void **state)
{
	struct served *s = *state;
	const struct group *g = getgrnam("daemon");
	gid_t in[] = {5, 0};

	if (!g || g->gr_gid == 0)
		skip();
	in[1] = g->gr_gid;
	fixture_settings(&s->f, "admin_group: daemon\n");
	serve(s);
	struct httpd_request root = {.uid = 0, .gid = 0}, own = {.uid = geteuid(), .gid = 99};
	struct httpd_request other = {.uid = 12345, .gid = 12345};
	struct httpd_request primary = {.uid = 12345, .gid = g->gr_gid};
	struct httpd_request member = {.uid = 12345, .gid = 12345, .groups = in, .n_groups = 2};
	struct httpd_request stranger = {.uid = 12345, .gid = 12345, .groups = in, .n_groups = 1};
	struct httpd_request nobody = {.uid = HTTPD_NOBODY, .gid = g->gr_gid, .groups = in,
		.n_groups = 2};
	assert_int_equal(api_role(s->api, &root), API_ADMIN);
	assert_int_equal(api_role(s->api, &own), API_ADMIN);
	assert_int_equal(api_role(s->api, &other), API_VIEWER);
	assert_int_equal(api_role(s->api, &primary), API_ADMIN);
	assert_int_equal(api_role(s->api, &member), API_ADMIN);
	assert_int_equal(api_role(s->api, &stranger), API_VIEWER);
	assert_int_equal(api_role(s->api, &nobody), API_NONE);
}

/* ---------------------------------------------------------------------- errors */

static void what_is_wrong_is_said(void **state)
{
	struct served *s = *state;

	fixture_sync(&s->f, "a-ok", NULL);
	serve(s);
	expect(s, "GET", "/", NULL, 404, "NOT_FOUND");
	expect(s, "GET", "/api/v1", NULL, 404, "NOT_FOUND");
	expect(s, "GET", "/api/v1/run", NULL, 404, "NOT_FOUND");
	expect(s, "GET", "/api/v1/runs/", NULL, 404, "NOT_FOUND");
	expect(s, "GET", "/api/v1/runs/1/what", NULL, 404, "NOT_FOUND");
	expect(s, "DELETE", "/api/v1/runs", NULL, 405, "USAGE");
	expect(s, "GET", "/api/v1/reload", NULL, 405, "USAGE");
	expect(s, "GET", "/api/v1/syncs/nope", NULL, 404, "NOT_FOUND");
	expect(s, "GET", "/api/v1/syncs/nope/runs", NULL, 404, "NOT_FOUND");
	expect(s, "POST", "/api/v1/syncs/nope/trigger", "{}", 404, "NOT_FOUND");
	static const char *const ids[] = {"1", "0", "-1", "abc", "1x", "1.0",
		"999999999999999999999"};
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		static const char *const tails[] = {"", "/errors", "/logs", "/plan"};
		char path[128];
		for (size_t t = 0; t < sizeof tails / sizeof tails[0]; t++) {
			snprintf(path, sizeof path, "/api/v1/runs/%s%s", ids[i], tails[t]);
			expect(s, "GET", path, NULL, 404, "NOT_FOUND");
		}
		snprintf(path, sizeof path, "/api/v1/runs/%s/cancel", ids[i]);
		expect(s, "POST", path, NULL, 404, "NOT_FOUND");
	}
}

static void parameters_are_checked(void **state)
{
	struct served *s = *state;

	fixture_sync(&s->f, "a-ok", NULL);
	serve(s);
	expect(s, "GET", "/api/v1/runs?page=0", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/runs?page=-1", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/runs?page=x", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/runs?page=", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/runs?per_page=0", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/runs?page=999999999999999999", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/runs?status=done", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/runs?from=yesterday", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/runs?to=2026-13-01", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/runs?from=2026-01-01&to=2026-01-31T10:00:00Z&sync=a-ok&status=failed", NULL, 200, "");
	expect(s, "GET", "/api/v1/audit?page=0", NULL, 400, "USAGE");
	expect(s, "GET", "/api/v1/syncs?per_page=x", NULL, 400, "USAGE");
	static const char *const bodies[] = {"{", "[]", "1", "null", "{\"previw\":true}",
		"{\"preview\":1}",
					     "{\"preview\":null}", "{\"preview\":\"true\"}", "{} {}"};
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		expect(s, "POST", "/api/v1/syncs/a-ok/trigger", bodies[i], 400, "USAGE");
	/* none of which has started anything */
	struct answer a = call(s, "GET", "/api/v1/runs", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 0);
	release(&a);
}

static void a_body_too_long_is_refused(void **state)
{
	struct served *s = *state;
	size_t n = 3 * 1024 * 1024;
	char *body = ferry_alloc(n + 1);
	struct exchange x;

	memset(body, ' ', n);
	body[n] = '\0';
	fixture_sync(&s->f, "a-ok", NULL);
	serve(s);
	/* announced */
	x = (struct exchange){.fd = connect_to(s)};
	static const char head[] = "POST /api/v1/syncs/a-ok/trigger HTTP/1.1\r\nHost: x\r\nContent-Length: 3145728\r\n"
		"Connection: close\r\n\r\n";
	send_all(x.fd, head, sizeof head - 1);
	struct answer a = finish(s, &x);
	assert_int_equal(a.status, 413);
	release(&a);
	/* and in pieces, where its length shows only at the end */
	x = (struct exchange){.fd = connect_to(s)};
	static const char chunked[] = "POST /api/v1/syncs/a-ok/trigger HTTP/1.1\r\nHost: x\r\n"
		"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
	send_all(x.fd, chunked, sizeof chunked - 1);
	for (int i = 0; i < 48; i++) {
		send_all(x.fd, "10000\r\n", 7);
		send_all(x.fd, body, 65536);
		send_all(x.fd, "\r\n", 2);
		fixture_spin(&s->f, 5);
	}
	send_all(x.fd, "0\r\n\r\n", 5);
	a = finish(s, &x);
	assert_int_equal(a.status, 413);
	release(&a);
	free(body);
}

/* ------------------------------------------------------------------------ runs */

static void runs_are_triggered_listed_and_shown(void **state)
{
	struct served *s = *state;

	fixture_sync(&s->f, "a-ok", NULL);
	fixture_sync(&s->f, "b-rows", NULL);
	serve(s);
	struct answer a = call(s, "POST", "/api/v1/syncs/a-ok/trigger", "{\"preview\":false}");
	assert_int_equal(a.status, 202);
	assert_int_equal(int_at(a.doc, "run_id"), 1);
	assert_string_equal(text_at(a.doc, "status"), "queued");
	assert_false(json_get_bool(json_root(a.doc), "coalesced", true));
	release(&a);
	json_free(fixture_wait(&s->f, 1));
	for (int i = 0; i < 24; i++)
		json_free(fixture_run(&s->f, i % 2 ? "a-ok" : "b-rows"));

	a = call(s, "GET", "/api/v1/runs", NULL);
	assert_int_equal(json_count(at(a.doc, "data")), 20);
	assert_int_equal(int_at(a.doc, "data.0.id"), 25);
	assert_int_equal(int_at(a.doc, "pagination.page"), 1);
	assert_int_equal(int_at(a.doc, "pagination.per_page"), 20);
	assert_int_equal(int_at(a.doc, "pagination.total"), 25);
	release(&a);
	a = call(s, "GET", "/api/v1/runs?page=3&per_page=10", NULL);
	assert_int_equal(json_count(at(a.doc, "data")), 5);
	assert_int_equal(int_at(a.doc, "data.4.id"), 1);
	release(&a);
	a = call(s, "GET", "/api/v1/runs?per_page=1000", NULL);
	assert_int_equal(int_at(a.doc, "pagination.per_page"), 100);
	assert_int_equal(json_count(at(a.doc, "data")), 25);
	release(&a);
	a = call(s, "GET", "/api/v1/syncs/b-rows/runs?status=completed", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 12);
	assert_string_equal(text_at(a.doc, "data.0.sync_id"), "b-rows");
	release(&a);
	a = call(s, "GET", "/api/v1/runs?to=2001-01-01", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 0);
	assert_int_equal(json_count(at(a.doc, "data")), 0);
	release(&a);
	a = call(s, "GET", "/api/v1/runs/2", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(int_at(a.doc, "row_errors"), 1);
	assert_int_equal(json_count(at(a.doc, "segments.0.stages")), 7);
	release(&a);
	a = call(s, "GET", "/api/v1/runs/2/errors", NULL);
	assert_string_equal(text_at(a.doc, "data.0.code"), "REJECTED");
	assert_string_equal(text_at(a.doc, "data.0.raw"), "x");
	release(&a);
	a = call(s, "GET", "/api/v1/runs/2/logs?segment=main&after=0", NULL);
	assert_int_equal(int_at(a.doc, "data.0.seq"), 1);
	assert_string_equal(text_at(a.doc, "data.0.message"), "hello");
	release(&a);
	a = call(s, "GET", "/api/v1/runs/2/logs?after=1", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 0);
	release(&a);
	expect(s, "GET", "/api/v1/runs/2/plan", NULL, 404, "NOT_FOUND");
	expect(s, "GET", "/api/v1/runs/2/plan?decision=dunno", NULL, 400, "USAGE");
}

static void changes_are_done_and_audited(void **state)
{
	struct served *s = *state;

	fixture_sync(&s->f, "a-long", NULL);
	fixture_sync(&s->f, "b-ok", NULL);
	serve(s);
	expect(s, "POST", "/api/v1/syncs/a-long/trigger", NULL, 202, "");
	fixture_wait_status(&s->f, 1, "running");
	struct answer a = call(s, "GET", "/api/v1/runs/1", NULL);
	assert_string_equal(text_at(a.doc, "status"), "running");
	assert_null(at(a.doc, "completed_at"));
	release(&a);
	expect(s, "POST", "/api/v1/runs/1/retry", NULL, 409, "STATE");
	a = call(s, "POST", "/api/v1/runs/1/cancel", NULL);
	assert_int_equal(a.status, 202);
	assert_string_equal(text_at(a.doc, "status"), "running");
	release(&a);
	json_free(fixture_wait(&s->f, 1));
	expect(s, "POST", "/api/v1/runs/1/cancel", NULL, 409, "STATE");
	expect(s, "POST", "/api/v1/runs/1/promote", NULL, 409, "STATE");
	expect(s, "POST", "/api/v1/syncs/b-ok/trigger", "{\"preview\":true}", 202, "");
	fixture_wait_status(&s->f, 2, "preview_ready");
	expect(s, "POST", "/api/v1/runs/2/promote", NULL, 202, "");
	json_free(fixture_wait(&s->f, 3));
	expect(s, "POST", "/api/v1/runs/2/promote", NULL, 409, "STATE");
	expect(s, "POST", "/api/v1/runs/3/retry", NULL, 202, "");
	json_free(fixture_wait(&s->f, 4));

	static const char *const want[][2] = {
		{"retry", "run 4"}, {"promote", "refused: STATE"}, {"promote", "run 3"}, {"trigger",
			"run 2"},
		{"promote", "refused: STATE"}, {"cancel", "refused: STATE"}, {"cancel", "running"},
		{"retry", "refused: STATE"}, {"trigger", "run 1"},
	};
	a = call(s, "GET", "/api/v1/audit", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 9);
	for (size_t i = 0; i < 9; i++) {
		json_node *entry = json_at(at(a.doc, "data"), i);
		assert_string_equal(json_get_text(entry, "action", ""), want[i][0]);
		assert_non_null(strstr(json_get_text(entry, "result", ""), want[i][1]));
		assert_int_equal(json_get_int(entry, "uid", -1), geteuid());
		assert_non_null(json_get_text(entry, "at", NULL));
	}
	release(&a);
}

static void syncs_say_what_they_are(void **state)
{
	struct served *s = *state;

	fixture_sync(&s->f, "a-ok", "schedule: {every: 90m}");
	fixture_sync(&s->f, "b-long", NULL);
	serve(s);
	supervise_start(s->f.s);
	json_free(fixture_wait(&s->f, (fixture_spin(&s->f, 50), 1)));
	struct answer a = call(s, "GET", "/api/v1/syncs", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 2);
	assert_string_equal(text_at(a.doc, "data.0.id"), "a-ok");
	assert_string_equal(text_at(a.doc, "data.0.schedule.text"), "every 90m");
	assert_string_equal(text_at(a.doc, "data.0.segments.0.destination.connection"), "db");
	assert_string_equal(text_at(a.doc, "data.0.segments.0.mode"), "upsert");
	assert_int_equal(int_at(a.doc, "data.0.last_run.id"), 1);
	assert_string_equal(text_at(a.doc, "data.0.last_run.status"), "completed");
	assert_non_null(at(a.doc, "data.0.next_run_at"));
	assert_null(at(a.doc, "data.1.last_run"));
	assert_null(at(a.doc, "data.1.next_run_at"));
	release(&a);
	int64_t id = fixture_trigger(&s->f, "b-long");
	fixture_wait_status(&s->f, id, "running");
	a = call(s, "GET", "/api/v1/syncs/b-long", NULL);
	assert_int_equal(int_at(a.doc, "running"), id);
	assert_string_equal(text_at(a.doc, "schedule.kind"), "manual");
	release(&a);
}

static void schedules_are_steered(void **state)
{
	struct served *s = *state;

	fixture_sync(&s->f, "a-ok", "schedule: {cron: '0 3 * * *', timezone: UTC}");
	fixture_sync(&s->f, "b-ok", "schedule: {adaptive: {}}");
	serve(s);
	struct answer a = call(s, "POST", "/api/v1/syncs/a-ok/pause", NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(text_at(a.doc, "id"), "a-ok");
	assert_true(json_get_bool(at(a.doc, "schedule"), "paused", false));
	assert_non_null(strstr(text_at(a.doc, "schedule.paused_by"), "uid "));
	assert_null(at(a.doc, "schedule.tier"));
	release(&a);
	a = call(s, "POST", "/api/v1/syncs/a-ok/resume", "{}");
	assert_false(json_get_bool(at(a.doc, "schedule"), "paused", true));
	release(&a);
	a = call(s, "POST", "/api/v1/syncs/b-ok/pin", "{\"tier\":\"dormant\",\"hours\":336}");
	assert_int_equal(a.status, 200);
	assert_string_equal(text_at(a.doc, "schedule.tier"), "dormant");
	assert_string_equal(text_at(a.doc, "schedule.text"), "adaptive 15m, 1h, 0 3 * * 0");
	assert_non_null(at(a.doc, "schedule.pinned_until"));
	release(&a);
	a = call(s, "POST", "/api/v1/syncs/b-ok/unpin", NULL);
	assert_string_equal(text_at(a.doc, "schedule.tier"), "idle");
	assert_null(at(a.doc, "schedule.pinned_until"));
	release(&a);
	expect(s, "POST", "/api/v1/syncs/a-ok/pin", "{\"tier\":\"active\",\"hours\":1}", 409, "STATE");
	expect(s, "POST", "/api/v1/syncs/b-ok/pin", "{\"tier\":\"active\",\"hours\":0}", 400, "USAGE");
	expect(s, "POST", "/api/v1/syncs/b-ok/pin", "{\"tier\":\"awake\",\"hours\":1}", 400, "USAGE");
	expect(s, "POST", "/api/v1/syncs/b-ok/pause", "{\"until\":1}", 400, "USAGE");
	expect(s, "POST", "/api/v1/syncs/none/pause", NULL, 404, "NOT_FOUND");
	a = call(s, "GET", "/api/v1/audit", NULL);
	static const char *const want[] = {"pin", "unpin", "pin", "resume", "pause"};
	assert_int_equal(int_at(a.doc, "pagination.total"), 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(json_get_text(json_at(at(a.doc, "data"), i), "action", ""), want[i]);
	release(&a);
}

/* ---------------------------------------------------------------------- daemon */

static void status_and_health(void **state)
{
	struct served *s = *state;

	fixture_sync(&s->f, "a-ok", NULL);
	serve(s);
	struct answer a = call(s, "GET", "/api/v1/status", NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(text_at(a.doc, "version"), "9.9.9");
	assert_int_equal(int_at(a.doc, "pid"), getpid());
	assert_int_equal(int_at(a.doc, "syncs"), 1);
	assert_int_equal(int_at(a.doc, "generation.number"), 1);
	assert_string_equal(text_at(a.doc, "state_dir"), s->f.state);
	assert_non_null(strstr(a.raw.s, "Content-Type: application/json"));
	release(&a);
	a = call(s, "GET", "/healthz", NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(text_at(a.doc, "status"), "ok");
	release(&a);
}

static void a_reload_answers_when_it_is_done_and_blocks_nobody(void **state)
{
	struct served *s = *state;
	struct exchange slow, gone;

	fixture_sync(&s->f, "a-ok", "# slow-check");
	serve(s);
	begin(s, &slow, "POST", "/api/v1/reload", NULL);
	begin(s, &gone, "POST", "/api/v1/reload", NULL);
	fixture_spin(&s->f, 30);
	int64_t before = clock_mono();
	expect(s, "GET", "/api/v1/status", NULL, 200, "");
	assert_true(clock_mono() - before < 100000);
	assert_false(take(&s->f, &slow));
	/* a client that does not wait for its answer harms nobody */
	close(gone.fd);
	struct answer a = finish(s, &slow);
	assert_int_equal(a.status, 200);
	assert_int_equal(int_at(a.doc, "generation"), 2);
	release(&a);
	fixture_spin(&s->f, 500);

	fixture_sync(&s->f, "b-ok", "# bad-connector");
	a = call(s, "POST", "/api/v1/reload", NULL);
	assert_int_equal(a.status, 422);
	assert_string_equal(text_at(a.doc, "error.code"), "CONFIG");
	assert_int_equal(int_at(a.doc, "error.issues.0.line"), 3);
	assert_string_equal(text_at(a.doc, "error.issues.0.text"), "no such connector");
	release(&a);
	a = call(s, "GET", "/healthz", NULL);
	assert_string_equal(text_at(a.doc, "status"), "degraded");
	release(&a);
	/* a mistake that needs no worker is answered at once */
	fixture_sync(&s->f, "b-ok", "wrong: 1");
	a = call(s, "POST", "/api/v1/reload", NULL);
	assert_int_equal(a.status, 422);
	assert_int_equal(json_count(at(a.doc, "error.issues")), 1);
	release(&a);
}

static void an_end_in_the_middle_of_a_reload(void **state)
{
	struct served *s = *state;
	struct exchange x;

	fixture_sync(&s->f, "a-ok", "# slow-check");
	serve(s);
	begin(s, &x, "POST", "/api/v1/reload", NULL);
	fixture_spin(&s->f, 50);
	httpd_free(s->httpd);
	s->httpd = NULL;
	fixture_until(&s->f, take, &x, 1000);
	assert_non_null(strstr(buf_str(&x.raw), "503"));
	buf_release(&x.raw);
	close(x.fd);
}

static void connectors_come_from_a_worker(void **state)
{
	struct served *s = *state;

	serve(s);
	struct answer a = call(s, "GET", "/api/v1/connectors", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_count(at(a.doc, "data")), 2);
	release(&a);
	a = call(s, "GET", "/api/v1/connectors/lago-customers", NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(text_at(a.doc, "name"), "lago-customers");
	release(&a);
	expect(s, "GET", "/api/v1/connectors/nope", NULL, 404, "NOT_FOUND");
}

static void a_connection_is_tested_step_by_step(void **state)
{
	struct served *s = *state;

	fixture_file(&s->f, "connections.d/more.yaml",
		     "connections:\n  broken: {family: sqlite, path: /x}\n  dies: {family: sqlite, path: /x}\n");
	serve(s);
	struct answer a = call(s, "GET", "/api/v1/connections?per_page=2", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_count(at(a.doc, "data")), 2);
	assert_int_equal(json_get_int(at(a.doc, "pagination"), "total", 0), 3);
	release(&a);

	a = call(s, "POST", "/api/v1/connections/db/test", NULL);
	assert_int_equal(a.status, 200);
	assert_true(json_get_bool(json_root(a.doc), "ok", false));
	assert_int_equal(json_count(at(a.doc, "steps")), 2);
	assert_string_equal(json_get_text(json_at(at(a.doc, "steps"), 0), "status", ""), "warning");
	assert_string_equal(json_get_text(json_at(at(a.doc, "steps"), 1), "status", ""), "ok");
	release(&a);

	a = call(s, "POST", "/api/v1/connections/broken/test", NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(json_get_text(json_at(at(a.doc, "steps"), 1), "status", ""), "failed");
	assert_string_equal(text_at(a.doc, "error.code"), "AUTH");
	release(&a);

	a = call(s, "POST", "/api/v1/connections/dies/test", NULL);
	assert_string_equal(json_get_text(json_at(at(a.doc, "steps"), 1), "name", ""), "credentials");
	assert_string_equal(json_get_text(json_at(at(a.doc, "steps"), 1), "status", ""), "failed");
	assert_string_equal(text_at(a.doc, "error.code"), "WORKER_DIED");
	release(&a);
	expect(s, "POST", "/api/v1/connections/nope/test", NULL, 404, "NOT_FOUND");

	a = call(s, "GET", "/api/v1/audit", NULL);
	assert_int_equal(json_count(at(a.doc, "data")), 3);
	release(&a);
}

static void codes_are_explained(void **state)
{
	struct served *s = *state;

	serve(s);
	struct answer a = call(s, "GET", "/api/v1/errors/AUTH", NULL);
	assert_string_equal(text_at(a.doc, "code"), "AUTH");
	assert_true(strlen(text_at(a.doc, "cause")) > 10);
	release(&a);
	a = call(s, "GET", "/api/v1/reasons/NEW_IN_SOURCE", NULL);
	assert_string_equal(text_at(a.doc, "code"), "NEW_IN_SOURCE");
	release(&a);
	expect(s, "GET", "/api/v1/errors/NOPE", NULL, 404, "NOT_FOUND");
	expect(s, "GET", "/api/v1/reasons/NOPE", NULL, 404, "NOT_FOUND");
}

static void a_socket_in_use_is_not_taken_away(void **state)
{
	struct served *s = *state;
	struct ferry_error err = {0};
	struct stat st;
	int fd;

	serve(s);
	assert_int_equal(stat(s->socket, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	assert_int_equal(httpd_listen_unix(s->socket, &fd, &err), -1);
	assert_int_equal(err.code, FERRY_E_LOCKED);
	httpd_free(s->httpd);
	s->httpd = NULL;
	assert_int_equal(httpd_listen_unix(s->socket, &fd, &err), 0);
	close(fd);
	unlink(s->socket);
	FILE *file = fopen(s->socket, "w");
	fclose(file);
	assert_int_equal(httpd_listen_unix(s->socket, &fd, &err), -1);
	assert_int_equal(err.code, FERRY_E_CONFIG);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, api_setup, api_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(roles_come_from_the_peer),
		T(what_is_wrong_is_said),
		T(parameters_are_checked),
		T(a_body_too_long_is_refused),
		T(runs_are_triggered_listed_and_shown),
		T(changes_are_done_and_audited),
		T(syncs_say_what_they_are),
		T(schedules_are_steered),
		T(status_and_health),
		T(a_reload_answers_when_it_is_done_and_blocks_nobody),
		T(an_end_in_the_middle_of_a_reload),
		T(connectors_come_from_a_worker),
		T(a_connection_is_tested_step_by_step),
		T(codes_are_explained),
		T(a_socket_in_use_is_not_taken_away),
	};
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
