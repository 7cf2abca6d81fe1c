/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.c - reading what the table holds: for each record, or all of it. */
#include "odbc/odbc.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_ROWS = 256 };

/* A further value after the fields: the destination id, its NUL with it. */
static bool add_id(struct destination *d)
{
	char id[DEST_ID_SIZE] = "";

	if (!cells_room(&d->cells, 1))
		return false;
	/* a key that is NULL is none */
	if (rowkey_from_fields(&d->key, d->cells.values + d->cells.n - d->layout->n))
		rowkey_id(&d->key, id, sizeof id);
	return cells_put(&d->cells, FERRY_TEXT, id, strlen(id) + 1) == CELL_OK;
}

/* ------------------------------------------------------------------ given records */

static struct column *field_columns(const struct destination *d)
{
	struct column *columns = calloc(d->layout->n, sizeof *columns);

	for (size_t i = 0; columns && i < d->layout->n; i++)
		columns[i] = *d->fields[i];	/* their names stay the table's */
	return columns;
}

/*
 * Append the row that was read. What is the same as ours is given in our own type: 12.50 is 12.5, and
 * no difference.
 */
static bool add_row(struct destination *d, const struct ferry_value *ours,
		    const struct ferry_value *theirs)
{
	if (!cells_room(&d->cells, d->layout->n))
		return false;
	for (size_t i = 0; i < d->layout->n; i++) {
		bool same = ours && value_same(&d->base, &ours[i], &theirs[i]);
		if (cells_add_value(&d->cells, same ? &ours[i] : &theirs[i]) != CELL_OK)
			return false;
	}
	return add_id(d);
}

/* Read the row of d->key.parts. 1 found, 0 not, -1 failed. */
static int find(struct destination *d, const struct column *columns, const struct ferry_value *ours,
		struct ferry_error *err)
{
	SQLHSTMT stmt = NULL;
	struct fault f;

	for (size_t i = 0; i < d->key.n; i++)
		if (value_misfit(&d->base, d->fields[d->key.places[i]], &d->key.parts[i]))
			return 0;	/* no row has such a key */
	enum run run = run_query(d, STATEMENT_LOOKUP, d->key.parts, &stmt, &f, err);
	if (run == RUN_FAULT && fault_is_data(&f)) {
		database_rollback(&d->base);
		return 0;
	}
	if (run == RUN_FAULT)
		return fault_fail(&d->base, &f, FERRY_E_SETUP, d->full_name, err);
	if (run == RUN_FAILED)
		return -1;
	struct reader r = {.d = &d->base,
			   .stmt = stmt,
			   .columns = columns,
			   .n = d->layout->n,
			   .cells = &d->found};
	cells_reset(&d->found);
	int status = reader_begin(&r, 1, err);
	if (!status)
		status = reader_next(&r, err);
	reader_end(&r);
	SQLFreeStmt(stmt, SQL_CLOSE);
	if (status)
		return status == READER_END ? 0 : -1;
	return add_row(d, ours, d->found.values) ? 1 : database_no_memory(&d->base, err);
}

/* By its fields, else by the id it is known by. */
static int find_action(struct destination *d, const struct column *columns,
		       const struct ferry_action *a, struct ferry_error *err)
{
	int found = rowkey_from_fields(&d->key, a->fields) ? find(d, columns, a->fields, err) : 0;

	if (found == 0 && rowkey_from_id(&d->key, a->dest_id))
		found = find(d, columns, a->fields, err);
	return found;
}

static int find_all(struct destination *d, const struct ferry_action *actions, size_t n,
		    struct ferry_found *found, struct ferry_error *err)
{
	struct column *columns = field_columns(d);
	int status = columns ? 0 : database_no_memory(&d->base, err);

	for (size_t i = 0; !status && i < n; i++) {
		int one = find_action(d, columns, &actions[i], err);
		if (one < 0)
			status = -1;
		else if (one)
			found[i].presence = FERRY_FOUND;
	}
	free(columns);
	/* the values move no more */
	const struct ferry_value *row = d->cells.values;
	for (size_t i = 0; !status && i < n; i++) {
		if (found[i].presence != FERRY_FOUND)
			continue;
		found[i].fields = row;
		found[i].dest_id = row[d->layout->n].s;
		row += d->layout->n + 1;
	}
	return status;
}

static void finish(struct destination *d)
{
	database_rollback(&d->base);	/* it only read */
	if (d->base.forgets || d->base.lost)
		run_forget(d);
}

int destination_lookup(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err)
{
	struct destination *d = handle;

	cells_reset(&d->cells);
	for (size_t i = 0; i < n; i++)
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
	int status = target_look(d, err);
	if (!status && d->there)
		status = find_all(d, actions, n, found, err);
	finish(d);
	return status;
}

/* ------------------------------------------------------------------ all there is */

/* The rows that were read, each with its id. */
static int give(struct destination *d, struct ferry_listing *listing, struct ferry_error *err)
{
	size_t width = d->layout->n, n = d->cells.n / width;
	struct ferry_found *found = calloc(n + 1, sizeof *found);
	char *ids = calloc(n + 1, DEST_ID_SIZE);
	int status = found && ids ? 0 : database_no_memory(&d->base, err);

	for (size_t i = 0; !status && i < n; i++) {
		const struct ferry_value *row = d->cells.values + i * width;
		char *id = ids + i * DEST_ID_SIZE;
		if (rowkey_from_fields(&d->key, row))
			rowkey_id(&d->key, id, DEST_ID_SIZE);
		found[i] =
			(struct ferry_found){.presence = FERRY_FOUND, .dest_id = id, .fields = row};
	}
	if (!status && n)
		status = listing->found(listing, found, n, err);
	free(found);
	free(ids);
	cells_reset(&d->cells);
	return status;
}

static int list_rows(struct destination *d, SQLHSTMT stmt, const struct column *columns,
		     struct ferry_listing *listing, struct ferry_error *err)
{
	struct reader r = {.d = &d->base,
			   .stmt = stmt,
			   .columns = columns,
			   .n = d->layout->n,
			   .cells = &d->cells};
	int status = reader_begin(&r, LIST_ROWS, err);

	while (!status) {
		status = reader_next(&r, err);
		if (!status && d->cells.n >= LIST_ROWS * r.n)
			status = give(d, listing, err);
	}
	reader_end(&r);
	return status == READER_END ? give(d, listing, err) : -1;
}

static int list(struct destination *d, struct ferry_listing *listing, struct ferry_error *err)
{
	struct text sql = {0};
	struct column *columns = field_columns(d);
	SQLHSTMT stmt = database_statement(&d->base, err);
	int status = -1;

	statement_text(d, STATEMENT_LIST, &sql);
	if (stmt && (sql.failed || !columns))
		database_no_memory(&d->base, err);
	else if (stmt && !SQL_SUCCEEDED(database_run(stmt, sql.s)))
		database_fail(&d->base, stmt, FERRY_E_SETUP, d->full_name, err);
	else if (stmt)
		status = list_rows(d, stmt, columns, listing, err);
	if (stmt)
		SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	text_release(&sql);
	free(columns);
	return status;
}

int destination_list(void *handle, struct ferry_listing *listing, struct ferry_error *err)
{
	struct destination *d = handle;

	cells_reset(&d->cells);
	int status = target_look(d, err);
	if (!status && d->there)
		status = list(d, listing, err);
	finish(d);
	return status;
}
