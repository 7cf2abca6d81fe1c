/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-subscriptions.c - writing subscriptions to a scripted Lago: one test for each trap of that API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"

#define SUB(more) "{'subscription':{'lago_id':'u1','external_id':'s.1','external_customer_id':'c1'" more "}}"
#define ON(plan) ",'status':'active','plan_code':'" plan "','previous_plan_code':null,'next_plan_code':null"
#define NONE 404, "{'status':404,'error':'Not Found','code':'subscription_not_found'}"
#define BASE NAMES("external_id", "external_customer_id", "plan_code")
#define EV RECORD(text("s.1"), text("c1"), text("ev"))
#define POST_EV "POST", "/subscriptions", "{'subscription':{'external_id':'s.1','external_customer_id':'c1','plan_code':'ev'}}"
#define GET_C1 {"GET", "/customers/c1", NULL, OK(CUSTOMER("c1", ""))}
#define ACTIVE(more) {"GET", "/subscriptions/s%2E1", NULL, OK(SUB(more))}
#define NO_ACTIVE {"GET", "/subscriptions/s%2E1", NULL, NONE}
#define NO_PENDING {"GET", "/subscriptions/s%2E1?status=pending", NULL, NONE}

static void write_one(const struct step *steps, enum ferry_decision decision, struct ferry_outcome *out)
{
	struct ferry_action a = action(decision, EV);
	struct bench b;

	begin(&b, steps, FERRY_MODE_UPSERT, BASE);
	assert_int_equal(apply_one(&b, &a, out), 0);
	end(&b);
}

/* -- creating ------------------------------------------------------------------------ */

/* A POST for a customer that Lago does not know makes one, bare, without a word. */
static void trap_unknown_customer_would_be_made_bare(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/c1", NULL, 404, "{'status':404,'error':'Not Found','code':'customer_not_found'}"}, {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_CREATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "customer_not_found");
	assert_string_equal(out.field, "external_customer_id");
}

static void each_customer_is_looked_for_once(void **state)
{
	static const struct step steps[] = {
		GET_C1, {POST_EV, OK(SUB(ON("ev")))}, {POST_EV, OK(SUB(ON("ev")))}, {0}};
	struct ferry_action a[] = {action(FERRY_CREATE, EV), action(FERRY_CREATE, EV)};
	struct ferry_outcome out[2] = {0};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, BASE);
	assert_int_equal(ferry_connector.apply(b.handle, a, 2, out, &b.err), 0);
	assert_int_equal(out[1].ack, FERRY_ACK_DONE);
	assert_string_equal(out[1].dest_id, "s.1");
	assert_string_equal(out[1].message, "");
	end(&b);
}

/* Lago strips both ids, but not those of POST /customers: " c1" here is customer "c1", or none. */
static void trap_ids_are_stripped_here_but_not_for_customers(void **state)
{
	static const struct step steps[] = {{0}};
	struct ferry_value fields[] = {text(" s1\t"), text("\n c1 "), text("ev")};
	struct ferry_value blank[] = {text("  "), text("c1"), text("ev")};
	struct ferry_issue issue;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, BASE);
	assert_true(canonical(&b, fields, &issue));
	assert_int_equal(fields[0].len, 2);
	assert_memory_equal(fields[0].s, "s1", 2);
	assert_int_equal(fields[1].len, 2);
	assert_memory_equal(fields[1].s, "c1", 2);
	assert_false(canonical(&b, blank, &issue));
	assert_string_equal(issue.field, "external_id");
	end(&b);
}

/* A POST of one that is there returns it as it is; what it does not take needs a PUT, too. */
static void trap_post_of_an_equal_one_applies_nothing(void **state)
{
	static const struct step steps[] = {
		GET_C1,
		{"POST", "/subscriptions", "{'subscription':{'external_id':'s.1','external_customer_id':'c1','plan_code':'ev','name':'new'}}",
		 OK(SUB(ON("ev") ",'name':'old','on_termination_invoice':'generate'"))},
		{"PUT", "/subscriptions/s%2E1", "{'subscription':{'name':'new','on_termination_invoice':'skip'}}",
		 OK(SUB(ON("ev") ",'name':'new','on_termination_invoice':'skip'"))},
		{0}};
	struct ferry_action a = action(FERRY_CREATE, RECORD(text("s.1"), text("c1"), text("ev"), text("new"), text("skip")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_id", "external_customer_id", "plan_code", "name", "on_termination_invoice"));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, "");
	end(&b);
}

/* -- changing the plan ----------------------------------------------------------------- */

static void an_upgrade_is_reported(void **state)
{
	static const struct step steps[] = {
		ACTIVE(ON("basic")), GET_C1,
		{POST_EV, OK(SUB(",'status':'active','plan_code':'ev','previous_plan_code':'basic','next_plan_code':null"))}, {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_UPDATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, "an upgrade: plan 'basic' has ended, 'ev' goes on from now");
}

/* The answer is the subscription as it is now: another plan than the one that was sent is no failure. */
static void trap_a_downgrade_waits_for_the_end_of_the_period(void **state)
{
#define DOWN ",'status':'active','plan_code':'gold','previous_plan_code':null,'next_plan_code':'ev','downgrade_plan_date':'2026-02-01'"
	static const struct step steps[] = {ACTIVE(ON("gold")), GET_C1, {POST_EV, OK(SUB(DOWN))}, {0}};
	/* the next run leaves it alone: another POST would begin the waiting anew */
	static const struct step later[] = {ACTIVE(DOWN), {0}};
	static const char message[] = "a downgrade: plan 'gold' goes on until 2026-02-01, then it is 'ev'";
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_UPDATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, message);
	write_one(later, FERRY_UPDATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, message);
}

static void a_downgrade_that_is_not_wanted_is_reported(void **state)
{
	static const struct step steps[] = {
		ACTIVE(",'status':'active','plan_code':'ev','next_plan_code':'basic','downgrade_plan_date':'2026-02-01'"), {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_UPDATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_non_null(strstr(out.message, "Lago will change plan 'ev' to 'basic' on 2026-02-01"));
}

/* -- changing the rest ------------------------------------------------------------------ */

#define MORE NAMES("external_id", "external_customer_id", "plan_code", "name", "ending_at", "billing_time", "subscription_at")

/* Only what differs and can be changed is sent; begin and billing time of an active one cannot be. */
static void trap_put_ignores_what_an_active_one_cannot_change(void **state)
{
	static const struct step steps[] = {
		ACTIVE(ON("ev") ",'name':'N','ending_at':'2027-01-01T00:00:00Z','billing_time':'calendar','subscription_at':'2026-01-01T00:00:00Z'"),
		{"PUT", "/subscriptions/s%2E1", "{'subscription':{'ending_at':null}}",
		 OK(SUB(ON("ev") ",'name':'N','ending_at':null,'billing_time':'calendar','subscription_at':'2026-01-01T00:00:00Z'"))},
		{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("s.1"), text("c1"), text("ev"), text("N"), nothing,
							    text("anniversary"), instant("2026-03-01T00:00:00Z")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, MORE);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_non_null(strstr(out.message, "'billing_time'"));
	assert_non_null(strstr(out.message, "'subscription_at'"));
	assert_null(strstr(out.message, "'name'"));
	end(&b);
}

/* One that waits is not found, nor changed, without saying so. */
static void trap_a_pending_one_is_addressed_by_its_status(void **state)
{
	static const struct step steps[] = {
		NO_ACTIVE,
		{"GET", "/subscriptions/s%2E1?status=pending", NULL,
		 OK(SUB(",'status':'pending','plan_code':'ev','name':null,'subscription_at':'2026-09-01T00:00:00Z'"))},
		{"PUT", "/subscriptions/s%2E1?status=pending", "{'subscription':{'subscription_at':'2026-10-01T00:00:00Z'}}",
		 OK(SUB(",'status':'pending','plan_code':'ev','name':null,'subscription_at':'2026-10-01T00:00:00.999Z'"))},
		{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("s.1"), text("c1"), text("ev"), nothing, nothing, nothing,
							    instant("2026-10-01T00:00:00Z")));
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, MORE);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, "");
	end(&b);
}

static void another_customer_is_refused(void **state)
{
	static const struct step steps[] = {
		{"GET", "/subscriptions/s%2E1", NULL,
		 OK("{'subscription':{'lago_id':'u1','external_id':'s.1','external_customer_id':'c2','plan_code':'ev'}}")}, {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_UPDATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "customer_changed");
}

/* An ended one keeps its external_id; the one that is made anew has the same. */
static void trap_an_ended_one_shares_its_id_with_the_next(void **state)
{
	static const struct step steps[] = {NO_ACTIVE, NO_PENDING, GET_C1, {POST_EV, OK(SUB(ON("ev")))}, {0}};
	static const struct step update[] = {NO_ACTIVE, NO_PENDING, {0}};
	struct ferry_action a = action(FERRY_UPDATE, EV);
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	write_one(steps, FERRY_UPDATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	begin(&b, update, FERRY_MODE_UPDATE, BASE);
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "subscription_not_found");
	end(&b);
}

static void an_end_before_the_begin_is_invalid(void **state)
{
	static const struct step steps[] = {{0}};
	struct ferry_value fields[] = {text("s1"), text("c1"), text("ev"), nothing, instant("2026-01-01T00:00:00Z"), nothing,
				       instant("2026-01-01T00:00:00.500Z")};
	struct ferry_issue issue;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, MORE);
	assert_false(canonical(&b, fields, &issue));
	assert_string_equal(issue.field, "ending_at");
	fields[4] = instant("2026-01-01T00:00:01.900Z");
	assert_true(canonical(&b, fields, &issue));
	assert_int_equal(fields[4].i, instant("2026-01-01T00:00:01Z").i);
	end(&b);
}

/* -- ending ------------------------------------------------------------------------------ */

static void ends_with_what_the_options_say(void **state)
{
	static const struct step steps[] = {
		{"DELETE", "/subscriptions/s%2E1?on_termination_credit_note=skip&on_termination_invoice=skip", NULL,
		 OK(SUB(",'status':'terminated','next_plan_code':null"))}, {0}};
	struct ferry_action a = action(FERRY_DISABLE, EV);
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin_with(&b, steps, FERRY_MODE_MIRROR, BASE,
		   SETTINGS(setting_text("on_termination_credit_note", "skip"), setting_text("on_termination_invoice", "skip")));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	end(&b);
}

/* The one that waits goes, too: alone, or behind the one that has ended. */
static void trap_a_pending_one_is_ended_by_a_request_of_its_own(void **state)
{
	static const struct step alone[] = {
		{"DELETE", "/subscriptions/s%2E1", NULL, NONE},
		{"DELETE", "/subscriptions/s%2E1?status=pending", NULL, OK(SUB(",'status':'canceled'"))}, {0}};
	static const struct step behind[] = {
		{"DELETE", "/subscriptions/s%2E1", NULL, OK(SUB(",'status':'terminated','next_plan_code':'basic'"))},
		{"DELETE", "/subscriptions/s%2E1?status=pending", NULL, NONE}, {0}};
	static const struct step gone[] = {
		{"DELETE", "/subscriptions/s%2E1", NULL, NONE}, {"DELETE", "/subscriptions/s%2E1?status=pending", NULL, NONE}, {0}};
	const struct step *const all[] = {alone, behind, gone};
	struct ferry_outcome out;
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ferry_action a = action(FERRY_DELETE, NULL);
		struct bench b;
		begin(&b, all[i], FERRY_MODE_MIRROR, BASE);
		a.dest_id = "s.1";
		assert_int_equal(apply_one(&b, &a, &out), 0);
		assert_int_equal(out.ack, FERRY_ACK_DONE);
		assert_string_equal(out.dest_id, "s.1");
		end(&b);
	}
}

static void an_end_that_lago_forbids_is_the_rows_own(void **state)
{
	static const struct step steps[] = {
		{"DELETE", "/subscriptions/s%2E1", NULL, 405,
		 "{'status':405,'error':'Method Not Allowed','code':'cannot_terminate_with_pending_taxes'}"}, {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_DELETE, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "cannot_terminate_with_pending_taxes");
}

/* -- failures ------------------------------------------------------------------------------ */

static void failures_leave_the_row_in_the_right_state(void **state)
{
	static const struct {
		struct step steps[4];
		enum ferry_code code;
		enum ferry_ack ack;
	} cases[] = {
		/* nothing was written yet */
		{{{"GET", "/customers/c1", NULL, 500, ""}}, FERRY_E_UNAVAILABLE, FERRY_ACK_UNSENT},
		{{GET_C1, {POST_EV, 429, ""}}, FERRY_E_RATE_LIMIT, FERRY_ACK_UNSENT},
		{{GET_C1, {POST_EV, 502, "<html>"}}, FERRY_E_UNAVAILABLE, FERRY_ACK_UNKNOWN},
		{{GET_C1, {POST_EV, .failure = FERRY_E_TIMEOUT}}, FERRY_E_TIMEOUT, FERRY_ACK_UNKNOWN},
		{{GET_C1, {POST_EV, 403, "{'status':403,'code':'write_action_not_allowed_for_subscription'}"}}, FERRY_E_FORBIDDEN,
		 FERRY_ACK_UNSENT},
		{{GET_C1, {POST_EV, 200, "{'subscription':{'external_id':'other'}}"}}, FERRY_E_PROTOCOL, FERRY_ACK_UNKNOWN},
		{{{"GET", "/customers/c1", NULL, 200, CUSTOMER("c", "")}}, FERRY_E_PROTOCOL, FERRY_ACK_UNSENT},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ferry_action a = action(FERRY_CREATE, EV);
		struct ferry_outcome out;
		struct bench b;
		begin(&b, cases[i].steps, FERRY_MODE_UPSERT, BASE);
		assert_int_equal(apply_one(&b, &a, &out), -1);
		assert_int_equal(b.err.code, cases[i].code);
		assert_int_equal(out.ack, cases[i].ack);
		end(&b);
	}
}

static void refusals_are_the_rows_own(void **state)
{
	static const struct step taken[] = {
		GET_C1, {POST_EV, 422, "{'status':422,'code':'validation_errors','error_details':{'external_id':['value_already_exist']}}"}, {0}};
	static const struct step no_plan[] = {GET_C1, {POST_EV, 404, "{'status':404,'error':'Not Found','code':'plan_not_found'}"}, {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(taken, FERRY_CREATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.field, "external_id");
	write_one(no_plan, FERRY_CREATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "plan_not_found");
}

/* -- reading -------------------------------------------------------------------------------- */

static void lookup_tells_the_plan_that_is_to_be(void **state)
{
	static const struct step steps[] = {ACTIVE(DOWN), NO_ACTIVE, NO_PENDING, {0}};
	struct ferry_action a = action(FERRY_CREATE, EV);
	struct ferry_found found;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, BASE);
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_string_equal(found.fields[2].s, "ev");
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.presence, FERRY_ABSENT);
	end(&b);
}

#define IDS 100

static int take_found(struct ferry_listing *listing, const struct ferry_found *found, size_t n, struct ferry_error *err)
{
	char *ids = listing->ctx;
	(void)err;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(ids);
		snprintf(ids + len, IDS - len, "%s ", found[i].dest_id);
	}
	return 0;
}

/* Ended ones are nobody's counterpart; a downgrade to come is a second row of the same id. */
static void trap_the_list_has_several_rows_of_one_id(void **state)
{
	static const struct step steps[] = {
		{"GET", "/subscriptions?page=1&per_page=100&status[]=active&status[]=pending", NULL,
		 OK("{'subscriptions':[{'lago_id':'u3','external_id':'s1','status':'pending','previous_plan_code':'gold'},"
		    "{'lago_id':'u2','external_id':'s1','status':'active','next_plan_code':'ev'},"
		    "{'lago_id':'u4','external_id':'s2','status':'pending','previous_plan_code':null}],"
		    "'meta':{'current_page':1,'next_page':null,'total_count':3}}")}, {0}};
	char ids[IDS] = "";
	struct ferry_listing listing = {ids, take_found, NULL};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, BASE);
	assert_int_equal(ferry_connector.list(b.handle, &listing, &b.err), 0);
	assert_string_equal(ids, "s1 s2 ");
	end(&b);
}

/* Without a status Lago lists active ones only. */
static void trap_a_source_asks_for_every_status(void **state)
{
	const struct ferry_option *o = ferry_connector.source_options;
	(void)state;
	while (o->name && strcmp(o->name, "status") != 0)
		o++;
	assert_string_equal(o->fallback, "pending,active,terminated,canceled,incomplete");
}

static void setup_needs_to_read_customers_too(void **state)
{
	static const struct step steps[] = {
		{"GET", "/subscriptions?page=1&per_page=1&status[]=active&status[]=pending", NULL, OK("{'subscriptions':[]}")},
		{"GET", "/customers?page=1&per_page=1", NULL, 403, "{'status':403,'code':'read_action_not_allowed_for_customer'}"}, {0}};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, BASE);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_FORBIDDEN);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trap_unknown_customer_would_be_made_bare),
		cmocka_unit_test(each_customer_is_looked_for_once),
		cmocka_unit_test(trap_ids_are_stripped_here_but_not_for_customers),
		cmocka_unit_test(trap_post_of_an_equal_one_applies_nothing),
		cmocka_unit_test(an_upgrade_is_reported),
		cmocka_unit_test(trap_a_downgrade_waits_for_the_end_of_the_period),
		cmocka_unit_test(a_downgrade_that_is_not_wanted_is_reported),
		cmocka_unit_test(trap_put_ignores_what_an_active_one_cannot_change),
		cmocka_unit_test(trap_a_pending_one_is_addressed_by_its_status),
		cmocka_unit_test(another_customer_is_refused),
		cmocka_unit_test(trap_an_ended_one_shares_its_id_with_the_next),
		cmocka_unit_test(an_end_before_the_begin_is_invalid),
		cmocka_unit_test(ends_with_what_the_options_say),
		cmocka_unit_test(trap_a_pending_one_is_ended_by_a_request_of_its_own),
		cmocka_unit_test(an_end_that_lago_forbids_is_the_rows_own),
		cmocka_unit_test(failures_leave_the_row_in_the_right_state),
		cmocka_unit_test(refusals_are_the_rows_own),
		cmocka_unit_test(lookup_tells_the_plan_that_is_to_be),
		cmocka_unit_test(trap_the_list_has_several_rows_of_one_id),
		cmocka_unit_test(trap_a_source_asks_for_every_status),
		cmocka_unit_test(setup_needs_to_read_customers_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
