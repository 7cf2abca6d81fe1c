/* SPDX-License-Identifier: Apache-2.0 */
/* test-ctl.c - ferryctl: harmless text, layout, bars, spans, the command line, how runs ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "args.h"
#include "ctl.h"
#include "format.h"
#include "table.h"
#include "text.h"
#include "view.h"

#define assert_buf(b, expected) do { \
	assert_string_equal(buf_str(b), expected); \
	buf_release(b); \
} while (0)

static const struct screen wide = {.width = 0, .rows = 24, .utf8 = true};
static const struct screen ascii = {.width = 0, .rows = 24};
static const struct screen colour = {
    .width = 80, .rows = 24, .terminal = true, .colour = true, .utf8 = true};

/* ------------------------------------------------------------------ text */

static void assert_clean(const char *in, size_t len, bool only_ascii, const char *expected)
{
	struct buf out = BUF_INIT;

	text_clean(&out, in, len, only_ascii);
	assert_buf(&out, expected);
}

#define CLEAN(in, expected) assert_clean(in, sizeof in - 1, false, expected)

static void test_clean(void **state)
{
	(void)state;
	CLEAN("plain", "plain");
	CLEAN("a\r\n\tb", "a b");
	CLEAN("red\033[31m", "red?[31m");
	CLEAN("nul\0byte", "nul?byte");
	CLEAN("\x7f", "?");
	CLEAN("c1 \xc2\x9b" "31m", "c1 ?31m");
	CLEAN("naked \x9b" "31m", "naked \xef\xbf\xbd" "31m");
	CLEAN("bidi \xe2\x80\xae" "gnp.exe", "bidi ?gnp.exe");
	CLEAN("overlong \xc0\xaf", "overlong \xef\xbf\xbd\xef\xbf\xbd");
	CLEAN("surrogate \xed\xa0\x80", "surrogate \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	CLEAN("cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd");
	CLEAN("Z\xc3\xbcrich 顧客 €", "Zürich 顧客 €");
	assert_clean("Zürich", strlen("Zürich"), true, "Z?rich");
}

static void assert_fit(const char *in, int width, bool only_ascii, const char *expected)
{
	struct buf out = BUF_INIT;

	text_fit(&out, in, width, only_ascii);
	assert_true(text_width(buf_str(&out)) <= width);
	assert_buf(&out, expected);
}

static void test_width_and_fit(void **state)
{
	(void)state;
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("Zürich"), 6);
	assert_int_equal(text_width("顧客データ"), 10);
	assert_int_equal(text_width("e\xcc\x81"), 1);
	assert_int_equal(text_width("🚚"), 2);
	assert_fit("customers", 9, false, "customers");
	assert_fit("customers", 8, false, "custome…");
	assert_fit("customers", 8, true, "custom..");
	assert_fit("customers", 1, true, ".");
	assert_fit("customers", 0, false, "");
	assert_fit("顧客データ", 6, false, "顧客…");
	assert_fit("顧客データ", 5, false, "顧客…");
}

static void test_break(void **state)
{
	(void)state;
	assert_int_equal(text_break("short", 10), 5);
	assert_int_equal(text_break("two words", 5), 4);
	assert_int_equal(text_break("two words more", 9), 10);
	assert_int_equal(text_break("unbreakable", 5), 5);
	assert_int_equal(text_break("顧客", 1), 3);
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(text_distance("show", "show"), 0);
	assert_int_equal(text_distance("shwo", "show"), 1);
	assert_int_equal(text_distance("stat", "status"), 2);
	assert_int_equal(text_distance("promot", "promote"), 1);
	assert_int_equal(text_distance("plan", "show"), -1);
	assert_int_equal(text_distance("", "run"), -1);
}

/* ---------------------------------------------------------------- format */

static void assert_span(double seconds, const char *longer, const char *shorter)
{
	struct buf out = BUF_INIT;

	format_span(&out, seconds);
	assert_string_equal(buf_str(&out), longer);
	buf_reset(&out);
	format_span_short(&out, seconds);
	assert_true(out.len <= 6);
	assert_buf(&out, shorter);
}

static void test_spans(void **state)
{
	(void)state;
	assert_span(0, "0 s", "0ms");
	assert_span(-5, "0 s", "0ms");
	assert_span(0.0004, "<1 ms", "0ms");
	assert_span(0.012, "12 ms", "12ms");
	assert_span(0.9994, "999 ms", "999ms");
	assert_span(0.9999, "1.0 s", "1.0s");
	assert_span(2.134, "2.1 s", "2.1s");
	assert_span(9.96, "10 s", "10s");
	assert_span(59.4, "59 s", "59s");
	assert_span(59.6, "1 min 0 s", "1m00s");
	assert_span(200, "3 min 20 s", "3m20s");
	assert_span(3599.7, "1 h 0 min", "1h00m");
	assert_span(7500, "2 h 5 min", "2h05m");
	assert_span(273900, "3 d 4 h", "3d4h");
	assert_span(1e300, "ages", "ages");
}

static void assert_moment(int64_t seconds_ago, const char *expected)
{
	struct buf out = BUF_INIT;
	int64_t now = 1767225600000000;

	format_moment(&out, now - seconds_ago * 1000000, now);
	assert_buf(&out, expected);
}

static void test_moments(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	assert_moment(0, "just now");
	assert_moment(42, "42 s ago");
	assert_moment(179, "2 min ago");
	assert_moment(7200, "2 h ago");
	assert_moment(172799, "47 h ago");
	assert_moment(172800, "2025-12-30 00:00:00");
	assert_moment(-1, "now");
	assert_moment(-720, "in 12 min");
}

static void assert_count(int64_t n, const char *expected)
{
	struct buf out = BUF_INIT;

	format_count(&out, n);
	assert_buf(&out, expected);
}

static void test_counts(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_count(0, "0");
	assert_count(999, "999");
	assert_count(1000, "1,000");
	assert_count(-1234567, "-1,234,567");
	assert_count(INT64_MIN, "-9,223,372,036,854,775,808");
	format_plural(&out, 1, "row", "rows");
	assert_string_equal(buf_str(&out), "1 row");
	buf_reset(&out);
	format_plural(&out, 12345, "row", "rows");
	assert_buf(&out, "12,345 rows");
}

/* ------------------------------------------------------------------ bars */

static void assert_bar(const struct screen *screen, int64_t value, int64_t max, int width,
		       const char *expected)
{
	struct buf out = BUF_INIT;
	int used = bar_add(screen, &out, STYLE_PLAIN, value, max, width);

	assert_int_equal(used, text_width(expected));
	assert_buf(&out, expected);
}

static void test_bars(void **state)
{
	(void)state;
	assert_bar(&wide, 0, 10, 10, "");
	assert_bar(&wide, 10, 10, 5, "█████");
	assert_bar(&wide, 5, 10, 5, "██▌");
	assert_bar(&wide, 1, 1000000, 5, "▏");
	assert_bar(&wide, 999999, 1000000, 2, "█▉");
	assert_bar(&wide, 20, 10, 3, "███");
	assert_bar(&wide, 5, 0, 3, "");
	assert_bar(&wide, INT64_MAX, INT64_MAX, 2, "██");
	assert_bar(&ascii, 5, 10, 4, "##");
	assert_bar(&ascii, 1, 1000, 4, "#");
	assert_bar(&ascii, 999, 1000, 4, "###");
}

static void assert_parts(const struct part *parts, size_t n, int width, const char *expected)
{
	struct buf out = BUF_INIT;

	parts_add(&ascii, &out, parts, n, width);
	assert_buf(&out, expected);
}

static void test_parts(void **state)
{
	static const struct part even[] = {{1, 0}, {1, 0}, {2, 0}};
	static const struct part tiny[] = {{1000, 0}, {0.001, 0}, {0, 0}, {0.001, 0}};
	static const struct part tiny_first[] = {{0.001, 0}, {0.001, 0}, {1000, 0}};
	static const struct part none[] = {{0, 0}, {-1, 0}};

	(void)state;
	assert_parts(even, 3, 8, "##==++++");
	assert_parts(tiny, 4, 8, "######=.");
	assert_parts(tiny_first, 3, 8, "#=++++++");
	assert_parts(none, 2, 8, "");
	assert_parts(even, 3, 2, "");
}

static void test_colour(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	screen_add(&colour, &out, STYLE_BAD, "no\033[0m");
	assert_string_equal(buf_str(&out), "\033[31mno?[0m\033[0m");
	buf_reset(&out);
	screen_add(&colour, &out, STYLE_PLAIN, "plain");
	screen_add(&colour, &out, STYLE_BAD, "");
	screen_add(&wide, &out, STYLE_BAD, "off");
	assert_buf(&out, "plainoff");
}

/* ----------------------------------------------------------------- table */

static const struct column columns[] = {
    {"RUN", COLUMN_RIGHT},
    {"SYNC", COLUMN_SHRINK},
    {"ROWS", COLUMN_RIGHT},
    {"TRIGGER", COLUMN_SPARE},
};

static void assert_table(int width, const char *expected)
{
	struct screen screen = wide;
	struct buf out = BUF_INIT;
	struct table t;

	screen.width = width;
	table_init(&t, &screen, columns, 4);
	table_text(&t, STYLE_PLAIN, "9");
	table_text(&t, STYLE_PLAIN, "a-name-longer-than-others");
	table_count(&t, STYLE_PLAIN, 1234567);
	table_text(&t, STYLE_PLAIN, "schedule");
	table_text(&t, STYLE_PLAIN, "10");
	table_text(&t, STYLE_PLAIN, "顧客\nデータ");
	table_count(&t, STYLE_PLAIN, 1);
	table_text(&t, STYLE_PLAIN, NULL);
	table_print(&t, 1, &out);
	table_release(&t);
	assert_buf(&out, expected);
}

static void test_table(void **state)
{
	(void)state;
	assert_table(0,
		     " RUN  SYNC                            ROWS  TRIGGER\n"
		     "   9  a-name-longer-than-others  1,234,567  schedule\n"
		     "  10  顧客 データ                        1\n");
	assert_table(48,
		     " RUN  SYNC                        ROWS  TRIGGER\n"
		     "   9  a-name-longer-than-o…  1,234,567  schedule\n"
		     "  10  顧客 データ                    1\n");
	assert_table(40,
		     " RUN  SYNC                          ROWS\n"
		     "   9  a-name-longer-than-oth…  1,234,567\n"
		     "  10  顧客 データ                      1\n");
}

static void test_table_spare(void **state)
{
	static const struct column two[] = {{NULL, 0}, {NULL, COLUMN_SPARE}, {NULL, 0}};
	struct buf out = BUF_INIT;
	struct table t;

	(void)state;
	table_init(&t, &wide, two, 3);
	for (int i = 0; i < 2; i++) {
		table_text(&t, STYLE_PLAIN, i ? "b" : "aa");
		table_text(&t, STYLE_PLAIN, "");
		table_text(&t, STYLE_PLAIN, "end");
	}
	assert_true(table_fits(&t, 0));
	table_print(&t, 0, &out);
	table_release(&t);
	assert_buf(&out, "aa  end\nb   end\n");
}

static void test_table_wrap(void **state)
{
	static const struct column two[] = {{NULL, 0}, {NULL, COLUMN_WRAP}};
	struct screen narrow = wide;
	struct buf out = BUF_INIT;
	struct table t;

	(void)state;
	narrow.width = 26;
	table_init(&t, &narrow, two, 2);
	table_text(&t, STYLE_PLAIN, "CODE");
	table_text(&t, STYLE_PLAIN, "a text that goes on below its first line");
	assert_false(table_fits(&t, 0));
	table_print(&t, 2, &out);
	table_release(&t);
	assert_buf(&out,
		   "  CODE  a text that goes\n"
		   "        on below its first\n"
		   "        line\n");
}

/* ------------------------------------------------------------------ args */

static const struct command commands[] = {
	{.name = "status"},
	{.name = "runs", .words = "[SYNC]", .options = OPTION(STATUS) | OPTION(LIMIT)},
	{.name = "show", .words = "RUN"},
	{.name = "run", .words = "SYNC", .options = OPTION(WAIT)},
	{0},
};

static int parse(struct args *args, struct ferry_error *err, int argc, ...)
{
	char *argv[8] = {(char *)(uintptr_t)"ferryctl"};
	va_list ap;

	va_start(ap, argc);
	for (int i = 1; i <= argc; i++)
		argv[i] = va_arg(ap, char *);
	va_end(ap);
	*err = (struct ferry_error){0};
	return args_parse(commands, argc + 1, argv, args, err);
}

static void test_args(void **state)
{
	struct ferry_error err;
	struct args a;

	(void)state;
	assert_int_equal(parse(&a, &err, 1, "status"), 0);
	assert_string_equal(a.command->name, "status");
	assert_int_equal(parse(&a, &err, 5, "--json", "runs", "--limit=5", "evs", "--socket"), -1);
	assert_true(args_has(&a, OPTION_JSON));
	assert_int_equal(parse(&a, &err, 6, "--socket", "/s", "runs", "-n", "5", "evs"), 0);
	assert_string_equal(a.value[OPTION_SOCKET], "/s");
	assert_string_equal(a.value[OPTION_LIMIT], "5");
	assert_int_equal(a.n_words, 1);
	assert_string_equal(a.word[0], "evs");
	assert_int_equal(parse(&a, &err, 2, "runs", "-n7"), 0);
	assert_string_equal(a.value[OPTION_LIMIT], "7");
	assert_int_equal(parse(&a, &err, 3, "run", "--", "--odd-name"), 0);
	assert_string_equal(a.word[0], "--odd-name");
	assert_int_equal(parse(&a, &err, 0), 0);
	assert_null(a.command);
}

static void refused(const char *message, const char *hint, int argc, const char *one,
		    const char *two, const char *three)
{
	struct ferry_error err;
	struct args a;

	assert_int_equal(parse(&a, &err, argc, one, two, three), -1);
	assert_int_equal(err.code, FERRY_E_USAGE);
	assert_string_equal(err.msg, message);
	if (hint)
		assert_string_equal(err.hint, hint);
}

static void test_args_refused(void **state)
{
	(void)state;
	refused("there is no command 'shwo'",
		"did you mean 'show'? 'ferryctl help' lists the commands", 1, "shwo", NULL, NULL);
	refused("there is no command 'xyzzy'", "'ferryctl help' lists the commands", 1, "xyzzy",
		NULL, NULL);
	refused("there is no option '--wiat'", "did you mean '--wait'?", 2, "run", "--wiat", NULL);
	refused("there is no option '-z'", NULL, 2, "run", "-z", NULL);
	refused("'show' has no option --wait", "'ferryctl help show' lists its options", 3, "show",
		"1", "--wait");
	refused("'show' needs an argument", "usage: ferryctl show RUN", 1, "show", NULL, NULL);
	refused("'status' takes no 'x'", NULL, 2, "status", "x", NULL);
	refused("'show' takes no '2'", NULL, 3, "show", "1", "2");
	refused("--json takes no value", NULL, 2, "status", "--json=yes", NULL);
	refused("--limit needs a value: --limit N", NULL, 2, "runs", "--limit", NULL);
}

static void assert_number(const char *text, int rc, int64_t expected)
{
	struct args a = {0};
	struct ferry_error err = {0};
	int64_t n;

	a.value[OPTION_LIMIT] = text;
	assert_int_equal(args_number(&a, OPTION_LIMIT, 1, 100, 20, &n, &err), rc);
	assert_int_equal(n, expected);
}

static void test_args_number(void **state)
{
	(void)state;
	assert_number(NULL, 0, 20);
	assert_number("1", 0, 1);
	assert_number("100", 0, 100);
	assert_number("0", -1, 20);
	assert_number("101", -1, 20);
	assert_number("", -1, 20);
	assert_number("-1", -1, 20);
	assert_number("+1", -1, 20);
	assert_number("5x", -1, 20);
	assert_number("99999999999999999999", -1, 20);
}

static void test_paths(void **state)
{
	struct buf path = BUF_INIT;

	(void)state;
	buf_adds(&path, "/syncs");
	path_name(&path, "a/b c");
	path_query(&path, "status", NULL);
	path_query(&path, "key", "x&y=z");
	path_query_int(&path, "page", 2);
	assert_buf(&path, "/syncs/a%2Fb%20c?key=x%26y%3Dz&page=2");
}

/* ------------------------------------------------------------------ runs */

static void assert_run(const char *json, const char *text, const char *in_list, bool ended,
		       int status)
{
	struct buf out = BUF_INIT;
	struct json_doc *doc;
	struct ferry_error err = {0};

	assert_int_equal(json_parse(json, strlen(json), "run", &doc, &err), 0);
	view_status_text(json_root(doc), false, &out);
	assert_string_equal(buf_str(&out), text);
	buf_reset(&out);
	view_status_text(json_root(doc), true, &out);
	assert_string_equal(buf_str(&out), in_list);
	buf_release(&out);
	assert_int_equal(view_ended(json_root(doc)), ended);
	if (ended)
		assert_int_equal(view_exit(json_root(doc)), status);
	json_free(doc);
}

static void test_run_status(void **state)
{
	(void)state;
	assert_run("{\"status\":\"completed\",\"row_errors\":0}", "completed", "completed", true,
		   0);
	assert_run("{\"status\":\"completed\",\"row_errors\":1}", "completed with 1 error",
		   "completed, 1 error", true, 2);
	assert_run("{\"status\":\"completed\",\"row_errors\":3000}", "completed with 3,000 errors",
		   "completed, 3,000 errors", true, 2);
	assert_run("{\"status\":\"completed\",\"segments\":[{\"status\":\"warning\"}]}",
		   "completed with warnings", "completed, warnings", true, 0);
	assert_run("{\"status\":\"completed\",\"segments\":[{\"status\":\"error\"}]}",
		   "completed with warnings", "completed, warnings", true, 2);
	/* what waits for a person was not delivered, either */
	assert_run("{\"status\":\"completed\",\"row_errors\":0,\"rows_conflicts\":1}", "completed", "completed",
		   true, 2);
	assert_run("{\"status\":\"preview_ready\",\"row_errors\":2}", "preview ready, 2 errors",
		   "preview ready, 2 errors", true, 0);
	assert_run("{\"status\":\"failed\",\"row_errors\":2}", "failed", "failed", true, 1);
	assert_run("{\"status\":\"cancelled\"}", "cancelled", "cancelled", true, 1);
	assert_run("{\"status\":\"running\"}", "running", "running", false, 0);
	assert_run("{\"status\":\"running\",\"hung\":true}", "hung", "hung", false, 0);
	assert_run("{\"status\":\"queued\"}", "queued", "queued", false, 0);
	assert_run("{\"status\":17}", "?", "?", true, 1);
}

/* The same text on a terminal and elsewhere. */
static void assert_json(const char *json, const char *spread)
{
	struct ctl ctl = {.screen = wide, .out = BUF_INIT};

	ctl_json_text(&ctl, json, strlen(json));
	assert_int_equal(ctl.out.len, strlen(json) + 1);
	assert_memory_equal(ctl.out.s, json, strlen(json));
	buf_reset(&ctl.out);
	ctl.screen = colour;
	ctl_json_text(&ctl, json, strlen(json));
	assert_buf(&ctl.out, spread);
}

static void test_json(void **state)
{
	(void)state;
	assert_json("{\"a\":[1, 2.50],\"b\":{},\"c\":[ ]}",
		    "{\n  \"a\": [\n    1,\n    2.50\n  ],\n  \"b\": {},\n  \"c\": []\n}\n");
	assert_json("{\"a\":\"x\\\"{,}:\\\\\"}", "{\n  \"a\": \"x\\\"{,}:\\\\\"\n}\n");
	assert_json("[\"\x7f\xc2\x9b\xe2\x80\xae\"]", "[\n  \"\\u007f\\u009b\\u202e\"\n]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_width_and_fit),
		cmocka_unit_test(test_break),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_spare),
		cmocka_unit_test(test_table_wrap),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_args_refused),
		cmocka_unit_test(test_args_number),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_run_status),
		cmocka_unit_test(test_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
