/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - the table that is written: what it has, whether it fits, and making it.
 */
#include "postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

static PGresult *ask(struct destination *d, const char *sql, const char *p1, const char *p2,
		     struct ferry_error *err)
{
	const char *const values[] = {p1, p2};
	struct query q = {.sql = sql, .n = p2 ? 2 : p1 ? 1 : 0, .values = values};
	PGresult *res = server_query(&d->base, &q, &d->patience);

	if (res && result_ok(res))
		return res;
	server_fail(&d->base, res, FERRY_E_SETUP, "cannot look at the table", err);
	PQclear(res);
	return NULL;
}

static bool truth(const PGresult *res, int row, int column)
{
	return *PQgetvalue(res, row, column) == 't';
}

static int number(const PGresult *res, int row, int column)
{
	return (int)strtol(PQgetvalue(res, row, column), NULL, 10);
}

void table_forget(struct destination *d)
{
	for (size_t i = 0; i < d->n_columns; i++) {
		free((char *)(uintptr_t)d->columns[i].column.name);
		free(d->columns[i].type_name);
	}
	free(d->columns);
	free(d->full_name);
	d->columns = NULL;
	d->full_name = NULL;
	d->n_columns = 0;
	d->there = false;
}

/* ------------------------------------------------------------------ what there is */

/* "schema"."table" or "table", for the server to look up along the search_path. */
static void written_name(const struct destination *d, struct text *name)
{
	if (d->schema) {
		text_name(name, d->schema);
		text_add(name, ".", 1);
	}
	text_name(name, d->table);
}

static int find_table(struct destination *d, struct ferry_error *err)
{
	static const char sql[] =
		"SELECT c.oid::text, c.relkind::text, pg_catalog.quote_ident(n.nspname) || '.' ||"
		" pg_catalog.quote_ident(c.relname)"
		" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
		" WHERE c.oid = pg_catalog.to_regclass($1::text)";
	struct text name = {0};

	written_name(d, &name);
	PGresult *res = name.failed ? NULL : ask(d, sql, name.s, NULL, err);
	if (name.failed)
		server_no_memory(&d->base, err);
	text_release(&name);
	if (!res)
		return -1;
	int status = 0;
	if (PQntuples(res)) {
		const char *kind = PQgetvalue(res, 0, 1);
		text_cut(d->oid, sizeof d->oid, PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0));
		d->full_name = strdup(PQgetvalue(res, 0, 2));
		if (!d->full_name)
			status = server_no_memory(&d->base, err);
		else if (!strchr("rp", *kind))
			status = d->base.host->fail(err, FERRY_E_SETUP, "%s: %s is not a table",
						    d->base.name, d->full_name);
	}
	PQclear(res);
	return status;
}

static int take_column(struct destination *d, const PGresult *res, int row)
{
	struct table_column *c = &d->columns[d->n_columns];

	*c = (struct table_column){
		.column.name = strdup(PQgetvalue(res, row, 0)),
		.type_name = strdup(PQgetvalue(res, row, 1)),
		.number = number(res, row, 2),
		.required = truth(res, row, 3),
		.generated = truth(res, row, 4),
		.identity = truth(res, row, 5),
		.primary = number(res, row, 6),
		.column.type = (Oid)strtoul(PQgetvalue(res, row, 7), NULL, 10),
		.modifier = number(res, row, 8),
	};
	d->n_columns++;
	return c->column.name && c->type_name ? 0 : -1;
}

/* A domain is seen as what it is made of, but values are cast to the domain itself. */
static int read_columns(struct destination *d, struct ferry_error *err)
{
	static const char sql[] =
		"WITH RECURSIVE base AS ("
		" SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier FROM pg_catalog.pg_attribute a"
		" WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped"
		" UNION ALL"
		" SELECT b.attnum, t.typbasetype, t.typtypmod FROM base b"
		" JOIN pg_catalog.pg_type t ON t.oid = b.type AND t.typtype = 'd')"
		" SELECT a.attname::text, pg_catalog.quote_ident(n.nspname) || '.' ||"
		" pg_catalog.quote_ident(t.typname), a.attnum::text,"
		" (a.attnotnull AND NOT a.atthasdef AND a.attidentity = '')::text,"
		" (coalesce(pg_catalog.to_jsonb(a) ->> 'attgenerated', '') <> '')::text,"
		" (a.attidentity = 'a')::text,"
		" coalesce((SELECT pg_catalog.array_position(i.indkey::int2[], a.attnum) + 1"
		" FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary), 0)::text,"
		" b.type::text, b.modifier::text"
		" FROM pg_catalog.pg_attribute a JOIN base b ON b.attnum = a.attnum"
		" JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
		" JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"
		" WHERE a.attrelid = $1::oid AND NOT EXISTS (SELECT FROM pg_catalog.pg_type bt"
		" WHERE bt.oid = b.type AND bt.typtype = 'd') ORDER BY a.attnum";
	int status = 0;
	PGresult *res = ask(d, sql, d->oid, NULL, err);
	if (!res)
		return -1;
	int n = PQntuples(res);
	d->columns = calloc((size_t)n + 1, sizeof *d->columns);
	for (int i = 0; d->columns && !status && i < n; i++)
		status = take_column(d, res, i);
	if (!d->columns || status)
		status = server_no_memory(&d->base, err);
	PQclear(res);
	return status;
}

/* The forms in which the columns are read. */
static int resolve(struct destination *d, struct ferry_error *err)
{
	struct column *columns = calloc(d->n_columns + 1, sizeof *columns);
	int status;

	if (!columns)
		return server_no_memory(&d->base, err);
	for (size_t i = 0; i < d->n_columns; i++)
		columns[i] = d->columns[i].column;
	status = columns_resolve(&d->base, columns, d->n_columns, err);
	for (size_t i = 0; i < d->n_columns; i++)
		d->columns[i].column = columns[i];
	free(columns);
	return status;
}

/* As it is written, else as PostgreSQL would have folded it. */
static const struct table_column *column_named(const struct destination *d, const char *name)
{
	for (size_t i = 0; i < d->n_columns; i++)
		if (strcmp(d->columns[i].column.name, name) == 0)
			return &d->columns[i];
	for (size_t i = 0; i < d->n_columns; i++)
		if (strcasecmp(d->columns[i].column.name, name) == 0)
			return &d->columns[i];
	return NULL;
}

/* All names that have no fitting column, in one message. */
static int check_columns(struct destination *d, struct ferry_error *err)
{
	struct text missing = {0};

	for (size_t i = 0; i <= d->layout->n; i++) {
		const char *name = i < d->layout->n ? d->layout->names[i] : d->disabled_at;
		const struct table_column *c = name ? column_named(d, name) : NULL;
		if (i < d->layout->n)
			d->fields[i] = c;
		else
			d->stamp = c;
		if (name && (!c || c->generated))
			text_addf(&missing, "%s'%s'%s", missing.len ? ", " : "", name,
				  c ? " (which is generated)" : "");
	}
	int status = 0;
	if (missing.len)
		status = d->base.host->fail(err, FERRY_E_SETUP,
					    "%s: table %s has no column to write for %s", d->base.name,
					    d->full_name, missing.failed ? "some fields" : missing.s);
	text_release(&missing);
	return status;
}

/* The setting, else the sync's own key, else the table's primary key. */
static int find_key(struct destination *d, struct ferry_error *err)
{
	const char **primary = calloc(d->n_columns + 1, sizeof *primary);

	if (!primary)
		return server_no_memory(&d->base, err);
	for (size_t i = 0; i < d->n_columns; i++)
		if (d->columns[i].primary >= 1 && d->columns[i].primary <= (int)d->n_columns)
			primary[d->columns[i].primary - 1] = d->columns[i].column.name;
	int status = rowkey_find(&d->key, d->base.host, d->table, primary, err);
	free(primary);
	for (size_t i = 0; d->full_name && !status && i < d->key.n; i++)
		d->key.words[i] = column_wants_words(d->fields[d->key.places[i]]);
	return status;
}

int table_look(struct destination *d, struct ferry_error *err)
{
	if (d->there)
		return 0;
	table_forget(d);
	if (find_table(d, err) || (d->full_name && (read_columns(d, err) || resolve(d, err))))
		return -1;
	if (!d->full_name && !d->create)
		return d->base.host->fail(err, FERRY_E_SETUP, "%s: there is no table '%s%s%s'%s",
					  d->base.name, d->schema ? d->schema : "",
					  d->schema ? "." : "", d->table,
					  strchr(d->table, '.') && !d->schema ?
					  ": what stands before the point belongs into 'schema'" : "");
	if ((d->full_name && check_columns(d, err)) || find_key(d, err))
		return -1;
	d->there = d->full_name != NULL;
	return 0;
}

/* ------------------------------------------------------------------ whether it fits */

/* New rows are impossible when a column that must have a value never gets one. */
static int check_required(const struct destination *d, struct ferry_error *err)
{
	for (size_t i = 0; i < d->n_columns; i++) {
		const struct table_column *c = &d->columns[i];
		bool mapped = false;
		for (size_t f = 0; f < d->layout->n; f++)
			mapped = mapped || d->fields[f] == c;
		if (c->required && !c->generated && !mapped)
			return d->base.host->fail(err, FERRY_E_SETUP,
						  "%s: column '%s' of table %s may not be NULL, has no "
						  "default and is not mapped", d->base.name,
						  c->column.name, d->full_name);
	}
	return 0;
}

static int no_unique_index(const struct destination *d, struct ferry_error *err)
{
	struct text columns = {0};

	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(&columns, "%s", i ? ", " : "");
		text_name(&columns, d->fields[d->key.places[i]]->column.name);
	}
	d->base.host->fail(err, FERRY_E_SETUP,
			   "%s: the key of table %s is not unique: make it its primary key or "
			   "CREATE UNIQUE INDEX ON %s (%s)", d->base.name, d->full_name, d->full_name,
			   columns.failed ? "..." : columns.s);
	text_release(&columns);
	return -1;
}

static int check_unique(struct destination *d, struct ferry_error *err)
{
	static const char sql[] =
		"SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = $1::oid AND i.indisunique"
		" AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL"
		" AND (SELECT pg_catalog.array_agg(u.k ORDER BY u.k) FROM pg_catalog.unnest(i.indkey::int2[])"
		" WITH ORDINALITY u (k, n) WHERE u.n <= coalesce((pg_catalog.to_jsonb(i) ->>"
		" 'indnkeyatts')::int, i.indnatts)) = (SELECT pg_catalog.array_agg(k ORDER BY k)"
		" FROM pg_catalog.unnest($2::int2[]) k)";
	struct text key = {0};

	for (size_t i = 0; i < d->key.n; i++)
		text_addf(&key, "%c%d", i ? ',' : '{', d->fields[d->key.places[i]]->number);
	text_addf(&key, "}");
	PGresult *res = key.failed ? NULL : ask(d, sql, d->oid, key.s, err);
	if (key.failed)
		server_no_memory(&d->base, err);
	text_release(&key);
	if (!res)
		return -1;
	bool unique = PQntuples(res) > 0;
	PQclear(res);
	return unique ? 0 : no_unique_index(d, err);
}

/* What the mode will do must be allowed; what a policy may do is not known here. */
static int check_rights(struct destination *d, struct ferry_error *err)
{
	static const char sql[] =
		"SELECT pg_catalog.bool_and(pg_catalog.has_column_privilege($1::oid, k, 'SELECT'))::text,"
		" pg_catalog.bool_and(pg_catalog.has_column_privilege($1::oid, k, 'INSERT'))::text,"
		" pg_catalog.bool_and(pg_catalog.has_column_privilege($1::oid, k, 'UPDATE'))::text,"
		" pg_catalog.has_table_privilege($1::oid, 'DELETE')::text"
		" FROM pg_catalog.unnest($2::int2[]) k";
	static const char *const names[] = {"SELECT", "INSERT", "UPDATE", "DELETE"};
	bool wanted[] = {
		true, d->mode != FERRY_MODE_UPDATE, !adds_only(d) || d->stamp,
		d->mode == FERRY_MODE_MIRROR && !d->stamp,
	};
	struct text columns = {0}, missing = {0};

	for (size_t i = 0; i < d->layout->n; i++)
		text_addf(&columns, "%c%d", i ? ',' : '{', d->fields[i]->number);
	if (d->stamp)
		text_addf(&columns, ",%d", d->stamp->number);
	text_addf(&columns, "}");
	PGresult *res = columns.failed ? NULL : ask(d, sql, d->oid, columns.s, err);
	int status = res ? 0 : -1;
	if (columns.failed)
		server_no_memory(&d->base, err);
	for (int i = 0; res && i < 4; i++)
		if (wanted[i] && !truth(res, 0, i))
			text_addf(&missing, "%s%s", missing.len ? ", " : "", names[i]);
	PQclear(res);
	if (missing.len) {
		const char *user = PQuser(d->base.conn);
		status = d->base.host->fail(err, FERRY_E_FORBIDDEN,
					    "%s: user '%s' has no right to %s on table %s", d->base.name,
					    user, missing.failed ? "write" : missing.s, d->full_name);
		struct text hint = {0};
		text_addf(&hint, "GRANT %s ON %s TO ", missing.failed ? "..." : missing.s, d->full_name);
		text_name(&hint, user);
		if (!hint.failed)
			text_cut(err->hint, sizeof err->hint, hint.s, hint.len);
		text_release(&hint);
	}
	text_release(&columns);
	text_release(&missing);
	return status;
}

static int check_may_create(struct destination *d, struct ferry_error *err)
{
	static const char sql[] =
		"SELECT coalesce($1::text, pg_catalog.current_schema()),"
		" pg_catalog.has_schema_privilege(coalesce($1::text, pg_catalog.current_schema()),"
		" 'CREATE')::text";
	const char *const values[] = {d->schema};
	PGresult *res = server_query(&d->base, &(struct query){.sql = sql, .n = 1, .values = values},
				     &d->patience);
	int status = 0;

	if (!res || !result_ok(res))
		status = server_fail(&d->base, res, FERRY_E_SETUP, "cannot look at the schema", err);
	else if (PQgetisnull(res, 0, 0))
		status = d->base.host->fail(err, FERRY_E_SETUP,
					    "%s: the search_path has no schema for table '%s': name one as "
					    "'schema'", d->base.name, d->table);
	else if (!truth(res, 0, 1))
		status = d->base.host->fail(err, FERRY_E_FORBIDDEN,
					    "%s: user '%s' has no right to CREATE in schema '%s'",
					    d->base.name, PQuser(d->base.conn), PQgetvalue(res, 0, 0));
	PQclear(res);
	return status;
}

int table_check(struct destination *d, struct ferry_error *err)
{
	if (!d->there)
		return check_may_create(d, err);
	for (size_t i = 0; i < d->layout->n; i++)
		if (d->fields[i]->identity && !rowkey_has(&d->key, i))
			return d->base.host->fail(err, FERRY_E_SETUP,
						  "%s: column '%s' of table %s is GENERATED ALWAYS and can "
						  "be written only as part of the key", d->base.name,
						  d->fields[i]->column.name, d->full_name);
	if (d->mode != FERRY_MODE_UPDATE && check_required(d, err))
		return -1;
	return check_unique(d, err) || check_rights(d, err) ? -1 : 0;
}

/* ------------------------------------------------------------------ making it */

/* A type that keeps every value of the first batch as it is; text keeps what is of several kinds. */
static const char *new_type(size_t place, const struct ferry_action *actions, size_t n)
{
	static const char *const types[] = {
		[FERRY_NULL] = "text", [FERRY_BOOL] = "boolean", [FERRY_INT] = "bigint",
		[FERRY_DECIMAL] = "numeric", [FERRY_TEXT] = "text", [FERRY_BYTES] = "bytea",
		[FERRY_TIME] = "timestamptz", [FERRY_JSON] = "jsonb",
	};

	return types[field_type(place, actions, n)];
}

static void create_text(const struct destination *d, const struct ferry_action *actions, size_t n,
			struct text *sql)
{
	text_addf(sql, "CREATE TABLE IF NOT EXISTS ");
	written_name(d, sql);
	text_addf(sql, " (");
	for (size_t i = 0; i < d->layout->n; i++) {
		text_name(sql, d->layout->names[i]);
		text_addf(sql, " %s, ", new_type(i, actions, n));
	}
	if (d->disabled_at) {
		text_name(sql, d->disabled_at);
		text_addf(sql, " timestamptz, ");
	}
	text_addf(sql, "PRIMARY KEY (");
	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		text_name(sql, d->layout->names[d->key.places[i]]);
	}
	text_addf(sql, ")); COMMIT");
}

int table_create(struct destination *d, const struct ferry_action *actions, size_t n,
		 struct ferry_error *err)
{
	struct text sql = {0};

	create_text(d, actions, n, &sql);
	int status = sql.failed ? server_no_memory(&d->base, err) :
				  server_exec(&d->base, sql.s, &d->patience, "cannot make the table", err);
	text_release(&sql);
	if (status)
		return -1;
	d->base.host->log(d->base.host, FERRY_LOG_INFO, "%s: made table '%s'", d->base.name, d->table);
	return destination_begin(d, err) || table_look(d, err) ? -1 : 0;
}
