/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention.h - taking old things out of the journal, a part at a time. Knows nothing of rules: what
 * is old, and what must stay, the caller says.
 *
 * What shall go is put into the pending group, like any change. A run goes from its end: first its
 * lines, the last ones first, and when none is left the run itself. So whatever dies in between, what
 * is left is a run with a shorter log, which goes the next time. Between two parts of the same run or
 * table the group must be committed: what is pending is not seen here.
 */
#ifndef FERRY_STORE_RETENTION_H
#define FERRY_STORE_RETENTION_H

#include "store/journal.h"

/* What one transaction may take: a delete changes pages, and changed pages are private memory. */
struct retention_budget {
	int64_t items, bytes;		/* what is left; at or below 0: no more of it */
};

/* A run as its index has it. */
struct retention_mark {
	int64_t id, queued_at;
	enum run_status status;
};

/* Up to max runs of a sync with ids below `below`, the newest first. */
int retention_marks(struct journal *j, const char *sync, int64_t below, size_t max,
		    struct retention_mark *marks, size_t *ret_n, struct ferry_error *err);
/* The name of the next sync that has runs, after `after` ("" for the first): 1, 0 at the end, -1. */
int retention_next_sync(struct journal *j, const char *after, struct buf *ret, struct ferry_error *err);
/* Is there such a run? 1, 0, -1 */
int retention_has_run(struct journal *j, int64_t id, struct ferry_error *err);
/* How many lines of a kind a run has; -1. */
int64_t retention_lines(struct journal *j, enum journal_lines which, int64_t run, struct ferry_error *err);

/* Take away the last lines of a run; *ret_n is how many. 1: none is left, 0: some are, -1. */
int retention_drop_lines(struct journal *j, enum journal_lines which, int64_t run,
			 struct retention_budget *budget, int64_t *ret_n, struct ferry_error *err);

/* Where a walk through the oldest has come to; zero to begin with. */
struct retention_place {
	uint8_t key[16];
	size_t len;
	int64_t counted;		/* what was only counted is still there */
};
/*
 * Entries of the audit from before that time, the oldest first; the newest of all stays. dry: only
 * count them. *ret_n: how many now. 1: there are no more, 0: there may be, -1.
 */
int retention_drop_audit(struct journal *j, int64_t before, bool dry, struct retention_place *place,
			 struct retention_budget *budget, int64_t *ret_n, struct ferry_error *err);
/* The same of problems that were closed before that time, or beyond `keep` of them. */
int retention_drop_problems(struct journal *j, int64_t before, int64_t keep, bool dry, struct retention_place *place,
			    struct retention_budget *budget, int64_t *ret_n, struct ferry_error *err);

#endif
