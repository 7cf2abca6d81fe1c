/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plans.c - lago-plans: what is particular about writing plans.
 *
 * POST creates a plan with its charges. One that is there is read first: a PUT changes what is the
 * plan's own, never its charges, which are written one by one. Once a plan has a subscription Lago
 * ignores most of what a PUT says and answers with success: the comparison of the answer says so.
 */
#include "lago/plans.h"

#include <stdlib.h>
#include <string.h>

static bool plain(const char *field)
{
	return strcmp(field, "charges") != 0;
}

/* The charges are compared one by one, where they are written. */
static const char *member(const char *field)
{
	return !strcmp(field, "tax_codes") ? "taxes" : !strcmp(field, "charges") ? NULL : field;
}

/* -------------------------------------------------------------- check, open */

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	const char *extra = ferry_setting_text(open, "extra_charges");

	if (extra && !strcmp(extra, "delete") && rest_field(open->layout, "charges") < 0)
		check->mistake(check, "extra_charges",
			       "extra_charges: delete needs 'charges' in 'map', else all would go");
}

/* What is looked at before plans are written: metrics for charges, subscriptions for deletes. */
static const char *const *reads_of(bool metrics, bool subscriptions)
{
	static const char *const both[] = {"billable_metrics", "subscriptions", NULL};
	static const char *const first[] = {"billable_metrics", NULL};

	return metrics && subscriptions ? both : metrics ? first : subscriptions ? both + 1 : NULL;
}

static int begin(struct lago *h, const struct ferry_open *open, struct ferry_error *err)
{
	struct plans *own = h->own;
	const char *extra = ferry_setting_text(open, "extra_charges");

	if (!h->layout)
		return 0;
	own->charges_field = rest_field(h->layout, "charges");
	own->cascade = ferry_setting_int(open, "cascade_updates", 0);
	own->delete_extra = extra && !strcmp(extra, "delete");
	h->reads = reads_of(own->charges_field >= 0, h->mode == FERRY_MODE_MIRROR);
	if (own->delete_extra && own->charges_field < 0)
		return h->api.host->fail(err, FERRY_E_CONFIG,
					 "extra_charges: delete needs 'charges' in 'map'");
	return 0;
}

static void release(struct lago *h)
{
	struct plans *own = h->own;

	for (size_t i = 0; i < own->n_ids; i++)
		free(own->ids[i]);
	free(own->ids);
	rest_map_release(&own->metrics);
}

/* ------------------------------------------------------------------- reading */

static bool read(struct lago *h, rest_node *plan, size_t i, struct ferry_value *ret, bool *good)
{
	const char *name = h->layout->names[i];
	rest_node *list = NULL;

	if (!strcmp(name, "charges"))
		list = charges_there(rest_member(plan, "charges"));
	else if (!strcmp(name, "tax_codes"))
		list = lago_codes(rest_member(plan, "taxes"));
	else
		return false;
	*good = rest_value(list, FERRY_JSON, &h->pool, ret);
	rest_free(list);
	return true;
}

static bool going(rest_node *plan)
{
	struct ferry_value v;

	return rest_value(rest_member(plan, "pending_deletion"), FERRY_BOOL, NULL, &v) &&
	       v.type == FERRY_BOOL && v.i;
}

/* A plan that is being deleted still answers, but is as good as gone. */
static int fetch(struct lago *h, const char *id, size_t len, rest_node **root, rest_node **ret,
		 struct ferry_error *err)
{
	int rc = lago_fetch(h, id, len, root, ret, err);

	if (rc <= 0 || !going(*ret))
		return rc;
	rest_free(*root);
	*root = *ret = NULL;
	return 0;
}

static bool listed(struct lago *h, rest_node *plan)
{
	(void)h;
	return !going(plan);
}

/* The charges of a record, to be freed; NULL when they are not mapped. */
static rest_node *charges_of(const struct lago *h, const struct ferry_action *action)
{
	const struct plans *own = h->own;
	rest_node *list = NULL;

	if (own->charges_field >= 0 && action->fields[own->charges_field].type == FERRY_JSON)
		rest_try_parse(action->fields[own->charges_field].s,
			       action->fields[own->charges_field].len, &list);
	return list;
}

/* ------------------------------------------------------------------ creating */

/* The charges as a POST of the plan takes them; their metrics were looked up before. */
static int add_charges(struct lago *h, rest_node *charges, struct ferry_error *err)
{
	rest_node *list = rest_array();
	size_t len;
	int rc = 0;

	for (size_t i = 0; i < rest_count(charges) && !rc; i++) {
		rest_node *charge = rest_at(charges, i);
		const char *id;
		rc = plan_metric(h, lago_text(charge, "billable_metric_code"), &id, err) <= 0 ? -1
											 : 0;
		if (!rc)
			rest_append(list, charges_body(charge, id));
	}
	const char *s = rest_dump(list, &len);
	rest_adds(&h->body, ",\"charges\":");
	rest_add(&h->body, s, len);
	rest_free(list);
	return rc;
}

static int read_created(struct lago *h, const char *what, const struct ferry_http_response *res,
			const struct ferry_action *action, rest_node *charges,
			struct ferry_outcome *outcome, struct ferry_error *err)
{
	const struct ferry_value *code = &action->fields[h->id_field];
	rest_node *root, *plan;

	rest_pool_reset(&h->pool);
	if (lago_unwrap(&h->api, what, res, "plan", REST_OBJECT, &root, &plan, err))
		return -1;
	int rc = lago_is(h, what, plan, code->s, code->len, err);
	if (!rc)
		rc = lago_compare(h, what, plan, action, outcome, err);
	if (!rc && charges) {
		rest_node *there = charges_there(rest_member(plan, "charges"));
		plan_charges_compare(h, charges, there, outcome);
		rest_free(there);
	}
	rest_free(root);
	return rc;
}

/* 1: made, 0: rejected, 2: there is one of that code already, -1. */
static int create(struct lago *h, const struct ferry_action *action, rest_node *charges,
		  struct ferry_outcome *outcome, struct rest_refusal *refusal,
		  struct ferry_error *err)
{
	static const char what[] = "POST /plans";
	struct ferry_http_response res;
	int rc = plan_charges_check(h, charges, NULL, outcome, err);

	if (rc <= 0)
		return rc;
	rest_buf_reset(&h->body);
	rest_adds(&h->body, "{\"plan\":{");
	rest_add_members(&h->body, &h->tree, action->fields, REST_LEAVE_NULL);
	if (charges && add_charges(h, charges, err))
		return -1;
	rest_adds(&h->body, "}}");
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "POST", "/plans", &h->body, &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, refusal, err))
		return lago_code_taken(&res) && h->mode != FERRY_MODE_INSERT ? 2 : -1;
	return read_created(h, what, &res, action, charges, outcome, err) ? -1 : 1;
}

/* ------------------------------------------------------------------ changing */

/* Whether all that is the plan's own is as it should be. */
static int as_it_should_be(struct lago *h, const char *what, const struct ferry_action *action,
			   rest_node *plan, bool *ret, struct ferry_error *err)
{
	*ret = true;
	rest_pool_reset(&h->pool);
	for (size_t i = 0; i < h->layout->n; i++) {
		struct ferry_value there;
		if (!plain(h->layout->names[i]))
			continue;
		if (lago_field(h, what, i, plan, &there, err))
			return -1;
		*ret = *ret && lago_alike(&action->fields[i], &there);
	}
	return 0;
}

/*
 * Lago works these out anew from the interval in the request: what is not mapped goes back as it
 * was.
 */
static void keep_monthly(struct lago *h, rest_node *plan)
{
	static const char *const names[] = {"bill_charges_monthly", "bill_fixed_charges_monthly"};

	for (size_t i = 0; i < 2; i++) {
		rest_node *v = rest_member(plan, names[i]);
		if (rest_field(h->layout, names[i]) >= 0 || rest_kind(v) != REST_BOOL)
			continue;
		rest_addf(&h->body, ",\"%s\":%s", names[i], rest_dump(v, NULL));
	}
}

static int put_plan(struct lago *h, const struct ferry_action *action, rest_node *plan,
		    struct ferry_outcome *outcome, struct rest_refusal *refusal,
		    struct ferry_error *err)
{
	const struct plans *own = h->own;
	const struct ferry_value *code = &action->fields[h->id_field];
	const char *what = lago_what(h, "PUT", true);
	struct ferry_http_response res;
	bool same;

	if (as_it_should_be(h, what, action, plan, &same, err))
		return -1;
	if (same)
		return 0;
	rest_buf_reset(&h->body);
	rest_adds(&h->body, "{\"plan\":{");
	rest_add_members(&h->body, &h->tree, action->fields, 0);
	keep_monthly(h, plan);
	rest_adds(&h->body, own->cascade ? ",\"cascade_updates\":true}}" : "}}");
	lago_path(h, code->s, code->len);
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "PUT", rest_str(&h->path), &h->body, &res, err) ||
	    lago_check(&h->api, what, &res, refusal, err))
		return -1;
	return read_created(h, what, &res, action, NULL, outcome, err);
}

/* 1: changed, 0: rejected, 2: there is none of that code, -1. */
static int change(struct lago *h, const struct ferry_action *action, rest_node *charges,
		  struct ferry_outcome *outcome, struct rest_refusal *refusal,
		  struct ferry_error *err)
{
	const struct ferry_value *code = &action->fields[h->id_field];
	rest_node *root, *plan, *there;
	int rc = lago_fetch(h, code->s, code->len, &root, &plan, err);

	if (rc <= 0)
		return rc ? -1 : 2;
	there = charges_there(rest_member(plan, "charges"));
	if (going(plan)) {
		rest_reject(outcome, "plan_pending_deletion", "code",
			    "Lago is deleting the plan; once it is gone it can be made again");
		rc = 0;
	} else {
		rc = plan_charges_check(h, charges, there, outcome, err);
	}
	if (rc > 0 && (put_plan(h, action, plan, outcome, refusal, err) ||
		       (charges && plan_charges_write(h, code, charges, there, outcome, refusal,
						      err))))
		rc = -1;
	rest_free(there);
	rest_free(root);
	return rc;
}

static int write_plan(struct lago *h, const struct ferry_action *action,
		      struct ferry_outcome *outcome, struct rest_refusal *refusal,
		      struct ferry_error *err)
{
	const struct ferry_value *code = &action->fields[h->id_field];
	rest_node *charges = charges_of(h, action);
	bool new = action->decision == FERRY_CREATE;
	int rc = (new ? create : change)(h, action, charges, outcome, refusal, err);

	if (rc == 2 && !new && h->mode == FERRY_MODE_UPDATE) {
		rest_reject(outcome, "plan_not_found", "code",
			    "Lago has no such plan, and the mode does not create any");
		rc = 0;
	} else if (rc == 2) {
		/* made or gone meanwhile: then it is the other one of the two */
		*err = (struct ferry_error){0};
		rc = (new ? change : create)(h, action, charges, outcome, refusal, err);
	}
	rest_free(charges);
	if (rc == 2)
		return h->api.host->fail(err, FERRY_E_UNAVAILABLE,
					 "the plan was made or deleted by somebody else meanwhile");
	if (rc < 0)
		return -1;
	if (rc) {
		outcome->ack = FERRY_ACK_DONE;
		rest_dest_id(outcome, code->s, code->len);
	}
	return 0;
}

/* ------------------------------------------------------------------ deleting */

/* With a plan Lago would end its subscriptions: one that has any stays. 1: it has, 0, -1. */
static int in_use(struct lago *h, const char *code, size_t len, struct ferry_error *err)
{
	static const char what[] = "GET /subscriptions";
	struct ferry_http_response res;
	rest_node *root, *list;

	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/subscriptions?page=1&per_page=1&plan_code=");
	rest_add_encoded(&h->path, code, len);
	rest_adds(&h->path, "&status[]=active&status[]=pending&status[]=incomplete");
	if (rest_get(&h->api, rest_str(&h->path), &res, err) ||
	    lago_check(&h->api, what, &res, NULL, err) ||
	    lago_unwrap(&h->api, what, &res, "subscriptions", REST_ARRAY, &root, &list, err))
		return -1;
	int used = rest_count(list) > 0;
	rest_free(root);
	return used;
}

static int write(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err)
{
	const char *code;
	size_t len;

	if (action->decision != FERRY_DELETE)
		return lago_moved(h, action, outcome)
			? 0 : write_plan(h, action, outcome, refusal, err);
	if (lago_identifier(h, action, &code, &len)) {
		int used = in_use(h, code, len, err);
		if (used < 0)
			return -1;
		if (used) {
			rest_reject(outcome, "plan_in_use", "code",
				    "the plan has subscriptions, which Lago would end with it; "
				    "they must be terminated or moved first");
			return 0;
		}
	}
	return lago_delete(h, action, "", outcome, refusal, err);
}

/* -------------------------------------------------------------------- tables */

static const char *const extra_choices[] = {"keep", "delete", NULL};
static const struct ferry_option source_options[] = {
	LAGO_SOURCE_OPTIONS,
	{0},
};

static const struct ferry_option destination_options[] = {
	{.name = "cascade_updates",
	 .type = FERRY_OPT_BOOL,
	 .fallback = "false",
	 .help = "changes also reach what subscriptions have overridden of a plan"},
	{.name = "extra_charges",
	 .type = FERRY_OPT_CHOICE,
	 .choices = extra_choices,
	 .fallback = "keep",
	 .help = "what becomes of a plan's charges that the record does not name: keep or delete"},
	{0},
};

const struct lago_resource lago_resource = {
	.one = "plan",
	.many = "plans",
	.identifier = "code",
	.columns = plan_columns,
	.own_size = sizeof(struct plans),
	.begin = begin,
	.release = release,
	.check = check,
	.plain = plain,
	.member = member,
	.read = read,
	.fetch = fetch,
	.listed = listed,
	.write = write,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-plans",
	.family = "lago",
	.resource = "plans",
	.summary = "plans of Lago with their charges, read whole and written one by one",
	.version = LAGO_VERSION,
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR,
	.caps = FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_NAMED | FERRY_CAP_DELETE,
	.batch = LAGO_BATCH,
	.lookup_batch = 1,
	.list_page = LAGO_PAGE,
	.connection_options = lago_connection_options,
	.source_options = source_options,
	.destination_options = destination_options,
	.fields = plan_fields,
	.check = lago_resource_check,
	.test = lago_test,
	.open = lago_resource_open,
	.close = lago_resource_close,
	.validate_setup = lago_resource_setup,
	.extract = lago_resource_extract,
	.canonicalize = plans_canonicalize,
	.lookup = lago_resource_lookup,
	.list = lago_resource_list,
	.apply = lago_resource_apply,
};
