/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - UTF-8 text on its way to a terminal: made harmless, measured in columns, cut to fit.
 *
 * Widths come from a table of this module, not from the locale: a table looks the same everywhere.
 */
#ifndef FERRY_CTL_TEXT_H
#define FERRY_CTL_TEXT_H

#include "base/buf.h"

/*
 * One character of s (len > 0); returns its bytes. *ret_code is U+FFFD for a byte that is no UTF-8
 * (one byte is consumed then).
 */
size_t text_decode(const char *s, size_t len, uint32_t *ret_code);
/* Columns a character takes: 0, 1 or 2. */
int text_char_width(uint32_t code);
/* Columns of a text without escape sequences. */
int text_width(const char *s);

/*
 * Append s so that no byte of it can steer a terminal or mislead its reader: line ends and tabs
 * become one space; other control characters and those that turn the writing direction become '?',
 * and what is no UTF-8 U+FFFD. ascii: anything above 0x7e becomes '?' too, for terminals that are
 * not UTF-8.
 */
void text_clean(struct buf *out, const char *s, size_t len, bool ascii);

/* Append s, cut to `width` columns with an ellipsis ("…", or ".." when ascii). */
void text_fit(struct buf *out, const char *s, int width, bool ascii);

/* How many bytes of s to put on a line of `width` columns; breaks behind a blank where it can. */
size_t text_break(const char *s, int width);

/*
 * Whether `word` was likely meant where `known` stands: at most two letters off,
 * counting two that changed places as one. Lower is closer; -1: no.
 */
int text_distance(const char *word, const char *known);

#endif
