/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - a table or the result of a query, in key order when asked to: which statement reads it.
 *
 * The file is opened read-only and never made; all rows of an extract come from one read
 * transaction, so they are one consistent view.
 */
#include "sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

#define PROGRESS_STEPS 100000		/* of SQLite's machine between two looks at `cancelled` */

int source_open(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct source *s = calloc(1, sizeof *s);

	if (!s)
		return open->host->fail(err, FERRY_E_NOMEM, "out of memory");
	if (database_init(&s->base, open, err) || query_settings(open, SQLITE_SQL, '"', &s->query, err))
		goto fail;
	if (s->query.failed) {
		database_no_memory(&s->base, err);
		goto fail;
	}
	*ret = s;
	return 0;
fail:
	source_close(s);
	return -1;
}

void source_close(void *handle)
{
	struct source *s = handle;

	database_close(&s->base);
	text_release(&s->query);
	cells_release(&s->cells);
	free(s);
}

static int cancelled(void *ctx)
{
	const struct source *s = ctx;

	return s->base.host->cancelled(s->base.host);
}

static int by_bytes(void *ctx, int a_len, const void *a, int b_len, const void *b)
{
	int order = memcmp(a, b, (size_t)(a_len < b_len ? a_len : b_len));

	(void)ctx;
	return order ? order : a_len - b_len;
}

static int connect(struct source *s, struct ferry_error *err)
{
	bool there;

	if (s->base.db)
		return 0;
	if (database_exists(&s->base, &there, err))
		return -1;
	if (!there)
		return s->base.host->fail(err, FERRY_E_CONFIG, "%s: there is no such file",
					  s->base.path);
	if (database_connect(&s->base, SQLITE_OPEN_READONLY, err))
		return -1;
	sqlite3_progress_handler(s->base.db, PROGRESS_STEPS, cancelled, s);
	/* BINARY would compare the bytes of UTF-16, if that is what the file holds */
	if (sqlite3_create_collation(s->base.db, "FERRY_BYTES", SQLITE_UTF8, NULL, by_bytes) !=
		    SQLITE_OK ||
	    rows_register(s) != SQLITE_OK)
		return database_no_memory(&s->base, err);
	return 0;
}

static int refuse(const struct source *s, struct ferry_error *err, const char *why)
{
	return s->base.host->fail(err, FERRY_E_CONFIG, "%s: query %s", s->base.path, why);
}

static int check_names(const struct source *s, sqlite3_stmt *stmt, struct ferry_error *err)
{
	int n = sqlite3_column_count(stmt);

	for (int i = 0; i < n; i++)
		for (int k = 0; k < i; k++)
			if (sqlite3_stricmp(sqlite3_column_name(stmt, i),
					    sqlite3_column_name(stmt, k)) == 0)
				return s->base.host->fail(err, FERRY_E_CONFIG,
					"%s: the query gives two columns the name '%s': rename one with AS",
					s->base.path, sqlite3_column_name(stmt, i));
	return 0;
}

/* Compile the query as it is, and check that it is one that reads. */
static int prepare(const struct source *s, sqlite3_stmt **ret, struct ferry_error *err)
{
	const char *tail = "";
	sqlite3_stmt *stmt = NULL;
	int status = 0;

	if (sqlite3_prepare_v2(s->base.db, s->query.s, -1, &stmt, &tail) != SQLITE_OK)
		return database_fail(&s->base, FERRY_E_CONFIG, "query", err);
	if (!stmt)
		return refuse(s, err, "is empty");
	if (*tail)
		status = refuse(s, err, "has more than one statement");
	else if (!sqlite3_stmt_readonly(stmt) || !sqlite3_column_count(stmt))
		status = refuse(s, err, "must be a SELECT: it may read and nothing else");
	else if (sqlite3_bind_parameter_count(stmt))
		status = refuse(s, err, "has a parameter, and there is nothing to give it");
	else
		status = check_names(s, stmt, err);
	if (status) {
		sqlite3_finalize(stmt);
		return -1;
	}
	*ret = stmt;
	return 0;
}

static int column_place(sqlite3_stmt *stmt, const char *name)
{
	int n = sqlite3_column_count(stmt);

	for (int i = 0; i < n; i++)
		if (sqlite3_stricmp(sqlite3_column_name(stmt, i), name) == 0)
			return i;
	return -1;
}

static int no_key_column(const struct source *s, sqlite3_stmt *stmt, const char *name,
			 struct ferry_error *err)
{
	int n = sqlite3_column_count(stmt);
	sqlite3_str *list = sqlite3_str_new(s->base.db);

	for (int i = 0; i < n; i++)
		sqlite3_str_appendf(list, "%s%s", i ? ", " : "", sqlite3_column_name(stmt, i));
	char *names = sqlite3_str_finish(list);
	s->base.host->fail(err, FERRY_E_CONFIG,
			   "%s: the key column '%s' is not in the result, which has %s",
			   s->base.path, name, names ? names : "others");
	sqlite3_free(names);
	return -1;
}

static bool is_utf8(const struct source *s)
{
	bool utf8 = true;
	sqlite3_stmt *encoding;

	if (sqlite3_prepare_v2(s->base.db, "PRAGMA encoding", -1, &encoding, NULL) == SQLITE_OK &&
	    sqlite3_step(encoding) == SQLITE_ROW)
		utf8 = strcmp((const char *)sqlite3_column_text(encoding, 0), "UTF-8") == 0;
	sqlite3_finalize(encoding);
	return utf8;
}

/*
 * " ORDER BY" the key, by the places of its columns or, named, by c0, c1 and so on. SQLite's order
 * of types (NULL, numbers, text, blobs) is the one ferry asks for.
 */
static int add_order(const struct source *s, sqlite3_str *sql, sqlite3_stmt *plain,
		     const struct ferry_extract *want, bool named, struct ferry_error *err)
{
	const char *collation = is_utf8(s) ? "BINARY" : "FERRY_BYTES";

	sqlite3_str_appendall(sql, " ORDER BY");
	for (size_t i = 0; want->key_columns[i]; i++) {
		int place = column_place(plain, want->key_columns[i]);
		if (place < 0)
			return no_key_column(s, plain, want->key_columns[i], err);
		sqlite3_str_appendf(sql, named ? "%s c%d COLLATE %s" : "%s %d COLLATE %s",
				    i ? "," : "", named ? place : place + 1, collation);
	}
	if (want->limit > 0)
		sqlite3_str_appendf(sql, " LIMIT %lld", (long long)want->limit);
	return 0;
}

/* plain is the query as it is: it tells names and places of the columns. */
static int prepare_ordered(const struct source *s, sqlite3_stmt *plain,
			   const struct ferry_extract *want, sqlite3_stmt **ret,
			   struct ferry_error *err)
{
	sqlite3_str *sql = sqlite3_str_new(s->base.db);

	sqlite3_str_appendf(sql, "SELECT * FROM (\n%s\n)", s->query.s);
	int status = add_order(s, sql, plain, want, false, err);
	char *text = sqlite3_str_finish(sql);
	if (status == 0 && !text)
		status = database_no_memory(&s->base, err);
	if (status == 0 && sqlite3_prepare_v2(s->base.db, text, -1, ret, NULL) != SQLITE_OK)
		status = database_fail(&s->base, FERRY_E_CONFIG, "query", err);
	sqlite3_free(text);
	return status;
}

/* Whether SQLite collects rows before it gives them, to sort them or for another reason. */
static bool collects(const struct source *s, const char *sql)
{
	bool found = false;
	sqlite3_stmt *stmt = NULL;
	char *text = sqlite3_mprintf("EXPLAIN %s", sql);

	if (!text || sqlite3_prepare_v2(s->base.db, text, -1, &stmt, NULL) != SQLITE_OK)
		found = true;
	while (!found && sqlite3_step(stmt) == SQLITE_ROW) {
		const char *opcode = (const char *)sqlite3_column_text(stmt, 1);
		found = !opcode || strcmp(opcode, "SorterOpen") == 0 ||
			strcmp(opcode, "OpenEphemeral") == 0;
	}
	sqlite3_finalize(stmt);
	sqlite3_free(text);
	return found;
}

/* The query with its columns named c0, c1 and so on, and all of them given to TAKE_ROW. */
static char *taken_text(const struct source *s, sqlite3_stmt *plain, bool ordered,
			const struct ferry_extract *want)
{
	sqlite3_str *sql = sqlite3_str_new(s->base.db);
	int n = sqlite3_column_count(plain);
	struct ferry_error ignored;

	sqlite3_str_appendall(sql, "WITH \"ferry rows\" (c0");
	for (int i = 1; i < n; i++)
		sqlite3_str_appendf(sql, ",c%d", i);
	sqlite3_str_appendf(sql, ") AS (\n%s\n) SELECT \"" TAKE_ROW "\"(c0", s->query.s);
	for (int i = 1; i < n; i++)
		sqlite3_str_appendf(sql, ",c%d", i);
	sqlite3_str_appendall(sql, ") FROM \"ferry rows\"");
	int status = ordered ? add_order(s, sql, plain, want, true, &ignored) : 0;
	char *text = sqlite3_str_finish(sql);
	if (status == 0)
		return text;
	sqlite3_free(text);
	return NULL;
}

/*
 * The same rows through a function that is given each row's values, which is cheaper than asking for
 * them one by one. NULL when SQLite does not take the query in this form or would call the function
 * before a row's turn comes: then the rows are read as columns.
 */
static sqlite3_stmt *prepare_taken(const struct source *s, sqlite3_stmt *plain, bool ordered,
				   const struct ferry_extract *want)
{
	char *text = taken_text(s, plain, ordered, want);
	sqlite3_stmt *stmt = NULL;

	if (text && !collects(s, text) &&
	    sqlite3_prepare_v2(s->base.db, text, -1, &stmt, NULL) != SQLITE_OK)
		stmt = NULL;
	sqlite3_free(text);
	return stmt;
}

static int announce(const struct source *s, sqlite3_stmt *plain, bool ordered,
		    struct ferry_sink *sink, struct ferry_error *err)
{
	size_t n = (size_t)sqlite3_column_count(plain);
	struct ferry_column *columns = calloc(n, sizeof *columns);

	if (!columns)
		return database_no_memory(&s->base, err);
	for (size_t i = 0; i < n; i++)
		columns[i].name = sqlite3_column_name(plain, (int)i);	/* types differ by row */
	int status = sink->columns(sink, columns, n, ordered, err);
	free(columns);
	return status;
}

int source_validate(void *handle, struct ferry_error *err)
{
	struct source *s = handle;
	sqlite3_stmt *stmt;

	if (connect(s, err) || prepare(s, &stmt, err))
		return -1;
	sqlite3_finalize(stmt);
	return 0;
}

/* Both forms of the statement; taken is NULL when there is none. */
static int prepare_rows(const struct source *s, sqlite3_stmt *plain, bool ordered,
			const struct ferry_extract *want, sqlite3_stmt **taken,
			sqlite3_stmt **sorted, struct ferry_error *err)
{
	if (ordered && prepare_ordered(s, plain, want, sorted, err))
		return -1;
	*taken = prepare_taken(s, plain, ordered, want);
	return 0;
}

int source_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err)
{
	struct source *s = handle;
	sqlite3_stmt *plain = NULL, *sorted = NULL, *taken = NULL;
	bool ordered = want->want_order && want->key_columns && want->key_columns[0];
	int status = -1;

	if (connect(s, err))
		return -1;
	/* reading anything starts the view, so that the schema stays as it is from here to the end */
	if (database_exec(&s->base, "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1", "cannot read",
			  err))
		goto out;
	if (prepare(s, &plain, err))
		goto out;
	if (prepare_rows(s, plain, ordered, want, &taken, &sorted, err))
		goto out;
	if (announce(s, plain, ordered, sink, err))
		goto out;
	status = rows_read(s, plain, taken, ordered ? sorted : plain, want->limit, sink, err);
out:
	sqlite3_finalize(plain);
	sqlite3_finalize(sorted);
	sqlite3_finalize(taken);
	if (!sqlite3_get_autocommit(s->base.db))
		sqlite3_exec(s->base.db, "ROLLBACK", NULL, NULL, NULL);	/* it only read */
	return status;
}
