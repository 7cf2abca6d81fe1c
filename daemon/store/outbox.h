/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.h - notifications until they are delivered, and for some days after. Part of the journal:
 * written with its group, so a run's end and what is told of it are durable together; read from what is
 * committed. Knows documents as JSON text only.
 */
#ifndef FERRY_STORE_OUTBOX_H
#define FERRY_STORE_OUTBOX_H

#include "store/journal.h"

enum outbox_status { OUTBOX_PENDING, OUTBOX_DELIVERED, OUTBOX_FAILED, OUTBOX_STATUSES };
const char *outbox_status_name(enum outbox_status s);
int outbox_status_from_name(const char *name);	/* -1: none */

struct outbox_entry {
	int64_t id;
	enum outbox_status status;
	int64_t created_at;		/* microseconds, as the next */
	int64_t due_at;			/* pending: the next attempt */
};

/* From 1, increasing, never given twice once it was committed. */
int64_t outbox_next_id(struct journal *j);
/* Put, or replace what stood there; was: as it was then, NULL when it is new. */
void outbox_put(struct journal *j, const struct outbox_entry *entry, const struct outbox_entry *was,
		const char *json, size_t len);
/* Take one away. */
void outbox_drop(struct journal *j, const struct outbox_entry *entry);

/* Append its document; NOT_FOUND when there is none. */
int outbox_get(struct journal *j, int64_t id, struct outbox_entry *ret, struct buf *json,
	       struct ferry_error *err);
/*
 * Pending ones that are due, the longest overdue first, with id and due_at alone. *ret_next: when the next
 * one is due, 0 never.
 */
int outbox_due(struct journal *j, int64_t now, size_t limit, struct outbox_entry *entries, size_t *ret_n,
	       int64_t *ret_next, struct ferry_error *err);
/* Append one page as comma-separated JSON objects, the newest first. status -1: all. */
int outbox_list(struct journal *j, int status, int64_t skip, int64_t limit, struct buf *items,
		int64_t *ret_total, struct ferry_error *err);
/* Take away the oldest: settled ones made before that time, and any beyond `keep`; `most` at once. */
int outbox_trim(struct journal *j, int64_t before, int64_t keep, int64_t most, struct ferry_error *err);

#endif
