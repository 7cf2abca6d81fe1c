/* SPDX-License-Identifier: Apache-2.0 */
/* test-postgres-source.c - what the postgres connector reads, in which types and in which order. */
#include "postgres-fixture.h"

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

static void every_type(void **state)
{
	struct fixture *f = *state;
	struct sink *s;

	fixture_sql(f, "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN cents AS int CHECK (VALUE > 0);"
		    "CREATE TYPE pair AS (a int, b text)");
	s = read_query(f, "SELECT 32767::int2 a, '-2147483648'::int4 b, 9223372036854775807 c, true d, 5::cents e,"
		       " 4294967295::oid f");
	assert_string_equal(s->columns, "a 2, b 2, c 2, d 1, e 2, f 2");
	assert_string_equal(s->rows, "i32767|i-2147483648|i9223372036854775807|b1|i5|i4294967295\n");

	s = read_query(f, "SELECT 'x'::text a, 'y'::varchar(3) b, 'z '::char(5) c, 'n'::name d, ''::text e,"
		       " '\U0001F6A2 ship'::text f, 'glad'::mood g");
	assert_string_equal(s->columns, "a 4, b 4, c 4, d 4, e 4, f 4, g 4");
	assert_string_equal(s->rows, "'x|'y|'z|'n|'|'\U0001F6A2 ship|'glad\n");

	s = read_query(f, "SELECT '\\x00ff'::bytea a, '[1, {\"a\":  2}]'::json b, '{\"b\":1,\"a\":null}'::jsonb c,"
		       " 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid d, ARRAY[[1,2],[3,NULL]] e,"
		       " ROW(1, 'x')::pair f, ROW(2, 'y') g, ARRAY['a\"b'] h, ''::bytea i");
	assert_string_equal(s->columns, "a 5, b 7, c 7, d 4, e 7, f 7, g 7, h 7, i 5");
	assert_string_equal(s->rows, "x00ff|j[1, {\"a\":  2}]|j{\"a\": null, \"b\": 1}|'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
			    "|j[[1,2],[3,null]]|j{\"a\":1,\"b\":\"x\"}|j{\"f1\":2,\"f2\":\"y\"}|j[\"a\\\"b\"]|x\n");

	s = read_query(f, "SELECT '10:00:00.5'::time a, '1 day 02:00'::interval b, '10.0.0.1'::inet c, int4range(1, 5) d,"
		       " '<a/>'::xml e, '1,2'::point f, B'101' g, '3'::\"char\" h");
	assert_string_equal(s->rows, "'10:00:00.5|'1 day 02:00:00|'10.0.0.1/32|'[1,5)|'<a/>|'(1,2)|'101|'3\n");
}

static void numbers(void **state)
{
	struct fixture *f = *state;
	struct sink *s;

	s = read_query(f, "SELECT 12.50 a, -0.001 b, 0 ::numeric c, 0.00 d, 100000000 ::numeric e, 1e-20 f,"
		       " 12345678901234567890.123456789 g, 10000::numeric(5) h, 1e30::numeric i, -9999.9999 j");
	assert_string_equal(s->rows, "d12.50|d-0.001|d0|d0.00|d100000000|d0.00000000000000000001|"
			    "d12345678901234567890.123456789|d10000|d1000000000000000000000000000000|d-9999.9999\n");
	s = read_query(f, "SELECT 0.1::float8 a, 0.1::float4 b, 1e15::float8 c, -2.5e-7::float8 d, 1/3.0::float8 e,"
		       " 'NaN'::float8 f, 'Infinity'::float4 g, '-Infinity'::numeric h, 'NaN'::numeric i");
	assert_string_equal(s->columns, "a 3, b 3, c 3, d 3, e 3, f 3, g 3, h 3, i 3");
	assert_string_equal(s->rows, "d0.1|d0.1|d1000000000000000|d-0.00000025|d0.3333333333333333|'NaN|'Infinity|"
			    "'-Infinity|'NaN\n");
	/* against PostgreSQL's own text, for numbers of every size */
	fixture_sql(f, "CREATE TABLE n AS SELECT (random() * 10 ^ (i % 40) - 10 ^ (i % 38))::numeric(60, 20) * CASE i % 3"
		    " WHEN 0 THEN 1 WHEN 1 THEN 0.00000001 ELSE 1e12 END AS x FROM generate_series(1, 3000) i;"
		    " INSERT INTO n SELECT trunc(x, (random() * 12)::int) FROM n");
	s = read_query(f, "SELECT count(*) FROM n");
	assert_string_equal(s->rows, "i6000\n");
	void *h = fixture_source(f, "SELECT x, x::text AS y FROM n");
	s = new_sink(f);
	s->fail_after = 300;
	assert_failure(f, extract(f, h, s, NULL, 0), FERRY_E_DISK_FULL, "the sink is full");
	ferry_connector.close(h);
	char *rest;
	for (char *line = strtok_r(s->rows, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *text = strstr(line, "|'");
		if (!text)
			break;			/* where the room ended */
		*text = '\0';
		assert_string_equal(line + 1, text + 2);
	}
}

static void moments(void **state)
{
	struct fixture *f = *state;
	struct sink *s;

	s = read_query(f, "SELECT '2026-01-01T01:00:00+01'::timestamptz a, '1969-12-31T23:59:59.999999Z'::timestamptz b,"
		       " '0044-03-15 BC'::timestamptz c, '294276-12-31T23:59:59.999999Z'::timestamptz d, 'infinity'::timestamptz e");
	assert_string_equal(s->columns, "a 6, b 6, c 6, d 6, e 6");
	assert_string_equal(s->rows, "t1767225600000000|t-1|t-63517824000000000|'294276-12-31T23:59:59.999999Z|'infinity\n");
	s = read_query(f, "SELECT '2040-02-29'::date a, '1900-01-01'::date b, '0044-03-15 BC'::date c, 'infinity'::date d,"
		       " '-infinity'::timestamp e, '2026-01-01 10:00'::timestamp f, '2026-01-01 10:00:00.25'::timestamp g");
	assert_string_equal(s->rows, "'2040-02-29|'1900-01-01|'0044-03-15 BC|'infinity|'-infinity|'2026-01-01T10:00:00|"
			    "'2026-01-01T10:00:00.250000\n");
}

static void nothing_everywhere(void **state)
{
	struct fixture *f = *state;
	struct sink *s = read_query(f, "SELECT NULL::int a, NULL::numeric b, NULL::text c, NULL::bytea d, NULL::int[] e,"
				    " NULL::timestamptz f, NULL g, NULL::inet h FROM generate_series(1, 2)");

	assert_string_equal(s->rows, "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\nNULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n");
	s = read_query(f, "SELECT 1 a WHERE false");
	assert_int_equal(s->n_rows, 0);
	assert_string_equal(s->columns, "a 2");
}

static void large_rows(void **state)
{
	struct fixture *f = *state;
	struct sink *s = read_query(f, "SELECT i, repeat('\U0001F6A2', 2500000) AS ships FROM generate_series(1, 3) i");

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
	static const char *const expressions[] = {
		"(random() * 2000 - 1000)::int", "((random() - 0.5) * 1e18)::bigint", "(random() * 10)::int2",
		"i % 2 = 0", "gen_random_uuid()", "((random() - 0.5) * 1000)::numeric(20, 5)",
		"trunc((random() - 0.5)::numeric * 10 ^ (i % 20)::numeric, i % 7)",
		"(random() - 0.5) * 10 ^ (i % 30)", "((random() - 0.5) * 10 ^ (i % 30))::float4",
		"md5(random()::text)", "substr(md5(random()::text), 1, i % 4)::varchar",
		"substr(md5(random()::text), 1, i % 4)::char(8)", "chr(1 + (random() * 55000)::int) || chr(65 + i % 60)",
		"decode(substr(md5(random()::text), 1, 2 * (i % 5)), 'hex')", "decode(lpad(to_hex(i % 256), 2, '0') || '00', 'hex')",
		"timestamptz '2000-01-01' + (random() - 0.5) * interval '200 years'",
		"date '2000-01-01' + (random() * 1000000 - 500000)::int", "CASE i % 10 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE date '2000-01-01' + i END",
		"timestamp '2000-01-01' + (random() - 0.5) * interval '1 day'", "timestamp '2000-01-01' + i % 100 * interval '0.01 s'",
		"time '00:00' + random() * interval '1 day'", "i * interval '1 hour' * random()",
		"('10.' || i % 256 || '.' || i % 7 || '.1')::inet", "ARRAY[i % 10, (random() * 100)::int]",
		"jsonb_build_object('a', i % 10, 'b', random())", "json_build_array(i % 12, 'x')", "(ARRAY['b', 'A', 'c'])[1 + i % 3]::mood",
		"CASE i % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' ELSE random() END", "CASE i % 5 WHEN 0 THEN 'NaN' ELSE i::numeric END",
		"(i % 40)::oid", "'x' || i::text COLLATE \"POSIX\"", "('x' || i)::name",
	};
	char sql[600];

	/* order of its own, against that of the texts */
	fixture_sql(f, "CREATE TYPE mood AS ENUM ('b', 'c', 'A')");
	for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
		snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS k; CREATE TABLE k AS SELECT CASE WHEN i %% 50 > 0 THEN %s END AS a,"
			 " %s AS b FROM generate_series(1, 2000) i", expressions[i],
			 expressions[(i * 7 + 3) % (sizeof expressions / sizeof expressions[0])]);
		fixture_sql(f, sql);
		expect_order(f, "SELECT a FROM k", key_a, 2000);
		expect_order(f, "SELECT a, b FROM k; -- both", key_ab, 2000);
		fixture_sql(f, "DELETE FROM k WHERE a IS NULL; ALTER TABLE k ALTER a SET NOT NULL");
		expect_order(f, "SELECT a, b FROM k", key_ab, 1960);
	}
}

static void key_order_in_other_encodings(void **state)
{
	struct fixture *f = *state;
	char dsn[sizeof f->dsn];

	fixture_sql(f, "DROP DATABASE IF EXISTS cp1250");
	fixture_sql(f, "CREATE DATABASE cp1250 ENCODING 'WIN1250' LOCALE 'C' TEMPLATE template0");
	memcpy(dsn, f->dsn, sizeof dsn);
	snprintf(f->dsn, sizeof f->dsn, "host=%s user=postgres dbname=cp1250", server_folder());
	expect_order(f, "SELECT convert_from(set_byte('\\x00', 0, i), 'WIN1250') AS a FROM generate_series(1, 255) i"
		     " WHERE i NOT IN (129, 131, 136, 144, 152)", key_a, 250);
	memcpy(f->dsn, dsn, sizeof dsn);
	fixture_sql(f, "DROP DATABASE cp1250");
}

/* What the engine would have to sort otherwise is said, with the row and the way out. */
static void keys_without_a_place(void **state)
{
	struct fixture *f = *state;
	static const char *const values[] = {
		"'-infinity'::timestamptz", "'-infinity'::float8", "'-infinity'::numeric", "'0044-03-15 BC'::date",
		"'10000-01-01'::date", "'10000-01-01'::timestamp", "'0001-01-01 BC'::timestamp",
	};
	char sql[200];

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		snprintf(sql, sizeof sql, "SELECT %s AS a", values[i]);
		void *h = fixture_source(f, sql);
		struct sink *s = new_sink(f);
		assert_failure(f, extract(f, h, s, key_a, 0), FERRY_E_DATA, "row 1: key column 'a'");
		assert_non_null(strstr(f->err.hint, "ordered: false"));
		/* no key, no harm; and the handle goes on */
		s = new_sink(f);
		assert_success(f, extract(f, h, s, NULL, 0));
		assert_int_equal(s->n_rows, 1);
		ferry_connector.close(h);
	}
	expect_order(f, "SELECT '0001-01-01 00:00'::timestamp a UNION ALL SELECT '9999-12-31 23:59:59.9' UNION ALL SELECT 'infinity'",
		     key_a, 3);
}

static void uses_the_index(void **state)
{
	struct fixture *f = *state;
	struct sink *s = new_sink(f);

	fixture_sql(f, "CREATE TABLE big (id int PRIMARY KEY, code text COLLATE \"C\" NOT NULL UNIQUE, plain text NOT NULL UNIQUE);"
		    " INSERT INTO big SELECT i, 'c' || i, 'p' || i FROM generate_series(1, 20000) i; ANALYZE big;"
		    " ALTER ROLE postgres SET enable_sort = off; ALTER ROLE postgres SET enable_seqscan = off;"
		    " ALTER ROLE postgres SET work_mem = '64kB'");
	static const char *const names[] = {"id", "code", "plain"};
	for (size_t i = 0; i < 3; i++) {
		const char *const keys[] = {names[i], NULL};
		void *h = fixture_source(f, "SELECT * FROM big");
		s = new_sink(f);
		assert_success(f, extract(f, h, s, keys, 10));
		assert_int_equal(s->n_rows, 10);
		ferry_connector.close(h);	/* a session's counts are there when it ends */
		char sql[200];
		snprintf(sql, sizeof sql, "SELECT pg_stat_clear_snapshot(), idx_tup_read FROM pg_stat_user_indexes"
			 " WHERE indexrelname IN ('big_pkey', 'big_%s_key') AND idx_tup_read > 0"
			 " ORDER BY indexrelname = 'big_pkey' LIMIT 1", names[i]);
		const char *read = "";
		for (int tries = 0; tries < 500 && !*(read = fixture_dump(f, sql)); tries++)
			fixture_sql(f, "SELECT pg_sleep(0.01)");
		/* ten rows, not twenty thousand: read along the index */
		assert_string_equal(read, "|10\n");
	}
	fixture_sql(f, "ALTER ROLE postgres RESET ALL");
}

/* ------------------------------------------------------------------ queries */

static void refused_queries(void **state)
{
	struct fixture *f = *state;
	static const struct { const char *sql, *part; } cases[] = {
		{"SELECT 1 AS a, 2 AS A", "two columns the name 'a'"},
		{"SELECT $1::int AS a", "parameter"},
		{"SELECT * FROM nowhere", "nowhere"},
		{"SELEC 1", "syntax error"},
		{"DELETE FROM people RETURNING id", "syntax error"},
		{"WITH d AS (DELETE FROM people RETURNING id) SELECT * FROM d", "WITH"},
		{"SELECT", "no columns"},
		{"SELECT 1) q; (SELECT 2", "more than one"},
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
	h = fixture_source(f, "SELECT nextval('s') AS a");
	fixture_sql(f, "CREATE SEQUENCE s");
	s = new_sink(f);
	assert_failure(f, extract(f, h, s, NULL, 0), FERRY_E_UNAVAILABLE, "read-only");
	ferry_connector.close(h);
}

static void tables_and_limits(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_SOURCE};
	struct sink *s = new_sink(f);

	fixture_sql(f, "CREATE SCHEMA IF NOT EXISTS \"Other one\"; DROP TABLE IF EXISTS \"Other one\".\"T\"\"x\";"
		    " CREATE TABLE \"Other one\".\"T\"\"x\" AS SELECT i AS \"a b\" FROM generate_series(1, 9) i");
	void *h = fixture_open(f, &open, (const char *const[]){"table", "T\"x", "schema", "Other one", NULL});
	assert_non_null(h);
	assert_success(f, extract(f, h, s, (const char *const[]){"A B", NULL}, 2));
	assert_string_equal(s->rows, "i1\ni2\n");
	/* what has become of the table since is seen */
	fixture_sql(f, "ALTER TABLE \"Other one\".\"T\"\"x\" ADD c text DEFAULT 'new', ALTER \"a b\" TYPE numeric");
	s = new_sink(f);
	assert_success(f, extract(f, h, s, (const char *const[]){"a b", NULL}, 1));
	assert_string_equal(s->rows, "d1|'new\n");
	ferry_connector.close(h);
	fixture_sql(f, "DROP SCHEMA \"Other one\" CASCADE");
}

static void one_state(struct fixture *f, size_t row)
{
	if (row == 1)
		fixture_sql(f, "UPDATE v SET x = 2; INSERT INTO v SELECT 2 FROM generate_series(1, 100)");
}

static void rows_are_one_state(void **state)
{
	struct fixture *f = *state;
	struct sink *s = new_sink(f);

	fixture_sql(f, "CREATE TABLE v AS SELECT 1 AS x, repeat('x', 1000) AS y FROM generate_series(1, 20000)");
	void *h = fixture_source(f, "SELECT x FROM v WHERE x <> 1 UNION ALL SELECT x FROM v WHERE y <> ''");
	s->at_row = one_state;
	assert_success(f, extract(f, h, s, NULL, 0));
	assert_int_equal(s->n_rows, 20000);
	ferry_connector.close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_type, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(numbers, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(moments, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(nothing_everywhere, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(large_rows, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(key_order_of_every_type, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(key_order_in_other_encodings, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(keys_without_a_place, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(uses_the_index, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(refused_queries, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(tables_and_limits, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(rows_are_one_state, fixture_setup, fixture_teardown),
	};
	int status = server_start();

	if (status)
		return status;
	status = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop();
	return status;
}
