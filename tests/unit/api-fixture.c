/* SPDX-License-Identifier: Apache-2.0 */
/* api-fixture.c - see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api-fixture.h"

void serve(struct served *s)
{
	struct ferry_error err = {0};
	int fd;

	fixture_open(&s->f);
	s->api = api_new(s->f.s, "9.9.9");
	snprintf(s->socket, sizeof s->socket, "%s/sock", s->f.dir);
	if (httpd_listen_unix(s->socket, &fd, &err) < 0 ||
	    httpd_new(s->f.loop, fd, &(struct httpd_setup){.fn = api_handle, .head = api_head, .ctx = s->api}, &s->httpd, &err) < 0)
		fail_msg("%s", err.msg);
}

int api_setup(void **state)
{
	struct served *s = ferry_alloc0(1, sizeof *s);

	fixture_make(&s->f);
	*state = s;
	return 0;
}

int api_teardown(void **state)
{
	struct served *s = *state;

	httpd_free(s->httpd);
	api_free(s->api);
	fixture_remove(&s->f);
	free(s);
	return 0;
}

int connect_to(struct served *s)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(addr.sun_path, s->socket, strlen(s->socket) + 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	return fd;
}

void send_all(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t w = send(fd, text, n, MSG_NOSIGNAL);
		if (w < 0)
			return;		/* it was refused before its end; the answer tells why */
		text += w;
		n -= (size_t)w;
	}
}

bool take(struct fixture *f, void *ctx)
{
	struct exchange *x = ctx;
	char bytes[65536];

	(void)f;
	for (;;) {
		ssize_t n = recv(x->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n > 0)
			buf_add(&x->raw, bytes, (size_t)n);
		else if (n < 0 && errno == EAGAIN)
			return x->ended;
		else
			return x->ended = true;
	}
}

void begin(struct served *s, struct exchange *x, const char *method, const char *path,
	   const char *body)
{
	struct buf req = BUF_INIT;

	*x = (struct exchange){.fd = connect_to(s)};
	buf_addf(&req, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", method, path);
	if (body)
		buf_addf(&req, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
			 strlen(body));
	buf_addf(&req, "\r\n%s", body ? body : "");
	send_all(x->fd, req.s, req.len);
	buf_release(&req);
}

struct answer finish(struct served *s, struct exchange *x)
{
	struct answer a = {0};
	struct ferry_error err = {0};

	fixture_until(&s->f, take, x, 5000);
	close(x->fd);
	a.raw = x->raw;
	assert_true(a.raw.len > 12);
	a.status = (int)strtol(a.raw.s + strlen("HTTP/1.1 "), NULL, 10);
	const char *body = strstr(a.raw.s, "\r\n\r\n");
	assert_non_null(body);
	body += 4;
	if (*body && json_parse(body, strlen(body), "body", &a.doc, &err) < 0)
		fail_msg("%s in %s", err.msg, body);
	return a;
}

void release(struct answer *a)
{
	buf_release(&a->raw);
	json_free(a->doc);
}

struct answer call(struct served *s, const char *method, const char *path, const char *body)
{
	struct exchange x;

	begin(s, &x, method, path, body);
	return finish(s, &x);
}

void expect(struct served *s, const char *method, const char *path, const char *body, int status,
	    const char *code)
{
	struct answer a = call(s, method, path, body);

	if (a.status != status)
		fail_msg("%s %s: %d, not %d: %s", method, path, a.status, status, a.raw.s);
	if (*code) {
		assert_string_equal(text_at(a.doc, "error.code"), code);
		assert_true(strlen(text_at(a.doc, "error.message")) > 5);
		assert_non_null(at(a.doc, "error.hint"));
	} else {
		assert_null(at(a.doc, "error.code"));
	}
	release(&a);
}
