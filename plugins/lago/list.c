/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - all records of a resource, page by page: for extract, and for list. */
#include "lago/resource.h"

#include <stdlib.h>
#include <string.h>

#define PASSES 3

/* -------------------------------------------------------------------- pages */

/* Read page number *page; *page becomes the next one's number, 0 at the end. */
static int read_page(struct lago_scan *s, int64_t *page, bool first, struct ferry_error *err)
{
	struct lago *h = s->h;
	const char *what = lago_what(h, "GET", false);
	struct ferry_http_response res;
	rest_node *root, *list;
	int64_t next = 0, total = -1;

	rest_buf_reset(&h->path);
	rest_addf(&h->path, "/%s?page=%lld&per_page=%d%s", h->res->many, (long long)*page,
		  LAGO_PAGE, rest_str(&h->query));
	if (rest_get(&h->api, rest_str(&h->path), &res, err) ||
	    lago_check(&h->api, what, &res, NULL, err))
		return -1;
	if (lago_unwrap(&h->api, what, &res, h->res->many, REST_ARRAY, &root, &list, err))
		return -1;
	s->bytes = res.body_len;
	rest_node *meta = rest_member(root, "meta"), *after = rest_member(meta, "next_page");
	rest_int(rest_member(meta, "total_count"), &total);
	if (total < 0 || !rest_has(meta, "next_page") ||
	    (after && (!rest_int(after, &next) || next <= *page))) {
		rest_free(root);
		return h->api.host->fail(
			err, FERRY_E_PROTOCOL,
			"%s: Lago's answer has no usable 'meta' (next_page, total_count)", what);
	}
	s->shrank = s->shrank || (!first && total < s->last_total);
	s->last_total = total;
	if (first)
		s->total = total;
	*page = next;
	int rc = s->take(s, list, err);
	rest_free(root);
	return rc;
}

/*
 * All pages once. The list is counted off anew for each page: a record that comes in above moves
 * others to a later page (seen twice), one that goes moves others to an earlier page, where they
 * are missed.
 */
static int read_pass(struct lago_scan *s, struct ferry_error *err)
{
	const struct ferry_host *host = s->h->api.host;
	int64_t page = 1;
	bool first = true;

	s->shrank = false;
	while (page && !s->cut) {
		if (host->cancelled(host))
			return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		if (s->max_pages && s->pages == s->max_pages) {
			s->cut = "max_pages";
			return 0;
		}
		s->pages++;
		if (read_page(s, &page, first, err))
			return -1;
		first = false;
	}
	return 0;
}

/*
 * The end is where Lago names no next page; the totals only tell whether records were missed: they
 * fell on the way, or fewer were seen than there were at the start.
 */
static bool doubtful(const struct lago_scan *s, int pass)
{
	int64_t seen = (int64_t)lago_seen_count(&s->seen);

	if (!(s->h->res->flags & LAGO_COUNT_LAGS))
		return s->shrank || seen < s->total;
	/*
	 * Here all totals but the last may be old ones. Any sign is worth a second look; after that
	 * only rows that both totals miss count, or else a total that is too high for half an hour
	 * would cut every scan of that time short.
	 */
	if (pass == 0)
		return s->shrank || seen < s->last_total;
	return seen < s->total && seen < s->last_total;
}

int lago_scan(struct lago_scan *s, struct ferry_error *err)
{
	const struct ferry_host *host = s->h->api.host;
	bool doubt = true;

	for (int pass = 0; pass < PASSES && doubt && !s->cut; pass++) {
		s->pages = 0;
		if (read_pass(s, err))
			return -1;
		doubt = doubtful(s, pass);
	}
	if (s->cut) {
		s->truncated(s, s->cut);
	} else if (doubt) {
		host->log(host, FERRY_LOG_WARN,
			  "%s kept moving between the pages of %d passes: %zu found, Lago counts "
			  "%lld",
			  s->h->res->many, PASSES, lago_seen_count(&s->seen), (long long)s->total);
		s->truncated(s, "rows moved between pages");
	}
	return 0;
}

/* --------------------------------------------------------------------- list */

static int list_page(struct lago_scan *s, rest_node *list, struct ferry_error *err)
{
	struct ferry_listing *listing = s->taker;
	struct ferry_found found[LAGO_PAGE];
	struct lago *h = s->h;
	size_t n = 0, count = rest_count(list);
	const char *what = lago_what(h, "GET", false);

	rest_pool_reset(&h->pool);
	for (size_t i = 0; i < count; i++) {
		rest_node *record = rest_at(list, i);
		size_t len, lago_len;
		const char *id = rest_text(rest_member(record, h->res->identifier), &len);
		const char *lago_id = rest_text(rest_member(record, "lago_id"), &lago_len);
		if (!id || !lago_id)
			return h->api.host->fail(err, FERRY_E_PROTOCOL,
						 "%s: Lago gives a %s without '%s'", what,
						 h->res->one,
						 id ? "lago_id" : h->res->identifier);
		if (!lago_seen_add(&s->seen, lago_id, lago_len) ||
		    (h->res->listed && !h->res->listed(h, record)))
			continue;
		if (lago_found(h, what, record, id, len, &found[n++], err))
			return -1;
		if (n == LAGO_PAGE) {
			if (listing->found(listing, found, n, err))
				return -1;
			n = 0;
		}
	}
	return n ? listing->found(listing, found, n, err) : 0;
}

static void list_truncated(struct lago_scan *s, const char *reason)
{
	struct ferry_listing *listing = s->taker;
	listing->truncated(listing, reason);
}

int lago_resource_list(void *handle, struct ferry_listing *listing, struct ferry_error *err)
{
	struct lago_scan s = {.h = handle, .take = list_page, .truncated = list_truncated,
			      .taker = listing};
	int rc = lago_scan(&s, err);

	lago_seen_release(&s.seen);
	return rc;
}

/* ------------------------------------------------------------------ extract */

/* What an extract knows beside. */
struct extract {
	struct ferry_sink *sink;
	struct ferry_value *rows;	/* a page of them */
	size_t n;			/* that are filled */
	int64_t limit, delivered;
};

static int deliver(struct lago_scan *s, struct ferry_error *err)
{
	struct extract *x = s->taker;

	if (x->n && x->sink->rows(x->sink, x->rows, x->n, err))
		return -1;
	x->delivered += (int64_t)x->n;
	x->n = 0;
	return 0;
}

/* One row, from the list or, with details, from a GET of its own; a record gone by then is none. */
static int extract_row(struct lago_scan *s, rest_node *record, struct ferry_error *err)
{
	struct extract *x = s->taker;
	struct lago *h = s->h;
	const char *what = lago_what(h, "GET", h->details);
	struct ferry_value *row = &x->rows[x->n * h->n_columns];
	rest_node *root = NULL;
	size_t len = 0;

	if (h->details) {
		const char *id = rest_text(rest_member(record, h->res->identifier), &len);
		if (!id)
			return lago_misses(&h->api, what, h->res->identifier, REST_STRING, err);
		int there = lago_fetch(h, id, len, &root, &record, err);
		if (there <= 0)
			return there;
	}
	int rc = rest_row(&h->api, what, h->res->columns, h->n_columns, record,
			  root ? &h->pool : NULL, row, err);
	rest_free(root);
	if (!rc)
		x->n++;
	return rc;
}

/* Deliver what of the page is new. */
static int extract_page(struct lago_scan *s, rest_node *list, struct ferry_error *err)
{
	struct extract *x = s->taker;
	const struct ferry_host *host = s->h->api.host;

	rest_pool_reset(&s->h->pool);
	x->sink->page(x->sink, "page", s->bytes);
	for (size_t i = 0; i < rest_count(list); i++) {
		rest_node *record = rest_at(list, i);
		size_t len;
		const char *id = rest_text(rest_member(record, "lago_id"), &len);
		if (x->limit && x->delivered + (int64_t)x->n >= x->limit) {
			s->cut = "limit";
			break;
		}
		if (s->h->details && host->cancelled(host))
			return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		if (id && !lago_seen_add(&s->seen, id, len))
			continue;
		if (extract_row(s, record, err) || (x->n == LAGO_PAGE && deliver(s, err)))
			return -1;
	}
	return deliver(s, err);
}

static void extract_truncated(struct lago_scan *s, const char *reason)
{
	struct extract *x = s->taker;
	x->sink->truncated(x->sink, reason);
}

int lago_resource_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
			  struct ferry_error *err)
{
	struct lago *h = handle;
	struct extract x = {.sink = sink, .limit = want->limit};
	struct lago_scan s = {.h = h, .take = extract_page, .truncated = extract_truncated,
			      .taker = &x, .max_pages = h->max_pages};

	x.rows = rest_alloc(LAGO_PAGE * h->n_columns, sizeof *x.rows);
	int rc = rest_columns(sink, h->res->columns, h->n_columns, err);
	if (!rc)
		rc = lago_scan(&s, err);
	lago_seen_release(&s.seen);
	free(x.rows);
	return rc;
}
