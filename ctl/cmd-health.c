/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-health.c - health: each sync's score with the worst first, or how one sync's score came about. */
#include "ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "model/health.h"
#include "table.h"
#include "view.h"

enum { BAR_WIDTH = 20, PAGES_MOST = 200 };

/* ------------------------------------------------------------------------- all */

/* All pages, in one order. The items live in the answers. */
struct scores {
	struct answer *pages;
	size_t n_pages;
	json_node **items;
	size_t n;
};

static int get_pages(struct ctl *ctl, struct scores *ret, struct ferry_error *err)
{
	for (int page = 1; page <= PAGES_MOST; page++) {
		struct buf path = BUF_INIT;
		ret->pages = ferry_realloc(ret->pages, (size_t)page, sizeof *ret->pages);
		ret->pages[ret->n_pages] = (struct answer)ANSWER_INIT;
		buf_addf(&path, "/health/syncs?per_page=100&page=%d", page);
		if (ctl_get(ctl, &path, &ret->pages[ret->n_pages++], err))
			return -1;
		json_node *data = json_get(ret->pages[page - 1].root, "data");
		ret->items = ferry_realloc(ret->items, ret->n + json_count(data) + 1, sizeof *ret->items);
		for (size_t i = 0; i < json_count(data); i++)
			ret->items[ret->n++] = json_at(data, i);
		if (json_count(data) < 100)
			break;
	}
	return 0;
}

static void scores_release(struct scores *s)
{
	for (size_t i = 0; i < s->n_pages; i++)
		answer_release(&s->pages[i]);
	free(s->pages);
	free(s->items);
}

/* The lowest score first, those without one last. */
static int worst_first(const void *a, const void *b)
{
	json_node *x = *(json_node *const *)a, *y = *(json_node *const *)b;
	int64_t p = json_get_int(x, "score", 101), q = json_get_int(y, "score", 101);

	return p < q ? -1 : p > q ? 1 : strcmp(json_get_text(x, "sync_id", ""), json_get_text(y, "sync_id", ""));
}

static enum health_band band_of(json_node *item)
{
	return health_band_of((int)json_get_int(item, "score", -1));
}

static void say_bands(struct ctl *ctl, const struct scores *s)
{
	size_t of[HEALTH_BANDS] = {0};

	for (size_t i = 0; i < s->n; i++)
		of[band_of(s->items[i])]++;
	sayf(ctl, STYLE_BOLD, "%zu %s", s->n, s->n == 1 ? "sync" : "syncs");
	for (int b = HEALTH_BANDS - 1, any = 0; b >= 0; b--)
		if (of[b]) {
			say(ctl, STYLE_PLAIN, any++ ? ", " : ": ");
			sayf(ctl, view_band_style((enum health_band)b), "%zu %s", of[b], health_band_name((enum health_band)b));
		}
	say_line(ctl);
	say_line(ctl);
}

/* Within a cell: the cell has the colour. */
static void add_bar(struct table *t, int64_t value, int64_t most, int width, enum style style)
{
	struct screen plain = *t->screen;
	struct buf text = BUF_INIT;

	plain.colour = false;
	bar_add(&plain, &text, STYLE_PLAIN, value, most, width);
	table_take(t, style, &text);
	buf_release(&text);
}

static void say_scores(struct ctl *ctl, const struct scores *s, size_t most)
{
	static const struct column columns[] = {
		{"SYNC", COLUMN_SHRINK}, {"SCORE", COLUMN_RIGHT}, {"", COLUMN_SPARE}, {"BAND", 0},
		{"WHY", COLUMN_SHRINK | COLUMN_SPARE},
	};
	struct buf text = BUF_INIT;
	struct table t;

	table_init(&t, &ctl->screen, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < s->n && i < most; i++) {
		json_node *item = s->items[i];
		enum style style = view_band_style(band_of(item));
		int64_t score = json_get_int(item, "score", -1);
		table_text(&t, STYLE_BOLD, json_get_text(item, "sync_id", "?"));
		if (score >= 0)
			buf_addf(&text, "%" PRId64, score);
		table_take(&t, style, &text);
		add_bar(&t, score, 100, BAR_WIDTH, style);
		table_text(&t, style, json_get_text(item, "band", "?"));
		table_text(&t, STYLE_PLAIN, json_get_text(item, "why", ""));
	}
	table_print(&t, 0, &ctl->out);
	table_release(&t);
	buf_release(&text);
	if (s->n > most) {
		sayf(ctl, STYLE_DIM, "%zu more, none of them worse", s->n - most);
		say_line(ctl);
	}
}

static int health_all(struct ctl *ctl, struct ferry_error *err)
{
	struct scores s = {0};
	int64_t most;

	int rc = args_number(&ctl->args, OPTION_LIMIT, 1, INT32_MAX, INT32_MAX, &most, err);
	if (rc == 0)
		rc = get_pages(ctl, &s, err);
	if (rc == 0 && s.n) {
		qsort(s.items, s.n, sizeof *s.items, worst_first);
		say_bands(ctl, &s);
		say_scores(ctl, &s, (size_t)most);
		view_totals(ctl, s.pages[0].root);
	} else if (rc == 0) {
		say(ctl, STYLE_PLAIN, "there are no syncs; they are defined in syncs.d/ of the configuration");
		say_line(ctl);
	}
	scores_release(&s);
	return rc;
}

/* ------------------------------------------------------------------------- one */

static void say_parts(struct ctl *ctl, json_node *item)
{
	static const struct column columns[] = {
		{NULL, 0}, {"", COLUMN_RIGHT}, {"", COLUMN_SPARE}, {"", COLUMN_SHRINK},
	};
	static const char *const titles[HEALTH_PARTS] = {
		[HEALTH_SUCCESS] = "success", [HEALTH_ERRORS] = "errors", [HEALTH_LATENCY] = "latency",
		[HEALTH_FRESHNESS] = "freshness",
	};
	struct buf text = BUF_INIT;
	struct table t;

	table_init(&t, &ctl->screen, columns, sizeof columns / sizeof columns[0]);
	for (int i = 0; i < HEALTH_PARTS; i++) {
		json_node *part = json_get(json_get(item, "parts"), health_part_name((enum health_part)i));
		int64_t points = json_get_int(part, "points", 0), of = json_get_int(part, "of", 0);
		enum style style = view_band_style(health_band_of(of > 0 ? (int)(points * 100 / of) : -1));
		table_text(&t, STYLE_DIM, titles[i]);
		buf_addf(&text, "%" PRId64 " of %" PRId64, points, of);
		table_take(&t, style, &text);
		add_bar(&t, points, of, (int)of / 2, style);
		table_text(&t, STYLE_PLAIN, json_get_text(part, "why", ""));
	}
	table_print(&t, 2, &ctl->out);
	table_release(&t);
	buf_release(&text);
}

static int health_one(struct ctl *ctl, struct answer *answer)
{
	json_node *item = answer->root;
	int64_t score = json_get_int(item, "score", -1);

	say(ctl, STYLE_BOLD, json_get_text(item, "sync_id", "?"));
	say(ctl, STYLE_PLAIN, "  ");
	say(ctl, view_band_style(band_of(item)), json_get_text(item, "band", "?"));
	if (score >= 0)
		sayf(ctl, STYLE_PLAIN, "  %" PRId64 " of 100", score);
	if (json_get_bool(item, "paused", false))
		say(ctl, STYLE_CHANGE, "  paused");
	say_line(ctl);
	if (score >= 0) {
		say_parts(ctl, item);
	} else {
		sayf(ctl, STYLE_PLAIN, "  %s", json_get_text(item, "why", ""));
		say_line(ctl);
	}
	return 0;
}

int cmd_health(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	bool one = ctl->args.n_words;

	if (!one && !ctl->json)
		return health_all(ctl, err);
	buf_adds(&path, one ? "/syncs" : "/health/syncs");
	if (one) {
		path_name(&path, ctl->args.word[0]);
		buf_adds(&path, "/health");
	} else if (ctl_page_query(ctl, 100, &path, err)) {
		buf_release(&path);
		return -1;
	}
	int rc = ctl_get(ctl, &path, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		rc = health_one(ctl, &answer);
	answer_release(&answer);
	return rc;
}
