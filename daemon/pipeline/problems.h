/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problems.h - what waits for a person: reported to the supervisor key by key, at most one a key and
 * run, and taken back when it no longer holds; and the rulings persons have given for keys.
 */
#ifndef FERRY_PIPELINE_PROBLEMS_H
#define FERRY_PIPELINE_PROBLEMS_H

#include "model/decision.h"
#include "model/value.h"
#include "pipeline/pipeline.h"
#include "store/plan_store.h"

struct segment;

/* One key that had an open problem when the run began. */
struct open_problem {
	struct kv_bytes form;
	bool seen, reported;
};

struct problems {
	struct open_problem *open;	/* sorted by form */
	size_t n_open;
	const struct ruling_def **rulings;	/* sorted by form */
	bool *ruling_seen;			/* its key was met */
	size_t n_rulings;
	int64_t sent, unsent;
};

struct problem {
	struct kv_bytes form;
	const char *group, *code, *message;
	const char *field;			/* NULL: none */
	const struct ferry_value *fields;	/* of the record; NULL: not to be shown */
	const struct plan_hit *candidates;
	size_t n_candidates;
	const char *request, *answer;		/* NULL: none; already masked */
};

/* Take what the job says of this segment; memory of its arena. */
void problems_start(struct segment *seg);
/* NULL: nobody has said anything of this key. */
const struct ruling_def *problems_ruling(const struct segment *seg, struct kv_bytes form);
void problem_report(struct segment *seg, const struct problem *p);
/* The key was met; unless a problem of it is reported in this run, its open one is over. */
void problem_pass(struct segment *seg, struct kv_bytes form);
/* A ruling was carried out. */
void problem_ruled(struct segment *seg, struct kv_bytes form);
/* All records have been met: say which problems are over. */
void problems_finish(struct segment *seg);
/* The record's fields as a JSON member, what is sensitive masked. */
void problem_fields(const struct segment *seg, const struct ferry_value *fields, const char *key, struct buf *out);

#endif
