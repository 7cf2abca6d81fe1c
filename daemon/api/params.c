/* SPDX-License-Identifier: Apache-2.0 */
/* params.c - parameters of a call: taken as they should be, or refused with the reason. */
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "base/clock.h"

#define PER_PAGE 20
#define PAGE_MAX 1000000000

/* Digits only, and within 63 bits. */
static bool digits(const char *s, int64_t *ret)
{
	size_t n = strspn(s, "0123456789");

	if (!n || s[n] || n > 18)
		return false;
	*ret = strtoll(s, NULL, 10);
	return true;
}

int call_int(const struct call *c, const char *name, int64_t none, int64_t *ret,
	     struct ferry_error *err)
{
	const char *s = httpd_query(c->req, name);

	*ret = none;
	if (!s || digits(s, ret))
		return 0;
	return ferry_fail(err, FERRY_E_USAGE, "'%s' must be a number, not '%s'", name, s);
}

int call_page(const struct call *c, struct page *ret, struct ferry_error *err)
{
	if (call_int(c, "page", 1, &ret->page, err) < 0 ||
	    call_int(c, "per_page", PER_PAGE, &ret->per_page, err) < 0)
		return -1;
	if (ret->page < 1 || ret->page > PAGE_MAX)
		return ferry_fail(err, FERRY_E_USAGE, "'page' counts from 1 to %d", PAGE_MAX);
	if (ret->per_page < 1)
		return ferry_fail(err, FERRY_E_USAGE, "'per_page' must be from 1 to %d",
				  CALL_PER_PAGE_MAX);
	if (ret->per_page > CALL_PER_PAGE_MAX)
		ret->per_page = CALL_PER_PAGE_MAX;
	ret->skip = (ret->page - 1) * ret->per_page;
	return 0;
}

int call_run(const struct call *c, int64_t *ret, struct ferry_error *err)
{
	if (!digits(c->arg, ret))
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no run '%s': runs have numbers",
				  c->arg);
	return 0;
}

int call_time(const struct call *c, const char *name, bool end, int64_t *ret,
	      struct ferry_error *err)
{
	const char *s = httpd_query(c->req, name);

	*ret = 0;
	if (!s)
		return 0;
	if (!clock_parse(s, strlen(s), ret))
		return ferry_fail(err, FERRY_E_USAGE,
				  "'%s' must be a date or time like 2026-01-31T10:00:00Z, not '%s'",
				  name, s);
	if (end && strlen(s) == strlen("2026-01-31"))
		*ret += (int64_t)86400 * 1000000 - 1;
	return 0;
}

int call_problem(const struct call *c, int64_t *ret, struct ferry_error *err)
{
	if (!digits(c->arg, ret))
		return ferry_fail(err, FERRY_E_NOT_FOUND,
				  "there is no problem '%s': problems have numbers", c->arg);
	return 0;
}

int call_until(const char *name, const char *text, int64_t *ret, struct ferry_error *err)
{
	int64_t ms, now = clock_now();

	*ret = 0;
	if (!text)
		return 0;
	if (conf_parse_duration(text, &ms) && ms > 0 && ms < INT64_MAX / 1000 - now / 1000)
		*ret = now + ms * 1000;
	else if (!clock_parse(text, strlen(text), ret))
		return ferry_fail(err, FERRY_E_USAGE, "'%s' must be a span like 30d or a time like "
				  "2026-01-31T10:00:00Z, not '%s'", name, text);
	if (*ret <= now)
		return ferry_fail(err, FERRY_E_USAGE, "'%s' is over already: %s", name, text);
	return 0;
}

static int take_value(const struct member *m, json_node *value, struct ferry_error *err)
{
	int64_t n;

	switch (m->kind) {
	case MEMBER_FLAG:
		/* a NULL node is JSON's null */
		if (!value || json_kind(value) != JSON_BOOL)
			return ferry_fail(err, FERRY_E_USAGE, "'%s' must be true or false", m->name);
		*(bool *)m->value = json_dump(value, NULL)[0] == 't';
		return 0;
	case MEMBER_COUNT:
		if (!value || !json_int(value, &n) || n < 0)
			return ferry_fail(err, FERRY_E_USAGE, "'%s' must be a number from 0 on", m->name);
		*(int64_t *)m->value = n;
		return 0;
	case MEMBER_TEXT:
		break;
	}
	if (value && json_kind(value) != JSON_STRING)
		return ferry_fail(err, FERRY_E_USAGE, "'%s' must be a text", m->name);
	if (value)
		*(const char **)m->value = json_text(value, NULL);
	return 0;
}

static int take_member(const char *name, json_node *value, const struct member *members,
		       struct ferry_error *err)
{
	for (; members->name; members++)
		if (strcmp(name, members->name) == 0)
			return take_value(members, value, err);
	/* "previw" must not become a real run */
	return ferry_fail(err, FERRY_E_USAGE, "'%s' is not known here", name);
}

int call_body(const struct call *c, const struct member *members, struct json_doc **ret_doc,
	      struct ferry_error *err)
{
	struct ferry_error why = {0};
	json_node *value;
	const char *name;
	void *iter = NULL;
	int rc = 0;

	*ret_doc = NULL;
	if (!c->req->body_len)
		return 0;
	if (json_parse(c->req->body, c->req->body_len, "body", ret_doc, &why) < 0)
		return ferry_fail(err, FERRY_E_USAGE, "%s", why.msg);
	json_node *root = json_root(*ret_doc);
	if (!root || json_kind(root) != JSON_OBJECT)
		rc = ferry_fail(err, FERRY_E_USAGE, "the body must be a JSON object");
	while (rc == 0 && json_next(root, &iter, &name, &value))
		rc = take_member(name, value, members, err);
	if (rc < 0) {
		json_free(*ret_doc);
		*ret_doc = NULL;
	}
	return rc;
}
