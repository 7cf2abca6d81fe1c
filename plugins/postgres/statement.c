/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statement.c - the text of each statement. Each works on a whole batch, the table v (c0, c1, ...,
 * k0, ..., n), of which n is the row's number from 1. It is the staging table, or comes as one array
 * for each column.
 */
#include "postgres/postgres.h"

#include <string.h>

void text_name(struct text *t, const char *name)
{
	text_quoted(t, name, '"');
}

void text_literal(struct text *t, const char *value)
{
	/* with E the backslash means the same whatever standard_conforming_strings says */
	bool escapes = strchr(value, '\\');

	text_add(t, " E", escapes ? 2 : 0);
	text_add(t, "'", 1);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			text_add(t, value, 1);
		text_add(t, value, 1);
	}
	text_add(t, "'", 1);
}

bool statement_has_fields(enum statement which)
{
	return which == STATEMENT_UPSERT || which == STATEMENT_ADD || which == STATEMENT_UPDATE ||
	       which == STATEMENT_MOVE || which == STATEMENT_LOOKUP;
}

bool statement_has_keys(enum statement which)
{
	return which != STATEMENT_UPSERT && which != STATEMENT_ADD && which != STATEMENT_UPDATE;
}

static const char *column_name(const struct destination *d, size_t place)
{
	return d->fields[place]->column.name;
}

/* v.c3 as what the column holds. JSON for an array or a row is taken apart by the table's own type. */
static void add_value(struct text *sql, const struct destination *d, size_t place, const char *letter,
		      size_t i, const struct array *a)
{
	const struct table_column *c = d->fields[place];

	if (a->carrier != CARRY_JSON) {
		text_addf(sql, "v.%s%zu::%s", letter, i, c->type_name);
		return;
	}
	text_addf(sql, "(pg_catalog.jsonb_populate_record(NULL::%s, pg_catalog.jsonb_build_object(",
		  d->full_name);
	text_literal(sql, c->column.name);
	text_addf(sql, ", v.%s%zu::pg_catalog.jsonb))).", letter, i);
	text_name(sql, c->column.name);
}

static void add_field(struct text *sql, const struct destination *d, size_t place)
{
	add_value(sql, d, place, "c", place, &d->arrays[place]);
}

static void add_key(struct text *sql, const struct destination *d, size_t i)
{
	add_value(sql, d, d->key.places[i], "k", i, &d->arrays[d->layout->n + i]);
}

/* The batch as a table. */
static void add_rows(struct text *sql, const struct destination *d, enum statement which, bool staged)
{
	if (staged) {
		text_addf(sql, "pg_temp." STAGE " AS v");
		return;
	}
	size_t arrays = (statement_has_fields(which) ? d->layout->n : 0) +
			(statement_has_keys(which) ? d->key.n : 0);

	text_addf(sql, "ROWS FROM (");
	for (size_t i = 1; i <= arrays; i++)
		text_addf(sql, "%spg_catalog.unnest($%zu)", i > 1 ? ", " : "", i);
	text_addf(sql, ")%s AS v (", which == STATEMENT_UPSERT ? "" : " WITH ORDINALITY");
	const char *sep = "";
	for (size_t i = 0; statement_has_fields(which) && i < d->layout->n; i++, sep = ", ")
		text_addf(sql, "%sc%zu", sep, i);
	for (size_t i = 0; statement_has_keys(which) && i < d->key.n; i++, sep = ", ")
		text_addf(sql, "%sk%zu", sep, i);
	text_addf(sql, "%s)", which == STATEMENT_UPSERT ? "" : ", n");
}

/* "a = v.c0::int4, b = ...", or with excluded's values. */
static void add_sets(struct text *sql, const struct destination *d, bool keys, bool excluded)
{
	const char *sep = "";

	for (size_t i = 0; i < d->layout->n; i++) {
		if (!keys && rowkey_has(&d->key, i))
			continue;
		text_addf(sql, "%s", sep);
		text_name(sql, column_name(d, i));
		text_addf(sql, excluded ? " = excluded." : " = ");
		if (excluded)
			text_name(sql, column_name(d, i));
		else
			add_field(sql, d, i);
		sep = ", ";
	}
	if (d->stamp) {
		text_addf(sql, "%s", sep);
		text_name(sql, d->stamp->column.name);
		text_addf(sql, " = NULL");
		sep = ", ";
	}
	if (!*sep) {
		/* a row that has nothing but its key is up to date by being there */
		text_name(sql, column_name(d, d->key.places[0]));
		text_addf(sql, " = t.");
		text_name(sql, column_name(d, d->key.places[0]));
	}
}

static void add_keys(struct text *sql, const struct destination *d)
{
	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		text_name(sql, column_name(d, d->key.places[i]));
	}
}

/* The rows' keys are those of their fields, or come by themselves. */
static void add_match(struct text *sql, const struct destination *d, bool by_fields)
{
	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(sql, "%st.", i ? " AND " : "");
		text_name(sql, column_name(d, d->key.places[i]));
		text_addf(sql, " = ");
		if (by_fields)
			add_field(sql, d, d->key.places[i]);
		else
			add_key(sql, d, i);
	}
}

static void add_insert(struct text *sql, const struct destination *d, enum statement which, bool staged)
{
	bool overriding = false;

	text_addf(sql, "INSERT INTO %s AS t (", d->full_name);
	for (size_t i = 0; i < d->layout->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		text_name(sql, column_name(d, i));
		overriding = overriding || d->fields[i]->identity;
	}
	text_addf(sql, ")%s SELECT ", overriding ? " OVERRIDING SYSTEM VALUE" : "");
	for (size_t i = 0; i < d->layout->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		add_field(sql, d, i);
	}
	text_addf(sql, " FROM %s", which == STATEMENT_UPSERT ? "" : "v");
	if (which == STATEMENT_UPSERT)
		add_rows(sql, d, which, staged);
	text_addf(sql, " ON CONFLICT (");
	add_keys(sql, d);

	/* modes that only add leave a row alone that is there, unless it is a disabled one coming back */
	if (!d->stamp && (adds_only(d) || d->key.n == d->layout->n)) {
		text_addf(sql, ") DO NOTHING");
		return;
	}
	text_addf(sql, ") DO UPDATE SET ");
	add_sets(sql, d, false, true);
	if (adds_only(d)) {
		text_addf(sql, " WHERE t.");
		text_name(sql, d->stamp->column.name);
		text_addf(sql, " IS NOT NULL");
	}
}

static void add_add(struct text *sql, const struct destination *d, bool staged)
{
	text_addf(sql, "WITH v AS (SELECT * FROM ");
	add_rows(sql, d, STATEMENT_ADD, staged);
	text_addf(sql, "), t AS (");
	add_insert(sql, d, STATEMENT_ADD, staged);
	text_addf(sql, " RETURNING ");
	add_keys(sql, d);
	text_addf(sql, ") SELECT v.n FROM v JOIN t ON ");
	add_match(sql, d, true);
}

static void add_update(struct text *sql, const struct destination *d, enum statement which, bool staged)
{
	text_addf(sql, "UPDATE %s AS t SET ", d->full_name);
	add_sets(sql, d, which == STATEMENT_MOVE, false);
	text_addf(sql, " FROM ");
	add_rows(sql, d, which, staged);
	text_addf(sql, " WHERE ");
	add_match(sql, d, which == STATEMENT_UPDATE);
	text_addf(sql, " RETURNING v.n");
}

static void add_disable(struct text *sql, const struct destination *d)
{
	text_addf(sql, "UPDATE %s AS t SET ", d->full_name);
	text_name(sql, d->stamp->column.name);
	text_addf(sql, " = $%zu::pg_catalog.text::%s FROM ", d->key.n + 1, d->stamp->type_name);
	add_rows(sql, d, STATEMENT_DISABLE, false);
	text_addf(sql, " WHERE ");
	add_match(sql, d, false);
	text_addf(sql, " AND t.");
	text_name(sql, d->stamp->column.name);
	text_addf(sql, " IS NULL RETURNING v.n");	/* the first stamp stays */
}

/*
 * Whether a column holds what its field would become. Texts by their bytes, whatever the collation
 * takes for equal; types that may have no equality by the text they have.
 */
static void add_comparison(struct text *sql, const struct destination *d, size_t place)
{
	const struct column *c = &d->fields[place]->column;
	const char *how = c->text ? " COLLATE pg_catalog.\"C\"" :
			  c->wrap != WRAP_NONE || c->kind == KIND_JSON ? "::pg_catalog.text" : "";

	text_addf(sql, ", t.");
	text_name(sql, c->name);
	text_addf(sql, "%s IS NOT DISTINCT FROM (", how);
	add_field(sql, d, place);
	text_addf(sql, ")%s", how);
}

static void add_lookup(struct text *sql, const struct destination *d, enum statement which)
{
	text_addf(sql, "SELECT v.n");
	for (size_t i = 0; i < d->layout->n; i++) {
		text_addf(sql, ", ");
		column_expression(sql, "t", &d->fields[i]->column);
	}
	for (size_t i = 0; which == STATEMENT_LOOKUP && i < d->layout->n; i++)
		add_comparison(sql, d, i);
	text_addf(sql, " FROM ");
	add_rows(sql, d, which, false);
	text_addf(sql, " JOIN %s AS t ON ", d->full_name);
	add_match(sql, d, false);
	if (d->stamp) {
		/* a disabled row is as good as gone: finding it again restores it */
		text_addf(sql, " AND t.");
		text_name(sql, d->stamp->column.name);
		text_addf(sql, " IS NULL");
	}
}

void statement_text(const struct destination *d, enum statement which, bool staged, struct text *sql)
{
	switch (which) {
	case STATEMENT_UPSERT:
		add_insert(sql, d, which, staged);
		break;
	case STATEMENT_ADD:
		add_add(sql, d, staged);
		break;
	case STATEMENT_UPDATE:
	case STATEMENT_MOVE:
		add_update(sql, d, which, staged);
		break;
	case STATEMENT_DELETE:
		text_addf(sql, "DELETE FROM %s AS t USING ", d->full_name);
		add_rows(sql, d, which, false);
		text_addf(sql, " WHERE ");
		add_match(sql, d, false);
		text_addf(sql, " RETURNING v.n");
		break;
	case STATEMENT_DISABLE:
		add_disable(sql, d);
		break;
	case STATEMENT_LOOKUP:
	case STATEMENT_FIND:
		add_lookup(sql, d, which);
		break;
	}
}
