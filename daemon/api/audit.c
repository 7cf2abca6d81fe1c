/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - the audit, by pages, and by who, what and when. */
#include "api/call.h"

/* Where more than one call can look at was asked for, next_before says where the next one goes on. */
static void put_answer(struct buf *b, const struct buf *items, const struct page *page, int64_t total,
		       int64_t next)
{
	jw_open(b, NULL, '{');
	jw_open(b, "data", '[');
	buf_add(b, buf_str(items), items->len);
	jw_close(b, ']');
	jw_open(b, "pagination", '{');
	jw_int(b, "page", page->page);
	jw_int(b, "per_page", page->per_page);
	jw_int(b, "total", total);
	if (next)
		jw_int(b, "next_before", next);
	else
		jw_null(b, "next_before");
	jw_close(b, '}');
	jw_close(b, '}');
}

int handle_audit(struct call *c, struct ferry_error *err)
{
	struct journal_audit_filter of = {
		.actor = httpd_query(c->req, "actor"), .action = httpd_query(c->req, "action"),
	};
	struct buf items = BUF_INIT;
	struct page page;
	int64_t total, next;

	if (call_page(c, &page, err) < 0 || call_time(c, "from", false, &of.from, err) < 0 ||
	    call_time(c, "to", true, &of.to, err) < 0 || call_int(c, "before", 0, &of.before, err) < 0)
		return -1;
	int rc = journal_audit(supervise_journal(c->s), &of, page.skip, page.per_page, &items, &total, &next,
			       err);
	if (rc == 0)
		put_answer(&c->reply->body, &items, &page, total, next);
	buf_release(&items);
	return rc;
}
