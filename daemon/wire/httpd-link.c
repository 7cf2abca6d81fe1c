/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd-link.c - connections: who is at the other end, and for how long. The library counts from the last
 * byte, so who sends one now and then would stay for ever; here it counts from the last answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/httpd_private.h"

#define ANSWER_MS 60000			/* for taking an answer */
#define SWEEP_MS 500
#define GROUPS_MAX 65536		/* the kernel's own limit */

struct link *link_new(struct httpd *h, int fd, const struct sockaddr *addr)
{
	struct link *l = ferry_alloc0(1, sizeof *l);

	l->httpd = h;
	l->fd = fd;
	l->since = clock_mono();
	if (addr->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)addr)->sin_addr, l->peer, sizeof l->peer);
	else if (addr->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)addr)->sin6_addr, l->peer, sizeof l->peer);
	if (!h->links)
		loop_timer_set(h->sweep, SWEEP_MS);
	l->next = h->links;
	if (l->next)
		l->next->prev = l;
	h->links = l;
	return l;
}

void link_free(struct link *l)
{
	if (l->prev)
		l->prev->next = l->next;
	else
		l->httpd->links = l->next;
	if (l->next)
		l->next->prev = l->prev;
	free(l);
}

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

gid_t *link_peer(const struct link *l, struct httpd_request *req)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(l->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return NULL;
	req->uid = cred.uid;
	req->gid = cred.gid;
	gid_t *groups = peer_groups(l->fd, &req->n_groups);
	req->groups = groups;
	return groups;
}

/* ------------------------------------------------------------------------- time */

/* The library sees an end of the stream and cleans up. */
static void cut(const struct link *l)
{
	shutdown(l->fd, SHUT_RDWR);
}

static bool is_late(const struct link *l, int64_t now, int64_t wall)
{
	const struct exchange *x = l->x;
	int64_t ms = (now - l->since) / 1000;

	if (!x || x->state == READING)
		return ms > l->httpd->setup.request_ms;
	if (x->endless)
		return x->owned_until && wall >= x->owned_until;
	return x->state == ANSWERED && ms > ANSWER_MS;
}

void links_sweep(void *ctx)
{
	struct httpd *h = ctx;
	int64_t now = clock_mono(), wall = clock_now();

	for (struct link *l = h->links; l; l = l->next)
		if (is_late(l, now, wall))
			cut(l);
	loop_timer_set(h->sweep, h->links ? SWEEP_MS : -1);
}

void httpd_owned(const struct httpd_request *req, const char *owner, int64_t until)
{
	struct exchange *x = req->impl;

	if (!x)
		return;
	free(x->owner);
	x->owner = ferry_strdup(owner);
	x->owned_until = until;
}

void httpd_disown(struct httpd *h, const char *owner)
{
	for (struct exchange *x = h->exchanges; x; x = x->next)
		if (x->endless && x->owner && strcmp(x->owner, owner) == 0)
			cut(x->link);
}
