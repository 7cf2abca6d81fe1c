/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c - against pages that make their reader's browser ask ferry, and names that are pointed at it
 * (DNS rebinding): a browser says truly which host it believes to ask, and on behalf of whom.
 */
#include <string.h>
#include <strings.h>

#include "api/call.h"
#include "api/gate.h"

static bool is_safe(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* The Host header over TCP. */
static int check_host(const struct api *api, const struct httpd_request *req, struct head_host *ret,
		      struct ferry_error *err)
{
	const char *text;

	if (httpd_header_count(req, "Host", &text) != 1 || !head_host(text, ret)) {
		ferry_fail(err, FERRY_E_USAGE, "the Host header must stand there once, with a host's name");
		return 400;
	}
	if (listener_knows(api->listener, ret))
		return 0;
	ferry_fail(err, FERRY_E_DENIED, "this daemon does not answer to the name '%.100s'", text);
	ferry_hint(err, "Ask by its address, or add the name to 'hosts' of 'listen:' in ferry.yaml.");
	return 421;
}

/* A browser sends Origin when a page asks; only a page that came from here may. */
static int check_origin(const struct head_host *host, const struct httpd_request *req, struct ferry_error *err)
{
	struct head_host own = *host;
	struct head_origin origin;
	const char *text;

	if (!httpd_header_count(req, "Origin", &text))
		return 0;
	if (head_origin(text, &origin)) {
		own.port = own.port == origin.scheme_port ? 0 : own.port;
		if (head_host_same(&own, &origin.host))
			return 0;
	}
	ferry_fail(err, FERRY_E_DENIED, "a page of another origin may not ask: '%.100s'", text);
	ferry_hint(err, "Programs leave the Origin header out.");
	return 403;
}

/* What a browser says of a request without Origin. */
static int check_site(const struct httpd_request *req, struct ferry_error *err)
{
	const char *site;
	size_t n = httpd_header_count(req, "Sec-Fetch-Site", &site);

	if (!n || is_safe(req->method) ||
	    (n == 1 && (strcasecmp(site, "same-origin") == 0 || strcasecmp(site, "none") == 0)))
		return 0;
	ferry_fail(err, FERRY_E_DENIED, "a page of another site may not change anything");
	return 403;
}

int guard_origin(const struct api *api, const struct httpd_request *req, struct ferry_error *err)
{
	struct head_host host = {.port = 0};
	const char *text;
	int status = 0;

	if (req->peer)
		status = check_host(api, req, &host, err);
	else if (httpd_header_count(req, "Host", &text) == 1 && !head_host(text, &host))
		host = (struct head_host){.port = 0};	/* which is nobody's origin */
	if (!status)
		status = check_origin(&host, req, err);
	return status ? status : check_site(req, err);
}

int guard_body(const struct httpd_request *req, struct ferry_error *err)
{
	const char *type, *len;
	size_t typed = httpd_header_count(req, "Content-Type", &type);
	bool has_body = req->body_len || httpd_header_count(req, "Transfer-Encoding", &len) ||
		(httpd_header_count(req, "Content-Length", &len) && strcmp(len, "0") != 0);

	if (typed ? head_is_json(type) : !has_body)
		return 0;
	ferry_fail(err, FERRY_E_USAGE, "a body must be of the type application/json, and say so");
	ferry_hint(err, "Send the header 'Content-Type: application/json'.");
	return 415;
}
