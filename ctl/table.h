/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - rows of cells laid out in columns that fit the screen.
 *
 * When the rows are too wide, columns that may shrink are cut with an ellipsis; when that is not
 * enough, spare columns are left out, the last one first; at the very last every text is cut, and what
 * still has no room is left out.
 */
#ifndef FERRY_CTL_TABLE_H
#define FERRY_CTL_TABLE_H

#include "base/arena.h"
#include "base/buf.h"
#include "style.h"

enum {
	COLUMN_RIGHT = 1 << 0,
	COLUMN_SHRINK = 1 << 1,
	COLUMN_SPARE = 1 << 2,		/* left out too when all its cells are empty */
	COLUMN_WRAP = 1 << 3,		/* the last column: not cut, but gone on with below */
};

struct column {
	const char *title;		/* of the first column NULL: no line of titles */
	unsigned flags;
};

struct table_cell {
	const char *text;
	enum style style;
	int width;
};

struct table {
	const struct screen *screen;
	const struct column *columns;
	size_t n_columns;
	int gap;			/* spaces between columns: 2 */
	struct table_cell *cells;	/* row after row */
	size_t n, cap;
	struct arena arena;
};

/* Borrows screen and columns. At most 16 columns. */
void table_init(struct table *t, const struct screen *screen, const struct column *columns,
		size_t n);
void table_release(struct table *t);
/* The next cell; text is made harmless and copied, NULL is an empty cell. */
void table_text(struct table *t, enum style style, const char *text);
void table_count(struct table *t, enum style style, int64_t n);
/* Take the cell's text from a buffer, which is reset. */
void table_take(struct table *t, enum style style, struct buf *text);
/* Whether table_print would show every cell whole. */
bool table_fits(const struct table *t, int indent);
/* All rows so far, each line behind `indent` spaces. */
void table_print(const struct table *t, int indent, struct buf *out);

#endif
