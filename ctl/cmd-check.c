/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-check.c - check, reload: is the configuration right, and take it over. */
#include "ctl.h"
#include "program.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Connectors are asked about large configurations. */
enum { CHECK_MS = 60000 };

/* "FILE:LINE:COLUMN: TEXT", of which line and column may be missing. */
static void mistake_json(struct buf *out, const char *line, size_t len)
{
	const char *end = memmem(line, len, ": ", 2), *at = end ? end : line;
	int64_t numbers[2] = {0};	/* from behind: column, line */

	for (int i = 0; end && i < 2; i++) {
		const char *colon = memrchr(line, ':', (size_t)(at - line));
		if (!colon || strspn(colon + 1, "0123456789") != (size_t)(at - colon - 1) || at == colon + 1)
			break;
		numbers[1] = numbers[0];
		numbers[0] = strtoll(colon + 1, NULL, 10);
		at = colon;
	}
	jw_open(out, NULL, '{');
	jw_textn(out, "file", line, (size_t)(at - line));
	jw_int(out, "line", numbers[0]);
	jw_int(out, "column", numbers[1]);
	jw_textn(out, "text", end ? end + 2 : line, end ? len - (size_t)(end + 2 - line) : len);
	jw_close(out, '}');
}

/* {"ok", "mistakes": [{"file", "line", "column", "text"}]} */
static int check_json(struct ctl *ctl, const char *const *argv, struct ferry_error *err)
{
	struct buf text = BUF_INIT, out = BUF_INIT;
	struct program p;

	program_start(&p, argv);
	int status = program_read(&p, CHECK_MS, &text);
	const char *at = buf_str(&text), *end = at + text.len, *line;
	size_t len;
	jw_open(&out, NULL, '{');
	jw_bool(&out, "ok", status == 0);
	jw_open(&out, "mistakes", '[');
	while (status > 0 && next_word(&at, end, '\n', &line, &len))
		mistake_json(&out, line, len);
	jw_close(&out, ']');
	jw_close(&out, '}');
	if (status >= 0)
		ctl_json_text(ctl, buf_str(&out), out.len);
	buf_release(&text);
	buf_release(&out);
	return status >= 0 ? status : ferry_fail(err, FERRY_E_SYSTEM, "ferryd --check cannot be run");
}

int cmd_check(struct ctl *ctl, struct ferry_error *err)
{
	char *argv[] = {NULL, "--check", NULL, NULL, NULL};

	if (ctl->args.n_words) {
		argv[2] = "--config";
		argv[3] = (char *)(uintptr_t)ctl->args.word[0];
	}
	if (ctl->json)
		return check_json(ctl, (const char *const *)argv, err);
	ferryd_exec(argv);
	ferry_fail_errno(err, errno, "cannot run ferryd");
	return ferry_hint(err, "looked beside ferryctl, in " FERRY_SBIN_DIR " and in PATH");
}

static void print_mistakes(struct ctl *ctl, json_node *mistakes)
{
	for (size_t i = 0; i < json_count(mistakes); i++) {
		json_node *m = json_at(mistakes, i);
		int64_t line = json_get_int(m, "line", 0), column = json_get_int(m, "column", 0);
		say(ctl, STYLE_BOLD, json_get_text(m, "file", "?"));
		if (line > 0)
			sayf(ctl, STYLE_BOLD, ":%" PRId64, line);
		if (line > 0 && column > 0)
			sayf(ctl, STYLE_BOLD, ":%" PRId64, column);
		say(ctl, STYLE_BOLD, ": ");
		say(ctl, STYLE_PLAIN, json_get_text(m, "text", ""));
		say_line(ctl);
	}
}

static void print_changes(struct ctl *ctl, json_node *changes)
{
	for (size_t i = 0; i < json_count(changes); i++) {
		json_node *c = json_at(changes, i);
		sayf(ctl, STYLE_DIM, "  %-8s ", json_get_text(c, "change", ""));
		say(ctl, STYLE_PLAIN, json_get_text(c, "file", ""));
		say_line(ctl);
	}
	if (!json_count(changes)) {
		say(ctl, STYLE_DIM, "  no file has changed");
		say_line(ctl);
	}
}

int cmd_reload(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_adds(&path, "/reload");
	int rc = ctl_post(ctl, &path, "{}", &answer, err);
	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &answer);
	} else if (rc == 0) {
		sayf(ctl, STYLE_GOOD, "generation %" PRId64 " is in force",
		     json_get_int(answer.root, "generation", 0));
		say_line(ctl);
		print_changes(ctl, json_get(answer.root, "changes"));
	} else if (!ctl->json) {
		print_mistakes(ctl, json_get(json_get(answer.root, "error"), "issues"));
	}
	answer_release(&answer);
	return rc;
}
