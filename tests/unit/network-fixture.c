/* SPDX-License-Identifier: Apache-2.0 */
/* network-fixture.c - see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "network-fixture.h"

int net_setup(void **state)
{
	struct net *n = ferry_alloc0(1, sizeof *n);

	fixture_make(&n->s.f);
	*state = n;
	return 0;
}

int net_teardown(void **state)
{
	listener_free(((struct net *)*state)->listener);
	return api_teardown(state);
}

static int free_port(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof any;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&any, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	close(fd);
	return ntohs(any.sin_port);
}

void net_token(struct net *n, int i, const char *name, bool admin, int64_t life)
{
	struct supervise_token_wish wish = {name, admin, clock_now() + life};
	struct buf secret = BUF_INIT;
	struct ferry_error err = {0};

	if (supervise_token_create(n->s.f.s, &wish, &tester, &secret, &err) < 0)
		fail_msg("%s", err.msg);
	snprintf(n->tokens[i], sizeof n->tokens[i], "%s", secret.s);
	buf_release(&secret);
}

static void follow(struct net *n, bool works)
{
	struct conf_mistakes mistakes = CONF_MISTAKES_INIT;

	if ((listener_follow(n->listener, supervise_generation(n->s.f.s), &mistakes) == 0) != works)
		fail_msg("%s", mistakes.n ? mistakes.items[0].text : "it listens");
	conf_mistakes_release(&mistakes);
}

void net_open(struct net *n, const char *more)
{
	struct ferry_error err = {0};
	char settings[400];

	n->port = free_port();
	snprintf(settings, sizeof settings, "admin_group: daemon\nlisten: {address: '127.0.0.1:%d', hosts: "
		 "[ferry.example.com, 'f.example.org:8443'], connections_per_peer: 100%s}\n", n->port, more);
	fixture_settings(&n->s.f, settings);
	fixture_sync(&n->s.f, "a-ok", NULL);
	serve(&n->s);
	assert_int_equal(listener_new(n->s.f.loop, n->s.api, &n->listener, &err), 0);
	follow(n, false);		/* without a token nobody could be let in */
	net_token(n, EXPIRED, "short", true, SECOND / 2);
	net_token(n, VALID_VIEWER, "reader", false, 3600 * SECOND);
	net_token(n, VALID_ADMIN, "boss", true, 3600 * SECOND);
	net_token(n, REVOKED, "gone", true, 3600 * SECOND);
	assert_int_equal(supervise_token_revoke(n->s.f.s, "gone", &tester, &err), 0);
	n->audited = 5;
	follow(n, true);
	fixture_spin(&n->s.f, 600);	/* the short one ends */
}

/* -------------------------------------------------------------------- asking over TCP */

bool net_has_head(struct fixture *f, void *ctx)
{
	struct exchange *x = ctx;

	return take(f, ctx) || (x->raw.len && strstr(x->raw.s, "\r\n\r\n"));
}

int net_dial(const struct net *n)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)},
		.sin_port = htons((uint16_t)n->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

int net_ask(struct net *n, const char *request, struct buf *ret_raw)
{
	struct exchange x = {.fd = net_dial(n)};
	struct buf text = BUF_INIT;
	int status = 0;

	for (; *request; request++)
		if (*request == '~')
			buf_addf(&text, "%d", n->port);
		else
			buf_addc(&text, *request);
	send_all(x.fd, text.s, text.len);
	fixture_until(&n->s.f, net_has_head, &x, 10000);
	close(x.fd);
	if (x.raw.len > 12)
		status = (int)strtol(x.raw.s + strlen("HTTP/1.1 "), NULL, 10);
	if (ret_raw)
		buf_adds(ret_raw, buf_str(&x.raw));
	buf_release(&x.raw);
	buf_release(&text);
	return status;
}

int net_call(struct net *n, const char *method, const char *path, const char *authorization,
		     struct buf *ret_raw)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:~\r\nConnection: close\r\n", method, path);
	if (authorization)
		buf_addf(&text, "Authorization: %s\r\n", authorization);
	if (strcmp(method, "POST") == 0)
		buf_adds(&text, "Content-Length: 0\r\n");
	buf_adds(&text, "\r\n");
	int status = net_ask(n, text.s, ret_raw);
	buf_release(&text);
	return status;
}

int net_call_as(struct net *n, const char *method, const char *path, const char *token, struct buf *ret_raw)
{
	char authorization[140];

	snprintf(authorization, sizeof authorization, "Bearer %s", token);
	return net_call(n, method, path, authorization, ret_raw);
}
