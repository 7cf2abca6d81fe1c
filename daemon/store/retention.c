/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention.c - taking old things out of the journal.
 *
 * Values are not checked on the way, their keys say enough: what is damaged must be able to go, too.
 */
#include "store/retention.h"

#include <string.h>

#include "base/clock.h"
#include "store/journal_private.h"
#include "wire/json.h"

static const struct kv_bytes nothing = {"", 0};

/* A transaction and a cursor that checks no values. */
struct look {
	struct kv_txn *txn;
	struct kv_cursor *cur;
};

static int look_begin(struct journal *j, enum table table, struct look *ret, struct ferry_error *err)
{
	*ret = (struct look){NULL, NULL};
	if (kv_begin(j->env, KV_READ, &ret->txn, err) < 0)
		return -1;
	if (kv_cursor_open(ret->txn, (int)table, &ret->cur, err) < 0) {
		kv_abort(ret->txn);
		return -1;
	}
	kv_cursor_unchecked(ret->cur);
	return 0;
}

static void look_end(struct look *look)
{
	kv_cursor_close(look->cur);
	kv_abort(look->txn);
}

/* ---------------------------------------------------------------------- runs */

static struct retention_mark read_mark(struct kv_bytes key, struct kv_bytes value)
{
	const uint8_t *v = value.p;
	struct retention_mark mark = {.id = (int64_t)kv_get_be64((const uint8_t *)key.p + key.len - 8)};

	/* one that cannot be read is taken for one under way: it stays */
	if (value.len == MARK && v[0] < RUN_STATUSES) {
		mark.status = (enum run_status)v[0];
		mark.queued_at = (int64_t)kv_get_be64(v + 1);
	}
	return mark;
}

int retention_marks(struct journal *j, const char *sync, int64_t below, size_t max,
		    struct retention_mark *marks, size_t *ret_n, struct ferry_error *err)
{
	size_t prefix = strlen(sync) + 1;
	struct kv_bytes key, value;
	struct buf at = BUF_INIT;
	struct look look;
	uint8_t be[8];

	*ret_n = 0;
	if (look_begin(j, BY_SYNC, &look, err) < 0)
		return -1;
	buf_add(&at, sync, prefix);
	kv_be64(be, (uint64_t)below);
	buf_add(&at, be, sizeof be);
	int rc = kv_seek_below(look.cur, (struct kv_bytes){at.s, at.len}, &key, &value, err);
	for (; rc == 1 && *ret_n < max; rc = kv_prev(look.cur, &key, &value, err)) {
		if (key.len != prefix + 8 || memcmp(key.p, sync, prefix) != 0)
			break;
		marks[(*ret_n)++] = read_mark(key, value);
	}
	look_end(&look);
	buf_release(&at);
	return rc < 0 ? -1 : 0;
}

int retention_next_sync(struct journal *j, const char *after, struct buf *ret, struct ferry_error *err)
{
	struct kv_bytes key, value;
	struct buf at = BUF_INIT;
	struct look look;

	buf_adds(&at, after);
	buf_addc(&at, '\1');		/* beyond all keys of that name: they go on with 0 */
	if (look_begin(j, BY_SYNC, &look, err) < 0) {
		buf_release(&at);
		return -1;
	}
	int rc = kv_seek(look.cur, (struct kv_bytes){at.s, at.len}, &key, &value, err);
	buf_release(&at);
	buf_reset(ret);
	if (rc == 1 && key.len > 9)
		buf_add(ret, key.p, strnlen(key.p, key.len - 9));
	look_end(&look);
	return rc == 1 && !ret->len ? 0 : rc;
}

int retention_has_run(struct journal *j, int64_t id, struct ferry_error *err)
{
	struct buf none = BUF_INIT;
	uint8_t key[8];

	kv_be64(key, (uint64_t)id);
	int rc = journal_read(j, INDEX, (struct kv_bytes){key, 8}, &none, err);
	buf_release(&none);
	return rc;
}

/* ---------------------------------------------------------------------- lines */

/* The last line of a run at or before the cursor's place: 1, 0, -1. */
static int is_of_run(int rc, struct kv_bytes key, int64_t run)
{
	return rc == 1 && (key.len != 16 || (int64_t)kv_get_be64(key.p) != run) ? 0 : rc;
}

static int last_of_run(struct kv_cursor *cur, int64_t run, struct kv_bytes *key, struct kv_bytes *value,
		       struct ferry_error *err)
{
	uint8_t end[16];

	line_key(end, run + 1, 0);
	return is_of_run(kv_seek_below(cur, (struct kv_bytes){end, 16}, key, value, err), *key, run);
}

int64_t retention_lines(struct journal *j, enum journal_lines which, int64_t run, struct ferry_error *err)
{
	struct kv_bytes key = nothing, value;
	struct look look;
	int64_t n = 0;

	if (look_begin(j, line_table(which), &look, err) < 0)
		return -1;
	int rc = last_of_run(look.cur, run, &key, &value, err);
	/* they are numbered without gaps */
	if (rc == 1)
		n = (int64_t)kv_get_be64((const uint8_t *)key.p + 8);
	look_end(&look);
	return rc < 0 ? -1 : n;
}

int retention_drop_lines(struct journal *j, enum journal_lines which, int64_t run,
			 struct retention_budget *budget, int64_t *ret_n, struct ferry_error *err)
{
	struct kv_bytes key = nothing, value;
	struct look look;

	*ret_n = 0;
	if (look_begin(j, line_table(which), &look, err) < 0)
		return -1;
	int rc = last_of_run(look.cur, run, &key, &value, err);
	while (rc == 1 && budget->items > 0 && budget->bytes > 0) {
		journal_op(j, OP_DELETE, line_table(which), key, nothing);
		budget->items--;
		budget->bytes -= (int64_t)(key.len + value.len);
		++*ret_n;
		rc = is_of_run(kv_prev(look.cur, &key, &value, err), key, run);
	}
	look_end(&look);
	return rc < 0 ? -1 : !rc;
}

/* ----------------------------------------------------------- audit and problems */

/* Go on where the last part ended. */
static int resume(struct kv_cursor *cur, const struct retention_place *place, struct kv_bytes *key,
		  struct kv_bytes *value, struct ferry_error *err)
{
	struct kv_bytes at = {place->key, place->len};

	int rc = place->len ? kv_seek(cur, at, key, value, err) : kv_first(cur, key, value, err);
	if (rc == 1 && place->len && kv_compare(*key, at) == 0)
		rc = kv_next(cur, key, value, err);
	return rc;
}

static void note(struct retention_place *place, struct kv_bytes key)
{
	place->len = key.len < sizeof place->key ? key.len : sizeof place->key;
	memcpy(place->key, key.p, place->len);
}

static void spend(struct retention_budget *budget, struct kv_bytes key, struct kv_bytes value, int64_t *n)
{
	budget->items--;
	budget->bytes -= (int64_t)(key.len + value.len);
	++*n;
}

/* When an entry was made; 0 when it does not say so, and is as old as the hills. */
static int64_t audit_time(struct kv_bytes value)
{
	struct json_doc *doc = NULL;
	int64_t at = 0;

	if (json_parse(value.p, value.len, "audit", &doc, NULL) < 0)
		return 0;
	const char *text = json_get_text(json_root(doc), "at", "");
	if (!clock_parse(text, strlen(text), &at))
		at = 0;
	json_free(doc);
	return at;
}

int retention_drop_audit(struct journal *j, int64_t before, bool dry, struct retention_place *place,
			 struct retention_budget *budget, int64_t *ret_n, struct ferry_error *err)
{
	struct kv_bytes key, value;
	struct look look;

	*ret_n = 0;
	if (look_begin(j, AUDIT, &look, err) < 0)
		return -1;
	int rc = resume(look.cur, place, &key, &value, err);
	while (rc == 1 && budget->items > 0 && budget->bytes > 0 &&
	       /* the next one's number follows from the newest: that stays */
	       key.len == 8 && (int64_t)kv_get_be64(key.p) < j->next_audit - 1) {
		if (audit_time(value) >= before) {
			rc = 0;
			break;
		}
		if (!dry)
			journal_op(j, OP_DELETE, AUDIT, key, nothing);
		note(place, key);
		spend(budget, key, value, ret_n);
		rc = kv_next(look.cur, &key, &value, err);
	}
	bool spent = budget->items <= 0 || budget->bytes <= 0;
	look_end(&look);
	return rc < 0 ? -1 : rc == 0 || !spent;
}

static void drop_problem(struct journal *j, struct kv_bytes closed)
{
	struct kv_bytes id = {(const uint8_t *)closed.p + 8, 8};

	journal_op(j, OP_DELETE, PROBLEMS, id, nothing);
	journal_op(j, OP_DELETE, PROBLEM_INDEX, id, nothing);
	journal_op(j, OP_DELETE, PROBLEM_CLOSED, closed, nothing);
}

int retention_drop_problems(struct journal *j, int64_t before, int64_t keep, bool dry, struct retention_place *place,
			    struct retention_budget *budget, int64_t *ret_n, struct ferry_error *err)
{
	struct kv_bytes key, value;
	struct look look;

	*ret_n = 0;
	if (look_begin(j, PROBLEM_CLOSED, &look, err) < 0)
		return -1;
	int64_t excess = kv_count(look.txn, PROBLEM_CLOSED) - keep - place->counted;
	int rc = resume(look.cur, place, &key, &value, err);
	while (rc == 1 && budget->items > 0 && key.len == 16) {
		/* be64 time, be64 id: the one closed first stands first */
		if (excess <= *ret_n && (int64_t)kv_get_be64(key.p) >= before) {
			rc = 0;
			break;
		}
		if (!dry)
			drop_problem(j, key);
		note(place, key);
		spend(budget, key, value, ret_n);
		rc = kv_next(look.cur, &key, &value, err);
	}
	if (dry)
		place->counted += *ret_n;
	look_end(&look);
	return rc < 0 ? -1 : rc == 0;
}
