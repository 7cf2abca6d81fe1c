/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clean.c - texts in a line are cleaned one by one and written anew: a secret with a quote in it looks
 * different within JSON.
 */
#include "pipeline/clean.h"

#include <string.h>

#include "wire/json.h"

/* A key or an id that changed on its way would be another record's. */
static bool names_something(const char *member)
{
	static const char *const names[] = {
		"type", "segment", "stage", "key", "form", "dest_id", "code", "name", "group", "status", NULL,
	};

	for (size_t i = 0; member && names[i]; i++)
		if (strcmp(member, names[i]) == 0)
			return true;
	return false;
}

static void put(const struct redactor *secrets, json_node *v, const char *member, struct buf *out)
{
	enum json_kind kind = json_kind(v);
	struct buf text = BUF_INIT;
	void *iter = NULL;
	const char *name;
	json_node *inner;

	if (kind == JSON_STRING && !names_something(member)) {
		redact_text(secrets, json_text(v, NULL), &text);
		jw_text(out, member, buf_str(&text));
		buf_release(&text);
	} else if (kind == JSON_OBJECT) {
		jw_open(out, member, '{');
		while (json_next(v, &iter, &name, &inner))
			put(secrets, inner, name, out);
		jw_close(out, '}');
	} else if (kind == JSON_ARRAY) {
		jw_open(out, member, '[');
		for (size_t i = 0; i < json_count(v); i++)
			put(secrets, json_at(v, i), NULL, out);
		jw_close(out, ']');
	} else if (kind == JSON_NULL) {
		jw_null(out, member);
	} else {
		size_t len;
		const char *s = json_dump(v, &len);
		jw_raw(out, member, s, len);
	}
}

void clean_line(const struct redactor *secrets, struct buf *line)
{
	struct buf clean = BUF_INIT;
	struct json_doc *doc;

	if (json_parse(line->s, line->len, "line", &doc, NULL) == 0) {
		put(secrets, json_root(doc), NULL, &clean);
		json_free(doc);
	} else {
		redact_text(secrets, buf_str(line), &clean);
	}
	buf_release(line);
	*line = clean;
}
