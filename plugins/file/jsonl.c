/* SPDX-License-Identifier: Apache-2.0 */
/* jsonl.c - records of JSON lines: one object on each line, its members are the fields. */
#include "file/file.h"

#include <string.h>

static bool is_blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] != ' ' && s[i] != '\t')
			return false;
	return true;
}

static bool add_member(struct record *r, struct rest_scan *scan, const struct rest_piece *name)
{
	struct rest_piece value;

	if (!rest_scan_value(scan, &value))
		return false;
	size_t quotes = value.kind == REST_STRING;
	*record_add_field(r) = (struct field){
		.s = value.s - quotes, .len = value.len + 2 * quotes, .name = *name,
		.kind = value.kind, .escaped = value.escaped,
	};
	return true;
}

enum parsed jsonl_parse(const char *p, const char *end, bool eof, struct record *r,
			struct flaw *flaw)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	struct rest_piece name;
	struct rest_scan scan;

	if (!nl && !eof)
		return PARSE_MORE;
	r->n = 0;
	r->s = p;
	r->body = (size_t)((nl ? nl : end) - p);
	r->len = r->body + (nl != NULL);
	if (r->body && p[r->body - 1] == '\r')
		r->body--;
	if (is_blank(p, r->body)) {
		r->body = 0;
		return PARSED;
	}
	rest_scan_begin(&scan, p, r->body);
	if (!rest_scan_enter(&scan, REST_OBJECT)) {
		*flaw = (struct flaw){scan.why ? scan.why : "the line is no JSON object", p};
		return PARSE_WRONG;
	}
	while (rest_scan_member(&scan, &name))
		if (!add_member(r, &scan, &name))
			break;
	if (rest_scan_end(&scan))
		return PARSED;
	*flaw = (struct flaw){scan.why ? scan.why : "the line is no JSON", scan.p};
	return PARSE_WRONG;
}
