/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problems.h - problems: records that wait for a person, and what persons have said of them. Part of
 * the journal: written with its group, read from what is committed.
 *
 * A key (sync, segment, key form) has at most one problem that is not closed. It is closed when it
 * was cleared, or when what a person said of it was carried out; a later one of that key is new.
 * Knows how problems are kept, not when they open, move and close.
 */
#ifndef FERRY_STORE_PROBLEMS_H
#define FERRY_STORE_PROBLEMS_H

#include "base/arena.h"
#include "store/journal.h"

enum problem_status { PROBLEM_OPEN, PROBLEM_IGNORED, PROBLEM_RESOLVED, PROBLEM_CLEARED, PROBLEM_STATUSES };
const char *problem_status_name(enum problem_status s);
int problem_status_from_name(const char *name);	/* -1: none */

/* What a person said: its ruling. action NULL: nothing yet. */
struct problem_resolution {
	const char *action;		/* "link", "create", "ignore", "retry" */
	const char *dest_id;		/* link; else NULL */
	int64_t until;			/* ignore: when it ends; 0: never */
	const char *by;
	int64_t at;
	int64_t after_run;		/* runs up to this one began before it was said */
	int64_t carried_out_run, carried_out_at; /* 0: not yet */
};

struct problem_moment {
	int64_t at, run;		/* run 0: a person's doing */
	const char *event, *group, *by;	/* NULL: nothing to say */
};

enum { PROBLEM_HISTORY = 20, PROBLEM_FORM_MAX = 65536 };

/* Texts are NULL when not known, and in the problem's arena; *_json are JSON texts. */
struct problem {
	struct arena arena;
	int64_t id;
	enum problem_status status;
	const char *sync, *segment, *form, *key;
	const char *group, *code, *severity, *message, *field;
	const char *fields_json, *candidates_json;
	const char *request, *answer;
	int64_t first_run, last_run, times;
	int64_t opened_at, updated_at, closed_at;
	const char *close_reason;
	struct problem_resolution resolution;
	struct problem_moment history[PROBLEM_HISTORY]; /* the oldest first */
	size_t n_history;
};

void problem_release(struct problem *p);
bool problem_closed(const struct problem *p);
/* Add to its history; the oldest moment goes when there are too many. Texts are copied. */
void problem_note(struct problem *p, const struct problem_moment *moment);
/* Append it as one JSON object. */
void problem_json(const struct problem *p, struct buf *out);

/* ------------------------------------------------------------------ writing */

int64_t problem_next_id(struct journal *j);
/* Put or replace; a closed one frees its key. */
void problem_put(struct journal *j, const struct problem *p);

/* ------------------------------------------------------------------ reading */

/*
 * The key's problem that is not closed: 1 with *ret to be released, 0 none, -1. This and the two
 * below also see what is still pending, so that one change can build upon another of the same group.
 */
int problem_find(struct journal *j, const char *sync, const char *segment, const char *form,
		 struct problem *ret, struct ferry_error *err);
/* NOT_FOUND when there is none. problem_text: its document, appended. */
int problem_text(struct journal *j, int64_t id, struct buf *out, struct ferry_error *err);
int problem_get(struct journal *j, int64_t id, struct problem *ret, struct ferry_error *err);

struct problem_filter {
	const char *sync, *segment, *group; /* NULL: any */
	int status;			/* enum problem_status; -1: any */
};

/* Their ids, the newest first, as journal_list gives those of runs. ret_total may be NULL. */
int problems_list(struct journal *j, const struct problem_filter *filter, int64_t skip,
		  int64_t limit, int64_t *ids, size_t *ret_n, int64_t *ret_total, struct ferry_error *err);

/* What can be told of a problem that is not closed without reading its document. Borrowed. */
struct problem_mark {
	int64_t id;
	enum problem_status status;
	int64_t until;			/* ignored: when that ends; 0: never */
	const char *sync, *segment, *form;
	const char *action, *dest_id;	/* "" when nothing was said */
};

/* Each problem of a sync (NULL: of all) that is not closed, by segment. fn must not write. */
int problems_walk(struct journal *j, const char *sync,
		  void (*fn)(void *ctx, const struct problem_mark *mark), void *ctx,
		  struct ferry_error *err);

#endif
