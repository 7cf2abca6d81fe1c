/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.c - the TCP listener, which follows `listen:` of the configuration. The Unix socket has nothing
 * to do with it and goes on whatever becomes of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/gate.h"
#include "base/log.h"

#define DRAIN_MS 10000			/* for answers under way when the address has changed */
#define HOSTS_MAX 24

struct listener {
	struct loop *loop;
	struct api *api;
	struct httpd *httpd, *old;	/* NULL: none */
	struct loop_source *drain;
	char *address;
	int connections, per_peer;
	int64_t request_ms;
	struct head_address at;
	struct head_host hosts[HOSTS_MAX];
	size_t n_hosts;
};

/* ------------------------------------------------------------------------- names */

static void add_host(struct listener *l, const char *text)
{
	if (head_host(text, &l->hosts[l->n_hosts]))
		l->n_hosts++;
}

static void take_hosts(struct listener *l, const struct listen_def *def)
{
	char local[32];

	l->n_hosts = 0;
	if (!l->at.any)
		add_host(l, def->address);
	if (l->at.loopback) {
		snprintf(local, sizeof local, "localhost:%d", l->at.port);
		add_host(l, local);
	}
	for (size_t i = 0; i < def->n_hosts; i++)
		add_host(l, def->hosts[i]);
}

/* A name without a port stands for the usual ones, which a proxy has, and for the listener's own. */
bool listener_knows(const struct listener *l, const struct head_host *host)
{
	for (size_t i = 0; l && i < l->n_hosts; i++) {
		const struct head_host *own = &l->hosts[i];
		int port = own->port ? own->port : l->at.port;
		bool usual = !own->port || own->port == 80 || own->port == 443;
		if (strcmp(own->name, host->name) != 0)
			continue;
		if (host->port == port || (usual && !host->port) ||
		    (!own->port && (host->port == 80 || host->port == 443)))
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------- open and close */

static void on_drained(void *ctx)
{
	struct listener *l = ctx;

	httpd_free(l->old);
	l->old = NULL;
}

/* Accept nothing more; who waits for an answer, maybe to the reload itself, still gets it. */
static void retire(struct listener *l)
{
	if (!l->httpd)
		return;
	httpd_free(l->old);
	l->old = l->httpd;
	l->httpd = NULL;
	httpd_quiesce(l->old);
	loop_timer_set(l->drain, DRAIN_MS);
	log_info("no longer listening on %s", l->address);
	free(l->address);
	l->address = NULL;
}

static bool is_open_as(const struct listener *l, const struct listen_def *def)
{
	return l->address && strcmp(l->address, def->address) == 0 && l->connections == def->connections &&
		l->per_peer == def->connections_per_peer && l->request_ms == def->request_timeout_ms;
}

static int open_at(struct listener *l, const struct listen_def *def, const struct head_address *at,
		   struct ferry_error *err)
{
	struct httpd_setup setup = {
		.fn = api_handle, .head = api_head, .ctx = l->api,
		.connections = (unsigned)def->connections,
		.per_peer = (unsigned)def->connections_per_peer, .request_ms = def->request_timeout_ms,
	};
	struct httpd *httpd;
	int fd;

	/* other limits on the same address: it must be free first */
	if (l->address && strcmp(l->address, def->address) == 0)
		retire(l);
	if (httpd_listen_tcp(at, &fd, err) < 0 || httpd_new(l->loop, fd, &setup, &httpd, err) < 0)
		return -1;
	retire(l);
	l->httpd = httpd;
	l->at = *at;
	l->address = ferry_strdup(def->address);
	l->connections = def->connections;
	l->per_peer = def->connections_per_peer;
	l->request_ms = def->request_timeout_ms;
	log_info("listening on %s, for clients with tokens", l->address);
	return 0;
}

int listener_follow(void *ctx, const struct generation *g, struct conf_mistakes *mistakes)
{
	struct listener *l = ctx;
	const struct listen_def *def = &g->daemon.listen;
	struct head_address at;
	struct ferry_error err = {0};

	if (!def->address) {
		retire(l);
		return 0;
	}
	if (!supervise_tokens(l->api->s)) {
		conf_mistake(mistakes, &def->mark, "'listen': there is no token yet, so nobody could be let in "
			     "('ferryctl token create NAME --role viewer' makes one while the daemon runs "
			     "without 'listen'; then add it and 'ferryctl reload')");
		return -1;
	}
	FERRY_ASSERT(head_address(def->address, &at));
	if (!is_open_as(l, def) && open_at(l, def, &at, &err) < 0) {
		conf_mistake(mistakes, &def->mark, "'address': %s: %s", def->address, err.msg);
		return -1;
	}
	take_hosts(l, def);
	return 0;
}

void listener_disown(struct listener *l, const char *token)
{
	if (l && l->httpd)
		httpd_disown(l->httpd, token);
	if (l && l->old)
		httpd_disown(l->old, token);
}

int listener_new(struct loop *loop, struct api *api, struct listener **ret, struct ferry_error *err)
{
	struct listener *l = ferry_alloc0(1, sizeof *l);

	l->loop = loop;
	l->api = api;
	if (loop_timer(loop, -1, on_drained, l, &l->drain, err) < 0) {
		free(l);
		return -1;
	}
	api->listener = l;
	*ret = l;
	return 0;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	l->api->listener = NULL;
	httpd_free(l->httpd);
	httpd_free(l->old);
	loop_drop(l->drain);
	free(l->address);
	free(l);
}
