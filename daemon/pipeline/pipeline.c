/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.c - strings the stages of each segment together, in the declared order, and says what
 * became of them. A failing segment stops those that depend on it and, if it is required, fails the
 * run; exactly one stage of a failed segment carries the failure.
 */
#include "pipeline/pipeline.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "pipeline/segment.h"
#include "pipeline/statistics.h"
#include "wire/json.h"

enum outcome { SEGMENT_SUCCESS, SEGMENT_WARNING, SEGMENT_ERROR, SEGMENT_SKIPPED };
static const char *const outcome_names[] = {"success", "warning", "error", "skipped"};

struct passage {
	const struct generation *generation;
	const struct sync_def *sync;
	const struct pipeline_options *options;
	struct report *report;
	struct plan_store *plan;	/* being written, or the one that is promoted */
	enum outcome *outcomes;
	int64_t planned;		/* actions of the segments so far */
	struct pipeline_result *ret;
};

/* ------------------------------------------------------------------- events */

static void tell_stage(struct segment *seg, enum stage stage, const char *status, const struct ferry_error *err,
		       const char *summary, void (*metrics)(const struct segment *, enum stage, struct buf *))
{
	struct buf b = BUF_INIT;

	report_start(&b, "stage", seg->def->name);
	jw_text(&b, "stage", stage_name(stage));
	jw_text(&b, "status", status);
	jw_int(&b, "attempt", 1);
	jw_int(&b, "at", clock_now());
	if (strcmp(status, "running") != 0) {
		jw_int(&b, "ms", seg->spent_us[stage] / 1000);
		jw_open(&b, "metrics", '{');
		if (metrics)
			metrics(seg, stage, &b);
		jw_close(&b, '}');
		jw_text(&b, "summary", summary ? summary : "");
	}
	if (err)
		error_json(err, "error", &b);
	report_send(seg->report, &b);
}

static int64_t peak_mb(void)
{
	struct rusage u;
	return getrusage(RUSAGE_SELF, &u) == 0 ? u.ru_maxrss / 1024 : 0;
}

static void metrics(const struct segment *seg, enum stage stage, struct buf *b)
{
	const struct counters *c = &seg->counters;

	switch (stage) {
	case STAGE_EXTRACT:
		jw_int(b, "items_extracted", c->extracted);
		jw_int(b, "page_count", seg->pages);
		jw_text(b, "pagination_type", seg->page_kind ? seg->page_kind : "none");
		jw_bool(b, "ordered", seg->ordered);
		jw_bool(b, "truncated", seg->truncated);
		jw_text(b, "truncation_reason", seg->truncation_reason);
		jw_int(b, "bytes", seg->bytes);
		jw_int(b, "memory_peak_mb", peak_mb());
		break;
	case STAGE_CANONICALIZE:
		jw_int(b, "valid", c->extracted - c->invalid);
		jw_int(b, "invalid", c->invalid);
		break;
	case STAGE_RECONCILE:
		jw_int(b, "snapshot_rows", seg->snapshot_rows);
		jw_int(b, "candidates", seg->match.candidates);
		jw_text(b, "matched_by", seg->match.listed ? "list" : seg->match.looked_up ? "lookup" : "none");
		jw_int(b, "lookups", seg->match.looked_up);
		jw_int(b, "lookup_requests", seg->match.lookup_requests);
		jw_int(b, "listed", seg->match.listed_rows);
		jw_int(b, "list_requests", seg->match.list_requests);
		for (int t = 0; t < 4; t++)
			jw_int(b, tier_name((enum ferry_tier)t), seg->tiers[t]);
		break;
	case STAGE_DECIDE:
		for (int d = 0; d < FERRY_DECISIONS; d++)
			jw_int(b, decision_name((enum ferry_decision)d), seg->decisions[d]);
		jw_int(b, "unchanged", c->unchanged);
		jw_int(b, "planned", c->planned);
		break;
	case STAGE_APPLY:
		jw_int(b, "planned", c->planned);
		jw_int(b, "acknowledged", c->acknowledged);
		jw_int(b, "failed", c->failed);
		jw_int(b, "undone", c->undone);
		jw_int(b, "requests", c->requests);
		jw_int(b, "retries", c->retries);
		break;
	default:
		break;
	}
}

static void summary(const struct segment *seg, enum stage stage, char *out, size_t size)
{
	const struct counters *c = &seg->counters;

	out[0] = '\0';
	if (stage == STAGE_EXTRACT)
		snprintf(out, size, "%lld row%s%s", (long long)c->extracted, c->extracted == 1 ? "" : "s",
			 seg->truncated ? ", cut short" : "");
	else if (stage == STAGE_CANONICALIZE)
		snprintf(out, size, "%lld invalid", (long long)c->invalid);
	else if (stage == STAGE_RECONCILE)
		snprintf(out, size, "%lld known, %lld looked up", (long long)seg->snapshot_rows, (long long)seg->match.looked_up);
	else if (stage == STAGE_DECIDE)
		snprintf(out, size, "%lld planned, %lld unchanged", (long long)c->planned, (long long)c->unchanged);
	else if (stage == STAGE_APPLY)
		snprintf(out, size, "%lld acknowledged, %lld failed", (long long)c->acknowledged, (long long)c->failed);
}

static void stage_done(struct segment *seg, enum stage stage)
{
	char text[120];

	summary(seg, stage, text, sizeof text);
	tell_stage(seg, stage, "completed", NULL, text, metrics);
}

static void tell_segment(struct segment *seg, enum outcome o, const char *reason, const struct ferry_error *err)
{
	struct buf b = BUF_INIT;

	report_start(&b, "segment", seg->def->name);
	jw_text(&b, "status", outcome_names[o]);
	jw_text(&b, "reason", reason);
	jw_int(&b, "at", clock_now());
	counters_json(&seg->counters, "counters", &b);
	jw_open(&b, "decisions", '{');
	for (int d = 0; d < FERRY_DECISIONS; d++)
		jw_int(&b, decision_name((enum ferry_decision)d), seg->decisions[d]);
	jw_close(&b, '}');
	jw_open(&b, "reasons", '{');
	for (size_t i = 0; i < seg->n_reasons; i++)
		if (seg->reasons[i].n)
			jw_int(&b, seg->reasons[i].code, seg->reasons[i].n);
	jw_close(&b, '}');
	statistics_json(seg, &b);
	if (err)
		error_json(err, "error", &b);
	report_send(seg->report, &b);
}

/* ------------------------------------------------------------------- stages */

/* Stages that stream together start and end together; one of them carries a failure. */
static int stream(struct segment *seg, enum stage first, enum stage last, int (*fn)(struct segment *, struct ferry_error *),
		  struct ferry_error *err)
{
	int64_t start = clock_mono(), others = 0;

	for (int s = (int)first; s <= (int)last; s++)
		tell_stage(seg, (enum stage)s, "running", NULL, NULL, NULL);
	int rc = fn(seg, err);
	if (rc != 0 && err->code == FERRY_OK)
		ferry_fail(err, FERRY_E_CONNECTOR, "a connector failed without saying why");
	for (int s = (int)first + 1; s <= (int)last; s++)
		others += seg->spent_us[s];
	if (first != STAGE_APPLY)
		seg->spent_us[first] = clock_mono() - start - others;
	for (int s = (int)first; s <= (int)last; s++) {
		if (rc == 0)
			stage_done(seg, (enum stage)s);
		else if ((enum stage)s == seg->stage)
			tell_stage(seg, (enum stage)s, "failed", err, err->msg, metrics);
		else
			tell_stage(seg, (enum stage)s, "skipped", NULL, "stopped by another stage's failure", metrics);
	}
	return rc;
}

static void skip_stages(struct segment *seg, enum stage first, enum stage last, const char *why)
{
	for (int s = (int)first; s <= (int)last; s++)
		tell_stage(seg, (enum stage)s, "skipped", NULL, why, NULL);
}

static int stage_finalize(struct segment *seg, struct ferry_error *err)
{
	seg->stage = STAGE_FINALIZE;
	return counters_check(&seg->counters, seg->options->preview, err);
}

/* A preview counts what would be done. */
static void count_preview(struct segment *seg, const int64_t *decisions)
{
	seg->counters.created = decisions[FERRY_CREATE];
	seg->counters.updated = decisions[FERRY_UPDATE];
	seg->counters.deleted = decisions[FERRY_DELETE];
	seg->counters.disabled = decisions[FERRY_DISABLE];
}


static int apply_and_finalize(struct segment *seg, struct plan_store *plan, const struct plan_header *h,
			      struct ferry_error *err)
{
	tell_stage(seg, STAGE_APPLY, "running", NULL, NULL, NULL);
	if (stage_apply(seg, plan, h, err) != 0) {
		/* the law holds for what was cut short, too; a breach is the graver failure */
		struct ferry_error breach = {0};
		if (counters_check(&seg->counters, false, &breach) != 0)
			*err = breach;
		tell_stage(seg, STAGE_APPLY, "failed", err, err->msg, metrics);
		skip_stages(seg, STAGE_FINALIZE, STAGE_FINALIZE, "apply failed");
		return -1;
	}
	stage_done(seg, STAGE_APPLY);
	return stream(seg, STAGE_FINALIZE, STAGE_FINALIZE, stage_finalize, err);
}

/* A plan fits while the definition and the snapshot it was made from are as they were. */
static int check_fresh(struct segment *seg, const struct plan_header *h, struct ferry_error *err)
{
	uint64_t generation;

	if (strcmp(h->definition, seg->definition) != 0)
		return ferry_fail(err, FERRY_E_PLAN_STALE, "the definition has changed since run %lld made this plan",
				  (long long)seg->options->promote_run);
	if (snapshot_generation(seg->snapshot, &generation, err) != 0)
		return -1;
	if (generation != h->generation)
		return ferry_fail(err, FERRY_E_PLAN_STALE, "the snapshot has changed since run %lld made this plan",
				  (long long)seg->options->promote_run);
	return 0;
}

static int promote_segment(struct segment *seg, struct plan_store *plan, const struct plan_header *h, struct ferry_error *err)
{
	seg->reset = h->reset;
	seg->counters = h->counters;
	memcpy(seg->decisions, h->decisions, sizeof seg->decisions);
	for (size_t i = 0; i < h->n_reasons; i++)
		segment_count_reason(seg, h->reasons[i].code, h->reasons[i].n);
	if (stream(seg, STAGE_VALIDATE_SETUP, STAGE_VALIDATE_SETUP, stage_validate_setup, err) != 0) {
		skip_stages(seg, STAGE_EXTRACT, STAGE_FINALIZE, "validate_setup failed");
		return -1;
	}
	skip_stages(seg, STAGE_EXTRACT, STAGE_DECIDE, "done by the preview");
	if (check_fresh(seg, h, err) != 0) {
		seg->stage = STAGE_APPLY;
		tell_stage(seg, STAGE_APPLY, "failed", err, err->msg, NULL);
		skip_stages(seg, STAGE_FINALIZE, STAGE_FINALIZE, "apply failed");
		return -1;
	}
	return apply_and_finalize(seg, plan, h, err);
}

/* Checks, or a look at raw records: two stages, and nothing is written. */
static int short_segment(struct segment *seg, int (*validate)(struct segment *, struct ferry_error *),
			 int (*extract)(struct segment *, struct ferry_error *), const char *why, struct ferry_error *err)
{
	if (stream(seg, STAGE_VALIDATE_SETUP, STAGE_VALIDATE_SETUP, validate, err) != 0) {
		skip_stages(seg, STAGE_EXTRACT, STAGE_FINALIZE, "validate_setup failed");
		return -1;
	}
	int rc = stream(seg, STAGE_EXTRACT, STAGE_EXTRACT, extract, err);
	skip_stages(seg, STAGE_CANONICALIZE, STAGE_FINALIZE, rc == 0 ? why : "extract failed");
	return rc;
}

/* A run has gone through all of a restored snapshot; what it could not settle the next one tries again. */
static int trust_again(struct segment *seg, struct ferry_error *err)
{
	const struct counters *c = &seg->counters;
	int64_t left = c->failed + c->invalid + c->undone + seg->restored_left;

	if (left || seg->truncated) {
		report_log(seg->report, seg->def->name, seg->stage, FERRY_LOG_WARN,
			   "the restored snapshot is not believed yet: %lld rows could not be settled%s", (long long)left,
			   seg->truncated ? ", and the source was cut short" : "");
		return 0;
	}
	report_log(seg->report, seg->def->name, seg->stage, FERRY_LOG_INFO,
		   "the restored snapshot has been compared and is believed again");
	return snapshot_trust(seg->snapshot, err);
}

static int run_segment(struct segment *seg, struct ferry_error *err)
{
	struct plan_header h;

	if (seg->options->extract_only)
		return short_segment(seg, raw_validate, raw_extract, "this run only extracts", err);
	if (stream(seg, STAGE_VALIDATE_SETUP, STAGE_VALIDATE_SETUP, stage_validate_setup, err) != 0) {
		skip_stages(seg, STAGE_EXTRACT, STAGE_FINALIZE, "validate_setup failed");
		return -1;
	}
	if (stream(seg, STAGE_EXTRACT, STAGE_DECIDE, stage_extract, err) != 0) {
		skip_stages(seg, STAGE_APPLY, STAGE_FINALIZE, "planning failed: nothing was sent");
		return -1;
	}
	if (seg->options->preview) {
		count_preview(seg, seg->decisions);
		if (statistics_plan(seg, err) != 0)
			return -1;
		skip_stages(seg, STAGE_APPLY, STAGE_APPLY, "a preview writes nothing");
		return stream(seg, STAGE_FINALIZE, STAGE_FINALIZE, stage_finalize, err);
	}
	if (plan_header(seg->plan, seg->index, &seg->arena, &h, err) != 0)
		return -1;
	if (apply_and_finalize(seg, seg->plan, &h, err) != 0)
		return -1;
	return seg->restored ? trust_again(seg, err) : 0;
}

static void segment_close(struct segment *seg)
{
	reconcile_stop(seg);
	statistics_stop(seg);
	plug_handle_close(seg->source);
	plug_handle_close(seg->dest);
	snapshot_close(seg->snapshot);
	expr_free(seg->exprs);
	plug_unload(seg->source_plug);
	plug_unload(seg->dest_plug);
	buf_release(&seg->batch.bytes);
	arena_release(&seg->batch.arena);
	buf_release(&seg->last_key);
	arena_release(&seg->arena);
	free(seg);
}

/* ----------------------------------------------------------------- segments */

static const char *blocked_by(const struct passage *p, const struct segment_def *def)
{
	for (size_t i = 0; i < def->n_depends_on; i++)
		for (size_t s = 0; s < p->sync->n_segments; s++)
			if (strcmp(p->sync->segments[s].name, def->depends_on[i]) == 0 && p->outcomes[s] >= SEGMENT_ERROR)
				return def->depends_on[i];
	return NULL;
}

static void add_phases(struct passage *p, const struct segment *seg)
{
	const int64_t *us = seg->spent_us;
	int64_t *ms = p->ret->phase_ms;

	ms[0] += (us[STAGE_VALIDATE_SETUP] + us[STAGE_EXTRACT]) / 1000;
	ms[1] += (us[STAGE_CANONICALIZE] + us[STAGE_RECONCILE] + us[STAGE_DECIDE]) / 1000;
	ms[2] += us[STAGE_APPLY] / 1000;
	ms[3] += us[STAGE_FINALIZE] / 1000;
}

static int one_segment(struct passage *p, struct segment *seg, struct ferry_error *err)
{
	struct plan_header h;

	if (seg->def->n_checks)
		return short_segment(seg, checks_validate, checks_run, "a segment of checks writes nothing", err);
	if (!p->options->promote_run)
		return run_segment(seg, err);
	if (plan_header(p->plan, seg->index, &seg->arena, &h, err) != 0)
		return -1;
	return promote_segment(seg, p->plan, &h, err);
}

static void skip_segment(struct passage *p, struct segment *seg, const char *reason)
{
	p->outcomes[seg->index] = SEGMENT_SKIPPED;
	skip_stages(seg, STAGE_VALIDATE_SETUP, STAGE_FINALIZE, reason);
	tell_segment(seg, SEGMENT_SKIPPED, reason, NULL);
}

static void log_summary(struct segment *seg)
{
	const struct counters *c = &seg->counters;
	struct buf b = BUF_INIT;
	static const char *const shown[] = {"created", "updated", "deleted", "disabled", "unchanged", "skipped",
		"conflicts", "invalid", "failed", NULL};

	buf_addf(&b, "%lld extracted", (long long)c->extracted);
	for (const struct counter_name *n = counter_names; n->name; n++)
		for (const char *const *s = shown; *s; s++) {
			int64_t v = *(const int64_t *)(const void *)((const char *)c + n->offset);
			if (strcmp(*s, n->name) == 0 && v)
				buf_addf(&b, ", %lld %s", (long long)v, n->name);
		}
	report_log(seg->report, seg->def->name, seg->stage, FERRY_LOG_INFO, "%s%s", buf_str(&b),
		   seg->options->preview ? "; a preview: nothing was written" : "");
	buf_release(&b);
}

/* Of a run that a guard stopped only what it stopped is left to be done. */
static bool is_left(const struct plan_header *h)
{
	return h->preview || h->guarded;
}

/* NULL: it is to be passed. */
static const char *needless_because(struct passage *p, struct segment *seg)
{
	struct ferry_error none = {0};
	struct plan_header h;

	if (p->options->extract_only && seg->def->n_checks)
		return "a segment of checks has no records of its own";
	if (p->options->preview && seg->def->n_checks && p->planned)
		return "it would look at what the segments before it have not written yet";
	if (!p->options->promote_run || seg->def->n_checks)
		return NULL;
	if (plan_header(p->plan, seg->index, &seg->arena, &h, &none) == 0 && !is_left(&h))
		return "it was carried out by the run that made the plan";
	return NULL;
}

static void pass_segment(struct passage *p, size_t index)
{
	struct segment *seg = ferry_alloc0(1, sizeof *seg);
	struct ferry_error err = {0};
	char reason[160];

	seg->generation = p->generation;
	seg->sync = p->sync;
	seg->def = &p->sync->segments[index];
	seg->options = p->options;
	seg->report = p->report;
	seg->index = index;
	seg->plan = p->plan;
	const char *blocker = blocked_by(p, seg->def);
	if (blocker || report_cancelled(p->report)) {
		snprintf(reason, sizeof reason, blocker ? "depends on %s, which did not succeed" : "the run was cancelled%s",
			 blocker ? blocker : "");
		skip_segment(p, seg, reason);
		segment_close(seg);
		return;
	}
	const char *needless = needless_because(p, seg);
	if (needless) {
		skip_segment(p, seg, needless);
		segment_close(seg);
		return;
	}
	struct buf b = BUF_INIT;
	report_start(&b, "segment", seg->def->name);
	jw_text(&b, "status", "running");
	jw_int(&b, "at", clock_now());
	report_send(p->report, &b);
	int rc = one_segment(p, seg, &err);
	if (rc != 0 && err.code == FERRY_E_NOT_FOUND && p->options->promote_run && !seg->source_plug) {
		/* the preview did not come so far */
		skip_segment(p, seg, "the plan has no part for it");
		segment_close(seg);
		return;
	}
	bool rows = seg->counters.failed || seg->counters.invalid || seg->counters.conflicts;
	enum outcome o = rc != 0 ? SEGMENT_ERROR : rows || seg->truncated ? SEGMENT_WARNING : SEGMENT_SUCCESS;
	p->outcomes[index] = o;
	if (rc == 0) {
		log_summary(seg);
	} else if (!seg->def->required && err.code != FERRY_E_CONSERVATION) {
		report_log(p->report, seg->def->name, seg->stage, FERRY_LOG_ERROR, "%s: %s (%s)",
			   ferry_code_info(err.code)->name, err.msg, ferry_error_hint(&err));
	} else if (p->ret->error.code == FERRY_OK) {
		/* the run's own failure, which the supervisor logs */
		p->ret->error = err;
		ferry_within(&p->ret->error, "segment %s: %s", seg->def->name, stage_name(seg->stage));
	}
	add_phases(p, seg);
	p->planned += seg->counters.planned;
	tell_segment(seg, o, NULL, rc != 0 ? &err : NULL);
	segment_close(seg);
}

/* Before a promotion writes anything at all, every part of its plan must fit. */
static int check_plan(struct passage *p, struct ferry_error *err)
{
	struct arena arena = ARENA_INIT;
	int rc = 0;

	for (size_t i = 0; i < p->sync->n_segments && rc == 0; i++) {
		const struct segment_def *def = &p->sync->segments[i];
		struct plan_header h;
		struct ferry_error none = {0};
		struct snapshot *snap = NULL;
		char definition[DEFINITION_TEXT];
		uint64_t generation;

		if (plan_header(p->plan, i, &arena, &h, &none) != 0 || !is_left(&h))
			continue;
		if (h.guarded && !p->options->override_guard) {
			rc = ferry_fail(err, FERRY_E_GUARD, "segment %s: a guard has stopped this plan", def->name);
			break;
		}
		segment_definition(p->generation, def, definition);
		if (strcmp(definition, h.definition) != 0 || strcmp(def->name, h.segment) != 0) {
			rc = ferry_fail(err, FERRY_E_PLAN_STALE, "segment %s: the definition has changed since run %lld made this plan",
					def->name, (long long)p->options->promote_run);
			break;
		}
		rc = snapshot_open(p->options->state_dir, p->sync->name, def->name, &snap, err);
		if (rc == 0)
			rc = snapshot_generation(snap, &generation, err);
		if (rc == 0 && generation != h.generation)
			rc = ferry_fail(err, FERRY_E_PLAN_STALE, "segment %s: the snapshot has changed since run %lld made this plan",
					def->name, (long long)p->options->promote_run);
		snapshot_close(snap);
	}
	arena_release(&arena);
	return rc;
}

static int open_plan(struct passage *p, struct ferry_error *err)
{
	const struct pipeline_options *o = p->options;

	if (!o->promote_run)
		return plan_create(o->state_dir, o->run, &p->plan, err);
	if (plan_open(o->state_dir, o->promote_run, &p->plan, err) != 0)
		return -1;
	return check_plan(p, err);
}

/* A run that failed before its first stage: the first stage of the first segment carries it. */
static void fail_early(struct passage *p, const struct ferry_error *err)
{
	struct segment seg_head = {.def = &p->sync->segments[0], .report = p->report};
	enum stage stage = p->options->promote_run ? STAGE_APPLY : STAGE_VALIDATE_SETUP;

	tell_stage(&seg_head, stage, "failed", err, err->msg, NULL);
	tell_segment(&seg_head, SEGMENT_ERROR, NULL, err);
	p->ret->error = *err;
}

void pipeline_run(const struct generation *g, const struct sync_def *sync,
		  const struct pipeline_options *options, struct report *report,
		  struct pipeline_result *ret)
{
	struct passage p = {.generation = g, .sync = sync, .options = options, .report = report, .ret = ret};
	struct ferry_error err = {0};

	/* many arenas of malloc would count each thread's freed memory as ours */
	mallopt(M_ARENA_MAX, 2);
	p.outcomes = ferry_alloc0(sync->n_segments, sizeof *p.outcomes);
	if (open_plan(&p, &err) != 0)
		fail_early(&p, &err);
	else
		for (size_t i = 0; i < sync->n_segments; i++)
			pass_segment(&p, i);
	if (report_cancelled(report)) {
		ret->status = RUN_CANCELLED;
		ret->error.code = FERRY_OK;
		ferry_fail(&ret->error, FERRY_E_CANCELLED, "the run was cancelled");
	} else if (ret->error.code != FERRY_OK) {
		ret->status = RUN_FAILED;
	} else {
		ret->status = options->preview ? RUN_PREVIEW_READY : RUN_COMPLETED;
	}
	plan_close(p.plan);
	free(p.outcomes);
}
