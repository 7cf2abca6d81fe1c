/* SPDX-License-Identifier: Apache-2.0 */
/* who.c - who asks: on the Unix socket the kernel tells, over TCP a token does. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/call.h"
#include "api/gate.h"
#include "base/clock.h"
#include "base/log.h"

#define GUESSES_MAX 10			/* wrong tokens a minute from one address; after that nobody looks */

/* -------------------------------------------------------------- on the Unix socket */

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
	if (req->peer || req->uid == HTTPD_NOBODY)
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

struct supervise_actor caller_actor(struct caller *c)
{
	const struct passwd *pw = *c->name ? NULL : getpwuid((uid_t)c->uid);

	if (pw)
		snprintf(c->name, sizeof c->name, "uid %lld (%s)", (long long)c->uid, pw->pw_name);
	else if (!*c->name)
		snprintf(c->name, sizeof c->name, "uid %lld", (long long)c->uid);
	return (struct supervise_actor){c->uid, c->name};
}

/* ------------------------------------------------------------------------ over TCP */

static int ask_for_token(struct httpd_reply *reply, bool shown)
{
	reply->header = "WWW-Authenticate";
	snprintf(reply->header_value, sizeof reply->header_value, "Bearer realm=\"ferry\"%s",
		 shown ? ", error=\"invalid_token\"" : "");
	return 401;
}

/* Guessing 256 bits leads nowhere; it shall not keep the daemon busy or fill its log either. */
static int refuse_token(struct api *api, const struct httpd_request *req, struct caller *c,
			struct httpd_reply *reply, struct ferry_error *err)
{
	struct supervise_actor actor = caller_actor(c);

	if (!quota_take(&api->guesses, req->peer, GUESSES_MAX, clock_mono(), NULL)) {
		ferry_fail(err, FERRY_E_DENIED, "too many wrong tokens came from %s", req->peer);
		ferry_hint(err, "Wait a minute.");
		reply->header = "Retry-After";
		snprintf(reply->header_value, sizeof reply->header_value, "60");
		return 429;
	}
	if (supervise_audit_refused(api->s, &actor, "authenticate", req->path, err))
		log_warn("refused: %s: %s", c->name, err->msg);
	return ask_for_token(reply, true);
}

static int take_token(struct api *api, const struct httpd_request *req, const char *text, struct caller *c,
		      struct httpd_reply *reply, struct ferry_error *err)
{
	struct supervise_token token;
	char ended[CLOCK_TEXT];

	if (!text || !supervise_token_use(api->s, text, &token)) {
		ferry_fail(err, FERRY_E_DENIED, "%s", text ? "there is no such token (or no more)"
			   : "the Authorization header must be 'Bearer TOKEN'");
		ferry_hint(err, "'ferryctl token create NAME --role viewer' makes a new one.");
		return refuse_token(api, req, c, reply, err);
	}
	snprintf(c->name, sizeof c->name, "token %s (%s)", token.name, req->peer);
	if (token.expired) {
		clock_format(token.expires_at, ended);
		ferry_fail(err, FERRY_E_DENIED, "the token '%s' has expired (%s)", token.name, ended);
		ferry_hint(err, "'ferryctl token revoke %s', then 'ferryctl token create %s --role %s'.",
			   token.name, token.name, token.admin ? "admin" : "viewer");
		return refuse_token(api, req, c, reply, err);
	}
	c->role = token.admin ? API_ADMIN : API_VIEWER;
	httpd_owned(req, token.name, token.expires_at);
	return 0;
}

int caller_find(struct api *api, const struct httpd_request *req, struct caller *ret,
		struct httpd_reply *reply, struct ferry_error *err)
{
	const char *value;

	*ret = (struct caller){.role = api_role(api, req), .uid = req->uid};
	if (!req->peer)
		return 0;
	ret->uid = -1;
	snprintf(ret->name, sizeof ret->name, "unknown (%s)", req->peer);
	if (httpd_header_count(req, "Authorization", &value))
		return take_token(api, req, head_bearer(value), ret, reply, err);
	ferry_fail(err, FERRY_E_DENIED, "a token is needed here");
	ferry_hint(err, "Send 'Authorization: Bearer TOKEN'; 'ferryctl token create NAME --role viewer' makes one.");
	return ask_for_token(reply, false);
}
