/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the http stand-in: JSON without building it, a store of records, and the routes. Made
 * to take a million records in seconds: a body is scanned once, records are kept as they came.
 */
#ifndef HTTP_STANDIN_H
#define HTTP_STANDIN_H

#include "standin.h"

/* A piece of a text. */
struct span {
	const char *s;
	size_t len;
};

/* -- JSON (http-json.c) ------------------------------------- */

/* Behind the value that begins at p, NULL when it does not end well. */
const char *http_skip_value(const char *p, const char *end);
const char *http_skip_blank(const char *p, const char *end);
/* The member of an object by name, without the quotes of a text; false when there is none. */
bool http_member(struct span object, const char *name, struct span *ret);
/* A wanted member: found when s is not NULL. */
struct http_wanted {
	const char *name;
	size_t len;
	struct span value;
};
/*
 * The elements of an array, or the lines of a text that does not begin as one. *at begins as 0.
 * 1 an element, 0 the end, -1 malformed. Fills the wanted members on the way.
 */
int http_next_element(struct span list, size_t *at, struct span *ret, struct http_wanted *wanted,
		      size_t n_wanted);
bool http_span_is(struct span span, const char *text);

/* -- records (http-store.c) ------------------------------------- */

struct http_item {
	uint64_t hash;
	size_t number; /* from 1; the id is "r" and this */
	bool gone;
	struct span key, text; /* in one piece of memory with this */
};

struct http_store {
	struct http_item **items; /* by number */
	size_t n, cap, alive;
	size_t *slots, n_slots; /* of the hash table: numbers, 0 free */
};

struct http_item *http_store_find(const struct http_store *st, struct span key);
/* By key, or by id as "r12". NULL for those that are gone. */
struct http_item *http_store_get(const struct http_store *st, const char *name);
/* A new one, or another text for one that may be gone. */
struct http_item *http_store_put(struct http_store *st, struct span key, struct span text);
void http_store_delete(struct http_store *st, struct http_item *item);
void http_store_reset(struct http_store *st);

/* -- the peer ------------------------------------- */

struct http_counts {
	uint64_t created, updated, unchanged, deleted, absent, refused;
};

struct http_peer {
	struct http_store store;
	struct http_counts counts;
	const char *key; /* the member that identifies a record */
	bool count_only;
	char *expected;  /* the Authorization header, or NULL */
	char *client;    /* "Basic ..." of the OAuth2 client, or NULL */
	unsigned tokens; /* issued so far; the last one is good */
	int64_t life_ms, expires_ms;
	char **needles; /* what refused records contain */
	size_t n_needles;
};

void http_error(unsigned status, const char *message, struct standin_reply *reply);
/* Whether a rule refuses this record. */
bool http_refused(struct http_peer *p, struct span record);
void http_write_item(const struct http_item *item, struct text *out);

/* routes (http-records.c, http-ingest.c) */
void http_list(void *state, struct standin_request *req, struct standin_reply *reply);
void http_create(void *state, struct standin_request *req, struct standin_reply *reply);
void http_get(void *state, struct standin_request *req, struct standin_reply *reply);
void http_put(void *state, struct standin_request *req, struct standin_reply *reply);
void http_patch(void *state, struct standin_request *req, struct standin_reply *reply);
void http_delete(void *state, struct standin_request *req, struct standin_reply *reply);
void http_ingest(void *state, struct standin_request *req, struct standin_reply *reply);
void http_ingest_delete(void *state, struct standin_request *req, struct standin_reply *reply);

#endif
