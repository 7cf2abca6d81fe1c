/* SPDX-License-Identifier: Apache-2.0 */
/* events-read.c - what lago-events reads: is the metric as it must be, is an event there. */
#include "lago/events.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------ validate_setup */

static bool text_is(rest_node *node, const char *s)
{
	const char *t = rest_text(node, NULL);
	return t && !strcmp(t, s);
}

/* The property that the metric adds up must be among those that are sent: else it bills nothing. */
static int check_field_name(struct events *h, rest_node *metric, struct ferry_error *err)
{
	const char *field = rest_text(rest_member(metric, "field_name"), NULL);
	const char *expression = rest_text(rest_member(metric, "expression"), NULL);
	char name[300];

	if (h->field_name && (!field || strcmp(field, h->field_name)))
		return h->api.host->fail(err, FERRY_E_SETUP,
					 "Lago's billable metric '%s' aggregates '%s', not '%s': "
					 "events would bill nothing",
					 h->metric, field ? field : "", h->field_name);
	if (!field || !*field || (expression && *expression))
		return 0;
	snprintf(name, sizeof name, PROPERTIES "%s", field);
	if (rest_field(h->layout, name) >= 0)
		return 0;
	return h->api.host->fail(err, FERRY_E_SETUP,
				 "Lago's billable metric '%s' aggregates '%s', but '%s' is not "
				 "mapped: events would bill nothing",
				 h->metric, field, name);
}

static int check_metric(struct events *h, struct ferry_error *err)
{
	static const char what[] = "GET /billable_metrics/{code}";
	const struct ferry_host *host = h->api.host;
	struct ferry_http_response res;
	rest_node *root, *metric;
	int rc = 0;

	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/billable_metrics/");
	rest_add_encoded(&h->path, h->metric, strlen(h->metric));
	if (rest_get(&h->api, rest_str(&h->path), &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, NULL, err)) {
		if (err->code == FERRY_E_NOT_FOUND)
			host->fail(err, FERRY_E_SETUP, "Lago has no billable metric '%s'",
				   h->metric);
		return -1;
	}
	if (lago_unwrap(&h->api, what, &res, "billable_metric", REST_OBJECT, &root, &metric, err))
		return -1;
	rest_node *type = rest_member(metric, "aggregation_type");
	if (!text_is(rest_member(metric, "code"), h->metric) || rest_kind(type) != REST_STRING)
		rc = host->fail(err, FERRY_E_PROTOCOL,
				"%s: Lago answers with something else than that metric", what);
	else if (h->aggregation && !text_is(type, h->aggregation))
		rc = host->fail(err, FERRY_E_SETUP,
				"Lago's billable metric '%s' is of type %s, not %s", h->metric,
				rest_text(type, NULL), h->aggregation);
	else
		rc = check_field_name(h, metric, err);
	rest_free(root);
	return rc;
}

/* Without a metric to look at: is the key good? One that may only write events is refused here. */
static int check_key(struct events *h, struct ferry_error *err)
{
	static const char what[] = "GET /customers";
	const struct ferry_host *host = h->api.host;
	struct ferry_http_response res;
	rest_node *root, *list;

	if (rest_get(&h->api, "/customers?page=1&per_page=1", &res, err))
		return -1;
	if (res.status == 403) {
		host->log(host, FERRY_LOG_INFO,
			  "the API key may not read customers, so it could not be tried out");
		return 0;
	}
	if (lago_check(&h->api, what, &res, NULL, err) ||
	    lago_unwrap(&h->api, what, &res, "customers", REST_ARRAY, &root, &list, err))
		return -1;
	rest_free(root);
	return 0;
}

/*
 * Before 1.39.0 a refused batch was stored in part, and the stored part never billed. Not every
 * server tells its version, so not knowing it is no failure.
 */
static void warn_of_old_server(struct events *h)
{
	const struct ferry_host *host = h->api.host;
	struct ferry_http_response res;
	struct ferry_error ignored = {0};
	rest_node *root = NULL;
	int major = 0, minor = 0;

	if (h->max_batch == 1 || rest_get_beside(&h->api, "/health", &res, &ignored) ||
	    res.status != 200)
		return;
	if (!rest_try_parse(res.body, res.body_len, &root))
		return;
	const char *version = rest_text(rest_member(root, "version"), NULL);
	if (version && sscanf(version + (*version == 'v'), "%d.%d.", &major, &minor) == 2 &&
	    (major < 1 || (major == 1 && minor < 39)))
		host->log(host, FERRY_LOG_WARN,
			  "Lago %d.%d stores parts of refused batches without billing them (mended "
			  "in 1.39.0): upgrade it, or set max_batch: 1",
			  major, minor);
	rest_free(root);
}

int events_validate_setup(void *handle, struct ferry_error *err)
{
	struct events *h = handle;

	if (h->metric ? check_metric(h, err) : check_key(h, err))
		return -1;
	warn_of_old_server(h);
	return 0;
}

/* ------------------------------------------------------------------- lookup */

static bool same(rest_node *node, const struct ferry_value *v)
{
	size_t len;
	const char *s = rest_text(node, &len);

	return s && v->type == FERRY_TEXT && len == v->len && !memcmp(s, v->s, len);
}

static bool read_timestamp(struct events *h, rest_node *node, struct ferry_value *ret)
{
	struct ferry_value time;
	char text[32];

	if (rest_kind(node) != REST_STRING)
		return rest_value(node, FERRY_NULL, &h->pool, ret);
	if (!rest_value(node, FERRY_TIME, NULL, &time))
		return false;
	*ret = event_seconds(time.i, text);
	if (ret->type == FERRY_DECIMAL)
		ret->s = rest_pool_copy(&h->pool, text, ret->len);
	return true;
}

/* Numbers become text, as canonicalize makes them. */
static bool read_property(struct events *h, rest_node *node, struct ferry_value *ret)
{
	bool number = rest_kind(node) == REST_INT || rest_kind(node) == REST_NUMBER;
	return rest_value(node, number ? FERRY_TEXT : FERRY_NULL, &h->pool, ret);
}

static int read_event(struct events *h, const char *what, rest_node *event, struct ferry_value *ret,
		      struct ferry_error *err)
{
	for (size_t i = 0; i < h->layout->n; i++) {
		const char *name = h->layout->names[i];
		rest_node *node = rest_path(event, name, NULL);
		bool good;
		if (!strcmp(name, "timestamp"))
			good = read_timestamp(h, node, &ret[i]);
		else if (!strncmp(name, PROPERTIES, strlen(PROPERTIES)))
			good = read_property(h, node, &ret[i]);
		else
			good = rest_value(node,
					  h->layout->fields[i] ? h->layout->fields[i]->type
							       : FERRY_NULL,
					  &h->pool, &ret[i]);
		if (!good)
			return h->api.host->fail(err, FERRY_E_PROTOCOL,
						 "%s: Lago gives '%s' of an unexpected type", what,
						 name);
	}
	return 0;
}

/* One event: found only when it is ours, since an id may stand under several subscriptions. */
static int find_event(struct events *h, const struct ferry_action *action,
		      struct ferry_found *found, struct ferry_error *err)
{
	static const char what[] = "GET /events/{transaction_id}";
	const struct ferry_value *id = &action->fields[h->id_field];
	struct ferry_http_response res;
	struct ferry_error failed = {0};
	rest_node *root, *event;
	int rc = 0;

	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/events/");
	rest_add_encoded(&h->path, id->s, id->len);
	if (rest_get(&h->api, rest_str(&h->path), &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, NULL, &failed)) {
		if (failed.code == FERRY_E_NOT_FOUND)
			return 0;
		*err = failed;
		return -1;
	}
	if (lago_unwrap(&h->api, what, &res, "event", REST_OBJECT, &root, &event, err))
		return -1;
	if (!same(rest_member(event, "transaction_id"), id)) {
		rc = h->api.host->fail(err, FERRY_E_PROTOCOL,
				       "%s: Lago answers with another event than the one asked for",
				       what);
	} else if (same(rest_member(event, "external_subscription_id"),
			&action->fields[h->subscription_field])) {
		struct ferry_value *fields = rest_pool_alloc(&h->pool,
							     h->layout->n * sizeof *fields);
		rc = read_event(h, what, event, fields, err);
		*found = (struct ferry_found){FERRY_FOUND, rest_pool_copy(&h->pool, id->s, id->len),
					      fields};
	}
	rest_free(root);
	return rc;
}

int events_lookup(void *handle, const struct ferry_action *actions, size_t n,
		  struct ferry_found *found, struct ferry_error *err)
{
	struct events *h = handle;
	const struct ferry_host *host = h->api.host;

	rest_pool_reset(&h->pool);
	for (size_t i = 0; i < n; i++) {
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
		if (host->cancelled(host))
			return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		if (actions[i].fields && find_event(h, &actions[i], &found[i], err))
			return -1;
	}
	return 0;
}
