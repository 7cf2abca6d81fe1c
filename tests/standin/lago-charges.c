/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The charges of the Lago stand-in's plans: as a list within a plan, which is matched by `id`
 * alone, and one by one under their own code.
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char blank_charge[] =
	"{\"lago_id\":null,\"lago_billable_metric_id\":null,\"code\":null,"
	"\"billable_metric_code\":null,\"invoice_display_name\":null,\"created_at\":null,"
	"\"charge_model\":\"standard\",\"pay_in_advance\":false,\"invoiceable\":true,"
	"\"regroup_paid_fees\":null,\"prorated\":false,\"min_amount_cents\":0,"
	"\"properties\":{},\"filters\":[],\"taxes\":[]}";

/* What needs a licence (invoiceable, regroup_paid_fees, min_amount_cents) is ignored. The first
 * three are all that changes once a subscription has the plan. */
static const struct lago_field fields[] = {
	{"invoice_display_name", LAGO_TEXT, 0, NULL},
	{"properties", LAGO_OBJECT, 0, NULL},
	{"filters", LAGO_ARRAY, 0, NULL},
	{"code", LAGO_TEXT, 0, NULL},
	{"charge_model", LAGO_TEXT, 0, NULL},
	{"pay_in_advance", LAGO_BOOL, 0, NULL},
	{"prorated", LAGO_BOOL, 0, NULL},
};

enum { FIELDS_IN_USE = 3 };

/* -- checks ------------------------------------- */

static bool good_decimal(struct json_object *o, const char *key)
{
	__int128 nano;

	return lago_decimal(json_member(o, key), &nano);
}

static bool good_count(struct json_object *o, const char *key, int64_t least)
{
	return json_object_is_type(json_member(o, key), json_type_int) &&
	       json_member_int(o, key, -1) >= least;
}

/* From 0 without a gap to one that is open. */
static bool contiguous(struct json_object *ranges)
{
	int64_t next = 0;
	size_t n = json_object_array_length(ranges);

	for (size_t i = 0; i < n; i++) {
		struct json_object *range = json_object_array_get_idx(ranges, i);
		struct json_object *to = json_member(range, "to_value");

		if (json_member_int(range, "from_value", -1) != next)
			return false;
		if (i + 1 == n)
			return !to;
		if (!json_object_is_type(to, json_type_int))
			return false;
		next = json_object_get_int64(to) + 1;
	}
	return false;
}

static const char *ranges_wrong(struct json_object *properties, const char *key,
				const char *missing, const char *invalid, const char *rate)
{
	struct json_object *ranges = json_member(properties, key);

	if (!json_object_is_type(ranges, json_type_array) || !json_object_array_length(ranges))
		return missing;
	if (!contiguous(ranges))
		return invalid;
	for (size_t i = 0; i < json_object_array_length(ranges); i++) {
		struct json_object *range = json_object_array_get_idx(ranges, i);

		if (!good_decimal(range, rate))
			return strcmp(rate, "rate") == 0 ? "invalid_rate" : "invalid_amount";
		if (!good_decimal(range, "flat_amount"))
			return "invalid_amount";
	}
	return NULL;
}

static const char *properties_wrong(const char *model, struct json_object *p)
{
	if (strcmp(model, "standard") == 0)
		return good_decimal(p, "amount") ? NULL : "invalid_amount";
	if (strcmp(model, "package") == 0) {
		if (!good_decimal(p, "amount"))
			return "invalid_amount";
		if (!good_count(p, "package_size", 1))
			return "invalid_package_size";
		return good_count(p, "free_units", 0) ? NULL : "invalid_free_units";
	}
	if (strcmp(model, "percentage") == 0) {
		if (json_member(p, "fixed_amount") && !good_decimal(p, "fixed_amount"))
			return "invalid_fixed_amount";
		return good_decimal(p, "rate") ? NULL : "invalid_rate";
	}
	if (strcmp(model, "graduated") == 0)
		return ranges_wrong(p, "graduated_ranges", "missing_graduated_ranges",
				    "invalid_graduated_ranges", "per_unit_amount");
	if (strcmp(model, "volume") == 0)
		return ranges_wrong(p, "volume_ranges", "missing_volume_ranges",
				    "invalid_volume_ranges", "per_unit_amount");
	if (strcmp(model, "graduated_percentage") == 0)
		return ranges_wrong(p, "graduated_percentage_ranges",
				    "missing_graduated_percentage_ranges",
				    "invalid_graduated_percentage_ranges", "rate");
	return NULL;
}

static void check(struct json_object *charge, struct json_object *details)
{
	struct json_object *filters = json_member(charge, "filters");
	const char *model = json_member_text(charge, "charge_model"), *wrong;

	if (!lago_one_of(json_member(charge, "charge_model"),
			 "standard graduated package percentage volume graduated_percentage "
			 "dynamic")) {
		lago_detail(details, "charge_model", "value_is_invalid");
		return;
	}
	wrong = properties_wrong(model, json_member(charge, "properties"));
	for (size_t i = 0; !wrong && i < json_object_array_length(filters); i++) {
		struct json_object *filter = json_object_array_get_idx(filters, i);

		if (!json_object_is_type(json_member(filter, "values"), json_type_object))
			lago_detail(details, "values", "value_is_mandatory");
		wrong = properties_wrong(model, json_member(filter, "properties"));
	}
	if (wrong)
		lago_detail(details, "properties", wrong);
}

/* -- lists ------------------------------------- */

static struct json_object *find(struct json_object *charges, const char *by, const char *value,
				size_t *ret_at)
{
	for (size_t i = 0; value && i < json_object_array_length(charges); i++) {
		struct json_object *charge = json_object_array_get_idx(charges, i);

		if (!lago_text_is(json_member(charge, by), value))
			continue;
		if (ret_at)
			*ret_at = i;
		return charge;
	}
	return NULL;
}

/* The metric of a charge: by its UUID, or in a seed by its code. NULL if unknown. */
static const struct lago_row *metric_of(struct lago *l, struct json_object *in)
{
	const struct lago_row *row =
		lago_table_find_id(&l->metrics, json_member_text(in, "billable_metric_id"));

	if (!row)
		row = lago_table_find(&l->metrics, json_member_text(in, "billable_metric_code"));
	return row;
}

/* Of the metric's own code, and a number when that is taken. */
static void set_own_code(struct json_object *charge, struct json_object *others,
			 const char *metric)
{
	char code[280];

	snprintf(code, sizeof(code), "%s", metric);
	for (int i = 2; find(others, "code", code, NULL); i++)
		snprintf(code, sizeof(code), "%s_%d", metric, i);
	lago_set_text(charge, "code", code);
}

static struct json_object *new_charge(struct lago *l, struct json_object *in,
				      struct json_object *others, const struct lago_row *metric,
				      struct json_object *details)
{
	struct json_object *o = json_constant(blank_charge);

	lago_stamp(l, o);
	lago_set_text(o, "lago_billable_metric_id", metric->lago_id);
	lago_set_text(o, "billable_metric_code", metric->key);
	lago_assign(o, in, fields, COUNT(fields), details);
	if (lago_blank(json_member(o, "code")))
		set_own_code(o, others, metric->key);
	else if (find(others, "code", json_member_text(o, "code"), NULL))
		lago_detail(details, "code", "value_already_exist");
	check(o, details);
	return o;
}

bool lago_charges_put(struct lago *l, struct json_object *plan, struct json_object *list,
		      bool attached, struct json_object *details)
{
	struct json_object *old = json_member(plan, "charges"), *kept;

	if (!json_object_is_type(list, json_type_array))
		return true;
	kept = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *in = json_object_array_get_idx(list, i);
		struct json_object *known = find(old, "lago_id", json_member_text(in, "id"), NULL);
		const struct lago_row *metric = known ? NULL : metric_of(l, in);

		if (known) {
			lago_assign(known, in, fields, attached ? FIELDS_IN_USE : COUNT(fields),
				    details);
			check(known, details);
			json_object_array_add(kept, json_object_get(known));
		} else if (metric) {
			json_object_array_add(kept, new_charge(l, in, kept, metric, details));
		} else {
			json_object_put(kept);
			return false;
		}
	}
	json_object_object_add(plan, "charges", kept);
	return true;
}

bool lago_charges_use(struct json_object *plan, const char *metric_id)
{
	return find(json_member(plan, "charges"), "lago_billable_metric_id", metric_id, NULL);
}

void lago_charges_drop(struct json_object *plan, const char *metric_id)
{
	struct json_object *charges = json_member(plan, "charges");
	size_t at;

	while (find(charges, "lago_billable_metric_id", metric_id, &at))
		json_object_array_del_idx(charges, at, 1);
}

/* -- one by one ------------------------------------- */

/* A charge asked for by the codes in the path, or the plan alone. */
struct place {
	struct lago_row *plan;
	struct json_object *o, *charges, *charge;
	size_t at;
};

/* False with a 404 answered if plan or charge is not there. Release after true. */
static bool find_place(struct lago *l, const struct standin_request *req, struct place *p,
		       struct standin_reply *reply)
{
	*p = (struct place){.plan = lago_table_find(&l->plans, req->param)};
	if (!p->plan) {
		lago_not_found("plan", reply);
		return false;
	}
	p->o = lago_row_parse(p->plan);
	p->charges = json_member(p->o, "charges");
	p->charge = find(p->charges, "code", req->param2, &p->at);
	if (!req->param2 || p->charge)
		return true;
	lago_not_found("charge", reply);
	json_object_put(p->o);
	return false;
}

void lago_charge_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago_page page;
	struct place p;

	if (!find_place(state, req, &p, reply))
		return;
	if (lago_page_begin(&page, req, "charges", reply)) {
		for (size_t i = json_object_array_length(p.charges); i-- > 0;) {
			if (!lago_page_take(&page))
				continue;
			text_comma(&reply->body);
			text_puts(&reply->body, json_text(json_object_array_get_idx(p.charges, i)));
		}
		lago_page_end(&page, reply);
	}
	json_object_put(p.o);
}

void lago_charge_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct place p;

	if (!find_place(state, req, &p, reply))
		return;
	lago_reply_json("charge", p.charge, reply);
	json_object_put(p.o);
}

/* Answers with the charge and stores the plan, unless something is wrong. Takes the details. */
static void conclude(struct place *p, struct json_object *charge, struct json_object *details,
		     struct standin_reply *reply)
{
	if (lago_has_details(details)) {
		lago_invalid(details, reply);
		return;
	}
	json_object_put(details);
	lago_reply_json("charge", charge, reply);
	lago_row_set(p->plan, p->o);
	reply->written = 1;
}

void lago_charge_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in;
	struct place p;

	if (!find_place(l, req, &p, reply))
		return;
	in = lago_unwrap(req, "charge", reply);
	const struct lago_row *metric = metric_of(l, in);

	if (in && metric) {
		struct json_object *details = json_object_new_object();
		struct json_object *charge = new_charge(l, in, p.charges, metric, details);

		lago_refuse(req, in, details);
		json_object_array_add(p.charges, charge);
		conclude(&p, charge, details, reply);
	} else if (in) {
		lago_not_found("billable_metric", reply);
	}
	json_object_put(p.o);
}

void lago_charge_put(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in;
	struct place p;

	if (!find_place(l, req, &p, reply))
		return;
	in = lago_unwrap(req, "charge", reply);
	if (in) {
		struct json_object *details = json_object_new_object(), *other;
		bool attached = lago_plan_attached(l, p.plan->key);

		lago_refuse(req, in, details);
		other = find(p.charges, "code", json_member_text(in, "code"), NULL);
		if (!attached && other && other != p.charge)
			lago_detail(details, "code", "value_already_exist");
		lago_assign(p.charge, in, fields, attached ? FIELDS_IN_USE : COUNT(fields),
			    details);
		check(p.charge, details);
		conclude(&p, p.charge, details, reply);
	}
	json_object_put(p.o);
}

void lago_charge_delete(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct place p;

	if (!find_place(state, req, &p, reply))
		return;
	lago_reply_json("charge", p.charge, reply);
	json_object_array_del_idx(p.charges, p.at, 1);
	lago_row_set(p.plan, p.o);
	reply->written = 1;
	json_object_put(p.o);
}
