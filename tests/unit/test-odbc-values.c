/* SPDX-License-Identifier: Apache-2.0 */
/* test-odbc-values.c - the pure parts of the odbc connector; no driver is needed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "odbc/odbc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void wide_and_narrow(void **state)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2\xf4\x8f\xbf\xbf";
	static const SQLWCHAR lone[] = {'a', 0xd83d, 'b'}, low[] = {0xdc00}, last[] = {0xd83d};
	static const char *const bad[] = {"\xff", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\x80", "\xf8\x88\x80\x80\x80"};
	SQLWCHAR wide[32];
	char back[64];
	size_t len;
	bool ok;

	(void)state;
	size_t n = widen(text, sizeof text - 1, wide, &ok);
	assert_true(ok);
	assert_int_equal(n, 7);
	assert_int_equal(wide[3], 0xd83d);
	assert_int_equal(wide[4], 0xdea2);
	assert_true(narrow(wide, n, back, &len));
	assert_int_equal(len, sizeof text - 1);
	assert_memory_equal(back, text, len);
	assert_false(narrow(lone, 3, back, &len));
	assert_false(narrow(low, 1, back, &len));
	assert_false(narrow(last, 1, back, &len));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		widen(bad[i], strlen(bad[i]), wide, &ok);
		assert_false(ok);
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	}
	assert_true(utf8_valid("", 0));
}

static void connection_strings(void **state)
{
	static const char connection[] = " Driver = {My;Driver}}x};Server=db ;pwd2=x;UID=me";
	const char *value;
	size_t len;
	struct text s = {0};

	(void)state;
	assert_true(keywords_valid(connection));
	assert_true(keywords_have(connection, "DRIVER", &value, &len));
	assert_int_equal(len, strlen("My;Driver}}x"));
	assert_true(keywords_have(connection, "uid", &value, &len));
	assert_int_equal(strncmp(value, "me", len), 0);
	assert_false(keywords_have(connection, "PWD", NULL, NULL));
	assert_false(keywords_have(NULL, "PWD", NULL, NULL));
	assert_null(keywords_secret(connection));
	assert_string_equal(keywords_secret("Driver=x;Pwd=y"), "PWD");
	assert_string_equal(keywords_secret("DSN=x; Token = y"), "TOKEN");
	assert_false(keywords_valid("my database"));
	assert_false(keywords_valid(""));
	assert_false(keywords_valid("Driver=x;rest"));
	assert_true(keywords_valid("Driver=x;"));
	char told[] = "login with hunter2, abc and hunter2 failed: ab";
	keywords_mask(told, "hunter2", 7);
	keywords_mask_all(told, "Token={abc};Short=ab");
	assert_string_equal(told, "login with ***, *** and *** failed: ab");
	keywords_add(&s, "UID", "me");
	keywords_add(&s, "PWD", "a;b}c");
	assert_string_equal(s.s, "UID=me;PWD={a;b}}c}");
	text_release(&s);
}

static void known_databases(void **state)
{
	static const struct { const char *dbms; enum dbms kind; enum upsert upsert; } cases[] = {
		{"PostgreSQL", DBMS_POSTGRES, UPSERT_CONFLICT}, {"MariaDB", DBMS_MYSQL, UPSERT_DUPLICATE},
		{"MySQL", DBMS_MYSQL, UPSERT_DUPLICATE}, {"SQLite", DBMS_SQLITE, UPSERT_CONFLICT},
		{"Microsoft SQL Server", DBMS_SQLSERVER, UPSERT_NONE}, {"Oracle", DBMS_ORACLE, UPSERT_NONE},
		{"Snowflake", DBMS_SNOWFLAKE, UPSERT_MERGE}, {"Google BigQuery", DBMS_BIGQUERY, UPSERT_MERGE},
		{"Spark SQL", DBMS_DATABRICKS, UPSERT_MERGE}, {"", DBMS_OTHER, UPSERT_NONE}, {"Other", DBMS_OTHER, UPSERT_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct dialect *d = dialect_find(NULL, cases[i].dbms);
		assert_int_equal(d->kind, cases[i].kind);
		assert_int_equal(d->upsert, cases[i].upsert);
		for (int t = 0; t <= FERRY_JSON; t++)
			assert_non_null(d->types[t]);
	}
	for (size_t i = 0; dialect_names[i]; i++)
		assert_string_equal(dialect_find(dialect_names[i], "Other")->name, dialect_names[i]);
	assert_true(driver_find("/usr/lib/odbc/psqlodbcw.so")->number_sizes_lie);
	assert_true(driver_find("MariaDB Unicode")->no_blocks);
	assert_null(driver_find("libother.so")->names);
}

static void meanings_of_failures(void **state)
{
	static const struct {
		struct fault fault;
		enum ferry_code code;
		const char *refusal;	/* NULL: no row is to blame */
	} cases[] = {
		{{.state = "28000", .text = "x"}, FERRY_E_AUTH, NULL},
		{{.state = "08001", .text = "FATAL: password authentication failed for user \"x\""}, FERRY_E_AUTH, NULL},
		{{.state = "08001", .text = "Connection refused"}, FERRY_E_CONNECT, NULL},
		{{.state = "08S01", .text = "x"}, FERRY_E_NETWORK, NULL},
		{{.state = "08004", .text = "x"}, FERRY_E_UNAVAILABLE, NULL},
		{{.state = "42501", .text = "x"}, FERRY_E_FORBIDDEN, NULL},
		{{.state = "HYT00", .text = "x"}, FERRY_E_TIMEOUT, NULL},
		{{.state = "HYT01", .text = "x"}, FERRY_E_NETWORK, NULL},
		{{.state = "3D000", .text = "x"}, FERRY_E_CONFIG, NULL},
		{{.state = "42S02", .text = "x"}, FERRY_E_SETUP, NULL},
		{{.state = "40001", .text = "x"}, FERRY_E_UNAVAILABLE, NULL},
		{{.state = "IM002", .text = "x"}, FERRY_E_CONFIG, NULL},
		{{.state = "HY000", .native = 1213, .dbms = DBMS_MYSQL, .text = "x"}, FERRY_E_UNAVAILABLE, NULL},
		{{.state = "HY000", .native = 2013, .dbms = DBMS_MYSQL, .text = "x"}, FERRY_E_NETWORK, NULL},
		{{.state = "42000", .native = 1142, .dbms = DBMS_MYSQL, .text = "x"}, FERRY_E_FORBIDDEN, NULL},
		{{.state = "HY000", .native = 1213, .text = "somebody else's 1213"}, FERRY_OK, NULL},
		{{.state = "HY000", .native = 5, .dbms = DBMS_SQLITE, .text = "database is locked"}, FERRY_E_UNAVAILABLE, NULL},
		{{.state = "HY000", .text = "x", .dead = true}, FERRY_E_NETWORK, NULL},
		{{.state = "23505", .text = "x"}, FERRY_OK, "unique_violation"},
		{{.state = "22003", .text = "x"}, FERRY_OK, "numeric_value_out_of_range"},
		{{.state = "22012", .text = "x"}, FERRY_OK, "22012"},
		{{.state = "23000", .native = 1062, .dbms = DBMS_MYSQL, .text = "x"}, FERRY_OK, "unique_violation"},
		{{.state = "23000", .native = 547, .text = "SQL Server's foreign keys"}, FERRY_OK, "integrity_constraint_violation"},
		{{.state = "HY000", .native = 19, .dbms = DBMS_SQLITE, .text = "NOT NULL constraint failed: t.name"}, FERRY_OK, "not_null_violation"},
		{{.state = "42601", .text = "x"}, FERRY_OK, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (fault_code(&cases[i].fault, FERRY_OK) != cases[i].code)
			fail_msg("case %zu: %d", i, fault_code(&cases[i].fault, FERRY_OK));
		assert_int_equal(fault_is_data(&cases[i].fault), cases[i].refusal != NULL);
		if (cases[i].refusal)
			assert_string_equal(fault_name(&cases[i].fault), cases[i].refusal);
	}
}

static void fields_in_messages(void **state)
{
	static const struct { const char *text, *field; } cases[] = {
		{"ERROR: null value in column \"na me\" of relation \"t\" violates not-null constraint", "na me"},
		{"Column 'name' cannot be null", "name"},
		{"Data too long for column 'name' at row 1", "name"},
		{"Field 'must' doesn't have a default value", "must"},
		{"NOT NULL constraint failed: people.name (19)", "name"},
		{"Incorrect datetime value: 'x' for column `t`.`b`.`ts` at row 1", "ts"},
		{"Cannot insert the value NULL into column 'name', table 'db.dbo.t'", "name"},
		{"something else", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fault f = {0};
		char field[64];
		snprintf(f.text, sizeof f.text, "%s", cases[i].text);
		fault_field(&f, field, sizeof field);
		assert_string_equal(field, cases[i].field);
	}
}

/* ------------------------------------------------------------------ values */

static bool no_time(const char *s, size_t len, int64_t *us)
{
	*us = 1000000;
	return len == 3 && memcmp(s, "one", 3) == 0;
}

static int no_fail(struct ferry_error *err, enum ferry_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int no_fail(struct ferry_error *err, enum ferry_code code, const char *fmt, ...)
{
	(void)fmt;
	err->code = code;
	return -1;
}

static const struct ferry_host host = {.fail = no_fail, .parse_time = no_time};
static struct driver no_driver;
static struct database database(const char *dialect)
{
	return (struct database){.host = &host, .dialect = dialect_find(dialect, ""), .driver = &no_driver, .quote = '"'};
}

#define V(t, x) {.s = (x), .len = sizeof (x) - 1, .type = (t)}

static void fetched_values(void **state)
{
	static const struct { enum form form; const char *p; size_t len; enum ferry_type type; const char *text; int64_t i; } cases[] = {
		{FORM_INTEGER, "-7", 2, FERRY_INT, NULL, -7},
		{FORM_INTEGER, "18446744073709551615", 20, FERRY_DECIMAL, "18446744073709551615", 0},
		{FORM_DECIMAL, ".5", 2, FERRY_DECIMAL, "0.5", 0},
		{FORM_DECIMAL, "-.5", 3, FERRY_DECIMAL, "-0.5", 0},
		{FORM_DECIMAL, "12.50", 5, FERRY_DECIMAL, "12.50", 0},
		{FORM_DECIMAL, "NaN", 3, FERRY_TEXT, "NaN", 0},
		{FORM_GUID, "A0EE-BC", 7, FERRY_TEXT, "a0ee-bc", 0},
		{FORM_ZONED, "one", 3, FERRY_TIME, NULL, 1000000},
		{FORM_ZONED, "infinity", 8, FERRY_TEXT, "infinity", 0},
		{FORM_TAGGED, "i42", 3, FERRY_INT, NULL, 42},
		{FORM_TAGGED, "r0.30000000000000004441", 23, FERRY_DECIMAL, "0.30000000000000004", 0},
		{FORM_TAGGED, "rInf", 4, FERRY_TEXT, "Infinity", 0},
		{FORM_TAGGED, "tx", 2, FERRY_TEXT, "x", 0},
		{FORM_TAGGED, "x00FF", 5, FERRY_BYTES, NULL, 0},
	};
	static const struct { enum form form; const char *p; size_t len; } bad[] = {
		{FORM_INTEGER, "x", 1}, {FORM_TAGGED, "", 0}, {FORM_TAGGED, "?", 1}, {FORM_TAGGED, "t\xff", 2},
		{FORM_TAGGED, "xGG", 3}, {FORM_TAGGED, "hFF", 3}, {FORM_TEXT, "\x3d\xd8", 2},
	};
	struct database d = database("generic");
	struct cells cells = {0};
	struct column c = {0};

	(void)state;
	assert_true(cells_room(&cells, 100));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		c.form = cases[i].form;
		assert_int_equal(cell_put(&d, &cells, &c, cases[i].p, cases[i].len), CELL_OK);
		const struct ferry_value *v = &cells.values[cells.n - 1];
		assert_int_equal(v->type, cases[i].type);
		if (cases[i].text) {
			assert_int_equal(v->len, strlen(cases[i].text));
			assert_memory_equal(v->s, cases[i].text, v->len);
		} else if (v->type != FERRY_BYTES) {
			assert_int_equal(v->i, cases[i].i);
		}
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		SQLWCHAR room[8];
		memcpy(room, bad[i].p, bad[i].len);
		c.form = bad[i].form;
		assert_int_equal(cell_put(&d, &cells, &c, (const char *)room, bad[i].len), CELL_MALFORMED);
	}
	SQL_TIMESTAMP_STRUCT s = {1969, 12, 31, 23, 59, 59, 999999999};
	c.form = FORM_TIMESTAMP;
	assert_int_equal(cell_put(&d, &cells, &c, (const char *)&s, sizeof s), CELL_OK);
	assert_int_equal(cells.values[cells.n - 1].i, -1);
	s.month = 13;
	assert_int_equal(cell_put(&d, &cells, &c, (const char *)&s, sizeof s), CELL_MALFORMED);
	cells_release(&cells);
}

static void same_values(void **state)
{
	static const struct { struct ferry_value a, b; bool same; } cases[] = {
		{{.type = FERRY_NULL}, {.type = FERRY_NULL}, true},
		{{.type = FERRY_NULL}, V(FERRY_TEXT, ""), false},
		{V(FERRY_DECIMAL, "12.50"), V(FERRY_DECIMAL, "12.5"), true},
		{V(FERRY_DECIMAL, "12.50"), V(FERRY_TEXT, "12.5"), true},
		{V(FERRY_TEXT, "07"), V(FERRY_TEXT, "7"), false},
		{V(FERRY_TEXT, "7"), {.i = 7, .type = FERRY_INT}, true},
		{{.i = 1, .type = FERRY_BOOL}, {.i = 1, .type = FERRY_INT}, true},
		{{.i = 1, .type = FERRY_BOOL}, V(FERRY_TEXT, "true"), true},
		{{.i = 1, .type = FERRY_BOOL}, {.i = 2, .type = FERRY_INT}, false},
		{{.i = 1000000, .type = FERRY_TIME}, V(FERRY_TEXT, "one"), true},
		{{.i = 1000000, .type = FERRY_TIME}, V(FERRY_TEXT, "1970-01-01T00:00:01Z"), true},
		{{.i = 1000000, .type = FERRY_TIME}, {.i = 1000000, .type = FERRY_INT}, false},
		{V(FERRY_TEXT, "a"), V(FERRY_BYTES, "a"), true},
		{V(FERRY_TEXT, "a"), V(FERRY_TEXT, "A"), false},
	};
	struct database d = database("generic");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (value_same(&d, &cases[i].a, &cases[i].b) != cases[i].same)
			fail_msg("case %zu", i);
}

/* ------------------------------------------------------------------ statements */

static const char *const names[] = {"id", "na\"me"};
static const struct ferry_layout two = {2, names, NULL};

static void expect_statement(const char *dialect, bool stamped, enum statement which, const char *wanted)
{
	static struct column columns[] = {
		{.name = (char *)(uintptr_t)"id", .type_name = "int4", .form = FORM_INTEGER},
		{.name = (char *)(uintptr_t)"na\"me", .type_name = "numeric", .form = FORM_DECIMAL, .size = 10, .digits = 2},
		{.name = (char *)(uintptr_t)"gone"},
	};
	const struct column *fields[] = {&columns[0], &columns[1]};
	size_t places[] = {0};
	struct destination d = {.base = database(dialect), .layout = &two, .fields = fields, .full_name = (char *)(uintptr_t)"\"t\"",
				.stamp = stamped ? &columns[2] : NULL, .key = {.layout = &two, .places = places, .n = 1}};
	struct text sql = {0};

	statement_text(&d, which, &sql);
	assert_string_equal(sql.s, wanted);
	text_release(&sql);
}

static void statements(void **state)
{
	(void)state;
	expect_statement("postgresql", false, STATEMENT_UPSERT,
			 "INSERT INTO \"t\" AS t (\"id\", \"na\"\"me\") VALUES (?, ?) ON CONFLICT (\"id\") DO UPDATE SET \"na\"\"me\" = excluded.\"na\"\"me\"");
	expect_statement("postgresql", true, STATEMENT_ADD,
			 "INSERT INTO \"t\" AS t (\"id\", \"na\"\"me\") VALUES (?, ?) ON CONFLICT (\"id\") DO UPDATE SET \"na\"\"me\" = excluded.\"na\"\"me\","
			 " \"gone\" = NULL WHERE t.\"gone\" IS NOT NULL");
	expect_statement("mysql", true, STATEMENT_UPSERT,
			 "INSERT INTO \"t\" (\"id\", \"na\"\"me\") VALUES (?, ?) ON DUPLICATE KEY UPDATE \"na\"\"me\" = VALUES(\"na\"\"me\"), \"gone\" = NULL");
	expect_statement("mysql", true, STATEMENT_ADD,
			 "INSERT INTO \"t\" (\"id\", \"na\"\"me\") VALUES (?, ?) ON DUPLICATE KEY UPDATE"
			 " \"na\"\"me\" = IF(\"gone\" IS NULL, \"na\"\"me\", VALUES(\"na\"\"me\")), \"gone\" = NULL");
	expect_statement("snowflake", true, STATEMENT_UPSERT,
			 "MERGE INTO \"t\" t USING (SELECT CAST(? AS int4) AS c0, CAST(? AS numeric(10, 2)) AS c1) s ON (t.\"id\" = s.c0)"
			 " WHEN MATCHED THEN UPDATE SET \"na\"\"me\" = s.c1, \"gone\" = NULL"
			 " WHEN NOT MATCHED THEN INSERT (\"id\", \"na\"\"me\") VALUES (s.c0, s.c1)");
	expect_statement("generic", true, STATEMENT_DISABLE,
			 "UPDATE \"t\" SET \"gone\" = ? WHERE \"id\" = ? AND \"gone\" IS NULL");
	expect_statement("generic", false, STATEMENT_UPDATE, "UPDATE \"t\" SET \"na\"\"me\" = ? WHERE \"id\" = ?");
	expect_statement("generic", false, STATEMENT_LOOKUP, "SELECT t.\"id\", t.\"na\"\"me\" FROM \"t\" t WHERE \"id\" = ?");
}

/* ------------------------------------------------------------------ --check */

static char mistakes[1000];

static void __attribute__((format(printf, 3, 4))) on_mistake(struct ferry_check *check, const char *about, const char *fmt, ...)
{
	va_list ap;
	size_t len = strlen(mistakes);

	(void)check;
	len += (size_t)snprintf(mistakes + len, sizeof mistakes - len, "%s: ", about ? about : "-");
	va_start(ap, fmt);
	vsnprintf(mistakes + len, sizeof mistakes - len, fmt, ap);
	va_end(ap);
}

static void checks(void **state)
{
	static const struct { const char *settings[8]; const char *part; } cases[] = {
		{{"query", "SELECT 1"}, ""},		/* the connection may be a reference */
		{{"connection", "Server=x", "query", "SELECT 1"}, ""},
		{{"connection", "Driver=x;PWD=hunter2", "query", "SELECT 1"}, "connection: has a secret in it"},
		{{"connection", "nonsense", "query", "SELECT 1"}, "connection: is not of the form"},
		{{"connection", "Driver=x", "dsn", "y", "query", "SELECT 1"}, "says which driver already"},
		{{"dsn", "x", "driver", "y", "query", "SELECT 1"}, "either 'dsn' or 'driver'"},
		{{"dsn", "x"}, "give either 'query' or 'table'"},
		{{"dsn", "x", "query", "SELECT 1; SELECT 2"}, "more than one statement"},
		{{"dsn", "x", "query", "SELECT `a;b` FROM t"}, ""},
		{{"dsn", "x", "query", "SELECT `a;b` FROM t", "dialect", "postgresql"}, "more than one statement"},
		{{"dsn", "x", "query", "SELECT 1", "catalog", "c"}, "catalog: belongs to 'table'"},
		{{"dsn", "x", "query", "SELECT 1"}, ""},
		{{"driver", "x", "connection", "Server=y", "table", "t", "catalog", "c"}, ""},
	};
	struct ferry_check check = {NULL, on_mistake};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ferry_setting settings[4];
		size_t n = 0;
		for (; n < 4 && cases[i].settings[2 * n]; n++)
			settings[n] = (struct ferry_setting){cases[i].settings[2 * n], {.s = cases[i].settings[2 * n + 1],
				.len = (uint32_t)strlen(cases[i].settings[2 * n + 1]), .type = FERRY_TEXT}};
		struct ferry_open open = {.host = &host, .role = FERRY_SOURCE, .connection = "data", .settings = settings, .n_settings = n};
		mistakes[0] = '\0';
		ferry_connector.check(&open, &check);
		if (!strstr(mistakes, cases[i].part) || (!*cases[i].part && *mistakes))
			fail_msg("case %zu: %s", i, mistakes);
		assert_null(strstr(mistakes, "hunter2"));
	}
}

static void settings_refused_by_open(void **state)
{
	static const struct { const char *connection, *part; } cases[] = {
		{NULL, "give one of 'connection', 'dsn' and 'driver'"},
		{"Server=x", "does not say which driver"},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ferry_setting setting = {"connection", {.s = cases[i].connection, .type = FERRY_TEXT}};
		struct ferry_open open = {.host = &host, .connection = "data", .settings = &setting, .n_settings = i};
		const char *about, *wrong = database_mistake(&open, true, &about);
		assert_non_null(wrong);
		assert_non_null(strstr(wrong, cases[i].part));
		assert_null(database_mistake(&open, false, &about));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wide_and_narrow), cmocka_unit_test(connection_strings), cmocka_unit_test(known_databases),
		cmocka_unit_test(meanings_of_failures), cmocka_unit_test(fields_in_messages), cmocka_unit_test(fetched_values),
		cmocka_unit_test(same_values), cmocka_unit_test(statements), cmocka_unit_test(checks),
		cmocka_unit_test(settings_refused_by_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
