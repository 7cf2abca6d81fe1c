/* SPDX-License-Identifier: Apache-2.0 */
/* resource.c - a resource's handle: checking and opening it, carrying out actions one by one. */
#include "lago/filters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- check, open */

static void tell_check(void *ctx, const char *option, const char *why)
{
	struct ferry_check *check = ctx;
	check->mistake(check, option, "%s %s", option, why);
}

void lago_resource_check(const struct ferry_open *open, struct ferry_check *check)
{
	struct ferry_error err = {0};

	lago_check_connection(open, check);
	if (open->role == FERRY_SOURCE)
		lago_filters_check(lago_resource.filters, open, tell_check, check);
	if (open->role == FERRY_SOURCE || !open->layout)
		return;
	if (rest_check_layout(open->host, open->layout, &err))
		check->mistake(check, NULL, "%s", err.msg);
	if (lago_resource.check)
		lago_resource.check(open, check);
}

static void tell_error(void *ctx, const char *option, const char *why)
{
	struct rest_buf *out = ctx;
	rest_addf(out, "%s%s %s", out->len ? "; " : "", option, why);
}

static int open_source(struct lago *h, const struct ferry_open *open, struct ferry_error *err)
{
	struct rest_buf wrong = {0};
	int rc = 0;

	lago_filters_check(h->res->filters, open, tell_error, &wrong);
	if (wrong.len)
		rc = h->api.host->fail(err, FERRY_E_CONFIG, "%s", rest_str(&wrong));
	rest_buf_release(&wrong);
	lago_filters_add(h->res->filters, open, &h->query);
	h->max_pages = ferry_setting_int(open, "max_pages", 0);
	h->details = ferry_setting_int(open, "details", 0);
	return rc;
}

static int open_destination(struct lago *h, struct ferry_error *err)
{
	const struct ferry_layout *layout = h->layout;

	h->id_field = rest_field(layout, h->res->identifier);
	if (rest_check_layout(h->api.host, layout, err))
		return -1;
	for (size_t i = 0; i < layout->n; i++) {
		bool plain = !h->res->plain || h->res->plain(layout->names[i]);
		if (plain)
			rest_tree_add(&h->tree, layout->names[i], i);
		h->deep = h->deep || !plain ||
			  (layout->fields[i] && layout->fields[i]->type == FERRY_JSON);
	}
	h->warned = rest_alloc(layout->n, sizeof *h->warned);
	h->answer = rest_alloc(layout->n, sizeof *h->answer);
	if (h->res->every)
		rest_adds(&h->query, h->res->every);
	return 0;
}

int lago_resource_open(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct lago *h = rest_alloc(1, sizeof *h);

	h->res = &lago_resource;
	while (h->res->columns[h->n_columns].name)
		h->n_columns++;
	h->reads = h->res->reads;
	h->mode = open->mode;
	h->layout = open->layout;
	if (h->res->own_size)
		h->own = rest_alloc(1, h->res->own_size);
	if (lago_open(&h->api, open, err) ||
	    (h->layout ? open_destination(h, err) : open_source(h, open, err)) ||
	    (h->res->begin && h->res->begin(h, open, err))) {
		lago_resource_close(h);
		return -1;
	}
	*ret = h;
	return 0;
}

void lago_resource_close(void *handle)
{
	struct lago *h = handle;

	if (!h)
		return;
	if (h->res->release)
		h->res->release(h);
	rest_close(&h->api);
	rest_pool_release(&h->pool);
	rest_buf_release(&h->query);
	rest_buf_release(&h->path);
	rest_buf_release(&h->body);
	rest_buf_release(&h->room);
	rest_tree_release(&h->tree);
	free(h->answer);
	free(h->warned);
	free(h->own);
	free(h);
}

static int try_list(struct lago *h, const char *many, const char *query, struct ferry_error *err)
{
	struct ferry_http_response res;
	rest_node *root, *list;

	snprintf(h->what, sizeof h->what, "GET /%s", many);
	rest_buf_reset(&h->path);
	rest_addf(&h->path, "/%s?page=1&per_page=1%s", many, query);
	if (rest_get(&h->api, rest_str(&h->path), &res, err) ||
	    lago_check(&h->api, h->what, &res, NULL, err) ||
	    lago_unwrap(&h->api, h->what, &res, many, REST_ARRAY, &root, &list, err))
		return -1;
	rest_free(root);
	return 0;
}

/* One record of each list: is the address Lago's, the key good, and may it read these? */
int lago_resource_setup(void *handle, struct ferry_error *err)
{
	struct lago *h = handle;

	if (try_list(h, h->res->many, rest_str(&h->query), err))
		return -1;
	for (const char *const *r = h->reads; h->layout && r && *r; r++)
		if (try_list(h, *r, "", err))
			return -1;
	return 0;
}

/* ---------------------------------------------------------------- one by one */

const char *lago_what(struct lago *h, const char *method, bool one)
{
	if (one)
		snprintf(h->what, sizeof h->what, "%s /%s/{%s}", method, h->res->many,
			 h->res->identifier);
	else
		snprintf(h->what, sizeof h->what, "%s /%s", method, h->res->many);
	return h->what;
}

void lago_path(struct lago *h, const char *id, size_t len)
{
	rest_buf_reset(&h->path);
	rest_addf(&h->path, "/%s/", h->res->many);
	rest_add_encoded(&h->path, id, len);
}

bool lago_identifier(const struct lago *h, const struct ferry_action *action, const char **id,
		     size_t *len)
{
	const struct ferry_value *records[] = {action->fields, action->before};

	for (size_t i = 0; i < 2 && h->id_field >= 0; i++) {
		const struct ferry_value *v = records[i] ? &records[i][h->id_field] : NULL;
		if (v && v->type == FERRY_TEXT && v->len) {
			*id = v->s;
			*len = v->len;
			return true;
		}
	}
	*id = action->dest_id ? action->dest_id : "";
	*len = strlen(*id);
	return *len > 0;
}

int lago_is_other(const struct lago *h, const char *what, struct ferry_error *err)
{
	h->api.host->fail(err, FERRY_E_PROTOCOL,
			  "%s: Lago answers with another %s than the one asked for", what,
			  h->res->one);
	return rest_hint(err, "a proxy between ferry and Lago may undo the encoding of the path");
}

int lago_is(const struct lago *h, const char *what, rest_node *record, const char *id, size_t len,
	    struct ferry_error *err)
{
	size_t n = 0;
	const char *s = rest_text(rest_member(record, h->res->identifier), &n);

	return s && n == len && !memcmp(s, id, len) ? 0 : lago_is_other(h, what, err);
}

int lago_get(struct lago *h, const char *what, const char *one, rest_node **root, rest_node **ret,
	     struct ferry_error *err)
{
	struct ferry_http_response res;
	struct ferry_error failed = {0};

	*root = *ret = NULL;
	if (rest_get(&h->api, rest_str(&h->path), &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, NULL, &failed)) {
		if (failed.code == FERRY_E_NOT_FOUND)
			return 0;
		*err = failed;
		return -1;
	}
	return lago_unwrap(&h->api, what, &res, one, REST_OBJECT, root, ret, err) ? -1 : 1;
}

int lago_fetch(struct lago *h, const char *id, size_t len, rest_node **root, rest_node **ret,
	       struct ferry_error *err)
{
	const char *what = lago_what(h, "GET", true);

	lago_path(h, id, len);
	int rc = lago_get(h, what, h->res->one, root, ret, err);
	if (rc > 0 && lago_is(h, what, *ret, id, len, err)) {
		rest_free(*root);
		*root = *ret = NULL;
		return -1;
	}
	return rc;
}

int lago_resource_apply(void *handle, const struct ferry_action *actions, size_t n,
			struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct lago *h = handle;
	const struct ferry_host *host = h->api.host;

	for (size_t i = 0; i < n; i++) {
		struct rest_refusal refusal = {0};
		struct ferry_error failed = {0};
		if (host->cancelled(host)) {
			for (; i < n; i++)
				outcomes[i].ack = FERRY_ACK_UNSENT;
			return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		}
		outcomes[i].ack = FERRY_ACK_UNSENT;
		if (h->res->write(h, &actions[i], &outcomes[i], &refusal, &failed) &&
		    rest_row_failed(outcomes, n, i, &refusal, &failed)) {
			*err = failed;
			return -1;
		}
	}
	return 0;
}

/* ------------------------------------------------------------------- writing */

bool lago_moved(const struct lago *h, const struct ferry_action *action,
		struct ferry_outcome *outcome)
{
	const struct ferry_value *id = &action->fields[h->id_field];
	const char *known = action->dest_id;

	if (!known || !*known || (strlen(known) == id->len && !memcmp(known, id->s, id->len)))
		return false;
	rest_reject(outcome, "identifier_changed", h->res->identifier,
		    "the %s is known to Lago under another %s, which cannot be changed there",
		    h->res->one, h->res->identifier);
	return true;
}

bool lago_code_taken(const struct ferry_http_response *res)
{
	rest_node *root = NULL, *details = res->status == 422 ? lago_details(res, &root) : NULL;
	bool taken = lago_refusal_has(details, "code", "value_already_exist");

	rest_free(root);
	return taken;
}

int lago_delete(struct lago *h, const struct ferry_action *action, const char *query,
		struct ferry_outcome *outcome, struct rest_refusal *refusal,
		struct ferry_error *err)
{
	const char *what = lago_what(h, "DELETE", true), *id;
	struct ferry_http_response res;
	rest_node *root, *record;
	size_t len;

	if (!lago_identifier(h, action, &id, &len)) {
		rest_reject(outcome, "no_identifier", h->res->identifier,
			    "the %s of the %s is not known", h->res->identifier, h->res->one);
		return 0;
	}
	lago_path(h, id, len);
	rest_adds(&h->path, query);
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "DELETE", rest_str(&h->path), NULL, &res, err))
		return -1;
	int rc = lago_check(&h->api, what, &res, refusal, err);
	if (rc && err->code != FERRY_E_NOT_FOUND)
		return -1;
	if (!rc) {
		if (lago_unwrap(&h->api, what, &res, h->res->one, REST_OBJECT, &root, &record, err))
			return -1;
		rc = lago_is(h, what, record, id, len, err);
		rest_free(root);
		if (rc)
			return -1;
	}
	outcome->ack = FERRY_ACK_DONE;
	rest_dest_id(outcome, id, len);
	return 0;
}
