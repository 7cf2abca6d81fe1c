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
#include "pipeline/lanes.h"
#include "pipeline/statistics.h"
#include "wire/json.h"

enum { SLICE_MAX = 10000, NOTES = 1000, AHEAD_ROWS = 2000, COMMIT_ROWS = 1000, COMMIT_US = 1000000 };

/*
 * The plan is passed once for each kind of decision there is: a slice is read as it stands, and what
 * a new record may be in the way of has been taken away before it comes.
 */
static const uint32_t passes[] = {
	1u << FERRY_SKIP | 1u << FERRY_CONFLICT,	/* nothing to send, but to be noted */
	1u << FERRY_DELETE, 1u << FERRY_DISABLE, 1u << FERRY_UPDATE, 1u << FERRY_CREATE,
};
enum { PASSES = sizeof passes / sizeof passes[0] };


/* Slices given to the lanes together. It ends, and their memory with it, when the last one is back. */
struct dispatch {
	struct dispatch *next;
	uint64_t group;			/* number of their group of intents */
	struct slice *slices;
	int under_way;
	struct snap_intent *intents;	/* of all rows */
	bool *open;			/* by row: still in doubt */
	size_t n;
	struct snap_intent *left;	/* those, for the commit under way */
	bool touched;			/* since the last commit */
};

struct applying {
	struct segment *seg;
	struct plan_store *plan;
	const struct plan_header *header;
	struct lanes *lanes;
	int n_lanes, under_way, capacity;
	size_t slice_rows;
	uint64_t last_group;
	struct dispatch *dispatches;
	struct slice *idle;		/* to be used again: their memory is large */
	int64_t committed_us;		/* when the last commit was */

	/* reading the plan */
	size_t pass;
	int64_t left;			/* entries of this pass that are not read yet */
	struct buf after;		/* the key read last */

	struct slice *ready;			/* not given to a lane */
	struct slice **ready_tail;
	int n_ready;

	/* changes for the next commit; their memory is the page's or a dispatch's */
	struct snap_op *ops;
	size_t n_ops, cap_ops;
	struct plan_outcome *told;	/* room for a slice's outcomes */

	bool stopped;
	struct ferry_error err;			/* why it stopped */
};

static struct snap_op *add_op(struct applying *a, enum snap_op_kind kind, struct kv_bytes key)
{
	if (a->n_ops == a->cap_ops) {
		a->cap_ops = a->cap_ops ? a->cap_ops * 2 : 256;
		a->ops = ferry_realloc(a->ops, a->cap_ops, sizeof *a->ops);
	}
	a->ops[a->n_ops] = (struct snap_op){.kind = kind, .key = key};
	return &a->ops[a->n_ops++];
}

static void put_op(struct applying *a, const struct plan_entry *e, const char *dest_id, size_t id_len, uint32_t flags)
{
	struct snap_op *op = add_op(a, SNAP_PUT, e->key);
	bool full = a->seg->def->snapshot == SNAPSHOT_FULL;
	const void *record = e->record ? e->record : e->before;

	op->entry = (struct snap_entry){
		.flags = flags | (e->flags & PLAN_LINKED ? SNAP_LINKED : 0), .hash = e->hash, .dest_id = dest_id, .dest_id_len = id_len,
		.layout = a->seg->layout_id, .record = full ? record : NULL,
		.record_len = e->record ? e->record_len : e->before_len,
	};
}

static void stop(struct applying *a, const struct ferry_error *why)
{
	if (!a->stopped)
		a->err = *why;
	a->stopped = true;
	lanes_stop(a->lanes);
}

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
	struct snap_op *op = add_op(a, SNAP_INTEND, (struct kv_bytes){NULL, 0});
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
	a->n_ops = 0;
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

static bool is_windowed(const struct applying *a)
{
	return a->seg->source->caps & FERRY_CAP_WINDOWED;
}

/* What is not sent: adopted, or to be asked for again, or for good. */
static void note(struct applying *a, const struct plan_entry *e)
{
	if (e->flags & PLAN_ADOPT) {
		put_op(a, e, e->dest_id, e->dest_id_len, 0);
		problem_ruled(a->seg, e->key);
	}
	if (e->flags & PLAN_FORGET)
		add_op(a, SNAP_DELETE, e->key);
	if (!is_windowed(a))
		return;
	if (e->flags & (PLAN_ADOPT | PLAN_FINAL) || strcmp(e->reason, "ALREADY_DELIVERED") == 0)
		add_op(a, SNAP_UNPEND, e->key);
	else
		add_op(a, SNAP_PEND, e->key)->reason = e->reason;
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
	while (!all_read(a) && a->n_ready < wanted) {
		struct slice *s = take_slice(a, pass_decision(a));
		int rc = read_on(a, a->slice_rows, &s->arena, s->entries, &s->n, err);
		if (rc != 0 || !s->n) {
			give_back(a, s);
			if (rc != 0)
				return -1;
			continue;
		}
		slice_prepare(s, a->seg);
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

/* ---------------------------------------------------------------- outcomes */

static void acknowledge(struct applying *a, const struct plan_entry *e, enum ferry_decision d, const struct ferry_outcome *o)
{
	struct counters *c = &a->seg->counters;
	const char *id = o->dest_id[0] ? o->dest_id : e->dest_id;
	size_t id_len = o->dest_id[0] ? strlen(o->dest_id) : e->dest_id_len;

	c->acknowledged++;
	if (d == FERRY_DELETE) {
		add_op(a, SNAP_DELETE, e->key);
		c->deleted++;
	} else {
		uint32_t maybe = e->flags & PLAN_MAYBE ? SNAP_MAYBE : 0;
		put_op(a, e, id, id_len, d == FERRY_DISABLE ? SNAP_DISABLED | maybe : 0);
		*(d == FERRY_CREATE ? &c->created : d == FERRY_UPDATE ? &c->updated : &c->disabled) += 1;
	}
	if (is_windowed(a))
		add_op(a, SNAP_UNPEND, e->key);
	if (a->seg->refused)
		add_op(a, SNAP_UNREFUSE, e->key);
	if (a->seg->problems.n_rulings)
		problem_ruled(a->seg, e->key);
	if (o->message[0])
		report_log(a->seg->report, a->seg->def->name, STAGE_APPLY, FERRY_LOG_WARN, "%s", o->message);
	if (o->ack == FERRY_ACK_DUPLICATE)
		segment_count_reason(a->seg, "ALREADY_DELIVERED", 1);
}

/* This time makes it so often in a row that it is not sent again before a person has seen it. */
static void quarantine(struct applying *a, const struct slice *s, size_t i)
{
	const struct ferry_outcome *o = &s->outcomes[i];
	const struct plan_entry *e = &s->entries[i];
	struct segment *seg = a->seg;
	int after = seg->generation->daemon.quarantine_after;
	struct buf request = BUF_INIT, message = BUF_INIT;
	const char *code = o->code[0] ? o->code : "REJECTED";
	int64_t times;

	/* what cannot be read is found out by the next commit */
	if (!after || snapshot_refusals(seg->snapshot, e->key, &e->hash, code, &times, NULL) != 0 || times + 1 < after)
		return;
	jw_open(&request, NULL, '{');
	jw_text(&request, "decision", decision_name(s->decision));
	jw_text(&request, "dest_id", s->actions[i].dest_id);
	if (s->actions[i].fields)
		problem_fields(seg, s->actions[i].fields, "fields", &request);
	jw_close(&request, '}');
	buf_addf(&message, "Refused in %d runs in a row (%s): it is not sent again until a person says so.", after, code);
	problem_report(seg, &(struct problem){.form = e->key, .group = "quarantined", .code = "QUARANTINED",
		.message = buf_str(&message), .field = o->field[0] ? o->field : NULL, .fields = s->actions[i].fields,
		.request = buf_str(&request), .answer = o->message});
	buf_release(&request);
	buf_release(&message);
}

static void refuse(struct applying *a, const struct slice *s, size_t i)
{
	const struct ferry_outcome *o = &s->outcomes[i];
	const struct plan_entry *e = &s->entries[i];
	const struct ferry_value *raw = NULL;
	struct buf text = BUF_INIT;

	a->seg->counters.failed++;
	if (is_windowed(a))
		add_op(a, SNAP_PEND, e->key)->reason = "FAILED";
	struct snap_op *op = add_op(a, SNAP_REFUSE, e->key);
	op->reason = o->code[0] ? o->code : "REJECTED";
	op->hash = e->hash;
	a->seg->refused++;
	quarantine(a, s, i);
	for (size_t f = 0; s->actions[i].fields && f < a->seg->layout.n; f++)
		if (strcmp(a->seg->layout.names[f], o->field) == 0 && !a->seg->sensitive[f])
			raw = &s->actions[i].fields[f];
	if (raw)
		value_show(raw, 200, &text);
	report_row_error(a->seg->report, &(struct row_error){
		.segment = a->seg->def->name, .stage = STAGE_APPLY, .key = s->actions[i].key,
		.code = o->code[0] ? o->code : "REJECTED", .field = o->field[0] ? o->field : NULL,
		.message = o->message, .raw = raw ? buf_str(&text) : NULL});
	buf_release(&text);
}

/* Not done in this run: a windowed source must be asked for it again. */
static void leave(struct applying *a, const struct plan_entry *e)
{
	if (is_windowed(a))
		add_op(a, SNAP_PEND, e->key)->reason = "UNDONE";
}

/* For people: what became of each row. */
static int tell_outcomes(struct applying *a, const struct slice *s, struct ferry_error *err)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct ferry_outcome *o = &s->outcomes[i];
		const struct plan_entry *e = &s->entries[i];
		a->told[i] = (struct plan_outcome){.key = e->key, .ack = o->ack, .code = o->code, .message = o->message,
			.dest_id = o->dest_id[0] ? o->dest_id : e->dest_id,
			.dest_id_len = o->dest_id[0] ? strlen(o->dest_id) : e->dest_id_len};
	}
	return plan_add_outcomes(a->plan, a->seg->index, s->decision, a->told, s->n, err);
}

static int finish_slice(struct applying *a, struct slice *s, struct ferry_error *err)
{
	struct dispatch *d = s->dispatch;
	int64_t in_doubt = 0;

	a->seg->counters.requests += s->requests;
	a->seg->counters.retries += s->repeats;
	for (size_t i = 0; i < s->n; i++) {
		switch (s->outcomes[i].ack) {
		case FERRY_ACK_DONE:
		case FERRY_ACK_DUPLICATE:
			acknowledge(a, &s->entries[i], s->decision, &s->outcomes[i]);
			if (statistics_done(a->seg, s->decision, s->actions[i].fields, err) != 0)
				return -1;
			break;
		case FERRY_ACK_REJECTED:
			refuse(a, s, i);
			break;
		case FERRY_ACK_UNSENT:
			leave(a, &s->entries[i]);
			break;
		case FERRY_ACK_UNKNOWN:
			in_doubt++;	/* the intent stays */
			leave(a, &s->entries[i]);
			break;
		}
	}
	if (in_doubt)
		report_log(a->seg->report, a->seg->def->name, STAGE_APPLY, FERRY_LOG_WARN,
			   "%lld rows are in doubt: the next run settles them first", (long long)in_doubt);
	for (size_t i = 0; i < s->n; i++)
		d->open[s->at + i] = s->outcomes[i].ack == FERRY_ACK_UNKNOWN;
	d->touched = true;
	d->under_way--;
	if (s->rc != 0)
		stop(a, &s->err);
	return tell_outcomes(a, s, err);
}

static int collect(struct applying *a, struct ferry_error *err)
{
	struct slice *s = lanes_take(a->lanes, true);

	for (; s; s = lanes_take(a->lanes, false)) {
		a->under_way--;
		if (finish_slice(a, s, err) != 0)
			return -1;
	}
	if (report_cancelled(a->seg->report) && !a->stopped) {
		struct ferry_error why = {0};
		ferry_fail(&why, FERRY_E_CANCELLED, "the run was cancelled");
		stop(a, &why);
	}
	segment_progress(a->seg);
	/* nothing to send soon that would carry the acknowledgements along: commit them now */
	bool last = (all_read(a) || a->stopped) && !a->under_way;
	if (a->n_ops && (last || a->n_ops >= COMMIT_ROWS * (size_t)a->n_lanes || clock_mono() - a->committed_us > COMMIT_US))
		return commit(a, err);
	return 0;
}

/* What the run did not come to: a windowed source must be asked for it again. */
static int leave_rest(struct applying *a, struct ferry_error *err)
{
	while (a->ready || !all_read(a)) {
		if (!a->ready && fill(a, 1, err) != 0)
			return -1;
		for (struct slice *s = a->ready; s; s = a->ready) {
			for (size_t i = 0; i < s->n; i++)
				leave(a, &s->entries[i]);
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
	if (a->stopped && is_windowed(a) && leave_rest(a, err) != 0)
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
