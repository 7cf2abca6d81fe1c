/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-logs.c - logs: what a run said, read to the end or followed. */
#include "ctl.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "view.h"

enum { PER_PAGE = 100, FOLLOW_MS = 500 };

static enum style level_style(const char *level)
{
	return strcmp(level, "error") == 0 ? STYLE_BAD : strcmp(level, "warn") == 0 ? STYLE_CHANGE
		: strcmp(level, "debug") == 0 ? STYLE_DIM : STYLE_PLAIN;
}

static void print_line(struct ctl *ctl, json_node *line)
{
	const char *level = json_get_text(line, "level", "info"),
		   *stage = json_get_text(line, "stage", "");
	const char *segment = json_get_text(line, "segment", "");
	int64_t at = json_get_time(line, "at");
	time_t t = (time_t)(at / 1000000);
	char clock[32] = "--:--:--";
	struct tm tm;

	if (at && localtime_r(&t, &tm))
		strftime(clock, sizeof clock, "%H:%M:%S", &tm);
	say(ctl, STYLE_DIM, clock);
	sayf(ctl, level_style(level), " %-5s ", level);
	if (*segment || *stage)
		sayf(ctl, STYLE_INFO, "%s%s%s: ", segment, *segment && *stage ? "/" : "", stage);
	say(ctl, level_style(level), json_get_text(line, "message", ""));
	say_line(ctl);
}

/* Print the lines after *after, page by page, and move it on. first: show an empty answer too. */
static int print_new(struct ctl *ctl, int64_t id, int64_t *after, bool first,
		     struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	int rc = 0;

	for (bool more = true; more && rc == 0;) {
		struct buf path = BUF_INIT;
		int64_t from = *after;
		buf_addf(&path, "/runs/%" PRId64 "/logs", id);
		path_query(&path, "segment", ctl->args.value[OPTION_SEGMENT]);
		if (from >= 0)
			path_query_int(&path, "after", from);
		path_query_int(&path, "per_page", PER_PAGE);
		rc = ctl_get(ctl, &path, &answer, err);
		if (rc)
			break;
		json_node *lines = json_get(answer.root, "data");
		for (size_t i = 0; i < json_count(lines); i++) {
			int64_t seq = json_get_int(json_at(lines, i), "seq", -1);
			*after = seq > *after ? seq : *after;
			if (!ctl->json)
				print_line(ctl, json_at(lines, i));
		}
		if (ctl->json && (json_count(lines) || first))
			ctl_json(ctl, &answer);
		first = false;
		more = *after > from;
		rc = ctl_flush(ctl, err);
	}
	answer_release(&answer);
	return rc;
}

int cmd_logs(struct ctl *ctl, struct ferry_error *err)
{
	bool follow = args_has(&ctl->args, OPTION_FOLLOW), ended = false;
	int64_t id, after = -1;

	if (ctl_run_id(ctl, 0, &id, err))
		return -1;
	if (!follow)
		return print_new(ctl, id, &after, true, err);
	for (;;) {
		/* asked before the lines are read: a line written before the end is never missed */
		if (ctl_run_ended(ctl, id, &ended, err) || print_new(ctl, id, &after, false, err))
			return -1;
		if (ended)
			return EXIT_FINE;
		clock_sleep_ms(FOLLOW_MS);
	}
}
