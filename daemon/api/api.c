/* SPDX-License-Identifier: Apache-2.0 */
/* api.c - who may call what. */
#include "api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/gate.h"
#include "api/events.h"
#include "base/log.h"

#define V1 "/api/v1"

static const struct api_route routes[] = {
	{"GET", "/healthz", API_VIEWER, handle_healthz,
		"how the daemon is, for a load balancer or a watchdog", NULL, NULL, "200 503 Health"},
	{"GET", V1 "/status", API_VIEWER, handle_status,
		"the daemon: version, configuration, how many runs", NULL, NULL, "Status"},
	{"GET", V1 "/syncs", API_VIEWER, handle_syncs,
		"each sync, its last run and its next", "page per_page sync_sort", NULL, "[Sync]"},
	{"GET", V1 "/syncs/{s}", API_VIEWER, handle_sync,
		"one sync", NULL, NULL, "Sync"},
	{"GET", V1 "/syncs/{s}/runs", API_VIEWER, handle_sync_runs,
		"a sync's runs, the newest first", "page per_page run_status from to", NULL, "[Run]"},
	{"GET", V1 "/syncs/{s}/history", API_VIEWER, handle_history,
		"what runs decided for one record, the newest first", "record_key segment per_page before", NULL, "History"},
	{"GET", V1 "/syncs/{s}/health", API_VIEWER, handle_sync_health,
		"a sync's score, and how it came about", NULL, NULL, "SyncHealth"},
	{"GET", V1 "/syncs/{s}/trends", API_VIEWER, handle_trends,
		"a sync's days, totals, and which days stand out", "days", NULL, "Trends"},
	{"POST", V1 "/syncs/{s}/trigger", API_ADMIN, handle_trigger,
		"queue a run", NULL, "Trigger", "202 Queued"},
	{"POST", V1 "/syncs/{s}/pause", API_ADMIN, handle_pause,
		"stop a sync's schedule from starting runs", NULL, "Nothing", "Sync"},
	{"POST", V1 "/syncs/{s}/resume", API_ADMIN, handle_resume,
		"let a sync's schedule start runs again", NULL, "Nothing", "Sync"},
	{"POST", V1 "/syncs/{s}/pin", API_ADMIN, handle_pin,
		"hold an adaptive schedule in a tier", NULL, "Pin", "Sync"},
	{"POST", V1 "/syncs/{s}/unpin", API_ADMIN, handle_unpin,
		"end a pin: the sync's runs decide on its tier again", NULL, "Nothing", "Sync"},
	{"GET", V1 "/health/syncs", API_VIEWER, handle_health_syncs,
		"each sync's score; totals of all together", "page per_page", NULL, "SyncsHealth"},
	{"GET", V1 "/runs", API_VIEWER, handle_runs,
		"runs of all syncs, the newest first", "page per_page sync run_status from to", NULL, "[Run]"},
	{"GET", V1 "/runs/{id}", API_VIEWER, handle_run,
		"one run, with its segments and stages", NULL, NULL, "Run"},
	{"GET", V1 "/runs/{id}/errors", API_VIEWER, handle_run_errors,
		"the rows that failed, and why", "page per_page segment after", NULL, "[RowError]"},
	{"GET", V1 "/runs/{id}/logs", API_VIEWER, handle_run_logs,
		"what a run said, the oldest first", "page per_page segment after", NULL, "[LogLine]"},
	{"GET", V1 "/runs/{id}/plan", API_VIEWER, handle_run_plan,
		"what a run decided for each record", "page per_page segment decision key", NULL, "[Decision]"},
	{"GET", V1 "/runs/{id}/records", API_VIEWER, handle_run_records,
		"the raw records of a run that has only extracted", "page per_page segment", NULL, "[RawRecord]"},
	{"POST", V1 "/runs/{id}/retry", API_ADMIN, handle_retry,
		"queue a new run with the options of this one", NULL, NULL, "202 Queued"},
	{"POST", V1 "/runs/{id}/cancel", API_ADMIN, handle_cancel,
		"end a run after the batch under way", NULL, NULL, "202 Cancelled"},
	{"POST", V1 "/runs/{id}/promote", API_ADMIN, handle_promote,
		"queue a run that carries out the plan of this one", NULL, "Promote", "202 Queued"},
	{"GET", V1 "/problems", API_VIEWER, handle_problems,
		"records that wait for a person, the newest first", "page per_page sync segment group problem_status",
		NULL, "[Problem]"},
	{"GET", V1 "/problems/{id}", API_VIEWER, handle_problem,
		"one problem", NULL, NULL, "Problem"},
	{"POST", V1 "/problems/resolve", API_ADMIN, handle_resolve_all,
		"ignore or retry all open ones of a sync", NULL, "ResolveAll", "Resolved"},
	{"POST", V1 "/problems/{id}/resolve", API_ADMIN, handle_resolve,
		"say what is to be done with a problem", NULL, "Resolve", "Problem"},
	{"GET", V1 "/events", API_VIEWER, handle_events,
		"what happens, as server-sent events", "run sync types", NULL, "text/event-stream"},
	{"GET", "/metrics", API_VIEWER, handle_metrics,
		"numbers for monitoring, as OpenMetrics or Prometheus text", NULL, NULL, "text/plain"},
	{"GET", V1 "/schema/{kind}", API_VIEWER, handle_schema,
		"the JSON Schema of a kind of configuration file, for editors", NULL, NULL, "object"},
	{"GET", V1 "/openapi.json", API_VIEWER, handle_openapi,
		"this interface as an OpenAPI document", NULL, NULL, "object"},
	{"POST", V1 "/reload", API_ADMIN, handle_reload,
		"read the configuration again, and take it if all of it is right", NULL, NULL, "Reloaded"},
	{"GET", V1 "/connectors", API_VIEWER, handle_connectors,
		"what connectors there are, with their settings and fields", NULL, NULL, "Connector[]"},
	{"GET", V1 "/connectors/{name}", API_VIEWER, handle_connector,
		"one connector", NULL, NULL, "Connector"},
	{"GET", V1 "/connections", API_VIEWER, handle_connections,
		"connections, and the syncs that use them", "page per_page", NULL, "[Connection]"},
	{"POST", V1 "/connections/{name}/test", API_ADMIN, handle_connection_test,
		"see whether a connection works", NULL, NULL, "Test"},
	{"GET", V1 "/retention", API_VIEWER, handle_retention,
		"what would be taken away now", NULL, NULL, "Retention"},
	{"POST", V1 "/retention", API_ADMIN, handle_retention_now,
		"take away now what is past its time", NULL, "RetentionWish", "Retention"},
	{"POST", V1 "/backup", API_ADMIN, handle_backup,
		"copy the state to a folder of the daemon's machine; on the daemon's own socket only", NULL,
		"BackupWish", "Backup"},
	{"GET", V1 "/doctor", API_VIEWER, handle_doctor,
		"what the daemon sees of its own surroundings", NULL, NULL, "Doctor"},
	{"GET", V1 "/notifications", API_VIEWER, handle_notifications,
		"what was told to whom, the newest first", "page per_page notification_status", NULL, "[Notification]"},
	{"GET", V1 "/notifications/targets", API_VIEWER, handle_notification_targets,
		"whom notifications can go to", "page per_page", NULL, "[NotificationTarget]"},
	{"POST", V1 "/notifications/{name}/test", API_ADMIN, handle_notification_test,
		"send a test message to a target", NULL, NULL, "NotificationTest"},
	{"GET", V1 "/errors/{code}", API_VIEWER, handle_error_code,
		"what an error code means", NULL, NULL, "ErrorCode"},
	{"GET", V1 "/reasons/{code}", API_VIEWER, handle_reason_code,
		"what a reason code means", NULL, NULL, "ReasonCode"},
	{"GET", V1 "/audit", API_VIEWER, handle_audit,
		"who changed what, the newest first", "page per_page actor action at_from at_to entries_before", NULL, "Audit"},
	{"GET", V1 "/tokens", API_ADMIN, handle_tokens,
		"the tokens of clients over TCP, without their secrets", "page per_page", NULL, "[Token]"},
	{"POST", V1 "/tokens/create", API_ADMIN, handle_token_create,
		"make a token; this answer alone shows it", NULL, "TokenWish", "201 NewToken"},
	{"POST", V1 "/tokens/{name}/revoke", API_ADMIN, handle_token_revoke,
		"end a token at once", NULL, "Nothing", "RevokedToken"},
	{0},
};

const struct api_route *api_routes(void)
{
	return routes;
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

/* A head is asked for as its body is. */
static bool is_for(const struct api_route *r, const char *method)
{
	bool head = strcmp(method, "HEAD") == 0 && !strstr(r->answer, "event-stream");
	return strcmp(r->method, head ? "GET" : method) == 0;
}

/* The route; NULL with what methods there are for that path, or none. */
static const struct api_route *find_route(const char *method, const char *path, char **ret_arg,
					  struct buf *others)
{
	for (const struct api_route *r = routes; r->method; r++) {
		char *arg = NULL;
		if (!fits(r->pattern, path, &arg))
			continue;
		if (is_for(r, method)) {
			*ret_arg = arg;
			return r;
		}
		free(arg);
		buf_addf(others, "%s%s", others->len ? ", " : "", r->method);
		if (is_for(r, "HEAD"))
			buf_adds(others, ", HEAD");
	}
	return NULL;
}

/* ------------------------------------------------------------------ whether it may */

/* A request that has come through. */
struct asked {
	const struct api_route *route;
	char *arg;
	struct caller caller;
};

static bool changes(const struct api_route *route)
{
	return strcmp(route->method, "GET") != 0;
}

static const char *action_of(const struct api_route *route)
{
	return strrchr(route->pattern, '/') + 1;
}

static int no_route(const struct httpd_request *req, const struct buf *others, struct httpd_reply *reply,
		    struct ferry_error *err)
{
	if (!others->len) {
		ferry_fail(err, FERRY_E_NOT_FOUND, "there is no %s", req->path);
		return 404;
	}
	reply->header = "Allow";
	snprintf(reply->header_value, sizeof reply->header_value, "%s", others->s);
	ferry_fail(err, FERRY_E_USAGE, "%s cannot be done with %s (allowed: %s)", req->method, req->path,
		   others->s);
	return 405;
}

static int deny(struct api *api, struct asked *a, const struct httpd_request *req, struct ferry_error *err)
{
	struct supervise_actor actor = caller_actor(&a->caller);

	ferry_fail(err, FERRY_E_DENIED, "%s %s is not for %s", req->method, req->path, actor.name);
	if (req->peer)
		ferry_hint(err, "It takes a token with the role admin: 'ferryctl token create NAME --role admin'.");
	if (a->route && changes(a->route) &&
	    supervise_audit_refused(api->s, &actor, action_of(a->route), req->path, err))
		log_warn("refused: %s", err->msg);
	return 403;
}

/* 0, or the answer's status with the error. */
static int check(struct api *api, const struct httpd_request *req, struct asked *a, struct httpd_reply *reply,
		 struct ferry_error *err)
{
	struct buf others = BUF_INIT;
	int status = guard_origin(api, req, err);

	if (!status)
		status = caller_find(api, req, &a->caller, reply, err);
	if (status)
		return status;
	a->route = find_route(req->method, req->path, &a->arg, &others);
	if (a->caller.role == API_NONE || (a->route && a->caller.role < a->route->role))
		status = deny(api, a, req, err);
	else if (!a->route)
		status = no_route(req, &others, reply, err);
	else if (req->peer)
		status = guard_body(req, err);
	buf_release(&others);
	return status;
}

/* A change that was allowed but could not be done is in the audit too. */
static void audit_failed(struct call *c, const struct api_route *route, const struct ferry_error *err)
{
	if (err->code != FERRY_E_USAGE && err->code != FERRY_E_NOT_FOUND)
		supervise_audit_refused(c->s, &c->actor, action_of(route), c->req->path, err);
}

static void run_route(struct api *api, struct asked *a, const struct httpd_request *req,
		      struct httpd_reply *reply)
{
	struct ferry_error err = {0};
	struct call c = {.api = api, .s = api->s, .req = req, .reply = reply, .arg = a->arg};

	if (changes(a->route))
		c.actor = caller_actor(&a->caller);
	reply->status = 200;
	if (a->route->fn(&c, &err) == 0)
		return;
	if (changes(a->route))
		audit_failed(&c, a->route, &err);
	reply_error(reply, ferry_code_info(err.code)->http, &err, NULL);
}

void api_head(void *ctx, const struct httpd_request *req, struct httpd_reply *reply)
{
	struct ferry_error err = {0};
	struct asked a = {0};
	int status = check(ctx, req, &a, reply, &err);

	if (status)
		reply_error(reply, status, &err, NULL);
	free(a.arg);
}

void api_handle(void *ctx, const struct httpd_request *req, struct httpd_reply *reply)
{
	struct ferry_error err = {0};
	struct asked a = {0};
	int status = check(ctx, req, &a, reply, &err);

	if (status)
		reply_error(reply, status, &err, NULL);
	else
		run_route(ctx, &a, req, reply);
	free(a.arg);
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
	if (api)
		events_free(api->events);
	free(api);
}
