/* SPDX-License-Identifier: Apache-2.0 */
/* test-options.c - from what is written for a connector's options to typed settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plug/plug-private.h"

static const char *const colours[] = {"red", "green", NULL};

static const struct ferry_option text_row = {.name = "url",
					     .type = FERRY_OPT_TEXT,
					     .flags = FERRY_OPTION_REQUIRED};
static const struct ferry_option free_row = {.name = "note", .type = FERRY_OPT_TEXT};
static const struct ferry_option int_row = {.name = "port",
					    .type = FERRY_OPT_INT,
					    .min = 1,
					    .max = 65535};
static const struct ferry_option any_row = {.name = "any", .type = FERRY_OPT_INT};
static const struct ferry_option least_row = {.name = "least", .type = FERRY_OPT_INT, .min = 1};
static const struct ferry_option bool_row = {.name = "tls", .type = FERRY_OPT_BOOL};
static const struct ferry_option span_row = {.name = "lookback",
					     .type = FERRY_OPT_DURATION,
					     .min = 60000,
					     .max = 30LL * 86400000};
static const struct ferry_option size_row = {.name = "page",
					     .type = FERRY_OPT_SIZE,
					     .min = 1024,
					     .max = 1 << 20};
static const struct ferry_option choice_row = {.name = "colour",
					       .type = FERRY_OPT_CHOICE,
					       .choices = colours};
static const struct ferry_option secret_row = {.name = "pin",
					       .type = FERRY_OPT_INT,
					       .flags = FERRY_OPTION_SECRET,
					       .min = 1000,
					       .max = 9999};

static struct arena arena = ARENA_INIT;

static struct ferry_value parsed(const struct ferry_option *row, const char *text)
{
	struct ferry_value value = {0};
	char why[256] = "";

	if (!option_parse(row, text, &arena, &value, why, sizeof why))
		fail_msg("'%s' was refused: %s", text, why);
	return value;
}

static void assert_refused(const struct ferry_option *row, const char *text, const char *why_wanted)
{
	struct ferry_value value;
	char why[256] = "";

	assert_false(option_parse(row, text, &arena, &value, why, sizeof why));
	assert_string_equal(why, why_wanted);
}

static void test_values(void **state)
{
	(void)state;
	struct ferry_value v = parsed(&text_row, "http://x");

	assert_int_equal(v.type, FERRY_TEXT);
	assert_int_equal(v.len, 8);
	assert_string_equal(v.s, "http://x");
	v = parsed(&free_row, "");
	assert_int_equal(v.type, FERRY_TEXT);
	assert_string_equal(v.s, "");
	v = parsed(&int_row, "65535");
	assert_int_equal(v.type, FERRY_INT);
	assert_int_equal(v.i, 65535);
	assert_int_equal(parsed(&any_row, "-5").i, -5);
	assert_int_equal(parsed(&least_row, "1000000").i, 1000000);
	v = parsed(&bool_row, "true");
	assert_int_equal(v.type, FERRY_BOOL);
	assert_int_equal(v.i, 1);
	v = parsed(&span_row, "15m");
	assert_int_equal(v.type, FERRY_INT);
	assert_int_equal(v.i, 900000);
	assert_int_equal(parsed(&size_row, "64KiB").i, 65536);
	v = parsed(&choice_row, "green");
	assert_int_equal(v.type, FERRY_TEXT);
	assert_string_equal(v.s, "green");
}

static void test_refused(void **state)
{
	(void)state;
	assert_refused(&text_row, "", "url: must not be empty");
	assert_refused(&int_row, "eighty", "port: 'eighty' is not a whole number");
	assert_refused(&int_row, "80x", "port: '80x' is not a whole number");
	assert_refused(&int_row, "0", "port: '0' is not from 1 to 65535");
	assert_refused(&int_row, "65536", "port: '65536' is not from 1 to 65535");
	assert_refused(&least_row, "0", "least: '0' is not at least 1");
	assert_refused(&any_row, "99999999999999999999",
		       "any: '99999999999999999999' is not a whole number");
	assert_refused(&bool_row, "perhaps", "tls: 'perhaps' is not true or false");
	assert_refused(&span_row, "15",
		       "lookback: '15' is not a duration (500ms, 30s, 15m, 2h, 30d)");
	assert_refused(&span_row, "30s", "lookback: '30s' is not from 1m to 30d");
	assert_refused(&size_row, "2MiB", "page: '2MiB' is not from 1KiB to 1MiB");
	assert_refused(&choice_row, "blue", "colour: 'blue' is not one of red, green");
	assert_refused(&choice_row, "gren",
		       "colour: 'gren' is not one of red, green (did you mean 'green'?)");
}

static void test_secrets_are_not_shown(void **state)
{
	(void)state;
	assert_refused(&secret_row, "hunter2", "pin: its value is not a whole number");
	assert_refused(&secret_row, "77", "pin: its value is not from 1000 to 9999");
}

/* ---- whole tables */

static const struct ferry_option table[] = {
	{.name = "url", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_REQUIRED},
	{.name = "key",
	 .type = FERRY_OPT_TEXT,
	 .flags = FERRY_OPTION_REQUIRED | FERRY_OPTION_SECRET},
	{.name = "page", .type = FERRY_OPT_INT, .fallback = "100", .min = 1, .max = 1000},
	{.name = "note", .type = FERRY_OPT_TEXT},
	{.name = NULL},
};

static struct def_option given(const char *name, const char *text)
{
	return (struct def_option){.name = name, .text = text, .is_scalar = text != NULL};
}

static void test_settings(void **state)
{
	(void)state;
	setenv("FERRY_TEST_KEY", "hunter2", 1);
	struct def_option items[] = {given("url", "http://x"),
				     given("key", "${env:FERRY_TEST_KEY}"),
				     given("ignored", "by this table")};
	struct def_options options = {items, 3};
	struct setting_list list = {0};
	struct buf missing = BUF_INIT;

	assert_int_equal(option_settings(table, &options, &arena, &list, &missing, NULL), 0);
	assert_int_equal(missing.len, 0);
	assert_int_equal(list.n, 3);
	struct ferry_open open = {.settings = list.items, .n_settings = list.n};
	assert_string_equal(ferry_setting_text(&open, "url"), "http://x");
	assert_string_equal(ferry_setting_text(&open, "key"), "hunter2");
	assert_int_equal(ferry_setting_int(&open, "page", 0), 100);
	assert_null(ferry_setting(&open, "note"));
	assert_null(ferry_setting(&open, "ignored"));
	buf_release(&missing);
}

static const struct ferry_option open_table[] = {
	{.name = "headers.*", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_SECRET},
	{.name = "headers.limit", .type = FERRY_OPT_INT},
	{.name = NULL},
};

static void test_any_name_below_a_prefix(void **state)
{
	(void)state;
	struct def_option items[] = {given("headers.X-A", "1"), given("headers.limit", "7"),
				     given("headers.X.B", "${env:FERRY_TEST_KEY}"),
				     given("headers.", "x"), given("header.c", "x")};
	struct def_options options = {items, 5};
	struct setting_list list = {0};
	struct buf missing = BUF_INIT;

	setenv("FERRY_TEST_KEY", "hunter2", 1);
	assert_int_equal(option_settings(open_table, &options, &arena, &list, &missing, NULL), 0);
	assert_int_equal(list.n, 3);
	struct ferry_open open = {.settings = list.items, .n_settings = list.n};
	assert_string_equal(ferry_setting_text(&open, "headers.X-A"), "1");
	assert_string_equal(ferry_setting_text(&open, "headers.X.B"), "hunter2");
	assert_int_equal(ferry_setting_int(&open, "headers.limit", 0), 7);
	buf_release(&missing);
}

static void test_missing_ones_are_all_named(void **state)
{
	(void)state;
	struct def_options none = {NULL, 0};
	struct setting_list list = {0};
	struct buf missing = BUF_INIT;

	assert_int_equal(option_settings(table, &none, &arena, &list, &missing, NULL), 0);
	assert_string_equal(buf_str(&missing), "url, key");
	assert_int_equal(list.n, 1);
	assert_int_equal(option_settings(NULL, &none, &arena, &list, &missing, NULL), 0);
	buf_release(&missing);
}

static void assert_settings_fail(struct def_option item, const char *word)
{
	struct def_options options = {&item, 1};
	struct setting_list list = {0};
	struct buf missing = BUF_INIT;
	struct ferry_error err = {0};

	assert_int_equal(option_settings(table, &options, &arena, &list, &missing, &err), -1);
	if (!strstr(err.msg, word))
		fail_msg("'%s' does not say '%s'", err.msg, word);
	buf_release(&missing);
}

static void test_settings_fail(void **state)
{
	(void)state;
	unsetenv("FERRY_TEST_ABSENT");
	assert_settings_fail(given("key", "${env:FERRY_TEST_ABSENT}"), "key");
	assert_settings_fail(given("page", "${env:FERRY_TEST_KEY}"), "page");
	assert_settings_fail(given("page", "0"), "from 1 to 1000");
	assert_settings_fail(given("url", NULL), "url: takes a single value");
}

static void assert_table_refused(const struct ferry_option *t, const char *why)
{
	struct ferry_error err = {0};

	assert_int_equal(option_table_check(t, "option", &err), -1);
	assert_int_equal(err.code, FERRY_E_CONNECTOR);
	assert_string_equal(err.msg, why);
}

static void test_tables(void **state)
{
	(void)state;
	const struct ferry_option twice[] = {{.name = "a"}, {.name = "a"}, {.name = NULL}};
	const struct ferry_option unknown[] = {{.name = "a", .type = (enum ferry_option_type)99},
					       {.name = NULL}};
	const struct ferry_option no_choice[] = {{.name = "a", .type = FERRY_OPT_CHOICE},
						 {.name = NULL}};
	const struct ferry_option open_default[] = {{.name = "a.*", .fallback = ""}, {.name = NULL}};
	const struct ferry_option open_twice[] = {{.name = "a.*"}, {.name = "a.*"}, {.name = NULL}};
	const struct ferry_option bad[] = {{.name = "a", .type = FERRY_OPT_BOOL, .fallback = "2"},
					   {.name = NULL}};

	assert_int_equal(option_table_check(NULL, "option", NULL), 0);
	assert_int_equal(option_table_check(table, "option", NULL), 0);
	assert_table_refused(twice, "option 'a' is there twice");
	assert_table_refused(unknown, "option 'a' has an unknown type");
	assert_table_refused(no_choice, "option 'a' has no choices");
	assert_table_refused(bad, "default of option a: '2' is not true or false");
	assert_table_refused(open_default, "option 'a.*' stands for many and has a default or is required");
	assert_table_refused(open_twice, "option 'a.*' is there twice");
	assert_int_equal(option_table_check(open_table, "option", NULL), 0);
}

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_secrets_are_not_shown),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_any_name_below_a_prefix),
		cmocka_unit_test(test_missing_ones_are_all_named),
		cmocka_unit_test(test_settings_fail),
		cmocka_unit_test(test_tables),
	};
	return cmocka_run_group_tests(tests, NULL, release);
}
