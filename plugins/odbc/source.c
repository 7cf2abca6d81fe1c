/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - reading a table or the result of a query, in key order where the database is known well
 * enough to ask for it. One statement gives all rows, within one transaction that is taken back.
 */
#include "odbc/odbc.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH_ROWS = 256, BATCH_BYTES = 1024 * 1024 };

struct source {
	struct database base;
	const struct ferry_open *open;
	struct text query;		/* without anything after its last word */
	size_t fetch_rows;
	struct cells cells;

	/* by look, for one extract */
	struct column *columns;
	size_t n;
};

/* ------------------------------------------------------------------ open, close */

int source_open(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct source *s = calloc(1, sizeof *s);
	struct text probe = {0};

	if (!s)
		return open->host->fail(err, FERRY_E_NOMEM, "out of memory");
	s->open = open;
	s->fetch_rows = (size_t)ferry_setting_int(open, "fetch_rows", BATCH_ROWS);
	/* which SQL it is shows once there is a connection; whether it can be any shows now */
	int status = database_init(&s->base, open, err) ||
		     query_settings(open, dialect_of_query(open), '"', &probe, err) ? -1 : 0;
	text_release(&probe);
	s->base.limit_ms = ferry_setting_int(open, "query_timeout", 3600000);
	if (status) {
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
	database_release(&s->base);
	text_release(&s->query);
	cells_release(&s->cells);
	free(s);
}

/* ------------------------------------------------------------------ what it gives */

/* catalog.schema.table, or the query. */
static int query_text(struct source *s, struct ferry_error *err)
{
	const char *catalog = ferry_setting_text(s->open, "catalog");

	if (s->query.len)
		return 0;
	if (catalog && ferry_setting_text(s->open, "table")) {
		text_addf(&s->query, "SELECT * FROM ");
		database_quote(&s->base, &s->query, catalog);
		text_addf(&s->query, ".");
		if (ferry_setting_text(s->open, "schema")) {
			database_quote(&s->base, &s->query, ferry_setting_text(s->open, "schema"));
			text_addf(&s->query, ".");
		}
		database_quote(&s->base, &s->query, ferry_setting_text(s->open, "table"));
	} else if (query_settings(s->open, s->base.dialect->sql, s->base.quote, &s->query, err)) {
		return -1;
	}
	return s->query.failed ? database_no_memory(&s->base, err) : 0;
}

static int check_names(const struct source *s, struct ferry_error *err)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcasecmp(s->columns[i].name, s->columns[k].name) == 0)
				return s->base.host->fail(
					err, FERRY_E_CONFIG,
					"%s: the query gives two columns the name '%s': rename one with AS",
					s->base.name, s->columns[i].name);
	return 0;
}

/* Have the query checked, and learn its columns. It stands where only a SELECT may. */
static int look(struct source *s, struct ferry_error *err)
{
	struct text sql = {0};

	forget_columns(s);
	if (query_text(s, err) || database_wake(&s->base, err))
		return -1;
	text_addf(&sql, "SELECT * FROM (\n%s\n) q WHERE 1 = 0", s->query.s);
	int status = sql.failed ? database_no_memory(&s->base, err) :
				  columns_of(&s->base, sql.s, FERRY_E_CONFIG, "query", &s->columns,
					     &s->n, err);
	text_release(&sql);
	if (status)
		return -1;
	if (!s->n)
		return s->base.host->fail(err, FERRY_E_CONFIG, "%s: the query gives no columns",
					  s->base.name);
	return check_names(s, err);
}

/* Connected, and with the columns known. A connection that was lost while it was idle costs nothing. */
static int begin(struct source *s, struct ferry_error *err)
{
	bool anew;

	for (;;) {
		if (database_connect(&s->base, &anew, err))
			return -1;
		if ((s->base.driver->reads_alone || database_begin(&s->base, err) == 0) &&
		    look(s, err) == 0)
			return 0;
		if (anew || !s->base.lost)
			return -1;
	}
}

/* ------------------------------------------------------------------ in which order */

static int no_key_column(const struct source *s, const char *name, struct ferry_error *err)
{
	struct text names = {0};

	for (size_t i = 0; i < s->n; i++)
		text_addf(&names, "%s%s", i ? ", " : "", s->columns[i].name);
	s->base.host->fail(err, FERRY_E_CONFIG,
			   "%s: the key column '%s' is not in the result, which has %s",
			   s->base.name, name, names.failed ? "others" : names.s);
	text_release(&names);
	return -1;
}

static int key_column(const struct source *s, const char *name, size_t *place,
		      struct ferry_error *err)
{
	for (*place = 0; *place < s->n; ++*place)
		if (strcasecmp(s->columns[*place].name, name) == 0)
			return 0;
	return no_key_column(s, name, err);
}

/*
 * What is text to ferry is sorted by its bytes; numbers, times and bytes every database sorts alike. In
 * SQLite each value sorts as what it is.
 */
static bool sorts_as_text(const struct column *c)
{
	return c->form == FORM_TEXT || c->form == FORM_GUID || c->form == FORM_CLOCK ||
	       c->form == FORM_TAGGED;
}

static void add_order(const struct source *s, const struct column *c, struct text *sql)
{
	const struct dialect *k = s->base.dialect;
	bool text = sorts_as_text(c);

	if (text)
		text_addf(sql, "%s", k->order_before);
	text_addf(sql, "q.");
	database_quote(&s->base, sql, c->name);
	text_addf(sql, "%s%s", text ? k->order_after : "", k->nulls_first);
}

static int add_orders(const struct source *s, const char *const *names, struct text *sql,
		      struct ferry_error *err)
{
	size_t place;

	for (size_t i = 0; names[i]; i++) {
		if (key_column(s, names[i], &place, err))
			return -1;
		text_addf(sql, "%s", i ? ", " : " ORDER BY ");
		add_order(s, &s->columns[place], sql);
	}
	return 0;
}

static int read_text(const struct source *s, const char *const *keys, bool ordered,
		     struct text *sql, struct ferry_error *err)
{
	bool plain = true;

	for (size_t i = 0; i < s->n; i++)
		plain = plain && column_is_plain(&s->columns[i]);
	/* as it is, it keeps an order of its own */
	if (!ordered && plain) {
		text_add(sql, s->query.s, s->query.len);
		return sql->failed ? database_no_memory(&s->base, err) : 0;
	}
	text_addf(sql, "SELECT ");
	for (size_t i = 0; i < s->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		column_expression(&s->base, sql, "q", &s->columns[i]);
	}
	text_addf(sql, " FROM (\n%s\n) q", s->query.s);
	if (ordered && add_orders(s, keys, sql, err))
		return -1;
	return sql->failed ? database_no_memory(&s->base, err) : 0;
}

/* ------------------------------------------------------------------ reading */

static int announce(const struct source *s, bool ordered, struct ferry_sink *sink,
		    struct ferry_error *err)
{
	struct ferry_column *columns = calloc(s->n, sizeof *columns);

	if (!columns)
		return database_no_memory(&s->base, err);
	for (size_t i = 0; i < s->n; i++)
		columns[i] = (struct ferry_column){s->columns[i].name, column_type(&s->columns[i])};
	int status = sink->columns(sink, columns, s->n, ordered, err);
	free(columns);
	return status;
}

static int pass_on(struct source *s, int64_t limit, int64_t *given, struct ferry_sink *sink,
		   struct ferry_error *err)
{
	size_t n = s->cells.n / s->n;

	if (limit > 0 && *given + (int64_t)n > limit)
		n = (size_t)(limit - *given);
	if (!n)
		return 0;
	*given += (int64_t)n;
	sink->page(sink, "cursor", s->cells.bytes);
	int status = sink->rows(sink, s->cells.values, n, err);
	cells_reset(&s->cells);
	return status;
}

static int read_rows(struct source *s, SQLHSTMT stmt, int64_t limit, struct ferry_sink *sink,
		     struct ferry_error *err)
{
	struct reader r = {
		.d = &s->base, .stmt = stmt, .columns = s->columns, .n = s->n, .cells = &s->cells};
	int64_t given = 0;

	cells_reset(&s->cells);
	int status = reader_begin(&r, s->fetch_rows, err);
	while (!status && (!limit || given + (int64_t)(s->cells.n / s->n) < limit)) {
		status = reader_next(&r, err);
		if (!status && (s->cells.n >= BATCH_ROWS * s->n || s->cells.bytes >= BATCH_BYTES))
			status = pass_on(s, limit, &given, sink, err);
	}
	if (status != -1)
		status = pass_on(s, limit, &given, sink, err);
	reader_end(&r);
	return status;
}

static int run(struct source *s, const char *sql, int64_t limit, struct ferry_sink *sink,
	       struct ferry_error *err)
{
	SQLHSTMT stmt = database_statement(&s->base, err);
	int status;

	if (!stmt)
		return -1;
	/* a hint to those databases that would sort or gather more than is wanted */
	if (limit > 0)
		SQLSetStmtAttr(stmt, SQL_ATTR_MAX_ROWS, (SQLPOINTER)(SQLULEN)limit, 0);
	if (!SQL_SUCCEEDED(database_run(stmt, sql)))
		status = database_fail(&s->base, stmt, FERRY_E_CONFIG, "query", err);
	else
		status = read_rows(s, stmt, limit, sink, err);
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	return status;
}

static void finish(struct source *s)
{
	database_rollback(&s->base);	/* it only read */
	forget_columns(s);
}

int source_validate(void *handle, struct ferry_error *err)
{
	struct source *s = handle;
	int status = begin(s, err);

	finish(s);
	return status;
}

int source_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err)
{
	struct source *s = handle;
	struct text sql = {0};
	int status = -1;

	if (begin(s, err) == 0) {
		bool known = s->base.dialect->order_before;
		bool ordered = known && want->want_order && want->key_columns;
		status = read_text(s, want->key_columns, ordered, &sql, err);
		if (!status)
			status = announce(s, ordered, sink, err);
		if (!status)
			status = run(s, sql.s, want->limit, sink, err);
	}
	text_release(&sql);
	finish(s);
	return status;
}
