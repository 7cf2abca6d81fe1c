/* SPDX-License-Identifier: Apache-2.0 */
/* invoices.c - lago-invoices: what is particular about invoices. */
#include "lago/invoices.h"

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

const struct lago_resource lago_resource = {
	.one = "invoice",
	.many = "invoices",
	.identifier = "lago_id",
	.columns = invoice_columns,
	.filters = filters,
	.flags = LAGO_COUNT_LAGS,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-invoices",
	.family = "lago",
	.resource = "invoices",
	.summary = "invoices of Lago, read whole",
	.version = LAGO_VERSION,
	.roles = FERRY_SOURCE,
	.connection_options = lago_connection_options,
	.source_options = source_options,
	.check = lago_resource_check,
	.test = lago_test,
	.open = lago_resource_open,
	.close = lago_resource_close,
	.validate_setup = lago_resource_setup,
	.extract = lago_resource_extract,
};
