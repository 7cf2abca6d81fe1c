/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - reading the rows of a query as they come, without keeping more than a batch of them. */
#include "mysql/private.h"

#include <string.h>

enum { BATCH_ROWS = 512, BATCH_BYTES = 1024 * 1024 };

static int fail_cell(const struct stream *st, const struct column *column, enum cell_status status,
		     struct ferry_error *err)
{
	const struct server *s = st->server;
	static const char hint[] = "leave such rows out in the query, or say 'ordered: false' at the source";

	if (status == CELL_NO_MEMORY)
		return server_no_memory(s, err);
	if (status == CELL_UNORDERED) {
		s->host->fail(err, FERRY_E_DATA, "%s: row %lld: key column '%s' has a date that is none, such as "
			      "0000-00-00, and cannot be put in order", s->name, (long long)st->rows + 1,
			      column->name);
		text_cut(err->hint, sizeof err->hint, hint, strlen(hint));
		return -1;
	}
	return s->host->fail(err, FERRY_E_PROTOCOL, "%s: row %lld, column '%s': this is not what a server sends",
			     s->name, (long long)st->rows + 1, column->name);
}

static int pass(struct stream *st, struct ferry_error *err)
{
	const struct ferry_host *host = st->server->host;

	if (!st->cells->n)
		return 0;
	if (host->cancelled(host))
		return host->fail(err, FERRY_E_CANCELLED, "cancelled");
	int status = st->pass(st, st->cells->n / st->n_columns, err);
	cells_reset(st->cells);
	st->bytes = 0;
	return status;
}

static int take_row(struct stream *st, MYSQL_ROW row, const unsigned long *lengths, struct ferry_error *err)
{
	if (!cells_room(st->cells, st->n_columns))
		return server_no_memory(st->server, err);
	for (size_t i = 0; i < st->n_columns; i++) {
		enum cell_status status = cells_add(st->cells, &st->columns[i], &st->reading, row[i], lengths[i]);
		if (__builtin_expect(status != CELL_OK, false))
			return fail_cell(st, &st->columns[i], status, err);
		st->bytes += lengths[i];
	}
	st->rows++;
	return 0;
}

static int read_rows(struct stream *st, MYSQL_RES *res, struct ferry_error *err)
{
	MYSQL_ROW row;

	for (;;) {
		if (!server_fetch(st->server, res, &st->patience, &row))
			return server_fail(st->server, FERRY_E_DATA, "reading", err);
		if (!row)
			return pass(st, err);
		if (take_row(st, row, mysql_fetch_lengths(res), err))
			return -1;
		if ((st->cells->n >= BATCH_ROWS * st->n_columns || st->cells->bytes >= BATCH_BYTES) &&
		    pass(st, err))
			return -1;
	}
}

int stream_rows(struct stream *st, const char *sql, struct ferry_error *err)
{
	struct server *s = st->server;

	cells_reset(st->cells);
	st->bytes = 0;
	if (!server_send(s, sql, strlen(sql), &st->patience))
		return server_fail(s, FERRY_E_DATA, "reading", err);
	MYSQL_RES *res = mysql_use_result(s->conn);
	if (!res || mysql_num_fields(res) != st->n_columns) {
		s->host->fail(err, FERRY_E_PROTOCOL, "%s: the columns have changed", s->name);
		server_abandon(s, res);
		return -1;
	}
	if (read_rows(st, res, err)) {
		server_abandon(s, res);
		return -1;
	}
	mysql_free_result(res);
	return 0;
}
