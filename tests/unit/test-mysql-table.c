/* SPDX-License-Identifier: Apache-2.0 */
/* test-mysql-table.c - what the mysql connector makes of a table: its types, its setup, and making it. */
#include "mysql-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table/table.h"

/* ------------------------------------------------------------------ types */

static const char *const wide_names[] = {
	"id", "b", "i2", "u8", "n", "f4", "f8", "t", "vc", "c", "by", "ts", "dt", "d", "tm", "j", "e", "y", "bits", "lat",
};
#define WIDE (sizeof wide_names / sizeof wide_names[0])
static const struct ferry_field *const no_fields[WIDE];
static const struct ferry_layout wide = {WIDE, wide_names, no_fields};

#define WIDE_TABLE "CREATE TABLE wide (id int PRIMARY KEY, b bool, i2 smallint, u8 bigint unsigned, n decimal(30,10), f4 float," \
	" f8 double, t text, vc varchar(5), c char(5), `by` varbinary(10), ts timestamp(6) NULL, dt datetime(3)," \
	" d date, tm time(1), j json, e enum('sad', 'glad'), y year, bits bit(10), lat varchar(5) CHARACTER SET latin1)"

static void *open_wide(struct fixture *f)
{
	struct ferry_open open = {
		.role = FERRY_DESTINATION, .layout = &wide, .mode = FERRY_MODE_UPSERT, .keys = key_id,
	};
	void *h = fixture_open(f, &open, (const char *const[]){"table", "wide", NULL});

	if (!h)
		fail_msg("%s", f->err.msg);
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	return h;
}

static int apply_wide(struct fixture *f, void *h, const struct ferry_value *row)
{
	const struct ferry_action action = {.decision = FERRY_CREATE, .key = "k", .key_len = 1, .dest_id = "", .fields = row};

	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, &action, 1, outcomes, &f->err);
}

/* What is looked up is found to be what was written, in our own types. */
static void expect_same(struct fixture *f, void *h, const struct ferry_value *row)
{
	const struct ferry_action action = {.decision = FERRY_UPDATE, .key = "k", .key_len = 1, .dest_id = "", .fields = row};
	struct ferry_found found;

	assert_success(f, ferry_connector.lookup(h, &action, 1, &found, &f->err));
	assert_int_equal(found.presence, FERRY_FOUND);
	for (size_t i = 0; i < WIDE; i++)
		if (found.fields[i].type != row[i].type || found.fields[i].i != row[i].i)
			fail_msg("%s comes back as another one: %d %.*s", wide_names[i], found.fields[i].type,
				 value_has_text(&found.fields[i]) ? (int)found.fields[i].len : 0, found.fields[i].s);
}

static void every_type(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value own[] = {
		INT(1), BOOLEAN(1), INT(-32768), DECIMAL("18446744073709551615"), DECIMAL("12345678901234567890.5"), DECIMAL("0.1"),
		DECIMAL("-0.00000000000000000000000000000000000000025"), TEXT("\U0001F6A2 \\x'\0y"), TEXT("abcde"), TEXT("ab "), BYTES("\0\xff\\'"),
		TIME(NOW + 250000), TIME(-62135596800000000), TIME(NOW), TEXT("-838:59:59.0"), JSON("{\"a\": [1]}"), TEXT("glad"), INT(2026), INT(1023),
		TEXT("\u00e9"),
	};
	const struct ferry_value foreign[] = {
		TEXT("2"), INT(0), TEXT("5"), BOOLEAN(1), TEXT("1e3"), INT(16777216), INT(9007199254740992), BOOLEAN(1), BOOLEAN(0), TIME(0), TEXT("raw"),
		TEXT("2026-01-01T00:00:00.25Z"), TEXT("2026-01-01T02:00:00+02:00"), TEXT("2026-01-01"), TEXT("10:00:00.5"), INT(4), NOTHING, DECIMAL("0.0"),
		NOTHING, INT(7),
	};
	struct ferry_value row[WIDE];

	fixture_sql(f, WIDE_TABLE);
	void *h = open_wide(f);
	assert_success(f, apply_wide(f, h, own));
	assert_string_equal(outcomes[0].message, "");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT id, b, i2, u8, n, f4, f8, HEX(t), vc, CONCAT(c, '|'), HEX(`by`), ts, dt, d, tm, j, e, y, bits + 0, lat FROM wide",
		    "1|1|-32768|18446744073709551615|12345678901234567890.5000000000|0.1|-2.5e-40|F09F9AA2205C782700" "79|abcde|ab||00FF5C27|"
		    "2026-01-01 00:00:00.250000|0001-01-01 00:00:00.000|2026-01-01|-838:59:59.0|{\"a\": [1]}|glad|2026|1023|\u00e9\n");
	expect_same(f, h, own);
	memcpy(row, foreign, sizeof row);
	row[9] = (struct ferry_value)TEXT("z");
	assert_success(f, apply_wide(f, h, row));
	assert_string_equal(outcomes[0].message, "");
	expect_rows(f, "SELECT id, b, i2, u8, n, f4, f8, t, vc, c, `by`, ts, dt, d, tm, j, e, y, bits, lat FROM wide WHERE id = 2",
		    "2|0|5|1|1000.0000000000|16777200|9.007199254740992e15|true|false|z|raw|2026-01-01 00:00:00.250000|2026-01-01 00:00:00.000|2026-01-01|"
		    "10:00:00.5|4|NULL|0000|NULL|7\n");
	row[14] = (struct ferry_value)TEXT("10:00:00.5");
	expect_same(f, h, row);
	ferry_connector.close(h);
}

static void whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *field;
		struct ferry_value value;
		const char *code;
	} cases[] = {
		{"i2", DECIMAL("1.5"), "INEXACT"}, {"i2", TEXT("1.5"), "INEXACT"}, {"i2", INT(40000), "ER_WARN_DATA_OUT_OF_RANGE"},
		{"i2", TEXT("many"), "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD"}, {"i2", TEXT(""), "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD"},
		{"u8", INT(-1), "ER_WARN_DATA_OUT_OF_RANGE"}, {"u8", DECIMAL("18446744073709551616"), "ER_WARN_DATA_OUT_OF_RANGE"},
		{"n", DECIMAL("0.00000000001"), "INEXACT"}, {"n", DECIMAL("123456789012345678901"), "ER_WARN_DATA_OUT_OF_RANGE"},
		{"f4", INT(16777217), "INEXACT"}, {"f8", DECIMAL("0.10000000000000000001"), "INEXACT"}, {"f8", DECIMAL("1e999"), "ER_WARN_DATA_OUT_OF_RANGE"},
		{"f4", DECIMAL("1e39"), "ER_WARN_DATA_OUT_OF_RANGE"}, {"vc", TEXT("abcdef"), "ER_DATA_TOO_LONG"}, {"vc", TEXT("abcde "), "ER_DATA_TOO_LONG"},
		{"t", BYTES("x"), "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD"}, {"t", TEXT("\xff"), "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD"},
		{"lat", TEXT("\U0001F6A2"), "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD"}, {"by", BYTES("12345678901"), "ER_DATA_TOO_LONG"},
		{"ts", TIME(-1000000), "ER_TRUNCATED_WRONG_VALUE"}, {"ts", TIME(2147483648000000), "ER_TRUNCATED_WRONG_VALUE"},
		{"dt", TIME(1500), "INEXACT"}, {"dt", TEXT("soon"), "ER_TRUNCATED_WRONG_VALUE"}, {"dt", TEXT("0000-00-00"), "ER_TRUNCATED_WRONG_VALUE"},
		{"d", TIME(1000000), "INEXACT"}, {"d", TEXT("2026-02-30"), "ER_TRUNCATED_WRONG_VALUE"}, {"tm", TIME(0), "ER_TRUNCATED_WRONG_VALUE"},
		{"j", TEXT("{"), "ER_CONSTRAINT_FAILED"}, {"e", TEXT("mad"), "WARN_DATA_TRUNCATED"}, {"y", INT(26), "ER_WARN_DATA_OUT_OF_RANGE"},
		{"bits", INT(1024), "ER_DATA_TOO_LONG"}, {"bits", TEXT("a"), "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD"}, {"b", INT(128), "ER_WARN_DATA_OUT_OF_RANGE"},
	};

	fixture_sql(f, WIDE_TABLE);
	void *h = open_wide(f);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ferry_value row[WIDE] = {INT(1)};
		size_t place = 0;
		while (strcmp(wide_names[place], cases[i].field) != 0)
			place++;
		row[place] = cases[i].value;
		assert_success(f, apply_wide(f, h, row));
		if (outcomes[0].ack != FERRY_ACK_REJECTED || strncmp(outcomes[0].code, cases[i].code, strlen(cases[i].code)) != 0 ||
		    (strcmp(outcomes[0].field, cases[i].field) != 0 && strcmp(cases[i].code, "ER_") != 0))
			fail_msg("case %zu (%s): %d %s/%s: %s", i, cases[i].field, outcomes[0].ack, outcomes[0].code, outcomes[0].field,
				 outcomes[0].message);
	}
	expect_rows(f, "SELECT COUNT(*) FROM wide", "0\n");
	ferry_connector.close(h);
}

/* ------------------------------------------------------------------ setup */

static void makes_the_table(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {
		INT(1), TIME(NOW), INT(5), INT(2), NOTHING, DECIMAL("7.5"),
	};
	struct ferry_found found;
	struct ferry_action action = {.decision = FERRY_UPDATE, .fields = rows, .dest_id = ""};

	void *h = open_mode(f, FERRY_MODE_UPSERT, key_id,
			    (const char *const[]){"table", "Made", "create", "true", "disabled_at", "gone", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, ferry_connector.lookup(h, &action, 1, &found, &f->err));
	assert_int_equal(found.presence, FERRY_ABSENT);
	assert_success(f, apply_id(f, h, FERRY_DELETE, "1", NULL, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
	expect_rows(f, "SHOW TABLES", "");
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	expect_rows(f, "SELECT column_name, column_type, is_nullable FROM information_schema.COLUMNS WHERE table_name = 'Made' AND table_schema = 'test'"
		    " ORDER BY ordinal_position", "id|bigint(20)|NO\nname|datetime(6)|YES\namount|decimal(38,6)|YES\ngone|datetime(6)|YES\n");
	expect_rows(f, "SELECT id, amount FROM Made ORDER BY 1", "1|5.000000\n2|7.500000\n");
	expect_rows(f, "SELECT engine, table_collation FROM information_schema.TABLES WHERE table_name = 'Made'", "InnoDB|utf8mb4_bin\n");
	assert_non_null(strstr(f->log, "made table"));
	ferry_connector.close(h);
}

static void setups_that_do_not_fit(void **state)
{
	struct fixture *f = *state;
	static const struct { const char *sql; enum ferry_code code; const char *part; } cases[] = {
		{"DO 1", FERRY_E_SETUP, "there is no table 'people' in database 'test'"},
		{"CREATE VIEW people AS SELECT 1 AS id", FERRY_E_SETUP, "is not a table but a VIEW"},
		{"CREATE TABLE people (id int PRIMARY KEY, name text, amount int) ENGINE=MyISAM", FERRY_E_SETUP, "engine MyISAM, which has no transactions"},
		{"CREATE TABLE people (id int PRIMARY KEY, nam text)", FERRY_E_SETUP, "no column to write for 'name', 'amount'"},
		{"CREATE TABLE people (id int, name text, amount int)", FERRY_E_SETUP, "CREATE UNIQUE INDEX ... ON `test`.`people` (`id`)"},
		{"CREATE TABLE people (id varchar(20), name text, amount int, UNIQUE (id(5)))", FERRY_E_SETUP, "not unique"},
		{"CREATE TABLE people (id int PRIMARY KEY, name text, amount int, must int NOT NULL)", FERRY_E_SETUP, "'must'"},
		{"CREATE TABLE people (id int PRIMARY KEY, name point, amount int)", FERRY_E_SETUP, "'name' (which is a geometry)"},
		{PEOPLE "GRANT SELECT, INSERT ON test.people TO plain", FERRY_E_FORBIDDEN, "UPDATE command denied"},
		{PEOPLE "GRANT SELECT, INSERT, UPDATE ON test.people TO plain", FERRY_E_FORBIDDEN, "DELETE command denied"},
		{PEOPLE "GRANT SELECT, INSERT, UPDATE (id, name), DELETE ON test.people TO plain", FERRY_E_FORBIDDEN, "amount"},
		{PEOPLE "GRANT CREATE ON test.nothing TO plain", FERRY_E_SETUP, "there is no table 'people'"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fixture_sql(f, "DROP DATABASE test; CREATE DATABASE test; USE test; CREATE OR REPLACE USER plain");
		fixture_sql(f, cases[i].sql);
		bool plain = strstr(cases[i].sql, "GRANT");
		f->user = plain ? "plain" : "root";
		void *h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "people", NULL});
		assert_failure(f, ferry_connector.validate_setup(h, &f->err), cases[i].code, cases[i].part);
		if (cases[i].code == FERRY_E_FORBIDDEN)
			assert_non_null(strstr(f->err.hint, "GRANT"));
		ferry_connector.close(h);
	}
	f->user = "plain";
	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "fresh", "create", "true", NULL});
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_FORBIDDEN, "CREATE command denied");
	ferry_connector.close(h);
	/* what the mode does not do needs no right */
	fixture_sql(f, "DROP TABLE IF EXISTS people; " PEOPLE "GRANT SELECT, INSERT, UPDATE ON test.people TO plain");
	h = open_mode(f, FERRY_MODE_UPSERT, key_id, (const char *const[]){"table", "people", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	ferry_connector.close(h);
	fixture_sql(f, "DROP USER plain");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_type), TEST(whole_or_not_at_all), TEST(makes_the_table), TEST(setups_that_do_not_fit),
	};
	int status = server_start();

	if (status)
		return status;
	status = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop();
	return status;
}
