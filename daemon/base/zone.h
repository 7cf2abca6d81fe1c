/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h - time zones by their IANA names: how far a zone's clocks are from UTC at any moment.
 *
 * Reads the machine's time zone files itself: the C library knows one zone for the whole process only.
 */
#ifndef FERRY_BASE_ZONE_H
#define FERRY_BASE_ZONE_H

#include "base/arena.h"
#include "base/error.h"

struct zone;				/* never changed once made; lives in its arena. NULL is UTC */

/* "Europe/Berlin". NOT_FOUND when the machine has no such zone, DATA when its file is none. */
int zone_load(struct arena *arena, const char *name, const struct zone **ret, struct ferry_error *err);
/* The same from a file's bytes (RFC 8536). */
int zone_parse(struct arena *arena, const void *data, size_t len, const struct zone **ret,
	       struct ferry_error *err);

/* A stretch of time in which clocks are not changed. Seconds since the epoch, end not included. */
struct zone_span {
	int64_t begin, end;		/* INT64_MIN, INT64_MAX: open */
	int64_t offset;			/* seconds east of UTC */
};
/* The one that holds this moment. */
struct zone_span zone_span(const struct zone *z, int64_t secs);

#endif
