/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-show.c - show, errors: a run at one glance, and the rows that failed in it. */
#include "ctl.h"

#include <inttypes.h>
#include <stdlib.h>

#include "format.h"
#include "table.h"
#include "view.h"

enum { FIRST_ERRORS = 5, PAGE_OF_ERRORS = 50 };

static const char *raw_text(json_node *row_error)
{
	json_node *raw = json_get(row_error, "raw");
	const char *text = json_text(raw, NULL);

	return text ? text : raw ? json_dump(raw, NULL) : "";
}

/* For the screen on which a table would cut the messages. */
static void print_blocks(struct ctl *ctl, json_node *items)
{
	for (size_t i = 0; i < json_count(items); i++) {
		json_node *e = json_at(items, i);
		say(ctl, STYLE_BOLD, json_get_text(e, "key", ""));
		sayf(ctl, STYLE_BAD, "  %s", json_get_text(e, "code", ""));
		if (*json_get_text(e, "field", ""))
			sayf(ctl, STYLE_PLAIN, "  %s", json_get_text(e, "field", ""));
		sayf(ctl, STYLE_DIM, "  %s/%s", json_get_text(e, "segment", ""),
		     json_get_text(e, "stage", ""));
		say_line(ctl);
		sayf(ctl, STYLE_PLAIN, "    %s", json_get_text(e, "message", ""));
		say_line(ctl);
		if (*raw_text(e)) {
			sayf(ctl, STYLE_DIM, "    %s", raw_text(e));
			say_line(ctl);
		}
	}
}

/* whole: rather no table than cells that are cut */
static void print_errors(struct ctl *ctl, json_node *items, int indent, bool whole)
{
	static const struct column columns[] = {
		{"KEY", COLUMN_SHRINK}, {"CODE", 0}, {"FIELD", COLUMN_SPARE | COLUMN_SHRINK},
		{"MESSAGE", COLUMN_SHRINK}, {"VALUE", COLUMN_SPARE | COLUMN_SHRINK},
		{"SEGMENT", COLUMN_SPARE | COLUMN_SHRINK}, {"STAGE", COLUMN_SPARE},
	};
	struct table t;

	table_init(&t, &ctl->screen, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < json_count(items); i++) {
		json_node *e = json_at(items, i);
		table_text(&t, STYLE_BOLD, json_get_text(e, "key", ""));
		table_text(&t, STYLE_BAD, json_get_text(e, "code", ""));
		table_text(&t, STYLE_PLAIN, json_get_text(e, "field", ""));
		table_text(&t, STYLE_PLAIN, json_get_text(e, "message", ""));
		table_text(&t, STYLE_PLAIN, raw_text(e));
		table_text(&t, STYLE_DIM, json_get_text(e, "segment", ""));
		table_text(&t, STYLE_DIM, json_get_text(e, "stage", ""));
	}
	if (whole && !table_fits(&t, indent))
		print_blocks(ctl, items);
	else
		table_print(&t, indent, &ctl->out);
	table_release(&t);
}

/* The first few; that they cannot be read must not hide the run itself. */
static void print_first_errors(struct ctl *ctl, int64_t id, int64_t errors)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT, title = BUF_INIT;
	struct ferry_error err = {0};

	buf_addf(&path, "/runs/%" PRId64 "/errors", id);
	path_query_int(&path, "page", 1);
	path_query_int(&path, "per_page", FIRST_ERRORS);
	format_plural(&title, errors, "row error", "row errors");
	if (errors > FIRST_ERRORS)
		buf_addf(&title, ", the first %d", FIRST_ERRORS);
	say_heading(ctl, buf_str(&title));
	buf_release(&title);
	if (ctl_get(ctl, &path, &answer, &err))
		sayf(ctl, STYLE_BAD, "  they could not be read: %s", err.msg);
	else
		print_errors(ctl, json_get(answer.root, "data"), 2, false);
	if (err.code)
		say_line(ctl);
	answer_release(&answer);
}

static void print_run(struct ctl *ctl, int64_t id, json_node *run)
{
	int64_t errors = json_get_int(run, "row_errors", 0);

	view_headline(ctl, run);
	view_rows(ctl, run, false);
	view_statistics(ctl, run);
	view_segments(ctl, run);
	view_phases(ctl, run);
	view_reasons(ctl, run);
	view_problems(ctl, run);
	view_error(ctl, run);
	if (errors > 0)
		print_first_errors(ctl, id, errors);
	view_next(ctl, run);
}

int cmd_show(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	int64_t id;

	if (ctl_run_id(ctl, 0, &id, err))
		return -1;
	buf_addf(&path, "/runs/%" PRId64, id);
	int rc = ctl_get(ctl, &path, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_run(ctl, id, answer.root);
	answer_release(&answer);
	return rc;
}

int cmd_errors(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	int64_t id;

	if (ctl_run_id(ctl, 0, &id, err))
		return -1;
	buf_addf(&path, "/runs/%" PRId64 "/errors", id);
	if (ctl_page_query(ctl, PAGE_OF_ERRORS, &path, err)) {
		buf_release(&path);
		return -1;
	}
	int rc = ctl_get(ctl, &path, &answer, err);
	json_node *items = json_get(answer.root, "data");
	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &answer);
	} else if (rc == 0 && !json_count(items)) {
		sayf(ctl, STYLE_PLAIN, "run %" PRId64 " has no row errors%s", id,
		     args_has(&ctl->args, OPTION_PAGE) ? " on that page" : "");
		say_line(ctl);
	} else if (rc == 0) {
		print_errors(ctl, items, 0, true);
		ctl_paging(ctl, answer.root);
	}
	answer_release(&answer);
	return rc;
}
