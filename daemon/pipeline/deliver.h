/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver.h - bringing one slice of actions to the destination through one handle: sending, sending
 * again what may be sent again, and narrowing a refused batch down to its bad rows. Knows nothing of
 * snapshots, plans or threads.
 */
#ifndef FERRY_PIPELINE_DELIVER_H
#define FERRY_PIPELINE_DELIVER_H

#include "base/error.h"

struct delivery {
	const struct ferry_connector *api;
	void *handle;
	const struct ferry_action *actions;	/* n, of one decision */
	struct ferry_outcome *outcomes;		/* n, zeroed; the result */
	size_t n;
	bool idempotent;			/* an action may be sent again while its outcome is not known */
	int retries;				/* repeats after a transient failure */
	/* Wait before repeat number `attempt`; -1 with CANCELLED when the run is ending. */
	int (*backoff)(void *ctx, int attempt, const struct ferry_error *why, struct ferry_error *err);
	void *ctx;
	int64_t requests, repeats;		/* calls of apply, and how many of them were repeats */
};

/*
 * 0: every outcome is DONE, DUPLICATE or REJECTED. -1: the destination cannot be written to now;
 * outcomes tell what is done, UNSENT what certainly was not, UNKNOWN what is in doubt.
 *
 * One bad row in a batch of n that is refused as a whole costs at most ceil(log2 n) + 1 further
 * calls: each step sends the first half of what must hold the bad row; when it passes, the bad row is
 * in the other half, which is not sent as such; when it is refused, the other half waits and goes out
 * with all others at the end.
 */
int deliver(struct delivery *d, struct ferry_error *err);

#endif
