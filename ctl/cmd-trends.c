/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-trends.c - trends SYNC: its days as lines of little bars, totals, and the days that stand out. */
#include "ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "model/trends.h"
#include "spark.h"
#include "table.h"
#include "text.h"
#include "view.h"

enum { TITLE_WIDTH = 12, DAY_BARS = 7, DAYS_MOST = 366, BAR_WIDTH = 24 };

/* ------------------------------------------------------------------------ sparks */

static double runs_of(json_node *day)
{
	return json_get_seconds(json_get(day, "runs"), "total", 0);
}

static double failed_of(json_node *day)
{
	return json_get_seconds(json_get(day, "runs"), "failed", 0);
}

static double rows_of(json_node *day)
{
	return json_get_seconds(day, "rows_processed", 0);
}

static double errors_of(json_node *day)
{
	return json_get_seconds(day, "error_rate", -1);
}

static double took_of(json_node *day)
{
	return json_get_seconds(json_get(day, "duration_seconds"), "mean", -1);
}

static void format_amount(double v, struct buf *out)
{
	format_count(out, (int64_t)v);
}

static void format_share(double v, struct buf *out)
{
	buf_addf(out, "%.2f %%", v * 100);
}

static void format_took(double v, struct buf *out)
{
	format_span(out, v);
}

struct line {
	const char *title;
	double (*value)(json_node *day);
	void (*format)(double v, struct buf *out);
	enum style style;
	const char *trend;		/* its name among the answer's trends; NULL */
};

static const struct line lines[] = {
	{"runs", runs_of, format_amount, STYLE_PLAIN, NULL},
	{"failed", failed_of, format_amount, STYLE_BAD, NULL},
	{"rows", rows_of, format_amount, STYLE_INFO, "rows"},
	{"row errors", errors_of, format_share, STYLE_BAD, "error_rate"},
	{"took", took_of, format_took, STYLE_CHANGE, "duration"},
};

/* "last 12 s, most 15 s, steady" */
static void line_words(const struct line *line, json_node *root, const double *v, size_t n, struct buf *out)
{
	double last = -1, most = -1;

	for (size_t i = 0; i < n; i++) {
		last = v[i] >= 0 ? v[i] : last;
		most = v[i] > most ? v[i] : most;
	}
	if (last < 0) {
		buf_adds(out, "nothing");
		return;
	}
	buf_adds(out, "last ");
	line->format(last, out);
	buf_adds(out, ", most ");
	line->format(most, out);
	const char *way = line->trend ? json_get_text(json_get(json_get(root, "trends"), line->trend), "direction", "") : "";
	if (*way && strcmp(way, trend_way_name(TREND_UNKNOWN)) != 0)
		buf_addf(out, ", %s", way);
}

static void say_sparks(struct ctl *ctl, json_node *root)
{
	json_node *days = json_get(root, "days");
	size_t n = json_count(days);
	double v[DAYS_MOST];
	struct buf words = BUF_INIT;
	int room = screen_span(&ctl->screen) - TITLE_WIDTH - 38;

	n = n < DAYS_MOST ? n : DAYS_MOST;
	for (size_t l = 0; l < sizeof lines / sizeof lines[0]; l++) {
		sayf(ctl, STYLE_DIM, "  %-*s", TITLE_WIDTH, lines[l].title);
		for (size_t i = 0; i < n; i++)
			v[i] = lines[l].value(json_at(days, i));
		int used = spark_add(&ctl->screen, &ctl->out, lines[l].style, v, n, room > 10 ? room : 10);
		line_words(&lines[l], root, v, n, &words);
		say(ctl, STYLE_PLAIN, "  ");
		say_rest(ctl, STYLE_PLAIN, TITLE_WIDTH + used + 4, buf_str(&words));
		buf_reset(&words);
	}
	buf_release(&words);
}

/* -------------------------------------------------------------------------- bars */

/* Runs of a day side by side: those that completed, with errors, failed, cancelled. */
static void say_day(struct ctl *ctl, json_node *day, double most)
{
	json_node *runs = json_get(day, "runs");
	double total = runs_of(day);
	const struct part parts[] = {
		{json_get_seconds(runs, "completed", 0), STYLE_GOOD},
		{json_get_seconds(runs, "completed_with_errors", 0), STYLE_CHANGE},
		{failed_of(day), STYLE_BAD},
		{json_get_seconds(runs, "cancelled", 0), STYLE_DIM},
	};
	int room = ctl->screen.width && ctl->screen.width < 2 * BAR_WIDTH ? BAR_WIDTH / 3 : BAR_WIDTH;
	int width = most > 0 ? (int)(total / most * room + 0.5) : 0;
	struct buf text = BUF_INIT;

	/* each kind of run must find a column */
	width = width < 4 && total > 0 ? 4 : width;
	sayf(ctl, STYLE_DIM, "  %s  ", json_get_text(day, "day", "?"));
	if (total > 0)
		parts_add(&ctl->screen, &ctl->out, parts, sizeof parts / sizeof parts[0], width);
	screen_pad(&ctl->out, room + 2 - (total > 0 ? width : 0));
	if (total > 0)
		format_plural(&text, (int64_t)total, "run", "runs");
	else
		buf_adds(&text, "no run");
	if (failed_of(day) > 0)
		buf_addf(&text, ", %.0f failed", failed_of(day));
	if (total > 0) {
		buf_adds(&text, ", ");
		format_plural(&text, (int64_t)rows_of(day), "row", "rows");
	}
	if (json_get_int(day, "rows_failed", 0)) {
		buf_adds(&text, ", ");
		format_plural(&text, json_get_int(day, "rows_failed", 0), "row error", "row errors");
	}
	say_rest(ctl, total > 0 ? STYLE_PLAIN : STYLE_DIM, room + 16, buf_str(&text));
	buf_release(&text);
}

static void say_days(struct ctl *ctl, json_node *days)
{
	size_t n = json_count(days), first = n > DAY_BARS ? n - DAY_BARS : 0;
	double most = 0;

	for (size_t i = first; i < n; i++)
		most = runs_of(json_at(days, i)) > most ? runs_of(json_at(days, i)) : most;
	for (size_t i = n; i-- > first;)
		say_day(ctl, json_at(days, i), most);
}

/* ---------------------------------------------------------------------- findings */

static void say_findings(struct ctl *ctl, json_node *findings)
{
	static const struct column columns[] = {{NULL, 0}, {"", 0}, {"", 0}, {"", COLUMN_SHRINK}};
	struct table t;

	if (!json_count(findings)) {
		say(ctl, STYLE_PLAIN, "  no day of the last week stands out");
		say_line(ctl);
		return;
	}
	table_init(&t, &ctl->screen, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < json_count(findings); i++) {
		json_node *f = json_at(findings, i);
		bool spike = strcmp(json_get_text(f, "kind", ""), "spike") == 0;
		const char *metric = json_get_text(f, "metric", "?");
		table_text(&t, STYLE_DIM, json_get_text(f, "day", "?"));
		table_text(&t, STYLE_CHANGE, json_get_text(f, "kind", "?"));
		table_text(&t, spike && strcmp(metric, "error_rate") == 0 ? STYLE_BAD : STYLE_BOLD,
			   strcmp(metric, "error_rate") == 0 ? "row errors" : metric);
		table_text(&t, STYLE_PLAIN, json_get_text(f, "message", ""));
	}
	table_print(&t, 2, &ctl->out);
	table_release(&t);
}

static void print_trends(struct ctl *ctl, json_node *root)
{
	json_node *days = json_get(root, "days");

	say(ctl, STYLE_BOLD, json_get_text(root, "sync_id", "?"));
	sayf(ctl, STYLE_PLAIN, "  the last %zu days, by UTC", json_count(days));
	say_line(ctl);
	say_sparks(ctl, root);
	say_heading(ctl, "days");
	say_days(ctl, days);
	view_totals(ctl, root);
	say_heading(ctl, "what stands out");
	say_findings(ctl, json_get(root, "findings"));
}

int cmd_trends(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	int64_t days;

	if (args_number(&ctl->args, OPTION_DAYS, 1, DAYS_MOST, 30, &days, err))
		return -1;
	buf_adds(&path, "/syncs");
	path_name(&path, ctl->args.word[0]);
	buf_adds(&path, "/trends");
	path_query_int(&path, "days", days);
	int rc = ctl_get(ctl, &path, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_trends(ctl, answer.root);
	answer_release(&answer);
	return rc;
}
