/* SPDX-License-Identifier: Apache-2.0 */
/* invoices-fields.c - fields and columns of an invoice, and a record's own form. Does no I/O. */
#include "lago/invoices.h"

#include "lago/metadata.h"
#include "lago/pure.h"

#include <string.h>

#define METADATA_VALUE_MAX 140		/* characters */

static const char *const payment_statuses[] = {"pending", "succeeded", "failed", NULL};

#define TEXT(n, words) {.name = n, .type = FERRY_TEXT, .max_len = 255, .help = words}
#define READONLY(n, kind, words) \
	{.name = n, .type = kind, .flags = FERRY_FIELD_READONLY, .help = words}

const struct ferry_field invoice_fields[] = {
	{.name = "lago_id", .type = FERRY_TEXT, .flags = FERRY_FIELD_IDENTIFIER, .max_len = 255,
	 .help = "Lago's own id: which invoice is changed (mode: update)"},
	{.name = "payment_status", .type = FERRY_TEXT, .choices = payment_statuses,
	 .help = "pending, succeeded or failed (mode: update)"},
	{.name = "metadata.*", .type = FERRY_TEXT, .max_len = METADATA_VALUE_MAX,
	 .help = "entry of that key (up to 20 characters, at most 5 entries); NULL removes it "
		 "(mode: update)"},
	{.name = INVOICE_REFERENCE, .type = FERRY_TEXT, .flags = FERRY_FIELD_IDENTIFIER,
	 .max_len = 255,
	 .help = "your own number of a new invoice, by which it is found again (mode: append, "
		 "insert)"},
	TEXT("external_customer_id", "whose new invoice it is (mode: append, insert)"),
	{.name = "fees", .type = FERRY_JSON,
	 .help = "JSON list of a new invoice's lines: add_on_code, unit_amount_cents, units, ... "
		 "(mode: append, insert)"},
	TEXT("currency", "of a new invoice, ISO 4217; the customer's when it is not mapped"),
	TEXT("billing_entity_code", "the billing entity of a new invoice"),
	{.name = "skip_psp", .type = FERRY_BOOL,
	 .help = "leave the payment provider out of a new invoice"},
	READONLY("number", FERRY_TEXT, "the invoice's number"),
	READONLY("invoice_type", FERRY_TEXT, "one_off, subscription, ..."),
	READONLY("status", FERRY_TEXT, "draft, finalized, voided, failed or pending"),
	READONLY("issuing_date", FERRY_TEXT, "day of issue"),
	READONLY("total_amount_cents", FERRY_INT, "amount with taxes"),
	{0},
};

enum invoice_use invoice_use(const char *field)
{
	if (!strcmp(field, "lago_id"))
		return INVOICE_ANY;
	return !strcmp(field, "payment_status") || lago_is_metadata(field) ? INVOICE_CHANGE
									   : INVOICE_NEW;
}

/* ------------------------------------------------------------------ columns */

const struct rest_column invoice_columns[] = {
	{"lago_id", "lago_id", FERRY_TEXT, true},
	{"sequential_id", "sequential_id", FERRY_INT, false},
	{"number", "number", FERRY_TEXT, false},
	{"lago_customer_id", "customer.lago_id", FERRY_TEXT, false},
	{"external_customer_id", "customer.external_id", FERRY_TEXT, false},
	{"customer_name", "customer.name", FERRY_TEXT, false},
	{"billing_entity_code", "billing_entity_code", FERRY_TEXT, false},
	{"invoice_type", "invoice_type", FERRY_TEXT, false},
	{"status", "status", FERRY_TEXT, false},
	{"payment_status", "payment_status", FERRY_TEXT, false},
	{"payment_overdue", "payment_overdue", FERRY_BOOL, false},
	{"payment_dispute_lost_at", "payment_dispute_lost_at", FERRY_TIME, false},
	{"issuing_date", "issuing_date", FERRY_TEXT, false},
	{"payment_due_date", "payment_due_date", FERRY_TEXT, false},
	{"net_payment_term", "net_payment_term", FERRY_INT, false},
	{"currency", "currency", FERRY_TEXT, false},
	{"fees_amount_cents", "fees_amount_cents", FERRY_INT, false},
	{"coupons_amount_cents", "coupons_amount_cents", FERRY_INT, false},
	{"credit_notes_amount_cents", "credit_notes_amount_cents", FERRY_INT, false},
	{"sub_total_excluding_taxes_amount_cents", "sub_total_excluding_taxes_amount_cents", FERRY_INT, false},
	{"taxes_amount_cents", "taxes_amount_cents", FERRY_INT, false},
	{"sub_total_including_taxes_amount_cents", "sub_total_including_taxes_amount_cents", FERRY_INT, false},
	{"prepaid_credit_amount_cents", "prepaid_credit_amount_cents", FERRY_INT, false},
	{"prepaid_granted_credit_amount_cents", "prepaid_granted_credit_amount_cents", FERRY_INT, false},
	{"prepaid_purchased_credit_amount_cents", "prepaid_purchased_credit_amount_cents", FERRY_INT, false},
	{"progressive_billing_credit_amount_cents", "progressive_billing_credit_amount_cents", FERRY_INT, false},
	{"total_amount_cents", "total_amount_cents", FERRY_INT, false},
	{"version_number", "version_number", FERRY_INT, false},
	{"self_billed", "self_billed", FERRY_BOOL, false},
	{"purchase_order_number", "purchase_order_number", FERRY_TEXT, false},
	{"file_url", "file_url", FERRY_TEXT, false},
	{"metadata", "metadata", FERRY_JSON, false},
	{"applied_taxes", "applied_taxes", FERRY_JSON, false},
	{"fees", "fees", FERRY_JSON, false},
	{"subscriptions", "subscriptions", FERRY_JSON, false},
	{"created_at", "created_at", FERRY_TIME, false},
	{"updated_at", "updated_at", FERRY_TIME, false},
	{"payload", "", FERRY_JSON, true},
	{0},
};

/* --------------------------------------------------------------------- fees */

enum fee_form { FEE_TEXT, FEE_CENTS, FEE_UNITS, FEE_CODES };

static const struct {
	const char *name;
	enum fee_form form;
} fee_members[] = {
	{"add_on_code", FEE_TEXT},   {"unit_amount_cents", FEE_CENTS},
	{"units", FEE_UNITS},        {"description", FEE_TEXT},
	{"from_datetime", FEE_TEXT}, {"invoice_display_name", FEE_TEXT},
	{"to_datetime", FEE_TEXT},   {"tax_codes", FEE_CODES},
};

/* One member in Lago's form; why it cannot be, or NULL. Units that are a number become a text. */
static const char *own_member(rest_node *fee, const char *name, rest_node *value)
{
	size_t i = 0, n = sizeof fee_members / sizeof *fee_members, len;
	enum rest_kind kind = rest_kind(value);

	while (i < n && strcmp(fee_members[i].name, name) != 0)
		i++;
	if (i == n)
		return "is no member of a fee: Lago would ignore it";
	switch (kind == REST_NULL ? FEE_TEXT : fee_members[i].form) {
	case FEE_TEXT:
		return kind == REST_STRING || kind == REST_NULL ? NULL : "must be a text";
	case FEE_CENTS:
		return kind == REST_INT ? NULL : "must be a whole number of cents";
	case FEE_CODES:
		return kind == REST_ARRAY ? NULL : "must be a list of codes";
	case FEE_UNITS:
		break;
	}
	const char *s = kind == REST_STRING ? rest_text(value, &len) : rest_dump(value, &len);
	if (!rest_decimal_text(s, len) || *s == '-')
		return "must be a decimal of 0 or more";
	if (kind != REST_STRING)
		rest_put(fee, name, rest_string(s, len));
	return NULL;
}

static int own_fee(rest_node *fee, size_t at, struct ferry_issue *issue)
{
	rest_node *own = rest_object(), *value;
	const char *name, *why = NULL;
	void *iter = NULL;

	/* read from the fee, written to a copy: it is walked meanwhile */
	while (!why && rest_next(fee, &iter, &name, &value)) {
		rest_put(own, name, rest_share(value));
		if ((why = own_member(own, name, value)))
			lago_issue(issue, "fees", "fee %zu: '%s' %s", at + 1, name, why);
	}
	for (iter = NULL; !why && rest_next(own, &iter, &name, &value);)
		rest_put(fee, name, rest_share(value));
	rest_free(own);
	if (!why && !rest_text(rest_member(fee, "add_on_code"), NULL))
		return lago_issue(issue, "fees", "fee %zu has no 'add_on_code'", at + 1);
	return why ? -1 : 0;
}

static int own_fees(const struct ferry_pure *pure, struct ferry_value *v, struct ferry_issue *issue)
{
	rest_node *list = NULL;
	size_t len;
	int rc = 0;

	if (!rest_try_parse(v->s, v->len, &list) || rest_kind(list) != REST_ARRAY ||
	    !rest_count(list))
		rc = lago_issue(issue, "fees", "must be a JSON list of at least one fee: "
					       "[{\"add_on_code\": \"setup\"}]");
	for (size_t i = 0; !rc && i < rest_count(list); i++)
		rc = rest_kind(rest_at(list, i)) == REST_OBJECT
			? own_fee(rest_at(list, i), i, issue)
			: lago_issue(issue, "fees", "fee %zu is no object", i + 1);
	if (!rc) {
		const char *s = rest_dump(list, &len);
		lago_own(pure, v, FERRY_JSON, s, len);
	}
	rest_free(list);
	return rc;
}

/* ------------------------------------------------------------- canonicalize */

/* What a row must have when the field is mapped at all. */
static bool needed(const char *name)
{
	static const char *const names[] = {"lago_id", "payment_status", INVOICE_REFERENCE,
					    "external_customer_id", "fees", NULL};
	size_t i = 0;

	while (names[i] && strcmp(names[i], name) != 0)
		i++;
	return names[i];
}

int invoices_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			  struct ferry_issue *issue)
{
	if (lago_storable(pure, fields, issue))
		return -1;
	for (size_t i = 0; i < pure->layout->n; i++) {
		const char *name = pure->layout->names[i];
		struct ferry_value *v = &fields[i];
		bool empty = v->type == FERRY_NULL || (v->type == FERRY_TEXT && !v->len);
		if (empty && needed(name))
			return lago_issue(issue, name, "is missing");
		if (empty)
			continue;
		if (!strcmp(name, "lago_id") && !lago_addressable(v))
			return lago_issue(issue, name, "is dots that no address can hold");
		if (!strcmp(name, "currency"))
			lago_capitals(pure, v);
		if (!strcmp(name, "fees") && own_fees(pure, v, issue))
			return -1;
	}
	return 0;
}
