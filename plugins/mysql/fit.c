/* SPDX-License-Identifier: Apache-2.0 */
/* fit.c - whether the table that is written fits what is to be written, and making one that does. */
#include "mysql/private.h"

#include <stdlib.h>
#include <string.h>

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

static bool is_key(const struct destination *d, const char *column)
{
	for (size_t i = 0; i < d->key.n; i++)
		if (strcasecmp(d->fields[d->key.places[i]]->column.name, column) == 0)
			return true;
	return false;
}

static int check_unique(const struct destination *d, struct ferry_error *err)
{
	for (size_t i = 0; i < d->n_uniques; i++) {
		const struct unique *u = &d->uniques[i];
		bool same = u->n == d->key.n && !u->partial;
		for (size_t k = 0; k < u->n; k++)
			same = same && is_key(d, u->columns[k]);
		if (same)
			return 0;
	}
	struct text columns = {0};
	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(&columns, "%s", i ? ", " : "");
		text_name(&columns, d->fields[d->key.places[i]]->column.name);
	}
	d->base.host->fail(err, FERRY_E_SETUP,
			   "%s: the key of table %s is not unique: make it its primary key or "
			   "CREATE UNIQUE INDEX ... ON %s (%s)", d->base.name, d->full_name, d->full_name,
			   columns.failed ? "..." : columns.s);
	text_release(&columns);
	return -1;
}

/* ------------------------------------------------------------------ permissions */

/* Preparing a statement asks for the rights it needs, and for nothing else. */
static int try_statement(struct destination *d, const struct text *sql, struct ferry_error *err)
{
	if (sql->failed)
		return server_no_memory(&d->base, err);
	MYSQL_STMT *stmt = server_prepare(&d->base, sql->s, &d->patience);
	if (!stmt) {
		server_fail(&d->base, FERRY_E_SETUP, d->full_name ? d->full_name : d->table, err);
		if (err->code == FERRY_E_FORBIDDEN) {
			static const char hint[] = "GRANT what is missing to the user, or leave the column out";
			text_cut(err->hint, sizeof err->hint, hint, strlen(hint));
		}
		return -1;
	}
	server_unprepare(stmt);
	return 0;
}

/* What the mode will do must be allowed; what a policy may do is not known here. */
static int check_rights(struct destination *d, struct ferry_error *err)
{
	bool adds = mode_adds_only(d->mode);
	const struct {
		enum statement which;
		bool wanted;
	} statements[] = {
		{STATEMENT_LOOKUP, true},
		{adds ? STATEMENT_ADD : STATEMENT_UPSERT, d->mode != FERRY_MODE_UPDATE},
		{STATEMENT_UPDATE, !adds},
		{STATEMENT_DISABLE, d->stamp},
		{STATEMENT_DELETE, d->mode == FERRY_MODE_MIRROR && !d->stamp},
	};
	struct ferry_value *nothing = calloc(d->layout->n, sizeof *nothing);
	int status = nothing ? 0 : server_no_memory(&d->base, err);

	for (size_t i = 0; !status && i < sizeof statements / sizeof statements[0]; i++) {
		struct text sql = {0};
		if (!statements[i].wanted)
			continue;
		statement_text(d, statements[i].which, nothing, nothing, &sql);
		status = try_statement(d, &sql, err);
		text_release(&sql);
	}
	free(nothing);
	return status;
}

static int check_may_create(struct destination *d, struct ferry_error *err)
{
	struct text sql = {0};

	text_addf(&sql, "CREATE TABLE IF NOT EXISTS ");
	text_name(&sql, d->table);
	text_addf(&sql, " (id INT) ENGINE=InnoDB");
	int status = try_statement(d, &sql, err);
	text_release(&sql);
	return status;
}

int table_check(struct destination *d, struct ferry_error *err)
{
	if (!d->there)
		return check_may_create(d, err);
	if (d->mode != FERRY_MODE_UPDATE && check_required(d, err))
		return -1;
	return check_unique(d, err) || check_rights(d, err) ? -1 : 0;
}

/* ------------------------------------------------------------------ making it */

enum { NUMBER_DIGITS = 38, PLACES_LEAST = 6, PLACES_MOST = 30, KEY_BYTES = 3072, KEY_LENGTH = 255 };

/* As many places as the first batch has, and some more. */
static int places_of(size_t place, const struct ferry_action *actions, size_t n)
{
	long most = PLACES_LEAST;
	struct digits d;

	for (size_t i = 0; i < n; i++) {
		const struct ferry_value *v = actions[i].fields ? &actions[i].fields[place] : NULL;
		if (v && v->type == FERRY_DECIMAL && digits_read(v->s, v->len, &d) && d.n - d.point > most)
			most = d.n - d.point;
	}
	return most > PLACES_MOST ? PLACES_MOST : (int)most;
}

/* A type that keeps every value of the first batch as it is; text keeps what is of several kinds. */
static void add_type(const struct destination *d, size_t place, const struct ferry_action *actions, size_t n,
		     struct text *sql)
{
	bool key = rowkey_has(&d->key, place);
	size_t length = KEY_BYTES / 4 / d->key.n < KEY_LENGTH ? KEY_BYTES / 4 / d->key.n : KEY_LENGTH;

	switch (field_type(place, actions, n)) {
	case FERRY_BOOL:
		text_addf(sql, "BOOLEAN");
		return;
	case FERRY_INT:
		text_addf(sql, "BIGINT");
		return;
	case FERRY_DECIMAL:
		text_addf(sql, "DECIMAL(%d, %d)", NUMBER_DIGITS, places_of(place, actions, n));
		return;
	case FERRY_TIME:
		text_addf(sql, "DATETIME(6)");
		return;
	case FERRY_BYTES:
		text_addf(sql, key ? "VARBINARY(%zu)" : "LONGBLOB", length);
		return;
	case FERRY_JSON:
		text_addf(sql, key ? "VARCHAR(%zu)" : "JSON", length);
		return;
	case FERRY_NULL:
	case FERRY_TEXT:
		break;
	}
	text_addf(sql, key ? "VARCHAR(%zu)" : "LONGTEXT", length);
}

static void create_text(const struct destination *d, const struct ferry_action *actions, size_t n,
			struct text *sql)
{
	text_addf(sql, "CREATE TABLE IF NOT EXISTS ");
	text_name(sql, d->table);
	text_addf(sql, " (");
	for (size_t i = 0; i < d->layout->n; i++) {
		text_name(sql, d->layout->names[i]);
		text_addf(sql, " ");
		add_type(d, i, actions, n, sql);
		text_addf(sql, "%s, ", rowkey_has(&d->key, i) ? " NOT NULL" : "");
	}
	if (d->disabled_at) {
		text_name(sql, d->disabled_at);
		text_addf(sql, " DATETIME(6), ");
	}
	text_addf(sql, "PRIMARY KEY (");
	for (size_t i = 0; i < d->key.n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		text_name(sql, d->layout->names[d->key.places[i]]);
	}
	/* texts that differ in any byte but blanks at their end are different keys */
	text_addf(sql, ")) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

int table_create(struct destination *d, const struct ferry_action *actions, size_t n,
		 struct ferry_error *err)
{
	struct text sql = {0};

	create_text(d, actions, n, &sql);
	int status = sql.failed ? server_no_memory(&d->base, err) :
				  server_exec(&d->base, sql.s, &d->patience, FERRY_E_SETUP,
					      "cannot make the table", err);
	text_release(&sql);
	if (status)
		return -1;
	d->base.host->log(d->base.host, FERRY_LOG_INFO, "%s: made table '%s'", d->base.name, d->table);
	return table_look(d, err);
}
