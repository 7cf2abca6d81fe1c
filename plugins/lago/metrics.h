/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - the tables of lago-billable_metrics (metrics-fields.c), for what writes them. */
#ifndef FERRY_PLUGINS_LAGO_METRICS_H
#define FERRY_PLUGINS_LAGO_METRICS_H

#include "lago/resource.h"

extern const struct ferry_field metric_fields[];
extern const struct rest_column metric_columns[];
int metrics_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			 struct ferry_issue *issue);
/* Filters as canonicalize writes them; NULL when they are none. The caller frees it. */
rest_node *metric_filters(rest_node *list);

#endif
