/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problems.c - problems in the journal's environment.
 *
 * problems: be64 id -> document. problem_index: be64 id -> status, sync, segment, group, so that a
 * page touches only its own documents. problem_keys: sync, 0, segment, 0, hash of the key form ->
 * what a run must know of a problem that is not closed. problem_closed: be64 time, be64 id of those
 * that are, so that the oldest are found.
 */
#include "store/problems.h"

#include <string.h>

#include "store/journal_private.h"
#include "store/problems_private.h"
#include "wire/hash.h"

#define KEY_HEAD 17			/* status, be64 id, be64 until */

static void add_text(struct buf *b, const char *s)
{
	buf_add(b, s ? s : "", s ? strlen(s) + 1 : 1);
}

/* The next NUL-terminated text; "" at the end. */
static const char *next_text(const char **at, const char *end)
{
	const char *s = *at, *nul = s < end ? memchr(s, '\0', (size_t)(end - s)) : NULL;

	if (!nul)
		return "";
	*at = nul + 1;
	return s;
}

static void problem_key(struct buf *key, const char *sync, const char *segment, const char *form)
{
	struct hash128 h = hash128(form, strlen(form), 0);
	uint8_t be[16];

	kv_be64(be, h.hi);
	kv_be64(be + 8, h.lo);
	buf_reset(key);
	add_text(key, sync);
	add_text(key, segment);
	buf_add(key, be, sizeof be);
}

/* ------------------------------------------------------------------ writing */

int64_t problem_next_id(struct journal *j)
{
	struct buf text = BUF_INIT;
	int64_t id = j->next_problem++;

	/* the highest may be dropped again: its number must not come back */
	jw_int(&text, NULL, j->next_problem);
	journal_put_state(j, "next_problem", text.s, text.len);
	buf_release(&text);
	return id;
}

static void put_index(struct journal *j, const uint8_t id[8], const struct problem *p)
{
	struct buf value = BUF_INIT;

	buf_addc(&value, (char)p->status);
	add_text(&value, p->sync);
	add_text(&value, p->segment);
	add_text(&value, p->group);
	journal_op(j, OP_PUT, PROBLEM_INDEX, (struct kv_bytes){id, 8},
		   (struct kv_bytes){value.s, value.len});
	buf_release(&value);
}

static void put_key(struct journal *j, struct kv_bytes key, const struct problem *p)
{
	const struct problem_resolution *r = &p->resolution;
	struct buf value = BUF_INIT;
	uint8_t head[KEY_HEAD] = {(uint8_t)p->status};

	kv_be64(head + 1, (uint64_t)p->id);
	kv_be64(head + 9, p->status == PROBLEM_IGNORED ? (uint64_t)r->until : 0);
	buf_add(&value, head, sizeof head);
	add_text(&value, p->form);
	add_text(&value, p->status == PROBLEM_OPEN ? NULL : r->action);
	add_text(&value, p->status == PROBLEM_OPEN ? NULL : r->dest_id);
	journal_op(j, OP_PUT, PROBLEM_KEYS, key, (struct kv_bytes){value.s, value.len});
	buf_release(&value);
}

void problem_put(struct journal *j, const struct problem *p)
{
	struct buf json = BUF_INIT, key = BUF_INIT;
	uint8_t id[8], closed[16];

	kv_be64(id, (uint64_t)p->id);
	problem_json(p, &json);
	journal_op(j, OP_PUT, PROBLEMS, (struct kv_bytes){id, 8}, (struct kv_bytes){json.s, json.len});
	put_index(j, id, p);
	problem_key(&key, p->sync, p->segment, p->form);
	if (problem_closed(p)) {
		kv_be64(closed, (uint64_t)p->closed_at);
		memcpy(closed + 8, id, 8);
		journal_op(j, OP_PUT, PROBLEM_CLOSED, (struct kv_bytes){closed, 16}, (struct kv_bytes){"", 0});
		journal_op(j, OP_DELETE, PROBLEM_KEYS, (struct kv_bytes){key.s, key.len}, (struct kv_bytes){"", 0});
	} else {
		put_key(j, (struct kv_bytes){key.s, key.len}, p);
	}
	buf_release(&json);
	buf_release(&key);
}

/* ------------------------------------------------------------------ reading */

int problem_text(struct journal *j, int64_t id, struct buf *out, struct ferry_error *err)
{
	uint8_t key[8];

	kv_be64(key, (uint64_t)id);
	int rc = journal_look(j, PROBLEMS, (struct kv_bytes){key, 8}, out, err);
	if (rc == 0) {
		ferry_fail(err, FERRY_E_NOT_FOUND, "there is no problem %lld", (long long)id);
		return ferry_hint(err, "'ferryctl problems --status all' lists what is kept.");
	}
	return rc < 0 ? -1 : 0;
}

int problem_get(struct journal *j, int64_t id, struct problem *ret, struct ferry_error *err)
{
	struct buf json = BUF_INIT;

	int rc = problem_text(j, id, &json, err);
	if (rc == 0)
		rc = problem_read(json.s, json.len, ret, err);
	buf_release(&json);
	return rc;
}

static bool mark_read(struct kv_bytes key, struct kv_bytes value, struct problem_mark *ret)
{
	const char *at = key.p, *end = at + key.len;
	const uint8_t *v = value.p;

	if (value.len < KEY_HEAD || v[0] >= PROBLEM_STATUSES)
		return false;
	ret->sync = next_text(&at, end);
	ret->segment = next_text(&at, end);
	ret->status = (enum problem_status)v[0];
	ret->id = (int64_t)kv_get_be64(v + 1);
	ret->until = (int64_t)kv_get_be64(v + 9);
	at = (const char *)v + KEY_HEAD;
	end = (const char *)v + value.len;
	ret->form = next_text(&at, end);
	ret->action = next_text(&at, end);
	ret->dest_id = next_text(&at, end);
	return true;
}

int problem_find(struct journal *j, const char *sync, const char *segment, const char *form,
		 struct problem *ret, struct ferry_error *err)
{
	struct buf key = BUF_INIT, value = BUF_INIT;
	struct problem_mark mark;

	problem_key(&key, sync, segment, form);
	struct kv_bytes k = {key.s, key.len};
	int rc = journal_look(j, PROBLEM_KEYS, k, &value, err);
	if (rc == 1 && !mark_read(k, (struct kv_bytes){value.s, value.len}, &mark))
		rc = ferry_fail(err, FERRY_E_STORE_CORRUPT, "a stored problem's key cannot be read");
	if (rc == 1)
		rc = problem_get(j, mark.id, ret, err) < 0 ? -1 : 1;
	buf_release(&key);
	buf_release(&value);
	return rc;
}

int problems_walk(struct journal *j, const char *sync,
		  void (*fn)(void *ctx, const struct problem_mark *mark), void *ctx,
		  struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes key, value;
	struct problem_mark mark;
	struct kv_bytes from = {sync ? sync : "", sync ? strlen(sync) + 1 : 0};

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_cursor_open(txn, PROBLEM_KEYS, &cur, err);
	if (rc == 0) {
		rc = from.len ? kv_seek(cur, from, &key, &value, err) : kv_first(cur, &key, &value, err);
		for (; rc == 1; rc = kv_next(cur, &key, &value, err)) {
			if (key.len < from.len || memcmp(key.p, from.p, from.len) != 0)
				break;
			if (mark_read(key, value, &mark))
				fn(ctx, &mark);
		}
		kv_cursor_close(cur);
	}
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}

static bool passes(const struct problem_filter *f, struct kv_bytes value)
{
	const char *at = value.p, *end = at + value.len;

	if (!value.len)
		return false;
	int status = (unsigned char)*at++;
	const char *sync = next_text(&at, end), *segment = next_text(&at, end), *group = next_text(&at, end);
	return (f->status < 0 || f->status == status) && (!f->sync || strcmp(f->sync, sync) == 0) &&
		(!f->segment || strcmp(f->segment, segment) == 0) &&
		(!f->group || strcmp(f->group, group) == 0);
}

int problems_list(struct journal *j, const struct problem_filter *filter, int64_t skip,
		  int64_t limit, int64_t *ids, size_t *ret_n, int64_t *ret_total, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes key, value;
	int64_t seen = 0;
	size_t n = 0;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_cursor_open(txn, PROBLEM_INDEX, &cur, err);
	if (rc == 0) {
		rc = kv_last(cur, &key, &value, err);
		for (; rc == 1 && (ret_total || (int64_t)n < limit); rc = kv_prev(cur, &key, &value, err)) {
			if (!passes(filter, value))
				continue;
			if (seen++ >= skip && (int64_t)n < limit)
				ids[n++] = (int64_t)kv_get_be64(key.p);
		}
		kv_cursor_close(cur);
	}
	kv_abort(txn);
	*ret_n = n;
	if (ret_total)
		*ret_total = seen;
	return rc < 0 ? -1 : 0;
}
