/* SPDX-License-Identifier: Apache-2.0 */
/* lago.c - the connection to Lago, and reading what it refuses and why. */
#include "lago/lago.h"

#include <stdio.h>
#include <string.h>

const struct ferry_option lago_connection_options[] = {
	{.name = "url",
	 .type = FERRY_OPT_TEXT,
	 .flags = FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS,
	 .help = "Lago's address, with or without /api/v1: https://api.getlago.com"},
	{.name = "api_key",
	 .type = FERRY_OPT_TEXT,
	 .flags = FERRY_OPTION_REQUIRED | FERRY_OPTION_SECRET,
	 .help = "API key of the organisation"},
	{0},
};

int lago_open(struct rest_api *api, const struct ferry_open *open, struct ferry_error *err)
{
	static const char bearer[] = "Authorization: Bearer ";
	const char *key = ferry_setting_text(open, "api_key");

	api->peer = "Lago";
	if (rest_open_url(api, open, err) || rest_check_secret(api, "api_key", key ? key : "", err))
		return -1;
	api->secret = key;
	api->header = rest_alloc(sizeof bearer + strlen(key), 1);
	memcpy(api->header, bearer, sizeof bearer - 1);
	memcpy(api->header + sizeof bearer - 1, key, strlen(key));
	return 0;
}

void lago_check_connection(const struct ferry_open *open, struct ferry_check *check)
{
	struct rest_api api = {.peer = "Lago"};
	struct ferry_error err = {0};

	/* an address that is a reference is known only when it is used */
	if (ferry_setting_text(open, "url") && rest_open_url(&api, open, &err))
		check->mistake(check, "url", "%s; %s", err.msg, err.hint);
	rest_close(&api);
}

/* ----------------------------------------------------------------- refusals */

/* The part of a text that is a code: "expression_evaluation_failed" of "...: Variable: b". */
static size_t code_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len &&
	       ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9') || s[n] == '_'))
		n++;
	return n && (n == len || s[n] == ':') ? n : 0;
}

struct reading {
	struct rest_refusal *ret;
	struct rest_buf message;
	bool found;
};

static void read_text(struct reading *r, const char *field, const char *s, size_t len)
{
	if (!r->found) {
		size_t n = code_length(s, len);
		if (n)
			rest_fit(r->ret->code, sizeof r->ret->code, s, n);
		rest_fit(r->ret->field, sizeof r->ret->field, field, strlen(field));
		r->found = true;
	}
	if (r->message.len > sizeof r->ret->message)
		return;
	if (r->message.len)
		rest_adds(&r->message, "; ");
	if (*field)
		rest_addf(&r->message, "%s: ", field);
	rest_add(&r->message, s, len);
}

static void read_details(struct reading *r, const char *field, rest_node *node)
{
	void *iter = NULL;
	const char *name, *s;
	rest_node *value;
	size_t len;

	switch (rest_kind(node)) {
	case REST_STRING:
		s = rest_text(node, &len);
		read_text(r, field, s, len);
		break;
	case REST_ARRAY:
		for (size_t i = 0; i < rest_count(node); i++)
			read_details(r, field, rest_at(node, i));
		break;
	case REST_OBJECT:
		while (rest_next(node, &iter, &name, &value)) {
			struct rest_buf path = {0};
			rest_addf(&path, "%s%s%s", field, *field ? "." : "", name);
			read_details(r, rest_str(&path), value);
			rest_buf_release(&path);
		}
		break;
	default:
		break;
	}
}

bool lago_refusal_read(const struct rest_api *api, rest_node *details, struct rest_refusal *ret)
{
	struct reading r = {.ret = ret};

	read_details(&r, "", details);
	if (r.found)
		rest_excerpt(api, rest_str(&r.message), r.message.len, ret->message,
			     sizeof ret->message);
	rest_buf_release(&r.message);
	return r.found;
}

bool lago_refusal_has(rest_node *details, const char *field, const char *code)
{
	rest_node *list = rest_member(details, field);
	const char *s = rest_text(list, NULL);

	for (size_t i = 0; i < rest_count(list) && !(s && !strcmp(s, code)); i++)
		s = rest_text(rest_at(list, i), NULL);
	return s && !strcmp(s, code);
}

rest_node *lago_details(const struct ferry_http_response *res, rest_node **root)
{
	return rest_try_parse(res->body, res->body_len, root) ? rest_member(*root, "error_details")
							      : NULL;
}

/* Whatever the body tells, without trusting that it is there or of any shape. */
static void read_refusal(const struct rest_api *api, const struct ferry_http_response *res,
			 struct rest_refusal *ret)
{
	rest_node *root = NULL;
	const char *s;
	size_t len;

	*ret = (struct rest_refusal){0};
	if (rest_try_parse(res->body, res->body_len, &root)) {
		if ((s = rest_text(rest_member(root, "error"), &len)))
			rest_excerpt(api, s, len, ret->message, sizeof ret->message);
		if ((s = rest_text(rest_member(root, "code"), &len)))
			rest_excerpt(api, s, len, ret->code, sizeof ret->code);
		lago_refusal_read(api, rest_member(root, "error_details"), ret);
		rest_free(root);
	} else {
		rest_excerpt(api, res->body, res->body_len < 120 ? res->body_len : 120,
			     ret->message, sizeof ret->message);
	}
	if (!*ret->code)
		snprintf(ret->code, sizeof ret->code, "http_%d", res->status);
}

/* Lago names what it did not find; anything else that says 404 is not Lago, or not this API. */
static bool named_not_found(const char *code)
{
	static const char tail[] = "_not_found";
	size_t n = strlen(code), t = sizeof tail - 1;

	return n > t && !strcmp(code + n - t, tail) && strcmp(code, "resource_not_found");
}

int lago_check(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
	       struct rest_refusal *refusal, struct ferry_error *err)
{
	struct rest_refusal mine;
	char detail[512] = "";

	if (res->status >= 200 && res->status < 300)
		return 0;
	refusal = refusal ? refusal : &mine;
	read_refusal(api, res, refusal);
	if (res->status == 403)
		snprintf(detail, sizeof detail, "%s", refusal->code);
	else if (res->status >= 400 && res->status < 500 && res->status != 401 &&
		 res->status != 429)
		snprintf(detail, sizeof detail, "%s%s%s", refusal->code,
			 *refusal->message ? ": " : "", refusal->message);
	rest_status(api, what, res, detail, err);
	if (res->status == 404 && named_not_found(refusal->code)) {
		err->code = FERRY_E_NOT_FOUND;
	} else if (res->status == 404) {
		api->host->fail(err, FERRY_E_PROTOCOL,
				"%s: there is no such address at this server (404)", what);
		err->sys = 404;
		rest_hint(err,
			  "check the connection's url: Lago's API is expected under it at /api/v1");
	} else if (res->status == 422 && !strcmp(refusal->code, "lock_acquisition_failed")) {
		err->code = FERRY_E_UNAVAILABLE;
	}
	return -1;
}

int lago_misses(const struct rest_api *api, const char *what, const char *name,
		enum rest_kind kind, struct ferry_error *err)
{
	return api->host->fail(err, FERRY_E_PROTOCOL, "%s: %s's answer has no %s '%s'", what,
			       api->peer, kind == REST_ARRAY ? "list" : "object", name);
}

int lago_unwrap(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
		const char *name, enum rest_kind kind, rest_node **root, rest_node **ret,
		struct ferry_error *err)
{
	if (rest_parse(api, what, res->body, res->body_len, root, err))
		return -1;
	*ret = rest_member(*root, name);
	if (rest_kind(*ret) == kind)
		return 0;
	rest_free(*root);
	*root = *ret = NULL;
	return lago_misses(api, what, name, kind, err);
}

int lago_pick(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
	      const char *name, const struct rest_tree *tree, struct rest_piece *found,
	      struct ferry_error *err)
{
	struct rest_piece member;
	struct rest_scan s;
	bool there = false;

	rest_scan_begin(&s, res->body, res->body_len);
	if (!rest_scan_enter(&s, REST_OBJECT))
		rest_scan_value(&s, &member);
	else
		while (rest_scan_member(&s, &member)) {
			if (!rest_piece_is(&member, name, strlen(name))) {
				rest_scan_value(&s, &member);
				continue;
			}
			there = *s.p == '{';
			rest_scan_pick(&s, tree, found);
		}
	if (!rest_scan_end(&s))
		return rest_scan_fail(api, what, &s, err);
	return there ? 0 : lago_misses(api, what, name, REST_OBJECT, err);
}
