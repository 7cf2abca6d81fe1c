/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth.c - access tokens by OAuth 2.0 client credentials (RFC 6749, 4.4). A token lives in the
 * handle, and another one is fetched before it expires.
 */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 1000000
/* A server that does not say how long a token is good leaves that to the first 401. */
#define UNTOLD ((int64_t)365 * 86400 * SECOND)

static void add_pair(struct rest_buf *b, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	rest_addf(b, "%s%s=", b->len ? "&" : "", name);
	rest_add_encoded(b, value, strlen(value));
}

static int ask(struct http_connection *c, struct ferry_http_response *res, struct ferry_error *err)
{
	static const char *const headers[] = {
		"Accept: application/json", "Content-Type: application/x-www-form-urlencoded",
		NULL};
	struct rest_buf body = {0}, url = {0};

	add_pair(&body, "grant_type", "client_credentials");
	add_pair(&body, "scope", c->scope);
	add_pair(&body, "audience", c->audience);
	if (c->in_body) {
		add_pair(&body, "client_id", c->client_id);
		add_pair(&body, "client_secret", c->client_secret);
	}
	rest_addf(&url, "%s%s", *c->token_url == '/' ? c->api.base : "", c->token_url);
	struct ferry_http_request req = {
		.method = "POST", .url = rest_str(&url), .headers = headers,
		.user = c->in_body ? NULL : c->client_id,
		.password = c->in_body ? NULL : c->client_secret,
		.body = rest_str(&body), .body_len = body.len, .flags = FERRY_HTTP_RETRY,
	};
	*res = (struct ferry_http_response){.body = "", .content_type = ""};
	int rc = c->api.host->http(c->api.host, &req, res, err);
	explicit_bzero(body.s, body.cap);
	rest_buf_release(&body);
	rest_buf_release(&url);
	return rc;
}

/* Seconds as a number, or as text, which some servers send. */
static int64_t lifetime(rest_node *node)
{
	size_t len;
	const char *s = rest_text(node, &len);
	int64_t seconds;

	if (!(s ? rest_read_int(s, len, &seconds) : rest_int(node, &seconds)) || seconds <= 0 ||
	    seconds > UNTOLD / SECOND)
		return UNTOLD;
	/* renewed early: clocks differ, and requests take their time */
	int64_t margin = seconds / 5 < 60 ? seconds / 5 : 60;
	return (seconds - margin) * SECOND;
}

static int take(struct http_connection *c, const struct ferry_http_response *res,
		struct ferry_error *err)
{
	const struct ferry_host *host = c->api.host;
	struct rest_buf line = {0};
	rest_node *root = NULL;
	struct ferry_error ignored;

	if (!rest_try_parse(res->body, res->body_len, &root))
		return host->fail(err, FERRY_E_PROTOCOL,
				  "access token: %s answers with something else than JSON",
				  c->api.peer);
	const char *token = rest_text(rest_member(root, "access_token"), NULL);
	if (!token || rest_check_secret(&c->api, "access_token", token, &ignored)) {
		rest_free(root);
		return host->fail(err, FERRY_E_PROTOCOL,
				  "access token: %s's answer has no usable 'access_token'",
				  c->api.peer);
	}
	free(c->access_token);
	c->access_token = rest_copy(token, strlen(token));
	c->api.secret = c->access_token;
	rest_addf(&line, "Authorization: Bearer %s", token);
	free(c->authorization);
	c->authorization = line.s;
	c->expires = host->now(host) + lifetime(rest_member(root, "expires_in"));
	rest_free(root);
	return 0;
}

int http_oauth_ready(struct http_connection *c, struct ferry_error *err)
{
	const struct ferry_host *host = c->api.host;
	struct ferry_http_response res;

	if (c->authorization && host->now(host) < c->expires)
		return 0;
	if (ask(c, &res, err))
		return -1;
	if (res.status == 400) {	/* invalid_client, invalid_scope: RFC 6749, 5.2 */
		char words[200];
		http_words(c, &res, words, sizeof words);
		host->fail(err, FERRY_E_AUTH, "access token: it is refused (400: %s)", words);
		err->sys = 400;
		return -1;
	}
	return http_status(c, "access token", &res, true, err) ? -1 : take(c, &res, err);
}
