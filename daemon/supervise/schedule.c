/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.c - what is remembered of syncs' schedules, and the queueing of what has come due. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "supervise/supervisor.h"

#define LOOK_MS 60000			/* the wall clock may be set: look again now and then */
#define TROUBLE_MS 1000			/* nothing can be queued while the journal cannot be written */
#define REFUSED_US ((int64_t)60 * 1000000)

/* ---------------------------------------------------------------------- memory */

#define STATE_KEY 80
static void state_key(char key[STATE_KEY], const struct sync_state *st)
{
	snprintf(key, STATE_KEY, "schedule/%s", st->name);
}

void schedule_remember(struct supervisor *s, const struct sync_state *st)
{
	struct buf json = BUF_INIT;
	char key[STATE_KEY];

	state_key(key, st);
	due_memory_json(&st->memory, &json);
	journal_put_state(s->journal, key, json.s, json.len);
	buf_release(&json);
}

/* The last run tells what the daemon could no longer write when it died. */
static void recall_last(struct sync_state *st)
{
	const struct supervise_last *last = &st->last;
	struct due_memory *m = &st->memory;

	if (!last->run || last->preview || last->completed_at < m->ended)
		return;
	m->ended = last->completed_at;
	m->broken = last->interrupted;
	if (last->status == RUN_COMPLETED)
		m->completed = last->completed_at;
}

void schedule_recall(struct supervisor *s, struct sync_state *st)
{
	struct ferry_error err = {0};
	struct buf json = BUF_INIT;
	char key[STATE_KEY];

	state_key(key, st);
	int rc = journal_state(s->journal, key, &json, &err);
	if (rc == 0)
		rc = due_memory_read(json.s, json.len, &st->memory, &err);
	if (rc < 0 && err.code != FERRY_E_NOT_FOUND)
		log_error(&err);
	buf_release(&json);
	recall_last(st);
}

void schedule_adopt(struct supervisor *s, struct sync_state *st)
{
	struct buf before = BUF_INIT, after = BUF_INIT;

	due_memory_json(&st->memory, &before);
	due_adopt(&st->memory, &st->def->schedule, supervise_now(s));
	due_memory_json(&st->memory, &after);
	if (before.len != after.len || memcmp(before.s, after.s, before.len) != 0) {
		schedule_remember(s, st);
		group_touch(s);
	}
	buf_release(&before);
	buf_release(&after);
}

/* ---------------------------------------------------------------------- events */

/* Runs that write nothing anywhere leave the schedule as it was. */
static bool counts(const struct live *l)
{
	return l->sync->def && !l->doc.preview && !l->doc.extract_only;
}

static int64_t followed_end(const struct supervisor *s, const struct sync_state *st)
{
	const char *after = st->def->schedule.after;
	const struct sync_state *other = after ? sync_find(s, after) : NULL;

	return other ? other->memory.completed : 0;
}

void schedule_started(struct live *l)
{
	const struct run_doc *doc = &l->doc;

	if (!counts(l))
		return;
	struct due_start start = {
		/* the clock may have been set back since it was queued */
		.now = doc->started_at > doc->queued_at ? doc->started_at : doc->queued_at,
		.jitter = due_jitter(l->sync->def), .followed = followed_end(l->s, l->sync), .by_retry = l->by_retry,
	};
	due_started(&l->sync->memory, &start);
	schedule_remember(l->s, l->sync);
}

static bool is_transient(const struct run_doc *doc)
{
	int code = doc->cause.code ? ferry_code_from_name(doc->cause.code) : -1;

	/* a plan is promoted by a person or not at all */
	return doc->status == RUN_FAILED && !doc->promote_of && code >= 0 && ferry_code_info(code)->transient;
}

void schedule_ended(struct live *l)
{
	struct supervisor *s = l->s;
	struct sync_state *st = l->sync;
	const struct run_doc *doc = &l->doc;

	if (!counts(l))
		return;
	struct due_end end = {
		.run = doc->id, .now = doc->completed_at, .completed = doc->status == RUN_COMPLETED,
		.broken = doc->interrupted, .transient = is_transient(doc), .verify = doc->verify, .full = doc->full,
	};
	due_ended(&st->memory, &st->def->retry, &end);
	if (st->def->schedule.kind == SCHEDULE_ADAPTIVE)
		evaluate_run(l);
	schedule_remember(s, st);
	for (size_t i = 0; i < s->n_syncs && end.completed; i++) {
		const struct sync_def *def = s->syncs[i]->def;
		if (def && def->schedule.after && strcmp(def->schedule.after, st->name) == 0)
			schedule_plan(s, s->syncs[i]);
	}
}

void schedule_dropped(struct live *l)
{
	if (!counts(l))
		return;
	due_skip(&l->sync->memory, due_jitter(l->sync->def), l->doc.completed_at);
	l->sync->memory.broken = l->doc.interrupted;
	schedule_remember(l->s, l->sync);
}

/* -------------------------------------------------------------------------- due */

static void find_due(const struct supervisor *s, struct sync_state *st, struct due *ret)
{
	due_next(&st->memory, st->def, followed_end(s, st), supervise_now(s), ret);
	if (ret->at && ret->at < st->not_before)
		ret->at = st->not_before;
}

void schedule_plan(struct supervisor *s, struct sync_state *st)
{
	st->due = (struct due){0};
	if (s->scheduling && st->def && !st->running && !st->queued)
		find_due(s, st, &st->due);
	watch_next_run(s, st);
}

void schedule_reason(const struct supervisor *s, const struct sync_state *st, struct buf *out)
{
	if (st->running || st->queued)
		buf_addf(out, "run %lld is %s", (long long)(st->running ? st->running : st->queued)->doc.id,
			 st->running ? "under way" : "queued");
	else
		due_text(&st->memory, st->def, &st->due, supervise_now(s), out);
}

static struct live *queue_one(struct supervisor *s, struct sync_state *st)
{
	const struct due_memory *m = &st->memory;
	bool again = st->due.why == DUE_RETRY;
	struct supervise_request request = {
		.trigger = again ? TRIGGER_RETRY : st->startup ? TRIGGER_STARTUP : TRIGGER_SCHEDULE,
		.verify = again && m->retry_verify, .full = again && m->retry_full,
	};
	char *followed = st->due.why == DUE_FOLLOWS ? ferry_asprintf("after %s", st->def->schedule.after) : NULL;
	int64_t retry_of = again ? m->retry_of : 0;

	struct live *l = queue_add(s, st, &request, followed ? followed : again ? "retry" : "schedule");
	l->by_retry = again;
	l->doc.retry_of = retry_of;
	group_put_doc(s, l);
	free(followed);
	return l;
}

/* Queue all that are due, in one commit. */
static void queue_due(struct supervisor *s, int64_t now)
{
	struct ferry_error err = {0};
	size_t mark = group_mark(s), n = 0;

	for (size_t i = 0; i < s->n_syncs; i++)
		if (s->syncs[i]->due.at && s->syncs[i]->due.at <= now) {
			queue_one(s, s->syncs[i]);
			n++;
		}
	if (!n)
		return;
	bool failed = group_commit_or_back(s, mark, &err) < 0;
	for (struct live *l = s->queue.first, *next; l; l = next) {
		next = l->next;
		if (l->durable)
			continue;
		l->durable = !failed;
		l->sync->startup = l->sync->startup && failed;
		if (!failed) {
			watch_run(l, NEWS_QUEUED);
		} else {
			struct sync_state *st = l->sync;
			st->not_before = now + REFUSED_US;
			queue_remove(l);
			schedule_plan(s, st);
		}
	}
	queue_dispatch_soon(s);
	supervise_tell_status(s);
}

void schedule_arm(struct supervisor *s)
{
	int64_t now = supervise_now(s), ms = LOOK_MS;

	if (s->stopping)
		return;
	for (size_t i = 0; i < s->n_syncs && s->scheduling; i++) {
		int64_t due = s->syncs[i]->due.at;
		if (due && (due - now) / 1000 + 1 < ms)
			ms = due > now ? (due - now) / 1000 + 1 : 0;
	}
	if (s->journal_error.code != FERRY_OK && ms < TROUBLE_MS)
		ms = TROUBLE_MS;
	manager_expect(&s->look_by, ms);
	loop_timer_set(s->schedule, ms);
}

static void on_schedule(void *ctx)
{
	struct supervisor *s = ctx;

	if (s->stopping || s->fatal.code != FERRY_OK)
		return;
	journal_clear_stale(s->journal);
	s->looked_at = clock_mono();
	/* the clock may have been set, and pins end */
	for (size_t i = 0; i < s->n_syncs; i++)
		schedule_plan(s, s->syncs[i]);
	if (s->scheduling && s->journal_error.code == FERRY_OK)
		queue_due(s, supervise_now(s));
	supervise_tell_status(s);
	schedule_arm(s);
}

void supervise_look(struct supervisor *s)
{
	on_schedule(s);
	notices_soon(s);
}

void supervise_start(struct supervisor *s)
{
	int64_t now = supervise_now(s);

	s->scheduling = true;
	for (size_t i = 0; i < s->n_syncs; i++) {
		struct sync_state *st = s->syncs[i];
		schedule_plan(s, st);
		if (st->due.at && st->due.at <= now && !st->def->schedule.catch_up) {
			due_skip(&st->memory, due_jitter(st->def), now);
			schedule_remember(s, st);
			group_touch(s);
			schedule_plan(s, st);
		}
		st->startup = st->due.at && st->due.at <= now + 1000;
	}
	supervise_tell_status(s);
	schedule_arm(s);
}

int schedule_init(struct supervisor *s, struct ferry_error *err)
{
	manager_expect(&s->look_by, LOOK_MS);
	return loop_timer(s->loop, LOOK_MS, on_schedule, s, &s->schedule, err);
}
