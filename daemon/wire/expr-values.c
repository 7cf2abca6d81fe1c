/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr-values.c - SQLite's functions and operators on values, for native expressions. Of collations
 * only the binary one, and no type that a column lends to a comparison.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/expr-native.h"

enum { LONGEST = 1000000 };		/* bytes of a text made here */

/* --------------------------------------------------------------------- text */

enum { ROOM = 4096 };

void native_room_reset(struct native_room *room)
{
	if (!room->start) {
		room->start = ferry_alloc(ROOM);
		room->end = room->start + ROOM;
	}
	room->at = room->start;
	if (room->more.used)
		arena_reset(&room->more);
}

void native_room_release(struct native_room *room)
{
	free(room->start);
	arena_release(&room->more);
	*room = (struct native_room){0};
}

static const char *integer_text(int64_t i, struct native_room *room, size_t *ret_len)
{
	char *end = native_room(room, 24) + 24, *p = end;
	uint64_t rest = i < 0 ? -(uint64_t)i : (uint64_t)i;

	do
		*--p = (char)('0' + rest % 10);
	while (rest /= 10);
	if (i < 0)
		*--p = '-';
	*ret_len = (size_t)(end - p);
	return p;
}

static void integer_to_text(struct native_room *room, struct ferry_value *v)
{
	size_t len;
	const char *s = integer_text(v->i, room, &len);

	*v = native_text(s, len);
}

/* As text, in place. NULL stays NULL; false for bytes and doubles. */
static inline bool to_text(struct native_room *room, struct ferry_value *v)
{
	if (v->type == FERRY_TEXT)
		return true;
	if (v->type == FERRY_INT)
		integer_to_text(room, v);
	return v->type == FERRY_TEXT || v->type == FERRY_NULL;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* 0x20 in each byte that is a letter from first to last. */
static inline uint64_t letters(uint64_t w, char first, char last)
{
	uint64_t seven = w & EACH(0x7f);
	uint64_t from = seven + EACH(0x80 - first), beyond = seven + EACH(0x7f - last);

	return ((from & ~beyond & ~w) & EACH(0x80)) >> 2;
}

static inline uint64_t load8(const char *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof w);
	return w;
}

static inline void swap_case8(char *to, const char *s, char first)
{
	uint64_t w = load8(s);

	w ^= letters(w, first, (char)(first + 25));
	memcpy(to, &w, sizeof w);
}

/* lower and upper know ASCII only. Inline, so that what is made of `first` is constant. */
static inline bool change_case(struct native_room *room, struct ferry_value *v, char first)
{
	if (!to_text(room, v))
		return false;
	if (v->type == FERRY_NULL)
		return true;
	size_t len = v->len, i = 0;
	const char *s = v->s;
	char *to = native_room(room, len);
	v->s = to;
	for (; i + 8 <= len; i += 8)
		swap_case8(to + i, s + i, first);
	if (i < len && len >= 8)
		swap_case8(to + len - 8, s + len - 8, first);
	else
		for (; i < len; i++)
			to[i] = (char)(s[i] ^ (s[i] >= first && s[i] <= first + 25 ? 0x20 : 0));
	return true;
}

bool native_lower(struct native_room *room, struct ferry_value *v)
{
	return change_case(room, v, 'A');
}

bool native_upper(struct native_room *room, struct ferry_value *v)
{
	return change_case(room, v, 'a');
}

bool native_trim(struct native_room *room, struct ferry_value *v, bool left, bool right)
{
	if (!to_text(room, v))
		return false;
	if (v->type == FERRY_NULL)
		return true;
	while (left && v->len && v->s[0] == ' ')
		v->s++, v->len--;
	while (right && v->len && v->s[v->len - 1] == ' ')
		v->len--;
	return true;
}

/* Characters up to the first NUL; of bytes all; of a number those of its text. */
bool native_length(struct native_room *room, struct ferry_value *v)
{
	size_t n = 0, i = 0;

	if (v->type == FERRY_BYTES || v->type == FERRY_INT) {
		if (v->type == FERRY_INT)
			integer_to_text(room, v);
		*v = native_int(v->len);
		return true;
	}
	if (v->type != FERRY_TEXT)
		return v->type == FERRY_NULL;
	while (i < v->len && v->s[i]) {
		n++;
		if ((unsigned char)v->s[i++] >= 0xc0)
			while (i < v->len && ((unsigned char)v->s[i] & 0xc0) == 0x80)
				i++;
	}
	*v = native_int((int64_t)n);
	return true;
}

bool native_concat(struct native_room *room, struct ferry_value *a, struct ferry_value *b)
{
	if (!to_text(room, a) || !to_text(room, b))
		return false;
	if (a->type == FERRY_NULL || b->type == FERRY_NULL) {
		*a = native_null();
		return true;
	}
	size_t len = (size_t)a->len + b->len;
	if (len > LONGEST)
		return false;
	char *to = native_room(room, len);
	if (a->len)
		memcpy(to, a->s, a->len);
	if (b->len)
		memcpy(to + a->len, b->s, b->len);
	*a = native_text(to, len);
	return true;
}

/* ------------------------------------------------------------------ numbers */

/*
 * A text as a number: "-12", "12.5". At most 15 digits, three of them after the point: then the
 * division by a power of ten is rounded once whatever the machine computes with, and gives the double
 * that SQLite gives. Leaves NULL and numbers; false for all else.
 */
static bool to_number(struct ferry_value *v)
{
	static const double scales[] = {1, 10, 100, 1000};

	if (v->type != FERRY_TEXT)
		return v->type != FERRY_BYTES;
	const char *p = v->s, *end = p + v->len, *point = NULL;
	bool negative = p < end && *p == '-';
	int64_t i = 0;
	if (v->len > 17)
		return false;
	p += negative;
	const char *first = p;
	for (; p < end; p++) {
		if (*p == '.' && !point && p > first)
			point = p;
		else if (*p >= '0' && *p <= '9')
			i = i * 10 + (*p - '0');
		else
			return false;
	}
	long places = point ? (long)(end - point) - 1 : 0, digits = (long)(end - first) - (point ? 1 : 0);
	if (!digits || digits > 15 || (point && !places) || places > 3 || (negative && !i))
		return false;
	if (negative)
		i = -i;
	*v = point ? native_real((double)i / scales[places]) : native_int(i);
	return true;
}

/* a and b are integers. False when the result is none. */
static bool integers(enum native_op op, struct ferry_value *a, const struct ferry_value *b)
{
	switch (op) {
	case NATIVE_ADD:
		return !__builtin_add_overflow(a->i, b->i, &a->i);
	case NATIVE_SUBTRACT:
		return !__builtin_sub_overflow(a->i, b->i, &a->i);
	case NATIVE_MULTIPLY:
		return !__builtin_mul_overflow(a->i, b->i, &a->i);
	default:
		if (b->i == -1 && a->i == INT64_MIN)
			return false;
		*a = b->i ? native_int(a->i / b->i) : native_null();
		return true;
	}
}

bool native_calculate(enum native_op op, struct ferry_value *a, struct ferry_value *b)
{
	if (a->type == FERRY_NULL || b->type == FERRY_NULL) {
		*a = native_null();
		return true;
	}
	if (!to_number(a) || !to_number(b))
		return false;
	if (a->type == FERRY_INT && b->type == FERRY_INT)
		return integers(op, a, b);
	double x = native_double(a), y = native_double(b);
	x = op == NATIVE_ADD ? x + y : op == NATIVE_SUBTRACT ? x - y : op == NATIVE_MULTIPLY ? x * y : y != 0 ? x / y : 0;
	*a = op == NATIVE_DIVIDE && y == 0 ? native_null() : native_real(x);
	return x - x == 0;			/* else it is not finite */
}

bool native_negate(struct ferry_value *v)
{
	if (v->type == FERRY_NULL)
		return true;
	/* zero has two signs as a double, and the least integer none */
	if (!to_number(v) || (v->type == FERRY_INT && v->i == INT64_MIN) || (v->type == NATIVE_REAL && native_double(v) == 0))
		return false;
	*v = v->type == FERRY_INT ? native_int(-v->i) : native_real(-native_double(v));
	return true;
}

/* --------------------------------------------------------------- comparison */

static inline int rank(const struct ferry_value *v)
{
	return v->type == FERRY_TEXT ? 2 : v->type == FERRY_BYTES ? 3 : v->type != FERRY_NULL;
}

/* NULL, numbers, texts, bytes, in this order. False when a double stands against a large integer. */
bool native_compare(const struct ferry_value *a, const struct ferry_value *b, int *ret)
{
	static const int64_t exact = INT64_C(1) << 53;
	int of_a = rank(a), of_b = rank(b);

	*ret = of_a - of_b;
	if (*ret || !of_a)
		return true;
	if (of_a > 1) {
		size_t least = a->len < b->len ? a->len : b->len;
		*ret = least ? memcmp(a->s, b->s, least) : 0;
		if (!*ret)
			*ret = (a->len > b->len) - (a->len < b->len);
		return true;
	}
	if (a->type == FERRY_INT && b->type == FERRY_INT) {
		*ret = (a->i > b->i) - (a->i < b->i);
		return true;
	}
	if ((a->type == FERRY_INT && (a->i > exact || a->i < -exact)) ||
	    (b->type == FERRY_INT && (b->i > exact || b->i < -exact)))
		return false;
	double x = native_double(a), y = native_double(b);
	*ret = (x > y) - (x < y);
	return true;
}

/* ----------------------------------------------------------- doubles as text */

/*
 * With few digits after the point, and none that "%.15g" would write with an exponent: x is y / scale,
 * both exact, and a division is rounded correctly, so that the text reads back as x.
 */
static size_t few_digits(double d, char out[NATIVE_REAL_TEXT])
{
	static const struct { double scale; int places; } tries[] = {{1e2, 2}, {1, 0}, {1e1, 1}, {1e3, 3}, {1e4, 4}};
	double y = d < 0 ? -d : d;

	if (!(y >= 1e-4) || !(y < 1e10))
		return 0;
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		int64_t whole = (int64_t)(y * tries[i].scale);
		int places = tries[i].places;
		if ((double)whole != y * tries[i].scale || (double)whole / tries[i].scale != y)
			continue;
		for (; places && whole % 10 == 0; places--)
			whole /= 10;
		char digits[24], *end = digits + sizeof digits, *p = end, *q = out;
		for (; whole || end - p <= places; whole /= 10)
			*--p = (char)('0' + whole % 10);
		if (d < 0)
			*q++ = '-';
		for (; p < end; *q++ = *p++)
			if (end - p == places)
				*q++ = '.';
		*q = '\0';
		return (size_t)(q - out);
	}
	return 0;
}

size_t native_real_text(double d, char out[NATIVE_REAL_TEXT])
{
	size_t len = few_digits(d, out);

	for (int digits = 15; !len; digits++) {
		len = (size_t)snprintf(out, NATIVE_REAL_TEXT, "%.*g", digits, d);
		if (digits < 17 && strtod(out, NULL) != d)
			len = 0;
	}
	return len;
}
