/* SPDX-License-Identifier: Apache-2.0 */
/* test-sqlite-destination.c - what the sqlite connector writes, looks up and refuses. */
#include "sqlite-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite/sqlite.h"

static void creates_updates_deletes(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {
		INT(1), TEXT("Ann"), DECIMAL("12.50"),
		INT(2), TEXT("Bob"), NOTHING,
		INT(-9223372036854775807LL - 1), TEXT(""), NOTHING,
	};
	const struct ferry_value changed[] = {INT(1), TEXT("Anna"), DECIMAL("13"), INT(4), TEXT("Dee"), NOTHING};

	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 3));
	for (int i = 0; i < 3; i++)
		assert_int_equal(outcomes[i].ack, FERRY_ACK_DONE);
	assert_string_equal(outcomes[1].dest_id, "2");
	expect_rows(f, ALL, "-9223372036854775808|''|NULL|'kept'\n1|'Ann'|'12.50'|'kept'\n2|'Bob'|NULL|'kept'\n");

	/* columns that are not mapped stay; a row that is gone comes back */
	fixture_sql(f, "UPDATE people SET other = 'mine'");
	assert_success(f, apply(f, h, FERRY_UPDATE, changed, 2));
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT * FROM people WHERE id > 0", "1|'Anna'|'13'|'mine'\n2|'Bob'|NULL|'mine'\n4|'Dee'|NULL|'kept'\n");

	/* again: the same effect, and no doubling */
	assert_success(f, apply(f, h, FERRY_CREATE, changed, 2));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT count(*) FROM people", "4\n");

	assert_success(f, apply(f, h, FERRY_DELETE, rows, 2));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_success(f, apply_id(f, h, FERRY_DELETE, "4", NULL, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_string_equal(outcomes[0].dest_id, "4");
	assert_success(f, apply_id(f, h, FERRY_DELETE, "4", NULL, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
	assert_success(f, apply_id(f, h, FERRY_DELETE, "", NULL, rows + 6));
	expect_rows(f, ALL, "");
	assert_success(f, apply_id(f, h, FERRY_DELETE, "", NULL, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[0].code, "NO_KEY");
	ferry_connector.close(h);
}

static void writes_every_type(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {
		INT(1), BOOLEAN(1), TIME(NOW),
		INT(2), TIME(NOW + 250000), BYTES("\0\xff"),
		INT(3), JSON("{\"a\":[1]}"), DECIMAL("12345678901234567890.123456789"),
		INT(4), TEXT("a\0b"), TIME(-1),
		INT(5), BYTES(""), TEXT(""),
	};

	fixture_sql(f, "CREATE TABLE people (id INTEGER PRIMARY KEY, name, amount)");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 5));
	expect_rows(f, "SELECT id, typeof(name), hex(name), typeof(amount), hex(amount) FROM people WHERE id IN (2, 4, 5)",
		    "2|'text'|'323032362D30312D30315430303A30303A30302E3235303030305A'|'blob'|'00FF'\n"
		    "4|'text'|'610062'|'text'|'313936392D31322D33315432333A35393A35392E3939393939395A'\n"
		    "5|'blob'|''|'text'|''\n");
	expect_rows(f, "SELECT * FROM people WHERE id IN (1, 3)",
		    "1|1|'2026-01-01T00:00:00Z'\n3|'{\"a\":[1]}'|'12345678901234567890.123456789'\n");
	ferry_connector.close(h);
}

/* Columns for numbers: what they can hold goes in, to the last digit; nothing is rounded. */
static void loses_no_digits(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {
		INT(1), DECIMAL("0.30000000000000004"), DECIMAL("12.5"),
		INT(2), DECIMAL("0.12345678901234567890"), DECIMAL("1"),
		INT(3), DECIMAL("7"), DECIMAL("9007199254740993"),
		INT(4), INT(9007199254740993), DECIMAL("1"),
		INT(5), TEXT("1.50"), TEXT("no number"),
		INT(6), TEXT("3"), DECIMAL("9223372036854775808.5"),
	};

	fixture_sql(f, "CREATE TABLE people (id INTEGER PRIMARY KEY, name REAL, amount DECIMAL(10,2))");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 6));
	static const int refused[] = {0, 1, 0, 1, 0, 1};
	for (int i = 0; i < 6; i++)
		assert_int_equal(outcomes[i].ack, refused[i] ? FERRY_ACK_REJECTED : FERRY_ACK_DONE);
	assert_string_equal(outcomes[1].code, "INEXACT");
	assert_string_equal(outcomes[1].field, "name");
	assert_string_equal(outcomes[5].field, "amount");
	expect_rows(f, "SELECT id, name = 0.1 + 0.2, amount FROM people WHERE id = 1", "1|1|12.5\n");
	expect_rows(f, "SELECT id, name, amount FROM people WHERE id > 1", "3|7.0|9007199254740993\n5|1.5|'no number'\n");
	ferry_connector.close(h);
}

static void good_rows_pass_bad_ones(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {
		INT(1), TEXT("a"), DECIMAL("1"),
		INT(2), NOTHING, DECIMAL("1"),		/* NOT NULL */
		INT(3), TEXT("b"), DECIMAL("-1"),	/* CHECK */
		INT(4), TEXT("a"), DECIMAL("2"),	/* UNIQUE */
		NOTHING, TEXT("c"), DECIMAL("2"),
		TEXT("x"), TEXT("d"), DECIMAL("2"),	/* no rowid */
		INT(7), TEXT("boo"), DECIMAL("2"),	/* a trigger */
		INT(8), TEXT("e"), DECIMAL("2"),
	};
	static const struct {
		enum ferry_ack ack;
		const char *code, *field, *message;
	} wanted[] = {
		{FERRY_ACK_DONE, "", "", ""},
		{FERRY_ACK_REJECTED, "CONSTRAINT_NOTNULL", "name", "NOT NULL"},
		{FERRY_ACK_REJECTED, "CONSTRAINT_CHECK", "", "positive"},
		{FERRY_ACK_REJECTED, "CONSTRAINT_UNIQUE", "name", "UNIQUE"},
		{FERRY_ACK_REJECTED, "NULL_KEY", "id", "NULL"},
		{FERRY_ACK_REJECTED, "MISMATCH", "", "datatype mismatch"},
		{FERRY_ACK_REJECTED, "CONSTRAINT_TRIGGER", "", "we do not like boo"},
		{FERRY_ACK_DONE, "", "", ""},
	};

	fixture_sql(f, "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, amount INT,"
		       " CONSTRAINT positive CHECK (amount > 0));"
		       "CREATE TRIGGER no AFTER INSERT ON people WHEN new.name = 'boo'"
		       " BEGIN SELECT RAISE(ABORT, 'we do not like boo'); END");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 8));
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(outcomes[i].ack, wanted[i].ack);
		assert_string_equal(outcomes[i].code, wanted[i].code);
		assert_string_equal(outcomes[i].field, wanted[i].field);
		assert_non_null(strstr(outcomes[i].message, wanted[i].message));
	}
	expect_rows(f, ALL, "1|'a'|1\n8|'e'|2\n");
	ferry_connector.close(h);
}

/* Without a key of the sync's own it is the primary key, in its order. */
static void the_primary_key_is_the_key(void **state)
{
	struct fixture *f = *state;
	static const char *const pair[] = {"b", "a"};
	static const struct ferry_layout pair_layout = {2, pair, no_field_table};
	struct ferry_open open = {.role = FERRY_DESTINATION, .layout = &pair_layout, .mode = FERRY_MODE_MIRROR};
	const struct ferry_value row[] = {TIME(NOW), INT(1)}, bytes[] = {BYTES("\x01"), INT(2)};
	static char text[200];
	struct ferry_value wide[] = {{.s = text, .len = sizeof text, .type = FERRY_TEXT}, INT(3)};
	struct ferry_found found;

	fixture_sql(f, "CREATE TABLE t (b, a, other, PRIMARY KEY (a, b))");
	void *h = fixture_open(f, &open, (const char *const[]){"table", "t", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	/* nothing but the key: being there is being up to date */
	assert_success(f, apply_id(f, h, FERRY_CREATE, "", row, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_string_equal(outcomes[0].dest_id, "1\x1f" "2026-01-01T00:00:00Z");
	assert_success(f, apply_id(f, h, FERRY_CREATE, "", row, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
	assert_success(f, apply_id(f, h, FERRY_UPDATE, "", row, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);

	/* keys that are no text, or a long one, have no id, and are found by their fields */
	memset(text, 'x', sizeof text);
	assert_success(f, apply_id(f, h, FERRY_CREATE, "", bytes, NULL));
	assert_string_equal(outcomes[0].dest_id, "");
	assert_success(f, apply_id(f, h, FERRY_CREATE, "", wide, NULL));
	assert_string_equal(outcomes[0].dest_id, "");
	struct ferry_action look = {.dest_id = "", .fields = wide};
	assert_success(f, ferry_connector.lookup(h, &look, 1, &found, &f->err));
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_success(f, apply_id(f, h, FERRY_DELETE, "", NULL, bytes));
	assert_success(f, apply_id(f, h, FERRY_UPDATE, "", wide, wide));
	expect_rows(f, "SELECT a FROM t ORDER BY a", "1\n3\n");
	ferry_connector.close(h);

	h = fixture_open(f, &open, (const char *const[]){"table", "t", "key", "a, A", NULL});
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONFIG, "'key' names 'A' twice");
	ferry_connector.close(h);
}

static void strict_tables_name_the_column(void **state)
{
	struct fixture *f = *state;
	if (sqlite3_libversion_number() < 3037000)
		skip();
	const struct ferry_value rows[] = {INT(1), TEXT("a"), TEXT("much"), INT(2), TEXT("b"), INT(5)};

	fixture_sql(f, "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, amount INTEGER) STRICT");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	assert_string_equal(outcomes[0].code, "CONSTRAINT_DATATYPE");
	assert_string_equal(outcomes[0].field, "amount");
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
	ferry_connector.close(h);
}

/* What is too long for an outcome is cut between characters. */
static void long_messages_stay_utf8(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), TEXT("a"), INT(1)};
	char sql[2048], name[1201] = "";

	for (int i = 0; i < 600; i++)
		memcpy(name + 2 * i, "\xc3\xa4", 3);
	snprintf(sql, sizeof sql, "CREATE TABLE people (id INTEGER PRIMARY KEY, name, amount,"
		 " CONSTRAINT \"%s\" CHECK (amount > 1))", name);
	fixture_sql(f, sql);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 1));
	assert_string_equal(outcomes[0].code, "CONSTRAINT_CHECK");
	size_t len = strlen(outcomes[0].message);
	assert_in_range(len, sizeof outcomes[0].message - 3, sizeof outcomes[0].message - 1);
	assert_memory_equal(outcomes[0].message + len - 2, "\xc3\xa4", 2);
	ferry_connector.close(h);
}

/* A constraint can take the whole transaction along: then nothing of the call is written. */
static void rolled_back_calls_leave_nothing(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), TEXT("a"), NOTHING, INT(2), TEXT("a"), NOTHING, INT(3), TEXT("b"), NOTHING};

	fixture_sql(f, "CREATE TABLE people (id INTEGER PRIMARY KEY, name UNIQUE ON CONFLICT ROLLBACK, amount)");
	void *h = open_people(f);
	assert_failure(f, apply(f, h, FERRY_CREATE, rows, 3), FERRY_E_REJECTED, "UNIQUE constraint failed: people.name");
	for (int i = 0; i < 3; i++)
		assert_int_equal(outcomes[i].ack, FERRY_ACK_UNKNOWN);
	expect_rows(f, ALL, "");
	/* narrowed down by the engine */
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 1));
	assert_success(f, apply(f, h, FERRY_CREATE, rows + FIELDS, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[0].code, "CONSTRAINT_UNIQUE");
	ferry_connector.close(h);

	fixture_sql(f, "DROP TABLE people; CREATE TABLE groups (id PRIMARY KEY); CREATE TABLE people (id INTEGER PRIMARY KEY,"
		       " name REFERENCES groups (id) DEFERRABLE INITIALLY DEFERRED, amount)");
	h = open_people(f);
	assert_failure(f, apply(f, h, FERRY_CREATE, rows, 3), FERRY_E_REJECTED, "FOREIGN KEY");
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[0].code, "CONSTRAINT_FOREIGNKEY");
	expect_rows(f, ALL, "");
	ferry_connector.close(h);
}

static void disables_and_restores(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), TEXT("a"), NOTHING, INT(2), TEXT("b"), NOTHING, INT(3), TEXT("c"), NOTHING};
	const struct ferry_action look[] = {{.dest_id = "", .fields = rows}, {.dest_id = "", .fields = rows + FIELDS}};
	struct ferry_found found[2];

	fixture_sql(f, "CREATE TABLE people (id INTEGER PRIMARY KEY, name, amount, gone TEXT);"
		       "INSERT INTO people VALUES (1, 'a', NULL, NULL), (2, 'b', NULL, '2020-01-01T00:00:00Z')");
	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "people", "disabled_at", "gone", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, apply(f, h, FERRY_DISABLE, rows, 3));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DUPLICATE);	/* was disabled already */
	assert_int_equal(outcomes[2].ack, FERRY_ACK_DUPLICATE);	/* is not there */
	expect_rows(f, "SELECT id, gone FROM people", "1|'2026-01-01T00:00:00Z'\n2|'2020-01-01T00:00:00Z'\n");
	assert_success(f, ferry_connector.lookup(h, look, 2, found, &f->err));
	assert_int_equal(found[0].presence, FERRY_ABSENT);

	assert_success(f, apply(f, h, FERRY_CREATE, rows, 1));
	assert_success(f, apply(f, h, FERRY_UPDATE, rows + FIELDS, 1));
	expect_rows(f, "SELECT id, gone FROM people", "1|NULL\n2|NULL\n");
	ferry_connector.close(h);

	/* a mode that only adds brings a disabled row back, too */
	fixture_sql(f, "UPDATE people SET gone = 'x' WHERE id = 1");
	h = open_mode(f, FERRY_MODE_INSERT, key_id, (const char *const[]){"table", "people", "disabled_at", "gone", NULL});
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DUPLICATE);
	expect_rows(f, "SELECT id, gone FROM people", "1|NULL\n2|NULL\n");
	ferry_connector.close(h);

	h = open_people(f);
	assert_failure(f, apply(f, h, FERRY_DISABLE, rows, 1), FERRY_E_CONFIG, "'disabled_at'");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	ferry_connector.close(h);
}

static void modes_keep_their_promise(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), TEXT("new"), NOTHING, INT(2), TEXT("b"), NOTHING};
	static const enum ferry_mode adding[] = {FERRY_MODE_INSERT, FERRY_MODE_APPEND};

	for (int i = 0; i < 2; i++) {
		fixture_sql(f, "DROP TABLE IF EXISTS people;" PEOPLE "INSERT INTO people VALUES (1, 'old', NULL, NULL)");
		void *h = open_mode(f, adding[i], key_id, (const char *const[]){"table", "people", NULL});
		assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
		assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
		expect_rows(f, "SELECT id, name FROM people", "1|'old'\n2|'b'\n");
		ferry_connector.close(h);
	}
	fixture_sql(f, "DELETE FROM people WHERE id = 2");
	void *h = open_mode(f, FERRY_MODE_UPDATE, key_id, (const char *const[]){"table", "people", NULL});
	assert_success(f, apply(f, h, FERRY_UPDATE, rows, 2));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[1].code, "NOT_FOUND");
	expect_rows(f, "SELECT id, name FROM people", "1|'new'\n");
	ferry_connector.close(h);
}

static void busy_writes_nothing(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), TEXT("a"), NOTHING};
	sqlite3 *other;

	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_failure(f, apply(f, h, FERRY_CREATE, rows, 1), FERRY_E_UNAVAILABLE, "busy_timeout");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);

	/* a reader holds up the commit */
	assert_int_equal(sqlite3_exec(other, "BEGIN; SELECT * FROM people", NULL, NULL, NULL), SQLITE_OK);
	assert_failure(f, apply(f, h, FERRY_CREATE, rows, 1), FERRY_E_UNAVAILABLE, "cannot commit");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	sqlite3_close(other);
	expect_rows(f, ALL, "");
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 1));
	expect_rows(f, ALL, "1|'a'|NULL|'kept'\n");
	ferry_connector.close(h);
}

/* An acknowledged row survives a power cut: SQLite's strictest setting. */
static void writes_are_durable(void **state)
{
	struct fixture *f = *state;
	sqlite3_stmt *stmt;

	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	sqlite3 *db = ((struct destination *)h)->base.db;
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA synchronous", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(stmt, 0), 3);
	sqlite3_finalize(stmt);
	ferry_connector.close(h);
}

static void full_disk_writes_nothing(void **state)
{
	struct fixture *f = *state;
	static char long_text[200000];
	struct ferry_value rows[] = {INT(1), TEXT("a"), NOTHING, INT(2), TEXT("b"), NOTHING};

	memset(long_text, 'x', sizeof long_text);
	rows[4] = (struct ferry_value){.s = long_text, .len = sizeof long_text, .type = FERRY_TEXT};
	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	/* to SQLite a file that may not grow is a full disk */
	sqlite3_exec(((struct destination *)h)->base.db, "PRAGMA max_page_count = 10", NULL, NULL, NULL);
	assert_failure(f, apply(f, h, FERRY_CREATE, rows, 2), FERRY_E_UNAVAILABLE, "the disk is full");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_UNSENT);
	expect_rows(f, ALL, "");
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 1));
	expect_rows(f, "SELECT id FROM people", "1\n");
	ferry_connector.close(h);
}

/* A record whose key was mapped anew is moved, not doubled. */
static void a_changed_key_moves_the_row(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value now[] = {INT(20), TEXT("b"), NOTHING}, before[] = {INT(2), TEXT("b"), NOTHING};

	fixture_sql(f, PEOPLE "INSERT INTO people VALUES (1, 'a', NULL, NULL), (2, 'b', NULL, 'mine')");
	void *h = open_people(f);
	assert_success(f, apply_id(f, h, FERRY_UPDATE, "2", now, NULL));
	assert_string_equal(outcomes[0].dest_id, "20");
	expect_rows(f, ALL, "1|'a'|NULL|NULL\n20|'b'|NULL|'mine'\n");
	assert_success(f, apply_id(f, h, FERRY_UPDATE, "2", now, before));	/* once more, as after a crash */
	expect_rows(f, "SELECT id FROM people", "1\n20\n");
	ferry_connector.close(h);
}

static void composite_keys_and_odd_names(void **state)
{
	struct fixture *f = *state;
	static const char *const odd[] = {"a \"b\"", "order", "x.y"};
	static const struct ferry_layout odd_layout = {FIELDS, odd, no_field_table};
	struct ferry_open open = {.role = FERRY_DESTINATION, .layout = &odd_layout, .mode = FERRY_MODE_MIRROR};
	const struct ferry_value rows[] = {TEXT("k"), INT(1), TEXT("v"), TEXT("k"), INT(2), TEXT("w")};
	struct ferry_found found;

	fixture_sql(f, "CREATE TABLE \"the \"\"t\"\"\" (\"a \"\"b\"\"\" TEXT, \"order\" INT, \"x.y\","
		       " UNIQUE (\"order\", \"a \"\"b\"\"\"))");
	void *h = fixture_open(f, &open, (const char *const[]){"table", "the \"t\"", "key", " a \"b\" , order", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	assert_success(f, apply(f, h, FERRY_UPDATE, rows, 2));
	assert_string_equal(outcomes[1].dest_id, "k\x1f" "2");
	struct ferry_action look = {.dest_id = outcomes[1].dest_id};
	assert_success(f, ferry_connector.lookup(h, &look, 1, &found, &f->err));
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_string_equal(found.fields[2].s, "w");
	assert_success(f, apply_id(f, h, FERRY_DELETE, "k\x1f" "1", NULL, NULL));
	expect_rows(f, "SELECT * FROM \"the \"\"t\"\"\"", "'k'|2|'w'\n");
	/* half a key finds nothing */
	assert_success(f, apply_id(f, h, FERRY_DELETE, "k", NULL, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	ferry_connector.close(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(creates_updates_deletes),
		TEST(writes_every_type),
		TEST(loses_no_digits),
		TEST(good_rows_pass_bad_ones),
		TEST(the_primary_key_is_the_key),
		TEST(strict_tables_name_the_column),
		TEST(long_messages_stay_utf8),
		TEST(rolled_back_calls_leave_nothing),
		TEST(disables_and_restores),
		TEST(modes_keep_their_promise),
		TEST(busy_writes_nothing),
		TEST(writes_are_durable),
		TEST(full_disk_writes_nothing),
		TEST(a_changed_key_moves_the_row),
		TEST(composite_keys_and_odd_names),
	};

	return cmocka_run_group_tests_name("sqlite destination", tests, NULL, NULL);
}
