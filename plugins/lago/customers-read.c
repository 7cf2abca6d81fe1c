/* SPDX-License-Identifier: Apache-2.0 */
/* customers-read.c - reading customers from Lago: one by its id, and all of them page by page. */
#include "lago/customers.h"

#include <stdlib.h>
#include <string.h>

#define PASSES 3

static const char one_what[] = "GET /customers/{external_id}";
static const char page_what[] = "GET /customers";

/* ---------------------------------------------------------------------- one */

bool customer_id(const struct customers *h, const struct ferry_action *action, const char **id,
		 size_t *len)
{
	const struct ferry_value *records[] = {action->fields, action->before};

	for (size_t i = 0; i < 2; i++) {
		const struct ferry_value *v = records[i] ? &records[i][h->id_field] : NULL;
		if (v && v->type == FERRY_TEXT && v->len) {
			*id = v->s;
			*len = v->len;
			return true;
		}
	}
	*id = action->dest_id ? action->dest_id : "";
	*len = strlen(*id);
	return *len > 0;
}

void customer_path(struct customers *h, const char *id, size_t len)
{
	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/customers/");
	rest_add_encoded(&h->path, id, len);
}

int customer_is_other(const struct customers *h, const char *what, struct ferry_error *err)
{
	h->api.host->fail(err, FERRY_E_PROTOCOL,
			  "%s: Lago answers with another customer than the one asked for", what);
	return rest_hint(err, "a proxy between ferry and Lago may undo the encoding of the path");
}

int customer_is(const struct customers *h, const char *what, rest_node *customer, const char *id,
		size_t len, struct ferry_error *err)
{
	size_t n = 0;
	const char *s = rest_text(rest_member(customer, "external_id"), &n);

	return s && n == len && !memcmp(s, id, len) ? 0 : customer_is_other(h, what, err);
}

int customer_fetch(struct customers *h, const char *id, size_t len, rest_node **root,
		   rest_node **ret, struct ferry_error *err)
{
	struct ferry_http_response res;
	struct ferry_error failed = {0};

	*root = *ret = NULL;
	customer_path(h, id, len);
	if (rest_get(&h->api, rest_str(&h->path), &res, err))
		return -1;
	if (lago_check(&h->api, one_what, &res, NULL, &failed)) {
		if (failed.code == FERRY_E_NOT_FOUND)
			return 0;
		*err = failed;
		return -1;
	}
	if (lago_unwrap(&h->api, one_what, &res, "customer", REST_OBJECT, root, ret, err))
		return -1;
	if (!customer_is(h, one_what, *ret, id, len, err))
		return 1;
	rest_free(*root);
	*root = *ret = NULL;
	return -1;
}

/* ------------------------------------------------------------------- lookup */

/* The codes of a list of objects, as canonicalize writes such lists. */
static void codes_value(struct customers *h, rest_node *list, struct ferry_value *ret)
{
	rest_node *codes = rest_array();

	for (size_t i = 0; i < rest_count(list); i++) {
		size_t len;
		const char *s = rest_text(rest_member(rest_at(list, i), "code"), &len);
		if (s)
			rest_append(codes, rest_string(s, len));
	}
	codes = rest_sort_strings(codes);
	rest_value(codes, FERRY_JSON, &h->pool, ret);
	rest_free(codes);
}

static rest_node *metadata_entry(rest_node *customer, const char *key)
{
	rest_node *list = rest_member(customer, "metadata");

	for (size_t i = 0; i < rest_count(list); i++) {
		const char *s = rest_text(rest_member(rest_at(list, i), "key"), NULL);
		if (s && !strcmp(s, key))
			return rest_at(list, i);
	}
	return NULL;
}

static int read_field(struct customers *h, const char *what, size_t i, rest_node *customer,
		      struct ferry_value *ret, struct ferry_error *err)
{
	const char *name = h->layout->names[i];
	rest_node *node;
	enum ferry_type type = h->layout->fields[i] ? h->layout->fields[i]->type : FERRY_NULL;

	if (!strcmp(name, "tax_codes")) {
		codes_value(h, rest_member(customer, "taxes"), ret);
		return 0;
	}
	if (!strcmp(name, "invoice_custom_section_codes")) {
		codes_value(h, rest_member(customer, "applicable_invoice_custom_sections"), ret);
		return 0;
	}
	if (!strncmp(name, METADATA, strlen(METADATA)))
		node = rest_member(metadata_entry(customer, name + strlen(METADATA)), "value");
	else
		node = rest_path(customer, name, NULL);
	if (!rest_value(node, type, &h->pool, ret))
		return h->api.host->fail(err, FERRY_E_PROTOCOL,
					 "%s: Lago gives '%s' of an unexpected type", what, name);
	return 0;
}

/* A customer as lookup and list give it; memory of h->pool. */
static int read_found(struct customers *h, const char *what, rest_node *customer, const char *id,
		      size_t len, struct ferry_found *ret, struct ferry_error *err)
{
	struct ferry_value *fields = rest_pool_alloc(&h->pool, h->layout->n * sizeof *fields);

	for (size_t i = 0; i < h->layout->n; i++)
		if (read_field(h, what, i, customer, &fields[i], err))
			return -1;
	*ret = (struct ferry_found){FERRY_FOUND, rest_pool_copy(&h->pool, id, len), fields};
	return 0;
}

int customers_lookup(void *handle, const struct ferry_action *actions, size_t n,
		     struct ferry_found *found, struct ferry_error *err)
{
	struct customers *h = handle;

	rest_pool_reset(&h->pool);
	for (size_t i = 0; i < n; i++) {
		rest_node *root, *customer;
		const char *id;
		size_t len;
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
		if (h->api.host->cancelled(h->api.host))
			return h->api.host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		if (!customer_id(h, &actions[i], &id, &len))
			continue;
		int rc = customer_fetch(h, id, len, &root, &customer, err);
		if (rc < 0)
			return -1;
		if (!rc)
			continue;
		rc = read_found(h, one_what, customer, id, len, &found[i], err);
		rest_free(root);
		if (rc)
			return -1;
	}
	return 0;
}

/* -------------------------------------------------------------------- pages */

/* What reads all customers, once each, and who takes them page by page. */
struct scan {
	struct customers *h;
	int (*take)(struct scan *s, rest_node *list, struct ferry_error *err);
	void (*truncated)(struct scan *s, const char *reason);
	void *taker;
	struct rest_map seen;		/* lago_ids already delivered */
	int64_t total;			/* customers when this pass began */
	int64_t last_total;		/* and as the last page said */
	bool shrank;			/* some went away between two pages of this pass */
	bool cut;			/* enough was read, before the end */
	size_t bytes;			/* of the page at hand */
};

/* Read page number *page; *page becomes the next one's number, 0 at the end. */
static int read_page(struct scan *s, int64_t *page, bool first, struct ferry_error *err)
{
	struct customers *h = s->h;
	struct ferry_http_response res;
	rest_node *root, *list;
	int64_t next = 0, total = -1;

	rest_buf_reset(&h->path);
	rest_addf(&h->path, "/customers?page=%lld&per_page=%d", (long long)*page, CUSTOMERS_PAGE);
	if (rest_get(&h->api, rest_str(&h->path), &res, err) ||
	    lago_check(&h->api, page_what, &res, NULL, err))
		return -1;
	if (lago_unwrap(&h->api, page_what, &res, "customers", REST_ARRAY, &root, &list, err))
		return -1;
	s->bytes = res.body_len;
	rest_node *meta = rest_member(root, "meta"), *after = rest_member(meta, "next_page");
	rest_int(rest_member(meta, "total_count"), &total);
	if (total < 0 || !rest_has(meta, "next_page") ||
	    (after && (!rest_int(after, &next) || next <= *page))) {
		rest_free(root);
		return h->api.host->fail(
			err, FERRY_E_PROTOCOL,
			"%s: Lago's answer has no usable 'meta' (next_page, total_count)",
			page_what);
	}
	s->shrank = s->shrank || (!first && total < s->last_total);
	s->last_total = total;
	if (first)
		s->total = total;
	*page = next;
	int rc = s->take(s, list, err);
	rest_free(root);
	return rc;
}

/*
 * All pages once. The list is ordered from the newest to the oldest and counted off anew for each
 * page: a customer made meanwhile moves rows to a later page (seen twice), one deleted moves rows
 * to an earlier one, where they are missed.
 */
static int read_pass(struct scan *s, struct ferry_error *err)
{
	const struct ferry_host *host = s->h->api.host;
	int64_t page = 1;
	bool first = true;

	s->shrank = false;
	while (page && !s->cut) {
		if (host->cancelled(host))
			return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		if (read_page(s, &page, first, err))
			return -1;
		first = false;
	}
	return 0;
}

static int scan_all(struct scan *s, struct ferry_error *err)
{
	bool doubt = true;

	for (int pass = 0; pass < PASSES && doubt && !s->cut; pass++) {
		if (read_pass(s, err))
			return -1;
		doubt = s->shrank || (int64_t)s->seen.n < s->total;
	}
	if (s->cut) {
		s->truncated(s, "limit");
	} else if (doubt) {
		const struct ferry_host *host = s->h->api.host;
		host->log(host, FERRY_LOG_WARN,
			  "customers kept moving between the pages of %d passes: %zu found, Lago "
			  "counts %lld",
			  PASSES, s->seen.n, (long long)s->total);
		s->truncated(s, "rows moved between pages");
	}
	return 0;
}

/* --------------------------------------------------------------------- list */

static int list_page(struct scan *s, rest_node *list, struct ferry_error *err)
{
	struct ferry_listing *listing = s->taker;
	struct ferry_found found[CUSTOMERS_PAGE];
	size_t n = 0, count = rest_count(list);

	rest_pool_reset(&s->h->pool);
	for (size_t i = 0; i < count; i++) {
		rest_node *customer = rest_at(list, i);
		size_t len, lago_len;
		const char *id = rest_text(rest_member(customer, "external_id"), &len);
		const char *lago_id = rest_text(rest_member(customer, "lago_id"), &lago_len);
		if (!id || !lago_id)
			return s->h->api.host->fail(err, FERRY_E_PROTOCOL,
						    "%s: Lago gives a customer without '%s'",
						    page_what, id ? "lago_id" : "external_id");
		if (!rest_map_add(&s->seen, lago_id, lago_len, 0, NULL))
			continue;
		if (read_found(s->h, page_what, customer, id, len, &found[n++], err))
			return -1;
		if (n == CUSTOMERS_PAGE) {
			if (listing->found(listing, found, n, err))
				return -1;
			n = 0;
		}
	}
	return n ? listing->found(listing, found, n, err) : 0;
}

static void list_truncated(struct scan *s, const char *reason)
{
	struct ferry_listing *listing = s->taker;
	listing->truncated(listing, reason);
}

int customers_list(void *handle, struct ferry_listing *listing, struct ferry_error *err)
{
	struct scan s = {.h = handle, .take = list_page, .truncated = list_truncated,
			 .taker = listing};
	int rc = scan_all(&s, err);

	rest_map_release(&s.seen);
	return rc;
}

/* ------------------------------------------------------------------ extract */

static const struct rest_column columns[] = {
	{"lago_id", "lago_id", FERRY_TEXT, true},
	{"external_id", "external_id", FERRY_TEXT, true},
	{"name", "name", FERRY_TEXT, false},
	{"firstname", "firstname", FERRY_TEXT, false},
	{"lastname", "lastname", FERRY_TEXT, false},
	{"customer_type", "customer_type", FERRY_TEXT, false},
	{"account_type", "account_type", FERRY_TEXT, false},
	{"email", "email", FERRY_TEXT, false},
	{"phone", "phone", FERRY_TEXT, false},
	{"legal_name", "legal_name", FERRY_TEXT, false},
	{"legal_number", "legal_number", FERRY_TEXT, false},
	{"tax_identification_number", "tax_identification_number", FERRY_TEXT, false},
	{"address_line1", "address_line1", FERRY_TEXT, false},
	{"address_line2", "address_line2", FERRY_TEXT, false},
	{"city", "city", FERRY_TEXT, false},
	{"zipcode", "zipcode", FERRY_TEXT, false},
	{"state", "state", FERRY_TEXT, false},
	{"country", "country", FERRY_TEXT, false},
	{"shipping_address_line1", "shipping_address.address_line1", FERRY_TEXT, false},
	{"shipping_address_line2", "shipping_address.address_line2", FERRY_TEXT, false},
	{"shipping_city", "shipping_address.city", FERRY_TEXT, false},
	{"shipping_zipcode", "shipping_address.zipcode", FERRY_TEXT, false},
	{"shipping_state", "shipping_address.state", FERRY_TEXT, false},
	{"shipping_country", "shipping_address.country", FERRY_TEXT, false},
	{"currency", "currency", FERRY_TEXT, false},
	{"timezone", "timezone", FERRY_TEXT, false},
	{"applicable_timezone", "applicable_timezone", FERRY_TEXT, false},
	{"url", "url", FERRY_TEXT, false},
	{"logo_url", "logo_url", FERRY_TEXT, false},
	{"net_payment_term", "net_payment_term", FERRY_INT, false},
	{"finalize_zero_amount_invoice", "finalize_zero_amount_invoice", FERRY_TEXT, false},
	{"skip_invoice_custom_sections", "skip_invoice_custom_sections", FERRY_BOOL, false},
	{"billing_entity_code", "billing_entity_code", FERRY_TEXT, false},
	{"external_salesforce_id", "external_salesforce_id", FERRY_TEXT, false},
	{"document_locale", "billing_configuration.document_locale", FERRY_TEXT, false},
	{"invoice_grace_period", "billing_configuration.invoice_grace_period", FERRY_INT, false},
	{"payment_provider", "billing_configuration.payment_provider", FERRY_TEXT, false},
	{"payment_provider_code", "billing_configuration.payment_provider_code", FERRY_TEXT, false},
	{"provider_customer_id", "billing_configuration.provider_customer_id", FERRY_TEXT, false},
	{"sequential_id", "sequential_id", FERRY_INT, false},
	{"slug", "slug", FERRY_TEXT, false},
	{"created_at", "created_at", FERRY_TIME, false},
	{"updated_at", "updated_at", FERRY_TIME, false},
	{"payload", "", FERRY_JSON, true},
};
#define COLUMNS (sizeof columns / sizeof *columns)

/* What an extract knows beside. */
struct extract {
	struct ferry_sink *sink;
	struct ferry_value rows[CUSTOMERS_PAGE * COLUMNS];
	int64_t limit, delivered;
};

/* Deliver what of the page is new. */
static int extract_page(struct scan *s, rest_node *list, struct ferry_error *err)
{
	struct extract *x = s->taker;
	size_t n = 0, count = rest_count(list);

	x->sink->page(x->sink, "page", s->bytes);
	for (size_t i = 0; i < count; i++) {
		struct ferry_value *row = &x->rows[n * COLUMNS];
		if (x->limit && x->delivered + (int64_t)n >= x->limit) {
			s->cut = true;
			break;
		}
		if (rest_row(&s->h->api, page_what, columns, COLUMNS, rest_at(list, i), NULL, row,
			     err))
			return -1;
		if (rest_map_add(&s->seen, row[0].s, row[0].len, 0, NULL))
			n++;
		if (n == CUSTOMERS_PAGE || (n && i + 1 == count)) {
			if (x->sink->rows(x->sink, x->rows, n, err))
				return -1;
			x->delivered += (int64_t)n;
			n = 0;
		}
	}
	if (n && x->sink->rows(x->sink, x->rows, n, err))
		return -1;
	x->delivered += (int64_t)n;
	return 0;
}

static void extract_truncated(struct scan *s, const char *reason)
{
	struct extract *x = s->taker;
	x->sink->truncated(x->sink, reason);
}

int customers_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		      struct ferry_error *err)
{
	struct extract *x = rest_alloc(1, sizeof *x);
	struct scan s = {.h = handle, .take = extract_page, .truncated = extract_truncated,
			 .taker = x};

	x->sink = sink;
	x->limit = want->limit;
	int rc = rest_columns(sink, columns, COLUMNS, err);
	if (!rc)
		rc = scan_all(&s, err);
	rest_map_release(&s.seen);
	free(x);
	return rc;
}
