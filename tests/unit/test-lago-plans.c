/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-plans.c - writing plans and their charges to a scripted Lago: one test for each trap of that API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"

#define PLAN(more) "{'plan':{'lago_id':'u1','code':'e.v','name':'EV','interval':'monthly'" more "}}"
#define NOT_FOUND 404, "{'status':404,'error':'Not Found','code':'plan_not_found'}"
#define TAKEN 422, "{'status':422,'code':'validation_errors','error_details':{'code':['value_already_exist']}}"
#define BASE NAMES("code", "name", "interval")
#define EV RECORD(text("e.v"), text("EV"), text("monthly"))
#define CHARGED NAMES("code", "name", "interval", "charges")
#define METRIC(code, id) \
	{"GET", "/billable_metrics/" code, NULL, OK("{'billable_metric':{'lago_id':'" id "','code':'" code "'}}")}
#define GET_PLAN(more) {"GET", "/plans/e%2Ev", NULL, OK(PLAN(more))}
#define KWH(code, amount) \
	"{'lago_id':'ch-" code "','lago_billable_metric_id':'m1','billable_metric_code':'kwh','code':'" code "','charge_model':'standard'," \
	"'invoice_display_name':null,'pay_in_advance':false,'invoiceable':true,'prorated':false,'min_amount_cents':0," \
	"'regroup_paid_fees':null,'properties':{'amount':'" amount "'},'filters':[],'taxes':[]}"

static const char one_charge[] = "[{\"code\":\"day\",\"billable_metric_code\":\"kwh\",\"charge_model\":\"standard\",\"properties\":{\"amount\":0.29}}]";

/* A record with these charges, as canonicalize makes it, is applied. */
static int write_charged(struct bench *b, const char *charges, enum ferry_decision decision, struct ferry_outcome *out)
{
	struct ferry_value fields[] = {text("e.v"), text("EV"), text("monthly"), of_type(FERRY_JSON, charges)};
	struct ferry_action a = action(decision, fields);
	struct ferry_issue issue = {0};

	if (!canonical(b, fields, &issue))
		fail_msg("%s: %s", issue.field, issue.message);
	return apply_one(b, &a, out);
}

static void write_one(const struct step *steps, enum ferry_decision decision, const char *charges, struct ferry_outcome *out)
{
	struct bench b;

	begin(&b, steps, FERRY_MODE_UPSERT, CHARGED);
	assert_int_equal(write_charged(&b, charges, decision, out), 0);
	end(&b);
}

/* -- creating ------------------------------------------------------------------------ */

/* Charges name their metric by Lago's UUID: codes are looked up, once each. */
static void trap_charges_name_metrics_by_uuid(void **state)
{
	static const struct step steps[] = {
		METRIC("kwh", "m1"),
		{"POST", "/plans", "{'plan':{'code':'e.v','name':'EV','interval':'monthly','charges':["
		 "{'billable_metric_id':'m1','code':'day','charge_model':'standard','pay_in_advance':false,'invoiceable':true,"
		 "'prorated':false,'min_amount_cents':0,'properties':{'amount':'0.29'},'filters':[],'tax_codes':[]},"
		 "{'billable_metric_id':'m1','code':'night','charge_model':'standard','pay_in_advance':false,'invoiceable':true,"
		 "'prorated':false,'min_amount_cents':0,'properties':{'amount':'0.19'},'filters':[],'tax_codes':[]}]}}",
		 OK(PLAN(",'charges':[" KWH("night", "0.19") "," KWH("day", "0.290") "]"))},
		{0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_CREATE, "[{\"code\":\"night\",\"billable_metric_code\":\"kwh\",\"charge_model\":\"standard\","
		  "\"properties\":{\"amount\":\"0.19\"}},{\"code\":\"day\",\"billable_metric_code\":\"kwh\",\"charge_model\":\"standard\","
		  "\"properties\":{\"amount\":0.29}}]", &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, "e.v");
	assert_string_equal(out.message, "");
}

static void an_unknown_metric_is_refused_before_anything_is_written(void **state)
{
	static const struct step steps[] = {
		{"GET", "/billable_metrics/kwh", NULL, 404, "{'status':404,'code':'billable_metric_not_found'}"}, {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_CREATE, one_charge, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "billable_metric_not_found");
	assert_string_equal(out.field, "charges");
	assert_non_null(strstr(out.message, "'kwh'"));
}

static void what_lago_did_not_keep_of_a_new_plan_is_reported(void **state)
{
	static const struct step steps[] = {
		METRIC("kwh", "m1"),
		{"POST", "/plans", "{'plan':{'code':'e.v','name':'EV','interval':'monthly','charges':["
		 "{'billable_metric_id':'m1','code':'day','charge_model':'standard','pay_in_advance':false,'invoiceable':true,"
		 "'prorated':false,'min_amount_cents':0,'properties':{'amount':'0.29'},'filters':[],'tax_codes':[]}]}}",
		 OK("{'plan':{'lago_id':'u1','code':'e.v','name':'EV','interval':'weekly','charges':[" KWH("day", "0.3") "]}}")},
		{0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_CREATE, one_charge, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_non_null(strstr(out.message, "'interval'"));
	assert_non_null(strstr(out.message, "charge 'day'"));
	assert_non_null(strstr(out.message, "properties"));
	assert_null(strstr(out.message, "filters"));
}

/* -- changing ------------------------------------------------------------------------ */

/* A PUT with charges that bear no ids deletes them all and makes new ones: none is ever sent with it. */
static void trap_put_charges_without_ids_would_make_them_anew(void **state)
{
	static const struct step steps[] = {
		{"GET", "/plans/e%2Ev", NULL, OK("{'plan':{'lago_id':'u1','code':'e.v','name':'old','interval':'monthly','charges':["
						 KWH("day", "0.25") "," KWH("night", "0.19") "]}}")},
		{"PUT", "/plans/e%2Ev", "{'plan':{'code':'e.v','name':'EV','interval':'monthly'}}", OK(PLAN(",'charges':[]"))},
		/* the one that differs, by its own code */
		{"PUT", "/plans/e%2Ev/charges/day", "{'charge':{'code':'day','charge_model':'standard','invoice_display_name':null,"
		 "'pay_in_advance':false,'invoiceable':true,'prorated':false,'min_amount_cents':0,'properties':{'amount':'0.29'},"
		 "'filters':[],'tax_codes':[]}}", OK("{'charge':" KWH("day", "0.29") "}")},
		{0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_UPDATE, one_charge, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, "the plan has charges that the record does not name: night");
}

static void nothing_is_written_where_nothing_differs(void **state)
{
	static const struct step steps[] = {GET_PLAN(",'charges':[" KWH("day", "0.2900") "]"), {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_UPDATE, one_charge, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, "");
}

static void a_new_charge_is_posted_and_an_extra_one_goes_when_told_to(void **state)
{
	static const struct step steps[] = {
		GET_PLAN(",'charges':[" KWH("ol.d", "0.25") "]"),
		METRIC("kwh", "m1"),
		{"POST", "/plans/e%2Ev/charges", "{'charge':{'billable_metric_id':'m1','code':'day','charge_model':'standard',"
		 "'pay_in_advance':false,'invoiceable':true,'prorated':false,'min_amount_cents':0,'properties':{'amount':'0.29'},"
		 "'filters':[],'tax_codes':[],'cascade_updates':true}}", OK("{'charge':" KWH("day", "0.29") "}")},
		{"DELETE", "/plans/e%2Ev/charges/ol%2Ed", NULL, OK("{'charge':" KWH("ol.d", "0.25") "}")},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin_with(&b, steps, FERRY_MODE_UPSERT, CHARGED,
		   SETTINGS(setting_text("extra_charges", "delete"), {"cascade_updates", {.i = 1, .type = FERRY_BOOL}}));
	assert_int_equal(write_charged(&b, one_charge, FERRY_UPDATE, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, "");
	end(&b);
}

/* NULL says nothing of charges; it does not say that there are none. */
static void charges_that_are_null_stay_as_they_are(void **state)
{
	static const struct step steps[] = {GET_PLAN(",'charges':[" KWH("day", "0.25") "]"), {0}};
	struct ferry_value fields[] = {text("e.v"), text("EV"), text("monthly"), nothing};
	struct ferry_action a = action(FERRY_UPDATE, fields);
	struct ferry_issue issue;
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin_with(&b, steps, FERRY_MODE_UPSERT, CHARGED, SETTINGS(setting_text("extra_charges", "delete")));
	assert_true(canonical(&b, fields, &issue));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	end(&b);
}

/* A charge that cannot be told by its code might be the one that would be made: billed twice. */
static void a_charge_without_code_is_not_doubled(void **state)
{
	static const struct step steps[] = {
		GET_PLAN(",'charges':[{'lago_id':'x','billable_metric_code':'kwh','code':null,'charge_model':'standard','properties':{}}]"),
		METRIC("kwh", "m1"), {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_UPDATE, one_charge, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "charge_without_code");
}

static void a_charge_keeps_its_metric(void **state)
{
	static const struct step steps[] = {GET_PLAN(",'charges':[" KWH("day", "0.25") "]"), {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_UPDATE, "[{\"code\":\"day\",\"billable_metric_code\":\"min\",\"charge_model\":\"dynamic\"}]", &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "charge_metric_changed");
}

/* 200, and the interval is what it was, since somebody has subscribed. */
static void trap_put_of_a_subscribed_plan_is_ignored_without_a_word(void **state)
{
	static const char was[] = "{'plan':{'lago_id':'u1','code':'e.v','name':'EV','interval':'weekly'}}";
	static const struct step steps[] = {
		{"GET", "/plans/e%2Ev", NULL, OK(was)},
		{"PUT", "/plans/e%2Ev", "{'plan':{'code':'e.v','name':'EV','interval':'monthly'}}", OK(was)},
		{0}};
	struct ferry_action a = action(FERRY_UPDATE, EV);
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, BASE);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_non_null(strstr(out.message, "did not keep 'interval'"));
	end(&b);
}

/* A PUT works out anew whether charges are monthly: what is not mapped goes back as it was. */
static void trap_put_recomputes_monthly_charges(void **state)
{
	static const struct step steps[] = {
		{"GET", "/plans/e%2Ev", NULL, OK("{'plan':{'lago_id':'u1','code':'e.v','name':'old','interval':'yearly','bill_charges_monthly':true,"
						 "'bill_fixed_charges_monthly':null}}")},
		{"PUT", "/plans/e%2Ev", "{'plan':{'code':'e.v','name':'EV','interval':'yearly','bill_charges_monthly':true}}",
		 OK("{'plan':{'lago_id':'u1','code':'e.v','name':'EV','interval':'yearly','bill_charges_monthly':true}}")},
		{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("e.v"), text("EV"), text("yearly")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, BASE);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, "");
	end(&b);
}

/* Cents are integers, the trial a number; none of it ever goes through a binary fraction. */
static void money_is_exact(void **state)
{
	static const struct step steps[] = {
		{"POST", "/plans", "{'plan':{'code':'e.v','amount_cents':9007199254740993,'trial_period':7.10,'pay_in_advance':true}}",
		 OK("{'plan':{'lago_id':'u1','code':'e.v','amount_cents':9007199254740993,'trial_period':7.1,'pay_in_advance':true}}")},
		{0}};
	struct ferry_action a = action(FERRY_CREATE, RECORD(text("e.v"), integer(9007199254740993), of_type(FERRY_DECIMAL, "7.10"),
							    {.i = 1, .type = FERRY_BOOL}));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("code", "amount_cents", "trial_period", "pay_in_advance"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, "");
	end(&b);
}

static void made_or_gone_meanwhile_is_the_other_way(void **state)
{
	static const char body[] = "{'plan':{'code':'e.v','name':'EV','interval':'monthly'}}";
	static const struct step made[] = {{"POST", "/plans", body, TAKEN}, GET_PLAN(""), {0}};
	static const struct step gone[] = {{"GET", "/plans/e%2Ev", NULL, NOT_FOUND}, {"POST", "/plans", body, OK(PLAN(""))}, {0}};
	static const struct step forbidden[] = {{"GET", "/plans/e%2Ev", NULL, NOT_FOUND}, {0}};
	static const struct {
		const struct step *steps;
		enum ferry_decision decision;
		enum ferry_mode mode;
		enum ferry_ack ack;
	} cases[] = {
		{made, FERRY_CREATE, FERRY_MODE_UPSERT, FERRY_ACK_DONE},
		{gone, FERRY_UPDATE, FERRY_MODE_UPSERT, FERRY_ACK_DONE},
		{forbidden, FERRY_UPDATE, FERRY_MODE_UPDATE, FERRY_ACK_REJECTED},
	};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ferry_action a = action(cases[i].decision, EV);
		struct ferry_outcome out;
		struct bench b;
		begin(&b, cases[i].steps, cases[i].mode, BASE);
		assert_int_equal(apply_one(&b, &a, &out), 0);
		assert_int_equal(out.ack, cases[i].ack);
		end(&b);
	}
}

/* -- deleting ------------------------------------------------------------------------ */

#define USERS "/subscriptions?page=1&per_page=1&plan_code=e%2Ev&status[]=active&status[]=pending&status[]=incomplete"

/* With a plan Lago ends its subscriptions. */
static void trap_deleting_a_plan_would_end_its_subscriptions(void **state)
{
	static const struct step used[] = {{"GET", USERS, NULL, OK("{'subscriptions':[{'lago_id':'u'}],'meta':{}}")}, {0}};
	static const struct step unused[] = {{"GET", USERS, NULL, OK("{'subscriptions':[],'meta':{}}")},
					     {"DELETE", "/plans/e%2Ev", NULL, OK(PLAN(",'pending_deletion':true"))}, {0}};
	struct ferry_action a = action(FERRY_DELETE, NULL);
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	a.dest_id = "e.v";
	begin(&b, used, FERRY_MODE_MIRROR, BASE);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "plan_in_use");
	end(&b);
	begin(&b, unused, FERRY_MODE_MIRROR, BASE);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	end(&b);
}

/* A plan that is being deleted answers as if it were there. */
static void trap_a_plan_pending_deletion_is_as_good_as_gone(void **state)
{
	static const struct step steps[] = {
		GET_PLAN(",'pending_deletion':true"), {"POST", "/plans", "{'plan':{'code':'e.v','name':'EV','interval':'monthly'}}", TAKEN},
		GET_PLAN(",'pending_deletion':true"), {0}};
	struct ferry_action a = action(FERRY_CREATE, EV);
	struct ferry_outcome out;
	struct ferry_found found;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, BASE);
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.presence, FERRY_ABSENT);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "plan_pending_deletion");
	end(&b);
}

/* -- canonicalize, look-up, check -------------------------------------------------------- */

static void lookup_gives_charges_as_canonicalize_writes_them(void **state)
{
	static const struct step steps[] = {
		GET_PLAN(",'taxes':[{'code':'b'},{'code':'a'}],'charges':["
			 "{'lago_id':'2','billable_metric_code':'kwh','code':'z','charge_model':'graduated','pay_in_advance':false,"
			 "'invoiceable':true,'prorated':true,'min_amount_cents':0,'invoice_display_name':'Z','regroup_paid_fees':null,"
			 "'taxes':[{'code':'t'},{'code':'s'}],'filters':[{'invoice_display_name':null,'properties':{'amount':'1'},'values':{'b':['y','x'],'a':['1']}}],"
			 "'properties':{'graduated_ranges':[{'to_value':null,'from_value':0,'per_unit_amount':'0.1','flat_amount':'0'}]},"
			 "'applied_pricing_unit':null,'created_at':'2026-01-01T00:00:00Z'}," KWH("day", "0.29") "]"), {0}};
	struct ferry_value fields[] = {
		text("e.v"), of_type(FERRY_JSON, "[\"a\",\"b\"]"),
		of_type(FERRY_JSON,
			"[{\"code\":\"day\",\"billable_metric_code\":\"kwh\",\"charge_model\":\"standard\",\"properties\":{\"amount\":\"0.29\"}},"
			"{\"code\":\"z\",\"billable_metric_code\":\"kwh\",\"charge_model\":\"graduated\",\"prorated\":true,\"invoice_display_name\":\"Z\","
			"\"tax_codes\":[\"t\",\"s\"],\"filters\":[{\"values\":{\"a\":[\"1\"],\"b\":[\"x\",\"y\"]},\"properties\":{\"amount\":1}}],"
			"\"properties\":{\"graduated_ranges\":[{\"from_value\":0,\"to_value\":null,\"flat_amount\":0,\"per_unit_amount\":0.1}]}}]")};
	struct ferry_action a = action(FERRY_CREATE, fields);
	struct ferry_issue issue = {0};
	struct ferry_found found;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("code", "tax_codes", "charges"));
	assert_true(canonical(&b, fields, &issue));
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_string_equal(found.fields[1].s, fields[1].s);
	assert_string_equal(found.fields[2].s, fields[2].s);
	end(&b);
}

static void charges_are(const char *charges, const char *why)
{
	static const struct step steps[] = {{0}};
	struct ferry_value fields[] = {text("e.v"), of_type(FERRY_JSON, charges)};
	struct ferry_issue issue = {0};
	struct bench b;

	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("code", "charges"));
	assert_int_equal(canonical(&b, fields, &issue), why == NULL);
	if (why) {
		assert_string_equal(issue.field, "charges");
		if (!strstr(issue.message, why))
			fail_msg("'%s' is not in '%s'", why, issue.message);
	}
	end(&b);
}

#define C(more) "[{\"billable_metric_code\":\"k\",\"charge_model\":" more "}]"

/* A misspelt member would vanish without a word; what Lago refuses is refused here, before anything is sent. */
static void trap_unknown_members_of_charges_vanish(void **state)
{
	(void)state;
	charges_are(C("\"standard\",\"properties\":{\"amount\":\"1\"}"), NULL);
	charges_are("[]", NULL);
	charges_are("{}", "JSON list");
	charges_are("[7]", "is no object");
	charges_are("nonsense", "not valid JSON");
	charges_are(C("\"standard\",\"properties\":{\"amount\":\"1\"},\"pay_in_advnace\":true"), "no member 'pay_in_advnace'");
	charges_are(C("\"standard\",\"properties\":{\"amount\":\"1\",\"amuont\":\"1\"}"), "no property 'amuont'");
	charges_are(C("\"standard\",\"properties\":{\"amount\":\"1,5\"}"), "must be a decimal");
	charges_are(C("\"standard\",\"properties\":{\"amount\":1e-3}"), "must be a decimal");
	charges_are(C("\"standard\""), "need 'amount'");
	charges_are(C("\"package\",\"properties\":{\"amount\":\"1\",\"package_size\":\"10\"}"), "whole number");
	charges_are(C("\"percentage\",\"properties\":{\"fixed_amount\":\"1\"}"), "need 'rate'");
	charges_are(C("\"weird\",\"properties\":{}"), "charge_model must be one of");
	charges_are(C("\"dynamic\""), NULL);
	charges_are(C("\"volume\",\"properties\":{\"volume_ranges\":[{\"from_value\":1,\"to_value\":null}]}"), "first from_value 0");
	charges_are(C("\"volume\",\"properties\":{\"volume_ranges\":[{\"from_value\":0,\"to_value\":9}]}"), "last to_value null");
	charges_are(C("\"dynamic\",\"min_amount_cents\":1.5"), "whole number of cents");
	charges_are(C("\"dynamic\",\"pay_in_advance\":\"yes\""), "true or false");
	charges_are(C("\"dynamic\",\"filters\":[{\"values\":{\"a\":\"x\"}}]"), "lists of texts");
	charges_are(C("\"dynamic\",\"filters\":[{\"values\":{\"a\":[\"x\"]}},{\"values\":{\"a\":[\"x\"]}}]"), "same values");
	charges_are(C("\"dynamic\",\"billable_metric_id\":\"u\""), "by code");
	charges_are("[{\"charge_model\":\"dynamic\"}]", "billable_metric_code is missing");
	charges_are("[{\"billable_metric_code\":\"k\",\"charge_model\":\"dynamic\"},{\"billable_metric_code\":\"k\",\"charge_model\":\"dynamic\"}]",
		    "same code");
}

static void monthly_charges_need_a_long_interval(void **state)
{
	static const struct step steps[] = {{0}};
	const struct ferry_value yes = {.i = 1, .type = FERRY_BOOL}, no = {.i = 0, .type = FERRY_BOOL};
	struct ferry_value yearly[] = {text("e"), text("yearly"), yes}, weekly[] = {text("e"), text("weekly"), yes},
			   off[] = {text("e"), text("weekly"), no};
	struct ferry_issue issue;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("code", "interval", "bill_charges_monthly"));
	assert_true(canonical(&b, yearly, &issue));
	assert_false(canonical(&b, weekly, &issue));
	assert_string_equal(issue.field, "bill_charges_monthly");
	assert_true(canonical(&b, off, &issue));
	assert_int_equal(off[2].type, FERRY_NULL);
	end(&b);
}

static void check_refuses_to_delete_all_charges(void **state)
{
	static const struct step steps[] = {{0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, BASE);
	const struct ferry_setting settings[] = {setting_text("extra_charges", "delete")};
	struct ferry_open open = opening(&b, FERRY_DESTINATION, FERRY_MODE_UPSERT, BASE, settings, 1);
	assert_memory_equal(checked(&open), "extra_charges: ", 15);
	open = opening(&b, FERRY_DESTINATION, FERRY_MODE_UPSERT, CHARGED, settings, 1);
	assert_string_equal(checked(&open), "");
	end(&b);
}

static void setup_reads_what_writing_needs(void **state)
{
	static const struct step plain[] = {{"GET", "/plans?page=1&per_page=1", NULL, OK("{'plans':[]}")}, {0}};
	static const struct step all[] = {{"GET", "/plans?page=1&per_page=1", NULL, OK("{'plans':[]}")},
					  {"GET", "/billable_metrics?page=1&per_page=1", NULL, OK("{'billable_metrics':[]}")},
					  {"GET", "/subscriptions?page=1&per_page=1", NULL, OK("{'subscriptions':[]}")}, {0}};
	struct bench b;
	(void)state;
	begin(&b, plain, FERRY_MODE_UPSERT, BASE);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), 0);
	end(&b);
	begin(&b, all, FERRY_MODE_MIRROR, CHARGED);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), 0);
	end(&b);
}

/* What was written of the charges before a failure is written again without harm. */
static void a_failure_between_charges_is_in_doubt(void **state)
{
	static const struct step steps[] = {
		GET_PLAN(",'charges':[]"), METRIC("kwh", "m1"),
		{"POST", "/plans/e%2Ev/charges", "{'charge':{'billable_metric_id':'m1','code':'day','charge_model':'standard',"
		 "'pay_in_advance':false,'invoiceable':true,'prorated':false,'min_amount_cents':0,'properties':{'amount':'0.29'},"
		 "'filters':[],'tax_codes':[]}}", .failure = FERRY_E_NETWORK}, {0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, CHARGED);
	assert_int_equal(write_charged(&b, one_charge, FERRY_UPDATE, &out), -1);
	assert_int_equal(b.err.code, FERRY_E_NETWORK);
	assert_int_equal(out.ack, FERRY_ACK_UNKNOWN);
	assert_true(ferry_connector.caps & FERRY_CAP_IDEMPOTENT);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trap_charges_name_metrics_by_uuid),
		cmocka_unit_test(an_unknown_metric_is_refused_before_anything_is_written),
		cmocka_unit_test(what_lago_did_not_keep_of_a_new_plan_is_reported),
		cmocka_unit_test(trap_put_charges_without_ids_would_make_them_anew),
		cmocka_unit_test(nothing_is_written_where_nothing_differs),
		cmocka_unit_test(a_new_charge_is_posted_and_an_extra_one_goes_when_told_to),
		cmocka_unit_test(charges_that_are_null_stay_as_they_are),
		cmocka_unit_test(a_charge_without_code_is_not_doubled),
		cmocka_unit_test(a_charge_keeps_its_metric),
		cmocka_unit_test(trap_put_of_a_subscribed_plan_is_ignored_without_a_word),
		cmocka_unit_test(trap_put_recomputes_monthly_charges),
		cmocka_unit_test(money_is_exact),
		cmocka_unit_test(made_or_gone_meanwhile_is_the_other_way),
		cmocka_unit_test(trap_deleting_a_plan_would_end_its_subscriptions),
		cmocka_unit_test(trap_a_plan_pending_deletion_is_as_good_as_gone),
		cmocka_unit_test(lookup_gives_charges_as_canonicalize_writes_them),
		cmocka_unit_test(trap_unknown_members_of_charges_vanish),
		cmocka_unit_test(monthly_charges_need_a_long_interval),
		cmocka_unit_test(check_refuses_to_delete_all_charges),
		cmocka_unit_test(setup_reads_what_writing_needs),
		cmocka_unit_test(a_failure_between_charges_is_in_doubt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
