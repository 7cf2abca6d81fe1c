/* SPDX-License-Identifier: Apache-2.0 */
/* statistics.h - the numbers a segment's `statistics:` asks for. Private to the pipeline. */
#ifndef FERRY_PIPELINE_STATISTICS_H
#define FERRY_PIPELINE_STATISTICS_H

#include "pipeline/segment.h"

/* Once the layout is there. Without `statistics:` the others do nothing. */
int statistics_start(struct segment *seg, struct ferry_error *err);
void statistics_stop(struct segment *seg);
/* Count what the plan, which is complete, would do: for a preview. */
int statistics_plan(struct segment *seg, struct ferry_error *err);
/* A record was acknowledged. */
void statistics_done(struct segment *seg, enum ferry_decision d, const struct ferry_value *fields);
/* {"title", "counts": {...}}; empty for a segment that did not run or asks for none. */
void statistics_json(const struct segment *seg, struct buf *out);

#endif
