/* SPDX-License-Identifier: Apache-2.0 */
/* test-sqlite-destination.c - what the sqlite connector writes, looks up and refuses. */
#include "sqlite-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite/sqlite.h"

#define FIELDS 3

static const char *const names[] = {"id", "name", "amount"};
static const char *const key_id[] = {"id", NULL};
static const struct ferry_field *const no_fields[FIELDS];
static const struct ferry_layout layout = {FIELDS, names, no_fields};

#define PEOPLE "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount TEXT, other DEFAULT 'kept');"

static void *open_mode(struct fixture *f, enum ferry_mode mode, const char *const *keys, const char *const *settings)
{
	struct ferry_open open = {.role = FERRY_DESTINATION, .layout = &layout, .mode = mode, .keys = keys};
	void *h = fixture_open(f, &open, settings);

	if (!h)
		fail_msg("open: %s", f->err.msg);
	return h;
}

static void *open_people(struct fixture *f)
{
	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "people", NULL});

	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	return h;
}

static struct ferry_outcome outcomes[8];

/* Apply rows of FIELDS values each. */
static int apply(struct fixture *f, void *h, enum ferry_decision decision, const struct ferry_value *rows, size_t n)
{
	struct ferry_action actions[8];

	for (size_t i = 0; i < n; i++)
		actions[i] = (struct ferry_action){.decision = decision, .key = "k", .key_len = 1, .dest_id = "",
						   .fields = rows + i * FIELDS};
	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, actions, n, outcomes, &f->err);
}

static int apply_id(struct fixture *f, void *h, enum ferry_decision decision, const char *dest_id,
		    const struct ferry_value *fields, const struct ferry_value *before)
{
	struct ferry_action action = {.decision = decision, .key = "k", .key_len = 1, .dest_id = dest_id,
				      .fields = fields, .before = before};

	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, &action, 1, outcomes, &f->err);
}

static void expect_rows(struct fixture *f, const char *sql, const char *rows)
{
	assert_string_equal(fixture_dump(f, sql), rows);
}

#define ALL "SELECT * FROM people ORDER BY id"

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
	static const struct ferry_layout odd_layout = {FIELDS, odd, no_fields};
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
		TEST(creates_updates_deletes),
		TEST(writes_every_type),
		TEST(loses_no_digits),
		TEST(good_rows_pass_bad_ones),
		TEST(rolled_back_calls_leave_nothing),
		TEST(disables_and_restores),
		TEST(modes_keep_their_promise),
		TEST(busy_writes_nothing),
		TEST(writes_are_durable),
		TEST(full_disk_writes_nothing),
		TEST(a_changed_key_moves_the_row),
		TEST(composite_keys_and_odd_names),
		TEST(looks_up),
		TEST(looks_up_many_long_rows),
		TEST(makes_the_table),
		TEST(refuses_tables_that_do_not_fit),
		TEST(refuses_settings),
	};

	return cmocka_run_group_tests_name("sqlite destination", tests, NULL, NULL);
}
