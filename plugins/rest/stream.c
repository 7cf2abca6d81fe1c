/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c - finds the elements of a list in a JSON answer that comes in pieces, which may end
 * anywhere. It looks no further into a value than to find its end; the scanner checks and reads it.
 */
#include "rest/stream.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ELEMENT ((size_t)32 << 20)

/* What must come next. */
enum {
	BEFORE,				/* the list, or an object on the way to it */
	FIRST_ELEMENT, ELEMENT, AFTER_ELEMENT,
	FIRST_NAME, NAME, COLON, WANTED_COLON, VALUE, AFTER_VALUE,
	END,
};

/* A value that is being read, if there is one. */
enum { NO_PART, ELEMENT_PART, NAME_PART, VALUE_PART };

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* -------------------------------------------------------------------- errors */

static int hint_at_page(const struct rest_list *l, struct ferry_error *err)
{
	size_t i = 0;

	while (i < l->head_len && blank(l->head[i]))
		i++;
	if (i < l->head_len && l->head[i] == '<')
		rest_hint(err, "a web page came instead of an API answer: check the connection's "
			       "url, and whether a login page or proxy stands in between");
	return -1;
}

static int fail_at(const struct rest_api *api, const struct rest_list *l, uint64_t at,
		   const char *why, struct ferry_error *err)
{
	char start[sizeof l->head];

	rest_excerpt(api, l->head, l->head_len, start, sizeof start);
	if (l->n)
		return api->host->fail(err, FERRY_E_PROTOCOL,
				       "%s: %s's answer is not the promised JSON: %s at byte %llu, "
				       "behind element %llu",
				       l->what, api->peer, why, (unsigned long long)at,
				       (unsigned long long)l->n);
	api->host->fail(err, FERRY_E_PROTOCOL,
			"%s: %s's answer is not the promised JSON: %s at byte %llu: %s", l->what,
			api->peer, why, (unsigned long long)at, l->head_len ? start : "(empty)");
	return hint_at_page(l, err);
}

int rest_list_end(const struct rest_api *api, struct rest_list *l, struct ferry_error *err)
{
	if (l->state != END)
		return api->host->fail(err, FERRY_E_PROTOCOL,
				       "%s: %s's answer ended in the middle, after %llu bytes and "
				       "%llu elements",
				       l->what, api->peer, (unsigned long long)l->bytes,
				       (unsigned long long)l->n);
	if (!l->has_list)
		return api->host->fail(err, FERRY_E_PROTOCOL, "%s: %s's answer has no list '%s'",
				       l->what, api->peer, l->path);
	return 0;
}

/* ---------------------------------------------------------------------- path */

/* The name to look for in the level-th object; NULL when the list itself is there. */
static const char *segment(const struct rest_list *l, unsigned level, size_t *len)
{
	const char *s = l->path;

	for (; s && level; level--) {
		s = strchr(s, '.');
		s = s ? s + 1 : NULL;
	}
	if (s)
		*len = strcspn(s, ".");
	return s;
}

static bool is_wanted(const struct rest_list *l, const struct rest_piece *name)
{
	size_t len = 0;
	const char *s = l->has_list ? NULL : segment(l, l->level - 1, &len);

	return s && rest_piece_is(name, s, len);
}

/* ------------------------------------------------------------- between values */

static const char *open_value(struct rest_list *l, char c)
{
	size_t len;

	if (segment(l, l->level, &len)) {
		if (c != '{')
			return "it is no object";
		l->level++;
		l->state = FIRST_NAME;
		return NULL;
	}
	if (c != '[')
		return "it is no array";
	l->has_list = true;
	l->state = FIRST_ELEMENT;
	return NULL;
}

static const char *begin_part(struct rest_list *l, char c, int part)
{
	if (part == NAME_PART && c != '"')
		return "a member has no name";
	if (strchr(",:]}", c))
		return "no JSON value";
	l->part = part;
	l->depth = 0;
	l->in_string = l->escaped = false;
	return NULL;
}

/* An object or the list ends, and with it the value that it is, if it is one. */
static const char *leave(struct rest_list *l)
{
	l->state = l->level ? AFTER_VALUE : END;
	return NULL;
}

/*
 * What stands between the values, but for blanks. *begins: it is the first byte of a value, and is
 * still to be read. What is wrong with it, or NULL.
 */
static const char *step(struct rest_list *l, char c, bool *begins)
{
	*begins = false;
	switch (l->state) {
	case BEFORE:
		return open_value(l, c);
	case FIRST_ELEMENT:
		if (c == ']')
			return leave(l);
		/* fall through */
	case ELEMENT:
		*begins = true;
		return begin_part(l, c, ELEMENT_PART);
	case FIRST_NAME:
		if (c == '}') {
			l->level--;
			return leave(l);
		}
		/* fall through */
	case NAME:
		*begins = true;
		return begin_part(l, c, NAME_PART);
	case COLON:
	case WANTED_COLON:
		if (c != ':')
			return "a colon is missing";
		l->state = l->state == COLON ? VALUE : BEFORE;
		return NULL;
	case VALUE:
		*begins = true;
		return begin_part(l, c, VALUE_PART);
	case AFTER_ELEMENT:
	case AFTER_VALUE:
		if (c == ',') {
			l->state = l->state == AFTER_VALUE ? NAME : ELEMENT;
			return NULL;
		}
		if (c != (l->state == AFTER_VALUE ? '}' : ']'))
			return "a comma is missing";
		l->level -= l->state == AFTER_VALUE;
		return leave(l);
	default:
		return "more text follows";
	}
}

/* --------------------------------------------------------------------- values */

/* How many bytes at p belong to the part; *whole: it ends there. */
static size_t part_length(struct rest_list *l, const char *p, const char *end, bool *whole)
{
	const char *start = p;

	for (*whole = false; p < end && !*whole; p++) {
		if (l->escaped) {
			l->escaped = false;
		} else if (l->in_string) {
			while (p < end && *p != '"' && *p != '\\')
				p++;
			if (p == end)
				break;
			l->escaped = *p == '\\';
			l->in_string = l->escaped;
			*whole = !l->in_string && !l->depth;
		} else if (*p == '"') {
			l->in_string = true;
		} else if (*p == '{' || *p == '[') {
			l->depth++;
		} else if (!l->depth && (blank(*p) || strchr(",:]}", *p))) {
			/* behind a bare word or number */
			*whole = true;
			break;
		} else if (*p == '}' || *p == ']') {
			*whole = !--l->depth;
		}
	}
	return (size_t)(p - start);
}

/* A part is whole: check it, and see what it was. */
static int take_part(const struct rest_api *api, struct rest_list *l, const char *text, size_t len,
		     struct ferry_error *err)
{
	struct rest_piece piece = {.s = text, .len = len};
	struct rest_scan scan;

	rest_scan_begin(&scan, text, len);
	if (l->part == ELEMENT_PART) {
		piece.kind = *text == '{' ? REST_OBJECT : *text == '[' ? REST_ARRAY : REST_STRING;
		if (!l->found)
			l->found = rest_alloc(l->tree->n, sizeof *l->found);
		rest_scan_pick(&scan, l->tree, l->found);
	} else {
		rest_scan_value(&scan, &piece);
	}
	if (!rest_scan_end(&scan))
		return fail_at(api, l, l->bytes - (uint64_t)(scan.end - scan.p), scan.why, err);
	if (l->part == ELEMENT_PART) {
		l->refused = l->element(l->ctx, &piece, l->found, err) != 0;
		if (l->refused)
			return -1;
		l->n++;
	}
	l->state = l->part == ELEMENT_PART ? AFTER_ELEMENT : l->part == VALUE_PART ? AFTER_VALUE
		: is_wanted(l, &piece) ? WANTED_COLON : COLON;
	l->part = NO_PART;
	rest_buf_reset(&l->held);
	return 0;
}

/* The part goes on at p; *used of it are its own. */
static int read_part(const struct rest_api *api, struct rest_list *l, const char *p,
		     const char *end, size_t *used, struct ferry_error *err)
{
	size_t max = l->max_element ? l->max_element : MAX_ELEMENT;
	bool whole;
	size_t n = *used = part_length(l, p, end, &whole);

	l->bytes += n;
	if (n > max || l->held.len > max - n)
		return api->host->fail(err, FERRY_E_PROTOCOL,
				       "%s: %s's answer has a value of more than %zu bytes at byte %llu",
				       l->what, api->peer, max,
				       (unsigned long long)(l->bytes - n - l->held.len));
	if (whole && !l->held.len)
		return take_part(api, l, p, n, err);
	rest_add(&l->held, p, n);
	return whole ? take_part(api, l, rest_str(&l->held), l->held.len, err) : 0;
}

int rest_list_feed(const struct rest_api *api, struct rest_list *l, const char *data, size_t len,
		   struct ferry_error *err)
{
	const char *p = data, *end = data + len;
	size_t n = sizeof l->head - l->head_len;

	n = len < n ? len : n;
	memcpy(l->head + l->head_len, data, n);
	l->head_len += n;
	while (p < end) {
		bool begins = false;
		const char *why = NULL;
		if (!l->part && !blank(*p))
			why = step(l, *p, &begins);
		if (why)
			return fail_at(api, l, l->bytes, why, err);
		if (l->part) {
			if (read_part(api, l, p, end, &n, err))
				return -1;
			p += n;
		} else {
			p++;
			l->bytes++;
		}
	}
	return 0;
}

void rest_list_release(struct rest_list *l)
{
	rest_buf_release(&l->held);
	free(l->found);
	l->found = NULL;
}

/* -------------------------------------------------------------------- request */

struct feeding {
	const struct rest_api *api;
	struct rest_list *list;
};

static int take_piece(void *ctx, const char *data, size_t len, struct ferry_error *err)
{
	struct feeding *f = ctx;
	return rest_list_feed(f->api, f->list, data, len, err);
}

int rest_get_list(struct rest_api *api, const char *path, struct rest_list *list,
		  struct ferry_http_response *res, struct ferry_error *err)
{
	struct feeding feeding = {api, list};
	return rest_get_pieces(api, path, take_piece, &feeding, res, err);
}
