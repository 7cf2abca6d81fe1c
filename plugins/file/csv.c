/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.c - records of RFC 4180, read and written. A field is NULL when it stands without quotes and
 * is the dialect's text for NULL, which is nothing at all unless the settings say otherwise.
 */
#include "file/file.h"

#include <string.h>

static enum parsed wrong(struct flaw *flaw, const char *at, const char *why)
{
	*flaw = (struct flaw){why, at};
	return PARSE_WRONG;
}

/* Past the closing quote of the field at p; NULL when it is not there. */
static const char *skip_quoted(char quote, const char *p, const char *end, bool eof, bool *escaped)
{
	const char *q = p + 1;

	while ((q = memchr(q, quote, (size_t)(end - q)))) {
		if (q + 1 < end && q[1] == quote) {
			*escaped = true;
			q += 2;
			continue;
		}
		return q + 1 < end || eof ? q + 1 : NULL;
	}
	return NULL;
}

static enum parsed end_of_record(struct record *r, const char *p, const char *at, const char *end)
{
	r->s = p;
	r->body = (size_t)(at - p);
	while (at < end && *at == '\r')
		at++;
	r->len = (size_t)((at < end ? at + 1 : at) - p);
	return PARSED;
}

enum parsed csv_parse(const struct dialect *d, const char *p, const char *end, bool eof,
		      struct record *r, struct flaw *flaw)
{
	const char *at = p;

	r->n = 0;
	for (;;) {
		struct field *f = record_add_field(r);
		*f = (struct field){.s = at};
		if (d->quote && at < end && *at == d->quote) {
			f->quoted = true;
			const char *behind = skip_quoted(d->quote, at, end, eof, &f->escaped);
			if (!behind)
				return eof ? wrong(flaw, at, "a quote is not closed") : PARSE_MORE;
			at = behind;
		} else {
			while (at < end && !d->special[(unsigned char)*at])
				at++;
		}
		f->len = (size_t)(at - f->s);
		if (at == end)
			return eof ? end_of_record(r, p, at, end) : PARSE_MORE;
		if (*at == d->delimiter) {
			at++;
			continue;
		}
		if (*at == '\n')
			return end_of_record(r, p, at, end);
		if (*at != '\r')
			break;
		if (at + 1 == end && !eof)
			return PARSE_MORE;
		if (at + 1 == end || at[1] == '\n')
			return end_of_record(r, p, at, end);
		return wrong(flaw, at, "a carriage return that ends no line");
	}
	return wrong(flaw, at, r->fields[r->n - 1].quoted ?
		     "text between a closing quote and the next delimiter" :
		     "a quote within a field that does not begin with one");
}

enum put csv_put_text(const struct dialect *d, const char *s, size_t len, struct rest_buf *out)
{
	bool plain = len != d->null_len || memcmp(s, d->null, len) != 0;

	if (utf8_flaw(s, len, true))
		return memchr(s, '\0', len) ? PUT_NUL : PUT_NOT_UTF8;
	for (size_t i = 0; i < len && plain; i++)
		plain = !d->special[(unsigned char)s[i]];
	if (plain) {
		rest_add(out, s, len);
		return PUT_OK;
	}
	if (!d->quote)
		return PUT_UNQUOTED;
	rest_add(out, &d->quote, 1);
	for (const char *end = s + len; s < end;) {
		const char *q = memchr(s, d->quote, (size_t)(end - s));
		const char *to = q ? q + 1 : end;
		rest_add(out, s, (size_t)(to - s));
		if (q)
			rest_add(out, q, 1);
		s = to;
	}
	rest_add(out, &d->quote, 1);
	return PUT_OK;
}
