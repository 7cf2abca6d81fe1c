/* SPDX-License-Identifier: Apache-2.0 */
/* test-conf.c - configuration that is accepted, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "conf-fixture.h"

static void defaults_hold_without_any_file(void **state)
{
	struct generation *g = conf_load_ok(NULL, NULL, NULL);

	(void)state;
	assert_int_equal(g->daemon.memory_limit, 256 << 20);
	assert_int_equal(g->daemon.max_concurrent_runs, 4);
	assert_int_equal(g->daemon.heartbeat_timeout_ms, 60000);
	assert_int_equal(g->daemon.stop_timeout_ms, 60000);
	assert_int_equal(g->daemon.row_errors_max, 10000);
	assert_int_equal(g->daemon.problems_max, 10000);
	assert_int_equal(g->daemon.quarantine_after, 10);
	assert_int_equal(g->daemon.log_lines_max, 10000);
	assert_string_equal(g->daemon.admin_group, "ferry-admin");
	assert_int_equal(g->n_syncs, 0);
	assert_null(generation_sync(g, "x"));
	assert_null(generation_connection(g, "x"));
	conf_free(g);
}

static void daemon_settings_are_taken(void **state)
{
	struct generation *g = conf_load_ok(NULL, NULL,
					    "memory_limit: 1GiB\nmax_concurrent_runs: "
					    "8\nheartbeat_timeout: 500s\nstop_timeout: 2m\n"
					    "row_errors_max: 0\nlog_lines_max: 5\nadmin_group: "
					    "wheel\nproblems_max: 7\nquarantine_after: 0\n");

	(void)state;
	assert_int_equal(g->daemon.memory_limit, 1 << 30);
	assert_int_equal(g->daemon.max_concurrent_runs, 8);
	assert_int_equal(g->daemon.heartbeat_timeout_ms, 500000);
	assert_int_equal(g->daemon.stop_timeout_ms, 120000);
	assert_int_equal(g->daemon.row_errors_max, 0);
	assert_int_equal(g->daemon.problems_max, 7);
	assert_int_equal(g->daemon.quarantine_after, 0);
	assert_int_equal(g->daemon.log_lines_max, 5);
	assert_string_equal(g->daemon.admin_group, "wheel");
	conf_free(g);
}

static void connection_defaults_and_options(void **state)
{
	struct generation *g = conf_load_ok(CONNECTIONS, NULL, NULL);
	const struct connection_def *c = generation_connection(g, "lago");

	(void)state;
	assert_int_equal(g->n_connections, 2);
	assert_string_equal(c->family, "lago");
	assert_int_equal(c->timeout_ms, 30000);
	assert_int_equal(c->connect_timeout_ms, 10000);
	assert_int_equal(c->retries, 3);
	assert_int_equal(c->retry_base_ms, 1000);
	assert_true(c->rate_limit.requests_per_second == 0);
	assert_int_equal(c->rate_limit.burst, 1);
	assert_int_equal(c->rate_limit.lanes, 4);
	assert_null(c->tls_ca);
	assert_int_equal(c->tls_verify, -1);
	assert_int_equal(c->mark.line, 3);
	assert_int_equal(c->mark.column, 3);
	assert_string_equal(c->mark.file, "c.yaml");
	assert_int_equal(c->options.n, 2);
	assert_string_equal(c->options.items[1].name, "api_key");
	assert_string_equal(c->options.items[1].text, "${env:KEY}");
	assert_true(c->options.items[1].is_scalar);
	assert_int_equal(c->options.items[1].value_mark.column, 52);
	conf_free(g);
}

static void connection_settings_are_taken(void **state)
{
	struct generation *g = conf_load_ok("connections:\n  z: {family: x, timeout: 5s, "
					    "connect_timeout: 100ms, retries: 0,\n"
					    "      retry_base: 10ms, rate_limit: "
					    "{requests_per_second: 0.5, burst: 9, lanes: 64},\n"
					    "      tls: {ca: /etc/ca.pem, verify: false}, headers: "
					    "{a: b, c: {d: 1, e: 2}, f: {}}, n: 5, l: [1]}\n"
					    "  a: {family: y}\n",
					    NULL, NULL);
	const struct connection_def *c = generation_connection(g, "z");

	(void)state;
	assert_string_equal(g->connections[0].name, "a");
	assert_int_equal(c->timeout_ms, 5000);
	assert_int_equal(c->connect_timeout_ms, 100);
	assert_int_equal(c->retries, 0);
	assert_int_equal(c->retry_base_ms, 10);
	assert_true(c->rate_limit.requests_per_second == 0.5);
	assert_int_equal(c->rate_limit.burst, 9);
	assert_int_equal(c->rate_limit.lanes, 64);
	assert_string_equal(c->tls_ca, "/etc/ca.pem");
	assert_int_equal(c->tls_verify, 0);
	assert_int_equal(c->options.n, 5);
	assert_string_equal(c->options.items[0].name, "headers.a");
	assert_string_equal(c->options.items[0].text, "b");
	assert_true(c->options.items[0].is_scalar);
	assert_string_equal(c->options.items[1].name, "headers.c.d");
	assert_string_equal(c->options.items[2].name, "headers.c.e");
	assert_string_equal(c->options.items[3].text, "5");
	assert_false(c->options.items[4].is_scalar);
	assert_string_equal(c->options.items[4].text, "");
	conf_free(g);
}

static void sync_of_one_segment_with_defaults(void **state)
{
	struct generation *g = conf_load_ok(CONNECTIONS, SYNC, "memory_limit: 64MiB\n");
	const struct sync_def *sync = generation_sync(g, "customers");
	const struct segment_def *seg = &sync->segments[0];

	(void)state;
	assert_int_equal(sync->schedule.kind, SCHEDULE_MANUAL);
	assert_int_equal(sync->memory_limit, 64 << 20);
	assert_int_equal(sync->timeout_ms, 0);
	assert_string_equal(sync->file, "s.yaml");
	assert_int_equal(sync->n_segments, 1);
	assert_string_equal(seg->name, "main");
	assert_string_equal(seg->source.connection, "db");
	assert_null(seg->source.resource);
	assert_int_equal(seg->source.ordered, -1);
	assert_string_equal(seg->source.options.items[0].name, "query");
	assert_int_equal(seg->source.mark.line, 2);
	assert_string_equal(seg->destination.resource, "customers");
	assert_int_equal(seg->n_key, 1);
	assert_string_equal(seg->key[0], "id");
	assert_int_equal(seg->key_mark.line, 4);
	assert_int_equal(seg->key_mark.column, 6);
	assert_int_equal(seg->mode, FERRY_MODE_UPSERT);
	assert_string_equal(mode_name(seg->mode), "upsert");
	assert_null(seg->where);
	assert_int_equal(seg->n_map, 2);
	assert_string_equal(seg->map[1].field, "name");
	assert_string_equal(seg->map[1].expr, "company");
	assert_int_equal(seg->map[1].mark.column, 30);
	assert_int_equal(seg->policy.missing, MISSING_IGNORE);
	assert_int_equal(seg->policy.none, NONE_CREATE);
	assert_false(seg->max_deletes.given);
	assert_int_equal(seg->snapshot, SNAPSHOT_FULL);
	assert_false(seg->verify);
	assert_true(seg->required);
	conf_free(g);
}

static void sync_with_everything(void **state)
{
	struct generation *g = conf_load_ok(CONNECTIONS,
					    "sync: all\nschedule: {every: 15m}\nmemory_limit: "
					    "32MiB\ntimeout: 1h\n"
					    "segments:\n"
					    "  - name: one\n"
					    "    source: {connection: db, table: t, ordered: "
					    "true}\n"
					    "    destination: {connection: lago, resource: "
					    "customers, flag: yes}\n"
					    "    lookups: {subs: {connection: db, key: id, query: "
					    "SELECT 2}}\n"
					    "    key: [a, b || c]\n"
					    "    mode: mirror\n"
					    "    where: x > 1\n"
					    "    map: {id: 5, meta.data.x: \"null\", n: 'it''s'}\n"
					    "    skip: [{when: n IS NULL, reason: NO_NAME}, {when: "
					    "x, reason: X, final: true}]\n"
					    "    reject: [{when: n = 1, message: one, field: n}, "
					    "{when: n = 2, message: two}]\n"
					    "    ignore_changes: [n]\n"
					    "    policy: {none: skip}\n"
					    "    guards: {max_deletes: 0.5%, max_changes: 100}\n"
					    "    snapshot: hash\n"
					    "    verify: true\n"
					    "    required: true\n"
					    "  - name: two\n"
					    "    source: {connection: db}\n"
					    "    destination: {connection: lago}\n"
					    "    key: a\n"
					    "    map: {id: a}\n"
					    "    policy: {missing: disable}\n"
					    "    depends_on: one\n",
					    NULL);
	const struct sync_def *sync = generation_sync(g, "all");
	const struct segment_def *one = &sync->segments[0], *two = &sync->segments[1];

	(void)state;
	assert_int_equal(sync->schedule.kind, SCHEDULE_EVERY);
	assert_int_equal(sync->schedule.rhythm.every_ms, 900000);
	assert_int_equal(sync->memory_limit, 32 << 20);
	assert_int_equal(sync->timeout_ms, 3600000);
	assert_int_equal(sync->n_segments, 2);
	assert_int_equal(one->source.ordered, 1);
	assert_int_equal(one->n_lookups, 1);
	assert_string_equal(one->lookups[0].name, "subs");
	assert_string_equal(one->lookups[0].key, "id");
	assert_string_equal(one->lookups[0].source.connection, "db");
	assert_int_equal(one->lookups[0].source.ordered, -1);
	assert_int_equal(one->lookups[0].source.mark.line, 9);
	assert_int_equal(one->destination.ordered, -1);
	assert_string_equal(one->lookups[0].source.options.items[0].text, "SELECT 2");
	assert_int_equal(one->n_key, 2);
	assert_string_equal(one->key[1], "b || c");
	assert_int_equal(one->mode, FERRY_MODE_MIRROR);
	assert_int_equal(one->policy.missing, MISSING_DELETE);
	assert_string_equal(one->where, "x > 1");
	assert_string_equal(one->map[0].expr, "5");
	assert_string_equal(one->map[1].field, "meta.data.x");
	assert_string_equal(one->map[1].expr, "null");
	assert_string_equal(one->map[2].expr, "it's");
	assert_string_equal(one->skip[0].reason, "NO_NAME");
	assert_false(one->skip[0].final);
	assert_true(one->skip[1].final);
	assert_int_equal(one->skip[0].mark.line, 14);
	assert_int_equal(one->n_reject, 2);
	assert_string_equal(one->reject[0].field, "n");
	assert_null(one->reject[1].field);
	assert_string_equal(one->ignore_changes[0], "n");
	assert_int_equal(one->policy.none, NONE_SKIP);
	assert_true(one->max_deletes.percent);
	assert_true(one->max_deletes.value == 0.5);
	assert_true(one->max_changes.given && !one->max_changes.percent);
	assert_true(one->max_changes.value == 100);
	assert_int_equal(one->snapshot, SNAPSHOT_HASH);
	assert_true(one->verify && one->required);
	assert_false(two->required);
	assert_int_equal(two->policy.missing, MISSING_DISABLE);
	assert_int_equal(two->n_depends_on, 1);
	assert_string_equal(two->depends_on[0], "one");
	conf_free(g);
}

static void nothing_borrows_from_the_texts_given(void **state)
{
	char *connections = strdup(CONNECTIONS), *sync = strdup(SYNC);
	struct generation *g = conf_load_ok(connections, sync, NULL);

	(void)state;
	memset(connections, 'x', strlen(connections));
	free(connections);
	free(sync);
	assert_int_equal(g->n_files, 2);
	assert_string_equal(g->files[0].text, CONNECTIONS);
	assert_string_equal(g->files[1].path, "s.yaml");
	assert_string_equal(g->syncs[0].segments[0].map[0].expr, "id");
	conf_free(g);
}

static void empty_files_define_nothing(void **state)
{
	struct generation *g = conf_load_ok("# connections:\n", "# sync: x\n", "");

	(void)state;
	assert_int_equal(g->n_connections + g->n_syncs, 0);
	conf_free(g);
}

static void a_thousand_syncs_load_fast(void **state)
{
	struct conf_file *files = ferry_alloc0(1001, sizeof *files);
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	struct arena arena = ARENA_INIT;

	(void)state;
	files[0] = (struct conf_file){CONF_CONNECTIONS, "c.yaml", CONNECTIONS, strlen(CONNECTIONS)};
	for (int i = 0; i < 1000; i++) {
		const char *text = arena_printf(&arena, "sync: s%d\n%s", (i * 7919) % 1000,
						strchr(SYNC, '\n') + 1);
		files[i + 1] = (struct conf_file){CONF_SYNCS, arena_printf(&arena, "%d.yaml", i),
						  text, strlen(text)};
	}
	int64_t begin = clock_mono();
	struct generation *g = conf_load(files, 1001, &m);
	assert_true(clock_mono() - begin < 1000000);
	assert_non_null(g);
	assert_int_equal(g->n_syncs, 1000);
	for (size_t i = 1; i < g->n_syncs; i++)
		assert_true(strcmp(g->syncs[i - 1].name, g->syncs[i].name) < 0);
	assert_string_equal(generation_sync(g, "s737")->name, "s737");
	assert_null(generation_sync(g, "s1000"));
	conf_free(g);
	free(files);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_hold_without_any_file),
		cmocka_unit_test(daemon_settings_are_taken),
		cmocka_unit_test(connection_defaults_and_options),
		cmocka_unit_test(connection_settings_are_taken),
		cmocka_unit_test(sync_of_one_segment_with_defaults),
		cmocka_unit_test(sync_with_everything),
		cmocka_unit_test(nothing_borrows_from_the_texts_given),
		cmocka_unit_test(empty_files_define_nothing),
		cmocka_unit_test(a_thousand_syncs_load_fast),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
