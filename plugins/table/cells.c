/* SPDX-License-Identifier: Apache-2.0 */
/* cells.c - memory for values and their texts, kept from batch to batch. */
#include "table/table.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 256 * 1024 };

struct block {
	struct block *next;
	size_t size;
	char bytes[];
};

void cells_reset(struct cells *c)
{
	/* the largest block stays; a batch of ordinary rows needs no other */
	struct block *keep = NULL;

	for (struct block *b = c->blocks, *next; b; b = next) {
		next = b->next;
		if (keep && b->size <= keep->size) {
			free(b);
			continue;
		}
		free(keep);
		keep = b;
	}
	if (keep)
		keep->next = NULL;
	c->blocks = keep;
	c->at = keep ? keep->bytes : NULL;
	c->end = keep ? keep->bytes + keep->size : NULL;
	c->n = 0;
	c->bytes = 0;
}

void cells_release(struct cells *c)
{
	for (struct block *b = c->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(c->values);
	*c = (struct cells){0};
}

bool cells_room(struct cells *c, size_t n)
{
	if (c->cap - c->n >= n)
		return true;
	size_t cap = c->cap ? c->cap * 2 : 4096;
	while (cap - c->n < n)
		cap *= 2;
	struct ferry_value *values = reallocarray(c->values, cap, sizeof *values);
	if (!values)
		return false;
	c->values = values;
	c->cap = cap;
	return true;
}

bool cells_new_block(struct cells *c, size_t len)
{
	size_t size = len > BLOCK_BYTES ? len : BLOCK_BYTES;
	struct block *b = malloc(sizeof *b + size);

	if (!b)
		return false;
	b->next = c->blocks;
	b->size = size;
	c->blocks = b;
	c->at = b->bytes;
	c->end = b->bytes + size;
	return true;
}

enum cell_status cells_add_value(struct cells *c, const struct ferry_value *v)
{
	if (!value_has_text(v))
		return cells_put_int(c, v->type, v->type == FERRY_NULL ? 0 : v->i);
	return cells_put(c, v->type, v->s, v->len);
}
