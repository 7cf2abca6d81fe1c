/* SPDX-License-Identifier: Apache-2.0 */
/* test-odbc-destination.c - what the odbc connector writes and looks up, with each driver. */
#include "odbc-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct ferry_value three[] = {
	INT(1), TEXT("Ann"), DECIMAL("12.50"),
	INT(2), TEXT("Bo \xf0\x9f\x9a\xa2 '\"\\?"), NOTHING,
	INT(3), TEXT(""), DECIMAL("-0.01"),
};

static void expect_acks(size_t n, enum ferry_ack ack)
{
	for (size_t i = 0; i < n; i++)
		if (outcomes[i].ack != ack)
			fail_msg("row %zu: %d %s %s", i, outcomes[i].ack, outcomes[i].code, outcomes[i].message);
}

#define expect_refused(i, wanted_code, wanted_field) do { \
	assert_int_equal(outcomes[i].ack, FERRY_ACK_REJECTED); \
	assert_string_equal(outcomes[i].code, wanted_code); \
	assert_string_equal(outcomes[i].field, wanted_field); \
	assert_true(outcomes[i].message[0]); \
} while (0)

static void create_update_delete(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value changed[] = {INT(2), TEXT("Bob"), DECIMAL("7")};

	make_people(f);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, three, 3));
	expect_acks(3, FERRY_ACK_DONE);
	assert_string_equal(outcomes[1].dest_id, "2");
	expect_rows(f, ALL, "1|Ann|12.50|kept\n2|Bo \xf0\x9f\x9a\xa2 '\"\\?|NULL|kept\n3||-0.01|kept\n");
	/* again: there already, and as wanted */
	assert_success(f, apply(f, h, FERRY_CREATE, three, 3));
	for (int i = 0; i < 3; i++)
		assert_true(outcomes[i].ack == FERRY_ACK_DONE || outcomes[i].ack == FERRY_ACK_DUPLICATE);
	fixture_sql(f, "UPDATE people SET other = 'mine'");
	assert_success(f, apply(f, h, FERRY_UPDATE, changed, 1));
	expect_acks(1, FERRY_ACK_DONE);
	expect_rows(f, ALL, pick(f, "1|Ann|12.50|mine\n2|Bob|7.00|mine\n3||-0.01|mine\n", "1|Ann|12.50|mine\n2|Bob|7.00|mine\n3||-0.01|mine\n",
				 "1|Ann|12.50|mine\n2|Bob|7|mine\n3||-0.01|mine\n"));
	assert_success(f, apply(f, h, FERRY_DELETE, three, 2));
	expect_acks(2, FERRY_ACK_DONE);
	expect_rows(f, "SELECT id FROM people", "3\n");
	/* gone already is fine */
	assert_success(f, apply_id(f, h, FERRY_DELETE, "2", NULL, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
	/* a row that is gone is made again */
	assert_success(f, apply(f, h, FERRY_UPDATE, changed, 1));
	expect_acks(1, FERRY_ACK_DONE);
	expect_rows(f, "SELECT id, name FROM people ORDER BY id", "2|Bob\n3|\n");
	ferry_connector.close(h);
}

/* Every way to write a row that may be there, whatever the database's own is. */
static void every_way(void **state)
{
	struct fixture *f = *state;
	static const char *const ways[] = {"generic", "merge", "postgresql", "mysql", "sqlite"};
	static const struct ferry_value changed[] = {
		INT(1), TEXT("Ann"), DECIMAL("12.50"), INT(2), TEXT("Bob"), DECIMAL("7.00"), INT(4), TEXT("Di"), DECIMAL("1.00"),
	};

	make_people(f);
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		bool own = i >= 2;
		if ((own && i != 2 + (size_t)f->base) || (i == 1 && f->base != POSTGRES))
			continue;
		fixture_sql(f, "DELETE FROM people");
		void *h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "people", "dialect", ways[i], NULL});
		assert_success(f, ferry_connector.validate_setup(h, &f->err));
		assert_success(f, apply(f, h, FERRY_CREATE, three, 3));
		expect_acks(3, FERRY_ACK_DONE);
		assert_success(f, apply(f, h, FERRY_CREATE, changed, 3));
		assert_success(f, apply(f, h, FERRY_UPDATE, changed, 3));
		assert_success(f, apply(f, h, FERRY_DELETE, three + 6, 1));
		expect_acks(1, FERRY_ACK_DONE);
		expect_rows(f, "SELECT id, name, amount FROM people ORDER BY id", "1|Ann|12.50\n2|Bob|7.00\n4|Di|1.00\n");
		ferry_connector.close(h);
		static const enum ferry_mode adding[] = {FERRY_MODE_INSERT, FERRY_MODE_APPEND};
		for (int k = 0; k < 2; k++) {
			/* what is there is left alone */
			h = open_mode(f, adding[k], key_id, (const char *const[]){"table", "people", "dialect", ways[i], NULL});
			assert_success(f, apply(f, h, FERRY_CREATE, three, 3));
			expect_rows(f, "SELECT id, name FROM people ORDER BY id", "1|Ann\n2|Bob\n3|\n4|Di\n");
			ferry_connector.close(h);
		}
	}
}

static void mode_update_makes_none(void **state)
{
	struct fixture *f = *state;

	make_people(f);
	fixture_sql(f, "INSERT INTO people (id, name) VALUES (1, 'old'), (3, '')");
	void *h = open_mode(f, FERRY_MODE_UPDATE, key_id, (const char *const[]){"table", "people", NULL});
	assert_success(f, apply(f, h, FERRY_UPDATE, three, 3));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	expect_refused(1, "NOT_FOUND", "");
	assert_int_equal(outcomes[2].ack, FERRY_ACK_DONE);
	/* nothing to change is no reason to miss it */
	assert_success(f, apply(f, h, FERRY_UPDATE, three, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT id, name FROM people ORDER BY id", "1|Ann\n3|\n");
	ferry_connector.close(h);
}

static void disabled_and_back(void **state)
{
	struct fixture *f = *state;
	static const char *const ways[] = {"generic", NULL};

	fixture_sql(f, pick(f, "CREATE TABLE people (id bigint PRIMARY KEY, name text, amount numeric(10,2), gone timestamptz)",
			    "CREATE TABLE people (id bigint PRIMARY KEY, name varchar(50), amount decimal(10,2), gone datetime NULL)",
			    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, amount TEXT, gone TEXT)"));
	for (int way = 0; way < 4; way++) {
		enum ferry_mode mode = way < 2 ? FERRY_MODE_MIRROR : FERRY_MODE_INSERT;
		fixture_sql(f, "DELETE FROM people");
		void *h = open_mode(f, mode, key_id, (const char *const[]){"table", "people", "disabled_at", "gone",
				    way & 1 ? "dialect" : NULL, ways[0], NULL});
		assert_success(f, ferry_connector.validate_setup(h, &f->err));
		assert_success(f, apply(f, h, FERRY_CREATE, three, 3));
		assert_success(f, apply(f, h, FERRY_DISABLE, three, 2));
		expect_acks(2, FERRY_ACK_DONE);
		expect_rows(f, "SELECT id, gone FROM people WHERE id < 3 ORDER BY id",
			    pick(f, "1|2026-01-01 00:00:00\n2|2026-01-01 00:00:00\n", "1|2026-01-01 00:00:00\n2|2026-01-01 00:00:00\n",
				 "1|2026-01-01T00:00:00Z\n2|2026-01-01T00:00:00Z\n"));
		/* the first stamp stays */
		assert_success(f, apply(f, h, FERRY_DISABLE, three, 1));
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DUPLICATE);
		/* a disabled row is as good as gone, until it is written again */
		struct ferry_action a = {.decision = FERRY_CREATE, .key = "1", .key_len = 1, .dest_id = "", .fields = three};
		struct ferry_found found;
		assert_success(f, ferry_connector.lookup(h, &a, 1, &found, &f->err));
		assert_int_equal(found.presence, FERRY_ABSENT);
		assert_success(f, apply(f, h, FERRY_CREATE, three, 1));
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
		expect_rows(f, "SELECT id FROM people WHERE gone IS NULL ORDER BY id", "1\n3\n");
		ferry_connector.close(h);
	}
}

static void key_moves(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value after[] = {INT(9), TEXT("Ann"), DECIMAL("1.00")};

	make_people(f);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, three, 3));
	assert_success(f, apply_id(f, h, FERRY_UPDATE, "1", after, three));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_string_equal(outcomes[0].dest_id, "9");
	expect_rows(f, "SELECT id, name FROM people ORDER BY id", "2|Bo \xf0\x9f\x9a\xa2 '\"\\?\n3|\n9|Ann\n");
	ferry_connector.close(h);
}

static void rows_refused(void **state)
{
	struct fixture *f = *state;
	struct ferry_value rows[1000 * FIELDS];

	fixture_sql(f, pick(f, "CREATE TABLE people (id bigint PRIMARY KEY, name varchar(5) NOT NULL, amount numeric(10,2) CHECK (amount < 1000))",
			    "CREATE TABLE people (id bigint PRIMARY KEY, name varchar(5) NOT NULL, amount decimal(10,2) CHECK (amount < 1000))",
			    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (length(name) <= 5), amount REAL CHECK (amount < 1000))"));
	for (int i = 0; i < 1000; i++) {
		rows[3 * i] = (struct ferry_value)INT(i);
		rows[3 * i + 1] = (struct ferry_value)TEXT("name");
		rows[3 * i + 2] = (struct ferry_value)DECIMAL("1.25");
	}
	rows[3 * 10 + 1] = (struct ferry_value)NOTHING;
	rows[3 * 500 + 2] = (struct ferry_value)INT(5000);
	rows[3 * 501 + 2] = (struct ferry_value)DECIMAL("0.12345678901234567");
	rows[3 * 700 + 1] = (struct ferry_value)TEXT("too long");
	rows[3 * 999] = (struct ferry_value)NOTHING;
	rows[3 * 998 + 1] = (struct ferry_value)BYTES("\xff");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 1000));
	expect_refused(10, "not_null_violation", "name");
	assert_string_equal(outcomes[500].code, "check_violation");
	expect_refused(501, "INEXACT", "amount");
	if (f->base == SQLITE)
		assert_string_equal(outcomes[700].code, "check_violation");
	else
		assert_string_equal(outcomes[700].code, "string_data_right_truncation");
	if (f->base != SQLITE)
		expect_refused(998, "datatype_mismatch", "name");
	expect_refused(999, "NULL_KEY", "id");
	expect_rows(f, "SELECT count(*) FROM people", pick(f, "994\n", "994\n", "995\n"));
	for (int i = 0; i < 1000; i++)
		if (i != 10 && i != 500 && i != 501 && i != 700 && i < 998) {
			assert_int_equal(outcomes[i].ack, FERRY_ACK_DONE);
			assert_int_equal(strtol(outcomes[i].dest_id, NULL, 10), i);
			assert_true(outcomes[i].dest_id[0]);
		}
	ferry_connector.close(h);

	/* with a database of which nothing is known the engine narrows it down */
	h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "people", "dialect", "generic", NULL});
	rows[3 * 10 + 1] = (struct ferry_value)TEXT("long name");
	rows[3 * 10 + 2] = (struct ferry_value)INT(5000);
	assert_failure(f, apply(f, h, FERRY_UPDATE, rows + 3 * 9, 3), FERRY_E_REJECTED, "people");
	expect_acks(3, FERRY_ACK_UNSENT);
	assert_success(f, apply(f, h, FERRY_UPDATE, rows + 3 * 10, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	ferry_connector.close(h);
}

static void foreign_keys(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value rows[] = {INT(1), INT(7), NOTHING, INT(2), INT(8), NOTHING};

	fixture_sql(f, "CREATE TABLE teams (id int PRIMARY KEY)");
	fixture_sql(f, "INSERT INTO teams VALUES (7)");
	fixture_sql(f, "CREATE TABLE people (id int PRIMARY KEY, name int, amount int, FOREIGN KEY (name) REFERENCES teams (id))");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[1].code, "foreign_key_violation");
	ferry_connector.close(h);
}

/* A server that would bend values until they fit is told not to. */
static void strict_whatever_the_server_says(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value rows[] = {INT(1), TEXT("too long for five"), NOTHING};

	if (f->base != MARIADB)
		return;
	fixture_sql(f, "CREATE TABLE people (id int PRIMARY KEY, name varchar(5), amount int)");
	fixture_sql(f, "SET GLOBAL sql_mode = ''");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[0].code, "string_data_right_truncation");
	fixture_sql(f, "SET GLOBAL sql_mode = DEFAULT");
	ferry_connector.close(h);
}

static void other_unique_key(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value rows[] = {
		INT(1), TEXT("Ann"), NOTHING, INT(2), TEXT("Ann"), NOTHING, INT(3), TEXT("Bo"), NOTHING,
	};

	/* a row that has another one's name must not become that one */
	fixture_sql(f, "CREATE TABLE people (id int PRIMARY KEY, name varchar(20) UNIQUE, amount int)");
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 3));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[1].code, "unique_violation");
	assert_int_equal(outcomes[2].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT id, name FROM people ORDER BY id", "1|Ann\n3|Bo\n");
	ferry_connector.close(h);
}

static const char *const all_names[] = {"id", "b", "i", "n", "t", "y", "z", "d", "r", "c"};
enum { WIDE = 10 };
static const struct ferry_field *const no_fields[WIDE];
static const struct ferry_layout wide = {WIDE, all_names, no_fields};

static void *open_wide(struct fixture *f, const char *const *settings)
{
	struct ferry_open open = {.role = FERRY_DESTINATION, .layout = &wide, .mode = FERRY_MODE_MIRROR, .keys = key_id};
	void *h = fixture_open(f, &open, settings);

	if (!h)
		fail_msg("open: %s", f->err.msg);
	return h;
}

static int apply_wide(struct fixture *f, void *h, const struct ferry_value *rows, size_t n)
{
	struct ferry_action actions[16];

	for (size_t i = 0; i < n; i++)
		actions[i] = (struct ferry_action){.decision = FERRY_CREATE, .key = "k", .key_len = 1, .dest_id = "",
						   .fields = rows + i * WIDE};
	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, actions, n, outcomes, &f->err);
}

static int lookup_wide(struct fixture *f, void *h, const struct ferry_value *row, struct ferry_found *found)
{
	struct ferry_action a = {.decision = FERRY_CREATE, .key = "k", .key_len = 1, .dest_id = "", .fields = row};

	return ferry_connector.lookup(h, &a, 1, found, &f->err);
}

#define LIMITS \
	INT(1), BOOLEAN(1), INT(INT64_MAX), DECIMAL("12345678901234567890.0123456789"), \
		TEXT("A\xc3\xa9\xf0\x9f\x9a\xa2"), BYTES("\0\xff'\\"), TIME(-14182939876544), TEXT("1969-07-20"), \
		DECIMAL("0.30000000000000004"), TEXT("20:17:40"), \
	INT(2), BOOLEAN(0), INT(INT64_MIN), DECIMAL("-0.0000000001"), TEXT(""), BYTES(""), \
		TIME(253402300799999999), TEXT("9999-12-31"), DECIMAL("-1.5"), TEXT("00:00:00"), \
	INT(3), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING

/* What is written is what is looked up: no difference, in either table. */
static void values_at_limits(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value rows[] = {LIMITS};
	struct ferry_found found;

	fixture_sql(f, pick(f, "CREATE TABLE w (id int PRIMARY KEY, b boolean, i bigint, n numeric, t text, y bytea, z timestamptz, d date, r float8, c time)",
			    "CREATE TABLE w (id int PRIMARY KEY, b boolean, i bigint, n decimal(38,10), t longtext, y longblob, z datetime(6), d date, r double, c time)",
			    "CREATE TABLE w (id INTEGER PRIMARY KEY, b boolean, i bigint, n TEXT, t TEXT, y BLOB, z TEXT, d date, r double, c time)"));
	for (int made = 0; made < 2; made++) {
		void *h = open_wide(f, (const char *const[]){"table", made ? "made" : "w", made ? "create" : NULL, "true", NULL});
		assert_success(f, ferry_connector.validate_setup(h, &f->err));
		assert_success(f, apply_wide(f, h, rows, 3));
		expect_acks(3, FERRY_ACK_DONE);
		if (made)
			assert_non_null(strstr(f->log, "made table"));
		for (int i = 0; i < 3; i++) {
			assert_success(f, lookup_wide(f, h, rows + i * WIDE, &found));
			assert_int_equal(found.presence, FERRY_FOUND);
			for (int k = 0; k < WIDE; k++) {
				const struct ferry_value *ours = &rows[i * WIDE + k], *theirs = &found.fields[k];
				if (ours->type != theirs->type)
					fail_msg("made %d row %d column %s: type %d is %d '%.*s' %lld", made, i, all_names[k],
						 ours->type, theirs->type, theirs->type == FERRY_TEXT || theirs->type == FERRY_DECIMAL ? (int)theirs->len : 0,
						 theirs->s, (long long)theirs->i);
			}
		}
		ferry_connector.close(h);
	}
	expect_rows(f, pick(f, "SELECT n, encode(y, 'hex'), z, d, r FROM w ORDER BY id", "SELECT n, lower(hex(y)), z, d, r FROM w ORDER BY id",
			    "SELECT n, lower(hex(y)), z, d, printf('%!.17g', r) FROM w ORDER BY id"),
		    pick(f, "12345678901234567890.0123456789|00ff275c|1969-07-20 20:17:40.123456|1969-07-20|0.30000000000000004\n"
			    "-0.0000000001||9999-12-31 23:59:59.999999|9999-12-31|-1.5\nNULL|NULL|NULL|NULL|NULL\n",
			 "12345678901234567890.0123456789|00ff275c|1969-07-20 20:17:40.123456|1969-07-20|0.30000000000000004\n"
			    "-0.0000000001||9999-12-31 23:59:59.999999|9999-12-31|-1.5\nNULL|NULL|NULL|NULL|NULL\n",
			 "12345678901234567890.0123456789|00ff275c|1969-07-20T20:17:40.123456Z|1969-07-20|0.30000000000000004\n"
			    "-0.0000000001||9999-12-31T23:59:59.999999Z|9999-12-31|-1.5\nNULL||NULL|NULL|0.0\n"));
}

static void misfits(void **state)
{
	struct fixture *f = *state;
	static const struct { int place; struct ferry_value value; const char *code; } cases[] = {
		{1, TEXT("maybe"), "invalid_text_representation"},
		{2, DECIMAL("1.5"), "INEXACT"},
		{2, TEXT("a lot"), "invalid_text_representation"},
		{2, DECIMAL("99999999999999999999"), "numeric_value_out_of_range"},
		{3, TEXT("7 and more"), "invalid_text_representation"},
		{3, DECIMAL("0.12345678901"), "INEXACT"},
		{4, BYTES("x"), "datatype_mismatch"},
		{5, INT(7), "datatype_mismatch"},
		{6, TIME(1234567), "INEXACT"},
		{6, TEXT("yesterday"), "invalid_datetime_format"},
		{7, TIME(3600000000), "INEXACT"},
		{7, TEXT("2026-02-30x"), "invalid_datetime_format"},
		{8, DECIMAL("0.1234567890123456789"), "INEXACT"},
	};

	if (f->base == SQLITE)
		return;		/* which takes any value anywhere */
	fixture_sql(f, pick(f, "CREATE TABLE w (id int PRIMARY KEY, b boolean, i bigint, n numeric(38,10), t text, y bytea, z timestamp(3), d date, r float8, c time)",
			    "CREATE TABLE w (id int PRIMARY KEY, b bit(1), i bigint, n decimal(38,10), t longtext, y longblob, z datetime(3), d date, r double, c time)",
			    ""));
	void *h = open_wide(f, (const char *const[]){"table", "w", NULL});
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ferry_value row[WIDE] = {INT(1)};
		row[cases[i].place] = cases[i].value;
		assert_success(f, apply_wide(f, h, row, 1));
		if (outcomes[0].ack != FERRY_ACK_REJECTED || strcmp(outcomes[0].code, cases[i].code) != 0)
			fail_msg("case %zu: ack %d code %s: %s", i, outcomes[0].ack, outcomes[0].code, outcomes[0].message);
		if (cases[i].code[0] == 'I')
			assert_string_equal(outcomes[0].field, all_names[cases[i].place]);
	}
	expect_rows(f, "SELECT count(*) FROM w", "0\n");
	ferry_connector.close(h);
}

static size_t listed;
static char listed_text[2000];

static int take_found(struct ferry_listing *listing, const struct ferry_found *found, size_t n, struct ferry_error *err)
{
	(void)listing, (void)err;
	for (size_t i = 0; i < n; i++) {
		listed++;
		if (listed <= 3)
			snprintf(listed_text + strlen(listed_text), 200, "%s=%.*s\n", found[i].dest_id, (int)found[i].fields[1].len, found[i].fields[1].s);
	}
	return 0;
}

static void lookup_and_list(void **state)
{
	struct fixture *f = *state;
	struct ferry_listing listing = {.found = take_found};
	static const struct ferry_value ours[] = {TEXT("2"), TEXT("Bo \xf0\x9f\x9a\xa2 '\"\\?"), NOTHING};
	struct ferry_action actions[] = {
		{.key = "a", .key_len = 1, .dest_id = "", .fields = three},
		{.key = "b", .key_len = 1, .dest_id = "", .fields = ours},
		{.key = "c", .key_len = 1, .dest_id = "3"},
		{.key = "d", .key_len = 1, .dest_id = "99"},
		{.key = "e", .key_len = 1, .dest_id = "no number"},
	};
	struct ferry_found found[5];

	make_people(f);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, three, 3));
	assert_success(f, ferry_connector.lookup(h, actions, 5, found, &f->err));
	assert_int_equal(found[0].presence, FERRY_FOUND);
	assert_string_equal(found[0].dest_id, "1");
	assert_int_equal(found[1].presence, FERRY_FOUND);
	assert_int_equal(found[1].fields[0].type, FERRY_TEXT);	/* 2 is "2", and no difference */
	assert_int_equal(found[2].presence, FERRY_FOUND);
	assert_int_equal(found[2].fields[1].len, 0);
	assert_int_equal(found[3].presence, FERRY_ABSENT);
	assert_int_equal(found[4].presence, FERRY_ABSENT);
	listed = 0;
	listed_text[0] = '\0';
	assert_success(f, ferry_connector.list(h, &listing, &f->err));
	assert_int_equal(listed, 3);
	assert_string_equal(listed_text, "1=Ann\n2=Bo \xf0\x9f\x9a\xa2 '\"\\?\n3=\n");
	ferry_connector.close(h);
}

static void large_batch(void **state)
{
	struct fixture *f = *state;
	static struct ferry_value rows[OUTCOMES * FIELDS];
	static char names[OUTCOMES][20];
	struct ferry_listing listing = {.found = take_found};

	for (int i = 0; i < OUTCOMES; i++) {
		rows[3 * i] = (struct ferry_value)INT(i);
		snprintf(names[i], sizeof names[i], "name %d", i);
		rows[3 * i + 1] = (struct ferry_value){.s = names[i], .len = (uint32_t)strlen(names[i]), .type = FERRY_TEXT};
		rows[3 * i + 2] = (struct ferry_value)DECIMAL("12.50");
	}
	make_people(f);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, OUTCOMES));
	expect_acks(OUTCOMES, FERRY_ACK_DONE);
	expect_rows(f, "SELECT count(*), min(id), max(id), min(name), max(name) FROM people", "3000|0|2999|name 0|name 999\n");
	assert_success(f, apply(f, h, FERRY_UPDATE, rows, 1000));
	listed = 0;
	assert_success(f, ferry_connector.list(h, &listing, &f->err));
	assert_int_equal(listed, OUTCOMES);
	assert_success(f, apply(f, h, FERRY_DELETE, rows, 2000));
	expect_rows(f, "SELECT count(*), min(id) FROM people", "1000|2000\n");
	ferry_connector.close(h);
}

static void long_row(void **state)
{
	struct fixture *f = *state;
	enum { LONG = 10 * 1000 * 1000 };
	char *text = malloc(LONG);

	if (f->base == MARIADB)
		fixture_sql(f, "SET GLOBAL max_allowed_packet = 64000000");
	fixture_sql(f, pick(f, "CREATE TABLE people (id int PRIMARY KEY, name text, amount bytea)",
			    "CREATE TABLE people (id int PRIMARY KEY, name longtext, amount longblob)",
			    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, amount BLOB)"));
	for (int i = 0; i < LONG; i += 5)
		memcpy(text + i, "x\xf0\x9f\x9a\xa2", 5);
	struct ferry_value row[] = {
		INT(1), {.s = text, .len = LONG, .type = FERRY_TEXT}, {.s = text, .len = LONG, .type = FERRY_BYTES},
		INT(2), TEXT("short"), BYTES("short"),
	};
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, row, 2));
	expect_acks(2, FERRY_ACK_DONE);
	expect_rows(f, pick(f, "SELECT length(name), octet_length(amount) FROM people ORDER BY id", "SELECT char_length(name), length(amount) FROM people ORDER BY id",
			    "SELECT length(name), length(amount) FROM people ORDER BY id"), "4000000|10000000\n5|5\n");
	struct ferry_action a = {.decision = FERRY_CREATE, .key = "1", .key_len = 1, .dest_id = "", .fields = row};
	struct ferry_found found;
	assert_success(f, ferry_connector.lookup(h, &a, 1, &found, &f->err));
	assert_int_equal(found.fields[1].len, LONG);
	assert_memory_equal(found.fields[1].s, text, LONG);
	assert_memory_equal(found.fields[2].s, text, LONG);
	ferry_connector.close(h);
	free(text);
}

static void composite_key(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value rows[] = {
		INT(1), TEXT("a"), DECIMAL("1.00"), INT(1), TEXT("b"), DECIMAL("2.00"), INT(2), TEXT("a"), DECIMAL("3.00"),
	};

	void *h = open_mode(f, FERRY_MODE_MIRROR, NULL, (const char *const[]){"table", "usage \"t`", "key", "id, name", "create", "true", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 3));
	expect_acks(3, FERRY_ACK_DONE);
	assert_string_equal(outcomes[1].dest_id, "1\x1f" "b");
	assert_success(f, apply_id(f, h, FERRY_DELETE, "1\x1f" "b", NULL, NULL));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	expect_rows(f, pick(f, "SELECT id, name FROM \"usage \"\"t`\" ORDER BY id", "SELECT id, name FROM `usage \"t``` ORDER BY id", "SELECT id, name FROM \"usage \"\"t`\" ORDER BY id"), "1|a\n2|a\n");
	ferry_connector.close(h);
}

static void setups_refused(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_DESTINATION, .layout = &layout, .mode = FERRY_MODE_MIRROR, .keys = key_id};

	fixture_sql(f, "CREATE TABLE few (id int PRIMARY KEY, name varchar(20))");
	fixture_sql(f, "CREATE TABLE loose (id int, name varchar(20), amount int)");
	fixture_sql(f, "CREATE TABLE strict (id int PRIMARY KEY, name varchar(20), amount int, must int NOT NULL, may int NOT NULL DEFAULT 1)");
	static const struct { const char *table; enum ferry_code code; const char *part; } cases[] = {
		{"nope", FERRY_E_SETUP, "there is no table"},
		{"few", FERRY_E_SETUP, "no column to write for 'amount'"},
		{"loose", FERRY_E_SETUP, "is not unique"},
		{"strict", FERRY_E_SETUP, "column 'must' of table"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		void *h = fixture_open(f, &open, (const char *const[]){"table", cases[i].table, NULL});
		assert_failure(f, ferry_connector.validate_setup(h, &f->err), cases[i].code, cases[i].part);
		ferry_connector.close(h);
	}
	/* the table is made at the first write, and not before; nothing need be deleted from none */
	void *h = fixture_open(f, &open, (const char *const[]){"table", "later", "create", "true", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_success(f, apply(f, h, FERRY_DELETE, three, 2));
	expect_acks(2, FERRY_ACK_DUPLICATE);
	assert_success(f, apply(f, h, FERRY_CREATE, three, 3));
	expect_acks(3, FERRY_ACK_DONE);
	assert_failure(f, apply(f, h, FERRY_DISABLE, three, 1), FERRY_E_CONFIG, "disabled_at");
	ferry_connector.close(h);
}

#define T(x) cmocka_unit_test_setup_teardown(x, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(create_update_delete), T(every_way), T(mode_update_makes_none), T(disabled_and_back), T(key_moves),
		T(rows_refused), T(foreign_keys), T(strict_whatever_the_server_says), T(other_unique_key), T(values_at_limits), T(misfits), T(lookup_and_list),
		T(large_batch), T(long_row), T(composite_key), T(setups_refused),
	};

	return run_everywhere("odbc destination", tests, sizeof tests / sizeof tests[0]);
}
