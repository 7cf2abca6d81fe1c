/* SPDX-License-Identifier: Apache-2.0 */
/* ids.c - which numbers were seen: a bit for each, in pages for those that are near each other. */
#include "steve/ids.h"

#include <stdlib.h>

/* The bit of an id; NULL when its page is not there and is not to be made. */
static uint64_t *word_of(struct steve_ids *ids, int64_t id, bool make)
{
	uint64_t page = (uint64_t)id / STEVE_IDS_PAGE;
	size_t index;

	if (!make && !rest_map_find(&ids->pages, &page, sizeof page, &index))
		return NULL;
	if (make && rest_map_add(&ids->pages, &page, sizeof page, ids->n_pages, &index)) {
		if (ids->n_pages == ids->cap) {
			ids->cap = ids->cap ? ids->cap * 2 : 4;
			ids->bits = rest_resize(ids->bits, ids->cap, sizeof *ids->bits);
		}
		ids->bits[ids->n_pages++] = (struct steve_ids_page){{0}};
	}
	return &ids->bits[index].words[(uint64_t)id % STEVE_IDS_PAGE / 64];
}

bool steve_ids_add(struct steve_ids *ids, int64_t id)
{
	uint64_t *word = word_of(ids, id, true), bit = UINT64_C(1) << ((uint64_t)id % 64);
	bool fresh = !(*word & bit);

	*word |= bit;
	return fresh;
}

bool steve_ids_has(struct steve_ids *ids, int64_t id)
{
	const uint64_t *word = word_of(ids, id, false);
	return word && *word >> ((uint64_t)id % 64) & 1;
}

void steve_ids_release(struct steve_ids *ids)
{
	rest_map_release(&ids->pages);
	free(ids->bits);
	*ids = (struct steve_ids){.n_pages = 0};
}
