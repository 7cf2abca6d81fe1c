/* SPDX-License-Identifier: Apache-2.0 */
/* test-http-connector.c - pointers, templates, JSON as it is written, credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http/http.h"
#include "http-connector-fixture.h"

/* ----------------------------------------------------------------- pointers */

static void assert_points(const char *text, const char *json, const char *found)
{
	struct http_pointer p;
	rest_node *root;
	bool present;

	assert_null(http_pointer_parse(text, &p));
	assert_true(rest_try_parse(json, strlen(json), &root));
	rest_node *node = http_pointer_get(&p, root, &present);
	if (found)
		assert_string_equal(rest_dump(node, NULL), found);
	else
		assert_null(node);
	assert_int_equal(present, found != NULL);
	rest_free(root);
	http_pointer_release(&p);
}

static void pointers(void **state)
{
	static const char json[] = "{\"a\":{\"b\":[10,{\"c\":null}]},\"\":1,\"x/y\":2,\"m~n\":3,"
				   "\"0\":4}";
	struct http_pointer p;
	(void)state;
	assert_points("", "[1]", "[1]");
	assert_points("/a/b/0", json, "10");
	assert_points("/a/b/1/c", json, "null");
	assert_points("/", json, "1");
	assert_points("/x~1y", json, "2");
	assert_points("/m~0n", json, "3");
	assert_points("/0", json, "4");
	assert_points("/a/b/2", json, NULL);
	assert_points("/a/b/00", json, NULL);
	assert_points("/a/b/-", json, NULL);
	assert_points("/a/b/0/c", json, NULL);
	assert_points("/zz", json, NULL);
	assert_non_null(http_pointer_parse("a", &p));
	http_pointer_release(&p);
	assert_non_null(http_pointer_parse("/a~2", &p));
	http_pointer_release(&p);
}

/* --------------------------------------------------------------------- JSON */

static void json_texts(void **state)
{
	static const char *const good[] = {"1", " -0.5e+7 ", "\"\"", "\"a\\u00e9\\n\"", "[]", "{}",
					   "[1,[2,{\"a\":[]}],{}]", "{\"a\":1 , \"b\":null}", "true"};
	static const char *const bad[] = {"", " ", "01", "1.", ".5", "+1", "-", "1e", "nul", "[1,]",
					  "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}",
					  "[1}", "1,2", "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"", "]",
					  "1},{\"b\":2", "[", "{", "{\"a\":1", "\"\\"};
	char deep[400];
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!http_is_json(good[i], strlen(good[i])))
			fail_msg("'%s' is JSON", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (http_is_json(bad[i], strlen(bad[i])))
			fail_msg("'%s' is no JSON", bad[i]);
	memset(deep, '[', 200);
	memset(deep + 200, ']', 200);
	assert_false(http_is_json(deep, 400));
}

static void assert_written(struct ferry_value v, const char *json)
{
	struct rest_buf b = {0};

	http_put_value(&b, &v);
	assert_string_equal(rest_str(&b), json);
	assert_true(http_is_json(b.s, b.len));
	rest_buf_release(&b);
}

static void values(void **state)
{
	(void)state;
	assert_written(nothing, "null");
	assert_written((struct ferry_value){.i = 1, .type = FERRY_BOOL}, "true");
	assert_written(integer(0), "0");
	assert_written(integer(INT64_MAX), "9223372036854775807");
	assert_written(integer(INT64_MIN), "-9223372036854775808");
	assert_written(of_type(FERRY_DECIMAL, "-12.50"), "-12.50");
	assert_written(of_type(FERRY_DECIMAL, "123456789012345678901234567890.10"),
		       "123456789012345678901234567890.10");
	assert_written(of_type(FERRY_DECIMAL, "0.10"), "0.10");
	assert_written(of_type(FERRY_DECIMAL, "-0"), "-0");
	assert_written(of_type(FERRY_DECIMAL, "1e3"), "1e3");
	assert_written(of_type(FERRY_DECIMAL, ".5"), "\".5\"");
	assert_written(of_type(FERRY_DECIMAL, "5."), "\"5.\"");
	assert_written(of_type(FERRY_DECIMAL, "007"), "\"007\"");
	assert_written(of_type(FERRY_DECIMAL, "-"), "\"-\"");
	assert_written(of_type(FERRY_DECIMAL, "1.2.3"), "\"1.2.3\"");
	assert_written(of_type(FERRY_DECIMAL, ""), "\"\"");
	assert_written(text("a\"b\\c\n\t\x01/\xc3\xa9"), "\"a\\\"b\\\\c\\n\\t\\u0001/\xc3\xa9\"");
	assert_written(of_type(FERRY_BYTES, "\xff\xfe"), "\"//4=\"");
	assert_written(of_type(FERRY_BYTES, "abc"), "\"YWJj\"");
	assert_written(of_type(FERRY_JSON, "{\"a\":\n[1.10]}"), "{\"a\": [1.10]}");
	/* what would end the record it stands in goes as text */
	assert_written(of_type(FERRY_JSON, "1},{\"id\":2"), "\"1},{\\\"id\\\":2\"");
	assert_written(instant("2026-01-31T10:00:00Z"), "\"2026-01-31T10:00:00Z\"");
}

/* As the slow way does it, on days that are special. */
static void times(void **state)
{
	static const int64_t days[] = {0, -1, 59, 60, 365, 789, 11016, 11017, 20513, -719162, 2932896,
				       -719528, -800000, 3000000, 47540, 47541};
	static const int64_t more[] = {0, 1, 999999, 1000000, 86399999999, 120000, 43200000001};
	(void)state;
	for (size_t i = 0; i < sizeof days / sizeof *days; i++)
		for (size_t k = 0; k < sizeof more / sizeof *more; k++) {
			int64_t us = days[i] * 86400000000 + more[k];
			struct ferry_value v = {.i = us, .type = FERRY_TIME};
			struct rest_buf b = {0};
			char slow[REST_TIME];
			rest_time_format(us, -1, true, slow);
			http_put_plain(&b, &v);
			assert_string_equal(rest_str(&b), slow);
			rest_buf_release(&b);
		}
}

static void assert_record(const char *const *names, size_t n, const struct ferry_value *fields,
			  bool omit, const char *json)
{
	const struct ferry_field *none[8] = {0};
	struct ferry_layout layout = {n, names, none};
	struct http_record record;
	struct rest_buf b = {0};

	http_record_init(&record, &layout, omit);
	http_put_record(&b, &record, fields);
	assert_string_equal(rest_str(&b), json);
	rest_buf_release(&b);
	http_record_release(&record);
}

static void records(void **state)
{
	static const char *const names[] = {"a.b.c", "x", "a.d", "a.b.e", "z"};
	struct ferry_value v[] = {integer(1), nothing, integer(3), nothing, text("q")};
	(void)state;
	assert_record(names, 5, v, false,
		      "{\"a\":{\"b\":{\"c\":1,\"e\":null},\"d\":3},\"x\":null,\"z\":\"q\"}");
	assert_record(names, 5, v, true, "{\"a\":{\"b\":{\"c\":1},\"d\":3},\"z\":\"q\"}");
	v[0] = nothing;
	assert_record(names, 5, v, true, "{\"a\":{\"b\":{},\"d\":3},\"z\":\"q\"}");
}

/* ---------------------------------------------------------------- templates */

static const char *const field_names[] = {"id", "name", "a.b"};
static const struct ferry_field *const no_fields[3] = {0};
static const struct ferry_layout layout = {3, field_names, no_fields};
static const uint32_t any = ~0u;

static void assert_filled(const char *template, enum http_form form, const char *result)
{
	const struct ferry_value fields[] = {integer(7), text("O'Neil \"x\""), nothing};
	const struct ferry_action action = {.decision = FERRY_UPDATE, .key = "k/1", .key_len = 3,
					    .dest_id = "r.9", .fields = fields};
	struct http_record record;
	struct http_fill fill = {.record = &record, .layout = &layout, .action = &action};
	struct http_template t;
	struct rest_buf b = {0};
	char why[400] = "";

	http_record_init(&record, &layout, false);
	if (!http_template_parse(template, form, any & ~HTTP_NAME(HTTP_RECORDS), &layout, &t, why,
				 sizeof why))
		fail_msg("%s: %s", template, why);
	const char *reason = form == HTTP_FORM_PATH ? http_fill_path(&b, &t, &fill)
						    : http_fill_body(&b, &t, &fill);
	if (result) {
		assert_null(reason);
		assert_string_equal(rest_str(&b), result);
	} else {
		assert_non_null(reason);
		assert_int_equal(b.len, 0);
	}
	rest_buf_release(&b);
	http_template_release(&t);
	http_record_release(&record);
}

static void templates_are_filled(void **state)
{
	(void)state;
	assert_filled("/c/{{id}}/x", HTTP_FORM_PATH, "/c/r%2E9/x");
	assert_filled("/c/{{ record.id }}?k={{key}}", HTTP_FORM_PATH, "/c/7?k=k%2F1");
	assert_filled("/c/{{name}}", HTTP_FORM_PATH, "/c/O%27Neil%20%22x%22");
	/* "/c/" would be another address */
	assert_filled("/c/{{a.b}}", HTTP_FORM_PATH, NULL);
	assert_filled("{{record}}", HTTP_FORM_JSON,
		      "{\"id\":7,\"name\":\"O'Neil \\\"x\\\"\",\"a\":{\"b\":null}}");
	assert_filled("{\"c\":{{record}}}", HTTP_FORM_JSON,
		      "{\"c\":{\"id\":7,\"name\":\"O'Neil \\\"x\\\"\",\"a\":{\"b\":null}}}");
	assert_filled("{\"op\":{{op}},\"id\":{{id}},\"n\":{{record.id}},\"b\":{{a.b}}}",
		      HTTP_FORM_JSON, "{\"op\":\"update\",\"id\":\"r.9\",\"n\":7,\"b\":null}");
	assert_filled("{\"s\":\"<{{name}}> {{a.b}} {{record.id}} \\\" {{key}}\"}", HTTP_FORM_JSON,
		      "{\"s\":\"<O'Neil \\\"x\\\">  7 \\\" k/1\"}");
	assert_filled("{\"i\":{{key}}}\n{{record.id}}\n", HTTP_FORM_LINES,
		      "{\"i\":\"k/1\"}\n7\n");
}

static void assert_refused(const char *template, enum http_form form, uint32_t allowed,
			   const char *word)
{
	struct http_template t;
	char why[400] = "";

	assert_false(http_template_parse(template, form, allowed, &layout, &t, why, sizeof why));
	if (!strstr(why, word))
		fail_msg("%s: '%s' does not say '%s'", template, why, word);
	http_template_release(&t);
}

static void templates_are_checked(void **state)
{
	(void)state;
	assert_refused("/c/{{nmae}}", HTTP_FORM_PATH, any, "{{nmae}} cannot stand here");
	assert_refused("/c/{{id", HTTP_FORM_PATH, any, "no '}}'");
	assert_refused("/c/{{}}", HTTP_FORM_PATH, any, "needs a name");
	assert_refused("/c/{{record}}", HTTP_FORM_PATH, any, "{{record}} cannot stand in a path");
	assert_refused("c", HTTP_FORM_PATH, any, "begins with '/'");
	assert_refused("/a b", HTTP_FORM_PATH, any, "blank");
	assert_refused("/a#b", HTTP_FORM_PATH, any, "'#'");
	assert_refused("{\"a\":{{record}}", HTTP_FORM_JSON, any, "no JSON");
	assert_refused("{{id}}{{key}}", HTTP_FORM_JSON, any, "no JSON");
	assert_refused("\"{{record}}\"", HTTP_FORM_JSON, any, "inside quotes");
	assert_refused("{}\n{", HTTP_FORM_LINES, any, "no JSON");
	assert_refused("/{{page}}", HTTP_FORM_PATH, HTTP_ROW_NAMES, "{{page}} cannot stand here");
	assert_refused("/{{name}}", HTTP_FORM_PATH, HTTP_PAGE_NAMES, "{{page}}, {{offset}}");
}

/* What has no id over there yet is addressed by its own field of that name. */
static void id_without_ids_is_the_field(void **state)
{
	struct http_template t;
	char why[400];
	(void)state;
	assert_true(http_template_parse("/{{id}}", HTTP_FORM_PATH,
					HTTP_ROW_NAMES & ~HTTP_NAME(HTTP_ID), &layout, &t, why,
					sizeof why));
	assert_int_equal(t.parts[1].name, HTTP_FIELD);
	assert_int_equal(t.parts[1].field, 0);
	http_template_release(&t);
}

/* -------------------------------------------------------------- credentials */

static const char *const one_column[] = {"path=/c", "columns=id", NULL};

static void extract_with(const char *const *auth, const struct ask *asks, enum ferry_code code)
{
	const char *settings[20];
	struct ferry_extract want = {0};
	struct http_bench b;
	struct written w;
	size_t n = 0;

	for (size_t i = 0; one_column[i]; i++)
		settings[n++] = one_column[i];
	while (*auth)
		settings[n++] = *auth++;
	settings[n] = NULL;
	assert_int_equal(http_bench_open(&b, FERRY_SOURCE, 0, NULL, settings, asks), 0);
	written_init(&w);
	int rc = ferry_connector.extract(b.handle, &want, &w.sink, &b.err);
	assert_int_equal(b.err.code, code);
	assert_int_equal(rc, code ? -1 : 0);
	assert_null(strstr(b.err.msg, "s3cret"));
	assert_null(strstr(b.s.log, "s3cret"));
	written_release(&w);
	http_bench_end(&b);
}

static void credentials_go_out(void **state)
{
	static const struct ask bearer[] = {
		{"GET /c", NULL, 200, "[]", "Authorization: Bearer s3cret-token"}, {0}};
	static const struct ask header[] = {{"GET /c", NULL, 200, "[]", "X-Api-Key: s3cret-token"}, {0}};
	static const struct ask query[] = {{"GET /c?api_key=s3cret-token", NULL, 200, "[]"}, {0}};
	static const struct ask own[] = {{"GET /c", NULL, 200, "[]", "X-Tenant: 7"}, {0}};
	(void)state;
	extract_with((const char *const[]){"auth.type=bearer", "auth.token=s3cret-token", NULL},
		     bearer, 0);
	extract_with((const char *const[]){"auth.type=header", "auth.header=X-Api-Key",
					   "auth.token=s3cret-token", NULL}, header, 0);
	extract_with((const char *const[]){"auth.type=query", "auth.parameter=api_key",
					   "auth.token=s3cret-token", NULL}, query, 0);
	extract_with((const char *const[]){"headers.X-Tenant=7", NULL}, own, 0);
}

static void refused_credentials_are_not_repeated_in_messages(void **state)
{
	static const struct ask asks[] = {
		{"GET /c", NULL, 401, "{'error':'bad token s3cret-token here'}"}, {0}};
	(void)state;
	extract_with((const char *const[]){"auth.type=bearer", "auth.token=s3cret-token", NULL}, asks,
		     FERRY_E_AUTH);
}

#define OAUTH "auth.type=oauth2", "auth.token_url=/token", "auth.client_id=me", \
	"auth.client_secret=s3cret/x"
#define FORM "grant_type=client_credentials&scope=a%20b"
#define TOKEN(t) 200, "{'access_token':'" t "','expires_in':3600}"

static void a_token_is_fetched_and_renewed_after_a_401(void **state)
{
	static const struct ask asks[] = {
		{"POST /token", FORM, TOKEN("s3cret-1"), .repeatable = true},
		{"GET /c", NULL, 401, "{}", "Authorization: Bearer s3cret-1"},
		{"POST /token", FORM, TOKEN("s3cret-2"), .repeatable = true},
		{"GET /c", NULL, 200, "[{'id':1}]", "Authorization: Bearer s3cret-2"},
		{0}};
	static const struct ask twice[] = {
		{"POST /token", FORM, TOKEN("s3cret-1"), .repeatable = true},
		{"GET /c", NULL, 401, "{}"},
		{"POST /token", FORM, TOKEN("s3cret-2"), .repeatable = true},
		{"GET /c", NULL, 401, "{'error':'s3cret-2'}"},
		{0}};
	static const struct ask refused[] = {
		{"POST /token", FORM, 400, "{'error':'invalid_client'}", .repeatable = true}, {0}};
	static const struct ask broken[] = {
		{"POST /token", FORM, 200, "{'token':'s3cret'}", .repeatable = true}, {0}};
	static const char *const auth[] = {OAUTH, "auth.scope=a b", NULL};
	(void)state;
	extract_with(auth, asks, 0);
	extract_with(auth, twice, FERRY_E_AUTH);
	extract_with(auth, refused, FERRY_E_AUTH);
	extract_with(auth, broken, FERRY_E_PROTOCOL);
}

static void a_token_is_renewed_before_it_expires(void **state)
{
	static const struct ask asks[] = {
		{"POST /token", "grant_type=client_credentials&client_id=me&client_secret=s3cret%2Fx",
		 TOKEN("t1"), .repeatable = true},
		{"GET /c", NULL, 200, "[{'id':1}]", "Authorization: Bearer t1"},
		{"GET /c", NULL, 200, "[{'id':1}]", "Authorization: Bearer t1"},
		{"POST /token", "grant_type=client_credentials&client_id=me&client_secret=s3cret%2Fx",
		 TOKEN("t2"), .repeatable = true},
		{"GET /c", NULL, 200, "[{'id':1}]", "Authorization: Bearer t2"},
		{0}};
	struct ferry_extract want = {0};
	struct http_bench b;
	(void)state;
	assert_int_equal(http_bench_open(&b, FERRY_SOURCE, 0, NULL,
					 (const char *const[]){OAUTH, "auth.style=body", "path=/c", NULL},
					 asks), 0);
	for (int i = 0; i < 3; i++) {
		struct written w;
		written_init(&w);
		assert_int_equal(ferry_connector.extract(b.handle, &want, &w.sink, &b.err), 0);
		written_release(&w);
		/* at the third it has half a minute left */
		b.s.now += INT64_C(1785) * 1000000;
	}
	http_bench_end(&b);
}

static void check_is_asked_before_a_run(void **state)
{
	static const struct ask good[] = {{"GET /ping", NULL, 204, ""}, {0}};
	static const struct ask missing[] = {{"GET /ping", NULL, 404, "{'message':'no such thing'}"}, {0}};
	static const char *const settings[] = {"check=/ping", "path=/c", NULL};
	struct http_bench b;
	(void)state;
	assert_int_equal(http_bench_open(&b, FERRY_SOURCE, 0, NULL, settings, good), 0);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), 0);
	http_bench_end(&b);
	assert_int_equal(http_bench_open(&b, FERRY_SOURCE, 0, NULL, settings, missing), 0);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	assert_non_null(strstr(b.err.msg, "no such thing"));
	http_bench_end(&b);
}

static void assert_connection_refused(const char *setting, const char *more, const char *word)
{
	http_bench_refuses(FERRY_SOURCE, 0, NULL, (const char *const[]){"path=/c", setting, more, NULL},
			   word);
}

static void connections_are_checked(void **state)
{
	(void)state;
	assert_connection_refused("auth.type=bearer", NULL, "needs 'auth.token'");
	assert_connection_refused("auth.type=basic", NULL, "needs 'auth.user'");
	assert_connection_refused("auth.type=header", "auth.token=x", "needs 'auth.header'");
	assert_connection_refused("auth.type=oauth2", NULL, "needs 'auth.token_url'");
	assert_connection_refused("auth.type=bearer", "auth.token=a b", "blank");
	assert_connection_refused("headers.X Y=1", NULL, "cannot name a header");
	assert_connection_refused("headers.X=a\nb: c", NULL, "control character");
	assert_connection_refused("check=ping", NULL, "begins with '/'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pointers),
		cmocka_unit_test(json_texts),
		cmocka_unit_test(values),
		cmocka_unit_test(times),
		cmocka_unit_test(records),
		cmocka_unit_test(templates_are_filled),
		cmocka_unit_test(templates_are_checked),
		cmocka_unit_test(id_without_ids_is_the_field),
		cmocka_unit_test(credentials_go_out),
		cmocka_unit_test(refused_credentials_are_not_repeated_in_messages),
		cmocka_unit_test(a_token_is_fetched_and_renewed_after_a_401),
		cmocka_unit_test(a_token_is_renewed_before_it_expires),
		cmocka_unit_test(check_is_asked_before_a_run),
		cmocka_unit_test(connections_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
