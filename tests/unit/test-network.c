/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-network.c - requests as pages, proxies and strangers of ill will send them; too many, too slow, and
 * what is known of them afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "network-fixture.h"

/* ------------------------------------------------------------------ hostile requests */

#define HOST "Host: 127.0.0.1:~\r\n"
#define JSON "Content-Type: application/json\r\nContent-Length: 2\r\n"

/* As an admin would, but for one thing. head: what stands behind the request line and Authorization. */
static const struct hostile {
	int status, other;		/* other: what the library itself may say to it; 0: nothing */
	const char *line, *head, *body;
} hostile[] = {
#define TRIGGERS(status, head) {status, 0, "POST " TRIGGER " HTTP/1.1", head JSON, "{}"}
	/* names that are pointed at us, or are no names */
	TRIGGERS(400, ""),
	TRIGGERS(400, "Host: \r\n"),
	TRIGGERS(421, "Host: evil.example\r\n"),
	TRIGGERS(421, "Host: evil.example:~\r\n"),
	TRIGGERS(421, "Host: 127.0.0.1\r\n"),
	TRIGGERS(421, "Host: 127.0.0.1:1\r\n"),
	TRIGGERS(421, "Host: 127.0.0.2:~\r\n"),
	TRIGGERS(421, "Host: localhost\r\n"),
	TRIGGERS(421, "Host: localhost.evil.example:~\r\n"),
	TRIGGERS(421, "Host: 127.0.0.1.nip.io:~\r\n"),
	TRIGGERS(421, "Host: [::1]:~\r\n"),
	TRIGGERS(421, "Host: [::ffff:127.0.0.1]:~\r\n"),
	TRIGGERS(421, "Host: 0.0.0.0:~\r\n"),
	TRIGGERS(421, "Host: evilferry.example.com\r\n"),
	TRIGGERS(421, "Host: ferry.example.com.evil.example\r\n"),
	TRIGGERS(421, "Host: ferry.example.com:8443\r\n"),
	TRIGGERS(421, "Host: f.example.org\r\n"),
	TRIGGERS(421, "Host: f.example.org:443\r\n"),
	TRIGGERS(400, "Host: 127.0.0.1:~@evil.example\r\n"),
	TRIGGERS(400, "Host: evil.example@127.0.0.1:~\r\n"),
	TRIGGERS(400, "Host: http://127.0.0.1:~\r\n"),
	TRIGGERS(400, "Host: 127.0.0.1:~/\r\n"),
	TRIGGERS(400, "Host: 127.0.0.1:~, evil.example\r\n"),
	TRIGGERS(400, "Host: 127.0.0.1:\r\n"),
	TRIGGERS(400, "Host: 127.0.0.1:0~\r\n"),
	TRIGGERS(400, "Host: 127.0.0.1:-1\r\n"),
	TRIGGERS(400, "Host: 127.0.0.1:99999\r\n"),
	TRIGGERS(400, "Host: 127.1:~\r\n"),
	TRIGGERS(421, "Host: 0x7f000001:~\r\n"),
	TRIGGERS(400, "Host: 2130706433:~\r\n"),
	TRIGGERS(400, "Host: 0177.0.0.1:~\r\n"),
	TRIGGERS(400, "Host: ferry.example.com.\r\n"),
	TRIGGERS(400, "Host: *\r\n"),
	TRIGGERS(400, "Host: ferry_example\r\n"),
	TRIGGERS(400, "Host: [::1\r\n"),
	TRIGGERS(400, HOST HOST),
	TRIGGERS(400, HOST "Host: evil.example\r\n"),
	TRIGGERS(400, HOST "host: 127.0.0.1:~\r\n"),
	/* pages of others */
	TRIGGERS(403, HOST "Origin: null\r\n"),
	TRIGGERS(403, HOST "Origin: \r\n"),
	TRIGGERS(403, HOST "Origin: http://evil.example\r\n"),
	TRIGGERS(403, HOST "Origin: https://evil.example:~\r\n"),
	TRIGGERS(403, HOST "Origin: http://127.0.0.1\r\n"),
	TRIGGERS(403, HOST "Origin: http://127.0.0.1:1\r\n"),
	TRIGGERS(403, HOST "Origin: http://localhost:~\r\n"),
	TRIGGERS(403, HOST "Origin: http://127.0.0.1:~.evil.example\r\n"),
	TRIGGERS(403, HOST "Origin: http://127.0.0.1:~/\r\n"),
	TRIGGERS(403, HOST "Origin: http://127.0.0.1:~ http://evil.example\r\n"),
	TRIGGERS(403, HOST "Origin: http://evil@127.0.0.1:~\r\n"),
	TRIGGERS(403, HOST "Origin: 127.0.0.1:~\r\n"),
	TRIGGERS(403, HOST "Origin: file://\r\n"),
	TRIGGERS(403, HOST "Origin: chrome-extension://abcdef\r\n"),
	TRIGGERS(400, HOST "Origin: http://127.0.0.1:~\r\nOrigin: http://evil.example\r\n"),
	TRIGGERS(403, "Host: ferry.example.com\r\nOrigin: https://f.example.org:8443\r\n"),
	TRIGGERS(403, "Host: ferry.example.com\r\nOrigin: https://ferry.example.com:8443\r\n"),
	{403, 0, "GET " V1 "/runs HTTP/1.1", HOST "Origin: http://evil.example\r\n", ""},
	TRIGGERS(403, HOST "Sec-Fetch-Site: cross-site\r\n"),
	TRIGGERS(403, HOST "Sec-Fetch-Site: same-site\r\n"),
	TRIGGERS(403, HOST "Sec-Fetch-Site: \r\n"),
	TRIGGERS(403, HOST "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n"),
	{405, 0, "OPTIONS " TRIGGER " HTTP/1.1", HOST "Access-Control-Request-Method: POST\r\n"
		"Access-Control-Request-Headers: authorization\r\n", ""},
	{403, 0, "OPTIONS " TRIGGER " HTTP/1.1", HOST "Origin: http://evil.example\r\n", ""},
	/* bodies that a form can send */
#define BODY(status, type) {status, 0, "POST " TRIGGER " HTTP/1.1", HOST type "Content-Length: 2\r\n", "{}"}
	BODY(415, ""),
	BODY(415, "Content-Type: text/plain\r\n"),
	BODY(415, "Content-Type: application/x-www-form-urlencoded\r\n"),
	BODY(415, "Content-Type: multipart/form-data; boundary=x\r\n"),
	BODY(415, "Content-Type: text/plain; application/json\r\n"),
	BODY(415, "Content-Type: application/json, text/plain\r\n"),
	BODY(415, "Content-Type: application/jsonp\r\n"),
	BODY(415, "Content-Type: application/json; charset=latin1\r\n"),
	BODY(415, "Content-Type: text/json\r\n"),
	BODY(400, "Content-Type: application/json\r\nContent-Type: text/plain\r\n"),
	{415, 0, "POST " TRIGGER " HTTP/1.1", HOST "Content-Type: text/plain\r\nContent-Length: 0\r\n", ""},
	{415, 0, "POST " TRIGGER " HTTP/1.1", HOST "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"},
	/* paths that two readers read differently */
#define PATH(status, path) {status, 400, "POST " path " HTTP/1.1", HOST JSON, "{}"}
	PATH(400, "//api/v1/syncs/a-ok/trigger"),
	PATH(400, "/api/v1//syncs/a-ok/trigger"),
	PATH(400, "/api/v1/./syncs/a-ok/trigger"),
	PATH(400, "/api/v1/x/../syncs/a-ok/trigger"),
	PATH(400, "/api/v1/x/%2e%2e/syncs/a-ok/trigger"),
	PATH(400, "/api/v1/x/.%2E/syncs/a-ok/trigger"),
	PATH(400, "/api/v1/syncs%2fa-ok/trigger"),
	PATH(400, "/api/v1/syncs%2Fa-ok%2Ftrigger"),
	PATH(400, "/api/v1/syncs%252fa-ok/trigger"),
	PATH(400, "/api/v1/syncs%5ca-ok/trigger"),
	PATH(400, "/api\\v1\\syncs\\a-ok\\trigger"),
	PATH(400, "/api/v1/syncs/a-ok%00/trigger"),
	PATH(400, "/api/v1/syncs/a-ok%0d%0a/trigger"),
	PATH(400, "/api/v1/syncs/a-ok%/trigger"),
	PATH(400, "/api/v1/syncs/a-ok%g1/trigger"),
	PATH(400, "http://evil.example" TRIGGER),
	PATH(400, "http://127.0.0.1:~" TRIGGER),
	PATH(400, "*"),
	PATH(404, TRIGGER "/"),
	PATH(404, TRIGGER ";x=1"),
	PATH(404, "/API/v1/syncs/a-ok/trigger"),
	/* methods */
	{405, 0, "GET " TRIGGER " HTTP/1.1", HOST "X-HTTP-Method-Override: POST\r\n", ""},
	{405, 0, "PUT " TRIGGER " HTTP/1.1", HOST JSON, "{}"},
	{405, 0, "PATCH " TRIGGER " HTTP/1.1", HOST JSON, "{}"},
	{405, 0, "DELETE " TRIGGER " HTTP/1.1", HOST, ""},
	{405, 0, "TRACE " TRIGGER " HTTP/1.1", HOST, ""},
	{405, 0, "post " TRIGGER " HTTP/1.1", HOST JSON, "{}"},
	{405, 0, "HEAD " TRIGGER " HTTP/1.1", HOST, ""},
	{400, 0, "CONNECT 127.0.0.1:~ HTTP/1.1", HOST, ""},
	/* one request, or two */
	{400, 0, "POST " TRIGGER " HTTP/1.1", HOST JSON "Content-Length: 0\r\n", "{}"},
	{400, 0, "POST " TRIGGER " HTTP/1.1", HOST JSON "Transfer-Encoding: chunked\r\n", "0\r\n\r\n{}"},
	{400, 0, "POST " TRIGGER " HTTP/1.1", HOST "Content-Type: application/json\r\nContent-Length: -1\r\n", "{}"},
	{400, 413, "POST " TRIGGER " HTTP/1.1", HOST "Content-Type: application/json\r\n"
		"Content-Length: 99999999999999999999\r\n", "{}"},
	{400, 0, "POST " TRIGGER " HTTP/1.1", HOST "Content-Type: application/json\r\n"
		"Transfer-Encoding: gzip, chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"},
	{400, 0, "POST " TRIGGER " HTTP/1.1", HOST "Content-Type: application/json\r\n"
		"Transfer-Encoding: xchunked\r\n", "2\r\n{}\r\n0\r\n\r\n"},
	{400, 0, "POST " TRIGGER " HTTP/1.0", JSON, "{}"},
};

/* Nothing was done: no run, no change of the configuration, and what was refused is all the audit knows of. */
static void nothing_has_happened(struct net *n)
{
	struct answer a = call(&n->s, "GET", "/api/v1/runs", NULL);
	assert_int_equal(int_at(a.doc, "pagination.total"), 0);
	release(&a);
	a = call(&n->s, "GET", "/api/v1/audit?per_page=100", NULL);
	for (size_t i = 0; i + (size_t)n->audited < json_count(at(a.doc, "data")); i++) {
		const char *result = json_get_text(json_at(at(a.doc, "data"), i), "result", "");
		if (strncmp(result, "refused: ", 9) != 0)
			fail_msg("%s", result);
	}
	release(&a);
}

static void what_is_hostile_is_refused(void **state)
{
	struct net *n = *state;
	struct buf text = BUF_INIT, raw = BUF_INIT;

	net_open(n, "");
	_Static_assert(sizeof hostile / sizeof *hostile >= 50, "at least so many");
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		const struct hostile *h = &hostile[i];
		buf_reset(&text);
		buf_reset(&raw);
		buf_addf(&text, "%s\r\nAuthorization: Bearer %s\r\nConnection: close\r\n%s\r\n%s", h->line,
			 n->tokens[VALID_ADMIN], h->head, h->body);
		int status = net_ask(n, text.s, &raw);
		if (status != h->status && (!h->other || status != h->other))
			fail_msg("%s\n%s-> %d, not %d:\n%s", h->line, h->head, status, h->status, buf_str(&raw));
		/* no page is ever told that it may read */
		assert_null(strcasestr(raw.s, "access-control"));
		assert_null(strcasestr(raw.s, "set-cookie"));
	}
	nothing_has_happened(n);
	/* and the same without the one thing, under each of its names */
	static const char *const fine[] = {
		HOST, "Host: localhost:~\r\n", "Host: LocalHost:~\r\n", "Host: ferry.example.com\r\n",
		"Host: ferry.example.com:443\r\n", "Host: ferry.example.com:~\r\n", "Host: f.example.org:8443\r\n",
		HOST "Origin: http://127.0.0.1:~\r\nSec-Fetch-Site: same-origin\r\n",
		HOST "Sec-Fetch-Site: none\r\n",
		"Host: ferry.example.com\r\nOrigin: https://ferry.example.com\r\n",
		"Host: ferry.example.com:443\r\nOrigin: https://ferry.example.com\r\n",
	};
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
		buf_reset(&text);
		buf_addf(&text, "POST " TRIGGER " HTTP/1.1\r\nAuthorization: bearer %s\r\nConnection: close\r\n"
			 "%s" JSON "\r\n{}", n->tokens[VALID_ADMIN], fine[i]);
		int status = net_ask(n, text.s, NULL);
		if (status != 202)
			fail_msg("%s-> %d", fine[i], status);
	}
	buf_release(&text);
	buf_release(&raw);
}

static void what_is_no_token_is_none(void **state)
{
	struct net *n = *state;
	char value[300];
	struct buf raw = BUF_INIT;

	net_open(n, "");
	const char *good = n->tokens[VALID_ADMIN];
	static const char *const around[][2] = {
		{"", ""}, {"Basic ", ""}, {"Token ", ""}, {"Bearer", ""}, {"Bearer x", ""}, {"Bearer ", "x"},
		{"Bearer ", ","}, {"Bearer ", " x"}, {"Bearer \"", "\""}, {"Bearer\t", ""}, {"Digest username=", ""},
	};
	for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
		buf_reset(&raw);
		snprintf(value, sizeof value, "%s%s%s", around[i][0], good, around[i][1]);
		int status = net_call(n, "GET", "/api/v1/status", value, &raw);
		if (status == 429) {
			assert_true(i >= 10);
			assert_non_null(strstr(raw.s, "Retry-After: 60"));
			continue;
		}
		assert_int_equal(status, 401);
		assert_non_null(strstr(raw.s, "WWW-Authenticate: Bearer realm=\"ferry\", error=\"invalid_token\""));
	}
	/* other places where one might be looked for */
	snprintf(value, sizeof value, "/api/v1/status?access_token=%s&token=%s", good, good);
	assert_int_equal(net_call(n, "GET", value, NULL, NULL), 401);
	/* who has a good one is served all the same, whoever else comes from there */
	assert_int_equal(net_call_as(n, "GET", "/api/v1/status", good, NULL), 200);
	buf_release(&raw);
}

/* ------------------------------------------------------------------- bounds and audit */

static int64_t count_audit(struct net *n, const char *query)
{
	char path[200];

	snprintf(path, sizeof path, "/api/v1/audit?%s", query);
	struct answer a = call(&n->s, "GET", path, NULL);
	int64_t total = int_at(a.doc, "pagination.total");
	release(&a);
	return total;
}

static void refusals_are_in_the_audit_but_do_not_fill_it(void **state)
{
	struct net *n = *state;

	net_open(n, "");
	assert_int_equal(count_audit(n, ""), n->audited);
	for (int i = 0; i < 100; i++)
		assert_int_equal(net_call_as(n, "POST", TRIGGER, n->tokens[VALID_VIEWER], NULL), 403);
	assert_int_equal(count_audit(n, "action=trigger"), 30);
	assert_int_equal(count_audit(n, "actor=reader"), 30);
	assert_int_equal(count_audit(n, "actor=token%20reader%20(127.0.0.1)"), 30);
	/* another one is not silenced by it */
	assert_int_equal(net_call_as(n, "POST", TRIGGER, n->tokens[VALID_ADMIN], NULL), 202);
	assert_int_equal(count_audit(n, "actor=boss"), 1);
	assert_int_equal(count_audit(n, "actor=boss&action=reload"), 0);
	assert_int_equal(count_audit(n, "to=2001-01-01"), 0);
	assert_int_equal(count_audit(n, "from=2001-01-01"), n->audited + 31);
	assert_int_equal(count_audit(n, "before=2"), 1);
	/* wrong ones are few, too */
	for (int i = 0; i < 30; i++)
		net_call_as(n, "GET", "/api/v1/status", n->tokens[REVOKED], NULL);
	assert_int_equal(count_audit(n, "action=authenticate"), 10);
}

static bool has_ended(struct fixture *f, void *ctx)
{
	struct exchange *x = ctx;
	return take(f, x);
}

static void the_slow_and_the_many_are_cut(void **state)
{
	struct net *n = *state;
	struct exchange many[100];

	net_open(n, ", request_timeout: 1s");
	/* one byte now and then is no sign of life */
	struct exchange x = {.fd = net_dial(n)};
	int64_t since = clock_mono();
	for (int i = 0; i < 100 && !take(&n->s.f, &x); i++) {
		send_all(x.fd, "G", 1);
		fixture_spin(&n->s.f, 50);
	}
	assert_true(x.ended);
	assert_int_equal(x.raw.len, 0);
	assert_in_range(clock_mono() - since, 900000, 4000000);
	close(x.fd);
	/* nor is a body that does not come */
	char text[400];
	snprintf(text, sizeof text, "POST " TRIGGER " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
		 JSON "\r\n{", n->port, n->tokens[VALID_ADMIN]);
	x = (struct exchange){.fd = net_dial(n)};
	send_all(x.fd, text, strlen(text));
	fixture_until(&n->s.f, has_ended, &x, 5000);
	buf_release(&x.raw);
	close(x.fd);
	/* so many from one address, and no more */
	for (size_t i = 0; i < 100; i++)
		many[i] = (struct exchange){.fd = net_dial(n)};
	fixture_spin(&n->s.f, 50);
	x = (struct exchange){.fd = net_dial(n)};
	fixture_until(&n->s.f, has_ended, &x, 500);
	close(x.fd);
	/* the socket does not notice, and those who wait are cut in their turn */
	expect(&n->s, "GET", "/api/v1/status", NULL, 200, "");
	for (size_t i = 0; i < 100; i++) {
		fixture_until(&n->s.f, has_ended, &many[i], 5000);
		close(many[i].fd);
	}
	assert_int_equal(net_call_as(n, "GET", "/api/v1/status", n->tokens[VALID_VIEWER], NULL), 200);
	nothing_has_happened(n);
}

static void a_revoked_token_loses_what_it_has_open(void **state)
{
	struct net *n = *state;
	struct ferry_error err = {0};
	char text[400];

	net_open(n, "");
	snprintf(text, sizeof text, "GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n\r\n",
		 n->port, n->tokens[VALID_VIEWER]);
	struct exchange x = {.fd = net_dial(n)};
	send_all(x.fd, text, strlen(text));
	fixture_until(&n->s.f, net_has_head, &x, 5000);
	assert_false(x.ended);
	assert_non_null(strstr(x.raw.s, "200 OK"));
	assert_int_equal(net_call_as(n, "POST", "/api/v1/tokens/reader/revoke", n->tokens[VALID_ADMIN], NULL), 200);
	fixture_until(&n->s.f, has_ended, &x, 3000);
	close(x.fd);
	buf_release(&x.raw);
	/* and one that ends by itself */
	net_token(n, VALID_VIEWER, "brief", false, SECOND);
	snprintf(text, sizeof text, "GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n\r\n",
		 n->port, n->tokens[VALID_VIEWER]);
	x = (struct exchange){.fd = net_dial(n)};
	send_all(x.fd, text, strlen(text));
	fixture_until(&n->s.f, net_has_head, &x, 5000);
	assert_non_null(strstr(x.raw.s, "200 OK"));
	fixture_until(&n->s.f, has_ended, &x, 5000);
	close(x.fd);
	buf_release(&x.raw);
	assert_int_equal(supervise_token_revoke(n->s.f.s, "reader", &tester, &err), -1);
	assert_int_equal(err.code, FERRY_E_NOT_FOUND);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_hostile_is_refused),
		TEST(what_is_no_token_is_none),
		TEST(refusals_are_in_the_audit_but_do_not_fill_it),
		TEST(the_slow_and_the_many_are_cut),
		TEST(a_revoked_token_loses_what_it_has_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
