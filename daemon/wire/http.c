/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - HTTP exchanges by libcurl, the only file that knows it.
 *
 * What matters most here is to say truly whether a request may have reached the other side. libcurl
 * calls back right before it sends one (CURLOPT_PREREQFUNCTION): a failure before that call has
 * certainly sent nothing, any failure after it may have. The same callback stops libcurl from
 * silently sending a request again when a kept connection turns out to be dead.
 */
#include "wire/http.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/address.h"
#include "base/buf.h"
#include "base/clock.h"
#include "wire/http-text.h"

/* A kept connection that idled longer is not used again: the other side is about to close it. */
#define IDLE_SECONDS 15L
#define MAX_RESPONSE ((size_t)256 << 20)
#define MAX_RETRY_AFTER_S 86400
#define LINK_MAX_BYTES 8192
/* A longer answer's memory is given back at the next exchange. */
#define KEPT_BODY ((size_t)1 << 20)
/* How often an exchange that waits asks whether to go on. */
#define LOOK_UP_MS 200

struct http_client {
	CURL *easy;
	CURLM *multi;
	struct http_settings settings;
	char *unix_socket, *tls_ca, *tls_cert, *tls_key;
	struct buf body, link;
	char problem[CURL_ERROR_SIZE];
	/* of the last request: what of it is the same again is not told to libcurl anew */
	struct buf url, shape, new_shape;
	struct curl_slist *headers;
	/* of the exchange under way */
	size_t max_response;
	int (*piece)(void *ctx, const char *data, size_t len, struct ferry_error *err);
	void *piece_ctx;
	struct ferry_error piece_err;
	int64_t waiting_since;		/* clock_mono: the begin, then the last piece */
	bool sent;			/* the request was about to be written, perhaps was */
	bool resend_refused, too_long, cancelled, piece_refused, stalled;
	const char *refused;		/* why no connection may be made to where the name leads */
	char refused_to[ADDRESS_TEXT];
	int64_t retry_after_s, reset_s;	/* from the answer's headers; -1 absent */
};

int http_init(struct ferry_error *err)
{
	struct sigaction now;

	/* TLS libraries write to sockets without MSG_NOSIGNAL */
	if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
	CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (rc != CURLE_OK)
		return ferry_fail(err, FERRY_E_SYSTEM, "libcurl cannot start: %s",
				  curl_easy_strerror(rc));
	return 0;
}

void http_exit(void)
{
	curl_global_cleanup();
}

int http_client_new(const struct http_settings *settings, struct http_client **ret,
		    struct ferry_error *err)
{
	CURL *easy = curl_easy_init();
	CURLM *multi = curl_multi_init();

	if (!easy || !multi) {
		curl_easy_cleanup(easy);
		curl_multi_cleanup(multi);
		return ferry_fail(err, FERRY_E_SYSTEM, "libcurl cannot make a handle");
	}
	struct http_client *c = ferry_alloc0(1, sizeof *c);
	c->easy = easy;
	c->multi = multi;
	c->settings = *settings;
	c->unix_socket = settings->unix_socket ? ferry_strdup(settings->unix_socket) : NULL;
	c->tls_ca = settings->tls_ca ? ferry_strdup(settings->tls_ca) : NULL;
	c->tls_cert = settings->tls_cert ? ferry_strdup(settings->tls_cert) : NULL;
	c->tls_key = settings->tls_key ? ferry_strdup(settings->tls_key) : NULL;
	*ret = c;
	return 0;
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->easy);
	curl_multi_cleanup(c->multi);
	curl_slist_free_all(c->headers);
	buf_release(&c->body);
	buf_release(&c->link);
	buf_release(&c->url);
	buf_release(&c->shape);
	buf_release(&c->new_shape);
	free(c->unix_socket);
	free(c->tls_ca);
	free(c->tls_cert);
	free(c->tls_key);
	free(c);
}

/* ---- libcurl's callbacks */

static bool is_success(const struct http_client *c)
{
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

/* Whoever takes it may be slow: that time is not the other side's. */
static size_t give_piece(struct http_client *c, const char *data, size_t n)
{
	if (n && c->piece(c->piece_ctx, data, n, &c->piece_err) < 0) {
		c->piece_refused = true;
		return 0;
	}
	c->waiting_since = clock_mono();
	return n;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct http_client *c = ctx;

	n *= size;
	if (c->piece && is_success(c))
		return give_piece(c, data, n);
	if (n > c->max_response - c->body.len) {
		c->too_long = true;
		return 0;
	}
	buf_add(&c->body, data, n);
	return n;
}

static int on_request(void *ctx, char *to, char *from, int to_port, int from_port)
{
	struct http_client *c = ctx;

	(void)to, (void)from, (void)to_port, (void)from_port;
	if (c->sent) {
		c->resend_refused = true;
		return CURL_PREREQFUNC_ABORT;
	}
	c->sent = true;
	return CURL_PREREQFUNC_OK;
}

/* Where the name leads is known only here. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct http_client *c = ctx;
	struct address address;

	(void)purpose;
	const char *why = c->settings.refuse(c->settings.refuse_ctx, &to->addr);
	if (why) {
		c->refused = why;
		if (address_from_sockaddr(&to->addr, &address))
			address_format(&address, c->refused_to);
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static int64_t clamp_seconds(int64_t s)
{
	return s < 0 ? 0 : s > MAX_RETRY_AFTER_S ? MAX_RETRY_AFTER_S : s;
}

/* Seconds from now: a number, or a date; -1 when it is neither. */
static int64_t read_wait(const char *value)
{
	char *end;
	double number = strtod(value, &end);

	if (end != value && *end == '\0' && number >= 0) {
		/* some count from 1970 instead of from now */
		if (number > 1e9)
			number -= (double)time(NULL);
		int64_t whole = number > MAX_RETRY_AFTER_S ? MAX_RETRY_AFTER_S : (int64_t)number;
		return clamp_seconds(whole + ((double)whole < number));
	}
	time_t date = curl_getdate(value, NULL);
	return date == (time_t)-1 ? -1 : clamp_seconds((int64_t)date - (int64_t)time(NULL));
}

/* Several of them mean the same as one with all their links. */
static void add_link(struct http_client *c, const char *line, size_t len)
{
	char value[LINK_MAX_BYTES];

	if (!http_header_value(line, len, "Link", value, sizeof value) ||
	    c->link.len + sizeof value > 4 * LINK_MAX_BYTES)
		return;
	buf_adds(&c->link, c->link.len ? ", " : "");
	buf_adds(&c->link, value);
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
	struct http_client *c = ctx;
	char value[64];

	n *= size;
	if (n > 5 && memcmp(line, "HTTP/", 5) == 0) {
		/* those before were of an interim answer */
		c->retry_after_s = c->reset_s = -1;
		buf_reset(&c->link);
	} else if (!n || !strchr("LlRrXx", line[0]))
		return n;
	else if (line[0] == 'L' || line[0] == 'l')
		add_link(c, line, n);
	else if (http_header_value(line, n, "Retry-After", value, sizeof value))
		c->retry_after_s = read_wait(value);
	else if (http_header_value(line, n, "X-RateLimit-Reset", value, sizeof value))
		c->reset_s = read_wait(value);
	return n;
}

/* ---- the request */

static struct curl_slist *add_header(struct curl_slist *list, const char *line)
{
	struct curl_slist *more = curl_slist_append(list, line);
	if (!more)
		_Exit(FERRY_EXIT_NOMEM);
	return more;
}

static struct curl_slist *make_headers(const struct ferry_http_request *req)
{
	struct curl_slist *list = NULL;

	for (const char *const *h = req->headers; h && *h; h++)
		list = add_header(list, *h);
	/* "Name:" takes away what libcurl would add: a guessed type, and a second's wait */
	if (!http_has_header(req, "Content-Type"))
		list = add_header(list, "Content-Type:");
	return add_header(list, "Expect:");
}

static int64_t timeout_ms(const struct http_client *c)
{
	return c->settings.timeout_ms ? c->settings.timeout_ms : 30000;
}

static void set_connection(CURL *easy, struct http_client *c)
{
	const struct http_settings *s = &c->settings;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 s->connect_timeout_ms ? (long)s->connect_timeout_ms : 10000L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_SECONDS);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	if (c->unix_socket) {
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, c->unix_socket);
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	}
	if (s->refuse) {
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, c);
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	}
	if (c->tls_ca) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, c->tls_ca);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (c->tls_cert) {
		curl_easy_setopt(easy, CURLOPT_SSLCERT, c->tls_cert);
		curl_easy_setopt(easy, CURLOPT_SSLKEY, c->tls_key);
	}
	if (s->tls_insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_callbacks(CURL *easy, struct http_client *c)
{
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, c->problem);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, c);
}

static bool wants_body(const struct ferry_http_request *req)
{
	/* without a body these still need their "Content-Length: 0" */
	return req->body || strcmp(req->method, "POST") == 0 || strcmp(req->method, "PUT") == 0 ||
		strcmp(req->method, "PATCH") == 0;
}

static void set_shape(struct http_client *c, const struct ferry_http_request *req)
{
	CURL *easy = c->easy;

	/* of an answer in pieces each has its time, which libcurl cannot do: perform sees to it */
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, req->piece ? 0L : (long)timeout_ms(c));
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "ferry");
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	if (strcmp(req->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, req->method);
	if (req->user) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, req->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, req->password ? req->password : "");
	}
}

static void add_part(struct buf *shape, char kind, const char *s)
{
	buf_addc(shape, kind);
	buf_add(shape, s, strlen(s) + 1);
}

/* All of a request but its URL and the body's bytes. */
static void write_shape(struct buf *shape, const struct ferry_http_request *req)
{
	buf_reset(shape);
	add_part(shape, req->piece ? 'S' : 'W', "");
	add_part(shape, wants_body(req) ? 'B' : 'M', req->method);
	for (const char *const *h = req->headers; h && *h; h++)
		add_part(shape, 'H', *h);
	if (req->user) {
		add_part(shape, 'U', req->user);
		add_part(shape, 'P', req->password ? req->password : "");
	}
}

static bool same_text(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && a->len && memcmp(a->s, b->s, a->len) == 0;
}

/* The request's options; those that still stand from the one before are left alone. */
static void set_request(struct http_client *c, const struct ferry_http_request *req)
{
	write_shape(&c->new_shape, req);
	if (!same_text(&c->shape, &c->new_shape)) {
		struct buf old = c->shape;
		c->shape = c->new_shape;
		c->new_shape = old;
		buf_reset(&c->url);
		curl_easy_reset(c->easy);	/* keeps connections and their TLS sessions */
		curl_slist_free_all(c->headers);
		c->headers = make_headers(req);
		set_connection(c->easy, c);
		set_callbacks(c->easy, c);
		set_shape(c, req);
	}
	if (!c->url.len || strcmp(c->url.s, req->url) != 0) {
		buf_reset(&c->url);
		buf_adds(&c->url, req->url);
		curl_easy_setopt(c->easy, CURLOPT_URL, req->url);
	}
	if (wants_body(req)) {
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)(req->body ? req->body_len : 0));
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, req->body ? req->body : "");
	}
}

/* ---- the outcome */

/* What a failure of libcurl means, when the request was not stopped by ourselves. */
static enum ferry_code classify(const struct http_client *c, CURLcode rc)
{
	switch (rc) {
	case CURLE_URL_MALFORMAT:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
		return FERRY_E_CONFIG;
	case CURLE_OUT_OF_MEMORY:
		return FERRY_E_NOMEM;
	case CURLE_UNSUPPORTED_PROTOCOL:	/* the answer was no HTTP */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return c->sent ? FERRY_E_PROTOCOL : FERRY_E_CONFIG;
	case CURLE_OPERATION_TIMEDOUT:
		return c->sent ? FERRY_E_TIMEOUT : FERRY_E_CONNECT;
	default:
		return c->sent ? FERRY_E_NETWORK : FERRY_E_CONNECT;
	}
}

static int fail(const struct http_client *c, const struct ferry_http_request *req, CURLcode rc,
		struct ferry_error *err)
{
	struct buf url = BUF_INIT;

	if (c->piece_refused) {
		if (err)
			*err = c->piece_err;
		return -1;
	}
	http_url_show(req->url, &url);
	if (c->cancelled)
		ferry_fail(err, FERRY_E_CANCELLED, "%s %s: cancelled", req->method, buf_str(&url));
	else if (c->refused && !c->sent)
		ferry_fail(err, FERRY_E_FORBIDDEN, "%s %s: its address %s is not to be connected to: %s", req->method,
			   buf_str(&url), c->refused_to, c->refused);
	else if (c->too_long)
		ferry_fail(err, FERRY_E_PROTOCOL, "%s %s: the answer is longer than %zu bytes",
			   req->method, buf_str(&url), c->max_response);
	else if (c->stalled)
		ferry_fail(err, classify(c, CURLE_OPERATION_TIMEDOUT),
			   "%s %s: nothing more came for %lld ms", req->method, buf_str(&url),
			   (long long)timeout_ms(c));
	else if (c->resend_refused)
		ferry_fail(err, FERRY_E_NETWORK,
			   "%s %s: the other side closed the connection without an answer",
			   req->method, buf_str(&url));
	else
		ferry_fail(err, classify(c, rc), "%s %s: %s", req->method, buf_str(&url),
			   c->problem[0] ? c->problem : curl_easy_strerror(rc));
	buf_release(&url);
	return -1;
}

static int64_t retry_after_ms(const struct http_client *c, int status)
{
	if (c->retry_after_s >= 0)
		return c->retry_after_s * 1000;
	/* sent with every answer by some; a reason to wait only when told so */
	if (status == 429 && c->reset_s >= 0)
		return c->reset_s * 1000;
	return 0;
}

static bool told_to_end(struct http_client *c)
{
	c->cancelled = c->settings.cancelled && c->settings.cancelled(c->settings.ctx);
	return c->cancelled;
}

/* Of an answer that is taken in pieces: the next one is overdue. */
static bool has_stalled(struct http_client *c)
{
	c->stalled = c->piece && clock_mono() - c->waiting_since > timeout_ms(c) * 1000;
	return c->stalled;
}

/*
 * curl_easy_perform would ask only once a second whether to go on: too seldom for whoever waits for a
 * sign of life, or cancels.
 */
static CURLcode perform(struct http_client *c)
{
	CURLMcode rc = curl_multi_add_handle(c->multi, c->easy);
	CURLcode result = CURLE_FAILED_INIT;
	int running = 1, left;
	CURLMsg *msg;

	while (rc == CURLM_OK && running) {
		rc = curl_multi_perform(c->multi, &running);
		if (rc != CURLM_OK || !running || told_to_end(c) || has_stalled(c))
			break;
		rc = curl_multi_poll(c->multi, NULL, 0, LOOK_UP_MS, NULL);
	}
	while ((msg = curl_multi_info_read(c->multi, &left)))
		if (msg->msg == CURLMSG_DONE)
			result = msg->data.result;
	curl_multi_remove_handle(c->multi, c->easy);
	return rc == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : result;
}

int http_exchange(struct http_client *c, const struct ferry_http_request *req,
		  struct ferry_http_response *res, struct ferry_error *err)
{
	long status = 0;
	char *type = NULL;

	if (http_check_request(req, err) < 0)
		return -1;
	if (c->body.cap > KEPT_BODY)
		buf_release(&c->body);
	buf_reset(&c->body);
	buf_add(&c->body, "", 0);
	buf_reset(&c->link);
	c->problem[0] = '\0';
	c->max_response = req->max_response ? req->max_response : MAX_RESPONSE;
	c->piece = req->piece;
	c->piece_ctx = req->piece_ctx;
	c->piece_err = (struct ferry_error){0};
	c->waiting_since = clock_mono();
	c->sent = c->resend_refused = c->too_long = c->cancelled = false;
	c->piece_refused = c->stalled = false;
	c->refused = NULL;
	c->refused_to[0] = '\0';
	c->retry_after_s = c->reset_s = -1;

	set_request(c, req);
	CURLcode rc = perform(c);
	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(c->easy, CURLINFO_CONTENT_TYPE, &type);
	if (rc != CURLE_OK)
		return fail(c, req, rc, err);
	*res = (struct ferry_http_response){
		.status = (int)status,
		.body = buf_str(&c->body),
		.body_len = c->body.len,
		.content_type = type ? type : "",
		.retry_after_ms = retry_after_ms(c, (int)status),
		.link = buf_str(&c->link),
	};
	return 0;
}
