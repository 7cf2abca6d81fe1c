/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - asking the daemon, and reading what it answers.
 *
 * Answers are not trusted: accessors fall back when a member is missing or of another kind, and
 * texts go to the terminal only through style.h and table.h.
 */
#ifndef FERRY_CTL_CLIENT_H
#define FERRY_CTL_CLIENT_H

#include "base/buf.h"
#include "base/error.h"
#include "wire/json.h"

struct client;

/* Nothing is connected yet. socket is borrowed. An answer may take timeout_ms. */
int client_new(const char *socket, int timeout_ms, struct client **ret, struct ferry_error *err);
void client_free(struct client *client);

struct answer {
	int status;			/* HTTP; 0: there was none */
	struct json_doc *doc;
	json_node *root;
	struct buf body;		/* as it came */
};

#define ANSWER_INIT {0, NULL, NULL, BUF_INIT}
void answer_release(struct answer *answer);

/*
 * GET or POST /api/v1 + path (or "/healthz" as it is); body NULL means none. A refusal (status 400 and up) is -1 with the
 * daemon's own code, message and hint in *err, and *ret is filled all the same. UNREACHABLE when
 * there is no daemon. *ret is released first.
 */
int client_call(struct client *client, const char *method, const char *path, const char *body,
		struct answer *ret, struct ferry_error *err);
/* The same for a GET of a path in a buffer, which is released. */
int client_get(struct client *client, struct buf *path, struct answer *ret,
	       struct ferry_error *err);
/*
 * GET of an answer that goes on, piece by piece as it comes, until the daemon ends it (0) or piece says no
 * (-1 with its error). last_id: of the last event that was had; NULL: none. It may be quiet for 60 s at most.
 */
int client_stream(struct client *client, const char *path, const char *last_id,
		  int (*piece)(void *ctx, const char *data, size_t len, struct ferry_error *err), void *ctx,
		  struct ferry_error *err);
/* The body of the refusal of the last call; NULL when it was none, or no JSON object. */
const char *client_refusal(const struct client *client);
/* Whether SIGINT or SIGTERM, being blocked, wait; an exchange then ends with CANCELLED. */
bool client_interrupted(void);

/* "/" and a name, percent-encoded */
void path_name(struct buf *path, const char *name);
/* "?name=value" or "&name=value"; nothing when value is NULL */
void path_query(struct buf *path, const char *name, const char *value);
void path_query_int(struct buf *path, const char *name, int64_t value);

/* A member that is a number, as seconds, at most 1e12 either way; fallback when it is none. */
double json_get_seconds(json_node *node, const char *name, double fallback);
/* A member that is an ISO 8601 text, in microseconds; 0 when it is none. */
int64_t json_get_time(json_node *node, const char *name);

#endif
