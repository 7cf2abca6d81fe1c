/* SPDX-License-Identifier: Apache-2.0 */
/* cadence.c - the state machine of adaptive schedules. */
#include "supervise/cadence.h"

#include <stdarg.h>
#include <stdio.h>

#define DAY_US ((int64_t)86400 * 1000000)

struct cadence cadence_first(int64_t now)
{
	return (struct cadence){.tier = CADENCE_IDLE, .active_at = now};
}

bool cadence_is_pinned(const struct cadence *c, int64_t now)
{
	return c->pinned_until > now;
}

enum cadence_tier cadence_tier_now(const struct cadence *c, int64_t now)
{
	return cadence_is_pinned(c, now) ? c->pin_tier : c->tier;
}

__attribute__((format(printf, 2, 3))) static void because(struct cadence_step *step, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(step->reason, sizeof step->reason, fmt, ap);
	va_end(ap);
}

static void move(struct cadence *c, enum cadence_tier to)
{
	c->tier = to;
	c->quiet = 0;
}

static void promote(const struct cadence_look *look, int64_t now, struct cadence *c, struct cadence_step *step)
{
	because(step, "%s", look->what);
	c->active_at = now;
	move(c, CADENCE_ACTIVE);
}

/* One more evaluation that found nothing. */
static void count_quiet(const struct adaptive_def *def, int64_t now, struct cadence *c, struct cadence_step *step)
{
	int64_t since = now - c->active_at, wait = def->quiet_ms * 1000;

	if (c->quiet < def->demote_after)
		c->quiet++;
	if (c->tier == CADENCE_DORMANT) {
		because(step, "nothing has happened");
	} else if (c->quiet < def->demote_after) {
		because(step, "nothing has happened: %d of %d quiet runs in a row", c->quiet, def->demote_after);
	} else if (c->tier == CADENCE_ACTIVE) {
		because(step, "nothing has happened in %d runs in a row", def->demote_after);
		move(c, CADENCE_IDLE);
	} else if (since < wait) {
		because(step, "nothing has happened, but for %lld of %lld days only", (long long)(since / DAY_US),
			(long long)(wait / DAY_US));
	} else {
		because(step, "nothing has happened for %lld days", (long long)(since / DAY_US));
		move(c, CADENCE_DORMANT);
	}
}

void cadence_evaluate(const struct adaptive_def *def, const struct cadence_look *look, int64_t now,
		      struct cadence *c, struct cadence_step *ret)
{
	/* a clock that was set back must not make it wait for longer */
	if (c->active_at > now)
		c->active_at = now;
	*ret = (struct cadence_step){.from = cadence_tier_now(c, now), .pinned = cadence_is_pinned(c, now)};
	if (ret->pinned)
		because(ret, "it is pinned, so nothing is evaluated");
	else if (look->found == LOOK_FAILED)
		because(ret, "%s, so nothing is known: the tier is held", look->what);
	else if (look->found == LOOK_ACTIVITY)
		promote(look, now, c, ret);
	else
		count_quiet(def, now, c, ret);
	ret->to = cadence_tier_now(c, now);
}
