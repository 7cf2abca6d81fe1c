/* SPDX-License-Identifier: Apache-2.0 */
/* plans-fields.c - the fields and columns of a plan, and a record's own form. Does no I/O. */
#include "lago/plans.h"

#include "lago/pure.h"

#include <string.h>

static const char *const intervals[] = {"weekly", "monthly", "quarterly", "semiannual", "yearly",
					NULL};

const struct ferry_field plan_fields[] = {
	{.name = "code", .type = FERRY_TEXT, .max_len = 255,
	 .flags = FERRY_FIELD_REQUIRED | FERRY_FIELD_IDENTIFIER,
	 .help = "what subscriptions name it by; its identity in Lago"},
	{.name = "name", .type = FERRY_TEXT, .max_len = 255, .flags = FERRY_FIELD_REQUIRED,
	 .help = "its name for people"},
	{.name = "interval", .type = FERRY_TEXT, .choices = intervals,
	 .flags = FERRY_FIELD_REQUIRED, .help = "how long a billing period is"},
	{.name = "amount_cents", .type = FERRY_INT, .flags = FERRY_FIELD_REQUIRED,
	 .help = "price of a period in the currency's smallest unit: 1000 is 10.00 EUR"},
	{.name = "amount_currency", .type = FERRY_TEXT, .max_len = 3,
	 .flags = FERRY_FIELD_REQUIRED, .help = "ISO 4217"},
	{.name = "pay_in_advance", .type = FERRY_BOOL, .flags = FERRY_FIELD_REQUIRED,
	 .help = "billed at the begin of a period, not at its end"},
	{.name = "invoice_display_name", .type = FERRY_TEXT, .max_len = 255,
	 .help = "its name on invoices"},
	{.name = "description", .type = FERRY_TEXT, .help = "what it is, for people"},
	{.name = "trial_period", .type = FERRY_DECIMAL, .help = "days without the plan's price"},
	{.name = "bill_charges_monthly", .type = FERRY_BOOL,
	 .help = "charges each month though the plan is yearly or semiannual"},
	{.name = "bill_fixed_charges_monthly", .type = FERRY_BOOL,
	 .help = "fixed charges each month though the plan is yearly or semiannual"},
	{.name = "tax_codes", .type = FERRY_JSON,
	 .help = "JSON list of tax codes; replaces the plan's taxes"},
	{.name = "charges", .type = FERRY_JSON,
	 .help = "JSON list of charges, each with code, billable_metric_code, charge_model and "
		 "properties"},
	{.name = "lago_id", .type = FERRY_TEXT, .flags = FERRY_FIELD_READONLY,
	 .help = "Lago's own id"},
	{.name = "created_at", .type = FERRY_TIME, .flags = FERRY_FIELD_READONLY,
	 .help = "when it was made"},
	{0},
};

/* ------------------------------------------------------------------ columns */

const struct rest_column plan_columns[] = {
	{"lago_id", "lago_id", FERRY_TEXT, true},
	{"code", "code", FERRY_TEXT, true},
	{"name", "name", FERRY_TEXT, false},
	{"invoice_display_name", "invoice_display_name", FERRY_TEXT, false},
	{"description", "description", FERRY_TEXT, false},
	{"interval", "interval", FERRY_TEXT, false},
	{"amount_cents", "amount_cents", FERRY_INT, false},
	{"amount_currency", "amount_currency", FERRY_TEXT, false},
	{"trial_period", "trial_period", FERRY_DECIMAL, false},
	{"pay_in_advance", "pay_in_advance", FERRY_BOOL, false},
	{"bill_charges_monthly", "bill_charges_monthly", FERRY_BOOL, false},
	{"bill_fixed_charges_monthly", "bill_fixed_charges_monthly", FERRY_BOOL, false},
	{"parent_id", "parent_id", FERRY_TEXT, false},
	{"pending_deletion", "pending_deletion", FERRY_BOOL, false},
	{"charges", "charges", FERRY_JSON, false},
	{"taxes", "taxes", FERRY_JSON, false},
	{"usage_thresholds", "usage_thresholds", FERRY_JSON, false},
	{"minimum_commitment", "minimum_commitment", FERRY_JSON, false},
	{"entitlements", "entitlements", FERRY_JSON, false},
	{"metadata", "metadata", FERRY_JSON, false},
	{"created_at", "created_at", FERRY_TIME, false},
	{"payload", "", FERRY_JSON, true},
	{0},
};

/* ------------------------------------------------------------- canonicalize */

static int own_charges(const struct ferry_pure *pure, struct ferry_value *v,
		       struct ferry_issue *issue)
{
	char why[200] = "is not valid JSON";
	rest_node *root = NULL, *list = NULL;
	size_t len;

	/* not "none", but "as they are" */
	if (v->type == FERRY_NULL)
		return 0;
	if (rest_try_parse(v->s, v->len, &root))
		list = charges_own(root, why, sizeof why);
	if (list) {
		const char *s = rest_dump(list, &len);
		lago_own(pure, v, FERRY_JSON, s, len);
	}
	rest_free(root);
	rest_free(list);
	return list ? 0 : lago_issue(issue, "charges", "%s", why);
}

static bool long_interval(const struct ferry_pure *pure, const struct ferry_value *fields)
{
	int i = rest_field(pure->layout, "interval");
	const struct ferry_value *v = i >= 0 ? &fields[i] : NULL;

	return !v || v->type != FERRY_TEXT || (v->len == 6 && !memcmp(v->s, "yearly", 6)) ||
	       (v->len == 10 && !memcmp(v->s, "semiannual", 10));
}

/* Lago has no value for these in shorter periods. */
static int own_monthly(const struct ferry_pure *pure, const struct ferry_value *fields,
		       struct ferry_value *v, const char *name, struct ferry_issue *issue)
{
	if (v->type == FERRY_NULL || long_interval(pure, fields))
		return 0;
	if (v->i)
		return lago_issue(issue, name, "is possible with yearly and semiannual plans only");
	*v = (struct ferry_value){.type = FERRY_NULL};
	return 0;
}

int plans_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
		       struct ferry_issue *issue)
{
	if (lago_storable(pure, fields, issue))
		return -1;
	for (size_t i = 0; i < pure->layout->n; i++) {
		const char *name = pure->layout->names[i];
		struct ferry_value *v = &fields[i];
		if (!strcmp(name, "code") && !lago_addressable(v))
			return lago_issue(issue, name,
					  "is empty, or dots that no address can hold");
		if (!strcmp(name, "amount_cents") && v->type == FERRY_INT && v->i < 0)
			return lago_issue(issue, name, "must be 0 or more");
		if (!strcmp(name, "amount_currency") && v->type == FERRY_TEXT)
			lago_capitals(pure, v);
		/* what Lago answers where there is none */
		if (!strcmp(name, "trial_period") && v->type == FERRY_NULL)
			lago_own(pure, v, FERRY_DECIMAL, "0", 1);
		if (!strcmp(name, "tax_codes") && !lago_own_codes(pure, v))
			return lago_issue(issue, name,
					  "must be a JSON list of codes: [\"vat_20\"]");
		if (!strcmp(name, "charges") && own_charges(pure, v, issue))
			return -1;
		if (!strncmp(name, "bill_", 5) && own_monthly(pure, fields, v, name, issue))
			return -1;
	}
	return 0;
}
