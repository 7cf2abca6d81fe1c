/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wallets of the Lago stand-in: unique by code among a customer's active ones, six of which are the
 * limit; credits that arrive after the answer; a PUT that empties what it is not told.
 */
#include "lago-standin.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ACTIVE_MAX = 6, PRIORITY_MAX = 50 };

static const char blank_wallet[] =
	"{\"lago_id\":null,\"lago_customer_id\":null,\"external_customer_id\":null,"
	"\"billing_entity_code\":\"default\",\"status\":\"active\",\"currency\":\"EUR\","
	"\"name\":null,\"code\":null,\"priority\":50,\"rate_amount\":\"1.0\","
	"\"credits_balance\":\"0.0\",\"credits_ongoing_balance\":\"0.0\","
	"\"credits_ongoing_usage_balance\":\"0.0\",\"balance_cents\":0,"
	"\"ongoing_balance_cents\":0,\"ongoing_usage_balance_cents\":0,"
	"\"consumed_credits\":\"0.0\",\"created_at\":null,\"expiration_at\":null,"
	"\"last_balance_sync_at\":null,\"last_consumed_credit_at\":null,"
	"\"terminated_at\":null,\"invoice_requires_successful_payment\":false,"
	"\"paid_top_up_min_amount_cents\":null,\"paid_top_up_max_amount_cents\":null,"
	"\"recurring_transaction_rules\":[],\"applies_to\":{\"fee_types\":[],"
	"\"billable_metric_codes\":[]},\"metadata\":null,\"purchase_order_number\":null}";

static const char *check_rate(struct json_object **v)
{
	__int128 nano;
	char text[64];

	if (!lago_decimal(*v, &nano))
		return "invalid_amount";
	if (!nano)
		return "value_is_out_of_range";
	lago_format_decimal(nano, text);
	json_object_put(*v);
	*v = json_object_new_string(text);
	return NULL;
}

static const char *check_priority(struct json_object **v)
{
	int64_t n = json_object_get_int64(*v);

	return n < 1 || n > PRIORITY_MAX ? "value_is_out_of_range" : NULL;
}

static const char *check_expiry(struct json_object **v)
{
	char text[32];
	int64_t ms;

	if (!standin_parse_time(json_object_get_string(*v), false, true, &ms) ||
	    ms <= standin_now_ms())
		return "invalid_date";
	standin_format_time(ms, false, text);
	json_object_put(*v);
	*v = json_object_new_string(text);
	return NULL;
}

/* The first two are not changed by a PUT. */
static const struct lago_field fields[] = {
	{"currency", LAGO_TEXT, 0, lago_check_currency},
	{"rate_amount", LAGO_ANY, 0, check_rate},
	{"name", LAGO_TEXT, 0, NULL},
	{"code", LAGO_TEXT, 0, NULL},
	{"priority", LAGO_INT, 0, check_priority},
	{"expiration_at", LAGO_TEXT, 0, check_expiry},
	{"invoice_requires_successful_payment", LAGO_BOOL, 0, NULL},
	{"paid_top_up_min_amount_cents", LAGO_INT, 0, NULL},
	{"paid_top_up_max_amount_cents", LAGO_INT, 0, NULL},
	{"billing_entity_code", LAGO_TEXT, 0, NULL},
	{"purchase_order_number", LAGO_TEXT, 0, NULL},
};

enum { PUT_SKIPS = 2 };

static const char *const initial_credits[] = {"paid_credits", "granted_credits"};

/* -- finding ------------------------------------- */

static bool is_active(const struct lago_row *row)
{
	return row->status && strcmp(row->status, "active") == 0;
}

static bool has_code(const struct lago_row *row, const char *code)
{
	struct json_object *o = lago_row_parse(row);
	bool has = code && lago_text_is(json_member(o, "code"), code);

	json_object_put(o);
	return has;
}

/* A customer's wallet by its code: the active one, or else the newest of those that ended. */
static struct lago_row *find_code(struct lago *l, const char *customer, const char *code,
				  bool active_only)
{
	struct lago_row *ended = NULL;

	for (size_t i = 0; i < l->wallets.n; i++) {
		struct lago_row *row = l->wallets.row[i];

		if (row->dead || !row->owner || strcmp(row->owner, customer) != 0 ||
		    !has_code(row, code))
			continue;
		if (is_active(row))
			return row;
		ended = row;
	}
	return active_only ? NULL : ended;
}

static size_t count_active(struct lago *l, const char *customer)
{
	size_t n = 0;

	for (size_t i = 0; i < l->wallets.n; i++) {
		const struct lago_row *row = l->wallets.row[i];

		n += !row->dead && row->owner && strcmp(row->owner, customer) == 0 &&
		     is_active(row);
	}
	return n;
}

/* The wallet of the path: /wallets/{lago_id} or /customers/{external_id}/wallets/{code}. */
static struct lago_row *of_path(struct lago *l, const struct standin_request *req,
				struct standin_reply *reply)
{
	struct lago_row *row;

	if (req->param2 && !lago_table_find(&l->customers, req->param)) {
		lago_not_found("customer", reply);
		return NULL;
	}
	row = req->param2 ? find_code(l, req->param, req->param2, false) :
			    lago_table_find(&l->wallets, req->param);
	if (!row)
		lago_not_found("wallet", reply);
	return row;
}

/* -- members that are no plain fields ------------------------------------- */

static void check_fee_types(struct json_object *list, struct json_object *details)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		if (!lago_one_of(json_object_array_get_idx(list, i),
				 "charge subscription commitment"))
			lago_detail(details, "fee_types", "value_is_invalid");
	}
}

/* Metrics that are not named are no targets any more. False if one is not there. */
static bool put_targets(struct lago *l, struct json_object *o, struct json_object *in,
			struct json_object *details)
{
	struct json_object *to = json_member(o, "applies_to");
	struct json_object *from = json_member(in, "applies_to");
	struct json_object *types = json_member(from, "fee_types");
	struct json_object *codes = json_member(from, "billable_metric_codes");

	if (json_object_is_type(types, json_type_array)) {
		check_fee_types(types, details);
		json_object_object_add(to, "fee_types", json_object_get(types));
	}
	if (!json_object_is_type(codes, json_type_array)) {
		json_object_object_add(to, "billable_metric_codes", json_object_new_array());
		return true;
	}
	for (size_t i = 0; i < json_object_array_length(codes); i++) {
		const char *code = json_object_get_string(json_object_array_get_idx(codes, i));

		if (!lago_table_find(&l->metrics, code))
			return false;
	}
	json_object_object_add(to, "billable_metric_codes", json_object_get(codes));
	return true;
}

static void put_metadata(struct json_object *o, struct json_object *in,
			 struct json_object *details)
{
	struct json_object *metadata = json_member(in, "metadata");
	const char *wrong = lago_metadata_object_wrong(metadata);

	if (wrong)
		json_object_object_add(details, "metadata", json_object_new_string(wrong));
	else if (json_member_present(in, "metadata"))
		json_object_object_add(o, "metadata", json_object_get(metadata));
}

static void check_code(struct lago *l, struct json_object *o, const char *customer,
		       const struct lago_row *self, struct json_object *details)
{
	const char *code = json_member_text(o, "code");
	const struct lago_row *other = code ? find_code(l, customer, code, true) : NULL;

	if (other && other != self)
		lago_detail(details, "code", "value_already_exist");
}

/* The name's letters and digits, and a number when that is taken. */
static void set_own_code(struct lago *l, struct json_object *o, const char *customer)
{
	const char *name = json_member_text(o, "name");
	char stem[64], code[80];
	size_t n = 0;

	for (const char *s = name ? name : "default"; *s && n < sizeof(stem) - 1; s++)
		stem[n++] = (char)(isalnum((unsigned char)*s) ? tolower((unsigned char)*s) : '_');
	stem[n] = '\0';
	snprintf(code, sizeof(code), "%s", stem);
	for (int i = 2; find_code(l, customer, code, true); i++)
		snprintf(code, sizeof(code), "%s_%d", stem, i);
	lago_set_text(o, "code", code);
}

/* -- POST ------------------------------------- */

/* The credits of a new wallet are booked after it was answered. */
static void book_initial(struct lago *l, struct lago_row *row, struct json_object *in)
{
	struct json_object *booking = json_object_new_object();

	for (size_t i = 0; i < COUNT(initial_credits); i++)
		json_object_object_add(booking, initial_credits[i],
				       json_object_get(json_member(in, initial_credits[i])));
	json_object_object_add(booking, "name",
			       json_object_get(json_member(in, "transaction_name")));
	json_object_object_add(booking, "metadata",
			       json_object_get(json_member(in, "transaction_metadata")));
	lago_transactions_book(l, row, booking, NULL);
	json_object_put(booking);
}

/* The customer of a new wallet is named by the path or by the body. */
static const char *owner_of(const struct standin_request *req, struct json_object *in)
{
	return req->param ? req->param : json_member_text(in, "external_customer_id");
}

static bool check_new(struct lago *l, struct json_object *o, struct json_object *in,
		      const char *owner, struct json_object *details)
{
	const struct lago_row *customer = lago_table_find(&l->customers, owner);

	lago_assign(o, in, fields, COUNT(fields), details);
	if (!json_member(in, "rate_amount"))
		lago_detail(details, "rate_amount", "value_is_mandatory");
	if (!json_member(in, "currency"))
		lago_detail(details, "currency", "value_is_invalid");
	if (!customer)
		lago_detail(details, "customer", "customer_not_found");
	else if (count_active(l, owner) >= ACTIVE_MAX)
		lago_detail(details, "customer", "wallet_limit_reached");
	if (customer) {
		lago_set_text(o, "lago_customer_id", customer->lago_id);
		lago_set_text(o, "external_customer_id", owner);
		if (lago_blank(json_member(o, "code")))
			set_own_code(l, o, owner);
		else
			check_code(l, o, owner, NULL, details);
	}
	lago_check_credits(in, initial_credits, COUNT(initial_credits), details);
	const char *wrong = lago_metadata_pairs_wrong(json_member(in, "transaction_metadata"));

	if (wrong)
		json_object_object_add(details, "transaction_metadata",
				       json_object_new_string(wrong));
	put_metadata(o, in, details);
	return put_targets(l, o, in, details);
}

void lago_wallet_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in = lago_unwrap(req, "wallet", reply);

	if (!in)
		return;
	struct json_object *details = json_object_new_object();
	struct json_object *o = json_constant(blank_wallet);

	lago_stamp(l, o);
	lago_refuse(req, in, details);
	if (!check_new(l, o, in, owner_of(req, in), details)) {
		json_object_put(details);
		lago_not_found("billable_metrics", reply);
	} else if (lago_has_details(details)) {
		lago_invalid(details, reply);
	} else {
		struct lago_row *row =
			lago_table_add(&l->wallets, json_member_text(o, "lago_id"), o);

		json_object_put(details);
		lago_reply_row(&l->wallets, row, reply);
		book_initial(l, row, in);
		reply->written = 1;
	}
	json_object_put(o);
}

/* -- reading ------------------------------------- */

static bool listed(const struct lago_row *row, const void *arg)
{
	const struct standin_request *req = arg;
	const char *customer = req->param ? req->param : standin_query(req, "external_customer_id");
	const char *currency = standin_query(req, "currency");
	bool fits = !customer || (row->owner && strcmp(row->owner, customer) == 0);

	if (fits && currency) {
		struct json_object *o = lago_row_parse(row);

		fits = lago_text_is(json_member(o, "currency"), currency);
		json_object_put(o);
	}
	return fits;
}

void lago_wallet_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const char *customer = req->param ? req->param : standin_query(req, "external_customer_id");

	if (customer && !lago_table_find(&l->customers, customer))
		lago_not_found("customer", reply);
	else
		lago_list(&l->wallets, req, listed, req, NULL, reply);
}

void lago_wallet_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const struct lago_row *row = of_path(l, req, reply);

	if (row)
		lago_reply_row(&l->wallets, row, reply);
}

/* -- PUT and DELETE ------------------------------------- */

static void change(struct lago *l, struct lago_row *row, struct standin_request *req,
		   struct json_object *in, struct standin_reply *reply)
{
	struct json_object *details = json_object_new_object();
	struct json_object *o = lago_row_parse(row);

	lago_refuse(req, in, details);
	lago_assign(o, in, fields + PUT_SKIPS, COUNT(fields) - PUT_SKIPS, details);
	check_code(l, o, row->owner, row, details);
	put_metadata(o, in, details);
	if (!put_targets(l, o, in, details)) {
		json_object_put(details);
		lago_not_found("billable_metrics", reply);
	} else if (lago_has_details(details)) {
		lago_invalid(details, reply);
	} else {
		json_object_put(details);
		lago_row_set(row, o);
		lago_reply_row(&l->wallets, row, reply);
		reply->written = 1;
	}
	json_object_put(o);
}

void lago_wallet_put(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = of_path(l, req, reply);
	struct json_object *in = row ? lago_unwrap(req, "wallet", reply) : NULL;

	if (!in)
		return;
	if (is_active(row))
		change(l, row, req, in, reply);
	else
		lago_invalid_one("wallet_id", "wallet_is_terminated", reply);
}

static void terminate(struct lago_row *row)
{
	struct json_object *o = lago_row_parse(row);
	char now[32];

	standin_format_time(standin_now_ms(), true, now);
	lago_set_text(o, "status", "terminated");
	lago_set_text(o, "terminated_at", now);
	lago_row_set(row, o);
	json_object_put(o);
}

void lago_wallet_delete(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = of_path(l, req, reply);

	if (!row)
		return;
	if (is_active(row)) {
		terminate(row);
		reply->written = 1;
	}
	lago_reply_row(&l->wallets, row, reply);
}

void lago_wallets_end_of(struct lago *l, const char *external_customer_id)
{
	for (size_t i = 0; i < l->wallets.n; i++) {
		struct lago_row *row = l->wallets.row[i];

		if (!row->dead && is_active(row) && row->owner &&
		    strcmp(row->owner, external_customer_id) == 0)
			terminate(row);
	}
}

void lago_wallet_seed(struct lago *l, struct json_object *in)
{
	struct lago_row *row = lago_table_find(&l->wallets, json_member_text(in, "lago_id"));
	struct json_object *o = lago_seed_begin(l, row, in, blank_wallet);
	const char *customer = json_member_text(o, "external_customer_id");

	if (customer)
		lago_set_text(o, "lago_customer_id", lago_customer_ensure(l, customer)->lago_id);
	lago_seed_end(&l->wallets, row, o);
}
