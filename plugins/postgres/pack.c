/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.c - values on their way into a table: whether they would arrive whole, and the arrays in which
 * a batch's columns travel. A column whose values all have the fitting type travels in PostgreSQL's
 * own form; any other as text, which the server reads as it reads a literal.
 */
#include "postgres/postgres.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------ texts */

/* Booleans are what the column takes for one. */
bool column_wants_words(const struct table_column *c)
{
	switch (c->column.kind) {
	case KIND_INT2: case KIND_INT4: case KIND_INT8: case KIND_OID:
	case KIND_NUMERIC: case KIND_FLOAT4: case KIND_FLOAT8:
		return false;
	default:
		return true;
	}
}

const char *column_text(const struct table_column *c, const struct ferry_value *v, char buf[MOMENT_TEXT],
		       size_t *len)
{
	return value_print(v, v->type == FERRY_BOOL && column_wants_words(c), buf, len);
}

/* ------------------------------------------------------------------ whole, or not at all */

/* Would reading it back from such a column give the same number? What is none is the server's to judge. */
static bool fits_float(const char *s, size_t len, bool single)
{
	struct digits d;
	double x;
	bool exact;

	if (!digits_read(s, len, &d))
		return true;
	if (!real_from_text(s, len, single, &x, &exact))
		return false;
	return exact || !isfinite(x);	/* out of range, which the server says better */
}

/* numeric(p, s): a number with more places would be rounded. */
static bool fits_numeric(const char *s, size_t len, int modifier)
{
	struct digits d;

	if (modifier < 4 || !digits_read(s, len, &d))
		return true;
	int scale = (modifier - 4) & 0x7ff;
	return d.n - d.point <= (scale >= 1024 ? scale - 2048 : scale);
}

/* timestamp(p) */
static bool fits_timestamp(int64_t us, int modifier)
{
	int64_t unit = 1;

	for (int p = modifier; p >= 0 && p < 6; p++)
		unit *= 10;
	return us % unit == 0;
}

static bool fits(const struct table_column *c, const struct ferry_value *v)
{
	char buf[MOMENT_TEXT];
	size_t len;
	const char *s;

	if (v->type == FERRY_TIME) {
		if (c->column.kind == KIND_TIMESTAMPTZ || c->column.kind == KIND_TIMESTAMP)
			return fits_timestamp(v->i, c->modifier);
		return c->column.kind != KIND_DATE || v->i % DAY_US == 0;
	}
	if (c->column.kind != KIND_FLOAT4 && c->column.kind != KIND_FLOAT8 &&
	    (c->column.kind != KIND_NUMERIC || c->modifier < 4))
		return true;
	if (v->type == FERRY_INT && v->i >= -(1 << 24) && v->i <= 1 << 24 && c->column.kind != KIND_NUMERIC)
		return true;
	s = column_text(c, v, buf, &len);
	return c->column.kind == KIND_NUMERIC ? fits_numeric(s, len, c->modifier) :
						fits_float(s, len, c->column.kind == KIND_FLOAT4);
}

const struct misfit *value_misfit(const struct table_column *c, const struct ferry_value *v)
{
	static const struct misfit bytes = {"datatype_mismatch",
		"bytes fit only into a column of type bytea"};
	static const struct misfit nul = {"character_not_in_repertoire",
		"the text has a NUL character in it, which PostgreSQL cannot store"};
	static const struct misfit inexact = {"INEXACT",
		"the column would round it: give it a type with more places"};

	if (v->type == FERRY_NULL || c->column.kind == KIND_BYTES)
		return NULL;
	if (v->type == FERRY_BYTES)
		return &bytes;
	bool text = v->type == FERRY_TEXT || v->type == FERRY_JSON || v->type == FERRY_DECIMAL;
	if (text && v->len && memchr(v->s, '\0', v->len))
		return &nul;
	return fits(c, v) ? NULL : &inexact;
}

/* ------------------------------------------------------------------ arrays */

enum { HEADER_BYTES = 20, OID_INT8 = 20, OID_TEXT = 25, OID_BYTEA = 17, OID_TIMESTAMP = 1114,
       OID_TIMESTAMPTZ = 1184 };

static Oid element_type(const struct array *a)
{
	static const Oid types[] = {
		[CARRY_TEXT] = OID_TEXT, [CARRY_JSON] = OID_TEXT, [CARRY_INT] = OID_INT8,
		[CARRY_BYTES] = OID_BYTEA, [CARRY_TIMESTAMPTZ] = OID_TIMESTAMPTZ,
		[CARRY_TIMESTAMP] = OID_TIMESTAMP,
	};

	return types[a->carrier];
}

Oid array_type(const struct array *a)
{
	static const Oid types[] = {
		[CARRY_TEXT] = 1009, [CARRY_JSON] = 1009, [CARRY_INT] = 1016, [CARRY_BYTES] = 1001,
		[CARRY_TIMESTAMPTZ] = 1185, [CARRY_TIMESTAMP] = 1115,
	};

	return types[a->carrier];
}

/* The form of its own, if there is one; array_see takes it back for a value that does not fit it. */
void array_begin(struct array *a, const struct table_column *c)
{
	a->n = 0;
	a->bytes.len = 0;
	switch (c->column.kind) {
	case KIND_INT2: case KIND_INT4: case KIND_INT8:
		a->carrier = CARRY_INT;
		break;
	case KIND_BYTES:
		a->carrier = CARRY_BYTES;
		break;
	case KIND_TIMESTAMPTZ:
		a->carrier = CARRY_TIMESTAMPTZ;
		break;
	case KIND_TIMESTAMP:
		a->carrier = CARRY_TIMESTAMP;
		break;
	default:
		a->carrier = c->column.wrap == WRAP_JSON ? CARRY_JSON : CARRY_TEXT;
	}
}

void array_see(struct array *a, const struct table_column *c, const struct ferry_value *v)
{
	static const int wanted[] = {
		[CARRY_TEXT] = -1, [CARRY_INT] = FERRY_INT, [CARRY_BYTES] = -1,
		[CARRY_TIMESTAMPTZ] = FERRY_TIME, [CARRY_TIMESTAMP] = FERRY_TIME, [CARRY_JSON] = FERRY_JSON,
	};
	int want = wanted[a->carrier];

	(void)c;
	if (want >= 0 && v->type != FERRY_NULL && v->type != want)
		a->carrier = CARRY_TEXT;
	/* what PostgreSQL's own count from 2000 cannot hold would wrap */
	if (want == FERRY_TIME && v->type == FERRY_TIME && v->i < INT64_MIN + US_TO_2000)
		a->carrier = CARRY_TEXT;
}

static void put32(struct text *t, uint32_t v)
{
	v = __builtin_bswap32(v);
	text_add(t, (const char *)&v, sizeof v);
}

static void put64(struct text *t, uint64_t v)
{
	put32(t, sizeof v);
	v = __builtin_bswap64(v);
	text_add(t, (const char *)&v, sizeof v);
}

void array_add(struct array *a, const struct table_column *c, const struct ferry_value *v)
{
	struct text *t = &a->bytes;
	char buf[MOMENT_TEXT];
	size_t len;

	if (!a->n++) {
		/* a header to be filled in at the end: dimensions, any NULL, type, length, lower bound */
		put32(t, 1);
		put32(t, 0);
		put32(t, element_type(a));
		put32(t, 0);
		put32(t, 1);
	}
	if (v->type == FERRY_NULL) {
		put32(t, UINT32_MAX);
		if (!t->failed)
			t->s[7] = 1;
		return;
	}
	if (a->carrier == CARRY_INT) {
		put64(t, (uint64_t)v->i);
		return;
	}
	if (a->carrier == CARRY_TIMESTAMPTZ || a->carrier == CARRY_TIMESTAMP) {
		put64(t, (uint64_t)(v->i - US_TO_2000));
		return;
	}
	const char *s = column_text(c, v, buf, &len);
	put32(t, (uint32_t)len);
	text_add(t, s, len);
}

void array_end(struct array *a)
{
	uint32_t n = __builtin_bswap32(a->n);

	if (!a->bytes.failed && a->n)
		memcpy(a->bytes.s + 12, &n, sizeof n);
}
