/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-status.c - status, syncs, runs: what there is and how it stands. */
#include "ctl.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "format.h"
#include "model/run.h"
#include "table.h"
#include "view.h"

/* A line of the status: its name and, wrapped where it is too long, what there is to say. */
static void add_line(struct table *t, const char *name, enum style style, struct buf *text)
{
	table_text(t, STYLE_DIM, name);
	table_take(t, style, text);
}

/* A count, be it given as a number or as a list of things. */
static int64_t count_of(json_node *node, const char *name)
{
	json_node *v = json_get(node, name);
	return json_kind(v) == JSON_ARRAY ? (int64_t)json_count(v) : json_get_int(node, name, 0);
}

static void add_runs(struct table *t, json_node *runs)
{
	int64_t hung = json_get_int(runs, "hung", 0);
	struct buf text = BUF_INIT;

	format_count(&text, count_of(runs, "running"));
	buf_adds(&text, " running, ");
	format_count(&text, count_of(runs, "queued"));
	buf_adds(&text, " queued");
	if (hung)
		buf_addf(&text, ", %" PRId64 " hung", hung);
	add_line(t, "runs", hung ? STYLE_BAD : STYLE_PLAIN, &text);
	buf_release(&text);
}

static void add_config(struct table *t, json_node *root)
{
	json_node *generation = json_get(root, "generation"), *failed = json_get(root, "reload_error");
	int64_t loaded = json_get_time(generation, "loaded_at");
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s  generation %" PRId64, json_get_text(root, "config_dir", "?"),
		 json_get_int(generation, "number", 0));
	if (loaded) {
		buf_adds(&text, ", loaded ");
		format_moment(&text, loaded, clock_now());
	}
	add_line(t, "config", STYLE_PLAIN, &text);
	if (json_kind(failed) == JSON_OBJECT) {
		buf_addf(&text, "the last one failed: %s", json_get_text(failed, "message", "see the daemon's log"));
		add_line(t, "reload", STYLE_BAD, &text);
		buf_adds(&text, "'ferryctl check' lists the mistakes; what was loaded stays in force");
		add_line(t, "", STYLE_PLAIN, &text);
	}
	buf_release(&text);
}

static void print_status(struct ctl *ctl, json_node *root)
{
	static const struct column columns[] = {{NULL, 0}, {NULL, COLUMN_WRAP}};
	struct buf text = BUF_INIT;
	struct table t;

	say(ctl, STYLE_BOLD, "ferryd ");
	say(ctl, STYLE_BOLD, json_get_text(root, "version", "?"));
	buf_adds(&text, "up ");
	format_span(&text, json_get_seconds(root, "uptime_seconds", 0));
	sayf(ctl, STYLE_PLAIN, "  pid %" PRId64 "  ", json_get_int(root, "pid", 0));
	say(ctl, STYLE_GOOD, buf_str(&text));
	say_line(ctl);
	buf_reset(&text);
	table_init(&t, &ctl->screen, columns, 2);
	format_count(&text, count_of(root, "syncs"));
	add_line(&t, "syncs", STYLE_PLAIN, &text);
	add_runs(&t, json_get(root, "runs"));
	add_config(&t, root);
	buf_adds(&text, json_get_text(root, "state_dir", "?"));
	add_line(&t, "state", STYLE_PLAIN, &text);
	buf_adds(&text, ctl->socket);
	add_line(&t, "socket", STYLE_PLAIN, &text);
	table_print(&t, 2, &ctl->out);
	table_release(&t);
	buf_release(&text);
}

int cmd_status(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_adds(&path, "/status");
	int rc = ctl_get(ctl, &path, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_status(ctl, answer.root);
	answer_release(&answer);
	return rc;
}

static void add_moment(struct table *t, int64_t at, enum style style)
{
	struct buf text = BUF_INIT;

	if (at)
		format_moment(&text, at, clock_now());
	table_take(t, style, &text);
	buf_release(&text);
}

static void add_span(struct table *t, json_node *run)
{
	struct buf text = BUF_INIT;
	double seconds = json_get_seconds(run, "duration_seconds", -1);

	if (seconds >= 0 && json_get(run, "started_at"))
		format_span_short(&text, seconds);
	table_take(t, STYLE_PLAIN, &text);
	buf_release(&text);
}

static void add_status(struct table *t, json_node *run)
{
	struct buf text = BUF_INIT;

	if (run) {
		buf_addf(&text, "%s ", mark_text(t->screen, view_status_mark(run)));
		view_status_text(run, true, &text);
	} else {
		buf_adds(&text, "never ran");
	}
	table_take(t, run ? view_status_style(run) : STYLE_DIM, &text);
	buf_release(&text);
}

static void add_sync(struct table *t, json_node *sync)
{
	json_node *run = json_get(sync, "last_run"), *schedule = json_get(sync, "schedule");
	struct buf text = BUF_INIT;

	table_text(t, STYLE_BOLD, json_get_text(sync, "id", "?"));
	table_text(t, STYLE_PLAIN, json_get_text(schedule, "text", ""));
	if (run)
		buf_addf(&text, "%" PRId64, json_get_int(run, "id", 0));
	table_take(t, STYLE_PLAIN, &text);
	add_status(t, run);
	add_moment(t, json_get_time(run, "started_at"), STYLE_PLAIN);
	if (json_get_bool(schedule, "paused", false))
		table_text(t, STYLE_CHANGE, "paused");
	else
		add_moment(t, json_get_time(sync, "next_run_at"), STYLE_INFO);
	table_text(t, STYLE_DIM, json_get_text(schedule, "reason", ""));
	add_span(t, run);
	format_count(&text, count_of(sync, "segments"));
	table_take(t, STYLE_PLAIN, &text);
	buf_release(&text);
}

int cmd_syncs(struct ctl *ctl, struct ferry_error *err)
{
	static const struct column columns[] = {
		{"SYNC", COLUMN_SHRINK}, {"SCHEDULE", COLUMN_SHRINK}, {"RUN", COLUMN_RIGHT},
		{"LAST STATUS", COLUMN_SHRINK}, {"STARTED", 0}, {"NEXT", COLUMN_SPARE},
		{"WHY", COLUMN_SHRINK | COLUMN_SPARE}, {"TOOK", COLUMN_RIGHT | COLUMN_SPARE}, {"SEGMENTS", COLUMN_RIGHT | COLUMN_SPARE},
	};
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	struct table t;

	buf_adds(&path, "/syncs");
	if (ctl_page_query(ctl, 100, &path, err) || ctl_get(ctl, &path, &answer, err)) {
		buf_release(&path);
		answer_release(&answer);
		return -1;
	}
	json_node *items = json_get(answer.root, "data");
	table_init(&t, &ctl->screen, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < json_count(items); i++)
		add_sync(&t, json_at(items, i));
	if (ctl->json) {
		ctl_json(ctl, &answer);
	} else if (!t.n) {
		say(ctl, STYLE_PLAIN,
		    "there are no syncs; they are defined in syncs.d/ of the configuration");
		say_line(ctl);
	} else {
		table_print(&t, 0, &ctl->out);
		ctl_paging(ctl, answer.root);
	}
	table_release(&t);
	answer_release(&answer);
	return 0;
}

static void add_rows(struct table *t, json_node *run, const char *member, enum style style)
{
	int64_t n = json_get_int(run, member, 0);
	table_count(t, n ? style : STYLE_DIM, n);
}

static void add_run(struct table *t, json_node *run)
{
	struct buf text = BUF_INIT;
	int64_t at = json_get_time(run, "started_at");

	buf_addf(&text, "%" PRId64, json_get_int(run, "id", 0));
	table_take(t, STYLE_BOLD, &text);
	buf_release(&text);
	table_text(t, STYLE_PLAIN, json_get_text(run, "sync_id", "?"));
	add_status(t, run);
	add_moment(t, at ? at : json_get_time(run, "queued_at"), STYLE_PLAIN);
	add_span(t, run);
	add_rows(t, run, "rows_created", STYLE_GOOD);
	add_rows(t, run, "rows_updated", STYLE_CHANGE);
	add_rows(t, run, "rows_deleted", STYLE_BAD);
	add_rows(t, run, "rows_failed", STYLE_BAD);
	table_text(t, STYLE_DIM, json_get_text(run, "trigger", ""));
	add_rows(t, run, "rows_unchanged", STYLE_PLAIN);
}

static int runs_path(struct ctl *ctl, struct buf *path, struct ferry_error *err)
{
	const char *status = ctl->args.value[OPTION_STATUS];

	if (status && run_status_from_name(status) < 0) {
		ferry_fail(err, FERRY_E_USAGE, "--status '%s': there is no such status", status);
		struct buf names = BUF_INIT;
		for (int i = 0; i < RUN_STATUSES; i++)
			buf_addf(&names, "%s%s", i ? ", " : "",
				 run_status_name((enum run_status)i));
		ferry_hint(err, "one of %s", buf_str(&names));
		buf_release(&names);
		return -1;
	}
	if (ctl->args.n_words) {
		buf_adds(path, "/syncs");
		path_name(path, ctl->args.word[0]);
	}
	buf_adds(path, "/runs");
	path_query(path, "status", status);
	return ctl_page_query(ctl, 20, path, err);
}

int cmd_runs(struct ctl *ctl, struct ferry_error *err)
{
	static const struct column columns[] = {
		{"RUN", COLUMN_RIGHT}, {"SYNC", COLUMN_SHRINK}, {"STATUS", COLUMN_SHRINK},
		{"STARTED", 0}, {"TOOK", COLUMN_RIGHT | COLUMN_SPARE},
		{"CREATED", COLUMN_RIGHT | COLUMN_SPARE}, {"UPDATED", COLUMN_RIGHT | COLUMN_SPARE},
		{"DELETED", COLUMN_RIGHT | COLUMN_SPARE}, {"FAILED", COLUMN_RIGHT | COLUMN_SPARE},
		{"TRIGGER", COLUMN_SPARE}, {"UNCHANGED", COLUMN_RIGHT | COLUMN_SPARE},
	};
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	struct table t;

	if (runs_path(ctl, &path, err) || ctl_get(ctl, &path, &answer, err)) {
		buf_release(&path);
		answer_release(&answer);
		return -1;
	}
	json_node *items = json_get(answer.root, "data");
	table_init(&t, &ctl->screen, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < json_count(items); i++)
		add_run(&t, json_at(items, i));
	if (ctl->json) {
		ctl_json(ctl, &answer);
	} else if (!t.n) {
		say(ctl, STYLE_PLAIN, "no runs; 'ferryctl run SYNC' starts one");
		say_line(ctl);
	} else {
		table_print(&t, 0, &ctl->out);
		ctl_paging(ctl, answer.root);
	}
	table_release(&t);
	answer_release(&answer);
	return 0;
}
