/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - writing a batch in one transaction. A row the table refuses leaves no trace and does not
 * hold up the others; when the transaction as a whole fails, none of its rows was written.
 */
#include "sqlite/sqlite.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What became of one row. */
enum row { ROW_OK, ROW_ALREADY, ROW_REFUSED, ROW_FATAL };

static enum row refuse(struct ferry_outcome *out, const char *code, const char *field,
		       const char *message)
{
	outcome_refuse(out, code, field, message);
	return ROW_REFUSED;
}

static const char *error_name(int rc)
{
	static const struct {
		int rc;
		const char *name;
	} names[] = {
		{SQLITE_CONSTRAINT_CHECK, "CONSTRAINT_CHECK"},
		{SQLITE_CONSTRAINT_FOREIGNKEY, "CONSTRAINT_FOREIGNKEY"},
		{SQLITE_CONSTRAINT_NOTNULL, "CONSTRAINT_NOTNULL"},
		{SQLITE_CONSTRAINT_PRIMARYKEY, "CONSTRAINT_PRIMARYKEY"},
		{SQLITE_CONSTRAINT_ROWID, "CONSTRAINT_ROWID"},
		{SQLITE_CONSTRAINT_TRIGGER, "CONSTRAINT_TRIGGER"},
		{SQLITE_CONSTRAINT_UNIQUE, "CONSTRAINT_UNIQUE"},
		{SQLITE_CONSTRAINT_VTAB, "CONSTRAINT_VTAB"},
#ifdef SQLITE_CONSTRAINT_DATATYPE
		{SQLITE_CONSTRAINT_DATATYPE, "CONSTRAINT_DATATYPE"},
#endif
		{SQLITE_MISMATCH, "MISMATCH"},
		{SQLITE_TOOBIG, "TOOBIG"},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].rc == rc)
			return names[i].name;
	return (rc & 0xff) == SQLITE_CONSTRAINT ? "CONSTRAINT" : "ERROR";
}

/*
 * The first column an error message names: "NOT NULL constraint failed: t.name",
 * "cannot store TEXT value in INTEGER column t.age".
 */
static void error_field(const struct destination *d, int rc, const char *message, char *out,
			size_t size)
{
	const char *p = NULL;

	*out = '\0';
	if (rc == SQLITE_CONSTRAINT_NOTNULL || rc == SQLITE_CONSTRAINT_UNIQUE ||
	    rc == SQLITE_CONSTRAINT_PRIMARYKEY)
		p = strstr(message, "failed: ");
	else if (strncmp(message, "cannot store ", 13) == 0)
		p = strstr(message, " column ");
	if (!p)
		return;
	p += 8;					/* both words are as long */
	size_t table = strlen(d->table);
	if (sqlite3_strnicmp(p, d->table, (int)table) != 0 || p[table] != '.')
		return;
	p += table + 1;
	const char *end = strstr(p, ", ");
	text_cut(out, size, p, end ? (size_t)(end - p) : strlen(p));
}

/* A statement failed: is it the row's fault, or does nothing work any more? */
static enum row failed(struct destination *d, struct ferry_outcome *out, struct ferry_error *err)
{
	int rc = sqlite3_extended_errcode(d->base.db);
	int kind = rc & 0xff;
	const char *message = sqlite3_errmsg(d->base.db);
	char field[sizeof out->field];

	if (kind != SQLITE_CONSTRAINT && kind != SQLITE_MISMATCH && kind != SQLITE_TOOBIG &&
	    kind != SQLITE_ERROR) {
		database_fail(&d->base, FERRY_E_UNAVAILABLE, d->table, err);
		return ROW_FATAL;
	}
	error_field(d, rc, message, field, sizeof field);
	return refuse(out, error_name(rc), field, message);
}

static enum row bind_failed(struct destination *d, enum cell_status status, const char *field,
			    struct ferry_outcome *out, struct ferry_error *err)
{
	if (status == CELL_NO_MEMORY) {
		database_no_memory(&d->base, err);
		return ROW_FATAL;
	}
	if (status == CELL_TOO_LONG)
		return refuse(out, "TOOBIG", field, "longer than SQLite takes");
	return refuse(out, "INEXACT", field,
		      "the column holds binary fractions and would lose digits of this number: "
		      "declare it TEXT");
}

static enum row bind_fields(struct destination *d, sqlite3_stmt *stmt, bool keys,
			    const struct ferry_value *fields, struct ferry_outcome *out,
			    struct ferry_error *err)
{
	for (size_t i = 0; i < d->layout->n; i++) {
		if (!keys && rowkey_has(&d->key, i))
			continue;
		enum cell_status status = cell_bind(stmt, (int)i + 1, &fields[i], d->affinity[i]);
		if (status != CELL_OK)
			return bind_failed(d, status, d->layout->names[i], out, err);
	}
	return ROW_OK;
}

/* d->key.parts says which row. An id whose text no such column could hold finds nothing. */
static enum row bind_key(struct destination *d, sqlite3_stmt *stmt, struct ferry_outcome *out,
			 struct ferry_error *err)
{
	enum cell_status status = rowkey_bind(d, stmt);

	return status == CELL_OK ? ROW_OK :
				   bind_failed(d, status, d->layout->names[d->key.places[0]], out, err);
}

/* A statement that does not compile any more: the table is another one than it was, for every row. */
static bool is_outdated(struct destination *d, sqlite3_stmt *stmt)
{
	sqlite3_stmt *again;
	bool is = sqlite3_prepare_v2(d->base.db, sqlite3_sql(stmt), -1, &again, NULL) != SQLITE_OK;

	sqlite3_finalize(again);
	return is;
}

/* Run a bound statement. ROW_ALREADY: it changed nothing. */
static enum row run(struct destination *d, sqlite3_stmt *stmt, struct ferry_outcome *out,
		    struct ferry_error *err)
{
	int rc = sqlite3_step(stmt);
	enum row row = ROW_OK;

	if ((rc & 0xff) == SQLITE_ERROR && is_outdated(d, stmt)) {
		database_fail(&d->base, FERRY_E_SETUP, d->table, err);
		row = ROW_FATAL;
	} else if (rc != SQLITE_DONE)
		row = failed(d, out, err);
	else if (!sqlite3_changes(d->base.db))
		row = ROW_ALREADY;
	sqlite3_reset(stmt);
	return row;
}

static enum row insert(struct destination *d, const struct ferry_action *a,
		       struct ferry_outcome *out, struct ferry_error *err)
{
	sqlite3_stmt *stmt = destination_statement(d, STATEMENT_INSERT, err);

	if (!stmt)
		return ROW_FATAL;
	enum row row = bind_fields(d, stmt, true, a->fields, out, err);
	if (row == ROW_OK)
		row = run(d, stmt, out, err);
	return row;
}

/*
 * A row is found by the key it had; where that is not the one it gets, the key is written too.
 * One that is not there any more is inserted, except in mode update.
 */
static enum row update(struct destination *d, const struct ferry_action *a,
		       struct ferry_outcome *out, struct ferry_error *err)
{
	bool moves = rowkey_moves(&d->key, a, out->dest_id);
	sqlite3_stmt *stmt = destination_statement(d, moves ? STATEMENT_MOVE : STATEMENT_UPDATE,
						   err);
	if (!stmt)
		return ROW_FATAL;
	enum row row = bind_fields(d, stmt, moves, a->fields, out, err);
	if (row == ROW_OK)
		row = bind_key(d, stmt, out, err);
	if (row == ROW_OK)
		row = run(d, stmt, out, err);
	if (row != ROW_ALREADY)
		return row;
	if (d->mode == FERRY_MODE_UPDATE) {
		outcome_not_found(out);
		return ROW_REFUSED;
	}
	return insert(d, a, out, err);
}

static enum row delete_or_disable(struct destination *d, const struct ferry_action *a,
				  struct ferry_outcome *out, struct ferry_error *err)
{
	char stamp[MOMENT_TEXT];
	bool disable = a->decision == FERRY_DISABLE;

	if (!rowkey_from_action(&d->key, a)) {
		outcome_no_key(out);
		return ROW_REFUSED;
	}
	rowkey_id(&d->key, out->dest_id, sizeof out->dest_id);
	sqlite3_stmt *stmt = destination_statement(
		d, disable ? STATEMENT_DISABLE : STATEMENT_DELETE, err);
	if (!stmt)
		return ROW_FATAL;
	enum row row = bind_key(d, stmt, out, err);
	if (row != ROW_OK)
		return row;
	if (disable)
		sqlite3_bind_text(stmt, stamp_place(d), stamp,
				  (int)time_text(d->base.host->now(d->base.host), stamp),
				  SQLITE_STATIC);
	return run(d, stmt, out, err);
}

static enum row write_row(struct destination *d, const struct ferry_action *a,
			  struct ferry_outcome *out, struct ferry_error *err)
{
	if (a->decision == FERRY_DELETE || a->decision == FERRY_DISABLE)
		return delete_or_disable(d, a, out, err);
	if (!outcome_key_given(&d->key, a->fields, out))
		return ROW_REFUSED;
	rowkey_from_fields(&d->key, a->fields);
	rowkey_id(&d->key, out->dest_id, sizeof out->dest_id);
	return a->decision == FERRY_CREATE ? insert(d, a, out, err) : update(d, a, out, err);
}

/* What a row's statement said, as an outcome. An upsert that changed nothing found the row as wanted. */
static void settle(struct ferry_outcome *out, enum row row)
{
	static const enum ferry_ack acks[] = {
		[ROW_OK] = FERRY_ACK_DONE,
		[ROW_ALREADY] = FERRY_ACK_DUPLICATE,
		[ROW_REFUSED] = FERRY_ACK_REJECTED,
	};

	out->ack = acks[row];
}

/*
 * One row's refusal took the whole transaction with it: a constraint declared ON CONFLICT ROLLBACK,
 * or a foreign key that is checked at the end. The engine narrows it down.
 */
static int refuse_all(struct destination *d, struct ferry_outcome *outcomes, size_t n,
		      const struct ferry_outcome *why, struct ferry_error *err)
{
	struct ferry_outcome one = *why;

	if (!sqlite3_get_autocommit(d->base.db))
		sqlite3_exec(d->base.db, "ROLLBACK", NULL, NULL, NULL);
	outcomes_set(outcomes, n, FERRY_ACK_UNKNOWN);
	if (n == 1) {
		outcomes[0] = one;
		outcomes[0].ack = FERRY_ACK_REJECTED;
		return 0;
	}
	return d->base.host->fail(err, FERRY_E_REJECTED, "%s: %s: %s", d->base.path, d->table,
				  one.message);
}

/* Take everything back. Unless even that fails, no row was written. */
static int undo(struct destination *d, struct ferry_outcome *outcomes, size_t n)
{
	if (!sqlite3_get_autocommit(d->base.db))
		sqlite3_exec(d->base.db, "ROLLBACK", NULL, NULL, NULL);
	outcomes_set(outcomes, n,
	       sqlite3_get_autocommit(d->base.db) ? FERRY_ACK_UNSENT : FERRY_ACK_UNKNOWN);
	return -1;
}

static int commit(struct destination *d, struct ferry_outcome *outcomes, size_t n,
		  struct ferry_error *err)
{
	struct ferry_outcome why = {0};

	if (sqlite3_exec(d->base.db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	int kind = sqlite3_extended_errcode(d->base.db) & 0xff;
	if (kind == SQLITE_CONSTRAINT) {
		failed(d, &why, err);
		return refuse_all(d, outcomes, n, &why, err);
	}
	database_fail(&d->base, FERRY_E_UNAVAILABLE, "cannot commit", err);
	undo(d, outcomes, n);
	/* a write that failed on its way to the disk may be found there after a crash */
	if (kind == SQLITE_IOERR)
		outcomes_set(outcomes, n, FERRY_ACK_UNKNOWN);
	return -1;
}

/* Connect, and make the table if there is something to put into it. */
static int get_ready(struct destination *d, const struct ferry_action *actions, size_t n,
		     struct ferry_error *err)
{
	bool adds;

	if (target_takes(d->base.host, actions[0].decision, d->disabled_at, &adds, err))
		return -1;
	if (destination_look(d, err))
		return -1;
	return d->there || !adds ? 0 : destination_create(d, actions, n, err);
}

int destination_apply(void *handle, const struct ferry_action *actions, size_t n,
		      struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct destination *d = handle;

	if (!n)
		return 0;
	outcomes_set(outcomes, n, FERRY_ACK_UNSENT);
	if (get_ready(d, actions, n, err))
		return -1;
	if (!d->there) {
		outcomes_set(outcomes, n, FERRY_ACK_DUPLICATE);	/* no table, nothing to take away */
		return 0;
	}
	if (database_exec(&d->base, "BEGIN IMMEDIATE", "cannot write", err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		enum row row = write_row(d, &actions[i], &outcomes[i], err);
		if (row == ROW_FATAL)
			return undo(d, outcomes, n);
		if (sqlite3_get_autocommit(d->base.db))
			return refuse_all(d, outcomes, n, &outcomes[i], err);
		settle(&outcomes[i], row);
	}
	return commit(d, outcomes, n, err);
}
