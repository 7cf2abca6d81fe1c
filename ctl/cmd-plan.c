/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-plan.c - plan: the decisions of a run, as a person reads a diff. */
#include "ctl.h"

#include <inttypes.h>
#include <string.h>

#include "format.h"
#include "model/decision.h"
#include "model/run.h"
#include "text.h"
#include "view.h"

enum { PER_PAGE = 100 };

static const char *const todo[FERRY_DECISIONS] = {	/* "12 to create" */
	[FERRY_CREATE] = "to create", [FERRY_UPDATE] = "to update", [FERRY_DELETE] = "to delete",
	[FERRY_DISABLE] = "to disable", [FERRY_SKIP] = "to skip", [FERRY_CONFLICT] = "in conflict",
};

/* What has become of the plan. */
static const char *standing(json_node *run)
{
	switch (run_status_from_name(json_get_text(run, "status", ""))) {
	case RUN_PREVIEW_READY: return "nothing has been written by this run";
	case RUN_QUEUED: case RUN_RUNNING: return "the run is not over yet";
	case RUN_COMPLETED: return "the run has carried this out";
	default: break;
	}
	return view_guarded(run) ? "a guard has stopped the run; nothing has been written"
		: "the run did not complete: 'ferryctl show' tells what was written";
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
		buf_addf(&text, " %s", todo[d]);
		say(ctl, STYLE_PLAIN, used ? ", " : "");
		say(ctl, view_decision_style(d), buf_str(&text));
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
		view_plan_item(ctl, item, args_has(&ctl->args, OPTION_DIFF));
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
	bool guarded = view_guarded(run);
	if (guarded || run_status_from_name(json_get_text(run, "status", "")) == RUN_PREVIEW_READY) {
		sayf(ctl, STYLE_DIM, "'ferryctl promote %" PRId64 "%s' writes exactly this", id,
		     guarded ? " --override-guard" : "");
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
