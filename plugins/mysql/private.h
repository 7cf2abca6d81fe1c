/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of the mysql connector share. Private to this folder; the one place where
 * libmariadb's mysql.h enters it.
 */
#ifndef FERRY_PLUGINS_MYSQL_PRIVATE_H
#define FERRY_PLUGINS_MYSQL_PRIVATE_H

#include <ferry/connector.h>
#include <mysql.h>

#include "table/batch.h"
#include "table/table.h"

/* ------------------------------------------------- server.c, connect.c: a connection */

enum tls { TLS_DISABLED, TLS_PREFERRED, TLS_REQUIRED, TLS_VERIFY };
enum lost { LOST_NOT, LOST_CONNECTION, LOST_LATE, LOST_CANCELLED };

/* What the server said of the last statement that failed. */
struct failure {
	unsigned number;		/* of the error; 0: none */
	char state[6];			/* SQLSTATE */
	char text[600];			/* one line */
};

/* First member of both kinds of handle. */
struct server {
	const struct ferry_host *host;
	enum ferry_role role;
	const char *name;		/* of the connection */
	const char *address, *socket, *user, *password, *database;
	unsigned port;
	enum tls tls;
	const char *ca, *cert, *key;
	int64_t connect_ms, timeout_ms;

	MYSQL *conn;			/* NULL until connected, and after it was lost */
	bool cancelled;			/* what is under way has been killed, since the run is ending */
	bool in_transaction;
	enum lost lost;			/* how the last connection ended */
	struct failure failure;
	/* of the server that answers */
	bool maria;
	unsigned long version;		/* 101105 */
	size_t max_packet;
	bool by_statement;		/* binlog_format = STATEMENT */
	bool flushes;			/* what is committed is on the disk */
	char identity[200];		/* host, port and id, so that no other server's statement is killed */
};

/* How long to wait for an answer: without any, and once the run is ending. */
struct patience {
	int64_t total_ms, ending_ms;	/* total_ms 0: for ever */
};

/* One wait of several steps; all zero at first. */
struct watch {
	int64_t late, ending;		/* when to give up, when to kill; 0: not yet known */
	bool given_up;
};

int server_init(struct server *s, const struct ferry_open *open, struct ferry_error *err);
void server_release(struct server *s);
int server_connect(struct server *s, struct ferry_error *err);
/* Character set, TLS and what else every connection has. */
void server_options(const struct server *s, MYSQL *conn);
/* Is the server one this connector works with? */
int server_check_version(const struct server *s, struct ferry_error *err);
void server_close(struct server *s);
/* Wait for what a libmariadb call under way waits for; returns what it is to be told. */
int server_wait(struct server *s, struct watch *w, const struct patience *patience, int status);
/* Take down why the last call failed; closes the connection if it is lost. Returns false. */
bool server_note(struct server *s, const struct watch *w, const char *state, unsigned number, const char *text);

/* Send a statement, and read the head of its first answer. */
bool server_send(struct server *s, const char *sql, size_t len, const struct patience *patience);
/* The head of the answer to the next of several statements. 1: it is there; 0: there is none; -1: failed. */
int server_next(struct server *s, const struct patience *patience);
/* All rows of the present answer. NULL: failed. */
MYSQL_RES *server_store(struct server *s, const struct patience *patience);
/* The next row of an unbuffered result. false: failed; *row NULL: there are no more. */
bool server_fetch(struct server *s, MYSQL_RES *res, const struct patience *patience, MYSQL_ROW *row);
/* Send a statement and store its rows. */
MYSQL_RES *server_query(struct server *s, const char *sql, const struct patience *patience);
/* Run a statement without rows. */
int server_exec(struct server *s, const char *sql, const struct patience *patience, enum ferry_code plain,
		const char *doing, struct ferry_error *err);
/* Have a statement checked, permissions too. NULL: refused. To be closed by server_unprepare. */
MYSQL_STMT *server_prepare(struct server *s, const char *sql, const struct patience *patience);
void server_unprepare(MYSQL_STMT *stmt);
/*
 * Connect if need be and run what begins a transaction. A connection that was lost while it was idle is
 * made again.
 */
int server_begin(struct server *s, const char *begin, const struct patience *patience,
		 struct ferry_error *err);
/* Leave a transaction, whatever state it is in; the connection is closed if that fails. */
void server_rollback(struct server *s);
/* Give up a result that still has rows, and the connection with it. */
void server_abandon(struct server *s, MYSQL_RES *res);
int server_no_memory(const struct server *s, struct ferry_error *err);

/* -------------------------------------------------------------- fault.c: what went wrong */

/* Fill *err from the last failure or the lost connection. plain: the code otherwise. */
int server_fail(const struct server *s, enum ferry_code plain, const char *doing, struct ferry_error *err);
enum ferry_code fault_code(unsigned number, enum ferry_code plain);
/* The data of the statement is to blame, not its circumstances. */
bool fault_is_data(const struct failure *f);
/* The name the manuals have for an error, else its number. */
const char *fault_name(unsigned number, char buf[INTEGER_TEXT]);
/* The column or key an error message names: its last part goes into out, "" when there is none. */
enum named { NAMED_NOTHING, NAMED_COLUMN, NAMED_INDEX, NAMED_CHECK };
enum named fault_names(const char *text, char *out, size_t size);

/* --------------------------------------------------- columns.c: how a column comes, as text */

enum kind {
	KIND_TEXT,
	KIND_JSON,
	KIND_BYTES,
	KIND_INT,
	KIND_YEAR,
	KIND_BIT,
	KIND_DECIMAL,
	KIND_FLOAT,
	KIND_DOUBLE,
	KIND_DATE,
	KIND_DATETIME,
	KIND_TIMESTAMP,
	KIND_CLOCK,			/* TIME */
	KIND_GEOMETRY,
};

struct column {
	char *name;			/* owned */
	enum kind kind;
	bool single_bit;		/* bit(1), which is a boolean */
	bool ordered;			/* it is part of a key */
};

/* What a prepared statement gives. NULL: memory is out. */
struct column *columns_of(MYSQL_STMT *stmt, size_t *n);
void columns_free(struct column *columns, size_t n);
/* As sources announce it. datetime_as_text: what has no zone is no instant. */
enum ferry_type column_type(const struct column *c, bool datetime_as_text);
/* `alias`.`name` in the form that is read, and in the form that sorts in ferry's order. */
void column_expression(struct text *sql, const char *alias, const struct column *c);
void column_order(struct text *sql, const char *alias, const struct column *c);
void text_name(struct text *t, const char *name);

/* -------------------------------------------------------------- cells.c: from text to values */

struct reading {
	bool datetime_as_text;
	bool zero_as_null;		/* dates like 0000-00-00 */
};

/* Append the value of a column; p NULL is NULL. There is room for it. */
enum cell_status cells_add(struct cells *c, const struct column *column, const struct reading *how,
			   const char *p, size_t len);

/* -------------------------------------------------------- stream.c: rows of a query, in batches */

struct stream {
	struct server *server;
	struct cells *cells;
	const struct column *columns;
	size_t n_columns;
	struct reading reading;
	struct patience patience;
	size_t bytes;			/* read since the last batch */
	int64_t rows;
	void *ctx;
	/* cells->values has whole rows, n_columns values each */
	int (*pass)(struct stream *stream, size_t n_rows, struct ferry_error *err);
};

int stream_rows(struct stream *stream, const char *sql, struct ferry_error *err);

/* ---------------------------------------------------------------- source.c */

#define MYSQL_SQL (SQL_BACKSLASH | SQL_BACKTICK | SQL_HASH)

int source_open(const struct ferry_open *open, void **ret, struct ferry_error *err);
void source_close(void *handle);
int source_validate(void *handle, struct ferry_error *err);
int source_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err);

/* -------------- destination.c: what is to be written; table.c: what there is; fit.c: does it fit */

struct table_column {
	struct column column;
	bool required;			/* a new row must give it: NOT NULL and no default */
	bool generated;
	bool padded;			/* char(n), which loses blanks at the end */
	bool own_form;			/* a text that the column writes in its own way: uuid, enum, ... */
	int64_t length;			/* characters, or bytes; -1: any */
	int scale;			/* of a decimal; -1: none */
	int fraction;			/* digits of a second's */
	int primary;			/* its place in the primary key from 1; 0: not in it */
};

/* A unique index: the columns it has, in their order; the names end with NULL. */
struct unique {
	char *name;
	char **columns;
	size_t n;
	bool partial;			/* of a prefix or an expression */
};

struct destination {
	struct server base;
	const struct ferry_layout *layout;
	enum ferry_mode mode;
	const char *table, *disabled_at;
	bool create;
	struct rowkey key;
	struct patience patience, commit_patience;

	/* by table_look */
	bool there;
	char *full_name;		/* `database`.`table` */
	struct table_column *columns;
	size_t n_columns;
	struct unique *uniques;
	size_t n_uniques;
	const struct table_column **fields; /* by place in the layout */
	const struct table_column *stamp; /* disabled_at */

	struct cells cells;		/* of the last lookup */
};

int destination_open(const struct ferry_open *open, void **ret, struct ferry_error *err);
void destination_close(void *handle);
int destination_validate(void *handle, struct ferry_error *err);
int destination_connect(struct destination *d, struct ferry_error *err);
int destination_begin(struct destination *d, struct ferry_error *err);

/*
 * Read the table's columns and check them against the layout, unless that is done; `there` tells whether
 * there is a table. The key is known afterwards in any case.
 */
int table_look(struct destination *d, struct ferry_error *err);
void table_forget(struct destination *d);
/* Engine, permissions, unique key, columns that must have a value. */
int table_check(struct destination *d, struct ferry_error *err);
/* Make the table, its columns typed after the fields of these actions. */
int table_create(struct destination *d, const struct ferry_action *actions, size_t n,
		 struct ferry_error *err);
/* The field that stands for an index: its first column that is mapped; "" when none is. */
const char *table_index_field(const struct destination *d, const char *index);

/* ------------------------------------------------- literal.c: values on their way into a column */

/* Why a value cannot go into its column; NULL when it can, as far as can be told from here. */
const struct misfit *value_misfit(const struct destination *d, const struct table_column *c,
				  const struct ferry_value *v, bool key);
bool column_wants_words(const struct table_column *c);
/* Texts that differ in their bytes are different keys, whatever the column's collation takes for equal. */
static inline bool column_by_bytes(const struct table_column *c)
{
	return c->column.kind == KIND_TEXT && !c->own_form;
}
/* The value as SQL, in the form that column takes without losing anything. */
void literal_add(struct text *sql, const struct destination *d, const struct table_column *c,
		 const struct ferry_value *v);
void literal_bytes(struct text *sql, const char *s, size_t len);
void literal_text(struct text *sql, const char *s);
/* Does the column hold our value, in whatever form it gives it back? */
bool value_is_stored(const struct destination *d, const struct table_column *c,
		     const struct ferry_value *ours, const struct ferry_value *theirs);

/* ------------------------------------------------------------ statement.c: SQL of rows */

enum statement {
	STATEMENT_UPSERT,		/* fields */
	STATEMENT_ADD,			/* fields; leaves alone what is there */
	STATEMENT_PLAIN,		/* fields; a plain INSERT, for what it says of a bad row */
	STATEMENT_UPDATE,		/* fields; found by their key */
	STATEMENT_MOVE,			/* fields; found by the old key */
	STATEMENT_DELETE,		/* old key */
	STATEMENT_DISABLE,		/* old key */
	STATEMENT_EXISTS,		/* fields: gives 1 if their key is there, and is not disabled */
	STATEMENT_LOOKUP,		/* old key: columns */
};

/* Of an INSERT of several rows: what stands before, between and behind them. */
void insert_begin(const struct destination *d, struct text *sql);
void insert_row(const struct destination *d, const struct ferry_value *fields, struct text *sql);
void insert_end(const struct destination *d, enum statement which, struct text *sql);
/* SELECT of all fields from the table, aliased t; and a further condition: the row is not disabled. */
void statement_select(const struct destination *d, struct text *sql);
void statement_enabled(const struct destination *d, struct text *sql);
/* One statement for one row; fields or key may be NULL where it needs none. */
void statement_text(const struct destination *d, enum statement which, const struct ferry_value *fields,
		    const struct ferry_value *key, struct text *sql);

/* ---------------------------------------------------------------- apply.c, lookup.c, trial.c */

int destination_apply(void *handle, const struct ferry_action *actions, size_t n,
		      struct ferry_outcome *outcomes, struct ferry_error *err);
int destination_lookup(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err);
int destination_list(void *handle, struct ferry_listing *listing, struct ferry_error *err);
int server_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err);

#endif
