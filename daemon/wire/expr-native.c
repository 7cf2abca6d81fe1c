/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr-native.c - what a parsed expression gives for a row, as SQLite would have it.
 */
#include "wire/expr-native.h"

#include <string.h>

#include "base/clock.h"

struct frame {
	const struct ferry_value *row;
	struct arena *arena;
};

static bool eval(const struct frame *f, const struct native *e, struct ferry_value *out);

static bool relation(enum native_op op, struct ferry_value *a, const struct ferry_value *b)
{
	int order;

	if (a->type == FERRY_NULL || b->type == FERRY_NULL) {
		*a = native_null();
		return true;
	}
	if (!native_compare(a, b, &order))
		return false;
	*a = native_int(op == NATIVE_EQ ? order == 0 : op == NATIVE_NE ? order != 0 : op == NATIVE_LT ? order < 0 :
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
	*ret = v.type == FERRY_NULL ? UNKNOWN : v.type == NATIVE_REAL ? native_double(&v) != 0 : v.i != 0;
	return true;
}

static inline struct ferry_value truth_value(enum truth t)
{
	return t == UNKNOWN ? native_null() : native_int(t);
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
	*out = native_null();
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
		return native_int(v->i);
	case FERRY_TIME: {
		char *text = arena_alloc(f->arena, CLOCK_TEXT);
		return native_text(text, clock_format(v->i, text));
	}
	case FERRY_BYTES:
		return (struct ferry_value){.s = v->len ? v->s : "", .len = v->len, .type = FERRY_BYTES};
	case FERRY_DECIMAL:
	case FERRY_TEXT:
	case FERRY_JSON:
		return native_text(v->len ? v->s : "", v->len);
	case FERRY_NULL:
		break;
	}
	return native_null();
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
		return native_concat(f->arena, out, &b);
	case NATIVE_NULLIF:
		if (!native_compare(out, &b, &order))
			return false;
		if (order == 0)
			*out = native_null();
		return true;
	case NATIVE_ADD:
	case NATIVE_SUBTRACT:
	case NATIVE_MULTIPLY:
	case NATIVE_DIVIDE:
		return native_calculate(e->op, out, &b);
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
		return native_change_case(f->arena, out, 'A');
	case NATIVE_UPPER:
		return native_change_case(f->arena, out, 'a');
	case NATIVE_TRIM:
		return native_trim(f->arena, out, true, true);
	case NATIVE_LTRIM:
		return native_trim(f->arena, out, true, false);
	case NATIVE_RTRIM:
		return native_trim(f->arena, out, false, true);
	case NATIVE_LENGTH:
		return native_length(f->arena, out);
	case NATIVE_NEGATE:
		return native_negate(out);
	default:
		*out = native_int((out->type == FERRY_NULL) == (e->op == NATIVE_IS_NULL));
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

bool native_eval(const struct native *e, const struct ferry_value *row, struct arena *arena,
		 struct ferry_value *out)
{
	struct frame f = {row, arena};

	if (!eval(&f, e, out))
		return false;
	if (out->type == NATIVE_REAL) {
		char *text = arena_alloc(arena, NATIVE_REAL_TEXT);
		size_t len = native_real_text(native_double(out), text);
		*out = (struct ferry_value){.s = text, .len = (uint32_t)len, .type = FERRY_DECIMAL};
	}
	return true;
}
