/* SPDX-License-Identifier: Apache-2.0 */
/* column.c - what a statement's columns are, by the driver's description, and how each is read. */
#include "odbc/odbc.h"

#include <stdlib.h>
#include <string.h>

/* What newer drivers and SQL Server's have beyond the headers' types. */
enum {
	TYPE_TIME_ZONED = 94,
	TYPE_TIMESTAMP_ZONED = 95,
	TYPE_SS_TIME = -154,
	TYPE_SS_TIMESTAMP_OFFSET = -155,
};

static enum form form_of(const struct database *d, SQLSMALLINT type)
{
	if (d->dialect->kind == DBMS_SQLITE)
		return FORM_TAGGED;
	switch (type) {
	case SQL_TINYINT: case SQL_SMALLINT: case SQL_INTEGER: case SQL_BIGINT:
		return FORM_INTEGER;
	case SQL_DECIMAL: case SQL_NUMERIC:
		return FORM_DECIMAL;
	case SQL_REAL:
		return FORM_SINGLE;
	case SQL_FLOAT: case SQL_DOUBLE:
		return FORM_DOUBLE;
	case SQL_BIT:
		return FORM_BOOL;
	case SQL_TYPE_DATE: case SQL_DATE:
		return FORM_DATE;
	case SQL_TYPE_TIMESTAMP: case SQL_TIMESTAMP:
		return FORM_TIMESTAMP;
	case TYPE_TIMESTAMP_ZONED: case TYPE_SS_TIMESTAMP_OFFSET:
		return FORM_ZONED;
	case SQL_TYPE_TIME: case SQL_TIME: case TYPE_TIME_ZONED: case TYPE_SS_TIME:
		return FORM_CLOCK;
	case SQL_GUID:
		return FORM_GUID;
	case SQL_BINARY: case SQL_VARBINARY: case SQL_LONGVARBINARY:
		return FORM_BYTES;
	default:
		return type >= SQL_INTERVAL_YEAR && type <= SQL_INTERVAL_MINUTE_TO_SECOND ?
			       FORM_CLOCK :
			       FORM_TEXT;
	}
}

/* A name in the driver's UTF-16. */
static char *take_name(const SQLWCHAR *wide, SQLSMALLINT len, size_t max)
{
	size_t n = len < 0 ? 0 : (size_t)len < max ? (size_t)len : max, bytes;
	char *name = malloc(NARROW_ROOM(n) + 1);

	if (!name || !narrow(wide, n, name, &bytes)) {
		free(name);
		return NULL;
	}
	name[bytes] = '\0';
	return name;
}

static int describe(struct database *d, SQLHSTMT stmt, SQLUSMALLINT at, struct column *c,
		    struct ferry_error *err)
{
	SQLWCHAR name[512];
	SQLSMALLINT len = 0, nullable = SQL_NULLABLE;
	SQLLEN flag = 0;
	SQLCHAR type_name[sizeof c->type_name] = "";

	if (!SQL_SUCCEEDED(SQLDescribeColW(stmt, at, name, 511, &len, &c->type, &c->size,
					   &c->digits, &nullable)))
		return database_fail(d, stmt, FERRY_E_PROTOCOL, "cannot see the result's columns",
				     err);
	c->name = take_name(name, len, 511);
	if (!c->name)
		return database_no_memory(d, err);
	if (SQL_SUCCEEDED(SQLColAttribute(stmt, at, SQL_DESC_UNSIGNED, NULL, 0, NULL, &flag)))
		c->is_unsigned = flag == SQL_TRUE;
	if (SQL_SUCCEEDED(SQLColAttribute(stmt, at, SQL_DESC_TYPE_NAME, type_name, sizeof type_name,
					  NULL, NULL)))
		text_cut(c->type_name, sizeof c->type_name, (char *)type_name,
			 strnlen((char *)type_name, sizeof type_name - 1));
	flag = SQL_FALSE;
	if (SQL_SUCCEEDED(
		    SQLColAttribute(stmt, at, SQL_DESC_AUTO_UNIQUE_VALUE, NULL, 0, NULL, &flag)))
		c->automatic = flag == SQL_TRUE;
	c->nullable = nullable != SQL_NO_NULLS;
	c->padded = c->type == SQL_CHAR || c->type == SQL_WCHAR;
	c->form = form_of(d, c->type);
	c->as_text = d->dialect->kind == DBMS_POSTGRES &&
		     (c->form == FORM_DATE || c->form == FORM_TIMESTAMP);
	return 0;
}

int columns_describe(struct database *d, SQLHSTMT stmt, struct column **ret, size_t *n,
		     struct ferry_error *err)
{
	SQLSMALLINT count = 0;

	if (!SQL_SUCCEEDED(SQLNumResultCols(stmt, &count)))
		return database_fail(d, stmt, FERRY_E_PROTOCOL, "cannot see the result's columns",
				     err);
	struct column *columns = calloc((size_t)count + 1, sizeof *columns);
	if (!columns)
		return database_no_memory(d, err);
	for (SQLSMALLINT i = 0; i < count; i++)
		if (describe(d, stmt, (SQLUSMALLINT)(i + 1), &columns[i], err)) {
			columns_free(columns, (size_t)count);
			return -1;
		}
	*ret = columns;
	*n = (size_t)count;
	return 0;
}

int columns_of(struct database *d, const char *sql, enum ferry_code plain, const char *doing,
	       struct column **ret, size_t *n, struct ferry_error *err)
{
	SQLHSTMT stmt = database_statement(d, err);
	int status;

	if (!stmt)
		return -1;
	if (!SQL_SUCCEEDED(database_run(stmt, sql)))
		status = database_fail(d, stmt, plain, doing, err);
	else
		status = columns_describe(d, stmt, ret, n, err);
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	return status;
}

void columns_free(struct column *columns, size_t n)
{
	for (size_t i = 0; columns && i < n; i++)
		free(columns[i].name);
	free(columns);
}

enum ferry_type column_type(const struct column *c)
{
	static const enum ferry_type types[] = {
		[FORM_INTEGER] = FERRY_INT,    [FORM_DECIMAL] = FERRY_DECIMAL,
		[FORM_SINGLE] = FERRY_DECIMAL, [FORM_DOUBLE] = FERRY_DECIMAL,
		[FORM_BOOL] = FERRY_BOOL,      [FORM_DATE] = FERRY_TEXT,
		[FORM_TIMESTAMP] = FERRY_TIME, [FORM_ZONED] = FERRY_TIME,
		[FORM_CLOCK] = FERRY_TEXT,     [FORM_GUID] = FERRY_TEXT,
		[FORM_TEXT] = FERRY_TEXT,      [FORM_BYTES] = FERRY_BYTES,
		[FORM_TAGGED] = FERRY_NULL,
	};

	return types[c->form];
}

/*
 * SQLite's columns have a type for each value, and its driver has texts only, of fifteen digits for
 * a double, and ending at a NUL. So SQLite is asked for the type, and for what survives as a text.
 */
static void tagged(struct text *sql, const char *name, size_t len)
{
	static const char *const parts[] = {
		"CASE typeof(",
		") WHEN 'integer' THEN 'i' || ",
		" WHEN 'real' THEN 'r' || printf('%!.20g', ",
		") WHEN 'text' THEN CASE WHEN instr(",
		", char(0)) THEN 'h' || hex(",
		") ELSE 't' || ",
		" END WHEN 'blob' THEN 'x' || hex(",
		") END AS ",
		NULL,
	};

	for (size_t i = 0; parts[i]; i++) {
		text_add(sql, parts[i], strlen(parts[i]));
		/* the last time as the name that is given to it */
		text_add(sql, name, len);
	}
}

bool column_is_plain(const struct column *c)
{
	return c->form != FORM_TAGGED && !c->as_text;
}

void column_expression(const struct database *d, struct text *sql, const char *alias,
		       const struct column *c)
{
	struct text name = {0};

	if (c->form != FORM_TAGGED) {
		text_addf(sql, "%s%s.", c->as_text ? "CAST(" : "", alias);
		database_quote(d, sql, c->name);
		text_addf(sql, "%s", c->as_text ? " AS text)" : "");
		return;
	}
	/* there is but one table, so the column's name is enough */
	database_quote(d, &name, c->name);
	if (name.failed)
		sql->failed = true;
	else
		tagged(sql, name.s, name.len);
	text_release(&name);
}
