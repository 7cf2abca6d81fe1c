/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_read.c - reading snapshots. No transaction outlives a call but a reader's own. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "store/snapshot_private.h"

bool snapshot_entry(struct kv_bytes v, struct snap_entry *e)
{
	const uint8_t *p = v.p;
	struct cut c = {p + ENTRY_HEAD, p + v.len, v.len < ENTRY_HEAD};
	uint64_t le = 0;

	if (c.bad)
		return false;
	e->flags = *p & (uint8_t)~HAS_RECORD;
	memcpy(&le, p + 1, ORDINAL_BYTES);
	e->ordinal = le64toh(le);
	memcpy(&e->hash, p + 1 + ORDINAL_BYTES, sizeof e->hash);
	e->dest_id = cut_bytes(&c, &e->dest_id_len);
	e->layout = 0;
	e->record = NULL;
	e->record_len = 0;
	if (*p & HAS_RECORD) {
		const void *layout = cut_raw(&c, sizeof e->layout);
		if (layout)
			memcpy(&e->layout, layout, sizeof e->layout);
		e->record_len = c.bad ? 0 : (size_t)(c.end - c.p);
		e->record = c.p;
	}
	return !c.bad;
}

static void intent_decode(struct cut *c, struct snap_intent *in)
{
	const void *p;

	memset(in, 0, sizeof *in);
	in->key.p = cut_bytes(c, &in->key.len);
	in->decision = (enum ferry_decision)cut_byte(c);
	c->bad |= in->decision >= FERRY_DECISIONS;
	in->run = (int64_t)cut_number(c);
	in->flags = (uint32_t)cut_number(c);
	p = cut_raw(c, sizeof in->hash);
	if (p)
		memcpy(&in->hash, p, sizeof in->hash);
	in->dest_id = cut_bytes(c, &in->dest_id_len);
	p = cut_raw(c, sizeof in->layout);
	if (p)
		memcpy(&in->layout, p, sizeof in->layout);
	in->record = cut_bytes(c, &in->record_len);
}

static int unreadable(struct snapshot *s, const char *table, struct ferry_error *err)
{
	return ferry_fail(err, FERRY_E_STORE_CORRUPT, "%s: table %s: a record cannot be read", kv_path(s->env), table);
}

bool snapshot_refusal(struct kv_bytes v, uint64_t *times, struct hash128 *hash, struct kv_bytes *code)
{
	struct cut c = cut_start(v);

	*times = cut_number(&c);
	const void *p = cut_raw(&c, sizeof *hash);
	if (p)
		memcpy(hash, p, sizeof *hash);
	code->p = cut_bytes(&c, &code->len);
	return !c.bad;
}

/* How many rows the groups hold together. */
static int count_intents(struct snapshot *s, struct kv_txn *txn, int64_t *ret, struct ferry_error *err)
{
	struct kv_cursor *cur;
	struct kv_bytes k, v;

	*ret = 0;
	if (kv_cursor_open(txn, INTENTS, &cur, err) != 0)
		return -1;
	int rc = kv_first(cur, &k, &v, err);
	for (; rc == 1; rc = kv_next(cur, &k, &v, err)) {
		struct cut c = cut_start(v);
		*ret += (int64_t)cut_number(&c);
		if (c.bad) {
			rc = unreadable(s, snapshot_tables[INTENTS], err);
			break;
		}
	}
	kv_cursor_close(cur);
	return rc < 0 ? -1 : 0;
}

int snapshot_refusals(struct snapshot *s, struct kv_bytes key, const struct hash128 *hash, const char *code,
		      int64_t *ret, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_bytes v, had;
	struct hash128 of;
	uint64_t times;

	*ret = 0;
	if (kv_begin(s->env, KV_READ, &txn, err) != 0)
		return -1;
	int rc = kv_get(txn, REFUSED, key, &v, err);
	if (rc == 1 && !snapshot_refusal(v, &times, &of, &had))
		rc = unreadable(s, snapshot_tables[REFUSED], err);
	if (rc == 1 && memcmp(&of, hash, sizeof of) == 0 &&
	    (!code || (had.len == strlen(code) && memcmp(had.p, code, had.len) == 0)))
		*ret = (int64_t)times;
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}

int snapshot_refused(struct snapshot *s, int64_t *ret, struct ferry_error *err)
{
	struct kv_txn *txn;

	if (kv_begin(s->env, KV_READ, &txn, err) != 0)
		return -1;
	*ret = kv_count(txn, REFUSED);
	kv_abort(txn);
	return 0;
}

int snapshot_counts(struct snapshot *s, int64_t *entries, int64_t *intents, int64_t *pending, struct ferry_error *err)
{
	struct kv_txn *txn;

	if (kv_begin(s->env, KV_READ, &txn, err) != 0)
		return -1;
	*entries = kv_count(txn, ENTRIES);
	*pending = kv_count(txn, PENDING);
	int rc = count_intents(s, txn, intents, err);
	kv_abort(txn);
	return rc;
}

struct snap_reader {
	struct snapshot *snapshot;
	struct kv_txn *txn;
	struct kv_cursor *cur;
	bool started;
	bool doubts_known;		/* keys with an intent, sorted; read when first asked for */
	struct kv_bytes *doubts;
	size_t n_doubts;
	struct arena arena;
};

/* ------------------------------------------------------------------ reading */

int snap_reader_open(struct snapshot *s, struct snap_reader **ret, struct ferry_error *err)
{
	struct snap_reader *r = ferry_alloc0(1, sizeof *r);

	r->snapshot = s;
	if (kv_begin(s->env, KV_READ, &r->txn, err) != 0 ||
	    kv_cursor_open(r->txn, ENTRIES, &r->cur, err) != 0) {
		snap_reader_close(r);
		return -1;
	}
	*ret = r;
	return 0;
}

void snap_reader_close(struct snap_reader *r)
{
	if (!r)
		return;
	kv_cursor_close(r->cur);
	kv_abort(r->txn);
	arena_release(&r->arena);
	free(r->doubts);
	free(r);
}

static int decode_or_fail(struct kv_bytes v, struct snap_entry *ret, struct ferry_error *err)
{
	if (snapshot_entry(v, ret))
		return 1;
	return ferry_fail(err, FERRY_E_STORE_CORRUPT, "snapshot: an entry cannot be read");
}

int snap_get(struct snap_reader *r, struct kv_bytes key, struct snap_entry *ret, struct ferry_error *err)
{
	struct kv_bytes v;
	int rc = kv_get(r->txn, ENTRIES, key, &v, err);

	return rc == 1 ? decode_or_fail(v, ret, err) : rc;
}

int snap_next(struct snap_reader *r, struct kv_bytes *key, struct snap_entry *ret, struct ferry_error *err)
{
	struct kv_bytes v;
	int rc = r->started ? kv_next(r->cur, key, &v, err) : kv_first(r->cur, key, &v, err);

	r->started = true;
	return rc == 1 ? decode_or_fail(v, ret, err) : rc;
}

static void *copy(struct arena *arena, const void *p, size_t n)
{
	return arena_strndup(arena, p ? p : "", n);
}

/* Take the next group after `after` apart; *ret_n is 0 at the end. Memory of the transaction. */
static int next_group(struct snapshot *s, struct kv_txn *txn, uint64_t after, struct arena *arena, uint64_t *ret_group,
		      struct snap_intent **ret, size_t *ret_n, struct ferry_error *err)
{
	struct kv_cursor *cur;
	struct kv_bytes k, v;
	uint8_t be[8];

	*ret_n = 0;
	kv_be64(be, after + 1);
	if (kv_cursor_open(txn, INTENTS, &cur, err) != 0)
		return -1;
	int rc = kv_seek(cur, (struct kv_bytes){be, sizeof be}, &k, &v, err);
	kv_cursor_close(cur);
	if (rc <= 0)
		return rc;
	struct cut c = cut_start(v);
	uint64_t n = cut_number(&c);
	/* each takes several bytes, so this bounds what a damaged number can ask for */
	if (c.bad || n > v.len || k.len != 8)
		return unreadable(s, snapshot_tables[INTENTS], err);
	*ret = arena_alloc0(arena, n, sizeof **ret);
	for (size_t i = 0; i < n && !c.bad; i++)
		intent_decode(&c, &(*ret)[i]);
	if (c.bad || c.p != c.end)
		return unreadable(s, snapshot_tables[INTENTS], err);
	*ret_group = kv_get_be64(k.p);
	*ret_n = n;
	return 0;
}

int snapshot_intents(struct snapshot *s, uint64_t after, struct arena *arena, uint64_t *ret_group,
		     struct snap_intent **ret, size_t *ret_n, struct ferry_error *err)
{
	struct kv_txn *txn;

	if (kv_begin(s->env, KV_READ, &txn, err) != 0)
		return -1;
	int rc = next_group(s, txn, after, arena, ret_group, ret, ret_n, err);
	for (size_t i = 0; rc == 0 && i < *ret_n; i++) {
		struct snap_intent *in = &(*ret)[i];
		in->key.p = copy(arena, in->key.p, in->key.len);
		in->dest_id = copy(arena, in->dest_id, in->dest_id_len);
		in->record = copy(arena, in->record, in->record_len);
	}
	kv_abort(txn);
	return rc;
}

int snapshot_last_group(struct snapshot *s, uint64_t *ret, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes k, v;

	*ret = 0;
	if (kv_begin(s->env, KV_READ, &txn, err) != 0)
		return -1;
	int rc = kv_cursor_open(txn, INTENTS, &cur, err);
	if (rc == 0) {
		rc = kv_last(cur, &k, &v, err);
		if (rc == 1 && k.len == 8)
			*ret = kv_get_be64(k.p);
		kv_cursor_close(cur);
	}
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}

static int compare_keys(const void *a, const void *b)
{
	return kv_compare(*(const struct kv_bytes *)a, *(const struct kv_bytes *)b);
}

/* Few, if any: the rows of the batches that were under way when a run died and could not be settled. */
static int read_doubts(struct snap_reader *r, struct ferry_error *err)
{
	uint64_t group = 0;
	struct snap_intent *intents;
	size_t n;

	for (;;) {
		if (next_group(r->snapshot, r->txn, group, &r->arena, &group, &intents, &n, err) != 0)
			return -1;
		if (!n)
			break;
		r->doubts = ferry_realloc(r->doubts, r->n_doubts + n, sizeof *r->doubts);
		for (size_t i = 0; i < n; i++)
			r->doubts[r->n_doubts++] = intents[i].key;
	}
	if (r->n_doubts)
		qsort(r->doubts, r->n_doubts, sizeof *r->doubts, compare_keys);
	r->doubts_known = true;
	return 0;
}

int snap_has_intent(struct snap_reader *r, struct kv_bytes key, struct ferry_error *err)
{
	if (!r->doubts_known && read_doubts(r, err) != 0)
		return -1;
	return r->n_doubts && bsearch(&key, r->doubts, r->n_doubts, sizeof key, compare_keys) != NULL;
}

int snapshot_pending(struct snapshot *s, struct kv_bytes after, size_t max, struct arena *arena,
		     struct kv_bytes **ret_keys, size_t *ret_n, struct ferry_error *err)
{
	struct kv_bytes *keys = arena_alloc(arena, max * sizeof *keys);
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes k, v;
	size_t n = 0;

	*ret_keys = keys;
	if (kv_begin(s->env, KV_READ, &txn, err) != 0)
		return -1;
	int rc = kv_cursor_open(txn, PENDING, &cur, err);
	if (rc != 0) {
		kv_abort(txn);
		return -1;
	}
	rc = after.len ? kv_seek(cur, after, &k, &v, err) : kv_first(cur, &k, &v, err);
	if (rc == 1 && after.len && kv_compare(k, after) == 0)
		rc = kv_next(cur, &k, &v, err);
	for (; rc == 1 && n < max; rc = kv_next(cur, &k, &v, err))
		keys[n++] = (struct kv_bytes){copy(arena, k.p, k.len), k.len};
	kv_cursor_close(cur);
	kv_abort(txn);
	*ret_n = n;
	return rc < 0 ? -1 : 0;
}
