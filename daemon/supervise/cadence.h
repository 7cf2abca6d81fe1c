/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cadence.h - how often an adaptive schedule runs: active, idle or dormant, by what its runs find.
 *
 * Pure: the clock is an argument. Times are microseconds since the epoch.
 */
#ifndef FERRY_SUPERVISE_CADENCE_H
#define FERRY_SUPERVISE_CADENCE_H

#include <stdbool.h>

#include "model/sync.h"

/* A pin lasts from one hour to two weeks. */
enum { CADENCE_PIN_HOURS_MAX = 336 };

struct cadence {
	enum cadence_tier tier;		/* as evaluated; a pin leaves it alone */
	int quiet;			/* evaluations in a row that found nothing, since the last change of tier */
	int64_t active_at;		/* when something happened last */
	enum cadence_tier pin_tier;
	int64_t pinned_until;		/* 0: not pinned */
};

/* Where every adaptive schedule begins. */
struct cadence cadence_first(int64_t now);

bool cadence_is_pinned(const struct cadence *c, int64_t now);
/* The tier in force: the pin's, or its own. */
enum cadence_tier cadence_tier_now(const struct cadence *c, int64_t now);

/* What a run has found, by which the tier is decided. */
struct cadence_look {
	enum { LOOK_QUIET, LOOK_ACTIVITY, LOOK_FAILED } found;
	const char *what;		/* "3 rows written": put into the reason */
};

struct cadence_step {
	enum cadence_tier from, to;
	bool pinned;			/* nothing was evaluated */
	char reason[200];
};

/*
 * Activity: active, at once. Quiet: one tier down after demote_after of them in a row, to dormant only
 * when nothing has happened for the quiet time too. A failure changes and counts nothing.
 */
void cadence_evaluate(const struct adaptive_def *def, const struct cadence_look *look, int64_t now,
		      struct cadence *c, struct cadence_step *ret);

#endif
