/* SPDX-License-Identifier: Apache-2.0 */
/* subscriptions.c - lago-subscriptions: what is particular about subscriptions. */
#include "lago/subscriptions.h"

/* Lago's list gives active ones only, unless it is asked for each status by name. */
#define ALL "pending,active,terminated,canceled,incomplete"

static const char *const statuses[] = {"pending", "active", "terminated", "canceled",
				       "incomplete", NULL};

static const struct ferry_option source_options[] = {
	{.name = "status",
	 .type = FERRY_OPT_TEXT,
	 .fallback = ALL,
	 .help = "only these, with commas between: pending, active, terminated, canceled, incomplete"},
	{.name = "external_customer_id",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of this customer"},
	{.name = "plan_code",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of this plan"},
	{.name = "currency",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those in this currency"},
	{.name = "billing_entity_codes",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of these billing entities, with commas between"},
	LAGO_SOURCE_OPTIONS,
	{0},
};

static const struct lago_filter filters[] = {
	{"status", "status[]", LAGO_FILTER_LIST, statuses},
	{"external_customer_id", "external_customer_id", LAGO_FILTER_TEXT, NULL},
	{"plan_code", "plan_code", LAGO_FILTER_TEXT, NULL},
	{"currency", "currency", LAGO_FILTER_TEXT, NULL},
	{"billing_entity_codes", "billing_entity_codes[]", LAGO_FILTER_LIST, NULL},
	{0},
};

const struct lago_resource lago_resource = {
	.one = "subscription",
	.many = "subscriptions",
	.identifier = "external_id",
	.columns = subscription_columns,
	.filters = filters,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-subscriptions",
	.family = "lago",
	.resource = "subscriptions",
	.summary = "subscriptions of Lago, read whole",
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
