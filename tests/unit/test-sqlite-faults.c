/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-sqlite-faults.c - what the sqlite connector makes of a file that is not there, may not be read,
 * is held by others, breaks in the middle or has other columns than before; and of rows that are hard.
 */
#include "sqlite-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = 10000000 };

struct sink {
	struct ferry_sink base;
	size_t n_columns, n_rows, nulls, largest;
	void (*at_first)(struct fixture *f);
	struct fixture *f;
	struct ferry_value first[8];	/* of the first row; texts are copied */
	char texts[4][64];
};

static int take_columns(struct ferry_sink *base, const struct ferry_column *columns, size_t n, bool ordered,
			struct ferry_error *err)
{
	(void)columns, (void)ordered, (void)err;
	((struct sink *)base)->n_columns = n;
	return 0;
}

static void keep(struct sink *s, const struct ferry_value *row)
{
	size_t texts = 0;

	for (size_t i = 0; i < s->n_columns && i < 8; i++) {
		s->first[i] = row[i];
		bool text = row[i].type >= FERRY_DECIMAL && row[i].type != FERRY_TIME;
		if (text && texts < 4 && row[i].len < sizeof s->texts[0]) {
			memcpy(s->texts[texts], row[i].s, row[i].len);
			s->first[i].s = s->texts[texts++];
		}
	}
}

static int take_rows(struct ferry_sink *base, const struct ferry_value *values, size_t n, struct ferry_error *err)
{
	struct sink *s = (struct sink *)base;

	(void)err;
	if (!s->n_rows) {
		keep(s, values);
		if (s->at_first)
			s->at_first(s->f);
	}
	s->n_rows += n;
	for (size_t i = 0; i < n * s->n_columns; i++) {
		s->nulls += values[i].type == FERRY_NULL;
		if ((values[i].type == FERRY_TEXT || values[i].type == FERRY_BYTES) && values[i].len > s->largest)
			s->largest = values[i].len;
	}
	return 0;
}

static void take_page(struct ferry_sink *s, const char *kind, size_t bytes)
{
	(void)s, (void)kind, (void)bytes;
}

static struct sink sink_of(struct fixture *f)
{
	return (struct sink){.base = {NULL, take_columns, take_rows, take_page, NULL}, .f = f};
}

static void *open_table(struct fixture *f, const char *table)
{
	struct ferry_open open = {.role = FERRY_SOURCE};
	void *h = fixture_open(f, &open, (const char *const[]){"table", table, NULL});

	if (!h)
		fail_msg("open: %s", f->err.msg);
	return h;
}

static int extract(struct fixture *f, void *h, struct sink *s)
{
	struct ferry_extract want = {0};

	return ferry_connector.extract(h, &want, &s->base, &f->err);
}

/* ------------------------------------------------------------------ the file */

static void files_that_cannot_be_opened(void **state)
{
	struct fixture *f = *state;
	static const char *const settings[] = {"table", "people", NULL};
	char path[sizeof f->path];

	fixture_sql(f, PEOPLE);
	memcpy(path, f->path, sizeof path);
	/* a folder in place of the file; a folder that is not there */
	snprintf(f->path, sizeof f->path, "%s", f->dir);
	void *h = open_table(f, "people");
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONFIG, "is not a file");
	ferry_connector.close(h);
	snprintf(f->path, sizeof f->path, "%s/absent/crm.db", f->dir);
	h = open_table(f, "people");
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONFIG, "no such file");
	ferry_connector.close(h);
	h = open_mode(f, FERRY_MODE_MIRROR, key_id, settings);
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_SETUP, "no such file");
	ferry_connector.close(h);
	memcpy(f->path, path, sizeof path);
}

/* The file's own guard is its mode; to root there is none. */
static void files_of_others(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value row[] = {INT(1), TEXT("a"), NOTHING};

	if (getuid() == 0)
		skip();
	fixture_sql(f, PEOPLE);
	assert_int_equal(chmod(f->path, 0), 0);
	void *h = open_table(f, "people");
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_FORBIDDEN, "unable to open");
	ferry_connector.close(h);
	assert_int_equal(chmod(f->path, 0400), 0);
	h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "people", NULL});
	assert_failure(f, apply(f, h, FERRY_CREATE, row, 1), FERRY_E_FORBIDDEN, "readonly");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	ferry_connector.close(h);
	assert_int_equal(chmod(f->path, 0600), 0);
	expect_rows(f, ALL, "");
}

static void locked_while_it_is_to_be_read(void **state)
{
	struct fixture *f = *state;
	struct sink s = sink_of(f);
	sqlite3 *other;

	fixture_sql(f, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
	void *h = open_table(f, "t");
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	assert_failure(f, extract(f, h, &s), FERRY_E_UNAVAILABLE, "locked by another process for longer than 'busy_timeout'");
	sqlite3_close(other);
	assert_success(f, extract(f, h, &s));
	assert_int_equal(s.n_rows, 1);
	ferry_connector.close(h);
}

/* As a disk that fails: every page from the middle on is nonsense. */
static void spoil(struct fixture *f)
{
	static const char nonsense[4096] = {'\xff', '\x01', '\xff', '\x02', '\xff'};
	FILE *file = fopen(f->path, "r+");
	struct stat st;

	assert_non_null(file);
	assert_int_equal(stat(f->path, &st), 0);
	for (long at = 4096 * (long)(st.st_size / 8192); at < (long)st.st_size; at += 4096) {
		fseek(file, at, SEEK_SET);
		fwrite(nonsense, 1, sizeof nonsense, file);
	}
	fclose(file);
}

static void breaks_while_it_is_read(void **state)
{
	struct fixture *f = *state;
	struct sink s = sink_of(f);

	fixture_sql(f, "CREATE TABLE t (a INTEGER PRIMARY KEY, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		       " WHERE i < 20000) INSERT INTO t SELECT i, printf('%.*c', 1000, 'x') FROM n");
	void *h = open_table(f, "t");
	s.at_first = spoil;
	assert_failure(f, extract(f, h, &s), FERRY_E_DATA, "malformed");
	assert_true(s.n_rows > 0 && s.n_rows < 20000);
	ferry_connector.close(h);
}

/* ------------------------------------------------------------------ columns */

static void other_columns_than_before(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value row[] = {INT(1), TEXT("a"), NOTHING};
	struct sink s = sink_of(f);

	fixture_sql(f, PEOPLE "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2)");
	void *h = open_table(f, "t"), *to = open_people(f);
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, extract(f, h, &s));
	assert_int_equal(s.n_columns, 2);
	/* they are those of the moment it is read */
	fixture_sql(f, "ALTER TABLE t ADD c DEFAULT 'new'; ALTER TABLE people RENAME name TO title");
	s = sink_of(f);
	assert_success(f, extract(f, h, &s));
	assert_int_equal(s.n_columns, 3);
	ferry_connector.close(h);
	assert_failure(f, apply(f, to, FERRY_CREATE, row, 1), FERRY_E_SETUP, "name");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	ferry_connector.close(to);
	expect_rows(f, ALL, "");
}

/* ------------------------------------------------------------------ rows */

static void ten_megabytes(void **state)
{
	struct fixture *f = *state;
	struct sink s = sink_of(f);
	char *text = malloc(LARGE);
	struct ferry_value row[] = {INT(1), NOTHING, NOTHING};

	memset(text, 'x', LARGE);
	row[1] = (struct ferry_value){.s = text, .len = LARGE, .type = FERRY_TEXT};
	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	assert_success(f, apply(f, h, FERRY_UPDATE, row, 1));
	ferry_connector.close(h);
	free(text);
	expect_rows(f, "SELECT length(name) FROM people", "10000000\n");
	h = open_table(f, "people");
	assert_success(f, extract(f, h, &s));
	assert_int_equal(s.largest, LARGE);
	ferry_connector.close(h);
}

static void nothing_everywhere(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), NOTHING, NOTHING, INT(2), NOTHING, NOTHING};
	struct sink s = sink_of(f);

	fixture_sql(f, "CREATE TABLE people (id INTEGER PRIMARY KEY, name, amount); CREATE TABLE t (a, b);"
		       " INSERT INTO t VALUES (NULL, NULL), (NULL, NULL)");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	expect_rows(f, ALL, "1|NULL|NULL\n2|NULL|NULL\n");
	ferry_connector.close(h);
	h = open_table(f, "t");
	assert_success(f, extract(f, h, &s));
	assert_int_equal(s.nulls, 4);
	ferry_connector.close(h);
}

/* What is written reads back byte by byte; what is no UTF-8 is told by the engine, which sees the row. */
static void odd_texts_come_back(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value row[] = {INT(INT64_MIN), TEXT("\U0001F6A2 e\u0301"), TEXT("a\0b")};
	struct sink s = sink_of(f);

	fixture_sql(f, "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, amount TEXT)");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	ferry_connector.close(h);
	h = open_table(f, "people");
	assert_success(f, extract(f, h, &s));
	assert_true(s.first[0].i == INT64_MIN);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(s.first[i].type, FERRY_TEXT);
		assert_int_equal(s.first[i].len, row[i].len);
		assert_memory_equal(s.first[i].s, row[i].s, row[i].len);
	}
	ferry_connector.close(h);
	fixture_sql(f, "UPDATE people SET name = CAST(x'61ff62' AS TEXT)");
	s = sink_of(f);
	h = open_table(f, "people");
	assert_success(f, extract(f, h, &s));
	assert_int_equal(s.first[1].type, FERRY_TEXT);
	assert_int_equal(s.first[1].len, 3);
	assert_memory_equal(s.first[1].s, "a\xff" "b", 3);
	ferry_connector.close(h);
}

static void times_of_all_ages(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {
		INT(1), TIME(-1), TIME(2147483648000000LL),
		INT(2), TIME(-62135596800000000LL), TIME(253402300799999999LL),
	};

	fixture_sql(f, "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, amount TEXT)");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	expect_rows(f, ALL, "1|'1969-12-31T23:59:59.999999Z'|'2038-01-19T03:14:08Z'\n"
			    "2|'0001-01-01T00:00:00Z'|'9999-12-31T23:59:59.999999Z'\n");
	ferry_connector.close(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(files_that_cannot_be_opened),
		TEST(files_of_others),
		TEST(locked_while_it_is_to_be_read),
		TEST(breaks_while_it_is_read),
		TEST(other_columns_than_before),
		TEST(ten_megabytes),
		TEST(nothing_everywhere),
		TEST(odd_texts_come_back),
		TEST(times_of_all_ages),
	};

	return cmocka_run_group_tests_name("sqlite faults", tests, NULL, NULL);
}
