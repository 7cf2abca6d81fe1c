/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - SHA-256, HMAC-SHA256, random bytes and comparing in constant time: for what must not be
 * guessed or forged. Telling whether a record has changed is hash.h's.
 */
#ifndef FERRY_WIRE_DIGEST_H
#define FERRY_WIRE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_BYTES 32
#define DIGEST_HEX (2 * DIGEST_BYTES + 1)	/* with the NUL */

void digest_sha256(const void *p, size_t len, uint8_t out[DIGEST_BYTES]);
void digest_hmac_sha256(const void *key, size_t key_len, const void *p, size_t len,
			uint8_t out[DIGEST_BYTES]);
/* Takes as long for any two of that length. */
bool digest_equal(const void *a, const void *b, size_t len);
/* Small letters. */
void digest_hex(const uint8_t bytes[DIGEST_BYTES], char out[DIGEST_HEX]);
bool digest_from_hex(const char *text, uint8_t out[DIGEST_BYTES]);
/* From the kernel's generator, good for keys. */
void digest_random(void *out, size_t len);

#endif
