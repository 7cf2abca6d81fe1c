/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.c - what a journal says, by key. In memory are 16 bytes and a place in an index for each
 * change; what it says stays in the journal, which is mapped.
 */
#include "file/destination.h"

#include <stdlib.h>
#include <string.h>

static struct bytes read_change(const struct changes *c, uint64_t pos, enum op *op,
				const char **key, size_t *key_len)
{
	struct bytes b = {c->map + pos, c->map + c->size};

	*op = (enum op)bytes_number(&b);
	*key = bytes_text(&b, key_len);
	return b;
}

struct bytes changes_at(const struct changes *c, uint32_t i, enum op *op)
{
	const char *key;
	size_t len;

	return read_change(c, c->list[i].pos, op, &key, &len);
}

static uint32_t find(const struct changes *c, const char *key, size_t len, uint64_t hash)
{
	const char *other;
	size_t step = 0, other_len;
	uint64_t i;
	enum op op;

	while (index_find(&c->index, hash, &step, &i)) {
		read_change(c, c->list[i].pos, &op, &other, &other_len);
		if (other_len == len && memcmp(other, key, len) == 0)
			return (uint32_t)i;
	}
	return NO_CHANGE;
}

uint32_t changes_find(const struct changes *c, const struct rest_buf *key)
{
	return find(c, key->s, key->len, key_hash(key->s, key->len));
}

static void add(struct changes *c, uint64_t pos, const char *key, size_t len)
{
	uint64_t hash = key_hash(key, len);
	uint32_t first = find(c, key, len, hash), i = (uint32_t)c->n;

	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 1024;
		c->list = rest_resize(c->list, c->cap, sizeof *c->list);
	}
	/* only the first of a key is gone to, and leads to the others */
	c->list[c->n++] = (struct change){pos, first != NO_CHANGE, NO_CHANGE, i};
	if (first == NO_CHANGE) {
		index_add(&c->index, hash, i);
	} else {
		c->list[c->list[first].last].next = i;
		c->list[first].last = i;
	}
}

static void skip_fields(struct bytes *b, size_t n)
{
	size_t len;

	for (size_t i = 0; i < n; i++)
		bytes_text(b, &len);
}

static bool read_batch(struct changes *c, struct bytes b)
{
	uint32_t n = bytes_number(&b);

	while (n-- && b.p) {
		uint64_t pos = (uint64_t)(b.p - c->map);
		const char *key;
		size_t len;
		enum op op;
		b.p = read_change(c, pos, &op, &key, &len).p;
		if (b.p)
			add(c, pos, key, len);
		skip_fields(&b, op == OP_DELETE ? 0 : op == OP_DISABLE ? 1 : c->shape.n);
	}
	return b.p == b.end;
}

bool changes_read(struct changes *c, const struct rest_buf *shape)
{
	struct frame_head head;
	bool good = shape_get(rest_str(shape), shape->len, &c->shape);

	for (size_t at = 0; good && at < c->size; at += sizeof head + head.len) {
		memcpy(&head, c->map + at, sizeof head);
		const char *p = c->map + at + sizeof head;
		if (head.kind == FRAME_BATCH)
			good = read_batch(c, (struct bytes){p, p + head.len});
	}
	return good;
}

void changes_free(struct changes *c)
{
	shape_free(&c->shape);
	index_release(&c->index);
	free(c->list);
	*c = (struct changes){0};
}
