/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages.c - from one page to the next. What says that there is no more must be sure: an end that is
 * believed too early loses records, one that is never believed reads for ever.
 */
#include "http/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ opening */

const char *const http_pagination_types[] = {"none", "page", "offset", "cursor", "next_url",
					     "link", NULL};

static int wrong(const struct http_source *s, const char *name, const char *why,
		 struct ferry_error *err)
{
	return s->open.host->fail(err, FERRY_E_CONFIG, "pagination.%s: %s", name, why);
}

/* Whether what tells one page from another goes out in some way. */
static bool has_place(const struct http_source *s, enum http_name name)
{
	return s->parameter || ((s->path.names | s->body.names) & HTTP_NAME(name));
}

static int check_pages(struct http_source *s, struct ferry_error *err)
{
	static const enum http_name names[] = {
		[HTTP_PAGING_PAGE] = HTTP_PAGE, [HTTP_PAGING_OFFSET] = HTTP_OFFSET,
		[HTTP_PAGING_CURSOR] = HTTP_CURSOR,
	};
	uint32_t used = (s->path.names | s->body.names) & HTTP_PAGE_NAMES & ~HTTP_NAME(HTTP_SIZE);
	bool by_pointer = s->paging == HTTP_PAGING_CURSOR || s->paging == HTTP_PAGING_NEXT_URL;

	if (by_pointer && !s->has_next)
		return wrong(s, "next", "it is missing: where in the answer does it say what the "
					   "next page is?", err);
	if (!by_pointer && s->has_next)
		return wrong(s, "next", "it goes with the types cursor and next_url only", err);
	if (s->paging == HTTP_PAGING_NEXT_URL || s->paging == HTTP_PAGING_LINK ||
	    s->paging == HTTP_PAGING_NONE) {
		if (used)
			return wrong(s, "type", "it has none of {{page}}, {{offset}} and "
						   "{{cursor}}", err);
		return 0;
	}
	if (used & ~HTTP_NAME(names[s->paging]))
		return wrong(s, "type", "another one of {{page}}, {{offset}} and {{cursor}} is "
					   "used than it has", err);
	/* a body that bears it needs no parameter */
	if (!has_place(s, names[s->paging]))
		s->parameter = http_pagination_types[s->paging];
	if (used && ferry_setting_text(&s->open, "pagination.parameter"))
		return wrong(s, "parameter", "path or body have it already", err);
	if (used)
		s->parameter = NULL;
	if (s->size_parameter && !s->size)
		return wrong(s, "size", "it is missing", err);
	return 0;
}

int http_pages_open(struct http_source *s, struct ferry_error *err)
{
	const struct ferry_open *open = &s->open;
	const char *type = ferry_setting_text(open, "pagination.type");

	while (type && s->paging < HTTP_PAGING_LINK &&
	       strcmp(http_pagination_types[s->paging], type))
		s->paging++;
	s->parameter = ferry_setting_text(open, "pagination.parameter");
	s->size_parameter = ferry_setting_text(open, "pagination.size_parameter");
	s->size = ferry_setting_int(open, "pagination.size", 0);
	s->start = ferry_setting_int(open, "pagination.start", s->paging == HTTP_PAGING_PAGE);
	s->max_pages = ferry_setting_int(open, "pagination.max_pages", 0);
	if (http_take_pointer(open, "pagination.next", &s->next, &s->has_next, err) ||
	    http_take_pointer(open, "pagination.total", &s->total, &s->has_total, err) ||
	    http_take_pointer(open, "pagination.more", &s->more, &s->has_more, err) ||
	    http_take_pointer(open, "pagination.last", &s->last, &s->has_last, err))
		return -1;
	return check_pages(s, err);
}

void http_pages_release(struct http_source *s)
{
	http_pointer_release(&s->next);
	http_pointer_release(&s->total);
	http_pointer_release(&s->more);
	http_pointer_release(&s->last);
	rest_map_release(&s->cursors);
	free(s->cursor);
	free(s->url);
	rest_buf_release(&s->query);
	rest_buf_release(&s->post);
}

void http_pages_begin(struct http_source *s)
{
	rest_map_release(&s->cursors);
	free(s->cursor);
	free(s->url);
	s->cursor = s->url = NULL;
	s->at = s->start;
	s->pages = s->rows = 0;
	s->warned = false;
}

/* ---------------------------------------------------------------- a request */

static void add_pair(struct rest_buf *b, const char *name, const char *value, size_t len)
{
	rest_adds(b, strchr(rest_str(b), '?') ? "&" : "?");
	rest_add_encoded(b, name, strlen(name));
	rest_adds(b, "=");
	rest_add_encoded(b, value, len);
}

static void add_query(struct http_source *s)
{
	static const char prefix[] = "query.";
	char number[24];

	for (size_t i = 0; i < s->open.n_settings; i++) {
		const struct ferry_setting *p = &s->open.settings[i];
		if (!strncmp(p->name, prefix, sizeof prefix - 1))
			add_pair(&s->query, p->name + sizeof prefix - 1, p->value.s, p->value.len);
	}
	if (s->size_parameter) {
		snprintf(number, sizeof number, "%lld", (long long)s->size);
		add_pair(&s->query, s->size_parameter, number, strlen(number));
	}
	if (!s->parameter)
		return;
	if (s->paging == HTTP_PAGING_CURSOR && s->cursor)
		add_pair(&s->query, s->parameter, s->cursor, strlen(s->cursor));
	if (s->paging == HTTP_PAGING_PAGE || s->paging == HTTP_PAGING_OFFSET) {
		snprintf(number, sizeof number, "%lld", (long long)s->at);
		add_pair(&s->query, s->parameter, number, strlen(number));
	}
}

void http_page_request(struct http_source *s)
{
	struct http_fill fill = {0};
	struct ferry_value *page = fill.page;

	page[0] = page[1] = (struct ferry_value){.i = s->at, .type = FERRY_INT};
	if (s->cursor)
		page[HTTP_CURSOR - HTTP_PAGE] = (struct ferry_value){
			.s = s->cursor, .len = (uint32_t)strlen(s->cursor), .type = FERRY_TEXT};
	page[HTTP_SIZE - HTTP_PAGE] = (struct ferry_value){
		.i = s->size, .type = s->size ? FERRY_INT : FERRY_NULL};
	rest_buf_reset(&s->query);
	rest_buf_reset(&s->post);
	if (s->has_body)
		http_fill_body(&s->post, &s->body, &fill);
	if (s->url) {
		rest_adds(&s->query, s->url);
		return;
	}
	http_fill_path(&s->query, &s->path, &fill);
	add_query(s);
}

/* ------------------------------------------------------------ the next page */

static int circle(const struct http_source *s, const char *what, struct ferry_error *err)
{
	s->open.host->fail(err, FERRY_E_PROTOCOL, "%s: page %lld of %s is %s", s->method,
			   (long long)s->pages, s->connection->api.peer, what);
	return rest_hint(err, "check 'pagination': the peer seems not to heed what asks for the "
			      "next page");
}

static bool is_true(rest_node *node)
{
	size_t len;
	return rest_kind(node) == REST_BOOL && rest_dump(node, &len) && len == 4;
}

/* What the answer itself says: 0 it was the last page, 1 there is more, -1 nothing. */
static int told(const struct http_source *s, rest_node *root)
{
	rest_node *more = s->has_more ? http_pointer_get(&s->more, root, NULL) : NULL;
	rest_node *last = s->has_last ? http_pointer_get(&s->last, root, NULL) : NULL;
	int64_t total;

	if (rest_kind(more) == REST_BOOL)
		return is_true(more);
	if (rest_kind(last) == REST_BOOL)
		return !is_true(last);
	if (s->has_total && rest_int(http_pointer_get(&s->total, root, NULL), &total))
		return s->rows < total;
	return -1;
}

/* By number: goes on until a page is empty, or the answer says that it was the last one. */
static int next_number(struct http_source *s, rest_node *root, size_t n, uint64_t hash,
		       const char **truncated, struct ferry_error *err)
{
	int more = told(s, root);

	if (more == 0)
		return 0;
	if (!n) {
		if (more == 1)
			*truncated = "an empty page where there should be more";
		return 0;
	}
	if (s->pages > 1 && hash == s->last_page)
		return circle(s, "the same as the one before", err);
	s->last_page = hash;
	s->at += s->paging == HTTP_PAGING_PAGE ? 1 : (int64_t)n;
	return 1;
}

/* The address as it can be asked for: of this peer, which is who the credentials are for. */
static int take_url(struct http_source *s, const char *url, size_t len, struct ferry_error *err)
{
	const struct http_connection *c = s->connection;
	const char *now = rest_str(&s->query);
	struct rest_buf whole = {0};

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)url[i] <= ' ' || (unsigned char)url[i] >= 0x7f)
			return c->api.host->fail(err, FERRY_E_PROTOCOL,
						 "%s's next page has no usable address",
						 c->api.peer);
	if (url[0] == '/' && url[1] != '/') {
		rest_add(&whole, c->api.base, c->origin);
	} else if (url[0] == '?') {
		rest_adds(&whole, *now == '/' ? c->api.base : "");
		rest_add(&whole, now, strcspn(now, "?"));
	} else if (!http_same_origin(c, url, len)) {
		c->api.host->fail(err, FERRY_E_PROTOCOL,
				  "the next page is not at %s but somewhere else", c->api.peer);
		return rest_hint(err, "credentials go to the connection's own host only");
	}
	rest_add(&whole, url, len);
	free(s->url);
	s->url = whole.s;
	return 0;
}

/* What leads to the next page, as text; false at the end. */
static bool find_next(const struct http_source *s, rest_node *root, const char *link,
		      const char **ret, size_t *len)
{
	if (s->paging == HTTP_PAGING_LINK)
		return http_link_next(link, ret, len);
	return http_id_text(http_pointer_get(&s->next, root, NULL), ret, len);
}

static int next_pointer(struct http_source *s, rest_node *root, const char *link,
			struct ferry_error *err)
{
	const char *next;
	size_t len;

	if (told(s, root) == 0 || !find_next(s, root, link, &next, &len))
		return 0;
	if (!rest_map_add(&s->cursors, next, len, 0, NULL))
		return circle(s, "followed by one that was there before", err);
	if (s->paging != HTTP_PAGING_CURSOR)
		return take_url(s, next, len, err) ? -1 : 1;
	free(s->cursor);
	s->cursor = rest_copy(next, len);
	return 1;
}

int http_page_next(struct http_source *s, rest_node *root, const char *link, size_t n,
		   uint64_t hash, const char **truncated, struct ferry_error *err)
{
	int more;

	if (s->paging == HTTP_PAGING_NONE)
		return 0;
	if (s->paging == HTTP_PAGING_PAGE || s->paging == HTTP_PAGING_OFFSET)
		more = next_number(s, root, n, hash, truncated, err);
	else
		more = next_pointer(s, root, link, err);
	if (more == 1 && s->max_pages && s->pages >= s->max_pages) {
		*truncated = "pagination.max_pages";
		return 0;
	}
	return more;
}

const char *http_page_kind(const struct http_source *s)
{
	return s->paging == HTTP_PAGING_NONE ? "request" : http_pagination_types[s->paging];
}
