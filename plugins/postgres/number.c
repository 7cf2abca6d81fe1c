/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.c - numbers as exact decimal text: PostgreSQL's base-10000 digits, and doubles in the
 * shortest text that reads back. No printf for numbers as people have them. Knows nothing of
 * PostgreSQL but the form in which it sends a numeric.
 */
#include "postgres/postgres.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 wide;

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
	"49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
	"9899";

/* The digits of u, ending at `end`; returns where they begin. */
static char *digits_before(char *end, uint64_t u)
{
	for (; u >= 100; u /= 100)
		memcpy(end -= 2, pairs + u % 100 * 2, 2);
	if (u >= 10)
		memcpy(end -= 2, pairs + u * 2, 2);
	else
		*--end = (char)('0' + u);
	return end;
}

size_t integer_text(int64_t i, char out[INTEGER_TEXT])
{
	char digits[INTEGER_TEXT], *end = digits + sizeof digits;
	char *p = digits_before(end, i < 0 ? -(uint64_t)i : (uint64_t)i);

	if (i < 0)
		*--p = '-';
	memcpy(out, p, (size_t)(end - p));
	return (size_t)(end - p);
}

/* ------------------------------------------------------------------ numeric */

static char *four(char *to, unsigned group)
{
	memcpy(to, pairs + group / 100 * 2, 2);
	memcpy(to + 2, pairs + group % 100 * 2, 2);
	return to + 4;
}

static unsigned group_at(const uint8_t *groups, int n, int i)
{
	return i >= 0 && i < n ? (unsigned)groups[2 * i] << 8 | groups[2 * i + 1] : 0;
}

/* Digits behind the point: group `first` is the one right after it. */
static char *fraction(char *to, const uint8_t *groups, int n, int first, int scale)
{
	char last[4];
	int i = first;

	*to++ = '.';
	for (; scale >= 4; scale -= 4)
		to = four(to, group_at(groups, n, i++));
	four(last, group_at(groups, n, i));
	memcpy(to, last, (size_t)scale);
	return to + scale;
}

size_t numeric_room(const uint8_t *p, size_t len)
{
	if (len < 8)
		return 0;
	int weight = (int16_t)(p[2] << 8 | p[3]);
	int scale = p[6] << 8 | p[7];
	return (size_t)(weight < 0 ? 1 : 4 * (weight + 1)) + (size_t)scale + 16;
}

enum number_status numeric_text(const uint8_t *p, size_t len, char *out, size_t *ret_len)
{
	enum { POSITIVE = 0, NEGATIVE = 0x4000, NAN_SIGN = 0xc000, PLUS_INF = 0xd000, MINUS_INF = 0xf000 };

	if (len < 8)
		return NUMBER_MALFORMED;
	int n = p[0] << 8 | p[1], weight = (int16_t)(p[2] << 8 | p[3]);
	int sign = p[4] << 8 | p[5], scale = p[6] << 8 | p[7];
	const uint8_t *groups = p + 8;
	const char *name = sign == NAN_SIGN ? "NaN" : sign == PLUS_INF ? "Infinity" :
			   sign == MINUS_INF ? "-Infinity" : NULL;

	if (name) {
		memcpy(out, name, *ret_len = strlen(name));
		return sign == MINUS_INF ? NUMBER_MINUS_INFINITY : NUMBER_NOT_FINITE;
	}
	if ((size_t)n * 2 + 8 != len || scale > 0x3fff || (sign != POSITIVE && sign != NEGATIVE))
		return NUMBER_MALFORMED;
	for (int i = 0; i < n; i++)
		if (group_at(groups, n, i) > 9999)
			return NUMBER_MALFORMED;
	char *to = out, first[4];
	if (sign == NEGATIVE)
		*to++ = '-';
	if (weight < 0) {
		*to++ = '0';
	} else {
		unsigned g = group_at(groups, n, 0);
		int skip = g >= 1000 ? 0 : g >= 100 ? 1 : g >= 10 ? 2 : 3;
		four(first, g);
		memcpy(to, first + skip, (size_t)(4 - skip));
		to += 4 - skip;
		for (int i = 1; i <= weight; i++)
			to = four(to, group_at(groups, n, i));
	}
	if (scale)
		to = fraction(to, groups, n, weight + 1, scale);
	*ret_len = (size_t)(to - out);
	return NUMBER_OK;
}

/* ------------------------------------------------------------------ doubles */

/* 0.d1d2d3... times ten to the power of point, no zero at either end, without an exponent. */
static size_t write_plain(char *out, bool negative, const char *d, int n, int point)
{
	char *p = out;

	if (negative)
		*p++ = '-';
	if (point <= 0) {
		*p++ = '0', *p++ = '.';
		memset(p, '0', (size_t)-point);
		memcpy(p - point, d, (size_t)n);
		return (size_t)(p - point + n - out);
	}
	int whole = n < point ? n : point;
	memcpy(p, d, (size_t)whole);
	memset(p + whole, '0', (size_t)(point - whole));
	p += point;
	if (n > point) {
		*p++ = '.';
		memcpy(p, d + point, (size_t)(n - point));
		p += n - point;
	}
	return (size_t)(p - out);
}

/* n digits of which `places` stand behind the point. */
static size_t write_digits(char *out, bool negative, uint64_t n, int places)
{
	char digits[INTEGER_TEXT], *end = digits + sizeof digits;

	while (n % 10000 == 0)
		n /= 10000, places -= 4;
	while (n % 10 == 0)
		n /= 10, places--;
	char *p = digits_before(end, n);
	return write_plain(out, negative, p, (int)(end - p), (int)(end - p) - places);
}

static const uint64_t powers_of_5[] = {
	1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625, 48828125, 244140625,
	1220703125, 6103515625, 30517578125, 152587890625, 762939453125, 3814697265625,
	19073486328125, 95367431640625, 476837158203125, 2384185791015625,
};
enum { PLACES_MAX = sizeof powers_of_5 / sizeof powers_of_5[0] - 1 };

/*
 * x = m / 2^s, exactly. With p places behind the point it is m * 5^p / 2^(s-p), whole numbers all of
 * them below 2^106: rounding it and telling whether the result still reads back as x is exact. The
 * fewest digits that do are taken. False for what is outside of that.
 */
static bool shortest(uint64_t m, int s, int fewest, int most, int whole_digits, uint64_t *ret, int *places)
{
	for (int digits = fewest; digits <= most; digits++) {
		int p = digits - whole_digits;
		if (p < 0)
			continue;
		if (p > PLACES_MAX || s <= p || s - p > 110)
			return false;
		wide scaled = (wide)m * powers_of_5[p];
		wide n = (scaled + ((wide)1 << (s - p - 1))) >> (s - p);
		wide back = n << (s - p);
		wide off = back > scaled ? back - scaled : scaled - back;
		/* half of the distance to the next double; below a power of two they stand closer */
		bool closer = back < scaled && !(m & (m - 1));
		if ((closer ? 4 : 2) * off < powers_of_5[p]) {
			*ret = (uint64_t)n;
			*places = p;
			return true;
		}
	}
	return false;
}

/* By trial, for numbers very large or very small. */
static size_t by_trial(double x, bool single, char out[REAL_TEXT])
{
	char text[40], digits[20];
	int n = 0;

	/* what is nearly zero has fewer digits than others */
	int least = fabs(x) < (single ? (double)FLT_MIN : DBL_MIN) ? 0 : single ? 5 : 14;
	for (int precision = least; precision <= (single ? 8 : 16); precision++) {
		snprintf(text, sizeof text, "%.*e", precision, fabs(x));
		if (single ? strtof(text, NULL) == (float)fabs(x) : strtod(text, NULL) == fabs(x))
			break;
	}
	const char *e = strchr(text, 'e');
	for (const char *p = text; p < e; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return write_plain(out, x < 0, digits, n, (int)strtol(e + 1, NULL, 10) + 1);
}

size_t real_text(double x, bool single, char out[REAL_TEXT])
{
	static const double tens[] = {1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5,
				      1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	double y = fabs(x);
	uint64_t n;
	int exponent, places;

	/* whole numbers in full, so that they sort among 64-bit integers by their value */
	if (y < 9223372036854775808.0 && y == (double)(int64_t)y)
		return integer_text((int64_t)x, out);
	double fraction = frexp(y, &exponent);
	int bits = single ? 24 : 53;
	uint64_t m = (uint64_t)ldexp(fraction, bits);
	if (y >= 1e-5 && y < 1e15) {
		/* digits before the point; below 1 the zeros behind it count off */
		int whole = (exponent - 1) * 1233 >> 12;
		if (whole < -5)
			whole = -5;
		while (whole < 15 && y >= tens[whole + 5])
			whole++;
		if (shortest(m, bits - exponent, single ? 6 : 15, single ? 9 : 17, whole, &n, &places))
			return write_digits(out, x < 0, n, places);
	}
	return by_trial(x, single, out);
}
