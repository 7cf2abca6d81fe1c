/* SPDX-License-Identifier: Apache-2.0 */
/* once.h - ferryd --once: one run in the foreground, for cron, CI and containers. */
#ifndef FERRY_ONCE_H
#define FERRY_ONCE_H

#include "supervise/supervise.h"

struct once {
	const char *sync;
	bool preview, verify, full;
	int64_t promote;		/* carry out this run's plan; 0: none */
};

/* The exit status: 0 completed or preview ready, 2 completed with row errors, 1 failed. */
int once_run(struct loop *loop, struct supervisor *s, const struct once *once);

#endif
