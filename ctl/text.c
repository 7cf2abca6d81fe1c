/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - UTF-8 text on its way to a terminal. */
#include "text.h"

#include <string.h>

#define REPLACEMENT 0xfffd

size_t text_decode(const char *s, size_t len, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)s[0];
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3
		: c >= 0xf0 && c < 0xf5 ? 4 : 0;
	uint32_t code = n == 1 ? c : c & (0x7fU >> n);

	*ret_code = REPLACEMENT;
	if (!n || n > len)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 1;
	*ret_code = code;
	return n;
}

struct range {
	uint32_t from, to;
};

static bool within(uint32_t code, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (code >= ranges[i].from && code <= ranges[i].to)
			return true;
	return false;
}

#define WITHIN(code, ranges) within(code, ranges, sizeof ranges / sizeof ranges[0])

int text_char_width(uint32_t code)
{
	static const struct range none[] = {
		{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd}, {0x610, 0x61a}, {0x64b, 0x65f},
		{0x6d6, 0x6dc}, {0xe31, 0xe31}, {0xe34, 0xe3a}, {0xe47, 0xe4e}, {0x1ab0, 0x1aff},
		{0x1dc0, 0x1dff}, {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},
		{0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
	};
	static const struct range wide[] = {
		{0x1100, 0x115f}, {0x231a, 0x231b}, {0x23e9, 0x23ec}, {0x2614, 0x2615},
		{0x26a1, 0x26a1}, {0x2705, 0x2705}, {0x274c, 0x274c}, {0x2e80, 0x303e},
		{0x3041, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
		{0xfe30, 0xfe6f}, {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
		{0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};

	if (code < 0x300)
		return 1;
	return WITHIN(code, none) ? 0 : WITHIN(code, wide) ? 2 : 1;
}

int text_width(const char *s)
{
	size_t len = strlen(s);
	uint32_t code;
	int width = 0;

	for (size_t i = 0; i < len;) {
		i += text_decode(s + i, len - i, &code);
		width += text_char_width(code);
	}
	return width;
}

/* C0, DEL, C1, and the marks, embeddings, overrides and isolates of bidirectional text. */
static bool steers(uint32_t code)
{
	static const struct range ranges[] = {
		{0, 0x1f}, {0x7f, 0x9f}, {0x61c, 0x61c}, {0x200e, 0x200f}, {0x2028, 0x202e},
		{0x2066, 0x2069}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
	};
	return WITHIN(code, ranges);
}

void text_clean(struct buf *out, const char *s, size_t len, bool ascii)
{
	bool spaced = false;
	uint32_t code;

	for (size_t i = 0; i < len;) {
		size_t n = text_decode(s + i, len - i, &code);
		bool space = code == '\n' || code == '\r' || code == '\t';
		if (space && !spaced)
			buf_addc(out, ' ');
		else if (!space && (steers(code) || (ascii && code > 0x7e)))
			buf_addc(out, '?');
		else if (!space && code == REPLACEMENT)
			buf_adds(out, "\xef\xbf\xbd");
		else if (!space)
			buf_add(out, s + i, n);
		spaced = space;
		i += n;
	}
}

void text_fit(struct buf *out, const char *s, int width, bool ascii)
{
	const char *dots = ascii ? ".." : "\xe2\x80\xa6";
	int dots_width = ascii ? 2 : 1, used = 0;
	size_t len = strlen(s), i = 0;
	uint32_t code;

	if (text_width(s) <= width) {
		buf_adds(out, s);
		return;
	}
	while (i < len) {
		size_t n = text_decode(s + i, len - i, &code);
		int w = text_char_width(code);
		if (used + w + dots_width > width)
			break;
		used += w;
		i += n;
	}
	buf_add(out, s, i);
	for (int left = width - used; left > 0 && *dots; left -= ascii ? 1 : left) {
		size_t n = ascii ? 1 : strlen(dots);
		buf_add(out, dots, n);
		dots += n;
	}
}

size_t text_break(const char *s, int width)
{
	size_t len = strlen(s), blank = 0, i = 0;
	uint32_t code;
	int used = 0;

	while (i < len) {
		size_t n = text_decode(s + i, len - i, &code);
		used += text_char_width(code);
		if (used > width && i)
			return code == ' ' ? i + n : blank ? blank : i;
		i += n;
		if (code == ' ')
			blank = i;
	}
	return len;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

int text_distance(const char *word, const char *known)
{
	enum { LONGEST = 40 };
	size_t n = strlen(word), m = strlen(known);
	int rows[3][LONGEST + 1];

	if (n > LONGEST || m > LONGEST)
		return -1;
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (int)j;
	for (size_t i = 1; i <= n; i++) {
		int *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
		row[0] = (int)i;
		for (size_t j = 1; j <= m; j++) {
			row[j] = least(above[j - 1] + (word[i - 1] != known[j - 1]),
				       least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && word[i - 1] == known[j - 2] &&
			    word[i - 2] == known[j - 1])
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	int d = rows[n % 3][m];
	return d <= (m < 5 ? 1 : 2) ? d : -1;
}
