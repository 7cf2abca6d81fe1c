/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evaluate.c - the tier of an adaptive schedule, decided when a run has ended; told in that run as its
 * last segment, which has statistics and log lines but no rows.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "supervise/supervisor.h"

/* How often the run has given one of the reasons that mean something is going on. */
static const char *marked_reason(const struct run_doc *doc, const struct adaptive_def *def, int64_t *ret)
{
	for (size_t i = 0; i < def->n_activity; i++) {
		*ret = 0;
		for (size_t k = 0; k < doc->n_segments; k++) {
			const struct tallies *t = &doc->segments[k].reasons;
			for (size_t r = 0; r < t->n; r++)
				if (strcmp(t->items[r].name, def->activity[i]) == 0)
					*ret += t->items[r].n;
		}
		if (*ret)
			return def->activity[i];
	}
	return NULL;
}

static const struct segment_doc *failed_segment(const struct run_doc *doc)
{
	for (size_t i = 0; i < doc->n_segments; i++)
		if (doc->segments[i].status == SEGMENT_ERROR)
			return &doc->segments[i];
	return NULL;
}

/* What the run has found; *what gets it in words. */
static struct cadence_look look_at(const struct run_doc *doc, const struct adaptive_def *def, struct buf *what)
{
	struct cadence_look look = {.found = LOOK_ACTIVITY};
	const struct segment_doc *failed = failed_segment(doc);
	struct counters sum;
	int64_t n;

	run_doc_sum(doc, &sum);
	int64_t written = sum.created + sum.updated + sum.deleted + sum.disabled;
	const char *reason = marked_reason(doc, def, &n);
	if (doc->status != RUN_COMPLETED) {
		look.found = LOOK_FAILED;
		buf_addf(what, "the run %s", doc->status == RUN_FAILED ? "failed" : "was cancelled");
	} else if (written) {
		buf_addf(what, "%lld row%s written", (long long)written, written == 1 ? "" : "s");
	} else if (reason) {
		buf_addf(what, "%lld record%s with %s", (long long)n, n == 1 ? "" : "s", reason);
	} else if (doc->trigger == TRIGGER_MANUAL || doc->trigger == TRIGGER_API) {
		buf_adds(what, "the run was asked for");
	} else if (failed) {
		look.found = LOOK_FAILED;
		buf_addf(what, "segment '%s' failed", failed->name);
	} else {
		look.found = LOOK_QUIET;
	}
	look.what = buf_str(what);
	return look;
}

static void put_statistics(const struct cadence_step *step, const struct cadence *c, const struct due *next,
			   struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_text(out, "from", cadence_tier_name(step->from));
	jw_text(out, "to", cadence_tier_name(step->to));
	jw_text(out, "reason", step->reason);
	jw_bool(out, "pinned", step->pinned);
	if (step->pinned)
		jw_time(out, "pinned_until", c->pinned_until);
	jw_time(out, "next_run_at", next->at);
	jw_close(out, '}');
}

static void put_next(const struct sync_state *st, const struct due *next, int64_t now, struct buf *out)
{
	char text[CLOCK_TEXT];

	clock_format(next->at - next->at % 1000000, text);	/* seconds are enough to read */
	buf_addf(out, "next run %s: ", next->at ? text : "not by schedule");
	due_text(&st->memory, st->def, next, now, out);
}

void evaluate_run(struct live *l)
{
	struct sync_state *st = l->sync;
	const struct adaptive_def *def = &st->def->schedule.adaptive;
	int64_t now = l->doc.completed_at;
	struct buf what = BUF_INIT, line = BUF_INIT, statistics = BUF_INIT;
	struct cadence_step step;
	struct due next;

	struct cadence_look look = look_at(&l->doc, def, &what);
	cadence_evaluate(def, &look, now, &st->memory.cadence, &step);
	due_next(&st->memory, st->def, 0, now, &next);
	buf_addf(&line, "%s -> %s: %s", cadence_tier_name(step.from), cadence_tier_name(step.to), step.reason);
	live_log(l, SCHEDULING_SEGMENT, NULL, "info", line.s, now);
	if (step.from != step.to)
		log_about(&(struct log_about){.sync = st->name, .run = l->doc.id, .segment = SCHEDULING_SEGMENT},
			  FERRY_LOG_INFO, "sync %s: %s", st->name, line.s);
	buf_reset(&line);
	put_next(st, &next, now, &line);
	live_log(l, SCHEDULING_SEGMENT, NULL, "info", line.s, now);
	put_statistics(&step, &st->memory.cadence, &next, &statistics);
	run_doc_add_segment(&l->doc, SCHEDULING_SEGMENT, statistics.s, now);
	buf_release(&what);
	buf_release(&line);
	buf_release(&statistics);
}
