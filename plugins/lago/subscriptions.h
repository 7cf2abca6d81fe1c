/* SPDX-License-Identifier: Apache-2.0 */
/* subscriptions.h - the tables of lago-subscriptions (subscriptions-fields.c). */
#ifndef FERRY_PLUGINS_LAGO_SUBSCRIPTIONS_H
#define FERRY_PLUGINS_LAGO_SUBSCRIPTIONS_H

#include "lago/resource.h"

extern const struct rest_column subscription_columns[];

#endif
