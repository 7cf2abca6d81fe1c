/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota.h - so many a minute for each name, in a fixed piece of memory: for what strangers could make
 * without end. Names that fall on the same slot share it, so the bound holds for any number of them.
 */
#ifndef FERRY_BASE_QUOTA_H
#define FERRY_BASE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#define QUOTA_SLOTS 64

struct quota {
	struct quota_slot {
		int64_t since;		/* when its minute began */
		int64_t n, refused;
	} slots[QUOTA_SLOTS];
};

/*
 * One more for that name, now in microseconds of any clock that grows. False when it has had `max` in
 * its minute. *ret_refused (may be NULL): how many were refused in the minute before, told once.
 */
bool quota_take(struct quota *q, const char *name, int64_t max, int64_t now, int64_t *ret_refused);

#endif
