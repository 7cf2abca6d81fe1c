/* SPDX-License-Identifier: Apache-2.0 */
/* test-http.c - one exchange after the other, and every way in which one can fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http-fixture.h"

static void test_get(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_OK(5, "hello"), TINY_OK(0, "")};
	const char *headers[] = {"X-Word: one", NULL};
	struct ferry_http_request req = {.method = "GET", .headers = headers};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, req), 0);
	assert_int_equal(f.res.status, 200);
	assert_int_equal(f.res.body_len, 5);
	assert_string_equal(f.res.body, "hello");
	assert_string_equal(f.res.content_type, "text/plain");
	assert_int_equal(f.res.retry_after_ms, 0);
	assert_memory_equal(f.server.last.s, "GET /path?query=1 HTTP/1.1\r\n", 28);
	assert_non_null(strstr(f.server.last.s, "\r\nX-Word: one\r\n"));
	assert_null(strstr(f.server.last.s, "\r\nContent-Type"));
	/* the second one uses the same connection, and an empty body is a text too */
	assert_int_equal(ask(&f, req), 0);
	assert_int_equal(f.res.body_len, 0);
	assert_string_equal(f.res.body, "");
	assert_int_equal(f.server.connections, 1);
	fix_stop(&f);
}

static void test_post(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_STATUS(201, "")};
	const char *headers[] = {"Content-Type: application/json", NULL};
	struct ferry_http_request req = {.method = "POST",
					 .headers = headers,
					 .body = "a\0b",
					 .body_len = 3};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, req), 0);
	assert_int_equal(f.res.status, 201);
	assert_string_equal(f.res.content_type, "");
	assert_memory_equal(f.server.last.s, "POST ", 5);
	assert_non_null(strstr(f.server.last.s, "\r\nContent-Type: application/json\r\n"));
	assert_memory_equal(f.server.last.s + f.server.last.len - 7, "\r\n\r\na\0b", 7);

	req = (struct ferry_http_request){.method = "PUT"};
	assert_int_equal(ask(&f, req), 0);
	assert_memory_equal(f.server.last.s, "PUT ", 4);
	assert_non_null(strstr(f.server.last.s, "\r\nContent-Length: 0\r\n"));
	assert_null(strstr(f.server.last.s, "\r\nContent-Type"));

	req = (struct ferry_http_request){.method = "DELETE"};
	assert_int_equal(ask(&f, req), 0);
	assert_memory_equal(f.server.last.s, "DELETE ", 7);
	fix_stop(&f);
}

/* Two MiB, for which libcurl would first ask "Expect: 100-continue" and wait a second. */
static void test_post_large(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_STATUS(200, "")};
	size_t len = 2 << 20;
	char *body = ferry_alloc0(1, len);
	struct ferry_http_request req = {.method = "POST", .body = body, .body_len = len};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, req), 0);
	assert_null(strstr(f.server.last.s, "Expect"));
	assert_true(f.server.last.len > len);
	fix_stop(&f);
	free(body);
}

static void test_any_status_is_an_answer(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {
		TINY_STATUS(404, ""),
		TINY_STATUS(500, ""),
		TINY_STATUS(302, "Location: http://127.0.0.1:1/\r\n"),
	};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, GET), 0);
	assert_int_equal(f.res.status, 404);
	assert_int_equal(ask(&f, GET), 0);
	assert_int_equal(f.res.status, 500);
	assert_int_equal(ask(&f, GET), 0);
	assert_int_equal(f.res.status, 302);
	fix_stop(&f);
}

static void test_basic_auth(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_OK(0, "")};
	struct ferry_http_request req = {.method = "GET",
					 .user = "Aladdin",
					 .password = "open sesame"};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, req), 0);
	assert_non_null(strstr(f.server.last.s,
			       "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
	/* and the next one does not inherit it */
	assert_int_equal(ask(&f, GET), 0);
	assert_null(strstr(f.server.last.s, "Authorization"));
	fix_stop(&f);
}

static void test_gzip(void **state)
{
	(void)state;
	/* printf 'hello hello hello' | gzip -n */
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
				     "28\r\n\r\n"
				     "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9"
				     "\x57\xc8\x40\x90\x00"
				     "\x80\x88\xf9\xe5\x11\x00\x00\x00";
	static const struct tiny_step steps[] = {{TINY_ANSWER, answer, sizeof answer - 1}};
	struct ferry_http_request req = GET;
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, req), 0);
	assert_string_equal(f.res.body, "hello hello hello");
	assert_non_null(strstr(f.server.last.s, "\r\nAccept-Encoding: gzip, deflate\r\n"));
	/* the limit is for what comes out, not for what came over the line */
	req.max_response = 16;
	assert_int_equal(ask(&f, req), -1);
	assert_int_equal(f.err.code, FERRY_E_PROTOCOL);
	fix_stop(&f);
}

static void test_too_large(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_OK(5, "hello")};
	struct ferry_http_request req = {.method = "GET", .max_response = 5};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, req), 0);
	req.max_response = 4;
	assert_int_equal(ask(&f, req), -1);
	assert_int_equal(f.err.code, FERRY_E_PROTOCOL);
	assert_non_null(strstr(f.err.msg, "longer than 4 bytes"));
	fix_stop(&f);
}

/* ---- nothing was sent: CONNECT */

static const char *only_ipv6(void *ctx, const struct sockaddr *to)
{
	(*(int *)ctx)++;
	return to->sa_family == AF_INET6 ? NULL : "it is not to be";
}

/* Where a name leads is looked at before anything is connected to, each time. */
static void test_address_refused(void **state)
{
	static const struct tiny_step steps[] = {TINY_OK(2, "ok")};
	int asked = 0;
	struct http_settings settings = {.timeout_ms = 4000, .refuse = only_ipv6, .refuse_ctx = &asked};
	char url[64];
	struct fix f;

	(void)state;
	fix_start_with(&f, &settings, steps, 1);
	setenv("http_proxy", f.server.url, 1);
	for (int i = 1; i <= 2; i++) {
		snprintf(url, sizeof url, "http://user:secret@127.0.0.1:%d/x", f.server.port);
		assert_int_equal(ask_url(&f, (struct ferry_http_request){.method = "POST", .body = "x", .body_len = 1}, url), -1);
		assert_int_equal(f.err.code, FERRY_E_FORBIDDEN);
		assert_non_null(strstr(f.err.msg, "127.0.0.1 is not to be connected to: it is not to be"));
		assert_null(strstr(f.err.msg, "secret"));
		assert_int_equal(asked, i);
	}
	unsetenv("http_proxy");
	assert_int_equal(f.server.connections, 0);
	fix_stop(&f);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_OK(0, "")};
	char url[64];
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	snprintf(url, sizeof url, "http://127.0.0.1:%d/x", tiny_free_port());
	assert_int_equal(ask_url(&f, POST, url), -1);
	assert_int_equal(f.err.code, FERRY_E_CONNECT);
	fix_stop(&f);
}

static void test_unknown_host(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_OK(0, "")};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask_url(&f, POST, "http://nobody.invalid/"), -1);
	assert_int_equal(f.err.code, FERRY_E_CONNECT);
	assert_non_null(strstr(f.err.msg, "nobody.invalid"));
	fix_stop(&f);
}

static void test_no_tls(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {{TINY_RESET, NULL, 0}, {TINY_MUTE, NULL, 0}};
	struct http_settings settings = {.connect_timeout_ms = 300, .timeout_ms = 4000};
	char url[64];
	struct fix f;

	fix_start_with(&f, &settings, steps, COUNT(steps));
	snprintf(url, sizeof url, "https://127.0.0.1:%d/x", f.server.port);
	assert_int_equal(ask_url(&f, POST, url), -1);
	assert_int_equal(f.err.code, FERRY_E_CONNECT);
	int64_t start = clock_mono();
	assert_int_equal(ask_url(&f, POST, url), -1);
	assert_int_equal(f.err.code, FERRY_E_CONNECT);
	assert_true(clock_mono() - start < 2000000);
	assert_int_equal(f.server.requests, 0);
	fix_stop(&f);
}

/* ---- it may have been received: NETWORK, TIMEOUT */

static void test_broken(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {
		{TINY_CLOSE, NULL, 0},
		{TINY_ABORT, NULL, 0},
		{TINY_ANSWER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 0},
	};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	for (size_t i = 0; i < COUNT(steps); i++) {
		assert_int_equal(ask(&f, POST), -1);
		assert_int_equal(f.err.code, FERRY_E_NETWORK);
	}
	assert_int_equal(f.server.requests, 3);
	fix_stop(&f);
}

/* Reset at once: before the request is written or in the middle of it, as chance will have it. */
static void test_reset_at_once(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {{TINY_RESET, NULL, 0}};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	for (int i = 0; i < 20; i++) {
		assert_int_equal(ask(&f, POST), -1);
		assert_true(f.err.code == FERRY_E_CONNECT || f.err.code == FERRY_E_NETWORK);
	}
	fix_stop(&f);
}

/*
 * A kept connection breaks after the request went out: libcurl would send it again on its own, and
 * the other side might do it twice.
 */
static void test_kept_connection_breaks(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_OK(1, "1"),
						 {TINY_CLOSE, NULL, 0},
						 TINY_OK(1, "3")};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, POST), 0);
	assert_int_equal(ask(&f, POST), -1);
	assert_int_equal(f.err.code, FERRY_E_NETWORK);
	assert_int_equal(f.server.requests, 2);
	/* the client is still good */
	assert_int_equal(ask(&f, POST), 0);
	assert_string_equal(f.res.body, "3");
	fix_stop(&f);
}

static void test_timeout(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {{TINY_SILENT, NULL, 0}};
	struct http_settings settings = {.connect_timeout_ms = 2000, .timeout_ms = 300};
	struct fix f;

	fix_start_with(&f, &settings, steps, COUNT(steps));
	assert_int_equal(ask(&f, POST), -1);
	assert_int_equal(f.err.code, FERRY_E_TIMEOUT);
	fix_stop(&f);
}

static void test_no_http(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {{TINY_ANSWER_CLOSE, "SSH-2.0-OpenSSH_9.2\r\n", 0}};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, GET), -1);
	assert_int_equal(f.err.code, FERRY_E_PROTOCOL);
	fix_stop(&f);
}

static void test_cancel(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {{TINY_SILENT, NULL, 0}};
	int64_t start = clock_mono(), when = start + 200000;
	struct http_settings settings = {.timeout_ms = 8000, .cancelled = cancel_now, .ctx = &when};
	struct fix f;

	fix_start_with(&f, &settings, steps, COUNT(steps));
	assert_int_equal(ask(&f, POST), -1);
	assert_int_equal(f.err.code, FERRY_E_CANCELLED);
	assert_true(clock_mono() - start < 3000000);
	fix_stop(&f);
}

/* ---- how long to stay away */

static void test_retry_after(void **state)
{
	(void)state;
	char date[128], answer[256];
	time_t soon = time(NULL) + 100;
	struct tm tm;
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&soon, &tm));
	snprintf(answer, sizeof answer,
		 "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", date);
	const struct tiny_step steps[] = {
		TINY_STATUS(429, "Retry-After: 7\r\nX-RateLimit-Reset: 3\r\n"),
		TINY_STATUS(429, "x-ratelimit-reset:  3 \r\n"),
		TINY_STATUS(200, "X-RateLimit-Reset: 3\r\n"),
		TINY_STATUS(429, "Retry-After: soon\r\n"),
		TINY_STATUS(429, "Retry-After: 99999999999999999999\r\n"),
		{TINY_ANSWER, answer, 0},
		{TINY_ANSWER,
		 "HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\nHTTP/1.1 429 "
		 "No\r\nContent-Length: 0\r\n\r\n",
		 0},
	};
	const int64_t want[] = {7000, 3000, 0, 0, 86400000, 100000, 0};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	for (size_t i = 0; i < COUNT(steps); i++) {
		assert_int_equal(ask(&f, GET), 0);
		assert_true(llabs(f.res.retry_after_ms - want[i]) <=
			    (want[i] == 100000 ? 2000 : 0));
	}
	fix_stop(&f);
}

/* ---- links to further pages */

static void test_link(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {
		TINY_STATUS(200, "Link: </a>; rel=\"next\"\r\n"),
		TINY_STATUS(200, "link: </a>\r\nLink:  </b>; rel=next \r\n"),
		TINY_STATUS(200, ""),
		{TINY_ANSWER,
		 "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
		 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		 0},
	};
	static const char *const want[] = {"</a>; rel=\"next\"", "</a>, </b>; rel=next", "", ""};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	for (size_t i = 0; i < COUNT(steps); i++) {
		assert_int_equal(ask(&f, GET), 0);
		assert_string_equal(f.res.link, want[i]);
	}
	fix_stop(&f);
}

/* ---- what is refused, and what is never shown */

static void test_refused_requests(void **state)
{
	(void)state;
	static const char *const urls[] = {
		"ftp://127.0.0.1/",  "file:///etc/passwd",
		"nonsense",	     "",
		"http://",	     "http://a b/",
		"http://x/\r\nX: 1", "http://127.0.0.1:99999/",
	};
	static const struct tiny_step steps[] = {TINY_OK(0, "")};
	const char *headers[] = {"X-Token: secret\r\nX-Other: 1", NULL};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	for (size_t i = 0; i < COUNT(urls); i++) {
		assert_int_equal(ask_url(&f, GET, urls[i]), -1);
		assert_int_equal(f.err.code, FERRY_E_CONFIG);
	}
	assert_int_equal(ask(&f, (struct ferry_http_request){.method = "GET", .headers = headers}),
			 -1);
	assert_int_equal(f.err.code, FERRY_E_CONFIG);
	assert_null(strstr(f.err.msg, "secret"));
	assert_int_equal(ask(&f, (struct ferry_http_request){.method = "GET / HTTP/1.1\r\n"}), -1);
	assert_int_equal(f.err.code, FERRY_E_CONFIG);
	assert_int_equal(f.server.requests, 0);
	fix_stop(&f);
}

static void test_no_secrets_in_messages(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {{TINY_CLOSE, NULL, 0}};
	char url[128];
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	snprintf(url, sizeof url, "http://me:hunter2@127.0.0.1:%d/a/b?token=hunter2",
		 f.server.port);
	assert_int_equal(ask_url(&f, GET, url), -1);
	assert_null(strstr(f.err.msg, "hunter2"));
	assert_null(strstr(f.err.msg, "me:"));
	assert_non_null(strstr(f.err.msg, "GET http://127.0.0.1"));
	assert_non_null(strstr(f.err.msg, "/a/b:"));
	snprintf(url, sizeof url, "http://me:hun@ter2@127.0.0.1:%d/a", tiny_free_port());
	assert_int_equal(ask_url(&f, GET, url), -1);
	assert_null(strstr(f.err.msg, "hun"));
	assert_null(strstr(f.err.msg, "ter2"));
	fix_stop(&f);
}

static void test_unix_socket(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {TINY_OK(2, "ok")};
	char path[64];
	snprintf(path, sizeof path, "/tmp/ferry-test-http-%d.sock", (int)getpid());
	struct http_settings settings = {.unix_socket = path};
	struct tiny_server server;
	struct fix f = {0};

	tiny_start(&server, path, steps, COUNT(steps));
	assert_int_equal(http_client_new(&settings, &f.client, NULL), 0);
	assert_int_equal(ask_url(&f, GET, "http://ferry/x"), 0);
	assert_string_equal(f.res.body, "ok");
	http_client_free(f.client);
	tiny_stop(&server);
	unlink(path);
}

static void test_encode(void **state)
{
	(void)state;
	struct buf out = BUF_INIT;

	http_encode(&out, "aZ9_~-", 6);
	assert_string_equal(out.s, "aZ9_~-");
	buf_reset(&out);
	http_encode(&out, "../a b\0\xc3\xa4", 9);
	assert_string_equal(out.s, "%2E%2E%2Fa%20b%00%C3%A4");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_post),
		cmocka_unit_test(test_post_large),
		cmocka_unit_test(test_any_status_is_an_answer),
		cmocka_unit_test(test_basic_auth),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_address_refused),
		cmocka_unit_test(test_unknown_host),
		cmocka_unit_test(test_no_tls),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_reset_at_once),
		cmocka_unit_test(test_kept_connection_breaks),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_no_http),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_refused_requests),
		cmocka_unit_test(test_no_secrets_in_messages),
		cmocka_unit_test(test_unix_socket),
		cmocka_unit_test(test_encode),
	};
	return cmocka_run_group_tests(tests, http_begin, http_end);
}
