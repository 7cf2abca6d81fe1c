/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for SteVe's REST API, for tests: routes, Basic authentication, seeds and state.
 * What SteVe answers is in the other steve-*.c files; sockets, faults and counts are in
 * standin.c.
 */
#include "steve-standin.h"

#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct standin_route routes[] = {
	{"GET /api/v1/ocppTags", steve_tag_list, 0},
	{"POST /api/v1/ocppTags", steve_tag_post, 0},
	{"GET /api/v1/ocppTags/{ocppTagPk}", steve_tag_get, 0},
	{"PUT /api/v1/ocppTags/{ocppTagPk}", steve_tag_put, 0},
	{"DELETE /api/v1/ocppTags/{ocppTagPk}", steve_tag_delete, 0},
	{"GET /api/v1/transactions", steve_transaction_list, 0},
	{"GET /api/v1/transactions/{transactionPk}", steve_transaction_get, 0},
	{"PATCH /api/v1/transactions/{transactionPk}/stop", steve_transaction_stop, 0},
};

/* -- answers ------------------------------------- */

static const char *reason(unsigned status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 404:
		return "Not Found";
	case 422:
		return "Unprocessable Entity";
	default:
		return "Internal Server Error";
	}
}

void steve_error(struct standin_request *req, unsigned status, const char *message,
		 struct standin_reply *reply)
{
	struct text *out = &reply->body, path = {0};

	text_printf(&path, "http://%s%s", req->host, req->path);
	reply->status = status;
	text_puts(out, "{\"timestamp\":");
	text_json_time(out, standin_now_ms(), true);
	text_printf(out, ",\"status\":%u,\"error\":\"%s\",\"message\":", status, reason(status));
	text_json(out, message);
	text_puts(out, ",\"path\":");
	text_json(out, path.data);
	text_puts(out, "}");
	text_release(&path);
}

void steve_bad_request(struct standin_request *req, struct standin_reply *reply)
{
	steve_error(req, 400, "Error understanding the request", reply);
}

bool steve_parse_int(const char *s, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(s, &end, 10);
	return *s && !*end && !errno && *ret >= INT32_MIN && *ret <= INT32_MAX;
}

bool steve_path_pk(struct standin_request *req, int64_t *ret_pk, struct standin_reply *reply)
{
	if (req->param && steve_parse_int(req->param, ret_pk))
		return true;
	steve_error(req, 400, "Failed to convert value of type 'java.lang.String' to required type "
			      "'int'",
		    reply);
	return false;
}

const char *steve_query(const struct standin_request *req, const char *name)
{
	const char *v = standin_query(req, name);

	while (v && isspace((unsigned char)*v))
		v++;
	return v && *v ? v : NULL;
}

bool steve_odd_zone(const struct steve *st, const char *time)
{
	const char *clock = strchr(time, 'T');
	return st->version < 308 && clock && strpbrk(clock, "Z+-");
}

enum steve_choice steve_choice(const struct standin_request *req, const char *name)
{
	const char *v = steve_query(req, name);

	if (!v || strcmp(v, "ALL") == 0)
		return STEVE_ALL;
	if (strcmp(v, "TRUE") == 0)
		return STEVE_TRUE;
	return strcmp(v, "FALSE") == 0 ? STEVE_FALSE : STEVE_BAD;
}

/* -- state ------------------------------------- */

static void free_key(struct lh_entry *e)
{
	free(lh_entry_k(e));
}

static void state_init(struct steve *st)
{
	st->by_id_tag = lh_kchar_table_new(256, free_key);
	st->by_box_id = lh_kchar_table_new(64, NULL);
	st->next_tag = st->next_transaction = 1;
}

static void state_release(struct steve *st)
{
	for (size_t i = 0; i < st->n_transactions; i++)
		steve_transaction_free(st->transaction[i]);
	for (size_t i = 0; i < st->n_tags; i++)
		steve_tag_free(st->tag[i]);
	for (size_t i = 0; i < st->n_boxes; i++) {
		free(st->box[i]->id);
		free(st->box[i]);
	}
	free(st->transaction);
	free(st->tag);
	free(st->box);
	st->transaction = NULL;
	st->tag = NULL;
	st->box = NULL;
	st->n_transactions = st->transactions_cap = 0;
	st->n_tags = st->tags_cap = 0;
	st->n_boxes = st->boxes_cap = 0;
	lh_table_free(st->by_id_tag);
	lh_table_free(st->by_box_id);
}

static void reset(void *state)
{
	state_release(state);
	state_init(state);
}

static bool dump(void *state, const char *part, struct text *out)
{
	struct steve *st = state;

	steve_order(st);
	if (part) {
		bool tags = strcmp(part, "tags") == 0;

		text_printf(out, "{\"count\":%zu}", tags ? st->n_tags : st->n_transactions);
		return tags || strcmp(part, "transactions") == 0;
	}
	text_puts(out, "{\"tags\":[");
	for (size_t i = 0; i < st->n_tags; i++) {
		text_comma(out);
		steve_tag_emit(st, st->tag[i], out);
	}
	text_puts(out, "],\"transactions\":[");
	for (size_t i = 0; i < st->n_transactions; i++) {
		text_comma(out);
		steve_transaction_emit(st->transaction[i], out);
	}
	text_puts(out, "]}");
	return true;
}

/* -- seed and control: both edit in place, one element at a time ------------- */

static bool edit_tag(struct steve *st, struct json_object *in, struct text *out)
{
	const struct steve_tag *t = steve_tag_edit(st, in);

	if (t && out) {
		text_comma(out);
		steve_tag_emit(st, t, out);
	}
	return t != NULL;
}

static bool edit_transaction(struct steve *st, struct json_object *in, struct text *out)
{
	const struct steve_transaction *t = steve_transaction_edit(st, in);

	if (t && out) {
		text_comma(out);
		steve_transaction_emit(t, out);
	}
	return t != NULL;
}

/* Edits with one object or an array of them; writes out what they became, if asked. */
static bool edit_all(struct steve *st, struct json_object *in,
		     bool (*edit)(struct steve *st, struct json_object *in, struct text *out),
		     struct text *out)
{
	if (json_object_is_type(in, json_type_object))
		return edit(st, in, out);
	if (!json_object_is_type(in, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(in); i++) {
		if (!edit(st, json_object_array_get_idx(in, i), out))
			return false;
	}
	return true;
}

static bool seed(void *state, struct json_object *in, char *why, size_t why_size)
{
	struct steve *st = state;

	json_object_object_foreach(in, name, value)
	{
		bool ok = true;

		if (strcmp(name, "tags") == 0)
			ok = edit_all(st, value, edit_tag, NULL);
		else if (strcmp(name, "transactions") == 0)
			ok = edit_all(st, value, edit_transaction, NULL);
		else if (strcmp(name, "generate") == 0)
			steve_transactions_generate(st, value);
		else
			ok = false;
		if (!ok) {
			snprintf(why, why_size, "the seed's '%s' cannot be used", name);
			return false;
		}
	}
	return true;
}

static void control_edit(struct steve *st, struct standin_request *req,
			 bool (*edit)(struct steve *st, struct json_object *in, struct text *out),
			 struct standin_reply *reply)
{
	struct json_object *in = json_strict(req->body, req->body_len);

	text_puts(&reply->body, "[");
	if (!edit_all(st, in, edit, &reply->body)) {
		reply->status = 400;
		reply->body.len = 0;
		text_puts(&reply->body, "{\"error\":\"cannot be used\"}");
	} else {
		text_puts(&reply->body, "]");
	}
	json_object_put(in);
}

static bool control(void *state, const char *path, struct standin_request *req,
		    struct standin_reply *reply)
{
	struct steve *st = state;
	int64_t pk;

	if (strcmp(req->method, "POST") == 0 && strcmp(path, "/tags") == 0) {
		control_edit(st, req, edit_tag, reply);
		return true;
	}
	if (strcmp(req->method, "POST") == 0 && strcmp(path, "/transactions") == 0) {
		control_edit(st, req, edit_transaction, reply);
		return true;
	}
	if (strcmp(req->method, "DELETE") != 0 || strncmp(path, "/transactions/", 14) != 0 ||
	    !steve_parse_int(path + 14, &pk) || !steve_transaction_delete(st, pk))
		return false;
	text_puts(&reply->body, "{\"ok\":true}");
	return true;
}

/* -- peer ------------------------------------- */

/* "3.13" or "3.13.1" as 313. */
static bool parse_version(const char *s, unsigned *ret)
{
	unsigned major, minor;

	if (sscanf(s, "%u.%u", &major, &minor) != 2 || minor > 99)
		return false;
	*ret = major * 100 + minor;
	return true;
}

static bool option(void *state, const char *name, const char *value)
{
	struct steve *st = state;

	if (strcmp(name, "user") == 0)
		st->user = value;
	else if (strcmp(name, "password") == 0)
		st->password = value;
	else if (strcmp(name, "api-key") == 0)
		st->key = value;
	else if (strcmp(name, "api-key-header") == 0)
		st->key_header = value;
	else if (strcmp(name, "version") == 0)
		return parse_version(value, &st->version);
	else if (strcmp(name, "context-path") == 0) {
		free(st->prefix);
		st->prefix = standin_strdup(strcmp(value, "/") == 0 ? "" : value);
		return !*st->prefix || *st->prefix == '/';
	} else
		return false;
	return true;
}

static char *base64(const char *s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct text out = {0};
	size_t len = strlen(s);

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)(unsigned char)s[i] << 16;

		if (i + 1 < len)
			bits |= (uint32_t)(unsigned char)s[i + 1] << 8;
		if (i + 2 < len)
			bits |= (unsigned char)s[i + 2];
		text_add(&out, &digits[bits >> 18 & 63], 1);
		text_add(&out, &digits[bits >> 12 & 63], 1);
		text_add(&out, i + 1 < len ? &digits[bits >> 6 & 63] : "=", 1);
		text_add(&out, i + 2 < len ? &digits[bits & 63] : "=", 1);
	}
	return out.data;
}

/* Called once the options are known: also the time to make up the header to expect. */
static const char *prefix(void *state)
{
	struct steve *st = state;
	struct text plain = {0}, header = {0};
	char *encoded;

	if (st->user && !st->basic) {
		text_printf(&plain, "%s:%s", st->user, st->password ? st->password : "");
		encoded = base64(plain.data);
		text_printf(&header, "Basic %s", encoded);
		free(encoded);
		text_release(&plain);
		st->basic = header.data;
	}
	return st->prefix;
}

static void unauthorized(void *state, struct standin_request *req, struct standin_reply *reply)
{
	(void)state;
	steve_error(req, 401,
		    *req->authorization ?
			    "Bad credentials" :
			    "Full authentication is required to access this resource",
		    reply);
}

static const char *key_header(void *state)
{
	const struct steve *st = state;
	return st->key_header;
}

/* Each generation knows its own kind of credentials only; without any, everybody may pass. */
static bool is_let_in(const struct steve *st, const struct standin_request *req)
{
	if (!st->basic && !st->key)
		return true;
	if (st->version < 308)
		return st->key && strcmp(req->key, st->key) == 0;
	return st->basic && strncasecmp(req->authorization, "Basic ", 6) == 0 &&
	       strcmp(req->authorization + 6, st->basic + 6) == 0;
}

static bool is_outside(const struct steve *st, const struct standin_request *req)
{
	return strncmp(req->path, st->prefix, strlen(st->prefix)) != 0;
}

static bool authorize(void *state, struct standin_request *req, struct standin_reply *reply)
{
	if (is_outside(state, req) || is_let_in(state, req))
		return true;
	unauthorized(state, req, reply);
	return false;
}

static void not_found(void *state, struct standin_request *req, struct standin_reply *reply)
{
	if (!is_outside(state, req)) {
		steve_error(req, 404, "No static resource", reply);
		return;
	}
	/* not SteVe but the server it runs in */
	reply->status = 404;
	reply->type = "text/html;charset=iso-8859-1";
	text_puts(&reply->body, "<html><head><title>Error 404 Not Found</title></head></html>");
}

static const struct standin_peer peer = {
	.name = "steve-standin",
	.usage = "  --user U --password P     asked for; without them none are needed\n"
		 "  --api-key KEY             asked for instead up to version 3.7\n"
		 "  --api-key-header NAME     that bears it, default STEVE-API-KEY\n"
		 "  --context-path PATH       default /steve\n"
		 "  --version V               the SteVe to be, default 3.13\n",
	.routes = routes,
	.n_routes = COUNT(routes),
	.option = option,
	.prefix = prefix,
	.key_header = key_header,
	.authorize = authorize,
	.unauthorized = unauthorized,
	.not_found = not_found,
	.seed = seed,
	.dump = dump,
	.reset = reset,
	.control = control,
};

int main(int argc, char **argv)
{
	struct steve st = {.version = 313, .key_header = "STEVE-API-KEY",
			   .prefix = standin_strdup("/steve")};
	int status;

	state_init(&st);
	status = standin_main(argc, argv, &peer, &st);
	state_release(&st);
	free(st.prefix);
	free(st.basic);
	return status;
}
