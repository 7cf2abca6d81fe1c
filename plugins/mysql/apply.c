/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - writing a batch in one transaction: new rows many at a time, all else with a statement for
 * each row, many statements in one packet. What can be seen to be wrong with a row is said of it alone;
 * where the server refuses many new rows at once, they are tried one by one, and all good ones written.
 */
#include "mysql/private.h"

#include <stdlib.h>
#include <string.h>

enum {
	STATEMENT_BYTES = 1024 * 1024,	/* a batch of large rows takes several packets */
	STATEMENTS = 500,		/* in one packet */
	PACKET_SPARE = 4096,
};

/* One batch on its way. */
struct batch {
	struct destination *d;
	struct row_set set;
	struct text sql;
};

static size_t packet_bytes(const struct batch *b)
{
	size_t most = b->d->base.max_packet - PACKET_SPARE;

	return most < STATEMENT_BYTES ? most : STATEMENT_BYTES;
}

/* ------------------------------------------------------------------ what a row was refused for */

/* The field a message is about. */
static const char *field_of(const struct destination *d, const char *message, char name[80])
{
	enum named what = fault_names(message, name, 80);

	if (what == NAMED_INDEX)
		return table_index_field(d, name);
	/* a CHECK that belongs to a column has its name */
	int place = what == NAMED_NOTHING ? -1 : layout_place(d->layout, name);
	return place >= 0 ? d->layout->names[place] : what == NAMED_COLUMN ? name : "";
}

static void refuse_row(struct batch *b, const struct row *row)
{
	const struct failure *f = &b->d->base.failure;
	char number[INTEGER_TEXT], name[80];

	if (f->number == 1242)
		outcome_refuse(&b->set.outcomes[row->action], "ER_DUP_ENTRY", "",
			       "another row has the same value in a unique column, or the same key in other letters");
	else
		outcome_refuse(&b->set.outcomes[row->action], fault_name(f->number, number),
			       field_of(b->d, f->text, name), f->text);
}

static void refuse_size(struct batch *b, const struct row *row)
{
	outcome_refuse(&b->set.outcomes[row->action], "ER_NET_PACKET_TOO_LARGE", "",
		       "the row is larger than the server's max_allowed_packet");
}

/* ------------------------------------------------------------------ one statement for each row */

/* Put statements for rows into one packet; how many. 0: not even the first one fits. */
static size_t gather(struct batch *b, enum statement which, const struct row *rows, size_t n)
{
	size_t i;

	b->sql.len = 0;
	for (i = 0; i < n && i < STATEMENTS; i++) {
		size_t before = b->sql.len;
		text_add(&b->sql, ";", i > 0);
		statement_text(b->d, which, b->set.actions[rows[i].action].fields, rows[i].key, &b->sql);
		if (b->sql.failed)
			return i;
		if (b->sql.len > packet_bytes(b) && i) {
			b->sql.len = before;
			break;
		}
		if (b->sql.len > b->d->base.max_packet - PACKET_SPARE) {
			b->sql.len = before;
			break;
		}
	}
	return i;
}

/* Whether the present answer says that there was such a row. */
static bool take_answer(struct batch *b, bool *found)
{
	struct server *s = &b->d->base;

	if (!mysql_field_count(s->conn)) {
		*found = mysql_affected_rows(s->conn) > 0;
		return true;
	}
	MYSQL_RES *res = server_store(s, &b->d->patience);
	*found = res && mysql_num_rows(res) > 0;
	mysql_free_result(res);
	return res;
}

/* Send a packet of n statements; how many were answered without a failure. */
static size_t send_packet(struct batch *b, const struct row *rows, size_t n, enum ferry_ack found,
			  enum ferry_ack otherwise)
{
	struct server *s = &b->d->base;
	bool yes;

	if (!server_send(s, b->sql.s, b->sql.len, &b->d->patience))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (!take_answer(b, &yes))
			return i;
		b->set.outcomes[rows[i].action].ack = yes ? found : otherwise;
		if (i + 1 < n && server_next(s, &b->d->patience) <= 0)
			return i + 1;
	}
	return n;
}

static bool run_each(struct batch *b, enum statement which, const struct row *rows, size_t n,
		     enum ferry_ack found, enum ferry_ack otherwise);

/* Row by row; one that is refused does not hold up the others. False: the transaction is lost. */
static bool explain(struct batch *b, enum statement which, const struct row *row, enum ferry_ack found,
		    enum ferry_ack otherwise)
{
	struct server *s = &b->d->base;

	if (!s->conn || !fault_is_data(&s->failure))
		return false;
	/* the server knows better which of its unique indexes it is */
	if (s->failure.number == 1242 && which != STATEMENT_PLAIN)
		return run_each(b, STATEMENT_PLAIN, row, 1, found, otherwise);
	refuse_row(b, row);
	return true;
}

static bool run_each(struct batch *b, enum statement which, const struct row *rows, size_t n,
		     enum ferry_ack found, enum ferry_ack otherwise)
{
	while (n) {
		size_t some = gather(b, which, rows, n);
		if (b->sql.failed)
			return false;
		if (!some) {
			refuse_size(b, rows);
			rows++, n--;
			continue;
		}
		size_t done = send_packet(b, rows, some, found, otherwise);
		rows += done;
		n -= done;
		if (done == some)
			continue;
		if (!explain(b, which, rows, found, otherwise))
			return false;
		rows++, n--;
	}
	return true;
}

/* ------------------------------------------------------------------ new rows */

/* An INSERT of as many rows as one packet takes; how many. */
static size_t gather_insert(struct batch *b, enum statement which, const struct row *rows, size_t n)
{
	size_t i;

	b->sql.len = 0;
	insert_begin(b->d, &b->sql);
	for (i = 0; i < n; i++) {
		size_t before = b->sql.len;
		text_add(&b->sql, ",", i > 0);
		insert_row(b->d, b->set.actions[rows[i].action].fields, &b->sql);
		if (b->sql.failed)
			return i;
		if (b->sql.len > packet_bytes(b) && i) {
			b->sql.len = before;
			break;
		}
	}
	insert_end(b->d, which, &b->sql);
	return i;
}

static bool run_insert(struct batch *b, enum statement which, const struct row *rows, size_t n)
{
	struct server *s = &b->d->base;

	while (n) {
		size_t some = gather_insert(b, which, rows, n);
		if (b->sql.failed)
			return false;
		bool fits = b->sql.len <= s->max_packet - PACKET_SPARE;
		if (fits && server_send(s, b->sql.s, b->sql.len, &b->d->patience))
			for (size_t i = 0; i < some; i++)
				b->set.outcomes[rows[i].action].ack = FERRY_ACK_DONE;
		else if (fits && (!s->conn || !fault_is_data(&s->failure)))
			return false;
		else if (!run_each(b, which, rows, some, FERRY_ACK_DONE, FERRY_ACK_DONE))
			return false;
		rows += some;
		n -= some;
	}
	return true;
}

/* Those that are there already are left alone: they were found as wanted. Changes the order of rows. */
static bool add(struct batch *b, struct row *rows, size_t n)
{
	size_t missing = 0;

	if (!run_each(b, STATEMENT_EXISTS, rows, n, FERRY_ACK_DUPLICATE, FERRY_ACK_UNSENT))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (b->set.outcomes[rows[i].action].ack != FERRY_ACK_UNSENT)
			continue;
		struct row swap = rows[missing];
		rows[missing++] = rows[i];
		rows[i] = swap;
	}
	return run_insert(b, STATEMENT_ADD, rows, missing);
}

/* ------------------------------------------------------------------ decisions */

/* A row that is not there any more is inserted, except in mode update. Changes the order of rows. */
static bool update(struct batch *b, enum statement which, struct row *rows, size_t n)
{
	size_t gone = 0;

	if (!run_each(b, which, rows, n, FERRY_ACK_DONE, FERRY_ACK_UNSENT))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct ferry_outcome *out = &b->set.outcomes[rows[i].action];
		if (out->ack != FERRY_ACK_UNSENT)
			continue;
		if (b->d->mode == FERRY_MODE_UPDATE) {
			outcome_not_found(out);
			continue;
		}
		struct row swap = rows[gone];
		rows[gone++] = rows[i];
		rows[i] = swap;
	}
	return run_insert(b, STATEMENT_UPSERT, rows, gone);
}

static bool write_rows(struct batch *b)
{
	struct destination *d = b->d;

	switch (b->set.actions[0].decision) {
	case FERRY_CREATE:
		if (mode_adds_only(d->mode))
			return add(b, b->set.rows, b->set.n_rows);
		return run_insert(b, STATEMENT_UPSERT, b->set.rows, b->set.n_rows);
	case FERRY_UPDATE:
		return update(b, STATEMENT_MOVE, b->set.moved, b->set.n_moved) &&
		       update(b, STATEMENT_UPDATE, b->set.rows, b->set.n_rows);
	case FERRY_DELETE:
		return run_each(b, STATEMENT_DELETE, b->set.rows, b->set.n_rows, FERRY_ACK_DONE, FERRY_ACK_DUPLICATE);
	case FERRY_DISABLE:
		return run_each(b, STATEMENT_DISABLE, b->set.rows, b->set.n_rows, FERRY_ACK_DONE, FERRY_ACK_DUPLICATE);
	default:
		return true;
	}
}

/* ------------------------------------------------------------------ which rows */

static const struct misfit *misfit(void *ctx, size_t place, const struct ferry_value *v)
{
	struct destination *d = ctx;

	return value_misfit(d, d->fields[place], v, rowkey_has(&d->key, place));
}

/* ------------------------------------------------------------------ what became of them */

/* The transaction has not been committed, so nothing was written. */
static int take_back(struct batch *b, struct ferry_error *err)
{
	struct destination *d = b->d;

	if (b->sql.failed)
		server_no_memory(&d->base, err);
	else
		server_fail(&d->base, FERRY_E_SETUP, d->full_name, err);
	row_set_forget(&b->set, FERRY_ACK_UNSENT);
	server_rollback(&d->base);
	/* its definition may have changed */
	if (err->code == FERRY_E_SETUP)
		table_forget(d);
	return -1;
}

static int commit(struct batch *b, struct ferry_error *err)
{
	struct destination *d = b->d;

	if (server_send(&d->base, "COMMIT", 6, &d->commit_patience)) {
		d->base.in_transaction = false;
		return 0;
	}
	/* a deadlock, found at COMMIT by a cluster, has taken the transaction back; all else tells nothing */
	if (d->base.conn && (d->base.failure.number == 1213 || d->base.failure.number == 1205))
		return take_back(b, err);
	server_fail(&d->base, FERRY_E_NETWORK, "cannot commit", err);
	row_set_forget(&b->set, FERRY_ACK_UNKNOWN);
	server_close(&d->base);
	return -1;
}

static int write_batch(struct batch *b, size_t n, struct ferry_error *err)
{
	struct destination *d = b->d;

	if (!row_set_take(&b->set, n)) {
		server_rollback(&d->base);
		return server_no_memory(&d->base, err);
	}
	if (!b->set.n_rows && !b->set.n_moved) {
		server_rollback(&d->base);
		return 0;
	}
	return write_rows(b) ? commit(b, err) : take_back(b, err);
}

/* Make the table if there is something to put into it, which ends any transaction; then begin. */
static int get_ready(struct destination *d, const struct ferry_action *actions, size_t n,
		     struct ferry_error *err)
{
	bool adds;

	if (target_takes(d->base.host, actions[0].decision, d->disabled_at, &adds, err) ||
	    server_connect(&d->base, err) || table_look(d, err))
		return -1;
	if (!d->there && adds && table_create(d, actions, n, err))
		return -1;
	return d->there ? destination_begin(d, err) : 0;
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
		server_rollback(&d->base);
		return -1;
	}
	if (!d->there) {
		outcomes_set(outcomes, n, FERRY_ACK_DUPLICATE);	/* no table, nothing to take away */
		return 0;
	}
	int status = write_batch(&b, n, err);
	text_release(&b.sql);
	row_set_release(&b.set);
	return status;
}
