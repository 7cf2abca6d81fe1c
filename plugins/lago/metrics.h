/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - the tables of lago-billable_metrics (metrics-fields.c). */
#ifndef FERRY_PLUGINS_LAGO_METRICS_H
#define FERRY_PLUGINS_LAGO_METRICS_H

#include "lago/resource.h"

extern const struct rest_column billable_metric_columns[];

#endif
