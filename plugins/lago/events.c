/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - lago-events: usage events, sent in batches that Lago takes or refuses as a whole.
 *
 * An event is money. Its transaction_id makes sending it again harmless, so whatever is in doubt is
 * sent again and "value_already_exist" means that it is there. What a refusal does not name was not
 * stored either, and goes out once more at once.
 */
#include "lago/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 100
#define IDLE " says what a metric must be, but billable_metric names none"

static const char *const aggregations[] = {"count_agg", "sum_agg", "max_agg", "unique_count_agg",
					   "weighted_sum_agg", "latest_agg", "custom_agg", NULL};

static const struct ferry_option destination_options[] = {
	{.name = "billable_metric",
	 .type = FERRY_OPT_TEXT,
	 .help = "code of a metric that must exist before anything is sent"},
	{.name = "aggregation",
	 .type = FERRY_OPT_CHOICE,
	 .choices = aggregations,
	 .help = "aggregation that metric must have"},
	{.name = "field_name",
	 .type = FERRY_OPT_TEXT,
	 .help = "property that metric must aggregate"},
	{.name = "max_batch",
	 .type = FERRY_OPT_INT,
	 .fallback = "100",
	 .min = 1,
	 .max = BATCH,
	 .help = "events in one request; lower when the server takes fewer"},
	{0},
};

/* -------------------------------------------------------------- open, close */

static void close_handle(void *handle)
{
	struct events *h = handle;

	if (!h)
		return;
	rest_close(&h->api);
	rest_pool_release(&h->pool);
	rest_buf_release(&h->path);
	rest_buf_release(&h->body);
	rest_tree_release(&h->fields);
	rest_tree_release(&h->id);
	free(h);
}

/* A setting of a metric, where none is named; NULL: all is well. */
static const char *idle_setting(const struct ferry_open *open)
{
	static const char *const names[] = {"aggregation", "field_name"};

	for (size_t i = 0; i < 2 && !ferry_setting_text(open, "billable_metric"); i++)
		if (ferry_setting_text(open, names[i]))
			return names[i];
	return NULL;
}

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	const char *idle = idle_setting(open);
	struct ferry_error err = {0};

	lago_check_connection(open, check);
	if (idle)
		check->mistake(check, idle, "%s" IDLE, idle);
	if (open->layout && rest_check_layout(open->host, open->layout, &err))
		check->mistake(check, NULL, "%s", err.msg);
}

static int read_settings(struct events *h, const struct ferry_open *open, struct ferry_error *err)
{
	const struct ferry_host *host = h->api.host;
	const char *idle = idle_setting(open);

	h->metric = ferry_setting_text(open, "billable_metric");
	h->aggregation = ferry_setting_text(open, "aggregation");
	h->field_name = ferry_setting_text(open, "field_name");
	h->max_batch = (size_t)ferry_setting_int(open, "max_batch", BATCH);
	if (idle)
		return host->fail(err, FERRY_E_CONFIG, "%s" IDLE, idle);
	if (!h->max_batch || h->max_batch > BATCH)
		return host->fail(err, FERRY_E_CONFIG, "max_batch must be 1 to %d", BATCH);
	h->id_field = rest_field(h->layout, "transaction_id");
	h->subscription_field = rest_field(h->layout, "external_subscription_id");
	if (h->id_field < 0 || h->subscription_field < 0)
		return host->fail(err, FERRY_E_CONFIG,
				  "transaction_id and external_subscription_id must be mapped");
	rest_tree_add(&h->id, "transaction_id", 0);
	for (size_t i = 0; i < h->layout->n; i++)
		rest_tree_add(&h->fields, h->layout->names[i], i);
	return rest_check_layout(host, h->layout, err);
}

static int open_handle(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct events *h = rest_alloc(1, sizeof *h);

	h->layout = open->layout;
	if (lago_open(&h->api, open, err) || read_settings(h, open, err)) {
		close_handle(h);
		return -1;
	}
	*ret = h;
	return 0;
}

/* ----------------------------------------------------------------- sending */

/* The events of one request: which actions they are. */
struct batch {
	size_t at[BATCH];
	size_t n;
};

/*
 * Choose what goes into this request. Lago compares transaction_ids within a batch regardless of
 * the subscription, so the same one twice would refuse them all: the second waits.
 */
static void choose(const struct events *h, const struct ferry_action *actions, size_t n,
		   struct batch *batch, struct ferry_outcome *outcomes)
{
	struct rest_map ids = {0};

	batch->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct ferry_value *id = &actions[i].fields[h->id_field];
		if (batch->n < h->max_batch && rest_map_add(&ids, id->s, id->len, 0, NULL))
			batch->at[batch->n++] = i;
		else
			outcomes[i].ack = FERRY_ACK_UNSENT;
	}
	rest_map_release(&ids);
}

static void put_body(struct events *h, const struct ferry_action *actions,
		     const struct batch *batch)
{
	struct rest_buf *b = &h->body;

	rest_buf_reset(b);
	rest_adds(b, "{\"events\":[");
	for (size_t k = 0; k < batch->n; k++) {
		rest_adds(b, k ? ",{" : "{");
		/* decimals are taken as text, which keeps fractions of seconds and cents exact */
		rest_add_members(b, &h->fields, actions[batch->at[k]].fields,
				 REST_LEAVE_NULL | REST_DECIMAL_TEXT);
		rest_adds(b, "}");
	}
	rest_adds(b, "]}");
}

/* ------------------------------------------------------------------ answers */

static const char what[] = "POST /events/batch";

/* The events of an answer: how many, and how many of the first ones are those that were sent. */
static void count_stored(struct events *h, const struct ferry_action *actions,
			 const struct batch *batch, struct rest_scan *s, size_t *count, size_t *good)
{
	struct rest_piece back;

	*count = *good = 0;
	for (; rest_scan_element(s); ++*count) {
		if (!rest_scan_pick(s, &h->id, &back) || *good < *count || *good == batch->n)
			continue;
		const struct ferry_value *id = &actions[batch->at[*good]].fields[h->id_field];
		*good += rest_piece_is(&back, id->s, id->len);
	}
}

/* 200: the events come back in the order of the request. Anything else proves nothing. */
static int read_stored(struct events *h, const struct ferry_action *actions,
		       const struct batch *batch, const struct ferry_http_response *res,
		       struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct rest_piece name;
	struct rest_scan s;
	size_t count = 0, good = 0;
	bool there = false;

	rest_scan_begin(&s, res->body, res->body_len);
	if (!rest_scan_enter(&s, REST_OBJECT))
		rest_scan_value(&s, &name);
	else
		while (rest_scan_member(&s, &name)) {
			bool events = rest_piece_is(&name, "events", 6);
			there = events ? rest_scan_enter(&s, REST_ARRAY) : there;
			if (events && there)
				count_stored(h, actions, batch, &s, &count, &good);
			else
				rest_scan_value(&s, &name);
		}
	if (!rest_scan_end(&s))
		return rest_scan_fail(&h->api, what, &s, err);
	if (!there)
		return lago_misses(&h->api, what, "events", REST_ARRAY, err);
	if (count != batch->n)
		good = 0;
	if (good < batch->n)
		return h->api.host->fail(err, FERRY_E_PROTOCOL,
					 "%s: %zu events were sent, and Lago's answer names %zu, "
					 "with the %zu. of them not as sent",
					 what, batch->n, count, good + 1);
	for (size_t k = 0; k < batch->n; k++) {
		const struct ferry_value *id = &actions[batch->at[k]].fields[h->id_field];
		outcomes[batch->at[k]].ack = FERRY_ACK_DONE;
		rest_dest_id(&outcomes[batch->at[k]], id->s, id->len);
	}
	return 0;
}

/* Whether details speak of single events: an object whose members are all places in the request. */
static bool indexed(rest_node *details, size_t n)
{
	void *iter = NULL;
	const char *name;
	rest_node *value;
	size_t count = 0;
	int64_t i;

	while (rest_next(details, &iter, &name, &value)) {
		if (*name == '+' || !rest_read_int(name, strlen(name), &i) || i < 0 ||
		    (size_t)i >= n)
			return false;
		count++;
	}
	return count > 0;
}

static void refuse_one(struct events *h, rest_node *details, const struct rest_refusal *general,
		       const struct ferry_value *id, struct ferry_outcome *outcome)
{
	struct rest_refusal refusal = *general;

	if (lago_refusal_has(details, "transaction_id", "value_already_exist")) {
		outcome->ack = FERRY_ACK_DUPLICATE;
		rest_dest_id(outcome, id->s, id->len);
		return;
	}
	lago_refusal_read(&h->api, details, &refusal);
	rest_reject(outcome, refusal.code, refusal.field, "%s", refusal.message);
}

/* 422 with an index for each event that is at fault: none of the others was stored. */
static void read_indexed(struct events *h, const struct ferry_action *actions,
			 const struct batch *batch, rest_node *details,
			 const struct rest_refusal *general, struct ferry_outcome *outcomes)
{
	void *iter = NULL;
	const char *name;
	rest_node *value;
	int64_t k;

	for (size_t i = 0; i < batch->n; i++)
		outcomes[batch->at[i]].ack = FERRY_ACK_UNSENT;
	while (rest_next(details, &iter, &name, &value))
		if (rest_read_int(name, strlen(name), &k))
			refuse_one(h, value, general, &actions[batch->at[k]].fields[h->id_field],
				   &outcomes[batch->at[k]]);
}

static int too_many(struct events *h, const struct batch *batch, struct ferry_outcome *outcomes,
		    const struct rest_refusal *refusal, struct ferry_error *err)
{
	for (size_t k = 0; k < batch->n; k++)
		outcomes[batch->at[k]].ack = FERRY_ACK_UNSENT;
	h->api.host->fail(err, FERRY_E_CONFIG, "%s: Lago does not take a batch of %zu events (%s)",
			  what, batch->n, refusal->code);
	err->sys = 422;
	return rest_hint(err, "set max_batch to the server's LAGO_EVENTS_BATCH_MAX_LENGTH");
}

/* A refusal: of single events, of the one event, or of the batch without saying which. */
static int read_refused(struct events *h, const struct ferry_action *actions,
			const struct batch *batch, const struct ferry_http_response *res,
			const struct rest_refusal *refusal, struct ferry_outcome *outcomes,
			struct ferry_error *err)
{
	rest_node *root = NULL, *details = lago_details(res, &root);
	int rc = -1;

	if (res->status == 422 && indexed(details, batch->n)) {
		read_indexed(h, actions, batch, details, refusal, outcomes);
		rc = 0;
	} else if (lago_refusal_has(details, "events", "too_many_events") ||
		   lago_refusal_has(details, "events", "no_events")) {
		too_many(h, batch, outcomes, refusal, err);
	} else if (batch->n == 1) {
		refuse_one(h, details, refusal, &actions[batch->at[0]].fields[h->id_field],
			   &outcomes[batch->at[0]]);
		rc = 0;
	} else {
		/* the engine narrows it down */
		err->code = FERRY_E_REJECTED;
	}
	rest_free(root);
	return rc;
}

static int apply(void *handle, const struct ferry_action *actions, size_t n,
		 struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct events *h = handle;
	struct ferry_http_response res;
	struct ferry_error failed = {0};
	struct rest_refusal refusal = {0};
	struct batch batch;

	choose(h, actions, n, &batch, outcomes);
	if (!batch.n)
		return 0;
	put_body(h, actions, &batch);
	int rc = rest_call(&h->api, "POST", "/events/batch", &h->body, &res, &failed);
	if (!rc) {
		rc = lago_check(&h->api, what, &res, &refusal, &failed);
		if (!rc)
			return read_stored(h, actions, &batch, &res, outcomes, err);
		if (failed.code == FERRY_E_REJECTED || failed.code == FERRY_E_NOT_FOUND)
			rc = read_refused(h, actions, &batch, &res, &refusal, outcomes, &failed);
	}
	if (!rc)
		return 0;
	if (failed.code != FERRY_E_REJECTED && rest_unprocessed(&failed))
		for (size_t k = 0; k < batch.n; k++)
			outcomes[batch.at[k]].ack = FERRY_ACK_UNSENT;
	*err = failed;
	return -1;
}

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-events",
	.family = "lago",
	.resource = "events",
	.summary = "usage events for Lago, sent once each in batches",
	.version = LAGO_VERSION,
	.roles = FERRY_DESTINATION,
	.modes = FERRY_MODE_APPEND,
	.caps = FERRY_CAP_IDEMPOTENT,
	.batch = BATCH,
	.connection_options = lago_connection_options,
	.destination_options = destination_options,
	.fields = event_fields,
	.check = check,
	.test = lago_test,
	.open = open_handle,
	.close = close_handle,
	.validate_setup = events_validate_setup,
	.canonicalize = events_canonicalize,
	.lookup = events_lookup,
	.apply = apply,
};
