/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.h - the tokens that clients over TCP show: names, roles, ends, and a hash of each. The token
 * itself is known only while it is made; 256 random bits need no slow hash.
 *
 * All of them are one piece of the journal's state, held in memory by their owner.
 */
#ifndef FERRY_STORE_TOKENS_H
#define FERRY_STORE_TOKENS_H

#include "store/journal.h"
#include "wire/digest.h"

#define TOKENS_MAX 100
#define TOKEN_NAME 65			/* with the NUL */
#define TOKEN_TEXT (sizeof "ferry_" + DIGEST_HEX - 1)

struct token {
	char name[TOKEN_NAME];
	bool admin;			/* else it may only read */
	uint8_t hash[DIGEST_BYTES];
	int64_t created_at, expires_at;	/* microseconds */
	int64_t last_used_at;		/* to the hour; 0: never */
	char created_by[160];
};

struct tokens {
	struct token items[TOKENS_MAX];
	size_t n;
};

/* What the journal holds; none is fine. */
int tokens_load(struct journal *j, struct tokens *ret, struct ferry_error *err);
/* Put them into the journal's group. */
void tokens_put(struct journal *j, const struct tokens *t);

/* A new random token, and its hash. */
void token_make(char text[TOKEN_TEXT], uint8_t hash[DIGEST_BYTES]);
/* The one that was made with this text, expired or not; NULL. Takes as long whichever it is. */
struct token *tokens_match(struct tokens *t, const char *text);
struct token *tokens_find(struct tokens *t, const char *name);

#endif
