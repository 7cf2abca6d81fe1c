/* SPDX-License-Identifier: Apache-2.0 */
/* test-sqlite-table.c - looking things up in a table, making it, and refusing one that does not fit. */
#include "sqlite-fixture.h"

#include <stdio.h>
#include <string.h>

static void looks_up(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value ours[] = {
		INT(1), BOOLEAN(1), DECIMAL("12.5"),
		INT(2), TIME(NOW), DECIMAL("0.12345678901234567890"),
		INT(3), TEXT("c"), NOTHING,
		NOTHING, TEXT("c"), NOTHING,
	};
	struct ferry_action look[] = {
		{.dest_id = "", .fields = ours}, {.dest_id = "", .fields = ours + 3},
		{.dest_id = "", .fields = ours + 6}, {.dest_id = "4", .fields = ours + 9}, {.dest_id = "2"},
	};
	struct ferry_found found[5];

	fixture_sql(f, "CREATE TABLE people (id INTEGER PRIMARY KEY, name COLLATE NOCASE, amount DECIMAL(10,2));"
		       "INSERT INTO people VALUES (1, 1, 12.5), (2, '2026-01-01T00:00:00Z', NULL), (4, 'C', 1.25)");
	void *h = open_people(f);
	assert_success(f, ferry_connector.lookup(h, look, 5, found, &f->err));
	static const enum ferry_presence wanted[] = {FERRY_FOUND, FERRY_FOUND, FERRY_ABSENT, FERRY_FOUND, FERRY_FOUND};
	for (int i = 0; i < 5; i++)
		assert_int_equal(found[i].presence, wanted[i]);
	/* equal as stored: in our own types */
	assert_int_equal(found[0].fields[1].type, FERRY_BOOL);
	assert_int_equal(found[0].fields[2].type, FERRY_DECIMAL);
	assert_string_equal(found[0].fields[2].s, "12.5");
	assert_int_equal(found[1].fields[1].type, FERRY_TIME);
	assert_true(found[1].fields[1].i == NOW);
	assert_int_equal(found[1].fields[2].type, FERRY_NULL);	/* not what we would write */
	assert_string_equal(found[0].dest_id, "1");
	assert_string_equal(found[2].dest_id, "");
	/* different, be it only in case: as it stands there */
	assert_int_equal(found[3].fields[0].i, 4);
	assert_string_equal(found[3].fields[1].s, "C");
	assert_string_equal(found[3].fields[2].s, "1.25");
	/* by id alone */
	assert_int_equal(found[4].fields[0].i, 2);
	assert_int_equal(found[4].fields[1].type, FERRY_TEXT);
	assert_int_equal(found[4].fields[2].type, FERRY_NULL);

	fixture_sql(f, "UPDATE people SET amount = 9e999 WHERE id = 1");
	look[0].key = "one", look[0].key_len = 3;
	assert_failure(f, ferry_connector.lookup(h, look, 5, found, &f->err), FERRY_E_DATA,
		       "key one: a number is not finite");
	/* and the file is not left locked */
	fixture_sql(f, "UPDATE people SET amount = 1");
	ferry_connector.close(h);
}

struct list {
	struct ferry_listing api;
	size_t n, calls, fail_at;	/* fail_at: the call that is refused; 0: none */
	int64_t sum;
	char ids[64];			/* of the first rows, with a blank behind each */
	char last[32];			/* name in the last row */
};

static int take_found(struct ferry_listing *api, const struct ferry_found *found, size_t n,
		      struct ferry_error *err)
{
	struct list *l = api->ctx;

	assert_true(n > 0);
	if (++l->calls == l->fail_at) {
		*err = (struct ferry_error){.code = FERRY_E_STORE, .msg = "enough"};
		return -1;
	}
	for (size_t i = 0; i < n; i++, l->n++) {
		assert_int_equal(found[i].presence, FERRY_FOUND);
		if (found[i].fields[0].type == FERRY_INT)
			l->sum += found[i].fields[0].i;
		if (l->n < 4)
			snprintf(l->ids + strlen(l->ids), sizeof l->ids - strlen(l->ids), "%s ", found[i].dest_id);
		assert_int_equal(found[i].fields[1].type, FERRY_TEXT);
		snprintf(l->last, sizeof l->last, "%s", found[i].fields[1].s);
	}
	return 0;
}

static struct list *list_reset(void)
{
	static struct list l;

	l = (struct list){.api = {.ctx = &l, .found = take_found}};
	return &l;
}

static void lists_all_rows(void **state)
{
	struct fixture *f = *state;
	struct list *l = list_reset();

	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	assert_success(f, ferry_connector.list(h, &l->api, &f->err));
	assert_int_equal(l->calls, 0);
	fixture_sql(f, "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
		       " INSERT INTO people (id, name) SELECT i, 'name ' || i FROM n");
	assert_success(f, ferry_connector.list(h, &l->api, &f->err));
	assert_int_equal(l->n, 1000);
	assert_int_equal(l->calls, 4);
	assert_true(l->sum == 500500);
	assert_string_equal(l->ids, "1 2 3 4 ");
	assert_string_equal(l->last, "name 1000");

	/* the other side's error and a cancelled run end it, and the file is not left locked */
	l = list_reset();
	l->fail_at = 2;
	assert_failure(f, ferry_connector.list(h, &l->api, &f->err), FERRY_E_STORE, "enough");
	assert_int_equal(l->n, 256);
	f->cancel_after = 1;
	assert_failure(f, ferry_connector.list(h, &list_reset()->api, &f->err), FERRY_E_CANCELLED, "cancelled");
	f->cancel_after = -1;
	fixture_sql(f, "UPDATE people SET amount = 9e999 WHERE id = 300");
	fixture_sql(f, "CREATE TABLE other (a)");
	assert_success(f, ferry_connector.list(h, &list_reset()->api, &f->err));	/* 9e999 as TEXT */
	ferry_connector.close(h);
}

static void lists_what_has_no_key_and_nothing_disabled(void **state)
{
	struct fixture *f = *state;
	struct list *l = list_reset();

	fixture_sql(f, "CREATE TABLE people (id UNIQUE, name, amount REAL, gone);"
		       "INSERT INTO people VALUES ('a', 'A', 1, NULL), (NULL, 'B', 2, NULL), ('c', 'C', 3, 'x')");
	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "people", "disabled_at", "gone", NULL});
	assert_success(f, ferry_connector.list(h, &l->api, &f->err));
	assert_int_equal(l->n, 2);
	assert_string_equal(l->ids, "a  ");
	assert_string_equal(l->last, "B");
	fixture_sql(f, "UPDATE people SET amount = 9e999 WHERE id = 'a'");
	assert_failure(f, ferry_connector.list(h, &list_reset()->api, &f->err), FERRY_E_DATA,
		       "column 'amount' is not finite");
	ferry_connector.close(h);

	/* what ferry would make holds nothing yet */
	l = list_reset();
	h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "none", "create", "true", NULL});
	assert_success(f, ferry_connector.list(h, &l->api, &f->err));
	assert_int_equal(l->calls, 0);
	ferry_connector.close(h);
}

/* Texts of a large answer stay where they are. */
static void looks_up_many_long_rows(void **state)
{
	struct fixture *f = *state;
	static struct ferry_value ours[200][FIELDS];
	static struct ferry_action look[200];
	static struct ferry_found found[200];

	fixture_sql(f, PEOPLE "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 199)"
			      " INSERT INTO people (id, name) SELECT i, printf('%.*c', 5000, char(65 + i % 26)) FROM n");
	for (int i = 0; i < 200; i++) {
		ours[i][0] = (struct ferry_value)INT(i);
		look[i] = (struct ferry_action){.dest_id = "", .fields = ours[i]};
	}
	void *h = open_people(f);
	assert_success(f, ferry_connector.lookup(h, look, 200, found, &f->err));
	for (int i = 0; i < 200; i++) {
		char id[16];
		snprintf(id, sizeof id, "%d", i);
		assert_string_equal(found[i].dest_id, id);
		assert_int_equal(found[i].fields[1].len, 5000);
		assert_int_equal(found[i].fields[1].s[4999], 'A' + i % 26);
	}
	ferry_connector.close(h);
}

static void makes_the_table(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), INT(7), DECIMAL("1.50"), INT(2), TEXT("007"), NOTHING};
	const struct ferry_action look = {.dest_id = "", .fields = rows};
	static const char *const settings[] = {"table", "people", "create", "true", "disabled_at", "gone", NULL};
	struct ferry_found found;
	sqlite3 *db;

	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id, settings);
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, ferry_connector.lookup(h, &look, 1, &found, &f->err));
	assert_int_equal(found.presence, FERRY_ABSENT);
	assert_success(f, apply(f, h, FERRY_DELETE, rows, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
	/* so far nothing was made, not even the file */
	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_CANTOPEN);
	sqlite3_close(db);

	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	assert_non_null(strstr(f->log, "made table 'people'"));
	expect_rows(f, ALL, "1|7|'1.50'|NULL\n2|'007'|NULL|NULL\n");
	expect_rows(f, "SELECT sql FROM sqlite_master WHERE type = 'table'",
		    "'CREATE TABLE \"people\" (\"id\" INTEGER, \"name\", \"amount\" TEXT, \"gone\" TEXT, PRIMARY KEY (\"id\"))'\n");
	assert_success(f, apply(f, h, FERRY_DISABLE, rows, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	ferry_connector.close(h);

	/* there now: another handle finds it */
	h = open_mode(f, FERRY_MODE_MIRROR, key_id, settings);
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, apply(f, h, FERRY_UPDATE, rows, 2));
	expect_rows(f, "SELECT id, gone FROM people", "1|NULL\n2|NULL\n");
	ferry_connector.close(h);
}

static void refuses_tables_that_do_not_fit(void **state)
{
	struct fixture *f = *state;
	static const char *const by_key[] = {"key", "code", NULL};
	static const struct {
		const char *sql;
		enum ferry_mode mode;
		const char *const *settings;	/* besides the table */
		enum ferry_code code;
		const char *part;
	} cases[] = {
		{"CREATE TABLE other (a)", FERRY_MODE_UPSERT, NULL, FERRY_E_SETUP, "there is no table 'people'"},
		{"CREATE TABLE people (id PRIMARY KEY, amount AS (id))", FERRY_MODE_UPSERT, NULL, FERRY_E_SETUP,
			"no column to write for 'name', 'amount' (which is generated)"},
		{"CREATE TABLE people (id, name, amount); CREATE UNIQUE INDEX i ON people (id) WHERE id > 0",
			FERRY_MODE_UPSERT, NULL, FERRY_E_SETUP, "CREATE UNIQUE INDEX ... ON \"people\" (\"id\")"},
		{"CREATE TABLE people (id PRIMARY KEY, name, amount, must NOT NULL)", FERRY_MODE_UPSERT, NULL,
			FERRY_E_SETUP, "column 'must'"},
		{"CREATE TABLE people (id PRIMARY KEY, name, amount)", FERRY_MODE_UPSERT, by_key,
			FERRY_E_CONFIG, "key column 'code' of table 'people' is not mapped"},
		{"CREATE TABLE t (id, name, amount); CREATE VIEW people AS SELECT * FROM t", FERRY_MODE_UPSERT, NULL,
			FERRY_E_SETUP, "view"},
		{"CREATE TABLE people (id PRIMARY KEY, name, amount, must NOT NULL)", FERRY_MODE_UPDATE, NULL, FERRY_OK, ""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fixture_teardown(state);
		fixture_setup(state);
		f = *state;
		fixture_sql(f, cases[i].sql);
		const char *const *s = cases[i].settings;
		const char *settings[] = {"table", "people", s ? s[0] : NULL, s ? s[1] : NULL, NULL};
		void *h = open_mode(f, cases[i].mode, key_id, settings);
		if (cases[i].code)
			assert_failure(f, ferry_connector.validate_setup(h, &f->err), cases[i].code, cases[i].part);
		else
			assert_success(f, ferry_connector.validate_setup(h, &f->err));
		ferry_connector.close(h);
	}
}

static void refuses_settings(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_DESTINATION, .layout = &layout, .mode = FERRY_MODE_UPSERT};

	assert_null(fixture_open(f, &open, (const char *const[]){NULL}));
	assert_string_equal(f->err.msg, "destination: 'table' is missing");
	assert_null(fixture_open(f, &open, (const char *const[]){"table", "t", "disabled_at", "NAME", NULL}));
	assert_non_null(strstr(f->err.msg, "cannot be mapped too"));

	/* nobody says what the key is, and there is no table that could */
	void *h = fixture_open(f, &open, (const char *const[]){"table", "t", "create", "true", NULL});
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONFIG, "name the columns that identify");
	ferry_connector.close(h);

	h = open_mode(f, FERRY_MODE_UPSERT, key_id, (const char *const[]){"table", "t", NULL});
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_SETUP, "there is no such file");
	ferry_connector.close(h);
	ferry_connector.close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(looks_up),
		TEST(lists_all_rows),
		TEST(lists_what_has_no_key_and_nothing_disabled),
		TEST(looks_up_many_long_rows),
		TEST(makes_the_table),
		TEST(refuses_tables_that_do_not_fit),
		TEST(refuses_settings),
	};

	return cmocka_run_group_tests_name("sqlite table", tests, NULL, NULL);
}
