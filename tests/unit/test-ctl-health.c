/* SPDX-License-Identifier: Apache-2.0 */
/* test-ctl-health.c - what is drawn of health and trends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "spark.h"
#include "text.h"
#include "view.h"

static const struct screen wide = {.width = 0, .rows = 24, .utf8 = true};
static const struct screen ascii = {.width = 0, .rows = 24};

static void assert_spark(const struct screen *screen, const double *v, size_t n, int width, const char *expected)
{
	struct buf out = BUF_INIT;

	int used = spark_add(screen, &out, STYLE_PLAIN, v, n, width);
	assert_string_equal(buf_str(&out), expected);
	assert_int_equal(used, text_width(buf_str(&out)));
	buf_release(&out);
}

static void sparks(void **state)
{
	const double even[] = {0, 1, 2, 3, 4, 5, 6, 7}, gaps[] = {-1, 5, -1, 0, 10}, none[] = {0, 0, 0}, tiny[] = {1, 1e9};
	const double absent[] = {-1, -1}, peak[] = {0, 0, 0, 9, 0, 0, 0, 0};

	(void)state;
	assert_spark(&wide, even, 8, 80, "▁▂▃▄▅▆▇█");
	assert_spark(&ascii, even, 8, 80, "_.-=+*%#");
	assert_spark(&wide, gaps, 5, 80, " ▅ ▁█");
	assert_spark(&wide, none, 3, 80, "▁▁▁");
	/* something is never shown as nothing, and a peak is not lost where there is little room */
	assert_spark(&wide, tiny, 2, 80, "▂█");
	assert_spark(&wide, absent, 2, 80, "  ");
	assert_spark(&wide, peak, 8, 4, "▁█▁▁");
	assert_spark(&wide, peak, 8, 3, "▁█▁");
	assert_spark(&wide, peak, 0, 3, "");
}

static void shares(void **state)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{"{\"x\":1.000000}", "100.0 %"}, {"{\"x\":0.333333}", "33.3 %"}, {"{\"x\":0}", "0.0 %"},
		{"{\"x\":0.000100}", "0.01 %"}, {"{\"x\":null}", ""}, {"{}", ""}, {"{\"x\":\"no\"}", ""},
	};
	struct ferry_error err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct json_doc *doc;
		struct buf out = BUF_INIT;
		assert_int_equal(json_parse(rows[i].json, strlen(rows[i].json), "test", &doc, &err), 0);
		view_share(json_root(doc), "x", &out);
		assert_string_equal(buf_str(&out), rows[i].text);
		buf_release(&out);
		json_free(doc);
	}
}

static void totals(void **state)
{
	static const char json[] = "{\"totals\":{\"24h\":{\"runs\":{\"total\":12,\"failed\":3},\"success_rate\":0.75,"
		"\"rows_processed\":12000,\"rows_failed\":6,\"error_rate\":0.0005,"
		"\"duration_seconds\":{\"mean\":2.5,\"most\":61}}},\"counting_older_runs\":true}";
	struct ctl ctl = {.screen = wide, .out = BUF_INIT};
	struct ferry_error err = {0};
	struct json_doc *doc;

	(void)state;
	assert_int_equal(json_parse(json, strlen(json), "test", &doc, &err), 0);
	view_totals(&ctl, json_root(doc));
	assert_string_equal(ctl.out.s, "\n"
		"LAST  RUNS  SUCCESS  FAILED    ROWS  ROW ERRORS    RATE  TOOK  LONGEST\n"
		"24 h    12   75.0 %       3  12,000           6  0.05 %  2.5s    1m01s\n"
		"7 d      0                0       0           0\n"
		"30 d     0                0       0           0\n"
		"runs from before the upgrade are still being counted\n");
	buf_release(&ctl.out);
	json_free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sparks),
		cmocka_unit_test(shares),
		cmocka_unit_test(totals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
