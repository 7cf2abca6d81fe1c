/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-rest-json.c - reading and writing JSON without a tree, compared with json-c on texts and records
 * that are made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fuzz/scan-compare.h"
#include "rest/rest.h"

/* the same numbers at each run */
static uint32_t seed = 1;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)seed * n) >> 32);
}

#define ONE_OF(list) list[below(sizeof list / sizeof *list)]

static bool reads(const char *text)
{
	size_t len = strlen(text);
	char *exact = malloc(len + 1);
	bool taken;

	/* the NUL is not there to be read */
	memcpy(exact, text, len);
	const char *why = scan_compare(exact, len, &taken);
	if (why)
		fail_msg("%s: %s", why, text);
	free(exact);
	return taken;
}

/* ------------------------------------------------------------------- reading */

static void takes_what_is_json(void **state)
{
	static const char *const good[] = {
		"{}", "[]", "null", "true", "false", "0", "-0", "10.5e-3", "1E+2", "\"\"", " \t\r\n{ \"a\" : [ ] } \n",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\"",
		"{\"a\":1,\"a\":2}", "123456789012345678901234567890", "\"\x7f\"", "\"\\ud83d\\ude00 \\ud83d x\\ude00\"",
		"{\"\\u0061\":\"x\"}", "[1,[2,[3,{\"a\":{}}]]]"};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!reads(good[i]))
			fail_msg("refused: %s", good[i]);
}

static void refuses_all_else(void **state)
{
	static const char *const bad[] = {
		"", " ", "{", "[", "]", "}", "{]", "[}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
		"{,}", "{a:1}", "{'a':1}", "{1:2}", "01", "-01", "1.", ".5", "-", "+1", "1e", "1e+", "0x1", "1.e5", "00", "tru",
		"True", "nul", "NaN", "Infinity", "-Infinity", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
		"\"\n\"", "\"\x01\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"", "\"\xf0\x80\x80\x80\"",
		"\"\xf4\x90\x80\x80\"", "\"\xc3\"", "\"\xe2\x82\"", "1 2", "{} x", "[] []", "// x\n1", "/* */1", "\xef\xbb\xbf{}", "\v1"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (reads(bad[i]))
			fail_msg("taken: %s", bad[i]);
}

static void is_nested_as_deeply_as_json_c_takes(void **state)
{
	char text[200] = "";
	rest_node *root;
	bool taken;
	(void)state;
	for (size_t depth = 60; depth < 68; depth++) {
		memset(text, '[', depth);
		text[depth] = '1';
		memset(text + depth + 1, ']', depth);
		bool tree = rest_try_parse(text, 2 * depth + 1, &root);
		if (tree)
			rest_free(root);
		assert_null(scan_compare(text, 2 * depth + 1, &taken));
		assert_int_equal(taken, tree);
	}
}

/* Any JSON, with blanks anywhere. */
static void make_value(struct rest_buf *b, int depth);

static void make_blank(struct rest_buf *b)
{
	static const char *const blanks[] = {"", "", "", " ", "\n", "\t ", "\r\n"};
	rest_adds(b, ONE_OF(blanks));
}

static void make_string(struct rest_buf *b)
{
	static const char *const parts[] = {"a", "b", "c", "long name", "12345678", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
		"\\n", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "\\ude00", "\\\\", "\\\"", "\\/", "/", "\x7f", "2026-01-31"};
	rest_adds(b, "\"");
	for (uint32_t n = below(5); n; n--)
		rest_adds(b, ONE_OF(parts));
	rest_adds(b, "\"");
}

static void make_number(struct rest_buf *b)
{
	static const char *const ends[] = {"", "", "", ".5", ".0", "e3", "E-2", ".25e+1"};
	rest_addf(b, "%s%u%s", below(3) ? "" : "-", below(2) ? below(10) : below(UINT32_MAX), ONE_OF(ends));
}

static void make_object(struct rest_buf *b, int depth)
{
	static const char *const names[] = {"a", "b", "c", "long name", "a\xc3\xa9", "\\u0061", "x"};
	rest_adds(b, "{");
	for (uint32_t i = 0, n = below(6); i < n; i++) {
		make_blank(b);
		rest_addf(b, "\"%s\"", ONE_OF(names));
		make_blank(b);
		rest_adds(b, ":");
		make_value(b, depth + 1);
		rest_adds(b, i + 1 < n ? "," : "");
	}
	make_blank(b);
	rest_adds(b, "}");
}

static void make_array(struct rest_buf *b, int depth)
{
	rest_adds(b, "[");
	for (uint32_t i = 0, n = below(4); i < n; i++) {
		make_value(b, depth + 1);
		rest_adds(b, i + 1 < n ? "," : "");
	}
	make_blank(b);
	rest_adds(b, "]");
}

static void make_value(struct rest_buf *b, int depth)
{
	static const char *const words[] = {"true", "false", "null"};
	uint32_t kind = depth < 6 ? below(depth ? 8 : 4) : 4 + below(4);

	make_blank(b);
	if (kind < 3)
		make_object(b, depth);
	else if (kind == 3)
		make_array(b, depth);
	else if (kind == 4)
		rest_adds(b, ONE_OF(words));
	else if (kind == 5)
		make_number(b);
	else
		make_string(b);
	make_blank(b);
}

static void reads_what_json_c_reads(void **state)
{
	struct rest_buf b = {0};
	(void)state;
	for (int i = 0; i < 20000; i++) {
		rest_buf_reset(&b);
		make_value(&b, 0);
		if (!reads(rest_str(&b)))
			fail_msg("refused: %s", rest_str(&b));
	}
	rest_buf_release(&b);
}

/* Damaged, cut and doubled texts: whatever is still taken must be what json-c takes it for. */
static void never_takes_what_json_c_refuses(void **state)
{
	static const char bytes[] = "{}[]\",:\\u0019.eE+-tfn \x01\x80\xc3\xff";
	struct rest_buf b = {0};
	size_t taken = 0;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		rest_buf_reset(&b);
		make_value(&b, 0);
		for (uint32_t n = 1 + below(3); n; n--)
			b.s[below((uint32_t)b.len)] = bytes[below(sizeof bytes - 1)];
		if (!below(8))
			rest_buf_cut(&b, below((uint32_t)b.len));
		taken += reads(rest_str(&b));
	}
	assert_true(taken > 100 && taken < 19000);
	rest_buf_release(&b);
}

static void says_where_it_is_wrong(void **state)
{
	static const struct {
		const char *text, *why;
		long at;
	} cases[] = {{"{\"a\":1 \"b\":2}", "a comma is missing", 7}, {"{\"a\":[1,2", "it ends too early", 9},
		     {"{\"a\":\"\xff\"}", "no UTF-8", 6}, {"{\"a\" 1}", "a colon is missing", 5}, {"[1] x", "more text follows", 4}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rest_piece piece;
		struct rest_scan s;
		rest_scan_begin(&s, cases[i].text, strlen(cases[i].text));
		rest_scan_value(&s, &piece);
		assert_false(rest_scan_end(&s));
		assert_string_equal(s.why, cases[i].why);
		assert_int_equal(s.p - s.text, cases[i].at);
	}
}

/* ------------------------------------------------------------------- writing */

static const char *const fields[] = {"id", "shipping.city", "name", "shipping.deep.er", "odd \"name\\", "shipping.zip", "at"};
#define FIELDS (sizeof fields / sizeof *fields)

static struct ferry_value make_field(void)
{
	static const char *const texts[] = {"", "plain", "\"quoted\" \\ back/slash", "\b\f\n\r\t\x01\x1f\x7f", "\xc3\xa9\xf0\x9f\x98\x80"};
	static const char *const decimals[] = {"0", "-12.50", "123456789012345678901234567890.000", "1e5"};
	static const char *const json[] = {"[\"a\",\"b\"]", "{\"x\":1.50}", "no JSON"};
	static const int64_t ints[] = {0, 1, -1, 42, INT64_MAX, INT64_MIN, 1741219251590000};
	static const enum ferry_type types[] = {FERRY_NULL, FERRY_BOOL, FERRY_INT, FERRY_DECIMAL, FERRY_TEXT, FERRY_TIME, FERRY_JSON};
	struct ferry_value v = {.type = (uint8_t)ONE_OF(types)};
	const char *s = v.type == FERRY_DECIMAL ? ONE_OF(decimals) : v.type == FERRY_JSON ? ONE_OF(json) : ONE_OF(texts);

	if (v.type == FERRY_BOOL)
		v.i = below(2);
	else if (v.type == FERRY_TIME)
		v.i = (int64_t)below(UINT32_MAX) * 1000;
	else if (v.type == FERRY_INT)
		v.i = ONE_OF(ints);
	else if (v.type != FERRY_NULL)
		v = (struct ferry_value){.s = s, .len = (uint32_t)strlen(s), .type = v.type};
	return v;
}

static rest_node *make_tree(const struct ferry_value *v, unsigned how)
{
	rest_node *root = rest_object();

	for (size_t i = 0; i < FIELDS; i++) {
		struct ferry_value as = v[i];
		if (as.type == FERRY_DECIMAL && (how & REST_DECIMAL_TEXT))
			as.type = FERRY_TEXT;
		if (as.type != FERRY_NULL || !(how & REST_LEAVE_NULL))
			rest_put_value(root, fields[i], &as);
	}
	return root;
}

/* Byte for byte; where members are left out, objects may stand in another order. */
static void compare_written(const struct rest_buf *b, rest_node *tree, unsigned how)
{
	struct rest_buf want = {0};
	rest_node *again;

	rest_body(&want, tree);
	assert_int_equal(b->len, want.len);
	if (!(how & REST_LEAVE_NULL))
		assert_string_equal(rest_str(b), rest_str(&want));
	assert_true(rest_try_parse(b->s, b->len, &again));
	for (size_t i = 0; i < FIELDS; i++) {
		bool x, y;
		rest_node *p = rest_path(tree, fields[i], &x), *q = rest_path(again, fields[i], &y);
		assert_int_equal(x, y);
		assert_string_equal(rest_dump(p, NULL), rest_dump(q, NULL));
	}
	rest_free(again);
	rest_buf_release(&want);
}

static void writes_what_json_c_writes(void **state)
{
	struct rest_tree tree = {0};
	struct rest_buf b = {0};
	(void)state;
	for (size_t i = 0; i < FIELDS; i++)
		rest_tree_add(&tree, fields[i], i);
	for (int round = 0; round < 5000; round++) {
		struct ferry_value v[FIELDS];
		unsigned how = below(4);
		for (size_t i = 0; i < FIELDS; i++)
			v[i] = make_field();
		rest_node *root = make_tree(v, how);
		rest_buf_reset(&b);
		rest_adds(&b, "{");
		bool any = rest_add_members(&b, &tree, v, how);
		rest_adds(&b, "}");
		assert_int_equal(any, b.len > 2);
		compare_written(&b, root, how);
		rest_free(root);
	}
	rest_buf_release(&b);
	rest_tree_release(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_json),
		cmocka_unit_test(refuses_all_else),
		cmocka_unit_test(is_nested_as_deeply_as_json_c_takes),
		cmocka_unit_test(reads_what_json_c_reads),
		cmocka_unit_test(never_takes_what_json_c_refuses),
		cmocka_unit_test(says_where_it_is_wrong),
		cmocka_unit_test(writes_what_json_c_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
