/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision.h - decisions, tiers and reason codes, and the pure function that decides.
 */
#ifndef FERRY_MODEL_DECISION_H
#define FERRY_MODEL_DECISION_H

#include "base/error.h"

/* What change detection found for a record. */
enum change {
	CHANGE_NEW,			/* the snapshot does not have its key */
	CHANGE_SAME,
	CHANGE_DIFFERENT,
	CHANGE_GONE,			/* the snapshot has it, the source does not */
};

const char *decision_name(enum ferry_decision d);	/* "create" */
int decision_from_name(const char *name);		/* -1: none */
const char *tier_name(enum ferry_tier t);
const char *change_name(enum change c);

struct reason_info {
	const char *code;		/* "NEW_IN_SOURCE" */
	const char *text;		/* one line */
};

/* All of them, ends with code == NULL. */
const struct reason_info *reason_table(void);
/* A row of it, or NULL for a code made up by a sync's own skip rule. */
const struct reason_info *reason_find(const char *code);

struct decide_input {
	enum ferry_mode mode;
	enum change change;
	enum ferry_tier tier;		/* for CHANGE_NEW: what the look-up found */
	bool same_there;		/* for CHANGE_NEW and strong: the fields are equal over there */
	bool create_new;		/* policy none: create */
	bool disable_missing, delete_missing;	/* policy missing; neither: ignore */
	bool truncated;			/* the extract was cut: absence means nothing */
	bool absent_there;		/* verify found it gone over there */
	bool drifted;			/* verify found a difference over there */
	bool full;			/* send everything again, changed or not */
	bool disabled;			/* an earlier run disabled it, since it was missing */
};

/*
 * The reason is a constant code. A FERRY_SKIP with UNCHANGED means: nothing to do. What is gone and
 * ignored need not be asked about.
 */
const char *decide(const struct decide_input *in, enum ferry_decision *ret);

#endif
