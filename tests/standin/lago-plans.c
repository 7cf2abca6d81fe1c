/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans of the Lago stand-in. A PUT takes the charges it is given for the whole list, keeps most
 * fields of a plan with a subscription as they are, and forgets a member it was not given; a DELETE
 * only marks the plan until the job has run. The charges themselves are in lago-charges.c.
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char blank_plan[] =
	"{\"lago_id\":null,\"name\":null,\"invoice_display_name\":null,\"created_at\":null,"
	"\"code\":null,\"interval\":null,\"description\":null,\"amount_cents\":0,"
	"\"amount_currency\":null,\"trial_period\":0.0,\"pay_in_advance\":false,"
	"\"bill_charges_monthly\":null,\"bill_fixed_charges_monthly\":null,"
	"\"customers_count\":0,\"active_subscriptions_count\":0,\"draft_invoices_count\":0,"
	"\"parent_id\":null,\"pending_deletion\":false,\"charges\":[],\"taxes\":[],"
	"\"usage_thresholds\":[],\"applicable_usage_thresholds\":[],\"entitlements\":[]}";

static const char *check_interval(struct json_object **v)
{
	return lago_one_of(*v, "weekly monthly quarterly semiannual yearly") ? NULL :
									      "value_is_invalid";
}

static const char *check_amount(struct json_object **v)
{
	return json_object_get_int64(*v) < 0 ? "value_is_out_of_range" : NULL;
}

/* The first four are all a PUT changes once a subscription has the plan. */
static const struct lago_field fields[] = {
	{"name", LAGO_TEXT, 0, NULL},
	{"invoice_display_name", LAGO_TEXT, 0, NULL},
	{"description", LAGO_TEXT, 0, NULL},
	{"amount_cents", LAGO_INT, 0, check_amount},
	{"code", LAGO_TEXT, 0, NULL},
	{"interval", LAGO_TEXT, 0, check_interval},
	{"amount_currency", LAGO_TEXT, 0, lago_check_currency},
	{"pay_in_advance", LAGO_BOOL, 0, NULL},
	{"trial_period", LAGO_ANY, 0, NULL},
};

enum { FIELDS_IN_USE = 4 };

/* Of the request and not of the plan: a request without the interval sets them to null. */
static void set_monthly(struct json_object *plan, struct json_object *in)
{
	static const char *const names[] = {"bill_charges_monthly", "bill_fixed_charges_monthly"};
	bool longer = lago_one_of(json_member(in, "interval"), "yearly semiannual");

	for (size_t i = 0; i < COUNT(names); i++) {
		bool value = json_object_get_boolean(json_member(in, names[i]));

		json_object_object_add(plan, names[i],
				       longer ? json_object_new_boolean(value) : NULL);
	}
}

static void set_metadata(struct json_object *plan, struct json_object *in,
			 struct json_object *details)
{
	struct json_object *metadata = json_member(in, "metadata");
	const char *wrong;

	if (!json_member_present(in, "metadata"))
		return;
	wrong = lago_metadata_object_wrong(metadata);
	if (wrong)
		json_object_object_add(details, "metadata", json_object_new_string(wrong));
	json_object_object_add(plan, "metadata", json_object_get(metadata));
}

static void check(struct json_object *o, struct json_object *details)
{
	lago_need(o, "name", details);
	lago_need(o, "code", details);
	if (lago_blank(json_member(o, "interval")))
		lago_detail(details, "interval", "value_is_invalid");
	if (lago_blank(json_member(o, "amount_currency")))
		lago_detail(details, "amount_currency", "value_is_invalid");
	lago_need(o, "amount_cents", details);
}

/* A single answer has the fixed charges as well, of which there are none. */
static void answer(struct json_object *o, struct standin_reply *reply)
{
	json_object_object_add(o, "fixed_charges", json_object_new_array());
	lago_reply_json("plan", o, reply);
	json_object_object_del(o, "fixed_charges");
}

bool lago_plan_attached(struct lago *l, const char *code)
{
	for (size_t i = 0; i < l->subscriptions.n; i++) {
		const struct lago_row *row = l->subscriptions.row[i];

		if (!row->dead && row->plan && strcmp(row->plan, code) == 0)
			return true;
	}
	return false;
}

void lago_plan_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in = lago_unwrap(req, "plan", reply);

	if (!in)
		return;
	struct json_object *details = json_object_new_object();
	struct json_object *o = json_constant(blank_plan);

	lago_stamp(l, o);
	lago_refuse(req, in, details);
	lago_assign(o, in, fields, COUNT(fields), details);
	lago_need(in, "amount_cents", details);
	set_monthly(o, in);
	set_metadata(o, in, details);
	check(o, details);
	if (lago_code_taken(&l->plans, o, NULL))
		lago_detail(details, "code", "value_already_exist");
	if (!lago_charges_put(l, o, json_member(in, "charges"), false, details)) {
		json_object_put(details);
		lago_not_found("billable_metrics", reply);
	} else if (lago_has_details(details)) {
		lago_invalid(details, reply);
	} else {
		json_object_put(details);
		lago_table_add(&l->plans, json_member_text(o, "code"), o);
		answer(o, reply);
		reply->written = 1;
	}
	json_object_put(o);
}

/* Stores a plan again, under a new code if it changed. */
static void store(struct lago *l, struct lago_row *row, struct json_object *o)
{
	const char *code = json_member_text(o, "code");

	if (strcmp(code, row->key) == 0) {
		lago_row_set(row, o);
		return;
	}
	lago_table_remove(&l->plans, row);
	lago_table_add(&l->plans, code, o);
}

void lago_plan_put(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = lago_table_find(&l->plans, req->param);

	if (!row) {
		lago_not_found("plan", reply);
		return;
	}
	struct json_object *in = lago_unwrap(req, "plan", reply);

	if (!in)
		return;
	struct json_object *details = json_object_new_object();
	struct json_object *o = lago_row_parse(row);
	bool attached = lago_plan_attached(l, row->key);

	lago_refuse(req, in, details);
	lago_assign(o, in, fields, attached ? FIELDS_IN_USE : COUNT(fields), details);
	if (!attached)
		set_monthly(o, in);
	set_metadata(o, in, details);
	check(o, details);
	if (lago_code_taken(&l->plans, o, row))
		lago_detail(details, "code", "value_already_exist");
	if (!lago_charges_put(l, o, json_member(in, "charges"), attached, details)) {
		json_object_put(details);
		lago_not_found("billable_metrics", reply);
	} else if (lago_has_details(details)) {
		lago_invalid(details, reply);
	} else {
		json_object_put(details);
		store(l, row, o);
		answer(o, reply);
		reply->written = 1;
	}
	json_object_put(o);
}

void lago_plan_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;

	lago_list(&l->plans, req, NULL, NULL, NULL, reply);
}

void lago_plan_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const struct lago_row *row = lago_table_find(&l->plans, req->param);

	if (!row) {
		lago_not_found("plan", reply);
		return;
	}
	struct json_object *o = lago_row_parse(row);

	answer(o, reply);
	json_object_put(o);
}

void lago_plan_delete(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = lago_table_find(&l->plans, req->param);

	if (!row) {
		lago_not_found("plan", reply);
		return;
	}
	struct json_object *o = lago_row_parse(row);

	json_object_object_add(o, "pending_deletion", json_object_new_boolean(true));
	lago_row_set(row, o);
	answer(o, reply);
	reply->written = 1;
	json_object_put(o);
}

/* The job that a DELETE has queued: ends the subscriptions and discards the plan. */
void lago_plans_run_jobs(struct lago *l)
{
	for (size_t i = 0; i < l->plans.n; i++) {
		struct lago_row *row = l->plans.row[i];

		if (row->dead)
			continue;
		struct json_object *o = lago_row_parse(row);
		bool pending = json_object_get_boolean(json_member(o, "pending_deletion"));

		json_object_put(o);
		if (!pending)
			continue;
		lago_subscriptions_end_of(l, NULL, row->key);
		lago_table_remove(&l->plans, row);
	}
}

void lago_plan_seed(struct lago *l, struct json_object *in)
{
	const char *code = json_member_text(in, "code");
	struct lago_row *row = lago_table_find(&l->plans, code);
	struct json_object *details = json_object_new_object();

	if (code) {
		struct json_object *o = row ? lago_row_parse(row) : json_constant(blank_plan);

		if (!row)
			lago_stamp(l, o);
		lago_assign(o, in, fields, COUNT(fields), details);
		if (json_member_present(in, "interval"))
			set_monthly(o, in);
		set_metadata(o, in, details);
		lago_charges_put(l, o, json_member(in, "charges"), false, details);
		if (row)
			lago_row_set(row, o);
		else
			lago_table_add(&l->plans, code, o);
		json_object_put(o);
	}
	json_object_put(details);
}
