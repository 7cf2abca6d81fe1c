/* SPDX-License-Identifier: Apache-2.0 */
/* api.c - an address with credentials, requests to it, and what a status means for call and row. */
#include "rest/rest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API_PATH "/api/v1"

int rest_hint(struct ferry_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof err->hint, fmt, ap);
	va_end(ap);
	return -1;
}

/* ------------------------------------------------------------------ opening */

/* What is wrong with an address, or NULL. */
static const char *url_mistake(const char *url)
{
	const char *host = NULL;

	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    strchr("\"<>\\^`{|}", *p))
			return "it has a character that no URL has";
	if (!strncmp(url, "https://", 8))
		host = url + 8;
	else if (!strncmp(url, "http://", 7))
		host = url + 7;
	if (!host)
		return "it must begin with https:// or http://";
	size_t n = strcspn(host, "/?#");
	if (!n || host[0] == ':')
		return "it names no host";
	if (memchr(host, '@', n))
		return "credentials do not belong into it";
	if (host[n] && strpbrk(host + n, "?#"))
		return "it must not have a query or fragment";
	return NULL;
}

int rest_open_url(struct rest_api *api, const struct ferry_open *open, struct ferry_error *err)
{
	const char *url = ferry_setting_text(open, "url");
	const char *mistake = url ? url_mistake(url) : "it is missing";

	api->host = open->host;
	if (mistake) {
		api->host->fail(err, FERRY_E_CONFIG, "connection '%s': url: %s", open->connection,
				mistake);
		return rest_hint(err, "write it as https://host or https://host/path");
	}
	size_t n = strlen(url), tail = strlen(API_PATH);
	while (url[n - 1] == '/')
		n--;
	if (n > tail && !memcmp(url + n - tail, API_PATH, tail))
		n -= tail;
	while (url[n - 1] == '/')
		n--;
	api->base = rest_alloc(n + tail + 1, 1);
	memcpy(api->base, url, n);
	memcpy(api->base + n, API_PATH, tail);
	return 0;
}

int rest_check_secret(const struct rest_api *api, const char *name, const char *text,
		      struct ferry_error *err)
{
	if (!*text)
		return api->host->fail(err, FERRY_E_CONFIG, "%s is empty", name);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return api->host->fail(
				err, FERRY_E_CONFIG,
				"%s has a blank, control or non-ASCII character at %td", name,
				p - text + 1);
	return 0;
}

void rest_close(struct rest_api *api)
{
	free(api->base);
	free(api->header);
	rest_buf_release(&api->url);
}

/* ----------------------------------------------------------------- requests */

/* To the address in api->url. */
static int exchange(struct rest_api *api, struct ferry_http_request req,
		    struct ferry_http_response *res, struct ferry_error *err)
{
	const char *headers[4];
	size_t n = 0;

	req.url = rest_str(&api->url);
	req.user = api->user;
	req.password = api->password;
	req.headers = headers;
	headers[n++] = "Accept: application/json";
	if (req.body)
		headers[n++] = "Content-Type: application/json";
	if (api->header)
		headers[n++] = api->header;
	headers[n] = NULL;
	*res = (struct ferry_http_response){.body = "", .content_type = ""};
	return api->host->http(api->host, &req, res, err);
}

static void set_path(struct rest_api *api, const char *path)
{
	rest_buf_reset(&api->url);
	rest_adds(&api->url, api->base);
	rest_adds(&api->url, path);
}

int rest_call(struct rest_api *api, const char *method, const char *path,
	      const struct rest_buf *body, struct ferry_http_response *res, struct ferry_error *err)
{
	struct ferry_http_request req = {.method = method};

	if (body) {
		req.body = rest_str(body);
		req.body_len = body->len;
	}
	set_path(api, path);
	return exchange(api, req, res, err);
}

int rest_get(struct rest_api *api, const char *path, struct ferry_http_response *res,
	     struct ferry_error *err)
{
	return rest_get_pieces(api, path, NULL, NULL, res, err);
}

int rest_get_pieces(struct rest_api *api, const char *path,
		    int (*piece)(void *ctx, const char *data, size_t len, struct ferry_error *err),
		    void *ctx, struct ferry_http_response *res, struct ferry_error *err)
{
	struct ferry_http_request req = {
		.method = "GET", .flags = FERRY_HTTP_RETRY, .piece = piece, .piece_ctx = ctx,
	};

	set_path(api, path);
	return exchange(api, req, res, err);
}

int rest_get_beside(struct rest_api *api, const char *path, struct ferry_http_response *res,
		    struct ferry_error *err)
{
	rest_buf_reset(&api->url);
	rest_add(&api->url, api->base, strlen(api->base) - strlen(API_PATH));
	rest_adds(&api->url, path);
	return exchange(api, (struct ferry_http_request){.method = "GET"}, res, err);
}

/* ------------------------------------------------------------------ answers */

void rest_excerpt(const struct rest_api *api, const char *s, size_t len, char *out, size_t size)
{
	size_t secret = api->secret ? strlen(api->secret) : 0;
	struct rest_buf b = {0};

	for (size_t i = 0; i < len && b.len < size;) {
		if (secret && len - i >= secret && !memcmp(s + i, api->secret, secret)) {
			rest_adds(&b, "***");
			i += secret;
		} else {
			rest_add(&b, s + i++, 1);
		}
	}
	rest_fit(out, size, rest_str(&b), b.len);
	rest_buf_release(&b);
}

int rest_status(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
		const char *detail, struct ferry_error *err)
{
	int (*fail)(struct ferry_error *, enum ferry_code, const char *, ...) = api->host->fail;
	const char *peer = api->peer, *sep = *detail ? ": " : "";
	int status = res->status;

	if (status >= 200 && status < 300)
		return 0;
	if (status == 401)
		fail(err, FERRY_E_AUTH, "%s: %s refuses the credentials (401%s%s)", what, peer, sep,
		     detail);
	else if (status == 403)
		fail(err, FERRY_E_FORBIDDEN, "%s: %s does not permit it (403%s%s)", what, peer, sep,
		     detail);
	else if (status == 429)
		fail(err, FERRY_E_RATE_LIMIT, "%s: %s says to slow down (429%s%s)", what, peer, sep,
		     detail);
	else if (status == 408 || status >= 500)
		fail(err, FERRY_E_UNAVAILABLE, "%s: %s failed (%d%s%s)", what, peer, status, sep,
		     detail);
	else if (status < 400) {
		fail(err, FERRY_E_PROTOCOL, "%s: %s answers %d, which is no answer of its API",
		     what, peer, status);
		rest_hint(err, "redirects are not followed: check the connection's url (scheme, "
			       "host and path)");
	} else
		fail(err, FERRY_E_REJECTED, "%s: %s refuses it (%d%s%s)", what, peer, status, sep,
		     detail);
	err->sys = status;
	if (status == 429 || status == 408 || status >= 500)
		err->retry_after_ms = res->retry_after_ms;
	return -1;
}

/* --------------------------------------------------------------------- rows */

bool rest_unprocessed(const struct ferry_error *err)
{
	switch (err->code) {
	case FERRY_E_CONFIG:
	case FERRY_E_CONNECT:
	case FERRY_E_AUTH:
	case FERRY_E_FORBIDDEN:
	case FERRY_E_RATE_LIMIT:
	case FERRY_E_CANCELLED:		/* before it was sent; a write under way gets its time */
		return true;
	default:
		return err->sys >= 400 && err->sys < 500 && err->sys != 408;
	}
}

int rest_row_failed(struct ferry_outcome *outcomes, size_t n, size_t i,
		    const struct rest_refusal *refusal, const struct ferry_error *err)
{
	if (err->code == FERRY_E_REJECTED || err->code == FERRY_E_NOT_FOUND) {
		const char *message = *refusal->message ? refusal->message : err->msg;
		rest_reject(&outcomes[i], refusal->code, refusal->field, "%s", message);
		return 0;
	}
	if (rest_unprocessed(err))
		outcomes[i].ack = FERRY_ACK_UNSENT;
	for (size_t k = i + 1; k < n; k++)
		outcomes[k].ack = FERRY_ACK_UNSENT;
	return -1;
}

void rest_reject(struct ferry_outcome *outcome, const char *code, const char *field,
		 const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	outcome->ack = FERRY_ACK_REJECTED;
	rest_fit(outcome->code, sizeof outcome->code, code, strlen(code));
	rest_fit(outcome->field, sizeof outcome->field, field, strlen(field));
	rest_fit(outcome->message, sizeof outcome->message, text, strlen(text));
}

void rest_dest_id(struct ferry_outcome *outcome, const char *id, size_t len)
{
	if (len >= sizeof outcome->dest_id || memchr(id, '\0', len))
		len = 0;
	memcpy(outcome->dest_id, id, len);
	outcome->dest_id[len] = '\0';
}
