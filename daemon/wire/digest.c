/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c - digests by GnuTLS, which libmicrohttpd brings along anyway. */
#include "wire/digest.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"

void digest_sha256(const void *p, size_t len, uint8_t out[DIGEST_BYTES])
{
	FERRY_ASSERT(gnutls_hash_fast(GNUTLS_DIG_SHA256, p, len, out) == 0);
}

void digest_hmac_sha256(const void *key, size_t key_len, const void *p, size_t len,
			uint8_t out[DIGEST_BYTES])
{
	FERRY_ASSERT(gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_len, p, len, out) == 0);
}

bool digest_equal(const void *a, const void *b, size_t len)
{
	return gnutls_memcmp(a, b, len) == 0;
}

void digest_hex(const uint8_t bytes[DIGEST_BYTES], char out[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[DIGEST_HEX - 1] = '\0';
}

static int from_hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_from_hex(const char *text, uint8_t out[DIGEST_BYTES])
{
	if (strlen(text) != DIGEST_HEX - 1)
		return false;
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		int high = from_hex(text[2 * i]), low = from_hex(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void digest_random(void *out, size_t len)
{
	char *to = out;

	while (len) {
		ssize_t n = getrandom(to, len, 0);
		FERRY_ASSERT(n > 0 || errno == EINTR);
		to += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}
