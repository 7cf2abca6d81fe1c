/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - hashes of keys to where they are: 12 bytes a slot, at most three quarters in use. */
#include "file/file.h"

#include <stdlib.h>

/* FNV-1a, and a final mix so that the low bits depend on all of it. */
uint64_t key_hash(const void *key, size_t len)
{
	const unsigned char *p = key;
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15;
	return h ^ h >> 29;
}

static void put(struct index *ix, uint32_t hash, uint64_t place)
{
	size_t i = hash & (ix->cap - 1);

	while (ix->places[i])
		i = (i + 1) & (ix->cap - 1);
	ix->hashes[i] = hash;
	ix->places[i] = place;
}

static void grow(struct index *ix)
{
	struct index old = *ix;

	ix->cap = old.cap ? old.cap * 2 : 1024;
	ix->hashes = rest_alloc(ix->cap, sizeof *ix->hashes);
	ix->places = rest_alloc(ix->cap, sizeof *ix->places);
	for (size_t i = 0; i < old.cap; i++)
		if (old.places[i])
			put(ix, old.hashes[i], old.places[i]);
	index_release(&old);
}

void index_add(struct index *ix, uint64_t hash, uint64_t number)
{
	if (ix->n >= ix->cap / 4 * 3)
		grow(ix);
	put(ix, (uint32_t)hash, number + 1);
	ix->n++;
}

bool index_find(const struct index *ix, uint64_t hash, size_t *step, uint64_t *ret)
{
	if (!ix->n)
		return false;
	for (;; (*step)++) {
		size_t i = ((uint32_t)hash + *step) & (ix->cap - 1);
		if (!ix->places[i])
			return false;
		if (ix->hashes[i] != (uint32_t)hash)
			continue;
		*ret = ix->places[i] - 1;
		(*step)++;
		return true;
	}
}

void index_release(struct index *ix)
{
	free(ix->hashes);
	free(ix->places);
	*ix = (struct index){0};
}
