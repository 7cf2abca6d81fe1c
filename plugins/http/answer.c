/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c - what answers mean: their status, the peer's own words in them, ids, and settings that
 * say where to look. No secret leaves through a message.
 */
#include "http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------- messages */

/* The length of the secret that begins here, or 0. */
static size_t secret_at(const struct http_connection *c, const char *s, size_t len)
{
	const char *secrets[] = {c->token, c->api.password, c->client_secret, c->access_token};
	size_t n = sizeof secrets / sizeof *secrets;

	for (size_t i = 0; i < n + c->n_headers; i++) {
		const char *secret = i < n ? secrets[i] : strchr(c->headers[i - n], ':') + 2;
		size_t have = secret ? strlen(secret) : 0;
		/* a header such as "X-Tenant: 7" is none worth hiding every 7 for */
		if (have >= 6 && len >= have && !memcmp(s, secret, have))
			return have;
	}
	return 0;
}

void http_excerpt(const struct http_connection *c, const char *s, size_t len, char *out,
		  size_t size)
{
	struct rest_buf b = {0};

	for (size_t i = 0; i < len && b.len < size;) {
		size_t n = secret_at(c, s + i, len - i);
		if (n)
			rest_adds(&b, "***");
		else
			rest_add(&b, s + i, 1);
		i += n ? n : 1;
	}
	rest_fit(out, size, rest_str(&b), b.len);
	rest_buf_release(&b);
}

/* The text under one of the names errors go by, at most two levels deep. */
static const char *find_words(rest_node *node, int depth, size_t *len)
{
	static const char *const names[] = {"message", "error_description", "detail", "error",
					    "errors", "title", "reason", "description", "code"};
	const char *s = rest_text(node, len);

	if (s)
		return *len ? s : NULL;
	if (!depth)
		return NULL;
	if (rest_kind(node) == REST_ARRAY)
		return rest_count(node) ? find_words(rest_at(node, 0), depth, len) : NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if ((s = find_words(rest_member(node, names[i]), depth - 1, len)))
			return s;
	return NULL;
}

void http_words(const struct http_connection *c, const struct ferry_http_response *res, char *out,
		size_t size)
{
	rest_node *root = NULL;
	size_t len = 0, skip = 0;
	const char *s = NULL;

	if (rest_try_parse(res->body, res->body_len, &root))
		s = find_words(root, 3, &len);
	while (skip < res->body_len && strchr(" \t\r\n", res->body[skip]) && res->body[skip])
		skip++;
	if (s)
		http_excerpt(c, s, len, out, size);
	else if (skip < res->body_len && res->body[skip] == '<')
		snprintf(out, size, "with a web page");
	else
		http_excerpt(c, res->body, res->body_len < 160 ? res->body_len : 160, out, size);
	rest_free(root);
}

int http_status(const struct http_connection *c, const char *what,
		const struct ferry_http_response *res, bool fixed_address, struct ferry_error *err)
{
	char words[300];

	if (res->status >= 200 && res->status < 300)
		return 0;
	http_words(c, res, words, sizeof words);
	rest_status(&c->api, what, res, words, err);
	if (res->status == 405 || res->status == 415 || (res->status == 404 && fixed_address)) {
		err->code = FERRY_E_PROTOCOL;
		rest_hint(err, "check the request's method and path, and the connection's url");
	}
	return -1;
}

int http_parse(const struct http_connection *c, const char *what,
	       const struct ferry_http_response *res, rest_node **ret, struct ferry_error *err)
{
	char start[120];
	size_t at;

	if (rest_try_parse(res->body, res->body_len, ret))
		return 0;
	const char *why = rest_flaw(res->body, res->body_len, &at);
	http_excerpt(c, res->body, res->body_len < 100 ? res->body_len : 100, start, sizeof start);
	c->api.host->fail(err, FERRY_E_PROTOCOL, "%s: %s answers %d with something else than JSON: %s at byte %zu of %zu: %s",
			  what, c->api.peer, res->status, why, at, res->body_len, *start ? start : "(nothing)");
	return rest_hint(err, "check the connection's url, and whether a login page or proxy stands "
			      "in between");
}

bool http_id_text(rest_node *node, const char **ret, size_t *len)
{
	*ret = rest_text(node, len);
	if (rest_kind(node) == REST_INT)
		*ret = rest_dump(node, len);
	return *ret && *len;
}

/* ----------------------------------------------------------------- settings */

int http_take_pointer(const struct ferry_open *open, const char *name, struct http_pointer *ret,
		      bool *given, struct ferry_error *err)
{
	const char *text = ferry_setting_text(open, name), *why;

	if (given)
		*given = text;
	if (!text || !(why = http_pointer_parse(text, ret)))
		return 0;
	return open->host->fail(err, FERRY_E_CONFIG, "%s: '%.80s': %s", name, text, why);
}

bool http_listed(const char *list, int status)
{
	for (; list && *list; list += strspn(list, ", ")) {
		char *end;
		if (strtol(list, &end, 10) == status)
			return true;
		list = end;
	}
	return false;
}

int http_check_list(const struct ferry_open *open, const char *name, struct ferry_error *err)
{
	const char *list = ferry_setting_text(open, name);

	for (const char *s = list; s && *s; s += strspn(s, ", ")) {
		if (strspn(s, "0123456789") != 3 || *s < '1' || *s > '5')
			return open->host->fail(err, FERRY_E_CONFIG,
						"%s: '%.64s' is no list of statuses (409, 410)",
						name, list);
		s += 3;
		if (*s && *s != ',' && *s != ' ')
			return open->host->fail(err, FERRY_E_CONFIG,
						"%s: '%.64s' is no list of statuses (409, 410)",
						name, list);
	}
	return 0;
}
