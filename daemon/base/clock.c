/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - time as numbers and as text. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_mono(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void clock_sleep_ms(int64_t ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
	if (ms > 0)
		nanosleep(&ts, NULL);
}

/* By eras of 400 years that start in March. */
int64_t clock_days_from_date(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void clock_date_from_days(int64_t days, int64_t *y, int *m, int *d)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = yoe + era * 400 + (*m <= 2);
}

size_t clock_format(int64_t us, char out[CLOCK_TEXT])
{
	int64_t secs = us / 1000000, frac = us % 1000000, y;
	int m, d;

	if (frac < 0) {
		frac += 1000000;
		secs--;
	}
	int64_t days = secs / 86400, rest = secs % 86400;
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	clock_date_from_days(days, &y, &m, &d);
	int n = snprintf(out, CLOCK_TEXT, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)y, m, d,
			 (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
	if (frac % 1000)
		n += snprintf(out + n, CLOCK_TEXT - (size_t)n, ".%06d", (int)frac);
	else if (frac)
		n += snprintf(out + n, CLOCK_TEXT - (size_t)n, ".%03d", (int)(frac / 1000));
	n += snprintf(out + n, CLOCK_TEXT - (size_t)n, "Z");
	return (size_t)n;
}

/* Exactly `digits` digits at *p. */
static bool number(const char **p, const char *end, int digits, int *ret)
{
	int v = 0;

	if (end - *p < digits)
		return false;
	for (int i = 0; i < digits; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (**p - '0');
	}
	*ret = v;
	return true;
}

static bool literal(const char **p, const char *end, char c)
{
	if (*p >= end || **p != c)
		return false;
	(*p)++;
	return true;
}

static bool zone(const char **p, const char *end, int64_t *ret_secs)
{
	int h, m = 0;

	*ret_secs = 0;
	if (*p == end || literal(p, end, 'Z') || literal(p, end, 'z'))
		return true;
	if (**p != '+' && **p != '-')
		return false;
	int sign = *(*p)++ == '-' ? -1 : 1;
	if (!number(p, end, 2, &h))
		return false;
	if (*p < end && (literal(p, end, ':'), !number(p, end, 2, &m)))
		return false;
	*ret_secs = sign * (h * 3600 + m * 60);
	return h < 24 && m < 60;
}

static bool time_of_day(const char **p, const char *end, int64_t *ret_us)
{
	int h, m, s = 0;
	int64_t frac = 0;

	if (!number(p, end, 2, &h) || !literal(p, end, ':') || !number(p, end, 2, &m))
		return false;
	if (literal(p, end, ':') && !number(p, end, 2, &s))
		return false;
	if (literal(p, end, '.')) {
		int64_t unit = 100000;
		const char *start = *p;
		for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
			frac += (**p - '0') * unit;
		if (*p == start)
			return false;
	}
	*ret_us = ((int64_t)h * 3600 + m * 60 + s) * 1000000 + frac;
	return h < 24 && m < 60 && s <= 60;
}

bool clock_parse(const char *s, size_t len, int64_t *ret_us)
{
	static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const char *p = s, *end = s + len;
	int y, m, d;
	int64_t day_us = 0, off = 0;

	if (!number(&p, end, 4, &y) || !literal(&p, end, '-') || !number(&p, end, 2, &m) ||
	    !literal(&p, end, '-') || !number(&p, end, 2, &d))
		return false;
	if (y < 1 || m < 1 || m > 12 || d < 1 || d > month_days[m - 1] ||
	    (m == 2 && d == 29 && (y % 4 || (y % 100 == 0 && y % 400))))
		return false;
	if (p < end) {
		if (!literal(&p, end, 'T') && !literal(&p, end, 't') && !literal(&p, end, ' '))
			return false;
		if (!time_of_day(&p, end, &day_us) || !zone(&p, end, &off) || p != end)
			return false;
	}
	*ret_us = clock_days_from_date(y, m, d) * 86400000000 + day_us - off * 1000000;
	return true;
}
