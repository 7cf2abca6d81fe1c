/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.c - a parser of COPY's binary format: a function over bytes that believes none of them. A
 * server sends each row as one piece, the first one behind the header; a piece may also hold several.
 */
#include "postgres/postgres.h"

#include <string.h>

static const char signature[11] = "PGCOPY\n\377\r\n";	/* its NUL belongs to it */

enum { HEADER_BYTES = sizeof signature + 8, CRITICAL_FLAGS = 0xffff0000u >> 16 };

static inline int16_t get16(const char *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return (int16_t)__builtin_bswap16(v);
}

static inline int32_t get32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return (int32_t)__builtin_bswap32(v);
}

/* Length of the header; 0 when it is none, or one with flags of which nothing is known. */
static size_t header(const char *p, size_t len)
{
	if (len < HEADER_BYTES || memcmp(p, signature, sizeof signature) != 0)
		return 0;
	uint32_t flags = (uint32_t)get32(p + sizeof signature);
	int32_t extension = get32(p + sizeof signature + 4);

	if (flags >> 16 & CRITICAL_FLAGS || extension < 0 || (size_t)extension > len - HEADER_BYTES)
		return 0;
	return HEADER_BYTES + (size_t)extension;
}

/* One row, from behind its count of columns. */
static enum cell_status row(struct copy *c, const char **at, const char *end, struct cells *cells)
{
	const char *p = *at;

	if (!cells_room(cells, c->n_columns))
		return CELL_NO_MEMORY;
	for (size_t i = 0; i < c->n_columns; i++) {
		c->column = i;
		if (end - p < 4)
			return CELL_MALFORMED;
		int32_t len = get32(p);
		p += 4;
		if (len < -1 || (len > 0 && len > end - p))
			return CELL_MALFORMED;
		enum cell_status status = cells_add(cells, c->columns[i].kind, p, len,
						    c->columns[i].ordered);
		if (__builtin_expect(status != CELL_OK, false))
			return status;
		if (len > 0)
			p += len;
	}
	*at = p;
	return CELL_OK;
}

enum cell_status copy_parse(struct copy *c, const char *data, size_t len, struct cells *cells)
{
	const char *p = data, *end = data + len;

	c->column = 0;
	if (!c->begun) {
		size_t n = header(p, len);
		if (!n)
			return CELL_MALFORMED;
		p += n;
		c->begun = true;
	}
	while (p < end) {
		if (end - p < 2 || c->ended)
			return CELL_MALFORMED;
		int n = get16(p);
		p += 2;
		if (n == -1) {
			c->ended = true;
			continue;
		}
		if (n < 0 || (size_t)n != c->n_columns)
			return CELL_MALFORMED;
		size_t before = cells->n;
		enum cell_status status = row(c, &p, end, cells);
		if (__builtin_expect(status != CELL_OK, false)) {
			cells->n = before;	/* whole rows only */
			return status;
		}
		c->rows++;
	}
	return CELL_OK;
}
