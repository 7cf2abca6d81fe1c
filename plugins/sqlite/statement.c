/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statement.c - the text of each statement, and finding the row it is about.
 */
#include "sqlite/sqlite.h"

#include <string.h>

/* "a = ?1, b = ?2", or with excluded's values; false when there is nothing to set. */
static bool add_sets(sqlite3_str *sql, const struct destination *d, bool keys, bool excluded)
{
	const char *sep = "";

	for (size_t i = 0; i < d->layout->n; i++) {
		if (!keys && rowkey_has(&d->key, i))
			continue;
		if (excluded)
			sqlite3_str_appendf(sql, "%s\"%w\" = excluded.\"%w\"", sep,
					    d->layout->names[i], d->layout->names[i]);
		else
			sqlite3_str_appendf(sql, "%s\"%w\" = ?%d", sep, d->layout->names[i],
					    (int)i + 1);
		sep = ", ";
	}
	if (d->disabled_at) {
		sqlite3_str_appendf(sql, "%s\"%w\" = NULL", sep, d->disabled_at);
		sep = ", ";
	}
	return *sep;
}

static void add_where(sqlite3_str *sql, const struct destination *d)
{
	for (size_t i = 0; i < d->key.n; i++)
		sqlite3_str_appendf(sql, "%s\"%w\" = ?%d", i ? " AND " : " WHERE ",
				    d->layout->names[d->key.places[i]], key_place(d, i));
}

static void add_insert(sqlite3_str *sql, const struct destination *d)
{
	sqlite3_str_appendf(sql, "INSERT INTO \"%w\" (", d->table);
	for (size_t i = 0; i < d->layout->n; i++)
		sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", d->layout->names[i]);
	sqlite3_str_appendall(sql, ") VALUES (");
	for (size_t i = 0; i < d->layout->n; i++)
		sqlite3_str_appendf(sql, "%s?%d", i ? ", " : "", (int)i + 1);
	sqlite3_str_appendall(sql, ") ON CONFLICT (");
	for (size_t i = 0; i < d->key.n; i++)
		sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", d->layout->names[d->key.places[i]]);

	/* modes that only add leave a row alone that is there, unless it is a disabled one coming back */
	bool add_only = mode_adds_only(d->mode);
	if ((add_only && !d->disabled_at) || (d->key.n == d->layout->n && !d->disabled_at)) {
		sqlite3_str_appendall(sql, ") DO NOTHING");
		return;
	}
	sqlite3_str_appendall(sql, ") DO UPDATE SET ");
	add_sets(sql, d, false, true);
	if (add_only)
		sqlite3_str_appendf(sql, " WHERE \"%w\".\"%w\" IS NOT NULL", d->table,
				    d->disabled_at);
}

/* A row that has nothing but its key is up to date by being there. */
static void add_update(sqlite3_str *sql, const struct destination *d, bool keys)
{
	sqlite3_str_appendf(sql, "UPDATE \"%w\" SET ", d->table);
	if (!add_sets(sql, d, keys, false))
		sqlite3_str_appendf(sql, "\"%w\" = \"%w\"", d->layout->names[d->key.places[0]],
				    d->layout->names[d->key.places[0]]);
	add_where(sql, d);
}

/* Whether a column IS our value: SQLite converts the value as it would have on the way in. */
static void add_lookup(sqlite3_str *sql, const struct destination *d)
{
	sqlite3_str_appendall(sql, "SELECT ");
	for (size_t i = 0; i < d->layout->n; i++)
		sqlite3_str_appendf(sql, "%s\"%w\", \"%w\" IS ?%d COLLATE BINARY", i ? ", " : "",
				    d->layout->names[i], d->layout->names[i], (int)i + 1);
	sqlite3_str_appendf(sql, " FROM \"%w\"", d->table);
	add_where(sql, d);
	/* a disabled row is as good as gone: finding it again restores it */
	if (d->disabled_at)
		sqlite3_str_appendf(sql, " AND \"%w\" IS NULL", d->disabled_at);
}

static void add_list(sqlite3_str *sql, const struct destination *d)
{
	sqlite3_str_appendall(sql, "SELECT ");
	for (size_t i = 0; i < d->layout->n; i++)
		sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", d->layout->names[i]);
	sqlite3_str_appendf(sql, " FROM \"%w\"", d->table);
	if (d->disabled_at)
		sqlite3_str_appendf(sql, " WHERE \"%w\" IS NULL", d->disabled_at);
}

static char *statement_text(const struct destination *d, enum statement which)
{
	sqlite3_str *sql = sqlite3_str_new(d->base.db);

	switch (which) {
	case STATEMENT_INSERT:
		add_insert(sql, d);
		break;
	case STATEMENT_UPDATE:
		add_update(sql, d, false);
		break;
	case STATEMENT_MOVE:
		add_update(sql, d, true);
		break;
	case STATEMENT_DELETE:
		sqlite3_str_appendf(sql, "DELETE FROM \"%w\"", d->table);
		add_where(sql, d);
		break;
	case STATEMENT_DISABLE:
		/* the first stamp stays */
		sqlite3_str_appendf(sql, "UPDATE \"%w\" SET \"%w\" = ?%d", d->table, d->disabled_at,
				    stamp_place(d));
		add_where(sql, d);
		sqlite3_str_appendf(sql, " AND \"%w\" IS NULL", d->disabled_at);
		break;
	case STATEMENT_LOOKUP:
		add_lookup(sql, d);
		break;
	case STATEMENT_LIST:
	case STATEMENTS:
		add_list(sql, d);
		break;
	}
	return sqlite3_str_finish(sql);
}

static sqlite3_stmt *no_unique_index(const struct destination *d, struct ferry_error *err)
{
	sqlite3_str *list = sqlite3_str_new(NULL);

	for (size_t i = 0; i < d->key.n; i++)
		sqlite3_str_appendf(list, "%s\"%w\"", i ? ", " : "", d->layout->names[d->key.places[i]]);
	char *columns = sqlite3_str_finish(list);
	d->base.host->fail(err, FERRY_E_SETUP,
			   "%s: the key of table '%s' is not unique: make it its primary key or "
			   "CREATE UNIQUE INDEX ... ON \"%s\" (%s)",
			   d->base.path, d->table, d->table, columns ? columns : "...");
	sqlite3_free(columns);
	return NULL;
}

sqlite3_stmt *destination_statement(struct destination *d, enum statement which,
				    struct ferry_error *err)
{
	sqlite3_stmt **stmt = &d->statements[which];

	if (*stmt)
		return *stmt;
	char *text = statement_text(d, which);
	if (!text) {
		database_no_memory(&d->base, err);
		return NULL;
	}
	int rc = sqlite3_prepare_v3(d->base.db, text, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
	sqlite3_free(text);
	if (rc == SQLITE_OK)
		return *stmt;
	if (strncmp(sqlite3_errmsg(d->base.db), "ON CONFLICT", 11) == 0)
		return no_unique_index(d, err);
	database_fail(&d->base, FERRY_E_SETUP, d->table, err);
	return NULL;
}

/* ------------------------------------------------------------------ which row */

enum cell_status rowkey_bind(const struct destination *d, sqlite3_stmt *stmt)
{
	enum cell_status status = CELL_OK;

	for (size_t i = 0; i < d->key.n && status == CELL_OK; i++)
		status = cell_bind(stmt, key_place(d, i), &d->key.parts[i], d->affinity[d->key.places[i]]);
	return status;
}
