/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-http-pieces.c - answers taken in pieces as they come: which ones are, their time, their end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "http-fixture.h"

struct pieces {
	struct buf got;
	int calls, fail_at, pause_ms;
};

static int take_piece(void *ctx, const char *data, size_t len, struct ferry_error *err)
{
	struct pieces *p = ctx;

	assert_true(len > 0);
	if (++p->calls == p->fail_at)
		return ferry_fail(err, FERRY_E_DATA, "piece %d will not do", p->calls);
	if (p->pause_ms)
		usleep((useconds_t)p->pause_ms * 1000);
	buf_add(&p->got, data, len);
	return 0;
}

static struct ferry_http_request in_pieces(struct pieces *p)
{
	return (struct ferry_http_request){.method = "GET", .piece = take_piece, .piece_ctx = p};
}

/* Each part comes when it is sent, and the limit for what is kept is not for them. */
static void test_pieces(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {
		{TINY_DRIP, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhel|lo |world", 0},
		TINY_OK(0, "")};
	struct pieces p = {.got = BUF_INIT};
	struct ferry_http_request req = in_pieces(&p);
	struct fix f;

	req.max_response = 4;
	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, req), 0);
	assert_int_equal(f.res.status, 200);
	assert_string_equal(f.res.content_type, "text/plain");
	assert_int_equal(f.res.body_len, 0);
	assert_string_equal(f.res.body, "");
	assert_string_equal(buf_str(&p.got), "hello world");
	assert_int_equal(p.calls, 3);
	/* an empty body is no piece */
	assert_int_equal(ask(&f, req), 0);
	assert_int_equal(p.calls, 3);
	buf_release(&p.got);
	fix_stop(&f);
}

static void test_pieces_only_of_success(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {
		{TINY_ANSWER, "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone", 0},
		{TINY_ANSWER, "HTTP/1.1 302 There\r\nContent-Length: 5\r\n\r\nthere", 0},
		{TINY_ANSWER, "HTTP/1.1 206 Some\r\nContent-Length: 4\r\n\r\nsome", 0},
		TINY_OK(5, "whole")};
	struct pieces p = {.got = BUF_INIT};
	struct ferry_http_request req = in_pieces(&p);
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	req.max_response = 4;
	assert_int_equal(ask(&f, req), 0);
	assert_int_equal(f.res.status, 404);
	assert_string_equal(f.res.body, "gone");
	assert_int_equal(ask(&f, req), -1);
	assert_int_equal(f.err.code, FERRY_E_PROTOCOL);
	assert_int_equal(p.calls, 0);
	assert_int_equal(ask(&f, req), 0);
	assert_string_equal(buf_str(&p.got), "some");
	/* and the one after them keeps its body */
	assert_int_equal(ask(&f, GET), 0);
	assert_string_equal(f.res.body, "whole");
	assert_int_equal(p.calls, 1);
	buf_release(&p.got);
	fix_stop(&f);
}

static void test_pieces_are_decoded(void **state)
{
	(void)state;
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 28\r\n\r\n"
				     "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9"
				     "\x57\xc8\x40\x90\x00\x80\x88\xf9\xe5\x11\x00\x00\x00";
	static const struct tiny_step steps[] = {{TINY_ANSWER, answer, sizeof answer - 1}};
	struct pieces p = {.got = BUF_INIT};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, in_pieces(&p)), 0);
	assert_string_equal(buf_str(&p.got), "hello hello hello");
	buf_release(&p.got);
	fix_stop(&f);
}

static void test_piece_refused(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {
		{TINY_DRIP, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none|two|six", 0}, TINY_OK(2, "ok")};
	struct pieces p = {.got = BUF_INIT, .fail_at = 2};
	struct fix f;

	fix_start(&f, steps, COUNT(steps));
	assert_int_equal(ask(&f, in_pieces(&p)), -1);
	assert_int_equal(f.err.code, FERRY_E_DATA);
	assert_string_equal(f.err.msg, "piece 2 will not do");
	assert_int_equal(p.calls, 2);
	assert_string_equal(buf_str(&p.got), "one");
	/* the client is still good */
	assert_int_equal(ask(&f, GET), 0);
	assert_string_equal(f.res.body, "ok");
	buf_release(&p.got);
	fix_stop(&f);
}

/* The time is that from one piece to the next: a long answer takes as long as it takes. */
static void test_pieces_have_their_own_time(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {
		{TINY_DRIP, "HTTP/1.1 200 OK\r\n\r\n1|2|3|4|5|6", 0},
		{TINY_ANSWER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n7", 0},
		{TINY_STALL, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n8", 0},
		{TINY_SILENT, NULL, 0},
		{TINY_DRIP, "HTTP/1.1 500 Slow\r\nContent-Length: 20\r\n\r\n1|2|3|4|5|6|7|8", 0}};
	struct http_settings settings = {.connect_timeout_ms = 2000, .timeout_ms = 500};
	struct pieces p = {.got = BUF_INIT};
	struct fix f;

	fix_start_with(&f, &settings, steps, COUNT(steps));
	assert_int_equal(ask(&f, in_pieces(&p)), 0);
	/* nor does the time count that the callee takes */
	p.pause_ms = 700;
	assert_int_equal(ask(&f, in_pieces(&p)), 0);
	p.pause_ms = 0;
	for (int i = 0; i < 2; i++) {
		int64_t start = clock_mono();
		assert_int_equal(ask(&f, in_pieces(&p)), -1);
		assert_int_equal(f.err.code, FERRY_E_TIMEOUT);
		assert_non_null(strstr(f.err.msg, "nothing more came for 500 ms"));
		assert_in_range(clock_mono() - start, 450000, 1500000);
	}
	assert_string_equal(buf_str(&p.got), "12345678");
	/* an answer that is kept has its time as a whole */
	assert_int_equal(ask(&f, in_pieces(&p)), -1);
	assert_int_equal(f.err.code, FERRY_E_TIMEOUT);
	buf_release(&p.got);
	fix_stop(&f);
}

static void test_pieces_broken_and_cancelled(void **state)
{
	(void)state;
	static const struct tiny_step steps[] = {
		{TINY_ANSWER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 0},
		{TINY_STALL, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 0}};
	int64_t when = INT64_MAX;
	struct http_settings settings = {.timeout_ms = 8000, .cancelled = cancel_now, .ctx = &when};
	struct pieces p = {.got = BUF_INIT};
	struct fix f;

	fix_start_with(&f, &settings, steps, COUNT(steps));
	assert_int_equal(ask(&f, in_pieces(&p)), -1);
	assert_int_equal(f.err.code, FERRY_E_NETWORK);
	assert_string_equal(buf_str(&p.got), "half");
	int64_t start = clock_mono();
	when = start + 200000;
	assert_int_equal(ask(&f, in_pieces(&p)), -1);
	assert_int_equal(f.err.code, FERRY_E_CANCELLED);
	assert_true(clock_mono() - start < 3000000);
	buf_release(&p.got);
	fix_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_pieces_only_of_success),
		cmocka_unit_test(test_pieces_are_decoded),
		cmocka_unit_test(test_piece_refused),
		cmocka_unit_test(test_pieces_have_their_own_time),
		cmocka_unit_test(test_pieces_broken_and_cancelled),
	};
	return cmocka_run_group_tests(tests, http_begin, http_end);
}
