/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - notifications as JSON and back. */
#include "model/message.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* ---------------------------------------------------------------------- writing */

static void run_json(const struct message *m, struct buf *out)
{
	if (!m->run) {
		jw_null(out, "run");
		return;
	}
	char seconds[32];
	int n = snprintf(seconds, sizeof seconds, "%lld.%03d", (long long)(m->ms / 1000), (int)(m->ms % 1000));

	jw_open(out, "run", '{');
	jw_int(out, "id", m->run);
	jw_text(out, "status", m->status);
	jw_text(out, "trigger", m->trigger);
	jw_time(out, "started_at", m->started_at);
	jw_time(out, "completed_at", m->completed_at);
	jw_raw(out, "duration_seconds", seconds, (size_t)n);
	jw_int(out, "rows_processed", m->rows);
	jw_int(out, "rows_created", m->created);
	jw_int(out, "rows_updated", m->updated);
	jw_int(out, "rows_deleted", m->deleted);
	jw_close(out, '}');
}

static void error_part(const struct message *m, struct buf *out)
{
	if (!m->code) {
		jw_null(out, "error");
		return;
	}
	jw_open(out, "error", '{');
	jw_text(out, "code", m->code);
	jw_text(out, "message", m->text);
	jw_text(out, "hint", m->hint);
	jw_text(out, "segment", m->segment);
	jw_text(out, "stage", m->stage);
	jw_close(out, '}');
}

static void counts_json(const struct message *m, struct buf *out)
{
	jw_open(out, "row_errors", '{');
	jw_int(out, "total", m->row_errors);
	jw_open(out, "codes", '[');
	for (size_t i = 0; i < m->n_codes; i++) {
		jw_open(out, NULL, '{');
		jw_text(out, "code", m->codes[i].code);
		jw_int(out, "count", m->codes[i].n);
		jw_close(out, '}');
	}
	jw_close(out, ']');
	jw_close(out, '}');
	jw_open(out, "problems", '{');
	jw_int(out, "open", m->problems_open);
	jw_int(out, "opened", m->problems_opened);
	jw_close(out, '}');
	jw_open(out, "failures", '{');
	jw_int(out, "consecutive", m->failures);
	jw_time(out, "since", m->failing_since);
	jw_close(out, '}');
}

static void held_json(const struct message *m, struct buf *out)
{
	jw_open(out, "held_back", '{');
	jw_time(out, "since", m->held.since);
	for (int e = 0; e < NOTIFY_EVENTS; e++)
		if (m->held.n[e])
			jw_int(out, notify_event_name((enum notify_event)e), m->held.n[e]);
	jw_int(out, "by_hourly_limit", m->held_by_quota);
	jw_close(out, '}');
}

void message_json(const struct message *m, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_text(out, "id", m->delivery);
	jw_text(out, "event", m->events ? notify_event_name(notify_first(m->events)) : "test");
	jw_open(out, "events", '[');
	for (int e = 0; e < NOTIFY_EVENTS; e++)
		if (m->events & NOTIFY_BIT(e))
			jw_text(out, NULL, notify_event_name((enum notify_event)e));
	jw_close(out, ']');
	jw_time(out, "at", m->at);
	jw_text(out, "target", m->target);
	jw_text(out, "sync", m->sync);
	run_json(m, out);
	error_part(m, out);
	counts_json(m, out);
	held_json(m, out);
	jw_text(out, "next", m->next);
	jw_text(out, "url", m->url);
	jw_close(out, '}');
}

/* ---------------------------------------------------------------------- reading */

static int64_t get_time(json_node *node, const char *name)
{
	const char *text = json_get_text(node, name, NULL);
	int64_t at;

	return text && clock_parse(text, strlen(text), &at) ? at : 0;
}

static const char *get_text(struct message *m, json_node *node, const char *name)
{
	const char *text = json_get_text(node, name, NULL);

	return text ? arena_strdup(&m->arena, text) : NULL;
}

/* A number as it was written, seconds with three decimals. */
static int64_t get_ms(json_node *node, const char *name)
{
	json_node *value = json_get(node, name);
	double seconds = 0;

	if (!value || sscanf(json_dump(value, NULL), "%lf", &seconds) != 1 || seconds < 0 || seconds > 1e12)
		return 0;
	return (int64_t)(seconds * 1000 + 0.5);
}

static void read_run(struct message *m, json_node *run)
{
	m->run = json_get_int(run, "id", 0);
	m->status = get_text(m, run, "status");
	m->trigger = get_text(m, run, "trigger");
	m->started_at = get_time(run, "started_at");
	m->completed_at = get_time(run, "completed_at");
	m->ms = get_ms(run, "duration_seconds");
	m->rows = json_get_int(run, "rows_processed", 0);
	m->created = json_get_int(run, "rows_created", 0);
	m->updated = json_get_int(run, "rows_updated", 0);
	m->deleted = json_get_int(run, "rows_deleted", 0);
}

static void read_counts(struct message *m, json_node *root)
{
	json_node *errors = json_get(root, "row_errors"), *codes = json_get(errors, "codes");
	json_node *problems = json_get(root, "problems"), *failures = json_get(root, "failures");
	json_node *held = json_get(root, "held_back");

	m->row_errors = json_get_int(errors, "total", 0);
	for (size_t i = 0; i < json_count(codes) && i < MESSAGE_CODES; i++) {
		m->codes[m->n_codes].code = get_text(m, json_at(codes, i), "code");
		m->codes[m->n_codes++].n = json_get_int(json_at(codes, i), "count", 0);
	}
	m->problems_open = json_get_int(problems, "open", 0);
	m->problems_opened = json_get_int(problems, "opened", 0);
	m->failures = json_get_int(failures, "consecutive", 0);
	m->failing_since = get_time(failures, "since");
	m->held.since = get_time(held, "since");
	for (int e = 0; e < NOTIFY_EVENTS; e++)
		m->held.n[e] = json_get_int(held, notify_event_name((enum notify_event)e), 0);
	m->held_by_quota = json_get_int(held, "by_hourly_limit", 0);
}

int message_read(json_node *node, struct message *ret, struct ferry_error *err)
{
	json_node *events = json_get(node, "events"), *error = json_get(node, "error");
	struct message m = {.arena = ARENA_INIT};

	if (json_kind(node) != JSON_OBJECT || !json_get_text(node, "id", NULL))
		return ferry_fail(err, FERRY_E_PROTOCOL, "a notification has not the promised shape");
	m.delivery = get_text(&m, node, "id");
	for (size_t i = 0; i < json_count(events); i++) {
		const char *name = json_text(json_at(events, i), NULL);
		int e = name ? notify_event_from_name(name) : -1;
		m.events |= e < 0 ? 0 : NOTIFY_BIT(e);
	}
	m.at = get_time(node, "at");
	m.target = get_text(&m, node, "target");
	m.sync = get_text(&m, node, "sync");
	read_run(&m, json_get(node, "run"));
	m.code = get_text(&m, error, "code");
	m.text = get_text(&m, error, "message");
	m.hint = get_text(&m, error, "hint");
	m.segment = get_text(&m, error, "segment");
	m.stage = get_text(&m, error, "stage");
	read_counts(&m, node);
	m.next = get_text(&m, node, "next");
	m.url = get_text(&m, node, "url");
	*ret = m;
	return 0;
}

void message_release(struct message *m)
{
	arena_release(&m->arena);
}
