/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c - the journal environment: opening and writing. */
#include "store/journal_private.h"
#include "store/runs_index.h"

#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

#define KEEP_BYTES (256 * 1024)		/* of the group's buffer, after a commit */

static const char *const table_names[] = {
	"runs", "index", "by_sync", "logs", "errors", "audit", "state",
	"problems", "problem_index", "problem_keys", "problem_closed", "blocks", "rollups", "outbox", NULL,
};

/* ------------------------------------------------------------------ writing */

void journal_op(struct journal *j, enum op_kind kind, enum table table, struct kv_bytes key,
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

void journal_put_run(struct journal *j, const struct journal_run *run)
{
	struct buf value = BUF_INIT;
	uint8_t id[8], mark[MARK] = {(uint8_t)run->status};

	kv_be64(id, (uint64_t)run->id);
	kv_be64(mark + 1, (uint64_t)run->queued_at);
	journal_op(j, OP_PUT, RUNS, (struct kv_bytes){id, 8}, (struct kv_bytes){run->json, run->len});
	buf_add(&value, mark, MARK);
	buf_adds(&value, run->sync);
	journal_op(j, OP_INDEX_RUN, INDEX, (struct kv_bytes){id, 8}, (struct kv_bytes){value.s, value.len});
	buf_release(&value);
}

void journal_delete_run(struct journal *j, int64_t id)
{
	uint8_t key[8];

	kv_be64(key, (uint64_t)id);
	journal_op(j, OP_DELETE_RUN, RUNS, (struct kv_bytes){key, 8}, (struct kv_bytes){"", 0});
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
	journal_op(j, OP_PUT, line_table(which), (struct kv_bytes){key, 16},
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
	journal_op(j, OP_PUT, AUDIT, (struct kv_bytes){key, 8}, (struct kv_bytes){value.s, value.len});
	buf_release(&value);
}

void journal_put_state(struct journal *j, const char *key, const char *json, size_t len)
{
	journal_op(j, json ? OP_PUT : OP_DELETE, STATE, (struct kv_bytes){key, strlen(key)},
	       (struct kv_bytes){json ? json : "", json ? len : 0});
}

int journal_look(struct journal *j, enum table table, struct kv_bytes key, struct buf *out,
		 struct ferry_error *err)
{
	for (size_t i = j->n_ops; i-- > 0;) {
		const struct op *op = &j->ops[i];
		if (op->table != table || op->key_len != key.len ||
		    memcmp(j->bytes.s + op->at, key.p, key.len) != 0)
			continue;
		if (op->kind != OP_PUT)
			return 0;
		buf_add(out, j->bytes.s + op->at + op->key_len, op->value_len);
		return 1;
	}
	return journal_read(j, table, key, out, err);
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
	if (runs_index_del(txn, (int64_t)kv_get_be64(id), err) < 0)
		return -1;
	kv_del(txn, RUNS, (struct kv_bytes){id, 8});
	if (delete_lines(txn, LOGS, id, err) < 0)
		return -1;
	return delete_lines(txn, ERRORS, id, err);
}

/* value: mark and sync */
static int index_run(struct kv_txn *txn, struct kv_bytes key, struct kv_bytes value, struct ferry_error *err)
{
	const uint8_t *mark = value.p;
	char *sync = ferry_strndup(value.p + MARK, value.len - MARK);

	int rc = runs_index_put(txn, (int64_t)kv_get_be64(key.p), sync, (enum run_status)*mark,
				(int64_t)kv_get_be64(mark + 1), err);
	free(sync);
	return rc;
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
		else if (op->kind == OP_INDEX_RUN ? index_run(txn, key, value, err) < 0
						  : delete_run(txn, key.p, err) < 0)
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

/* The next number of a table whose keys are numbers: behind the last one, and what was noted. */
static int load_number(struct kv_txn *txn, enum table table, const char *noted, int64_t *ret,
		       struct ferry_error *err)
{
	struct kv_cursor *cur = NULL;
	struct kv_bytes key, value;

	*ret = 1;
	int rc = noted ? kv_get(txn, STATE, (struct kv_bytes){noted, strlen(noted)}, &value, err) : 0;
	if (rc == 1) {
		char text[24] = "";
		memcpy(text, value.p, value.len < sizeof text ? value.len : sizeof text - 1);
		*ret = strtoll(text, NULL, 10);
	}
	if (rc >= 0)
		rc = kv_cursor_open(txn, (int)table, &cur, err);
	if (rc >= 0 && (rc = kv_last(cur, &key, &value, err)) == 1) {
		int64_t last = (int64_t)kv_get_be64(key.p);
		*ret = *ret > last ? *ret : last + 1;
	}
	kv_cursor_close(cur);
	return rc < 0 ? -1 : 0;
}

static int load_numbers(struct journal *j, struct ferry_error *err)
{
	struct kv_txn *txn;

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	int rc = load_number(txn, INDEX, "next_run", &j->next_run, err);
	if (rc == 0)
		rc = load_number(txn, AUDIT, NULL, &j->next_audit, err);
	if (rc == 0)
		rc = load_number(txn, PROBLEM_INDEX, "next_problem", &j->next_problem, err);
	kv_abort(txn);
	return rc;
}

int journal_open(const char *state_dir, struct journal **ret, struct ferry_error *err)
{
	struct journal *j = ferry_alloc0(1, sizeof *j);
	char *path = ferry_asprintf("%s/journal", state_dir);

	int rc = kv_open(path, "journal", JOURNAL_VERSION, table_names, &j->env, err);
	free(path);
	if (rc < 0 || runs_index_build(j->env, err) < 0 || load_numbers(j, err) < 0 || rollups_begin(j, err) < 0) {
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

void journal_size(const struct journal *j, int64_t *ret_used, int64_t *ret_map)
{
	kv_size(j->env, ret_used, ret_map);
}

void journal_clear_stale(struct journal *j)
{
	kv_clear_stale(j->env);
}
