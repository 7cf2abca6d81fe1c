/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statement.c - the text of each statement. New rows go many at a time; all else is one statement for
 * one row, so that its answer says what became of that row.
 */
#include "mysql/private.h"

static const char *column_name(const struct destination *d, size_t place)
{
	return d->fields[place]->column.name;
}

/* ------------------------------------------------------------------ which row */

/*
 * Found by the key's index, which may take 'A' for 'a' and overlook blanks; then only the very same
 * bytes are the row.
 */
static void add_key(const struct destination *d, const struct ferry_value *key, struct text *sql)
{
	char buf[MOMENT_TEXT];
	size_t len;

	text_addf(sql, " WHERE ");
	for (size_t i = 0; i < d->key.n; i++) {
		const struct table_column *c = d->fields[d->key.places[i]];
		text_addf(sql, "%st.", i ? " AND " : "");
		text_name(sql, c->column.name);
		text_addf(sql, " = ");
		literal_add(sql, d, c, &key[i]);
		if (!column_by_bytes(c))
			continue;
		text_addf(sql, " AND CAST(CONVERT(t.");
		text_name(sql, c->column.name);
		text_addf(sql, " USING utf8mb4) AS BINARY) = ");
		const char *s = value_print(&key[i], true, buf, &len);
		literal_bytes(sql, s, len);
	}
}

static void add_fields_key(const struct destination *d, const struct ferry_value *fields, struct text *sql)
{
	struct ferry_value *parts = d->key.parts;

	for (size_t i = 0; i < d->key.n; i++)
		parts[i] = fields[d->key.places[i]];
	add_key(d, parts, sql);
}

/* A disabled row is as good as gone. */
void statement_enabled(const struct destination *d, struct text *sql)
{
	if (!d->stamp)
		return;
	text_addf(sql, " AND t.");
	text_name(sql, d->stamp->column.name);
	text_addf(sql, " IS NULL");
}

/* ------------------------------------------------------------------ new rows */

void insert_begin(const struct destination *d, struct text *sql)
{
	text_addf(sql, "INSERT INTO %s (", d->full_name);
	for (size_t i = 0; i < d->layout->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		text_name(sql, column_name(d, i));
	}
	text_addf(sql, ") VALUES ");
}

void insert_row(const struct destination *d, const struct ferry_value *fields, struct text *sql)
{
	static const struct ferry_value nothing = {0};

	for (size_t i = 0; i < d->layout->n; i++) {
		text_add(sql, i ? "," : "(", 1);
		literal_add(sql, d, d->fields[i], fields ? &fields[i] : &nothing);
	}
	text_add(sql, ")", 1);
}

/*
 * A new row may meet another one by any of the table's unique indexes, and the server would then change
 * that one. Its key is compared first: if it is not ours, a sub-query that fails makes an error of it.
 */
static void add_guard(const struct destination *d, struct text *sql)
{
	const char *first = column_name(d, d->key.places[0]);

	text_name(sql, first);
	text_addf(sql, " = IF(");
	for (size_t i = 0; i < d->key.n; i++) {
		const struct table_column *c = d->fields[d->key.places[i]];
		bool text = column_by_bytes(c);
		text_addf(sql, "%s%s", i ? " AND " : "", text ? "CAST(CONVERT(" : "");
		text_name(sql, c->column.name);
		text_addf(sql, text ? " USING utf8mb4) AS BINARY) = CAST(CONVERT(VALUES(" : " = VALUES(");
		text_name(sql, c->column.name);
		text_addf(sql, text ? ") USING utf8mb4) AS BINARY)" : ")");
	}
	text_addf(sql, ", ");
	text_name(sql, first);
	text_addf(sql, ", (SELECT NULL UNION ALL SELECT NULL))");
}

void insert_end(const struct destination *d, enum statement which, struct text *sql)
{
	if (which == STATEMENT_PLAIN)
		return;
	text_addf(sql, " ON DUPLICATE KEY UPDATE ");
	add_guard(d, sql);
	/* one that only adds leaves a row alone that is there, unless it is a disabled one coming back */
	if (which == STATEMENT_ADD && !d->stamp)
		return;
	for (size_t i = 0; i < d->layout->n; i++) {
		if (rowkey_has(&d->key, i))
			continue;
		text_addf(sql, ", ");
		text_name(sql, column_name(d, i));
		text_addf(sql, " = ");
		if (which == STATEMENT_ADD) {
			text_addf(sql, "IF(");
			text_name(sql, d->stamp->column.name);
			text_addf(sql, " IS NULL, ");
			text_name(sql, column_name(d, i));
			text_addf(sql, ", ");
		}
		text_addf(sql, "VALUES(");
		text_name(sql, column_name(d, i));
		text_addf(sql, which == STATEMENT_ADD ? "))" : ")");
	}
	if (d->stamp) {
		text_addf(sql, ", ");
		text_name(sql, d->stamp->column.name);
		text_addf(sql, " = NULL");
	}
}

/* ------------------------------------------------------------------ rows that are there */

static void add_update(const struct destination *d, bool keys, const struct ferry_value *fields,
		       struct text *sql)
{
	const char *sep = "";

	text_addf(sql, "UPDATE %s t SET ", d->full_name);
	for (size_t i = 0; i < d->layout->n; i++) {
		if (!keys && rowkey_has(&d->key, i))
			continue;
		text_addf(sql, "%st.", sep);
		text_name(sql, column_name(d, i));
		text_addf(sql, " = ");
		literal_add(sql, d, d->fields[i], &fields[i]);
		sep = ", ";
	}
	if (d->stamp) {
		text_addf(sql, "%st.", sep);
		text_name(sql, d->stamp->column.name);
		text_addf(sql, " = NULL");
		sep = ", ";
	}
	if (!*sep) {
		/* a row that has nothing but its key is up to date by being there */
		text_addf(sql, "t.");
		text_name(sql, column_name(d, d->key.places[0]));
		text_addf(sql, " = t.");
		text_name(sql, column_name(d, d->key.places[0]));
	}
}

/* The first stamp stays. */
static void add_disable(const struct destination *d, const struct ferry_value *key, struct text *sql)
{
	struct ferry_value now = {.i = d->base.host->now(d->base.host), .type = FERRY_TIME};

	/* a column that keeps no fractions is not to be rounded up */
	for (int64_t i = d->stamp->fraction, unit = 1000000; i >= 0 && unit > 1; i--, unit /= 10)
		if (i == 0)
			now.i -= now.i % unit;
	text_addf(sql, "UPDATE %s t SET t.", d->full_name);
	text_name(sql, d->stamp->column.name);
	text_addf(sql, " = ");
	literal_add(sql, d, d->stamp, &now);
	add_key(d, key, sql);
	statement_enabled(d, sql);
}

void statement_select(const struct destination *d, struct text *sql)
{
	text_addf(sql, "SELECT ");
	for (size_t i = 0; i < d->layout->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		column_expression(sql, "t", &d->fields[i]->column);
	}
	text_addf(sql, " FROM %s t", d->full_name);
}

void statement_text(const struct destination *d, enum statement which, const struct ferry_value *fields,
		    const struct ferry_value *key, struct text *sql)
{
	switch (which) {
	case STATEMENT_UPSERT:
	case STATEMENT_ADD:
	case STATEMENT_PLAIN:
		insert_begin(d, sql);
		insert_row(d, fields, sql);
		insert_end(d, which, sql);
		break;
	case STATEMENT_UPDATE:
		add_update(d, false, fields, sql);
		add_fields_key(d, fields, sql);
		break;
	case STATEMENT_MOVE:
		add_update(d, true, fields, sql);
		add_key(d, key, sql);
		break;
	case STATEMENT_DELETE:
		text_addf(sql, "DELETE t FROM %s t", d->full_name);
		add_key(d, key, sql);
		break;
	case STATEMENT_DISABLE:
		add_disable(d, key, sql);
		break;
	case STATEMENT_EXISTS:
		text_addf(sql, "SELECT 1 FROM %s t", d->full_name);
		add_fields_key(d, fields, sql);
		statement_enabled(d, sql);
		break;
	case STATEMENT_LOOKUP:
		statement_select(d, sql);
		add_key(d, key, sql);
		statement_enabled(d, sql);
		break;
	}
}
