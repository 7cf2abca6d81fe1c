/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - tokens are made, revoked and used. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "conf/keyword.h"
#include "store/tokens.h"
#include "supervise/supervisor.h"

#define HOUR_US INT64_C(3600000000)
#define LIFE_MAX_US (366 * 24 * HOUR_US)

int tokens_init(struct supervisor *s, struct ferry_error *err)
{
	s->tokens = ferry_alloc0(1, sizeof *s->tokens);
	return tokens_load(s->journal, s->tokens, err);
}

static int check_wish(struct supervisor *s, const struct supervise_token_wish *wish, int64_t now,
		      struct ferry_error *err)
{
	if (!keyword_valid_name(wish->name))
		return ferry_fail(err, FERRY_E_USAGE, "'%s' cannot name a token (1 to 64 of a-z, 0-9, _ and -, "
				  "beginning with a letter or digit)", SHOWN(wish->name));
	if (wish->expires_at <= now || wish->expires_at > now + LIFE_MAX_US)
		return ferry_fail(err, FERRY_E_USAGE, "a token lives for at most 366 days, and no less than now");
	if (tokens_find(s->tokens, wish->name)) {
		ferry_fail(err, FERRY_E_STATE, "there is a token '%s' already", wish->name);
		return ferry_hint(err, "'ferryctl token revoke %s' makes room for a new one of that name.",
				  wish->name);
	}
	if (s->tokens->n == TOKENS_MAX) {
		ferry_fail(err, FERRY_E_STATE, "there are %d tokens already", TOKENS_MAX);
		return ferry_hint(err, "'ferryctl token list' shows those that have expired or are not used.");
	}
	return queue_may_change(s, err);
}

/* Put all tokens with an audit entry; durable when it returns 0, else as before in the journal. */
static int commit(struct supervisor *s, const struct supervise_actor *actor, const char *action,
		  const char *name, const char *result, struct ferry_error *err)
{
	char target[TOKEN_NAME + sizeof "token "];
	size_t mark = group_mark(s);

	snprintf(target, sizeof target, "token %s", name);
	tokens_put(s->journal, s->tokens);
	audit_add(s, actor, action, target, result);
	return group_commit_or_back(s, mark, err);
}

int supervise_token_create(struct supervisor *s, const struct supervise_token_wish *wish,
			   const struct supervise_actor *actor, struct buf *secret, struct ferry_error *err)
{
	int64_t now = clock_now();
	char text[TOKEN_TEXT], result[80] = "", until[CLOCK_TEXT];

	if (check_wish(s, wish, now, err) < 0)
		return -1;
	struct token *t = &s->tokens->items[s->tokens->n++];
	*t = (struct token){.admin = wish->admin, .created_at = now, .expires_at = wish->expires_at};
	snprintf(t->name, sizeof t->name, "%s", wish->name);
	snprintf(t->created_by, sizeof t->created_by, "%s", actor->name);
	token_make(text, t->hash);
	clock_format(wish->expires_at, until);
	snprintf(result, sizeof result, "%s until %s", wish->admin ? "admin" : "viewer", until);
	int rc = commit(s, actor, "create", wish->name, result, err);
	if (rc < 0)
		s->tokens->n--;
	else
		buf_adds(secret, text);
	explicit_bzero(text, sizeof text);
	return rc;
}

int supervise_token_revoke(struct supervisor *s, const char *name, const struct supervise_actor *actor,
			   struct ferry_error *err)
{
	struct token *t = tokens_find(s->tokens, name);

	if (!t) {
		ferry_fail(err, FERRY_E_NOT_FOUND, "there is no token '%s'", name);
		return ferry_hint(err, "'ferryctl token list' shows those there are.");
	}
	struct token gone = *t;
	*t = s->tokens->items[--s->tokens->n];
	if (commit(s, actor, "revoke", name, "revoked", err) == 0)
		return 0;
	/* what cannot be made to last is not said to be done */
	s->tokens->items[s->tokens->n++] = gone;
	return -1;
}

static struct supervise_token show(const struct token *t)
{
	return (struct supervise_token){
		.name = t->name, .created_by = t->created_by, .admin = t->admin,
		.expired = clock_now() >= t->expires_at, .created_at = t->created_at,
		.expires_at = t->expires_at, .last_used_at = t->last_used_at,
	};
}

bool supervise_token_at(const struct supervisor *s, size_t i, struct supervise_token *ret)
{
	if (i >= s->tokens->n)
		return false;
	*ret = show(&s->tokens->items[i]);
	return true;
}

size_t supervise_tokens(const struct supervisor *s)
{
	return s->tokens->n;
}

bool supervise_token_use(struct supervisor *s, const char *text, struct supervise_token *ret)
{
	struct token *t = tokens_match(s->tokens, text);
	int64_t hour = clock_now() / HOUR_US * HOUR_US;

	if (!t)
		return false;
	*ret = show(t);
	/* once an hour, so that reading writes nothing */
	if (!ret->expired && t->last_used_at < hour) {
		t->last_used_at = hour;
		tokens_put(s->journal, s->tokens);
		group_touch(s);
	}
	return true;
}
