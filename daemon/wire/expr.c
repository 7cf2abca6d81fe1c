/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr.c - SQL expressions by SQLite.
 *
 * All expressions of a set become one statement,
 *   SELECT (e1), (e2), ... FROM (SELECT ?1 AS "a", ?2 AS "b", ...) AS src
 * whose parameters are the columns that the expressions name: SQLite flattens the inner select. Bare
 * columns are copied outside of it. So are those that are known natively; one that is not sure of a
 * row's values asks SQLite by a statement of its own.
 */
#include "wire/expr.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "wire/expr-native.h"

enum { ROW_STEPS_MAX = 50000, STEPS_UNIT = 1000 };	/* 50 million VM steps for one row */

enum { MISSES_MAX = 100 };		/* of a native expression, before it is looked at how many that is */

/* How an expression gets its value: the number of a column, or one of these. */
enum { BY_STATEMENT = -1, BY_NATIVE = -2 };

struct statement {
	sqlite3_stmt *stmt;
	size_t *which, n;		/* its expressions */
	size_t *bound, n_bound;		/* columns that are its parameters */
	char (*times)[CLOCK_TEXT];	/* texts of TIME columns */
};

struct entry {
	char *text;
	struct native *native;
	struct statement alone;		/* prepared when native was not sure for the first time */
	size_t misses;			/* how often it was not */
	char real[NATIVE_REAL_TEXT];	/* text of a REAL result */
};

struct table {
	char *name, *key;
	size_t n;
	sqlite3_stmt *insert;
};

struct expr_set {
	sqlite3 *db;
	struct entry *entries;
	size_t n, cap;
	struct table *tables;
	size_t n_tables;
	struct ferry_column *source;	/* the source's columns */
	size_t n_source;
	struct statement all;		/* of those BY_STATEMENT; stmt is NULL when there are none */
	bool regroup;			/* one more is to be evaluated by it */
	int *ways;			/* of the entries, one after the other */
	bool without_native;
	struct arena trees;		/* native expressions */
	struct native_room room;	/* their texts for the present row */
	struct copy {
		size_t column, to;
	} *copies;			/* expressions that are columns */
	size_t n_copies;
	size_t *natives, n_natives;	/* expressions BY_NATIVE */
	size_t n_rows;
	int steps;
	bool setting_up;
};

static int sql_failed(struct expr_set *set, struct ferry_error *err, enum ferry_code code)
{
	return ferry_fail(err, code, "%s", sqlite3_errmsg(set->db));
}

/* Expressions read; only our own set-up makes tables. */
static int authorize(void *ctx, int action, const char *a, const char *b, const char *c, const char *d)
{
	struct expr_set *set = ctx;

	(void)a, (void)b, (void)c, (void)d;
	if (set->setting_up)
		return SQLITE_OK;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

static int watch_steps(void *ctx)
{
	struct expr_set *set = ctx;
	return ++set->steps > ROW_STEPS_MAX && !set->setting_up;
}

int expr_new(struct expr_set **ret, struct ferry_error *err)
{
	struct expr_set *set = ferry_alloc0(1, sizeof *set);

	/* "" is a private temporary file that spills only when it outgrows its cache */
	if (sqlite3_open_v2("", &set->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		sql_failed(set, err, FERRY_E_INTERNAL);
		expr_free(set);
		return -1;
	}
	sqlite3_limit(set->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(set->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(set->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_exec(set->db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF; PRAGMA cache_size=-4096", NULL, NULL, NULL);
	sqlite3_set_authorizer(set->db, authorize, set);
	sqlite3_progress_handler(set->db, STEPS_UNIT, watch_steps, set);
	*ret = set;
	return 0;
}

static void statement_release(struct statement *st)
{
	sqlite3_finalize(st->stmt);
	free(st->which);
	free(st->bound);
	free(st->times);
	*st = (struct statement){0};
}

void expr_free(struct expr_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->n_tables; i++) {
		sqlite3_finalize(set->tables[i].insert);
		free(set->tables[i].name);
		free(set->tables[i].key);
	}
	statement_release(&set->all);
	for (size_t i = 0; i < set->n; i++) {
		statement_release(&set->entries[i].alone);
		free(set->entries[i].text);
	}
	sqlite3_close(set->db);
	for (size_t i = 0; i < set->n_source; i++)
		free((char *)set->source[i].name);
	free(set->source);
	free(set->entries);
	free(set->tables);
	free(set->ways);
	arena_release(&set->trees);
	native_room_release(&set->room);
	free(set->copies);
	free(set->natives);
	free(set);
}

static void quote(struct buf *b, const char *name)
{
	buf_addc(b, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_addc(b, '"');
		buf_addc(b, *name);
	}
	buf_addc(b, '"');
}

/* ------------------------------------------------------------ lookup tables */

static struct table *table_find(struct expr_set *set, const char *name)
{
	for (size_t i = 0; i < set->n_tables; i++)
		if (strcmp(set->tables[i].name, name) == 0)
			return &set->tables[i];
	return NULL;
}

static int run_sql(struct expr_set *set, const char *sql, struct ferry_error *err)
{
	set->setting_up = true;
	int rc = sqlite3_exec(set->db, sql, NULL, NULL, NULL);
	set->setting_up = false;
	return rc == SQLITE_OK ? 0 : sql_failed(set, err, FERRY_E_CONFIG);
}

int expr_table(struct expr_set *set, const char *name, const struct ferry_column *columns, size_t n,
	       const char *key, struct ferry_error *err)
{
	struct buf sql = BUF_INIT;
	bool key_there = !key;

	buf_adds(&sql, "CREATE TABLE ");
	quote(&sql, name);
	for (size_t i = 0; i < n; i++) {
		buf_adds(&sql, i ? "," : "(");
		quote(&sql, columns[i].name);
		key_there |= key && strcmp(key, columns[i].name) == 0;
	}
	buf_adds(&sql, ")");
	int rc = key_there ? run_sql(set, sql.s, err)
		: ferry_fail(err, FERRY_E_CONFIG, "it has no column '%s' for its key", key);
	if (rc == 0) {
		buf_reset(&sql);
		buf_adds(&sql, "INSERT INTO ");
		quote(&sql, name);
		for (size_t i = 0; i < n; i++)
			buf_adds(&sql, i ? ",?" : " VALUES(?");
		buf_adds(&sql, ")");
		set->tables = ferry_realloc(set->tables, set->n_tables + 1, sizeof *set->tables);
		struct table *t = &set->tables[set->n_tables++];
		*t = (struct table){ferry_strdup(name), key ? ferry_strdup(key) : NULL, n, NULL};
		set->setting_up = true;
		if (sqlite3_prepare_v2(set->db, sql.s, -1, &t->insert, NULL) != SQLITE_OK)
			rc = sql_failed(set, err, FERRY_E_CONFIG);
		set->setting_up = false;
	}
	buf_release(&sql);
	return rc == 0 ? run_sql(set, "BEGIN", err) : rc;
}

/* text holds a TIME's text while it is bound */
static void bind(sqlite3_stmt *stmt, int at, const struct ferry_value *v, char text[CLOCK_TEXT])
{
	switch ((enum ferry_type)v->type) {
	case FERRY_NULL:
		sqlite3_bind_null(stmt, at);
		break;
	case FERRY_BOOL:
	case FERRY_INT:
		sqlite3_bind_int64(stmt, at, v->i);
		break;
	case FERRY_TIME:
		sqlite3_bind_text(stmt, at, text, (int)clock_format(v->i, text), SQLITE_STATIC);
		break;
	case FERRY_BYTES:
		sqlite3_bind_blob(stmt, at, v->len ? v->s : "", (int)v->len, SQLITE_STATIC);
		break;
	case FERRY_DECIMAL:
	case FERRY_TEXT:
	case FERRY_JSON:
		sqlite3_bind_text(stmt, at, v->len ? v->s : "", (int)v->len, SQLITE_STATIC);
		break;
	}
}

int expr_table_add(struct expr_set *set, const char *name, const struct ferry_value *values,
		   size_t n_rows, struct ferry_error *err)
{
	struct table *t = table_find(set, name);
	char text[CLOCK_TEXT];
	int rc = SQLITE_DONE;

	FERRY_ASSERT(t);
	set->setting_up = true;
	for (size_t r = 0; r < n_rows && rc == SQLITE_DONE; r++) {
		/* one TIME text at a time would not do: copy such values */
		for (size_t i = 0; i < t->n; i++) {
			const struct ferry_value *v = &values[r * t->n + i];
			if (v->type == FERRY_TIME)
				sqlite3_bind_text(t->insert, (int)i + 1, text, (int)clock_format(v->i, text), SQLITE_TRANSIENT);
			else
				bind(t->insert, (int)i + 1, v, text);
		}
		rc = sqlite3_step(t->insert);
		sqlite3_reset(t->insert);
	}
	set->setting_up = false;
	return rc == SQLITE_DONE ? 0 : sql_failed(set, err, FERRY_E_SYSTEM);
}

int expr_table_done(struct expr_set *set, const char *name, struct ferry_error *err)
{
	struct table *t = table_find(set, name);
	struct buf sql = BUF_INIT;

	FERRY_ASSERT(t);
	sqlite3_finalize(t->insert);
	t->insert = NULL;
	buf_adds(&sql, "COMMIT;");
	if (t->key) {
		char *index = ferry_asprintf("%s_key", name);
		buf_adds(&sql, "CREATE INDEX ");
		quote(&sql, index);
		free(index);
		buf_adds(&sql, " ON ");
		quote(&sql, name);
		buf_adds(&sql, "(");
		quote(&sql, t->key);
		buf_adds(&sql, ")");
	}
	int rc = run_sql(set, sql.s, err);
	buf_release(&sql);
	return rc;
}

/* -------------------------------------------------------------- expressions */

int expr_check(const char *text, struct ferry_error *err)
{
	struct expr_set *set;
	struct ferry_error why = {0};
	int rc = 0;

	if (expr_new(&set, err) != 0)
		return -1;
	char *sql = ferry_asprintf("SELECT (%s\n)", text);
	sqlite3_stmt *stmt = NULL;
	const char *tail = "";
	if (sqlite3_prepare_v2(set->db, sql, -1, &stmt, &tail) != SQLITE_OK) {
		sql_failed(set, &why, FERRY_E_CONFIG);
		/* names are known only at run time */
		if (!strstr(why.msg, "no such column") && !strstr(why.msg, "no such table") &&
		    !strstr(why.msg, "misuse of aggregate"))
			rc = ferry_fail(err, FERRY_E_CONFIG, "%s", why.msg);
	} else if (tail[strspn(tail, " \t\r\n;")] || sqlite3_column_count(stmt) != 1) {
		rc = ferry_fail(err, FERRY_E_CONFIG, "more than one expression");
	}
	sqlite3_finalize(stmt);
	free(sql);
	expr_free(set);
	return rc;
}

void expr_add(struct expr_set *set, const char *text)
{
	if (set->n == set->cap) {
		set->cap = set->cap ? set->cap * 2 : 16;
		set->entries = ferry_realloc(set->entries, set->cap, sizeof *set->entries);
	}
	set->entries[set->n++] = (struct entry){.text = ferry_strdup(text)};
}

/* name, "name" or src.name, whatever the case, as SQLite takes it */
static int bare_column(const char *text, const struct ferry_column *columns, size_t n)
{
	text += strspn(text, " \t\r\n");
	if (strncasecmp(text, "src.", 4) == 0)
		text += 4;
	size_t len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (len > 2 && text[0] == '"' && text[len - 1] == '"' && !memchr(text + 1, '"', len - 2))
		text++, len -= 2;
	for (size_t i = 0; i < n; i++)
		if (strlen(columns[i].name) == len && strncasecmp(columns[i].name, text, len) == 0)
			return (int)i;
	return -1;
}

/*
 * Compile these expressions as one statement. Its parameters are the columns that they may name: at
 * least the name occurs in the text.
 */
static int statement_prepare(struct expr_set *set, struct statement *st, const size_t *which, size_t n)
{
	struct buf sql = BUF_INIT;

	st->which = ferry_alloc0(n, sizeof *st->which);
	memcpy(st->which, which, n * sizeof *which);
	st->n = n;
	st->bound = ferry_alloc0(set->n_source + 1, sizeof *st->bound);
	buf_adds(&sql, "SELECT ");
	for (size_t i = 0; i < n; i++)
		buf_addf(&sql, "%s(%s\n)", i ? "," : "", set->entries[which[i]].text);
	buf_adds(&sql, " FROM (SELECT ");
	for (size_t c = 0; c < set->n_source; c++)
		for (size_t i = 0; i < n; i++) {
			if (!strcasestr(set->entries[which[i]].text, set->source[c].name))
				continue;
			buf_addf(&sql, "%s?%zu AS ", st->n_bound ? "," : "", st->n_bound + 1);
			quote(&sql, set->source[c].name);
			st->bound[st->n_bound++] = c;
			break;
		}
	buf_adds(&sql, st->n_bound ? ") AS src" : "1) AS src");
	st->times = ferry_alloc0(st->n_bound + 1, sizeof *st->times);
	int rc = sqlite3_prepare_v3(set->db, sql.s, -1, SQLITE_PREPARE_PERSISTENT, &st->stmt, NULL);
	buf_release(&sql);
	return rc == SQLITE_OK ? 0 : -1;
}

/* Prepare one expression alone, so that an error names it. */
static int check_one(struct expr_set *set, size_t i, struct ferry_error *err)
{
	const char *text = set->entries[i].text;
	struct statement st = {0};
	int rc = statement_prepare(set, &st, &i, 1);

	if (rc != 0)
		ferry_fail(err, FERRY_E_CONFIG, "expression '%s': %s", text, sqlite3_errmsg(set->db));
	else if (sqlite3_column_count(st.stmt) != 1)
		rc = ferry_fail(err, FERRY_E_CONFIG, "expression '%s': more than one expression", text);
	statement_release(&st);
	return rc;
}

/* Who is evaluated how, and the statement of those that are not evaluated otherwise. */
static int group(struct expr_set *set, struct ferry_error *err)
{
	size_t *which = ferry_alloc0(set->n + 1, sizeof *which), n = 0;

	set->n_copies = set->n_natives = 0;
	for (size_t i = 0; i < set->n; i++) {
		if (set->ways[i] >= 0)
			set->copies[set->n_copies++] = (struct copy){(size_t)set->ways[i], i};
		else if (set->ways[i] == BY_NATIVE)
			set->natives[set->n_natives++] = i;
		else
			which[n++] = i;
	}
	statement_release(&set->all);
	int rc = n ? statement_prepare(set, &set->all, which, n) : 0;
	free(which);
	set->regroup = false;
	return rc == 0 ? 0 : sql_failed(set, err, FERRY_E_CONFIG);
}

static void keep_source(struct expr_set *set, const struct ferry_column *columns, size_t n)
{
	set->source = ferry_alloc0(n + 1, sizeof *set->source);
	set->n_source = n;
	for (size_t i = 0; i < n; i++) {
		set->source[i] = columns[i];
		set->source[i].name = ferry_strdup(columns[i].name);
	}
}

int expr_prepare(struct expr_set *set, const struct ferry_column *columns, size_t n, struct ferry_error *err)
{
	keep_source(set, columns, n);
	set->ways = ferry_alloc0(set->n + 1, sizeof *set->ways);
	set->copies = ferry_alloc0(set->n + 1, sizeof *set->copies);
	set->natives = ferry_alloc0(set->n + 1, sizeof *set->natives);
	for (size_t i = 0; i < set->n; i++) {
		struct entry *e = &set->entries[i];
		set->ways[i] = bare_column(e->text, columns, n);
		if (set->ways[i] >= 0)
			continue;
		/* only what SQLite takes is an expression */
		if (check_one(set, i, err) != 0)
			return -1;
		if (!set->without_native)
			e->native = native_parse(e->text, set->source, n, &set->trees);
		if (e->native)
			set->ways[i] = BY_NATIVE;
	}
	return group(set, err);
}

void expr_without_native(struct expr_set *set)
{
	set->without_native = true;
}

int expr_column(const struct expr_set *set, size_t i)
{
	return set->ways[i] >= 0 ? set->ways[i] : -1;
}

bool expr_is_native(const struct expr_set *set, size_t i)
{
	return set->ways[i] == BY_NATIVE;
}

static int result(sqlite3_stmt *stmt, int at, struct entry *e, struct ferry_value *out, struct ferry_error *err)
{
	double d;

	*out = (struct ferry_value){.type = FERRY_NULL};
	switch (sqlite3_column_type(stmt, at)) {
	case SQLITE_INTEGER:
		*out = (struct ferry_value){.i = sqlite3_column_int64(stmt, at), .type = FERRY_INT};
		return 0;
	case SQLITE_FLOAT:
		d = sqlite3_column_double(stmt, at);
		if (d != d || d - d != 0)
			return ferry_fail(err, FERRY_E_DATA, "expression '%s': the result is not finite", e->text);
		out->len = (uint32_t)native_real_text(d, e->real);
		out->s = e->real;
		out->type = FERRY_DECIMAL;
		return 0;
	case SQLITE_TEXT:
		out->s = (const char *)sqlite3_column_text(stmt, at);
		out->type = FERRY_TEXT;
		break;
	case SQLITE_BLOB:
		out->s = sqlite3_column_blob(stmt, at);
		out->type = FERRY_BYTES;
		break;
	default:
		return 0;
	}
	out->len = (uint32_t)sqlite3_column_bytes(stmt, at);
	if (!out->s)
		out->s = "";
	return 0;
}

/* Bind the row and step to the results. */
static int run(struct expr_set *set, struct statement *st, const struct ferry_value *row, struct ferry_error *err)
{
	sqlite3_reset(st->stmt);
	for (size_t i = 0; i < st->n_bound; i++)
		bind(st->stmt, (int)i + 1, &row[st->bound[i]], st->times[i]);
	int rc = sqlite3_step(st->stmt);
	if (rc == SQLITE_INTERRUPT)
		return ferry_fail(err, FERRY_E_DATA, "the expressions take too much work for one row");
	return rc == SQLITE_ROW ? 0 : sql_failed(set, err, FERRY_E_DATA);
}

/* Native was not sure. One that rarely is is better off in the statement of all, from the next row on. */
static int eval_alone(struct expr_set *set, size_t i, const struct ferry_value *row, struct ferry_value *out,
		      struct ferry_error *err)
{
	struct entry *e = &set->entries[i];

	if (++e->misses >= MISSES_MAX && e->misses > set->n_rows / 2) {
		set->ways[i] = BY_STATEMENT;
		set->regroup = true;
	}
	if (!e->alone.stmt && statement_prepare(set, &e->alone, &i, 1) != 0)
		return sql_failed(set, err, FERRY_E_DATA);
	return run(set, &e->alone, row, err) != 0 ? -1 : result(e->alone.stmt, 0, e, out, err);
}

static int eval_all(struct expr_set *set, const struct ferry_value *row, struct ferry_value *out,
		    struct ferry_error *err)
{
	struct statement *st = &set->all;

	if (run(set, st, row, err) != 0)
		return -1;
	for (size_t i = 0; i < st->n; i++)
		if (result(st->stmt, (int)i, &set->entries[st->which[i]], &out[st->which[i]], err) != 0)
			return -1;
	return 0;
}

int expr_eval(struct expr_set *set, const struct ferry_value *row, struct ferry_value *out,
	      struct ferry_error *err)
{
	if (set->regroup && group(set, err) != 0)
		return -1;
	for (size_t i = 0; i < set->n_copies; i++)
		out[set->copies[i].to] = row[set->copies[i].column];
	set->steps = 0;
	if (set->all.stmt && eval_all(set, row, out, err) != 0)
		return -1;
	if (!set->n_natives)
		return 0;
	set->n_rows++;
	native_room_reset(&set->room);
	for (size_t i = 0; i < set->n_natives; i++) {
		size_t at = set->natives[i];
		if (!native_eval(set->entries[at].native, row, &set->room, &out[at]) &&
		    eval_alone(set, at, row, &out[at], err) != 0)
			return -1;
	}
	return 0;
}
