/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - a short-lived worker that is asked something only connectors know: whether a
 * configuration is right ("check"), what connectors there are ("connectors"), whether a connection works ("test").
 */
#ifndef FERRY_SUPERVISE_PROBE_H
#define FERRY_SUPERVISE_PROBE_H

#include "supervise/job.h"
#include "wire/loop.h"

struct probe;

struct probe_result {
	int rc;				/* -1: no answer, err says why */
	struct ferry_error err;
	struct conf_mistakes mistakes;	/* check */
	struct buf items;		/* connectors; test: what it said; comma-separated JSON objects */
};

typedef void probe_end_fn(void *ctx, struct probe_result *result);

/*
 * end is called once, unless probe_free comes first; the result is borrowed, and the probe is gone
 * when end has returned. gen is borrowed for the call. connection: of a test, else NULL.
 */
int probe_start(struct loop *loop, const char *action, const char *connection, const struct supervise_paths *paths, const struct generation *gen, probe_end_fn *end, void *ctx, struct probe **ret,
		struct ferry_error *err);
/* The same for a job that needs more said, and its own time. */
int probe_start_job(struct loop *loop, const struct job *job, int64_t time_ms, const struct supervise_paths *paths,
		    const struct generation *gen, probe_end_fn *end, void *ctx, struct probe **ret,
		    struct ferry_error *err);
void probe_free(struct probe *p);

#endif
