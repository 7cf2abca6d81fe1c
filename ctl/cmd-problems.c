/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-problems.c - problems: the records that wait for a person. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "format.h"
#include "table.h"
#include "view.h"

enum { PER_PAGE = 50 };

static void add_row(struct table *t, json_node *p, bool with_status)
{
	bool bad = strcmp(json_get_text(p, "severity", "error"), "error") == 0;
	int64_t at = json_get_time(p, "opened_at");
	struct buf text = BUF_INIT;

	buf_addf(&text, "%" PRId64, json_get_int(p, "id", 0));
	table_take(t, STYLE_BOLD, &text);
	buf_addf(&text, "%s/%s", json_get_text(p, "sync", "?"), json_get_text(p, "segment", "?"));
	table_take(t, STYLE_PLAIN, &text);
	table_text(t, STYLE_BOLD, json_get_text(p, "key", ""));
	table_text(t, bad ? STYLE_BAD : STYLE_CHANGE, json_get_text(p, "group", ""));
	if (with_status)
		table_text(t, STYLE_INFO, json_get_text(p, "status", "?"));
	table_text(t, STYLE_PLAIN, json_get_text(p, "message", json_get_text(json_get(p, "error"), "message", "")));
	table_count(t, STYLE_PLAIN, json_get_int(p, "times", 0));
	if (at)
		format_moment(&text, at, clock_now());
	table_take(t, STYLE_DIM, &text);
	buf_release(&text);
}

/* Without a wish for another status all of them are open, and need not say so. */
static void print_list(struct ctl *ctl, json_node *items)
{
	static const struct column all[] = {
		{"ID", COLUMN_RIGHT}, {"SYNC", COLUMN_SHRINK}, {"KEY", COLUMN_SHRINK}, {"GROUP", 0}, {"STATUS", 0},
		{"MESSAGE", COLUMN_SHRINK}, {"RUNS", COLUMN_RIGHT | COLUMN_SPARE}, {"SINCE", COLUMN_SPARE},
	};
	static const struct column open[] = {
		{"ID", COLUMN_RIGHT}, {"SYNC", COLUMN_SHRINK}, {"KEY", COLUMN_SHRINK}, {"GROUP", 0},
		{"MESSAGE", COLUMN_SHRINK}, {"RUNS", COLUMN_RIGHT | COLUMN_SPARE}, {"SINCE", COLUMN_SPARE},
	};
	bool with_status = args_has(&ctl->args, OPTION_STATUS);
	struct table t;

	if (with_status)
		table_init(&t, &ctl->screen, all, sizeof all / sizeof all[0]);
	else
		table_init(&t, &ctl->screen, open, sizeof open / sizeof open[0]);
	for (size_t i = 0; i < json_count(items); i++)
		add_row(&t, json_at(items, i), with_status);
	table_print(&t, 0, &ctl->out);
	table_release(&t);
}

static void print_none(struct ctl *ctl)
{
	const char *status = ctl->args.value[OPTION_STATUS];
	bool picky = args_has(&ctl->args, OPTION_SYNC) || args_has(&ctl->args, OPTION_SEGMENT) ||
		args_has(&ctl->args, OPTION_GROUP) || args_has(&ctl->args, OPTION_PAGE);

	if (status)
		say(ctl, STYLE_PLAIN, "there is no such problem");
	else
		say(ctl, STYLE_PLAIN, picky ? "no such problem waits for a person" : "no problem waits for a person");
	say_line(ctl);
}

static int list(struct ctl *ctl, struct ferry_error *err)
{
	static const struct ctl_filter filters[] = {
		{"sync", OPTION_SYNC}, {"segment", OPTION_SEGMENT}, {"group", OPTION_GROUP}, {"status", OPTION_STATUS},
		{NULL, 0},
	};
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_adds(&path, "/problems");
	ctl_filters(ctl, filters, &path);
	if (ctl_page_query(ctl, PER_PAGE, &path, err)) {
		buf_release(&path);
		return -1;
	}
	int rc = ctl_get(ctl, &path, &answer, err);
	json_node *items = json_get(answer.root, "data");
	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &answer);
	} else if (rc == 0 && !json_count(items)) {
		print_none(ctl);
	} else if (rc == 0) {
		print_list(ctl, items);
		ctl_paging(ctl, answer.root);
		say(ctl, STYLE_DIM, "'ferryctl problems ID' shows one, and what can be done");
		say_line(ctl);
	}
	answer_release(&answer);
	return rc;
}

int cmd_problems(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	int64_t id;

	if (!ctl->args.n_words)
		return list(ctl, err);
	if (ctl_number(ctl, 0, "problem", &id, err))
		return -1;
	buf_addf(&path, "/problems/%" PRId64, id);
	int rc = ctl_get(ctl, &path, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		view_problem(ctl, answer.root);
	answer_release(&answer);
	return rc;
}
