/* SPDX-License-Identifier: Apache-2.0 */
/* runs.c - runs: lists, one run, its lines and its plan, and what can be done with it. */
#include "api/call.h"
#include "base/clock.h"
#include "model/decision.h"
#include "store/plan_store.h"

/* --------------------------------------------------------------------- lists */

static int get_filter(struct call *c, const char *sync, struct journal_filter *ret,
		      struct ferry_error *err)
{
	const char *status = httpd_query(c->req, "status");

	*ret = (struct journal_filter){.sync = sync ? sync : httpd_query(c->req, "sync"), .status = JOURNAL_ANY};
	if (status && (ret->status = run_status_from_name(status)) < 0)
		return ferry_fail(err, FERRY_E_USAGE,
				  "'status' must be queued, running, preview_ready, completed, "
				  "failed or cancelled, not '%s'", status);
	if (call_time(c, "from", false, &ret->from, err) < 0)
		return -1;
	return call_time(c, "to", true, &ret->to, err);
}

/* A damaged document takes its place in the list with what is wrong with it. */
static void add_run(struct call *c, int64_t id, struct buf *items)
{
	struct ferry_error err = {0};
	struct buf one = BUF_INIT;

	if (supervise_run_json(c->s, id, &one, &err) < 0) {
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

int list_runs(struct call *c, const char *sync, struct ferry_error *err)
{
	struct journal_filter filter;
	struct page page;
	struct buf items = BUF_INIT;
	int64_t ids[CALL_PER_PAGE_MAX], total;
	size_t n;

	if (call_page(c, &page, err) < 0 || get_filter(c, sync, &filter, err) < 0 ||
	    journal_list(supervise_journal(c->s), &filter, page.skip, page.per_page, ids, &n,
			 &total, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		add_run(c, ids[i], &items);
	reply_list(c, &items, &page, total);
	buf_release(&items);
	return 0;
}

int handle_runs(struct call *c, struct ferry_error *err)
{
	return list_runs(c, NULL, err);
}

int handle_run(struct call *c, struct ferry_error *err)
{
	int64_t id;

	if (call_run(c, &id, err) < 0)
		return -1;
	return supervise_run_json(c->s, id, &c->reply->body, err);
}

/* --------------------------------------------------------------------- lines */

/* Is there such a run at all? */
static int must_exist(struct call *c, int64_t id, struct ferry_error *err)
{
	struct buf json = BUF_INIT;

	int rc = supervise_run_json(c->s, id, &json, err);
	buf_release(&json);
	return rc;
}

static int list_lines(struct call *c, enum journal_lines which, struct ferry_error *err)
{
	struct page page;
	struct buf items = BUF_INIT;
	int64_t id, after, total;

	if (call_run(c, &id, err) < 0 || call_page(c, &page, err) < 0 ||
	    call_int(c, "after", 0, &after, err) < 0 || must_exist(c, id, err) < 0)
		return -1;
	int rc = journal_lines(supervise_journal(c->s), which, id, httpd_query(c->req, "segment"),
			       after, page.skip, page.per_page, &items, &total, err);
	if (rc == 0)
		reply_list(c, &items, &page, total);
	buf_release(&items);
	return rc;
}

int handle_run_errors(struct call *c, struct ferry_error *err)
{
	return list_lines(c, JOURNAL_ERRORS, err);
}

int handle_run_logs(struct call *c, struct ferry_error *err)
{
	return list_lines(c, JOURNAL_LOGS, err);
}

/* The run whose plan a run carries out: its own, or that of the preview it promotes. */
static int planned_by(struct call *c, int64_t id, int64_t *ret, struct ferry_error *err)
{
	struct buf json = BUF_INIT;
	struct json_doc *doc;

	int rc = supervise_run_json(c->s, id, &json, err);
	if (rc == 0)
		rc = json_parse(json.s, json.len, "run", &doc, err);
	if (rc == 0) {
		*ret = json_get_int(json_root(doc), "promote_of", id);
		json_free(doc);
	}
	buf_release(&json);
	return rc;
}

static int open_plan(struct call *c, int64_t id, const char *what, struct plan_store **ret,
		     struct ferry_error *err)
{
	struct ferry_error why = {0};

	if (plan_open_read(supervise_paths(c->s)->state_dir, id, ret, &why) == 0)
		return 0;
	if (why.code == FERRY_E_NOT_FOUND) {
		ferry_fail(&why, FERRY_E_NOT_FOUND, "there are no %s of run %lld", what, (long long)id);
		ferry_hint(&why, "It ended before it had any, or they are not kept any more ('keep_plans').");
	}
	*err = why;
	return -1;
}

int handle_run_plan(struct call *c, struct ferry_error *err)
{
	const char *word = httpd_query(c->req, "decision");
	struct plan_store *plan;
	struct page page;
	struct buf items = BUF_INIT;
	int64_t id, total;
	int decision = word ? decision_from_name(word) : -1;

	if (call_run(c, &id, err) < 0 || call_page(c, &page, err) < 0)
		return -1;
	if (word && decision < 0)
		return ferry_fail(err, FERRY_E_USAGE,
				  "'decision' must be create, update, delete, disable, skip or "
				  "conflict, not '%s'", word);
	if (planned_by(c, id, &id, err) < 0 ||
	    open_plan(c, id, "decisions", &plan, err) < 0)
		return -1;
	int rc = plan_page(plan, httpd_query(c->req, "segment"), decision,
			   httpd_query(c->req, "key"), page.skip,
			   page.per_page, &total, &items, err);
	plan_close(plan);
	if (rc == 0)
		reply_list(c, &items, &page, total);
	buf_release(&items);
	return rc;
}

/* Raw records, as the source gave them, of a run that has only extracted. */
int handle_run_records(struct call *c, struct ferry_error *err)
{
	struct plan_store *plan;
	struct page page;
	struct buf json = BUF_INIT, items = BUF_INIT;
	struct run_doc run;
	int64_t id, total;

	if (call_run(c, &id, err) < 0 || call_page(c, &page, err) < 0)
		return -1;
	int rc = supervise_run_json(c->s, id, &json, err);
	if (rc == 0)
		rc = run_doc_read(json.s, json.len, &run, err);
	buf_release(&json);
	if (rc < 0)
		return -1;
	bool extract_only = run.extract_only;
	run_doc_release(&run);
	if (!extract_only) {
		ferry_fail(err, FERRY_E_STATE, "run %lld has kept no raw records", (long long)id);
		return ferry_hint(err, "A run with 'extract_only' does: 'ferryctl run SYNC --extract-only'.");
	}
	if (open_plan(c, id, "records", &plan, err) < 0)
		return -1;
	rc = plan_raw_page(plan, httpd_query(c->req, "segment"), page.skip, page.per_page, &total, &items,
			   err);
	plan_close(plan);
	if (rc == 0)
		reply_list(c, &items, &page, total);
	buf_release(&items);
	return rc;
}

/* ------------------------------------------------------------------- changing */

int handle_retry(struct call *c, struct ferry_error *err)
{
	int64_t id, run;
	bool coalesced;

	if (call_run(c, &run, err) < 0 ||
	    supervise_retry(c->s, run, &c->actor, &id, &coalesced, err) < 0)
		return -1;
	reply_queued(c, id, coalesced);
	return 0;
}

int handle_promote(struct call *c, struct ferry_error *err)
{
	bool override = false;
	const struct member members[] = {
		{"override_guard", MEMBER_FLAG, &override}, {NULL, MEMBER_FLAG, NULL},
	};
	struct json_doc *doc;
	int64_t id, run;

	if (call_run(c, &run, err) < 0 || call_body(c, members, &doc, err) < 0)
		return -1;
	json_free(doc);
	if ((override ? supervise_promote_over_guard : supervise_promote)(c->s, run, &c->actor, &id, err) < 0)
		return -1;
	reply_queued(c, id, false);
	return 0;
}

int handle_cancel(struct call *c, struct ferry_error *err)
{
	enum run_status status;
	int64_t run;

	if (call_run(c, &run, err) < 0 || supervise_cancel(c->s, run, &c->actor, &status, err) < 0)
		return -1;
	c->reply->status = 202;
	jw_open(&c->reply->body, NULL, '{');
	jw_int(&c->reply->body, "run_id", run);
	jw_text(&c->reply->body, "status", run_status_name(status));
	jw_close(&c->reply->body, '}');
	return 0;
}
