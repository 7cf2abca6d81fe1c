/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd-stream.c - answers that go on: the server asks for the next bytes when the last ones are out,
 * so what waits for a slow client is its source's business and takes no memory here.
 *
 * While there is nothing to be said the library looks after the connection no more; that its client
 * has gone is seen here.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "wire/httpd_private.h"

struct httpd_stream {
	struct exchange *x;
	struct httpd_source source;
	struct loop_source *idle;	/* sees the client go while the connection is suspended */
	bool ended, lost;
};

struct httpd_stream *httpd_stream(const struct httpd_request *req, const struct httpd_source *source)
{
	struct exchange *x = req->impl;
	struct httpd_stream *s = ferry_alloc0(1, sizeof *s);

	s->x = x;
	s->source = *source;
	x->stream = s;
	x->endless = true;
	return s;
}

void httpd_stream_wake(struct httpd_stream *s)
{
	loop_drop(s->idle);
	s->idle = NULL;
	if (!s->x->suspended)
		return;
	s->x->suspended = false;
	httpd_resume(s->x);
	httpd_wake(s->x->httpd);
}

void httpd_stream_cut(struct httpd_stream *s)
{
	s->lost = true;
	shutdown(s->x->link->fd, SHUT_RDWR);
	httpd_stream_wake(s);
}

/* Something came, or the end: who has asked for a stream has nothing more to say. */
static void on_idle(void *ctx, int fd, int events)
{
	struct httpd_stream *s = ctx;
	char byte;

	if (!(events & LOOP_HUP) && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		loop_io_events(s->idle, 0);
	else
		httpd_stream_cut(s);
}

ssize_t stream_more(struct httpd_stream *s, char *to, size_t max)
{
	struct ferry_error err;

	if (s->lost)
		return STREAM_LOST;
	ssize_t n = s->source.more(s->source.ctx, to, max);
	if (n)
		return n;
	if (s->ended)
		return STREAM_END;
	s->x->suspended = true;
	if (loop_io(s->x->httpd->loop, s->x->link->fd, LOOP_IN, on_idle, s, &s->idle, &err) < 0)
		s->idle = NULL;		/* then it is seen when something is sent */
	return 0;
}

void stream_end(struct httpd_stream *s)
{
	s->ended = true;
	httpd_stream_wake(s);
}

void stream_free(struct httpd_stream *s)
{
	if (!s)
		return;
	loop_drop(s->idle);
	s->source.gone(s->source.ctx);
	free(s);
}
