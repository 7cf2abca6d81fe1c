/* SPDX-License-Identifier: Apache-2.0 */
/* wide.c - UTF-16, as drivers have it, and UTF-8, as ferry has it. Pure. */
#include "odbc/odbc.h"

#include <stdlib.h>
#include <string.h>

static size_t put(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

bool narrow(const SQLWCHAR *s, size_t n, char *out, size_t *ret_len)
{
	char *to = out;

	for (size_t i = 0; i < n; i++) {
		uint32_t c = s[i];
		if (c >= 0xd800 && c < 0xe000) {
			if (c >= 0xdc00 || i + 1 == n || s[i + 1] < 0xdc00 || s[i + 1] >= 0xe000)
				return false;
			c = 0x10000 + ((c - 0xd800) << 10) + (s[++i] - 0xdc00u);
		}
		to += put(c, to);
	}
	*ret_len = (size_t)(to - out);
	return true;
}

/* The character that begins at p, and its length; 0 when there is none. */
static size_t character(const unsigned char *p, size_t left, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = *p < 0x80 ? 1 :
		   *p < 0xc2 ? 0 :
		   *p < 0xe0 ? 2 :
		   *p < 0xf0 ? 3 :
		   *p < 0xf5 ? 4 :
			       0;
	uint32_t c = n == 1 ? *p : *p & (0x7fu >> n);

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	*ret = c;
	return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
}

size_t widen(const char *s, size_t len, SQLWCHAR *out, bool *ok)
{
	SQLWCHAR *to = out;
	uint32_t c;

	*ok = true;
	for (size_t i = 0; i < len;) {
		size_t n = character((const unsigned char *)s + i, len - i, &c);
		if (!n) {
			*ok = false;
			break;
		}
		i += n;
		if (c < 0x10000) {
			*to++ = (SQLWCHAR)c;
			continue;
		}
		*to++ = (SQLWCHAR)(0xd800 + ((c - 0x10000) >> 10));
		*to++ = (SQLWCHAR)(0xdc00 + ((c - 0x10000) & 0x3ff));
	}
	return (size_t)(to - out);
}

SQLWCHAR *widen_all(const char *s, size_t *n)
{
	size_t len = strlen(s);
	SQLWCHAR *wide = calloc(len + 1, sizeof *wide);
	bool ok;

	if (!wide)
		return NULL;
	*n = widen(s, len, wide, &ok);
	if (ok)
		return wide;
	free(wide);
	return NULL;
}

bool utf8_valid(const char *s, size_t len)
{
	uint32_t c;
	size_t n;

	for (size_t i = 0; i < len; i += n)
		if (!(n = character((const unsigned char *)s + i, len - i, &c)))
			return false;
	return true;
}
