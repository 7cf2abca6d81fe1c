/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.h - running a sync, in a worker. Knows nothing of schedules, queues or the journal.
 */
#ifndef FERRY_PIPELINE_PIPELINE_H
#define FERRY_PIPELINE_PIPELINE_H

#include "model/run.h"
#include "model/sync.h"

struct report;

struct pipeline_options {
	const char *state_dir, *plugins_dir;
	int64_t run;
	bool preview, verify, full;
	int64_t promote_run;		/* apply this run's plan; 0: make one */
};

/* Run all segments and report; the "done" line is the caller's. */
struct pipeline_result {
	enum run_status status;
	struct ferry_error error;	/* code OK unless failed or cancelled */
	int64_t phase_ms[4];		/* query, change detection, destination writes, finalization */
};

void pipeline_run(const struct generation *g, const struct sync_def *sync,
		  const struct pipeline_options *options, struct report *report,
		  struct pipeline_result *ret);

#endif
