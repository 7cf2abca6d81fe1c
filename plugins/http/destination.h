/* SPDX-License-Identifier: Apache-2.0 */
/* destination.h - the destination's requests, as opened. Inside the http connector only. */
#ifndef FERRY_PLUGINS_HTTP_DESTINATION_H
#define FERRY_PLUGINS_HTTP_DESTINATION_H

#include "http/http.h"

/* One kind of write. */
struct http_operation {
	const char *name;		/* "create", or NULL: not configured */
	const char *method;
	struct http_template path, body, each;
	bool has_body, batch;		/* batch: the body carries many records */
	bool fixed;			/* the path is the same for all records */
	bool repeatable;		/* done twice it does no more than once */
	struct http_pointer id;
	bool has_id;
};

/* What the answer to a batch says of each record. */
struct http_results {
	bool given, has_id, has_error, has_code, has_status, has_key, has_index;
	bool failed_only;		/* who is not listed is done */
	struct http_pointer path, id, error, code, status, key, index;
};

struct http_reading {
	bool given;
	struct http_template path;
	struct http_pointer record, records, id;
	bool has_records, has_id;
	bool finds_new, look_up_new;	/* the path can be made for records without an id */
	struct http_pointer *fields;	/* by place in the layout */
	bool *has_field;
	const char *absent;		/* statuses */
};

struct http_destination {
	const struct ferry_layout *layout;
	struct http_record record;
	struct http_operation operations[FERRY_DECISIONS];
	struct http_results results;
	struct http_reading lookup;
	struct http_source *list;	/* NULL: not configured */
	bool lines;
	const char *type, *duplicate, *gone;
	const char *key_header;		/* of idempotency keys, or NULL */
	uint64_t run;			/* makes keys of updates differ from run to run */
	struct rest_buf path, records, body, header;
	struct rest_pool pool;
};

int http_results_open(struct http_results *r, const struct ferry_open *open,
		      struct ferry_error *err);
void http_results_release(struct http_results *r);
/*
 * Sort out the answer to a batch: at[0..n) are the places of the records that were sent, outcomes
 * and actions are whole. -1: the answer is not as promised, or some were turned away for now.
 */
int http_results_read(struct http_handle *h, const struct http_operation *op,
		      const struct ferry_action *actions, const size_t *at, size_t n,
		      const struct ferry_http_response *res, struct ferry_outcome *outcomes,
		      struct ferry_error *err);
/* The record is there; its id is what the answer says, else the one known, else its key. */
void http_done(struct ferry_outcome *outcome, enum ferry_ack ack, const struct ferry_action *action,
	       const char *id, size_t len);

int http_reading_open(struct http_handle *h, const struct ferry_open *open,
		      struct ferry_error *err);
void http_reading_release(struct http_destination *d);

/* The value of an idempotency key: 32 hex digits. */
void http_idempotency_key(const struct http_destination *d, const struct http_operation *op,
			  enum ferry_decision decision, const struct rest_buf *path,
			  const struct rest_buf *body, char out[33]);

#endif
