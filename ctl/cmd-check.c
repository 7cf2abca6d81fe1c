/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-check.c - check, reload: is the configuration right, and take it over. */
#include "ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Put `to` in the place of the last part of this program's own path. */
static bool beside_us(const char *to, char *out, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", out, size - 1);

	if (n <= 0)
		return false;
	out[n] = '\0';
	char *slash = strrchr(out, '/');
	if (!slash || (size_t)(slash - out) + 2 + strlen(to) > size)
		return false;
	memcpy(slash + 1, to, strlen(to) + 1);
	return true;
}

void ferryd_exec(char **argv)
{
	static const char *const places[] = {"ferryd", "../daemon/ferryd", "../../daemon/ferryd"};
	char path[4096];

	argv[0] = "ferryd";
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (beside_us(places[i], path, sizeof path))
			execv(path, argv);
	execv(FERRY_SBIN_DIR "/ferryd", argv);
	execvp("ferryd", argv);
}

int cmd_check(struct ctl *ctl, struct ferry_error *err)
{
	char *argv[] = {NULL, "--check", NULL, NULL, NULL};

	if (ctl->json)
		return ferry_fail(err, FERRY_E_USAGE, "'check' has no JSON output");
	if (ctl->args.n_words) {
		argv[2] = "--config";
		argv[3] = (char *)(uintptr_t)ctl->args.word[0];
	}
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
