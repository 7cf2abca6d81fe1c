/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Customers of the Lago stand-in: one upsert that assigns only what is present, and soft
 * deletion.
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { METADATA_VALUE_MAX = 100 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char blank_customer[] =
	"{\"lago_id\":null,\"sequential_id\":0,\"slug\":null,\"external_id\":null,"
	"\"billing_entity_code\":\"default\",\"account_type\":\"customer\",\"name\":null,"
	"\"firstname\":null,\"lastname\":null,\"customer_type\":null,\"email\":null,"
	"\"phone\":null,\"legal_name\":null,\"legal_number\":null,"
	"\"tax_identification_number\":null,\"address_line1\":null,\"address_line2\":null,"
	"\"city\":null,\"zipcode\":null,\"state\":null,\"country\":null,\"currency\":null,"
	"\"timezone\":null,\"applicable_timezone\":\"UTC\",\"url\":null,\"logo_url\":null,"
	"\"net_payment_term\":null,\"finalize_zero_amount_invoice\":\"inherit\","
	"\"skip_invoice_custom_sections\":false,\"external_salesforce_id\":null,"
	"\"created_at\":null,\"updated_at\":null,\"billing_configuration\":{},"
	"\"shipping_address\":{},\"metadata\":[],\"taxes\":[],\"integration_customers\":[],"
	"\"applicable_invoice_custom_sections\":[],\"error_details\":[]}";

static const char *check_customer_type(struct json_object **v)
{
	return lago_one_of(*v, "company individual") ? NULL : "value_is_invalid";
}

static const char *check_account_type(struct json_object **v)
{
	return lago_one_of(*v, "customer partner") ? NULL : "value_is_invalid";
}

static const char *check_finalize(struct json_object **v)
{
	return lago_one_of(*v, "inherit skip finalize") ? NULL : "value_is_invalid";
}

static const char *check_not_negative(struct json_object **v)
{
	return json_object_get_int64(*v) < 0 ? "value_is_out_of_range" : NULL;
}

static const char *check_provider(struct json_object **v)
{
	return lago_one_of(*v, "stripe gocardless cashfree adyen flutterwave moneyhash") ?
		       NULL :
		       "value_is_invalid";
}

/* A time zone is not among them: without a premium licence it is ignored. */
static const struct lago_field fields[] = {
	{"name", LAGO_TEXT, 255, NULL},
	{"firstname", LAGO_TEXT, 0, NULL},
	{"lastname", LAGO_TEXT, 0, NULL},
	{"customer_type", LAGO_TEXT, 0, check_customer_type},
	{"account_type", LAGO_TEXT, 0, check_account_type},
	{"email", LAGO_TEXT, 0, lago_check_email},
	{"phone", LAGO_TEXT, 0, NULL},
	{"legal_name", LAGO_TEXT, 0, NULL},
	{"legal_number", LAGO_TEXT, 0, NULL},
	{"tax_identification_number", LAGO_TEXT, 0, NULL},
	{"address_line1", LAGO_TEXT, 0, NULL},
	{"address_line2", LAGO_TEXT, 0, NULL},
	{"city", LAGO_TEXT, 0, NULL},
	{"zipcode", LAGO_TEXT, 0, NULL},
	{"state", LAGO_TEXT, 0, NULL},
	{"country", LAGO_TEXT, 0, lago_check_country},
	{"currency", LAGO_TEXT, 0, lago_check_currency},
	{"url", LAGO_TEXT, 0, NULL},
	{"logo_url", LAGO_TEXT, 0, NULL},
	{"net_payment_term", LAGO_INT, 0, check_not_negative},
	{"finalize_zero_amount_invoice", LAGO_TEXT, 0, check_finalize},
	{"billing_entity_code", LAGO_TEXT, 0, NULL},
	{"skip_invoice_custom_sections", LAGO_BOOL, 0, NULL},
	{"external_salesforce_id", LAGO_TEXT, 0, NULL},
};

static const struct lago_field address_fields[] = {
	{"address_line1", LAGO_TEXT, 0, NULL}, {"address_line2", LAGO_TEXT, 0, NULL},
	{"city", LAGO_TEXT, 0, NULL},          {"zipcode", LAGO_TEXT, 0, NULL},
	{"state", LAGO_TEXT, 0, NULL},         {"country", LAGO_TEXT, 0, lago_check_country},
};

static const struct lago_field billing_fields[] = {
	{"invoice_grace_period", LAGO_INT, 0, check_not_negative},
	{"payment_provider", LAGO_TEXT, 0, check_provider},
	{"payment_provider_code", LAGO_TEXT, 0, NULL},
	{"provider_customer_id", LAGO_TEXT, 0, NULL},
	{"sync", LAGO_BOOL, 0, NULL},
	{"sync_with_provider", LAGO_BOOL, 0, NULL},
	{"document_locale", LAGO_TEXT, 0, NULL},
	{"provider_payment_methods", LAGO_ARRAY, 0, NULL},
	{"subscription_invoice_issuing_date_anchor", LAGO_TEXT, 0, NULL},
	{"subscription_invoice_issuing_date_adjustment", LAGO_TEXT, 0, NULL},
};

/* -- upsert ------------------------------------- */

static struct json_object *new_customer(struct lago *l, const char *external_id)
{
	struct json_object *o = json_constant(blank_customer);
	int64_t number = (int64_t)++l->customers_made;
	char text[40];

	lago_new_id(l, text);
	json_object_object_add(o, "lago_id", json_object_new_string(text));
	json_object_object_add(o, "sequential_id", json_object_new_int64(number));
	snprintf(text, sizeof(text), "STA-1A90-%03lld", (long long)number);
	json_object_object_add(o, "slug", json_object_new_string(text));
	json_object_object_add(o, "external_id", json_object_new_string(external_id));
	lago_set_now(o, "created_at");
	lago_set_now(o, "updated_at");
	return o;
}

static void assign_part(struct json_object *customer, struct json_object *in, const char *part,
			const struct lago_field *known, size_t n, struct json_object *details)
{
	struct json_object *from = json_member(in, part);

	if (json_object_is_type(from, json_type_object))
		lago_assign(json_member(customer, part), from, known, n, details);
}

static void assign(struct lago *l, struct json_object *customer, struct json_object *in,
		   struct json_object *details)
{
	lago_assign(customer, in, fields, COUNT(fields), details);
	assign_part(customer, in, "shipping_address", address_fields, COUNT(address_fields),
		    details);
	assign_part(customer, in, "billing_configuration", billing_fields, COUNT(billing_fields),
		    details);
	if (json_member_present(in, "metadata"))
		lago_metadata_put(l, customer, json_member(in, "metadata"), METADATA_VALUE_MAX,
				  details);
}

/* The row now holding the customer; NULL if the details have grown, with nothing changed. */
static struct lago_row *upsert(struct lago *l, const char *id, struct json_object *in,
			       struct json_object *details)
{
	struct lago_row *row = lago_table_find(&l->customers, id);
	struct json_object *o = row ? lago_row_parse(row) : new_customer(l, id);

	assign(l, o, in, details);
	if (lago_has_details(details))
		row = NULL;
	else if (!row)
		row = lago_table_add(&l->customers, id, o);
	else if (strcmp(json_text(o), row->text) != 0) {
		lago_set_now(o, "updated_at");
		lago_row_set(row, o);
	}
	json_object_put(o);
	return row;
}

struct lago_row *lago_customer_ensure(struct lago *l, const char *external_id)
{
	struct lago_row *row = lago_table_find(&l->customers, external_id);

	if (row)
		return row;
	struct json_object *o = new_customer(l, external_id);

	row = lago_table_add(&l->customers, external_id, o);
	json_object_put(o);
	return row;
}

void lago_customer_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in = lago_unwrap(req, "customer", reply);
	const char *code, *refused;

	if (!in)
		return;
	struct json_object *id = json_member(in, "external_id");
	struct json_object *details = json_object_new_object();

	refused = standin_reject(req, in, &code);
	if (refused)
		lago_detail(details, refused, code);
	if (lago_blank(id))
		lago_detail(details, "external_id", "value_is_mandatory");
	if (lago_has_details(details)) {
		lago_invalid(details, reply);
		return;
	}
	struct lago_row *row = upsert(l, json_object_get_string(id), in, details);

	if (!row) {
		lago_invalid(details, reply);
		return;
	}
	json_object_put(details);
	reply->written = 1;
	lago_reply_row(&l->customers, row, reply);
}

/* Filters of a list, beside the exact external_id. */
static bool listed(const struct lago_row *row, const void *arg)
{
	static const struct {
		const char *query, *member;
	} several[] = {{"account_type[]", "account_type"}, {"countries[]", "country"},
		       {"currencies[]", "currency"},       {"states[]", "state"},
		       {"zipcodes[]", "zipcode"}};
	const struct standin_request *req = arg;
	const char *id = standin_query(req, "external_id");
	const char *type = standin_query(req, "customer_type");

	if (id && strcmp(row->key, id) != 0)
		return false;
	struct json_object *o = lago_row_parse(row);
	bool fits = lago_metadata_fits(req, json_member(o, "metadata")) &&
		    (!type || lago_text_is(json_member(o, "customer_type"), type));

	for (size_t i = 0; fits && i < COUNT(several); i++) {
		const char *have = json_member_text(o, several[i].member);

		fits = !standin_query(req, several[i].query) ||
		       (have && standin_query_has(req, several[i].query, have));
	}
	json_object_put(o);
	return fits;
}

/* Filters out of their range are told in English, nested by place. */
static bool filters_hold(const struct standin_request *req, struct standin_reply *reply)
{
	const char *type = standin_query(req, "account_type[]");

	if (!type || strcmp(type, "customer") == 0 || strcmp(type, "partner") == 0)
		return true;
	lago_invalid(json_constant("{\"account_type\":{\"0\":[\"must be one of: customer, "
				   "partner\"]}}"),
		     reply);
	return false;
}

void lago_customer_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;

	if (filters_hold(req, reply))
		lago_list(&l->customers, req, lago_filtered(req) ? listed : NULL, req, NULL, reply);
}

void lago_customer_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const struct lago_row *row = lago_table_find(&l->customers, req->param);

	if (row)
		lago_reply_row(&l->customers, row, reply);
	else
		lago_not_found("customer", reply);
}

void lago_customer_delete(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct lago_row *row = lago_table_find(&l->customers, req->param);

	if (!row) {
		lago_not_found("customer", reply);
		return;
	}
	lago_subscriptions_end_of(l, row->key, NULL);
	lago_wallets_end_of(l, row->key);
	lago_table_remove(&l->customers, row);
	lago_reply_row(&l->customers, row, reply);
	reply->written = 1;
}

void lago_customer_seed(struct lago *l, struct json_object *in)
{
	const char *id = json_member_text(in, "external_id");
	struct json_object *details = json_object_new_object();

	if (id)
		upsert(l, id, in, details);
	json_object_put(details);
}
