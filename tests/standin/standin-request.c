/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a request: its query, and which route it is for; and the headers of its answer. Works
 * on the path as sent, since a percent-encoded slash or dot means something else than a plain one.
 */
#include "standin-request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *standin_query(const struct standin_request *req, const char *name)
{
	for (size_t i = 0; i < req->n_pairs; i++) {
		if (strcmp(req->pairs[i].name, name) == 0)
			return req->pairs[i].value;
	}
	return NULL;
}

bool standin_query_has(const struct standin_request *req, const char *name, const char *value)
{
	for (size_t i = 0; i < req->n_pairs; i++) {
		if (strcmp(req->pairs[i].name, name) == 0 &&
		    strcmp(req->pairs[i].value, value) == 0)
			return true;
	}
	return false;
}

void standin_add_header(struct standin_reply *reply, const char *name, const char *value)
{
	for (size_t i = 0; i < STANDIN_HEADERS; i++) {
		if (reply->header[i].name)
			continue;
		reply->header[i].name = name;
		snprintf(reply->header[i].value, sizeof(reply->header[i].value), "%s", value);
		return;
	}
}

void request_split_query(struct standin_request *req, char *copy)
{
	size_t cap = 0;

	for (char *save = NULL, *part = strtok_r(copy, "&", &save); part;
	     part = strtok_r(NULL, "&", &save)) {
		char *value = strchr(part, '=');

		if (value)
			*value++ = '\0';
		else
			value = part + strlen(part);
		standin_unescape(part, true);
		standin_unescape(value, true);
		req->pairs = standin_grow(req->pairs, &cap, req->n_pairs + 1,
					  sizeof(*req->pairs));
		req->pairs[req->n_pairs++] = (struct standin_pair){part, value};
	}
}

/*
 * Cuts a raw segment as Rails does for "/:id(.:format)": nothing is left when it has more
 * than one dot, or nothing after it.
 */
static bool cut_at_dot(char *segment)
{
	char *dot = strchr(segment, '.');

	if (!dot)
		return true;
	if (dot == segment || !dot[1] || strchr(dot + 1, '.'))
		return false;
	*dot = '\0';
	return true;
}

/* Is the raw path one of the template? Takes its parameters, of which there are n. */
static bool take_params(const char *template, const char *path, char *param[2], size_t *n)
{
	while (*template) {
		if (*template != '{') {
			if (*template++ != *path++)
				return false;
			continue;
		}
		size_t len = strcspn(path, "/");

		if (!len || *n == 2)
			return false;
		param[*n] = standin_alloc(len + 1);
		memcpy(param[(*n)++], path, len);
		path += len;
		template = strchr(template, '}') + 1;
	}
	if (*path == '/' && !path[1])
		path++;
	return !*path;
}

static bool dots_fit(char *param[2], size_t n)
{
	return !n || ((n == 1 || !strchr(param[0], '.')) && cut_at_dot(param[n - 1]));
}

/* Compares one template with a raw path; fills the decoded parameters, if it has any. */
static bool path_matches(const char *template, const char *path, unsigned flags, char *ret[2])
{
	char *param[2] = {0};
	size_t n = 0;
	bool fits = take_params(template, path, param, &n) &&
		    (!(flags & STANDIN_CUT_DOT) || dots_fit(param, n));

	for (size_t i = 0; i < n; i++) {
		if (fits)
			standin_unescape(param[i], false);
		else
			free(param[i]);
	}
	if (fits)
		memcpy(ret, param, sizeof(param));
	return fits;
}

const struct standin_route *request_find_route(const struct standin_peer *peer,
					       const char *prefix, struct standin_request *req)
{
	size_t prefix_len = strlen(prefix), method_len = strlen(req->method);

	if (strncmp(req->path, prefix, prefix_len) != 0)
		return NULL;
	for (size_t i = 0; i < peer->n_routes; i++) {
		const struct standin_route *r = &peer->routes[i];

		if (strncmp(r->label, req->method, method_len) != 0 || r->label[method_len] != ' ')
			continue;
		char *param[2];

		if (!path_matches(r->label + method_len + 1, req->path + prefix_len, r->flags,
				  param))
			continue;
		req->param = param[0];
		req->param2 = param[1];
		return r;
	}
	return NULL;
}
