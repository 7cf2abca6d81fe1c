/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.c - GET /openapi.json: the routes and the tables of what they take and give, as OpenAPI 3.1. */
#include "api/openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/call.h"

/* ------------------------------------------------------------------------ types */

static void put_type(struct buf *b, const char *key, const char *type, size_t n, const char *help);

static void put_ref(struct buf *b, const char *type, size_t n)
{
	char ref[100];

	snprintf(ref, sizeof ref, "#/components/schemas/%.*s", (int)n, type);
	jw_text(b, "$ref", ref);
}

/* The members of a schema object that say what one value is. */
static void put_single(struct buf *b, const char *type, size_t n)
{
	static const char *const plain[] = {"string", "integer", "number", "boolean", "object"};
	char word[40];

	snprintf(word, sizeof word, "%.*s", (int)n, type);
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (strcmp(word, plain[i]) == 0) {
			jw_text(b, "type", plain[i]);
			return;
		}
	if (strcmp(word, "time") == 0) {
		jw_text(b, "type", "string");
		jw_text(b, "format", "date-time");
	} else if (word[0] == '[') {
		jw_text(b, "type", "array");
		put_type(b, "items", type + 1, n - 2, NULL);
	} else if (word[0] == '{') {
		jw_text(b, "type", "object");
		put_type(b, "additionalProperties", type + 1, n - 2, NULL);
	} else if (strcmp(word, "any") != 0) {
		put_ref(b, type, n);
	}
}

static void put_type(struct buf *b, const char *key, const char *type, size_t n, const char *help)
{
	bool nullable = n && type[n - 1] == '?';

	jw_open(b, key, '{');
	if (nullable) {
		jw_open(b, "anyOf", '[');
		jw_open(b, NULL, '{');
		put_single(b, type, n - 1);
		jw_close(b, '}');
		jw_open(b, NULL, '{');
		jw_text(b, "type", "null");
		jw_close(b, '}');
		jw_close(b, ']');
	} else {
		put_single(b, type, n);
	}
	if (help)
		jw_text(b, "description", help);
	jw_close(b, '}');
}

/* ---------------------------------------------------------------------- schemas */

/* A member's name without the "?" that says it may be absent. */
static bool optional(const struct openapi_member *m, char name[64])
{
	size_t n = strlen(m->name);
	bool maybe = m->name[n - 1] == '?';

	snprintf(name, 64, "%.*s", (int)(maybe ? n - 1 : n), m->name);
	return maybe;
}

static void put_members(struct buf *b, const struct openapi_member *members)
{
	char name[64];

	jw_text(b, "type", "object");
	jw_bool(b, "additionalProperties", false);
	jw_open(b, "properties", '{');
	for (const struct openapi_member *m = members; m->name; m++) {
		optional(m, name);
		put_type(b, name, m->type, strlen(m->type), m->help);
	}
	jw_close(b, '}');
	jw_open(b, "required", '[');
	for (const struct openapi_member *m = members; m->name; m++)
		if (!optional(m, name))
			jw_text(b, NULL, name);
	jw_close(b, ']');
}

static void put_schemas(struct buf *b)
{
	jw_open(b, "schemas", '{');
	for (const struct openapi_schema *s = openapi_schemas; s->name; s++) {
		jw_open(b, s->name, '{');
		if (s->members) {
			put_members(b, s->members);
		} else {
			jw_text(b, "type", "string");
			jw_open(b, "enum", '[');
			for (int i = 0; s->word(i); i++)
				jw_text(b, NULL, s->word(i));
			jw_close(b, ']');
		}
		jw_close(b, '}');
	}
	jw_close(b, '}');
}

/* ------------------------------------------------------------------------- paths */

/* One that is in no table is told with what is known of it; a test finds it. */
static const struct openapi_parameter *find_parameter(const char *id, bool in_path)
{
	const struct openapi_parameter *p = openapi_parameters;

	while (p->id && (p->in_path != in_path || strcmp(p->id, id) != 0))
		p++;
	return p->id ? p : NULL;
}

static void put_parameter(struct buf *b, const char *id, size_t n, bool in_path)
{
	char name[40];

	snprintf(name, sizeof name, "%.*s", (int)n, id);
	const struct openapi_parameter *p = find_parameter(name, in_path);
	const char *type = p ? p->type : "string";
	jw_open(b, NULL, '{');
	jw_text(b, "name", p ? p->name : name);
	jw_text(b, "in", in_path ? "path" : "query");
	jw_bool(b, "required", in_path || (p && p->required));
	if (p)
		jw_text(b, "description", p->help);
	put_type(b, "schema", type, strlen(type), NULL);
	jw_close(b, '}');
}

static void put_parameters(struct buf *b, const struct api_route *r)
{
	jw_open(b, "parameters", '[');
	const char *brace = strchr(r->pattern, '{');
	if (brace)
		put_parameter(b, brace + 1, strcspn(brace + 1, "}"), true);
	for (const char *p = r->query; p && *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		put_parameter(b, p, n, false);
		p += n;
	}
	jw_close(b, ']');
}

static void open_content(struct buf *b, const char *type)
{
	jw_open(b, "content", '{');
	jw_open(b, type, '{');
}

static void close_content(struct buf *b)
{
	jw_close(b, '}');
	jw_close(b, '}');
}

/* {"data":[...]}, in pages or all at once. */
static void put_list(struct buf *b, const char *of, size_t n, bool paged)
{
	jw_open(b, "schema", '{');
	jw_text(b, "type", "object");
	jw_bool(b, "additionalProperties", false);
	jw_open(b, "properties", '{');
	jw_open(b, "data", '{');
	jw_text(b, "type", "array");
	put_type(b, "items", of, n, NULL);
	jw_close(b, '}');
	if (paged)
		put_type(b, "pagination", "Pagination", strlen("Pagination"), NULL);
	jw_close(b, '}');
	jw_open(b, "required", '[');
	jw_text(b, NULL, "data");
	if (paged)
		jw_text(b, NULL, "pagination");
	jw_close(b, ']');
	jw_close(b, '}');
}

static void put_answer(struct buf *b, const char *what)
{
	size_t n = strlen(what);

	if (strchr(what, '/')) {
		open_content(b, what);
		put_type(b, "schema", "string", strlen("string"), NULL);
	} else {
		open_content(b, "application/json");
		if (what[0] == '[')
			put_list(b, what + 1, n - 2, true);
		else if (what[n - 1] == ']')
			put_list(b, what, n - 2, false);
		else
			put_type(b, "schema", what, n, NULL);
	}
	close_content(b);
}

static void put_response(struct buf *b, const char *status, const char *text, const char *what)
{
	jw_open(b, status, '{');
	jw_text(b, "description", text);
	put_answer(b, what);
	jw_close(b, '}');
}

static void put_responses(struct buf *b, const struct api_route *r)
{
	const char *what = r->answer;
	char status[4] = "200";

	while (isdigit((unsigned char)*what))
		what += strcspn(what, " ") + 1;
	jw_open(b, "responses", '{');
	if (what == r->answer)
		put_response(b, status, r->summary, what);
	for (const char *p = r->answer; p < what; p += 4) {
		memcpy(status, p, 3);
		put_response(b, status, r->summary, what);
	}
	put_response(b, "default", "it was refused, or went wrong", "Error");
	jw_close(b, '}');
}

/* get_syncs_s_runs */
static void put_id(struct buf *b, const struct api_route *r)
{
	struct buf id = BUF_INIT;

	for (const char *p = r->method; *p; p++)
		buf_addc(&id, (char)tolower((unsigned char)*p));
	for (const char *p = strncmp(r->pattern, "/api/v1", 7) == 0 ? r->pattern + 7 : r->pattern; *p; p++)
		if (*p == '/' || *p == '.')
			buf_addc(&id, '_');
		else if (*p != '{' && *p != '}')
			buf_addc(&id, *p);
	jw_text(b, "operationId", id.s);
	buf_release(&id);
}

static void put_route(struct buf *b, const struct api_route *r)
{
	char method[8] = "";

	for (size_t i = 0; r->method[i] && i < sizeof method - 1; i++)
		method[i] = (char)tolower((unsigned char)r->method[i]);
	jw_open(b, method, '{');
	put_id(b, r);
	jw_text(b, "summary", r->summary);
	jw_text(b, "x-role", r->role == API_ADMIN ? "admin" : "viewer");
	put_parameters(b, r);
	if (r->body) {
		jw_open(b, "requestBody", '{');
		jw_bool(b, "required", false);
		open_content(b, "application/json");
		put_type(b, "schema", r->body, strlen(r->body), NULL);
		close_content(b);
		jw_close(b, '}');
	}
	put_responses(b, r);
	jw_close(b, '}');
}

/* Has a row before this one the same path? */
static bool seen(const struct api_route *r)
{
	for (const struct api_route *p = api_routes(); p < r; p++)
		if (strcmp(p->pattern, r->pattern) == 0)
			return true;
	return false;
}

static void put_paths(struct buf *b)
{
	jw_open(b, "paths", '{');
	for (const struct api_route *r = api_routes(); r->method; r++) {
		if (seen(r))
			continue;
		jw_open(b, r->pattern, '{');
		for (const struct api_route *same = r; same->method; same++)
			if (strcmp(same->pattern, r->pattern) == 0)
				put_route(b, same);
		jw_close(b, '}');
	}
	jw_close(b, '}');
}

void openapi_json(const char *version, struct buf *b)
{
	jw_open(b, NULL, '{');
	jw_text(b, "openapi", "3.1.0");
	jw_open(b, "info", '{');
	jw_text(b, "title", "ferry");
	jw_text(b, "version", version);
	jw_text(b, "description", "Moves records between systems on a schedule. On the Unix socket who may do what "
		"follows from the peer's credentials, over TCP from its token. x-role is the least role a call needs.");
	jw_close(b, '}');
	put_paths(b);
	jw_open(b, "components", '{');
	put_schemas(b);
	jw_open(b, "securitySchemes", '{');
	jw_open(b, "token", '{');
	jw_text(b, "type", "http");
	jw_text(b, "scheme", "bearer");
	jw_close(b, '}');
	jw_close(b, '}');
	jw_close(b, '}');
	/* a token, or (on the socket) nothing */
	jw_open(b, "security", '[');
	jw_open(b, NULL, '{');
	jw_open(b, "token", '[');
	jw_close(b, ']');
	jw_close(b, '}');
	jw_open(b, NULL, '{');
	jw_close(b, '}');
	jw_close(b, ']');
	jw_close(b, '}');
}

int handle_openapi(struct call *c, struct ferry_error *err)
{
	(void)err;
	openapi_json(c->api->version, &c->reply->body);
	return 0;
}
