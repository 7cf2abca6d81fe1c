/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subscriptions.c - lago-subscriptions: what is particular about writing subscriptions.
 *
 * POST creates one, leaves one of the same plan as it is, or changes the plan: at once for a plan
 * that is dearer by the year, else at the end of the period. It makes a customer that it does not
 * know, bare, so each customer is looked for first. PUT changes all but plan and customer. An ended
 * subscription keeps its external_id, which a new one may then have, too.
 */
#include "lago/subscriptions.h"

#include <string.h>

/* ------------------------------------------------------------- open, close */

static int begin(struct lago *h, const struct ferry_open *open, struct ferry_error *err)
{
	struct subscriptions *own = h->own;

	(void)err;
	if (!h->layout)
		return 0;
	own->credit_note = ferry_setting_text(open, "on_termination_credit_note");
	own->invoice = ferry_setting_text(open, "on_termination_invoice");
	own->customer_field = rest_field(h->layout, "external_customer_id");
	own->plan_field = rest_field(h->layout, "plan_code");
	for (size_t i = 0; i < h->layout->n; i++)
		if (subscription_posts(h->layout->names[i]))
			rest_tree_add(&own->create, h->layout->names[i], i);
	return 0;
}

static void release(struct lago *h)
{
	struct subscriptions *own = h->own;

	rest_map_release(&own->customers);
	rest_tree_release(&own->create);
}

/* ------------------------------------------------------------- the plan */

/* Where a downgrade is to come, the plan is the one that it leads to. */
static bool read(struct lago *h, rest_node *record, size_t i, struct ferry_value *ret, bool *good)
{
	rest_node *next = rest_member(record, "next_plan_code");

	if (strcmp(h->layout->names[i], "plan_code") != 0 || !rest_text(next, NULL))
		return false;
	*good = rest_value(next, FERRY_TEXT, &h->pool, ret);
	return true;
}

static bool is(rest_node *node, const struct ferry_value *v)
{
	size_t len;
	const char *s = rest_text(node, &len);

	return s && v->type == FERRY_TEXT && len == v->len && !memcmp(s, v->s, len);
}

/* Say what became of the plan, when it is not simply the one that was sent. */
static void report_plan(struct lago *h, rest_node *record, const struct ferry_action *action,
			bool posted, struct ferry_outcome *outcome)
{
	const struct subscriptions *own = h->own;
	const struct ferry_value *plan = &action->fields[own->plan_field];
	const char *now = lago_text(record, "plan_code");
	const char *next = lago_text(record, "next_plan_code");

	if (is(rest_member(record, "next_plan_code"), plan) &&
	    !is(rest_member(record, "plan_code"), plan))
		lago_warn(outcome, "a downgrade: plan '%s' goes on until %s, then it is '%s'", now,
			  lago_text(record, "downgrade_plan_date"), next);
	else if (posted && *lago_text(record, "previous_plan_code"))
		lago_warn(outcome, "an upgrade: plan '%s' has ended, '%s' goes on from now",
			  lago_text(record, "previous_plan_code"), now);
	else if (*next)
		lago_warn(outcome,
			  "Lago will change plan '%s' to '%s' on %s: cancel that in Lago, if it is "
			  "not to be",
			  now, next, lago_text(record, "downgrade_plan_date"));
}

static void put_post_body(struct lago *h, const struct ferry_action *action)
{
	const struct subscriptions *own = h->own;

	rest_buf_reset(&h->body);
	rest_adds(&h->body, "{\"subscription\":{");
	rest_add_members(&h->body, &own->create, action->fields, REST_LEAVE_NULL);
	rest_adds(&h->body, "}}");
}

/* POST: 0 and the record that came back (*root is to be freed), or -1. */
static int post(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		rest_node **root, rest_node **record, struct rest_refusal *refusal,
		struct ferry_error *err)
{
	static const char what[] = "POST /subscriptions";
	const struct ferry_value *id = &action->fields[h->id_field];
	struct ferry_http_response res;

	put_post_body(h, action);
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "POST", "/subscriptions", &h->body, &res, err) ||
	    lago_check(&h->api, what, &res, refusal, err) ||
	    lago_unwrap(&h->api, what, &res, "subscription", REST_OBJECT, root, record, err))
		return -1;
	if (!lago_is(h, what, *record, id->s, id->len, err))
		return 0;
	rest_free(*root);
	*root = *record = NULL;
	return -1;
}

/* ------------------------------------------------------------- the rest of it */

/* The members that are not as they should be and that a PUT can change; *any: there are some. */
static int put_put_body(struct lago *h, const char *what, const struct ferry_action *action,
			rest_node *record, bool *any, struct ferry_error *err)
{
	bool pending = subscription_pending(record);

	*any = false;
	rest_buf_reset(&h->body);
	rest_adds(&h->body, "{\"subscription\":{");
	for (size_t i = 0; i < h->layout->n; i++) {
		const char *name = h->layout->names[i];
		const struct ferry_value *v = &action->fields[i];
		struct ferry_value there;
		if (!subscription_puts(name, pending) ||
		    (v->type == FERRY_NULL && !subscription_clears(name)))
			continue;
		if (lago_field(h, what, i, record, &there, err))
			return -1;
		if (lago_alike(v, &there))
			continue;
		rest_adds(&h->body, *any ? "," : "");
		rest_add_string(&h->body, name, strlen(name));
		rest_adds(&h->body, ":");
		rest_add_value(&h->body, v);
		*any = true;
	}
	rest_adds(&h->body, "}}");
	return 0;
}

/*
 * Make what can be changed in *record as it should be, by a PUT if need be, whose answer *record is
 * then; and warn of what stays as it was.
 */
static int settle(struct lago *h, const struct ferry_action *action, rest_node **root,
		  rest_node **record, struct ferry_outcome *outcome, struct rest_refusal *refusal,
		  struct ferry_error *err)
{
	const struct ferry_value *id = &action->fields[h->id_field];
	const char *what = lago_what(h, "PUT", true);
	struct ferry_http_response res;
	bool any;

	rest_pool_reset(&h->pool);
	if (put_put_body(h, what, action, *record, &any, err))
		return -1;
	if (any) {
		lago_path(h, id->s, id->len);
		rest_adds(&h->path, subscription_pending(*record) ? "?status=pending" : "");
		rest_free(*root);
		*root = *record = NULL;
		outcome->ack = FERRY_ACK_UNKNOWN;
		if (rest_call(&h->api, "PUT", rest_str(&h->path), &h->body, &res, err) ||
		    lago_check(&h->api, what, &res, refusal, err) ||
		    lago_unwrap(&h->api, what, &res, "subscription", REST_OBJECT, root, record,
				err) ||
		    lago_is(h, what, *record, id->s, id->len, err))
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------- one record */

static int customer_missing(struct lago *h, const struct ferry_action *action,
			    struct ferry_outcome *outcome, bool *ret, struct ferry_error *err)
{
	const struct subscriptions *own = h->own;
	int there = subscription_customer(h, &action->fields[own->customer_field], err);

	*ret = there == 0;
	if (!there)
		rest_reject(outcome, "customer_not_found", "external_customer_id",
			    "Lago has no such customer, and would make one that has nothing but "
			    "this id: load the customers first");
	return there < 0 ? -1 : 0;
}

/* What stands in the way of changing the subscription that is there; true: it is rejected. */
static bool refuse_change(struct lago *h, rest_node *record, const struct ferry_action *action,
			  struct ferry_outcome *outcome)
{
	const struct subscriptions *own = h->own;

	if (!record && h->mode == FERRY_MODE_UPDATE) {
		rest_reject(outcome, "subscription_not_found", "external_id",
			    "Lago has no active or pending subscription of this id, and the mode "
			    "does not create any");
		return true;
	}
	if (!record || is(rest_member(record, "external_customer_id"),
			  &action->fields[own->customer_field]))
		return false;
	rest_reject(outcome, "customer_changed", "external_customer_id",
		    "the subscription belongs to another customer ('%s'), and cannot be moved: "
		    "terminate it, or give this one another external_id",
		    lago_text(record, "external_customer_id"));
	return true;
}

/* Whether a POST is needed: it is not there, or has another plan now and to come. */
static bool wants_post(const struct lago *h, rest_node *record, const struct ferry_action *action)
{
	const struct subscriptions *own = h->own;
	const struct ferry_value *plan = &action->fields[own->plan_field];

	return !record || (!is(rest_member(record, "plan_code"), plan) &&
			   !is(rest_member(record, "next_plan_code"), plan));
}

static int bring_about(struct lago *h, const struct ferry_action *action,
		       struct ferry_outcome *outcome, rest_node **root, rest_node **record,
		       struct rest_refusal *refusal, struct ferry_error *err)
{
	bool missing, posted = wants_post(h, *record, action);

	if (posted) {
		if (customer_missing(h, action, outcome, &missing, err))
			return -1;
		if (missing)
			return 0;
		rest_free(*root);
		*root = *record = NULL;
		if (post(h, action, outcome, root, record, refusal, err))
			return -1;
	}
	if (settle(h, action, root, record, outcome, refusal, err))
		return -1;
	rest_pool_reset(&h->pool);
	if (lago_compare(h, "PUT /subscriptions/{external_id}", *record, action, outcome, err))
		return -1;
	report_plan(h, *record, action, posted, outcome);
	const struct ferry_value *id = &action->fields[h->id_field];
	outcome->ack = FERRY_ACK_DONE;
	rest_dest_id(outcome, id->s, id->len);
	return 0;
}

static int write_subscription(struct lago *h, const struct ferry_action *action,
			      struct ferry_outcome *outcome, struct rest_refusal *refusal,
			      struct ferry_error *err)
{
	const struct ferry_value *id = &action->fields[h->id_field];
	rest_node *root = NULL, *record = NULL;
	int rc = 0;

	if (lago_moved(h, action, outcome))
		return 0;
	/* what is to be created was looked for before, and a POST would tell */
	if (action->decision != FERRY_CREATE)
		rc = subscription_fetch(h, id->s, id->len, &root, &record, err);
	if (rc >= 0 && !(action->decision != FERRY_CREATE &&
			 refuse_change(h, record, action, outcome)))
		rc = bring_about(h, action, outcome, &root, &record, refusal, err);
	rest_free(root);
	return rc < 0 ? -1 : 0;
}

/* ------------------------------------------------------------- termination */

/* DELETE, and how: 1: ended, 0: there is none in that state, -1. *next: a downgrade was to come. */
static int terminate(struct lago *h, const struct ferry_action *action, bool pending, bool *next,
		     struct ferry_outcome *outcome, struct rest_refusal *refusal,
		     struct ferry_error *err)
{
	const struct subscriptions *own = h->own;
	const char *what = lago_what(h, "DELETE", true), *id;
	struct ferry_http_response res;
	rest_node *root, *record;
	size_t len;

	lago_identifier(h, action, &id, &len);
	lago_path(h, id, len);
	if (pending)
		rest_adds(&h->path, "?status=pending");
	else if (own->credit_note)
		rest_addf(&h->path, "?on_termination_credit_note=%s", own->credit_note);
	if (!pending && own->invoice)
		rest_addf(&h->path, "%con_termination_invoice=%s", own->credit_note ? '&' : '?',
			  own->invoice);
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "DELETE", rest_str(&h->path), NULL, &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, refusal, err)) {
		if (err->code != FERRY_E_NOT_FOUND)
			return -1;
		*err = (struct ferry_error){0};
		return 0;
	}
	if (lago_unwrap(&h->api, what, &res, "subscription", REST_OBJECT, &root, &record, err))
		return -1;
	*next = rest_text(rest_member(record, "next_plan_code"), NULL);
	int rc = lago_is(h, what, record, id, len, err) ? -1 : 1;
	rest_free(root);
	return rc;
}

static int end_subscription(struct lago *h, const struct ferry_action *action,
			    struct ferry_outcome *outcome, struct rest_refusal *refusal,
			    struct ferry_error *err)
{
	const char *id;
	size_t len;
	bool next = false, again;

	if (!lago_identifier(h, action, &id, &len)) {
		rest_reject(outcome, "no_identifier", "external_id",
			    "the external_id of the subscription is not known");
		return 0;
	}
	int ended = terminate(h, action, false, &next, outcome, refusal, err);
	/* what waits, or was to follow, goes too; what is not there any more is done */
	if (!ended || (ended > 0 && next))
		ended = terminate(h, action, true, &again, outcome, refusal, err);
	if (ended < 0)
		return -1;
	outcome->ack = FERRY_ACK_DONE;
	rest_dest_id(outcome, id, len);
	return 0;
}

static int write(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err)
{
	bool ends = action->decision == FERRY_DELETE || action->decision == FERRY_DISABLE;

	return (ends ? end_subscription : write_subscription)(h, action, outcome, refusal, err);
}

/* ------------------------------------------------------------- tables */

/* Lago's list gives active ones only, unless it is asked for each status by name. */
#define ALL "pending,active,terminated,canceled,incomplete"

static const char *const statuses[] = {"pending", "active", "terminated", "canceled",
				       "incomplete", NULL};

static const struct ferry_option source_options[] = {
	{.name = "status",
	 .type = FERRY_OPT_TEXT,
	 .fallback = ALL,
	 .help = "only these states, with commas between: pending, active, terminated, canceled, "
		 "incomplete"},
	{.name = "external_customer_id",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of this customer"},
	{.name = "plan_code",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of this plan"},
	{.name = "currency",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those in this currency"},
	{.name = "billing_entity_codes",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of these billing entities, with commas between"},
	LAGO_SOURCE_OPTIONS,
	{0},
};

static const struct lago_filter filters[] = {
	{"status", "status[]", LAGO_FILTER_LIST, statuses},
	{"external_customer_id", "external_customer_id", LAGO_FILTER_TEXT, NULL},
	{"plan_code", "plan_code", LAGO_FILTER_TEXT, NULL},
	{"currency", "currency", LAGO_FILTER_TEXT, NULL},
	{"billing_entity_codes", "billing_entity_codes[]", LAGO_FILTER_LIST, NULL},
	{0},
};

static const char *const credit_notes[] = {"credit", "refund", "offset", "skip", NULL};
static const char *const invoices[] = {"generate", "skip", NULL};
static const char *const reads[] = {"customers", NULL};

static const struct ferry_option destination_options[] = {
	{.name = "on_termination_credit_note",
	 .type = FERRY_OPT_CHOICE,
	 .choices = credit_notes,
	 .help = "what ending one leaves of a plan paid in advance (Lago's default: credit)"},
	{.name = "on_termination_invoice",
	 .type = FERRY_OPT_CHOICE,
	 .choices = invoices,
	 .help = "whether ending one makes an invoice (Lago's default: generate)"},
	{0},
};

const struct lago_resource lago_resource = {
	.one = "subscription",
	.many = "subscriptions",
	.identifier = "external_id",
	.columns = subscription_columns,
	.filters = filters,
	.every = "&status[]=active&status[]=pending",
	.own_size = sizeof(struct subscriptions),
	.begin = begin,
	.release = release,
	.read = read,
	.fetch = subscription_fetch,
	.reads = reads,
	.listed = subscription_listed,
	.write = write,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-subscriptions",
	.family = "lago",
	.resource = "subscriptions",
	.summary = "subscriptions of Lago, read whole and written one by one",
	.version = LAGO_VERSION,
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR,
	.caps = FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_NAMED | FERRY_CAP_DELETE |
		FERRY_CAP_DISABLE,
	.batch = LAGO_BATCH,
	.lookup_batch = 1,
	.list_page = LAGO_PAGE,
	.connection_options = lago_connection_options,
	.source_options = source_options,
	.destination_options = destination_options,
	.fields = subscription_fields,
	.check = lago_resource_check,
	.test = lago_test,
	.open = lago_resource_open,
	.close = lago_resource_close,
	.validate_setup = lago_resource_setup,
	.extract = lago_resource_extract,
	.canonicalize = subscriptions_canonicalize,
	.lookup = lago_resource_lookup,
	.list = lago_resource_list,
	.apply = lago_resource_apply,
};
