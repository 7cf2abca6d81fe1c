/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tiny-server.h - an HTTP server in a thread of the test, which answers exactly what a test says,
 * right or wrong. One connection at a time.
 */
#ifndef FERRY_TESTS_TINY_SERVER_H
#define FERRY_TESTS_TINY_SERVER_H

#include <stdatomic.h>
#include <pthread.h>

#include "base/buf.h"

enum tiny_act {
	TINY_ANSWER,			/* send `answer`, keep the connection */
	TINY_ANSWER_CLOSE,		/* send `answer`, close */
	TINY_DRIP,			/* send `answer` with 150 ms at each | in it, close */
	TINY_STALL,			/* send `answer`, then nothing until the client goes */
	TINY_CLOSE,			/* read the request, close without a word */
	TINY_ABORT,			/* read the request, reset the connection */
	TINY_RESET,			/* do not even read: reset the connection */
	TINY_SILENT,			/* read the request and say nothing until the client goes */
	TINY_MUTE,			/* read nothing, say nothing until the client goes */
};

struct tiny_step {
	enum tiny_act act;
	const char *answer;
	size_t len;			/* 0: strlen */
};

/* Steps are used one per request (one per connection for RESET and MUTE); the last one repeats. */
struct tiny_server {
	const struct tiny_step *steps;
	size_t n_steps;
	int port;
	char url[64];			/* "http://127.0.0.1:PORT" */
	atomic_int requests, connections;
	struct buf last;		/* the last request whole; read only between exchanges */
	int listener;
	int stop[2];
	pthread_t thread;
};

/* path NULL: TCP on 127.0.0.1; else a Unix socket there. */
void tiny_start(struct tiny_server *s, const char *path, const struct tiny_step *steps, size_t n);
void tiny_stop(struct tiny_server *s);

/* A port of 127.0.0.1 nobody listens at. */
int tiny_free_port(void);

#define TINY_OK(body_len, body) \
	{TINY_ANSWER, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" \
		"Content-Length: " #body_len "\r\n\r\n" body, 0}
#define TINY_STATUS(status, headers) \
	{TINY_ANSWER, "HTTP/1.1 " #status " Status\r\n" headers "Content-Length: 0\r\n\r\n", 0}

#endif
