/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd.c - HTTP by libmicrohttpd, which is run by the loop: its epoll descriptor is watched and its
 * time-outs are honoured. The only file that sees that library.
 */
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/httpd_private.h"

#define BODY_MAX (1024 * 1024)
#define SWALLOW_MAX (16 * 1024 * 1024)	/* of a body that is too long; then the connection is cut */
#define HEAD_MAX (32 * 1024)		/* memory of a connection, for its head and the answer's */
#define CONNECTIONS_MAX 256
#define STREAM_BLOCK 4096
#define REQUEST_MS 60000

/* ------------------------------------------------------------------ exchanges */

static struct link *link_of(struct MHD_Connection *conn)
{
	return MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The request line has arrived. */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *conn)
{
	struct httpd *h = cls;
	struct exchange *x = ferry_alloc0(1, sizeof *x);

	x->httpd = h;
	x->conn = conn;
	x->link = link_of(conn);
	x->link->x = x;
	x->uri = ferry_strdup(uri);
	x->next = h->exchanges;
	if (x->next)
		x->next->prev = x;
	h->exchanges = x;
	return x;
}

static void exchange_free(struct exchange *x)
{
	if (x->prev)
		x->prev->next = x->next;
	else
		x->httpd->exchanges = x->next;
	if (x->next)
		x->next->prev = x->prev;
	if (x->later)
		x->later->x = NULL;
	stream_free(x->stream);
	x->link->x = NULL;
	x->link->since = clock_mono();
	x->link->served = true;
	buf_release(&x->body);
	buf_release(&x->reply.body);
	free(x->uri);
	free(x->owner);
	free(x);
}

static void on_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
			 enum MHD_RequestTerminationCode how)
{
	(void)cls;
	(void)conn;
	(void)how;
	if (*con_cls)
		exchange_free(*con_cls);
	*con_cls = NULL;
}

/* Answers are data for programs: whatever is in them, no browser shall take it for a page. */
static const char *const headers[][2] = {
	{MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
	{"X-Content-Type-Options", "nosniff"},
	{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Referrer-Policy", "no-referrer"},
};

void httpd_add_headers(struct MHD_Response *res, const struct httpd_reply *reply)
{
	MHD_add_response_header(res, MHD_HTTP_HEADER_CONTENT_TYPE,
				reply->content_type ? reply->content_type : "application/json");
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		MHD_add_response_header(res, headers[i][0], headers[i][1]);
	if (reply->header)
		MHD_add_response_header(res, reply->header, reply->header_value);
}

static enum MHD_Result send_reply(struct MHD_Connection *conn, struct httpd_reply *reply)
{
	size_t len = reply->body.len;
	struct MHD_Response *res = MHD_create_response_from_buffer(len, buf_detach(&reply->body),
								   MHD_RESPMEM_MUST_FREE);
	if (!res)
		return MHD_NO;
	httpd_add_headers(res, reply);
	link_of(conn)->since = clock_mono();
	enum MHD_Result r = MHD_queue_response(conn, (unsigned)reply->status, res);
	MHD_destroy_response(res);
	return r;
}

static ssize_t on_more(void *cls, uint64_t pos, char *to, size_t max)
{
	struct exchange *x = cls;
	ssize_t n = stream_more(x->stream, to, max);

	(void)pos;
	if (n == 0)
		MHD_suspend_connection(x->conn);
	return n == STREAM_END ? MHD_CONTENT_READER_END_OF_STREAM
		: n == STREAM_LOST ? MHD_CONTENT_READER_END_WITH_ERROR : n;
}

static enum MHD_Result send_stream(struct exchange *x)
{
	struct MHD_Response *res = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_more, x,
								     NULL);
	if (!res)
		return MHD_NO;
	httpd_add_headers(res, &x->reply);
	enum MHD_Result r = MHD_queue_response(x->conn, (unsigned)x->reply.status, res);
	MHD_destroy_response(res);
	return r;
}

static void fill_error(struct httpd_reply *reply, int status, const char *code, const char *message)
{
	reply->status = status;
	buf_reset(&reply->body);
	buf_addf(&reply->body, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\",\"hint\":\"\"}}",
		 code, message);
}

static void fill_too_long(struct httpd_reply *reply)
{
	fill_error(reply, 413, "USAGE", "the request's body is longer than 1 MiB");
}

static void call_handler(struct exchange *x, httpd_handler *fn, const char *method, const char *path)
{
	gid_t *groups = NULL;
	struct httpd_request req = {
		.method = method, .path = path, .peer = *x->link->peer ? x->link->peer : NULL,
		.body = buf_str(&x->body), .body_len = x->body.len,
		.uid = HTTPD_NOBODY, .gid = HTTPD_NOBODY, .impl = x,
	};

	if (!req.peer)
		groups = link_peer(x->link, &req);
	fn(x->httpd->setup.ctx, &req, &x->reply);
	free(groups);
}

/* -------------------------------------------------------------- libmicrohttpd */

struct counted {
	const char *name, *first;
	size_t n;
};

static enum MHD_Result count_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct counted *c = cls;

	(void)kind;
	if (strcasecmp(name, c->name) == 0 && !c->n++)
		c->first = value ? value : "";
	return MHD_YES;
}

static struct counted header_count(struct MHD_Connection *conn, const char *name)
{
	struct counted c = {.name = name};

	MHD_get_connection_values(conn, MHD_HEADER_KIND, count_header, &c);
	return c;
}

/* Two readers of a request must not see two requests in it. */
static const char *ambiguous(struct exchange *x)
{
	static const char *const once[] = {
		MHD_HTTP_HEADER_HOST, MHD_HTTP_HEADER_CONTENT_LENGTH, MHD_HTTP_HEADER_TRANSFER_ENCODING,
		MHD_HTTP_HEADER_CONTENT_TYPE, MHD_HTTP_HEADER_AUTHORIZATION, MHD_HTTP_HEADER_ORIGIN,
	};

	if (!head_path_plain(x->uri))
		return "the path is not written plainly";
	for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
		if (header_count(x->conn, once[i]).n > 1)
			return "a header that may stand once stands twice";
	struct counted coding = header_count(x->conn, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	if (coding.n && header_count(x->conn, MHD_HTTP_HEADER_CONTENT_LENGTH).n)
		return "Content-Length and Transfer-Encoding exclude each other";
	if (coding.n && strcasecmp(coding.first, "chunked") != 0)
		return "a body's only coding can be 'chunked'";
	return NULL;
}

/* The head has arrived: what can be refused is, before the body is sent. */
static enum MHD_Result begin(struct exchange *x, const char *method, const char *path)
{
	const char *why = ambiguous(x);
	struct counted len = header_count(x->conn, MHD_HTTP_HEADER_CONTENT_LENGTH);

	x->begun = true;
	if (why)
		fill_error(&x->reply, 400, "USAGE", why);
	else if (x->httpd->setup.head)
		call_handler(x, x->httpd->setup.head, method, path);
	if (!x->reply.status && len.n && strtoull(len.first, NULL, 10) > BODY_MAX)
		fill_too_long(&x->reply);
	if (!x->reply.status)
		return MHD_YES;
	x->state = ANSWERED;
	return send_reply(x->conn, &x->reply);
}

static enum MHD_Result take_body(struct exchange *x, const char *data, size_t *size)
{
	size_t n = *size;

	*size = 0;
	if (x->body.len + n > BODY_MAX || x->swallowed) {
		/* an answer is possible only at the end of the body */
		x->swallowed += n;
		return x->swallowed > SWALLOW_MAX ? MHD_NO : MHD_YES;
	}
	buf_add(&x->body, data, n);
	return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **con_cls)
{
	struct exchange *x = *con_cls;

	(void)cls;
	(void)version;
	if (!x->begun)
		return begin(x, method, url);
	if (*size)
		return take_body(x, data, size);
	if (x->state == READING) {
		x->state = ANSWERED;	/* unless the handler asks for httpd_later */
		if (x->swallowed)
			fill_too_long(&x->reply);
		else
			call_handler(x, x->httpd->setup.fn, method, url);
	}
	if (x->state == WAITING) {
		x->suspended = true;
		MHD_suspend_connection(conn);
		return MHD_YES;
	}
	return x->stream ? send_stream(x) : send_reply(conn, &x->reply);
}

/* %00 stays as it is written: a NUL would make the path or the parameter shorter than it looks. */
static size_t unescape(void *cls, struct MHD_Connection *conn, char *s)
{
	char *to = s;

	(void)cls;
	(void)conn;
	for (const char *from = s; *from; to++) {
		int coded = head_coded(from);
		*to = coded > 0 ? (char)coded : *from;
		from += coded > 0 ? 3 : 1;
	}
	*to = '\0';
	return (size_t)(to - s);
}

void httpd_resume(struct exchange *x)
{
	MHD_resume_connection(x->conn);
}

void httpd_wake(struct httpd *h)
{
	loop_timer_set(h->timer, 0);
}

static void on_connection(void *cls, struct MHD_Connection *conn, void **socket_context,
			  enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = link_new(cls,
			MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
			MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
	else
		link_free(*socket_context);
}

static void pump(struct httpd *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(h->mhd);
	loop_timer_set(h->timer, MHD_get_timeout(h->mhd, &ms) == MHD_YES ? (int64_t)ms : -1);
}

static void on_timer(void *ctx)
{
	pump(ctx);
}

static void on_epoll(void *ctx, int fd, int events)
{
	(void)fd;
	(void)events;
	pump(ctx);
}

/* ------------------------------------------------------------------ interface */

const char *httpd_query(const struct httpd_request *req, const char *name)
{
	struct exchange *x = req->impl;
	return x ? MHD_lookup_connection_value(x->conn, MHD_GET_ARGUMENT_KIND, name) : NULL;
}

const char *httpd_header(const struct httpd_request *req, const char *name)
{
	struct exchange *x = req->impl;
	return x ? MHD_lookup_connection_value(x->conn, MHD_HEADER_KIND, name) : NULL;
}

size_t httpd_header_count(const struct httpd_request *req, const char *name, const char **ret)
{
	struct exchange *x = req->impl;
	struct counted c = x ? header_count(x->conn, name) : (struct counted){0};

	*ret = c.first;
	return c.n;
}

struct httpd_later *httpd_later(const struct httpd_request *req)
{
	struct exchange *x = req->impl;
	struct httpd_later *later = ferry_alloc0(1, sizeof *later);

	later->x = x;
	x->later = later;
	x->state = WAITING;
	return later;
}

static void resume(struct exchange *x)
{
	x->later = NULL;
	x->state = ANSWERED;
	if (!x->suspended)
		return;			/* answered from within the handler after all */
	x->suspended = false;
	MHD_resume_connection(x->conn);
}

void httpd_answer(struct httpd_later *later, struct httpd_reply *reply)
{
	struct exchange *x = later->x;

	free(later);
	if (!x) {
		buf_release(&reply->body);
		return;
	}
	x->reply = *reply;
	reply->body = (struct buf)BUF_INIT;
	resume(x);
	httpd_wake(x->httpd);
}

int httpd_new(struct loop *loop, int fd, const struct httpd_setup *setup, struct httpd **ret,
	      struct ferry_error *err)
{
	struct httpd *h = ferry_alloc0(1, sizeof *h);

	h->loop = loop;
	h->setup = *setup;
	if (!h->setup.request_ms)
		h->setup.request_ms = REQUEST_MS;
	h->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
				  on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
				  MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
				  MHD_OPTION_URI_LOG_CALLBACK, on_uri, h,
				  MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
				  MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX,
				  MHD_OPTION_CONNECTION_LIMIT, setup->connections ? setup->connections : CONNECTIONS_MAX,
				  MHD_OPTION_PER_IP_CONNECTION_LIMIT, setup->per_peer,
				  MHD_OPTION_END);
	if (!h->mhd) {
		close(fd);
		free(h);
		return ferry_fail(err, FERRY_E_SYSTEM, "cannot start the HTTP server");
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (loop_io(loop, info->epoll_fd, LOOP_IN, on_epoll, h, &h->io, err) < 0 ||
	    loop_timer(loop, -1, on_timer, h, &h->timer, err) < 0 ||
	    loop_timer(loop, -1, links_sweep, h, &h->sweep, err) < 0) {
		httpd_free(h);
		return -1;
	}
	*ret = h;
	return 0;
}

static bool somebody_waits(const struct httpd *h)
{
	for (const struct link *l = h->links; l; l = l->next)
		if (l->x ? l->x->state != WAITING : !l->served)
			return true;
	return false;
}

void httpd_drain(struct httpd *h, int64_t ms)
{
	struct pollfd epoll = {.fd = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN};
	int64_t end = clock_mono() + ms * 1000;

	/* who has connected and was not accepted waits for the next daemon, if the socket outlives this one */
	httpd_quiesce(h);
	for (struct exchange *x = h->exchanges; x; x = x->next)
		if (x->stream)
			stream_end(x->stream);
	MHD_run(h->mhd);
	while (somebody_waits(h) && clock_mono() < end) {
		poll(&epoll, 1, 20);
		MHD_run(h->mhd);
	}
}

void httpd_quiesce(struct httpd *h)
{
	int fd = MHD_quiesce_daemon(h->mhd);
	if (fd >= 0)
		close(fd);
}

void httpd_free(struct httpd *h)
{
	if (!h)
		return;
	/* the library must not be stopped with suspended connections */
	for (struct exchange *x = h->exchanges; x; x = x->next) {
		if (x->stream)
			stream_end(x->stream);
		if (x->state != WAITING)
			continue;
		x->later->x = NULL;
		fill_error(&x->reply, 503, "UNAVAILABLE", "the daemon is stopping");
		resume(x);
	}
	MHD_run(h->mhd);
	MHD_stop_daemon(h->mhd);
	while (h->exchanges)
		exchange_free(h->exchanges);
	loop_drop(h->io);
	loop_drop(h->timer);
	loop_drop(h->sweep);
	free(h);
}
