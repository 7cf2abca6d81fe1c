/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite-fixture.c - a host and a database file for the tests of the sqlite connector. */
#include "sqlite-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int __attribute__((format(printf, 3, 4)))
host_fail(struct ferry_error *err, enum ferry_code code, const char *fmt, ...)
{
	va_list ap;

	memset(err, 0, sizeof *err);
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	return -1;
}

static void __attribute__((format(printf, 3, 4)))
host_log(const struct ferry_host *host, enum ferry_level level, const char *fmt, ...)
{
	struct fixture *f = host->ctx;
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(f->log, sizeof f->log, fmt, ap);
	va_end(ap);
}

static bool host_cancelled(const struct ferry_host *host)
{
	struct fixture *f = host->ctx;

	return f->cancel_after >= 0 && f->cancel_after-- <= 0;
}

static int64_t host_now(const struct ferry_host *host)
{
	(void)host;
	return NOW;
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	snprintf(f->dir, sizeof f->dir, "/tmp/test-sqlite-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof f->path, "%s/data.db", f->dir);
	f->cancel_after = -1;
	f->host = (struct ferry_host){
		.abi = FERRY_ABI(struct ferry_host),
		.ctx = f,
		.fail = host_fail,
		.log = host_log,
		.cancelled = host_cancelled,
		.now = host_now,
	};
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char path[128];

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		unlink(path);
	}
	int status = rmdir(f->dir);	/* nothing else may have been left there */
	free(f);
	return status;
}

void fixture_sql(struct fixture *f, const char *sql)
{
	sqlite3 *db;
	char *msg = NULL;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &msg);
	if (msg)
		fail_msg("%s: %s", sql, msg);
	sqlite3_close(db);
}

const char *fixture_dump(struct fixture *f, const char *sql)
{
	static char out[8192];
	size_t n = 0;
	sqlite3 *db;
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	out[0] = '\0';
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			bool quoted = sqlite3_column_type(stmt, i) == SQLITE_TEXT;
			const char *s = (const char *)sqlite3_column_text(stmt, i);
			n += (size_t)snprintf(out + n, sizeof out - n, "%s%s%s%s", i ? "|" : "",
					      quoted ? "'" : "", s ? s : "NULL", quoted ? "'" : "");
		}
		n += (size_t)snprintf(out + n, sizeof out - n, "\n");
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return out;
}

void *fixture_open(struct fixture *f, struct ferry_open *open, const char *const *settings)
{
	static struct ferry_setting list[8];
	void *handle = NULL;
	size_t n = 0;

	list[n++] = (struct ferry_setting){"path", {.s = f->path, .len = (uint32_t)strlen(f->path), .type = FERRY_TEXT}};
	list[n++] = (struct ferry_setting){"busy_timeout", INT(20)};
	for (; *settings; settings += 2) {
		struct ferry_value v = {.s = settings[1], .len = (uint32_t)strlen(settings[1]), .type = FERRY_TEXT};
		if (strcmp(settings[1], "true") == 0)
			v = (struct ferry_value)BOOLEAN(1);
		list[n++] = (struct ferry_setting){settings[0], v};
	}
	open->host = &f->host;
	open->connection = "data";
	open->settings = list;
	open->n_settings = n;
	memset(&f->err, 0, sizeof f->err);
	if (ferry_connector.open(open, &handle, &f->err))
		return NULL;
	return handle;
}

static const char *const names[] = {"id", "name", "amount"};
const char *const key_id[] = {"id", NULL};
const struct ferry_field *const no_field_table[FIELDS];
const struct ferry_layout layout = {FIELDS, names, no_field_table};
struct ferry_outcome outcomes[8];

void *open_mode(struct fixture *f, enum ferry_mode mode, const char *const *keys,
		const char *const *settings)
{
	struct ferry_open open = {
		.role = FERRY_DESTINATION, .layout = &layout, .mode = mode, .keys = keys,
	};
	void *h = fixture_open(f, &open, settings);

	if (!h)
		fail_msg("open: %s", f->err.msg);
	return h;
}

void *open_people(struct fixture *f)
{
	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id,
			    (const char *const[]){"table", "people", NULL});

	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	return h;
}

int apply(struct fixture *f, void *h, enum ferry_decision decision, const struct ferry_value *rows,
	  size_t n)
{
	struct ferry_action actions[8];

	for (size_t i = 0; i < n; i++)
		actions[i] = (struct ferry_action){
			.decision = decision, .key = "k", .key_len = 1, .dest_id = "",
			.fields = rows + i * FIELDS,
		};
	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, actions, n, outcomes, &f->err);
}

int apply_id(struct fixture *f, void *h, enum ferry_decision decision, const char *dest_id,
	     const struct ferry_value *fields, const struct ferry_value *before)
{
	struct ferry_action action = {
		.decision = decision, .key = "k", .key_len = 1, .dest_id = dest_id,
		.fields = fields, .before = before,
	};

	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, &action, 1, outcomes, &f->err);
}

void expect_rows(struct fixture *f, const char *sql, const char *rows)
{
	assert_string_equal(fixture_dump(f, sql), rows);
}
