/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-events.c - usage events against a scripted Lago: one test for each trap of its batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rest/rest.h"
#include "scripted-host.h"

#define KEY "5f2e-key"
#define BATCH "/events/batch"
#define RECORD(...) (const struct ferry_value[]){__VA_ARGS__}

struct bench {
	struct scripted s;
	struct made_layout layout;
	void *handle;
	struct ferry_error err;
};

static const char *const plain[] = {"transaction_id", "external_subscription_id", "code", "timestamp"};

static int open_with(struct bench *b, const struct step *steps, const char *const *names, size_t n,
		     const struct ferry_setting *more, size_t n_more)
{
	struct ferry_setting settings[8] = {setting_text("url", "https://lago.test/"), setting_text("api_key", KEY)};
	struct ferry_open open = {.host = &b->s.host, .connection = "lago", .settings = settings,
				  .n_settings = 2 + n_more, .role = FERRY_DESTINATION, .mode = FERRY_MODE_APPEND,
				  .layout = &b->layout.layout};

	for (size_t i = 0; i < n_more; i++)
		settings[2 + i] = more[i];
	scripted_init(&b->s, "https://lago.test/api/v1", steps);
	b->s.credential = "Authorization: Bearer " KEY;
	layout_make(&b->layout, ferry_connector.fields, names, n);
	b->handle = NULL;
	memset(&b->err, 0, sizeof b->err);
	return ferry_connector.open(&open, &b->handle, &b->err);
}

static void begin(struct bench *b, const struct step *steps)
{
	assert_int_equal(open_with(b, steps, plain, 4, NULL, 0), 0);
}

static void end(struct bench *b)
{
	scripted_done(&b->s);
	ferry_connector.close(b->handle);
	scripted_release(&b->s);
}

/* n events e0, e1, ... of subscription s1 */
struct events {
	struct ferry_value fields[128][4];
	struct ferry_action actions[128];
	struct ferry_outcome out[128];
	char ids[128][24];
};

static void make_events(struct events *e, size_t n)
{
	memset(e, 0, sizeof *e);
	for (size_t i = 0; i < n; i++) {
		snprintf(e->ids[i], sizeof e->ids[i], "e%zu", i);
		e->fields[i][0] = text(e->ids[i]);
		e->fields[i][1] = text("s1");
		e->fields[i][2] = text("kwh");
		e->fields[i][3] = integer(1741219251);
		e->actions[i] = (struct ferry_action){.decision = FERRY_CREATE, .key = e->ids[i], .dest_id = "",
						      .fields = e->fields[i]};
	}
}

#define EVENT(id) "{'transaction_id':'" id "','external_subscription_id':'s1','code':'kwh','timestamp':1741219251}"
#define STORED(id) "{'lago_id':null,'transaction_id':'" id "','created_at':null}"
#define TWO "{'events':[" EVENT("e0") "," EVENT("e1") "]}"
#define THREE "{'events':[" EVENT("e0") "," EVENT("e1") "," EVENT("e2") "]}"
#define REFUSED(details) 422, "{'status':422,'error':'Unprocessable Entity','code':'validation_errors','error_details':" details "}"

static int apply(struct bench *b, struct events *e, size_t n)
{
	return ferry_connector.apply(b->handle, e->actions, n, e->out, &b->err);
}

/* -- sending ------------------------------------------------------------------------- */

static void stored_events_are_done(void **state)
{
	static const struct step steps[] = {
		{"POST", BATCH, TWO, 200, "{'events':[" STORED("e0") "," STORED("e1") "]}"}, {0}};
	struct events e;
	struct bench b;
	(void)state;
	begin(&b, steps);
	make_events(&e, 2);
	assert_int_equal(apply(&b, &e, 2), 0);
	assert_int_equal(e.out[0].ack, FERRY_ACK_DONE);
	assert_int_equal(e.out[1].ack, FERRY_ACK_DONE);
	assert_string_equal(e.out[1].dest_id, "e1");
	end(&b);
}

/* Numbers as text, exactly; NULL left out; nesting by dots; seconds with a fraction as text. */
static void values_go_out_exactly(void **state)
{
	static const char *const names[] = {"transaction_id", "external_subscription_id", "code", "timestamp",
					    "properties.value", "properties.charger.id", "properties.n",
					    "properties.gone", "properties.raw", "properties.flag", "properties.at",
					    "precise_total_amount_cents"};
	static const struct step steps[] = {
		{"POST", BATCH, "{'events':[{'transaction_id':'e0','external_subscription_id':'s1','code':'kwh',"
		 "'timestamp':'1741219251.59','properties':{'value':'25.500','charger':{'id':'CP 1'},'n':'-7','raw':{'a':[1.10]},"
		 "'flag':true,'at':'2026-01-31T10:00:00Z'},'precise_total_amount_cents':'1234.567'}]}",
		 200, "{'events':[" STORED("e0") "]}"},
		{0}};
	struct ferry_value v[] = {text("e0"), text("s1"), text("kwh"), of_type(FERRY_DECIMAL, "1741219251.590"),
				  of_type(FERRY_DECIMAL, "25.500"), text("CP 1"), integer(-7), nothing,
				  of_type(FERRY_JSON, "{\"a\": [1.10]}"), {.i = 1, .type = FERRY_BOOL},
				  instant("2026-01-31T10:00:00Z"), of_type(FERRY_DECIMAL, "1234.567")};
	struct ferry_action a = {.decision = FERRY_CREATE, .key = "", .dest_id = "", .fields = v};
	struct ferry_outcome out = {0};
	struct ferry_issue issue;
	struct pure_memory memory;
	struct bench b;
	(void)state;
	assert_int_equal(open_with(&b, steps, names, 12, NULL, 0), 0);
	pure_init(&memory, &b.layout.layout);
	assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), 0);
	assert_int_equal(ferry_connector.apply(b.handle, &a, 1, &out, &b.err), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	pure_release(&memory);
	end(&b);
}

/* The same transaction_id twice makes Lago refuse them all, even under two subscriptions. */
static void one_transaction_id_is_never_twice_in_a_batch(void **state)
{
	static const struct step steps[] = {
		{"POST", BATCH, TWO, 200, "{'events':[" STORED("e0") "," STORED("e1") "]}"}, {0}};
	struct events e;
	struct bench b;
	(void)state;
	begin(&b, steps);
	make_events(&e, 3);
	e.fields[2][0] = text("e0");
	e.fields[2][1] = text("s2");
	assert_int_equal(apply(&b, &e, 3), 0);
	assert_int_equal(e.out[0].ack, FERRY_ACK_DONE);
	assert_int_equal(e.out[1].ack, FERRY_ACK_DONE);
	assert_int_equal(e.out[2].ack, FERRY_ACK_UNSENT);
	end(&b);
}

static void max_batch_sends_fewer(void **state)
{
	static const struct step steps[] = {
		{"POST", BATCH, TWO, 200, "{'events':[" STORED("e0") "," STORED("e1") "]}"}, {0}};
	const struct ferry_setting two = setting_int("max_batch", 2);
	struct events e;
	struct bench b;
	(void)state;
	assert_int_equal(open_with(&b, steps, plain, 4, &two, 1), 0);
	make_events(&e, 3);
	assert_int_equal(apply(&b, &e, 3), 0);
	assert_int_equal(e.out[1].ack, FERRY_ACK_DONE);
	assert_int_equal(e.out[2].ack, FERRY_ACK_UNSENT);
	end(&b);
}

/* -- refusals ------------------------------------------------------------------------- */

/* The batch is atomic: what is named is at fault, what is not named was not stored and is sent again. */
static void a_refused_batch_sorts_its_events(void **state)
{
	static const struct step steps[] = {
		{"POST", BATCH, THREE, REFUSED("{'0':{'transaction_id':['value_already_exist']},'2':{'timestamp':['invalid_format']}}")},
		{0}};
	struct events e;
	struct bench b;
	(void)state;
	begin(&b, steps);
	make_events(&e, 3);
	assert_int_equal(apply(&b, &e, 3), 0);
	assert_int_equal(e.out[0].ack, FERRY_ACK_DUPLICATE);
	assert_string_equal(e.out[0].dest_id, "e0");
	assert_int_equal(e.out[1].ack, FERRY_ACK_UNSENT);
	assert_int_equal(e.out[2].ack, FERRY_ACK_REJECTED);
	assert_string_equal(e.out[2].code, "invalid_format");
	assert_string_equal(e.out[2].field, "timestamp");
	end(&b);
}

static void details_may_be_text_at_each_index(void **state)
{
	static const struct step steps[] = {
		{"POST", BATCH, TWO, REFUSED("{'1':'expression_evaluation_failed: Variable: b not found'}")},
		{"POST", BATCH, TWO, REFUSED("{'0':{'transaction_id':['value_is_mandatory'],'code':['value_is_mandatory']},'1':[]}")},
		{0}};
	struct events e;
	struct bench b;
	(void)state;
	begin(&b, steps);
	make_events(&e, 2);
	assert_int_equal(apply(&b, &e, 2), 0);
	assert_int_equal(e.out[0].ack, FERRY_ACK_UNSENT);
	assert_int_equal(e.out[1].ack, FERRY_ACK_REJECTED);
	assert_string_equal(e.out[1].code, "expression_evaluation_failed");
	assert_string_equal(e.out[1].field, "");
	assert_string_equal(e.out[1].message, "expression_evaluation_failed: Variable: b not found");
	make_events(&e, 2);
	assert_int_equal(apply(&b, &e, 2), 0);
	assert_string_equal(e.out[0].message, "transaction_id: value_is_mandatory; code: value_is_mandatory");
	assert_int_equal(e.out[1].ack, FERRY_ACK_REJECTED);
	end(&b);
}

/* The duplicate of an in-batch neighbour must not hide the event's own fault, and the reverse. */
static void the_index_counts_sent_events_not_actions(void **state)
{
	static const struct step steps[] = {
		{"POST", BATCH, "{'events':[" EVENT("e0") "," EVENT("e2") "]}", REFUSED("{'1':{'code':['value_is_mandatory']}}")},
		{0}};
	struct events e;
	struct bench b;
	(void)state;
	begin(&b, steps);
	make_events(&e, 3);
	e.fields[1][0] = text("e0");
	assert_int_equal(apply(&b, &e, 3), 0);
	assert_int_equal(e.out[0].ack, FERRY_ACK_UNSENT);
	assert_int_equal(e.out[1].ack, FERRY_ACK_UNSENT);
	assert_int_equal(e.out[2].ack, FERRY_ACK_REJECTED);
	end(&b);
}

static void whole_batch(struct step answer, enum ferry_code code, enum ferry_ack ack)
{
	struct step steps[] = {answer, {0}};
	struct events e;
	struct bench b;

	steps[0].method = "POST";
	steps[0].path = BATCH;
	steps[0].body = TWO;
	begin(&b, steps);
	make_events(&e, 2);
	assert_int_equal(apply(&b, &e, 2), -1);
	assert_int_equal(b.err.code, code);
	assert_int_equal(e.out[0].ack, ack);
	assert_int_equal(e.out[1].ack, ack);
	if (answer.retry_after_ms)
		assert_int_equal(b.err.retry_after_ms, answer.retry_after_ms);
	assert_null(strstr(b.err.msg, KEY));
	end(&b);
}

#define ANSWER(st, text) (struct step){.status = st, .answer = text}

static void a_batch_refused_without_places_is_for_the_engine_to_narrow(void **state)
{
	(void)state;
	whole_batch(ANSWER(422, "{'status':422,'code':'validation_errors','error_details':'something'}"), FERRY_E_REJECTED, 0);
	whole_batch(ANSWER(422, "{'status':422,'code':'validation_errors'}"), FERRY_E_REJECTED, 0);
	whole_batch(ANSWER(422, "{'error_details':{}}"), FERRY_E_REJECTED, 0);
	whole_batch(ANSWER(422, "not json"), FERRY_E_REJECTED, 0);
	/* an index beyond the request is no index */
	whole_batch(ANSWER(422, "{'error_details':{'2':{'code':['x']}}}"), FERRY_E_REJECTED, 0);
	whole_batch(ANSWER(422, "{'error_details':{'0':{'code':['x']},'code':['x']}}"), FERRY_E_REJECTED, 0);
	whole_batch(ANSWER(422, "{'error_details':{'-1':{'code':['x']}}}"), FERRY_E_REJECTED, 0);
	whole_batch(ANSWER(400, "{'status':400,'error':'BadRequest'}"), FERRY_E_REJECTED, 0);
	whole_batch(ANSWER(413, "<html>"), FERRY_E_REJECTED, 0);
	whole_batch(ANSWER(404, "{'status':404,'code':'subscription_not_found'}"), FERRY_E_REJECTED, 0);
}

static void too_many_events_is_a_wrong_setting(void **state)
{
	(void)state;
	whole_batch(ANSWER(422, "{'code':'validation_errors','error_details':{'events':['too_many_events']}}"), FERRY_E_CONFIG,
		    FERRY_ACK_UNSENT);
	whole_batch(ANSWER(422, "{'code':'validation_errors','error_details':{'events':['no_events']}}"), FERRY_E_CONFIG,
		    FERRY_ACK_UNSENT);
}

static void failures_leave_events_in_the_right_state(void **state)
{
	(void)state;
	whole_batch((struct step){.status = 429, .answer = "<html>", .retry_after_ms = 3000}, FERRY_E_RATE_LIMIT,
		    FERRY_ACK_UNSENT);
	whole_batch(ANSWER(500, ""), FERRY_E_UNAVAILABLE, FERRY_ACK_UNKNOWN);
	whole_batch(ANSWER(504, ""), FERRY_E_UNAVAILABLE, FERRY_ACK_UNKNOWN);
	whole_batch(ANSWER(422, "{'code':'lock_acquisition_failed'}"), FERRY_E_UNAVAILABLE, FERRY_ACK_UNSENT);
	whole_batch(ANSWER(401, "{'status':401,'error':'Unauthorized'}"), FERRY_E_AUTH, FERRY_ACK_UNSENT);
	whole_batch(ANSWER(403, "{'code':'write_action_not_allowed_for_event'}"), FERRY_E_FORBIDDEN, FERRY_ACK_UNSENT);
	whole_batch(ANSWER(404, "<html>"), FERRY_E_PROTOCOL, FERRY_ACK_UNSENT);
	whole_batch((struct step){.failure = FERRY_E_CONNECT}, FERRY_E_CONNECT, FERRY_ACK_UNSENT);
	whole_batch((struct step){.failure = FERRY_E_NETWORK}, FERRY_E_NETWORK, FERRY_ACK_UNKNOWN);
	whole_batch((struct step){.failure = FERRY_E_TIMEOUT}, FERRY_E_TIMEOUT, FERRY_ACK_UNKNOWN);
	/* the host ends a write that was sent with TIMEOUT, so this one was not */
	whole_batch((struct step){.failure = FERRY_E_CANCELLED}, FERRY_E_CANCELLED, FERRY_ACK_UNSENT);
}

/* 200 proves nothing unless it names the events that were sent, in their order. */
static void an_answer_that_names_other_events_leaves_all_in_doubt(void **state)
{
	(void)state;
	whole_batch(ANSWER(200, "{'events':[" STORED("e0") "]}"), FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	whole_batch(ANSWER(200, "{'events':[" STORED("e1") "," STORED("e0") "]}"), FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	whole_batch(ANSWER(200, "{'events':[" STORED("e0") "," STORED("e1") "," STORED("e2") "]}"), FERRY_E_PROTOCOL,
		    FERRY_ACK_UNKNOWN);
	whole_batch(ANSWER(200, "{'events':[" STORED("e0") ",7]}"), FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	whole_batch(ANSWER(200, "{'events':{}}"), FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	whole_batch(ANSWER(200, "{'events':[" STORED("e0") ","), FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	whole_batch(ANSWER(200, "<!DOCTYPE html><title>Log in " KEY), FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	whole_batch(ANSWER(200, ""), FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	whole_batch(ANSWER(302, ""), FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
}

static void alone(int status, const char *answer, enum ferry_ack ack, const char *code, const char *field)
{
	struct step steps[] = {{"POST", BATCH, "{'events':[" EVENT("e0") "]}", status, answer}, {0}};
	struct events e;
	struct bench b;

	begin(&b, steps);
	make_events(&e, 1);
	assert_int_equal(apply(&b, &e, 1), 0);
	assert_int_equal(b.err.code, 0);
	assert_int_equal(e.out[0].ack, ack);
	assert_string_equal(e.out[0].code, code);
	assert_string_equal(e.out[0].field, field);
	end(&b);
}

static void one_event_refused_is_its_own_fault(void **state)
{
	(void)state;
	alone(REFUSED("{'0':{'timestamp':['invalid_format']}}"), FERRY_ACK_REJECTED, "invalid_format", "timestamp");
	alone(REFUSED("{'timestamp':['invalid_format']}"), FERRY_ACK_REJECTED, "invalid_format", "timestamp");
	alone(REFUSED("{'transaction_id':['value_already_exist']}"), FERRY_ACK_DUPLICATE, "", "");
	alone(REFUSED("{'0':{'transaction_id':'value_already_exist'}}"), FERRY_ACK_DUPLICATE, "", "");
	alone(REFUSED("'expression_evaluation_failed: Variable: b not found'"), FERRY_ACK_REJECTED,
	      "expression_evaluation_failed", "");
	alone(REFUSED("[]"), FERRY_ACK_REJECTED, "validation_errors", "");
	alone(422, "", FERRY_ACK_REJECTED, "http_422", "");
	alone(400, "{'status':400,'error':'BadRequest'}", FERRY_ACK_REJECTED, "http_400", "");
	/* the same code for another field is no duplicate */
	alone(REFUSED("{'code':['value_already_exist']}"), FERRY_ACK_REJECTED, "value_already_exist", "code");
}

/* -- canonical form -------------------------------------------------------------------- */

static void timestamp_is(struct ferry_value in, enum ferry_type type, const char *want)
{
	struct ferry_value v[] = {text("e0"), text("s1"), text("kwh"), in};
	struct made_layout layout;
	struct pure_memory memory;
	struct ferry_issue issue = {0};
	char got[64];

	layout_make(&layout, ferry_connector.fields, plain, 4);
	pure_init(&memory, &layout.layout);
	int rc = ferry_connector.canonicalize(&memory.pure, v, &issue);
	if (!want) {
		assert_int_equal(rc, -1);
		assert_string_equal(issue.field, "timestamp");
	} else {
		assert_int_equal(rc, 0);
		assert_int_equal(v[3].type, type);
		if (type == FERRY_INT)
			snprintf(got, sizeof got, "%lld", (long long)v[3].i);
		else
			snprintf(got, sizeof got, "%.*s", (int)v[3].len, v[3].s);
		assert_string_equal(got, want);
	}
	pure_release(&memory);
}

/* ISO texts are refused by Lago; milliseconds would be the year 57000. */
static void timestamps_become_unix_seconds(void **state)
{
	(void)state;
	timestamp_is(integer(1741219251), FERRY_INT, "1741219251");
	timestamp_is(text("1741219251"), FERRY_INT, "1741219251");
	timestamp_is(instant("2025-03-06T00:00:51.987Z"), FERRY_INT, "1741219251");
	timestamp_is(text("2025-03-06T01:00:51+01:00"), FERRY_INT, "1741219251");
	timestamp_is(text("2025-03-06 00:00:51"), FERRY_INT, "1741219251");
	timestamp_is(of_type(FERRY_DECIMAL, "1741219251.590"), FERRY_DECIMAL, "1741219251.59");
	timestamp_is(of_type(FERRY_DECIMAL, "1741219251.000"), FERRY_INT, "1741219251");
	timestamp_is(integer(1741219251000), 0, NULL);
	timestamp_is(integer(0), 0, NULL);
	timestamp_is(integer(-5), 0, NULL);
	timestamp_is(instant("1969-12-31T23:59:59.5Z"), 0, NULL);
	timestamp_is(text("yesterday"), 0, NULL);
	timestamp_is(text(""), 0, NULL);
	timestamp_is(text("1741219251.5x"), 0, NULL);
	timestamp_is(text("99999999999999999999999"), 0, NULL);
	timestamp_is((struct ferry_value){.i = 1, .type = FERRY_BOOL}, 0, NULL);
}

static void empty_ids_and_binary_are_invalid(void **state)
{
	static const char *const names[] = {"transaction_id", "external_subscription_id", "code", "timestamp",
					    "properties.x"};
	struct made_layout layout;
	struct pure_memory memory;
	struct ferry_issue issue;
	(void)state;
	layout_make(&layout, ferry_connector.fields, names, 5);
	pure_init(&memory, &layout.layout);
	for (size_t i = 0; i < 3; i++) {
		struct ferry_value v[] = {text("e0"), text("s1"), text("kwh"), integer(5), nothing};
		v[i] = text("");
		assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), -1);
		assert_string_equal(issue.field, names[i]);
	}
	struct ferry_value v[] = {text("e0"), text("s1"), text("kwh"), integer(5), of_type(FERRY_BYTES, "\x01")};
	assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), -1);
	assert_string_equal(issue.field, "properties.x");
	v[4] = of_type(FERRY_JSON, "{'");
	assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), -1);
	/* Lago would answer 500 for the whole batch */
	static const char *const with_nul[] = {"[\"a\\u0000b\"]", "[\"\\\\\\u0000\"]"}, *const without[] = {"[\"\\\\u0000\"]", "[\"\\u0001\"]"};
	for (size_t i = 0; i < 2; i++) {
		v[4] = of_type(FERRY_JSON, with_nul[i]);
		assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), -1);
		assert_string_equal(issue.field, "properties.x");
		assert_non_null(strstr(issue.message, "NUL"));
		v[4] = of_type(FERRY_JSON, without[i]);
		assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), 0);
	}
	v[4] = (struct ferry_value){.s = "a\0b", .len = 3, .type = FERRY_TEXT};
	assert_int_equal(ferry_connector.canonicalize(&memory.pure, v, &issue), -1);
	assert_non_null(strstr(issue.message, "NUL"));
	pure_release(&memory);
}

/* -- look-up ----------------------------------------------------------------------------- */

static void an_event_is_ours_only_under_our_subscription(void **state)
{
	static const struct step steps[] = {
		{"GET", "/events/e0", NULL, 200, "{'event':{'lago_id':'u','transaction_id':'e0','external_subscription_id':'s1',"
		 "'code':'kwh','timestamp':'2025-03-06T00:00:51.590Z','properties':{'value':'1.5','n':7}}}"},
		{"GET", "/events/e0", NULL, 200, "{'event':{'transaction_id':'e0','external_subscription_id':'s2'}}"},
		{"GET", "/events/e0", NULL, 404, "{'status':404,'error':'Not Found','code':'event_not_found'}"},
		{"GET", "/events/e0", NULL, 200, "{'event':{'transaction_id':'e1','external_subscription_id':'s1'}}"},
		{"GET", "/events/e0", NULL, 404, "<html>"},
		{0}};
	static const char *const names[] = {"transaction_id", "external_subscription_id", "code", "timestamp",
					    "properties.value", "properties.n", "properties.none"};
	struct ferry_action a = {.key = "", .dest_id = "", .fields = RECORD(text("e0"), text("s1"), text("kwh"),
				 integer(1741219251), text("1.5"), text("7"), nothing)};
	struct ferry_found found;
	struct bench b;
	(void)state;
	assert_int_equal(open_with(&b, steps, names, 7, NULL, 0), 0);
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_string_equal(found.dest_id, "e0");
	assert_int_equal(found.fields[3].type, FERRY_DECIMAL);
	assert_string_equal(found.fields[3].s, "1741219251.59");
	assert_string_equal(found.fields[4].s, "1.5");
	assert_int_equal(found.fields[5].type, FERRY_TEXT);
	assert_string_equal(found.fields[5].s, "7");
	assert_int_equal(found.fields[6].type, FERRY_NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
		assert_int_equal(found.presence, FERRY_ABSENT);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), -1);
		assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	}
	end(&b);
}

/* -- setup ------------------------------------------------------------------------------- */

#define METRIC(more) "{'billable_metric':{'code':'ev.kwh'," more "}}"
#define HEALTH(version) {"GET", "^/health", NULL, 200, "{'version':'" version "','message':'Success'}"}

static int check_metric(struct bench *b, const struct step *steps)
{
	static const char *const names[] = {"transaction_id", "external_subscription_id", "code", "timestamp",
					    "properties.value"};
	const struct ferry_setting more[] = {setting_text("billable_metric", "ev.kwh"),
					     setting_text("aggregation", "sum_agg"), setting_text("field_name", "value")};

	assert_int_equal(open_with(b, steps, names, 5, more, 3), 0);
	return ferry_connector.validate_setup(b->handle, &b->err);
}

static void metric_is_wrong(int status, const char *answer, enum ferry_code code, const char *part)
{
	struct step steps[] = {{"GET", "/billable_metrics/ev%2Ekwh", NULL, status, answer}, {0}};
	struct bench b;

	assert_int_equal(check_metric(&b, steps), -1);
	assert_int_equal(b.err.code, code);
	assert_non_null(strstr(b.err.msg, part));
	end(&b);
}

/* An event for a metric that adds up another field bills nothing, with 200: so look before sending. */
static void the_metric_is_looked_at_before_anything_is_sent(void **state)
{
	static const struct step good[] = {
		{"GET", "/billable_metrics/ev%2Ekwh", NULL, 200, METRIC("'aggregation_type':'sum_agg','field_name':'value'")},
		HEALTH("v1.51.0"), {0}};
	struct bench b;
	(void)state;
	assert_int_equal(check_metric(&b, good), 0);
	assert_string_equal(b.s.log, "");
	end(&b);
	metric_is_wrong(404, "{'status':404,'code':'billable_metric_not_found'}", FERRY_E_SETUP, "has no billable metric");
	metric_is_wrong(200, METRIC("'aggregation_type':'count_agg','field_name':null"), FERRY_E_SETUP, "count_agg");
	metric_is_wrong(200, METRIC("'aggregation_type':'sum_agg','field_name':'kwh'"), FERRY_E_SETUP, "'kwh', not 'value'");
	metric_is_wrong(200, "{'billable_metric':{'code':'other','aggregation_type':'sum_agg'}}", FERRY_E_PROTOCOL, "metric");
	metric_is_wrong(200, METRIC("'field_name':'value'"), FERRY_E_PROTOCOL, "metric");
	metric_is_wrong(401, "{}", FERRY_E_AUTH, "credentials");
	metric_is_wrong(200, "<html>", FERRY_E_PROTOCOL, "JSON");
}

static void the_metrics_field_must_be_mapped(void **state)
{
	static const struct step steps[] = {
		{"GET", "/billable_metrics/m", NULL, 200, "{'billable_metric':{'code':'m','aggregation_type':'max_agg','field_name':'kw'}}"},
		{0}};
	const struct ferry_setting metric = setting_text("billable_metric", "m");
	struct bench b;
	(void)state;
	assert_int_equal(open_with(&b, steps, plain, 4, &metric, 1), 0);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_SETUP);
	assert_non_null(strstr(b.err.msg, "properties.kw"));
	end(&b);
}

static void a_server_with_batches_that_are_not_atomic_is_reported(void **state)
{
	static const struct step old[] = {
		{"GET", "/customers?page=1&per_page=1", NULL, 200, "{'customers':[],'meta':{}}"}, HEALTH("v1.38.2"), {0}};
	static const struct step unknown[] = {
		{"GET", "/customers?page=1&per_page=1", NULL, 403, "{'code':'read_action_not_allowed_for_customer'}"},
		{"GET", "^/health", NULL, 404, "<html>"}, {0}};
	struct bench b;
	(void)state;
	begin(&b, old);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), 0);
	assert_non_null(strstr(b.s.log, "W Lago 1.38"));
	end(&b);
	/* a key that may only write events is good */
	begin(&b, unknown);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), 0);
	assert_non_null(strstr(b.s.log, "I the API key"));
	end(&b);
}

__attribute__((format(printf, 3, 4)))
static void take_mistake(struct ferry_check *check, const char *about, const char *fmt, ...)
{
	struct rest_buf *out = check->ctx;

	(void)fmt;
	rest_addf(out, "%s ", about ? about : "~");
}

/* What opening would refuse is told before a run. */
static void check_tells_what_open_would_refuse(void **state)
{
	const struct ferry_setting settings[] = {setting_text("url", "lago.test"), setting_text("field_name", "value")};
	static const char *const both[] = {"properties.a", "properties.a.b"};
	struct rest_buf told = {0};
	struct ferry_check check = {&told, take_mistake};
	struct made_layout layout;
	struct scripted s;
	(void)state;
	scripted_init(&s, "", NULL);
	layout_make(&layout, ferry_connector.fields, both, 2);
	struct ferry_open open = {.host = &s.host, .connection = "lago", .settings = settings, .n_settings = 2,
				  .role = FERRY_DESTINATION, .layout = &layout.layout};
	ferry_connector.check(&open, &check);
	assert_string_equal(rest_str(&told), "url field_name ~ ");
	rest_buf_release(&told);
}

static void settings_that_contradict_are_refused(void **state)
{
	static const struct step none[] = {{0}};
	static const char *const both[] = {"transaction_id", "external_subscription_id", "code", "timestamp",
					   "properties.a", "properties.a.b"};
	const struct ferry_setting field = setting_text("field_name", "value"), big = setting_int("max_batch", 101);
	struct bench b;
	(void)state;
	assert_int_equal(open_with(&b, none, plain, 4, &field, 1), -1);
	assert_int_equal(b.err.code, FERRY_E_CONFIG);
	assert_int_equal(open_with(&b, none, plain, 4, &big, 1), -1);
	assert_int_equal(b.err.code, FERRY_E_CONFIG);
	assert_int_equal(open_with(&b, none, both, 6, NULL, 0), -1);
	assert_non_null(strstr(b.err.msg, "properties.a.b"));
	assert_int_equal(open_with(&b, none, plain, 1, NULL, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stored_events_are_done),
		cmocka_unit_test(values_go_out_exactly),
		cmocka_unit_test(one_transaction_id_is_never_twice_in_a_batch),
		cmocka_unit_test(max_batch_sends_fewer),
		cmocka_unit_test(a_refused_batch_sorts_its_events),
		cmocka_unit_test(details_may_be_text_at_each_index),
		cmocka_unit_test(the_index_counts_sent_events_not_actions),
		cmocka_unit_test(a_batch_refused_without_places_is_for_the_engine_to_narrow),
		cmocka_unit_test(too_many_events_is_a_wrong_setting),
		cmocka_unit_test(failures_leave_events_in_the_right_state),
		cmocka_unit_test(an_answer_that_names_other_events_leaves_all_in_doubt),
		cmocka_unit_test(one_event_refused_is_its_own_fault),
		cmocka_unit_test(timestamps_become_unix_seconds),
		cmocka_unit_test(empty_ids_and_binary_are_invalid),
		cmocka_unit_test(an_event_is_ours_only_under_our_subscription),
		cmocka_unit_test(the_metric_is_looked_at_before_anything_is_sent),
		cmocka_unit_test(the_metrics_field_must_be_mapped),
		cmocka_unit_test(a_server_with_batches_that_are_not_atomic_is_reported),
		cmocka_unit_test(check_tells_what_open_would_refuse),
		cmocka_unit_test(settings_that_contradict_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
