/* SPDX-License-Identifier: Apache-2.0 */
/* plans-fields.c - the columns of a plan. Does no I/O. */
#include "lago/plans.h"

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
