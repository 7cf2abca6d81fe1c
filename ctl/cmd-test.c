/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-test.c - connections: which there are; test: whether they work, step by step. */
#include "ctl.h"

#include <string.h>

#include "table.h"

int cmd_connections(struct ctl *ctl, struct ferry_error *err)
{
	static const struct column columns[] = {
		{"CONNECTION", 0}, {"FAMILY", 0}, {"USED BY", COLUMN_WRAP},
	};
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT, users = BUF_INIT;
	struct table t;

	buf_adds(&path, "/connections");
	if (ctl_page_query(ctl, 100, &path, err) || ctl_get(ctl, &path, &answer, err)) {
		buf_release(&path);
		return -1;
	}
	json_node *items = json_get(answer.root, "data");
	table_init(&t, &ctl->screen, columns, 3);
	for (size_t i = 0; i < json_count(items); i++) {
		json_node *c = json_at(items, i), *used = json_get(c, "used_by");
		table_text(&t, STYLE_BOLD, json_get_text(c, "name", "?"));
		table_text(&t, STYLE_PLAIN, json_get_text(c, "family", "?"));
		for (size_t k = 0; k < json_count(used); k++)
			buf_addf(&users, "%s%s", k ? ", " : "", json_text(json_at(used, k), NULL));
		table_take(&t, STYLE_PLAIN, &users);
	}
	if (ctl->json) {
		ctl_json(ctl, &answer);
	} else {
		table_print(&t, 0, &ctl->out);
		ctl_paging(ctl, answer.root);
	}
	table_release(&t);
	buf_release(&users);
	answer_release(&answer);
	return 0;
}

static enum style style_of(const char *status)
{
	return strcmp(status, "ok") == 0 ? STYLE_GOOD
		: strcmp(status, "warning") == 0 ? STYLE_CHANGE : STYLE_BAD;
}

static void add_notes(struct buf *out, json_node *notes)
{
	for (size_t i = 0; i < json_count(notes); i++)
		buf_addf(out, "%s%s", i ? "; " : "", json_text(json_at(notes, i), NULL));
}

static void print_test(struct ctl *ctl, json_node *test)
{
	static const struct column columns[] = {
		{"STEP", 0}, {"", 0}, {"WHAT IT SHOWED", COLUMN_WRAP},
	};
	json_node *steps = json_get(test, "steps"), *error = json_get(test, "error");
	bool ok = json_get_bool(test, "ok", false);
	struct buf text = BUF_INIT;
	struct table t;

	say(ctl, STYLE_BOLD, json_get_text(test, "connection", "?"));
	say(ctl, STYLE_PLAIN, "  ");
	say(ctl, ok ? STYLE_GOOD : STYLE_BAD, ok ? "works" : "does not work");
	say_line(ctl);
	table_init(&t, &ctl->screen, columns, 3);
	for (size_t i = 0; i < json_count(steps); i++) {
		json_node *step = json_at(steps, i);
		const char *status = json_get_text(step, "status", "?");
		table_text(&t, STYLE_PLAIN, json_get_text(step, "name", "?"));
		table_text(&t, style_of(status), status);
		add_notes(&text, json_get(step, "notes"));
		table_take(&t, STYLE_PLAIN, &text);
	}
	table_print(&t, 2, &ctl->out);
	if (json_kind(error) == JSON_OBJECT)
		say_error(ctl, error);
	table_release(&t);
	buf_release(&text);
}

/* *ret_ok stays as it is when the connection works. */
static int test_one(struct ctl *ctl, const char *name, bool *ret_ok, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_adds(&path, "/connections");
	path_name(&path, name);
	buf_adds(&path, "/test");
	int rc = ctl_post(ctl, &path, "{}", &answer, err);
	if (rc == 0 && !json_get_bool(answer.root, "ok", false))
		*ret_ok = false;
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_test(ctl, answer.root);
	answer_release(&answer);
	return rc == 0 ? ctl_flush(ctl, err) : rc;
}

static int test_page(struct ctl *ctl, json_node *items, bool *ret_ok, struct ferry_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_count(items); i++)
		rc = test_one(ctl, json_get_text(json_at(items, i), "name", ""), ret_ok, err);
	return rc;
}

static int test_all(struct ctl *ctl, bool *ret_ok, struct ferry_error *err)
{
	int64_t page = 1, seen = 0;
	bool more;
	int rc;

	do {
		struct answer answer = ANSWER_INIT;
		struct buf path = BUF_INIT;
		buf_addf(&path, "/connections?per_page=100&page=%d", (int)page++);
		rc = ctl_get(ctl, &path, &answer, err);
		json_node *items = json_get(answer.root, "data");
		seen += (int64_t)json_count(items);
		more = json_count(items) && seen < json_get_int(json_get(answer.root, "pagination"), "total", 0);
		if (rc == 0)
			rc = test_page(ctl, items, ret_ok, err);
		answer_release(&answer);
	} while (rc == 0 && more);
	return rc;
}

int cmd_test(struct ctl *ctl, struct ferry_error *err)
{
	bool ok = true;
	int rc = ctl->args.n_words ? test_one(ctl, ctl->args.word[0], &ok, err)
		: test_all(ctl, &ok, err);

	return rc < 0 ? -1 : ok ? EXIT_FINE : EXIT_RUN_FAILED;
}
