/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runs_index.c - which runs there are.
 *
 *   index     be64 id                 -> mark, sync
 *   by_sync   sync, 0, be64 id        -> mark
 *   blocks    sync, 0, be32 id / 1024 -> be64 earliest, be64 latest, be32 runs of each status
 *
 * A mark is the status and the moment the run was queued. The block of all syncs has the name "".
 * Clocks go back at times, so moments do not follow from ids; a block's span only ever widens.
 */
#include "store/runs_index.h"

#include <stdlib.h>

#define BLOCK_IDS 1024
#define STATUSES (RUN_CANCELLED + 1)
#define BLOCK_BYTES (16 + 4 * STATUSES)

struct block {
	int64_t number, earliest, latest;
	uint32_t runs[STATUSES];
};

static struct kv_bytes bytes(const struct buf *b)
{
	return (struct kv_bytes){b->s, b->len};
}

static void put_be32(uint8_t out[4], uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void id_key(struct buf *key, const char *sync, int64_t id)
{
	uint8_t be[8];

	buf_reset(key);
	if (sync)
		buf_add(key, sync, strlen(sync) + 1);
	kv_be64(be, (uint64_t)id);
	buf_add(key, be, sizeof be);
}

static void block_key(struct buf *key, const char *sync, int64_t number)
{
	uint8_t be[4];

	buf_reset(key);
	buf_add(key, sync, strlen(sync) + 1);
	put_be32(be, (uint32_t)number);
	buf_add(key, be, sizeof be);
}

static int block_read(struct kv_bytes key, struct kv_bytes value, struct block *ret, struct ferry_error *err)
{
	const uint8_t *p = value.p;

	if (key.len < 4 || value.len != BLOCK_BYTES)
		return ferry_fail(err, FERRY_E_STORE_CORRUPT, "journal: a count of runs has %zu bytes", value.len);
	ret->number = get_be32((const uint8_t *)key.p + key.len - 4);
	ret->earliest = (int64_t)kv_get_be64(p);
	ret->latest = (int64_t)kv_get_be64(p + 8);
	for (int i = 0; i < STATUSES; i++)
		ret->runs[i] = get_be32(p + 16 + 4 * i);
	return 0;
}

static void block_write(struct kv_txn *txn, struct kv_bytes key, const struct block *b)
{
	uint8_t p[BLOCK_BYTES];

	kv_be64(p, (uint64_t)b->earliest);
	kv_be64(p + 8, (uint64_t)b->latest);
	for (int i = 0; i < STATUSES; i++)
		put_be32(p + 16 + 4 * i, b->runs[i]);
	kv_put(txn, BLOCKS, key, (struct kv_bytes){p, sizeof p});
}

static int64_t block_total(const struct block *b, int status)
{
	int64_t n = 0;

	if (status >= 0)
		return b->runs[status];
	for (int i = 0; i < STATUSES; i++)
		if (status == JOURNAL_ANY || i == RUN_QUEUED || i == RUN_RUNNING)
			n += b->runs[i];
	return n;
}

/* ------------------------------------------------------------------- writing */

/* A run more (+1) or less (-1) with a status. */
static int count_in(struct kv_txn *txn, const char *sync, int64_t id, int status, int64_t at, int by,
		    struct ferry_error *err)
{
	struct block b = {.earliest = at, .latest = at};
	struct buf key = BUF_INIT;
	struct kv_bytes value;

	block_key(&key, sync, id / BLOCK_IDS);
	int rc = kv_get(txn, BLOCKS, bytes(&key), &value, err);
	if (rc == 1)
		rc = block_read(bytes(&key), value, &b, err);
	if (rc >= 0 && (by > 0 || b.runs[status])) {
		b.runs[status] += (uint32_t)by;
		b.earliest = at < b.earliest ? at : b.earliest;
		b.latest = at > b.latest ? at : b.latest;
		if (block_total(&b, JOURNAL_ANY))
			block_write(txn, bytes(&key), &b);
		else
			kv_del(txn, BLOCKS, bytes(&key));
	}
	buf_release(&key);
	return rc < 0 ? -1 : 0;
}

static int count(struct kv_txn *txn, const char *sync, int64_t id, int status, int64_t at, int by,
		 struct ferry_error *err)
{
	if (count_in(txn, "", id, status, at, by, err) < 0)
		return -1;
	return count_in(txn, sync, id, status, at, by, err);
}

/* What is known of a run: 1, 0, -1. sync is appended. */
static int known(struct kv_txn *txn, int64_t id, int *ret_status, int64_t *ret_at, struct buf *sync,
		 struct ferry_error *err)
{
	struct kv_bytes value;
	uint8_t key[8];

	kv_be64(key, (uint64_t)id);
	int rc = kv_get(txn, INDEX, (struct kv_bytes){key, 8}, &value, err);
	if (rc <= 0)
		return rc;
	const uint8_t *mark = value.p;
	if (value.len <= MARK || *mark >= STATUSES)
		return ferry_fail(err, FERRY_E_STORE_CORRUPT, "journal: run %lld is of no sync or no status",
				  (long long)id);
	*ret_status = *mark;
	*ret_at = (int64_t)kv_get_be64(mark + 1);
	buf_add(sync, mark + MARK, value.len - MARK);
	return 1;
}

int runs_index_put(struct kv_txn *txn, int64_t id, const char *sync, enum run_status status,
		   int64_t queued_at, struct ferry_error *err)
{
	struct buf key = BUF_INIT, value = BUF_INIT, was_of = BUF_INIT;
	uint8_t mark[MARK];
	int64_t was_at;
	int was;

	int rc = known(txn, id, &was, &was_at, &was_of, err);
	if (rc == 1 && was == (int)status && was_at == queued_at && strcmp(buf_str(&was_of), sync) == 0) {
		buf_release(&was_of);
		return 0;
	}
	if (rc == 1)
		rc = count(txn, buf_str(&was_of), id, was, was_at, -1, err);
	if (rc >= 0)
		rc = count(txn, sync, id, status, queued_at, 1, err);
	if (rc >= 0) {
		mark[0] = (uint8_t)status;
		kv_be64(mark + 1, (uint64_t)queued_at);
		buf_add(&value, mark, MARK);
		buf_adds(&value, sync);
		id_key(&key, NULL, id);
		kv_put(txn, INDEX, bytes(&key), bytes(&value));
		id_key(&key, sync, id);
		kv_put(txn, BY_SYNC, bytes(&key), (struct kv_bytes){mark, MARK});
	}
	buf_release(&key);
	buf_release(&value);
	buf_release(&was_of);
	return rc < 0 ? -1 : 0;
}

int runs_index_del(struct kv_txn *txn, int64_t id, struct ferry_error *err)
{
	struct buf key = BUF_INIT, sync = BUF_INIT;
	int64_t at;
	int status;

	int rc = known(txn, id, &status, &at, &sync, err);
	if (rc == 1)
		rc = count(txn, buf_str(&sync), id, status, at, -1, err);
	if (rc == 0 && sync.len) {
		id_key(&key, buf_str(&sync), id);
		kv_del(txn, BY_SYNC, bytes(&key));
		id_key(&key, NULL, id);
		kv_del(txn, INDEX, bytes(&key));
	}
	buf_release(&key);
	buf_release(&sync);
	return rc < 0 ? -1 : 0;
}

/* --------------------------------------------------------------------- lists */

struct listing {
	const struct journal_filter *f;
	const char *sync;		/* "": all */
	int64_t skip, limit, seen;
	int64_t *ids;
	size_t n;
};

static bool wants(const struct journal_filter *f, struct kv_bytes mark)
{
	const uint8_t *p = mark.p;

	if (mark.len < MARK)
		return false;
	int64_t at = (int64_t)kv_get_be64(p + 1);
	if (f->status == JOURNAL_OPEN ? *p != RUN_QUEUED && *p != RUN_RUNNING
				      : f->status != JOURNAL_ANY && *p != f->status)
		return false;
	return (!f->from || at >= f->from) && (!f->to || at <= f->to);
}

/* The runs of one block, the newest first, until the page is full (and counted, when that is asked for). */
static int walk_block(struct listing *l, struct kv_cursor *runs, int64_t number, bool count_all,
		      struct ferry_error *err)
{
	int64_t first = number * BLOCK_IDS, end = first + BLOCK_IDS;
	size_t prefix = *l->sync ? strlen(l->sync) + 1 : 0;
	struct buf at = BUF_INIT;
	struct kv_bytes key, mark;

	if (l->f->below && l->f->below < end)
		end = l->f->below;
	id_key(&at, prefix ? l->sync : NULL, end);
	int rc = kv_seek_below(runs, bytes(&at), &key, &mark, err);
	for (; rc == 1; rc = kv_prev(runs, &key, &mark, err)) {
		if (key.len != prefix + 8 || memcmp(key.p, at.s, prefix) != 0)
			break;
		int64_t id = (int64_t)kv_get_be64((const uint8_t *)key.p + prefix);
		if (id < first || (!count_all && (int64_t)l->n == l->limit))
			break;
		if (!wants(l->f, mark))
			continue;
		if (l->seen++ >= l->skip && (int64_t)l->n < l->limit)
			l->ids[l->n++] = id;
	}
	buf_release(&at);
	return rc < 0 ? -1 : 0;
}

static int take_block(struct listing *l, struct kv_cursor *runs, const struct block *b, bool count_all,
		      struct ferry_error *err)
{
	const struct journal_filter *f = l->f;
	int64_t first = b->number * BLOCK_IDS, n = block_total(b, f->status);
	bool full = (int64_t)l->n == l->limit;

	if (!n || (f->below && first >= f->below) || (f->from && b->latest < f->from) ||
	    (f->to && b->earliest > f->to))
		return 0;
	bool whole = (!f->below || first + BLOCK_IDS <= f->below) && (!f->from || b->earliest >= f->from) &&
		(!f->to || b->latest <= f->to);
	if (whole && (full || l->seen + n <= l->skip)) {
		l->seen += n;
		return 0;
	}
	return walk_block(l, runs, b->number, count_all, err);
}

static int walk(struct kv_txn *txn, struct listing *l, bool count_all, struct ferry_error *err)
{
	struct kv_cursor *blocks, *runs = NULL;
	struct kv_bytes key, value;
	struct buf at = BUF_INIT;
	struct block b;

	if (kv_cursor_open(txn, BLOCKS, &blocks, err) < 0)
		return -1;
	int rc = kv_cursor_open(txn, *l->sync ? BY_SYNC : INDEX, &runs, err);
	block_key(&at, l->sync, UINT32_MAX);
	if (rc == 0)
		rc = kv_seek_below(blocks, bytes(&at), &key, &value, err);
	for (; rc == 1; rc = kv_prev(blocks, &key, &value, err)) {
		if (key.len != at.len || memcmp(key.p, at.s, at.len - 4) != 0 ||
		    (!count_all && (int64_t)l->n == l->limit))
			break;
		if (block_read(key, value, &b, err) < 0 || take_block(l, runs, &b, count_all, err) < 0) {
			rc = -1;
			break;
		}
	}
	kv_cursor_close(runs);
	kv_cursor_close(blocks);
	buf_release(&at);
	return rc < 0 ? -1 : 0;
}

int runs_index_list(struct kv_txn *txn, const struct journal_filter *f, int64_t skip, int64_t limit,
		    int64_t *ids, size_t *ret_n, int64_t *ret_total, struct ferry_error *err)
{
	struct listing l = {.f = f, .sync = f->sync ? f->sync : "", .skip = skip, .limit = limit, .ids = ids};

	int rc = walk(txn, &l, ret_total != NULL, err);
	*ret_n = l.n;
	if (ret_total)
		*ret_total = l.seen;
	return rc;
}

/* --------------------------------------------------------------------- build */

#define BUILT "runs_counted"

struct building {
	int64_t from, next;		/* the run to count first, now and in the next transaction */
	bool done;
};

static int build_some(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	struct building *b = ctx;
	struct kv_cursor *cur;
	struct kv_bytes key, value;
	struct buf at = BUF_INIT, sync = BUF_INIT;
	int64_t next = b->from;

	id_key(&at, NULL, b->from);
	int rc = kv_cursor_open(txn, INDEX, &cur, err);
	if (rc == 0)
		rc = kv_seek(cur, bytes(&at), &key, &value, err);
	b->done = rc == 0;
	for (int64_t n = 0; rc == 1 && n < BLOCK_IDS; n++) {
		const uint8_t *mark = value.p;
		next = (int64_t)kv_get_be64(key.p) + 1;
		if (value.len > MARK && *mark < STATUSES) {
			buf_reset(&sync);
			buf_add(&sync, mark + MARK, value.len - MARK);
			rc = count(txn, buf_str(&sync), next - 1, *mark, (int64_t)kv_get_be64(mark + 1), 1, err);
		}
		if (rc >= 0)
			rc = kv_next(cur, &key, &value, err);
		b->done = rc == 0;
	}
	b->next = next;
	kv_cursor_close(cur);
	buf_release(&at);
	buf_release(&sync);
	return rc < 0 ? -1 : 0;
}

/* The counts are whole from now on. */
static int build_end(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	(void)ctx;
	(void)err;
	kv_put(txn, STATE, (struct kv_bytes){BUILT, strlen(BUILT)}, (struct kv_bytes){"1", 1});
	return 0;
}

static int build_begin(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	(void)ctx;
	(void)err;
	kv_clear(txn, BLOCKS);
	return 0;
}

static int is_built(struct kv_env *env, struct ferry_error *err)
{
	struct kv_bytes value;
	struct kv_txn *txn;

	if (kv_begin(env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_get(txn, STATE, (struct kv_bytes){BUILT, strlen(BUILT)}, &value, err);
	kv_abort(txn);
	return rc;
}

int runs_index_build(struct kv_env *env, struct ferry_error *err)
{
	struct building b = {0};

	int rc = is_built(env, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (kv_update(env, build_begin, NULL, err) < 0)
		return -1;
	while (!b.done) {
		if (kv_update(env, build_some, &b, err) < 0)
			return -1;
		b.from = b.next;
	}
	return kv_update(env, build_end, NULL, err);
}
