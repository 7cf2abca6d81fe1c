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
	if (row->change != CHANGE_NEW && row->known.record && row->known.layout == seg->layout_id &&
	    !(row->known.flags & SNAP_UNSURE)) {
		struct ferry_value *before = arena_alloc0(&seg->batch.arena, seg->layout.n, sizeof *before);
		record_decode(row->known.record, row->known.record_len, before, seg->layout.n);
		c.before = before;
	}
	api->decide(&pure, &c, d, reason);
	if (*d != was && *d != FERRY_SKIP && *d != FERRY_CONFLICT)
		*d = was;
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
		.flags = flags | (row->linked ? PLAN_LINKED : 0), .reason = reason, .dest_id = "", .hash = row->hash,
	};

	if (row->state == ROW_RECORD) {
		e.record = seg->batch.bytes.s + row->record;
		e.record_len = row->record_len;
	}
	if (d == FERRY_CREATE && row->change == CHANGE_NEW) {
		e.dest_id = "";		/* whatever was found, it is another one */
	} else if (row->dest_id && row->dest_id[0]) {
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
		!row->drift && !row->ruling && !seg->options->full;
}

/* A conflict waits for a person. */
static void report_conflict(struct segment *seg, const struct row *row, const char *reason)
{
	const struct reason_info *info = reason_find(reason);
	struct kv_bytes form = {seg->batch.bytes.s + row->key, row->key_len};
	struct ferry_value *fields = arena_alloc0(&seg->batch.arena, seg->layout.n, sizeof *fields);
	struct plan_hit one = {row->dest_id, row->there, row->there_len};
	bool found = row->dest_id && row->dest_id[0];

	record_decode(seg->batch.bytes.s + row->record, row->record_len, fields, seg->layout.n);
	problem_report(seg, &(struct problem){
		.form = form, .group = problem_group(reason), .code = reason,
		.message = info ? info->text : "The connector says that a person has to decide.", .fields = fields,
		.candidates = row->n_hits ? row->hits : &one, .n_candidates = row->n_hits ? row->n_hits : found,
	});
}

static int decide_record(struct segment *seg, struct row *row, struct ferry_error *err)
{
	struct decide_input in = {
		.mode = seg->def->mode, .change = row->change, .tier = row->tier, .same_there = row->same_there,
		.policy = seg->def->policy, .full = seg->options->full, .drift = row->drift, .ruling = row->ruling,
		.in_doubt = row->in_doubt, .quarantined = row->quarantined,
		.disabled = row->change != CHANGE_NEW && row->known.flags & SNAP_DISABLED,
	};
	enum ferry_decision d;
	const char *reason = decide(&in, &d);

	if (d != FERRY_SKIP && d != FERRY_CONFLICT)
		connector_say(seg, row, &d, &reason);
	if (d == FERRY_SKIP && strcmp(reason, "UNCHANGED") == 0) {
		seg->counters.unchanged++;
		/* found over there as it should be: only the snapshot has to learn of it */
		return row->change == CHANGE_NEW ? plan_row(seg, row, d, reason, PLAN_ADOPT, err) : 0;
	}
	/* what was delivered for good and has changed waits for nothing */
	bool changed = d == FERRY_SKIP && strcmp(reason, "CHANGED_AFTER_DELIVERY") == 0;
	if (d == FERRY_CONFLICT || changed)
		report_conflict(seg, row, reason);
	seg->tiers[row->tier]++;
	segment_count(seg, d, reason);
	return plan_row(seg, row, d, reason, changed ? PLAN_FINAL : 0, err);
}

/* A skip for want of a lookup's row is worth a person's look; any other is as the rules say. */
static int decide_skipped(struct segment *seg, struct row *row, struct ferry_error *err)
{
	if (strcmp(row->reason, "LOOKUP_MISSING") == 0)
		problem_report(seg, &(struct problem){
			.form = {seg->batch.bytes.s + row->key, row->key_len}, .group = problem_group(row->reason),
			.code = row->reason, .message = reason_find(row->reason)->text});
	segment_count(seg, FERRY_SKIP, row->reason);
	return plan_row(seg, row, FERRY_SKIP, row->reason, row->final ? PLAN_FINAL : 0, err);
}

int decide_batch(struct segment *seg, struct ferry_error *err)
{
	bool watched = seg->problems.n_open || seg->problems.n_rulings;

	for (size_t i = 0; i < seg->batch.n; i++) {
		struct row *row = &seg->batch.rows[i];
		int rc = 0;
		if (watched && row->state != ROW_NONE)
			problem_pass(seg, (struct kv_bytes){seg->batch.bytes.s + row->key, row->key_len});
		if (is_plainly_unchanged(seg, row)) {
			seg->counters.unchanged++;
			continue;
		}
		/* sent once, ever: what a rule says of it now no longer matters */
		bool settled = seg->def->mode == FERRY_MODE_APPEND && row->change != CHANGE_NEW;
		if (settled && row->state == ROW_SKIPPED)
			seg->counters.unchanged++;
		else if (settled && row->state == ROW_KEY_ONLY)
			continue;
		else if (row->state == ROW_RECORD)
			rc = decide_record(seg, row, err);
		else if (row->state == ROW_SKIPPED)
			rc = decide_skipped(seg, row, err);
		else if (row->state == ROW_KEY_ONLY)
			rc = plan_row(seg, row, FERRY_SKIP, "INVALID_RECORD", PLAN_INVALID, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int gone_is_quarantined(struct segment *seg, struct kv_bytes key, const struct snap_entry *entry, bool *ret,
			       struct ferry_error *err)
{
	const struct ruling_def *said = seg->problems.n_rulings ? problems_ruling(seg, key) : NULL;
	int after = seg->generation->daemon.quarantine_after;
	int64_t times = 0;

	if (!seg->refused || !after || (said && said->retry))
		return 0;
	if (snapshot_refusals(seg->snapshot, key, &entry->hash, NULL, &times, err) != 0)
		return -1;
	*ret = times >= after;
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
	int doubt = seg->intents_left ? snap_has_intent(seg->reader, key, err) : 0;
	if (doubt < 0)
		return -1;
	in.in_doubt = doubt;
	if (gone_is_quarantined(seg, key, entry, &in.quarantined, err) != 0)
		return -1;
	const char *reason = decide(&in, &d);
	if (d == FERRY_CONFLICT && in.quarantined && !in.in_doubt)
		problem_report(seg, &(struct problem){.form = key, .group = problem_group(reason), .code = reason,
			.message = "Gone from the source, and the destination refuses again and again to let go of it."});
	else if (d == FERRY_CONFLICT)
		problem_report(seg, &(struct problem){.form = key, .group = problem_group(reason), .code = reason,
			.message = "Gone from the source, and an earlier run cannot tell what it has delivered."});
	if (seg->problems.n_open || seg->problems.n_rulings)
		problem_pass(seg, key);
	struct plan_entry e = {
		.key = key, .decision = d, .tier = in.tier, .reason = reason, .hash = entry->hash,
		.dest_id = entry->dest_id, .dest_id_len = entry->dest_id_len,
		.flags = (entry->flags & SNAP_MAYBE ? PLAN_MAYBE : 0) | (entry->flags & SNAP_LINKED ? PLAN_LINKED : 0),
	};
	/* even when its fields are not sure, the record says who is meant */
	if (entry->record && entry->layout == seg->layout_id) {
		e.before = entry->record;
		e.before_len = entry->record_len;
	}
	seg->counters.missing++;
	segment_count(seg, d, reason);
	return plan_add(seg->plan, &e, err);
}

/* The plan found a key twice (an unordered source): take the second one's count back. */
void decide_duplicate(void *ctx, const struct plan_entry *entry)
{
	struct segment *seg = ctx;
	struct buf key = BUF_INIT;

	if (entry->flags & PLAN_INVALID)
		return;			/* counted and reported as invalid already */
	segment_uncount(seg, entry);
	key_form_show(entry->key.p, entry->key.len, seg->def->n_key, &key);
	segment_invalid(seg, buf_str(&key), "DUPLICATE_KEY", NULL, "the key occurs more than once in the source", NULL);
	buf_release(&key);
}
