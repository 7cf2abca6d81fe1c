/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr-native.h - the most common expressions, evaluated without SQLite. Private to expr.c and its
 * tests.
 *
 * What is known natively gives exactly what SQLite gives. Anything else is not known: a form is found
 * out when the text is parsed, a value when it comes along, and both are SQLite's business then.
 */
#ifndef FERRY_WIRE_EXPR_NATIVE_H
#define FERRY_WIRE_EXPR_NATIVE_H

#include <string.h>

#include "base/arena.h"
#include "base/error.h"

/* What an expression is made of. */
enum native_op {
	NATIVE_VALUE,			/* a literal */
	NATIVE_COLUMN,
	NATIVE_LOWER, NATIVE_UPPER, NATIVE_TRIM, NATIVE_LTRIM, NATIVE_RTRIM, NATIVE_LENGTH,
	NATIVE_COALESCE, NATIVE_NULLIF,
	NATIVE_CONCAT, NATIVE_ADD, NATIVE_SUBTRACT, NATIVE_MULTIPLY, NATIVE_DIVIDE, NATIVE_NEGATE,
	NATIVE_EQ, NATIVE_NE, NATIVE_LT, NATIVE_LE, NATIVE_GT, NATIVE_GE,
	NATIVE_IS_NULL, NATIVE_NOT_NULL,
	NATIVE_AND, NATIVE_OR, NATIVE_NOT,
	NATIVE_CASE,			/* condition, value, ...; a last one alone is ELSE */
	NATIVE_SWITCH,			/* the same with what is compared before it */
};

struct native {
	enum native_op op;
	struct ferry_value value;	/* VALUE */
	size_t column;			/* COLUMN */
	size_t n;
	struct native **args;
};

/*
 * NULL when SQLite is to evaluate it; a text that is no expression at all may give either. Lives in
 * the arena. Columns are found as SQLite finds them: name, "name", src.name, whatever the case.
 */
struct native *native_parse(const char *text, const struct ferry_column *columns, size_t n,
			    struct arena *arena);
/*
 * Where texts of one row go: some are the usual case, and cost next to nothing. Zeroed, it is empty;
 * reset before a row, and released in the end.
 */
struct native_room {
	char *start, *at, *end;
	struct arena more;		/* what does not fit */
};

void native_room_reset(struct native_room *room);
void native_room_release(struct native_room *room);
static inline char *native_room(struct native_room *room, size_t n)
{
	char *p = room->at;

	if ((size_t)(room->end - p) < n)
		return arena_alloc(&room->more, n);
	room->at += n;
	return p;
}

/*
 * False when SQLite is to evaluate it for this row. Types of the result are those of expr_eval; its
 * text is the row's, the expression's or in the room.
 */
bool native_eval(const struct native *e, const struct ferry_value *row, struct native_room *room,
		 struct ferry_value *out);

/* ----------------------------------------------------- expr-values.c: values on their way */

/* As in SQLite: NULL, integers, doubles, texts and bytes. */
enum { NATIVE_REAL = 100 };		/* the type of a double, whose bits are in i */

static inline struct ferry_value native_null(void)
{
	return (struct ferry_value){.type = FERRY_NULL};
}

static inline struct ferry_value native_int(int64_t i)
{
	return (struct ferry_value){.i = i, .type = FERRY_INT};
}

static inline struct ferry_value native_real(double d)
{
	struct ferry_value v = {.type = NATIVE_REAL};

	memcpy(&v.i, &d, sizeof d);
	return v;
}

static inline struct ferry_value native_text(const char *s, size_t len)
{
	return (struct ferry_value){.s = s, .len = (uint32_t)len, .type = FERRY_TEXT};
}

static inline double native_double(const struct ferry_value *v)
{
	double d;

	if (v->type == FERRY_INT)
		return (double)v->i;
	memcpy(&d, &v->i, sizeof d);
	return d;
}

/*
 * Each changes *v, or *a. False when SQLite is to do it: what a function makes of doubles or bytes,
 * texts that are no simple number, results that are no 64-bit integer or not finite.
 */
bool native_lower(struct native_room *room, struct ferry_value *v);
bool native_upper(struct native_room *room, struct ferry_value *v);
bool native_trim(struct native_room *room, struct ferry_value *v, bool left, bool right);
bool native_length(struct native_room *room, struct ferry_value *v);
bool native_concat(struct native_room *room, struct ferry_value *a, struct ferry_value *b);
bool native_calculate(enum native_op op, struct ferry_value *a, struct ferry_value *b);
bool native_negate(struct ferry_value *v);
/* The order of two values; NULL comes first, and equals NULL. */
bool native_compare(const struct ferry_value *a, const struct ferry_value *b, int *ret);

/* The shortest text that reads back as the same double, which is finite. Returns its length. */
#define NATIVE_REAL_TEXT 40
size_t native_real_text(double d, char out[NATIVE_REAL_TEXT]);

#endif
