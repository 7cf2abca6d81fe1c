/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - typed values: comparing, converting, showing. Nothing is ever rounded. */
#include "model/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/json.h"

#define DIGITS_MAX 400

struct ferry_value value_text(const char *s)
{
	return value_textn(s, strlen(s));
}

const char *type_name(enum ferry_type t)
{
	static const char *const names[] = {"null", "boolean", "integer", "decimal", "text", "bytes", "time", "json"};
	return t <= FERRY_JSON ? names[t] : "unknown";
}

bool value_equal(const struct ferry_value *a, const struct ferry_value *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == FERRY_NULL)
		return true;
	if (value_has_bytes(a))
		return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
	return a->i == b->i;
}

void value_show(const struct ferry_value *v, size_t max, struct buf *out)
{
	char text[CLOCK_TEXT];

	switch ((enum ferry_type)v->type) {
	case FERRY_NULL:
		buf_adds(out, "NULL");
		return;
	case FERRY_BOOL:
		buf_adds(out, v->i ? "true" : "false");
		return;
	case FERRY_INT:
		buf_addf(out, "%" PRId64, v->i);
		return;
	case FERRY_TIME:
		buf_add(out, text, clock_format(v->i, text));
		return;
	case FERRY_BYTES:
		for (size_t i = 0; i < v->len && i < max / 2; i++)
			buf_addf(out, "%02x", (unsigned char)v->s[i]);
		if (v->len > max / 2)
			buf_adds(out, "...");
		return;
	case FERRY_DECIMAL:
	case FERRY_TEXT:
	case FERRY_JSON:
		break;
	}
	size_t n = v->len;
	if (n > max) {
		/* not in the middle of a character */
		for (n = max; n && ((unsigned char)v->s[n] & 0xc0) == 0x80; n--)
			;
	}
	buf_add(out, v->s, n);
	if (n < v->len)
		buf_adds(out, "...");
}

void value_json(const struct ferry_value *v, const char *key, struct buf *out)
{
	char text[CLOCK_TEXT];

	switch ((enum ferry_type)v->type) {
	case FERRY_NULL:
		jw_null(out, key);
		return;
	case FERRY_BOOL:
		jw_bool(out, key, v->i);
		return;
	case FERRY_INT:
		jw_int(out, key, v->i);
		return;
	case FERRY_DECIMAL:
	case FERRY_JSON:
		jw_raw(out, key, v->s, v->len);
		return;
	case FERRY_TIME:
		jw_textn(out, key, text, clock_format(v->i, text));
		return;
	case FERRY_TEXT:
		jw_textn(out, key, v->s, v->len);
		return;
	case FERRY_BYTES:
		break;
	}
	struct buf hex = BUF_INIT;
	value_show(v, SIZE_MAX, &hex);
	jw_textn(out, key, buf_str(&hex), hex.len);
	buf_release(&hex);
}

/* --------------------------------------------------------------- decimals */

/* [sign] digits [. digits] [e [sign] digits], blanks around it allowed */
struct number_parts {
	bool negative;
	const char *whole, *frac;
	size_t n_whole, n_frac;
	long exponent;
};

static size_t digits(const char *s, const char *end)
{
	size_t n = 0;
	while (s + n < end && s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

static bool split(const char *s, size_t len, struct number_parts *p)
{
	const char *end = s + len;

	memset(p, 0, sizeof *p);
	while (s < end && *s == ' ')
		s++;
	while (end > s && end[-1] == ' ')
		end--;
	if (s < end && (*s == '-' || *s == '+'))
		p->negative = *s++ == '-';
	p->whole = s;
	p->n_whole = digits(s, end);
	s += p->n_whole;
	if (s < end && *s == '.') {
		p->frac = ++s;
		p->n_frac = digits(s, end);
		s += p->n_frac;
	}
	if (!p->n_whole && !p->n_frac)
		return false;
	if (s < end && (*s == 'e' || *s == 'E')) {
		bool minus = false;
		if (++s < end && (*s == '-' || *s == '+'))
			minus = *s++ == '-';
		size_t n = digits(s, end);
		if (!n || n > 4)
			return false;
		for (; n; n--)
			p->exponent = p->exponent * 10 + (*s++ - '0');
		if (minus)
			p->exponent = -p->exponent;
	}
	return s == end && p->n_whole + p->n_frac <= DIGITS_MAX && labs(p->exponent) <= DIGITS_MAX;
}

bool decimal_normal(const char *s, size_t len, struct buf *out)
{
	struct number_parts p;
	char d[2 * DIGITS_MAX + 2];

	if (!split(s, len, &p))
		return false;
	size_t n = p.n_whole + p.n_frac, from = 0;
	memcpy(d, p.whole, p.n_whole);
	if (p.n_frac)
		memcpy(d + p.n_whole, p.frac, p.n_frac);
	long point = (long)p.n_whole + p.exponent;	/* digits before the point, counted from d[0] */
	while (from < n && d[from] == '0')
		from++, point--;
	while (n > from && d[n - 1] == '0')
		n--;
	if (from == n) {
		buf_addc(out, '0');
		return true;
	}
	if (p.negative)
		buf_addc(out, '-');
	if (point <= 0) {
		buf_adds(out, "0.");
		for (long i = point; i < 0; i++)
			buf_addc(out, '0');
		buf_add(out, d + from, n - from);
		return true;
	}
	for (long i = 0; i < point; i++)
		buf_addc(out, from + (size_t)i < n ? d[from + (size_t)i] : '0');
	if ((long)(n - from) > point) {
		buf_addc(out, '.');
		buf_add(out, d + from + point, n - from - (size_t)point);
	}
	return true;
}

/* -------------------------------------------------------------- conversion */

static bool integer_from_text(const char *s, size_t len, int64_t *ret)
{
	struct buf norm = BUF_INIT;
	bool ok = false;

	if (decimal_normal(s, len, &norm) && norm.len <= 20 && !strchr(norm.s, '.')) {
		char *end;
		__int128 v = 0;
		bool minus = norm.s[0] == '-';
		for (end = norm.s + minus; *end; end++)
			v = v * 10 + (*end - '0');
		v = minus ? -v : v;
		ok = v >= INT64_MIN && v <= INT64_MAX;
		if (ok)
			*ret = (int64_t)v;
	}
	buf_release(&norm);
	return ok;
}

static bool to_integer(struct ferry_value *v)
{
	int64_t i;

	if (v->type == FERRY_BOOL)
		*v = value_int(v->i);
	else if (v->type == FERRY_TEXT || v->type == FERRY_DECIMAL) {
		if (!integer_from_text(v->s, v->len, &i))
			return false;
		*v = value_int(i);
	}
	return v->type == FERRY_INT;
}

static bool to_decimal(struct ferry_value *v, struct arena *arena)
{
	struct buf norm = BUF_INIT;

	if (v->type == FERRY_INT)
		buf_addf(&norm, "%" PRId64, v->i);
	else if ((v->type != FERRY_TEXT && v->type != FERRY_DECIMAL) || !decimal_normal(v->s, v->len, &norm)) {
		buf_release(&norm);
		return false;
	}
	v->s = arena_strndup(arena, norm.s, norm.len);
	v->len = (uint32_t)norm.len;
	v->type = FERRY_DECIMAL;
	buf_release(&norm);
	return true;
}

static bool to_text(struct ferry_value *v, struct arena *arena)
{
	if (v->type == FERRY_BYTES)
		return false;
	if (v->type == FERRY_TEXT)
		return true;
	struct buf b = BUF_INIT;
	value_show(v, SIZE_MAX, &b);
	*v = value_textn(arena_strndup(arena, b.s, b.len), b.len);
	buf_release(&b);
	return true;
}

static bool word(const struct ferry_value *v, const char *w)
{
	return v->len == strlen(w) && strncasecmp(v->s, w, v->len) == 0;
}

static bool to_bool(struct ferry_value *v)
{
	if (v->type == FERRY_INT && (v->i == 0 || v->i == 1))
		*v = value_bool(v->i);
	else if (v->type == FERRY_TEXT && (word(v, "true") || word(v, "t") || word(v, "yes") || word(v, "1")))
		*v = value_bool(true);
	else if (v->type == FERRY_TEXT && (word(v, "false") || word(v, "f") || word(v, "no") || word(v, "0")))
		*v = value_bool(false);
	return v->type == FERRY_BOOL;
}

static bool to_json(struct ferry_value *v, struct arena *arena)
{
	struct json_doc *doc;

	if (v->type == FERRY_JSON)
		return true;
	if (v->type == FERRY_TEXT) {
		/* a text that holds JSON is that JSON */
		if (json_parse(v->s, v->len, "value", &doc, NULL) != 0)
			return false;
		json_free(doc);
		v->type = FERRY_JSON;
		return true;
	}
	struct buf b = BUF_INIT;
	value_json(v, NULL, &b);
	v->s = arena_strndup(arena, b.s, b.len);
	v->len = (uint32_t)b.len;
	v->type = FERRY_JSON;
	buf_release(&b);
	return true;
}

bool value_convert(struct ferry_value *v, enum ferry_type type, struct arena *arena, char *why, size_t why_size)
{
	struct ferry_value was = *v;
	int64_t us;
	bool ok = true;

	if (v->type == FERRY_NULL || type == FERRY_NULL || v->type == type)
		return true;
	switch (type) {
	case FERRY_NULL:
		break;
	case FERRY_BOOL:
		ok = to_bool(v);
		break;
	case FERRY_INT:
		ok = to_integer(v);
		break;
	case FERRY_DECIMAL:
		ok = to_decimal(v, arena);
		break;
	case FERRY_TEXT:
		ok = to_text(v, arena);
		break;
	case FERRY_TIME:
		ok = v->type == FERRY_TEXT && clock_parse(v->s, v->len, &us);
		if (ok)
			*v = value_time(us);
		break;
	case FERRY_JSON:
		ok = to_json(v, arena);
		break;
	case FERRY_BYTES:
		ok = v->type == FERRY_TEXT || v->type == FERRY_JSON;
		if (ok)
			v->type = FERRY_BYTES;
		break;
	}
	if (!ok) {
		struct buf b = BUF_INIT;
		value_show(&was, 60, &b);
		snprintf(why, why_size, "'%s' is no %s", buf_str(&b), type_name(type));
		buf_release(&b);
		*v = was;
	}
	return ok;
}

bool value_true(const struct ferry_value *v)
{
	switch (v->type) {
	case FERRY_BOOL:
	case FERRY_INT:
		return v->i != 0;
	case FERRY_TEXT:
	case FERRY_DECIMAL: {
		size_t i = 0;
		while (i < v->len && strchr("+-0. ", v->s[i]))
			i++;
		return i < v->len && v->s[i] >= '1' && v->s[i] <= '9';
	}
	default:
		return false;
	}
}
