/* SPDX-License-Identifier: Apache-2.0 */
/* test-host.c - what a connector is given when its handle is opened, and what it may ask for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "plug/plug-private.h"
#include "tiny-server.h"
#include "wire/http.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- a connector whose handle is what it was opened with */

static int closed;

static int probe_open(const struct ferry_open *open, void **ret_handle, struct ferry_error *err)
{
	const char *why = ferry_setting_text(open, "fail");

	if (why && *why)	/* in parentheses, since cmocka has a macro of that name */
		return (open->host->fail)(err, FERRY_E_AUTH, "%s", why);
	if (why)
		return -1;
	*ret_handle = (void *)(uintptr_t)open;
	return 0;
}

static void probe_close(void *handle)
{
	(void)handle;
	closed++;
}

static const struct ferry_option connection_options[] = {
	{.name = "url", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_REQUIRED},
	{.name = "api_key",
	 .type = FERRY_OPT_TEXT,
	 .flags = FERRY_OPTION_REQUIRED | FERRY_OPTION_SECRET},
	{.name = "fail", .type = FERRY_OPT_TEXT},
	{.name = NULL},
};
static const struct ferry_option destination_options[] = {
	{.name = "table", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_REQUIRED},
	{.name = NULL},
};
static const struct ferry_connector api = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "probe",
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.connection_options = connection_options,
	.destination_options = destination_options,
	.open = probe_open,
	.close = probe_close,
};
static const struct plug plug = {.api = &api};

/* ---- an opened handle, and what it said */

struct fix {
	struct def_option given[3], table;
	struct connection_def connection;
	struct endpoint_def endpoint;
	struct plug_open open;
	struct plug_handle *handle;
	const struct ferry_open *seen;
	const struct ferry_host *host;
	char lines[2048];
	int64_t cancel_at;
	struct ferry_error err;
};

static void note_line(void *ctx, enum ferry_level level, const char *text)
{
	struct fix *f = ctx;
	size_t n = strlen(f->lines);
	snprintf(f->lines + n, sizeof f->lines - n, "%d %s\n", level, text);
}

static bool is_cancelled(void *ctx)
{
	struct fix *f = ctx;
	return f->cancel_at && clock_mono() >= f->cancel_at;
}

static struct def_option given(const char *name, const char *text)
{
	return (struct def_option){.name = name, .text = text, .is_scalar = true};
}

static void fix_init(struct fix *f)
{
	static const struct ferry_layout layout;
	static const char *const keys[] = {"id", NULL};

	setenv("FERRY_TEST_KEY", "hunter2", 1);
	*f = (struct fix){
		.given = {given("url", "http://x"), given("api_key", "${env:FERRY_TEST_KEY}")},
		.table = given("table", "people"),
	};
	f->connection = (struct connection_def){
		.name = "shop",
		.options = {f->given, 2},
		.retries = 3,
		.retry_base_ms = 10,
		.timeout_ms = 2000,
		.tls_verify = true,
		.rate_limit = {.burst = 1},
	};
	f->endpoint = (struct endpoint_def){.connection = "shop", .options = {&f->table, 1}};
	f->open = (struct plug_open){
		.role = FERRY_DESTINATION,
		.connection = &f->connection,
		.endpoint = &f->endpoint,
		.layout = &layout,
		.mode = FERRY_MODE_UPSERT,
		.keys = keys,
		.watch = {f, note_line, is_cancelled, NULL},
	};
}

static int fix_open(struct fix *f)
{
	f->err = (struct ferry_error){0};
	if (plug_handle_open(&plug, &f->open, &f->handle, &f->err) < 0)
		return -1;
	f->seen = f->handle->handle;
	f->host = f->seen->host;
	return 0;
}

static void test_open(void **state)
{
	(void)state;
	struct fix f;

	fix_init(&f);
	assert_int_equal(fix_open(&f), 0);
	assert_string_equal(f.seen->connection, "shop");
	assert_string_equal(ferry_setting_text(f.seen, "url"), "http://x");
	assert_string_equal(ferry_setting_text(f.seen, "api_key"), "hunter2");
	assert_string_equal(ferry_setting_text(f.seen, "table"), "people");
	assert_int_equal(f.seen->role, FERRY_DESTINATION);
	assert_int_equal(f.seen->mode, FERRY_MODE_UPSERT);
	assert_non_null(f.seen->layout);
	assert_string_equal(f.seen->keys[0], "id");
	assert_null(f.seen->keys[1]);
	assert_int_equal(f.host->abi.size, sizeof(struct ferry_host));
	assert_true(llabs(f.host->now(f.host) - clock_now()) < 1000000);
	closed = 0;
	plug_handle_close(f.handle);
	assert_int_equal(closed, 1);
	plug_handle_close(NULL);
}

static void test_open_fails(void **state)
{
	(void)state;
	struct fix f;

	/* everything that is missing is named at once */
	fix_init(&f);
	f.connection.options.n = f.endpoint.options.n = 0;
	assert_int_equal(fix_open(&f), -1);
	assert_int_equal(f.err.code, FERRY_E_CONFIG);
	assert_string_equal(f.err.msg, "connection 'shop': probe needs url, api_key, table");

	fix_init(&f);
	f.given[1].text = "${env:FERRY_TEST_NOTHING}";
	assert_int_equal(fix_open(&f), -1);
	assert_int_equal(f.err.code, FERRY_E_CONFIG);
	assert_memory_equal(f.err.msg, "connection 'shop': api_key: ", 28);

	fix_init(&f);
	f.given[2] = given("fail", "no such user");
	f.connection.options.n = 3;
	assert_int_equal(fix_open(&f), -1);
	assert_int_equal(f.err.code, FERRY_E_AUTH);
	assert_string_equal(f.err.msg, "connection 'shop': no such user");

	/* a connector that fails without a reason still gives one */
	f.given[2] = given("fail", "");
	assert_int_equal(fix_open(&f), -1);
	assert_int_equal(f.err.code, FERRY_E_CONNECTOR);
}

static void test_log(void **state)
{
	(void)state;
	struct fix f;

	fix_init(&f);
	assert_int_equal(fix_open(&f), 0);
	f.host->log(f.host, FERRY_LOG_WARN, "%d rows", 3);
	assert_string_equal(f.lines, "2 3 rows\n");
	plug_handle_close(f.handle);
}

/* ---- HTTP */

static int get(struct fix *f, const struct tiny_server *s, uint32_t flags,
	       struct ferry_http_response *res)
{
	struct ferry_http_request req = {.method = "GET", .url = s->url, .flags = flags};

	f->err = (struct ferry_error){0};
	return f->host->http(f->host, &req, res, &f->err);
}

static void test_http_retries(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {
		TINY_STATUS(503, ""), {TINY_CLOSE, NULL, 0}, TINY_STATUS(408, ""), TINY_OK(2, "ok"),
	};
	struct ferry_http_response res;
	struct tiny_server server;
	struct fix f;

	tiny_start(&server, NULL, steps, COUNT(steps));
	fix_init(&f);
	assert_int_equal(fix_open(&f), 0);
	assert_int_equal(get(&f, &server, FERRY_HTTP_RETRY, &res), 0);
	assert_int_equal(res.status, 200);
	assert_string_equal(res.body, "ok");
	assert_int_equal(server.requests, 4);
	assert_non_null(strstr(f.lines,
			       "2 connection 'shop': GET was answered with status 503; trying "
			       "again in 0.0 s (1 of 3)\n"));
	assert_non_null(strstr(f.lines, "(2 of 3)\n"));
	assert_non_null(strstr(f.lines, "status 408; trying again in "));
	plug_handle_close(f.handle);
	tiny_stop(&server);
}

static void test_http_does_not_retry(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_STATUS(503, ""),
						 TINY_STATUS(404, ""),
						 {TINY_CLOSE, NULL, 0}};
	struct ferry_http_response res;
	struct tiny_server server;
	struct fix f;

	tiny_start(&server, NULL, steps, COUNT(steps));
	fix_init(&f);
	assert_int_equal(fix_open(&f), 0);
	/* not asked to */
	assert_int_equal(get(&f, &server, 0, &res), 0);
	assert_int_equal(res.status, 503);
	/* would not help */
	assert_int_equal(get(&f, &server, FERRY_HTTP_RETRY, &res), 0);
	assert_int_equal(res.status, 404);
	assert_int_equal(server.requests, 2);
	/* often enough */
	assert_int_equal(get(&f, &server, FERRY_HTTP_RETRY, &res), -1);
	assert_int_equal(f.err.code, FERRY_E_NETWORK);
	assert_int_equal(server.requests, 2 + 1 + 3);
	plug_handle_close(f.handle);
	tiny_stop(&server);
}

/* A 429 stops everybody on that connection, also when the request itself is not repeated. */
static void test_http_429_holds_all(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_STATUS(429, "Retry-After: 1\r\n"),
						 TINY_OK(0, "")};
	char dir[] = "/tmp/ferry-test-host-XXXXXX", command[64];
	struct ferry_http_response res;
	struct tiny_server server;
	struct fix f, g;

	assert_non_null(mkdtemp(dir));
	tiny_start(&server, NULL, steps, COUNT(steps));
	fix_init(&f);
	fix_init(&g);
	f.open.state_dir = g.open.state_dir = dir;
	assert_int_equal(fix_open(&f), 0);
	assert_int_equal(fix_open(&g), 0);
	int64_t start = clock_mono();
	assert_int_equal(get(&f, &server, 0, &res), 0);
	assert_int_equal(res.status, 429);
	assert_int_equal(res.retry_after_ms, 1000);
	assert_int_equal(g.host->wait_turn(g.host, &g.err), 0);
	assert_true(clock_mono() - start >= 1000000);
	plug_handle_close(f.handle);
	plug_handle_close(g.handle);
	tiny_stop(&server);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

/* Retry-After is longer than the backoff would be: it is obeyed. */
static void test_http_obeys_retry_after(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_STATUS(503, "Retry-After: 1\r\n"),
						 TINY_OK(0, "")};
	struct ferry_http_response res;
	struct tiny_server server;
	struct fix f;

	tiny_start(&server, NULL, steps, COUNT(steps));
	fix_init(&f);
	assert_int_equal(fix_open(&f), 0);
	int64_t start = clock_mono();
	assert_int_equal(get(&f, &server, FERRY_HTTP_RETRY, &res), 0);
	assert_int_equal(res.status, 200);
	assert_true(clock_mono() - start >= 1000000);
	plug_handle_close(f.handle);
	tiny_stop(&server);
}

static void test_http_is_limited(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_OK(0, "")};
	struct ferry_http_response res;
	struct tiny_server server;
	struct fix f;

	tiny_start(&server, NULL, steps, COUNT(steps));
	fix_init(&f);
	f.connection.rate_limit = (struct rate_limit_def){.requests_per_second = 20,
							  .burst = 1,
							  .lanes = 1};
	assert_int_equal(fix_open(&f), 0);
	int64_t start = clock_mono();
	for (int i = 0; i < 6; i++)
		assert_int_equal(get(&f, &server, 0, &res), 0);
	assert_true(clock_mono() - start >= 250000);
	plug_handle_close(f.handle);
	tiny_stop(&server);
}

/* ---- answers in pieces */

struct pieces {
	char got[256];
	enum ferry_code refuse;
};

static int take_piece(void *ctx, const char *data, size_t len, struct ferry_error *err)
{
	struct pieces *p = ctx;
	size_t n = strlen(p->got);

	if (p->refuse)
		return ferry_fail(err, p->refuse, "will not do");
	snprintf(p->got + n, sizeof p->got - n, "%.*s", (int)len, data);
	return 0;
}

static int get_pieces(struct fix *f, const struct tiny_server *s, uint32_t flags, struct pieces *p)
{
	struct ferry_http_request req = {.method = "GET", .url = s->url, .flags = flags,
					 .piece = take_piece, .piece_ctx = p};
	struct ferry_http_response res;

	p->got[0] = '\0';
	f->err = (struct ferry_error){0};
	return f->host->http(f->host, &req, &res, &f->err) < 0 ? -1 : res.status;
}

/* What was given cannot be taken back: repeated only as long as nothing was. */
static void test_pieces_are_given_once(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {
		TINY_STATUS(503, ""), {TINY_CLOSE, NULL, 0}, TINY_OK(5, "whole"),
		{TINY_ANSWER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 0},
		TINY_OK(5, "again")};
	struct pieces p = {.refuse = 0};
	struct tiny_server server;
	struct fix f;

	tiny_start(&server, NULL, steps, COUNT(steps));
	fix_init(&f);
	assert_int_equal(fix_open(&f), 0);
	assert_int_equal(get_pieces(&f, &server, FERRY_HTTP_RETRY, &p), 200);
	assert_string_equal(p.got, "whole");
	assert_int_equal(server.requests, 3);
	assert_int_equal(get_pieces(&f, &server, FERRY_HTTP_RETRY, &p), -1);
	assert_int_equal(f.err.code, FERRY_E_NETWORK);
	assert_string_equal(p.got, "half");
	assert_int_equal(server.requests, 4);
	plug_handle_close(f.handle);
	tiny_stop(&server);
}

/* Whatever the taker's error is, it is the exchange's: not repeated, not read as anything else. */
static void test_piece_refused(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_OK(5, "whole")};
	static const enum ferry_code codes[] = {FERRY_E_PROTOCOL, FERRY_E_UNAVAILABLE, FERRY_E_CANCELLED};
	struct tiny_server server;
	struct fix f;

	tiny_start(&server, NULL, steps, COUNT(steps));
	fix_init(&f);
	assert_int_equal(fix_open(&f), 0);
	for (size_t i = 0; i < COUNT(codes) * 2; i++) {
		struct pieces p = {.refuse = codes[i / 2]};
		assert_int_equal(get_pieces(&f, &server, i % 2 ? FERRY_HTTP_RETRY : 0, &p), -1);
		assert_int_equal(f.err.code, codes[i / 2]);
		assert_string_equal(f.err.msg, "will not do");
	}
	assert_int_equal(server.requests, COUNT(codes) * 2);
	plug_handle_close(f.handle);
	tiny_stop(&server);
}

/* ---- ending a run while a connector waits */

static void test_cancel(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_STATUS(503, "Retry-After: 600\r\n")};
	struct ferry_http_response res;
	struct tiny_server server;
	struct fix f;

	tiny_start(&server, NULL, steps, COUNT(steps));
	fix_init(&f);
	assert_int_equal(fix_open(&f), 0);
	assert_false(f.host->cancelled(f.host));
	int64_t start = clock_mono();
	f.cancel_at = start + 200000;
	assert_int_equal(get(&f, &server, FERRY_HTTP_RETRY, &res), -1);
	assert_int_equal(f.err.code, FERRY_E_CANCELLED);
	assert_true(clock_mono() - start < 2000000);
	/* nothing is sent any more */
	assert_true(f.host->cancelled(f.host));
	assert_int_equal(get(&f, &server, 0, &res), -1);
	assert_int_equal(f.err.code, FERRY_E_CANCELLED);
	assert_int_equal(server.requests, 1);
	plug_handle_close(f.handle);
	tiny_stop(&server);
}

static void test_cancel_in_queue(void **state)
{
	(void)state;
	struct fix f;

	fix_init(&f);
	f.connection.rate_limit = (struct rate_limit_def){.requests_per_second = 0.01,
							  .burst = 1,
							  .lanes = 1};
	assert_int_equal(fix_open(&f), 0);
	assert_int_equal(f.host->wait_turn(f.host, &f.err), 0);
	int64_t start = clock_mono();
	f.cancel_at = start + 200000;
	assert_int_equal(f.host->wait_turn(f.host, &f.err), -1);
	assert_int_equal(f.err.code, FERRY_E_CANCELLED);
	assert_true(clock_mono() - start < 2000000);
	plug_handle_close(f.handle);
}

static void test_backoff(void **state)
{
	(void)state;
	static const int64_t base[] = {1000, 4000, 16000, 60000, 60000};
	struct connection_def c = {.retry_base_ms = 1000};
	struct fix f = {.cancel_at = 1};
	struct plug_watch watch = {&f, note_line, is_cancelled, NULL};
	int64_t least = INT64_MAX, most = 0;

	for (int attempt = 1; attempt <= 5; attempt++)
		for (int i = 0; i < 200; i++) {
			int64_t ms = backoff_ms(&c, attempt, 0), want = base[attempt - 1];
			assert_in_range(ms, want * 3 / 4, want == 60000 ? want : want * 5 / 4);
			if (attempt == 1) {
				least = ms < least ? ms : least;
				most = ms > most ? ms : most;
			}
		}
	/* it really varies */
	assert_true(most - least > 200);
	assert_int_equal(backoff_ms(&c, 1, 90000), 90000);
	assert_in_range(backoff_ms(&c, 2, 100), 3000, 5000);
	assert_int_equal(plug_backoff(&c, 3, 0, &watch, &f.err), -1);
	assert_int_equal(f.err.code, FERRY_E_CANCELLED);
	c.retry_base_ms = 0;
	assert_int_equal(plug_backoff(&c, 1, 0, &(struct plug_watch){0}, &f.err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_fails),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_http_retries),
		cmocka_unit_test(test_http_does_not_retry),
		cmocka_unit_test(test_http_429_holds_all),
		cmocka_unit_test(test_http_obeys_retry_after),
		cmocka_unit_test(test_http_is_limited),
		cmocka_unit_test(test_pieces_are_given_once),
		cmocka_unit_test(test_piece_refused),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_cancel_in_queue),
		cmocka_unit_test(test_backoff),
	};
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	if (http_init(NULL) < 0)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	http_exit();
	return failed;
}
