/* SPDX-License-Identifier: Apache-2.0 */
/* meter.h - what a sync's runs have done since the daemon began, for monitoring: numbers that only grow. */
#ifndef FERRY_SUPERVISE_METER_H
#define FERRY_SUPERVISE_METER_H

#include "model/run.h"

struct run_doc;

enum { METER_BUCKETS = 6 };
extern const int64_t meter_bounds_ms[METER_BUCKETS];	/* what lasted longer than the last one is in none */

struct meter {
	int64_t runs[RUN_STATUSES];	/* that have ended so */
	struct counters rows;		/* of runs that write: no previews */
	int64_t started;		/* of those that have ended; their durations: */
	int64_t ms, buckets[METER_BUCKETS];	/* each run in the smallest that holds it */
	int64_t memory_peak;		/* of the last run's worker, in bytes; 0: it did not say */
};

/* Count a run that has ended; *meter is made when it is NULL. */
void meter_run(struct meter **meter, const struct run_doc *run);

#endif
