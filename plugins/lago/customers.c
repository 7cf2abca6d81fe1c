/* SPDX-License-Identifier: Apache-2.0 */
/*
 * customers.c - lago-customers: what is particular about reading and writing customers.
 *
 * One POST per customer creates or changes it; only the members that are sent are touched, and an
 * explicit null clears.
 */
#include "lago/customers.h"

#include "lago/metadata.h"

#include <string.h>

struct own {
	bool has_metadata;		/* some metadata.* is mapped */
};

static bool plain(const char *field)
{
	return !lago_is_metadata(field);
}

/* -------------------------------------------------------------- check, open */

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	const char *field;
	char why[120];

	if (lago_metadata_mistake(open->layout, &field, why))
		check->mistake(check, field, "%s: %s", field, why);
}

static int begin(struct lago *h, const struct ferry_open *open, struct ferry_error *err)
{
	struct own *own = h->own;
	const char *field;
	char why[120];

	(void)open;
	if (!h->layout)
		return 0;
	if (lago_metadata_mistake(h->layout, &field, why))
		return h->api.host->fail(err, FERRY_E_CONFIG, "%s: %s", field, why);
	for (size_t i = 0; i < h->layout->n; i++)
		own->has_metadata = own->has_metadata || lago_is_metadata(h->layout->names[i]);
	return 0;
}

/* ------------------------------------------------------------------- lookup */

static void codes_value(struct lago *h, rest_node *list, struct ferry_value *ret)
{
	rest_node *codes = lago_codes(list);

	rest_value(codes, FERRY_JSON, &h->pool, ret);
	rest_free(codes);
}

static const char *member(const char *field)
{
	return !strcmp(field, "tax_codes") ? "taxes"
		: !strcmp(field, "invoice_custom_section_codes")
		? "applicable_invoice_custom_sections"
		: lago_is_metadata(field) ? "metadata" : field;
}

static bool read(struct lago *h, rest_node *customer, size_t i, struct ferry_value *ret, bool *good)
{
	const char *name = h->layout->names[i];

	if (!strcmp(name, "tax_codes")) {
		codes_value(h, rest_member(customer, "taxes"), ret);
	} else if (!strcmp(name, "invoice_custom_section_codes")) {
		codes_value(h, rest_member(customer, "applicable_invoice_custom_sections"), ret);
	} else if (lago_is_metadata(name)) {
		*good = lago_metadata_read(h, customer, name, ret);
	} else {
		return false;
	}
	return true;
}

/* ------------------------------------------------------------------ writing */

/* The metadata to be sent; NULL: none. New entries are not for invoices. */
static rest_node *merge_metadata(const struct lago *h, const struct ferry_value *fields,
				 rest_node *there)
{
	const struct ferry_value hidden = {.i = 0, .type = FERRY_BOOL};
	rest_node *list = lago_metadata_merge(h, fields, there);

	for (size_t i = 0; i < rest_count(list); i++)
		if (!rest_has(rest_at(list, i), "display_in_invoice"))
			rest_put_value(rest_at(list, i), "display_in_invoice", &hidden);
	return list;
}

static void put_body(struct lago *h, const struct ferry_action *action, rest_node *metadata)
{
	struct rest_buf *b = &h->body;
	size_t len;

	rest_buf_reset(b);
	rest_adds(b, "{\"customer\":{");
	/* there is nothing to clear in a new customer, and not every member takes a null */
	rest_add_members(b, &h->tree, action->fields,
			 action->decision == FERRY_CREATE ? REST_LEAVE_NULL : 0);
	if (metadata) {
		const char *s = rest_dump(metadata, &len);
		rest_adds(b, ",\"metadata\":");	/* the external_id is before it */
		rest_add(b, s, len);
	}
	rest_adds(b, "}}");
}

static int post_customer(struct lago *h, const struct ferry_action *action,
			 struct ferry_outcome *outcome, struct rest_refusal *refusal,
			 struct ferry_error *err)
{
	static const char what[] = "POST /customers";
	struct ferry_http_response res;

	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "POST", "/customers", &h->body, &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, refusal, err)) {
		/* made by somebody else in this instant: the same request then updates it */
		if (res.status == 422 && !strcmp(refusal->field, "external_id") &&
		    !strcmp(refusal->code, "value_already_exist"))
			err->code = FERRY_E_UNAVAILABLE;
		return -1;
	}
	return lago_written(h, what, &res, action, outcome, err);
}

static int write_customer(struct lago *h, const struct ferry_action *action,
			  struct ferry_outcome *outcome, struct rest_refusal *refusal,
			  struct ferry_error *err)
{
	const struct own *own = h->own;
	const struct ferry_value *id = &action->fields[h->id_field];
	rest_node *root = NULL, *there = NULL, *metadata = NULL;

	/* a POST under another id would make a second customer and leave the first one as it is */
	if (lago_moved(h, action, outcome))
		return 0;
	if (own->has_metadata || h->mode == FERRY_MODE_UPDATE) {
		int rc = lago_fetch(h, id->s, id->len, &root, &there, err);
		if (rc < 0)
			return -1;
		if (!rc && h->mode == FERRY_MODE_UPDATE) {
			rest_reject(outcome, "customer_not_found", "external_id",
				    "Lago has no such customer, and the mode does not create any");
			return 0;
		}
		metadata = merge_metadata(h, action->fields, there);
	}
	if (rest_count(metadata) > LAGO_METADATA_MAX) {
		rest_reject(outcome, "invalid_count", "metadata",
			    "with the entries that are there it would have %zu metadata entries; "
			    "Lago takes %d",
			    rest_count(metadata), LAGO_METADATA_MAX);
		rest_free(metadata);
		rest_free(root);
		return 0;
	}
	put_body(h, action, metadata);
	rest_free(metadata);
	rest_free(root);
	return post_customer(h, action, outcome, refusal, err);
}

static int write(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err)
{
	return action->decision == FERRY_DELETE
		? lago_delete(h, action, "", outcome, refusal, err)
		: write_customer(h, action, outcome, refusal, err);
}

/* -------------------------------------------------------------------- source */

static const char *const customer_types[] = {"company", "individual", NULL};
static const char *const account_types[] = {"customer", "partner", NULL};

static const struct ferry_option source_options[] = {
	{.name = "account_type",
	 .type = FERRY_OPT_TEXT,
	 .help = "only these: customer, partner"},
	{.name = "billing_entity_codes",
	 .type = FERRY_OPT_TEXT,
	 .help = "only customers of these billing entities, with commas between"},
	{.name = "countries",
	 .type = FERRY_OPT_TEXT,
	 .help = "only customers of these countries (ISO 3166-1), with commas between"},
	{.name = "currencies",
	 .type = FERRY_OPT_TEXT,
	 .help = "only customers of these currencies (ISO 4217), with commas between"},
	{.name = "customer_type",
	 .type = FERRY_OPT_CHOICE,
	 .choices = customer_types,
	 .help = "only companies, or only individuals"},
	{.name = "search_term",
	 .type = FERRY_OPT_TEXT,
	 .help = "only customers that Lago finds by these words"},
	LAGO_SOURCE_OPTIONS,
	{0},
};

static const struct lago_filter filters[] = {
	{"account_type", "account_type[]", LAGO_FILTER_LIST, account_types},
	{"billing_entity_codes", "billing_entity_codes[]", LAGO_FILTER_LIST, NULL},
	{"countries", "countries[]", LAGO_FILTER_LIST, NULL},
	{"currencies", "currencies[]", LAGO_FILTER_LIST, NULL},
	{"customer_type", "customer_type", LAGO_FILTER_TEXT, customer_types},
	{"search_term", "search_term", LAGO_FILTER_TEXT, NULL},
	{0},
};

const struct lago_resource lago_resource = {
	.one = "customer",
	.many = "customers",
	.identifier = "external_id",
	.columns = customer_columns,
	.filters = filters,
	.own_size = sizeof(struct own),
	.begin = begin,
	.check = check,
	.plain = plain,
	.read = read,
	.member = member,
	.write = write,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-customers",
	.family = "lago",
	.resource = "customers",
	.summary = "customers of Lago, read whole and written one by one",
	.version = LAGO_VERSION,
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR,
	.caps = FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_DELETE | FERRY_CAP_NAMED,
	.batch = LAGO_BATCH,
	.lookup_batch = 1,
	.list_page = LAGO_PAGE,
	.connection_options = lago_connection_options,
	.source_options = source_options,
	.fields = customer_fields,
	.check = lago_resource_check,
	.test = lago_test,
	.open = lago_resource_open,
	.close = lago_resource_close,
	.validate_setup = lago_resource_setup,
	.extract = lago_resource_extract,
	.canonicalize = customers_canonicalize,
	.lookup = lago_resource_lookup,
	.list = lago_resource_list,
	.apply = lago_resource_apply,
};
