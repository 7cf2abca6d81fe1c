/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-customers.c - writing customers to a scripted Lago: one test for each trap of that API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"
#include "rest/rest.h"

/* -- writing --------------------------------------------------------------------------- */

/* Only mapped members are sent; null clears, but not in a customer that is new. */
static void sends_what_is_mapped_and_nothing_else(void **state)
{
	static const struct step steps[] = {
		{"POST", "/customers", "{'customer':{'external_id':'c1','billing_configuration':{'document_locale':'de',"
		 "'invoice_grace_period':3},'shipping_address':{'city':'Bonn'}}}", OK(CUSTOMER("c1", ""))},
		{"POST", "/customers", "{'customer':{'external_id':'c1','email':null,'billing_configuration':"
		 "{'document_locale':'de','invoice_grace_period':3},'shipping_address':{'city':'Bonn'}}}",
		 OK(CUSTOMER("c1", ",'email':null"))},
		{0}};
	const struct ferry_value fields[] = {text("c1"), nothing, text("de"), integer(3), text("Bonn")};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "email", "billing_configuration.document_locale",
						   "billing_configuration.invoice_grace_period", "shipping_address.city"));
	struct ferry_action a = action(FERRY_CREATE, fields);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, "c1");
	a.decision = FERRY_UPDATE;
	a.dest_id = "c1";
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_string_equal(b.s.log, "");
	end(&b);
}

/* Metadata is replaced as a whole and matched by Lago's ids: read, keep what is not ours, send ids. */
static void metadata_keeps_ids_and_foreign_entries(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/c1", NULL, OK(CUSTOMER("c1", ",'metadata':[{'lago_id':'m1','key':'fleet','value':'old','display_in_invoice':true},"
		 "{'lago_id':'m2','key':'foreign','value':'f','display_in_invoice':false},"
		 "{'lago_id':'m3','key':'drop','value':'d','display_in_invoice':false}]"))},
		{"POST", "/customers", "{'customer':{'external_id':'c1','metadata':["
		 "{'id':'m1','key':'fleet','value':'new','display_in_invoice':true},"
		 "{'id':'m2','key':'foreign','value':'f','display_in_invoice':false},"
		 "{'key':'added','value':'a','display_in_invoice':false}]}}", OK(CUSTOMER("c1", ""))},
		/* nothing to change: metadata is left out altogether */
		{"GET", "/customers/c1", NULL, OK(CUSTOMER("c1", ",'metadata':[{'lago_id':'m1','key':'fleet','value':'new','display_in_invoice':true},"
		 "{'lago_id':'m4','key':'added','value':'a','display_in_invoice':false}]"))},
		{"POST", "/customers", "{'customer':{'external_id':'c1'}}", OK(CUSTOMER("c1", ""))},
		{0}};
	const struct ferry_value fields[] = {text("c1"), text("new"), nothing, text("a")};
	struct ferry_action a = action(FERRY_UPDATE, fields);
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "metadata.fleet", "metadata.drop", "metadata.added"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	end(&b);
}

static void too_many_metadata_entries_are_refused_here(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/c1", NULL, OK(CUSTOMER("c1", ",'metadata':[{'lago_id':'1','key':'a','value':'f'},"
		 "{'lago_id':'2','key':'b','value':'f'},{'lago_id':'3','key':'c','value':'f'},"
		 "{'lago_id':'4','key':'d','value':'f'},{'lago_id':'5','key':'e','value':'f'}]"))},
		{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("c1"), text("new")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "metadata.mine"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "invalid_count");
	assert_string_equal(out.field, "metadata");
	end(&b);
}

/* 200, and the time zone is still what it was: the licence does not allow it. Said, but not for ever. */
static void trap_fields_ignored_without_a_word_are_reported(void **state)
{
	static const char sent[] = "{'customer':{'external_id':'c1','timezone':'Europe/Berlin','currency':'eur'}}";
	static const struct step answer = {"POST", "/customers", sent, OK(CUSTOMER("c1", ",'timezone':null,'currency':'EUR'"))};
	struct step steps[22] = {{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("c1"), text("Europe/Berlin"), text("eur")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	for (size_t i = 0; i < 21; i++)
		steps[i] = answer;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "timezone", "currency"));
	for (size_t i = 0; i < 21; i++) {
		assert_int_equal(apply_one(&b, &a, &out), 0);
		assert_int_equal(out.ack, FERRY_ACK_DONE);
		assert_null(strstr(out.message, "currency"));
		assert_int_equal(strstr(out.message, "timezone") != NULL, i < 20);
	}
	assert_string_equal(b.s.log, "");
	end(&b);
}

/* A second customer would be made, and the first one left as it is. */
static void an_id_that_changed_is_refused(void **state)
{
	static const struct step steps[] = {{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("c2")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	a.dest_id = "c1";
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "identifier_changed");
	end(&b);
}

/* Nothing was written yet when the look before the write failed: no doubt. */
static void a_failed_look_leaves_the_row_unsent(void **state)
{
	static const struct step steps[] = {{"GET", "/customers/c1", NULL, 500, "<html>"}, {0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("c1"), text("x")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "metadata.a"));
	assert_int_equal(apply_one(&b, &a, &out), -1);
	assert_int_equal(b.err.code, FERRY_E_UNAVAILABLE);
	assert_int_equal(out.ack, FERRY_ACK_UNSENT);
	end(&b);
}

/* POST creates what is missing, so update mode looks first. */
static void update_mode_creates_nothing(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/c1", NULL, 404, "{'status':404,'code':'customer_not_found'}"}, {0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("c1")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("external_id"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_string_equal(out.code, "customer_not_found");
	end(&b);
}

static void refused(const char *answer, int status, const char *code, const char *field, const char *part)
{
	struct step steps[] = {{"POST", "/customers", "{'customer':{'external_id':'c1'}}", status, answer},
			       {"POST", "/customers", "{'customer':{'external_id':'c2'}}", OK(CUSTOMER("c2", ""))},
			       {0}};
	struct ferry_action a[] = {action(FERRY_CREATE, RECORD(text("c1"))), action(FERRY_CREATE, RECORD(text("c2")))};
	struct ferry_outcome out[2] = {0};
	struct bench b;

	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	assert_int_equal(ferry_connector.apply(b.handle, a, 2, out, &b.err), 0);
	assert_int_equal(b.err.code, 0);
	assert_int_equal(out[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(out[0].code, code);
	assert_string_equal(out[0].field, field);
	assert_non_null(strstr(out[0].message, part));
	/* the next row goes on */
	assert_int_equal(out[1].ack, FERRY_ACK_DONE);
	end(&b);
}

/* error_details: text, list or object, at both levels. */
static void refusals_of_every_shape_name_field_and_code(void **state)
{
	(void)state;
	refused("{'status':422,'error':'Unprocessable Entity','code':'validation_errors','error_details':"
		"{'country':['not_a_valid_country_code'],'name':['value_is_too_long']}}", 422,
		"not_a_valid_country_code", "country", "name: value_is_too_long");
	refused("{'status':422,'code':'validation_errors','error_details':{'metadata':'too_many_keys'}}", 422,
		"too_many_keys", "metadata", "too_many_keys");
	refused("{'status':422,'code':'validation_errors','error_details':'something is wrong'}", 422,
		"validation_errors", "", "something is wrong");
	refused("{'status':422,'code':'provider_error','provider':{'code':'x'},'error_details':{'a':{'b':['c_d']}}}", 422,
		"c_d", "a.b", "a.b: c_d");
	refused("{'status':404,'error':'Not Found','code':'billing_entity_not_found'}", 404,
		"billing_entity_not_found", "", "Not Found");
	refused("{'status':405,'error':'Method Not Allowed','code':'currencies_does_not_match'}", 405,
		"currencies_does_not_match", "", "Method");
	refused("{'status':400,'error':'BadRequest: param is missing or the value is empty or invalid: customer'}", 400,
		"http_400", "", "param is missing");
	refused("not json at all", 422, "http_422", "", "not json");
	refused("{'status':422,'error_details':[[7,null,{'x':[]}]]}", 422, "http_422", "", "");
	refused("", 413, "http_413", "", "");
}

/* Three rows; the first is fine, the second fails so; the third must be UNSENT. */
static void transient(struct step middle, enum ferry_code code, enum ferry_ack ack)
{
	struct step steps[] = {{"POST", "/customers", "{'customer':{'external_id':'c1'}}", OK(CUSTOMER("c1", ""))},
			       middle, {0}};
	struct ferry_action a[] = {action(FERRY_CREATE, RECORD(text("c1"))), action(FERRY_CREATE, RECORD(text("c2"))),
				   action(FERRY_CREATE, RECORD(text("c3")))};
	struct ferry_outcome out[3] = {0};
	struct bench b;

	steps[1].method = "POST";
	steps[1].path = "/customers";
	steps[1].body = "{'customer':{'external_id':'c2'}}";
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	assert_int_equal(ferry_connector.apply(b.handle, a, 3, out, &b.err), -1);
	assert_int_equal(b.err.code, code);
	assert_int_equal(out[0].ack, FERRY_ACK_DONE);
	assert_int_equal(out[1].ack, ack);
	assert_int_equal(out[2].ack, FERRY_ACK_UNSENT);
	if (middle.retry_after_ms)
		assert_int_equal(b.err.retry_after_ms, middle.retry_after_ms);
	end(&b);
}

static void failures_leave_each_row_in_the_right_state(void **state)
{
	(void)state;
	transient((struct step){.status = 429, .answer = "slow down", .retry_after_ms = 7000}, FERRY_E_RATE_LIMIT,
		  FERRY_ACK_UNSENT);
	transient((struct step){.status = 429, .answer = "{'code':'too_many_provider_requests','error_details':{}}"},
		  FERRY_E_RATE_LIMIT, FERRY_ACK_UNSENT);
	transient((struct step){.status = 500, .answer = "<html>"}, FERRY_E_UNAVAILABLE, FERRY_ACK_UNKNOWN);
	transient((struct step){.status = 408, .answer = ""}, FERRY_E_UNAVAILABLE, FERRY_ACK_UNKNOWN);
	transient((struct step){.status = 401, .answer = "{'status':401}"}, FERRY_E_AUTH, FERRY_ACK_UNSENT);
	transient((struct step){.status = 403, .answer = "{'status':403,'code':'feature_unavailable'}"},
		  FERRY_E_FORBIDDEN, FERRY_ACK_UNSENT);
	transient((struct step){.status = 200, .answer = "<html>login"}, FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	transient((struct step){.status = 200, .answer = "{'customer':{'external_id':'c2'"}, FERRY_E_PROTOCOL,
		  FERRY_ACK_UNKNOWN);
	transient((struct step){.status = 200, .answer = CUSTOMER("other", "")}, FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN);
	transient((struct step){.status = 404, .answer = "<html>"}, FERRY_E_PROTOCOL, FERRY_ACK_UNSENT);
	transient((struct step){.failure = FERRY_E_CONNECT}, FERRY_E_CONNECT, FERRY_ACK_UNSENT);
	transient((struct step){.failure = FERRY_E_NETWORK}, FERRY_E_NETWORK, FERRY_ACK_UNKNOWN);
	transient((struct step){.failure = FERRY_E_TIMEOUT}, FERRY_E_TIMEOUT, FERRY_ACK_UNKNOWN);
	/* refused, but for a reason that passes */
	transient((struct step){.status = 422, .answer = "{'status':422,'code':'lock_acquisition_failed'}"},
		  FERRY_E_UNAVAILABLE, FERRY_ACK_UNSENT);
	transient((struct step){.status = 422, .answer = "{'status':422,'code':'validation_errors','error_details':"
				"{'external_id':['value_already_exist']}}"}, FERRY_E_UNAVAILABLE, FERRY_ACK_UNSENT);
}

static void a_run_that_ends_leaves_the_rest_unsent(void **state)
{
	static const struct step steps[] = {
		{"POST", "/customers", "{'customer':{'external_id':'c1'}}", OK(CUSTOMER("c1", ""))}, {0}};
	struct ferry_action a[] = {action(FERRY_CREATE, RECORD(text("c1"))), action(FERRY_CREATE, RECORD(text("c2")))};
	struct ferry_outcome out[2] = {0};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	b.s.cancel_after = 1;
	assert_int_equal(ferry_connector.apply(b.handle, a, 2, out, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_CANCELLED);
	assert_int_equal(out[0].ack, FERRY_ACK_DONE);
	assert_int_equal(out[1].ack, FERRY_ACK_UNSENT);
	end(&b);
}

/* -- deleting --------------------------------------------------------------------------- */

static void deletes_by_what_is_known_of_the_id(void **state)
{
	static const struct step steps[] = {
		{"DELETE", "/customers/a%2Eb", NULL, OK(CUSTOMER("a.b", ""))},
		{"DELETE", "/customers/c2", NULL, 404, "{'status':404,'error':'Not Found','code':'customer_not_found'}"},
		{0}};
	struct ferry_action a[] = {action(FERRY_DELETE, NULL), action(FERRY_DELETE, NULL), action(FERRY_DELETE, NULL)};
	struct ferry_outcome out[3] = {0};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_MIRROR, NAMES("external_id"));
	a[0].dest_id = "a.b";
	a[1].before = RECORD(text("c2"));
	assert_int_equal(ferry_connector.apply(b.handle, a, 3, out, &b.err), 0);
	assert_int_equal(out[0].ack, FERRY_ACK_DONE);
	assert_int_equal(out[1].ack, FERRY_ACK_DONE);	/* gone already */
	assert_int_equal(out[2].ack, FERRY_ACK_REJECTED);
	assert_string_equal(out[2].code, "no_identifier");
	end(&b);
}

/* An id too long for dest_id is left out: a cut one would be another customer's. */
static void long_ids_are_not_cut(void **state)
{
	struct rest_buf json = {0};
	char id[201];
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	memset(id, 'x', 200);
	id[200] = '\0';
	/* sent and answered alike */
	rest_addf(&json, "{'customer':{'external_id':'%s'}}", id);
	struct step steps[] = {{"POST", "/customers", json.s, 200, json.s}, {0}};
	struct ferry_value fields[] = {text(id)};
	struct ferry_action a = action(FERRY_CREATE, fields);
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, "");
	end(&b);
	rest_buf_release(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_what_is_mapped_and_nothing_else),
		cmocka_unit_test(metadata_keeps_ids_and_foreign_entries),
		cmocka_unit_test(too_many_metadata_entries_are_refused_here),
		cmocka_unit_test(trap_fields_ignored_without_a_word_are_reported),
		cmocka_unit_test(an_id_that_changed_is_refused),
		cmocka_unit_test(a_failed_look_leaves_the_row_unsent),
		cmocka_unit_test(update_mode_creates_nothing),
		cmocka_unit_test(refusals_of_every_shape_name_field_and_code),
		cmocka_unit_test(failures_leave_each_row_in_the_right_state),
		cmocka_unit_test(a_run_that_ends_leaves_the_rest_unsent),
		cmocka_unit_test(deletes_by_what_is_known_of_the_id),
		cmocka_unit_test(long_ids_are_not_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
