/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - the source's request and pages, as opened. Inside the http connector only. */
#ifndef FERRY_PLUGINS_HTTP_SOURCE_H
#define FERRY_PLUGINS_HTTP_SOURCE_H

#include "http/http.h"

enum http_paging { HTTP_PAGING_NONE, HTTP_PAGING_PAGE, HTTP_PAGING_OFFSET, HTTP_PAGING_CURSOR,
		   HTTP_PAGING_NEXT_URL, HTTP_PAGING_LINK };

struct http_source {
	struct http_connection *connection;
	struct ferry_open open;		/* with the settings of these pages only */
	struct http_template path, body;
	bool has_body;
	const char *method;
	struct http_pointer records;
	/* pages */
	enum http_paging paging;
	const char *parameter, *size_parameter;
	int64_t start, size, max_pages;
	struct http_pointer next, total, more, last;
	bool has_next, has_total, has_more, has_last;
	/* columns; found on the first page when none are declared */
	bool declared;
	struct http_column {
		char *name;
		struct http_pointer pointer;
		char *text;		/* of the pointer, when it is our own */
	} *columns;
	size_t n_columns;
	/* of the extraction under way */
	int64_t at;			/* page or offset */
	char *cursor, *url;
	struct rest_map cursors;	/* all there were */
	int64_t pages, rows;
	uint64_t last_page;		/* what it held, as a hash */
	struct rest_map known;		/* members on the first page */
	bool warned;
	struct rest_buf query, post;
	struct rest_pool pool;
};

/* (pages.c) */
int http_pages_open(struct http_source *s, struct ferry_error *err);
void http_pages_release(struct http_source *s);
void http_pages_begin(struct http_source *s);
/* The address of the page that is due, in s->query, and the body, in s->post. */
void http_page_request(struct http_source *s);
/*
 * After a page of n records, its Link headers beside it: 1 when there is another one, 0 at the end, -1 when the peer turns in a
 * circle. *truncated, when set, says why what was read is not all there is.
 */
int http_page_next(struct http_source *s, rest_node *root, const char *link, size_t n,
		   uint64_t hash, const char **truncated, struct ferry_error *err);
const char *http_page_kind(const struct http_source *s);

/* Where the records of all pages go. */
struct http_taker {
	void *ctx;
	int64_t limit;			/* records; 0: all */
	/* One page's list; folds what it holds into *hash, and counts s->rows up. */
	int (*take)(struct http_taker *taker, rest_node *list, uint64_t *hash,
		    struct ferry_error *err);
	void (*page)(struct http_taker *taker, const char *kind, size_t bytes);
	void (*truncated)(struct http_taker *taker, const char *reason);
};

int http_read_pages(struct http_source *s, struct http_taker *taker, struct ferry_error *err);
uint64_t http_fold(uint64_t hash, const struct ferry_value *v);

/* (columns.c) */
int http_columns_open(struct http_source *s, struct ferry_error *err);
void http_columns_release(struct http_source *s);
/* Find the columns on the first page unless they are declared, and tell the sink. */
int http_columns_begin(struct http_handle *h, rest_node *list, struct ferry_sink *sink,
		       struct ferry_error *err);
/* One record as values. -1: it is no object. */
int http_columns_read(struct http_handle *h, rest_node *record, struct ferry_value *ret,
		      struct ferry_error *err);

#endif
