/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.c - the table that is written: what it has, by the driver's own catalogue functions and by
 * looking at it, whether it fits, and making it.
 */
#include "odbc/odbc.h"

#include <stdlib.h>
#include <string.h>

void target_forget(struct destination *d)
{
	columns_free(d->columns, d->n_columns);
	for (size_t i = 0; d->primary && d->primary[i]; i++)
		free(d->primary[i]);
	free(d->primary);
	d->columns = NULL;
	d->n_columns = 0;
	d->primary = NULL;
	d->there = false;
}

/* catalog.schema.table, each in quotes */
static int name_table(struct destination *d, struct ferry_error *err)
{
	const char *parts[] = {d->catalog, d->schema, d->table};
	struct text name = {0};

	for (int i = 0; i < 3; i++) {
		if (!parts[i])
			continue;
		text_addf(&name, "%s", name.len ? "." : "");
		database_quote(&d->base, &name, parts[i]);
	}
	if (name.failed) {
		text_release(&name);
		return database_no_memory(&d->base, err);
	}
	free(d->full_name);
	d->full_name = name.s;
	return 0;
}

/* ------------------------------------------------------------------ what there is */

static bool is_missing(const struct fault *f)
{
	return strcmp(f->state, "42S02") == 0 || strcmp(f->state, "42P01") == 0 ||
	       (f->dbms == DBMS_SQLITE && strstr(f->text, "no such table"));
}

/* The columns, in the order of the table; without them when there is no table. */
static int read_columns(struct destination *d, struct ferry_error *err)
{
	struct text sql = {0};
	struct fault f;
	int status = 0;
	SQLHSTMT stmt = database_wake(&d->base, err) ? NULL : database_statement(&d->base, err);

	if (!stmt)
		return -1;
	text_addf(&sql, "SELECT * FROM %s WHERE 1 = 0", d->full_name);
	if (sql.failed) {
		status = database_no_memory(&d->base, err);
	} else if (SQL_SUCCEEDED(database_run(stmt, sql.s))) {
		status = columns_describe(&d->base, stmt, &d->columns, &d->n_columns, err);
	} else {
		fault_read(&d->base, stmt, &f);
		if (!is_missing(&f))
			status = fault_fail(&d->base, &f, FERRY_E_SETUP, d->full_name, err);
	}
	text_release(&sql);
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	database_rollback(&d->base);
	return status;
}

/* As it is written, else whatever its case. */
static const struct column *column_named(const struct destination *d, const char *name)
{
	for (size_t i = 0; i < d->n_columns; i++)
		if (strcmp(d->columns[i].name, name) == 0)
			return &d->columns[i];
	for (size_t i = 0; i < d->n_columns; i++)
		if (strcasecmp(d->columns[i].name, name) == 0)
			return &d->columns[i];
	return NULL;
}

/* All names that have no column, in one message. */
static int check_columns(struct destination *d, struct ferry_error *err)
{
	struct text missing = {0};
	int status = 0;

	for (size_t i = 0; i <= d->layout->n; i++) {
		const char *name = i < d->layout->n ? d->layout->names[i] : d->disabled_at;
		const struct column *c = name ? column_named(d, name) : NULL;
		if (i < d->layout->n)
			d->fields[i] = c;
		else
			d->stamp = c;
		if (name && !c)
			text_addf(&missing, "%s'%s'", missing.len ? ", " : "", name);
	}
	if (missing.len)
		status = d->base.host->fail(
			err, FERRY_E_SETUP, "%s: table %s has no column to write for %s",
			d->base.name, d->full_name, missing.failed ? "some fields" : missing.s);
	text_release(&missing);
	return status;
}

/* ------------------------------------------------------------------ by the driver's catalogue */

/* One text of a row; "" for NULL and for what cannot be read. */
static void get_text(SQLHSTMT stmt, SQLUSMALLINT column, char *out, size_t size)
{
	SQLWCHAR wide[256];
	SQLLEN len = 0;
	char text[NARROW_ROOM(256) + 1];
	size_t n = 0;

	*out = '\0';
	if (!SQL_SUCCEEDED(SQLGetData(stmt, column, SQL_C_WCHAR, wide, sizeof wide, &len)) ||
	    len <= 0)
		return;
	size_t units = (size_t)len / sizeof *wide < 255 ? (size_t)len / sizeof *wide : 255;
	if (narrow(wide, units, text, &n))
		text_cut(out, size, text, n);
}

enum catalogue { CATALOGUE_PRIMARY, CATALOGUE_UNIQUE, CATALOGUE_COLUMNS };

/* PostgreSQL's driver looks in all schemas when none is given. */
static void find_schema(struct destination *d, char *out, size_t size, struct ferry_error *err)
{
	struct text sql = {0};
	SQLHSTMT stmt = database_statement(&d->base, err);

	*out = '\0';
	text_addf(&sql, "SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
		  " ON n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass(");
	text_quoted(&sql, d->full_name, '\'');
	text_addf(&sql, ")");
	if (stmt && !sql.failed && SQL_SUCCEEDED(database_run(stmt, sql.s)) &&
	    SQL_SUCCEEDED(SQLFetch(stmt)))
		get_text(stmt, 1, out, size);
	if (stmt)
		SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	text_release(&sql);
}

/* NULL when the driver cannot tell: then nothing is known. */
static SQLHSTMT ask(struct destination *d, enum catalogue what, struct ferry_error *err)
{
	char found[256] = "";
	size_t n;

	if (d->base.dialect->kind == DBMS_POSTGRES && !d->schema)
		find_schema(d, found, sizeof found, err);
	const char *schema_name = d->schema ? d->schema : *found ? found : NULL;
	SQLWCHAR *catalog = d->catalog ? widen_all(d->catalog, &n) : NULL;
	SQLWCHAR *schema = schema_name ? widen_all(schema_name, &n) : NULL;
	SQLWCHAR *table = widen_all(d->table, &n);
	SQLHSTMT stmt = database_statement(&d->base, err);
	SQLRETURN rc = SQL_ERROR;

	if (stmt && table && what == CATALOGUE_PRIMARY)
		rc = SQLPrimaryKeysW(stmt, catalog, SQL_NTS, schema, SQL_NTS, table, SQL_NTS);
	else if (stmt && table && what == CATALOGUE_UNIQUE)
		rc = SQLStatisticsW(stmt, catalog, SQL_NTS, schema, SQL_NTS, table, SQL_NTS,
				    SQL_INDEX_UNIQUE, SQL_QUICK);
	else if (stmt && table)
		rc = SQLColumnsW(stmt, catalog, SQL_NTS, schema, SQL_NTS, table, SQL_NTS, NULL, 0);
	free(catalog);
	free(schema);
	free(table);
	if (SQL_SUCCEEDED(rc))
		return stmt;
	if (stmt)
		SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	return NULL;
}

static int read_primary(struct destination *d, struct ferry_error *err)
{
	char name[256], number[24];
	SQLHSTMT stmt = ask(d, CATALOGUE_PRIMARY, err);

	d->primary = calloc(d->n_columns + 1, sizeof *d->primary);
	while (d->primary && stmt && SQL_SUCCEEDED(SQLFetch(stmt))) {
		get_text(stmt, 4, name, sizeof name);
		get_text(stmt, 5, number, sizeof number);
		size_t at = strtoul(number, NULL, 10);
		if (at >= 1 && at <= d->n_columns && !d->primary[at - 1])
			d->primary[at - 1] = strdup(name);
	}
	if (stmt)
		SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	database_rollback(&d->base);
	return d->primary ? 0 : database_no_memory(&d->base, err);
}

static bool is_key_column(const struct destination *d, const char *name)
{
	for (size_t i = 0; i < d->key.n; i++)
		if (strcmp(d->fields[d->key.places[i]]->name, name) == 0)
			return true;
	return false;
}

/* An index is seen to its end: is it the key? */
static void judge(struct destination *d, size_t columns, size_t of_key)
{
	if (!columns)
		return;
	if (columns == d->key.n && of_key == columns)
		d->unique = true;
	else
		d->other_unique = true;
}

static void look_unique(struct destination *d, struct ferry_error *err)
{
	char index[256] = "", name[256], last[256] = "", filter[8];
	size_t columns = 0, of_key = 0;

	d->unique = d->other_unique = false;
	for (size_t i = 0; d->primary[i]; i++)
		columns++, of_key += is_key_column(d, d->primary[i]);
	judge(d, columns, of_key);
	SQLHSTMT stmt = ask(d, CATALOGUE_UNIQUE, err);
	columns = of_key = 0;
	while (stmt && SQL_SUCCEEDED(SQLFetch(stmt))) {
		get_text(stmt, 6, index, sizeof index);
		get_text(stmt, 9, name, sizeof name);
		get_text(stmt, 13, filter, sizeof filter);
		if (!*index || !*name)
			continue;	/* the table itself, or an expression */
		if (strcmp(index, last) != 0) {
			judge(d, columns, of_key);
			columns = of_key = 0;
		}
		memcpy(last, index, sizeof last);
		columns++;
		/* one that leaves rows out is not unique for all of them */
		of_key += !*filter && is_key_column(d, name);
	}
	judge(d, columns, of_key);
	if (stmt)
		SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	database_rollback(&d->base);
}

/* psqlodbc gives a numeric without a scale one of six places. */
static void look_unlimited(struct destination *d, struct ferry_error *err)
{
	char name[256];
	struct text sql = {0};
	SQLHSTMT stmt = database_statement(&d->base, err);

	text_addf(&sql, "SELECT attname FROM pg_catalog.pg_attribute"
		  " WHERE attrelid = pg_catalog.to_regclass(");
	text_quoted(&sql, d->full_name, '\'');
	text_addf(&sql, ") AND atttypid = 1700 AND atttypmod = -1");
	if (stmt && !sql.failed && SQL_SUCCEEDED(database_run(stmt, sql.s)))
		while (SQL_SUCCEEDED(SQLFetch(stmt))) {
			get_text(stmt, 1, name, sizeof name);
			for (size_t i = 0; i < d->n_columns; i++)
				if (strcmp(d->columns[i].name, name) == 0)
					d->columns[i].unlimited = true;
		}
	if (stmt)
		SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	text_release(&sql);
	database_rollback(&d->base);
}

/* ------------------------------------------------------------------ looking */

static int look_closer(struct destination *d, struct ferry_error *err)
{
	if (check_columns(d, err) || read_primary(d, err) ||
	    rowkey_find(&d->key, d->base.host, d->table, (const char *const *)d->primary, err))
		return -1;
	for (size_t i = 0; i < d->key.n; i++)
		d->key.words[i] = d->fields[d->key.places[i]]->form == FORM_TEXT;
	if (d->base.dialect->kind == DBMS_POSTGRES)
		look_unlimited(d, err);
	look_unique(d, err);
	return 0;
}

int target_look(struct destination *d, struct ferry_error *err)
{
	bool anew;

	for (;;) {
		if (database_connect(&d->base, &anew, err))
			return -1;
		bool begun = database_begin(&d->base, err) == 0;
		if (begun && d->there)
			return 0;
		if (begun) {
			target_forget(d);
			if (name_table(d, err))
				return -1;
			if (read_columns(d, err) == 0)
				break;
		}
		/* a connection that was lost while it was idle costs nothing */
		if (anew || !d->base.lost)
			return -1;
	}
	if (!d->n_columns && !d->create)
		return d->base.host->fail(
			err, FERRY_E_SETUP, "%s: there is no table %s%s", d->base.name,
			d->full_name,
			strchr(d->table, '.') && !d->schema ?
				": what stands before the point belongs into 'schema'" :
				"");
	if (!d->n_columns)
		return rowkey_find(&d->key, d->base.host, d->table, NULL, err);
	if (look_closer(d, err))
		return -1;
	d->there = true;
	return 0;
}

/* ------------------------------------------------------------------ whether it fits */

/* New rows are impossible when a column that must have a value never gets one. */
static int check_required(struct destination *d, struct ferry_error *err)
{
	char name[256], nullable[8], fallback[64];
	SQLHSTMT stmt = ask(d, CATALOGUE_COLUMNS, err);
	int status = 0;

	while (!status && stmt && SQL_SUCCEEDED(SQLFetch(stmt))) {
		bool counts = false;	/* a primary key may be numbered by the database */
		get_text(stmt, 4, name, sizeof name);
		get_text(stmt, 11, nullable, sizeof nullable);
		get_text(stmt, 13, fallback, sizeof fallback);
		const struct column *c = column_named(d, name);
		bool mapped = !c || strcmp(c->name, name) != 0 || c->automatic;
		for (size_t i = 0; i < d->layout->n; i++)
			mapped = mapped || d->fields[i] == c;
		for (size_t i = 0; d->primary[i]; i++)
			counts = counts || strcmp(d->primary[i], name) == 0;
		bool has_default = *fallback && strcmp(fallback, "NULL") != 0;
		if (mapped || has_default || strcmp(nullable, "0") != 0 || counts)
			continue;
		status = d->base.host->fail(
			err, FERRY_E_SETUP,
			"%s: column '%s' of table %s may not be NULL, has no default and is "
			"not mapped",
			d->base.name, name, d->full_name);
	}
	if (stmt)
		SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	database_rollback(&d->base);
	return status;
}

static int check_unique(const struct destination *d, struct ferry_error *err)
{
	struct text columns = {0};

	if (d->unique)
		return 0;
	if (!d->base.dialect->unique_known) {
		d->base.host->log(
			d->base.host, FERRY_LOG_WARN,
			"%s: the driver shows no unique index on the key of table %s: if rows have the "
			"same key, all of them are written",
			d->base.name, d->full_name);
		return 0;
	}
	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(&columns, "%s", i ? ", " : "");
		database_quote(&d->base, &columns, d->fields[d->key.places[i]]->name);
	}
	d->base.host->fail(
		err, FERRY_E_SETUP,
		"%s: the key of table %s is not unique: make it its primary key or CREATE UNIQUE INDEX "
		"... ON %s (%s)",
		d->base.name, d->full_name, d->full_name, columns.failed ? "..." : columns.s);
	text_release(&columns);
	return -1;
}

int target_validate(struct destination *d, struct ferry_error *err)
{
	if (target_look(d, err))
		return -1;
	if (!d->base.transactions)
		d->base.host->log(d->base.host, FERRY_LOG_WARN,
				  "%s: %s has no transactions: each row is written by itself",
				  d->base.name, d->base.dbms);
	if (!d->there)
		return 0;
	if (d->mode != FERRY_MODE_UPDATE && check_required(d, err))
		return -1;
	return check_unique(d, err);
}

/* ------------------------------------------------------------------ making it */

static const char *new_type(const struct destination *d, size_t place,
			    const struct ferry_action *actions, size_t n)
{
	const struct dialect *k = d->base.dialect;
	enum ferry_type type = field_type(place, actions, n);
	bool key = rowkey_has(&d->key, place);

	if (k->kind == DBMS_SQLITE && key && type == FERRY_INT)
		return "INTEGER";
	if (type == FERRY_NULL)
		type = FERRY_TEXT;
	/* a key's text has a length, which most indexes want */
	return k->types[key && (type == FERRY_TEXT || type == FERRY_JSON) ? FERRY_NULL : type];
}

static void create_text(const struct destination *d, const struct ferry_action *actions, size_t n,
			struct text *sql)
{
	text_addf(sql, "CREATE TABLE %s (", d->full_name);
	for (size_t i = 0; i < d->layout->n; i++) {
		database_quote(&d->base, sql, d->layout->names[i]);
		text_addf(sql, " %s%s, ", new_type(d, i, actions, n),
			  rowkey_has(&d->key, i) ? " NOT NULL" : "");
	}
	if (d->disabled_at) {
		database_quote(&d->base, sql, d->disabled_at);
		text_addf(sql, " %s%s, ", d->base.dialect->types[FERRY_TIME],
			  d->base.dialect->kind == DBMS_MYSQL ? " NULL" : "");
	}
	text_addf(sql, "PRIMARY KEY (");
	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		database_quote(&d->base, sql, d->layout->names[d->key.places[i]]);
	}
	text_addf(sql, ")%s)", d->base.dialect->kind == DBMS_BIGQUERY ? " NOT ENFORCED" : "");
}

int target_create(struct destination *d, const struct ferry_action *actions, size_t n,
		  struct ferry_error *err)
{
	struct text sql = {0};
	struct ferry_error why = {0};
	int status;

	create_text(d, actions, n, &sql);
	if (sql.failed)
		status = database_no_memory(&d->base, &why);
	else
		status = database_exec(&d->base, sql.s, "cannot make the table", &why);
	text_release(&sql);
	if (status == 0 && !SQL_SUCCEEDED(database_commit(&d->base)))
		status =
			database_fail(&d->base, NULL, FERRY_E_SETUP, "cannot make the table", &why);
	if (status)
		database_rollback(&d->base);
	/* another lane may have been quicker */
	if (target_look(d, err))
		return -1;
	if (!d->there) {
		*err = why;
		return -1;
	}
	if (status == 0)
		d->base.host->log(d->base.host, FERRY_LOG_INFO, "%s: made table %s", d->base.name,
				  d->full_name);
	return 0;
}
