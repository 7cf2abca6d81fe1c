/* SPDX-License-Identifier: Apache-2.0 */
/* test-conf-matching.c - match, policy, guards and checks of a segment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "conf-fixture.h"

static void sync_mistake(const char *sync, const char *expected)
{
	struct buf out = BUF_INIT;

	assert_null(conf_load_texts(CONNECTIONS, sync, NULL, NULL, &out));
	assert_string_equal(out.s, expected);
	buf_release(&out);
}

static void defaults_are_careful(void **state)
{
	struct generation *g = conf_load_ok(CONNECTIONS, SYNC, NULL);
	const struct segment_def *seg = &g->syncs[0].segments[0];

	(void)state;
	assert_int_equal(seg->n_match, 0);
	assert_int_equal(seg->n_checks, 0);
	assert_int_equal(seg->policy.strong, STRONG_UPDATE);
	assert_int_equal(seg->policy.medium, MEDIUM_REVIEW);
	assert_int_equal(seg->policy.ambiguous, AMBIGUOUS_REVIEW);
	assert_int_equal(seg->policy.none, NONE_CREATE);
	assert_int_equal(seg->policy.missing, MISSING_IGNORE);
	assert_int_equal(seg->policy.conflict, CONFLICT_REVIEW);
	assert_false(seg->max_deletes.given || seg->max_disables.given);
	assert_false(seg->max_changes.given || seg->max_errors.given);
	assert_int_equal(seg->min_rows, 0);
	conf_free(g);
}

static void all_settings_are_taken(void **state)
{
	struct generation *g = conf_load_ok(
		CONNECTIONS,
		SYNC "match:\n"
		     "  - {tier: strong, on: external_id}\n"
		     "  - {tier: medium, on: [lower(name), zip]}\n"
		     "policy: {strong: skip, medium: update, ambiguous: skip, none: skip, "
		     "missing: disable, conflict: overwrite}\n"
		     "guards: {max_deletes: 1, max_disables: 2%, max_changes: 3, max_errors: 0.5%, "
		     "min_rows: 100}\n",
		NULL);
	const struct segment_def *seg = &g->syncs[0].segments[0];

	(void)state;
	assert_int_equal(seg->n_match, 2);
	assert_int_equal(seg->match[0].tier, FERRY_TIER_STRONG);
	assert_int_equal(seg->match[0].n_on, 1);
	assert_string_equal(seg->match[0].on[0], "external_id");
	assert_int_equal(seg->match[0].mark.line, 7);
	assert_int_equal(seg->match[0].mark.column, 24);
	assert_int_equal(seg->match[1].tier, FERRY_TIER_MEDIUM);
	assert_int_equal(seg->match[1].n_on, 2);
	assert_string_equal(seg->match[1].on[0], "lower(name)");
	assert_string_equal(seg->match[1].on[1], "zip");
	assert_int_equal(seg->policy.strong, STRONG_SKIP);
	assert_int_equal(seg->policy.medium, MEDIUM_UPDATE);
	assert_int_equal(seg->policy.ambiguous, AMBIGUOUS_SKIP);
	assert_int_equal(seg->policy.none, NONE_SKIP);
	assert_int_equal(seg->policy.missing, MISSING_DISABLE);
	assert_int_equal(seg->policy.conflict, CONFLICT_OVERWRITE);
	assert_true(seg->max_deletes.value == 1 && !seg->max_deletes.percent);
	assert_true(seg->max_disables.value == 2 && seg->max_disables.percent);
	assert_true(seg->max_changes.value == 3 && !seg->max_changes.percent);
	assert_true(seg->max_errors.value == 0.5 && seg->max_errors.percent);
	assert_int_equal(seg->min_rows, 100);
	conf_free(g);
	g = conf_load_ok(CONNECTIONS, SYNC "policy: {medium: create}\nmatch: []\n", NULL);
	assert_int_equal(g->syncs[0].segments[0].policy.medium, MEDIUM_CREATE);
	conf_free(g);
}

static void wrong_rules_and_policies_are_told(void **state)
{
	(void)state;
	sync_mistake(SYNC "match: [{on: name}]\n",
		     "s.yaml:6:9: 'tier' is missing (whether a match is sure, or only likely)\n");
	sync_mistake(SYNC "match: [{tier: strong}]\n",
		     "s.yaml:6:9: 'on' is missing (expressions over the destination's fields that "
		     "are equal on both sides)\n");
	sync_mistake(SYNC "match: [{tier: ambiguous, on: name}]\n",
		     "s.yaml:6:16: 'tier' cannot be 'ambiguous' (allowed: strong, medium)\n");
	sync_mistake(SYNC "match: [{tier: strnog, on: name, weight: 3}]\n",
		     "s.yaml:6:16: 'tier' cannot be 'strnog' (did you mean 'strong'? allowed: "
		     "strong, medium)\n"
		     "s.yaml:6:34: unknown key 'weight' (allowed: tier, on)\n");
	sync_mistake(SYNC "match: [{tier: strong, on: []}]\n",
		     "s.yaml:6:28: 'on' has 0 entries (1 to 8)\n");
	sync_mistake(SYNC "match: {tier: strong, on: name}\n",
		     "s.yaml:6:8: 'match' must be a list of maps, not a map (rules by which a new row "
		     "is found among what the destination has already)\n");
	sync_mistake(SYNC "policy: {strong: review, medium: skip, ambiguous: update, conflict: ignore}\n",
		     "s.yaml:6:18: 'strong' cannot be 'review' (allowed: update, skip)\n"
		     "s.yaml:6:34: 'medium' cannot be 'skip' (allowed: review, update, create)\n"
		     "s.yaml:6:51: 'ambiguous' cannot be 'update' (allowed: review, skip)\n"
		     "s.yaml:6:69: 'conflict' cannot be 'ignore' (allowed: review, overwrite)\n");
	sync_mistake(SYNC "guards: {max_errors: 1.5, min_rows: 5%}\n",
		     "s.yaml:6:22: 'max_errors': '1.5' is no limit (a number of rows such as 100, or "
		     "a share such as 5%)\n"
		     "s.yaml:6:37: 'min_rows': '5%' is no whole number (decimal digits; 0 to "
		     "1000000000000)\n");
}

static void settings_of_the_daemon_have_limits(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_null(conf_load_texts(NULL, NULL, NULL, "quarantine_after: 1001\nproblems_max: -1\n", &out));
	assert_string_equal(out.s,
			    "ferry.yaml:1:19: 'quarantine_after': '1001' is out of range (0 to 1000)\n"
			    "ferry.yaml:2:15: 'problems_max': '-1' is out of range (0 to 1000000)\n");
	buf_release(&out);
}

/* ---- checks */

#define CHECK "{name: one, connection: db, query: SELECT 2, message: there is one}"

static void a_sync_may_be_checks_alone(void **state)
{
	struct generation *g = conf_load_ok(
		CONNECTIONS,
		"sync: health\n"
		"checks:\n"
		"  - {name: one, connection: db, query: SELECT 2, message: there is one}\n"
		"  - {name: two, connection: lago, resource: customers, severity: warning, message: m}\n",
		NULL);
	const struct sync_def *sync = &g->syncs[0];
	const struct segment_def *seg = &sync->segments[0];
	const struct check_def *one = &seg->checks[0], *two = &seg->checks[1];

	(void)state;
	assert_int_equal(sync->n_segments, 1);
	assert_string_equal(seg->name, "main");
	assert_true(seg->required);
	assert_null(seg->source.connection);
	assert_int_equal(seg->n_map, 0);
	assert_int_equal(seg->n_checks, 2);
	assert_string_equal(one->name, "one");
	assert_string_equal(one->source.connection, "db");
	assert_int_equal(one->source.ordered, -1);
	assert_int_equal(one->source.mark.line, 3);
	assert_int_equal(one->source.options.n, 1);
	assert_string_equal(one->source.options.items[0].text, "SELECT 2");
	assert_int_equal(one->severity, CHECK_PROBLEM);
	assert_string_equal(one->message, "there is one");
	assert_string_equal(two->source.resource, "customers");
	assert_int_equal(two->severity, CHECK_WARNING);
	assert_int_equal(two->mark.line, 4);
	conf_free(g);
}

static void checks_stand_among_segments(void **state)
{
	struct generation *g = conf_load_ok(
		CONNECTIONS,
		"sync: x\nsegments:\n"
		"- {name: before, required: true, checks: [" CHECK "]}\n"
		"- {name: move, depends_on: before, source: {connection: db}, destination: {connection: "
		"lago}, key: a, map: {a: b}}\n"
		"- {name: after, depends_on: [before, move], checks: [" CHECK "]}\n",
		NULL);
	const struct sync_def *sync = &g->syncs[0];

	(void)state;
	assert_int_equal(sync->n_segments, 3);
	assert_true(sync->segments[0].required);
	assert_int_equal(sync->segments[1].n_checks, 0);
	assert_false(sync->segments[2].required);
	assert_int_equal(sync->segments[2].n_depends_on, 2);
	conf_free(g);
}

static void checks_stand_alone(void **state)
{
	(void)state;
	sync_mistake("sync: x\nchecks: [" CHECK "]\nkey: id\nmap: {a: }\nmode: nonsense\n"
		     "source: {connection: db}\n",
		     "s.yaml:3:1: 'key' cannot stand beside 'checks'\n"
		     "s.yaml:4:1: 'map' cannot stand beside 'checks'\n"
		     "s.yaml:5:1: 'mode' cannot stand beside 'checks'\n"
		     "s.yaml:6:1: 'source' cannot stand beside 'checks'\n");
	sync_mistake("sync: x\nsegments: [{name: a, checks: [" CHECK "], guards: {min_rows: 1}, verify: true}]\n",
		     "s.yaml:2:101: 'guards' cannot stand beside 'checks'\n"
		     "s.yaml:2:124: 'verify' cannot stand beside 'checks'\n");
	sync_mistake("sync: x\nchecks: [" CHECK "]\nsegments: [{name: a, checks: [" CHECK "]}]\n",
		     "s.yaml:2:1: 'checks' cannot stand beside 'segments' (it belongs into one of them)\n");
	sync_mistake("sync: x\nsegments: [{checks: [" CHECK "]}]\n",
		     "s.yaml:2:12: 'name' is missing (the segment's name, once in the sync)\n");
	sync_mistake("sync: x\nchecks: [" CHECK "]\nsorce: {}\n",
		     "s.yaml:3:1: unknown key 'sorce' (did you mean 'source'?)\n");
}

static void wrong_checks_are_told(void **state)
{
	(void)state;
	sync_mistake("sync: x\nchecks: []\n", "s.yaml:2:9: 'checks' has 0 entries (1 to 100)\n");
	sync_mistake("sync: x\nchecks: [{}]\n",
		     "s.yaml:2:10: 'connection' is missing (which connection)\n"
		     "s.yaml:2:10: 'message' is missing (what it means that there is such a row)\n"
		     "s.yaml:2:10: 'name' is missing (the check's name, once in the segment)\n");
	sync_mistake("sync: x\nchecks: [{name: A b, connection: bd, severity: error, message: ~}]\n",
		     "s.yaml:2:17: 'name': 'A b' is no name (1 to 64 of a-z, 0-9, _ and -, beginning "
		     "with a letter or digit)\n"
		     "s.yaml:2:34: unknown connection 'bd' (did you mean 'db'?)\n"
		     "s.yaml:2:48: 'severity' cannot be 'error' (allowed: problem, warning)\n"
		     "s.yaml:2:64: 'message' has no value (give one, or leave the key out)\n");
	sync_mistake("sync: x\nchecks:\n- " CHECK "\n- " CHECK "\n",
		     "s.yaml:4:10: check 'one' is there already (in line 3)\n");
}

/* ---- the text of a segment */

static char *text_of(const char *sync)
{
	struct generation *g = conf_load_ok(CONNECTIONS, sync, NULL);
	struct buf out = BUF_INIT;

	conf_segment_text(g, &g->syncs[0].segments[0], &out);
	conf_free(g);
	return buf_detach(&out);
}

static bool same_text(const char *sync, const char *sync2)
{
	char *a = text_of(sync), *b = text_of(sync2);
	bool same = strcmp(a, b) == 0;

	free(a);
	free(b);
	return same;
}

/* As it was before there were match rules and most policies: plans made then must stay usable. */
static void segment_text_stays_as_it_was(void **state)
{
	char *text = text_of(SYNC);

	(void)state;
	assert_string_equal(
		text, "{\"name\":\"main\",\"source\":{\"connection\":{\"name\":\"db\",\"family\":\"sqlite\","
		      "\"options\":{\"path\":\"/tmp/x.db\"}},\"resource\":null,\"ordered\":-1,"
		      "\"options\":{\"query\":\"SELECT 1\"}},\"destination\":{\"connection\":{\"name\":"
		      "\"lago\",\"family\":\"lago\",\"options\":{\"api_key\":\"${env:KEY}\",\"url\":"
		      "\"https://lago\"}},\"resource\":\"customers\",\"ordered\":-1,\"options\":{}},"
		      "\"lookups\":[],\"key\":[\"id\"],\"mode\":\"upsert\",\"where\":null,\"map\":[["
		      "\"external_id\",\"id\"],[\"name\",\"company\"]],\"skip\":[],\"reject\":[],"
		      "\"ignore_changes\":[],\"missing\":1,\"none\":0,\"snapshot\":0,\"verify\":false}");
	free(text);
	assert_true(same_text(SYNC, SYNC "match: []\npolicy: {strong: update, medium: review, "
					 "ambiguous: review, conflict: review}\n"));
	assert_true(same_text(SYNC, SYNC "guards: {max_errors: 1, max_disables: 1, min_rows: 1}\n"));
}

static void segment_text_tells_what_is_decided_otherwise(void **state)
{
	static const char *const other[] = {
		SYNC, SYNC "policy: {strong: skip}\n", SYNC "policy: {medium: update}\n",
		SYNC "policy: {medium: create}\n", SYNC "policy: {ambiguous: skip}\n",
		SYNC "policy: {conflict: overwrite}\n", SYNC "match: [{tier: strong, on: a}]\n",
		SYNC "match: [{tier: medium, on: a}]\n", SYNC "match: [{tier: medium, on: [a, b]}]\n",
		SYNC "match: [{tier: medium, on: a}, {tier: medium, on: b}]\n",
		"sync: x\nchecks: [" CHECK "]\n",
		"sync: x\nchecks: [{name: one, connection: db, query: SELECT 3, message: there is one}]\n",
		"sync: x\nchecks: [{name: one, connection: db, query: SELECT 3, message: m}]\n",
		"sync: x\nchecks: [{name: one, connection: db, query: SELECT 3, message: m, severity: warning}]\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(same_text(other[i], other[j]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_careful),
		cmocka_unit_test(all_settings_are_taken),
		cmocka_unit_test(wrong_rules_and_policies_are_told),
		cmocka_unit_test(settings_of_the_daemon_have_limits),
		cmocka_unit_test(a_sync_may_be_checks_alone),
		cmocka_unit_test(checks_stand_among_segments),
		cmocka_unit_test(checks_stand_alone),
		cmocka_unit_test(wrong_checks_are_told),
		cmocka_unit_test(segment_text_stays_as_it_was),
		cmocka_unit_test(segment_text_tells_what_is_decided_otherwise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
