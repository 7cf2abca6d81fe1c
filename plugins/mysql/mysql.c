/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mysql.c - connector for MariaDB and MySQL: what it declares, what can be told of its settings alone, and
 * which of its two halves is meant. Knows nothing of ferry but connector.h.
 */
#include "mysql/private.h"

static const char *const tls_modes[] = {"disabled", "preferred", "required", "verify", NULL};
static const char *const datetimes[] = {"utc", "text", NULL};
static const char *const zero_dates[] = {"text", "null", NULL};

static const struct ferry_option connection_options[] = {
	{"host", FERRY_OPT_TEXT, FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"the server's name or address; 127.0.0.1 when there is no 'socket' either"},
	{"port", FERRY_OPT_INT, FERRY_OPTION_ADDRESS, "3306", 1, 65535, NULL,
		"the server's port"},
	{"socket", FERRY_OPT_TEXT, FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"the server's Unix socket, instead of 'host'"},
	{"user", FERRY_OPT_TEXT, FERRY_OPTION_REQUIRED, NULL, 0, 0, NULL,
		"as whom to connect"},
	{"password", FERRY_OPT_TEXT, FERRY_OPTION_SECRET, NULL, 0, 0, NULL,
		"the user's password"},
	{"database", FERRY_OPT_TEXT, FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"the database"},
	{"tls_mode", FERRY_OPT_CHOICE, 0, NULL, 0, 0, tls_modes,
		"whether TLS is used, and what is checked; by default verify if there is a 'tls:', else preferred"},
	{"statement_timeout", FERRY_OPT_DURATION, 0, NULL, 1000, 3600000, NULL,
		"how long one statement of a write or look-up may take; by default the connection's timeout"},
	{0},
};

static const struct ferry_option source_options[] = {
	TABLE_SOURCE_OPTIONS,
	{"query_timeout", FERRY_OPT_DURATION, 0, "1h", 1000, 7 * 86400000, NULL,
		"how long the server may give no row at all before it is given up"},
	{"datetime", FERRY_OPT_CHOICE, 0, "utc", 0, 0, datetimes,
		"what a DATETIME, which has no zone, is: a time in UTC, or a text"},
	{"zero_dates", FERRY_OPT_CHOICE, 0, "text", 0, 0, zero_dates,
		"what 0000-00-00 and the like become: the text they are, or NULL"},
	{0},
};

static const struct ferry_option destination_options[] = {
	TABLE_DESTINATION_OPTIONS,
	{"batch", FERRY_OPT_INT, 0, "2000", 1, 2000, NULL,
		"how many rows one transaction writes at most"},
	{0},
};

static void check_settings(const struct ferry_open *open, struct ferry_check *check)
{
	const struct ferry_common *common = &open->common;

	if (ferry_setting(open, "host") && ferry_setting(open, "socket"))
		check->mistake(check, "socket", "give either 'host' or 'socket', not both");
	if (!common->tls_cert != !common->tls_key)
		check->mistake(check, "tls", "a client's certificate needs its key: give both 'cert' and 'key'");
	if (open->role == FERRY_SOURCE)
		query_check(open, MYSQL_SQL, check);
	else if (open->role == FERRY_DESTINATION)
		target_check(open, check);
}

static int open_handle(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	if (open->role == FERRY_SOURCE)
		return source_open(open, ret, err);
	return destination_open(open, ret, err);
}

static void close_handle(void *handle)
{
	const struct server *s = handle;

	if (!s)
		return;
	if (s->role == FERRY_SOURCE)
		source_close(handle);
	else
		destination_close(handle);
}

static int validate_setup(void *handle, struct ferry_error *err)
{
	const struct server *s = handle;

	if (s->role == FERRY_SOURCE)
		return source_validate(handle, err);
	return destination_validate(handle, err);
}

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "mysql",
	.family = "mysql",
	.summary = "tables and queries of a MariaDB or MySQL database",
	.version = "1.0",
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR |
		 FERRY_MODE_APPEND,
	.caps = FERRY_CAP_ORDERED | FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_DISABLE |
		FERRY_CAP_DELETE,
	.batch = 2000,
	.lookup_batch = 500,
	.connection_options = connection_options,
	.source_options = source_options,
	.destination_options = destination_options,
	.check = check_settings,
	.test = server_test,
	.open = open_handle,
	.close = close_handle,
	.validate_setup = validate_setup,
	.extract = source_extract,
	.lookup = destination_lookup,
	.list = destination_list,
	.apply = destination_apply,
};
