/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subscriptions-read.c - which of the subscriptions that share an external_id counts, and whether a
 * customer is there.
 */
#include "lago/subscriptions.h"

#include <string.h>

#define CUSTOMERS_KEPT 100000		/* ids that are remembered before all are forgotten */

bool subscription_pending(rest_node *subscription)
{
	return !strcmp(lago_text(subscription, "status"), "pending");
}

/* A GET gives the active one unless it is asked for another status. */
int subscription_fetch(struct lago *h, const char *id, size_t len, rest_node **root,
		       rest_node **ret, struct ferry_error *err)
{
	const char *what = lago_what(h, "GET", true);
	int rc = lago_fetch(h, id, len, root, ret, err);

	if (rc)
		return rc;
	rest_adds(&h->path, "?status=pending");
	rc = lago_get(h, what, h->res->one, root, ret, err);
	if (rc > 0 && lago_is(h, what, *ret, id, len, err)) {
		rest_free(*root);
		*root = *ret = NULL;
		return -1;
	}
	return rc;
}

/* A downgrade to come is a second, pending row of the same external_id. */
bool subscription_listed(struct lago *h, rest_node *subscription)
{
	(void)h;
	return !subscription_pending(subscription) ||
	       !*lago_text(subscription, "previous_plan_code");
}

int subscription_customer(struct lago *h, const struct ferry_value *id, struct ferry_error *err)
{
	static const char what[] = "GET /customers/{external_id}";
	struct subscriptions *own = h->own;
	rest_node *root, *customer;
	size_t len = 0;

	if (rest_map_find(&own->customers, id->s, id->len, NULL))
		return 1;
	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/customers/");
	rest_add_encoded(&h->path, id->s, id->len);
	int rc = lago_get(h, what, "customer", &root, &customer, err);
	if (rc <= 0)
		return rc;
	const char *s = rest_text(rest_member(customer, "external_id"), &len);
	if (!s || len != id->len || memcmp(s, id->s, len) != 0)
		rc = h->api.host->fail(err, FERRY_E_PROTOCOL,
				       "%s: Lago answers with another customer than the one asked "
				       "for", what);
	rest_free(root);
	if (rc > 0) {
		if (own->customers.n >= CUSTOMERS_KEPT)
			rest_map_release(&own->customers);
		rest_map_add(&own->customers, id->s, id->len, 0, NULL);
	}
	return rc;
}
