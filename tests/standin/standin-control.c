/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The accounts of a stand-in - a bounded log of requests and exact counts - and the control
 * routes under /_standin/ a test reads and steers it with.
 */
#include "standin-private.h"

#include <json-c/json.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_BODY_MAX = 4096 };

/* -- accounts ------------------------------------- */

static void log_entry_release(struct log_entry *e)
{
	free(e->method);
	free(e->path);
	free(e->query);
	free(e->body);
	*e = (struct log_entry){0};
}

/* The first 4 KB, not ending inside a UTF-8 sequence. */
static char *body_start(const struct standin_request *req)
{
	size_t len = req->body_len;

	if (len > LOG_BODY_MAX) {
		len = LOG_BODY_MAX;
		while (len && ((unsigned char)req->body[len] & 0xc0) == 0x80)
			len--;
	}
	char *out = standin_alloc(len + 1);

	if (len)
		memcpy(out, req->body, len);
	return out;
}

static void log_append(struct standin *s, const struct standin_request *req,
		       const struct standin_reply *reply)
{
	struct log_entry *e = &s->log[s->log_next % s->log_size];

	log_entry_release(e);
	*e = (struct log_entry){
		.n = s->log_next++,
		.method = standin_strdup(req->method),
		.path = standin_strdup(req->path),
		.query = standin_strdup(req->query),
		.body = body_start(req),
		.fault = req->fault,
		.status = reply->status,
		.rows = reply->rows,
		.bytes = req->body_len,
	};
	if (s->log_next - s->log_first > s->log_size)
		s->log_first = s->log_next - s->log_size;
}

static bool is_write(const char *method)
{
	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 &&
	       strcmp(method, "OPTIONS") != 0;
}

static void count_other(struct standin *s, const char *method)
{
	struct lh_entry *e = lh_table_lookup_entry(s->other_routes, method);

	if (!e) {
		lh_table_insert(s->other_routes, standin_strdup(method), (void *)(uintptr_t)1);
		return;
	}
	lh_entry_set_val(e, (void *)((uintptr_t)lh_entry_v(e) + 1));
}

void account(struct standin *s, const struct standin_route *route, struct standin_request *req,
	     const struct standin_reply *reply)
{
	s->total++;
	if (is_write(req->method))
		s->writes++;
	else
		s->reads++;
	if (route)
		s->route_hits[route - s->peer->routes]++;
	else
		count_other(s, req->method);
	s->by_status[reply->status < 600 ? reply->status : 0]++;
	s->rows_written += reply->written;
	log_append(s, req, reply);
}

static void free_key(struct lh_entry *e)
{
	free(lh_entry_k(e));
}

static void counts_reset(struct standin *s)
{
	s->total = s->writes = s->reads = s->rows_written = 0;
	memset(s->by_status, 0, sizeof(s->by_status));
	memset(s->route_hits, 0, s->peer->n_routes * sizeof(*s->route_hits));
	if (s->other_routes)
		lh_table_free(s->other_routes);
	s->other_routes = lh_kchar_table_new(8, free_key);
}

void account_reset_log(struct standin *s)
{
	for (size_t i = 0; i < s->log_size; i++)
		log_entry_release(&s->log[i]);
	if (!s->log_next)
		s->log_next = 1;
	s->log_first = s->log_next;
	counts_reset(s);
}

void account_release(struct standin *s)
{
	for (size_t i = 0; i < s->log_size; i++)
		log_entry_release(&s->log[i]);
	free(s->log);
	free(s->route_hits);
	lh_table_free(s->other_routes);
}

/* -- control routes ------------------------------------- */

static void refuse(struct standin_reply *reply, unsigned status, const char *why)
{
	reply->status = status;
	text_puts(&reply->body, "{\"error\":");
	text_json(&reply->body, why);
	text_puts(&reply->body, "}");
}

static void say_ok(struct standin_reply *reply)
{
	text_puts(&reply->body, "{\"ok\":true}");
}

static void dump_entry(const struct log_entry *e, struct text *out)
{
	text_printf(out, "{\"n\":%llu,\"method\":", (unsigned long long)e->n);
	text_json(out, e->method);
	text_puts(out, ",\"path\":");
	text_json(out, e->path);
	text_puts(out, ",\"query\":");
	text_json(out, e->query);
	text_printf(out, ",\"status\":%u,\"fault\":", e->status);
	text_json(out, e->fault);
	text_printf(out, ",\"rows\":%zu,\"bytes\":%zu,\"body\":", e->rows, e->bytes);
	text_json(out, e->body);
	text_puts(out, "}");
}

static void get_log(struct standin *s, struct standin_request *req, struct standin_reply *reply)
{
	const char *since = standin_query(req, "since");
	uint64_t from = since ? strtoull(since, NULL, 10) + 1 : 0;

	text_puts(&reply->body, "[");
	for (uint64_t n = from > s->log_first ? from : s->log_first; n < s->log_next; n++) {
		text_comma(&reply->body);
		dump_entry(&s->log[n % s->log_size], &reply->body);
	}
	text_puts(&reply->body, "]");
}

static void delete_log(struct standin *s, struct standin_request *req, struct standin_reply *reply)
{
	(void)req;
	account_reset_log(s);
	if (s->peer->counts)
		s->peer->counts(s->state, NULL);
	say_ok(reply);
}

static void dump_routes(struct standin *s, struct text *out)
{
	struct lh_entry *e;

	for (size_t i = 0; i < s->peer->n_routes; i++) {
		if (!s->route_hits[i])
			continue;
		text_comma(out);
		text_json(out, s->peer->routes[i].label);
		text_printf(out, ":%llu", (unsigned long long)s->route_hits[i]);
	}
	lh_foreach(s->other_routes, e)
	{
		text_comma(out);
		text_printf(out, "\"%s (no route)\":%zu", (const char *)lh_entry_k(e),
			    (size_t)(uintptr_t)lh_entry_v(e));
	}
}

static void get_counts(struct standin *s, struct standin_request *req, struct standin_reply *reply)
{
	struct text *out = &reply->body;

	(void)req;
	text_printf(out, "{\"total\":%llu,\"writes\":%llu,\"reads\":%llu,\"rows_written\":%llu",
		    (unsigned long long)s->total, (unsigned long long)s->writes,
		    (unsigned long long)s->reads, (unsigned long long)s->rows_written);
	text_puts(out, ",\"by_route\":{");
	dump_routes(s, out);
	text_puts(out, "},\"by_status\":{");
	for (unsigned i = 0; i < 600; i++) {
		if (!s->by_status[i])
			continue;
		text_comma(out);
		text_printf(out, "\"%u\":%llu", i, (unsigned long long)s->by_status[i]);
	}
	text_puts(out, "}");
	if (s->peer->counts)
		s->peer->counts(s->state, out);
	text_puts(out, "}");
}

static void get_faults(struct standin *s, struct standin_request *req, struct standin_reply *reply)
{
	(void)req;
	fault_list_dump(s, &reply->body);
}

static void post_faults(struct standin *s, struct standin_request *req,
			struct standin_reply *reply)
{
	struct json_object *in = json_strict(req->body, req->body_len);
	char why[160] = "";

	if (fault_add_all(s, in, why, sizeof(why)))
		say_ok(reply);
	else
		refuse(reply, 400, why);
	json_object_put(in);
}

static void delete_faults(struct standin *s, struct standin_request *req,
			  struct standin_reply *reply)
{
	(void)req;
	fault_list_clear(s);
	say_ok(reply);
}

static void get_state(struct standin *s, struct standin_request *req, struct standin_reply *reply)
{
	(void)req;
	s->peer->dump(s->state, NULL, &reply->body);
}

static void delete_state(struct standin *s, struct standin_request *req,
			 struct standin_reply *reply)
{
	(void)req;
	s->peer->reset(s->state);
	say_ok(reply);
}

static void post_seed(struct standin *s, struct standin_request *req, struct standin_reply *reply)
{
	struct json_object *in = json_strict(req->body, req->body_len);
	char why[160] = "the seed must be a JSON object";

	if (json_object_is_type(in, json_type_object) &&
	    s->peer->seed(s->state, in, why, sizeof(why)))
		say_ok(reply);
	else
		refuse(reply, 400, why);
	json_object_put(in);
}

static const struct {
	const char *method, *path;
	void (*handle)(struct standin *s, struct standin_request *req, struct standin_reply *reply);
} controls[] = {
	{"GET", "/log", get_log},
	{"DELETE", "/log", delete_log},
	{"GET", "/counts", get_counts},
	{"GET", "/faults", get_faults},
	{"POST", "/faults", post_faults},
	{"DELETE", "/faults", delete_faults},
	{"GET", "/state", get_state},
	{"DELETE", "/state", delete_state},
	{"POST", "/seed", post_seed},
};

/* GET /state/{part}?summary=1 */
static bool get_part(struct standin *s, const char *path, struct standin_request *req,
		     struct standin_reply *reply)
{
	if (strcmp(req->method, "GET") != 0 || strncmp(path, "/state/", 7) != 0)
		return false;
	return s->peer->dump(s->state, path + 7, &reply->body);
}

void control_handle(struct standin *s, struct standin_request *req, struct standin_reply *reply)
{
	const char *path = req->path + strlen("/_standin");

	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		if (strcmp(controls[i].method, req->method) == 0 &&
		    strcmp(controls[i].path, path) == 0) {
			controls[i].handle(s, req, reply);
			return;
		}
	}
	if (get_part(s, path, req, reply))
		return;
	if (s->peer->control && s->peer->control(s->state, path, req, reply))
		return;
	refuse(reply, 404, "no such control route");
}
