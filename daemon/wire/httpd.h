/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd.h - an HTTP server on a Unix or TCP socket inside the event loop, by libmicrohttpd.
 *
 * Requests are handed over whole (a body of at most 1 MiB; more is answered 413). An answer is given
 * at once, or later for what takes another process; there is no thread. A path that is not written
 * plainly, or a header that must stand once and stands twice, is answered 400 and nobody is asked.
 */
#ifndef FERRY_WIRE_HTTPD_H
#define FERRY_WIRE_HTTPD_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/http-head.h"
#include "wire/loop.h"

struct httpd;
struct httpd_later;

#define HTTPD_NOBODY 65534		/* the kernel's uid and gid for those it cannot name */

struct httpd_request {
	const char *method, *path;	/* path is decoded, without the query */
	const char *peer;		/* "192.0.2.7": its address over TCP; NULL on a Unix socket */
	const char *body;		/* "" when none */
	size_t body_len;
	uid_t uid;			/* the peer's; HTTPD_NOBODY when it cannot be told, and over TCP */
	gid_t gid;
	const gid_t *groups;		/* supplementary groups, by SO_PEERGROUPS */
	size_t n_groups;
	void *impl;
};

struct httpd_reply {
	int status;
	const char *content_type;	/* NULL: application/json; a constant */
	struct buf body;		/* taken over by the server */
	const char *header;		/* the name of one more header, a constant; NULL: none */
	char header_value[200];
};

typedef void httpd_handler(void *ctx, const struct httpd_request *req, struct httpd_reply *reply);

/* A query parameter or a header of the request, or NULL. Borrowed for the call. */
const char *httpd_query(const struct httpd_request *req, const char *name);
const char *httpd_header(const struct httpd_request *req, const char *name);

/* How often a header stands there; *ret is the first one's value. */
size_t httpd_header_count(const struct httpd_request *req, const char *name, const char **ret);

/*
 * Inside a handler: leave `reply` as it is and answer later. Whoever gets it must call httpd_answer
 * exactly once, also after httpd_free (then it only cleans up; the client was told 503). The
 * request is gone when the handler has returned.
 */
struct httpd_later *httpd_later(const struct httpd_request *req);
void httpd_answer(struct httpd_later *later, struct httpd_reply *reply);

/*
 * Inside a handler: the answer's status, content type and header are those of `reply`; its body goes on.
 * `more` puts the next bytes, at most max, and returns how many: 0, none before httpd_stream_wake is
 * called; -1, that was all. `gone` is called once, when the client or the server has gone; the stream is
 * no more then.
 */
struct httpd_source {
	ssize_t (*more)(void *ctx, char *to, size_t max);
	void (*gone)(void *ctx);
	void *ctx;
};
struct httpd_stream;
struct httpd_stream *httpd_stream(const struct httpd_request *req, const struct httpd_source *source);
void httpd_stream_wake(struct httpd_stream *stream);
/* Let go of a client that takes nothing: `gone` follows soon. */
void httpd_stream_cut(struct httpd_stream *stream);

/*
 * The answer uses rights that are this owner's until then (microseconds since the epoch; 0: no end).
 * When they have ended, or httpd_disown says so, an answer that goes on is cut.
 */
void httpd_owned(const struct httpd_request *req, const char *owner, int64_t until);
void httpd_disown(struct httpd *httpd, const char *owner);

struct httpd_setup {
	httpd_handler *fn;
	/*
	 * Asked when the head has arrived and before the body is read, with the body empty: a status other
	 * than 0 is the answer, and fn is not asked. NULL: nobody is. It must not answer later.
	 */
	httpd_handler *head;
	void *ctx;
	unsigned connections, per_peer;	/* at most; 0: 256, and no limit */
	int64_t request_ms;		/* a connection that shows no whole request for so long is cut; 0: 60 s */
};
/* fd: a listening socket; it becomes the server's. */
int httpd_new(struct loop *loop, int fd, const struct httpd_setup *setup, struct httpd **ret,
	      struct ferry_error *err);
/* Accept nobody any more, and answer those who are connected for at most so long. Does not use the loop. */
void httpd_drain(struct httpd *httpd, int64_t ms);
void httpd_free(struct httpd *httpd);
/* Close the listening socket; connections go on until httpd_free. */
void httpd_quiesce(struct httpd *httpd);
/*
 * Make and bind a listening Unix socket (mode 0666: access is by peer credentials). A socket that
 * nobody listens on any more goes; one that answers is refused with LOCKED.
 */
int httpd_listen_unix(const char *path, int *ret_fd, struct ferry_error *err);
/* The same on an address. */
int httpd_listen_tcp(const struct head_address *address, int *ret_fd, struct ferry_error *err);

#endif
