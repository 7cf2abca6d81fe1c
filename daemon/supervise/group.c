/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.c - what happens at about the same time goes to the journal in one transaction: a tenth of a
 * second after the first change at the latest, at once when it is much or must be durable.
 *
 * When the disk is full, what is pending is kept and tried again every second, running runs are told
 * to stop, and nothing new begins. Any other failure of the journal ends the daemon: what cannot be
 * written must not go on.
 */
#include <sys/statvfs.h>

#include "base/log.h"
#include "supervise/supervisor.h"

#define GROUP_MS 100
#define GROUP_CHANGES 256
#define GROUP_BYTES (2 * 1024 * 1024)
#define AGAIN_MS 1000
#define ROOM ((uint64_t)1 << 20)	/* a group takes less */

void group_put_doc(struct supervisor *s, struct live *live)
{
	struct buf json = BUF_INIT;

	run_doc_json(&live->doc, supervise_now(s), false, &json);
	struct journal_run run = {
		.id = live->doc.id, .sync = live->doc.sync, .status = live->doc.status,
		.queued_at = live->doc.queued_at, .json = json.s, .len = json.len,
	};
	journal_put_run(s->journal, &run);
	buf_release(&json);
	live->dirty = false;
}

static void put_dirty(struct supervisor *s)
{
	for (struct live *l = s->running.first; l; l = l->next)
		if (l->dirty)
			group_put_doc(s, l);
}

static void arm(struct supervisor *s, int64_t ms)
{
	s->group_armed = ms >= 0;
	manager_expect(&s->commit_by, ms);
	loop_timer_set(s->group, ms);
}

static void free_ended(struct supervisor *s)
{
	while (s->ended.first) {
		struct live *l = s->ended.first;
		live_list_del(&s->ended, l);
		live_free(l);
	}
}

static int commit(struct supervisor *s, struct ferry_error *err)
{
	if (journal_commit(s->journal, err) < 0)
		return -1;
	arm(s, -1);
	free_ended(s);
	if (s->journal_error.code != FERRY_OK) {
		log_info("the journal can be written again");
		s->journal_error = (struct ferry_error){0};
		queue_dispatch_soon(s);
		notices_soon(s);
		supervise_end_if_idle(s);
	}
	return 0;
}

static void trouble(struct supervisor *s, const struct ferry_error *err)
{
	if (err->code != FERRY_E_DISK_FULL) {
		supervise_give_up(s, err);
		return;
	}
	if (s->journal_error.code == FERRY_OK)
		log_error(err);
	s->journal_error = *err;
	for (struct live *l = s->running.first; l; l = l->next)
		live_stop(l, STOP_JOURNAL, NULL, CANCEL_GRACE_MS);
	arm(s, AGAIN_MS);
}

void group_commit(struct supervisor *s)
{
	struct ferry_error err = {0};

	put_dirty(s);
	if (commit(s, &err) < 0)
		trouble(s, &err);
}

size_t group_mark(struct supervisor *s)
{
	put_dirty(s);
	return journal_pending(s->journal);
}

int group_commit_or_back(struct supervisor *s, size_t mark, struct ferry_error *err)
{
	struct ferry_error why = {0};

	if (commit(s, &why) == 0)
		return 0;
	journal_rollback(s->journal, mark);
	trouble(s, &why);
	if (err)
		*err = why;
	return -1;
}

void group_touch(struct supervisor *s)
{
	if (s->journal_error.code != FERRY_OK)
		return;			/* the next attempt takes it along */
	if (journal_pending(s->journal) >= GROUP_CHANGES ||
	    journal_pending_bytes(s->journal) >= GROUP_BYTES)
		group_commit(s);
	else if (!s->group_armed)
		arm(s, GROUP_MS);
}

/* A small change may find a page that is free within the journal, and then the next one does not. */
static bool has_room(const struct supervisor *s)
{
	struct statvfs v;

	return statvfs(s->paths.state_dir, &v) < 0 || !v.f_blocks || (uint64_t)v.f_bavail * v.f_frsize >= ROOM;
}

static void on_group(void *ctx)
{
	struct supervisor *s = ctx;

	if (s->journal_error.code != FERRY_OK && !journal_pending(s->journal)) {
		if (!has_room(s)) {
			arm(s, AGAIN_MS);
			return;
		}
		/* a commit of nothing would tell nothing of the disk */
		journal_put_state(s->journal, "written", "true", 4);
	}
	group_commit(s);
}

int group_init(struct supervisor *s, struct ferry_error *err)
{
	return loop_timer(s->loop, -1, on_group, s, &s->group, err);
}
