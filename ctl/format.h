/* SPDX-License-Identifier: Apache-2.0 */
/* format.h - numbers, spans and points in time as people read them. */
#ifndef FERRY_CTL_FORMAT_H
#define FERRY_CTL_FORMAT_H

#include "base/buf.h"

/* 12,345 */
void format_count(struct buf *out, int64_t n);
/* "12 ms", "2.1 s", "42 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"; negative counts as zero */
void format_span(struct buf *out, double seconds);
/* At most six columns, for narrow cells: "12ms", "2.1s", "3m20s", "2h05m", "3d4h" */
void format_span_short(struct buf *out, double seconds);
/*
 * Relative to now, both microseconds since the epoch: "just now", "42 s ago", "3 min ago",
 * "5 h ago", "in 12 min"; the local date and time when it is two days away or more.
 */
void format_moment(struct buf *out, int64_t at, int64_t now);
/* "2026-01-31 10:00:00" in local time */
void format_local(struct buf *out, int64_t at);
/* "1 row", "2,000 rows" */
void format_plural(struct buf *out, int64_t n, const char *one, const char *many);

#endif
