/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.c - a batch by COPY into a table of the session's own, from which one statement takes it. That
 * is a third less work for the server than taking arrays apart, and a value it cannot read is named
 * with its line and column.
 */
#include "postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 64 * 1024 };

/* ------------------------------------------------------------------ the table */

static void create_text(const struct destination *d, struct text *sql)
{
	text_addf(sql, "DROP TABLE IF EXISTS pg_temp." STAGE "; CREATE TEMP TABLE " STAGE
		  " (n pg_catalog.int8");
	for (size_t i = 0; i < d->layout->n; i++) {
		const struct table_column *c = d->fields[i];
		/* what may come as JSON or as PostgreSQL's own text is told apart later */
		text_addf(sql, ", c%zu %s", i,
			  c->column.wrap == WRAP_JSON ? "pg_catalog.text" : c->type_name);
	}
	text_addf(sql, ") ON COMMIT DELETE ROWS; COMMIT");
}

int stage_make(struct destination *d, struct ferry_error *err)
{
	struct text sql = {0};

	if (d->unstaged || d->staged == d->base.connections)
		return 0;
	create_text(d, &sql);
	if (sql.failed) {
		text_release(&sql);
		return server_no_memory(&d->base, err);
	}
	PGresult *res = server_query(&d->base, &(struct query){.sql = sql.s, .n = -1}, &d->patience);
	text_release(&sql);
	int status = 0;
	if (res && result_ok(res)) {
		d->staged = d->base.connections;
	} else if (res && strncmp(result_state(res), "42", 2) == 0) {
		d->unstaged = true;	/* no right to temporary tables: then with arrays */
		server_rollback(&d->base);
	} else {
		status = server_fail(&d->base, res, FERRY_E_UNAVAILABLE, "cannot make a temporary table",
				     err);
	}
	PQclear(res);
	return status ? -1 : destination_begin(d, err);
}

/* ------------------------------------------------------------------ its rows */

/* The characters that COPY's text format wants escaped. */
static void add_escaped(struct text *t, const char *s, size_t len)
{
	const char *end = s + len, *from = s;

	for (; s < end; s++) {
		char letter = *s == '\\' ? '\\' : *s == '\n' ? 'n' : *s == '\r' ? 'r' : *s == '\t' ? 't' : 0;
		if (__builtin_expect(!letter, true))
			continue;
		text_add(t, from, (size_t)(s - from));
		text_add(t, (const char[]){'\\', letter}, 2);
		from = s + 1;
	}
	text_add(t, from, (size_t)(end - from));
}

static void add_hex(struct text *t, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	text_add(t, "\\\\x", 3);
	for (size_t i = 0; i < len; i++)
		text_add(t, (const char[]){hex[(uint8_t)s[i] >> 4], hex[s[i] & 15]}, 2);
}

static void add_row(struct text *t, const struct destination *d, const struct ferry_value *fields,
		    size_t number)
{
	char buf[MOMENT_TEXT];
	size_t len = integer_text((int64_t)number, buf);

	text_add(t, buf, len);
	for (size_t i = 0; i < d->layout->n; i++) {
		const struct table_column *c = d->fields[i];
		text_add(t, "\t", 1);
		if (fields[i].type == FERRY_NULL) {
			text_add(t, "\\N", 2);
			continue;
		}
		const char *s = column_text(c, &fields[i], buf, &len);
		if (c->column.kind == KIND_BYTES)
			add_hex(t, s, len);
		else if (s == buf)
			text_add(t, s, len);
		else
			add_escaped(t, s, len);
	}
	text_add(t, "\n", 1);
}

PGresult *stage_fill(struct destination *d, const struct ferry_action *actions, const struct row *rows,
		     size_t n)
{
	/* an earlier statement of the same transaction may have left its rows */
	static const char sql[] = "DELETE FROM pg_temp." STAGE "; COPY pg_temp." STAGE " FROM STDIN";
	struct server *s = &d->base;
	struct text t = {0};
	bool ready;
	PGresult *res = server_copy_begin(s, sql, &d->patience, &ready);

	if (!ready)
		return res;
	for (size_t i = 0; i < n && s->conn && !t.failed; i++) {
		add_row(&t, d, actions[rows[i].action].fields, i + 1);
		if (t.len < PIECE_BYTES && i + 1 < n)
			continue;
		if (!t.failed)
			server_copy_put(s, t.s, t.len);
		t.len = 0;
	}
	if (t.failed)
		server_lose(s, LOST_CONNECTION, "out of memory");
	text_release(&t);
	return s->conn ? server_copy_end(s, &d->patience) : NULL;
}

/* "COPY ferry_stage, line 17, column c2: "abc"", in whatever language: the first number is the line. */
bool stage_culprit(const struct destination *d, const PGresult *res, size_t n, size_t *row, size_t *place)
{
	const char *context = PQresultErrorField(res, PG_DIAG_CONTEXT);
	const char *p = context ? strstr(context, STAGE) : NULL;
	char *end;

	if (!p)
		return false;
	p += strcspn(p, "0123456789");
	unsigned long line = strtoul(p, &end, 10);
	p = strstr(end, " c");
	while (p && (p[2] < '0' || p[2] > '9'))
		p = strstr(p + 2, " c");
	if (line < 1 || line > n || !p)
		return false;
	*row = line - 1;
	*place = strtoul(p + 2, NULL, 10);
	return *place < d->layout->n;
}
