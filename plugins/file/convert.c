/* SPDX-License-Identifier: Apache-2.0 */
/* convert.c - texts to values of a type and back. Nothing is rounded, nothing is guessed. */
#include "file/file.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum ferry_type type;
} types[] = {
	{"text", FERRY_TEXT}, {"int", FERRY_INT}, {"decimal", FERRY_DECIMAL}, {"bool", FERRY_BOOL},
	{"time", FERRY_TIME}, {"json", FERRY_JSON}, {"bytes", FERRY_BYTES},
};

int type_named(const char *name)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].name, name) == 0)
			return (int)types[i].type;
	return -1;
}

bool is_json(const char *s, size_t len)
{
	struct rest_piece piece;
	struct rest_scan scan;

	rest_scan_begin(&scan, s, len);
	return rest_scan_value(&scan, &piece) && rest_scan_end(&scan);
}

/* ------------------------------------------------------------------ numbers */

#define DIGITS_MOST 400

const char *decimal_plain(const char *s, size_t len, struct rest_pool *pool, size_t *ret_len)
{
	const char *e = len ? memchr(s, 'e', len) : NULL;
	char digits[DIGITS_MOST];
	int64_t exponent;
	int n = 0;

	*ret_len = len;
	if (!e && len)
		e = memchr(s, 'E', len);
	if (!e)
		return rest_decimal_text(s, len) ? s : NULL;
	size_t before = (size_t)(e - s);
	if (before > DIGITS_MOST || !rest_decimal_text(s, before) ||
	    !rest_read_int(e + 1, len - before - 1, &exponent) || exponent < -DIGITS_MOST ||
	    exponent > DIGITS_MOST)
		return NULL;
	const char *dot = memchr(s, '.', before);
	for (const char *p = s; p < e; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	int point = n - (dot ? (int)(e - dot - 1) : 0) + (int)exponent, zeros = 0;
	while (zeros < n && digits[zeros] == '0')
		zeros++;
	if (zeros == n) {
		*ret_len = 1;
		return "0";
	}
	if (zeros > point - 1)
		zeros = point > 0 ? point - 1 : 0;
	char *out = rest_pool_alloc(pool, 3 * DIGITS_MOST), *p = out;
	if (*s == '-')
		*p++ = '-';
	if (point <= 0)
		*p++ = '0';
	for (int i = point < 0 ? point : zeros; i < n || i < point; i++) {
		if (i == point)
			*p++ = '.';
		*p++ = i >= 0 && i < n ? digits[i] : '0';
	}
	*ret_len = (size_t)(p - out);
	return out;
}

/* ------------------------------------------------------------------ from text */

static bool is_word(const char *s, size_t len, const char *word)
{
	return rest_equal_nocase(s, len, word, strlen(word));
}

static const char *read_bool(const char *s, size_t len, struct ferry_value *ret)
{
	static const char *const words[] = {"false", "true", "f", "t", "no", "yes", "n", "y", "0",
					    "1"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (is_word(s, len, words[i])) {
			*ret = (struct ferry_value){.i = i & 1, .type = FERRY_BOOL};
			return NULL;
		}
	return "is no truth value (true, false)";
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static const char *read_bytes(const char *s, size_t len, struct rest_pool *pool,
			      struct ferry_value *ret)
{
	static const char why[] = "is not bytes as pairs of hex digits";

	if (len >= 2 && s[0] == '\\' && s[1] == 'x') {
		s += 2;
		len -= 2;
	}
	if (len % 2)
		return why;
	char *out = rest_pool_alloc(pool, len / 2 + 1);
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_digit(s[2 * i]), low = hex_digit(s[2 * i + 1]);
		if (high < 0 || low < 0)
			return why;
		out[i] = (char)(high << 4 | low);
	}
	*ret = (struct ferry_value){.s = out, .len = (uint32_t)(len / 2), .type = FERRY_BYTES};
	return NULL;
}

const char *value_from_text(enum ferry_type type, const char *s, size_t len,
			    struct rest_pool *pool, struct ferry_value *ret)
{
	size_t plain = len;

	*ret = (struct ferry_value){.type = (uint8_t)type};
	switch (type) {
	case FERRY_NULL:
		return NULL;
	case FERRY_BOOL:
		return read_bool(s, len, ret);
	case FERRY_INT:
		return rest_read_int(s, len, &ret->i) ? NULL : "is no 64-bit integer";
	case FERRY_TIME:
		return rest_time_parse(s, len, &ret->i) ? NULL :
			"is no date or time (as 2026-01-31T10:00:00Z)";
	case FERRY_BYTES:
		return read_bytes(s, len, pool, ret);
	case FERRY_DECIMAL:
		s = decimal_plain(s, len, pool, &plain);
		if (!s)
			return "is no decimal number of at most 400 digits";
		break;
	case FERRY_JSON:
		if (!is_json(s, len))
			return "is no JSON";
		break;
	case FERRY_TEXT:
		break;
	}
	ret->s = s;
	ret->len = (uint32_t)plain;
	return NULL;
}

/* ------------------------------------------------------------------ to text */

static void add_hex(struct rest_buf *room, const struct ferry_value *v)
{
	static const char hex[] = "0123456789abcdef";
	char *p = rest_room(room, 2 * (size_t)v->len);

	for (uint32_t i = 0; i < v->len; i++) {
		*p++ = hex[(unsigned char)v->s[i] >> 4];
		*p++ = hex[(unsigned char)v->s[i] & 15];
	}
	*p = '\0';
	room->len += 2 * (size_t)v->len;
}

void value_text(const struct ferry_value *v, struct rest_buf *room, const char **s, size_t *len)
{
	char time[REST_TIME];

	rest_buf_reset(room);
	switch ((enum ferry_type)v->type) {
	case FERRY_BOOL:
		rest_adds(room, v->i ? "true" : "false");
		break;
	case FERRY_INT:
		rest_addf(room, "%lld", (long long)v->i);
		break;
	case FERRY_TIME:
		rest_add(room, time, rest_time_format(v->i, -1, true, time));
		break;
	case FERRY_BYTES:
		add_hex(room, v);
		break;
	default:
		*s = v->len ? v->s : "";
		*len = v->len;
		return;
	}
	*s = rest_str(room);
	*len = room->len;
}
