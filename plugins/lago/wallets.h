/* SPDX-License-Identifier: Apache-2.0 */
/* wallets.h - the tables of lago-wallets (wallets-fields.c). */
#ifndef FERRY_PLUGINS_LAGO_WALLETS_H
#define FERRY_PLUGINS_LAGO_WALLETS_H

#include "lago/resource.h"

extern const struct rest_column wallet_columns[];

#endif
