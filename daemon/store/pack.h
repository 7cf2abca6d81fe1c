/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - how the store writes numbers and texts into its values: numbers as varints (7 bits a byte,
 * lowest first), texts with their length in front. Reading never goes beyond the end: a cut that is
 * bad stays bad and gives zeros.
 */
#ifndef FERRY_STORE_PACK_H
#define FERRY_STORE_PACK_H

#include "base/buf.h"
#include "wire/kv.h"

void pack_number(struct buf *b, uint64_t v);
void pack_bytes(struct buf *b, const void *p, size_t len);

/*
 * The same where room has been made: PACK_MAX bytes for a number, that and its length for a text.
 * They return where the next one goes; pack_done ends it.
 */
enum { PACK_MAX = 10 };
static inline char *put_number(char *to, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*to++ = (char)(v | 0x80);
	*to++ = (char)v;
	return to;
}
static inline char *put_raw(char *to, const void *p, size_t len)
{
	if (len)
		memcpy(to, p, len);
	return to + len;
}
static inline char *put_text(char *to, const void *p, size_t len)
{
	return put_raw(put_number(to, len), p, len);
}
static inline void pack_done(struct buf *b, char *to)
{
	*to = '\0';
	b->len = (size_t)(to - b->s);
}

struct cut {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct cut cut_start(struct kv_bytes v)
{
	return (struct cut){v.p, (const uint8_t *)v.p + v.len, false};
}

uint64_t cut_long_number(struct cut *c);
static inline uint64_t cut_number(struct cut *c)
{
	return c->p < c->end && *c->p < 0x80 ? *c->p++ : cut_long_number(c);
}
static inline const void *cut_raw(struct cut *c, size_t n)
{
	if (c->bad || n > (size_t)(c->end - c->p)) {
		c->bad = true;
		return NULL;
	}
	const void *p = c->p;
	c->p += n;
	return p;
}
static inline const void *cut_bytes(struct cut *c, size_t *ret_len)
{
	*ret_len = (size_t)cut_number(c);
	const void *p = cut_raw(c, *ret_len);
	if (!p)
		*ret_len = 0;
	return p;
}

static inline uint8_t cut_byte(struct cut *c)
{
	if (c->p < c->end)
		return *c->p++;
	c->bad = true;
	return 0;
}

#endif
