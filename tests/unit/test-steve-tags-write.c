/* SPDX-License-Identifier: Apache-2.0 */
/* test-steve-tags-write.c - id tags written to a scripted SteVe, trap by trap of that API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "steve-tags-fixture.h"

#define FORM(id, parent, expiry, max, note) "{'idTag':'" id "','parentIdTag':" parent ",'expiryDate':" expiry \
	",'maxActiveTransactionCount':" max ",'note':" note "}"
#define FAULT(status, message) status, "{'timestamp':'2026-08-21T10:00:00.000Z','status':" #status ",'error':'x','message':'" message "','path':'p'}"

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

/* -- writing --------------------------------------------------------------------------- */

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
		cmocka_unit_test(failures_leave_each_row_in_the_right_state),
		cmocka_unit_test(a_tag_that_steve_fails_on_twice_is_refused),
		cmocka_unit_test(a_steve_that_fails_on_all_ends_the_call),
		cmocka_unit_test(a_failed_look_leaves_the_row_unsent),
		cmocka_unit_test(a_bad_request_is_the_rows_own),
		cmocka_unit_test(canonicalize_refuses_what_steve_would),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
