/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cells.c - values out of SQLite and into it.
 */
#include "sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_text(const struct ferry_value *v)
{
	return v->type == FERRY_TEXT || v->type == FERRY_BYTES || v->type == FERRY_DECIMAL ||
	       v->type == FERRY_JSON;
}

void cells_reset(struct cells *c)
{
	c->n = 0;
	c->text_len = 0;
}

void cells_release(struct cells *c)
{
	free(c->values);
	free(c->text);
	*c = (struct cells){0};
}

/* Room for len more bytes and a NUL. The texts that move take their values' pointers along. */
static bool room(struct cells *c, size_t len)
{
	if (c->text_cap - c->text_len > len)
		return true;
	size_t cap = c->text_cap ? c->text_cap * 2 : 64 * 1024;
	while (cap - c->text_len <= len)
		cap *= 2;
	char *text = malloc(cap);
	if (!text)
		return false;
	if (c->text_len)
		memcpy(text, c->text, c->text_len);
	for (size_t i = 0; i < c->n; i++)
		if (has_text(&c->values[i]))
			c->values[i].s = text + (c->values[i].s - c->text);
	free(c->text);
	c->text = text;
	c->text_cap = cap;
	return true;
}

static struct ferry_value *next(struct cells *c)
{
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 2048;
		struct ferry_value *values = reallocarray(c->values, cap, sizeof *values);
		if (!values)
			return NULL;
		c->values = values;
		c->cap = cap;
	}
	return &c->values[c->n];
}

static enum cell_status add_text(struct cells *c, enum ferry_type type, const char *s, size_t len)
{
	if (!room(c, len))
		return CELL_NO_MEMORY;
	char *p = c->text + c->text_len;
	if (len)
		memcpy(p, s, len);
	p[len] = '\0';
	c->text_len += len + 1;
	c->values[c->n++] = (struct ferry_value){.s = p, .len = (uint32_t)len, .type = type};
	return CELL_OK;
}

enum cell_status cells_add_column(struct cells *c, sqlite3_stmt *stmt, int column)
{
	struct ferry_value *v = next(c);
	char text[REAL_TEXT];
	const void *p;
	size_t len;

	if (!v)
		return CELL_NO_MEMORY;
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		*v = (struct ferry_value){.i = sqlite3_column_int64(stmt, column),
					  .type = FERRY_INT};
		c->n++;
		return CELL_OK;
	case SQLITE_TEXT:
		p = sqlite3_column_text(stmt, column);
		if (!p)
			return CELL_NO_MEMORY;
		return add_text(c, FERRY_TEXT, p, (size_t)sqlite3_column_bytes(stmt, column));
	case SQLITE_BLOB:
		p = sqlite3_column_blob(stmt, column);	/* NULL when empty */
		return add_text(c, FERRY_BYTES, p, (size_t)sqlite3_column_bytes(stmt, column));
	case SQLITE_FLOAT:
		len = real_text(sqlite3_column_double(stmt, column), text);
		return len ? add_text(c, FERRY_DECIMAL, text, len) : CELL_NOT_FINITE;
	default:
		*v = (struct ferry_value){.type = FERRY_NULL};
		c->n++;
		return CELL_OK;
	}
}

enum cell_status cells_add(struct cells *c, const struct ferry_value *v)
{
	struct ferry_value *to = next(c);

	if (!to)
		return CELL_NO_MEMORY;
	if (has_text(v))
		return add_text(c, v->type, v->s, v->len);
	*to = *v;
	c->n++;
	return CELL_OK;
}

/* SQLite's own rules, in its own order. */
enum affinity affinity_of(const char *declared_type)
{
	static const struct {
		const char *part;
		enum affinity affinity;
	} rules[] = {
		{"INT", AFFINITY_INTEGER},
		{"CHAR", AFFINITY_TEXT}, {"CLOB", AFFINITY_TEXT}, {"TEXT", AFFINITY_TEXT},
		{"BLOB", AFFINITY_NONE},
		{"REAL", AFFINITY_REAL}, {"FLOA", AFFINITY_REAL}, {"DOUB", AFFINITY_REAL},
	};

	if (!declared_type || !*declared_type)
		return AFFINITY_NONE;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (strcasestr(declared_type, rules[i].part))
			return rules[i].affinity;
	return AFFINITY_NUMERIC;
}

static enum cell_status bound(int rc)
{
	return rc == SQLITE_OK ? CELL_OK : rc == SQLITE_TOOBIG ? CELL_TOO_LONG : CELL_NO_MEMORY;
}

static enum cell_status bind_text(sqlite3_stmt *stmt, int place, const struct ferry_value *v)
{
	/* a NULL pointer would bind NULL */
	return bound(sqlite3_bind_text64(stmt, place, v->len ? v->s : "", v->len, SQLITE_STATIC,
					 SQLITE_UTF8));
}

/*
 * Text on its way to a column for numbers: SQLite would turn it into a number by itself, and say
 * nothing of digits it cannot keep.
 */
static enum cell_status bind_number(sqlite3_stmt *stmt, int place, const struct ferry_value *v,
				    enum affinity affinity)
{
	int64_t i;
	double x;
	bool exact;

	if (affinity != AFFINITY_REAL && integer_from_text(v->s, v->len, &i)) {
		sqlite3_bind_int64(stmt, place, i);
		return CELL_OK;
	}
	if (!real_from_text(v->s, v->len, &x, &exact))
		return bind_text(stmt, place, v);	/* no number: stays text */
	if (!exact)
		return CELL_INEXACT;
	sqlite3_bind_double(stmt, place, x);
	return CELL_OK;
}

enum cell_status cell_bind(sqlite3_stmt *stmt, int place, const struct ferry_value *v,
			   enum affinity affinity)
{
	char text[TIME_TEXT];
	int len;

	switch ((enum ferry_type)v->type) {
	case FERRY_BOOL:
		sqlite3_bind_int(stmt, place, v->i != 0);
		return CELL_OK;
	case FERRY_INT:
		sqlite3_bind_int64(stmt, place, v->i);
		/* beyond 2^53 not every integer is a double */
		return affinity != AFFINITY_REAL || (v->i <= 1LL << 53 && v->i >= -(1LL << 53)) ?
			CELL_OK : CELL_INEXACT;
	case FERRY_DECIMAL:
	case FERRY_TEXT:
	case FERRY_JSON:
		if (affinity == AFFINITY_NONE || affinity == AFFINITY_TEXT)
			return bind_text(stmt, place, v);
		return bind_number(stmt, place, v, affinity);
	case FERRY_BYTES:
		return bound(sqlite3_bind_blob64(stmt, place, v->len ? v->s : "", v->len,
						 SQLITE_STATIC));
	case FERRY_TIME:
		len = (int)time_text(v->i, text);
		return bound(sqlite3_bind_text(stmt, place, text, len, SQLITE_TRANSIENT));
	case FERRY_NULL:
		break;
	}
	sqlite3_bind_null(stmt, place);
	return CELL_OK;
}
