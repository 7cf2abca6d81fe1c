/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trends.h - how a sync's last days compare with the days before: which way rows, errors and durations
 * go, and which days stand out.
 *
 * Pure. What is usual is the median of days, and how far days commonly lie from it their median
 * distance (MAD), so that a day which was odd itself does not shift what counts as usual.
 */
#ifndef FERRY_MODEL_TRENDS_H
#define FERRY_MODEL_TRENDS_H

#include "model/rollup.h"

enum { TREND_RECENT = 7, TREND_BEFORE = 28 };
/* So many days, the last of them today, are looked at. */
enum { TREND_DAYS = TREND_RECENT + TREND_BEFORE + 1 };
/* With fewer days of data before it, nothing is said of a day. */
enum { TREND_BEFORE_LEAST = 5 };

/* Per run that completed: rows; parts per million of all rows; milliseconds. */
enum trend_metric { TREND_ROWS, TREND_ERROR_RATE, TREND_DURATION, TREND_METRICS };
const char *trend_metric_name(enum trend_metric m);

/* A day's value; -1 when it has none. */
int64_t trend_value(const struct rollup *day, enum trend_metric m);
/*
 * The median of the values of up to `most` days before days[i] that have one; *ret_n how many. ret_mad may
 * be NULL. most is at most TREND_BEFORE.
 */
int64_t trend_usual(const struct rollup *days, size_t i, enum trend_metric m, size_t most, size_t *ret_n,
		    int64_t *ret_mad);

enum trend_way { TREND_UNKNOWN, TREND_STEADY, TREND_RISING, TREND_FALLING };
const char *trend_way_name(enum trend_way w);

/* The median of the last days and of those before; -1: there is none. */
struct trend {
	enum trend_way way;
	int64_t recent, before;
};

/* A day that stands out. */
struct trend_finding {
	enum trend_metric metric;
	bool spike;			/* else a drop */
	size_t day;			/* index */
	int64_t value, usual;
};

struct trends {
	struct trend of[TREND_METRICS];
	struct trend_finding findings[TREND_METRICS * (TREND_RECENT + 1)];	/* the newest first */
	size_t n_findings;
};

/* days: TREND_DAYS of them, the oldest first, the last one today. */
void trends_find(const struct rollup *days, struct trends *ret);

/* "12,300 rows a run", "2.50 % of rows failed", "3.20 s" */
void trend_value_text(enum trend_metric m, int64_t value, struct buf *out);
/* A date from a number of days since the epoch: "2026-01-31" */
void trend_day_text(int64_t day, struct buf *out);

#endif
