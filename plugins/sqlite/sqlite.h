/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite.h - what the files of the sqlite connector share. Private to this folder; the one place
 * where sqlite3.h enters it.
 */
#ifndef FERRY_PLUGINS_SQLITE_H
#define FERRY_PLUGINS_SQLITE_H

#include <ferry/connector.h>
#include <sqlite3.h>

#include "table/table.h"

/* ---------------------------------------------------------------- sqlite.c: a database file */

/* First member of both kinds of handle. */
struct database {
	const struct ferry_host *host;
	enum ferry_role role;
	const char *path;
	int busy_ms;
	sqlite3 *db;			/* NULL until connected */
};

/* Take path and busy_timeout from the settings. */
int database_init(struct database *d, const struct ferry_open *open, struct ferry_error *err);
/* 0 and *ret whether the file is there; -1 when it is no file or cannot be looked at. */
int database_exists(const struct database *d, bool *ret, struct ferry_error *err);
/* Connect with SQLITE_OPEN_* flags and read the header, so that a file of another kind is found out. */
int database_connect(struct database *d, int flags, struct ferry_error *err);
/* Statements must be finalized before. */
void database_close(struct database *d);
int database_exec(struct database *d, const char *sql, const char *doing, struct ferry_error *err);
/* Fill *err from the connection's last failure. plain: what a mere SQLITE_ERROR means here. */
int database_fail(const struct database *d, enum ferry_code plain, const char *doing,
		  struct ferry_error *err);
int database_no_memory(const struct database *d, struct ferry_error *err);

/* ------------------------------------------------------------- cells.c: values to and fro */

/*
 * Append a row's values. At the first that fails it stops: those before it are there. Each text has a
 * NUL beyond its length.
 */
enum cell_status cells_add_values(struct cells *c, sqlite3_value **from, size_t n);
/* Append a column of the statement's present row. */
enum cell_status cells_add_column(struct cells *c, sqlite3_stmt *stmt, int column);
/* Append a copy of a value, its text with a NUL beyond its length. */
enum cell_status cells_add(struct cells *c, const struct ferry_value *v);

/* What SQLite does to values that go into a column, from its declared type. */
enum affinity { AFFINITY_NONE, AFFINITY_TEXT, AFFINITY_INTEGER, AFFINITY_NUMERIC, AFFINITY_REAL };
enum affinity affinity_of(const char *declared_type);
/* Bind a value on its way to such a column. The value's text must stay until the statement is reset. */
enum cell_status cell_bind(sqlite3_stmt *stmt, int place, const struct ferry_value *v,
			   enum affinity affinity);

/* ----------------------------------------------------------------- trial.c */

int database_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err);

/* ---------------------------------------------------------------- source.c */

#define SQLITE_SQL (SQL_BACKTICK | SQL_BRACKET)

struct source {
	struct database base;
	struct text query;		/* without anything after its last word */
	struct cells cells;
	int taken;			/* rows the function took since the last one was given */
	enum cell_status take_status;	/* of the last one */
};

int source_open(const struct ferry_open *open, void **ret, struct ferry_error *err);
void source_close(void *handle);
int source_validate(void *handle, struct ferry_error *err);
int source_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err);

/* ---------------------------------------------------------------- rows.c */

/* The SQL function that takes a row; a name that nobody uses by mistake. */
#define TAKE_ROW "ferry take row"
int rows_register(struct source *s);
/*
 * Give all rows to the sink. plain names the columns; taken gives the rows by calling TAKE_ROW, or is
 * NULL; common gives the same rows as columns.
 */
int rows_read(struct source *s, sqlite3_stmt *plain, sqlite3_stmt *taken, sqlite3_stmt *common,
	      int64_t limit, struct ferry_sink *sink, struct ferry_error *err);

/* ------------------------------------------- destination.c: the table; statement.c: its statements */

enum statement {
	STATEMENT_INSERT,		/* fields */
	STATEMENT_UPDATE,		/* fields that are no key; found by key */
	STATEMENT_MOVE,			/* all fields, the key too; found by key */
	STATEMENT_DELETE,		/* found by key */
	STATEMENT_DISABLE,		/* stamp; found by key */
	STATEMENT_LOOKUP,		/* column, whether it equals the field; ...; found by key */
	STATEMENT_LIST,			/* columns of all rows */
	STATEMENTS
};

struct table_column {
	char *name;
	enum affinity affinity;
	bool required;			/* a new row must give it: not NULL and no default */
	bool generated;
	int primary;			/* its place in the primary key from 1; 0: not in it */
};

struct destination {
	struct database base;
	const struct ferry_layout *layout;
	enum ferry_mode mode;
	const char *table, *disabled_at;
	bool create;
	struct rowkey key;

	/* by destination_look */
	bool there;
	struct table_column *columns;
	size_t n_columns;
	enum affinity *affinity;	/* by place in the layout */

	sqlite3_stmt *statements[STATEMENTS];
	struct cells cells;		/* of the last lookup or part of a list */
};

int destination_open(const struct ferry_open *open, void **ret, struct ferry_error *err);
void destination_close(void *handle);
int destination_validate(void *handle, struct ferry_error *err);
/*
 * Connect, read the table's columns and check them against the layout, unless that is done; `there`
 * tells whether there is a table. The key is known afterwards in any case.
 */
int destination_look(struct destination *d, struct ferry_error *err);
/* Make file and table, its columns typed after the fields of these actions. */
int destination_create(struct destination *d, const struct ferry_action *actions, size_t n,
		       struct ferry_error *err);
/* Compiled once and kept; NULL with *err filled when SQLite refuses it. */
sqlite3_stmt *destination_statement(struct destination *d, enum statement which,
				    struct ferry_error *err);
/* Parameters are numbered: fields as in the layout from 1, then the key, then the stamp. */
static inline int key_place(const struct destination *d, size_t i)
{
	return (int)(d->layout->n + 1 + i);
}
static inline int stamp_place(const struct destination *d)
{
	return (int)(d->layout->n + d->key.n + 1);
}

/* Bind d->key.parts to a statement that finds by key. */
enum cell_status rowkey_bind(const struct destination *d, sqlite3_stmt *stmt);

/* ---------------------------------------------------------------- apply.c, lookup.c */

int destination_apply(void *handle, const struct ferry_action *actions, size_t n,
		      struct ferry_outcome *outcomes, struct ferry_error *err);
int destination_lookup(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err);
int destination_list(void *handle, struct ferry_listing *listing, struct ferry_error *err);

#endif
