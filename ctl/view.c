/* SPDX-License-Identifier: Apache-2.0 */
/* view.c - how a run is shown: its status, headline, row counts, error, and what to do next. */
#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "format.h"
#include "model/run.h"
#include "table.h"

static int status_of(json_node *run)
{
	return run_status_from_name(json_get_text(run, "status", ""));
}

static bool hung(json_node *run)
{
	return status_of(run) == RUN_RUNNING && json_get_bool(run, "hung", false);
}

/* A segment that was not required may fail, and the run completes all the same. */
static bool has_segment(json_node *run, const char *status)
{
	json_node *segments = json_get(run, "segments");

	for (size_t i = 0; i < json_count(segments); i++)
		if (strcmp(json_get_text(json_at(segments, i), "status", ""), status) == 0)
			return true;
	return false;
}

void view_status_text(json_node *run, bool in_list, struct buf *out)
{
	const char *with = in_list || status_of(run) == RUN_PREVIEW_READY ? ", " : " with ";
	int64_t errors = json_get_int(run, "row_errors", 0);

	if (hung(run)) {
		buf_adds(out, "hung");
		return;
	}
	const char *status = json_get_text(run, "status", "?");
	for (; *status; status++)
		buf_addc(out, *status == '_' ? ' ' : *status);
	if (status_of(run) != RUN_COMPLETED && status_of(run) != RUN_PREVIEW_READY)
		return;
	if (errors > 0) {
		buf_adds(out, with);
		format_plural(out, errors, "error", "errors");
	} else if (has_segment(run, "error") || has_segment(run, "warning")) {
		buf_addf(out, "%swarnings", with);
	}
}

static bool spotless(json_node *run)
{
	return json_get_int(run, "row_errors", 0) <= 0 && json_get_int(run, "rows_conflicts", 0) <= 0 &&
	       !has_segment(run, "error") && !has_segment(run, "warning");
}

enum style view_status_style(json_node *run)
{
	switch (status_of(run)) {
	case RUN_COMPLETED: return spotless(run) ? STYLE_GOOD : STYLE_CHANGE;
	case RUN_PREVIEW_READY: return STYLE_INFO;
	case RUN_RUNNING: return hung(run) ? STYLE_BAD : STYLE_INFO;
	case RUN_QUEUED: case RUN_CANCELLED: return STYLE_DIM;
	default: return STYLE_BAD;
	}
}

enum mark view_status_mark(json_node *run)
{
	switch (status_of(run)) {
	case RUN_COMPLETED: return spotless(run) ? MARK_DONE : MARK_WARNING;
	case RUN_PREVIEW_READY: return MARK_DONE;
	case RUN_RUNNING: return hung(run) ? MARK_FAILED : MARK_RUNNING;
	case RUN_QUEUED: return MARK_PENDING;
	case RUN_CANCELLED: return MARK_SKIPPED;
	default: return MARK_FAILED;
	}
}

bool view_guarded(json_node *run)
{
	return status_of(run) == RUN_FAILED &&
		strcmp(json_get_text(json_get(run, "error"), "code", ""), ferry_code_info(FERRY_E_GUARD)->name) == 0;
}

bool view_ended(json_node *run)
{
	int s = status_of(run);
	return s != RUN_QUEUED && s != RUN_RUNNING;
}

int view_exit(json_node *run)
{
	int s = status_of(run);

	if (s == RUN_COMPLETED && (json_get_int(run, "row_errors", 0) > 0 || has_segment(run, "error") ||
				   json_get_int(run, "rows_conflicts", 0) > 0))
		return EXIT_PARTLY;
	return s == RUN_COMPLETED || s == RUN_PREVIEW_READY ? EXIT_FINE : EXIT_RUN_FAILED;
}

static const struct {
	const char *status;
	enum mark mark;
	enum style style;
} part_states[] = {
	{"success", MARK_DONE, STYLE_GOOD}, {"completed", MARK_DONE, STYLE_GOOD},
	{"warning", MARK_WARNING, STYLE_CHANGE}, {"running", MARK_RUNNING, STYLE_INFO},
	{"error", MARK_FAILED, STYLE_BAD}, {"failed", MARK_FAILED, STYLE_BAD},
	{"skipped", MARK_SKIPPED, STYLE_DIM}, {"pending", MARK_PENDING, STYLE_DIM},
};

enum mark view_part_mark(const char *status)
{
	for (size_t i = 0; i < sizeof part_states / sizeof part_states[0]; i++)
		if (strcmp(part_states[i].status, status) == 0)
			return part_states[i].mark;
	return MARK_PENDING;
}

enum style view_part_style(const char *status)
{
	for (size_t i = 0; i < sizeof part_states / sizeof part_states[0]; i++)
		if (strcmp(part_states[i].status, status) == 0)
			return part_states[i].style;
	return STYLE_DIM;
}

/* " · text" behind what stands there already */
static void add_fact(struct ctl *ctl, struct buf *out, const char *text)
{
	if (out->len)
		buf_addf(out, " %s ", mark_text(&ctl->screen, MARK_DOT));
	buf_adds(out, text);
}

static void headline_facts(struct ctl *ctl, json_node *run, struct buf *out)
{
	int64_t started = json_get_time(run, "started_at"),
		queued = json_get_time(run, "queued_at");
	int64_t at = started ? started : queued;
	const char *source = json_get_text(run, "source_name", "");
	struct buf text = BUF_INIT;

	if (at) {
		buf_adds(&text, started ? "started " : "queued ");
		format_local(&text, at);
		if (clock_now() - at < (int64_t)2 * 86400 * 1000000) {
			buf_adds(&text, ", ");
			format_moment(&text, at, clock_now());
		}
		add_fact(ctl, out, buf_str(&text));
	}
	buf_reset(&text);
	buf_addf(&text, "%s%s%s", json_get_text(run, "trigger", "?"), *source ? " by " : "",
		 source);
	add_fact(ctl, out, buf_str(&text));
	for (int i = 0; i < 2; i++) {
		int64_t other = json_get_int(run, i ? "promote_of" : "retry_of", 0);
		buf_reset(&text);
		buf_addf(&text, i ? "carries out the plan of run %" PRId64 : "retries run %" PRId64,
			 other);
		if (other > 0)
			add_fact(ctl, out, buf_str(&text));
	}
	if (json_get_bool(run, "preview", false))
		add_fact(ctl, out, "preview");
	if (json_get_bool(run, "extract_only", false))
		add_fact(ctl, out, "extracts only");
	if (json_get_bool(run, "override_guard", false))
		add_fact(ctl, out, "over its guards");
	buf_release(&text);
}

void view_headline(struct ctl *ctl, json_node *run)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "run %" PRId64, json_get_int(run, "id", 0));
	say(ctl, STYLE_BOLD, buf_str(&text));
	say(ctl, STYLE_PLAIN, "  ");
	say(ctl, STYLE_BOLD, json_get_text(run, "sync_id", "?"));
	buf_reset(&text);
	buf_addf(&text, "  %s ", mark_text(&ctl->screen, view_status_mark(run)));
	view_status_text(run, false, &text);
	say(ctl, view_status_style(run), buf_str(&text));
	double seconds = json_get_seconds(run, "duration_seconds", -1);
	if (seconds >= 0 && json_get(run, "started_at")) {
		buf_reset(&text);
		buf_adds(&text, "  ");
		format_span(&text, seconds);
		say(ctl, STYLE_PLAIN, buf_str(&text));
	}
	say_line(ctl);
	buf_reset(&text);
	headline_facts(ctl, run, &text);
	say_rest(ctl, STYLE_DIM, 0, buf_str(&text));
	buf_release(&text);
}

static const struct row_count {
	const char *member, *name;
	enum style style;
} row_counts[] = {
	{"rows_created", "created", STYLE_GOOD}, {"rows_updated", "updated", STYLE_CHANGE},
	{"rows_deleted", "deleted", STYLE_BAD}, {"rows_disabled", "disabled", STYLE_ODD},
	{"rows_unchanged", "unchanged", STYLE_DIM}, {"rows_skipped", "skipped", STYLE_PLAIN},
	{"rows_conflicts", "conflicts", STYLE_ODD}, {"rows_failed", "failed", STYLE_BAD},
};

static void print_count(struct ctl *ctl, const struct row_count *r, int64_t n, int64_t most,
			int count_width)
{
	struct buf text = BUF_INIT;

	format_count(&text, n);
	sayf(ctl, n ? STYLE_PLAIN : STYLE_DIM, "  %-10s %*s  ", r->name, count_width,
	     buf_str(&text));
	buf_release(&text);
	int room = screen_span(&ctl->screen) - 16 - count_width;
	bar_add(&ctl->screen, &ctl->out, r->style, n, most, room > 40 ? 40 : room);
	while (ctl->out.len && ctl->out.s[ctl->out.len - 1] == ' ')
		ctl->out.s[--ctl->out.len] = '\0';
	say_line(ctl);
}

void view_rows(struct ctl *ctl, json_node *run, bool quiet)
{
	enum { N = sizeof row_counts / sizeof row_counts[0] };
	int64_t n[N], most = 0, processed = json_get_int(run, "rows_processed", 0);
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < N; i++) {
		n[i] = json_get_int(run, row_counts[i].member, 0);
		most = n[i] > most ? n[i] : most;
	}
	format_count(&text, most);
	int count_width = text.len > 6 ? (int)text.len : 6;
	buf_reset(&text);
	format_plural(&text, processed, "row", "rows");
	say_line(ctl);
	say(ctl, STYLE_BOLD, buf_str(&text));
	if (status_of(run) == RUN_PREVIEW_READY)
		say(ctl, STYLE_INFO, "  planned; nothing has been written");
	say_line(ctl);
	for (size_t i = 0; i < N; i++)
		if (n[i] || !quiet)
			print_count(ctl, &row_counts[i], n[i], most, count_width);
	buf_release(&text);
}

static void print_error(struct ctl *ctl, json_node *error, const char *segment)
{
	const char *stage = json_get_text(error, "stage", NULL),
		   *hint = json_get_text(error, "hint", "");

	say_line(ctl);
	say(ctl, STYLE_BAD, "error ");
	say(ctl, STYLE_BAD, json_get_text(error, "code", "?"));
	segment = json_get_text(error, "segment", segment);
	if (segment)
		sayf(ctl, STYLE_PLAIN, "  in segment %s%s%s", segment, stage ? ", stage " : "",
		     stage ? stage : "");
	say_line(ctl);
	say(ctl, STYLE_PLAIN, "  ");
	say(ctl, STYLE_PLAIN, json_get_text(error, "message", ""));
	say_line(ctl);
	if (*hint) {
		say(ctl, STYLE_INFO, "  hint: ");
		say(ctl, STYLE_PLAIN, hint);
		say_line(ctl);
	}
}

void view_error(struct ctl *ctl, json_node *run)
{
	json_node *error = json_get(run, "error"), *segments = json_get(run, "segments");
	const char *told = json_get_text(error, "segment", NULL);

	if (json_kind(error) == JSON_OBJECT)
		print_error(ctl, error, NULL);
	for (size_t i = 0; i < json_count(segments); i++) {
		json_node *s = json_at(segments, i), *e = json_get(s, "error");
		const char *name = json_get_text(s, "name", "?");
		if (json_kind(e) == JSON_OBJECT && !(told && strcmp(told, name) == 0))
			print_error(ctl, e, name);
	}
}

static void next(struct ctl *ctl, const char *what, json_node *run, const char *option,
		 const char *why)
{
	char command[256];

	snprintf(command, sizeof command, "ferryctl %s %" PRId64 "%s", what,
		 json_get_int(run, "id", 0), option);
	say_command(ctl, command, why);
}

/* Of the whole sync: a problem is not a run's own. */
static void next_problems(struct ctl *ctl, json_node *run)
{
	json_node *problems = json_get(json_get(run, "summary"), "problems");
	struct buf command = BUF_INIT;

	if (json_get_int(problems, "open", 0) <= 0)
		return;
	buf_addf(&command, "ferryctl problems --sync %s", json_get_text(run, "sync_id", "?"));
	say_command(ctl, buf_str(&command), "what waits for a person");
	buf_release(&command);
}

void view_next(struct ctl *ctl, json_node *run)
{
	int status = status_of(run);
	int64_t errors = json_get_int(run, "row_errors", 0);

	say_heading(ctl, "next");
	if (errors > 0)
		next(ctl, "errors", run, "", "which rows failed, and why");
	next_problems(ctl, run);
	if (status == RUN_PREVIEW_READY) {
		next(ctl, "plan", run, "", "what would be written");
		next(ctl, "promote", run, "", "write exactly that");
	} else if (!view_ended(run)) {
		next(ctl, "logs", run, " -f", "follow it");
		next(ctl, "cancel", run, "", "end it after the batch under way");
	} else if (view_guarded(run)) {
		next(ctl, "plan", run, "", "what would have been written");
		next(ctl, "promote", run, " --override-guard", "write exactly that, if it is right");
	} else if (status == RUN_COMPLETED && json_get_bool(run, "extract_only", false)) {
		next(ctl, "records", run, "", "what the source gave");
	} else if (status == RUN_FAILED || status == RUN_CANCELLED) {
		next(ctl, "logs", run, "", "how far it came");
		next(ctl, "retry", run, "", "go on, with current data");
	} else {
		next(ctl, "plan", run, "", "what was decided for each record");
		if (errors > 0)
			next(ctl, "retry", run, "",
			     "send the failed rows again; the next run does so too");
	}
}
