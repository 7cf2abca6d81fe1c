/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-mysql-values.c - what the mysql connector does without a server: values from texts, SQL of values,
 * names in messages, where a query ends, and what can be told of settings alone.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "mysql/private.h"

static const struct ferry_host host = {.parse_time = clock_parse, .format_time = clock_format};

static const char *read_cell(enum kind kind, const char *text, bool ordered)
{
	static char out[500];
	struct cells cells = {0};
	const struct column column = {.kind = kind, .ordered = ordered};
	const struct reading how = {0};

	assert_true(cells_room(&cells, 1));
	enum cell_status status = cells_add(&cells, &column, &how, text, strlen(text));
	const struct ferry_value *v = cells.values;
	if (status != CELL_OK)
		snprintf(out, sizeof out, "status %d", status);
	else if (value_has_text(v))
		snprintf(out, sizeof out, "%d %.*s", v->type, (int)v->len, v->s);
	else
		snprintf(out, sizeof out, "%d %lld", v->type, (long long)v->i);
	cells_release(&cells);
	return out;
}

static void cells_from_text(void **state)
{
	static const struct { enum kind kind; const char *text, *value; } cases[] = {
		{KIND_INT, "-9223372036854775808", "2 -9223372036854775808"}, {KIND_INT, "0007", "2 7"}, {KIND_INT, "", "status 2"},
		{KIND_INT, "18446744073709551615", "3 18446744073709551615"}, {KIND_INT, "12a", "status 2"}, {KIND_INT, "-", "status 2"},
		{KIND_INT, "9223372036854775808", "3 9223372036854775808"}, {KIND_INT, "-9223372036854775809", "status 2"},
		{KIND_INT, "00000000000000000000000042", "2 42"}, {KIND_INT, "123456789012345678901", "status 2"},
		{KIND_DECIMAL, "00012.50", "3 12.50"}, {KIND_DECIMAL, "-0.10", "3 -0.10"}, {KIND_DECIMAL, "x", "status 2"},
		{KIND_DOUBLE, "1e22", "3 10000000000000000000000"}, {KIND_DOUBLE, "-2.5e-7", "3 -0.00000025"}, {KIND_DOUBLE, "nan", "status 2"},
		{KIND_FLOAT, "0.10000000149011612", "3 0.1"}, {KIND_DOUBLE, "1.5x", "status 2"},
		{KIND_DATE, "2026-01-31", "4 2026-01-31"}, {KIND_DATE, "2026-1-31", "status 2"}, {KIND_DATE, "2026-02-00", "4 2026-02-00"},
		{KIND_DATETIME, "1969-12-31 23:59:59.999999", "6 -1"}, {KIND_DATETIME, "2026-01-31", "status 2"},
		{KIND_TIMESTAMP, "2026-01-01 00:00:00.5", "6 1767225600500000"}, {KIND_TIMESTAMP, "0000-00-00 00:00:00", "4 0000-00-00 00:00:00"},
		{KIND_BIT, "\x01\x02", "2 258"}, {KIND_BIT, "123456789", "status 2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(read_cell(cases[i].kind, cases[i].text, false), cases[i].value);
	assert_string_equal(read_cell(KIND_DATETIME, "0000-00-00 00:00:00", true), "status 3");
	assert_string_equal(read_cell(KIND_DATE, "0000-00-00", true), "4 0000-00-00");
}

static void values_as_sql(void **state)
{
	static const struct { enum kind kind; struct ferry_value v; const char *sql; } cases[] = {
#define T(t, x) {.s = (x), .len = sizeof (x) - 1, .type = (t)}
		{KIND_TEXT, T(FERRY_TEXT, "it's \\ a\0b \n"), "'it''s \\\\ a\\0b \n'"}, {KIND_TEXT, {.type = FERRY_NULL}, "NULL"},
		{KIND_TEXT, {.i = 1, .type = FERRY_BOOL}, "'true'"}, {KIND_INT, {.i = 1, .type = FERRY_BOOL}, "1"},
		{KIND_INT, {.i = INT64_MIN, .type = FERRY_INT}, "-9223372036854775808"}, {KIND_INT, T(FERRY_TEXT, "1; DROP"), "'1; DROP'"},
		{KIND_DECIMAL, T(FERRY_DECIMAL, "-12.50"), "-12.50"}, {KIND_DOUBLE, T(FERRY_DECIMAL, "0.1"), "0.1e0"},
		{KIND_DOUBLE, T(FERRY_TEXT, "1E5"), "1E5"}, {KIND_BYTES, T(FERRY_BYTES, "\0'\\"), "_binary'\\0''\\\\'"},
		{KIND_DATETIME, {.i = -1, .type = FERRY_TIME}, "'1969-12-31 23:59:59.999999'"},
		{KIND_DATETIME, T(FERRY_TEXT, "2026-01-01T02:00:00+02:00"), "'2026-01-01 00:00:00'"}, {KIND_DATE, {.i = 0, .type = FERRY_TIME}, "'1970-01-01'"},
		{KIND_TEXT, {.i = 0, .type = FERRY_TIME}, "'1970-01-01T00:00:00Z'"}, {KIND_DATETIME, T(FERRY_TEXT, "soon'"), "'soon'''"},
	};
	struct destination d = {.base.host = &host};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct table_column c = {.column.kind = cases[i].kind};
		struct text sql = {0};
		literal_add(&sql, &d, &c, &cases[i].v);
		assert_string_equal(sql.s, cases[i].sql);
		text_release(&sql);
	}
}

static void names_in_messages(void **state)
{
	static const struct { const char *text, *name; enum named what; } cases[] = {
		{"Column 'name' cannot be null", "name", NAMED_COLUMN},
		{"Data too long for column 'name' at row 3", "name", NAMED_COLUMN},
		{"Incorrect integer value: 'for column ' for column `db`.`t`.`id` at row 1", "id", NAMED_COLUMN},
		{"Field 'must' doesn't have a default value", "must", NAMED_COLUMN},
		{"Duplicate entry 'x' for key 'email'", "email", NAMED_INDEX},
		{"Duplicate entry 'x' for key 't.email'", "email", NAMED_INDEX},
		{"Cannot add or update a child row: a foreign key constraint fails (`d`.`t`, CONSTRAINT `c` FOREIGN KEY (`amount`) REFERENCES `a` (`x`))",
			"amount", NAMED_COLUMN},
		{"CONSTRAINT `t.j` failed for `d`.`t`", "j", NAMED_CHECK},
		{"Deadlock found when trying to get lock; try restarting transaction", "", NAMED_NOTHING},
		{"Unknown column name", "", NAMED_NOTHING}, {"Column '", "", NAMED_NOTHING},
	};
	char name[80];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(fault_names(cases[i].text, name, sizeof name), cases[i].what);
		assert_string_equal(name, cases[i].name);
	}
}

static void where_a_query_ends(void **state)
{
	static const struct { const char *sql; size_t length; bool more; } cases[] = {
		{"SELECT 1", 8, false}, {"SELECT 1; ", 8, false}, {"SELECT 1 # it's done", 8, false}, {"SELECT 1 -- it's", 8, false},
		{"SELECT 1--1", 11, false}, {"SELECT 'a\\';b' ; -- x\n ; /* ; */", 14, false}, {"SELECT `a;b`", 12, false},
		{"SELECT 1; SELECT 2", 8, true}, {"SELECT \"a\\\"; b\"", 15, false}, {"# nothing", 0, false}, {"SELECT /* a /* b */ 1", 21, false},
		{"SELECT $$", 9, false}, {"SELECT 'a''b;'", 14, false},
		{"SELECT 1 /*! + 1 */", 19, false}, {"SELECT 1 /*M!100100 + 1 */;", 26, false},
	};
	bool more;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(statement_length(cases[i].sql, MYSQL_SQL, &more), cases[i].length);
		assert_int_equal(more, cases[i].more);
	}
}

static void days_of_dates(void **state)
{
	char text[MOMENT_TEXT + 1];
	int64_t day;

	(void)state;
	for (int64_t i = -719162; i <= 2932896; i += 97) {
		int year, month, mday;
		text[date_text(i, text)] = '\0';
		assert_int_equal(sscanf(text, "%d-%d-%d", &year, &month, &mday), 3);
		assert_true(moment_day(year, month, mday, &day));
		assert_int_equal(day, i);
	}
	assert_true(moment_day(2024, 2, 29, &day));
	assert_false(moment_day(2023, 2, 29, &day));
	assert_false(moment_day(1900, 2, 29, &day));
	assert_true(moment_day(2000, 2, 29, &day));
	assert_false(moment_day(2026, 13, 1, &day));
	assert_false(moment_day(2026, 4, 31, &day));
}

/* ------------------------------------------------------------------ what a check tells */

static char mistakes[1000];

static void __attribute__((format(printf, 3, 4)))
take_mistake(struct ferry_check *check, const char *about, const char *fmt, ...)
{
	size_t at = strlen(mistakes);
	va_list ap;

	(void)check;
	at += (size_t)snprintf(mistakes + at, sizeof mistakes - at, "%s: ", about ? about : "-");
	va_start(ap, fmt);
	at += (size_t)vsnprintf(mistakes + at, sizeof mistakes - at, fmt, ap);
	va_end(ap);
	snprintf(mistakes + at, sizeof mistakes - at, "\n");
}

static const char *check(struct ferry_open *open, const char *const *settings)
{
	struct ferry_setting list[8];
	struct ferry_check sink = {NULL, take_mistake};
	size_t n = 0;

	for (size_t i = 0; settings[i]; i += 2)
		list[n++] = (struct ferry_setting){settings[i], strcmp(settings[i + 1], "?") == 0 ? (struct ferry_value){0} :
			(struct ferry_value){.s = settings[i + 1], .len = (uint32_t)strlen(settings[i + 1]), .type = FERRY_TEXT}};
	open->host = &host;
	open->settings = list;
	open->n_settings = n;
	mistakes[0] = '\0';
	ferry_connector.check(open, &sink);
	return mistakes;
}

static void mistakes_in_settings(void **state)
{
	static const char *const names[] = {"id", "name", "Name"};
	static const struct ferry_field *const no_fields[3];
	const struct ferry_layout two = {2, names, no_fields}, three = {3, names, no_fields};
	struct ferry_open source = {.role = FERRY_SOURCE}, to = {.role = FERRY_DESTINATION, .layout = &two};

	(void)state;
	assert_string_equal(check(&source, (const char *const[]){"query", "SELECT 1;", "user", "x", NULL}), "");
	assert_string_equal(check(&source, (const char *const[]){NULL}), "-: give either 'query' or 'table'\n");
	assert_string_equal(check(&source, (const char *const[]){"query", "SELECT 1; SELECT 2", NULL}),
			    "query: 'query' has more than one statement\n");
	assert_string_equal(check(&source, (const char *const[]){"table", "t", "host", "a", "socket", "b", NULL}),
			    "socket: give either 'host' or 'socket', not both\n");
	/* what is not known yet is not wrong */
	assert_string_equal(check(&source, (const char *const[]){"table", "?", NULL}), "");
	assert_string_equal(check(&source, (const char *const[]){"table", "?", "query", "?", NULL}),
			    "query: give either 'query' or 'table', not both\n");
	assert_string_equal(check(&to, (const char *const[]){"table", "?", "key", "?", "disabled_at", "?", NULL}), "");
	source.common.tls_cert = "x";
	assert_non_null(strstr(check(&source, (const char *const[]){"table", "t", NULL}), "tls: "));
	assert_string_equal(check(&to, (const char *const[]){"table", "t", "key", "id", NULL}), "");
	assert_string_equal(check(&to, (const char *const[]){"table", "t", "key", "id, nam, ID", NULL}),
			    "key: the key column 'nam' is not mapped\nkey: 'ID' is named twice\n");
	assert_string_equal(check(&to, (const char *const[]){"table", "t", "disabled_at", "name", NULL}),
			    "disabled_at: 'name' is written by it and cannot be mapped too\n");
	to.layout = &three;
	assert_string_equal(check(&to, (const char *const[]){"table", "t", NULL}), "Name: is the same column as 'name'\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_from_text), cmocka_unit_test(values_as_sql), cmocka_unit_test(names_in_messages),
		cmocka_unit_test(where_a_query_ends), cmocka_unit_test(days_of_dates), cmocka_unit_test(mistakes_in_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
