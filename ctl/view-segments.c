/* SPDX-License-Identifier: Apache-2.0 */
/* view-segments.c - what happened inside a run: statistics, stages, phases, reasons. */
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "model/decision.h"
#include "model/run.h"
#include "table.h"
#include "text.h"

static const char *const stage_titles[STAGES] = {
	"SETUP", "EXTRACT", "CANON", "RECON", "DECIDE", "APPLY", "FINAL",
};

/* A word of the API as people write it: "events_created" -> "events created" */
static void add_words(struct buf *out, const char *name)
{
	for (; *name; name++)
		buf_addc(out, *name == '_' ? ' ' : *name);
}

static void add_scalar(struct buf *out, json_node *value)
{
	const char *text = json_text(value, NULL);
	int64_t n;

	if (json_int(value, &n))
		format_count(out, n);
	else
		buf_adds(out, text ? text : json_dump(value, NULL));
}

/* "activated 3 · deactivated 1", at most `most` members */
static void add_members(struct ctl *ctl, struct buf *out, json_node *object, size_t most)
{
	const char *name;
	json_node *value;
	void *iter = NULL;

	for (size_t i = 0; i < most && json_next(object, &iter, &name, &value); i++) {
		if (out->len)
			buf_addf(out, " %s ", mark_text(&ctl->screen, MARK_DOT));
		add_words(out, name);
		buf_addc(out, ' ');
		add_scalar(out, value);
	}
}

static int names_width(json_node *segments)
{
	int widest = 0;

	for (size_t i = 0; i < json_count(segments); i++) {
		int w = text_width(json_get_text(json_at(segments, i), "name", "?"));
		widest = w > widest ? w : widest;
	}
	return widest > 24 ? 24 : widest;
}

void view_statistics(struct ctl *ctl, json_node *run)
{
	static const struct column columns[] = {{NULL, COLUMN_SHRINK}, {NULL, COLUMN_SHRINK}};
	json_node *segments = json_get(run, "segments");
	struct buf text = BUF_INIT;
	struct table t;

	table_init(&t, &ctl->screen, columns, 2);
	for (size_t i = 0; i < json_count(segments); i++) {
		json_node *s = json_at(segments, i);
		json_node *statistics = json_get(s, "statistics");
		json_node *counts = json_get(statistics, "counts");
		add_members(ctl, &text, counts ? counts : statistics, 20);
		if (!text.len)
			continue;
		table_text(&t, STYLE_PLAIN, json_get_text(statistics, "title", json_get_text(s, "name", "?")));
		table_take(&t, STYLE_PLAIN, &text);
	}
	if (t.n) {
		say_heading(ctl, "statistics");
		table_print(&t, 2, &ctl->out);
	}
	table_release(&t);
	buf_release(&text);
}

static json_node *find_stage(json_node *segment, const char *name)
{
	json_node *stages = json_get(segment, "stages");

	for (size_t i = 0; i < json_count(stages); i++)
		if (strcmp(json_get_text(json_at(stages, i), "name", ""), name) == 0)
			return json_at(stages, i);
	return NULL;
}

/* Seven stages fit 80 columns only without the blanks that make them easier to read. */
static bool narrow(const struct ctl *ctl)
{
	return ctl->screen.width && ctl->screen.width < 100;
}

static void add_stage_cell(struct ctl *ctl, struct table *t, json_node *stage)
{
	const char *status = json_get_text(stage, "status", "pending");
	struct buf text = BUF_INIT;
	double seconds = json_get_seconds(stage, "duration_seconds", -1);

	buf_adds(&text, mark_text(&ctl->screen, view_part_mark(status)));
	if (seconds >= 0 && strcmp(status, "pending") != 0 && strcmp(status, "skipped") != 0) {
		buf_adds(&text, narrow(ctl) ? "" : " ");
		format_span_short(&text, seconds);
	}
	table_take(t, view_part_style(status), &text);
	buf_release(&text);
}

static void add_segment_row(struct ctl *ctl, struct table *t, json_node *segment)
{
	const char *status = json_get_text(segment, "status", "pending");
	int64_t from = json_get_time(segment, "started_at"),
		to = json_get_time(segment, "completed_at");
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s %s", mark_text(&ctl->screen, view_part_mark(status)),
		 json_get_text(segment, "name", "?"));
	table_take(t, view_part_style(status), &text);
	for (int i = 0; i < STAGES; i++)
		add_stage_cell(ctl, t, find_stage(segment, stage_name((enum stage)i)));
	if (from && to >= from)
		format_span_short(&text, (double)(to - from) / 1e6);
	table_take(t, STYLE_PLAIN, &text);
	buf_release(&text);
}

/*
 * What a stage says of itself: its summary, else the error's, else its first metrics. Of one that was
 * skipped the table says enough.
 */
static void add_note(struct ctl *ctl, json_node *stage, struct buf *out)
{
	const char *text = json_get_text(stage, "error_summary", "");

	if (strcmp(json_get_text(stage, "status", ""), "skipped") == 0)
		return;
	if (!*text)
		text = json_get_text(stage, "summary", "");
	struct buf note = BUF_INIT;
	if (*text)
		buf_adds(&note, text);
	else
		add_members(ctl, &note, json_get(stage, "metrics"), 3);
	if (note.len) {
		if (out->len)
			buf_adds(out, "; ");
		add_words(out, json_get_text(stage, "name", "?"));
		buf_addf(out, ": %s", buf_str(&note));
	}
	buf_release(&note);
}

static void print_notes(struct ctl *ctl, json_node *segment, int indent)
{
	json_node *stages = json_get(segment, "stages");
	const char *reason = json_get_text(segment, "reason", "");
	struct buf text = BUF_INIT;

	buf_adds(&text, reason);
	for (size_t i = 0; i < json_count(stages); i++)
		add_note(ctl, json_at(stages, i), &text);
	if (text.len) {
		say(ctl, STYLE_DIM, "  ");
		say(ctl, STYLE_DIM, json_get_text(segment, "name", "?"));
		screen_pad(&ctl->out, indent - 2 - text_width(json_get_text(segment, "name", "?")));
		say_rest(ctl, STYLE_PLAIN, indent, buf_str(&text));
	}
	buf_release(&text);
}

void view_segments(struct ctl *ctl, json_node *run)
{
	json_node *segments = json_get(run, "segments");
	struct column columns[STAGES + 2] = {{"SEGMENT", COLUMN_SHRINK}};
	struct table t;

	if (!json_count(segments))
		return;
	for (int i = 0; i < STAGES; i++)
		columns[i + 1] = (struct column){stage_titles[i], 0};
	columns[STAGES + 1] = (struct column){"ALL", COLUMN_RIGHT | COLUMN_SPARE};
	table_init(&t, &ctl->screen, columns, STAGES + 2);
	t.gap = narrow(ctl) ? 1 : 2;
	for (size_t i = 0; i < json_count(segments); i++)
		add_segment_row(ctl, &t, json_at(segments, i));
	say_heading(ctl, "segments");
	table_print(&t, 2, &ctl->out);
	table_release(&t);
	int indent = names_width(segments) + 4;
	for (size_t i = 0; i < json_count(segments); i++)
		print_notes(ctl, json_at(segments, i), indent);
}

void view_phases(struct ctl *ctl, json_node *run)
{
	static const struct {
		const char *member, *name;
		enum style style;
	} phases[] = {
		{"query", "query", STYLE_INFO},
		{"change_detection", "change detection", STYLE_CHANGE},
		{"destination_writes", "writes", STYLE_GOOD},
		{"finalization", "finalization", STYLE_ODD},
	};
	enum { N = sizeof phases / sizeof phases[0] };
	json_node *node = json_get(run, "phases");
	struct part parts[N];
	struct buf text = BUF_INIT;
	int width = screen_span(&ctl->screen) - 4;
	double total = 0;

	for (size_t i = 0; i < N; i++) {
		parts[i].size = json_get_seconds(node, phases[i].member, 0);
		parts[i].style = phases[i].style;
		total += parts[i].size > 0 ? parts[i].size : 0;
	}
	if (total <= 0)
		return;
	say_heading(ctl, "phases");
	screen_pad(&ctl->out, 2);
	parts_add(&ctl->screen, &ctl->out, parts, N, width > 72 ? 72 : width);
	say_line(ctl);
	for (size_t i = 0; i < N; i++) {
		screen_pad(&ctl->out, 2);
		parts_key(&ctl->screen, &ctl->out, parts, i);
		buf_reset(&text);
		format_span(&text, parts[i].size);
		sayf(ctl, STYLE_PLAIN, " %s %s", phases[i].name, buf_str(&text));
	}
	say_line(ctl);
	buf_release(&text);
}

/* Reasons of equal count stay in the order they came in. */
static void add_by_count(struct table *t, json_node *reasons)
{
	const char *name;
	json_node *value;
	int64_t n, below = INT64_MAX;

	for (;;) {
		int64_t most = 0;
		void *iter = NULL;
		while (json_next(reasons, &iter, &name, &value))
			if (json_int(value, &n) && n > most && n < below)
				most = n;
		if (!most)
			return;
		iter = NULL;
		while (json_next(reasons, &iter, &name, &value)) {
			if (!json_int(value, &n) || n != most)
				continue;
			const struct reason_info *info = reason_find(name);
			table_text(t, STYLE_PLAIN, name);
			table_count(t, STYLE_PLAIN, n);
			table_text(t, STYLE_DIM, info ? info->text : "");
		}
		below = most;
	}
}

/* "2 opened, 1 cleared; 3 problems wait for a person", and in which groups */
void view_problems(struct ctl *ctl, json_node *run)
{
	json_node *problems = json_get(json_get(run, "summary"), "problems");
	int64_t open = json_get_int(problems, "open", 0), opened = json_get_int(problems, "opened", 0);
	int64_t cleared = json_get_int(problems, "cleared", 0);
	struct buf text = BUF_INIT;

	if (!open && !opened && !cleared)
		return;
	say_heading(ctl, "problems");
	format_count(&text, opened);
	buf_adds(&text, " opened, ");
	format_count(&text, cleared);
	buf_adds(&text, " cleared; ");
	format_plural(&text, open, "problem waits for a person", "problems wait for a person");
	sayf(ctl, open ? STYLE_CHANGE : STYLE_PLAIN, "  %s", buf_str(&text));
	say_line(ctl);
	buf_reset(&text);
	add_members(ctl, &text, json_get(problems, "groups"), 12);
	if (text.len) {
		say(ctl, STYLE_PLAIN, "  ");
		say_rest(ctl, STYLE_DIM, 2, buf_str(&text));
	}
	buf_release(&text);
}

void view_reasons(struct ctl *ctl, json_node *run)
{
	static const struct column columns[] = {{NULL, 0},
						{NULL, COLUMN_RIGHT},
						{NULL, COLUMN_SHRINK}};
	json_node *summary = json_get(run, "summary");
	struct buf text = BUF_INIT;
	struct table t;

	add_members(ctl, &text, json_get(summary, "decisions"), FERRY_DECISIONS);
	table_init(&t, &ctl->screen, columns, 3);
	add_by_count(&t, json_get(summary, "reasons"));
	if (text.len || t.n) {
		say_heading(ctl, "decisions");
		if (text.len) {
			say(ctl, STYLE_PLAIN, "  ");
			say_rest(ctl, STYLE_PLAIN, 2, buf_str(&text));
		}
		table_print(&t, 2, &ctl->out);
	}
	table_release(&t);
	buf_release(&text);
}
