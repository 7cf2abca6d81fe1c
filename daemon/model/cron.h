/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cron.h - five fields that say at which minutes of the wall clock something happens.
 *
 * Pure: the clock and the time zone are arguments.
 *
 * Where clocks are changed it does as Debian's cron. A pattern for certain hours has each of its times
 * once: what falls into the hour left out happens once, right after it; what falls into the hour that
 * comes twice happens the first time. A pattern for every hour just follows the clock on the wall.
 */
#ifndef FERRY_MODEL_CRON_H
#define FERRY_MODEL_CRON_H

#include "base/zone.h"

struct cron {
	uint64_t minutes;		/* bit n: minute n; so are the others */
	uint32_t hours, days;
	uint16_t months;
	uint8_t weekdays;		/* bit 0: Sunday */
	bool any_day, any_weekday;	/* the field began with a star */
};

/*
 * "minute hour day month weekday": numbers, names (jan, mon), lists, ranges, steps, stars; or @hourly,
 * @daily, @weekly, @monthly, @yearly. CONFIG says what is wrong, also when no date ever fits. When both
 * day and weekday are given, either is enough.
 */
int cron_parse(const char *text, struct cron *ret, struct ferry_error *err);

/* The first moment after this one (both in seconds since the epoch); INT64_MAX: there is none. */
int64_t cron_next(const struct cron *c, const struct zone *zone, int64_t after);

/* The longest time from one moment to the next, in seconds; changes of clocks left aside. */
int64_t cron_longest_gap(const struct cron *c);

#endif
