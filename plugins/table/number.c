/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.c - integers and doubles as exact decimal text, doubles in the shortest one that reads back. No
 * printf for numbers as people have them.
 */
#include "table/table.h"

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

size_t unsigned_text(uint64_t u, char out[INTEGER_TEXT])
{
	char digits[INTEGER_TEXT], *end = digits + sizeof digits, *p = digits_before(end, u);

	memcpy(out, p, (size_t)(end - p));
	return (size_t)(end - p);
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
	if (!isfinite(x))
		return 0;
	/*
	 * Amounts: x is whole / 100, both exact, and a division is rounded correctly, so the text reads
	 * back as x. Fewer than 16 digits tell all doubles apart, so it is the shortest, too.
	 */
	double scaled = y * 100;
	if (!single && scaled < 1e15 && (double)(int64_t)scaled == scaled && scaled / 100 == y)
		return write_digits(out, x < 0, (uint64_t)scaled, 2);
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
