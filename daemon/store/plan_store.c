/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_store.c - writing and reading plans. One LMDB environment per run.
 *
 * Entries: segment index (2 bytes), key form -> decision, tier, flags, number of the reason,
 * destination id, hash, record, before. Headers: segment index -> JSON, written last: without it the
 * part is not complete. Outcomes: segment index, decision, key form of the first -> those of one
 * batch. Raw: number (8 bytes) -> segment's name, record as JSON.
 */
#include "store/plan_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/pack.h"
#include "store/plan_private.h"
#include "wire/json.h"

const char *const plan_tables[] = {"entries", "headers", "outcomes", "raw", NULL};

static char *plan_path(const char *state_dir, int64_t run)
{
	return ferry_asprintf("%s/plans/%lld", state_dir, (long long)run);
}

static int open_plan(const char *state_dir, int64_t run, bool read_only, struct plan_store **ret, struct ferry_error *err)
{
	struct plan_store *p = ferry_alloc0(1, sizeof *p);
	char *path = plan_path(state_dir, run);
	int rc = read_only ? kv_open_read(path, "plan", PLAN_VERSION, plan_tables, &p->env, err)
		: kv_open(path, "plan", PLAN_VERSION, plan_tables, &p->env, err);

	free(path);
	if (rc != 0) {
		free(p);
		return -1;
	}
	*ret = p;
	return 0;
}

int plan_open_read(const char *state_dir, int64_t run, struct plan_store **ret, struct ferry_error *err)
{
	return open_plan(state_dir, run, true, ret, err);
}

int plan_open(const char *state_dir, int64_t run, struct plan_store **ret, struct ferry_error *err)
{
	/* opening for writing would make one */
	if (open_plan(state_dir, run, true, ret, err) != 0)
		return -1;
	plan_close(*ret);
	return open_plan(state_dir, run, false, ret, err);
}

void plan_close(struct plan_store *p)
{
	if (!p)
		return;
	kv_close(p->env);
	buf_release(&p->bytes);
	free(p->waiting);
	free(p->duplicates);
	for (size_t i = 0; i < p->n_codes; i++)
		free(p->codes[i]);
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
	/* what a state folder put back from a backup may hold under this number is another run's */
	plan_remove(state_dir, run);
	return open_plan(state_dir, run, false, ret, err);
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
	for (size_t i = 0; i < p->n_codes; i++)
		free(p->codes[i]);
	p->n_codes = 0;
}

/* The reason's number in this part. A part has few: the built-in ones and those of its own rules. */
static uint8_t code_number(struct plan_store *p, const char *reason)
{
	for (size_t i = 0; i < p->n_codes; i++)
		if (strcmp(p->codes[i], reason) == 0)
			return (uint8_t)i;
	FERRY_ASSERT(p->n_codes < PLAN_CODES_MAX);
	p->codes[p->n_codes] = ferry_strdup(reason);
	return (uint8_t)p->n_codes++;
}

enum { HAS_RECORD = 1 << 6, HAS_BEFORE = 1 << 7 };

static void encode(struct plan_store *p, const struct plan_entry *e)
{
	struct buf *b = &p->bytes;
	char head[4] = {
		(char)e->decision, (char)e->tier,
		(char)(e->flags | (e->record ? HAS_RECORD : 0) | (e->before ? HAS_BEFORE : 0)),
		(char)code_number(p, e->reason),
	};

	buf_add(b, head, sizeof head);
	pack_bytes(b, e->dest_id, e->dest_id_len);
	buf_add(b, &e->hash, sizeof e->hash);
	if (e->record)
		pack_bytes(b, e->record, e->record_len);
	if (e->before)
		pack_bytes(b, e->before, e->before_len);
}

bool plan_decode(struct kv_bytes v, const char *const *codes, size_t n_codes, struct plan_entry *e)
{
	struct cut c = cut_start(v);

	memset(e, 0, sizeof *e);
	e->decision = (enum ferry_decision)cut_byte(&c);
	e->tier = (enum ferry_tier)cut_byte(&c);
	uint8_t flags = cut_byte(&c), code = cut_byte(&c);
	if (e->decision >= FERRY_DECISIONS || e->tier > FERRY_TIER_AMBIGUOUS || code >= n_codes)
		return false;
	e->flags = flags & (uint8_t)~(HAS_RECORD | HAS_BEFORE);
	e->reason = codes[code];
	e->dest_id = cut_bytes(&c, &e->dest_id_len);
	const void *hash = cut_raw(&c, sizeof e->hash);
	if (hash)
		memcpy(&e->hash, hash, sizeof e->hash);
	if (flags & HAS_RECORD)
		e->record = cut_bytes(&c, &e->record_len);
	if (flags & HAS_BEFORE)
		e->before = cut_bytes(&c, &e->before_len);
	return !c.bad;
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

struct write {
	struct plan_store *p;
	int table;
};

static int write_waiting(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	struct write *job = ctx;
	struct plan_store *p = job->p;

	(void)err;
	p->n_duplicates = 0;
	for (size_t i = 0; i < p->n_waiting; i++) {
		const struct plan_waiting *w = &p->waiting[i];
		struct kv_bytes key = part(p, w->key, w->key_len), value = part(p, w->value, w->value_len);
		if (job->table != PLAN_ENTRIES)
			kv_put(txn, job->table, key, value);
		else if (p->ordered)
			kv_append(txn, PLAN_ENTRIES, key, value);
		else if (kv_insert(txn, PLAN_ENTRIES, key, value) == 1)
			p->duplicates[p->n_duplicates++] = i;
	}
	return 0;
}

int plan_write_waiting(struct plan_store *p, int table, struct ferry_error *err)
{
	struct write job = {p, table};

	if (!p->n_waiting)
		return 0;
	p->duplicates = ferry_realloc(p->duplicates, p->n_waiting, sizeof *p->duplicates);
	if (kv_update(p->env, write_waiting, &job, err) != 0)
		return -1;
	for (size_t i = 0; i < p->n_duplicates; i++) {
		const struct plan_waiting *w = &p->waiting[p->duplicates[i]];
		struct plan_entry e;
		bool ok = plan_decode(part(p, w->value, w->value_len), (const char *const *)p->codes, p->n_codes, &e);
		FERRY_ASSERT(ok);
		e.key = part(p, w->key + 2, w->key_len - 2);
		p->entries[e.decision]--;
		p->duplicate(p->ctx, &e);
	}
	p->n_waiting = 0;
	buf_reset(&p->bytes);
	return 0;
}

int plan_flush(struct plan_store *p, struct ferry_error *err)
{
	return plan_write_waiting(p, PLAN_ENTRIES, err);
}

struct plan_waiting *plan_wait(struct plan_store *p)
{
	if (p->n_waiting == p->cap_waiting) {
		p->cap_waiting = p->cap_waiting ? p->cap_waiting * 2 : 256;
		p->waiting = ferry_realloc(p->waiting, p->cap_waiting, sizeof *p->waiting);
	}
	return &p->waiting[p->n_waiting++];
}

int plan_add(struct plan_store *p, const struct plan_entry *e, struct ferry_error *err)
{
	struct plan_waiting *w = plan_wait(p);

	w->key = p->bytes.len;
	plan_key(&p->bytes, p->index, e->key);
	w->key_len = p->bytes.len - w->key;
	w->value = p->bytes.len;
	encode(p, e);
	w->value_len = p->bytes.len - w->value;
	p->entries[e->decision]++;
	return p->bytes.len >= PLAN_GROUP_BYTES ? plan_flush(p, err) : 0;
}

static void counts_json(const int64_t *counts, const char *key, struct buf *b)
{
	jw_open(b, key, '[');
	for (int i = 0; i < FERRY_DECISIONS; i++)
		jw_int(b, NULL, counts[i]);
	jw_close(b, ']');
}

static void header_json(const struct plan_store *p, const struct plan_header *h, struct buf *b)
{
	jw_open(b, NULL, '{');
	jw_text(b, "segment", h->segment);
	jw_text(b, "definition", h->definition);
	jw_int(b, "generation", (int64_t)h->generation);
	jw_bool(b, "full", h->full);
	jw_bool(b, "reset", h->reset);
	jw_bool(b, "truncated", h->truncated);
	jw_bool(b, "guarded", h->guarded);
	jw_open(b, "codes", '[');
	for (size_t i = 0; i < p->n_codes; i++)
		jw_text(b, NULL, p->codes[i]);
	jw_close(b, ']');
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
	counts_json(p->entries, "entries", b);
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
	header_json(p, h, &w.json);
	int rc = kv_update(p->env, write_header, &w, err);
	buf_release(&w.json);
	return rc;
}
