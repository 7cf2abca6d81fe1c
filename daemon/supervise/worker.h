/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - one worker process: started, given its job, listened to line by line, ended when it
 * must be. Knows what a line is, not what it says.
 */
#ifndef FERRY_SUPERVISE_WORKER_H
#define FERRY_SUPERVISE_WORKER_H

#include "base/error.h"
#include "wire/json.h"
#include "wire/loop.h"

struct worker;

/* How it came to its end. */
enum worker_fate {
	WORKER_LEFT,			/* by itself, or by a signal that was not ours */
	WORKER_GARBAGE,			/* ended for a line that is none; err says which */
	WORKER_HUNG,			/* ended for its silence */
	WORKER_ENDED,			/* ended after worker_cancel's time or by worker_kill */
};

struct worker_end {
	enum worker_fate fate;
	int status;			/* as from waitpid */
	const struct ferry_error *err;	/* WORKER_GARBAGE */
};

struct worker_setup {
	const char *program;		/* path of ferry-worker */
	const char *title;		/* its name in ps */
	const char *job;		/* the first line, without its newline */
	size_t job_len;
	int64_t silence_ms;		/* without a line for longer it is hung; 0: never */
	/* An event has come. -1 with *err filled: not as promised, the worker is ended. */
	int (*line)(void *ctx, json_node *event, struct ferry_error *err);
	/* It is gone and everything it said has been heard. To be answered with worker_free. */
	void (*end)(void *ctx, const struct worker_end *end);
	void *ctx;
};

int worker_start(struct loop *loop, const struct worker_setup *setup, struct worker **ret,
		 struct ferry_error *err);
/* Kills what still lives. Not from within line. NULL is fine. */
void worker_free(struct worker *w);

/* Ask it to stop; SIGTERM after grace_ms, SIGKILL some seconds later. Again: only a shorter grace counts. */
void worker_cancel(struct worker *w, int64_t grace_ms);
/* It has said all: it shall leave by itself within seconds. */
void worker_done(struct worker *w);
void worker_kill(struct worker *w);
/* How long it has not been heard of. */
int64_t worker_silence_ms(const struct worker *w);

/* What an end without "done" means: MEMORY_LIMIT, HUNG, PROTOCOL or WORKER_DIED, in *err. place: "" or where. */
void worker_explain(const struct worker_end *end, const char *place, int64_t silence_ms,
		    struct ferry_error *err);

#endif
