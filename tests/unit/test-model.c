/* SPDX-License-Identifier: Apache-2.0 */
/* test-model.c - values, keys, records, counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/run.h"
#include "model/value.h"
#include "wire/kv.h"

static struct ferry_value decimal(const char *s)
{
	return (struct ferry_value){.s = s, .len = (uint32_t)strlen(s), .type = FERRY_DECIMAL};
}

static void expect_decimal(const char *in, const char *out)
{
	struct buf b = BUF_INIT;

	if (out) {
		assert_true(decimal_normal(in, strlen(in), &b));
		assert_string_equal(buf_str(&b), out);
	} else {
		assert_false(decimal_normal(in, strlen(in), &b));
	}
	buf_release(&b);
}

static void decimals_are_normalised_exactly(void **state)
{
	(void)state;
	expect_decimal("-12.50", "-12.5");
	expect_decimal("1e3", "1000");
	expect_decimal("1.5e-3", "0.0015");
	expect_decimal("000.000", "0");
	expect_decimal("-0", "0");
	expect_decimal("+7.", "7");
	expect_decimal(".5", "0.5");
	expect_decimal("99999999999999999999.000000000000000000001", "99999999999999999999.000000000000000000001");
	expect_decimal("12a", NULL);
	expect_decimal("", NULL);
	expect_decimal("1e99999", NULL);
	expect_decimal("--1", NULL);
}

static void key_of(struct ferry_value v, struct buf *out)
{
	struct ferry_error err = {0};

	buf_reset(out);
	assert_int_equal(key_encode(&v, 1, out, &err), 0);
}

/* Each entry sorts before the next one, and shows as its text. */
static void keys_sort_as_the_source_sorts(void **state)
{
	struct buf a = BUF_INIT, b = BUF_INIT, shown = BUF_INIT;
	const struct ferry_value order[] = {
		value_int(INT64_MIN), value_int(-1000), decimal("-12.5"), value_int(-12), decimal("-11.999"),
		decimal("-0.5"), decimal("-0.05"), value_int(0), decimal("0.0001"), decimal("0.001"),
		decimal("0.01"), value_int(1), decimal("1.0001"), decimal("1.5"), value_int(2), value_int(9), value_int(10),
		decimal("10.01"), value_int(11), value_int(99), value_int(100), value_int(101), value_int(INT64_MAX - 1),
		value_int(INT64_MAX), decimal("9223372036854775807.5"), decimal("100000000000000000000"),
		value_time(-5), value_time(0), value_time(7), value_text(""), value_text("A"), value_text("AB"),
		value_text("a"), value_text("\xc3\xa9"),
	};

	(void)state;
	for (size_t i = 0; i + 1 < sizeof order / sizeof *order; i++) {
		key_of(order[i], &a);
		key_of(order[i + 1], &b);
		assert_true(kv_compare((struct kv_bytes){a.s, a.len}, (struct kv_bytes){b.s, b.len}) < 0);
		buf_reset(&shown);
		key_form_show(a.s, a.len, 1, &shown);
		struct buf text = BUF_INIT;
		value_show(&order[i], SIZE_MAX, &text);
		assert_string_equal(buf_str(&shown), buf_str(&text));
		buf_release(&text);
	}
	buf_release(&a);
	buf_release(&b);
	buf_release(&shown);
}

static void an_integer_and_an_equal_decimal_are_one_key(void **state)
{
	struct buf a = BUF_INIT, b = BUF_INIT;

	(void)state;
	key_of(value_int(120), &a);
	key_of(decimal("120.00"), &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.s, b.s, a.len);
	buf_release(&a);
	buf_release(&b);
}

static int compare_pairs(const struct ferry_value *x, const struct ferry_value *y)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	struct ferry_error err = {0};

	assert_int_equal(key_encode(x, 2, &a, &err), 0);
	assert_int_equal(key_encode(y, 2, &b, &err), 0);
	int c = kv_compare((struct kv_bytes){a.s, a.len}, (struct kv_bytes){b.s, b.len});
	buf_release(&a);
	buf_release(&b);
	return c;
}

static void composite_keys_sort_part_by_part(void **state)
{
	struct ferry_value ab[] = {value_text("a"), value_text("b")}, aa_a[] = {value_text("aa"), value_text("a")};
	struct ferry_value n1[] = {value_int(-12), value_text("z")}, n2[] = {decimal("-11.5"), value_text("a")};
	struct ferry_value zero[] = {value_textn("a\0b", 3), value_text("x")}, plain[] = {value_text("a"), value_text("zzz")};
	struct buf b = BUF_INIT, shown = BUF_INIT;

	(void)state;
	assert_true(compare_pairs(ab, aa_a) < 0);
	assert_true(compare_pairs(n1, n2) < 0);
	assert_true(compare_pairs(plain, zero) < 0);
	assert_int_equal(key_encode(aa_a, 2, &b, NULL), 0);
	key_form_show(b.s, b.len, 2, &shown);
	assert_string_equal(buf_str(&shown), "aa/a");
	buf_reset(&b);
	buf_reset(&shown);
	assert_int_equal(key_encode(n2, 2, &b, NULL), 0);
	key_form_show(b.s, b.len, 2, &shown);
	assert_string_equal(buf_str(&shown), "-11.5/a");
	buf_release(&b);
	buf_release(&shown);
}

static void a_key_that_is_too_long_is_refused(void **state)
{
	char text[600];
	struct ferry_value v = value_textn(text, sizeof text);
	struct buf b = BUF_INIT;
	struct ferry_error err = {0};

	(void)state;
	memset(text, 'x', sizeof text);
	assert_int_equal(key_encode(&v, 1, &b, &err), -1);
	assert_int_equal(err.code, FERRY_E_DATA);
	assert_non_null(strstr(err.msg, "too long"));
	buf_release(&b);
}

static void records_read_back_as_they_were(void **state)
{
	struct ferry_value in[] = {value_null(), value_int(INT64_MIN), value_int(-1), value_bool(true), value_time(-123456789),
		value_text("gr\xc3\xbc\xc3\x9f"), value_text(""), decimal("-0.001"), value_int(INT64_MAX)};
	enum { N = sizeof in / sizeof *in };
	struct ferry_value out[N];
	struct buf b = BUF_INIT;

	(void)state;
	record_encode(in, N, &b);
	assert_int_equal(record_decode(b.s, b.len, out, N), N);
	for (size_t i = 0; i < N; i++)
		assert_true(value_equal(&in[i], &out[i]));
	assert_int_equal(record_decode(b.s, b.len, out, N - 1), -1);
	/* cut anywhere, it is never read beyond its end */
	for (size_t cut = 0; cut < b.len; cut++) {
		char *copy = malloc(cut ? cut : 1);
		memcpy(copy, b.s, cut);
		assert_true(record_decode(copy, cut, out, N) < N);
		free(copy);
	}
	buf_release(&b);
}

static void conversion_never_rounds(void **state)
{
	struct arena arena = ARENA_INIT;
	char why[200];
	struct ferry_value v = value_text("42.0");

	(void)state;
	assert_true(value_convert(&v, FERRY_INT, &arena, why, sizeof why));
	assert_int_equal(v.i, 42);
	v = value_text("42.5");
	assert_false(value_convert(&v, FERRY_INT, &arena, why, sizeof why));
	assert_string_equal(why, "'42.5' is no integer");
	v = value_text("9223372036854775808");
	assert_false(value_convert(&v, FERRY_INT, &arena, why, sizeof why));
	v = value_text("-9223372036854775808");
	assert_true(value_convert(&v, FERRY_INT, &arena, why, sizeof why));
	assert_true(v.i == INT64_MIN);
	v = value_text("2026-01-31T10:00:00+02:00");
	assert_true(value_convert(&v, FERRY_TIME, &arena, why, sizeof why));
	assert_true(v.i == 1769846400000000);
	v = value_int(7);
	assert_true(value_convert(&v, FERRY_TEXT, &arena, why, sizeof why));
	assert_memory_equal(v.s, "7", 1);
	v = value_text("maybe");
	assert_false(value_convert(&v, FERRY_BOOL, &arena, why, sizeof why));
	v = value_null();
	assert_true(value_convert(&v, FERRY_INT, &arena, why, sizeof why));
	assert_int_equal(v.type, FERRY_NULL);
	v = value_text("{\"a\":1}");
	assert_true(value_convert(&v, FERRY_JSON, &arena, why, sizeof why));
	v = value_text("{a}");
	assert_false(value_convert(&v, FERRY_JSON, &arena, why, sizeof why));
	arena_release(&arena);
}

static void times_read_and_print(void **state)
{
	static const char *const good[][2] = {
		{"1970-01-01", "1970-01-01T00:00:00Z"}, {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"},
		{"2040-02-29 12:00:00", "2040-02-29T12:00:00Z"}, {"0001-01-01T00:00Z", "0001-01-01T00:00:00Z"},
		{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
		{"2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00Z"},
	};
	static const char *const bad[] = {"2026-02-29", "2026-13-01", "26-01-01", "2026-01-01T25:00", "2026-01-01x", ""};
	char text[CLOCK_TEXT];
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(clock_parse(good[i][0], strlen(good[i][0]), &us));
		clock_format(us, text);
		assert_string_equal(text, good[i][1]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(clock_parse(bad[i], strlen(bad[i]), &us));
}

static void counters_that_do_not_add_up_are_caught(void **state)
{
	struct counters c = {.extracted = 10, .created = 3, .unchanged = 5, .invalid = 1, .failed = 1, .planned = 4, .acknowledged = 3};
	struct ferry_error err = {0};

	(void)state;
	assert_int_equal(counters_check(&c, false, &err), 0);
	c.unchanged--;
	assert_int_equal(counters_check(&c, false, &err), -1);
	assert_int_equal(err.code, FERRY_E_CONSERVATION);
	c.unchanged++;
	c.planned++;
	assert_int_equal(counters_check(&c, false, &err), -1);
}

static void runs_move_only_as_they_may(void **state)
{
	int legal = 0;

	(void)state;
	for (int a = 0; a < RUN_STATUSES; a++)
		for (int b = 0; b < RUN_STATUSES; b++)
			legal += run_may_become((enum run_status)a, (enum run_status)b);
	assert_int_equal(legal, 3 + 4);
	assert_false(run_may_become(RUN_COMPLETED, RUN_RUNNING));
	assert_false(run_may_become(RUN_QUEUED, RUN_COMPLETED));
}

static void every_code_has_a_row(void **state)
{
	(void)state;
	for (int i = 0; i < FERRY_E_CODES; i++) {
		const struct ferry_code_info *info = ferry_code_info(i);
		if (info == ferry_code_info(FERRY_E_INTERNAL) && i != FERRY_E_INTERNAL)
			continue;	/* a number that is not in use */
		assert_int_equal(ferry_code_from_name(info->name), i);
		assert_true(strlen(info->cause) > 10);
		assert_true(i == FERRY_OK || strlen(info->hint) > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_are_normalised_exactly),
		cmocka_unit_test(keys_sort_as_the_source_sorts),
		cmocka_unit_test(an_integer_and_an_equal_decimal_are_one_key),
		cmocka_unit_test(composite_keys_sort_part_by_part),
		cmocka_unit_test(a_key_that_is_too_long_is_refused),
		cmocka_unit_test(records_read_back_as_they_were),
		cmocka_unit_test(conversion_never_rounds),
		cmocka_unit_test(times_read_and_print),
		cmocka_unit_test(counters_that_do_not_add_up_are_caught),
		cmocka_unit_test(runs_move_only_as_they_may),
		cmocka_unit_test(every_code_has_a_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
