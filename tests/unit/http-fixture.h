/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http-fixture.h - what the tests of the HTTP client share: a client with a scripted server on its
 * other side, and one exchange with it.
 */
#ifndef FERRY_TESTS_HTTP_FIXTURE_H
#define FERRY_TESTS_HTTP_FIXTURE_H

#include "tiny-server.h"
#include "wire/http.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

#define GET (struct ferry_http_request){.method = "GET"}
#define POST (struct ferry_http_request){.method = "POST", .body = "{}", .body_len = 2}

/* A server with these steps, a client for it, and what came of the last exchange. */
struct fix {
	struct tiny_server server;
	struct http_client *client;
	struct ferry_http_response res;
	struct ferry_error err;
	char url[256];
};

/* Around all tests of a program: the library itself, and no proxy between it and the server. */
int http_begin(void **state);
int http_end(void **state);

void fix_start(struct fix *f, const struct tiny_step *steps, size_t n);
void fix_start_with(struct fix *f, const struct http_settings *settings,
		    const struct tiny_step *steps, size_t n);
void fix_stop(struct fix *f);

/* One exchange with the server, or with whoever is at that URL; its result is in f->res or f->err. */
int ask(struct fix *f, struct ferry_http_request req);
int ask_url(struct fix *f, struct ferry_http_request req, const char *url);

/* For http_settings: cancelled once clock_mono() is past the int64_t that ctx points to. */
bool cancel_now(void *ctx);

#endif
