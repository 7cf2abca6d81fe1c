/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odbc.c - connector for any database with an ODBC driver: what it declares, and which of its two
 * halves is meant. Knows nothing of ferry but connector.h.
 */
#include "odbc/odbc.h"

static const struct ferry_option connection_options[] = {
	{"connection", FERRY_OPT_TEXT, FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"a connection string, KEYWORD=value;..., without secrets"},
	{"dsn", FERRY_OPT_TEXT, FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"the name of a data source in odbc.ini"},
	{"driver", FERRY_OPT_TEXT, FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"the driver's file, or its name in odbcinst.ini; 'connection' then has the rest"},
	{"user", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL,
		"added to the connection string as UID"},
	{"password", FERRY_OPT_TEXT, FERRY_OPTION_SECRET, NULL, 0, 0, NULL,
		"added to the connection string as PWD"},
	{"secrets", FERRY_OPT_TEXT, FERRY_OPTION_SECRET, NULL, 0, 0, NULL,
		"more of the connection string that must not be shown: 'Token=...;'"},
	{"dialect", FERRY_OPT_CHOICE, 0, NULL, 0, 0, dialect_names,
		"which SQL the database has; by default as its driver names it"},
	{0},
};

static const struct ferry_option source_options[] = {
	TABLE_SOURCE_OPTIONS,
	{"schema", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL,
		"where the table is; by default where the database looks"},
	{"catalog", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL,
		"where the schema is: a database or project"},
	{"query_timeout", FERRY_OPT_DURATION, 0, "1h", 1000, 7 * 86400000, NULL,
		"how long the query may take, where database or driver know such a limit"},
	{"fetch_rows", FERRY_OPT_INT, 0, "256", 1, 10000, NULL,
		"how many rows are fetched at once at most; 1: value by value"},
	{0},
};

static const struct ferry_option destination_options[] = {
	TABLE_DESTINATION_OPTIONS,
	{"schema", FERRY_OPT_TEXT, FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"where the table is; by default where the database looks"},
	{"catalog", FERRY_OPT_TEXT, FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"where the schema is: a database or project"},
	{"batch", FERRY_OPT_INT, 0, "1000", 1, 5000, NULL,
		"how many rows one transaction writes at most"},
	{0},
};

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
	.name = "odbc",
	.family = "odbc",
	.summary = "tables and queries of any database with an ODBC driver",
	.version = "1.0",
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR |
		 FERRY_MODE_APPEND,
	.caps = FERRY_CAP_ORDERED | FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_DISABLE |
		FERRY_CAP_DELETE,
	.batch = 5000,
	.lookup_batch = 1,
	.connection_options = connection_options,
	.source_options = source_options,
	.destination_options = destination_options,
	.check = odbc_check,
	.test = odbc_test,
	.open = open_handle,
	.close = close_handle,
	.validate_setup = validate_setup,
	.extract = source_extract,
	.lookup = destination_lookup,
	.list = destination_list,
	.apply = destination_apply,
};
