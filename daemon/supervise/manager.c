/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manager.c - word to the service manager: that there is progress, and in one line what is going on.
 *
 * A daemon whose loop turns can still be dead: when the journal's changes are never committed, or nobody
 * looks at what is due. So both say by when they will be done, and once that is long past the manager hears
 * nothing more and starts the daemon anew. A full disk is no such case: writing is tried again each second,
 * and told.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "supervise/supervisor.h"

#define SLACK_US ((int64_t)10 * 1000000) /* a slow disk, a busy machine */
#define TELL_MS 1000			/* telling waits when nobody listens, so it is done rarely */
#define KILL_MS 30000			/* what a stop may take beyond the time its runs have */
#define NEAR_US ((int64_t)20 * 3600 * 1000000)
#define PROBLEMS_TOLD 100

/* ------------------------------------------------------------------- progress */

void manager_expect(int64_t *by, int64_t ms)
{
	*by = ms < 0 ? 0 : clock_mono() + ms * 1000;
}

static bool is_late(int64_t by, int64_t now)
{
	return by && now > by + SLACK_US;
}

const char *manager_stuck(const struct supervisor *s, int64_t now)
{
	if (is_late(s->commit_by, now))
		return "changes of the journal wait and nobody commits them";
	if (!s->stopping && is_late(s->look_by, now))
		return "nobody has looked at what is due";
	return NULL;
}

static void on_watchdog(void *ctx)
{
	struct supervisor *s = ctx;
	const char *stuck = manager_stuck(s, clock_mono());

	if (stuck)
		log_about(&(struct log_about){.event = LOG_STUCK, .code = "INTERNAL"}, FERRY_LOG_ERROR,
			  "no progress: %s; the service manager will start the daemon anew", stuck);
	else
		loop_notify("WATCHDOG=1");
	loop_timer_set(s->watchdog, loop_watchdog_ms());
}

/* --------------------------------------------------------------------- status */

/* Local time, as the manager itself shows it. */
static void add_time(struct buf *out, const char *before, int64_t at, int64_t now)
{
	bool near = at - now < NEAR_US && now - at < NEAR_US;
	time_t t = (time_t)(at / 1000000);
	struct tm tm;
	char text[32];

	if (localtime_r(&t, &tm) && strftime(text, sizeof text, near ? "%H:%M" : "%Y-%m-%d %H:%M", &tm))
		buf_addf(out, "%s%s", before, text);
}

static void add_next(const struct supervisor *s, struct buf *out, int64_t now)
{
	const struct sync_state *next = NULL;

	for (size_t i = 0; i < s->n_syncs; i++)
		if (s->syncs[i]->due.at && (!next || s->syncs[i]->due.at < next->due.at))
			next = s->syncs[i];
	if (!next)
		return;
	buf_addf(out, "; next: %s", next->name);
	add_time(out, " at ", next->due.at, now);
}

static void add_failure(const struct supervisor *s, struct buf *out, int64_t now)
{
	const struct supervise_last *last = NULL;
	const char *name = NULL;

	for (size_t i = 0; i < s->n_syncs; i++) {
		const struct sync_state *st = s->syncs[i];
		if (!st->def || !st->last.run || st->last.status != RUN_FAILED ||
		    (last && st->last.completed_at <= last->completed_at))
			continue;
		last = &st->last;
		name = st->name;
	}
	if (!last)
		return;
	buf_addf(out, "; last failure: %s, run %lld, %s", name, (long long)last->run, last->code);
	add_time(out, " at ", last->completed_at, now);
}

static void add_problems(const struct supervisor *s, struct buf *out)
{
	struct problem_filter open = {.status = PROBLEM_OPEN};
	int64_t ids[PROBLEMS_TOLD];
	size_t n = 0;

	if (problems_list(s->journal, &open, 0, PROBLEMS_TOLD, ids, &n, NULL, NULL) == 0 && n)
		buf_addf(out, "; %zu%s open problem%s", n, n == PROBLEMS_TOLD ? " or more" : "", n == 1 ? "" : "s");
}

void manager_status(const struct supervisor *s, struct buf *out)
{
	int64_t now = supervise_now(s);

	if (s->stopping)
		buf_adds(out, "stopping: ");
	if (s->running.n || s->queue.n)
		buf_addf(out, "%zu running, %zu queued", s->running.n, s->queue.n);
	else
		buf_adds(out, "idle");
	buf_addf(out, "; %zu sync%s", s->gen->n_syncs, s->gen->n_syncs == 1 ? "" : "s");
	if (s->journal_error.code != FERRY_OK)
		buf_addf(out, "; cannot write: %s", s->journal_error.msg);
	if (s->reload_error)
		add_time(out, "; refused a new configuration at ", s->reload_error_at, now);
	if (!s->stopping)
		add_next(s, out, now);
	add_problems(s, out);
	add_failure(s, out, now);
}

static void send_status(struct supervisor *s)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, s->stopping ? "STOPPING=1\nSTATUS=" : "STATUS=");
	size_t head = text.len;
	manager_status(s, &text);
	/* a line that breaks would be another word to the manager */
	for (char *c = text.s + head; *c; c++)
		if (*c == '\n')
			*c = ' ';
	if (!s->told || strcmp(s->told, text.s) != 0)
		loop_notify(text.s);
	free(s->told);
	s->told = buf_detach(&text);
	s->tell_armed = true;
	s->tell_stale = false;
	loop_timer_set(s->tell, TELL_MS);
}

static void on_tell(void *ctx)
{
	struct supervisor *s = ctx;

	s->tell_armed = false;
	if (s->tell_stale)
		send_status(s);
}

void supervise_tell_status(struct supervisor *s)
{
	s->tell_stale = true;
	if (!s->tell_armed || s->stopping)
		send_status(s);
}

/* Its own limit knows nothing of how long the settings let runs take. */
void manager_stopping(const struct supervisor *s)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "EXTEND_TIMEOUT_USEC=%lld", (long long)(s->gen->daemon.stop_timeout_ms + KILL_MS) * 1000);
	loop_notify(text.s);
	buf_release(&text);
}

int manager_init(struct supervisor *s, struct ferry_error *err)
{
	int64_t watchdog = loop_watchdog_ms();

	if (loop_timer(s->loop, -1, on_tell, s, &s->tell, err) < 0)
		return -1;
	return watchdog ? loop_timer(s->loop, watchdog, on_watchdog, s, &s->watchdog, err) : 0;
}

void manager_release(struct supervisor *s)
{
	loop_drop(s->watchdog);
	loop_drop(s->tell);
	free(s->told);
}
