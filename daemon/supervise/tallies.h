/* SPDX-License-Identifier: Apache-2.0 */
/* tallies.h - names and how often: decisions, reasons, groups of problems. Small enough to be searched. */
#ifndef FERRY_SUPERVISE_TALLIES_H
#define FERRY_SUPERVISE_TALLIES_H

#include "base/buf.h"
#include "base/error.h"
#include "wire/json.h"

struct tally {
	char *name;
	int64_t n;
};

struct tallies {
	struct tally *items;
	size_t n;
};

void tallies_release(struct tallies *t);
void tallies_add(struct tallies *t, const char *name, int64_t n);
/* Add all of another one. */
void tallies_sum(struct tallies *t, const struct tallies *more);

/* {"name":n,...} */
void tallies_json(const struct tallies *t, const char *key, struct buf *out);
/* [{"code":name,"count":n},...]: the `most` largest, the largest first; equal ones as they came. */
void tallies_top_json(const struct tallies *t, size_t most, const char *key, struct buf *out);
/* Replace by a member of that shape, if it is there; PROTOCOL when it is something else. */
int tallies_take(struct tallies *t, json_node *node, const char *name, struct ferry_error *err);

#endif
