/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.c - requests with holes: "/contacts/{{id}}", '{"contact": {{record}}}'. Taken apart once,
 * filled in for every record. In a body a value becomes JSON, inside a JSON string escaped text; in
 * a path it is percent-encoded. No I/O.
 */
#include "http/http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	enum http_name name;
} words[] = {
	{"record", HTTP_RECORD}, {"records", HTTP_RECORDS}, {"id", HTTP_ID}, {"key", HTTP_KEY},
	{"op", HTTP_OP}, {"page", HTTP_PAGE}, {"offset", HTTP_OFFSET}, {"cursor", HTTP_CURSOR},
	{"size", HTTP_SIZE},
};

enum { WORDS = sizeof words / sizeof *words };

static void add_part(struct http_template *t, struct http_part part)
{
	t->parts = rest_resize(t->parts, t->n + 1, sizeof *t->parts);
	t->parts[t->n++] = part;
	t->names |= HTTP_NAME(part.name);
}

/* -------------------------------------------------------------------- names */

struct parsing {
	struct http_template *t;
	const struct ferry_layout *layout;
	uint32_t allowed;
	enum http_form form;
	bool inside;			/* of a JSON string */
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 2, 3)))
static bool refuse(struct parsing *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, p->why_size, fmt, ap);
	va_end(ap);
	return false;
}

/* What may be written instead. */
static bool refuse_name(struct parsing *p, const char *name)
{
	struct rest_buf list = {0};

	for (size_t i = 0; i < WORDS; i++)
		if (p->allowed & HTTP_NAME(words[i].name))
			rest_addf(&list, "%s{{%s}}", list.len ? ", " : "", words[i].word);
	if (p->allowed & HTTP_NAME(HTTP_FIELD))
		rest_addf(&list, "%sand {{FIELD}} for a mapped field", list.len ? ", " : "");
	refuse(p, "{{%.64s}} cannot stand here (%s)", name,
	       list.len ? rest_str(&list) : "nothing can");
	rest_buf_release(&list);
	return false;
}

static bool find_name(struct parsing *p, const char *name, struct http_part *part)
{
	static const char below[] = "record.";
	bool qualified = !strncmp(name, below, sizeof below - 1);
	int field;

	for (size_t i = 0; i < WORDS; i++)
		if (!strcmp(name, words[i].word) && p->allowed & HTTP_NAME(words[i].name)) {
			part->name = words[i].name;
			return true;
		}
	if (!(p->allowed & HTTP_NAME(HTTP_FIELD)))
		return refuse_name(p, name);
	field = rest_field(p->layout, qualified ? name + sizeof below - 1 : name);
	if (field < 0 && qualified)
		field = rest_field(p->layout, name);
	if (field < 0)
		return refuse_name(p, name);
	part->name = HTTP_FIELD;
	part->field = (size_t)field;
	return true;
}

/* s is behind "{{"; returns what is behind "}}", or NULL. */
static const char *take_name(struct parsing *p, const char *s)
{
	struct http_part part = {.inside = p->inside};
	const char *end = strstr(s, "}}");
	char name[300];

	if (!end) {
		refuse(p, "'{{' has no '}}' behind it");
		return NULL;
	}
	const char *next = end + 2;
	while (s < end && *s == ' ')
		s++;
	while (end > s && end[-1] == ' ')
		end--;
	if (s == end || (size_t)(end - s) >= sizeof name) {
		refuse(p, "'{{}}' needs a name in it");
		return NULL;
	}
	memcpy(name, s, (size_t)(end - s));
	name[end - s] = '\0';
	if (!find_name(p, name, &part))
		return NULL;
	if ((part.name == HTTP_RECORD || part.name == HTTP_RECORDS) &&
	    (part.inside || p->form == HTTP_FORM_PATH)) {
		refuse(p, "{{%s}} cannot stand %s", name, part.inside ? "inside quotes" : "in a path");
		return NULL;
	}
	add_part(p->t, part);
	return next;
}

/* ------------------------------------------------------------------ parsing */

/* Up to the next hole; tells whether that is inside a JSON string. */
static const char *take_literal(struct parsing *p, const char *s)
{
	const char *from = s;

	for (; *s && strncmp(s, "{{", 2); s++) {
		if (p->form == HTTP_FORM_PATH)
			continue;
		if (*s == '"')
			p->inside = !p->inside;
		else if (p->inside && *s == '\\' && s[1])
			s++;
	}
	/* "{{{name}}}": the outer brace is the text's own */
	while (*s && s[2] == '{')
		s++;
	if (s > from)
		add_part(p->t, (struct http_part){.name = HTTP_LITERAL, .text = from,
						  .len = (size_t)(s - from)});
	return s;
}

/* With something harmless in each hole it must be JSON, or each of its lines. */
static bool check_json(struct parsing *p)
{
	struct rest_buf b = {0};
	bool good = true;

	for (size_t i = 0; i < p->t->n; i++) {
		const struct http_part *part = &p->t->parts[i];
		if (part->name == HTTP_LITERAL)
			http_put(&b, part->text, part->len);
		else if (!part->inside)
			http_put(&b, "null", 4);
	}
	const char *s = rest_str(&b);
	if (p->form == HTTP_FORM_JSON) {
		good = http_is_json(s, b.len);
	} else {
		for (size_t n; good && *s; s += n + (s[n] == '\n')) {
			n = strcspn(s, "\n");
			good = !n || http_is_json(s, n);
		}
	}
	rest_buf_release(&b);
	return good || refuse(p, "it is no JSON once filled in");
}

static bool check_path(struct parsing *p, const char *text)
{
	if (*text != '/')
		return refuse(p, "it begins with '/', which follows the connection's url");
	for (size_t i = 0; i < p->t->n; i++)
		for (size_t k = 0; k < p->t->parts[i].len; k++) {
			unsigned char c = (unsigned char)p->t->parts[i].text[k];
			if (c <= ' ' || c >= 0x7f || c == '#')
				return refuse(p, "it has a blank, '#', control or non-ASCII "
						 "character, which must be percent-encoded");
		}
	return true;
}

bool http_template_parse(const char *text, enum http_form form, uint32_t allowed,
			 const struct ferry_layout *layout, struct http_template *ret, char *why,
			 size_t why_size)
{
	struct parsing p = {ret, layout, allowed, form, false, why, why_size};
	const char *s = text;

	*ret = (struct http_template){0};
	while (*s) {
		s = take_literal(&p, s);
		if (*s && !(s = take_name(&p, s + 2)))
			return false;
	}
	if (form == HTTP_FORM_PATH)
		return check_path(&p, text);
	return check_json(&p);
}

void http_template_release(struct http_template *t)
{
	free(t->parts);
	*t = (struct http_template){0};
}

/* ------------------------------------------------------------------ filling */

static struct ferry_value text_value(const char *s, size_t len)
{
	return (struct ferry_value){.s = s, .len = (uint32_t)len, .type = FERRY_TEXT};
}

static const char *const operations[FERRY_DECISIONS] = {
	[FERRY_CREATE] = "create", [FERRY_UPDATE] = "update", [FERRY_DELETE] = "delete",
	[FERRY_DISABLE] = "disable", [FERRY_SKIP] = "skip", [FERRY_CONFLICT] = "conflict",
};

/* A single value; NULL, or why there is none. */
static const char *value_of(const struct http_part *part, const struct http_fill *fill,
			    struct ferry_value *ret)
{
	const struct ferry_action *a = fill->action;

	switch (part->name) {
	case HTTP_FIELD:
		if (!a->fields)
			return "the record's fields are not known any more (with 'snapshot: hash' "
			       "only {{id}} and {{key}} are)";
		*ret = a->fields[part->field];
		return NULL;
	case HTTP_ID:
		if (!a->dest_id || !*a->dest_id)
			return "the record's id at the destination is not known";
		*ret = text_value(a->dest_id, strlen(a->dest_id));
		return NULL;
	case HTTP_KEY:
		*ret = text_value(a->key, a->key_len);
		return NULL;
	case HTTP_OP:
		*ret = text_value(operations[a->decision], strlen(operations[a->decision]));
		return NULL;
	default:
		*ret = fill->page[part->name - HTTP_PAGE];
		return NULL;
	}
}

static const char *fill_part(struct rest_buf *b, const struct http_part *part,
			     const struct http_fill *fill)
{
	struct ferry_value v;
	const char *why;

	switch (part->name) {
	case HTTP_LITERAL:
		http_put(b, part->text, part->len);
		return NULL;
	case HTTP_RECORDS:
		http_put(b, rest_str(fill->records), fill->records->len);
		return NULL;
	case HTTP_RECORD:
		if (!fill->action->fields)
			return "the record's fields are not known any more (with 'snapshot: hash' "
			       "only {{id}} and {{key}} are)";
		http_put_record(b, fill->record, fill->action->fields);
		return NULL;
	default:
		why = value_of(part, fill, &v);
		if (!why && part->inside)
			http_put_inside(b, &v);
		else if (!why)
			http_put_value(b, &v);
		return why;
	}
}

static void cut_to(struct rest_buf *b, size_t len)
{
	b->len = len;
	if (b->s)
		b->s[len] = '\0';
}

const char *http_fill_body(struct rest_buf *b, const struct http_template *t,
			   const struct http_fill *fill)
{
	size_t from = b->len;
	const char *why = NULL;

	for (size_t i = 0; i < t->n && !why; i++)
		why = fill_part(b, &t->parts[i], fill);
	if (why)
		cut_to(b, from);
	return why;
}

const char *http_fill_path(struct rest_buf *b, const struct http_template *t,
			   const struct http_fill *fill)
{
	struct rest_buf plain = {0};
	size_t from = b->len;
	const char *why = NULL;

	for (size_t i = 0; i < t->n && !why; i++) {
		const struct http_part *part = &t->parts[i];
		struct ferry_value v;
		if (part->name == HTTP_LITERAL) {
			rest_add(b, part->text, part->len);
			continue;
		}
		why = value_of(part, fill, &v);
		if (why)
			break;
		rest_buf_reset(&plain);
		http_put_plain(&plain, &v);
		/* "/contacts/" would be all of them */
		if (!plain.len && part->name < HTTP_PAGE)
			why = "a value that the path needs is empty";
		rest_add_encoded(b, rest_str(&plain), plain.len);
	}
	rest_buf_release(&plain);
	if (why)
		cut_to(b, from);
	return why;
}
