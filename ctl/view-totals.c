/* SPDX-License-Identifier: Apache-2.0 */
/* view-totals.c - what is shown of roll-ups in more than one place: bands, and the totals of 24 h, 7 d, 30 d. */
#include "view.h"

#include <inttypes.h>
#include <stdio.h>

#include "format.h"
#include "table.h"

enum style view_band_style(enum health_band band)
{
	static const enum style styles[HEALTH_BANDS] = {
		[HEALTH_UNKNOWN] = STYLE_DIM, [HEALTH_CRITICAL] = STYLE_BAD, [HEALTH_UNHEALTHY] = STYLE_BAD,
		[HEALTH_DEGRADED] = STYLE_CHANGE, [HEALTH_HEALTHY] = STYLE_GOOD,
	};
	return styles[band];
}

void view_share(json_node *node, const char *name, struct buf *out)
{
	double share = json_get_seconds(node, name, -1);

	if (share >= 0)
		buf_addf(out, "%.*f %%", share > 0 && share < 0.01 ? 2 : 1, share * 100);
}

static void add_share(struct table *t, json_node *node, const char *name, enum style style)
{
	struct buf text = BUF_INIT;

	view_share(node, name, &text);
	table_take(t, text.len ? style : STYLE_DIM, &text);
	buf_release(&text);
}

static void add_span(struct table *t, json_node *node, const char *name)
{
	double seconds = json_get_seconds(json_get(node, "duration_seconds"), name, -1);
	struct buf text = BUF_INIT;

	if (seconds >= 0)
		format_span_short(&text, seconds);
	table_take(t, STYLE_PLAIN, &text);
	buf_release(&text);
}

static void add_total(struct table *t, const char *name, json_node *total)
{
	json_node *runs = json_get(total, "runs");
	int64_t failed = json_get_int(runs, "failed", 0), bad_rows = json_get_int(total, "rows_failed", 0);

	table_text(t, STYLE_BOLD, name);
	table_count(t, STYLE_PLAIN, json_get_int(runs, "total", 0));
	add_share(t, total, "success_rate", failed ? STYLE_BAD : STYLE_GOOD);
	table_count(t, failed ? STYLE_BAD : STYLE_DIM, failed);
	table_count(t, STYLE_PLAIN, json_get_int(total, "rows_processed", 0));
	table_count(t, bad_rows ? STYLE_BAD : STYLE_DIM, bad_rows);
	add_share(t, total, "error_rate", bad_rows ? STYLE_BAD : STYLE_PLAIN);
	add_span(t, total, "mean");
	add_span(t, total, "most");
}

void view_totals(struct ctl *ctl, json_node *answer)
{
	static const struct column columns[] = {
		{"LAST", 0}, {"RUNS", COLUMN_RIGHT}, {"SUCCESS", COLUMN_RIGHT}, {"FAILED", COLUMN_RIGHT},
		{"ROWS", COLUMN_RIGHT}, {"ROW ERRORS", COLUMN_RIGHT}, {"RATE", COLUMN_RIGHT | COLUMN_SPARE},
		{"TOOK", COLUMN_RIGHT | COLUMN_SPARE}, {"LONGEST", COLUMN_RIGHT | COLUMN_SPARE},
	};
	static const char *const spans[][2] = {{"24h", "24 h"}, {"7d", "7 d"}, {"30d", "30 d"}};
	json_node *totals = json_get(answer, "totals");
	struct table t;

	say_line(ctl);
	table_init(&t, &ctl->screen, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		add_total(&t, spans[i][1], json_get(totals, spans[i][0]));
	table_print(&t, 0, &ctl->out);
	table_release(&t);
	if (json_get_bool(answer, "counting_older_runs", false)) {
		say(ctl, STYLE_CHANGE, "runs from before the upgrade are still being counted");
		say_line(ctl);
	}
}
