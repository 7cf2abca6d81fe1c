/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of the http stand-in: many records in one body - an array, {"records": [...]}, or one a
 * line - each bare or as {"op", "key", "record"}. A batch is taken as a whole, unless the answer is
 * asked to tell of each record (`results=1`) or of the bad ones (`failed=1`).
 */
#include "http-standin.h"

#include <stdlib.h>
#include <string.h>

enum { OP, RECORD, KEY, OWN, MEMBERS };

struct element {
	struct span record, key; /* key.s NULL: it has none */
	bool deletes;
};

struct batch {
	struct http_peer *p;
	struct standin_reply *reply;
	bool results, failed, delete;
	struct element *elements;
	size_t n, cap;
};

/* What one element asks for. */
static struct element read_element(const struct batch *b, struct span text,
				   const struct http_wanted *wanted)
{
	struct element e = {.record = text, .deletes = b->delete};

	if (*text.s != '{') { /* a bare key */
		bool quoted = *text.s == '"';

		e.key = (struct span){text.s + quoted, text.len - 2 * quoted};
		return e;
	}
	e.deletes |= http_span_is(wanted[OP].value, "delete");
	if (wanted[RECORD].value.s)
		e.record = wanted[RECORD].value;
	e.key = wanted[wanted[KEY].value.s ? KEY : OWN].value;
	if (!e.key.s)
		http_member(e.record, b->p->key, &e.key);
	return e;
}

/* What a status says of one record. */
static unsigned carry_out(struct batch *b, const struct element *e)
{
	struct http_peer *p = b->p;
	struct http_item *there = p->count_only ? NULL : http_store_find(&p->store, e->key);
	bool fresh = !there || there->gone;

	unsigned status = 200;

	if (e->deletes) {
		status = fresh && !p->count_only ? 404 : 200;
		if (status == 404)
			p->counts.absent++;
		else
			p->counts.deleted++;
		if (there)
			http_store_delete(&p->store, there);
	} else if (fresh) {
		status = 201;
		p->counts.created++;
	} else if (there->text.len == e->record.len &&
		   !memcmp(there->text.s, e->record.s, e->record.len)) {
		p->counts.unchanged++;
	} else {
		p->counts.updated++;
	}
	if (!e->deletes && !p->count_only)
		http_store_put(&p->store, e->key, e->record);
	b->reply->written += status != 404;
	return status;
}

static void tell(struct batch *b, size_t index, unsigned status)
{
	const struct element *e = &b->elements[index];
	struct text *out = &b->reply->body;
	const struct http_item *item = http_store_find(&b->p->store, e->key);

	if (b->failed && status < 300)
		return;
	text_comma(out);
	text_printf(out, "{\"index\":%zu,\"key\":\"%.*s\",\"status\":%u,\"id\":", index,
		    (int)e->key.len, e->key.s, status);
	text_printf(out, item ? "\"r%zu\"" : "null", item ? item->number : 0);
	text_puts(out, status == 422 ? ",\"error\":{\"code\":\"value_is_invalid\",\"message\":"
				       "\"value is invalid\"}}"
				     : ",\"error\":null}");
}

static bool is_bad(struct batch *b, const struct element *e)
{
	return !e->key.s || http_refused(b->p, e->record);
}

/* False: the body is malformed. */
static bool read_body(struct batch *b, struct span list)
{
	struct http_wanted wanted[MEMBERS] = {
		[OP] = {"op", 2, {0}}, [RECORD] = {"record", 6, {0}}, [KEY] = {"key", 3, {0}},
		[OWN] = {b->p->key, strlen(b->p->key), {0}},
	};
	struct span text;
	size_t at = 0;
	int rc;

	while ((rc = http_next_element(list, &at, &text, wanted, MEMBERS)) > 0) {
		b->elements = standin_grow(b->elements, &b->cap, b->n + 1, sizeof(*b->elements));
		b->elements[b->n++] = read_element(b, text, wanted);
	}
	b->reply->rows = b->n;
	return rc == 0;
}

static void answer_for_each(struct batch *b)
{
	text_puts(&b->reply->body, b->results ? "{\"results\":[" : "{\"failed\":[");
	for (size_t i = 0; i < b->n; i++)
		tell(b, i, is_bad(b, &b->elements[i]) ? 422 : carry_out(b, &b->elements[i]));
	text_puts(&b->reply->body, "]}");
}

static void answer_as_a_whole(struct batch *b)
{
	size_t bad = 0;

	for (size_t i = 0; i < b->n; i++)
		bad += is_bad(b, &b->elements[i]);
	if (bad) {
		http_error(422, "a record of the batch is invalid", b->reply);
		return;
	}
	for (size_t i = 0; i < b->n; i++)
		carry_out(b, &b->elements[i]);
	text_printf(&b->reply->body, "{\"accepted\":%zu}", b->n);
}

static void run(struct http_peer *p, struct standin_request *req, bool delete,
		struct standin_reply *reply)
{
	struct batch b = {.p = p, .reply = reply, .results = standin_query(req, "results"),
			  .failed = standin_query(req, "failed"), .delete = delete};
	struct span list = {req->body, req->body_len};

	http_member(list, "records", &list);
	if (!read_body(&b, list))
		http_error(400, "the body is malformed", reply);
	else if (b.results || b.failed)
		answer_for_each(&b);
	else
		answer_as_a_whole(&b);
	free(b.elements);
}

void http_ingest(void *state, struct standin_request *req, struct standin_reply *reply)
{
	run(state, req, false, reply);
}

void http_ingest_delete(void *state, struct standin_request *req, struct standin_reply *reply)
{
	run(state, req, true, reply);
}
