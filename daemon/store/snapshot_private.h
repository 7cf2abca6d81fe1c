/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_private.h - what the writing and the reading side of the snapshot share. */
#ifndef FERRY_STORE_SNAPSHOT_PRIVATE_H
#define FERRY_STORE_SNAPSHOT_PRIVATE_H

#include "store/pack.h"
#include "store/snapshot.h"

enum { ENTRIES, INTENTS, PENDING, INFO, REFUSED };
enum { SNAPSHOT_VERSION = 1 };
enum { HAS_RECORD = 1 << 7 };		/* beside the flags of an entry */
enum { ORDINAL_BYTES = 5, ENTRY_HEAD = 1 + ORDINAL_BYTES + sizeof(struct hash128) };
extern const char *const snapshot_tables[];

struct snapshot {
	struct kv_env *env;
};

/* Take a value apart. False when it cannot be read. */
bool snapshot_entry(struct kv_bytes v, struct snap_entry *e);
bool snapshot_refusal(struct kv_bytes v, uint64_t *times, struct hash128 *hash, struct kv_bytes *code);

#endif
