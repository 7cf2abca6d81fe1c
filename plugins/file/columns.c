/* SPDX-License-Identifier: Apache-2.0 */
/* columns.c - the names of a file's columns. */
#include "file/file.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *find_flaw(const struct columns *c)
{
	const char *why = NULL;

	for (size_t i = 0; i < c->n && !why; i++)
		if (!*c->names[i])
			why = "a column has no name";
	char **sorted = rest_alloc(c->n, sizeof *sorted);
	memcpy(sorted, c->names, c->n * sizeof *sorted);
	qsort(sorted, c->n, sizeof *sorted, compare);
	for (size_t i = 1; i < c->n && !why; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			why = "two columns have the same name";
	free(sorted);
	return why;
}

static char **new_names(size_t n)
{
	return rest_alloc(n + 1, sizeof(char *));
}

const char *columns_read(const struct dialect *d, const struct record *r, struct columns *ret)
{
	struct rest_buf room = {0};
	const char *why = NULL;

	*ret = (struct columns){.names = new_names(r->n)};
	for (size_t i = 0; i < r->n; i++) {
		const char *s;
		size_t len = 0;
		if (d->form == FORM_JSONL)
			s = rest_piece_text(&r->fields[i].name, &room, &len);
		else if (!field_text(d, &r->fields[i], &room, &s, &len))
			s = "", len = 0;
		if (memchr(s, '\0', len))
			why = "a column's name holds a NUL";
		ret->names[ret->n++] = rest_copy(s, len);
	}
	rest_buf_release(&room);
	return why ? why : find_flaw(ret);
}

const char *columns_copy(char *const *names, size_t n, struct columns *ret)
{
	*ret = (struct columns){.names = new_names(n)};
	for (size_t i = 0; i < n; i++)
		ret->names[ret->n++] = rest_copy(names[i], strlen(names[i]));
	return find_flaw(ret);
}

void columns_free(struct columns *c)
{
	names_free(c->names);
	*c = (struct columns){0};
}
