/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - the two byte forms of values.
 *
 * Record form, per value: the type, then for integers, times and booleans a zigzag varint, for texts
 * a varint length and the bytes. Decimals are normal already, so equal values have equal bytes.
 *
 * Key form, per part: a tag byte that orders the kinds, then bytes that order the values. Numbers:
 * 0x7f negative, 0x80 zero, 0x81 positive, then the count of digits before the point (biased, two
 * bytes) and the digits in pairs plus one, ended by 0; a negative number has all bytes after its
 * sign complemented. The last part needs no end mark; an inner text has 0 escaped as 0 0xff.
 */
#include "model/value.h"

#include <string.h>

#include "base/clock.h"

enum { TAG_NULL = 0x08, TAG_NUMBER = 0x10, TAG_TIME = 0x20, TAG_TEXT = 0x30, TAG_BYTES = 0x40 };
enum { KEY_FORM_MAX = 480, EXPONENT_BIAS = 0x4000 };

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

/* This and key_encode see every value of every row: room is made once, then bytes are just put. */
void record_encode(const struct ferry_value *values, size_t n, struct buf *out)
{
	size_t most = n * (1 + VARINT_MAX);

	for (size_t i = 0; i < n; i++)
		if (value_has_bytes(&values[i]))
			most += values[i].len;
	char *to = buf_room(out, most);
	for (size_t i = 0; i < n; i++) {
		const struct ferry_value *v = &values[i];
		*to++ = (char)v->type;
		if (v->type == FERRY_NULL)
			continue;
		if (!value_has_bytes(v)) {
			to = varint(to, (uint64_t)v->i << 1 ^ (uint64_t)(v->i >> 63));
			continue;
		}
		to = varint(to, v->len);
		if (v->len)
			memcpy(to, v->s, v->len);
		to += v->len;
	}
	*to = '\0';
	out->len = (size_t)(to - out->s);
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

static void key_number(const char *s, size_t len, bool last, struct buf *out)
{
	bool negative = *s == '-';
	char d[512];
	size_t n = 0, from = 0, point = 0;
	long before = 0;

	s += negative, len -= negative;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '.')
			point = 1;
		else if (n < sizeof d) {
			d[n++] = s[i];
			before += !point;
		}
	}
	while (from < n && d[from] == '0')
		from++, before--;
	while (n > from && d[n - 1] == '0')
		n--;
	if (from == n) {
		buf_addc(out, (char)0x80);
		return;
	}
	buf_addc(out, (char)(negative ? 0x7f : 0x81));
	char form[2 + sizeof d / 2 + 2];
	size_t len_form = 0;
	form[len_form++] = (char)((before + EXPONENT_BIAS) >> 8);
	form[len_form++] = (char)(before + EXPONENT_BIAS);
	for (size_t i = from; i < n; i += 2)
		form[len_form++] = (char)((d[i] - '0') * 10 + (i + 1 < n ? d[i + 1] - '0' : 0) + 1);
	/* a negative number needs its end mark even at the end: -12.5 sorts before -12 */
	if (!last || negative)
		form[len_form++] = 0;
	for (size_t i = 0; negative && i < len_form; i++)
		form[i] = (char)~form[i];
	buf_add(out, form, len_form);
}

static void key_integer(int64_t i, bool last, struct buf *out)
{
	char text[24], *p = text + sizeof text;
	uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;

	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (i < 0)
		*--p = '-';
	key_number(p, (size_t)(text + sizeof text - p), last, out);
}

static void key_text(const struct ferry_value *v, bool last, struct buf *out)
{
	if (last) {
		buf_add(out, v->s, v->len);
		return;
	}
	for (size_t i = 0; i < v->len; i++) {
		buf_addc(out, v->s[i]);
		if (v->s[i] == '\0')
			buf_addc(out, (char)0xff);
	}
	buf_add(out, "\0\0", 2);
}

static int key_part(const struct ferry_value *v, bool last, struct buf *out, struct ferry_error *err)
{
	struct buf norm = BUF_INIT;
	uint64_t u;

	switch ((enum ferry_type)v->type) {
	case FERRY_NULL:
		buf_addc(out, TAG_NULL);
		return 0;
	case FERRY_BOOL:
	case FERRY_INT:
		buf_addc(out, TAG_NUMBER);
		key_integer(v->i, last, out);
		return 0;
	case FERRY_DECIMAL:
		if (!decimal_normal(v->s, v->len, &norm)) {
			buf_release(&norm);
			return ferry_fail(err, FERRY_E_DATA, "key: '%.*s' is no number", (int)(v->len < 60 ? v->len : 60), v->s);
		}
		buf_addc(out, TAG_NUMBER);
		key_number(norm.s, norm.len, last, out);
		buf_release(&norm);
		return 0;
	case FERRY_TIME:
		buf_addc(out, TAG_TIME);
		u = (uint64_t)v->i ^ (uint64_t)1 << 63;
		for (int i = 56; i >= 0; i -= 8)
			buf_addc(out, (char)(u >> i));
		return 0;
	case FERRY_TEXT:
	case FERRY_JSON:
		buf_addc(out, TAG_TEXT);
		key_text(v, last, out);
		return 0;
	case FERRY_BYTES:
		buf_addc(out, TAG_BYTES);
		key_text(v, last, out);
		return 0;
	}
	return ferry_fail(err, FERRY_E_DATA, "key: a value of unknown type");
}

int key_encode(const struct ferry_value *parts, size_t n, struct buf *out, struct ferry_error *err)
{
	size_t start = out->len;

	for (size_t i = 0; i < n; i++)
		if (key_part(&parts[i], i + 1 == n, out, err) != 0)
			return -1;
	if (out->len - start > KEY_FORM_MAX)
		return ferry_fail(err, FERRY_E_DATA, "key: %zu bytes is too long (at most %d)",
				  out->len - start, KEY_FORM_MAX);
	return 0;
}

/* ---------------------------------------------------------- keys for people */

static const uint8_t *show_number(const uint8_t *p, const uint8_t *end, struct buf *out)
{
	uint8_t sign = p < end ? *p++ : 0x80, flip = sign == 0x7f ? 0xff : 0;

	if (sign == 0x80 || end - p < 2) {
		buf_addc(out, '0');
		return p;
	}
	long before = (long)((uint8_t)(p[0] ^ flip) << 8 | (uint8_t)(p[1] ^ flip)) - EXPONENT_BIAS;
	struct buf d = BUF_INIT;
	for (p += 2; p < end && (uint8_t)(*p ^ flip) != 0; p++)
		buf_addf(&d, "%02d", (uint8_t)(*p ^ flip) - 1);
	if (p < end)
		p++;
	struct buf text = BUF_INIT;
	buf_addf(&text, "%s0.%se%ld", flip ? "-" : "", buf_str(&d), before);
	decimal_normal(text.s, text.len, out);
	buf_release(&d);
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
			p = show_number(p, end, out);
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
