/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-records.c - records: what a source gave to a run that has only extracted. */
#include <inttypes.h>
#include <string.h>

#include "table.h"
#include "view.h"

enum { PER_PAGE = 100, COLUMNS_MAX = 16 };

static const char *value_text(json_node *record, const char *name)
{
	json_node *value = json_get(record, name);
	const char *text = json_text(value, NULL);

	return text ? text : value ? json_dump(value, NULL) : "";
}

/* The members of the first record; 0 when there are more than a table has columns. */
static size_t columns_of(json_node *record, struct column *columns)
{
	const char *name;
	json_node *value;
	void *iter = NULL;
	size_t n = 0;

	while (json_next(record, &iter, &name, &value)) {
		if (n == COLUMNS_MAX)
			return 0;
		columns[n++] = (struct column){name, 0};
	}
	return n;
}

/* Whole values or none: a record that is cut tells nothing of the one it is looked at for. */
static void print_lines(struct ctl *ctl, json_node *items, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		json_node *record = json_get(json_at(items, i), "record");
		sayf(ctl, STYLE_PLAIN, "  %s", record ? json_dump(record, NULL) : "null");
		say_line(ctl);
	}
}

static void print_segment(struct ctl *ctl, json_node *items, size_t from, size_t to)
{
	struct column columns[COLUMNS_MAX];
	size_t n = columns_of(json_get(json_at(items, from), "record"), columns);
	struct table t;

	say_heading(ctl, json_get_text(json_at(items, from), "segment", ""));
	if (!n) {
		print_lines(ctl, items, from, to);
		return;
	}
	table_init(&t, &ctl->screen, columns, n);
	for (size_t i = from; i < to; i++)
		for (size_t k = 0; k < n; k++)
			table_text(&t, STYLE_PLAIN,
				   value_text(json_get(json_at(items, i), "record"), columns[k].title));
	if (table_fits(&t, 2))
		table_print(&t, 2, &ctl->out);
	else
		print_lines(ctl, items, from, to);
	table_release(&t);
}

static void print_records(struct ctl *ctl, int64_t run, json_node *items)
{
	size_t from = 0, n = json_count(items);

	if (!n) {
		sayf(ctl, STYLE_PLAIN, "run %" PRId64 " has no records%s", run,
		     args_has(&ctl->args, OPTION_PAGE) ? " on that page" : "");
		say_line(ctl);
	}
	for (size_t i = 1; i <= n; i++) {
		const char *segment = json_get_text(json_at(items, from), "segment", "");
		if (i < n && strcmp(json_get_text(json_at(items, i), "segment", ""), segment) == 0)
			continue;
		print_segment(ctl, items, from, i);
		from = i;
	}
}

static int show(struct ctl *ctl, int64_t run, struct buf *path, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	int rc = ctl_get(ctl, path, &answer, err);

	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &answer);
	} else if (rc == 0) {
		print_records(ctl, run, json_get(answer.root, "data"));
		ctl_paging(ctl, answer.root);
	}
	answer_release(&answer);
	return rc;
}

int view_records(struct ctl *ctl, int64_t run, struct ferry_error *err)
{
	struct buf path = BUF_INIT;

	buf_addf(&path, "/runs/%" PRId64 "/records", run);
	path_query_int(&path, "per_page", PER_PAGE);
	return show(ctl, run, &path, err);
}

int cmd_records(struct ctl *ctl, struct ferry_error *err)
{
	struct buf path = BUF_INIT;
	int64_t run;

	if (ctl_run_id(ctl, 0, &run, err))
		return -1;
	buf_addf(&path, "/runs/%" PRId64 "/records", run);
	path_query(&path, "segment", ctl->args.value[OPTION_SEGMENT]);
	if (ctl_page_query(ctl, PER_PAGE, &path, err)) {
		buf_release(&path);
		return -1;
	}
	return show(ctl, run, &path, err);
}
