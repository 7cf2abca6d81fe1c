/* SPDX-License-Identifier: Apache-2.0 */
/* test-postgres-values.c - numbers, times, COPY's format and the text of queries, without a server. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres/postgres.h"

static const char *real(double x, bool single)
{
	static char text[REAL_TEXT + 1];

	text[real_text(x, single, text)] = '\0';
	return text;
}

static void reals_are_short(void **state)
{
	(void)state;
	assert_string_equal(real(0.1, false), "0.1");
	assert_string_equal(real(0.1 + 0.2, false), "0.30000000000000004");
	assert_string_equal(real(-0.0, false), "0");
	assert_string_equal(real(0.5, false), "0.5");
	assert_string_equal(real(-12.5, false), "-12.5");
	assert_string_equal(real(1e22, false), "10000000000000000000000");
	assert_string_equal(real(123456.789, false), "123456.789");
	assert_string_equal(real(99999.99999999999, false), "99999.99999999999");
	assert_string_equal(real(1e-7, false), "0.0000001");
	assert_string_equal(real(9007199254740993.0, false), "9007199254740992");
	assert_string_equal(real(9223372036854774784.0, false), "9223372036854774784");
	assert_string_equal(real((double)0.1f, true), "0.1");
	assert_string_equal(real((double)16777216.0f, true), "16777216");
	assert_string_equal(real((double)3.4028235e38f, true), "340282350000000000000000000000000000000");
	assert_int_equal(strlen(real(5e-324, false)), 326);
}

/* Digits without signs, points and zeros at the ends. */
static size_t digits(const char *s)
{
	size_t n = 0, last = 0;

	for (; *s; s++) {
		if (*s < '0' || *s > '9' || (!n && *s == '0'))
			continue;
		n++;
		if (*s != '0')
			last = n;
	}
	return last;
}

static void expect_shortest(double x, bool single)
{
	char text[REAL_TEXT];
	const char *s = real(x, single);
	int precision = 0;

	if (single ? strtof(s, NULL) != (float)x : strtod(s, NULL) != x)
		fail_msg("%.17g became %s", x, s);
	if (fabs(x) < 9223372036854775808.0 && x == rint(x))
		return;				/* whole numbers are told in full */
	for (;; precision++) {
		snprintf(text, sizeof text, "%.*e", precision, x);
		if (single ? strtof(text, NULL) == (float)x : strtod(text, NULL) == x)
			break;
	}
	*strchr(text, 'e') = '\0';
	if (digits(s) > digits(text))
		fail_msg("%s is not the shortest, %s is", s, text);
}

static void random_reals_read_back(void **state)
{
	(void)state;
	srand48(7);
	for (int i = 0; i < 200000; i++) {
		uint64_t bits = (uint64_t)mrand48() << 32 ^ (uint32_t)mrand48();
		uint32_t small = (uint32_t)mrand48();
		double x, y = (drand48() - 0.5) * pow(10, (double)(i % 24) - 6);
		float f;
		memcpy(&x, &bits, sizeof x);
		memcpy(&f, &small, sizeof f);
		if (isfinite(x))
			expect_shortest(x, false);
		if (isfinite(f))
			expect_shortest((double)f, true);
		expect_shortest(y, false);
		expect_shortest((double)(float)y, true);
		expect_shortest(rint(y * 1000) / 1000, false);
		expect_shortest(ldexp(1, i % 120 - 60), false);
		expect_shortest(ldexp(1, i % 120 - 60), true);
	}
}

static void times_of_all_ages(void **state)
{
	(void)state;
	char text[MOMENT_TEXT + 1];
	static const struct { int64_t day; const char *text; } days[] = {
		{0, "1970-01-01"}, {-1, "1969-12-31"}, {19782, "2024-02-29"}, {24837, "2038-01-01"},
		{-719162, "0001-01-01"}, {-719163, "0001-12-31 BC"}, {2932896, "9999-12-31"},
		{2932897, "10000-01-01"}, {-735160, "0044-03-15 BC"},
	};

	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
		text[date_text(days[i].day, text)] = '\0';
		assert_string_equal(text, days[i].text);
	}
	text[timestamp_text(0, false, text)] = '\0';
	assert_string_equal(text, "2000-01-01T00:00:00");
	text[timestamp_text(-1, false, text)] = '\0';
	assert_string_equal(text, "1999-12-31T23:59:59.999999");
	text[time_text(-1500000, text)] = '\0';
	assert_string_equal(text, "1969-12-31T23:59:58.500000Z");
	text[time_text(INT64_MIN, text)] = '\0';
	text[time_text(INT64_MAX, text)] = '\0';
}

#define HEADER "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"

static enum cell_status parse(const char *data, size_t len, enum kind kind, struct cells *cells)
{
	struct copy_column column = {.kind = kind};
	struct copy copy = {.columns = &column, .n_columns = 1};

	cells_reset(cells);
	return copy_parse(&copy, data, len, cells);
}
#define PARSE(data, kind) parse(HEADER data, sizeof HEADER + sizeof data - 2, kind, &cells)

static void copy_believes_nothing(void **state)
{
	(void)state;
	struct cells cells = {0};

	assert_int_equal(PARSE("\0\1\0\0\0\4\0\0\0\7", KIND_INT4), CELL_OK);
	assert_int_equal(cells.values[0].i, 7);
	assert_int_equal(PARSE("\0\1\377\377\377\377\377\377", KIND_INT4), CELL_OK);
	assert_int_equal(cells.values[0].type, FERRY_NULL);
	assert_int_equal(cells.n, 1);
	/* two rows in a piece; then one that is cut off, of which nothing stays */
	assert_int_equal(PARSE("\0\1\0\0\0\1a\0\1\0\0\0\1b", KIND_TEXT), CELL_OK);
	assert_int_equal(cells.n, 2);
	assert_int_equal(PARSE("\0\1\0\0\0\1a\0\1\0\0\0\2b", KIND_TEXT), CELL_MALFORMED);
	assert_int_equal(cells.n, 1);
	assert_int_equal(PARSE("\0\2\0\0\0\1a", KIND_TEXT), CELL_MALFORMED);
	assert_int_equal(PARSE("\0\1\0\0\0\3abc", KIND_INT4), CELL_MALFORMED);
	assert_int_equal(PARSE("\0\1\377\377\377\376", KIND_TEXT), CELL_MALFORMED);
	assert_int_equal(PARSE("\0\1\177\377\377\377a", KIND_TEXT), CELL_MALFORMED);
	assert_int_equal(PARSE("\377\377\0\1\0\0\0\1a", KIND_TEXT), CELL_MALFORMED);
	assert_int_equal(PARSE("\0\1\0\0\0\1\2", KIND_JSONB), CELL_MALFORMED);
	assert_int_equal(PARSE("\0\1\0\0\0\0", KIND_JSONB), CELL_MALFORMED);
	/* a group of digits beyond 9999, a count that is not that of the bytes */
	assert_int_equal(PARSE("\0\1\0\0\0\12\0\1\0\0\0\0\0\0\47\20", KIND_NUMERIC), CELL_MALFORMED);
	assert_int_equal(PARSE("\0\1\0\0\0\12\0\2\0\0\0\0\0\0\0\20", KIND_NUMERIC), CELL_MALFORMED);
	assert_int_equal(parse("PGCOPY", 6, KIND_TEXT, &cells), CELL_MALFORMED);
	cells_release(&cells);
}

static size_t length(const char *sql)
{
	bool more;
	size_t n = statement_length(sql, POSTGRES_SQL, &more);

	return more ? SIZE_MAX : n;
}

static void queries_end_where_they_end(void **state)
{
	(void)state;
	assert_int_equal(length("SELECT 1"), 8);
	assert_int_equal(length("SELECT 1 ; -- done\n; /* a /* nested */ ; one */ "), 8);
	assert_int_equal(length("SELECT ';' ;"), 10);
	assert_int_equal(length("SELECT \"a;\"\"b\";"), 14);
	assert_int_equal(length("SELECT $x$;'$x$, $1;"), 19);
	assert_int_equal(length("SELECT E'\\';' ;"), 13);
	assert_int_equal(length("SELECT '\\'; "), 10);
	assert_int_equal(length("SELECT 1 -- ;\n, 2"), 17);
	assert_int_equal(length(" ; -- nothing"), 0);
	assert_int_equal(length("SELECT 1; SELECT 2"), SIZE_MAX);
	assert_int_equal(length("SELECT $$a;b$$; DROP TABLE x"), SIZE_MAX);
	assert_int_equal(length("SELECT 'open"), 12);
}

static void columns_take_what_fits(void **state)
{
	(void)state;
	static const struct {
		enum kind kind;
		int modifier;
		const char *text;
		bool fits;
	} cases[] = {
		{KIND_NUMERIC, -1, "0.123456789012345678901234567890", true},
		{KIND_NUMERIC, (10 << 16 | 2) + 4, "12.50", true},
		{KIND_NUMERIC, (10 << 16 | 2) + 4, "12.5000", true},
		{KIND_NUMERIC, (10 << 16 | 2) + 4, "12.505", false},
		{KIND_NUMERIC, (10 << 16 | 2) + 4, "1e-2", true},
		{KIND_NUMERIC, (10 << 16 | 2) + 4, "1.5e-2", false},
		{KIND_NUMERIC, (10 << 16 | 0) + 4, "1e3", true},
		{KIND_NUMERIC, (10 << 16 | 0) + 4, "no number", true},
		{KIND_FLOAT8, -1, "0.1", true},
		{KIND_FLOAT8, -1, "-0.30000000000000004", true},
		{KIND_FLOAT8, -1, "0.12345678901234567890", false},
		{KIND_FLOAT8, -1, "9007199254740993", false},
		{KIND_FLOAT8, -1, "1.50e3", true},
		{KIND_FLOAT4, -1, "0.1", true},
		{KIND_FLOAT4, -1, "0.123456789", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct table_column c = {.column.kind = cases[i].kind, .modifier = cases[i].modifier};
		struct ferry_value v = {.s = cases[i].text, .len = (uint32_t)strlen(cases[i].text),
					.type = FERRY_DECIMAL};
		if (!value_misfit(&c, &v) != cases[i].fits)
			fail_msg("%s, case %zu", cases[i].text, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reals_are_short),
		cmocka_unit_test(random_reals_read_back),
		cmocka_unit_test(times_of_all_ages),
		cmocka_unit_test(copy_believes_nothing),
		cmocka_unit_test(queries_end_where_they_end),
		cmocka_unit_test(columns_take_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
