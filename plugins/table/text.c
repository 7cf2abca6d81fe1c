/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - texts that grow, are quoted, cut, put into one line. */
#include "table/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *room(struct text *t, size_t len)
{
	if (t->failed)
		return NULL;
	if (t->cap - t->len <= len) {
		size_t cap = t->cap ? t->cap : 512;
		while (cap - t->len <= len)
			cap *= 2;
		char *s = realloc(t->s, cap);
		if (!s) {
			t->failed = true;
			return NULL;
		}
		t->s = s;
		t->cap = cap;
	}
	return t->s + t->len;
}

void text_add(struct text *t, const char *s, size_t len)
{
	char *to = room(t, len);

	if (!to)
		return;
	if (len)
		memcpy(to, s, len);
	to[len] = '\0';
	t->len += len;
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *to = len < 0 ? NULL : room(t, (size_t)len);
	if (!to) {
		t->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(to, (size_t)len + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)len;
}

void text_quoted(struct text *t, const char *s, char quote)
{
	text_add(t, &quote, 1);
	for (; *s; s++) {
		if (*s == quote)
			text_add(t, s, 1);
		text_add(t, s, 1);
	}
	text_add(t, &quote, 1);
}

void text_release(struct text *t)
{
	free(t->s);
	*t = (struct text){0};
}

void text_cut(char *out, size_t size, const char *s, size_t len)
{
	if (len >= size) {
		len = size - 1;
		while (len && ((unsigned char)s[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(out, s, len);
	out[len] = '\0';
}

void text_one_line(char *s)
{
	char *to = s;

	for (; *s; s++) {
		bool blank = *s == '\n' || *s == '\r' || *s == '\t' || *s == ' ';
		if (!blank)
			*to++ = *s;
		else if (s[1] && !strchr("\n\r\t ", s[1]))
			*to++ = ' ';
	}
	*to = '\0';
}
