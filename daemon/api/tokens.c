/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - the tokens of clients over TCP: made, listed, revoked. */
#include <string.h>

#include "api/call.h"
#include "base/clock.h"

#define LIFE_DAYS 90

static void put_token(struct buf *b, const struct supervise_token *t)
{
	jw_open(b, NULL, '{');
	jw_text(b, "name", t->name);
	jw_text(b, "role", t->admin ? "admin" : "viewer");
	jw_text(b, "status", t->expired ? "expired" : "valid");
	jw_time(b, "created_at", t->created_at);
	jw_text(b, "created_by", t->created_by);
	jw_time(b, "expires_at", t->expires_at);
	jw_time(b, "last_used_at", t->last_used_at);
	jw_close(b, '}');
}

int handle_tokens(struct call *c, struct ferry_error *err)
{
	struct supervise_token token;
	struct buf items = BUF_INIT;
	struct page page;

	if (call_page(c, &page, err) < 0)
		return -1;
	for (int64_t i = page.skip; i < page.skip + page.per_page; i++) {
		if (!supervise_token_at(c->s, (size_t)i, &token))
			break;
		put_token(&items, &token);
	}
	reply_list(c, &items, &page, (int64_t)supervise_tokens(c->s));
	buf_release(&items);
	return 0;
}

static int get_wish(const char *role, const char *expires, struct supervise_token_wish *wish,
		    struct ferry_error *err)
{
	wish->expires_at = clock_now() + (int64_t)LIFE_DAYS * 86400 * 1000000;
	if (!wish->name || !role)
		return ferry_fail(err, FERRY_E_USAGE, "'%s' is missing", wish->name ? "role" : "name");
	wish->admin = strcmp(role, "admin") == 0;
	if (!wish->admin && strcmp(role, "viewer") != 0)
		return ferry_fail(err, FERRY_E_USAGE, "'role' must be viewer or admin, not '%s'", role);
	return expires ? call_until("expires", expires, &wish->expires_at, err) : 0;
}

/* The only answer that ever has a token in it. */
int handle_token_create(struct call *c, struct ferry_error *err)
{
	struct supervise_token_wish wish = {0};
	const char *role = NULL, *expires = NULL;
	const struct member members[] = {
		{"name", MEMBER_TEXT, &wish.name}, {"role", MEMBER_TEXT, &role},
		{"expires", MEMBER_TEXT, &expires}, {NULL, MEMBER_FLAG, NULL},
	};
	struct buf secret = BUF_INIT, *b = &c->reply->body;
	struct json_doc *doc;

	if (call_body(c, members, &doc, err) < 0)
		return -1;
	int rc = get_wish(role, expires, &wish, err);
	if (rc == 0)
		rc = supervise_token_create(c->s, &wish, &c->actor, &secret, err);
	if (rc == 0) {
		c->reply->status = 201;
		jw_open(b, NULL, '{');
		jw_text(b, "name", wish.name);
		jw_text(b, "role", role);
		jw_time(b, "expires_at", wish.expires_at);
		jw_text(b, "token", buf_str(&secret));
		jw_close(b, '}');
		explicit_bzero(secret.s, secret.len);
	}
	buf_release(&secret);
	json_free(doc);
	return rc;
}

/* At once: what it has opened is cut. */
int handle_token_revoke(struct call *c, struct ferry_error *err)
{
	struct buf *b = &c->reply->body;

	if (supervise_token_revoke(c->s, c->arg, &c->actor, err) < 0)
		return -1;
	listener_disown(c->api->listener, c->arg);
	jw_open(b, NULL, '{');
	jw_text(b, "name", c->arg);
	jw_text(b, "status", "revoked");
	jw_int(b, "left", (int64_t)supervise_tokens(c->s));
	jw_close(b, '}');
	return 0;
}
