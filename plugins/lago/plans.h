/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plans.h - the parts of lago-plans: its tables (plans-fields.c), the form of charges (charges.c),
 * what writes charges (plans-charges.c) and plans (plans.c).
 */
#ifndef FERRY_PLUGINS_LAGO_PLANS_H
#define FERRY_PLUGINS_LAGO_PLANS_H

#include "lago/resource.h"

struct plans {
	int charges_field;		/* where it stands in the layout, or -1 */
	bool cascade;			/* changes reach what subscriptions have overridden */
	bool delete_extra;		/* charges that a record does not name go */
	struct rest_map metrics;	/* codes to places in ids */
	char **ids;			/* the metrics' lago_ids */
	size_t n_ids;
};

extern const struct ferry_field plan_fields[];
extern const struct rest_column plan_columns[];
int plans_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
		       struct ferry_issue *issue);

/* ------------------------------------------------------------ charges.c: no I/O */

/*
 * A list of charges in the one form in which they are compared: by code, all members that have a
 * default there, decimals as texts. NULL, and why, when it is none. The caller frees it.
 */
rest_node *charges_own(rest_node *list, char *why, size_t size);
/* Charges of Lago's in that form. */
rest_node *charges_there(rest_node *list);
/* The one of a code in such a list; NULL: there is none. */
rest_node *charges_find(rest_node *list, const char *code);
/* What of a charge is not as it should be, names with commas between; false: nothing. */
bool charges_differ(rest_node *there, rest_node *charge, struct rest_buf *names);
/* A charge as a request takes it; with its metric's lago_id it is a new one. */
rest_node *charges_body(rest_node *charge, const char *metric_id);

/* --------------------------------------------------------------- plans-charges.c */

/* The lago_id of a metric by its code: 1, 0: there is none, -1. */
int plan_metric(struct lago *h, const char *code, const char **ret, struct ferry_error *err);
/*
 * Look at all that has to be done to the charges `there` of a plan, before anything is: 1 when it
 * can be, 0 when the outcome says why not, -1.
 */
int plan_charges_check(struct lago *h, rest_node *charges, rest_node *there,
		       struct ferry_outcome *outcome, struct ferry_error *err);
/* Do it: one request for each charge that is new, differs, or is to go. */
int plan_charges_write(struct lago *h, const struct ferry_value *code, rest_node *charges,
		       rest_node *there, struct ferry_outcome *outcome,
		       struct rest_refusal *refusal, struct ferry_error *err);
/* Warn of charges that are not as they were sent. */
void plan_charges_compare(struct lago *h, rest_node *charges, rest_node *there,
			  struct ferry_outcome *outcome);

#endif
