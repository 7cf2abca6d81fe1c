/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.c - the journal environment.
 *
 * Lists and filters walk `index` and `by_sync`, whose small values tell what a filter asks, so that
 * a page of a hundred thousand runs touches only its own documents.
 */
#include "store/journal.h"

#include <stdlib.h>
#include <string.h>

#include "wire/json.h"
#include "wire/kv.h"

#define VERSION 1
#define KEEP_BYTES (256 * 1024)		/* of the group's buffer, after a commit */

enum table { RUNS, INDEX, BY_SYNC, LOGS, ERRORS, AUDIT, STATE };
static const char *const table_names[] = {"runs", "index", "by_sync", "logs", "errors", "audit",
	"state", NULL};

/* index: be64 id -> mark and sync name. by_sync: sync, 0, be64 id -> mark. */
#define MARK 9				/* status, be64 queued_at */

enum op_kind { OP_PUT, OP_DELETE, OP_DELETE_RUN };

/* One pending change; its key and value stand in the group's bytes. */
struct op {
	enum op_kind kind;
	enum table table;
	size_t at, key_len, value_len;
};

struct journal {
	struct kv_env *env;
	int64_t next_run, next_audit;
	struct op *ops;
	size_t n_ops, cap_ops;
	struct buf bytes;
};

/* ------------------------------------------------------------------ writing */

static void op_add(struct journal *j, enum op_kind kind, enum table table, struct kv_bytes key,
		   struct kv_bytes value)
{
	if (j->n_ops == j->cap_ops) {
		j->cap_ops = j->cap_ops ? j->cap_ops * 2 : 32;
		j->ops = ferry_realloc(j->ops, j->cap_ops, sizeof *j->ops);
	}
	j->ops[j->n_ops++] = (struct op){kind, table, j->bytes.len, key.len, value.len};
	buf_add(&j->bytes, key.p, key.len);
	buf_add(&j->bytes, value.p, value.len);
}

int64_t journal_next_run(struct journal *j)
{
	struct buf text = BUF_INIT;
	int64_t id = j->next_run++;

	jw_int(&text, NULL, j->next_run);
	journal_put_state(j, "next_run", text.s, text.len);
	buf_release(&text);
	return id;
}

static void mark_make(uint8_t mark[MARK], enum run_status status, int64_t queued_at)
{
	mark[0] = (uint8_t)status;
	kv_be64(mark + 1, (uint64_t)queued_at);
}

static void sync_key(struct buf *key, const char *sync, int64_t id)
{
	uint8_t be[8];

	buf_reset(key);
	buf_add(key, sync, strlen(sync) + 1);
	kv_be64(be, (uint64_t)id);
	buf_add(key, be, sizeof be);
}

void journal_put_run(struct journal *j, const struct journal_run *run)
{
	struct buf key = BUF_INIT, value = BUF_INIT;
	uint8_t id[8], mark[MARK];

	kv_be64(id, (uint64_t)run->id);
	mark_make(mark, run->status, run->queued_at);
	op_add(j, OP_PUT, RUNS, (struct kv_bytes){id, 8}, (struct kv_bytes){run->json, run->len});
	buf_add(&value, mark, MARK);
	buf_adds(&value, run->sync);
	op_add(j, OP_PUT, INDEX, (struct kv_bytes){id, 8}, (struct kv_bytes){value.s, value.len});
	sync_key(&key, run->sync, run->id);
	op_add(j, OP_PUT, BY_SYNC, (struct kv_bytes){key.s, key.len},
	       (struct kv_bytes){mark, MARK});
	buf_release(&key);
	buf_release(&value);
}

void journal_delete_run(struct journal *j, int64_t id)
{
	uint8_t key[8];

	kv_be64(key, (uint64_t)id);
	op_add(j, OP_DELETE_RUN, RUNS, (struct kv_bytes){key, 8}, (struct kv_bytes){"", 0});
}

/* {"seq":N, in front of the object's own members */
static void add_numbered(struct buf *out, const char *name, int64_t n, const char *json, size_t len)
{
	FERRY_ASSERT(len >= 2 && json[0] == '{');
	buf_addc(out, '{');
	jw_int(out, name, n);
	if (json[1] != '}')
		buf_addc(out, ',');
	buf_add(out, json + 1, len - 1);
}

static void line_key(uint8_t key[16], int64_t run, int64_t seq)
{
	kv_be64(key, (uint64_t)run);
	kv_be64(key + 8, (uint64_t)seq);
}

static enum table line_table(enum journal_lines which)
{
	return which == JOURNAL_LOGS ? LOGS : ERRORS;
}

int64_t journal_add_line(struct journal *j, enum journal_lines which, int64_t run,
			 struct journal_tally *tally, const char *segment, const char *json, size_t len)
{
	struct buf value = BUF_INIT;
	uint8_t key[16];

	tally->total++;
	if (tally->stored >= tally->max)
		return 0;
	tally->stored++;
	line_key(key, run, tally->stored);
	/* the segment stands in front, so that asking for one segment's lines parses nothing */
	buf_add(&value, segment, strlen(segment) + 1);
	add_numbered(&value, "seq", tally->stored, json, len);
	op_add(j, OP_PUT, line_table(which), (struct kv_bytes){key, 16},
	       (struct kv_bytes){value.s, value.len});
	buf_release(&value);
	return tally->stored;
}

void journal_add_audit(struct journal *j, const char *json, size_t len)
{
	struct buf value = BUF_INIT;
	uint8_t key[8];
	int64_t seq = j->next_audit++;

	kv_be64(key, (uint64_t)seq);
	add_numbered(&value, "id", seq, json, len);
	op_add(j, OP_PUT, AUDIT, (struct kv_bytes){key, 8}, (struct kv_bytes){value.s, value.len});
	buf_release(&value);
}

void journal_put_state(struct journal *j, const char *key, const char *json, size_t len)
{
	op_add(j, json ? OP_PUT : OP_DELETE, STATE, (struct kv_bytes){key, strlen(key)},
	       (struct kv_bytes){json ? json : "", json ? len : 0});
}

size_t journal_pending(const struct journal *j)
{
	return j->n_ops;
}

size_t journal_pending_bytes(const struct journal *j)
{
	return j->bytes.len;
}

void journal_rollback(struct journal *j, size_t mark)
{
	if (mark >= j->n_ops)
		return;
	j->bytes.len = j->ops[mark].at;
	j->n_ops = mark;
}

/* All lines of a run. */
static int delete_lines(struct kv_txn *txn, enum table table, const void *id,
			struct ferry_error *err)
{
	struct kv_cursor *cur;
	struct kv_bytes key, value;
	uint8_t at[16];

	memcpy(at, id, 8);
	memset(at + 8, 0, 8);
	if (kv_cursor_open(txn, table, &cur, err) < 0)
		return -1;
	int rc;
	while ((rc = kv_seek(cur, (struct kv_bytes){at, 16}, &key, &value, err)) == 1) {
		if (key.len != 16 || memcmp(key.p, id, 8) != 0)
			break;
		memcpy(at, key.p, 16);
		kv_del(txn, (int)table, (struct kv_bytes){at, 16});
	}
	kv_cursor_close(cur);
	return rc < 0 ? -1 : 0;
}

static int delete_run(struct kv_txn *txn, const void *id, struct ferry_error *err)
{
	struct kv_bytes at = {id, 8}, mark;
	struct buf key = BUF_INIT, sync = BUF_INIT;

	int rc = kv_get(txn, INDEX, at, &mark, err);
	if (rc <= 0)
		return rc;
	if (mark.len > MARK)
		buf_add(&sync, (const char *)mark.p + MARK, mark.len - MARK);
	sync_key(&key, buf_str(&sync), (int64_t)kv_get_be64(id));
	kv_del(txn, BY_SYNC, (struct kv_bytes){key.s, key.len});
	kv_del(txn, INDEX, at);
	kv_del(txn, RUNS, at);
	buf_release(&key);
	buf_release(&sync);
	rc = delete_lines(txn, LOGS, id, err);
	return rc < 0 ? rc : delete_lines(txn, ERRORS, id, err);
}

static int write_ops(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	struct journal *j = ctx;

	for (size_t i = 0; i < j->n_ops; i++) {
		const struct op *op = &j->ops[i];
		struct kv_bytes key = {j->bytes.s + op->at, op->key_len};
		struct kv_bytes value = {j->bytes.s + op->at + op->key_len, op->value_len};
		if (op->kind == OP_PUT)
			kv_put(txn, (int)op->table, key, value);
		else if (op->kind == OP_DELETE)
			kv_del(txn, (int)op->table, key);
		else if (delete_run(txn, key.p, err) < 0)
			return -1;
	}
	return 0;
}

static void group_clear(struct journal *j)
{
	j->n_ops = 0;
	if (j->bytes.cap > KEEP_BYTES)
		buf_release(&j->bytes);
	buf_reset(&j->bytes);
}

int journal_commit(struct journal *j, struct ferry_error *err)
{
	if (!j->n_ops)
		return 0;
	if (kv_update(j->env, write_ops, j, err) < 0)
		return ferry_within(err, "journal");
	group_clear(j);
	return 0;
}

/* --------------------------------------------------------------------- open */

static int load_numbers(struct journal *j, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur = NULL;
	struct kv_bytes key, value;
	int64_t last = 0;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_get(txn, STATE, (struct kv_bytes){"next_run", 8}, &value, err);
	if (rc == 1) {
		char text[24] = "";
		memcpy(text, value.p, value.len < sizeof text ? value.len : sizeof text - 1);
		j->next_run = strtoll(text, NULL, 10);
	}
	if (rc >= 0)
		rc = kv_cursor_open(txn, INDEX, &cur, err);
	if (rc >= 0 && (rc = kv_last(cur, &key, &value, err)) == 1)
		last = (int64_t)kv_get_be64(key.p);
	kv_cursor_close(cur);
	cur = NULL;
	if (j->next_run <= last)
		j->next_run = last + 1;
	if (rc >= 0)
		rc = kv_cursor_open(txn, AUDIT, &cur, err);
	j->next_audit = 1;
	if (rc >= 0 && (rc = kv_last(cur, &key, &value, err)) == 1)
		j->next_audit = (int64_t)kv_get_be64(key.p) + 1;
	kv_cursor_close(cur);
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}

int journal_open(const char *state_dir, struct journal **ret, struct ferry_error *err)
{
	struct journal *j = ferry_alloc0(1, sizeof *j);
	char *path = ferry_asprintf("%s/journal", state_dir);

	j->next_run = 1;
	int rc = kv_open(path, "journal", VERSION, table_names, &j->env, err);
	free(path);
	if (rc < 0 || load_numbers(j, err) < 0) {
		journal_close(j);
		return ferry_within(err, "journal");
	}
	*ret = j;
	return 0;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	kv_close(j->env);
	free(j->ops);
	buf_release(&j->bytes);
	free(j);
}

void journal_clear_stale(struct journal *j)
{
	kv_clear_stale(j->env);
}

/* ------------------------------------------------------------------ reading */

/* Append the value of one key; 1, 0 absent, -1. */
static int read_one(struct journal *j, enum table table, struct kv_bytes key, struct buf *out,
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
	int rc = read_one(j, RUNS, (struct kv_bytes){key, 8}, out, err);
	if (rc == 0)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no run %lld", (long long)id);
	return rc < 0 ? -1 : 0;
}

int journal_state(struct journal *j, const char *key, struct buf *out, struct ferry_error *err)
{
	int rc = read_one(j, STATE, (struct kv_bytes){key, strlen(key)}, out, err);
	if (rc == 0)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no state '%s'", key);
	return rc < 0 ? -1 : 0;
}

static bool passes(const struct journal_filter *f, struct kv_bytes mark)
{
	if (mark.len < MARK)
		return false;
	int64_t at = (int64_t)kv_get_be64((const uint8_t *)mark.p + 1);
	return (f->status < 0 || *(const uint8_t *)mark.p == f->status) &&
		(!f->from || at >= f->from) && (!f->to || at <= f->to);
}

/* Put the cursor on the newest entry below `end` (NULL: of all). */
static int newest(struct kv_cursor *cur, struct kv_bytes end, struct kv_bytes *key,
		  struct kv_bytes *value, struct ferry_error *err)
{
	if (!end.p)
		return kv_last(cur, key, value, err);
	int rc = kv_seek(cur, end, key, value, err);
	if (rc < 0)
		return rc;
	return rc == 1 ? kv_prev(cur, key, value, err) : kv_last(cur, key, value, err);
}

/* Walk down from the newest one as long as keys begin with prefix. */
static int walk_runs(struct kv_cursor *cur, const struct buf *prefix,
		     const struct journal_filter *f,
		     int64_t skip, int64_t limit, int64_t *ids, size_t *ret_n, int64_t *ret_total,
		     struct ferry_error *err)
{
	struct kv_bytes key, mark, end = {NULL, 0};
	struct buf above = BUF_INIT;
	int64_t seen = 0;
	size_t n = 0;

	if (prefix->len) {
		buf_add(&above, prefix->s, prefix->len);
		above.s[above.len - 1] = 1;	/* the 0 after the sync's name */
		end = (struct kv_bytes){above.s, above.len};
	}
	int rc = newest(cur, end, &key, &mark, err);
	for (; rc == 1; rc = kv_prev(cur, &key, &mark, err)) {
		if (key.len != prefix->len + 8 || memcmp(key.p, buf_str(prefix), prefix->len) != 0)
			break;
		if (!passes(f, mark))
			continue;
		if (seen++ >= skip && (int64_t)n < limit)
			ids[n++] = (int64_t)kv_get_be64((const uint8_t *)key.p + prefix->len);
		if (!ret_total && (int64_t)n == limit)
			break;
	}
	buf_release(&above);
	*ret_n = n;
	if (ret_total)
		*ret_total = seen;
	return rc < 0 ? -1 : 0;
}

/* Nothing to filter: the total is the table's count, and the walk ends with the page. */
static int page_runs(struct kv_txn *txn, struct kv_cursor *cur, const struct journal_filter *f,
		     int64_t skip, int64_t limit, int64_t *ids, size_t *ret_n, int64_t *ret_total,
		     struct ferry_error *err)
{
	struct buf none = BUF_INIT;

	if (ret_total)
		*ret_total = kv_count(txn, INDEX);
	return walk_runs(cur, &none, f, skip, limit, ids, ret_n, NULL, err);
}

int journal_list(struct journal *j, const struct journal_filter *f, int64_t skip, int64_t limit,
		 int64_t *ids, size_t *ret_n, int64_t *ret_total, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct buf prefix = BUF_INIT;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_cursor_open(txn, f->sync ? BY_SYNC : INDEX, &cur, err);
	if (rc == 0) {
		if (f->sync)
			buf_add(&prefix, f->sync, strlen(f->sync) + 1);
		if (!f->sync && f->status < 0 && !f->from && !f->to)
			rc = page_runs(txn, cur, f, skip, limit, ids, ret_n, ret_total, err);
		else
			rc = walk_runs(cur, &prefix, f, skip, limit, ids, ret_n, ret_total, err);
		kv_cursor_close(cur);
	}
	buf_release(&prefix);
	kv_abort(txn);
	return rc;
}

/* The last seq of a run's lines, 0 when it has none; -1. Seqs have no gaps, so this counts them. */
static int64_t last_line(struct kv_cursor *cur, int64_t run, struct ferry_error *err)
{
	struct kv_bytes key, value;
	uint8_t end[16];

	line_key(end, run + 1, 0);
	int rc = newest(cur, (struct kv_bytes){end, 16}, &key, &value, err);
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

int journal_audit(struct journal *j, int64_t skip, int64_t limit, struct buf *items,
		  int64_t *ret_total, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes key, value;
	int64_t n = 0;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = kv_cursor_open(txn, AUDIT, &cur, err);
	if (rc == 0) {
		*ret_total = kv_count(txn, AUDIT);
		rc = kv_last(cur, &key, &value, err);
		for (; rc == 1 && n < skip + limit; rc = kv_prev(cur, &key, &value, err))
			if (n++ >= skip)
				add_item(items, value.p, value.len);
		kv_cursor_close(cur);
	}
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}
