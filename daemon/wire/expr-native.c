/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr-native.c - what a parsed expression gives for a row, as SQLite would have it. Knows values as
 * SQLite does: NULL, integers, doubles, texts and bytes; no collation but the binary one, and no type
 * that a column lends to a comparison.
 */
#include "wire/expr-native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* A double on its way; never in a row or a result. Its bits are in i. */
enum { REAL = 100 };
enum { LONGEST = 1000000 };		/* bytes of a text made here */

struct frame {
	const struct ferry_value *row;
	struct arena *arena;
};

static bool eval(const struct frame *f, const struct native *e, struct ferry_value *out);

static inline struct ferry_value null_value(void)
{
	return (struct ferry_value){.type = FERRY_NULL};
}

static inline struct ferry_value int_value(int64_t i)
{
	return (struct ferry_value){.i = i, .type = FERRY_INT};
}

static inline struct ferry_value real_value(double d)
{
	struct ferry_value v = {.type = REAL};

	memcpy(&v.i, &d, sizeof d);
	return v;
}

static inline struct ferry_value text_value(const char *s, size_t len)
{
	return (struct ferry_value){.s = s, .len = (uint32_t)len, .type = FERRY_TEXT};
}

static inline double real_of(const struct ferry_value *v)
{
	double d;

	if (v->type == FERRY_INT)
		return (double)v->i;
	memcpy(&d, &v->i, sizeof d);
	return d;
}

/* --------------------------------------------------------------------- text */

static const char *integer_text(int64_t i, struct arena *arena, size_t *ret_len)
{
	char *end = (char *)arena_alloc(arena, 24) + 24, *p = end;
	uint64_t rest = i < 0 ? -(uint64_t)i : (uint64_t)i;

	do
		*--p = (char)('0' + rest % 10);
	while (rest /= 10);
	if (i < 0)
		*--p = '-';
	*ret_len = (size_t)(end - p);
	return p;
}

/* As text, in place. NULL stays NULL; false for bytes and doubles. */
static bool to_text(const struct frame *f, struct ferry_value *v)
{
	size_t len;

	if (v->type == FERRY_INT) {
		const char *s = integer_text(v->i, f->arena, &len);
		*v = text_value(s, len);
	}
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

static bool has_letters(const char *s, size_t len, char first)
{
	char last = (char)(first + 25);
	uint64_t found = 0;
	size_t i = 0;

	for (; i + 8 <= len; i += 8)
		found |= letters(load8(s + i), first, last);
	if (i < len && len >= 8)
		return found | letters(load8(s + len - 8), first, last);
	for (; i < len; i++)
		found |= s[i] >= first && s[i] <= last;
	return found;
}

/* lower and upper know ASCII only. Most texts are as wanted already. */
static bool change_case(const struct frame *f, struct ferry_value *v, char first)
{
	if (!to_text(f, v))
		return false;
	if (v->type == FERRY_NULL || !has_letters(v->s, v->len, first))
		return true;
	size_t len = v->len, i = 0;
	char *to = arena_alloc(f->arena, len);
	for (; i + 8 <= len; i += 8)
		swap_case8(to + i, v->s + i, first);
	if (i < len && len >= 8)
		swap_case8(to + len - 8, v->s + len - 8, first);
	else
		for (; i < len; i++)
			to[i] = (char)(v->s[i] ^ (v->s[i] >= first && v->s[i] <= first + 25 ? 0x20 : 0));
	v->s = to;
	return true;
}

static bool trim(const struct frame *f, struct ferry_value *v, bool left, bool right)
{
	if (!to_text(f, v))
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
static bool length(const struct frame *f, struct ferry_value *v)
{
	size_t n = 0, i = 0;

	if (v->type == FERRY_BYTES || v->type == FERRY_INT) {
		if (v->type == FERRY_INT)
			to_text(f, v);
		*v = int_value(v->len);
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
	*v = int_value((int64_t)n);
	return true;
}

static bool concat(const struct frame *f, struct ferry_value *a, struct ferry_value *b)
{
	if (!to_text(f, a) || !to_text(f, b))
		return false;
	if (a->type == FERRY_NULL || b->type == FERRY_NULL) {
		*a = null_value();
		return true;
	}
	size_t len = (size_t)a->len + b->len;
	if (len > LONGEST)
		return false;
	char *to = arena_alloc(f->arena, len);
	memcpy(to, a->s, a->len);
	memcpy(to + a->len, b->s, b->len);
	*a = text_value(to, len);
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
	*v = point ? real_value((double)i / scales[places]) : int_value(i);
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
		*a = b->i ? int_value(a->i / b->i) : null_value();
		return true;
	}
}

static bool calculate(enum native_op op, struct ferry_value *a, struct ferry_value *b)
{
	if (a->type == FERRY_NULL || b->type == FERRY_NULL) {
		*a = null_value();
		return true;
	}
	if (!to_number(a) || !to_number(b))
		return false;
	if (a->type == FERRY_INT && b->type == FERRY_INT)
		return integers(op, a, b);
	double x = real_of(a), y = real_of(b);
	x = op == NATIVE_ADD ? x + y : op == NATIVE_SUBTRACT ? x - y : op == NATIVE_MULTIPLY ? x * y : y != 0 ? x / y : 0;
	*a = op == NATIVE_DIVIDE && y == 0 ? null_value() : real_value(x);
	return x - x == 0;			/* else it is not finite */
}

static bool negate(struct ferry_value *v)
{
	if (v->type == FERRY_NULL)
		return true;
	/* zero has two signs as a double, and the least integer none */
	if (!to_number(v) || (v->type == FERRY_INT && v->i == INT64_MIN) || (v->type == REAL && real_of(v) == 0))
		return false;
	*v = v->type == FERRY_INT ? int_value(-v->i) : real_value(-real_of(v));
	return true;
}

/* --------------------------------------------------------------- comparison */

static inline int rank(const struct ferry_value *v)
{
	return v->type == FERRY_TEXT ? 2 : v->type == FERRY_BYTES ? 3 : v->type != FERRY_NULL;
}

/* NULL, numbers, texts, bytes, in this order. False when a double stands against a large integer. */
static bool compare(const struct ferry_value *a, const struct ferry_value *b, int *ret)
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
	double x = real_of(a), y = real_of(b);
	*ret = (x > y) - (x < y);
	return true;
}

static bool relation(enum native_op op, struct ferry_value *a, const struct ferry_value *b)
{
	int order;

	if (a->type == FERRY_NULL || b->type == FERRY_NULL) {
		*a = null_value();
		return true;
	}
	if (!compare(a, b, &order))
		return false;
	*a = int_value(op == NATIVE_EQ ? order == 0 : op == NATIVE_NE ? order != 0 : op == NATIVE_LT ? order < 0 :
		       op == NATIVE_LE ? order <= 0 : op == NATIVE_GT ? order > 0 : order >= 0);
	return true;
}

/* -------------------------------------------------------------------- truth */

enum truth { FALSE, TRUE, UNKNOWN };

static bool truth_of(const struct frame *f, const struct native *e, enum truth *ret)
{
	struct ferry_value v;

	if (!eval(f, e, &v) || v.type == FERRY_TEXT || v.type == FERRY_BYTES)
		return false;
	*ret = v.type == FERRY_NULL ? UNKNOWN : v.type == REAL ? real_of(&v) != 0 : v.i != 0;
	return true;
}

static inline struct ferry_value truth_value(enum truth t)
{
	return t == UNKNOWN ? null_value() : int_value(t);
}

/* decisive: what settles it, whatever the other one is */
static bool and_or(const struct frame *f, const struct native *e, enum truth decisive, struct ferry_value *out)
{
	enum truth a, b;

	if (!truth_of(f, e->args[0], &a) || !truth_of(f, e->args[1], &b))
		return false;
	*out = truth_value(a == decisive || b == decisive ? decisive : a == UNKNOWN || b == UNKNOWN ? UNKNOWN : !decisive);
	return true;
}

static bool is_case(const struct frame *f, const struct native *when, const struct ferry_value *base, bool *ret)
{
	struct ferry_value v;
	enum truth t;

	if (!base) {
		if (!truth_of(f, when, &t))
			return false;
		*ret = t == TRUE;
		return true;
	}
	if (!eval(f, when, &v) || !relation(NATIVE_EQ, &v, base))
		return false;
	*ret = v.type == FERRY_INT && v.i;
	return true;
}

static bool choose(const struct frame *f, const struct native *e, struct ferry_value *out)
{
	struct ferry_value base;
	size_t i = e->op == NATIVE_SWITCH;
	bool found;

	if (i && !eval(f, e->args[0], &base))
		return false;
	for (; i + 1 < e->n; i += 2) {
		if (!is_case(f, e->args[i], e->op == NATIVE_SWITCH ? &base : NULL, &found))
			return false;
		if (found)
			return eval(f, e->args[i + 1], out);
	}
	if (i < e->n)
		return eval(f, e->args[i], out);
	*out = null_value();
	return true;
}

static bool coalesce(const struct frame *f, const struct native *e, struct ferry_value *out)
{
	for (size_t i = 0; i < e->n; i++) {
		if (!eval(f, e->args[i], out))
			return false;
		if (out->type != FERRY_NULL)
			return true;
	}
	return true;
}

/* --------------------------------------------------------------------- eval */

static struct ferry_value column(const struct frame *f, const struct ferry_value *v)
{
	switch ((enum ferry_type)v->type) {
	case FERRY_BOOL:
	case FERRY_INT:
		return int_value(v->i);
	case FERRY_TIME: {
		char *text = arena_alloc(f->arena, CLOCK_TEXT);
		return text_value(text, clock_format(v->i, text));
	}
	case FERRY_BYTES:
		return (struct ferry_value){.s = v->len ? v->s : "", .len = v->len, .type = FERRY_BYTES};
	case FERRY_DECIMAL:
	case FERRY_TEXT:
	case FERRY_JSON:
		return text_value(v->len ? v->s : "", v->len);
	case FERRY_NULL:
		break;
	}
	return null_value();
}

/* The functions of two values that are both looked at. */
static bool eval_two(const struct frame *f, const struct native *e, struct ferry_value *out)
{
	struct ferry_value b;
	int order;

	if (!eval(f, e->args[0], out) || !eval(f, e->args[1], &b))
		return false;
	switch (e->op) {
	case NATIVE_CONCAT:
		return concat(f, out, &b);
	case NATIVE_NULLIF:
		if (!compare(out, &b, &order))
			return false;
		if (order == 0)
			*out = null_value();
		return true;
	case NATIVE_ADD:
	case NATIVE_SUBTRACT:
	case NATIVE_MULTIPLY:
	case NATIVE_DIVIDE:
		return calculate(e->op, out, &b);
	default:
		return relation(e->op, out, &b);
	}
}

/* The functions of one value. */
static bool eval_one(const struct frame *f, const struct native *e, struct ferry_value *out)
{
	enum truth t;

	if (e->op == NATIVE_NOT) {
		if (!truth_of(f, e->args[0], &t))
			return false;
		*out = truth_value(t == UNKNOWN ? UNKNOWN : !t);
		return true;
	}
	if (!eval(f, e->args[0], out))
		return false;
	switch (e->op) {
	case NATIVE_LOWER:
		return change_case(f, out, 'A');
	case NATIVE_UPPER:
		return change_case(f, out, 'a');
	case NATIVE_TRIM:
		return trim(f, out, true, true);
	case NATIVE_LTRIM:
		return trim(f, out, true, false);
	case NATIVE_RTRIM:
		return trim(f, out, false, true);
	case NATIVE_LENGTH:
		return length(f, out);
	case NATIVE_NEGATE:
		return negate(out);
	default:
		*out = int_value((out->type == FERRY_NULL) == (e->op == NATIVE_IS_NULL));
		return true;
	}
}

static bool eval(const struct frame *f, const struct native *e, struct ferry_value *out)
{
	switch (e->op) {
	case NATIVE_VALUE:
		*out = e->value;
		return true;
	case NATIVE_COLUMN:
		*out = column(f, &f->row[e->column]);
		return true;
	case NATIVE_COALESCE:
		return coalesce(f, e, out);
	case NATIVE_AND:
		return and_or(f, e, FALSE, out);
	case NATIVE_OR:
		return and_or(f, e, TRUE, out);
	case NATIVE_CASE:
	case NATIVE_SWITCH:
		return choose(f, e, out);
	default:
		return e->n == 1 ? eval_one(f, e, out) : eval_two(f, e, out);
	}
}

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

bool native_eval(const struct native *e, const struct ferry_value *row, struct arena *arena,
		 struct ferry_value *out)
{
	struct frame f = {row, arena};

	if (!eval(&f, e, out))
		return false;
	if (out->type == REAL) {
		char *text = arena_alloc(arena, NATIVE_REAL_TEXT);
		size_t len = native_real_text(real_of(out), text);
		*out = (struct ferry_value){.s = text, .len = (uint32_t)len, .type = FERRY_DECIMAL};
	}
	return true;
}
