/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c - answers that all calls share. */
#include "api/call.h"

void reply_error(struct httpd_reply *reply, int status, const struct ferry_error *err,
		 const struct conf_mistakes *issues)
{
	struct buf *b = &reply->body;

	reply->status = status;
	buf_reset(b);
	jw_open(b, NULL, '{');
	jw_open(b, "error", '{');
	jw_text(b, "code", ferry_code_info(err->code)->name);
	jw_text(b, "message", err->msg);
	jw_text(b, "hint", ferry_error_hint(err));
	if (issues) {
		jw_open(b, "issues", '[');
		for (size_t i = 0; i < issues->n; i++) {
			const struct conf_mistake *m = &issues->items[i];
			jw_open(b, NULL, '{');
			jw_text(b, "file", m->mark.file);
			jw_int(b, "line", m->mark.line);
			jw_int(b, "column", m->mark.column);
			jw_text(b, "text", m->text);
			jw_close(b, '}');
		}
		jw_close(b, ']');
	}
	jw_close(b, '}');
	jw_close(b, '}');
}

static void put_list(struct buf *b, const struct buf *items, const struct page *page, int64_t total,
		     const int64_t *next_before)
{

	jw_open(b, NULL, '{');
	jw_open(b, "data", '[');
	buf_add(b, buf_str(items), items->len);
	jw_close(b, ']');
	jw_open(b, "pagination", '{');
	jw_int(b, "page", page->page);
	jw_int(b, "per_page", page->per_page);
	jw_int(b, "total", total);
	if (next_before && *next_before)
		jw_int(b, "next_before", *next_before);
	else if (next_before)
		jw_null(b, "next_before");
	jw_close(b, '}');
	jw_close(b, '}');
}

void reply_list(struct call *c, const struct buf *items, const struct page *page, int64_t total)
{
	put_list(&c->reply->body, items, page, total, NULL);
}

void reply_list_before(struct call *c, const struct buf *items, const struct page *page, int64_t total,
		       int64_t next_before)
{
	put_list(&c->reply->body, items, page, total, &next_before);
}

void reply_queued(struct call *c, int64_t id, bool coalesced)
{
	struct buf *b = &c->reply->body;

	c->reply->status = 202;
	jw_open(b, NULL, '{');
	jw_int(b, "run_id", id);
	jw_text(b, "status", "queued");
	jw_bool(b, "coalesced", coalesced);
	jw_close(b, '}');
}
