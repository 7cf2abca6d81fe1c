/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-metrics.c - writing billable metrics to a scripted Lago: one test for each trap of that API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"

#define METRIC(more) "{'billable_metric':{'lago_id':'u1','code':'k.wh','name':'Energy','aggregation_type':'sum_agg'" more "}}"
#define NOT_FOUND 404, "{'status':404,'error':'Not Found','code':'billable_metric_not_found'}"
#define TAKEN \
	422, "{'status':422,'code':'validation_errors','error_details':{'code':['value_already_exist']}}"
#define FIELDS NAMES("code", "name", "aggregation_type", "field_name")
#define ENERGY RECORD(text("k.wh"), text("Energy"), text("sum_agg"), text("value"))
#define BODY "{'billable_metric':{'code':'k.wh','name':'Energy','aggregation_type':'sum_agg','field_name':'value'}}"
#define SAME OK(METRIC(",'field_name':'value'"))

static void write_one(const struct step *steps, enum ferry_mode mode, enum ferry_decision decision, struct ferry_outcome *out)
{
	struct ferry_action a = action(decision, ENERGY);
	struct bench b;

	begin(&b, steps, mode, FIELDS);
	assert_int_equal(apply_one(&b, &a, out), 0);
	end(&b);
}

static void creates_with_post_and_changes_with_put(void **state)
{
	static const struct step make[] = {{"POST", "/billable_metrics", BODY, SAME}, {0}};
	static const struct step change[] = {{"PUT", "/billable_metrics/k%2Ewh", BODY, SAME}, {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(make, FERRY_MODE_UPSERT, FERRY_CREATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, "k.wh");
	assert_string_equal(out.message, "");
	write_one(change, FERRY_MODE_UPSERT, FERRY_UPDATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
}

/* Upsert is PUT, on 404 POST, or POST, on "there already" PUT. */
static void made_or_gone_meanwhile_is_the_other_request(void **state)
{
	static const struct step gone[] = {{"PUT", "/billable_metrics/k%2Ewh", BODY, NOT_FOUND},
					   {"POST", "/billable_metrics", BODY, SAME}, {0}};
	static const struct step made[] = {{"POST", "/billable_metrics", BODY, TAKEN},
					   {"PUT", "/billable_metrics/k%2Ewh", BODY, SAME}, {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(gone, FERRY_MODE_UPSERT, FERRY_UPDATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, "");
	write_one(made, FERRY_MODE_UPSERT, FERRY_CREATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
}

static void modes_that_forbid_it_reject(void **state)
{
	static const struct step gone[] = {{"PUT", "/billable_metrics/k%2Ewh", BODY, NOT_FOUND}, {0}};
	static const struct step made[] = {{"POST", "/billable_metrics", BODY, TAKEN}, {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(gone, FERRY_MODE_UPDATE, FERRY_UPDATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "billable_metric_not_found");
	write_one(made, FERRY_MODE_INSERT, FERRY_CREATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "value_already_exist");
}

/* 200, and the field is what it was, since a plan charges by this metric. */
static void trap_put_of_an_attached_metric_is_ignored_without_a_word(void **state)
{
	static const struct step steps[] = {
		{"PUT", "/billable_metrics/k%2Ewh", BODY, OK(METRIC(",'field_name':'other'"))}, {0}};
	struct ferry_outcome out;
	(void)state;
	write_one(steps, FERRY_MODE_UPSERT, FERRY_UPDATE, &out);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_non_null(strstr(out.message, "did not keep 'field_name'"));
	assert_null(strstr(out.message, "aggregation_type"));
}

/* Filters are a set that is replaced whole: their order is no difference, what is missing is one. */
static void filters_are_compared_as_sets(void **state)
{
	static const struct step steps[] = {
		{"PUT", "/billable_metrics/k%2Ewh", "{'billable_metric':{'code':'k.wh','filters':[{'key':'a','values':['1','2']},"
		 "{'key':'b','values':['x']}]}}",
		 OK(METRIC(",'filters':[{'key':'b','values':['x']},{'key':'a','values':['2','1']}]"))},
		{"PUT", "/billable_metrics/k%2Ewh", "{'billable_metric':{'code':'k.wh','filters':[{'key':'a','values':['1','2']},"
		 "{'key':'b','values':['x']}]}}", OK(METRIC(",'filters':[]"))},
		{0}};
	struct ferry_value fields[] = {text("k.wh"), of_type(FERRY_JSON, "[{\"key\":\"b\",\"values\":[\"x\"]},"
							     "{\"values\":[\"2\",\"1\"],\"key\":\"a\"}]")};
	struct ferry_action a = action(FERRY_UPDATE, fields);
	struct ferry_outcome out;
	struct ferry_issue issue;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("code", "filters"));
	assert_true(canonical(&b, fields, &issue));
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_string_equal(out.message, "");
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_non_null(strstr(out.message, "'filters'"));
	end(&b);
}

static void lookup_gives_the_form_of_canonicalize(void **state)
{
	static const struct step steps[] = {
		{"GET", "/billable_metrics/k%2Ewh", NULL,
		 OK(METRIC(",'recurring':false,'filters':[{'key':'b','values':['x','a']},{'key':'a','values':['1']}]"))},
		{0}};
	struct ferry_value fields[] = {text("k.wh"), nothing,
				       of_type(FERRY_JSON, "[{\"values\":[\"1\"],\"key\":\"a\"},{\"key\":\"b\",\"values\":[\"a\",\"x\"]}]")};
	struct ferry_action a = action(FERRY_CREATE, fields);
	struct ferry_issue issue;
	struct ferry_found found;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("code", "recurring", "filters"));
	assert_true(canonical(&b, fields, &issue));
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_int_equal(fields[1].type, FERRY_BOOL);
	assert_int_equal(found.fields[1].type, FERRY_BOOL);
	assert_string_equal(found.fields[2].s, fields[2].s);
	end(&b);
}

static void invalid(const char *field, const struct ferry_value *fields)
{
	struct ferry_value copy[6];
	struct ferry_issue issue = {0};
	struct bench b;
	static const struct step steps[] = {{0}};

	memcpy(copy, fields, sizeof copy);
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("code", "aggregation_type", "field_name", "weighted_interval", "recurring", "filters"));
	bool good = canonical(&b, copy, &issue);
	assert_int_equal(good, field == NULL);
	if (field)
		assert_string_equal(issue.field, field);
	end(&b);
}

/* Lago's own rules, before anything is sent. */
static void what_lago_refuses_is_invalid_here(void **state)
{
	const struct ferry_value no = {.i = 0, .type = FERRY_BOOL}, yes = {.i = 1, .type = FERRY_BOOL};
	const struct ferry_value typo = of_type(FERRY_JSON, "[{\"key\":\"a\",\"values\":[\"x\"],\"vlaues\":[]}]");
	const struct ferry_value none = of_type(FERRY_JSON, "[{\"key\":\"a\",\"values\":[]}]");
	const struct ferry_value object = of_type(FERRY_JSON, "{}");
	(void)state;
	invalid(NULL, RECORD(text("k"), text("count_agg"), nothing, nothing, no, nothing));
	invalid("code", RECORD(text(".."), text("count_agg"), nothing, nothing, no, nothing));
	invalid("field_name", RECORD(text("k"), text("sum_agg"), nothing, nothing, no, nothing));
	invalid("weighted_interval", RECORD(text("k"), text("weighted_sum_agg"), text("v"), nothing, no, nothing));
	invalid("recurring", RECORD(text("k"), text("max_agg"), text("v"), nothing, yes, nothing));
	invalid(NULL, RECORD(text("k"), text("sum_agg"), text("v"), nothing, yes, nothing));
	invalid("filters", RECORD(text("k"), text("sum_agg"), text("v"), nothing, yes, typo));
	invalid("filters", RECORD(text("k"), text("sum_agg"), text("v"), nothing, yes, none));
	invalid("filters", RECORD(text("k"), text("sum_agg"), text("v"), nothing, yes, object));
}

/* With a metric go the charges of every plan that uses it. */
static void trap_deleting_a_metric_would_delete_charges(void **state)
{
	static const struct step steps[] = {{0}};
	struct ferry_action a = action(FERRY_DELETE, NULL);
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, FIELDS);
	a.dest_id = "k.wh";
	assert_int_equal(apply_one(&b, &a, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_int_equal(ferry_connector.caps & (FERRY_CAP_DELETE | FERRY_CAP_DISABLE), 0);
	assert_int_equal(ferry_connector.modes & FERRY_MODE_MIRROR, 0);
	struct ferry_open open = opening(&b, FERRY_DESTINATION, FERRY_MODE_MIRROR, FIELDS, NULL, 0);
	assert_non_null(strstr(checked(&open), "Lago would delete every charge"));
	open.mode = FERRY_MODE_UPSERT;
	assert_string_equal(checked(&open), "");
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creates_with_post_and_changes_with_put),
		cmocka_unit_test(made_or_gone_meanwhile_is_the_other_request),
		cmocka_unit_test(modes_that_forbid_it_reject),
		cmocka_unit_test(trap_put_of_an_attached_metric_is_ignored_without_a_word),
		cmocka_unit_test(filters_are_compared_as_sets),
		cmocka_unit_test(lookup_gives_the_form_of_canonicalize),
		cmocka_unit_test(what_lago_refuses_is_invalid_here),
		cmocka_unit_test(trap_deleting_a_metric_would_delete_charges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
