/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write.c - values as JSON text, straight into a buffer: a batch of a thousand records is written in
 * less time than it takes to send. Knows nothing of templates and requests.
 */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

/* Room for n more bytes and the NUL. */
static inline char *room(struct rest_buf *b, size_t n)
{
	if (b->cap - b->len <= n) {
		size_t cap = b->cap ? b->cap : 4096;
		while (cap - b->len <= n)
			cap *= 2;
		b->s = rest_resize(b->s, cap, 1);
		b->cap = cap;
	}
	return b->s + b->len;
}

static inline void put(struct rest_buf *b, const char *s, size_t len)
{
	char *to = room(b, len);

	if (len)
		memcpy(to, s, len);
	to[len] = '\0';
	b->len += len;
}

void http_put(struct rest_buf *b, const char *s, size_t len)
{
	put(b, s, len);
}

/* ------------------------------------------------------------------- texts */

/* What a byte becomes inside a JSON string: 0 itself, 'u' \u00xx, else \ and this letter. */
static const char escapes[256] = {
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
	['"'] = '"', ['\\'] = '\\',
};

static void put_escaped(struct rest_buf *b, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	char *to = room(b, len * 6);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		char e = escapes[c];
		if (!e) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '\\';
		*to++ = e;
		if (e == 'u') {
			*to++ = '0';
			*to++ = '0';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	*to = '\0';
	b->len = (size_t)(to - b->s);
}

void http_put_string(struct rest_buf *b, const char *s, size_t len)
{
	put(b, "\"", 1);
	put_escaped(b, s, len);
	put(b, "\"", 1);
}

static void put_base64(struct rest_buf *b, const char *s, size_t len)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *to = room(b, len / 3 * 4 + 4);

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)(unsigned char)s[i] << 16;
		bits |= i + 1 < len ? (uint32_t)(unsigned char)s[i + 1] << 8 : 0;
		bits |= i + 2 < len ? (unsigned char)s[i + 2] : 0;
		*to++ = letters[bits >> 18];
		*to++ = letters[bits >> 12 & 63];
		*to++ = i + 1 < len ? letters[bits >> 6 & 63] : '=';
		*to++ = i + 2 < len ? letters[bits & 63] : '=';
	}
	*to = '\0';
	b->len = (size_t)(to - b->s);
}

/* ----------------------------------------------------------------- numbers */

static void put_int(struct rest_buf *b, int64_t i)
{
	char text[24], *p = text + sizeof text;
	uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;

	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (i < 0)
		*--p = '-';
	put(b, p, (size_t)(text + sizeof text - p));
}

static char *two(char *to, int64_t n)
{
	*to++ = (char)('0' + n / 10);
	*to++ = (char)('0' + n % 10);
	return to;
}

/* As rest_time_format does it, without printf. */
static void put_time(struct rest_buf *b, int64_t us)
{
	int64_t secs = us / 1000000, frac = us % 1000000;

	secs -= frac < 0;
	frac += frac < 0 ? 1000000 : 0;
	int64_t days = secs / 86400, rest = secs % 86400;
	days -= rest < 0;
	rest += rest < 0 ? 86400 : 0;
	/* eras of 400 years that begin in March */
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097, doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);

	if (year < 0 || year > 9999) {	/* no four digits: the slow way knows what to do */
		char text[REST_TIME];
		put(b, text, rest_time_format(us, -1, true, text));
		return;
	}
	char *to = two(two(room(b, 32), year / 100), year % 100);
	*to++ = '-';
	to = two(to, month);
	*to++ = '-';
	to = two(to, doy - (153 * mp + 2) / 5 + 1);
	*to++ = 'T';
	to = two(to, rest / 3600);
	*to++ = ':';
	to = two(to, rest / 60 % 60);
	*to++ = ':';
	to = two(to, rest % 60);
	if (frac) {
		*to++ = '.';
		to = two(to, frac / 10000);
		*to++ = (char)('0' + frac / 1000 % 10);
		if (frac % 1000) {
			*to++ = (char)('0' + frac / 100 % 10);
			to = two(to, frac % 100);
		}
	}
	*to++ = 'Z';
	*to = '\0';
	b->len = (size_t)(to - b->s);
}

/* "-12.50", the form nearly all have. */
static bool is_plain_decimal(const char *s, size_t len)
{
	size_t i = len && s[0] == '-', first = i, dots = 0;

	if (i + 1 < len && s[i] == '0' && s[i + 1] != '.')
		return false;
	for (; i < len; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			continue;
		if (s[i] != '.' || dots++ || i == first || i + 1 == len)
			return false;
	}
	return i > first;
}

/* A decimal that JSON has no form for ("+1", ".5") goes as text rather than broken. */
static void put_decimal(struct rest_buf *b, const char *s, size_t len)
{
	bool number = len && (s[0] == '-' || (s[0] >= '0' && s[0] <= '9')) &&
		s[len - 1] >= '0' && s[len - 1] <= '9';

	if (is_plain_decimal(s, len) || (number && http_is_json(s, len)))
		put(b, s, len);
	else
		http_put_string(b, s, len);
}

/* One line, whatever blanks it was laid out with: it may stand in a body of lines. */
static void put_json(struct rest_buf *b, const char *s, size_t len)
{
	if (!http_is_json(s, len)) {
		http_put_string(b, s, len);
		return;
	}
	size_t from = b->len;
	put(b, s, len);
	for (char *p = b->s + from; (p = strpbrk(p, "\r\n"));)
		*p = ' ';
}

/* ------------------------------------------------------------------ values */

void http_put_plain(struct rest_buf *b, const struct ferry_value *v)
{
	switch ((enum ferry_type)v->type) {
	case FERRY_NULL: break;
	case FERRY_BOOL: put(b, v->i ? "true" : "false", v->i ? 4 : 5); break;
	case FERRY_INT: put_int(b, v->i); break;
	case FERRY_TIME: put_time(b, v->i); break;
	case FERRY_BYTES: put_base64(b, v->s, v->len); break;
	case FERRY_DECIMAL: case FERRY_TEXT: case FERRY_JSON: put(b, v->s, v->len); break;
	}
}

void http_put_inside(struct rest_buf *b, const struct ferry_value *v)
{
	if (v->type == FERRY_TEXT || v->type == FERRY_JSON)
		put_escaped(b, v->s, v->len);
	else
		http_put_plain(b, v);
}

void http_put_value(struct rest_buf *b, const struct ferry_value *v)
{
	switch ((enum ferry_type)v->type) {
	case FERRY_NULL: put(b, "null", 4); break;
	case FERRY_BOOL: case FERRY_INT: http_put_plain(b, v); break;
	case FERRY_DECIMAL: put_decimal(b, v->s, v->len); break;
	case FERRY_TEXT: http_put_string(b, v->s, v->len); break;
	case FERRY_JSON: put_json(b, v->s, v->len); break;
	case FERRY_TIME: case FERRY_BYTES:
		put(b, "\"", 1);
		http_put_plain(b, v);
		put(b, "\"", 1);
		break;
	}
}

/* ----------------------------------------------------------------- records */

enum step_kind { STEP_VALUE, STEP_OPEN, STEP_CLOSE };

/* One member of the object, or the begin or end of one that is nested. */
struct http_step {
	enum step_kind kind;
	size_t field;
	char *label;			/* ,"name":  with its comma, for all but the first */
	size_t len;
};

static void add_step(struct http_record *r, enum step_kind kind, size_t field, const char *name,
		     size_t len)
{
	struct rest_buf label = {0};

	if (kind != STEP_CLOSE) {
		rest_adds(&label, ",");
		http_put_string(&label, name, len);
		rest_adds(&label, kind == STEP_OPEN ? ":{" : ":");
	}
	r->steps = rest_resize(r->steps, r->n + 1, sizeof *r->steps);
	r->steps[r->n++] = (struct http_step){kind, field, label.s, label.len};
}

/* All fields below a prefix ("a.b."), each nested object where its first field stands. */
static void add_level(struct http_record *r, const struct ferry_layout *layout, const char *prefix,
		      size_t skip, bool *done)
{
	for (size_t i = 0; i < layout->n; i++) {
		const char *name = layout->names[i];
		if (done[i] || strncmp(name, prefix, skip))
			continue;
		const char *dot = strchr(name + skip, '.');
		if (dot) {
			add_step(r, STEP_OPEN, 0, name + skip, (size_t)(dot - name) - skip);
			add_level(r, layout, name, (size_t)(dot - name) + 1, done);
			add_step(r, STEP_CLOSE, 0, "", 0);
		} else {
			done[i] = true;
			add_step(r, STEP_VALUE, i, name + skip, strlen(name + skip));
		}
	}
}

void http_record_init(struct http_record *r, const struct ferry_layout *layout, bool omit_nulls)
{
	bool *done = rest_alloc(layout->n, sizeof *done);

	*r = (struct http_record){.omit_nulls = omit_nulls};
	add_level(r, layout, "", 0, done);
	free(done);
}

void http_record_release(struct http_record *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->steps[i].label);
	free(r->steps);
	*r = (struct http_record){0};
}

void http_put_record(struct rest_buf *b, const struct http_record *r,
		     const struct ferry_value *fields)
{
	bool first = true;

	put(b, "{", 1);
	for (size_t i = 0; i < r->n; i++) {
		const struct http_step *s = &r->steps[i];
		if (s->kind == STEP_CLOSE) {
			put(b, "}", 1);
			first = false;
			continue;
		}
		if (s->kind == STEP_VALUE && r->omit_nulls && fields[s->field].type == FERRY_NULL)
			continue;
		put(b, s->label + first, s->len - first);
		first = s->kind == STEP_OPEN;
		if (!first)
			http_put_value(b, &fields[s->field]);
	}
	put(b, "}", 1);
}
