/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-notifications.c - notifications: what was told to whom; notify-test: whether a target can be reached. */
#include <string.h>

#include "base/clock.h"
#include "ctl.h"
#include "format.h"
#include "table.h"

static enum style style_of(const char *status)
{
	return strcmp(status, "delivered") == 0 ? STYLE_GOOD : strcmp(status, "failed") == 0 ? STYLE_BAD : STYLE_CHANGE;
}

/* "delivered", "pending, in 42 s", "failed after 9 attempts" */
static void add_status(json_node *item, int64_t now, struct buf *out)
{
	const char *status = json_get_text(item, "status", "?");
	int64_t attempts = json_get_int(item, "attempts", 0), next = json_get_time(item, "next_attempt_at");

	buf_adds(out, status);
	if (next > now) {
		buf_adds(out, ", again ");
		format_moment(out, next, now);
	} else if (attempts > 1) {
		buf_adds(out, strcmp(status, "delivered") == 0 ? " at attempt " : " after ");
		format_count(out, attempts);
		buf_adds(out, strcmp(status, "delivered") == 0 ? "" : " attempts");
	}
}

static void add_error(json_node *item, struct buf *out)
{
	json_node *error = json_get(item, "error");

	if (error)
		buf_addf(out, "%s: %s", json_get_text(error, "code", "?"), json_get_text(error, "message", ""));
}

static void print_list(struct ctl *ctl, json_node *items)
{
	static const struct column columns[] = {
		{"ID", COLUMN_RIGHT}, {"WHEN", 0}, {"TARGET", 0}, {"EVENT", 0}, {"SYNC", COLUMN_SHRINK},
		{"RUN", COLUMN_RIGHT}, {"STATUS", 0}, {"ERROR", COLUMN_WRAP},
	};
	int64_t now = clock_now();
	struct buf text = BUF_INIT;
	struct table t;

	table_init(&t, &ctl->screen, columns, 8);
	for (size_t i = 0; i < json_count(items); i++) {
		json_node *item = json_at(items, i);
		table_count(&t, STYLE_DIM, json_get_int(item, "id", 0));
		format_moment(&text, json_get_time(item, "created_at"), now);
		table_take(&t, STYLE_PLAIN, &text);
		table_text(&t, STYLE_BOLD, json_get_text(item, "target", "?"));
		table_text(&t, STYLE_PLAIN, json_get_text(item, "event", "?"));
		table_text(&t, STYLE_PLAIN, json_get_text(item, "sync", "?"));
		buf_addf(&text, "%lld", (long long)json_get_int(item, "run_id", 0));
		table_take(&t, STYLE_PLAIN, &text);
		add_status(item, now, &text);
		table_take(&t, style_of(json_get_text(item, "status", "?")), &text);
		add_error(item, &text);
		table_take(&t, STYLE_PLAIN, &text);
	}
	table_print(&t, 0, &ctl->out);
	table_release(&t);
	buf_release(&text);
}

int cmd_notifications(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_adds(&path, "/notifications");
	path_query(&path, "status", ctl->args.value[OPTION_STATUS]);
	if (ctl_page_query(ctl, 20, &path, err) || ctl_get(ctl, &path, &answer, err)) {
		buf_release(&path);
		return -1;
	}
	json_node *items = json_get(answer.root, "data");
	if (ctl->json) {
		ctl_json(ctl, &answer);
	} else if (json_count(items)) {
		print_list(ctl, items);
		ctl_paging(ctl, answer.root);
	} else {
		say(ctl, STYLE_PLAIN, "nothing was told to anybody");
		say_line(ctl);
	}
	answer_release(&answer);
	return 0;
}

static void print_test(struct ctl *ctl, json_node *test)
{
	json_node *error = json_get(test, "error");
	bool ok = json_get_bool(test, "ok", false);
	struct buf text = BUF_INIT;

	sayf(ctl, STYLE_BOLD, "%s", json_get_text(test, "target", "?"));
	sayf(ctl, STYLE_PLAIN, " (%s)  ", json_get_text(test, "kind", "?"));
	say(ctl, ok ? STYLE_GOOD : STYLE_BAD, ok ? "accepted" : "failed");
	format_span(&text, (double)json_get_int(test, "milliseconds", 0) / 1000);
	sayf(ctl, STYLE_DIM, "  after %s", buf_str(&text));
	say_line(ctl);
	if (error)
		say_error(ctl, error);
	buf_release(&text);
}

int cmd_notify_test(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_adds(&path, "/notifications");
	path_name(&path, ctl->args.word[0]);
	buf_adds(&path, "/test");
	int rc = ctl_post(ctl, &path, "{}", &answer, err);
	bool ok = json_get_bool(answer.root, "ok", false);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_test(ctl, answer.root);
	answer_release(&answer);
	return rc ? rc : ok ? EXIT_FINE : EXIT_RUN_FAILED;
}
