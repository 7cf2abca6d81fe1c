/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c - reading the rows of a COPY TO STDOUT. Each row's buffer is parsed and given back at once:
 * libpq then gets the same memory again for the next one.
 */
#include "postgres/postgres.h"

#include <string.h>

enum { BATCH_ROWS = 512, BATCH_BYTES = 1024 * 1024 };

static int fail_cell(const struct stream *st, const struct copy *copy, enum cell_status status,
		     struct ferry_error *err)
{
	const struct server *s = st->server;
	const char *column = st->columns[copy->column].name;
	static const char hint[] = "leave such rows out in the query, or say 'ordered: false' at the source";

	if (status == CELL_NO_MEMORY)
		return server_no_memory(s, err);
	if (status == CELL_MALFORMED)
		return s->host->fail(err, FERRY_E_PROTOCOL,
				     "%s: row %lld, column '%s': this is not what PostgreSQL sends",
				     s->name, (long long)copy->rows + 1, column);
	s->host->fail(err, FERRY_E_DATA,
		      "%s: row %lld: key column '%s' has a value that cannot be put in order: "
		      "-infinity, or a year that has not four digits", s->name,
		      (long long)copy->rows + 1, column);
	text_cut(err->hint, sizeof err->hint, hint, strlen(hint));
	return -1;
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

/* 1: a piece was read; 0: there are no more; -1: failed. */
static int piece(struct stream *st, struct copy *copy, struct ferry_error *err)
{
	struct server *s = st->server;
	struct watch watch = {0};
	char *data;
	int len;

	while ((len = PQgetCopyData(s->conn, &data, 1)) == 0)
		if (!server_wait(s, &watch, &st->patience))
			return server_fail(s, NULL, FERRY_E_DATA, "reading", err);
	if (len < 0)
		return 0;		/* the end, or a failure, which the result tells */
	enum cell_status status = copy_parse(copy, data, (size_t)len, st->cells);
	PQfreemem(data);
	st->bytes += (size_t)len;
	return status == CELL_OK ? 1 : fail_cell(st, copy, status, err);
}

static int end(struct stream *st, const struct copy *copy, struct ferry_error *err)
{
	struct server *s = st->server;
	int status = 0;

	if (!server_wait_result(s, &st->patience))
		return server_fail(s, NULL, FERRY_E_DATA, "reading", err);
	PGresult *res = PQgetResult(s->conn);
	if (!res || !result_ok(res))
		status = server_fail(s, res, FERRY_E_DATA, "reading", err);
	else if (!copy->ended)
		status = s->host->fail(err, FERRY_E_PROTOCOL, "%s: the rows end without their end mark",
				       s->name);
	PQclear(res);
	return status;
}

static int begin(struct stream *st, const char *sql, struct ferry_error *err)
{
	struct server *s = st->server;
	int status = 0;

	if (!PQsendQueryParams(s->conn, sql, 0, NULL, NULL, NULL, NULL, 1) ||
	    !server_wait_result(s, &st->patience))
		return server_fail(s, NULL, FERRY_E_DATA, "reading", err);
	PGresult *res = PQgetResult(s->conn);
	if (PQresultStatus(res) != PGRES_COPY_OUT)
		status = server_fail(s, res, FERRY_E_DATA, "reading", err);
	else if ((size_t)PQnfields(res) != st->n_columns)
		status = s->host->fail(err, FERRY_E_PROTOCOL, "%s: the columns have changed", s->name);
	PQclear(res);
	return status;
}

int stream_copy(struct stream *st, const char *sql, struct ferry_error *err)
{
	struct copy copy = {.columns = st->kinds, .n_columns = st->n_columns};
	int more;

	cells_reset(st->cells);
	st->bytes = 0;
	if (begin(st, sql, err))
		return -1;
	while ((more = piece(st, &copy, err)) > 0)
		if ((st->cells->n >= BATCH_ROWS * st->n_columns || st->cells->bytes >= BATCH_BYTES) &&
		    pass(st, err))
			return -1;
	if (more < 0 || end(st, &copy, err))
		return -1;
	return pass(st, err);
}
