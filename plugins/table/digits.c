/* SPDX-License-Identifier: Apache-2.0 */
/* digits.c - from decimal text to numbers, and whether two texts are the same number. */
#include "table/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool digits_read(const char *s, size_t len, struct digits *d)
{
	const char *end = s + len, *p = s;
	bool after_point = false, any = false;
	long seen = 0, exponent = 0;

	*d = (struct digits){0};
	if (p < end && (*p == '-' || *p == '+'))
		d->negative = *p++ == '-';
	for (; p < end && (is_digit(*p) || (*p == '.' && !after_point)); p++) {
		if (*p == '.') {
			after_point = true;
			continue;
		}
		any = true;
		if (!d->first && *p == '0') {
			d->point -= after_point;
			continue;
		}
		if (!d->first)
			d->first = p;
		seen++;
		d->point += !after_point;
		if (*p != '0')
			d->n = seen;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		bool minus = ++p < end && *p == '-';
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		any = any && p < end;
		for (; p < end && is_digit(*p) && exponent < 100000; p++)
			exponent = exponent * 10 + (*p - '0');
		d->point += minus ? -exponent : exponent;
	}
	if (!d->n)
		*d = (struct digits){0};
	return any && p == end;
}

bool digits_equal(const struct digits *a, const struct digits *b)
{
	const char *p = a->first, *q = b->first;

	if (a->negative != b->negative || a->n != b->n || a->point != b->point)
		return false;
	for (long i = 0; i < a->n; i++, p++, q++) {
		p += *p == '.';
		q += *q == '.';
		if (*p != *q)
			return false;
	}
	return true;
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

bool real_from_text(const char *s, size_t len, bool single, double *ret, bool *exact)
{
	char given[REAL_TEXT], kept[REAL_TEXT];
	struct digits a, b;

	if (len >= sizeof given || !digits_read(s, len, &a))
		return false;
	memcpy(given, s, len);
	given[len] = '\0';
	*ret = single ? (double)strtof(given, NULL) : strtod(given, NULL);
	*exact = isfinite(*ret) && digits_read(kept, real_text(*ret, single, kept), &b) &&
		 digits_equal(&a, &b);
	return true;
}
