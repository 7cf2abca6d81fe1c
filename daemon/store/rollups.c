/* SPDX-License-Identifier: Apache-2.0 */
/* rollups.c - the journal's roll-ups: counting a run, reading days and hours. */
#include "store/rollups.h"

#include <stdlib.h>
#include <string.h>

#include "store/journal_private.h"
#include "store/pack.h"
#include "wire/json.h"

#define STATE_KEY "rollups"
#define FORMAT 1
enum { DROP_AT_ONCE = 8 };

static const struct kv_bytes state_key = {STATE_KEY, sizeof STATE_KEY - 1};

/* ---------------------------------------------------------------------- records */

/* sync, 0, be32: a day; above all of those, an hour */
static void make_key(struct buf *key, const char *sync, enum rollup_span span, int64_t number)
{
	uint32_t n = (uint32_t)number | (span == ROLLUP_HOURS ? UINT32_C(1) << 31 : 0);
	uint8_t be[8];

	kv_be64(be, n);
	buf_reset(key);
	buf_add(key, sync, strlen(sync) + 1);
	buf_add(key, be + 4, 4);
}

static int64_t number_of(struct kv_bytes key)
{
	const uint8_t *p = (const uint8_t *)key.p + key.len - 4;

	return (int64_t)((uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

static struct kv_bytes bytes_of(const struct buf *b)
{
	return (struct kv_bytes){b->s, b->len};
}

static int64_t *member(struct rollup *r, size_t i)
{
	return (int64_t *)(void *)((char *)r + rollup_members[i].offset);
}

static void pack(struct rollup *r, struct buf *out)
{
	pack_number(out, FORMAT);
	pack_number(out, ROLLUP_MEMBERS);
	for (size_t i = 0; i < ROLLUP_MEMBERS; i++)
		pack_number(out, (uint64_t)*member(r, i));
}

/* One with fewer members is older, one with more is newer: what both know is taken. */
static int unpack(struct kv_bytes value, struct rollup *ret, struct ferry_error *err)
{
	struct cut c = cut_start(value);
	uint64_t format = cut_number(&c), n = cut_number(&c);

	*ret = (struct rollup){0};
	for (uint64_t i = 0; i < n && i < ROLLUP_MEMBERS && !c.bad; i++)
		*member(ret, i) = (int64_t)cut_number(&c);
	if (c.bad || format != FORMAT)
		return ferry_fail(err, FERRY_E_STORE_CORRUPT, "the journal has a roll-up that cannot be read");
	return 0;
}

/* --------------------------------------------------------------------- counting */

static int64_t unit_of(enum rollup_span span)
{
	return span == ROLLUP_HOURS ? ROLLUP_HOUR : ROLLUP_DAY;
}

static int64_t oldest_kept(enum rollup_span span, int64_t now)
{
	return now / unit_of(span) - (span == ROLLUP_HOURS ? ROLLUP_HOURS_KEPT : ROLLUP_DAYS_KEPT);
}

/* With each new day or hour of a sync some old ones go. */
static int drop_old(struct journal *j, const char *sync, enum rollup_span span, int64_t now,
		    struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes key, value;
	struct buf at = BUF_INIT;
	int64_t oldest = oldest_kept(span, now);

	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	make_key(&at, sync, span, 0);
	int rc = kv_cursor_open(txn, ROLLUPS, &cur, err);
	if (rc == 0) {
		rc = kv_seek(cur, bytes_of(&at), &key, &value, err);
		for (int i = 0; rc == 1 && i < DROP_AT_ONCE; i++) {
			if (key.len != at.len || memcmp(key.p, at.s, at.len - 4) != 0 || number_of(key) >= oldest)
				break;
			journal_op(j, OP_DELETE, ROLLUPS, key, (struct kv_bytes){"", 0});
			rc = kv_next(cur, &key, &value, err);
		}
		kv_cursor_close(cur);
	}
	kv_abort(txn);
	buf_release(&at);
	return rc < 0 ? -1 : 0;
}

static int count(struct journal *j, const char *sync, enum rollup_span span, const struct rollup_run *run,
		 struct ferry_error *err)
{
	int64_t number = run->ended_at / unit_of(span);
	struct buf key = BUF_INIT, value = BUF_INIT;
	struct rollup sum = {0};

	if (number < oldest_kept(span, run->now) || run->ended_at < 0)
		return 0;
	make_key(&key, sync, span, number);
	int rc = journal_look(j, ROLLUPS, bytes_of(&key), &value, err);
	if (rc == 1)
		rc = unpack(bytes_of(&value), &sum, err);
	else if (rc == 0)
		rc = drop_old(j, sync, span, run->now, err);
	if (rc == 0) {
		rollup_add(&sum, &run->one);
		buf_reset(&value);
		pack(&sum, &value);
		journal_op(j, OP_PUT, ROLLUPS, bytes_of(&key), bytes_of(&value));
	}
	buf_release(&key);
	buf_release(&value);
	return rc;
}

int rollups_add_behind(struct journal *j, const struct rollup_run *run, struct ferry_error *err)
{
	size_t mark = journal_pending(j);

	for (int i = 0; i < 4; i++)
		if (count(j, i & 1 ? "" : run->sync, i & 2 ? ROLLUP_HOURS : ROLLUP_DAYS, run, err) < 0) {
			journal_rollback(j, mark);
			return -1;
		}
	return 0;
}

/* ------------------------------------------------------------- runs behind it */

int64_t rollups_behind(const struct journal *j)
{
	return j->rollups_behind;
}

static void put_state(struct journal *j)
{
	struct buf json = BUF_INIT;

	jw_open(&json, NULL, '{');
	jw_int(&json, "from", j->rollups_from);
	jw_int(&json, "behind", j->rollups_behind);
	jw_close(&json, '}');
	journal_put_state(j, STATE_KEY, json.s, json.len);
	buf_release(&json);
}

void rollups_set_behind(struct journal *j, int64_t id)
{
	j->rollups_behind = id > 1 ? id : 0;
	put_state(j);
}

/*
 * As long as nothing is noted nothing was counted: all runs that are there lie behind. So it is noted with
 * the first run that is counted, and opening a journal writes nothing.
 */
int rollups_begin(struct journal *j, struct ferry_error *err)
{
	struct buf json = BUF_INIT;
	struct json_doc *doc = NULL;

	j->rollups_from = j->next_run;
	j->rollups_behind = j->next_run > 1 ? j->next_run : 0;
	int rc = journal_read(j, STATE, state_key, &json, err);
	if (rc == 1 && (rc = json_parse(json.s, json.len, "the state of roll-ups", &doc, err)) == 0) {
		j->rollups_from = json_get_int(json_root(doc), "from", j->rollups_from);
		j->rollups_behind = json_get_int(json_root(doc), "behind", 0);
		json_free(doc);
	}
	buf_release(&json);
	return rc;
}

int rollups_add(struct journal *j, const struct rollup_run *run, struct ferry_error *err)
{
	struct buf noted = BUF_INIT;

	if (run->id < j->rollups_from)
		return 0;
	/* asked each time: a group that was taken back has taken it along */
	int rc = journal_look(j, STATE, state_key, &noted, err);
	buf_release(&noted);
	if (rc < 0 || rollups_add_behind(j, run, err) < 0)
		return -1;
	if (rc == 0)
		put_state(j);
	return 0;
}

/* ---------------------------------------------------------------------- reading */

int rollups_read(struct journal *j, const char *sync, enum rollup_span span, int64_t last, size_t n,
		 struct rollup *ret, struct ferry_error *err)
{
	int64_t first = last - (int64_t)n + 1;
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes key, value;
	struct buf at = BUF_INIT;

	memset(ret, 0, n * sizeof *ret);
	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	make_key(&at, sync ? sync : "", span, first > 0 ? first : 0);
	int rc = kv_cursor_open(txn, ROLLUPS, &cur, err);
	if (rc == 0) {
		rc = kv_seek(cur, bytes_of(&at), &key, &value, err);
		while (rc == 1 && key.len == at.len && memcmp(key.p, at.s, at.len - 4) == 0) {
			int64_t number = number_of(key);
			if (number > last || ((const uint8_t *)key.p)[key.len - 4] >> 7 != (span == ROLLUP_HOURS))
				break;
			if (unpack(value, &ret[number - first], err) < 0)
				rc = -1;
			else
				rc = kv_next(cur, &key, &value, err);
		}
		kv_cursor_close(cur);
	}
	kv_abort(txn);
	buf_release(&at);
	return rc < 0 ? -1 : 0;
}
