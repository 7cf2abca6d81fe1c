/* SPDX-License-Identifier: Apache-2.0 */
/* wallets-find.h - finding a wallet by the codes of its customer and its own. */
#ifndef FERRY_PLUGINS_LAGO_WALLETS_FIND_H
#define FERRY_PLUGINS_LAGO_WALLETS_FIND_H

#include "lago/resource.h"

/*
 * The active wallet: 1 and its tree (to be freed) with the wallet in it, 0: there is none, -1. A
 * terminated one leaves its code free, so it does not count.
 */
int wallet_by_codes(struct lago *h, const struct ferry_value *customer,
		    const struct ferry_value *code, rest_node **root, rest_node **ret,
		    struct ferry_error *err);
bool wallet_is_terminated(rest_node *wallet);
bool wallet_text_is(rest_node *node, const char *s, size_t len);

#endif
