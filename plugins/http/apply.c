/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - carrying out actions: one request for each, or one for all of them. What an outcome says
 * is only what the answer proves.
 */
#include "http/destination.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------- outcomes */

void http_done(struct ferry_outcome *outcome, enum ferry_ack ack, const struct ferry_action *action,
	       const char *id, size_t len)
{
	outcome->ack = ack;
	if (!len && action->dest_id && *action->dest_id) {
		id = action->dest_id;
		len = strlen(id);
	}
	/* a destination that tells no ids knows the record by its key */
	rest_dest_id(outcome, len ? id : action->key, len ? len : action->key_len);
}

/* The peer's own words are at the end of the message already. */
static void refuse(struct ferry_outcome *outcome, const struct ferry_error *err)
{
	char code[16] = "REFUSED";

	if (err->sys)
		snprintf(code, sizeof code, "http_%d", err->sys);
	rest_reject(outcome, code, "", "%s", err->msg);
}

/* ------------------------------------------------------------------ requests */

static int send_write(struct http_handle *h, const struct http_operation *op,
		      enum ferry_decision decision, struct ferry_http_response *res,
		      struct ferry_error *err)
{
	struct http_destination *d = h->destination;
	const char *type = op->batch && d->lines ? "application/x-ndjson" : "application/json";
	struct http_request req = {
		.method = op->method, .url = rest_str(&d->path),
		.type = d->type ? d->type : type,
		.body = op->has_body ? &d->body : NULL,
	};

	if (d->key_header) {
		char key[33];
		http_idempotency_key(d, op, decision, &d->path, &d->body, key);
		rest_buf_reset(&d->header);
		rest_addf(&d->header, "%s: %s", d->key_header, key);
		req.header = rest_str(&d->header);
	}
	return http_send(&h->connection, &req, res, err);
}

static bool is_there_already(const struct http_destination *d, enum ferry_decision decision,
			     int status)
{
	return (decision == FERRY_CREATE && http_listed(d->duplicate, status)) ||
	       (decision == FERRY_DELETE && http_listed(d->gone, status));
}

/* ------------------------------------------------------------ one at a time */

static int read_single(struct http_handle *h, const struct http_operation *op,
		       const struct ferry_action *action, const struct ferry_http_response *res,
		       struct ferry_outcome *outcome, struct ferry_error *err)
{
	const struct http_connection *c = &h->connection;
	rest_node *root = NULL;
	const char *id = "";
	size_t len = 0;

	if (is_there_already(h->destination, action->decision, res->status)) {
		http_done(outcome, FERRY_ACK_DUPLICATE, action, "", 0);
		return 0;
	}
	if (http_status(c, op->name, res, op->fixed, err))
		return -1;
	if (op->has_id) {
		if (http_parse(c, op->name, res, &root, err))
			return -1;
		if (!http_id_text(http_pointer_get(&op->id, root, NULL), &id, &len)) {
			rest_free(root);
			return c->api.host->fail(err, FERRY_E_PROTOCOL,
						 "%s: %s's answer has no id at '%s'", op->name,
						 c->api.peer, op->id.text);
		}
	}
	http_done(outcome, FERRY_ACK_DONE, action, id, len);
	rest_free(root);
	return 0;
}

static int apply_one(struct http_handle *h, const struct http_operation *op,
		     const struct ferry_action *action, struct ferry_outcome *outcome,
		     struct ferry_error *err)
{
	struct http_destination *d = h->destination;
	struct http_fill fill = {.record = &d->record, .layout = d->layout, .action = action};
	struct ferry_http_response res;

	rest_buf_reset(&d->path);
	rest_buf_reset(&d->body);
	const char *why = http_fill_path(&d->path, &op->path, &fill);
	if (!why && op->has_body)
		why = http_fill_body(&d->body, &op->body, &fill);
	if (why) {
		rest_reject(outcome, "INCOMPLETE", "", "%s: %s", op->name, why);
		return 0;
	}
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (send_write(h, op, action->decision, &res, err))
		return -1;
	return read_single(h, op, action, &res, outcome, err);
}

static int apply_singly(struct http_handle *h, const struct http_operation *op,
			const struct ferry_action *actions, size_t n,
			struct ferry_outcome *outcomes, struct ferry_error *err)
{
	const struct ferry_host *host = h->connection.api.host;

	for (size_t i = 0; i < n; i++)
		outcomes[i].ack = FERRY_ACK_UNSENT;
	for (size_t i = 0; i < n; i++) {
		struct ferry_error failed = {0};
		if (host->cancelled(host))
			return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		if (!apply_one(h, op, &actions[i], &outcomes[i], &failed))
			continue;
		if (failed.code == FERRY_E_REJECTED) {
			refuse(&outcomes[i], &failed);
			continue;
		}
		if (rest_unprocessed(&failed))
			outcomes[i].ack = FERRY_ACK_UNSENT;
		*err = failed;
		return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ batches */

/* {{records}}: each record that can be written; those that cannot are refused. Returns how many. */
static size_t put_records(struct http_destination *d, const struct http_operation *op,
			  const struct ferry_action *actions, size_t n,
			  struct ferry_outcome *outcomes, size_t *at)
{
	struct http_fill fill = {.record = &d->record, .layout = d->layout};
	struct rest_buf *b = &d->records;
	size_t count = 0;

	rest_buf_reset(b);
	if (!d->lines)
		http_put(b, "[", 1);
	for (size_t i = 0; i < n; i++) {
		size_t from = b->len;
		fill.action = &actions[i];
		if (count && !d->lines)
			http_put(b, ",", 1);
		const char *why = http_fill_body(b, &op->each, &fill);
		if (why) {
			b->len = from;
			rest_reject(&outcomes[i], "INCOMPLETE", "", "%s: %s", op->name, why);
			continue;
		}
		if (d->lines && b->s[b->len - 1] != '\n')
			http_put(b, "\n", 1);
		at[count++] = i;
	}
	if (!d->lines)
		http_put(b, "]", 1);
	return count;
}

static int read_batch(struct http_handle *h, const struct http_operation *op,
		      const struct ferry_action *actions, const size_t *at, size_t n,
		      const struct ferry_http_response *res, struct ferry_outcome *outcomes,
		      struct ferry_error *err)
{
	struct http_destination *d = h->destination;
	enum ferry_decision decision = actions[at[0]].decision;
	const struct ferry_host *host = h->connection.api.host;

	if (res->status == 413) {
		host->fail(err, FERRY_E_CONFIG, "%s: %s does not take a body of %zu bytes (413)",
			   op->name, h->connection.api.peer, d->body.len);
		err->sys = 413;
		return rest_hint(err, "lower the destination's 'batch', now %zu records", n);
	}
	if (n == 1 && is_there_already(d, decision, res->status)) {
		http_done(&outcomes[at[0]], FERRY_ACK_DUPLICATE, &actions[at[0]], "", 0);
		return 0;
	}
	if (http_status(&h->connection, op->name, res, op->fixed, err)) {
		if (n > 1 || err->code != FERRY_E_REJECTED)
			return -1;
		refuse(&outcomes[at[0]], err);
		return 0;
	}
	if (d->results.given)
		return http_results_read(h, op, actions, at, n, res, outcomes, err);
	for (size_t k = 0; k < n; k++)
		http_done(&outcomes[at[k]], FERRY_ACK_DONE, &actions[at[k]], "", 0);
	return 0;
}

static int send_batch(struct http_handle *h, const struct http_operation *op,
		      const struct ferry_action *actions, const size_t *at, size_t n,
		      struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct http_destination *d = h->destination;
	struct http_fill fill = {.action = &actions[at[0]], .records = &d->records};
	struct ferry_http_response res;
	struct ferry_error failed = {0};

	rest_buf_reset(&d->path);
	rest_buf_reset(&d->body);
	http_fill_path(&d->path, &op->path, &fill);
	http_fill_body(&d->body, &op->body, &fill);
	for (size_t k = 0; k < n; k++)
		outcomes[at[k]].ack = FERRY_ACK_UNKNOWN;
	if (!send_write(h, op, actions[at[0]].decision, &res, &failed) &&
	    !read_batch(h, op, actions, at, n, &res, outcomes, &failed))
		return 0;
	/* refused: the engine narrows it down; the results have told of each by then */
	bool unsent = failed.code == FERRY_E_REJECTED || rest_unprocessed(&failed);
	for (size_t k = 0; k < n && unsent; k++)
		if (outcomes[at[k]].ack == FERRY_ACK_UNKNOWN)
			outcomes[at[k]].ack = FERRY_ACK_UNSENT;
	*err = failed;
	return -1;
}

int http_apply(void *handle, const struct ferry_action *actions, size_t n,
	       struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct http_handle *h = handle;
	const struct http_operation *op = &h->destination->operations[actions[0].decision];

	if (!op->name) {
		bool disable = actions[0].decision == FERRY_DISABLE;
		for (size_t i = 0; i < n; i++)
			outcomes[i].ack = FERRY_ACK_UNSENT;
		return h->connection.api.host->fail(err, FERRY_E_CONFIG,
						    "the destination has no request to %s records: "
						    "set '%s.path'", disable ? "disable" : "delete",
						    disable ? "disable" : "delete");
	}
	if (!op->batch)
		return apply_singly(h, op, actions, n, outcomes, err);
	size_t *at = rest_alloc(n, sizeof *at);
	size_t count = put_records(h->destination, op, actions, n, outcomes, at);
	int rc = count ? send_batch(h, op, actions, at, count, outcomes, err) : 0;
	free(at);
	return rc;
}

/* --------------------------------------------------------- idempotency keys */

struct digest {
	uint64_t a, b;
};

static void mix(struct digest *d, uint64_t word)
{
	d->a = (d->a ^ word) * 0x9e3779b97f4a7c15;
	d->a ^= d->a >> 32;
	d->b = (d->b + word) * 0xc2b2ae3d27d4eb4f;
	d->b ^= d->b >> 29;
}

static void digest_bytes(struct digest *d, const char *s, size_t len)
{
	uint64_t word;

	mix(d, len);
	for (; len >= sizeof word; s += sizeof word, len -= sizeof word) {
		memcpy(&word, s, sizeof word);
		mix(d, word);
	}
	word = 0;
	if (len)
		memcpy(&word, s, len);
	mix(d, word);
}

/*
 * A create has the same key in every run, so that one in doubt is not done twice. An update of later
 * must not be taken for one of earlier with the same content, so its key lasts for the run.
 */
void http_idempotency_key(const struct http_destination *d, const struct http_operation *op,
			  enum ferry_decision decision, const struct rest_buf *path,
			  const struct rest_buf *body, char out[33])
{
	struct digest digest = {0x243f6a8885a308d3, 0x13198a2e03707344};

	mix(&digest, (uint64_t)decision);
	mix(&digest, decision == FERRY_CREATE ? 0 : d->run);
	digest_bytes(&digest, op->method, strlen(op->method));
	digest_bytes(&digest, rest_str(path), path->len);
	digest_bytes(&digest, rest_str(body), body->len);
	mix(&digest, 0);
	snprintf(out, 33, "%016llx%016llx", (unsigned long long)digest.a,
		 (unsigned long long)digest.b);
}
