/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.h - how well a sync is, as a number from 0 to 100 that says how it came about.
 *
 * Pure: the clock is an argument. Of 100 points 40 are for runs that complete, 20 each for rows that do
 * not fail more often than usual, for runs that do not take longer than usual, and for having run as late
 * as its schedule promises. The points are told in doc/health.md too.
 */
#ifndef FERRY_MODEL_HEALTH_H
#define FERRY_MODEL_HEALTH_H

#include "model/rollup.h"

enum health_part { HEALTH_SUCCESS, HEALTH_ERRORS, HEALTH_LATENCY, HEALTH_FRESHNESS, HEALTH_PARTS };
const char *health_part_name(enum health_part p);	/* "success", "error_trend", "latency", "freshness" */
int health_part_most(enum health_part p);

/* From 80, 60, 40 points on, below; unknown: no run has ended yet. */
enum health_band { HEALTH_UNKNOWN, HEALTH_CRITICAL, HEALTH_UNHEALTHY, HEALTH_DEGRADED, HEALTH_HEALTHY, HEALTH_BANDS };
const char *health_band_name(enum health_band b);
enum health_band health_band_of(int score);

enum { HEALTH_DAYS = 31 };

/* Times are microseconds since the epoch. */
struct health_facts {
	const struct rollup *days;	/* HEALTH_DAYS, the oldest first, the last one today */
	int64_t now;
	int64_t completed_at;		/* the end of the last run that completed; 0: none has */
	int64_t due_at;			/* when its schedule wanted the run after that one; 0: it runs on request only */
	int64_t gap_us;			/* and how much later another one */
	bool paused, under_way;
};

#define HEALTH_WHY 160
struct health {
	int score;			/* -1: unknown */
	enum health_band band;
	struct {
		int points;
		char why[HEALTH_WHY];
	} parts[HEALTH_PARTS];
	char why[HEALTH_WHY];		/* what has cost most */
};

void health_score(const struct health_facts *facts, struct health *ret);

#endif
