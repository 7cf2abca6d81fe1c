/* SPDX-License-Identifier: Apache-2.0 */
/* style.c - what the terminal can show, and text, marks and bars drawn for it. */
#include "style.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "text.h"

static int env_number(const char *name)
{
	const char *s = getenv(name);
	char *end;
	long v = s ? strtol(s, &end, 10) : 0;

	return s && *s && !*end && v > 0 && v < 10000 ? (int)v : 0;
}

void screen_init(struct screen *screen, int fd, bool no_colour)
{
	const char *term = getenv("TERM"), *none = getenv("NO_COLOR");
	struct winsize size = {0};

	screen->terminal = isatty(fd);
	if (screen->terminal)
		(void)ioctl(fd, TIOCGWINSZ, &size);
	screen->width = env_number("COLUMNS");
	if (!screen->width && screen->terminal)
		screen->width = size.ws_col ? size.ws_col : 80;
	screen->rows = size.ws_row ? size.ws_row : 24;
	screen->colour = screen->terminal && !no_colour && !(none && *none) && term &&
		strcmp(term, "dumb") != 0;
	screen->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int screen_span(const struct screen *screen)
{
	int width = screen->width ? screen->width : 80;
	return width > 120 ? 120 : width;
}

void style_begin(const struct screen *screen, struct buf *out, enum style style)
{
	static const char *const codes[STYLES] = {
		[STYLE_BOLD] = "1", [STYLE_DIM] = "2", [STYLE_GOOD] = "32", [STYLE_CHANGE] = "33",
		[STYLE_BAD] = "31", [STYLE_INFO] = "36", [STYLE_ODD] = "35",
	};
	if (screen->colour && codes[style])
		buf_addf(out, "\033[%sm", codes[style]);
}

void style_end(const struct screen *screen, struct buf *out, enum style style)
{
	if (screen->colour && style != STYLE_PLAIN)
		buf_adds(out, "\033[0m");
}

void screen_addn(const struct screen *screen, struct buf *out, enum style style, const char *text,
		 size_t len)
{
	if (!len)
		return;
	style_begin(screen, out, style);
	text_clean(out, text, len, screen->terminal && !screen->utf8);
	style_end(screen, out, style);
}

void screen_add(const struct screen *screen, struct buf *out, enum style style, const char *text)
{
	screen_addn(screen, out, style, text, strlen(text));
}

void screen_addf(const struct screen *screen, struct buf *out, enum style style, const char *fmt,
		 ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	FERRY_ASSERT(n >= 0);
	screen_addn(screen, out, style, text, (size_t)n);
	free(text);
}

void screen_pad(struct buf *out, int n)
{
	for (; n > 0; n--)
		buf_addc(out, ' ');
}

const char *mark_text(const struct screen *screen, enum mark mark)
{
	static const char *const marks[MARKS][2] = {
		[MARK_DONE] = {"+", "✓"}, [MARK_FAILED] = {"x", "✗"},
		[MARK_RUNNING] = {">", "▸"}, [MARK_PENDING] = {".", "·"},
		[MARK_SKIPPED] = {"-", "–"}, [MARK_WARNING] = {"!", "!"},
		[MARK_DOT] = {"|", "·"}, [MARK_ARROW] = {"->", "→"},
	};
	return marks[mark][screen->utf8];
}

int bar_add(const struct screen *screen, struct buf *out, enum style style, int64_t value,
	    int64_t max, int width)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	int unit = screen->utf8 ? 8 : 1;

	if (value <= 0 || max <= 0 || width <= 0)
		return 0;
	if (value > max)
		value = max;
	int64_t n = (int64_t)((double)value / (double)max * width * unit);
	if (n >= (int64_t)width * unit && value < max)
		n = (int64_t)width * unit - 1;
	if (n < 1)
		n = 1;
	style_begin(screen, out, style);
	for (int64_t i = 0; i < n / unit; i++)
		buf_adds(out, screen->utf8 ? "█" : "#");
	buf_adds(out, eighths[n % unit]);
	style_end(screen, out, style);
	return (int)((n + unit - 1) / unit);
}

static const char *part_fill(const struct screen *screen, size_t i)
{
	static const char *const fills[4][2] = {
		{"#", "█"}, {"=", "▓"}, {"+", "▒"}, {".", "░"},
	};
	return fills[i % 4][screen->utf8];
}

void parts_key(const struct screen *screen, struct buf *out, const struct part *parts, size_t i)
{
	screen_add(screen, out, parts[i].style, part_fill(screen, i));
}

void parts_add(const struct screen *screen, struct buf *out, const struct part *parts, size_t n,
	       int width)
{
	double total = 0, passed = 0;
	int used = 0, waiting = 0;

	for (size_t i = 0; i < n; i++) {
		total += parts[i].size;
		waiting += parts[i].size > 0;
	}
	if (total <= 0 || width < waiting)
		return;
	for (size_t i = 0; i < n; i++) {
		if (parts[i].size <= 0)
			continue;
		passed += parts[i].size;
		waiting--;
		int upto = (int)(passed / total * width + 0.5);
		if (upto <= used)
			upto = used + 1;
		if (upto > width - waiting)
			upto = width - waiting;
		style_begin(screen, out, parts[i].style);
		for (; used < upto; used++)
			buf_adds(out, part_fill(screen, i));
		style_end(screen, out, parts[i].style);
	}
}
