/* SPDX-License-Identifier: Apache-2.0 */
/* The records of the http stand-in: by number in the order they came, and by key. */
#include "http-standin.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(struct span key)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)key.s[i]) * 0x100000001b3;
	return h ^ h >> 29;
}

static size_t *slot_of(const struct http_store *st, struct span key, uint64_t hash)
{
	size_t i = hash & (st->n_slots - 1);

	while (st->slots[i]) {
		const struct http_item *item = st->items[st->slots[i] - 1];

		if (item->hash == hash && item->key.len == key.len &&
		    !memcmp(item->key.s, key.s, key.len))
			break;
		i = (i + 1) & (st->n_slots - 1);
	}
	return &st->slots[i];
}

static void grow(struct http_store *st)
{
	free(st->slots);
	st->n_slots = st->n_slots ? st->n_slots * 2 : 1024;
	st->slots = standin_alloc(st->n_slots * sizeof(*st->slots));
	for (size_t i = 0; i < st->n; i++)
		*slot_of(st, st->items[i]->key, st->items[i]->hash) = i + 1;
}

struct http_item *http_store_find(const struct http_store *st, struct span key)
{
	size_t number = st->n_slots ? *slot_of(st, key, hash_of(key)) : 0;

	return number ? st->items[number - 1] : NULL;
}

struct http_item *http_store_get(const struct http_store *st, const char *name)
{
	struct http_item *item = http_store_find(st, (struct span){name, strlen(name)});
	char *end;

	if (!item && name[0] == 'r' && name[1] >= '1' && name[1] <= '9') {
		size_t number = strtoull(name + 1, &end, 10);

		if (!*end && number <= st->n)
			item = st->items[number - 1];
	}
	return item && !item->gone ? item : NULL;
}

struct http_item *http_store_put(struct http_store *st, struct span key, struct span text)
{
	if (st->n * 2 >= st->n_slots)
		grow(st);
	uint64_t hash = hash_of(key);
	size_t *slot = slot_of(st, key, hash);
	struct http_item *old = *slot ? st->items[*slot - 1] : NULL;
	struct http_item *item = standin_alloc(sizeof(*item) + key.len + text.len + 2);
	char *to = (char *)(item + 1);

	memcpy(to, key.s, key.len);
	memcpy(to + key.len + 1, text.s, text.len);
	*item = (struct http_item){hash, old ? old->number : st->n + 1, false, {to, key.len},
				   {to + key.len + 1, text.len}};
	st->alive += !old || old->gone;
	if (!old) {
		st->items = standin_grow(st->items, &st->cap, st->n + 1, sizeof(item));
		st->n++;
	}
	st->items[item->number - 1] = item;
	*slot = item->number;
	free(old);
	return item;
}

void http_store_delete(struct http_store *st, struct http_item *item)
{
	if (item->gone)
		return;
	item->gone = true;
	st->alive--;
}

void http_store_reset(struct http_store *st)
{
	for (size_t i = 0; i < st->n; i++)
		free(st->items[i]);
	free(st->items);
	free(st->slots);
	*st = (struct http_store){0};
}
