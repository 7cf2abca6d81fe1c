/* SPDX-License-Identifier: Apache-2.0 */
/* invoices.c - lago-invoices: what is particular about reading invoices, and what may be mapped. */
#include "lago/invoices.h"

#include "lago/metadata.h"

#include <stdio.h>
#include <string.h>

static const char *const statuses[] = {"draft", "finalized", "voided", "failed", "pending", NULL};
static const char *const payment_statuses[] = {"pending", "succeeded", "failed", NULL};
static const char *const types[] = {"subscription", "add_on", "credit", "one_off",
				    "advance_charges", "progressive_billing", NULL};

static const struct ferry_option source_options[] = {
	{.name = "details",
	 .type = FERRY_OPT_BOOL,
	 .fallback = "false",
	 .help = "fetch each invoice by itself, for fees and subscriptions: a request for each"},
	{.name = "statuses",
	 .type = FERRY_OPT_TEXT,
	 .help = "only these, with commas between: draft, finalized, voided, failed, pending"},
	{.name = "payment_statuses",
	 .type = FERRY_OPT_TEXT,
	 .help = "only these, with commas between: pending, succeeded, failed"},
	{.name = "invoice_type",
	 .type = FERRY_OPT_CHOICE,
	 .choices = types,
	 .help = "only invoices of this type"},
	{.name = "external_customer_id",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of this customer"},
	{.name = "currency",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those in this currency"},
	{.name = "billing_entity_codes",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of these billing entities, with commas between"},
	{.name = "issuing_date_from",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of this date and later: 2026-01-31"},
	{.name = "issuing_date_to",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of this date and earlier"},
	{.name = "payment_overdue",
	 .type = FERRY_OPT_BOOL,
	 .help = "only those that are overdue, or only those that are not"},
	{.name = "self_billed",
	 .type = FERRY_OPT_BOOL,
	 .help = "only those that are self-billed, or only those that are not"},
	LAGO_SOURCE_OPTIONS,
	{0},
};

static const struct lago_filter filters[] = {
	{"statuses", "statuses[]", LAGO_FILTER_LIST, statuses},
	{"payment_statuses", "payment_statuses[]", LAGO_FILTER_LIST, payment_statuses},
	{"invoice_type", "invoice_type", LAGO_FILTER_TEXT, types},
	{"external_customer_id", "external_customer_id", LAGO_FILTER_TEXT, NULL},
	{"currency", "currency", LAGO_FILTER_TEXT, NULL},
	{"billing_entity_codes", "billing_entity_codes[]", LAGO_FILTER_LIST, NULL},
	{"issuing_date_from", "issuing_date_from", LAGO_FILTER_DATE, NULL},
	{"issuing_date_to", "issuing_date_to", LAGO_FILTER_DATE, NULL},
	{"payment_overdue", "payment_overdue", LAGO_FILTER_PLAIN, NULL},
	{"self_billed", "self_billed", LAGO_FILTER_PLAIN, NULL},
	{0},
};

/* -------------------------------------------------------------- check, open */

static bool makes(enum ferry_mode mode)
{
	return mode != FERRY_MODE_UPDATE;
}

/* A field that the mode has no use for. */
static bool is_out_of_place(const char *field, enum ferry_mode mode)
{
	return invoice_use(field) != (makes(mode) ? INVOICE_NEW : INVOICE_CHANGE) &&
	       (makes(mode) || invoice_use(field) != INVOICE_ANY);
}

/* What cannot work: a field's name, or NULL for the mapping as a whole, and why; false: nothing. */
static bool find_mistake(const struct ferry_open *open, const char **field, char why[120])
{
	static const char *const for_new[] = {INVOICE_REFERENCE, "external_customer_id", "fees",
					      NULL};
	static const char *const for_change[] = {"lago_id", NULL};
	const struct ferry_layout *layout = open->layout;

	for (size_t i = 0; i < layout->n; i++) {
		*field = layout->names[i];
		if (!is_out_of_place(*field, open->mode))
			continue;
		snprintf(why, 120, "%s", makes(open->mode)
			 ? "is for invoices that are there (mode: update); append and insert make "
			   "new ones"
			 : "is for new invoices (mode: append or insert); update changes those "
			   "that are there");
		return true;
	}
	*field = NULL;
	for (const char *const *n = makes(open->mode) ? for_new : for_change; *n; n++) {
		if (rest_field(layout, *n) >= 0)
			continue;
		snprintf(why, 120, "to %s invoices '%s' must be mapped",
			 makes(open->mode) ? "make" : "change", *n);
		return true;
	}
	return lago_metadata_mistake(layout, field, why);
}

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	const char *field;
	char why[120];

	if (find_mistake(open, &field, why))
		check->mistake(check, field, "%s%s%s", field ? field : "", field ? " " : "", why);
}

static int begin(struct lago *h, const struct ferry_open *open, struct ferry_error *err)
{
	struct invoices *own = h->own;
	const char *field;
	char why[120];

	if (!h->layout)
		return 0;
	if (find_mistake(open, &field, why))
		return h->api.host->fail(err, FERRY_E_CONFIG, "%s%s%s", field ? field : "",
					 field ? " " : "", why);
	own->makes = makes(h->mode);
	own->reference = rest_field(h->layout, INVOICE_REFERENCE);
	own->customer = rest_field(h->layout, "external_customer_id");
	own->status = rest_field(h->layout, "payment_status");
	for (size_t i = 0; i < h->layout->n; i++)
		own->has_metadata = own->has_metadata || lago_is_metadata(h->layout->names[i]);
	return 0;
}

/* What makes invoices can be asked for single ones, but not list them: any could be meant. */
static uint32_t capabilities(void *handle)
{
	const struct lago *h = handle;
	const struct invoices *own = h->own;

	if (!h->layout)
		return 0;
	return FERRY_CAP_LOOKUP | FERRY_CAP_MATCH_NEW |
	       (own->makes ? 0 : FERRY_CAP_LIST | FERRY_CAP_IDEMPOTENT | FERRY_CAP_DISABLE);
}

static int validate_setup(void *handle, struct ferry_error *err)
{
	struct lago *h = handle;
	const struct invoices *own = h->own;

	if (lago_resource_setup(h, err))
		return -1;
	return own->makes ? invoice_try_filter(h, err) : 0;
}

/* ------------------------------------------------------------------- lookup */

static bool plain(const char *field)
{
	return !lago_is_metadata(field);
}

/* The lines of an invoice come back in another form: there is nothing to compare them with. */
static const char *member(const char *field)
{
	return lago_is_metadata(field) ? "metadata"
		: !strcmp(field, "external_customer_id") ? "customer.external_id"
		: !strcmp(field, "fees") ? "fees.as_sent" : field;
}

static bool read(struct lago *h, rest_node *invoice, size_t i, struct ferry_value *ret, bool *good)
{
	const char *name = h->layout->names[i];

	if (lago_is_metadata(name))
		*good = lago_metadata_read(h, invoice, name, ret);
	else if (!strcmp(name, "external_customer_id"))
		*good = rest_value(rest_path(invoice, member(name), NULL), FERRY_TEXT, &h->pool,
				   ret);
	else
		return false;
	return true;
}

/* Told of an invoice; the rest of what made it cannot be read back, nor can it ever change. */
static bool is_told(const char *field)
{
	return !strcmp(field, "external_customer_id") || !strcmp(field, "currency") ||
	       !strcmp(field, "billing_entity_code");
}

/* What Lago does not tell of an invoice is taken to be as it was sent. */
static void echo_fields(struct lago *h, const struct ferry_action *action,
			struct ferry_found *found)
{
	struct ferry_value *fields = rest_pool_alloc(&h->pool, h->layout->n * sizeof *fields);

	for (size_t i = 0; i < h->layout->n; i++) {
		fields[i] = action->fields[i];
		if (fields[i].type == FERRY_TEXT || fields[i].type == FERRY_JSON)
			fields[i].s = rest_pool_copy(&h->pool, fields[i].s, fields[i].len);
		if (is_told(h->layout->names[i]) && fields[i].type != FERRY_NULL)
			fields[i] = found->fields[i];
	}
	found->fields = fields;
}

/* The one with the reference of the record. */
static int look_up_new(struct lago *h, const struct ferry_action *action, struct ferry_found *ret,
		       struct ferry_error *err)
{
	const struct invoices *own = h->own;
	rest_node *root, *invoice;
	size_t len;

	if (!action->fields)
		return 0;
	int n = invoice_seek(h, &action->fields[own->customer], &action->fields[own->reference],
			     &root, &invoice, err);
	if (n > 1)
		ret->presence = FERRY_SEVERAL;
	if (n != 1)
		return n < 0 ? -1 : 0;
	const char *id = rest_text(rest_member(invoice, "lago_id"), &len);
	int rc = id ? lago_found(h, "GET /invoices", invoice, id, len, ret, err)
		    : lago_misses(&h->api, "GET /invoices", "lago_id", REST_STRING, err);
	rest_free(root);
	if (rc)
		return -1;
	echo_fields(h, action, ret);
	return 0;
}

static int lookup(void *handle, const struct ferry_action *actions, size_t n,
		  struct ferry_found *found, struct ferry_error *err)
{
	struct lago *h = handle;
	const struct invoices *own = h->own;

	if (!own->makes)
		return lago_resource_lookup(h, actions, n, found, err);
	rest_pool_reset(&h->pool);
	for (size_t i = 0; i < n; i++) {
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
		if (h->api.host->cancelled(h->api.host))
			return h->api.host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		if (look_up_new(h, &actions[i], &found[i], err))
			return -1;
	}
	return 0;
}

static int write(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err)
{
	const struct invoices *own = h->own;

	if (own->makes)
		return invoice_make(h, action, outcome, refusal, err);
	return action->decision == FERRY_DISABLE
		? invoice_void(h, action, outcome, refusal, err)
		: invoice_change(h, action, outcome, refusal, err);
}

const struct lago_resource lago_resource = {
	.one = "invoice",
	.many = "invoices",
	.identifier = "lago_id",
	.columns = invoice_columns,
	.filters = filters,
	.flags = LAGO_COUNT_LAGS,
	.own_size = sizeof(struct invoices),
	.begin = begin,
	.check = check,
	.plain = plain,
	.read = read,
	.member = member,
	.write = write,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-invoices",
	.family = "lago",
	.resource = "invoices",
	.summary = "invoices of Lago, read whole, paid, marked and voided; and one-off ones made",
	.version = LAGO_VERSION,
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_APPEND,
	.caps = FERRY_CAP_MATCH_NEW | FERRY_CAP_DISABLE,
	.batch = LAGO_BATCH,
	.lookup_batch = 1,
	.list_page = LAGO_PAGE,
	.connection_options = lago_connection_options,
	.source_options = source_options,
	.fields = invoice_fields,
	.check = lago_resource_check,
	.test = lago_test,
	.open = lago_resource_open,
	.close = lago_resource_close,
	.capabilities = capabilities,
	.validate_setup = validate_setup,
	.extract = lago_resource_extract,
	.canonicalize = invoices_canonicalize,
	.lookup = lookup,
	.list = lago_resource_list,
	.apply = lago_resource_apply,
};
