/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-backup.c - backup: a copy of the daemon's state; retention: what goes of it for its age. */
#include "ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format.h"
#include "table.h"

/* As long as the daemon gives itself. */
enum { BACKUP_MS = 12 * 3600 * 1000 };

static void add_bytes(struct buf *out, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1024 && u + 1 < sizeof units / sizeof units[0]) {
		n /= 1024;
		u++;
	}
	buf_addf(out, u ? "%.1f %s" : "%.0f %s", n, units[u]);
}

/* The daemon's working directory is not ours. */
static char *absolute(const char *word)
{
	char here[PATH_MAX];

	if (word[0] == '/' || !getcwd(here, sizeof here))
		return ferry_strdup(word);
	return ferry_asprintf("%s/%s", here, word);
}

static void print_backup(struct ctl *ctl, json_node *made)
{
	const char *dir = json_get_text(made, "dir", "?");
	char *manifest = ferry_asprintf("%s/manifest.json", dir);
	struct buf size = BUF_INIT;
	struct stat st;

	add_bytes(&size, json_get_int(made, "bytes", 0));
	say(ctl, STYLE_GOOD, "backup ");
	say(ctl, STYLE_BOLD, dir);
	sayf(ctl, STYLE_PLAIN, "  %" PRId64 " files, %s", json_get_int(made, "files", 0), buf_str(&size));
	say_line(ctl);
	if (stat(manifest, &st) < 0 && errno == ENOENT) {
		say(ctl, STYLE_CHANGE, "It cannot be seen from here: the daemon has a /tmp of its own. Choose another folder.");
		say_line(ctl);
	}
	say_command(ctl, "ferryd --restore DIR", "puts it back, while no daemon runs");
	buf_release(&size);
	free(manifest);
}

int cmd_backup(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT, body = BUF_INIT;
	char *dir = absolute(ctl->args.word[0]);

	jw_open(&body, NULL, '{');
	jw_text(&body, "dir", dir);
	jw_close(&body, '}');
	buf_adds(&path, "/backup");
	int rc = client_new(ctl->socket, BACKUP_MS, &ctl->client, err);
	if (rc == 0)
		rc = ctl_post(ctl, &path, body.s, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_backup(ctl, answer.root);
	answer_release(&answer);
	buf_release(&path);
	buf_release(&body);
	free(dir);
	return rc;
}

/* -------------------------------------------------------------------- retention */

static void print_kinds(struct ctl *ctl, json_node *kinds)
{
	static const struct column columns[] = {
		{"KIND", 0}, {"ITEMS", COLUMN_RIGHT}, {"SIZE", COLUMN_RIGHT}, {"", COLUMN_WRAP},
	};
	struct buf text = BUF_INIT;
	struct table t;

	table_init(&t, &ctl->screen, columns, 4);
	for (size_t i = 0; i < json_count(kinds); i++) {
		json_node *k = json_at(kinds, i), *error = json_get(k, "error");
		int64_t bytes = json_get_int(k, "bytes", 0);
		table_text(&t, STYLE_BOLD, json_get_text(k, "kind", "?"));
		format_count(&text, json_get_int(k, "items", 0));
		table_take(&t, STYLE_PLAIN, &text);
		if (bytes > 0)
			add_bytes(&text, bytes);
		table_take(&t, STYLE_PLAIN, &text);
		table_text(&t, STYLE_BAD, json_get_text(error, "message", ""));
	}
	table_print(&t, 2, &ctl->out);
	table_release(&t);
	buf_release(&text);
}

static void print_left(struct ctl *ctl, json_node *left)
{
	static const struct column columns[] = {{"SYNC", 0}, {"SEGMENT", 0}, {"SIZE", COLUMN_RIGHT}};
	struct buf text = BUF_INIT;
	struct table t;

	if (!json_count(left))
		return;
	say_heading(ctl, "Snapshots of what is no longer configured; they stay until you remove them");
	table_init(&t, &ctl->screen, columns, 3);
	for (size_t i = 0; i < json_count(left); i++) {
		json_node *s = json_at(left, i);
		table_text(&t, STYLE_BOLD, json_get_text(s, "sync", "?"));
		table_text(&t, STYLE_PLAIN, json_get_text(s, "segment", "?"));
		add_bytes(&text, json_get_int(s, "bytes", 0));
		table_take(&t, STYLE_PLAIN, &text);
	}
	table_print(&t, 2, &ctl->out);
	table_release(&t);
	buf_release(&text);
}

static bool is_all_tidy(json_node *kinds)
{
	for (size_t i = 0; i < json_count(kinds); i++)
		if (json_get_int(json_at(kinds, i), "items", 0) || json_get(json_at(kinds, i), "error"))
			return false;
	return true;
}

static void print_retention(struct ctl *ctl, json_node *answer, bool now)
{
	json_node *kinds = json_get(answer, "kinds");
	bool tidy = is_all_tidy(kinds);

	say(ctl, STYLE_PLAIN, tidy ? "nothing is past its time"
	    : now ? "what was past its time is gone" : "what is past its time, and goes within the hour");
	say_line(ctl);
	if (!tidy)
		print_kinds(ctl, kinds);
	print_left(ctl, json_get(answer, "unused_snapshots"));
}

int cmd_retention(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	bool now = args_has(&ctl->args, OPTION_NOW);

	buf_adds(&path, "/retention");
	int rc = now ? ctl_post(ctl, &path, "{}", &answer, err) : ctl_get(ctl, &path, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_retention(ctl, answer.root, now);
	answer_release(&answer);
	return rc;
}
