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

/* Bytes of the character that s begins with, 1 to 4; 0 when that is none in UTF-8. left is not 0. */
static inline size_t utf8_length(const char *s, size_t left)
{
	unsigned char c = (unsigned char)s[0];

	if (c < 0x80)
		return 1;
	size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || n > left)
		return 0;
	for (size_t k = 1; k < n; k++)
		if (((unsigned char)s[k] & 0xc0) != 0x80)
			return 0;
	unsigned char d = (unsigned char)s[1];
	bool bad = (c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) || (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f);
	return bad ? 0 : n;
}

#endif
