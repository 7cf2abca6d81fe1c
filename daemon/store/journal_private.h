/* SPDX-License-Identifier: Apache-2.0 */
/* journal_private.h - what the journal's writing and reading halves share. Not for others. */
#ifndef FERRY_STORE_JOURNAL_PRIVATE_H
#define FERRY_STORE_JOURNAL_PRIVATE_H

#include "store/journal.h"
#include "wire/kv.h"

enum table {
	RUNS, INDEX, BY_SYNC, LOGS, ERRORS, AUDIT, STATE,
	PROBLEMS, PROBLEM_INDEX, PROBLEM_KEYS, PROBLEM_CLOSED, BLOCKS, ROLLUPS, OUTBOX,
};

/*
 * index: be64 id -> mark and sync name; by_sync: sync, 0, be64 id -> mark. These small values tell
 * what a filter asks, so that a page of a hundred thousand runs touches only its own documents.
 */
#define MARK 9				/* status, be64 queued_at */
enum { JOURNAL_VERSION = 1 };

enum op_kind { OP_PUT, OP_DELETE, OP_DELETE_RUN, OP_INDEX_RUN };

/* One pending change; its key and value stand in the group's bytes. */
struct op {
	enum op_kind kind;
	enum table table;
	size_t at, key_len, value_len;
};

struct journal {
	struct kv_env *env;
	int64_t next_run, next_audit, next_problem;
	int64_t rollups_from, rollups_behind;	/* runs counted with their end; still to be counted */
	struct op *ops;
	size_t n_ops, cap_ops;
	struct buf bytes;
};

/* Add a change to the group; key and value are copied. */
void journal_op(struct journal *j, enum op_kind kind, enum table table, struct kv_bytes key,
		struct kv_bytes value);
/* Append a value as it will be once the group is committed; 1, 0 absent, -1. Not for RUNS' deletes. */
int journal_look(struct journal *j, enum table table, struct kv_bytes key, struct buf *out,
		 struct ferry_error *err);
/* The same of what is committed. */
int journal_read(struct journal *j, enum table table, struct kv_bytes key, struct buf *out,
		 struct ferry_error *err);

/* rollups.c, when the journal is opened: from which run on roll-ups count. */
int rollups_begin(struct journal *j, struct ferry_error *err);

/* logs and errors: be64 run, be64 seq -> segment, 0, JSON */
static inline void line_key(uint8_t key[16], int64_t run, int64_t seq)
{
	kv_be64(key, (uint64_t)run);
	kv_be64(key + 8, (uint64_t)seq);
}

static inline enum table line_table(enum journal_lines which)
{
	return which == JOURNAL_LOGS ? LOGS : ERRORS;
}

#endif
