/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.c - notifications in the journal. One table: 1, be64 due, be64 id of those pending; and
 * 2, be64 id -> status, be64 created, be64 due, JSON.
 */
#include "store/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "store/journal_private.h"
#include "wire/json.h"

enum { DUE = 1, MESSAGE = 2, DUE_KEY = 17, MESSAGE_KEY = 9, HEAD = 17 };

static const char *const names[OUTBOX_STATUSES] = {"pending", "delivered", "failed"};

const char *outbox_status_name(enum outbox_status s)
{
	return names[s];
}

int outbox_status_from_name(const char *name)
{
	for (int i = 0; i < OUTBOX_STATUSES; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static void due_key(uint8_t key[DUE_KEY], int64_t due, int64_t id)
{
	key[0] = DUE;
	kv_be64(key + 1, (uint64_t)due);
	kv_be64(key + 9, (uint64_t)id);
}

static void message_key(uint8_t key[MESSAGE_KEY], int64_t id)
{
	key[0] = MESSAGE;
	kv_be64(key + 1, (uint64_t)id);
}

static bool is_message(struct kv_bytes key, struct kv_bytes value)
{
	return key.len == MESSAGE_KEY && *(const uint8_t *)key.p == MESSAGE && value.len > HEAD;
}

static struct outbox_entry entry_of(struct kv_bytes key, struct kv_bytes value)
{
	const uint8_t *v = value.p;

	return (struct outbox_entry){
		.id = (int64_t)kv_get_be64((const uint8_t *)key.p + 1),
		.status = v[0] < OUTBOX_STATUSES ? (enum outbox_status)v[0] : OUTBOX_FAILED,
		.created_at = (int64_t)kv_get_be64(v + 1), .due_at = (int64_t)kv_get_be64(v + 9),
	};
}

/* ---------------------------------------------------------------------- writing */

#define NEXT_ID "next_outbox"

int64_t outbox_next_id(struct journal *j)
{
	struct buf text = BUF_INIT;
	int64_t id = 1;

	if (journal_look(j, STATE, (struct kv_bytes){NEXT_ID, sizeof NEXT_ID - 1}, &text, NULL) == 1)
		id = strtoll(buf_str(&text), NULL, 10);
	buf_reset(&text);
	jw_int(&text, NULL, id + 1);
	journal_put_state(j, NEXT_ID, text.s, text.len);
	buf_release(&text);
	return id;
}

void outbox_put(struct journal *j, const struct outbox_entry *entry, const struct outbox_entry *was,
		const char *json, size_t len)
{
	struct buf value = BUF_INIT;
	uint8_t key[DUE_KEY], head[HEAD] = {(uint8_t)entry->status};

	if (was && was->status == OUTBOX_PENDING) {
		due_key(key, was->due_at, was->id);
		journal_op(j, OP_DELETE, OUTBOX, (struct kv_bytes){key, DUE_KEY}, (struct kv_bytes){"", 0});
	}
	if (entry->status == OUTBOX_PENDING) {
		due_key(key, entry->due_at, entry->id);
		journal_op(j, OP_PUT, OUTBOX, (struct kv_bytes){key, DUE_KEY}, (struct kv_bytes){"", 0});
	}
	kv_be64(head + 1, (uint64_t)entry->created_at);
	kv_be64(head + 9, (uint64_t)entry->due_at);
	buf_add(&value, head, sizeof head);
	buf_add(&value, json, len);
	message_key(key, entry->id);
	journal_op(j, OP_PUT, OUTBOX, (struct kv_bytes){key, MESSAGE_KEY}, (struct kv_bytes){value.s, value.len});
	buf_release(&value);
}

void outbox_drop(struct journal *j, const struct outbox_entry *entry)
{
	uint8_t key[DUE_KEY];

	if (entry->status == OUTBOX_PENDING) {
		due_key(key, entry->due_at, entry->id);
		journal_op(j, OP_DELETE, OUTBOX, (struct kv_bytes){key, DUE_KEY}, (struct kv_bytes){"", 0});
	}
	message_key(key, entry->id);
	journal_op(j, OP_DELETE, OUTBOX, (struct kv_bytes){key, MESSAGE_KEY}, (struct kv_bytes){"", 0});
}

/* Ids are given one after the other and the oldest go first: they tell how many there are. */
static int trim(struct journal *j, struct kv_cursor *cur, int64_t before, int64_t keep, int64_t most,
		struct ferry_error *err)
{
	uint8_t at[MESSAGE_KEY];
	struct kv_bytes key, value;

	int rc = kv_last(cur, &key, &value, err);
	if (rc != 1 || !is_message(key, value))
		return rc < 0 ? -1 : 0;
	int64_t newest = entry_of(key, value).id;
	message_key(at, 0);
	rc = kv_seek(cur, (struct kv_bytes){at, MESSAGE_KEY}, &key, &value, err);
	for (; rc == 1 && most-- > 0; rc = kv_next(cur, &key, &value, err)) {
		struct outbox_entry entry = entry_of(key, value);
		bool old = entry.status != OUTBOX_PENDING && entry.created_at < before;
		if (!is_message(key, value) || (!old && newest - entry.id < keep))
			break;
		outbox_drop(j, &entry);
	}
	return rc < 0 ? -1 : 0;
}

int outbox_trim(struct journal *j, int64_t before, int64_t keep, int64_t most, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_cursor_open(txn, OUTBOX, &cur, err);
	if (rc == 0) {
		rc = trim(j, cur, before, keep, most, err);
		kv_cursor_close(cur);
	}
	kv_abort(txn);
	return rc;
}

/* ---------------------------------------------------------------------- reading */

int outbox_get(struct journal *j, int64_t id, struct outbox_entry *ret, struct buf *json,
	       struct ferry_error *err)
{
	struct buf value = BUF_INIT;
	uint8_t key[MESSAGE_KEY];

	message_key(key, id);
	int rc = journal_look(j, OUTBOX, (struct kv_bytes){key, MESSAGE_KEY}, &value, err);
	if (rc == 1 && value.len > HEAD) {
		*ret = entry_of((struct kv_bytes){key, MESSAGE_KEY}, (struct kv_bytes){value.s, value.len});
		buf_add(json, value.s + HEAD, value.len - HEAD);
	}
	buf_release(&value);
	if (rc == 0)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no notification %lld", (long long)id);
	return rc < 0 ? -1 : 0;
}

int outbox_due(struct journal *j, int64_t now, size_t limit, struct outbox_entry *entries, size_t *ret_n,
	       int64_t *ret_next, struct ferry_error *err)
{
	struct kv_bytes key, value;
	struct kv_cursor *cur;
	struct kv_txn *txn;

	*ret_n = 0;
	*ret_next = 0;
	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_cursor_open(txn, OUTBOX, &cur, err);
	if (rc == 0) {
		for (rc = kv_first(cur, &key, &value, err); rc == 1; rc = kv_next(cur, &key, &value, err)) {
			const uint8_t *k = key.p;
			if (key.len != DUE_KEY || k[0] != DUE)
				break;
			int64_t due = (int64_t)kv_get_be64(k + 1);
			if (due > now || *ret_n == limit) {
				*ret_next = due;
				break;
			}
			entries[(*ret_n)++] = (struct outbox_entry){
				.id = (int64_t)kv_get_be64(k + 9), .status = OUTBOX_PENDING, .due_at = due,
			};
		}
		kv_cursor_close(cur);
	}
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}

int outbox_list(struct journal *j, int status, int64_t skip, int64_t limit, struct buf *items,
		int64_t *ret_total, struct ferry_error *err)
{
	struct kv_bytes key, value;
	struct kv_cursor *cur;
	struct kv_txn *txn;
	int64_t total = 0;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_cursor_open(txn, OUTBOX, &cur, err);
	if (rc == 0) {
		for (rc = kv_last(cur, &key, &value, err); rc == 1; rc = kv_prev(cur, &key, &value, err)) {
			if (!is_message(key, value))
				break;
			if (status >= 0 && (int)entry_of(key, value).status != status)
				continue;
			if (total >= skip && total < skip + limit)
				jw_raw(items, NULL, (const char *)value.p + HEAD, value.len - HEAD);
			total++;
		}
		kv_cursor_close(cur);
	}
	kv_abort(txn);
	*ret_total = total;
	return rc < 0 ? -1 : 0;
}
