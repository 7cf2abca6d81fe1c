/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres.h - what the files of the postgres connector share. Private to this folder; the one place
 * where libpq-fe.h enters it.
 */
#ifndef FERRY_PLUGINS_POSTGRES_H
#define FERRY_PLUGINS_POSTGRES_H

#include <ferry/connector.h>
#include <libpq-fe.h>

#include "table/batch.h"
#include "table/table.h"

/* A name as an identifier, a value as a literal, in quotes. */
void text_name(struct text *t, const char *name);
void text_literal(struct text *t, const char *value);

/* ------------------------------------------------- server.c: a connection; fault.c: what went wrong */

enum lost { LOST_NOT, LOST_CONNECTION, LOST_LATE, LOST_CANCELLED };

/* First member of both kinds of handle. */
struct server {
	const struct ferry_host *host;
	enum ferry_role role;
	const char *name;		/* of the connection */
	const char *password, *sslmode, *sslrootcert, *sslcert, *sslkey;
	PQconninfoOption *dsn;
	int64_t connect_ms, timeout_ms;
	PGconn *conn;			/* NULL until connected, and after it was lost */
	unsigned connections;		/* made so far: what belongs to a session is gone with it */
	bool cancelled;			/* what is under way has been cancelled, since the run is ending */
	enum lost lost;			/* how the last connection ended */
	char lost_text[400];
};

/* A statement and its parameters; all results are binary. */
struct query {
	const char *sql;
	int n;				/* parameters; -1: several statements, without any */
	const Oid *types;
	const char *const *values;
	const int *lengths, *formats;
};

/* How long to wait for an answer: without any, and once the run is ending. */
struct patience {
	int64_t total_ms, ending_ms;	/* total_ms 0: for ever */
};

/*
 * The options of a dsn, freed with PQconninfoFree; NULL when it cannot be read. why says in one line what
 * is wrong with it, a password in it included; it is empty when nothing is.
 */
PQconninfoOption *dsn_parse(const char *dsn, char *why, size_t size);
int server_init(struct server *s, const struct ferry_open *open, struct ferry_error *err);
void server_release(struct server *s);
int server_connect(struct server *s, struct ferry_error *err);
void server_close(struct server *s);
/* One wait of several steps; all zero at first. */
struct watch {
	int64_t late, ending;		/* when to give up, when to cancel; 0: not yet known */
	bool looked, broken;
};

/* Read what has come, else wait a moment. False when the connection is lost, which s->lost tells. */
bool server_wait(struct server *s, struct watch *w, const struct patience *patience);
/* Wait until a result can be fetched without waiting. */
bool server_wait_result(struct server *s, const struct patience *patience);
/* Give the connection up, and keep why. Returns false. */
bool server_lose(struct server *s, enum lost how, const char *text);
/* Run a statement: its first failure, else its last result; NULL when the connection was lost. */
PGresult *server_query(struct server *s, const struct query *q, const struct patience *patience);
/*
 * Begin a COPY FROM STDIN, send pieces of it, end it. The first one gives the failure, or NULL: then
 * *ready tells whether pieces are wanted, and if not, the connection is lost.
 */
PGresult *server_copy_begin(struct server *s, const char *sql, const struct patience *patience, bool *ready);
bool server_copy_put(struct server *s, const char *data, size_t len);
PGresult *server_copy_end(struct server *s, const struct patience *patience);
/* The same for one or more statements without parameters and without results of interest. */
int server_exec(struct server *s, const char *sql, const struct patience *patience, const char *doing,
		struct ferry_error *err);
/* The columns a statement would give, by PQnfields and so on; or its failure. */
PGresult *server_describe(struct server *s, const char *sql, const struct patience *patience);
/*
 * Connect if need be and begin a transaction ("BEGIN ...") in which texts read the same whoever
 * connects. A connection that was lost while it was idle is made again.
 */
int server_begin(struct server *s, const char *begin, const struct patience *patience,
		 struct ferry_error *err);
/* Give a connection up on which something is under way, and tell the server to stop. */
void server_abandon(struct server *s);
/* Leave a transaction, whatever state it is in; the connection is closed if that fails. */
void server_rollback(struct server *s);
int server_no_memory(const struct server *s, struct ferry_error *err);

static inline bool result_ok(const PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);
	return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}
const char *result_state(const PGresult *res);	/* its SQLSTATE, "" when there is none */
/* Fill *err from a failed result, or from the lost connection (res NULL). plain: the code otherwise. */
int server_fail(const struct server *s, const PGresult *res, enum ferry_code plain, const char *doing,
		struct ferry_error *err);
/* The data of the statement is to blame, not its circumstances. */
bool fault_is_data(const char *sqlstate);
/* The name PostgreSQL's manual has for a condition, else the SQLSTATE itself. */
const char *fault_name(const char *sqlstate);
/* The result's message in one line, its detail with it where that tells no whole row. */
void fault_message(const PGresult *res, char *out, size_t size);
enum ferry_code fault_code(const char *sqlstate, enum ferry_code plain);

/* ------------------------------------------------------------------ number.c: numerics as text */

enum number_status { NUMBER_OK, NUMBER_NOT_FINITE, NUMBER_MINUS_INFINITY, NUMBER_MALFORMED };
/* Room that numeric_text needs at most for a numeric as PostgreSQL sends it. */
size_t numeric_room(const uint8_t *p, size_t len);
/* Its exact text; "NaN", "Infinity", "-Infinity" for what is no number. */
enum number_status numeric_text(const uint8_t *p, size_t len, char *out, size_t *ret_len);

#define DAYS_TO_2000 10957			/* from 1970-01-01 */
#define US_TO_2000 INT64_C(946684800000000)

/* ------------------------------------------------------------- cells.c: from PostgreSQL to values */

/* PostgreSQL counts days and microseconds from 2000-01-01. */
size_t timestamp_text(int64_t us_from_2000, bool zone, char out[MOMENT_TEXT]);

/* How a column comes in the binary format. */
enum kind {
	KIND_TEXT,
	KIND_JSON,
	KIND_JSONB,
	KIND_BYTES,
	KIND_BOOL,
	KIND_INT2,
	KIND_INT4,
	KIND_INT8,
	KIND_OID,
	KIND_NUMERIC,
	KIND_FLOAT4,
	KIND_FLOAT8,
	KIND_UUID,
	KIND_DATE,
	KIND_TIMESTAMP,
	KIND_TIMESTAMPTZ,
};

/*
 * Append the value of `len` bytes at p, for which there is room; len -1 is NULL. ordered: it is part of
 * a key.
 */
enum cell_status cells_add(struct cells *c, enum kind kind, const char *p, int32_t len, bool ordered);

/* ------------------------------------------------------------- copy.c: COPY ... (FORMAT binary) */

struct copy_column {
	enum kind kind;
	bool ordered;
};

/* A parser of what COPY TO STDOUT (FORMAT binary) sends; each piece holds whole rows. */
struct copy {
	const struct copy_column *columns;
	size_t n_columns;
	bool begun, ended;
	int64_t rows;			/* complete ones so far */
	size_t column;			/* where the last failure was */
};

enum cell_status copy_parse(struct copy *c, const char *data, size_t len, struct cells *cells);

/* --------------------------------------------------------- columns.c: how a column is asked for */

enum wrap { WRAP_NONE, WRAP_TEXT, WRAP_JSON };	/* x, x::text, to_json(x) */

struct column {
	const char *name;
	Oid type;
	enum kind kind;			/* of what is asked for */
	enum wrap wrap;
	bool text;			/* a type whose order depends on a collation */
};

/* Fill in kind and wrap of each column from its type; asks the server of types it does not know. */
int columns_resolve(struct server *s, struct column *columns, size_t n, struct ferry_error *err);
enum ferry_type column_type(const struct column *c);
/* q."name" in the form that kind stands for. */
void column_expression(struct text *sql, const char *alias, const struct column *c);

/* ----------------------------------------------------------- stream.c: rows of a COPY, in batches */

/* Reads all rows of `sql` and gives them on, some hundred at a time. */
struct stream {
	struct server *server;
	struct cells *cells;
	const struct column *columns;
	size_t n_columns;
	struct copy_column *kinds;	/* as many */
	struct patience patience;
	size_t bytes;			/* read since the last batch */
	void *ctx;
	/* cells->values has whole rows, n_columns values each */
	int (*pass)(struct stream *stream, size_t n_rows, struct ferry_error *err);
};

int stream_copy(struct stream *stream, const char *sql, struct ferry_error *err);

/* ------------------------------------------------------------------ trial.c */

int server_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err);

/* ---------------------------------------------------------------- source.c */

#define POSTGRES_SQL (SQL_E_STRING | SQL_DOLLAR | SQL_NESTED)

int source_open(const struct ferry_open *open, void **ret, struct ferry_error *err);
void source_close(void *handle);
int source_validate(void *handle, struct ferry_error *err);
int source_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err);

/* ------------------------------- destination.c: what is to be written; table.c: what there is */

struct table_column {
	struct column column;		/* its name is owned */
	char *type_name;		/* for a cast, without length or scale */
	int number, modifier;		/* attnum, atttypmod */
	bool required;			/* a new row must give it: NOT NULL and no default */
	bool generated;
	bool identity;			/* GENERATED ALWAYS AS IDENTITY */
	int primary;			/* its place in the primary key from 1; 0: not in it */
};

/* The elements of one array parameter, in the binary format. */
enum carrier { CARRY_TEXT, CARRY_INT, CARRY_BYTES, CARRY_TIMESTAMPTZ, CARRY_TIMESTAMP, CARRY_JSON };

struct array {
	enum carrier carrier;
	struct text bytes;
	uint32_t n;
};

struct destination {
	struct server base;
	const struct ferry_layout *layout;
	enum ferry_mode mode;
	const char *schema, *table, *disabled_at;
	bool create;
	struct rowkey key;
	struct text begin;		/* the statements that begin a transaction */
	struct patience patience, commit_patience;

	/* by table_look */
	bool there;
	char oid[INTEGER_TEXT];
	char *full_name;		/* "schema"."table" */
	struct table_column *columns;
	size_t n_columns;
	const struct table_column **fields; /* by place in the layout */
	const struct table_column *stamp; /* disabled_at */

	unsigned staged;		/* the connection that has the staging table; 0: none yet */
	bool unstaged;			/* it may not be made */

	struct array *arrays;		/* layout->n for the fields, then as many for the key */
	struct cells cells;		/* of the last lookup */
};

int destination_open(const struct ferry_open *open, void **ret, struct ferry_error *err);
void destination_close(void *handle);
int destination_validate(void *handle, struct ferry_error *err);
int destination_begin(struct destination *d, struct ferry_error *err);

/*
 * Within a transaction: read the table's columns and check them against the layout, unless that is
 * done; `there` tells whether there is a table. The key is known afterwards in any case.
 */
int table_look(struct destination *d, struct ferry_error *err);
void table_forget(struct destination *d);
/* Permissions, unique key, columns that must have a value. */
int table_check(struct destination *d, struct ferry_error *err);
/* Make the table, its columns typed after the fields of these actions; a transaction of its own. */
int table_create(struct destination *d, const struct ferry_action *actions, size_t n,
		 struct ferry_error *err);

/* ------------------------------------------------------- pack.c: values to array parameters */

/* Why a value cannot go into its column; NULL when it can, as far as can be told from here. */
const struct misfit *value_misfit(const struct table_column *c, const struct ferry_value *v);
/* Put a column of n rows, given one after the other, into an array. */
void array_begin(struct array *a, const struct table_column *c);
void array_see(struct array *a, const struct table_column *c, const struct ferry_value *v);
void array_add(struct array *a, const struct table_column *c, const struct ferry_value *v);
void array_end(struct array *a);
Oid array_type(const struct array *a);

/* ------------------------------------------------------- statement.c: SQL over those arrays */

enum statement {
	STATEMENT_UPSERT,		/* fields */
	STATEMENT_ADD,			/* fields; gives the numbers of the rows it wrote */
	STATEMENT_UPDATE,		/* fields; gives the numbers of the rows it found */
	STATEMENT_MOVE,			/* fields, old keys; likewise */
	STATEMENT_DELETE,		/* old keys; likewise */
	STATEMENT_DISABLE,		/* old keys, the stamp as the last parameter; likewise */
	STATEMENT_LOOKUP,		/* fields, old keys: number, columns, whether each equals its field */
	STATEMENT_FIND,			/* old keys: number, columns */
};

bool statement_has_fields(enum statement which);
bool statement_has_keys(enum statement which);
/* staged: the fields are in the staging table; else all comes as arrays. */
void statement_text(const struct destination *d, enum statement which, bool staged, struct text *sql);
/* Does a write of this decision add rows, and leave those alone that are there? */
static inline bool adds_only(const struct destination *d)
{
	return mode_adds_only(d->mode);
}

/* ----------------------------------------------------------- stage.c: a batch by COPY */

#define STAGE "ferry_stage"		/* the session's own table; columns n, c0, c1, ... */
#define STAGE_ROWS 64			/* a smaller batch is quicker as arrays */

/*
 * Within a transaction that has done nothing yet, and is another one then: make the staging table,
 * unless it is there or may not be made.
 */
int stage_make(struct destination *d, struct ferry_error *err);
/* Fill it with n rows; the result of the COPY, NULL when the connection is lost. */
PGresult *stage_fill(struct destination *d, const struct ferry_action *actions, const struct row *rows,
		     size_t n);
/* Which of the rows, and which field of it, a failed COPY was about. False when it does not say. */
bool stage_culprit(const struct destination *d, const PGresult *res, size_t n, size_t *row,
		   size_t *place);
bool column_wants_words(const struct table_column *c);
/* A value as text; of numbers and times in `buf`. */
const char *column_text(const struct table_column *c, const struct ferry_value *v, char buf[MOMENT_TEXT],
		       size_t *len);

/* ----------------------------------------------------------- rows.c: a statement over a batch */

/* Run a statement over rows[0..n); NULL: the connection is lost, or memory is out (*err is filled). */
PGresult *rows_query(struct destination *d, enum statement which, const struct ferry_action *actions,
		     const struct row *rows, size_t n, bool staged, const char *stamp);

/* ---------------------------------------------------------------- apply.c, lookup.c */

int destination_apply(void *handle, const struct ferry_action *actions, size_t n,
		      struct ferry_outcome *outcomes, struct ferry_error *err);
int destination_lookup(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err);
int destination_list(void *handle, struct ferry_listing *listing, struct ferry_error *err);

#endif
