/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wallets and invoices of the Lago stand-in, which are seeded and read.
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <string.h>

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
	"\"updated_at\":null,\"customer\":null,\"metadata\":[],\"applied_taxes\":[]}";

static void merge(struct json_object *to, struct json_object *from)
{
	json_object_object_foreach(from, key, value)
	{
		json_object_object_add(to, key, json_object_get(value));
	}
}

static struct json_object *begin_seed(struct lago *l, struct lago_row *row,
				      struct json_object *in, const char *blank)
{
	struct json_object *o = row ? lago_row_parse(row) : json_constant(blank);
	struct json_object *own_id;
	char text[40];

	if (!row) {
		lago_new_id(l, text);
		json_object_object_add(o, "lago_id", json_object_new_string(text));
		standin_format_time(standin_now_ms(), false, text);
		json_object_object_add(o, "created_at", json_object_new_string(text));
	}
	own_id = json_object_get(json_member(o, "lago_id"));
	merge(o, in);
	if (!json_member_text(o, "lago_id"))
		json_object_object_add(o, "lago_id", json_object_get(own_id));
	json_object_put(own_id);
	return o;
}

static struct lago_row *end_seed(struct lago_table *t, struct lago_row *row,
				 struct json_object *o)
{
	if (row)
		lago_row_set(row, o);
	else
		row = lago_table_add(t, json_member_text(o, "lago_id"), o);
	json_object_put(o);
	return row;
}

/* -- wallets ------------------------------------- */

void lago_wallet_seed(struct lago *l, struct json_object *in)
{
	struct lago_row *row = lago_table_find(&l->wallets, json_member_text(in, "lago_id"));
	struct json_object *o = begin_seed(l, row, in, blank_wallet);
	const char *customer = json_member_text(o, "external_customer_id");

	if (customer)
		json_object_object_add(
			o, "lago_customer_id",
			json_object_new_string(lago_customer_ensure(l, customer)->lago_id));
	end_seed(&l->wallets, row, o);
}

static bool member_is(struct json_object *o, const char *key, const char *value)
{
	const char *have = json_member_text(o, key);

	return !value || (have && strcmp(have, value) == 0);
}

static bool wallet_listed(const struct lago_row *row, const void *arg)
{
	const struct standin_request *req = arg;
	const char *customer = standin_query(req, "external_customer_id");
	const char *currency = standin_query(req, "currency");
	bool fits = !customer || (row->owner && strcmp(row->owner, customer) == 0);

	if (fits && currency) {
		struct json_object *o = lago_row_parse(row);

		fits = member_is(o, "currency", currency);
		json_object_put(o);
	}
	return fits;
}

void lago_wallet_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const char *customer = standin_query(req, "external_customer_id");

	if (customer && !lago_table_find(&l->customers, customer))
		lago_not_found("customer", reply);
	else
		lago_list(&l->wallets, req, wallet_listed, req, NULL, reply);
}

void lago_wallet_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const struct lago_row *row = lago_table_find(&l->wallets, req->param);

	if (row)
		lago_reply_row(&l->wallets, row, reply);
	else
		lago_not_found("wallet", reply);
}

/* -- invoices ------------------------------------- */

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

void lago_invoice_seed(struct lago *l, struct json_object *in)
{
	struct lago_row *row = lago_table_find(&l->invoices, json_member_text(in, "lago_id"));
	struct json_object *o = begin_seed(l, row, in, blank_invoice);
	const char *day = json_member_text(o, "issuing_date");
	char now[32];
	int64_t ms = 0;

	embed_customer(l, o);
	standin_format_time(standin_now_ms(), false, now);
	if (!json_member_present(in, "updated_at"))
		json_object_object_add(o, "updated_at", json_object_new_string(now));
	if (day)
		standin_parse_time(day, false, true, &ms);
	lago_row_set_sort(&l->invoices, end_seed(&l->invoices, row, o), ms);
}

/* A filter of one value, or of several under the plural name. */
static bool among(const struct standin_request *req, const char *one, const char *many,
		  struct json_object *o)
{
	const char *have = json_member_text(o, one);

	if (standin_query(req, many))
		return have && standin_query_has(req, many, have);
	return member_is(o, one, standin_query(req, one));
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

static bool invoice_listed(const struct lago_row *row, const void *arg)
{
	const struct standin_request *req = arg;
	struct json_object *o;
	bool fits;

	if (!in_dates(req, row))
		return false;
	o = lago_row_parse(row);
	fits = !lago_one_of(json_member(o, "status"), "generating open closed deleted") &&
	       among(req, "status", "statuses[]", o) &&
	       among(req, "payment_status", "payment_statuses[]", o) &&
	       member_is(o, "invoice_type", standin_query(req, "invoice_type")) &&
	       member_is(o, "currency", standin_query(req, "currency")) &&
	       member_is(json_member(o, "customer"), "external_id",
			 standin_query(req, "external_customer_id"));
	json_object_put(o);
	return fits;
}

/* List rows carry neither fees nor subscriptions. */
static void emit_invoice(const struct lago_row *row, struct text *out)
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

	lago_list(&l->invoices, req, invoice_listed, req, emit_invoice, reply);
}

void lago_invoice_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const struct lago_row *row = lago_table_find(&l->invoices, req->param);

	if (row)
		lago_reply_row(&l->invoices, row, reply);
	else
		lago_not_found("invoice", reply);
}
