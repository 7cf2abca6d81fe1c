/* SPDX-License-Identifier: Apache-2.0 */
/* test-steve-tags.c - id tags against a scripted SteVe: one test for each trap of that API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rest/rest.h"
#include "scripted-host.h"

#define PASSWORD "api-pw"
#define RECORD(...) (const struct ferry_value[]){__VA_ARGS__}
#define NAMES(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

/* A tag as SteVe answers it: all members, the interesting ones from the arguments. */
#define TAG(pk, id, parent, expiry, max, note) "{'ocppTagPk':" pk ",'idTag':'" id "','userPk':null," \
	"'parentOcppTagPk':null,'parentIdTag':" parent ",'inTransaction':false,'blocked':false,'expiryDate':" expiry \
	",'maxActiveTransactionCount':" max ",'activeTransactionCount':0,'note':" note "}"
#define PLAIN(pk, id) TAG(pk, id, "null", "null", "1", "null")
#define FORM(id, parent, expiry, max, note) "{'idTag':'" id "','parentIdTag':" parent ",'expiryDate':" expiry \
	",'maxActiveTransactionCount':" max ",'note':" note "}"
#define FAULT(status, message) status, "{'timestamp':'2026-08-21T10:00:00.000Z','status':" #status ",'error':'x','message':'" message "','path':'p'}"

struct bench {
	struct scripted s;
	struct made_layout layout;
	void *handle;
	struct ferry_error err;
};

static int open_with(struct bench *b, const struct ferry_setting *settings, size_t n_settings, enum ferry_mode mode,
		     const char *const *names, size_t n)
{
	struct ferry_open open = {.host = &b->s.host, .connection = "steve", .settings = settings,
				  .n_settings = n_settings, .role = n ? FERRY_DESTINATION : FERRY_SOURCE, .mode = mode};

	if (n) {
		layout_make(&b->layout, ferry_connector.fields, names, n);
		open.layout = &b->layout.layout;
	}
	b->handle = NULL;
	memset(&b->err, 0, sizeof b->err);
	return ferry_connector.open(&open, &b->handle, &b->err);
}

static void begin_stamp(struct bench *b, const struct step *steps, enum ferry_mode mode, bool stamp,
			const char *const *names, size_t n)
{
	const struct ferry_setting settings[] = {
		setting_text("url", "http://steve.test:8080/steve"), setting_text("username", "etl"),
		setting_text("password", PASSWORD), {"stamp_note", {.i = stamp, .type = FERRY_BOOL}}};

	scripted_init(&b->s, "http://steve.test:8080/steve/api/v1", steps);
	b->s.user = "etl";
	b->s.password = PASSWORD;
	assert_int_equal(open_with(b, settings, 4, mode, names, n), 0);
}

static void begin(struct bench *b, const struct step *steps, enum ferry_mode mode, const char *const *names, size_t n)
{
	begin_stamp(b, steps, mode, false, names, n);
}

static void end(struct bench *b)
{
	scripted_done(&b->s);
	ferry_connector.close(b->handle);
	scripted_release(&b->s);
}

static struct ferry_action action(enum ferry_decision decision, const struct ferry_value *fields)
{
	return (struct ferry_action){.decision = decision, .key = "k", .key_len = 1, .dest_id = "", .fields = fields};
}

static void apply_one(struct bench *b, const struct ferry_action *a, struct ferry_outcome *out)
{
	memset(out, 0, sizeof *out);
	assert_int_equal(ferry_connector.apply(b->handle, a, 1, out, &b->err), 0);
	assert_int_equal(b->err.code, 0);
}

static void done(struct bench *b, enum ferry_decision decision, const struct ferry_value *fields, const char *pk)
{
	struct ferry_action a = action(decision, fields);
	struct ferry_outcome out;

	apply_one(b, &a, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, pk);
}

static void rejected(struct bench *b, enum ferry_decision decision, const struct ferry_value *fields, const char *code,
		     const char *field)
{
	struct ferry_action a = action(decision, fields);
	struct ferry_outcome out;

	apply_one(b, &a, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, code);
	assert_string_equal(out.field, field);
	assert_true(*out.message);
}

/* -- connection ----------------------------------------------------------------------- */

/* Up to 3.7 the key goes into a header of its own, and dates have no zone. */
static void old_servers_take_a_key_and_dates_without_zone(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[]"},
		{"POST", "/ocppTags", FORM("AB", "null", "'2030-01-01T00:00:00.000'", "1", "null"), 201,
		 TAG("7", "AB", "null", "'2030-01-01T00:00:00.000Z'", "1", "null")},
		{0}};
	const struct ferry_setting settings[] = {setting_text("url", "http://s/steve/"), setting_text("api_key", "k1")};
	struct bench b;
	(void)state;
	scripted_init(&b.s, "http://s/steve/api/v1", steps);
	b.s.credential = "STEVE-API-KEY: k1";
	assert_int_equal(open_with(&b, settings, 2, FERRY_MODE_UPSERT, NAMES("idTag", "expiryDate")), 0);
	done(&b, FERRY_CREATE, RECORD(text("AB"), instant("2030-01-01T00:00:00Z")), "7");
	end(&b);
}

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

/* -- writing --------------------------------------------------------------------------- */

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

/* PUT replaces all: what is not mapped goes back as it was, or a blocked card would be unblocked. */
static void put_sends_the_whole_tag(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "'P'", "'2030-01-01T00:00:00.000Z'", "0", "'old'") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "'P'", "'2030-01-01T00:00:00.000Z'", "0", "'new'"), 200,
		 TAG("9", "AB", "'P'", "'2030-01-01T00:00:00.000Z'", "0", "'new'")},
		{0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "note"));
	done(&b, FERRY_UPDATE, RECORD(text("AB"), text("new")), "9");
	end(&b);
}

static void null_clears_and_equal_writes_nothing(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "'P'", "'2030-01-01T00:00:00.000Z'", "5", "'n'") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "null", "null", "5", "'n'"), 200, TAG("9", "AB", "null", "null", "5", "'n'")},
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "null", "5", "'n'") "]"},
		{0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "parentIdTag", "expiryDate"));
	done(&b, FERRY_UPDATE, RECORD(text("AB"), nothing, nothing), "9");
	done(&b, FERRY_UPDATE, RECORD(text("AB"), nothing, nothing), "9");
	end(&b);
}

static void new_tags_are_posted(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[]"},
		{"GET", "/ocppTags?idTag=P%231", NULL, 200, "[" PLAIN("2", "P#1") "]"},
		{"POST", "/ocppTags", FORM("AB", "'P#1'", "null", "-1", "null"), 201, TAG("9", "AB", "'P#1'", "null", "-1", "null")},
		/* the parent is known now, and so is the new tag */
		{"GET", "/ocppTags?idTag=CD", NULL, 200, "[]"},
		{"POST", "/ocppTags", FORM("CD", "'ab'", "null", "-1", "null"), 201, TAG("10", "CD", "'AB'", "null", "-1", "null")},
		{0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "parentIdTag", "maxActiveTransactionCount"));
	done(&b, FERRY_CREATE, RECORD(text("AB"), text("P#1"), integer(-1)), "9");
	done(&b, FERRY_CREATE, RECORD(text("CD"), text("ab"), integer(-1)), "10");
	end(&b);
}

/* Within a call a parent goes before its children, in whatever order the rows come. */
static void parents_are_written_before_their_children(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=C", NULL, 200, "[]"},
		{"POST", "/ocppTags", FORM("C", "null", "null", "1", "null"), 201, PLAIN("1", "C")},
		{"GET", "/ocppTags?idTag=B", NULL, 200, "[]"},
		{"POST", "/ocppTags", FORM("B", "'c'", "null", "1", "null"), 201, TAG("2", "B", "'C'", "null", "1", "null")},
		{"GET", "/ocppTags?idTag=A", NULL, 200, "[]"},
		{"POST", "/ocppTags", FORM("A", "'B'", "null", "1", "null"), 201, TAG("3", "A", "'B'", "null", "1", "null")},
		{0}};
	/* one that is its own parent's parent cannot be; nothing hangs */
	static const struct step circle[] = {
		{"GET", "/ocppTags?idTag=X", NULL, 200, "[]"}, {"GET", "/ocppTags?idTag=Y", NULL, 200, "[]"},
		{"GET", "/ocppTags?idTag=Y", NULL, 200, "[]"}, {"GET", "/ocppTags?idTag=X", NULL, 200, "[]"},
		{0}};
	struct ferry_action family[] = {action(FERRY_CREATE, RECORD(text("A"), text("B"))),
					action(FERRY_CREATE, RECORD(text("B"), text("c"))),
					action(FERRY_CREATE, RECORD(text("C"), nothing))};
	struct ferry_action round[] = {action(FERRY_CREATE, RECORD(text("X"), text("Y"))),
				       action(FERRY_CREATE, RECORD(text("Y"), text("X")))};
	static const char *const pks[] = {"3", "2", "1"};
	struct ferry_outcome out[3] = {0};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "parentIdTag"));
	assert_int_equal(ferry_connector.apply(b.handle, family, 3, out, &b.err), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(out[i].ack, FERRY_ACK_DONE);
		assert_string_equal(out[i].dest_id, pks[i]);
	}
	end(&b);
	begin(&b, circle, FERRY_MODE_UPSERT, NAMES("idTag", "parentIdTag"));
	assert_int_equal(ferry_connector.apply(b.handle, round, 2, out, &b.err), 0);
	assert_string_equal(out[0].code, "unknown_parent");
	assert_string_equal(out[1].code, "unknown_parent");
	end(&b);
}

/* An unknown parent is a 500 on PUT and a lying 422 on POST: looked up before. */
static void an_unknown_parent_is_refused_here(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" PLAIN("9", "AB") "]"},
		{"GET", "/ocppTags?idTag=nobody", NULL, 200, "[]"},
		{0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "parentIdTag"));
	rejected(&b, FERRY_UPDATE, RECORD(text("AB"), text("nobody")), "unknown_parent", "parentIdTag");
	end(&b);
}

/* An expired tag cannot even be written back as it is. */
static void an_expired_tag_is_refused_without_a_request(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "'2020-10-01T00:00:00.000Z'", "1", "null") "]"},
		/* nothing to change: fine */
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "'2020-10-01T00:00:00.000Z'", "0", "null") "]"},
		{0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "maxActiveTransactionCount"));
	rejected(&b, FERRY_UPDATE, RECORD(text("AB"), integer(0)), "expired_tag", "expiryDate");
	done(&b, FERRY_UPDATE, RECORD(text("AB"), integer(0)), "9");
	end(&b);
}

static void an_expired_tag_can_be_given_a_new_date(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "'2020-10-01T00:00:00.000Z'", "1", "null") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "null", "'2030-01-01T00:00:00.000Z'", "1", "null"), 200,
		 TAG("9", "AB", "null", "'2030-01-01T00:00:00.000Z'", "1", "null")},
		{"GET", "/ocppTags?idTag=CD", NULL, 200, "[]"},
		{0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "expiryDate"));
	done(&b, FERRY_UPDATE, RECORD(text("AB"), instant("2030-01-01T00:00:00Z")), "9");
	rejected(&b, FERRY_CREATE, RECORD(text("CD"), instant("2026-08-01T11:59:59Z")), "expired_tag", "expiryDate");
	end(&b);
}

/* Somebody makes the tag between look and POST: look again, and PUT once. */
static void a_race_for_a_new_tag_ends_in_one_put(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[]"},
		{"POST", "/ocppTags", FORM("AB", "null", "null", "-1", "null"), FAULT(422, "The idTag AB exists already.")},
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "null", "1", "'theirs'") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "null", "null", "-1", "'theirs'"), 200, TAG("9", "AB", "null", "null", "-1", "'theirs'")},
		/* it says that it exists and does not show it: no loop */
		{"GET", "/ocppTags?idTag=CD", NULL, 200, "[]"},
		{"POST", "/ocppTags", FORM("CD", "null", "null", "-1", "null"), FAULT(422, "The idTag CD exists already.")},
		{"GET", "/ocppTags?idTag=CD", NULL, 200, "[]"},
		{0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "maxActiveTransactionCount"));
	done(&b, FERRY_CREATE, RECORD(text("AB"), integer(-1)), "9");
	rejected(&b, FERRY_CREATE, RECORD(text("CD"), integer(-1)), "already_exists", "idTag");
	end(&b);
}

static void modes_keep_their_word(void **state)
{
	static const struct step absent[] = {{"GET", "/ocppTags?idTag=AB", NULL, 200, "[]"}, {0}};
	static const struct step present[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" PLAIN("9", "AB") "]"},
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" PLAIN("9", "AB") "]"}, {0}};
	struct ferry_action same = action(FERRY_CREATE, RECORD(text("AB"), integer(1)));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, absent, FERRY_MODE_UPDATE, NAMES("idTag", "maxActiveTransactionCount"));
	rejected(&b, FERRY_UPDATE, RECORD(text("AB"), integer(0)), "tag_not_found", "idTag");
	end(&b);
	begin(&b, present, FERRY_MODE_INSERT, NAMES("idTag", "maxActiveTransactionCount"));
	rejected(&b, FERRY_CREATE, RECORD(text("AB"), integer(0)), "already_exists", "idTag");
	/* sent once and asked again after a crash: there already, as it should be */
	apply_one(&b, &same, &out);
	assert_int_equal(out.ack, FERRY_ACK_DUPLICATE);
	end(&b);
	assert_int_equal(ferry_connector.modes & FERRY_MODE_MIRROR, 0);
	assert_int_equal(ferry_connector.caps & FERRY_CAP_DELETE, 0);
}

/* There is no input `blocked`: disabling is a count of 0, and never a DELETE. */
static void disable_blocks(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "null", "-1", "'n'") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "null", "null", "0", "'n'"), 200, TAG("9", "AB", "null", "null", "0", "'n'")},
		/* only the number is known */
		{"GET", "/ocppTags/12", NULL, 200, TAG("12", "CD", "null", "null", "0", "null")},
		{"GET", "/ocppTags/13", NULL, FAULT(404, "Could not find this ocppTag")},
		{0}};
	struct ferry_action a[] = {action(FERRY_DISABLE, RECORD(text("AB"), text("ignored"))), action(FERRY_DISABLE, NULL),
				   action(FERRY_DISABLE, NULL)};
	struct ferry_outcome out[3] = {0};
	struct bench b;
	(void)state;
	a[1].dest_id = "12";
	a[2].dest_id = "13";
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "note"));
	assert_int_equal(ferry_connector.apply(b.handle, a, 3, out, &b.err), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(out[i].ack, FERRY_ACK_DONE);
	end(&b);
}

/* 200, and the card is still open. */
static void a_block_that_did_not_take_is_an_error(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" PLAIN("9", "AB") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "null", "null", "0", "null"), 200, PLAIN("9", "AB")},
		{0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "maxActiveTransactionCount"));
	rejected(&b, FERRY_UPDATE, RECORD(text("AB"), integer(0)), "not_applied", "maxActiveTransactionCount");
	end(&b);
}

/* The stamp replaces itself, keeps the rest of the note, and is no difference by itself. */
static void the_stamp_is_kept_and_is_no_change(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "null", "1", "'mine'") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "null", "null", "0", "'mine\\nferry: last synced 2026-08-01T12:00:00Z'"), 200,
		 TAG("9", "AB", "null", "null", "0", "null")},
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "null", "0",
		 "'mine\\nferry: last synced 2026-07-01T12:00:00Z\\nmore'") "]"},
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" TAG("9", "AB", "null", "null", "1",
		 "'ferry: last synced 2026-07-01T12:00:00Z\\nmore'") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "null", "null", "0", "'more\\nferry: last synced 2026-08-01T12:00:00Z'"), 200,
		 TAG("9", "AB", "null", "null", "0", "null")},
		{0}};
	struct bench b;
	(void)state;
	begin_stamp(&b, steps, FERRY_MODE_UPSERT, true, NAMES("idTag", "maxActiveTransactionCount"));
	done(&b, FERRY_UPDATE, RECORD(text("AB"), integer(0)), "9");
	done(&b, FERRY_UPDATE, RECORD(text("AB"), integer(0)), "9");
	done(&b, FERRY_UPDATE, RECORD(text("AB"), integer(0)), "9");
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

/* -- failures -------------------------------------------------------------------------- */

static void transient(int status, const char *answer, enum ferry_code failure, enum ferry_code code, enum ferry_ack ack)
{
	struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" PLAIN("9", "AB") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "null", "null", "0", "null"), status, answer, failure},
		{0}};
	struct ferry_action a[] = {action(FERRY_UPDATE, RECORD(text("AB"), integer(0))),
				   action(FERRY_UPDATE, RECORD(text("CD"), integer(0)))};
	struct ferry_outcome out[2] = {0};
	struct bench b;

	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "maxActiveTransactionCount"));
	assert_int_equal(ferry_connector.apply(b.handle, a, 2, out, &b.err), -1);
	assert_int_equal(b.err.code, code);
	assert_int_equal(out[0].ack, ack);
	assert_int_equal(out[1].ack, FERRY_ACK_UNSENT);
	end(&b);
}

static void failures_leave_each_row_in_the_right_state(void **state)
{
	(void)state;
	transient(500, "<html>", 0, FERRY_E_UNAVAILABLE, FERRY_ACK_UNKNOWN);
	transient(503, "{'status':503,'message':'x'}", 0, FERRY_E_UNAVAILABLE, FERRY_ACK_UNKNOWN);
	transient(429, "", 0, FERRY_E_RATE_LIMIT, FERRY_ACK_UNSENT);
	transient(FAULT(401, "x"), 0, FERRY_E_AUTH, FERRY_ACK_UNSENT);
	transient(0, NULL, FERRY_E_CONNECT, FERRY_E_CONNECT, FERRY_ACK_UNSENT);
	transient(0, NULL, FERRY_E_NETWORK, FERRY_E_NETWORK, FERRY_ACK_UNKNOWN);
	transient(200, "<html>", 0, FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	transient(200, "[]", 0, FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	transient(200, PLAIN("9", "other"), 0, FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
}

#define LOOK(id) {"GET", "/ocppTags?idTag=" id, NULL, 200, "[" PLAIN("9", id) "]"}
#define FAILS(id) {"PUT", "/ocppTags/9", FORM(id, "null", "null", "0", "null"), FAULT(500, "Execution FAILED.")}

/* 500 in SteVe's own words is no reason to try for ever: if it can be read, it is this one tag. */
static void a_tag_that_steve_fails_on_twice_is_refused(void **state)
{
	static const struct step steps[] = {
		LOOK("A"), FAILS("A"), LOOK("A"), FAILS("A"),
		/* and the next one is not kept from its turn */
		LOOK("B"), {"PUT", "/ocppTags/9", FORM("B", "null", "null", "0", "null"), 200, TAG("9", "B", "null", "null", "0", "null")},
		/* it had done it before it failed */
		LOOK("C"), FAILS("C"), {"GET", "/ocppTags?idTag=C", NULL, 200, "[" TAG("9", "C", "null", "null", "0", "null") "]"},
		/* it passes by itself */
		LOOK("D"), FAILS("D"), LOOK("D"),
		{"PUT", "/ocppTags/9", FORM("D", "null", "null", "0", "null"), 200, TAG("9", "D", "null", "null", "0", "null")},
		/* of those before D it is not reminded */
		LOOK("E"), FAILS("E"), LOOK("E"), FAILS("E"), LOOK("F"), FAILS("F"), LOOK("F"), FAILS("F"),
		LOOK("G"), FAILS("G"), LOOK("G"), FAILS("G"),
		{0}};
	static const char *const ids[] = {"A", "B", "C", "D", "E", "F", "G"};
	struct ferry_value fields[7][2];
	struct ferry_action a[7];
	struct ferry_outcome out[7] = {0};
	struct bench b;
	(void)state;
	for (int i = 0; i < 7; i++) {
		fields[i][0] = text(ids[i]);
		fields[i][1] = integer(0);
		a[i] = action(FERRY_UPDATE, fields[i]);
	}
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "maxActiveTransactionCount"));
	assert_int_equal(ferry_connector.apply(b.handle, a, 7, out, &b.err), 0);
	assert_int_equal(out[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(out[0].code, "http_500");
	assert_non_null(strstr(out[0].message, "Execution FAILED."));
	for (int i = 1; i < 7; i++)
		assert_int_equal(out[i].ack, i < 4 ? FERRY_ACK_DONE : FERRY_ACK_REJECTED);
	end(&b);
}

/* When it fails on one after the other it is not the tags: the call ends. */
static void a_steve_that_fails_on_all_ends_the_call(void **state)
{
	static const struct step steps[] = {
		LOOK("A"), FAILS("A"), LOOK("A"), FAILS("A"), LOOK("B"), FAILS("B"), LOOK("B"), FAILS("B"),
		LOOK("C"), FAILS("C"), LOOK("C"), FAILS("C"), LOOK("D"), FAILS("D"), LOOK("D"), FAILS("D"), {0}};
	static const char *const ids[] = {"A", "B", "C", "D", "E"};
	struct ferry_value fields[5][2];
	struct ferry_action a[5];
	struct ferry_outcome out[5] = {0};
	struct bench b;
	(void)state;
	for (int i = 0; i < 5; i++) {
		fields[i][0] = text(ids[i]);
		fields[i][1] = integer(0);
		a[i] = action(FERRY_UPDATE, fields[i]);
	}
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "maxActiveTransactionCount"));
	assert_int_equal(ferry_connector.apply(b.handle, a, 5, out, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_UNAVAILABLE);
	assert_non_null(strstr(b.err.hint, "its log"));
	assert_int_equal(out[2].ack, FERRY_ACK_REJECTED);
	assert_int_equal(out[3].ack, FERRY_ACK_UNKNOWN);
	assert_int_equal(out[4].ack, FERRY_ACK_UNSENT);
	end(&b);
}

/* Nothing was written yet when the look before the write failed: no doubt. */
static void a_failed_look_leaves_the_row_unsent(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, FAULT(500, "x")},
		{"GET", "/ocppTags?idTag=AB", NULL, 0, NULL, FERRY_E_TIMEOUT},
		/* a POST that was refused was not written either, though the second look fails */
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[]"},
		{"POST", "/ocppTags", FORM("AB", "null", "null", "0", "null"), FAULT(422, "The idTag AB exists already.")},
		{"GET", "/ocppTags?idTag=AB", NULL, 0, NULL, FERRY_E_NETWORK},
		{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("AB"), integer(0)));
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "maxActiveTransactionCount"));
	for (int i = 0; i < 3; i++) {
		struct ferry_outcome out = {0};
		assert_int_equal(ferry_connector.apply(b.handle, &a, 1, &out, &b.err), -1);
		assert_int_equal(out.ack, FERRY_ACK_UNSENT);
	}
	end(&b);
}

static void a_bad_request_is_the_rows_own(void **state)
{
	static const struct step steps[] = {
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" PLAIN("9", "AB") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "null", "null", "0", "null"), FAULT(400, "Error understanding the request")},
		{"GET", "/ocppTags?idTag=AB", NULL, 200, "[" PLAIN("9", "AB") "]"},
		{"PUT", "/ocppTags/9", FORM("AB", "null", "null", "0", "null"), FAULT(404, "Could not find this ocppTag")},
		{0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("idTag", "maxActiveTransactionCount"));
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("AB"), integer(0)));
	struct ferry_outcome out;
	apply_one(&b, &a, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "http_400");
	/* its fixed words, and what they may stand for */
	assert_non_null(strstr(out.message, "Error understanding the request (its answer to whatever it does not take"));
	rejected(&b, FERRY_UPDATE, RECORD(text("AB"), integer(0)), "http_404", "");
	end(&b);
}

static void canonicalize_refuses_what_steve_would(void **state)
{
	static const char *const names[] = {"idTag", "maxActiveTransactionCount", "expiryDate", "parentIdTag"};
	static const char *const bad[] = {"", "A B", "Ä", "123456789012345678901", "a/b"};
	struct made_layout layout;
	struct pure_memory memory;
	struct ferry_issue issue;
	(void)state;
	layout_make(&layout, ferry_connector.fields, names, 4);
	pure_init(&memory, &layout.layout);
	static const char *const why[] = {"is empty", "letters, digits", "letters, digits", "longer than 20", "letters, digits"};
	for (size_t i = 0; i < 5; i++) {
		struct ferry_value v[] = {text(bad[i]), integer(1), nothing, nothing};
		assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), -1);
		assert_string_equal(issue.field, "idTag");
		assert_non_null(strstr(issue.message, why[i]));
	}
	struct ferry_value v[] = {text("aZ9.:_#-"), integer(1), instant("2030-01-01T00:00:00.123456Z"), text("")};
	assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), 0);
	assert_int_equal(v[2].i, instant("2030-01-01T00:00:00.123Z").i);
	assert_int_equal(v[3].type, FERRY_NULL);
	/* left out, it would be 1 and unblock the card */
	v[1] = nothing;
	assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), -1);
	assert_string_equal(issue.field, "maxActiveTransactionCount");
	pure_release(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_servers_take_a_key_and_dates_without_zone),
		cmocka_unit_test(reads_all_tags),
		cmocka_unit_test(a_cut_list_is_no_end),
		cmocka_unit_test(lookup_ignores_case_and_says_so),
		cmocka_unit_test(many_lookups_read_the_list_once),
		cmocka_unit_test(lists_all_tags_by_one_request),
		cmocka_unit_test(a_long_list_comes_in_parts),
		cmocka_unit_test(a_list_that_breaks_off_is_asked_for_again),
		cmocka_unit_test(a_limit_ends_the_answer_early),
		cmocka_unit_test(put_sends_the_whole_tag),
		cmocka_unit_test(null_clears_and_equal_writes_nothing),
		cmocka_unit_test(new_tags_are_posted),
		cmocka_unit_test(parents_are_written_before_their_children),
		cmocka_unit_test(an_unknown_parent_is_refused_here),
		cmocka_unit_test(an_expired_tag_is_refused_without_a_request),
		cmocka_unit_test(an_expired_tag_can_be_given_a_new_date),
		cmocka_unit_test(a_race_for_a_new_tag_ends_in_one_put),
		cmocka_unit_test(modes_keep_their_word),
		cmocka_unit_test(disable_blocks),
		cmocka_unit_test(a_block_that_did_not_take_is_an_error),
		cmocka_unit_test(the_stamp_is_kept_and_is_no_change),
		cmocka_unit_test(a_stamped_note_looks_up_as_the_plain_one),
		cmocka_unit_test(failures_leave_each_row_in_the_right_state),
		cmocka_unit_test(a_tag_that_steve_fails_on_twice_is_refused),
		cmocka_unit_test(a_steve_that_fails_on_all_ends_the_call),
		cmocka_unit_test(a_failed_look_leaves_the_row_unsent),
		cmocka_unit_test(a_bad_request_is_the_rows_own),
		cmocka_unit_test(canonicalize_refuses_what_steve_would),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
