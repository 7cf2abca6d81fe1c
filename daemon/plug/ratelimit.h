/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ratelimit.h - one connection's rate limit, shared by all threads of all workers through a small
 * mapped file. Lock-free: one 64-bit number, the generic cell rate algorithm's "theoretical arrival
 * time", moved by compare-and-swap; a process that dies holds nothing.
 */
#ifndef FERRY_PLUG_RATELIMIT_H
#define FERRY_PLUG_RATELIMIT_H

#include "base/error.h"

struct ratelimit;

/* dir NULL: private to this process. requests_per_second 0: never waits. */
int ratelimit_open(const char *dir, const char *name, double requests_per_second, int burst,
		   struct ratelimit **ret, struct ferry_error *err);
void ratelimit_close(struct ratelimit *r);
/* Take one turn; microseconds the caller must wait before it (0: go). */
int64_t ratelimit_take(struct ratelimit *r);
/* The other side said to stay away for so long: nobody's turn comes before. */
void ratelimit_hold(struct ratelimit *r, int64_t ms);

#endif
