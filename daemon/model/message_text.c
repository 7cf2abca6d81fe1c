/* SPDX-License-Identifier: Apache-2.0 */
/* message_text.c - notifications for people: the lines of a mail, and a payload for Slack. */
#include "model/message.h"

#include <string.h>

#include "base/clock.h"

/* What an error may say here; all of it is in the run. */
#define ERROR_MAX 600
#define SUBJECT_MAX 140
#define CODE_MAX 64

static void add_span(struct buf *out, int64_t ms)
{
	int64_t s = ms / 1000;

	if (!s)
		buf_addf(out, "%lld ms", (long long)ms);
	else if (s < 60)
		buf_addf(out, "%lld.%lld s", (long long)s, (long long)(ms % 1000 / 100));
	else if (s < 3600)
		buf_addf(out, "%lld min %lld s", (long long)(s / 60), (long long)(s % 60));
	else
		buf_addf(out, "%lld h %lld min", (long long)(s / 3600), (long long)(s % 3600 / 60));
}

static void add_time(struct buf *out, int64_t us)
{
	char text[CLOCK_TEXT];

	/* fractions help nobody here */
	clock_format(us - us % 1000000, text);
	buf_adds(out, text);
}

static void add_count(struct buf *out, int64_t n, const char *one, const char *many)
{
	buf_addf(out, "%lld %s", (long long)n, n == 1 ? one : many);
}

/* On one line, cut between characters. */
static void add_cut(struct buf *out, const char *text, size_t max)
{
	size_t len = strlen(text), at = 0;

	while (at < len) {
		size_t n = utf8_length(text + at, len - at);
		if (at + (n ? n : 1) > max) {
			buf_adds(out, "...");
			return;
		}
		unsigned char c = (unsigned char)text[at];
		if (!n)
			buf_addc(out, '?');
		else if (c < 0x20 || c == 0x7f)
			buf_addc(out, ' ');
		else
			buf_add(out, text + at, n);
		at += n ? n : 1;
	}
}

/* ---------------------------------------------------------------------- subject */

static void add_event(const struct message *m, struct buf *out)
{
	switch (notify_first(m->events)) {
	case NOTIFY_CONSECUTIVE_FAILURES:
		buf_addf(out, "failed %lld times in a row", (long long)m->failures);
		break;
	case NOTIFY_FAILED:
		buf_adds(out, "failed");
		break;
	case NOTIFY_STUCK:
		buf_adds(out, "is stuck");
		break;
	case NOTIFY_ERROR_RATE:
		buf_adds(out, "had ");
		add_count(out, m->row_errors, "row error", "row errors");
		buf_addf(out, " in %lld rows", (long long)m->rows);
		break;
	case NOTIFY_PROBLEMS_OPENED:
		buf_adds(out, "opened ");
		add_count(out, m->problems_opened, "problem", "problems");
		break;
	case NOTIFY_RECOVERED:
		buf_adds(out, "has recovered");
		break;
	default:
		buf_adds(out, "completed");
		if (m->row_errors) {
			buf_adds(out, " with ");
			add_count(out, m->row_errors, "row error", "row errors");
		}
		break;
	}
}

void message_subject(const struct message *m, struct buf *out)
{
	struct buf line = BUF_INIT;

	if (!m->events) {
		buf_addf(&line, "test of the notification target %s", m->target ? m->target : "");
	} else {
		buf_addf(&line, "%s ", m->sync ? m->sync : "?");
		add_event(m, &line);
		buf_addf(&line, " (run %lld)", (long long)m->run);
	}
	add_cut(out, buf_str(&line), SUBJECT_MAX);
	buf_release(&line);
}

/* ------------------------------------------------------------------------- text */

static void add_run(const struct message *m, struct buf *out)
{
	buf_addf(out, "Run %lld: %s", (long long)m->run, m->status ? m->status : "?");
	if (m->trigger)
		buf_addf(out, ", %s", m->trigger);
	if (m->started_at) {
		buf_adds(out, ", started ");
		add_time(out, m->started_at);
	}
	if (m->completed_at) {
		buf_adds(out, ", took ");
		add_span(out, m->ms);
	}
	buf_adds(out, "\n");
	buf_adds(out, "Rows: ");
	buf_addf(out, "%lld processed, %lld created, %lld updated, %lld deleted, %lld failed\n", (long long)m->rows,
		 (long long)m->created, (long long)m->updated, (long long)m->deleted, (long long)m->row_errors);
}

static void add_error(const struct message *m, struct buf *out)
{
	if (!m->code)
		return;
	buf_adds(out, "Error: ");
	add_cut(out, m->code, CODE_MAX);
	buf_adds(out, ": ");			/* the message says where */
	add_cut(out, m->text ? m->text : "", ERROR_MAX);
	buf_adds(out, "\n");
	if (m->hint && *m->hint) {
		buf_adds(out, "Hint: ");
		add_cut(out, m->hint, ERROR_MAX);
		buf_adds(out, "\n");
	}
}

static void add_codes(const struct message *m, struct buf *out)
{
	if (!m->n_codes)
		return;
	buf_adds(out, "Row errors: ");
	for (size_t i = 0; i < m->n_codes; i++) {
		buf_adds(out, i ? ", " : "");
		add_cut(out, m->codes[i].code ? m->codes[i].code : "?", CODE_MAX);
		buf_addf(out, " %lld", (long long)m->codes[i].n);
	}
	buf_adds(out, "\n");
}

static void add_sync(const struct message *m, struct buf *out)
{
	if (m->failures > 1) {
		buf_addf(out, "Failing: %lld runs in a row, since ", (long long)m->failures);
		add_time(out, m->failing_since);
		buf_adds(out, "\n");
	}
	if (m->problems_open)
		buf_addf(out, "Problems: %lld open, %lld opened by this run\n", (long long)m->problems_open,
			 (long long)m->problems_opened);
}

static void add_held(const struct message *m, struct buf *out)
{
	static const char *const what[NOTIFY_EVENTS] = {
		"failures", "completions", "runs with many row errors", "series of failures", "recoveries",
		"stuck runs", "runs that opened problems",
	};
	const char *between = "";

	if (m->held.since) {
		buf_adds(out, "Held back since ");
		add_time(out, m->held.since);
		buf_adds(out, ":");
		for (int e = 0; e < NOTIFY_EVENTS; e++)
			if (m->held.n[e]) {
				buf_addf(out, "%s %lld more %s", between, (long long)m->held.n[e], what[e]);
				between = ",";
			}
		buf_adds(out, "\n");
	}
	if (m->held_by_quota)
		buf_addf(out, "This target's hourly limit held back %lld more messages\n", (long long)m->held_by_quota);
}

void message_text(const struct message *m, struct buf *out)
{
	if (!m->events) {
		buf_adds(out, "This is a test: notifications to this target arrive.\n");
		return;
	}
	add_run(m, out);
	add_error(m, out);
	add_codes(m, out);
	add_sync(m, out);
	add_held(m, out);
	if (m->next)
		buf_addf(out, "Next: %s\n", m->next);
	if (m->url)
		buf_addf(out, "See: %s\n", m->url);
}

/* ------------------------------------------------------------------------ Slack */

/* Slack takes &, < and > for its own; what is in a block of code cannot end it. */
static void add_slack(struct buf *out, const char *s, bool code)
{
	for (; *s; s++)
		if (*s == '&')
			buf_adds(out, "&amp;");
		else if (*s == '<')
			buf_adds(out, "&lt;");
		else if (*s == '>')
			buf_adds(out, "&gt;");
		else
			buf_addc(out, code && *s == '`' ? '\'' : *s);
}

static void add_block(struct buf *out, const char *text)
{
	jw_open(out, NULL, '{');
	jw_text(out, "type", "section");
	jw_open(out, "text", '{');
	jw_text(out, "type", "mrkdwn");
	jw_bool(out, "verbatim", true);	/* nothing becomes a link or calls anybody */
	jw_text(out, "text", text);
	jw_close(out, '}');
	jw_close(out, '}');
}

static const char *slack_mark(const struct message *m)
{
	switch (notify_first(m->events)) {
	case NOTIFY_FAILED: case NOTIFY_CONSECUTIVE_FAILURES: return ":red_circle:";
	case NOTIFY_RECOVERED: return ":white_check_mark:";
	case NOTIFY_COMPLETED: return ":information_source:";
	default: return ":warning:";
	}
}

void message_slack(const struct message *m, struct buf *out)
{
	struct buf subject = BUF_INIT, title = BUF_INIT, text = BUF_INIT, body = BUF_INIT;

	message_subject(m, &subject);
	buf_addf(&title, "%s ", slack_mark(m));
	add_slack(&title, buf_str(&subject), false);
	message_text(m, &text);
	buf_adds(&body, "```\n");
	add_slack(&body, buf_str(&text), true);
	buf_adds(&body, "```");
	jw_open(out, NULL, '{');
	jw_text(out, "text", buf_str(&title));
	jw_bool(out, "unfurl_links", false);
	jw_bool(out, "unfurl_media", false);
	jw_open(out, "blocks", '[');
	add_block(out, buf_str(&title));
	add_block(out, buf_str(&body));
	if (m->url) {
		buf_reset(&text);
		buf_adds(&text, "<");
		add_slack(&text, m->url, false);
		buf_adds(&text, "|see the run>");
		add_block(out, buf_str(&text));
	}
	jw_close(out, ']');
	jw_close(out, '}');
	buf_release(&subject);
	buf_release(&title);
	buf_release(&text);
	buf_release(&body);
}
