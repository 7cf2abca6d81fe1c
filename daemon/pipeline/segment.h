/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment.h - one segment's way through a run: what its stages share. Private to the pipeline.
 *
 * A batch passes the stages one after the other; nothing of it is kept but what goes into the plan.
 */
#ifndef FERRY_PIPELINE_SEGMENT_H
#define FERRY_PIPELINE_SEGMENT_H

#include <string.h>

#include "model/decision.h"
#include "model/sync.h"
#include "model/value.h"
#include "pipeline/fingerprints.h"
#include "pipeline/pipeline.h"
#include "pipeline/problems.h"
#include "pipeline/report.h"
#include "plug/plug.h"
#include "store/plan_store.h"
#include "store/snapshot.h"
#include "wire/expr.h"

enum { BATCH_ROWS = 512, KEY_PARTS_MAX = 16, REASONS_MAX = 64, DEFINITION_TEXT = 40 };

enum row_state {
	ROW_RECORD,			/* a valid record: key, bytes and hash are there */
	ROW_SKIPPED,			/* a skip rule took it; reason is there */
	ROW_KEY_ONLY,			/* invalid, but its key says that it exists */
	ROW_NONE,			/* invalid without a key, or filtered */
};

/* One row on its way. Offsets are into the batch's bytes. */
struct row {
	enum row_state state;
	const char *reason;
	bool final;			/* ROW_SKIPPED: for good */
	size_t key, key_len, record, record_len;
	bool has_hash, has_fingerprint;
	struct hash128 hash;
	uint64_t fingerprint;
	enum change change;
	enum ferry_tier tier;
	enum drift drift;
	enum ruling ruling;
	bool same_there, in_doubt, quarantined;
	bool linked;			/* its record has the name it has over there */
	struct snap_entry known;	/* change is not CHANGE_NEW; memory of the snapshot's reader */
	/* from matching, in the batch's arena */
	const char *dest_id;
	const void *there;		/* the destination's record */
	size_t there_len;
	const struct plan_hit *hits;	/* what a rule found, several when it is ambiguous */
	size_t n_hits;
	size_t mapped, mapped_len;	/* linked: the record as the map makes it */
};

/* Most rows are unchanged, and need no more of it than that; what is known is set when it is known. */
static inline void row_clear(struct row *row)
{
	memset(row, 0, offsetof(struct row, known));
	row->known.flags = 0;
	row->state = ROW_NONE;
	row->dest_id = NULL;
	row->there = NULL;
	row->n_hits = 0;
}

struct batch {
	struct row rows[BATCH_ROWS];
	size_t n;
	struct buf bytes;
	struct arena arena;
};

enum { MATCH_RULES_MAX = 101 };	/* those of the configuration, and the identifier */

struct match_rule {
	enum ferry_tier tier;
	size_t first, n;		/* its expressions */
};

struct match {
	struct expr_set *exprs;		/* over the destination's fields */
	size_t n_exprs;
	struct ferry_value *outs;
	struct match_rule *rules;	/* the identifier first, where there is one */
	size_t n_rules;
	bool own_rules;			/* that a look-up cannot answer */
	bool listed, too_long;		/* the list has been read; was given up */
	int64_t candidates, looked_up, lookup_requests, listed_rows, list_requests, claims;
};

struct segment {
	const struct generation *generation;
	const struct sync_def *sync;
	const struct segment_def *def;
	const struct pipeline_options *options;
	struct report *report;
	size_t index;
	struct arena arena;		/* lives as long as the segment runs */

	struct plug *source_plug, *dest_plug;
	struct plug_handle *source, *dest;
	struct ferry_layout layout;
	const char *const *key_columns;	/* source columns that make the key, ends with NULL; NULL: expressions */
	const char *const *destination_keys; /* fields the key is mapped to; NULL unless each part is as it is */
	bool *ignored;			/* fields whose difference is no change */
	bool any_ignored;
	bool *sensitive;		/* fields whose values are not shown */
	uint32_t layout_id;
	struct snapshot *snapshot;
	struct snap_reader *reader;
	struct plan_store *plan;
	char definition[DEFINITION_TEXT];		/* hash of the definition, as hex */
	const char *destination_id;	/* text that tells one destination from another */
	const char *key_text;		/* the key expressions as text */
	bool reset;			/* start the snapshot over: its key or destination changed */
	int64_t intents_left;		/* rows in doubt that could not be settled */
	/*
	 * The snapshot was put back from a backup made then (a text): what was delivered later it does not
	 * know. NULL: it can be believed. distrust: flags that each of its entries has on top of its own.
	 */
	const char *restored;
	uint32_t distrust;
	int64_t restored_left;		/* new rows that may be there already, held back */

	/* extract */
	bool ordered, started, truncated;
	const char *truncation_reason, *page_kind;
	int64_t pages, bytes;
	size_t n_columns;
	struct expr_set *exprs;		/* key parts, then map, where, skip rules, reject rules */
	size_t at_map, at_where, at_skip, at_reject, n_exprs;
	bool plain;			/* the destination takes any value */
	bool straight;			/* plain, and the map is columns as they stand, from that one on */
	int straight_from, key_column;
	struct ferry_value *outs;	/* results of all expressions for one row */
	struct batch batch;

	/* reconcile: the merge's place, or the rows seen */
	struct kv_bytes at_key;
	struct snap_entry at_entry;
	bool at_end, at_valid;
	struct kv_bytes previous;	/* key of the row before, in the batch or in last_key */
	struct buf last_key;
	struct fingerprints *fingerprints; /* of the snapshot; NULL: each row is looked up */
	int name_field;			/* see FERRY_CAP_NAMED; -1: there is none */
	int64_t special;		/* entries without a fingerprint */
	uint64_t *seen;
	size_t seen_words;
	struct match match;
	bool keep_known;		/* unchanged rows, too, are looked at more closely */

	struct statistics *statistics;	/* NULL: none are asked for, or it did not come so far */
	int64_t refused;		/* rows refused in earlier runs and not delivered since */
	struct problems problems;
	int64_t *check_rows;		/* rows each check has given; NULL: none was run */

	struct counters counters;
	int64_t decisions[FERRY_DECISIONS];
	struct plan_reason reasons[REASONS_MAX];
	size_t n_reasons;
	int64_t tiers[4];

	enum stage stage;		/* the one at work, for messages and failures */
	int64_t spent_us[STAGES];
	int64_t stage_started_us;
	int64_t snapshot_rows;		/* entries at the start */
	int64_t last_progress_us;
	enum stage told;			/* in the last progress */
};

/* ---- stages, in order. Each returns 0, or -1 with *err filled and seg->stage naming the one at fault */

int stage_validate_setup(struct segment *seg, struct ferry_error *err);
/* Settle what earlier runs left in doubt. Reads the destination; part of validate_setup. */
int settle_intents(struct segment *seg, struct ferry_error *err);
/* Streams the source through canonicalize, reconcile and decide into the plan. */
int stage_extract(struct segment *seg, struct ferry_error *err);
/* Fill the tables that expressions can join; part of extract. */
int lookups_load(struct segment *seg, struct ferry_error *err);
int canonicalize_prepare(struct segment *seg, const struct ferry_column *columns, size_t n, struct ferry_error *err);
int canonicalize_batch(struct segment *seg, const struct ferry_value *values, size_t n_rows, struct ferry_error *err);
int reconcile_start(struct segment *seg, struct ferry_error *err);
int reconcile_batch(struct segment *seg, struct ferry_error *err);
/* After the last batch: what the snapshot has and the source has not. */
int reconcile_rest(struct segment *seg, struct ferry_error *err);
void reconcile_stop(struct segment *seg);
int decide_batch(struct segment *seg, struct ferry_error *err);
int decide_gone(struct segment *seg, struct kv_bytes key, const struct snap_entry *entry, struct ferry_error *err);
void decide_duplicate(void *ctx, const struct plan_entry *entry);
/* Between decide and apply: the limits that stop a run. */
int check_guards(const struct segment *seg, const struct plan_header *h, struct ferry_error *err);
/* A segment of checks has these two stages only, and so has a run that only extracts. */
int checks_validate(struct segment *seg, struct ferry_error *err);
int checks_run(struct segment *seg, struct ferry_error *err);
int raw_validate(struct segment *seg, struct ferry_error *err);
int raw_extract(struct segment *seg, struct ferry_error *err);
int stage_apply(struct segment *seg, struct plan_store *plan, const struct plan_header *h, struct ferry_error *err);

/* ---- small things shared */

/* Two records are alike to the destination, ignored fields left out. */
bool segment_alike(const struct segment *seg, const struct ferry_value *a, const struct ferry_value *b);
/* Tells records of one map's fields from those of another. */
uint32_t segment_layout_id(const struct map_def *map, size_t n);
bool segment_wants_missing(const struct segment *seg);
void segment_count_reason(struct segment *seg, const char *code, int64_t n);
/* Count a decision that is in the plan, and take one back. */
void segment_count(struct segment *seg, enum ferry_decision d, const char *reason);
void segment_uncount(struct segment *seg, const struct plan_entry *e);
/* Count a record as invalid and report it. raw may be NULL. */
void segment_invalid(struct segment *seg, const char *key, const char *code, const char *field,
		     const char *message, const struct ferry_value *raw);
/* Tell the supervisor how far things are, at most five times a second; also the sign of life. */
void segment_progress(struct segment *seg);
/* The hash that tells whether the record has changed. */
struct hash128 segment_hash(const struct segment *seg, const struct ferry_value *fields,
			    const void *record, size_t len);
/* The hash of a segment's definition, as hex. */
void segment_definition(const struct generation *g, const struct segment_def *def, char out[DEFINITION_TEXT]);
/* Two values the same for people: by their text, since a destination may give another type back. */
bool values_alike(const struct ferry_value *a, const struct ferry_value *b);
struct plug_watch segment_watch(struct segment *seg);

#endif
