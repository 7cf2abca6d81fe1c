/* SPDX-License-Identifier: Apache-2.0 */
/* test-postgres-destination.c - what the postgres connector writes, looks up and refuses. */
#include "postgres-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres/postgres.h"

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

/* ------------------------------------------------------------------ large batches go by COPY */

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
	expect_rows(f, "SELECT count(*), min(id), max(id), count(amount), sum(amount),"
		    " count(*) FILTER (WHERE name = E'first \\\\ ' || id || E'\\t\\n''\"') FROM people", "1000|0|999|666|166.50|1000\n");
	fixture_sql(f, "UPDATE people SET other = 'mine'; DELETE FROM people WHERE id % 10 = 0");
	make_many(OUTCOMES, "second");
	assert_success(f, apply(f, h, FERRY_UPDATE, many, OUTCOMES));
	for (int i = 0; i < OUTCOMES; i++)
		assert_int_equal(outcomes[i].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT other, count(*) FROM people WHERE name LIKE 'second%' GROUP BY 1 ORDER BY 1", "kept|100\nmine|900\n");
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
	many[3 * 201 + 2] = (struct ferry_value)TEXT("a little");
	many[3 * 299 + 2] = (struct ferry_value)DECIMAL("1e20");
	for (int decision = FERRY_CREATE; decision <= FERRY_UPDATE; decision++) {
		assert_success(f, apply(f, h, (enum ferry_decision)decision, many, 300));
		for (int i = 0; i < 300; i++)
			assert_int_equal(outcomes[i].ack, i == 7 || i == 150 || i == 200 || i == 201 || i == 299 ?
					 FERRY_ACK_REJECTED : FERRY_ACK_DONE);
		assert_string_equal(outcomes[7].code, "not_null_violation");
		assert_string_equal(outcomes[7].field, "name");
		assert_string_equal(outcomes[150].code, "check_violation");
		assert_string_equal(outcomes[200].code, "invalid_text_representation");
		assert_string_equal(outcomes[200].field, "amount");
		assert_non_null(strstr(outcomes[200].message, "a lot"));
		assert_non_null(strstr(outcomes[201].message, "a little"));
		assert_string_equal(outcomes[299].code, "numeric_value_out_of_range");
		expect_rows(f, "SELECT count(*) FROM people WHERE name LIKE 'n%'", "295\n");
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

static void without_temporary_tables(void **state)
{
	struct fixture *f = *state;
	char dsn[sizeof f->dsn];

	fixture_sql(f, PEOPLE "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; GRANT USAGE ON SCHEMA test TO plain;"
		    " GRANT SELECT, INSERT, UPDATE, DELETE ON people TO plain; REVOKE TEMP ON DATABASE postgres FROM PUBLIC");
	memcpy(dsn, f->dsn, sizeof dsn);
	snprintf(f->dsn, sizeof f->dsn, "host=%s user=plain dbname=postgres options=-csearch_path=test", server_folder());
	void *h = open_people(f);
	make_many(300, "n");
	for (int i = 0; i < 2; i++) {
		assert_success(f, apply(f, h, FERRY_CREATE, many, 300));
		assert_int_equal(outcomes[299].ack, FERRY_ACK_DONE);
	}
	ferry_connector.close(h);
	memcpy(f->dsn, dsn, sizeof dsn);
	expect_rows(f, "SELECT count(*) FROM people", "300\n");
	fixture_sql(f, "GRANT TEMP ON DATABASE postgres TO PUBLIC; DROP OWNED BY plain; DROP ROLE plain");
}

/* ------------------------------------------------------------------ types */

static const char *const wide_names[] = {
	"id", "b", "i2", "n", "f8", "t", "vc", "bp", "by", "tz", "ts", "d", "j", "jb", "u", "arr", "e", "dom", "comp",
};
#define WIDE (sizeof wide_names / sizeof wide_names[0])
static const struct ferry_field *const no_fields[WIDE];
static const struct ferry_layout wide = {WIDE, wide_names, no_fields};

#define WIDE_TABLE "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN cents AS int CHECK (VALUE >= 0);" \
	"CREATE TYPE pair AS (a int, b text); CREATE TABLE wide (id int PRIMARY KEY, b boolean, i2 smallint, n numeric," \
	" f8 double precision, t text, vc varchar(5), bp char(5), by bytea, tz timestamptz, ts timestamp, d date, j json," \
	" jb jsonb, u uuid, arr int[], e mood, dom cents, comp pair)"

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

static int apply_wide(struct fixture *f, void *h, const struct ferry_value *rows, size_t n)
{
	static struct ferry_action actions[200];

	for (size_t i = 0; i < n; i++)
		actions[i] = (struct ferry_action){.decision = FERRY_CREATE, .key = "k", .key_len = 1, .dest_id = "",
						   .fields = rows + i * WIDE};
	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, actions, n, outcomes, &f->err);
}

static void every_type(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value own[] = {
		INT(1), BOOLEAN(1), INT(-32768), DECIMAL("12345678901234567890.5"), DECIMAL("0.1"), TEXT("\U0001F6A2 \\x"),
		TEXT("abcde"), TEXT("ab"), BYTES("\0\xff\\"), TIME(NOW + 250000), TIME(NOW), TIME(NOW), JSON("{\"a\": [1]}"),
		JSON("{\"b\":1}"), TEXT("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), JSON("[1,null]"), TEXT("glad"), INT(7),
		JSON("{\"a\":1,\"b\":\"x\"}"),
	};
	const struct ferry_value foreign[] = {
		TEXT("2"), INT(0), TEXT("5"), TEXT("1e3"), INT(9007199254740992), INT(5), BOOLEAN(0), TIME(NOW), TEXT("raw"),
		TEXT("2026-01-01T00:00:00.25Z"), TEXT("2026-01-01T00:00:00"), TEXT("2026-01-01"), INT(4), TEXT("[true]"), NOTHING,
		TEXT("{3,4}"), NOTHING, DECIMAL("8"), NOTHING,
	};
	static const char shown[] =
		"1|t|-32768|12345678901234567890.5|0.1|\U0001F6A2 \\x|abcde|ab   |\\x00ff5c|2026-01-01 00:00:00.25+00|"
		"2026-01-01 00:00:00|2026-01-01|{\"a\": [1]}|{\"b\": 1}|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|{1,NULL}|glad|7|(1,x)\n";
	struct ferry_value rows[100 * WIDE];

	fixture_sql(f, "SET timezone = 'UTC'; " WIDE_TABLE);
	void *h = open_wide(f);
	assert_success(f, apply_wide(f, h, own, 1));
	expect_rows(f, "SELECT * FROM wide", shown);
	/* the same by COPY */
	for (int i = 0; i < 100; i++) {
		memcpy(rows + (size_t)i * WIDE, own, sizeof own);
		rows[(size_t)i * WIDE].i = i + 1;
	}
	fixture_sql(f, "TRUNCATE wide");
	assert_success(f, apply_wide(f, h, rows, 100));
	expect_rows(f, "SELECT * FROM wide WHERE id = 1", shown);
	fixture_sql(f, "DELETE FROM wide WHERE id > 1");
	/* a time of day does not fit a date, text does not have to be JSON */
	struct ferry_value late[WIDE];
	memcpy(late, own, sizeof own);
	late[7] = (struct ferry_value)TEXT("x");
	late[11] = (struct ferry_value)TIME(NOW + 1);
	assert_success(f, apply_wide(f, h, late, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[0].code, "INEXACT");
	assert_string_equal(outcomes[0].field, "d");

	struct ferry_value other[WIDE];
	memcpy(other, foreign, sizeof foreign);
	other[7] = (struct ferry_value)TEXT("z");
	assert_success(f, apply_wide(f, h, other, 1));
	assert_string_equal(outcomes[0].message, "");
	expect_rows(f, "SELECT * FROM wide WHERE id = 2",
		    "2|f|5|1000|9.007199254740992e+15|5|false|z    |\\x726177|2026-01-01 00:00:00.25+00|2026-01-01 00:00:00|2026-01-01|4|[true]|"
		    "NULL|{3,4}|NULL|8|NULL\n");
	ferry_connector.close(h);
}

static void refusals(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct ferry_value row[FIELDS];
		const char *code, *field, *message;
	} cases[] = {
		{{INT(2), NOTHING, DECIMAL("1")}, "not_null_violation", "name", "null value"},
		{{INT(3), TEXT("b"), DECIMAL("-1")}, "check_violation", "", "violates check"},
		{{INT(4), TEXT("taken"), DECIMAL("2")}, "unique_violation", "", "taken"},
		{{NOTHING, TEXT("c"), DECIMAL("2")}, "NULL_KEY", "id", "NULL"},
		{{TEXT("x"), TEXT("d"), DECIMAL("2")}, "invalid_text_representation", "", "\"x\""},
		{{INT(7), TEXT("boo"), DECIMAL("2")}, "raise_exception", "", "no boo"},
		{{INT(8), TEXT("a\0b"), DECIMAL("2")}, "character_not_in_repertoire", "name", "NUL"},
		{{INT(9), BYTES("a"), DECIMAL("2")}, "datatype_mismatch", "name", "bytea"},
		{{INT(10), TEXT("e"), DECIMAL("2.505")}, "INEXACT", "amount", "round"},
		{{INT(11), TEXT("e"), DECIMAL("123456789.5")}, "numeric_value_out_of_range", "", "overflow"},
		{{INT(12), TEXT("\xff"), NOTHING}, "character_not_in_repertoire", "", "invalid byte"},
		{{INT(13), TEXT("a long name, far beyond"), NOTHING}, "string_data_right_truncation", "", "too long"},
	};

	fixture_sql(f, "CREATE TABLE people (id bigint PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, amount numeric(10,2)"
		    " CHECK (amount > 0)); INSERT INTO people VALUES (100, 'taken', 1);"
		    "CREATE FUNCTION boo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.name = 'boo' THEN"
		    " RAISE EXCEPTION 'no boo'; END IF; RETURN new; END $$;"
		    "CREATE TRIGGER t BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION boo()");
	void *h = open_people(f);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_success(f, apply(f, h, FERRY_CREATE, cases[i].row, 1));
		if (outcomes[0].ack != FERRY_ACK_REJECTED || strcmp(outcomes[0].code, cases[i].code) != 0 ||
		    strcmp(outcomes[0].field, cases[i].field) != 0 || !strstr(outcomes[0].message, cases[i].message))
			fail_msg("case %zu: %d %s/%s: %s", i, outcomes[0].ack, outcomes[0].code, outcomes[0].field,
				 outcomes[0].message);
		/* nothing of the row that others must not see */
		assert_null(strstr(outcomes[0].message, "Failing row"));
	}
	/* of two in a batch, the one that is seen to be wrong does not hold up the other */
	const struct ferry_value two[] = {INT(20), TEXT("a\0b"), NOTHING, INT(21), TEXT("fine"), NOTHING};
	assert_success(f, apply(f, h, FERRY_CREATE, two, 2));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
	const struct ferry_value bad[] = {INT(30), TEXT("g"), NOTHING, INT(31), TEXT("h"), DECIMAL("-1")};
	assert_success(f, apply(f, h, FERRY_CREATE, bad, 2));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_string_equal(outcomes[1].code, "check_violation");
	expect_rows(f, "SELECT id FROM people ORDER BY 1", "21\n30\n100\n");
	ferry_connector.close(h);
}

static void refused_at_commit(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value row[] = {INT(1), TEXT("a"), DECIMAL("5")};

	fixture_sql(f, PEOPLE "CREATE TABLE amounts (x numeric PRIMARY KEY); ALTER TABLE people ADD FOREIGN KEY (amount)"
		    " REFERENCES amounts DEFERRABLE INITIALLY DEFERRED");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[0].code, "foreign_key_violation");
	expect_rows(f, ALL, "");
	/* of several, the engine finds out which */
	const struct ferry_value two[] = {INT(1), TEXT("a"), DECIMAL("5"), INT(2), TEXT("b"), NOTHING};
	assert_failure(f, apply(f, h, FERRY_CREATE, two, 2), FERRY_E_REJECTED, "foreign key");
	assert_int_equal(outcomes[1].ack, FERRY_ACK_UNSENT);
	expect_rows(f, ALL, "");
	fixture_sql(f, "INSERT INTO amounts VALUES (5)");
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
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
		fixture_sql(f, "TRUNCATE people; INSERT INTO people VALUES (1, 'old')");
		void *h = open_mode(f, modes[i], key_id, (const char *const[]){"table", "people", NULL});
		assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
		assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
		expect_rows(f, "SELECT id, name FROM people ORDER BY 1", "1|old\n2|b\n");
		/* the same by COPY */
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

	fixture_sql(f, PEOPLE "ALTER TABLE people ADD gone_at timestamptz; SET timezone = 'UTC'");
	for (int mode = FERRY_MODE_UPSERT; mode <= FERRY_MODE_INSERT; mode++) {
		void *h = open_mode(f, (enum ferry_mode)mode, key_id,
				    (const char *const[]){"table", "people", "disabled_at", "gone_at", NULL});
		assert_success(f, ferry_connector.validate_setup(h, &f->err));
		assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
		assert_success(f, apply_id(f, h, FERRY_DISABLE, "1", NULL, NULL));
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
		expect_rows(f, "SELECT id, gone_at FROM people", "1|2026-01-01 00:00:00+00\n");
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
	assert_string_equal(outcomes[0].code, "unique_violation");
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

	fixture_sql(f, "CREATE TABLE people (id int, \"Name\" text, amount numeric, PRIMARY KEY (id, \"Name\"))");
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

static void identity_and_generated(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value row[] = {INT(7), TEXT("a"), NOTHING};

	fixture_sql(f, "CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, amount numeric)");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	assert_success(f, apply(f, h, FERRY_UPDATE, row, 1));
	expect_rows(f, ALL, "7|a|NULL\n");
	ferry_connector.close(h);
	fixture_sql(f, "ALTER TABLE people DROP amount; ALTER TABLE people ADD amount int GENERATED ALWAYS AS (id * 2) STORED");
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

	fixture_sql(f, PEOPLE "INSERT INTO people VALUES (1, 'Ann', 12.50), (2, 'Bob', 7)");
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

	fixture_sql(f, PEOPLE "ALTER TABLE people ADD gone timestamptz; INSERT INTO people SELECT i, 'x' FROM generate_series(1, 3000) i;"
		    " UPDATE people SET gone = now() WHERE id > 2000");
	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id,
			    (const char *const[]){"table", "people", "disabled_at", "gone", NULL});
	assert_success(f, ferry_connector.list(h, &listing, &f->err));
	assert_int_equal(sum[0], 2000);
	assert_int_equal(sum[1], 2001000);
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
	expect_rows(f, "SELECT to_regclass('\"Made\"')", "NULL\n");
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	expect_rows(f, "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)"
		    " FROM pg_attribute WHERE attrelid = '\"Made\"'::regclass AND attnum > 0",
		    "id bigint, name timestamp with time zone, amount numeric, gone timestamp with time zone\n");
	expect_rows(f, "SELECT id, amount FROM \"Made\" ORDER BY 1", "1|5\n2|7.5\n");
	assert_non_null(strstr(f->log, "made table"));
	ferry_connector.close(h);
}

static void setups_that_do_not_fit(void **state)
{
	struct fixture *f = *state;
	static const struct { const char *sql; enum ferry_code code; const char *part; } cases[] = {
		{"SELECT", FERRY_E_SETUP, "there is no table 'people'"},
		{"CREATE VIEW people AS SELECT 1 AS id", FERRY_E_SETUP, "is not a table"},
		{"CREATE TABLE people (id int PRIMARY KEY, nam text)", FERRY_E_SETUP, "no column to write for 'name', 'amount'"},
		{"CREATE TABLE people (id int, name text, amount int)", FERRY_E_SETUP, "CREATE UNIQUE INDEX ON test.people (\"id\")"},
		{"CREATE TABLE people (id int, name text, amount int, UNIQUE (id) DEFERRABLE)", FERRY_E_SETUP, "not unique"},
		{"CREATE TABLE people (id int, name text, amount int); CREATE UNIQUE INDEX ON people (id) WHERE id > 0", FERRY_E_SETUP, "not unique"},
		{"CREATE TABLE people (id int PRIMARY KEY, name text, amount int, must int NOT NULL)", FERRY_E_SETUP, "'must'"},
		{PEOPLE "GRANT SELECT, INSERT ON people TO plain", FERRY_E_FORBIDDEN, "no right to UPDATE, DELETE on table test.people"},
		{PEOPLE "REVOKE USAGE ON SCHEMA test FROM plain", FERRY_E_FORBIDDEN, "permission denied for schema test"},
	};
	char dsn[sizeof f->dsn];

	fixture_sql(f, "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN");
	memcpy(dsn, f->dsn, sizeof dsn);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fixture_sql(f, "DROP SCHEMA test CASCADE; CREATE SCHEMA test; GRANT USAGE ON SCHEMA test TO plain");
		fixture_sql(f, cases[i].sql);
		if (cases[i].code == FERRY_E_FORBIDDEN)
			snprintf(f->dsn, sizeof f->dsn, "host=%s user=plain dbname=postgres", server_folder());
		void *h = open_mode(f, FERRY_MODE_MIRROR, key_id,
				    (const char *const[]){"table", "people", "schema", "test", NULL});
		assert_failure(f, ferry_connector.validate_setup(h, &f->err), cases[i].code,
			       i == 0 ? "there is no table 'test.people'" : cases[i].part);
		if (i == 7)
			assert_string_equal(f->err.hint, "GRANT UPDATE, DELETE ON test.people TO \"plain\"");
		ferry_connector.close(h);
		memcpy(f->dsn, dsn, sizeof dsn);
	}
	fixture_sql(f, "DROP OWNED BY plain; DROP ROLE plain");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(creates_updates_deletes), TEST(large_batches), TEST(large_batches_with_bad_rows),
		TEST(without_temporary_tables), TEST(every_type), TEST(refusals), TEST(refused_at_commit),
		TEST(modes_that_add), TEST(mode_update), TEST(disabling), TEST(keys_that_change),
		TEST(the_same_row_twice), TEST(composite_keys), TEST(identity_and_generated), TEST(ten_megabytes),
		TEST(lookups), TEST(lists), TEST(makes_the_table), TEST(setups_that_do_not_fit),
	};
	int status = server_start();

	if (status)
		return status;
	status = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop();
	return status;
}
