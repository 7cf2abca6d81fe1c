/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions of the Lago stand-in: a POST that creates, returns unchanged, upgrades or
 * schedules a downgrade, and external_ids that ended rows share with the active one.
 */
#include "lago-standin.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char blank_subscription[] =
	"{\"lago_id\":null,\"external_id\":null,\"lago_customer_id\":null,"
	"\"external_customer_id\":null,\"billing_entity_code\":\"default\",\"name\":null,"
	"\"plan_code\":null,\"plan_amount_cents\":0,\"plan_amount_currency\":null,"
	"\"status\":\"active\",\"billing_time\":\"calendar\",\"subscription_at\":null,"
	"\"started_at\":null,\"trial_ended_at\":null,\"ending_at\":null,\"terminated_at\":null,"
	"\"canceled_at\":null,\"created_at\":null,\"previous_plan_code\":null,"
	"\"next_plan_code\":null,\"downgrade_plan_date\":null,"
	"\"current_billing_period_started_at\":null,\"current_billing_period_ending_at\":null,"
	"\"on_termination_credit_note\":null,\"on_termination_invoice\":\"generate\","
	"\"applied_invoice_custom_sections\":[],\"payment_method\":null,"
	"\"consolidate_invoice\":true,\"purchase_order_number\":null,"
	"\"cancellation_reason\":null,\"activated_at\":null,\"activation_rules\":[]}";

static const char *check_date(struct json_object **v)
{
	int64_t ms;

	return standin_parse_time(json_object_get_string(*v), false, true, &ms) ? NULL :
										  "invalid_date";
}

static const char *check_billing_time(struct json_object **v)
{
	return lago_one_of(*v, "calendar anniversary") ? NULL : "value_is_invalid";
}

static const char *check_credit_note(struct json_object **v)
{
	return lago_one_of(*v, "credit refund offset skip") ? NULL : "value_is_invalid";
}

static const char *check_end_invoice(struct json_object **v)
{
	return lago_one_of(*v, "generate skip") ? NULL : "value_is_invalid";
}

/* The first four are what a PUT of an active subscription does not change. */
static const struct lago_field fields[] = {
	{"billing_time", LAGO_TEXT, 0, check_billing_time},
	{"subscription_at", LAGO_TEXT, 0, check_date},
	{"payment_method", LAGO_OBJECT, 0, NULL},
	{"billing_entity_code", LAGO_TEXT, 0, NULL},
	{"name", LAGO_TEXT, 0, NULL},
	{"ending_at", LAGO_TEXT, 0, check_date},
	{"consolidate_invoice", LAGO_BOOL, 0, NULL},
	{"purchase_order_number", LAGO_TEXT, 0, NULL},
	{"on_termination_credit_note", LAGO_TEXT, 0, check_credit_note},
	{"on_termination_invoice", LAGO_TEXT, 0, check_end_invoice},
};

enum { PUT_SKIPS = 4 };

static void set_time(struct json_object *o, const char *key, int64_t ms, bool with_ms)
{
	char text[32];

	standin_format_time(ms, with_ms, text);
	lago_set_text(o, key, text);
}

static bool is_status(const struct lago_row *row, const char *status)
{
	return row->status && strcmp(row->status, status) == 0;
}

/* The newest row of an external_id in a status (NULL: any) and of a customer (NULL: any). */
static struct lago_row *find(struct lago *l, const char *external_id, const char *status,
			     const char *customer)
{
	struct lago_row *row = lago_table_find(&l->subscriptions, external_id);

	for (; row; row = row->older) {
		if ((!status || is_status(row, status)) &&
		    (!customer || (row->owner && strcmp(row->owner, customer) == 0)))
			return row;
	}
	return NULL;
}

static int64_t time_of(struct json_object *o, const char *key, int64_t fallback)
{
	const char *text = json_member_text(o, key);
	int64_t ms;

	return text && standin_parse_time(text, false, true, &ms) ? ms : fallback;
}

static void set_plan(struct json_object *o, const struct lago_row *plan)
{
	struct json_object *p = lago_row_parse(plan);

	lago_set_text(o, "plan_code", plan->key);
	json_object_object_add(o, "plan_amount_cents",
			       json_object_get(json_member(p, "amount_cents")));
	json_object_object_add(o, "plan_amount_currency",
			       json_object_get(json_member(p, "amount_currency")));
	json_object_put(p);
}

static void set_period(struct json_object *o)
{
	int64_t now = standin_now_ms();
	time_t secs = (time_t)(now / 1000);
	struct tm tm;

	gmtime_r(&secs, &tm);
	struct tm first = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = 1};
	struct tm next = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon + 1, .tm_mday = 1};

	set_time(o, "current_billing_period_started_at", (int64_t)timegm(&first) * 1000, false);
	set_time(o, "current_billing_period_ending_at", (int64_t)timegm(&next) * 1000 - 1000,
		 false);
}

/* A customer that is not there is made, bare. */
static struct lago_row *store_new(struct lago *l, struct json_object *o)
{
	const char *customer = json_member_text(o, "external_customer_id");
	struct lago_row *row;

	lago_set_text(o, "lago_customer_id", lago_customer_ensure(l, customer)->lago_id);
	row = lago_table_add(&l->subscriptions, json_member_text(o, "external_id"), o);

	lago_row_set_sort(&l->subscriptions, row, time_of(o, "subscription_at", 0));
	return row;
}

/* Active from today or a past date on, pending for a future one. */
static void start(struct json_object *o)
{
	int64_t now = standin_now_ms(), at = time_of(o, "subscription_at", now);

	set_time(o, "created_at", now, false);
	set_time(o, "subscription_at", at, false);
	if (at > now) {
		lago_set_text(o, "status", "pending");
		return;
	}
	lago_set_text(o, "status", "active");
	set_time(o, "started_at", at, true);
	set_time(o, "activated_at", at, false);
	set_period(o);
}

static struct json_object *new_subscription(struct lago *l, const char *external_id,
					    const char *customer, const struct lago_row *plan)
{
	struct json_object *o = json_constant(blank_subscription);
	char id[40];

	lago_new_id(l, id);
	lago_set_text(o, "lago_id", id);
	lago_set_text(o, "external_id", external_id);
	lago_set_text(o, "external_customer_id", customer);
	set_plan(o, plan);
	return o;
}

/* A single answer embeds the plan. */
static void answer(struct lago *l, const struct lago_row *row, struct standin_reply *reply)
{
	const struct lago_row *plan = lago_table_find(&l->plans, row->plan);
	struct text *out = &reply->body;

	text_puts(out, "{\"subscription\":");
	text_add(out, row->text, strlen(row->text) - 1);
	text_puts(out, ",\"plan\":");
	text_puts(out, plan ? plan->text : "null");
	text_puts(out, "}}");
}

/* -- POST ------------------------------------- */

static int64_t yearly_amount(const struct lago_row *plan)
{
	static const struct {
		const char *interval;
		int64_t times;
	} a_year[] = {{"weekly", 52}, {"monthly", 12}, {"quarterly", 4}, {"semiannual", 2}};
	struct json_object *p = lago_row_parse(plan);
	const char *interval = json_member_text(p, "interval");
	int64_t amount = json_member_int(p, "amount_cents", 0);

	for (size_t i = 0; interval && i < COUNT(a_year); i++) {
		if (strcmp(interval, a_year[i].interval) == 0)
			amount *= a_year[i].times;
	}
	json_object_put(p);
	return amount;
}

static void end(struct lago_row *row, const char *status, const char *time_key)
{
	struct json_object *o = lago_row_parse(row);

	lago_set_text(o, "status", status);
	set_time(o, time_key, standin_now_ms(), false);
	lago_row_set(row, o);
	json_object_put(o);
}

static const struct lago_row *upgrade(struct lago *l, struct lago_row *old,
				      struct json_object *o)
{
	struct json_object *was = lago_row_parse(old);

	lago_set_text(o, "previous_plan_code", old->plan);
	json_object_object_add(o, "subscription_at",
			       json_object_get(json_member(was, "subscription_at")));
	lago_set_text(was, "next_plan_code", json_member_text(o, "plan_code"));
	lago_row_set(old, was);
	json_object_put(was);
	end(old, "terminated", "terminated_at");
	start(o);
	set_time(o, "started_at", standin_now_ms(), true);
	return store_new(l, o);
}

/* The current row stays and names its successor, which waits for the end of the period. */
static const struct lago_row *downgrade(struct lago *l, struct lago_row *old,
					struct json_object *o)
{
	struct lago_row *waiting = find(l, old->key, "pending", old->owner);
	struct json_object *now = lago_row_parse(old);
	int64_t until = time_of(now, "current_billing_period_ending_at", standin_now_ms());
	char day[32];

	if (waiting)
		end(waiting, "canceled", "canceled_at");
	standin_format_time(until + 1000, false, day);
	day[10] = '\0';
	lago_set_text(now, "next_plan_code", json_member_text(o, "plan_code"));
	lago_set_text(now, "downgrade_plan_date", day);
	lago_row_set(old, now);
	start(o);
	lago_set_text(o, "status", "pending");
	lago_set_text(o, "started_at", NULL);
	lago_set_text(o, "activated_at", NULL);
	lago_set_text(o, "previous_plan_code", old->plan);
	json_object_object_add(o, "subscription_at",
			       json_object_get(json_member(now, "subscription_at")));
	json_object_put(now);
	store_new(l, o);
	return old;
}

static const struct lago_row *replan(struct lago_row *pending, const struct lago_row *plan)
{
	struct json_object *o = lago_row_parse(pending);

	set_plan(o, plan);
	lago_row_set(pending, o);
	json_object_put(o);
	return pending;
}

/* The customer's own row a POST is about: active, incomplete, or pending for the future. */
static struct lago_row *find_current(struct lago *l, const char *external_id,
				     const char *customer)
{
	struct lago_row *row = find(l, external_id, "active", customer);

	if (!row)
		row = find(l, external_id, "incomplete", customer);
	if (!row) {
		row = find(l, external_id, "pending", customer);
		if (row && row->sort <= standin_now_ms())
			row = NULL;
	}
	return row;
}

/* What the POST of a checked subscription `o` leads to; NULL with an error answered. */
static const struct lago_row *place(struct lago *l, struct json_object *o,
				    const struct lago_row *plan, struct standin_reply *reply)
{
	const char *id = json_member_text(o, "external_id");
	struct lago_row *now = find_current(l, id, json_member_text(o, "external_customer_id"));
	const struct lago_row *old_plan = now ? lago_table_find(&l->plans, now->plan) : NULL;

	reply->written = 1;
	if (now && is_status(now, "incomplete")) {
		lago_invalid_one("subscription", "subscription_incomplete", reply);
	} else if (now && now->plan && strcmp(now->plan, plan->key) == 0) {
		return now;
	} else if (now && is_status(now, "pending")) {
		return replan(now, plan);
	} else if (now && old_plan && yearly_amount(plan) < yearly_amount(old_plan)) {
		return downgrade(l, now, o);
	} else if (now) {
		return upgrade(l, now, o);
	} else if (find(l, id, "active", NULL)) {
		lago_invalid_one("external_id", "value_already_exist", reply);
	} else {
		start(o);
		return store_new(l, o);
	}
	reply->written = 0;
	return NULL;
}

/* A copy without the blanks around it, or NULL if nothing is left. */
static char *stripped(struct json_object *in, const char *key)
{
	struct json_object *v = json_member(in, key);
	const char *s = v ? json_object_get_string(v) : "";

	while (isspace((unsigned char)*s))
		s++;
	size_t len = strlen(s);

	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	if (!len)
		return NULL;
	char *copy = standin_alloc(len + 1);

	memcpy(copy, s, len);
	return copy;
}

static void check_ending(struct json_object *o, struct json_object *details)
{
	int64_t now = standin_now_ms(), at = time_of(o, "ending_at", INT64_MAX);

	if (at <= now || at <= time_of(o, "subscription_at", now))
		lago_detail(details, "ending_at", "invalid_date");
}

static void create(struct lago *l, struct standin_request *req, struct json_object *in,
		   const char *id, const char *customer, struct standin_reply *reply)
{
	const struct lago_row *plan =
		lago_table_find(&l->plans, json_member_text(in, "plan_code"));
	struct json_object *details = json_object_new_object();
	struct json_object *overrides = json_member(in, "plan_overrides"), *o = NULL;
	const char *code, *refused = standin_reject(req, in, &code);

	if (refused)
		lago_detail(details, refused, code);
	if (!id)
		lago_detail(details, "external_id", "value_is_mandatory");
	if (!customer)
		lago_detail(details, "external_customer_id", "value_is_mandatory");
	if (id && customer && plan) {
		o = new_subscription(l, id, customer, plan);
		lago_assign(o, in, fields, COUNT(fields), details);
		check_ending(o, details);
	}
	if (json_object_is_type(overrides, json_type_object) &&
	    json_object_object_length(overrides)) {
		lago_forbidden("feature_unavailable", reply);
	} else if (lago_has_details(details)) {
		lago_invalid(json_object_get(details), reply);
	} else if (!o) {
		lago_not_found("plan", reply);
	} else {
		const struct lago_row *row = place(l, o, plan, reply);

		if (row)
			answer(l, row, reply);
	}
	json_object_put(details);
	json_object_put(o);
}

void lago_subscription_post(void *state, struct standin_request *req,
			    struct standin_reply *reply)
{
	struct json_object *in = lago_unwrap(req, "subscription", reply);

	if (!in)
		return;
	char *id = stripped(in, "external_id"), *customer = stripped(in, "external_customer_id");

	create(state, req, in, id, customer, reply);
	free(id);
	free(customer);
}

/* -- reading ------------------------------------- */

static bool listed(const struct lago_row *row, const void *arg)
{
	const struct standin_request *req = arg;
	const char *customer = standin_query(req, "external_customer_id");
	const char *plan = standin_query(req, "plan_code");
	const char *id = standin_query(req, "external_id");

	if (standin_query(req, "status[]")) {
		if (!standin_query_has(req, "status[]", row->status ? row->status : ""))
			return false;
	} else if (!is_status(row, "active")) {
		return false;
	}
	return (!customer || (row->owner && strcmp(customer, row->owner) == 0)) &&
	       (!plan || (row->plan && strcmp(plan, row->plan) == 0)) &&
	       (!id || strcmp(id, row->key) == 0);
}

void lago_subscription_list(void *state, struct standin_request *req,
			    struct standin_reply *reply)
{
	struct lago *l = state;

	lago_list(&l->subscriptions, req, listed, req, NULL, reply);
}

void lago_subscription_get(void *state, struct standin_request *req,
			   struct standin_reply *reply)
{
	struct lago *l = state;
	const char *status = standin_query(req, "status");
	const struct lago_row *row = find(l, req->param, status ? status : "active", NULL);

	if (row)
		answer(l, row, reply);
	else
		lago_not_found("subscription", reply);
}

/* -- PUT and DELETE ------------------------------------- */

/* A row that is alone is taken whatever its status. */
static struct lago_row *find_for_put(struct lago *l, struct standin_request *req)
{
	const char *status = standin_query(req, "status");
	struct lago_row *newest = lago_table_find(&l->subscriptions, req->param);

	if (!status)
		status = json_member_text(json_member(req->json, "subscription"), "status");
	if (newest && !newest->older)
		return newest;
	return find(l, req->param, status ? status : "active", NULL);
}

void lago_subscription_put(void *state, struct standin_request *req,
			   struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = find_for_put(l, req);

	if (!row) {
		lago_not_found("subscription", reply);
		return;
	}
	struct json_object *in = lago_unwrap(req, "subscription", reply);

	if (!in)
		return;
	struct json_object *details = json_object_new_object();
	struct json_object *o = lago_row_parse(row);

	lago_assign(o, in, fields + PUT_SKIPS, COUNT(fields) - PUT_SKIPS, details);
	if (is_status(row, "pending"))
		lago_assign(o, in, fields + 1, 1, details);
	if (!lago_blank(json_member(in, "ending_at")))
		check_ending(o, details);
	if (lago_has_details(details)) {
		lago_invalid(details, reply);
	} else {
		json_object_put(details);
		lago_row_set(row, o);
		lago_row_set_sort(&l->subscriptions, row, time_of(o, "subscription_at", 0));
		answer(l, row, reply);
		reply->written = 1;
	}
	json_object_put(o);
}

void lago_subscription_delete(void *state, struct standin_request *req,
			      struct standin_reply *reply)
{
	struct lago *l = state;
	const char *status = standin_query(req, "status");
	bool pending = status && strcmp(status, "pending") == 0;
	struct lago_row *row = find(l, req->param, pending ? "pending" : "active", NULL);

	if (!row) {
		lago_not_found("subscription", reply);
		return;
	}
	if (pending)
		end(row, "canceled", "canceled_at");
	else
		end(row, "terminated", "terminated_at");
	answer(l, row, reply);
	reply->written = 1;
}

static bool is(const char *have, const char *want)
{
	return !want || (have && strcmp(have, want) == 0);
}

void lago_subscriptions_end_of(struct lago *l, const char *external_customer_id, const char *plan)
{
	for (size_t i = 0; i < l->subscriptions.n; i++) {
		struct lago_row *row = l->subscriptions.row[i];

		if (row->dead || !is(row->owner, external_customer_id) || !is(row->plan, plan))
			continue;
		if (is_status(row, "active"))
			end(row, "terminated", "terminated_at");
		else if (is_status(row, "pending"))
			end(row, "canceled", "canceled_at");
	}
}

/* -- seed ------------------------------------- */

/* Makes or edits the newest row of the external_id; a plan that is not there stays a name. */
void lago_subscription_seed(struct lago *l, struct json_object *in)
{
	const char *id = json_member_text(in, "external_id");
	const char *customer = json_member_text(in, "external_customer_id");
	const char *plan_code = json_member_text(in, "plan_code");
	struct lago_row *row = lago_table_find(&l->subscriptions, id);
	const struct lago_row *plan = lago_table_find(&l->plans, plan_code);
	struct json_object *details = json_object_new_object(), *o;

	if (!id || (!row && !customer)) {
		json_object_put(details);
		return;
	}
	if (row) {
		o = lago_row_parse(row);
	} else {
		char lago_id[40];

		o = json_constant(blank_subscription);
		lago_new_id(l, lago_id);
		lago_set_text(o, "lago_id", lago_id);
		lago_set_text(o, "external_id", id);
		lago_set_text(o, "external_customer_id", customer);
	}
	lago_assign(o, in, fields, COUNT(fields), details);
	if (plan)
		set_plan(o, plan);
	else if (plan_code)
		lago_set_text(o, "plan_code", plan_code);
	if (!row)
		start(o);
	if (json_member_text(in, "status"))
		lago_set_text(o, "status", json_member_text(in, "status"));
	if (row)
		lago_row_set(row, o);
	else
		store_new(l, o);
	json_object_put(o);
	json_object_put(details);
}
