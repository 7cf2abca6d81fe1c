/* SPDX-License-Identifier: Apache-2.0 */
/* fingerprints.c - open addressing with linear probing; 0 is an empty slot. */
#include "pipeline/fingerprints.h"

#include <stdlib.h>

enum { MOST_BYTES = 62 << 20 };

struct fingerprints {
	uint64_t *slots, *met;
	size_t cap, n, most, n_met;
};

struct fingerprints *fingerprints_new(int64_t n)
{
	/* one slot in five stays empty, so that a search is short */
	size_t cap = (size_t)n + (size_t)n / 4 + 64;

	if (cap * sizeof(uint64_t) > MOST_BYTES)
		return NULL;
	struct fingerprints *f = ferry_alloc0(1, sizeof *f);
	f->slots = ferry_alloc0(cap, sizeof *f->slots);
	f->met = ferry_alloc0(cap / 64 + 1, sizeof *f->met);
	f->cap = cap;
	f->most = (size_t)n;
	return f;
}

void fingerprints_free(struct fingerprints *f)
{
	if (!f)
		return;
	free(f->slots);
	free(f->met);
	free(f);
}

uint64_t fingerprint(struct kv_bytes key, const struct hash128 *hash)
{
	uint64_t k = hash64(key.p, key.len) ^ hash->lo;
	uint64_t fp = (k ^ k >> 29) * 0xBF58476D1CE4E5B9u + hash->hi;

	return fp ? fp : 1;
}

/* The upper bits choose the slot, evenly for any capacity. */
static size_t home(const struct fingerprints *f, uint64_t fp)
{
	return (size_t)((unsigned __int128)(fp * 0x9E3779B97F4A7C15u) * f->cap >> 64);
}

void fingerprints_prefetch(const struct fingerprints *f, uint64_t fp)
{
	__builtin_prefetch(&f->slots[home(f, fp)]);
}

/* The slot that holds it, or the empty one where it would stand. */
static size_t find(const struct fingerprints *f, uint64_t fp)
{
	size_t at = home(f, fp);

	while (f->slots[at] && f->slots[at] != fp)
		at = at + 1 == f->cap ? 0 : at + 1;
	return at;
}

bool fingerprints_add(struct fingerprints *f, uint64_t fp)
{
	size_t at = find(f, fp);

	if (f->slots[at] || f->n == f->most)
		return false;
	f->slots[at] = fp;
	f->n++;
	return true;
}

enum fingerprint_state fingerprints_meet(struct fingerprints *f, uint64_t fp)
{
	size_t at = find(f, fp);
	uint64_t bit = (uint64_t)1 << at % 64, *word = &f->met[at / 64];

	if (!f->slots[at])
		return FINGERPRINT_ABSENT;
	if (*word & bit)
		return FINGERPRINT_AGAIN;
	*word |= bit;
	f->n_met++;
	return FINGERPRINT_FIRST;
}

bool fingerprints_all_met(const struct fingerprints *f)
{
	return f->n_met == f->n;
}

bool fingerprints_met(const struct fingerprints *f, uint64_t fp)
{
	size_t at = find(f, fp);
	return f->slots[at] && f->met[at / 64] >> at % 64 & 1;
}
