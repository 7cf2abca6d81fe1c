/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention.c - the janitor: what is old goes. A minute after the start, every hour, after many runs, and
 * when somebody asks for it.
 *
 * A passage goes through each sync's runs, the newest first, then through the plans' folder, the audit
 * and closed problems, in steps of a few milliseconds, each with one transaction of bounded size, and
 * a break after each, so that calls are answered in between. It can be broken off anywhere: the next
 * one finds what is left. Whatever fails is kept with its kind, and does not stop the others.
 *
 * Never taken: anything of a sync's newest run, its newest one of each status (what a retry, a promotion or the
 * next schedule refers to is among them), runs under way and those they refer to, runs that are still
 * to be counted into trends, open problems, links and rulings.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/plan_store.h"
#include "store/retention.h"
#include "store/rollups.h"
#include "supervise/supervisor.h"

#define SOON_MS 60000
#define MINUTE_US ((int64_t)60 * 1000000)
#define HOUR_US (60 * MINUTE_US)
#define BREAK_MS 10			/* between two steps that have written */
#define STEP_US 2000			/* a step looks around for no longer */
#define STEP_ITEMS 400
#define STEP_BYTES ((int64_t)512 << 10)
#define MANY_RUNS 256

/* What a run loses before it goes itself; index into sync_state.tidy. */
enum { TIDY_LOGS, TIDY_ERRORS, TIDY_PLANS, TIDY_KINDS };

enum part { PART_RUNS, PART_FOLDERS, PART_AUDIT, PART_PROBLEMS, PART_END };

struct asked {
	struct asked *next;
	bool dry_run;
	supervise_retention_fn *fn;
	void *ctx;
};

struct janitor {
	struct supervisor *s;
	struct loop_source *timer;
	struct asked *asked;		/* for passages to come */
	struct asked *served;		/* by the one under way */
	int64_t ran;			/* runs that have ended since the last one */
	int64_t due;			/* the next one without being asked, on the monotonic clock */

	bool under_way;
	enum part part;
	struct supervise_retention now, last;
	bool told[KEPT_KINDS];		/* a failure of the kind was logged, and is not over */

	/* the sync at hand */
	struct buf sync;
	const struct retention_def *rules;
	int64_t below, seen;		/* where it is: the next run's id is below that; runs so far */
	unsigned statuses;		/* met so far, as bits */
	int64_t tidy[TIDY_KINDS];	/* the newest run of it that may have none of these any more */
	bool spared;			/* one past its time keeps its plan while it is the newest of its status */
	int64_t dropping;		/* a run that has not gone wholly yet; 0: none */
	unsigned what;			/* of it: TIDY_* as bits; 0: all of it */

	DIR *plans;
	struct retention_place place;
};

static const char *const kind_names[KEPT_KINDS] = {"runs", "logs", "row_errors", "plans", "audit", "problems"};

const char *supervise_kept_name(enum supervise_kept kind)
{
	return kind_names[kind];
}

const struct retention_def *retention_of(const struct supervisor *s, const char *sync)
{
	const struct sync_def *def = generation_sync(s->gen, sync);
	return def ? &def->retention : &s->gen->daemon.retention;
}

/* Said once, until a whole passage has seen nothing of it. */
static void failed(struct janitor *j, enum supervise_kept kind, const struct ferry_error *err)
{
	j->now.of[kind].err = *err;
	if (j->told[kind])
		return;
	j->told[kind] = true;
	log_warn("retention of %s: %s", kind_names[kind], err->msg);
}

/* ------------------------------------------------------------------------ runs */

static int64_t cut(const struct janitor *j, int64_t age_ms)
{
	return j->now.began_at - age_ms * 1000;
}

static bool refers_to(const struct live_list *list, int64_t id)
{
	for (const struct live *l = list->first; l; l = l->next)
		if (l->doc.id == id || l->doc.retry_of == id || l->doc.promote_of == id)
			return true;
	return false;
}

static bool in_use(const struct janitor *j, const struct retention_mark *m)
{
	const struct supervisor *s = j->s;
	const struct sync_state *st = sync_find(s, buf_str(&j->sync));

	return m->status == RUN_QUEUED || m->status == RUN_RUNNING || m->id < rollups_behind(s->journal) ||
		refers_to(&s->running, m->id) || refers_to(&s->queue, m->id) || refers_to(&s->ended, m->id) ||
		(st && st->memory.retry_of == m->id);
}

static enum journal_lines lines_of(enum supervise_kept kind)
{
	return kind == KEPT_LOGS ? JOURNAL_LOGS : JOURNAL_ERRORS;
}

static void count_lines(struct janitor *j, enum supervise_kept kind, int64_t run)
{
	struct ferry_error err = {0};
	int64_t n = retention_lines(j->s->journal, lines_of(kind), run, &err);

	if (n < 0)
		failed(j, kind, &err);
	else
		j->now.of[kind].items += n;
}

/* 1: none is left, 0: some are, -1: it failed */
static int drop_lines(struct janitor *j, enum supervise_kept kind, int64_t run, struct retention_budget *budget)
{
	struct ferry_error err = {0};
	int64_t n = 0;

	if (j->now.dry_run) {
		count_lines(j, kind, run);
		return 1;
	}
	int rc = retention_drop_lines(j->s->journal, lines_of(kind), run, budget, &n, &err);
	j->now.of[kind].items += n;
	if (rc < 0)
		failed(j, kind, &err);
	return rc;
}

/* The plan of a run, when there is one. */
static void drop_plan(struct janitor *j, int64_t run)
{
	const char *state = j->s->paths.state_dir;
	char *folder = ferry_asprintf("%s/plans/%lld", state, (long long)run);
	char *file = ferry_asprintf("%s/data.mdb", folder);
	struct ferry_error err = {0};
	struct stat st;

	if (stat(folder, &st) == 0) {
		j->now.of[KEPT_PLANS].items++;
		if (stat(file, &st) == 0)
			j->now.of[KEPT_PLANS].bytes += (int64_t)st.st_blocks * 512;
		if (!j->now.dry_run)
			plan_remove(state, run);
		if (!j->now.dry_run && stat(folder, &st) == 0) {
			ferry_fail(&err, FERRY_E_SYSTEM, "%s cannot be removed", folder);
			failed(j, KEPT_PLANS, &err);
		}
	}
	free(folder);
	free(file);
}

/* 1: it is gone, 0: a part of it, -1: it failed */
static int drop_run(struct janitor *j, int64_t id, struct retention_budget *budget)
{
	struct supervisor *s = j->s;
	struct ferry_error err = {0};
	char key[PROMOTE_KEY];

	int rc = drop_lines(j, KEPT_LOGS, id, budget);
	if (rc == 1)
		rc = drop_lines(j, KEPT_ROW_ERRORS, id, budget);
	if (rc != 1)
		return rc;
	/* what cannot be read could not be taken out of the counts either */
	if (retention_has_run(s->journal, id, &err) < 0) {
		failed(j, KEPT_RUNS, &err);
		return -1;
	}
	drop_plan(j, id);
	j->now.of[KEPT_RUNS].items++;
	if (j->now.dry_run)
		return 1;
	journal_delete_run(s->journal, id);
	promote_key(key, id);
	journal_put_state(s->journal, key, NULL, 0);
	budget->items -= 8;
	budget->bytes -= 32768;		/* its document's pages */
	return 1;
}

/* 1: what is to go is gone, 0: a part of it, -1: it failed */
static int drop(struct janitor *j, struct retention_budget *budget)
{
	if (!j->what)
		return drop_run(j, j->dropping, budget);
	int rc = j->what & 1u << TIDY_LOGS ? drop_lines(j, KEPT_LOGS, j->dropping, budget) : 1;
	return rc == 1 && j->what & 1u << TIDY_ERRORS ? drop_lines(j, KEPT_ROW_ERRORS, j->dropping, budget) : rc;
}

/* False: the step is over, and goes on with this run after the commit. */
static bool go_on(struct janitor *j, struct retention_budget *budget)
{
	if (j->dropping && drop(j, budget) == 0)
		return false;
	j->dropping = 0;
	return true;
}

/* Is it past its time, and not known to have lost it already? */
static bool untidy(struct janitor *j, int kind, const struct retention_mark *m, bool past)
{
	const struct sync_state *st = sync_find(j->s, buf_str(&j->sync));

	if (past && !j->tidy[kind])
		j->tidy[kind] = m->id;
	return past && (!st || m->id > st->tidy[kind]);
}

static bool consider(struct janitor *j, const struct retention_mark *m, struct retention_budget *budget)
{
	const struct retention_def *r = j->rules;
	bool newest = !(j->statuses & 1u << m->status), used = in_use(j, m);
	int64_t nth = ++j->seen;

	j->below = m->id;
	j->statuses |= 1u << m->status;
	if (used || nth == 1)
		return true;
	j->dropping = m->id;
	j->what = 0;
	if (!newest && (nth > r->runs_count || m->queued_at < cut(j, r->runs_age_ms)))
		return go_on(j, budget);
	bool past = nth > r->plans_count || (r->plans_age_ms && m->queued_at < cut(j, r->plans_age_ms));
	j->spared |= past && newest;
	if (untidy(j, TIDY_PLANS, m, past && !newest))
		drop_plan(j, m->id);
	if (untidy(j, TIDY_LOGS, m, m->queued_at < cut(j, r->logs_age_ms)))
		j->what |= 1u << TIDY_LOGS;
	if (untidy(j, TIDY_ERRORS, m, m->queued_at < cut(j, r->row_errors_age_ms)))
		j->what |= 1u << TIDY_ERRORS;
	if (j->what)
		return go_on(j, budget);
	j->dropping = 0;
	return true;
}

/* A whole walk has seen to it that what is past its time is gone. */
static void remember_tidy(struct janitor *j)
{
	static const enum supervise_kept kinds[TIDY_KINDS] = {KEPT_LOGS, KEPT_ROW_ERRORS, KEPT_PLANS};
	struct sync_state *st = sync_find(j->s, buf_str(&j->sync));
	bool whole = st && !j->now.dry_run && j->now.of[KEPT_RUNS].err.code == FERRY_OK;

	for (int k = 0; k < TIDY_KINDS; k++) {
		bool spared = k == TIDY_PLANS && j->spared;
		bool good = whole && !spared && j->now.of[kinds[k]].err.code == FERRY_OK;
		if (good && j->tidy[k] > st->tidy[k])
			st->tidy[k] = j->tidy[k];
		j->tidy[k] = 0;
	}
	j->spared = false;
}

static bool next_sync(struct janitor *j)
{
	struct ferry_error err = {0};
	struct buf name = BUF_INIT;

	remember_tidy(j);
	int rc = retention_next_sync(j->s->journal, buf_str(&j->sync), &name, &err);
	if (rc < 0)
		failed(j, KEPT_RUNS, &err);
	buf_release(&j->sync);
	j->sync = name;
	j->below = INT64_MAX;
	j->seen = 0;
	j->statuses = 0;
	return rc == 1;
}

/* True when there is more to look at in this step. */
static bool step_runs(struct janitor *j, struct retention_budget *budget)
{
	enum { AT_ONCE = 32 };
	struct retention_mark marks[AT_ONCE];
	struct ferry_error err = {0};
	size_t n = 0;

	if (!go_on(j, budget))
		return false;
	if (!j->sync.len && !next_sync(j)) {
		j->part++;
		return true;
	}
	j->rules = retention_of(j->s, buf_str(&j->sync));
	if (retention_marks(j->s->journal, buf_str(&j->sync), j->below, AT_ONCE, marks, &n, &err) < 0)
		failed(j, KEPT_RUNS, &err);
	for (size_t i = 0; i < n; i++)
		if (!consider(j, &marks[i], budget))
			return false;
	if (n < AT_ONCE && !next_sync(j))
		j->part++;
	return true;
}

/* --------------------------------------------------------------------- the rest */

/* Plans of runs that nobody knows: what a crash or a restored journal has left. */
static bool step_folders(struct janitor *j)
{
	char *path = ferry_asprintf("%s/plans", j->s->paths.state_dir);
	struct ferry_error err = {0};
	struct dirent *e = NULL;

	if (!j->plans && !(j->plans = opendir(path)) && errno != ENOENT) {
		ferry_fail_errno(&err, errno, "%s", path);
		failed(j, KEPT_PLANS, &err);
	}
	free(path);
	for (int i = 0; j->plans && i < 32 && (e = readdir(j->plans)); i++) {
		char *end;
		int64_t id = strtoll(e->d_name, &end, 10);
		if (id <= 0 || *end || live_find(j->s, id))
			continue;
		int rc = retention_has_run(j->s->journal, id, &err);
		if (rc < 0)
			failed(j, KEPT_PLANS, &err);
		else if (rc == 0)
			drop_plan(j, id);
	}
	if (e)
		return true;
	if (j->plans)
		closedir(j->plans);
	j->plans = NULL;
	j->part++;
	return true;
}

static bool step_oldest(struct janitor *j, enum supervise_kept kind, struct retention_budget *budget)
{
	const struct retention_def *r = &j->s->gen->daemon.retention;
	int64_t before = cut(j, kind == KEPT_AUDIT ? r->audit_age_ms : r->problems_age_ms);
	struct journal *journal = j->s->journal;
	struct ferry_error err = {0};
	bool dry = j->now.dry_run;
	int64_t n = 0;
	int rc;

	if (kind == KEPT_AUDIT)
		rc = retention_drop_audit(journal, before, dry, &j->place, budget, &n, &err);
	else
		rc = retention_drop_problems(journal, before, r->problems_count, dry, &j->place, budget, &n, &err);
	j->now.of[kind].items += n;
	if (rc < 0)
		failed(j, kind, &err);
	if (rc == 0)
		return false;
	j->place = (struct retention_place){.len = 0};
	j->part++;
	return true;
}

static bool look(struct janitor *j, struct retention_budget *budget)
{
	switch (j->part) {
	case PART_RUNS:
		return step_runs(j, budget);
	case PART_FOLDERS:
		return step_folders(j);
	case PART_AUDIT:
		return step_oldest(j, KEPT_AUDIT, budget);
	case PART_PROBLEMS:
		return step_oldest(j, KEPT_PROBLEMS, budget);
	case PART_END:
		break;
	}
	return false;
}

/* --------------------------------------------------------------------- passages */

static void answer(struct asked **list, const struct supervise_retention *r, const struct ferry_error *err)
{
	while (*list) {
		struct asked *a = *list;
		*list = a->next;
		a->fn(a->ctx, r, err);
		free(a);
	}
}

/* Those who want the same as the first one are served together. */
static void begin(struct janitor *j)
{
	struct asked **at = &j->asked, **to = &j->served;
	/* whoever only looks does not put off what is due */
	bool dry = j->asked && j->asked->dry_run && clock_mono() < j->due;

	while (*at) {
		struct asked *a = *at;
		if (a->dry_run != dry) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		a->next = NULL;
		*to = a;
		to = &a->next;
	}
	j->now = (struct supervise_retention){.dry_run = dry, .began_at = supervise_now(j->s)};
	j->under_way = true;
	j->part = PART_RUNS;
	j->dropping = 0;
	j->spared = false;
	memset(j->tidy, 0, sizeof j->tidy);
	buf_reset(&j->sync);
	j->place = (struct retention_place){.len = 0};
	if (dry)
		return;
	j->ran = 0;
	j->due = clock_mono() + HOUR_US;
}

static void tell_result(const struct supervise_retention *r)
{
	struct buf text = BUF_INIT;

	for (int k = 0; k < KEPT_KINDS; k++)
		if (r->of[k].items)
			buf_addf(&text, "%s%lld %s", text.len ? ", " : "", (long long)r->of[k].items, kind_names[k]);
	if (text.len)
		log_info("retention: %s are gone", text.s);
	buf_release(&text);
}

static void arm(struct janitor *j)
{
	int64_t left = (j->due - clock_mono()) / 1000;
	loop_timer_set(j->timer, j->asked || left < 0 ? 0 : left);
}

static void end(struct janitor *j)
{
	j->under_way = false;
	j->now.ended_at = supervise_now(j->s);
	if (!j->now.dry_run) {
		for (int k = 0; k < KEPT_KINDS; k++)
			j->told[k] &= j->now.of[k].err.code != FERRY_OK;
		tell_result(&j->now);
		j->last = j->now;
	}
	answer(&j->served, &j->now, NULL);
	arm(j);
}

/* The journal cannot be written: what was to go stays, and all begins anew later. */
static void break_off(struct janitor *j, const struct ferry_error *err)
{
	j->under_way = false;
	j->due = clock_mono() + MINUTE_US;
	failed(j, KEPT_RUNS, err);
	answer(&j->served, NULL, err);
	arm(j);
}

static void on_timer(void *ctx)
{
	struct janitor *j = ctx;
	struct supervisor *s = j->s;
	struct retention_budget budget = {STEP_ITEMS, STEP_BYTES};
	struct ferry_error err = {0};

	if (!s->gen || s->stopping || s->fatal.code != FERRY_OK)
		return;
	if (!j->under_way)
		begin(j);
	int64_t until = clock_mono() + STEP_US;
	size_t mark = group_mark(s);
	while (look(j, &budget) && budget.items > 0 && budget.bytes > 0 && clock_mono() < until)
		;
	bool wrote = journal_pending(s->journal) > mark;
	if (wrote && group_commit_or_back(s, mark, &err) < 0)
		break_off(j, &err);
	else if (j->part == PART_END)
		end(j);
	else
		loop_timer_set(j->timer, wrote ? BREAK_MS : 1);
}

void retention_ran(struct supervisor *s)
{
	struct janitor *j = s->janitor;

	if (++j->ran < MANY_RUNS || j->under_way)
		return;
	j->due = 0;
	arm(j);
}

int supervise_retain(struct supervisor *s, bool dry_run, const struct supervise_actor *actor,
		     supervise_retention_fn *fn, void *ctx, struct ferry_error *err)
{
	struct janitor *j = s->janitor;
	struct asked **at = &j->asked, *a;

	if (queue_may_change(s, err) < 0)
		return -1;
	if (!dry_run) {
		size_t mark = group_mark(s);
		audit_add(s, actor, "retention", "journal and plans", "started");
		if (group_commit_or_back(s, mark, err) < 0)
			return -1;
	}
	while (*at)
		at = &(*at)->next;
	a = *at = ferry_alloc(sizeof *a);
	*a = (struct asked){NULL, dry_run, fn, ctx};
	if (!j->under_way)
		loop_timer_set(j->timer, 0);
	return 0;
}

const struct supervise_retention *supervise_retention(const struct supervisor *s)
{
	return &s->janitor->last;
}

int retention_init(struct supervisor *s, struct ferry_error *err)
{
	struct janitor *j = ferry_alloc0(1, sizeof *j);

	s->janitor = j;
	j->s = s;
	j->due = clock_mono() + SOON_MS * 1000;
	return loop_timer(s->loop, SOON_MS, on_timer, j, &j->timer, err);
}

void retention_release(struct supervisor *s)
{
	struct janitor *j = s->janitor;
	struct ferry_error err = {0};

	if (!j)
		return;
	ferry_fail(&err, FERRY_E_UNAVAILABLE, "the daemon is stopping");
	answer(&j->served, NULL, &err);
	answer(&j->asked, NULL, &err);
	if (j->plans)
		closedir(j->plans);
	loop_drop(j->timer);
	buf_release(&j->sync);
	free(j);
	s->janitor = NULL;
}
