/* SPDX-License-Identifier: Apache-2.0 */
/* test-conf-schedule.c - schedules in the configuration: what they become, and every mistake in one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf-fixture.h"

static const struct schedule_def *schedule_of(struct generation **g, const char *line)
{
	char text[1024];

	snprintf(text, sizeof text, SYNC "schedule: %s\n", line);
	*g = conf_load_ok(CONNECTIONS, text, NULL);
	return &(*g)->syncs[0].schedule;
}

static void kinds(void **state)
{
	struct generation *g;

	(void)state;
	const struct schedule_def *s = schedule_of(&g, "manual");
	assert_int_equal(s->kind, SCHEDULE_MANUAL);
	assert_true(s->catch_up);
	conf_free(g);

	s = schedule_of(&g, "{every: 90m, jitter: 30s, catch_up: false}");
	assert_int_equal(s->kind, SCHEDULE_EVERY);
	assert_int_equal(s->rhythm.every_ms, 90 * 60000);
	assert_string_equal(s->rhythm.text, "90m");
	assert_int_equal(s->jitter_ms, 30000);
	assert_false(s->catch_up);
	assert_int_equal(schedule_longest_gap(s), 90 * 60000 + 30000);
	conf_free(g);

	s = schedule_of(&g, "{cron: '*/15 8-18 * * mon-fri', timezone: Europe/Berlin}");
	assert_int_equal(s->kind, SCHEDULE_CRON);
	assert_string_equal(s->rhythm.text, "*/15 8-18 * * mon-fri");
	assert_int_equal(s->rhythm.cron.weekdays, 0x3e);
	assert_non_null(s->zone);
	assert_int_equal(schedule_longest_gap(s), (int64_t)(61 * 60 + 15) * 60000);
	conf_free(g);

	s = schedule_of(&g, "{cron: '@daily'}");
	assert_string_equal(s->timezone, "UTC");
	assert_null(s->zone);
	conf_free(g);
}

static void adaptive(void **state)
{
	struct generation *g;

	(void)state;
	const struct schedule_def *s = schedule_of(&g, "{adaptive: {}}");
	assert_int_equal(s->kind, SCHEDULE_ADAPTIVE);
	assert_int_equal(s->adaptive.tiers[CADENCE_ACTIVE].every_ms, 15 * 60000);
	assert_int_equal(s->adaptive.tiers[CADENCE_IDLE].every_ms, 60 * 60000);
	assert_int_equal(s->adaptive.tiers[CADENCE_DORMANT].every_ms, 0);
	assert_int_equal(s->adaptive.tiers[CADENCE_DORMANT].cron.weekdays, 1);
	assert_int_equal(s->adaptive.demote_after, 2);
	assert_int_equal(s->adaptive.quiet_ms, (int64_t)30 * 86400000);
	assert_int_equal(schedule_longest_gap(s), (int64_t)7 * 86400000);
	conf_free(g);

	s = schedule_of(&g, "{adaptive: {active: '*/5 * * * *', idle: 2h, dormant: 1w, demote_after: 5, quiet: 7d, "
			    "activity: [SESSION_OPEN, WAITING]}, timezone: Asia/Kolkata}");
	assert_int_equal(s->adaptive.tiers[CADENCE_ACTIVE].every_ms, 0);
	assert_int_equal(s->adaptive.tiers[CADENCE_DORMANT].every_ms, (int64_t)7 * 86400000);
	assert_int_equal(s->adaptive.n_activity, 2);
	assert_string_equal(s->adaptive.activity[1], "WAITING");
	conf_free(g);

	/* a fixed cron overrides all tiers */
	s = schedule_of(&g, "{adaptive: {idle: 2h}, cron: '0 3 * * *'}");
	assert_int_equal(s->kind, SCHEDULE_CRON);
	assert_int_equal(schedule_longest_gap(s), 86400000);
	conf_free(g);
}

static void retries(void **state)
{
	struct generation *g = conf_load_ok(CONNECTIONS, SYNC "retry: {attempts: 3, wait: 5m}\n", NULL);

	(void)state;
	assert_int_equal(g->syncs[0].retry.attempts, 3);
	assert_int_equal(g->syncs[0].retry.wait_ms, 300000);
	conf_free(g);
	g = conf_load_ok(CONNECTIONS, SYNC, NULL);
	assert_int_equal(g->syncs[0].retry.attempts, 0);
	conf_free(g);
}

/* In these very words, and nothing else. */
static void mistake(const char *line, const char *expected)
{
	char text[1024];
	struct buf out = BUF_INIT;

	snprintf(text, sizeof text, SYNC "schedule: %s\n", line);
	if (conf_load_texts(CONNECTIONS, text, NULL, NULL, &out))
		fail_msg("'%s' is taken", line);
	assert_string_equal(buf_str(&out), expected);
	buf_release(&out);
}

static void mistakes(void **state)
{
	(void)state;
	mistake("{}", "s.yaml:6:11: the schedule does not say when (give one of every, cron, adaptive, after)\n");
	mistake("{jitter: 1s}",
		"s.yaml:6:11: the schedule does not say when (give one of every, cron, adaptive, after)\n");
	mistake("{every: 1h, adaptive: {}}", "s.yaml:6:23: 'adaptive' cannot stand beside 'every'\n");
	mistake("{every: 1h, cron: '@daily'}", "s.yaml:6:23: 'cron' cannot stand beside 'every'\n");
	mistake("{cron: '@daily', after: customers}",
		"s.yaml:6:28: 'after' cannot stand beside 'cron'\n"
		"s.yaml:6:35: 'after': the sync follows itself and would never run: customers after customers\n");
	mistake("{every: 1h, timezone: UTC}",
		"s.yaml:6:23: 'timezone' has no meaning here (it goes with cron and adaptive)\n");
	mistake("{cron: '@daily', timezone: CEST}", "s.yaml:6:38: 'timezone': this machine knows no time zone 'CEST' "
		"(a name of the tz database, such as Europe/Berlin or UTC)\n");
	mistake("{cron: '@daily', timezone: ../../etc/passwd}", "s.yaml:6:38: 'timezone': '../../etc/passwd' is no name "
		"of a time zone (a name of the tz database, such as Europe/Berlin or UTC)\n");
	mistake("{cron: '* * * *'}", "s.yaml:6:18: 'cron': '* * * *': it has 4 fields instead of five (minute hour day "
		"month weekday)\n");
	mistake("{cron: '0 0 30 2 *'}", "s.yaml:6:18: 'cron': '0 0 30 2 *': there is no such date in any year\n");
	mistake("{cron: [1, 2]}", "s.yaml:6:18: 'cron' must be a single value, not a list (text)\n");
	mistake("{cron: }", "s.yaml:6:18: 'cron' has no value (give one, or leave the key out)\n");
	mistake("{adaptive: {dormant: weekly}}", "s.yaml:6:32: 'dormant': 'weekly' is neither a duration such as 15m nor "
		"a cron pattern such as '0 3 * * 0'\n");
	mistake("{adaptive: {active: 10ms}}", "s.yaml:6:31: 'active': '10ms' is out of range (1s to 366d)\n");
	mistake("{adaptive: {active: '0 25 * * *'}}",
		"s.yaml:6:31: 'active': '0 25 * * *': the hour 25 is out of range (0 to 23)\n");
	mistake("{adaptive: {activity: busy}}", "s.yaml:6:33: 'activity': 'busy' is no code (1 to 64 of A-Z, 0-9 and _, "
		"beginning with a letter)\n");
	mistake("{adaptive: {quite: 1d}}", "s.yaml:6:23: unknown key 'quite' (did you mean 'quiet'?)\n");
	mistake("{adaptive: 1h}",
		"s.yaml:6:22: 'adaptive' must be a map, not a single value (how often it runs follows from what runs find)\n");
	mistake("{after: custmers}", "s.yaml:6:19: unknown sync 'custmers' (did you mean 'customers'?)\n");
	mistake("{after: zzz, jitter: 1s, catch_up: false}",
		"s.yaml:6:19: unknown sync 'zzz' (none of that name in syncs.d)\n"
		"s.yaml:6:24: 'jitter' has no meaning here (it goes with every, cron and adaptive)\n"
		"s.yaml:6:36: 'catch_up' has no meaning here (it goes with every, cron and adaptive)\n");
	mistake("{every: 1h, jitter: 2d}", "s.yaml:6:31: 'jitter': '2d' is out of range (1s to 1d)\n");
}

/* Two syncs: one after the other is fine, a circle is not. */
static void followers(void **state)
{
	static const char other[] = "sync: orders\nsource: {connection: db, query: SELECT 1}\n"
		"destination: {connection: lago, resource: customers}\nkey: id\nmap: {external_id: id}\nschedule: %s\n";
	struct buf out = BUF_INIT;
	char text[1024];

	(void)state;
	snprintf(text, sizeof text, other, "{after: customers}");
	struct generation *g = conf_load_texts(CONNECTIONS, SYNC "schedule: {every: 1h}\n", text, NULL, &out);
	assert_non_null(g);
	assert_string_equal(generation_sync(g, "orders")->schedule.after, "customers");
	conf_free(g);
	assert_null(conf_load_texts(CONNECTIONS, SYNC "schedule: {after: orders}\n", text, NULL, &out));
	assert_string_equal(out.s, "s.yaml:6:19: 'after': the sync follows itself and would never run: customers after "
			    "orders after customers\n"
			    "t.yaml:6:19: 'after': the sync follows itself and would never run: orders after "
			    "customers after orders\n");
	buf_release(&out);
}

#define LOOKING_BACK(days, schedule) \
	"sync: customers\nsource: {connection: db, query: SELECT 1, lookback: " days "}\n" \
	"destination: {connection: lago, resource: customers}\nkey: id\nmap: {external_id: id}\n" \
	"schedule: " schedule "\n"

static void lookback(void **state)
{
	static const char *const fine[] = {
		LOOKING_BACK("1d", "{cron: '0 3 * * *'}"), LOOKING_BACK("7d", "{adaptive: {}}"),
		LOOKING_BACK("1h", "manual"), LOOKING_BACK("soon", "{every: 1h}"),
	};
	static const char *const bad[][2] = {
		{LOOKING_BACK("23h", "{cron: '0 3 * * *'}"), "23h is shorter than the longest time between two runs by "
			"the schedule (1d)"},
		{LOOKING_BACK("1d", "{cron: '0 3 * * *', jitter: 5m}"), "(1445m)"},
		{LOOKING_BACK("6d", "{adaptive: {}}"), "(7d)"},
		{LOOKING_BACK("3d", "{cron: '0 3 * * 1,4'}"), "(4d)"},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
		conf_free(conf_load_ok(CONNECTIONS, fine[i], NULL));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_null(conf_load_texts(CONNECTIONS, bad[i][0], NULL, NULL, &out));
		if (!strstr(out.s, bad[i][1]) || strncmp(out.s, "s.yaml:2:53: ", 13) != 0)
			fail_msg("'%s' is not in:\n%s", bad[i][1], out.s);
		buf_release(&out);
	}
}

static void a_segment_of_that_name(void **state)
{
	static const char text[] = "sync: x\nschedule: %s\nsegments:\n- {name: scheduling, source: {connection: db}, "
		"destination: {connection: db}, key: id, map: {a: b}}\n";
	struct buf out = BUF_INIT;
	char sync[512];

	(void)state;
	snprintf(sync, sizeof sync, text, "{every: 1h}");
	conf_free(conf_load_ok(CONNECTIONS, sync, NULL));
	snprintf(sync, sizeof sync, text, "{adaptive: {}}");
	assert_null(conf_load_texts(CONNECTIONS, sync, NULL, NULL, &out));
	assert_string_equal(out.s, "s.yaml:4:3: no segment of a sync with an adaptive schedule can be named "
			    "'scheduling' (that one tells what the schedule did)\n");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(adaptive),
		cmocka_unit_test(retries),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(followers),
		cmocka_unit_test(lookback),
		cmocka_unit_test(a_segment_of_that_name),
	};

	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) {
		puts("skipped: there are no time zones on this machine: apt install tzdata");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
