/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - time as numbers and as ISO 8601 text, always UTC.
 */
#ifndef FERRY_BASE_CLOCK_H
#define FERRY_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Microseconds since the epoch. */
int64_t clock_now(void);
/* Microseconds that only grow, for measuring spans. */
int64_t clock_mono(void);
/* Sleep; returns early when interrupted. */
void clock_sleep_ms(int64_t ms);

#define CLOCK_TEXT 40
/* "2026-01-31T10:00:00Z", with as many fraction digits (0, 3 or 6) as are needed. */
size_t clock_format(int64_t us, char out[CLOCK_TEXT]);
/*
 * Read ISO 8601 / SQL date-times: "2026-01-31", "2026-01-31T10:00", "...:00.123456Z", "+02:00",
 * a space for the T. No zone means UTC. False when it is not one; years 0001 to 9999.
 */
bool clock_parse(const char *s, size_t len, int64_t *ret_us);

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. */
int64_t clock_days_from_date(int64_t y, int m, int d);
void clock_date_from_days(int64_t days, int64_t *y, int *m, int *d);

#endif
