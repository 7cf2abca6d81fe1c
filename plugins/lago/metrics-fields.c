/* SPDX-License-Identifier: Apache-2.0 */
/* metrics-fields.c - the columns of a billable metric. Does no I/O. */
#include "lago/metrics.h"

const struct rest_column billable_metric_columns[] = {
	{"lago_id", "lago_id", FERRY_TEXT, true},
	{"code", "code", FERRY_TEXT, true},
	{"name", "name", FERRY_TEXT, false},
	{"description", "description", FERRY_TEXT, false},
	{"aggregation_type", "aggregation_type", FERRY_TEXT, false},
	{"field_name", "field_name", FERRY_TEXT, false},
	{"recurring", "recurring", FERRY_BOOL, false},
	{"expression", "expression", FERRY_TEXT, false},
	{"weighted_interval", "weighted_interval", FERRY_TEXT, false},
	{"rounding_function", "rounding_function", FERRY_TEXT, false},
	{"rounding_precision", "rounding_precision", FERRY_INT, false},
	{"filters", "filters", FERRY_JSON, false},
	{"created_at", "created_at", FERRY_TIME, false},
	{"payload", "", FERRY_JSON, true},
	{0},
};
