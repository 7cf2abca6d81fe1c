/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single records of the http stand-in, and lists of them, paged in every way: by page, offset, cursor
 * and by the address of the next page. `stuck=1` plays a server that never gets on.
 */
#include "http-standin.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* -- one record ------------------------------------- */

void http_write_item(const struct http_item *item, struct text *out)
{
	struct span own;

	if (http_member(item->text, "id", &own) || item->text.len < 2) {
		text_add(out, item->text.s, item->text.len);
		return;
	}
	const char *rest = http_skip_blank(item->text.s + 1, item->text.s + item->text.len);

	text_printf(out, "{\"id\":\"r%zu\"%s", item->number, *rest == '}' ? "" : ",");
	text_add(out, rest, item->text.len - (size_t)(rest - item->text.s));
}

static void answer(const struct http_item *item, unsigned status, struct standin_reply *reply)
{
	reply->status = status;
	text_puts(&reply->body, "{\"contact\":");
	http_write_item(item, &reply->body);
	text_puts(&reply->body, "}");
}

/* The record a body holds, bare or as {"contact": {...}}; false when refused already. */
static bool take_record(struct http_peer *p, struct standin_request *req, struct span *ret,
			struct standin_reply *reply)
{
	const char *end = req->body + req->body_len;
	const char *stop = http_skip_value(req->body, end);

	if (!stop || http_skip_blank(stop, end) != end || *http_skip_blank(req->body, end) != '{') {
		http_error(400, "the body is no JSON object", reply);
		return false;
	}
	*ret = (struct span){req->body, (size_t)(stop - req->body)};
	http_member(*ret, "contact", ret);
	if (http_refused(p, *ret)) {
		http_error(422, "value is invalid", reply);
		return false;
	}
	return true;
}

void http_create(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct http_peer *p = state;
	struct span record, key;

	if (!take_record(p, req, &record, reply))
		return;
	if (!http_member(record, p->key, &key) || !key.len) {
		http_error(422, "the key is missing", reply);
		return;
	}
	struct http_item *there = http_store_find(&p->store, key);

	if (there && !there->gone) {
		http_error(409, "it is there already", reply);
		return;
	}
	p->counts.created++;
	reply->written = 1;
	answer(http_store_put(&p->store, key, record), 201, reply);
}

static struct http_item *find(struct http_peer *p, struct standin_request *req,
			      struct standin_reply *reply)
{
	struct http_item *item = http_store_get(&p->store, req->param);

	if (!item)
		http_error(404, "there is no such record", reply);
	return item;
}

void http_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	const struct http_item *item = find(state, req, reply);

	if (item)
		answer(item, 200, reply);
}

static void replace(struct http_peer *p, struct span key, struct span text,
		    struct standin_reply *reply)
{
	const struct http_item *old = http_store_find(&p->store, key);
	bool fresh = !old || old->gone;
	bool same = !fresh && old->text.len == text.len && !memcmp(old->text.s, text.s, text.len);

	if (fresh)
		p->counts.created++;
	else if (same)
		p->counts.unchanged++;
	else
		p->counts.updated++;
	reply->written = 1;
	answer(http_store_put(&p->store, key, text), fresh ? 201 : 200, reply);
}

void http_put(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct http_peer *p = state;
	const struct http_item *item = http_store_get(&p->store, req->param);
	struct span record, key = {req->param, strlen(req->param)};

	if (!take_record(p, req, &record, reply))
		return;
	char *copy = standin_alloc(key.len + (item ? item->key.len : 0) + 1);

	if (item)
		key = item->key;
	memcpy(copy, key.s, key.len);
	replace(p, (struct span){copy, key.len}, record, reply);
	free(copy);
}

void http_patch(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct http_peer *p = state;
	const struct http_item *item = find(p, req, reply);
	struct span record;

	if (!item || !take_record(p, req, &record, reply))
		return;
	struct json_object *now = json_strict(item->text.s, item->text.len);
	struct json_object *in = json_strict(record.s, record.len);

	if (!json_object_is_type(now, json_type_object) ||
	    !json_object_is_type(in, json_type_object)) {
		http_error(400, "the body is no JSON object", reply);
	} else {
		json_object_object_foreach(in, name, value)
			json_object_object_add(now, name, json_object_get(value));
		const char *text = json_text(now);
		char *key = standin_strdup(item->key.s);

		replace(p, (struct span){key, strlen(key)}, (struct span){text, strlen(text)}, reply);
		free(key);
	}
	json_object_put(now);
	json_object_put(in);
}

void http_delete(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct http_peer *p = state;
	struct http_item *item = find(p, req, reply);

	if (!item) {
		p->counts.absent++;
		return;
	}
	http_store_delete(&p->store, item);
	p->counts.deleted++;
	reply->written = 1;
	reply->status = 204;
}

/* -- lists ------------------------------------- */

static size_t number_of(struct standin_request *req, const char *name, size_t fallback)
{
	const char *s = standin_query(req, name);

	return s && *s ? strtoull(s, NULL, 10) : fallback;
}

/* A cursor in the query, or in the body of a search; "" at the beginning. */
static size_t cursor_of(struct standin_request *req, size_t limit, size_t *ret_limit)
{
	struct span body = {req->body, req->body_len}, v;
	size_t at = number_of(req, "cursor", 0);

	*ret_limit = limit;
	if (http_member(body, "cursor", &v) && *v.s >= '0' && *v.s <= '9')
		at = strtoull(v.s, NULL, 10);
	if (http_member(body, "limit", &v) && *v.s >= '1' && *v.s <= '9')
		*ret_limit = strtoull(v.s, NULL, 10);
	return at;
}

/* How many live records to skip, and how many to give. */
static size_t place_of(struct standin_request *req, size_t *ret_limit)
{
	size_t per_page = number_of(req, "per_page", number_of(req, "limit", 100));

	if (!per_page || per_page > 10000)
		per_page = 100;
	*ret_limit = per_page;
	if (standin_query(req, "stuck"))
		return 0;
	if (standin_query(req, "page"))
		return (number_of(req, "page", 1) - 1) * per_page;
	if (standin_query(req, "offset"))
		return number_of(req, "offset", 0);
	return cursor_of(req, per_page, ret_limit);
}

static size_t write_page(const struct http_store *st, size_t skip, size_t limit, struct text *out)
{
	size_t seen = 0, given = 0, i = 0;

	if (st->alive == st->n) { /* no gaps: go straight there */
		i = skip < st->n ? skip : st->n;
		seen = i;
	}
	for (; i < st->n && given < limit; i++) {
		if (st->items[i]->gone || seen++ < skip)
			continue;
		text_comma(out);
		http_write_item(st->items[i], out);
		given++;
	}
	return given;
}

void http_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct http_peer *p = state;
	struct text *out = &reply->body;
	size_t limit, skip = place_of(req, &limit);

	text_puts(out, "{\"data\":[");
	size_t next = skip + write_page(&p->store, skip, limit, out);
	bool more = next < p->store.alive;

	text_printf(out, "],\"meta\":{\"total\":%zu,\"more\":%s,\"last\":%s,\"next\":",
		    p->store.alive, more ? "true" : "false", more ? "false" : "true");
	text_printf(out, more ? "\"%zu\"" : "null", next);
	text_puts(out, "},\"links\":{\"next\":");
	if (more)
		text_printf(out, "\"http://%s%s?cursor=%zu&limit=%zu%s\"", req->host, req->path,
			    next, limit, standin_query(req, "stuck") ? "&stuck=1" : "");
	else
		text_puts(out, "null");
	text_puts(out, "}}");
}
