/* SPDX-License-Identifier: Apache-2.0 */
/* pack.c - numbers and texts in stored values. */
#include "store/pack.h"

void pack_number(struct buf *b, uint64_t v)
{
	pack_done(b, put_number(buf_room(b, PACK_MAX), v));
}

void pack_bytes(struct buf *b, const void *p, size_t len)
{
	pack_done(b, put_text(buf_room(b, PACK_MAX + len), p, len));
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
