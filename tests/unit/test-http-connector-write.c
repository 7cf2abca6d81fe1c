/* SPDX-License-Identifier: Apache-2.0 */
/* test-http-connector-write.c - single requests, batches and what is in doubt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http-connector-fixture.h"

#define SETTINGS(...) (const char *const[]){__VA_ARGS__, NULL}
#define CRUD "create.path=/c", "create.body={'contact':{{record}}}", "create.id=/contact/id", \
	"update.path=/c/{{id}}", "delete.path=/c/{{id}}"
#define BATCH "upsert.path=/in", "upsert.method=POST", "batch=1000"

static const char *const names[] = {"id", "name", NULL};

/* n records 1 "a", 2 "b", ... of which the destination knows r1, r2, ... */
struct rows {
	struct http_bench b;
	struct ferry_value fields[8][2];
	struct ferry_action actions[8];
	struct ferry_outcome out[8];
	char keys[8][4], names[8][2], ids[8][8];
};

static void begin(struct rows *r, enum ferry_mode mode, const char *const *settings,
		  const struct ask *asks)
{
	memset(r, 0, sizeof *r);
	if (http_bench_open(&r->b, FERRY_DESTINATION, mode, names, settings, asks))
		fail_msg("%s", r->b.err.msg);
	for (int i = 0; i < 8; i++) {
		snprintf(r->keys[i], sizeof r->keys[i], "%d", i + 1);
		snprintf(r->ids[i], sizeof r->ids[i], "r%d", i + 1);
		r->names[i][0] = (char)('a' + i);
		r->fields[i][0] = integer(i + 1);
		r->fields[i][1] = text(r->names[i]);
		r->actions[i] = (struct ferry_action){.key = r->keys[i], .key_len = 1, .dest_id = "",
						      .fields = r->fields[i]};
	}
}

static int apply(struct rows *r, enum ferry_decision decision, size_t n)
{
	memset(r->out, 0, sizeof r->out);
	memset(&r->b.err, 0, sizeof r->b.err);
	for (size_t i = 0; i < n; i++) {
		r->actions[i].decision = decision;
		if (decision != FERRY_CREATE)
			r->actions[i].dest_id = r->ids[i];
	}
	return ferry_connector.apply(r->b.handle, r->actions, n, r->out, &r->b.err);
}

/* "done r1, rejected http_422, unsent" */
static void assert_outcomes(const struct rows *r, size_t n, const char *expected)
{
	static const char *const words[] = {"unknown", "done", "duplicate", "rejected", "unsent"};
	char found[512] = "";

	for (size_t i = 0; i < n; i++) {
		const struct ferry_outcome *o = &r->out[i];
		const char *more = o->ack == FERRY_ACK_REJECTED ? o->code : o->dest_id;
		size_t len = strlen(found);
		snprintf(found + len, sizeof found - len, "%s%s%s%s", i ? ", " : "", words[o->ack],
			 *more ? " " : "", more);
	}
	assert_string_equal(found, expected);
}

static void assert_error(const struct rows *r, enum ferry_code code, const char *word)
{
	assert_int_equal(r->b.err.code, code);
	if (!strstr(r->b.err.msg, word))
		fail_msg("'%s' does not say '%s'", r->b.err.msg, word);
}

/* ------------------------------------------------------------ one at a time */

static void records_are_created_changed_and_deleted(void **state)
{
	static const struct ask asks[] = {
		{"POST /c", "{'contact':{'id':1,'name':'a'}}", 201, "{'contact':{'id':'r1'}}"},
		{"POST /c", "{'contact':{'id':2,'name':'b'}}", 201, "{'contact':{'id':22}}"},
		{"PUT /c/r1", "{'id':1,'name':'a'}", 200, "anything"},
		{"DELETE /c/r1", NULL, 204, ""},
		{"DELETE /c/r2", NULL, 404, "{}"},
		{0}};
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_MIRROR, SETTINGS(CRUD), asks);
	assert_int_equal(apply(&r, FERRY_CREATE, 2), 0);
	assert_outcomes(&r, 2, "done r1, done 22");
	assert_int_equal(apply(&r, FERRY_UPDATE, 1), 0);
	assert_outcomes(&r, 1, "done r1");
	assert_int_equal(apply(&r, FERRY_DELETE, 2), 0);
	assert_outcomes(&r, 2, "done r1, duplicate r2");
	http_bench_end(&r.b);
}

static void without_an_id_the_key_is_it(void **state)
{
	static const struct ask asks[] = {{"PUT /c/1", "{'id':1,'name':'a'}", 204, ""}, {0}};
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_UPSERT, SETTINGS("upsert.path=/c/{{key}}"), asks);
	assert_int_equal(apply(&r, FERRY_CREATE, 1), 0);
	assert_outcomes(&r, 1, "done 1");
	http_bench_end(&r.b);
}

static void refused_records_do_not_stop_the_others(void **state)
{
	static const struct ask asks[] = {
		{"POST /c", "{'contact':{'id':1,'name':'a'}}", 422, "{'errors':[{'detail':'name is taken'}]}"},
		{"POST /c", "{'contact':{'id':2,'name':'b'}}", 409, "{}"},
		{"POST /c", "{'contact':{'id':3,'name':'c'}}", 201, "{'contact':{'id':'r3'}}"},
		{0}};
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_UPSERT, SETTINGS(CRUD, "duplicate=409"), asks);
	assert_int_equal(apply(&r, FERRY_CREATE, 3), 0);
	assert_outcomes(&r, 3, "rejected http_422, duplicate 2, done r3");
	assert_non_null(strstr(r.out[0].message, "name is taken"));
	http_bench_end(&r.b);
}

static void what_cannot_be_filled_in_is_refused_unsent(void **state)
{
	static const struct ask asks[] = {{"PUT /c/b", "{'id':2,'name':'b'}", 200, ""}, {0}};
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_MIRROR, SETTINGS("upsert.path=/c/{{name}}", "delete.path=/c/{{name}}"), asks);
	r.fields[0][1] = nothing;
	assert_int_equal(apply(&r, FERRY_UPDATE, 2), 0);
	assert_outcomes(&r, 2, "rejected INCOMPLETE, done r2");
	/* with a snapshot of hashes a delete has no fields */
	r.actions[0].fields = NULL;
	assert_int_equal(apply(&r, FERRY_DELETE, 1), 0);
	assert_outcomes(&r, 1, "rejected INCOMPLETE");
	assert_non_null(strstr(r.out[0].message, "snapshot: hash"));
	http_bench_end(&r.b);
}

static void assert_stops(const struct ask *asks, const char *const *settings, enum ferry_code code,
			 const char *outcomes)
{
	struct rows r;

	begin(&r, FERRY_MODE_UPSERT, settings, asks);
	assert_int_equal(apply(&r, FERRY_CREATE, 2), -1);
	assert_int_equal(r.b.err.code, code);
	assert_outcomes(&r, 2, outcomes);
	http_bench_end(&r.b);
}

#define FIRST "POST /c", "{'contact':{'id':1,'name':'a'}}"

static void outcomes_say_what_is_proved(void **state)
{
	static const struct ask down[] = {{FIRST, 500, "oops"}, {0}};
	static const struct ask limited[] = {{FIRST, 429, ""}, {0}};
	static const struct ask denied[] = {{FIRST, 401, "{}"}, {0}};
	static const struct ask forbidden[] = {{FIRST, 403, "{}"}, {0}};
	static const struct ask unreachable[] = {{FIRST, 0, NULL, NULL, FERRY_E_CONNECT}, {0}};
	static const struct ask lost[] = {{FIRST, 0, NULL, NULL, FERRY_E_NETWORK}, {0}};
	static const struct ask html[] = {{FIRST, 200, "<html>"}, {0}};
	static const struct ask no_id[] = {{FIRST, 200, "{'contact':{'id':null}}"}, {0}};
	static const struct ask nowhere[] = {{FIRST, 404, "{}"}, {0}};
	(void)state;
	assert_stops(down, SETTINGS(CRUD), FERRY_E_UNAVAILABLE, "unknown, unsent");
	assert_stops(limited, SETTINGS(CRUD), FERRY_E_RATE_LIMIT, "unsent, unsent");
	assert_stops(denied, SETTINGS(CRUD), FERRY_E_AUTH, "unsent, unsent");
	assert_stops(forbidden, SETTINGS(CRUD), FERRY_E_FORBIDDEN, "unsent, unsent");
	assert_stops(unreachable, SETTINGS(CRUD), FERRY_E_CONNECT, "unsent, unsent");
	assert_stops(lost, SETTINGS(CRUD), FERRY_E_NETWORK, "unknown, unsent");
	/* done, perhaps, but by whom? */
	assert_stops(html, SETTINGS(CRUD), FERRY_E_PROTOCOL, "unknown, unsent");
	assert_stops(no_id, SETTINGS(CRUD), FERRY_E_PROTOCOL, "unknown, unsent");
	/* an address without a record in it that is not there is no matter of the record */
	assert_stops(nowhere, SETTINGS(CRUD), FERRY_E_PROTOCOL, "unsent, unsent");
}

/* ------------------------------------------------------------------ batches */

#define TWO "[{'id':1,'name':'a'},{'id':2,'name':'b'}]"
#define THREE "[{'id':1,'name':'a'},{'id':2,'name':'b'},{'id':3,'name':'c'}]"

static void a_batch_is_one_request(void **state)
{
	static const struct ask asks[] = {
		{"POST /in", TWO, 202, "accepted"},
		{"POST /del", "{'ids':['r1','r2']}", 200, ""}, {0}};
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_MIRROR, SETTINGS(BATCH, "delete.path=/del", "delete.method=POST",
					      "delete.body={'ids':{{records}}}", "delete.each={{id}}"), asks);
	assert_int_equal(apply(&r, FERRY_CREATE, 2), 0);
	assert_outcomes(&r, 2, "done 1, done 2");
	assert_int_equal(apply(&r, FERRY_DELETE, 2), 0);
	assert_outcomes(&r, 2, "done r1, done r2");
	http_bench_end(&r.b);
}

static void a_batch_of_lines(void **state)
{
	static const struct ask asks[] = {
		{"POST /in", "{'index':{'_id':'1'}}\n{'id':1,'name':'a'}\n{'index':{'_id':'2'}}\n{'id':2,'name':'b'}\n",
		 200, "", "Content-Type: application/x-ndjson"}, {0}};
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_UPSERT, SETTINGS(BATCH, "batch_format=ndjson",
					      "upsert.each={'index':{'_id':{{key}}}}\n{{record}}"), asks);
	assert_int_equal(apply(&r, FERRY_CREATE, 2), 0);
	assert_outcomes(&r, 2, "done 1, done 2");
	http_bench_end(&r.b);
}

static void a_refused_batch_is_left_to_the_engine(void **state)
{
	static const struct ask asks[] = {
		{"POST /in", TWO, 422, "{'message':'bad'}"},
		{"POST /in", "[{'id':1,'name':'a'}]", 422, "{'message':'bad'}"},
		{"POST /in", TWO, 413, ""},
		{"POST /in", TWO, 500, ""},
		{"POST /in", TWO, 503, ""}, {0}};
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_UPSERT, SETTINGS(BATCH), asks);
	assert_int_equal(apply(&r, FERRY_CREATE, 2), -1);
	assert_error(&r, FERRY_E_REJECTED, "bad");
	assert_outcomes(&r, 2, "unsent, unsent");
	assert_int_equal(apply(&r, FERRY_CREATE, 1), 0);
	assert_outcomes(&r, 1, "rejected http_422");
	/* too large is nobody's fault: narrowing would blame a good record */
	assert_int_equal(apply(&r, FERRY_CREATE, 2), -1);
	assert_error(&r, FERRY_E_CONFIG, "413");
	assert_outcomes(&r, 2, "unsent, unsent");
	assert_int_equal(apply(&r, FERRY_CREATE, 2), -1);
	assert_error(&r, FERRY_E_UNAVAILABLE, "500");
	assert_outcomes(&r, 2, "unknown, unknown");
	assert_int_equal(apply(&r, FERRY_CREATE, 2), -1);
	http_bench_end(&r.b);
}

static void assert_results(const char *const *settings, const char *answer, int rc, const char *outcomes)
{
	const struct ask asks[] = {{"POST /in", THREE, 207, answer}, {0}};
	struct rows r;

	begin(&r, FERRY_MODE_UPSERT, settings, asks);
	assert_int_equal(apply(&r, FERRY_CREATE, 3), rc ? -1 : 0);
	assert_int_equal(r.b.err.code, rc);
	assert_outcomes(&r, 3, outcomes);
	http_bench_end(&r.b);
}

static void each_record_has_its_result(void **state)
{
	static const char *const in_order[] = {BATCH, "results.path=/items", "results.id=/_id",
					       "results.error=/error/reason", "results.code=/error/type",
					       "results.status=/status", "duplicate=409", NULL};
	static const char *const by_key[] = {BATCH, "results.path=/r", "results.key=/k",
					     "results.error=/e", NULL};
	static const char *const failed[] = {BATCH, "results.path=/failed", "results.index=/i",
					     "results.listed=failed", "results.error=/e", NULL};
	(void)state;
	assert_results(in_order,
		       "{'items':[{'_id':'x1','status':201},{'status':400,'error':{'type':'mapping','reason':'no'}},"
		       "{'_id':7,'status':409}]}", 0, "done x1, rejected mapping, duplicate 7");
	assert_results(in_order, "{'items':[{'_id':'x1','status':201},{'status':429},{'status':503}]}",
		       FERRY_E_UNAVAILABLE, "done x1, unsent, unsent");
	assert_results(in_order, "{'items':[{'_id':'x1','status':201},{'status':429},{'_id':2,'status':200}]}",
		       FERRY_E_RATE_LIMIT, "done x1, unsent, done 2");
	assert_results(by_key, "{'r':[{'k':'3','e':null},{'k':1,'e':''},{'k':'2','e':{'x':'bad'}}]}", 0,
		       "done 1, rejected REFUSED, done 3");
	assert_results(failed, "{'failed':[{'i':1,'e':'bad'}]}", 0, "done 1, rejected REFUSED, done 3");
	assert_results(failed, "{}", 0, "done 1, done 2, done 3");
}

/* Nothing is done because nobody said otherwise. */
static void results_that_do_not_add_up(void **state)
{
	static const char *const in_order[] = {BATCH, "results.path=/r", "results.error=/e", NULL};
	static const char *const by_key[] = {BATCH, "results.path=/r", "results.key=/k",
					     "results.error=/e", NULL};
	static const char *const ids[] = {BATCH, "results.path=/r", "results.id=/id", NULL};
	(void)state;
	assert_results(in_order, "<html>", FERRY_E_PROTOCOL, "unknown, unknown, unknown");
	assert_results(in_order, "{'x':[]}", FERRY_E_PROTOCOL, "unknown, unknown, unknown");
	assert_results(in_order, "{'r':[{},{}]}", FERRY_E_PROTOCOL, "unknown, unknown, unknown");
	assert_results(by_key, "{'r':[{'k':'1'},{'k':'1'},{'k':'2'}]}", FERRY_E_PROTOCOL,
		       "done 1, done 2, unknown");
	assert_results(by_key, "{'r':[{'k':'1'},{'k':'9'},{'k':'2'}]}", FERRY_E_PROTOCOL,
		       "done 1, unknown, unknown");
	assert_results(ids, "{'r':[{'id':'x'},{'id':''},{'id':'z'}]}", FERRY_E_PROTOCOL,
		       "done x, unknown, unknown");
}

/* --------------------------------------------------------- idempotency keys */

static void keys_are_the_same_when_sent_again(void **state)
{
	static const struct ask asks[] = {
		{"POST /in", TWO, 200, ""},
		{"POST /in", TWO, 200, ""},
		{"POST /in", TWO, 200, ""},
		{"POST /in", THREE, 200, ""}, {0}};
	static const struct ask later[] = {
		{"POST /in", TWO, 200, ""},
		{"POST /in", TWO, 200, ""}, {0}};
	static const char *const settings[] = {BATCH, "idempotency_header=Idempotency-Key", NULL};
	char create[200], update[200];
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_UPSERT, settings, asks);
	apply(&r, FERRY_CREATE, 2);
	snprintf(create, sizeof create, "%s", r.b.header);
	assert_int_equal(strlen(create), strlen("Idempotency-Key: ") + 32);
	apply(&r, FERRY_CREATE, 2);
	assert_string_equal(r.b.header, create);
	apply(&r, FERRY_UPDATE, 2);
	snprintf(update, sizeof update, "%s", r.b.header);
	assert_string_not_equal(update, create);
	apply(&r, FERRY_CREATE, 3);
	assert_string_not_equal(r.b.header, create);
	http_bench_end(&r.b);
	/* another run: a create keeps its key, an update back to what was before must not be swallowed */
	begin(&r, FERRY_MODE_UPSERT, settings, later);
	r.b.s.now += 1000000;
	ferry_connector.close(r.b.handle);
	assert_int_equal(ferry_connector.open(&r.b.open, &r.b.handle, &r.b.err), 0);
	apply(&r, FERRY_CREATE, 2);
	assert_string_equal(r.b.header, create);
	apply(&r, FERRY_UPDATE, 2);
	assert_string_not_equal(r.b.header, update);
	http_bench_end(&r.b);
}

/* ------------------------------------------------------------------- lookup */

static void look(struct rows *r, enum ferry_decision decision, const char *id, struct ferry_found *found)
{
	r->actions[0].decision = decision;
	r->actions[0].dest_id = id;
	memset(&r->b.err, 0, sizeof r->b.err);
	assert_int_equal(ferry_connector.lookup(r->b.handle, r->actions, 1, found, &r->b.err), 0);
}

static void records_are_looked_up(void **state)
{
	static const struct ask asks[] = {
		{"GET /c/1", NULL, 200, "{'contact':{'id':1,'profile':{'name':'a'},'ref':'r1'}}"},
		{"GET /c/1", NULL, 404, "{}"}, {0}};
	static const struct ask several[] = {
		{"GET /c?id=1", NULL, 200, "{'data':[]}"},
		{"GET /c?id=1", NULL, 200, "{'data':[{'id':1},{'id':2}]}"},
		{"GET /c?id=1", NULL, 200, "{'data':[{'id':1,'name':'a'}]}"}, {0}};
	struct ferry_found found;
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_UPSERT, SETTINGS(CRUD, "lookup.path=/c/{{key}}", "lookup.record=/contact",
					      "lookup.id=/ref", "lookup.fields.name=/profile/name"), asks);
	look(&r, FERRY_UPDATE, "", &found);
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_string_equal(found.dest_id, "r1");
	assert_int_equal(found.fields[0].i, 1);
	assert_string_equal(found.fields[1].s, "a");
	look(&r, FERRY_UPDATE, "", &found);
	assert_int_equal(found.presence, FERRY_ABSENT);
	http_bench_end(&r.b);
	begin(&r, FERRY_MODE_UPSERT, SETTINGS(CRUD, "lookup.path=/c?id={{key}}", "lookup.records=/data"),
	      several);
	look(&r, FERRY_UPDATE, "", &found);
	assert_int_equal(found.presence, FERRY_ABSENT);
	look(&r, FERRY_UPDATE, "", &found);
	assert_int_equal(found.presence, FERRY_SEVERAL);
	look(&r, FERRY_UPDATE, "", &found);
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_string_equal(found.dest_id, "1");
	http_bench_end(&r.b);
}

static void lookups_that_fail(void **state)
{
	static const struct ask asks[] = {
		{"GET /c/1", NULL, 500, ""}, {"GET /c/1", NULL, 200, "<html>"},
		{"GET /c/1", NULL, 200, "{'x':1}"}, {"GET /c/1", NULL, 200, "{'contact':{}}"}, {0}};
	static const enum ferry_code codes[] = {FERRY_E_UNAVAILABLE, FERRY_E_PROTOCOL, FERRY_E_PROTOCOL,
						FERRY_E_PROTOCOL};
	struct ferry_found found;
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_UPSERT, SETTINGS(CRUD, "lookup.path=/c/{{key}}", "lookup.record=/contact",
					      "lookup.id=/id"), asks);
	for (size_t i = 0; i < 4; i++) {
		r.actions[0].decision = FERRY_UPDATE;
		assert_int_equal(ferry_connector.lookup(r.b.handle, r.actions, 1, &found, &r.b.err), -1);
		assert_int_equal(r.b.err.code, codes[i]);
	}
	http_bench_end(&r.b);
}

static void who_cannot_be_asked_for(void **state)
{
	static const struct ask asks[] = {{"GET /c/r1", NULL, 404, "{}"}, {0}};
	struct ferry_found found;
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_UPSERT, SETTINGS(CRUD, "lookup.path=/c/{{id}}"), asks);
	look(&r, FERRY_UPDATE, "", &found);
	assert_int_equal(found.presence, FERRY_ABSENT);
	/* a create in doubt has no id that is known: nothing can be said of it */
	look(&r, FERRY_CREATE, "", &found);
	assert_int_equal(found.presence, FERRY_SEVERAL);
	look(&r, FERRY_UPDATE, "r1", &found);
	assert_int_equal(found.presence, FERRY_ABSENT);
	http_bench_end(&r.b);
}

static void assert_capabilities(const char *const *settings, uint32_t caps)
{
	static const struct ask none[] = {{0}};
	struct rows r;

	begin(&r, FERRY_MODE_UPSERT, settings, none);
	assert_int_equal(ferry_connector.capabilities(r.b.handle), caps);
	http_bench_end(&r.b);
}

/* A create by POST must not be sent twice, a PUT may be. */
static void settings_decide_what_is_possible(void **state)
{
	(void)state;
	assert_capabilities(SETTINGS("create.path=/c", "update.path=/c/{{id}}"), 0);
	assert_capabilities(SETTINGS("upsert.path=/c/{{key}}"), FERRY_CAP_IDEMPOTENT);
	assert_capabilities(SETTINGS(CRUD, "idempotent=true"), FERRY_CAP_IDEMPOTENT | FERRY_CAP_DELETE);
	assert_capabilities(SETTINGS(BATCH, "idempotency_header=K"), FERRY_CAP_IDEMPOTENT);
	assert_capabilities(SETTINGS("upsert.path=/c/{{key}}", "disable.path=/c/{{key}}",
				     "disable.body={'off':true}"), FERRY_CAP_DISABLE);
	assert_capabilities(SETTINGS(CRUD, "lookup.path=/c/{{key}}"),
			    FERRY_CAP_DELETE | FERRY_CAP_LOOKUP | FERRY_CAP_MATCH_NEW);
	assert_capabilities(SETTINGS(CRUD, "lookup.path=/c/{{key}}", "lookup.new=0"),
			    FERRY_CAP_DELETE | FERRY_CAP_LOOKUP);
	assert_capabilities(SETTINGS(CRUD, "lookup.path=/c/{{id}}"), FERRY_CAP_DELETE | FERRY_CAP_LOOKUP);
}

struct listed {
	struct ferry_listing listing;
	char text[400], truncated[64];
};

static int note(struct ferry_listing *listing, const struct ferry_found *found, size_t n, struct ferry_error *err)
{
	struct listed *l = listing->ctx;

	(void)err;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(l->text);
		assert_int_equal(found[i].presence, FERRY_FOUND);
		snprintf(l->text + len, sizeof l->text - len, "%s:%.*s ", found[i].dest_id,
			 (int)found[i].fields[1].len, found[i].fields[1].type ? found[i].fields[1].s : "");
	}
	return 0;
}

static void note_truncated(struct ferry_listing *listing, const char *reason)
{
	struct listed *l = listing->ctx;
	snprintf(l->truncated, sizeof l->truncated, "%s", reason);
}

#define LISTING CRUD, "lookup.id=/ref", "lookup.fields.name=/p/name", "list.path=/all", "list.query.q=1", \
	"list.records=/data", "list.pagination.type=cursor", "list.pagination.next=/next"

static void list(const char *const *settings, const struct ask *asks, enum ferry_code code, const char *text,
		 const char *truncated)
{
	struct listed l = {{&l, note, note_truncated}, "", ""};
	struct rows r;

	begin(&r, FERRY_MODE_UPSERT, settings, asks);
	assert_true(ferry_connector.capabilities(r.b.handle) & FERRY_CAP_LIST);
	assert_int_equal(ferry_connector.list(r.b.handle, &l.listing, &r.b.err), code ? -1 : 0);
	assert_int_equal(r.b.err.code, code);
	assert_string_equal(l.text, text);
	assert_string_equal(l.truncated, truncated);
	http_bench_end(&r.b);
}

static void all_records_are_listed(void **state)
{
	static const struct ask asks[] = {
		{"GET /all?q=1", NULL, 200, "{'data':[{'ref':'x1','p':{'name':'a'}},{'ref':2}],'next':'n'}"},
		{"GET /all?q=1&cursor=n", NULL, 200, "{'data':[{'ref':'x3','p':{'name':'c'}}]}"}, {0}};
	static const struct ask no_id[] = {
		{"GET /all?q=1", NULL, 200, "{'data':[{'id':'x1'}]}"}, {0}};
	static const struct ask endless[] = {
		{"GET /all?q=1", NULL, 200, "{'data':[],'next':'n'}"},
		{"GET /all?q=1&cursor=n", NULL, 200, "{'data':[],'next':'n'}"}, {0}};
	(void)state;
	list(SETTINGS(LISTING), asks, 0, "x1:a 2: x3:c ", "");
	list(SETTINGS(LISTING, "list.pagination.max_pages=1"), (const struct ask[]){asks[0], {0}}, 0,
	     "x1:a 2: ", "pagination.max_pages");
	list(SETTINGS(LISTING), no_id, FERRY_E_PROTOCOL, "", "");
	list(SETTINGS(LISTING), endless, FERRY_E_PROTOCOL, "", "");
}

/* ----------------------------------------------------------------- settings */

static void assert_refused(enum ferry_mode mode, const char *const *settings, const char *word)
{
	http_bench_refuses(FERRY_DESTINATION, mode, names, settings, word);
}

static void settings_are_checked(void **state)
{
	enum ferry_mode upsert = FERRY_MODE_UPSERT;
	(void)state;
	assert_refused(upsert, SETTINGS("batch=1"), "create.path");
	assert_refused(upsert, SETTINGS("create.path=/c"), "update.path");
	assert_refused(FERRY_MODE_MIRROR, SETTINGS("upsert.path=/c"), "delete.path");
	assert_refused(FERRY_MODE_UPDATE, SETTINGS("update.path=/c"), "lookup.path");
	assert_refused(FERRY_MODE_UPDATE, SETTINGS("update.path=/c/{{id}}", "lookup.path=/c/{{id}}"),
		       "whose {{id}}");
	assert_refused(FERRY_MODE_APPEND, SETTINGS("create.path=/c/{{nmae}}"), "create.path: {{nmae}}");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "batch=10", "upsert.body={{record}}"),
		       "needs {{records}}");
	assert_refused(upsert, SETTINGS("upsert.path=/c/{{key}}", "batch=10"), "{{key}} cannot stand");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "batch=10", "upsert.id=/id"), "results");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "upsert.body={{{record}}"), "no JSON");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "upsert.id=id"), "JSON pointer");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "duplicate=409;410"), "list of statuses");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "gone=40"), "list of statuses");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "results.id=/id"), "results.path");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "results.path=", "results.listed=failed"),
		       "results.key");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "lookup.path=/c"), "names no record");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "lookup.fields.x=/x"), "no mapped field");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "list.path=/c"), "lookup.id");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "lookup.id=/i", "list.path=/c",
					"list.pagination.type=cursor"), "pagination.next");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "disable.path=/d/{{id}}"), "disable.body");
	assert_refused(upsert, SETTINGS("upsert.path=/c", "idempotency_header=a b"), "name a header");
	/* the word `records` alone makes no batch */
	static const struct ask asks[] = {{"PUT /c", "{'records':{'id':1,'name':'a'}}", 200, ""}, {0}};
	struct rows r;
	begin(&r, upsert, SETTINGS("upsert.path=/c", "upsert.body={'records':{{record}}}"), asks);
	assert_int_equal(apply(&r, FERRY_CREATE, 1), 0);
	http_bench_end(&r.b);
}

static void a_request_that_is_not_there(void **state)
{
	static const struct ask none[] = {{0}};
	struct rows r;
	(void)state;
	begin(&r, FERRY_MODE_UPSERT, SETTINGS("upsert.path=/c/{{key}}"), none);
	assert_int_equal(apply(&r, FERRY_DISABLE, 2), -1);
	assert_error(&r, FERRY_E_CONFIG, "disable.path");
	assert_outcomes(&r, 2, "unsent, unsent");
	http_bench_end(&r.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_created_changed_and_deleted),
		cmocka_unit_test(without_an_id_the_key_is_it),
		cmocka_unit_test(refused_records_do_not_stop_the_others),
		cmocka_unit_test(what_cannot_be_filled_in_is_refused_unsent),
		cmocka_unit_test(outcomes_say_what_is_proved),
		cmocka_unit_test(a_batch_is_one_request),
		cmocka_unit_test(a_batch_of_lines),
		cmocka_unit_test(a_refused_batch_is_left_to_the_engine),
		cmocka_unit_test(each_record_has_its_result),
		cmocka_unit_test(results_that_do_not_add_up),
		cmocka_unit_test(keys_are_the_same_when_sent_again),
		cmocka_unit_test(records_are_looked_up),
		cmocka_unit_test(lookups_that_fail),
		cmocka_unit_test(who_cannot_be_asked_for),
		cmocka_unit_test(settings_decide_what_is_possible),
		cmocka_unit_test(all_records_are_listed),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(a_request_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
