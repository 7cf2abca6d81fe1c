/* SPDX-License-Identifier: Apache-2.0 */
/*
 * literal.c - values on their way into a column: whether they would arrive whole, how they are written in
 * SQL, and whether what the column gives back is the same value.
 */
#include "mysql/private.h"

#include <math.h>
#include <string.h>

enum { DECIMAL_DIGITS = 65 };		/* that a literal keeps */

static bool is_number_kind(enum kind kind)
{
	return kind == KIND_INT || kind == KIND_YEAR || kind == KIND_BIT || kind == KIND_DECIMAL ||
	       kind == KIND_FLOAT || kind == KIND_DOUBLE;
}

static bool is_time_kind(enum kind kind)
{
	return kind == KIND_DATE || kind == KIND_DATETIME || kind == KIND_TIMESTAMP;
}

/* Booleans are what the column takes for one. */
bool column_wants_words(const struct table_column *c)
{
	return c->column.kind == KIND_TEXT || c->column.kind == KIND_JSON;
}

/* The instant a value is, on its way into a column of dates or times. */
static bool instant(const struct destination *d, const struct ferry_value *v, int64_t *us)
{
	if (v->type == FERRY_TIME)
		*us = v->i;
	return v->type == FERRY_TIME ||
	       (v->type == FERRY_TEXT && d->base.host->parse_time(v->s, v->len, us));
}

/* ------------------------------------------------------------------ whole, or not at all */

static size_t characters(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static const struct misfit *number_misfit(const struct table_column *c, const char *s, size_t len)
{
	static const struct misfit inexact = {"INEXACT",
		"the column would round it: give it a type with more places"};
	static const struct misfit none = {"ER_TRUNCATED_WRONG_VALUE_FOR_FIELD",
		"it is no number, and the column takes nothing else"};
	static const struct misfit range = {"ER_WARN_DATA_OUT_OF_RANGE",
		"it is larger than any number of the column's type"};
	static const struct misfit year = {"ER_WARN_DATA_OUT_OF_RANGE",
		"a column of type year takes 0 and 1901 to 2155"};
	enum kind kind = c->column.kind;
	struct digits n;
	double x;
	bool exact;
	int64_t i;

	if (!digits_read(s, len, &n))
		return &none;
	if (kind == KIND_FLOAT || kind == KIND_DOUBLE) {
		if (!real_from_text(s, len, kind == KIND_FLOAT, &x, &exact))
			return &inexact;
		return !isfinite(x) ? &range : exact ? NULL : &inexact;
	}
	if (n.n - n.point > (c->scale > 0 ? c->scale : 0))
		return &inexact;
	if (kind == KIND_YEAR && integer_from_text(s, len, &i) && i != 0 && (i < 1901 || i > 2155))
		return &year;
	return NULL;
}

static const struct misfit *time_misfit(const struct destination *d, const struct table_column *c,
					const struct ferry_value *v)
{
	static const struct misfit inexact = {"INEXACT",
		"the column would cut the time: give it a type with more places"};
	static const struct misfit range = {"ER_TRUNCATED_WRONG_VALUE",
		"the column takes times of the years 0001 to 9999"};
	int64_t us, unit = 1;

	if (!instant(d, v, &us))
		return NULL;		/* the server's to judge */
	if (us < -719162 * DAY_US || us >= 2932897 * DAY_US)
		return &range;
	for (int i = c->fraction; i < 6; i++)
		unit *= 10;
	return us % (c->column.kind == KIND_DATE ? DAY_US : unit) ? &inexact : NULL;
}

static const struct misfit *text_misfit(const struct table_column *c, const char *s, size_t len, bool key)
{
	static const struct misfit too_long = {"ER_DATA_TOO_LONG", "it is longer than the column"};
	static const struct misfit blanks = {"INEXACT",
		"the column loses the blanks at its end, so the row could not be found again"};

	if (c->length >= 0 && (int64_t)len > c->length &&
	    (c->column.kind == KIND_BYTES || characters(s, len) > (size_t)c->length))
		return &too_long;
	return key && c->padded && len && s[len - 1] == ' ' ? &blanks : NULL;
}

const struct misfit *value_misfit(const struct destination *d, const struct table_column *c,
				  const struct ferry_value *v, bool key)
{
	static const struct misfit bytes = {"ER_TRUNCATED_WRONG_VALUE_FOR_FIELD",
		"bytes fit only into a column of binary, varbinary or blob"};
	static const struct misfit clock = {"ER_TRUNCATED_WRONG_VALUE",
		"a time is an instant, and the column holds a time of day"};
	enum kind kind = c->column.kind;
	char buf[MOMENT_TEXT];
	size_t len;

	if (v->type == FERRY_NULL)
		return NULL;
	if (v->type == FERRY_BYTES && kind != KIND_BYTES)
		return &bytes;
	if (v->type == FERRY_TIME && kind == KIND_CLOCK)
		return &clock;
	if (is_time_kind(kind))
		return time_misfit(d, c, v);
	const char *s = value_print(v, column_wants_words(c), buf, &len);
	return is_number_kind(kind) ? number_misfit(c, s, len) : text_misfit(c, s, len, key);
}

/* ------------------------------------------------------------------ SQL */

static void add_escaped(struct text *sql, const char *s, size_t len)
{
	const char *end = s + len, *from = s;

	for (; s < end; s++) {
		if (__builtin_expect(*s != '\'' && *s != '\\' && *s, true))
			continue;
		text_add(sql, from, (size_t)(s - from));
		text_add(sql, *s == '\'' ? "''" : *s ? "\\\\" : "\\0", 2);
		from = s + 1;
	}
	text_add(sql, from, (size_t)(end - from));
}

static void add_string(struct text *sql, const char *s, size_t len)
{
	text_add(sql, "'", 1);
	add_escaped(sql, s, len);
	text_add(sql, "'", 1);
}

void literal_bytes(struct text *sql, const char *s, size_t len)
{
	text_add(sql, "_binary", 7);
	add_string(sql, s, len);
}

void literal_text(struct text *sql, const char *s)
{
	add_string(sql, s, strlen(s));
}

/* Bare digits are compared and stored as the number they are, whatever the size of it. */
static void add_number(struct text *sql, enum kind kind, const char *s, size_t len)
{
	bool exponent = memchr(s, 'e', len) || memchr(s, 'E', len);
	struct digits d;

	if (len > DECIMAL_DIGITS || !digits_read(s, len, &d) || *s == '+') {
		add_string(sql, s, len);
		return;
	}
	text_add(sql, s, len);
	if ((kind == KIND_FLOAT || kind == KIND_DOUBLE) && !exponent)
		text_add(sql, "e0", 2);
}

/* "2026-01-31 10:00:00.5", in UTC as the session is */
static void add_instant(struct text *sql, enum kind kind, int64_t us)
{
	char out[MOMENT_TEXT];
	int64_t of_day, day = moment_split(us, &of_day);
	size_t len = kind == KIND_DATE ? date_text(day, out) : moment_text(day, of_day, false, out);

	if (len > 10)
		out[10] = ' ';
	add_string(sql, out, len);
}

void literal_add(struct text *sql, const struct destination *d, const struct table_column *c,
		 const struct ferry_value *v)
{
	enum kind kind = c->column.kind;
	char buf[MOMENT_TEXT];
	size_t len;
	int64_t us;

	if (v->type == FERRY_NULL) {
		text_add(sql, "NULL", 4);
		return;
	}
	if (is_time_kind(kind) && instant(d, v, &us)) {
		add_instant(sql, kind, us);
		return;
	}
	const char *s = value_print(v, column_wants_words(c), buf, &len);
	if (is_number_kind(kind))
		add_number(sql, kind, s, len);
	else if (kind == KIND_BYTES)
		literal_bytes(sql, s, len);
	else
		add_string(sql, s, len);
}

/* ------------------------------------------------------------------ the same value */

bool value_is_stored(const struct destination *d, const struct table_column *c,
		     const struct ferry_value *ours, const struct ferry_value *theirs)
{
	char buf_a[MOMENT_TEXT], buf_b[MOMENT_TEXT];
	struct digits x, y;
	int64_t us_a, us_b;
	size_t len_a, len_b;

	if (ours->type == FERRY_NULL || theirs->type == FERRY_NULL)
		return ours->type == theirs->type;
	if (is_time_kind(c->column.kind) && instant(d, ours, &us_a) && instant(d, theirs, &us_b))
		return us_a == us_b;
	bool words = column_wants_words(c);
	const char *a = value_print(ours, words, buf_a, &len_a), *b = value_print(theirs, words, buf_b, &len_b);
	if (is_number_kind(c->column.kind) && digits_read(a, len_a, &x) && digits_read(b, len_b, &y))
		return digits_equal(&x, &y);
	while (c->padded && len_a && a[len_a - 1] == ' ')
		len_a--;
	return len_a == len_b && (c->own_form ? strncasecmp(a, b, len_a) : memcmp(a, b, len_a)) == 0;
}
