/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd-events.c - events: what happens, as it happens. When the daemon goes away it is waited for, and
 * asked for what was missed.
 */
#include "ctl.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "format.h"
#include "sse.h"
#include "view.h"

enum { AGAIN_MS = 1000 };

struct following {
	struct ctl *ctl;
	struct sse sse;
	int64_t run;			/* until this one ends; 0: for ever */
	bool connected;			/* the daemon has answered at least once */
	bool ended, away;
};

/* ------------------------------------------------------------------- for people */

static enum style type_style(const char *type, json_node *data)
{
	const char *status = json_get_text(data, "status", ""), *level = json_get_text(data, "level", "");

	if (strcmp(status, "failed") == 0 || strcmp(status, "error") == 0 || strcmp(level, "error") == 0 ||
	    strcmp(type, "config.refused") == 0)
		return STYLE_BAD;
	if (strcmp(level, "warn") == 0 || strcmp(status, "warning") == 0 || strcmp(type, "problem.opened") == 0)
		return STYLE_CHANGE;
	return strcmp(type, "run.ended") == 0 ? STYLE_GOOD : STYLE_PLAIN;
}

static void add_count(struct buf *out, json_node *data, const char *name, const char *what)
{
	int64_t n = json_get_int(data, name, 0);

	if (!n)
		return;
	buf_adds(out, out->len ? ", " : "");
	format_count(out, n);
	buf_addf(out, " %s", what);
}

static void add_text(struct buf *out, json_node *data, const char *name)
{
	const char *text = json_get_text(data, name, "");

	if (*text)
		buf_addf(out, "%s%s", out->len ? " " : "", text);
}

/* What is worth telling of it, in one line. */
static void describe(const char *type, json_node *data, struct buf *out)
{
	static const char *const texts[] = {
		"status", "level", "change", "code", "key", "message", "summary", "error_code", "error_message", NULL,
	};

	if (strcmp(type, "run.progress") == 0) {
		add_count(out, data, "extracted", "extracted");
		add_count(out, data, "done", "done");
		add_count(out, data, "planned", "planned");
	} else if (strcmp(type, "dropped") == 0) {
		add_count(out, data, "count", "events were dropped: they came faster than they could be shown");
	}
	for (size_t i = 0; texts[i]; i++)
		add_text(out, data, texts[i]);
	add_text(out, data, "reason");
	if (json_has(data, "generation"))
		buf_addf(out, "%sgeneration %" PRId64, out->len ? " " : "", json_get_int(data, "generation", 0));
	if (strncmp(type, "run.", 4) == 0)
		add_count(out, data, "row_errors", json_get_int(data, "row_errors", 0) == 1 ? "row error" : "row errors");
}

static void print_clock(struct ctl *ctl, int64_t at)
{
	time_t t = (time_t)(at / 1000000);
	char clock[32] = "--:--:--";
	struct tm tm;

	if (at && localtime_r(&t, &tm))
		strftime(clock, sizeof clock, "%H:%M:%S", &tm);
	say(ctl, STYLE_DIM, clock);
}

static void print_event(struct ctl *ctl, const char *type, json_node *data)
{
	const char *sync = json_get_text(data, "sync_id", NULL), *stage = json_get_text(data, "stage", "");
	const char *segment = json_get_text(data, "segment", "");
	enum style style = type_style(type, data);
	struct buf text = BUF_INIT;

	print_clock(ctl, json_get_time(data, "at"));
	sayf(ctl, style, " %-14s ", type);
	if (sync)
		sayf(ctl, STYLE_BOLD, "%s ", sync);
	if (json_has(data, "run_id"))
		sayf(ctl, STYLE_DIM, "#%" PRId64 " ", json_get_int(data, "run_id", 0));
	if (*segment)
		sayf(ctl, STYLE_INFO, "%s%s%s: ", segment, *stage ? "/" : "", stage);
	describe(type, data, &text);
	say(ctl, style, buf_str(&text));
	say_line(ctl);
	buf_release(&text);
}

/* ------------------------------------------------------------------------ events */

/* One line of JSON: {"id":...,"event":...,"data":{...}} */
static void print_json(struct ctl *ctl, const struct sse_event *event)
{
	jw_open(&ctl->out, NULL, '{');
	jw_text(&ctl->out, "id", event->id);
	jw_text(&ctl->out, "event", event->type);
	jw_raw(&ctl->out, "data", event->data, strlen(event->data));
	jw_close(&ctl->out, '}');
	buf_addc(&ctl->out, '\n');
}

static int on_event(void *ctx, const struct sse_event *event, struct ferry_error *err)
{
	struct following *f = ctx;
	struct json_doc *doc;

	f->connected = true;
	f->away = false;
	if (!*event->data)
		return 0;		/* only where we are */
	if (json_parse(event->data, strlen(event->data), "an event", &doc, err) < 0)
		return -1;
	/* two objects side by side would get a comma between them */
	buf_reset(&f->ctl->out);
	if (f->ctl->json)
		print_json(f->ctl, event);
	else
		print_event(f->ctl, event->type, json_root(doc));
	f->ended = f->run && strcmp(event->type, "run.ended") == 0;
	json_free(doc);
	if (ctl_flush(f->ctl, err) < 0)
		return -1;
	return f->ended ? ferry_fail(err, FERRY_E_CANCELLED, "the run has ended") : 0;
}

static int on_piece(void *ctx, const char *data, size_t len, struct ferry_error *err)
{
	struct following *f = ctx;
	return sse_feed(&f->sse, data, len, err);
}

/* Once: until the daemon goes away, or the run has ended. */
static int follow(struct following *f, const char *path, struct ferry_error *err)
{
	struct client *client;

	if (ctl_client(f->ctl, &client, err) < 0)
		return -1;
	sse_restart(&f->sse);
	return client_stream(client, path, f->sse.id.len ? f->sse.id.s : NULL, on_piece, f, err);
}

/* Gone, and may be back. */
static bool may_come_back(const struct following *f, const struct ferry_error *err)
{
	return f->connected && (err->code == FERRY_E_UNREACHABLE || err->code == FERRY_E_UNAVAILABLE ||
				err->code == FERRY_E_NETWORK || err->code == FERRY_E_TIMEOUT || err->code == FERRY_OK);
}

static int follow_on(struct following *f, const char *path, struct ferry_error *err)
{
	for (;;) {
		struct ferry_error why = {0};
		int rc = follow(f, path, &why);
		if (f->ended)
			return EXIT_FINE;
		if (rc < 0 && !may_come_back(f, &why)) {
			*err = why;
			return -1;
		}
		if (!f->away && !f->ctl->json) {
			say(f->ctl, STYLE_CHANGE, "the daemon has gone; waiting for it");
			say_line(f->ctl);
			if (ctl_flush(f->ctl, err) < 0)
				return -1;
		}
		f->away = true;
		clock_sleep_ms(AGAIN_MS);
	}
}

int cmd_events(struct ctl *ctl, struct ferry_error *err)
{
	struct following f = {.ctl = ctl, .sse = {.fn = on_event, .ctx = &f}};
	struct buf path = BUF_INIT;
	bool over = false;

	if (args_number(&ctl->args, OPTION_RUN, 1, INT64_MAX, 0, &f.run, err) < 0 ||
	    (f.run && ctl_run_ended(ctl, f.run, &over, err) < 0))
		return -1;
	if (over) {
		ferry_fail(err, FERRY_E_STATE, "run %" PRId64 " has ended already", f.run);
		return ferry_hint(err, "'ferryctl logs %" PRId64 "' shows what it said.", f.run);
	}
	buf_adds(&path, "/events");
	if (f.run)
		path_query_int(&path, "run", f.run);
	path_query(&path, "sync", ctl->args.value[OPTION_SYNC]);
	path_query(&path, "types", ctl->args.value[OPTION_TYPES]);
	int rc = follow_on(&f, buf_str(&path), err);
	buf_release(&path);
	sse_release(&f.sse);
	return rc;
}
