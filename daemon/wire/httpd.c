/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd.c - HTTP on a Unix socket by libmicrohttpd, which is run by the loop: its epoll descriptor
 * is watched and its time-outs are honoured. The only file that sees that library.
 */
#include "wire/httpd.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BODY_MAX (1024 * 1024)
#define SWALLOW_MAX (16 * 1024 * 1024)	/* of a body that is too long; then the connection is cut */
#define CONNECTIONS_MAX 256
#define IDLE_TIMEOUT_S 60
#define GROUPS_MAX 65536		/* the kernel's own limit */

enum exchange_state { READING, WAITING, ANSWERED };

/* One request and its answer. */
struct exchange {
	struct httpd *httpd;
	struct exchange *prev, *next;
	struct MHD_Connection *conn;
	struct buf body;
	size_t swallowed;
	enum exchange_state state;
	bool suspended;
	struct httpd_reply reply;
	struct httpd_later *later;
};

struct httpd_later {
	struct exchange *x;		/* NULL: the connection is gone */
};

struct httpd {
	struct loop *loop;
	struct MHD_Daemon *mhd;
	struct loop_source *io, *timer;
	httpd_handler *fn;
	void *ctx;
	struct exchange *exchanges;
};

/* ------------------------------------------------------------------ exchanges */

static struct exchange *exchange_new(struct httpd *h, struct MHD_Connection *conn)
{
	struct exchange *x = ferry_alloc0(1, sizeof *x);
	x->httpd = h;
	x->conn = conn;
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
	buf_release(&x->body);
	buf_release(&x->reply.body);
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

static enum MHD_Result send_reply(struct MHD_Connection *conn, struct httpd_reply *reply)
{
	size_t len = reply->body.len;
	struct MHD_Response *res = MHD_create_response_from_buffer(len, buf_detach(&reply->body),
								   MHD_RESPMEM_MUST_FREE);
	if (!res)
		return MHD_NO;
	MHD_add_response_header(res, MHD_HTTP_HEADER_CONTENT_TYPE,
				reply->content_type ? reply->content_type : "application/json");
	MHD_add_response_header(res, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(res, "X-Content-Type-Options", "nosniff");
	enum MHD_Result r = MHD_queue_response(conn, (unsigned)reply->status, res);
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

/* ------------------------------------------------------------------ who asks */

/* The peer's supplementary groups; NULL when there are none. */
static gid_t *peer_groups(int fd, size_t *ret_n)
{
	socklen_t len = 32 * sizeof(gid_t);
	gid_t *groups = ferry_alloc(len);

	while (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0) {
		if (errno != ERANGE || len > GROUPS_MAX * sizeof(gid_t)) {
			len = 0;
			break;
		}
		groups = ferry_realloc(groups, len, 1);
	}
	*ret_n = len / sizeof(gid_t);
	return groups;
}

static void call_handler(struct exchange *x, const char *method, const char *path)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	int fd = info ? info->connect_fd : -1;
	struct ucred cred;
	socklen_t len = sizeof cred;
	gid_t *groups = NULL;
	struct httpd_request req = {
		.method = method, .path = path,
		.body = buf_str(&x->body), .body_len = x->body.len,
		.uid = HTTPD_NOBODY, .gid = HTTPD_NOBODY, .impl = x,
	};

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0) {
		req.uid = cred.uid;
		req.gid = cred.gid;
		groups = peer_groups(fd, &req.n_groups);
		req.groups = groups;
	}
	x->httpd->fn(x->httpd->ctx, &req, &x->reply);
	free(groups);
}

/* -------------------------------------------------------------- libmicrohttpd */

/* The head has arrived: refuse a body that is announced as too long before it is sent. */
static enum MHD_Result begin(struct httpd *h, struct MHD_Connection *conn, void **con_cls)
{
	struct exchange *x = exchange_new(h, conn);
	const char *len = MHD_lookup_connection_value(conn, MHD_HEADER_KIND,
						      MHD_HTTP_HEADER_CONTENT_LENGTH);

	*con_cls = x;
	if (len && strtoull(len, NULL, 10) > BODY_MAX) {
		fill_too_long(&x->reply);
		x->state = ANSWERED;
		return send_reply(conn, &x->reply);
	}
	return MHD_YES;
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

	(void)version;
	if (!x)
		return begin(cls, conn, con_cls);
	if (*size)
		return take_body(x, data, size);
	if (x->state == READING) {
		x->state = ANSWERED;	/* unless the handler asks for httpd_later */
		if (x->swallowed)
			fill_too_long(&x->reply);
		else
			call_handler(x, method, url);
	}
	if (x->state == WAITING) {
		x->suspended = true;
		MHD_suspend_connection(conn);
		return MHD_YES;
	}
	return send_reply(conn, &x->reply);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %00 stays as it is written: a NUL would make the path or the parameter shorter than it looks. */
static size_t unescape(void *cls, struct MHD_Connection *conn, char *s)
{
	char *to = s;

	(void)cls;
	(void)conn;
	for (const char *from = s; *from; to++) {
		int high = from[0] == '%' ? hex(from[1]) : -1, low = high < 0 ? -1 : hex(from[2]);
		bool coded = low >= 0 && (high || low);
		*to = coded ? (char)(high << 4 | low) : *from;
		from += coded ? 3 : 1;
	}
	*to = '\0';
	return (size_t)(to - s);
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
	loop_timer_set(x->httpd->timer, 0);
}

int httpd_new(struct loop *loop, int fd, httpd_handler *fn, void *ctx, struct httpd **ret,
	      struct ferry_error *err)
{
	struct httpd *h = ferry_alloc0(1, sizeof *h);

	h->loop = loop;
	h->fn = fn;
	h->ctx = ctx;
	h->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
				  on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
				  MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
				  MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
				  MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
				  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
				  MHD_OPTION_END);
	if (!h->mhd) {
		close(fd);
		free(h);
		return ferry_fail(err, FERRY_E_SYSTEM, "cannot start the HTTP server");
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (loop_io(loop, info->epoll_fd, LOOP_IN, on_epoll, h, &h->io, err) < 0 ||
	    loop_timer(loop, -1, on_timer, h, &h->timer, err) < 0) {
		httpd_free(h);
		return -1;
	}
	*ret = h;
	return 0;
}

void httpd_free(struct httpd *h)
{
	if (!h)
		return;
	/* the library must not be stopped with suspended connections */
	for (struct exchange *x = h->exchanges; x; x = x->next) {
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
	free(h);
}

/* Take away a socket that nobody listens on; 0 when the place is free now. */
static int clear_stale(const struct sockaddr_un *addr, struct ferry_error *err)
{
	struct stat st;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : ferry_fail_errno(err, errno, "%s", addr->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return ferry_fail(err, FERRY_E_CONFIG, "%s is there and is no socket",
				  addr->sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ferry_fail_errno(err, errno, "cannot make a socket");
	int rc = connect(fd, (const struct sockaddr *)addr, sizeof *addr);
	int e = errno;
	close(fd);
	if (rc == 0 || e == EAGAIN)
		return ferry_fail(err, FERRY_E_LOCKED, "another daemon answers at %s",
				  addr->sun_path);
	if (e == ECONNREFUSED && unlink(addr->sun_path) == 0)
		return 0;
	return ferry_fail_errno(err, e == ECONNREFUSED ? errno : e, "%s", addr->sun_path);
}

int httpd_listen_unix(const char *path, int *ret_fd, struct ferry_error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof addr.sun_path)
		return ferry_fail(err, FERRY_E_CONFIG,
				  "the socket's path is longer than %zu bytes: %s",
				  sizeof addr.sun_path - 1, path);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (clear_stale(&addr, err) < 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ferry_fail_errno(err, errno, "cannot make a socket");
	if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || chmod(path, 0666) < 0 ||
	    listen(fd, SOMAXCONN) < 0) {
		int e = errno;
		close(fd);
		return ferry_fail_errno(err, e, "cannot listen on %s", path);
	}
	*ret_fd = fd;
	return 0;
}
