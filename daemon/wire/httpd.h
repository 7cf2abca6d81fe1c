/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd.h - an HTTP server on a Unix socket inside the event loop, by libmicrohttpd.
 *
 * Requests are handed over whole (a body of at most 1 MiB; more is answered 413). An answer is given
 * at once, or later for what takes another process; there is no thread.
 */
#ifndef FERRY_WIRE_HTTPD_H
#define FERRY_WIRE_HTTPD_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/loop.h"

struct httpd;
struct httpd_later;

#define HTTPD_NOBODY 65534		/* the kernel's uid and gid for those it cannot name */

struct httpd_request {
	const char *method, *path;	/* path is decoded, without the query */
	const char *body;		/* "" when none */
	size_t body_len;
	uid_t uid;			/* the peer's; HTTPD_NOBODY when it cannot be told */
	gid_t gid;
	const gid_t *groups;		/* supplementary groups, by SO_PEERGROUPS */
	size_t n_groups;
	void *impl;
};

struct httpd_reply {
	int status;
	const char *content_type;	/* NULL: application/json; a constant */
	struct buf body;		/* taken over by the server */
};

typedef void httpd_handler(void *ctx, const struct httpd_request *req, struct httpd_reply *reply);

/* A query parameter or a header of the request, or NULL. Borrowed for the call. */
const char *httpd_query(const struct httpd_request *req, const char *name);
const char *httpd_header(const struct httpd_request *req, const char *name);

/*
 * Inside a handler: leave `reply` as it is and answer later. Whoever gets it must call httpd_answer
 * exactly once, also after httpd_free (then it only cleans up; the client was told 503). The
 * request is gone when the handler has returned.
 */
struct httpd_later *httpd_later(const struct httpd_request *req);
void httpd_answer(struct httpd_later *later, struct httpd_reply *reply);

/* fd: a listening AF_UNIX socket; it becomes the server's. */
int httpd_new(struct loop *loop, int fd, httpd_handler *fn, void *ctx, struct httpd **ret,
	      struct ferry_error *err);
void httpd_free(struct httpd *httpd);
/*
 * Make and bind a listening Unix socket (mode 0666: access is by peer credentials). A socket that
 * nobody listens on any more goes; one that answers is refused with LOCKED.
 */
int httpd_listen_unix(const char *path, int *ret_fd, struct ferry_error *err);

#endif
