/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-expr.c - expressions over a row: what is evaluated without SQLite gives what SQLite gives, and
 * everything else goes to SQLite.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "wire/expr.h"

#define N(a) (sizeof (a) / sizeof (a)[0])

static const struct ferry_column columns[] = {
	{"id", FERRY_INT}, {"email", FERRY_TEXT}, {"Name", FERRY_TEXT}, {"amount", FERRY_DECIMAL}, {"qty", FERRY_INT},
	{"flag", FERRY_BOOL}, {"at", FERRY_TIME}, {"raw", FERRY_BYTES}, {"two words", FERRY_TEXT}, {"empty", FERRY_TEXT},
	{"stra\xc3\x9f" "e", FERRY_TEXT}, {"current_date", FERRY_INT},
};
enum { WIDTH = N(columns) };

static struct ferry_value text(const char *s)
{
	return (struct ferry_value){.s = s, .len = (uint32_t)strlen(s), .type = FERRY_TEXT};
}

static struct ferry_value integer(int64_t i)
{
	return (struct ferry_value){.i = i, .type = FERRY_INT};
}

static void set_row(struct ferry_value row[WIDTH])
{
	const struct ferry_value values[WIDTH] = {
		integer(7), text("  Ann.LEE@Example.COM "), text("Ann \xc3\x84 Lee"),
		{.s = "12.50", .len = 5, .type = FERRY_DECIMAL}, integer(3), {.i = 1, .type = FERRY_BOOL},
		{.i = 1700000000000000, .type = FERRY_TIME}, {.s = "\0\xff", .len = 2, .type = FERRY_BYTES},
		text("words"), {.type = FERRY_NULL}, text(""), integer(20260101),
	};
	memcpy(row, values, sizeof values);
}

static struct expr_set *set_of(const char *const *texts, size_t n, bool native)
{
	struct expr_set *set;
	struct ferry_error err;

	assert_int_equal(expr_new(&set, &err), 0);
	if (!native)
		expr_without_native(set);
	for (size_t i = 0; i < n; i++)
		expr_add(set, texts[i]);
	if (expr_prepare(set, columns, WIDTH, &err) != 0)
		fail_msg("%s", err.msg);
	return set;
}

static const char *shown(const struct ferry_value *v)
{
	static char out[4096];
	int n = snprintf(out, sizeof out, "type %d", v->type);

	if (v->type == FERRY_INT)
		snprintf(out + n, sizeof out - (size_t)n, " %" PRId64, v->i);
	else if (v->type != FERRY_NULL)
		snprintf(out + n, sizeof out - (size_t)n, " '%.*s' (%u)", (int)v->len, v->s, v->len);
	return out;
}

static bool same(const struct ferry_value *a, const struct ferry_value *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == FERRY_NULL)
		return true;
	if (a->type == FERRY_INT || a->type == FERRY_BOOL || a->type == FERRY_TIME)
		return a->i == b->i;
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

/* ------------------------------------------------------------------ by hand */

static void gives_what_is_wanted(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{"lower(trim(email))", "type 4 'ann.lee@example.com' (19)"},
		{"UPPER( \"name\" )", "type 4 'ANN \xc3\x84 LEE' (10)"},
		{"ltrim(email) || '|'", "type 4 'Ann.LEE@Example.COM |' (21)"},
		{"'<' || rtrim(email)", "type 4 '<  Ann.LEE@Example.COM' (22)"},
		{"length(name)", "type 2 9"}, {"length(raw)", "type 2 2"}, {"length(id)", "type 2 1"},
		{"coalesce(\"EMPTY\", NULL, src.qty)", "type 2 3"}, {"ifnull(\"empty\", 'none')", "type 4 'none' (4)"},
		{"nullif(stra\xc3\x9f" "e, '')", "type 0"}, {"nullif(qty, '3')", "type 2 3"},
		{"qty * 3 + 1", "type 2 10"}, {"1 + qty * 3", "type 2 10"}, {"-(qty - 10) / 2", "type 2 3"},
		{"amount * 100", "type 3 '1250' (4)"}, {"amount + 0", "type 3 '12.5' (4)"}, {"-amount", "type 3 '-12.5' (5)"},
		{"amount / 0", "type 0"}, {"amount", "type 3 '12.50' (5)"}, {"(amount)", "type 4 '12.50' (5)"},
		{"- 2 || 3 * 2", "type 2 -46"}, {"'it''s ' || id", "type 4 'it's 7' (6)"},
		{"flag = 1", "type 2 1"}, {"qty <> 3", "type 2 0"}, {"qty < '3'", "type 2 1"}, {"raw > name", "type 2 1"},
		{"\"empty\" = \"empty\"", "type 0"}, {"\"empty\" IS NULL", "type 2 1"}, {"qty is not null", "type 2 1"},
		{"qty ISNULL OR id NOTNULL", "type 2 1"}, {"NOT qty = 3", "type 2 0"},
		{"\"empty\" = 1 AND qty = 4", "type 2 0"}, {"\"empty\" = 1 OR qty = 4", "type 0"},
		{"at", "type 6"}, {"src.at || ''", "type 4 '2023-11-14T22:13:20Z' (20)"}, {"(flag)", "type 2 1"},
		{"case when qty > 5 then 'many' when qty > 2 then 'some' else 'few' end", "type 4 'some' (4)"},
		{"CASE qty WHEN NULL THEN 0 WHEN '3' THEN 1 WHEN 3 THEN 2 END", "type 2 2"},
		{"CASE WHEN NULL THEN 1 END", "type 0"}, {"\"two words\" || src.\"two words\"", "type 4 'wordswords' (10)"},
		{"(raw)", "type 5"}, {"'' || \"two words\"", "type 4 'words' (5)"}, {"qty + 0 == 3", "type 2 1"},
		{"1 <= qty", "type 2 1"}, {"id >= 7 and id != 8", "type 2 1"},
	};
	struct ferry_value row[WIDTH], out;
	struct ferry_error err;

	(void)state;
	set_row(row);
	for (size_t i = 0; i < N(cases); i++) {
		struct expr_set *set = set_of(&cases[i].text, 1, true);
		if (expr_column(set, 0) < 0 && !expr_is_native(set, 0))
			fail_msg("%s: is not native", cases[i].text);
		assert_int_equal(expr_eval(set, row, &out, &err), 0);
		const char *got = shown(&out);
		if (strncmp(got, cases[i].wanted, strlen(cases[i].wanted)) != 0)
			fail_msg("%s: %s, not %s", cases[i].text, got, cases[i].wanted);
		expr_free(set);
	}
}

/* What only looks like something native. */
static void leaves_the_rest_to_sqlite(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{"qty --+ 1", "type 2 3"}, {"qty /* */ + 1", "type 2 4"}, {"qty % 2", "type 2 1"}, {"1 << qty", "type 2 8"},
		{"qty IS 3", "type 2 1"}, {"qty IS NOT 3", "type 2 0"}, {"qty IN (1, 3)", "type 2 1"},
		{"qty BETWEEN 1 AND 3", "type 2 1"}, {"name LIKE 'ann%'", "type 2 1"}, {"id NOT NULL", "type 2 1"},
		{"id = 7 COLLATE NOCASE", "type 2 1"}, {"'WORDS' = \"two words\" COLLATE NOCASE", "type 2 1"},
		{"CAST(amount AS INTEGER)", "type 2 12"}, {"trim('xax', 'x')", "type 4 'a' (1)"},
		{"1.5 + qty", "type 3 '4.5' (3)"}, {"0x10", "type 2 16"}, {"x'41' || ''", "type 4 'A' (1)"},
		{"9223372036854775807 + 1", "type 3 '9.223372036854776e+18' (21)"}, {"substr(name, 1, 3)", "type 4 'Ann' (3)"},
		{"+qty", "type 2 3"}, {"~qty", "type 2 -4"}, {"max(qty, id)", "type 2 7"}, {"TRUE", "type 2 1"},
		{"true + 1", "type 2 2"}, {"FALSE", "type 2 0"}, {"[two words]", "type 4 'words' (5)"},
		{"(SELECT qty + 1)", "type 2 4"}, {"current_date || ''", "type 4 '20"}, {"qty IS TRUE", "type 2 1"},
		{"length(current_date)", "type 2 10"}, {"length(\"current_date\") IS 8", "type 2 1"},
	};
	struct ferry_value row[WIDTH], out;
	struct ferry_error err;

	(void)state;
	set_row(row);
	for (size_t i = 0; i < N(cases); i++) {
		struct expr_set *set = set_of(&cases[i].text, 1, true);
		if (expr_is_native(set, 0))
			fail_msg("%s: is native", cases[i].text);
		assert_int_equal(expr_eval(set, row, &out, &err), 0);
		const char *got = shown(&out);
		if (strncmp(got, cases[i].wanted, strlen(cases[i].wanted)) != 0)
			fail_msg("%s: %s, not %s", cases[i].text, got, cases[i].wanted);
		expr_free(set);
	}
}

/* Errors are SQLite's own, with the expression in front. */
static void errors_name_the_expression(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{"lower(nobody)", "expression 'lower(nobody)': no such column: nobody"},
		{"lower(name, 1)", "expression 'lower(name, 1)': wrong number of arguments to function lower()"},
		{"coalesce(name)", "expression 'coalesce(name)': wrong number of arguments to function coalesce()"},
		{"name, qty", "expression 'name, qty': row value misused"},
		{"qty +", "expression 'qty +': near \")\": syntax error"},
		{"other.qty", "expression 'other.qty': no such column: other.qty"},
		{"\"nobody\"", "expression '\"nobody\"': no such column: nobody"},
		{"(SELECT qty FROM nowhere)", "expression '(SELECT qty FROM nowhere)': no such table: nowhere"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct expr_set *set;
		struct ferry_error err;
		assert_int_equal(expr_new(&set, &err), 0);
		expr_add(set, "qty + 1");
		expr_add(set, cases[i].text);
		assert_int_equal(expr_prepare(set, columns, WIDTH, &err), -1);
		assert_string_equal(err.msg, cases[i].wanted);
		assert_int_equal(err.code, FERRY_E_CONFIG);
		expr_free(set);
	}
}

static void failing_rows_are_reported(void **state)
{
	static const char *const endless[] = {
		"qty + 1", "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n)",
	};
	static const char *const infinite[] = {"qty + 1", "qty * 9e999"};
	struct ferry_value row[WIDTH], out[2];
	struct ferry_error err;

	(void)state;
	set_row(row);
	struct expr_set *set = set_of(endless, 2, true);
	assert_int_equal(expr_eval(set, row, out, &err), -1);
	assert_string_equal(err.msg, "the expressions take too much work for one row");
	assert_int_equal(err.code, FERRY_E_DATA);
	expr_free(set);
	set = set_of(infinite, 2, true);
	assert_int_equal(expr_eval(set, row, out, &err), -1);
	assert_string_equal(err.msg, "expression 'qty * 9e999': the result is not finite");
	row[4].type = FERRY_NULL;
	assert_int_equal(expr_eval(set, row, out, &err), 0);
	assert_int_equal(out[1].type, FERRY_NULL);
	expr_free(set);
}

/* A lookup table's columns are not the row's, and are found by a query only. */
static void lookup_tables(void **state)
{
	static const struct ferry_column table[] = {{"code", FERRY_TEXT}, {"label", FERRY_TEXT}};
	const struct ferry_value values[] = {text("a"), text("Alpha"), text("words"), text("Words")};
	struct ferry_value row[WIDTH], out[2];
	struct ferry_error err;
	struct expr_set *set;

	(void)state;
	set_row(row);
	assert_int_equal(expr_new(&set, &err), 0);
	assert_int_equal(expr_table(set, "labels", table, 2, "code", &err), 0);
	assert_int_equal(expr_table_add(set, "labels", values, 2, &err), 0);
	assert_int_equal(expr_table_done(set, "labels", &err), 0);
	expr_add(set, "(SELECT label FROM labels WHERE code = src.\"two words\")");
	expr_add(set, "upper(\"two words\")");
	assert_int_equal(expr_prepare(set, columns, WIDTH, &err), 0);
	assert_false(expr_is_native(set, 0));
	assert_true(expr_is_native(set, 1));
	assert_int_equal(expr_eval(set, row, out, &err), 0);
	assert_string_equal(shown(&out[0]), "type 4 'Words' (5)");
	assert_string_equal(shown(&out[1]), "type 4 'WORDS' (5)");
	expr_free(set);
}

/* Of values that native leaves to SQLite, row after row. */
static void expressions_that_are_never_sure(void **state)
{
	static const char *const texts[] = {"upper(name)", "lower(raw)", "qty % 2", "length(name) + amount", "\"two words\""};
	struct ferry_value row[WIDTH], out[N(texts)];
	struct ferry_error err;

	(void)state;
	set_row(row);
	row[7] = (struct ferry_value){.s = "ABC", .len = 3, .type = FERRY_BYTES};
	struct expr_set *set = set_of(texts, N(texts), true);
	for (int i = 0; i < 1000; i++) {
		row[3] = (struct ferry_value){.s = i % 3 ? "1e2" : "2.5", .len = 3, .type = FERRY_DECIMAL};
		row[4] = integer(i);
		assert_int_equal(expr_eval(set, row, out, &err), 0);
		assert_string_equal(shown(&out[0]), "type 4 'ANN \xc3\x84 LEE' (10)");
		assert_string_equal(shown(&out[1]), "type 4 'abc' (3)");
		assert_int_equal(out[2].i, i % 2);
		assert_string_equal(shown(&out[3]), i % 3 ? "type 3 '109' (3)" : "type 3 '11.5' (4)");
		assert_string_equal(shown(&out[4]), "type 4 'words' (5)");
	}
	assert_true(expr_is_native(set, 0));
	assert_false(expr_is_native(set, 1));
	assert_false(expr_is_native(set, 3));
	expr_free(set);
}

/* ---------------------------------------------------------------- by chance */

static uint64_t seed = 88172645463325252u;

static unsigned any(unsigned n)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return (unsigned)((seed >> 20) % n);
}

static struct ferry_value any_value(char room[64])
{
	static const struct { const char *s; uint32_t len; } texts[] = {
		{"", 0}, {" ", 1}, {"a", 1}, {" aB Cd  ", 8}, {"ABC", 3}, {"Gr\xc3\xb6\xc3\x9f" "e", 7}, {"12", 2}, {"12.50", 5},
		{"-3.25", 5}, {"1e5", 3}, {"007", 3}, {" 12", 3}, {"12 ", 3}, {"9223372036854775807", 19},
		{"9223372036854775808", 19}, {"99999999999999999999", 20}, {"-0", 2}, {"-0.0", 4}, {"0.0", 3}, {".5", 2},
		{"5.", 2}, {"a\0B c", 5}, {"\0", 1}, {"\xff\x80" "A", 3}, {"0x10", 4}, {"12abc", 5}, {"+4", 2}, {"-", 1}, {"1.2.3", 5},
		{"123456789012345", 15}, {"1234567890123456", 16}, {"123456789012.345", 16}, {"1234567890123.456", 17},
		{"THE QUICK BROWN FOX Jumps Over @[`{ The Lazy Dog", 48}, {"   padded with blanks   ", 24}, {"abcdefgh", 8},
		{"ABCDEFGHI", 9}, {"\xe2\x82\xac 5", 5}, {"0.1", 3}, {"0.001", 5}, {"0.0001", 6}, {"it's", 4}, {"\xef\xbb\xbf" "A", 4},
		{"\xc3", 1}, {"x\xe2\x82", 3},
	};
	static const int64_t integers[] = {
		0, 1, -1, 2, 3, 5, 100, -7, 1000000, INT64_MAX, INT64_MIN, INT64_MAX - 1, (INT64_C(1) << 53) + 1, 4294967296,
	};
	unsigned i;

	switch (any(9)) {
	case 0:
		return (struct ferry_value){.type = FERRY_NULL};
	case 1:
		return integer(integers[any(N(integers))]);
	case 2:
		return integer((int64_t)any(2000) - 1000);
	case 3:
		return (struct ferry_value){.i = any(2), .type = FERRY_BOOL};
	case 4:
		return (struct ferry_value){.i = (int64_t)any(2000000000) * 1000003, .type = FERRY_TIME};
	case 5:
		snprintf(room, 64, "%s%u.%0*u", any(4) ? "" : "-", any(100000), (int)(1 + any(4)), any(10));
		return (struct ferry_value){.s = room, .len = (uint32_t)strlen(room), .type = FERRY_DECIMAL};
	default:
		i = any(N(texts));
		return (struct ferry_value){.s = texts[i].s, .len = texts[i].len,
			.type = any(8) ? FERRY_TEXT : any(3) ? FERRY_BYTES : FERRY_JSON};
	}
}

static void any_expression(struct buf *b, int depth);

static void any_leaf(struct buf *b)
{
	static const char *const leaves[] = {
		"id", "email", "NAME", "amount", "qty", "flag", "\"At\"", "raw", "\"two words\"", "src.id", "SRC . \"email\"",
		"src.amount", "\"empty\"", "stra\xc3\x9f" "e", "0", "1", "3", "100", "7", "''", "'a'", "'it''s'", "' x '", "NULL", "null",
		"'12.5'", "'12'", "999999999999999999", "-1", "- 5", "'\xc3\x84" "B'", "1000000007",
	};
	/* what is not native may stand in the midst of what is */
	static const char *const others[] = {"1.5", "9223372036854775807", "x'4142'", "abs(qty)", "(id IN (1, 2))", "CURRENT_DATE"};

	buf_adds(b, any(40) ? leaves[any(N(leaves))] : others[any(N(others))]);
}

static void any_call(struct buf *b, const char *name, unsigned n, int depth)
{
	buf_addf(b, "%s%s(", name, any(6) ? "" : " ");
	for (unsigned i = 0; i < n; i++) {
		buf_adds(b, i ? "," : "");
		any_expression(b, depth - 1);
	}
	buf_adds(b, ")");
}

static void any_case(struct buf *b, int depth)
{
	buf_adds(b, any(2) ? "CASE " : "case\n");
	if (any(2))
		any_expression(b, depth - 1);
	for (unsigned i = 0; i <= any(3); i++) {
		buf_adds(b, " WHEN ");
		any_expression(b, depth - 1);
		buf_adds(b, " THEN ");
		any_expression(b, depth - 1);
	}
	if (any(3)) {
		buf_adds(b, " else ");
		any_expression(b, depth - 1);
	}
	buf_adds(b, " END");
}

/* With or without parentheses, so that precedence counts. */
static void any_expression(struct buf *b, int depth)
{
	static const char *const functions[] = {"lower", "UPPER", "trim", "ltrim", "rtrim", "length", "Lower", "TRIM"};
	static const char *const operators[] = {
		" || ", " + ", "-", " * ", "*", "/", " = ", " == ", " <> ", "!=", "<", " <= ", ">", " >= ", " AND ", " or ", "||",
		" and ", " OR ", "\n||\t", "+",
	};
	static const char *const tests[] = {" IS NULL", " is not null", " ISNULL", " NOTNULL", " IS NOT 3", " NOT NULL"};
	bool parentheses = any(3) == 0;

	if (depth <= 0) {
		any_leaf(b);
		return;
	}
	buf_adds(b, parentheses ? "(" : "");
	switch (any(12)) {
	case 0:
	case 1:
		any_call(b, functions[any(N(functions))], 1, depth);
		break;
	case 2:
		any_call(b, any(2) ? "coalesce" : "ifnull", 2, depth);
		break;
	case 3:
		any_call(b, any(2) ? "nullif" : "coalesce", 2, depth);
		break;
	case 4:
		any_case(b, depth);
		break;
	case 5:
		any_expression(b, depth - 1);
		buf_adds(b, tests[any(N(tests))]);
		break;
	case 6:
		buf_adds(b, any(2) ? " NOT " : "- ");
		any_expression(b, depth - 1);
		break;
	case 7:
		any_leaf(b);
		break;
	default:
		any_expression(b, depth - 1);
		buf_adds(b, operators[any(N(operators))]);
		any_expression(b, depth - 1);
	}
	buf_adds(b, parentheses ? ")" : "");
}

static bool is_accepted(const char *text)
{
	struct expr_set *set;
	struct ferry_error err;

	assert_int_equal(expr_new(&set, &err), 0);
	expr_add(set, text);
	bool fine = expr_prepare(set, columns, WIDTH, &err) == 0;
	expr_free(set);
	return fine;
}

enum { EXPRESSIONS = 10, ROWS = 60 };

static void compare_rows(const char *const *texts, size_t *n_native)
{
	struct expr_set *native = set_of(texts, EXPRESSIONS, true), *sqlite = set_of(texts, EXPRESSIONS, false);
	struct ferry_value row[WIDTH], a[EXPRESSIONS], b[EXPRESSIONS];
	static char room[WIDTH][64];
	struct ferry_error err_a, err_b;

	for (size_t i = 0; i < EXPRESSIONS; i++) {
		*n_native += expr_is_native(native, i);
		assert_false(expr_is_native(sqlite, i));
	}
	for (int r = 0; r < ROWS; r++) {
		for (size_t c = 0; c < WIDTH; c++)
			row[c] = any_value(room[c]);
		int rc = expr_eval(native, row, a, &err_a);
		assert_int_equal(rc, expr_eval(sqlite, row, b, &err_b));
		if (rc != 0)
			assert_string_equal(err_a.msg, err_b.msg);
		for (size_t i = 0; i < EXPRESSIONS && rc == 0; i++) {
			if (same(&a[i], &b[i]))
				continue;
			print_message("native: %s\n", shown(&a[i]));
			print_message("sqlite: %s\n", shown(&b[i]));
			for (size_t c = 0; c < WIDTH; c++)
				print_message("%s: %s\n", columns[c].name,
					      row[c].type == FERRY_BOOL || row[c].type == FERRY_TIME ? "-" : shown(&row[c]));
			fail_msg("%s", texts[i]);
		}
	}
	expr_free(native);
	expr_free(sqlite);
}

/* Always the same ones, unless EXPR_SEED says otherwise; EXPR_ROUNDS for more of them. */
static void native_is_as_sqlite(void **state)
{
	const char *given = getenv("EXPR_SEED"), *many = getenv("EXPR_ROUNDS");
	struct buf texts[EXPRESSIONS] = {{0}};
	const char *list[EXPRESSIONS];
	size_t n_native = 0, rounds = many ? strtoul(many, NULL, 10) : 400;

	(void)state;
	if (given)
		seed = strtoull(given, NULL, 10) | 1;
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < EXPRESSIONS; i++) {
			do {
				buf_reset(&texts[i]);
				any_expression(&texts[i], 1 + (int)any(4));
			} while (!is_accepted(texts[i].s));
			list[i] = texts[i].s;
		}
		compare_rows(list, &n_native);
	}
	for (size_t i = 0; i < EXPRESSIONS; i++)
		buf_release(&texts[i]);
	/* the comparison is of something */
	assert_true(n_native > rounds * EXPRESSIONS / 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_what_is_wanted),
		cmocka_unit_test(leaves_the_rest_to_sqlite),
		cmocka_unit_test(errors_name_the_expression),
		cmocka_unit_test(failing_rows_are_reported),
		cmocka_unit_test(lookup_tables),
		cmocka_unit_test(expressions_that_are_never_sure),
		cmocka_unit_test(native_is_as_sqlite),
	};

	return cmocka_run_group_tests_name("expressions", tests, NULL, NULL);
}
