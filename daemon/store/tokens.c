/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - see the header. */
#include "store/tokens.h"

#include <stdio.h>
#include <string.h>

#include "wire/json.h"

#define STATE_KEY "tokens"
#define PREFIX "ferry_"

static int damaged(struct ferry_error *err)
{
	return ferry_fail(err, FERRY_E_STORE_CORRUPT, "the journal's list of tokens is not readable");
}

static bool read_one(json_node *node, struct token *t)
{
	const char *name = json_get_text(node, "name", ""), *role = json_get_text(node, "role", "");

	snprintf(t->name, sizeof t->name, "%s", name);
	snprintf(t->created_by, sizeof t->created_by, "%s", json_get_text(node, "created_by", ""));
	t->admin = strcmp(role, "admin") == 0;
	t->created_at = json_get_int(node, "created_at", 0);
	t->expires_at = json_get_int(node, "expires_at", 0);
	t->last_used_at = json_get_int(node, "last_used_at", 0);
	return *name && digest_from_hex(json_get_text(node, "hash", ""), t->hash);
}

int tokens_load(struct journal *j, struct tokens *ret, struct ferry_error *err)
{
	struct buf json = BUF_INIT;
	struct json_doc *doc = NULL;
	struct ferry_error why = {0};
	int rc = 0;

	ret->n = 0;
	if (journal_state(j, STATE_KEY, &json, &why) < 0) {
		buf_release(&json);
		if (why.code == FERRY_E_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (json_parse(json.s, json.len, "tokens", &doc, NULL) < 0 ||
	    json_count(json_root(doc)) > TOKENS_MAX)
		rc = damaged(err);
	for (size_t i = 0; rc == 0 && i < json_count(json_root(doc)); i++)
		if (!read_one(json_at(json_root(doc), i), &ret->items[ret->n++]))
			rc = damaged(err);
	json_free(doc);
	buf_release(&json);
	return rc;
}

void tokens_put(struct journal *j, const struct tokens *t)
{
	struct buf json = BUF_INIT;
	char hex[DIGEST_HEX];

	jw_open(&json, NULL, '[');
	for (size_t i = 0; i < t->n; i++) {
		const struct token *token = &t->items[i];
		digest_hex(token->hash, hex);
		jw_open(&json, NULL, '{');
		jw_text(&json, "name", token->name);
		jw_text(&json, "role", token->admin ? "admin" : "viewer");
		jw_text(&json, "hash", hex);
		jw_int(&json, "created_at", token->created_at);
		jw_text(&json, "created_by", token->created_by);
		jw_int(&json, "expires_at", token->expires_at);
		jw_int(&json, "last_used_at", token->last_used_at);
		jw_close(&json, '}');
	}
	jw_close(&json, ']');
	journal_put_state(j, STATE_KEY, json.s, json.len);
	buf_release(&json);
}

void token_make(char text[TOKEN_TEXT], uint8_t hash[DIGEST_BYTES])
{
	uint8_t secret[DIGEST_BYTES];
	char hex[DIGEST_HEX];

	digest_random(secret, sizeof secret);
	digest_hex(secret, hex);
	snprintf(text, TOKEN_TEXT, PREFIX "%s", hex);
	digest_sha256(text, strlen(text), hash);
	explicit_bzero(secret, sizeof secret);
	explicit_bzero(hex, sizeof hex);
}

struct token *tokens_match(struct tokens *t, const char *text)
{
	uint8_t hash[DIGEST_BYTES];
	struct token *found = NULL;

	digest_sha256(text, strlen(text), hash);
	for (size_t i = 0; i < t->n; i++)
		if (digest_equal(hash, t->items[i].hash, sizeof hash))
			found = &t->items[i];
	return found;
}

struct token *tokens_find(struct tokens *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->items[i].name, name) == 0)
			return &t->items[i];
	return NULL;
}
