/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_store.c - writing and reading plans. One LMDB environment per run.
 *
 * Entries: segment index (2 bytes), key form -> decision, tier, flags, reason, destination id, hash,
 * record, before. Headers: segment index -> JSON, written last: without it the part is not complete.
 */
#include "store/plan_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/plan_private.h"
#include "wire/json.h"

enum { GROUP_BYTES = 4 << 20 };

const char *const plan_tables[] = {"entries", "headers", NULL};

static char *plan_path(const char *state_dir, int64_t run)
{
	return ferry_asprintf("%s/plans/%lld", state_dir, (long long)run);
}

int plan_open_read(const char *state_dir, int64_t run, struct plan_store **ret, struct ferry_error *err)
{
	struct plan_store *p = ferry_alloc0(1, sizeof *p);
	char *path = plan_path(state_dir, run);
	int rc = kv_open_read(path, "plan", PLAN_VERSION, plan_tables, &p->env, err);

	free(path);
	if (rc != 0) {
		free(p);
		return -1;
	}
	*ret = p;
	return 0;
}

void plan_close(struct plan_store *p)
{
	if (!p)
		return;
	kv_close(p->env);
	buf_release(&p->bytes);
	free(p->waiting);
	free(p->duplicates);
	free(p);
}

void plan_remove(const char *state_dir, int64_t run)
{
	static const char *const files[] = {"data.mdb", "lock.mdb"};
	char *path = plan_path(state_dir, run);

	for (int i = 0; i < 2; i++) {
		char *file = ferry_asprintf("%s/%s", path, files[i]);
		unlink(file);
		free(file);
	}
	rmdir(path);
	free(path);
}

int plan_create(const char *state_dir, int64_t run, struct plan_store **ret, struct ferry_error *err)
{
	struct plan_store *p = ferry_alloc0(1, sizeof *p);
	char *path = plan_path(state_dir, run);

	/* what a state folder put back from a backup may hold under this number is another run's */
	plan_remove(state_dir, run);
	int rc = kv_open(path, "plan", PLAN_VERSION, plan_tables, &p->env, err);

	free(path);
	if (rc != 0) {
		free(p);
		return -1;
	}
	*ret = p;
	return 0;
}

/* ------------------------------------------------------------------ writing */

void plan_begin(struct plan_store *p, size_t index, bool ordered,
		void (*duplicate)(void *ctx, const struct plan_entry *e), void *ctx)
{
	p->index = index;
	p->ordered = ordered;
	p->duplicate = duplicate;
	p->ctx = ctx;
	memset(p->entries, 0, sizeof p->entries);
}

static void put_length(struct buf *b, size_t n)
{
	uint32_t v = (uint32_t)n;
	buf_add(b, &v, sizeof v);
}

static void put_text(struct buf *b, const void *s, size_t n)
{
	put_length(b, n);
	buf_add(b, s, n);
}

enum { HAS_RECORD = 1 << 6, HAS_BEFORE = 1 << 7 };

static void encode(const struct plan_entry *e, struct buf *b)
{
	buf_addc(b, (char)e->decision);
	buf_addc(b, (char)e->tier);
	buf_addc(b, (char)(e->flags | (e->record ? HAS_RECORD : 0) | (e->before ? HAS_BEFORE : 0)));
	put_text(b, e->reason, strlen(e->reason));
	put_text(b, e->dest_id, e->dest_id_len);
	buf_add(b, &e->hash, sizeof e->hash);
	if (e->record)
		put_text(b, e->record, e->record_len);
	if (e->before)
		put_text(b, e->before, e->before_len);
}

static size_t take_length(const uint8_t **p, const uint8_t *end)
{
	uint32_t v = 0;

	if (end - *p < (ptrdiff_t)sizeof v) {
		*p = NULL;
		return 0;
	}
	memcpy(&v, *p, sizeof v);
	*p += sizeof v;
	if (v > (size_t)(end - *p))
		*p = NULL;
	return v;
}

static const void *take_text(const uint8_t **p, const uint8_t *end, size_t *len)
{
	if (!*p)
		return NULL;
	*len = take_length(p, end);
	const void *s = *p;
	if (*p)
		*p += *len;
	return s;
}

bool plan_decode(struct kv_bytes v, struct arena *arena, struct plan_entry *e)
{
	const uint8_t *p = v.p, *end = p + v.len;
	size_t n;

	memset(e, 0, sizeof *e);
	if (v.len < 3 || p[0] >= FERRY_DECISIONS || p[1] > FERRY_TIER_AMBIGUOUS)
		return false;
	e->decision = (enum ferry_decision)p[0];
	e->tier = (enum ferry_tier)p[1];
	uint8_t flags = p[2];
	e->flags = flags & (uint8_t)~(HAS_RECORD | HAS_BEFORE);
	p += 3;
	const char *reason = take_text(&p, end, &n);
	e->reason = reason ? arena_strndup(arena, reason, n) : "";
	e->dest_id = take_text(&p, end, &e->dest_id_len);
	if (!p || (size_t)(end - p) < sizeof e->hash)
		return false;
	memcpy(&e->hash, p, sizeof e->hash);
	p += sizeof e->hash;
	if (flags & HAS_RECORD)
		e->record = take_text(&p, end, &e->record_len);
	if (p && flags & HAS_BEFORE)
		e->before = take_text(&p, end, &e->before_len);
	return p != NULL;
}

void plan_key(struct buf *b, size_t index, struct kv_bytes key)
{
	buf_addc(b, (char)(index >> 8));
	buf_addc(b, (char)index);
	buf_add(b, key.p, key.len);
}

static struct kv_bytes part(const struct plan_store *p, size_t off, size_t len)
{
	return (struct kv_bytes){p->bytes.s + off, len};
}

static int write_waiting(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	struct plan_store *p = ctx;

	(void)err;
	p->n_duplicates = 0;
	for (size_t i = 0; i < p->n_waiting; i++) {
		const struct plan_waiting *w = &p->waiting[i];
		struct kv_bytes key = part(p, w->key, w->key_len), value = part(p, w->value, w->value_len);
		if (p->ordered)
			kv_append(txn, PLAN_ENTRIES, key, value);
		else if (kv_insert(txn, PLAN_ENTRIES, key, value) == 1)
			p->duplicates[p->n_duplicates++] = i;
	}
	return 0;
}

int plan_flush(struct plan_store *p, struct ferry_error *err)
{
	struct arena arena = ARENA_INIT;

	if (!p->n_waiting)
		return 0;
	p->duplicates = ferry_realloc(p->duplicates, p->n_waiting, sizeof *p->duplicates);
	if (kv_update(p->env, write_waiting, p, err) != 0)
		return -1;
	for (size_t i = 0; i < p->n_duplicates; i++) {
		const struct plan_waiting *w = &p->waiting[p->duplicates[i]];
		struct plan_entry e;
		bool ok = plan_decode(part(p, w->value, w->value_len), &arena, &e);
		FERRY_ASSERT(ok);
		e.key = part(p, w->key + 2, w->key_len - 2);
		p->entries[e.decision]--;
		p->duplicate(p->ctx, &e);
	}
	arena_release(&arena);
	p->n_waiting = 0;
	buf_reset(&p->bytes);
	return 0;
}

int plan_add(struct plan_store *p, const struct plan_entry *e, struct ferry_error *err)
{
	if (p->n_waiting == p->cap_waiting) {
		p->cap_waiting = p->cap_waiting ? p->cap_waiting * 2 : 256;
		p->waiting = ferry_realloc(p->waiting, p->cap_waiting, sizeof *p->waiting);
	}
	struct plan_waiting *w = &p->waiting[p->n_waiting++];
	w->key = p->bytes.len;
	plan_key(&p->bytes, p->index, e->key);
	w->key_len = p->bytes.len - w->key;
	w->value = p->bytes.len;
	encode(e, &p->bytes);
	w->value_len = p->bytes.len - w->value;
	p->entries[e->decision]++;
	return p->bytes.len >= GROUP_BYTES ? plan_flush(p, err) : 0;
}

static void counts_json(const int64_t *counts, const char *key, struct buf *b)
{
	jw_open(b, key, '[');
	for (int i = 0; i < FERRY_DECISIONS; i++)
		jw_int(b, NULL, counts[i]);
	jw_close(b, ']');
}

static void header_json(const struct plan_header *h, const int64_t *entries, struct buf *b)
{
	jw_open(b, NULL, '{');
	jw_text(b, "segment", h->segment);
	jw_text(b, "definition", h->definition);
	jw_int(b, "generation", (int64_t)h->generation);
	jw_bool(b, "full", h->full);
	jw_bool(b, "reset", h->reset);
	jw_bool(b, "truncated", h->truncated);
	jw_int(b, "key_parts", (int64_t)h->key_parts);
	jw_open(b, "names", '[');
	for (size_t i = 0; i < h->n_names; i++)
		jw_text(b, NULL, h->names[i]);
	jw_close(b, ']');
	jw_open(b, "sensitive", '[');
	for (size_t i = 0; i < h->n_names; i++)
		jw_bool(b, NULL, h->sensitive[i]);
	jw_close(b, ']');
	counters_json(&h->counters, "counters", b);
	counts_json(h->decisions, "decisions", b);
	counts_json(entries, "entries", b);
	jw_open(b, "reasons", '{');
	for (size_t i = 0; i < h->n_reasons; i++)
		jw_int(b, h->reasons[i].code, h->reasons[i].n);
	jw_close(b, '}');
	jw_close(b, '}');
}

struct header_write {
	uint8_t key[2];
	struct buf json;
};

static int write_header(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	struct header_write *w = ctx;

	(void)err;
	kv_put(txn, PLAN_HEADERS, (struct kv_bytes){w->key, 2}, (struct kv_bytes){w->json.s, w->json.len});
	return 0;
}

int plan_end(struct plan_store *p, const struct plan_header *h, struct ferry_error *err)
{
	struct header_write w = {{(uint8_t)(p->index >> 8), (uint8_t)p->index}, BUF_INIT};

	if (plan_flush(p, err) != 0)
		return -1;
	header_json(h, p->entries, &w.json);
	int rc = kv_update(p->env, write_header, &w, err);
	buf_release(&w.json);
	return rc;
}
