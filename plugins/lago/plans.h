/* SPDX-License-Identifier: Apache-2.0 */
/* plans.h - the tables of lago-plans (plans-fields.c). */
#ifndef FERRY_PLUGINS_LAGO_PLANS_H
#define FERRY_PLUGINS_LAGO_PLANS_H

#include "lago/resource.h"

extern const struct rest_column plan_columns[];

#endif
