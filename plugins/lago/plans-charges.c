/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plans-charges.c - the charges of a plan that is there. A PUT of the plan would match them by
 * Lago's ids alone, and delete and make anew what is sent without; so each charge is written by
 * itself, by its code, and only where it differs.
 */
#include "lago/plans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ metrics */

int plan_metric(struct lago *h, const char *code, const char **ret, struct ferry_error *err)
{
	static const char what[] = "GET /billable_metrics/{code}";
	struct plans *own = h->own;
	rest_node *root, *metric;
	size_t i, len = 0, n = strlen(code);

	if (rest_map_find(&own->metrics, code, n, &i)) {
		*ret = own->ids[i];
		return 1;
	}
	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/billable_metrics/");
	rest_add_encoded(&h->path, code, n);
	int rc = lago_get(h, what, "billable_metric", &root, &metric, err);
	if (rc <= 0)
		return rc;
	const char *id = rest_text(rest_member(metric, "lago_id"), &len);
	if (!id || strcmp(lago_text(metric, "code"), code) != 0) {
		rc = h->api.host->fail(err, FERRY_E_PROTOCOL,
				       "%s: Lago answers with another metric than the one asked "
				       "for", what);
	} else {
		own->ids = rest_resize(own->ids, own->n_ids + 1, sizeof *own->ids);
		own->ids[own->n_ids] = rest_copy(id, len);
		rest_map_add(&own->metrics, code, n, own->n_ids, NULL);
		*ret = own->ids[own->n_ids++];
	}
	rest_free(root);
	return rc;
}

/* -------------------------------------------------------------------- check */

int plan_charges_check(struct lago *h, rest_node *charges, rest_node *there,
		       struct ferry_outcome *outcome, struct ferry_error *err)
{
	for (size_t i = 0; i < rest_count(charges); i++) {
		rest_node *charge = rest_at(charges, i);
		const char *code = lago_text(charge, "code"), *id;
		const char *metric = lago_text(charge, "billable_metric_code");
		rest_node *old = charges_find(there, code);
		int known = old ? 1 : plan_metric(h, metric, &id, err);
		if (known < 0)
			return -1;
		if (!known) {
			rest_reject(outcome, "billable_metric_not_found", "charges",
				    "charge '%s': Lago has no billable metric '%s'; load the "
				    "metrics first", code, metric);
			return 0;
		}
		if (old && strcmp(lago_text(old, "billable_metric_code"), metric) != 0) {
			rest_reject(outcome, "charge_metric_changed", "charges",
				    "charge '%s' is for the metric '%s' and cannot be moved to "
				    "'%s': give the new one another code", code,
				    lago_text(old, "billable_metric_code"), metric);
			return 0;
		}
	}
	for (size_t i = 0; i < rest_count(there); i++)
		if (rest_count(charges) && !*lago_text(rest_at(there, i), "code")) {
			rest_reject(outcome, "charge_without_code", "charges",
				    "the plan has a charge for '%s' that has no code, and may be "
				    "one of these: it would be billed twice",
				    lago_text(rest_at(there, i), "billable_metric_code"));
			return 0;
		}
	return 1;
}

/* ------------------------------------------------------------------ writing */

/* Warn, of this charge, of what Lago's answer does not have as it was sent. */
static void compare_one(struct lago *h, rest_node *there, rest_node *charge,
			struct ferry_outcome *outcome)
{
	struct rest_buf names = {0};

	(void)h;
	if (!there)
		lago_warn(outcome, "Lago accepted the charge '%s' but does not name it",
			  lago_text(charge, "code"));
	else if (charges_differ(there, charge, &names))
		lago_warn(outcome, "Lago accepted the charge '%s' but did not keep as sent: %s",
			  lago_text(charge, "code"), rest_str(&names));
	rest_buf_release(&names);
}

void plan_charges_compare(struct lago *h, rest_node *charges, rest_node *there,
			  struct ferry_outcome *outcome)
{
	for (size_t i = 0; i < rest_count(charges); i++)
		compare_one(h, charges_find(there, lago_text(rest_at(charges, i), "code")),
			    rest_at(charges, i), outcome);
}

static void charge_path(struct lago *h, const struct ferry_value *plan, const char *code)
{
	lago_path(h, plan->s, plan->len);
	rest_adds(&h->path, "/charges");
	if (code) {
		rest_adds(&h->path, "/");
		rest_add_encoded(&h->path, code, strlen(code));
	}
}

static void put_body(struct lago *h, rest_node *charge, const char *metric_id)
{
	const struct plans *own = h->own;
	rest_node *root = rest_object(), *body = charges_body(charge, metric_id);
	const struct ferry_value yes = {.i = 1, .type = FERRY_BOOL};

	if (own->cascade)
		rest_put_value(body, "cascade_updates", &yes);
	rest_put(root, "charge", body);
	rest_body(&h->body, root);
	rest_free(root);
}

/* A request for one charge, and its answer compared. */
static int send_charge(struct lago *h, const char *method, const char *what, rest_node *charge,
		       struct ferry_outcome *outcome, struct rest_refusal *refusal,
		       struct ferry_error *err)
{
	struct ferry_http_response res;
	rest_node *root, *record;

	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, method, rest_str(&h->path), &h->body, &res, err) ||
	    lago_check(&h->api, what, &res, refusal, err) ||
	    lago_unwrap(&h->api, what, &res, "charge", REST_OBJECT, &root, &record, err))
		return -1;
	rest_node *list = rest_array();
	rest_append(list, rest_share(record));
	rest_node *there = charges_there(list);
	compare_one(h, rest_at(there, 0), charge, outcome);
	rest_free(list);
	rest_free(there);
	rest_free(root);
	return 0;
}

static int write_charge(struct lago *h, const struct ferry_value *plan, rest_node *charge,
			rest_node *old, struct ferry_outcome *outcome,
			struct rest_refusal *refusal, struct ferry_error *err)
{
	const char *code = lago_text(charge, "code"), *id = NULL;
	struct rest_buf names = {0};
	bool same = old && !charges_differ(old, charge, &names);

	rest_buf_release(&names);
	if (same)
		return 0;
	if (!old && plan_metric(h, lago_text(charge, "billable_metric_code"), &id, err) <= 0)
		return -1;
	put_body(h, charge, id);
	charge_path(h, plan, old ? code : NULL);
	return old ? send_charge(h, "PUT", "PUT /plans/{code}/charges/{charge_code}", charge,
				 outcome, refusal, err)
		   : send_charge(h, "POST", "POST /plans/{code}/charges", charge, outcome, refusal,
				 err);
}

static int delete_charge(struct lago *h, const struct ferry_value *plan, const char *code,
			 struct ferry_outcome *outcome, struct rest_refusal *refusal,
			 struct ferry_error *err)
{
	static const char what[] = "DELETE /plans/{code}/charges/{charge_code}";
	struct ferry_http_response res;

	charge_path(h, plan, code);
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "DELETE", rest_str(&h->path), NULL, &res, err))
		return -1;
	if (!lago_check(&h->api, what, &res, refusal, err))
		return 0;
	if (err->code != FERRY_E_NOT_FOUND)
		return -1;
	*err = (struct ferry_error){0};
	return 0;
}

/* What the record does not name stays, and is named, or goes. */
static int handle_extra(struct lago *h, const struct ferry_value *plan, rest_node *charges,
			rest_node *there, struct ferry_outcome *outcome,
			struct rest_refusal *refusal, struct ferry_error *err)
{
	const struct plans *own = h->own;
	struct rest_buf names = {0};
	int rc = 0;

	for (size_t i = 0; i < rest_count(there) && !rc; i++) {
		const char *code = lago_text(rest_at(there, i), "code");
		if (charges_find(charges, code))
			continue;
		if (own->delete_extra && *code)
			rc = delete_charge(h, plan, code, outcome, refusal, err);
		else
			rest_addf(&names, "%s%s", names.len ? ", " : "",
				  *code ? code : "(no code)");
	}
	if (names.len)
		lago_warn(outcome, "the plan has charges that the record does not name: %s",
			  rest_str(&names));
	rest_buf_release(&names);
	return rc;
}

int plan_charges_write(struct lago *h, const struct ferry_value *plan, rest_node *charges,
		       rest_node *there, struct ferry_outcome *outcome,
		       struct rest_refusal *refusal, struct ferry_error *err)
{
	for (size_t i = 0; i < rest_count(charges); i++) {
		rest_node *charge = rest_at(charges, i);
		if (write_charge(h, plan, charge, charges_find(there, lago_text(charge, "code")),
				 outcome, refusal, err))
			return -1;
	}
	return handle_extra(h, plan, charges, there, outcome, refusal, err);
}
