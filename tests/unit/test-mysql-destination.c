/* SPDX-License-Identifier: Apache-2.0 */
/* test-mysql-destination.c - what the mysql connector writes, looks up and refuses. */
#include "mysql-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	expect_rows(f, ALL, "-9223372036854775808||NULL|kept\n1|Ann|12.50|kept\n2|Bob|NULL|kept\n");

	/* columns that are not mapped stay; a row that is gone comes back */
	fixture_sql(f, "UPDATE people SET other = 'mine'");
	assert_success(f, apply(f, h, FERRY_UPDATE, changed, 2));
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT * FROM people WHERE id > 0 ORDER BY id", "1|Anna|13.00|mine\n2|Bob|NULL|mine\n4|Dee|NULL|kept\n");

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

/* ------------------------------------------------------------------ large batches */

static struct ferry_value many[3 * OUTCOMES];
static char many_names[OUTCOMES][40];

static void make_many(int n, const char *name)
{
	for (int i = 0; i < n; i++) {
		int len = snprintf(many_names[i], sizeof many_names[i], "%s \\ %d\t\n'\"", name, i);
		many[3 * i] = (struct ferry_value)INT(i);
		many[3 * i + 1] = (struct ferry_value){.s = many_names[i], .len = (uint32_t)len, .type = FERRY_TEXT};
		many[3 * i + 2] = i % 3 ? (struct ferry_value)DECIMAL("0.25") : (struct ferry_value)NOTHING;
	}
}

static void large_batches(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	make_many(OUTCOMES, "first");
	assert_success(f, apply(f, h, FERRY_CREATE, many, OUTCOMES));
	expect_rows(f, "SELECT COUNT(*), MIN(id), MAX(id), COUNT(amount), SUM(amount),"
		    " SUM(name = CONCAT('first \\\\ ', id, '\t\n''\"')) FROM people", "2000|0|1999|1333|333.25|2000\n");
	fixture_sql(f, "UPDATE people SET other = 'mine'; DELETE FROM people WHERE id % 10 = 0");
	make_many(OUTCOMES, "second");
	assert_success(f, apply(f, h, FERRY_UPDATE, many, OUTCOMES));
	for (int i = 0; i < OUTCOMES; i++)
		assert_int_equal(outcomes[i].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT other, COUNT(*) FROM people WHERE name LIKE 'second%' GROUP BY 1 ORDER BY 1", "kept|200\nmine|1800\n");
	assert_success(f, apply(f, h, FERRY_DELETE, many, OUTCOMES));
	expect_rows(f, ALL, "");
	ferry_connector.close(h);
}

/* Bad rows of a large batch are found, said of each why, and the others are written. */
static void large_batches_with_bad_rows(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, PEOPLE "ALTER TABLE people ADD CHECK (amount < 100)");
	void *h = open_people(f);
	make_many(300, "n");
	many[3 * 7 + 1] = (struct ferry_value)NOTHING;
	many[3 * 150 + 2] = (struct ferry_value)INT(100);
	many[3 * 200 + 2] = (struct ferry_value)TEXT("a lot");
	many[3 * 201 + 1] = (struct ferry_value)TEXT("\xff");
	many[3 * 299 + 2] = (struct ferry_value)DECIMAL("1e20");
	for (int decision = FERRY_CREATE; decision <= FERRY_UPDATE; decision++) {
		assert_success(f, apply(f, h, (enum ferry_decision)decision, many, 300));
		for (int i = 0; i < 300; i++)
			assert_int_equal(outcomes[i].ack, i == 7 || i == 150 || i == 200 || i == 201 || i == 299 ?
					 FERRY_ACK_REJECTED : FERRY_ACK_DONE);
		assert_string_equal(outcomes[7].code, "ER_BAD_NULL_ERROR");
		assert_string_equal(outcomes[7].field, "name");
		assert_string_equal(outcomes[150].code, "ER_CONSTRAINT_FAILED");
		assert_string_equal(outcomes[200].field, "amount");
		assert_non_null(strstr(outcomes[200].message, "no number"));
		assert_string_equal(outcomes[201].field, "name");
		assert_string_equal(outcomes[299].code, "ER_WARN_DATA_OUT_OF_RANGE");
		assert_string_equal(outcomes[299].field, "amount");
		expect_rows(f, "SELECT COUNT(*) FROM people WHERE name LIKE 'n%'", "295\n");
	}
	/* all of them */
	fixture_sql(f, "TRUNCATE people");
	for (int i = 0; i < 300; i++)
		many[3 * i + 1] = (struct ferry_value)NOTHING;
	assert_success(f, apply(f, h, FERRY_CREATE, many, 300));
	for (int i = 0; i < 300; i++)
		assert_int_equal(outcomes[i].ack, FERRY_ACK_REJECTED);
	expect_rows(f, ALL, "");
	ferry_connector.close(h);
}

/* ------------------------------------------------------------------ refusals */

static void refusals(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct ferry_value row[FIELDS];
		const char *code, *field, *message;
	} cases[] = {
		{{INT(2), NOTHING, DECIMAL("1")}, "ER_BAD_NULL_ERROR", "name", "cannot be null"},
		{{INT(3), TEXT("b"), DECIMAL("-1")}, "ER_CONSTRAINT_FAILED", "", "CONSTRAINT"},
		{{INT(4), TEXT("taken"), DECIMAL("2")}, "ER_DUP_ENTRY", "name", "Duplicate entry 'taken'"},
		{{INT(4), TEXT("TAKEN"), DECIMAL("2")}, "ER_DUP_ENTRY", "name", "Duplicate entry 'TAKEN'"},
		{{NOTHING, TEXT("c"), DECIMAL("2")}, "NULL_KEY", "id", "NULL"},
		{{INT(7), TEXT("boo"), DECIMAL("2")}, "ER_SIGNAL_EXCEPTION", "", "no boo"},
		{{INT(8), TEXT("c"), DECIMAL("3")}, "ER_NO_REFERENCED_ROW_2", "amount", "foreign key"},
		{{INT(10), TEXT("e"), DECIMAL("2.505")}, "INEXACT", "amount", "round"},
		{{INT(13), TEXT("a long name, far beyond"), NOTHING}, "ER_DATA_TOO_LONG", "name", "longer"},
	};

	fixture_sql(f, "CREATE TABLE amounts (x decimal(10,2) PRIMARY KEY); INSERT INTO amounts VALUES (1), (2), (-1);"
		    " CREATE TABLE people (id bigint PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, amount decimal(10,2),"
		    " CHECK (amount > 0), FOREIGN KEY (amount) REFERENCES amounts (x)); INSERT INTO people VALUES (100, 'taken', 1);"
		    " CREATE TRIGGER t BEFORE INSERT ON people FOR EACH ROW IF new.name = 'boo' THEN"
		    " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no boo'; END IF");
	void *h = open_people(f);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_success(f, apply(f, h, FERRY_CREATE, cases[i].row, 1));
		if (outcomes[0].ack != FERRY_ACK_REJECTED || strcmp(outcomes[0].code, cases[i].code) != 0 ||
		    strcmp(outcomes[0].field, cases[i].field) != 0 || !strstr(outcomes[0].message, cases[i].message))
			fail_msg("case %zu: %d %s/%s: %s", i, outcomes[0].ack, outcomes[0].code, outcomes[0].field,
				 outcomes[0].message);
	}
	/* the row that has the name already was not changed for one of another key */
	expect_rows(f, ALL, "100|taken|1.00\n");
	const struct ferry_value bad[] = {INT(30), TEXT("g"), NOTHING, INT(31), TEXT("h"), DECIMAL("-1"), INT(32), TEXT("Taken"), NOTHING,
					  INT(33), TEXT("i"), NOTHING};
	assert_success(f, apply(f, h, FERRY_CREATE, bad, 4));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_string_equal(outcomes[1].code, "ER_CONSTRAINT_FAILED");
	assert_string_equal(outcomes[2].code, "ER_DUP_ENTRY");
	assert_int_equal(outcomes[3].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT id FROM people ORDER BY 1", "30\n33\n100\n");
	/* a row that others point at */
	fixture_sql(f, "CREATE TABLE children (p bigint, FOREIGN KEY (p) REFERENCES people (id)); INSERT INTO children VALUES (30)");
	const struct ferry_value gone[] = {INT(30), NOTHING, NOTHING, INT(33), NOTHING, NOTHING};
	assert_success(f, apply(f, h, FERRY_DELETE, gone, 2));
	assert_string_equal(outcomes[0].code, "ER_ROW_IS_REFERENCED_2");
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
	ferry_connector.close(h);
}

/* ------------------------------------------------------------------ modes, keys */

static void modes_that_add(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), TEXT("new"), NOTHING, INT(2), TEXT("b"), NOTHING};
	static const enum ferry_mode modes[] = {FERRY_MODE_INSERT, FERRY_MODE_APPEND};

	fixture_sql(f, PEOPLE);
	for (int i = 0; i < 2; i++) {
		fixture_sql(f, "TRUNCATE people; INSERT INTO people (id, name) VALUES (1, 'old')");
		void *h = open_mode(f, modes[i], key_id, (const char *const[]){"table", "people", NULL});
		assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
		assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
		expect_rows(f, "SELECT id, name FROM people ORDER BY 1", "1|old\n2|b\n");
		/* many */
		make_many(100, "many");
		assert_success(f, apply(f, h, FERRY_CREATE, many, 100));
		assert_int_equal(outcomes[1].ack, FERRY_ACK_DUPLICATE);
		assert_int_equal(outcomes[2].ack, FERRY_ACK_DUPLICATE);
		assert_int_equal(outcomes[99].ack, FERRY_ACK_DONE);
		ferry_connector.close(h);
	}
}

static void mode_update(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), TEXT("new"), NOTHING, INT(2), TEXT("b"), NOTHING};

	fixture_sql(f, PEOPLE "ALTER TABLE people ADD must int NOT NULL; INSERT INTO people VALUES (1, 'old', 1, 'x', 5)");
	void *h = open_mode(f, FERRY_MODE_UPDATE, key_id, (const char *const[]){"table", "people", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, apply(f, h, FERRY_UPDATE, rows, 2));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[1].code, "NOT_FOUND");
	expect_rows(f, ALL, "1|new|NULL|x|5\n");
	ferry_connector.close(h);
}

static void disabling(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value row[] = {INT(1), TEXT("a"), NOTHING};
	struct ferry_found found;
	struct ferry_action action = {.decision = FERRY_UPDATE, .fields = row, .dest_id = "1"};

	fixture_sql(f, PEOPLE "ALTER TABLE people ADD gone_at timestamp NULL");
	for (int mode = FERRY_MODE_UPSERT; mode <= FERRY_MODE_INSERT; mode++) {
		void *h = open_mode(f, (enum ferry_mode)mode, key_id,
				    (const char *const[]){"table", "people", "disabled_at", "gone_at", NULL});
		assert_success(f, ferry_connector.validate_setup(h, &f->err));
		assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
		assert_success(f, apply_id(f, h, FERRY_DISABLE, "1", NULL, NULL));
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
		expect_rows(f, "SELECT id, gone_at FROM people", "1|2026-01-01 00:00:00\n");
		assert_success(f, apply_id(f, h, FERRY_DISABLE, "1", NULL, NULL));
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
		assert_success(f, ferry_connector.lookup(h, &action, 1, &found, &f->err));
		assert_int_equal(found.presence, FERRY_ABSENT);
		assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
		expect_rows(f, "SELECT id, gone_at FROM people", "1|NULL\n");
		ferry_connector.close(h);
		fixture_sql(f, "TRUNCATE people");
	}
}

static void keys_that_change(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value row[] = {INT(5), TEXT("moved"), NOTHING}, before[] = {INT(1), TEXT("a"), NOTHING};

	fixture_sql(f, PEOPLE "INSERT INTO people VALUES (1, 'a', NULL, 'mine'), (2, 'b', NULL, 'kept')");
	void *h = open_people(f);
	assert_success(f, apply_id(f, h, FERRY_UPDATE, "1", row, before));
	assert_string_equal(outcomes[0].dest_id, "5");
	expect_rows(f, ALL, "2|b|NULL|kept\n5|moved|NULL|mine\n");
	const struct ferry_value again[] = {INT(6), TEXT("moved"), NOTHING};
	assert_success(f, apply_id(f, h, FERRY_UPDATE, "5", again, NULL));
	expect_rows(f, ALL, "2|b|NULL|kept\n6|moved|NULL|mine\n");
	/* one that is gone is made with its new key */
	assert_success(f, apply_id(f, h, FERRY_UPDATE, "77", row, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT id FROM people ORDER BY 1", "2\n5\n6\n");
	/* onto one that is there: refused */
	assert_success(f, apply_id(f, h, FERRY_UPDATE, "6", row, NULL));
	assert_string_equal(outcomes[0].code, "ER_DUP_ENTRY");
	ferry_connector.close(h);
}

/* Two rows of a batch with one key over there: as if one came after the other. */
static void the_same_row_twice(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {
		INT(1), TEXT("first"), NOTHING, INT(2), TEXT("b"), NOTHING, INT(1), TEXT("last"), NOTHING,
	};

	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 3));
	for (int i = 0; i < 3; i++)
		assert_int_equal(outcomes[i].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT id, name FROM people ORDER BY 1", "1|last\n2|b\n");
	ferry_connector.close(h);
}

static void composite_keys(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {
		INT(1), TEXT("a"), DECIMAL("1"), INT(1), TEXT("b"), DECIMAL("2"), INT(2), TEXT("a"), DECIMAL("3"),
	};
	struct ferry_found found;
	struct ferry_action action = {.decision = FERRY_UPDATE, .fields = NULL, .dest_id = "1\x1f" "b"};

	fixture_sql(f, "CREATE TABLE people (id int, Name varchar(20) NOT NULL, amount decimal(10), PRIMARY KEY (id, Name))");
	void *h = open_mode(f, FERRY_MODE_MIRROR, NULL, (const char *const[]){"table", "people", "key", "name , id", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	ferry_connector.close(h);
	h = open_mode(f, FERRY_MODE_MIRROR, NULL, (const char *const[]){"table", "people", NULL});
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 3));
	assert_string_equal(outcomes[1].dest_id, "1\x1f" "b");
	assert_success(f, ferry_connector.lookup(h, &action, 1, &found, &f->err));
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_string_equal(found.dest_id, "1\x1f" "b");
	assert_success(f, apply_id(f, h, FERRY_DELETE, "1\x1f" "b", NULL, NULL));
	expect_rows(f, "SELECT * FROM people ORDER BY 1, 2", "1|a|1\n2|a|3\n");
	ferry_connector.close(h);
}

/* What the server takes for the same key and ferry does not is never mixed up. */
static void keys_in_other_letters(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {TEXT("ABC"), TEXT("x"), NOTHING, TEXT("abd "), TEXT("y"), NOTHING, TEXT("new"), TEXT("z"), NOTHING};
	struct ferry_found found[3];
	const struct ferry_action actions[] = {
		{.fields = rows, .dest_id = ""}, {.fields = rows + 3, .dest_id = ""}, {.fields = NULL, .dest_id = "abc"},
	};

	fixture_sql(f, "CREATE TABLE people (id varchar(20) PRIMARY KEY, name text, amount int) COLLATE utf8mb4_unicode_ci;"
		    " INSERT INTO people VALUES ('abc', 'theirs', 1), ('abd', 'theirs', 1)");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 3));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(outcomes[i].ack, FERRY_ACK_REJECTED);
		assert_string_equal(outcomes[i].code, "ER_DUP_ENTRY");
		assert_string_equal(outcomes[i].field, "id");
	}
	assert_int_equal(outcomes[2].ack, FERRY_ACK_DONE);
	assert_success(f, apply(f, h, FERRY_DELETE, rows, 3));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
	expect_rows(f, ALL, "abc|theirs|1\nabd|theirs|1\n");
	assert_success(f, ferry_connector.lookup(h, actions, 3, found, &f->err));
	assert_int_equal(found[0].presence, FERRY_ABSENT);
	assert_int_equal(found[1].presence, FERRY_ABSENT);
	assert_int_equal(found[2].presence, FERRY_FOUND);
	ferry_connector.close(h);
	fixture_sql(f, "DROP TABLE people; CREATE TABLE people (id char(20) PRIMARY KEY, name text, amount int)");
	h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	assert_string_equal(outcomes[1].code, "INEXACT");
	ferry_connector.close(h);
}

/* A column that writes a text in its own way knows best what is the same. */
static void keys_of_their_own_form(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value row[] = {TEXT("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), TEXT("Glad"), NOTHING};
	const struct ferry_action action = {.fields = row, .dest_id = ""};
	struct ferry_found found;

	fixture_sql(f, "CREATE TABLE people (id uuid PRIMARY KEY, name enum('sad', 'glad'), amount int)");
	void *h = open_people(f);
	for (int i = 0; i < 2; i++) {
		assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	}
	assert_success(f, apply(f, h, FERRY_UPDATE, row, 1));
	expect_rows(f, ALL, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|glad|NULL\n");
	assert_success(f, ferry_connector.lookup(h, &action, 1, &found, &f->err));
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_ptr_equal(found.fields[0].s, row[0].s);
	assert_ptr_equal(found.fields[1].s, row[1].s);
	assert_success(f, apply(f, h, FERRY_DELETE, row, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	expect_rows(f, ALL, "");
	ferry_connector.close(h);
}

/* Numbers beyond what a double tells apart are different keys. */
static void large_keys(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(9007199254740993), TEXT("a"), NOTHING, INT(9007199254740992), TEXT("b"), NOTHING};

	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	assert_success(f, apply_id(f, h, FERRY_DELETE, "9007199254740993", NULL, NULL));
	expect_rows(f, "SELECT id FROM people", "9007199254740992\n");
	ferry_connector.close(h);
}

static void automatic_and_generated(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(7), TEXT("a"), NOTHING, INT(0), TEXT("zero"), NOTHING};

	fixture_sql(f, "CREATE TABLE people (id int AUTO_INCREMENT PRIMARY KEY, name text, amount int)");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	assert_success(f, apply(f, h, FERRY_UPDATE, rows, 2));
	expect_rows(f, ALL, "0|zero|NULL\n7|a|NULL\n");
	ferry_connector.close(h);
	/* found by a unique column that is not the primary key */
	fixture_sql(f, "DROP TABLE people; CREATE TABLE people (pk int AUTO_INCREMENT PRIMARY KEY, id int UNIQUE, name text, amount int)");
	h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	expect_rows(f, "SELECT id, name FROM people ORDER BY pk", "7|a\n0|zero\n");
	ferry_connector.close(h);
	fixture_sql(f, "ALTER TABLE people DROP amount, ADD amount int GENERATED ALWAYS AS (id * 2) STORED");
	h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "people", NULL});
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_SETUP, "'amount' (which is generated)");
	ferry_connector.close(h);
}

static void ten_megabytes(void **state)
{
	struct fixture *f = *state;
	size_t len = 10000000;
	char *text = malloc(len);
	struct ferry_value rows[3 * 3];

	memset(text, 'x', len);
	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	for (int i = 0; i < 3; i++) {
		rows[3 * i] = (struct ferry_value)INT(i);
		rows[3 * i + 1] = (struct ferry_value){.s = text, .len = (uint32_t)len, .type = FERRY_TEXT};
		rows[3 * i + 2] = (struct ferry_value)NOTHING;
	}
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 3));
	assert_success(f, apply(f, h, FERRY_UPDATE, rows, 3));
	expect_rows(f, "SELECT id, length(name) FROM people ORDER BY 1", "0|10000000\n1|10000000\n2|10000000\n");
	/* one the server would not take is said of its row */
	fixture_sql(f, "SET GLOBAL max_allowed_packet = 1048576");
	ferry_connector.close(h);
	h = open_people(f);
	rows[4] = (struct ferry_value)TEXT("short");
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 3));
	assert_string_equal(outcomes[0].code, "ER_NET_PACKET_TOO_LARGE");
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
	assert_int_equal(outcomes[2].ack, FERRY_ACK_REJECTED);
	fixture_sql(f, "SET GLOBAL max_allowed_packet = 33554432");
	ferry_connector.close(h);
	free(text);
}

/* ------------------------------------------------------------------ looking */

static void lookups(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value same[] = {TEXT("1"), TEXT("Ann"), DECIMAL("12.5")}, other[] = {INT(2), TEXT("bob"), NOTHING},
		absent[] = {INT(3), TEXT("Cy"), NOTHING}, odd[] = {TEXT("x"), TEXT("a"), NOTHING},
		unreadable[] = {INT(2), TEXT("Bob"), TEXT("a lot")}, nul[] = {INT(1), TEXT("a\0b"), NOTHING};
	struct ferry_action actions[] = {
		{.fields = same, .dest_id = ""}, {.fields = other, .dest_id = ""}, {.fields = absent, .dest_id = ""},
		{.fields = odd, .dest_id = ""}, {.fields = unreadable, .dest_id = ""}, {.fields = nul, .dest_id = ""},
		{.fields = absent, .dest_id = "2"}, {.fields = NULL, .dest_id = "1"}, {.fields = NULL, .dest_id = "x"},
	};
	static const bool there[] = {true, true, false, false, true, true, true, true, false};
	struct ferry_found found[9];

	fixture_sql(f, PEOPLE "INSERT INTO people (id, name, amount) VALUES (1, 'Ann', 12.50), (2, 'Bob', 7)");
	void *h = open_people(f);
	for (int times = 0; times < 2; times++) {
		assert_success(f, ferry_connector.lookup(h, actions, 9, found, &f->err));
		for (int i = 0; i < 9; i++)
			assert_int_equal(found[i].presence, there[i] ? FERRY_FOUND : FERRY_ABSENT);
	}
	/* what equals ours is given as ours, all else as it is */
	assert_int_equal(found[0].fields[0].type, FERRY_TEXT);
	assert_int_equal(found[0].fields[2].len, 4);
	assert_int_equal(found[1].fields[2].type, FERRY_DECIMAL);
	assert_memory_equal(found[1].fields[1].s, "Bob", 3);
	assert_string_equal(found[0].dest_id, "1");
	assert_string_equal(found[6].dest_id, "2");
	assert_int_equal(found[4].fields[2].type, FERRY_DECIMAL);
	assert_int_equal(found[5].fields[1].len, 3);
	ferry_connector.close(h);
}

/* Many keys are looked up with one statement, each found row given to all that asked for it. */
static void many_lookups(void **state)
{
	struct fixture *f = *state;
	static struct ferry_action actions[1200];
	static struct ferry_found found[1200];

	fixture_sql(f, PEOPLE "INSERT INTO people (id, name, amount) SELECT seq, CONCAT('n', seq), 0.25 FROM seq_0_to_1999 WHERE seq % 3");
	void *h = open_people(f);
	make_many(600, "x");
	for (size_t i = 0; i < 1200; i++)
		actions[i] = (struct ferry_action){.fields = many + 3 * (i % 600), .dest_id = ""};
	assert_success(f, ferry_connector.lookup(h, actions, 1200, found, &f->err));
	for (size_t i = 0; i < 1200; i++) {
		bool there = i % 600 % 3;
		assert_int_equal(found[i].presence, there ? FERRY_FOUND : FERRY_ABSENT);
		if (!there)
			continue;
		assert_int_equal(found[i].fields[0].i, i % 600);
		assert_int_equal(strtoll(found[i].dest_id, NULL, 10), i % 600);
		assert_int_equal(found[i].fields[1].s[0], 'n');
		assert_ptr_equal(found[i].fields[2].s, many[3 * (i % 600) + 2].s);	/* ours */
	}
	ferry_connector.close(h);
}

static int count_found(struct ferry_listing *listing, const struct ferry_found *found, size_t n, struct ferry_error *err)
{
	int64_t *sum = listing->ctx;

	(void)err;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(found[i].presence, FERRY_FOUND);
		assert_int_equal(strtoll(found[i].dest_id, NULL, 10), found[i].fields[0].i);
		sum[0]++;
		sum[1] += found[i].fields[0].i;
	}
	return 0;
}

static void lists(void **state)
{
	struct fixture *f = *state;
	int64_t sum[2] = {0, 0};
	struct ferry_listing listing = {sum, count_found, NULL};

	fixture_sql(f, PEOPLE "ALTER TABLE people ADD gone datetime; INSERT INTO people (id, name) SELECT seq, 'x' FROM seq_1_to_3000;"
		    " UPDATE people SET gone = now() WHERE id > 2000");
	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id,
			    (const char *const[]){"table", "people", "disabled_at", "gone", NULL});
	assert_success(f, ferry_connector.list(h, &listing, &f->err));
	assert_int_equal(sum[0], 2000);
	assert_int_equal(sum[1], 2001000);
	ferry_connector.close(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(creates_updates_deletes), TEST(large_batches), TEST(large_batches_with_bad_rows), TEST(refusals),
		TEST(modes_that_add), TEST(mode_update), TEST(disabling), TEST(keys_that_change), TEST(the_same_row_twice),
		TEST(composite_keys), TEST(keys_in_other_letters), TEST(keys_of_their_own_form), TEST(large_keys),
		TEST(automatic_and_generated), TEST(ten_megabytes), TEST(lookups), TEST(many_lookups), TEST(lists),
	};
	int status = server_start();

	if (status)
		return status;
	status = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop();
	return status;
}
