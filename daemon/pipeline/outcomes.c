/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcomes.c - what became of the actions of a slice that is back: what the snapshot is to learn of
 * it with the next commit, what is counted, and what a person is told.
 */
#include "pipeline/apply.h"

#include <stdio.h>
#include <string.h>

#include "conf/redact.h"
#include "pipeline/statistics.h"

struct snap_op *apply_op(struct applying *a, enum snap_op_kind kind, struct kv_bytes key)
{
	if (a->n_ops == a->cap_ops) {
		a->cap_ops = a->cap_ops ? a->cap_ops * 2 : 256;
		a->ops = ferry_realloc(a->ops, a->cap_ops, sizeof *a->ops);
	}
	a->ops[a->n_ops] = (struct snap_op){.kind = kind, .key = key};
	return &a->ops[a->n_ops++];
}

void apply_put(struct applying *a, const struct plan_entry *e, const char *dest_id, size_t id_len, uint32_t flags)
{
	struct snap_op *op = apply_op(a, SNAP_PUT, e->key);
	bool full = a->seg->def->snapshot == SNAPSHOT_FULL;
	const void *record = e->record ? e->record : e->before;

	op->entry = (struct snap_entry){
		.flags = flags | (e->flags & PLAN_LINKED ? SNAP_LINKED : 0), .hash = e->hash, .dest_id = dest_id, .dest_id_len = id_len,
		.layout = a->seg->layout_id, .record = full ? record : NULL,
		.record_len = e->record ? e->record_len : e->before_len,
	};
	if (op->entry.record)
		a->op_bytes += op->entry.record_len;
}

void apply_stop(struct applying *a, const struct ferry_error *why)
{
	if (!a->stopped)
		a->err = *why;
	a->stopped = true;
	lanes_stop(a->lanes);
}

bool apply_is_windowed(const struct applying *a)
{
	return a->seg->source->caps & FERRY_CAP_WINDOWED;
}

static void acknowledge(struct applying *a, const struct plan_entry *e, enum ferry_decision d, const struct ferry_outcome *o)
{
	struct counters *c = &a->seg->counters;
	const char *id = o->dest_id[0] ? o->dest_id : e->dest_id;
	size_t id_len = o->dest_id[0] ? strlen(o->dest_id) : e->dest_id_len;

	c->acknowledged++;
	if (d == FERRY_DELETE) {
		apply_op(a, SNAP_DELETE, e->key);
		c->deleted++;
	} else {
		uint32_t maybe = e->flags & PLAN_MAYBE ? SNAP_MAYBE : 0;
		apply_put(a, e, id, id_len, d == FERRY_DISABLE ? SNAP_DISABLED | maybe : 0);
		*(d == FERRY_CREATE ? &c->created : d == FERRY_UPDATE ? &c->updated : &c->disabled) += 1;
	}
	if (apply_is_windowed(a))
		apply_op(a, SNAP_UNPEND, e->key);
	if (a->seg->refused)
		apply_op(a, SNAP_UNREFUSE, e->key);
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
	if (apply_is_windowed(a))
		apply_op(a, SNAP_PEND, e->key)->reason = "FAILED";
	struct snap_op *op = apply_op(a, SNAP_REFUSE, e->key);
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
void apply_leave(struct applying *a, const struct plan_entry *e)
{
	if (apply_is_windowed(a))
		apply_op(a, SNAP_PEND, e->key)->reason = "UNDONE";
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

/* A destination that refuses a record may repeat it, and whatever else it was sent. */
static void hide(const struct applying *a, const struct slice *s, size_t i, char *text, size_t size)
{
	enum { VALUE_MIN = 3 };
	const struct ferry_value *fields = s->actions[i].fields;
	struct redactor *values = redact_empty(VALUE_MIN);
	struct buf value = BUF_INIT, clean = BUF_INIT, shown = BUF_INIT;

	for (size_t f = 0; fields && f < a->seg->layout.n; f++) {
		if (!a->seg->sensitive[f] || fields[f].type == FERRY_NULL)
			continue;
		buf_reset(&value);
		value_show(&fields[f], SIZE_MAX, &value);
		redact_add(values, buf_str(&value));
	}
	report_clean(a->seg->report, text, &clean);
	redact_text(values, buf_str(&clean), &shown);
	snprintf(text, size, "%s", buf_str(&shown));
	redact_free(values);
	buf_release(&value);
	buf_release(&clean);
	buf_release(&shown);
}

static void hide_all(const struct applying *a, struct slice *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->outcomes[i].message[0])
			hide(a, s, i, s->outcomes[i].message, sizeof s->outcomes[i].message);
		if (s->rc != 0)
			hide(a, s, i, s->err.msg, sizeof s->err.msg);
	}
}

int apply_finish(struct applying *a, struct slice *s, struct ferry_error *err)
{
	struct dispatch *d = s->dispatch;
	int64_t in_doubt = 0;

	hide_all(a, s);
	a->seg->counters.requests += s->requests;
	a->seg->counters.retries += s->repeats;
	for (size_t i = 0; i < s->n; i++) {
		switch (s->outcomes[i].ack) {
		case FERRY_ACK_DONE:
		case FERRY_ACK_DUPLICATE:
			acknowledge(a, &s->entries[i], s->decision, &s->outcomes[i]);
			statistics_done(a->seg, s->decision, s->actions[i].fields);
			break;
		case FERRY_ACK_REJECTED:
			refuse(a, s, i);
			break;
		case FERRY_ACK_UNSENT:
			apply_leave(a, &s->entries[i]);
			break;
		case FERRY_ACK_UNKNOWN:
			in_doubt++;	/* the intent stays */
			apply_leave(a, &s->entries[i]);
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
		apply_stop(a, &s->err);
	return tell_outcomes(a, s, err);
}
