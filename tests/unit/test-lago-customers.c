/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-customers.c - the connector against a scripted Lago: one test for each trap of that API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "scripted-host.h"

#define KEY "5f2e-key"
#define OK(body) 200, body
#define CUSTOMER(id, more) "{'customer':{'lago_id':'u1','external_id':'" id "'" more "}}"

/* -- opening ------------------------------------------------------------------------ */

struct bench {
	struct scripted s;
	struct made_layout layout;
	void *handle;
	struct ferry_error err;
};

static int open_with(struct bench *b, const char *url, const char *key, const char *const *names, size_t n,
		     enum ferry_mode mode)
{
	struct ferry_setting settings[] = {setting_text("url", url), setting_text("api_key", key)};
	struct ferry_open open = {.host = &b->s.host, .connection = "lago", .settings = settings, .n_settings = 2,
				  .role = n ? FERRY_DESTINATION : FERRY_SOURCE, .mode = mode};

	if (n) {
		layout_make(&b->layout, ferry_connector.fields, names, n);
		open.layout = &b->layout.layout;
	}
	b->handle = NULL;
	memset(&b->err, 0, sizeof b->err);
	return ferry_connector.open(&open, &b->handle, &b->err);
}

static void begin(struct bench *b, const struct step *steps, enum ferry_mode mode, const char *const *names, size_t n)
{
	scripted_init(&b->s, "https://lago.test/api/v1", steps);
	b->s.credential = "Authorization: Bearer " KEY;
	assert_int_equal(open_with(b, "https://lago.test", KEY, names, n, mode), 0);
}

static void end(struct bench *b)
{
	scripted_done(&b->s);
	ferry_connector.close(b->handle);
	scripted_release(&b->s);
}

#define NAMES(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)
#define RECORD(...) (const struct ferry_value[]){__VA_ARGS__}

static struct ferry_action action(enum ferry_decision decision, const struct ferry_value *fields)
{
	return (struct ferry_action){.decision = decision, .key = "k", .key_len = 1, .dest_id = "", .fields = fields};
}

/* Apply one action; the outcome must be settled unless the call fails. */
static int apply_one(struct bench *b, const struct ferry_action *a, struct ferry_outcome *out)
{
	memset(out, 0, sizeof *out);
	return ferry_connector.apply(b->handle, a, 1, out, &b->err);
}

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
	pure_release(&memory);
	end(&b);
}

/* -- writing --------------------------------------------------------------------------- */

/* Only mapped members are sent; null clears, but not in a customer that is new. */
static void sends_what_is_mapped_and_nothing_else(void **state)
{
	static const struct step steps[] = {
		{"POST", "/customers", "{'customer':{'external_id':'c1','billing_configuration':{'document_locale':'de',"
		 "'invoice_grace_period':3},'shipping_address':{'city':'Bonn'}}}", OK(CUSTOMER("c1", ""))},
		{"POST", "/customers", "{'customer':{'external_id':'c1','email':null,'billing_configuration':"
		 "{'document_locale':'de','invoice_grace_period':3},'shipping_address':{'city':'Bonn'}}}",
		 OK(CUSTOMER("c1", ",'email':null"))},
		{0}};
	const struct ferry_value fields[] = {text("c1"), nothing, text("de"), integer(3), text("Bonn")};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "email", "billing_configuration.document_locale",
						   "billing_configuration.invoice_grace_period", "shipping_address.city"));
	struct ferry_action a = action(FERRY_CREATE, fields);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, "c1");
	a.decision = FERRY_UPDATE;
	a.dest_id = "c1";
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_string_equal(b.s.log, "");
	end(&b);
}

/* Metadata is replaced as a whole and matched by Lago's ids: read, keep what is not ours, send ids. */
static void metadata_keeps_ids_and_foreign_entries(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/c1", NULL, OK(CUSTOMER("c1", ",'metadata':[{'lago_id':'m1','key':'fleet','value':'old','display_in_invoice':true},"
		 "{'lago_id':'m2','key':'foreign','value':'f','display_in_invoice':false},"
		 "{'lago_id':'m3','key':'drop','value':'d','display_in_invoice':false}]"))},
		{"POST", "/customers", "{'customer':{'external_id':'c1','metadata':["
		 "{'id':'m1','key':'fleet','value':'new','display_in_invoice':true},"
		 "{'id':'m2','key':'foreign','value':'f','display_in_invoice':false},"
		 "{'key':'added','value':'a','display_in_invoice':false}]}}", OK(CUSTOMER("c1", ""))},
		/* nothing to change: metadata is left out altogether */
		{"GET", "/customers/c1", NULL, OK(CUSTOMER("c1", ",'metadata':[{'lago_id':'m1','key':'fleet','value':'new','display_in_invoice':true},"
		 "{'lago_id':'m4','key':'added','value':'a','display_in_invoice':false}]"))},
		{"POST", "/customers", "{'customer':{'external_id':'c1'}}", OK(CUSTOMER("c1", ""))},
		{0}};
	const struct ferry_value fields[] = {text("c1"), text("new"), nothing, text("a")};
	struct ferry_action a = action(FERRY_UPDATE, fields);
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "metadata.fleet", "metadata.drop", "metadata.added"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	end(&b);
}

static void too_many_metadata_entries_are_refused_here(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/c1", NULL, OK(CUSTOMER("c1", ",'metadata':[{'lago_id':'1','key':'a','value':'f'},"
		 "{'lago_id':'2','key':'b','value':'f'},{'lago_id':'3','key':'c','value':'f'},"
		 "{'lago_id':'4','key':'d','value':'f'},{'lago_id':'5','key':'e','value':'f'}]"))},
		{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("c1"), text("new")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "metadata.mine"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "invalid_count");
	assert_string_equal(out.field, "metadata");
	end(&b);
}

/* 200, and the time zone is still what it was: the licence does not allow it. Said once. */
static void fields_ignored_without_a_word_are_reported(void **state)
{
	static const char sent[] = "{'customer':{'external_id':'c1','timezone':'Europe/Berlin','currency':'eur'}}";
	static const struct step steps[] = {
		{"POST", "/customers", sent, OK(CUSTOMER("c1", ",'timezone':null,'currency':'EUR'"))},
		{"POST", "/customers", sent, OK(CUSTOMER("c1", ",'timezone':null,'currency':'EUR'"))},
		{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("c1"), text("Europe/Berlin"), text("eur")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "timezone", "currency"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_non_null(strstr(b.s.log, "'timezone'"));
	assert_null(strstr(strstr(b.s.log, "'timezone'") + 1, "'timezone'"));
	assert_null(strstr(b.s.log, "currency"));
	end(&b);
}

/* A second customer would be made, and the first one left as it is. */
static void an_id_that_changed_is_refused(void **state)
{
	static const struct step steps[] = {{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("c2")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	a.dest_id = "c1";
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "identifier_changed");
	end(&b);
}

/* POST creates what is missing, so update mode looks first. */
static void update_mode_creates_nothing(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/c1", NULL, 404, "{'status':404,'code':'customer_not_found'}"}, {0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("c1")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("external_id"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_string_equal(out.code, "customer_not_found");
	end(&b);
}

static void refused(const char *answer, int status, const char *code, const char *field, const char *part)
{
	struct step steps[] = {{"POST", "/customers", "{'customer':{'external_id':'c1'}}", status, answer},
			       {"POST", "/customers", "{'customer':{'external_id':'c2'}}", OK(CUSTOMER("c2", ""))},
			       {0}};
	struct ferry_action a[] = {action(FERRY_CREATE, RECORD(text("c1"))), action(FERRY_CREATE, RECORD(text("c2")))};
	struct ferry_outcome out[2] = {0};
	struct bench b;

	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	assert_int_equal(ferry_connector.apply(b.handle, a, 2, out, &b.err), 0);
	assert_int_equal(b.err.code, 0);
	assert_int_equal(out[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(out[0].code, code);
	assert_string_equal(out[0].field, field);
	assert_non_null(strstr(out[0].message, part));
	/* the next row goes on */
	assert_int_equal(out[1].ack, FERRY_ACK_DONE);
	end(&b);
}

/* error_details: text, list or object, at both levels. */
static void refusals_of_every_shape_name_field_and_code(void **state)
{
	(void)state;
	refused("{'status':422,'error':'Unprocessable Entity','code':'validation_errors','error_details':"
		"{'country':['not_a_valid_country_code'],'name':['value_is_too_long']}}", 422,
		"not_a_valid_country_code", "country", "name: value_is_too_long");
	refused("{'status':422,'code':'validation_errors','error_details':{'metadata':'too_many_keys'}}", 422,
		"too_many_keys", "metadata", "too_many_keys");
	refused("{'status':422,'code':'validation_errors','error_details':'something is wrong'}", 422,
		"validation_errors", "", "something is wrong");
	refused("{'status':422,'code':'provider_error','provider':{'code':'x'},'error_details':{'a':{'b':['c_d']}}}", 422,
		"c_d", "a.b", "a.b: c_d");
	refused("{'status':404,'error':'Not Found','code':'billing_entity_not_found'}", 404,
		"billing_entity_not_found", "", "Not Found");
	refused("{'status':405,'error':'Method Not Allowed','code':'currencies_does_not_match'}", 405,
		"currencies_does_not_match", "", "Method");
	refused("{'status':400,'error':'BadRequest: param is missing or the value is empty or invalid: customer'}", 400,
		"http_400", "", "param is missing");
	refused("not json at all", 422, "http_422", "", "not json");
	refused("{'status':422,'error_details':[[7,null,{'x':[]}]]}", 422, "http_422", "", "");
	refused("", 413, "http_413", "", "");
}

/* Three rows; the first is fine, the second fails so; the third must be UNSENT. */
static void transient(struct step middle, enum ferry_code code, enum ferry_ack ack)
{
	struct step steps[] = {{"POST", "/customers", "{'customer':{'external_id':'c1'}}", OK(CUSTOMER("c1", ""))},
			       middle, {0}};
	struct ferry_action a[] = {action(FERRY_CREATE, RECORD(text("c1"))), action(FERRY_CREATE, RECORD(text("c2"))),
				   action(FERRY_CREATE, RECORD(text("c3")))};
	struct ferry_outcome out[3] = {0};
	struct bench b;

	steps[1].method = "POST";
	steps[1].path = "/customers";
	steps[1].body = "{'customer':{'external_id':'c2'}}";
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	assert_int_equal(ferry_connector.apply(b.handle, a, 3, out, &b.err), -1);
	assert_int_equal(b.err.code, code);
	assert_int_equal(out[0].ack, FERRY_ACK_DONE);
	assert_int_equal(out[1].ack, ack);
	assert_int_equal(out[2].ack, FERRY_ACK_UNSENT);
	if (middle.retry_after_ms)
		assert_int_equal(b.err.retry_after_ms, middle.retry_after_ms);
	end(&b);
}

static void failures_leave_each_row_in_the_right_state(void **state)
{
	(void)state;
	transient((struct step){.status = 429, .answer = "slow down", .retry_after_ms = 7000}, FERRY_E_RATE_LIMIT,
		  FERRY_ACK_UNSENT);
	transient((struct step){.status = 429, .answer = "{'code':'too_many_provider_requests','error_details':{}}"},
		  FERRY_E_RATE_LIMIT, FERRY_ACK_UNSENT);
	transient((struct step){.status = 500, .answer = "<html>"}, FERRY_E_UNAVAILABLE, FERRY_ACK_UNKNOWN);
	transient((struct step){.status = 408, .answer = ""}, FERRY_E_UNAVAILABLE, FERRY_ACK_UNKNOWN);
	transient((struct step){.status = 401, .answer = "{'status':401}"}, FERRY_E_AUTH, FERRY_ACK_UNSENT);
	transient((struct step){.status = 403, .answer = "{'status':403,'code':'feature_unavailable'}"},
		  FERRY_E_FORBIDDEN, FERRY_ACK_UNSENT);
	transient((struct step){.status = 200, .answer = "<html>login"}, FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	transient((struct step){.status = 200, .answer = "{'customer':{'external_id':'c2'"}, FERRY_E_PROTOCOL,
		  FERRY_ACK_UNKNOWN);
	transient((struct step){.status = 200, .answer = CUSTOMER("other", "")}, FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	transient((struct step){.status = 404, .answer = "<html>"}, FERRY_E_PROTOCOL, FERRY_ACK_UNSENT);
	transient((struct step){.failure = FERRY_E_CONNECT}, FERRY_E_CONNECT, FERRY_ACK_UNSENT);
	transient((struct step){.failure = FERRY_E_NETWORK}, FERRY_E_NETWORK, FERRY_ACK_UNKNOWN);
	transient((struct step){.failure = FERRY_E_TIMEOUT}, FERRY_E_TIMEOUT, FERRY_ACK_UNKNOWN);
	/* refused, but for a reason that passes */
	transient((struct step){.status = 422, .answer = "{'status':422,'code':'lock_acquisition_failed'}"},
		  FERRY_E_UNAVAILABLE, FERRY_ACK_UNSENT);
	transient((struct step){.status = 422, .answer = "{'status':422,'code':'validation_errors','error_details':"
				"{'external_id':['value_already_exist']}}"}, FERRY_E_UNAVAILABLE, FERRY_ACK_UNSENT);
}

static void a_run_that_ends_leaves_the_rest_unsent(void **state)
{
	static const struct step steps[] = {
		{"POST", "/customers", "{'customer':{'external_id':'c1'}}", OK(CUSTOMER("c1", ""))}, {0}};
	struct ferry_action a[] = {action(FERRY_CREATE, RECORD(text("c1"))), action(FERRY_CREATE, RECORD(text("c2")))};
	struct ferry_outcome out[2] = {0};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	b.s.cancel_after = 1;
	assert_int_equal(ferry_connector.apply(b.handle, a, 2, out, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_CANCELLED);
	assert_int_equal(out[0].ack, FERRY_ACK_DONE);
	assert_int_equal(out[1].ack, FERRY_ACK_UNSENT);
	end(&b);
}

/* -- deleting --------------------------------------------------------------------------- */

static void deletes_by_what_is_known_of_the_id(void **state)
{
	static const struct step steps[] = {
		{"DELETE", "/customers/a%2Eb", NULL, OK(CUSTOMER("a.b", ""))},
		{"DELETE", "/customers/c2", NULL, 404, "{'status':404,'error':'Not Found','code':'customer_not_found'}"},
		{0}};
	struct ferry_action a[] = {action(FERRY_DELETE, NULL), action(FERRY_DELETE, NULL), action(FERRY_DELETE, NULL)};
	struct ferry_outcome out[3] = {0};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_MIRROR, NAMES("external_id"));
	a[0].dest_id = "a.b";
	a[1].before = RECORD(text("c2"));
	assert_int_equal(ferry_connector.apply(b.handle, a, 3, out, &b.err), 0);
	assert_int_equal(out[0].ack, FERRY_ACK_DONE);
	assert_int_equal(out[1].ack, FERRY_ACK_DONE);	/* gone already */
	assert_int_equal(out[2].ack, FERRY_ACK_REJECTED);
	assert_string_equal(out[2].code, "no_identifier");
	end(&b);
}

/* An id too long for dest_id is left out: a cut one would be another customer's. */
static void long_ids_are_not_cut(void **state)
{
	char id[201], body[300], answer[300];
	struct step steps[] = {{"POST", "/customers", body, 200, answer}, {0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	memset(id, 'x', 200);
	id[200] = '\0';
	strcat(strcat(strcpy(body, "{'customer':{'external_id':'"), id), "'}}");
	strcat(strcat(strcpy(answer, "{'customer':{'external_id':'"), id), "'}}");
	struct ferry_value fields[] = {text(id)};
	struct ferry_action a = action(FERRY_CREATE, fields);
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, "");
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
		cmocka_unit_test(a_scan_that_stays_short_says_truncated),
		cmocka_unit_test(an_empty_list_has_no_page),
		cmocka_unit_test(a_list_of_another_shape_ends_the_read),
		cmocka_unit_test(a_limit_cuts_and_says_so),
		cmocka_unit_test(dots_and_slashes_in_ids_are_encoded),
		cmocka_unit_test(only_lagos_own_404_means_absent),
		cmocka_unit_test(lookup_gives_fields_as_canonicalize_writes_them),
		cmocka_unit_test(canonicalize_refuses_what_cannot_be_addressed),
		cmocka_unit_test(sends_what_is_mapped_and_nothing_else),
		cmocka_unit_test(metadata_keeps_ids_and_foreign_entries),
		cmocka_unit_test(too_many_metadata_entries_are_refused_here),
		cmocka_unit_test(fields_ignored_without_a_word_are_reported),
		cmocka_unit_test(an_id_that_changed_is_refused),
		cmocka_unit_test(update_mode_creates_nothing),
		cmocka_unit_test(refusals_of_every_shape_name_field_and_code),
		cmocka_unit_test(failures_leave_each_row_in_the_right_state),
		cmocka_unit_test(a_run_that_ends_leaves_the_rest_unsent),
		cmocka_unit_test(deletes_by_what_is_known_of_the_id),
		cmocka_unit_test(long_ids_are_not_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
