/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invoices-new.c - one-off invoices, of which there must never be a second one.
 *
 * Lago makes another invoice of every request. The one thing that tells whether there is one is the
 * purchase order number, which its list filters by; a Lago that does not know that filter answers
 * with every invoice there is. So the list is asked before each invoice is made, and it is made sure
 * that the filter works and that what was made is found by it.
 */
#include "lago/explain.h"
#include "lago/invoices.h"

#include <string.h>

static const struct lago_word words[] = {
	{"customer_not_found", "external_customer_id",
	 "Lago has no such customer: an invoice does not make one, load customers first"},
	{"fees_not_found", "fees", "Lago sees no fees in it"},
	{"add_on_not_found", "fees", "one of its fees names an add-on that Lago does not have"},
	{"currencies_does_not_match", "currency",
	 "it is not the currency of the customer's other invoices"},
	{0},
};

/* ------------------------------------------------------------------ the filter */

static const char list_what[] = "GET /invoices?purchase_order_number=";

/* Invoices with that reference: of the customer, or of any when that is NULL; *root to be freed. */
static int get_list(struct lago *h, const struct ferry_value *customer, const char *reference,
		    size_t len, rest_node **root, rest_node **list, struct ferry_error *err)
{
	struct ferry_error failed = {0};
	struct ferry_http_response res;

	*root = *list = NULL;
	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/invoices?page=1&per_page=10&" INVOICE_REFERENCE "=");
	rest_add_encoded(&h->path, reference, len);
	if (customer) {
		rest_adds(&h->path, "&external_customer_id=");
		rest_add_encoded(&h->path, customer->s, customer->len);
	}
	if (rest_get(&h->api, rest_str(&h->path), &res, err))
		return -1;
	if (!lago_check(&h->api, list_what, &res, NULL, &failed))
		return lago_unwrap(&h->api, list_what, &res, "invoices", REST_ARRAY, root, list,
				   err);
	/* a customer that is not there has none */
	if (failed.code == FERRY_E_NOT_FOUND)
		return 0;
	*err = failed;
	return -1;
}

/* A reference that nobody has given: what it finds, any would. */
static int try_filter(struct lago *h, const struct ferry_value *customer, struct ferry_error *err)
{
	static const char nobodys[] = "ferry-asks-whether-this-filter-works";
	rest_node *root, *list;

	if (get_list(h, customer, nobodys, strlen(nobodys), &root, &list, err))
		return -1;
	size_t n = rest_count(list);
	rest_free(root);
	if (!n)
		return 0;
	h->api.host->fail(err, FERRY_E_SETUP,
			  "this Lago does not find invoices by their purchase_order_number, so "
			  "that nothing would tell an invoice that is there from a new one");
	return rest_hint(err, "update Lago, or make invoices there");
}

int invoice_try_filter(struct lago *h, struct ferry_error *err)
{
	return try_filter(h, NULL, err);
}

/* Whether the invoice bears the reference; one that does not tell is taken at the filter's word. */
static bool bears(rest_node *invoice, const struct ferry_value *reference)
{
	size_t len;
	const char *s = rest_text(rest_member(invoice, INVOICE_REFERENCE), &len);

	if (!rest_has(invoice, INVOICE_REFERENCE))
		return true;
	return s && len == reference->len && !memcmp(s, reference->s, len);
}

int invoice_seek(struct lago *h, const struct ferry_value *customer,
		 const struct ferry_value *reference, rest_node **root, rest_node **ret,
		 struct ferry_error *err)
{
	struct invoices *own = h->own;
	rest_node *list;
	int n = 0;

	*root = *ret = NULL;
	if (get_list(h, customer, reference->s, reference->len, root, &list, err))
		return -1;
	for (size_t i = 0; i < rest_count(list); i++) {
		if (!bears(rest_at(list, i), reference))
			continue;
		*ret = rest_at(list, i);
		n++;
	}
	/* an empty Lago could not show whether the filter works: the first invoice found does */
	if (n && !rest_has(*ret, INVOICE_REFERENCE) && !own->filter_works &&
	    try_filter(h, customer, err))
		n = -1;
	own->filter_works = own->filter_works || n > 0;
	if (n != 1) {
		rest_free(*root);
		*root = *ret = NULL;
	}
	return n > 2 ? 2 : n;
}

/* ---------------------------------------------------------------------- making */

static int accept(struct lago *h, const struct ferry_http_response *res,
		  const struct ferry_action *action, struct ferry_outcome *outcome,
		  struct ferry_error *err)
{
	static const char what[] = "POST /invoices";
	rest_node *root, *invoice;
	size_t len;

	rest_pool_reset(&h->pool);
	if (lago_unwrap(&h->api, what, res, "invoice", REST_OBJECT, &root, &invoice, err))
		return -1;
	const char *id = rest_text(rest_member(invoice, "lago_id"), &len);
	int rc = id ? 0 : lago_misses(&h->api, what, "lago_id", REST_STRING, err);
	if (!rc) {
		outcome->ack = FERRY_ACK_DONE;
		rest_dest_id(outcome, id, len);
		rc = lago_compare(h, what, invoice, action, outcome, err);
	}
	rest_free(root);
	return rc;
}

/*
 * One that was made must be found again, or the next run would make a second one. Asked until one
 * is; that the question gets no answer is no failure of what was made.
 */
static int find_again(struct lago *h, const struct ferry_action *action, struct ferry_error *err)
{
	struct invoices *own = h->own;
	struct ferry_error ignored = {0};
	rest_node *root, *invoice;
	int n = invoice_seek(h, &action->fields[own->customer], &action->fields[own->reference],
			     &root, &invoice, &ignored);

	rest_free(root);
	own->kept = n > 0;
	if (n)
		return 0;
	h->api.host->fail(err, FERRY_E_SETUP,
			  "Lago has made the invoice of '%.*s', but does not find it by its "
			  "purchase_order_number: no more are made",
			  (int)action->key_len, action->key);
	return rest_hint(err, "update Lago, or make invoices there");
}

int invoice_make(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err)
{
	struct invoices *own = h->own;
	struct ferry_http_response res;
	rest_node *root, *there;
	int n = invoice_seek(h, &action->fields[own->customer], &action->fields[own->reference],
			     &root, &there, err);

	if (n < 0)
		return -1;
	if (n) {
		size_t len = 0;
		const char *id = rest_text(rest_member(there, "lago_id"), &len);
		outcome->ack = FERRY_ACK_DUPLICATE;
		rest_dest_id(outcome, id ? id : "", len);
		rest_free(root);
		return 0;
	}
	rest_buf_reset(&h->body);
	rest_adds(&h->body, "{\"invoice\":{");
	rest_add_members(&h->body, &h->tree, action->fields, REST_LEAVE_NULL);
	rest_adds(&h->body, "}}");
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "POST", "/invoices", &h->body, &res, err))
		return -1;
	if (lago_check(&h->api, "POST /invoices", &res, refusal, err)) {
		lago_explain(words, refusal);
		return -1;
	}
	if (accept(h, &res, action, outcome, err))
		return -1;
	return own->kept ? 0 : find_again(h, action, err);
}
