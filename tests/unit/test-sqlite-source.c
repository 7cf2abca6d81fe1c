/* SPDX-License-Identifier: Apache-2.0 */
/* test-sqlite-source.c - what the sqlite connector reads, and what it refuses to. */
#include "sqlite-fixture.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite/sqlite.h"

/* Keeps the rows as text: one line each, values by type: i1, d1.5, t'x', b(00ff), NULL. */
struct sink {
	struct ferry_sink api;
	char columns[256], rows[65536];
	size_t len, n_columns, n_rows, batches, pages, bytes;
	bool ordered;
	size_t fail_at;			/* batch that is refused; 0: none */
};

static int take_columns(struct ferry_sink *api, const struct ferry_column *columns, size_t n, bool ordered,
			struct ferry_error *err)
{
	struct sink *s = api->ctx;

	(void)err;
	assert_int_equal(s->n_columns, 0);	/* once */
	s->n_columns = n;
	s->ordered = ordered;
	for (size_t i = 0; i < n; i++) {
		snprintf(s->columns + strlen(s->columns), sizeof s->columns - strlen(s->columns), "%s%s",
			 i ? "," : "", columns[i].name);
		assert_int_equal(columns[i].type, FERRY_NULL);
	}
	return 0;
}

static void take_value(struct sink *s, const struct ferry_value *v)
{
	char *p = s->rows + s->len;
	size_t room = sizeof s->rows - s->len;
	int n = 0;

	if (room < v->len * 2 + 32)
		return;			/* the big ones are only counted */
	if (v->type == FERRY_INT)
		n = snprintf(p, room, "i%" PRId64, v->i);
	else if (v->type == FERRY_DECIMAL)
		n = snprintf(p, room, "d%.*s", (int)v->len, v->s);
	else if (v->type == FERRY_TEXT) {
		memcpy(p, "t'", 2);
		memcpy(p + 2, v->s, v->len);	/* with any NUL in it */
		p[2 + v->len] = '\'';
		n = (int)v->len + 3;
	}
	else if (v->type == FERRY_NULL)
		n = snprintf(p, room, "NULL");
	else if (v->type == FERRY_BYTES) {
		n = snprintf(p, room, "b(");
		for (uint32_t i = 0; i < v->len; i++)
			n += snprintf(p + n, room - (size_t)n, "%02x", (unsigned char)v->s[i]);
		n += snprintf(p + n, room - (size_t)n, ")");
	}
	s->len += (size_t)n;
}

static int take_rows(struct ferry_sink *api, const struct ferry_value *values, size_t n, struct ferry_error *err)
{
	struct sink *s = api->ctx;

	assert_true(n > 0);
	if (++s->batches == s->fail_at) {
		*err = (struct ferry_error){.code = FERRY_E_DISK_FULL, .msg = "no room"};
		return -1;
	}
	for (size_t i = 0; i < n; i++, s->n_rows++) {
		for (size_t k = 0; k < s->n_columns; k++) {
			if (k && s->len < sizeof s->rows - 1)
				s->rows[s->len++] = ' ';
			take_value(s, &values[i * s->n_columns + k]);
		}
		if (s->len < sizeof s->rows - 1)
			s->rows[s->len++] = '\n';
	}
	return 0;
}

static void take_page(struct ferry_sink *api, const char *kind, size_t bytes)
{
	struct sink *s = api->ctx;

	assert_string_equal(kind, "cursor");
	s->pages++;
	s->bytes += bytes;
}

static void take_truncated(struct ferry_sink *api, const char *reason)
{
	(void)api;
	fail_msg("truncated: %s", reason);
}

static struct sink *sink_reset(void)
{
	static struct sink s;

	s = (struct sink){
		.api = {&s, take_columns, take_rows, take_page, take_truncated},
	};
	return &s;
}

static void *open_source(struct fixture *f, const char *name, const char *value)
{
	struct ferry_open open = {.role = FERRY_SOURCE};

	return fixture_open(f, &open, (const char *const[]){name, value, NULL});
}

/* Extract by these key columns (NULL: no order) and give the sink. */
static struct sink *extract_by(struct fixture *f, const char *query, const char *const *keys, int64_t limit)
{
	struct sink *sink = sink_reset();
	void *h = open_source(f, "query", query);
	struct ferry_extract want = {.key_columns = keys, .want_order = keys, .limit = limit};

	assert_non_null(h);
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, ferry_connector.extract(h, &want, &sink->api, &f->err));
	ferry_connector.close(h);
	return sink;
}

static struct sink *extract(struct fixture *f, const char *query)
{
	return extract_by(f, query, NULL, 0);
}

static void reads_every_type(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, "CREATE TABLE t (a, b); INSERT INTO t VALUES"
		       " (9223372036854775807, -9223372036854775808), (NULL, ''), ('gr\xc3\xbcn', x'00ff'),"
		       " (1.5, -0.1), (x'', 'a' || char(0) || 'b')");
	struct sink *s = extract(f, "SELECT a, b AS \"the b\" FROM t");
	assert_string_equal(s->columns, "a,the b");
	assert_false(s->ordered);
	assert_memory_equal(s->rows, "i9223372036854775807 i-9223372036854775808\nNULL t''\n"
			    "t'gr\xc3\xbcn' b(00ff)\nd1.5 d-0.1\nb() t'a\0b'\n", s->len);
	assert_int_equal(s->n_rows, 5);
}

static void reads_a_table_by_its_name(void **state)
{
	struct fixture *f = *state;
	struct sink *s = sink_reset();
	struct ferry_extract want = {0};

	fixture_sql(f, "CREATE TABLE \"it's \"\"mine\"\"\" (\"a \"\"b\"\"\"); INSERT INTO \"it's \"\"mine\"\"\" VALUES (7)");
	void *h = open_source(f, "table", "it's \"mine\"");
	assert_success(f, ferry_connector.extract(h, &want, &s->api, &f->err));
	ferry_connector.close(h);
	assert_string_equal(s->columns, "a \"b\"");
	assert_string_equal(s->rows, "i7\n");
}

static void orders_by_the_key(void **state)
{
	struct fixture *f = *state;
	static const char *const by_k[] = {"k", NULL}, *const by_two[] = {"B", "a", NULL};

	/* a collation of the column's own must not count */
	fixture_sql(f, "CREATE TABLE t (k COLLATE NOCASE); INSERT INTO t VALUES"
		       " ('b'), (10), ('B'), (NULL), (x'00'), ('a'), (9.5), ('\xc3\xa9'), (-1), ('10'), ('')");
	struct sink *s = extract_by(f, "SELECT k FROM t -- newest first\n ;;", by_k, 0);
	assert_true(s->ordered);
	assert_string_equal(s->rows, "NULL\ni-1\nd9.5\ni10\nt''\nt'10'\nt'B'\nt'a'\nt'b'\nt'\xc3\xa9'\nb(00)\n");

	fixture_sql(f, "CREATE TABLE p (a, b); INSERT INTO p VALUES (2, 'x'), (1, 'y'), (1, 'x')");
	s = extract_by(f, "SELECT a, b FROM p ORDER BY a DESC", by_two, 0);
	assert_string_equal(s->rows, "i1 t'x'\ni2 t'x'\ni1 t'y'\n");
	s = extract_by(f, "WITH q AS (SELECT * FROM p) SELECT a + 0, b, a FROM q /* end", by_two, 2);
	assert_string_equal(s->columns, "a + 0,b,a");
	assert_string_equal(s->rows, "i1 t'x' i1\ni2 t'x' i2\n");
}

/* However SQLite comes to the rows and their order, they are the query's. */
static void reads_whatever_the_plan(void **state)
{
	struct fixture *f = *state;
	static const char *const by_b[] = {"b", NULL}, *const by_ab[] = {"a", "b", NULL}, *const by_ba[] = {"b", "a", NULL};
	static const struct {
		const char *query;
		const char *const *keys;
		int64_t limit;
		const char *rows;
	} cases[] = {
		{"SELECT a, b FROM t", by_ba, 0, "i2 i1\ni1 i2\ni3 i2\ni1 i3\ni1 i4\n"},
		/* the index gives a; SQLite sorts the rows of each a */
		{"SELECT a, b FROM t", by_ab, 0, "i1 i2\ni1 i3\ni1 i4\ni2 i1\ni3 i2\n"},
		{"SELECT a, b FROM u", by_ab, 0, "i1 i9\ni2 i3\ni2 i4\ni2 i5\n"},
		{"SELECT a, b FROM t", by_ab, 2, "i1 i2\ni1 i3\n"},
		{"SELECT a, b FROM t LIMIT 2 OFFSET 3", by_b, 0, "i2 i1\ni1 i3\n"},
		{"SELECT DISTINCT a AS b FROM t", by_b, 0, "i1\ni2\ni3\n"},
		{"SELECT a, max(b) AS b FROM t GROUP BY a", by_ab, 0, "i1 i4\ni2 i1\ni3 i2\n"},
		{"SELECT b FROM t UNION SELECT 7", by_b, 0, "i1\ni2\ni3\ni4\ni7\n"},
		{"SELECT b FROM u UNION ALL SELECT b FROM t WHERE a > 1", by_b, 0, "i1\ni2\ni3\ni4\ni5\ni9\n"},
		{"SELECT a, b, sum(b) OVER (PARTITION BY a ORDER BY b) AS s FROM t", by_ab, 0,
			"i1 i2 i2\ni1 i3 i5\ni1 i4 i9\ni2 i1 i1\ni3 i2 i2\n"},
		{"SELECT t.a, u.b FROM t JOIN u USING (a) WHERE t.b = 1", by_b, 0, "i2 i3\ni2 i4\ni2 i5\n"},
		{"SELECT a, b FROM u ORDER BY b DESC", NULL, 0, "i1 i9\ni2 i5\ni2 i4\ni2 i3\n"},
		{"VALUES (3), (1)", NULL, 1, "i3\n"},
		{"SELECT \"a\", 'c0' AS c1, \"b\" AS c0 FROM u WHERE b = 9", NULL, 0, "i1 t'c0' i9\n"},
	};

	fixture_sql(f, "CREATE TABLE t (a, b); CREATE INDEX t_a ON t (a);"
		       "INSERT INTO t VALUES (1, 4), (3, 2), (1, 2), (2, 1), (1, 3);"
		       "CREATE TABLE u (a, b); CREATE INDEX u_a ON u (a); INSERT INTO u VALUES (2, 5), (1, 9), (2, 3), (2, 4)");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sink *s = extract_by(f, cases[i].query, cases[i].keys, cases[i].limit);
		assert_string_equal(s->rows, cases[i].rows);
	}
}

/* In a file of UTF-16 the bytes that count are still those of UTF-8. */
static void orders_utf16_as_utf8(void **state)
{
	struct fixture *f = *state;
	static const char *const by_k[] = {"k", NULL};

	/* U+FF5E and U+1F600: in UTF-16 the second one's first unit is lower */
	fixture_sql(f, "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (k);"
		       "INSERT INTO t VALUES (char(0x1f600)), (char(0xff5e)), ('a'), (3)");
	struct sink *s = extract_by(f, "SELECT k FROM t", by_k, 0);
	assert_string_equal(s->rows, "i3\nt'a'\nt'\xef\xbd\x9e'\nt'\xf0\x9f\x98\x80'\n");
}

static void gives_columns_of_an_empty_result(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, "CREATE TABLE t (a, b)");
	struct sink *s = extract(f, "SELECT * FROM t");
	assert_string_equal(s->columns, "a,b");
	assert_int_equal(s->batches, 0);
	assert_int_equal(s->pages, 0);
}

static void reads_in_batches(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL"
		       " SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT i, printf('%.*c', i, 'x') FROM n");
	struct sink *s = extract(f, "SELECT * FROM t");
	assert_int_equal(s->n_rows, 1000);
	assert_int_equal(s->batches, 4);
	assert_int_equal(s->pages, 4);
	assert_true(s->bytes > 500500);
	s = extract_by(f, "SELECT * FROM t", NULL, 300);
	assert_int_equal(s->n_rows, 300);

	/* long rows make shorter batches, so memory stays bounded */
	s = extract(f, "SELECT id, zeroblob(400000) FROM t WHERE id <= 9");
	assert_int_equal(s->n_rows, 9);
	assert_int_equal(s->batches, 3);
}

/* Texts of one batch stay where they are until it was passed on, whatever grows meanwhile. */
static void keeps_texts_while_growing(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, "CREATE TABLE t (a)");
	struct sink *s = extract(f, "SELECT 'first', printf('%.*c', 70000, 'x'), 'last', printf('%.*c', 300000, 'y')");
	assert_int_equal(s->n_rows, 1);
	assert_memory_equal(s->rows, "t'first' ", 9);
}

static void real_numbers_read_back(void **state)
{
	static const struct {
		double x;
		const char *text;
	} cases[] = {
		{0.0, "0"}, {-0.0, "0"}, {1.0, "1"}, {-12.5, "-12.5"}, {0.1, "0.1"}, {0.05, "0.05"}, {1e15, "1000000000000000"},
		{0.1 + 0.2, "0.30000000000000004"}, {1.0 / 3, "0.3333333333333333"}, {1e-7, "0.0000001"},
		{123456789.1, "123456789.1"}, {999999999999.99, "999999999999.99"}, {5e-6, "0.000005"},
		{9007199254740993.0, "9007199254740992"}, {4611686018427387904.0, "4611686018427387904"},
		{1e22, "10000000000000000000000"}, {-1.5e300, NULL}, {DBL_MAX, NULL}, {DBL_MIN, NULL}, {5e-324, NULL},
		{123456.7891234567, "123456.7891234567"}, {2.5e-5, "0.000025"},
	};
	char out[REAL_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = real_text(cases[i].x, false, out);
		out[len] = '\0';
		if (cases[i].text)
			assert_string_equal(out, cases[i].text);
		assert_null(strpbrk(out, "eE"));
		assert_true(strtod(out, NULL) == cases[i].x);
	}
	assert_int_equal(real_text(INFINITY, false, out), 0);
	assert_int_equal(real_text(NAN, false, out), 0);

	/* amounts and any other doubles, always the same ones */
	uint64_t seed = 88172645463325252ULL;
	for (int i = 0; i < 200000; i++) {
		double x;
		seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
		if (i & 1)
			x = (double)(int64_t)(seed % 1000000000) / 100;
		else
			memcpy(&x, &seed, sizeof x);
		if (!isfinite(x))
			continue;
		size_t len = real_text(x, false, out);
		out[len] = '\0';
		assert_true(strtod(out, NULL) == x);
		assert_true(!strchr(out, '.') || out[strlen(out) - 1] != '0');
	}
}

/* What a double was written as, with up to nine digits after the point, is what comes out. */
static void decimals_come_back_as_written(void **state)
{
	uint64_t seed = 88172645463325252ULL;
	char written[40], out[REAL_TEXT];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		int places = i % 10;
		seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
		uint64_t whole = seed % (i % 3 ? 1000000 : 900000000000000);
		int n = snprintf(written, sizeof written, "%s%0*" PRIu64, i % 7 && whole ? "" : "-", places + 1, whole);
		if (places) {
			memmove(written + n - places + 1, written + n - places, (size_t)places + 1);
			written[n++ - places] = '.';
			for (; written[n - 1] == '0' || written[n - 1] == '.'; written[--n] = '\0')
				if (written[n - 1] == '.') {
					written[--n] = '\0';
					break;
				}
		}
		size_t len = real_text(strtod(written, NULL), false, out);
		out[len] = '\0';
		assert_string_equal(out, whole ? written : "0");
	}
}

static void integers_as_text(void **state)
{
	static const int64_t cases[] = {0, 7, -7, 10, 99, -100, 12345, INT64_MAX, INT64_MIN};
	char wanted[INTEGER_TEXT], out[INTEGER_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(wanted, sizeof wanted, "%" PRId64, cases[i]);
		size_t len = integer_text(cases[i], out);
		out[len] = '\0';
		assert_string_equal(out, wanted);
	}
}

static void refuses_infinity(void **state)
{
	struct fixture *f = *state;
	struct sink *s = sink_reset();
	struct ferry_extract want = {0};

	fixture_sql(f, "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 1), (2, 9e999)");
	void *h = open_source(f, "table", "t");
	assert_failure(f, ferry_connector.extract(h, &want, &s->api, &f->err), FERRY_E_DATA,
		       "row 2: column 'b' is not a finite number");
	ferry_connector.close(h);
}

static void refuses_queries(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *query, *part;
	} cases[] = {
		{"DELETE FROM t", "must be a SELECT"},
		{"DELETE FROM t RETURNING a", "must be a SELECT"},
		{"ATTACH 'x' AS y", "must be a SELECT"},
		{"PRAGMA journal_mode = WAL", "must be a SELECT"},
		{"SELECT ?1", "has a parameter"},
		{"SELECT a, 1 AS A FROM t", "two columns the name 'A'"},
		{"SELECT a FROM nowhere", "no such table: nowhere"},
		{"SELEC 1", "syntax error"},
		{"SELECT 1) --", "syntax error"},
	};

	fixture_sql(f, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		void *h = open_source(f, "query", cases[i].query);
		assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONFIG, cases[i].part);
		ferry_connector.close(h);
	}
	assert_string_equal(fixture_dump(f, "SELECT a FROM t"), "1\n");
}

static void refuses_what_is_not_one_statement(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *query, *part;
	} cases[] = {
		{"SELECT 1; SELECT 2", "more than one statement"},
		{"SELECT 1; DROP TABLE t", "more than one statement"},
		{"  -- nothing\n;", "is empty"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ferry_open open = {.role = FERRY_SOURCE};
		f->err.msg[0] = '\0';
		assert_null(fixture_open(f, &open, (const char *const[]){"query", cases[i].query, NULL}));
		assert_int_equal(f->err.code, FERRY_E_CONFIG);
		assert_non_null(strstr(f->err.msg, cases[i].part));
	}
}

static void semicolons_and_comments_may_follow(void **state)
{
	struct fixture *f = *state;
	static const char *const by_x[] = {"x", NULL};
	static const char *const queries[] = {
		"SELECT ';--' AS x", "SELECT ';--' AS x;", "/* a; */ SELECT ';--' AS x -- b;\n ; /* c */ ;",
		"SELECT ';--' AS [x] --", "SELECT ';--' AS \"x\" /*",
	};

	fixture_sql(f, "CREATE TABLE t (a)");
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
		assert_string_equal(extract_by(f, queries[i], by_x, 0)->rows, "t';--'\n");
}

static void names_what_is_missing(void **state)
{
	struct fixture *f = *state;
	static const char *const by_id[] = {"id", NULL};
	struct sink *s = sink_reset();
	struct ferry_extract want = {.key_columns = by_id, .want_order = true};
	struct ferry_open open = {.role = FERRY_SOURCE};

	void *h = open_source(f, "table", "t");
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONFIG, "there is no such file");
	assert_non_null(strstr(f->err.msg, f->path));
	ferry_connector.close(h);

	fixture_sql(f, "CREATE TABLE t (a, b)");	/* would fail if the file had been made by reading */
	h = open_source(f, "table", "t");
	assert_failure(f, ferry_connector.extract(h, &want, &s->api, &f->err), FERRY_E_CONFIG,
		       "the key column 'id' is not in the result, which has a, b");
	ferry_connector.close(h);

	assert_null(fixture_open(f, &open, (const char *const[]){NULL}));
	assert_string_equal(f->err.msg, "source: give either 'query' or 'table'");
	assert_null(fixture_open(f, &open, (const char *const[]){"query", "x", "table", "y", NULL}));
	assert_string_equal(f->err.msg, "source: give either 'query' or 'table', not both");
	assert_int_equal(f->err.code, FERRY_E_CONFIG);
}

static void names_a_file_of_another_kind(void **state)
{
	struct fixture *f = *state;
	FILE *file = fopen(f->path, "w");

	for (int i = 0; i < 1000; i++)
		fputs("id,name\n", file);
	fclose(file);
	void *h = open_source(f, "table", "t");
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONFIG, "is not an SQLite database");
	ferry_connector.close(h);
}

static void stops_when_cancelled(void **state)
{
	struct fixture *f = *state;
	struct sink *s = sink_reset();
	static const char *const by_i[] = {"i", NULL};
	struct ferry_extract want = {.key_columns = by_i, .want_order = true};

	fixture_sql(f, "CREATE TABLE t (a)");
	/* sorting this would take for ever */
	void *h = open_source(f, "query", "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
	f->cancel_after = 3;
	assert_failure(f, ferry_connector.extract(h, &want, &s->api, &f->err), FERRY_E_CANCELLED, "cancelled");
	assert_int_equal(s->n_rows, 0);

	/* and between batches */
	want.want_order = false;
	s = sink_reset();
	f->cancel_after = 5;
	assert_failure(f, ferry_connector.extract(h, &want, &s->api, &f->err), FERRY_E_CANCELLED, "cancelled");
	ferry_connector.close(h);
}

static void passes_on_the_sinks_error(void **state)
{
	struct fixture *f = *state;
	struct sink *s = sink_reset();
	struct ferry_extract want = {0};

	fixture_sql(f, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
	void *h = open_source(f, "table", "t");
	s->fail_at = 1;
	assert_failure(f, ferry_connector.extract(h, &want, &s->api, &f->err), FERRY_E_DISK_FULL, "no room");
	/* no lock is left behind, and the handle can be used again */
	fixture_sql(f, "INSERT INTO t VALUES (2)");
	s = sink_reset();
	assert_success(f, ferry_connector.extract(h, &want, &s->api, &f->err));
	assert_int_equal(s->n_rows, 2);
	ferry_connector.close(h);
}

/* A table made anew after the columns were told is not in this extract either. */
static int remake_meanwhile(struct ferry_sink *api, const struct ferry_column *columns, size_t n, bool ordered,
			   struct ferry_error *err)
{
	struct sink *s = api->ctx;

	fixture_sql((struct fixture *)s->fail_at, "DROP TABLE t; CREATE TABLE t (b, a); INSERT INTO t VALUES ('late', 9)");
	s->fail_at = 0;
	return take_columns(api, columns, n, ordered, err);
}

/* Rows that come in while it reads are not in this extract. */
static int insert_meanwhile(struct ferry_sink *api, const struct ferry_value *values, size_t n,
			    struct ferry_error *err)
{
	struct sink *s = api->ctx;

	(void)values, (void)err;
	if (!s->n_rows)
		fixture_sql((struct fixture *)s->fail_at, "INSERT INTO t SELECT a + 1000 FROM t");
	s->n_rows += n;
	return 0;
}

static void sees_one_state_of_the_file(void **state)
{
	struct fixture *f = *state;
	struct sink *s = sink_reset();
	struct ferry_extract want = {0};

	fixture_sql(f, "PRAGMA journal_mode = WAL; CREATE TABLE t (a INTEGER PRIMARY KEY); WITH RECURSIVE n(i) AS"
		       " (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT i FROM n");
	void *h = open_source(f, "table", "t");
	s->api.rows = insert_meanwhile;
	s->fail_at = (size_t)f;
	assert_success(f, ferry_connector.extract(h, &want, &s->api, &f->err));
	assert_int_equal(s->n_rows, 1000);

	fixture_sql(f, "DELETE FROM t WHERE a > 2");
	s = sink_reset();
	s->api.columns = remake_meanwhile;
	s->fail_at = (size_t)f;
	assert_success(f, ferry_connector.extract(h, &want, &s->api, &f->err));
	assert_string_equal(s->rows, "i1\ni2\n");
	assert_int_equal(sqlite3_db_readonly(((struct database *)h)->db, "main"), 1);
	ferry_connector.close(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(reads_every_type),
		TEST(reads_a_table_by_its_name),
		TEST(orders_by_the_key),
		TEST(reads_whatever_the_plan),
		TEST(orders_utf16_as_utf8),
		TEST(gives_columns_of_an_empty_result),
		TEST(reads_in_batches),
		TEST(keeps_texts_while_growing),
		cmocka_unit_test(real_numbers_read_back),
		cmocka_unit_test(decimals_come_back_as_written),
		cmocka_unit_test(integers_as_text),
		TEST(refuses_infinity),
		TEST(refuses_queries),
		TEST(refuses_what_is_not_one_statement),
		TEST(semicolons_and_comments_may_follow),
		TEST(names_what_is_missing),
		TEST(names_a_file_of_another_kind),
		TEST(stops_when_cancelled),
		TEST(passes_on_the_sinks_error),
		TEST(sees_one_state_of_the_file),
	};

	return cmocka_run_group_tests_name("sqlite source", tests, NULL, NULL);
}
