/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destination.c - the table that is written: what it has, whether it fits, and making it.
 */
#include "sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

static bool same_name(const char *a, const char *b)
{
	return sqlite3_stricmp(a, b) == 0;	/* as SQLite compares names */
}

static const struct table_column *column_named(const struct destination *d, const char *name)
{
	for (size_t i = 0; i < d->n_columns; i++)
		if (same_name(d->columns[i].name, name))
			return &d->columns[i];
	return NULL;
}

/* ------------------------------------------------------------------ open, close */

static int open_settings(struct destination *d, const struct ferry_open *open,
			 struct ferry_error *err)
{
	if (database_init(&d->base, open, err) || target_settings(open, err))
		return -1;
	d->layout = open->layout;
	d->mode = open->mode;
	d->table = ferry_setting_text(open, "table");
	d->disabled_at = ferry_setting_text(open, "disabled_at");
	d->create = ferry_setting_int(open, "create", 0);
	d->affinity = calloc(d->layout->n, sizeof *d->affinity);
	if (!d->affinity || !rowkey_init(&d->key, open))
		return database_no_memory(&d->base, err);
	return 0;
}

int destination_open(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct destination *d = calloc(1, sizeof *d);

	if (!d)
		return open->host->fail(err, FERRY_E_NOMEM, "out of memory");
	if (open_settings(d, open, err)) {
		destination_close(d);
		return -1;
	}
	*ret = d;
	return 0;
}

static void forget_columns(struct destination *d)
{
	for (size_t i = 0; i < d->n_columns; i++)
		free(d->columns[i].name);
	free(d->columns);
	d->columns = NULL;
	d->n_columns = 0;
}

void destination_close(void *handle)
{
	struct destination *d = handle;

	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(d->statements[i]);
	database_close(&d->base);
	forget_columns(d);
	cells_release(&d->cells);
	rowkey_release(&d->key);
	free(d->affinity);
	free(d);
}

/* ------------------------------------------------------------------ what there is */

static int read_columns(struct destination *d, sqlite3_stmt *stmt, struct ferry_error *err)
{
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct table_column *columns = reallocarray(d->columns, d->n_columns + 1,
							    sizeof *columns);
		if (!columns)
			return database_no_memory(&d->base, err);
		d->columns = columns;
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		char *copy = name ? strdup(name) : NULL;
		if (!copy)
			return database_no_memory(&d->base, err);
		columns[d->n_columns++] = (struct table_column){
			.name = copy,
			.affinity = affinity_of((const char *)sqlite3_column_text(stmt, 1)),
			.required = sqlite3_column_int(stmt, 2),
			.primary = sqlite3_column_int(stmt, 3),
			.generated = sqlite3_column_int(stmt, 4),
		};
	}
	return rc == SQLITE_DONE ? 0 :
				   database_fail(&d->base, FERRY_E_SETUP,
						 "cannot read the table's columns", err);
}

static int read_table(struct destination *d, struct ferry_error *err)
{
	static const char sql[] =
		"SELECT c.name, c.type, c.\"notnull\" AND c.dflt_value IS NULL, c.pk, c.hidden"
		" FROM sqlite_master t, pragma_table_xinfo(t.name) c"
		" WHERE t.name = ?1 COLLATE NOCASE AND t.type IN ('table', 'view')";
	sqlite3_stmt *stmt;

	forget_columns(d);
	if (sqlite3_prepare_v2(d->base.db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return database_fail(&d->base, FERRY_E_SETUP, "cannot read the table's columns",
				     err);
	sqlite3_bind_text(stmt, 1, d->table, -1, SQLITE_STATIC);
	int status = read_columns(d, stmt, err);
	sqlite3_finalize(stmt);
	d->there = status == 0 && d->n_columns;
	return status;
}

/* All names that have no fitting column, in one message. */
static int check_columns(struct destination *d, struct ferry_error *err)
{
	struct text missing = {0};

	for (size_t i = 0; i <= d->layout->n; i++) {
		const char *name = i < d->layout->n ? d->layout->names[i] : d->disabled_at;
		const struct table_column *c = name ? column_named(d, name) : NULL;
		if (c && i < d->layout->n)
			d->affinity[i] = c->affinity;
		if (name && (!c || c->generated))
			text_addf(&missing, "%s'%s'%s", missing.len ? ", " : "", name,
				  c ? " (which is generated)" : "");
	}
	int status = 0;
	if (missing.len)
		status = d->base.host->fail(err, FERRY_E_SETUP, "%s: table '%s' has no column to write for %s",
					    d->base.path, d->table,
					    missing.failed ? "some fields" : missing.s);
	text_release(&missing);
	return status;
}

/* The setting, else the sync's own key, else the table's primary key. */
static int find_key(struct destination *d, struct ferry_error *err)
{
	const char **primary = calloc(d->n_columns + 1, sizeof *primary);

	if (!primary)
		return database_no_memory(&d->base, err);
	for (size_t i = 0; i < d->n_columns; i++)
		if (d->columns[i].primary >= 1 && d->columns[i].primary <= (int)d->n_columns)
			primary[d->columns[i].primary - 1] = d->columns[i].name;
	int status = rowkey_find(&d->key, d->base.host, d->table, primary, err);
	free(primary);
	return status;
}

static int connect(struct destination *d, int flags, struct ferry_error *err)
{
	if (d->base.db)
		return 0;
	if (database_connect(&d->base, SQLITE_OPEN_READWRITE | flags, err))
		return -1;
	/*
	 * EXTRA: what was acknowledged stays even if the power goes right after it. The cache holds the
	 * pages of a batch whose keys lie all over the table.
	 */
	return database_exec(&d->base,
			     "PRAGMA synchronous = EXTRA; PRAGMA foreign_keys = ON;"
			     " PRAGMA cache_size = -32768",
			     "cannot open it", err);
}

int destination_look(struct destination *d, struct ferry_error *err)
{
	bool file;

	if (d->there)
		return 0;
	if (database_exists(&d->base, &file, err))
		return -1;
	if (file && (connect(d, 0, err) || read_table(d, err)))
		return -1;
	if (!d->there && !d->create)
		return file ? d->base.host->fail(err, FERRY_E_SETUP, "%s: there is no table '%s'",
						 d->base.path, d->table) :
			      d->base.host->fail(err, FERRY_E_SETUP, "%s: there is no such file",
						 d->base.path);
	if ((d->there && check_columns(d, err)) || find_key(d, err)) {
		d->there = false;
		return -1;
	}
	return 0;
}

/* New rows are impossible when a column that must have a value never gets one. */
static int check_required(const struct destination *d, struct ferry_error *err)
{
	for (size_t i = 0; i < d->n_columns; i++) {
		const struct table_column *c = &d->columns[i];
		if (c->required && !c->primary && !c->generated && layout_place(d->layout, c->name) < 0)
			return d->base.host->fail(err, FERRY_E_SETUP,
						  "%s: column '%s' of table '%s' may not be NULL, "
						  "has no default and is not mapped",
						  d->base.path, c->name, d->table);
	}
	return 0;
}

int destination_validate(void *handle, struct ferry_error *err)
{
	struct destination *d = handle;

	if (destination_look(d, err))
		return -1;
	if (!d->there)
		return 0;
	if (sqlite3_db_readonly(d->base.db, "main"))
		return d->base.host->fail(err, FERRY_E_FORBIDDEN, "%s may be read but not written",
					  d->base.path);
	if (d->mode != FERRY_MODE_UPDATE && check_required(d, err))
		return -1;
	for (int i = 0; i < STATEMENTS; i++)
		if ((i != STATEMENT_DISABLE || d->disabled_at) && !destination_statement(d, i, err))
			return -1;
	return 0;
}

/* ------------------------------------------------------------------ making it */

/*
 * A type that keeps every value as it comes: TEXT for what is text, INTEGER for a key of integers,
 * and none for all else, since INTEGER would make 7 of a later '007'.
 */
static const char *column_type(const struct destination *d, size_t place,
			       const struct ferry_action *actions, size_t n)
{
	bool integers = true, texts = true, any = false;

	for (size_t i = 0; i < n; i++) {
		if (!actions[i].fields || actions[i].fields[place].type == FERRY_NULL)
			continue;
		uint8_t type = actions[i].fields[place].type;
		any = true;
		integers = integers && type == FERRY_INT;
		texts = texts && (type == FERRY_TEXT || type == FERRY_DECIMAL ||
				  type == FERRY_TIME || type == FERRY_JSON);
	}
	if (!any)
		return "";
	return texts ? " TEXT" : integers && rowkey_has(&d->key, place) ? " INTEGER" : "";
}

int destination_create(struct destination *d, const struct ferry_action *actions, size_t n,
		       struct ferry_error *err)
{
	if (connect(d, SQLITE_OPEN_CREATE, err))
		return -1;
	sqlite3_str *sql = sqlite3_str_new(d->base.db);
	sqlite3_str_appendf(sql, "CREATE TABLE IF NOT EXISTS \"%w\" (", d->table);
	for (size_t i = 0; i < d->layout->n; i++)
		sqlite3_str_appendf(sql, "\"%w\"%s, ", d->layout->names[i],
				    column_type(d, i, actions, n));
	if (d->disabled_at)
		sqlite3_str_appendf(sql, "\"%w\" TEXT, ", d->disabled_at);
	sqlite3_str_appendall(sql, "PRIMARY KEY (");
	for (size_t i = 0; i < d->key.n; i++)
		sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", d->layout->names[d->key.places[i]]);
	sqlite3_str_appendall(sql, "))");
	char *text = sqlite3_str_finish(sql);
	if (!text)
		return database_no_memory(&d->base, err);
	int rc = sqlite3_exec(d->base.db, text, NULL, NULL, NULL);
	sqlite3_free(text);
	if (rc != SQLITE_OK)
		return database_fail(&d->base, FERRY_E_SETUP, "cannot make the table", err);
	d->base.host->log(d->base.host, FERRY_LOG_INFO, "%s: made table '%s'", d->base.path,
			  d->table);
	return destination_look(d, err);
}
