/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait.c - following a run to its end.
 *
 * On a terminal one block is drawn over and over, a line for each segment. Elsewhere each change of
 * a stage is one line. SIGINT and SIGTERM are blocked meanwhile and looked at between the polls, so
 * that an interrupted wait can say that the run goes on.
 */
#include "view.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "format.h"
#include "model/run.h"
#include "text.h"

enum {
	POLL_TERMINAL_MS = 200,
	POLL_ELSEWHERE_MS = 100,
	AWAY_MS = 15000,
	NAME_WIDTH = 24,
	BAR_WIDTH = 20
};

struct wait {
	struct ctl *ctl;
	int64_t id;
	int drawn;			/* lines on the terminal to be drawn over */
	struct answer before;		/* the answer before this one, for telling changes */
	int64_t away_since;		/* clock_mono when the daemon went away; 0: it is there */
};

static json_node *by_name(json_node *list, const char *name)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (strcmp(json_get_text(json_at(list, i), "name", ""), name) == 0)
			return json_at(list, i);
	return NULL;
}

static const char *status_text(json_node *node)
{
	return json_get_text(node, "status", "pending");
}

/* "1,234 extracted, 3 created, 1 failed": what is not zero */
static void add_counters(json_node *counters, struct buf *out)
{
	static const char *const names[] = {
		"extracted", "created", "updated", "deleted", "disabled", "unchanged", "skipped",
		"conflicts", "invalid", "failed",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		int64_t n = json_get_int(counters, names[i], 0);
		if (n <= 0)
			continue;
		if (out->len)
			buf_adds(out, ", ");
		format_count(out, n);
		buf_addf(out, " %s", names[i]);
	}
}

/* ---- elsewhere than on a terminal: lines */

static void tell(struct ctl *ctl, const char *segment, const char *what, const char *status,
		 const char *rest)
{
	sayf(ctl, STYLE_PLAIN, "%s  %s%s%s%s%s", segment, what, *what ? " " : "", status,
	     *rest ? ": " : "", rest);
	say_line(ctl);
}

static void tell_stages(struct wait *w, json_node *segment, json_node *old)
{
	json_node *stages = json_get(segment, "stages"), *old_stages = json_get(old, "stages");
	const char *name = json_get_text(segment, "name", "?");

	for (size_t i = 0; i < json_count(stages); i++) {
		json_node *stage = json_at(stages, i);
		const char *stage_name = json_get_text(stage, "name", "?"),
			   *status = status_text(stage);
		if (strcmp(status, status_text(by_name(old_stages, stage_name))) == 0)
			continue;
		const char *rest = json_get_text(stage, "error_summary", "");
		if (!*rest)
			rest = json_get_text(stage, "summary", "");
		tell(w->ctl, name, stage_name, status, rest);
	}
}

static void tell_changes(struct wait *w, json_node *run)
{
	json_node *segments = json_get(run, "segments"),
		  *old = json_get(w->before.root, "segments");

	if (strcmp(status_text(run), json_get_text(w->before.root, "status", "")) != 0 &&
	    !view_ended(run)) {
		sayf(w->ctl, STYLE_PLAIN, "run %" PRId64 " %s", w->id, status_text(run));
		say_line(w->ctl);
	}
	for (size_t i = 0; i < json_count(segments); i++) {
		json_node *s = json_at(segments, i),
			  *was = by_name(old, json_get_text(s, "name", "?"));
		tell_stages(w, s, was);
		const char *status = status_text(s), *reason = json_get_text(s, "reason", "");
		if (strcmp(status, status_text(was)) == 0 || strcmp(status, "running") == 0)
			continue;
		struct buf text = BUF_INIT;
		buf_adds(&text, reason);
		if (!text.len)
			add_counters(json_get(s, "counters"), &text);
		tell(w->ctl, json_get_text(s, "name", "?"), "", status, buf_str(&text));
		buf_release(&text);
	}
}

/* ---- on a terminal: a block */

static void erase(struct wait *w)
{
	if (w->drawn)
		buf_addf(&w->ctl->out, "\033[%dA\033[J", w->drawn);
	w->drawn = 0;
}

/* The furthest stage under way: batches are in several at once. */
static json_node *running_stage(json_node *segment)
{
	json_node *stages = json_get(segment, "stages");

	for (size_t i = json_count(stages); i-- > 0;)
		if (strcmp(status_text(json_at(stages, i)), "running") == 0)
			return json_at(stages, i);
	return NULL;
}

static int draw_stage(struct wait *w, json_node *segment, json_node *stage)
{
	struct ctl *ctl = w->ctl;
	const char *name = json_get_text(stage, "name", "");
	int64_t planned = json_get_int(segment, "planned", 0),
		done = json_get_int(segment, "done", 0);

	sayf(ctl, STYLE_INFO, "%-14.14s ", name);
	if (strcmp(name, "apply") != 0 || planned <= 0 || ctl->screen.width < 72)
		return 15;
	int used = bar_add(&ctl->screen, &ctl->out, STYLE_GOOD, done, planned, BAR_WIDTH);
	screen_pad(&ctl->out, BAR_WIDTH - used + 1);
	return 15 + BAR_WIDTH + 1;
}

static void draw_segment(struct wait *w, json_node *segment, int name_width)
{
	struct ctl *ctl = w->ctl;
	json_node *stage = running_stage(segment), *counters = json_get(segment, "counters");
	const char *status = status_text(segment);
	struct buf name = BUF_INIT, text = BUF_INIT;
	int used = name_width + 6;

	text_fit(&name, json_get_text(segment, "name", "?"), name_width, !ctl->screen.utf8);
	sayf(ctl, view_part_style(status), "  %s ",
	     mark_text(&ctl->screen, view_part_mark(status)));
	say(ctl, STYLE_PLAIN, buf_str(&name));
	screen_pad(&ctl->out, name_width - text_width(buf_str(&name)) + 2);
	if (stage)
		used += draw_stage(w, segment, stage);
	int64_t planned = json_get_int(segment, "planned", 0);
	if (stage && strcmp(json_get_text(stage, "name", ""), "apply") == 0 && planned > 0) {
		format_count(&text, json_get_int(segment, "done", 0));
		buf_adds(&text, " of ");
		format_count(&text, planned);
		if (json_get_int(counters, "failed", 0)) {
			buf_adds(&text, ", ");
			format_count(&text, json_get_int(counters, "failed", 0));
			buf_adds(&text, " failed");
		}
	} else if (json_get_text(segment, "reason", NULL)) {
		buf_adds(&text, json_get_text(segment, "reason", ""));
	} else {
		add_counters(counters, &text);
	}
	/* one column stays free, so that no line wraps */
	say_rest(ctl, stage ? STYLE_PLAIN : STYLE_DIM, used + 1, buf_str(&text));
	w->drawn++;
	buf_release(&name);
	buf_release(&text);
}

static void draw(struct wait *w, json_node *run)
{
	struct ctl *ctl = w->ctl;
	json_node *segments = json_get(run, "segments");
	size_t n = json_count(segments),
	       room = ctl->screen.rows > 4 ? (size_t)ctl->screen.rows - 3 : 1, first = 0;
	struct buf text = BUF_INIT;
	int name_width = 0;

	erase(w);
	for (size_t i = 0; i < n; i++) {
		json_node *s = json_at(segments, i);
		int width = text_width(json_get_text(s, "name", "?"));
		name_width = width > name_width ? width : name_width;
		if (running_stage(s) && i >= room)
			first = i - room + 1;
	}
	buf_addf(&text, "run %" PRId64 "  %s  ", w->id, json_get_text(run, "sync_id", "?"));
	if (w->away_since)
		buf_adds(&text, "the daemon is away; waiting for it");
	else
		view_status_text(run, false, &text);
	if (json_get(run, "started_at")) {
		buf_adds(&text, "  ");
		format_span(&text, json_get_seconds(run, "duration_seconds", 0));
	}
	say_rest(ctl, STYLE_BOLD, 1, buf_str(&text));
	w->drawn++;
	for (size_t i = first; i < n && i - first < room; i++)
		draw_segment(w, json_at(segments, i),
			     name_width > NAME_WIDTH ? NAME_WIDTH : name_width);
	buf_release(&text);
}

/* ---- both */

static void show_step(struct wait *w, json_node *run)
{
	if (w->ctl->json)
		return;
	if (w->ctl->screen.terminal)
		draw(w, run);
	else
		tell_changes(w, run);
}

static void show_end(struct wait *w, struct answer *answer)
{
	struct ctl *ctl = w->ctl;

	if (ctl->json) {
		ctl_json(ctl, answer);
		return;
	}
	if (ctl->screen.terminal)
		erase(w);
	else
		tell_changes(w, answer->root);
	view_headline(ctl, answer->root);
	view_rows(ctl, answer->root, true);
	view_statistics(ctl, answer->root);
	view_problems(ctl, answer->root);
	view_error(ctl, answer->root);
	view_next(ctl, answer->root);
}

/* The run goes on without us; then the signal does what it always does. */
static void interrupted(struct wait *w, const sigset_t *old_mask)
{
	struct ferry_error ignored;

	if (!w->ctl->json) {
		if (w->ctl->screen.terminal)
			say_line(w->ctl);	/* behind the ^C */
		sayf(w->ctl, STYLE_PLAIN,
		     "run %" PRId64 " goes on; 'ferryctl cancel %" PRId64 "' ends it", w->id,
		     w->id);
		say_line(w->ctl);
		(void)ctl_flush(w->ctl, &ignored);
	}
	sigprocmask(SIG_SETMASK, old_mask, NULL);
}

/* Get the run. 1: the daemon is away, and may yet come back. */
static int poll_run(struct wait *w, struct answer *ret, struct ferry_error *err)
{
	struct buf path = BUF_INIT;

	buf_addf(&path, "/runs/%" PRId64, w->id);
	if (ctl_get(w->ctl, &path, ret, err) == 0) {
		w->away_since = 0;
		return 0;
	}
	if (err->code != FERRY_E_UNREACHABLE)
		return -1;
	if (!w->away_since)
		w->away_since = clock_mono();
	return clock_mono() - w->away_since < (int64_t)AWAY_MS * 1000 ? 1 : -1;
}

static int step(struct wait *w, bool *ret_ended, struct ferry_error *err)
{
	struct answer now = ANSWER_INIT;
	struct ferry_error away = {0};
	int rc = poll_run(w, &now, &away);

	if (rc < 0)
		*err = away;
	if (rc == 0 && view_ended(now.root)) {
		*ret_ended = true;
		show_end(w, &now);
	} else if (rc == 0) {
		show_step(w, now.root);
	} else if (rc == 1 && w->before.root && w->ctl->screen.terminal) {
		show_step(w, w->before.root);
	}
	if (rc == 0) {
		answer_release(&w->before);
		w->before = now;
	} else {
		answer_release(&now);
	}
	return rc < 0 ? -1 : ctl_flush(w->ctl, err);
}

int wait_for_run(struct ctl *ctl, int64_t id, struct ferry_error *err)
{
	struct wait w = {.ctl = ctl, .id = id, .before = ANSWER_INIT};
	int ms = ctl->screen.terminal && !ctl->json ? POLL_TERMINAL_MS : POLL_ELSEWHERE_MS;
	struct timespec pause = {0, ms * 1000000L};
	sigset_t stop, old_mask;
	bool ended = false;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, &old_mask);
	int rc = step(&w, &ended, err);
	while (rc == 0 && !ended && !client_interrupted()) {
		/* a signal ends the pause early; it is put back for what stands below */
		int sig = sigtimedwait(&stop, NULL, &pause);
		if (sig > 0)
			raise(sig);
		else
			rc = step(&w, &ended, err);
	}
	if (client_interrupted())
		interrupted(&w, &old_mask);
	if (rc == 0)
		rc = view_exit(w.before.root);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	answer_release(&w.before);
	return rc;
}
