/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cells.c - values out of PostgreSQL's binary format. This is where every value of every row passes:
 * nothing is allocated for one, and nothing printed.
 */
#include "postgres/postgres.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ kinds */

static inline uint16_t get16(const char *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return __builtin_bswap16(v);
}

static inline uint32_t get32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return __builtin_bswap32(v);
}

static inline uint64_t get64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return __builtin_bswap64(v);
}

static enum cell_status add_numeric(struct cells *c, const char *p, size_t len, bool ordered)
{
	const uint8_t *bytes = (const uint8_t *)p;
	char *to = cells_text(c, numeric_room(bytes, len));
	size_t n = 0;

	if (!to)
		return CELL_NO_MEMORY;
	switch (numeric_text(bytes, len, to, &n)) {
	case NUMBER_OK:
		return cells_take(c, FERRY_DECIMAL, n);
	case NUMBER_MINUS_INFINITY:
		if (ordered)
			return CELL_UNORDERED;	/* a text: it would come after all numbers */
		return cells_take(c, FERRY_TEXT, n);
	case NUMBER_NOT_FINITE:
		return cells_take(c, FERRY_TEXT, n);
	case NUMBER_MALFORMED:
		break;
	}
	return CELL_MALFORMED;
}

static enum cell_status add_real(struct cells *c, double x, bool single, bool ordered)
{
	if (__builtin_expect(!isfinite(x), false)) {
		if (ordered && !isnan(x) && x < 0)
			return CELL_UNORDERED;
		const char *name = isnan(x) ? "NaN" : x < 0 ? "-Infinity" : "Infinity";
		return cells_put(c, FERRY_TEXT, name, strlen(name));
	}
	char *to = cells_text(c, REAL_TEXT);
	return to ? cells_take(c, FERRY_DECIMAL, real_text(x, single, to)) : CELL_NO_MEMORY;
}

static enum cell_status add_float4(struct cells *c, const char *p, bool ordered)
{
	uint32_t bits = get32(p);
	float x;

	memcpy(&x, &bits, sizeof x);
	return add_real(c, (double)x, true, ordered);
}

static enum cell_status add_float8(struct cells *c, const char *p, bool ordered)
{
	uint64_t bits = get64(p);
	double x;

	memcpy(&x, &bits, sizeof x);
	return add_real(c, x, false, ordered);
}

static enum cell_status add_uuid(struct cells *c, const char *p)
{
	static const char hex[] = "0123456789abcdef";
	char *to = cells_text(c, 36), *at = to;

	if (!to)
		return CELL_NO_MEMORY;
	for (int i = 0; i < 16; i++) {
		uint8_t b = (uint8_t)p[i];
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = hex[b >> 4];
		*at++ = hex[b & 15];
	}
	return cells_take(c, FERRY_TEXT, 36);
}

static enum cell_status add_infinity(struct cells *c, bool minus)
{
	return minus ? cells_put(c, FERRY_TEXT, "-infinity", 9) : cells_put(c, FERRY_TEXT, "infinity", 8);
}

/* Only four digits of a year sort as text. */
static bool sorts_as_text(int64_t day_from_1970)
{
	return day_from_1970 >= -719162 && day_from_1970 <= 2932896;	/* 0001-01-01, 9999-12-31 */
}

static enum cell_status add_date(struct cells *c, const char *p, bool ordered)
{
	int32_t day = (int32_t)get32(p);

	if (day == INT32_MIN || day == INT32_MAX)
		return add_infinity(c, day < 0);
	if (ordered && !sorts_as_text((int64_t)day + DAYS_TO_2000))
		return CELL_UNORDERED;
	char *to = cells_text(c, MOMENT_TEXT);
	return to ? cells_take(c, FERRY_TEXT, date_text((int64_t)day + DAYS_TO_2000, to)) : CELL_NO_MEMORY;
}

size_t timestamp_text(int64_t us_from_2000, bool zone, char out[MOMENT_TEXT])
{
	int64_t rest, day = moment_split(us_from_2000, &rest);

	return moment_text(day + DAYS_TO_2000, rest, zone, out);
}

static enum cell_status add_timestamp(struct cells *c, const char *p, bool ordered)
{
	int64_t us = (int64_t)get64(p);

	if (us == INT64_MIN || us == INT64_MAX)
		return add_infinity(c, us < 0);
	int64_t day = us / DAY_US - (us % DAY_US < 0);
	if (ordered && !sorts_as_text(day + DAYS_TO_2000))
		return CELL_UNORDERED;
	char *to = cells_text(c, MOMENT_TEXT);
	return to ? cells_take(c, FERRY_TEXT, timestamp_text(us, false, to)) : CELL_NO_MEMORY;
}

static enum cell_status add_timestamptz(struct cells *c, const char *p, bool ordered)
{
	int64_t us = (int64_t)get64(p);

	if (us == INT64_MIN && ordered)
		return CELL_UNORDERED;		/* a text: it would come after all times */
	if (us == INT64_MIN || us == INT64_MAX)
		return add_infinity(c, us < 0);
	if (us <= INT64_MAX - US_TO_2000)
		return cells_put_int(c, FERRY_TIME, us + US_TO_2000);
	/* the last thirty years PostgreSQL knows, from 294247 */
	char *to = cells_text(c, MOMENT_TEXT);
	return to ? cells_take(c, FERRY_TEXT, timestamp_text(us, true, to)) : CELL_NO_MEMORY;
}

enum cell_status cells_add(struct cells *c, enum kind kind, const char *p, int32_t len, bool ordered)
{
	static const int8_t sizes[] = {
		[KIND_BOOL] = 1, [KIND_INT2] = 2, [KIND_INT4] = 4, [KIND_INT8] = 8, [KIND_OID] = 4,
		[KIND_FLOAT4] = 4, [KIND_FLOAT8] = 8, [KIND_UUID] = 16, [KIND_DATE] = 4,
		[KIND_TIMESTAMP] = 8, [KIND_TIMESTAMPTZ] = 8,
	};

	if (len < 0)
		return cells_put_int(c, FERRY_NULL, 0);
	if (sizes[kind] && len != sizes[kind])
		return CELL_MALFORMED;
	switch (kind) {
	case KIND_TEXT:
		return cells_put(c, FERRY_TEXT, p, (size_t)len);
	case KIND_JSON:
		return cells_put(c, FERRY_JSON, p, (size_t)len);
	case KIND_JSONB:
		if (!len || *p != 1)
			return CELL_MALFORMED;	/* the format's version */
		return cells_put(c, FERRY_JSON, p + 1, (size_t)len - 1);
	case KIND_BYTES:
		return cells_put(c, FERRY_BYTES, p, (size_t)len);
	case KIND_BOOL:
		return cells_put_int(c, FERRY_BOOL, *p != 0);
	case KIND_INT2:
		return cells_put_int(c, FERRY_INT, (int16_t)get16(p));
	case KIND_INT4:
		return cells_put_int(c, FERRY_INT, (int32_t)get32(p));
	case KIND_INT8:
		return cells_put_int(c, FERRY_INT, (int64_t)get64(p));
	case KIND_OID:
		return cells_put_int(c, FERRY_INT, get32(p));
	case KIND_NUMERIC:
		return add_numeric(c, p, (size_t)len, ordered);
	case KIND_FLOAT4:
		return add_float4(c, p, ordered);
	case KIND_FLOAT8:
		return add_float8(c, p, ordered);
	case KIND_UUID:
		return add_uuid(c, p);
	case KIND_DATE:
		return add_date(c, p, ordered);
	case KIND_TIMESTAMP:
		return add_timestamp(c, p, ordered);
	case KIND_TIMESTAMPTZ:
		return add_timestamptz(c, p, ordered);
	}
	return CELL_MALFORMED;
}
