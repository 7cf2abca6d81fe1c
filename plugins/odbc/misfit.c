/* SPDX-License-Identifier: Apache-2.0 */
/*
 * misfit.c - would a value arrive whole in its column, and is what a column holds the same as ours?
 * Databases and drivers round and cut in silence, so nothing is sent of which that can be seen. No I/O.
 */
#include "odbc/odbc.h"

#include <string.h>

static const struct misfit not_a_number = {"invalid_text_representation",
					   "the column takes numbers only"};
static const struct misfit not_a_time = {"invalid_datetime_format",
					 "the column takes dates and times only"};
static const struct misfit not_a_boolean = {"invalid_text_representation",
					    "the column takes true and false only"};
static const struct misfit bytes = {"datatype_mismatch", "bytes fit only into a column for bytes"};
static const struct misfit nul = {"character_not_in_repertoire",
	"the text has a NUL character in it, which the database or its driver cannot store"};
static const struct misfit not_utf8 = {"character_not_in_repertoire", "the text is not UTF-8"};
static const struct misfit inexact = {"INEXACT",
				      "the column would round it: give it a type with more places"};
static const struct misfit out_of_range = {"datetime_field_overflow",
					   "the year has not four digits"};

bool value_time(const struct database *d, const struct ferry_value *v, int64_t *us)
{
	if (v->type == FERRY_TIME)
		*us = v->i;
	return v->type == FERRY_TIME ||
	       (v->type == FERRY_TEXT && d->host->parse_time(v->s, v->len, us));
}

bool value_truth(const struct ferry_value *v, bool *ret)
{
	static const char *const words[] = {"0", "1", "f", "t", "false", "true", "no", "yes"};

	if (v->type == FERRY_BOOL || v->type == FERRY_INT) {
		*ret = v->i != 0;
		return v->i == 0 || v->i == 1;
	}
	for (size_t i = 0; value_has_text(v) && i < sizeof words / sizeof words[0]; i++)
		if (v->len == strlen(words[i]) && strncasecmp(v->s, words[i], v->len) == 0) {
			*ret = i & 1;
			return true;
		}
	return false;
}

/* Whole numbers and decimals of a scale. */
static const struct misfit *fits_places(const struct ferry_value *v, int places)
{
	struct digits digits;

	if (v->type == FERRY_INT || v->type == FERRY_BOOL)
		return NULL;
	if ((v->type != FERRY_DECIMAL && v->type != FERRY_TEXT) ||
	    !digits_read(v->s, v->len, &digits))
		return &not_a_number;
	return digits.n - digits.point > places ? &inexact : NULL;
}

static const struct misfit *fits_real(const struct ferry_value *v, bool single)
{
	char buf[MOMENT_TEXT];
	size_t len;
	double x;
	bool exact;

	if (v->type == FERRY_TIME || v->type == FERRY_BYTES || v->type == FERRY_JSON)
		return &not_a_number;
	const char *s = value_print(v, false, buf, &len);
	if (!real_from_text(s, len, single, &x, &exact))
		return &not_a_number;
	return exact ? NULL : &inexact;
}

static const struct misfit *fits_time(const struct database *d, const struct column *c,
				      const struct ferry_value *v)
{
	int64_t us, of_day, unit = 1;

	if (!value_time(d, v, &us))
		return &not_a_time;
	int64_t day = moment_split(us, &of_day);
	if (day < -719162 || day > 2932896)		/* 0001-01-01, 9999-12-31 */
		return &out_of_range;
	if (c->form == FORM_DATE)
		return of_day ? &inexact : NULL;
	for (int p = c->digits; p < 6; p++)
		unit *= 10;
	return of_day % unit ? &inexact : NULL;
}

static const struct misfit *fits_text(const struct database *d, const struct ferry_value *v)
{
	bool refuses_nul = d->dialect->kind == DBMS_POSTGRES || d->dialect->kind == DBMS_SQLITE;

	if (v->type == FERRY_BYTES)
		return &bytes;
	if (!value_has_text(v))
		return NULL;
	if (refuses_nul && v->len && memchr(v->s, '\0', v->len))
		return &nul;
	return utf8_valid(v->s, v->len) ? NULL : &not_utf8;
}

/* SQLite makes a number of a text in a column for numbers, and says nothing of digits it cannot keep. */
static const struct misfit *fits_affinity(const struct column *c, const struct ferry_value *v)
{
	static const char *const kept[] = {"CHAR", "CLOB", "TEXT", "BLOB", NULL};
	int64_t i;
	double x;
	bool exact;

	if (v->type != FERRY_DECIMAL && v->type != FERRY_TEXT)
		return NULL;
	if (!strcasestr(c->type_name, "INT"))
		for (size_t k = 0; kept[k]; k++)
			if (strcasestr(c->type_name, kept[k]))
				return NULL;
	if (integer_from_text(v->s, v->len, &i) || !real_from_text(v->s, v->len, false, &x, &exact))
		return NULL;
	return exact ? NULL : &inexact;
}

const struct misfit *value_misfit(const struct database *d, const struct column *c,
				  const struct ferry_value *v)
{
	bool truth;

	if (v->type == FERRY_NULL)
		return NULL;
	switch (c->form) {
	case FORM_INTEGER:
		return fits_places(v, 0);
	case FORM_DECIMAL:
		return fits_places(v, c->unlimited ? INT16_MAX : c->digits);
	case FORM_SINGLE: case FORM_DOUBLE:
		return fits_real(v, c->form == FORM_SINGLE);
	case FORM_BOOL:
		return value_truth(v, &truth) ? NULL : &not_a_boolean;
	case FORM_DATE: case FORM_TIMESTAMP: case FORM_ZONED:
		return fits_time(d, c, v);
	case FORM_BYTES:
		return v->type == FERRY_BYTES || v->type == FERRY_TEXT ? NULL : &bytes;
	case FORM_CLOCK: case FORM_GUID: case FORM_TEXT:
		return fits_text(d, v);
	case FORM_TAGGED:
		if (v->type == FERRY_BYTES)
			return NULL;
		return fits_text(d, v) ? fits_text(d, v) : fits_affinity(c, v);
	}
	return NULL;
}

/* ------------------------------------------------------------------ the same? */

static bool number_digits(const struct ferry_value *v, char buf[MOMENT_TEXT], struct digits *digits)
{
	size_t len;

	if (v->type == FERRY_TIME || v->type == FERRY_BYTES || v->type == FERRY_JSON ||
	    v->type == FERRY_NULL)
		return false;
	const char *s = value_print(v, false, buf, &len);
	return digits_read(s, len, digits);
}

static bool same_text(const struct ferry_value *a, const struct ferry_value *b, bool words)
{
	char buf_a[MOMENT_TEXT], buf_b[MOMENT_TEXT];
	size_t len_a, len_b;
	const char *s = value_print(a, words, buf_a, &len_a),
		   *t = value_print(b, words, buf_b, &len_b);

	return len_a == len_b && memcmp(s, t, len_a) == 0;
}

bool value_same(const struct database *d, const struct ferry_value *ours,
		const struct ferry_value *theirs)
{
	char buf_a[MOMENT_TEXT], buf_b[MOMENT_TEXT];
	struct digits a, b;
	int64_t us, them;
	bool x, y;

	if (ours->type == FERRY_NULL || theirs->type == FERRY_NULL)
		return ours->type == theirs->type;
	if (same_text(ours, theirs, false) || same_text(ours, theirs, true))
		return true;
	if (ours->type == FERRY_BOOL || theirs->type == FERRY_BOOL)
		return value_truth(ours, &x) && value_truth(theirs, &y) && x == y;
	if (ours->type == FERRY_TIME || theirs->type == FERRY_TIME)
		return value_time(d, ours, &us) && value_time(d, theirs, &them) && us == them;
	/* of two texts "7" and "07" are not the same */
	if (ours->type == FERRY_TEXT && theirs->type == FERRY_TEXT)
		return false;
	return number_digits(ours, buf_a, &a) && number_digits(theirs, buf_b, &b) &&
	       digits_equal(&a, &b);
}
