/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate.h - what stands before the routes: whether a request comes from where it should, who asks, and
 * the TCP listener with the names it answers to. Inside api.
 */
#ifndef FERRY_API_GATE_H
#define FERRY_API_GATE_H

#include "api/api.h"

/* Who asks. */
struct caller {
	enum api_role role;
	int64_t uid;			/* -1: a token */
	char name[160];			/* "" until caller_actor is asked, on a Unix socket */
};
/*
 * 0; or the status of the answer (401, 429), with the error and the answer's header, for who shows no
 * token that is good. On a Unix socket everybody is somebody.
 */
int caller_find(struct api *api, const struct httpd_request *req, struct caller *ret,
		struct httpd_reply *reply, struct ferry_error *err);
struct supervise_actor caller_actor(struct caller *caller);

/* 0, or the status of the answer to a request that a page of somebody else, or its name server, has sent. */
int guard_origin(const struct api *api, const struct httpd_request *req, struct ferry_error *err);
/* The same for a body that does not say that it is JSON. */
int guard_body(const struct httpd_request *req, struct ferry_error *err);

/* Whether the listener answers to that name. */
bool listener_knows(const struct listener *l, const struct head_host *host);

#endif
