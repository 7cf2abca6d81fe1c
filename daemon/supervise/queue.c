/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.c - what shall run: triggers, retries and cancels (promote.c has promotions); and the start of
 * runs, in the order of their triggers, as many at once as the settings allow.
 *
 * One run of a sync at a time and at most one more queued. A trigger that finds one queued with the
 * same wishes is that one; with other wishes it is refused: a preview must not become a real run.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "supervise/supervisor.h"

struct live *queue_add(struct supervisor *s, struct sync_state *st,
		       const struct supervise_request *request, const char *source_name)
{
	struct live *l = live_new(s, st, request, source_name);

	l->doc.id = journal_next_run(s->journal);
	st->queued = l;
	st->due = (struct due){0};
	live_list_add(&s->queue, l);
	return l;
}

void queue_remove(struct live *l)
{
	l->sync->queued = NULL;
	live_list_del(&l->s->queue, l);
	live_free(l);
}

static bool same_wishes(const struct live *l, const struct supervise_request *request)
{
	return !l->doc.promote_of && l->doc.preview == request->preview &&
		l->doc.verify == request->verify && l->doc.full == request->full &&
		l->doc.extract_only == request->extract_only && l->doc.limit == request->limit;
}

int queue_may_change(const struct supervisor *s, struct ferry_error *err)
{
	if (s->stopping)
		return ferry_fail(err, FERRY_E_UNAVAILABLE, "the daemon is stopping");
	return 0;
}

static void audit_run(struct supervisor *s, const struct supervise_actor *actor, const char *action,
		      const char *target, const char *result, int64_t id, const char *because)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s %lld%s%s", result, (long long)id, because ? ", " : "", because ? because : "");
	audit_add(s, actor, action, target, buf_str(&text));
	buf_release(&text);
}

static int coalesce(struct supervisor *s, struct sync_state *st, const struct wanted *want,
		    const struct supervise_actor *actor, int64_t *ret_id, struct ferry_error *err)
{
	if (want->promote_of || !same_wishes(st->queued, &want->request))
		return ferry_fail(err, FERRY_E_BUSY,
				  "sync '%s': run %lld is queued already, with other wishes",
				  st->name, (long long)st->queued->doc.id);
	size_t mark = group_mark(s);
	audit_run(s, actor, want->action, want->target, "coalesced with run", st->queued->doc.id,
		  NULL);
	if (group_commit_or_back(s, mark, err) < 0)
		return -1;
	*ret_id = st->queued->doc.id;
	return 0;
}

void promote_key(char key[PROMOTE_KEY], int64_t run)
{
	snprintf(key, PROMOTE_KEY, "promote/%lld", (long long)run);
}

static int enqueue(struct supervisor *s, struct sync_state *st, const struct wanted *want,
		   const struct supervise_actor *actor, int64_t *ret_id, bool *ret_coalesced,
		   struct ferry_error *err)
{
	char key[PROMOTE_KEY], id[24];

	*ret_coalesced = st->queued != NULL;
	if (st->queued)
		return coalesce(s, st, want, actor, ret_id, err);
	struct due due = st->due;
	size_t mark = group_mark(s);
	struct live *l = queue_add(s, st, &want->request, actor->name);
	l->doc.retry_of = want->retry_of;
	l->doc.promote_of = want->promote_of;
	l->doc.override_guard = want->override_guard;
	group_put_doc(s, l);
	audit_run(s, actor, want->action, want->target, "run", l->doc.id, want->because);
	if (want->promote_of) {
		promote_key(key, want->promote_of);
		int n = snprintf(id, sizeof id, "%lld", (long long)l->doc.id);
		journal_put_state(s->journal, key, id, (size_t)n);
	}
	if (group_commit_or_back(s, mark, err) < 0) {
		queue_remove(l);
		st->due = due;
		return -1;
	}
	l->durable = true;
	watch_run(l, NEWS_QUEUED);
	*ret_id = l->doc.id;
	queue_dispatch_soon(s);
	supervise_tell_status(s);
	return 0;
}

int supervise_trigger(struct supervisor *s, const char *sync,
		      const struct supervise_request *request,
		      const struct supervise_actor *actor, int64_t *ret_id, bool *ret_coalesced,
		      struct ferry_error *err)
{
	struct sync_state *st = sync_find(s, sync);
	struct wanted want = {.request = *request, .action = "trigger", .target = sync};

	if (queue_may_change(s, err) < 0)
		return -1;
	if (!st || !st->def)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no sync '%s'", sync);
	return enqueue(s, st, &want, actor, ret_id, ret_coalesced, err);
}

/* ---------------------------------------------------------------------- retry */

int queue_doc(struct supervisor *s, int64_t id, struct run_doc *ret, struct ferry_error *err)
{
	struct buf json = BUF_INIT;

	int rc = supervise_run_json(s, id, &json, err);
	if (rc == 0)
		rc = run_doc_read(json.s, json.len, ret, err);
	buf_release(&json);
	return rc;
}

int queue_after(struct supervisor *s, const struct run_doc *old, struct wanted *want,
		const struct supervise_actor *actor, int64_t *ret_id, bool *ret_coalesced,
		struct ferry_error *err)
{
	struct sync_state *st = sync_find(s, old->sync);
	struct buf target = BUF_INIT;

	if (!st || !st->def)
		return ferry_fail(err, FERRY_E_STATE,
				  "the sync '%s' of run %lld is no longer configured", old->sync,
				  (long long)old->id);
	buf_addf(&target, "run %lld of %s", (long long)old->id, old->sync);
	want->target = target.s;
	int rc = enqueue(s, st, want, actor, ret_id, ret_coalesced, err);
	buf_release(&target);
	return rc;
}

int supervise_retry(struct supervisor *s, int64_t run, const struct supervise_actor *actor,
		    int64_t *ret_id, bool *ret_coalesced, struct ferry_error *err)
{
	struct run_doc old;
	int rc;

	if (queue_may_change(s, err) < 0 || queue_doc(s, run, &old, err) < 0)
		return -1;
	if (old.status == RUN_QUEUED || old.status == RUN_RUNNING) {
		rc = ferry_fail(err, FERRY_E_STATE,
				"run %lld is %s: only an ended run can be retried",
				(long long)run, run_status_name(old.status));
	} else {
		struct wanted want = {
			.request = {.trigger = TRIGGER_RETRY, .preview = old.preview,
				.verify = old.verify, .full = old.full,
				.extract_only = old.extract_only, .limit = old.limit},
			.action = "retry", .retry_of = run,
		};
		rc = queue_after(s, &old, &want, actor, ret_id, ret_coalesced, err);
	}
	run_doc_release(&old);
	return rc;
}

/* -------------------------------------------------------------------- cancel */

static int cancel_live(struct supervisor *s, struct live *l, const struct supervise_actor *actor,
		       enum run_status *ret_status, struct ferry_error *err)
{
	struct ferry_error why = {0};
	struct buf target = BUF_INIT;

	buf_addf(&target, "run %lld of %s", (long long)l->doc.id, l->doc.sync);
	size_t mark = group_mark(s);
	audit_add(s, actor, "cancel", target.s, run_status_name(l->doc.status));
	buf_release(&target);
	/* the entry comes first: a queued run that was taken away could not be put back */
	if (group_commit_or_back(s, mark, err) < 0)
		return -1;
	if (l->doc.status == RUN_RUNNING) {
		*ret_status = RUN_RUNNING;
		live_stop(l, STOP_CANCEL, actor->name, CANCEL_GRACE_MS);
		return 0;
	}
	*ret_status = RUN_CANCELLED;
	struct sync_state *st = l->sync;
	ferry_fail(&why, FERRY_E_CANCELLED, "cancelled by %s before it started", actor->name);
	live_drop(l, RUN_CANCELLED, &why);
	group_commit(s);
	schedule_plan(s, st);
	schedule_arm(s);
	supervise_tell_status(s);
	return 0;
}

int supervise_cancel(struct supervisor *s, int64_t run, const struct supervise_actor *actor,
		     enum run_status *ret_status, struct ferry_error *err)
{
	struct live *l = live_find(s, run);
	struct run_doc old;

	if (l && (l->doc.status == RUN_RUNNING || l->doc.status == RUN_QUEUED))
		return cancel_live(s, l, actor, ret_status, err);
	if (queue_doc(s, run, &old, err) < 0)
		return -1;
	ferry_fail(err, FERRY_E_STATE, "run %lld has ended already: it is %s", (long long)run,
		   run_status_name(old.status));
	run_doc_release(&old);
	return -1;
}

/* --------------------------------------------------------------------- start */

/* The first in the queue whose sync is free. */
static struct live *next_run(struct supervisor *s)
{
	for (struct live *l = s->queue.first; l; l = l->next)
		if (!l->sync->running && l->sync->def)
			return l;
	return NULL;
}

/* One at a turn of the loop: each start waits for the disk, and others want to be served. */
static void on_dispatch(void *ctx)
{
	struct supervisor *s = ctx;

	if (s->stopping || s->journal_error.code != FERRY_OK || s->fatal.code != FERRY_OK ||
	    s->running.n >= (size_t)s->gen->daemon.max_concurrent_runs)
		return;
	struct live *l = next_run(s);
	if (!l)
		return;
	live_start(l);
	queue_dispatch_soon(s);
}

void queue_dispatch_soon(struct supervisor *s)
{
	loop_timer_set(s->dispatch, 0);
}

int queue_init(struct supervisor *s, struct ferry_error *err)
{
	return loop_timer(s->loop, -1, on_dispatch, s, &s->dispatch, err);
}
