/* SPDX-License-Identifier: Apache-2.0 */
/* run_doc_json.c - a run as JSON, both ways. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "supervise/run_doc.h"

enum { TOP_REASONS = 5 };

/* ------------------------------------------------------------------ writing */

/* Milliseconds as seconds, exactly. */
static void put_seconds(struct buf *out, const char *key, int64_t ms)
{
	char text[32];

	if (ms < 0)
		ms = 0;
	int n = snprintf(text, sizeof text, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
	jw_raw(out, key, text, (size_t)n);
}

/* A text that is JSON already; `none` when there is none. */
static void put_raw(struct buf *out, const char *key, const char *json, const char *none)
{
	const char *s = json ? json : none;
	jw_raw(out, key, s, strlen(s));
}

void run_cause_json(const struct run_cause *cause, const char *key, bool place, struct buf *out)
{
	if (!cause->code) {
		jw_null(out, key);
		return;
	}
	jw_open(out, key, '{');
	jw_text(out, "code", cause->code);
	jw_text(out, "message", cause->message);
	jw_text(out, "hint", cause->hint);
	if (place) {
		jw_text(out, "stage", cause->stage < 0 ? NULL : stage_name((enum stage)cause->stage));
		jw_text(out, "segment", cause->segment);
	}
	put_raw(out, "causes", cause->causes_json, "[]");
	jw_close(out, '}');
}

static void put_problems(const struct problem_counts *p, struct buf *out)
{
	jw_open(out, "problems", '{');
	jw_int(out, "open", p->open);
	jw_int(out, "opened", p->opened);
	jw_int(out, "cleared", p->cleared);
	tallies_json(&p->groups, "groups", out);
	jw_close(out, '}');
}

/* The segments' numbers together. */
static void put_summary(const struct run_doc *doc, struct buf *out)
{
	struct tallies decisions = {NULL, 0}, reasons = {NULL, 0};
	struct problem_counts problems = {0};

	for (size_t i = 0; i < doc->n_segments; i++) {
		const struct segment_doc *seg = &doc->segments[i];
		tallies_sum(&decisions, &seg->decisions);
		tallies_sum(&reasons, &seg->reasons);
		problems.open += seg->problems.open;
		problems.opened += seg->problems.opened;
		problems.cleared += seg->problems.cleared;
		tallies_sum(&problems.groups, &seg->problems.groups);
	}
	jw_open(out, "summary", '{');
	tallies_json(&decisions, "decisions", out);
	tallies_json(&reasons, "reasons", out);
	tallies_top_json(&reasons, TOP_REASONS, "top_decision_reason_codes", out);
	put_problems(&problems, out);
	jw_close(out, '}');
	tallies_release(&decisions);
	tallies_release(&reasons);
	tallies_release(&problems.groups);
}

static void put_stage(const struct stage_doc *stage, enum stage which, int64_t now, struct buf *out)
{
	int64_t ms = stage->status == STAGE_RUNNING && stage->started_at ? (now - stage->started_at) / 1000
		: stage->ms;

	jw_open(out, NULL, '{');
	jw_text(out, "name", stage_name(which));
	jw_text(out, "status", stage_status_name(stage->status));
	jw_int(out, "attempt", stage->attempt);
	jw_time(out, "started_at", stage->started_at);
	jw_time(out, "completed_at", stage->completed_at);
	put_seconds(out, "duration_seconds", ms);
	put_raw(out, "metrics", stage->metrics_json, "{}");
	jw_text(out, "summary", stage->summary);
	struct json_doc *error = NULL;
	if (stage->error_json)
		json_parse(stage->error_json, strlen(stage->error_json), "error", &error, NULL);
	jw_text(out, "error_summary", error ? json_get_text(json_root(error), "message", NULL) : NULL);
	json_free(error);
	put_raw(out, "error_payload", stage->error_json, "null");
	jw_close(out, '}');
}

static void put_segment(const struct segment_doc *seg, int64_t now, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_text(out, "name", seg->name);
	jw_text(out, "status", segment_status_name(seg->status));
	jw_bool(out, "required", seg->required);
	jw_text(out, "reason", seg->reason);
	jw_time(out, "started_at", seg->started_at);
	jw_time(out, "completed_at", seg->completed_at);
	put_raw(out, "error", seg->error_json, "null");
	jw_int(out, "planned", seg->planned);
	jw_int(out, "done", seg->done);
	counters_json(&seg->counters, "counters", out);
	tallies_json(&seg->decisions, "decisions", out);
	tallies_json(&seg->reasons, "reasons", out);
	tallies_top_json(&seg->reasons, TOP_REASONS, "top_decision_reason_codes", out);
	put_problems(&seg->problems, out);
	put_raw(out, "statistics", seg->statistics_json, "{}");
	jw_open(out, "stages", '[');
	for (int k = 0; k < STAGES; k++)
		put_stage(&seg->stages[k], (enum stage)k, now, out);
	jw_close(out, ']');
	jw_close(out, '}');
}

static void put_rows(const struct run_doc *doc, struct buf *out)
{
	struct counters c;

	run_doc_sum(doc, &c);
	jw_int(out, "rows_processed", run_doc_rows(&c));
	jw_int(out, "rows_created", c.created);
	jw_int(out, "rows_updated", c.updated);
	jw_int(out, "rows_deleted", c.deleted);
	jw_int(out, "rows_disabled", c.disabled);
	jw_int(out, "rows_failed", c.failed + c.invalid);
	jw_int(out, "rows_skipped", c.skipped);
	jw_int(out, "rows_unchanged", c.unchanged);
	jw_int(out, "rows_conflicts", c.conflicts);
	jw_int(out, "rows_extracted", c.extracted);
	jw_int(out, "row_errors", run_doc_row_errors(doc));
}

/* By the worker's own measure, or from the stages as long as there is none. */
static void put_phases(const struct run_doc *doc, struct buf *out)
{
	static const enum phase of_stage[STAGES] = {
		[STAGE_VALIDATE_SETUP] = PHASE_QUERY, [STAGE_EXTRACT] = PHASE_QUERY,
		[STAGE_CANONICALIZE] = PHASE_CHANGE_DETECTION, [STAGE_RECONCILE] = PHASE_CHANGE_DETECTION,
		[STAGE_DECIDE] = PHASE_CHANGE_DETECTION, [STAGE_APPLY] = PHASE_DESTINATION_WRITES,
		[STAGE_FINALIZE] = PHASE_FINALIZATION,
	};
	int64_t ms[PHASES] = {0};

	for (size_t i = 0; i < doc->n_segments && !doc->has_phases; i++)
		for (int k = 0; k < STAGES; k++)
			ms[of_stage[k]] += doc->segments[i].stages[k].ms;
	jw_open(out, "phases", '{');
	for (int i = 0; i < PHASES; i++)
		put_seconds(out, phase_name((enum phase)i),
			    doc->has_phases ? doc->phases[i] : ms[i]);
	jw_close(out, '}');
}

static void put_id(struct buf *out, const char *key, int64_t id)
{
	if (id)
		jw_int(out, key, id);
	else
		jw_null(out, key);
}

void run_doc_json(const struct run_doc *doc, int64_t now, bool hung, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_int(out, "id", doc->id);
	jw_text(out, "sync_id", doc->sync);
	jw_text(out, "status", run_status_name(doc->status));
	jw_text(out, "trigger", run_trigger_name(doc->trigger));
	put_id(out, "retry_of", doc->retry_of);
	put_id(out, "promote_of", doc->promote_of);
	jw_text(out, "source_name", doc->source_name);
	jw_bool(out, "preview", doc->preview);
	jw_bool(out, "verify", doc->verify);
	jw_bool(out, "full", doc->full);
	jw_bool(out, "override_guard", doc->override_guard);
	jw_bool(out, "extract_only", doc->extract_only);
	put_id(out, "limit", doc->limit);
	jw_bool(out, "interrupted", doc->interrupted);
	jw_bool(out, "hung", hung);
	jw_time(out, "queued_at", doc->queued_at);
	jw_time(out, "started_at", doc->started_at);
	jw_time(out, "completed_at", doc->completed_at);
	put_seconds(out, "duration_seconds", run_doc_ms(doc, now));
	put_rows(doc, out);
	put_phases(doc, out);
	put_summary(doc, out);
	run_cause_json(&doc->cause, "error", true, out);
	jw_open(out, "segments", '[');
	for (size_t i = 0; i < doc->n_segments; i++)
		put_segment(&doc->segments[i], now, out);
	jw_close(out, ']');
	jw_close(out, '}');
}

/* ------------------------------------------------------------------ reading */

static int64_t get_time(json_node *node, const char *name)
{
	size_t len;
	int64_t us;
	const char *s = json_text(json_get(node, name), &len);
	return s && clock_parse(s, len, &us) ? us : 0;
}

static int64_t get_seconds(json_node *node, const char *name)
{
	json_node *v = json_get(node, name);
	enum json_kind kind = v ? json_kind(v) : JSON_NULL;
	return kind == JSON_NUMBER || kind == JSON_INT
		? (int64_t)(strtod(json_dump(v, NULL), NULL) * 1000 + 0.5) : 0;
}

static char *get_copy(json_node *node, const char *name)
{
	const char *s = json_get_text(node, name, NULL);
	return s ? ferry_strdup(s) : NULL;
}

static char *get_raw(json_node *node, const char *name)
{
	json_node *v = json_get(node, name);
	return v ? ferry_strdup(json_dump(v, NULL)) : NULL;
}

static void read_problems(json_node *node, struct problem_counts *ret)
{
	ret->open = json_get_int(node, "open", 0);
	ret->opened = json_get_int(node, "opened", 0);
	ret->cleared = json_get_int(node, "cleared", 0);
	tallies_take(&ret->groups, node, "groups", NULL);
}

static void read_stage(json_node *node, struct stage_doc *stage)
{
	const char *status = json_get_text(node, "status", "");

	for (int s = 0; s < STAGE_STATUSES; s++)
		if (strcmp(status, stage_status_name((enum stage_status)s)) == 0)
			stage->status = (enum stage_status)s;
	stage->attempt = (int)json_get_int(node, "attempt", 0);
	stage->started_at = get_time(node, "started_at");
	stage->completed_at = get_time(node, "completed_at");
	stage->ms = get_seconds(node, "duration_seconds");
	stage->metrics_json = get_raw(node, "metrics");
	stage->summary = get_copy(node, "summary");
	stage->error_json = get_raw(node, "error_payload");
}

static void read_segment(json_node *node, struct segment_doc *seg)
{
	const char *status = json_get_text(node, "status", "");
	json_node *counters = json_get(node, "counters"), *stages = json_get(node, "stages");

	seg->name = ferry_strdup(json_get_text(node, "name", ""));
	seg->required = json_get_bool(node, "required", false);
	for (int s = 0; s < SEGMENT_STATUSES; s++)
		if (strcmp(status, segment_status_name((enum segment_status)s)) == 0)
			seg->status = (enum segment_status)s;
	seg->reason = get_copy(node, "reason");
	seg->error_json = get_raw(node, "error");
	seg->statistics_json = get_raw(node, "statistics");
	seg->started_at = get_time(node, "started_at");
	seg->completed_at = get_time(node, "completed_at");
	seg->planned = json_get_int(node, "planned", 0);
	seg->done = json_get_int(node, "done", 0);
	counters_read(counters, &seg->counters);
	tallies_take(&seg->decisions, node, "decisions", NULL);
	tallies_take(&seg->reasons, node, "reasons", NULL);
	read_problems(json_get(node, "problems"), &seg->problems);
	for (size_t k = 0; k < STAGES && k < json_count(stages); k++)
		read_stage(json_at(stages, k), &seg->stages[k]);
}

static void read_cause(json_node *node, struct run_cause *cause)
{
	const char *stage = json_get_text(node, "stage", NULL);

	cause->stage = stage ? stage_from_name(stage) : -1;
	if (!node)
		return;
	cause->code = ferry_strdup(json_get_text(node, "code", "INTERNAL"));
	cause->message = ferry_strdup(json_get_text(node, "message", ""));
	cause->hint = ferry_strdup(json_get_text(node, "hint", ""));
	cause->segment = get_copy(node, "segment");
	cause->causes_json = get_raw(node, "causes");
}

static void read_members(json_node *root, struct run_doc *doc)
{
	json_node *phases = json_get(root, "phases"), *segments = json_get(root, "segments");

	doc->id = json_get_int(root, "id", 0);
	doc->sync = ferry_strdup(json_get_text(root, "sync_id", ""));
	doc->source_name = get_copy(root, "source_name");
	doc->retry_of = json_get_int(root, "retry_of", 0);
	doc->promote_of = json_get_int(root, "promote_of", 0);
	doc->preview = json_get_bool(root, "preview", false);
	doc->verify = json_get_bool(root, "verify", false);
	doc->full = json_get_bool(root, "full", false);
	doc->override_guard = json_get_bool(root, "override_guard", false);
	doc->extract_only = json_get_bool(root, "extract_only", false);
	doc->limit = json_get_int(root, "limit", 0);
	doc->interrupted = json_get_bool(root, "interrupted", false);
	doc->queued_at = get_time(root, "queued_at");
	doc->started_at = get_time(root, "started_at");
	doc->completed_at = get_time(root, "completed_at");
	doc->row_errors = json_get_int(root, "row_errors", -1);
	doc->has_phases = true;
	for (int i = 0; i < PHASES; i++)
		doc->phases[i] = get_seconds(phases, phase_name((enum phase)i));
	read_cause(json_get(root, "error"), &doc->cause);
	doc->n_segments = json_count(segments);
	doc->segments = ferry_alloc0(doc->n_segments, sizeof *doc->segments);
	for (size_t i = 0; i < doc->n_segments; i++)
		read_segment(json_at(segments, i), &doc->segments[i]);
}

int run_doc_read(const char *json, size_t len, struct run_doc *ret, struct ferry_error *err)
{
	struct json_doc *parsed;

	if (json_parse(json, len, "run", &parsed, err) < 0)
		return -1;
	json_node *root = json_root(parsed);
	int status = run_status_from_name(json_get_text(root, "status", ""));
	int trigger = run_trigger_from_name(json_get_text(root, "trigger", ""));
	if (status < 0 || trigger < 0) {
		json_free(parsed);
		return ferry_fail(err, FERRY_E_STORE_CORRUPT,
				  "a stored run without a status or trigger");
	}
	*ret = (struct run_doc){.status = (enum run_status)status, .trigger = (enum run_trigger)trigger,
				.at_segment = -1, .at_stage = -1};
	read_members(root, ret);
	json_free(parsed);
	return 0;
}
