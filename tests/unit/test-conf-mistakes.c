/* SPDX-License-Identifier: Apache-2.0 */
/* test-conf-mistakes.c - how mistakes are told: where, in which words, all at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "conf/keyword.h"
#include "conf-fixture.h"

/* A mistake and nothing else, in these very words. */
static void mistake(const char *connections, const char *sync, const char *daemon,
		    const char *expected)
{
	struct buf out = BUF_INIT;
	struct generation *g = conf_load_texts(connections, sync, NULL, daemon, &out);

	assert_null(g);
	assert_string_equal(out.s, expected);
	buf_release(&out);
}

static void sync_mistake(const char *sync, const char *expected)
{
	mistake(CONNECTIONS, sync, NULL, expected);
}

/* Words that must be among the mistakes. */
static void sync_refused(const char *sync, const char *words)
{
	struct buf out = BUF_INIT;

	assert_null(conf_load_texts(CONNECTIONS, sync, NULL, NULL, &out));
	if (!strstr(out.s, words))
		fail_msg("'%s' is not in:\n%s", words, out.s);
	buf_release(&out);
}

static void unknown_keys_get_a_suggestion(void **state)
{
	(void)state;
	sync_mistake(SYNC "destinaton: {}\n",
		     "s.yaml:6:1: unknown key 'destinaton' (did you mean 'destination'?)\n");
	sync_mistake(SYNC "scehdule: manual\n",
		     "s.yaml:6:1: unknown key 'scehdule' (did you mean 'schedule'?)\n");
	sync_mistake(SYNC "policy: {mising: ignore, zzz: 1}\n",
		     "s.yaml:6:10: unknown key 'mising' (did you mean 'missing'?)\n"
		     "s.yaml:6:26: unknown key 'zzz' (allowed: strong, medium, "
		     "ambiguous, missing, none, conflict)\n");
	mistake("connections:\n  x: {famly: lago}\n", NULL, NULL,
		"c.yaml:2:7: unknown key 'famly' (did you mean 'family'?)\n");
	mistake(NULL, NULL, "memory-limit: 1GiB\n",
		"ferry.yaml:1:1: unknown key 'memory-limit' (did you mean 'memory_limit'?)\n");
}

static void keys_of_later_versions_are_refused(void **state)
{
	(void)state;
	sync_refused(SYNC "lineage: {}\n", "s.yaml:6:1: unknown key 'lineage' (allowed: ");
	sync_refused(SYNC "schedule: {at: noon}\n", "s.yaml:6:12: unknown key 'at' (allowed: every, cron, "
						    "adaptive, after, timezone, jitter, catch_up)");
	sync_refused(SYNC "connections: {}\n", "unknown key 'connections'");
}

static void missing_keys_are_told_where_they_should_be(void **state)
{
	(void)state;
	mistake("connections:\n  x: {}\n", NULL, NULL,
		"c.yaml:2:3: 'family' is missing (the connector family, "
		"such as lago, steve or sqlite)\n");
	sync_refused("sync: x\n", "s.yaml:1:7: 'source' is missing");
	sync_refused("schedule: manual\n", "s.yaml:1:1: 'sync' is missing");
	sync_refused(SYNC "schedule: {}\n", "s.yaml:6:11: the schedule does not say when");
	sync_refused("sync: x\nsource: {query: 1}\n", "s.yaml:2:1: 'connection' is missing");
	sync_refused("sync: x\nsegments: [{key: a}]\n", "s.yaml:2:12: 'name' is missing");
	sync_refused(SYNC "skip: [{when: a}]\n", "s.yaml:6:8: 'reason' is missing");
}

static void bad_numbers_are_never_guessed(void **state)
{
	(void)state;
	mistake(NULL, NULL, "max_concurrent_runs: 0\n",
		"ferry.yaml:1:22: 'max_concurrent_runs': '0' is out of range (1 to 64)\n");
	mistake(NULL, NULL, "max_concurrent_runs: four\n",
		"ferry.yaml:1:22: 'max_concurrent_runs': 'four' is no whole number (decimal "
		"digits; 1 to 64)\n");
	mistake(NULL, NULL, "max_concurrent_runs: 99999999999999999999\n",
		"ferry.yaml:1:22: 'max_concurrent_runs': '99999999999999999999' is no whole number "
		"(decimal digits; 1 to 64)\n");
	mistake(NULL, NULL, "memory_limit: 1MiB\n",
		"ferry.yaml:1:15: 'memory_limit': '1MiB' is out of range (32MiB to 64GiB)\n");
	mistake(NULL, NULL, "heartbeat_timeout: 60\n",
		"ferry.yaml:1:20: 'heartbeat_timeout': '60' is no duration (a whole number with a "
		"unit: ms, s, m, "
		"h, d or w; 1s to 1h)\n");
	mistake("connections:\n  x: {family: x, retries: 21}\n", NULL, NULL,
		"c.yaml:2:27: 'retries': '21' is out of range (0 to 20)\n");
	mistake("connections:\n  x: {family: x, rate_limit: {requests_per_second: -1}}\n", NULL,
		NULL,
		"c.yaml:2:52: 'requests_per_second': '-1' is no number (decimal digits, and up to "
		"three after a point; 0 to 1000000)\n");
	mistake("connections:\n  x: {family: x, rate_limit: {requests_per_second: 1000000.5}}\n",
		NULL, NULL,
		"c.yaml:2:52: 'requests_per_second': '1000000.5' is out of range (0 to 1000000)\n");
	sync_refused(SYNC "guards: {max_deletes: 101%}\n", "s.yaml:6:23: 'max_deletes': '101%' is "
							   "no limit");
	sync_refused(SYNC "schedule: {every: 0s}\n", "s.yaml:6:19: 'every': '0s' is out of range");
}

static void null_is_no_value(void **state)
{
	(void)state;
	mistake(NULL, NULL, "admin_group:\n",
		"ferry.yaml:1:13: 'admin_group' has no value (give one, or leave the key out)\n");
	sync_refused(SYNC_HEAD "key: ~\nmap: {a: b}\n", "s.yaml:4:6: 'key' has no value");
	sync_refused(SYNC_HEAD "key: a\nmap:\n", "s.yaml:5:5: 'map' has no value");
	sync_refused(SYNC_HEAD "key: a\nmap: {a: null}\n", "s.yaml:5:10: 'a' has no value (give an "
							   "expression; "
							   "SQL's own NULL goes in quotes)");
	sync_refused(SYNC_HEAD "key: a\nmap: {a: ''}\n", "s.yaml:5:10: 'a' is empty");
	sync_refused("sync: x\nsource: {connection: db, query: }\n", "s.yaml:2:26: 'query' has no "
								     "value");
	mistake("connections:\n  x:\n", NULL, NULL,
		"c.yaml:2:5: a connection must be a map of its settings\n");
}

static void wrong_shapes_are_told(void **state)
{
	(void)state;
	sync_refused("- a\n", "s.yaml:1:1: the file must be a map of settings");
	sync_refused(SYNC "mode: [upsert]\n", "s.yaml:6:7: 'mode' must be a single value, not a "
					      "list (choice)");
	sync_refused(SYNC "policy: delete\n", "s.yaml:6:9: 'policy' must be a map, not a single "
					      "value");
	sync_refused(SYNC "schedule: hourly\n", "s.yaml:6:11: 'schedule' cannot be 'hourly' (when "
						"it runs: "
						"{every: 15m}, {cron: ");
	sync_refused(SYNC_HEAD "key: []\nmap: {a: b}\n", "s.yaml:4:6: 'key' has 0 entries (1 to "
							 "16)");
	sync_refused(SYNC_HEAD "key: a\nmap: {}\n", "s.yaml:5:6: 'map' has 0 entries (1 to 1000)");
	sync_refused(SYNC_HEAD "key: a\nmap: [a]\n", "s.yaml:5:6: 'map' must be a map of field: "
						     "expression");
	sync_refused(SYNC "skip: {when: a}\n", "s.yaml:6:7: 'skip' must be a list of maps, not a "
					       "map");
	sync_refused("sync: x\nsegments: []\n", "s.yaml:2:11: 'segments' has 0 entries (1 to 100)");
	sync_refused("sync: x\nsegments: [7]\n", "s.yaml:2:12: a segment must be a map of its "
						 "settings");
}

static void choices_and_codes_are_checked(void **state)
{
	(void)state;
	sync_mistake(SYNC "mode: upsrt\n", "s.yaml:6:7: 'mode' cannot be 'upsrt' (did you mean "
					   "'upsert'? allowed: "
					   "upsert, insert, update, mirror, append)\n");
	sync_mistake(SYNC "snapshot: none\n", "s.yaml:6:11: 'snapshot' cannot be 'none' (allowed: "
					      "full, hash)\n");
	sync_mistake(SYNC "verify: maybe\n", "s.yaml:6:9: 'verify': 'maybe' is no truth value "
					     "(true or false)\n");
	sync_refused(SYNC "skip: [{when: a, reason: no_name}]\n", "s.yaml:6:26: 'reason': "
								  "'no_name' is no code");
	sync_refused(SYNC_HEAD "key: a\nmap: {a-b: x}\n", "s.yaml:5:7: 'a-b' cannot be a field");
	sync_refused(SYNC_HEAD "key: a\nmap: {a..b: x}\n", "s.yaml:5:7: 'a..b' cannot be a field");
	sync_refused(SYNC_HEAD "key: [a, a]\nmap: {b: x}\n", "s.yaml:4:10: 'key': 'a' is given "
							     "twice");
}

static void names_are_checked(void **state)
{
	(void)state;
	sync_refused("sync: My Sync\n", "s.yaml:1:7: 'sync': 'My Sync' is no name (1 to 64 of a-z, "
					"0-9, _ and -, "
					"beginning with a letter or digit)");
	assert_true(keyword_valid_name("a"));
	assert_true(keyword_valid_name("0a_b-c"));
	assert_false(keyword_valid_name("-a"));
	assert_false(keyword_valid_name(""));
	assert_false(keyword_valid_name("a/b"));
	assert_false(keyword_valid_name("\xc3\xa4"));
	assert_true(keyword_valid_name("01234567890123456789012345678901234567890123456789012345678"
				       "90123"));
	assert_false(keyword_valid_name("0123456789012345678901234567890123456789012345678901234567"
					"8901234"));
	mistake("connections:\n  A: {family: x}\n", NULL, NULL,
		"c.yaml:2:3: 'A' cannot name a connection (1 to 64 "
		"of a-z, 0-9, _ and -, beginning with a letter or digit)\n");
	sync_refused(SYNC "lookups: {a-b: {connection: db}}\n", "s.yaml:6:11: 'a-b' cannot name a "
								"lookup");
	sync_refused(SYNC "lookups: {SRC: {connection: db}}\n", "s.yaml:6:11: a lookup cannot be "
								"named 'SRC'");
	sync_refused(SYNC "lookups: {a: {connection: db}, A: {connection: db}}\n",
		     "s.yaml:6:32: lookup 'A' is there already (as 'a' in line 6)");
	sync_refused("sync: x\nsource: {connection: db, resource: ../x}\n", "s.yaml:2:36: "
									    "'resource': '../x' is "
									    "no "
									    "name");
}

static void twice_is_an_error_at_the_second(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	sync_mistake(SYNC "key: b\n", "s.yaml:6:1: 'key' is given twice (first in line 4)\n");
	sync_mistake("sync: x\nsource: {connection: db, a: {b: 1, b: 2}}\n"
		     "destination: {connection: db}\n"
		     "key: a\nmap: {c: a, d: a, c: a}\n",
		     "s.yaml:2:36: 'b' is given twice (first in line 2)\n"
		     "s.yaml:5:19: 'c' is given twice (first in line 5)\n");
	mistake("connections:\n  a: {family: x}\n  a: {family: x}\n", NULL, NULL,
		"c.yaml:3:3: 'a' is given twice (first in line 2)\n");
	assert_null(conf_load_texts(CONNECTIONS, SYNC, SYNC, NULL, &out));
	assert_string_equal(out.s, "t.yaml:1:7: sync 'customers' is there already (in s.yaml:1)\n");
	buf_release(&out);
}

static void connection_in_two_files_is_an_error(void **state)
{
	struct conf_file files[] = {
		{CONF_CONNECTIONS, "a.yaml", CONNECTIONS, strlen(CONNECTIONS)},
		{CONF_CONNECTIONS, "b.yaml", "connections: {db: {family: x}}", 30},
	};
	struct conf_mistakes m = CONF_MISTAKES_INIT;

	(void)state;
	assert_null(conf_load(files, 2, &m));
	assert_int_equal(m.n, 1);
	assert_string_equal(m.items[0].text, "connection 'db' is there already (in a.yaml:2)");
	assert_string_equal(m.items[0].mark.file, "b.yaml");
	assert_int_equal(m.items[0].mark.column, 15);
	conf_mistakes_release(&m);
}

static void unknown_connections_are_found(void **state)
{
	(void)state;
	sync_mistake("sync: x\nsource: {connection: bd}\ndestination: {connection: nothing}\n"
		     "lookups: {l: {connection: lagoo}}\nkey: a\nmap: {a: b}\n",
		     "s.yaml:2:22: unknown connection 'bd' (did you mean 'db'?)\n"
		     "s.yaml:3:27: unknown connection 'nothing' (none of that name in "
		     "connections.d)\n"
		     "s.yaml:4:27: unknown connection 'lagoo' (did you mean 'lago'?)\n");
	/* who cannot be read is not said to be missing */
	mistake("connections: [\n", SYNC, NULL,
		"c.yaml:2:1: did not find expected node content (while parsing a flow node that "
		"began in line 2)\n");
}

static void rules_between_keys(void **state)
{
	(void)state;
	sync_mistake(SYNC "policy: {missing: delete}\n", "s.yaml:6:19: 'missing' cannot be "
							 "'delete' in mode upsert "
							 "(ignore, disable; only mode mirror "
							 "deletes)\n");
	sync_mistake(SYNC "mode: append\npolicy: {missing: disable}\n", "s.yaml:7:19: 'missing' "
									"cannot be 'disable' "
									"in mode append (ignore; "
									"that mode only adds)\n");
	sync_mistake(SYNC "mode: insert\npolicy: {missing: delete}\n", "s.yaml:7:19: 'missing' "
								       "cannot be 'delete' "
								       "in mode insert (ignore; "
								       "that mode only adds)\n");
	conf_free(
		conf_load_ok(CONNECTIONS, SYNC "mode: append\npolicy: {missing: ignore}\n", NULL));
	conf_free(
		conf_load_ok(CONNECTIONS, SYNC "mode: mirror\npolicy: {missing: disable}\n", NULL));
	sync_mistake(SYNC "ignore_changes: [name, nmae, x]\n",
		     "s.yaml:6:24: unknown field 'nmae' (did you mean 'name'?)\n"
		     "s.yaml:6:30: unknown field 'x' (it must be one of those under 'map')\n");
	sync_mistake(SYNC "sensitive: nmae\n", "s.yaml:6:12: unknown field 'nmae' (did you mean 'name'?)\n");
	sync_mistake(SYNC "reject: [{when: a, message: b, field: nane}]\n",
		     "s.yaml:6:39: unknown field 'nane' (did you mean 'name'?)\n");
}

#define LEG "source: {connection: db}, destination: {connection: db}, key: a, map: {a: b}"

static void segments_are_checked_together(void **state)
{
	(void)state;
	sync_mistake("sync: x\nsegments:\n- {name: a, " LEG "}\n- {name: a, " LEG "}\n",
		     "s.yaml:4:10: segment 'a' is there already (in line 3)\n");
	sync_mistake("sync: x\nsegments:\n- {name: first, depends_on: second, " LEG "}\n- {name: "
										    "second, "
		     "depends_on: [frist, second], " LEG "}\n",
		     "s.yaml:3:29: unknown segment 'second' (it must be one of those before this "
		     "one)\n"
		     "s.yaml:4:31: unknown segment 'frist' (did you mean 'first'?)\n"
		     "s.yaml:4:38: unknown segment 'second' (it must be one of those before this "
		     "one)\n");
	sync_mistake("sync: x\nkey: a\nsegments:\n- {name: a, " LEG "}\n", "s.yaml:2:1: 'key' "
									   "cannot stand beside "
									   "'segments' (it belongs "
									   "into one of them)\n");
	sync_refused(SYNC "depends_on: [main]\n", "s.yaml:6:14: unknown segment 'main'");
	sync_refused(SYNC "name: x\n", "s.yaml:6:1: unknown key 'name'");
}

static void all_mistakes_come_at_once(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_null(conf_load_texts("connections:\n  a: {family: lago, timeout: x}\n  b: {}\n",
				    "sync: S\nmode: x\nsource: {connection: c}\n", "a: [",
				    "row_errors_max: -1\n", &out));
	assert_non_null(strstr(out.s, "ferry.yaml:1:17: 'row_errors_max': '-1' is out of range (0 "
				      "to 1000000)"));
	assert_non_null(strstr(out.s, "c.yaml:2:30: 'timeout'"));
	assert_non_null(strstr(out.s, "c.yaml:3:3: 'family' is missing"));
	assert_non_null(strstr(out.s, "s.yaml:1:7: 'sync': 'S' is no name"));
	assert_non_null(strstr(out.s, "s.yaml:1:7: 'map' is missing"));
	assert_non_null(strstr(out.s, "s.yaml:2:7: 'mode' cannot be 'x'"));
	assert_non_null(strstr(out.s, "s.yaml:3:22: unknown connection 'c'"));
	assert_non_null(strstr(out.s, "t.yaml:2:1: "));
	buf_release(&out);
}

static void hostile_texts_stay_bounded(void **state)
{
	struct buf text = BUF_INIT, out = BUF_INIT;

	(void)state;
	buf_adds(&text, "? \"");
	for (int i = 0; i < 50000; i++)
		buf_adds(&text, "\xc3\xa4\\n");
	buf_adds(&text, "\"\n: 1\n");
	for (int i = 0; i < 50000; i++)
		buf_addf(&text, "unknown%d: 1\n", i);
	int64_t begin = clock_mono();
	assert_null(conf_load_texts(NULL, NULL, NULL, text.s, &out));
	assert_true(clock_mono() - begin < 2000000);
	assert_true(out.len < 1000 * 300);
	size_t lines = 0;
	for (const char *s = out.s; (s = strchr(s, '\n')); s++)
		lines++;
	assert_int_equal(lines, 1000);
	buf_reset(&text);
	buf_adds(&text, "connections: {x: {family: a, ? ");
	for (int i = 0; i < 100000; i++)
		buf_addc(&text, 'k');
	buf_adds(&text, " : {");
	for (int i = 0; i < 9000; i++)
		buf_addf(&text, "a%d: 1, ", i);
	buf_adds(&text, "}}}\n");
	assert_null(conf_load_texts(text.s, NULL, NULL, NULL, &out));
	assert_non_null(strstr(out.s, "...' is no setting (names have at most 200 characters)"));
	buf_release(&text);
	buf_release(&out);
}

static void mistakes_are_sorted_and_told_once(void **state)
{
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	struct buf out = BUF_INIT;
	char file[] = "b";

	(void)state;
	conf_mistake(&m, &(struct def_mark){file, 2, 1}, "x");
	conf_mistake(&m, &(struct def_mark){file, 1, 10}, "y");
	conf_mistake(&m, &(struct def_mark){file, 1, 9}, "z\nz");
	conf_mistake(&m, &(struct def_mark){file, 2, 1}, "x");
	file[0] = 'a';				/* the name was copied */
	conf_mistake(&m, &(struct def_mark){file, 0, 0}, "%s", "whole");
	conf_mistakes_sort(&m);
	conf_mistakes_print(&m, &out);
	assert_string_equal(out.s, "a: whole\nb:1:9: z z\nb:1:10: y\nb:2:1: x\n");
	conf_mistakes_release(&m);
	buf_release(&out);
}

/* A table of its own: no keyword of ferry's is a secret yet, the connectors' options are. */
static void secret_values_are_not_shown(void **state)
{
	const struct keyword k = {
		.name = "pin", .type = KEYWORD_INT, .flags = KEYWORD_SECRET, .max = 9};
	struct yaml_node node = {
		.kind = YAML_NODE_SCALAR, .text = "hunter2", .line = 1, .column = 1};
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	struct keyword_reader r = {.file = "f", .mistakes = &m};
	int value;

	(void)state;
	assert_false(keyword_scalar(&r, &k, &node, &value));
	assert_string_equal(m.items[0].text, "'pin': its value is no whole number (decimal digits; "
					     "0 to 9)");
	conf_mistakes_release(&m);
	mistake("connections:\n  x: {family: x, password: 'hun${ter2'}\n", NULL, NULL,
		"c.yaml:2:28: 'password': a reference '${' has no closing brace (a literal '${' is "
		"written '$${')\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_keys_get_a_suggestion),
		cmocka_unit_test(keys_of_later_versions_are_refused),
		cmocka_unit_test(missing_keys_are_told_where_they_should_be),
		cmocka_unit_test(bad_numbers_are_never_guessed),
		cmocka_unit_test(null_is_no_value),
		cmocka_unit_test(wrong_shapes_are_told),
		cmocka_unit_test(choices_and_codes_are_checked),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(twice_is_an_error_at_the_second),
		cmocka_unit_test(connection_in_two_files_is_an_error),
		cmocka_unit_test(unknown_connections_are_found),
		cmocka_unit_test(rules_between_keys),
		cmocka_unit_test(segments_are_checked_together),
		cmocka_unit_test(all_mistakes_come_at_once),
		cmocka_unit_test(hostile_texts_stay_bounded),
		cmocka_unit_test(mistakes_are_sorted_and_told_once),
		cmocka_unit_test(secret_values_are_not_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
