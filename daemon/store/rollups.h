/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollups.h - daily and hourly roll-ups in the journal, of each sync and of all together.
 *
 * Each run is counted once: with its end, in the same group. A journal from before there were roll-ups
 * has runs behind it; those are counted by and by, the newest first, and how far that has come is kept
 * in the same groups too. Days are kept for a year and a bit, hours for two days. All of it is UTC.
 */
#ifndef FERRY_STORE_ROLLUPS_H
#define FERRY_STORE_ROLLUPS_H

#include "model/rollup.h"
#include "store/journal.h"

enum rollup_span { ROLLUP_DAYS, ROLLUP_HOURS };
enum { ROLLUP_DAYS_KEPT = 400, ROLLUP_HOURS_KEPT = 50 };

/* A run that has ended. */
struct rollup_run {
	const char *sync;
	int64_t id, ended_at, now;
	struct rollup one;
};

/* Count it, unless it is among those behind the journal, whose turn comes. Pending until the commit. */
int rollups_add(struct journal *j, const struct rollup_run *run, struct ferry_error *err);

/* Runs with ids below this one are still to be counted; 0: none are. */
int64_t rollups_behind(const struct journal *j);
/* Count one of those. */
int rollups_add_behind(struct journal *j, const struct rollup_run *run, struct ferry_error *err);
/* All from this id on have been looked at. Pending, in one group with them. */
void rollups_set_behind(struct journal *j, int64_t id);

/*
 * n days or hours in a row, the oldest first; `last` is the number of the last one since the epoch.
 * sync NULL: of all. Where there is nothing they are zero. What is pending is not there yet.
 */
int rollups_read(struct journal *j, const char *sync, enum rollup_span span, int64_t last, size_t n,
		 struct rollup *ret, struct ferry_error *err);

#endif
