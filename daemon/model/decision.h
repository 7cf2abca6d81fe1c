/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision.h - decisions, tiers and reason codes, and the pure function that decides.
 */
#ifndef FERRY_MODEL_DECISION_H
#define FERRY_MODEL_DECISION_H

#include "base/error.h"
#include "model/sync.h"

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

struct reason_info {
	const char *code;		/* "NEW_IN_SOURCE" */
	const char *text;		/* one line */
};

/* All of them, ends with code == NULL. */
const struct reason_info *reason_table(void);
/* A row of it, or NULL for a code made up by a sync's own skip rule. */
const struct reason_info *reason_find(const char *code);

/* What verify, or the look at a counterpart, found when it compared field by field. */
enum drift {
	DRIFT_NONE,			/* as delivered, or not looked at */
	DRIFT_FILL,			/* only fields that are empty over there differ */
	DRIFT_VALUES,			/* two values that are both there differ */
	DRIFT_ABSENT,			/* the record is not there any more */
};

/* What a person has said of this record. */
enum ruling {
	RULING_NONE,
	RULING_LINK,			/* it is that record over there */
	RULING_CREATE,			/* it is none of them: a new one */
	RULING_IGNORE,			/* leave it alone */
};

struct decide_input {
	enum ferry_mode mode;
	enum change change;
	enum ferry_tier tier;		/* for CHANGE_NEW: what matching found */
	struct policy_def policy;
	enum drift drift;		/* not for CHANGE_NEW */
	enum ruling ruling;
	bool same_there;		/* for CHANGE_NEW with a counterpart: its fields are equal */
	bool claimed;			/* for CHANGE_NEW: its counterpart belongs to another key */
	bool in_doubt;			/* an earlier run cannot tell whether it was delivered */
	bool quarantined;		/* refused so often that it waits for a person */
	bool truncated;			/* the extract was cut: absence means nothing */
	bool full;			/* send everything again, changed or not */
	bool disabled;			/* an earlier run disabled it, since it was missing */
};

/*
 * The reason is a constant code. A FERRY_SKIP with UNCHANGED means: nothing to do; for CHANGE_NEW:
 * only the snapshot has to learn of it. What is gone and ignored need not be asked about.
 */
const char *decide(const struct decide_input *in, enum ferry_decision *ret);

/* ---- the table by which decide() goes, for the manual and the tests */

/* One thing that rules ask about: bits first .. first + n - 1, one for each value. */
struct decision_condition {
	const char *name;		/* "policy medium" */
	unsigned first, n;
	const char *const *values;	/* "review", "update", "create" */
};

/* The first rule whose `allowed` has all bits of the facts decides. */
struct decision_rule {
	uint64_t allowed;
	enum ferry_decision decision;
	const char *reason;
};

const struct decision_condition *decision_conditions(void);	/* ends with name == NULL */
const struct decision_rule *decision_rules(size_t *ret_n);
uint64_t decision_facts(const struct decide_input *in);

/* ---- problems */

/* A kind of problem that waits for a person or for better data. */
struct problem_group_info {
	const char *name;		/* "ambiguous_match" */
	const char *severity;		/* "error" or "warning" */
	const char *text;		/* one line: what it is and what to do */
};

/* All of them, ends with name == NULL. */
const struct problem_group_info *problem_group_table(void);
/* A row of it, or NULL. */
const struct problem_group_info *problem_group_find(const char *name);
/*
 * The group of a conflict, by its reason; "conflict" for a code made up by a connector. Never NULL.
 * Whether an invalid record is in invalid_record or in missing_required_field only its maker knows.
 */
const char *problem_group(const char *reason);

#endif
