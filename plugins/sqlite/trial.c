/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - can the file be used, whatever is to be read or written? */
#include "sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* May a file be made here? SQLite needs the folder anyway, for its journal. */
static bool folder_is_writable(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
	bool is = folder && access(folder, W_OK | X_OK) == 0;

	free(folder);
	return is;
}

/* The first value of a query as a number; -1 when SQLite fails. */
static int64_t number(struct database *d, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t n = -1;

	if (sqlite3_prepare_v2(d->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static int look(struct database *d, struct ferry_trial *trial, struct ferry_error *err)
{
	bool there;

	trial->step(trial, "address");
	if (database_exists(d, &there, err))
		return -1;
	if (!there && !folder_is_writable(d->path))
		return d->host->fail(err, FERRY_E_CONNECT, "%s: there is no such file, and none can be made", d->path);
	if (!there) {
		trial->found(trial, "%s", d->path);
		trial->warn(trial, "there is no such file yet; a destination with 'create: true' makes it");
		return 0;
	}
	if (database_connect(d, SQLITE_OPEN_READONLY, err))
		return -1;
	trial->found(trial, "%s, %lld KiB", d->path,
		     (long long)(number(d, "SELECT page_count * page_size / 1024 FROM pragma_page_count, pragma_page_size")));
	trial->step(trial, "version");
	trial->found(trial, "SQLite %s", sqlite3_libversion());
	trial->step(trial, "permissions");
	int64_t tables = number(d, "SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'view')");
	if (tables < 0)
		return database_fail(d, FERRY_E_DATA, "cannot be read", err);
	trial->found(trial, "may be read; tables and views: %lld", (long long)tables);
	if (access(d->path, W_OK) != 0 || !folder_is_writable(d->path))
		trial->warn(trial, "it may not be written: that needs the file and its folder");
	else
		trial->found(trial, "may be written");
	return 0;
}

int database_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err)
{
	struct database d = {0};
	int status = database_init(&d, open, err) || look(&d, trial, err) ? -1 : 0;

	database_close(&d);
	return status;
}
