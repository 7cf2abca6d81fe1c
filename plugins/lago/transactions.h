/* SPDX-License-Identifier: Apache-2.0 */
/* transactions.h - what the parts of lago-wallet_transactions share: its fields and their form. */
#ifndef FERRY_PLUGINS_LAGO_TRANSACTIONS_H
#define FERRY_PLUGINS_LAGO_TRANSACTIONS_H

#include "lago/resource.h"

#define TRANSACTION_METADATA "metadata."
#define TRANSACTION_METADATA_MAX 15	/* entries of one transaction */
#define TRANSACTION_KEY "transaction_key"
#define TRANSACTION_MARK "ferry_key"	/* the entry of the metadata that holds the key */

extern const struct ferry_field transaction_fields[];
bool transaction_is_credits(const char *field);
int transactions_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			      struct ferry_issue *issue);

#endif
