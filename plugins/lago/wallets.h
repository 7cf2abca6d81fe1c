/* SPDX-License-Identifier: Apache-2.0 */
/* wallets.h - the parts of lago-wallets: tables (wallets-fields.c), writing (wallets-write.c). */
#ifndef FERRY_PLUGINS_LAGO_WALLETS_H
#define FERRY_PLUGINS_LAGO_WALLETS_H

#include "lago/resource.h"

#define WALLET_METADATA "metadata."
#define WALLET_TARGETS "applies_to."

extern const struct ferry_field wallet_fields[];
extern const struct rest_column wallet_columns[];
int wallets_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			 struct ferry_issue *issue);

struct wallets {			/* h->own */
	int customer, code;		/* where these stand in the layout */
	struct rest_tree editable;	/* the fields that a change sends as they are */
	bool has_metadata, has_credits;
};

bool wallet_only_new(const char *field);	/* taken when a wallet is made, and never again */
/*
 * The wallet that an action is about, by its lago_id or by the codes of customer and wallet: 1 and
 * its tree (to be freed) with the wallet in it, 0: there is none, -1. By the codes only an active
 * one is found: a terminated one leaves its code free.
 */
int wallet_find(struct lago *h, const struct ferry_action *action, rest_node **root,
		rest_node **ret, struct ferry_error *err);
int wallet_write(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err);

#endif
