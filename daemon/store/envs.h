/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envs.h - the environments of a state folder as a whole: which there are, and whether each of their
 * records can be read. Knows nothing of what stands in them.
 */
#ifndef FERRY_STORE_ENVS_H
#define FERRY_STORE_ENVS_H

#include "base/error.h"

/*
 * Call fn with each one's path below the folder: "journal", "plans/RUN", and last
 * "snapshots/SYNC/SEGMENT": an order that backups rely on. It ends with what fn returns when that is not 0.
 */
int envs_each(const char *state_dir, int (*fn)(void *ctx, const char *env, struct ferry_error *err), void *ctx,
	      struct ferry_error *err);
/* Whether the path is one of those; from anybody. */
bool envs_is_one(const char *env);
/* The newest format of that kind this ferry knows; 0: it knows no such kind. */
uint32_t envs_version(const char *kind);

struct envs_verdict {
	int64_t environments, records, damaged;
};
/*
 * Read every record of every environment, each in a process of its own, since damaged pages may end
 * it. tell is called for each damaged record with a whole sentence. alone: nobody else has them open.
 */
int envs_verify(const char *state_dir, bool alone, void (*tell)(void *ctx, const char *env, const char *what),
		void *ctx, struct envs_verdict *ret, struct ferry_error *err);

#endif
