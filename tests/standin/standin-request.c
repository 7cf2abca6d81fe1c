/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a request: its query, and which route it is for. Works on the path as sent, since
 * a percent-encoded slash or dot means something else than a plain one.
 */
#include "standin-request.h"

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

/* Compares one template with a raw path; fills the decoded parameter, if it has one. */
static bool path_matches(const char *template, const char *path, unsigned flags, char **ret_param)
{
	char *param = NULL;

	while (*template) {
		if (*template != '{') {
			if (*template++ != *path++)
				goto no;
			continue;
		}
		size_t len = strcspn(path, "/");

		if (!len)
			goto no;
		free(param);
		param = standin_alloc(len + 1);
		memcpy(param, path, len);
		path += len;
		template = strchr(template, '}') + 1;
	}
	if (*path == '/' && !path[1])
		path++;
	if (*path || (param && (flags & STANDIN_CUT_DOT) && !cut_at_dot(param)))
		goto no;
	if (param)
		standin_unescape(param, false);
	*ret_param = param;
	return true;
no:
	free(param);
	return false;
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
		if (path_matches(r->label + method_len + 1, req->path + prefix_len, r->flags,
				 &req->param))
			return r;
	}
	return NULL;
}
