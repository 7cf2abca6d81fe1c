/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims.c - a record over there belongs to one key. When all rows have been matched, those that lead to
 * a record that is claimed twice, or linked with another key, become conflicts; unless that key is gone
 * and a person has said who its heir is.
 */
#include <stdlib.h>
#include <string.h>

#include "pipeline/match.h"

/* A key whose decision becomes a conflict; the holder of a claimed record only if it was to lose it. */
struct clash {
	struct kv_bytes form;
	const char *dest_id;
	bool holder;
	struct kv_bytes heir;		/* a holder's: who is to have the record, by a person's word */
};

struct claims {
	struct segment *seg;
	struct buf last_id;
	struct kv_bytes last_form;
	struct arena arena;
	struct clash *clashes;
	size_t n, cap;
};

static struct kv_bytes keep(struct claims *c, struct kv_bytes b)
{
	return (struct kv_bytes){arena_strndup(&c->arena, b.p, b.len), b.len};
}

static struct clash *note_clash(struct claims *c, struct kv_bytes form, struct kv_bytes dest_id)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->clashes = ferry_realloc(c->clashes, c->cap, sizeof *c->clashes);
	}
	c->clashes[c->n] = (struct clash){.form = keep(c, form), .dest_id = arena_strndup(&c->arena, dest_id.p, dest_id.len)};
	return &c->clashes[c->n++];
}

/* Claims come record by record: two in a row for the same one are a conflict of both keys. */
static void compare_claims(void *ctx, struct kv_bytes dest_id, struct kv_bytes form)
{
	struct claims *c = ctx;
	struct kv_bytes last = {c->last_id.s, c->last_id.len};

	if (last.len && kv_compare(dest_id, last) == 0) {
		if (c->last_form.p)
			note_clash(c, c->last_form, dest_id);
		c->last_form.p = NULL;
		note_clash(c, form, dest_id);
		return;
	}
	buf_reset(&c->last_id);
	buf_add(&c->last_id, dest_id.p, dest_id.len);
	c->last_form = keep(c, form);
}

static void note_claimer(void *ctx, struct kv_bytes dest_id, struct kv_bytes form)
{
	note_clash(ctx, form, dest_id);
}

/* The record is linked with this key already, and claimed by those that follow `before`. */
static void note_holder(struct claims *c, size_t before, struct kv_bytes form, struct kv_bytes dest_id)
{
	const struct ruling_def *said = problems_ruling(c->seg, c->clashes[before].form);

	if (c->n == before + 1 && said && said->ruling == RULING_LINK) {
		struct clash *only = &c->clashes[before];
		only->heir = only->form;
		only->form = keep(c, form);
		only->holder = true;
		return;
	}
	note_clash(c, form, dest_id)->holder = true;
}

static int find_held(struct claims *c, struct ferry_error *err)
{
	struct segment *seg = c->seg;
	struct snap_reader *r;
	struct kv_bytes key;
	struct snap_entry e;

	if (seg->reset)
		return 0;
	if (snap_reader_open(seg->snapshot, &r, err) != 0)
		return -1;
	int rc = snap_next(r, &key, &e, err);
	while (rc == 1) {
		struct kv_bytes dest_id = {e.dest_id, e.dest_id_len};
		size_t before = c->n;
		if (e.dest_id_len && !(e.flags & SNAP_MAYBE) &&
		    plan_claims_of(seg->plan, dest_id, key, note_claimer, c, err) != 0) {
			rc = -1;
			break;
		}
		if (c->n > before)
			note_holder(c, before, key, dest_id);
		rc = snap_next(r, &key, &e, err);
	}
	snap_reader_close(r);
	return rc < 0 ? -1 : 0;
}

enum { GOES = 1u << FERRY_DELETE | 1u << FERRY_DISABLE };

/* 1 when the entry's decision was one of `which` and is the one of `to` now. */
static int change(struct segment *seg, struct kv_bytes form, uint32_t which, const struct plan_entry *to,
		  struct ferry_error *err)
{
	struct plan_entry was;
	int rc = plan_amend(seg->plan, form, which, to, &was, err);

	if (rc <= 0)
		return rc;
	segment_uncount(seg, &was);
	segment_count(seg, to->decision, to->reason);
	return 1;
}

/* A holder that is gone gives its record to the one that a person has said it belongs to. */
static int hand_over(struct segment *seg, const struct clash *clash, struct ferry_error *err)
{
	static const struct plan_entry let_go = {
		.decision = FERRY_SKIP, .reason = "MISSING_UPSTREAM_IGNORED", .flags = PLAN_FORGET,
	};

	return clash->heir.p ? change(seg, clash->form, GOES, &let_go, err) : 0;
}

static int amend(struct segment *seg, const struct clash *clash, struct ferry_error *err)
{
	static const struct plan_entry conflict = {.decision = FERRY_CONFLICT, .reason = "TARGET_CLAIMED_TWICE"};
	struct plan_hit record = {.dest_id = clash->dest_id};
	bool holder = clash->holder && !clash->heir.p;
	struct kv_bytes form = clash->heir.p ? clash->heir : clash->form;

	int rc = hand_over(seg, clash, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	rc = change(seg, form, holder ? GOES : ~(1u << FERRY_CONFLICT), &conflict, err);
	if (rc <= 0)
		return rc;
	problem_report(seg, &(struct problem){.form = form, .group = problem_group(conflict.reason), .code = conflict.reason,
		.candidates = &record, .n_candidates = !holder,
		.message = holder ? "It is to go, and another key claims its record over there."
			: "Another key leads to the same record over there."});
	return 0;
}

int match_claims(struct segment *seg, struct ferry_error *err)
{
	struct claims c = {.seg = seg};
	int rc;

	if (!seg->match.claims)
		return 0;
	rc = plan_claims_done(seg->plan, err);
	if (rc == 0)
		rc = plan_claims_each(seg->plan, compare_claims, &c, err);
	if (rc == 0)
		rc = find_held(&c, err);
	for (size_t i = 0; rc == 0 && i < c.n; i++)
		rc = amend(seg, &c.clashes[i], err);
	free(c.clashes);
	buf_release(&c.last_id);
	arena_release(&c.arena);
	return rc;
}
