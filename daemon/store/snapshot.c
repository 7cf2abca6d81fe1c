/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - one LMDB environment per segment.
 *
 * Entry: flags, ordinal (varint), hash, length and text of the destination id, and for a full
 * snapshot the layout number and the record. Intent: decision, run, flags, hash, destination id,
 * layout, record.
 */
#include "store/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { ENTRIES, INTENTS, PENDING, INFO };
static const char *const tables[] = {"entries", "intents", "pending", "info", NULL};
enum { VERSION = 1, HAS_RECORD = 1 << 7 };

struct snapshot {
	struct kv_env *env;
};

struct snap_reader {
	struct kv_txn *txn;
	struct kv_cursor *cur;
	bool started;
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

static void put_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_addc(b, (char)(v | 0x80));
	buf_addc(b, (char)v);
}

struct cut {
	const uint8_t *p, *end;
	bool bad;
};

static uint64_t cut_varint(struct cut *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && c->p < c->end; shift += 7) {
		uint8_t b = *c->p++;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	c->bad = true;
	return 0;
}

static const void *cut_bytes(struct cut *c, size_t n)
{
	if (c->bad || n > (size_t)(c->end - c->p)) {
		c->bad = true;
		return NULL;
	}
	const void *p = c->p;
	c->p += n;
	return p;
}

static void put_id(struct buf *b, const char *id, size_t len)
{
	put_varint(b, len);
	buf_add(b, id, len);
}

static void entry_encode(const struct snap_entry *e, struct buf *b)
{
	buf_addc(b, (char)(e->flags | (e->record ? HAS_RECORD : 0)));
	put_varint(b, e->ordinal);
	buf_add(b, &e->hash, sizeof e->hash);
	put_id(b, e->dest_id, e->dest_id_len);
	if (e->record) {
		buf_add(b, &e->layout, sizeof e->layout);
		buf_add(b, e->record, e->record_len);
	}
}

static bool entry_decode(struct kv_bytes v, struct snap_entry *e)
{
	struct cut c = {v.p, (const uint8_t *)v.p + v.len, v.len == 0};
	const void *p;

	memset(e, 0, sizeof *e);
	if (c.bad)
		return false;
	uint8_t flags = *c.p++;
	e->flags = flags & (uint8_t)~HAS_RECORD;
	e->ordinal = cut_varint(&c);
	p = cut_bytes(&c, sizeof e->hash);
	if (p)
		memcpy(&e->hash, p, sizeof e->hash);
	e->dest_id_len = cut_varint(&c);
	e->dest_id = cut_bytes(&c, e->dest_id_len);
	if (flags & HAS_RECORD) {
		p = cut_bytes(&c, sizeof e->layout);
		if (p)
			memcpy(&e->layout, p, sizeof e->layout);
		e->record_len = c.bad ? 0 : (size_t)(c.end - c.p);
		e->record = c.p;
	}
	return !c.bad;
}

static void intent_encode(const struct snap_intent *in, struct buf *b)
{
	buf_addc(b, (char)in->decision);
	put_varint(b, (uint64_t)in->run);
	put_varint(b, in->flags);
	buf_add(b, &in->hash, sizeof in->hash);
	put_id(b, in->dest_id, in->dest_id_len);
	buf_add(b, &in->layout, sizeof in->layout);
	buf_add(b, in->record, in->record_len);
}

static bool intent_decode(struct kv_bytes v, struct snap_intent *in)
{
	struct cut c = {v.p, (const uint8_t *)v.p + v.len, v.len == 0};
	const void *p;

	memset(in, 0, sizeof *in);
	if (c.bad)
		return false;
	in->decision = (enum ferry_decision)*c.p++;
	in->run = (int64_t)cut_varint(&c);
	in->flags = (uint32_t)cut_varint(&c);
	p = cut_bytes(&c, sizeof in->hash);
	if (p)
		memcpy(&in->hash, p, sizeof in->hash);
	in->dest_id_len = cut_varint(&c);
	in->dest_id = cut_bytes(&c, in->dest_id_len);
	p = cut_bytes(&c, sizeof in->layout);
	if (p)
		memcpy(&in->layout, p, sizeof in->layout);
	if (c.bad || in->decision >= FERRY_DECISIONS)
		return false;
	in->record = c.p;
	in->record_len = (size_t)(c.end - c.p);
	return true;
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
};

static int put_entry(struct kv_txn *txn, struct change_list *list, const struct snap_op *op, struct ferry_error *err)
{
	struct snap_entry e = op->entry, old;
	struct kv_bytes v;
	int rc = kv_get(txn, ENTRIES, op->key, &v, err);

	if (rc < 0)
		return -1;
	e.ordinal = rc == 1 && entry_decode(v, &old) ? old.ordinal : ++list->ordinal;
	buf_reset(&list->scratch);
	entry_encode(&e, &list->scratch);
	kv_put(txn, ENTRIES, op->key, (struct kv_bytes){list->scratch.s, list->scratch.len});
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
		/* a plan made before may hold the same rows, and they may be over there from now on */
		list->entries = true;
		buf_reset(&list->scratch);
		intent_encode(&op->intent, &list->scratch);
		kv_put(txn, INTENTS, op->key, (struct kv_bytes){list->scratch.s, list->scratch.len});
		return 0;
	case SNAP_SETTLE:
		kv_del(txn, INTENTS, op->key);
		return 0;
	case SNAP_PEND:
		return put_pending(txn, list, op, err);
	case SNAP_UNPEND:
		kv_del(txn, PENDING, op->key);
		return 0;
	}
	return 0;
}

static int commit_all(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	struct change_list *list = ctx;
	uint64_t before, generation;

	list->entries = false;
	if (get_number(txn, "ordinal", &before, err) != 0 || get_number(txn, "generation", &generation, err) != 0)
		return -1;
	list->ordinal = before;
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

int snapshot_counts(struct snapshot *s, int64_t *entries, int64_t *intents, int64_t *pending, struct ferry_error *err)
{
	struct kv_txn *txn;

	if (kv_begin(s->env, KV_READ, &txn, err) != 0)
		return -1;
	*entries = kv_count(txn, ENTRIES);
	*intents = kv_count(txn, INTENTS);
	*pending = kv_count(txn, PENDING);
	kv_abort(txn);
	return 0;
}

/* ------------------------------------------------------------------ reading */

int snap_reader_open(struct snapshot *s, struct snap_reader **ret, struct ferry_error *err)
{
	struct snap_reader *r = ferry_alloc0(1, sizeof *r);

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

int snap_has_intent(struct snap_reader *r, struct kv_bytes key, struct ferry_error *err)
{
	struct kv_bytes v;
	return kv_get(r->txn, INTENTS, key, &v, err);
}

static void *copy(struct arena *arena, const void *p, size_t n)
{
	return arena_strndup(arena, p ? p : "", n);
}

/* Copy keys (and intents, when asked for) from after a key on. */
static int copy_keys(struct snapshot *s, int table, struct kv_bytes after, size_t max, struct arena *arena,
		     struct kv_bytes *keys, struct snap_intent *intents, size_t *ret_n, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes k, v;
	size_t n = 0;

	if (kv_begin(s->env, KV_READ, &txn, err) != 0)
		return -1;
	int rc = kv_cursor_open(txn, table, &cur, err);
	if (rc != 0) {
		kv_abort(txn);
		return -1;
	}
	rc = after.len ? kv_seek(cur, after, &k, &v, err) : kv_first(cur, &k, &v, err);
	if (rc == 1 && after.len && kv_compare(k, after) == 0)
		rc = kv_next(cur, &k, &v, err);
	for (; rc == 1 && n < max; rc = kv_next(cur, &k, &v, err)) {
		keys[n] = (struct kv_bytes){copy(arena, k.p, k.len), k.len};
		if (intents) {
			struct snap_intent *in = &intents[n];
			if (!intent_decode(v, in)) {
				rc = unreadable(s, tables[table], err);
				break;
			}
			in->dest_id = copy(arena, in->dest_id, in->dest_id_len);
			in->record = copy(arena, in->record, in->record_len);
		}
		n++;
	}
	kv_cursor_close(cur);
	kv_abort(txn);
	*ret_n = n;
	return rc < 0 ? -1 : 0;
}

int snapshot_intents(struct snapshot *s, struct kv_bytes after, size_t max, struct arena *arena,
		     struct kv_bytes **ret_keys, struct snap_intent **ret, size_t *ret_n, struct ferry_error *err)
{
	*ret_keys = arena_alloc(arena, max * sizeof **ret_keys);
	*ret = arena_alloc(arena, max * sizeof **ret);
	return copy_keys(s, INTENTS, after, max, arena, *ret_keys, *ret, ret_n, err);
}

int snapshot_pending(struct snapshot *s, struct kv_bytes after, size_t max, struct arena *arena,
		     struct kv_bytes **ret_keys, size_t *ret_n, struct ferry_error *err)
{
	*ret_keys = arena_alloc(arena, max * sizeof **ret_keys);
	return copy_keys(s, PENDING, after, max, arena, *ret_keys, NULL, ret_n, err);
}
