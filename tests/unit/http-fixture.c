/* SPDX-License-Identifier: Apache-2.0 */
/* http-fixture.c - what the tests of the HTTP client share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http-fixture.h"

int http_begin(void **state)
{
	(void)state;
	unsetenv("http_proxy");
	unsetenv("https_proxy");
	unsetenv("all_proxy");
	return http_init(NULL);
}

int http_end(void **state)
{
	(void)state;
	http_exit();
	return 0;
}

void fix_start_with(struct fix *f, const struct http_settings *settings,
		    const struct tiny_step *steps, size_t n)
{
	*f = (struct fix){0};
	tiny_start(&f->server, NULL, steps, n);
	assert_int_equal(http_client_new(settings, &f->client, NULL), 0);
}

void fix_start(struct fix *f, const struct tiny_step *steps, size_t n)
{
	struct http_settings settings = {.connect_timeout_ms = 2000, .timeout_ms = 4000};
	fix_start_with(f, &settings, steps, n);
}

void fix_stop(struct fix *f)
{
	http_client_free(f->client);
	tiny_stop(&f->server);
}

int ask_url(struct fix *f, struct ferry_http_request req, const char *url)
{
	req.url = url;
	f->err = (struct ferry_error){0};
	f->res = (struct ferry_http_response){0};
	return http_exchange(f->client, &req, &f->res, &f->err);
}

int ask(struct fix *f, struct ferry_http_request req)
{
	snprintf(f->url, sizeof f->url, "%s/path?query=1", f->server.url);
	return ask_url(f, req, f->url);
}

bool cancel_now(void *ctx)
{
	return clock_mono() > *(int64_t *)ctx;
}
