/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is freed all at once. One owner, one lifetime (a generation, a batch).
 */
#ifndef FERRY_BASE_ARENA_H
#define FERRY_BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *head;
	size_t used;			/* bytes handed out since init or reset */
};

#define ARENA_INIT {NULL, 0}

/* 16-byte aligned, not zeroed; never NULL. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_alloc0(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Forget everything but keep one block for reuse. */
void arena_reset(struct arena *a);
void arena_release(struct arena *a);

#endif
