/* SPDX-License-Identifier: Apache-2.0 */
/* test-check.c - is what the configuration asks of a connector something it can do? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plug-fixture.h"
#include "plug/plug-private.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct ferry_option connection_options[] = {
	{.name = "url", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_REQUIRED},
	{.name = "api_key",
	 .type = FERRY_OPT_TEXT,
	 .flags = FERRY_OPTION_REQUIRED | FERRY_OPTION_SECRET},
	{.name = "page_size", .type = FERRY_OPT_INT, .min = 1, .max = 100},
	{.name = NULL},
};
static const struct ferry_option source_options[] = {
	{.name = "since", .type = FERRY_OPT_DURATION, .flags = FERRY_OPTION_REQUIRED},
	{.name = NULL},
};
static const struct ferry_option destination_options[] = {
	{.name = "wait", .type = FERRY_OPT_BOOL},
	{.name = NULL},
};
static const struct ferry_field fields[] = {
	{.name = "external_id",
	 .type = FERRY_TEXT,
	 .flags = FERRY_FIELD_IDENTIFIER | FERRY_FIELD_REQUIRED},
	{.name = "email", .type = FERRY_TEXT, .flags = FERRY_FIELD_REQUIRED},
	{.name = "name", .type = FERRY_TEXT},
	{.name = "metadata.*", .type = FERRY_TEXT},
	{.name = "lago_id",
	 .type = FERRY_TEXT,
	 .flags = FERRY_FIELD_READONLY | FERRY_FIELD_IDENTIFIER},
	{.name = NULL},
};
static const struct ferry_connector api = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "shop-people",
	.family = "shop",
	.resource = "people",
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_APPEND,
	.caps = FERRY_CAP_DISABLE,
	.connection_options = connection_options,
	.source_options = source_options,
	.destination_options = destination_options,
	.fields = fields,
};
static const struct plug plug = {.api = &api};

/* ---- definitions, each thing at a line of its own */

static struct def_mark at(int line)
{
	return (struct def_mark){"f.yaml", line, 1};
}

static struct def_option option(const char *name, const char *text, int line)
{
	return (struct def_option){name, text, text != NULL, at(line), at(line)};
}

static struct map_def mapped(const char *field, int line)
{
	return (struct map_def){field, "x", at(line)};
}

struct world {
	struct def_option connection_given[4], endpoint_given[6];
	struct map_def map[8];
	struct connection_def connection;
	struct endpoint_def endpoint;
	struct segment_def seg;
	struct conf_mistakes mistakes;
	struct buf text;
};

/* All of it right. */
static void world_init(struct world *w)
{
	*w = (struct world){
		.connection_given = {option("url", "http://x", 1),
				     option("api_key", "${env:NONE}", 2)},
		.map = {mapped("external_id", 20), mapped("email", 21),
			mapped("metadata.city", 22)},
	};
	w->connection = (struct connection_def){.name = "c",
						.family = "shop",
						.options = {w->connection_given, 2},
						.mark = at(9)};
	w->endpoint = (struct endpoint_def){.connection = "c",
					    .options = {w->endpoint_given, 0},
					    .mark = at(10)};
	w->seg = (struct segment_def){.map = w->map,
				      .n_map = 3,
				      .mode = FERRY_MODE_UPSERT,
				      .mode_mark = at(30),
				      .mark = at(40)};
}

static void check(struct world *w, enum ferry_role role, const char *want)
{
	plug_check(&plug, role, &w->connection, &w->endpoint, &w->seg, &w->mistakes);
	conf_mistakes_sort(&w->mistakes);
	conf_mistakes_print(&w->mistakes, &w->text);
	assert_string_equal(buf_str(&w->text), want);
	conf_mistakes_release(&w->mistakes);
	buf_release(&w->text);
}

static void test_right(void **state)
{
	(void)state;
	struct world w;

	world_init(&w);
	check(&w, FERRY_DESTINATION, "");
	w.endpoint_given[w.endpoint.options.n++] = option("since", "15m", 11);
	check(&w, FERRY_SOURCE, "");
}

static void test_connection_options(void **state)
{
	(void)state;
	struct world w;

	world_init(&w);
	w.connection_given[0] = option("ulr", "http://x", 1);
	w.connection_given[1] = option("page_size", "101", 2);
	w.connection_given[2] = option("zzz", "1", 3);
	w.connection.options.n = 3;
	check(&w, FERRY_DESTINATION,
	      "f.yaml:1:1: unknown setting 'ulr' for a connection of family shop (did you mean "
	      "'url'?)\n"
	      "f.yaml:2:1: page_size: '101' is not from 1 to 100\n"
	      "f.yaml:3:1: unknown setting 'zzz' for a connection of family shop\n"
	      "f.yaml:9:1: a connection of family shop needs 'url', 'api_key'\n");
}

static void test_endpoint_options(void **state)
{
	(void)state;
	struct world w;

	world_init(&w);
	w.endpoint_given[0] = option("since", NULL, 11);
	w.endpoint_given[1] = option("wait", "true", 12);
	w.endpoint.options.n = 2;
	check(&w, FERRY_SOURCE,
	      "f.yaml:11:1: since: takes a single value, not a list or map\n"
	      "f.yaml:12:1: unknown setting 'wait' for shop-people as a source\n");
	w.endpoint_given[0] = option("wait", "${file:/nonexistent}", 11);
	w.endpoint.options.n = 1;
	check(&w, FERRY_DESTINATION, "");
	w.endpoint.options.n = 0;
	check(&w, FERRY_SOURCE, "f.yaml:10:1: shop-people as a source needs 'since'\n");
}

/* Maps of settings arrive with dots in their names. */
static void test_nested_options(void **state)
{
	static const struct ferry_option nested[] = {
		{.name = "auth.type", .type = FERRY_OPT_TEXT},
		{.name = "auth.token", .type = FERRY_OPT_INT, .flags = FERRY_OPTION_SECRET},
		{.name = "headers.*", .type = FERRY_OPT_INT},
		{.name = "path", .type = FERRY_OPT_TEXT},
		{.name = NULL},
	};
	struct ferry_connector only = api;
	struct plug p = {.api = &only};
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	struct buf text = BUF_INIT;
	struct world w;

	(void)state;
	world_init(&w);
	only.source_options = nested;
	w.endpoint_given[0] = option("auth.typ", "basic", 1);
	w.endpoint_given[1] = option("auth", "basic", 2);
	w.endpoint_given[2] = option("path.x", "y", 3);
	w.endpoint_given[3] = option("headers.X-A", "b", 4);
	w.endpoint_given[4] = option("headers.X-A", "1", 5);
	w.endpoint_given[5] = option("auth.token", "hunter2", 6);
	w.endpoint.options.n = 6;
	plug_check(&p, FERRY_SOURCE, NULL, &w.endpoint, NULL, &m);
	conf_mistakes_print(&m, &text);
	assert_string_equal(
		buf_str(&text),
		"f.yaml:1:1: unknown setting 'auth.typ' for shop-people as a source (did you mean "
		"'auth.type'?)\n"
		"f.yaml:2:1: auth: takes a map of settings\n"
		"f.yaml:3:1: path: takes a single value, not a list or map\n"
		"f.yaml:4:1: headers.X-A: 'b' is not a whole number\n"
		"f.yaml:5:1: 'headers.X-A' is there already\n"
		"f.yaml:6:1: auth.token: its value is not a whole number\n");
	conf_mistakes_release(&m);
	buf_release(&text);
}

static void test_role(void **state)
{
	(void)state;
	struct ferry_connector only = api;
	struct plug p = {.api = &only};
	struct world w;

	world_init(&w);
	only.roles = FERRY_DESTINATION;
	plug_check(&p, FERRY_SOURCE, NULL, &w.endpoint, &w.seg, &w.mistakes);
	assert_int_equal(w.mistakes.n, 1);
	assert_string_equal(w.mistakes.items[0].text,
			    "shop-people cannot be a source, only a destination");
	conf_mistakes_release(&w.mistakes);
}

static void test_mode_and_policy(void **state)
{
	(void)state;
	struct world w;

	world_init(&w);
	w.seg.mode = FERRY_MODE_MIRROR;
	w.seg.policy.missing = MISSING_DELETE;
	check(&w, FERRY_DESTINATION,
	      "f.yaml:30:1: mode mirror is not supported by shop-people (allowed: upsert, append)\n"
	      "f.yaml:40:1: policy 'missing: delete' is not possible: shop-people cannot delete "
	      "(allowed: ignore, disable)\n");
	w.seg.policy.missing = MISSING_DISABLE;
	w.seg.mode_mark = (struct def_mark){0};
	check(&w, FERRY_DESTINATION,
	      "f.yaml:10:1: mode mirror is not supported by shop-people (allowed: upsert, "
	      "append)\n");
}

static void test_fields(void **state)
{
	(void)state;
	struct world w;

	world_init(&w);
	w.map[0] = mapped("externalid", 20);
	w.map[1] = mapped("lago_id", 21);
	w.map[2] = mapped("metadata.", 22);
	w.map[3] = mapped("name", 23);
	w.map[4] = mapped("metadatax", 24);
	w.seg.n_map = 5;
	check(&w, FERRY_DESTINATION,
	      "f.yaml:10:1: 'map' has no field by which shop-people identifies a record "
	      "('external_id')\n"
	      "f.yaml:10:1: shop-people needs these fields in 'map': 'external_id', 'email'\n"
	      "f.yaml:20:1: shop-people has no field 'externalid' (did you mean 'external_id'?)\n"
	      "f.yaml:21:1: field 'lago_id' of shop-people can be read but not written\n"
	      "f.yaml:22:1: shop-people has no field 'metadata.' (did you mean 'metadata.*'?)\n"
	      "f.yaml:24:1: shop-people has no field 'metadatax' (did you mean 'metadata.*'?)\n");
	/* events need no identifier of their own */
	w.seg.mode = FERRY_MODE_APPEND;
	w.map[0] = mapped("email", 20);
	w.seg.n_map = 1;
	check(&w, FERRY_DESTINATION,
	      "f.yaml:10:1: shop-people needs these fields in 'map': 'external_id'\n");
}

static void test_layout(void **state)
{
	(void)state;
	struct arena arena = ARENA_INIT;
	struct ferry_layout layout;
	struct world w;

	world_init(&w);
	plug_layout(&plug, &w.seg, &arena, &layout);
	assert_int_equal(layout.n, 3);
	assert_string_equal(layout.names[2], "metadata.city");
	assert_ptr_equal(layout.fields[0], &fields[0]);
	assert_ptr_equal(layout.fields[2], &fields[3]);
	arena_release(&arena);
}

/* ---- a whole generation against a folder */

static struct generation *load(const char *connections, const char *sync)
{
	struct conf_file files[] = {
		{CONF_CONNECTIONS, "c.yaml", connections, strlen(connections)},
		{CONF_SYNCS, "s.yaml", sync, strlen(sync)},
	};
	struct conf_mistakes mistakes = CONF_MISTAKES_INIT;
	struct generation *g = conf_load(files, COUNT(files), &mistakes);
	struct buf text = BUF_INIT;

	conf_mistakes_print(&mistakes, &text);
	assert_string_equal(buf_str(&text), "");
	buf_release(&text);
	conf_mistakes_release(&mistakes);
	return g;
}

static void check_generation(const char *connections, const char *sync, const char *want)
{
	struct generation *g = load(connections, sync);
	struct conf_mistakes mistakes = CONF_MISTAKES_INIT;
	struct buf text = BUF_INIT;
	const char *dir = fixture_folder_make();

	fixture_build("fixture", "");
	fixture_compile("skeleton", "", "plugins/skeleton/skeleton.c");
	plug_check_generation(dir, g, &mistakes);
	conf_mistakes_sort(&mistakes);
	conf_mistakes_print(&mistakes, &text);
	/* the folder's name differs each time */
	for (char *p; (p = strstr(buf_str(&text), dir));)
		memset(p, '#', strlen(dir));
	assert_string_equal(buf_str(&text), want);
	fixture_folder_remove();
	buf_release(&text);
	conf_mistakes_release(&mistakes);
	conf_free(g);
}

static const char sync_text[] =
	"sync: people\n"
	"source: {connection: from}\n"
	"destination: {connection: to}\n"
	"key: id\n"
	"mode: upsert\n"
	"map:\n"
	"  id: id\n";

static void test_generation_right(void **state)
{
	(void)state;
	check_generation("connections:\n"
			 "  from: {family: fixture}\n"
			 "  to: {family: skeleton, path: /tmp/x}\n"
			 "  spare: {family: fixture, limit: 5}\n", sync_text, "");
}

static void test_generation_wrong(void **state)
{
	(void)state;
	check_generation("connections:\n"
			 "  from: {family: fixtura}\n"
			 "  to: {family: skeleton, limit: 5}\n"
			 "  spare: {family: fixture, limit: 500}\n"
			 "  other: {family: nobody}\n",
			 sync_text,
			 "c.yaml:3:3: a connection of family skeleton needs 'path'\n"
			 "c.yaml:3:26: unknown setting 'limit' for a connection of family "
			 "skeleton\n"
			 "c.yaml:4:35: limit: '500' is not from 1 to 100\n"
			 "c.yaml:5:3: connection 'other': there is no connector of family 'nobody' "
			 "in "
			 "###########################\n"
			 "s.yaml:2:1: there is no connector 'fixtura' in "
			 "###########################. "
			 "Did you mean 'fixture'?\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_connection_options),
		cmocka_unit_test(test_endpoint_options),
		cmocka_unit_test(test_nested_options),
		cmocka_unit_test(test_role),
		cmocka_unit_test(test_mode_and_policy),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_generation_right),
		cmocka_unit_test(test_generation_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
