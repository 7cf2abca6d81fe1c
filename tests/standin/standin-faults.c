/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults on demand: which request one strikes, and what it answers when it answers by itself.
 * Delays, cut connections and damaged answers are carried out in standin.c.
 */
#include "standin-private.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
	[FAULT_429] = "429",
	[FAULT_500] = "500",
	[FAULT_500_AFTER] = "500_after",
	[FAULT_SLOW] = "slow",
	[FAULT_HANG] = "hang",
	[FAULT_CUT_BEFORE] = "cut_before",
	[FAULT_CUT_AFTER_WRITE] = "cut_after_write",
	[FAULT_CUT_IN_ANSWER] = "cut_in_answer",
	[FAULT_INVALID_JSON] = "invalid_json",
	[FAULT_EXPIRED_KEY] = "expired_key",
	[FAULT_REJECT_VALUE] = "reject_value",
	[FAULT_HTML] = "html",
};

enum { N_KINDS = sizeof(kind_names) / sizeof(kind_names[0]) };

const char *fault_kind_name(enum fault_kind kind)
{
	return kind_names[kind];
}

static void fault_free(struct fault *f)
{
	free(f->route);
	free(f->retry_after);
	free(f->field);
	free(f->value);
	free(f->code);
	free(f);
}

void fault_unref(struct fault *f)
{
	if (f && --f->users == 0)
		fault_free(f);
}

static bool matches(const struct fault *f, const struct standin_request *req)
{
	return strcmp(f->route, "*") == 0 || (req->route && strcmp(f->route, req->route) == 0);
}

/* Counts one match; true if the fault strikes at it. */
static bool due(struct fault *f)
{
	f->seen++;
	return f->seen > (uint64_t)f->after && (f->times < 0 || f->hits < (uint64_t)f->times);
}

struct fault *fault_pick(struct standin *s, const struct standin_request *req)
{
	struct fault *picked = NULL;

	for (size_t i = 0; i < s->faults.n; i++) {
		struct fault *f = s->faults.item[i];

		if (f->kind == FAULT_REJECT_VALUE || !matches(f, req))
			continue;
		if (due(f) && !picked)
			picked = f;
	}
	if (picked) {
		picked->hits++;
		picked->users++;
	}
	return picked;
}

/* The object's field, or else the one of that name among its properties. */
static struct json_object *field_of(struct json_object *o, const char *name)
{
	struct json_object *v = json_member(o, name);

	return v ? v : json_member(json_member(o, "properties"), name);
}

const char *standin_reject(struct standin_request *req, struct json_object *o,
			   const char **ret_code)
{
	struct fault_list *list = &req->server->faults;

	for (size_t i = 0; i < list->n; i++) {
		struct fault *f = list->item[i];

		if (f->kind != FAULT_REJECT_VALUE || !matches(f, req))
			continue;
		struct json_object *v = field_of(o, f->field);

		if (!v || strcmp(json_object_get_string(v), f->value) != 0 || !due(f))
			continue;
		f->hits++;
		req->fault = fault_kind_name(f->kind);
		*ret_code = f->code ? f->code : "value_is_invalid";
		return f->field;
	}
	return NULL;
}

static bool known_route(const struct standin *s, const char *route)
{
	if (strcmp(route, "*") == 0)
		return true;
	for (size_t i = 0; i < s->peer->n_routes; i++) {
		if (strcmp(s->peer->routes[i].label, route) == 0)
			return true;
	}
	return false;
}

static bool known_kind(struct json_object *v, enum fault_kind *ret)
{
	for (int i = 0; v && i < N_KINDS; i++) {
		if (strcmp(json_object_get_string(v), kind_names[i]) == 0) {
			*ret = (enum fault_kind)i;
			return true;
		}
	}
	return false;
}

static char *scalar_text(struct json_object *o, const char *key)
{
	struct json_object *v = json_member(o, key);

	return v ? standin_strdup(json_object_get_string(v)) : NULL;
}

static struct fault *fault_new(struct standin *s, struct json_object *o, char *why, size_t size)
{
	const char *route = json_member_text(o, "route");
	enum fault_kind kind;

	if (!route || !known_route(s, route)) {
		snprintf(why, size, "no such route: %s", route ? route : "(none given)");
		return NULL;
	}
	if (!known_kind(json_member(o, "kind"), &kind)) {
		snprintf(why, size, "no such kind of fault: %s", json_text(json_member(o, "kind")));
		return NULL;
	}
	if (kind == FAULT_REJECT_VALUE && (!json_member(o, "field") || !json_member(o, "value"))) {
		snprintf(why, size, "reject_value needs 'field' and 'value'");
		return NULL;
	}
	struct fault *f = standin_alloc(sizeof(*f));

	*f = (struct fault){
		.route = standin_strdup(route),
		.kind = kind,
		.after = json_member_int(o, "after", 0),
		.times = json_member_int(o, "times", kind == FAULT_REJECT_VALUE ? -1 : 1),
		.status = json_member_int(o, "status", 0),
		.reset = json_member_int(o, "reset", -1),
		.delay_ms = json_member_int(o, "delay_ms", 0),
		.retry_after = scalar_text(o, "retry_after"),
		.field = scalar_text(o, "field"),
		.value = scalar_text(o, "value"),
		.code = scalar_text(o, "code"),
		.users = 1,
	};
	return f;
}

bool fault_add_all(struct standin *s, struct json_object *array, char *why, size_t why_size)
{
	size_t before = s->faults.n;

	if (!json_object_is_type(array, json_type_array)) {
		snprintf(why, why_size, "the faults must be a JSON array");
		return false;
	}
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct fault_list *list = &s->faults;
		struct fault *f = fault_new(s, json_object_array_get_idx(array, i), why, why_size);

		if (!f) {
			while (list->n > before)
				fault_unref(list->item[--list->n]);
			return false;
		}
		list->item = standin_grow(list->item, &list->cap, list->n + 1, sizeof(f));
		list->item[list->n++] = f;
	}
	return true;
}

void fault_list_clear(struct standin *s)
{
	while (s->faults.n)
		fault_unref(s->faults.item[--s->faults.n]);
	free(s->faults.item);
	s->faults = (struct fault_list){0};
}

void fault_list_dump(struct standin *s, struct text *out)
{
	text_puts(out, "[");
	for (size_t i = 0; i < s->faults.n; i++) {
		const struct fault *f = s->faults.item[i];

		text_comma(out);
		text_puts(out, "{\"route\":");
		text_json(out, f->route);
		text_printf(out, ",\"kind\":\"%s\",\"after\":%lld,\"times\":%lld",
			    fault_kind_name(f->kind), (long long)f->after, (long long)f->times);
		text_printf(out, ",\"seen\":%llu,\"hits\":%llu}", (unsigned long long)f->seen,
			    (unsigned long long)f->hits);
	}
	text_puts(out, "]");
}

static void answer_429(const struct fault *f, struct standin_reply *reply)
{
	char text[32];

	reply->status = f->status ? (unsigned)f->status : 429;
	reply->type = "text/plain";
	text_puts(&reply->body, "Retry later\n");
	if (f->retry_after)
		standin_add_header(reply, "Retry-After", f->retry_after);
	if (f->reset >= 0) {
		snprintf(text, sizeof(text), "%lld", (long long)f->reset);
		standin_add_header(reply, "X-RateLimit-Limit", "50");
		standin_add_header(reply, "X-RateLimit-Remaining", "0");
		standin_add_header(reply, "X-RateLimit-Reset", text);
	}
}

void fault_answer(const struct fault *f, struct standin *s, struct standin_request *req,
		  struct standin_reply *reply)
{
	switch (f->kind) {
	case FAULT_429:
		answer_429(f, reply);
		break;
	case FAULT_EXPIRED_KEY:
		s->peer->unauthorized(s->state, req, reply);
		break;
	case FAULT_HTML:
		reply->status = f->status ? (unsigned)f->status : 200;
		reply->type = "text/html; charset=utf-8";
		text_puts(&reply->body, "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>"
					"<body><form action=\"/login\" method=\"post\">"
					"<input name=\"user\"></form></body></html>\n");
		break;
	default:
		reply->status = f->status ? (unsigned)f->status : 500;
		reply->type = "text/html; charset=utf-8";
		text_puts(&reply->body, "<html><body><h1>We're sorry, but something went wrong."
					"</h1></body></html>\n");
		break;
	}
}
