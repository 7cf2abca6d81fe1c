/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the shared plumbing know of each other: standin.c (sockets and threads),
 * standin-faults.c and standin-control.c. A peer must not include this.
 */
#ifndef STANDIN_PRIVATE_H
#define STANDIN_PRIVATE_H

#include <pthread.h>

#include "standin.h"

struct lh_table;

enum fault_kind {
	FAULT_429,
	FAULT_500,
	FAULT_500_AFTER,
	FAULT_SLOW,
	FAULT_HANG,
	FAULT_CUT_BEFORE,
	FAULT_CUT_AFTER_WRITE,
	FAULT_CUT_IN_ANSWER,
	FAULT_INVALID_JSON,
	FAULT_EXPIRED_KEY,
	FAULT_REJECT_VALUE,
	FAULT_HTML,
};

struct fault {
	char *route; /* a route's label, or "*" */
	enum fault_kind kind;
	int64_t after, times, status, reset, delay_ms;
	char *retry_after; /* the header's text, or NULL */
	char *field, *value, *code; /* reject_value only */
	uint64_t seen, hits;
	unsigned users; /* the list, and each request it struck that is not answered yet */
};

struct fault_list {
	struct fault **item;
	size_t n, cap;
};

struct log_entry {
	uint64_t n;
	char *method, *path, *query, *body;
	const char *fault;
	unsigned status;
	size_t rows, bytes;
};

struct standin {
	const struct standin_peer *peer;
	void *state;
	const char *prefix;

	pthread_mutex_t lock; /* guards the peer's state and everything below in this block */
	struct fault_list faults;
	struct log_entry *log; /* a ring; entry n is at n % log_size */
	size_t log_size;
	uint64_t log_next, log_first; /* numbers begin at 1 */
	uint64_t total, writes, reads, rows_written;
	uint64_t *route_hits;          /* by index in peer->routes */
	struct lh_table *other_routes; /* requests without a route, by method */
	uint64_t by_status[600];

	/* Requests that wait. Guarded by `park_lock`; see standin.c. */
	pthread_mutex_t park_lock;
	struct exchange **parked;
	size_t n_parked, parked_cap;
	bool stopping;
	int wake_fd;
	pthread_t parker;
};

/* faults: all with the lock held */
const char *fault_kind_name(enum fault_kind kind);
/* Counts the request against every fault of its route; returns the one that strikes. */
struct fault *fault_pick(struct standin *s, const struct standin_request *req);
void fault_unref(struct fault *f);
bool fault_add_all(struct standin *s, struct json_object *array, char *why, size_t why_size);
void fault_list_clear(struct standin *s);
void fault_list_dump(struct standin *s, struct text *out);
/* The answer of a fault that answers by itself. */
void fault_answer(const struct fault *f, struct standin *s, struct standin_request *req,
		  struct standin_reply *reply);

/* control and accounts: all with the lock held */
void control_handle(struct standin *s, struct standin_request *req, struct standin_reply *reply);
void account(struct standin *s, const struct standin_route *route, struct standin_request *req,
	     const struct standin_reply *reply);
void account_reset_log(struct standin *s);
void account_release(struct standin *s);

#endif
