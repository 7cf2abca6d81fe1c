/* SPDX-License-Identifier: Apache-2.0 */
/* decision.c - the names of decisions and reasons, and the function that decides. Pure. */
#include "model/decision.h"

#include <string.h>

static const char *const decision_names[] = {"create", "update", "delete", "disable", "skip", "conflict"};
static const char *const tier_names[] = {"none", "strong", "medium", "ambiguous"};
static const char *const change_names[] = {"new", "same", "different", "gone"};

static const struct reason_info reasons[] = {
	{"NEW_IN_SOURCE", "The source has a key that was never delivered."},
	{"MATCHED_STRONG", "A new key whose record exists over there already, found by its identifier."},
	{"MATCHED_MEDIUM", "A new key whose record was found over there by a weaker rule."},
	{"FIELDS_CHANGED", "At least one mapped field differs from what was last acknowledged."},
	{"UNCHANGED", "Every mapped field is as it was last acknowledged."},
	{"DRIFTED", "The destination's record is no longer what was delivered."},
	{"REAPPEARED", "A record that had been missing in the source is there again."},
	{"MEDIUM_MATCH_REQUIRES_REVIEW", "A weaker rule found a record over there; a person decides."},
	{"AMBIGUOUS_MATCH", "Several records over there could be this one; a person decides."},
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
	{"LOOKUP_MISSING", "A lookup has no row for this record; tried again in the next run."},
	{"EXTRACT_TRUNCATED", "The source was cut short, so absence means nothing."},
	{"IN_DOUBT", "An earlier run cannot tell whether it was delivered, nor can the destination; --full sends it again."},
	{"FULL_RESYNC", "Unchanged, but the run was asked to send everything again."},
	{"FILTERED", "The segment's where: leaves this row out."},
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

const char *change_name(enum change c)
{
	return change_names[c];
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

static const char *say(enum ferry_decision *ret, enum ferry_decision d, const char *reason)
{
	*ret = d;
	return reason;
}

static const char *decide_new(const struct decide_input *in, enum ferry_decision *ret)
{
	switch (in->tier) {
	case FERRY_TIER_AMBIGUOUS:
		return say(ret, FERRY_CONFLICT, "AMBIGUOUS_MATCH");
	case FERRY_TIER_MEDIUM:
		return say(ret, FERRY_CONFLICT, "MEDIUM_MATCH_REQUIRES_REVIEW");
	case FERRY_TIER_STRONG:
		if (in->mode == FERRY_MODE_APPEND)
			return say(ret, FERRY_SKIP, "ALREADY_DELIVERED");
		if (in->same_there)
			return say(ret, FERRY_SKIP, "UNCHANGED");
		if (in->mode == FERRY_MODE_INSERT)
			return say(ret, FERRY_SKIP, "MODE_FORBIDS_UPDATE");
		return say(ret, FERRY_UPDATE, "MATCHED_STRONG");
	case FERRY_TIER_NONE:
		break;
	}
	if (in->mode == FERRY_MODE_UPDATE)
		return say(ret, FERRY_SKIP, "MODE_FORBIDS_CREATE");
	if (!in->create_new)
		return say(ret, FERRY_SKIP, "NO_MATCH_POLICY_SKIP");
	return say(ret, FERRY_CREATE, "NEW_IN_SOURCE");
}

static const char *decide_known(const struct decide_input *in, enum ferry_decision *ret)
{
	bool different = in->change == CHANGE_DIFFERENT;

	if (in->absent_there && in->mode != FERRY_MODE_APPEND) {
		if (in->mode == FERRY_MODE_UPDATE)
			return say(ret, FERRY_SKIP, "MODE_FORBIDS_CREATE");
		return say(ret, FERRY_CREATE, "DRIFTED");
	}
	if (in->mode == FERRY_MODE_APPEND)
		return say(ret, FERRY_SKIP, different ? "ALREADY_DELIVERED" : "UNCHANGED");
	if (!different && !in->drifted && !in->disabled && !in->full)
		return say(ret, FERRY_SKIP, "UNCHANGED");
	if (in->mode == FERRY_MODE_INSERT)
		return say(ret, FERRY_SKIP, "MODE_FORBIDS_UPDATE");
	return say(ret, FERRY_UPDATE, in->disabled ? "REAPPEARED" : different ? "FIELDS_CHANGED"
		: in->drifted ? "DRIFTED" : "FULL_RESYNC");
}

const char *decide(const struct decide_input *in, enum ferry_decision *ret)
{
	switch (in->change) {
	case CHANGE_NEW:
		return decide_new(in, ret);
	case CHANGE_SAME:
	case CHANGE_DIFFERENT:
		return decide_known(in, ret);
	case CHANGE_GONE:
		break;
	}
	if (in->truncated)
		return say(ret, FERRY_SKIP, "EXTRACT_TRUNCATED");
	if (in->delete_missing)
		return say(ret, FERRY_DELETE, "MISSING_UPSTREAM_DELETED");
	if (in->disable_missing)
		return say(ret, FERRY_DISABLE, "MISSING_UPSTREAM_DISABLED_LINK");
	return say(ret, FERRY_SKIP, "MISSING_UPSTREAM_IGNORED");
}
