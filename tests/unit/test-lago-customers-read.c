/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-customers-read.c - opening, reading and looking up customers of a scripted Lago: a test for each trap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"

/* -- opening ------------------------------------------------------------------------ */

static void opens_with_url_in_any_usual_form(void **state)
{
	static const char *const good[] = {"https://lago.test", "https://lago.test/", "https://lago.test/api/v1",
					   "https://lago.test/api/v1///"};
	static const struct step steps[] = {{"GET", "/customers?page=1&per_page=1", NULL, OK("{'customers':[],'meta':{}}")},
					    {0}};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct bench b;
		scripted_init(&b.s, "https://lago.test/api/v1", steps);
		assert_int_equal(open_with(&b, good[i], KEY, NULL, 0, 0), 0);
		assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), 0);
		end(&b);
	}
}

static void refuses_bad_connections(void **state)
{
	static const char *const bad[][2] = {
		{"lago.test", KEY}, {"ftp://lago.test", KEY}, {"https://", KEY}, {"https://user:pw@lago.test", KEY},
		{"https://lago.test/?a=b", KEY}, {"https://lago.test#x", KEY}, {"https://la go.test", KEY},
		{"https://:443", KEY}, {"https://lago.test", ""}, {"https://lago.test", "a\nX-Evil: 1"},
	};
	static const struct step steps[] = {{0}};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct bench b;
		scripted_init(&b.s, "", steps);
		assert_int_equal(open_with(&b, bad[i][0], bad[i][1], NULL, 0, 0), -1);
		assert_int_equal(b.err.code, FERRY_E_CONFIG);
		assert_null(strstr(b.err.msg, "Evil"));
		assert_null(strstr(b.err.msg, "pw@"));
	}
}

static void refuses_metadata_lago_cannot_hold(void **state)
{
	static const struct step steps[] = {{0}};
	struct bench b;
	(void)state;
	scripted_init(&b.s, "", steps);
	assert_int_equal(open_with(&b, "https://l", KEY, NAMES("external_id", "metadata.a_key_of_21_characters"),
				   FERRY_MODE_UPSERT), -1);
	assert_int_equal(b.err.code, FERRY_E_CONFIG);
	assert_int_equal(open_with(&b, "https://l", KEY, NAMES("external_id", "metadata.a", "metadata.b", "metadata.c",
				   "metadata.d", "metadata.e", "metadata.f"), FERRY_MODE_UPSERT), -1);
	assert_int_equal(b.err.code, FERRY_E_CONFIG);
}

/* -- setup --------------------------------------------------------------------------- */

static void setup_of(const struct step *steps, int code, const char *part)
{
	struct bench b;

	begin(&b, steps, 0, NULL, 0);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), -1);
	assert_int_equal(b.err.code, code);
	assert_non_null(strstr(b.err.msg, part));
	assert_null(strstr(b.err.msg, KEY));
	end(&b);
}

static void setup_names_what_is_wrong(void **state)
{
	static const char path[] = "/customers?page=1&per_page=1";
	(void)state;
	setup_of((struct step[]){{"GET", path, NULL, 401, "{'status':401,'error':'Unauthorized'}"}, {0}}, FERRY_E_AUTH,
		 "credentials");
	setup_of((struct step[]){{"GET", path, NULL, 403,
		 "{'status':403,'error':'Forbidden','code':'read_action_not_allowed_for_customer'}"}, {0}},
		 FERRY_E_FORBIDDEN, "read_action_not_allowed_for_customer");
	setup_of((struct step[]){{"GET", path, NULL, 404, "<html>nginx</html>"}, {0}}, FERRY_E_PROTOCOL, "404");
	setup_of((struct step[]){{"GET", path, NULL, 404, "{'status':404,'error':'Not Found','code':'resource_not_found'}"},
		 {0}}, FERRY_E_PROTOCOL, "404");
	setup_of((struct step[]){{"GET", path, NULL, 200, "<html><form action=login>" KEY "</form>"}, {0}},
		 FERRY_E_PROTOCOL, "***");
	setup_of((struct step[]){{"GET", path, NULL, 200, ""}, {0}}, FERRY_E_PROTOCOL, "(empty)");
	setup_of((struct step[]){{"GET", path, NULL, 200, "{'plans':[]}"}, {0}}, FERRY_E_PROTOCOL, "'customers'");
	setup_of((struct step[]){{"GET", path, NULL, 200, "{'customers':[],"}, {0}}, FERRY_E_PROTOCOL, "too early");
	setup_of((struct step[]){{"GET", path, NULL, 302, ""}, {0}}, FERRY_E_PROTOCOL, "302");
	setup_of((struct step[]){{"GET", path, NULL, 503, "<html>"}, {0}}, FERRY_E_UNAVAILABLE, "503");
}

/* -- reading all ---------------------------------------------------------------------- */

#define PAGE(n) "/customers?page=" n "&per_page=100"
#define ROW(id) "{'lago_id':'u" id "','external_id':'c" id "'}"
#define META(next, total) "'meta':{'current_page':1,'next_page':" next ",'prev_page':null,'total_pages':2,'total_count':" total "}"

static int read_all(struct bench *b, const struct step *steps, struct written *w, int64_t limit)
{
	struct ferry_extract want = {.limit = limit};

	begin(b, steps, 0, NULL, 0);
	written_init(w);
	return ferry_connector.extract(b->handle, &want, &w->sink, &b->err);
}

static void reads_all_fields(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'customers':[{'lago_id':'u1','external_id':'c1','name':'Löwe \\'A\\'','email':null,"
		 "'net_payment_term':30,'sequential_id':7,'skip_invoice_custom_sections':false,"
		 "'created_at':'2026-01-31T10:00:00Z','shipping_address':{'city':'Bonn'},'unknown':1.10,"
		 "'billing_configuration':{'document_locale':'de','invoice_grace_period':3}}]," META("null", "1") "}")},
		{0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, 0), 0);
	assert_int_equal(w.n_rows, 1);
	assert_false(w.ordered);
	assert_string_equal(w.truncated, "");
	assert_int_equal(w.pages, 1);
	assert_string_equal(written_cell(&w, 0, "lago_id"), "u1");
	assert_string_equal(written_cell(&w, 0, "name"), "Löwe \"A\"");
	assert_string_equal(written_cell(&w, 0, "email"), "~");
	assert_string_equal(written_cell(&w, 0, "net_payment_term"), "30");
	assert_string_equal(written_cell(&w, 0, "skip_invoice_custom_sections"), "0");
	assert_string_equal(written_cell(&w, 0, "created_at"), "2026-01-31T10:00:00Z");
	assert_string_equal(written_cell(&w, 0, "shipping_city"), "Bonn");
	assert_string_equal(written_cell(&w, 0, "document_locale"), "de");
	/* numbers keep the text they came with */
	assert_non_null(strstr(written_cell(&w, 0, "payload"), "\"unknown\":1.10"));
	written_release(&w);
	end(&b);
}

/* Customers made during the scan push rows to the next page: they come twice and must be given once. */
static void rows_seen_twice_are_given_once(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'customers':[" ROW("3") "," ROW("2") "]," META("2", "3") "}")},
		{"GET", PAGE("2"), NULL, OK("{'customers':[" ROW("2") "," ROW("1") "]," META("null", "4") "}")},
		{0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, 0), 0);
	assert_int_equal(w.n_rows, 3);
	assert_string_equal(w.truncated, "");
	written_release(&w);
	end(&b);
}

/* A customer deleted during the scan pulls rows to an earlier page, where they are missed: read again. */
static void rows_missed_by_a_delete_are_found_in_another_pass(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'customers':[" ROW("4") "," ROW("3") "]," META("2", "4") "}")},
		/* 4 is gone, 2 moved to page 1; the count of distinct ids alone would not tell: 3 = 3 */
		{"GET", PAGE("2"), NULL, OK("{'customers':[" ROW("1") "]," META("null", "3") "}")},
		{"GET", PAGE("1"), NULL, OK("{'customers':[" ROW("3") "," ROW("2") "]," META("2", "3") "}")},
		{"GET", PAGE("2"), NULL, OK("{'customers':[" ROW("1") "]," META("null", "3") "}")},
		{0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, 0), 0);
	assert_int_equal(w.n_rows, 4);
	assert_string_equal(written_cell(&w, 3, "lago_id"), "u2");
	assert_string_equal(w.truncated, "");
	written_release(&w);
	end(&b);
}

/* What earlier passes saw fills up the count, so that a pass in which rows went away is never the last. */
static void a_pass_in_which_rows_went_away_is_not_trusted(void **state)
{
	static const struct step steps[] = {
		/* 5 is deleted after page 1: 3 is missed */
		{"GET", PAGE("1"), NULL, OK("{'customers':[" ROW("5") "," ROW("4") "]," META("2", "5") "}")},
		{"GET", PAGE("2"), NULL, OK("{'customers':[" ROW("2") "," ROW("1") "]," META("null", "4") "}")},
		/* 6 and 7 come and go: 4 and 3 are missed; six seen, six counted */
		{"GET", PAGE("1"), NULL, OK("{'customers':[" ROW("7") "," ROW("6") "]," META("2", "6") "}")},
		{"GET", PAGE("2"), NULL, OK("{'customers':[" ROW("2") "," ROW("1") "]," META("null", "4") "}")},
		{"GET", PAGE("1"), NULL, OK("{'customers':[" ROW("4") "," ROW("3") "]," META("2", "4") "}")},
		{"GET", PAGE("2"), NULL, OK("{'customers':[" ROW("2") "," ROW("1") "]," META("null", "4") "}")},
		{0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, 0), 0);
	assert_int_equal(w.n_rows, 7);
	assert_string_equal(written_cell(&w, 6, "lago_id"), "u3");
	assert_string_equal(w.truncated, "");
	written_release(&w);
	end(&b);
}

static void a_scan_that_stays_short_says_truncated(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'customers':[" ROW("1") "]," META("null", "2") "}")},
		{"GET", PAGE("1"), NULL, OK("{'customers':[" ROW("1") "]," META("null", "2") "}")},
		{"GET", PAGE("1"), NULL, OK("{'customers':[" ROW("1") "]," META("null", "2") "}")},
		{0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, 0), 0);
	assert_int_equal(w.n_rows, 1);
	assert_string_equal(w.truncated, "rows moved between pages");
	assert_non_null(strstr(b.s.log, "W customers kept moving"));
	written_release(&w);
	end(&b);
}

static void an_empty_list_has_no_page(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'customers':[],'meta':{'current_page':0,'next_page':null,'total_pages':0,'total_count':0}}")},
		{0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, 0), 0);
	assert_int_equal(w.n_rows, 0);
	assert_true(w.n_columns > 40);
	written_release(&w);
	end(&b);
}

static void extract_fails(const char *answer, const char *part)
{
	struct step steps[] = {{"GET", PAGE("1"), NULL, OK(answer)}, {0}};
	struct bench b;
	struct written w;

	assert_int_equal(read_all(&b, steps, &w, 0), -1);
	assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	assert_non_null(strstr(b.err.msg, part));
	written_release(&w);
	end(&b);
}

static void a_list_of_another_shape_ends_the_read(void **state)
{
	(void)state;
	extract_fails("{'customers':[" ROW("1") "]}", "meta");
	/* a page that names itself as the next would never end */
	extract_fails("{'customers':[]," META("1", "0") "}", "meta");
	extract_fails("{'customers':[{'external_id':'c1'}]," META("null", "1") "}", "lago_id");
	extract_fails("{'customers':[{'lago_id':'u1','external_id':'c1','net_payment_term':'x'}]," META("null", "1") "}",
		      "net_payment_term");
	extract_fails("{'customers':[{'lago_id':'u1','external_id':'c1','created_at':'yesterday'}]," META("null", "1") "}",
		      "created_at");
	extract_fails("{'customers':[7]," META("null", "1") "}", "object");
	extract_fails("{'customers':[{'sequential_id':123456789012345678901234567890}]}", "beyond 64 bits");
	extract_fails("{'customers':[{'sequential_id':NaN}]}", "no JSON value");
	extract_fails("{'customers':[]} trailing", "more text");
}

static void a_limit_cuts_and_says_so(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'customers':[" ROW("3") "," ROW("2") "]," META("2", "3") "}")}, {0}};
	struct bench b;
	struct written w;
	(void)state;
	assert_int_equal(read_all(&b, steps, &w, 1), 0);
	assert_int_equal(w.n_rows, 1);
	assert_string_equal(w.truncated, "limit");
	written_release(&w);
	end(&b);
}

/* -- list ------------------------------------------------------------------------------ */

struct listed {
	struct ferry_listing api;
	char ids[256], truncated[64];	/* "c1=name " and so on */
	int calls, most;		/* refuses the call after that many; 0: none */
};

static int take_found(struct ferry_listing *listing, const struct ferry_found *found, size_t n, struct ferry_error *err)
{
	struct listed *l = listing->ctx;

	if (l->most && ++l->calls > l->most) {
		err->code = FERRY_E_CANCELLED;
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(found[i].presence, FERRY_FOUND);
		assert_memory_equal(found[i].fields[0].s, found[i].dest_id, found[i].fields[0].len);
		const struct ferry_value *name = &found[i].fields[1];
		size_t at = strlen(l->ids);
		snprintf(l->ids + at, sizeof l->ids - at, "%s=%.*s ", found[i].dest_id,
			 name->type == FERRY_TEXT ? (int)name->len : 0, name->type == FERRY_TEXT ? name->s : "");
	}
	return 0;
}

static void take_truncated(struct ferry_listing *listing, const char *reason)
{
	struct listed *l = listing->ctx;
	snprintf(l->truncated, sizeof l->truncated, "%s", reason);
}

static int list_all(struct bench *b, const struct step *steps, struct listed *l, int most)
{
	*l = (struct listed){.api = {l, take_found, take_truncated}, .most = most};
	begin(b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "name"));
	return ferry_connector.list(b->handle, &l->api, &b->err);
}

#define NAMED(n, name) "{'lago_id':'u" n "','external_id':'c" n "','name':" name "}"

/* Moved rows are seen twice and given once; missed ones are found in another pass. */
static void lists_each_customer_once(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'customers':[" NAMED("5", "'E'") "," NAMED("4", "null") "]," META("2", "5") "}")},
		{"GET", PAGE("2"), NULL, OK("{'customers':[" NAMED("4", "null") "," NAMED("1", "'A'") "]," META("null", "4") "}")},
		{"GET", PAGE("1"), NULL, OK("{'customers':[" NAMED("5", "'new'") "," NAMED("3", "'C'") "]," META("2", "4") "}")},
		{"GET", PAGE("2"), NULL, OK("{'customers':[" NAMED("1", "'A'") "]," META("null", "4") "}")},
		{0}};
	struct bench b;
	struct listed l;
	(void)state;
	assert_int_equal(list_all(&b, steps, &l, 0), 0);
	assert_string_equal(l.ids, "c5=E c4= c1=A c3=C ");
	assert_string_equal(l.truncated, "");
	end(&b);
	assert_int_equal(ferry_connector.list_page, 100);
	assert_int_equal(ferry_connector.lookup_batch, 1);
}

static void a_list_that_stays_short_says_truncated(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'customers':[" NAMED("1", "'A'") "]," META("null", "2") "}")},
		{"GET", PAGE("1"), NULL, OK("{'customers':[" NAMED("1", "'A'") "]," META("null", "2") "}")},
		{"GET", PAGE("1"), NULL, OK("{'customers':[" NAMED("1", "'A'") "]," META("null", "2") "}")},
		{0}};
	struct bench b;
	struct listed l;
	(void)state;
	assert_int_equal(list_all(&b, steps, &l, 0), 0);
	assert_string_equal(l.ids, "c1=A ");
	assert_string_equal(l.truncated, "rows moved between pages");
	end(&b);
}

static void a_list_ends_when_the_taker_has_enough(void **state)
{
	static const struct step steps[] = {
		{"GET", PAGE("1"), NULL, OK("{'customers':[" NAMED("3", "'C'") "]," META("2", "3") "}")},
		{"GET", PAGE("2"), NULL, OK("{'customers':[" NAMED("2", "'B'") "]," META("3", "3") "}")},
		{0}};
	struct bench b;
	struct listed l;
	(void)state;
	assert_int_equal(list_all(&b, steps, &l, 1), -1);
	assert_int_equal(b.err.code, FERRY_E_CANCELLED);
	assert_string_equal(l.ids, "c3=C ");
	end(&b);
}

static void list_fails(const char *answer, const char *part)
{
	struct step steps[] = {{"GET", PAGE("1"), NULL, OK(answer)}, {0}};
	struct bench b;
	struct listed l;

	assert_int_equal(list_all(&b, steps, &l, 0), -1);
	assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	assert_non_null(strstr(b.err.msg, part));
	end(&b);
}

static void a_listed_customer_must_be_whole(void **state)
{
	(void)state;
	list_fails("{'customers':[{'external_id':'c1'}]," META("null", "1") "}", "lago_id");
	list_fails("{'customers':[{'lago_id':'u1'}]," META("null", "1") "}", "external_id");
	list_fails("{'customers':[" NAMED("1", "[]") "]," META("null", "1") "}", "GET /customers: Lago gives 'name'");
}

/* -- look-up --------------------------------------------------------------------------- */

/* Rails ends the path parameter at a dot: "a.b" unencoded reads, or deletes, customer "a". */
static void dots_and_slashes_in_ids_are_encoded(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/a%2Eb%2Fc%40d%20%C3%BC", NULL, OK(CUSTOMER("a.b/c@d ü", ",'name':'N'"))},
		{"GET", "/customers/x%2Ey", NULL, OK(CUSTOMER("x", ""))},
		{0}};
	struct ferry_found found;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "name"));
	struct ferry_action a = action(FERRY_CREATE, RECORD(text("a.b/c@d ü"), text("N")));
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_string_equal(found.dest_id, "a.b/c@d ü");
	assert_memory_equal(found.fields[1].s, "N", 2);
	/* and should a proxy decode it after all, the answer gives it away */
	a = action(FERRY_CREATE, RECORD(text("x.y"), text("N")));
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	end(&b);
}

static void only_lagos_own_404_means_absent(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/c1", NULL, 404, "{'status':404,'error':'Not Found','code':'customer_not_found'}"},
		{"GET", "/customers/c1", NULL, 404, "<html>not here</html>"},
		{0}};
	struct ferry_action a = action(FERRY_CREATE, RECORD(text("c1")));
	struct ferry_found found;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.presence, FERRY_ABSENT);
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	end(&b);
}

static void lookup_gives_fields_as_canonicalize_writes_them(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/c1", NULL, OK(CUSTOMER("c1", ",'taxes':[{'code':'b'},{'code':'a'}],'net_payment_term':7,"
		 "'metadata':[{'lago_id':'m1','key':'fleet','value':'x','display_in_invoice':false}],"
		 "'billing_configuration':{'document_locale':'de'}"))},
		{0}};
	struct ferry_value theirs = of_type(FERRY_JSON, "[\"b\", \"a\", \"b\"]");
	struct ferry_issue issue;
	struct ferry_found found;
	struct pure_memory memory;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "tax_codes", "net_payment_term", "metadata.fleet",
						   "metadata.other", "billing_configuration.document_locale"));
	struct ferry_value ours[] = {text("c1"), theirs, integer(7), text("x"), nothing, text("de")};
	struct ferry_action a = action(FERRY_CREATE, ours);
	pure_init(&memory, &b.layout.layout);
	assert_int_equal(ferry_connector.canonicalize(&memory.pure, ours, &issue), 0);
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_string_equal(found.fields[1].s, "[\"a\",\"b\"]");
	assert_string_equal(ours[1].s, found.fields[1].s);
	assert_int_equal(found.fields[2].i, 7);
	assert_string_equal(found.fields[3].s, "x");
	assert_int_equal(found.fields[4].type, FERRY_NULL);
	assert_string_equal(found.fields[5].s, "de");
	pure_release(&memory);
	end(&b);
}

static void canonicalize_refuses_what_cannot_be_addressed(void **state)
{
	static const struct step steps[] = {{0}};
	static const char *const bad[] = {"", ".", ".."};
	struct ferry_issue issue;
	struct pure_memory memory;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "country", "tax_codes"));
	pure_init(&memory, &b.layout.layout);
	for (size_t i = 0; i < 3; i++) {
		struct ferry_value v[] = {text(bad[i]), nothing, nothing};
		assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), -1);
		assert_string_equal(issue.field, "external_id");
	}
	struct ferry_value v[] = {text("c1"), text("de"), nothing};
	assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), 0);
	assert_memory_equal(v[1].s, "DE", 2);
	assert_string_equal(v[2].s, "[]");
	v[2] = of_type(FERRY_JSON, "{}");
	assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), -1);
	assert_string_equal(issue.field, "tax_codes");
	v[2] = nothing;
	v[1] = (struct ferry_value){.s = "D\0E", .len = 3, .type = FERRY_TEXT};
	assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), -1);
	assert_string_equal(issue.field, "country");
	pure_release(&memory);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_with_url_in_any_usual_form),
		cmocka_unit_test(refuses_bad_connections),
		cmocka_unit_test(refuses_metadata_lago_cannot_hold),
		cmocka_unit_test(setup_names_what_is_wrong),
		cmocka_unit_test(reads_all_fields),
		cmocka_unit_test(rows_seen_twice_are_given_once),
		cmocka_unit_test(rows_missed_by_a_delete_are_found_in_another_pass),
		cmocka_unit_test(a_pass_in_which_rows_went_away_is_not_trusted),
		cmocka_unit_test(a_scan_that_stays_short_says_truncated),
		cmocka_unit_test(an_empty_list_has_no_page),
		cmocka_unit_test(a_list_of_another_shape_ends_the_read),
		cmocka_unit_test(a_limit_cuts_and_says_so),
		cmocka_unit_test(lists_each_customer_once),
		cmocka_unit_test(a_list_that_stays_short_says_truncated),
		cmocka_unit_test(a_list_ends_when_the_taker_has_enough),
		cmocka_unit_test(a_listed_customer_must_be_whole),
		cmocka_unit_test(dots_and_slashes_in_ids_are_encoded),
		cmocka_unit_test(only_lagos_own_404_means_absent),
		cmocka_unit_test(lookup_gives_fields_as_canonicalize_writes_them),
		cmocka_unit_test(canonicalize_refuses_what_cannot_be_addressed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
