/* SPDX-License-Identifier: Apache-2.0 */
/* results.c - what the answer to a batch says of each record that was in it. */
#include "http/destination.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int http_results_open(struct http_results *r, const struct ferry_open *open, struct ferry_error *err)
{
	const char *listed = ferry_setting_text(open, "results.listed");

	if (http_take_pointer(open, "results.path", &r->path, &r->given, err) ||
	    http_take_pointer(open, "results.id", &r->id, &r->has_id, err) ||
	    http_take_pointer(open, "results.error", &r->error, &r->has_error, err) ||
	    http_take_pointer(open, "results.code", &r->code, &r->has_code, err) ||
	    http_take_pointer(open, "results.status", &r->status, &r->has_status, err) ||
	    http_take_pointer(open, "results.key", &r->key, &r->has_key, err) ||
	    http_take_pointer(open, "results.index", &r->index, &r->has_index, err))
		return -1;
	r->failed_only = listed && !strcmp(listed, "failed");
	if (!r->given && (r->has_id || r->has_error || r->has_code || r->has_status ||
			  r->has_key || r->has_index || r->failed_only))
		return open->host->fail(err, FERRY_E_CONFIG,
					"results.path: it is missing; empty it is the whole answer");
	if (r->failed_only && !r->has_key && !r->has_index)
		return open->host->fail(err, FERRY_E_CONFIG,
					"results.listed: when only failed records are listed, "
					"'results.key' or 'results.index' must tell which they are");
	return 0;
}

void http_results_release(struct http_results *r)
{
	struct http_pointer *all[] = {&r->path, &r->id, &r->error, &r->code, &r->status, &r->key,
				      &r->index};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		http_pointer_release(all[i]);
}

struct reading {
	struct http_handle *h;
	const struct http_operation *op;
	const struct ferry_action *actions;
	const size_t *at;
	size_t n;
	struct ferry_outcome *outcomes;
	struct rest_map keys;
	int turned_away;		/* the status of a record to be sent again, or 0 */
	int64_t retry_after_ms;
};

/* Which record a result is about; false when that cannot be told. */
static bool find_record(struct reading *r, const struct http_results *results, rest_node *item,
			size_t place, size_t *ret)
{
	const char *key;
	size_t len;
	int64_t i;

	if (results->has_index) {
		if (!rest_int(http_pointer_get(&results->index, item, NULL), &i) || i < 0)
			return false;
		*ret = (size_t)i;
	} else if (results->has_key) {
		return http_id_text(http_pointer_get(&results->key, item, NULL), &key, &len) &&
		       rest_map_find(&r->keys, key, len, ret);
	} else {
		*ret = place;
	}
	return *ret < r->n;
}

/* null, false, "", [] and {} are how peers say that there is no error. */
static bool is_error(rest_node *node)
{
	size_t len;
	void *iter = NULL;
	const char *name;
	rest_node *value;

	switch (rest_kind(node)) {
	case REST_NULL: return false;
	case REST_BOOL: rest_dump(node, &len); return len == 4;
	case REST_STRING: rest_text(node, &len); return len;
	case REST_ARRAY: return rest_count(node);
	case REST_OBJECT: return rest_next(node, &iter, &name, &value);
	case REST_INT: case REST_NUMBER: return true;
	}
	return true;
}

static void refuse(struct reading *r, const struct http_results *results, rest_node *item,
		   int64_t status, struct ferry_outcome *outcome)
{
	rest_node *error = results->has_error ? http_pointer_get(&results->error, item, NULL) : NULL;
	rest_node *said = results->has_code ? http_pointer_get(&results->code, item, NULL) : NULL;
	const struct http_connection *c = &r->h->connection;
	char code[64] = "REFUSED", message[400];
	size_t len = 0;
	const char *s;

	if (status)
		snprintf(code, sizeof code, "http_%d", (int)status);
	if (http_id_text(said, &s, &len))
		http_excerpt(c, s, len, code, sizeof code);
	s = is_error(error) ? rest_text(error, &len) : rest_dump(item, &len);
	if (!s)
		s = rest_dump(error, &len);
	http_excerpt(c, s, len, message, sizeof message);
	rest_reject(outcome, code, "", "%s", message);
}

/* One result. -1: it is not as promised. */
static int read_result(struct reading *r, rest_node *item, size_t place, struct ferry_error *err)
{
	const struct http_destination *d = r->h->destination;
	const struct http_results *results = &d->results;
	const struct ferry_host *host = r->h->connection.api.host;
	int64_t status = 0;
	size_t k, len = 0;
	const char *id = "";

	if (!find_record(r, results, item, place, &k))
		return host->fail(err, FERRY_E_PROTOCOL,
				  "%s: the %zu. result does not tell which record it is about",
				  r->op->name, place + 1);
	const struct ferry_action *action = &r->actions[r->at[k]];
	struct ferry_outcome *outcome = &r->outcomes[r->at[k]];
	if (results->has_status &&
	    !rest_int(http_pointer_get(&results->status, item, NULL), &status))
		return host->fail(err, FERRY_E_PROTOCOL, "%s: the %zu. result has no status at '%s'",
				  r->op->name, place + 1, results->status.text);
	bool known = (action->decision == FERRY_CREATE && http_listed(d->duplicate, (int)status)) ||
		(action->decision == FERRY_DELETE && http_listed(d->gone, (int)status));
	bool failed = results->failed_only || (status && (status < 200 || status > 299)) ||
		(results->has_error && is_error(http_pointer_get(&results->error, item, NULL)));
	if (results->has_id)
		http_id_text(http_pointer_get(&results->id, item, NULL), &id, &len);
	if (known || !failed) {
		if (results->has_id && !len && !known)
			return host->fail(err, FERRY_E_PROTOCOL,
					  "%s: the %zu. result has no id at '%s'", r->op->name,
					  place + 1, results->id.text);
		http_done(outcome, known ? FERRY_ACK_DUPLICATE : FERRY_ACK_DONE, action,
			  len ? id : "", len);
	} else if (status == 429 || status == 408 || status >= 500) {
		/* the peer says of this very record that it was not done, but may be later */
		outcome->ack = FERRY_ACK_UNSENT;
		r->turned_away = (int)status;
	} else {
		refuse(r, results, item, status, outcome);
	}
	return 0;
}

static int read_list(struct reading *r, rest_node *list, struct ferry_error *err)
{
	const struct http_results *results = &r->h->destination->results;
	const struct ferry_host *host = r->h->connection.api.host;
	size_t count = rest_count(list), missing = 0;

	if (!results->failed_only && count != r->n)
		return host->fail(err, FERRY_E_PROTOCOL,
				  "%s: %zu records were sent, and %zu results came back",
				  r->op->name, r->n, count);
	for (size_t i = 0; i < count; i++)
		if (read_result(r, rest_at(list, i), i, err))
			return -1;
	for (size_t k = 0; k < r->n; k++) {
		struct ferry_outcome *outcome = &r->outcomes[r->at[k]];
		if (outcome->ack != FERRY_ACK_UNKNOWN)
			continue;
		missing++;
		if (results->failed_only)
			http_done(outcome, FERRY_ACK_DONE, &r->actions[r->at[k]], "", 0);
	}
	if (missing && !results->failed_only)
		return host->fail(err, FERRY_E_PROTOCOL,
				  "%s: some results are about the same record, and %zu records have "
				  "none", r->op->name, missing);
	if (!r->turned_away)
		return 0;
	host->fail(err, r->turned_away == 429 ? FERRY_E_RATE_LIMIT : FERRY_E_UNAVAILABLE,
		   "%s: %s turns some records of a batch away for now (%d)", r->op->name,
		   r->h->connection.api.peer, r->turned_away);
	err->sys = r->turned_away;
	err->retry_after_ms = r->retry_after_ms;
	return -1;
}

int http_results_read(struct http_handle *h, const struct http_operation *op,
		      const struct ferry_action *actions, const size_t *at, size_t n,
		      const struct ferry_http_response *res, struct ferry_outcome *outcomes,
		      struct ferry_error *err)
{
	const struct http_results *results = &h->destination->results;
	struct reading r = {h, op, actions, at, n, outcomes, {0}, 0, res->retry_after_ms};
	rest_node *root, *list;
	bool present;
	int rc;

	if (http_parse(&h->connection, op->name, res, &root, err))
		return -1;
	list = http_pointer_get(&results->path, root, &present);
	/* nothing failed: some leave the list out then */
	bool none = results->failed_only && rest_kind(list) == REST_NULL;
	for (size_t k = 0; k < n && results->has_key; k++)
		rest_map_add(&r.keys, actions[at[k]].key, actions[at[k]].key_len, k, NULL);
	if (rest_kind(list) != REST_ARRAY && !none)
		rc = h->connection.api.host->fail(err, FERRY_E_PROTOCOL,
						  "%s: %s's answer has no list of results at '%s'",
						  op->name, h->connection.api.peer,
						  results->path.text);
	else
		rc = read_list(&r, list, err);
	rest_map_release(&r.keys);
	rest_free(root);
	return rc;
}
