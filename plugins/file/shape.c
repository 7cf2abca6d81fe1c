/* SPDX-License-Identifier: Apache-2.0 */
/* shape.c - what a journal is about, as bytes and back. */
#include "file/destination.h"

#include <stdlib.h>
#include <string.h>

void bytes_put_number(struct rest_buf *out, uint32_t n)
{
	rest_add(out, &n, sizeof n);
}

void bytes_put(struct rest_buf *out, const char *s, size_t len)
{
	bytes_put_number(out, (uint32_t)len);
	rest_add(out, s, len);
}

uint32_t bytes_number(struct bytes *b)
{
	uint32_t n = 0;

	if (!b->p || (size_t)(b->end - b->p) < sizeof n) {
		b->p = NULL;
		return 0;
	}
	memcpy(&n, b->p, sizeof n);
	b->p += sizeof n;
	return n;
}

const char *bytes_text(struct bytes *b, size_t *len)
{
	*len = bytes_number(b);
	if (!b->p || (size_t)(b->end - b->p) < *len) {
		b->p = NULL;
		*len = 0;
		return "";
	}
	const char *s = b->p;
	b->p += *len;
	return s;
}

void shape_put(const struct shape *s, struct rest_buf *out)
{
	const struct dialect *d = &s->dialect;
	const char how[] = {(char)d->form, d->delimiter, d->quote, d->header, d->crlf, s->disables};

	bytes_put(out, how, sizeof how);
	bytes_put(out, d->null, d->null_len);
	bytes_put_number(out, s->file_mode);
	bytes_put_number(out, (uint32_t)s->n);
	for (size_t i = 0; i < shape_width(s); i++)
		bytes_put(out, s->names[i], strlen(s->names[i]));
	bytes_put_number(out, (uint32_t)s->n_key);
	for (size_t i = 0; i < s->n_key; i++)
		bytes_put_number(out, (uint32_t)s->key[i]);
}

static bool get_dialect(struct bytes *b, struct shape *s)
{
	size_t len, null_len;
	const char *how = bytes_text(b, &len);
	const char *null = bytes_text(b, &null_len);
	struct dialect *d = &s->dialect;

	if (!b->p || len != 6 || null_len >= sizeof d->null)
		return false;
	*d = (struct dialect){
		.form = how[0] ? FORM_JSONL : FORM_CSV, .delimiter = how[1], .quote = how[2],
		.header = how[3], .crlf = how[4], .null_len = null_len,
	};
	memcpy(d->null, null, null_len);
	d->special['\n'] = d->special['\r'] = d->special[(unsigned char)d->delimiter] = true;
	if (d->quote)
		d->special[(unsigned char)d->quote] = true;
	s->disables = how[5];
	return true;
}

bool shape_get(const char *p, size_t size, struct shape *s)
{
	struct bytes b = {p, p + size};
	size_t len, left = size / sizeof(uint32_t);

	*s = (struct shape){0};
	if (!get_dialect(&b, s))
		return false;
	s->file_mode = bytes_number(&b);
	s->n = bytes_number(&b);
	if (!b.p || s->n > left)
		return false;
	s->names = rest_alloc(s->n + 2, sizeof *s->names);
	for (size_t i = 0; i < shape_width(s); i++) {
		const char *name = bytes_text(&b, &len);
		s->names[i] = rest_copy(name, len);
	}
	s->n_key = bytes_number(&b);
	if (!b.p || s->n_key > s->n)
		return false;
	s->key = rest_alloc(s->n_key, sizeof *s->key);
	for (size_t i = 0; i < s->n_key; i++) {
		s->key[i] = bytes_number(&b);
		if (s->key[i] >= s->n)
			return false;
	}
	return b.p == b.end && s->n_key;
}

void shape_free(struct shape *s)
{
	names_free(s->names);
	free(s->key);
	*s = (struct shape){0};
}
