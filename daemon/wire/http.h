/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - one HTTP exchange after the other over a kept connection, by libcurl.
 *
 * Knows nothing of retries or rate limits: that is the caller's. One http_client per thread.
 */
#ifndef FERRY_WIRE_HTTP_H
#define FERRY_WIRE_HTTP_H

#include <sys/socket.h>

#include "base/error.h"

struct http_client;

struct http_settings {
	int64_t connect_timeout_ms;	/* 0: 10 s */
	int64_t timeout_ms;		/* whole exchange, or each piece of its answer; 0: 30 s */
	const char *unix_socket;	/* connect there instead of to the URL's host; NULL: no */
	const char *tls_ca;		/* file with CA certificates; NULL: the system's */
	const char *tls_cert, *tls_key;	/* PEM files of our own certificate; NULL: none */
	bool tls_insecure;		/* do not check the certificate */
	/* Asked while an exchange waits, a few times a second at least; true ends it with CANCELLED.
	 * May be NULL. */
	bool (*cancelled)(void *ctx);
	/* Asked before each connection, with the address that is about to be connected to: a name may lead
	 * anywhere. NULL, or why not; then the exchange fails with FORBIDDEN. No proxy is used with it. */
	const char *(*refuse)(void *ctx, const struct sockaddr *to);
	void *ctx, *refuse_ctx;
};

/* Once per process, before any thread is made. */
int http_init(struct ferry_error *err);
void http_exit(void);

/* The settings' strings are copied. */
int http_client_new(const struct http_settings *settings, struct http_client **ret, struct ferry_error *err);
void http_client_free(struct http_client *client);

/*
 * 0 for any HTTP answer; -1: CONNECT (nothing was sent), NETWORK or TIMEOUT (may have been received),
 * PROTOCOL (answer too long or no HTTP), CANCELLED, CONFIG (a URL that is none, TLS refused by our
 * settings). No redirects are followed. Error messages never contain the URL's user part or headers.
 * Only http and https. The body is decoded from gzip/deflate.
 *
 * With req->piece the body of a 2xx answer goes there as it comes, decoded, and is not kept;
 * max_response and the time the callee takes do not count for it. When piece fails, this fails with
 * its error.
 */
int http_exchange(struct http_client *client, const struct ferry_http_request *req,
		  struct ferry_http_response *res, struct ferry_error *err);

/* Percent-encode everything outside [A-Za-z0-9_~-] (a dot too) onto out, which is a struct buf. */
struct buf;
void http_encode(struct buf *out, const char *s, size_t len);

#endif
