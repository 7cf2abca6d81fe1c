/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - the elements of a list in a JSON answer, one after the other while the answer comes
 * in, so that never more than one of them is held. All of the answer is checked, to its last byte.
 */
#ifndef FERRY_PLUGINS_REST_STREAM_H
#define FERRY_PLUGINS_REST_STREAM_H

#include "rest/rest.h"

/*
 * One answer. Zeroed, then filled down to ctx; the rest is the stream's own. When `element` returns
 * -1 with *err filled, reading ends with that error. What it is given is borrowed for the call.
 */
struct rest_list {
	const char *what;		/* "GET /customers", for messages */
	const char *path;		/* dotted path to the list; NULL: the answer is the list */
	const struct rest_tree *tree;	/* what is wanted of an element; not empty */
	size_t max_element;		/* bytes; 0: 32 MiB. A longer one ends it with PROTOCOL */
	/* found[index of the tree]; all are absent unless the element is an object */
	int (*element)(void *ctx, const struct rest_piece *element, const struct rest_piece *found,
		       struct ferry_error *err);
	void *ctx;

	uint64_t bytes, n;		/* read so far; elements given so far */
	bool refused;			/* element has returned -1 */
	int state, part;
	unsigned level;			/* objects entered on the way to the list */
	bool has_list;
	unsigned depth;			/* of the part that is being read */
	bool in_string, escaped;
	struct rest_buf held;		/* the begin of a part whose end has not come yet */
	struct rest_piece *found;
	char head[96];			/* how the answer begins, for messages */
	size_t head_len;
};

/* The next bytes of the answer. PROTOCOL when it is no JSON or has no such list. */
int rest_list_feed(const struct rest_api *api, struct rest_list *list, const char *data, size_t len,
		   struct ferry_error *err);
/* The answer is over: was it all? PROTOCOL when not. */
int rest_list_end(const struct rest_api *api, struct rest_list *list, struct ferry_error *err);
void rest_list_release(struct rest_list *list);

/*
 * A GET, repeated by the host after a transient failure as long as nothing of an answer has come. A
 * success is fed to the list, whose end the caller must still ask for; the body of any other answer
 * is in *res.
 */
int rest_get_list(struct rest_api *api, const char *path, struct rest_list *list,
		  struct ferry_http_response *res, struct ferry_error *err);

#endif
