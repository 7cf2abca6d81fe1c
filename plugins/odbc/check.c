/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - what is wrong with the settings alone, and whether a connection works. */
#include "odbc/odbc.h"

#include <string.h>

void odbc_check(const struct ferry_open *open, struct ferry_check *check)
{
	const char *about, *wrong = database_mistake(open, false, &about);

	if (wrong)
		check->mistake(check, about, "%s", wrong);
	if (open->role == FERRY_SOURCE) {
		query_check(open, dialect_of_query(open), check);
		if (ferry_setting_text(open, "query") && ferry_setting_text(open, "catalog"))
			check->mistake(check, "catalog",
				       "belongs to 'table': name it in the query");
	} else if (open->role == FERRY_DESTINATION) {
		target_check(open, check);
	}
}

/* How many tables the user sees, as far as ten; -1: the driver does not tell. */
static int count_tables(struct database *d)
{
	struct ferry_error ignored;
	SQLHSTMT stmt = database_statement(d, &ignored);
	int n = 0;

	if (!stmt)
		return -1;
	if (!SQL_SUCCEEDED(SQLTables(stmt, NULL, 0, NULL, 0, NULL, 0,
				     (SQLCHAR *)(uintptr_t) "TABLE,VIEW", SQL_NTS)))
		n = -1;
	while (n >= 0 && n < 10 && SQL_SUCCEEDED(SQLFetch(stmt)))
		n++;
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	return n;
}

static void tell_rights(struct database *d, struct ferry_trial *trial)
{
	char user[128] = "", read_only[4] = "N";
	SQLSMALLINT len;
	int tables = count_tables(d);

	SQLGetInfo(d->dbc, SQL_USER_NAME, user, sizeof user, &len);
	SQLGetInfo(d->dbc, SQL_DATA_SOURCE_READ_ONLY, read_only, sizeof read_only, &len);
	if (tables > 0)
		trial->found(trial, "%s%s sees %s%d tables", *user ? "user " : "the user", user,
			     tables == 10 ? "at least " : "", tables);
	else if (!tables)
		trial->warn(trial, "%s%s sees no tables", *user ? "user " : "the user", user);
	if (read_only[0] == 'Y')
		trial->warn(trial, "the driver says that it only reads");
	if (!d->transactions)
		trial->warn(
			trial,
			"there are no transactions: as a destination each row is written by itself");
}

/* One call does both: what it fails with tells how far it came. */
int odbc_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err)
{
	struct database d = {0};

	trial->step(trial, "address");
	if (database_init(&d, open, err))
		return -1;
	if (database_connect(&d, NULL, err)) {
		if (err->code == FERRY_E_AUTH || err->code == FERRY_E_FORBIDDEN)
			trial->step(trial, "credentials");
		database_release(&d);
		return -1;
	}
	trial->found(trial, "%s", d.driver_name[0] ? d.driver_name : "the driver has connected");
	trial->step(trial, "credentials");
	trial->found(trial, "%s",
		     d.user ? d.user : "those of the connection string or data source");
	trial->step(trial, "version");
	trial->found(trial, "%s %s, by %s %s, as dialect %s", d.dbms, d.version, d.driver_name,
		     d.driver_version, d.dialect->name);
	trial->step(trial, "permissions");
	tell_rights(&d, trial);
	database_release(&d);
	return 0;
}
