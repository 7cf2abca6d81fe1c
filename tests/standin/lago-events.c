/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Usage events of the Lago stand-in: atomic batches, two stages of errors, and the duplicate
 * rules of both event stores. An event keeps its properties as JSON text: hundreds of
 * thousands of them fit.
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX = 100 };

#define TIMESTAMP_LIMIT INT64_C(253402300800) /* the year 10000, in seconds */

struct event {
	char *key; /* what makes it unique in the event store */
	char *transaction_id, *subscription, *code, *properties, *precise;
	int64_t timestamp_ms, created_ms;
	char lago_id[40];
	__int128 value; /* properties.value in billionths; 0 if it is no number */
	uint64_t seq;
};

struct lago_events {
	struct event **item; /* in order of arrival */
	size_t n, cap;
	struct event **listed; /* in the order of lists, first is last; see `list_fresh` */
	bool list_fresh;
	struct lh_table *by_key, *by_transaction;
	__int128 sum;
};

struct lago_events *lago_events_new(void)
{
	struct lago_events *ev = standin_alloc(sizeof(*ev));

	ev->by_key = lh_kchar_table_new(1024, NULL);
	ev->by_transaction = lh_kchar_table_new(1024, NULL);
	return ev;
}

static void event_free(struct event *e)
{
	free(e->key);
	free(e->transaction_id);
	free(e->subscription);
	free(e->code);
	free(e->properties);
	free(e->precise);
	free(e);
}

void lago_events_free(struct lago_events *ev)
{
	for (size_t i = 0; i < ev->n; i++)
		event_free(ev->item[i]);
	free(ev->item);
	free(ev->listed);
	lh_table_free(ev->by_key);
	lh_table_free(ev->by_transaction);
	free(ev);
}

/* -- writing events out ------------------------------------- */

static void emit(const struct event *e, bool clickhouse, struct text *out)
{
	text_puts(out, "{\"lago_id\":");
	text_json(out, clickhouse ? NULL : e->lago_id);
	text_puts(out, ",\"transaction_id\":");
	text_json(out, e->transaction_id);
	text_puts(out, ",\"lago_customer_id\":null,\"code\":");
	text_json(out, e->code);
	text_puts(out, ",\"timestamp\":");
	text_json_time(out, e->timestamp_ms, true);
	text_puts(out, ",\"precise_total_amount_cents\":");
	text_json(out, e->precise);
	text_puts(out, ",\"properties\":");
	text_puts(out, e->properties);
	text_puts(out, ",\"lago_subscription_id\":null,\"external_subscription_id\":");
	text_json(out, e->subscription);
	text_puts(out, ",\"created_at\":");
	if (clickhouse)
		text_puts(out, "null}");
	else {
		text_json_time(out, e->created_ms, false);
		text_puts(out, "}");
	}
}

void lago_events_dump(const struct lago_events *ev, struct text *out)
{
	text_puts(out, "\"events\":[");
	for (size_t i = 0; i < ev->n; i++) {
		text_comma(out);
		emit(ev->item[i], false, out);
	}
	text_puts(out, "]");
}

void lago_events_summary(const struct lago_events *ev, struct text *out)
{
	char sum[64];

	standin_format_decimal(ev->sum, sum);
	text_printf(out, "{\"count\":%zu,\"distinct_transaction_ids\":%d,\"sum_value\":\"%s\"}",
		    ev->n, lh_table_length(ev->by_transaction), sum);
}

/* -- reading one event in ------------------------------------- */

static char *scalar(struct json_object *in, const char *key)
{
	struct json_object *v = json_member(in, key);

	if (!v || json_object_is_type(v, json_type_object) ||
	    json_object_is_type(v, json_type_array))
		return NULL;
	const char *s = json_object_get_string(v);

	return *s ? standin_strdup(s) : NULL;
}

/* Unix seconds as a number or a numeric text; nothing at all means now. */
static bool read_timestamp(struct json_object *v, int64_t *ret_ms)
{
	__int128 nano;

	*ret_ms = standin_now_ms();
	if (lago_blank(v))
		return true;
	if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double) &&
	    !json_object_is_type(v, json_type_string))
		return false;
	if (!standin_parse_decimal(json_object_get_string(v), &nano)) {
		double seconds = json_object_get_double(v);

		if (!json_object_is_type(v, json_type_double) ||
		    !(seconds > -TIMESTAMP_LIMIT && seconds < TIMESTAMP_LIMIT))
			return false;
		nano = (__int128)(seconds * 1e9);
	}
	*ret_ms = (int64_t)(nano / 1000000);
	return nano / 1000000000 < TIMESTAMP_LIMIT && nano / 1000000000 > -TIMESTAMP_LIMIT;
}

static __int128 read_value(struct json_object *properties)
{
	struct json_object *v = json_member(properties, "value");
	__int128 nano = 0;

	if (!v || !standin_parse_decimal(json_object_get_string(v), &nano))
		return 0;
	return nano;
}

static char *event_key(const struct event *e, bool clickhouse)
{
	struct text key = {0};

	text_printf(&key, "%s\x1f%s", e->subscription ? e->subscription : "", e->transaction_id);
	if (clickhouse)
		text_printf(&key, "\x1f%s\x1f%lld", e->code, (long long)e->timestamp_ms);
	return key.data;
}

/* What a metric's expression says when it cannot be evaluated; NULL if it can. */
static char *expression_error(struct json_object *properties)
{
	struct json_object *v = json_member(properties, "__expression_error");
	struct text out = {0};

	if (!v)
		return NULL;
	text_printf(&out, "expression_evaluation_failed: %s",
		    json_object_is_type(v, json_type_string) && json_object_get_string_len(v) ?
			    json_object_get_string(v) :
			    "Variable: b not found");
	return out.data;
}

/* The first stage: what is wrong with one event taken alone, as Lago's details; or NULL. */
static struct json_object *find_faults(struct standin_request *req, struct json_object *in,
				       const struct event *e, bool timestamp_ok)
{
	struct json_object *details = json_object_new_object();
	const char *code, *refused = standin_reject(req, in, &code);
	char *expression;

	if (!e->transaction_id)
		lago_detail(details, "transaction_id", "value_is_mandatory");
	if (!e->code)
		lago_detail(details, "code", "value_is_mandatory");
	if (!timestamp_ok)
		lago_detail(details, "timestamp", "invalid_format");
	if (refused)
		lago_detail(details, refused, code);
	if (lago_has_details(details))
		return details;
	json_object_put(details);
	expression = expression_error(json_member(in, "properties"));
	details = expression ? json_object_new_string(expression) : NULL;
	free(expression);
	return details;
}

static struct event *event_new(struct json_object *in, bool *ret_timestamp_ok)
{
	struct event *e = standin_alloc(sizeof(*e));
	struct json_object *properties = json_member(in, "properties");
	bool as_object = json_object_is_type(properties, json_type_object);

	e->transaction_id = scalar(in, "transaction_id");
	e->subscription = scalar(in, "external_subscription_id");
	e->code = scalar(in, "code");
	e->precise = scalar(in, "precise_total_amount_cents");
	e->properties = standin_strdup(as_object ? json_text(properties) : "{}");
	e->value = read_value(properties);
	e->created_ms = standin_now_ms();
	*ret_timestamp_ok = read_timestamp(json_member(in, "timestamp"), &e->timestamp_ms);
	return e;
}

/* An event of its own; `ret_details` says what is wrong with it, if anything is. */
static struct event *event_read(struct lago *l, struct standin_request *req,
				struct json_object *in, struct json_object **ret_details)
{
	bool timestamp_ok;
	struct event *e = event_new(in, &timestamp_ok);

	*ret_details = find_faults(req, in, e, timestamp_ok);
	if (!*ret_details)
		e->key = event_key(e, l->clickhouse);
	return e;
}

/* -- storing ------------------------------------- */

static bool stored_already(const struct lago_events *ev, const struct event *e)
{
	return lh_table_lookup_entry(ev->by_key, e->key) != NULL;
}

/* ClickHouse keeps the latest of equal keys: it takes the place of the one before. */
static void event_replace(struct lago_events *ev, struct event *old, struct event *e)
{
	struct event was = *old;

	ev->sum += e->value - old->value;
	old->properties = e->properties;
	old->precise = e->precise;
	old->value = e->value;
	e->properties = was.properties;
	e->precise = was.precise;
	event_free(e);
}

/* Takes the event; returns the one now stored. */
static struct event *event_store(struct lago *l, struct event *e)
{
	struct lago_events *ev = l->events;
	void *old = NULL;

	if (lh_table_lookup_ex(ev->by_key, e->key, &old)) {
		event_replace(ev, old, e);
		return old;
	}
	lago_new_id(l, e->lago_id);
	e->seq = ev->n;
	ev->item = standin_grow(ev->item, &ev->cap, ev->n + 1, sizeof(e));
	ev->item[ev->n++] = e;
	ev->list_fresh = false;
	ev->sum += e->value;
	lh_table_insert(ev->by_key, e->key, e);
	if (!lh_table_lookup_entry(ev->by_transaction, e->transaction_id))
		lh_table_insert(ev->by_transaction, e->transaction_id, e);
	return e;
}

void lago_event_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in = lago_unwrap(req, "event", reply), *details;

	if (!in)
		return;
	struct event *e = event_read(l, req, in, &details);

	if (details) {
		lago_invalid(details, reply);
		event_free(e);
	} else if (!l->clickhouse && stored_already(l->events, e)) {
		lago_invalid_one("transaction_id", "value_already_exist", reply);
		event_free(e);
	} else {
		e = event_store(l, e);
		text_puts(&reply->body, "{\"event\":");
		emit(e, l->clickhouse, &reply->body);
		text_puts(&reply->body, "}");
		reply->written = 1;
	}
}

struct batch {
	struct event *item[BATCH_MAX];
	size_t n;
	struct json_object *details;
};

static void blame(struct batch *b, size_t index, struct json_object *details)
{
	char key[24];

	snprintf(key, sizeof(key), "%zu", index);
	json_object_object_add(b->details, key, details);
}

static void batch_read(struct lago *l, struct standin_request *req, struct json_object *events,
		       struct batch *b)
{
	for (size_t i = 0; i < json_object_array_length(events); i++) {
		struct json_object *details;

		b->item[b->n++] =
			event_read(l, req, json_object_array_get_idx(events, i), &details);
		if (details)
			blame(b, i, details);
	}
}

static bool seen_before(const struct batch *b, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(b->item[i]->transaction_id, b->item[index]->transaction_id) == 0)
			return true;
	}
	return false;
}

/*
 * The second stage. Within a batch the original tells duplicates by transaction_id alone,
 * whatever their subscriptions.
 */
static void batch_find_duplicates(struct lago *l, struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct json_object *details;

		if (!seen_before(b, i) && !stored_already(l->events, b->item[i]))
			continue;
		details = json_object_new_object();
		lago_detail(details, "transaction_id", "value_already_exist");
		blame(b, i, details);
	}
}

static void batch_store(struct lago *l, struct batch *b, struct standin_reply *reply)
{
	text_puts(&reply->body, "{\"events\":[");
	for (size_t i = 0; i < b->n; i++) {
		text_comma(&reply->body);
		emit(event_store(l, b->item[i]), l->clickhouse, &reply->body);
	}
	text_puts(&reply->body, "]}");
	reply->written = b->n;
	b->n = 0;
}

void lago_event_batch(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *events = json_member(req->json, "events");
	size_t n = json_object_is_type(events, json_type_array) ?
			   json_object_array_length(events) :
			   0;

	reply->rows = n;
	if (!req->json && req->body_len &&
	    strncmp(req->content_type, "application/json", 16) == 0) {
		lago_malformed(reply);
		return;
	}
	if (n == 0 || n > BATCH_MAX) {
		lago_invalid_one("events", n ? "too_many_events" : "no_events", reply);
		return;
	}
	struct batch b = {.details = json_object_new_object()};

	batch_read(l, req, events, &b);
	if (!l->clickhouse && !lago_has_details(b.details))
		batch_find_duplicates(l, &b);
	if (lago_has_details(b.details))
		lago_invalid(json_object_get(b.details), reply);
	else
		batch_store(l, &b, reply);
	for (size_t i = 0; i < b.n; i++)
		event_free(b.item[i]);
	json_object_put(b.details);
}

/* A seed goes past faults; an event that is there already or no event is left alone. */
void lago_event_seed(struct lago *l, struct json_object *in)
{
	bool timestamp_ok;
	struct event *e = event_new(in, &timestamp_ok);

	if (e->transaction_id && e->code && timestamp_ok) {
		e->key = event_key(e, l->clickhouse);
		if (!stored_already(l->events, e)) {
			event_store(l, e);
			return;
		}
	}
	event_free(e);
}

/* -- reading ------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct event *x = *(struct event *const *)a, *y = *(struct event *const *)b;

	if (x->timestamp_ms != y->timestamp_ms)
		return x->timestamp_ms > y->timestamp_ms ? -1 : 1;
	return strcmp(x->transaction_id, y->transaction_id);
}

static int by_arrival(const void *a, const void *b)
{
	const struct event *x = *(struct event *const *)a, *y = *(struct event *const *)b;

	return x->seq > y->seq ? -1 : x->seq < y->seq;
}

static void refresh_list(struct lago *l)
{
	struct lago_events *ev = l->events;

	if (ev->list_fresh || !ev->n)
		return;
	free(ev->listed);
	ev->listed = standin_alloc(ev->n * sizeof(*ev->listed));
	memcpy(ev->listed, ev->item, ev->n * sizeof(*ev->listed));
	qsort(ev->listed, ev->n, sizeof(*ev->listed), l->clickhouse ? by_arrival : by_time);
	ev->list_fresh = true;
}

struct wanted {
	const char *subscription, *code;
	int64_t from_ms, to_ms;
};

static bool read_bound(struct standin_request *req, const char *name, int64_t *ret_ms,
		       struct standin_reply *reply)
{
	const char *v = standin_query(req, name);

	if (!v || !*v || standin_parse_time(v, false, true, ret_ms))
		return true;
	lago_invalid_one(name, "invalid_date", reply);
	return false;
}

static bool is_wanted(const struct event *e, const struct wanted *w)
{
	if (w->subscription && (!e->subscription || strcmp(e->subscription, w->subscription) != 0))
		return false;
	return (!w->code || strcmp(e->code, w->code) == 0) && e->timestamp_ms >= w->from_ms &&
	       e->timestamp_ms <= w->to_ms;
}

/* From the start of the subscription on, if asked. */
static void since_start(struct lago *l, struct standin_request *req, struct wanted *w)
{
	const struct lago_row *row = lago_table_find(&l->subscriptions, w->subscription);

	if (!row || !standin_query_has(req, "timestamp_from_started_at", "true"))
		return;
	struct json_object *o = lago_row_parse(row);
	const char *started = json_member_text(o, "started_at");

	if (started)
		standin_parse_time(started, false, true, &w->from_ms);
	json_object_put(o);
}

void lago_event_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct wanted w = {
		.subscription = standin_query(req, "external_subscription_id"),
		.code = standin_query(req, "code"),
		.from_ms = INT64_MIN,
		.to_ms = INT64_MAX,
	};
	struct lago_page page;

	if (!read_bound(req, "timestamp_from", &w.from_ms, reply) ||
	    !read_bound(req, "timestamp_to", &w.to_ms, reply) ||
	    !lago_page_begin(&page, req, "events", reply))
		return;
	since_start(l, req, &w);
	refresh_list(l);
	for (size_t i = 0; i < l->events->n; i++) {
		const struct event *e = l->events->listed[i];

		if (!is_wanted(e, &w) || !lago_page_take(&page))
			continue;
		text_comma(&reply->body);
		emit(e, l->clickhouse, &reply->body);
	}
	lago_page_end(&page, reply);
}

void lago_event_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	void *e = NULL;

	if (!lh_table_lookup_ex(l->events->by_transaction, req->param, &e)) {
		lago_not_found("event", reply);
		return;
	}
	text_puts(&reply->body, "{\"event\":");
	emit(e, l->clickhouse, &reply->body);
	text_puts(&reply->body, "}");
}
