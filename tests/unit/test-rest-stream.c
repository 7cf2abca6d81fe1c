/* SPDX-License-Identifier: Apache-2.0 */
/* test-rest-stream.c - the elements of a list that comes in pieces. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fuzz/stream-compare.h"
#include "rest/stream.h"
#include "scripted-host.h"

/* Cut at each two places, and into single bytes; whether it is taken. */
static bool reads(const char *text, const char *path)
{
	size_t len = strlen(text);
	bool taken = false;

	for (size_t a = 0; a <= len; a++)
		for (size_t b = a; b <= len; b++) {
			const char *why = stream_compare(text, len, path, a, b, &taken);
			if (why)
				fail_msg("%s, cut at %zu and %zu: %s", why, a, b, text);
		}
	const char *why = stream_compare_bytes(text, len, path);
	if (why)
		fail_msg("%s, in bytes: %s", why, text);
	return taken;
}

static void finds_the_same_wherever_it_is_cut(void **state)
{
	static const char *const good[] = {
		"[]", " [ ] ", "[1]", "[1,2]", "[ 1 , 2 ]\n", "[null,true,-1.5e3,\"x\"]", "[[],{}]", "[[1,[2]],3]",
		"[\"\\\"]\\\\\",\"[{\"]", "[{\"a\":\"}\"},{\"a\":{\"b\":[\"]\"]}}]", "[{\"a\":1}\t,\r\n{\"a\":\"\\u00e9\"}]",
		"[\"\xc3\xa9\xf0\x9f\x98\x80\"]", "[\"\\\\\"]"};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!reads(good[i], NULL))
			fail_msg("refused: %s", good[i]);
}

static void refuses_what_is_no_list_of_json(void **state)
{
	static const char *const bad[] = {
		"", " ", "{}", "1", "\"x\"", "null", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1]]", "[1],", "[] []",
		"[}", "[{]", "[{\"a\":1]", "[[1}]", "[\"x]", "[\"\\\"]", "[tru]", "[12x]", "[1\"x\"]", "[01]", "[{\"a\"}]", "[:]",
		"[1:2]", "<html><body>[1]</body></html>", "[\"\xff\"]", "[\"\n\"]", "[{}{}]", "[nul", "[-]"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (reads(bad[i], NULL))
			fail_msg("taken: %s", bad[i]);
}

static void finds_a_list_within_objects(void **state)
{
	static const char *const good[] = {
		"{\"data\":[]}", "{\"data\":[1,{\"a\":2}]}", " { \"meta\" : {\"n\":[1,2]} , \"data\" : [ 1 ] , \"x\" : \"]\" } ",
		"{\"d\\u0061ta\":[1]}", "{\"data\":[1],\"data\":[2]}"};
	static const char *const bad[] = {
		"{}", "{\"dat\":[1]}", "{\"data\":{}}", "{\"data\":null}", "{\"data\":[1]", "{\"data\":[1]]", "{\"data\":[1]}}",
		"[1]", "{\"data\" [1]}", "{\"data\":}", "{\"data\":[1],}", "{data:[1]}", "{\"x\":}", "{\"x\":1\"data\":[1]}",
		"{\"x\":[1}", "{\"x\":tru,\"data\":[]}"};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!reads(good[i], "data"))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (reads(bad[i], "data"))
			fail_msg("taken: %s", bad[i]);
	assert_true(reads("{\"data\":[],\"a\":{\"x\":1,\"data\":[1,2]},\"b\":2}", "a.data"));
	assert_false(reads("{\"a\":{\"x\":1},\"data\":[1,2]}", "a.data"));
	assert_false(reads("{\"a\":[1]}", "a.data"));
}

/* -- what is said ------------------------------------------------------------------------- */

struct bench {
	struct scripted s;
	struct rest_api api;
	struct rest_tree tree;
	struct rest_list list;
	struct ferry_error err;
	int elements, stop_at;
};

static int count(void *ctx, const struct rest_piece *element, const struct rest_piece *found,
		 struct ferry_error *err)
{
	struct bench *b = ctx;

	(void)found;
	assert_true(element->len > 0);
	if (++b->elements == b->stop_at)
		return (b->s.host.fail)(err, FERRY_E_DATA, "stop");
	return 0;
}

static void begin(struct bench *b)
{
	static const struct step none[] = {{0}};

	memset(b, 0, sizeof *b);
	scripted_init(&b->s, "", none);
	b->api = (struct rest_api){.host = &b->s.host, .peer = "Peer", .secret = "pass word"};
	rest_tree_add(&b->tree, "a", 0);
	b->list = (struct rest_list){.what = "GET /x", .tree = &b->tree, .element = count, .ctx = b};
}

static void end(struct bench *b)
{
	rest_list_release(&b->list);
	rest_tree_release(&b->tree);
}

static void says(const char *text, const char *path, const char *words, const char *hint)
{
	struct bench b;

	begin(&b);
	b.list.path = path;
	if (!rest_list_feed(&b.api, &b.list, text, strlen(text), &b.err))
		assert_int_equal(rest_list_end(&b.api, &b.list, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	if (!strstr(b.err.msg, words) || !strstr(b.err.hint, hint) || strstr(b.err.msg, "pass word"))
		fail_msg("'%s' (%s) for: %s", b.err.msg, b.err.hint, text);
	end(&b);
}

static void says_what_is_wrong_and_where(void **state)
{
	(void)state;
	says(" <html>Log in, pass word</html>", NULL, "it is no array at byte 1:  <html>Log in, ***", "login page or proxy");
	says("{\"message\":\"no\"}", NULL, "it is no array at byte 0: {\"message\"", "");
	says("[1,2", NULL, "ended in the middle, after 4 bytes and 1 elements", "");
	says("", NULL, "ended in the middle, after 0 bytes", "");
	says("[1,2] x", NULL, "more text follows at byte 6, behind element 2", "");
	says("[1,tru]", NULL, "no JSON value at byte 3, behind element 1", "");
	says("[{\"a\":1},{\"a\":\"\xff\"}]", NULL, "no UTF-8 at byte", "");
	says("[{\"a\":1},{\"a\":\"\xff\"}]", NULL, "behind element 1", "");
	says("{\"x\":[]}", "data", "has no list 'data'", "");
}

static void too_long_an_element_is_named(void **state)
{
	static const char text[] = "[1,\"0123456789\"]";
	struct bench b;
	(void)state;
	begin(&b);
	b.list.max_element = 12;
	assert_int_equal(rest_list_feed(&b.api, &b.list, text, strlen(text), &b.err), 0);
	assert_int_equal(rest_list_end(&b.api, &b.list, &b.err), 0);
	end(&b);
	for (size_t cut = 0; cut < strlen(text); cut++) {
		begin(&b);
		b.list.max_element = 11;
		if (!rest_list_feed(&b.api, &b.list, text, cut, &b.err))
			assert_int_equal(rest_list_feed(&b.api, &b.list, text + cut, strlen(text) - cut, &b.err), -1);
		assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
		assert_non_null(strstr(b.err.msg, "a value of more than 11 bytes at byte 3"));
		end(&b);
	}
}

static void whoever_takes_elements_can_end_it(void **state)
{
	struct bench b;
	(void)state;
	begin(&b);
	b.stop_at = 2;
	assert_int_equal(rest_list_feed(&b.api, &b.list, "[1,2,3]", 7, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_DATA);
	assert_true(b.list.refused);
	assert_int_equal(b.elements, 2);
	end(&b);
}

/* A million elements, more than a hundred megabytes, in the memory of one. */
static void a_long_list_takes_the_memory_of_one_element(void **state)
{
	static const char element[] = ",{\"a\":\"0123456789012345678901234567890123456789012345678901234567890123"
				      "456789012345678901234567890123456789\",\"b\":[1,2,3]}";
	size_t len = sizeof element - 1, size = len * 100;
	char *piece = malloc(size);
	struct bench b;
	(void)state;
	for (size_t i = 0; i < 100; i++)
		memcpy(piece + i * len, element, len);
	begin(&b);
	assert_int_equal(rest_list_feed(&b.api, &b.list, "[0", 2, &b.err), 0);
	size_t before = mallinfo2().uordblks;
	/* odd pieces, so that they end in each place of an element */
	for (size_t fed = 0, total = len * 1000000, at = 0; fed < total; fed += 997, at = fed % len)
		assert_int_equal(rest_list_feed(&b.api, &b.list, piece + at, fed + 997 > total ? total - fed : 997, &b.err), 0);
	assert_in_range(mallinfo2().uordblks - before, 0, 8192);
	assert_int_equal(rest_list_feed(&b.api, &b.list, "]", 1, &b.err), 0);
	assert_int_equal(rest_list_end(&b.api, &b.list, &b.err), 0);
	assert_int_equal(b.elements, 1000001);
	end(&b);
	free(piece);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_same_wherever_it_is_cut),
		cmocka_unit_test(refuses_what_is_no_list_of_json),
		cmocka_unit_test(finds_a_list_within_objects),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(too_long_an_element_is_named),
		cmocka_unit_test(whoever_takes_elements_can_end_it),
		cmocka_unit_test(a_long_list_takes_the_memory_of_one_element),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
