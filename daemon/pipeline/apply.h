/* SPDX-License-Identifier: Apache-2.0 */
/* apply.h - what apply.c, which sends, and outcomes.c, which takes note, share. */
#ifndef FERRY_PIPELINE_APPLY_H
#define FERRY_PIPELINE_APPLY_H

#include "pipeline/lanes.h"

/* Slices given to the lanes together. It ends, and their memory with it, when the last one is back. */
struct dispatch {
	struct dispatch *next;
	uint64_t group;			/* number of their group of intents */
	struct slice *slices;
	int under_way;
	struct snap_intent *intents;	/* of all rows */
	bool *open;			/* by row: still in doubt */
	size_t n;
	struct snap_intent *left;	/* those, for the commit under way */
	bool touched;			/* since the last commit */
};

struct applying {
	struct segment *seg;
	struct plan_store *plan;
	const struct plan_header *header;
	struct lanes *lanes;
	int n_lanes, under_way, capacity;
	size_t slice_rows;
	uint64_t last_group;
	struct dispatch *dispatches;
	struct slice *idle;		/* to be used again: their memory is large */
	size_t held;			/* bytes of records in slices that are not idle */
	int64_t committed_us;		/* when the last commit was */

	/* reading the plan */
	size_t pass;
	int64_t left;			/* entries of this pass that are not read yet */
	struct buf after;		/* the key read last */

	struct slice *ready;			/* not given to a lane */
	struct slice **ready_tail;
	int n_ready;

	/* changes for the next commit; their memory is the page's or a dispatch's */
	struct snap_op *ops;
	size_t n_ops, cap_ops, op_bytes;
	struct plan_outcome *told;	/* room for a slice's outcomes */

	bool stopped;
	struct ferry_error err;			/* why it stopped */
};

/* A change for the next commit. */
struct snap_op *apply_op(struct applying *a, enum snap_op_kind kind, struct kv_bytes key);
/* The destination has that entry, with the flags SNAP_*. */
void apply_put(struct applying *a, const struct plan_entry *e, const char *dest_id, size_t id_len, uint32_t flags);
/* Nothing further is sent; the first reason counts. */
void apply_stop(struct applying *a, const struct ferry_error *why);
bool apply_is_windowed(const struct applying *a);
/* Not done in this run: a windowed source must be asked for it again. */
void apply_leave(struct applying *a, const struct plan_entry *e);
/* A slice is back: take note of all its outcomes. */
int apply_finish(struct applying *a, struct slice *s, struct ferry_error *err);

#endif
