/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - rows of cells laid out in columns that fit the screen. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format.h"
#include "text.h"

enum { MOST_COLUMNS = 16, GAP = 2, LEAST_WIDTH = 16, NARROWEST = 6 };

struct layout {
	int width[MOST_COLUMNS];	/* -1: left out */
	int least[MOST_COLUMNS];
};

void table_init(struct table *t, const struct screen *screen, const struct column *columns,
		size_t n)
{
	FERRY_ASSERT(n && n <= MOST_COLUMNS);
	*t = (struct table){.screen = screen, .columns = columns, .n_columns = n, .gap = GAP,
		.arena = ARENA_INIT};
}

void table_release(struct table *t)
{
	free(t->cells);
	arena_release(&t->arena);
	*t = (struct table){0};
}

void table_text(struct table *t, enum style style, const char *text)
{
	struct buf clean = BUF_INIT;

	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->cells = ferry_realloc(t->cells, t->cap, sizeof *t->cells);
	}
	if (text)
		text_clean(&clean, text, strlen(text), t->screen->terminal && !t->screen->utf8);
	t->cells[t->n++] = (struct table_cell){
		.text = arena_strdup(&t->arena, buf_str(&clean)),
		.style = style,
		.width = text_width(buf_str(&clean)),
	};
	buf_release(&clean);
}

void table_take(struct table *t, enum style style, struct buf *text)
{
	table_text(t, style, buf_str(text));
	buf_reset(text);
}

void table_count(struct table *t, enum style style, int64_t n)
{
	struct buf text = BUF_INIT;

	format_count(&text, n);
	table_take(t, style, &text);
	buf_release(&text);
}

static void measure(const struct table *t, struct layout *l)
{
	for (size_t c = 0; c < t->n_columns; c++) {
		const char *title = t->columns[0].title ? t->columns[c].title : "";
		int title_width = text_width(title), widest = 0;
		for (size_t i = c; i < t->n; i += t->n_columns)
			if (t->cells[i].width > widest)
				widest = t->cells[i].width;
		l->width[c] = widest > title_width ? widest : title_width;
		l->least[c] = l->width[c];
		if (t->columns[c].flags & (COLUMN_SHRINK | COLUMN_WRAP))
			l->least[c] = title_width > LEAST_WIDTH ? title_width : LEAST_WIDTH;
		if (l->least[c] > l->width[c])
			l->least[c] = l->width[c];
		if ((t->columns[c].flags & COLUMN_SPARE) && !widest)
			l->width[c] = -1;
	}
}

/* Columns that the rows take, with widths or least widths. */
static int total(const struct table *t, const struct layout *l, bool least)
{
	int sum = 0, n = 0;

	for (size_t c = 0; c < t->n_columns; c++)
		if (l->width[c] >= 0) {
			sum += least ? l->least[c] : l->width[c];
			n++;
		}
	return sum + (n ? (n - 1) * t->gap : 0);
}

static bool leave_one_out(const struct table *t, struct layout *l)
{
	for (size_t c = t->n_columns; c-- > 0;)
		if ((t->columns[c].flags & COLUMN_SPARE) && l->width[c] >= 0) {
			l->width[c] = -1;
			return true;
		}
	return false;
}

/* Make the widest column that can still shrink one narrower. */
static bool shrink_one(const struct table *t, struct layout *l)
{
	int widest = -1;

	for (int c = 0; c < (int)t->n_columns; c++)
		if (l->width[c] > l->least[c] && (widest < 0 || l->width[c] > l->width[widest]))
			widest = c;
	if (widest < 0)
		return false;
	l->width[widest]--;
	return true;
}

static void fit(const struct table *t, int width, struct layout *l)
{
	while (total(t, l, true) > width && leave_one_out(t, l))
		;
	while (total(t, l, false) > width && shrink_one(t, l))
		;
	if (total(t, l, false) <= width)
		return;
	/* not even so: cut whatever is no number, then leave out what stands last */
	for (size_t c = 0; c < t->n_columns; c++)
		if (!(t->columns[c].flags & COLUMN_RIGHT) && l->least[c] > NARROWEST)
			l->least[c] = NARROWEST;
	while (total(t, l, false) > width && shrink_one(t, l))
		;
	for (size_t c = t->n_columns; c-- > 1 && total(t, l, false) > width;)
		l->width[c] = -1;
}

static void print_cell(const struct table *t, size_t c, const struct table_cell *cell, int width,
		       bool last, struct buf *out)
{
	bool right = t->columns[c].flags & COLUMN_RIGHT;
	int pad = width - (cell->width < width ? cell->width : width);

	if (right)
		screen_pad(out, pad);
	if (*cell->text)
		style_begin(t->screen, out, cell->style);
	text_fit(out, cell->text, width, !t->screen->utf8);
	if (*cell->text)
		style_end(t->screen, out, cell->style);
	if (!right && !last)
		screen_pad(out, pad);
}

/* A cell over several lines, all but the first behind `left` spaces. */
static void print_wrapped(const struct table *t, const struct table_cell *cell, int width, int left,
			  struct buf *out)
{
	for (const char *rest = cell->text; *rest;) {
		size_t n = text_break(rest, width), shown = n;
		while (shown && rest[shown - 1] == ' ')
			shown--;
		if (rest != cell->text) {
			buf_addc(out, '\n');
			screen_pad(out, left);
		}
		style_begin(t->screen, out, cell->style);
		buf_add(out, rest, shown);
		style_end(t->screen, out, cell->style);
		rest += n;
	}
}

static void print_row(const struct table *t, const struct layout *l, const struct table_cell *cells,
		      int indent, struct buf *out)
{
	size_t last = 0;
	int left = indent;
	bool first = true;

	for (size_t c = 0; c < t->n_columns; c++)
		if (l->width[c] >= 0 && cells[c].width)
			last = c;
	screen_pad(out, indent);
	for (size_t c = 0; c <= last; c++) {
		if (l->width[c] < 0)
			continue;
		screen_pad(out, first ? 0 : t->gap);
		left += first ? 0 : t->gap;
		first = false;
		if (t->columns[c].flags & COLUMN_WRAP)
			print_wrapped(t, &cells[c], l->width[c], left, out);
		else
			print_cell(t, c, &cells[c], l->width[c], c == last, out);
		left += l->width[c];
	}
	buf_addc(out, '\n');
}

bool table_fits(const struct table *t, int indent)
{
	struct layout l;

	measure(t, &l);
	return !t->screen->width || total(t, &l, false) <= t->screen->width - indent;
}

void table_print(const struct table *t, int indent, struct buf *out)
{
	struct table_cell titles[MOST_COLUMNS];
	struct layout l;

	FERRY_ASSERT(t->n % t->n_columns == 0);
	measure(t, &l);
	if (t->screen->width)
		fit(t, t->screen->width - indent, &l);
	if (t->columns[0].title) {
		for (size_t c = 0; c < t->n_columns; c++)
			titles[c] = (struct table_cell){t->columns[c].title, STYLE_DIM,
							text_width(t->columns[c].title)};
		print_row(t, &l, titles, indent, out);
	}
	for (size_t i = 0; i < t->n; i += t->n_columns)
		print_row(t, &l, t->cells + i, indent, out);
}
