/* SPDX-License-Identifier: Apache-2.0 */
/* job.h - the line a worker is given at first. */
#ifndef FERRY_SUPERVISE_JOB_H
#define FERRY_SUPERVISE_JOB_H

#include "base/buf.h"
#include "conf/conf.h"

/* Where things are; all absolute or as the caller wants them shown. */
struct supervise_paths {
	const char *config_dir, *state_dir, *plugin_dir, *worker;
};

struct job {
	const char *action;		/* "run", "promote", "check", "connectors", "test", "notify", "backup" */
	int64_t run, promote_run;
	const char *sync;
	const char *connection;		/* of a test; NULL */
	bool preview, verify, full, override_guard, extract_only;
	int64_t limit;
	int64_t memory_limit;
	const char *dir, *version;	/* of a backup; NULL */
	int64_t generation;
	const char *messages_json;	/* of notify: a list; NULL: none */
	const char *open_json, *rulings_json; /* lists, as in run.h; NULL: none */
};

void job_json(const struct job *job, const struct supervise_paths *paths,
	      const struct generation *gen, struct buf *out);

#endif
