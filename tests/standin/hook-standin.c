/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook-standin - takes notifications: any POST to /hook or /slack/{key}. What came, with its signature
 * and byte for byte, is in GET /_standin/state.
 */
#include <stdlib.h>
#include <string.h>

#include "standin.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct hook {
	char *path, *signature, *body;
};

struct hook_peer {
	struct hook *items;
	size_t n, cap;
};

static void take(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct hook_peer *p = state;

	if (!req->body_len || !req->body) {
		reply->status = 400;
		text_puts(&reply->body, "no body");
		return;
	}
	p->items = standin_grow(p->items, &p->cap, p->n + 1, sizeof(*p->items));
	struct hook *h = &p->items[p->n++];
	struct text body = {0};

	text_add(&body, req->body, req->body_len);
	*h = (struct hook){standin_strdup(req->path), standin_strdup(req->key), body.data};
	text_puts(&reply->body, "ok");
}

/* As a server that wants the message to go elsewhere. */
static void moved(void *state, struct standin_request *req, struct standin_reply *reply)
{
	(void)state;
	(void)req;
	reply->status = 302;
	standin_add_header(reply, "Location", "/hook");
}

static void reset(void *state)
{
	struct hook_peer *p = state;

	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].path);
		free(p->items[i].signature);
		free(p->items[i].body);
	}
	free(p->items);
	*p = (struct hook_peer){0};
}

static bool dump(void *state, const char *part, struct text *out)
{
	const struct hook_peer *p = state;

	if (part) {
		text_printf(out, "{\"count\":%zu}", p->n);
		return strcmp(part, "received") == 0;
	}
	text_puts(out, "{\"received\":[");
	for (size_t i = 0; i < p->n; i++) {
		text_comma(out);
		text_puts(out, "{\"path\":");
		text_json(out, p->items[i].path);
		text_puts(out, ",\"signature\":");
		text_json(out, p->items[i].signature);
		text_puts(out, ",\"body\":");
		text_json(out, p->items[i].body);
		text_puts(out, "}");
	}
	text_puts(out, "]}");
	return true;
}

static bool seed(void *state, struct json_object *in, char *why, size_t why_size)
{
	(void)state;
	(void)in;
	(void)why;
	(void)why_size;
	return true;
}

static bool option(void *state, const char *name, const char *value)
{
	(void)state;
	(void)name;
	(void)value;
	return false;
}

static const char *prefix(void *state)
{
	(void)state;
	return "";
}

static const char *key_header(void *state)
{
	(void)state;
	return "X-Ferry-Signature";
}

static bool authorize(void *state, struct standin_request *req, struct standin_reply *reply)
{
	(void)state;
	(void)req;
	(void)reply;
	return true;
}

static void not_found(void *state, struct standin_request *req, struct standin_reply *reply)
{
	(void)state;
	(void)req;
	reply->status = 404;
	text_puts(&reply->body, "no_such_hook");
}

static const struct standin_route routes[] = {
	{"POST /hook", take, 0},
	{"POST /moved", moved, 0},
	{"POST /slack/{key}", take, 0},
};

static const struct standin_peer peer = {
	.name = "hook-standin",
	.usage = "",
	.routes = routes,
	.n_routes = COUNT(routes),
	.raw_bodies = true,
	.option = option,
	.prefix = prefix,
	.key_header = key_header,
	.authorize = authorize,
	.unauthorized = not_found,
	.not_found = not_found,
	.seed = seed,
	.dump = dump,
	.reset = reset,
};

int main(int argc, char **argv)
{
	struct hook_peer p = {0};
	int status = standin_main(argc, argv, &peer, &p);

	reset(&p);
	return status;
}
