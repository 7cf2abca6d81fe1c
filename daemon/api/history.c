/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - what became of one record: what each run of its sync decided for it, the newest first.
 *
 * Only what is still kept can be told. A call looks into a bounded number of runs for a bounded time
 * and says where the next one has to go on.
 */
#include "api/call.h"
#include "base/clock.h"
#include "store/plan_store.h"

enum { RUNS_MAX = 200, AT_ONCE = 32, ITEMS_MAX = 20, ERRORS_MAX = 20 };
#define TIME_MAX_US 300000		/* the daemon has others to serve */

struct history {
	struct call *c;
	const char *key, *segment;
	struct buf items;
	int64_t n, limit;
	int64_t runs, started;
	int64_t next;			/* the run to go on before; 0: that was all */
};

static int find_run(struct call *c, int64_t id, struct run_doc *ret)
{
	struct buf json = BUF_INIT;

	int rc = supervise_run_json(c->s, id, &json, NULL);
	if (rc == 0)
		rc = run_doc_read(json.s, json.len, ret, NULL);
	buf_release(&json);
	return rc;
}

/* What a plan has of the key; a plan that is gone or damaged has nothing. */
static void get_entries(struct history *h, int64_t plan_of, struct buf *out)
{
	struct plan_store *plan;
	int64_t total;

	if (plan_open_read(supervise_paths(h->c->s)->state_dir, plan_of, &plan, NULL) < 0)
		return;
	if (plan_page(plan, h->segment, -1, h->key, 0, ITEMS_MAX, &total, out, NULL) < 0)
		buf_reset(out);
	plan_close(plan);
}

static void put_id(struct buf *out, const char *key, int64_t id)
{
	if (id)
		jw_int(out, key, id);
	else
		jw_null(out, key);
}

static void put_run(struct history *h, const struct run_doc *run, int64_t by, const struct buf *entries,
		    const struct buf *errors)
{
	struct buf *b = &h->items;

	jw_open(b, NULL, '{');
	jw_int(b, "run_id", run->id);
	jw_text(b, "status", run_status_name(run->status));
	jw_text(b, "trigger", run_trigger_name(run->trigger));
	jw_bool(b, "preview", run->preview);
	put_id(b, "promote_of", run->promote_of);
	put_id(b, "promoted_by", by);
	jw_time(b, "started_at", run->started_at);
	jw_time(b, "completed_at", run->completed_at);
	jw_open(b, "decisions", '[');
	buf_add(b, buf_str(entries), entries->len);
	jw_close(b, ']');
	jw_open(b, "errors", '[');
	buf_add(b, buf_str(errors), errors->len);
	jw_close(b, ']');
	jw_close(b, '}');
	h->n++;
}

static void look_at(struct history *h, int64_t id)
{
	struct buf entries = BUF_INIT, errors = BUF_INIT;
	struct run_doc run;

	if (find_run(h->c, id, &run) < 0)
		return;			/* damaged: 'show' tells */
	int64_t by = supervise_promoted_by(h->c->s, id);
	/* what was done with a promoted plan stands in it: it is the promotion's */
	if (!by && !run.extract_only)
		get_entries(h, run.promote_of ? run.promote_of : id, &entries);
	if (run_doc_row_errors(&run) > 0)
		journal_errors_of(supervise_journal(h->c->s), id, h->segment, h->key, ERRORS_MAX, &errors,
				  NULL);
	if (entries.len || errors.len)
		put_run(h, &run, by, &entries, &errors);
	run_doc_release(&run);
	buf_release(&entries);
	buf_release(&errors);
}

static bool enough(const struct history *h)
{
	return h->n >= h->limit || h->runs >= RUNS_MAX || clock_mono() - h->started > TIME_MAX_US;
}

/* From the newest run below `before` (0: of all) on. */
static int walk(struct history *h, int64_t before, struct ferry_error *err)
{
	struct journal_filter of = {.sync = h->c->arg, .status = JOURNAL_ANY, .below = before};
	int64_t ids[AT_ONCE];
	size_t n = AT_ONCE;

	while (n == AT_ONCE) {
		if (journal_list(supervise_journal(h->c->s), &of, 0, AT_ONCE, ids, &n, NULL, err) < 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			if (enough(h)) {
				h->next = ids[i] + 1;
				return 0;
			}
			h->runs++;
			look_at(h, ids[i]);
			of.below = ids[i];
		}
	}
	return 0;
}

int handle_history(struct call *c, struct ferry_error *err)
{
	struct history h = {
		.c = c, .key = httpd_query(c->req, "key"), .segment = httpd_query(c->req, "segment"),
		.started = clock_mono(),
	};
	struct buf *b = &c->reply->body;
	struct page page;
	int64_t before;

	if (!h.key || !*h.key)
		return ferry_fail(err, FERRY_E_USAGE, "'key' is missing: which record?");
	if (call_page(c, &page, err) < 0 || call_int(c, "before", 0, &before, err) < 0 ||
	    call_known_sync(c, c->arg, err) < 0)
		return -1;
	h.limit = page.per_page;
	int rc = walk(&h, before, err);
	if (rc == 0) {
		jw_open(b, NULL, '{');
		jw_open(b, "data", '[');
		buf_add(b, buf_str(&h.items), h.items.len);
		jw_close(b, ']');
		jw_open(b, "pagination", '{');
		jw_int(b, "per_page", page.per_page);
		jw_int(b, "runs", h.runs);
		put_id(b, "next_before", h.next);
		jw_close(b, '}');
		jw_close(b, '}');
	}
	buf_release(&h.items);
	return rc;
}
