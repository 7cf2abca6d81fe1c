/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv.h - LMDB: environments, named tables, transactions that keep their first error, cursors.
 *
 * Every value is stored with an XXH3 checksum in front, checked at each read: LMDB itself notices
 * almost no bit flips. An environment is opened once per process and never used across fork.
 * Memory that a read gives belongs to the map: valid until its transaction ends (or, in a write
 * transaction, until the next put); it never leaves the store.
 */
#ifndef FERRY_WIRE_KV_H
#define FERRY_WIRE_KV_H

#include <string.h>

#include "base/error.h"

struct kv_env;
struct kv_txn;
struct kv_cursor;

struct kv_bytes {
	const void *p;
	size_t len;
};

#define KV_KEY_MAX 500			/* bytes of a key, at most */

enum { KV_READ = 0, KV_WRITE = 1 };

/*
 * Open (made if it is missing, mode 0700) the environment in folder `path` with the named tables
 * (ends with NULL, at most 16). `kind` and `version` are written into a new one and checked in an
 * old one: another kind or a newer version is refused (STORE_VERSION). Stale readers are cleared.
 */
int kv_open(const char *path, const char *kind, uint32_t version, const char *const *tables,
	    struct kv_env **ret, struct ferry_error *err);
/* The same for reading one that another process writes; NOT_FOUND when it is not there. */
int kv_open_read(const char *path, const char *kind, uint32_t version, const char *const *tables,
		 struct kv_env **ret, struct ferry_error *err);
/*
 * Any store that is there, for reading, with all its tables. alone: nobody else has it, so no lock is
 * taken and nothing is written, not even a lock file.
 */
int kv_open_any(const char *path, bool alone, struct kv_env **ret, struct ferry_error *err);
/* What it says it is. */
const char *kv_kind(const struct kv_env *env, uint32_t *ret_version);
void kv_close(struct kv_env *env);
const char *kv_path(const struct kv_env *env);
/* Bytes that are in use, freed pages with them; and what they may grow to before the map grows. */
void kv_size(const struct kv_env *env, int64_t *ret_used, int64_t *ret_map);
/* Of the library: "LMDB 0.9.24: (July 24, 2019)". */
const char *kv_version(void);
/* Clear readers of dead processes; call it now and then. */
void kv_clear_stale(struct kv_env *env);
/* Copy the environment, compacted, to an existing empty folder, while it is in use. */
int kv_copy(struct kv_env *env, const char *to, struct ferry_error *err);
/*
 * Read every record and compare its checksum; tell of each that is damaged (key: as hex; NULL: the
 * table itself is not whole). -1 only when nothing could be read at all. Where the pages of the file
 * are damaged the process may die of it: do this in one of its own.
 */
typedef void kv_damaged_fn(void *ctx, const char *table, const char *key);
int kv_check(struct kv_env *env, kv_damaged_fn *fn, void *ctx, int64_t *ret_records, struct ferry_error *err);

/*
 * A transaction keeps its first error: after it every call does nothing, and the end of it returns it,
 * so what is put need not be checked one by one. Reading: begin, read, abort. Writing goes through
 * kv_update, since the map grows only between transactions.
 */
int kv_begin(struct kv_env *env, int write, struct kv_txn **ret, struct ferry_error *err);
void kv_abort(struct kv_txn *txn);				/* also ends a read; NULL is fine */

/*
 * Run fn in a write transaction and commit: durable when it returns 0. Again with a larger map when it
 * was full, so fn must be repeatable; it returns -1 with *err filled to abort. Dirty pages are private
 * memory: groups of a few MiB are right.
 */
int kv_update(struct kv_env *env, int (*fn)(struct kv_txn *txn, void *ctx, struct ferry_error *err),
	      void *ctx, struct ferry_error *err);

/* table: index into the list given to kv_open. */
/* 1 found, 0 absent, -1 error (kept in the transaction too). */
int kv_get(struct kv_txn *txn, int table, struct kv_bytes key, struct kv_bytes *ret, struct ferry_error *err);
void kv_put(struct kv_txn *txn, int table, struct kv_bytes key, struct kv_bytes value);
/* 0 put, 1 there was one already (nothing done), -1 error */
int kv_insert(struct kv_txn *txn, int table, struct kv_bytes key, struct kv_bytes value);
/* The key is larger than all others: faster. Falls back to put when it is not. */
void kv_append(struct kv_txn *txn, int table, struct kv_bytes key, struct kv_bytes value);
void kv_del(struct kv_txn *txn, int table, struct kv_bytes key);	/* absent: nothing */
void kv_clear(struct kv_txn *txn, int table);
int64_t kv_count(struct kv_txn *txn, int table);

/* Cursors: 1 at an entry, 0 at the end, -1 error. The key and value are valid until the next move. */
int kv_cursor_open(struct kv_txn *txn, int table, struct kv_cursor **ret, struct ferry_error *err);
void kv_cursor_close(struct kv_cursor *cur);
/* From now on values are given as they are: whoever wants to take records away must not stop at a damaged one. */
void kv_cursor_unchecked(struct kv_cursor *cur);
int kv_first(struct kv_cursor *cur, struct kv_bytes *key, struct kv_bytes *value, struct ferry_error *err);
int kv_last(struct kv_cursor *cur, struct kv_bytes *key, struct kv_bytes *value, struct ferry_error *err);
int kv_next(struct kv_cursor *cur, struct kv_bytes *key, struct kv_bytes *value, struct ferry_error *err);
int kv_prev(struct kv_cursor *cur, struct kv_bytes *key, struct kv_bytes *value, struct ferry_error *err);
/* The first entry whose key is >= the one given. */
int kv_seek(struct kv_cursor *cur, struct kv_bytes at, struct kv_bytes *key, struct kv_bytes *value,
	    struct ferry_error *err);

/* The last entry whose key is below the one given. */
int kv_seek_below(struct kv_cursor *cur, struct kv_bytes end, struct kv_bytes *key, struct kv_bytes *value,
		  struct ferry_error *err);

/* Compare keys as the store orders them: bytes, then length. */
static inline int kv_compare(struct kv_bytes a, struct kv_bytes b)
{
	int c = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);
	return c ? c : a.len < b.len ? -1 : a.len > b.len;
}

/* Big-endian numbers as keys: their byte order is their order. */
static inline void kv_be64(uint8_t out[8], uint64_t v)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}
static inline uint64_t kv_get_be64(const void *p)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | ((const uint8_t *)p)[i];
	return v;
}

#endif
