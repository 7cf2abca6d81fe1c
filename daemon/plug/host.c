/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.c - the services a connector may ask for: HTTP under the connection's timeouts, rate limit
 * and retries, log lines, the time, and whether the run is ending. One host per handle; it is used
 * by the one thread that is inside a call on that handle.
 */
#include "plug/plug-private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/http.h"

struct plug_host {
	struct ferry_host api;
	const struct connection_def *connection;
	struct plug_watch watch;
	struct ratelimit *limit;	/* NULL: a connector without network I/O */
	struct http_client *http;	/* made by the first request */
	bool writing;			/* the request under way is none that may be repeated */
	int64_t cancelled_at;		/* clock_mono; 0: it goes on */
};

/* After a cancel: how long the answer to a write is still waited for. */
#define LAST_ANSWER_MS 5000

static struct plug_host *self(const struct ferry_host *api)
{
	return api->ctx;
}

/* ---- small services */

static bool host_cancelled(const struct ferry_host *api)
{
	const struct plug_watch *w = &self(api)->watch;
	return w->cancelled && w->cancelled(w->ctx);
}

static int64_t host_now(const struct ferry_host *api)
{
	(void)api;
	return clock_now();
}

static void host_log(const struct ferry_host *api, enum ferry_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void host_log(const struct ferry_host *api, enum ferry_level level, const char *fmt, ...)
{
	const struct plug_watch *w = &self(api)->watch;
	char text[2048];
	va_list ap;

	if (!w->log)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	w->log(w->ctx, level, text);
}

static int host_wait_turn(const struct ferry_host *api, struct ferry_error *err)
{
	struct plug_host *h = self(api);
	int64_t us;

	if (host_cancelled(api))
		return ferry_fail(err, FERRY_E_CANCELLED, "cancelled");
	if (!h->limit)
		return 0;
	do {
		us = ratelimit_take(h->limit);
		if (us > 0 && watch_sleep(&h->watch, (us + 999) / 1000, err) < 0)
			return -1;
		/* told to stay away while waiting: that turn is void, take one after the hold */
	} while (us > 0 && ratelimit_held(h->limit) > 0);
	return 0;
}

/* ---- HTTP */

/*
 * What only reads is broken off at once. Of a write the answer tells what became of it, and without
 * one it stays in doubt: so it is given time.
 */
static bool http_cancelled(void *ctx)
{
	struct plug_host *h = ctx;

	if (!host_cancelled(&h->api))
		return false;
	if (!h->cancelled_at)
		h->cancelled_at = clock_mono();
	return !h->writing || clock_mono() - h->cancelled_at > LAST_ANSWER_MS * 1000;
}

static int make_client(struct plug_host *h, struct ferry_error *err)
{
	const struct connection_def *c = h->connection;
	struct http_settings settings = {
		.connect_timeout_ms = c->connect_timeout_ms,
		.timeout_ms = c->timeout_ms,
		.tls_ca = c->tls_ca,
		.tls_cert = c->tls_cert,
		.tls_key = c->tls_key,
		.tls_insecure = c->tls_verify == 0,
		.cancelled = http_cancelled,
		.ctx = h,
	};
	return h->http ? 0 : http_client_new(&settings, &h->http, err);
}

static bool status_is_transient(int status)
{
	return status == 408 || status == 429 || (status >= 500 && status <= 599);
}

static bool is_transient(int rc, const struct ferry_http_response *res,
			 const struct ferry_error *err)
{
	return rc == 0 ? status_is_transient(res->status) : ferry_code_info(err->code)->transient;
}

/* Everyone who uses this connection, in this process or another, stays away for a while. */
static void heed_refusal(struct plug_host *h, const struct ferry_http_response *res)
{
	if (res->status == 429 && h->limit)
		ratelimit_hold(h->limit, res->retry_after_ms > 0 ? res->retry_after_ms
				: h->connection->retry_base_ms);
}

static void log_retry(const struct plug_host *h, const char *what, int attempt, int64_t wait_ms)
{
	host_log(&h->api, FERRY_LOG_WARN, "connection '%s': %s; trying again in %.1f s (%d of %d)",
		 h->connection->name, what, (double)wait_ms / 1000, attempt,
		 h->connection->retries);
}

/* The exchange has failed for now: say so and wait. -1 when the run ends meanwhile. */
static int pause_before_retry(struct plug_host *h, const struct ferry_http_request *req, int rc,
			      const struct ferry_http_response *res, const struct ferry_error *why,
			      int attempt, struct ferry_error *err)
{
	char what[128];
	int64_t wait = backoff_ms(h->connection, attempt, rc == 0 ? res->retry_after_ms : 0);

	snprintf(what, sizeof what, "%s was answered with status %d", req->method,
		 rc == 0 ? res->status : 0);
	log_retry(h, rc == 0 ? what : why->msg, attempt, wait);
	return watch_sleep(&h->watch, wait, err);
}

/* A body that is given away in pieces: what was given cannot be taken back. */
struct giving {
	const struct ferry_http_request *req;
	bool begun, refused;
};

static int give_piece(void *ctx, const char *data, size_t len, struct ferry_error *err)
{
	struct giving *g = ctx;

	g->begun = true;
	g->refused = g->req->piece(g->req->piece_ctx, data, len, err) < 0;
	return g->refused ? -1 : 0;
}

static int host_http(const struct ferry_host *api, const struct ferry_http_request *want,
		     struct ferry_http_response *res, struct ferry_error *err)
{
	struct plug_host *h = self(api);
	struct ferry_http_request copy = *want, *req = &copy;
	struct giving giving = {.req = want};
	int repeats = req->flags & FERRY_HTTP_RETRY ? h->connection->retries : 0;

	if (make_client(h, err) < 0)
		return -1;
	if (want->piece) {
		copy.piece = give_piece;
		copy.piece_ctx = &giving;
	}
	h->writing = !(req->flags & FERRY_HTTP_RETRY);
	for (int attempt = 1;; attempt++) {
		struct ferry_error why = {0};
		if (host_wait_turn(api, err) < 0)
			return -1;
		int rc = http_exchange(h->http, req, res, &why);
		if (rc == 0)
			heed_refusal(h, res);
		else if (h->writing && why.code == FERRY_E_CANCELLED && !giving.refused)
			ferry_fail(&why, FERRY_E_TIMEOUT, "%s: no answer within %d s after the run was told to end",
				   req->method, LAST_ANSWER_MS / 1000);
		if (attempt <= repeats && !giving.begun && is_transient(rc, res, &why)) {
			if (pause_before_retry(h, req, rc, res, &why, attempt, err) < 0)
				return -1;
			continue;
		}
		if (rc < 0 && err)
			*err = why;
		return rc;
	}
}

/* ---- making and freeing */

static int open_limit(struct plug_host *h, const char *state_dir, struct ferry_error *err)
{
	const struct connection_def *c = h->connection;
	char *dir = state_dir ? ferry_asprintf("%s/ratelimits", state_dir) : NULL;
	int rc = ratelimit_open(dir, c->name, c->rate_limit.requests_per_second,
				c->rate_limit.burst, &h->limit, err);
	free(dir);
	return rc;
}

int plug_host_new(const struct plug *plug, const struct plug_open *open, struct plug_host **ret,
		  struct ferry_error *err)
{
	struct plug_host *h = ferry_alloc0(1, sizeof *h);

	h->api = (struct ferry_host){
		.abi = FERRY_ABI(struct ferry_host),
		.ctx = h,
		.fail = ferry_fail,
		.log = host_log,
		.http = host_http,
		.wait_turn = host_wait_turn,
		.cancelled = host_cancelled,
		.now = host_now,
		.format_time = clock_format,
		.parse_time = clock_parse,
	};
	h->connection = open->connection;
	h->watch = open->watch;
	if (!(plug->api->caps & FERRY_CAP_LOCAL) && open_limit(h, open->state_dir, err) < 0) {
		free(h);
		return -1;
	}
	*ret = h;
	return 0;
}

void plug_host_free(struct plug_host *h)
{
	if (!h)
		return;
	http_client_free(h->http);
	ratelimit_close(h->limit);
	free(h);
}

const struct ferry_host *plug_host_api(const struct plug_host *h)
{
	return &h->api;
}
