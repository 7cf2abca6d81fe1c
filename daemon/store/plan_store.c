/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_store.c - writing and reading plans. One LMDB environment per run.
 *
 * Entries: segment index (2 bytes), key form -> decision, tier, flags, number of the reason,
 * destination id, hash, record, before. Headers: segment index -> JSON, written last: without it the
 * part is not complete. Outcomes: segment index, decision, key form of the first -> those of one
 * batch. Raw: number (8 bytes) -> segment's name, record as JSON. There, keys and claims: see
 * plan_match.c.
 */
#include "store/plan_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/pack.h"
#include "store/plan_private.h"
#include "wire/json.h"

const char *const plan_tables[] = {"entries", "headers", "outcomes", "raw", "there", "keys", "claims", NULL};

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
	group_release(&p->waiting);
	group_release(&p->outcomes);
	group_release(&p->raw);
	group_release(&p->there);
	group_release(&p->keys);
	group_release(&p->claims);
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

void plan_encode(struct plan_store *p, const struct plan_entry *e, struct buf *b)
{
	char *to = buf_room(b, 4 + e->dest_id_len + sizeof e->hash + e->record_len + e->before_len + 3 * PACK_MAX);

	*to++ = (char)e->decision;
	*to++ = (char)e->tier;
	*to++ = (char)(e->flags | (e->record ? HAS_RECORD : 0) | (e->before ? HAS_BEFORE : 0));
	*to++ = (char)code_number(p, e->reason);
	to = put_text(to, e->dest_id, e->dest_id_len);
	to = put_raw(to, &e->hash, sizeof e->hash);
	if (e->record)
		to = put_text(to, e->record, e->record_len);
	if (e->before)
		to = put_text(to, e->before, e->before_len);
	pack_done(b, to);
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

/* ------------------------------------------------------------------- groups */

void group_key(struct plan_group *g)
{
	if (g->n == g->cap) {
		g->cap = g->cap ? g->cap * 2 : 256;
		g->waiting = ferry_realloc(g->waiting, g->cap, sizeof *g->waiting);
	}
	g->waiting[g->n++].key = g->bytes.len;
}

void group_value(struct plan_group *g)
{
	struct plan_waiting *w = &g->waiting[g->n - 1];

	w->key_len = g->bytes.len - w->key;
	w->value = g->bytes.len;
}

void group_end(struct plan_group *g)
{
	struct plan_waiting *w = &g->waiting[g->n - 1];
	w->value_len = g->bytes.len - w->value;
}

void group_reset(struct plan_group *g)
{
	g->n = 0;
	buf_reset(&g->bytes);
}

void group_release(struct plan_group *g)
{
	buf_release(&g->bytes);
	free(g->waiting);
}

struct write {
	const struct plan_group *group;
	int table;
};

static int write_group(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	const struct write *job = ctx;
	const struct plan_group *g = job->group;

	(void)err;
	for (size_t i = 0; i < g->n; i++)
		kv_put(txn, job->table, group_part(g, g->waiting[i].key, g->waiting[i].key_len),
		       group_part(g, g->waiting[i].value, g->waiting[i].value_len));
	return 0;
}

int plan_write_group(struct plan_store *p, struct plan_group *g, int table, struct ferry_error *err)
{
	struct write job = {g, table};

	if (g->n && kv_update(p->env, write_group, &job, err) != 0)
		return -1;
	group_reset(g);
	return 0;
}

/* ------------------------------------------------------------------ entries */

static int write_entries(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	struct plan_store *p = ctx;
	const struct plan_group *g = &p->waiting;

	(void)err;
	p->n_duplicates = 0;
	for (size_t i = 0; i < g->n; i++) {
		struct kv_bytes key = group_part(g, g->waiting[i].key, g->waiting[i].key_len);
		struct kv_bytes value = group_part(g, g->waiting[i].value, g->waiting[i].value_len);
		if (p->ordered)
			kv_append(txn, PLAN_ENTRIES, key, value);
		else if (kv_insert(txn, PLAN_ENTRIES, key, value) == 1)
			p->duplicates[p->n_duplicates++] = i;
	}
	return 0;
}

int plan_flush(struct plan_store *p, struct ferry_error *err)
{
	const struct plan_group *g = &p->waiting;

	if (!g->n)
		return 0;
	p->duplicates = ferry_realloc(p->duplicates, g->n, sizeof *p->duplicates);
	if (kv_update(p->env, write_entries, p, err) != 0)
		return -1;
	for (size_t i = 0; i < p->n_duplicates; i++) {
		const struct plan_waiting *w = &g->waiting[p->duplicates[i]];
		struct plan_entry e;
		bool ok = plan_decode(group_part(g, w->value, w->value_len), (const char *const *)p->codes, p->n_codes, &e);
		FERRY_ASSERT(ok);
		e.key = group_part(g, w->key + 2, w->key_len - 2);
		p->entries[e.decision]--;
		p->duplicate(p->ctx, &e);
	}
	group_reset(&p->waiting);
	return 0;
}

int plan_add(struct plan_store *p, const struct plan_entry *e, struct ferry_error *err)
{
	struct plan_group *g = &p->waiting;

	group_key(g);
	plan_key(&g->bytes, p->index, e->key);
	group_value(g);
	plan_encode(p, e, &g->bytes);
	group_end(g);
	p->entries[e->decision]++;
	return g->bytes.len >= PLAN_GROUP_BYTES ? plan_flush(p, err) : 0;
}

struct amend {
	struct plan_store *p;
	struct kv_bytes form;
	uint32_t which;
	const struct plan_entry *to;
	struct plan_entry was;		/* decision, reason and flags only */
	bool there;
};

static int amend_entry(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	struct amend *a = ctx;
	struct plan_store *p = a->p;
	struct buf key = BUF_INIT, value = BUF_INIT;
	struct plan_entry e;
	struct kv_bytes v;

	plan_key(&key, p->index, a->form);
	struct kv_bytes k = {key.s, key.len};
	int rc = kv_get(txn, PLAN_ENTRIES, k, &v, err);
	a->there = false;
	if (rc == 1 && !plan_decode(v, (const char *const *)p->codes, p->n_codes, &e))
		rc = ferry_fail(err, FERRY_E_STORE_CORRUPT, "plan: an entry cannot be read");
	if (rc == 1 && a->which & 1u << e.decision && (e.decision != FERRY_SKIP || e.flags & PLAN_ADOPT)) {
		a->there = true;
		a->was = e;
		e.flags = (e.flags & ~(uint32_t)PLAN_ADOPT) | a->to->flags;
		e.decision = a->to->decision;
		e.reason = a->to->reason;
		plan_encode(p, &e, &value);
		kv_put(txn, PLAN_ENTRIES, k, (struct kv_bytes){value.s, value.len});
	}
	buf_release(&key);
	buf_release(&value);
	return rc < 0 ? -1 : 0;
}

int plan_amend(struct plan_store *p, struct kv_bytes form, uint32_t which, const struct plan_entry *to,
	       struct plan_entry *ret_was, struct ferry_error *err)
{
	struct amend a = {.p = p, .form = form, .which = which, .to = to};

	if (plan_flush(p, err) != 0 || kv_update(p->env, amend_entry, &a, err) != 0)
		return -1;
	if (!a.there)
		return 0;
	p->entries[a.was.decision]--;
	p->entries[to->decision]++;
	*ret_was = a.was;
	return 1;
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
	jw_bool(b, "preview", h->preview);
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
