/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-invoices.c - invoices made, paid, marked and voided at a scripted Lago: a test for each trap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"

#define NEW_NAMES NAMES("purchase_order_number", "external_customer_id", "fees", "currency")
#define FEES "[{\"add_on_code\":\"setup\"}]"
#define SEEK "/invoices?page=1&per_page=10&purchase_order_number=po%2E1&external_customer_id=c1"
#define NOBODYS "purchase_order_number=ferry-asks-whether-this-filter-works"
#define PROBE "/invoices?page=1&per_page=10&" NOBODYS "&external_customer_id=c1"
#define LIST(rows) "{'invoices':[" rows "],'meta':{'current_page':1,'next_page':null,'total_count':1}}"
#define ONE_OFF(id, more) "{'lago_id':'" id "','customer':{'external_id':'c1'},'currency':'EUR','status':'finalized'," \
	"'fees':[{'item':{'code':'setup'}}]" more "}"
#define POSTED "{'invoice':{'purchase_order_number':'po.1','external_customer_id':'c1','fees':[{'add_on_code':'setup'}],'currency':'EUR'}}"
#define INVOICE(more) "{'invoice':{'lago_id':'i1','status':'finalized','payment_status':'pending'" more "}}"
#define REFUSED_405(code) "{'status':405,'error':'Method Not Allowed','code':'" code "'}"

static struct ferry_value json(const char *s)
{
	return of_type(FERRY_JSON, s);
}

#define NEW_RECORD RECORD(text("po.1"), text("c1"), json(FEES), text("EUR"))

static int apply_to(struct bench *b, enum ferry_decision decision, const char *id, const struct ferry_value *fields,
		    struct ferry_outcome *out)
{
	struct ferry_action a = action(decision, fields);

	a.dest_id = id;
	memset(out, 0, sizeof *out);
	return ferry_connector.apply(b->handle, &a, 1, out, &b->err);
}

/* -- making --------------------------------------------------------------------------------- */

/* Lago makes another invoice of every request: ask for the reference first, and find the first one again. */
static void trap_a_replayed_creation_makes_no_second_invoice(void **state)
{
	static const struct step steps[] = {
		{"GET", SEEK, NULL, OK(LIST(""))},
		{"POST", "/invoices", POSTED, OK("{'invoice':" ONE_OFF("i1", ",'purchase_order_number':'po.1'") "}")},
		{"GET", SEEK, NULL, OK(LIST(ONE_OFF("i1", ",'purchase_order_number':'po.1'")))},
		/* the same again */
		{"GET", SEEK, NULL, OK(LIST(ONE_OFF("i1", ",'purchase_order_number':'po.1'")))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, NEW_NAMES);
	assert_int_equal(apply_to(&b, FERRY_CREATE, "", NEW_RECORD, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, "i1");
	assert_string_equal(out.message, "");
	assert_int_equal(apply_to(&b, FERRY_CREATE, "", NEW_RECORD, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DUPLICATE);
	assert_string_equal(out.dest_id, "i1");
	end(&b);
}

/* No answer: in doubt, and the connector does not claim that sending again would do no harm. */
static void a_lost_answer_leaves_it_in_doubt(void **state)
{
	static const struct step steps[] = {
		{"GET", SEEK, NULL, OK(LIST(""))},
		{"POST", "/invoices", POSTED, 0, NULL, FERRY_E_NETWORK},
		{"GET", SEEK, NULL, 0, NULL, FERRY_E_NETWORK},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, NEW_NAMES);
	assert_false(ferry_connector.capabilities(b.handle) & FERRY_CAP_IDEMPOTENT);
	assert_int_equal(apply_to(&b, FERRY_CREATE, "", NEW_RECORD, &out), -1);
	assert_int_equal(out.ack, FERRY_ACK_UNKNOWN);
	/* while it only asks, nothing is in doubt */
	assert_int_equal(apply_to(&b, FERRY_CREATE, "", NEW_RECORD, &out), -1);
	assert_int_equal(out.ack, FERRY_ACK_UNSENT);
	end(&b);
}

/* A Lago that does not know the filter answers with whatever invoices there are. */
static void trap_an_unknown_filter_finds_everything(void **state)
{
	static const struct step steps[] = {
		{"GET", "/invoices?page=1&per_page=1", NULL, OK(LIST(ONE_OFF("i9", "")))},
		{"GET", "/invoices?page=1&per_page=10&" NOBODYS, NULL, OK(LIST(ONE_OFF("i9", "")))},
		/* it was empty when the run began */
		{"GET", SEEK, NULL, OK(LIST(ONE_OFF("i9", "")))},
		{"GET", PROBE, NULL, OK(LIST(ONE_OFF("i9", "")))},
		/* rows that tell another reference are not it */
		{"GET", SEEK, NULL, OK(LIST(ONE_OFF("i9", ",'purchase_order_number':'other'") "," ONE_OFF("i8", ",'purchase_order_number':null")))},
		{"POST", "/invoices", POSTED, OK("{'invoice':" ONE_OFF("i1", "") "}")},
		{"GET", SEEK, NULL, OK(LIST(ONE_OFF("i9", ",'purchase_order_number':'other'")))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, NEW_NAMES);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_SETUP);
	assert_int_equal(apply_to(&b, FERRY_CREATE, "", NEW_RECORD, &out), -1);
	assert_int_equal(b.err.code, FERRY_E_SETUP);
	assert_int_equal(out.ack, FERRY_ACK_UNSENT);
	/* made, but nothing would find it: no further one */
	assert_int_equal(apply_to(&b, FERRY_CREATE, "", NEW_RECORD, &out), -1);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_int_equal(b.err.code, FERRY_E_SETUP);
	end(&b);
}

/* Rows that do not tell their reference are believed once the filter is known to work. */
static void a_filter_that_works_is_believed(void **state)
{
	static const struct step steps[] = {
		{"GET", SEEK, NULL, OK(LIST(ONE_OFF("i1", "")))},
		{"GET", PROBE, NULL, OK(LIST(""))},
		{"GET", SEEK, NULL, OK(LIST(ONE_OFF("i1", "")))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, NEW_NAMES);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(apply_to(&b, FERRY_CREATE, "", NEW_RECORD, &out), 0);
		assert_int_equal(out.ack, FERRY_ACK_DUPLICATE);
	}
	end(&b);
}

static void refusals_of_new_invoices_are_explained(void **state)
{
	static const struct {
		int status;
		const char *answer, *code, *field;
	} cases[] = {
		{404, "{'status':404,'error':'Not Found','code':'customer_not_found'}", "customer_not_found", "external_customer_id"},
		{404, "{'status':404,'error':'Not Found','code':'add_on_not_found'}", "add_on_not_found", "fees"},
		{422, "{'status':422,'code':'validation_errors','error_details':{'currency':['currencies_does_not_match']}}",
		 "currencies_does_not_match", "currency"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		/* a list may not know the customer either */
		const struct step steps[] = {
			{"GET", SEEK, NULL, cases[i].field[0] == 'e' ? 404 : 200, cases[i].field[0] == 'e' ? cases[i].answer : LIST("")},
			{"POST", "/invoices", POSTED, cases[i].status, cases[i].answer},
			{0}};
		struct ferry_outcome out;
		struct bench b;
		begin(&b, steps, FERRY_MODE_INSERT, NEW_NAMES);
		assert_int_equal(apply_to(&b, FERRY_CREATE, "", NEW_RECORD, &out), 0);
		assert_int_equal(out.ack, FERRY_ACK_REJECTED);
		assert_string_equal(out.code, cases[i].code);
		assert_string_equal(out.field, cases[i].field);
		assert_null(strstr(out.message, "Not Found"));
		end(&b);
	}
}

/* What Lago tells is compared; the lines cannot be read back and never change. */
static void a_new_invoice_is_looked_up_by_its_reference(void **state)
{
	static const struct step steps[] = {
		{"GET", SEEK, NULL, OK(LIST("{'lago_id':'i1','customer':{'external_id':'c1'},'currency':'USD','purchase_order_number':'po.1'}"))},
		{"GET", SEEK, NULL, OK(LIST(ONE_OFF("i1", ",'purchase_order_number':'po.1'") "," ONE_OFF("i2", ",'purchase_order_number':'po.1'")))},
		{"GET", SEEK, NULL, OK(LIST(""))},
		{0}};
	static const enum ferry_presence presence[] = {FERRY_FOUND, FERRY_SEVERAL, FERRY_ABSENT};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_APPEND, NEW_NAMES);
	for (int i = 0; i < 3; i++) {
		struct ferry_action a = action(FERRY_CREATE, NEW_RECORD);
		struct ferry_found found;
		assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), 0);
		assert_int_equal(found.presence, presence[i]);
		if (i)
			continue;
		assert_string_equal(found.dest_id, "i1");
		assert_string_equal(found.fields[2].s, FEES);
		assert_string_equal(found.fields[3].s, "USD");
	}
	end(&b);
}

/* -- changing ------------------------------------------------------------------------------- */

/* Metadata is replaced as a whole and matched by Lago's ids: read, keep what is not ours, send ids. */
static void trap_metadata_is_sent_with_its_ids(void **state)
{
	static const struct step steps[] = {
		{"GET", "/invoices/i1", NULL, OK(INVOICE(",'metadata':[{'lago_id':'m1','key':'mine','value':'old'},"
		 "{'lago_id':'m2','key':'theirs','value':'t'},{'lago_id':'m3','key':'gone','value':'g'}]"))},
		{"PUT", "/invoices/i1", "{'invoice':{'payment_status':'succeeded','metadata':[{'id':'m1','key':'mine','value':'new'},"
		 "{'id':'m2','key':'theirs','value':'t'},{'key':'more','value':'m'}]}}",
		 OK("{'invoice':{'lago_id':'i1','payment_status':'succeeded','metadata':[{'key':'mine','value':'new'},{'key':'more','value':'m'}]}}")},
		/* all is as it should be: nothing is sent, not even the status, which would be another payment */
		{"GET", "/invoices/i1", NULL, OK("{'invoice':{'lago_id':'i1','payment_status':'succeeded',"
		 "'metadata':[{'lago_id':'m1','key':'mine','value':'new'},{'lago_id':'m4','key':'more','value':'m'}]}}")},
		{0}};
	const struct ferry_value fields[] = {text("i1"), text("succeeded"), text("new"), nothing, text("m")};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("lago_id", "payment_status", "metadata.mine", "metadata.gone", "metadata.more"));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(apply_to(&b, FERRY_UPDATE, "i1", fields, &out), 0);
		assert_int_equal(out.ack, FERRY_ACK_DONE);
		assert_string_equal(out.dest_id, "i1");
		assert_string_equal(out.message, "");
	}
	end(&b);
}

static void too_many_metadata_entries_are_refused_here(void **state)
{
	static const struct step steps[] = {
		{"GET", "/invoices/i1", NULL, OK(INVOICE(",'metadata':[{'lago_id':'1','key':'a','value':'f'},{'lago_id':'2','key':'b','value':'f'},"
		 "{'lago_id':'3','key':'c','value':'f'},{'lago_id':'4','key':'d','value':'f'},{'lago_id':'5','key':'e','value':'f'}]"))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("lago_id", "metadata.mine"));
	assert_int_equal(apply_to(&b, FERRY_UPDATE, "i1", RECORD(text("i1"), text("v")), &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "invalid_count");
	end(&b);
}

/* 405 is no wrong verb for Lago, but a state that does not allow it. */
static void trap_a_state_that_forbids_it_is_explained(void **state)
{
	static const struct {
		const char *code, *field, *says;
	} cases[] = {
		{"payment_status_update_on_draft_invoice", "payment_status", "is a draft"},
		{"metadata_on_draft_invoice", "metadata", "is a draft"},
		{"update_on_voided_invoice", "status", "is voided"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char answer[120];
		const struct step steps[] = {
			{"GET", "/invoices/i1", NULL, OK(INVOICE(""))},
			{"PUT", "/invoices/i1", "{'invoice':{'payment_status':'failed'}}", 405, answer},
			{0}};
		struct ferry_outcome out;
		struct bench b;
		snprintf(answer, sizeof answer, "{'status':405,'error':'Method Not Allowed','code':'%s'}", cases[i].code);
		begin(&b, steps, FERRY_MODE_UPDATE, NAMES("lago_id", "payment_status"));
		assert_int_equal(apply_to(&b, FERRY_UPDATE, "i1", RECORD(text("i1"), text("failed")), &out), 0);
		assert_int_equal(out.ack, FERRY_ACK_REJECTED);
		assert_string_equal(out.code, cases[i].code);
		assert_string_equal(out.field, cases[i].field);
		assert_non_null(strstr(out.message, cases[i].says));
		end(&b);
	}
}

static void an_invoice_that_is_not_there_is_refused(void **state)
{
	static const struct step steps[] = {
		{"GET", "/invoices/i1", NULL, 404, "{'status':404,'error':'Not Found','code':'invoice_not_found'}"},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("lago_id", "payment_status"));
	assert_int_equal(apply_to(&b, FERRY_UPDATE, "i1", RECORD(text("i1"), text("failed")), &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "invoice_not_found");
	end(&b);
}

/* -- voiding -------------------------------------------------------------------------------- */

static void trap_only_finalized_invoices_can_be_voided(void **state)
{
	static const struct step steps[] = {
		{"POST", "/invoices/i1/void", NULL, OK("{'invoice':{'lago_id':'i1','status':'voided'}}")},
		/* voided before */
		{"POST", "/invoices/i1/void", NULL, 405, REFUSED_405("not_voidable")},
		{"GET", "/invoices/i1", NULL, OK("{'invoice':{'lago_id':'i1','status':'voided'}}")},
		/* gone */
		{"POST", "/invoices/i1/void", NULL, 404, "{'status':404,'error':'Not Found','code':'invoice_not_found'}"},
		/* a draft */
		{"POST", "/invoices/i1/void", NULL, 405, REFUSED_405("not_voidable")},
		{"GET", "/invoices/i1", NULL, OK("{'invoice':{'lago_id':'i1','status':'draft'}}")},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("lago_id", "payment_status"));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(apply_to(&b, FERRY_DISABLE, "i1", NULL, &out), 0);
		assert_int_equal(out.ack, i < 3 ? FERRY_ACK_DONE : FERRY_ACK_REJECTED);
	}
	assert_string_equal(out.code, "not_voidable");
	assert_non_null(strstr(out.message, "only a finalized invoice"));
	end(&b);
}

static void an_invoice_that_stays_is_not_taken_for_voided(void **state)
{
	static const struct step steps[] = {
		{"POST", "/invoices/i1/void", NULL, OK(INVOICE(""))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("lago_id", "payment_status"));
	assert_int_equal(apply_to(&b, FERRY_DISABLE, "i1", NULL, &out), -1);
	assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	assert_int_equal(out.ack, FERRY_ACK_UNKNOWN);
	end(&b);
}

/* -- form, check ---------------------------------------------------------------------------- */

static void lines_take_lagos_form(void **state)
{
	static const struct {
		const char *fees, *form;
	} cases[] = {
		{"[ {\"add_on_code\": \"setup\", \"units\": 2.50, \"unit_amount_cents\": 100} ]",
		 "[{\"add_on_code\":\"setup\",\"units\":\"2.50\",\"unit_amount_cents\":100}]"},
		{"[{\"add_on_code\":\"setup\",\"tax_codes\":[\"vat\"],\"description\":null}]",
		 "[{\"add_on_code\":\"setup\",\"tax_codes\":[\"vat\"],\"description\":null}]"},
		{"[]", "must be a JSON list of at least one fee: [{\"add_on_code\": \"setup\"}]"},
		{"[1]", "fee 1 is no object"},
		{"[{\"add_on_code\":\"a\"},{}]", "fee 2 has no 'add_on_code'"},
		{"[{\"add_on_code\":\"a\",\"unit_amount_cents\":\"100\"}]", "fee 1: 'unit_amount_cents' must be a whole number of cents"},
		{"[{\"add_on_code\":\"a\",\"unit_amount_cents\":1.5}]", "fee 1: 'unit_amount_cents' must be a whole number of cents"},
		{"[{\"add_on_code\":\"a\",\"units\":\"many\"}]", "fee 1: 'units' must be a decimal of 0 or more"},
		{"[{\"add_on_code\":\"a\",\"unit_amount\":1}]", "fee 1: 'unit_amount' is no member of a fee: Lago would ignore it"},
		{"[{\"add_on_code\":\"a\",\"skip_psp\":true}]", "fee 1: 'skip_psp' is no member of a fee: Lago would ignore it"},
	};
	static const char *const names[] = {"fees"};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ferry_value v = json(cases[i].fees);
		struct ferry_issue issue = {0};
		struct made_layout layout;
		struct pure_memory memory;
		layout_make(&layout, ferry_connector.fields, names, 1);
		pure_init(&memory, &layout.layout);
		bool good = ferry_connector.canonicalize(&memory.pure, &v, &issue) == 0;
		assert_int_equal(good, cases[i].form[0] == '[');
		assert_string_equal(good ? v.s : issue.message, cases[i].form);
		pure_release(&memory);
	}
}

static void note_mistake(struct ferry_check *check, const char *about, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void note_mistake(struct ferry_check *check, const char *about, const char *fmt, ...)
{
	char *out = check->ctx;
	va_list ap;

	out += snprintf(out, 80, "%s: ", about ? about : "-");
	va_start(ap, fmt);
	vsnprintf(out, 200, fmt, ap);
	va_end(ap);
}

/* One mapping either makes invoices or changes them. */
static void mixtures_are_refused_early(void **state)
{
	static const struct {
		enum ferry_mode mode;
		const char *names[4];
		const char *says;
	} cases[] = {
		{FERRY_MODE_UPDATE, {"lago_id", "payment_status", "metadata.k"}, ""},
		{FERRY_MODE_UPDATE, {"lago_id", "fees"}, "fees: fees is for new invoices"},
		{FERRY_MODE_UPDATE, {"purchase_order_number", "payment_status"}, "purchase_order_number: purchase_order_number is for new"},
		{FERRY_MODE_UPDATE, {"payment_status"}, "-: to change invoices 'lago_id' must be mapped"},
		{FERRY_MODE_UPDATE, {"lago_id", "metadata.a_key_that_is_too_long"}, "metadata.a_key_that_is_too_long: metadata.a_key"},
		{FERRY_MODE_APPEND, {"purchase_order_number", "external_customer_id", "fees", "currency"}, ""},
		{FERRY_MODE_APPEND, {"purchase_order_number", "external_customer_id", "fees", "payment_status"},
		 "payment_status: payment_status is for invoices that are there"},
		{FERRY_MODE_INSERT, {"lago_id", "external_customer_id", "fees"}, "lago_id: lago_id is for invoices that are there"},
		{FERRY_MODE_INSERT, {"external_customer_id", "fees"}, "-: to make invoices 'purchase_order_number' must be mapped"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char said[300] = "";
		struct ferry_check check = {.ctx = said, .mistake = note_mistake};
		struct made_layout layout;
		struct bench b;
		size_t n = 0;
		while (n < 4 && cases[i].names[n])
			n++;
		scripted_init(&b.s, "https://lago.test/api/v1", (const struct step[]){{0}});
		layout_make(&layout, ferry_connector.fields, cases[i].names, n);
		struct ferry_open open = {.host = &b.s.host, .role = FERRY_DESTINATION, .layout = &layout.layout,
					  .mode = cases[i].mode};
		ferry_connector.check(&open, &check);
		if (strncmp(said, cases[i].says, strlen(cases[i].says)) != 0 || !*said != !*cases[i].says)
			fail_msg("case %zu: %s", i, said);
		/* and where nobody checked, when it is opened */
		assert_int_equal(open_with(&b, "https://lago.test", KEY, cases[i].names, n, cases[i].mode), *said ? -1 : 0);
		if (!*said)
			ferry_connector.close(b.handle);
		else
			assert_int_equal(b.err.code, FERRY_E_CONFIG);
		scripted_release(&b.s);
	}
}

/* What changes invoices may repeat a request and void; what makes them may not. */
static void each_use_tells_what_it_can_do(void **state)
{
	static const struct step none[] = {{0}};
	struct bench b;
	(void)state;
	begin(&b, none, FERRY_MODE_UPDATE, NAMES("lago_id", "payment_status"));
	uint32_t caps = ferry_connector.capabilities(b.handle);
	assert_int_equal(caps & (FERRY_CAP_IDEMPOTENT | FERRY_CAP_DISABLE | FERRY_CAP_LIST | FERRY_CAP_LOOKUP),
			 FERRY_CAP_IDEMPOTENT | FERRY_CAP_DISABLE | FERRY_CAP_LIST | FERRY_CAP_LOOKUP);
	end(&b);
	begin(&b, none, FERRY_MODE_APPEND, NEW_NAMES);
	caps = ferry_connector.capabilities(b.handle);
	assert_int_equal(caps & (FERRY_CAP_IDEMPOTENT | FERRY_CAP_DISABLE | FERRY_CAP_LIST | FERRY_CAP_LOOKUP), FERRY_CAP_LOOKUP);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trap_a_replayed_creation_makes_no_second_invoice),
		cmocka_unit_test(a_lost_answer_leaves_it_in_doubt),
		cmocka_unit_test(trap_an_unknown_filter_finds_everything),
		cmocka_unit_test(a_filter_that_works_is_believed),
		cmocka_unit_test(refusals_of_new_invoices_are_explained),
		cmocka_unit_test(a_new_invoice_is_looked_up_by_its_reference),
		cmocka_unit_test(trap_metadata_is_sent_with_its_ids),
		cmocka_unit_test(too_many_metadata_entries_are_refused_here),
		cmocka_unit_test(trap_a_state_that_forbids_it_is_explained),
		cmocka_unit_test(an_invoice_that_is_not_there_is_refused),
		cmocka_unit_test(trap_only_finalized_invoices_can_be_voided),
		cmocka_unit_test(an_invoice_that_stays_is_not_taken_for_voided),
		cmocka_unit_test(lines_take_lagos_form),
		cmocka_unit_test(mixtures_are_refused_early),
		cmocka_unit_test(each_use_tells_what_it_can_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
