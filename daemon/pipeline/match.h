/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.h - who is a new record over there? By the destination's own look-up, or, when that takes
 * fewer requests or the rules ask for more than its identifier, by its list of records.
 */
#ifndef FERRY_PIPELINE_MATCH_H
#define FERRY_PIPELINE_MATCH_H

#include "pipeline/segment.h"

/* Whether the match rules can be kept with this destination; and prepare them. */
int match_start(struct segment *seg, struct ferry_error *err);
void match_stop(struct segment *seg);

/* Whether the row's counterpart is to be sought. */
bool match_wants(const struct segment *seg, const struct row *row);
/* Find the counterparts of n rows of the batch: their tier, dest_id, what is there, hits. */
int match_rows(struct segment *seg, struct row **rows, size_t n, struct ferry_error *err);
/* After the last row: two keys that claim one record become conflicts. */
int match_claims(struct segment *seg, struct ferry_error *err);

#endif
