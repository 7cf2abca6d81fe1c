/* SPDX-License-Identifier: Apache-2.0 */
/* test-http-connector-source.c - pages of every kind, columns, and answers that lead nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http-connector-fixture.h"

#define SETTINGS(...) (const char *const[]){"path=/c", "records=/data", __VA_ARGS__, NULL}

struct reading {
	struct http_bench b;
	struct written w;
	int rc;
};

static void extract(struct reading *r, const char *const *settings, const struct ask *asks,
		    int64_t limit)
{
	struct ferry_extract want = {.limit = limit};

	if (http_bench_open(&r->b, FERRY_SOURCE, 0, NULL, settings, asks))
		fail_msg("%s", r->b.err.msg);
	written_init(&r->w);
	r->rc = ferry_connector.extract(r->b.handle, &want, &r->w.sink, &r->b.err);
}

static void end(struct reading *r)
{
	written_release(&r->w);
	http_bench_end(&r->b);
}

static void assert_reads(const char *const *settings, const struct ask *asks, const char *rows,
			 const char *truncated)
{
	struct reading r;

	extract(&r, settings, asks, 0);
	if (r.rc)
		fail_msg("%s", r.b.err.msg);
	assert_string_equal(r.w.rows ? r.w.rows : "", rows);
	assert_string_equal(r.w.truncated, truncated);
	assert_false(r.w.ordered);
	end(&r);
}

static void assert_fails(const char *const *settings, const struct ask *asks, enum ferry_code code,
			 const char *word)
{
	struct reading r;

	extract(&r, settings, asks, 0);
	assert_int_equal(r.rc, -1);
	assert_int_equal(r.b.err.code, code);
	if (!strstr(r.b.err.msg, word))
		fail_msg("'%s' does not say '%s'", r.b.err.msg, word);
	end(&r);
}

#define LIST(items, more) 200, "{'data':[" items "]" more "}"

/* -------------------------------------------------------------------- pages */

static void one_request(void **state)
{
	static const struct ask asks[] = {{"GET /c?per_page=100&q=a%20b", NULL, LIST("{'id':1},{'id':2}", "")}, {0}};
	static const struct ask bare[] = {{"GET /c", NULL, 200, "[{'id':1}]"}, {0}};
	static const struct ask null[] = {{"GET /c", NULL, 200, "{'data':null}"}, {0}};
	(void)state;
	assert_reads(SETTINGS("query.per_page=100", "query.q=a b"), asks, "1\n2\n", "");
	assert_reads((const char *const[]){"path=/c", NULL}, bare, "1\n", "");
	assert_reads(SETTINGS("columns=id"), null, "", "");
}

static void pages_by_number(void **state)
{
	static const struct ask asks[] = {
		{"GET /c?limit=2&page=1", NULL, LIST("{'id':1},{'id':2}", "")},
		/* a short page is no proof of the end: the peer may give less than it is asked for */
		{"GET /c?limit=2&page=2", NULL, LIST("{'id':3}", "")},
		{"GET /c?limit=2&page=3", NULL, LIST("", "")},
		{0}};
	static const struct ask total[] = {
		{"GET /c?page=1", NULL, LIST("{'id':1},{'id':2}", ",'total':3")},
		{"GET /c?page=2", NULL, LIST("{'id':3}", ",'total':3")}, {0}};
	static const struct ask last[] = {
		{"GET /c?p=0", NULL, LIST("{'id':1}", ",'last':false")},
		{"GET /c?p=1", NULL, LIST("{'id':2}", ",'last':true")}, {0}};
	static const struct ask less[] = {
		{"GET /c?page=1", NULL, LIST("{'id':1}", ",'total':3")},
		{"GET /c?page=2", NULL, LIST("", ",'total':3")}, {0}};
	(void)state;
	assert_reads(SETTINGS("pagination.type=page", "pagination.size_parameter=limit",
			      "pagination.size=2"), asks, "1\n2\n3\n", "");
	assert_reads(SETTINGS("pagination.type=page", "pagination.total=/total"), total,
		     "1\n2\n3\n", "");
	assert_reads(SETTINGS("pagination.type=page", "pagination.parameter=p",
			      "pagination.start=0", "pagination.last=/last"), last, "1\n2\n", "");
	assert_reads(SETTINGS("pagination.type=page", "pagination.total=/total"), less, "1\n",
		     "an empty page where there should be more");
}

static void pages_by_offset(void **state)
{
	static const struct ask asks[] = {
		{"GET /c?offset=0", NULL, LIST("{'id':1},{'id':2}", ",'more':true")},
		{"GET /c?offset=2", NULL, LIST("{'id':3}", ",'more':false")}, {0}};
	static const struct ask posted[] = {
		{"POST /c", "{'from':0,'size':2}", LIST("{'id':1},{'id':2}", ""), .repeatable = true},
		{"POST /c", "{'from':2,'size':2}", LIST("", ""), .repeatable = true}, {0}};
	(void)state;
	assert_reads(SETTINGS("pagination.type=offset", "pagination.more=/more"), asks,
		     "1\n2\n3\n", "");
	assert_reads(SETTINGS("pagination.type=offset", "method=POST", "pagination.size=2",
			      "body={'from':{{offset}},'size':{{size}}}"), posted, "1\n2\n", "");
}

static void pages_by_cursor(void **state)
{
	static const struct ask asks[] = {
		{"GET /c", NULL, LIST("{'id':1}", ",'meta':{'next':'a/b'}")},
		/* an empty page may have a next one */
		{"GET /c?cursor=a%2Fb", NULL, LIST("", ",'meta':{'next':17}")},
		{"GET /c?cursor=17", NULL, LIST("{'id':2}", ",'meta':{'next':null}")}, {0}};
	static const struct ask told[] = {
		{"GET /c", NULL, LIST("{'id':1}", ",'meta':{'next':'x'},'more':false")}, {0}};
	static const struct ask posted[] = {
		{"POST /c", "{'after':null}", LIST("{'id':1}", ",'meta':{'next':'x'}"), .repeatable = true},
		{"POST /c", "{'after':'x'}", LIST("{'id':2}", ",'meta':{'next':''}"), .repeatable = true},
		{0}};
	(void)state;
	assert_reads(SETTINGS("pagination.type=cursor", "pagination.next=/meta/next"), asks,
		     "1\n2\n", "");
	assert_reads(SETTINGS("pagination.type=cursor", "pagination.next=/meta/next",
			      "pagination.more=/more"), told, "1\n", "");
	assert_reads(SETTINGS("pagination.type=cursor", "pagination.next=/meta/next", "method=POST",
			      "body={'after':{{cursor}}}"), posted, "1\n2\n", "");
}

static void pages_by_address(void **state)
{
	static const struct ask asks[] = {
		{"GET /c?q=1", NULL, LIST("{'id':1}", ",'next':'https://api.test/v1/c?at=2'")},
		{"GET /c?at=2", NULL, LIST("{'id':2}", ",'next':'/v1/c?at=3'")},
		{"GET /c?at=3", NULL, LIST("{'id':3}", ",'next':'?at=4'")},
		{"GET /c?at=4", NULL, LIST("{'id':4}", ",'next':'?at=5'")},
		{"GET /c?at=5", NULL, LIST("{'id':5}", "")}, {0}};
	static const char *const settings[] = {"path=/c", "records=/data", "query.q=1",
					       "pagination.type=next_url", "pagination.next=/next", NULL};
	static const struct ask away[] = {
		{"GET /c?q=1", NULL, LIST("{'id':1}", ",'next':'https://api.test.evil/v1/c'")}, {0}};
	static const struct ask beside[] = {
		{"GET /c?q=1", NULL, LIST("{'id':1}", ",'next':'//evil/c'")}, {0}};
	static const struct ask broken[] = {
		{"GET /c?q=1", NULL, LIST("{'id':1}", ",'next':'/a b'")}, {0}};
	(void)state;
	assert_reads(settings, asks, "1\n2\n3\n4\n5\n", "");
	assert_fails(settings, away, FERRY_E_PROTOCOL, "somewhere else");
	assert_fails(settings, beside, FERRY_E_PROTOCOL, "somewhere else");
	assert_fails(settings, broken, FERRY_E_PROTOCOL, "no usable address");
}

static void pages_by_link_header(void **state)
{
	static const struct ask asks[] = {
		{"GET /c", NULL, 200, "[{'id':1}]",
		 .link = "<https://api.test/v1/c?p=0>; rel=\"prev first\", <https://api.test/v1/c?p=2>; title=\"a, b\"; rel=next"},
		{"GET /c?p=2", NULL, 200, "[{'id':2}]", .link = "</v1/c?p=3>; rel=\"last NEXT\""},
		{"GET /c?p=3", NULL, 200, "[{'id':3}]", .link = "</v1/c?p=1>; rel=\"first\""}, {0}};
	static const struct ask away[] = {
		{"GET /c", NULL, 200, "[{'id':1}]", .link = "<https://evil.test/c>; rel=\"next\""}, {0}};
	static const char *const broken[] = {"", "<", "<a", "<>; rel=next", "<a>", "<a>; rel", "<a>; rel=\"",
					     "<a>; rel=nextish", "x", "<a> <b>; rel=next", "<a>;;rel=prev,",
					     "<a>; rel=prev; rel=next"};
	static const char *const settings[] = {"path=/c", "pagination.type=link", NULL};
	(void)state;
	assert_reads(settings, asks, "1\n2\n3\n", "");
	assert_fails(settings, away, FERRY_E_PROTOCOL, "somewhere else");
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		const struct ask one[] = {{"GET /c", NULL, 200, "[{'id':1}]", .link = broken[i]}, {0}};
		assert_reads(settings, one, "1\n", "");
	}
}

static void circles_are_noticed(void **state)
{
	static const struct ask same_page[] = {
		{"GET /c?page=1", NULL, LIST("{'id':1,'n':'a'}", ",'at':1")},
		{"GET /c?page=2", NULL, LIST("{'id':1,'n':'a'}", ",'at':2")}, {0}};
	static const struct ask same_cursor[] = {
		{"GET /c", NULL, LIST("{'id':1}", ",'next':'a'")},
		{"GET /c?cursor=a", NULL, LIST("{'id':2}", ",'next':'b'")},
		{"GET /c?cursor=b", NULL, LIST("{'id':3}", ",'next':'a'")}, {0}};
	(void)state;
	assert_fails(SETTINGS("pagination.type=page"), same_page, FERRY_E_PROTOCOL,
		     "page 2 of api.test is the same as the one before");
	assert_fails(SETTINGS("pagination.type=cursor", "pagination.next=/next"), same_cursor,
		     FERRY_E_PROTOCOL, "page 3 of api.test is followed by one that was there before");
}

static void limits_end_it(void **state)
{
	static const struct ask asks[] = {
		{"GET /c?page=1", NULL, LIST("{'id':1},{'id':2}", "")},
		{"GET /c?page=2", NULL, LIST("{'id':3},{'id':4}", "")}, {0}};
	struct reading r;
	(void)state;
	assert_reads(SETTINGS("pagination.type=page", "pagination.max_pages=2"), asks,
		     "1\n2\n3\n4\n", "pagination.max_pages");
	extract(&r, SETTINGS("pagination.type=page"), asks, 3);
	assert_int_equal(r.rc, 0);
	assert_string_equal(r.w.rows, "1\n2\n3\n");
	assert_string_equal(r.w.truncated, "");
	assert_int_equal(r.w.pages, 2);
	end(&r);
}

static void values_at_their_limits(void **state)
{
	static const struct ask asks[] = {
		{"GET /c", NULL, LIST("{'id':-9223372036854775808,'a':9223372036854775807,'b':9223372036854775808,"
				      "'c':123456789012345678901234567890.10,'d':'\\ud83d\\udea2','e':'0001-01-01T00:00:00Z'},"
				      "{'id':null,'a':null,'b':null,'c':null,'d':null,'e':null}", "")}, {0}};
	struct reading r;
	(void)state;
	extract(&r, SETTINGS("method=GET"), asks, 0);
	assert_int_equal(r.rc, 0);
	assert_string_equal(r.w.rows, "-9223372036854775808|9223372036854775807|9223372036854775808|123456789012345678901234567890.10|"
				      "\U0001F6A2|0001-01-01T00:00:00Z\n~|~|~|~|~|~\n");
	end(&r);
}

/* ------------------------------------------------------------------ columns */

static void values_are_exact(void **state)
{
	static const struct ask asks[] = {
		{"GET /c", NULL, LIST("{'id':9007199254740993,'amount':12.50,'big':123456789012345678,"
				      "'t':'x','b':true,'n':null,'o':{'k':[1.10]}},{'id':2}", "")}, {0}};
	struct reading r;
	(void)state;
	extract(&r, SETTINGS("method=GET"), asks, 0);
	assert_int_equal(r.rc, 0);
	assert_string_equal(r.w.columns, "id amount big t b n o ");
	assert_string_equal(r.w.rows, "9007199254740993|12.50|123456789012345678|x|1|~|{\"k\":[1.10]}\n"
				      "2|~|~|~|~|~|~\n");
	end(&r);
}

static void columns_by_pointer(void **state)
{
	static const struct ask asks[] = {
		{"GET /c", NULL, LIST("{'id':1,'attributes':{'name':'A','tags':['x','y']}},{'id':2}", "")}, {0}};
	static const struct ask scalars[] = {{"GET /c", NULL, LIST("'a','b'", "")}, {0}};
	struct reading r;
	(void)state;
	extract(&r, SETTINGS("columns.key=/id", "columns.name=/attributes/name",
			     "columns.tag=/attributes/tags/1", "columns.all="), asks, 0);
	assert_int_equal(r.rc, 0);
	assert_string_equal(r.w.columns, "key name tag all ");
	assert_string_equal(r.w.rows,
			    "1|A|y|{\"id\":1,\"attributes\":{\"name\":\"A\",\"tags\":[\"x\",\"y\"]}}\n"
			    "2|~|~|{\"id\":2}\n");
	end(&r);
	assert_reads(SETTINGS("columns.value="), scalars, "a\nb\n", "");
	assert_fails(SETTINGS("method=GET"), scalars, FERRY_E_PROTOCOL, "no object");
}

static void later_members_are_left_out_with_a_warning(void **state)
{
	static const struct ask asks[] = {
		{"GET /c?page=1", NULL, LIST("{'id':1}", ",'last':false")},
		{"GET /c?page=2", NULL, LIST("{'id':2,'new':5},{'id':3,'newer':5}", ",'last':true")}, {0}};
	struct reading r;
	(void)state;
	extract(&r, SETTINGS("pagination.type=page", "pagination.last=/last"), asks, 0);
	assert_int_equal(r.rc, 0);
	assert_string_equal(r.w.rows, "1\n2\n3\n");
	assert_string_equal(r.b.s.log, "W 'new' is in no record of the first page and is left out: "
				       "declare the source's 'columns'\n");
	end(&r);
}

static void nothing_tells_no_columns(void **state)
{
	static const struct ask asks[] = {{"GET /c", NULL, LIST("", "")}, {0}};
	(void)state;
	assert_fails(SETTINGS("method=GET"), asks, FERRY_E_DATA, "which columns");
	assert_reads(SETTINGS("columns=id, name"), asks, "", "");
}

/* ------------------------------------------------------------------ answers */

static void wrong_answers(void **state)
{
	static const struct ask no_list[] = {{"GET /c", NULL, 200, "{'items':[]}"}, {0}};
	static const struct ask no_array[] = {{"GET /c", NULL, 200, "{'data':{'id':1}}"}, {0}};
	static const struct ask html[] = {{"GET /c", NULL, 200, "<html>login</html>"}, {0}};
	static const struct ask cut[] = {{"GET /c", NULL, 200, "{'data':[{'id':1}"}, {0}};
	static const struct ask no_utf8[] = {{"GET /c", NULL, LIST("{'id':1},{'id':2,'name':'a\xff'}", "")}, {0}};
	static const struct ask gone[] = {{"GET /c", NULL, 404, "{}"}, {0}};
	static const struct ask down[] = {{"GET /c", NULL, 503, "busy"}, {0}};
	static const struct ask slow[] = {{"GET /c", NULL, 429, ""}, {0}};
	static const struct ask lost[] = {{"GET /c", NULL, 0, NULL, NULL, FERRY_E_TIMEOUT}, {0}};
	static const char *const settings[] = {"path=/c", "records=/data", NULL};
	(void)state;
	assert_fails(settings, no_list, FERRY_E_PROTOCOL, "no list at '/data'");
	assert_fails(settings, no_array, FERRY_E_PROTOCOL, "no list at '/data'");
	assert_fails(settings, html, FERRY_E_PROTOCOL, "something else than JSON");
	assert_fails(settings, cut, FERRY_E_PROTOCOL, "something else than JSON");
	assert_fails(settings, no_utf8, FERRY_E_PROTOCOL, "invalid utf-8 string");
	assert_fails(settings, no_utf8, FERRY_E_PROTOCOL, "at byte 35 of 40");
	assert_fails(settings, gone, FERRY_E_PROTOCOL, "404");
	assert_fails(settings, down, FERRY_E_UNAVAILABLE, "busy");
	assert_fails(settings, slow, FERRY_E_RATE_LIMIT, "429");
	assert_fails(settings, lost, FERRY_E_TIMEOUT, "scripted");
}

static void assert_refused(const char *a, const char *b, const char *word)
{
	http_bench_refuses(FERRY_SOURCE, 0, NULL, (const char *const[]){a, b, NULL}, word);
}

static void settings_are_checked(void **state)
{
	(void)state;
	assert_refused("path=c", NULL, "begins with '/'");
	assert_refused("path=/c?x={{id}}", NULL, "cannot stand here");
	assert_refused("path=/c", "records=data", "JSON pointer begins with '/'");
	assert_refused("path=/c", "body={}", "method POST");
	assert_refused("path=/c", "pagination.type=cursor", "pagination.next");
	assert_refused("path=/c", "pagination.next=/x", "cursor and next_url only");
	assert_refused("path=/c?p={{page}}", NULL, "pagination.type");
	assert_refused("path=/c?p={{page}}", "pagination.type=offset", "another one");
	assert_refused("path=/c", "columns=a, b, a", "twice");
	http_bench_refuses(FERRY_SOURCE, 0, NULL,
			   (const char *const[]){"path=/c", "pagination.type=page",
						 "pagination.size_parameter=n", NULL},
			   "pagination.size");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_request),
		cmocka_unit_test(pages_by_number),
		cmocka_unit_test(pages_by_offset),
		cmocka_unit_test(pages_by_cursor),
		cmocka_unit_test(pages_by_address),
		cmocka_unit_test(pages_by_link_header),
		cmocka_unit_test(circles_are_noticed),
		cmocka_unit_test(limits_end_it),
		cmocka_unit_test(values_are_exact),
		cmocka_unit_test(values_at_their_limits),
		cmocka_unit_test(columns_by_pointer),
		cmocka_unit_test(later_members_are_left_out_with_a_warning),
		cmocka_unit_test(nothing_tells_no_columns),
		cmocka_unit_test(wrong_answers),
		cmocka_unit_test(settings_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
