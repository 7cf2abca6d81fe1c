/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Billable metrics and plans of the Lago stand-in. A plan's PUT and DELETE are left out.
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char blank_metric[] =
	"{\"lago_id\":null,\"name\":null,\"code\":null,\"description\":null,"
	"\"aggregation_type\":null,\"weighted_interval\":null,\"recurring\":false,"
	"\"rounding_function\":null,\"rounding_precision\":null,\"created_at\":null,"
	"\"expression\":null,\"field_name\":null,\"filters\":[]}";

static const char blank_plan[] =
	"{\"lago_id\":null,\"name\":null,\"invoice_display_name\":null,\"created_at\":null,"
	"\"code\":null,\"interval\":null,\"description\":null,\"amount_cents\":0,"
	"\"amount_currency\":null,\"trial_period\":0.0,\"pay_in_advance\":false,"
	"\"bill_charges_monthly\":null,\"bill_fixed_charges_monthly\":null,"
	"\"customers_count\":0,\"active_subscriptions_count\":0,\"draft_invoices_count\":0,"
	"\"parent_id\":null,\"pending_deletion\":false,\"charges\":[],\"taxes\":[],"
	"\"usage_thresholds\":[],\"applicable_usage_thresholds\":[],\"entitlements\":[]}";

static const char *check_aggregation(struct json_object **v)
{
	return lago_one_of(*v, "count_agg sum_agg max_agg unique_count_agg weighted_sum_agg "
			       "latest_agg") ?
		       NULL :
		       "value_is_invalid";
}

static const char *check_rounding(struct json_object **v)
{
	return lago_one_of(*v, "round ceil floor") ? NULL : "value_is_invalid";
}

static const char *check_interval(struct json_object **v)
{
	return lago_one_of(*v, "weekly monthly quarterly semiannual yearly") ? NULL :
									      "value_is_invalid";
}

/* The first three are all a PUT changes once a plan uses the metric. */
static const struct lago_field metric_fields[] = {
	{"name", LAGO_TEXT, 0, NULL},
	{"description", LAGO_TEXT, 0, NULL},
	{"filters", LAGO_ARRAY, 0, NULL},
	{"code", LAGO_TEXT, 0, NULL},
	{"aggregation_type", LAGO_TEXT, 0, check_aggregation},
	{"weighted_interval", LAGO_TEXT, 0, NULL},
	{"recurring", LAGO_BOOL, 0, NULL},
	{"rounding_function", LAGO_TEXT, 0, check_rounding},
	{"rounding_precision", LAGO_INT, 0, NULL},
	{"expression", LAGO_TEXT, 0, NULL},
	{"field_name", LAGO_TEXT, 0, NULL},
};

enum { METRIC_FIELDS_IN_USE = 3 };

static const struct lago_field plan_fields[] = {
	{"name", LAGO_TEXT, 0, NULL},
	{"code", LAGO_TEXT, 0, NULL},
	{"interval", LAGO_TEXT, 0, check_interval},
	{"amount_cents", LAGO_INT, 0, NULL},
	{"amount_currency", LAGO_TEXT, 0, lago_check_currency},
	{"pay_in_advance", LAGO_BOOL, 0, NULL},
	{"invoice_display_name", LAGO_TEXT, 0, NULL},
	{"description", LAGO_TEXT, 0, NULL},
	{"trial_period", LAGO_ANY, 0, NULL},
	{"bill_charges_monthly", LAGO_BOOL, 0, NULL},
	{"bill_fixed_charges_monthly", LAGO_BOOL, 0, NULL},
};

static void stamp(struct lago *l, struct json_object *o)
{
	char text[40];

	lago_new_id(l, text);
	json_object_object_add(o, "lago_id", json_object_new_string(text));
	standin_format_time(standin_now_ms(), false, text);
	json_object_object_add(o, "created_at", json_object_new_string(text));
}

static void need(struct json_object *o, const char *field, struct json_object *details)
{
	if (lago_blank(json_member(o, field)) && !json_member(details, field))
		lago_detail(details, field, "value_is_mandatory");
}

/* -- billable metrics ------------------------------------- */

static void check_metric(struct json_object *o, struct json_object *details)
{
	struct json_object *kind = json_member(o, "aggregation_type");

	need(o, "name", details);
	need(o, "code", details);
	if (lago_blank(kind))
		lago_detail(details, "aggregation_type", "value_is_invalid");
	if (!lago_one_of(kind, "count_agg"))
		need(o, "field_name", details);
	if (lago_one_of(kind, "weighted_sum_agg"))
		need(o, "weighted_interval", details);
	if (json_object_get_boolean(json_member(o, "recurring")) &&
	    lago_one_of(kind, "count_agg max_agg latest_agg"))
		lago_detail(details, "recurring", "not_compatible_with_aggregation_type");
}

static bool code_taken(struct lago_table *t, struct json_object *o, const struct lago_row *self)
{
	const struct lago_row *other = lago_table_find(t, json_member_text(o, "code"));

	return other && other != self;
}

void lago_metric_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in = lago_unwrap(req, "billable_metric", reply);

	if (!in)
		return;
	struct json_object *details = json_object_new_object();
	struct json_object *o = json_constant(blank_metric);

	stamp(l, o);
	lago_assign(o, in, metric_fields, COUNT(metric_fields), details);
	check_metric(o, details);
	if (code_taken(&l->metrics, o, NULL))
		lago_detail(details, "code", "value_already_exist");
	if (lago_has_details(details)) {
		lago_invalid(details, reply);
	} else {
		json_object_put(details);
		lago_table_add(&l->metrics, json_member_text(o, "code"), o);
		lago_reply_json("billable_metric", o, reply);
		reply->written = 1;
	}
	json_object_put(o);
}

void lago_metric_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;

	lago_list(&l->metrics, req, NULL, NULL, NULL, reply);
}

void lago_metric_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const struct lago_row *row = lago_table_find(&l->metrics, req->param);

	if (row)
		lago_reply_row(&l->metrics, row, reply);
	else
		lago_not_found("billable_metric", reply);
}

static bool charges_use(struct json_object *plan, const char *metric_id)
{
	struct json_object *charges = json_member(plan, "charges");

	for (size_t i = 0; charges && i < json_object_array_length(charges); i++) {
		const char *id = json_member_text(json_object_array_get_idx(charges, i),
						  "lago_billable_metric_id");

		if (id && strcmp(id, metric_id) == 0)
			return true;
	}
	return false;
}

static bool metric_in_use(struct lago *l, const struct lago_row *metric)
{
	bool used = false;

	for (size_t i = 0; i < l->plans.n && !used; i++) {
		if (l->plans.row[i]->dead)
			continue;
		struct json_object *plan = lago_row_parse(l->plans.row[i]);

		used = charges_use(plan, metric->lago_id);
		json_object_put(plan);
	}
	return used;
}

/* Stores a metric again, under a new code if it changed. */
static void metric_store(struct lago *l, struct lago_row *row, struct json_object *o)
{
	const char *code = json_member_text(o, "code");

	if (strcmp(code, row->key) == 0) {
		lago_row_set(row, o);
		return;
	}
	lago_table_remove(&l->metrics, row);
	lago_table_add(&l->metrics, code, o);
}

void lago_metric_put(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = lago_table_find(&l->metrics, req->param);

	if (!row) {
		lago_not_found("billable_metric", reply);
		return;
	}
	struct json_object *in = lago_unwrap(req, "billable_metric", reply);

	if (!in)
		return;
	struct json_object *details = json_object_new_object();
	struct json_object *o = lago_row_parse(row);

	lago_assign(o, in, metric_fields,
		    metric_in_use(l, row) ? METRIC_FIELDS_IN_USE : COUNT(metric_fields), details);
	check_metric(o, details);
	if (code_taken(&l->metrics, o, row))
		lago_detail(details, "code", "value_already_exist");
	if (lago_has_details(details)) {
		lago_invalid(details, reply);
	} else {
		json_object_put(details);
		metric_store(l, row, o);
		lago_reply_json("billable_metric", o, reply);
		reply->written = 1;
	}
	json_object_put(o);
}

/* Takes the charges of a metric out of every plan. */
static void drop_charges(struct lago *l, const char *metric_id)
{
	for (size_t i = 0; i < l->plans.n; i++) {
		struct lago_row *row = l->plans.row[i];
		struct json_object *plan = lago_row_parse(row);
		struct json_object *charges = json_member(plan, "charges");

		for (size_t k = json_object_array_length(charges); k-- > 0;) {
			const char *id = json_member_text(json_object_array_get_idx(charges, k),
							  "lago_billable_metric_id");

			if (id && strcmp(id, metric_id) == 0)
				json_object_array_del_idx(charges, k, 1);
		}
		lago_row_set(row, plan);
		json_object_put(plan);
	}
}

void lago_metric_delete(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = lago_table_find(&l->metrics, req->param);

	if (!row) {
		lago_not_found("billable_metric", reply);
		return;
	}
	drop_charges(l, row->lago_id);
	lago_table_remove(&l->metrics, row);
	lago_reply_row(&l->metrics, row, reply);
	reply->written = 1;
}

/* -- plans ------------------------------------- */

/* The metric of a charge: by its UUID, or in a seed by its code. NULL if unknown. */
static const struct lago_row *charge_metric(struct lago *l, struct json_object *in)
{
	const struct lago_row *row =
		lago_table_find_id(&l->metrics, json_member_text(in, "billable_metric_id"));

	if (!row)
		row = lago_table_find(&l->metrics, json_member_text(in, "billable_metric_code"));
	return row;
}

static struct json_object *new_charge(struct lago *l, struct json_object *in,
				      const struct lago_row *metric)
{
	struct json_object *o = json_constant(
		"{\"lago_id\":null,\"lago_billable_metric_id\":null,\"code\":null,"
		"\"billable_metric_code\":null,\"invoice_display_name\":null,"
		"\"created_at\":null,\"charge_model\":\"standard\",\"pay_in_advance\":false,"
		"\"invoiceable\":true,\"regroup_paid_fees\":null,\"prorated\":false,"
		"\"min_amount_cents\":0,\"properties\":{},\"filters\":[],\"taxes\":[]}");
	static const struct lago_field known[] = {
		{"code", LAGO_TEXT, 0, NULL},
		{"charge_model", LAGO_TEXT, 0, NULL},
		{"pay_in_advance", LAGO_BOOL, 0, NULL},
		{"invoice_display_name", LAGO_TEXT, 0, NULL},
		{"prorated", LAGO_BOOL, 0, NULL},
		{"properties", LAGO_OBJECT, 0, NULL},
		{"filters", LAGO_ARRAY, 0, NULL},
	};

	stamp(l, o);
	json_object_object_add(o, "lago_billable_metric_id",
			       json_object_new_string(metric->lago_id));
	json_object_object_add(o, "billable_metric_code", json_object_new_string(metric->key));
	json_object_object_add(o, "code", json_object_new_string(metric->key));
	lago_assign(o, in, known, COUNT(known), NULL);
	return o;
}

/* False if a charge names a metric that is not there. */
static bool assign_charges(struct lago *l, struct json_object *plan, struct json_object *in)
{
	struct json_object *from = json_member(in, "charges");

	if (!json_object_is_type(from, json_type_array))
		return true;
	struct json_object *charges = json_object_new_array();

	json_object_object_add(plan, "charges", charges);
	for (size_t i = 0; i < json_object_array_length(from); i++) {
		struct json_object *charge = json_object_array_get_idx(from, i);
		const struct lago_row *metric = charge_metric(l, charge);

		if (!metric)
			return false;
		json_object_array_add(charges, new_charge(l, charge, metric));
	}
	return true;
}

static void check_plan(struct json_object *o, struct json_object *in, struct json_object *details)
{
	need(o, "name", details);
	need(o, "code", details);
	if (lago_blank(json_member(o, "interval")))
		lago_detail(details, "interval", "value_is_invalid");
	if (lago_blank(json_member(o, "amount_currency")))
		lago_detail(details, "amount_currency", "value_is_invalid");
	need(in, "amount_cents", details);
}

void lago_plan_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in = lago_unwrap(req, "plan", reply);

	if (!in)
		return;
	struct json_object *details = json_object_new_object();
	struct json_object *o = json_constant(blank_plan);

	stamp(l, o);
	lago_assign(o, in, plan_fields, COUNT(plan_fields), details);
	check_plan(o, in, details);
	if (code_taken(&l->plans, o, NULL))
		lago_detail(details, "code", "value_already_exist");
	if (!assign_charges(l, o, in)) {
		json_object_put(details);
		lago_not_found("billable_metrics", reply);
	} else if (lago_has_details(details)) {
		lago_invalid(details, reply);
	} else {
		json_object_put(details);
		lago_table_add(&l->plans, json_member_text(o, "code"), o);
		lago_reply_json("plan", o, reply);
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

	if (row)
		lago_reply_row(&l->plans, row, reply);
	else
		lago_not_found("plan", reply);
}

/* -- seeds ------------------------------------- */

static void seed(struct lago *l, struct lago_table *t, struct json_object *in, const char *blank,
		 const struct lago_field *known, size_t n)
{
	const char *code = json_member_text(in, "code");
	struct lago_row *row = lago_table_find(t, code);
	struct json_object *details = json_object_new_object();

	if (code) {
		struct json_object *o = row ? lago_row_parse(row) : json_constant(blank);

		if (!row)
			stamp(l, o);
		lago_assign(o, in, known, n, details);
		if (t == &l->plans)
			assign_charges(l, o, in);
		if (row)
			lago_row_set(row, o);
		else
			lago_table_add(t, code, o);
		json_object_put(o);
	}
	json_object_put(details);
}

void lago_metric_seed(struct lago *l, struct json_object *in)
{
	seed(l, &l->metrics, in, blank_metric, metric_fields, COUNT(metric_fields));
}

void lago_plan_seed(struct lago *l, struct json_object *in)
{
	seed(l, &l->plans, in, blank_plan, plan_fields, COUNT(plan_fields));
}
