/* SPDX-License-Identifier: Apache-2.0 */
/* test-streams.c - the ring of events, reading them, metrics line by line, and that each route is described. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api-fixture.h"
#include "api/events.h"
#include "api/openapi.h"
#include "conf/schema.h"

/* -------------------------------------------------------------------------- ring */

static void count_lost(void *ctx, const struct event *event)
{
	int64_t *last = ctx;

	assert_int_equal(event->seq, *last + 1);
	*last = event->seq;
}

static void the_ring_keeps_the_latest_in_bounded_memory(void **state)
{
	struct ring r;
	struct buf json = BUF_INIT;
	int64_t lost = 0;
	char id[64];

	(void)state;
	ring_init(&r, 0x1234);
	r.lost = count_lost;
	r.ctx = &lost;
	buf_adds(&json, "{\"message\":\"");
	memset(buf_room(&json, 900), 'x', 900);
	json.len += 900;
	buf_adds(&json, "\"}");
	for (int i = 1; i <= 5000; i++) {
		ring_add(&r, EVENT_RUN_LOG, i, "people", &json);
		assert_true(r.bytes <= RING_BYTES);
	}
	assert_int_equal(r.next, 5001);
	assert_int_equal(lost, r.first - 1);
	assert_true(r.next - r.first > 200);
	for (int64_t seq = r.first; seq < r.next; seq++) {
		const struct event *e = ring_at(&r, seq);
		assert_int_equal(e->seq, seq);
		assert_int_equal(e->run, seq);
		assert_string_equal(event_sync(e), "people");
	}
	snprintf(id, sizeof id, "1234-%lld", (long long)r.first - 1);
	assert_int_equal(ring_after(&r, id), r.first - 1);
	assert_int_equal(ring_after(&r, "1234-5000"), 5000);
	static const char *const not[] = {"1234-5001", "1234-1", "1234-", "1234", "", "1235-5000", "1234-5000x",
		"1234-99999999999999999999", "1234--1"};
	for (size_t i = 0; i < sizeof not / sizeof not[0]; i++)
		assert_int_equal(ring_after(&r, not[i]), -1);
	ring_release(&r);
	assert_int_equal(r.bytes, 0);
	assert_int_equal(r.next, 5001);
	buf_release(&json);
}

static void kinds_of_events_are_chosen_by_name_or_family(void **state)
{
	struct ferry_error err = {0};
	uint32_t set;

	(void)state;
	assert_int_equal(event_types("run.ended", &set, &err), 0);
	assert_int_equal(set, 1u << EVENT_RUN_ENDED);
	assert_int_equal(event_types("problem,config.refused", &set, &err), 0);
	assert_int_equal(set, 1u << EVENT_PROBLEM_OPENED | 1u << EVENT_PROBLEM_CLOSED | 1u << EVENT_CONFIG_REFUSED);
	static const char *const wrong[] = {"ru", "run.", "run.end", "run,,sync", ",run", "nothing"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(event_types(wrong[i], &set, &err), -1);
		assert_int_equal(err.code, FERRY_E_USAGE);
	}
}

/* ----------------------------------------------------------------------- metrics */

struct reading {
	char family[128], type[16];
	bool helped, unit;
	struct buf seen;		/* families, with blanks around */
	struct buf series;		/* whole lines without their value */
	int samples;
};

static void begin_family(struct reading *r, const char *line)
{
	char key[160];

	assert_int_equal(sscanf(line, "# TYPE %127s %15s", r->family, r->type), 2);
	snprintf(key, sizeof key, " %s ", r->family);
	if (strstr(buf_str(&r->seen), key))
		fail_msg("%s is there twice", r->family);
	buf_adds(&r->seen, key);
	r->helped = false;
}

/* What may follow a family's name in its samples. */
static bool fits_type(const struct reading *r, const char *suffix)
{
	static const struct {
		const char *type, *suffixes;
	} all[] = {{"counter", " _total "}, {"gauge", "  "}, {"info", " _info "}, {"stateset", "  "},
		   {"histogram", " _bucket _count _sum "}};
	char key[40];

	snprintf(key, sizeof key, " %s ", suffix);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(all[i].type, r->type) == 0)
			return strstr(all[i].suffixes, key) != NULL;
	return false;
}

static void take_sample(struct reading *r, const char *line)
{
	size_t name = strcspn(line, "{ "), family = strlen(r->family);
	const char *value = strrchr(line, ' ');
	char suffix[32], series[600], *end;

	assert_true(r->helped);
	if (strncmp(line, r->family, family) != 0 || name < family)
		fail_msg("%s stands under %s", line, r->family);
	snprintf(suffix, sizeof suffix, "%.*s", (int)(name - family), line + family);
	if (!fits_type(r, suffix))
		fail_msg("a %s cannot have %s", r->type, line);
	strtod(value + 1, &end);
	assert_true(end > value + 1 && !*end);
	snprintf(series, sizeof series, "\n%.*s\n", (int)(value - line), line);
	if (strstr(buf_str(&r->series), series))
		fail_msg("%s is there twice", series);
	buf_adds(&r->series, series);
	r->samples++;
}

static void metrics_are_strict_open_metrics(void **state)
{
	struct served *s = *state;
	struct reading *r = ferry_alloc0(1, sizeof *r);
	char *save = NULL, *last = NULL;
	int fd;
	bool eof = false;

	fixture_sync(&s->f, "a-ok", NULL);
	fixture_sync(&s->f, "b-ok", NULL);
	serve(s);
	json_free(fixture_run(&s->f, "a-ok"));
	struct exchange x = {.fd = fd = connect_to(s)};
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		"Accept: application/openmetrics-text\r\n\r\n";
	send_all(fd, request, sizeof request - 1);
	fixture_until(&s->f, take, &x, 5000);
	assert_non_null(strstr(x.raw.s, "Content-Type: application/openmetrics-text; version=1.0.0"));
	char *body = strstr(x.raw.s, "\r\n\r\n") + 4;
	for (char *line = strtok_r(body, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		assert_false(eof);
		last = line;
		if (strncmp(line, "# TYPE ", 7) == 0)
			begin_family(r, line);
		else if (strncmp(line, "# HELP ", 7) == 0)
			r->helped = strncmp(line + 7, r->family, strlen(r->family)) == 0;
		else if (strncmp(line, "# UNIT ", 7) == 0)
			assert_non_null(strstr(r->family, strrchr(line, ' ') + 1));
		else if (strcmp(line, "# EOF") == 0)
			eof = true;
		else
			take_sample(r, line);
	}
	assert_string_equal(last, "# EOF");
	assert_true(r->samples > 40);
	assert_non_null(strstr(r->series.s, "\nferry_runs_total{sync=\"a-ok\",status=\"completed\"}\n"));
	/* what has not run has nothing to count */
	assert_null(strstr(r->series.s, "ferry_runs_total{sync=\"b-ok\""));
	buf_release(&x.raw);
	buf_release(&r->seen);
	buf_release(&r->series);
	free(r);
}

/* ----------------------------------------------------------------------- described */

static const struct openapi_schema *schema(const char *name, size_t n)
{
	for (const struct openapi_schema *s = openapi_schemas; s->name; s++)
		if (strlen(s->name) == n && strncmp(s->name, name, n) == 0)
			return s;
	return NULL;
}

/* The name inside of [X], {X}, X?, X[] */
static void check_type(const char *type, const char *where)
{
	const char *p = type + strspn(type, "[{");
	size_t n = strcspn(p, "]}?[");

	if (n && isupper((unsigned char)*p) && !schema(p, n))
		fail_msg("%s: there is no schema %.*s", where, (int)n, p);
}

static void each_route_is_described(void **state)
{
	struct buf json = BUF_INIT;
	struct json_doc *doc;

	(void)state;
	for (const struct api_route *r = api_routes(); r->method; r++) {
		if (!r->summary || !*r->summary || !r->answer)
			fail_msg("%s %s is not described", r->method, r->pattern);
		const char *answer = r->answer + strspn(r->answer, "0123456789 ");
		if (!strchr(answer, '/'))
			check_type(answer, r->pattern);
		if (r->body)
			check_type(r->body, r->pattern);
	}
	for (const struct openapi_schema *s = openapi_schemas; s->name; s++)
		for (const struct openapi_member *m = s->members; m && m->name; m++)
			check_type(m->type, s->name);
	openapi_json("1", &json);
	assert_int_equal(json_parse(json.s, json.len, "openapi", &doc, NULL), 0);
	json_node *paths = json_get(json_root(doc), "paths"), *methods, *method;
	const char *path, *name;
	void *i = NULL;
	while (json_next(paths, &i, &path, &methods)) {
		void *k = NULL;
		while (json_next(methods, &k, &name, &method)) {
			json_node *list = json_get(method, "parameters");
			for (size_t n = 0; n < json_count(list); n++)
				if (!json_get_text(json_at(list, n), "description", NULL))
					fail_msg("%s: '%s' is not described", path,
						 json_get_text(json_at(list, n), "name", "?"));
		}
	}
	json_free(doc);
	buf_release(&json);
}

static void each_schema_of_the_configuration_is_json(void **state)
{
	(void)state;
	for (int kind = CONF_DAEMON; kind <= CONF_SYNCS; kind++) {
		struct buf json = BUF_INIT;
		struct json_doc *doc;
		conf_schema((enum conf_kind)kind, NULL, &json);
		assert_int_equal(json_parse(json.s, json.len, "schema", &doc, NULL), 0);
		json_free(doc);
		buf_release(&json);
		assert_int_equal(conf_kind_from_name(conf_kind_name((enum conf_kind)kind)), kind);
	}
	assert_int_equal(conf_kind_from_name("sync"), -1);
}

/* ------------------------------------------------------------------------ streams */

static bool has_beginning(struct fixture *f, void *ctx)
{
	struct exchange *x = ctx;

	take(f, x);
	return x->raw.len && strstr(x->raw.s, "retry: 2000");
}

static bool nobody_follows(struct fixture *f, void *ctx)
{
	struct served *s = ctx;
	struct answer a = call(s, "GET", "/api/v1/status", NULL);

	(void)f;
	release(&a);
	int n = 0;
	struct exchange x = {.fd = connect_to(s)};
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	send_all(x.fd, request, sizeof request - 1);
	fixture_until(&s->f, take, &x, 5000);
	sscanf(strstr(x.raw.s, "\nferry_event_clients ") + 1, "ferry_event_clients %d", &n);
	buf_release(&x.raw);
	return n == 0;
}

static void at_most_64_follow_and_who_goes_is_forgotten(void **state)
{
	enum { MOST = 64 };
	struct served *s = *state;
	struct exchange x[MOST];

	fixture_sync(&s->f, "a-ok", NULL);
	serve(s);
	for (int i = 0; i < MOST; i++) {
		x[i] = (struct exchange){.fd = -1};
		begin(s, &x[i], "GET", "/api/v1/events", NULL);
		fixture_until(&s->f, has_beginning, &x[i], 5000);
	}
	expect(s, "GET", "/api/v1/events", NULL, 503, "UNAVAILABLE");
	for (int i = 0; i < MOST; i++) {
		if (x[i].fd >= 0 && !x[i].ended)
			close(x[i].fd);
		buf_release(&x[i].raw);
	}
	for (int tries = 0; tries < 50 && !nobody_follows(&s->f, s); tries++)
		fixture_spin(&s->f, 20);
	assert_true(nobody_follows(&s->f, s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ring_keeps_the_latest_in_bounded_memory),
		cmocka_unit_test(kinds_of_events_are_chosen_by_name_or_family),
		cmocka_unit_test(each_route_is_described),
		cmocka_unit_test(each_schema_of_the_configuration_is_json),
		cmocka_unit_test_setup_teardown(metrics_are_strict_open_metrics, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(at_most_64_follow_and_who_goes_is_forgotten, api_setup, api_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
