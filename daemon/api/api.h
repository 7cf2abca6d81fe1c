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

/*
 * What stands in the last four makes the OpenAPI document (openapi.h has the names that can be used):
 *   query   names of parameters, with blanks between them; NULL: none
 *   body    the schema of the JSON body; NULL: there is none
 *   answer  "Run"; "[Run]" a list in pages; "Run[]" all at once; statuses other than 200 in front, as in
 *           "202 Queued"; or another content type than JSON, as in "text/event-stream"
 */
struct api_route {
	const char *method, *pattern;	/* "{...}" takes one part of the path */
	enum api_role role;		/* the least that is let in */
	int (*fn)(struct call *c, struct ferry_error *err);
	const char *summary, *query, *body, *answer;
};
/* The whole table; ends with method == NULL. */
const struct api_route *api_routes(void);

struct api *api_new(struct supervisor *s, const char *version);
void api_free(struct api *api);

/* A httpd_handler; ctx is a struct api. */
void api_handle(void *ctx, const struct httpd_request *req, struct httpd_reply *reply);
/* For httpd_setup's head: leaves the reply alone when api_handle may be asked. */
void api_head(void *ctx, const struct httpd_request *req, struct httpd_reply *reply);

/* The listener on TCP; nothing is open before listener_follow, which is a supervise_follow_fn. */
struct listener;
int listener_new(struct loop *loop, struct api *api, struct listener **ret, struct ferry_error *err);
void listener_free(struct listener *listener);
int listener_follow(void *ctx, const struct generation *g, struct conf_mistakes *mistakes);
/* Cut what a token has under way. NULL is fine. */
void listener_disown(struct listener *listener, const char *token);

/*
 * root, the daemon's own user and members of the admin group are admins, everybody else is a viewer;
 * the kernel's "nobody", whoever that is, has no role. Over TCP that is so for everybody: there a token
 * tells the role.
 */
enum api_role api_role(struct api *api, const struct httpd_request *req);

#endif
