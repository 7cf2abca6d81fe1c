/* SPDX-License-Identifier: Apache-2.0 */
/* tiny-server.c - an HTTP server for tests that can misbehave in every way that matters. */
#include "tiny-server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

static const struct tiny_step *step_now(const struct tiny_server *s, size_t i)
{
	return &s->steps[i < s->n_steps ? i : s->n_steps - 1];
}

/* False when the test wants the server to end. */
static bool wait_readable(struct tiny_server *s, int fd)
{
	struct pollfd p[2] = {{fd, POLLIN, 0}, {s->stop[0], POLLIN, 0}};

	FERRY_ASSERT(poll(p, 2, 10000) > 0);
	return p[1].revents == 0;
}

static bool is_whole(const struct buf *in)
{
	const char *end = strstr(in->s, "\r\n\r\n");
	const char *length = strcasestr(in->s, "Content-Length:");

	if (!end)
		return false;
	size_t body = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
	return in->len >= (size_t)(end + 4 - in->s) + body;
}

/* Read one request; when it is whole it becomes s->last. False at the connection's end. */
static bool read_request(struct tiny_server *s, int fd)
{
	struct buf in = BUF_INIT;
	char part[4096];

	while (wait_readable(s, fd)) {
		ssize_t n = read(fd, part, sizeof part);
		if (n <= 0)
			break;
		buf_add(&in, part, (size_t)n);
		if (is_whole(&in)) {
			buf_release(&s->last);
			s->last = in;
			return true;
		}
	}
	buf_release(&in);
	return false;
}

static void send_bytes(int fd, const char *p, size_t left)
{
	while (left) {
		ssize_t n = send(fd, p, left, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		p += n;
		left -= (size_t)n;
	}
}

static void send_all(int fd, const struct tiny_step *step)
{
	send_bytes(fd, step->answer, step->len ? step->len : strlen(step->answer));
}

static void drip(int fd, const char *answer)
{
	size_t n;

	for (; *answer; answer += n + (answer[n] == '|')) {
		n = strcspn(answer, "|");
		send_bytes(fd, answer, n);
		usleep(150000);
	}
}

/* Wait until the client closes or the test ends; what it says is ignored. */
static void ignore(struct tiny_server *s, int fd)
{
	char junk[4096];

	while (wait_readable(s, fd) && read(fd, junk, sizeof junk) > 0)
		;
}

static void reset(int fd)
{
	struct linger now = {1, 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void serve(struct tiny_server *s, int fd, size_t *step)
{
	const struct tiny_step *first = step_now(s, *step);

	if (first->act == TINY_RESET || first->act == TINY_MUTE) {
		++*step;
		if (first->act == TINY_MUTE)
			ignore(s, fd);
		else
			reset(fd);
		return;
	}
	while (read_request(s, fd)) {
		const struct tiny_step *now = step_now(s, (*step)++);
		s->requests++;
		if (now->act == TINY_SILENT)
			ignore(s, fd);
		if (now->act == TINY_ANSWER || now->act == TINY_ANSWER_CLOSE || now->act == TINY_STALL)
			send_all(fd, now);
		if (now->act == TINY_DRIP)
			drip(fd, now->answer);
		if (now->act == TINY_STALL)
			ignore(s, fd);
		if (now->act == TINY_ABORT)
			reset(fd);
		if (now->act != TINY_ANSWER)
			return;
	}
}

static void *run(void *ctx)
{
	struct tiny_server *s = ctx;
	size_t step = 0;

	while (wait_readable(s, s->listener)) {
		int fd = accept(s->listener, NULL, NULL);
		FERRY_ASSERT(fd >= 0);
		s->connections++;
		serve(s, fd, &step);
		close(fd);
	}
	return NULL;
}

static int listen_tcp(int *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	FERRY_ASSERT(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0);
	FERRY_ASSERT(getsockname(fd, (struct sockaddr *)&a, &len) == 0 && listen(fd, 16) == 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static int listen_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	unlink(path);
	FERRY_ASSERT(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
		     listen(fd, 16) == 0);
	return fd;
}

void tiny_start(struct tiny_server *s, const char *path, const struct tiny_step *steps, size_t n)
{
	*s = (struct tiny_server){.steps = steps, .n_steps = n};
	s->listener = path ? listen_unix(path) : listen_tcp(&s->port);
	snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->port);
	FERRY_ASSERT(pipe(s->stop) == 0);
	FERRY_ASSERT(pthread_create(&s->thread, NULL, run, s) == 0);
}

void tiny_stop(struct tiny_server *s)
{
	FERRY_ASSERT(write(s->stop[1], "x", 1) == 1);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->stop[1]);
	close(s->listener);
	buf_release(&s->last);
}

int tiny_free_port(void)
{
	int port, fd = listen_tcp(&port);
	close(fd);
	return port;
}
