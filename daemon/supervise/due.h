/* SPDX-License-Identifier: Apache-2.0 */
/*
 * due.h - when a sync is to run next, and why: by its schedule and by what is remembered of its runs.
 *
 * Pure: the clock is an argument. Times are microseconds since the epoch.
 *
 * Nothing is lost and nothing is stacked: what came due while no run could start is one run, at once.
 */
#ifndef FERRY_SUPERVISE_DUE_H
#define FERRY_SUPERVISE_DUE_H

#include "base/buf.h"
#include "supervise/cadence.h"

/* What is remembered of a sync, across restarts. Previews and runs that only extract leave no trace. */
struct due_memory {
	char *schedule;			/* for which this holds, as schedule_text has it */
	int64_t covered;		/* moments of cron, and ends of the sync followed, up to here are done with */
	int64_t ended;			/* the last run's end; 0: there was none */
	int64_t completed;		/* that of the last one that completed: what others follow; 0 */
	bool broken;			/* the last run was ended by the daemon's own end */
	struct cadence cadence;
	char *paused_by;		/* NULL: it is not paused */
	int64_t paused_at;
	int64_t retry_of, retry_at;	/* a failed run that will be tried again; 0: none */
	int retries;			/* of the same failure so far */
	bool retry_verify, retry_full;
};

void due_memory_release(struct due_memory *m);
void due_memory_json(const struct due_memory *m, struct buf *out);
/* What due_memory_json wrote. */
int due_memory_read(const char *json, size_t len, struct due_memory *ret, struct ferry_error *err);

/* "every 15m", "cron 0 3 * * * in Europe/Berlin", "adaptive 15m, 1h, 0 3 * * 0", "after x", "manual" */
void schedule_text(const struct schedule_def *s, struct buf *out);

/* ---- what happens to it */

/* The schedule in force is this one from now on; a changed one has missed nothing. */
void due_adopt(struct due_memory *m, const struct schedule_def *s, int64_t now);
struct due_start {
	int64_t now, jitter;
	int64_t followed;		/* end of the last run of the sync it follows; 0 */
	bool by_retry;			/* it is one that due_next asked for as a retry */
};
/* A run begins that will write. */
void due_started(struct due_memory *m, const struct due_start *start);

struct due_end {
	int64_t run, now;
	bool completed, broken;
	bool transient;			/* it failed for a reason that may go by */
	bool verify, full;
};
void due_ended(struct due_memory *m, const struct retry_def *retry, const struct due_end *end);
/* What was missed until now is not made up for. */
void due_skip(struct due_memory *m, int64_t jitter, int64_t now);

/* ---- what follows from it */

enum due_why {
	DUE_MANUAL, DUE_PAUSED, DUE_WAITS,	/* not by itself; not before the other sync has completed */
	DUE_FIRST, DUE_BROKEN, DUE_SPAN, DUE_SLOT, DUE_FOLLOWS, DUE_RETRY
};

struct due {
	int64_t at;			/* may have passed; 0: not known, or never */
	enum due_why why;
};

/* How late the sync's runs are, always the same for its name. */
int64_t due_jitter(const struct sync_def *def);
/*
 * other_completed: due_memory's of the sync it follows, if it does. Puts right in memory what a clock
 * that was set back made of it.
 */
void due_next(struct due_memory *m, const struct sync_def *def, int64_t other_completed, int64_t now,
	      struct due *ret);
/* The reason in words. */
void due_text(const struct due_memory *m, const struct sync_def *def, const struct due *due, int64_t now,
	      struct buf *out);

#endif
