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
enum { PAST_VALUES = 64, FORM_BYTES = 64 };

/* What a person has said of a key. */
enum word { WORD_NONE, WORD_LINK, WORD_RETRY, WORD_IGNORE };

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
	const char *match;		/* tier of a rule on the mark, or NULL */
	bool takes_medium;		/* policy medium: update */
	int quarantine;			/* quarantine_after */
	int64_t next_value;
	int64_t next_run;

	/* problems, kept as a supervisor keeps them */
	char forms[HISTORY_KEYS][FORM_BYTES], hex[HISTORY_KEYS][2 * FORM_BYTES + 1];
	size_t form_len[HISTORY_KEYS];
	bool open[HISTORY_KEYS];
	char code[HISTORY_KEYS][40];	/* of the problem reported last */
	enum word said[HISTORY_KEYS];
	bool reported[HISTORY_KEYS];	/* by the last run */
	struct open_def for_job_open[HISTORY_KEYS];
	struct ruling_def for_job[HISTORY_KEYS];
	char ids[HISTORY_KEYS][16];

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

/* The definitions of its next run: its sync as text, and all of them. */
void story_sync(const struct story *s, struct buf *b);
struct generation *story_load(const struct story *s);
/* True when it came to its end; its result is in the history and the story then. */
bool run_process(struct story *s, const struct run *run);

/* Write down the key forms by which problems name keys. */
void story_forms(struct story *s);
/* Give the run what is open and what was said. */
void story_problems(struct story *s, struct run *run);

/* Would the engine send the key's present row? */
bool story_is_good(const struct story *s, int key);
/* Does the segment see a row for the key at all? */
bool story_is_there(const struct story *s, int key);

/* After every run that was reported to its end. */
void check_counters(const struct story *s, bool preview);
/* At the end, after clean runs; the last of them is in s->counters. */
void check_end(const struct story *s);

#endif
