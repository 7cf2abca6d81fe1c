/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.c - reading what the table holds: for given records, or all of it.
 */
#include "mysql/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKUP_ROWS = 500 };

/* A record and its key as an id. */
struct wanted {
	size_t action;
	char id[DEST_ID_SIZE];
};

/* Records that are looked up, and where what is found is put down. */
struct lookup {
	struct destination *d;
	const struct ferry_action *actions;
	size_t *at;			/* by action: where its values begin in d->cells, plus one */
	struct wanted *wanted;		/* LOOKUP_ROWS of them */
	struct text sql;
};

static const struct reading as_it_is = {0};

/* A further value after the fields: the destination id. */
static enum cell_status add_id(struct destination *d)
{
	char id[DEST_ID_SIZE] = "";

	if (rowkey_from_fields(&d->key, d->cells.values + d->cells.n - d->layout->n))
		rowkey_id(&d->key, id, sizeof id);
	/* its NUL goes with it */
	return cells_put(&d->cells, FERRY_TEXT, id, strlen(id) + 1);
}

static int fail_cell(const struct destination *d, enum cell_status status, const char *column,
		     struct ferry_error *err)
{
	if (status == CELL_NO_MEMORY)
		return server_no_memory(&d->base, err);
	return d->base.host->fail(err, FERRY_E_PROTOCOL,
				  "%s: table %s, column '%s': this is not what a server sends", d->base.name,
				  d->full_name, column);
}

/* Append a row's fields, and the id by which it is known, which is made of what it holds. */
static int add_row(struct destination *d, MYSQL_ROW row, const unsigned long *lengths, struct ferry_error *err)
{
	size_t n = d->layout->n;
	enum cell_status status;

	if (!cells_room(&d->cells, n + 1))
		return server_no_memory(&d->base, err);
	for (size_t i = 0; i < n; i++) {
		status = cells_add(&d->cells, &d->fields[i]->column, &as_it_is, row[i], lengths[i]);
		if (status != CELL_OK)
			return fail_cell(d, status, d->layout->names[i], err);
	}
	status = add_id(d);
	return status == CELL_OK ? 0 : fail_cell(d, status, "", err);
}

/*
 * The row that was added last is that of a record. What equals ours, as the column would have stored it,
 * is given in our own type: 12.50 is 12.5, and no difference.
 */
static void settle(struct lookup *l, size_t action)
{
	struct destination *d = l->d;
	size_t n = d->layout->n, at = d->cells.n - n - 1;
	const struct ferry_value *ours = l->actions[action].fields;
	struct ferry_value *theirs = d->cells.values + at;

	for (size_t i = 0; ours && i < n; i++)
		if (value_is_stored(d, d->fields[i], &ours[i], &theirs[i]))
			theirs[i] = ours[i];
	l->at[action] = at + 1;
}

/* The answer for one record: no row or one. */
static int take_answer(struct lookup *l, size_t action, struct ferry_error *err)
{
	struct destination *d = l->d;
	MYSQL_RES *res = server_store(&d->base, &d->patience);
	int status = 0;

	if (!res)
		return server_fail(&d->base, FERRY_E_SETUP, d->full_name, err);
	MYSQL_ROW row = mysql_fetch_row(res);
	if (row) {
		status = add_row(d, row, mysql_fetch_lengths(res), err);
		if (!status)
			settle(l, action);
	}
	mysql_free_result(res);
	return status;
}

/* The key by which to look; false when there is none, or no row can have it. */
static bool take_key(struct lookup *l, const struct ferry_action *a, bool by_id)
{
	struct destination *d = l->d;

	if (by_id ? !rowkey_from_id(&d->key, a->dest_id) : !rowkey_from_fields(&d->key, a->fields))
		return false;
	for (size_t k = 0; k < d->key.n; k++)
		if (value_misfit(d, d->fields[d->key.places[k]], &d->key.parts[k], true))
			return false;
	return true;
}

/* ------------------------------------------------------------------ many with one statement */

/*
 * Does the column give d->key.parts back letter by letter? Then a row that is found tells by its key whose
 * it is.
 */
static bool comes_back(struct destination *d, char id[DEST_ID_SIZE])
{
	const struct table_column *c = d->fields[d->key.places[0]];
	const struct ferry_value *v = &d->key.parts[0];
	char text[INTEGER_TEXT];
	int64_t i;

	bool plain = c->column.kind == KIND_TEXT ? v->type == FERRY_TEXT && column_by_bytes(c) && !c->padded :
		     c->column.kind == KIND_INT && (v->type == FERRY_INT ||
		     (v->type == FERRY_TEXT && integer_from_text(v->s, v->len, &i) &&
		      integer_text(i, text) == v->len && memcmp(text, v->s, v->len) == 0));
	if (d->key.n != 1 || !plain)
		return false;
	rowkey_id(&d->key, id, DEST_ID_SIZE);
	return *id;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct wanted *)a)->id, ((const struct wanted *)b)->id);
}

/* Give a row to all records that are it. */
static int take_row(struct lookup *l, MYSQL_ROW row, const unsigned long *lengths, size_t n,
		    struct ferry_error *err)
{
	struct destination *d = l->d;
	struct wanted key;

	if (add_row(d, row, lengths, err))
		return -1;
	snprintf(key.id, sizeof key.id, "%s", d->cells.values[d->cells.n - 1].s);
	const struct wanted *found = bsearch(&key, l->wanted, n, sizeof key, by_id);
	while (found && found > l->wanted && by_id(found - 1, &key) == 0)
		found--;
	if (!found)
		d->cells.n -= d->layout->n + 1;	/* a key in other letters */
	for (bool again = false; found && found < l->wanted + n && by_id(found, &key) == 0; found++, again = true) {
		if (again && add_row(d, row, lengths, err))
			return -1;
		settle(l, found->action);
	}
	return 0;
}

static int find_wanted(struct lookup *l, size_t n, struct ferry_error *err)
{
	struct destination *d = l->d;
	MYSQL_ROW row;
	int status = 0;

	text_add(&l->sql, ")", 1);
	statement_enabled(d, &l->sql);
	if (l->sql.failed)
		return server_no_memory(&d->base, err);
	qsort(l->wanted, n, sizeof *l->wanted, by_id);
	MYSQL_RES *res = server_query(&d->base, l->sql.s, &d->patience);
	if (!res)
		return server_fail(&d->base, FERRY_E_SETUP, d->full_name, err);
	while (!status && (row = mysql_fetch_row(res)))
		status = take_row(l, row, mysql_fetch_lengths(res), n, err);
	mysql_free_result(res);
	return status;
}

/* Those whose key the column gives back as it is. */
static int find_plain(struct lookup *l, size_t from, size_t to, bool by_id, struct ferry_error *err)
{
	struct destination *d = l->d;
	size_t n = 0;

	l->sql.len = 0;
	for (size_t i = from; i < to; i++) {
		if (l->at[i] || !take_key(l, &l->actions[i], by_id) || !comes_back(d, l->wanted[n].id))
			continue;
		if (!n) {
			statement_select(d, &l->sql);
			text_addf(&l->sql, " WHERE t.");
			text_name(&l->sql, d->fields[d->key.places[0]]->column.name);
			text_addf(&l->sql, " IN (");
		}
		text_add(&l->sql, ",", n > 0);
		literal_add(&l->sql, d, d->fields[d->key.places[0]], &d->key.parts[0]);
		l->wanted[n++].action = i;
	}
	return n ? find_wanted(l, n, err) : 0;
}

/* ------------------------------------------------------------------ one statement for each */

/* Look up, in one packet, those of the records not found yet, by their fields or by the id they have. */
static int find(struct lookup *l, size_t from, size_t to, bool by_id, struct ferry_error *err)
{
	struct destination *d = l->d;
	size_t asked[LOOKUP_ROWS], n = 0;
	char id[DEST_ID_SIZE];

	l->sql.len = 0;
	for (size_t i = from; i < to; i++) {
		if (l->at[i] || !take_key(l, &l->actions[i], by_id) || comes_back(d, id))
			continue;
		text_add(&l->sql, ";", n > 0);
		statement_text(d, STATEMENT_LOOKUP, NULL, d->key.parts, &l->sql);
		asked[n++] = i;
	}
	if (l->sql.failed)
		return server_no_memory(&d->base, err);
	if (n && !server_send(&d->base, l->sql.s, l->sql.len, &d->patience))
		return server_fail(&d->base, FERRY_E_SETUP, d->full_name, err);
	for (size_t i = 0; i < n; i++) {
		if (take_answer(l, asked[i], err)) {
			server_abandon(&d->base, NULL);	/* there are more answers, which nobody will read */
			return -1;
		}
		if (i + 1 < n && server_next(&d->base, &d->patience) <= 0)
			return server_fail(&d->base, FERRY_E_SETUP, d->full_name, err);
	}
	return 0;
}

static int find_all(struct lookup *l, size_t n, struct ferry_error *err)
{
	int status = 0;

	for (size_t from = 0; !status && from < n; from += LOOKUP_ROWS) {
		size_t to = n - from < LOOKUP_ROWS ? n : from + LOOKUP_ROWS;
		status = find_plain(l, from, to, false, err) || find(l, from, to, false, err) ||
			 find_plain(l, from, to, true, err) || find(l, from, to, true, err) ? -1 : 0;
	}
	return status;
}

int destination_lookup(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err)
{
	struct destination *d = handle;
	struct lookup l = {.d = d, .actions = actions};

	cells_reset(&d->cells);
	for (size_t i = 0; i < n; i++)
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
	if (!n)
		return 0;
	if (server_connect(&d->base, err) || table_look(d, err))
		return -1;
	if (!d->there)
		return 0;
	if (destination_begin(d, err))
		return -1;
	l.at = calloc(n, sizeof *l.at);
	l.wanted = calloc(LOOKUP_ROWS, sizeof *l.wanted);
	int status = l.at && l.wanted ? find_all(&l, n, err) : server_no_memory(&d->base, err);
	/* the values move no more */
	for (size_t i = 0; !status && i < n; i++)
		if (l.at[i]) {
			found[i].presence = FERRY_FOUND;
			found[i].fields = d->cells.values + l.at[i] - 1;
			found[i].dest_id = found[i].fields[d->layout->n].s;
		}
	server_rollback(&d->base);	/* it only read */
	text_release(&l.sql);
	free(l.wanted);
	free(l.at);
	return status;
}

/* ------------------------------------------------------------------ all there is */

struct list {
	struct destination *d;
	struct ferry_listing *listing;
};

static int pass(struct stream *stream, size_t n_rows, struct ferry_error *err)
{
	struct list *l = stream->ctx;
	struct destination *d = l->d;
	const struct ferry_value *row = stream->cells->values;
	struct ferry_found *found = calloc(n_rows, sizeof *found);
	char *ids = calloc(n_rows, DEST_ID_SIZE), *id = ids;
	int status = found && ids ? 0 : server_no_memory(&d->base, err);

	for (size_t i = 0; !status && i < n_rows; i++, row += stream->n_columns, id += DEST_ID_SIZE) {
		if (rowkey_from_fields(&d->key, row))
			rowkey_id(&d->key, id, DEST_ID_SIZE);
		found[i] = (struct ferry_found){.presence = FERRY_FOUND, .dest_id = id, .fields = row};
	}
	if (!status)
		status = l->listing->found(l->listing, found, n_rows, err);
	free(found);
	free(ids);
	return status;
}

static void list_text(const struct destination *d, struct text *sql)
{
	/* the session's limit is for statements that find rows by their key */
	text_addf(sql, "%s", d->base.maria ? "SET STATEMENT max_statement_time = 0 FOR " : "");
	statement_select(d, sql);
	if (d->stamp) {
		text_addf(sql, " WHERE t.");
		text_name(sql, d->stamp->column.name);
		text_addf(sql, " IS NULL");
	}
}

static int list_rows(struct destination *d, struct ferry_listing *listing, struct ferry_error *err)
{
	struct list l = {d, listing};
	struct column *columns = calloc(d->layout->n, sizeof *columns);
	struct stream stream = {
		.server = &d->base, .cells = &d->cells, .columns = columns, .n_columns = d->layout->n,
		.patience = d->patience, .ctx = &l, .pass = pass,
	};
	struct text sql = {0};
	int status = 0;

	list_text(d, &sql);
	if (sql.failed || !columns)
		status = server_no_memory(&d->base, err);
	for (size_t i = 0; !status && i < d->layout->n; i++)
		columns[i] = d->fields[i]->column;
	if (!status)
		status = stream_rows(&stream, sql.s, err);
	text_release(&sql);
	free(columns);
	return status;
}

int destination_list(void *handle, struct ferry_listing *listing, struct ferry_error *err)
{
	struct destination *d = handle;

	if (server_connect(&d->base, err) || table_look(d, err))
		return -1;
	if (!d->there)
		return 0;
	if (destination_begin(d, err))
		return -1;
	int status = list_rows(d, listing, err);
	server_rollback(&d->base);
	return status;
}
