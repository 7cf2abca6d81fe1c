/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_match.c - what matching needs while a plan is made: the destination's own records, findable by
 * what the match rules compare, and the claims that keys of the source lay to them. On disk, beside
 * the plan, since a destination may hold millions.
 *
 * There: segment, destination id -> record. Keys: segment, rule, hash of what it compares,
 * destination id -> nothing. Claims: segment, destination id with its length, key form -> nothing.
 */
#include <string.h>

#include "store/plan_private.h"

enum { ID_MAX = 127 };			/* as long as an outcome's id can be */

static void put_index(struct buf *b, size_t index)
{
	char head[2] = {(char)(index >> 8), (char)index};
	buf_add(b, head, sizeof head);
}

/* ------------------------------------------------------- what is over there */

static void rule_key(struct buf *b, size_t index, size_t rule, const struct hash128 *key)
{
	put_index(b, index);
	buf_addc(b, (char)rule);
	buf_add(b, key, sizeof *key);
}

int plan_there_add(struct plan_store *p, const char *dest_id, const void *record, size_t len,
		   const struct hash128 *keys, const bool *has, size_t n_rules, struct ferry_error *err)
{
	struct plan_group *there = &p->there, *by_key = &p->keys;

	group_key(there);
	put_index(&there->bytes, p->index);
	buf_adds(&there->bytes, dest_id);
	group_value(there);
	buf_add(&there->bytes, record, len);
	group_end(there);
	for (size_t i = 0; i < n_rules; i++) {
		if (!has[i])
			continue;
		group_key(by_key);
		rule_key(&by_key->bytes, p->index, i, &keys[i]);
		buf_adds(&by_key->bytes, dest_id);
		group_value(by_key);
		group_end(by_key);
	}
	return plan_write_large(p, there, PLAN_THERE, err) != 0 ? -1 : plan_write_large(p, by_key, PLAN_KEYS, err);
}

static int forget_there(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	(void)ctx, (void)err;
	kv_clear(txn, PLAN_THERE);
	kv_clear(txn, PLAN_KEYS);
	return 0;
}

int plan_there_done(struct plan_store *p, bool keep, struct ferry_error *err)
{
	if (keep)
		return plan_write_group(p, &p->there, PLAN_THERE, err) != 0 ? -1
			: plan_write_group(p, &p->keys, PLAN_KEYS, err);
	group_reset(&p->there);
	group_reset(&p->keys);
	return kv_update(p->env, forget_there, NULL, err);
}

/* The record's fields, by its id; a hit without them is still a hit. */
static int fetch(struct kv_txn *txn, size_t index, const char *dest_id, struct arena *arena, struct plan_hit *hit,
		 struct ferry_error *err)
{
	struct buf key = BUF_INIT;
	struct kv_bytes v;

	put_index(&key, index);
	buf_adds(&key, dest_id);
	int rc = kv_get(txn, PLAN_THERE, (struct kv_bytes){key.s, key.len}, &v, err);
	buf_release(&key);
	*hit = (struct plan_hit){.dest_id = dest_id};
	if (rc == 1 && v.len) {
		hit->record = arena_strndup(arena, v.p, v.len);
		hit->record_len = v.len;
	}
	return rc < 0 ? -1 : 0;
}

int plan_there_find(struct plan_store *p, size_t rule, const struct hash128 *key, struct arena *arena,
		    struct plan_hit *ret, size_t max, size_t *ret_n, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes k, v;
	struct buf wanted = BUF_INIT;
	size_t n = 0;

	*ret_n = 0;
	if (kv_begin(p->env, KV_READ, &txn, err) != 0)
		return -1;
	if (kv_cursor_open(txn, PLAN_KEYS, &cur, err) != 0) {
		kv_abort(txn);
		return -1;
	}
	rule_key(&wanted, p->index, rule, key);
	int rc = kv_seek(cur, (struct kv_bytes){wanted.s, wanted.len}, &k, &v, err);
	for (; rc == 1 && n < max && k.len >= wanted.len && memcmp(k.p, wanted.s, wanted.len) == 0;
	     rc = kv_next(cur, &k, &v, err)) {
		const char *id = arena_strndup(arena, (const char *)k.p + wanted.len, k.len - wanted.len);
		if (fetch(txn, p->index, id, arena, &ret[n++], err) != 0) {
			rc = -1;
			break;
		}
	}
	buf_release(&wanted);
	kv_cursor_close(cur);
	kv_abort(txn);
	*ret_n = n;
	return rc < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------- claims */

/* The id's length first, so that no id is the start of another's claims. */
static void claim_key(struct buf *b, size_t index, const char *dest_id, size_t id_len)
{
	put_index(b, index);
	buf_addc(b, (char)id_len);
	buf_add(b, dest_id, id_len);
}

int plan_claim(struct plan_store *p, const char *dest_id, size_t id_len, struct kv_bytes form, struct ferry_error *err)
{
	struct plan_group *g = &p->claims;

	/* longer ids are not watched */
	if (id_len > ID_MAX || id_len + form.len + 3 > KV_KEY_MAX)
		return 0;
	group_key(g);
	claim_key(&g->bytes, p->index, dest_id, id_len);
	buf_add(&g->bytes, form.p, form.len);
	group_value(g);
	group_end(g);
	return plan_write_large(p, g, PLAN_CLAIMS, err);
}

int plan_claims_done(struct plan_store *p, struct ferry_error *err)
{
	return plan_write_group(p, &p->claims, PLAN_CLAIMS, err);
}

int plan_claims_of(struct plan_store *p, struct kv_bytes dest_id, struct kv_bytes form,
		   void (*fn)(void *ctx, struct kv_bytes dest_id, struct kv_bytes form), void *ctx, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes k, v;
	struct buf wanted = BUF_INIT;

	if (dest_id.len > ID_MAX)
		return 0;
	if (kv_begin(p->env, KV_READ, &txn, err) != 0)
		return -1;
	if (kv_cursor_open(txn, PLAN_CLAIMS, &cur, err) != 0) {
		kv_abort(txn);
		return -1;
	}
	claim_key(&wanted, p->index, dest_id.p, dest_id.len);
	int rc = kv_seek(cur, (struct kv_bytes){wanted.s, wanted.len}, &k, &v, err);
	for (; rc == 1 && k.len >= wanted.len && memcmp(k.p, wanted.s, wanted.len) == 0; rc = kv_next(cur, &k, &v, err)) {
		struct kv_bytes by = {(const char *)k.p + wanted.len, k.len - wanted.len};
		if (kv_compare(by, form) != 0)
			fn(ctx, dest_id, by);
	}
	buf_release(&wanted);
	kv_cursor_close(cur);
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}

int plan_claims_each(struct plan_store *p, void (*fn)(void *ctx, struct kv_bytes dest_id, struct kv_bytes form),
		     void *ctx, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes k, v;
	uint8_t start[2] = {(uint8_t)(p->index >> 8), (uint8_t)p->index};

	if (kv_begin(p->env, KV_READ, &txn, err) != 0)
		return -1;
	if (kv_cursor_open(txn, PLAN_CLAIMS, &cur, err) != 0) {
		kv_abort(txn);
		return -1;
	}
	int rc = kv_seek(cur, (struct kv_bytes){start, sizeof start}, &k, &v, err);
	for (; rc == 1 && plan_in_part(k, p->index) && k.len > 3; rc = kv_next(cur, &k, &v, err)) {
		const uint8_t *s = k.p;
		size_t id_len = s[2];
		if (k.len < 3 + id_len)
			continue;
		fn(ctx, (struct kv_bytes){s + 3, id_len}, (struct kv_bytes){s + 3 + id_len, k.len - 3 - id_len});
	}
	kv_cursor_close(cur);
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}
