/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.h - the threads of apply. Each has its own connector handle and takes one slice at a time;
 * outcomes come back to the pipeline's thread, which alone writes them down.
 */
#ifndef FERRY_PIPELINE_LANES_H
#define FERRY_PIPELINE_LANES_H

#include "pipeline/segment.h"

/* A slice of the plan: actions of one decision, and all memory they stand in. */
struct slice {
	struct slice *next, *sibling;
	struct dispatch *dispatch;	/* apply's own: what it was sent with */
	size_t at;			/* its first row's place in that */
	struct arena arena;
	enum ferry_decision decision;
	struct plan_entry *entries;
	struct ferry_action *actions;
	struct ferry_outcome *outcomes;
	size_t n, cap;
	size_t bytes;			/* of its records */
	int rc;				/* 0, or -1 with err: see deliver.h */
	struct ferry_error err;
	int64_t requests, repeats;
};

struct slice *slice_new(size_t cap);
/* Empty it, to be used again. */
void slice_reset(struct slice *s, enum ferry_decision decision);
void slice_free(struct slice *s);
/* Make the actions of its entries, whose memory is the slice's own. */
void slice_prepare(struct slice *s, const struct segment *seg);

struct lanes;

/* n threads for the segment's destination; handles are opened by the threads. */
int lanes_open(struct segment *seg, int n, struct lanes **ret, struct ferry_error *err);
/* Slices under way end first. */
void lanes_close(struct lanes *l);
void lanes_give(struct lanes *l, struct slice *s);
/* A finished slice; NULL when there is none, at once or after having waited for one up to 200 ms. */
struct slice *lanes_take(struct lanes *l, bool wait);
/* No further slices are begun: those not yet begun come back unsent. */
void lanes_stop(struct lanes *l);

#endif
