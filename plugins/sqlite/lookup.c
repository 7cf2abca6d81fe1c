/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.c - reading what the table holds: for each record, or all of it.
 */
#include "sqlite/sqlite.h"

#include <string.h>

/*
 * Append the row's fields. One that equals ours, as SQLite would have stored it, is given in our own
 * type: a boolean stored as 1 is still that boolean, and no difference.
 */
static enum cell_status add_fields(struct destination *d, sqlite3_stmt *stmt,
				   const struct ferry_value *ours)
{
	enum cell_status status = CELL_OK;

	for (size_t i = 0; i < d->layout->n && status == CELL_OK; i++) {
		bool same = ours && sqlite3_column_int(stmt, (int)(2 * i + 1));
		status = same ? cells_add(&d->cells, &ours[i]) :
				cells_add_column(&d->cells, stmt, (int)(2 * i));
	}
	return status;
}

/* A further value after the fields: the destination id. */
static enum cell_status add_id(struct destination *d)
{
	char id[sizeof ((struct ferry_outcome *)NULL)->dest_id] = "";

	/* a key that is NULL is none */
	if (rowkey_from_fields(&d->key, d->cells.values + d->cells.n - d->layout->n))
		rowkey_id(&d->key, id, sizeof id);
	struct ferry_value v = {.s = id, .len = (uint32_t)strlen(id), .type = FERRY_TEXT};
	return cells_add(&d->cells, &v);
}

/* Bind our fields, to be compared. What the column cannot hold becomes what no column holds. */
static enum cell_status bind_fields(struct destination *d, sqlite3_stmt *stmt,
				    const struct ferry_value *ours)
{
	static const char nothing[] = "\0no such value";

	for (size_t i = 0; ours && i < d->layout->n; i++) {
		enum cell_status status = cell_bind(stmt, (int)i + 1, &ours[i], d->affinity[i]);
		if (status == CELL_NO_MEMORY)
			return status;
		if (status != CELL_OK)
			sqlite3_bind_blob(stmt, (int)i + 1, nothing, sizeof nothing, SQLITE_STATIC);
	}
	return CELL_OK;
}

/* Find the row of d->key.parts. 1 found, 0 not, -1 failed. */
static int find(struct destination *d, const struct ferry_action *a, struct ferry_error *err)
{
	sqlite3_stmt *stmt = destination_statement(d, STATEMENT_LOOKUP, err);

	if (!stmt)
		return -1;
	enum cell_status status = bind_fields(d, stmt, a->fields);
	if (status == CELL_OK)
		status = rowkey_bind(d, stmt);
	if (status == CELL_INEXACT || status == CELL_TOO_LONG)
		return 0;
	if (status != CELL_OK)
		return database_no_memory(&d->base, err);
	int rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		status = add_fields(d, stmt, a->fields);
		if (status == CELL_OK)
			status = add_id(d);
	}
	int failed = 0;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		failed = database_fail(&d->base, FERRY_E_DATA, d->table, err);
	sqlite3_reset(stmt);
	if (failed)
		return -1;
	if (status == CELL_NO_MEMORY)
		return database_no_memory(&d->base, err);
	if (status != CELL_OK)
		return d->base.host->fail(err, FERRY_E_DATA,
					  "%s: table '%s', key %.*s: a number is not finite",
					  d->base.path, d->table, (int)a->key_len, a->key);
	return rc == SQLITE_ROW;
}

/* By its fields, else by the id it is known by. */
static int find_action(struct destination *d, const struct ferry_action *a, struct ferry_error *err)
{
	int found = rowkey_from_fields(&d->key, a->fields) ? find(d, a, err) : 0;

	if (found == 0 && rowkey_from_id(&d->key, a->dest_id))
		found = find(d, a, err);
	return found;
}

static int find_all(struct destination *d, const struct ferry_action *actions, size_t n,
		    struct ferry_found *found, struct ferry_error *err)
{
	size_t width = d->layout->n + 1;
	size_t rows = 0;

	for (size_t i = 0; i < n; i++) {
		int status = find_action(d, &actions[i], err);
		if (status < 0)
			return -1;
		if (status) {
			found[i].presence = FERRY_FOUND;
			rows++;
		}
	}
	/* the memory moves no more */
	const struct ferry_value *row = d->cells.values;
	for (size_t i = 0; rows && i < n; i++) {
		if (found[i].presence != FERRY_FOUND)
			continue;
		found[i].fields = row;
		found[i].dest_id = row[width - 1].s;
		row += width;
	}
	return 0;
}

int destination_lookup(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err)
{
	struct destination *d = handle;

	cells_reset(&d->cells);
	for (size_t i = 0; i < n; i++)
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
	if (destination_look(d, err))
		return -1;
	if (!d->there)
		return 0;
	/* one view, and the file locked once instead of for every row */
	if (database_exec(&d->base, "BEGIN", "cannot read", err))
		return -1;
	int status = find_all(d, actions, n, found, err);
	if (!sqlite3_get_autocommit(d->base.db))
		sqlite3_exec(d->base.db, "ROLLBACK", NULL, NULL, NULL);	/* it only read */
	return status;
}

/* ------------------------------------------------------------------ all rows */

#define LIST_ROWS 256

/* Give the rows that were gathered. */
static int list_give(struct destination *d, struct ferry_listing *listing, struct ferry_error *err)
{
	struct ferry_found found[LIST_ROWS];
	const struct ferry_value *row = d->cells.values;
	size_t width = d->layout->n + 1, n = d->cells.n / width;

	if (!n)
		return 0;
	if (d->base.host->cancelled(d->base.host))
		return d->base.host->fail(err, FERRY_E_CANCELLED, "cancelled");
	for (size_t i = 0; i < n; i++, row += width)
		found[i] = (struct ferry_found){
			.presence = FERRY_FOUND, .dest_id = row[width - 1].s, .fields = row};
	int status = listing->found(listing, found, n, err);
	cells_reset(&d->cells);
	return status;
}

static int list_row(struct destination *d, sqlite3_stmt *stmt, struct ferry_error *err)
{
	enum cell_status status = CELL_OK;
	size_t i;

	for (i = 0; i < d->layout->n && status == CELL_OK; i++)
		status = cells_add_column(&d->cells, stmt, (int)i);
	if (status == CELL_OK)
		status = add_id(d);
	if (status == CELL_OK)
		return 0;
	if (status == CELL_NO_MEMORY)
		return database_no_memory(&d->base, err);
	return d->base.host->fail(err, FERRY_E_DATA, "%s: table '%s': a number in column '%s' is not finite",
				  d->base.path, d->table, d->layout->names[i - 1]);
}

static int list_rows(struct destination *d, sqlite3_stmt *stmt, struct ferry_listing *listing,
		     struct ferry_error *err)
{
	size_t full = LIST_ROWS * (d->layout->n + 1);
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		if (list_row(d, stmt, err) || (d->cells.n == full && list_give(d, listing, err)))
			return -1;
	if (rc != SQLITE_DONE)
		return database_fail(&d->base, FERRY_E_DATA, d->table, err);
	return list_give(d, listing, err);
}

int destination_list(void *handle, struct ferry_listing *listing, struct ferry_error *err)
{
	struct destination *d = handle;

	cells_reset(&d->cells);
	if (destination_look(d, err))
		return -1;
	sqlite3_stmt *stmt = d->there ? destination_statement(d, STATEMENT_LIST, err) : NULL;
	if (!stmt)
		return d->there ? -1 : 0;
	/* one statement is one view */
	int status = list_rows(d, stmt, listing, err);
	sqlite3_reset(stmt);
	return status;
}
