/* SPDX-License-Identifier: Apache-2.0 */
/* httpd_private.h - what the files of the HTTP server share. Not for others. */
#ifndef FERRY_WIRE_HTTPD_PRIVATE_H
#define FERRY_WIRE_HTTPD_PRIVATE_H

#include <netinet/in.h>

#include "wire/httpd.h"

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;

enum exchange_state { READING, WAITING, ANSWERED };

/* One request and its answer. */
struct exchange {
	struct httpd *httpd;
	struct link *link;
	struct exchange *prev, *next;
	struct MHD_Connection *conn;
	char *uri;			/* as it was sent */
	struct buf body;
	size_t swallowed;
	enum exchange_state state;
	bool begun, suspended;
	bool endless;			/* its answer may take any time: somebody else watches over it */
	struct httpd_reply reply;
	struct httpd_later *later;
	struct httpd_stream *stream;	/* its answer goes on */
	char *owner;			/* whose rights it uses, until when; see httpd_owned */
	int64_t owned_until;
};

struct httpd_later {
	struct exchange *x;		/* NULL: the connection is gone */
};

/* One connection, from accept to close. */
struct link {
	struct httpd *httpd;
	struct link *prev, *next;
	int fd;
	int64_t since;			/* when it was opened, or its last answer was out; monotonic */
	bool served;			/* has had an answer: now it may idle */
	struct exchange *x;		/* the one under way */
	char peer[INET6_ADDRSTRLEN];	/* "" on a Unix socket */
};

struct httpd {
	struct loop *loop;
	struct MHD_Daemon *mhd;
	struct loop_source *io, *timer, *sweep;
	struct httpd_setup setup;
	struct exchange *exchanges;
	struct link *links;
};

/* httpd-link.c */
struct link *link_new(struct httpd *h, int fd, const struct sockaddr *addr);
void link_free(struct link *l);
/* Fill in who is at the other end of a Unix socket; its groups are the caller's, to be freed. */
gid_t *link_peer(const struct link *l, struct httpd_request *req);
/* A timer's function: cut those that have had their time. */
void links_sweep(void *ctx);

/* The headers that every answer has, and its own ones. */
void httpd_add_headers(struct MHD_Response *res, const struct httpd_reply *reply);
/* Have a suspended connection go on; httpd_wake must follow. */
void httpd_resume(struct exchange *x);

/* httpd-stream.c */
enum { STREAM_END = -1, STREAM_LOST = -2 };
/* The next bytes, STREAM_END, STREAM_LOST, or 0: then the connection must be suspended. */
ssize_t stream_more(struct httpd_stream *stream, char *to, size_t max);
/* It ends when what there is to be said by now is out. */
void stream_end(struct httpd_stream *stream);
void stream_free(struct httpd_stream *stream);

/* Have the library go on, as after something was resumed. */
void httpd_wake(struct httpd *httpd);

#endif
