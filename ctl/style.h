/* SPDX-License-Identifier: Apache-2.0 */
/*
 * style.h - what the terminal can show, and text, marks and bars drawn for it.
 *
 * Everything printed for people passes screen_add or a table, which make it harmless (text.h).
 */
#ifndef FERRY_CTL_STYLE_H
#define FERRY_CTL_STYLE_H

#include "base/buf.h"

struct screen {
	int width;		/* columns; 0: no limit, it is no terminal */
	int rows;
	bool terminal;
	bool colour;
	bool utf8;		/* marks and bars beyond ASCII may be used */
};

enum style {
	STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_CHANGE, STYLE_BAD, STYLE_INFO,
	STYLE_ODD, STYLES
};

enum mark {
	MARK_DONE, MARK_FAILED, MARK_RUNNING, MARK_PENDING, MARK_SKIPPED, MARK_WARNING, MARK_DOT,
	MARK_ARROW, MARKS
};

/* Look at file descriptor fd, COLUMNS, NO_COLOR, TERM, and the locale's character set. */
void screen_init(struct screen *screen, int fd, bool no_colour);
/* Columns to draw bars in: the width, or 80 when there is no limit; never more than 120. */
int screen_span(const struct screen *screen);

void screen_add(const struct screen *screen, struct buf *out, enum style style, const char *text);
void screen_addn(const struct screen *screen, struct buf *out, enum style style, const char *text,
		 size_t len);
void screen_addf(const struct screen *screen, struct buf *out, enum style style,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* n spaces; none when n is not positive */
void screen_pad(struct buf *out, int n);
/* The escape sequences alone, around something already clean. */
void style_begin(const struct screen *screen, struct buf *out, enum style style);
void style_end(const struct screen *screen, struct buf *out, enum style style);

const char *mark_text(const struct screen *screen, enum mark mark);

/*
 * A bar of value/max of `width` columns, in eighths of a column where the screen can; something
 * that is not zero is never invisible, and only the whole fills the width. Returns columns used.
 */
int bar_add(const struct screen *screen, struct buf *out, enum style style, int64_t value,
	    int64_t max, int width);

struct part {
	double size;
	enum style style;
};

/* n parts side by side in exactly `width` columns; each not-zero part gets at least one. */
void parts_add(const struct screen *screen, struct buf *out, const struct part *parts, size_t n,
	       int width);
/* The fill of part i, for a legend. */
void parts_key(const struct screen *screen, struct buf *out, const struct part *parts, size_t i);

#endif
