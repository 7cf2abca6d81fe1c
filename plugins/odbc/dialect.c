/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dialect.c - all that is known of databases and of drivers, as two tables. Where a database is in
 * neither, standard SQL is all that is used. No I/O.
 */
#include "odbc/odbc.h"

#include <string.h>

/* ------------------------------------------------------------------ databases */

static const char *const postgres_session[] = {
	"SET TIME ZONE 'UTC'", "SET datestyle = 'ISO'", "SET intervalstyle = 'postgres'",
	"SET extra_float_digits = 3", NULL,
};
/* without a strict mode values would be bent until they fit */
static const char *const mysql_session[] = {
	"SET time_zone = '+00:00'",
	"SET sql_mode = CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_ALL_TABLES')", NULL,
};
static const char *const oracle_session[] = {
	"ALTER SESSION SET TIME_ZONE = 'UTC'", "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,'", NULL,
};
static const char *const snowflake_session[] = {"ALTER SESSION SET TIMEZONE = 'UTC'", NULL};
static const char *const databricks_session[] = {"SET TIME ZONE 'UTC'", NULL};

static const struct dialect dialects[] = {
	{
		.name = "postgresql", .dbms = "PostgreSQL", .kind = DBMS_POSTGRES,
		.sql = SQL_E_STRING | SQL_DOLLAR | SQL_NESTED,
		.upsert = UPSERT_CONFLICT, .failure = FAILURE_ABORTS, .unique_known = true,
		.session = postgres_session,
		.limit_before = "SET statement_timeout = ", .limit_after = "", .limit_unit_ms = 1,
		.order_before = "CAST(", .order_after = " AS text) COLLATE \"C\"", .nulls_first = " NULLS FIRST",
		.types = {"text", "boolean", "bigint", "numeric", "text", "bytea", "timestamptz", "jsonb"},
	}, {
		.name = "mysql", .dbms = "MariaDB", .kind = DBMS_MYSQL,
		.sql = SQL_BACKSLASH | SQL_BACKTICK | SQL_HASH,
		.upsert = UPSERT_DUPLICATE, .failure = FAILURE_KEEPS, .unique_known = true,
		.session = mysql_session,
		.limit_before = "SET max_statement_time = ", .limit_after = "", .limit_unit_ms = 1000,
		.order_before = "CAST(CONVERT(", .order_after = " USING utf8mb4) AS BINARY)", .nulls_first = "",
		.types = {"varchar(255) COLLATE utf8mb4_bin", "boolean", "bigint", "decimal(65,30)",
			"longtext COLLATE utf8mb4_bin", "longblob", "datetime(6)", "longtext COLLATE utf8mb4_bin"},
	}, {
		.name = "mysql", .dbms = "MySQL", .kind = DBMS_MYSQL,
		.sql = SQL_BACKSLASH | SQL_BACKTICK | SQL_HASH,
		.upsert = UPSERT_DUPLICATE, .failure = FAILURE_KEEPS, .unique_known = true,
		.session = mysql_session,
		.limit_before = "SET max_execution_time = ", .limit_after = "", .limit_unit_ms = 1,
		.order_before = "CAST(CONVERT(", .order_after = " USING utf8mb4) AS BINARY)", .nulls_first = "",
		.types = {"varchar(255) COLLATE utf8mb4_bin", "boolean", "bigint", "decimal(65,30)",
			"longtext COLLATE utf8mb4_bin", "longblob", "datetime(6)", "longtext COLLATE utf8mb4_bin"},
	}, {
		.name = "sqlite", .dbms = "SQLite", .kind = DBMS_SQLITE,
		.sql = SQL_BACKTICK | SQL_BRACKET, .wake = "SELECT 1 FROM sqlite_master LIMIT 1",
		.upsert = UPSERT_CONFLICT, .failure = FAILURE_KEEPS, .unique_known = true,
		.order_before = "", .order_after = " COLLATE BINARY", .nulls_first = "",
		.types = {"TEXT", "", "", "TEXT", "TEXT", "", "TEXT", "TEXT"},
	}, {
		.name = "sqlserver", .dbms = "Microsoft SQL Server", .kind = DBMS_SQLSERVER,
		.sql = SQL_BRACKET | SQL_NESTED,
		.upsert = UPSERT_NONE, .failure = FAILURE_UNSURE,
		.order_before = "CAST(", .order_after = " AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2",
		.nulls_first = "",
		.types = {"nvarchar(400) COLLATE Latin1_General_100_BIN2", "bit", "bigint", "decimal(38,10)",
			"nvarchar(max)", "varbinary(max)", "datetime2(6)", "nvarchar(max)"},
	}, {
		.name = "oracle", .dbms = "Oracle", .kind = DBMS_ORACLE,
		.upsert = UPSERT_NONE, .failure = FAILURE_KEEPS,
		.session = oracle_session,
		.order_before = "NLSSORT(", .order_after = ", 'NLS_SORT=BINARY')", .nulls_first = " NULLS FIRST",
		.types = {"varchar2(1000)", "number(1)", "number(19)", "number", "clob", "blob", "timestamp(6)",
			"clob"},
	}, {
		.name = "snowflake", .dbms = "Snowflake", .kind = DBMS_SNOWFLAKE,
		.sql = SQL_BACKSLASH | SQL_DOLLAR,
		.upsert = UPSERT_MERGE, .failure = FAILURE_KEEPS,
		.session = snowflake_session,
		.order_before = "COLLATE(CAST(", .order_after = " AS varchar), 'utf8')",
		.nulls_first = " NULLS FIRST",
		.types = {"varchar", "boolean", "number(38,0)", "number(38,10)", "varchar", "binary",
			"timestamp_ntz(6)", "varchar"},
	}, {
		.name = "bigquery", .dbms = "Google BigQuery", .kind = DBMS_BIGQUERY,
		.sql = SQL_BACKSLASH | SQL_BACKTICK | SQL_HASH,
		.upsert = UPSERT_MERGE, .failure = FAILURE_UNSURE,
		.order_before = "", .order_after = "", .nulls_first = " NULLS FIRST",
		.types = {"STRING", "BOOL", "INT64", "BIGNUMERIC", "STRING", "BYTES", "TIMESTAMP", "STRING"},
	}, {
		.name = "databricks", .dbms = "Spark SQL", .kind = DBMS_DATABRICKS,
		.sql = SQL_BACKSLASH | SQL_BACKTICK,
		.upsert = UPSERT_MERGE, .failure = FAILURE_UNSURE,
		.session = databricks_session,
		.order_before = "", .order_after = "", .nulls_first = " NULLS FIRST",
		.types = {"STRING", "BOOLEAN", "BIGINT", "DECIMAL(38,10)", "STRING", "BINARY", "TIMESTAMP",
			"STRING"},
	}, {
		/* PostgreSQL 15 and others take this, too */
		.name = "merge", .kind = DBMS_OTHER, .upsert = UPSERT_MERGE, .failure = FAILURE_UNSURE,
		.types = {"varchar(255)", "boolean", "bigint", "decimal(38,10)", "varchar(4000)",
			"varbinary(4000)", "timestamp", "varchar(4000)"},
	}, {
		.name = "generic", .kind = DBMS_OTHER, .upsert = UPSERT_NONE, .failure = FAILURE_UNSURE,
		.types = {"varchar(255)", "boolean", "bigint", "decimal(38,10)", "varchar(4000)",
			"varbinary(4000)", "timestamp", "varchar(4000)"},
	},
};

const char *const dialect_names[] = {
	"postgresql", "mysql", "sqlite", "sqlserver", "oracle", "snowflake", "bigquery", "databricks",
	"merge", "generic", NULL,
};

const struct dialect *dialect_find(const char *setting, const char *dbms)
{
	size_t n = sizeof dialects / sizeof dialects[0];

	for (size_t i = 0; i < n; i++) {
		const struct dialect *d = &dialects[i];
		if (setting ? strcmp(setting, d->name) == 0 :
			      d->dbms && strncasecmp(dbms, d->dbms, strlen(d->dbms)) == 0)
			return d;
	}
	return &dialects[n - 1];
}

unsigned dialect_of_query(const struct ferry_open *open)
{
	const char *setting = ferry_setting_text(open, "dialect");

	if (setting)
		return dialect_find(setting, "")->sql;
	for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
		struct text sql = {0};
		struct ferry_error ignored;
		bool good = query_settings(open, dialects[i].sql, '"', &sql, &ignored) == 0;
		text_release(&sql);
		if (good)
			return dialects[i].sql;
	}
	return 0;
}

/* ------------------------------------------------------------------ drivers */

/*
 * psqlodbc would read the whole result before it gives the first row, and gives booleans and what it
 * does not know as texts of 255 characters.
 */
static const char *const psqlodbc_names[] = {"psqlodbc", "PostgreSQL", NULL};
static const char *const psqlodbc_keywords[] = {
	"BoolsAsChar", "0", "UnknownsAsLongVarchar", "1", "ByteaAsLongVarBinary", "1", NULL,
};
static const char *const psqlodbc_reading[] = {"UseDeclareFetch", "1", "Fetch", "1000", NULL};

/*
 * Text is UTF-8 whatever the locale. In blocks of rows it mixes rows up, as soon as a value of one of
 * them does not go into its buffer as it is. Of each date in an array of parameters it never frees a
 * copy.
 */
static const char *const maodbc_names[] = {"maodbc", "MariaDB", NULL};
static const char *const maodbc_keywords[] = {"CHARSET", "utf8mb4", NULL};

/*
 * Rows as they come instead of the whole result, which it can only outside of a transaction; no file
 * made by a mistake in its name.
 */
static const char *const sqlite_names[] = {"sqlite3odbc", "SQLite3", NULL};
static const char *const sqlite_keywords[] = {"StepAPI", "1", "FKSupport", "1", "LongNames", "0", NULL};
static const char *const sqlite_creating[] = {"NoCreat", "1", NULL};

static const char *const snowflake_names[] = {"Snowflake", NULL};
static const char *const sqlserver_names[] = {"msodbcsql", "SQL Server", NULL};
static const char *const oracle_names[] = {"sqora", "Oracle", NULL};

static const struct driver drivers[] = {
	{
		.names = psqlodbc_names, .keywords = psqlodbc_keywords, .reading = psqlodbc_reading,
		.number_sizes_lie = true,
	}, {
		.names = maodbc_names, .keywords = maodbc_keywords,
		.limit_keyword = "READ_TIMEOUT", .limit_unit_ms = 1000, .limit_more_ms = 5000,
		.connect_keyword = "CONN_TIMEOUT",
		.arrays = true, .no_blocks = true, .dates_as_text = true,
	}, {
		.names = sqlite_names, .keywords = sqlite_keywords, .creating = sqlite_creating,
		.limit_keyword = "Timeout", .limit_unit_ms = 1, .reads_alone = true,
	},
	{.names = snowflake_names, .arrays = true},
	{.names = sqlserver_names, .arrays = true},
	{.names = oracle_names, .arrays = true},
};

const struct driver *driver_find(const char *name)
{
	static const struct driver unknown = {0};

	for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
		for (const char *const *part = drivers[i].names; *part; part++)
			if (strcasestr(name, *part))
				return &drivers[i];
	return &unknown;
}
