/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite.c - connector for SQLite database files: what it declares, and one file's connection.
 *
 * Each handle has its own connection and is used by one thread, so SQLite's own locking of
 * connections is off. Knows nothing of ferry but connector.h.
 */
#include "sqlite/sqlite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct ferry_option connection_options[] = {
	{"path", FERRY_OPT_TEXT, FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"the database file; a relative path starts at the working directory"},
	{"busy_timeout", FERRY_OPT_DURATION, 0, "5s", 0, 600000, NULL,
		"how long to wait for another process that has locked the file"},
	{0},
};

static const struct ferry_option source_options[] = {
	TABLE_SOURCE_OPTIONS,
	{0},
};

static const struct ferry_option destination_options[] = {
	TABLE_DESTINATION_OPTIONS,
	{0},
};

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	if (open->role == FERRY_SOURCE)
		query_check(open, SQLITE_SQL, check);
	else
		target_check(open, check);
}

int database_init(struct database *d, const struct ferry_open *open, struct ferry_error *err)
{
	d->host = open->host;
	d->role = open->role;
	d->path = ferry_setting_text(open, "path");
	d->busy_ms = (int)ferry_setting_int(open, "busy_timeout", 5000);
	if (!d->path || !*d->path)
		return d->host->fail(err, FERRY_E_CONFIG, "connection '%s' needs 'path'",
				     open->connection);
	return 0;
}

int database_exists(const struct database *d, bool *ret, struct ferry_error *err)
{
	struct stat st;
	char why[100];

	*ret = stat(d->path, &st) == 0;
	if (*ret) {
		if (S_ISREG(st.st_mode))
			return 0;
		return d->host->fail(err, FERRY_E_CONFIG, "%s is not a file", d->path);
	}
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	enum ferry_code code = errno == EACCES ? FERRY_E_FORBIDDEN : FERRY_E_CONNECT;
	return d->host->fail(err, code, "%s: %s", d->path, strerror_r(errno, why, sizeof why));
}

int database_connect(struct database *d, int flags, struct ferry_error *err)
{
	if (d->db)
		return 0;
	/* "./" keeps SQLite from taking ":memory:" for anything but a file's name */
	char *name = sqlite3_mprintf("%s%s", d->path[0] == '/' ? "" : "./", d->path);
	if (!name)
		return database_no_memory(d, err);
	int rc = sqlite3_open_v2(name, &d->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	sqlite3_free(name);
	if (!d->db)
		return database_no_memory(d, err);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(d->db, d->busy_ms);
		rc = sqlite3_exec(d->db, "PRAGMA schema_version", NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK)
		return 0;
	database_fail(d, FERRY_E_CONNECT, "cannot open it", err);
	database_close(d);
	return -1;
}

void database_close(struct database *d)
{
	sqlite3_close(d->db);
	d->db = NULL;
}

int database_exec(struct database *d, const char *sql, const char *doing, struct ferry_error *err)
{
	if (sqlite3_exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return database_fail(d, FERRY_E_UNAVAILABLE, doing, err);
}

int database_no_memory(const struct database *d, struct ferry_error *err)
{
	return d->host->fail(err, FERRY_E_NOMEM, "%s: out of memory", d->path);
}

int database_fail(const struct database *d, enum ferry_code plain, const char *doing,
		  struct ferry_error *err)
{
	static const struct {
		int rc;
		enum ferry_code code;
		const char *text;	/* said instead of SQLite's own */
	} kinds[] = {
		{SQLITE_BUSY, FERRY_E_UNAVAILABLE,
			"locked by another process for longer than 'busy_timeout'"},
		{SQLITE_LOCKED, FERRY_E_UNAVAILABLE, "locked by another connection"},
		{SQLITE_INTERRUPT, FERRY_E_CANCELLED, "cancelled"},
		{SQLITE_NOMEM, FERRY_E_NOMEM, "out of memory"},
		{SQLITE_FULL, FERRY_E_UNAVAILABLE, "the disk is full"},
		{SQLITE_IOERR, FERRY_E_UNAVAILABLE, NULL},
		{SQLITE_CANTOPEN, FERRY_E_CONNECT, NULL},
		{SQLITE_PERM, FERRY_E_FORBIDDEN, NULL},
		{SQLITE_READONLY, FERRY_E_FORBIDDEN, NULL},
		{SQLITE_NOTADB, FERRY_E_CONFIG, "is not an SQLite database"},
		{SQLITE_CORRUPT, FERRY_E_DATA, NULL},
	};
	int rc = sqlite3_extended_errcode(d->db) & 0xff;

	if (rc == SQLITE_CANTOPEN && sqlite3_system_errno(d->db) == EACCES)
		rc = SQLITE_PERM;		/* no attempt will change that */
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].rc == rc)
			return d->host->fail(err, kinds[i].code, "%s: %s: %s", d->path, doing,
					     kinds[i].text ? kinds[i].text : sqlite3_errmsg(d->db));
	return d->host->fail(err, plain, "%s: %s: %s", d->path, doing, sqlite3_errmsg(d->db));
}

static int open_handle(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	if (open->role == FERRY_SOURCE)
		return source_open(open, ret, err);
	return destination_open(open, ret, err);
}

static void close_handle(void *handle)
{
	const struct database *d = handle;

	if (!d)
		return;
	if (d->role == FERRY_SOURCE)
		source_close(handle);
	else
		destination_close(handle);
}

static int validate_setup(void *handle, struct ferry_error *err)
{
	const struct database *d = handle;

	if (d->role == FERRY_SOURCE)
		return source_validate(handle, err);
	return destination_validate(handle, err);
}

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "sqlite",
	.family = "sqlite",
	.summary = "tables and queries of an SQLite database file",
	.version = "1.0",
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR |
		 FERRY_MODE_APPEND,
	.caps = FERRY_CAP_ORDERED | FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_DISABLE |
		FERRY_CAP_DELETE | FERRY_CAP_LOCAL,
	.batch = 5000,
	.lookup_batch = 500,
	.connection_options = connection_options,
	.source_options = source_options,
	.destination_options = destination_options,
	.check = check,
	.test = database_test,
	.open = open_handle,
	.close = close_handle,
	.validate_setup = validate_setup,
	.extract = source_extract,
	.lookup = destination_lookup,
	.list = destination_list,
	.apply = destination_apply,
};
