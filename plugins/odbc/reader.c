/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.c - the rows of a result. In blocks of rows, when all columns have a size that is known and
 * small; else row by row, each value asked for by itself, in pieces where it is long. Columns are
 * asked for once and in their order, since drivers differ in what else they can.
 */
#include "odbc/odbc.h"

#include <stdlib.h>

enum { PIECE = 32 * 1024, BLOCK_BYTES = 4 * 1024 * 1024 };

/* ------------------------------------------------------------------ in blocks */

static bool sizes_known(struct reader *r, size_t *row_bytes)
{
	*row_bytes = 0;
	for (size_t i = 0; i < r->n; i++) {
		r->widths[i] = column_width(r->d, &r->columns[i]);
		if (!r->widths[i])
			return false;
		*row_bytes += r->widths[i] + sizeof(SQLLEN);
	}
	return true;
}

static bool allocate(struct reader *r)
{
	r->buffers = calloc(r->n, sizeof *r->buffers);
	r->lengths = calloc(r->n * r->rowset, sizeof *r->lengths);
	r->status = calloc(r->rowset, sizeof *r->status);
	if (!r->buffers || !r->lengths || !r->status)
		return false;
	for (size_t i = 0; i < r->n; i++) {
		r->buffers[i] = calloc(r->rowset, r->widths[i]);
		if (!r->buffers[i])
			return false;
	}
	return true;
}

static bool bind(struct reader *r)
{
	bool good =
		SQL_SUCCEEDED(SQLSetStmtAttr(r->stmt, SQL_ATTR_ROW_BIND_TYPE,
					     (SQLPOINTER)SQL_BIND_BY_COLUMN, 0)) &&
		SQL_SUCCEEDED(SQLSetStmtAttr(r->stmt, SQL_ATTR_ROW_ARRAY_SIZE,
					     (SQLPOINTER)r->rowset, 0)) &&
		SQL_SUCCEEDED(SQLSetStmtAttr(r->stmt, SQL_ATTR_ROW_STATUS_PTR, r->status, 0)) &&
		SQL_SUCCEEDED(SQLSetStmtAttr(r->stmt, SQL_ATTR_ROWS_FETCHED_PTR, &r->fetched, 0));

	for (size_t i = 0; good && i < r->n; i++)
		good = SQL_SUCCEEDED(SQLBindCol(r->stmt, (SQLUSMALLINT)(i + 1),
						column_ctype(&r->columns[i]), r->buffers[i],
						(SQLLEN)r->widths[i], r->lengths + i * r->rowset));
	return good;
}

int reader_begin(struct reader *r, size_t rowset, struct ferry_error *err)
{
	size_t row_bytes;

	r->rowset = 1;
	r->widths = calloc(r->n + 1, sizeof *r->widths);
	if (!r->widths)
		return database_no_memory(r->d, err);
	if (rowset < 2 || r->d->driver->no_blocks || !sizes_known(r, &row_bytes))
		return 0;
	r->rowset = BLOCK_BYTES / row_bytes < rowset ? BLOCK_BYTES / row_bytes : rowset;
	if (r->rowset < 2)
		return 0;
	if (!allocate(r))
		return database_no_memory(r->d, err);
	if (bind(r))
		return 0;
	return database_fail(r->d, r->stmt, FERRY_E_UNSUPPORTED,
			     "the driver cannot fetch rows in blocks", err);
}

void reader_end(struct reader *r)
{
	for (size_t i = 0; r->buffers && i < r->n; i++)
		free(r->buffers[i]);
	free(r->buffers);
	free(r->lengths);
	free(r->status);
	free(r->widths);
	free(r->bytes);
}

/* ------------------------------------------------------------------ values */

static int cell_failed(struct reader *r, size_t column, enum cell_status status,
		       struct ferry_error *err)
{
	const struct column *c = &r->columns[column];
	const char *why = "is not what a driver gives for its type";

	if (status == CELL_NO_MEMORY)
		return database_no_memory(r->d, err);
	if (c->form == FORM_TEXT || c->form == FORM_TAGGED)
		why = "is not valid text (UTF-8)";
	else if (c->form == FORM_DATE || c->form == FORM_TIMESTAMP)
		why = "is no date that exists";
	return r->d->host->fail(err, FERRY_E_DATA, "%s: row %lld: column '%s' %s", r->d->name,
				(long long)r->row, c->name, why);
}

static int too_long(struct reader *r, size_t column, struct ferry_error *err)
{
	return r->d->host->fail(
		err, FERRY_E_DATA,
		"%s: row %lld: column '%s' is longer than the %lu the driver has said it can be: "
		"set 'fetch_rows: 1'",
		r->d->name, (long long)r->row, r->columns[column].name,
		(unsigned long)r->columns[column].size);
}

/* What of the buffer is no value: the NUL behind a text. */
static size_t terminator(const struct column *c)
{
	SQLSMALLINT ctype = column_ctype(c);

	return ctype == SQL_C_CHAR ? 1 : ctype == SQL_C_WCHAR ? sizeof(SQLWCHAR) : 0;
}

static int take_bound(struct reader *r, size_t row, size_t column, struct ferry_error *err)
{
	const struct column *c = &r->columns[column];
	SQLLEN len = r->lengths[column * r->rowset + row];

	if (len == SQL_NULL_DATA) {
		cells_put_int(r->cells, FERRY_NULL, 0);
		return 0;
	}
	if (len == SQL_NO_TOTAL || (size_t)len > r->widths[column] - terminator(c))
		return too_long(r, column, err);
	const char *at = r->buffers[column] + row * r->widths[column];
	enum cell_status status = cell_put(r->d, r->cells, c, at, (size_t)len);
	return status == CELL_OK ? 0 : cell_failed(r, column, status, err);
}

static bool grow(struct reader *r, size_t wanted)
{
	size_t cap = r->cap ? r->cap : PIECE;

	while (cap < wanted)
		cap *= 2;
	if (cap == r->cap)
		return true;
	char *bytes = realloc(r->bytes, cap);
	if (!bytes)
		return false;
	r->bytes = bytes;
	r->cap = cap;
	return true;
}

/* All pieces of a value into r->bytes. 1: it is NULL. */
static int get_pieces(struct reader *r, size_t column, struct ferry_error *err)
{
	const struct column *c = &r->columns[column];
	size_t end = terminator(c);

	for (r->len = 0;;) {
		SQLLEN len = 0;
		if (!grow(r, r->len + PIECE))
			return database_no_memory(r->d, err);
		size_t room = (r->cap - r->len) & ~(size_t)1;
		SQLRETURN rc = SQLGetData(r->stmt, (SQLUSMALLINT)(column + 1), column_ctype(c),
					  r->bytes + r->len, (SQLLEN)room, &len);
		if (rc == SQL_NO_DATA)
			return 0;
		if (!SQL_SUCCEEDED(rc))
			return database_fail(r->d, r->stmt, FERRY_E_DATA, c->name, err);
		if (len == SQL_NULL_DATA)
			return 1;
		bool more = rc == SQL_SUCCESS_WITH_INFO &&
			    (len == SQL_NO_TOTAL || (size_t)len > room - end);
		r->len += more ? room - end : (size_t)len;
		if (!more)
			return 0;
	}
}

static int get_value(struct reader *r, size_t column, struct ferry_error *err)
{
	int null = get_pieces(r, column, err);

	if (null < 0)
		return -1;
	if (null) {
		cells_put_int(r->cells, FERRY_NULL, 0);
		return 0;
	}
	enum cell_status status = cell_put(r->d, r->cells, &r->columns[column], r->bytes, r->len);
	return status == CELL_OK ? 0 : cell_failed(r, column, status, err);
}

/* ------------------------------------------------------------------ rows */

static int take_block(struct reader *r, struct ferry_error *err)
{
	for (size_t row = 0; row < r->fetched; row++) {
		r->row++;
		if (r->status[row] == SQL_ROW_ERROR)
			return database_fail(r->d, r->stmt, FERRY_E_DATA, "cannot read a row", err);
		for (size_t i = 0; i < r->n; i++)
			if (take_bound(r, row, i, err))
				return -1;
	}
	return 0;
}

int reader_next(struct reader *r, struct ferry_error *err)
{
	if (r->d->host->cancelled(r->d->host))
		return r->d->host->fail(err, FERRY_E_CANCELLED, "cancelled");
	if (!cells_room(r->cells, r->rowset * r->n))
		return database_no_memory(r->d, err);
	r->fetched = 0;
	SQLRETURN rc = SQLFetch(r->stmt);
	if (rc == SQL_NO_DATA)
		return READER_END;
	if (!SQL_SUCCEEDED(rc))
		return database_fail(r->d, r->stmt, FERRY_E_DATA, "cannot read", err);
	if (r->buffers)
		return take_block(r, err);
	r->row++;
	for (size_t i = 0; i < r->n; i++)
		if (get_value(r, i, err))
			return -1;
	return 0;
}
