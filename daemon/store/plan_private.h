/* SPDX-License-Identifier: Apache-2.0 */
/* plan_private.h - what the writing and the reading side of the plan store share. */
#ifndef FERRY_STORE_PLAN_PRIVATE_H
#define FERRY_STORE_PLAN_PRIVATE_H

#include "store/plan_store.h"

enum { PLAN_ENTRIES, PLAN_HEADERS };
enum { PLAN_VERSION = 1 };
extern const char *const plan_tables[];

/* An entry that waits for its group; offsets into bytes. */
struct plan_waiting {
	size_t key, key_len, value, value_len;
};

struct plan_store {
	struct kv_env *env;
	size_t index;
	bool ordered;
	void (*duplicate)(void *ctx, const struct plan_entry *e);
	void *ctx;
	struct buf bytes;
	struct plan_waiting *waiting;
	size_t n_waiting, cap_waiting;
	size_t *duplicates, n_duplicates;
	int64_t entries[FERRY_DECISIONS];	/* of the part being written */
};

/* The stored key: segment index and key form. */
void plan_key(struct buf *b, size_t index, struct kv_bytes key);
/* Everything but the reason is borrowed from v. False when it cannot be read. */
bool plan_decode(struct kv_bytes v, struct arena *arena, struct plan_entry *e);

#endif
