/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.c - reading what the table holds: for given records, many with one statement, or all of it.
 */
#include "postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKUP_ROWS = 1000 };

/* Records that are looked up, and where what is found is put down. */
struct lookup {
	struct destination *d;
	const struct ferry_action *actions;
	struct ferry_found *found;
	size_t *at;			/* by action: where its values begin in d->cells, plus one */
	struct ferry_value *keys;	/* by action, n_key each */
};

/* A further value after the fields: the destination id. */
static enum cell_status add_id(struct destination *d)
{
	char id[DEST_ID_SIZE];

	id[0] = '\0';
	if (rowkey_from_fields(&d->key, d->cells.values + d->cells.n - d->layout->n))
		rowkey_id(&d->key, id, sizeof id);
	/* its NUL goes with it */
	struct ferry_value v = {.s = id, .len = (uint32_t)strlen(id) + 1, .type = FERRY_TEXT};
	return cells_add_value(&d->cells, &v);
}

static int fail_cell(const struct destination *d, enum cell_status status, const char *column,
		     struct ferry_error *err)
{
	if (status == CELL_NO_MEMORY)
		return server_no_memory(&d->base, err);
	return d->base.host->fail(err, FERRY_E_PROTOCOL,
				  "%s: table %s, column '%s': this is not what PostgreSQL sends",
				  d->base.name, d->full_name, column);
}

/*
 * Append a row's fields. One that equals ours, as PostgreSQL would have stored it, is given in our own
 * type: 12.50 is 12.5, and no difference.
 */
static int add_row(struct destination *d, const PGresult *res, int row, const struct ferry_value *ours,
		   struct ferry_error *err)
{
	size_t n = d->layout->n;
	enum cell_status status;

	if (!cells_room(&d->cells, n + 1))
		return server_no_memory(&d->base, err);
	for (size_t i = 0; i < n; i++) {
		int at = (int)i + 1;
		if (ours && *PQgetvalue(res, row, (int)(n + i) + 1))
			status = cells_add_value(&d->cells, &ours[i]);
		else
			status = cells_add(&d->cells, d->fields[i]->column.kind, PQgetvalue(res, row, at),
					   PQgetisnull(res, row, at) ? -1 : PQgetlength(res, row, at),
					   false);
		if (status != CELL_OK)
			return fail_cell(d, status, d->layout->names[i], err);
	}
	status = add_id(d);
	return status == CELL_OK ? 0 : fail_cell(d, status, "", err);
}

static int take(struct lookup *l, const PGresult *res, const struct row *rows, size_t n, bool compared,
		struct ferry_error *err)
{
	for (int i = 0; i < PQntuples(res); i++) {
		uint64_t number;
		memcpy(&number, PQgetvalue(res, i, 0), sizeof number);
		number = __builtin_bswap64(number);
		if (number < 1 || number > n)
			continue;
		size_t action = rows[number - 1].action;
		l->at[action] = l->d->cells.n + 1;
		if (add_row(l->d, res, i, compared ? l->actions[action].fields : NULL, err))
			return -1;
	}
	return 0;
}

/*
 * Look rows up in one statement, by their keys, or by their keys with their fields to be compared. A
 * value that the server cannot read as what its column holds spoils it for all: then in halves.
 */
static int look_up(struct lookup *l, const struct row *rows, size_t n, bool compare,
		   struct ferry_error *err)
{
	struct destination *d = l->d;
	int status;

	if (!n)
		return 0;
	PGresult *res = rows_query(d, compare ? STATEMENT_LOOKUP : STATEMENT_FIND, l->actions, rows, n,
				   false, NULL);
	if (res && result_ok(res)) {
		status = take(l, res, rows, n, compare, err);
	} else if (res && fault_is_data(result_state(res))) {
		/* of a single row: no row has that key, or what was found of it stands */
		server_rollback(&d->base);
		if (destination_begin(d, err))
			status = -1;
		else
			status = n > 1 && (look_up(l, rows, n / 2, compare, err) ||
					   look_up(l, rows + n / 2, n - n / 2, compare, err)) ? -1 : 0;
	} else {
		status = server_fail(&d->base, res, FERRY_E_SETUP, d->full_name, err);
	}
	PQclear(res);
	return status;
}

/* Take d->key.parts as the key of a row, unless no row can have it. */
static bool add_to(struct lookup *l, struct row *rows, size_t *n, size_t action)
{
	const struct destination *d = l->d;

	for (size_t k = 0; k < d->key.n; k++)
		if (value_misfit(d->fields[d->key.places[k]], &d->key.parts[k]))
			return false;
	rows[*n] = (struct row){.action = action, .key = l->keys + action * d->key.n};
	memcpy(rows[(*n)++].key, d->key.parts, d->key.n * sizeof *d->key.parts);
	return true;
}

static bool comparable(const struct destination *d, const struct ferry_value *fields)
{
	for (size_t i = 0; fields && i < d->layout->n; i++)
		if (value_misfit(d->fields[i], &fields[i]))
			return false;
	return fields;
}

/* All those not found yet, by their fields or by the id they are known by. */
static int find(struct lookup *l, struct row *rows, size_t from, size_t to, bool by_id, struct ferry_error *err)
{
	struct destination *d = l->d;
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		const struct ferry_action *a = &l->actions[i];
		if (!l->at[i] && (by_id ? rowkey_from_id(&d->key, a->dest_id) : rowkey_from_fields(&d->key, a->fields)))
			add_to(l, rows, &n, i);
	}
	return look_up(l, rows, n, false, err);
}

enum verdict { SAME, OTHER, SERVER_KNOWS };

/*
 * Whether what a column holds is ours. For numbers, times, booleans and texts that is plain; of other
 * types the server knows what they take for equal. Ours is put in place of another way to write it.
 */
static enum verdict verdict(const struct column *c, const struct ferry_value *ours, struct ferry_value *theirs)
{
	struct digits a, b;

	if (ours->type == FERRY_NULL || theirs->type == FERRY_NULL)
		return ours->type == theirs->type ? SAME : OTHER;
	if (ours->type != theirs->type)
		return SERVER_KNOWS;
	if (ours->type == FERRY_INT || ours->type == FERRY_BOOL || ours->type == FERRY_TIME)
		return ours->i == theirs->i ? SAME : OTHER;
	if (ours->len == theirs->len && memcmp(ours->s, theirs->s, ours->len) == 0)
		return SAME;
	if (ours->type == FERRY_DECIMAL && c->kind == KIND_NUMERIC && digits_read(ours->s, ours->len, &a) &&
	    digits_read(theirs->s, theirs->len, &b)) {
		if (!digits_equal(&a, &b))
			return OTHER;
		*theirs = *ours;
		return SAME;
	}
	return ours->type == FERRY_TEXT && c->text && c->wrap == WRAP_NONE ? OTHER : SERVER_KNOWS;
}

/* Of those that were found, what cannot be told here is compared by the server, who knows its types. */
static int compare(struct lookup *l, struct row *rows, size_t from, size_t to, struct ferry_error *err)
{
	struct destination *d = l->d;
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		const struct ferry_value *ours = l->actions[i].fields;
		bool unsure = false;
		if (!l->at[i] || !comparable(d, ours))
			continue;
		for (size_t f = 0; f < d->layout->n; f++)
			unsure |= verdict(&d->fields[f]->column, &ours[f], &d->cells.values[l->at[i] - 1 + f]) == SERVER_KNOWS;
		if (unsure)
			rows[n++] = (struct row){.action = i, .key = l->keys + i * d->key.n};
	}
	return look_up(l, rows, n, true, err);
}

static int find_all(struct lookup *l, size_t n, struct ferry_error *err)
{
	struct row *rows = calloc(n, sizeof *rows);
	int status = rows ? 0 : server_no_memory(&l->d->base, err);

	for (size_t from = 0; !status && from < n; from += LOOKUP_ROWS) {
		size_t to = n - from < LOOKUP_ROWS ? n : from + LOOKUP_ROWS;
		status = find(l, rows, from, to, false, err) || find(l, rows, from, to, true, err) ||
			 compare(l, rows, from, to, err) ? -1 : 0;
	}
	free(rows);
	return status;
}

int destination_lookup(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err)
{
	struct destination *d = handle;
	struct lookup l = {.d = d, .actions = actions, .found = found};
	int status = -1;

	cells_reset(&d->cells);
	for (size_t i = 0; i < n; i++)
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
	if (!n)
		return 0;
	if (destination_begin(d, err) || table_look(d, err))
		goto out;
	status = 0;
	if (!d->there)
		goto out;
	l.at = calloc(n, sizeof *l.at);
	l.keys = calloc(n * d->key.n, sizeof *l.keys);
	status = l.at && l.keys ? find_all(&l, n, err) : server_no_memory(&d->base, err);
	/* the values move no more */
	for (size_t i = 0; !status && i < n; i++)
		if (l.at[i]) {
			found[i].presence = FERRY_FOUND;
			found[i].fields = d->cells.values + l.at[i] - 1;
			found[i].dest_id = found[i].fields[d->layout->n].s;
		}
out:
	server_abandon(&d->base);
	server_rollback(&d->base);	/* it only read */
	free(l.at);
	free(l.keys);
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

	for (size_t i = 0; !status && i < n_rows; i++, row += stream->n_columns) {
		if (rowkey_from_fields(&d->key, row))
			rowkey_id(&d->key, id, DEST_ID_SIZE);
		found[i] = (struct ferry_found){.presence = FERRY_FOUND, .dest_id = id, .fields = row};
		id += DEST_ID_SIZE;
	}
	if (!status)
		status = l->listing->found(l->listing, found, n_rows, err);
	free(found);
	free(ids);
	return status;
}

static void list_text(const struct destination *d, struct text *sql)
{
	text_addf(sql, "COPY (SELECT ");
	for (size_t i = 0; i < d->layout->n; i++) {
		text_addf(sql, "%s", i ? ", " : "");
		column_expression(sql, "t", &d->fields[i]->column);
	}
	text_addf(sql, " FROM %s t", d->full_name);
	if (d->stamp) {
		text_addf(sql, " WHERE t.");
		text_name(sql, d->stamp->column.name);
		text_addf(sql, " IS NULL");
	}
	text_addf(sql, ") TO STDOUT (FORMAT binary)");
}

static int list_rows(struct destination *d, struct ferry_listing *listing, struct ferry_error *err)
{
	struct list l = {d, listing};
	struct column *columns = calloc(d->layout->n, sizeof *columns);
	struct copy_column *kinds = calloc(d->layout->n, sizeof *kinds);
	struct stream stream = {
		.server = &d->base, .cells = &d->cells, .columns = columns, .n_columns = d->layout->n,
		.kinds = kinds, .patience = d->patience, .ctx = &l, .pass = pass,
	};
	struct text sql = {0};
	int status;

	list_text(d, &sql);
	if (sql.failed || !columns || !kinds) {
		status = server_no_memory(&d->base, err);
	} else {
		for (size_t i = 0; i < d->layout->n; i++) {
			columns[i] = d->fields[i]->column;
			kinds[i].kind = columns[i].kind;
		}
		status = stream_copy(&stream, sql.s, err);
	}
	text_release(&sql);
	free(columns);
	free(kinds);
	return status;
}

int destination_list(void *handle, struct ferry_listing *listing, struct ferry_error *err)
{
	struct destination *d = handle;
	int status = destination_begin(d, err) || table_look(d, err) ? -1 : 0;

	if (!status && d->there)
		status = server_exec(&d->base, "SET LOCAL statement_timeout = 0", &d->patience,
				     "cannot read", err) || list_rows(d, listing, err) ? -1 : 0;
	server_abandon(&d->base);
	server_rollback(&d->base);
	return status;
}
