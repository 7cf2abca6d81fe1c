/* SPDX-License-Identifier: Apache-2.0 */
/* wallets-find.c - see wallets-find.h */
#include "lago/wallets-find.h"

#include <string.h>

bool wallet_text_is(rest_node *node, const char *s, size_t len)
{
	size_t n;
	const char *text = rest_text(node, &n);

	return text && n == len && !memcmp(text, s, len);
}

bool wallet_is_terminated(rest_node *wallet)
{
	return wallet_text_is(rest_member(wallet, "status"), "terminated", strlen("terminated"));
}

int wallet_by_codes(struct lago *h, const struct ferry_value *customer,
		    const struct ferry_value *code, rest_node **root, rest_node **ret,
		    struct ferry_error *err)
{
	static const char what[] = "GET /customers/{external_id}/wallets/{code}";

	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/customers/");
	rest_add_encoded(&h->path, customer->s, customer->len);
	rest_adds(&h->path, "/wallets/");
	rest_add_encoded(&h->path, code->s, code->len);
	int rc = lago_get(h, what, "wallet", root, ret, err);
	if (rc <= 0)
		return rc;
	if (!wallet_text_is(rest_member(*ret, "external_customer_id"), customer->s,
			    customer->len) ||
	    !wallet_text_is(rest_member(*ret, "code"), code->s, code->len))
		rc = lago_is_other(h, what, err);
	else if (wallet_is_terminated(*ret))
		rc = 0;
	if (rc <= 0) {
		rest_free(*root);
		*root = *ret = NULL;
	}
	return rc;
}
