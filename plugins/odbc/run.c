/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - a statement over rows: prepared once for a connection, its parameters filled, executed. Of
 * many rows only where the driver has arrays of parameters.
 */
#include "odbc/odbc.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ prepared statements */

static void forget(struct destination *d, struct prepared *p)
{
	/* those of a lost connection went with it */
	if (p->stmt && d->base.connected && p->connection == d->base.connections)
		SQLFreeHandle(SQL_HANDLE_STMT, p->stmt);
	p->stmt = NULL;
}

void run_forget(struct destination *d)
{
	for (int i = 0; i < STATEMENTS; i++) {
		struct prepared *p = &d->statements[i];
		forget(d, p);
		for (size_t k = 0; k < p->n; k++)
			param_release(&p->params[k]);
		free(p->params);
		*p = (struct prepared){0};
	}
}

static size_t count_params(const struct destination *d, enum statement which)
{
	size_t n = which == STATEMENT_DISABLE;

	for (size_t i = 0; i < d->layout->n; i++)
		n += statement_has_field(d, which, i);
	return n + (statement_has_key(which) ? d->key.n : 0);
}

static enum run prepare(struct destination *d, enum statement which, struct fault *f,
			struct ferry_error *err)
{
	struct prepared *p = &d->statements[which];
	struct text sql = {0};
	enum run run = RUN_DONE;

	if (p->stmt && p->connection == d->base.connections)
		return RUN_DONE;
	if (!p->params) {
		p->n = count_params(d, which);
		p->params = calloc(p->n + 1, sizeof *p->params);
	}
	statement_text(d, which, &sql);
	if (!p->params || sql.failed) {
		database_no_memory(&d->base, err);
		run = RUN_FAILED;
	} else if (!(p->stmt = database_statement(&d->base, err))) {
		run = RUN_FAILED;
	} else if (p->connection = d->base.connections,
		   !SQL_SUCCEEDED(database_prepare(p->stmt, sql.s))) {
		fault_read(&d->base, p->stmt, f);
		forget(d, p);
		run = RUN_FAULT;
	}
	text_release(&sql);
	return run;
}

/* ------------------------------------------------------------------ parameters */

/* The i-th parameter's column, and where its value is in a row. */
struct slot {
	const struct column *column;
	bool key, stamp;
	size_t place;			/* of the field, or in the key */
};

static void find_slots(const struct destination *d, enum statement which, struct slot *slots)
{
	for (size_t i = 0; i < d->layout->n; i++)
		if (statement_has_field(d, which, i))
			*slots++ = (struct slot){.column = d->fields[i], .place = i};
	if (which == STATEMENT_DISABLE)
		*slots++ = (struct slot){.column = d->stamp, .stamp = true};
	for (size_t i = 0; statement_has_key(which) && i < d->key.n; i++)
		*slots++ = (struct slot){
			.column = d->fields[d->key.places[i]], .key = true, .place = i};
}

static bool fill(struct destination *d, struct param *p, const struct slot *slot,
		 const struct ferry_action *actions, const struct row *rows, size_t n)
{
	struct ferry_value stamp = {.i = d->base.host->now(d->base.host), .type = FERRY_TIME};
	const struct ferry_value **values = calloc(n, sizeof *values);
	bool good = values;

	/* as fine as the column, where that is not as fine as the clock */
	if (slot->stamp)
		for (int64_t unit = 1, digits = 6;
		     value_misfit(&d->base, slot->column, &stamp) && digits >= 0; digits--)
			unit *= 10, stamp.i -= stamp.i % unit;
	for (size_t i = 0; good && i < n; i++)
		values[i] = slot->stamp ? &stamp : slot->key ? &rows[i].key[slot->place] :
			    &actions[rows[i].action].fields[slot->place];
	good = good && param_fill(&d->base, p, slot->column, values, n);
	free(values);
	return good;
}

static bool bind(struct prepared *p, size_t i, size_t n)
{
	struct param *one = &p->params[i];

	return SQL_SUCCEEDED(SQLBindParameter(
		p->stmt, (SQLUSMALLINT)(i + 1), SQL_PARAM_INPUT, one->ctype, one->type, one->size,
		one->digits, one->data, (SQLLEN)(n > 1 ? one->width : one->cap), one->lengths));
}

static enum run set_params(struct destination *d, enum statement which,
			   const struct ferry_action *actions, const struct row *rows, size_t n,
			   struct fault *f, struct ferry_error *err)
{
	struct prepared *p = &d->statements[which];
	struct slot *slots = calloc(p->n + 1, sizeof *slots);
	enum run run = RUN_DONE;

	if (slots)
		find_slots(d, which, slots);
	for (size_t i = 0; run == RUN_DONE && i < p->n; i++) {
		if (!slots || !fill(d, &p->params[i], &slots[i], actions, rows, n)) {
			database_no_memory(&d->base, err);
			run = RUN_FAILED;
		} else if (!bind(p, i, n)) {
			fault_read(&d->base, p->stmt, f);
			run = RUN_FAULT;
		}
	}
	free(slots);
	return run;
}

/* ------------------------------------------------------------------ running */

/* How many rows the driver says were carried out, when it says so. */
static bool all_processed(const SQLUSMALLINT *status, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (status[i] == SQL_PARAM_ERROR)
			return false;
	return true;
}

static SQLRETURN execute(struct prepared *p, size_t n)
{
	SQLUSMALLINT *status = n > 1 ? calloc(n, sizeof *status) : NULL;
	SQLULEN processed = 0;

	SQLFreeStmt(p->stmt, SQL_CLOSE);
	SQLSetStmtAttr(p->stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)(SQLULEN)n, 0);
	if (n > 1) {
		SQLSetStmtAttr(p->stmt, SQL_ATTR_PARAM_BIND_TYPE,
			       (SQLPOINTER)SQL_PARAM_BIND_BY_COLUMN, 0);
		SQLSetStmtAttr(p->stmt, SQL_ATTR_PARAM_STATUS_PTR, status, 0);
		SQLSetStmtAttr(p->stmt, SQL_ATTR_PARAMS_PROCESSED_PTR, &processed, 0);
	}
	SQLRETURN rc = SQLExecute(p->stmt);
	if (n > 1) {
		SQLSetStmtAttr(p->stmt, SQL_ATTR_PARAM_STATUS_PTR, NULL, 0);
		SQLSetStmtAttr(p->stmt, SQL_ATTR_PARAMS_PROCESSED_PTR, NULL, 0);
		if (SQL_SUCCEEDED(rc) && status && !all_processed(status, n))
			rc = SQL_ERROR;
	}
	free(status);
	return rc;
}

enum run run_rows(struct destination *d, enum statement which, const struct ferry_action *actions,
		  const struct row *rows, size_t n, SQLLEN *count, struct fault *f,
		  struct ferry_error *err)
{
	struct prepared *p = &d->statements[which];
	enum run run = prepare(d, which, f, err);

	*count = -1;
	if (run == RUN_DONE)
		run = set_params(d, which, actions, rows, n, f, err);
	if (run != RUN_DONE)
		return run;
	SQLRETURN rc = execute(p, n);
	if (rc == SQL_NO_DATA) {
		*count = 0;		/* a searched update or delete that found nothing */
		return RUN_DONE;
	}
	if (!SQL_SUCCEEDED(rc)) {
		fault_read(&d->base, p->stmt, f);
		return RUN_FAULT;
	}
	if (!SQL_SUCCEEDED(SQLRowCount(p->stmt, count)))
		*count = -1;
	return RUN_DONE;
}

enum run run_query(struct destination *d, enum statement which, const struct ferry_value *key,
		   SQLHSTMT *ret, struct fault *f, struct ferry_error *err)
{
	struct row row = {.key = (struct ferry_value *)(uintptr_t)key};
	struct prepared *p = &d->statements[which];
	enum run run = prepare(d, which, f, err);

	if (run == RUN_DONE)
		run = set_params(d, which, NULL, &row, 1, f, err);
	if (run != RUN_DONE)
		return run;
	*ret = p->stmt;
	if (SQL_SUCCEEDED(execute(p, 1)))
		return RUN_DONE;
	fault_read(&d->base, p->stmt, f);
	return RUN_FAULT;
}
