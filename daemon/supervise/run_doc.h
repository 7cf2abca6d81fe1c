/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_doc.h - what is known of one run: built up from its worker's events, written as the JSON that
 * the API shows and the journal keeps, and read back from it.
 *
 * Knows nothing of processes, the journal or the clock.
 */
#ifndef FERRY_SUPERVISE_RUN_DOC_H
#define FERRY_SUPERVISE_RUN_DOC_H

#include "base/buf.h"
#include "base/error.h"
#include "model/run.h"
#include "model/sync.h"
#include "supervise/tallies.h"
#include "wire/json.h"

enum stage_status { STAGE_PENDING, STAGE_RUNNING, STAGE_COMPLETED, STAGE_FAILED, STAGE_SKIPPED,
	STAGE_STATUSES };
enum segment_status {
	SEGMENT_PENDING, SEGMENT_RUNNING, SEGMENT_SUCCESS, SEGMENT_WARNING, SEGMENT_ERROR, SEGMENT_SKIPPED,
	SEGMENT_STATUSES
};
enum phase { PHASE_QUERY, PHASE_CHANGE_DETECTION, PHASE_DESTINATION_WRITES, PHASE_FINALIZATION,
	PHASES };

const char *stage_status_name(enum stage_status s);
const char *segment_status_name(enum segment_status s);
const char *phase_name(enum phase p);

/* Members named *_json are JSON texts as the worker sent them; texts may be NULL. Times: us, spans: ms. */
struct stage_doc {
	enum stage_status status;
	int attempt;
	int64_t started_at, completed_at, ms;
	char *metrics_json, *summary, *error_json;
};

/* Of one segment's problems: how many wait for a person, and what this run did to them. */
struct problem_counts {
	int64_t open, opened, cleared;
	struct tallies groups;		/* reported by this run */
};

struct segment_doc {
	char *name;
	bool required;
	enum segment_status status;
	char *reason, *error_json, *statistics_json;
	int64_t started_at, completed_at;
	int64_t planned, done;		/* of apply, while it runs */
	struct counters counters;
	struct tallies decisions, reasons;
	struct problem_counts problems;
	struct stage_doc stages[STAGES];
};

/* Why a run ended as it did; code NULL when there is nothing to say. */
struct run_cause {
	char *code, *message, *hint, *causes_json;
	char *segment;			/* NULL: none */
	int stage;			/* enum stage, -1: none */
};

struct run_doc {
	int64_t id;
	char *sync, *source_name;
	enum run_status status;
	enum run_trigger trigger;
	int64_t retry_of, promote_of;	/* 0: none */
	bool preview, verify, full;
	bool override_guard;		/* promotes a plan that a guard has stopped */
	bool extract_only;		/* keeps raw records and does nothing else: no "last run" of its sync */
	int64_t limit;			/* of extract_only: so many records; 0: all */
	bool interrupted;		/* ended by the daemon's own end: to be made up for */
	int64_t queued_at, started_at, completed_at;
	struct segment_doc *segments;
	size_t n_segments;
	int64_t phases[PHASES];
	bool has_phases;		/* the worker said so; else they are told from the stages */
	int64_t row_errors;		/* -1: not said, told from the counters */
	int at_segment, at_stage;	/* where the worker was heard of last; -1 nowhere */
	struct run_cause cause;
};

/* A queued run of that sync: all its segments and stages pending. */
void run_doc_init(struct run_doc *doc, const struct sync_def *sync);
void run_doc_release(struct run_doc *doc);

/*
 * Take in one event of type segment, stage, progress or log (which only tells where the worker is).
 * PROTOCOL when it has not the promised shape or names an unknown segment.
 */
int run_doc_event(struct run_doc *doc, json_node *event, struct ferry_error *err);
/*
 * Take in "done": phases, row errors and error. The status it names is returned, not yet taken;
 * PROTOCOL when a run may not end so.
 */
int run_doc_done(struct run_doc *doc, json_node *event, enum run_status *ret,
		 struct ferry_error *err);

/* The segment of that name; NULL: none. */
struct segment_doc *run_doc_segment(const struct run_doc *doc, const char *name);
/* Whether it made a plan that only a guard keeps from being carried out. */
bool run_doc_guarded(const struct run_doc *doc);

/* Add a segment that no worker has run, done at once: its statistics are an object. */
void run_doc_add_segment(struct run_doc *doc, const char *name, const char *statistics_json, int64_t now);

/* Set the cause; err's code OK clears nothing. */
void run_doc_cause(struct run_doc *doc, const struct ferry_error *err);
/*
 * End it: nothing stays pending or running, and a failed run has a stage that carries the failure
 * (one that failed already; else the one the worker was in; else the first that was not done).
 */
void run_doc_end(struct run_doc *doc, enum run_status status, int64_t now);

/* "stage extract of segment 'main'" where the worker is, or "" when it is not known. */
void run_doc_place(const struct run_doc *doc, struct buf *out);

void run_doc_sum(const struct run_doc *doc, struct counters *sum);
int64_t run_doc_rows(const struct counters *sum);	/* rows_processed */
int64_t run_doc_row_errors(const struct run_doc *doc);
int64_t run_doc_ms(const struct run_doc *doc, int64_t now);

/* {code, message, hint, causes} and, with place, the stage and segment too. */
void run_cause_json(const struct run_cause *cause, const char *key, bool place, struct buf *out);
void run_doc_json(const struct run_doc *doc, int64_t now, bool hung, struct buf *out);
/* What run_doc_json wrote. */
int run_doc_read(const char *json, size_t len, struct run_doc *ret, struct ferry_error *err);

#endif
