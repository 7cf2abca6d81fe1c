/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odbc.h - what the files of the odbc connector share. Private to this folder; the one place where
 * the driver manager's headers enter it.
 */
#ifndef FERRY_PLUGINS_ODBC_H
#define FERRY_PLUGINS_ODBC_H

#include "table/table.h"

#include <sql.h>
#include <sqlext.h>

/* ------------------------------------------------------------------ dialect.c: kinds of databases */

enum dbms {
	DBMS_OTHER,
	DBMS_POSTGRES,
	DBMS_MYSQL,
	DBMS_SQLITE,
	DBMS_SQLSERVER,
	DBMS_ORACLE,
	DBMS_SNOWFLAKE,
	DBMS_BIGQUERY,
	DBMS_DATABRICKS,
};

/* How a row is written that may be there already. */
enum upsert {
	UPSERT_NONE,			/* UPDATE, and INSERT if there was none */
	UPSERT_CONFLICT,		/* INSERT ... ON CONFLICT (key) */
	UPSERT_DUPLICATE,		/* INSERT ... ON DUPLICATE KEY, for any unique key */
	UPSERT_MERGE,			/* MERGE */
};

/* What a statement that fails does to its transaction. */
enum after_failure {
	FAILURE_UNSURE,			/* not known: everything is taken back */
	FAILURE_ABORTS,			/* nothing more can be done but go back to a savepoint */
	FAILURE_KEEPS,			/* nothing: it has just not happened */
};

struct dialect {
	const char *name;		/* as the setting `dialect` has it */
	const char *dbms;		/* how SQL_DBMS_NAME begins; NULL: like no other */
	enum dbms kind;
	unsigned sql;			/* SQL_* of table.h */
	enum upsert upsert;
	enum after_failure failure;
	bool unique_known;		/* the driver tells all unique keys */
	const char *const *session;	/* statements for a new connection, ends with NULL; may be NULL */
	const char *wake;		/* makes it see what others have changed of the tables */
	const char *limit_before, *limit_after;	/* statement timeout: around the number; NULL: none */
	int64_t limit_unit_ms;
	const char *order_before, *order_after;	/* around a text to sort by its bytes; NULL: unknown */
	const char *nulls_first;	/* behind each column sorted by */
	const char *types[FERRY_JSON + 1]; /* of columns that are made; [FERRY_NULL] of a key's text */
};

/* By the name in the settings, else by SQL_DBMS_NAME; never NULL. */
const struct dialect *dialect_find(const char *setting, const char *dbms);
/* SQL_* of the setting `dialect`; without it, some under which the source's query is one, if there are. */
unsigned dialect_of_query(const struct ferry_open *open);
extern const char *const dialect_names[];	/* for the option, ends with NULL */

/* What is known of a driver, whatever database it leads to. */
struct driver {
	const char *const *names;	/* parts of SQL_DRIVER_NAME and of the names it is installed by */
	const char *const *keywords;	/* keyword, value, ... it is given unless the user has; then NULL */
	const char *const *reading;	/* the same for sources */
	const char *const *creating;	/* the same for anything but a destination with `create` */
	const char *limit_keyword;	/* gets the longest wait; NULL: none */
	int64_t limit_unit_ms, limit_more_ms; /* more, where the database is to give up first */
	const char *connect_keyword;	/* gets the seconds a connection may take, else the driver's own */
	bool arrays;			/* many rows of parameters are one exchange */
	bool reads_alone;		/* it gathers all rows first when it is in a transaction */
	bool dates_as_text;		/* it loses memory over dates in arrays of parameters */
	bool no_blocks;			/* it cannot be trusted with many rows at once */
	bool number_sizes_lie;		/* decimals may be longer than it says */
};

/* By a name or path, as far as it goes; never NULL. */
const struct driver *driver_find(const char *name);

/* ------------------------------------------------------------- keywords.c: connection strings */

/* Is this keyword in the connection string? *value, if not NULL, gets where its value begins. */
bool keywords_have(const char *connection, const char *keyword, const char **value, size_t *len);
/* ";KEYWORD=value", in braces where needed. */
void keywords_add(struct text *connection, const char *keyword, const char *value);
/* A keyword whose value is a secret, or NULL: such must not stand where it is shown. */
const char *keywords_secret(const char *connection);
/* Put *** for a secret wherever it stands in a text; for every value of a connection string. */
void keywords_mask(char *text, const char *secret, size_t len);
void keywords_mask_all(char *text, const char *secrets);
/* False when it is not KEYWORD=value;... */
bool keywords_valid(const char *connection);

/* ----------------------------------------------------- database.c: a connection; fault.c: failures */

/* First member of both kinds of handle. */
struct database {
	const struct ferry_host *host;
	enum ferry_role role;
	const char *name;		/* of the connection */
	const char *connection, *dsn, *driver_path, *user, *password, *secrets, *dialect_name;
	int64_t connect_ms, timeout_ms;
	int64_t limit_ms;		/* for one statement; 0: none */
	bool may_make;			/* a file that is the database may be made */

	SQLHENV env;
	SQLHDBC dbc;
	bool connected, lost;		/* lost: the connection is good for nothing any more */
	unsigned connections;		/* made so far: statements belong to one */
	const struct driver *driver;
	const struct dialect *dialect;
	char dbms[64], version[64], driver_name[64], driver_version[64];
	char quote;			/* around names; blank: none */
	bool transactions;
	bool forgets;			/* statements are gone after a transaction's end */
};

int database_init(struct database *d, const struct ferry_open *open, struct ferry_error *err);
void database_release(struct database *d);
/*
 * What is wrong with the connection's settings, NULL for nothing. complete: those that are not there
 * have not been given; for --check they may be references.
 */
const char *database_mistake(const struct ferry_open *open, bool complete, const char **about);
/* Connect unless connected; *anew, if not NULL, tells whether that was needed. */
int database_connect(struct database *d, bool *anew, struct ferry_error *err);
void database_close(struct database *d);
/* A new statement with its timeout; NULL with *err filled. */
SQLHSTMT database_statement(struct database *d, struct ferry_error *err);
/* Run a statement of which no result is wanted. */
int database_exec(struct database *d, const char *sql, const char *doing, struct ferry_error *err);
/* SQLExecDirect and SQLPrepare, of UTF-8. */
SQLRETURN database_run(SQLHSTMT stmt, const char *sql);
SQLRETURN database_prepare(SQLHSTMT stmt, const char *sql);
SQLRETURN database_try(struct database *d, const char *sql);
/* See what others have changed of the tables, where that does not go without saying. */
int database_wake(struct database *d, struct ferry_error *err);
/* All that was done since the last of these is one transaction. */
int database_begin(struct database *d, struct ferry_error *err);
SQLRETURN database_commit(struct database *d);
void database_rollback(struct database *d);
int database_no_memory(const struct database *d, struct ferry_error *err);
/* A name in the database's quotes. */
void database_quote(const struct database *d, struct text *sql, const char *name);

struct fault {
	char state[6];			/* of the first record that tells of a failure */
	SQLINTEGER native;
	bool dead;			/* the driver knows that the connection is gone */
	enum dbms dbms;			/* whose native code it is, as its words tell */
	char text[900];			/* of all records, one line, without secrets */
};

/* The records of a statement, or with NULL of the connection. Marks a lost connection as such. */
void fault_read(struct database *d, SQLHSTMT stmt, struct fault *f);
enum ferry_code fault_code(const struct fault *f, enum ferry_code plain);
/* The data of the statement is to blame, not its circumstances. */
bool fault_is_data(const struct fault *f);
/* "unique_violation", else the SQLSTATE. */
const char *fault_name(const struct fault *f);
/* The column it names, "" for none. */
void fault_field(const struct fault *f, char *out, size_t size);
int fault_fail(const struct database *d, const struct fault *f, enum ferry_code plain, const char *doing,
	       struct ferry_error *err);
/* fault_read and fault_fail. */
int database_fail(struct database *d, SQLHSTMT stmt, enum ferry_code plain, const char *doing,
		  struct ferry_error *err);

/* ---------------------------------------------------------------- wide.c: UTF-16 and UTF-8 */

/* Bytes that n units need at most as UTF-8. */
#define NARROW_ROOM(n) ((n) * 3)
/* False when a surrogate stands alone. */
bool narrow(const SQLWCHAR *s, size_t n, char *out, size_t *ret_len);
/* Returns the units written, at most len; false in *ok when it is not UTF-8. */
size_t widen(const char *s, size_t len, SQLWCHAR *out, bool *ok);
/* The same for a whole text, with a NUL behind; NULL when memory is out or it is not UTF-8. */
SQLWCHAR *widen_all(const char *s, size_t *n);
bool utf8_valid(const char *s, size_t len);

/* ---------------------------------------------------------------- column.c: what a column is */

/* How a column is read. */
enum form {
	FORM_INTEGER,
	FORM_DECIMAL,
	FORM_SINGLE,
	FORM_DOUBLE,
	FORM_BOOL,
	FORM_DATE,
	FORM_TIMESTAMP,
	FORM_ZONED,			/* a text with a zone */
	FORM_CLOCK,			/* time of day, intervals: a short text */
	FORM_GUID,
	FORM_TEXT,
	FORM_BYTES,
	FORM_TAGGED,			/* SQLite: a text whose first letter tells its type */
};

struct column {
	char *name;			/* owned */
	char type_name[64];
	SQLSMALLINT type, digits;
	SQLULEN size;
	bool is_unsigned, nullable, padded;
	bool unlimited;			/* a decimal without a scale */
	bool automatic;			/* numbered by the database */
	bool as_text;			/* asked for as a text, since the driver makes up dates it cannot hold */
	enum form form;
};

/* The columns of a statement's result; *ret is for columns_free. */
int columns_describe(struct database *d, SQLHSTMT stmt, struct column **ret, size_t *n,
		     struct ferry_error *err);
/* Of what this statement would give. */
int columns_of(struct database *d, const char *sql, enum ferry_code plain, const char *doing,
	       struct column **ret, size_t *n, struct ferry_error *err);
void columns_free(struct column *columns, size_t n);
enum ferry_type column_type(const struct column *c);
/* As it stands in a SELECT: alias."name", or what survives the driver. */
bool column_is_plain(const struct column *c);
void column_expression(const struct database *d, struct text *sql, const char *alias,
		       const struct column *c);

/* ---------------------------------------------------------------- reader.c: rows of a result */

struct reader {
	struct database *d;
	SQLHSTMT stmt;			/* executed; the caller's */
	const struct column *columns;
	size_t n;
	struct cells *cells;
	int64_t row;			/* rows read */
	char *bytes;			/* of a long value */
	size_t len, cap;

	/* many rows at once, when every column has a known size */
	size_t rowset, *widths;
	char **buffers;
	SQLLEN *lengths;		/* column by column */
	SQLUSMALLINT *status;
	SQLULEN fetched;
};

enum { READER_END = 1 };		/* after 0 for a read and -1 for a failure */

/* rowset: how many rows at once at most; 1: values are asked for one by one. */
int reader_begin(struct reader *r, size_t rowset, struct ferry_error *err);
/* Append the next rows to cells; READER_END when there are no more. */
int reader_next(struct reader *r, struct ferry_error *err);
void reader_end(struct reader *r);

/* cell.c: append what was fetched, in the C type that column_ctype tells; len is never NULL's. */
SQLSMALLINT column_ctype(const struct column *c);
/* Bytes for a value when its size is known; 0: it is not. */
size_t column_width(const struct database *d, const struct column *c);
enum cell_status cell_put(struct database *d, struct cells *cells, const struct column *c, const char *p,
			  size_t len);

/* ---------------------------------------------------------------- source.c */

int source_open(const struct ferry_open *open, void **ret, struct ferry_error *err);
void source_close(void *handle);
int source_validate(void *handle, struct ferry_error *err);
int source_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err);

/* ----------------------------------- destination.c: what is to be written; target.c: what there is */

enum statement {
	STATEMENT_UPSERT,		/* fields */
	STATEMENT_ADD,			/* fields; leaves a row alone that is there */
	STATEMENT_INSERT,		/* fields; fails when it is there */
	STATEMENT_UPDATE,		/* fields that are no key; found by key */
	STATEMENT_MOVE,			/* all fields; found by key */
	STATEMENT_RESTORE,		/* all fields; found by key, if disabled */
	STATEMENT_DELETE,		/* found by key */
	STATEMENT_DISABLE,		/* stamp; found by key */
	STATEMENT_EXISTS,		/* found by key */
	STATEMENT_LOOKUP,		/* columns; found by key */
	STATEMENT_LIST,			/* columns of all rows */
	STATEMENTS
};

/* One parameter of a statement, for many rows. */
struct param {
	SQLSMALLINT ctype, type, digits;
	SQLULEN size;
	char *data;
	size_t width, cap;		/* of one row; of all */
	SQLLEN *lengths;
	size_t rows_cap;
};

struct prepared {
	SQLHSTMT stmt;
	unsigned connection;		/* the one it belongs to */
	struct param *params;
	size_t n;
};

struct destination {
	struct database base;
	const struct ferry_layout *layout;
	enum ferry_mode mode;
	const char *catalog, *schema, *table, *disabled_at;
	bool create;
	struct rowkey key;

	/* by target_look */
	bool there;
	char *full_name;		/* quoted */
	struct column *columns;
	size_t n_columns;
	const struct column **fields;	/* by place in the layout */
	const struct column *stamp;	/* disabled_at */
	char **primary;			/* columns of the primary key, ends with NULL */
	bool unique, other_unique; /* the key is; there is another unique key */

	struct prepared statements[STATEMENTS];
	struct cells cells;		/* of the last lookup or part of a list */
	struct cells found;		/* one row of a lookup, as it was read */
};

int destination_open(const struct ferry_open *open, void **ret, struct ferry_error *err);
void destination_close(void *handle);
int destination_validate(void *handle, struct ferry_error *err);
static inline bool destination_upserts(const struct destination *d)
{
	enum upsert how = d->base.dialect->upsert;
	return how == UPSERT_CONFLICT || how == UPSERT_MERGE || (how == UPSERT_DUPLICATE && !d->other_unique);
}

/* Connect, read the table's columns and check them against the layout, unless that is done. */
int target_look(struct destination *d, struct ferry_error *err);
void target_forget(struct destination *d);
int target_validate(struct destination *d, struct ferry_error *err);
int target_create(struct destination *d, const struct ferry_action *actions, size_t n,
		  struct ferry_error *err);

/* statement.c: its text; the parameters it has are the fields, then the stamp, then the key */
void statement_text(const struct destination *d, enum statement which, struct text *sql);
bool statement_has_field(const struct destination *d, enum statement which, size_t place);
bool statement_has_key(enum statement which);

/* misfit.c */
/* Why a value cannot go into its column as it is; NULL when it can, as far as can be told from here. */
struct misfit {
	const char *code, *message;
};
const struct misfit *value_misfit(const struct database *d, const struct column *c,
				  const struct ferry_value *v);
/* Is what the column holds the same as ours, in whatever type it comes? */
bool value_same(const struct database *d, const struct ferry_value *ours,
		const struct ferry_value *theirs);
/* The instant, the truth a value stands for; false when it is none. */
bool value_time(const struct database *d, const struct ferry_value *v, int64_t *us);
bool value_truth(const struct ferry_value *v, bool *ret);

/* param.c: put n values into a parameter; false when memory is out. */
bool param_fill(const struct database *d, struct param *p, const struct column *c,
		const struct ferry_value *const *values, size_t n);
void param_release(struct param *p);

/* run.c: a statement over rows */
struct row {
	size_t action;
	struct ferry_value *key;	/* n_key parts */
};
/*
 * Prepare and run a statement for n rows, more than one only if the driver takes arrays. *count: rows
 * it changed, -1 unknown. Of a failure *f tells, unless err is filled (then -1 is returned).
 */
enum run { RUN_DONE, RUN_FAULT, RUN_FAILED };
enum run run_rows(struct destination *d, enum statement which, const struct ferry_action *actions,
		  const struct row *rows, size_t n, SQLLEN *count, struct fault *f, struct ferry_error *err);
/* The same up to its result, which is then read from the statement. */
enum run run_query(struct destination *d, enum statement which, const struct ferry_value *key, SQLHSTMT *ret,
		   struct fault *f, struct ferry_error *err);
void run_forget(struct destination *d);

/* ---------------------------------------------------------------- apply.c, lookup.c, check.c */

int destination_apply(void *handle, const struct ferry_action *actions, size_t n,
		      struct ferry_outcome *outcomes, struct ferry_error *err);
int destination_lookup(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err);
int destination_list(void *handle, struct ferry_listing *listing, struct ferry_error *err);
void odbc_check(const struct ferry_open *open, struct ferry_check *check);
int odbc_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err);

#endif
