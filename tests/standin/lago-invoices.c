/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invoices of the Lago stand-in: seeded, or made one by one of add-ons, each request anew; of their
 * state a client changes the payment, the metadata and whether they are void.
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METADATA_VALUE_MAX = 140 };

static const __int128 nano = 1000000000;

static const char blank_invoice[] =
	"{\"lago_id\":null,\"billing_entity_code\":\"default\",\"sequential_id\":1,"
	"\"number\":null,\"issuing_date\":\"2026-01-31\",\"payment_due_date\":\"2026-01-31\","
	"\"payment_dispute_lost_at\":null,\"payment_overdue\":false,\"net_payment_term\":0,"
	"\"invoice_type\":\"subscription\",\"status\":\"finalized\","
	"\"payment_status\":\"pending\",\"currency\":\"EUR\",\"fees_amount_cents\":0,"
	"\"coupons_amount_cents\":0,\"credit_notes_amount_cents\":0,"
	"\"sub_total_excluding_taxes_amount_cents\":0,\"taxes_amount_cents\":0,"
	"\"sub_total_including_taxes_amount_cents\":0,\"prepaid_credit_amount_cents\":0,"
	"\"progressive_billing_credit_amount_cents\":0,\"total_amount_cents\":0,"
	"\"version_number\":4,\"self_billed\":false,\"file_url\":null,\"created_at\":null,"
	"\"updated_at\":null,\"customer\":null,\"metadata\":[],\"applied_taxes\":[],"
	"\"purchase_order_number\":null}";

/* -- seeds ------------------------------------- */

struct json_object *lago_seed_begin(struct lago *l, const struct lago_row *row,
				    struct json_object *in, const char *blank)
{
	struct json_object *o = row ? lago_row_parse(row) : json_constant(blank);
	struct json_object *own_id;

	if (!row)
		lago_stamp(l, o);
	own_id = json_object_get(json_member(o, "lago_id"));
	json_object_object_foreach(in, key, value)
	{
		json_object_object_add(o, key, json_object_get(value));
	}
	if (!json_member_text(o, "lago_id"))
		json_object_object_add(o, "lago_id", json_object_get(own_id));
	json_object_put(own_id);
	return o;
}

struct lago_row *lago_seed_end(struct lago_table *t, struct lago_row *row, struct json_object *o)
{
	if (row)
		lago_row_set(row, o);
	else
		row = lago_table_add(t, json_member_text(o, "lago_id"), o);
	json_object_put(o);
	return row;
}

/* A seed may name the customer by external_customer_id alone. */
static void embed_customer(struct lago *l, struct json_object *o)
{
	const char *id = json_member_text(o, "external_customer_id");

	if (!id)
		id = json_member_text(json_member(o, "customer"), "external_id");
	if (!id)
		return;
	struct lago_row *customer = lago_customer_ensure(l, id);

	json_object_object_add(o, "customer", lago_row_parse(customer));
	json_object_object_del(o, "external_customer_id");
}

/* Lists run by the day of issue. */
static void set_order(struct lago *l, struct lago_row *row, struct json_object *o)
{
	const char *day = json_member_text(o, "issuing_date");
	int64_t ms = 0;

	if (day)
		standin_parse_time(day, false, true, &ms);
	lago_row_set_sort(&l->invoices, row, ms);
}

void lago_invoice_seed(struct lago *l, struct json_object *in)
{
	struct lago_row *row = lago_table_find(&l->invoices, json_member_text(in, "lago_id"));
	struct json_object *o = lago_seed_begin(l, row, in, blank_invoice);

	embed_customer(l, o);
	if (!json_member_present(in, "updated_at"))
		lago_set_now(o, "updated_at");
	row = lago_seed_end(&l->invoices, row, json_object_get(o));
	set_order(l, row, o);
	json_object_put(o);
}

void lago_add_on_seed(struct lago *l, struct json_object *in)
{
	static const char blank[] = "{\"lago_id\":null,\"name\":null,\"code\":null,"
				    "\"amount_cents\":0,\"amount_currency\":\"EUR\","
				    "\"created_at\":null,\"taxes\":[]}";
	const char *code = json_member_text(in, "code");
	struct lago_row *row = lago_table_find(&l->add_ons, code);
	struct json_object *o;

	if (!code)
		return;
	o = lago_seed_begin(l, row, in, blank);
	if (row)
		lago_row_set(row, o);
	else
		lago_table_add(&l->add_ons, code, o);
	json_object_put(o);
}

/* -- POST: one-off invoices ------------------------------------- */

/* One fee of an add-on that is there; its amount is added. */
static struct json_object *new_fee(struct lago *l, const struct lago_row *add_on,
				   struct json_object *in, const char *currency,
				   struct json_object *details, int64_t *total)
{
	struct json_object *fee = json_object_new_object(), *of = lago_row_parse(add_on);
	struct json_object *item = json_object_new_object(), *units = json_member(in, "units");
	int64_t price = json_member_int(in, "unit_amount_cents",
					json_member_int(of, "amount_cents", 0));
	__int128 count = nano;
	char text[64];

	if (units && !lago_decimal(units, &count))
		lago_detail(details, "units", "value_is_invalid");
	int64_t amount = (int64_t)((price * count + nano / 2) / nano);

	lago_stamp(l, fee);
	lago_set_text(item, "type", "add_on");
	lago_set_text(item, "code", add_on->key);
	json_object_object_add(item, "name", json_object_get(json_member(of, "name")));
	json_object_object_add(fee, "item", item);
	lago_format_decimal(count, text);
	lago_set_text(fee, "units", text);
	json_object_object_add(fee, "amount_cents", json_object_new_int64(amount));
	json_object_object_add(fee, "unit_amount_cents", json_object_new_int64(price));
	json_object_object_add(fee, "total_amount_cents", json_object_new_int64(amount));
	lago_set_text(fee, "amount_currency", currency);
	lago_set_text(fee, "description", json_member_text(in, "description"));
	lago_set_text(fee, "invoice_display_name", json_member_text(in, "invoice_display_name"));
	*total += amount;
	json_object_put(of);
	return fee;
}

/* The fees of a request; false with what is not there. */
static bool add_fees(struct lago *l, struct json_object *o, struct json_object *in,
		     struct json_object *details, const char **missing)
{
	static const char *const sums[] = {"fees_amount_cents",
					   "sub_total_excluding_taxes_amount_cents",
					   "sub_total_including_taxes_amount_cents",
					   "total_amount_cents"};
	struct json_object *from = json_member(in, "fees"), *fees = json_object_new_array();
	const char *currency = json_member_text(o, "currency");
	int64_t total = 0;

	json_object_object_add(o, "fees", fees);
	*missing = "fees";
	if (!json_object_is_type(from, json_type_array) || !json_object_array_length(from))
		return false;
	*missing = "add_on";
	for (size_t i = 0; i < json_object_array_length(from); i++) {
		struct json_object *one = json_object_array_get_idx(from, i);
		const struct lago_row *add_on =
			lago_table_find(&l->add_ons, json_member_text(one, "add_on_code"));

		if (!add_on)
			return false;
		json_object_array_add(fees, new_fee(l, add_on, one, currency, details, &total));
	}
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		json_object_object_add(o, sums[i], json_object_new_int64(total));
	if (!total)
		lago_set_text(o, "payment_status", "succeeded");
	return true;
}

static void fill_new(struct lago *l, struct json_object *o, struct json_object *in,
		     const struct lago_row *customer, struct json_object *details)
{
	struct json_object *who = lago_row_parse(customer);
	const char *own = json_member_text(who, "currency");
	const char *asked = json_member_text(in, "currency");
	char text[64];

	if (own && asked && strcmp(own, asked) != 0)
		lago_detail(details, "currency", "currencies_does_not_match");
	if (!own && !asked)
		lago_detail(details, "currency", "value_is_invalid");
	lago_stamp(l, o);
	lago_set_now(o, "updated_at");
	lago_set_text(o, "currency", asked ? asked : own);
	lago_set_text(o, "invoice_type", "one_off");
	snprintf(text, sizeof(text), "STA-1A90-%03llu", (unsigned long long)++l->invoices_made);
	lago_set_text(o, "number", text);
	standin_format_time(standin_now_ms(), false, text);
	text[strlen("2026-01-31")] = '\0';
	lago_set_text(o, "issuing_date", text);
	lago_set_text(o, "payment_due_date", text);
	lago_set_text(o, "purchase_order_number", json_member_text(in, "purchase_order_number"));
	json_object_object_add(o, "customer", who);
}

/* Nothing tells a request that was there before: it makes another invoice. */
void lago_invoice_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in = lago_unwrap(req, "invoice", reply);

	if (!in)
		return;
	const struct lago_row *customer =
		lago_table_find(&l->customers, json_member_text(in, "external_customer_id"));
	const char *missing;

	if (!customer) {
		lago_not_found("customer", reply);
		return;
	}
	struct json_object *details = json_object_new_object();
	struct json_object *o = json_constant(blank_invoice);

	lago_refuse(req, in, details);
	fill_new(l, o, in, customer, details);
	if (!add_fees(l, o, in, details, &missing)) {
		json_object_put(details);
		lago_not_found(missing, reply);
	} else if (lago_has_details(details)) {
		lago_invalid(details, reply);
	} else {
		json_object_put(details);
		set_order(l, lago_table_add(&l->invoices, json_member_text(o, "lago_id"), o), o);
		lago_reply_json("invoice", o, reply);
		reply->written = 1;
	}
	json_object_put(o);
}

/* -- reading ------------------------------------- */

/* A filter of one value, or of several under the plural name. */
static bool among(const struct standin_request *req, const char *one, const char *many,
		  struct json_object *o)
{
	const char *have = json_member_text(o, one), *want = standin_query(req, one);

	if (standin_query(req, many))
		return have && standin_query_has(req, many, have);
	return !want || (have && strcmp(have, want) == 0);
}

static bool is(struct json_object *o, const char *key, const char *value)
{
	return !value || lago_text_is(json_member(o, key), value);
}

/* A date that cannot be read is ignored, as by the original. */
static bool in_dates(const struct standin_request *req, const struct lago_row *row)
{
	const char *from = standin_query(req, "issuing_date_from");
	const char *to = standin_query(req, "issuing_date_to");
	int64_t ms;

	if (from && standin_parse_time(from, false, true, &ms) && row->sort < ms)
		return false;
	return !to || !standin_parse_time(to, false, true, &ms) || row->sort <= ms;
}

static bool in_amounts(const struct standin_request *req, struct json_object *o)
{
	const char *from = standin_query(req, "amount_from"), *to = standin_query(req, "amount_to");
	int64_t amount = json_member_int(o, "total_amount_cents", 0);

	return (!from || amount >= strtoll(from, NULL, 10)) &&
	       (!to || amount <= strtoll(to, NULL, 10));
}

static bool is_overdue(const struct standin_request *req, struct json_object *o)
{
	const char *want = standin_query(req, "payment_overdue");

	return !want || json_object_get_boolean(json_member(o, "payment_overdue")) ==
				(strcmp(want, "true") == 0);
}

static bool listed(const struct lago_row *row, const void *arg)
{
	const struct standin_request *req = arg;
	const char *customer = req->param ? req->param : standin_query(req, "external_customer_id");
	struct json_object *o;
	bool fits;

	if (!in_dates(req, row))
		return false;
	o = lago_row_parse(row);
	fits = !lago_one_of(json_member(o, "status"), "generating open closed deleted") &&
	       among(req, "status", "statuses[]", o) &&
	       among(req, "payment_status", "payment_statuses[]", o) &&
	       is(o, "invoice_type", standin_query(req, "invoice_type")) &&
	       is(o, "currency", standin_query(req, "currency")) &&
	       is(o, "purchase_order_number", standin_query(req, "purchase_order_number")) &&
	       is(json_member(o, "customer"), "external_id", customer) && in_amounts(req, o) &&
	       is_overdue(req, o) && lago_metadata_fits(req, json_member(o, "metadata"));
	json_object_put(o);
	return fits;
}

/* List rows carry neither fees nor subscriptions. */
static void emit(const struct lago_row *row, struct text *out)
{
	struct json_object *o = lago_row_parse(row);

	json_object_object_del(o, "fees");
	json_object_object_del(o, "subscriptions");
	text_puts(out, json_text(o));
	json_object_put(o);
}

void lago_invoice_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;

	lago_list(&l->invoices, req, listed, req, emit, reply);
}

static struct lago_row *of_path(struct lago *l, const struct standin_request *req,
				struct standin_reply *reply)
{
	struct lago_row *row = lago_table_find(&l->invoices, req->param);

	if (!row)
		lago_not_found("invoice", reply);
	return row;
}

void lago_invoice_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const struct lago_row *row = of_path(l, req, reply);

	if (row)
		lago_reply_row(&l->invoices, row, reply);
}

/* -- PUT, void, DELETE ------------------------------------- */

static bool has_status(const struct lago_row *row, const char *status)
{
	return row->status && strcmp(row->status, status) == 0;
}

static void store(struct lago *l, struct lago_row *row, struct json_object *o,
		  struct standin_reply *reply)
{
	lago_set_now(o, "updated_at");
	lago_row_set(row, o);
	lago_reply_row(&l->invoices, row, reply);
	reply->written = 1;
}

/* Why the invoice's state forbids what is asked; NULL if it does not. */
static const char *forbidden(const struct lago_row *row, struct json_object *in)
{
	if (has_status(row, "voided"))
		return "update_on_voided_invoice";
	if (has_status(row, "draft") && json_member_present(in, "metadata"))
		return "metadata_on_draft_invoice";
	if (has_status(row, "draft") && json_member_present(in, "payment_status"))
		return "payment_status_update_on_draft_invoice";
	return NULL;
}

void lago_invoice_put(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = of_path(l, req, reply);
	struct json_object *in = row ? lago_unwrap(req, "invoice", reply) : NULL;
	const char *why = in ? forbidden(row, in) : NULL;

	if (!in)
		return;
	if (why) {
		lago_not_allowed(why, reply);
		return;
	}
	struct json_object *details = json_object_new_object(), *o = lago_row_parse(row);
	struct json_object *paid = json_member(in, "payment_status");

	lago_refuse(req, in, details);
	if (json_member_present(in, "payment_status")) {
		if (!lago_one_of(paid, "pending succeeded failed"))
			lago_detail(details, "payment_status", "value_is_invalid");
		json_object_object_add(o, "payment_status", json_object_get(paid));
	}
	lago_metadata_put(l, o, json_member(in, "metadata"), METADATA_VALUE_MAX, details);
	if (lago_has_details(details)) {
		lago_invalid(details, reply);
	} else {
		json_object_put(details);
		store(l, row, o, reply);
	}
	json_object_put(o);
}

void lago_invoice_void(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = of_path(l, req, reply);

	if (!row)
		return;
	if (!has_status(row, "finalized")) {
		lago_not_allowed("not_voidable", reply);
		return;
	}
	struct json_object *o = lago_row_parse(row);

	lago_set_text(o, "status", "voided");
	store(l, row, o, reply);
	json_object_put(o);
}

void lago_invoice_delete(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = of_path(l, req, reply);

	if (!row)
		return;
	if (!has_status(row, "draft")) {
		lago_not_allowed("not_deletable", reply);
		return;
	}
	struct json_object *o = lago_row_parse(row);

	lago_set_text(o, "status", "deleted");
	store(l, row, o, reply);
	json_object_put(o);
}
