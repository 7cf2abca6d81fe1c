/* SPDX-License-Identifier: Apache-2.0 */
/* test-steve-transactions.c - charging sessions out of a scripted SteVe: windows, open ones, revisits. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rest/rest.h"
#include "scripted-host.h"
#include "steve/ids.h"

#define DAY INT64_C(86400000)

/* now is 2026-08-01T12:00:00Z */
#define WINDOW(from, to) "/transactions?type=ALL&periodType=FROM_TO&from=" from "&to=" to
#define T(date) date "T12%3A00%3A00%2E000Z"
#define LAST30 WINDOW(T("2026-07-02"), T("2026-08-01")), NULL
#define REST WINDOW(T("2026-08-01"), T("2026-08-02")), NULL
#define ACTIVE "/transactions?type=ACTIVE&periodType=ALL", NULL
#define REVISIT(ids) "/transactions?type=ALL&periodType=ALL" ids, NULL

#define SESSION(id, start, stop) "{'id':" id ",'connectorId':1,'chargeBoxPk':2,'ocppTagPk':3,'chargeBoxId':'CP1'," \
	"'ocppIdTag':'AB','userId':null,'startValue':" start ",'startTimestamp':'2026-07-10T08:00:00.123Z'," stop "}"
#define STOPPED(id) SESSION(id, "'1000'", "'stopValue':'5500','stopReason':'Local'," \
	"'stopTimestamp':'2026-07-10T09:00:00.000Z','stopEventActor':'station'")
#define OPEN(id) SESSION(id, "'1000'", "'stopValue':null,'stopReason':null,'stopTimestamp':null,'stopEventActor':null")

struct bench {
	struct scripted s;
	void *handle;
	struct ferry_error err;
	struct written w;
};

struct keys {
	struct ferry_revisit revisit;
	const char *const *list;	/* ends with NULL */
};

static bool next_key(struct ferry_revisit *revisit, const char **key, size_t *len)
{
	struct keys *k = revisit->ctx;

	if (!*k->list)
		return false;
	*key = *k->list++;
	*len = strlen(*key);
	return true;
}

static int read_with(struct bench *b, const struct step *steps, const struct ferry_setting *more, size_t n_more,
		     const char *const *revisit, int64_t limit)
{
	struct ferry_setting settings[8] = {setting_text("url", "http://s:8080/steve"), setting_text("username", "u"),
					    setting_text("password", "p")};
	struct ferry_open open = {.host = &b->s.host, .connection = "steve", .settings = settings,
				  .n_settings = 3 + n_more, .role = FERRY_SOURCE};
	struct keys keys = {{&keys, next_key}, revisit};
	struct ferry_extract want = {.limit = limit, .revisit = revisit ? &keys.revisit : NULL};

	for (size_t i = 0; i < n_more; i++)
		settings[3 + i] = more[i];
	scripted_init(&b->s, "http://s:8080/steve/api/v1", steps);
	b->s.user = "u";
	b->s.password = "p";
	memset(&b->err, 0, sizeof b->err);
	assert_int_equal(ferry_connector.open(&open, &b->handle, &b->err), 0);
	written_init(&b->w);
	return ferry_connector.extract(b->handle, &want, &b->w.sink, &b->err);
}

static void open_plain(struct bench *b, const struct step *steps)
{
	const struct ferry_setting settings[] = {setting_text("url", "http://s:8080/steve"), setting_text("username", "u"),
						 setting_text("password", "p")};
	struct ferry_open open = {.host = &b->s.host, .connection = "steve", .settings = settings, .n_settings = 3,
				  .role = FERRY_SOURCE};

	scripted_init(&b->s, "http://s:8080/steve/api/v1", steps);
	b->s.user = "u";
	b->s.password = "p";
	memset(&b->err, 0, sizeof b->err);
	assert_int_equal(ferry_connector.open(&open, &b->handle, &b->err), 0);
	written_init(&b->w);
}

static int read_all(struct bench *b, const struct step *steps, const char *const *revisit)
{
	return read_with(b, steps, NULL, 0, revisit, 0);
}

static void end(struct bench *b)
{
	scripted_done(&b->s);
	ferry_connector.close(b->handle);
	scripted_release(&b->s);
	written_release(&b->w);
}

static void ids_are(const struct bench *b, const char *want)
{
	struct rest_buf got = {0};

	for (size_t i = 0; i < b->w.n_rows; i++)
		rest_addf(&got, "%s%s", i ? " " : "", written_cell(&b->w, i, "id"));
	assert_string_equal(rest_str(&got), want);
	rest_buf_release(&got);
}

static void reads_sessions_as_they_are(void **state)
{
	static const struct step steps[] = {
		{"GET", LAST30, 200, "[" STOPPED("8") "," OPEN("7") "]"}, {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"}, {0}};
	struct bench b;
	(void)state;
	assert_int_equal(read_all(&b, steps, NULL), 0);
	assert_int_equal(b.w.pages, 3);
	ids_are(&b, "8 7");
	assert_string_equal(written_cell(&b.w, 0, "chargeBoxId"), "CP1");
	assert_string_equal(written_cell(&b.w, 0, "startTimestamp"), "2026-07-10T08:00:00.123Z");
	assert_string_equal(written_cell(&b.w, 0, "startValue"), "1000");
	assert_string_equal(written_cell(&b.w, 0, "start_wh"), "1000");
	assert_string_equal(written_cell(&b.w, 0, "stop_wh"), "5500");
	assert_string_equal(written_cell(&b.w, 0, "stopEventActor"), "station");
	assert_string_equal(written_cell(&b.w, 1, "stopTimestamp"), "~");
	assert_string_equal(written_cell(&b.w, 1, "stop_wh"), "~");
	end(&b);
}

/* Meter values are texts that stations send: what is no integer is NULL, never a guess. */
static void meter_values_are_read_defensively(void **state)
{
	static const struct step steps[] = {
		{"GET", LAST30, 200, "[" SESSION("1", "'12.5'", "'stopValue':''") "," SESSION("2", "'-3'", "'stopValue':'+9'") ","
		 SESSION("3", "'99999999999999999999'", "'stopValue':'1e3'") "," SESSION("4", "null", "'x':1") ","
		 SESSION("5", "' 7'", "'stopValue':'9223372036854775807'") "," SESSION("6", "'0x10'", "'stopValue':'-'") "]"},
		{"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"}, {0}};
	static const char *const want[][2] = {{"~", "~"}, {"-3", "9"}, {"~", "~"}, {"~", "~"},
					      {"~", "9223372036854775807"}, {"~", "~"}};
	struct bench b;
	(void)state;
	assert_int_equal(read_all(&b, steps, NULL), 0);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(written_cell(&b.w, i, "start_wh"), want[i][0]);
		assert_string_equal(written_cell(&b.w, i, "stop_wh"), want[i][1]);
	}
	assert_string_equal(written_cell(&b.w, 0, "startValue"), "12.5");
	end(&b);
}

/* FROM_TO includes both ends, and the open ones are in the windows too: each session once. */
static void borders_are_inclusive_and_sessions_come_once(void **state)
{
	static const struct step steps[] = {
		{"GET", WINDOW(T("2026-07-29"), T("2026-07-31")), NULL, 200, "[" STOPPED("2") "," STOPPED("1") "]"},
		{"GET", WINDOW(T("2026-07-31"), T("2026-08-02")), NULL, 200, "[" OPEN("3") "," STOPPED("2") "]"},
		{"GET", ACTIVE, 200, "[" OPEN("3") "," OPEN("0") "]"}, {0}};
	const struct ferry_setting more[] = {setting_int("lookback", 3 * DAY), setting_int("window", 2 * DAY)};
	struct bench b;
	(void)state;
	assert_int_equal(read_with(&b, steps, more, 2, NULL, 0), 0);
	ids_are(&b, "2 1 3 0");
	end(&b);
}

/* A list of hours may break: it is asked for again, and each session is still given once. */
static void a_list_that_breaks_off_goes_on(void **state)
{
	static const struct step steps[] = {
		{"GET", LAST30, 200, "[" STOPPED("8") "," STOPPED("7") ",{'id':", FERRY_E_NETWORK},
		{"GET", LAST30, 200, "[" STOPPED("9") "," STOPPED("8") "," STOPPED("7") "]"},
		{"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"}, {0}};
	struct bench b;
	(void)state;
	assert_int_equal(read_all(&b, steps, NULL), 0);
	ids_are(&b, "8 7 9");
	assert_non_null(strstr(b.s.log, "broke off"));
	end(&b);
}

/* Began before the window, open at the last run, stopped now: only asking by id finds it. */
static void sessions_met_open_before_are_asked_for_again(void **state)
{
	static const char *const keys[] = {"5", "8", "6", NULL};
	static const struct step steps[] = {
		{"GET", LAST30, 200, "[" STOPPED("8") "]"}, {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[" OPEN("9") "]"},
		{"GET", REVISIT("&transactionPk=5&transactionPk=6"), 200, "[" STOPPED("6") "," STOPPED("5") "]"}, {0}};
	struct bench b;
	(void)state;
	assert_int_equal(read_all(&b, steps, keys), 0);
	ids_are(&b, "8 9 6 5");
	end(&b);
}

/* Before 3.11 only the first of several keys counts; the others are asked for one by one. */
static void old_servers_are_asked_one_by_one(void **state)
{
	static const char *const keys[] = {"5", "6", "7", "not-a-number", NULL};
	static const struct step steps[] = {
		{"GET", LAST30, 200, "[]"}, {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"},
		{"GET", REVISIT("&transactionPk=5&transactionPk=6&transactionPk=7"), 200, "[" STOPPED("5") "]"},
		{"GET", REVISIT("&transactionPk=6"), 200, "[]"},
		{"GET", REVISIT("&transactionPk=7"), 200, "[" STOPPED("7") "]"},
		{0}};
	struct bench b;
	(void)state;
	assert_int_equal(read_all(&b, steps, keys), 0);
	ids_are(&b, "5 7");
	assert_non_null(strstr(b.s.log, "I transactions that SteVe does not have any more: 6"));
	assert_non_null(strstr(b.s.log, "W 1 records"));
	end(&b);
}

/* What is gone would be asked for again in each run: two sessions known tell which server it is. */
static void a_probe_tells_gone_sessions_from_an_old_server(void **state)
{
	static const char *const keys[] = {"5", "6", "7", NULL};
	static const struct step fresh[] = {
		{"GET", LAST30, 200, "[" STOPPED("1") "," STOPPED("2") "]"}, {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"},
		{"GET", REVISIT("&transactionPk=5&transactionPk=6&transactionPk=7"), 200, "[]"},
		{"GET", REVISIT("&transactionPk=1&transactionPk=2"), 200, "[" STOPPED("2") "," STOPPED("1") "]"},
		{0}};
	static const struct step old[] = {
		{"GET", LAST30, 200, "[" STOPPED("1") "," STOPPED("2") "]"}, {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"},
		{"GET", REVISIT("&transactionPk=5&transactionPk=6&transactionPk=7"), 200, "[]"},
		{"GET", REVISIT("&transactionPk=1&transactionPk=2"), 200, "[" STOPPED("1") "]"},
		{"GET", REVISIT("&transactionPk=5"), 200, "[]"},
		{"GET", REVISIT("&transactionPk=6"), 200, "[" STOPPED("6") "]"},
		{"GET", REVISIT("&transactionPk=7"), 200, "[]"},
		{0}};
	struct bench b;
	(void)state;
	assert_int_equal(read_all(&b, fresh, keys), 0);
	ids_are(&b, "1 2");
	assert_non_null(strstr(b.s.log, "any more: 5, 6, 7"));
	end(&b);
	assert_int_equal(read_all(&b, old, keys), 0);
	ids_are(&b, "1 2 6");
	assert_non_null(strstr(b.s.log, "any more: 5, 7"));
	end(&b);
}

/* Two of three came: the server takes several keys, so the third is gone. */
static void a_partial_answer_needs_no_second_question(void **state)
{
	static const char *const keys[] = {"5", "6", "7", NULL};
	static const struct step steps[] = {
		{"GET", LAST30, 200, "[]"}, {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"},
		{"GET", REVISIT("&transactionPk=5&transactionPk=6&transactionPk=7"), 200, "[" STOPPED("7") "," STOPPED("5") "]"},
		{0}};
	struct bench b;
	(void)state;
	assert_int_equal(read_all(&b, steps, keys), 0);
	ids_are(&b, "7 5");
	assert_non_null(strstr(b.s.log, "any more: 6"));
	end(&b);
}

static void a_server_that_refuses_several_keys_is_asked_one_by_one(void **state)
{
	static const char *const keys[] = {"5", "6", NULL};
	static const struct step steps[] = {
		{"GET", LAST30, 200, "[]"}, {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"},
		{"GET", REVISIT("&transactionPk=5&transactionPk=6"), 400, "{'status':400,'message':'Error understanding the request'}"},
		{"GET", REVISIT("&transactionPk=5"), 200, "[" OPEN("5") "]"},
		{"GET", REVISIT("&transactionPk=6"), 200, "[" STOPPED("6") "]"},
		{0}};
	struct bench b;
	(void)state;
	assert_int_equal(read_all(&b, steps, keys), 0);
	ids_are(&b, "5 6");
	assert_string_equal(b.s.log, "");
	end(&b);
}

/* 120 keys are three requests. */
static void keys_are_asked_for_in_chunks(void **state)
{
	static char texts[120][16];
	const char *keys[121] = {NULL};
	struct step steps[64] = {{"GET", LAST30, 200, "[]"}, {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"}};
	struct bench b;
	(void)state;
	for (int i = 0; i < 120; i++) {
		snprintf(texts[i], sizeof texts[i], "%d", i + 1);
		keys[i] = texts[i];
	}
	struct rest_buf bodies[3] = {{0}}, paths[3] = {{0}};
	for (int c = 0; c < 3; c++) {
		rest_adds(&paths[c], "/transactions?type=ALL&periodType=ALL");
		for (int i = c * 50; i < (c == 2 ? 120 : c * 50 + 50); i++) {
			rest_addf(&paths[c], "&transactionPk=%d", i + 1);
			rest_addf(&bodies[c], "%s{'id':%d}", i > c * 50 ? "," : "[", i + 1);
		}
		rest_adds(&bodies[c], "]");
		steps[3 + c] = (struct step){"GET", paths[c].s, NULL, 200, bodies[c].s};
	}
	assert_int_equal(read_all(&b, steps, keys), 0);
	assert_int_equal(b.w.n_rows, 120);
	end(&b);
	for (int c = 0; c < 3; c++) {
		rest_buf_release(&paths[c]);
		rest_buf_release(&bodies[c]);
	}
}

/* Foreign rows in the answer, should the server ignore the filter, are not taken. */
static void only_asked_sessions_are_taken_from_a_revisit(void **state)
{
	static const char *const keys[] = {"5", NULL};
	static const struct step steps[] = {
		{"GET", LAST30, 200, "[]"}, {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"},
		{"GET", REVISIT("&transactionPk=5"), 200, "[" STOPPED("4") "," STOPPED("5") "]"}, {0}};
	struct bench b;
	(void)state;
	assert_int_equal(read_all(&b, steps, keys), 0);
	ids_are(&b, "5");
	end(&b);
}

static void stopped_leaves_open_ones_out(void **state)
{
	static const char *const keys[] = {"5", NULL};
	static const struct step steps[] = {
		{"GET", LAST30, 200, "[" STOPPED("8") "," OPEN("7") "]"}, {"GET", REST, 200, "[]"},
		{"GET", REVISIT("&transactionPk=5"), 200, "[" OPEN("5") "]"}, {0}};
	const struct ferry_setting more = setting_text("type", "stopped");
	struct bench b;
	(void)state;
	assert_int_equal(read_with(&b, steps, &more, 1, keys, 0), 0);
	ids_are(&b, "8");
	assert_string_equal(b.s.log, "");
	end(&b);
}

static size_t memory_in_use(void)
{
	struct mallinfo2 m = mallinfo2();
	return m.uordblks + m.hblkhd;
}

struct meter {
	struct ferry_sink sink;
	size_t rows, at_first, at_page;
};

static int meter_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n, bool ordered,
			 struct ferry_error *err)
{
	(void)sink, (void)columns, (void)n, (void)ordered, (void)err;
	return 0;
}

static int meter_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n, struct ferry_error *err)
{
	struct meter *m = sink->ctx;

	(void)values, (void)err;
	if (!m->rows)
		m->at_first = memory_in_use();
	m->rows += n;
	return 0;
}

static void meter_page(struct ferry_sink *sink, const char *kind, size_t bytes)
{
	struct meter *m = sink->ctx;

	(void)kind, (void)bytes;
	if (!m->at_page)
		m->at_page = memory_in_use();
}

/* What came before it broke off comes again, and is not gathered a second time. */
static void reading_again_takes_no_memory(void **state)
{
	struct rest_buf body = {0};
	struct bench b;
	(void)state;
	for (int i = 0; i < 20000; i++)
		rest_addf(&body, "%s{'id':%d,'chargeBoxId':'a name that is long enough to be seen'}", i ? "," : "[", i);
	char *cut = rest_copy(body.s, body.len);
	rest_adds(&body, "]");
	struct step steps[] = {{"GET", LAST30, 200, cut, FERRY_E_NETWORK}, {"GET", LAST30, 200, body.s},
			       {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"}, {0}};
	struct meter m = {.sink = {&m, meter_columns, meter_rows, meter_page, NULL}};
	struct ferry_extract want = {.limit = 0};
	open_plain(&b, steps);
	assert_int_equal(ferry_connector.extract(b.handle, &want, &m.sink, &b.err), 0);
	assert_int_equal(m.rows, 20000);
	assert_true(m.at_page < m.at_first + 100000);
	end(&b);
	free(cut);
	rest_buf_release(&body);
}

/* Of an offset the + would have to be %2B, or SteVe reads a blank: Z needs no such care. */
static void times_are_sent_with_a_zone_that_needs_no_plus(void **state)
{
	static const struct step steps[] = {
		{"GET", WINDOW("2026-07-31T12%3A00%3A00%2E000Z", "2026-08-02T12%3A00%3A00%2E000Z"), NULL, 200, "[]"},
		{"GET", ACTIVE, 200, "[]"}, {0}};
	const struct ferry_setting more = setting_int("lookback", DAY);
	struct bench b;
	(void)state;
	assert_int_equal(read_with(&b, steps, &more, 1, NULL, 0), 0);
	end(&b);
}

/* Up to 3.7 date-times have no zone. */
static void old_servers_get_times_without_zone(void **state)
{
	static const struct step steps[] = {
		{"GET", WINDOW("2026-07-31T12%3A00%3A00%2E000", "2026-08-02T12%3A00%3A00%2E000"), NULL, 200, "[]"},
		{"GET", ACTIVE, 200, "[]"}, {0}};
	const struct ferry_setting settings[] = {setting_text("url", "http://s/steve"), setting_text("api_key", "k"),
						 setting_int("lookback", DAY)};
	struct ferry_extract want = {.limit = 0};
	struct bench b;
	(void)state;
	scripted_init(&b.s, "http://s/steve/api/v1", steps);
	b.s.credential = "STEVE-API-KEY: k";
	struct ferry_open open = {.host = &b.s.host, .connection = "steve", .settings = settings, .n_settings = 3,
				  .role = FERRY_SOURCE};
	assert_int_equal(ferry_connector.open(&open, &b.handle, &b.err), 0);
	written_init(&b.w);
	assert_int_equal(ferry_connector.extract(b.handle, &want, &b.w.sink, &b.err), 0);
	end(&b);
}

static void fails(int status, const char *answer, enum ferry_code failure, enum ferry_code code)
{
	struct step steps[] = {{"GET", LAST30, status, answer, failure}, {0}};
	struct bench b;

	assert_int_equal(read_all(&b, steps, NULL), -1);
	assert_int_equal(b.err.code, code);
	end(&b);
}

static void failures_end_the_read(void **state)
{
	(void)state;
	fails(401, "{}", 0, FERRY_E_AUTH);
	fails(500, "{}", 0, FERRY_E_UNAVAILABLE);
	fails(400, "{}", 0, FERRY_E_REJECTED);
	fails(200, "<html>", 0, FERRY_E_PROTOCOL);
	fails(200, "[" STOPPED("8"), 0, FERRY_E_PROTOCOL);
	fails(200, "[{'id':'8'}]", 0, FERRY_E_PROTOCOL);
	fails(200, "[{'id':null}]", 0, FERRY_E_PROTOCOL);
	fails(200, "[{'id':8,'startTimestamp':'soon'}]", 0, FERRY_E_PROTOCOL);
	fails(200, "[{'id':8,'startTimestamp':17}]", 0, FERRY_E_PROTOCOL);
	fails(200, "[null]", 0, FERRY_E_PROTOCOL);
	fails(0, NULL, FERRY_E_NETWORK, FERRY_E_NETWORK);
}

static void a_run_that_ends_stops_between_requests(void **state)
{
	static const struct step steps[] = {{"GET", LAST30, 200, "[]"}, {0}};
	struct ferry_extract want = {.limit = 0};
	struct bench b;
	(void)state;
	open_plain(&b, steps);
	b.s.cancel_after = 1;
	assert_int_equal(ferry_connector.extract(b.handle, &want, &b.w.sink, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_CANCELLED);
	end(&b);
}

static void a_limit_cuts_and_says_so(void **state)
{
	static const struct step steps[] = {{"GET", LAST30, 200, "[" STOPPED("8") "," STOPPED("7") "]"}, {0}};
	struct bench b;
	(void)state;
	assert_int_equal(read_with(&b, steps, NULL, 0, NULL, 1), 0);
	ids_are(&b, "8");
	assert_string_equal(b.w.truncated, "limit");
	end(&b);
}

static int refuse_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n, struct ferry_error *err)
{
	const struct written *w = sink->ctx;

	(void)values, (void)n;
	assert_non_null(w);
	err->code = FERRY_E_NETWORK;
	return -1;
}

/* The line that broke may be the destination's: that is no reason to read anything again. */
static void what_the_taker_fails_with_is_the_failure(void **state)
{
	struct rest_buf body = {0};
	struct bench b;
	(void)state;
	for (int i = 0; i < 600; i++)
		rest_addf(&body, "%s{'id':%d}", i ? "," : "[", i);
	rest_adds(&body, "]");
	struct step steps[] = {{"GET", LAST30, 200, body.s}, {0}};
	struct ferry_extract want = {.limit = 0};
	open_plain(&b, steps);
	b.w.sink.rows = refuse_rows;
	assert_int_equal(ferry_connector.extract(b.handle, &want, &b.w.sink, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_NETWORK);
	assert_string_equal(b.s.log, "");
	end(&b);
	rest_buf_release(&body);
}

/* More rows than one batch holds. */
static void many_rows_come_in_batches(void **state)
{
	struct rest_buf body = {0};
	struct bench b;
	(void)state;
	for (int i = 0; i < 1500; i++)
		rest_addf(&body, "%s{'id':%d}", i ? "," : "[", i);
	rest_adds(&body, "]");
	struct step steps[] = {{"GET", LAST30, 200, body.s}, {"GET", REST, 200, "[]"}, {"GET", ACTIVE, 200, "[]"}, {0}};
	assert_int_equal(read_all(&b, steps, NULL), 0);
	assert_int_equal(b.w.n_rows, 1500);
	assert_string_equal(written_cell(&b.w, 1499, "id"), "1499");
	end(&b);
	rest_buf_release(&body);
}

/* -- ids, check ---------------------------------------------------------------------------- */

static void ids_are_known_in_little_memory(void **state)
{
	static const int64_t odd[] = {0, 63, 64, 4095, 4096, -1, INT64_MAX, INT64_MIN};
	struct steve_ids ids = {.n_pages = 0};
	(void)state;
	for (size_t i = 0; i < 8; i++) {
		assert_false(steve_ids_has(&ids, odd[i]));
		assert_true(steve_ids_add(&ids, odd[i]));
		assert_false(steve_ids_add(&ids, odd[i]));
		assert_true(steve_ids_has(&ids, odd[i]));
	}
	assert_false(steve_ids_has(&ids, 1));
	steve_ids_release(&ids);
	for (int64_t id = 5000000; id > 4000000; id--)
		assert_true(steve_ids_add(&ids, id));
	for (int64_t id = 4000001; id <= 5000000; id++)
		assert_false(steve_ids_add(&ids, id));
	assert_false(steve_ids_has(&ids, 4000000));
	assert_true(ids.cap * sizeof *ids.bits < 300000);
	steve_ids_release(&ids);
}

static void count_mistake(struct ferry_check *check, const char *about, const char *fmt, ...)
{
	(void)about;
	assert_non_null(strstr(fmt, "`key: id`"));
	++*(int *)check->ctx;
}

/* Only by the id can SteVe be asked again for what was open. */
static void check_wants_the_id_for_key(void **state)
{
	static const char *const keys[][3] = {{"id", NULL}, {"chargeBoxId", NULL}, {"id", "chargeBoxId", NULL}};
	int n = 0;
	struct ferry_check check = {&n, count_mistake};
	struct ferry_open open = {.connection = "steve", .role = FERRY_SOURCE};
	(void)state;
	ferry_connector.check(&open, &check);
	open.keys = keys[0];
	ferry_connector.check(&open, &check);
	assert_int_equal(n, 0);
	for (int i = 1; i < 3; i++) {
		open.keys = keys[i];
		ferry_connector.check(&open, &check);
		assert_int_equal(n, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_sessions_as_they_are),
		cmocka_unit_test(meter_values_are_read_defensively),
		cmocka_unit_test(borders_are_inclusive_and_sessions_come_once),
		cmocka_unit_test(a_list_that_breaks_off_goes_on),
		cmocka_unit_test(reading_again_takes_no_memory),
		cmocka_unit_test(sessions_met_open_before_are_asked_for_again),
		cmocka_unit_test(old_servers_are_asked_one_by_one),
		cmocka_unit_test(a_probe_tells_gone_sessions_from_an_old_server),
		cmocka_unit_test(a_partial_answer_needs_no_second_question),
		cmocka_unit_test(a_server_that_refuses_several_keys_is_asked_one_by_one),
		cmocka_unit_test(keys_are_asked_for_in_chunks),
		cmocka_unit_test(only_asked_sessions_are_taken_from_a_revisit),
		cmocka_unit_test(stopped_leaves_open_ones_out),
		cmocka_unit_test(times_are_sent_with_a_zone_that_needs_no_plus),
		cmocka_unit_test(old_servers_get_times_without_zone),
		cmocka_unit_test(failures_end_the_read),
		cmocka_unit_test(a_run_that_ends_stops_between_requests),
		cmocka_unit_test(a_limit_cuts_and_says_so),
		cmocka_unit_test(what_the_taker_fails_with_is_the_failure),
		cmocka_unit_test(many_rows_come_in_batches),
		cmocka_unit_test(ids_are_known_in_little_memory),
		cmocka_unit_test(check_wants_the_id_for_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
