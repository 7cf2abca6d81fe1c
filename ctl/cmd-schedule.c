/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-schedule.c - pause, resume, pin, unpin: what persons do to a sync's schedule. */
#include "ctl.h"

#include <inttypes.h>

#include "base/clock.h"
#include "format.h"

/* "; next run in 12 min: 15m after the end of the last run" */
static void told_next(struct ctl *ctl, json_node *sync)
{
	json_node *schedule = json_get(sync, "schedule");
	int64_t next = json_get_time(schedule, "next_run_at");
	struct buf text = BUF_INIT;

	if (next)
		format_moment(&text, next, clock_now());
	sayf(ctl, STYLE_DIM, "; next run %s%s%s", next ? "" : "not by schedule", buf_str(&text), next ? ": " : "");
	if (next)
		say(ctl, STYLE_DIM, json_get_text(schedule, "reason", ""));
	buf_release(&text);
}

/* POST to the sync's word; say() tells what came of it. The body is released. */
static int change(struct ctl *ctl, const char *word, struct buf *body,
		  void (*told)(struct ctl *ctl, json_node *sync), struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_adds(&path, "/syncs");
	path_name(&path, ctl->args.word[0]);
	buf_addf(&path, "/%s", word);
	int rc = ctl_post(ctl, &path, body && body->len ? body->s : "{}", &answer, err);
	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &answer);
	} else if (rc == 0) {
		say(ctl, STYLE_BOLD, ctl->args.word[0]);
		told(ctl, answer.root);
		say_line(ctl);
	}
	if (body)
		buf_release(body);
	answer_release(&answer);
	return rc;
}

static void told_pause(struct ctl *ctl, json_node *sync)
{
	say(ctl, STYLE_PLAIN, " is paused");
	sayf(ctl, STYLE_DIM, "; 'ferryctl resume %s' has its schedule go on", json_get_text(sync, "id", "SYNC"));
}

static void told_resume(struct ctl *ctl, json_node *sync)
{
	say(ctl, STYLE_PLAIN, " is not paused");
	told_next(ctl, sync);
}

static void told_pin(struct ctl *ctl, json_node *sync)
{
	json_node *schedule = json_get(sync, "schedule");
	struct buf text = BUF_INIT;

	format_local(&text, json_get_time(schedule, "pinned_until"));
	sayf(ctl, STYLE_PLAIN, " is pinned to %s until ", json_get_text(schedule, "tier", "?"));
	say(ctl, STYLE_PLAIN, buf_str(&text));
	told_next(ctl, sync);
	buf_release(&text);
}

static void told_unpin(struct ctl *ctl, json_node *sync)
{
	sayf(ctl, STYLE_PLAIN, " is not pinned: its tier is %s",
	     json_get_text(json_get(sync, "schedule"), "tier", "?"));
	told_next(ctl, sync);
}

int cmd_pause(struct ctl *ctl, struct ferry_error *err)
{
	return change(ctl, "pause", NULL, told_pause, err);
}

int cmd_resume(struct ctl *ctl, struct ferry_error *err)
{
	return change(ctl, "resume", NULL, told_resume, err);
}

int cmd_unpin(struct ctl *ctl, struct ferry_error *err)
{
	return change(ctl, "unpin", NULL, told_unpin, err);
}

int cmd_pin(struct ctl *ctl, struct ferry_error *err)
{
	struct buf body = BUF_INIT;
	int64_t hours;

	if (ctl_number(ctl, 2, "time in hours", &hours, err))
		return -1;
	jw_open(&body, NULL, '{');
	jw_text(&body, "tier", ctl->args.word[1]);
	jw_int(&body, "hours", hours);
	jw_close(&body, '}');
	return change(ctl, "pin", &body, told_pin, err);
}
