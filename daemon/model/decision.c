/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision.c - the names of decisions and reasons, the table that decides, and the groups that
 * problems fall into. Pure.
 */
#include "model/decision.h"

#include <string.h>

static const char *const decision_names[] = {"create", "update", "delete", "disable", "skip", "conflict"};
static const char *const tier_names[] = {"none", "strong", "medium", "ambiguous"};
static const char *const change_names[] = {"new", "same", "different", "gone"};

static const struct reason_info reasons[] = {
	{"NEW_IN_SOURCE", "The source has a key that was never delivered."},
	{"MATCHED_STRONG", "A new key whose record exists over there already, found by its identifier."},
	{"MATCHED_MEDIUM", "A new key whose record was found over there by a weaker rule."},
	{"LINKED_BY_PERSON", "A person said which record over there is this one."},
	{"CREATED_BY_PERSON", "A person said that it is none of the records over there."},
	{"IGNORED_BY_PERSON", "A person said to leave it alone."},
	{"FIELDS_CHANGED", "At least one mapped field differs from what was last acknowledged."},
	{"UNCHANGED", "Every mapped field is as it was last acknowledged."},
	{"DRIFTED", "The destination's record is no longer what was delivered."},
	{"REAPPEARED", "A record that had been missing in the source is there again."},
	{"MEDIUM_MATCH_REQUIRES_REVIEW", "A weaker rule found a record over there; a person decides."},
	{"AMBIGUOUS_MATCH", "Several records over there could be this one; a person decides."},
	{"STRONG_MATCH_POLICY_SKIP", "The record exists over there already, and the policy for that is to skip."},
	{"AMBIGUOUS_POLICY_SKIP", "Several records over there could be this one, and the policy for that is to skip."},
	{"NO_MATCH_POLICY_SKIP", "Nothing over there matches, and the policy for that is to skip."},
	{"MISSING_UPSTREAM_IGNORED", "Gone from the source; the policy for that is to leave it."},
	{"MISSING_UPSTREAM_DISABLED_LINK", "Gone from the source; the policy for that is to disable it."},
	{"MISSING_UPSTREAM_DELETED", "Gone from the source; the policy for that is to delete it."},
	{"MODE_FORBIDS_UPDATE", "It would be an update, which this sync's mode does not make."},
	{"MODE_FORBIDS_CREATE", "It would be a creation, which this sync's mode does not make."},
	{"INVALID_RECORD", "A field is missing or its value is not allowed; see the run's errors."},
	{"DUPLICATE_KEY", "The key occurs more than once in the source; the first one counts."},
	{"TARGET_CLAIMED_TWICE", "Two keys lead to the same record over there."},
	{"ALREADY_DELIVERED", "Each key is sent once, ever, and this one was."},
	{"CHANGED_AFTER_DELIVERY", "Each key is sent once, ever, and this one was; its record has changed since."},
	{"LOOKUP_MISSING", "A lookup has no row for this record; tried again in the next run."},
	{"EXTRACT_TRUNCATED", "The source was cut short, so absence means nothing."},
	{"IN_DOUBT", "An earlier run cannot tell whether it was delivered, nor can the destination; --full sends it again."},
	{"QUARANTINED", "Refused in so many runs in a row that it waits for a person."},
	{"FULL_RESYNC", "Unchanged, but the run was asked to send everything again."},
	{"FILTERED", "The segment's where: leaves this row out."},
	{"CHECK_FAILED", "One of the segment's checks: gave a row, which it should not."},
	{NULL, NULL},
};

const char *decision_name(enum ferry_decision d)
{
	return decision_names[d];
}

int decision_from_name(const char *name)
{
	for (int i = 0; i < FERRY_DECISIONS; i++)
		if (strcmp(decision_names[i], name) == 0)
			return i;
	return -1;
}

const char *tier_name(enum ferry_tier t)
{
	return tier_names[t];
}

const struct reason_info *reason_table(void)
{
	return reasons;
}

const struct reason_info *reason_find(const char *code)
{
	for (const struct reason_info *r = reasons; r->code; r++)
		if (strcmp(r->code, code) == 0)
			return r;
	return NULL;
}

/* ------------------------------------------------------------------- groups */

static const struct problem_group_info groups[] = {
	{"ambiguous_match", "error", "Several records over there could be this one. Say which, or that it is none of them."},
	{"review_required", "warning", "A likely counterpart was found over there. Say whether it is the one."},
	{"conflict", "error", "Both sides claim something else; nothing was written."},
	{"in_doubt", "error", "Nobody can tell whether it was delivered. Look at the destination."},
	{"quarantined", "error", "Refused again and again. Correct the record, then let it be tried again."},
	{"changed_after_delivery", "warning", "Delivered for good, and changed since. If it matters, deliver a correction under a key of its own."},
	{"lookup_missing", "warning", "Something it refers to is not there yet. Tried again in each run."},
	{"invalid_record", "error", "A value is not allowed. Correct it in the source."},
	{"missing_required_field", "error", "A field that must be there is empty. Fill it in the source."},
	{"check_failed", "error", "A check found something that should not be."},
	{NULL, NULL, NULL},
};

/* Reasons whose group is another one than conflict. */
static const struct {
	const char *reason, *group;
} group_of_reason[] = {
	{"AMBIGUOUS_MATCH", "ambiguous_match"},
	{"MEDIUM_MATCH_REQUIRES_REVIEW", "review_required"},
	{"IN_DOUBT", "in_doubt"},
	{"QUARANTINED", "quarantined"},
	{"CHANGED_AFTER_DELIVERY", "changed_after_delivery"},
	{"LOOKUP_MISSING", "lookup_missing"},
	{"INVALID_RECORD", "invalid_record"},
	{"DUPLICATE_KEY", "invalid_record"},
	{"CHECK_FAILED", "check_failed"},
};

const struct problem_group_info *problem_group_table(void)
{
	return groups;
}

const struct problem_group_info *problem_group_find(const char *name)
{
	for (const struct problem_group_info *g = groups; g->name; g++)
		if (strcmp(g->name, name) == 0)
			return g;
	return NULL;
}

const char *problem_group(const char *reason)
{
	for (size_t i = 0; i < sizeof group_of_reason / sizeof *group_of_reason; i++)
		if (strcmp(group_of_reason[i].reason, reason) == 0)
			return group_of_reason[i].group;
	return "conflict";
}

/* --------------------------------------------------------------- conditions */

/*
 * What is known of a record is a set of bits: each condition has some of them, one for each value
 * it may have, and exactly that one is set. A rule fits when all of them are among those it allows.
 */
#define BIT(n) ((uint64_t)1 << (n))
#define BITS(first, n) ((BIT(n) - 1) << (first))

/* Each condition's first bit, and how many values it has. */
#define CONDITIONS(X, arg) \
	X(MODE, 0, 5, arg) X(CHANGE, 5, 4, arg) X(TIER, 9, 4, arg) X(DRIFT, 13, 4, arg) \
	X(RULING, 17, 4, arg) X(P_STRONG, 21, 2, arg) X(P_MEDIUM, 23, 3, arg) \
	X(P_AMBIGUOUS, 26, 2, arg) X(P_NONE, 28, 2, arg) X(P_MISSING, 30, 4, arg) \
	X(P_CONFLICT, 34, 2, arg) X(SAME_THERE, 36, 2, arg) X(CLAIMED, 38, 2, arg) \
	X(IN_DOUBT, 40, 2, arg) X(QUARANTINED, 42, 2, arg) X(TRUNCATED, 44, 2, arg) \
	X(FULL, 46, 2, arg) X(DISABLED, 48, 2, arg)

enum {
#define NUMBERS(name, first, n, arg) FIRST_##name = (first), COUNT_##name = (n),
	CONDITIONS(NUMBERS, )
};

static const char *const mode_values[] = {"upsert", "insert", "update", "mirror", "append"};
static const char *const drift_values[] = {"none", "fill", "values", "absent"};
static const char *const ruling_values[] = {"none", "link", "create", "ignore"};
static const char *const strong_values[] = {"update", "skip"};
static const char *const medium_values[] = {"review", "update", "create"};
static const char *const ambiguous_values[] = {"review", "skip"};
static const char *const none_values[] = {"create", "skip"};
static const char *const missing_values[] = {"default", "ignore", "disable", "delete"};
static const char *const conflict_values[] = {"review", "overwrite"};
static const char *const flag_values[] = {"no", "yes"};

static const struct decision_condition conditions[] = {
#define CONDITION(text, name, values) {text, FIRST_##name, COUNT_##name, values}
	CONDITION("change", CHANGE, change_names),
	CONDITION("tier", TIER, tier_names),
	CONDITION("drift", DRIFT, drift_values),
	CONDITION("ruling", RULING, ruling_values),
	CONDITION("policy strong", P_STRONG, strong_values),
	CONDITION("policy medium", P_MEDIUM, medium_values),
	CONDITION("policy ambiguous", P_AMBIGUOUS, ambiguous_values),
	CONDITION("policy none", P_NONE, none_values),
	CONDITION("policy missing", P_MISSING, missing_values),
	CONDITION("policy conflict", P_CONFLICT, conflict_values),
	CONDITION("same there", SAME_THERE, flag_values),
	CONDITION("claimed", CLAIMED, flag_values),
	CONDITION("in doubt", IN_DOUBT, flag_values),
	CONDITION("quarantined", QUARANTINED, flag_values),
	CONDITION("truncated", TRUNCATED, flag_values),
	CONDITION("full", FULL, flag_values),
	CONDITION("disabled", DISABLED, flag_values),
	CONDITION("mode", MODE, mode_values),
	{NULL, 0, 0, NULL},
};

const struct decision_condition *decision_conditions(void)
{
	return conditions;
}

uint64_t decision_facts(const struct decide_input *in)
{
	return (uint64_t)in->mode << FIRST_MODE |
		BIT(FIRST_CHANGE + in->change) | BIT(FIRST_TIER + in->tier) |
		BIT(FIRST_DRIFT + in->drift) | BIT(FIRST_RULING + in->ruling) |
		BIT(FIRST_P_STRONG + in->policy.strong) | BIT(FIRST_P_MEDIUM + in->policy.medium) |
		BIT(FIRST_P_AMBIGUOUS + in->policy.ambiguous) | BIT(FIRST_P_NONE + in->policy.none) |
		BIT(FIRST_P_MISSING + in->policy.missing) | BIT(FIRST_P_CONFLICT + in->policy.conflict) |
		BIT(FIRST_SAME_THERE + in->same_there) | BIT(FIRST_CLAIMED + in->claimed) |
		BIT(FIRST_IN_DOUBT + in->in_doubt) | BIT(FIRST_QUARANTINED + in->quarantined) |
		BIT(FIRST_TRUNCATED + in->truncated) | BIT(FIRST_FULL + in->full) |
		BIT(FIRST_DISABLED + in->disabled);
}

/* ---------------------------------------------------------------- the table */

#define MODE(m) ((uint64_t)FERRY_MODE_##m << FIRST_MODE)
#define CHANGE(c) BIT(FIRST_CHANGE + CHANGE_##c)
#define TIER(t) BIT(FIRST_TIER + FERRY_TIER_##t)
#define DRIFT(d) BIT(FIRST_DRIFT + DRIFT_##d)
#define RULING(r) BIT(FIRST_RULING + RULING_##r)
#define POLICY(which, p) BIT(FIRST_P_##which + which##_##p)
#define YES(flag) BIT(FIRST_##flag + 1)
#define NO(flag) BIT(FIRST_##flag)

#define KNOWN (CHANGE(SAME) | CHANGE(DIFFERENT))
#define ADDS_ONLY (MODE(INSERT) | MODE(APPEND))
#define FOUND (TIER(STRONG) | TIER(MEDIUM))

/* Of what a rule does not name any value is allowed. */
#define OR_ANY(name, first, n, when) | ((when) & BITS(first, n) ? 0 : BITS(first, n))
#define RULE(when, decision, reason) {(when) CONDITIONS(OR_ANY, when), FERRY_##decision, reason}

static const struct decision_rule rules[] = {
	/* by far the most: nothing to do, whatever else may be said of it */
	RULE(CHANGE(SAME) | DRIFT(NONE) | NO(FULL) | NO(DISABLED) | NO(IN_DOUBT) |
	     RULING(NONE) | RULING(LINK) | RULING(CREATE), SKIP, "UNCHANGED"),

	/* what stands above all policies */
	RULE(CHANGE(NEW) | KNOWN | RULING(IGNORE), SKIP, "IGNORED_BY_PERSON"),
	RULE(YES(IN_DOUBT), CONFLICT, "IN_DOUBT"),
	RULE(YES(QUARANTINED), CONFLICT, "QUARANTINED"),

	/* new; a person made it, or nothing that was found is to count */
	RULE(CHANGE(NEW) | RULING(CREATE) | MODE(UPDATE), SKIP, "MODE_FORBIDS_CREATE"),
	RULE(CHANGE(NEW) | RULING(CREATE) | MODE(UPSERT) | MODE(INSERT) | MODE(MIRROR),
	     CREATE, "CREATED_BY_PERSON"),
	RULE(CHANGE(NEW) | RULING(CREATE) | MODE(APPEND) | TIER(NONE) | TIER(MEDIUM) | TIER(AMBIGUOUS),
	     CREATE, "CREATED_BY_PERSON"),
	RULE(CHANGE(NEW) | RULING(NONE) | TIER(MEDIUM) | POLICY(MEDIUM, CREATE) | MODE(UPDATE),
	     SKIP, "MODE_FORBIDS_CREATE"),
	RULE(CHANGE(NEW) | RULING(NONE) | TIER(MEDIUM) | POLICY(MEDIUM, CREATE), CREATE, "NEW_IN_SOURCE"),

	/* new, with a counterpart */
	RULE(CHANGE(NEW) | FOUND | YES(CLAIMED), CONFLICT, "TARGET_CLAIMED_TWICE"),
	RULE(CHANGE(NEW) | RULING(LINK) | YES(SAME_THERE), SKIP, "UNCHANGED"),
	RULE(CHANGE(NEW) | RULING(LINK) | ADDS_ONLY, SKIP, "MODE_FORBIDS_UPDATE"),
	RULE(CHANGE(NEW) | RULING(LINK), UPDATE, "LINKED_BY_PERSON"),
	RULE(CHANGE(NEW) | TIER(STRONG) | MODE(APPEND), SKIP, "ALREADY_DELIVERED"),
	RULE(CHANGE(NEW) | TIER(STRONG) | POLICY(STRONG, SKIP), SKIP, "STRONG_MATCH_POLICY_SKIP"),
	RULE(CHANGE(NEW) | TIER(MEDIUM) | POLICY(MEDIUM, REVIEW), CONFLICT, "MEDIUM_MATCH_REQUIRES_REVIEW"),
	RULE(CHANGE(NEW) | TIER(MEDIUM) | MODE(APPEND), SKIP, "ALREADY_DELIVERED"),
	RULE(CHANGE(NEW) | FOUND | YES(SAME_THERE), SKIP, "UNCHANGED"),
	RULE(CHANGE(NEW) | FOUND | MODE(INSERT), SKIP, "MODE_FORBIDS_UPDATE"),
	RULE(CHANGE(NEW) | TIER(STRONG), UPDATE, "MATCHED_STRONG"),
	RULE(CHANGE(NEW) | TIER(MEDIUM), UPDATE, "MATCHED_MEDIUM"),

	/* new, with several or none */
	RULE(CHANGE(NEW) | TIER(AMBIGUOUS) | POLICY(AMBIGUOUS, REVIEW), CONFLICT, "AMBIGUOUS_MATCH"),
	RULE(CHANGE(NEW) | TIER(AMBIGUOUS), SKIP, "AMBIGUOUS_POLICY_SKIP"),
	RULE(CHANGE(NEW) | MODE(UPDATE), SKIP, "MODE_FORBIDS_CREATE"),
	RULE(CHANGE(NEW) | POLICY(NONE, SKIP), SKIP, "NO_MATCH_POLICY_SKIP"),
	RULE(CHANGE(NEW), CREATE, "NEW_IN_SOURCE"),

	/* delivered before */
	RULE(CHANGE(SAME) | MODE(APPEND), SKIP, "UNCHANGED"),
	RULE(CHANGE(DIFFERENT) | MODE(APPEND), SKIP, "CHANGED_AFTER_DELIVERY"),
	RULE(KNOWN | DRIFT(ABSENT) | MODE(UPDATE), SKIP, "MODE_FORBIDS_CREATE"),
	RULE(KNOWN | DRIFT(ABSENT), CREATE, "DRIFTED"),
	RULE(KNOWN | MODE(INSERT), SKIP, "MODE_FORBIDS_UPDATE"),
	/* what differs over there is what disabling it has changed */
	RULE(KNOWN | YES(DISABLED), UPDATE, "REAPPEARED"),
	RULE(KNOWN | DRIFT(VALUES) | POLICY(CONFLICT, REVIEW), CONFLICT, "DRIFTED"),
	RULE(KNOWN | DRIFT(VALUES) | DRIFT(FILL), UPDATE, "DRIFTED"),
	RULE(CHANGE(DIFFERENT), UPDATE, "FIELDS_CHANGED"),
	RULE(CHANGE(SAME), UPDATE, "FULL_RESYNC"),

	/* gone from the source */
	RULE(CHANGE(GONE) | YES(TRUNCATED), SKIP, "EXTRACT_TRUNCATED"),
	RULE(CHANGE(GONE) | POLICY(MISSING, DELETE) | MODE(MIRROR), DELETE, "MISSING_UPSTREAM_DELETED"),
	RULE(CHANGE(GONE) | POLICY(MISSING, DISABLE) | MODE(UPSERT) | MODE(UPDATE) | MODE(MIRROR),
	     DISABLE, "MISSING_UPSTREAM_DISABLED_LINK"),
	RULE(CHANGE(GONE), SKIP, "MISSING_UPSTREAM_IGNORED"),
};

enum { RULES = sizeof rules / sizeof *rules };

const struct decision_rule *decision_rules(size_t *ret_n)
{
	*ret_n = RULES;
	return rules;
}

const char *decide(const struct decide_input *in, enum ferry_decision *ret)
{
	uint64_t facts = decision_facts(in);
	const struct decision_rule *rule = rules;

	while (facts & ~rule->allowed) {
		rule++;
		FERRY_ASSERT(rule < rules + RULES);
	}
	*ret = rule->decision;
	return rule->reason;
}
