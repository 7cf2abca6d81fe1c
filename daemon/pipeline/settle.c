/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle.c - before anything else: what became of the rows an earlier run was sending when it died?
 *
 * The destination is asked for each one. What is there as it was sent counts as acknowledged; what is
 * not there is forgotten, so that this run plans it again. Nothing is ever sent blindly: where the
 * destination cannot be asked, an idempotent one simply gets the row again by the normal way, and for
 * any other the row stays in doubt and is parked.
 */
#include <string.h>

#include "pipeline/segment.h"

enum { CHUNK = 64 };

struct settling {
	struct segment *seg;
	struct arena arena;
	struct kv_bytes *keys;
	struct snap_intent *intents;
	size_t n;
	struct ferry_action actions[CHUNK];
	struct ferry_found found[CHUNK];
	struct snap_op ops[CHUNK * 2];
	size_t n_ops;
	int64_t delivered, again;
};

static bool decode(struct settling *s, size_t i)
{
	const struct ferry_layout *layout = &s->seg->layout;
	struct ferry_value *values = arena_alloc0(&s->arena, layout->n + 1, sizeof *values);
	const struct snap_intent *in = &s->intents[i];
	struct buf key = BUF_INIT;

	int n = record_decode(in->record, in->record_len, values, layout->n);
	key_form_show(s->keys[i].p, s->keys[i].len, s->seg->def->n_key, &key);
	s->actions[i] = (struct ferry_action){
		.decision = in->decision,
		.key = arena_strndup(&s->arena, buf_str(&key), key.len),
		.key_len = key.len,
		.dest_id = in->dest_id,
		.fields = n == (int)layout->n ? values : NULL,
	};
	buf_release(&key);
	/* made with another mapping, and nothing else says who it is */
	return s->actions[i].fields || in->dest_id_len;
}

static bool as_sent(const struct settling *s, size_t i)
{
	const struct ferry_value *ours = s->actions[i].fields, *theirs = s->found[i].fields;

	for (size_t f = 0; f < s->seg->layout.n; f++)
		if (!s->seg->ignored[f] && !values_alike(&ours[f], &theirs[f]))
			return false;
	return true;
}

static void op(struct settling *s, enum snap_op_kind kind, size_t i, uint32_t flags)
{
	const struct snap_intent *in = &s->intents[i];
	const char *id = s->found[i].dest_id && s->found[i].dest_id[0] ? s->found[i].dest_id : in->dest_id;

	s->ops[s->n_ops] = (struct snap_op){.kind = kind, .key = s->keys[i]};
	if (kind == SNAP_PUT)
		s->ops[s->n_ops].entry = (struct snap_entry){
			.flags = flags, .hash = in->hash, .dest_id = id, .dest_id_len = strlen(id),
			.layout = s->seg->layout_id,
			.record = s->seg->def->snapshot == SNAPSHOT_FULL ? in->record : NULL,
			.record_len = in->record_len,
		};
	s->n_ops++;
}

static void judge(struct settling *s, size_t i)
{
	const struct ferry_found *f = &s->found[i];
	enum ferry_decision d = s->actions[i].decision;
	bool there = f->presence != FERRY_ABSENT;

	if (d == FERRY_DELETE || d == FERRY_DISABLE) {
		if (!there) {
			op(s, SNAP_DELETE, i, 0);
			s->delivered++;
		} else {
			s->again++;
		}
	} else if (there && (s->seg->def->mode == FERRY_MODE_APPEND ||
			     (s->actions[i].fields && f->fields && as_sent(s, i)))) {
		op(s, SNAP_PUT, i, 0);
		s->delivered++;
	} else {
		/* it is there, but not as we would have it: remember where, send again */
		if (there)
			op(s, SNAP_PUT, i, SNAP_UNSURE);
		s->again++;
	}
	op(s, SNAP_SETTLE, i, 0);
}

static int settle_chunk(struct settling *s, struct ferry_error *err)
{
	struct segment *seg = s->seg;
	const struct ferry_connector *api = seg->dest->api;
	size_t asked = 0;

	s->n_ops = 0;
	for (size_t i = 0; i < s->n; i++)
		asked += decode(s, i);
	if (asked < s->n || !api->lookup) {
		/* cannot be asked for: harmless where sending again is, else parked */
		if (!(api->caps & FERRY_CAP_IDEMPOTENT)) {
			seg->intents_left += (int64_t)s->n;
			return 0;
		}
		for (size_t i = 0; i < s->n; i++)
			op(s, SNAP_SETTLE, i, 0);
		s->again += (int64_t)s->n;
		return snapshot_commit(seg->snapshot, s->ops, s->n_ops, err);
	}
	memset(s->found, 0, sizeof s->found);
	if (api->lookup(seg->dest->handle, s->actions, s->n, s->found, err) != 0)
		return ferry_within(err, "settling rows in doubt");
	for (size_t i = 0; i < s->n; i++)
		judge(s, i);
	return snapshot_commit(seg->snapshot, s->ops, s->n_ops, err);
}

int settle_intents(struct segment *seg, struct ferry_error *err)
{
	struct settling *s = arena_alloc0(&seg->arena, 1, sizeof *s);
	struct buf after = BUF_INIT;
	int rc = 0;

	s->seg = seg;
	for (;;) {
		struct kv_bytes from = {after.s, after.len};
		rc = snapshot_intents(seg->snapshot, from, CHUNK, &s->arena, &s->keys, &s->intents, &s->n, err);
		if (rc != 0 || !s->n)
			break;
		if (report_cancelled(seg->report)) {
			rc = ferry_fail(err, FERRY_E_CANCELLED, "the run was cancelled");
			break;
		}
		buf_reset(&after);
		buf_add(&after, s->keys[s->n - 1].p, s->keys[s->n - 1].len);
		rc = settle_chunk(s, err);
		if (rc != 0)
			break;
		report_tick(seg->report);
		arena_reset(&s->arena);
	}
	if (rc == 0 && (s->delivered || s->again || seg->intents_left))
		report_log(seg->report, seg->def->name, seg->stage, FERRY_LOG_WARN,
			   "an earlier run left rows in doubt: %lld had been delivered, %lld are planned again, %lld stay in doubt",
			   (long long)s->delivered, (long long)s->again, (long long)seg->intents_left);
	buf_release(&after);
	arena_release(&s->arena);
	return rc;
}
