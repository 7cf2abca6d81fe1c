/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - memory that is freed all at once. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define BLOCK (64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t cap, len;
	_Alignas(16) char data[];
};

static struct arena_block *block_new(size_t cap, struct arena_block *next)
{
	struct arena_block *b = ferry_alloc(sizeof *b + cap);
	b->next = next;
	b->cap = cap;
	b->len = 0;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->head;

	size = (size + 15) & ~(size_t)15;
	if (!b || b->cap - b->len < size) {
		/* the first block is small: most arenas hold little */
		size_t cap = b ? BLOCK : BLOCK / 16;
		b = a->head = block_new(size > cap ? size : cap, b);
	}
	void *p = b->data + b->len;
	b->len += size;
	a->used += size;
	return p;
}

void *arena_alloc0(struct arena *a, size_t n, size_t size)
{
	FERRY_ASSERT(!size || n <= (size_t)-1 / 2 / size);
	void *p = arena_alloc(a, n * size);
	return memset(p, 0, n * size);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	FERRY_ASSERT(n >= 0);
	char *p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

static void drop(struct arena_block *b)
{
	while (b) {
		struct arena_block *next = b->next;
		free(b);
		b = next;
	}
}

void arena_reset(struct arena *a)
{
	if (!a->head)
		return;
	drop(a->head->next);
	a->head->next = NULL;
	a->head->len = 0;
	a->used = 0;
}

void arena_release(struct arena *a)
{
	drop(a->head);
	*a = (struct arena)ARENA_INIT;
}
