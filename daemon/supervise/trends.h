/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trends.h - how syncs have done: roll-ups, health and trends, read from the journal when asked.
 *
 * Nothing of it is kept in memory. What is pending in the journal's group is not there yet.
 */
#ifndef FERRY_SUPERVISE_TRENDS_H
#define FERRY_SUPERVISE_TRENDS_H

#include "model/health.h"
#include "model/trends.h"
#include "supervise/supervise.h"

/* 24 hours are the one under way and the 24 before it; days are those of UTC, with the one under way. */
enum supervise_span { SPAN_24H, SPAN_7D, SPAN_30D, SPANS };
struct supervise_totals {
	struct {
		int64_t since;
		struct rollup sum;
	} of[SPANS];
	bool partial;			/* older runs are still being counted */
};
/* sync NULL: all together. */
int supervise_totals(struct supervisor *s, const char *sync, struct supervise_totals *ret, struct ferry_error *err);

/* The last n days, the oldest first; *ret_today is the number of the last one since the epoch. */
int supervise_days(struct supervisor *s, const char *sync, size_t n, struct rollup *ret, int64_t *ret_today,
		   struct ferry_error *err);

int supervise_health(struct supervisor *s, const struct supervise_sync *sync, struct health *ret,
		     struct ferry_error *err);

/* Syncs that their schedule wanted to be queued two minutes ago, and that are not. */
struct supervise_overdue {
	size_t syncs;
	const char *first;		/* one of them; NULL */
	int64_t silent_ms;		/* since schedules were looked at, which is done each minute at least */
};
void supervise_overdue(const struct supervisor *s, struct supervise_overdue *ret);

#endif
