/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_extra.c - what stands beside a plan's entries: what became of them, and the raw records of a
 * run that did nothing but extract. Both are for people; nothing is decided by them.
 */
#include <string.h>

#include "store/pack.h"
#include "store/plan_private.h"
#include "wire/json.h"

/* ----------------------------------------------------------------- outcomes */

static const char *const ack_names[] = {
	[FERRY_ACK_UNKNOWN] = "unknown", [FERRY_ACK_DONE] = "done", [FERRY_ACK_DUPLICATE] = "duplicate",
	[FERRY_ACK_REJECTED] = "rejected", [FERRY_ACK_UNSENT] = "undone",
};

static void outcome_key(struct buf *b, size_t index, enum ferry_decision d, struct kv_bytes key)
{
	char head[3] = {(char)(index >> 8), (char)index, (char)d};

	buf_add(b, head, sizeof head);
	buf_add(b, key.p, key.len);
}

int plan_add_outcomes(struct plan_store *p, size_t index, enum ferry_decision d,
		      const struct plan_outcome *outcomes, size_t n, struct ferry_error *err)
{
	struct plan_group *g = &p->outcomes;

	if (!n)
		return 0;
	group_key(g);
	outcome_key(&g->bytes, index, d, outcomes[0].key);
	group_value(g);
	for (size_t i = 0; i < n; i++) {
		const struct plan_outcome *o = &outcomes[i];
		size_t code = o->code[0] ? strlen(o->code) : 0, message = o->message[0] ? strlen(o->message) : 0;
		char *to = buf_room(&g->bytes, o->key.len + o->dest_id_len + code + message + 1 + 4 * PACK_MAX);
		to = put_text(to, o->key.p, o->key.len);
		*to++ = (char)o->ack;
		to = put_text(to, o->dest_id, o->dest_id_len);
		to = put_text(to, o->code, code);
		to = put_text(to, o->message, message);
		pack_done(&g->bytes, to);
	}
	group_end(g);
	return plan_write_large(p, g, PLAN_OUTCOMES, err);
}

int plan_settle(struct plan_store *p, struct ferry_error *err)
{
	return plan_write_group(p, &p->outcomes, PLAN_OUTCOMES, err) != 0 ? -1
		: plan_write_group(p, &p->raw, PLAN_RAW, err);
}

static bool show_outcome(struct kv_bytes group, struct kv_bytes key, struct buf *out)
{
	struct cut c = cut_start(group);

	while (c.p < c.end && !c.bad) {
		struct kv_bytes k;
		size_t id_len, code_len, message_len;
		k.p = cut_bytes(&c, &k.len);
		uint8_t ack = cut_byte(&c);
		const char *id = cut_bytes(&c, &id_len);
		const char *code = cut_bytes(&c, &code_len);
		const char *message = cut_bytes(&c, &message_len);
		if (c.bad || ack > FERRY_ACK_UNSENT)
			return false;
		if (kv_compare(k, key) != 0)
			continue;
		jw_open(out, "outcome", '{');
		jw_text(out, "ack", ack_names[ack]);
		jw_textn(out, "code", code, code_len);
		jw_textn(out, "message", message, message_len);
		jw_textn(out, "dest_id", id, id_len);
		jw_close(out, '}');
		return true;
	}
	return false;
}

/* The batch that holds the key is the last one of its decision that does not start beyond it. */
int plan_show_outcome(struct kv_txn *txn, size_t index, enum ferry_decision d, struct kv_bytes key,
		      struct buf *out, struct ferry_error *err)
{
	struct kv_cursor *cur;
	struct kv_bytes k, v;
	struct buf at = BUF_INIT;

	if (kv_cursor_open(txn, PLAN_OUTCOMES, &cur, err) != 0)
		return -1;
	outcome_key(&at, index, d, key);
	struct kv_bytes wanted = {at.s, at.len};
	int rc = kv_seek(cur, wanted, &k, &v, err);
	if (rc == 0)
		rc = kv_last(cur, &k, &v, err);
	else if (rc == 1 && kv_compare(k, wanted) != 0)
		rc = kv_prev(cur, &k, &v, err);
	if (rc == 1 && k.len >= 3 && memcmp(k.p, at.s, 3) == 0)
		show_outcome(v, key, out);
	buf_release(&at);
	kv_cursor_close(cur);
	return rc < 0 ? -1 : 0;
}

/* ---------------------------------------------------------------------- raw */

int plan_add_raw(struct plan_store *p, const char *segment, const char *json, size_t len, struct ferry_error *err)
{
	struct plan_group *g = &p->raw;
	uint8_t be[8];

	kv_be64(be, (uint64_t)++p->n_raw);
	group_key(g);
	buf_add(&g->bytes, be, sizeof be);
	group_value(g);
	pack_bytes(&g->bytes, segment, strlen(segment));
	buf_add(&g->bytes, json, len);
	group_end(g);
	return plan_write_large(p, g, PLAN_RAW, err);
}

static bool show_raw(struct kv_bytes k, struct kv_bytes v, const char *segment, bool wanted, struct buf *out)
{
	struct cut c = cut_start(v);
	size_t len;
	const char *name = cut_bytes(&c, &len);

	if (c.bad || (segment && (strlen(segment) != len || memcmp(segment, name, len) != 0)))
		return false;
	if (!wanted)
		return true;
	jw_open(out, NULL, '{');
	jw_textn(out, "segment", name, len);
	jw_int(out, "n", (int64_t)kv_get_be64(k.p));
	jw_raw(out, "record", (const char *)c.p, (size_t)(c.end - c.p));
	jw_close(out, '}');
	return true;
}

int plan_raw_page(struct plan_store *p, const char *segment, int64_t skip, int64_t limit,
		  int64_t *ret_total, struct buf *json_items, struct ferry_error *err)
{
	struct kv_txn *txn;
	struct kv_cursor *cur = NULL;
	struct kv_bytes k, v;
	int64_t met = 0;

	if (kv_begin(p->env, KV_READ, &txn, err) != 0)
		return -1;
	int rc = kv_cursor_open(txn, PLAN_RAW, &cur, err);
	if (rc == 0)
		rc = kv_first(cur, &k, &v, err);
	for (; rc == 1; rc = kv_next(cur, &k, &v, err))
		if (k.len == 8 && show_raw(k, v, segment, met >= skip && met < skip + limit, json_items))
			met++;
	kv_cursor_close(cur);
	kv_abort(txn);
	*ret_total = met;
	return rc < 0 ? -1 : 0;
}
