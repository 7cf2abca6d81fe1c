/* SPDX-License-Identifier: Apache-2.0 */
/* customers-fields.c - the fields and columns of a customer, and a record's own form. No I/O. */
#include "lago/customers.h"

#include "lago/pure.h"

#include <string.h>

static const char *const customer_types[] = {"company", "individual", NULL};
static const char *const account_types[] = {"customer", "partner", NULL};
static const char *const zero_amount[] = {"inherit", "skip", "finalize", NULL};
static const char *const providers[] = {"stripe", "gocardless", "cashfree", "adyen",
					"flutterwave", "moneyhash", NULL};
static const char *const anchors[] = {"current_period_end", "next_period_start", NULL};
static const char *const adjustments[] = {"align_with_finalization_date", "keep_anchor", NULL};

#define TEXT(n, max, words) {.name = n, .type = FERRY_TEXT, .max_len = max, .help = words}
#define CHOICE(n, list, words) {.name = n, .type = FERRY_TEXT, .choices = list, .help = words}
#define OTHER(n, kind, words) {.name = n, .type = kind, .help = words}
#define READONLY(n, kind, words) \
	{.name = n, .type = kind, .flags = FERRY_FIELD_READONLY, .help = words}

const struct ferry_field customer_fields[] = {
	{.name = "external_id", .type = FERRY_TEXT, .max_len = 255,
	 .flags = FERRY_FIELD_REQUIRED | FERRY_FIELD_IDENTIFIER,
	 .help = "your own id of the customer; its identity in Lago"},
	TEXT("name", 255, "company or display name"),
	TEXT("firstname", 255, "first name"),
	TEXT("lastname", 255, "last name"),
	CHOICE("customer_type", customer_types, "company or individual"),
	CHOICE("account_type", account_types,
	       "customer or partner (partner needs a premium licence)"),
	TEXT("email", 0, "one address, or several with commas between"),
	TEXT("phone", 255, "telephone number"),
	TEXT("legal_name", 255, "registered name"),
	TEXT("legal_number", 255, "registration number"),
	TEXT("tax_identification_number", 255, "tax id; decides taxes where Lago does EU VAT"),
	TEXT("address_line1", 255, "billing address"),
	TEXT("address_line2", 255, "billing address"),
	TEXT("city", 255, "billing address"),
	TEXT("zipcode", 255, "billing address"),
	TEXT("state", 255, "billing address"),
	TEXT("country", 2, "billing address, ISO 3166-1 alpha-2"),
	TEXT("shipping_address.address_line1", 255, "shipping address"),
	TEXT("shipping_address.address_line2", 255, "shipping address"),
	TEXT("shipping_address.city", 255, "shipping address"),
	TEXT("shipping_address.zipcode", 255, "shipping address"),
	TEXT("shipping_address.state", 255, "shipping address"),
	TEXT("shipping_address.country", 2, "shipping address, ISO 3166-1 alpha-2"),
	TEXT("currency", 3, "ISO 4217"),
	TEXT("timezone", 0, "TZ database name; ignored by Lago without a premium licence"),
	TEXT("url", 255, "the customer's web address"),
	TEXT("logo_url", 255, "address of a logo"),
	OTHER("net_payment_term", FERRY_INT, "days until an invoice is due, 0 or more"),
	CHOICE("finalize_zero_amount_invoice", zero_amount,
	       "what becomes of invoices over nothing"),
	OTHER("tax_codes", FERRY_JSON, "JSON list of tax codes; replaces the customer's taxes"),
	TEXT("billing_entity_code", 255, "the billing entity it belongs to"),
	OTHER("skip_invoice_custom_sections", FERRY_BOOL, "leave custom sections off its invoices"),
	OTHER("invoice_custom_section_codes", FERRY_JSON,
	      "JSON list of section codes; replaces the selection"),
	TEXT("external_salesforce_id", 255, "id of the account in Salesforce"),
	OTHER("billing_configuration.invoice_grace_period", FERRY_INT,
	      "days an invoice stays a draft"),
	CHOICE("billing_configuration.payment_provider", providers, "who collects payments"),
	TEXT("billing_configuration.payment_provider_code", 255,
	     "which connection to that provider"),
	TEXT("billing_configuration.provider_customer_id", 255,
	     "the customer's id at the provider"),
	OTHER("billing_configuration.sync", FERRY_BOOL, "sync with the provider at once"),
	OTHER("billing_configuration.sync_with_provider", FERRY_BOOL,
	      "create the customer at the provider"),
	TEXT("billing_configuration.document_locale", 16, "language of invoices: en, de, fr, ..."),
	OTHER("billing_configuration.provider_payment_methods", FERRY_JSON,
	      "JSON list of payment methods"),
	CHOICE("billing_configuration.subscription_invoice_issuing_date_anchor", anchors,
	       "which date invoices bear"),
	CHOICE("billing_configuration.subscription_invoice_issuing_date_adjustment", adjustments,
	       "how that date follows finalization"),
	{.name = "metadata.*", .type = FERRY_TEXT, .max_len = 100,
	 .help = "entry of that key (up to 20 characters, at most 5 entries); NULL removes it"},
	READONLY("lago_id", FERRY_TEXT, "Lago's own id"),
	READONLY("sequential_id", FERRY_INT, "number within the organisation"),
	READONLY("slug", FERRY_TEXT, "prefix of its invoice numbers"),
	READONLY("applicable_timezone", FERRY_TEXT, "the time zone that counts"),
	READONLY("created_at", FERRY_TIME, "when it was made"),
	READONLY("updated_at", FERRY_TIME, "when it was last changed"),
	{0},
};

/* ------------------------------------------------------------------ columns */

const struct rest_column customer_columns[] = {
	{"lago_id", "lago_id", FERRY_TEXT, true},
	{"external_id", "external_id", FERRY_TEXT, true},
	{"name", "name", FERRY_TEXT, false},
	{"firstname", "firstname", FERRY_TEXT, false},
	{"lastname", "lastname", FERRY_TEXT, false},
	{"customer_type", "customer_type", FERRY_TEXT, false},
	{"account_type", "account_type", FERRY_TEXT, false},
	{"email", "email", FERRY_TEXT, false},
	{"phone", "phone", FERRY_TEXT, false},
	{"legal_name", "legal_name", FERRY_TEXT, false},
	{"legal_number", "legal_number", FERRY_TEXT, false},
	{"tax_identification_number", "tax_identification_number", FERRY_TEXT, false},
	{"address_line1", "address_line1", FERRY_TEXT, false},
	{"address_line2", "address_line2", FERRY_TEXT, false},
	{"city", "city", FERRY_TEXT, false},
	{"zipcode", "zipcode", FERRY_TEXT, false},
	{"state", "state", FERRY_TEXT, false},
	{"country", "country", FERRY_TEXT, false},
	{"shipping_address_line1", "shipping_address.address_line1", FERRY_TEXT, false},
	{"shipping_address_line2", "shipping_address.address_line2", FERRY_TEXT, false},
	{"shipping_city", "shipping_address.city", FERRY_TEXT, false},
	{"shipping_zipcode", "shipping_address.zipcode", FERRY_TEXT, false},
	{"shipping_state", "shipping_address.state", FERRY_TEXT, false},
	{"shipping_country", "shipping_address.country", FERRY_TEXT, false},
	{"currency", "currency", FERRY_TEXT, false},
	{"timezone", "timezone", FERRY_TEXT, false},
	{"applicable_timezone", "applicable_timezone", FERRY_TEXT, false},
	{"url", "url", FERRY_TEXT, false},
	{"logo_url", "logo_url", FERRY_TEXT, false},
	{"net_payment_term", "net_payment_term", FERRY_INT, false},
	{"finalize_zero_amount_invoice", "finalize_zero_amount_invoice", FERRY_TEXT, false},
	{"skip_invoice_custom_sections", "skip_invoice_custom_sections", FERRY_BOOL, false},
	{"billing_entity_code", "billing_entity_code", FERRY_TEXT, false},
	{"external_salesforce_id", "external_salesforce_id", FERRY_TEXT, false},
	{"document_locale", "billing_configuration.document_locale", FERRY_TEXT, false},
	{"invoice_grace_period", "billing_configuration.invoice_grace_period", FERRY_INT, false},
	{"payment_provider", "billing_configuration.payment_provider", FERRY_TEXT, false},
	{"payment_provider_code", "billing_configuration.payment_provider_code", FERRY_TEXT, false},
	{"provider_customer_id", "billing_configuration.provider_customer_id", FERRY_TEXT, false},
	{"sequential_id", "sequential_id", FERRY_INT, false},
	{"slug", "slug", FERRY_TEXT, false},
	{"created_at", "created_at", FERRY_TIME, false},
	{"updated_at", "updated_at", FERRY_TIME, false},
	{"payload", "", FERRY_JSON, true},
	{0},
};

/* ------------------------------------------------------------- canonicalize */

int customers_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			   struct ferry_issue *issue)
{
	if (lago_storable(pure, fields, issue))
		return -1;
	for (size_t i = 0; i < pure->layout->n; i++) {
		const char *name = pure->layout->names[i];
		struct ferry_value *v = &fields[i];
		if (!strcmp(name, "tax_codes") || !strcmp(name, "invoice_custom_section_codes")) {
			if (!lago_own_codes(pure, v))
				return lago_issue(issue, name,
						  "must be a JSON list of codes: [\"vat_20\"]");
		} else if (v->type == FERRY_NULL) {
			continue;
		} else if (v->type == FERRY_JSON) {
			if (!lago_own_json(pure, v))
				return lago_issue(issue, name, "is not valid JSON");
		} else if (!strcmp(name, "country") || !strcmp(name, "shipping_address.country")) {
			lago_capitals(pure, v);
		} else if (!strcmp(name, "external_id") && !lago_addressable(v)) {
			return lago_issue(issue, name,
					  "is empty, or dots that no address can hold");
		} else if (!strcmp(name, "net_payment_term") && v->i < 0) {
			return lago_issue(issue, name, "must be 0 days or more");
		}
	}
	return 0;
}
