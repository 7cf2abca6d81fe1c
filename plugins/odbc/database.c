/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database.c - one connection through the driver manager: made, set up so that values read the same
 * whoever connects, its transactions. Knows nothing of what is asked through it.
 */
#include "odbc/odbc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int database_no_memory(const struct database *d, struct ferry_error *err)
{
	return d->host->fail(err, FERRY_E_NOMEM, "%s: out of memory", d->name);
}

/* ------------------------------------------------------------------ settings */

const char *database_mistake(const struct ferry_open *open, bool complete, const char **about)
{
	const char *connection = ferry_setting_text(open, "connection");
	const char *dsn = ferry_setting_text(open, "dsn"),
		   *driver = ferry_setting_text(open, "driver");
	bool drives = connection && keywords_have(connection, "DRIVER", NULL, NULL);
	bool names = connection && (keywords_have(connection, "DSN", NULL, NULL) ||
				    keywords_have(connection, "FILEDSN", NULL, NULL));

	*about = NULL;
	if (!connection && !dsn && !driver)
		return !complete ? NULL : "give one of 'connection', 'dsn' and 'driver'";
	*about = connection ? "connection" : dsn ? "dsn" : "driver";
	if (connection && !keywords_valid(connection))
		return "is not of the form KEYWORD=value;KEYWORD=value";
	if (connection && keywords_secret(connection))
		return "has a secret in it, and is shown: move it to the setting 'password', or with its "
		       "keyword to 'secrets', which are not";
	if (dsn && driver)
		return "give either 'dsn' or 'driver', not both";
	if (names && drives)
		return "has both DRIVER and DSN: one of them says which driver";
	if ((names || drives) && (dsn || driver))
		return "says which driver already: leave 'dsn' and 'driver' out";
	if (complete && connection && !names && !drives && !dsn && !driver)
		return "does not say which driver: begin it with DRIVER= or DSN=, or give 'driver' or 'dsn'";
	return NULL;
}

int database_init(struct database *d, const struct ferry_open *open, struct ferry_error *err)
{
	const char *about, *wrong = database_mistake(open, true, &about);
	int64_t connect_ms = open->common.connect_timeout_ms, timeout_ms = open->common.timeout_ms;

	d->host = open->host;
	d->role = open->role;
	d->name = open->connection;
	if (wrong)
		return d->host->fail(err, FERRY_E_CONFIG, "connection '%s': %s%s%s%s", d->name,
				     about ? "'" : "", about ? about : "", about ? "': " : "",
				     wrong);
	d->connection = ferry_setting_text(open, "connection");
	d->dsn = ferry_setting_text(open, "dsn");
	d->driver_path = ferry_setting_text(open, "driver");
	d->user = ferry_setting_text(open, "user");
	d->password = ferry_setting_text(open, "password");
	d->secrets = ferry_setting_text(open, "secrets");
	d->dialect_name = ferry_setting_text(open, "dialect");
	d->connect_ms = connect_ms > 0 ? connect_ms : 10000;
	d->timeout_ms = timeout_ms > 0 ? timeout_ms : 30000;
	d->limit_ms = d->timeout_ms;
	return 0;
}

/* ------------------------------------------------------------------ connecting */

static void add_defaults(struct text *s, const char *const *pairs)
{
	for (; pairs && pairs[0]; pairs += 2)
		if (!keywords_have(s->s, pairs[0], NULL, NULL))
			keywords_add(s, pairs[0], pairs[1]);
}

static void add_span(struct text *s, const char *keyword, int64_t ms, int64_t unit_ms)
{
	char number[32];

	if (!keyword || keywords_have(s->s, keyword, NULL, NULL))
		return;
	snprintf(number, sizeof number, "%lld", (long long)((ms + unit_ms - 1) / unit_ms));
	keywords_add(s, keyword, number);
}

static void connection_text(const struct database *d, struct text *s)
{
	if (d->dsn)
		keywords_add(s, "DSN", d->dsn);
	if (d->driver_path)
		keywords_add(s, "DRIVER", d->driver_path);
	if (d->connection)
		text_addf(s, "%s%s", s->len ? ";" : "", d->connection);
	if (d->user)
		keywords_add(s, "UID", d->user);
	if (d->password)
		keywords_add(s, "PWD", d->password);
	if (d->secrets)
		text_addf(s, ";%s", d->secrets);
	if (s->failed)
		return;
	add_defaults(s, d->driver->keywords);
	add_defaults(s, d->role == FERRY_SOURCE ? d->driver->reading : NULL);
	add_defaults(s, d->may_make ? NULL : d->driver->creating);
	add_span(s, d->driver->limit_keyword, d->limit_ms + d->driver->limit_more_ms,
		 d->driver->limit_unit_ms);
	add_span(s, d->driver->connect_keyword, d->connect_ms, 1000);
}

/* By what it is called, before it is there. */
static const struct driver *guess_driver(const struct database *d)
{
	const char *value = d->driver_path ? d->driver_path : d->dsn ? d->dsn : "";
	char name[256];
	size_t len = strlen(value);

	if (!d->driver_path && d->connection &&
	    !keywords_have(d->connection, "DRIVER", &value, &len))
		keywords_have(d->connection, "DSN", &value, &len);
	text_cut(name, sizeof name, value, len);
	return driver_find(name);
}

static int allocate(struct database *d, struct ferry_error *err)
{
	SQLULEN seconds = (SQLULEN)((d->connect_ms + 999) / 1000);

	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &d->env)))
		return database_no_memory(d, err);
	SQLSetEnvAttr(d->env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, d->env, &d->dbc)))
		return database_no_memory(d, err);
	/* a driver that has no such timeout has one of its own, or the network's */
	SQLSetConnectAttr(d->dbc, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)seconds, 0);
	return 0;
}

static int connect_once(struct database *d, struct ferry_error *err)
{
	struct text s = {0};
	int status;

	connection_text(d, &s);
	if (s.failed) {
		text_release(&s);
		return database_no_memory(d, err);
	}
	status = allocate(d, err);
	if (status == 0) {
		size_t n = 0;
		SQLWCHAR *wide = widen_all(s.s, &n);
		SQLRETURN rc = !wide ? SQL_ERROR :
				       SQLDriverConnectW(d->dbc, NULL, wide, (SQLSMALLINT)n, NULL,
							 0, NULL, SQL_DRIVER_NOPROMPT);
		if (wide)
			explicit_bzero(wide, n * sizeof *wide);
		free(wide);
		d->connected = SQL_SUCCEEDED(rc);
		if (!d->connected)
			status = database_fail(d, NULL, FERRY_E_CONNECT, "cannot connect", err);
	}
	/* it had the password in it */
	explicit_bzero(s.s, s.len);
	text_release(&s);
	if (status)
		database_close(d);
	return status;
}

static void ask_text(const struct database *d, SQLUSMALLINT what, char *out, size_t size)
{
	SQLSMALLINT len;

	if (!SQL_SUCCEEDED(SQLGetInfo(d->dbc, what, out, (SQLSMALLINT)size, &len)))
		*out = '\0';
	out[size - 1] = '\0';
}

static void look_around(struct database *d)
{
	SQLUSMALLINT transactions = SQL_TC_NONE, after = SQL_CB_PRESERVE, before = SQL_CB_PRESERVE;
	char quote[16] = " ";

	ask_text(d, SQL_DBMS_NAME, d->dbms, sizeof d->dbms);
	ask_text(d, SQL_DBMS_VER, d->version, sizeof d->version);
	ask_text(d, SQL_DRIVER_NAME, d->driver_name, sizeof d->driver_name);
	ask_text(d, SQL_DRIVER_VER, d->driver_version, sizeof d->driver_version);
	ask_text(d, SQL_IDENTIFIER_QUOTE_CHAR, quote, sizeof quote);
	SQLGetInfo(d->dbc, SQL_TXN_CAPABLE, &transactions, sizeof transactions, NULL);
	SQLGetInfo(d->dbc, SQL_CURSOR_COMMIT_BEHAVIOR, &after, sizeof after, NULL);
	SQLGetInfo(d->dbc, SQL_CURSOR_ROLLBACK_BEHAVIOR, &before, sizeof before, NULL);
	d->quote = quote[0] ? quote[0] : ' ';
	d->transactions = transactions != SQL_TC_NONE;
	d->forgets = after == SQL_CB_DELETE || before == SQL_CB_DELETE;
	d->dialect = dialect_find(d->dialect_name, d->dbms);
}

/* A limit of its own is told to the database; the driver's is asked of each statement. */
static int set_up(struct database *d, struct ferry_error *err)
{
	const struct dialect *k = d->dialect;
	char limit[128];
	SQLULEN seconds = (SQLULEN)((d->limit_ms + 999) / 1000);

	/* how long to wait for the network; few drivers know it */
	SQLSetConnectAttr(d->dbc, SQL_ATTR_CONNECTION_TIMEOUT, (SQLPOINTER)seconds, 0);
	for (const char *const *sql = k->session; sql && *sql; sql++)
		if (database_exec(d, *sql, "cannot set the session up", err))
			return -1;
	if (k->limit_before && d->limit_ms) {
		snprintf(limit, sizeof limit, "%s%lld%s", k->limit_before,
			 (long long)((d->limit_ms + k->limit_unit_ms - 1) / k->limit_unit_ms),
			 k->limit_after);
		/* one that does not know it has no such limit */
		database_try(d, limit);
	}
	return 0;
}

int database_connect(struct database *d, bool *anew, struct ferry_error *err)
{
	if (anew)
		*anew = false;
	if (d->connected && !d->lost)
		return 0;
	database_close(d);
	if (!d->driver)
		d->driver = guess_driver(d);
	if (connect_once(d, err))
		return -1;
	look_around(d);
	/* behind a name of the user's own there may be a driver that wants other settings */
	if (driver_find(d->driver_name) != d->driver && driver_find(d->driver_name)->names) {
		d->driver = driver_find(d->driver_name);
		database_close(d);
		if (connect_once(d, err))
			return -1;
		look_around(d);
	}
	d->connections++;
	if (anew)
		*anew = true;
	if (set_up(d, err) == 0)
		return 0;
	database_close(d);
	return -1;
}

void database_close(struct database *d)
{
	if (d->connected) {
		if (!d->lost)
			SQLEndTran(SQL_HANDLE_DBC, d->dbc, SQL_ROLLBACK);
		SQLDisconnect(d->dbc);
	}
	if (d->dbc)
		SQLFreeHandle(SQL_HANDLE_DBC, d->dbc);
	if (d->env)
		SQLFreeHandle(SQL_HANDLE_ENV, d->env);
	d->dbc = d->env = NULL;
	d->connected = d->lost = false;
}

void database_release(struct database *d)
{
	database_close(d);
}

/* ------------------------------------------------------------------ asking */

SQLHSTMT database_statement(struct database *d, struct ferry_error *err)
{
	SQLHSTMT stmt = NULL;

	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, d->dbc, &stmt))) {
		database_fail(d, NULL, FERRY_E_UNAVAILABLE, "cannot make a statement", err);
		return NULL;
	}
	SQLSetStmtAttr(stmt, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)SQL_CURSOR_FORWARD_ONLY, 0);
	if (d->limit_ms && !d->dialect->limit_before)
		SQLSetStmtAttr(stmt, SQL_ATTR_QUERY_TIMEOUT,
			       (SQLPOINTER)(SQLULEN)((d->limit_ms + 999) / 1000), 0);
	return stmt;
}

SQLRETURN database_run(SQLHSTMT stmt, const char *sql)
{
	size_t n;
	SQLWCHAR *wide = widen_all(sql, &n);
	SQLRETURN rc = wide ? SQLExecDirectW(stmt, wide, (SQLINTEGER)n) : SQL_ERROR;

	free(wide);
	return rc;
}

SQLRETURN database_prepare(SQLHSTMT stmt, const char *sql)
{
	size_t n;
	SQLWCHAR *wide = widen_all(sql, &n);
	SQLRETURN rc = wide ? SQLPrepareW(stmt, wide, (SQLINTEGER)n) : SQL_ERROR;

	free(wide);
	return rc;
}

SQLRETURN database_try(struct database *d, const char *sql)
{
	SQLHSTMT stmt = NULL;
	SQLRETURN rc = SQLAllocHandle(SQL_HANDLE_STMT, d->dbc, &stmt);

	if (!SQL_SUCCEEDED(rc))
		return rc;
	rc = database_run(stmt, sql);
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	return rc;
}

int database_wake(struct database *d, struct ferry_error *err)
{
	SQLHSTMT stmt = d->dialect->wake ? database_statement(d, err) : NULL;
	int status = 0;

	if (!stmt)
		return d->dialect->wake ? -1 : 0;
	SQLRETURN rc = database_run(stmt, d->dialect->wake);
	if (SQL_SUCCEEDED(rc))
		rc = SQLFetch(stmt);	/* before that nothing is done */
	if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
		status = database_fail(d, stmt, FERRY_E_CONFIG, "cannot look at the tables", err);
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	return status;
}

int database_exec(struct database *d, const char *sql, const char *doing, struct ferry_error *err)
{
	SQLHSTMT stmt = database_statement(d, err);
	int status = 0;

	if (!stmt)
		return -1;
	SQLRETURN rc = database_run(stmt, sql);
	if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
		status = database_fail(d, stmt, FERRY_E_SETUP, doing, err);
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	return status;
}

int database_begin(struct database *d, struct ferry_error *err)
{
	if (!d->transactions)
		return 0;
	SQLRETURN rc =
		SQLSetConnectAttr(d->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
	return SQL_SUCCEEDED(rc) ? 0 :
				   database_fail(d, NULL, FERRY_E_UNAVAILABLE, "cannot begin", err);
}

SQLRETURN database_commit(struct database *d)
{
	return d->transactions ? SQLEndTran(SQL_HANDLE_DBC, d->dbc, SQL_COMMIT) : SQL_SUCCESS;
}

void database_rollback(struct database *d)
{
	if (!d->connected || d->lost || !d->transactions)
		return;
	if (!SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, d->dbc, SQL_ROLLBACK)))
		d->lost = true;
}

void database_quote(const struct database *d, struct text *sql, const char *name)
{
	if (d->quote == ' ')
		text_add(sql, name, strlen(name));
	else
		text_quoted(sql, name, d->quote);
}
