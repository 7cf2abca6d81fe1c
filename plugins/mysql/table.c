/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - the table that is written: what it has, by the server's own description of it. */
#include "mysql/private.h"

#include <stdlib.h>
#include <string.h>

void table_forget(struct destination *d)
{
	for (size_t i = 0; i < d->n_columns; i++)
		free(d->columns[i].column.name);
	for (size_t i = 0; i < d->n_uniques; i++) {
		for (size_t k = 0; k < d->uniques[i].n; k++)
			free(d->uniques[i].columns[k]);
		free(d->uniques[i].columns);
		free(d->uniques[i].name);
	}
	free(d->columns);
	free(d->uniques);
	free(d->full_name);
	d->columns = NULL;
	d->uniques = NULL;
	d->full_name = NULL;
	d->n_columns = d->n_uniques = 0;
	d->there = false;
}

/* Rows of a query about the table, whose name goes in place of the one ? in it. */
static MYSQL_RES *ask(struct destination *d, const char *sql, const char *name, struct ferry_error *err)
{
	const char *mark = strchr(sql, '?');
	struct text text = {0};
	MYSQL_RES *res = NULL;

	text_add(&text, sql, (size_t)(mark - sql));
	literal_text(&text, name);
	text_addf(&text, "%s", mark + 1);
	if (text.failed)
		server_no_memory(&d->base, err);
	else if (!(res = server_query(&d->base, text.s, &d->patience)))
		server_fail(&d->base, FERRY_E_SETUP, "cannot look at the table", err);
	text_release(&text);
	return res;
}

/* ------------------------------------------------------------------ the table */

static int check_kind(struct destination *d, const char *kind, const char *engine, bool transactions,
		      struct ferry_error *err)
{
	if (strcmp(kind, "BASE TABLE") != 0 && strcmp(kind, "SYSTEM VERSIONED") != 0)
		return d->base.host->fail(err, FERRY_E_SETUP, "%s: %s is not a table but a %s", d->base.name,
					  d->full_name, kind);
	if (!transactions)
		return d->base.host->fail(err, FERRY_E_SETUP,
					  "%s: table %s is of engine %s, which has no transactions: a batch "
					  "could be left half written; ALTER TABLE %s ENGINE=InnoDB",
					  d->base.name, d->full_name, engine, d->full_name);
	return 0;
}

static int take_table(struct destination *d, MYSQL_ROW row, struct ferry_error *err)
{
	struct text name = {0};

	text_name(&name, d->base.database);
	text_add(&name, ".", 1);
	text_name(&name, row[0]);
	if (name.failed) {
		text_release(&name);
		return server_no_memory(&d->base, err);
	}
	d->full_name = name.s;
	return check_kind(d, row[1] ? row[1] : "", row[2] ? row[2] : "unknown",
			  row[3] && strcmp(row[3], "YES") == 0, err);
}

static int find_table(struct destination *d, struct ferry_error *err)
{
	static const char sql[] =
		"SELECT t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, e.TRANSACTIONS"
		" FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE"
		" WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = ?";
	MYSQL_RES *res = ask(d, sql, d->table, err);
	MYSQL_ROW row;
	int status = 0;

	if (!res)
		return -1;
	/* where small letters and capitals differ, another table of that name may be there too */
	uint64_t n = mysql_num_rows(res);
	while ((row = mysql_fetch_row(res)) && !d->full_name && !status)
		if (n == 1 || strcmp(row[0], d->table) == 0)
			status = take_table(d, row, err);
	mysql_free_result(res);
	return status;
}

/* ------------------------------------------------------------------ its columns */

static int64_t number(const char *s, int64_t none)
{
	return s ? strtoll(s, NULL, 10) : none;
}

static bool has(const char *s, const char *part)
{
	return s && strcasestr(s, part);
}

/* What only the description tells; the rest is in what a SELECT of the column gives. */
static void take_column(struct table_column *c, MYSQL_ROW row)
{
	bool text = row[5] != NULL;	/* CHARACTER_MAXIMUM_LENGTH */

	c->generated = has(row[4], "VIRTUAL") || has(row[4], "STORED GENERATED") || has(row[4], "PERSISTENT");
	c->required = strcmp(row[2], "NO") == 0 && !row[3] && !has(row[4], "auto_increment");
	c->length = text && c->column.kind != KIND_JSON && !has(row[1], "enum") && !has(row[1], "set") ?
		    number(row[5], -1) : -1;
	c->padded = strcasecmp(row[1], "char") == 0;
	c->own_form = has(row[1], "enum") || has(row[1], "uuid") || has(row[1], "inet");
	c->scale = (int)number(row[6], 0);
	c->fraction = (int)number(row[7], 0);
	c->primary = (int)number(row[8], 0);
}

/* The kinds come from a statement that reads the columns. */
static int read_kinds(struct destination *d, struct ferry_error *err)
{
	struct text sql = {0};
	struct column *kinds = NULL;
	size_t n = 0;

	text_addf(&sql, "SELECT ");
	for (size_t i = 0; i < d->n_columns; i++) {
		text_addf(&sql, "%s", i ? ", " : "");
		text_name(&sql, d->columns[i].column.name);
	}
	text_addf(&sql, " FROM %s", d->full_name);
	MYSQL_STMT *stmt = sql.failed ? NULL : server_prepare(&d->base, sql.s, &d->patience);
	int status = sql.failed ? server_no_memory(&d->base, err) :
		     !stmt ? server_fail(&d->base, FERRY_E_SETUP, "cannot look at the table", err) : 0;
	text_release(&sql);
	if (!status && (!(kinds = columns_of(stmt, &n)) || n != d->n_columns))
		status = server_no_memory(&d->base, err);
	for (size_t i = 0; !status && i < n; i++) {
		d->columns[i].column.kind = kinds[i].kind;
		d->columns[i].column.single_bit = kinds[i].single_bit;
	}
	columns_free(kinds, n);
	server_unprepare(stmt);
	return status;
}

static int read_columns(struct destination *d, struct ferry_error *err)
{
	static const char sql[] =
		"SELECT c.COLUMN_NAME, c.DATA_TYPE, c.IS_NULLABLE, c.COLUMN_DEFAULT, c.EXTRA,"
		" c.CHARACTER_MAXIMUM_LENGTH, c.NUMERIC_SCALE, c.DATETIME_PRECISION,"
		" (SELECT s.SEQ_IN_INDEX FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = c.TABLE_SCHEMA"
		" AND s.TABLE_NAME = c.TABLE_NAME AND s.INDEX_NAME = 'PRIMARY' AND s.COLUMN_NAME = c.COLUMN_NAME)"
		" FROM information_schema.COLUMNS c WHERE c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = ?"
		" ORDER BY c.ORDINAL_POSITION";
	MYSQL_RES *res = ask(d, sql, d->table, err);
	MYSQL_ROW row;

	if (!res)
		return -1;
	d->columns = calloc(mysql_num_rows(res) + 1, sizeof *d->columns);
	bool failed = !d->columns;
	while (!failed && (row = mysql_fetch_row(res))) {
		d->columns[d->n_columns].column.name = strdup(row[0]);
		failed = !d->columns[d->n_columns++].column.name;
	}
	int status = failed ? server_no_memory(&d->base, err) : read_kinds(d, err);
	if (!status) {
		mysql_data_seek(res, 0);
		for (size_t i = 0; i < d->n_columns; i++)
			take_column(&d->columns[i], mysql_fetch_row(res));
	}
	mysql_free_result(res);
	return status;
}

/* ------------------------------------------------------------------ its unique indexes */

static bool add_to_unique(struct destination *d, MYSQL_ROW row)
{
	struct unique *u = d->n_uniques ? &d->uniques[d->n_uniques - 1] : NULL;

	if (!u || strcmp(u->name, row[0]) != 0) {
		struct unique *more = reallocarray(d->uniques, d->n_uniques + 1, sizeof *more);
		if (!more)
			return false;
		d->uniques = more;
		u = &more[d->n_uniques++];
		*u = (struct unique){.name = strdup(row[0])};
	}
	u->partial |= !row[1] || row[2];
	char **columns = reallocarray(u->columns, u->n + 1, sizeof *columns);
	if (!columns || !u->name)
		return false;
	u->columns = columns;
	columns[u->n++] = strdup(row[1] ? row[1] : "");
	return columns[u->n - 1];
}

static int read_uniques(struct destination *d, struct ferry_error *err)
{
	static const char sql[] =
		"SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS"
		" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0"
		" ORDER BY INDEX_NAME, SEQ_IN_INDEX";
	MYSQL_RES *res = ask(d, sql, d->table, err);
	MYSQL_ROW row;
	bool done = true;

	if (!res)
		return -1;
	while (done && (row = mysql_fetch_row(res)))
		done = add_to_unique(d, row);
	mysql_free_result(res);
	return done ? 0 : server_no_memory(&d->base, err);
}

/* ------------------------------------------------------------------ against the layout */

static const struct table_column *column_named(const struct destination *d, const char *name)
{
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
		bool geometry = c && c->column.kind == KIND_GEOMETRY;
		if (name && (!c || c->generated || geometry))
			text_addf(&missing, "%s'%s'%s", missing.len ? ", " : "", name,
				  geometry ? " (which is a geometry)" : c ? " (which is generated)" : "");
	}
	int status = 0;
	if (missing.len)
		status = d->base.host->fail(err, FERRY_E_SETUP,
					    "%s: table %s has no column to write for %s", d->base.name,
					    d->full_name, missing.failed ? "some fields" : missing.s);
	text_release(&missing);
	return status;
}

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
	if (find_table(d, err) || (d->full_name && (read_columns(d, err) || read_uniques(d, err))))
		return -1;
	if (!d->full_name && !d->create)
		return d->base.host->fail(err, FERRY_E_SETUP, "%s: there is no table '%s' in database '%s'",
					  d->base.name, d->table, d->base.database);
	if ((d->full_name && check_columns(d, err)) || find_key(d, err))
		return -1;
	d->there = d->full_name != NULL;
	return 0;
}

const char *table_index_field(const struct destination *d, const char *index)
{
	for (size_t i = 0; i < d->n_uniques; i++) {
		const struct unique *u = &d->uniques[i];
		for (size_t k = 0; strcasecmp(u->name, index) == 0 && k < u->n; k++) {
			int place = layout_place(d->layout, u->columns[k]);
			if (place >= 0)
				return d->layout->names[place];
		}
	}
	return "";
}
