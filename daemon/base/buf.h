/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - a growing byte buffer. Always ends in a NUL beyond len once something was added.
 */
#ifndef FERRY_BASE_BUF_H
#define FERRY_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *s;
	size_t len, cap;
};

#define BUF_INIT {NULL, 0, 0}

void buf_release(struct buf *b);
static inline void buf_reset(struct buf *b) { b->len = 0; if (b->s) b->s[0] = '\0'; }
/* Make room for n more bytes and the NUL; returns where they go. */
char *buf_room(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text so far; "" when empty. Valid until the next change. */
static inline const char *buf_str(const struct buf *b) { return b->s ? b->s : ""; }
/* The text becomes the caller's, to be freed; the buffer is empty after. */
char *buf_detach(struct buf *b);
/* Read a whole file. Returns 0 or errno; EFBIG when it is longer than max. */
int buf_read_file(struct buf *b, const char *path, size_t max);

#endif
