/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-message.c - what a notification says, and that nothing in it can become more than text: no header
 * of a mail, no link or call in Slack.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/message.h"

static struct message failed(void)
{
	struct message m = {
		.delivery = "d1", .events = NOTIFY_BIT(NOTIFY_FAILED), .target = "ops", .sync = "customers", .run = 42,
		.status = "failed", .trigger = "schedule", .ms = 12345, .rows = 10, .created = 3, .row_errors = 2,
		.code = "AUTH", .text = "key refused", .hint = "renew it", .segment = "main", .stage = "extract",
		.codes = {{"REJECTED", 2}}, .n_codes = 1, .problems_open = 4, .failures = 3, .next = "ferryctl show 42",
		.held = {.n = {[NOTIFY_FAILED] = 12}},
	};

	assert_true(clock_parse("2026-03-01T10:00:00Z", 20, &m.at));
	m.started_at = m.completed_at = m.failing_since = m.held.since = m.at;
	return m;
}

static void text_says_what_matters(void **state)
{
	struct buf subject = BUF_INIT, text = BUF_INIT;
	struct message m = failed();

	(void)state;
	message_subject(&m, &subject);
	assert_string_equal(subject.s, "customers failed (run 42)");
	message_text(&m, &text);
	assert_string_equal(text.s,
		"Run 42: failed, schedule, started 2026-03-01T10:00:00Z, took 12.3 s\n"
		"Rows: 10 processed, 3 created, 0 updated, 0 deleted, 2 failed\n"
		"Error: AUTH: key refused\n"
		"Hint: renew it\n"
		"Row errors: REJECTED 2\n"
		"Failing: 3 runs in a row, since 2026-03-01T10:00:00Z\n"
		"Problems: 4 open, 0 opened by this run\n"
		"Held back since 2026-03-01T10:00:00Z: 12 more failures\n"
		"Next: ferryctl show 42\n");
	buf_release(&subject);
	buf_release(&text);
}

static void every_event_has_a_subject(void **state)
{
	static const char *const subjects[NOTIFY_EVENTS] = {
		[NOTIFY_FAILED] = "customers failed (run 42)",
		[NOTIFY_COMPLETED] = "customers completed with 2 row errors (run 42)",
		[NOTIFY_ERROR_RATE] = "customers had 2 row errors in 10 rows (run 42)",
		[NOTIFY_CONSECUTIVE_FAILURES] = "customers failed 3 times in a row (run 42)",
		[NOTIFY_RECOVERED] = "customers has recovered (run 42)",
		[NOTIFY_STUCK] = "customers is stuck (run 42)",
		[NOTIFY_PROBLEMS_OPENED] = "customers opened 1 problem (run 42)",
	};
	struct message m = failed();
	struct buf subject = BUF_INIT;

	(void)state;
	m.problems_opened = 1;
	for (int e = 0; e < NOTIFY_EVENTS; e++) {
		m.events = NOTIFY_BIT(e);
		buf_reset(&subject);
		message_subject(&m, &subject);
		assert_string_equal(subject.s, subjects[e]);
	}
	m.events = 0;
	buf_reset(&subject);
	message_subject(&m, &subject);
	assert_string_equal(subject.s, "test of the notification target ops");
	buf_release(&subject);
}

static void json_both_ways(void **state)
{
	struct buf json = BUF_INIT, again = BUF_INIT;
	struct ferry_error err = {0};
	struct message m = failed(), back;
	struct json_doc *doc;

	(void)state;
	m.url = "https://ferry.example.com/runs/42";
	m.held_by_quota = 7;
	message_json(&m, &json);
	assert_int_equal(json_parse(json.s, json.len, "message", &doc, &err), 0);
	assert_int_equal(message_read(json_root(doc), &back, &err), 0);
	message_json(&back, &again);
	assert_string_equal(json.s, again.s);
	message_release(&back);
	json_free(doc);
	assert_int_equal(json_parse("{}", 2, "message", &doc, &err), 0);
	assert_int_equal(message_read(json_root(doc), &back, &err), -1);
	assert_int_equal(err.code, FERRY_E_PROTOCOL);
	json_free(doc);
	buf_release(&json);
	buf_release(&again);
}

static void slack_makes_nothing_of_it(void **state)
{
	struct message m = failed();
	struct buf out = BUF_INIT;
	struct json_doc *doc;

	(void)state;
	m.text = "<!channel> <@U1> & <https://evil.example|here> ``` *bold* \"quoted\"\nsecond";
	message_slack(&m, &out);
	assert_int_equal(json_parse(out.s, out.len, "payload", &doc, NULL), 0);
	json_node *blocks = json_get(json_root(doc), "blocks");
	const char *body = json_get_text(json_get(json_at(blocks, 1), "text"), "text", "");
	assert_non_null(strstr(body, "&lt;!channel&gt; &lt;@U1&gt; &amp; &lt;https://evil.example|here&gt; ''' *bold*"));
	assert_null(strchr(body, '<'));
	/* the block of code begins and ends where it should */
	assert_ptr_equal(strstr(body + 3, "```"), body + strlen(body) - 3);
	assert_true(json_get_bool(json_get(json_at(blocks, 1), "text"), "verbatim", false));
	assert_int_equal(json_count(blocks), 2);
	json_free(doc);
	buf_reset(&out);
	m.url = "https://ferry.example.com/runs/42";
	message_slack(&m, &out);
	assert_non_null(strstr(out.s, "<https:\\/\\/ferry.example.com\\/runs\\/42|see the run>") ?
			out.s : strstr(out.s, "<https://ferry.example.com/runs/42|see the run>"));
	buf_release(&out);
}

static void long_texts_are_cut(void **state)
{
	struct message m = failed();
	struct buf out = BUF_INIT;
	char text[5000];

	(void)state;
	/* two bytes each: a cut in the middle of one would be no UTF-8 */
	for (size_t i = 0; i + 1 < sizeof text; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[sizeof text - 2] = '\0';
	m.text = m.hint = text;
	message_text(&m, &out);
	assert_in_range(out.len, 1200, 2000);
	for (size_t at = 0, n; at < out.len; at += n) {
		n = utf8_length(out.s + at, out.len - at);
		assert_int_not_equal(n, 0);
	}
	buf_release(&out);
}

/* ------------------------------------------------------------------------- mail */

static const char *to[] = {"a@example.com", "b@example.com"};

static char *compose(const char *subject, const char *text)
{
	struct mail mail = {.from = "ferry@example.com", .to = to, .n_to = 2, .delivery = "d1", .subject = subject,
		.text = text};
	struct buf out = BUF_INIT;

	mail_compose(&mail, &out);
	return buf_detach(&out);
}

static void a_mail(void **state)
{
	char *mail = compose("ferry: customers failed (run 42)", "Run 42: failed\nNext: ferryctl show 42\n");

	(void)state;
	assert_string_equal(mail,
		"From: ferry@example.com\nTo: a@example.com,\n b@example.com\nSubject: ferry: customers failed (run 42)\n"
		"Date: Thu, 01 Jan 1970 00:00:00 +0000\nMessage-ID: <d1@example.com>\nX-Ferry-Delivery: d1\n"
		"Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
		"Content-Transfer-Encoding: quoted-printable\n\nRun 42: failed\nNext: ferryctl show 42\n");
	free(mail);
}

/* The names of headers, each with a comma. */
static void header_names(const char *mail, struct buf *out)
{
	for (buf_reset(out); *mail != '\n'; mail = strchr(mail, '\n') + 1)
		if (*mail != ' ')
			buf_addf(out, "%.*s,", (int)strcspn(mail, ":"), mail);
}

static void no_header_can_be_put_in(void **state)
{
	static const char *const subjects[] = {
		"x\nBcc: evil@example.com", "x\r\nBcc: evil@example.com", "x\rBcc: evil@example.com", "x\n\nbody", "\n.\n",
		"=?utf-8?B?Cg==?=", "\xc3\xa9\nBcc: evil@example.com", "\x01\x7f\x80\xff",
		"this subject is \xe2\x82\xac so long that it needs more than one encoded word, whatever comes\nBcc: x",
	};
	struct buf names = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
		char *mail = compose(subjects[i], "text");
		header_names(mail, &names);
		assert_string_equal(names.s, "From,To,Subject,Date,Message-ID,X-Ferry-Delivery,Auto-Submitted,MIME-Version,"
				    "Content-Type,Content-Transfer-Encoding,");
		assert_null(strstr(mail, "evil"));
		for (const char *s = mail; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
			assert_in_range(strcspn(s, "\n"), 0, 78);
		free(mail);
	}
	buf_release(&names);
}

static void bodies_are_quoted(void **state)
{
	char *mail = compose("x", "caf\xc3\xa9 = 1\n.\nends in a blank \nFrom me\r\n\x01" "done");

	(void)state;
	assert_string_equal(strstr(mail, "\n\n") + 2,
			    "caf=C3=A9 =3D 1\n=2E\nends in a blank=20\nFrom me=0D\n=01done");
	free(mail);
	char line[400];
	memset(line, '=', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	mail = compose("x", line);
	for (const char *s = mail; *s; s += strcspn(s, "\n") + (s[strcspn(s, "\n")] != '\0'))
		assert_in_range(strcspn(s, "\n"), 0, 76);
	free(mail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_says_what_matters),
		cmocka_unit_test(every_event_has_a_subject),
		cmocka_unit_test(json_both_ways),
		cmocka_unit_test(slack_makes_nothing_of_it),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(a_mail),
		cmocka_unit_test(no_header_can_be_put_in),
		cmocka_unit_test(bodies_are_quoted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
