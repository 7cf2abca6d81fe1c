/* SPDX-License-Identifier: Apache-2.0 */
/* plan_private.h - what the writing and the reading side of the plan store share. */
#ifndef FERRY_STORE_PLAN_PRIVATE_H
#define FERRY_STORE_PLAN_PRIVATE_H

#include "store/plan_store.h"

enum { PLAN_ENTRIES, PLAN_HEADERS, PLAN_OUTCOMES, PLAN_RAW, PLAN_THERE, PLAN_KEYS, PLAN_CLAIMS };
enum { PLAN_VERSION = 1, PLAN_CODES_MAX = 255, PLAN_GROUP_BYTES = 4 << 20 };
extern const char *const plan_tables[];

/* What waits to be written to a table, as one group; offsets into bytes. */
struct plan_waiting {
	size_t key, key_len, value, value_len;
};

struct plan_group {
	struct buf bytes;
	struct plan_waiting *waiting;
	size_t n, cap;
};

struct plan_store {
	struct kv_env *env;
	size_t index;
	bool ordered;
	void (*duplicate)(void *ctx, const struct plan_entry *e);
	void *ctx;
	struct plan_group waiting, outcomes, raw, there, keys, claims;
	size_t *duplicates, n_duplicates;
	int64_t entries[FERRY_DECISIONS];	/* of the part being written */
	char *codes[PLAN_CODES_MAX];	/* reasons of that part; entries have their number */
	size_t n_codes;
	int64_t n_raw;			/* raw records so far */
};

/* The stored key: segment index and key form. */
void plan_key(struct buf *b, size_t index, struct kv_bytes key);
/* Borrowed from v and codes. False when it cannot be read. */
bool plan_decode(struct kv_bytes v, const char *const *codes, size_t n_codes, struct plan_entry *e);
/*
 * Append key, then value, to g->bytes: group_key starts one, group_value ends its key, group_end its
 * value. Then group_full says whether it is time to write.
 */
void group_key(struct plan_group *g);
void group_value(struct plan_group *g);
void group_end(struct plan_group *g);
static inline struct kv_bytes group_part(const struct plan_group *g, size_t off, size_t len)
{
	return (struct kv_bytes){g->bytes.s + off, len};
}
void group_reset(struct plan_group *g);
void group_release(struct plan_group *g);
/* Write a group to a table and empty it. */
int plan_write_group(struct plan_store *p, struct plan_group *g, int table, struct ferry_error *err);
/* The same, when it has become large. */
static inline int plan_write_large(struct plan_store *p, struct plan_group *g, int table, struct ferry_error *err)
{
	return g->bytes.len < PLAN_GROUP_BYTES ? 0 : plan_write_group(p, g, table, err);
}
/* The value of an entry. */
void plan_encode(struct plan_store *p, const struct plan_entry *e, struct buf *b);
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
