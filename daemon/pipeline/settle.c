/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle.c - before anything else: what became of the rows an earlier run was sending when it died?
 *
 * The destination is asked for each one. What is there as it was sent counts as acknowledged; what is
 * not there is forgotten, so that this run plans it again. Nothing is ever sent blindly: where the
 * destination cannot be asked, an idempotent one simply gets the row again by the normal way, and for
 * any other the row stays in doubt and is parked, until a person rules on it or says --full.
 */
#include <string.h>

#include "pipeline/segment.h"

enum { CHUNK = 64 };

struct settling {
	struct segment *seg;
	struct arena arena;
	uint64_t group;
	struct snap_intent *intents;	/* the group's rows */
	size_t n;
	struct snap_intent *left;	/* those that stay in doubt */
	size_t n_left;
	struct snap_op *ops;
	size_t n_ops;
	int64_t delivered, again;
};

/* False when the destination cannot be asked: made with another mapping, and nothing else says who it is. */
static bool decode(struct settling *s, size_t i, struct ferry_action *to)
{
	const struct ferry_layout *layout = &s->seg->layout;
	struct ferry_value *values = arena_alloc0(&s->arena, layout->n + 1, sizeof *values);
	const struct snap_intent *in = &s->intents[i];
	struct buf key = BUF_INIT;

	bool whole = in->layout == s->seg->layout_id &&
		record_decode(in->record, in->record_len, values, layout->n) == (int)layout->n;
	key_form_show(in->key.p, in->key.len, s->seg->def->n_key, &key);
	*to = (struct ferry_action){
		.decision = in->decision,
		.key = arena_strndup(&s->arena, buf_str(&key), key.len),
		.key_len = key.len,
		.dest_id = in->dest_id,
		.fields = whole ? values : NULL,
	};
	buf_release(&key);
	return s->seg->dest->caps & FERRY_CAP_LOOKUP && (whole || in->dest_id_len);
}

static void op(struct settling *s, enum snap_op_kind kind, size_t i, const char *id, uint32_t flags)
{
	const struct snap_intent *in = &s->intents[i];
	struct snap_op *to = &s->ops[s->n_ops++];

	*to = (struct snap_op){.kind = kind, .key = in->key, .reason = "IN_DOUBT"};
	if (kind == SNAP_PUT)
		to->entry = (struct snap_entry){
			.flags = flags | (in->flags & SNAP_LINKED), .hash = in->hash, .dest_id = id, .dest_id_len = strlen(id), .layout = in->layout,
			/* an entry that is not sure keeps its record in any case: it says who is meant */
			.record = (s->seg->def->snapshot == SNAPSHOT_FULL || flags) && in->record_len ? in->record : NULL,
			.record_len = in->record_len,
		};
}

/* Settled, and to be planned again; a windowed source has to be asked for it. */
static void again(struct settling *s, size_t i)
{
	if (s->seg->source->caps & FERRY_CAP_WINDOWED)
		op(s, SNAP_PEND, i, "", 0);
	s->again++;
}

static void delivered(struct settling *s, size_t i)
{
	op(s, SNAP_UNPEND, i, "", 0);
	s->delivered++;
}

/* What is there is not sure; that it may be disabled must not be forgotten over that. */
static uint32_t unsure(const struct snap_intent *in)
{
	return SNAP_UNSURE | (in->flags & SNAP_DISABLED) | (in->decision == FERRY_DISABLE ? SNAP_DISABLED : 0);
}

/*
 * A person has said which record it became. An update of just that record is what the word has led to:
 * what came of it the word does not say.
 */
static bool says_who(const struct snap_intent *in, const struct ruling_def *said)
{
	return said->ruling == RULING_LINK && !(in->decision == FERRY_UPDATE &&
		in->dest_id_len == strlen(said->dest_id) && memcmp(in->dest_id, said->dest_id, in->dest_id_len) == 0);
}

/* Sending it again does no harm, but what is there until then is unknown. */
static void cannot_ask(struct settling *s, size_t i)
{
	const struct snap_intent *in = &s->intents[i];
	const struct ruling_def *said = problems_ruling(s->seg, in->key);

	if (said && says_who(in, said)) {
		op(s, SNAP_PUT, i, said->dest_id, unsure(in));
		again(s, i);
		problem_ruled(s->seg, in->key);
		return;
	}
	if (!(s->seg->dest->caps & FERRY_CAP_IDEMPOTENT) && !s->seg->options->full && !(said && said->retry)) {
		s->seg->intents_left++;
		s->left[s->n_left++] = *in;
		return;
	}
	bool may_be_absent = in->decision == FERRY_CREATE || in->decision == FERRY_DELETE || in->flags & SNAP_MAYBE;
	op(s, SNAP_PUT, i, in->dest_id, unsure(in) | (may_be_absent ? SNAP_MAYBE : 0));
	again(s, i);
	if (said)
		problem_ruled(s->seg, in->key);
}

static void judge(struct settling *s, size_t i, const struct ferry_action *action, const struct ferry_found *f)
{
	const struct ferry_connector *api = s->seg->dest->api;
	const struct snap_intent *in = &s->intents[i];
	struct ferry_pure pure = {.layout = &s->seg->layout};
	bool there = f->presence != FERRY_ABSENT, goes = in->decision == FERRY_DELETE;
	const char *id = f->dest_id && f->dest_id[0] ? arena_strdup(&s->arena, f->dest_id) : in->dest_id;

	/* it must be our record, or nothing is known */
	if (f->presence == FERRY_SEVERAL ||
	    (there && api->reconcile && action->fields && api->reconcile(&pure, action->fields, f) != FERRY_TIER_STRONG)) {
		cannot_ask(s, i);
	} else if (!there && (goes || in->decision == FERRY_DISABLE)) {
		op(s, SNAP_DELETE, i, "", 0);
		delivered(s, i);
	} else if (!there || goes) {
		again(s, i);
	} else if (s->seg->def->mode == FERRY_MODE_APPEND ||
		   (in->decision != FERRY_DISABLE && !(in->flags & SNAP_DISABLED) && action->fields && f->fields &&
		    segment_alike(s->seg, action->fields, f->fields))) {
		op(s, SNAP_PUT, i, id, 0);
		delivered(s, i);
	} else {
		/* it is there, but not as we would have it, or whether it is enabled cannot be seen */
		op(s, SNAP_PUT, i, id, unsure(in));
		again(s, i);
	}
}

static int settle_chunk(struct settling *s, size_t from, size_t to, struct ferry_error *err)
{
	struct ferry_action actions[CHUNK];
	struct ferry_found found[CHUNK] = {0};
	size_t asked[CHUNK], n = 0;

	for (size_t i = from; i < to; i++) {
		if (decode(s, i, &actions[n]))
			asked[n++] = i;
		else
			cannot_ask(s, i);
	}
	if (n && s->seg->dest->api->lookup(s->seg->dest->handle, actions, n, found, err) != 0)
		return ferry_within(err, "settling rows in doubt");
	for (size_t i = 0; i < n; i++)
		judge(s, asked[i], &actions[i], &found[i]);
	return 0;
}

/* What the destination says of a whole group becomes durable at once, with the end of its intents. */
static int settle_group(struct settling *s, struct ferry_error *err)
{
	s->n_ops = s->n_left = 0;
	s->ops = arena_alloc(&s->arena, (s->n * 2 + 1) * sizeof *s->ops);
	s->left = arena_alloc(&s->arena, s->n * sizeof *s->left);
	for (size_t i = 0; i < s->n; i += CHUNK) {
		if (report_cancelled(s->seg->report))
			return ferry_fail(err, FERRY_E_CANCELLED, "the run was cancelled");
		if (settle_chunk(s, i, i + CHUNK < s->n ? i + CHUNK : s->n, err) != 0)
			return -1;
		report_tick(s->seg->report);
	}
	if (s->n_left == s->n)
		return 0;
	s->ops[s->n_ops++] = (struct snap_op){.kind = SNAP_INTEND, .group = s->group,
		.intents = s->left, .n_intents = s->n_left};
	return snapshot_commit(s->seg->snapshot, s->ops, s->n_ops, err);
}

int settle_intents(struct segment *seg, struct ferry_error *err)
{
	struct settling *s = arena_alloc0(&seg->arena, 1, sizeof *s);
	int rc = 0;

	s->seg = seg;
	do {
		arena_reset(&s->arena);
		rc = snapshot_intents(seg->snapshot, s->group, &s->arena, &s->group, &s->intents, &s->n, err);
		if (rc == 0 && s->n)
			rc = settle_group(s, err);
	} while (rc == 0 && s->n);
	if (rc == 0 && (s->delivered || s->again || seg->intents_left))
		report_log(seg->report, seg->def->name, seg->stage, FERRY_LOG_WARN,
			   "an earlier run left rows in doubt: %lld had been delivered, %lld are planned again, %lld stay in doubt",
			   (long long)s->delivered, (long long)s->again, (long long)seg->intents_left);
	arena_release(&s->arena);
	return rc;
}
