/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - what the files of api/ share: one call, its parameters and its answer. */
#ifndef FERRY_API_CALL_H
#define FERRY_API_CALL_H

#include "api/api.h"
#include "base/quota.h"
#include "wire/json.h"

#define CALL_PER_PAGE_MAX 100

struct api {
	struct supervisor *s;
	struct events *events;		/* NULL until somebody follows them */
	const char *version;
	int64_t generation;		/* admin_gid was looked up for */
	gid_t admin_gid;
	bool has_admin_gid;
	struct listener *listener;	/* NULL: none */
	struct quota guesses;		/* wrong tokens, by address */
};

struct call {
	struct api *api;
	struct supervisor *s;
	const struct httpd_request *req;
	struct httpd_reply *reply;	/* status is 200 until said otherwise */
	char *arg;			/* what stood in the pattern's braces; NULL */
	struct supervise_actor actor;	/* of calls that change something */
};

/* ---- params.c: what was asked, checked; USAGE or NOT_FOUND */

struct page {
	int64_t page, per_page, skip;
};
int call_page(const struct call *c, struct page *ret, struct ferry_error *err);
/* A number from 0 on; `none` when it is not given. */
int call_int(const struct call *c, const char *name, int64_t none, int64_t *ret,
	     struct ferry_error *err);
/* The run's number in the path. */
int call_run(const struct call *c, int64_t *ret, struct ferry_error *err);
/* A moment; a bare date as the end of a span means that day's end. */
int call_time(const struct call *c, const char *name, bool end, int64_t *ret,
	      struct ferry_error *err);
/* The problem's number in the path. */
int call_problem(const struct call *c, int64_t *ret, struct ferry_error *err);
/* A time to come, as one or as a span from now on ("30d"); name: of the member. */
int call_until(const char *name, const char *text, int64_t *ret, struct ferry_error *err);

struct member {
	const char *name;
	enum { MEMBER_FLAG, MEMBER_COUNT, MEMBER_TEXT } kind;
	void *value;			/* a bool, an int64_t from 0 on, a const char * */
};
/*
 * The JSON object in the body, whose members must all be among `members` (ends with name NULL). What is
 * absent, or a text that is null, leaves its value as it was. Texts live in *ret_doc, to be freed.
 */
int call_body(const struct call *c, const struct member *members, struct json_doc **ret_doc,
	      struct ferry_error *err);

/* ---- reply.c */

/* {"error":{code, message, hint}}; the members of `issues` are put in when it is not NULL. */
void reply_error(struct httpd_reply *reply, int status, const struct ferry_error *err,
		 const struct conf_mistakes *issues);
/* {"data":[ items ],"pagination":{...}} */
void reply_list(struct call *c, const struct buf *items, const struct page *page, int64_t total);
/* The same where one call may not look at all there is: what to give as 'before' next; 0: that was all. */
void reply_list_before(struct call *c, const struct buf *items, const struct page *page, int64_t total,
		       int64_t next_before);

/* ---- handlers */

int handle_status(struct call *c, struct ferry_error *err);
int handle_reload(struct call *c, struct ferry_error *err);
int handle_connectors(struct call *c, struct ferry_error *err);
int handle_connector(struct call *c, struct ferry_error *err);
int handle_error_code(struct call *c, struct ferry_error *err);
int handle_reason_code(struct call *c, struct ferry_error *err);
int handle_audit(struct call *c, struct ferry_error *err);

int handle_healthz(struct call *c, struct ferry_error *err);
int handle_health_syncs(struct call *c, struct ferry_error *err);
int handle_sync_health(struct call *c, struct ferry_error *err);
int handle_trends(struct call *c, struct ferry_error *err);

int handle_openapi(struct call *c, struct ferry_error *err);
int handle_schema(struct call *c, struct ferry_error *err);
int handle_metrics(struct call *c, struct ferry_error *err);
int handle_events(struct call *c, struct ferry_error *err);

int handle_doctor(struct call *c, struct ferry_error *err);

int handle_retention(struct call *c, struct ferry_error *err);
int handle_retention_now(struct call *c, struct ferry_error *err);
int handle_backup(struct call *c, struct ferry_error *err);

int handle_notifications(struct call *c, struct ferry_error *err);
int handle_notification_targets(struct call *c, struct ferry_error *err);
int handle_notification_test(struct call *c, struct ferry_error *err);

int handle_connections(struct call *c, struct ferry_error *err);
int handle_connection_test(struct call *c, struct ferry_error *err);

int handle_syncs(struct call *c, struct ferry_error *err);
int handle_sync(struct call *c, struct ferry_error *err);
int handle_sync_runs(struct call *c, struct ferry_error *err);
int handle_trigger(struct call *c, struct ferry_error *err);
int handle_pause(struct call *c, struct ferry_error *err);
int handle_resume(struct call *c, struct ferry_error *err);
int handle_pin(struct call *c, struct ferry_error *err);
int handle_unpin(struct call *c, struct ferry_error *err);
int handle_history(struct call *c, struct ferry_error *err);

int handle_runs(struct call *c, struct ferry_error *err);
int handle_run(struct call *c, struct ferry_error *err);
int handle_run_errors(struct call *c, struct ferry_error *err);
int handle_run_logs(struct call *c, struct ferry_error *err);
int handle_run_plan(struct call *c, struct ferry_error *err);
int handle_run_records(struct call *c, struct ferry_error *err);
int handle_retry(struct call *c, struct ferry_error *err);
int handle_promote(struct call *c, struct ferry_error *err);
int handle_cancel(struct call *c, struct ferry_error *err);

int handle_tokens(struct call *c, struct ferry_error *err);
int handle_token_create(struct call *c, struct ferry_error *err);
int handle_token_revoke(struct call *c, struct ferry_error *err);

int handle_problems(struct call *c, struct ferry_error *err);
int handle_problem(struct call *c, struct ferry_error *err);
int handle_resolve(struct call *c, struct ferry_error *err);
int handle_resolve_all(struct call *c, struct ferry_error *err);

/* There is a sync of that name, or there are runs of one that was. */
int call_known_sync(const struct call *c, const char *name, struct ferry_error *err);
/* One page of runs, of one sync or (NULL) of all. */
int list_runs(struct call *c, const char *sync, struct ferry_error *err);
/* 202 with the run's id. */
void reply_queued(struct call *c, int64_t id, bool coalesced);

#endif
