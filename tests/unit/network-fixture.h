/* SPDX-License-Identifier: Apache-2.0 */
/* network-fixture.h - a daemon's API on its socket and on TCP, with a token of each kind. */
#ifndef FERRY_TESTS_NETWORK_FIXTURE_H
#define FERRY_TESTS_NETWORK_FIXTURE_H

#include "api-fixture.h"

#define SECOND ((int64_t)1000000)
#define V1 "/api/v1"
#define TRIGGER V1 "/syncs/a-ok/trigger"

enum { VALID_VIEWER, VALID_ADMIN, EXPIRED, REVOKED, TOKENS };

/* A daemon on a socket and on TCP, with tokens of each kind. */
struct net {
	struct served s;		/* first: the fixtures know it as that */
	struct listener *listener;
	int port;
	char tokens[TOKENS][100];
	int64_t audited;		/* entries from making all this */
};

/* As setup and teardown of a test; *state is a struct net. */
int net_setup(void **state);
int net_teardown(void **state);
/* Everything; more: further keys of `listen:`, ", key: value". The one that expires has when it returns. */
void net_open(struct net *n, const char *more);
void net_token(struct net *n, int i, const char *name, bool admin, int64_t life);

/* A connection to the TCP listener. */
int net_dial(const struct net *n);
/* Whether an answer's head is there, or the end; ctx is a struct exchange. */
bool net_has_head(struct fixture *f, void *ctx);
/* The status of the answer; 0: the connection was closed without one. ~ in the text is the port. */
int net_ask(struct net *n, const char *request, struct buf *ret_raw);
/* authorization: the header's value; NULL: without it. ret_raw may be NULL. */
int net_call(struct net *n, const char *method, const char *path, const char *authorization, struct buf *ret_raw);
int net_call_as(struct net *n, const char *method, const char *path, const char *token, struct buf *ret_raw);

#endif
