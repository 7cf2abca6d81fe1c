/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seen.c - which ids were seen in a list: 16 bytes for a UUID, since a list may have millions. Ids
 * of any other shape are kept as text.
 */
#include "lago/resource.h"

#include <stdlib.h>
#include <string.h>

struct lago_uuid {
	uint64_t high, low;		/* both 0: the slot is free */
};

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "3c90c3cc-0d44-4b50-8888-8dd25736052a", small letters as Lago writes them. */
static bool read_uuid(const char *id, size_t len, struct lago_uuid *ret)
{
	uint64_t part[2] = {0, 0};
	size_t digits = 0;

	if (len != 36)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		int d = digit(id[i]);
		if (dash ? id[i] != '-' : d < 0)
			return false;
		if (!dash)
			part[digits / 16] = part[digits / 16] << 4 | (uint64_t)d;
		digits += !dash;
	}
	*ret = (struct lago_uuid){part[0], part[1]};
	return part[0] || part[1];
}

/* Where the id is or belongs. */
static size_t find(const struct lago_uuid *slots, size_t cap, const struct lago_uuid *id)
{
	size_t i = (size_t)((id->high ^ id->low * 0x9e3779b97f4a7c15u) >> 7) & (cap - 1);

	while ((slots[i].high || slots[i].low) &&
	       (slots[i].high != id->high || slots[i].low != id->low))
		i = (i + 1) & (cap - 1);
	return i;
}

static void grow(struct lago_seen *seen)
{
	size_t cap = seen->cap ? seen->cap * 2 : 256;
	struct lago_uuid *slots = rest_alloc(cap, sizeof *slots);

	for (size_t i = 0; i < seen->cap; i++)
		if (seen->slots[i].high || seen->slots[i].low)
			slots[find(slots, cap, &seen->slots[i])] = seen->slots[i];
	free(seen->slots);
	seen->slots = slots;
	seen->cap = cap;
}

bool lago_seen_add(struct lago_seen *seen, const char *id, size_t len)
{
	struct lago_uuid uuid;

	if (!read_uuid(id, len, &uuid))
		return rest_map_add(&seen->others, id, len, 0, NULL);
	if (seen->n * 4 >= seen->cap * 3)
		grow(seen);
	struct lago_uuid *slot = &seen->slots[find(seen->slots, seen->cap, &uuid)];
	if (slot->high || slot->low)
		return false;
	*slot = uuid;
	seen->n++;
	return true;
}

size_t lago_seen_count(const struct lago_seen *seen)
{
	return seen->n + seen->others.n;
}

void lago_seen_release(struct lago_seen *seen)
{
	free(seen->slots);
	rest_map_release(&seen->others);
	*seen = (struct lago_seen){0};
}
