/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-lago-source.c - reading a resource of a scripted Lago: typed columns, the whole object, filters.
 * It is linked with each of the connectors, and looks up in a table what that one must do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"

struct cell {
	const char *column, *text;	/* ends with column == NULL */
};

static const struct resource {
	const char *name;
	const char *always;		/* parameters without a filter */
	const char *record;		/* beside lago_id */
	struct cell cells[12];
	struct ferry_setting settings[4];
	const char *asked;		/* parameters with these settings */
	const char *wrong[2][2];	/* settings that --check refuses, with a word of why */
} resources[] = {
	{"subscriptions",
	 "",
	 "'external_id':'s1','external_customer_id':'c1','plan_code':'ev','status':'active','name':null,"
	 "'started_at':'2026-01-31T10:00:00.344Z','ending_at':null,'downgrade_plan_date':'2026-02-01',"
	 "'plan_amount_cents':1000,'consolidate_invoice':true",
	 {{"external_id", "s1"}, {"external_customer_id", "c1"}, {"plan_code", "ev"}, {"name", "~"}, {"ending_at", "~"},
	  {"started_at", "2026-01-31T10:00:00.344Z"}, {"downgrade_plan_date", "2026-02-01"},
	  {"plan_amount_cents", "1000"}, {"consolidate_invoice", "1"}},
	 {{"status", {.s = "active, pending", .len = 15, .type = FERRY_TEXT}},
	  {"external_customer_id", {.s = "a.b/c", .len = 5, .type = FERRY_TEXT}},
	  {"plan_code", {.s = "ev", .len = 2, .type = FERRY_TEXT}}},
	 "&status[]=active&status[]=pending&external_customer_id=a%2Eb%2Fc&plan_code=ev",
	 {{"status", "'x' is none of: pending, active"}}},
	{"plans",
	 "",
	 "'code':'ev','name':'EV','interval':'monthly','amount_cents':999,'amount_currency':'EUR','trial_period':14.0,"
	 "'pay_in_advance':false,'pending_deletion':true,'charges':[{'code':'kwh','properties':{'amount':'0.29'}}]",
	 {{"code", "ev"}, {"interval", "monthly"}, {"amount_cents", "999"}, {"trial_period", "14.0"}, {"pay_in_advance", "0"},
	  {"pending_deletion", "1"}, {"charges", "[{\"code\":\"kwh\",\"properties\":{\"amount\":\"0.29\"}}]"}}, {{0}}, NULL, {{0}}},
	{"billable_metrics",
	 "",
	 "'code':'kwh','name':'Energy','aggregation_type':'sum_agg','field_name':'value','recurring':false,"
	 "'rounding_precision':-2,'filters':[]",
	 {{"code", "kwh"}, {"aggregation_type", "sum_agg"}, {"field_name", "value"}, {"recurring", "0"},
	  {"rounding_precision", "-2"}, {"filters", "[]"}, {"expression", "~"}}, {{0}}, NULL, {{0}}},
	{"wallets",
	 "",
	 "'external_customer_id':'c1','status':'terminated','currency':'EUR','rate_amount':'1.50000','credits_balance':'10.25',"
	 "'balance_cents':1025,'terminated_at':'2026-01-31T10:00:00.120Z','metadata':{'a':'b'}",
	 {{"external_customer_id", "c1"}, {"status", "terminated"}, {"rate_amount", "1.50000"}, {"credits_balance", "10.25"},
	  {"balance_cents", "1025"}, {"terminated_at", "2026-01-31T10:00:00.120Z"}, {"metadata", "{\"a\":\"b\"}"}},
	 {{"external_customer_id", {.s = "c1", .len = 2, .type = FERRY_TEXT}},
	  {"currency", {.s = "EUR", .len = 3, .type = FERRY_TEXT}}},
	 "&external_customer_id=c1&currency=EUR", {{0}}},
	{"invoices",
	 "",
	 "'number':'A-1','issuing_date':'2026-01-31','status':'finalized','total_amount_cents':1190,'currency':'EUR',"
	 "'customer':{'lago_id':'u9','external_id':'c1','name':'Ann'},'payment_overdue':false,'updated_at':'2026-02-01T00:00:00Z'",
	 {{"number", "A-1"}, {"issuing_date", "2026-01-31"}, {"total_amount_cents", "1190"}, {"external_customer_id", "c1"},
	  {"lago_customer_id", "u9"}, {"customer_name", "Ann"}, {"payment_overdue", "0"}, {"fees", "~"}},
	 {{"statuses", {.s = "draft,finalized", .len = 15, .type = FERRY_TEXT}},
	  {"issuing_date_from", {.s = "2026-01-01", .len = 10, .type = FERRY_TEXT}},
	  {"payment_overdue", {.i = 1, .type = FERRY_BOOL}}},
	 "&statuses[]=draft&statuses[]=finalized&issuing_date_from=2026-01-01&payment_overdue=true",
	 {{"statuses", "none of"}, {"issuing_date_from", "must be a date"}}},
};

static const struct resource *mine(void)
{
	for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
		if (!strcmp(resources[i].name, ferry_connector.resource))
			return &resources[i];
	fail_msg("no table for %s", ferry_connector.resource);
	return NULL;
}

/* One page with one record; the path is made in `path`. */
static void read_one(const struct resource *r, const struct ferry_setting *settings, size_t n, const char *parameters,
		     struct bench *b, struct written *w)
{
	static char path[400], answer[1200];
	static struct step steps[2];
	struct ferry_extract want = {0};

	snprintf(path, sizeof path, "/%s?page=1&per_page=100%s", r->name, parameters);
	snprintf(answer, sizeof answer, "{'%s':[{'lago_id':'u1',%s}],'meta':{'current_page':1,'next_page':null,'total_count':1}}",
		 r->name, r->record);
	steps[0] = (struct step){"GET", path, NULL, 200, answer};
	begin_with(b, steps, 0, NULL, 0, settings, n);
	written_init(w);
	assert_int_equal(ferry_connector.extract(b->handle, &want, &w->sink, &b->err), 0);
	assert_int_equal(w->n_rows, 1);
	assert_string_equal(w->truncated, "");
}

static void columns_are_typed_and_payload_is_whole(void **state)
{
	const struct resource *r = mine();
	struct bench b;
	struct written w;
	(void)state;
	read_one(r, NULL, 0, r->always, &b, &w);
	assert_string_equal(written_cell(&w, 0, "lago_id"), "u1");
	for (const struct cell *c = r->cells; c->column; c++)
		assert_string_equal(written_cell(&w, 0, c->column), c->text);
	assert_memory_equal(written_cell(&w, 0, "payload"), "{\"lago_id\":\"u1\",", 16);
	written_release(&w);
	end(&b);
}

/* Lago ignores a parameter or a word that it does not know, and gives everything. */
static void trap_filters_are_lagos_own_and_checked_here(void **state)
{
	const struct resource *r = mine();
	struct bench b;
	struct written w;
	(void)state;
	size_t n = 0;
	while (n < 4 && r->settings[n].name)
		n++;
	if (n) {
		read_one(r, r->settings, n, r->asked, &b, &w);
		written_release(&w);
		struct ferry_open open = opening(&b, FERRY_SOURCE, 0, NULL, 0, r->settings, n);
		assert_string_equal(checked(&open), "");
		end(&b);
	}
	for (size_t i = 0; i < 2 && r->wrong[i][0]; i++) {
		struct ferry_setting bad[] = {setting_text("url", "https://lago.test"), setting_text("api_key", KEY),
					      setting_text(r->wrong[i][0], "x")};
		scripted_init(&b.s, "", NULL);
		struct ferry_open open = opening(&b, FERRY_SOURCE, 0, NULL, 0, bad, 3);
		assert_non_null(strstr(checked(&open), r->wrong[i][1]));
		assert_memory_equal(checked(&open), r->wrong[i][0], strlen(r->wrong[i][0]));
		assert_int_equal(ferry_connector.open(&open, &b.handle, &b.err), -1);
		assert_int_equal(b.err.code, FERRY_E_CONFIG);
		assert_non_null(strstr(b.err.msg, r->wrong[i][1]));
	}
}

static void setup_asks_for_one_record(void **state)
{
	char path[100], answer[100];
	struct bench b;
	(void)state;
	snprintf(path, sizeof path, "/%s?page=1&per_page=1", mine()->name);
	snprintf(answer, sizeof answer, "{'%s':[],'meta':{}}", mine()->name);
	struct step good[] = {{"GET", path, NULL, 200, answer}, {0}};
	begin(&b, good, 0, NULL, 0);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), 0);
	end(&b);
	struct step denied[] = {{"GET", path, NULL, 403, "{'status':403,'code':'read_action_not_allowed_for_x'}"}, {0}};
	begin(&b, denied, 0, NULL, 0);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_FORBIDDEN);
	assert_non_null(strstr(b.err.msg, "read_action_not_allowed_for_x"));
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_typed_and_payload_is_whole),
		cmocka_unit_test(trap_filters_are_lagos_own_and_checked_here),
		cmocka_unit_test(setup_asks_for_one_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
