/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.c - doubles as exact decimal text and back, and times as text. Knows nothing of SQLite.
 */
#include "sqlite/sqlite.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 0.d1d2d3... times ten to the power of point; no zero at either end of the digits. */
struct decimal {
	bool negative;
	char digits[REAL_TEXT];
	size_t n;			/* 0: the number is zero */
	int point;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "-12.50", "1.5e-07": false when it is no number, or too long. */
static bool parse(const char *s, size_t len, struct decimal *d)
{
	const char *end = s + len;
	bool after_point = false, any = false;
	int exponent = 0;

	*d = (struct decimal){.negative = len && *s == '-'};
	if (len && (*s == '-' || *s == '+'))
		s++;
	for (; s < end && (is_digit(*s) || (*s == '.' && !after_point)); s++) {
		if (*s == '.') {
			after_point = true;
			continue;
		}
		any = true;
		if (d->n || *s != '0') {
			if (d->n == sizeof d->digits)
				return false;
			d->digits[d->n++] = *s;
			d->point += !after_point;
		} else {
			d->point -= after_point;
		}
	}
	if (s < end && (*s == 'e' || *s == 'E')) {
		bool minus = ++s < end && *s == '-';
		if (s < end && (*s == '-' || *s == '+'))
			s++;
		any = any && s < end;
		for (; s < end && is_digit(*s) && exponent < 100000; s++)
			exponent = exponent * 10 + (*s - '0');
		d->point += minus ? -exponent : exponent;
	}
	while (d->n && d->digits[d->n - 1] == '0')
		d->n--;
	if (!d->n)
		*d = (struct decimal){0};
	return any && s == end;
}

static size_t write_plain(const struct decimal *d, char out[REAL_TEXT])
{
	int n = (int)d->n;
	int zeros = d->point < 0 ? -d->point : 0;	/* between point and first digit */
	int whole = d->point > 0 ? d->point : 0;
	char *p = out;

	if (!n)
		return (size_t)snprintf(out, REAL_TEXT, "0");
	if (zeros + whole + n + 4 > REAL_TEXT)
		return 0;
	if (d->negative)
		*p++ = '-';
	if (!whole)
		*p++ = '0';
	for (int i = 0; i < whole; i++)
		*p++ = i < n ? d->digits[i] : '0';
	if (n > whole) {
		*p++ = '.';
		memset(p, '0', (size_t)zeros);
		memcpy(p + zeros, d->digits + whole, (size_t)(n - whole));
		p += zeros + n - whole;
	}
	*p = '\0';
	return (size_t)(p - out);
}

/* y * scale, when that is a whole number of at most 15 digits which gives y back; else 0. */
static inline uint64_t scaled_up(double y, double scale)
{
	double scaled = y * scale;

	if (!(scaled < 1e15))
		return 0;
	int64_t whole = (int64_t)scaled;	/* cheaper than to unsigned */
	return (double)whole == scaled && scaled / scale == y ? (uint64_t)whole : 0;
}

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

/* Write whole / 10^places without zeros at the end. */
static size_t write_scaled(bool negative, uint64_t whole, int places, char *out)
{
	char digits[40], *end = digits + 20, *p = end;

	for (; places && whole % 10 == 0; places--)
		whole /= 10;
	for (; whole >= 100; whole /= 100)
		memcpy(p -= 2, pairs + 2 * (whole % 100), 2);
	if (whole >= 10)
		memcpy(p -= 2, pairs + 2 * whole, 2);
	else
		*--p = (char)('0' + whole);
	while (end - p <= places)
		*--p = '0';
	*out = '-';
	char *q = out + negative;
	size_t len = (size_t)(end - p), before = len - (size_t)places;
	memcpy(q, p, 16);			/* 15 digits at most: their number need not be known */
	if (places) {
		memcpy(q + before + 1, p + before, 16);
		q[before] = '.';
		len++;
	}
	q[len] = '\0';
	return (size_t)(q - out) + len;
}

/*
 * Numbers with few digits after the point, as amounts have, without printf: x is y / scale, both
 * exact, and a division is rounded correctly, so that text reads back as x. Fewer than 16 digits
 * tell all doubles apart, so it is also the shortest. Two digits are tried first: most have them.
 */
static size_t few_digits(double x, char out[REAL_TEXT])
{
	static const double scales[] = {1e2, 1e0, 1e1, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
	static const signed char places[] = {2, 0, 1, 3, 4, 5, 6, 7, 8, 9};
	double y = fabs(x);

	if (y == 0)
		return (size_t)(stpcpy(out, "0") - out);
	for (size_t i = 0; i < sizeof places; i++) {
		uint64_t whole = scaled_up(y, scales[i]);
		if (whole)
			return write_scaled(x < 0, whole, places[i], out);
	}
	return 0;
}

size_t real_text(double x, char out[REAL_TEXT])
{
	char text[REAL_TEXT];
	struct decimal d;

	if (!isfinite(x))
		return 0;
	size_t len = few_digits(x, out);
	if (len)
		return len;
	/* whole numbers in full, so that they sort among 64-bit integers by their value */
	if (fabs(x) < 9223372036854775808.0 && x == (double)(int64_t)x)
		return (size_t)snprintf(out, REAL_TEXT, "%.0f", x);
	for (int precision = 14; precision <= 16; precision++) {
		snprintf(text, sizeof text, "%.*e", precision, x);
		if (strtod(text, NULL) == x)
			break;
	}
	parse(text, strlen(text), &d);
	return write_plain(&d, out);
}

size_t integer_text(int64_t i, char out[INTEGER_TEXT])
{
	char digits[INTEGER_TEXT], *end = digits + sizeof digits, *p = end;
	uint64_t rest = i < 0 ? -(uint64_t)i : (uint64_t)i;

	*--p = '\0';
	for (; rest >= 100; rest /= 100)
		memcpy(p -= 2, pairs + 2 * (rest % 100), 2);
	if (rest >= 10)
		memcpy(p -= 2, pairs + 2 * rest, 2);
	else
		*--p = (char)('0' + rest);
	if (i < 0)
		*--p = '-';
	memcpy(out, p, (size_t)(end - p));
	return (size_t)(end - p) - 1;
}

bool integer_from_text(const char *s, size_t len, int64_t *ret)
{
	char text[32], *end;

	if (!len || len >= sizeof text || !(is_digit(*s) || *s == '-'))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	errno = 0;
	*ret = strtoll(text, &end, 10);
	return end == text + len && errno == 0;
}

bool real_from_text(const char *s, size_t len, double *ret, bool *exact)
{
	char text[REAL_TEXT];
	struct decimal given, kept;

	if (len >= sizeof text || !parse(s, len, &given))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	*ret = strtod(text, NULL);
	len = real_text(*ret, text);
	*exact = len && parse(text, len, &kept) && given.negative == kept.negative &&
		 given.point == kept.point && given.n == kept.n &&
		 memcmp(given.digits, kept.digits, kept.n) == 0;
	return true;
}

size_t time_text(int64_t us, char out[TIME_TEXT])
{
	int64_t fraction = us % 1000000;
	struct tm tm;

	if (fraction < 0)
		fraction += 1000000;
	time_t seconds = (time_t)((us - fraction) / 1000000);
	gmtime_r(&seconds, &tm);
	int n = snprintf(out, TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900,
			 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (fraction)
		n += snprintf(out + n, TIME_TEXT - (size_t)n, ".%06d", (int)fraction);
	n += snprintf(out + n, TIME_TEXT - (size_t)n, "Z");
	return (size_t)n;
}
