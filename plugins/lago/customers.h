/* SPDX-License-Identifier: Apache-2.0 */
/*
 * customers.h - the parts of lago-customers: the handle, its fields (customers-fields.c),
 * what is read (customers-read.c) and what is written (customers.c).
 */
#ifndef FERRY_PLUGINS_LAGO_CUSTOMERS_H
#define FERRY_PLUGINS_LAGO_CUSTOMERS_H

#include "lago/lago.h"

#define CUSTOMERS_PAGE 100		/* customers that one request of a list gives */
#define METADATA "metadata."
#define METADATA_MAX 5			/* entries of one customer */
#define METADATA_KEY_MAX 20		/* characters */

struct customers {
	struct rest_api api;
	const struct ferry_layout *layout; /* NULL: source */
	enum ferry_mode mode;
	int id_field;			/* where external_id stands in the layout */
	bool has_metadata;		/* some metadata.* is mapped */
	struct rest_tree tree;		/* all fields but metadata.* */
	struct rest_piece *answer;	/* by field: what a written customer came back with */
	bool *warned;			/* by field: a difference was reported */
	struct rest_pool pool;		/* what lookup and list gave */
	struct rest_buf path, body, room;
};

extern const struct ferry_field customer_fields[];
int customers_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			   struct ferry_issue *issue);

/* GET one customer: 1 and its tree (to be freed) with the customer in it, 0: there is none, -1. */
int customer_fetch(struct customers *h, const char *id, size_t len, rest_node **root,
		   rest_node **ret, struct ferry_error *err);
/* Make h->path "/customers/ID". */
void customer_path(struct customers *h, const char *id, size_t len);
/* The external_id of an action: from the record, what was there, or the destination id. */
bool customer_id(const struct customers *h, const struct ferry_action *action, const char **id,
		 size_t *len);
/* PROTOCOL: an answer is about another customer than the one asked for. */
int customer_is_other(const struct customers *h, const char *what, struct ferry_error *err);
/* Check that it is about that one. */
int customer_is(const struct customers *h, const char *what, rest_node *customer, const char *id,
		size_t len, struct ferry_error *err);

int customers_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		      struct ferry_error *err);
int customers_lookup(void *handle, const struct ferry_action *actions, size_t n,
		     struct ferry_found *found, struct ferry_error *err);
int customers_list(void *handle, struct ferry_listing *listing, struct ferry_error *err);

#endif
