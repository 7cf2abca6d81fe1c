/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.c - the address, the user's headers and credentials, and one exchange with them. Knows
 * nothing of what is asked for; what an answer means by its status is in answer.c.
 */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const auth_words[] = {"none", "bearer", "basic", "header", "query", "oauth2",
					 NULL};
static const char *const style_words[] = {"basic", "body", NULL};

#define TEXT(n, f, words) {.name = n, .type = FERRY_OPT_TEXT, .flags = f, .help = words}
#define SECRET FERRY_OPTION_SECRET

const struct ferry_option http_connection_options[] = {
	TEXT("url", FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS,
	     "the API's address; what paths are added to: https://api.example.com/v1"),
	TEXT("headers.*", SECRET, "a header of that name in every request"),
	{.name = "auth.type", .type = FERRY_OPT_CHOICE, .fallback = "none", .choices = auth_words,
	 .help = "how requests prove who sends them"},
	TEXT("auth.token", SECRET, "bearer, header, query: the token or API key"),
	TEXT("auth.header", 0, "header: the name of the header, such as X-Api-Key"),
	TEXT("auth.parameter", 0, "query: the name of the query parameter"),
	TEXT("auth.user", 0, "basic: user name"),
	TEXT("auth.password", SECRET, "basic: password"),
	TEXT("auth.token_url", 0, "oauth2: where tokens are fetched; a whole address, or a path"),
	TEXT("auth.client_id", 0, "oauth2: the client's id"),
	TEXT("auth.client_secret", SECRET, "oauth2: its secret"),
	TEXT("auth.scope", 0, "oauth2: the scope to ask for"),
	TEXT("auth.audience", 0, "oauth2: the audience to ask for"),
	{.name = "auth.style", .type = FERRY_OPT_CHOICE, .fallback = "basic",
	 .choices = style_words, .help = "oauth2: id and secret as HTTP Basic, or in the body"},
	TEXT("check", 0, "a path that must answer a GET with success before a run begins"),
	{0},
};

/* ------------------------------------------------------------------ opening */

/* Length of "https://host:port", or 0 when it is no such address. */
static size_t origin_length(const char *url)
{
	size_t scheme = !strncasecmp(url, "https://", 8) ? 8 : !strncasecmp(url, "http://", 7) ? 7
											     : 0;
	size_t host = scheme ? strcspn(url + scheme, "/?#") : 0;

	return host ? scheme + host : 0;
}

static const char *url_mistake(const char *url)
{
	size_t origin = url ? origin_length(url) : 0;

	if (!url || !*url)
		return "it is missing";
	if (!origin)
		return "it is no http:// or https:// address";
	if (memchr(url, '@', origin))
		return "it must not hold a user or password (use 'auth')";
	if (strpbrk(url, "?#"))
		return "it must not have a query or fragment (use 'query' of the source)";
	for (; *url; url++)
		if ((unsigned char)*url <= ' ' || (unsigned char)*url >= 0x7f)
			return "it has a blank, control or non-ASCII character";
	return NULL;
}

static int take_url(struct http_connection *c, struct ferry_error *err)
{
	const char *url = ferry_setting_text(c->open, "url"), *mistake = url_mistake(url);

	if (mistake) {
		c->api.host->fail(err, FERRY_E_CONFIG, "url: %s", mistake);
		return rest_hint(err, "write it as https://host or https://host/path");
	}
	size_t n = strlen(url);
	while (url[n - 1] == '/')
		n--;
	c->api.base = rest_copy(url, n);
	c->origin = origin_length(c->api.base);
	return 0;
}

static bool header_name(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";
	return *s && s[strspn(s, letters)] == '\0';
}

/* "Name: value", or NULL with *err filled. */
static char *header_line(struct http_connection *c, const char *name, const char *value,
			 struct ferry_error *err)
{
	struct rest_buf line = {0};

	if (!header_name(name)) {
		c->api.host->fail(err, FERRY_E_CONFIG, "'%.64s' cannot name a header", name);
		return NULL;
	}
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f) {
			c->api.host->fail(err, FERRY_E_CONFIG,
					  "header '%.64s': its value has a control character",
					  name);
			return NULL;
		}
	rest_addf(&line, "%s: %s", name, value);
	return line.s;
}

static int take_headers(struct http_connection *c, struct ferry_error *err)
{
	static const char prefix[] = "headers.";

	for (size_t i = 0; i < c->open->n_settings; i++) {
		const struct ferry_setting *s = &c->open->settings[i];
		if (strncmp(s->name, prefix, sizeof prefix - 1))
			continue;
		char *line = header_line(c, s->name + sizeof prefix - 1, s->value.s, err);
		if (!line)
			return -1;
		c->headers = rest_resize(c->headers, c->n_headers + 1, sizeof *c->headers);
		c->headers[c->n_headers++] = line;
	}
	return 0;
}

/* A setting that this kind of credentials needs. */
static const char *need(struct http_connection *c, const char *name, struct ferry_error *err)
{
	const char *s = ferry_setting_text(c->open, name);

	if (!s || !*s) {
		c->api.host->fail(err, FERRY_E_CONFIG, "auth of type %s needs '%s'",
				  auth_words[c->auth], name);
		return NULL;
	}
	return s;
}

static int take_oauth(struct http_connection *c, struct ferry_error *err)
{
	const char *style = ferry_setting_text(c->open, "auth.style");

	if (!(c->token_url = need(c, "auth.token_url", err)) ||
	    !(c->client_id = need(c, "auth.client_id", err)) ||
	    !(c->client_secret = need(c, "auth.client_secret", err)))
		return -1;
	if (*c->token_url != '/' && !origin_length(c->token_url))
		return c->api.host->fail(err, FERRY_E_CONFIG,
					 "auth.token_url: it is neither an http:// or https:// "
					 "address nor a path");
	c->api.secret = c->client_secret;
	c->scope = ferry_setting_text(c->open, "auth.scope");
	c->audience = ferry_setting_text(c->open, "auth.audience");
	c->in_body = style && !strcmp(style, "body");
	return 0;
}

static int take_token(struct http_connection *c, struct ferry_error *err)
{
	const char *name = "Authorization";
	struct rest_buf value = {0};

	if (!(c->token = need(c, "auth.token", err)) ||
	    rest_check_secret(&c->api, "auth.token", c->token, err))
		return -1;
	c->api.secret = c->token;
	if (c->auth == HTTP_AUTH_QUERY)
		return (c->parameter = need(c, "auth.parameter", err)) ? 0 : -1;
	if (c->auth == HTTP_AUTH_HEADER && !(name = need(c, "auth.header", err)))
		return -1;
	rest_addf(&value, "%s%s", c->auth == HTTP_AUTH_BEARER ? "Bearer " : "", c->token);
	c->authorization = header_line(c, name, rest_str(&value), err);
	rest_buf_release(&value);
	return c->authorization ? 0 : -1;
}

static int take_auth(struct http_connection *c, struct ferry_error *err)
{
	const char *type = ferry_setting_text(c->open, "auth.type");

	while (type && auth_words[c->auth] && strcmp(auth_words[c->auth], type))
		c->auth++;
	switch (c->auth) {
	case HTTP_AUTH_NONE:
		return 0;
	case HTTP_AUTH_BASIC:
		if (!(c->api.user = need(c, "auth.user", err)))
			return -1;
		c->api.password = ferry_setting_text(c->open, "auth.password");
		c->api.password = c->api.password ? c->api.password : "";
		c->api.secret = *c->api.password ? c->api.password : NULL;
		return 0;
	case HTTP_AUTH_OAUTH2:
		return take_oauth(c, err);
	default:
		return take_token(c, err);
	}
}

int http_connection_open(struct http_connection *c, const struct ferry_open *open,
			 struct ferry_error *err)
{
	const char *check = ferry_setting_text(open, "check");

	c->open = open;
	c->api.host = open->host;
	if (take_url(c, err) || take_headers(c, err) || take_auth(c, err))
		return -1;
	const char *scheme = strstr(c->api.base, "://") + 3;
	c->peer = rest_copy(scheme, (size_t)(c->api.base + c->origin - scheme));
	c->api.peer = c->peer;
	if (check && *check != '/')
		return c->api.host->fail(err, FERRY_E_CONFIG,
					 "check: it is a path, which begins with '/'");
	return 0;
}

void http_connection_release(struct http_connection *c)
{
	for (size_t i = 0; i < c->n_headers; i++)
		free(c->headers[i]);
	free(c->headers);
	free(c->authorization);
	free(c->access_token);
	free(c->peer);
	rest_close(&c->api);
}

/* ----------------------------------------------------------------- exchange */

bool http_same_origin(const struct http_connection *c, const char *url, size_t len)
{
	return len > c->origin && !strncasecmp(url, c->api.base, c->origin) &&
	       strchr("/?", url[c->origin]);
}

static void make_url(struct http_connection *c, const char *url)
{
	struct rest_buf *to = &c->api.url;

	rest_buf_reset(to);
	if (*url == '/' || !*url)
		rest_adds(to, c->api.base);
	rest_adds(to, url);
	if (c->auth == HTTP_AUTH_QUERY) {
		rest_adds(to, strchr(rest_str(to), '?') ? "&" : "?");
		rest_add_encoded(to, c->parameter, strlen(c->parameter));
		rest_adds(to, "=");
		rest_add_encoded(to, c->token, strlen(c->token));
	}
}

/* Whether the user has set that header. */
static bool given(const struct http_connection *c, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < c->n_headers; i++)
		if (!strncasecmp(c->headers[i], name, n) && c->headers[i][n] == ':')
			return true;
	return false;
}

static int exchange(struct http_connection *c, const struct http_request *req,
		    struct ferry_http_response *res, struct ferry_error *err)
{
	const char **headers = rest_alloc(c->n_headers + 5, sizeof *headers);
	struct rest_buf type = {0};
	size_t n = 0;

	if (!given(c, "Accept"))
		headers[n++] = "Accept: application/json";
	if (req->body) {
		rest_addf(&type, "Content-Type: %s", req->type);
		headers[n++] = rest_str(&type);
	}
	if (c->authorization)
		headers[n++] = c->authorization;
	if (req->header)
		headers[n++] = req->header;
	for (size_t i = 0; i < c->n_headers; i++)
		headers[n++] = c->headers[i];
	struct ferry_http_request http = {
		.method = req->method,
		.url = rest_str(&c->api.url),
		.headers = headers,
		.user = c->api.user,
		.password = c->api.password,
		.body = req->body ? rest_str(req->body) : NULL,
		.body_len = req->body ? req->body->len : 0,
		.flags = req->repeatable ? FERRY_HTTP_RETRY : 0,
	};
	*res = (struct ferry_http_response){.body = "", .content_type = ""};
	int rc = c->api.host->http(c->api.host, &http, res, err);
	rest_buf_release(&type);
	free(headers);
	return rc;
}

int http_send(struct http_connection *c, const struct http_request *req,
	      struct ferry_http_response *res, struct ferry_error *err)
{
	bool oauth = c->auth == HTTP_AUTH_OAUTH2;

	for (int attempt = 0;; attempt++) {
		if (oauth && http_oauth_ready(c, err))
			return -1;
		make_url(c, req->url);
		if (exchange(c, req, res, err))
			return -1;
		/* a token may be withdrawn before its time; a refused one has written nothing */
		if (!oauth || res->status != 401 || attempt)
			return 0;
		c->expires = 0;
	}
}

int http_check(struct http_connection *c, struct ferry_error *err)
{
	struct http_request req = {.method = "GET", .repeatable = true,
				   .url = ferry_setting_text(c->open, "check")};
	struct ferry_http_response res;

	if (!req.url)
		return c->auth == HTTP_AUTH_OAUTH2 ? http_oauth_ready(c, err) : 0;
	if (http_send(c, &req, &res, err))
		return -1;
	if (!http_status(c, "check", &res, true, err))
		return 0;
	if (err->code == FERRY_E_REJECTED)
		err->code = FERRY_E_SETUP;
	return -1;
}
