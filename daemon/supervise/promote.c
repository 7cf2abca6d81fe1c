/* SPDX-License-Identifier: Apache-2.0 */
/*
 * promote.c - carrying out a plan that was made earlier: a preview's, or one that a guard has stopped
 * and a person wants all the same.
 */
#include <stdlib.h>

#include "supervise/supervisor.h"

/* The sync's newest preview that is ready; 0: none. */
static int latest_preview(struct supervisor *s, const char *sync, int64_t *ret, struct ferry_error *err)
{
	struct journal_filter of = {.sync = sync, .status = RUN_PREVIEW_READY};
	size_t n;

	*ret = 0;
	return journal_list(s->journal, &of, 0, 1, ret, &n, NULL, err);
}

static bool has_run_its_course(const struct run_doc *doc)
{
	return !doc->extract_only;
}

/* The newest run above `than` with that status that `fits`, among the last ones; 0: none. */
static int newer_run(struct supervisor *s, const char *sync, enum run_status status, bool (*fits)(const struct run_doc *),
		     int64_t than, int64_t *ret, struct ferry_error *err)
{
	struct journal_filter of = {.sync = sync, .status = status};
	struct run_doc doc;
	size_t n = 1;

	*ret = 0;
	for (int64_t skip = 0; skip < retention_of(s, sync)->plans_count; skip++) {
		int64_t id;
		if (journal_list(s->journal, &of, skip, 1, &id, &n, NULL, err) < 0)
			return -1;
		if (!n || id <= than)
			return 0;
		if (queue_doc(s, id, &doc, err) < 0)
			return -1;
		bool found = fits(&doc);
		run_doc_release(&doc);
		if (found) {
			*ret = id;
			return 0;
		}
	}
	return 0;
}

/* Is there a plan, and is it one to be promoted this way? */
static int check_kind(const struct run_doc *old, bool override, struct ferry_error *err)
{
	long long id = (long long)old->id;

	if (old->status == RUN_PREVIEW_READY || (run_doc_guarded(old) && override))
		return 0;
	if (run_doc_guarded(old)) {
		ferry_fail(err, FERRY_E_STATE, "run %lld was stopped by a guard: %s", id, old->cause.message);
		return ferry_hint(err, "If that is right, 'ferryctl promote %lld --override-guard' carries its "
				  "plan out all the same.", id);
	}
	ferry_fail(err, FERRY_E_STATE, "run %lld is %s: only a preview that is ready can be promoted", id,
		   run_status_name(old->status));
	if (old->extract_only)
		return ferry_hint(err, "It has only extracted and made no plan.");
	return -1;
}

/* The plan must be the last one made. */
static int check_latest(struct supervisor *s, const struct run_doc *old, struct ferry_error *err)
{
	int64_t preview, guarded = 0, completed = 0;
	bool stopped = run_doc_guarded(old);

	if (latest_preview(s, old->sync, &preview, err) < 0 ||
	    (stopped && newer_run(s, old->sync, RUN_FAILED, run_doc_guarded, old->id, &guarded, err) < 0) ||
	    (stopped && newer_run(s, old->sync, RUN_COMPLETED, has_run_its_course, old->id, &completed, err) < 0))
		return -1;
	/* what a guard was alarmed about is over: a source that had lost its rows may have them again */
	if (completed)
		return ferry_fail(err, FERRY_E_PLAN_STALE, "run %lld was stopped by a guard, and run %lld has completed since",
				  (long long)old->id, (long long)completed);
	int64_t latest = preview > guarded ? preview : guarded;
	if (latest <= old->id)
		return 0;
	return ferry_fail(err, FERRY_E_STATE, "run %lld is not the latest preview of '%s': that is run %lld",
			  (long long)old->id, old->sync, (long long)latest);
}

/* 0: nobody has; -1: the journal cannot tell. */
static int promoter(struct supervisor *s, int64_t run, int64_t *ret, struct ferry_error *err)
{
	struct ferry_error why = {0};
	struct buf by = BUF_INIT;
	char key[PROMOTE_KEY];

	*ret = 0;
	promote_key(key, run);
	int rc = journal_state(s->journal, key, &by, &why);
	if (rc == 0)
		*ret = strtoll(by.s, NULL, 10);
	else if (why.code == FERRY_E_NOT_FOUND)
		rc = 0;
	else if (err)
		*err = why;
	buf_release(&by);
	return rc;
}

int64_t supervise_promoted_by(struct supervisor *s, int64_t run)
{
	int64_t by;
	return promoter(s, run, &by, NULL) == 0 ? by : 0;
}

static int check_taken(struct supervisor *s, const struct run_doc *old, struct ferry_error *err)
{
	int64_t by;

	if (promoter(s, old->id, &by, err) < 0)
		return -1;
	return by ? ferry_fail(err, FERRY_E_STATE, "run %lld was promoted already, by run %lld",
			       (long long)old->id, (long long)by) : 0;
}

/* For the audit: which guard, and what the plan does. */
static void describe_override(const struct run_doc *old, struct buf *out)
{
	struct counters c;

	run_doc_sum(old, &c);
	buf_addf(out, "over its guards: %lld created, %lld updated, %lld deleted, %lld disabled of %lld extracted",
		 (long long)c.created, (long long)c.updated, (long long)c.deleted, (long long)c.disabled,
		 (long long)c.extracted);
	if (run_doc_guarded(old))
		buf_addf(out, "; %s", old->cause.message);
}

static int promote(struct supervisor *s, int64_t run, bool override, const struct supervise_actor *actor,
		   int64_t *ret_id, struct ferry_error *err)
{
	struct wanted want = {
		.request = {.trigger = TRIGGER_PROMOTE}, .action = "promote", .promote_of = run,
		.override_guard = override,
	};
	struct buf because = BUF_INIT;
	struct run_doc old;
	bool coalesced;

	if (queue_may_change(s, err) < 0 || queue_doc(s, run, &old, err) < 0)
		return -1;
	int rc = check_kind(&old, override, err);
	if (rc == 0)
		rc = check_taken(s, &old, err);
	if (rc == 0)
		rc = check_latest(s, &old, err);
	if (rc == 0 && override) {
		describe_override(&old, &because);
		want.because = buf_str(&because);
	}
	if (rc == 0)
		rc = queue_after(s, &old, &want, actor, ret_id, &coalesced, err);
	buf_release(&because);
	run_doc_release(&old);
	return rc;
}

int supervise_promote(struct supervisor *s, int64_t run, const struct supervise_actor *actor,
		      int64_t *ret_id, struct ferry_error *err)
{
	return promote(s, run, false, actor, ret_id, err);
}

int supervise_promote_over_guard(struct supervisor *s, int64_t run, const struct supervise_actor *actor,
				 int64_t *ret_id, struct ferry_error *err)
{
	return promote(s, run, true, actor, ret_id, err);
}
