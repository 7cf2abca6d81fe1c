/* SPDX-License-Identifier: Apache-2.0 */
/* params.c - parameters of a call: taken as they should be, or refused with the reason. */
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "base/clock.h"

#define PER_PAGE 20
#define PER_PAGE_MAX 100
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
				  PER_PAGE_MAX);
	if (ret->per_page > PER_PAGE_MAX)
		ret->per_page = PER_PAGE_MAX;
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

static int take_flag(const char *name, json_node *value, const char *const *names, bool *values,
		     struct ferry_error *err)
{
	for (size_t i = 0; names[i]; i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		/* a NULL node is JSON's null */
		if (!value || json_kind(value) != JSON_BOOL)
			return ferry_fail(err, FERRY_E_USAGE, "'%s' must be true or false", name);
		values[i] = json_dump(value, NULL)[0] == 't';
		return 0;
	}
	/* "previw" must not become a real run */
	return ferry_fail(err, FERRY_E_USAGE, "'%s' is not known here", name);
}

int call_flags(const struct call *c, const char *const *names, bool *values,
	       struct ferry_error *err)
{
	struct ferry_error why = {0};
	struct json_doc *doc;
	json_node *value;
	const char *name;
	void *iter = NULL;
	int rc = 0;

	if (!c->req->body_len)
		return 0;
	if (json_parse(c->req->body, c->req->body_len, "body", &doc, &why) < 0)
		return ferry_fail(err, FERRY_E_USAGE, "%s", why.msg);
	if (!json_root(doc) || json_kind(json_root(doc)) != JSON_OBJECT)
		rc = ferry_fail(err, FERRY_E_USAGE, "the body must be a JSON object");
	while (rc == 0 && json_next(json_root(doc), &iter, &name, &value))
		rc = take_flag(name, value, names, values, err);
	json_free(doc);
	return rc;
}
