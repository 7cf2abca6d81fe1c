/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cells.c - values from SQLite into a batch, and to SQLite: what a column would do to a value on its way
 * in is known before.
 */
#include "sqlite/sqlite.h"

#include <string.h>

/* memcpy; most texts are short, and then a call costs more than the copying. */
static inline void copy(char *to, const char *s, size_t len)
{
	if (len > 32 || len < 8) {
		memcpy(to, s, len);
	} else if (len > 16) {
		memcpy(to, s, 16);
		memcpy(to + len - 16, s + len - 16, 16);
	} else {
		uint64_t first, last;	/* the two may overlap */
		memcpy(&first, s, 8);
		memcpy(&last, s + len - 8, 8);
		memcpy(to, &first, 8);
		memcpy(to + len - 8, &last, 8);
	}
}

/* Where the next value and its text go. */
struct place {
	struct ferry_value *v;
	char *text, *end;
};

static inline struct place place_of(const struct cells *c)
{
	return (struct place){c->values + c->n, c->at, c->end};
}

static inline void came_to(struct cells *c, const struct place *at)
{
	c->n = (size_t)(at->v - c->values);
	c->bytes += (size_t)(at->text - c->at);
	c->at = at->text;
}

/* Room for len more bytes and a NUL. */
static inline bool room(struct cells *c, struct place *at, size_t len)
{
	if ((size_t)(at->end - at->text) > len)
		return true;
	came_to(c, at);
	if (!cells_new_block(c, len + 1))
		return false;
	*at = place_of(c);
	return true;
}

static inline bool put_text(struct cells *c, struct place *at, enum ferry_type type, const void *s,
			    size_t len)
{
	if (!room(c, at, len))
		return false;
	if (len)
		copy(at->text, s, len);
	at->text[len] = '\0';
	*at->v++ = (struct ferry_value){.s = at->text, .len = (uint32_t)len, .type = type};
	at->text += len + 1;
	return true;
}

static inline enum cell_status put_real(struct cells *c, struct place *at, double x)
{
	if (!room(c, at, REAL_TEXT))
		return CELL_NO_MEMORY;
	size_t len = real_text(x, false, at->text);
	*at->v = (struct ferry_value){.s = at->text, .len = (uint32_t)len, .type = FERRY_DECIMAL};
	if (!len)
		return CELL_NOT_FINITE;
	at->v++;
	at->text[len] = '\0';
	at->text += len + 1;
	return CELL_OK;
}

/* There is room for the value itself. */
static inline enum cell_status put_value(struct cells *c, struct place *at, sqlite3_value *from)
{
	const void *p;
	bool done;

	switch (sqlite3_value_type(from)) {
	case SQLITE_TEXT:
		p = sqlite3_value_text(from);	/* first: it may change the length */
		done = p && put_text(c, at, FERRY_TEXT, p, (size_t)sqlite3_value_bytes(from));
		return done ? CELL_OK : CELL_NO_MEMORY;
	case SQLITE_BLOB:
		p = sqlite3_value_blob(from);	/* NULL when empty */
		done = put_text(c, at, FERRY_BYTES, p, (size_t)sqlite3_value_bytes(from));
		return done ? CELL_OK : CELL_NO_MEMORY;
	case SQLITE_INTEGER:
		*at->v++ = (struct ferry_value){.i = sqlite3_value_int64(from), .type = FERRY_INT};
		return CELL_OK;
	case SQLITE_FLOAT:
		return put_real(c, at, sqlite3_value_double(from));
	default:
		*at->v++ = (struct ferry_value){.type = FERRY_NULL};
		return CELL_OK;
	}
}

enum cell_status cells_add_values(struct cells *c, sqlite3_value **from, size_t n)
{
	enum cell_status status = CELL_OK;

	if (!cells_room(c, n))
		return CELL_NO_MEMORY;
	struct place at = place_of(c);
	for (size_t i = 0; i < n && status == CELL_OK; i++)
		status = put_value(c, &at, from[i]);
	came_to(c, &at);
	return status;
}

enum cell_status cells_add_column(struct cells *c, sqlite3_stmt *stmt, int column)
{
	/* the statement is used by one thread, so that the value stays as it is while it is read */
	sqlite3_value *value = sqlite3_column_value(stmt, column);

	return cells_add_values(c, &value, 1);
}

enum cell_status cells_add(struct cells *c, const struct ferry_value *v)
{
	if (!cells_room(c, 1))
		return CELL_NO_MEMORY;
	struct place at = place_of(c);
	bool done = true;
	if (value_has_text(v))
		done = put_text(c, &at, v->type, v->s, v->len);
	else
		*at.v++ = *v;
	came_to(c, &at);
	return done ? CELL_OK : CELL_NO_MEMORY;
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
	if (!real_from_text(v->s, v->len, false, &x, &exact))
		return bind_text(stmt, place, v);	/* no number: stays text */
	if (!exact)
		return CELL_INEXACT;
	sqlite3_bind_double(stmt, place, x);
	return CELL_OK;
}

enum cell_status cell_bind(sqlite3_stmt *stmt, int place, const struct ferry_value *v,
			   enum affinity affinity)
{
	char text[MOMENT_TEXT];
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
