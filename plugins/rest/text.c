/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - comparing and cutting texts, integers and times as text. No I/O, no memory. */
#include "rest/rest.h"

#include <stdio.h>
#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool rest_equal_nocase(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len)
		return false;
	for (size_t i = 0; i < a_len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

void rest_lower(char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s[i] = lower(s[i]);
}

/* Bytes of the UTF-8 character at s, 0 when it is none. */
static size_t character(const char *s, size_t len)
{
	unsigned char c = (unsigned char)s[0];
	size_t n = 1;

	if (c >= 0x80)
		n = c < 0xc2 || c >= 0xf5 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

void rest_fit(char *out, size_t size, const char *s, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len;) {
		size_t n = character(s + i, len - i);
		unsigned char c = (unsigned char)s[i];
		if (to + (n ? n : 1) >= size)
			break;
		if (!n) {
			out[to++] = '?';
			i++;
		} else if (n == 1) {
			out[to++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
			i++;
		} else {
			memcpy(out + to, s + i, n);
			to += n;
			i += n;
		}
	}
	out[to] = '\0';
}

bool rest_read_int(const char *s, size_t len, int64_t *ret)
{
	bool negative = len && s[0] == '-';
	size_t i = len && (s[0] == '-' || s[0] == '+');
	int64_t v = 0;

	if (i == len)
		return false;
	for (; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		/* counted downwards, where there is room for one more */
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, s[i] - '0', &v))
			return false;
	}
	if (!negative && v == INT64_MIN)
		return false;
	*ret = negative ? v : -v;
	return true;
}

bool rest_decimal_text(const char *s, size_t len)
{
	size_t i = len && (s[0] == '-' || s[0] == '+'), count = 0, dots = 0;

	for (; i < len; i++) {
		if (s[i] == '.')
			dots++;
		else if (s[i] >= '0' && s[i] <= '9')
			count++;
		else
			return false;
	}
	return count && dots < 2;
}

/* -------------------------------------------------------------------- times */

/* Days since 1970-01-01 of a proleptic Gregorian date, by eras of 400 years that start in March. */
static int64_t days_from_date(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void date_from_days(int64_t days, int64_t *y, int *m, int *d)
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

size_t rest_time_format(int64_t us, int digits, bool zone, char out[REST_TIME])
{
	int64_t secs = us / 1000000, frac = us % 1000000, y;
	int m, d, n;

	if (frac < 0) {
		frac += 1000000;
		secs--;
	}
	if (digits < 0)
		digits = !frac ? 0 : frac % 1000 ? 6 : 3;
	int64_t days = secs / 86400, rest = secs % 86400;
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	date_from_days(days, &y, &m, &d);
	n = snprintf(out, REST_TIME, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)y, m, d,
		     (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
	if (digits)
		n += snprintf(out + n, REST_TIME - (size_t)n, ".%0*d", digits,
			      (int)(digits == 3 ? frac / 1000 : frac));
	if (zone)
		n += snprintf(out + n, REST_TIME - (size_t)n, "Z");
	return (size_t)n;
}

struct scan {
	const char *p, *end;
};

static bool digits(struct scan *s, int n, int *ret)
{
	*ret = 0;
	if (s->end - s->p < n)
		return false;
	for (int i = 0; i < n; i++, s->p++) {
		if (*s->p < '0' || *s->p > '9')
			return false;
		*ret = *ret * 10 + (*s->p - '0');
	}
	return true;
}

static bool one_of(struct scan *s, const char *set)
{
	if (s->p == s->end || !*s->p || !strchr(set, *s->p))
		return false;
	s->p++;
	return true;
}

static bool scan_date(struct scan *s, int64_t *ret_days)
{
	static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y, m, d;

	if (!digits(s, 4, &y) || !one_of(s, "-") || !digits(s, 2, &m) || !one_of(s, "-") ||
	    !digits(s, 2, &d))
		return false;
	if (y < 1 || m < 1 || m > 12 || d < 1 || d > month_days[m - 1] ||
	    (m == 2 && d == 29 && (y % 4 || (y % 100 == 0 && y % 400))))
		return false;
	*ret_days = days_from_date(y, m, d);
	return true;
}

static bool scan_clock(struct scan *s, int64_t *ret_us)
{
	int h, m, sec = 0;
	int64_t frac = 0;

	if (!digits(s, 2, &h) || !one_of(s, ":") || !digits(s, 2, &m))
		return false;
	if (one_of(s, ":") && !digits(s, 2, &sec))
		return false;
	if (one_of(s, ".")) {
		int64_t unit = 100000;
		const char *start = s->p;
		for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++, unit /= 10)
			frac += (*s->p - '0') * unit;
		if (s->p == start)
			return false;
	}
	*ret_us = ((int64_t)h * 3600 + m * 60 + sec) * 1000000 + frac;
	return h < 24 && m < 60 && sec <= 60;
}

static bool scan_zone(struct scan *s, int64_t *ret_us)
{
	int h, m = 0;

	*ret_us = 0;
	if (s->p == s->end || one_of(s, "Zz"))
		return true;
	int sign = *s->p == '-' ? -1 : 1;
	if (!one_of(s, "+-") || !digits(s, 2, &h))
		return false;
	if (s->p < s->end) {
		one_of(s, ":");
		if (!digits(s, 2, &m))
			return false;
	}
	*ret_us = sign * ((int64_t)h * 3600 + m * 60) * 1000000;
	return h < 24 && m < 60;
}

bool rest_time_parse(const char *text, size_t len, int64_t *ret_us)
{
	struct scan s = {text, text + len};
	int64_t days, clock = 0, zone = 0;

	if (!scan_date(&s, &days))
		return false;
	if (s.p < s.end && (!one_of(&s, "Tt ") || !scan_clock(&s, &clock) || !scan_zone(&s, &zone)))
		return false;
	if (s.p != s.end)
		return false;
	*ret_us = days * 86400000000 + clock - zone;
	return true;
}
