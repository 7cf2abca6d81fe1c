/* SPDX-License-Identifier: Apache-2.0 */
/* steve.c - the connection to SteVe, what its answers mean, and reading its lists. */
#include "steve/steve.h"

#include <stdio.h>
#include <string.h>

#define KEY_HEADER "STEVE-API-KEY"
#define READS 3				/* of a list that breaks off in the middle */

const struct ferry_option steve_connection_options[] = {
	{.name = "url", .type = FERRY_OPT_TEXT,
	 .flags = FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS,
	 .help = "SteVe's address with its context path: http://127.0.0.1:8080/steve"},
	{.name = "username", .type = FERRY_OPT_TEXT, .help = "web user (SteVe 3.8 and later)"},
	{.name = "password", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_SECRET,
	 .help = "that user's API password, which is not the one of the web login"},
	{.name = "api_key", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_SECRET,
	 .help = "webapi.value instead of user and password (SteVe up to 3.7)"},
	{.name = "api_key_header", .type = FERRY_OPT_TEXT, .fallback = KEY_HEADER,
	 .help = "webapi.key: the header that bears api_key"},
	{0},
};

/* ------------------------------------------------------------------ opening */

static int check_user(const struct ferry_open *open, const char *user, struct ferry_error *err)
{
	if (!strchr(user, ':'))
		return 0;
	return open->host->fail(err, FERRY_E_CONFIG,
				"connection '%s': username: a colon cannot be in it",
				open->connection);
}

static int check_header(const struct ferry_open *open, const char *name, struct ferry_error *err)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (*name && !name[strspn(name, token)])
		return 0;
	return open->host->fail(err, FERRY_E_CONFIG,
				"connection '%s': api_key_header: '%s' is no name of a header",
				open->connection, name);
}

static int check_kinds(const struct ferry_open *open, struct ferry_error *err)
{
	if (!ferry_setting_text(open, "api_key") || (!ferry_setting_text(open, "username") &&
						     !ferry_setting_text(open, "password")))
		return 0;
	return open->host->fail(err, FERRY_E_CONFIG,
				"connection '%s': give username and password (SteVe 3.8 and "
				"later), or api_key (up to 3.7), not both", open->connection);
}

static int open_key(struct rest_api *api, const struct ferry_open *open, const char *key,
		    struct ferry_error *err)
{
	const char *name = ferry_setting_text(open, "api_key_header");
	struct rest_buf header = {0};

	name = name ? name : KEY_HEADER;
	if (check_header(open, name, err) || rest_check_secret(api, "api_key", key, err))
		return -1;
	rest_addf(&header, "%s: %s", name, key);
	api->secret = key;
	api->header = header.s;
	return 0;
}

int steve_open(struct rest_api *api, const struct ferry_open *open, bool *legacy,
	       struct ferry_error *err)
{
	const char *key = ferry_setting_text(open, "api_key");

	api->peer = "SteVe";
	api->user = ferry_setting_text(open, "username");
	api->password = ferry_setting_text(open, "password");
	if (rest_open_url(api, open, err))
		return -1;
	*legacy = key != NULL;
	if (check_kinds(open, err))
		return -1;
	if (key)
		return open_key(api, open, key, err);
	if (!api->user || !*api->user || !api->password || !*api->password)
		return api->host->fail(err, FERRY_E_CONFIG,
				       "connection '%s': username and password are missing (or "
				       "api_key, for SteVe up to 3.7)",
				       open->connection);
	api->secret = api->password;
	return check_user(open, api->user, err);
}

void steve_check_connection(const struct ferry_open *open, struct ferry_check *check)
{
	const char *url = ferry_setting_text(open, "url");
	const char *user = ferry_setting_text(open, "username");
	const char *key = ferry_setting_text(open, "api_key");
	const char *header = ferry_setting_text(open, "api_key_header");
	struct rest_api api = {.host = open->host};
	struct ferry_error err = {0};

	if (url && rest_open_url(&api, open, &err))
		check->mistake(check, "url", "%s; %s", err.msg, err.hint);
	if (check_kinds(open, &err))
		check->mistake(check, "api_key", "%s", err.msg);
	if (user && check_user(open, user, &err))
		check->mistake(check, "username", "%s", err.msg);
	if (key && rest_check_secret(&api, "api_key", key, &err))
		check->mistake(check, "api_key", "%s", err.msg);
	if (header && check_header(open, header, &err))
		check->mistake(check, "api_key_header", "%s", err.msg);
	rest_close(&api);
}

/* ------------------------------------------------------------------ answers */

/* What SteVe's few fixed words stand for. */
static const char *meaning(int status, const char *message)
{
	if (status == 400 && !strcmp(message, "Error understanding the request"))
		return " (its answer to whatever it does not take, without naming it: an id tag of "
		       "other letters or too long, a date in the past, a parameter of another version)";
	if (status == 422)
		return " (it says the same when parentIdTag is no tag)";
	return "";
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
	if (s) {
		rest_excerpt(api, s, len, ret->message, sizeof ret->message);
		len = strlen(ret->message);
		snprintf(ret->message + len, sizeof ret->message - len, "%s",
			 meaning(res->status, ret->message));
	} else {
		rest_excerpt(api, res->body, res->body_len < 120 ? res->body_len : 120,
			     ret->message, sizeof ret->message);
	}
	rest_free(root);
	return s && len && status == res->status;
}

static void explain(const struct rest_api *api, const struct ferry_http_response *res, bool its_own,
		    struct ferry_error *err)
{
	if (res->status == 401 && !its_own)
		rest_hint(err, "the refusal is not in SteVe's words: a proxy in front of it wants "
			       "credentials of its own, or the url leads elsewhere");
	else if (res->status == 401 && api->header)
		rest_hint(err, "SteVe up to 3.7 wants webapi.value as api_key, and both webapi.key and "
			       "webapi.value set; later versions want username and password");
	else if (res->status == 401)
		rest_hint(err, "password must be the web user's api_password, not that of the web "
			       "login, and the user enabled; SteVe goes by the old state for up to 10 "
			       "minutes; up to 3.7 it wants api_key instead");
	if (res->status == 400)
		rest_hint(err, "SteVe does not name the field: an id tag or a date it does not take");
	if (res->status == 500)
		rest_hint(err, "SteVe answers 500 to whatever it did not expect, also an unknown "
			       "parentIdTag or a malformed request: its log tells more");
}

static int no_address(const struct rest_api *api, const char *what, struct ferry_error *err)
{
	api->host->fail(err, FERRY_E_PROTOCOL, "%s: there is no such address at this server (404)",
			what);
	err->sys = 404;
	return rest_hint(err, "check the connection's url: it must have SteVe's context path, as in "
			      "http://127.0.0.1:8080/steve");
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
	explain(api, res, its_own, err);
	if (res->status == 500 && !its_own)
		refusal->code[0] = '\0';
	if (res->status == 404 && !its_own)
		return no_address(api, what, err);
	if (res->status == 404)
		err->code = FERRY_E_NOT_FOUND;
	return -1;
}

/* -------------------------------------------------------------------- lists */

static int read_once(struct rest_api *api, const char *path, struct rest_list *list,
		     struct ferry_error *err)
{
	struct ferry_http_response res;

	if (rest_get_list(api, path, list, &res, err))
		return -1;
	/* a list is never missing, in whosever words */
	if (res.status == 404)
		return no_address(api, list->what, err);
	if (steve_check(api, list->what, &res, NULL, err))
		return -1;
	return rest_list_end(api, list, err);
}

/* Begun, and broken off by the line: the host does not repeat what it has given in part. */
static bool broke_off(const struct rest_list *list, const struct ferry_error *err)
{
	return list->bytes && !list->refused &&
	       (err->code == FERRY_E_NETWORK || err->code == FERRY_E_TIMEOUT);
}

int steve_list(struct rest_api *api, const char *path, const struct rest_list *want,
	       uint64_t *bytes, struct ferry_error *err)
{
	const struct ferry_host *host = api->host;

	for (int attempt = 1;; attempt++) {
		struct rest_list list = *want;
		struct ferry_error failed = {0};
		int rc = read_once(api, path, &list, &failed);
		bool again = rc && attempt < READS && broke_off(&list, &failed) &&
			     !host->cancelled(host);
		rest_list_release(&list);
		if (bytes)
			*bytes += list.bytes;
		if (!rc)
			return 0;
		if (!again) {
			*err = failed;
			return -1;
		}
		host->log(host, FERRY_LOG_WARN,
			  "%s: SteVe's answer broke off after %llu bytes; asking again (%d of %d)",
			  list.what, (unsigned long long)list.bytes, attempt, READS - 1);
	}
}

static int ignore(void *ctx, const struct rest_piece *element, const struct rest_piece *found,
		  struct ferry_error *err)
{
	(void)ctx, (void)element, (void)found, (void)err;
	return 0;
}

int steve_validate(struct rest_api *api, struct ferry_error *err)
{
	struct rest_tree tree = {0};
	struct rest_list list = {.what = "GET /ocppTags", .tree = &tree, .element = ignore};

	rest_tree_add(&tree, "idTag", 0);
	int rc = steve_list(api, "/ocppTags?idTag=ferry%2Echeck", &list, NULL, err);
	rest_tree_release(&tree);
	return rc;
}
