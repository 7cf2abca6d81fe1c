/* SPDX-License-Identifier: Apache-2.0 */
/* journal_read.c - the journal environment: single documents, lists, lines, the audit. */
#include <string.h>

#include "store/journal_private.h"
#include "store/runs_index.h"
#include "wire/json.h"

int journal_read(struct journal *j, enum table table, struct kv_bytes key, struct buf *out,
		 struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_bytes value;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_get(txn, (int)table, key, &value, err);
	if (rc == 1)
		buf_add(out, value.p, value.len);
	kv_abort(txn);
	return rc;
}

int journal_run(struct journal *j, int64_t id, struct buf *out, struct ferry_error *err)
{
	uint8_t key[8];

	kv_be64(key, (uint64_t)id);
	int rc = journal_read(j, RUNS, (struct kv_bytes){key, 8}, out, err);
	if (rc == 0)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no run %lld", (long long)id);
	return rc < 0 ? -1 : 0;
}

int journal_state(struct journal *j, const char *key, struct buf *out, struct ferry_error *err)
{
	int rc = journal_read(j, STATE, (struct kv_bytes){key, strlen(key)}, out, err);
	if (rc == 0)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no state '%s'", key);
	return rc < 0 ? -1 : 0;
}

int journal_list(struct journal *j, const struct journal_filter *f, int64_t skip, int64_t limit,
		 int64_t *ids, size_t *ret_n, int64_t *ret_total, struct ferry_error *err)
{
	struct kv_txn *txn;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = runs_index_list(txn, f, skip, limit, ids, ret_n, ret_total, err);
	kv_abort(txn);
	return rc;
}

/* The last seq of a run's lines, 0 when it has none; -1. Seqs have no gaps, so this counts them. */
static int64_t last_line(struct kv_cursor *cur, int64_t run, struct ferry_error *err)
{
	struct kv_bytes key, value;
	uint8_t end[16];

	line_key(end, run + 1, 0);
	int rc = kv_seek_below(cur, (struct kv_bytes){end, 16}, &key, &value, err);
	if (rc < 0)
		return -1;
	if (rc == 0 || key.len != 16 || (int64_t)kv_get_be64(key.p) != run)
		return 0;
	return (int64_t)kv_get_be64((const uint8_t *)key.p + 8);
}

static void add_item(struct buf *items, const char *json, size_t len)
{
	jw_raw(items, NULL, json, len);
}

/* Lines from seq on, all segments or one; counts the matching ones when asked to. */
static int walk_lines(struct kv_cursor *cur, int64_t run, const char *segment, int64_t from,
		      int64_t skip,
		      int64_t limit, struct buf *items, int64_t *ret_seen, struct ferry_error *err)
{
	struct kv_bytes key, value;
	uint8_t at[16];
	int64_t seen = 0, given = 0;

	line_key(at, run, from);
	int rc = kv_seek(cur, (struct kv_bytes){at, 16}, &key, &value, err);
	for (; rc == 1; rc = kv_next(cur, &key, &value, err)) {
		if (key.len != 16 || memcmp(key.p, at, 8) != 0)
			break;
		const char *json = memchr(value.p, '\0', value.len);
		if (!json || (segment && strcmp(value.p, segment) != 0))
			continue;
		json++;
		if (seen++ >= skip && given < limit) {
			add_item(items, json, value.len - (size_t)(json - (const char *)value.p));
			given++;
		}
		if (!ret_seen && given == limit)
			break;
	}
	if (ret_seen)
		*ret_seen = seen;
	return rc < 0 ? -1 : 0;
}

int journal_lines(struct journal *j, enum journal_lines which, int64_t run, const char *segment,
		  int64_t after, int64_t skip, int64_t limit, struct buf *items, int64_t *ret_total,
		  struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur = NULL;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_cursor_open(txn, line_table(which), &cur, err);
	if (rc == 0 && segment) {
		rc = walk_lines(cur, run, segment, after + 1, skip, limit, items, ret_total, err);
	} else if (rc == 0) {
		int64_t last = last_line(cur, run, err);
		rc = last < 0 ? -1 : 0;
		*ret_total = last > after ? last - after : 0;
		if (rc == 0 && *ret_total > skip)
			rc = walk_lines(cur, run, NULL, after + 1 + skip, 0, limit, items, NULL,
					err);
	}
	kv_cursor_close(cur);
	kv_abort(txn);
	return rc;
}

/* A row error's key as the daemon writes it: a quote within a text is never bare. */
static bool is_of_key(struct kv_bytes line, const struct buf *needle)
{
	return memmem(line.p, line.len, needle->s, needle->len) != NULL;
}

int journal_errors_of(struct journal *j, int64_t run, const char *segment, const char *key, int64_t limit,
		      struct buf *items, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes k, line;
	struct buf needle = BUF_INIT;
	uint8_t at[16];
	int64_t n = 0;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	jw_text(&needle, "key", key);
	line_key(at, run, 0);
	int rc = kv_cursor_open(txn, ERRORS, &cur, err);
	if (rc == 0) {
		rc = kv_seek(cur, (struct kv_bytes){at, 16}, &k, &line, err);
		for (; rc == 1 && n < limit; rc = kv_next(cur, &k, &line, err)) {
			if (k.len != 16 || memcmp(k.p, at, 8) != 0)
				break;
			const char *json = memchr(line.p, '\0', line.len);
			if (!json || (segment && strcmp(line.p, segment) != 0) || !is_of_key(line, &needle))
				continue;
			json++;
			add_item(items, json, line.len - (size_t)(json - (const char *)line.p));
			n++;
		}
		kv_cursor_close(cur);
	}
	buf_release(&needle);
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}
