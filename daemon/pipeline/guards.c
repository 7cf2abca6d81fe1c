/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guards.c - between decide and apply: limits that stop a run before it has sent anything. The plan is
 * complete by then, and a person who has read it can have it carried out all the same.
 */
#include "pipeline/segment.h"

enum { SMALL = 10 };			/* deletes that need no guard of their own */

static int guard(const char *name, const char *what, const struct limit_def *limit, int64_t n, int64_t of,
		 const char *of_what, struct ferry_error *err)
{
	double most = limit->percent ? limit->value * (double)of / 100 : limit->value;

	if (!limit->given || (double)n <= most)
		return 0;
	ferry_fail(err, FERRY_E_GUARD, "%lld %s of %lld %s are more than %s allows (%g%s)", (long long)n, what,
		   (long long)of, of_what, name, limit->value, limit->percent ? "%" : "");
	return ferry_hint(err, "Look at the plan: ferryctl plan RUN. If it is right: ferryctl promote RUN --override-guard");
}

/* What takes away is held against what was delivered so far, with a guard even when none is given. */
static int guard_absence(const struct segment *seg, const struct plan_header *h, struct ferry_error *err)
{
	static const struct limit_def tenth = {true, true, 10};
	const struct segment_def *def = seg->def;
	int64_t deletes = h->truncated ? 0 : h->decisions[FERRY_DELETE];
	int64_t disables = h->truncated ? 0 : h->decisions[FERRY_DISABLE];
	int64_t gone = deletes + disables;
	const struct limit_def *most = &def->max_deletes;

	if (def->max_disables.given &&
	    guard("max_disables", "disables", &def->max_disables, disables, seg->snapshot_rows, "records", err) != 0)
		return -1;
	if (def->max_disables.given)
		gone = deletes;
	if (!most->given && gone && h->counters.extracted == 0) {
		ferry_fail(err, FERRY_E_GUARD, "the source is empty, and all %lld records would be deleted or disabled",
			   (long long)gone);
		return ferry_hint(err, "If that is right: ferryctl promote RUN --override-guard");
	}
	if (!most->given && gone > SMALL)
		most = &tenth;
	return guard(def->max_deletes.given ? "max_deletes" : "the default guard", gone > deletes ? "deletes and disables" : "deletes", most, gone,
		     seg->snapshot_rows, "records", err);
}

int check_guards(const struct segment *seg, const struct plan_header *h, struct ferry_error *err)
{
	const struct segment_def *def = seg->def;
	const struct counters *c = &h->counters;

	if (c->extracted < def->min_rows) {
		ferry_fail(err, FERRY_E_GUARD, "the source gave %lld rows, fewer than min_rows asks for (%lld)",
			   (long long)c->extracted, (long long)def->min_rows);
		return ferry_hint(err, "Look at the source. If that is right: ferryctl promote RUN --override-guard");
	}
	if (guard_absence(seg, h, err) != 0)
		return -1;
	if (guard("max_changes", "changes", &def->max_changes, c->planned, c->extracted + c->missing, "records", err) != 0)
		return -1;
	return guard("max_errors", "invalid rows", &def->max_errors, c->invalid, c->extracted, "rows", err);
}
