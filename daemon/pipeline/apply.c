/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - the stage apply: the plan goes to the destination, slice by slice.
 *
 * Order of things for each slice: its intents are made durable; it is sent; its acknowledged rows and
 * the end of its intents are made durable in one transaction. The slices that are ready at a time are
 * sent as one dispatch, whose intents are one group; the intents of the next dispatch share a commit
 * with the acknowledgements of the last. No transaction is open while anything is sent. When a commit
 * fails, nothing after it is acknowledged.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pipeline/apply.h"
#include "wire/json.h"

enum { SLICE_MAX = 10000, NOTES = 1000, AHEAD_ROWS = 2000, COMMIT_ROWS = 1000, COMMIT_US = 1000000 };
/* What large rows come to sooner: a transaction keeps its pages in memory. */
enum { AHEAD_BYTES = 8 << 20, COMMIT_BYTES = 4 << 20 };

/*
 * The plan is passed once for each kind of decision there is: a slice is read as it stands, and what
 * a new record may be in the way of has been taken away before it comes.
 */
static const uint32_t passes[] = {
	1u << FERRY_SKIP | 1u << FERRY_CONFLICT,	/* nothing to send, but to be noted */
	1u << FERRY_DELETE, 1u << FERRY_DISABLE, 1u << FERRY_UPDATE, 1u << FERRY_CREATE,
};
enum { PASSES = sizeof passes / sizeof passes[0] };

static struct slice *take_slice(struct applying *a, enum ferry_decision decision)
{
	struct slice *s = a->idle;

	if (s)
		a->idle = s->next;
	else
		s = slice_new(a->slice_rows);
	slice_reset(s, decision);
	return s;
}

static void give_back(struct applying *a, struct slice *s)
{
	s->next = a->idle;
	a->idle = s;
	a->held -= s->bytes;
	s->bytes = 0;
}

static void dispatch_free(struct applying *a, struct dispatch *d)
{
	while (d->slices) {
		struct slice *next = d->slices->sibling;
		give_back(a, d->slices);
		d->slices = next;
	}
	free(d->intents);
	free(d->left);
	free(d->open);
	free(d);
}

/* The group again, with the rows that are still in doubt. */
static void note_group(struct applying *a, struct dispatch *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->open[i];
	struct snap_intent *left = n ? ferry_alloc0(n, sizeof *left) : NULL;
	n = 0;
	for (size_t i = 0; i < d->n; i++)
		if (d->open[i])
			left[n++] = d->intents[i];
	free(d->left);
	d->left = left;
	struct snap_op *op = apply_op(a, SNAP_INTEND, (struct kv_bytes){NULL, 0});
	op->group = d->group;
	op->intents = left;
	op->n_intents = n;
}

/* Make the gathered changes durable; then dispatches that are back can go. */
static int commit(struct applying *a, struct ferry_error *err)
{
	for (struct dispatch *d = a->dispatches; d; d = d->next)
		if (d->touched)
			note_group(a, d);
	int rc = snapshot_commit(a->seg->snapshot, a->ops, a->n_ops, err);
	a->n_ops = a->op_bytes = 0;
	a->committed_us = clock_mono();
	for (struct dispatch **at = &a->dispatches; *at;) {
		struct dispatch *d = *at;
		d->touched = false;
		if (d->under_way) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		dispatch_free(a, d);
	}
	return rc;
}

/* --------------------------------------------------------- plan into slices */

/* What is not sent: adopted, or to be asked for again, or for good. */
static void note(struct applying *a, const struct plan_entry *e)
{
	if (e->flags & PLAN_ADOPT) {
		apply_put(a, e, e->dest_id, e->dest_id_len, 0);
		problem_ruled(a->seg, e->key);
	}
	if (e->flags & PLAN_FORGET)
		apply_op(a, SNAP_DELETE, e->key);
	if (!apply_is_windowed(a))
		return;
	if (e->flags & (PLAN_ADOPT | PLAN_FINAL) || strcmp(e->reason, "ALREADY_DELIVERED") == 0)
		apply_op(a, SNAP_UNPEND, e->key);
	else
		apply_op(a, SNAP_PEND, e->key)->reason = e->reason;
}

static int64_t entries_of(const struct plan_header *h, uint32_t decisions)
{
	int64_t n = 0;

	for (int d = 0; d < FERRY_DECISIONS; d++)
		if (decisions & 1u << d)
			n += h->entries[d];
	return n;
}

/* To the next pass there is something to read in. */
static void next_pass(struct applying *a)
{
	do {
		if (++a->pass == PASSES)
			return;
		a->left = entries_of(a->header, passes[a->pass]);
	} while (!a->left);
	buf_reset(&a->after);
}

static bool all_read(const struct applying *a)
{
	return a->pass == PASSES;
}

/* The next entries of the pass, at most cap; 0 at its end, which is where the next one begins. */
static int read_on(struct applying *a, size_t cap, struct arena *arena, struct plan_entry *to, size_t *ret_n,
		   struct ferry_error *err)
{
	struct kv_bytes after = {a->after.s, a->after.len};

	*ret_n = 0;
	if (a->left && plan_read(a->plan, a->seg->index, a->header, passes[a->pass], after, cap, arena, to, ret_n, err) != 0)
		return -1;
	a->left -= (int64_t)*ret_n;
	if (!*ret_n || a->left <= 0) {
		next_pass(a);
		return 0;
	}
	buf_reset(&a->after);
	buf_add(&a->after, to[*ret_n - 1].key.p, to[*ret_n - 1].key.len);
	return 0;
}

/* Before anything is sent. */
static int note_all(struct applying *a, struct ferry_error *err)
{
	struct plan_entry *entries = arena_alloc(&a->seg->arena, NOTES * sizeof *entries);
	struct arena arena = ARENA_INIT;
	size_t n;
	int rc = 0;

	while (rc == 0 && a->pass == 0) {
		rc = read_on(a, NOTES, &arena, entries, &n, err);
		for (size_t i = 0; rc == 0 && i < n; i++)
			note(a, &entries[i]);
		if (rc == 0 && a->n_ops)
			rc = commit(a, err);
		arena_reset(&arena);
		report_tick(a->seg->report);
	}
	arena_release(&arena);
	return rc;
}

static enum ferry_decision pass_decision(const struct applying *a)
{
	return (enum ferry_decision)__builtin_ctz(passes[a->pass]);
}

/* Fill slices until so many are ready, or the plan ends. */
static int fill(struct applying *a, int wanted, struct ferry_error *err)
{
	while (!all_read(a) && a->n_ready < wanted && a->held < AHEAD_BYTES) {
		struct slice *s = take_slice(a, pass_decision(a));
		int rc = read_on(a, a->slice_rows, &s->arena, s->entries, &s->n, err);
		if (rc != 0 || !s->n) {
			give_back(a, s);
			if (rc != 0)
				return -1;
			continue;
		}
		slice_prepare(s, a->seg);
		for (size_t i = 0; i < s->n; i++)
			s->bytes += s->entries[i].record_len + s->entries[i].before_len;
		a->held += s->bytes;
		*a->ready_tail = s;
		a->ready_tail = &s->next;
		a->n_ready++;
		report_tick(a->seg->report);
	}
	return 0;
}

static void intend(struct applying *a, const struct slice *s, struct snap_intent *to)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct plan_entry *e = &s->entries[i];
		to[i] = (struct snap_intent){
			.key = e->key, .decision = s->decision, .run = a->seg->options->run, .hash = e->hash,
			.flags = (strcmp(e->reason, "REAPPEARED") == 0 ? SNAP_DISABLED : 0) |
				(e->flags & PLAN_MAYBE ? SNAP_MAYBE : 0) | (e->flags & PLAN_LINKED ? SNAP_LINKED : 0),
			.dest_id = e->dest_id, .dest_id_len = e->dest_id_len, .layout = a->seg->layout_id,
			.record = e->record ? e->record : e->before,
			.record_len = e->record ? e->record_len : e->before_len,
		};
	}
}

static struct dispatch *dispatch_new(struct applying *a)
{
	struct dispatch *d = ferry_alloc0(1, sizeof *d);

	for (const struct slice *s = a->ready; s; s = s->next)
		d->n += s->n;
	d->intents = ferry_alloc0(d->n, sizeof *d->intents);
	d->open = ferry_alloc0(d->n, sizeof *d->open);
	memset(d->open, true, d->n * sizeof *d->open);
	d->group = ++a->last_group;
	d->n = 0;
	for (struct slice *s = a->ready; s; s = s->next) {
		intend(a, s, d->intents + d->n);
		s->dispatch = d;
		s->at = d->n;
		d->n += s->n;
		s->sibling = d->slices;
		d->slices = s;
		d->under_way++;
	}
	d->touched = true;
	d->next = a->dispatches;
	a->dispatches = d;
	return d;
}

/*
 * The intents of all slices that are ready, and whatever was acknowledged since, become durable in
 * one commit; only then does a lane see any of them.
 */
static int send_ready(struct applying *a, struct ferry_error *err)
{
	dispatch_new(a);
	struct slice *s = a->ready;
	a->ready = NULL;
	a->ready_tail = &a->ready;
	a->n_ready = 0;
	/* after a failure they stay with their dispatch, which is told that none of them is under way */
	int rc = commit(a, err);
	while (s) {
		struct slice *next = s->next;
		if (rc == 0) {
			lanes_give(a->lanes, s);
			a->under_way++;
		} else {
			s->dispatch->under_way--;
		}
		s = next;
	}
	return rc;
}

static int collect(struct applying *a, struct ferry_error *err)
{
	struct slice *s = lanes_take(a->lanes, true);

	for (; s; s = lanes_take(a->lanes, false)) {
		a->under_way--;
		if (apply_finish(a, s, err) != 0)
			return -1;
	}
	if (report_cancelled(a->seg->report) && !a->stopped) {
		struct ferry_error why = {0};
		ferry_fail(&why, FERRY_E_CANCELLED, "the run was cancelled");
		apply_stop(a, &why);
	}
	segment_progress(a->seg);
	/* nothing to send soon that would carry the acknowledgements along: commit them now */
	bool last = (all_read(a) || a->stopped) && !a->under_way;
	bool much = a->n_ops >= COMMIT_ROWS * (size_t)a->n_lanes || a->op_bytes >= COMMIT_BYTES;
	/* nothing more is read before their memory is free */
	bool full = a->held >= AHEAD_BYTES && !a->under_way;
	if ((a->n_ops || full) && (last || much || full || clock_mono() - a->committed_us > COMMIT_US))
		return commit(a, err);
	return 0;
}

/* What the run did not come to: a windowed source must be asked for it again. */
static int leave_rest(struct applying *a, struct ferry_error *err)
{
	/* gives back the memory of what was sent */
	if (commit(a, err) != 0)
		return -1;
	while (a->ready || !all_read(a)) {
		if (!a->ready && fill(a, 1, err) != 0)
			return -1;
		for (struct slice *s = a->ready; s; s = a->ready) {
			for (size_t i = 0; i < s->n; i++)
				apply_leave(a, &s->entries[i]);
			if (commit(a, err) != 0)
				return -1;
			a->ready = s->next;
			give_back(a, s);
		}
		a->ready_tail = &a->ready;
		a->n_ready = 0;
	}
	return 0;
}

/*
 * How many slices may be with the lanes. One more than there are lanes, so that none waits for a
 * commit; small ones many at a time, so that a commit is worth its while. What is under way when
 * ferry dies is in doubt and has to be asked for: where that cannot be done, no more than needed.
 */
static int capacity(const struct applying *a)
{
	int least = a->n_lanes + 1, ahead = (int)(AHEAD_ROWS / a->slice_rows);

	if (!(a->seg->dest->caps & (FERRY_CAP_LOOKUP | FERRY_CAP_IDEMPOTENT)))
		return least;
	return ahead > least ? ahead : least;
}

static int run(struct applying *a, struct ferry_error *err)
{
	if (note_all(a, err) != 0)
		return -1;
	for (;;) {
		/* refilled when half are back, at the latest when lanes run dry */
		int most = a->capacity > 2 * a->n_lanes ? a->capacity / 2 : a->capacity - 1;
		if (!a->stopped && a->under_way <= most && fill(a, a->capacity - a->under_way, err) != 0)
			return -1;
		if (!a->stopped && a->ready && a->under_way <= most && send_ready(a, err) != 0)
			return -1;
		if (!a->under_way && (a->stopped || (all_read(a) && !a->ready)))
			break;
		if (collect(a, err) != 0)
			return -1;
	}
	if (a->stopped && apply_is_windowed(a) && leave_rest(a, err) != 0)
		return -1;
	if ((a->n_ops || a->dispatches) && commit(a, err) != 0)
		return -1;
	return plan_settle(a->plan, err);
}

/* --------------------------------------------------------------------- stage */

/* The snapshot belongs to this key and destination from the first write on. */
static int claim_snapshot(struct segment *seg, const struct plan_header *h, struct ferry_error *err)
{
	const char *key, *destination;

	if (h->reset && snapshot_clear(seg->snapshot, err) != 0)
		return -1;
	if (snapshot_note(seg->snapshot, "key", &seg->arena, &key, err) != 0 ||
	    snapshot_note(seg->snapshot, "destination", &seg->arena, &destination, err) != 0)
		return -1;
	if ((!key || strcmp(key, seg->key_text) != 0) && snapshot_set_note(seg->snapshot, "key", seg->key_text, err) != 0)
		return -1;
	if ((!destination || strcmp(destination, seg->destination_id) != 0) &&
	    snapshot_set_note(seg->snapshot, "destination", seg->destination_id, err) != 0)
		return -1;
	return 0;
}

/* Rows that a person wants to be tried again begin to count anew. */
static int forget_refusals(struct segment *seg, struct ferry_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < seg->problems.n_rulings && rc == 0; i++) {
		const struct ruling_def *said = seg->problems.rulings[i];
		struct snap_op op = {.kind = SNAP_UNREFUSE, .key = said->form};
		if (!said->retry)
			continue;
		rc = snapshot_commit(seg->snapshot, &op, 1, err);
		if (rc == 0)
			problem_ruled(seg, said->form);
	}
	return rc;
}

static void drop_slices(struct applying *a)
{
	while (a->ready) {
		struct slice *next = a->ready->next;
		slice_free(a->ready);
		a->ready = next;
	}
	while (a->dispatches) {
		struct dispatch *next = a->dispatches->next;
		dispatch_free(a, a->dispatches);
		a->dispatches = next;
	}
	while (a->idle) {
		struct slice *next = a->idle->next;
		slice_free(a->idle);
		a->idle = next;
	}
}

/* After a commit error the lanes still have to come home; what they did stays in doubt. */
static void bring_home(struct applying *a)
{
	lanes_stop(a->lanes);
	while (a->under_way) {
		struct slice *s = lanes_take(a->lanes, true);
		if (s)
			a->under_way--;
	}
}

int stage_apply(struct segment *seg, struct plan_store *plan, const struct plan_header *h, struct ferry_error *err)
{
	const struct connection_def *c = generation_connection(seg->generation, seg->def->destination.connection);
	struct applying *a = ferry_alloc0(1, sizeof *a);
	int64_t start = clock_mono();

	seg->stage = STAGE_APPLY;
	a->seg = seg;
	a->plan = plan;
	a->header = h;
	a->ready_tail = &a->ready;
	a->left = entries_of(h, passes[0]);
	if (!a->left)
		next_pass(a);
	a->slice_rows = seg->dest->batch < SLICE_MAX ? seg->dest->batch : SLICE_MAX;
	a->told = ferry_alloc0(a->slice_rows, sizeof *a->told);
	a->committed_us = start;
	a->n_lanes = c->rate_limit.lanes;
	/* one writer at a time is all an embedded database takes */
	if (seg->dest->caps & FERRY_CAP_LOCAL)
		a->n_lanes = 1;
	a->capacity = capacity(a);
	int rc = claim_snapshot(seg, h, err);
	if (rc == 0)
		rc = snapshot_refused(seg->snapshot, &seg->refused, err);
	if (rc == 0)
		rc = forget_refusals(seg, err);
	if (rc == 0)
		rc = snapshot_last_group(seg->snapshot, &a->last_group, err);
	if (rc == 0)
		rc = lanes_open(seg, a->n_lanes, &a->lanes, err);
	if (rc == 0) {
		rc = run(a, err);
		if (rc != 0)
			bring_home(a);
		lanes_close(a->lanes);
		if (rc == 0 && a->stopped) {
			*err = a->err;
			rc = -1;
		}
	}
	seg->counters.undone = seg->counters.planned - seg->counters.acknowledged - seg->counters.failed;
	drop_slices(a);
	buf_release(&a->after);
	free(a->ops);
	free(a->told);
	free(a);
	seg->spent_us[STAGE_APPLY] += clock_mono() - start;
	return rc;
}
