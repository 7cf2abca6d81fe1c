/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - the audit, by pages, and by who, what and when. */
#include "api/call.h"

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
		reply_list_before(c, &items, &page, total, next);
	buf_release(&items);
	return rc;
}
