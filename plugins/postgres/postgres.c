/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres.c - connector for PostgreSQL databases: what it declares, and which of its two halves is
 * meant. Knows nothing of ferry but connector.h.
 */
#include "postgres/postgres.h"

static const char *const sslmodes[] = {
	"disable", "allow", "prefer", "require", "verify-ca", "verify-full", NULL,
};

static const struct ferry_option connection_options[] = {
	{"dsn", FERRY_OPT_TEXT, FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"which database: a connection string or URI of libpq, without the password"},
	{"password", FERRY_OPT_TEXT, FERRY_OPTION_SECRET, NULL, 0, 0, NULL,
		"the password; without it libpq looks for a password file"},
	{"sslmode", FERRY_OPT_CHOICE, 0, NULL, 0, 0, sslmodes,
		"whether TLS is used, and what is checked; by default verify-full (or require) if there is a "
		"'tls:', else as the dsn says, else prefer"},
	{"sslrootcert", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL,
		"file with the certificates to trust; by default as 'tls: {ca}' says"},
	{"sslcert", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL,
		"file with the client's own certificate; by default as 'tls: {cert}' says"},
	{"sslkey", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL,
		"file with the key of the client's certificate; by default as 'tls: {key}' says"},
	{"statement_timeout", FERRY_OPT_DURATION, 0, NULL, 100, 3600000, NULL,
		"how long one statement of a write or look-up may take; by default the connection's 'timeout'"},
	{0},
};

static const struct ferry_option source_options[] = {
	TABLE_SOURCE_OPTIONS,
	{"schema", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL,
		"where the table is; by default the server looks along the search_path"},
	{"query_timeout", FERRY_OPT_DURATION, 0, "1h", 1000, 7 * 86400000, NULL,
		"how long the server may give no row at all before it is given up"},
	{0},
};

static const struct ferry_option destination_options[] = {
	TABLE_DESTINATION_OPTIONS,
	{"schema", FERRY_OPT_TEXT, FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"where the table is; by default the server looks along the search_path"},
	{"batch", FERRY_OPT_INT, 0, "5000", 1, 5000, NULL,
		"how many rows one transaction writes at most"},
	{0},
};

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	const char *dsn = ferry_setting_text(open, "dsn");
	char why[400];

	if (dsn)
		PQconninfoFree(dsn_parse(dsn, why, sizeof why));
	if (dsn && *why)
		check->mistake(check, "dsn", "%s", why);
	if (open->role == FERRY_SOURCE)
		query_check(open, POSTGRES_SQL, check);
	else
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
	.name = "postgres",
	.family = "postgres",
	.summary = "tables and queries of a PostgreSQL database",
	.version = "1.0",
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR |
		 FERRY_MODE_APPEND,
	.caps = FERRY_CAP_ORDERED | FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_DISABLE |
		FERRY_CAP_DELETE,
	.batch = 5000,
	.lookup_batch = 1000,
	.connection_options = connection_options,
	.source_options = source_options,
	.destination_options = destination_options,
	.check = check,
	.test = server_test,
	.open = open_handle,
	.close = close_handle,
	.validate_setup = validate_setup,
	.extract = source_extract,
	.lookup = destination_lookup,
	.list = destination_list,
	.apply = destination_apply,
};
