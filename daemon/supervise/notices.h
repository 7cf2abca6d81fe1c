/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notices.h - what the three files of notifications share: notices.c decides what is told and puts it into
 * the outbox, notice_doc.c knows documents, deliveries.c has workers send them. Not for others.
 */
#ifndef FERRY_SUPERVISE_NOTICES_H
#define FERRY_SUPERVISE_NOTICES_H

#include "model/message.h"
#include "store/outbox.h"
#include "supervise/supervisor.h"

enum { DELIVERY_TEXT = 33, DELIVERIES_AT_ONCE = 32, OUTBOX_KEPT = 5000 };

struct target_quota {
	char *target;
	struct notify_quota quota;
	int64_t blocked_until;		/* its messages go one after the other: an attempt has failed; 0: none */
};

struct notifier {
	struct loop_source *timer;
	struct target_quota *quotas;
	size_t n_quotas;
	struct probe *job;		/* of `sent` */
	struct outbox_entry sent[DELIVERIES_AT_ONCE];
	size_t n_sent;
	int64_t trimmed_at;
	bool recovered;			/* what a dead daemon left behind has been told */
};

/* ---- notice_doc.c */

/* A name for each attempt at a message, that no other message has. */
void delivery_name(char out[DELIVERY_TEXT]);
/* What a run says of itself; texts are borrowed from it and the arena. console: NULL, or its address. */
void message_of_run(struct message *m, const struct run_doc *doc, const struct tallies *codes, const char *console);

/* A message in the outbox, as its document has it. */
struct notice {
	struct outbox_entry entry;
	int64_t attempts, settled_at;
	const char *kind;		/* of its target */
	struct ferry_error error;	/* of the last attempt; OK: there was none */
	json_node *message;
	struct json_doc *doc;
};
int notice_read(const struct outbox_entry *entry, const struct buf *json, struct notice *ret, struct ferry_error *err);
void notice_release(struct notice *n);
void notice_json(const struct notice *n, struct buf *out);
/* A new one: the message's document. */
void notice_new_json(const struct outbox_entry *entry, const struct target_def *target, const struct message *m,
		     struct buf *out);

/* ---- notices.c */

struct target_quota *target_quota(struct supervisor *s, const char *target);
/* What is stuck, and what was held back long enough. 0, or when to look again. */
int64_t notices_look(struct supervisor *s, int64_t now);

#endif
