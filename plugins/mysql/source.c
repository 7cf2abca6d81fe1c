/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - reading a table or the result of a query, in key order when asked to. All rows of an
 * extract come from one read-only transaction, so they are one consistent view.
 */
#include "mysql/private.h"

#include <stdlib.h>
#include <string.h>

struct source {
	struct server base;
	struct text query;		/* without anything after its last word */
	struct patience patience;
	struct reading reading;
	struct cells cells;

	/* by look, for one extract */
	struct column *columns;
	size_t n;
};

static bool setting_is(const struct ferry_open *open, const char *name, const char *value)
{
	const char *given = ferry_setting_text(open, name);

	return given && strcmp(given, value) == 0;
}

int source_open(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct source *s = calloc(1, sizeof *s);

	if (!s)
		return open->host->fail(err, FERRY_E_NOMEM, "out of memory");
	s->patience.total_ms = ferry_setting_int(open, "query_timeout", 3600000);
	s->reading = (struct reading){
		.datetime_as_text = setting_is(open, "datetime", "text"),
		.zero_as_null = setting_is(open, "zero_dates", "null"),
	};
	if (server_init(&s->base, open, err) || query_settings(open, MYSQL_SQL, '`', &s->query, err)) {
		source_close(s);
		return -1;
	}
	if (s->query.failed) {
		server_no_memory(&s->base, err);
		source_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

static void forget_columns(struct source *s)
{
	columns_free(s->columns, s->n);
	s->columns = NULL;
	s->n = 0;
}

void source_close(void *handle)
{
	struct source *s = handle;

	forget_columns(s);
	server_release(&s->base);
	text_release(&s->query);
	cells_release(&s->cells);
	free(s);
}

/* ------------------------------------------------------------------ what it gives */

static int begin(struct source *s, struct ferry_error *err)
{
	if (server_begin(&s->base, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", &s->patience, err))
		return -1;
	return server_exec(&s->base, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", &s->patience,
			   FERRY_E_UNAVAILABLE, "cannot begin", err);
}

static int check_names(const struct source *s, struct ferry_error *err)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcasecmp(s->columns[i].name, s->columns[k].name) == 0)
				return s->base.host->fail(err, FERRY_E_CONFIG,
					"%s: the query gives two columns the name '%s': rename one with AS",
					s->base.name, s->columns[i].name);
	return 0;
}

/* Have the query checked by itself, and learn its columns. */
static int look(struct source *s, struct ferry_error *err)
{
	int status = 0;

	forget_columns(s);
	MYSQL_STMT *stmt = server_prepare(&s->base, s->query.s, &s->patience);
	if (!stmt)
		return server_fail(&s->base, FERRY_E_CONFIG, "query", err);
	if (mysql_stmt_param_count(stmt))
		status = s->base.host->fail(err, FERRY_E_CONFIG,
					    "%s: the query has a parameter, and there is nothing to give it",
					    s->base.name);
	else if (!(s->columns = columns_of(stmt, &s->n)))
		status = server_no_memory(&s->base, err);
	else if (!s->n)
		status = s->base.host->fail(err, FERRY_E_CONFIG,
					    "%s: the query must be a SELECT: it may read and nothing else",
					    s->base.name);
	server_unprepare(stmt);
	return status ? -1 : check_names(s, err);
}

/* ------------------------------------------------------------------ the statement */

static int no_key_column(const struct source *s, const char *name, struct ferry_error *err)
{
	struct text names = {0};

	for (size_t i = 0; i < s->n; i++)
		text_addf(&names, "%s%s", i ? ", " : "", s->columns[i].name);
	s->base.host->fail(err, FERRY_E_CONFIG,
			   "%s: the key column '%s' is not in the result, which has %s", s->base.name,
			   name, names.failed ? "others" : names.s);
	text_release(&names);
	return -1;
}

static int add_order(const struct source *s, const char *const *names, struct text *sql,
		     struct ferry_error *err)
{
	for (size_t k = 0; names[k]; k++) {
		size_t i = 0;
		while (i < s->n && strcasecmp(s->columns[i].name, names[k]) != 0)
			i++;
		if (i == s->n)
			return no_key_column(s, names[k], err);
		s->columns[i].ordered = true;
		text_addf(sql, "%s", k ? ", " : " ORDER BY ");
		column_order(sql, "q", &s->columns[i]);
	}
	return 0;
}

/* It stands where only a SELECT may. */
static int add_statement(const struct source *s, const struct ferry_extract *want, bool ordered,
			 struct text *sql, struct ferry_error *err)
{
	text_addf(sql, "SELECT ");
	for (size_t i = 0; i < s->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		column_expression(sql, "q", &s->columns[i]);
	}
	text_addf(sql, " FROM (\n%s\n) q", s->query.s);
	if (ordered && add_order(s, want->key_columns, sql, err))
		return -1;
	if (want->limit > 0)
		text_addf(sql, " LIMIT %lld", (long long)want->limit);
	return sql->failed ? server_no_memory(&s->base, err) : 0;
}

static int announce(const struct source *s, bool ordered, struct ferry_sink *sink, struct ferry_error *err)
{
	struct ferry_column *columns = calloc(s->n, sizeof *columns);

	if (!columns)
		return server_no_memory(&s->base, err);
	for (size_t i = 0; i < s->n; i++)
		columns[i] = (struct ferry_column){
			s->columns[i].name, column_type(&s->columns[i], s->reading.datetime_as_text)};
	int status = sink->columns(sink, columns, s->n, ordered, err);
	free(columns);
	return status;
}

static int pass(struct stream *stream, size_t n_rows, struct ferry_error *err)
{
	struct ferry_sink *sink = stream->ctx;

	sink->page(sink, "cursor", stream->bytes);
	return sink->rows(sink, stream->cells->values, n_rows, err);
}

static int extract(struct source *s, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err)
{
	bool ordered = want->want_order && want->key_columns && want->key_columns[0];
	struct text sql = {0};

	if (begin(s, err) || look(s, err))
		return -1;
	int status = add_statement(s, want, ordered, &sql, err);
	if (!status)
		status = announce(s, ordered, sink, err);
	if (!status) {
		struct stream stream = {
			.server = &s->base, .cells = &s->cells, .columns = s->columns, .n_columns = s->n,
			.reading = s->reading, .patience = s->patience, .ctx = sink, .pass = pass,
		};
		status = stream_rows(&stream, sql.s, err);
	}
	text_release(&sql);
	return status;
}

/* The query where it will stand: what is refused only there is told before anything is read. */
static int try_statement(struct source *s, struct ferry_error *err)
{
	struct text sql = {0};
	int status = add_statement(s, &(struct ferry_extract){0}, false, &sql, err);

	if (!status) {
		MYSQL_STMT *stmt = server_prepare(&s->base, sql.s, &s->patience);
		if (!stmt)
			status = server_fail(&s->base, FERRY_E_CONFIG, "query", err);
		server_unprepare(stmt);
	}
	text_release(&sql);
	return status;
}

int source_validate(void *handle, struct ferry_error *err)
{
	struct source *s = handle;
	int status = begin(s, err) || look(s, err) || try_statement(s, err) ? -1 : 0;

	server_rollback(&s->base);	/* it only read */
	forget_columns(s);
	return status;
}

int source_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err)
{
	struct source *s = handle;
	int status = extract(s, want, sink, err);

	server_rollback(&s->base);
	forget_columns(s);
	return status;
}
