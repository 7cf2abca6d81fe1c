/* SPDX-License-Identifier: Apache-2.0 */
/* plan_read.c - reading plans, for apply and for people. No transaction outlives a call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/decision.h"
#include "model/value.h"
#include "store/plan_private.h"
#include "wire/json.h"

enum { FIELDS_MAX = 4096, SHOWN_MAX = 2000 };

enum { REASONS_MAX = 1000 };

static void read_reasons(json_node *node, struct arena *arena, struct plan_header *h)
{
	struct plan_reason *list = arena_alloc0(arena, REASONS_MAX, sizeof *list);
	const char *code;
	json_node *count;

	for (void *it = NULL; h->n_reasons < REASONS_MAX && json_next(node, &it, &code, &count);) {
		list[h->n_reasons].code = arena_strdup(arena, code);
		json_int(count, &list[h->n_reasons++].n);
	}
	h->reasons = list;
}

static void header_from_json(json_node *root, struct arena *arena, struct plan_header *h)
{
	memset(h, 0, sizeof *h);
	h->segment = arena_strdup(arena, json_get_text(root, "segment", ""));
	h->definition = arena_strdup(arena, json_get_text(root, "definition", ""));
	h->generation = (uint64_t)json_get_int(root, "generation", 0);
	h->full = json_get_bool(root, "full", false);
	h->reset = json_get_bool(root, "reset", false);
	h->truncated = json_get_bool(root, "truncated", false);
	h->guarded = json_get_bool(root, "guarded", false);
	h->preview = json_get_bool(root, "preview", false);
	h->key_parts = (size_t)json_get_int(root, "key_parts", 1);
	json_node *codes = json_get(root, "codes");
	h->n_codes = json_count(codes);
	const char **words = arena_alloc0(arena, h->n_codes + 1, sizeof *words);
	for (size_t i = 0; i < h->n_codes; i++) {
		const char *s = json_text(json_at(codes, i), NULL);
		words[i] = arena_strdup(arena, s ? s : "");
	}
	h->codes = words;
	json_node *names = json_get(root, "names"), *sensitive = json_get(root, "sensitive");
	h->n_names = json_count(names);
	const char **list = arena_alloc0(arena, h->n_names + 1, sizeof *list);
	bool *masks = arena_alloc0(arena, h->n_names + 1, sizeof *masks);
	for (size_t i = 0; i < h->n_names; i++) {
		const char *s = json_text(json_at(names, i), NULL);
		list[i] = arena_strdup(arena, s ? s : "");
		masks[i] = strcmp(json_dump(json_at(sensitive, i), NULL), "true") == 0;
	}
	h->names = list;
	h->sensitive = masks;
	counters_read(json_get(root, "counters"), &h->counters);
	json_node *decisions = json_get(root, "decisions"), *entries = json_get(root, "entries");
	for (size_t i = 0; i < FERRY_DECISIONS; i++) {
		json_int(json_at(decisions, i), &h->decisions[i]);
		json_int(json_at(entries, i), &h->entries[i]);
	}
	if (h->truncated) {
		h->entries[FERRY_SKIP] += h->entries[FERRY_DELETE] + h->entries[FERRY_DISABLE];
		h->entries[FERRY_DELETE] = h->entries[FERRY_DISABLE] = 0;
	}
	read_reasons(json_get(root, "reasons"), arena, h);
}

static int read_header(struct kv_txn *txn, size_t index, struct arena *arena, struct plan_header *ret,
		       struct ferry_error *err)
{
	uint8_t key[2] = {(uint8_t)(index >> 8), (uint8_t)index};
	struct kv_bytes v;
	struct json_doc *doc;

	int rc = kv_get(txn, PLAN_HEADERS, (struct kv_bytes){key, 2}, &v, err);
	if (rc <= 0)
		return rc < 0 ? -1 : ferry_fail(err, FERRY_E_NOT_FOUND, "the plan has no complete part for segment %zu", index + 1);
	if (json_parse(v.p, v.len, "plan header", &doc, err) != 0)
		return -1;
	header_from_json(json_root(doc), arena, ret);
	json_free(doc);
	return 0;
}

int plan_header(struct plan_store *p, size_t index, struct arena *arena, struct plan_header *ret,
		struct ferry_error *err)
{
	struct kv_txn *txn;

	if (kv_begin(p->env, KV_READ, &txn, err) != 0)
		return -1;
	int rc = read_header(txn, index, arena, ret, err);
	kv_abort(txn);
	return rc;
}

/* What a truncated extract forbids is shown and done as a skip. */
static void heed_truncation(const struct plan_header *h, struct plan_entry *e)
{
	if (h->truncated && (e->decision == FERRY_DELETE || e->decision == FERRY_DISABLE)) {
		e->decision = FERRY_SKIP;
		e->reason = "EXTRACT_TRUNCATED";
	}
}

/* 1: it is wanted, and in *e; 0: it is not. */
static int copy_entry(const struct plan_header *h, uint32_t decisions, struct kv_bytes k, struct kv_bytes v,
		      struct arena *arena, struct plan_entry *e, struct ferry_error *err)
{
	bool ok = plan_decode(v, h->codes, h->n_codes, e);

	heed_truncation(h, e);
	if (ok && !(decisions & 1u << e->decision))
		return 0;
	/* the value is copied as a whole; its parts are found in the copy */
	v.p = arena_strndup(arena, v.p, v.len);
	if (!ok || !plan_decode(v, h->codes, h->n_codes, e))
		return ferry_fail(err, FERRY_E_STORE_CORRUPT, "plan: an entry cannot be read");
	heed_truncation(h, e);
	e->key = (struct kv_bytes){arena_strndup(arena, (const char *)k.p + 2, k.len - 2), k.len - 2};
	return 1;
}

enum { READ_BYTES = 1 << 20 };

int plan_read(struct plan_store *p, size_t index, const struct plan_header *h, uint32_t decisions,
	      struct kv_bytes after, size_t max, struct arena *arena, struct plan_entry *ret, size_t *ret_n,
	      struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur = NULL;
	struct kv_bytes k, v;
	struct buf from = BUF_INIT;
	size_t n = 0, bytes = 0;

	*ret_n = 0;
	if (kv_begin(p->env, KV_READ, &txn, err) != 0)
		return -1;
	plan_key(&from, index, after);
	struct kv_bytes start = {from.s, from.len};
	int rc = kv_cursor_open(txn, PLAN_ENTRIES, &cur, err);
	if (rc == 0)
		rc = kv_seek(cur, start, &k, &v, err);
	if (rc == 1 && after.len && kv_compare(k, start) == 0)
		rc = kv_next(cur, &k, &v, err);
	for (; rc == 1 && n < max && bytes < READ_BYTES && plan_in_part(k, index); rc = kv_next(cur, &k, &v, err)) {
		int taken = copy_entry(h, decisions, k, v, arena, &ret[n], err);
		if (taken < 0) {
			rc = -1;
			break;
		}
		n += (size_t)taken;
		bytes += taken ? v.len : 0;
	}
	kv_cursor_close(cur);
	kv_abort(txn);
	buf_release(&from);
	*ret_n = n;
	return rc < 0 ? -1 : 0;
}

/* --------------------------------------------------------------- for people */

struct page {
	struct kv_txn *txn;
	int decision;
	const char *key;
	int64_t skip, limit, total;	/* total: met so far, or known from the headers */
	struct buf *out;
};

static void show_value(const struct ferry_value *v, bool masked, const char *key, struct buf *out)
{
	if (masked && v->type != FERRY_NULL) {
		jw_text(out, key, "********");
	} else if (value_has_bytes(v) && v->len > SHOWN_MAX) {
		struct buf b = BUF_INIT;
		value_show(v, SHOWN_MAX, &b);
		jw_textn(out, key, b.s, b.len);
		buf_release(&b);
	} else {
		value_json(v, key, out);
	}
}

static void show_fields(const struct plan_header *h, const struct plan_entry *e, struct buf *out)
{
	static const struct ferry_value none = {.type = FERRY_NULL};
	size_t max = h->n_names < FIELDS_MAX ? h->n_names : FIELDS_MAX;
	struct ferry_value *now = ferry_alloc0(max, sizeof *now), *was = ferry_alloc0(max, sizeof *was);
	int n_now = e->record ? record_decode(e->record, e->record_len, now, max) : 0;
	int n_was = e->before ? record_decode(e->before, e->before_len, was, max) : 0;

	jw_open(out, "fields", '[');
	for (int i = 0; i < n_now || i < n_was; i++) {
		const struct ferry_value *a = i < n_now ? &now[i] : &none, *b = i < n_was ? &was[i] : &none;
		jw_open(out, NULL, '{');
		jw_text(out, "name", h->names[i]);
		if (n_was > 0)
			show_value(b, h->sensitive[i], "before", out);
		if (n_now > 0)
			show_value(a, h->sensitive[i], "after", out);
		jw_bool(out, "changed", n_was <= 0 || n_now <= 0 || !value_equal(a, b));
		jw_close(out, '}');
	}
	jw_close(out, ']');
	free(now);
	free(was);
}

static int show_entry(struct page *pg, const struct plan_header *h, size_t index, struct kv_bytes form,
		      const struct plan_entry *e, struct ferry_error *err)
{
	struct buf *out = pg->out, key = BUF_INIT;

	key_form_show(form.p, form.len, h->key_parts, &key);
	jw_open(out, NULL, '{');
	jw_text(out, "segment", h->segment);
	jw_text(out, "key", buf_str(&key));
	buf_release(&key);
	jw_text(out, "decision", decision_name(e->decision));
	jw_text(out, "tier", tier_name(e->tier));
	jw_text(out, "reason", e->reason);
	jw_textn(out, "dest_id", e->dest_id, e->dest_id_len);
	show_fields(h, e, out);
	int rc = plan_show_outcome(pg->txn, index, e->decision, form, out, err);
	jw_close(out, '}');
	return rc;
}

/* 1 when the page is full and nothing more has to be counted. */
static int page_entry(struct page *pg, const struct plan_header *h, struct kv_bytes k, struct kv_bytes v,
		      int64_t *met, struct ferry_error *err)
{
	size_t index = (size_t)((const uint8_t *)k.p)[0] << 8 | ((const uint8_t *)k.p)[1];
	struct kv_bytes form = {(const char *)k.p + 2, k.len - 2};
	struct plan_entry e;

	if (!plan_decode(v, h->codes, h->n_codes, &e))
		return ferry_fail(err, FERRY_E_STORE_CORRUPT, "plan: an entry cannot be read");
	heed_truncation(h, &e);
	if (pg->decision >= 0 && e.decision != (enum ferry_decision)pg->decision)
		return 0;
	if (*met >= pg->skip && show_entry(pg, h, index, form, &e, err) != 0)
		return -1;
	return ++*met >= pg->skip + pg->limit;
}

/* The part's share of the page; how many entries there are is known, so it stops when that is full. */
static int page_part(struct page *pg, struct kv_txn *txn, size_t index, const struct plan_header *h,
		     struct ferry_error *err)
{
	struct kv_cursor *cur;
	struct kv_bytes k, v;
	uint8_t start[2] = {(uint8_t)(index >> 8), (uint8_t)index};
	int64_t met = pg->total, here = 0;

	for (int d = 0; d < FERRY_DECISIONS; d++)
		if (pg->decision < 0 || pg->decision == d)
			here += h->entries[d];
	pg->total += here;
	if (pg->total <= pg->skip || met >= pg->skip + pg->limit)
		return 0;
	if (kv_cursor_open(txn, PLAN_ENTRIES, &cur, err) != 0)
		return -1;
	int rc = kv_seek(cur, (struct kv_bytes){start, 2}, &k, &v, err), full = 0;
	for (; rc == 1 && !full && plan_in_part(k, index); rc = kv_next(cur, &k, &v, err)) {
		full = page_entry(pg, h, k, v, &met, err);
		if (full < 0)
			break;
	}
	kv_cursor_close(cur);
	return rc < 0 || full < 0 ? -1 : 0;
}

/*
 * A key as people write it can be a number, a time or a text: ask for each. The forms of several
 * parts cannot be told from their text, so those are compared one by one.
 */
static int find_simple(struct page *pg, struct kv_txn *txn, size_t index, const struct plan_header *h, struct ferry_error *err)
{
	static const enum ferry_type types[] = {FERRY_TEXT, FERRY_DECIMAL, FERRY_TIME};
	struct arena arena = ARENA_INIT;
	struct buf form = BUF_INIT;
	struct kv_bytes v;
	char why[128];
	int rc = 0;

	for (int t = 0; t < 3 && rc == 0; t++) {
		struct ferry_value key = value_text(pg->key);
		buf_reset(&form);
		plan_key(&form, index, (struct kv_bytes){"", 0});
		if (!value_convert(&key, types[t], &arena, why, sizeof why) || key_encode(&key, 1, &form, NULL) != 0)
			continue;
		struct kv_bytes k = {form.s, form.len};
		int64_t met = pg->total;
		rc = kv_get(txn, PLAN_ENTRIES, k, &v, err);
		if (rc == 1 && (rc = page_entry(pg, h, k, v, &met, err)) > 0)
			rc = 0;
		pg->total = met;
	}
	buf_release(&form);
	arena_release(&arena);
	return rc < 0 ? -1 : 0;
}

static int find_composite(struct page *pg, struct kv_txn *txn, size_t index, const struct plan_header *h, struct ferry_error *err)
{
	struct kv_cursor *cur;
	struct kv_bytes k, v;
	uint8_t start[2] = {(uint8_t)(index >> 8), (uint8_t)index};
	struct buf key = BUF_INIT;

	if (kv_cursor_open(txn, PLAN_ENTRIES, &cur, err) != 0)
		return -1;
	int rc = kv_seek(cur, (struct kv_bytes){start, 2}, &k, &v, err);
	for (; rc == 1 && plan_in_part(k, index); rc = kv_next(cur, &k, &v, err)) {
		buf_reset(&key);
		key_form_show((const char *)k.p + 2, k.len - 2, h->key_parts, &key);
		if (strcmp(pg->key, buf_str(&key)) == 0 && page_entry(pg, h, k, v, &pg->total, err) < 0) {
			rc = -1;
			break;
		}
	}
	buf_release(&key);
	kv_cursor_close(cur);
	return rc < 0 ? -1 : 0;
}

int plan_page(struct plan_store *p, const char *segment, int decision, const char *key, int64_t skip,
	      int64_t limit, int64_t *ret_total, struct buf *json_items, struct ferry_error *err)
{
	struct page pg = {.decision = decision, .key = key, .skip = skip, .limit = limit, .out = json_items};
	struct kv_txn *txn;
	struct kv_cursor *cur = NULL;
	struct kv_bytes k, v;

	if (kv_begin(p->env, KV_READ, &txn, err) != 0)
		return -1;
	pg.txn = txn;
	int rc = kv_cursor_open(txn, PLAN_HEADERS, &cur, err);
	if (rc == 0)
		rc = kv_first(cur, &k, &v, err);
	while (rc == 1) {
		struct arena arena = ARENA_INIT;
		struct plan_header h;
		size_t index = (size_t)((const uint8_t *)k.p)[0] << 8 | ((const uint8_t *)k.p)[1];
		rc = read_header(txn, index, &arena, &h, err);
		if (rc == 0 && (!segment || strcmp(segment, h.segment) == 0))
			rc = !key ? page_part(&pg, txn, index, &h, err)
				: h.key_parts == 1 ? find_simple(&pg, txn, index, &h, err)
				: find_composite(&pg, txn, index, &h, err);
		arena_release(&arena);
		if (rc == 0)
			rc = kv_next(cur, &k, &v, err);
	}
	kv_cursor_close(cur);
	kv_abort(txn);
	*ret_total = pg.total;
	return rc < 0 ? -1 : 0;
}
