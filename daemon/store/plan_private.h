/* SPDX-License-Identifier: Apache-2.0 */
/* plan_private.h - what the writing and the reading side of the plan store share. */
#ifndef FERRY_STORE_PLAN_PRIVATE_H
#define FERRY_STORE_PLAN_PRIVATE_H

#include "store/plan_store.h"

enum { PLAN_ENTRIES, PLAN_HEADERS, PLAN_OUTCOMES, PLAN_RAW };
enum { PLAN_VERSION = 1, PLAN_CODES_MAX = 255, PLAN_GROUP_BYTES = 4 << 20 };
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
	char *codes[PLAN_CODES_MAX];	/* reasons of that part; entries have their number */
	size_t n_codes;
	int64_t raw;			/* raw records so far */
};

/* The stored key: segment index and key form. */
void plan_key(struct buf *b, size_t index, struct kv_bytes key);
/* Borrowed from v and codes. False when it cannot be read. */
bool plan_decode(struct kv_bytes v, const char *const *codes, size_t n_codes, struct plan_entry *e);
/* Write what waits into a table; duplicates are noted only for entries. */
int plan_write_waiting(struct plan_store *p, int table, struct ferry_error *err);
/* Start another waiting key and value: room at the end of p->bytes. */
struct plan_waiting *plan_wait(struct plan_store *p);
/* Append the member "outcome" of an entry, when there is one. */
int plan_show_outcome(struct kv_txn *txn, size_t index, enum ferry_decision d, struct kv_bytes key,
		      struct buf *out, struct ferry_error *err);
/* Is it of that part? */
static inline bool plan_in_part(struct kv_bytes k, size_t index)
{
	const uint8_t *p = k.p;
	return k.len >= 2 && p[0] == (uint8_t)(index >> 8) && p[1] == (uint8_t)index;
}

#endif
