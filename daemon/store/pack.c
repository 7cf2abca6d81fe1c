/* SPDX-License-Identifier: Apache-2.0 */
/* pack.c - numbers and texts in stored values. */
#include "store/pack.h"

enum { VARINT_MAX = 10 };

void pack_number(struct buf *b, uint64_t v)
{
	char *start = buf_room(b, VARINT_MAX), *to = start;

	for (; v >= 0x80; v >>= 7)
		*to++ = (char)(v | 0x80);
	*to++ = (char)v;
	*to = '\0';
	b->len += (size_t)(to - start);
}

void pack_bytes(struct buf *b, const void *p, size_t len)
{
	pack_number(b, len);
	buf_add(b, p, len);
}

uint64_t cut_long_number(struct cut *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && c->p < c->end; shift += 7) {
		uint8_t b = *c->p++;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	c->bad = true;
	return 0;
}

const void *cut_raw(struct cut *c, size_t n)
{
	if (c->bad || n > (size_t)(c->end - c->p)) {
		c->bad = true;
		return NULL;
	}
	const void *p = c->p;
	c->p += n;
	return p;
}

const void *cut_bytes(struct cut *c, size_t *ret_len)
{
	*ret_len = (size_t)cut_number(c);
	const void *p = cut_raw(c, *ret_len);
	if (!p)
		*ret_len = 0;
	return p;
}
