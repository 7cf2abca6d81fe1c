/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-history.c - history: what runs decided for one record. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "format.h"
#include "view.h"

enum { PER_PAGE = 20 };

static void print_errors(struct ctl *ctl, json_node *errors)
{
	for (size_t i = 0; i < json_count(errors); i++) {
		json_node *e = json_at(errors, i);
		sayf(ctl, STYLE_BAD, "  %s", json_get_text(e, "code", "?"));
		if (*json_get_text(e, "field", ""))
			sayf(ctl, STYLE_PLAIN, " %s", json_get_text(e, "field", ""));
		sayf(ctl, STYLE_PLAIN, ": %s", json_get_text(e, "message", ""));
		say_line(ctl);
	}
}

/* The segment of a simple sync says nothing. */
static void print_segment(struct ctl *ctl, const char *segment)
{
	if (strcmp(segment, "main") == 0)
		return;
	sayf(ctl, STYLE_DIM, "in segment %s", segment);
	say_line(ctl);
}

static void print_run(struct ctl *ctl, json_node *entry)
{
	json_node *decisions = json_get(entry, "decisions");
	int64_t at = json_get_time(entry, "started_at"), of = json_get_int(entry, "promote_of", 0);
	int64_t by = json_get_int(entry, "promoted_by", 0);
	struct buf text = BUF_INIT;

	say_line(ctl);
	sayf(ctl, STYLE_BOLD, "run %" PRId64, json_get_int(entry, "run_id", 0));
	view_status_text(entry, false, &text);
	sayf(ctl, view_status_style(entry), "  %s", buf_str(&text));
	buf_reset(&text);
	if (at) {
		buf_adds(&text, "  ");
		format_local(&text, at);
		buf_adds(&text, "  ");
	}
	buf_adds(&text, json_get_text(entry, "trigger", "?"));
	if (of > 0)
		buf_addf(&text, ", carries out the plan of run %" PRId64, of);
	if (by > 0)
		buf_addf(&text, ", carried out by run %" PRId64, by);
	say(ctl, STYLE_DIM, buf_str(&text));
	say_line(ctl);
	for (size_t i = 0; i < json_count(decisions); i++) {
		print_segment(ctl, json_get_text(json_at(decisions, i), "segment", ""));
		view_plan_item(ctl, json_at(decisions, i), true);
	}
	print_errors(ctl, json_get(entry, "errors"));
	buf_release(&text);
}

static void print_history(struct ctl *ctl, json_node *answer)
{
	json_node *data = json_get(answer, "data"), *paging = json_get(answer, "pagination");
	int64_t next = json_get_int(paging, "next_before", 0);

	sayf(ctl, STYLE_BOLD, "%s  key %s", ctl->args.word[0], ctl->args.word[1]);
	say_line(ctl);
	for (size_t i = 0; i < json_count(data); i++)
		print_run(ctl, json_at(data, i));
	if (!json_count(data)) {
		struct buf text = BUF_INIT;
		format_plural(&text, json_get_int(paging, "runs", 0), "run", "runs");
		sayf(ctl, STYLE_PLAIN, "no decision for that key in the %s looked at", buf_str(&text));
		buf_release(&text);
		say_line(ctl);
		say(ctl, STYLE_DIM, "a record that stayed unchanged stands in no plan, and old plans are not kept");
		say_line(ctl);
	}
	if (next > 0) {
		say_line(ctl);
		sayf(ctl, STYLE_DIM, "there may be more; next: --before %" PRId64, next);
		say_line(ctl);
	}
}

int cmd_history(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	int64_t before, limit;

	if (args_number(&ctl->args, OPTION_BEFORE, 1, INT64_MAX, 0, &before, err) ||
	    args_number(&ctl->args, OPTION_LIMIT, 1, 100, PER_PAGE, &limit, err))
		return -1;
	buf_adds(&path, "/syncs");
	path_name(&path, ctl->args.word[0]);
	buf_adds(&path, "/history");
	path_query(&path, "key", ctl->args.word[1]);
	path_query(&path, "segment", ctl->args.value[OPTION_SEGMENT]);
	path_query_int(&path, "per_page", limit);
	if (before)
		path_query_int(&path, "before", before);
	int rc = ctl_get(ctl, &path, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_history(ctl, answer.root);
	answer_release(&answer);
	return rc;
}
