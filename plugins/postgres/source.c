/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - reading a table or the result of a query, in key order when asked to. All rows of an
 * extract come from one read-only transaction, so they are one consistent view.
 */
#include "postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

struct source {
	struct server base;
	struct text query;		/* without anything after its last word */
	struct patience patience;
	struct cells cells;

	/* by look, for one extract */
	PGresult *description;		/* the names are its */
	struct column *columns;
	size_t n;
};

/* ------------------------------------------------------------------ open, close */

static int open_settings(struct source *s, const struct ferry_open *open, struct ferry_error *err)
{
	if (server_init(&s->base, open, err) || query_settings(open, POSTGRES_SQL, '"', &s->query, err))
		return -1;
	s->patience.total_ms = ferry_setting_int(open, "query_timeout", 3600000);
	return s->query.failed ? server_no_memory(&s->base, err) : 0;
}

int source_open(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct source *s = calloc(1, sizeof *s);

	if (!s)
		return open->host->fail(err, FERRY_E_NOMEM, "out of memory");
	if (open_settings(s, open, err)) {
		source_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

static void forget_columns(struct source *s)
{
	PQclear(s->description);
	free(s->columns);
	s->description = NULL;
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
	if (server_begin(&s->base, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", &s->patience, err))
		return -1;
	if (PQserverVersion(s->base.conn) < 100000)
		return s->base.host->fail(err, FERRY_E_UNSUPPORTED,
					  "%s: the server is older than PostgreSQL 10", s->base.name);
	return 0;
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

static int take_columns(struct source *s, struct ferry_error *err)
{
	if (PQnparams(s->description))
		return s->base.host->fail(err, FERRY_E_CONFIG,
					  "%s: the query has a parameter, and there is nothing to give it",
					  s->base.name);
	s->n = (size_t)PQnfields(s->description);
	if (!s->n)
		return s->base.host->fail(err, FERRY_E_CONFIG, "%s: the query gives no columns",
					  s->base.name);
	s->columns = calloc(s->n, sizeof *s->columns);
	if (!s->columns)
		return server_no_memory(&s->base, err);
	for (size_t i = 0; i < s->n; i++) {
		s->columns[i].name = PQfname(s->description, (int)i);
		s->columns[i].type = PQftype(s->description, (int)i);
	}
	return check_names(s, err) ? -1 : columns_resolve(&s->base, s->columns, s->n, err);
}

/* Have the query checked, and learn its columns. It stands where only a SELECT may. */
static int look(struct source *s, struct ferry_error *err)
{
	struct text sql = {0};

	forget_columns(s);
	text_addf(&sql, "SELECT * FROM (\n%s\n) q", s->query.s);
	if (!sql.failed)
		s->description = server_describe(&s->base, sql.s, &s->patience);
	bool failed = sql.failed;
	text_release(&sql);
	if (failed)
		return server_no_memory(&s->base, err);
	if (!s->description || !result_ok(s->description))
		return server_fail(&s->base, s->description, FERRY_E_CONFIG, "query", err);
	return take_columns(s, err);
}

/* ------------------------------------------------------------------ in which order */

/* What decides how a key column is to be sorted. */
struct key {
	size_t column;
	bool not_null;			/* then an index is in this order as it is */
	bool by_bytes;			/* its collation sorts by bytes already */
};

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

static int find_keys(const struct source *s, const char *const *names, struct key *keys, size_t *n,
		     struct ferry_error *err)
{
	for (*n = 0; names[*n]; (*n)++) {
		size_t i = 0;
		while (i < s->n && strcasecmp(s->columns[i].name, names[*n]) != 0)
			i++;
		if (i == s->n)
			return no_key_column(s, names[*n], err);
		keys[*n] = (struct key){.column = i};
	}
	return 0;
}

/*
 * What the server knows of the key columns: whether the table has them NOT NULL, and their collation.
 * Where an outer join makes NULL of such a column all the same, those rows come last; they are no
 * records, since their key is NULL.
 */
static void key_query(const struct source *s, const struct key *keys, size_t n, struct text *sql)
{
	text_addf(sql, "SELECT EXISTS (SELECT FROM pg_catalog.pg_database d WHERE d.datname ="
		  " pg_catalog.current_database() AND d.datcollate IN ('C', 'POSIX') AND"
		  " coalesce(pg_catalog.to_json(d) ->> 'datlocprovider', 'c') = 'c')");
	for (size_t i = 0; i < n; i++) {
		int column = (int)keys[i].column;
		text_addf(sql, ", EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = %u AND"
			  " attnum = %d AND attnotnull)", PQftable(s->description, column),
			  PQftablecol(s->description, column));
		if (!s->columns[column].text) {
			text_addf(sql, ", NULL");
			continue;
		}
		text_addf(sql, ", pg_catalog.pg_collation_for((SELECT q.");
		text_name(sql, s->columns[column].name);
		text_addf(sql, " FROM (\n%s\n) q LIMIT 0))", s->query.s);
	}
}

static int ask_keys(struct source *s, struct key *keys, size_t n, struct ferry_error *err)
{
	struct text sql = {0};
	PGresult *res = NULL;
	int status = 0;

	key_query(s, keys, n, &sql);
	if (sql.failed) {
		status = server_no_memory(&s->base, err);
		goto out;
	}
	res = server_query(&s->base, &(struct query){.sql = sql.s}, &s->patience);
	if (!res || !result_ok(res)) {
		status = server_fail(&s->base, res, FERRY_E_CONFIG, "query", err);
		goto out;
	}
	bool default_c = *PQgetvalue(res, 0, 0);
	for (size_t i = 0; i < n; i++) {
		const char *collation = PQgetvalue(res, 0, (int)(2 * i + 2));
		keys[i].not_null = *PQgetvalue(res, 0, (int)(2 * i + 1));
		keys[i].by_bytes = strcmp(collation, "\"POSIX\"") == 0 ||
				   (default_c && strcmp(collation, "\"default\"") == 0);
	}
out:
	PQclear(res);
	text_release(&sql);
	return status;
}

/* Bytes of the database's encoding sort as those of UTF-8 only in these. */
static bool sorts_as_utf8(const char *encoding)
{
	return encoding && (strcmp(encoding, "UTF8") == 0 || strcmp(encoding, "SQL_ASCII") == 0 ||
			    strcmp(encoding, "LATIN1") == 0);
}

static void add_order(const struct source *s, const struct key *key, struct text *sql)
{
	const struct column *c = &s->columns[key->column];
	bool text = c->text || c->wrap != WRAP_NONE || c->kind == KIND_JSON || c->kind == KIND_JSONB;
	bool convert = text && !sorts_as_utf8(PQparameterStatus(s->base.conn, "server_encoding"));

	if (convert)
		text_addf(sql, "pg_catalog.convert_to(");
	column_expression(sql, "q", c);
	/* json has no order of its own, and that of jsonb is not its text's */
	if (text && !c->text && c->wrap != WRAP_TEXT)
		text_addf(sql, "::pg_catalog.text");
	if (convert)
		text_addf(sql, ", 'UTF8')");
	else if (text && !key->by_bytes)
		text_addf(sql, " COLLATE pg_catalog.\"C\"");
	if (!key->not_null || text != c->text)
		text_addf(sql, " NULLS FIRST");
}

/* ------------------------------------------------------------------ reading */

static void add_copy(const struct source *s, const struct key *keys, size_t n_keys, int64_t limit,
		     struct text *sql)
{
	text_addf(sql, "COPY (SELECT ");
	for (size_t i = 0; i < s->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		column_expression(sql, "q", &s->columns[i]);
	}
	text_addf(sql, " FROM (\n%s\n) q", s->query.s);
	for (size_t i = 0; i < n_keys; i++) {
		text_addf(sql, "%s", i ? ", " : " ORDER BY ");
		add_order(s, &keys[i], sql);
	}
	if (limit > 0)
		text_addf(sql, " LIMIT %lld", (long long)limit);
	text_addf(sql, ") TO STDOUT (FORMAT binary)");
}

static int announce(const struct source *s, bool ordered, struct ferry_sink *sink,
		    struct ferry_error *err)
{
	struct ferry_column *columns = calloc(s->n, sizeof *columns);

	if (!columns)
		return server_no_memory(&s->base, err);
	for (size_t i = 0; i < s->n; i++)
		columns[i] = (struct ferry_column){s->columns[i].name, column_type(&s->columns[i])};
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

static int read_rows(struct source *s, const struct key *keys, size_t n_keys, int64_t limit,
		     struct ferry_sink *sink, struct ferry_error *err)
{
	struct stream stream = {
		.server = &s->base, .cells = &s->cells, .columns = s->columns, .n_columns = s->n,
		.kinds = calloc(s->n, sizeof *stream.kinds), .patience = s->patience, .ctx = sink,
		.pass = pass,
	};
	struct text sql = {0};
	int status;

	add_copy(s, keys, n_keys, limit, &sql);
	if (sql.failed || !stream.kinds) {
		status = server_no_memory(&s->base, err);
	} else {
		for (size_t i = 0; i < s->n; i++)
			stream.kinds[i].kind = s->columns[i].kind;
		for (size_t i = 0; i < n_keys; i++)
			stream.kinds[keys[i].column].ordered = true;
		status = stream_copy(&stream, sql.s, err);
	}
	free(stream.kinds);
	text_release(&sql);
	return status;
}

static int extract(struct source *s, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err)
{
	size_t n_names = 0, n_keys = 0;

	if (begin(s, err) || look(s, err))
		return -1;
	for (; want->want_order && want->key_columns && want->key_columns[n_names]; n_names++)
		;
	struct key *keys = calloc(n_names + 1, sizeof *keys);
	if (!keys)
		return server_no_memory(&s->base, err);
	int status = 0;
	if (n_names)
		status = find_keys(s, want->key_columns, keys, &n_keys, err);
	if (!status && n_keys)
		status = ask_keys(s, keys, n_keys, err);
	if (!status)
		status = announce(s, n_keys > 0, sink, err);
	if (!status)
		status = read_rows(s, keys, n_keys, want->limit, sink, err);
	free(keys);
	return status;
}

/* Leave the transaction. Rows that are still on their way are not worth waiting for. */
static void finish(struct source *s)
{
	server_abandon(&s->base);
	server_rollback(&s->base);	/* it only read */
	forget_columns(s);
}

int source_validate(void *handle, struct ferry_error *err)
{
	struct source *s = handle;
	int status = begin(s, err) || look(s, err) ? -1 : 0;

	finish(s);
	return status;
}

int source_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err)
{
	struct source *s = handle;
	int status = extract(s, want, sink, err);

	finish(s);
	return status;
}
