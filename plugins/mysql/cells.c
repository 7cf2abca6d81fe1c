/* SPDX-License-Identifier: Apache-2.0 */
/* cells.c - values out of the texts in which a server sends its rows. */
#include "mysql/private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What does not fit 64 bits, as BIGINT UNSIGNED, stays a number by its digits. */
static enum cell_status add_integer(struct cells *c, const char *p, size_t len)
{
	const char *end = p + len;
	bool minus = len && *p == '-';
	uint64_t u = 0;

	p += minus;
	while (end - p > 1 && *p == '0')
		p++;			/* ZEROFILL */
	if (end == p || end - p > 20)
		return CELL_MALFORMED;
	for (const char *q = p; q < end; q++) {
		if (!is_digit(*q))
			return CELL_MALFORMED;
		u = u * 10 + (uint64_t)(*q - '0');
	}
	/* 20 digits are more than 63 bits, whatever has become of u */
	if (end - p == 20 || u > INT64_MAX) {
		if (minus && u == (uint64_t)INT64_MAX + 1 && end - p < 20)
			return cells_put_int(c, FERRY_INT, INT64_MIN);
		return minus ? CELL_MALFORMED : cells_put(c, FERRY_DECIMAL, p, (size_t)(end - p));
	}
	return cells_put_int(c, FERRY_INT, minus ? -(int64_t)u : (int64_t)u);
}

static enum cell_status add_bits(struct cells *c, const struct column *column, const char *p, size_t len)
{
	char text[INTEGER_TEXT];
	uint64_t u = 0;

	if (!len || len > sizeof u)
		return CELL_MALFORMED;
	for (size_t i = 0; i < len; i++)
		u = u << 8 | (uint8_t)p[i];
	if (column->single_bit)
		return cells_put_int(c, FERRY_BOOL, u != 0);
	if (u <= INT64_MAX)
		return cells_put_int(c, FERRY_INT, (int64_t)u);
	return cells_put(c, FERRY_DECIMAL, text, unsigned_text(u, text));
}

/* ZEROFILL goes; the places behind the point stay as the column has them. */
static enum cell_status add_decimal(struct cells *c, const char *p, size_t len)
{
	struct digits d;
	char *to;

	if (!digits_read(p, len, &d))
		return CELL_MALFORMED;
	bool minus = *p == '-';
	const char *from = p + minus, *end = p + len;
	while (end - from > 1 && *from == '0' && from[1] != '.')
		from++;
	len = (size_t)(end - from) + minus;
	to = cells_text(c, len);
	if (!to)
		return CELL_NO_MEMORY;
	*to = '-';
	memcpy(to + minus, from, (size_t)(end - from));
	return cells_take(c, FERRY_DECIMAL, len);
}

static enum cell_status add_real(struct cells *c, const char *p, size_t len, bool single)
{
	char text[REAL_TEXT], *to;

	if (len >= sizeof text)
		return CELL_MALFORMED;
	memcpy(text, p, len);
	text[len] = '\0';
	char *end;
	double x = strtod(text, &end);
	if (end != text + len || !len || !isfinite(x))
		return CELL_MALFORMED;
	if (single)
		x = (double)(float)x;
	to = cells_text(c, REAL_TEXT);
	return to ? cells_take(c, FERRY_DECIMAL, real_text(x, single, to)) : CELL_NO_MEMORY;
}

/* Digits of a fixed number; -1 when they are none. */
static int fixed(const char *p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (!is_digit(p[i]))
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

/* "2026-01-31"; a day that is no day, such as 2026-02-00, gives false. */
static bool read_date(const char *p, size_t len, int64_t *day)
{
	if (len < 10 || p[4] != '-' || p[7] != '-')
		return false;
	int year = fixed(p, 4), month = fixed(p + 5, 2), mday = fixed(p + 8, 2);
	return year > 0 && month > 0 && mday > 0 && moment_day(year, month, mday, day);
}

/* " 10:00:00.5" */
static bool read_time(const char *p, size_t len, int64_t *us)
{
	int64_t fraction = 0, unit = 100000;

	if (len < 9 || p[3] != ':' || p[6] != ':')
		return false;
	int hour = fixed(p + 1, 2), minute = fixed(p + 4, 2), second = fixed(p + 7, 2);
	if (hour < 0 || minute < 0 || second < 0 || (len > 9 && p[9] != '.') || len > 16)
		return false;
	for (size_t i = 10; i < len; i++, unit /= 10) {
		if (!is_digit(p[i]))
			return false;
		fraction += (p[i] - '0') * unit;
	}
	*us = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000 + fraction;
	return true;
}

/* 0000-00-00 and the like: no instant, and never taken for one. */
static enum cell_status add_no_date(struct cells *c, const struct column *column, const struct reading *how,
				    const char *p, size_t len)
{
	if (column->ordered && column->kind != KIND_DATE)
		return CELL_UNORDERED;
	if (!how->zero_as_null)
		return cells_put(c, FERRY_TEXT, p, len);
	return column->ordered ? CELL_UNORDERED : cells_put_int(c, FERRY_NULL, 0);
}

static enum cell_status add_moment(struct cells *c, const struct column *column, const struct reading *how,
				   const char *p, size_t len)
{
	int64_t day, us = 0;

	if (!read_date(p, len, &day))
		return len >= 10 ? add_no_date(c, column, how, p, len) : CELL_MALFORMED;
	if (column->kind == KIND_DATE)
		return len == 10 ? cells_put(c, FERRY_TEXT, p, len) : CELL_MALFORMED;
	if (!read_time(p + 10, len - 10, &us))
		return CELL_MALFORMED;
	if (column->kind == KIND_TIMESTAMP || !how->datetime_as_text)
		return cells_put_int(c, FERRY_TIME, day * DAY_US + us);
	char *to = cells_text(c, MOMENT_TEXT);
	return to ? cells_take(c, FERRY_TEXT, moment_text(day, us, false, to)) : CELL_NO_MEMORY;
}

enum cell_status cells_add(struct cells *c, const struct column *column, const struct reading *how,
			   const char *p, size_t len)
{
	if (!p)
		return cells_put_int(c, FERRY_NULL, 0);
	if (len > UINT32_MAX)
		return CELL_TOO_LONG;
	switch (column->kind) {
	case KIND_TEXT:
	case KIND_CLOCK:
	case KIND_GEOMETRY:
		return cells_put(c, FERRY_TEXT, p, len);
	case KIND_JSON:
		return cells_put(c, FERRY_JSON, p, len);
	case KIND_BYTES:
		return cells_put(c, FERRY_BYTES, p, len);
	case KIND_INT:
	case KIND_YEAR:
		return add_integer(c, p, len);
	case KIND_BIT:
		return add_bits(c, column, p, len);
	case KIND_DECIMAL:
		return add_decimal(c, p, len);
	case KIND_FLOAT:
	case KIND_DOUBLE:
		return add_real(c, p, len, column->kind == KIND_FLOAT);
	case KIND_DATE:
	case KIND_DATETIME:
	case KIND_TIMESTAMP:
		return add_moment(c, column, how, p, len);
	}
	return CELL_MALFORMED;
}
