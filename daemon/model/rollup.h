/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollup.h - what the runs that ended within an hour or a day come to, of one sync or of all.
 *
 * Knows neither runs' documents nor where roll-ups are kept.
 */
#ifndef FERRY_MODEL_ROLLUP_H
#define FERRY_MODEL_ROLLUP_H

#include "base/buf.h"

#define ROLLUP_HOUR ((int64_t)3600 * 1000000)
#define ROLLUP_DAY (24 * ROLLUP_HOUR)

/*
 * Previews and runs that only extract are counted, and have no part in anything else. Rows are those of
 * all other runs, times those of runs that completed. Spans are milliseconds.
 */
struct rollup {
	int64_t completed, with_errors, failed, cancelled, previews, extracts;	/* completed: without any */
	int64_t processed, created, updated, deleted, disabled, rows_failed, skipped, unchanged;
	int64_t completed_rows;		/* processed by runs that completed */
	int64_t ms, ms_min, ms_max;
	int64_t started, waited_ms, waited_max;	/* runs that had a worker, and how long they had waited */
	int64_t problems;		/* opened */
};

/* All members in the order in which they are kept: only ever added to. */
struct rollup_member {
	size_t offset;
	enum { ROLLUP_SUM, ROLLUP_LEAST, ROLLUP_MOST } how;
};
enum { ROLLUP_MEMBERS = 22 };
extern const struct rollup_member rollup_members[ROLLUP_MEMBERS];

void rollup_add(struct rollup *sum, const struct rollup *one);

/* Runs that completed, with errors or without; and all that came to an end of their own. */
int64_t rollup_done(const struct rollup *r);
int64_t rollup_tried(const struct rollup *r);

/* Parts per million, and milliseconds; -1 when there was nothing to tell it from. */
int64_t rollup_success_rate(const struct rollup *r);
int64_t rollup_error_rate(const struct rollup *r);
int64_t rollup_mean_ms(const struct rollup *r);

/* Members of an object that is open. */
void rollup_json(const struct rollup *r, struct buf *out);
/* Parts per million as a fraction of one; below zero: null. */
void rate_json(const char *key, int64_t ppm, struct buf *out);
/* Milliseconds as seconds; below zero: null. */
void seconds_json(const char *key, int64_t ms, struct buf *out);

#endif
