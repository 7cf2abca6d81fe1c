/* SPDX-License-Identifier: Apache-2.0 */
/* mistakes.c - the list of all that is wrong. */
#include "conf/keyword.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1000

/* One line of whole characters, whatever the files put into it. */
static void tidy(char *text, bool cut)
{
	size_t n = strlen(text);

	if (cut) {
		while (n && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
			n--;
		if (n && (unsigned char)text[n - 1] >= 0xc0)
			n--;
		text[n] = '\0';
	}
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

void conf_mistake(struct conf_mistakes *m, const struct def_mark *mark, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list ap;

	if (m->n == CONF_MISTAKES_MAX)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	tidy(text, n >= (int)sizeof text);
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 16;
		m->items = ferry_realloc(m->items, m->cap, sizeof *m->items);
	}
	struct conf_mistake *it = &m->items[m->n++];
	it->mark = *mark;
	it->mark.file = ferry_strdup(mark->file ? mark->file : "");
	it->text = ferry_strdup(text);
}

static int compare(const void *pa, const void *pb)
{
	const struct conf_mistake *a = pa, *b = pb;
	int c = strcmp(a->mark.file, b->mark.file);

	if (!c)
		c = (a->mark.line > b->mark.line) - (a->mark.line < b->mark.line);
	if (!c)
		c = (a->mark.column > b->mark.column) - (a->mark.column < b->mark.column);
	return c ? c : strcmp(a->text, b->text);
}

static void item_free(struct conf_mistake *it)
{
	free((char *)it->mark.file);
	free(it->text);
}

void conf_mistakes_sort(struct conf_mistakes *m)
{
	size_t kept = 0;

	if (!m->n)
		return;
	qsort(m->items, m->n, sizeof *m->items, compare);
	for (size_t i = 1; i < m->n; i++) {
		if (compare(&m->items[kept], &m->items[i]) == 0)
			item_free(&m->items[i]);
		else
			m->items[++kept] = m->items[i];
	}
	m->n = kept + 1;
}

void conf_mistakes_print(const struct conf_mistakes *m, struct buf *out)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct conf_mistake *it = &m->items[i];
		buf_adds(out, it->mark.file);
		if (it->mark.line)
			buf_addf(out, ":%d:%d", it->mark.line, it->mark.column);
		buf_addf(out, ": %s\n", it->text);
	}
}

void conf_mistakes_release(struct conf_mistakes *m)
{
	for (size_t i = 0; i < m->n; i++)
		item_free(&m->items[i]);
	free(m->items);
	*m = (struct conf_mistakes)CONF_MISTAKES_INIT;
}
