/* SPDX-License-Identifier: Apache-2.0 */
/* api.c - who may call what. */
#include "api/api.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/call.h"
#include "base/log.h"

#define V1 "/api/v1"

static const struct api_route routes[] = {
	{"GET", "/healthz", API_VIEWER, handle_healthz},
	{"GET", V1 "/status", API_VIEWER, handle_status},
	{"GET", V1 "/syncs", API_VIEWER, handle_syncs},
	{"GET", V1 "/syncs/{s}", API_VIEWER, handle_sync},
	{"GET", V1 "/syncs/{s}/runs", API_VIEWER, handle_sync_runs},
	{"GET", V1 "/syncs/{s}/history", API_VIEWER, handle_history},
	{"POST", V1 "/syncs/{s}/trigger", API_ADMIN, handle_trigger},
	{"POST", V1 "/syncs/{s}/pause", API_ADMIN, handle_pause},
	{"POST", V1 "/syncs/{s}/resume", API_ADMIN, handle_resume},
	{"POST", V1 "/syncs/{s}/pin", API_ADMIN, handle_pin},
	{"POST", V1 "/syncs/{s}/unpin", API_ADMIN, handle_unpin},
	{"GET", V1 "/runs", API_VIEWER, handle_runs},
	{"GET", V1 "/runs/{id}", API_VIEWER, handle_run},
	{"GET", V1 "/runs/{id}/errors", API_VIEWER, handle_run_errors},
	{"GET", V1 "/runs/{id}/logs", API_VIEWER, handle_run_logs},
	{"GET", V1 "/runs/{id}/plan", API_VIEWER, handle_run_plan},
	{"GET", V1 "/runs/{id}/records", API_VIEWER, handle_run_records},
	{"POST", V1 "/runs/{id}/retry", API_ADMIN, handle_retry},
	{"POST", V1 "/runs/{id}/cancel", API_ADMIN, handle_cancel},
	{"POST", V1 "/runs/{id}/promote", API_ADMIN, handle_promote},
	{"GET", V1 "/problems", API_VIEWER, handle_problems},
	{"GET", V1 "/problems/{id}", API_VIEWER, handle_problem},
	{"POST", V1 "/problems/resolve", API_ADMIN, handle_resolve_all},
	{"POST", V1 "/problems/{id}/resolve", API_ADMIN, handle_resolve},
	{"POST", V1 "/reload", API_ADMIN, handle_reload},
	{"GET", V1 "/connectors", API_VIEWER, handle_connectors},
	{"GET", V1 "/connectors/{name}", API_VIEWER, handle_connector},
	{"GET", V1 "/connections", API_VIEWER, handle_connections},
	{"POST", V1 "/connections/{name}/test", API_ADMIN, handle_connection_test},
	{"GET", V1 "/errors/{code}", API_VIEWER, handle_error_code},
	{"GET", V1 "/reasons/{code}", API_VIEWER, handle_reason_code},
	{"GET", V1 "/audit", API_VIEWER, handle_audit},
	{NULL, NULL, API_NONE, NULL},
};

const struct api_route *api_routes(void)
{
	return routes;
}

/* ------------------------------------------------------------------ who it is */

/* The group's number, looked up again when the configuration has changed. */
static void find_admin_group(struct api *api)
{
	struct supervise_status status;

	supervise_status(api->s, &status);
	if (api->generation == status.generation)
		return;
	api->generation = status.generation;
	const char *name = supervise_settings(api->s)->admin_group;
	const struct group *g = name ? getgrnam(name) : NULL;
	api->has_admin_gid = g && g->gr_gid != HTTPD_NOBODY;
	api->admin_gid = g ? g->gr_gid : 0;
}

enum api_role api_role(struct api *api, const struct httpd_request *req)
{
	if (req->uid == HTTPD_NOBODY)
		return API_NONE;
	if (req->uid == 0 || req->uid == geteuid())
		return API_ADMIN;
	find_admin_group(api);
	if (!api->has_admin_gid)
		return API_VIEWER;
	if (req->gid == api->admin_gid)
		return API_ADMIN;
	for (size_t i = 0; i < req->n_groups; i++)
		if (req->groups[i] == api->admin_gid)
			return API_ADMIN;
	return API_VIEWER;
}

static char *actor_name(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);
	return pw ? ferry_asprintf("uid %u (%s)", (unsigned)uid, pw->pw_name)
		: ferry_asprintf("uid %u", (unsigned)uid);
}

/* ------------------------------------------------------------------ what it is */

/* Does the path fit? *ret_arg: what stands in the braces, to be freed. */
static bool fits(const char *pattern, const char *path, char **ret_arg)
{
	char *arg = NULL;

	while (*pattern && *path) {
		if (*pattern == '{' && !arg) {
			size_t n = strcspn(path, "/");
			if (!n)
				return false;
			arg = ferry_strndup(path, n);
			path += n;
			pattern = strchr(pattern, '}') + 1;
		} else if (*pattern++ != *path++) {
			free(arg);
			return false;
		}
	}
	if (*pattern || *path) {
		free(arg);
		return false;
	}
	*ret_arg = arg;
	return true;
}

/* The route; NULL with *ret_known when only the method is wrong. */
static const struct api_route *find_route(const char *method, const char *path, char **ret_arg,
					  bool *ret_known)
{
	*ret_known = false;
	for (const struct api_route *r = routes; r->method; r++) {
		char *arg = NULL;
		if (!fits(r->pattern, path, &arg))
			continue;
		if (strcmp(r->method, method) == 0) {
			*ret_arg = arg;
			return r;
		}
		*ret_known = true;
		free(arg);
	}
	return NULL;
}

static void refuse(struct httpd_reply *reply, const struct ferry_error *err)
{
	reply_error(reply, ferry_code_info(err->code)->http, err, NULL);
}

/* A change that was allowed but could not be done is in the audit too. */
static void audit_failed(struct call *c, const struct api_route *route,
			 const struct ferry_error *err)
{
	if (err->code == FERRY_E_USAGE || err->code == FERRY_E_NOT_FOUND)
		return;
	supervise_audit_refused(c->s, &c->actor, strrchr(route->pattern, '/') + 1, c->req->path,
				err);
}

static void run_route(struct api *api, const struct api_route *route, char *arg,
		      const struct httpd_request *req, struct httpd_reply *reply)
{
	struct ferry_error err = {0};
	struct call c = {.api = api, .s = api->s, .req = req, .reply = reply, .arg = arg};
	bool changes = route->role == API_ADMIN;
	char *who = changes ? actor_name(req->uid) : NULL;

	c.actor = (struct supervise_actor){req->uid, who};
	reply->status = 200;
	if (route->fn(&c, &err) < 0) {
		if (changes)
			audit_failed(&c, route, &err);
		refuse(reply, &err);
	}
	free(who);
}

void api_handle(void *ctx, const struct httpd_request *req, struct httpd_reply *reply)
{
	struct api *api = ctx;
	struct ferry_error err = {0};
	enum api_role role = api_role(api, req);
	char *arg = NULL;
	bool known;

	const struct api_route *route = find_route(req->method, req->path, &arg, &known);
	if (role == API_NONE || (route && role < route->role)) {
		ferry_fail(&err, FERRY_E_DENIED, "%s %s is not for uid %u", req->method, req->path,
			   (unsigned)req->uid);
		if (route && route->role == API_ADMIN)
			log_warn("refused: %s", err.msg);
		refuse(reply, &err);
	} else if (route) {
		run_route(api, route, arg, req, reply);
	} else if (known) {
		ferry_fail(&err, FERRY_E_USAGE, "%s cannot be done with %s", req->method,
			   req->path);
		reply_error(reply, 405, &err, NULL);
	} else {
		ferry_fail(&err, FERRY_E_NOT_FOUND, "there is no %s", req->path);
		refuse(reply, &err);
	}
	free(arg);
}

struct api *api_new(struct supervisor *s, const char *version)
{
	struct api *api = ferry_alloc0(1, sizeof *api);

	api->s = s;
	api->version = version;
	return api;
}

void api_free(struct api *api)
{
	free(api);
}
