/* SPDX-License-Identifier: Apache-2.0 */
/* format.c - what both formats share: fields to values, values to fields. */
#include "file/file.h"

#include <stdlib.h>
#include <string.h>

struct field *record_add_field(struct record *r)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 32;
		r->fields = rest_resize(r->fields, r->cap, sizeof *r->fields);
	}
	return &r->fields[r->n++];
}

void record_release(struct record *r)
{
	free(r->fields);
	*r = (struct record){0};
}

enum parsed record_parse(const struct dialect *d, const char *p, const char *end, bool eof,
			 struct record *r, struct flaw *flaw)
{
	if (d->form == FORM_JSONL)
		return jsonl_parse(p, end, eof, r, flaw);
	return csv_parse(d, p, end, eof, r, flaw);
}

/* Bytes of the character at s, which is not ASCII; 0 when it is none. */
static size_t character(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (!n || left < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* longer than need be, a surrogate, or beyond the last character */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

const char *utf8_flaw(const char *text, size_t len, bool nul_is_flaw)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;
	const uint64_t tops = 0x8080808080808080;

	if (nul_is_flaw && len && memchr(text, '\0', len))
		return memchr(text, '\0', len);
	while (s < end) {
		uint64_t w;
		while (end - s >= 8 && (memcpy(&w, s, 8), !(w & tops)))
			s += 8;
		if (s == end)
			break;
		size_t n = *s < 0x80 ? 1 : character(s, (size_t)(end - s));
		if (!n)
			return (const char *)s;
		s += n;
	}
	return NULL;
}

/* ------------------------------------------------------------------ reading */

static struct rest_piece piece_of(const struct field *f)
{
	size_t quotes = f->kind == REST_STRING;

	return (struct rest_piece){f->s + quotes, f->len - 2 * quotes, f->kind, f->escaped};
}

static bool csv_text(const struct dialect *d, const struct field *f, struct rest_buf *room,
		     const char **s, size_t *len)
{
	*s = f->s;
	*len = f->len;
	if (!f->quoted)
		return f->len != d->null_len || memcmp(f->s, d->null, f->len) != 0;
	*s += 1;
	*len -= 2;
	if (!f->escaped)
		return true;
	rest_buf_reset(room);
	for (const char *p = *s, *end = p + *len; p < end;) {
		const char *q = memchr(p, d->quote, (size_t)(end - p));
		const char *to = q ? q + 1 : end;
		rest_add(room, p, (size_t)(to - p));
		p = q ? q + 2 : end;
	}
	*s = rest_str(room);
	*len = room->len;
	return true;
}

bool field_text(const struct dialect *d, const struct field *f, struct rest_buf *room,
		const char **s, size_t *len)
{
	if (d->form == FORM_CSV)
		return csv_text(d, f, room, s, len);
	*s = f->s;
	*len = f->len;
	if (f->kind == REST_STRING) {
		struct rest_piece piece = piece_of(f);
		*s = rest_piece_text(&piece, room, len);
	}
	return f->kind != REST_NULL;
}

static enum ferry_type own_type(const struct dialect *d, const struct field *f)
{
	static const enum ferry_type types[] = {
		[REST_NULL] = FERRY_NULL, [REST_BOOL] = FERRY_BOOL, [REST_INT] = FERRY_INT,
		[REST_NUMBER] = FERRY_DECIMAL, [REST_STRING] = FERRY_TEXT,
		[REST_ARRAY] = FERRY_JSON, [REST_OBJECT] = FERRY_JSON,
	};
	int64_t ignored;

	if (d->form == FORM_CSV)
		return FERRY_TEXT;
	if (f->kind == REST_INT && !rest_read_int(f->s, f->len, &ignored))
		return FERRY_DECIMAL;
	return types[f->kind];
}

const char *field_value(const struct dialect *d, const struct field *f, enum ferry_type type,
			struct rest_pool *pool, struct rest_buf *room, struct ferry_value *ret)
{
	const char *s;
	size_t len;

	*ret = (struct ferry_value){.type = FERRY_NULL};
	if (!field_text(d, f, room, &s, &len))
		return NULL;
	if (d->form == FORM_JSONL && type == FERRY_JSON) {
		s = f->s;
		len = f->len;
	} else if (f->escaped) {
		s = rest_pool_copy(pool, s, len);
	}
	return value_from_text(type == FERRY_NULL ? own_type(d, f) : type, s, len, pool, ret);
}

/* ------------------------------------------------------------------ writing */

/* A number as JSON writes it; else the text that it is. */
static void put_decimal(const char *s, size_t len, struct rest_buf *out)
{
	struct rest_piece piece;
	struct rest_scan scan;

	rest_scan_begin(&scan, s, len);
	if (rest_scan_value(&scan, &piece) && rest_scan_end(&scan) && piece.len == len &&
	    (piece.kind == REST_INT || piece.kind == REST_NUMBER))
		rest_add(out, s, len);
	else
		rest_add_string(out, s, len);
}

/* A line's end can only stand between the parts of a JSON value, where a blank does as well. */
static enum put put_json(const char *s, size_t len, struct rest_buf *out)
{
	size_t from = out->len;

	if (!is_json(s, len))
		return PUT_NOT_JSON;
	rest_add(out, s, len);
	for (size_t i = from; i < out->len; i++)
		if (out->s[i] == '\n' || out->s[i] == '\r')
			out->s[i] = ' ';
	return PUT_OK;
}

static enum put jsonl_put(const struct ferry_value *v, struct rest_buf *room, struct rest_buf *out)
{
	const char *s;
	size_t len;

	if (v->type == FERRY_NULL) {
		rest_adds(out, "null");
		return PUT_OK;
	}
	value_text(v, room, &s, &len);
	switch ((enum ferry_type)v->type) {
	case FERRY_BOOL:
	case FERRY_INT:
		rest_add(out, s, len);
		return PUT_OK;
	case FERRY_DECIMAL:
		put_decimal(s, len, out);
		return PUT_OK;
	case FERRY_JSON:
		return put_json(s, len, out);
	default:
		if (utf8_flaw(s, len, false))
			return PUT_NOT_UTF8;
		rest_add_string(out, s, len);
		return PUT_OK;
	}
}

enum put field_put(const struct dialect *d, const struct ferry_value *v, struct rest_buf *room,
		   struct rest_buf *out)
{
	const char *s;
	size_t len;

	if (d->form == FORM_JSONL)
		return jsonl_put(v, room, out);
	if (v->type == FERRY_NULL) {
		rest_add(out, d->null, d->null_len);
		return PUT_OK;
	}
	value_text(v, room, &s, &len);
	return csv_put_text(d, s, len, out);
}

enum put name_put(const struct dialect *d, const char *name, struct rest_buf *out)
{
	if (d->form == FORM_CSV)
		return csv_put_text(d, name, strlen(name), out);
	rest_add_string(out, name, strlen(name));
	return PUT_OK;
}

void record_put(const struct dialect *d, const struct field *names, const struct field *fields,
		size_t n, struct rest_buf *out)
{
	bool json = d->form == FORM_JSONL;

	if (json)
		rest_add(out, "{", 1);
	for (size_t i = 0; i < n; i++) {
		if (i)
			rest_add(out, json ? "," : &d->delimiter, 1);
		if (json) {
			rest_add(out, names[i].s, names[i].len);
			rest_add(out, ":", 1);
		}
		rest_add(out, fields[i].s, fields[i].len);
	}
	if (json)
		rest_add(out, "}", 1);
	rest_adds(out, d->crlf ? "\r\n" : "\n");
}
