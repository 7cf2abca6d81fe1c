/* SPDX-License-Identifier: Apache-2.0 */
/* plans.c - lago-plans: what is particular about plans. */
#include "lago/plans.h"

static const struct ferry_option source_options[] = {
	LAGO_SOURCE_OPTIONS,
	{0},
};

const struct lago_resource lago_resource = {
	.one = "plan",
	.many = "plans",
	.identifier = "code",
	.columns = plan_columns,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-plans",
	.family = "lago",
	.resource = "plans",
	.summary = "plans of Lago, read whole",
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
