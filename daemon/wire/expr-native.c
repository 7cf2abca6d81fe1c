/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr-native.c - what a parsed expression gives for a row, as SQLite would have it.
 */
#include "wire/expr-native.h"

#include <string.h>

#include "base/clock.h"

struct frame {
	const struct ferry_value *row;
	struct native_room *room;
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

/* --------------------------------------------------------------------- eval */

/* As SQLite takes it. */
static inline bool column(const struct frame *f, const struct ferry_value *v, struct ferry_value *out)
{
	static const uint8_t types[] = {
		[FERRY_NULL] = FERRY_NULL, [FERRY_BOOL] = FERRY_INT, [FERRY_INT] = FERRY_INT,
		[FERRY_DECIMAL] = FERRY_TEXT, [FERRY_TEXT] = FERRY_TEXT, [FERRY_BYTES] = FERRY_BYTES,
		[FERRY_TIME] = FERRY_TEXT, [FERRY_JSON] = FERRY_TEXT,
	};

	*out = *v;
	out->type = types[v->type];
	if (v->type == FERRY_TIME) {
		char *text = native_room(f->room, CLOCK_TEXT);
		*out = native_text(text, clock_format(v->i, text));
	}
	return true;
}

/* Most arguments are columns and literals. */
static inline bool arg(const struct frame *f, const struct native *e, size_t i, struct ferry_value *out)
{
	const struct native *a = e->args[i];

	if (a->op == NATIVE_COLUMN)
		return column(f, &f->row[a->column], out);
	if (a->op != NATIVE_VALUE)
		return eval(f, a, out);
	*out = a->value;
	return true;
}

static bool nullif(const struct frame *f, const struct native *e, struct ferry_value *out)
{
	struct ferry_value b;
	int order;

	if (!arg(f, e, 0, out) || !arg(f, e, 1, &b) || !native_compare(out, &b, &order))
		return false;
	if (order == 0)
		*out = native_null();
	return true;
}

static bool negation(const struct frame *f, const struct native *e, struct ferry_value *out)
{
	enum truth t;

	if (!truth_of(f, e->args[0], &t))
		return false;
	*out = truth_value(t == UNKNOWN ? UNKNOWN : !t);
	return true;
}

static bool eval(const struct frame *f, const struct native *e, struct ferry_value *out)
{
	struct ferry_value b;

	switch (e->op) {
	case NATIVE_VALUE:
		*out = e->value;
		return true;
	case NATIVE_COLUMN:
		return column(f, &f->row[e->column], out);
	case NATIVE_LOWER:
		return arg(f, e, 0, out) && native_lower(f->room, out);
	case NATIVE_UPPER:
		return arg(f, e, 0, out) && native_upper(f->room, out);
	case NATIVE_TRIM:
		return arg(f, e, 0, out) && native_trim(f->room, out, true, true);
	case NATIVE_LTRIM:
		return arg(f, e, 0, out) && native_trim(f->room, out, true, false);
	case NATIVE_RTRIM:
		return arg(f, e, 0, out) && native_trim(f->room, out, false, true);
	case NATIVE_LENGTH:
		return arg(f, e, 0, out) && native_length(f->room, out);
	case NATIVE_COALESCE:
		for (size_t i = 0; i < e->n; i++) {
			if (!arg(f, e, i, out))
				return false;
			if (out->type != FERRY_NULL)
				break;
		}
		return true;
	case NATIVE_NULLIF:
		return nullif(f, e, out);
	case NATIVE_CONCAT:
		return arg(f, e, 0, out) && arg(f, e, 1, &b) && native_concat(f->room, out, &b);
	case NATIVE_ADD:
	case NATIVE_SUBTRACT:
	case NATIVE_MULTIPLY:
	case NATIVE_DIVIDE:
		return arg(f, e, 0, out) && arg(f, e, 1, &b) && native_calculate(e->op, out, &b);
	case NATIVE_NEGATE:
		return arg(f, e, 0, out) && native_negate(out);
	case NATIVE_EQ:
	case NATIVE_NE:
	case NATIVE_LT:
	case NATIVE_LE:
	case NATIVE_GT:
	case NATIVE_GE:
		return arg(f, e, 0, out) && arg(f, e, 1, &b) && relation(e->op, out, &b);
	case NATIVE_IS_NULL:
	case NATIVE_NOT_NULL:
		if (!arg(f, e, 0, out))
			return false;
		*out = native_int((out->type == FERRY_NULL) == (e->op == NATIVE_IS_NULL));
		return true;
	case NATIVE_AND:
		return and_or(f, e, FALSE, out);
	case NATIVE_OR:
		return and_or(f, e, TRUE, out);
	case NATIVE_NOT:
		return negation(f, e, out);
	case NATIVE_CASE:
	case NATIVE_SWITCH:
		return choose(f, e, out);
	}
	return false;
}

bool native_eval(const struct native *e, const struct ferry_value *row, struct native_room *room,
		 struct ferry_value *out)
{
	struct frame f = {row, room};

	if (!eval(&f, e, out))
		return false;
	if (out->type == NATIVE_REAL) {
		char *text = native_room(room, NATIVE_REAL_TEXT);
		size_t len = native_real_text(native_double(out), text);
		*out = (struct ferry_value){.s = text, .len = (uint32_t)len, .type = FERRY_DECIMAL};
	} else if (!out->len && (out->type == FERRY_TEXT || out->type == FERRY_BYTES)) {
		out->s = "";
	}
	return true;
}
