/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statement.c - the text of each statement for one row, in the words the database knows. A parameter
 * is a '?': first the fields in their order, then the stamp, then the key. No I/O.
 */
#include "odbc/odbc.h"

static const char *column_name(const struct destination *d, size_t place)
{
	return d->fields[place]->name;
}

static void add_name(const struct destination *d, struct text *sql, const char *alias,
		     const char *name)
{
	text_addf(sql, "%s%s", alias, *alias ? "." : "");
	database_quote(&d->base, sql, name);
}

bool statement_has_field(const struct destination *d, enum statement which, size_t place)
{
	switch (which) {
	case STATEMENT_UPSERT: case STATEMENT_ADD: case STATEMENT_INSERT: case STATEMENT_MOVE:
		return true;
	case STATEMENT_UPDATE: case STATEMENT_RESTORE:
		return !rowkey_has(&d->key, place);
	default:
		return false;
	}
}

bool statement_has_key(enum statement which)
{
	return which != STATEMENT_UPSERT && which != STATEMENT_ADD && which != STATEMENT_INSERT &&
	       which != STATEMENT_LIST;
}

/* ------------------------------------------------------------------ parts */

static void add_columns(const struct destination *d, struct text *sql)
{
	for (size_t i = 0; i < d->layout->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		add_name(d, sql, "", column_name(d, i));
	}
}

static void add_keys(const struct destination *d, struct text *sql)
{
	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		add_name(d, sql, "", column_name(d, d->key.places[i]));
	}
}

static void add_where(const struct destination *d, struct text *sql)
{
	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(sql, "%s", i ? " AND " : " WHERE ");
		add_name(d, sql, "", column_name(d, d->key.places[i]));
		text_addf(sql, " = ?");
	}
}

static void add_stamp_null(const struct destination *d, struct text *sql, const char *before,
			   bool null)
{
	if (!d->stamp)
		return;
	text_addf(sql, "%s", before);
	add_name(d, sql, "", d->stamp->name);
	text_addf(sql, null ? " IS NULL" : " IS NOT NULL");
}

static void add_insert(const struct destination *d, struct text *sql, const char *alias)
{
	text_addf(sql, "INSERT INTO %s%s (", d->full_name, alias);
	add_columns(d, sql);
	text_addf(sql, ") VALUES (");
	for (size_t i = 0; i < d->layout->n; i++)
		text_addf(sql, "%s?", i ? ", " : "");
	text_addf(sql, ")");
}

/* "a = <before>a<after>, ..., stamp = NULL", or what changes nothing. */
static void add_sets(const struct destination *d, struct text *sql, bool keys, const char *before,
		     const char *after, bool named)
{
	const char *sep = "";

	for (size_t i = 0; i < d->layout->n; i++) {
		if (!keys && rowkey_has(&d->key, i))
			continue;
		text_addf(sql, "%s", sep);
		add_name(d, sql, "", column_name(d, i));
		text_addf(sql, " = %s", before);
		if (named)
			add_name(d, sql, "", column_name(d, i));
		text_addf(sql, "%s", after);
		sep = ", ";
	}
	if (d->stamp) {
		text_addf(sql, "%s", sep);
		add_name(d, sql, "", d->stamp->name);
		text_addf(sql, " = NULL");
	} else if (!*sep) {
		/* a row that has nothing but its key is up to date by being there */
		const char *key = column_name(d, d->key.places[0]);
		add_name(d, sql, "", key);
		text_addf(sql, " = ");
		add_name(d, sql, "", key);
	}
}

/* ------------------------------------------------------------------ a row that may be there */

static bool sets_nothing(const struct destination *d)
{
	return !d->stamp && d->key.n == d->layout->n;
}

static void add_conflict(const struct destination *d, bool only_add, struct text *sql)
{
	add_insert(d, sql, " AS t");
	text_addf(sql, " ON CONFLICT (");
	add_keys(d, sql);
	if ((only_add && !d->stamp) || sets_nothing(d)) {
		text_addf(sql, ") DO NOTHING");
		return;
	}
	text_addf(sql, ") DO UPDATE SET ");
	add_sets(d, sql, false, "excluded.", "", true);
	if (only_add) {
		/* a disabled one comes back */
		text_addf(sql, " WHERE ");
		add_name(d, sql, "t", d->stamp->name);
		text_addf(sql, " IS NOT NULL");
	}
}

static void add_duplicate(const struct destination *d, bool only_add, struct text *sql)
{
	add_insert(d, sql, "");
	text_addf(sql, " ON DUPLICATE KEY UPDATE ");
	if ((only_add && !d->stamp) || sets_nothing(d)) {
		const char *key = column_name(d, d->key.places[0]);
		add_name(d, sql, "", key);
		text_addf(sql, " = ");
		add_name(d, sql, "", key);
		return;
	}
	if (!only_add) {
		add_sets(d, sql, false, "VALUES(", ")", true);
		return;
	}
	/* each is assigned after those before it, the stamp last */
	for (size_t i = 0; i < d->layout->n; i++) {
		if (rowkey_has(&d->key, i))
			continue;
		const char *name = column_name(d, i);
		add_name(d, sql, "", name);
		text_addf(sql, " = IF(");
		add_name(d, sql, "", d->stamp->name);
		text_addf(sql, " IS NULL, ");
		add_name(d, sql, "", name);
		text_addf(sql, ", VALUES(");
		add_name(d, sql, "", name);
		text_addf(sql, ")), ");
	}
	add_name(d, sql, "", d->stamp->name);
	text_addf(sql, " = NULL");
}

/* A parameter in a SELECT has no type by itself. */
static void add_cast(const struct destination *d, size_t place, struct text *sql)
{
	const struct column *c = d->fields[place];

	text_addf(sql, "CAST(? AS %s", c->type_name);
	if (c->form == FORM_DECIMAL && c->size && !c->unlimited)
		text_addf(sql, "(%lu, %d)", (unsigned long)c->size, c->digits);
	text_addf(sql, ") AS c%zu", place);
}

static void add_merge_sets(const struct destination *d, struct text *sql)
{
	const char *sep = "";

	for (size_t i = 0; i < d->layout->n; i++) {
		if (rowkey_has(&d->key, i))
			continue;
		text_addf(sql, "%s", sep);
		add_name(d, sql, "", column_name(d, i));
		text_addf(sql, " = s.c%zu", i);
		sep = ", ";
	}
	if (d->stamp) {
		text_addf(sql, "%s", sep);
		add_name(d, sql, "", d->stamp->name);
		text_addf(sql, " = NULL");
	}
}

static void add_merge(const struct destination *d, bool only_add, struct text *sql)
{
	text_addf(sql, "MERGE INTO %s t USING (SELECT ", d->full_name);
	for (size_t i = 0; i < d->layout->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		add_cast(d, i, sql);
	}
	text_addf(sql, ") s ON (");
	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(sql, "%s", i ? " AND " : "");
		add_name(d, sql, "t", column_name(d, d->key.places[i]));
		text_addf(sql, " = s.c%zu", d->key.places[i]);
	}
	text_addf(sql, ")");
	if (!sets_nothing(d) && (!only_add || d->stamp)) {
		text_addf(sql, " WHEN MATCHED");
		if (only_add) {
			text_addf(sql, " AND ");
			add_name(d, sql, "t", d->stamp->name);
			text_addf(sql, " IS NOT NULL");
		}
		text_addf(sql, " THEN UPDATE SET ");
		add_merge_sets(d, sql);
	}
	text_addf(sql, " WHEN NOT MATCHED THEN INSERT (");
	add_columns(d, sql);
	text_addf(sql, ") VALUES (");
	for (size_t i = 0; i < d->layout->n; i++)
		text_addf(sql, "%ss.c%zu", i ? ", " : "", i);
	text_addf(sql, ")");
}

static void add_upsert(const struct destination *d, bool only_add, struct text *sql)
{
	switch (d->base.dialect->upsert) {
	case UPSERT_CONFLICT:
		add_conflict(d, only_add, sql);
		break;
	case UPSERT_DUPLICATE:
		add_duplicate(d, only_add, sql);
		break;
	case UPSERT_MERGE:
		add_merge(d, only_add, sql);
		break;
	case UPSERT_NONE:
		break;
	}
}

/* ------------------------------------------------------------------ all of them */

static void add_update(const struct destination *d, enum statement which, struct text *sql)
{
	text_addf(sql, "UPDATE %s SET ", d->full_name);
	add_sets(d, sql, which == STATEMENT_MOVE, "?", "", false);
	add_where(d, sql);
	if (which == STATEMENT_RESTORE)
		add_stamp_null(d, sql, " AND ", false);
}

static void add_select(const struct destination *d, enum statement which, struct text *sql)
{
	text_addf(sql, "SELECT ");
	for (size_t i = 0; i < d->layout->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		column_expression(&d->base, sql, "t", d->fields[i]);
	}
	text_addf(sql, " FROM %s t", d->full_name);
	if (which == STATEMENT_LOOKUP)
		add_where(d, sql);
	/* a disabled row is as good as gone: finding it again restores it */
	add_stamp_null(d, sql, which == STATEMENT_LOOKUP ? " AND " : " WHERE ", true);
}

void statement_text(const struct destination *d, enum statement which, struct text *sql)
{
	switch (which) {
	case STATEMENT_UPSERT: case STATEMENT_ADD:
		add_upsert(d, which == STATEMENT_ADD, sql);
		break;
	case STATEMENT_INSERT:
		add_insert(d, sql, "");
		break;
	case STATEMENT_UPDATE: case STATEMENT_MOVE: case STATEMENT_RESTORE:
		add_update(d, which, sql);
		break;
	case STATEMENT_DELETE:
		text_addf(sql, "DELETE FROM %s", d->full_name);
		add_where(d, sql);
		break;
	case STATEMENT_DISABLE:
		text_addf(sql, "UPDATE %s SET ", d->full_name);
		add_name(d, sql, "", d->stamp->name);
		text_addf(sql, " = ?");
		add_where(d, sql);
		add_stamp_null(d, sql, " AND ", true);	/* the first stamp stays */
		break;
	case STATEMENT_EXISTS:
		text_addf(sql, "SELECT 1 FROM %s", d->full_name);
		add_where(d, sql);
		break;
	case STATEMENT_LOOKUP: case STATEMENT_LIST: case STATEMENTS:
		add_select(d, which, sql);
		break;
	}
}
