/* SPDX-License-Identifier: Apache-2.0 */
/* wallets-fields.c - the fields and columns of a wallet, and a record's own form. Does no I/O. */
#include "lago/wallets.h"

#include "lago/pure.h"

#include <string.h>

#define PRIORITY_MAX 50
#define PRIORITY_USUAL 50

#define TEXT(n, max, words) {.name = n, .type = FERRY_TEXT, .max_len = max, .help = words}
#define OTHER(n, kind, words) {.name = n, .type = kind, .help = words}
#define AT_FIRST(n, kind, words) \
	{.name = n, .type = kind, .flags = FERRY_FIELD_VOLATILE, .help = words}
#define READONLY(n, kind, words) \
	{.name = n, .type = kind, .flags = FERRY_FIELD_READONLY, .help = words}

const struct ferry_field wallet_fields[] = {
	{.name = "external_customer_id", .type = FERRY_TEXT, .max_len = 255,
	 .flags = FERRY_FIELD_REQUIRED | FERRY_FIELD_IDENTIFIER,
	 .help = "your own id of the customer it belongs to, who must be there"},
	{.name = "code", .type = FERRY_TEXT, .max_len = 255,
	 .flags = FERRY_FIELD_REQUIRED | FERRY_FIELD_IDENTIFIER,
	 .help = "its own code among the customer's wallets; with the customer its identity"},
	OTHER("rate_amount", FERRY_DECIMAL,
	      "what one credit is worth, more than 0; cannot be changed later"),
	TEXT("currency", 3, "ISO 4217; cannot be changed later"),
	TEXT("name", 255, "display name"),
	OTHER("priority", FERRY_INT, "1 (drawn from first) to 50; NULL is 50"),
	OTHER("expiration_at", FERRY_TIME, "when it ends by itself; must be in the future"),
	OTHER("invoice_requires_successful_payment", FERRY_BOOL,
	      "finalize invoices of top-ups only once they are paid"),
	OTHER("paid_top_up_min_amount_cents", FERRY_INT, "least amount of a paid top-up"),
	OTHER("paid_top_up_max_amount_cents", FERRY_INT, "greatest amount of a paid top-up"),
	OTHER("applies_to.fee_types", FERRY_JSON,
	      "JSON list of what it pays for: charge, subscription, commitment; [] is all"),
	OTHER("applies_to.billable_metric_codes", FERRY_JSON,
	      "JSON list of the metrics whose charges it pays for; [] is all"),
	TEXT("billing_entity_code", 255, "the billing entity it belongs to"),
	TEXT("purchase_order_number", 255, "shown on the invoices of its top-ups"),
	{.name = "metadata.*", .type = FERRY_TEXT, .help = "entry of that key; NULL removes it"},
	AT_FIRST("paid_credits", FERRY_DECIMAL, "credits to begin with, invoiced; only when made"),
	AT_FIRST("granted_credits", FERRY_DECIMAL, "credits to begin with, free; only when made"),
	AT_FIRST("transaction_name", FERRY_TEXT, "name of that first top-up; only when made"),
	AT_FIRST("transaction_priority", FERRY_INT,
		 "priority of that first top-up; only when made"),
	AT_FIRST("transaction_metadata", FERRY_JSON,
		 "JSON list of {key, value} of that first top-up; only when made"),
	AT_FIRST("ignore_paid_top_up_limits_on_creation", FERRY_BOOL,
		 "let that first top-up exceed the limits; only when made"),
	READONLY("lago_id", FERRY_TEXT, "Lago's own id"),
	READONLY("lago_customer_id", FERRY_TEXT, "Lago's own id of the customer"),
	READONLY("status", FERRY_TEXT, "active or terminated"),
	READONLY("credits_balance", FERRY_DECIMAL, "credits that are left"),
	READONLY("balance_cents", FERRY_INT, "what they are worth"),
	READONLY("consumed_credits", FERRY_DECIMAL, "credits that were used"),
	READONLY("created_at", FERRY_TIME, "when it was made"),
	READONLY("terminated_at", FERRY_TIME, "when it ended"),
	{0},
};

/* ------------------------------------------------------------------ columns */

const struct rest_column wallet_columns[] = {
	{"lago_id", "lago_id", FERRY_TEXT, true},
	{"lago_customer_id", "lago_customer_id", FERRY_TEXT, false},
	{"external_customer_id", "external_customer_id", FERRY_TEXT, false},
	{"billing_entity_code", "billing_entity_code", FERRY_TEXT, false},
	{"code", "code", FERRY_TEXT, false},
	{"name", "name", FERRY_TEXT, false},
	{"status", "status", FERRY_TEXT, false},
	{"currency", "currency", FERRY_TEXT, false},
	{"priority", "priority", FERRY_INT, false},
	{"rate_amount", "rate_amount", FERRY_DECIMAL, false},
	{"credits_balance", "credits_balance", FERRY_DECIMAL, false},
	{"balance_cents", "balance_cents", FERRY_INT, false},
	{"consumed_credits", "consumed_credits", FERRY_DECIMAL, false},
	{"credits_ongoing_balance", "credits_ongoing_balance", FERRY_DECIMAL, false},
	{"ongoing_balance_cents", "ongoing_balance_cents", FERRY_INT, false},
	{"credits_ongoing_usage_balance", "credits_ongoing_usage_balance", FERRY_DECIMAL, false},
	{"ongoing_usage_balance_cents", "ongoing_usage_balance_cents", FERRY_INT, false},
	{"paid_top_up_min_amount_cents", "paid_top_up_min_amount_cents", FERRY_INT, false},
	{"paid_top_up_max_amount_cents", "paid_top_up_max_amount_cents", FERRY_INT, false},
	{"invoice_requires_successful_payment", "invoice_requires_successful_payment", FERRY_BOOL, false},
	{"purchase_order_number", "purchase_order_number", FERRY_TEXT, false},
	{"applies_to", "applies_to", FERRY_JSON, false},
	{"recurring_transaction_rules", "recurring_transaction_rules", FERRY_JSON, false},
	{"metadata", "metadata", FERRY_JSON, false},
	{"expiration_at", "expiration_at", FERRY_TIME, false},
	{"last_balance_sync_at", "last_balance_sync_at", FERRY_TIME, false},
	{"last_consumed_credit_at", "last_consumed_credit_at", FERRY_TIME, false},
	{"terminated_at", "terminated_at", FERRY_TIME, false},
	{"created_at", "created_at", FERRY_TIME, false},
	{"payload", "", FERRY_JSON, true},
	{0},
};

/* ------------------------------------------------------------- canonicalize */

/* They come in their normal form: nothing is "0". */
static int check_decimal(const char *name, const struct ferry_value *v, struct ferry_issue *issue)
{
	if (v->len && *v->s == '-')
		return lago_issue(issue, name, "must not be less than 0");
	if (!strcmp(name, "rate_amount") && v->len == 1 && *v->s == '0')
		return lago_issue(issue, name, "must be more than 0");
	return 0;
}

/* What NULL means, where it does not mean "none". */
static int own_null(const char *name, struct ferry_value *v, struct ferry_issue *issue)
{
	if (!strcmp(name, "priority"))
		*v = (struct ferry_value){.i = PRIORITY_USUAL, .type = FERRY_INT};
	else if (!strcmp(name, "invoice_requires_successful_payment"))
		*v = (struct ferry_value){.i = 0, .type = FERRY_BOOL};
	else if (!strcmp(name, "rate_amount") || !strcmp(name, "currency") ||
		 !strcmp(name, "billing_entity_code"))
		return lago_issue(issue, name, "is missing: Lago has no wallet without one");
	return 0;
}

static int own_value(const struct ferry_pure *pure, const char *name, struct ferry_value *v,
		     struct ferry_issue *issue)
{
	if (!strcmp(name, "external_customer_id") || !strcmp(name, "code"))
		return lago_addressable(v) ? 0 : lago_issue(issue, name,
				"is empty, or dots that no address can hold");
	if (!strcmp(name, "currency"))
		lago_capitals(pure, v);
	if (!strcmp(name, "priority") && (v->i < 1 || v->i > PRIORITY_MAX))
		return lago_issue(issue, name, "must be 1 to %d", PRIORITY_MAX);
	if (v->type == FERRY_DECIMAL)
		return check_decimal(name, v, issue);
	if (v->type == FERRY_JSON && !lago_own_json(pure, v))
		return lago_issue(issue, name, "is not valid JSON");
	if (v->type == FERRY_TIME)	/* Lago keeps whole seconds */
		v->i -= (v->i % 1000000 + 1000000) % 1000000;
	return 0;
}

int wallets_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			 struct ferry_issue *issue)
{
	if (lago_storable(pure, fields, issue))
		return -1;
	for (size_t i = 0; i < pure->layout->n; i++) {
		const char *name = pure->layout->names[i];
		struct ferry_value *v = &fields[i];
		if (!strncmp(name, WALLET_TARGETS, strlen(WALLET_TARGETS))) {
			if (!lago_own_codes(pure, v))
				return lago_issue(issue, name,
						  "must be a JSON list of texts: [\"charge\"]");
		} else if (v->type == FERRY_NULL ? own_null(name, v, issue)
						 : own_value(pure, name, v, issue)) {
			return -1;
		}
	}
	return 0;
}
