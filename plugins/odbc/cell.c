/* SPDX-License-Identifier: Apache-2.0 */
/* cell.c - one fetched value, in the driver's form, to a value of ferry's. No I/O. */
#include "odbc/odbc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	WIDEST = 2000,			/* characters or bytes of a column that is still fetched in blocks */
	SHORT_TEXT = 80,
};

SQLSMALLINT column_ctype(const struct column *c)
{
	static const SQLSMALLINT types[] = {
		[FORM_INTEGER] = SQL_C_CHAR,
		[FORM_DECIMAL] = SQL_C_CHAR,
		[FORM_SINGLE] = SQL_C_FLOAT,
		[FORM_DOUBLE] = SQL_C_DOUBLE,
		[FORM_BOOL] = SQL_C_BIT,
		[FORM_DATE] = SQL_C_TYPE_DATE,
		[FORM_TIMESTAMP] = SQL_C_TYPE_TIMESTAMP,
		[FORM_ZONED] = SQL_C_CHAR,
		[FORM_CLOCK] = SQL_C_CHAR,
		[FORM_GUID] = SQL_C_CHAR,
		[FORM_TEXT] = SQL_C_WCHAR,
		[FORM_BYTES] = SQL_C_BINARY,
		[FORM_TAGGED] = SQL_C_CHAR,
	};

	return c->as_text ? SQL_C_CHAR : types[c->form];
}

size_t column_width(const struct database *d, const struct column *c)
{
	bool lies = d->driver->number_sizes_lie;

	if (c->as_text)
		return SHORT_TEXT;
	switch (c->form) {
	case FORM_INTEGER:
		return 32;
	case FORM_DECIMAL:
		return lies || !c->size || c->size > 1000 ? 0 : c->size + 8;
	case FORM_SINGLE:
		return sizeof(SQLREAL);
	case FORM_DOUBLE:
		return sizeof(SQLDOUBLE);
	case FORM_BOOL:
		return sizeof(SQLCHAR);
	case FORM_DATE:
		return sizeof(SQL_DATE_STRUCT);
	case FORM_TIMESTAMP:
		return sizeof(SQL_TIMESTAMP_STRUCT);
	case FORM_ZONED: case FORM_CLOCK: case FORM_GUID:
		return SHORT_TEXT;
	case FORM_TEXT:
		if (c->type == SQL_LONGVARCHAR || c->type == SQL_WLONGVARCHAR || !c->size ||
		    c->size > WIDEST || (lies && c->size >= 255))
			return 0;
		return (2 * c->size + 1) * sizeof(SQLWCHAR);
	case FORM_BYTES:
		return c->type == SQL_LONGVARBINARY || c->size > WIDEST ? 0 : c->size;
	case FORM_TAGGED:
		break;
	}
	return 0;
}

static enum cell_status put_integer(struct cells *cells, const char *p, size_t len)
{
	int64_t i;
	struct digits digits;

	if (integer_from_text(p, len, &i))
		return cells_put_int(cells, FERRY_INT, i);
	/* beyond 64 bits: unsigned */
	return digits_read(p, len, &digits) ? cells_put(cells, FERRY_DECIMAL, p, len) :
					      CELL_MALFORMED;
}

/* Oracle leaves the zero before the point out. What is no number, as NaN, is a text. */
static enum cell_status put_decimal(struct cells *cells, const char *p, size_t len)
{
	struct digits digits;
	bool minus = len && *p == '-';

	if (!digits_read(p, len, &digits))
		return cells_put(cells, FERRY_TEXT, p, len);
	if (len <= minus || p[minus] != '.')
		return cells_put(cells, FERRY_DECIMAL, p, len);
	char *to = cells_text(cells, len + 1);
	if (!to)
		return CELL_NO_MEMORY;
	memcpy(to, "-0", 2);
	memmove(to, to + !minus, 2 - (size_t)!minus);
	memcpy(to + 1 + minus, p + minus, len - minus);
	return cells_take(cells, FERRY_DECIMAL, len + 1);
}

static enum cell_status put_real(struct cells *cells, double x, bool single)
{
	if (!isfinite(x)) {
		const char *name = isnan(x) ? "NaN" : x < 0 ? "-Infinity" : "Infinity";
		return cells_put(cells, FERRY_TEXT, name, strlen(name));
	}
	char *to = cells_text(cells, REAL_TEXT);
	return to ? cells_take(cells, FERRY_DECIMAL, real_text(x, single, to)) : CELL_NO_MEMORY;
}

static enum cell_status put_date(struct cells *cells, const char *p)
{
	SQL_DATE_STRUCT s;
	int64_t day;

	memcpy(&s, p, sizeof s);
	if (!moment_day(s.year, s.month, s.day, &day))
		return CELL_MALFORMED;
	char *to = cells_text(cells, MOMENT_TEXT);
	return to ? cells_take(cells, FERRY_TEXT, date_text(day, to)) : CELL_NO_MEMORY;
}

/* The session's zone is UTC, and a time without a zone is taken to be in it. */
static enum cell_status put_timestamp(struct cells *cells, const char *p)
{
	SQL_TIMESTAMP_STRUCT s;
	int64_t day;

	memcpy(&s, p, sizeof s);
	if (!moment_day(s.year, s.month, s.day, &day) || s.hour > 23 || s.minute > 59 ||
	    s.second > 59)
		return CELL_MALFORMED;
	int64_t seconds = (int64_t)s.hour * 3600 + s.minute * 60 + s.second;
	return cells_put_int(cells, FERRY_TIME,
			     day * DAY_US + seconds * 1000000 + s.fraction / 1000);
}

/* A number of so many digits at p; -1 when it is none. */
static int two_or_four(const char *p, int n)
{
	int x = 0;

	for (; n; n--, p++) {
		if (*p < '0' || *p > '9')
			return -1;
		x = x * 10 + *p - '0';
	}
	return x;
}

/* "2026-01-31 10:00:00.123456+00"; what is another kind, as "infinity", stays a text. */
static enum cell_status put_stamp_text(struct cells *cells, const char *p, size_t len)
{
	int64_t day, fraction = 0;
	size_t n = 19;

	if (len < n || p[4] != '-' || p[10] != ' ' || p[13] != ':' ||
	    !moment_day(two_or_four(p, 4), two_or_four(p + 5, 2), two_or_four(p + 8, 2), &day))
		return cells_put(cells, FERRY_TEXT, p, len);
	int64_t seconds = (int64_t)two_or_four(p + 11, 2) * 3600 + two_or_four(p + 14, 2) * 60 +
			  two_or_four(p + 17, 2);
	if (n < len && p[n] == '.') {
		int64_t unit = 100000;
		for (n++; n < len && p[n] >= '0' && p[n] <= '9'; n++, unit /= 10)
			fraction += (p[n] - '0') * unit;
	}
	/* the session is in UTC */
	if (n != len && (len - n != 3 || memcmp(p + n, "+00", 3) != 0))
		return cells_put(cells, FERRY_TEXT, p, len);
	return cells_put_int(cells, FERRY_TIME, day * DAY_US + seconds * 1000000 + fraction);
}

static enum cell_status put_zoned(struct database *d, struct cells *cells, const char *p,
				  size_t len)
{
	int64_t us;

	if (!d->host->parse_time(p, len, &us))
		return cells_put(cells, FERRY_TEXT, p, len);
	return cells_put_int(cells, FERRY_TIME, us);
}

static enum cell_status put_lower(struct cells *cells, const char *p, size_t len)
{
	char *to = cells_text(cells, len);

	if (!to)
		return CELL_NO_MEMORY;
	for (size_t i = 0; i < len; i++)
		to[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 0x20) : p[i];
	return cells_take(cells, FERRY_TEXT, len);
}

static enum cell_status put_wide(struct cells *cells, const struct column *c, const char *p,
				 size_t len)
{
	size_t units = len / sizeof(SQLWCHAR), bytes;
	char *to = cells_text(cells, NARROW_ROOM(units) + 1);

	if (!to)
		return CELL_NO_MEMORY;
	/* the caller's memory is aligned for it */
	if (!narrow((const SQLWCHAR *)(const void *)p, units, to, &bytes))
		return CELL_MALFORMED;
	while (c->padded && bytes && to[bytes - 1] == ' ')
		bytes--;
	return cells_take(cells, FERRY_TEXT, bytes);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum cell_status put_hex(struct cells *cells, enum ferry_type type, const char *p,
				size_t len)
{
	char *to = cells_text(cells, len / 2 + 1);

	if (!to)
		return CELL_NO_MEMORY;
	for (size_t i = 0; i + 1 < len; i += 2) {
		if (digit(p[i]) < 0 || digit(p[i + 1]) < 0)
			return CELL_MALFORMED;
		to[i / 2] = (char)(digit(p[i]) << 4 | digit(p[i + 1]));
	}
	if (type == FERRY_TEXT && !utf8_valid(to, len / 2))
		return CELL_MALFORMED;
	return cells_take(cells, type, len / 2);
}

/* A text whose first letter tells its type. */
static enum cell_status put_tagged(struct cells *cells, const char *p, size_t len)
{
	char number[REAL_TEXT];

	if (!len)
		return CELL_MALFORMED;
	switch (*p++) {
	case 'i':
		return put_integer(cells, p, len - 1);
	case 'r':
		if (len > sizeof number)
			return CELL_MALFORMED;
		memcpy(number, p, len - 1);
		number[len - 1] = '\0';
		return put_real(cells, strtod(number, NULL), false);
	case 't':
		return utf8_valid(p, len - 1) ? cells_put(cells, FERRY_TEXT, p, len - 1) :
						CELL_MALFORMED;
	case 'h':
		return put_hex(cells, FERRY_TEXT, p, len - 1);
	case 'x':
		return put_hex(cells, FERRY_BYTES, p, len - 1);
	default:
		return CELL_MALFORMED;
	}
}

enum cell_status cell_put(struct database *d, struct cells *cells, const struct column *c,
			  const char *p, size_t len)
{
	float single;
	double x;

	if (c->as_text)
		return c->form == FORM_DATE ? cells_put(cells, FERRY_TEXT, p, len) :
					      put_stamp_text(cells, p, len);
	switch (c->form) {
	case FORM_INTEGER:
		return put_integer(cells, p, len);
	case FORM_DECIMAL:
		return put_decimal(cells, p, len);
	case FORM_SINGLE:
		memcpy(&single, p, sizeof single);
		return put_real(cells, (double)single, true);
	case FORM_DOUBLE:
		memcpy(&x, p, sizeof x);
		return put_real(cells, x, false);
	case FORM_BOOL:
		return cells_put_int(cells, FERRY_BOOL, *p != 0);
	case FORM_DATE:
		return put_date(cells, p);
	case FORM_TIMESTAMP:
		return put_timestamp(cells, p);
	case FORM_ZONED:
		return put_zoned(d, cells, p, len);
	case FORM_CLOCK:
		return cells_put(cells, FERRY_TEXT, p, len);
	case FORM_GUID:
		return put_lower(cells, p, len);
	case FORM_TEXT:
		return put_wide(cells, c, p, len);
	case FORM_BYTES:
		return cells_put(cells, FERRY_BYTES, p, len);
	case FORM_TAGGED:
		return put_tagged(cells, p, len);
	}
	return CELL_MALFORMED;
}
