/* SPDX-License-Identifier: Apache-2.0 */
/* supervise.c - the supervisor's own life, and what others see of it. */
#include "supervise/supervise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/backup.h"
#include "supervise/notices.h"

/* --------------------------------------------------------------------- life */

static int init(struct supervisor *s, struct ferry_error *err)
{
	if (state_lock(s->paths.state_dir, &s->lock_fd, err) < 0 ||
	    restore_finish(s->paths.state_dir, err) < 0 ||
	    journal_open(s->paths.state_dir, &s->journal, err) < 0 ||
	    tokens_init(s, err) < 0 ||
	    recover_runs(s, err) < 0 ||
	    manager_init(s, err) < 0 ||
	    group_init(s, err) < 0 || queue_init(s, err) < 0 || schedule_init(s, err) < 0 ||
	    trends_init(s, err) < 0 || notices_init(s, err) < 0 || retention_init(s, err) < 0)
		return -1;
	return 0;
}

static int64_t machine_clock(void *ctx)
{
	(void)ctx;
	return clock_now();
}

int64_t supervise_now(const struct supervisor *s)
{
	return s->clock.now(s->clock.ctx);
}

void supervise_set_clock(struct supervisor *s, const struct supervise_clock *clock)
{
	s->clock = *clock;
}

int supervise_new(struct loop *loop, const struct supervise_paths *paths, struct supervisor **ret,
		  struct ferry_error *err)
{
	struct supervisor *s = ferry_alloc0(1, sizeof *s);

	s->loop = loop;
	s->lock_fd = -1;
	s->clock.now = machine_clock;
	s->started_at = clock_now();
	s->paths.config_dir = ferry_strdup(paths->config_dir);
	s->paths.state_dir = ferry_strdup(paths->state_dir);
	s->paths.plugin_dir = ferry_strdup(paths->plugin_dir);
	s->paths.worker = ferry_strdup(paths->worker);
	if (init(s, err) < 0) {
		supervise_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}

static void free_list(struct live_list *list)
{
	while (list->first) {
		struct live *l = list->first;
		live_list_del(list, l);
		live_free(l);
	}
}

void supervise_free(struct supervisor *s)
{
	if (!s)
		return;
	if (s->gen)
		reload_release(s);
	backup_release(s);
	retention_release(s);
	notices_release(s);
	free_list(&s->running);
	free_list(&s->queue);
	free_list(&s->ended);
	syncs_release(s);
	conf_free(s->gen);
	loop_drop(s->dispatch);
	loop_drop(s->schedule);
	loop_drop(s->group);
	manager_release(s);
	loop_drop(s->behind);
	journal_close(s->journal);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->tokens);
	free(s->refusals);
	free((char *)(uintptr_t)s->paths.config_dir);
	free((char *)(uintptr_t)s->paths.state_dir);
	free((char *)(uintptr_t)s->paths.plugin_dir);
	free((char *)(uintptr_t)s->paths.worker);
	free(s);
}

void supervise_give_up(struct supervisor *s, const struct ferry_error *err)
{
	if (s->fatal.code != FERRY_OK)
		return;
	s->fatal = *err;
	loop_quit(s->loop);
}

const struct ferry_error *supervise_fatal(const struct supervisor *s)
{
	return &s->fatal;
}

/* ---------------------------------------------------------------------- stop */

void supervise_end_if_idle(struct supervisor *s)
{
	if (s->leaving && !s->stopping && !s->running.n && notices_flush(s))
		return;
	if ((s->stopping || s->leaving) && !s->running.n)
		loop_quit(s->loop);
}

void supervise_leave(struct supervisor *s)
{
	s->leaving = true;
	loop_timer_set(s->notifier->timer, 0);
}

void supervise_stop(struct supervisor *s)
{
	struct ferry_error why = {0};

	if (s->stopping) {
		for (struct live *l = s->running.first; l; l = l->next)
			worker_kill(l->worker);
		return;
	}
	s->stopping = true;
	manager_stopping(s);
	watch_tell(s, &(struct supervise_event){.news = NEWS_STOPPING});
	loop_timer_set(s->schedule, -1);
	ferry_fail(&why, FERRY_E_CANCELLED, "the daemon was stopped before it started");
	while (s->queue.first) {
		s->queue.first->doc.interrupted = true;
		live_drop(s->queue.first, RUN_CANCELLED, &why);
	}
	group_commit(s);
	for (struct live *l = s->running.first; l; l = l->next)
		live_stop(l, STOP_DAEMON, NULL, s->gen->daemon.stop_timeout_ms);
	supervise_tell_status(s);
	supervise_end_if_idle(s);
}

/* -------------------------------------------------------------------- looking */

struct journal *supervise_journal(struct supervisor *s)
{
	return s->journal;
}

struct loop *supervise_loop(const struct supervisor *s)
{
	return s->loop;
}

const struct supervise_paths *supervise_paths(const struct supervisor *s)
{
	return &s->paths;
}

const struct generation *supervise_generation(const struct supervisor *s)
{
	return s->gen;
}

const struct daemon_def *supervise_settings(const struct supervisor *s)
{
	return &s->gen->daemon;
}

void supervise_status(const struct supervisor *s, struct supervise_status *ret)
{
	*ret = (struct supervise_status){
		.started_at = s->started_at, .generation = s->generation, .loaded_at = s->loaded_at,
		.fingerprint = s->fingerprint,
		.syncs = s->gen->n_syncs, .running = s->running.n, .queued = s->queue.n,
		.reload_error = s->reload_error, .reload_error_at = s->reload_error_at,
		.journal_error = s->journal_error.code == FERRY_OK ? NULL : &s->journal_error,
		.stopping = s->stopping,
	};
	for (const struct live *l = s->running.first; l; l = l->next)
		ret->hung += live_hung(l);
}

static void show_sync(const struct supervisor *s, const struct sync_state *st, struct supervise_sync *ret)
{
	const struct due_memory *m = &st->memory;
	bool adaptive = st->def->schedule.kind == SCHEDULE_ADAPTIVE;
	int64_t now = supervise_now(s);
	struct buf reason = BUF_INIT;

	*ret = (struct supervise_sync){
		.def = st->def, .running = st->running ? st->running->doc.id : 0,
		.queued = st->queued ? st->queued->doc.id : 0, .next_run_at = st->due.at, .last = &st->last,
		.tier = adaptive ? cadence_tier_name(cadence_tier_now(&m->cadence, now)) : NULL,
		.pinned_until = adaptive && cadence_is_pinned(&m->cadence, now) ? m->cadence.pinned_until : 0,
		.paused_by = m->paused_by, .paused_at = m->paused_at, .meter = st->meter,
	};
	schedule_reason(s, st, &reason);
	snprintf(ret->reason, sizeof ret->reason, "%s", buf_str(&reason));
	buf_release(&reason);
}

bool supervise_sync_at(const struct supervisor *s, size_t i, struct supervise_sync *ret)
{
	return i < s->gen->n_syncs && supervise_sync_named(s, s->gen->syncs[i].name, ret);
}

bool supervise_sync_named(const struct supervisor *s, const char *name, struct supervise_sync *ret)
{
	const struct sync_state *st = sync_find(s, name);

	if (!st || !st->def)
		return false;
	show_sync(s, st, ret);
	return true;
}

int supervise_run_json(struct supervisor *s, int64_t id, struct buf *out, struct ferry_error *err)
{
	struct live *l = live_find(s, id);

	if (!l)
		return journal_run(s->journal, id, out, err);
	run_doc_json(&l->doc, supervise_now(s), live_hung(l), out);
	return 0;
}
