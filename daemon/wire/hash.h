/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h - XXH3, for checksums and for telling whether a record has changed. Not for secrets. */
#ifndef FERRY_WIRE_HASH_H
#define FERRY_WIRE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash128 {
	uint64_t lo, hi;
};

uint64_t hash64(const void *p, size_t len);
/* Other seeds give unrelated hashes of the same bytes. */
struct hash128 hash128(const void *p, size_t len, uint64_t seed);

#endif
