/* SPDX-License-Identifier: Apache-2.0 */
/* test-mysql-source.c - what the mysql connector reads, in which types and in which order. */
#include "mysql-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/value.h"

/* ------------------------------------------------------------------ a sink */

struct sink {
	struct ferry_sink base;
	char columns[512];
	char rows[16384];		/* as "i1|'text'\n" while they fit */
	size_t n_columns, n_rows, largest;
	bool ordered;
	size_t bytes;
	/* the order of keys, if there are any: the first n_keys columns */
	size_t n_keys;
	struct buf last;
	bool disordered;
	int fail_after;			/* rows fails at that row; 0: never */
	void (*at_row)(struct fixture *f, size_t row);
	struct fixture *f;
};

static int take_columns(struct ferry_sink *base, const struct ferry_column *columns, size_t n, bool ordered,
			struct ferry_error *err)
{
	struct sink *s = (struct sink *)base;
	size_t at = 0;

	(void)err;
	s->n_columns = n;
	s->ordered = ordered;
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(s->columns + at, sizeof s->columns - at, "%s%s %d", i ? ", " : "",
				       columns[i].name, columns[i].type);
	return 0;
}

static void show(struct sink *s, const struct ferry_value *v)
{
	size_t at = strlen(s->rows), room = sizeof s->rows - at;

	if (v->type == FERRY_NULL)
		snprintf(s->rows + at, room, "NULL");
	else if (v->type == FERRY_INT || v->type == FERRY_BOOL || v->type == FERRY_TIME)
		snprintf(s->rows + at, room, "%c%lld", "?bi???t"[v->type], (long long)v->i);
	else if (v->type == FERRY_BYTES) {
		at += (size_t)snprintf(s->rows + at, room, "x");
		for (size_t i = 0; i < v->len && i < 20; i++)
			at += (size_t)snprintf(s->rows + at, sizeof s->rows - at, "%02x", (uint8_t)v->s[i]);
	} else
		snprintf(s->rows + at, room, "%c%.*s", "???d'??j"[v->type], v->len < 200 ? (int)v->len : 200, v->s);
}

static void check_order(struct sink *s, const struct ferry_value *row)
{
	struct buf key = BUF_INIT;
	struct ferry_error err = {0};

	if (key_encode(row, s->n_keys, &key, &err) != 0)
		fail_msg("key: %s", err.msg);
	size_t common = key.len < s->last.len ? key.len : s->last.len;
	int order = s->n_rows && s->last.s ? memcmp(s->last.s, key.s, common) : -1;
	if (order > 0 || (order == 0 && s->last.len > key.len)) {
		if (!s->disordered)
			print_error("row %zu is out of order: '%.*s'\n", s->n_rows, (int)(row->len < 80 ? row->len : 80),
				    value_has_bytes(row) ? row->s : "(a number)");
		s->disordered = true;
	}
	buf_release(&s->last);
	s->last = key;
}

static int take_rows(struct ferry_sink *base, const struct ferry_value *values, size_t n_rows,
		     struct ferry_error *err)
{
	struct sink *s = (struct sink *)base;

	for (size_t r = 0; r < n_rows; r++, values += s->n_columns) {
		if (s->n_keys)
			check_order(s, values);
		for (size_t i = 0; i < s->n_columns; i++) {
			if (strlen(s->rows) < sizeof s->rows - 400) {
				strncat(s->rows, i ? "|" : "", 2);
				show(s, &values[i]);
			}
			if (value_has_bytes(&values[i]) && values[i].len > s->largest)
				s->largest = values[i].len;
		}
		strncat(s->rows, "\n", sizeof s->rows - strlen(s->rows) - 1);
		s->n_rows++;
		if (s->at_row)
			s->at_row(s->f, s->n_rows);
		if (s->fail_after && s->n_rows == (size_t)s->fail_after) {
			err->code = FERRY_E_DISK_FULL;
			snprintf(err->msg, sizeof err->msg, "the sink is full");
			return -1;
		}
	}
	return 0;
}

static void take_page(struct ferry_sink *base, const char *kind, size_t bytes)
{
	struct sink *s = (struct sink *)base;

	assert_string_equal(kind, "cursor");
	s->bytes += bytes;
}

static struct sink *new_sink(struct fixture *f)
{
	static struct sink s;

	buf_release(&s.last);
	s = (struct sink){.base = {NULL, take_columns, take_rows, take_page, NULL}, .f = f};
	return &s;
}

static int extract(struct fixture *f, void *h, struct sink *s, const char *const *keys, int64_t limit)
{
	struct ferry_extract want = {.key_columns = keys, .want_order = keys != NULL, .limit = limit};

	(void)f;
	return ferry_connector.extract(h, &want, &s->base, &s->f->err);
}

static struct sink *read_query(struct fixture *f, const char *sql)
{
	struct sink *s = new_sink(f);
	void *h = fixture_source(f, sql);

	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, extract(f, h, s, NULL, 0));
	ferry_connector.close(h);
	return s;
}

/* ------------------------------------------------------------------ types */

static void texts_and_bytes(void **state)
{
	struct fixture *f = *state;
	struct sink *s;

	fixture_sql(f, "CREATE TABLE t (c char(5), v varchar(20) CHARACTER SET latin1, u varchar(20) CHARACTER SET utf8mb3, t longtext,"
		    " e enum('sad', 'glad'), st set('a', 'b'), b binary(3), vb varbinary(5), bl blob, j json, id uuid, ip inet6, p point);"
		    " INSERT INTO t VALUES ('x  ', '\u00e9\u20ac', '\u00df', '🚢 ship', 'glad', 'b,a', 'a', x'00ff', '', '[1, {\"a\":  2}]',"
		    " 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '::1', ST_GeomFromText('POINT(1 2)'))");
	s = read_query(f, "SELECT * FROM t");
	assert_string_equal(s->columns, "c 4, v 4, u 4, t 4, e 4, st 4, b 5, vb 5, bl 5, j 7, id 4, ip 4, p 4");
	assert_string_equal(s->rows, "'x|'\u00e9\u20ac|'\u00df|'🚢 ship|'glad|'a,b|x610000|x00ff|x|j[1, {\"a\":  2}]|"
			    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|'::1|'POINT(1 2)\n");
	s = read_query(f, "SELECT CONCAT('a', 1) AS a, NULL AS b, '' AS c, x'41' AS d, CAST('x' AS BINARY) AS e,"
		       " JSON_OBJECT('k', 1) AS g");
	assert_string_equal(s->rows, "'a1|NULL|'|x41|x78|j{\"k\": 1}\n");
	/* a NUL is a character as any other */
	s = read_query(f, "SELECT LENGTH(CONCAT('a', CHAR(0), 'b')) AS n, CONCAT('a', CHAR(0 USING utf8mb4), 'b') AS t");
	assert_memory_equal(s->rows, "i3|'a", 5);
}

static void numbers(void **state)
{
	struct fixture *f = *state;
	struct sink *s;

	fixture_sql(f, "CREATE TABLE n (a tinyint, b smallint unsigned, c mediumint, d int zerofill, e bigint, f bigint unsigned, g bit(1),"
		    " h bit(12), i bit(64), j year, k decimal(65,30), l decimal(8,2) zerofill, m float, n double, o double(10,2), p bool);"
		    " INSERT INTO n VALUES (-128, 65535, -8388608, 7, -9223372036854775808, 18446744073709551615, b'1', b'100000000001',"
		    " b'1111111111111111111111111111111111111111111111111111111111111111', 2026, 12345678901234567890123456789012345.000000000000000000000000000001,"
		    " 12.5, 0.1, 1/3e0, 2.5, true), (127, 0, 8388607, 0, 9223372036854775807, 9223372036854775807, b'0', 0, 5, 0, -0.5, 0, 16777216, 1e22, -1, 0),"
		    " (0, 0, 0, 0, 0, 9223372036854775808, 0, 0, 0, 1901, 0, 0, -3.4e38, 2.2250738585072014e-308, 0, 0)");
	s = read_query(f, "SELECT a, b, c, d, e, f, g, h, i, j FROM n");
	assert_string_equal(s->columns, "a 2, b 2, c 2, d 2, e 2, f 2, g 1, h 2, i 2, j 2");
	assert_string_equal(s->rows,
			    "i-128|i65535|i-8388608|i7|i-9223372036854775808|d18446744073709551615|b1|i2049|d18446744073709551615|i2026\n"
			    "i127|i0|i8388607|i0|i9223372036854775807|i9223372036854775807|b0|i0|i5|i0\n"
			    "i0|i0|i0|i0|i0|d9223372036854775808|b0|i0|i0|i1901\n");
	s = read_query(f, "SELECT k, l, m, n, o, p FROM n LIMIT 2");
	assert_string_equal(s->columns, "k 3, l 3, m 3, n 3, o 3, p 2");
	assert_string_equal(s->rows,
			    "d12345678901234567890123456789012345.000000000000000000000000000001|d12.50|d0.1|d0.3333333333333333|d2.5|i1\n"
			    "d-0.500000000000000000000000000000|d0.00|d16777216|d10000000000000000000000|d-1|i0\n");
	s = read_query(f, "SELECT m, n FROM n WHERE j = 1901");
	assert_memory_equal(s->rows, "d-340000000000000000000000000000000000000|d0.00000000", 52);
	assert_int_equal(s->largest, 2 + 307 + 17);
}

static void moments(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_SOURCE};
	struct sink *s;

	fixture_sql(f, "SET SESSION sql_mode = ''; CREATE TABLE m (id int, a timestamp(6) NULL, b datetime, c datetime(3), d date, e time(1));"
		    " INSERT INTO m VALUES (1, '2026-01-01 00:00:00.25', '1969-12-31 23:59:59', '2040-02-29 10:00:00.5', '1900-01-01', '-838:59:59'),"
		    " (2, '2038-01-19 03:14:07', '0001-01-01 00:00:00', '9999-12-31 23:59:59.999', '9999-12-31', '10:00:00.5'),"
		    " (3, 0, 0, '2026-02-00', '2026-00-00', 0)");
	s = read_query(f, "SELECT a, b, c, d, e FROM m ORDER BY id");
	assert_string_equal(s->columns, "a 6, b 6, c 6, d 4, e 4");
	assert_string_equal(s->rows,
			    "t1767225600250000|t-1000000|t2214122400500000|'1900-01-01|'-838:59:59.0\n"
			    "t2147483647000000|t-62135596800000000|t253402300799999000|'9999-12-31|'10:00:00.5\n"
			    "'0000-00-00 00:00:00.000000|'0000-00-00 00:00:00|'2026-02-00 00:00:00.000|'2026-00-00|'00:00:00.0\n");
	void *h = fixture_open(f, &open, (const char *const[]){"table", "m", "datetime", "text", "zero_dates", "null", NULL});
	s = new_sink(f);
	assert_success(f, extract(f, h, s, NULL, 0));
	assert_string_equal(s->columns, "id 2, a 6, b 4, c 4, d 4, e 4");
	assert_string_equal(s->rows,
			    "i1|t1767225600250000|'1969-12-31T23:59:59|'2040-02-29T10:00:00.500000|'1900-01-01|'-838:59:59.0\n"
			    "i2|t2147483647000000|'0001-01-01T00:00:00|'9999-12-31T23:59:59.999000|'9999-12-31|'10:00:00.5\n"
			    "i3|NULL|NULL|NULL|NULL|'00:00:00.0\n");
	ferry_connector.close(h);
	/* what the server's own zone is does not matter */
	fixture_sql(f, "SET GLOBAL time_zone = '+05:30'");
	s = read_query(f, "SELECT a FROM m WHERE id = 1");
	assert_string_equal(s->rows, "t1767225600250000\n");
	fixture_sql(f, "SET GLOBAL time_zone = 'SYSTEM'");
}

static void nothing_everywhere(void **state)
{
	struct fixture *f = *state;
	struct sink *s;

	fixture_sql(f, "CREATE TABLE z (a int, b decimal(5,2), c float, d text, e blob, f timestamp NULL, g datetime, h date, i time, j json, k bit(1), l enum('x'));"
		    " INSERT INTO z VALUES (), ()");
	s = read_query(f, "SELECT * FROM z");
	assert_string_equal(s->rows, "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n"
			    "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n");
	s = read_query(f, "SELECT a FROM z WHERE false");
	assert_int_equal(s->n_rows, 0);
	assert_string_equal(s->columns, "a 2");
}

static void large_rows(void **state)
{
	struct fixture *f = *state;
	struct sink *s = read_query(f, "SELECT seq, REPEAT('🚢', 2500000) AS ships FROM seq_1_to_3");

	assert_int_equal(s->n_rows, 3);
	assert_int_equal(s->largest, 10000000);
	assert_true(s->bytes > 30000000);
}

/* ------------------------------------------------------------------ order */

static void expect_order(struct fixture *f, const char *sql, const char *const *keys, size_t rows)
{
	struct sink *s = new_sink(f);
	void *h = fixture_source(f, sql);

	for (; keys[s->n_keys]; s->n_keys++)
		;
	assert_success(f, extract(f, h, s, keys, 0));
	assert_true(s->ordered);
	if (s->disordered)
		fail_msg("out of order: %s", sql);
	if (rows)
		assert_int_equal(s->n_rows, rows);
	ferry_connector.close(h);
}

static const char *const key_a[] = {"a", NULL}, *const key_ab[] = {"a", "b", NULL};

/* Every type is asked for in exactly the order of the engine's key form. */
static void key_order_of_every_type(void **state)
{
	struct fixture *f = *state;
	static const char *const columns[][2] = {
		{"int", "RAND() * 2000 - 1000"}, {"bigint", "(RAND() - 0.5) * 1e18"}, {"bigint unsigned", "RAND() * 1.8e19"},
		{"tinyint(1)", "seq % 2"}, {"bit(1)", "seq % 2"}, {"bit(64)", "RAND() * 1e19"}, {"year", "1901 + seq % 200"},
		{"decimal(20,5)", "(RAND() - 0.5) * 1000"}, {"double", "(RAND() - 0.5) * POW(10, seq % 30)"},
		{"float", "(RAND() - 0.5) * POW(10, seq % 30)"}, {"char(8)", "SUBSTR(MD5(RAND()), 1, seq % 4)"},
		{"varchar(40) CHARACTER SET latin1 COLLATE latin1_swedish_ci", "CHAR(33 + seq % 220 USING latin1)"},
		{"varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", "CONCAT(CHAR(65 + seq % 60 USING latin1), CHAR(1 + RAND() * 250 USING latin1))"},
		{"varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "CONCAT(SUBSTR('aA ', 1 + seq % 3, 1), CHAR(seq % 40 USING latin1))"},
		{"varchar(40) CHARACTER SET utf8mb4", "CONCAT('x', REPEAT(' ', seq % 3), SUBSTR('🚢\uffee\u00e9\t', 1 + seq % 5, 1))"},
		{"text CHARACTER SET cp1250", "CONVERT(CHAR(32 + seq % 200 USING cp1250) USING cp1250)"},
		{"varbinary(10)", "UNHEX(SUBSTR(MD5(RAND()), 1, 2 * (seq % 5)))"}, {"binary(4)", "UNHEX(HEX(seq % 256))"},
		{"timestamp(6) NULL", "FROM_UNIXTIME(1 + RAND() * 2e9)"}, {"datetime(3)", "'2000-01-01' + INTERVAL (RAND() - 0.5) * 6e9 SECOND"},
		{"date", "'2000-01-01' + INTERVAL (RAND() - 0.5) * 300000 DAY"}, {"time(2)", "SEC_TO_TIME((RAND() - 0.5) * 5000000)"},
		{"enum('b','A','c')", "1 + seq % 3"}, {"set('b','A')", "seq % 4"}, {"json", "JSON_ARRAY(seq % 12, RAND())"},
		{"uuid", "UUID()"}, {"inet6", "CONCAT('::', HEX(seq))"},
	};
	const size_t n = sizeof columns / sizeof columns[0];
	char sql[900];

	fixture_sql(f, "SET SESSION sql_mode = ''");
	for (size_t i = 0; i < n; i++) {
		const char *const *b = columns[(i * 7 + 3) % n];
		snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS k; CREATE TABLE k (a %s, b %s); INSERT INTO k SELECT IF(seq %% 50, %s, NULL), %s"
			 " FROM seq_1_to_2000", columns[i][0], b[0], columns[i][1], b[1]);
		fixture_sql(f, sql);
		expect_order(f, "SELECT a FROM k", key_a, 2000);
		expect_order(f, "SELECT a, b FROM k; -- both", key_ab, 2000);
	}
}

/* What the engine would have to sort otherwise is said, with the row and the way out. */
static void keys_without_a_place(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, "SET SESSION sql_mode = ''; CREATE TABLE k (a datetime); INSERT INTO k VALUES (0)");
	void *h = fixture_source(f, "SELECT a FROM k");
	struct sink *s = new_sink(f);
	assert_failure(f, extract(f, h, s, key_a, 0), FERRY_E_DATA, "row 1: key column 'a'");
	assert_non_null(strstr(f->err.hint, "ordered: false"));
	/* no key, no harm; and the handle goes on */
	s = new_sink(f);
	assert_success(f, extract(f, h, s, NULL, 0));
	assert_int_equal(s->n_rows, 1);
	ferry_connector.close(h);
}

static void uses_the_index(void **state)
{
	struct fixture *f = *state;
	struct sink *s = new_sink(f);

	fixture_sql(f, "CREATE TABLE big (id int PRIMARY KEY, t text); INSERT INTO big SELECT seq, REPEAT('x', 100) FROM seq_1_to_50000;"
		    " FLUSH STATUS; SET GLOBAL userstat = 1");
	void *h = fixture_source(f, "SELECT * FROM big");
	assert_success(f, extract(f, h, s, key_id, 10));
	assert_int_equal(s->n_rows, 10);
	ferry_connector.close(h);
	/* ten rows, not fifty thousand: read along the index */
	const char *read = "";
	for (int tries = 0; tries < 500 && !*(read = fixture_dump(f, "SELECT rows_read FROM information_schema.TABLE_STATISTICS WHERE table_name = 'big'")); tries++)
		fixture_sql(f, "DO SLEEP(0.01)");
	assert_string_equal(read, "10\n");
	fixture_sql(f, "SET GLOBAL userstat = 0");
}

/* ------------------------------------------------------------------ queries */

static void refused_queries(void **state)
{
	struct fixture *f = *state;
	static const struct { const char *sql, *part; } cases[] = {
		{"SELECT 1 AS a, 2 AS A", "two columns the name 'A'"},
		{"SELECT ? AS a", "parameter"},
		{"SELECT * FROM nowhere", "nowhere"},
		{"SELEC 1", "SQL syntax"},
		{"DELETE FROM people", "READ ONLY"},
		{"DO 1", "must be a SELECT"},
		{"DELETE FROM people RETURNING id", "READ ONLY"},
		{"SHOW TABLES", "SQL syntax"},
		{"SELECT 1 AS a; DELETE FROM people", "more than one"},
		{"SELECT 1 AS a) q; (SELECT 2", "more than one"},
		{"SELECT id FROM people FOR UPDATE", "READ ONLY"},
	};

	fixture_sql(f, PEOPLE);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ferry_open open = {.role = FERRY_SOURCE};
		void *h = fixture_open(f, &open, (const char *const[]){"query", cases[i].sql, NULL});
		if (h)
			assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONFIG, cases[i].part);
		else if (!strstr(f->err.msg, cases[i].part))
			fail_msg("%s", f->err.msg);
		if (h)
			ferry_connector.close(h);
	}
	void *h = fixture_source(f, "SELECT id FROM people");
	struct sink *s = new_sink(f);
	assert_failure(f, extract(f, h, s, key_a, 0), FERRY_E_CONFIG, "key column 'a' is not in the result, which has id");
	ferry_connector.close(h);
	fixture_sql(f, "CREATE FUNCTION sneak() RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO people VALUES (1, 'x', 1, 'y'); RETURN 1; END");
	h = fixture_source(f, "SELECT sneak() AS a");
	s = new_sink(f);
	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(extract(f, h, s, NULL, 0), -1);
	assert_non_null(strstr(f->err.msg, "READ ONLY"));
	ferry_connector.close(h);
	expect_rows(f, ALL, "");
}

static void tables_and_limits(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_SOURCE};
	struct sink *s = new_sink(f);

	fixture_sql(f, "CREATE TABLE `T``x` AS SELECT seq AS `a b` FROM seq_1_to_9");
	void *h = fixture_open(f, &open, (const char *const[]){"table", "T`x", NULL});
	assert_non_null(h);
	assert_success(f, extract(f, h, s, (const char *const[]){"A B", NULL}, 2));
	assert_string_equal(s->rows, "i1\ni2\n");
	/* what has become of the table since is seen */
	fixture_sql(f, "ALTER TABLE `T``x` ADD c text DEFAULT 'new', MODIFY `a b` decimal(5,1)");
	s = new_sink(f);
	assert_success(f, extract(f, h, s, (const char *const[]){"a b", NULL}, 1));
	assert_string_equal(s->rows, "d1.0|'new\n");
	ferry_connector.close(h);
	/* a limit that somebody has set does not cut the rows off */
	fixture_sql(f, "SET GLOBAL sql_select_limit = 3");
	s = read_query(f, "SELECT * FROM `T``x`");
	fixture_sql(f, "SET GLOBAL sql_select_limit = DEFAULT");
	assert_int_equal(s->n_rows, 9);
}

static void one_state(struct fixture *f, size_t row)
{
	if (row == 1)
		fixture_sql(f, "UPDATE v SET x = 2; INSERT INTO v SELECT 2, 'y' FROM seq_1_to_100");
}

static void rows_are_one_state(void **state)
{
	struct fixture *f = *state;
	struct sink *s = new_sink(f);

	fixture_sql(f, "CREATE TABLE v AS SELECT 1 AS x, REPEAT('x', 1000) AS y FROM seq_1_to_20000");
	void *h = fixture_source(f, "SELECT x FROM v WHERE x <> 1 UNION ALL SELECT x FROM v WHERE y <> ''");
	s->at_row = one_state;
	assert_success(f, extract(f, h, s, NULL, 0));
	assert_int_equal(s->n_rows, 20000);
	ferry_connector.close(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(texts_and_bytes), TEST(numbers), TEST(moments), TEST(nothing_everywhere), TEST(large_rows),
		TEST(key_order_of_every_type), TEST(keys_without_a_place), TEST(uses_the_index), TEST(refused_queries),
		TEST(tables_and_limits), TEST(rows_are_one_state),
	};
	int status = server_start();

	if (status)
		return status;
	status = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop();
	return status;
}
