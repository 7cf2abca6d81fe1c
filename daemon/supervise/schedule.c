/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.c - when a sync is due: `every` counts from the end of its last run; one that never ran,
 * or whose last run the daemon's own end broke off, is due at once.
 */
#include "base/clock.h"
#include "base/log.h"
#include "supervise/supervisor.h"

#define LOOK_MS 60000			/* the wall clock may be set: look again now and then */
#define REFUSED_US ((int64_t)60 * 1000000)

void schedule_plan(struct supervisor *s, struct sync_state *st)
{
	int64_t now = clock_now();

	st->due = 0;
	if (!s->scheduling || !st->def || !st->def->schedule.every_ms || st->running || st->queued)
		return;
	if (!st->last.run || st->last.interrupted || !st->last.completed_at) {
		st->due = now;
		return;
	}
	int64_t every = st->def->schedule.every_ms * 1000;
	/* a clock that was set back must not keep a sync waiting for longer than its interval */
	int64_t from = st->last.completed_at < now ? st->last.completed_at : now;
	st->due = from + every > now ? from + every : now;
}

/* Queue all that are due, in one commit. */
static void queue_due(struct supervisor *s, int64_t now)
{
	struct ferry_error err = {0};
	size_t mark = group_mark(s), n = 0;

	for (size_t i = 0; i < s->n_syncs; i++) {
		struct sync_state *st = s->syncs[i];
		if (!st->due || st->due > now)
			continue;
		struct supervise_request request = {.trigger = st->startup ? TRIGGER_STARTUP : TRIGGER_SCHEDULE};
		struct live *l = queue_add(s, st, &request, "schedule");
		group_put_doc(s, l);
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
		if (failed) {
			l->sync->due = now + REFUSED_US;
			queue_remove(l);
		}
	}
	queue_dispatch_soon(s);
	supervise_tell_status(s);
}

void schedule_arm(struct supervisor *s)
{
	int64_t now = clock_now(), ms = LOOK_MS;

	if (s->stopping)
		return;
	for (size_t i = 0; i < s->n_syncs && s->scheduling; i++) {
		int64_t due = s->syncs[i]->due;
		if (due && (due - now) / 1000 + 1 < ms)
			ms = due > now ? (due - now) / 1000 + 1 : 0;
	}
	loop_timer_set(s->schedule, ms);
}

static void on_schedule(void *ctx)
{
	struct supervisor *s = ctx;

	if (s->stopping || s->fatal.code != FERRY_OK)
		return;
	journal_clear_stale(s->journal);
	problems_janitor(s);
	if (s->scheduling && s->journal_error.code == FERRY_OK)
		queue_due(s, clock_now());
	schedule_arm(s);
}

void supervise_start(struct supervisor *s)
{
	int64_t now = clock_now();

	s->scheduling = true;
	for (size_t i = 0; i < s->n_syncs; i++) {
		schedule_plan(s, s->syncs[i]);
		s->syncs[i]->startup = s->syncs[i]->due && s->syncs[i]->due <= now + 1000;
	}
	schedule_arm(s);
}

int schedule_init(struct supervisor *s, struct ferry_error *err)
{
	return loop_timer(s->loop, LOOK_MS, on_schedule, s, &s->schedule, err);
}
