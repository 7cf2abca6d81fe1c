/* SPDX-License-Identifier: Apache-2.0 */
/* steer.c - what persons do to schedules: pause and resume, pin a tier and let go of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervise/supervisor.h"

#define HOUR_US ((int64_t)3600 * 1000000)

static int find(struct supervisor *s, const char *sync, struct sync_state **ret, struct ferry_error *err)
{
	if (queue_may_change(s, err) < 0)
		return -1;
	*ret = sync_find(s, sync);
	if (!*ret || !(*ret)->def)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no sync '%s'", sync);
	return 0;
}

static void tell(struct supervisor *s, const struct sync_state *st, const char *action)
{
	static const struct {
		const char *action, *news;
	} all[] = {{"pause", "paused"}, {"resume", "resumed"}, {"pin", "pinned"}, {"unpin", "unpinned"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(action, all[i].action) == 0)
			watch_sync(s, st, all[i].news);
}

/* Make the change durable; false when it could not be, so that it must be taken back. */
static bool keep(struct supervisor *s, struct sync_state *st, const struct supervise_actor *actor, const char *action,
		 const char *result, struct ferry_error *err)
{
	size_t mark = group_mark(s);

	schedule_remember(s, st);
	audit_add(s, actor, action, st->name, result);
	if (group_commit_or_back(s, mark, err) < 0)
		return false;
	tell(s, st, action);
	schedule_plan(s, st);
	schedule_arm(s);
	return true;
}

int supervise_pause(struct supervisor *s, const char *sync, const struct supervise_actor *actor,
		    struct ferry_error *err)
{
	struct sync_state *st;

	if (find(s, sync, &st, err) < 0)
		return -1;
	struct due_memory *m = &st->memory, before = *m;
	if (!m->paused_by) {
		m->paused_by = ferry_strdup(actor->name);
		m->paused_at = supervise_now(s);
	}
	if (keep(s, st, actor, "pause", before.paused_by ? "was paused already" : "paused", err))
		return 0;
	if (!before.paused_by)
		free(m->paused_by);
	*m = before;
	return -1;
}

int supervise_resume(struct supervisor *s, const char *sync, const struct supervise_actor *actor,
		     struct ferry_error *err)
{
	struct sync_state *st;

	if (find(s, sync, &st, err) < 0)
		return -1;
	struct due_memory *m = &st->memory, before = *m;
	m->paused_by = NULL;
	m->paused_at = 0;
	if (before.paused_by && !st->def->schedule.catch_up)
		due_skip(m, due_jitter(st->def), supervise_now(s));
	if (!keep(s, st, actor, "resume", before.paused_by ? "resumed" : "was not paused", err)) {
		*m = before;
		return -1;
	}
	free(before.paused_by);
	return 0;
}

static int find_adaptive(struct supervisor *s, const char *sync, struct sync_state **ret, struct ferry_error *err)
{
	if (find(s, sync, ret, err) < 0)
		return -1;
	if ((*ret)->def->schedule.kind == SCHEDULE_ADAPTIVE)
		return 0;
	ferry_fail(err, FERRY_E_STATE, "the schedule of '%s' is not adaptive: it has no tiers", sync);
	return ferry_hint(err, "'ferryctl pause %s' keeps it from running by schedule.", sync);
}

int supervise_pin(struct supervisor *s, const char *sync, const char *tier, int64_t hours,
		  const struct supervise_actor *actor, struct ferry_error *err)
{
	struct sync_state *st;
	char result[64];
	int to = cadence_tier_from_name(tier);

	if (to < 0)
		return ferry_fail(err, FERRY_E_USAGE, "'%s' is no tier (active, idle, dormant)", tier);
	if (hours < 1 || hours > CADENCE_PIN_HOURS_MAX)
		return ferry_fail(err, FERRY_E_USAGE, "a pin lasts 1 to %d hours", CADENCE_PIN_HOURS_MAX);
	if (find_adaptive(s, sync, &st, err) < 0)
		return -1;
	struct due_memory before = st->memory;
	st->memory.cadence.pin_tier = (enum cadence_tier)to;
	st->memory.cadence.pinned_until = supervise_now(s) + hours * HOUR_US;
	snprintf(result, sizeof result, "%s for %lld h", cadence_tier_name((enum cadence_tier)to), (long long)hours);
	if (keep(s, st, actor, "pin", result, err))
		return 0;
	st->memory = before;
	return -1;
}

int supervise_unpin(struct supervisor *s, const char *sync, const struct supervise_actor *actor,
		    struct ferry_error *err)
{
	struct sync_state *st;

	if (find_adaptive(s, sync, &st, err) < 0)
		return -1;
	struct due_memory before = st->memory;
	bool pinned = cadence_is_pinned(&before.cadence, supervise_now(s));
	st->memory.cadence.pinned_until = 0;
	if (keep(s, st, actor, "unpin", pinned ? "unpinned" : "was not pinned", err))
		return 0;
	st->memory = before;
	return -1;
}
