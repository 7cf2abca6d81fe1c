/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - reading the audit: by pages, and by who, what and when. An entry is looked at as text: a
 * quote within a text is never bare in it, so a member is found without parsing.
 */
#include <string.h>

#include "base/clock.h"
#include "store/journal_private.h"
#include "wire/json.h"

#define LOOK_MAX 20000			/* entries looked at in one call; the daemon has others to serve */
#define SLACK_US (INT64_C(86400) * 1000000) /* how far the machine's clock may have been set back */

struct audit_reader {
	const struct journal_audit_filter *of;
	struct buf action, actor;	/* as they would stand in an entry */
	int64_t skip, limit, found, looked;
	struct buf *items;
};

static const char *find(struct kv_bytes entry, const char *what, size_t len)
{
	return memmem(entry.p, entry.len, what, len);
}

static int64_t time_of(struct kv_bytes entry)
{
	static const char member[] = "\"at\":\"";
	const char *s = find(entry, member, sizeof member - 1), *end = (const char *)entry.p + entry.len;
	int64_t at = 0;

	s = s ? s + sizeof member - 1 : end;
	const char *quote = memchr(s, '"', (size_t)(end - s));
	return quote && clock_parse(s, (size_t)(quote - s), &at) ? at : 0;
}

/* The actor asked for is part of who it was: "root", "token grafana". */
static bool is_by(struct kv_bytes entry, const struct buf *actor)
{
	static const char who[] = "\"who\":\"", behind[] = "\",\"action\":";
	const char *s = find(entry, who, sizeof who - 1), *end = find(entry, behind, sizeof behind - 1);

	return s && end && s < end && memmem(s + sizeof who - 1, (size_t)(end - s) - (sizeof who - 1), actor->s,
					     actor->len);
}

static bool fits(const struct audit_reader *r, struct kv_bytes entry, int64_t at)
{
	const struct journal_audit_filter *of = r->of;

	return (!of->from || at >= of->from) && (!of->to || at <= of->to) &&
		(!r->action.len || find(entry, r->action.s, r->action.len)) &&
		(!r->actor.len || is_by(entry, &r->actor));
}

/* From the cursor's entry on backwards; *ret_next: the entry to go on before, 0 when that was all. */
static int walk(struct audit_reader *r, struct kv_cursor *cur, int rc, struct kv_bytes key,
		struct kv_bytes entry, int64_t *ret_next, struct ferry_error *err)
{
	for (; rc == 1; rc = kv_prev(cur, &key, &entry, err)) {
		int64_t at = r->of->from || r->of->to ? time_of(entry) : 0;
		if (r->of->from && at < r->of->from - SLACK_US)
			break;
		if (r->looked++ == LOOK_MAX) {
			*ret_next = (int64_t)kv_get_be64(key.p) + 1;
			break;
		}
		if (!fits(r, entry, at))
			continue;
		if (r->found >= r->skip && r->found < r->skip + r->limit)
			jw_raw(r->items, NULL, entry.p, entry.len);
		r->found++;
	}
	return rc < 0 ? -1 : 0;
}

/* Without a filter how many there are is known, and no entry is looked at that is not on the page. */
static int plain_page(struct audit_reader *r, struct kv_txn *txn, struct kv_cursor *cur, int rc,
		      struct kv_bytes key, struct kv_bytes entry, struct ferry_error *err)
{
	int64_t last = rc == 1 ? (int64_t)kv_get_be64(key.p) : 0, n = r->skip;
	uint8_t at[8];

	r->found = kv_count(txn, AUDIT);
	if (rc != 1 || r->skip >= r->found)
		return rc < 0 ? -1 : 0;
	rc = kv_first(cur, &key, &entry, err);
	if (rc == 1 && last - (int64_t)kv_get_be64(key.p) + 1 == r->found) {
		/* no number is missing, so it is found by counting */
		kv_be64(at, (uint64_t)(last - n));
		rc = kv_seek(cur, (struct kv_bytes){at, 8}, &key, &entry, err);
		n = 0;
	} else if (rc == 1) {
		rc = kv_last(cur, &key, &entry, err);
	}
	for (int64_t end = n + r->limit; rc == 1 && end; end--, rc = kv_prev(cur, &key, &entry, err))
		if (n-- <= 0)
			jw_raw(r->items, NULL, entry.p, entry.len);
	return rc < 0 ? -1 : 0;
}

static void quote(struct buf *out, const char *name, const char *text)
{
	if (text)
		jw_text(out, name, text);
}

/* The text alone, as it stands between quotes. */
static void strip(struct buf *b)
{
	if (b->len < 2)
		return;
	memmove(b->s, b->s + 1, b->len - 2);
	b->len -= 2;
}

int journal_audit(struct journal *j, const struct journal_audit_filter *of, int64_t skip, int64_t limit,
		  struct buf *items, int64_t *ret_total, int64_t *ret_next, struct ferry_error *err)
{
	struct audit_reader r = {.of = of, .skip = skip, .limit = limit, .items = items};
	struct kv_txn *txn;
	struct kv_cursor *cur;
	struct kv_bytes key, entry;
	uint8_t below[8];

	*ret_next = 0;
	if (kv_begin(j->env, KV_READ, &txn, err) < 0)
		return -1;
	quote(&r.action, "action", of->action);
	quote(&r.actor, NULL, of->actor);
	strip(&r.actor);
	int rc = kv_cursor_open(txn, AUDIT, &cur, err);
	if (rc == 0) {
		kv_be64(below, (uint64_t)of->before);
		rc = of->before ? kv_seek(cur, (struct kv_bytes){below, 8}, &key, &entry, err) : 0;
		rc = rc == 1 ? kv_prev(cur, &key, &entry, err) : rc < 0 ? rc : kv_last(cur, &key, &entry, err);
		if (of->action || of->actor || of->from || of->to || of->before)
			rc = walk(&r, cur, rc, key, entry, ret_next, err);
		else
			rc = plain_page(&r, txn, cur, rc, key, entry, err);
		kv_cursor_close(cur);
	}
	*ret_total = r.found;
	buf_release(&r.action);
	buf_release(&r.actor);
	kv_abort(txn);
	return rc < 0 ? -1 : 0;
}
