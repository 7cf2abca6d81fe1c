/* SPDX-License-Identifier: Apache-2.0 */
/* doctor-syncs.c - from facts to findings: connections, syncs, runs, problems. */
#include "doctor.h"

#include <inttypes.h>
#include <string.h>

#include "format.h"

/* Of one kind so many are named, the others are counted. */
enum { NAMED = 8 };
#define OVERDUE ((int64_t)300 * 1000000)

/* ------------------------------------------------------------------- connections */

static void judge_steps(const struct doctor_test *t, struct findings *f, bool *good)
{
	json_node *steps = json_get(t->answer.root, "steps");

	for (size_t i = 0; i < json_count(steps); i++) {
		json_node *step = json_at(steps, i), *notes = json_get(step, "notes");
		if (strcmp(json_get_text(step, "status", ""), "warning") != 0 || !json_count(notes))
			continue;
		*good = false;
		finding_add(f, "connections", FINDING_WARNING, "'%s', %s: %s", t->connection,
			    json_get_text(step, "name", "?"), json_text(json_at(notes, json_count(notes) - 1), NULL));
		finding_todo(f, "ferryctl test %s shows each step", t->connection);
	}
}

static bool judge_test(const struct doctor_test *t, struct findings *f)
{
	json_node *error = json_get(t->answer.root, "error");
	const char *hint = json_get_text(error, "hint", NULL);
	bool good = true;

	if (t->err.code != FERRY_OK) {
		finding_add(f, "connections", FINDING_WARNING, "'%s' was not tested: %s", t->connection, t->err.msg);
		finding_todo(f, "%s", ferry_error_hint(&t->err));
		return false;
	}
	if (json_get_bool(t->answer.root, "ok", false)) {
		judge_steps(t, f, &good);
		return good;
	}
	finding_add(f, "connections", FINDING_FAULT, "'%s' does not work: %s: %s", t->connection,
		    json_get_text(error, "code", "?"), json_get_text(error, "message", "?"));
	finding_todo(f, "%s", hint ? hint : "ferryctl test shows each step");
	return false;
}

void doctor_judge_connections(const struct doctor_facts *d, struct findings *f)
{
	size_t good = 0;

	for (size_t i = 0; i < d->n_tests; i++)
		good += judge_test(&d->tests[i], f);
	if (good)
		finding_add(f, "connections", FINDING_OK, "%zu of %zu work, with all that was asked of them", good, d->n_tests);
}

/* ------------------------------------------------------------------------ syncs */

struct tally {
	size_t n, failing, never, overdue, paused;
};

/* Whether this one of its kind is to be named. */
static bool named(size_t *count)
{
	return ++*count <= NAMED;
}

static void judge_last(json_node *sync, json_node *last, struct findings *f, struct tally *t)
{
	const char *name = json_get_text(sync, "id", "?"), *status = json_get_text(last, "status", "");

	if (strcmp(status, "failed") != 0 || !named(&t->failing))
		return;
	finding_add(f, "syncs", FINDING_FAULT, "the last run of '%s' failed: %s", name,
		    json_get_text(last, "error_code", "?"));
	finding_todo(f, "ferryctl show %" PRId64, json_get_int(last, "id", 0));
}

static void judge_sync(json_node *sync, int64_t now, struct findings *f, struct tally *t)
{
	json_node *schedule = json_get(sync, "schedule"), *last = json_get(sync, "last_run");
	const char *name = json_get_text(sync, "id", "?");
	bool manual = strcmp(json_get_text(schedule, "kind", ""), "manual") == 0;
	bool paused = json_get_bool(schedule, "paused", false);
	bool busy = json_get_int(sync, "running", 0) || json_get_int(sync, "queued", 0);
	int64_t next = json_get_time(sync, "next_run_at");

	t->n++;
	if (json_kind(last) == JSON_OBJECT)
		judge_last(sync, last, f, t);
	else if (!busy && (manual || !next) && !paused && named(&t->never)) {
		finding_add(f, "syncs", FINDING_WARNING, "'%s' never ran, and nothing will start it", name);
		finding_todo(f, "ferryctl run %s --preview, or give it a 'schedule:'", name);
	}
	if (paused && named(&t->paused)) {
		finding_add(f, "syncs", FINDING_WARNING, "'%s' is paused by %s", name,
			    json_get_text(schedule, "paused_by", "?"));
		finding_todo(f, "ferryctl resume %s", name);
	} else if (!paused && !busy && next && next + OVERDUE < now && named(&t->overdue)) {
		struct buf when = BUF_INIT;
		format_moment(&when, next, now);
		finding_add(f, "syncs", FINDING_FAULT, "'%s' was due %s and was not started", name, buf_str(&when));
		finding_todo(f, "ferryctl run %s; 'ferryctl status' says how the daemon is", name);
		buf_release(&when);
	}
}

static void more(struct findings *f, size_t n, enum finding_level level, const char *what)
{
	if (n <= NAMED)
		return;
	finding_add(f, "syncs", level, "and %zu more that %s", n - NAMED, what);
	finding_todo(f, "ferryctl syncs");
}

static void judge_runs(const struct doctor_facts *d, struct findings *f)
{
	json_node *runs = json_get(d->status, "runs");
	int64_t hung = json_get_int(runs, "hung", 0);

	if (!hung)
		return;
	finding_add(f, "runs", FINDING_FAULT, "%" PRId64 " of %" PRId64 " running runs give no sign of life", hung,
		    json_get_int(runs, "running", 0));
	finding_todo(f, "ferryctl runs --status running, then ferryctl cancel RUN: a worker that hangs is ended");
}

static void judge_problems(const struct doctor_facts *d, struct findings *f)
{
	int64_t open = json_get_int(json_get(d->problems, "pagination"), "total", 0);

	if (!d->problems)
		return;
	finding_add(f, "problems", open ? FINDING_WARNING : FINDING_OK, "%" PRId64 " %s for a person", open,
		    open == 1 ? "record waits" : "records wait");
	if (open)
		finding_todo(f, "ferryctl problems");
}

void doctor_judge_syncs(const struct doctor_facts *d, struct findings *f)
{
	struct tally t = {0};

	judge_runs(d, f);
	for (size_t page = 0; page < d->n_syncs; page++)
		for (size_t i = 0; i < json_count(d->syncs[page]); i++)
			judge_sync(json_at(d->syncs[page], i), d->now, f, &t);
	more(f, t.failing, FINDING_FAULT, "fail");
	more(f, t.overdue, FINDING_FAULT, "are overdue");
	more(f, t.never, FINDING_WARNING, "never ran");
	more(f, t.paused, FINDING_WARNING, "are paused");
	if (d->n_syncs && !t.failing && !t.overdue && !t.never && !t.paused)
		finding_add(f, "syncs", FINDING_OK, "%zu, none is failing or overdue", t.n);
	judge_problems(d, f);
}
