/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-plan.c - plan: the decisions of a run, as a person reads a diff. */
#include "ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "model/decision.h"
#include "model/run.h"
#include "text.h"

enum { PER_PAGE = 100, FIELD_WIDTH = 32 };

static const struct decision_look {
	const char *sign, *todo;	/* "12 to create" */
	enum style style;
} looks[FERRY_DECISIONS] = {
	[FERRY_CREATE] = {"+", "to create", STYLE_GOOD},
	[FERRY_UPDATE] = {"~", "to update", STYLE_CHANGE},
	[FERRY_DELETE] = {"-", "to delete", STYLE_BAD},
	[FERRY_DISABLE] = {"/", "to disable", STYLE_ODD},
	[FERRY_SKIP] = {".", "to skip", STYLE_DIM},
	[FERRY_CONFLICT] = {"!", "in conflict", STYLE_BAD},
};

/* What has become of the plan. */
static const char *standing(json_node *run)
{
	switch (run_status_from_name(json_get_text(run, "status", ""))) {
	case RUN_PREVIEW_READY: return "nothing has been written by this run";
	case RUN_QUEUED: case RUN_RUNNING: return "the run is not over yet";
	case RUN_COMPLETED: return "the run has carried this out";
	default: return "the run did not complete: 'ferryctl show' tells what was written";
	}
}

static void print_summary(struct ctl *ctl, json_node *run)
{
	json_node *decisions = json_get(json_get(run, "summary"), "decisions");
	struct buf text = BUF_INIT;
	int used = 0;

	for (int d = 0; d < FERRY_DECISIONS; d++) {
		int64_t n = json_get_int(decisions, decision_name((enum ferry_decision)d), 0);
		if (n <= 0)
			continue;
		buf_reset(&text);
		format_count(&text, n);
		buf_addf(&text, " %s", looks[d].todo);
		say(ctl, STYLE_PLAIN, used ? ", " : "");
		say(ctl, looks[d].style, buf_str(&text));
		used += text_width(buf_str(&text)) + (used ? 2 : 0);
	}
	if (!used)
		say(ctl, STYLE_PLAIN, "nothing to do");
	if (ctl->screen.width && used + 2 + text_width(standing(run)) > ctl->screen.width)
		say_line(ctl);
	else
		say(ctl, STYLE_PLAIN, "; ");
	say(ctl, STYLE_PLAIN, standing(run));
	say_line(ctl);
	buf_release(&text);
}

/* A value as JSON writes it, so that null, "" and "null" differ; nothing when it is absent. */
static void value_text(struct ctl *ctl, json_node *field, const char *member, struct buf *out)
{
	if (!json_has(field, member))
		return;
	json_node *value = json_get(field, member);
	const char *text = value ? json_dump(value, NULL) : "null";
	text_clean(out, text, strlen(text), ctl->screen.terminal && !ctl->screen.utf8);
}

static int field_width(json_node *fields, bool changed_only)
{
	int widest = 0;

	for (size_t i = 0; i < json_count(fields); i++) {
		int w = text_width(json_get_text(json_at(fields, i), "name", ""));
		if (w > widest &&
		    (!changed_only || json_get_bool(json_at(fields, i), "changed", false)))
			widest = w;
	}
	return widest > FIELD_WIDTH ? FIELD_WIDTH : widest;
}

static void print_name(struct ctl *ctl, json_node *field, int width)
{
	const char *name = json_get_text(field, "name", "?");

	sayf(ctl, STYLE_PLAIN, "%s: ", name);
	screen_pad(&ctl->out, width - text_width(name));
}

/* "    email:  "old" -> "new"", each value cut to its share of the line */
static void print_change(struct ctl *ctl, json_node *field, int width)
{
	struct buf before = BUF_INIT, after = BUF_INIT, cut = BUF_INIT;
	bool ascii = !ctl->screen.utf8;
	int room = ctl->screen.width ? ctl->screen.width - width - 11 : INT32_MAX;

	value_text(ctl, field, "before", &before);
	value_text(ctl, field, "after", &after);
	int left = text_width(buf_str(&before)), right = text_width(buf_str(&after));
	room = room < 16 ? 16 : room;
	if (left > room / 2)
		left = room - right > room / 2 ? room - right : room / 2;
	say(ctl, STYLE_PLAIN, "      ");
	print_name(ctl, field, width);
	if (json_has(field, "before")) {
		text_fit(&cut, buf_str(&before), left, ascii);
		say(ctl, STYLE_BAD, buf_str(&cut));
		room -= text_width(buf_str(&cut));
		buf_reset(&cut);
		sayf(ctl, STYLE_DIM, " %s ", mark_text(&ctl->screen, MARK_ARROW));
	}
	text_fit(&cut, buf_str(&after), room, ascii);
	say(ctl, STYLE_GOOD, buf_str(&cut));
	say_line(ctl);
	buf_release(&before);
	buf_release(&after);
	buf_release(&cut);
}

static void print_side(struct ctl *ctl, json_node *field, const char *member, const char *sign,
		       enum style style, int width)
{
	struct buf text = BUF_INIT;

	if (!json_has(field, member))
		return;
	value_text(ctl, field, member, &text);
	sayf(ctl, style, "    %s ", sign);
	print_name(ctl, field, width);
	say(ctl, style, buf_str(&text));
	say_line(ctl);
	buf_release(&text);
}

static void print_fields(struct ctl *ctl, json_node *item, int decision)
{
	json_node *fields = json_get(item, "fields");
	bool whole = args_has(&ctl->args, OPTION_DIFF);
	int width = field_width(fields, !whole);

	for (size_t i = 0; i < json_count(fields); i++) {
		json_node *f = json_at(fields, i);
		bool changed = json_get_bool(f, "changed", false);
		if (!whole && decision == FERRY_UPDATE && changed) {
			print_change(ctl, f, width);
		} else if (whole && decision != FERRY_CREATE && !changed) {
			print_side(ctl, f, "after", " ", STYLE_DIM, width);
		} else if (whole) {
			print_side(ctl, f, "before", "-", STYLE_BAD, width);
			if (decision != FERRY_DELETE)
				print_side(ctl, f, "after", "+", STYLE_GOOD, width);
		}
	}
}

static void print_item(struct ctl *ctl, json_node *item)
{
	const char *name = json_get_text(item, "decision", "?"),
		   *tier = json_get_text(item, "tier", "none");
	const char *dest_id = json_get_text(item, "dest_id", "");
	int d = decision_from_name(name);
	enum style style = d < 0 ? STYLE_PLAIN : looks[d].style;

	sayf(ctl, style, "%s %-8s ", d < 0 ? "?" : looks[d].sign, name);
	say(ctl, STYLE_BOLD, json_get_text(item, "key", "?"));
	sayf(ctl, STYLE_DIM, "  %s", json_get_text(item, "reason", ""));
	if (strcmp(tier, "none") != 0)
		sayf(ctl, STYLE_DIM, "  %s", tier);
	if (*dest_id)
		sayf(ctl, STYLE_DIM, "  %s %s", mark_text(&ctl->screen, MARK_ARROW), dest_id);
	say_line(ctl);
	print_fields(ctl, item, d);
}

static bool picky(const struct ctl *ctl)
{
	return args_has(&ctl->args, OPTION_DECISION) || args_has(&ctl->args, OPTION_SEGMENT) ||
		args_has(&ctl->args, OPTION_KEY);
}

static void print_items(struct ctl *ctl, json_node *items)
{
	const char *segment = "";

	for (size_t i = 0; i < json_count(items); i++) {
		json_node *item = json_at(items, i);
		const char *in = json_get_text(item, "segment", "");
		if (strcmp(in, segment) != 0)
			say_heading(ctl, in);
		segment = in;
		print_item(ctl, item);
	}
	if (!json_count(items))
		say(ctl, STYLE_DIM,
		    picky(ctl) ? "no record of the plan is like that" : "the plan is empty");
	say_line(ctl);
}

static void print_plan(struct ctl *ctl, int64_t id, json_node *run, json_node *plan)
{
	sayf(ctl, STYLE_BOLD, "plan of run %" PRId64 "  ", id);
	say(ctl, STYLE_BOLD, json_get_text(run, "sync_id", "?"));
	say_line(ctl);
	print_summary(ctl, run);
	print_items(ctl, json_get(plan, "data"));
	ctl_paging(ctl, plan);
	print_summary(ctl, run);
	if (run_status_from_name(json_get_text(run, "status", "")) == RUN_PREVIEW_READY) {
		sayf(ctl, STYLE_DIM, "'ferryctl promote %" PRId64 "' writes exactly this", id);
		say_line(ctl);
	}
}

static int plan_path(struct ctl *ctl, int64_t id, struct buf *path, struct ferry_error *err)
{
	const char *decision = ctl->args.value[OPTION_DECISION];

	if (decision && decision_from_name(decision) < 0) {
		struct buf names = BUF_INIT;
		ferry_fail(err, FERRY_E_USAGE, "--decision '%s': there is no such decision",
			   decision);
		for (int d = 0; d < FERRY_DECISIONS; d++)
			buf_addf(&names, "%s%s", d ? ", " : "",
				 decision_name((enum ferry_decision)d));
		ferry_hint(err, "one of %s", buf_str(&names));
		buf_release(&names);
		return -1;
	}
	buf_addf(path, "/runs/%" PRId64 "/plan", id);
	path_query(path, "decision", decision);
	path_query(path, "segment", ctl->args.value[OPTION_SEGMENT]);
	path_query(path, "key", ctl->args.value[OPTION_KEY]);
	return ctl_page_query(ctl, PER_PAGE, path, err);
}

int cmd_plan(struct ctl *ctl, struct ferry_error *err)
{
	struct answer run = ANSWER_INIT, plan = ANSWER_INIT;
	struct buf path = BUF_INIT, run_path = BUF_INIT;
	int64_t id;

	if (ctl_run_id(ctl, 0, &id, err))
		return -1;
	int rc = plan_path(ctl, id, &path, err);
	if (rc == 0)
		rc = ctl_get(ctl, &path, &plan, err);
	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &plan);
	} else if (rc == 0) {
		buf_addf(&run_path, "/runs/%" PRId64, id);
		rc = ctl_get(ctl, &run_path, &run, err);
		if (rc == 0)
			print_plan(ctl, id, run.root, plan.root);
	}
	buf_release(&path);
	answer_release(&run);
	answer_release(&plan);
	return rc;
}
