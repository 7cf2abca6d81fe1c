/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - what the daemon remembers: runs, their logs and row errors, the audit, small pieces of
 * state and, in problems.h, problems. One LMDB environment, STATE/journal, written by the supervisor alone.
 *
 * Writing is collected in memory, in order, and committed as a group: what is pending is neither
 * durable nor visible to the reading functions. Knows run documents as JSON text only.
 */
#ifndef FERRY_STORE_JOURNAL_H
#define FERRY_STORE_JOURNAL_H

#include "base/buf.h"
#include "base/error.h"
#include "model/run.h"

struct journal;

/* Opens STATE/journal, made if it is missing. */
int journal_open(const char *state_dir, struct journal **ret, struct ferry_error *err);
/* What is pending is dropped. */
void journal_close(struct journal *j);
/* Bytes in use, and what it may grow to before its map grows. */
void journal_size(const struct journal *j, int64_t *ret_used, int64_t *ret_map);
/* Clear readers of dead processes; once a minute is right. */
void journal_clear_stale(struct journal *j);

/* ------------------------------------------------------------------ writing */

/* A new run's id: from 1, increasing, never given twice once it was committed. */
int64_t journal_next_run(struct journal *j);

struct journal_run {
	int64_t id;
	const char *sync;
	enum run_status status;
	int64_t queued_at;		/* microseconds */
	const char *json;		/* the document, one JSON object */
	size_t len;
};

/* Put or replace a run's document. */
void journal_put_run(struct journal *j, const struct journal_run *run);
/* Take a run away with its logs and row errors. Its id is not given again. */
void journal_delete_run(struct journal *j, int64_t id);

enum journal_lines { JOURNAL_LOGS, JOURNAL_ERRORS };

/* How many lines of a kind a run has had, and how many of them are kept. */
struct journal_tally {
	int64_t max, stored, total;
};

/*
 * Add a line to a run's logs or row errors: `json` is a whole object, to which "seq" is put in
 * front. Beyond tally->max it is only counted. Returns its seq, from 1, or 0 when not stored.
 */
int64_t journal_add_line(struct journal *j, enum journal_lines which, int64_t run,
			 struct journal_tally *tally, const char *segment, const char *json, size_t len);

/* json: an object without "id", which is put in front. */
void journal_add_audit(struct journal *j, const char *json, size_t len);
/* json NULL: take it away. Keys are at most 400 bytes. */
void journal_put_state(struct journal *j, const char *key, const char *json, size_t len);

/* How much is pending: the count of changes; a mark to go back to. */
size_t journal_pending(const struct journal *j);
size_t journal_pending_bytes(const struct journal *j);
/* Forget all changes after that mark (ids given meanwhile stay given). */
void journal_rollback(struct journal *j, size_t mark);
/* All that is pending in one transaction. On failure it stays pending and can be tried again. */
int journal_commit(struct journal *j, struct ferry_error *err);

/* ------------------------------------------------------------------ reading */

/* Append a run's document; NOT_FOUND when there is none. */
int journal_run(struct journal *j, int64_t id, struct buf *out, struct ferry_error *err);

enum { JOURNAL_ANY = -1, JOURNAL_OPEN = -2 }; /* every status; queued or running */

struct journal_filter {
	const char *sync;		/* NULL: all */
	int status;			/* enum run_status or one of the above */
	int64_t from, to;		/* of queued_at, both inclusive; 0: open */
	int64_t below;			/* only ids below this one; 0: all */
};

/*
 * Ids of runs, newest first: skip some, then at most limit of them into ids. ret_total (of all that
 * pass the filter) may be NULL, which is cheaper.
 */
int journal_list(struct journal *j, const struct journal_filter *filter, int64_t skip,
		 int64_t limit,
		 int64_t *ids, size_t *ret_n, int64_t *ret_total, struct ferry_error *err);

/*
 * Append stored lines as comma-separated JSON objects, oldest first: those of `segment` (NULL: all)
 * with a seq above `after`; skip some, then at most limit. ret_total counts them without the paging.
 */
int journal_lines(struct journal *j, enum journal_lines which, int64_t run, const char *segment,
		  int64_t after, int64_t skip, int64_t limit, struct buf *items, int64_t *ret_total,
		  struct ferry_error *err);

/* A run's row errors of one key as it was shown (and one segment; NULL: any), oldest first. */
int journal_errors_of(struct journal *j, int64_t run, const char *segment, const char *key, int64_t limit,
		      struct buf *items, struct ferry_error *err);

struct journal_audit_filter {
	const char *actor;		/* part of who it was; NULL: all */
	const char *action;		/* NULL: all */
	int64_t from, to;		/* both inclusive; 0: open */
	int64_t before;			/* only ids below this one; 0: all */
};
/*
 * The audit, paged like lines, newest first. With a filter only so many entries are looked at: *ret_next
 * is the `before` to go on with, 0 when that was all, and *ret_total what was found among them.
 */
int journal_audit(struct journal *j, const struct journal_audit_filter *of, int64_t skip, int64_t limit,
		  struct buf *items, int64_t *ret_total, int64_t *ret_next, struct ferry_error *err);

/* Append a piece of state; NOT_FOUND when there is none. */
int journal_state(struct journal *j, const char *key, struct buf *out, struct ferry_error *err);

#endif
