/* SPDX-License-Identifier: Apache-2.0 */
/* run_doc.c - a run as its worker tells it, and how it ends. */
#include "supervise/run_doc.h"

#include <stdlib.h>
#include <string.h>

static const char *const stage_statuses[] = {"pending", "running", "completed", "failed",
	"skipped"};
static const char *const segment_statuses[] = {"pending", "running", "success", "warning", "error",
	"skipped"};

const char *stage_status_name(enum stage_status s)
{
	return stage_statuses[s];
}

const char *segment_status_name(enum segment_status s)
{
	return segment_statuses[s];
}

/* --------------------------------------------------------------- life and death */

void run_doc_init(struct run_doc *doc, const struct sync_def *sync)
{
	*doc = (struct run_doc){
		.sync = ferry_strdup(sync->name), .status = RUN_QUEUED, .row_errors = -1,
		.at_segment = -1, .at_stage = -1, .cause.stage = -1,
		.n_segments = sync->n_segments,
		.segments = ferry_alloc0(sync->n_segments, sizeof *doc->segments),
	};
	for (size_t i = 0; i < sync->n_segments; i++) {
		doc->segments[i].name = ferry_strdup(sync->segments[i].name);
		doc->segments[i].required = sync->segments[i].required;
	}
}

static void segment_release(struct segment_doc *seg)
{
	free(seg->name);
	free(seg->reason);
	free(seg->error_json);
	free(seg->statistics_json);
	tallies_release(&seg->decisions);
	tallies_release(&seg->reasons);
	tallies_release(&seg->problems.groups);
	for (int i = 0; i < STAGES; i++) {
		free(seg->stages[i].metrics_json);
		free(seg->stages[i].summary);
		free(seg->stages[i].error_json);
	}
}

static void cause_release(struct run_cause *cause)
{
	free(cause->code);
	free(cause->message);
	free(cause->hint);
	free(cause->causes_json);
	free(cause->segment);
	*cause = (struct run_cause){.stage = -1};
}

enum { CAUSES = 5 };

/* The first of a chain; an error's own message tells it all the same. */
static char *first_causes(json_node *causes)
{
	struct buf text = BUF_INIT;

	if (json_kind(causes) != JSON_ARRAY)
		return NULL;
	jw_open(&text, NULL, '[');
	for (size_t i = 0; i < json_count(causes) && i < CAUSES; i++) {
		size_t len;
		const char *s = json_dump(json_at(causes, i), &len);
		jw_raw(&text, NULL, s, len);
	}
	jw_close(&text, ']');
	return buf_detach(&text);
}

static void cause_read(json_node *error, struct run_cause *cause)
{
	cause_release(cause);
	cause->code = ferry_strdup(json_get_text(error, "code", "INTERNAL"));
	cause->message = ferry_strdup(json_get_text(error, "message", ""));
	cause->hint = ferry_strdup(json_get_text(error, "hint", ""));
	cause->causes_json = first_causes(json_get(error, "causes"));
}

void run_doc_release(struct run_doc *doc)
{
	for (size_t i = 0; i < doc->n_segments; i++)
		segment_release(&doc->segments[i]);
	free(doc->segments);
	free(doc->sync);
	free(doc->source_name);
	cause_release(&doc->cause);
	*doc = (struct run_doc){.cause.stage = -1};
}

/* ------------------------------------------------------------------- events */

static void take_text(char **to, json_node *node, const char *name)
{
	const char *s = json_get_text(node, name, NULL);

	if (!s)
		return;
	free(*to);
	*to = ferry_strdup(s);
}

/* A member that is an object, kept as text. */
static int take_object(char **to, json_node *node, const char *name, struct ferry_error *err)
{
	json_node *v = json_get(node, name);
	size_t len;

	if (!v)
		return 0;
	if (json_kind(v) != JSON_OBJECT)
		return ferry_fail(err, FERRY_E_PROTOCOL, "'%s' is no object", name);
	const char *s = json_dump(v, &len);
	free(*to);
	*to = ferry_strndup(s, len);
	return 0;
}

static int take_counters(struct counters *to, json_node *node, struct ferry_error *err)
{
	json_node *v = json_get(node, "counters");

	if (!v)
		return 0;
	if (json_kind(v) != JSON_OBJECT)
		return ferry_fail(err, FERRY_E_PROTOCOL, "'counters' is no object");
	counters_read(v, to);
	return 0;
}

/* An error as {code, message, hint, causes}, whatever else the worker may have put in. */
static int take_error(char **to, json_node *node, struct ferry_error *err)
{
	json_node *v = json_get(node, "error");
	struct run_cause cause = {.stage = -1};
	struct buf text = BUF_INIT;

	if (!v)
		return 0;
	if (json_kind(v) != JSON_OBJECT)
		return ferry_fail(err, FERRY_E_PROTOCOL, "'error' is no object");
	cause_read(v, &cause);
	run_cause_json(&cause, NULL, false, &text);
	cause_release(&cause);
	free(*to);
	*to = buf_detach(&text);
	return 0;
}

static int find_name(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int find_segment(const struct run_doc *doc, const char *name)
{
	for (size_t i = 0; i < doc->n_segments; i++)
		if (strcmp(doc->segments[i].name, name) == 0)
			return (int)i;
	return -1;
}

struct segment_doc *run_doc_segment(const struct run_doc *doc, const char *name)
{
	int i = find_segment(doc, name);
	return i < 0 ? NULL : &doc->segments[i];
}

static int event_segment(struct segment_doc *seg, json_node *event, struct ferry_error *err)
{
	int status = find_name(segment_statuses, SEGMENT_STATUSES,
			       json_get_text(event, "status", ""));

	if (status <= SEGMENT_PENDING)
		return ferry_fail(err, FERRY_E_PROTOCOL, "a segment with a status that is none");
	seg->status = (enum segment_status)status;
	int64_t at = json_get_int(event, "at", 0);
	if (!seg->started_at && status != SEGMENT_SKIPPED)
		seg->started_at = at;
	if (status == SEGMENT_RUNNING)
		return 0;
	seg->completed_at = at;
	take_text(&seg->reason, event, "reason");
	if (take_counters(&seg->counters, event, err) < 0 ||
	    tallies_take(&seg->decisions, event, "decisions", err) < 0 ||
	    tallies_take(&seg->reasons, event, "reasons", err) < 0 ||
	    take_object(&seg->statistics_json, event, "statistics", err) < 0)
		return -1;
	return take_error(&seg->error_json, event, err);
}

static int event_stage(struct stage_doc *stage, json_node *event, struct ferry_error *err)
{
	int status = find_name(stage_statuses, STAGE_STATUSES, json_get_text(event, "status", ""));
	int64_t at = json_get_int(event, "at", 0);

	if (status <= STAGE_PENDING)
		return ferry_fail(err, FERRY_E_PROTOCOL, "a stage with a status that is none");
	stage->status = (enum stage_status)status;
	if (!stage->started_at && status != STAGE_SKIPPED)
		stage->started_at = at;
	int64_t attempt = json_get_int(event, "attempt", stage->attempt ? stage->attempt : 1);
	stage->attempt = attempt > 0 && attempt < 1000 ? (int)attempt : 1;
	if (status == STAGE_RUNNING)
		return 0;
	stage->completed_at = at;
	stage->ms = json_get_int(event, "ms", stage->started_at ? (at - stage->started_at) / 1000 : 0);
	take_text(&stage->summary, event, "summary");
	if (take_object(&stage->metrics_json, event, "metrics", err) < 0)
		return -1;
	return status == STAGE_FAILED ? take_error(&stage->error_json, event, err) : 0;
}

static int event_progress(struct segment_doc *seg, json_node *event, struct ferry_error *err)
{
	seg->planned = json_get_int(event, "planned", seg->planned);
	seg->done = json_get_int(event, "done", seg->done);
	return take_counters(&seg->counters, event, err);
}

static bool any_running(const struct segment_doc *seg)
{
	for (int k = 0; k < STAGES; k++)
		if (seg->stages[k].status == STAGE_RUNNING)
			return true;
	return false;
}

int run_doc_event(struct run_doc *doc, json_node *event, struct ferry_error *err)
{
	const char *type = json_get_text(event, "type", "");
	const char *name = json_get_text(event, "segment", NULL);
	const char *stage_word = json_get_text(event, "stage", NULL);
	int stage = stage_word ? stage_from_name(stage_word) : -1;
	bool is_log = strcmp(type, "log") == 0;

	if (!name && is_log)
		return 0;
	int i = name ? find_segment(doc, name) : -1;
	if (i < 0)
		return is_log ? 0 : ferry_fail(err, FERRY_E_PROTOCOL,
					       "an event of an unknown segment '%s'",
					       name ? name : "");
	if (stage_word && stage < 0)
		return ferry_fail(err, FERRY_E_PROTOCOL, "an event of an unknown stage '%s'",
				  stage_word);
	struct segment_doc *seg = &doc->segments[i];
	if (doc->at_segment != i)
		doc->at_stage = -1;
	doc->at_segment = i;
	/* the stages of a pass start together; what is heard of later tells where the work is */
	if (stage >= 0 && (strcmp(type, "stage") != 0 || !any_running(seg)))
		doc->at_stage = stage;
	if (strcmp(type, "segment") == 0)
		return event_segment(seg, event, err);
	if (strcmp(type, "progress") == 0)
		return event_progress(seg, event, err);
	if (strcmp(type, "stage") != 0)
		return 0;
	if (stage < 0)
		return ferry_fail(err, FERRY_E_PROTOCOL, "a stage event without a stage");
	return event_stage(&seg->stages[stage], event, err);
}

/* ---------------------------------------------------------------------- end */

static const char *const phase_names[] = {"query", "change_detection", "destination_writes",
	"finalization"};

const char *phase_name(enum phase p)
{
	return phase_names[p];
}

static void take_cause(struct run_doc *doc, json_node *error)
{
	if (json_kind(error) == JSON_OBJECT)
		cause_read(error, &doc->cause);
}

int run_doc_done(struct run_doc *doc, json_node *event, enum run_status *ret,
		 struct ferry_error *err)
{
	json_node *phases = json_get(event, "phases");
	int status = run_status_from_name(json_get_text(event, "status", ""));

	if (status < 0 || !run_may_become(doc->status, (enum run_status)status))
		return ferry_fail(err, FERRY_E_PROTOCOL,
				  "'done' with a status a run cannot end in");
	for (int i = 0; i < PHASES && json_kind(phases) == JSON_OBJECT; i++) {
		doc->phases[i] = json_get_int(phases, phase_names[i], 0);
		doc->has_phases = true;
	}
	doc->row_errors = json_get_int(event, "row_errors", -1);
	take_cause(doc, json_get(event, "error"));
	*ret = (enum run_status)status;
	return 0;
}

void run_doc_cause(struct run_doc *doc, const struct ferry_error *err)
{
	struct buf text = BUF_INIT;
	struct json_doc *parsed;

	error_json(err, NULL, &text);
	if (text.len && json_parse(text.s, text.len, "error", &parsed, NULL) == 0) {
		take_cause(doc, json_root(parsed));
		json_free(parsed);
	}
	buf_release(&text);
}

static struct stage_doc *stage_at(const struct run_doc *doc, int seg, int stage)
{
	return &doc->segments[seg].stages[stage];
}

/* A stage that failed by the worker's own word; of a required segment if there is one. */
static bool failed_stage(struct run_doc *doc, int *ret_seg, int *ret_stage)
{
	bool found = false;

	for (int i = 0; i < (int)doc->n_segments; i++)
		for (int k = 0; k < STAGES; k++) {
			if (stage_at(doc, i, k)->status != STAGE_FAILED)
				continue;
			if (found && !doc->segments[i].required)
				continue;
			*ret_seg = i;
			*ret_stage = k;
			if (doc->segments[i].required)
				return true;
			found = true;
		}
	return found;
}

/* The segment under way: the running one, else the first that has not ended, else the first. */
static int current_segment(const struct run_doc *doc)
{
	int open = -1;

	for (int i = 0; i < (int)doc->n_segments; i++) {
		if (doc->segments[i].status == SEGMENT_RUNNING)
			return i;
		if (open < 0 && doc->segments[i].status == SEGMENT_PENDING)
			open = i;
	}
	return open < 0 ? 0 : open;
}

/* Where it was when it ended without a word. */
static void blame(const struct run_doc *doc, int *ret_seg, int *ret_stage)
{
	if (doc->at_segment >= 0 && doc->at_stage >= 0 &&
	    stage_at(doc, doc->at_segment, doc->at_stage)->status == STAGE_RUNNING) {
		*ret_seg = doc->at_segment;
		*ret_stage = doc->at_stage;
		return;
	}
	*ret_seg = current_segment(doc);
	for (int k = 0; k < STAGES; k++)
		if (stage_at(doc, *ret_seg, k)->status == STAGE_RUNNING) {
			*ret_stage = k;
			return;
		}
	for (int k = 0; k < STAGES; k++)
		if (stage_at(doc, *ret_seg, k)->status == STAGE_PENDING) {
			*ret_stage = k;
			return;
		}
	*ret_stage = STAGE_FINALIZE;
}

static void carry_failure(struct run_doc *doc, int64_t now)
{
	int seg = 0, k = 0;

	if (!failed_stage(doc, &seg, &k)) {
		blame(doc, &seg, &k);
		struct stage_doc *stage = stage_at(doc, seg, k);
		stage->status = STAGE_FAILED;
		stage->attempt = stage->attempt ? stage->attempt : 1;
		stage->started_at = stage->started_at ? stage->started_at : now;
		stage->completed_at = now;
		stage->ms = (now - stage->started_at) / 1000;
		if (!stage->error_json && doc->cause.code) {
			struct buf text = BUF_INIT;
			run_cause_json(&doc->cause, NULL, false, &text);
			stage->error_json = buf_detach(&text);
		}
		doc->segments[seg].status = SEGMENT_ERROR;
		if (!doc->segments[seg].error_json && stage->error_json)
			doc->segments[seg].error_json = ferry_strdup(stage->error_json);
	}
	doc->cause.stage = k;
	free(doc->cause.segment);
	doc->cause.segment = ferry_strdup(doc->segments[seg].name);
}

static void end_stage(struct stage_doc *stage, int64_t now)
{
	if (stage->status == STAGE_RUNNING) {
		stage->completed_at = now;
		stage->ms = stage->started_at ? (now - stage->started_at) / 1000 : 0;
		free(stage->summary);
		stage->summary = ferry_strdup("not finished");
	}
	if (stage->status == STAGE_RUNNING || stage->status == STAGE_PENDING)
		stage->status = STAGE_SKIPPED;
}

static void end_segment(struct segment_doc *seg, enum run_status status, int64_t now)
{
	bool begun = seg->status == SEGMENT_RUNNING;

	for (int k = 0; k < STAGES; k++)
		end_stage(&seg->stages[k], now);
	if ((begun || seg->status == SEGMENT_ERROR) && !seg->completed_at)
		seg->completed_at = now;
	if (!begun && seg->status != SEGMENT_PENDING)
		return;
	seg->status = begun && status == RUN_FAILED ? SEGMENT_ERROR : SEGMENT_SKIPPED;
	if (!seg->reason)
		seg->reason = ferry_strdup(status == RUN_CANCELLED ? "the run was cancelled"
					   : "the run ended before it was done");
}

void run_doc_end(struct run_doc *doc, enum run_status status, int64_t now)
{
	FERRY_ASSERT(run_may_become(doc->status, status));
	if (status == RUN_FAILED && doc->n_segments)
		carry_failure(doc, now);
	for (size_t i = 0; i < doc->n_segments; i++)
		end_segment(&doc->segments[i], status, now);
	doc->status = status;
	doc->completed_at = now;
}

void run_doc_add_segment(struct run_doc *doc, const char *name, const char *statistics_json, int64_t now)
{
	doc->segments = ferry_realloc(doc->segments, doc->n_segments + 1, sizeof *doc->segments);
	struct segment_doc *seg = &doc->segments[doc->n_segments++];
	*seg = (struct segment_doc){
		.name = ferry_strdup(name), .status = SEGMENT_SUCCESS, .started_at = now, .completed_at = now,
		.statistics_json = ferry_strdup(statistics_json),
	};
	for (int k = 0; k < STAGES; k++)
		seg->stages[k].status = STAGE_SKIPPED;
}

void run_doc_place(const struct run_doc *doc, struct buf *out)
{
	int seg, k;

	if (doc->at_segment < 0)
		return;
	blame(doc, &seg, &k);
	buf_addf(out, "stage %s of segment '%s'", stage_name((enum stage)k),
		 doc->segments[seg].name);
}

bool run_doc_guarded(const struct run_doc *doc)
{
	return doc->status == RUN_FAILED && doc->cause.code &&
		strcmp(doc->cause.code, ferry_code_info(FERRY_E_GUARD)->name) == 0;
}

/* ------------------------------------------------------------------ numbers */

void run_doc_sum(const struct run_doc *doc, struct counters *sum)
{
	*sum = (struct counters){0};
	for (size_t i = 0; i < doc->n_segments; i++)
		counters_add(sum, &doc->segments[i].counters);
}

int64_t run_doc_rows(const struct counters *c)
{
	return c->created + c->updated + c->deleted + c->disabled + c->unchanged + c->skipped + c->failed +
		c->conflicts + c->invalid;
}

int64_t run_doc_row_errors(const struct run_doc *doc)
{
	struct counters sum;

	if (doc->row_errors >= 0)
		return doc->row_errors;
	run_doc_sum(doc, &sum);
	return sum.failed + sum.invalid;
}

int64_t run_doc_ms(const struct run_doc *doc, int64_t now)
{
	if (!doc->started_at)
		return 0;
	int64_t us = (doc->completed_at ? doc->completed_at : now) - doc->started_at;
	return us > 0 ? us / 1000 : 0;
}
