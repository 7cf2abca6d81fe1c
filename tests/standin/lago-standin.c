/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for Lago's REST API, for tests: routes, key, seeds and state. What Lago answers
 * is in the other lago-*.c files; sockets, faults and counts are in standin.c.
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void health(void *state, struct standin_request *req, struct standin_reply *reply)
{
	(void)state;
	(void)req;
	text_puts(&reply->body, "{\"version\":\"v1.51.0\",\"github_url\":"
				"\"https://github.com/getlago/lago-api\",\"message\":\"Success\"}");
}

static const struct standin_route routes[] = {
	{"GET /health", health, 0},
	{"POST /api/v1/events/batch", lago_event_batch, 0},
	{"POST /api/v1/events", lago_event_post, 0},
	{"GET /api/v1/events", lago_event_list, 0},
	{"GET /api/v1/events/{transaction_id}", lago_event_get, 0},
	{"POST /api/v1/customers", lago_customer_post, 0},
	{"GET /api/v1/customers", lago_customer_list, 0},
	{"GET /api/v1/customers/{external_id}", lago_customer_get, STANDIN_CUT_DOT},
	{"DELETE /api/v1/customers/{external_id}", lago_customer_delete, STANDIN_CUT_DOT},
	{"POST /api/v1/billable_metrics", lago_metric_post, 0},
	{"GET /api/v1/billable_metrics", lago_metric_list, 0},
	{"GET /api/v1/billable_metrics/{code}", lago_metric_get, 0},
	{"PUT /api/v1/billable_metrics/{code}", lago_metric_put, 0},
	{"DELETE /api/v1/billable_metrics/{code}", lago_metric_delete, 0},
	{"POST /api/v1/plans", lago_plan_post, 0},
	{"GET /api/v1/plans", lago_plan_list, 0},
	{"GET /api/v1/plans/{code}", lago_plan_get, 0},
	{"PUT /api/v1/plans/{code}", lago_plan_put, 0},
	{"DELETE /api/v1/plans/{code}", lago_plan_delete, 0},
	{"POST /api/v1/plans/{code}/charges", lago_charge_post, 0},
	{"GET /api/v1/plans/{code}/charges", lago_charge_list, 0},
	{"GET /api/v1/plans/{code}/charges/{charge_code}", lago_charge_get, 0},
	{"PUT /api/v1/plans/{code}/charges/{charge_code}", lago_charge_put, 0},
	{"DELETE /api/v1/plans/{code}/charges/{charge_code}", lago_charge_delete, 0},
	{"POST /api/v1/subscriptions", lago_subscription_post, 0},
	{"GET /api/v1/subscriptions", lago_subscription_list, 0},
	{"GET /api/v1/subscriptions/{external_id}", lago_subscription_get, 0},
	{"PUT /api/v1/subscriptions/{external_id}", lago_subscription_put, 0},
	{"DELETE /api/v1/subscriptions/{external_id}", lago_subscription_delete, 0},
	{"POST /api/v1/wallets", lago_wallet_post, 0},
	{"GET /api/v1/wallets", lago_wallet_list, 0},
	{"GET /api/v1/wallets/{lago_id}", lago_wallet_get, 0},
	{"PUT /api/v1/wallets/{lago_id}", lago_wallet_put, 0},
	{"DELETE /api/v1/wallets/{lago_id}", lago_wallet_delete, 0},
	{"POST /api/v1/customers/{external_id}/wallets", lago_wallet_post, STANDIN_CUT_DOT},
	{"GET /api/v1/customers/{external_id}/wallets", lago_wallet_list, STANDIN_CUT_DOT},
	{"GET /api/v1/customers/{external_id}/wallets/{code}", lago_wallet_get, STANDIN_CUT_DOT},
	{"PUT /api/v1/customers/{external_id}/wallets/{code}", lago_wallet_put, STANDIN_CUT_DOT},
	{"DELETE /api/v1/customers/{external_id}/wallets/{code}", lago_wallet_delete,
	 STANDIN_CUT_DOT},
	{"POST /api/v1/wallet_transactions", lago_transaction_post, 0},
	{"GET /api/v1/wallet_transactions/{lago_id}", lago_transaction_get, 0},
	{"GET /api/v1/wallets/{lago_id}/wallet_transactions", lago_transaction_list, 0},
	{"POST /api/v1/invoices", lago_invoice_post, 0},
	{"GET /api/v1/invoices", lago_invoice_list, 0},
	{"GET /api/v1/invoices/{lago_id}", lago_invoice_get, 0},
	{"PUT /api/v1/invoices/{lago_id}", lago_invoice_put, 0},
	{"POST /api/v1/invoices/{lago_id}/void", lago_invoice_void, 0},
	{"DELETE /api/v1/invoices/{lago_id}", lago_invoice_delete, 0},
	{"GET /api/v1/customers/{external_id}/invoices", lago_invoice_list, STANDIN_CUT_DOT},
};

/* The collections of state and seed; events are apart. In the order a seed is read. */
static struct lago_table *table(struct lago *l, size_t i)
{
	struct lago_table *all[] = {&l->metrics,       &l->add_ons, &l->plans,
				    &l->customers,     &l->wallets, &l->transactions,
				    &l->subscriptions, &l->invoices};

	return i < COUNT(all) ? all[i] : NULL;
}

static void state_init(struct lago *l)
{
	lago_table_init(&l->metrics, "billable_metric", "billable_metrics");
	lago_table_init(&l->plans, "plan", "plans");
	lago_table_init(&l->customers, "customer", "customers");
	lago_table_init(&l->subscriptions, "subscription", "subscriptions");
	lago_table_init(&l->wallets, "wallet", "wallets");
	lago_table_init(&l->transactions, "wallet_transaction", "wallet_transactions");
	lago_table_init(&l->add_ons, "add_on", "add_ons");
	lago_table_init(&l->invoices, "invoice", "invoices");
	l->events = lago_events_new();
}

static void state_release(struct lago *l)
{
	for (size_t i = 0; table(l, i); i++)
		lago_table_release(table(l, i));
	lago_events_free(l->events);
}

static void reset(void *state)
{
	state_release(state);
	state_init(state);
}

/* -- peer ------------------------------------- */

static bool option(void *state, const char *name, const char *value)
{
	struct lago *l = state;

	if (strcmp(name, "api-key") == 0) {
		l->api_key = value;
		return true;
	}
	if (strcmp(name, "rate-limit") == 0) {
		l->rate_limit = strtoll(value, NULL, 10);
		return l->rate_limit > 0;
	}
	if (strcmp(name, "store") != 0)
		return false;
	l->clickhouse = strcmp(value, "clickhouse") == 0;
	return l->clickhouse || strcmp(value, "postgres") == 0;
}

static const char *prefix(void *state)
{
	(void)state;
	return "";
}

static void unauthorized(void *state, struct standin_request *req, struct standin_reply *reply)
{
	(void)state;
	(void)req;
	reply->status = 401;
	text_puts(&reply->body, "{\"status\":401,\"error\":\"Unauthorized\"}");
}

/* A window of one second for all requests together. False with a 429 answered if it is used up. */
static bool within_limit(struct lago *l, struct standin_reply *reply)
{
	int64_t second = standin_now_ms() / 1000;
	char text[32];

	if (!l->rate_limit)
		return true;
	l->rate_count = second == l->rate_second ? l->rate_count + 1 : 1;
	l->rate_second = second;
	bool over = l->rate_count > l->rate_limit;

	snprintf(text, sizeof(text), "%lld", (long long)l->rate_limit);
	standin_add_header(reply, "X-RateLimit-Limit", text);
	snprintf(text, sizeof(text), "%lld", (long long)(over ? 0 : l->rate_limit - l->rate_count));
	standin_add_header(reply, "X-RateLimit-Remaining", text);
	standin_add_header(reply, "X-RateLimit-Reset", "1");
	if (over) {
		reply->status = 429;
		reply->type = "text/plain";
		text_puts(&reply->body, "Too Many Requests\n");
	}
	return !over;
}

/* Its database takes no NUL in a text, and nothing looks for one before: False with a 500 answered. */
static bool storable(const struct standin_request *req, struct standin_reply *reply)
{
	if (!req->body || !strstr(req->body, "\\u0000"))
		return true;
	reply->status = 500;
	reply->type = "text/html";
	text_puts(&reply->body, "<html><h1>We're sorry, but something went wrong.</h1></html>");
	return false;
}

/* The word before the key is not looked at, nor is the key of /health. */
static bool authorize(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const char *key = strchr(req->authorization, ' ');

	if (strncmp(req->path, "/api/", 5) != 0)
		return true;
	if (!l->api_key || (key && strcmp(key + strspn(key, " "), l->api_key) == 0))
		return within_limit(l, reply) && storable(req, reply);
	unauthorized(state, req, reply);
	return false;
}

static void not_found(void *state, struct standin_request *req, struct standin_reply *reply)
{
	(void)state;
	(void)req;
	lago_not_found("resource", reply);
}

/* -- seed ------------------------------------- */

static void seed_customer(struct lago *l, int64_t i)
{
	struct json_object *o = json_object_new_object();
	char text[64];

	snprintf(text, sizeof(text), "cust-%06lld", (long long)i);
	json_object_object_add(o, "external_id", json_object_new_string(text));
	snprintf(text, sizeof(text), "Customer %lld", (long long)i);
	json_object_object_add(o, "name", json_object_new_string(text));
	snprintf(text, sizeof(text), "customer%lld@example.com", (long long)i);
	json_object_object_add(o, "email", json_object_new_string(text));
	json_object_object_add(o, "currency", json_object_new_string("EUR"));
	lago_customer_seed(l, o);
	json_object_put(o);
}

static void seed_subscription(struct lago *l, int64_t i)
{
	struct json_object *o = json_object_new_object();
	char text[64];

	snprintf(text, sizeof(text), "sub-%06lld", (long long)i);
	json_object_object_add(o, "external_id", json_object_new_string(text));
	snprintf(text, sizeof(text), "cust-%06lld", (long long)i);
	json_object_object_add(o, "external_customer_id", json_object_new_string(text));
	json_object_object_add(o, "plan_code", json_object_new_string("ev"));
	json_object_object_add(o, "subscription_at",
			       json_object_new_string("2026-01-01T00:00:00Z"));
	lago_subscription_seed(l, o);
	json_object_put(o);
}

static const struct {
	const char *name;
	void (*seed)(struct lago *l, struct json_object *in);
} seeds[] = {
	{"billable_metrics", lago_metric_seed}, {"add_ons", lago_add_on_seed},
	{"plans", lago_plan_seed},              {"customers", lago_customer_seed},
	{"subscriptions", lago_subscription_seed}, {"wallets", lago_wallet_seed},
	{"invoices", lago_invoice_seed},        {"events", lago_event_seed},
};

static bool known_member(const char *name)
{
	for (size_t i = 0; i < COUNT(seeds); i++) {
		if (strcmp(name, seeds[i].name) == 0)
			return true;
	}
	return strcmp(name, "generate") == 0;
}

static bool seed(void *state, struct json_object *in, char *why, size_t why_size)
{
	struct lago *l = state;
	struct json_object *generate = json_member(in, "generate");

	json_object_object_foreach(in, name, unused)
	{
		(void)unused;
		if (!known_member(name)) {
			snprintf(why, why_size, "a seed has no member '%s'", name);
			return false;
		}
	}
	for (size_t i = 0; i < COUNT(seeds); i++) {
		struct json_object *list = json_member(in, seeds[i].name);

		if (!json_object_is_type(list, json_type_array))
			continue;
		for (size_t k = 0; k < json_object_array_length(list); k++) {
			struct json_object *one = json_object_array_get_idx(list, k);

			if (json_object_is_type(one, json_type_object))
				seeds[i].seed(l, one);
		}
	}
	for (int64_t i = 1; i <= json_member_count(generate, "customers"); i++)
		seed_customer(l, i);
	for (int64_t i = 1; i <= json_member_count(generate, "subscriptions"); i++)
		seed_subscription(l, i);
	return true;
}

/* -- state ------------------------------------- */

static bool dump_part(struct lago *l, const char *part, struct text *out)
{
	if (strcmp(part, "events") == 0) {
		lago_events_summary(l->events, out);
		return true;
	}
	for (size_t i = 0; table(l, i); i++) {
		const struct lago_table *t = table(l, i);

		if (strcmp(part, t->many) == 0) {
			text_printf(out, "{\"count\":%zu}", t->n - t->n_dead);
			return true;
		}
	}
	return false;
}

static bool dump(void *state, const char *part, struct text *out)
{
	struct lago *l = state;

	if (part)
		return dump_part(l, part, out);
	text_puts(out, "{");
	for (size_t i = 0; table(l, i); i++) {
		lago_table_dump(table(l, i), out);
		text_puts(out, ",");
	}
	lago_events_dump(l->events, out);
	text_puts(out, "}");
	return true;
}

/*
 * POST /jobs: what Lago does later is done. DELETE /state/{collection}/{key}: one row vanishes,
 * without what Lago would do besides.
 */
static bool control(void *state, const char *path, struct standin_request *req,
		    struct standin_reply *reply)
{
	struct lago *l = state;
	char many[64], key[256];

	if (strcmp(req->method, "POST") == 0 && strcmp(path, "/jobs") == 0) {
		lago_plans_run_jobs(l);
		text_puts(&reply->body, "{\"ok\":true}");
		return true;
	}
	if (strcmp(req->method, "DELETE") != 0 ||
	    sscanf(path, "/state/%63[^/]/%255[^/]", many, key) != 2)
		return false;
	standin_unescape(key, false);
	for (size_t i = 0; table(l, i); i++) {
		struct lago_table *t = table(l, i);
		struct lago_row *row = lago_table_find(t, key);

		if (strcmp(many, t->many) != 0 || !row)
			continue;
		lago_table_remove(t, row);
		text_puts(&reply->body, "{\"ok\":true}");
		return true;
	}
	return false;
}

static const struct standin_peer peer = {
	.name = "lago-standin",
	.usage = "  --api-key KEY             asked for; without it none is needed\n"
		 "  --store STORE             whose rules for duplicate events: postgres\n"
		 "                            (default) or clickhouse\n"
		 "  --rate-limit N            as the cloud: N requests a second, and headers\n"
		 "                            that count them down\n",
	.routes = routes,
	.n_routes = COUNT(routes),
	.option = option,
	.prefix = prefix,
	.authorize = authorize,
	.unauthorized = unauthorized,
	.not_found = not_found,
	.seed = seed,
	.dump = dump,
	.reset = reset,
	.control = control,
};

int main(int argc, char **argv)
{
	struct lago l = {0};
	int status;

	state_init(&l);
	status = standin_main(argc, argv, &peer, &l);
	state_release(&l);
	return status;
}
