/* SPDX-License-Identifier: Apache-2.0 */
/*
 * customers.c - lago-customers: opening it, and writing customers.
 *
 * One POST per customer creates or changes it; only the members that are sent are touched, and an
 * explicit null clears. Fields that cannot be changed are ignored without a word, so the answer is
 * compared with what was sent.
 */
#include "lago/customers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 32

/* -------------------------------------------------------------- open, close */

static void close_handle(void *handle)
{
	struct customers *h = handle;

	if (!h)
		return;
	rest_close(&h->api);
	rest_pool_release(&h->pool);
	rest_buf_release(&h->path);
	rest_buf_release(&h->body);
	rest_buf_release(&h->room);
	rest_tree_release(&h->tree);
	free(h->answer);
	free(h->warned);
	free(h);
}

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static int check_layout(struct customers *h, struct ferry_error *err)
{
	const struct ferry_host *host = h->api.host;
	size_t entries = 0;

	h->id_field = rest_field(h->layout, "external_id");
	if (h->id_field < 0)
		return host->fail(err, FERRY_E_CONFIG, "external_id must be mapped");
	for (size_t i = 0; i < h->layout->n; i++) {
		const char *name = h->layout->names[i];
		if (strncmp(name, METADATA, strlen(METADATA)) != 0) {
			rest_tree_add(&h->tree, name, i);
			continue;
		}
		size_t n = characters(name + strlen(METADATA));
		if (!n || n > METADATA_KEY_MAX)
			return host->fail(err, FERRY_E_CONFIG,
					  "%s: Lago takes metadata keys of 1 to %d characters",
					  name, METADATA_KEY_MAX);
		entries++;
	}
	h->has_metadata = entries > 0;
	if (entries > METADATA_MAX)
		return host->fail(err, FERRY_E_CONFIG,
				  "%zu metadata entries are mapped; Lago takes at most %d", entries,
				  METADATA_MAX);
	return 0;
}

static int open_handle(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct customers *h = rest_alloc(1, sizeof *h);

	h->mode = open->mode;
	h->layout = open->layout;
	if (lago_open(&h->api, open, err) || (h->layout && check_layout(h, err))) {
		close_handle(h);
		return -1;
	}
	if (h->layout) {
		h->warned = rest_alloc(h->layout->n, sizeof *h->warned);
		h->answer = rest_alloc(h->layout->n, sizeof *h->answer);
	}
	*ret = h;
	return 0;
}

static int validate_setup(void *handle, struct ferry_error *err)
{
	static const char what[] = "GET /customers";
	struct customers *h = handle;
	struct ferry_http_response res;
	rest_node *root, *list;

	if (rest_get(&h->api, "/customers?page=1&per_page=1", &res, err) ||
	    lago_check(&h->api, what, &res, NULL, err) ||
	    lago_unwrap(&h->api, what, &res, "customers", REST_ARRAY, &root, &list, err))
		return -1;
	rest_free(root);
	return 0;
}

/* ---------------------------------------------------------------- metadata */

static const struct ferry_value *mapped_metadata(const struct customers *h,
						 const struct ferry_value *fields, const char *key)
{
	for (size_t i = 0; i < h->layout->n; i++)
		if (!strncmp(h->layout->names[i], METADATA, strlen(METADATA)) &&
		    !strcmp(h->layout->names[i] + strlen(METADATA), key))
			return &fields[i];
	return NULL;
}

static bool same_text(const struct ferry_value *v, rest_node *node)
{
	size_t len;
	const char *s = rest_text(node, &len);

	return s && v->type == FERRY_TEXT && v->len == len && !memcmp(v->s, s, len);
}

/*
 * One entry that is there: kept with its id, since Lago replaces the whole list and matches only by
 * that id; with the mapped value, when there is one; left out when that is NULL.
 */
static bool keep_entry(rest_node *list, rest_node *entry, const struct ferry_value *mapped)
{
	rest_node *value = rest_member(entry, "value");

	if (mapped && mapped->type == FERRY_NULL)
		return true;
	rest_node *out = rest_object();
	rest_put(out, "id", rest_share(rest_member(entry, "lago_id")));
	rest_put(out, "key", rest_share(rest_member(entry, "key")));
	bool changed = mapped && !same_text(mapped, value);
	if (changed)
		rest_put_value(out, "value", mapped);
	else
		rest_put(out, "value", rest_share(value));
	rest_put(out, "display_in_invoice", rest_share(rest_member(entry, "display_in_invoice")));
	rest_append(list, out);
	return changed;
}

static void new_entry(rest_node *list, const char *key, const struct ferry_value *value)
{
	const struct ferry_value hidden = {.i = 0, .type = FERRY_BOOL};
	rest_node *out = rest_object();

	rest_put(out, "key", rest_string(key, strlen(key)));
	rest_put_value(out, "value", value);
	rest_put_value(out, "display_in_invoice", &hidden);
	rest_append(list, out);
}

/* The list that makes the mapped entries what they should be; NULL when they are. */
static rest_node *merge_metadata(const struct customers *h, const struct ferry_value *fields,
				 rest_node *there)
{
	rest_node *old = rest_member(there, "metadata"), *list = rest_array();
	struct rest_map keys = {0};
	bool changed = false;

	for (size_t i = 0; i < rest_count(old); i++) {
		const char *key = rest_text(rest_member(rest_at(old, i), "key"), NULL);
		if (!key)
			continue;
		rest_map_add(&keys, key, strlen(key), 0, NULL);
		changed |= keep_entry(list, rest_at(old, i), mapped_metadata(h, fields, key));
	}
	for (size_t i = 0; i < h->layout->n; i++) {
		const char *key = h->layout->names[i] + strlen(METADATA);
		if (strncmp(h->layout->names[i], METADATA, strlen(METADATA)) ||
		    fields[i].type == FERRY_NULL || rest_map_find(&keys, key, strlen(key), NULL))
			continue;
		new_entry(list, key, &fields[i]);
		changed = true;
	}
	rest_map_release(&keys);
	if (changed)
		return list;
	rest_free(list);
	return NULL;
}

/* ------------------------------------------------------------------ writing */

static void put_body(struct customers *h, const struct ferry_action *action, rest_node *metadata)
{
	struct rest_buf *b = &h->body;
	size_t len;

	rest_buf_reset(b);
	rest_adds(b, "{\"customer\":{");
	/* there is nothing to clear in a new customer, and not every member takes a null */
	rest_add_members(b, &h->tree, action->fields,
			 action->decision == FERRY_CREATE ? REST_LEAVE_NULL : 0);
	if (metadata) {
		const char *s = rest_dump(metadata, &len);
		rest_adds(b, ",\"metadata\":");	/* the external_id is before it */
		rest_add(b, s, len);
	}
	rest_adds(b, "}}");
}

static bool kept(struct customers *h, const struct ferry_value *sent,
		 const struct rest_piece *there)
{
	struct ferry_value got;

	if (sent->type == FERRY_JSON)
		return true;
	if (there->kind == REST_NULL || sent->type == FERRY_NULL)
		return (there->kind == REST_NULL) == (sent->type == FERRY_NULL) ||
		       (sent->type == FERRY_TEXT && !sent->len) ||
		       (there->kind == REST_STRING && !there->len);
	if (!rest_piece_value(there, sent->type, &h->room, &got))
		return false;
	if (sent->type == FERRY_TEXT)
		return rest_equal_nocase(sent->s, sent->len, got.s, got.len);
	return sent->i == got.i;
}

/* Lago answers 200 and ignores what licence or state do not allow: say so, once per field. */
static void report_ignored(struct customers *h, const struct ferry_action *action)
{
	const struct ferry_host *host = h->api.host;

	for (size_t i = 0; i < h->tree.n; i++) {
		const struct ferry_value *v = &action->fields[i];
		if (h->warned[i] || (v->type == FERRY_NULL && action->decision == FERRY_CREATE))
			continue;
		if (!h->answer[i].s || kept(h, v, &h->answer[i]))
			continue;
		h->warned[i] = true;
		host->log(host, FERRY_LOG_WARN,
			  "Lago accepted a customer but did not keep '%s' as it was sent (licence "
			  "or state may not allow it); further cases are not reported",
			  h->layout->names[i]);
	}
}

static int post_customer(struct customers *h, const struct ferry_action *action,
			 struct ferry_outcome *outcome, struct rest_refusal *refusal,
			 struct ferry_error *err)
{
	static const char what[] = "POST /customers";
	const struct ferry_value *id = &action->fields[h->id_field];
	struct ferry_http_response res;

	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "POST", "/customers", &h->body, &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, refusal, err)) {
		/* made by somebody else in this instant: the same request then updates it */
		if (res.status == 422 && !strcmp(refusal->field, "external_id") &&
		    !strcmp(refusal->code, "value_already_exist"))
			err->code = FERRY_E_UNAVAILABLE;
		return -1;
	}
	if (lago_pick(&h->api, what, &res, "customer", &h->tree, h->answer, err))
		return -1;
	if (!rest_piece_is(&h->answer[h->id_field], id->s, id->len))
		return customer_is_other(h, what, err);
	report_ignored(h, action);
	outcome->ack = FERRY_ACK_DONE;
	rest_dest_id(outcome, id->s, id->len);
	return 0;
}

/* A POST under another id would make a second customer and leave the first one as it is. */
static bool moved(const struct customers *h, const struct ferry_action *action)
{
	const struct ferry_value *id = &action->fields[h->id_field];
	const char *known = action->dest_id;

	return known && *known && (strlen(known) != id->len || memcmp(known, id->s, id->len));
}

static int write_customer(struct customers *h, const struct ferry_action *action,
			  struct ferry_outcome *outcome, struct rest_refusal *refusal,
			  struct ferry_error *err)
{
	const struct ferry_value *id = &action->fields[h->id_field];
	rest_node *root = NULL, *there = NULL, *metadata = NULL;

	if (moved(h, action)) {
		rest_reject(outcome, "identifier_changed", "external_id",
			    "the customer is known to Lago under another external_id, which cannot "
			    "be changed there");
		return 0;
	}
	outcome->ack = FERRY_ACK_UNSENT;
	if (h->has_metadata || h->mode == FERRY_MODE_UPDATE) {
		int rc = customer_fetch(h, id->s, id->len, &root, &there, err);
		if (rc < 0)
			return -1;
		if (!rc && h->mode == FERRY_MODE_UPDATE) {
			rest_reject(outcome, "customer_not_found", "external_id",
				    "Lago has no such customer, and the mode does not create any");
			return 0;
		}
		metadata = merge_metadata(h, action->fields, there);
	}
	if (rest_count(metadata) > METADATA_MAX) {
		rest_reject(outcome, "invalid_count", "metadata",
			    "with the entries that are there it would have %zu metadata entries; "
			    "Lago takes %d",
			    rest_count(metadata), METADATA_MAX);
		rest_free(metadata);
		rest_free(root);
		return 0;
	}
	put_body(h, action, metadata);
	rest_free(metadata);
	rest_free(root);
	return post_customer(h, action, outcome, refusal, err);
}

static int delete_customer(struct customers *h, const struct ferry_action *action,
			   struct ferry_outcome *outcome, struct rest_refusal *refusal,
			   struct ferry_error *err)
{
	static const char what[] = "DELETE /customers/{external_id}";
	struct ferry_http_response res;
	rest_node *root, *customer;
	const char *id;
	size_t len;

	if (!customer_id(h, action, &id, &len)) {
		rest_reject(outcome, "no_identifier", "external_id",
			    "the external_id of the customer is not known");
		return 0;
	}
	customer_path(h, id, len);
	if (rest_call(&h->api, "DELETE", rest_str(&h->path), NULL, &res, err))
		return -1;
	int rc = lago_check(&h->api, what, &res, refusal, err);
	if (rc && err->code != FERRY_E_NOT_FOUND)
		return -1;
	if (!rc) {
		if (lago_unwrap(&h->api, what, &res, "customer", REST_OBJECT, &root, &customer,
				err))
			return -1;
		rc = customer_is(h, what, customer, id, len, err);
		rest_free(root);
		if (rc)
			return -1;
	}
	outcome->ack = FERRY_ACK_DONE;
	rest_dest_id(outcome, id, len);
	return 0;
}

static int apply(void *handle, const struct ferry_action *actions, size_t n,
		 struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct customers *h = handle;
	const struct ferry_host *host = h->api.host;

	for (size_t i = 0; i < n; i++) {
		struct rest_refusal refusal = {0};
		struct ferry_error failed = {0};
		if (host->cancelled(host)) {
			for (; i < n; i++)
				outcomes[i].ack = FERRY_ACK_UNSENT;
			return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		}
		int rc = actions[i].decision == FERRY_DELETE
			? delete_customer(h, &actions[i], &outcomes[i], &refusal, &failed)
			: write_customer(h, &actions[i], &outcomes[i], &refusal, &failed);
		if (rc && rest_row_failed(outcomes, n, i, &refusal, &failed)) {
			*err = failed;
			return -1;
		}
	}
	return 0;
}

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-customers",
	.family = "lago",
	.resource = "customers",
	.summary = "customers of Lago, read whole and written one by one",
	.version = LAGO_VERSION,
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR,
	.caps = FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_DELETE | FERRY_CAP_NAMED,
	.batch = BATCH,
	.lookup_batch = 1,
	.list_page = CUSTOMERS_PAGE,
	.connection_options = lago_connection_options,
	.fields = customer_fields,
	.open = open_handle,
	.close = close_handle,
	.validate_setup = validate_setup,
	.extract = customers_extract,
	.canonicalize = customers_canonicalize,
	.lookup = customers_lookup,
	.list = customers_list,
	.apply = apply,
};
