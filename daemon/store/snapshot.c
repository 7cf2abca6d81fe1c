/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - one LMDB environment per segment.
 *
 * Entry: flags, ordinal (varint), hash, length and text of the destination id, and for a full
 * snapshot the layout number and the record. A group of intents: their number, then for each one the
 * key, decision, run, flags, hash, destination id, layout and record. One value for a whole batch
 * costs the tree one change where single ones would cost it two for every row.
 */
#include "store/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/pack.h"

enum { ENTRIES, INTENTS, PENDING, INFO };
static const char *const tables[] = {"entries", "intents", "pending", "info", NULL};
enum { VERSION = 1, HAS_RECORD = 1 << 7 };

struct snapshot {
	struct kv_env *env;
};

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

int snapshot_open(const char *state_dir, const char *sync, const char *segment, struct snapshot **ret,
		  struct ferry_error *err)
{
	char *path = ferry_asprintf("%s/snapshots/%s/%s", state_dir, sync, segment);
	struct kv_env *env;
	int rc = kv_open(path, "snapshot", VERSION, tables, &env, err);

	free(path);
	if (rc != 0)
		return -1;
	*ret = ferry_alloc(sizeof **ret);
	(*ret)->env = env;
	return 0;
}

void snapshot_close(struct snapshot *s)
{
	if (!s)
		return;
	kv_close(s->env);
	free(s);
}

/* ------------------------------------------------------------------- coding */

static void entry_encode(const struct snap_entry *e, struct buf *b)
{
	buf_addc(b, (char)(e->flags | (e->record ? HAS_RECORD : 0)));
	pack_number(b, e->ordinal);
	buf_add(b, &e->hash, sizeof e->hash);
	pack_bytes(b, e->dest_id, e->dest_id_len);
	if (e->record) {
		buf_add(b, &e->layout, sizeof e->layout);
		buf_add(b, e->record, e->record_len);
	}
}

static bool entry_decode(struct kv_bytes v, struct snap_entry *e)
{
	struct cut c = cut_start(v);
	const void *p;

	memset(e, 0, sizeof *e);
	uint8_t flags = cut_byte(&c);
	e->flags = flags & (uint8_t)~HAS_RECORD;
	e->ordinal = cut_number(&c);
	p = cut_raw(&c, sizeof e->hash);
	if (p)
		memcpy(&e->hash, p, sizeof e->hash);
	e->dest_id = cut_bytes(&c, &e->dest_id_len);
	if (flags & HAS_RECORD) {
		p = cut_raw(&c, sizeof e->layout);
		if (p)
			memcpy(&e->layout, p, sizeof e->layout);
		e->record_len = c.bad ? 0 : (size_t)(c.end - c.p);
		e->record = c.p;
	}
	return !c.bad;
}

static void intent_encode(const struct snap_intent *in, struct buf *b)
{
	pack_bytes(b, in->key.p, in->key.len);
	buf_addc(b, (char)in->decision);
	pack_number(b, (uint64_t)in->run);
	pack_number(b, in->flags);
	buf_add(b, &in->hash, sizeof in->hash);
	pack_bytes(b, in->dest_id, in->dest_id_len);
	buf_add(b, &in->layout, sizeof in->layout);
	pack_bytes(b, in->record, in->record_len);
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

/* ------------------------------------------------------------------ writing */

static struct kv_bytes text_bytes(const char *s)
{
	return (struct kv_bytes){s, strlen(s)};
}

static int get_number(struct kv_txn *txn, const char *name, uint64_t *ret, struct ferry_error *err)
{
	struct kv_bytes v;
	int rc = kv_get(txn, INFO, text_bytes(name), &v, err);

	*ret = rc == 1 && v.len == 8 ? kv_get_be64(v.p) : 0;
	return rc < 0 ? -1 : 0;
}

static void put_number(struct kv_txn *txn, const char *name, uint64_t n)
{
	uint8_t be[8];

	kv_be64(be, n);
	kv_put(txn, INFO, text_bytes(name), (struct kv_bytes){be, sizeof be});
}

struct change_list {
	const struct snap_op *ops;
	size_t n;
	struct buf scratch;
	uint64_t ordinal;
	bool entries;
	struct buf last;		/* the largest key, while puts come in ascending order beyond it */
	bool appending;
};

static struct kv_bytes encoded(struct change_list *list, const struct snap_entry *e)
{
	buf_reset(&list->scratch);
	entry_encode(e, &list->scratch);
	return (struct kv_bytes){list->scratch.s, list->scratch.len};
}

/*
 * A key beyond all others is appended: that is quick, and leaves pages full where inserting in
 * ascending order would leave them half empty.
 */
static bool may_append(struct change_list *list, struct kv_bytes key)
{
	struct kv_bytes last = {list->last.s, list->last.len};

	if (!list->appending || (last.len && kv_compare(key, last) <= 0))
		return false;
	buf_reset(&list->last);
	buf_add(&list->last, key.p, key.len);
	return true;
}

static int put_entry(struct kv_txn *txn, struct change_list *list, const struct snap_op *op, struct ferry_error *err)
{
	struct snap_entry e = op->entry, old;
	struct kv_bytes v;

	if (may_append(list, op->key)) {
		e.ordinal = ++list->ordinal;
		kv_append(txn, ENTRIES, op->key, encoded(list, &e));
		return 0;
	}
	int rc = kv_get(txn, ENTRIES, op->key, &v, err);
	if (rc < 0)
		return -1;
	e.ordinal = rc == 1 && entry_decode(v, &old) ? old.ordinal : ++list->ordinal;
	kv_put(txn, ENTRIES, op->key, encoded(list, &e));
	return 0;
}

static int put_group(struct kv_txn *txn, struct change_list *list, const struct snap_op *op, struct ferry_error *err)
{
	uint8_t be[8];
	struct kv_bytes v;

	kv_be64(be, op->group);
	if (!op->n_intents) {
		kv_del(txn, INTENTS, (struct kv_bytes){be, sizeof be});
		return 0;
	}
	int rc = kv_get(txn, INTENTS, (struct kv_bytes){be, sizeof be}, &v, err);
	if (rc < 0)
		return -1;
	/* a plan made before may hold the same rows, and they may be over there from now on */
	list->entries |= rc == 0;
	buf_reset(&list->scratch);
	pack_number(&list->scratch, op->n_intents);
	for (size_t i = 0; i < op->n_intents; i++)
		intent_encode(&op->intents[i], &list->scratch);
	kv_put(txn, INTENTS, (struct kv_bytes){be, sizeof be}, (struct kv_bytes){list->scratch.s, list->scratch.len});
	return 0;
}

/* Value of a pending key: the run count is kept so that a row that fails for ever can be told. */
static int put_pending(struct kv_txn *txn, struct change_list *list, const struct snap_op *op, struct ferry_error *err)
{
	struct kv_bytes v;
	uint64_t times = 0;
	int rc = kv_get(txn, PENDING, op->key, &v, err);

	if (rc < 0)
		return -1;
	if (rc == 1 && v.len >= 8)
		times = kv_get_be64(v.p);
	uint8_t be[8];
	kv_be64(be, times + 1);
	buf_reset(&list->scratch);
	buf_add(&list->scratch, be, sizeof be);
	buf_adds(&list->scratch, op->reason);
	kv_put(txn, PENDING, op->key, (struct kv_bytes){list->scratch.s, list->scratch.len});
	return 0;
}

static int apply_op(struct kv_txn *txn, struct change_list *list, const struct snap_op *op, struct ferry_error *err)
{
	switch (op->kind) {
	case SNAP_PUT:
		list->entries = true;
		return put_entry(txn, list, op, err);
	case SNAP_DELETE:
		list->entries = true;
		kv_del(txn, ENTRIES, op->key);
		return 0;
	case SNAP_INTEND:
		return put_group(txn, list, op, err);
	case SNAP_PEND:
		return put_pending(txn, list, op, err);
	case SNAP_UNPEND:
		kv_del(txn, PENDING, op->key);
		return 0;
	}
	return 0;
}

/* What the largest key is now; unknown (and no appending) when that cannot be read. */
static int find_last(struct kv_txn *txn, struct change_list *list, struct ferry_error *err)
{
	struct kv_cursor *cur;
	struct kv_bytes k, v;

	buf_reset(&list->last);
	if (kv_cursor_open(txn, ENTRIES, &cur, err) != 0)
		return -1;
	int rc = kv_last(cur, &k, &v, err);
	if (rc == 1)
		buf_add(&list->last, k.p, k.len);
	kv_cursor_close(cur);
	list->appending = rc >= 0;
	return rc < 0 ? -1 : 0;
}

static int commit_all(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	struct change_list *list = ctx;
	uint64_t before, generation;

	list->entries = false;
	if (get_number(txn, "ordinal", &before, err) != 0 || get_number(txn, "generation", &generation, err) != 0)
		return -1;
	list->ordinal = before;
	if (find_last(txn, list, err) != 0)
		return -1;
	for (size_t i = 0; i < list->n; i++)
		if (apply_op(txn, list, &list->ops[i], err) != 0)
			return -1;
	if (list->ordinal != before)
		put_number(txn, "ordinal", list->ordinal);
	if (list->entries)
		put_number(txn, "generation", generation + 1);
	return 0;
}

int snapshot_commit(struct snapshot *s, const struct snap_op *ops, size_t n, struct ferry_error *err)
{
	struct change_list list = {.ops = ops, .n = n};

	if (!n)
		return 0;
	int rc = kv_update(s->env, commit_all, &list, err);
	buf_release(&list.scratch);
	buf_release(&list.last);
	return rc;
}

int snapshot_generation(struct snapshot *s, uint64_t *ret, struct ferry_error *err)
{
	struct kv_txn *txn;

	if (kv_begin(s->env, KV_READ, &txn, err) != 0)
		return -1;
	int rc = get_number(txn, "generation", ret, err);
	kv_abort(txn);
	return rc;
}

int snapshot_note(struct snapshot *s, const char *name, struct arena *arena, const char **ret,
		  struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_bytes v;
	char key[64];

	snprintf(key, sizeof key, "note:%s", name);
	if (kv_begin(s->env, KV_READ, &txn, err) != 0)
		return -1;
	int rc = kv_get(txn, INFO, text_bytes(key), &v, err);
	*ret = rc == 1 ? arena_strndup(arena, v.p, v.len) : NULL;
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}

struct note {
	const char *key, *text;
};

static int put_note(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	const struct note *note = ctx;

	(void)err;
	kv_put(txn, INFO, text_bytes(note->key), text_bytes(note->text));
	return 0;
}

int snapshot_set_note(struct snapshot *s, const char *name, const char *text, struct ferry_error *err)
{
	char key[64];

	snprintf(key, sizeof key, "note:%s", name);
	struct note note = {key, text};
	return kv_update(s->env, put_note, &note, err);
}

static int clear_entries(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	uint64_t generation;

	(void)ctx;
	kv_clear(txn, ENTRIES);
	if (get_number(txn, "generation", &generation, err) != 0)
		return -1;
	put_number(txn, "generation", generation + 1);
	return 0;
}

int snapshot_clear(struct snapshot *s, struct ferry_error *err)
{
	return kv_update(s->env, clear_entries, NULL, err);
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
			rc = unreadable(s, tables[INTENTS], err);
			break;
		}
	}
	kv_cursor_close(cur);
	return rc < 0 ? -1 : 0;
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
	if (entry_decode(v, ret))
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
		return unreadable(s, tables[INTENTS], err);
	*ret = arena_alloc0(arena, n, sizeof **ret);
	for (size_t i = 0; i < n && !c.bad; i++)
		intent_decode(&c, &(*ret)[i]);
	if (c.bad || c.p != c.end)
		return unreadable(s, tables[INTENTS], err);
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
