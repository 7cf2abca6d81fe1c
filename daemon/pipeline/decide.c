/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.c - the stage decide: a decision with a reason for each record, written to the plan. Memory
 * and the plan only. An unchanged record leaves no trace but a count.
 */
#include <stdio.h>
#include <string.h>

#include "pipeline/segment.h"

static void *pure_alloc(const struct ferry_pure *pure, size_t size)
{
	struct segment *seg = pure->ctx;
	return arena_alloc(&seg->batch.arena, size);
}

/* The connector may turn a decision into a skip or a conflict. */
static void connector_say(struct segment *seg, const struct row *row, enum ferry_decision *d, const char **reason)
{
	const struct ferry_connector *api = seg->dest->api;
	struct ferry_pure pure = {seg, pure_alloc, &seg->layout};
	struct ferry_case c = {.mode = seg->def->mode, .tier = row->tier};
	enum ferry_decision was = *d;

	if (!api->decide)
		return;
	struct ferry_value *fields = arena_alloc0(&seg->batch.arena, seg->layout.n, sizeof *fields);
	record_decode(seg->batch.bytes.s + row->record, row->record_len, fields, seg->layout.n);
	c.fields = fields;
	api->decide(&pure, &c, d, reason);
	if (*d != was && *d != FERRY_SKIP && *d != FERRY_CONFLICT)
		*d = was;
}

static void count(struct segment *seg, enum ferry_decision d, const char *reason)
{
	seg->decisions[d]++;
	segment_count_reason(seg, reason, 1);
	if (d == FERRY_SKIP)
		seg->counters.skipped++;
	else if (d == FERRY_CONFLICT)
		seg->counters.conflicts++;
	else
		seg->counters.planned++;
}

/* Records of another layout are not comparable field by field. */
static void set_before(const struct segment *seg, struct plan_entry *e, const struct snap_entry *known)
{
	if (known->record && known->layout == seg->layout_id && !(known->flags & SNAP_UNSURE)) {
		e->before = known->record;
		e->before_len = known->record_len;
	}
}

static int plan_row(struct segment *seg, struct row *row, enum ferry_decision d, const char *reason,
		    uint32_t flags, struct ferry_error *err)
{
	struct plan_entry e = {
		.key = {seg->batch.bytes.s + row->key, row->key_len}, .decision = d, .tier = row->tier,
		.flags = flags, .reason = reason, .dest_id = "", .hash = row->hash,
	};

	if (row->state == ROW_RECORD) {
		e.record = seg->batch.bytes.s + row->record;
		e.record_len = row->record_len;
	}
	if (row->dest_id && row->dest_id[0]) {
		e.dest_id = row->dest_id;
		e.dest_id_len = strlen(row->dest_id);
	} else if (row->change != CHANGE_NEW) {
		e.dest_id = row->known.dest_id;
		e.dest_id_len = row->known.dest_id_len;
	}
	if (row->there) {
		e.before = row->there;
		e.before_len = row->there_len;
	} else if (row->change != CHANGE_NEW) {
		set_before(seg, &e, &row->known);
	}
	return plan_add(seg->plan, &e, err);
}

/* What decide() says of nearly all rows of nearly all runs, in every mode and under every policy. */
static inline bool is_plainly_unchanged(const struct segment *seg, const struct row *row)
{
	return row->state == ROW_RECORD && row->change == CHANGE_SAME && !row->known.flags && !row->in_doubt &&
		!row->drifted && !row->absent_there && !seg->options->full;
}

static int decide_record(struct segment *seg, struct row *row, struct ferry_error *err)
{
	struct decide_input in = {
		.mode = seg->def->mode, .change = row->change, .tier = row->tier, .same_there = row->same_there,
		.policy = seg->def->policy, .full = seg->options->full,
		.drift = row->absent_there ? DRIFT_ABSENT : row->drifted ? DRIFT_FILL : DRIFT_NONE,
		.disabled = row->change != CHANGE_NEW && row->known.flags & SNAP_DISABLED,
	};
	enum ferry_decision d;
	const char *reason = decide(&in, &d);

	if (row->in_doubt) {
		d = FERRY_CONFLICT;
		reason = "IN_DOUBT";
	} else if (d != FERRY_SKIP) {
		connector_say(seg, row, &d, &reason);
	}
	if (d == FERRY_SKIP && strcmp(reason, "UNCHANGED") == 0) {
		seg->counters.unchanged++;
		/* found over there as it should be: only the snapshot has to learn of it */
		return row->change == CHANGE_NEW ? plan_row(seg, row, d, reason, PLAN_ADOPT, err) : 0;
	}
	seg->tiers[row->tier]++;
	count(seg, d, reason);
	return plan_row(seg, row, d, reason, 0, err);
}

int decide_batch(struct segment *seg, struct ferry_error *err)
{
	for (size_t i = 0; i < seg->batch.n; i++) {
		struct row *row = &seg->batch.rows[i];
		if (is_plainly_unchanged(seg, row)) {
			seg->counters.unchanged++;
			continue;
		}
		/* sent once, ever: what a rule says of it now no longer matters */
		bool settled = seg->def->mode == FERRY_MODE_APPEND && row->change != CHANGE_NEW;
		int rc = 0;
		if (settled && row->state == ROW_SKIPPED) {
			seg->counters.unchanged++;
		} else if (settled && row->state == ROW_KEY_ONLY) {
			continue;
		} else if (row->state == ROW_RECORD) {
			rc = decide_record(seg, row, err);
		} else if (row->state == ROW_SKIPPED) {
			count(seg, FERRY_SKIP, row->reason);
			rc = plan_row(seg, row, FERRY_SKIP, row->reason, row->final ? PLAN_FINAL : 0, err);
		} else if (row->state == ROW_KEY_ONLY) {
			rc = plan_row(seg, row, FERRY_SKIP, "INVALID_RECORD", PLAN_INVALID, err);
		}
		if (rc != 0)
			return -1;
	}
	return 0;
}

int decide_gone(struct segment *seg, struct kv_bytes key, const struct snap_entry *entry, struct ferry_error *err)
{
	struct decide_input in = {
		.mode = seg->def->mode, .change = CHANGE_GONE, .tier = FERRY_TIER_STRONG,
		.policy = seg->def->policy,
	};
	enum ferry_decision d;

	if (entry->flags & SNAP_DISABLED && !(entry->flags & SNAP_UNSURE))
		return 0;		/* dealt with by an earlier run */
	const char *reason = decide(&in, &d);
	int doubt = seg->intents_left ? snap_has_intent(seg->reader, key, err) : 0;
	if (doubt < 0)
		return -1;
	if (doubt) {
		d = FERRY_CONFLICT;
		reason = "IN_DOUBT";
	}
	struct plan_entry e = {
		.key = key, .decision = d, .tier = in.tier, .reason = reason, .hash = entry->hash,
		.dest_id = entry->dest_id, .dest_id_len = entry->dest_id_len,
		.flags = entry->flags & SNAP_MAYBE ? PLAN_MAYBE : 0,
	};
	/* even when its fields are not sure, the record says who is meant */
	if (entry->record && entry->layout == seg->layout_id) {
		e.before = entry->record;
		e.before_len = entry->record_len;
	}
	seg->counters.missing++;
	count(seg, d, reason);
	return plan_add(seg->plan, &e, err);
}

/* The plan found a key twice (an unordered source): take the second one's count back. */
void decide_duplicate(void *ctx, const struct plan_entry *entry)
{
	struct segment *seg = ctx;
	struct buf key = BUF_INIT;

	if (entry->flags & PLAN_INVALID)
		return;			/* counted and reported as invalid already */
	if (entry->flags & PLAN_ADOPT) {
		seg->counters.unchanged--;
	} else {
		seg->decisions[entry->decision]--;
		segment_count_reason(seg, entry->reason, -1);
		if (entry->decision == FERRY_SKIP)
			seg->counters.skipped--;
		else if (entry->decision == FERRY_CONFLICT)
			seg->counters.conflicts--;
		else
			seg->counters.planned--;
	}
	key_form_show(entry->key.p, entry->key.len, seg->def->n_key, &key);
	segment_invalid(seg, buf_str(&key), "DUPLICATE_KEY", NULL, "the key occurs more than once in the source", NULL);
	buf_release(&key);
}

/* ------------------------------------------------------------------- guards */

enum { SMALL = 10 };			/* deletes that need no guard of their own */

static int guard(const char *what, const struct limit_def *limit, int64_t n, int64_t of, struct ferry_error *err)
{
	double most = limit->percent ? limit->value * (double)of / 100 : limit->value;

	if (!limit->given || (double)n <= most)
		return 0;
	return ferry_fail(err, FERRY_E_GUARD, "%lld %s of %lld records are more than guards allow (%g%s)",
			  (long long)n, what, (long long)of, limit->value, limit->percent ? "%" : "");
}

int check_guards(const struct segment *seg, const struct plan_header *h, struct ferry_error *err)
{
	static const struct limit_def tenth = {true, true, 10};
	int64_t gone = h->truncated ? 0 : h->decisions[FERRY_DELETE] + h->decisions[FERRY_DISABLE];
	const struct limit_def *deletes = &seg->def->max_deletes;

	if (!deletes->given) {
		if (gone && h->counters.extracted == 0) {
			ferry_fail(err, FERRY_E_GUARD, "the source is empty, and all %lld records would be deleted or disabled", (long long)gone);
			return ferry_hint(err, "If that is right, set guards: {max_deletes: 100%%} for this run.");
		}
		if (gone > SMALL)
			deletes = &tenth;
	}
	if (guard("deletes", deletes, gone, seg->snapshot_rows, err) != 0)
		return -1;
	return guard("changes", &seg->def->max_changes, h->counters.planned,
		     h->counters.extracted + h->counters.missing, err);
}
