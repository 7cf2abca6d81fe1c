/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-decisions.c - the decision table: the cases it is made for, and what must hold for every
 * combination of inputs, said without looking at the table. With --print it prints doc/decisions.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decisions-doc.h"

/* ---- cases */

#define UPSERT .mode = FERRY_MODE_UPSERT
#define INSERT .mode = FERRY_MODE_INSERT
#define UPDATE .mode = FERRY_MODE_UPDATE
#define MIRROR .mode = FERRY_MODE_MIRROR
#define APPEND .mode = FERRY_MODE_APPEND
#define NEW .change = CHANGE_NEW
#define SAME .change = CHANGE_SAME
#define DIFFERENT .change = CHANGE_DIFFERENT
#define GONE .change = CHANGE_GONE
#define STRONG .tier = FERRY_TIER_STRONG
#define MEDIUM .tier = FERRY_TIER_MEDIUM
#define AMBIGUOUS .tier = FERRY_TIER_AMBIGUOUS

static const struct {
	struct decide_input in;
	enum ferry_decision decision;
	const char *reason;
} cases[] = {
	/* a new key without counterpart */
	{{UPSERT, NEW}, FERRY_CREATE, "NEW_IN_SOURCE"},
	{{INSERT, NEW}, FERRY_CREATE, "NEW_IN_SOURCE"},
	{{APPEND, NEW}, FERRY_CREATE, "NEW_IN_SOURCE"},
	{{MIRROR, NEW}, FERRY_CREATE, "NEW_IN_SOURCE"},
	{{UPDATE, NEW}, FERRY_SKIP, "MODE_FORBIDS_CREATE"},
	{{UPSERT, NEW, .policy.none = NONE_SKIP}, FERRY_SKIP, "NO_MATCH_POLICY_SKIP"},
	{{UPDATE, NEW, .policy.none = NONE_SKIP}, FERRY_SKIP, "MODE_FORBIDS_CREATE"},
	/* strong */
	{{UPSERT, NEW, STRONG}, FERRY_UPDATE, "MATCHED_STRONG"},
	{{UPDATE, NEW, STRONG}, FERRY_UPDATE, "MATCHED_STRONG"},
	{{UPSERT, NEW, STRONG, .same_there = true}, FERRY_SKIP, "UNCHANGED"},
	{{INSERT, NEW, STRONG, .same_there = true}, FERRY_SKIP, "UNCHANGED"},
	{{INSERT, NEW, STRONG}, FERRY_SKIP, "MODE_FORBIDS_UPDATE"},
	{{APPEND, NEW, STRONG}, FERRY_SKIP, "ALREADY_DELIVERED"},
	{{APPEND, NEW, STRONG, .policy.strong = STRONG_SKIP}, FERRY_SKIP, "ALREADY_DELIVERED"},
	{{UPSERT, NEW, STRONG, .policy.strong = STRONG_SKIP}, FERRY_SKIP, "STRONG_MATCH_POLICY_SKIP"},
	{{UPSERT, NEW, STRONG, .policy.strong = STRONG_SKIP, .same_there = true},
	 FERRY_SKIP, "STRONG_MATCH_POLICY_SKIP"},
	{{UPSERT, NEW, STRONG, .claimed = true}, FERRY_CONFLICT, "TARGET_CLAIMED_TWICE"},
	{{APPEND, NEW, STRONG, .claimed = true}, FERRY_CONFLICT, "TARGET_CLAIMED_TWICE"},
	/* medium */
	{{UPSERT, NEW, MEDIUM}, FERRY_CONFLICT, "MEDIUM_MATCH_REQUIRES_REVIEW"},
	{{APPEND, NEW, MEDIUM}, FERRY_CONFLICT, "MEDIUM_MATCH_REQUIRES_REVIEW"},
	{{UPSERT, NEW, MEDIUM, .same_there = true}, FERRY_CONFLICT, "MEDIUM_MATCH_REQUIRES_REVIEW"},
	{{UPSERT, NEW, MEDIUM, .claimed = true}, FERRY_CONFLICT, "TARGET_CLAIMED_TWICE"},
	{{UPSERT, NEW, MEDIUM, .policy.medium = MEDIUM_UPDATE}, FERRY_UPDATE, "MATCHED_MEDIUM"},
	{{UPSERT, NEW, MEDIUM, .policy.medium = MEDIUM_UPDATE, .same_there = true}, FERRY_SKIP, "UNCHANGED"},
	{{INSERT, NEW, MEDIUM, .policy.medium = MEDIUM_UPDATE}, FERRY_SKIP, "MODE_FORBIDS_UPDATE"},
	{{APPEND, NEW, MEDIUM, .policy.medium = MEDIUM_UPDATE}, FERRY_SKIP, "ALREADY_DELIVERED"},
	{{APPEND, NEW, MEDIUM, .policy.medium = MEDIUM_UPDATE, .same_there = true},
	 FERRY_SKIP, "ALREADY_DELIVERED"},
	{{UPSERT, NEW, MEDIUM, .policy.medium = MEDIUM_CREATE}, FERRY_CREATE, "NEW_IN_SOURCE"},
	{{UPDATE, NEW, MEDIUM, .policy.medium = MEDIUM_CREATE}, FERRY_SKIP, "MODE_FORBIDS_CREATE"},
	/* whose counterpart is not to count may have one of another key's */
	{{UPSERT, NEW, MEDIUM, .policy.medium = MEDIUM_CREATE, .claimed = true}, FERRY_CREATE, "NEW_IN_SOURCE"},
	/* ambiguous */
	{{UPSERT, NEW, AMBIGUOUS}, FERRY_CONFLICT, "AMBIGUOUS_MATCH"},
	{{UPSERT, NEW, AMBIGUOUS, .policy.ambiguous = AMBIGUOUS_SKIP}, FERRY_SKIP, "AMBIGUOUS_POLICY_SKIP"},
	{{UPDATE, NEW, AMBIGUOUS, .policy.ambiguous = AMBIGUOUS_SKIP}, FERRY_SKIP, "AMBIGUOUS_POLICY_SKIP"},
	/* rulings */
	{{UPSERT, NEW, STRONG, .ruling = RULING_LINK}, FERRY_UPDATE, "LINKED_BY_PERSON"},
	{{UPSERT, NEW, STRONG, .ruling = RULING_LINK, .policy.strong = STRONG_SKIP},
	 FERRY_UPDATE, "LINKED_BY_PERSON"},
	{{UPSERT, NEW, STRONG, .ruling = RULING_LINK, .same_there = true}, FERRY_SKIP, "UNCHANGED"},
	{{INSERT, NEW, STRONG, .ruling = RULING_LINK}, FERRY_SKIP, "MODE_FORBIDS_UPDATE"},
	{{INSERT, NEW, STRONG, .ruling = RULING_LINK, .same_there = true}, FERRY_SKIP, "UNCHANGED"},
	{{APPEND, NEW, STRONG, .ruling = RULING_LINK}, FERRY_SKIP, "MODE_FORBIDS_UPDATE"},
	{{UPSERT, NEW, STRONG, .ruling = RULING_LINK, .claimed = true}, FERRY_CONFLICT, "TARGET_CLAIMED_TWICE"},
	{{UPSERT, NEW, STRONG, .ruling = RULING_LINK, .claimed = true, .same_there = true},
	 FERRY_CONFLICT, "TARGET_CLAIMED_TWICE"},
	{{UPSERT, NEW, AMBIGUOUS, .ruling = RULING_CREATE}, FERRY_CREATE, "CREATED_BY_PERSON"},
	{{APPEND, NEW, MEDIUM, .ruling = RULING_CREATE}, FERRY_CREATE, "CREATED_BY_PERSON"},
	{{APPEND, NEW, STRONG, .ruling = RULING_CREATE}, FERRY_SKIP, "ALREADY_DELIVERED"},
	{{UPDATE, NEW, MEDIUM, .ruling = RULING_CREATE}, FERRY_SKIP, "MODE_FORBIDS_CREATE"},
	{{UPSERT, NEW, MEDIUM, .ruling = RULING_CREATE, .policy.none = NONE_SKIP}, FERRY_CREATE, "CREATED_BY_PERSON"},
	{{UPSERT, NEW, .ruling = RULING_IGNORE}, FERRY_SKIP, "IGNORED_BY_PERSON"},
	{{UPSERT, DIFFERENT, .ruling = RULING_IGNORE}, FERRY_SKIP, "IGNORED_BY_PERSON"},
	{{UPSERT, SAME, .ruling = RULING_IGNORE}, FERRY_SKIP, "IGNORED_BY_PERSON"},
	{{UPSERT, NEW, .ruling = RULING_IGNORE, .quarantined = true}, FERRY_SKIP, "IGNORED_BY_PERSON"},
	{{MIRROR, GONE, .ruling = RULING_IGNORE, .policy.missing = MISSING_DELETE},
	 FERRY_DELETE, "MISSING_UPSTREAM_DELETED"},
	/* what nobody can tell, and what is refused */
	{{UPSERT, NEW, .in_doubt = true}, FERRY_CONFLICT, "IN_DOUBT"},
	{{UPSERT, SAME, .in_doubt = true}, FERRY_CONFLICT, "IN_DOUBT"},
	{{APPEND, NEW, STRONG, .in_doubt = true, .quarantined = true}, FERRY_CONFLICT, "IN_DOUBT"},
	{{MIRROR, GONE, .in_doubt = true, .policy.missing = MISSING_DELETE}, FERRY_CONFLICT, "IN_DOUBT"},
	{{UPSERT, NEW, .quarantined = true}, FERRY_CONFLICT, "QUARANTINED"},
	{{UPDATE, NEW, .quarantined = true, .ruling = RULING_CREATE}, FERRY_CONFLICT, "QUARANTINED"},
	{{UPSERT, DIFFERENT, .quarantined = true}, FERRY_CONFLICT, "QUARANTINED"},
	{{UPSERT, SAME, .quarantined = true}, FERRY_SKIP, "UNCHANGED"},
	{{UPSERT, SAME, .quarantined = true, .full = true}, FERRY_CONFLICT, "QUARANTINED"},
	/* a key that was delivered */
	{{UPSERT, SAME}, FERRY_SKIP, "UNCHANGED"},
	{{UPSERT, DIFFERENT}, FERRY_UPDATE, "FIELDS_CHANGED"},
	{{UPSERT, SAME, .full = true}, FERRY_UPDATE, "FULL_RESYNC"},
	{{UPSERT, DIFFERENT, .full = true}, FERRY_UPDATE, "FIELDS_CHANGED"},
	{{INSERT, SAME}, FERRY_SKIP, "UNCHANGED"},
	{{INSERT, DIFFERENT}, FERRY_SKIP, "MODE_FORBIDS_UPDATE"},
	{{INSERT, SAME, .drift = DRIFT_FILL}, FERRY_SKIP, "MODE_FORBIDS_UPDATE"},
	{{APPEND, SAME, .full = true}, FERRY_SKIP, "UNCHANGED"},
	{{APPEND, DIFFERENT}, FERRY_SKIP, "CHANGED_AFTER_DELIVERY"},
	{{APPEND, SAME, .drift = DRIFT_ABSENT}, FERRY_SKIP, "UNCHANGED"},
	{{UPSERT, SAME, .disabled = true}, FERRY_UPDATE, "REAPPEARED"},
	{{UPSERT, DIFFERENT, .disabled = true}, FERRY_UPDATE, "REAPPEARED"},
	{{UPSERT, SAME, .disabled = true, .drift = DRIFT_VALUES}, FERRY_UPDATE, "REAPPEARED"},
	{{UPSERT, SAME, .drift = DRIFT_VALUES}, FERRY_CONFLICT, "DRIFTED"},
	{{UPSERT, DIFFERENT, .drift = DRIFT_VALUES}, FERRY_CONFLICT, "DRIFTED"},
	{{UPSERT, SAME, .drift = DRIFT_VALUES, .full = true}, FERRY_CONFLICT, "DRIFTED"},
	{{UPSERT, SAME, .drift = DRIFT_VALUES, .policy.conflict = CONFLICT_OVERWRITE}, FERRY_UPDATE, "DRIFTED"},
	{{UPSERT, SAME, .drift = DRIFT_FILL}, FERRY_UPDATE, "DRIFTED"},
	{{UPSERT, DIFFERENT, .drift = DRIFT_FILL}, FERRY_UPDATE, "DRIFTED"},
	{{UPSERT, SAME, .drift = DRIFT_ABSENT}, FERRY_CREATE, "DRIFTED"},
	{{UPSERT, SAME, .drift = DRIFT_ABSENT, .disabled = true}, FERRY_CREATE, "DRIFTED"},
	{{INSERT, SAME, .drift = DRIFT_ABSENT}, FERRY_CREATE, "DRIFTED"},
	{{UPDATE, SAME, .drift = DRIFT_ABSENT}, FERRY_SKIP, "MODE_FORBIDS_CREATE"},
	/* a key that is gone */
	{{MIRROR, GONE, .policy.missing = MISSING_DELETE}, FERRY_DELETE, "MISSING_UPSTREAM_DELETED"},
	{{MIRROR, GONE, .policy.missing = MISSING_DELETE, .truncated = true}, FERRY_SKIP, "EXTRACT_TRUNCATED"},
	{{UPSERT, GONE, .policy.missing = MISSING_DELETE}, FERRY_SKIP, "MISSING_UPSTREAM_IGNORED"},
	{{UPSERT, GONE, .policy.missing = MISSING_DISABLE}, FERRY_DISABLE, "MISSING_UPSTREAM_DISABLED_LINK"},
	{{UPSERT, GONE, .policy.missing = MISSING_DISABLE, .truncated = true}, FERRY_SKIP, "EXTRACT_TRUNCATED"},
	{{INSERT, GONE, .policy.missing = MISSING_DISABLE}, FERRY_SKIP, "MISSING_UPSTREAM_IGNORED"},
	{{UPSERT, GONE, .policy.missing = MISSING_IGNORE}, FERRY_SKIP, "MISSING_UPSTREAM_IGNORED"},
};

static void show_input(const struct decide_input *in, struct buf *out)
{
	const struct decision_rule as_rule = {.allowed = decision_facts(in)};

	decisions_doc_when(&as_rule, out);
}

static void each_case_is_decided_as_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum ferry_decision got;
		const char *why = decide(&cases[i].in, &got);
		struct buf b = BUF_INIT;
		show_input(&cases[i].in, &b);
		if (got != cases[i].decision || strcmp(why, cases[i].reason) != 0)
			fail_msg("%s: %s %s, not %s %s", b.s, decision_name(got), why,
				 decision_name(cases[i].decision), cases[i].reason);
		buf_release(&b);
	}
}

/* ---- what must hold, whatever comes */

/* NULL, or what is wrong with this decision for a key that is in the source. */
static const char *breach_present(const struct decide_input *in, enum ferry_decision d)
{
	bool is_new = in->change == CHANGE_NEW, no_ruling = in->ruling == RULING_NONE;
	bool writes = d == FERRY_CREATE || d == FERRY_UPDATE;
	bool found = in->tier == FERRY_TIER_STRONG || in->tier == FERRY_TIER_MEDIUM;

	if (d == FERRY_DELETE || d == FERRY_DISABLE)
		return "what the source has is deleted or disabled";
	if (in->ruling == RULING_IGNORE && d != FERRY_SKIP)
		return "a person said to leave it alone";
	if (!writes)
		return NULL;
	if (!is_new && in->mode == FERRY_MODE_APPEND)
		return "an event is sent a second time";
	if (is_new && in->mode == FERRY_MODE_APPEND && in->tier == FERRY_TIER_STRONG)
		return "an event that is there is sent again";
	if (in->change == CHANGE_SAME && in->drift == DRIFT_NONE && !in->full && !in->disabled)
		return "an unchanged record is written";
	if (!is_new && (d == FERRY_CREATE) != (in->drift == DRIFT_ABSENT))
		return "what was delivered is created though it is there, or updated though it is not";
	if (!is_new && in->drift == DRIFT_VALUES && in->policy.conflict == CONFLICT_REVIEW && !in->disabled)
		return "a value that changed over there is overwritten";
	if (!is_new)
		return NULL;
	if (d == FERRY_UPDATE && !found && in->ruling != RULING_LINK)
		return "an update without a counterpart";
	if (d == FERRY_UPDATE && found && in->claimed)
		return "an update of what belongs to another key";
	if (d == FERRY_UPDATE && in->ruling == RULING_CREATE)
		return "a person said that it is a new one";
	if (d == FERRY_CREATE && in->ruling == RULING_LINK && in->tier == FERRY_TIER_STRONG)
		return "a person said that it is there";
	if (no_ruling && d == FERRY_CREATE && in->tier == FERRY_TIER_STRONG)
		return "what is there is created";
	if (no_ruling && in->tier == FERRY_TIER_STRONG && in->policy.strong == STRONG_SKIP)
		return "policy strong: skip writes";
	if (no_ruling && in->tier == FERRY_TIER_MEDIUM && in->policy.medium == MEDIUM_REVIEW)
		return "policy medium: review writes";
	if (no_ruling && in->tier == FERRY_TIER_AMBIGUOUS)
		return "one of several is picked";
	if (no_ruling && in->tier == FERRY_TIER_NONE && in->policy.none == NONE_SKIP)
		return "policy none: skip writes";
	return NULL;
}

static const char *breach_gone(const struct decide_input *in, enum ferry_decision d)
{
	bool adds_only = in->mode == FERRY_MODE_INSERT || in->mode == FERRY_MODE_APPEND;

	if (d == FERRY_CREATE || d == FERRY_UPDATE)
		return "what is gone is written";
	if (d == FERRY_DELETE && (in->policy.missing != MISSING_DELETE || in->mode != FERRY_MODE_MIRROR))
		return "deleted without policy missing: delete and mode mirror";
	if (d == FERRY_DISABLE && (in->policy.missing != MISSING_DISABLE || adds_only))
		return "disabled without policy missing: disable, or in a mode that only adds";
	if (in->truncated && (d == FERRY_DELETE || d == FERRY_DISABLE))
		return "absence from a truncated extract counts";
	return NULL;
}

static const char *breach(const struct decide_input *in, enum ferry_decision d, const char *reason)
{
	bool writes = d != FERRY_SKIP && d != FERRY_CONFLICT;
	bool unchanged = strcmp(reason, "UNCHANGED") == 0;

	if (d == FERRY_CREATE && in->mode == FERRY_MODE_UPDATE)
		return "mode update creates";
	if (d == FERRY_UPDATE && (in->mode == FERRY_MODE_INSERT || in->mode == FERRY_MODE_APPEND))
		return "a mode that only adds updates";
	if (writes && in->in_doubt)
		return "what is in doubt is written";
	if (writes && in->quarantined)
		return "what is quarantined is written";
	if (unchanged && (d != FERRY_SKIP || in->change == CHANGE_DIFFERENT || in->change == CHANGE_GONE))
		return "what has changed is unchanged";
	if (unchanged && in->change == CHANGE_NEW && !in->same_there)
		return "a new record is unchanged";
	return in->change == CHANGE_GONE ? breach_gone(in, d) : breach_present(in, d);
}

/* Every value of every input. */
static const int sizes[] = {5, 4, 4, 4, 4, 2, 3, 2, 2, 3, 2, 2, 2, 2, 2, 2, 2, 2};
enum { INPUTS = sizeof sizes / sizeof *sizes };

static struct decide_input input_of(const int v[INPUTS])
{
	return (struct decide_input){
		.mode = (enum ferry_mode)(1 << v[0]), .change = (enum change)v[1], .tier = (enum ferry_tier)v[2],
		.drift = (enum drift)v[3], .ruling = (enum ruling)v[4],
		.policy = {
			.strong = (enum strong_policy)v[5], .medium = (enum medium_policy)v[6],
			.ambiguous = (enum ambiguous_policy)v[7], .none = (enum none_policy)v[8],
			.missing = (enum missing_policy)(v[9] + 1), .conflict = (enum conflict_policy)v[10],
		},
		.same_there = v[11], .claimed = v[12], .in_doubt = v[13], .quarantined = v[14],
		.truncated = v[15], .full = v[16], .disabled = v[17],
	};
}

static bool next_input(int v[INPUTS])
{
	for (int i = INPUTS - 1; i >= 0; i--) {
		if (++v[i] < sizes[i])
			return true;
		v[i] = 0;
	}
	return false;
}

static void check_input(const struct decide_input *in, const struct decision_rule *rules, size_t n, int64_t *hits)
{
	uint64_t facts = decision_facts(in);
	enum ferry_decision d;
	const char *reason, *wrong;
	size_t r = 0;

	while (r < n && (facts & ~rules[r].allowed))
		r++;
	struct buf b = BUF_INIT;
	if (r == n) {
		show_input(in, &b);
		fail_msg("no rule for: %s", b.s);
	}
	hits[r]++;
	reason = decide(in, &d);
	wrong = breach(in, d, reason);
	if (reason != rules[r].reason || d != rules[r].decision)
		wrong = "decide() does not go by the table";
	if (wrong) {
		show_input(in, &b);
		fail_msg("%s: row %zu, %s %s: %s", wrong, r + 1, decision_name(d), reason, b.s);
	}
}

static void nothing_ever_breaks_a_promise(void **state)
{
	int v[INPUTS] = {0};
	int64_t hits[100] = {0};
	size_t n;
	const struct decision_rule *rules = decision_rules(&n);

	(void)state;
	assert_true(n < sizeof hits / sizeof *hits);
	do {
		const struct decide_input in = input_of(v);
		check_input(&in, rules, n, hits);
	} while (next_input(v));
	for (size_t r = 0; r < n; r++)
		if (!hits[r])
			fail_msg("row %zu can never decide", r + 1);
}

/* Each condition has bits of its own, and of each input exactly one is set. */
static void conditions_do_not_overlap(void **state)
{
	int v[INPUTS] = {0};
	uint64_t all = 0;

	(void)state;
	for (const struct decision_condition *c = decision_conditions(); c->name; c++) {
		uint64_t bits = (((uint64_t)1 << c->n) - 1) << c->first;
		assert_true((all & bits) == 0);
		all |= bits;
	}
	for (int i = 0; i < INPUTS; i++)
		for (v[i] = sizes[i] - 1; v[i]; v[i]--) {
			const struct decide_input in = input_of(v);
			uint64_t facts = decision_facts(&in);
			assert_true((facts & ~all) == 0);
			assert_int_equal(__builtin_popcountll(facts), INPUTS);
		}
}

/* ---- words */

static void every_reason_is_explained(void **state)
{
	size_t n;
	const struct decision_rule *rules = decision_rules(&n);

	(void)state;
	for (size_t r = 0; r < n; r++)
		assert_non_null(reason_find(rules[r].reason));
	for (const struct reason_info *r = reason_table(); r->code; r++) {
		assert_ptr_equal(reason_find(r->code), r);
		assert_true(strlen(r->text) > 10);
	}
	assert_null(reason_find("NO_SUBSCRIPTION"));
}

static void every_conflict_has_a_group(void **state)
{
	size_t n;
	const struct decision_rule *rules = decision_rules(&n);

	(void)state;
	for (size_t r = 0; r < n; r++)
		assert_non_null(problem_group_find(problem_group(rules[r].reason)));
	for (const struct problem_group_info *g = problem_group_table(); g->name; g++) {
		assert_ptr_equal(problem_group_find(g->name), g);
		assert_true(strcmp(g->severity, "error") == 0 || strcmp(g->severity, "warning") == 0);
		assert_true(strlen(g->text) > 10);
	}
	assert_string_equal(problem_group("AMBIGUOUS_MATCH"), "ambiguous_match");
	assert_string_equal(problem_group("MEDIUM_MATCH_REQUIRES_REVIEW"), "review_required");
	assert_string_equal(problem_group("DRIFTED"), "conflict");
	assert_string_equal(problem_group("TARGET_CLAIMED_TWICE"), "conflict");
	assert_string_equal(problem_group("IN_DOUBT"), "in_doubt");
	assert_string_equal(problem_group("QUARANTINED"), "quarantined");
	assert_string_equal(problem_group("LOOKUP_MISSING"), "lookup_missing");
	assert_string_equal(problem_group("CURRENCY_MISMATCH"), "conflict");
	assert_non_null(problem_group_find("missing_required_field"));
	assert_null(problem_group_find("DRIFTED"));
}

static void the_manual_shows_the_table(void **state)
{
	struct buf made = BUF_INIT, there = BUF_INIT, path = BUF_INIT;
	const char *top = getenv("top_srcdir");

	(void)state;
	decisions_doc(&made);
	buf_addf(&path, "%s/doc/decisions.md", top ? top : ".");
	assert_int_equal(buf_read_file(&there, path.s, 1 << 20), 0);
	if (strcmp(made.s, buf_str(&there)) != 0)
		fail_msg("doc/decisions.md is not what the table says; "
			 "make it anew: tests/unit/test-decisions --print > doc/decisions.md");
	buf_release(&made);
	buf_release(&there);
	buf_release(&path);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_is_decided_as_it_should),
		cmocka_unit_test(nothing_ever_breaks_a_promise),
		cmocka_unit_test(conditions_do_not_overlap),
		cmocka_unit_test(every_reason_is_explained),
		cmocka_unit_test(every_conflict_has_a_group),
		cmocka_unit_test(the_manual_shows_the_table),
	};

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		struct buf page = BUF_INIT;
		decisions_doc(&page);
		fputs(page.s, stdout);
		buf_release(&page);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
