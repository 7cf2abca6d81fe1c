/* SPDX-License-Identifier: Apache-2.0 */
/* wallets.c - lago-wallets: what is particular about wallets. */
#include "lago/wallets.h"

static const struct ferry_option source_options[] = {
	{.name = "external_customer_id",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of this customer"},
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
	{"external_customer_id", "external_customer_id", LAGO_FILTER_TEXT, NULL},
	{"currency", "currency", LAGO_FILTER_TEXT, NULL},
	{"billing_entity_codes", "billing_entity_codes[]", LAGO_FILTER_LIST, NULL},
	{0},
};

const struct lago_resource lago_resource = {
	.one = "wallet",
	.many = "wallets",
	.identifier = "lago_id",
	.columns = wallet_columns,
	.filters = filters,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-wallets",
	.family = "lago",
	.resource = "wallets",
	.summary = "wallets of Lago, read whole",
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
