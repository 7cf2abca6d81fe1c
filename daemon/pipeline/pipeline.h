/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.h - running a sync, in a worker. Knows nothing of schedules, queues or the journal.
 */
#ifndef FERRY_PIPELINE_PIPELINE_H
#define FERRY_PIPELINE_PIPELINE_H

#include "model/decision.h"
#include "model/run.h"
#include "model/sync.h"
#include "wire/kv.h"

struct report;

/* A key that has an open problem. */
struct open_def {
	const char *segment;
	struct kv_bytes form;		/* key form */
};

/* What a person has said of a key. */
struct ruling_def {
	const char *segment;
	struct kv_bytes form;
	enum ruling ruling;
	bool retry;			/* send it again, whatever has become of it so far */
	const char *dest_id;		/* RULING_LINK */
};

struct pipeline_options {
	const char *state_dir, *plugins_dir;
	int64_t run;
	bool preview, verify, full;
	int64_t promote_run;		/* apply this run's plan; 0: make one */
	bool override_guard;		/* a person has seen what a guard stopped, and wants it */
	bool extract_only;		/* store raw records, at most `limit` (0: all), and do nothing else */
	int64_t limit;
	const struct open_def *open;
	size_t n_open;
	const struct ruling_def *rulings;
	size_t n_rulings;
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
