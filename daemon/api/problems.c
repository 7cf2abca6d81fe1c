/* SPDX-License-Identifier: Apache-2.0 */
/* problems.c - problems: lists, one problem, and what a person says of them. */
#include <string.h>

#include "api/call.h"

static int get_filter(struct call *c, struct problem_filter *ret, struct ferry_error *err)
{
	const char *status = httpd_query(c->req, "status");

	*ret = (struct problem_filter){
		.sync = httpd_query(c->req, "sync"), .segment = httpd_query(c->req, "segment"),
		.group = httpd_query(c->req, "group"), .status = PROBLEM_OPEN,
	};
	if (!status)
		return 0;
	ret->status = strcmp(status, "all") == 0 ? -1 : problem_status_from_name(status);
	if (ret->status < 0 && strcmp(status, "all") != 0)
		return ferry_fail(err, FERRY_E_USAGE, "'status' must be open, ignored, resolved, cleared or "
				  "all, not '%s'", status);
	return 0;
}

/* A damaged one takes its place in the list with what is wrong with it. */
static void add_problem(struct call *c, int64_t id, struct buf *items)
{
	struct ferry_error err = {0};
	struct buf one = BUF_INIT;

	if (problem_text(supervise_journal(c->s), id, &one, &err) < 0) {
		buf_reset(&one);
		jw_open(&one, NULL, '{');
		jw_int(&one, "id", id);
		jw_null(&one, "status");
		error_json(&err, "error", &one);
		jw_close(&one, '}');
	}
	jw_raw(items, NULL, one.s, one.len);
	buf_release(&one);
}

int handle_problems(struct call *c, struct ferry_error *err)
{
	struct problem_filter filter;
	struct page page;
	struct buf items = BUF_INIT;
	int64_t ids[CALL_PER_PAGE_MAX], total;
	size_t n;

	if (call_page(c, &page, err) < 0 || get_filter(c, &filter, err) < 0 ||
	    problems_list(supervise_journal(c->s), &filter, page.skip, page.per_page, ids, &n, &total,
			  err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		add_problem(c, ids[i], &items);
	reply_list(c, &items, &page, total);
	buf_release(&items);
	return 0;
}

int handle_problem(struct call *c, struct ferry_error *err)
{
	int64_t id;

	if (call_problem(c, &id, err) < 0)
		return -1;
	return problem_text(supervise_journal(c->s), id, &c->reply->body, err);
}

int handle_resolve(struct call *c, struct ferry_error *err)
{
	struct supervise_ruling ruling = {0};
	const char *until = NULL;
	const struct member members[] = {
		{"action", MEMBER_TEXT, &ruling.action}, {"dest_id", MEMBER_TEXT, &ruling.dest_id},
		{"until", MEMBER_TEXT, &until}, {NULL, MEMBER_FLAG, NULL},
	};
	struct json_doc *doc;
	int64_t id;
	int rc = 0;

	if (call_problem(c, &id, err) < 0 || call_body(c, members, &doc, err) < 0)
		return -1;
	if (!ruling.action)
		rc = ferry_fail(err, FERRY_E_USAGE,
				"'action' is missing: link, create, ignore, retry or reopen");
	if (rc == 0)
		rc = call_until("until", until, &ruling.until, err);
	if (rc == 0)
		rc = supervise_resolve(c->s, id, &ruling, &c->actor, &c->reply->body, err);
	json_free(doc);
	return rc;
}

int handle_resolve_all(struct call *c, struct ferry_error *err)
{
	struct supervise_ruling ruling = {0};
	struct problem_filter of = {0};
	const char *until = NULL;
	const struct member members[] = {
		{"sync", MEMBER_TEXT, &of.sync}, {"segment", MEMBER_TEXT, &of.segment},
		{"group", MEMBER_TEXT, &of.group}, {"action", MEMBER_TEXT, &ruling.action},
		{"until", MEMBER_TEXT, &until}, {NULL, MEMBER_FLAG, NULL},
	};
	struct json_doc *doc;
	int64_t n;
	int rc = 0;

	if (call_body(c, members, &doc, err) < 0)
		return -1;
	if (!of.sync || !ruling.action)
		rc = ferry_fail(err, FERRY_E_USAGE, "'%s' is missing", of.sync ? "action" : "sync");
	if (rc == 0)
		rc = call_until("until", until, &ruling.until, err);
	if (rc == 0)
		rc = call_known_sync(c, of.sync, err);
	if (rc == 0)
		rc = supervise_resolve_all(c->s, &of, &ruling, &c->actor, &n, err);
	json_free(doc);
	if (rc < 0)
		return -1;
	jw_open(&c->reply->body, NULL, '{');
	jw_int(&c->reply->body, "resolved", n);
	jw_close(&c->reply->body, '}');
	return 0;
}
