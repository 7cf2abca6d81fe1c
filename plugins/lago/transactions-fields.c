/* SPDX-License-Identifier: Apache-2.0 */
/* transactions-fields.c - fields of a wallet transaction, and a record's own form. Does no I/O. */
#include "lago/transactions.h"

#include "lago/pure.h"

#include <string.h>

#define PRIORITY_MAX 50

#define TEXT(n, max, words) {.name = n, .type = FERRY_TEXT, .max_len = max, .help = words}
#define OTHER(n, kind, words) {.name = n, .type = kind, .help = words}

const struct ferry_field transaction_fields[] = {
	{.name = TRANSACTION_KEY, .type = FERRY_TEXT, .max_len = 100,
	 .flags = FERRY_FIELD_REQUIRED | FERRY_FIELD_IDENTIFIER,
	 .help = "your own id of it, unique in the wallet; kept in its metadata as "
		 TRANSACTION_MARK},
	TEXT("wallet_id", 255, "which wallet, by its lago_id"),
	TEXT("external_customer_id", 255, "or by its customer ..."),
	TEXT("wallet_code", 255, "... and its code"),
	OTHER("paid_credits", FERRY_DECIMAL, "credits to add, which Lago invoices"),
	OTHER("granted_credits", FERRY_DECIMAL, "credits to add for free"),
	OTHER("voided_credits", FERRY_DECIMAL, "credits to take away"),
	TEXT("name", 255, "its name on the invoice"),
	OTHER("priority", FERRY_INT, "1 (used first) to 50"),
	OTHER("invoice_requires_successful_payment", FERRY_BOOL,
	      "finalize its invoice only once it is paid"),
	OTHER("ignore_paid_top_up_limits", FERRY_BOOL, "let it exceed the wallet's limits"),
	TEXT("purchase_order_number", 255, "shown on its invoice"),
	TEXT("metadata.*", 100, "entry of that key (up to 20 characters, at most 14 entries)"),
	{0},
};

bool transaction_is_credits(const char *field)
{
	return !strcmp(field, "paid_credits") || !strcmp(field, "granted_credits") ||
	       !strcmp(field, "voided_credits");
}

static int check_value(const char *name, const struct ferry_value *v, struct ferry_issue *issue)
{
	if (v->type == FERRY_DECIMAL && v->len && *v->s == '-')
		return lago_issue(issue, name, "must not be less than 0");
	if (!strcmp(name, "priority") && (v->i < 1 || v->i > PRIORITY_MAX))
		return lago_issue(issue, name, "must be 1 to %d", PRIORITY_MAX);
	return 0;
}

int transactions_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			      struct ferry_issue *issue)
{
	const char *credits = NULL;
	bool some = false;

	if (lago_storable(pure, fields, issue))
		return -1;
	for (size_t i = 0; i < pure->layout->n; i++) {
		const char *name = pure->layout->names[i];
		const struct ferry_value *v = &fields[i];
		bool addresses = !strcmp(name, "wallet_id") || !strcmp(name, "wallet_code") ||
				 !strcmp(name, "external_customer_id");
		if (addresses && !lago_addressable(v))
			return lago_issue(issue, name,
					  "is empty, or dots that no address can hold");
		if (transaction_is_credits(name)) {
			credits = name;
			/* in its normal form nothing is "0" */
			some = some || (v->type == FERRY_DECIMAL && !(v->len == 1 && *v->s == '0'));
		}
		if (v->type != FERRY_NULL && check_value(name, v, issue))
			return -1;
	}
	/* Lago would make nothing of it, and nothing would tell that it has been sent */
	return some ? 0 : lago_issue(issue, credits, "there are no credits in it");
}
