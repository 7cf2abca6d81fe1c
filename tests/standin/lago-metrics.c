/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Billable metrics of the Lago stand-in. Once a plan uses one, a PUT changes little of it.
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

static const char *check_weighted(struct json_object **v)
{
	return lago_one_of(*v, "seconds") ? NULL : "value_is_invalid";
}

/* The first three are all a PUT changes once a plan uses the metric. */
static const struct lago_field metric_fields[] = {
	{"name", LAGO_TEXT, 0, NULL},
	{"description", LAGO_TEXT, 0, NULL},
	{"filters", LAGO_ARRAY, 0, NULL},
	{"code", LAGO_TEXT, 0, NULL},
	{"aggregation_type", LAGO_TEXT, 0, check_aggregation},
	{"weighted_interval", LAGO_TEXT, 0, check_weighted},
	{"recurring", LAGO_BOOL, 0, NULL},
	{"rounding_function", LAGO_TEXT, 0, check_rounding},
	{"rounding_precision", LAGO_INT, 0, NULL},
	{"expression", LAGO_TEXT, 0, NULL},
	{"field_name", LAGO_TEXT, 0, NULL},
};

enum { METRIC_FIELDS_IN_USE = 3 };

/* -- billable metrics ------------------------------------- */

static void check_metric(struct json_object *o, struct json_object *details)
{
	struct json_object *kind = json_member(o, "aggregation_type");

	lago_need(o, "name", details);
	lago_need(o, "code", details);
	if (lago_blank(kind))
		lago_detail(details, "aggregation_type", "value_is_invalid");
	if (!lago_one_of(kind, "count_agg"))
		lago_need(o, "field_name", details);
	if (lago_one_of(kind, "weighted_sum_agg"))
		lago_need(o, "weighted_interval", details);
	if (json_object_get_boolean(json_member(o, "recurring")) &&
	    lago_one_of(kind, "count_agg max_agg latest_agg"))
		lago_detail(details, "recurring", "not_compatible_with_aggregation_type");
}

/* Needs a flag of the organisation. */
static bool custom_aggregation(struct json_object *in, struct standin_reply *reply)
{
	bool custom = lago_text_is(json_member(in, "aggregation_type"), "custom_agg");

	if (custom)
		lago_forbidden("feature_unavailable", reply);
	return custom;
}

void lago_metric_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in = lago_unwrap(req, "billable_metric", reply);

	if (!in || custom_aggregation(in, reply))
		return;
	struct json_object *details = json_object_new_object();
	struct json_object *o = json_constant(blank_metric);

	lago_refuse(req, in, details);
	lago_stamp(l, o);
	lago_assign(o, in, metric_fields, COUNT(metric_fields), details);
	check_metric(o, details);
	if (lago_code_taken(&l->metrics, o, NULL))
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

static bool metric_in_use(struct lago *l, const struct lago_row *metric)
{
	bool used = false;

	for (size_t i = 0; i < l->plans.n && !used; i++) {
		if (l->plans.row[i]->dead)
			continue;
		struct json_object *plan = lago_row_parse(l->plans.row[i]);

		used = lago_charges_use(plan, metric->lago_id);
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

	lago_refuse(req, in, details);
	lago_assign(o, in, metric_fields,
		    metric_in_use(l, row) ? METRIC_FIELDS_IN_USE : COUNT(metric_fields), details);
	check_metric(o, details);
	if (lago_code_taken(&l->metrics, o, row))
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

static void drop_charges(struct lago *l, const char *metric_id)
{
	for (size_t i = 0; i < l->plans.n; i++) {
		struct lago_row *row = l->plans.row[i];
		struct json_object *plan = lago_row_parse(row);

		lago_charges_drop(plan, metric_id);
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

/* -- seed ------------------------------------- */

void lago_metric_seed(struct lago *l, struct json_object *in)
{
	const char *code = json_member_text(in, "code");
	struct lago_row *row = lago_table_find(&l->metrics, code);
	struct json_object *details = json_object_new_object();

	if (code) {
		struct json_object *o = row ? lago_row_parse(row) : json_constant(blank_metric);

		if (!row)
			lago_stamp(l, o);
		lago_assign(o, in, metric_fields, COUNT(metric_fields), details);
		if (row)
			lago_row_set(row, o);
		else
			lago_table_add(&l->metrics, code, o);
		json_object_put(o);
	}
	json_object_put(details);
}
