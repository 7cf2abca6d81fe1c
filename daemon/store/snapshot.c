/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - one LMDB environment per segment.
 *
 * Entry: flags, ordinal (5 bytes), hash, length and text of the destination id, and for a full
 * snapshot the layout number and the record. A group of intents: their number, then for each one the
 * key, decision, run, flags, hash, destination id, layout and record. One value for a whole batch
 * costs the tree one change where single ones would cost it two for every row. Refused: how often in
 * a row, hash of the record, the destination's code.
 */
#include "store/snapshot.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/snapshot_private.h"

const char *const snapshot_tables[] = {"entries", "intents", "pending", "info", "refused", NULL};

int snapshot_open(const char *state_dir, const char *sync, const char *segment, struct snapshot **ret,
		  struct ferry_error *err)
{
	char *path = ferry_asprintf("%s/snapshots/%s/%s", state_dir, sync, segment);
	struct kv_env *env;
	int rc = kv_open(path, "snapshot", SNAPSHOT_VERSION, snapshot_tables, &env, err);

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
	uint64_t le = htole64(e->ordinal);
	char *to = buf_room(b, ENTRY_HEAD + PACK_MAX + e->dest_id_len + sizeof e->layout + e->record_len);

	*to++ = (char)(e->flags | (e->record ? HAS_RECORD : 0));
	to = put_raw(to, &le, ORDINAL_BYTES);
	to = put_raw(to, &e->hash, sizeof e->hash);
	to = put_text(to, e->dest_id, e->dest_id_len);
	if (e->record) {
		to = put_raw(to, &e->layout, sizeof e->layout);
		to = put_raw(to, e->record, e->record_len);
	}
	pack_done(b, to);
}

static void intent_encode(const struct snap_intent *in, struct buf *b)
{
	char *to = buf_room(b, in->key.len + in->dest_id_len + in->record_len + sizeof in->hash + sizeof in->layout +
			    6 * PACK_MAX);

	to = put_text(to, in->key.p, in->key.len);
	*to++ = (char)in->decision;
	to = put_number(to, (uint64_t)in->run);
	to = put_number(to, in->flags);
	to = put_raw(to, &in->hash, sizeof in->hash);
	to = put_text(to, in->dest_id, in->dest_id_len);
	to = put_raw(to, &in->layout, sizeof in->layout);
	to = put_text(to, in->record, in->record_len);
	pack_done(b, to);
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

static void set_number(struct kv_txn *txn, const char *name, uint64_t n)
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
	e.ordinal = rc == 1 && snapshot_entry(v, &old) ? old.ordinal : ++list->ordinal;
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

/* Another record or another reason begins to count anew. */
static int put_refusal(struct kv_txn *txn, struct change_list *list, const struct snap_op *op, struct ferry_error *err)
{
	struct kv_bytes v, code;
	struct hash128 hash;
	uint64_t times = 0;
	int rc = kv_get(txn, REFUSED, op->key, &v, err);

	if (rc < 0)
		return -1;
	if (rc == 1 && (!snapshot_refusal(v, &times, &hash, &code) || memcmp(&hash, &op->hash, sizeof hash) != 0 ||
			code.len != strlen(op->reason) || memcmp(code.p, op->reason, code.len) != 0))
		times = 0;
	buf_reset(&list->scratch);
	pack_number(&list->scratch, times + 1);
	buf_add(&list->scratch, &op->hash, sizeof op->hash);
	pack_bytes(&list->scratch, op->reason, strlen(op->reason));
	kv_put(txn, REFUSED, op->key, (struct kv_bytes){list->scratch.s, list->scratch.len});
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
	case SNAP_REFUSE:
		return put_refusal(txn, list, op, err);
	case SNAP_UNREFUSE:
		kv_del(txn, REFUSED, op->key);
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
		set_number(txn, "ordinal", list->ordinal);
	if (list->entries)
		set_number(txn, "generation", generation + 1);
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
	set_number(txn, "generation", generation + 1);
	return 0;
}

int snapshot_clear(struct snapshot *s, struct ferry_error *err)
{
	return kv_update(s->env, clear_entries, NULL, err);
}

static int put_distrust(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	const char *since = ctx;
	uint64_t generation;

	if (get_number(txn, "generation", &generation, err) != 0)
		return -1;
	set_number(txn, "generation", generation + 1);
	kv_put(txn, INFO, text_bytes("note:restored"), text_bytes(since));
	return 0;
}

int snapshot_distrust(struct snapshot *s, const char *since, struct ferry_error *err)
{
	return kv_update(s->env, put_distrust, (char *)(uintptr_t)since, err);
}

static int del_distrust(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	(void)ctx;
	(void)err;
	kv_del(txn, INFO, text_bytes("note:restored"));
	return 0;
}

int snapshot_trust(struct snapshot *s, struct ferry_error *err)
{
	return kv_update(s->env, del_distrust, NULL, err);
}
