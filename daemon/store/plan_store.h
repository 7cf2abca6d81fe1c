/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_store.h - the plan of a run: per segment, in key order, what was decided for each record that
 * is not simply unchanged. Written by that run's worker before anything is sent; read by it in apply
 * and in a promotion, and by the supervisor to show it.
 */
#ifndef FERRY_STORE_PLAN_STORE_H
#define FERRY_STORE_PLAN_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/run.h"
#include "wire/hash.h"
#include "wire/kv.h"

struct plan_store;

enum {
	PLAN_ADOPT = 1 << 0,		/* nothing to send: the destination has it already, note it */
	PLAN_FINAL = 1 << 1,		/* a skip for good: a windowed source is not asked for it again */
	PLAN_INVALID = 1 << 2,		/* a record counted as invalid, shown as a skip */
	PLAN_MAYBE = 1 << 3,		/* whether the destination has it at all is not known */
	PLAN_LINKED = 1 << 5,		/* it has another name there than the map gives it */
	PLAN_FORGET = 1 << 4,		/* a skip: its record over there belongs to another key from now on */
};

struct plan_entry {
	struct kv_bytes key;		/* key form */
	enum ferry_decision decision;
	enum ferry_tier tier;
	uint32_t flags;
	const char *reason;
	const char *dest_id;
	size_t dest_id_len;
	struct hash128 hash;
	const void *record, *before;	/* record form; NULL when not known */
	size_t record_len, before_len;
};

struct plan_reason {
	const char *code;
	int64_t n;
};

/* What a segment's plan was made from, and what it found. */
struct plan_header {
	const char *segment;
	const char *definition;		/* hash of the definition, as hex */
	uint64_t generation;		/* of the snapshot */
	bool full, reset;		/* made with --full; starts the snapshot over */
	bool truncated;			/* deletes and disables are not to be done */
	size_t key_parts;
	const char *const *names;	/* of the fields, in record order */
	const bool *sensitive;		/* of each field: to be masked */
	size_t n_names;
	struct counters counters;	/* as found by the planning stages; planned is set */
	int64_t decisions[FERRY_DECISIONS];
	int64_t entries[FERRY_DECISIONS];	/* set by plan_end: what there is to be read */
	const struct plan_reason *reasons;
	size_t n_reasons;
	const char *const *codes;	/* set when read: reasons by the number entries have */
	size_t n_codes;
	bool guarded;			/* a guard stopped it: nothing of it was sent */
	bool preview;			/* made to be looked at: nothing of it was sent */
};

/* ---- writing */

int plan_create(const char *state_dir, int64_t run, struct plan_store **ret, struct ferry_error *err);
void plan_close(struct plan_store *p);

/*
 * Start a segment's part; index is its place in the sync. ordered: entries mostly come in key order.
 * duplicate is told of an entry whose key the plan has already: it was not added.
 */
void plan_begin(struct plan_store *p, size_t index, bool ordered,
		void (*duplicate)(void *ctx, const struct plan_entry *e), void *ctx);
/* Copied; written in groups. */
int plan_add(struct plan_store *p, const struct plan_entry *e, struct ferry_error *err);
/* Write what is left and then the header: only now is the part complete. */
int plan_end(struct plan_store *p, const struct plan_header *h, struct ferry_error *err);
/* Write what is left, so that the duplicates among it are known. */
int plan_flush(struct plan_store *p, struct ferry_error *err);

/*
 * Give an entry of the part being written the decision and reason of `to`, and its flags besides, if it
 * has a decision of `which` (1u << d; of skips, adopted ones only). 1 and the old decision, reason and
 * flags in *ret_was; 0 when there is none.
 */
int plan_amend(struct plan_store *p, struct kv_bytes form, uint32_t which, const struct plan_entry *to,
	       struct plan_entry *ret_was, struct ferry_error *err);

/* ---- matching: the destination's own records, and which keys claim which of them, while planning */

/*
 * A record of the part being written: keys[i] is the hash of what rule i compares, has[i] whether it
 * has one. Everything is copied.
 */
int plan_there_add(struct plan_store *p, const char *dest_id, const void *record, size_t len,
		   const struct hash128 *keys, const bool *has, size_t n_rules, struct ferry_error *err);
/* The listing is complete, or given up: with `keep` it can be searched, else it is forgotten. */
int plan_there_done(struct plan_store *p, bool keep, struct ferry_error *err);

struct plan_hit {
	const char *dest_id;
	const void *record;
	size_t record_len;
};
/* The records that have this key by that rule, at most max, in the arena. */
int plan_there_find(struct plan_store *p, size_t rule, const struct hash128 *key, struct arena *arena,
		    struct plan_hit *ret, size_t max, size_t *ret_n, struct ferry_error *err);

/* The key is to be linked with that record. */
int plan_claim(struct plan_store *p, const char *dest_id, size_t id_len, struct kv_bytes form, struct ferry_error *err);
/* All claims are made: now the two below can be asked. */
int plan_claims_done(struct plan_store *p, struct ferry_error *err);
/* Tell fn of each claim to the record but that of `form`. It must not write to the plan. */
int plan_claims_of(struct plan_store *p, struct kv_bytes dest_id, struct kv_bytes form,
		   void (*fn)(void *ctx, struct kv_bytes dest_id, struct kv_bytes form), void *ctx, struct ferry_error *err);
/* The same for all claims, record by record. */
int plan_claims_each(struct plan_store *p, void (*fn)(void *ctx, struct kv_bytes dest_id, struct kv_bytes form),
		     void *ctx, struct ferry_error *err);

/* ---- what became of it: written while it is applied, by the run that applies it */

struct plan_outcome {
	struct kv_bytes key;
	enum ferry_ack ack;
	const char *code, *message;	/* "" for nothing */
	const char *dest_id;
	size_t dest_id_len;
};

/*
 * n entries of one decision, in key order, as they stand one after the other in the plan. Copied;
 * written in groups and at plan_settle: for people, so a crash may lose the last ones.
 */
int plan_add_outcomes(struct plan_store *p, size_t index, enum ferry_decision d,
		      const struct plan_outcome *outcomes, size_t n, struct ferry_error *err);
int plan_settle(struct plan_store *p, struct ferry_error *err);

/* ---- records as a source gave them, of a run that does nothing but extract */

/* json: one object. Written in groups and at plan_settle. */
int plan_add_raw(struct plan_store *p, const char *segment, const char *json, size_t len, struct ferry_error *err);
/* One page of them, as JSON objects {"segment","n","record"}; segment NULL: of all. */
int plan_raw_page(struct plan_store *p, const char *segment, int64_t skip, int64_t limit,
		  int64_t *ret_total, struct buf *json_items, struct ferry_error *err);

/* Remove a run's plan, if there is one. Nobody may have it open. */
void plan_remove(const char *state_dir, int64_t run);

/* ---- reading */

/* NOT_FOUND when there is no plan. */
int plan_open_read(const char *state_dir, int64_t run, struct plan_store **ret, struct ferry_error *err);
/* The same for the worker that carries it out and adds what became of it. */
int plan_open(const char *state_dir, int64_t run, struct plan_store **ret, struct ferry_error *err);
/* The header of a segment's part, in the arena. NOT_FOUND when it is missing or not complete. */
int plan_header(struct plan_store *p, size_t index, struct arena *arena, struct plan_header *ret,
		struct ferry_error *err);
/*
 * Copy up to max entries of these decisions (1u << FERRY_CREATE and so on) after key `after` (len 0:
 * from the first) into the arena; fewer when they are large, none only at the end. A truncated part's deletes and
 * disables are skips.
 */
int plan_read(struct plan_store *p, size_t index, const struct plan_header *h, uint32_t decisions,
	      struct kv_bytes after, size_t max, struct arena *arena, struct plan_entry *ret, size_t *ret_n, struct ferry_error *err);
/*
 * One page for people, appended to json_items as JSON objects separated by commas: segment, key,
 * decision, tier, reason, dest_id, fields [{name, before, after, changed}], and once it was applied
 * outcome {ack, code, message, dest_id}. Filters: segment name or NULL, decision or -1, key text or
 * NULL. *ret_total: how many the filter takes.
 */
int plan_page(struct plan_store *p, const char *segment, int decision, const char *key, int64_t skip,
	      int64_t limit, int64_t *ret_total, struct buf *json_items, struct ferry_error *err);

#endif
