/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - what one segment's destination is known to hold, the intents that are not settled
 * yet, and the keys to ask a windowed source for again. Written by that sync's worker alone.
 *
 * No transaction is held while anything is sent: reads during extract end before the first write.
 */
#ifndef FERRY_STORE_SNAPSHOT_H
#define FERRY_STORE_SNAPSHOT_H

#include "base/arena.h"
#include "wire/hash.h"
#include "wire/kv.h"

struct snapshot;

enum {
	SNAP_DISABLED = 1 << 0,		/* disabled over there since it was missing in the source */
	SNAP_UNSURE = 1 << 1,		/* with what fields it is there is not known */
	SNAP_MAYBE = 1 << 2,		/* whether it is there at all is not known */
	SNAP_LINKED = 1 << 3,		/* it has another name there than the map gives it */
};

/* What the destination holds for one key. */
struct snap_entry {
	uint32_t flags;
	uint64_t ordinal;		/* small number of its own; given by the store */
	struct hash128 hash;
	const char *dest_id;		/* not NUL-terminated */
	size_t dest_id_len;
	uint32_t layout;		/* number of the layout the record was made with */
	const void *record;		/* record form; NULL with snapshot: hash */
	size_t record_len;
};

/* An action that is about to be sent, or was, with no outcome known. */
struct snap_intent {
	struct kv_bytes key;		/* key form */
	enum ferry_decision decision;
	int64_t run;
	uint32_t flags;			/* SNAP_DISABLED: it brings back what was disabled; SNAP_MAYBE, SNAP_LINKED */
	struct hash128 hash;
	const char *dest_id;
	size_t dest_id_len;
	uint32_t layout;
	const void *record;		/* record form; empty for a delete without fields */
	size_t record_len;
};

enum snap_op_kind { SNAP_PUT, SNAP_DELETE, SNAP_INTEND, SNAP_PEND, SNAP_UNPEND, SNAP_REFUSE, SNAP_UNREFUSE };

/*
 * One change; a commit is a list of them. Everything is borrowed until the commit returns. Intents
 * are kept in groups, one for each batch that is sent: a group is written whole, and written again
 * with those that are still in doubt.
 */
struct snap_op {
	enum snap_op_kind kind;
	struct kv_bytes key;		/* key form; not for SNAP_INTEND */
	struct snap_entry entry;	/* SNAP_PUT; ordinal is ignored */
	const char *reason;		/* SNAP_PEND; SNAP_REFUSE: the destination's code */
	struct hash128 hash;		/* SNAP_REFUSE: of the record */
	uint64_t group;			/* SNAP_INTEND */
	const struct snap_intent *intents;
	size_t n_intents;		/* 0: the group is settled */
};

/* STATE/snapshots/SYNC/SEGMENT, made if missing. */
int snapshot_open(const char *state_dir, const char *sync, const char *segment, struct snapshot **ret,
		  struct ferry_error *err);
void snapshot_close(struct snapshot *s);

/* Durable when it returns 0. A failure ends the run: nothing after it may be acknowledged. */
int snapshot_commit(struct snapshot *s, const struct snap_op *ops, size_t n, struct ferry_error *err);

/* Grows with every commit that changed an entry or began to send: tells whether a plan still fits. */
int snapshot_generation(struct snapshot *s, uint64_t *ret, struct ferry_error *err);
/*
 * A short text kept with the snapshot ("key", "destination", ...). snapshot_note gives NULL when
 * there is none; the text is in the arena.
 */
int snapshot_note(struct snapshot *s, const char *name, struct arena *arena, const char **ret,
		  struct ferry_error *err);
int snapshot_set_note(struct snapshot *s, const char *name, const char *text, struct ferry_error *err);
/*
 * It was put back from a backup made at `since` (a text): what was delivered later it does not know. Its
 * note "restored" says so until snapshot_trust; plans made before fit no more.
 */
int snapshot_distrust(struct snapshot *s, const char *since, struct ferry_error *err);
int snapshot_trust(struct snapshot *s, struct ferry_error *err);
/* Forget all entries (not intents), to start over. */
int snapshot_clear(struct snapshot *s, struct ferry_error *err);
/*
 * How often in a row the destination has refused this very record, and with that code (NULL: any).
 * 0: not at all.
 */
int snapshot_refusals(struct snapshot *s, struct kv_bytes key, const struct hash128 *hash, const char *code,
		      int64_t *ret, struct ferry_error *err);
/* Rows that were refused and not delivered since. */
int snapshot_refused(struct snapshot *s, int64_t *ret, struct ferry_error *err);
/* Entries, rows with an intent, and pending keys. */
int snapshot_counts(struct snapshot *s, int64_t *entries, int64_t *intents, int64_t *pending, struct ferry_error *err);

/* ---- reading: one transaction; what it gives is valid until the reader is closed */

struct snap_reader;
int snap_reader_open(struct snapshot *s, struct snap_reader **ret, struct ferry_error *err);
void snap_reader_close(struct snap_reader *r);
/* 1 found, 0 absent, -1 error */
int snap_get(struct snap_reader *r, struct kv_bytes key, struct snap_entry *ret, struct ferry_error *err);
/* In key order: 1 an entry, 0 the end. The first call gives the first one. */
int snap_next(struct snap_reader *r, struct kv_bytes *key, struct snap_entry *ret, struct ferry_error *err);
/* Is there an intent for the key? 1, 0, -1 */
int snap_has_intent(struct snap_reader *r, struct kv_bytes key, struct ferry_error *err);

/*
 * Copy the first group of intents after group `after` (0: the first one) into the arena. *ret_n is 0
 * when there is none. A new group's number must be above all others: snapshot_last_group.
 */
int snapshot_intents(struct snapshot *s, uint64_t after, struct arena *arena, uint64_t *ret_group,
		     struct snap_intent **ret, size_t *ret_n, struct ferry_error *err);
int snapshot_last_group(struct snapshot *s, uint64_t *ret, struct ferry_error *err);
/* Copy up to max pending keys after key `after` (len 0: from the first) into the arena. */
int snapshot_pending(struct snapshot *s, struct kv_bytes after, size_t max, struct arena *arena,
		     struct kv_bytes **ret_keys, size_t *ret_n, struct ferry_error *err);

#endif
