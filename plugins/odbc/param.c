/* SPDX-License-Identifier: Apache-2.0 */
/*
 * param.c - values on their way into a parameter, in the form its column has: one row, or an array of
 * many. Each is known to fit. Numbers go as their digits, since drivers cut binary ones. No I/O.
 */
#include "odbc/odbc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LONG_TEXT = 4000 };		/* characters; a longer one is a LONGVARCHAR */

/* ------------------------------------------------------------------ which form */

/* SQLite's columns take each value as what it is. */
static void choose_tagged(struct param *p, const struct ferry_value *v)
{
	p->digits = 0;
	switch ((enum ferry_type)v->type) {
	case FERRY_INT: case FERRY_BOOL:
		p->ctype = SQL_C_SBIGINT, p->type = SQL_BIGINT, p->size = 19;
		break;
	case FERRY_BYTES:
		p->ctype = SQL_C_BINARY, p->type = SQL_LONGVARBINARY;
		break;
	default:
		p->ctype = SQL_C_CHAR, p->type = SQL_LONGVARCHAR;
	}
}

static void choose(const struct database *d, struct param *p, const struct column *c)
{
	p->type = c->type;
	p->size = c->size;
	p->digits = c->digits;
	p->ctype = SQL_C_CHAR;
	if (d->driver->dates_as_text && (c->form == FORM_DATE || c->form == FORM_TIMESTAMP)) {
		p->type = SQL_VARCHAR;
		p->digits = 0;
		return;
	}
	switch (c->form) {
	case FORM_INTEGER:
		/* beyond 64 bits drivers would go wrong */
		if (c->is_unsigned && c->type == SQL_BIGINT)
			p->type = SQL_DECIMAL, p->size = 20, p->digits = 0;
		break;
	case FORM_DECIMAL: case FORM_SINGLE: case FORM_DOUBLE:
		break;
	case FORM_BOOL:
		p->size = 1;
		break;
	case FORM_DATE:
		p->ctype = SQL_C_TYPE_DATE, p->type = SQL_TYPE_DATE, p->size = 10, p->digits = 0;
		break;
	case FORM_TIMESTAMP:
		p->ctype = SQL_C_TYPE_TIMESTAMP, p->type = SQL_TYPE_TIMESTAMP, p->size = 26,
		p->digits = 6;
		break;
	case FORM_ZONED: case FORM_CLOCK: case FORM_GUID:
		p->type = SQL_VARCHAR, p->digits = 0;
		break;
	case FORM_BYTES:
		p->ctype = SQL_C_BINARY, p->digits = 0;
		break;
	case FORM_TEXT:
		p->ctype = SQL_C_WCHAR, p->type = SQL_WVARCHAR, p->digits = 0;
		break;
	case FORM_TAGGED:
		break;
	}
}

/* ------------------------------------------------------------------ values */

/* Bytes a value needs at most. */
static size_t room_for(const struct param *p, const struct ferry_value *v)
{
	size_t text = value_has_text(v) ? v->len : MOMENT_TEXT;

	switch (p->ctype) {
	case SQL_C_TYPE_DATE:
		return sizeof(SQL_DATE_STRUCT);
	case SQL_C_TYPE_TIMESTAMP:
		return sizeof(SQL_TIMESTAMP_STRUCT);
	case SQL_C_SBIGINT:
		return sizeof(SQLBIGINT);
	case SQL_C_WCHAR:
		return (text + 1) * sizeof(SQLWCHAR);
	default:
		return text + REAL_TEXT;
	}
}

static SQLLEN put_date(const struct database *d, const struct ferry_value *v, char *to)
{
	int64_t us = 0, of_day;
	struct tm tm;

	value_time(d, v, &us);
	time_t seconds = (time_t)(moment_split(us, &of_day) * 86400);
	gmtime_r(&seconds, &tm);
	SQL_DATE_STRUCT s = {(SQLSMALLINT)(tm.tm_year + 1900), (SQLUSMALLINT)(tm.tm_mon + 1),
			     (SQLUSMALLINT)tm.tm_mday};
	memcpy(to, &s, sizeof s);
	return sizeof s;
}

static SQLLEN put_timestamp(const struct database *d, const struct ferry_value *v, char *to)
{
	int64_t us = 0, of_day;
	struct tm tm;

	value_time(d, v, &us);
	int64_t day = moment_split(us, &of_day);
	time_t seconds = (time_t)(day * 86400 + of_day / 1000000);
	gmtime_r(&seconds, &tm);
	SQL_TIMESTAMP_STRUCT s = {
		(SQLSMALLINT)(tm.tm_year + 1900),
		(SQLUSMALLINT)(tm.tm_mon + 1),
		(SQLUSMALLINT)tm.tm_mday,
		(SQLUSMALLINT)tm.tm_hour,
		(SQLUSMALLINT)tm.tm_min,
		(SQLUSMALLINT)tm.tm_sec,
		(SQLUINTEGER)(of_day % 1000000 * 1000),
	};
	memcpy(to, &s, sizeof s);
	return sizeof s;
}

/* "2026-01-31", "2026-01-31 10:00:00.123456" */
static SQLLEN put_moment(const struct database *d, const struct column *c, const struct ferry_value *v,
			 char *to)
{
	char text[MOMENT_TEXT];
	int64_t us = 0, of_day;

	value_time(d, v, &us);
	int64_t day = moment_split(us, &of_day);
	size_t len = c->form == FORM_DATE ? date_text(day, text) : moment_text(day, of_day, false, text);
	memcpy(to, text, len);
	if (len > 10)
		to[10] = ' ';
	return (SQLLEN)len;
}

/* "2026-01-31 10:00:00.000000 +00:00", as databases with zones write it. */
static SQLLEN put_zoned(const struct database *d, const struct ferry_value *v, char *to)
{
	char text[MOMENT_TEXT];
	int64_t us = 0;

	value_time(d, v, &us);
	size_t len = time_text(us, text) - 1;		/* without the Z */
	memcpy(to, text, len);
	memcpy(to + len, "+00:00", 6);
	to[10] = ' ';
	return (SQLLEN)len + 6;
}

/* A whole number without places, a plain one without an exponent: "12.00" is 12, "1e3" is 1000. */
static SQLLEN put_number(const struct column *c, const char *s, size_t len, char *to)
{
	struct digits digits;
	double x;
	bool exact;

	if (c->form == FORM_INTEGER && memchr(s, '.', len) && digits_read(s, len, &digits) &&
	    !memchr(s, 'e', len))
		len = (size_t)((const char *)memchr(s, '.', len) - s);
	if ((memchr(s, 'e', len) || memchr(s, 'E', len)) &&
	    real_from_text(s, len, false, &x, &exact) && exact)
		return (SQLLEN)real_text(x, false, to);
	memcpy(to, s, len);
	return (SQLLEN)len;
}

static SQLLEN put_value(const struct database *d, const struct param *p, const struct column *c,
			const struct ferry_value *v, char *to)
{
	bool words = c->form == FORM_TEXT, truth = false, ok;
	char buf[MOMENT_TEXT];
	size_t len;

	if (v->type == FERRY_NULL)
		return SQL_NULL_DATA;
	if (p->ctype == SQL_C_TYPE_DATE)
		return put_date(d, v, to);
	if (p->ctype == SQL_C_TYPE_TIMESTAMP)
		return put_timestamp(d, v, to);
	if (c->form == FORM_ZONED)
		return put_zoned(d, v, to);
	if (c->form == FORM_DATE || c->form == FORM_TIMESTAMP)
		return put_moment(d, c, v, to);
	if (p->ctype == SQL_C_SBIGINT) {
		memcpy(to, &v->i, sizeof v->i);
		return sizeof v->i;
	}
	if (c->form == FORM_BOOL) {
		value_truth(v, &truth);
		*to = truth ? '1' : '0';
		return 1;
	}
	const char *s = value_print(v, words, buf, &len);
	if (c->form == FORM_INTEGER || c->form == FORM_DECIMAL || c->form == FORM_SINGLE ||
	    c->form == FORM_DOUBLE)
		return put_number(c, s, len, to);
	if (p->ctype == SQL_C_WCHAR)
		return (SQLLEN)(widen(s, len, (SQLWCHAR *)(void *)to, &ok) * sizeof(SQLWCHAR));
	if (len)
		memcpy(to, s, len);
	return (SQLLEN)len;
}

/* ------------------------------------------------------------------ parameters */

static bool make_room(struct param *p, size_t n)
{
	if (p->width * n > p->cap) {
		free(p->data);
		p->cap = p->width * n;
		p->data = malloc(p->cap);
	}
	if (n > p->rows_cap) {
		free(p->lengths);
		p->rows_cap = n;
		p->lengths = calloc(n, sizeof *p->lengths);
	}
	if (p->data && p->lengths)
		return true;
	param_release(p);
	return false;
}

bool param_fill(const struct database *d, struct param *p, const struct column *c,
		const struct ferry_value *const *values, size_t n)
{
	size_t longest = 1;

	if (c->form == FORM_TAGGED)
		choose_tagged(p, values[0]);
	else
		choose(d, p, c);
	p->width = 8;
	for (size_t i = 0; i < n; i++) {
		size_t room = (room_for(p, values[i]) + 7) & ~(size_t)7;
		p->width = room > p->width ? room : p->width;
	}
	if (!make_room(p, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		p->lengths[i] = put_value(d, p, c, values[i], p->data + i * p->width);
		if (p->lengths[i] > (SQLLEN)longest)
			longest = (size_t)p->lengths[i];
	}
	/* what a text's size is depends on the text, whatever the driver has said of the column */
	if (p->ctype == SQL_C_WCHAR)
		p->size = longest / sizeof(SQLWCHAR) + 1;
	else if (p->ctype == SQL_C_BINARY || c->form == FORM_TAGGED || p->type == SQL_VARCHAR ||
		 (c->form == FORM_DECIMAL && c->unlimited))
		p->size = longest;
	if (p->type == SQL_WVARCHAR && p->size > LONG_TEXT)
		p->type = SQL_WLONGVARCHAR;
	if (p->ctype == SQL_C_BINARY)
		p->type = longest > LONG_TEXT || c->type == SQL_LONGVARBINARY ? SQL_LONGVARBINARY :
										SQL_VARBINARY;
	return true;
}

void param_release(struct param *p)
{
	free(p->data);
	free(p->lengths);
	*p = (struct param){0};
}
