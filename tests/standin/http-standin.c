/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for any JSON API, for tests and measurements: single records, batches, lists, and
 * credentials of every kind. What it answers is in the other http-*.c files.
 */
#include "http-standin.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void ping(void *state, struct standin_request *req, struct standin_reply *reply)
{
	(void)state;
	(void)req;
	text_puts(&reply->body, "{\"ok\":true}");
}

/* -- credentials ------------------------------------- */

static char *basic(const char *s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct text out = {0};
	size_t len = strlen(s);

	text_puts(&out, "Basic ");
	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)(unsigned char)s[i] << 16;

		bits |= i + 1 < len ? (uint32_t)(unsigned char)s[i + 1] << 8 : 0;
		bits |= i + 2 < len ? (unsigned char)s[i + 2] : 0;
		text_add(&out, &digits[bits >> 18 & 63], 1);
		text_add(&out, &digits[bits >> 12 & 63], 1);
		text_add(&out, i + 1 < len ? &digits[bits >> 6 & 63] : "=", 1);
		text_add(&out, i + 2 < len ? &digits[bits & 63] : "=", 1);
	}
	return out.data;
}

static void token(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct http_peer *p = state;
	struct text header = {0};

	if (!p->client || strcmp(req->authorization, p->client) != 0) {
		reply->status = 400;
		text_puts(&reply->body, "{\"error\":\"invalid_client\"}");
		return;
	}
	if (!strstr(req->body, "grant_type=client_credentials")) {
		reply->status = 400;
		text_puts(&reply->body, "{\"error\":\"unsupported_grant_type\"}");
		return;
	}
	text_printf(&header, "Bearer token-%u", ++p->tokens);
	free(p->expected);
	p->expected = header.data;
	p->expires_ms = standin_now_ms() + p->life_ms;
	text_printf(&reply->body,
		    "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%lld}",
		    p->expected + 7, (long long)p->life_ms / 1000);
}

void http_error(unsigned status, const char *message, struct standin_reply *reply)
{
	reply->status = status;
	text_puts(&reply->body, "{\"error\":");
	text_json(&reply->body, message);
	text_puts(&reply->body, "}");
}

static void unauthorized(void *state, struct standin_request *req, struct standin_reply *reply)
{
	(void)state;
	(void)req;
	http_error(401, "the credentials are not good", reply);
}

static bool authorize(void *state, struct standin_request *req, struct standin_reply *reply)
{
	const struct http_peer *p = state;

	if (req->route && strcmp(req->route, "POST /oauth/token") == 0)
		return true;
	if ((!p->expected && !p->client) ||
	    (p->expected && strcmp(req->authorization, p->expected) == 0 &&
	     (!p->client || standin_now_ms() < p->expires_ms)))
		return true;
	unauthorized(state, req, reply);
	return false;
}

static void not_found(void *state, struct standin_request *req, struct standin_reply *reply)
{
	(void)state;
	(void)req;
	http_error(404, "there is no such address", reply);
}

/* -- rules ------------------------------------- */

bool http_refused(struct http_peer *p, struct span record)
{
	for (size_t i = 0; i < p->n_needles; i++)
		if (memmem(record.s, record.len, p->needles[i], strlen(p->needles[i]))) {
			p->counts.refused++;
			return true;
		}
	return false;
}

static void clear_needles(struct http_peer *p)
{
	for (size_t i = 0; i < p->n_needles; i++)
		free(p->needles[i]);
	free(p->needles);
	p->needles = NULL;
	p->n_needles = 0;
}

static void add_needle(struct http_peer *p, struct standin_request *req,
		       struct standin_reply *reply)
{
	struct json_object *in = json_strict(req->body, req->body_len);
	struct json_object *value = json_member(in, "value");
	const char *field = json_member_text(in, "field");

	if (!field || !value) {
		http_error(400, "it needs 'field' and 'value'", reply);
	} else {
		struct text needle = {0};

		text_json(&needle, field);
		text_printf(&needle, ":%s", json_text(value));
		p->needles = realloc(p->needles, (p->n_needles + 1) * sizeof(*p->needles));
		p->needles[p->n_needles++] = needle.data;
		text_puts(&reply->body, "{\"ok\":true}");
	}
	json_object_put(in);
}

/* -- state ------------------------------------- */

static void reset(void *state)
{
	struct http_peer *p = state;

	http_store_reset(&p->store);
	clear_needles(p);
}

static bool dump(void *state, const char *part, struct text *out)
{
	const struct http_store *st = &((struct http_peer *)state)->store;

	if (part) {
		text_printf(out, "{\"count\":%zu}", st->alive);
		return strcmp(part, "records") == 0;
	}
	text_puts(out, "{\"records\":[");
	for (size_t i = 0; i < st->n; i++) {
		if (st->items[i]->gone)
			continue;
		text_comma(out);
		http_write_item(st->items[i], out);
	}
	text_puts(out, "]}");
	return true;
}

static void generate(struct http_peer *p, int64_t n)
{
	struct text record = {0};

	for (int64_t i = 1; i <= n; i++) {
		char key[24];
		int len = snprintf(key, sizeof(key), "k%06lld", (long long)i);

		record.len = 0;
		text_printf(&record, "{\"%s\":\"%s\",\"name\":\"name %lld\",\"n\":%lld,\"amount\":%lld.50}",
			    p->key, key, (long long)i, (long long)i, (long long)i);
		http_store_put(&p->store, (struct span){key, (size_t)len},
			       (struct span){record.data, record.len});
	}
	text_release(&record);
}

static bool seed(void *state, struct json_object *in, char *why, size_t why_size)
{
	struct http_peer *p = state;
	struct json_object *list = json_member(in, "records");

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i), *key;

		key = json_member(o, p->key);
		if (!key) {
			snprintf(why, why_size, "a record of the seed has no '%s'", p->key);
			return false;
		}
		const char *text = json_text(o), *k = json_object_get_string(key);

		http_store_put(&p->store, (struct span){k, strlen(k)},
			       (struct span){text, strlen(text)});
	}
	generate(p, json_member_count(in, "generate"));
	return true;
}

static void counts(void *state, struct text *out)
{
	struct http_counts *c = &((struct http_peer *)state)->counts;

	if (!out) {
		*c = (struct http_counts){0};
		return;
	}
	text_printf(out,
		    ",\"operations\":{\"created\":%llu,\"updated\":%llu,\"unchanged\":%llu,"
		    "\"deleted\":%llu,\"absent\":%llu,\"refused\":%llu}",
		    (unsigned long long)c->created, (unsigned long long)c->updated,
		    (unsigned long long)c->unchanged, (unsigned long long)c->deleted,
		    (unsigned long long)c->absent, (unsigned long long)c->refused);
}

static bool control(void *state, const char *path, struct standin_request *req,
		    struct standin_reply *reply)
{
	struct http_peer *p = state;
	bool posted = strcmp(req->method, "POST") == 0;

	if (strcmp(path, "/refuse") == 0 && posted) {
		add_needle(p, req, reply);
	} else if (strcmp(path, "/refuse") == 0 && strcmp(req->method, "DELETE") == 0) {
		clear_needles(p);
		text_puts(&reply->body, "{\"ok\":true}");
	} else if (strcmp(path, "/withdraw") == 0 && posted) {
		p->expires_ms = 0;
		text_puts(&reply->body, "{\"ok\":true}");
	} else {
		return false;
	}
	return true;
}

/* -- peer ------------------------------------- */

static bool option(void *state, const char *name, const char *value)
{
	struct http_peer *p = state;
	struct text bearer = {0};

	if (strcmp(name, "key") == 0) {
		p->key = value;
	} else if (strcmp(name, "token") == 0) {
		text_printf(&bearer, "Bearer %s", value);
		free(p->expected);
		p->expected = bearer.data;
	} else if (strcmp(name, "basic") == 0) {
		free(p->expected);
		p->expected = basic(value);
	} else if (strcmp(name, "oauth") == 0) {
		free(p->client);
		p->client = basic(value);
	} else if (strcmp(name, "token-life") == 0) {
		p->life_ms = strtoll(value, NULL, 10) * 1000;
	} else if (strcmp(name, "count-only") == 0) {
		p->count_only = strcmp(value, "yes") == 0;
	} else {
		return false;
	}
	return true;
}

static const char *prefix(void *state)
{
	(void)state;
	return "";
}

static const struct standin_route routes[] = {
	{"GET /ping", ping, 0},
	{"POST /oauth/token", token, 0},
	{"POST /ingest", http_ingest, 0},
	{"POST /ingest/delete", http_ingest_delete, 0},
	{"POST /contacts/search", http_list, 0},
	{"GET /contacts", http_list, 0},
	{"POST /contacts", http_create, 0},
	{"GET /contacts/{id}", http_get, 0},
	{"PUT /contacts/{id}", http_put, 0},
	{"PATCH /contacts/{id}", http_patch, 0},
	{"DELETE /contacts/{id}", http_delete, 0},
};

static const struct standin_peer peer = {
	.name = "http-standin",
	.usage = "  --key NAME                the member that identifies a record (external_id)\n"
		 "  --token T                 asked for as a bearer token\n"
		 "  --basic USER:PASSWORD     asked for as HTTP Basic\n"
		 "  --oauth ID:SECRET         the client that may fetch tokens, which are asked for\n"
		 "  --token-life SECONDS      how long these are good (3600)\n"
		 "  --count-only yes          batches are counted, not kept\n",
	.routes = routes,
	.n_routes = COUNT(routes),
	.raw_bodies = true,
	.option = option,
	.prefix = prefix,
	.authorize = authorize,
	.unauthorized = unauthorized,
	.not_found = not_found,
	.seed = seed,
	.dump = dump,
	.reset = reset,
	.counts = counts,
	.control = control,
};

int main(int argc, char **argv)
{
	struct http_peer p = {.key = "external_id", .life_ms = 3600000};
	int status = standin_main(argc, argv, &peer, &p);

	reset(&p);
	free(p.expected);
	free(p.client);
	return status;
}
