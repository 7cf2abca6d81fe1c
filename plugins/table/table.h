/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - what connectors of databases share: texts, numbers, times, batches of values, the key of a
 * row, and the settings every table has. Knows no database and does no I/O.
 */
#ifndef FERRY_PLUGINS_TABLE_H
#define FERRY_PLUGINS_TABLE_H

#include <ferry/connector.h>

/* ---------------------------------------------------------------------- text.c: texts that grow */

/* Always ends in NUL; `failed` when memory ran out, which is asked once at the end. */
struct text {
	char *s;
	size_t len, cap;
	bool failed;
};

void text_add(struct text *t, const char *s, size_t len);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* In quotes, with those within doubled. */
void text_quoted(struct text *t, const char *s, char quote);
void text_release(struct text *t);
/* Copy text, cut between characters if it is too long. */
void text_cut(char *out, size_t size, const char *s, size_t len);
/* Make one line of it: line ends and what is around them become a blank. */
void text_one_line(char *s);

/* ------------------------------------------- number.c, digits.c: numbers as exact decimal text */

#define INTEGER_TEXT 24
/* No NUL behind them; they return the length. */
size_t integer_text(int64_t i, char out[INTEGER_TEXT]);
size_t unsigned_text(uint64_t u, char out[INTEGER_TEXT]);
/*
 * The shortest decimal text, without an exponent, that reads back as the same number; 0 when x is not
 * finite. single: as the same float.
 */
#define REAL_TEXT 400
size_t real_text(double x, bool single, char out[REAL_TEXT]);

/* The 64-bit integer this text is; false when it is none. */
bool integer_from_text(const char *s, size_t len, int64_t *ret);
/*
 * The double (or float) nearest to this decimal text; false when it is no number, or longer than one
 * ever is. exact: reading it gives the same number again.
 */
bool real_from_text(const char *s, size_t len, bool single, double *ret, bool *exact);

/* 0.d1d2d3... times ten to the power of point; no zero at either end of the n digits. */
struct digits {
	bool negative;
	const char *first;		/* in the text, which may have a point between */
	long n, point;			/* n 0: the number is zero */
};

/* Take a decimal text apart, an exponent too; false when it is no number. */
bool digits_read(const char *s, size_t len, struct digits *d);
/* Are they the same number? */
bool digits_equal(const struct digits *a, const struct digits *b);

/* -------------------------------------------------------------- moment.c: dates and times as text */

#define MOMENT_TEXT 48
#define DAY_US INT64_C(86400000000)
/* No NUL behind them; they return the length. Years before the first end in " BC". */
/* "2026-01-31" */
size_t date_text(int64_t day_from_1970, char out[MOMENT_TEXT]);
/* "2026-01-31T10:00:00", with six digits of a fraction when there is one, with Z if it has a zone. */
size_t moment_text(int64_t day_from_1970, int64_t us_of_day, bool zone, char out[MOMENT_TEXT]);
/* Of a FERRY_TIME, with Z. */
size_t time_text(int64_t us, char out[MOMENT_TEXT]);
/* The day an instant falls on, and what of the day has passed. */
int64_t moment_split(int64_t us, int64_t *us_of_day);
/* The day from 1970-01-01 of a date; false when there is no such date. */
bool moment_day(int year, int month, int day_of_month, int64_t *ret);

/* ------------------------------------------------------------- cells.c: values and their texts */

/* What became of a value on its way. */
enum cell_status {
	CELL_OK,
	CELL_NO_MEMORY,
	CELL_MALFORMED,			/* not what the database sends for the column's type */
	CELL_UNORDERED,			/* a key's value that has another place in ferry's order */
	CELL_NOT_FINITE,
	CELL_INEXACT,			/* the column would lose digits */
	CELL_TOO_LONG,
};

/* Values and their texts. Texts stand in blocks that never move; all memory is used again. */
struct cells {
	struct ferry_value *values;
	size_t n, cap;
	char *at, *end;			/* free room in the present block */
	struct block *blocks;		/* the present one first */
	size_t bytes;			/* taken since the last reset */
};

/* Forget the values, keep the memory. */
void cells_reset(struct cells *c);
void cells_release(struct cells *c);
/* Room for n more values; then as many may be put. */
bool cells_room(struct cells *c, size_t n);
/* For cells_text: begin a block that has room for len bytes. */
bool cells_new_block(struct cells *c, size_t len);
/* Append a copy of a value. */
enum cell_status cells_add_value(struct cells *c, const struct ferry_value *v);

/* Where len more bytes may be put; NULL when memory is out. */
static inline char *cells_text(struct cells *c, size_t len)
{
	if (__builtin_expect((size_t)(c->end - c->at) < len || !c->at, false) && !cells_new_block(c, len))
		return NULL;
	return c->at;
}

/* The len bytes that were put there are a value now. */
static inline enum cell_status cells_take(struct cells *c, enum ferry_type type, size_t len)
{
	c->values[c->n++] = (struct ferry_value){.s = c->at, .len = (uint32_t)len, .type = (uint8_t)type};
	c->at += len;
	c->bytes += len;
	return CELL_OK;
}

static inline enum cell_status cells_put(struct cells *c, enum ferry_type type, const char *p, size_t len)
{
	char *to = cells_text(c, len);

	if (!to)
		return CELL_NO_MEMORY;
	if (len)
		__builtin_memcpy(to, p, len);
	return cells_take(c, type, len);
}

/* FERRY_NULL too, with i 0. */
static inline enum cell_status cells_put_int(struct cells *c, enum ferry_type type, int64_t i)
{
	c->values[c->n++] = (struct ferry_value){.i = i, .type = (uint8_t)type};
	c->bytes += sizeof i;
	return CELL_OK;
}

static inline bool value_has_text(const struct ferry_value *v)
{
	return v->type == FERRY_DECIMAL || v->type == FERRY_TEXT || v->type == FERRY_BYTES ||
	       v->type == FERRY_JSON;
}

/* ----------------------------------------------------------------------- query.c: a source's SQL */

/* What a kind of SQL has beyond '...' and "..." in quotes, and comments. */
enum {
	SQL_BACKSLASH = 1 << 0,		/* hides what follows it in '...' and "..." */
	SQL_E_STRING = 1 << 1,		/* hides it in E'...' */
	SQL_DOLLAR = 1 << 2,		/* $tag$...$tag$ */
	SQL_BACKTICK = 1 << 3,		/* `...` */
	SQL_BRACKET = 1 << 4,		/* [...] */
	SQL_NESTED = 1 << 5,		/* comments within comments */
	SQL_HASH = 1 << 6,		/* # begins a comment, -- only before a blank; one with ! is run */
};

/* Length of a statement up to its last word; *more: another statement follows. */
size_t statement_length(const char *sql, unsigned dialect, bool *more);

/*
 * "SELECT * FROM schema.table", or the query up to its last word, from the source's settings. -1 with
 * *err filled when they are wrong; sql->failed is for the caller to ask.
 */
int query_settings(const struct ferry_open *open, unsigned dialect, char quote, struct text *sql,
		   struct ferry_error *err);
/* The same for --check. */
void query_check(const struct ferry_open *open, unsigned dialect, struct ferry_check *check);

/* ------------------------------------------------------------------------ rowkey.c: which row */

/* The columns that identify a row, and the key of one row. */
struct rowkey {
	const struct ferry_layout *layout;
	const char *const *open_names;	/* the sync's key; NULL when it is an expression */
	char *text;			/* the setting `key` cut into names; NULL: not given */
	const char **names;
	size_t *places, n;		/* of the key columns in the layout; by rowkey_find */
	bool *words;			/* by part: a boolean is "true", not "1" */
	struct ferry_value *parts;	/* n of them */
};

/* Take layout, keys and the setting `key`; false when memory is out. */
bool rowkey_init(struct rowkey *k, const struct ferry_open *open);
void rowkey_release(struct rowkey *k);
/* By the setting, else by the sync's own key, else by the table's primary key (ends with NULL). */
int rowkey_find(struct rowkey *k, const struct ferry_host *host, const char *table,
		const char *const *primary, struct ferry_error *err);
bool rowkey_has(const struct rowkey *k, size_t place);

/* Put the key from these fields into k->parts. False when a part of it is NULL or absent. */
bool rowkey_from_fields(struct rowkey *k, const struct ferry_value *fields);
/* The same from a destination id; the parts borrow from it. */
bool rowkey_from_id(struct rowkey *k, const char *dest_id);
/* From what says where the row is: what was there, the id, what is to be there. */
bool rowkey_from_action(struct rowkey *k, const struct ferry_action *a);
/* k->parts as a destination id; "" when they do not fit one. */
void rowkey_id(const struct rowkey *k, char *out, size_t size);
/*
 * For an update, with out->dest_id the id of its fields: is the row found by another key? Then
 * k->parts has that one, else that of the fields.
 */
bool rowkey_moves(struct rowkey *k, const struct ferry_action *a, const char *new_id);

/* A value as text, of numbers and times in buf; booleans as words, or as 1 and 0. */
const char *value_print(const struct ferry_value *v, bool words, char buf[MOMENT_TEXT], size_t *len);

#define DEST_ID_SIZE sizeof ((struct ferry_outcome *)NULL)->dest_id

/* ------------------------------------------------------------------ target.c: a table's settings */

#define TABLE_SOURCE_OPTIONS \
	{"query", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL, \
		"the SELECT to read; give this or 'table'"}, \
	{"table", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL, \
		"the table or view to read whole; give this or 'query'"}

#define TABLE_DESTINATION_OPTIONS \
	{"table", FERRY_OPT_TEXT, FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL, \
		"the table to write"}, \
	{"key", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL, \
		"the columns that identify a row, separated by commas; by default the sync's key, " \
		"else the primary key"}, \
	{"create", FERRY_OPT_BOOL, 0, "false", 0, 0, NULL, \
		"make the table when it is missing, at the first write"}, \
	{"disabled_at", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL, \
		"the column that gets the time when a row is disabled; NULL again when it comes back"}

/* Place of the field of that name: as it is written, else whatever its case; -1: there is none. */
int layout_place(const struct ferry_layout *layout, const char *name);

/* What can be told from a destination's settings alone. */
int target_settings(const struct ferry_open *open, struct ferry_error *err);
void target_check(const struct ferry_open *open, struct ferry_check *check);
/* May this decision be carried out at all? *adds: it puts rows into the table. */
int target_takes(const struct ferry_host *host, enum ferry_decision decision, const char *disabled_at,
		 bool *adds, struct ferry_error *err);
/* Does this mode add rows, and leave those alone that are there? */
static inline bool mode_adds_only(enum ferry_mode mode)
{
	return mode == FERRY_MODE_INSERT || mode == FERRY_MODE_APPEND;
}
/* A type that holds a field of all these actions: text where it is of several kinds. */
enum ferry_type field_type(size_t place, const struct ferry_action *actions, size_t n);

void outcomes_set(struct ferry_outcome *outcomes, size_t n, enum ferry_ack ack);
void outcome_refuse(struct ferry_outcome *out, const char *code, const char *field, const char *message);
/* The refusals every table has. */
void outcome_not_found(struct ferry_outcome *out);
void outcome_no_key(struct ferry_outcome *out);
/* False, and refused, when a part of the key is NULL. */
bool outcome_key_given(const struct rowkey *k, const struct ferry_value *fields, struct ferry_outcome *out);

#endif
