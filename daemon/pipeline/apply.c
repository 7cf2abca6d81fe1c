/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - the stage apply: the plan goes to the destination, slice by slice.
 *
 * Order of things for each slice: its intents are made durable; it is sent; its acknowledged rows and
 * the end of its intents are made durable in one transaction. The intents of the next slices and the
 * acknowledgements of the last share a commit. No transaction is open while anything is sent. When a
 * commit fails, nothing after it is acknowledged.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pipeline/lanes.h"

enum { READ_ENTRIES = 256, SLICE_MAX = 1000, NOTES_MAX = 512 };

struct applying {
	struct segment *seg;
	struct plan_store *plan;
	const struct plan_header *header;
	struct lanes *lanes;
	int n_lanes, under_way;
	size_t slice_rows;

	/* reading the plan */
	struct arena page;
	struct plan_entry entries[READ_ENTRIES];
	size_t n, at;
	struct buf after;
	bool plan_end;

	struct slice *open[FERRY_DECISIONS];	/* being filled, by decision */
	struct slice *ready;			/* full, not given to a lane */
	struct slice **ready_tail;
	int n_ready;

	/* changes for the next commit; slices whose memory they use */
	struct snap_op *ops;
	size_t n_ops, cap_ops;
	struct slice *spent;

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
		.flags = flags, .hash = e->hash, .dest_id = dest_id, .dest_id_len = id_len,
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

/* Make the gathered changes durable; then the slices they were made from can go. */
static int commit(struct applying *a, struct ferry_error *err)
{
	int rc = snapshot_commit(a->seg->snapshot, a->ops, a->n_ops, err);

	a->n_ops = 0;
	while (a->spent) {
		struct slice *next = a->spent->next;
		slice_free(a->spent);
		a->spent = next;
	}
	return rc;
}

/* --------------------------------------------------------- plan into slices */

static bool is_windowed(const struct applying *a)
{
	return a->seg->source->api->caps & FERRY_CAP_WINDOWED;
}

/*
 * What is not sent: adopted, or to be asked for again, or for good. The memory lives until the page
 * is left.
 */
static void note(struct applying *a, const struct plan_entry *e)
{
	if (e->flags & PLAN_ADOPT)
		put_op(a, e, e->dest_id, e->dest_id_len, 0);
	if (!is_windowed(a))
		return;
	if (e->flags & (PLAN_ADOPT | PLAN_FINAL) || strcmp(e->reason, "ALREADY_DELIVERED") == 0)
		add_op(a, SNAP_UNPEND, e->key);
	else
		add_op(a, SNAP_PEND, e->key)->reason = e->reason;
}

static void close_slice(struct applying *a, enum ferry_decision d)
{
	struct slice *s = a->open[d];

	a->open[d] = NULL;
	if (!s)
		return;
	s->next = NULL;
	*a->ready_tail = s;
	a->ready_tail = &s->next;
	a->n_ready++;
}

static void take_entry(struct applying *a, const struct plan_entry *e)
{
	enum ferry_decision d = e->decision;

	if (d == FERRY_SKIP || d == FERRY_CONFLICT) {
		note(a, e);
		return;
	}
	if (!a->open[d])
		a->open[d] = slice_new(d, a->slice_rows);
	slice_add(a->open[d], a->seg, e);
	if (a->open[d]->n == a->slice_rows)
		close_slice(a, d);
}

static int next_page(struct applying *a, struct ferry_error *err)
{
	/* notes point into the page */
	if (a->n_ops && commit(a, err) != 0)
		return -1;
	arena_reset(&a->page);
	a->at = a->n = 0;
	struct kv_bytes after = {a->after.s, a->after.len};
	if (plan_read(a->plan, a->seg->index, a->header, after, READ_ENTRIES, &a->page, a->entries, &a->n, err) != 0)
		return -1;
	if (a->n) {
		buf_reset(&a->after);
		buf_add(&a->after, a->entries[a->n - 1].key.p, a->entries[a->n - 1].key.len);
		return 0;
	}
	a->plan_end = true;
	for (int d = 0; d < FERRY_DECISIONS; d++)
		close_slice(a, (enum ferry_decision)d);
	return 0;
}

/* Fill slices until so many are ready, or the plan ends. */
static int fill(struct applying *a, int wanted, struct ferry_error *err)
{
	while (!a->plan_end && a->n_ready < wanted) {
		if (a->at == a->n && next_page(a, err) != 0)
			return -1;
		while (a->at < a->n && a->n_ready < wanted)
			take_entry(a, &a->entries[a->at++]);
		report_tick(a->seg->report);
	}
	return 0;
}

static void intend(struct applying *a, const struct slice *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct plan_entry *e = &s->entries[i];
		add_op(a, SNAP_INTEND, e->key)->intent = (struct snap_intent){
			.decision = s->decision, .run = a->seg->options->run, .hash = e->hash,
			.flags = (strcmp(e->reason, "REAPPEARED") == 0 ? SNAP_DISABLED : 0) |
				(e->flags & PLAN_MAYBE ? SNAP_MAYBE : 0),
			.dest_id = e->dest_id, .dest_id_len = e->dest_id_len, .layout = a->seg->layout_id,
			.record = e->record ? e->record : e->before,
			.record_len = e->record ? e->record_len : e->before_len,
		};
	}
}

/*
 * The intents of all slices that are ready, and whatever was acknowledged since, become durable in
 * one commit; only then does a lane see any of them.
 */
static int send_ready(struct applying *a, struct ferry_error *err)
{
	for (const struct slice *s = a->ready; s; s = s->next)
		intend(a, s);
	if (commit(a, err) != 0)
		return -1;
	while (a->ready) {
		struct slice *s = a->ready;
		a->ready = s->next;
		lanes_give(a->lanes, s);
		a->under_way++;
	}
	a->ready_tail = &a->ready;
	a->n_ready = 0;
	return 0;
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
	add_op(a, SNAP_SETTLE, e->key);
	if (is_windowed(a))
		add_op(a, SNAP_UNPEND, e->key);
	if (o->ack == FERRY_ACK_DUPLICATE)
		segment_count_reason(a->seg, "ALREADY_DELIVERED", 1);
}

static void refuse(struct applying *a, const struct slice *s, size_t i)
{
	const struct ferry_outcome *o = &s->outcomes[i];
	const struct plan_entry *e = &s->entries[i];
	const struct ferry_value *raw = NULL;
	struct buf text = BUF_INIT;

	a->seg->counters.failed++;
	add_op(a, SNAP_SETTLE, e->key);
	if (is_windowed(a))
		add_op(a, SNAP_PEND, e->key)->reason = "FAILED";
	for (size_t f = 0; s->actions[i].fields && f < a->seg->layout.n; f++)
		if (strcmp(a->seg->layout.names[f], o->field) == 0 &&
		    !(a->seg->layout.fields[f] && a->seg->layout.fields[f]->flags & FERRY_FIELD_SENSITIVE))
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

static void finish_slice(struct applying *a, struct slice *s)
{
	int64_t in_doubt = 0;

	a->seg->counters.requests += s->requests;
	a->seg->counters.retries += s->repeats;
	for (size_t i = 0; i < s->n; i++) {
		switch (s->outcomes[i].ack) {
		case FERRY_ACK_DONE:
		case FERRY_ACK_DUPLICATE:
			acknowledge(a, &s->entries[i], s->decision, &s->outcomes[i]);
			break;
		case FERRY_ACK_REJECTED:
			refuse(a, s, i);
			break;
		case FERRY_ACK_UNSENT:
			add_op(a, SNAP_SETTLE, s->entries[i].key);
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
	s->next = a->spent;
	a->spent = s;
	if (s->rc != 0)
		stop(a, &s->err);
}

static int collect(struct applying *a, struct ferry_error *err)
{
	struct slice *s = lanes_take(a->lanes, true);

	for (; s; s = lanes_take(a->lanes, false)) {
		a->under_way--;
		finish_slice(a, s);
	}
	if (report_cancelled(a->seg->report) && !a->stopped) {
		struct ferry_error why = {0};
		ferry_fail(&why, FERRY_E_CANCELLED, "the run was cancelled");
		stop(a, &why);
	}
	segment_progress(a->seg);
	/* nothing to send that would carry the acknowledgements along: commit them now */
	if (a->n_ops && (a->plan_end || a->stopped || a->n_ops >= NOTES_MAX))
		return commit(a, err);
	return 0;
}

/* What the run did not come to: a windowed source must be asked for it again. */
static int leave_rest(struct applying *a, struct ferry_error *err)
{
	for (int d = 0; d < FERRY_DECISIONS; d++)
		close_slice(a, (enum ferry_decision)d);
	for (const struct slice *s = a->ready; s; s = s->next)
		for (size_t i = 0; i < s->n; i++)
			leave(a, &s->entries[i]);
	while (!a->plan_end) {
		for (; a->at < a->n; a->at++) {
			const struct plan_entry *e = &a->entries[a->at];
			if (e->decision == FERRY_SKIP || e->decision == FERRY_CONFLICT)
				note(a, e);
			else
				leave(a, e);
		}
		if (next_page(a, err) != 0)
			return -1;
	}
	return 0;
}

static int run(struct applying *a, struct ferry_error *err)
{
	/* one more than there are lanes, so that none waits for a commit */
	int capacity = a->n_lanes + 1;

	for (;;) {
		if (!a->stopped && fill(a, capacity - a->under_way, err) != 0)
			return -1;
		if (!a->stopped && a->ready && send_ready(a, err) != 0)
			return -1;
		if (!a->under_way && (a->stopped || a->plan_end))
			break;
		if (collect(a, err) != 0)
			return -1;
	}
	if (a->stopped && is_windowed(a) && leave_rest(a, err) != 0)
		return -1;
	return a->n_ops || a->spent ? commit(a, err) : 0;
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

static void drop_slices(struct applying *a)
{
	for (int d = 0; d < FERRY_DECISIONS; d++)
		slice_free(a->open[d]);
	while (a->ready) {
		struct slice *next = a->ready->next;
		slice_free(a->ready);
		a->ready = next;
	}
	while (a->spent) {
		struct slice *next = a->spent->next;
		slice_free(a->spent);
		a->spent = next;
	}
}

/* After a commit error the lanes still have to come home; what they did stays in doubt. */
static void bring_home(struct applying *a)
{
	lanes_stop(a->lanes);
	while (a->under_way) {
		struct slice *s = lanes_take(a->lanes, true);
		if (!s)
			continue;
		a->under_way--;
		slice_free(s);
	}
}

int stage_apply(struct segment *seg, struct plan_store *plan, const struct plan_header *h, struct ferry_error *err)
{
	const struct connection_def *c = generation_connection(seg->generation, seg->def->destination.connection);
	uint32_t batch = seg->dest->api->batch ? seg->dest->api->batch : 1;
	struct applying *a = ferry_alloc0(1, sizeof *a);
	int64_t start = clock_mono();

	seg->stage = STAGE_APPLY;
	a->seg = seg;
	a->plan = plan;
	a->header = h;
	a->ready_tail = &a->ready;
	a->slice_rows = batch < SLICE_MAX ? batch : SLICE_MAX;
	a->n_lanes = c->rate_limit.lanes;
	/* one writer at a time is all an embedded database takes */
	if (seg->dest->api->caps & FERRY_CAP_LOCAL)
		a->n_lanes = 1;
	int rc = claim_snapshot(seg, h, err);
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
	arena_release(&a->page);
	buf_release(&a->after);
	free(a->ops);
	free(a);
	seg->spent_us[STAGE_APPLY] += clock_mono() - start;
	return rc;
}
