/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the SteVe stand-in: tags and transactions, and the error answers of its API.
 */
#ifndef STEVE_STANDIN_H
#define STEVE_STANDIN_H

#include "standin.h"

struct lh_table;

#define STEVE_NO_TIME INT64_MIN

struct steve_tag {
	int64_t pk;
	char *id_tag;    /* compared without regard to case, as the database does */
	char *parent_id; /* or NULL */
	char *note;      /* or NULL */
	int64_t expiry_ms;
	int64_t max_active, active;
	bool has_user;
	int64_t user_pk;
};

struct steve_box {
	int64_t pk;
	char *id;
};

struct steve_transaction {
	int64_t pk;
	struct steve_tag *tag;
	struct steve_box *box;
	int64_t connector;
	int64_t start_ms, stop_ms; /* stop: STEVE_NO_TIME while it is open */
	char *start_value, *stop_value, *stop_reason;
	char *values; /* the meter values as JSON text, or NULL */
	bool by_hand; /* stopped over the API */
};

struct steve {
	const char *user, *password; /* NULL: not asked for */
	const char *key, *key_header; /* up to 3.7 instead; NULL: not asked for */
	char *prefix;                /* the context path, with its slash; "" for none */
	char *basic;                 /* the Authorization header expected, or NULL */
	unsigned version;            /* 3.13 is 313 */
	/* Both arrays are ordered by pk; see steve_order(). */
	struct steve_tag **tag;
	size_t n_tags, tags_cap;
	struct steve_transaction **transaction;
	size_t n_transactions, transactions_cap;
	bool unordered;
	int64_t next_tag, next_transaction;
	struct lh_table *by_id_tag; /* lower-case id -> tag */
	struct steve_box **box;
	size_t n_boxes, boxes_cap;
	struct lh_table *by_box_id;
};

/* -- answers ------------------------------------- */

void steve_error(struct standin_request *req, unsigned status, const char *message,
		 struct standin_reply *reply);
/* The fixed answer to any bad parameter or field. */
void steve_bad_request(struct standin_request *req, struct standin_reply *reply);
/* The parameter of the path as a number; false with a 400 answered. */
bool steve_path_pk(struct standin_request *req, int64_t *ret_pk, struct standin_reply *reply);
/* A whole number that is all of the text. */
bool steve_parse_int(const char *s, int64_t *ret);
/* A query parameter, trimmed as SteVe does; NULL if it is absent or blank. */
const char *steve_query(const struct standin_request *req, const char *name);

/* Up to 3.7 a date-time is a local one, and with a zone it is none. */
bool steve_odd_zone(const struct steve *st, const char *time);

enum steve_choice { STEVE_ALL, STEVE_TRUE, STEVE_FALSE, STEVE_BAD };
enum steve_choice steve_choice(const struct standin_request *req, const char *name);

/* -- tags ------------------------------------- */

struct steve_tag *steve_tag_find(const struct steve *st, const char *id_tag);
struct steve_tag *steve_tag_find_pk(const struct steve *st, int64_t pk);
/* The tag of an id, made (allowed without limit: -1) if it is not there. */
struct steve_tag *steve_tag_ensure(struct steve *st, const char *id_tag);
/* Makes or edits a tag in place, without any check; NULL if it has no idTag and no known pk. */
struct steve_tag *steve_tag_edit(struct steve *st, struct json_object *in);
void steve_tag_emit(const struct steve *st, const struct steve_tag *t, struct text *out);
void steve_tag_free(struct steve_tag *t);

#define STEVE_HANDLER(name) \
	void name(void *state, struct standin_request *req, struct standin_reply *reply)

STEVE_HANDLER(steve_tag_list);
STEVE_HANDLER(steve_tag_get);
STEVE_HANDLER(steve_tag_post);
STEVE_HANDLER(steve_tag_put);
STEVE_HANDLER(steve_tag_delete);

/* -- transactions ------------------------------------- */

struct steve_transaction *steve_transaction_find(struct steve *st, int64_t pk);
/* Makes or edits one in place, as a charger would; NULL if one to make has no ocppIdTag. */
struct steve_transaction *steve_transaction_edit(struct steve *st, struct json_object *in);
void steve_transaction_emit(const struct steve_transaction *t, struct text *out);
bool steve_transaction_delete(struct steve *st, int64_t pk);
void steve_transactions_delete_of(struct steve *st, const struct steve_tag *tag);
void steve_transactions_generate(struct steve *st, struct json_object *how);
void steve_transaction_free(struct steve_transaction *t);
/* Puts the transactions in the order of their keys again, if that is needed. */
void steve_order(struct steve *st);

STEVE_HANDLER(steve_transaction_list);
STEVE_HANDLER(steve_transaction_get);
STEVE_HANDLER(steve_transaction_stop);

#endif
