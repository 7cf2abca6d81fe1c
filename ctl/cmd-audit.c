/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-audit.c - who changed what, and who wanted to. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "ctl.h"
#include "format.h"
#include "table.h"

enum { PER_PAGE = 50 };

static void add_row(struct table *t, json_node *entry)
{
	const char *result = json_get_text(entry, "result", "");
	bool refused = strncmp(result, "refused", strlen("refused")) == 0;
	int64_t at = json_get_time(entry, "at");
	struct buf text = BUF_INIT;

	if (at)
		format_local(&text, at);
	table_take(t, STYLE_DIM, &text);
	table_text(t, STYLE_PLAIN, json_get_text(entry, "who", "?"));
	table_text(t, STYLE_BOLD, json_get_text(entry, "action", "?"));
	table_text(t, STYLE_PLAIN, json_get_text(entry, "target", ""));
	table_text(t, refused ? STYLE_BAD : STYLE_PLAIN, result);
	buf_release(&text);
}

static void print_list(struct ctl *ctl, json_node *answer)
{
	static const struct column columns[] = {
		{"TIME", 0}, {"WHO", COLUMN_SHRINK}, {"ACTION", 0}, {"TARGET", COLUMN_SHRINK}, {"RESULT", COLUMN_SHRINK},
	};
	json_node *items = json_get(answer, "data");
	int64_t before = json_get_int(json_get(answer, "pagination"), "next_before", 0);
	struct table t;

	if (!json_count(items)) {
		say(ctl, STYLE_PLAIN, "there is no such entry in the audit");
		say_line(ctl);
	} else {
		table_init(&t, &ctl->screen, columns, sizeof columns / sizeof columns[0]);
		for (size_t i = 0; i < json_count(items); i++)
			add_row(&t, json_at(items, i));
		table_print(&t, 0, &ctl->out);
		table_release(&t);
	}
	ctl_paging(ctl, answer);
	if (before) {
		sayf(ctl, STYLE_DIM, "entries from %" PRId64 " on were looked at; for older ones: --before %" PRId64,
		     before, before);
		say_line(ctl);
	}
}

int cmd_audit(struct ctl *ctl, struct ferry_error *err)
{
	static const struct ctl_filter filters[] = {
		{"actor", OPTION_ACTOR}, {"action", OPTION_ACTION}, {"from", OPTION_FROM}, {"to", OPTION_TO},
		{"before", OPTION_BEFORE}, {NULL, 0},
	};
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_adds(&path, "/audit");
	ctl_filters(ctl, filters, &path);
	if (ctl_page_query(ctl, PER_PAGE, &path, err)) {
		buf_release(&path);
		return -1;
	}
	int rc = ctl_get(ctl, &path, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_list(ctl, answer.root);
	answer_release(&answer);
	return rc;
}
