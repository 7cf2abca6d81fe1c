/* SPDX-License-Identifier: Apache-2.0 */
/* syncs.c - syncs: what they are, how their last run went, and their trigger. */
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "supervise/due.h"

static void put_id(struct buf *b, const char *key, int64_t id)
{
	if (id)
		jw_int(b, key, id);
	else
		jw_null(b, key);
}

static void put_endpoint(struct buf *b, const char *key, const struct endpoint_def *e)
{
	jw_open(b, key, '{');
	jw_text(b, "connection", e->connection);
	jw_text(b, "resource", e->resource);
	jw_close(b, '}');
}

static const char *const schedule_kinds[] = {
	[SCHEDULE_MANUAL] = "manual", [SCHEDULE_EVERY] = "every", [SCHEDULE_CRON] = "cron",
	[SCHEDULE_ADAPTIVE] = "adaptive", [SCHEDULE_AFTER] = "after",
};

static void put_schedule(struct buf *b, const struct supervise_sync *sync)
{
	const struct schedule_def *schedule = &sync->def->schedule;
	struct buf text = BUF_INIT;

	schedule_text(schedule, &text);
	jw_open(b, "schedule", '{');
	jw_text(b, "kind", schedule_kinds[schedule->kind]);
	jw_text(b, "text", buf_str(&text));
	if (sync->tier) {
		jw_text(b, "tier", sync->tier);
		jw_time(b, "pinned_until", sync->pinned_until);
	}
	jw_bool(b, "paused", sync->paused_by != NULL);
	if (sync->paused_by) {
		jw_text(b, "paused_by", sync->paused_by);
		jw_time(b, "paused_at", sync->paused_at);
	}
	jw_time(b, "next_run_at", sync->next_run_at);
	jw_text(b, "reason", sync->reason);
	jw_close(b, '}');
	buf_release(&text);
}

static void put_segments(struct buf *b, const struct sync_def *def)
{
	jw_open(b, "segments", '[');
	for (size_t i = 0; i < def->n_segments; i++) {
		const struct segment_def *seg = &def->segments[i];
		jw_open(b, NULL, '{');
		jw_text(b, "name", seg->name);
		put_endpoint(b, "source", &seg->source);
		put_endpoint(b, "destination", &seg->destination);
		jw_text(b, "mode", mode_name(seg->mode));
		jw_bool(b, "required", seg->required);
		jw_open(b, "depends_on", '[');
		for (size_t k = 0; k < seg->n_depends_on; k++)
			jw_text(b, NULL, seg->depends_on[k]);
		jw_close(b, ']');
		jw_close(b, '}');
	}
	jw_close(b, ']');
}

static void put_last(struct buf *b, const struct supervise_last *last)
{
	if (!last->run) {
		jw_null(b, "last_run");
		return;
	}
	int64_t ms = last->started_at ? (last->completed_at - last->started_at) / 1000 : 0;
	struct buf text = BUF_INIT;
	buf_addf(&text, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
	jw_open(b, "last_run", '{');
	jw_int(b, "id", last->run);
	jw_text(b, "status", run_status_name(last->status));
	jw_text(b, "trigger", run_trigger_name(last->trigger));
	jw_time(b, "started_at", last->started_at);
	jw_time(b, "completed_at", last->completed_at);
	jw_raw(b, "duration_seconds", text.s, text.len);
	jw_int(b, "rows_processed", last->rows);
	jw_int(b, "row_errors", last->row_errors);
	jw_text(b, "error_code", last->code[0] ? last->code : NULL);
	jw_close(b, '}');
	buf_release(&text);
}

static void put_sync(struct buf *b, const struct supervise_sync *sync)
{
	jw_open(b, NULL, '{');
	jw_text(b, "id", sync->def->name);
	jw_text(b, "file", sync->def->file);
	put_schedule(b, sync);
	put_segments(b, sync->def);
	put_id(b, "running", sync->running);
	put_id(b, "queued", sync->queued);
	put_last(b, sync->last);
	jw_time(b, "next_run_at", sync->next_run_at);
	jw_close(b, '}');
}

/* Those that run next by themselves first, the others in the order of their names. */
struct turn {
	int64_t at;
	size_t i;
};

static int by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;
	int64_t p = x->at ? x->at : INT64_MAX, q = y->at ? y->at : INT64_MAX;

	return p != q ? (p < q ? -1 : 1) : x->i < y->i ? -1 : x->i > y->i;
}

/* sort=next_run_at; NULL when it is not asked for. */
static int get_turns(struct call *c, struct turn **ret, struct ferry_error *err)
{
	const char *sort = httpd_query(c->req, "sort");
	struct supervise_status status;
	struct supervise_sync sync;

	*ret = NULL;
	if (!sort || strcmp(sort, "id") == 0)
		return 0;
	if (strcmp(sort, "next_run_at") != 0)
		return ferry_fail(err, FERRY_E_USAGE, "'sort' must be id or next_run_at, not '%s'", sort);
	supervise_status(c->s, &status);
	*ret = ferry_alloc0(status.syncs + 1, sizeof **ret);
	for (size_t i = 0; i < status.syncs && supervise_sync_at(c->s, i, &sync); i++)
		(*ret)[i] = (struct turn){sync.next_run_at, i};
	qsort(*ret, status.syncs, sizeof **ret, by_turn);
	return 0;
}

int handle_syncs(struct call *c, struct ferry_error *err)
{
	struct supervise_sync sync;
	struct supervise_status status;
	struct page page;
	struct turn *turns;
	struct buf items = BUF_INIT;

	if (call_page(c, &page, err) < 0 || get_turns(c, &turns, err) < 0)
		return -1;
	supervise_status(c->s, &status);
	for (int64_t i = page.skip; i < page.skip + page.per_page && i < (int64_t)status.syncs; i++)
		if (supervise_sync_at(c->s, turns ? turns[i].i : (size_t)i, &sync))
			put_sync(&items, &sync);
	reply_list(c, &items, &page, (int64_t)status.syncs);
	buf_release(&items);
	free(turns);
	return 0;
}

static int find_sync(struct call *c, struct supervise_sync *ret, struct ferry_error *err)
{
	if (supervise_sync_named(c->s, c->arg, ret))
		return 0;
	return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no sync '%s'", c->arg);
}

int handle_sync(struct call *c, struct ferry_error *err)
{
	struct supervise_sync sync;

	if (find_sync(c, &sync, err) < 0)
		return -1;
	put_sync(&c->reply->body, &sync);
	return 0;
}

int call_known_sync(const struct call *c, const char *name, struct ferry_error *err)
{
	struct journal_filter of = {.sync = name, .status = JOURNAL_ANY};
	struct supervise_sync sync;
	int64_t id;
	size_t n = 0;

	if (supervise_sync_named(c->s, name, &sync))
		return 0;
	if (journal_list(supervise_journal(c->s), &of, 0, 1, &id, &n, NULL, err) < 0)
		return -1;
	return n ? 0 : ferry_fail(err, FERRY_E_NOT_FOUND, "there is no sync '%s'", name);
}

/* Runs of a sync that is no longer configured are still there to be read. */
int handle_sync_runs(struct call *c, struct ferry_error *err)
{
	return call_known_sync(c, c->arg, err) < 0 ? -1 : list_runs(c, c->arg, err);
}

static int check_wishes(const struct supervise_request *r, struct ferry_error *err)
{
	if (r->limit && !r->extract_only)
		return ferry_fail(err, FERRY_E_USAGE, "'limit' is only for 'extract_only'");
	if (r->extract_only && (r->preview || r->verify || r->full))
		return ferry_fail(err, FERRY_E_USAGE, "'extract_only' goes with none of 'preview', 'verify' "
				  "and 'full': it makes no plan");
	return 0;
}

int handle_trigger(struct call *c, struct ferry_error *err)
{
	struct supervise_request request = {0};
	struct json_doc *doc;
	bool manual = false, coalesced;
	const struct member members[] = {
		{"preview", MEMBER_FLAG, &request.preview}, {"verify", MEMBER_FLAG, &request.verify},
		{"full", MEMBER_FLAG, &request.full}, {"extract_only", MEMBER_FLAG, &request.extract_only},
		{"limit", MEMBER_COUNT, &request.limit}, {"manual", MEMBER_FLAG, &manual},
		{NULL, MEMBER_FLAG, NULL},
	};
	int64_t id;

	if (call_body(c, members, &doc, err) < 0)
		return -1;
	json_free(doc);
	/* a person at ferryctl says so; anything else is a program */
	request.trigger = manual ? TRIGGER_MANUAL : TRIGGER_API;
	if (check_wishes(&request, err) < 0)
		return -1;
	if (supervise_trigger(c->s, c->arg, &request, &c->actor, &id, &coalesced, err) < 0)
		return -1;
	reply_queued(c, id, coalesced);
	return 0;
}

/* ------------------------------------------------------------------- schedules */

/* Answered with the sync as it is now. */
static int change(struct call *c, int (*fn)(struct supervisor *, const char *, const struct supervise_actor *,
					    struct ferry_error *), struct ferry_error *err)
{
	const struct member members[] = {{NULL, MEMBER_FLAG, NULL}};
	struct json_doc *doc;

	if (call_body(c, members, &doc, err) < 0)
		return -1;
	json_free(doc);
	return fn(c->s, c->arg, &c->actor, err) < 0 ? -1 : handle_sync(c, err);
}

int handle_pause(struct call *c, struct ferry_error *err)
{
	return change(c, supervise_pause, err);
}

int handle_resume(struct call *c, struct ferry_error *err)
{
	return change(c, supervise_resume, err);
}

int handle_unpin(struct call *c, struct ferry_error *err)
{
	return change(c, supervise_unpin, err);
}

int handle_pin(struct call *c, struct ferry_error *err)
{
	const char *tier = NULL;
	int64_t hours = 0;
	const struct member members[] = {
		{"tier", MEMBER_TEXT, &tier}, {"hours", MEMBER_COUNT, &hours}, {NULL, MEMBER_FLAG, NULL},
	};
	struct json_doc *doc;

	if (call_body(c, members, &doc, err) < 0)
		return -1;
	int rc = tier ? supervise_pin(c->s, c->arg, tier, hours, &c->actor, err)
		: ferry_fail(err, FERRY_E_USAGE, "'tier' is missing (active, idle, dormant)");
	json_free(doc);
	return rc < 0 ? -1 : handle_sync(c, err);
}
