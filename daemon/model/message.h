/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - one notification: what it says, as the JSON that is kept and sent to webhooks, as text for
 * mail, and as Slack wants it. Nothing of a record stands in it. Pure.
 */
#ifndef FERRY_MODEL_MESSAGE_H
#define FERRY_MODEL_MESSAGE_H

#include "base/arena.h"
#include "model/notify.h"

enum { MESSAGE_CODES = 5 };

/* Texts are in its arena or borrowed; NULL: nothing to say. Times: us, spans: ms. */
struct message {
	struct arena arena;
	const char *delivery;		/* the same for every attempt */
	unsigned events;		/* bits; 0: a test */
	int64_t at;
	const char *target, *sync;
	/* of the run */
	int64_t run, started_at, completed_at, ms;
	const char *status, *trigger;
	int64_t rows, created, updated, deleted, row_errors;
	const char *code, *text, *hint, *segment, *stage; /* its error */
	struct {
		const char *code;
		int64_t n;
	} codes[MESSAGE_CODES];		/* of row errors */
	size_t n_codes;
	int64_t problems_open, problems_opened;
	/* of the sync */
	int64_t failures, failing_since;
	struct notify_held held;
	int64_t held_by_quota;		/* of the target, any sync */
	const char *next, *url;		/* the command to go on with; the run in the console */
};

void message_json(const struct message *m, struct buf *out);
/* What that wrote; PROTOCOL when it is something else. To be released. */
int message_read(json_node *node, struct message *ret, struct ferry_error *err);
void message_release(struct message *m);

/* One line: "customers failed 3 times in a row (run 42)" */
void message_subject(const struct message *m, struct buf *out);
/* Some lines for people, each with its end. */
void message_text(const struct message *m, struct buf *out);
/* The payload for an incoming webhook of Slack. */
void message_slack(const struct message *m, struct buf *out);

/*
 * The whole mail, for sendmail -t. Addresses were checked by the configuration; everything else may
 * hold anything and comes out harmless.
 */
struct mail {
	const char *from;
	const char **to;
	size_t n_to;
	const char *delivery, *subject, *text;
	int64_t at;
};
void mail_compose(const struct mail *mail, struct buf *out);

#endif
