/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-roles.c - who is let in: every route by every kind of caller, on the socket and over TCP; and the
 * tokens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "network-fixture.h"

/* --------------------------------------------------------------------- route x role */

/*
 * What each route is: read by viewers, changed by admins, changed by admins on the socket only, or read by
 * admins only; and the class of its answer to who is let in, for a name or number that is not there and
 * without a body.
 */
static const struct expected {
	const char *method, *pattern;
	enum { READ, CHANGE, LOCAL, SECRET } kind;
	int class;
} table[] = {
	{"GET", "/healthz", READ, 2},
	{"GET", "/metrics", READ, 2},
	{"GET", V1 "/status", READ, 2},
	{"GET", V1 "/syncs", READ, 2},
	{"GET", V1 "/syncs/{s}", READ, 4},
	{"GET", V1 "/syncs/{s}/runs", READ, 4},
	{"GET", V1 "/syncs/{s}/history", READ, 4},
	{"GET", V1 "/syncs/{s}/health", READ, 4},
	{"GET", V1 "/syncs/{s}/trends", READ, 4},
	{"POST", V1 "/syncs/{s}/trigger", CHANGE, 4},
	{"POST", V1 "/syncs/{s}/pause", CHANGE, 4},
	{"POST", V1 "/syncs/{s}/resume", CHANGE, 4},
	{"POST", V1 "/syncs/{s}/pin", CHANGE, 4},
	{"POST", V1 "/syncs/{s}/unpin", CHANGE, 4},
	{"GET", V1 "/health/syncs", READ, 2},
	{"GET", V1 "/runs", READ, 2},
	{"GET", V1 "/runs/{id}", READ, 4},
	{"GET", V1 "/runs/{id}/errors", READ, 4},
	{"GET", V1 "/runs/{id}/logs", READ, 4},
	{"GET", V1 "/runs/{id}/plan", READ, 4},
	{"GET", V1 "/runs/{id}/records", READ, 4},
	{"POST", V1 "/runs/{id}/retry", CHANGE, 4},
	{"POST", V1 "/runs/{id}/cancel", CHANGE, 4},
	{"POST", V1 "/runs/{id}/promote", CHANGE, 4},
	{"GET", V1 "/problems", READ, 2},
	{"GET", V1 "/problems/{id}", READ, 4},
	{"POST", V1 "/problems/resolve", CHANGE, 4},
	{"POST", V1 "/problems/{id}/resolve", CHANGE, 4},
	{"GET", V1 "/events", READ, 2},
	{"GET", V1 "/openapi.json", READ, 2},
	{"GET", V1 "/schema/{kind}", READ, 4},
	{"POST", V1 "/reload", CHANGE, 2},
	{"GET", V1 "/connectors", READ, 2},
	{"GET", V1 "/connectors/{name}", READ, 4},
	{"GET", V1 "/connections", READ, 2},
	{"POST", V1 "/connections/{name}/test", CHANGE, 4},
	{"GET", V1 "/retention", READ, 2},
	{"POST", V1 "/retention", CHANGE, 2},
	{"POST", V1 "/backup", LOCAL, 4},
	{"GET", V1 "/doctor", READ, 2},
	{"GET", V1 "/notifications", READ, 2},
	{"GET", V1 "/notifications/targets", READ, 2},
	{"POST", V1 "/notifications/{name}/test", CHANGE, 4},
	{"GET", V1 "/errors/{code}", READ, 4},
	{"GET", V1 "/reasons/{code}", READ, 4},
	{"GET", V1 "/audit", READ, 2},
	{"GET", V1 "/tokens", SECRET, 2},
	{"POST", V1 "/tokens/create", CHANGE, 4},
	{"POST", V1 "/tokens/{name}/revoke", CHANGE, 4},
};

/* A new route needs its row above, so that somebody has thought of who may use it. */
static const struct expected *expected_of(const struct api_route *r)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].method, r->method) == 0 && strcmp(table[i].pattern, r->pattern) == 0)
			return &table[i];
	fail_msg("%s %s is in no row of the table in this test: who may use it?", r->method, r->pattern);
	return NULL;
}

/* A path that fits the pattern. */
static void make_path(const char *pattern, char *out)
{
	for (; *pattern; pattern++) {
		if (*pattern != '{') {
			*out++ = *pattern;
			continue;
		}
		*out++ = '7';
		pattern = strchr(pattern, '}');
	}
	*out = '\0';
}

static void same(const struct api_route *r, const char *who, int want, int found)
{
	if (want != found)
		fail_msg("%s %s for %s: %d, not %d", r->method, r->pattern, who, found, want);
}

/* 0: it is let in. */
static int on_socket(struct api *api, const struct api_route *r, const char *path, uid_t uid, gid_t gid,
		     const gid_t *groups, size_t n_groups)
{
	struct httpd_request req = {
		.method = r->method, .path = path, .body = "", .uid = uid, .gid = gid, .groups = groups,
		.n_groups = n_groups,
	};
	struct httpd_reply reply = {0};

	api_head(api, &req, &reply);
	buf_release(&reply.body);
	return reply.status;
}

static void every_route_on_the_socket(void **state)
{
	struct net *n = *state;
	const struct group *g = getgrnam("daemon");
	gid_t root[] = {0}, member[] = {5, 0};
	char path[128];
	size_t rows = 0;

	net_open(n, "");
	struct api *api = n->s.api;
	for (const struct api_route *r = api_routes(); r->method; r++, rows++) {
		const struct expected *e = expected_of(r);
		int viewer = e->kind == READ ? 0 : 403;
		make_path(r->pattern, path);
		same(r, "nobody, whatever groups he brings", 403, on_socket(api, r, path, HTTPD_NOBODY, 0, root, 1));
		same(r, "anybody", viewer, on_socket(api, r, path, 12345, 12345, NULL, 0));
		same(r, "who is in other groups", viewer, on_socket(api, r, path, 12345, 12345, member, 1));
		same(r, "root", 0, on_socket(api, r, path, 0, 0, NULL, 0));
		same(r, "the daemon's own user", 0, on_socket(api, r, path, geteuid(), 12345, NULL, 0));
		if (!g || !g->gr_gid)
			continue;
		member[1] = g->gr_gid;
		same(r, "a member of the admin group", 0, on_socket(api, r, path, 12345, 12345, member, 2));
		same(r, "one whose own it is", 0, on_socket(api, r, path, 12345, g->gr_gid, NULL, 0));
		/* the way around by another method is none */
		same(&(struct api_route){.method = "DELETE", .pattern = r->pattern}, "anybody", 405,
		     on_socket(api, &(struct api_route){.method = "DELETE"}, path, 12345, 12345, NULL, 0));
	}
	assert_int_equal(rows, sizeof table / sizeof *table);
}

static void every_route_over_tcp(void **state)
{
	struct net *n = *state;
	char path[128], wrong[100];

	net_open(n, "");
	snprintf(wrong, sizeof wrong, "%s", n->tokens[VALID_ADMIN]);
	wrong[strlen(wrong) - 1] ^= 1;
	for (const struct api_route *r = api_routes(); r->method; r++) {
		const struct expected *e = expected_of(r);
		int class = e->class, viewer = e->kind == READ ? class : 403;
		make_path(r->pattern, path);
		same(r, "who shows no token", 401, net_call(n, r->method, path, NULL, NULL));
		int status = net_call_as(n, r->method, path, n->tokens[VALID_VIEWER], NULL);
		same(r, "a viewer's token", viewer, viewer == 403 ? status : status / 100);
		status = net_call_as(n, r->method, path, n->tokens[VALID_ADMIN], NULL);
		same(r, "an admin's token", class, status / 100);
		bool refused = status == 401 || status == 403 || status == 405;
		if (refused != (e->kind == LOCAL))
			same(r, "an admin's token", class * 100, status);
		/* after so many of them they are not even looked at */
		static const char *const kinds[] = {"an expired token", "a revoked token", "a wrong token"};
		const char *bad[] = {n->tokens[EXPIRED], n->tokens[REVOKED], wrong};
		for (int i = 0; i < 3; i++) {
			status = net_call_as(n, r->method, path, bad[i], NULL);
			same(r, kinds[i], 401, status == 429 ? 401 : status);
		}
	}
}

/* --------------------------------------------------------------------------- tokens */

static void tokens_are_kept_as_hashes_across_a_restart(void **state)
{
	struct net *n = *state;
	struct supervise_token token;
	struct ferry_error err = {0};

	net_open(n, "");
	listener_free(n->listener);
	httpd_free(n->s.httpd);
	api_free(n->s.api);
	fixture_close(&n->s.f);
	serve(&n->s);
	assert_int_equal(listener_new(n->s.f.loop, n->s.api, &n->listener, &err), 0);
	assert_int_equal(supervise_tokens(n->s.f.s), 3);
	assert_true(supervise_token_use(n->s.f.s, n->tokens[VALID_ADMIN], &token));
	assert_string_equal(token.name, "boss");
	assert_string_equal(token.created_by, "uid 1000 (tester)");
	assert_true(token.admin && !token.expired);
	assert_true(supervise_token_use(n->s.f.s, n->tokens[EXPIRED], &token));
	assert_true(token.expired);
	assert_false(supervise_token_use(n->s.f.s, n->tokens[REVOKED], &token));
	/* nowhere on disk */
	char *command = ferry_asprintf("grep -rqaF -e %s -e %s %s", n->tokens[VALID_ADMIN] + 6,
				       n->tokens[EXPIRED] + 6, n->s.f.dir);
	assert_int_not_equal(system(command), 0);
	free(command);
}

static void wishes_for_tokens_are_checked(void **state)
{
	struct net *n = *state;

	net_open(n, "");
#define WISH(body, status, code) expect(&n->s, "POST", "/api/v1/tokens/create", body, status, code)
	WISH(NULL, 400, "USAGE");
	WISH("{\"name\":\"a\"}", 400, "USAGE");
	WISH("{\"role\":\"admin\"}", 400, "USAGE");
	WISH("{\"name\":\"a\",\"role\":\"root\"}", 400, "USAGE");
	WISH("{\"name\":\"A b\",\"role\":\"viewer\"}", 400, "USAGE");
	WISH("{\"name\":\"../x\",\"role\":\"viewer\"}", 400, "USAGE");
	WISH("{\"name\":\"\",\"role\":\"viewer\"}", 400, "USAGE");
	WISH("{\"name\":\"a\",\"role\":\"viewer\",\"expires\":\"0s\"}", 400, "USAGE");
	WISH("{\"name\":\"a\",\"role\":\"viewer\",\"expires\":\"soon\"}", 400, "USAGE");
	WISH("{\"name\":\"a\",\"role\":\"viewer\",\"expires\":\"367d\"}", 400, "USAGE");
	WISH("{\"name\":\"a\",\"role\":\"viewer\",\"expires\":\"2020-01-01\"}", 400, "USAGE");
	WISH("{\"name\":\"boss\",\"role\":\"viewer\"}", 409, "STATE");
	WISH("{\"name\":\"short\",\"role\":\"viewer\"}", 409, "STATE");
	WISH("{\"name\":\"a\",\"role\":\"viewer\",\"expires\":\"366d\"}", 201, "");
	for (int i = 4; i < 100; i++) {
		char body[100];
		snprintf(body, sizeof body, "{\"name\":\"t%d\",\"role\":\"viewer\"}", i);
		WISH(body, 201, "");
	}
	WISH("{\"name\":\"more\",\"role\":\"viewer\"}", 409, "STATE");
	expect(&n->s, "POST", "/api/v1/tokens/nobody/revoke", NULL, 404, "NOT_FOUND");
	expect(&n->s, "POST", "/api/v1/tokens/short/revoke", NULL, 200, "");
	WISH("{\"name\":\"more\",\"role\":\"viewer\"}", 201, "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_route_on_the_socket),
		TEST(every_route_over_tcp),
		TEST(tokens_are_kept_as_hashes_across_a_restart),
		TEST(wishes_for_tokens_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
