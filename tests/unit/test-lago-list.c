/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-lago-list.c - lists whose rows move while they are read, on the invoices of a scripted Lago: what is
 * read twice, what is missed, and when a list counts as cut short. (test-lago-customers-read.c has the
 * lists whose totals are exact.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"
#include "lago/resource.h"

#define PAGE(n) "/invoices?page=" n "&per_page=100"
#define ROW(id) "{'lago_id':'u" id "','number':'" id "'}"
#define META(next, total) "'meta':{'current_page':1,'next_page':" next ",'total_count':" total "}"

static int read_all(struct bench *b, const struct step *steps, struct written *w, const struct ferry_setting *settings, size_t n)
{
	struct ferry_extract want = {0};

	begin_with(b, steps, 0, NULL, 0, settings, n);
	written_init(w);
	return ferry_connector.extract(b->handle, &want, &w->sink, &b->err);
}

/* The total of invoices is up to half an hour old on all pages but the last: it decides neither where the
 * list ends nor, when it is too high at first, that rows are missing. */
static void trap_an_old_total_does_not_end_the_list(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'invoices':[" ROW("3") "," ROW("2") "]," META("2", "2") "}")},
		{"GET", PAGE("2"), NULL, OK("{'invoices':[" ROW("1") "]," META("null", "3") "}")},
		{0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, NULL, 0), 0);
	assert_int_equal(w.n_rows, 3);
	assert_string_equal(w.truncated, "");
	written_release(&w);
	end(&b);
}

/* An invoice that moved up behind the reader's back is missed; an old first total would not tell. */
static void trap_a_row_missed_under_an_old_total_is_found_in_another_pass(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'invoices':[" ROW("3") "," ROW("2") "]," META("2", "3") "}")},
		/* 0 was finalized and went to the top */
		{"GET", PAGE("2"), NULL, OK("{'invoices':[" ROW("2") "," ROW("1") "]," META("null", "4") "}")},
		{"GET", PAGE("1"), NULL, OK("{'invoices':[" ROW("0") "," ROW("3") "]," META("2", "4") "}")},
		{"GET", PAGE("2"), NULL, OK("{'invoices':[" ROW("2") "," ROW("1") "]," META("null", "4") "}")},
		{0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, NULL, 0), 0);
	assert_int_equal(w.n_rows, 4);
	assert_string_equal(written_cell(&w, 3, "number"), "0");
	assert_string_equal(w.truncated, "");
	written_release(&w);
	end(&b);
}

/* Too high a total stays so for half an hour: it must not make each scan of that time one that is cut short. */
static void trap_an_old_total_that_is_too_high_cuts_nothing_short(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'invoices':[" ROW("3") "," ROW("2") "]," META("2", "9") "}")},
		{"GET", PAGE("2"), NULL, OK("{'invoices':[" ROW("1") "]," META("null", "3") "}")},
		{"GET", PAGE("1"), NULL, OK("{'invoices':[" ROW("3") "," ROW("2") "]," META("2", "9") "}")},
		{"GET", PAGE("2"), NULL, OK("{'invoices':[" ROW("1") "]," META("null", "3") "}")},
		{0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, NULL, 0), 0);
	assert_int_equal(w.n_rows, 3);
	assert_string_equal(w.truncated, "");
	written_release(&w);
	end(&b);
}

static void max_pages_cuts_and_says_so(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'invoices':[" ROW("3") "]," META("2", "3") "}")},
		{"GET", PAGE("2"), NULL, OK("{'invoices':[" ROW("2") "]," META("3", "3") "}")}, {0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, SETTINGS(setting_int("max_pages", 2))), 0);
	assert_int_equal(w.n_rows, 2);
	assert_string_equal(w.truncated, "max_pages");
	written_release(&w);
	end(&b);
}

static void max_pages_that_suffice_cut_nothing(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'invoices':[" ROW("3") "]," META("null", "1") "}")}, {0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, SETTINGS(setting_int("max_pages", 1))), 0);
	assert_string_equal(w.truncated, "");
	written_release(&w);
	end(&b);
}

/* Rows of the list have no fees: each invoice is asked for. One that is gone by then is no failure. */
static void trap_fees_come_with_single_invoices_only(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'invoices':[" ROW("3") "," ROW("2") "," ROW("3") "]," META("null", "2") "}")},
		{"GET", "/invoices/u3", NULL, OK("{'invoice':{'lago_id':'u3','number':'3','fees':[{'amount_cents':5,'units':'1.0'}],"
						 "'subscriptions':[]}}")},
		{"GET", "/invoices/u2", NULL, 404, "{'status':404,'code':'invoice_not_found'}"},
		{0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, SETTINGS({"details", {.i = 1, .type = FERRY_BOOL}})), 0);
	assert_int_equal(w.n_rows, 1);
	assert_string_equal(written_cell(&w, 0, "fees"), "[{\"amount_cents\":5,\"units\":\"1.0\"}]");
	assert_non_null(strstr(written_cell(&w, 0, "payload"), "\"fees\":"));
	assert_string_equal(w.truncated, "");
	written_release(&w);
	end(&b);
}

static void another_invoice_than_asked_for_ends_the_read(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'invoices':[" ROW("3") "]," META("null", "1") "}")},
		{"GET", "/invoices/u3", NULL, OK("{'invoice':{'lago_id':'u4'}}")}, {0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, SETTINGS({"details", {.i = 1, .type = FERRY_BOOL}})), -1);
	assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	written_release(&w);
	end(&b);
}

static void a_run_that_ends_stops_between_invoices(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'invoices':[" ROW("3") "," ROW("2") "]," META("null", "2") "}")},
		{"GET", "/invoices/u3", NULL, OK("{'invoice':{'lago_id':'u3'}}")}, {0}};
	struct ferry_extract want = {0};
	struct bench b;
	struct written w;
	(void)state;
	begin_with(&b, steps, 0, NULL, 0, SETTINGS({"details", {.i = 1, .type = FERRY_BOOL}}));
	b.s.cancel_after = 2;
	written_init(&w);
	assert_int_equal(ferry_connector.extract(b.handle, &want, &w.sink, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_CANCELLED);
	written_release(&w);
	end(&b);
}

/* -- ids that were seen ------------------------------------------------------------- */

static void ids_are_seen_once_each_whatever_their_shape(void **state)
{
	static const char *const odd[] = {"", "u1", "00000000-0000-0000-0000-000000000000",
					  "3C90C3CC-0D44-4B50-8888-8DD25736052A", "3c90c3cc00d44-4b50-8888-8dd25736052",
					  "3c90c3cc-0d44-4b50-8888-8dd25736052a", "3c90c3cc-0d44-4b50-8888-8dd25736052b"};
	struct lago_seen seen = {0};
	char id[40];
	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		assert_true(lago_seen_add(&seen, odd[i], strlen(odd[i])));
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		assert_false(lago_seen_add(&seen, odd[i], strlen(odd[i])));
	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < 5000; i++) {
			snprintf(id, sizeof id, "%08x-1a90-4000-8000-%012x", i, i * 7 + 1);
			assert_int_equal(lago_seen_add(&seen, id, strlen(id)), pass == 0);
		}
	assert_int_equal(lago_seen_count(&seen), 5000 + sizeof odd / sizeof *odd);
	lago_seen_release(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trap_an_old_total_does_not_end_the_list),
		cmocka_unit_test(trap_a_row_missed_under_an_old_total_is_found_in_another_pass),
		cmocka_unit_test(trap_an_old_total_that_is_too_high_cuts_nothing_short),
		cmocka_unit_test(max_pages_cuts_and_says_so),
		cmocka_unit_test(max_pages_that_suffice_cut_nothing),
		cmocka_unit_test(trap_fees_come_with_single_invoices_only),
		cmocka_unit_test(another_invoice_than_asked_for_ends_the_read),
		cmocka_unit_test(a_run_that_ends_stops_between_invoices),
		cmocka_unit_test(ids_are_seen_once_each_whatever_their_shape),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
