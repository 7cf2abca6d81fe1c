/* SPDX-License-Identifier: Apache-2.0 */
/* test-odbc-source.c - what the odbc connector reads, with each driver. */
#include "odbc-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define expect_read(f, query, rows) assert_string_equal(read_all(f, query), rows)

static void plain_values(void **state)
{
	struct fixture *f = *state;

	expect_read(f, "SELECT 1 AS a, 'x' AS b, NULL AS c", "int 1|text x|null\n");
	expect_read(f, "SELECT 1 AS a WHERE 1 = 0", "");
}

static void numbers(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, pick(f, "CREATE TABLE n (k int, s smallint, i int, b bigint, u numeric, d numeric(38,10), r real, f double precision)",
			    "CREATE TABLE n (k int, s smallint, i int, b bigint, u bigint unsigned, d decimal(38,10), r float, f double)",
			    "CREATE TABLE n (k, s smallint, i int, b bigint, u, d text, r real, f double)"));
	fixture_sql(f, "INSERT INTO n VALUES (1, 32767, 2147483647, 9223372036854775807, 18446744073709551615, "
		    "'12345678901234567890.0123456789', 0.1, 0.30000000000000004)");
	fixture_sql(f, "INSERT INTO n VALUES (2, -32768, -2147483648, -9223372036854775808, 0, '-0.0000000001', -16777216, 1.7976931348623157e308)");
	fixture_sql(f, "INSERT INTO n VALUES (3, 0, 0, 0, 0, '0', 0, 5e-324)");
	fixture_sql(f, "INSERT INTO n VALUES (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
	expect_read(f, "SELECT s, i, b FROM n ORDER BY k",
		    "int 32767|int 2147483647|int 9223372036854775807\n"
		    "int -32768|int -2147483648|int -9223372036854775808\n"
		    "int 0|int 0|int 0\nnull|null|null\n");
	expect_read(f, "SELECT u, d FROM n ORDER BY k",
		    pick(f, "dec 18446744073709551615|dec 12345678901234567890.0123456789\ndec 0|dec -0.0000000001\ndec 0|dec 0.0000000000\nnull|null\n",
			 "dec 18446744073709551615|dec 12345678901234567890.0123456789\nint 0|dec -0.0000000001\nint 0|dec 0.0000000000\nnull|null\n",
			 "dec 18446744073709552000|text 12345678901234567890.0123456789\nint 0|text -0.0000000001\nint 0|text 0\nnull|null\n"));
	expect_read(f, "SELECT r FROM n ORDER BY k", "dec 0.1\ndec -16777216\ndec 0\nnull\n");
	expect_read(f, "SELECT f FROM n WHERE k IN (1, 4) ORDER BY k", "dec 0.30000000000000004\nnull\n");
	const char *text = read_all(f, "SELECT f FROM n WHERE k IN (2, 3) ORDER BY k");
	assert_true(strtod(text + 4, NULL) == 1.7976931348623157e308);
	assert_non_null(strstr(text, "dec 0.00000"));
	assert_true(strtod(strrchr(text, ' '), NULL) == 5e-324);
}

static void long_numbers(void **state)
{
	struct fixture *f = *state;

	if (f->base != POSTGRES)
		return;
	/* the driver says 28 digits of a numeric without a scale */
	expect_read(f, "SELECT 1e60::numeric + 0.123456789012 AS a, 'NaN'::numeric AS b, 'NaN'::float8 AS c, '-Infinity'::float4 AS d",
		    "dec 1000000000000000000000000000000000000000000000000000000000000.123456789012|text NaN|text NaN|text -Infinity\n");
}

static void texts(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, pick(f, "CREATE TABLE t (k int, c char(5), v varchar(20), t text)",
			    "CREATE TABLE t (k int, c char(5), v varchar(20), t longtext)",
			    "CREATE TABLE t (k int, c char(5), v varchar(20), t text)"));
	fixture_sql(f, "INSERT INTO t VALUES (1, 'ab', 'A\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2', 'tab\there'), (2, '', '', ''), (3, NULL, NULL, NULL),"
		    " (4, 'x', ' blanks ', ' blanks ')");
	fixture_sql(f, pick(f, "INSERT INTO t VALUES (5, '', E'\\\\ '' \" ; ?', E'a\nb\r\nc')",
			    "INSERT INTO t VALUES (5, '', '\\\\ '' \" ; ?', 'a\nb\r\nc')",
			    "INSERT INTO t VALUES (5, '', '\\ '' \" ; ?', 'a\nb\r\nc')"));
	expect_read(f, "SELECT c, v, t FROM t ORDER BY k",
		    "text ab|text A\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2|text tab\there\n"
		    "text |text |text \nnull|null|null\ntext x|text  blanks |text  blanks \n"
		    "text |text \\ ' \" ; ?|text a\nb\r\nc\n");
	/* twenty characters, each of two units */
	fixture_sql(f, pick(f, "UPDATE t SET v = repeat(v, 5) WHERE k = 1 AND v = 'x'",
			    "UPDATE t SET v = repeat('\xf0\x9f\x9a\xa2', 20) WHERE k = 2",
			    "UPDATE t SET v = 'y' WHERE k = 99"));
	fixture_sql(f, "UPDATE t SET v = '\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2"
		    "\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2' WHERE k = 2");
	assert_int_equal(strlen(read_all(f, "SELECT v FROM t WHERE k = 2")), 5 + 80 + 1);
}

static void bytes_and_booleans(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, pick(f, "CREATE TABLE b (k int, b bytea, o boolean)",
			    "CREATE TABLE b (k int, b varbinary(20), o bit(1))", "CREATE TABLE b (k int, b blob, o boolean)"));
	fixture_sql(f, pick(f, "INSERT INTO b VALUES (1, '\\x00ff275c', true), (2, '', false), (3, NULL, NULL)",
			    "INSERT INTO b VALUES (1, x'00ff275c', 1), (2, '', 0), (3, NULL, NULL)",
			    "INSERT INTO b VALUES (1, x'00ff275c', 1), (2, x'', 0), (3, NULL, NULL)"));
	expect_read(f, "SELECT b, o FROM b ORDER BY k",
		    pick(f, "bytes 00ff275c|bool 1\nbytes |bool 0\nnull|null\n",
			 "bytes 00ff275c|bool 1\nbytes |bool 0\nnull|null\n",
			 "bytes 00ff275c|int 1\nbytes |int 0\nnull|null\n"));
}

static void times(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, pick(f, "CREATE TABLE t (k int, d date, c time, s timestamp, z timestamptz)",
			    "CREATE TABLE t (k int, d date, c time(6), s datetime(6), z datetime(6))",
			    "CREATE TABLE t (k int, d date, c time, s timestamp, z text)"));
	fixture_sql(f, "INSERT INTO t VALUES (1, '1969-07-20', '20:17:40', '1969-07-20 20:17:40.123456', '2040-02-29 00:00:00')");
	fixture_sql(f, "INSERT INTO t VALUES (2, '0001-01-01', '00:00:00', '0001-01-01 00:00:00', '9999-12-31 23:59:59')");
	fixture_sql(f, "INSERT INTO t VALUES (3, '9999-12-31', '23:59:59', '2038-01-19 03:14:08', NULL)");
	if (f->base == SQLITE) {
		/* which has no such types */
		expect_read(f, "SELECT d, c, s FROM t WHERE k = 1", "text 1969-07-20|text 20:17:40|text 1969-07-20 20:17:40.123456\n");
		return;
	}
	const char *clock = pick(f, "", ".000000", "");
	char wanted[600];
	snprintf(wanted, sizeof wanted,
		 "text 1969-07-20|text 20:17:40%s|time -14182939876544|time 2214086400000000\n"
		 "text 0001-01-01|text 00:00:00%s|time -62135596800000000|time 253402300799000000\n"
		 "text 9999-12-31|text 23:59:59%s|time 2147483648000000|null\n", clock, clock, clock);
	expect_read(f, "SELECT d, c, s, z FROM t ORDER BY k", wanted);
	if (f->base == POSTGRES) {
		/* whatever the user's zone is */
		fixture_sql(f, "ALTER ROLE postgres SET timezone = 'Asia/Tokyo'");
		expect_read(f, "SELECT z FROM t WHERE k = 1", "time 2214086400000000\n");
		fixture_sql(f, "ALTER ROLE postgres RESET timezone");
		/* of which the driver itself makes today, 1202 and the year 44 */
		expect_read(f, "SELECT '-infinity'::date AS a, '12026-01-01'::date AS b, '0044-03-15 BC'::date AS c,"
			    " 'infinity'::timestamp AS d, '12026-01-01'::timestamptz AS e",
			    "text -infinity|text 12026-01-01|text 0044-03-15 BC|text infinity|text 12026-01-01 00:00:00+00\n");
	}
}

static void other_types(void **state)
{
	struct fixture *f = *state;
	char wanted[600] = "text a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|text {\"a\": 1}|text {1,2}|text <a/>|"
		"text 1 day 02:00:00|text 10.0.0.1|text me|text ";
	size_t len = strlen(wanted);

	/* a varchar without a length, of which the driver says 255 */
	memset(wanted + len, 'y', 300);
	wanted[len + 300] = '\n';
	if (f->base == POSTGRES)
		expect_read(f, "SELECT 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid AS u, '{\"a\": 1}'::jsonb AS j, '{1,2}'::int[] AS a,"
			       " '<a/>'::xml AS x, '1 day 02:00'::interval AS i, '10.0.0.1'::inet AS n, 'me'::name AS m,"
			       " repeat('y', 300)::varchar AS v",
			    wanted);
	if (f->base == MARIADB) {
		fixture_sql(f, "CREATE TABLE o (u uuid, j json, e enum('a','b'), y year, t timestamp(6), n decimal(65,30))");
		fixture_sql(f, "INSERT INTO o VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{\"a\": 1}', 'b', 2020, '2026-01-01 00:00:00',"
			       " 12345678901234567890123456789012345.123456789012345678901234567890)");
		expect_read(f, "SELECT * FROM o", "text a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|text {\"a\": 1}|text b|int 2020|"
			    "time 1767225600000000|dec 12345678901234567890123456789012345.123456789012345678901234567890\n");
		fixture_sql(f, "SET sql_mode = ''");
		fixture_sql(f, "CREATE TABLE z (d date, t datetime)");
		fixture_sql(f, "INSERT INTO z VALUES ('0000-00-00', '0000-00-00 00:00:00')");
		expect_read(f, "SELECT * FROM z", "null|null\n");
	}
	if (f->base == SQLITE) {
		/* each value has a type of its own, whatever the column says */
		fixture_sql(f, "CREATE TABLE o (k int, n numeric, i integer, d double, x)");
		fixture_sql(f, "INSERT INTO o VALUES (1, 'abc', 'def', 'ghi', x'00'), (2, 1.5, 2.5, 7, 1e3), (3, x'41', NULL, 9007199254740993, 'x')");
		expect_read(f, "SELECT n, i, d, x FROM o ORDER BY k",
			    "text abc|text def|text ghi|bytes 00\ndec 1.5|dec 2.5|dec 7|dec 1000\nbytes 41|null|dec 9007199254740992|text x\n");
		fixture_sql(f, "CREATE TABLE h (t text)");
		fixture_sql(f, "INSERT INTO h VALUES ('a' || char(0) || 'b')");
		struct keeping *s = keeping(f);
		void *h = fixture_source(f, "SELECT length(CAST(t AS blob)) AS n, t FROM h");
		assert_success(f, ferry_connector.extract(h, &(struct ferry_extract){0}, &s->base, &f->err));
		assert_memory_equal(s->text, "int 3|text a\0b", 10);
		ferry_connector.close(h);
	}
}

static void invalid_text(void **state)
{
	struct fixture *f = *state;
	struct keeping *s = keeping(f);

	if (f->base != SQLITE)
		return;
	fixture_sql(f, "CREATE TABLE t (k int, name text)");
	fixture_sql(f, "INSERT INTO t VALUES (1, 'good'), (2, CAST(x'41ff' AS text))");
	void *h = fixture_source(f, "SELECT k, name FROM t ORDER BY k");
	assert_failure(f, ferry_connector.extract(h, &(struct ferry_extract){0}, &s->base, &f->err), FERRY_E_DATA,
		       "row 2: column 'name' is not valid text");
	ferry_connector.close(h);
}

/* More rows than a block has, and not a whole number of blocks. */
static void many_rows(void **state)
{
	struct fixture *f = *state;
	static const struct { const char *fetch_rows; int rows; } cases[] = {
		{"256", 1000}, {"1", 300}, {"7", 100}, {"256", 256}, {"256", 257}, {"1000", 1},
	};

	fixture_sql(f, "CREATE TABLE t (k int, v varchar(20))");
	for (int i = 0; i < 1000; i += 100) {
		char sql[4096];
		size_t n = (size_t)snprintf(sql, sizeof sql, "INSERT INTO t VALUES ");
		for (int k = i; k < i + 100; k++)
			n += (size_t)snprintf(sql + n, sizeof sql - n, "%s(%d, 'v%d')", k > i ? ", " : "", k, k);
		fixture_sql(f, sql);
	}
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct keeping *s = keeping(f);
		char sql[100], wanted[65536];
		size_t n = 0;
		snprintf(sql, sizeof sql, "SELECT k, v FROM t WHERE k < %d", cases[i].rows);
		for (int k = 0; k < cases[i].rows; k++)
			n += (size_t)snprintf(wanted + n, sizeof wanted - n, "int %d|text v%d\n", k, k);
		struct ferry_open open = {.role = FERRY_SOURCE};
		void *h = fixture_open(f, &open, (const char *const[]){"query", sql, "fetch_rows", cases[i].fetch_rows, NULL});
		assert_non_null(h);
		struct ferry_extract want = {.key_columns = (const char *const[]){"k", NULL}, .want_order = true};
		assert_success(f, ferry_connector.extract(h, &want, &s->base, &f->err));
		assert_int_equal(s->rows, cases[i].rows);
		assert_string_equal(s->text, wanted);
		/* and a part of them */
		s = keeping(f);
		want.limit = 5;
		assert_success(f, ferry_connector.extract(h, &want, &s->base, &f->err));
		assert_int_equal(s->rows, cases[i].rows < 5 ? cases[i].rows : 5);
		ferry_connector.close(h);
	}
}

static int check_long(struct ferry_sink *base, const struct ferry_value *values, size_t n, struct ferry_error *err)
{
	struct keeping *s = (struct keeping *)base;

	(void)err;
	for (size_t row = 0; row < n; row++, s->rows++) {
		const struct ferry_value *v = values + row * s->columns;
		if (v[0].i != 2) {
			assert_int_equal(v[1].len, 1);
			continue;
		}
		assert_int_equal(v[1].len, 10 * 1000 * 1000);
		for (uint32_t i = 0; i < v[1].len; i += 5)
			assert_memory_equal(v[1].s + i, "x\xf0\x9f\x9a\xa2", 5);
		assert_int_equal(v[2].len, 10 * 1000 * 1000);
		assert_int_equal(v[2].type, FERRY_BYTES);
		for (uint32_t i = 0; i < v[2].len; i++)
			if (v[2].s[i] != 'A')
				fail_msg("byte %u", i);
	}
	return 0;
}

static void long_row(void **state)
{
	struct fixture *f = *state;
	struct keeping *s = keeping(f);

	if (f->base == MARIADB)
		fixture_sql(f, "SET GLOBAL max_allowed_packet = 64000000");
	fixture_sql(f, pick(f, "CREATE TABLE l (k int, t text, b bytea)", "CREATE TABLE l (k int, t longtext, b longblob)",
			    "CREATE TABLE l (k int, t text, b blob)"));
	/* a new connection has the new limit */
	void *h = fixture_source(f, "SELECT k, t, b FROM l");
	fixture_sql(f, "INSERT INTO l VALUES (1, 'a', NULL)");
	fixture_sql(f, "INSERT INTO l VALUES (2, 'a', NULL)");
	fixture_sql(f, "INSERT INTO l VALUES (3, 'a', NULL)");
	if (f->base == MARIADB) {
		fixture_teardown(state);
		fixture_setup(state);
		f = *state;
		s = keeping(f);
		fixture_sql(f, "CREATE TABLE l (k int, t longtext, b longblob)");
		fixture_sql(f, "INSERT INTO l VALUES (1, 'a', NULL), (2, 'a', NULL), (3, 'a', NULL)");
		ferry_connector.close(h);
		h = fixture_source(f, "SELECT k, t, b FROM l");
	}
	fixture_sql(f, pick(f, "UPDATE l SET t = repeat('x\xf0\x9f\x9a\xa2', 2000000), b = decode(repeat('41', 10000000), 'hex') WHERE k = 2",
			    "UPDATE l SET t = repeat('x\xf0\x9f\x9a\xa2', 2000000), b = repeat('A', 10000000) WHERE k = 2",
			    "UPDATE l SET t = replace(hex(zeroblob(1000000)), '0', 'x\xf0\x9f\x9a\xa2'),"
			    " b = CAST(replace(hex(zeroblob(5000000)), '0', 'A') AS blob) WHERE k = 2"));
	s->base.rows = check_long;
	assert_success(f, ferry_connector.extract(h, &(struct ferry_extract){0}, &s->base, &f->err));
	assert_int_equal(s->rows, 3);
	ferry_connector.close(h);
}

/* Each column ascending, NULL first, texts by their bytes, numbers by value. */
static void order(void **state)
{
	struct fixture *f = *state;
	static const char *const by_text[] = {"t", "n", NULL}, *const by_number[] = {"n", "t", NULL};

	fixture_sql(f, pick(f, "CREATE TABLE o (t varchar(20), n decimal(10,2))",
			    "CREATE TABLE o (t varchar(20) COLLATE utf8mb4_general_ci, n decimal(10,2))",
			    "CREATE TABLE o (t varchar(20) COLLATE NOCASE, n decimal(10,2))"));
	fixture_sql(f, "INSERT INTO o VALUES ('b', 10), ('B', 9), ('a', NULL), (NULL, -1), ('\xc3\xa4', 2.5), ('a', 3),"
		    " ('a ', 1), ('a\t', 1), ('\xf0\x9f\x9a\xa2', 1), ('\xef\xbf\xbd', 1), ('', 1)");
	const char *text = read_ordered(f, "SELECT t, n FROM o", by_text);
	const char *number = f->base == SQLITE ? "int 1" : "dec 1.00";
	/* the blank comes after the tab; capitals first; by code points at the end */
	char first[200], rest[400];
	snprintf(first, sizeof first, "null|%s\ntext |%s\ntext B|%s\ntext a|null\ntext a|%s\ntext a\t|%s\ntext a |%s\n",
		 f->base == SQLITE ? "int -1" : "dec -1.00", number, f->base == SQLITE ? "int 9" : "dec 9.00",
		 f->base == SQLITE ? "int 3" : "dec 3.00", number, number);
	snprintf(rest, sizeof rest, "text b|%s\ntext \xc3\xa4|%s\ntext \xef\xbf\xbd|%s\ntext \xf0\x9f\x9a\xa2|%s\n",
		 f->base == SQLITE ? "int 10" : "dec 10.00", f->base == SQLITE ? "dec 2.5" : "dec 2.50", number, number);
	assert_int_equal(strncmp(text, first, strlen(first)), 0);
	assert_string_equal(text + strlen(first), rest);
	text = read_ordered(f, "SELECT n, t FROM o WHERE t IS NOT NULL AND (n IS NULL OR n IN (3, 9, 10))", by_number);
	assert_string_equal(text, f->base == SQLITE ? "null|text a\nint 3|text a\nint 9|text B\nint 10|text b\n" :
			    f->base == POSTGRES ? "null|text a\ndec 3.00|text a\ndec 9.00|text B\ndec 10.00|text b\n" :
			    "null|text a\ndec 3.00|text a\ndec 9.00|text B\ndec 10.00|text b\n");
}

static void not_ordered(void **state)
{
	struct fixture *f = *state;
	struct keeping *s = keeping(f);
	struct ferry_open open = {.role = FERRY_SOURCE};
	struct ferry_extract want = {.key_columns = (const char *const[]){"a", NULL}, .want_order = true};

	void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a", "dialect", "generic", NULL});
	assert_success(f, ferry_connector.extract(h, &want, &s->base, &f->err));
	assert_false(s->ordered);
	assert_int_equal(s->rows, 1);
	ferry_connector.close(h);
	h = fixture_source(f, "SELECT 1 AS a");
	s = keeping(f);
	assert_success(f, ferry_connector.extract(h, &want, &s->base, &f->err));
	assert_true(s->ordered);
	ferry_connector.close(h);
}

static void queries_refused(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_SOURCE};
	struct ferry_extract want = {.key_columns = (const char *const[]){"nope", NULL}, .want_order = true};

	assert_null(fixture_open(f, &open, (const char *const[]){"query", "SELECT 1", "table", "t", NULL}));
	assert_int_equal(f->err.code, FERRY_E_CONFIG);
	assert_null(fixture_open(f, &open, (const char *const[]){NULL}));
	void *h = fixture_source(f, "DELETE FROM t");
	assert_int_equal(ferry_connector.validate_setup(h, &f->err), -1);
	ferry_connector.close(h);
	if (f->base != SQLITE) {
		/* which gives the second one a name of its own */
		h = fixture_source(f, "SELECT 1 AS a, 2 AS A");
		assert_int_equal(ferry_connector.validate_setup(h, &f->err), -1);
		assert_int_equal(f->err.code, FERRY_E_CONFIG);
		ferry_connector.close(h);
	}
	h = fixture_source(f, "SELECT 1 AS a, 2 AS b");
	assert_failure(f, ferry_connector.extract(h, &want, &keeping(f)->base, &f->err), FERRY_E_CONFIG,
		       "the key column 'nope' is not in the result, which has a, b");
	ferry_connector.close(h);
	h = fixture_source(f, "SELECT a FROM nowhere");
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), f->base == SQLITE ? FERRY_E_CONFIG : FERRY_E_SETUP, "nowhere");
	ferry_connector.close(h);
}

/* The table is another one than at the last extract. */
static void columns_change(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_SOURCE};
	struct ferry_extract want = {.key_columns = key_id, .want_order = true};

	fixture_sql(f, "CREATE TABLE c (id int, a int)");
	fixture_sql(f, "INSERT INTO c VALUES (1, 2)");
	void *h = fixture_open(f, &open, (const char *const[]){"table", "c", NULL});
	struct keeping *s = keeping(f);
	assert_success(f, ferry_connector.extract(h, &want, &s->base, &f->err));
	assert_string_equal(s->text, "int 1|int 2\n");
	fixture_sql(f, "ALTER TABLE c ADD b varchar(5) DEFAULT 'new'");
	s = keeping(f);
	assert_success(f, ferry_connector.extract(h, &want, &s->base, &f->err));
	assert_string_equal(s->text, "int 1|int 2|text new\n");
	fixture_sql(f, "DROP TABLE c");
	assert_int_equal(ferry_connector.extract(h, &want, &keeping(f)->base, &f->err), -1);
	ferry_connector.close(h);
}

static void by_table_and_schema(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_SOURCE};
	struct keeping *s = keeping(f);

	if (f->base == POSTGRES)
		fixture_sql(f, "DROP SCHEMA IF EXISTS \"my \"\"own\" CASCADE");
	fixture_sql(f, pick(f, "CREATE SCHEMA \"my \"\"own\"", "CREATE OR REPLACE DATABASE `my \"own`", "SELECT 1"));
	fixture_sql(f, pick(f, "CREATE TABLE \"my \"\"own\".\"odd \"\"Table\" (\"Odd; col\" int)", "CREATE TABLE `my \"own`.`odd \"Table` (`Odd; col` int)",
			    "CREATE TABLE \"odd \"\"Table\" (\"Odd; col\" int)"));
	fixture_sql(f, pick(f, "INSERT INTO \"my \"\"own\".\"odd \"\"Table\" VALUES (7)", "INSERT INTO `my \"own`.`odd \"Table` VALUES (7)",
			    "INSERT INTO \"odd \"\"Table\" VALUES (7)"));
	void *h = fixture_open(f, &open, f->base == SQLITE ? (const char *const[]){"table", "odd \"Table", NULL} :
			       (const char *const[]){"table", "odd \"Table", "schema", "my \"own", NULL});
	assert_non_null(h);
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	struct ferry_extract want = {.key_columns = (const char *const[]){"odd; col", NULL}, .want_order = true};
	assert_success(f, ferry_connector.extract(h, &want, &s->base, &f->err));
	assert_string_equal(s->text, "int 7\n");
	ferry_connector.close(h);
}

#define T(x) cmocka_unit_test_setup_teardown(x, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(plain_values), T(numbers), T(long_numbers), T(texts), T(bytes_and_booleans), T(times),
		T(other_types), T(invalid_text), T(many_rows), T(long_row), T(order), T(not_ordered),
		T(queries_refused), T(columns_change), T(by_table_and_schema),
	};

	return run_everywhere("odbc source", tests, sizeof tests / sizeof tests[0]);
}
