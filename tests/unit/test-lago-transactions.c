/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-transactions.c - credits booked at a scripted Lago, each once: a test for each trap of that API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"

#define BY_ID NAMES("transaction_key", "wallet_id", "granted_credits", "metadata.why")
#define BY_CODES NAMES("transaction_key", "external_customer_id", "wallet_code", "paid_credits")
#define SEEK "/wallets/w1/wallet_transactions?page=1&per_page=10&metadata%5Bferry_key%5D=k%2E1"
#define LIST(rows) "{'wallet_transactions':[" rows "],'meta':{'current_page':1,'next_page':null,'total_count':1}}"
#define BOOKED(id, amount, key) "{'lago_id':'" id "','transaction_status':'granted','credit_amount':'" amount "'," \
	"'metadata':[{'key':'ferry_key','value':'" key "'}]}"
#define MADE(rows) "{'wallet_transactions':[" rows "]}"
#define POSTED "{'wallet_transaction':{'wallet_id':'w1','granted_credits':'12.5','metadata':[{'key':'ferry_key','value':'k.1'}," \
	"{'key':'why','value':'thanks'}]}}"
#define REFUSED(details) "{'status':422,'error':'Unprocessable Entity','code':'validation_errors','error_details':" details "}"

#define RECORD_BY_ID RECORD(text("k.1"), text("w1"), of_type(FERRY_DECIMAL, "12.5"), text("thanks"))
#define RECORD_BY_CODES RECORD(text("k.1"), text("a.b"), text("main"), of_type(FERRY_DECIMAL, "3"))

static int book(struct bench *b, const struct ferry_value *fields, struct ferry_outcome *out)
{
	struct ferry_action a = action(FERRY_CREATE, fields);

	memset(out, 0, sizeof *out);
	memset(&b->err, 0, sizeof b->err);
	return ferry_connector.apply(b->handle, &a, 1, out, &b->err);
}

/* Lago books every request: ask for the key first. Decimals are text for it. */
static void trap_a_replayed_top_up_is_booked_once(void **state)
{
	static const struct step steps[] = {
		{"GET", SEEK, NULL, OK(LIST(""))},
		{"POST", "/wallet_transactions", POSTED, OK(MADE(BOOKED("t1", "12.5", "k.1")))},
		{"GET", SEEK, NULL, OK(LIST(BOOKED("t1", "12.50", "k.1")))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, BY_ID);
	assert_int_equal(book(&b, RECORD_BY_ID, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, "t1");
	assert_string_equal(out.message, "");
	assert_int_equal(book(&b, RECORD_BY_ID, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DUPLICATE);
	assert_string_equal(out.dest_id, "t1");
	end(&b);
}

static void a_lost_answer_leaves_it_in_doubt(void **state)
{
	static const struct step steps[] = {
		{"GET", SEEK, NULL, 0, NULL, FERRY_E_NETWORK},
		{"GET", SEEK, NULL, OK(LIST(""))},
		{"POST", "/wallet_transactions", POSTED, 0, NULL, FERRY_E_TIMEOUT},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, BY_ID);
	assert_false(ferry_connector.caps & FERRY_CAP_IDEMPOTENT);
	assert_int_equal(book(&b, RECORD_BY_ID, &out), -1);
	assert_int_equal(out.ack, FERRY_ACK_UNSENT);
	assert_int_equal(book(&b, RECORD_BY_ID, &out), -1);
	assert_int_equal(out.ack, FERRY_ACK_UNKNOWN);
	end(&b);
}

/* The filter is not documented: a Lago without it lists all, one without metadata keeps none. */
static void trap_the_filter_may_not_be_heeded(void **state)
{
	static const struct step steps[] = {
		{"GET", SEEK, NULL, OK(LIST(BOOKED("t9", "1.0", "other")))},
		{"GET", SEEK, NULL, OK(LIST(""))},
		{"POST", "/wallet_transactions", POSTED, OK(MADE("{'lago_id':'t1','transaction_status':'granted','credit_amount':'12.5','metadata':[]}"))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, BY_ID);
	assert_int_equal(book(&b, RECORD_BY_ID, &out), -1);
	assert_int_equal(b.err.code, FERRY_E_SETUP);
	assert_int_equal(out.ack, FERRY_ACK_UNSENT);
	assert_int_equal(book(&b, RECORD_BY_ID, &out), -1);
	assert_int_equal(b.err.code, FERRY_E_SETUP);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	end(&b);
}

static void the_wallet_is_found_by_its_codes(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/a%2Eb/wallets/main", NULL, OK("{'wallet':{'lago_id':'w1','external_customer_id':'a.b','code':'main','status':'active'}}")},
		{"GET", SEEK, NULL, OK(LIST(""))},
		{"POST", "/wallet_transactions", "{'wallet_transaction':{'wallet_id':'w1','paid_credits':'3','metadata':[{'key':'ferry_key','value':'k.1'}]}}",
		 OK(MADE("{'lago_id':'t1','transaction_status':'purchased','credit_amount':'2.0','metadata':[{'key':'ferry_key','value':'k.1'}]}"))},
		{"GET", "/customers/a%2Eb/wallets/main", NULL, 404, "{'status':404,'error':'Not Found','code':'wallet_not_found'}"},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, BY_CODES);
	assert_int_equal(book(&b, RECORD_BY_CODES, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	/* booked, but not as it was sent */
	assert_non_null(strstr(out.message, "paid_credits"));
	assert_int_equal(book(&b, RECORD_BY_CODES, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "wallet_not_found");
	end(&b);
}

static void refusals_are_explained(void **state)
{
	static const struct step steps[] = {
		{"GET", SEEK, NULL, OK(LIST(""))},
		{"POST", "/wallet_transactions", POSTED, 422, REFUSED("{'wallet_id':['wallet_is_terminated']}")},
		{"GET", SEEK, NULL, OK(LIST(""))},
		{"POST", "/wallet_transactions", POSTED, 422, REFUSED("{'granted_credits':['invalid_granted_credits','amount_above_maximum']}")},
		{"GET", SEEK, NULL, 404, "{'status':404,'error':'Not Found','code':'wallet_not_found'}"},
		{"POST", "/wallet_transactions", POSTED, 422, REFUSED("{'metadata':'too_many_keys'}")},
		{0}};
	static const char *const says[] = {"takes no more credits", "amount_above_maximum", "too_many_keys"};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, BY_ID);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(book(&b, RECORD_BY_ID, &out), 0);
		assert_int_equal(out.ack, FERRY_ACK_REJECTED);
		assert_non_null(strstr(out.message, says[i]));
	}
	end(&b);
}

static void one_in_doubt_is_looked_up_by_its_key(void **state)
{
	static const struct step steps[] = {
		{"GET", SEEK, NULL, OK(LIST(BOOKED("t1", "12.5", "k.1")))},
		{"GET", SEEK, NULL, OK(LIST(""))},
		{0}};
	struct ferry_action a = action(FERRY_CREATE, RECORD_BY_ID), unknown = action(FERRY_CREATE, NULL);
	struct ferry_found found;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, BY_ID);
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.presence, FERRY_FOUND);
	assert_string_equal(found.dest_id, "t1");
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
	assert_int_equal(found.presence, FERRY_ABSENT);
	assert_int_equal(ferry_connector.lookup(b.handle, &unknown, 1, &found, &b.err), 0);
	assert_int_equal(found.presence, FERRY_ABSENT);
	end(&b);
}

/* Nothing of nothing is made: it could not be found again. */
static void records_without_credits_are_invalid(void **state)
{
	static const char *const names[] = {"transaction_key", "wallet_id", "paid_credits", "granted_credits", "priority"};
	const struct {
		struct ferry_value paid, granted, priority;
		const char *field;
	} cases[] = {
		{of_type(FERRY_DECIMAL, "0"), nothing, nothing, "granted_credits"},
		{of_type(FERRY_DECIMAL, "0"), of_type(FERRY_DECIMAL, "0.5"), nothing, NULL},
		{of_type(FERRY_DECIMAL, "-1"), of_type(FERRY_DECIMAL, "1"), nothing, "paid_credits"},
		{of_type(FERRY_DECIMAL, "1"), nothing, integer(0), "priority"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ferry_value fields[] = {text("k"), text("w1"), cases[i].paid, cases[i].granted, cases[i].priority};
		struct ferry_issue issue = {0};
		struct made_layout layout;
		struct pure_memory memory;
		layout_make(&layout, ferry_connector.fields, names, 5);
		pure_init(&memory, &layout.layout);
		assert_int_equal(ferry_connector.canonicalize(&memory.pure, fields, &issue), cases[i].field ? -1 : 0);
		if (cases[i].field)
			assert_string_equal(issue.field, cases[i].field);
		pure_release(&memory);
	}
}

static void mappings_that_cannot_work_are_refused(void **state)
{
	static const struct {
		const char *names[5];
		bool good;
	} cases[] = {
		{{"transaction_key", "wallet_id", "paid_credits"}, true},
		{{"transaction_key", "external_customer_id", "wallet_code", "voided_credits"}, true},
		{{"transaction_key", "external_customer_id", "paid_credits"}, false},
		{{"transaction_key", "wallet_id", "external_customer_id", "wallet_code", "paid_credits"}, false},
		{{"transaction_key", "paid_credits"}, false},
		{{"transaction_key", "wallet_id", "name"}, false},
		{{"transaction_key", "wallet_id", "paid_credits", "metadata.ferry_key"}, false},
		{{"transaction_key", "wallet_id", "paid_credits", "metadata.a_key_that_is_too_long"}, false},
		{{"wallet_id", "paid_credits"}, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bench b;
		size_t n = 0;
		while (n < 5 && cases[i].names[n])
			n++;
		scripted_init(&b.s, "https://lago.test/api/v1", (const struct step[]){{0}});
		assert_int_equal(open_with(&b, "https://lago.test", KEY, cases[i].names, n, FERRY_MODE_APPEND), cases[i].good ? 0 : -1);
		if (cases[i].good)
			ferry_connector.close(b.handle);
		else
			assert_int_equal(b.err.code, FERRY_E_CONFIG);
		scripted_release(&b.s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trap_a_replayed_top_up_is_booked_once),
		cmocka_unit_test(a_lost_answer_leaves_it_in_doubt),
		cmocka_unit_test(trap_the_filter_may_not_be_heeded),
		cmocka_unit_test(the_wallet_is_found_by_its_codes),
		cmocka_unit_test(refusals_are_explained),
		cmocka_unit_test(one_in_doubt_is_looked_up_by_its_key),
		cmocka_unit_test(records_without_credits_are_invalid),
		cmocka_unit_test(mappings_that_cannot_work_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
