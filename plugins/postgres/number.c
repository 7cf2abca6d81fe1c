/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.c - a numeric's base-10000 digits, as PostgreSQL sends them, as exact decimal text.
 */
#include "postgres/postgres.h"

#include <string.h>

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
	"49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
	"9899";

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
