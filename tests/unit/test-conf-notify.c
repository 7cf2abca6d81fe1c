/* SPDX-License-Identifier: Apache-2.0 */
/* test-conf-notify.c - notifications in the configuration: what is in force, every mistake, no secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf-fixture.h"
#include "conf/redact.h"

#define TARGETS \
	"notifications:\n" \
	"  ops-slack: {slack: \"${env:SLACK}\"}\n" \
	"  hook: {webhook: https://example.com/h, secret: s3cret}\n" \
	"  mail: {email: ops@example.com, from: ferry@example.com}\n"

static struct generation *load(const char *daemon, const char *notify)
{
	char text[1024];

	snprintf(text, sizeof text, SYNC "%s\n", notify);
	return conf_load_ok(CONNECTIONS, text, daemon);
}

static const struct notify_def *of(const struct generation *g)
{
	return &g->syncs[0].notify;
}

static void nobody_unless_said(void **state)
{
	struct generation *g = load(NULL, "");

	(void)state;
	assert_int_equal(of(g)->n_targets, 0);
	conf_free(g);
	g = load(TARGETS, "notify: none");
	assert_int_equal(of(g)->n_targets, 0);
	conf_free(g);
	g = load(TARGETS "notify: none\n", "");
	assert_int_equal(of(g)->n_targets, 0);
	conf_free(g);
}

static void what_is_left_out(void **state)
{
	struct generation *g = load(TARGETS, "");

	(void)state;
	/* failed, to all of them, once an hour */
	assert_int_equal(of(g)->n_targets, 3);
	assert_int_equal(of(g)->n_on, 1);
	assert_int_equal(of(g)->on[0].event, NOTIFY_FAILED);
	assert_int_equal(of(g)->repeat_after_ms, 3600000);
	assert_int_equal(g->daemon.targets[1].timeout_ms, 10000);
	assert_int_equal(g->daemon.targets[1].max_per_hour, 60);
	assert_string_equal(g->daemon.targets[2].sendmail, "/usr/sbin/sendmail");
	assert_string_equal(g->daemon.targets[2].email[0], "ops@example.com");
	conf_free(g);
	/* the sync's own word, the rest from ferry.yaml; also where that says none */
	g = load(TARGETS "notify: {on: [completed, stuck], to: [mail, hook], repeat_after: 2h}\n", "notify: {to: ops-slack}");
	assert_int_equal(of(g)->n_targets, 1);
	assert_string_equal(of(g)->targets[0]->name, "ops-slack");
	assert_int_equal(of(g)->n_on, 2);
	assert_int_equal(of(g)->repeat_after_ms, 7200000);
	conf_free(g);
	g = load(TARGETS "notify: none\n", "notify: {on: recovered}");
	assert_int_equal(of(g)->n_targets, 3);
	assert_int_equal(of(g)->on[0].event, NOTIFY_RECOVERED);
	conf_free(g);
}

static void events(void **state)
{
	struct generation *g = load(TARGETS, "notify: {on: [failed, completed, {error_rate: 1%}, {consecutive_failures: 3}, "
				    "recovered, stuck, problems_opened]}");

	(void)state;
	assert_int_equal(of(g)->n_on, 7);
	assert_int_equal(of(g)->on[2].event, NOTIFY_ERROR_RATE);
	assert_true(of(g)->on[2].error_rate.percent);
	assert_int_equal(of(g)->on[3].event, NOTIFY_CONSECUTIVE_FAILURES);
	assert_int_equal(of(g)->on[3].consecutive_failures, 3);
	assert_int_equal(of(g)->on[6].event, NOTIFY_PROBLEMS_OPENED);
	conf_free(g);
}

static void mistakes(void **state)
{
	static const struct {
		const char *daemon, *notify, *told;
	} cases[] = {
		{TARGETS, "notify: {to: [mail, ops-slak]}", "s.yaml:6:21: unknown target 'ops-slak' (did you mean 'ops-slack'?)"},
		{TARGETS, "notify: {to: [pigeon]}", "unknown target 'pigeon' (none of that name under 'notifications'"},
		{TARGETS "notify: {to: nobody}\n", "", "ferry.yaml:5:14: unknown target 'nobody'"},
		{NULL, "notify: {on: [failed]}", "s.yaml:6:1: 'notify' has nobody to tell"},
		{NULL, "notify: {to: [mail]}", "unknown target 'mail'"},
		{TARGETS, "notify: {on: [faild]}", "'on' cannot be 'faild' (did you mean 'failed'?"},
		{TARGETS, "notify: {on: []}", "'on' has 0 entries"},
		{TARGETS, "notify: {on: [error_rate]}", "'error_rate' needs its limit: {error_rate: 1%}"},
		{TARGETS, "notify: {on: [{consecutive_failures: 1}]}", "out of range (2 to 1000)"},
		{TARGETS, "notify: {on: [{error_rate: lots}]}", "'error_rate': 'lots' is no limit"},
		{TARGETS, "notify: {on: [{error_rate: 1%, consecutive_failures: 2}]}", "an event is one word, or a map of one key"},
		{TARGETS, "notify: {on: [{failed: true}]}", "unknown key 'failed'"},
		{TARGETS, "notify: {on: [failed, stuck, failed]}", "s.yaml:6:30: this event is there already (in line 6)"},
		{TARGETS, "notify: nobody", "'notify' cannot be 'nobody'"},
		{TARGETS, "notify: {repeat_after: 1s}", "out of range (1m to 7d)"},
		{"notifications: {x: {}}\n", "", "ferry.yaml:1:17: a notification target needs one of slack, webhook and email"},
		{"notifications: {x: {slack: https://a, email: a@b, from: a@b}}\n", "", "not several"},
		{"notifications: {x: {webhook: https://a}}\n", "", "'secret' is missing"},
		{"notifications: {x: {email: a@b}}\n", "", "'from' is missing"},
		{"notifications: {x: {slack: https://a, secret: abc}}\n", "", "'secret' has no meaning here"},
		{"notifications: {x: {slack: http://a}}\n", "", "'slack' is not encrypted"},
		{"notifications: {x: {slack: ftp://a}}\n", "", "'slack' must be a URL that begins with https://"},
		{"notifications: {x: {slack: \"${secret:a}\"}}\n", "", "unknown reference"},
		{"notifications: {x: {slack: https://a, allow_addresses: [10.0.0.1/8]}}\n", "", "'10.0.0.1/8' is neither"},
		{"notifications: {x: {email: [\"a@b\\nBcc: c@d\"], from: a@b}}\n", "", "is no mail address"},
		{"notifications: {x: {email: [\"Ops <a@b>\"], from: a@b}}\n", "", "is no mail address"},
		{"notifications: {x: {email: [a@b], from: \"-oops@b\"}}\n", "", "is no mail address"},
		{"notifications: {x: {email: [a@b], from: a@b, sendmail: sendmail}}\n", "", "must be a whole path"},
		{"console_url: ferry.example.com\n", "", "'console_url' must begin with"},
	};
	struct buf out = BUF_INIT;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(text, sizeof text, SYNC "%s\n", cases[i].notify);
		buf_reset(&out);
		struct generation *g = conf_load_texts(CONNECTIONS, text, NULL, cases[i].daemon, &out);
		if (g || !strstr(buf_str(&out), cases[i].told))
			fail_msg("case %zu: expected \"%s\" in:\n%s", i, cases[i].told, buf_str(&out));
	}
	/* a file that cannot be read makes no mistakes of what refers to it */
	buf_reset(&out);
	assert_null(conf_load_texts(CONNECTIONS, SYNC "notify: {to: [mail]}\n", NULL, "notifications: [\n", &out));
	assert_null(strstr(out.s, "unknown target"));
	buf_release(&out);
}

/* Whatever is wrong with a secret, it is not shown. */
static void secrets_are_not_shown(void **state)
{
	static const char *const wrong[] = {
		"notifications: {x: {slack: [xoxb-planted]}}\n", "notifications: {x: {slack: {a: xoxb-planted}}}\n",
		"notifications: {x: {slack: xoxb-planted}}\n", "notifications: {x: {slack: \"xoxb-planted${\"}}\n",
		"notifications: {x: {webhook: \"http://xoxb-planted\", secret: xoxb-planted}}\n",
		"notifications: {x: {webhook: https://a, secret: {b: xoxb-planted}}}\n",
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		buf_reset(&out);
		assert_null(conf_load_texts(CONNECTIONS, SYNC, NULL, wrong[i], &out));
		if (strstr(out.s, "xoxb"))
			fail_msg("shown: %s", out.s);
	}
	buf_release(&out);
}

static void redacting(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"nothing of it", "nothing of it"}, {"the key is lago-key-1!", "the key is ********!"},
		{"lago-key-1lago-key-1", "****************"}, {"lago-key-", "lago-key-"}, {"", ""},
		{"POST https://hooks.slack.com/services/T0/B0/xyz: no", "POST https://hooks.slack.com********: no"},
		{"hmac with s3cret", "hmac with ********"},
		{"host=db password=pg-pass-1 x", "host=db password=******** x"},
		{"postgres://ferry:uri-pass@db/x", "postgres://ferry:********@db/x"},
	};
	struct buf out = BUF_INIT;

	(void)state;
	setenv("KEY", "lago-key-1", 1);
	setenv("SLACK", "https://hooks.slack.com/services/T0/B0/xyz", 1);
	struct generation *g = conf_load_ok("connections:\n"
		"  db: {family: sqlite, path: /tmp/x.db}\n"
		"  lago: {family: lago, url: https://lago, api_key: \"${env:KEY}\"}\n"
		"  gone: {family: lago, url: https://lago, api_key: \"${env:NOT_SET_AT_ALL}\"}\n"
		"  pg: {family: postgres, dsn: \"host=db password=pg-pass-1\"}\n"
		"  uri: {family: postgres, dsn: \"postgres://ferry:uri-pass@db/x\"}\n", SYNC, TARGETS);
	struct redactor *r = redact_new(g);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_reset(&out);
		redact_text(r, cases[i].text, &out);
		assert_string_equal(buf_str(&out), cases[i].expected);
	}
	redact_free(r);
	conf_free(g);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_unless_said),
		cmocka_unit_test(what_is_left_out),
		cmocka_unit_test(events),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(secrets_are_not_shown),
		cmocka_unit_test(redacting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
