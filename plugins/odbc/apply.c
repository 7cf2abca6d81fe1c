/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - writing a batch in one transaction. Where the driver has arrays of parameters, many rows
 * are one exchange; else, and where an array was refused, row by row. A row the table refuses leaves no
 * trace and does not hold up the others, as far as the database lets go on after a failure.
 */
#include "odbc/odbc.h"

#include <stdlib.h>
#include <string.h>

enum { ARRAY_ROWS = 1000, ARRAY_BYTES = 8 * 1024 * 1024 };

/* One batch on its way. */
struct batch {
	struct destination *d;
	const struct ferry_action *actions;
	struct ferry_outcome *outcomes;
	struct row *rows;
	bool *moves;			/* by row: found by a key that is not the one it gets */
	size_t n;
	struct ferry_value *keys;	/* by action: the key it is found by, then its own */
	bool careful;			/* a savepoint before each row */
	struct fault fault;
};

/* ------------------------------------------------------------------ one row */

enum what { WHAT_DONE, WHAT_ALREADY, WHAT_REFUSED, WHAT_FAULT, WHAT_FAILED };

static enum what run(struct batch *b, enum statement which, const struct row *row, SQLLEN *count,
		     struct ferry_error *err)
{
	switch (run_rows(b->d, which, b->actions, row, 1, count, &b->fault, err)) {
	case RUN_DONE:
		return *count == 0 ? WHAT_ALREADY : WHAT_DONE;
	case RUN_FAULT:
		return WHAT_FAULT;
	case RUN_FAILED:
		break;
	}
	return WHAT_FAILED;
}

/* WHAT_DONE: there is such a row; WHAT_ALREADY: there is none. */
static enum what exists(struct batch *b, const struct ferry_value *key, struct ferry_error *err)
{
	SQLHSTMT stmt = NULL;
	enum run done = run_query(b->d, STATEMENT_EXISTS, key, &stmt, &b->fault, err);

	if (done != RUN_DONE)
		return done == RUN_FAULT ? WHAT_FAULT : WHAT_FAILED;
	SQLRETURN rc = SQLFetch(stmt);
	if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
		fault_read(&b->d->base, stmt, &b->fault);
	SQLFreeStmt(stmt, SQL_CLOSE);
	return rc == SQL_NO_DATA ? WHAT_ALREADY : SQL_SUCCEEDED(rc) ? WHAT_DONE : WHAT_FAULT;
}

/* The row with the key it gets, whatever key it had. */
static struct row own(const struct batch *b, const struct row *row)
{
	return (struct row){.action = row->action,
			    .key = b->keys + (2 * row->action + 1) * b->d->key.n};
}

static enum what insert(struct batch *b, const struct row *row, struct ferry_error *err)
{
	const struct destination *d = b->d;
	struct row itself = own(b, row);
	bool only_add = mode_adds_only(d->mode);
	SQLLEN count;

	if (destination_upserts(d))
		return run(b, only_add ? STATEMENT_ADD : STATEMENT_UPSERT, &itself, &count, err);
	enum what there = exists(b, itself.key, err);
	if (there == WHAT_ALREADY)
		return run(b, STATEMENT_INSERT, &itself, &count, err);
	if (there != WHAT_DONE)
		return there;
	if (only_add)
		return d->stamp ? run(b, STATEMENT_RESTORE, &itself, &count, err) : WHAT_ALREADY;
	return run(b, STATEMENT_UPDATE, &itself, &count, err);
}

/*
 * A row that is not there any more is inserted, except in mode update. Databases differ in whether they
 * count a row that was found, but is as wanted.
 */
static enum what update(struct batch *b, const struct row *row, bool moves, struct ferry_error *err)
{
	const struct destination *d = b->d;
	SQLLEN count;

	if (!moves && destination_upserts(d) && d->mode != FERRY_MODE_UPDATE &&
	    !mode_adds_only(d->mode))
		return insert(b, row, err);
	enum what what = run(b, moves ? STATEMENT_MOVE : STATEMENT_UPDATE, row, &count, err);
	if (what == WHAT_FAULT || what == WHAT_FAILED || count > 0)
		return what;
	what = exists(b, row->key, err);
	if (what != WHAT_ALREADY)
		return what;
	if (d->mode != FERRY_MODE_UPDATE)
		return insert(b, row, err);
	outcome_not_found(&b->outcomes[row->action]);
	return WHAT_REFUSED;
}

static enum what write_row(struct batch *b, size_t i, struct ferry_error *err)
{
	const struct row *row = &b->rows[i];
	SQLLEN count;

	switch (b->actions[0].decision) {
	case FERRY_CREATE:
		return insert(b, row, err);
	case FERRY_UPDATE:
		return update(b, row, b->moves[i], err);
	case FERRY_DELETE:
		return run(b, STATEMENT_DELETE, row, &count, err);
	default:
		return run(b, STATEMENT_DISABLE, row, &count, err);
	}
}

/* ------------------------------------------------------------------ which rows */

static bool check_fields(const struct destination *d, const struct ferry_value *fields,
			 struct ferry_outcome *out)
{
	for (size_t i = 0; i < d->layout->n; i++) {
		const struct misfit *why = value_misfit(&d->base, d->fields[i], &fields[i]);
		if (!why)
			continue;
		outcome_refuse(out, why->code, d->layout->names[i], why->message);
		return false;
	}
	return outcome_key_given(&d->key, fields, out);
}

static void take(struct batch *b, size_t i, bool moves)
{
	struct rowkey *k = &b->d->key;
	struct row *row = &b->rows[b->n];

	*row = (struct row){.action = i, .key = b->keys + 2 * i * k->n};
	memcpy(row->key, k->parts, k->n * sizeof *row->key);
	if (rowkey_from_fields(k, b->actions[i].fields))
		memcpy(row->key + k->n, k->parts, k->n * sizeof *row->key);
	b->moves[b->n++] = moves;
}

static void take_write(struct batch *b, size_t i)
{
	struct rowkey *k = &b->d->key;
	const struct ferry_action *a = &b->actions[i];
	struct ferry_outcome *out = &b->outcomes[i];

	if (!check_fields(b->d, a->fields, out))
		return;
	rowkey_from_fields(k, a->fields);
	rowkey_id(k, out->dest_id, sizeof out->dest_id);
	bool moves = a->decision == FERRY_UPDATE && rowkey_moves(k, a, out->dest_id);
	for (size_t p = 0; moves && p < k->n; p++)
		moves = !value_misfit(&b->d->base, b->d->fields[k->places[p]], &k->parts[p]);
	if (!moves)
		rowkey_from_fields(k, a->fields);
	take(b, i, moves);
}

static void take_removal(struct batch *b, size_t i)
{
	struct rowkey *k = &b->d->key;
	struct ferry_outcome *out = &b->outcomes[i];

	if (!rowkey_from_action(k, &b->actions[i])) {
		outcome_no_key(out);
		return;
	}
	for (size_t p = 0; p < k->n; p++)
		if (value_misfit(&b->d->base, b->d->fields[k->places[p]], &k->parts[p])) {
			out->ack = FERRY_ACK_DUPLICATE;	/* no row has such a key */
			return;
		}
	rowkey_id(k, out->dest_id, sizeof out->dest_id);
	take(b, i, false);
}

static int take_rows(struct batch *b, size_t n, struct ferry_error *err)
{
	bool removal =
		b->actions[0].decision == FERRY_DELETE || b->actions[0].decision == FERRY_DISABLE;

	b->rows = calloc(n, sizeof *b->rows);
	b->moves = calloc(n, sizeof *b->moves);
	b->keys = calloc(2 * n * b->d->key.n, sizeof *b->keys);
	if (!b->rows || !b->moves || !b->keys)
		return database_no_memory(&b->d->base, err);
	for (size_t i = 0; i < n; i++)
		(removal ? take_removal : take_write)(b, i);
	return 0;
}

/* ------------------------------------------------------------------ what became of them */

/* Rows from this one on: nothing is known of them but this. */
static void forget(struct batch *b, size_t from, enum ferry_ack ack)
{
	for (size_t i = from; i < b->n; i++)
		outcomes_set(&b->outcomes[b->rows[i].action], 1, ack);
}

static void refuse_row(struct batch *b, size_t i)
{
	char field[64];
	const struct destination *d = b->d;

	fault_field(&b->fault, field, sizeof field);
	int place = *field ? layout_place(d->layout, field) : -1;
	outcome_refuse(&b->outcomes[b->rows[i].action], fault_name(&b->fault),
		       place < 0 ? "" : d->layout->names[place], b->fault.text);
}

static void settle(struct batch *b, size_t i, enum what what)
{
	if (what != WHAT_REFUSED)
		b->outcomes[b->rows[i].action].ack =
			what == WHAT_DONE ? FERRY_ACK_DONE : FERRY_ACK_DUPLICATE;
}

static void end_statements(struct destination *d)
{
	if (d->base.forgets || d->base.lost)
		run_forget(d);
}

static void take_back(struct batch *b)
{
	database_rollback(&b->d->base);
	end_statements(b->d);
}

/* The batch is refused, and what is said of it does not tell the row: the engine narrows it down. */
static int refuse_all(struct batch *b, struct ferry_error *err)
{
	const struct destination *d = b->d;

	take_back(b);
	forget(b, 0, FERRY_ACK_UNSENT);
	if (b->n == 1) {
		refuse_row(b, 0);
		return 0;
	}
	return d->base.host->fail(err, FERRY_E_REJECTED, "%s: %s: %s", d->base.name, d->full_name,
				  b->fault.text);
}

/* Nothing goes on. Of what was not committed nothing was written. */
static int give_up(struct batch *b, size_t at, enum what what, struct ferry_error *err)
{
	struct destination *d = b->d;

	if (what == WHAT_FAULT)
		fault_fail(&d->base, &b->fault, FERRY_E_SETUP, d->full_name, err);
	take_back(b);
	if (d->base.transactions) {
		forget(b, 0, FERRY_ACK_UNSENT);
		return -1;
	}
	forget(b, at, FERRY_ACK_UNSENT);
	enum ferry_code code = fault_code(&b->fault, FERRY_OK);
	if (what == WHAT_FAULT && (code == FERRY_E_NETWORK || code == FERRY_E_TIMEOUT))
		b->outcomes[b->rows[at].action].ack = FERRY_ACK_UNKNOWN;
	return -1;
}

static int commit(struct batch *b, struct ferry_error *err)
{
	struct destination *d = b->d;

	if (SQL_SUCCEEDED(database_commit(&d->base))) {
		end_statements(d);
		return 0;
	}
	fault_read(&d->base, NULL, &b->fault);
	if (fault_is_data(&b->fault))
		return refuse_all(b, err);	/* a constraint that is checked at the end */
	fault_fail(&d->base, &b->fault, FERRY_E_UNAVAILABLE, "cannot commit", err);
	enum ferry_code code = fault_code(&b->fault, FERRY_OK);
	/* only a database that answers can have taken it back */
	bool answered = code == FERRY_E_UNAVAILABLE || code == FERRY_E_FORBIDDEN;
	forget(b, 0, answered ? FERRY_ACK_UNSENT : FERRY_ACK_UNKNOWN);
	d->base.lost = d->base.lost || !answered;
	take_back(b);
	return -1;
}

/* ------------------------------------------------------------------ row by row */

/* What can be gone back to, without the rows before it. */
static bool mark(struct batch *b, const char *sql)
{
	return !b->careful || SQL_SUCCEEDED(database_try(&b->d->base, sql));
}

/* A row was refused. 0: go on with the next; 1: begin the batch again; else it is over. */
enum { GO_ON, BEGIN_AGAIN, OVER };

static int refused(struct batch *b, size_t i)
{
	const struct destination *d = b->d;

	if (!d->base.transactions || d->base.dialect->failure == FAILURE_KEEPS) {
		refuse_row(b, i);
		return GO_ON;
	}
	if (d->base.dialect->failure == FAILURE_UNSURE)
		return OVER;
	if (b->careful && mark(b, "ROLLBACK TO SAVEPOINT ferry")) {
		refuse_row(b, i);
		return GO_ON;
	}
	return b->careful ? OVER : BEGIN_AGAIN;
}

static int write_one_by_one(struct batch *b, struct ferry_error *err)
{
	struct destination *d = b->d;

	for (size_t i = 0; i < b->n; i++) {
		if (d->base.host->cancelled(d->base.host) && !i) {
			forget(b, 0, FERRY_ACK_UNSENT);
			return d->base.host->fail(err, FERRY_E_CANCELLED, "cancelled");
		}
		if (!mark(b, "SAVEPOINT ferry")) {
			fault_read(&d->base, NULL, &b->fault);
			return give_up(b, i, WHAT_FAULT, err);
		}
		enum what what = write_row(b, i, err);
		if (what == WHAT_FAILED || (what == WHAT_FAULT && !fault_is_data(&b->fault)))
			return give_up(b, i, what, err);
		if (what != WHAT_FAULT) {
			settle(b, i, what);
			mark(b, "RELEASE SAVEPOINT ferry");
			continue;
		}
		int next = refused(b, i);
		if (next == OVER)
			return refuse_all(b, err);
		if (next == BEGIN_AGAIN) {
			take_back(b);
			b->careful = true;
			i = (size_t)-1;
		}
	}
	return commit(b, err);
}

/* ------------------------------------------------------------------ in arrays */

/* One statement for all rows, whatever is there; STATEMENTS when there is none. */
static enum statement array_statement(const struct batch *b)
{
	const struct destination *d = b->d;
	enum ferry_decision decision = b->actions[0].decision;
	bool plain = decision == FERRY_CREATE ||
		     (decision == FERRY_UPDATE && d->mode != FERRY_MODE_UPDATE &&
		      !mode_adds_only(d->mode));

	if (!d->base.driver->arrays || !d->base.transactions || b->n < 2)
		return STATEMENTS;
	for (size_t i = 0; i < b->n; i++)
		if (b->moves[i])
			return STATEMENTS;
	if (decision == FERRY_DELETE)
		return STATEMENT_DELETE;
	if (!plain || !destination_upserts(d))
		return STATEMENTS;
	return mode_adds_only(d->mode) ? STATEMENT_ADD : STATEMENT_UPSERT;
}

/* How many rows one array takes: each has the room of its longest. */
static size_t slice(const struct batch *b, size_t from)
{
	size_t widest = 1, n = 0;

	for (; from + n < b->n && n < ARRAY_ROWS; n++) {
		const struct ferry_value *fields = b->actions[b->rows[from + n].action].fields;
		size_t row = 0;
		for (size_t f = 0; fields && f < b->d->layout->n; f++)
			row += 64 + (value_has_text(&fields[f]) ? 2 * (size_t)fields[f].len : 0);
		widest = row > widest ? row : widest;
		if (n && widest * (n + 1) > ARRAY_BYTES)
			break;
	}
	return n;
}

static int write_arrays(struct batch *b, enum statement which, struct ferry_error *err)
{
	struct destination *d = b->d;
	SQLLEN count;

	for (size_t i = 0, n; i < b->n; i += n) {
		n = slice(b, i);
		enum run run =
			run_rows(d, which, b->actions, &b->rows[i], n, &count, &b->fault, err);
		if (run == RUN_FAULT && fault_code(&b->fault, FERRY_OK) == FERRY_OK) {
			/* some row, or the array itself */
			take_back(b);
			return write_one_by_one(b, err);
		}
		if (run != RUN_DONE)
			return give_up(b, i, run == RUN_FAULT ? WHAT_FAULT : WHAT_FAILED, err);
		for (size_t k = 0; k < n; k++)
			settle(b, i + k, WHAT_DONE);
	}
	return commit(b, err);
}

/* ------------------------------------------------------------------ the batch */

/* Look at the table, and make it if there is something to put into it. */
static int get_ready(struct destination *d, const struct ferry_action *actions, size_t n,
		     struct ferry_error *err)
{
	bool adds;

	if (target_takes(d->base.host, actions[0].decision, d->disabled_at, &adds, err) ||
	    target_look(d, err))
		return -1;
	return d->there || !adds ? 0 : target_create(d, actions, n, err);
}

int destination_apply(void *handle, const struct ferry_action *actions, size_t n,
		      struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct destination *d = handle;
	struct batch b = {.d = d, .actions = actions, .outcomes = outcomes};
	int status;

	if (!n)
		return 0;
	outcomes_set(outcomes, n, FERRY_ACK_UNSENT);
	if (get_ready(d, actions, n, err)) {
		end_statements(d);
		return -1;
	}
	if (!d->there) {
		outcomes_set(outcomes, n, FERRY_ACK_DUPLICATE);	/* no table, nothing to take away */
		return 0;
	}
	status = take_rows(&b, n, err);
	if (!status && b.n) {
		enum statement which = array_statement(&b);
		status = which == STATEMENTS ? write_one_by_one(&b, err) :
					       write_arrays(&b, which, err);
	}
	free(b.rows);
	free(b.moves);
	free(b.keys);
	return status;
}
