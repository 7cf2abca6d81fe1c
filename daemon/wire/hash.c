/* SPDX-License-Identifier: Apache-2.0 */
/* hash.c - XXH3 through libxxhash. */
#include "wire/hash.h"

#include <xxhash.h>

uint64_t hash64(const void *p, size_t len)
{
	return XXH3_64bits(p, len);
}

struct hash128 hash128(const void *p, size_t len, uint64_t seed)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(p, len, seed);
	return (struct hash128){h.low64, h.high64};
}
