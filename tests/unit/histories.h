/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histories.h - what a generated history is made of, how one of its runs is made, and what must hold at its end.
 */
#ifndef FERRY_TESTS_HISTORIES_H
#define FERRY_TESTS_HISTORIES_H

#include "conf/conf.h"
#include "fixtures/history.h"
#include "model/run.h"
#include "pipeline/pipeline.h"

enum { KILL_NEVER = -1 };
enum { PAST_VALUES = 64 };

/* Everything random was drawn from the seed; what the connector must know is in *h. */
struct story {
	uint64_t seed, random;
	int chapter;
	struct history *h;
	enum ferry_mode mode;
	bool skips, filters, rejects;	/* the segment has such rules */
	bool hash_only;			/* snapshot: hash */
	const char *missing;		/* policy, or NULL */
	int lanes, retries;
	bool other_layout;		/* the map's fields stand in another order */
	bool changes_layout;		/* ... from some run on */
	int64_t next_value;
	int64_t next_run;
	/* every value a key ever had in the source */
	int32_t past[HISTORY_KEYS][PAST_VALUES];
	int n_past[HISTORY_KEYS];

	/* the last run, as it was reported */
	struct counters counters;
	bool reached_apply;
	char state_dir[80];
	bool tells;			/* print what happens */
};

struct run {
	struct pipeline_options options;
	int dies_at_write;		/* of the store, from 0 */
	int dies_after_us;		/* killed from outside: the one thing that does not repeat */
	bool may_die;
};

/* Fails the test with the story's seed. */
void story_fail(const struct story *s, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* The definitions of its next run. */
struct generation *story_load(const struct story *s);
/* True when it came to its end; its result is in the history and the story then. */
bool run_process(struct story *s, const struct run *run);

/* Would the engine send the key's present row? */
bool story_is_good(const struct story *s, int key);
/* Does the segment see a row for the key at all? */
bool story_is_there(const struct story *s, int key);

/* After every run that was reported to its end. */
void check_counters(const struct story *s, bool preview);
/* At the end, after clean runs; the last of them is in s->counters. */
void check_end(const struct story *s);

#endif
