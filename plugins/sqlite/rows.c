/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - the rows of a source's statement, into batches.
 *
 * Rows are taken by an SQL function whose arguments are the columns: the values come as an array and
 * need not be asked for one by one. The function must be called once for each row that is given, when
 * its turn comes; a statement for which that is not so is found out at its first row, and the rows are
 * read as columns.
 */
#include "sqlite/sqlite.h"

#define BATCH_ROWS 256
#define BATCH_BYTES (1024 * 1024)

static void take_row(sqlite3_context *context, int n, sqlite3_value **values)
{
	struct source *s = sqlite3_user_data(context);

	if (s->taken++) {
		sqlite3_result_error_code(context, SQLITE_ABORT);
		return;
	}
	s->take_status = cells_add_values(&s->cells, values, (size_t)n);
}

int rows_register(struct source *s)
{
	return sqlite3_create_function(s->base.db, TAKE_ROW, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, s,
				       take_row, NULL, NULL);
}

static enum cell_status take_columns(struct source *s, sqlite3_stmt *stmt, int n)
{
	enum cell_status status = CELL_OK;

	for (int i = 0; i < n && status == CELL_OK; i++)
		status = cells_add_column(&s->cells, stmt, i);
	return status;
}

/* A row could not be added; what was added of it tells which column it is. */
static int row_failed(const struct source *s, enum cell_status status, sqlite3_stmt *plain,
		      int64_t number, struct ferry_error *err)
{
	if (status == CELL_NO_MEMORY)
		return database_no_memory(&s->base, err);
	size_t column = s->cells.n % (size_t)sqlite3_column_count(plain);
	return s->base.host->fail(err, FERRY_E_DATA,
				  "row %lld: column '%s' is not a finite number",
				  (long long)number, sqlite3_column_name(plain, (int)column));
}

static int pass_on(struct source *s, size_t n_columns, struct ferry_sink *sink,
		   struct ferry_error *err)
{
	struct cells *c = &s->cells;

	if (!c->n)
		return 0;
	if (s->base.host->cancelled(s->base.host))
		return s->base.host->fail(err, FERRY_E_CANCELLED, "cancelled");
	sink->page(sink, "cursor", c->bytes + c->n * sizeof(int64_t));
	if (sink->rows(sink, c->values, c->n / n_columns, err))
		return -1;
	cells_reset(c);
	return 0;
}

/* 0 at the end; 1 when the function was called for more than the first row, and none was given. */
static int read_rows(struct source *s, sqlite3_stmt *plain, sqlite3_stmt *stmt, bool by_function,
		     int64_t limit, struct ferry_sink *sink, struct ferry_error *err)
{
	int n = sqlite3_column_count(plain), rc = SQLITE_ROW;
	int64_t count = 0;

	cells_reset(&s->cells);
	s->taken = 0;
	while ((!limit || count < limit) && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		count++;
		enum cell_status status = by_function ? s->take_status : take_columns(s, stmt, n);
		if (status != CELL_OK)
			return row_failed(s, status, plain, count, err);
		s->taken = 0;
		if ((count % BATCH_ROWS == 0 || s->cells.bytes >= BATCH_BYTES) &&
		    pass_on(s, (size_t)n, sink, err))
			return -1;
	}
	if (s->taken > 1 && !count)
		return 1;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return database_fail(&s->base, FERRY_E_DATA, "query", err);
	return pass_on(s, (size_t)n, sink, err);
}

int rows_read(struct source *s, sqlite3_stmt *plain, sqlite3_stmt *taken, sqlite3_stmt *common,
	      int64_t limit, struct ferry_sink *sink, struct ferry_error *err)
{
	int status = taken ? read_rows(s, plain, taken, true, limit, sink, err) : 1;

	return status > 0 ? read_rows(s, plain, common, false, limit, sink, err) : status;
}
