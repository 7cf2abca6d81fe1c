/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - the HTTP API: one table of routes and roles, default deny. Asks the supervisor, decides
 * nothing itself.
 */
#ifndef FERRY_API_API_H
#define FERRY_API_API_H

#include "supervise/supervise.h"
#include "wire/httpd.h"

enum api_role { API_NONE, API_VIEWER, API_ADMIN };

struct api;
struct call;

struct api_route {
	const char *method, *pattern;	/* "{...}" takes one part of the path */
	enum api_role role;		/* the least that is let in */
	int (*fn)(struct call *c, struct ferry_error *err);
};
/* The whole table; ends with method == NULL. */
const struct api_route *api_routes(void);

struct api *api_new(struct supervisor *s, const char *version);
void api_free(struct api *api);

/* A httpd_handler; ctx is a struct api. */
void api_handle(void *ctx, const struct httpd_request *req, struct httpd_reply *reply);

/*
 * root, the daemon's own user and members of the admin group are admins, everybody else is a viewer;
 * the kernel's "nobody", whoever that is, has no role.
 */
enum api_role api_role(struct api *api, const struct httpd_request *req);

#endif
