/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subscriptions.h - the parts of lago-subscriptions: its tables (subscriptions-fields.c), what it
 * reads (subscriptions-read.c) and what it writes (subscriptions.c).
 */
#ifndef FERRY_PLUGINS_LAGO_SUBSCRIPTIONS_H
#define FERRY_PLUGINS_LAGO_SUBSCRIPTIONS_H

#include "lago/resource.h"

struct subscriptions {
	int customer_field, plan_field;	/* where they stand in the layout */
	struct rest_map customers;	/* that are known to be there */
	const char *credit_note, *invoice; /* what a termination leaves; NULL: Lago decides */
	struct rest_tree create;	/* the fields a POST takes */
};

extern const struct ferry_field subscription_fields[];
extern const struct rest_column subscription_columns[];
int subscriptions_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			       struct ferry_issue *issue);

/* Whether a POST takes the field, and whether a PUT of a subscription in that state does. */
bool subscription_posts(const char *field);
bool subscription_puts(const char *field, bool pending);
/* Whether a null clears it. */
bool subscription_clears(const char *field);

/* The one that counts of an external_id: the active one, else a pending one. As lago_fetch. */
int subscription_fetch(struct lago *h, const char *id, size_t len, rest_node **root,
		       rest_node **ret, struct ferry_error *err);
/* Whether a row of the list counts: no successor that waits for its predecessor's end. */
bool subscription_listed(struct lago *h, rest_node *subscription);
/* 1: the customer is there, 0: it is not, -1. */
int subscription_customer(struct lago *h, const struct ferry_value *id, struct ferry_error *err);
/* Whether its status is pending. */
bool subscription_pending(rest_node *subscription);

#endif
