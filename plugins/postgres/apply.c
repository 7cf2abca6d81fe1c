/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - writing a batch in one transaction, with one statement for all of its rows. What can be
 * seen to be wrong with a row is said of it alone; where the server refuses the statement, the rows it
 * is about are found by halves, and all others are written.
 */
#include "postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

enum { STATEMENT_BYTES = 8 * 1024 * 1024 };	/* a batch of large rows takes several statements */

/* One batch on its way. */
struct batch {
	struct destination *d;
	struct row_set set;
	bool failed;
	PGresult *failure;		/* of the statement that was refused; NULL: the connection is lost */
	const struct row *culprit;	/* the row it was refused for, when the server has named it */
	size_t culprit_field;
};

/* ------------------------------------------------------------------ a statement over rows */

/* How many of the rows one statement takes. */
static size_t slice(const struct batch *b, const struct row *rows, size_t n)
{
	size_t bytes = 0, i = 0;

	for (; i < n && (!i || bytes < STATEMENT_BYTES); i++) {
		const struct ferry_value *fields = b->set.actions[rows[i].action].fields;
		for (size_t f = 0; fields && f < b->d->layout->n; f++)
			if (fields[f].type == FERRY_TEXT || fields[f].type == FERRY_BYTES ||
			    fields[f].type == FERRY_JSON)
				bytes += fields[f].len;
	}
	return i;
}

/* The statement gives the numbers of the rows it was good for; all others get `otherwise`. */
static void settle_numbered(struct batch *b, const PGresult *res, const struct row *rows, size_t n,
			    enum ferry_ack otherwise)
{
	for (size_t i = 0; i < n; i++)
		b->set.outcomes[rows[i].action].ack = otherwise;
	for (int i = 0; i < PQntuples(res); i++) {
		uint64_t number;
		memcpy(&number, PQgetvalue(res, i, 0), sizeof number);
		number = __builtin_bswap64(number);
		if (number >= 1 && number <= n)
			b->set.outcomes[rows[number - 1].action].ack = FERRY_ACK_DONE;
	}
}

/* Where it pays, the fields go ahead by COPY. A COPY that fails may tell the very row. */
static PGresult *write_slice(struct batch *b, enum statement which, const struct row *rows, size_t n,
			     const char *stamp)
{
	struct destination *d = b->d;
	bool staged = statement_has_fields(which) && !statement_has_keys(which) && n >= STAGE_ROWS &&
		      d->staged == d->base.connections;
	size_t row;

	if (staged) {
		PGresult *res = stage_fill(d, b->set.actions, rows, n);
		if (!res || !result_ok(res)) {
			if (res && stage_culprit(d, res, n, &row, &b->culprit_field))
				b->culprit = &rows[row];
			return res;
		}
		PQclear(res);
	}
	return rows_query(d, which, b->set.actions, rows, n, staged, stamp);
}

/* Run a statement over all rows. False when it was refused or the connection lost. */
static bool run(struct batch *b, enum statement which, const struct row *rows, size_t n,
		const char *stamp, enum ferry_ack otherwise)
{
	while (n) {
		size_t some = slice(b, rows, n);
		PGresult *res = write_slice(b, which, rows, some, stamp);
		if (!res || !result_ok(res)) {
			b->failed = true;
			b->failure = res;
			return false;
		}
		if (which == STATEMENT_UPSERT)
			for (size_t i = 0; i < some; i++)
				b->set.outcomes[rows[i].action].ack = FERRY_ACK_DONE;
		else
			settle_numbered(b, res, rows, some, otherwise);
		PQclear(res);
		rows += some;
		n -= some;
	}
	return true;
}

/* ------------------------------------------------------------------ decisions */

static bool insert(struct batch *b, const struct row *rows, size_t n)
{
	const struct destination *d = b->d;
	bool nothing_to_set = !d->stamp && d->key.n == d->layout->n;

	/* what is there already, and stays as it is, was found as wanted */
	if (adds_only(d) || nothing_to_set)
		return run(b, STATEMENT_ADD, rows, n, NULL, FERRY_ACK_DUPLICATE);
	return run(b, STATEMENT_UPSERT, rows, n, NULL, FERRY_ACK_DONE);
}

/* A row that is not there any more is inserted, except in mode update. Changes the order of rows. */
static bool update(struct batch *b, enum statement which, struct row *rows, size_t n)
{
	size_t gone = 0;

	if (!run(b, which, rows, n, NULL, FERRY_ACK_UNKNOWN))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct ferry_outcome *out = &b->set.outcomes[rows[i].action];
		if (out->ack == FERRY_ACK_DONE)
			continue;
		if (b->d->mode == FERRY_MODE_UPDATE) {
			outcome_not_found(out);
			continue;
		}
		struct row swap = rows[gone];
		rows[gone++] = rows[i];
		rows[i] = swap;
	}
	return insert(b, rows, gone);
}

static bool write_rows(struct batch *b, struct row *rows, size_t n, struct row *moved, size_t n_moved)
{
	char stamp[MOMENT_TEXT + 1];

	switch (b->set.actions[0].decision) {
	case FERRY_CREATE:
		return insert(b, rows, n);
	case FERRY_UPDATE:
		return update(b, STATEMENT_MOVE, moved, n_moved) && update(b, STATEMENT_UPDATE, rows, n);
	case FERRY_DELETE:
		return run(b, STATEMENT_DELETE, rows, n, NULL, FERRY_ACK_DUPLICATE);
	case FERRY_DISABLE:
		stamp[time_text(b->d->base.host->now(b->d->base.host), stamp)] = '\0';
		return run(b, STATEMENT_DISABLE, rows, n, stamp, FERRY_ACK_DUPLICATE);
	default:
		return true;
	}
}

/* ------------------------------------------------------------------ which rows */

static const struct misfit *misfit(void *ctx, size_t place, const struct ferry_value *v)
{
	struct destination *d = ctx;

	return value_misfit(d->fields[place], v);
}

/* ------------------------------------------------------------------ what became of them */

/* The field of that column. */
static const char *field_named(const struct destination *d, const char *column)
{
	for (size_t i = 0; column && i < d->layout->n; i++)
		if (strcmp(d->fields[i]->column.name, column) == 0)
			return d->layout->names[i];
	return column ? column : "";
}

static void refuse_row(struct batch *b, const struct row *row, const char *field, const PGresult *res)
{
	char message[400];

	fault_message(res, message, sizeof message);
	outcome_refuse(&b->set.outcomes[row->action], fault_name(result_state(res)), field, message);
}

/* COMMIT was refused for what is in the rows, and does not say which: the engine narrows it down. */
static int refuse_all(struct batch *b, const PGresult *res, struct ferry_error *err)
{
	const struct destination *d = b->d;
	const struct row *row = b->set.n_rows ? b->set.rows : b->set.moved;
	char message[400];

	row_set_forget(&b->set, FERRY_ACK_UNSENT);
	if (b->set.n_rows + b->set.n_moved == 1) {
		refuse_row(b, row, field_named(d, PQresultErrorField(res, PG_DIAG_COLUMN_NAME)), res);
		return 0;
	}
	fault_message(res, message, sizeof message);
	return d->base.host->fail(err, FERRY_E_REJECTED, "%s: %s: %s", d->base.name, d->full_name, message);
}

/* The transaction has not been committed, so nothing was written. */
static int take_back(struct batch *b, const PGresult *res, struct ferry_error *err)
{
	struct destination *d = b->d;
	int status;

	if (res && fault_is_data(result_state(res)))
		status = refuse_all(b, res, err);
	else
		status = server_fail(&d->base, res, FERRY_E_SETUP, d->full_name, err);
	if (status)
		row_set_forget(&b->set, FERRY_ACK_UNSENT);
	server_rollback(&d->base);
	return status;
}

static int commit(struct batch *b, struct ferry_error *err)
{
	struct destination *d = b->d;
	PGresult *res = server_query(&d->base, &(struct query){.sql = "COMMIT", .n = -1},
				     &d->commit_patience);
	int status = 0;

	if (res && result_ok(res) && strcmp(PQcmdStatus(res), "COMMIT") == 0) {
		PQclear(res);
		return 0;
	}
	if (res && PQstatus(d->base.conn) == CONNECTION_OK) {
		status = take_back(b, res, err);
	} else {
		/* no answer tells whether it was done */
		status = server_fail(&d->base, res, FERRY_E_NETWORK, "cannot commit", err);
		row_set_forget(&b->set, FERRY_ACK_UNKNOWN);
		server_close(&d->base);
	}
	PQclear(res);
	return status;
}

/* ------------------------------------------------------------------ narrowing down */

static bool mark(struct batch *b, const char *sql)
{
	PGresult *res = server_query(&b->d->base, &(struct query){.sql = sql, .n = -1}, &b->d->patience);

	if (res && result_ok(res)) {
		PQclear(res);
		return true;
	}
	b->failed = true;
	b->failure = res;
	return false;
}

static bool try_rows(struct batch *b, struct row *rows, size_t n, bool moved)
{
	return moved ? write_rows(b, NULL, 0, rows, n) : write_rows(b, rows, n, NULL, 0);
}

/*
 * Write the good ones of these rows, and say of each bad one why. A refusal takes back to the mark
 * that was set before; then the halves are tried, or what is before and behind a row that was named.
 * Of two rows with one key over there the last one stays, as if they had come one after the other.
 */
static bool split(struct batch *b, struct row *rows, size_t n, bool moved)
{
	if (!n)
		return true;
	if (!mark(b, "SAVEPOINT ferry"))
		return false;
	if (try_rows(b, rows, n, moved))
		return mark(b, "RELEASE ferry");
	PGresult *res = b->failure;
	if (!res || !fault_is_data(result_state(res)))
		return false;
	const struct row *culprit = n == 1 ? rows : b->culprit;
	size_t at = culprit ? (size_t)(culprit - rows) : n / 2;
	if (culprit)
		refuse_row(b, culprit, b->culprit ? b->d->layout->names[b->culprit_field] :
			   field_named(b->d, PQresultErrorField(res, PG_DIAG_COLUMN_NAME)), res);
	PQclear(res);
	b->failure = NULL;
	b->culprit = NULL;
	b->failed = false;
	/* where one row was named, others may be bad for the same reason: what is behind it goes in halves */
	struct row *rest = rows + at + (culprit != NULL);
	size_t n_rest = n - (size_t)(rest - rows), half = culprit ? n_rest / 2 : 0;
	return mark(b, "ROLLBACK TO ferry; RELEASE ferry") && split(b, rows, at, moved) &&
	       split(b, rest, half, moved) && split(b, rest + half, n_rest - half, moved);
}

/* The batch as a whole was refused, and is taken back. */
static int narrow(struct batch *b, struct ferry_error *err)
{
	struct destination *d = b->d;

	server_rollback(&d->base);
	PQclear(b->failure);
	b->failure = NULL;
	b->culprit = NULL;
	b->failed = false;
	if (destination_begin(d, err)) {
		row_set_forget(&b->set, FERRY_ACK_UNSENT);
		return -1;
	}
	if (split(b, b->set.moved, b->set.n_moved, true) && split(b, b->set.rows, b->set.n_rows, false))
		return commit(b, err);
	return take_back(b, b->failure, err);
}

static int write_batch(struct batch *b, size_t n, struct ferry_error *err)
{
	struct destination *d = b->d;
	int status;

	if (!row_set_take(&b->set, n)) {
		server_rollback(&d->base);
		return server_no_memory(&d->base, err);
	}
	if (!b->set.n_rows && !b->set.n_moved) {
		server_rollback(&d->base);
		return 0;
	}
	if (write_rows(b, b->set.rows, b->set.n_rows, b->set.moved, b->set.n_moved))
		status = commit(b, err);
	else if (b->failure && fault_is_data(result_state(b->failure)))
		status = narrow(b, err);
	else
		status = take_back(b, b->failure, err);
	PQclear(b->failure);
	return status;
}

/* Begin, and make the table if there is something to put into it. */
static int get_ready(struct destination *d, const struct ferry_action *actions, size_t n,
		     struct ferry_error *err)
{
	bool adds;

	if (target_takes(d->base.host, actions[0].decision, d->disabled_at, &adds, err))
		return -1;
	if (destination_begin(d, err) || table_look(d, err))
		return -1;
	if (!d->there && adds && table_create(d, actions, n, err))
		return -1;
	return d->there && adds && n >= STAGE_ROWS ? stage_make(d, err) : 0;
}

int destination_apply(void *handle, const struct ferry_action *actions, size_t n,
		      struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct destination *d = handle;
	struct batch b = {
		.d = d, .set = {.key = &d->key, .actions = actions, .outcomes = outcomes, .misfit = misfit, .ctx = d},
	};

	if (!n)
		return 0;
	outcomes_set(outcomes, n, FERRY_ACK_UNSENT);
	if (get_ready(d, actions, n, err)) {
		server_abandon(&d->base);
		server_rollback(&d->base);
		return -1;
	}
	if (!d->there) {
		outcomes_set(outcomes, n, FERRY_ACK_DUPLICATE);	/* no table, nothing to take away */
		server_rollback(&d->base);
		return 0;
	}
	int status = write_batch(&b, n, err);
	row_set_release(&b.set);
	return status;
}
