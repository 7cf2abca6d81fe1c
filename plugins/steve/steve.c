/* SPDX-License-Identifier: Apache-2.0 */
/* steve.c - the connection to SteVe, and reading its answers. */
#include "steve/steve.h"

#include <stdio.h>
#include <string.h>

const struct ferry_option steve_connection_options[] = {
	{.name = "url", .type = FERRY_OPT_TEXT,
	 .flags = FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS,
	 .help = "SteVe's address with its context path: http://127.0.0.1:8080/steve"},
	{.name = "username", .type = FERRY_OPT_TEXT, .help = "web user (SteVe 3.8 and later)"},
	{.name = "password", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_SECRET,
	 .help = "that user's API password, which is not the one of the web login"},
	{.name = "api_key", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_SECRET,
	 .help = "webapi.value instead of user and password (SteVe up to 3.7)"},
	{0},
};

int steve_open(struct rest_api *api, const struct ferry_open *open, bool *legacy,
	       struct ferry_error *err)
{
	static const char name[] = "STEVE-API-KEY: ";
	const char *key = ferry_setting_text(open, "api_key");

	api->peer = "SteVe";
	api->user = ferry_setting_text(open, "username");
	api->password = ferry_setting_text(open, "password");
	if (rest_open_url(api, open, err))
		return -1;
	*legacy = key != NULL;
	if (key && (api->user || api->password))
		return api->host->fail(err, FERRY_E_CONFIG,
				       "connection '%s': give username and password (SteVe 3.8 and "
				       "later), or api_key (up to 3.7), not both",
				       open->connection);
	if (key) {
		if (rest_check_secret(api, "api_key", key, err))
			return -1;
		api->secret = key;
		api->header = rest_alloc(sizeof name + strlen(key), 1);
		memcpy(api->header, name, sizeof name - 1);
		memcpy(api->header + sizeof name - 1, key, strlen(key));
		return 0;
	}
	if (!api->user || !*api->user || !api->password || !*api->password)
		return api->host->fail(err, FERRY_E_CONFIG,
				       "connection '%s': username and password are missing (or "
				       "api_key, for SteVe up to 3.7)",
				       open->connection);
	if (strchr(api->user, ':'))
		return api->host->fail(err, FERRY_E_CONFIG,
				       "connection '%s': username: a colon cannot be in it",
				       open->connection);
	api->secret = api->password;
	return 0;
}

/* Whatever the body tells, without trusting that it is there or of any shape. */
static bool read_refusal(const struct rest_api *api, const struct ferry_http_response *res,
			 struct rest_refusal *ret)
{
	rest_node *root = NULL;
	const char *s = NULL;
	size_t len = 0;
	int64_t status = 0;

	*ret = (struct rest_refusal){0};
	snprintf(ret->code, sizeof ret->code, "http_%d", res->status);
	if (rest_try_parse(res->body, res->body_len, &root)) {
		s = rest_text(rest_member(root, "message"), &len);
		rest_int(rest_member(root, "status"), &status);
	}
	if (s)
		rest_excerpt(api, s, len, ret->message, sizeof ret->message);
	else
		rest_excerpt(api, res->body, res->body_len < 120 ? res->body_len : 120,
			     ret->message, sizeof ret->message);
	rest_free(root);
	return s && len && status == res->status;
}

int steve_check(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
		struct rest_refusal *refusal, struct ferry_error *err)
{
	struct rest_refusal mine;

	if (res->status >= 200 && res->status < 300)
		return 0;
	refusal = refusal ? refusal : &mine;
	bool its_own = read_refusal(api, res, refusal);
	rest_status(api, what, res,
		    res->status == 401 || res->status == 403 ? "" : refusal->message, err);
	if (res->status == 401 && api->header)
		rest_hint(err, "api_key is for SteVe up to 3.7; later versions want username and "
			       "password");
	else if (res->status == 401)
		rest_hint(err, "SteVe wants the web user's API password, not the one of the web "
			       "login; a change is noticed after up to 10 minutes");
	if (res->status == 400)
		rest_hint(err,
			  "SteVe does not name the field: an id tag or a date it does not take");
	if (res->status == 500)
		rest_hint(
			err,
			"SteVe answers 500 also to an unknown parentIdTag or a malformed request");
	if (res->status == 404 && its_own) {
		err->code = FERRY_E_NOT_FOUND;
	} else if (res->status == 404) {
		api->host->fail(err, FERRY_E_PROTOCOL,
				"%s: there is no such address at this server (404)", what);
		err->sys = 404;
		rest_hint(err,
			  "check the connection's url: it must have SteVe's context path, as in "
			  "http://127.0.0.1:8080/steve");
	}
	return -1;
}

int steve_validate(struct rest_api *api, struct ferry_error *err)
{
	struct rest_stream s = {.what = "GET /ocppTags"};
	struct ferry_http_response res;
	rest_node *node;
	int rc;

	if (rest_get(api, "/ocppTags?idTag=ferry%2Echeck", &res, err) ||
	    steve_check(api, s.what, &res, NULL, err))
		return -1;
	s.text = res.body;
	s.len = res.body_len;
	while ((rc = rest_stream_next(api, &s, &node, err)) > 0)
		;
	rest_stream_release(&s);
	return rc;
}
