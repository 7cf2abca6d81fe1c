/* SPDX-License-Identifier: Apache-2.0 */
/* test-steve-tags.c - id tags read, looked up and listed from a scripted SteVe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rest/rest.h"
#include "steve-tags-fixture.h"

/* -- reading --------------------------------------------------------------------------- */

static void reads_all_tags(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags", NULL, 200, " [ " TAG("3", "AB", "'P'", "'2020-10-01T00:00:00.000Z'", "-1", "'n'") " , "
		 PLAIN("4", "CD") " ] "},
		{0}};
	struct ferry_extract want = {.limit = 0};
	struct written w;
	struct bench b;
	(void)state;
	begin(&b, steps, 0, NULL, 0);
	written_init(&w);
	assert_int_equal(ferry_connector.extract(b.handle, &want, &w.sink, &b.err), 0);
	assert_int_equal(w.n_rows, 2);
	assert_string_equal(written_cell(&w, 0, "ocppTagPk"), "3");
	assert_string_equal(written_cell(&w, 0, "parentIdTag"), "P");
	assert_string_equal(written_cell(&w, 0, "expiryDate"), "2020-10-01T00:00:00Z");
	assert_string_equal(written_cell(&w, 0, "maxActiveTransactionCount"), "-1");
	assert_string_equal(written_cell(&w, 0, "blocked"), "0");
	assert_string_equal(written_cell(&w, 1, "note"), "~");
	written_release(&w);
	end(&b);
}

static void a_cut_list_is_no_end(void **state)
{
	static const struct step steps[] = {{"GET", "/ocppTags", NULL, 200, "[" PLAIN("4", "CD") ","},
					    {"GET", "/ocppTags", NULL, 200, "[{'idTag':'x'}]"}, {0}};
	struct ferry_extract want = {.limit = 0};
	struct written w;
	struct bench b;
	(void)state;
	begin(&b, steps, 0, NULL, 0);
	for (int i = 0; i < 2; i++) {
		written_init(&w);
		assert_int_equal(ferry_connector.extract(b.handle, &want, &w.sink, &b.err), -1);
		assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
		written_release(&w);
	}
	end(&b);
}

static void a_limit_ends_the_answer_early(void **state)
{
	static const struct step steps[] = {{"GET", "/ocppTags", NULL, 200, "[" PLAIN("1", "A") "," PLAIN("2", "B") "]"}, {0}};
	struct ferry_extract want = {.limit = 1};
	struct written w;
	struct bench b;
	(void)state;
	begin(&b, steps, 0, NULL, 0);
	written_init(&w);
	assert_int_equal(ferry_connector.extract(b.handle, &want, &w.sink, &b.err), 0);
	assert_int_equal(w.n_rows, 1);
	assert_string_equal(w.truncated, "limit");
	assert_int_equal(b.err.code, 0);
	written_release(&w);
	end(&b);
}

/* -- looking up ------------------------------------------------------------------------ */

/* The database ignores case: SteVe finds "ab" as "AB". It is the same tag; said once. */
static void lookup_ignores_case_and_says_so(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=ab%2E1", NULL, 200, "[" TAG("9", "AB.1", "null", "null", "0", "'x'") "]"},
		{"GET", "/ocppTags?idTag=cd", NULL, 200, "[]"},
		/* a server that ignores the filter gives all: only ours counts */
		{"GET", "/ocppTags?idTag=ef", NULL, 200, "[" PLAIN("1", "other") "," PLAIN("2", "ef") "]"},
		{0}};
	struct ferry_action a[] = {action(FERRY_CREATE, RECORD(text("ab.1"), integer(1))),
				   action(FERRY_CREATE, RECORD(text("cd"), integer(1))),
				   action(FERRY_CREATE, RECORD(text("ef"), integer(1)))};
	struct ferry_found found[3];
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "maxActiveTransactionCount"));
	assert_int_equal(ferry_connector.lookup(b.handle, a, 3, found, &b.err), 0);
	assert_int_equal(found[0].presence, FERRY_FOUND);
	assert_string_equal(found[0].dest_id, "9");
	assert_memory_equal(found[0].fields[0].s, "ab.1", 4);
	assert_int_equal(found[0].fields[1].i, 0);
	assert_int_equal(found[1].presence, FERRY_ABSENT);
	assert_string_equal(found[2].dest_id, "2");
	assert_non_null(strstr(b.s.log, "W SteVe holds an id tag in other letter case"));
	assert_null(strstr(b.s.log, "AB"));
	end(&b);
}

/* Each request costs SteVe a password check, so many look-ups are one list. */
static void many_lookups_read_the_list_once(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags", NULL, 200, "[" PLAIN("1", "T1") "," PLAIN("3", "t3") "," PLAIN("99", "foreign") "]"}, {0}};
	struct ferry_value fields[10][1];
	struct ferry_action a[10];
	struct ferry_found found[10];
	char ids[10][16];
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag"));
	for (int i = 0; i < 10; i++) {
		snprintf(ids[i], sizeof ids[i], "T%d", i == 9 ? 1 : i);
		fields[i][0] = text(ids[i]);
		a[i] = action(FERRY_CREATE, fields[i]);
	}
	assert_int_equal(ferry_connector.lookup(b.handle, a, 10, found, &b.err), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(found[i].presence, i == 1 || i == 3 || i == 9 ? FERRY_FOUND : FERRY_ABSENT);
	assert_string_equal(found[3].dest_id, "3");
	assert_string_equal(found[9].dest_id, "1");
	end(&b);
}

static void a_stamped_note_looks_up_as_the_plain_one(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "null", "0",
		 "'mine\\nferry: last synced 2026-07-01T12:00:00Z'") "]"},
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "null", "0",
		 "'ferry: last synced 2026-07-01T12:00:00Z'") "]"},
		{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("AB"), text("mine")));
	struct ferry_found found;
	struct bench b;
	(void)state;
	begin_stamp(&b, steps, FERRY_MODE_UPSERT, true, NAMES("idTag", "note"));
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.fields[1].len, 4);
	assert_memory_equal(found.fields[1].s, "mine", 4);
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.fields[1].type, FERRY_NULL);
	end(&b);
}

/* -- listing --------------------------------------------------------------------------- */

struct listed {
	struct ferry_listing api;
	char text[256];
	size_t n, calls;
};

static int take_found(struct ferry_listing *listing, const struct ferry_found *found, size_t n, struct ferry_error *err)
{
	struct listed *l = listing->ctx;

	(void)err;
	l->calls++;
	l->n += n;
	for (size_t i = 0; i < n && l->n <= 2; i++)
		snprintf(l->text + strlen(l->text), sizeof l->text - strlen(l->text), "%s %.*s %s|", found[i].dest_id,
			 (int)found[i].fields[0].len, found[i].fields[0].s,
			 found[i].fields[1].type == FERRY_NULL ? "~" : found[i].fields[1].s);
	return 0;
}

static void not_truncated(struct ferry_listing *listing, const char *reason)
{
	(void)listing;
	fail_msg("truncated: %s", reason);
}

static int list_all(struct bench *b, const struct step *steps, struct listed *l)
{
	*l = (struct listed){.api = {l, take_found, not_truncated}};
	begin_stamp(b, steps, FERRY_MODE_UPSERT, true, NAMES("idTag", "note"));
	return ferry_connector.list(b->handle, &l->api, &b->err);
}

/* One request gives all, in their own letters and without ferry's line in the note. */
static void lists_all_tags_by_one_request(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags", NULL, 200, "[" TAG("7", "aB", "null", "null", "1", "'x\\nferry: last synced 2026-01-01T00:00:00Z'")
		 "," PLAIN("9", "T9") "]"}, {0}};
	struct bench b;
	struct listed l;
	(void)state;
	assert_int_equal(list_all(&b, steps, &l), 0);
	assert_string_equal(l.text, "7 aB x|9 T9 ~|");
	end(&b);
	assert_int_equal(ferry_connector.list_page, 0);
}

static void a_long_list_comes_in_parts(void **state)
{
	struct step steps[] = {{"GET", "/ocppTags", NULL, 200, NULL}, {0}};
	struct rest_buf answer = {0};
	struct bench b;
	struct listed l;
	(void)state;
	for (int i = 0; i < 1100; i++)
		rest_addf(&answer, "%c{'ocppTagPk':%d,'idTag':'t%d','maxActiveTransactionCount':1}", i ? ',' : '[', i, i);
	rest_adds(&answer, "]");
	steps[0].answer = rest_str(&answer);
	assert_int_equal(list_all(&b, steps, &l), 0);
	assert_int_equal(l.n, 1100);
	assert_int_equal(l.calls, 3);
	end(&b);
	/* cut in the middle: what came before may have been given, but the call fails */
	rest_buf_cut(&answer, answer.len - 20);
	assert_int_equal(list_all(&b, steps, &l), -1);
	assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	end(&b);
	rest_buf_release(&answer);
}

/* What was given cannot be taken back, but it can be known: each tag once. */
static void a_list_that_breaks_off_is_asked_for_again(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags", NULL, 200, "[" PLAIN("1", "A") "," PLAIN("2", "B") ",{'ocppTagPk'", FERRY_E_NETWORK},
		{"GET", "/ocppTags", NULL, 200, "[" PLAIN("1", "A") "," PLAIN("2", "B") "," PLAIN("3", "C") ",", FERRY_E_TIMEOUT},
		{"GET", "/ocppTags", NULL, 200, "[" PLAIN("1", "A") "," PLAIN("2", "B") "," PLAIN("3", "C") "]"},
		{0}};
	static const struct step never[] = {
		{"GET", "/ocppTags", NULL, 200, "[" PLAIN("1", "A"), FERRY_E_NETWORK},
		{"GET", "/ocppTags", NULL, 200, "[" PLAIN("1", "A"), FERRY_E_NETWORK},
		{"GET", "/ocppTags", NULL, 200, "[" PLAIN("1", "A"), FERRY_E_NETWORK},
		{0}};
	struct ferry_extract want = {.limit = 0};
	struct written w;
	struct bench b;
	struct listed l;
	(void)state;
	begin(&b, steps, 0, NULL, 0);
	written_init(&w);
	assert_int_equal(ferry_connector.extract(b.handle, &want, &w.sink, &b.err), 0);
	assert_int_equal(w.n_rows, 3);
	assert_string_equal(written_cell(&w, 2, "idTag"), "C");
	assert_non_null(strstr(b.s.log, "W GET /ocppTags: SteVe's answer broke off after"));
	assert_non_null(strstr(b.s.log, "(2 of 2)"));
	written_release(&w);
	end(&b);
	assert_int_equal(list_all(&b, steps, &l), 0);
	assert_int_equal(l.n, 3);
	end(&b);
	assert_int_equal(list_all(&b, never, &l), -1);
	assert_int_equal(b.err.code, FERRY_E_NETWORK);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_tags),
		cmocka_unit_test(a_cut_list_is_no_end),
		cmocka_unit_test(a_limit_ends_the_answer_early),
		cmocka_unit_test(lookup_ignores_case_and_says_so),
		cmocka_unit_test(many_lookups_read_the_list_once),
		cmocka_unit_test(a_stamped_note_looks_up_as_the_plain_one),
		cmocka_unit_test(lists_all_tags_by_one_request),
		cmocka_unit_test(a_long_list_comes_in_parts),
		cmocka_unit_test(a_list_that_breaks_off_is_asked_for_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
