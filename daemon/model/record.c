/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - the two byte forms of values.
 *
 * Record form, per value: the type, then for integers and booleans a zigzag varint, for times eight
 * bytes, lowest first, for texts a varint length and the bytes. Decimals are normal already, so equal values have equal bytes.
 *
 * Key form, per part: a tag byte that orders the kinds, then bytes that order the values. Numbers:
 * 0x7f negative, 0x80 zero, 0x81 positive; the whole part as the count of its bytes (0 to 8) and
 * those, highest first, or, beyond 64 bits, as 9, the count of its decimal digits (two bytes) and the
 * digits in pairs plus one; then the digits of the fraction in pairs plus one, ended by 0 unless it is
 * the last part and has no fraction. A negative number has all bytes after its sign complemented, and
 * always the end mark. The last part needs no end mark; an inner text has 0 escaped as 0 0xff.
 */
#include "model/value.h"

#include <endian.h>
#include <string.h>

#include "base/clock.h"

enum { TAG_NULL = 0x08, TAG_NUMBER = 0x10, TAG_TIME = 0x20, TAG_TEXT = 0x30, TAG_BYTES = 0x40 };
enum { KEY_FORM_MAX = 480, DIGITS_MAX = 512 };

enum { VARINT_MAX = 10 };

static char *varint(char *to, uint64_t v)
{
	while (v >= 0x80) {
		*to++ = (char)(v | 0x80);
		v >>= 7;
	}
	*to++ = (char)v;
	return to;
}

static bool get_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
		uint8_t c = *(*p)++;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

/*
 * Short texts are most texts: a call would cost more than the copy. Ends may overlap. *all collects
 * the bytes, for their highest bits.
 */
static inline __attribute__((always_inline)) char *put_bytes(char *to, const char *s, size_t n, uint64_t *all)
{
	struct { uint64_t a, b; } pair;
	uint64_t a, b;
	uint32_t c, d;

	if (n > 16) {
		size_t i = 0;
		for (; i + 16 < n; i += 16) {
			memcpy(&pair, s + i, 16);
			memcpy(to + i, &pair, 16);
			*all |= pair.a | pair.b;
		}
		memcpy(&pair, s + n - 16, 16);
		memcpy(to + n - 16, &pair, 16);
		*all |= pair.a | pair.b;
	} else if (n >= 8) {
		memcpy(&a, s, 8);
		memcpy(&b, s + n - 8, 8);
		memcpy(to, &a, 8);
		memcpy(to + n - 8, &b, 8);
		*all |= a | b;
	} else if (n >= 4) {
		memcpy(&c, s, 4);
		memcpy(&d, s + n - 4, 4);
		memcpy(to, &c, 4);
		memcpy(to + n - 4, &d, 4);
		*all |= c | d;
	} else if (n) {
		uint8_t first = (uint8_t)s[0], middle = (uint8_t)s[n / 2], last = (uint8_t)s[n - 1];
		to[0] = (char)first;
		to[n / 2] = (char)middle;
		to[n - 1] = (char)last;
		*all |= first | middle | last;
	}
	return to + n;
}

/* Room for one more value of that many bytes, and for one without. */
static char *more_room(struct buf *out, char *to, size_t len)
{
	out->len = (size_t)(to - out->s);
	return buf_room(out, len + 2 * (1 + VARINT_MAX));
}

/* This and key_encode see every value of every row. */
bool record_encode(const struct ferry_value *values, size_t n, struct buf *out)
{
	uint64_t all = 0;
	char *to = buf_room(out, n * (1 + VARINT_MAX)), *end = out->s + out->cap - 2 * (1 + VARINT_MAX);

	for (const struct ferry_value *v = values; v < values + n; v++) {
		if (value_has_bytes(v)) {
			if (to + v->len > end) {
				to = more_room(out, to, v->len);
				end = out->s + out->cap - 2 * (1 + VARINT_MAX);
			}
			*to++ = (char)v->type;
			if (v->len < 0x80)
				*to++ = (char)v->len;
			else
				to = varint(to, v->len);
			to = put_bytes(to, v->s, v->len, &all);
			continue;
		}
		if (to > end) {
			to = more_room(out, to, 0);
			end = out->s + out->cap - 2 * (1 + VARINT_MAX);
		}
		*to++ = (char)v->type;
		if (v->type == FERRY_TIME) {
			/* its varint would be as long */
			uint64_t le = htole64((uint64_t)v->i);
			memcpy(to, &le, sizeof le);
			to += sizeof le;
		} else if (v->type != FERRY_NULL) {
			to = varint(to, (uint64_t)v->i << 1 ^ (uint64_t)(v->i >> 63));
		}
	}
	*to = '\0';
	out->len = (size_t)(to - out->s);
	return !(all & 0x8080808080808080u);
}

int record_decode(const void *bytes, size_t len, struct ferry_value *values, size_t max)
{
	const uint8_t *p = bytes, *end = p + len;
	size_t n = 0;
	uint64_t u;

	while (p < end) {
		if (n == max || *p > FERRY_JSON)
			return -1;
		struct ferry_value *v = &values[n++];
		*v = (struct ferry_value){.type = *p++};
		if (v->type == FERRY_NULL)
			continue;
		if (v->type == FERRY_TIME) {
			if (end - p < (ptrdiff_t)sizeof u)
				return -1;
			memcpy(&u, p, sizeof u);
			v->i = (int64_t)le64toh(u);
			p += sizeof u;
			continue;
		}
		if (!get_varint(&p, end, &u))
			return -1;
		if (value_has_bytes(v)) {
			if (u > (uint64_t)(end - p))
				return -1;
			v->s = (const char *)p;
			v->len = (uint32_t)u;
			p += u;
		} else {
			v->i = (int64_t)(u >> 1 ^ -(u & 1));
		}
	}
	return (int)n;
}

/* --------------------------------------------------------------------- keys */

/* A whole number, highest byte first, behind the count of its bytes. */
static inline char *key_whole(uint64_t u, char *to)
{
	unsigned n = u ? 8 - (unsigned)__builtin_clzll(u) / 8 : 0;
	uint64_t be = htobe64(u << (n ? 64 - 8 * n : 0));

	*to++ = (char)n;
	memcpy(to, &be, sizeof be);	/* there is room for all eight */
	return to + n;
}

/* Digits in pairs, each plus one: the last pair is filled up with a zero. */
static char *key_pairs(const char *d, size_t n, char *to)
{
	for (size_t i = 0; i < n; i += 2)
		*to++ = (char)((d[i] - '0') * 10 + (i + 1 < n ? d[i + 1] - '0' : 0) + 1);
	return to;
}

/* Normal decimal text: no exponent, no zeros that say nothing. */
static char *key_number(const char *s, size_t len, bool last, char *to)
{
	bool negative = *s == '-';
	uint64_t u = 0;

	s += negative, len -= negative;
	const char *point = memchr(s, '.', len);
	size_t whole = point ? (size_t)(point - s) : len;
	size_t fraction = point ? len - whole - 1 : 0;
	if (whole == 1 && *s == '0' && !fraction) {
		*to++ = (char)0x80;
		return to;
	}
	*to++ = (char)(negative ? 0x7f : 0x81);
	char *form = to;
	bool fits = whole <= 20;
	for (size_t i = 0; i < whole && fits; i++)
		fits = !__builtin_mul_overflow(u, (uint64_t)10, &u) && !__builtin_add_overflow(u, (uint64_t)(s[i] - '0'), &u);
	if (fits) {
		to = key_whole(u, to);
	} else {
		*to++ = 9;
		*to++ = (char)(whole >> 8);
		*to++ = (char)whole;
		to = key_pairs(s, whole, to);
	}
	if (fraction)
		to = key_pairs(point + 1, fraction, to);
	if (!last || negative || fraction)
		*to++ = 0;
	for (; negative && form < to; form++)
		*form = (char)~*form;
	return to;
}

static inline char *key_integer(int64_t i, bool last, char *to)
{
	uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;

	if (!i) {
		*to++ = (char)0x80;
		return to;
	}
	*to++ = (char)(i < 0 ? 0x7f : 0x81);
	char *form = to;
	to = key_whole(u, to);
	/* a negative number needs its end mark even at the end: -12.5 sorts before -12 */
	if (!last || i < 0)
		*to++ = 0;
	for (; i < 0 && form < to; form++)
		*form = (char)~*form;
	return to;
}

static char *key_text(const struct ferry_value *v, bool last, char *to)
{
	uint64_t all = 0;

	if (last)
		return put_bytes(to, v->s, v->len, &all);
	for (size_t i = 0; i < v->len; i++) {
		*to++ = v->s[i];
		if (v->s[i] == '\0')
			*to++ = (char)0xff;
	}
	*to++ = 0;
	*to++ = 0;
	return to;
}

static char *key_decimal(const struct ferry_value *v, bool last, char *to, struct ferry_error *err)
{
	struct buf norm = BUF_INIT;

	if (decimal_normal(v->s, v->len, &norm)) {
		to = key_number(norm.s, norm.len, last, to);
	} else {
		ferry_fail(err, FERRY_E_DATA, "key: '%.*s' is no number", (int)(v->len < 60 ? v->len : 60), v->s);
		to = NULL;
	}
	buf_release(&norm);
	return to;
}

/* NULL with *err filled when the value cannot be part of a key. */
static char *key_part(const struct ferry_value *v, bool last, char *to, struct ferry_error *err)
{
	uint64_t u;

	switch ((enum ferry_type)v->type) {
	case FERRY_NULL:
		*to++ = TAG_NULL;
		return to;
	case FERRY_BOOL:
	case FERRY_INT:
		*to++ = TAG_NUMBER;
		return key_integer(v->i, last, to);
	case FERRY_DECIMAL:
		*to++ = TAG_NUMBER;
		return key_decimal(v, last, to, err);
	case FERRY_TIME:
		*to++ = TAG_TIME;
		u = (uint64_t)v->i ^ (uint64_t)1 << 63;
		for (int i = 56; i >= 0; i -= 8)
			*to++ = (char)(u >> i);
		return to;
	case FERRY_TEXT:
	case FERRY_JSON:
		*to++ = TAG_TEXT;
		return key_text(v, last, to);
	case FERRY_BYTES:
		*to++ = TAG_BYTES;
		return key_text(v, last, to);
	}
	ferry_fail(err, FERRY_E_DATA, "key: a value of unknown type");
	return NULL;
}

static int too_long(size_t len, struct ferry_error *err)
{
	return ferry_fail(err, FERRY_E_DATA, "key: %zu bytes is too long (at most %d)", len, KEY_FORM_MAX);
}

int key_encode(const struct ferry_value *parts, size_t n, struct buf *out, struct ferry_error *err)
{
	size_t most = 0;

	if (n == 1 && parts->type == FERRY_INT) {
		char *one = buf_room(out, DIGITS_MAX), *end = one;
		*end++ = TAG_NUMBER;
		end = key_integer(parts->i, true, end);
		*end = '\0';
		out->len += (size_t)(end - one);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		/* a decimal's text can be long and its form short; a text's form is no shorter than it */
		if (parts[i].type == FERRY_DECIMAL || !value_has_bytes(&parts[i]))
			most += DIGITS_MAX;
		else if (parts[i].len <= KEY_FORM_MAX)
			most += 3 + 2 * (size_t)parts[i].len;
		else
			return too_long(parts[i].len, err);
	}
	char *start = buf_room(out, most), *to = start;
	for (size_t i = 0; i < n; i++) {
		to = key_part(&parts[i], i + 1 == n, to, err);
		if (!to)
			return -1;
	}
	if (to - start > KEY_FORM_MAX)
		return too_long((size_t)(to - start), err);
	*to = '\0';
	out->len += (size_t)(to - start);
	return 0;
}

/* ---------------------------------------------------------- keys for people */

/* Pairs of digits up to the end mark; at most n digits when n is given. */
static const uint8_t *show_pairs(const uint8_t *p, const uint8_t *end, uint8_t flip, size_t n, struct buf *out)
{
	for (size_t shown = 0; p < end && (uint8_t)(*p ^ flip) != 0 && (!n || shown < n); p++) {
		unsigned pair = (uint8_t)(*p ^ flip) - 1u;
		buf_addc(out, (char)('0' + pair / 10 % 10));
		if (!n || ++shown < n)
			buf_addc(out, (char)('0' + pair % 10));
		shown++;
	}
	return p;
}

/* The usual key. */
static const uint8_t *show_positive(const uint8_t *p, size_t n, struct buf *out)
{
	char text[20], *at = text + sizeof text;
	uint64_t u = 0;

	for (; n; n--)
		u = u << 8 | *p++;
	do
		*--at = (char)('0' + u % 10);
	while (u /= 10);
	buf_add(out, at, (size_t)(text + sizeof text - at));
	return p;
}

static const uint8_t *show_number(const uint8_t *p, const uint8_t *end, bool last, struct buf *out)
{
	uint8_t sign = p < end ? *p++ : 0x80, flip = sign == 0x7f ? 0xff : 0;

	if (sign == 0x80 || p == end) {
		buf_addc(out, '0');
		return p;
	}
	struct buf text = BUF_INIT;
	uint8_t n = (uint8_t)(*p++ ^ flip);
	if (!flip && n <= 8 && (last ? end - p == n : end - p > n && p[n] == 0))
		return show_positive(p, n, out) + !last;
	if (flip)
		buf_addc(&text, '-');
	if (n <= 8) {
		uint64_t u = 0;
		for (; n && p < end; n--)
			u = u << 8 | (uint8_t)(*p++ ^ flip);
		buf_addf(&text, "%llu", (unsigned long long)u);
	} else if (end - p >= 2) {
		size_t digits = (size_t)(uint8_t)(p[0] ^ flip) << 8 | (uint8_t)(p[1] ^ flip);
		p = show_pairs(p + 2, end, flip, digits, &text);
	}
	if (p < end && (uint8_t)(*p ^ flip) != 0) {
		buf_addc(&text, '.');
		p = show_pairs(p, end, flip, 0, &text);
		if (p < end)
			p++;
	} else if (p < end && (!last || flip)) {
		p++;
	}
	if (!decimal_normal(text.s, text.len, out))
		buf_add(out, text.s, text.len);
	buf_release(&text);
	return p;
}

static const uint8_t *show_text(const uint8_t *p, const uint8_t *end, bool last, bool hex, struct buf *out)
{
	while (p < end) {
		uint8_t c = *p++;
		if (!last && c == 0 && p < end && *p++ == 0)
			return p;
		if (hex)
			buf_addf(out, "%02x", c);
		else
			buf_addc(out, (char)c);
	}
	return p;
}

void key_form_show(const void *form, size_t len, size_t n_parts, struct buf *out)
{
	const uint8_t *p = form, *end = p + len;
	char text[CLOCK_TEXT];

	for (size_t i = 0; i < n_parts && p < end; i++) {
		uint8_t tag = *p++;
		if (i)
			buf_addc(out, '/');
		if (tag == TAG_NULL) {
			buf_adds(out, "NULL");
		} else if (tag == TAG_NUMBER) {
			p = show_number(p, end, i + 1 == n_parts, out);
		} else if (tag == TAG_TIME && end - p >= 8) {
			uint64_t u = 0;
			for (int k = 0; k < 8; k++)
				u = u << 8 | *p++;
			buf_add(out, text, clock_format((int64_t)(u ^ (uint64_t)1 << 63), text));
		} else {
			p = show_text(p, end, i + 1 == n_parts, tag == TAG_BYTES, out);
		}
	}
}
