/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-wallets.c - wallets written to a scripted Lago: one test for each trap of that API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"

#define CREATE_NAMES NAMES("external_customer_id", "code", "rate_amount", "currency")
#define WALLET(more) "{'wallet':{'lago_id':'w1','external_customer_id':'c1','code':'main','status':'active'," \
	"'rate_amount':'1.0','currency':'EUR','name':'Main','applies_to':{'fee_types':['charge']," \
	"'billable_metric_codes':['kwh','idle']}" more "}}"
#define REFUSED(details) "{'status':422,'error':'Unprocessable Entity','code':'validation_errors','error_details':" details "}"
#define NOT_THERE "{'status':404,'error':'Not Found','code':'wallet_not_found'}"
#define BY_CODE "/customers/c1/wallets/main"
#define POSTED "{'wallet':{'external_customer_id':'c1','code':'main','rate_amount':'1','currency':'EUR'}}"

static struct ferry_value decimal(const char *s)
{
	return of_type(FERRY_DECIMAL, s);
}

static struct ferry_value json(const char *s)
{
	return of_type(FERRY_JSON, s);
}

#define BASICS text("c1"), text("main"), decimal("1"), text("EUR")

/* Apply one action to a wallet that is known by that id ("": not yet). */
static int apply_to(struct bench *b, enum ferry_decision decision, const char *id, const struct ferry_value *fields,
		    struct ferry_outcome *out)
{
	struct ferry_action a = action(decision, fields);

	a.dest_id = id;
	memset(out, 0, sizeof *out);
	return ferry_connector.apply(b->handle, &a, 1, out, &b->err);
}

static struct ferry_found look_up(struct bench *b, const char *id, const struct ferry_value *fields)
{
	struct ferry_action a = action(FERRY_UPDATE, fields);
	struct ferry_found found;

	a.dest_id = id;
	assert_int_equal(ferry_connector.lookup(b->handle, &a, 1, &found, &b->err), 0);
	return found;
}

/* -- making --------------------------------------------------------------------------------- */

/* Decimals are texts for Lago, a JSON number is refused; what is NULL has nothing to clear yet. */
static void trap_decimals_are_sent_as_text(void **state)
{
	static const struct step steps[] = {
		{"POST", "/wallets", "{'wallet':{'external_customer_id':'c1','code':'main','rate_amount':'1','currency':'EUR',"
		 "'paid_credits':'12.5','applies_to':{'fee_types':['charge']},'metadata':{'a.b':'x'}}}",
		 OK(WALLET(",'metadata':{'a.b':'x'}"))},
		{0}};
	const struct ferry_value fields[] = {BASICS, decimal("12.5"), nothing, json("[\"charge\"]"), text("x"), nothing};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_customer_id", "code", "rate_amount", "currency", "paid_credits",
						  "name", "applies_to.fee_types", "metadata.a.b", "metadata.none"));
	assert_int_equal(apply_to(&b, FERRY_CREATE, "", fields, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, "w1");
	assert_string_equal(out.message, "");
	end(&b);
}

/* The request may be sent twice: the code is taken then, and the wallet gets no second credits. */
static void trap_a_repeated_creation_gives_no_second_credits(void **state)
{
	static const struct step steps[] = {
		{"POST", "/wallets", "{'wallet':{'external_customer_id':'c1','code':'main','rate_amount':'1','currency':'EUR','paid_credits':'5'}}",
		 422, REFUSED("{'code':['value_already_exist']}")},
		{"GET", BY_CODE, NULL, OK(WALLET(""))},
		{"PUT", "/wallets/w1", "{'wallet':{'code':'main','applies_to':{'fee_types':['charge'],'billable_metric_codes':['kwh','idle']}}}",
		 OK(WALLET(""))},
		{0}};
	const struct ferry_value fields[] = {BASICS, decimal("5")};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_customer_id", "code", "rate_amount", "currency", "paid_credits"));
	assert_int_equal(apply_to(&b, FERRY_CREATE, "", fields, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.dest_id, "w1");
	assert_non_null(strstr(out.message, "initial credits"));
	end(&b);
}

static void in_mode_insert_a_taken_code_is_left_alone(void **state)
{
	static const struct step steps[] = {
		{"POST", "/wallets", POSTED, 422, REFUSED("{'code':['value_already_exist']}")},
		{"GET", BY_CODE, NULL, OK(WALLET(""))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_INSERT, CREATE_NAMES);
	assert_int_equal(apply_to(&b, FERRY_CREATE, "", RECORD(BASICS), &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DUPLICATE);
	end(&b);
}

/* An answer that was lost: in doubt, and never sent as if nothing had been. */
static void a_lost_answer_leaves_it_in_doubt(void **state)
{
	static const struct step steps[] = {
		{"POST", "/wallets", POSTED, 0, NULL, FERRY_E_TIMEOUT},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, CREATE_NAMES);
	assert_int_equal(apply_to(&b, FERRY_CREATE, "", RECORD(BASICS), &out), -1);
	assert_int_equal(out.ack, FERRY_ACK_UNKNOWN);
	end(&b);
}

/* Lago's own words for what it refuses are explained, and the unknown customer is a 422 there. */
static void trap_refusals_are_explained(void **state)
{
	static const struct {
		int status;
		const char *answer, *code, *field, *says;
	} cases[] = {
		{422, REFUSED("{'customer':['wallet_limit_reached']}"), "wallet_limit_reached", "external_customer_id", "(6)"},
		{422, REFUSED("{'customer':['customer_not_found']}"), "customer_not_found", "external_customer_id", "load customers first"},
		{404, "{'status':404,'error':'Not Found','code':'billable_metrics_not_found'}", "billable_metrics_not_found",
		 "applies_to.billable_metric_codes", "load metrics first"},
		{422, REFUSED("{'metadata':'too_many_keys'}"), "too_many_keys", "metadata", "too_many_keys"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct step steps[] = {
			{"POST", "/wallets", POSTED, cases[i].status, cases[i].answer},
			{0}};
		struct ferry_outcome out;
		struct bench b;
		begin(&b, steps, FERRY_MODE_UPSERT, CREATE_NAMES);
		assert_int_equal(apply_to(&b, FERRY_CREATE, "", RECORD(BASICS), &out), 0);
		assert_int_equal(out.ack, FERRY_ACK_REJECTED);
		assert_string_equal(out.code, cases[i].code);
		assert_string_equal(out.field, cases[i].field);
		assert_non_null(strstr(out.message, cases[i].says));
		end(&b);
	}
}

/* -- changing ------------------------------------------------------------------------------- */

/* A change that does not say what the wallet applies to would empty it. */
static void trap_targets_that_are_not_sent_are_emptied(void **state)
{
	static const struct step steps[] = {
		{"GET", "/wallets/w1", NULL, OK(WALLET(""))},
		{"PUT", "/wallets/w1", "{'wallet':{'code':'main','name':'New','applies_to':{'fee_types':['charge'],"
		 "'billable_metric_codes':['kwh','idle']}}}", OK(WALLET(",'name':'New'"))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("external_customer_id", "code", "name"));
	assert_int_equal(apply_to(&b, FERRY_UPDATE, "w1", RECORD(text("c1"), text("main"), text("New")), &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_string_equal(out.message, "");
	end(&b);
}

static void mapped_targets_replace_those_that_are_there(void **state)
{
	static const struct step steps[] = {
		{"GET", "/wallets/w1", NULL, OK(WALLET(""))},
		{"PUT", "/wallets/w1", "{'wallet':{'code':'main','applies_to':{'fee_types':['charge'],'billable_metric_codes':[]}}}",
		 OK("{'wallet':{'lago_id':'w1','external_customer_id':'c1','code':'main','applies_to':{'fee_types':['charge'],'billable_metric_codes':['kwh']}}}")},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("external_customer_id", "code", "applies_to.billable_metric_codes"));
	assert_int_equal(apply_to(&b, FERRY_UPDATE, "w1", RECORD(text("c1"), text("main"), json("[]")), &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	/* and what Lago did not keep is told */
	assert_non_null(strstr(out.message, "applies_to.billable_metric_codes"));
	end(&b);
}

/* Lago would answer 200 and keep the old ones: a balance would be worth something else than it is here. */
static void trap_rate_and_currency_cannot_be_changed(void **state)
{
	static const struct step steps[] = {
		{"GET", "/wallets/w1", NULL, OK(WALLET(""))},
		{"GET", "/wallets/w1", NULL, OK(WALLET(""))},
		{"GET", "/wallets/w1", NULL, OK(WALLET(""))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, CREATE_NAMES);
	/* nor whose it is: ids differ by case, currencies do not */
	assert_int_equal(apply_to(&b, FERRY_UPDATE, "w1", RECORD(text("C1"), text("main"), decimal("1"), text("eur")), &out), 0);
	assert_string_equal(out.field, "external_customer_id");
	assert_int_equal(apply_to(&b, FERRY_UPDATE, "w1", RECORD(text("c1"), text("main"), decimal("2"), text("EUR")), &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_REJECTED);
	assert_string_equal(out.code, "not_editable");
	assert_string_equal(out.field, "rate_amount");
	assert_non_null(strstr(out.message, "rate_amount is 1 and"));
	assert_int_equal(apply_to(&b, FERRY_UPDATE, "w1", RECORD(text("c1"), text("main"), decimal("1"), text("USD")), &out), 0);
	assert_string_equal(out.field, "currency");
	end(&b);
}

/* What counts only for a new wallet is not sent with a change. */
static void trap_credits_are_given_only_when_a_wallet_is_made(void **state)
{
	static const struct step steps[] = {
		{"GET", "/wallets/w1", NULL, OK(WALLET(""))},
		{"PUT", "/wallets/w1", "{'wallet':{'code':'main','applies_to':{'fee_types':['charge'],'billable_metric_codes':['kwh','idle']}}}",
		 OK(WALLET(""))},
		{0}};
	const struct ferry_value fields[] = {BASICS, decimal("5"), text("first")};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_customer_id", "code", "rate_amount", "currency", "granted_credits",
						  "transaction_name"));
	assert_int_equal(apply_to(&b, FERRY_UPDATE, "w1", fields, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	end(&b);
}

static void trap_a_terminated_wallet_is_not_changed(void **state)
{
	static const struct step steps[] = {
		{"GET", "/wallets/w1", NULL, OK("{'wallet':{'lago_id':'w1','external_customer_id':'c1','code':'main','status':'terminated',"
		 "'rate_amount':'1.0','currency':'EUR'}}")},
		/* it ends between reading and writing */
		{"GET", "/wallets/w1", NULL, OK(WALLET(""))},
		{"PUT", "/wallets/w1", "{'wallet':{'code':'main','applies_to':{'fee_types':['charge'],'billable_metric_codes':['kwh','idle']}}}",
		 422, REFUSED("{'wallet_id':['wallet_is_terminated']}")},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, CREATE_NAMES);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(apply_to(&b, FERRY_UPDATE, "w1", RECORD(BASICS), &out), 0);
		assert_int_equal(out.ack, FERRY_ACK_REJECTED);
		assert_string_equal(out.code, "wallet_is_terminated");
		assert_non_null(strstr(out.message, "cannot be undone"));
	}
	end(&b);
}

/* Entries that are not mapped stay, whether Lago replaces or merges; what is NULL is emptied. */
static void metadata_of_others_stays(void **state)
{
	static const struct step steps[] = {
		{"GET", "/wallets/w1", NULL, OK(WALLET(",'metadata':{'theirs':'t','mine':'old','gone':'g'}"))},
		{"PUT", "/wallets/w1", "{'wallet':{'code':'main','applies_to':{'fee_types':['charge'],'billable_metric_codes':['kwh','idle']},"
		 "'metadata':{'theirs':'t','mine':'new','gone':null}}}", OK(WALLET(",'metadata':{'theirs':'t','mine':'other','gone':null}"))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("external_customer_id", "code", "metadata.mine", "metadata.gone", "metadata.never"));
	assert_int_equal(apply_to(&b, FERRY_UPDATE, "w1", RECORD(text("c1"), text("main"), text("new"), nothing, nothing), &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_non_null(strstr(out.message, "metadata.mine"));
	assert_null(strstr(out.message, "metadata.gone"));
	end(&b);
}

static void fields_ignored_without_a_word_are_reported(void **state)
{
	static const struct step steps[] = {
		{"GET", "/wallets/w1", NULL, OK(WALLET(",'priority':50"))},
		{"PUT", "/wallets/w1", "{'wallet':{'code':'main','priority':3,'applies_to':{'fee_types':['charge'],'billable_metric_codes':['kwh','idle']}}}",
		 OK(WALLET(",'priority':50"))},
		{0}};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPDATE, NAMES("external_customer_id", "code", "priority"));
	assert_int_equal(apply_to(&b, FERRY_UPDATE, "w1", RECORD(text("c1"), text("main"), integer(3)), &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_non_null(strstr(out.message, "priority"));
	end(&b);
}

/* -- ending --------------------------------------------------------------------------------- */

static void gone_and_disabled_wallets_are_terminated(void **state)
{
	static const struct step steps[] = {
		{"DELETE", "/wallets/w1", NULL, OK(WALLET(""))},
		{"DELETE", "/wallets/w1", NULL, 404, NOT_THERE},
		/* known by its codes only */
		{"GET", BY_CODE, NULL, OK(WALLET(""))},
		{"DELETE", "/wallets/w1", NULL, OK(WALLET(""))},
		{"GET", BY_CODE, NULL, 404, NOT_THERE},
		{0}};
	struct ferry_action a = {.decision = FERRY_DISABLE, .key = "k", .key_len = 1, .dest_id = "",
				 .before = RECORD(BASICS)};
	struct ferry_outcome out;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_MIRROR, CREATE_NAMES);
	assert_int_equal(apply_to(&b, FERRY_DELETE, "w1", NULL, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	assert_int_equal(apply_to(&b, FERRY_DISABLE, "w1", NULL, &out), 0);
	assert_int_equal(out.ack, FERRY_ACK_DONE);
	for (int i = 0; i < 2; i++) {
		memset(&out, 0, sizeof out);
		assert_int_equal(ferry_connector.apply(b.handle, &a, 1, &out, &b.err), 0);
		assert_int_equal(out.ack, FERRY_ACK_DONE);
	}
	end(&b);
}

/* -- looking -------------------------------------------------------------------------------- */

/* By the codes only an active one counts: a terminated one leaves its code free. */
static void trap_a_terminated_wallet_leaves_its_code_free(void **state)
{
	static const struct step steps[] = {
		{"GET", BY_CODE, NULL, OK("{'wallet':{'lago_id':'w1','external_customer_id':'c1','code':'main','status':'terminated',"
		 "'rate_amount':'1.0','currency':'EUR'}}")},
		/* but the one that is known by its id stays known */
		{"GET", "/wallets/w1", NULL, OK("{'wallet':{'lago_id':'w1','external_customer_id':'c1','code':'main','status':'terminated',"
		 "'rate_amount':'1.0','currency':'EUR'}}")},
		{0}};
	struct ferry_found found;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, CREATE_NAMES);
	found = look_up(&b, "", RECORD(BASICS));
	assert_int_equal(found.presence, FERRY_ABSENT);
	found = look_up(&b, "w1", RECORD(BASICS));
	assert_int_equal(found.presence, FERRY_FOUND);
	end(&b);
}

/* What is read has the form of what was sent, so that nothing differs that is the same. */
static void a_wallet_reads_as_it_was_written(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/a%2Eb/wallets/x%2Fy", NULL,
		 OK("{'wallet':{'lago_id':'w1','external_customer_id':'a.b','code':'x/y','status':'active','rate_amount':'1.50','currency':'EUR',"
		    "'applies_to':{'fee_types':['subscription','charge'],'billable_metric_codes':null},'metadata':null,"
		    "'expiration_at':'2027-01-31T10:00:00Z'}}")},
		{0}};
	struct ferry_found f;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, NAMES("external_customer_id", "code", "rate_amount", "currency", "applies_to.fee_types",
						  "applies_to.billable_metric_codes", "metadata.m", "expiration_at", "paid_credits"));
	f = look_up(&b, "", RECORD(text("a.b"), text("x/y"), decimal("1.5"), text("EUR"), json("[]"), json("[]"), nothing, nothing, nothing));
	assert_int_equal(f.presence, FERRY_FOUND);
	assert_string_equal(f.dest_id, "w1");
	assert_string_equal(f.fields[2].s, "1.5");
	assert_string_equal(f.fields[4].s, "[\"charge\",\"subscription\"]");
	assert_string_equal(f.fields[5].s, "[]");
	assert_int_equal(f.fields[6].type, FERRY_NULL);
	assert_int_equal(f.fields[7].i, instant("2027-01-31T10:00:00Z").i);
	assert_int_equal(f.fields[8].type, FERRY_NULL);
	end(&b);
}

/* A proxy may undo the encoding of the path: then it is another customer's wallet. */
static void another_wallet_is_never_taken_for_the_one_asked_for(void **state)
{
	static const struct step steps[] = {
		{"GET", "/customers/c2/wallets/main", NULL, OK(WALLET(""))},
		{0}};
	struct ferry_action a = action(FERRY_UPDATE, RECORD(text("c2"), text("main"), decimal("1"), text("EUR")));
	struct ferry_found found;
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, CREATE_NAMES);
	assert_int_equal(ferry_connector.lookup(b.handle, &a, 1, &found, &b.err), -1);
	assert_int_equal(b.err.code, FERRY_E_PROTOCOL);
	end(&b);
}

static int count_found(struct ferry_listing *listing, const struct ferry_found *found, size_t n, struct ferry_error *err)
{
	char *ids = listing->ctx;

	(void)err;
	for (size_t i = 0; i < n; i++)
		snprintf(ids + strlen(ids), 64 - strlen(ids), "%s ", found[i].dest_id);
	return 0;
}

static void the_list_leaves_terminated_ones_out(void **state)
{
	static const struct step steps[] = {
		{"GET", "/wallets?page=1&per_page=100", NULL,
		 OK("{'wallets':[{'lago_id':'w2','external_customer_id':'c1','code':'main','status':'active','rate_amount':'1.0','currency':'EUR'},"
		    "{'lago_id':'w1','external_customer_id':'c1','code':'main','status':'terminated','rate_amount':'1.0','currency':'EUR'}],"
		    "'meta':{'current_page':1,'next_page':null,'total_count':2}}")},
		{0}};
	char ids[64] = "";
	struct ferry_listing listing = {.ctx = ids, .found = count_found};
	struct bench b;
	(void)state;
	begin(&b, steps, FERRY_MODE_UPSERT, CREATE_NAMES);
	assert_int_equal(ferry_connector.list(b.handle, &listing, &b.err), 0);
	assert_string_equal(ids, "w2 ");
	end(&b);
}

/* -- form, check ---------------------------------------------------------------------------- */

/* The first mistake of a record with these values, or "". */
static void form_of(struct ferry_value *fields, const char *const *names, size_t n, char *ret, size_t size)
{
	struct ferry_issue issue = {0};
	struct made_layout layout;
	struct pure_memory memory;

	layout_make(&layout, ferry_connector.fields, names, n);
	pure_init(&memory, &layout.layout);
	int rc = ferry_connector.canonicalize(&memory.pure, fields, &issue);
	if (rc)
		snprintf(ret, size, "%s: %s", issue.field, issue.message);
	else if (fields[0].type == FERRY_DECIMAL || fields[0].type == FERRY_JSON || fields[0].type == FERRY_TEXT)
		snprintf(ret, size, "%.*s", (int)fields[0].len, fields[0].s);
	else
		snprintf(ret, size, "%lld", (long long)fields[0].i);
	pure_release(&memory);
}

static void values_take_lagos_form(void **state)
{
	const struct {
		const char *name;
		struct ferry_value value;
		const char *form;
	} cases[] = {
		{"rate_amount", decimal("10.5"), "10.5"},
		{"rate_amount", decimal("0"), "rate_amount: must be more than 0"},
		{"rate_amount", nothing, "rate_amount: is missing: Lago has no wallet without one"},
		{"paid_credits", decimal("0"), "0"},
		{"paid_credits", decimal("-1"), "paid_credits: must not be less than 0"},
		{"currency", text("eur"), "EUR"},
		{"priority", integer(51), "priority: must be 1 to 50"},
		{"priority", nothing, "50"},
		{"invoice_requires_successful_payment", nothing, "0"},
		{"applies_to.fee_types", json("[\"subscription\", \"charge\"]"), "[\"charge\",\"subscription\"]"},
		{"applies_to.fee_types", nothing, "[]"},
		{"applies_to.fee_types", json("{}"), "applies_to.fee_types: must be a JSON list of texts: [\"charge\"]"},
		{"code", text(".."), "code: is empty, or dots that no address can hold"},
		{"expiration_at", instant("2027-01-01T00:00:00.900Z"), "1798761600000000"},
	};
	char got[300];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ferry_value v = cases[i].value;
		form_of(&v, &cases[i].name, 1, got, sizeof got);
		assert_string_equal(got, cases[i].form);
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

static void mappings_that_cannot_work_are_refused_early(void **state)
{
	static const struct {
		enum ferry_mode mode;
		const char *extra, *says;
	} cases[] = {
		{FERRY_MODE_UPSERT, "name", "-: to make a wallet Lago needs 'rate_amount' and 'currency'"},
		{FERRY_MODE_UPDATE, "paid_credits", "paid_credits: paid_credits counts only when a wallet is made"},
		{FERRY_MODE_UPDATE, "name", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *names[] = {"external_customer_id", "code", cases[i].extra};
		char said[256] = "";
		struct ferry_check check = {.ctx = said, .mistake = note_mistake};
		struct made_layout layout;
		struct scripted s;
		struct bench b;
		scripted_init(&s, "https://lago.test/api/v1", (const struct step[]){{0}});
		layout_make(&layout, ferry_connector.fields, names, 3);
		struct ferry_open open = {.host = &s.host, .role = FERRY_DESTINATION, .layout = &layout.layout,
					  .mode = cases[i].mode};
		ferry_connector.check(&open, &check);
		assert_memory_equal(said, cases[i].says, strlen(cases[i].says));
		assert_int_equal(strlen(said) > 0, strlen(cases[i].says) > 0);
		/* and where nobody checked, when it is opened */
		b.s = s;
		assert_int_equal(open_with(&b, "https://lago.test", KEY, names, 3, cases[i].mode), *said ? -1 : 0);
		if (!*said)
			ferry_connector.close(b.handle);
		else
			assert_int_equal(b.err.code, FERRY_E_CONFIG);
		scripted_release(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trap_decimals_are_sent_as_text),
		cmocka_unit_test(trap_a_repeated_creation_gives_no_second_credits),
		cmocka_unit_test(in_mode_insert_a_taken_code_is_left_alone),
		cmocka_unit_test(a_lost_answer_leaves_it_in_doubt),
		cmocka_unit_test(trap_refusals_are_explained),
		cmocka_unit_test(trap_targets_that_are_not_sent_are_emptied),
		cmocka_unit_test(mapped_targets_replace_those_that_are_there),
		cmocka_unit_test(trap_rate_and_currency_cannot_be_changed),
		cmocka_unit_test(trap_credits_are_given_only_when_a_wallet_is_made),
		cmocka_unit_test(trap_a_terminated_wallet_is_not_changed),
		cmocka_unit_test(metadata_of_others_stays),
		cmocka_unit_test(fields_ignored_without_a_word_are_reported),
		cmocka_unit_test(gone_and_disabled_wallets_are_terminated),
		cmocka_unit_test(trap_a_terminated_wallet_leaves_its_code_free),
		cmocka_unit_test(a_wallet_reads_as_it_was_written),
		cmocka_unit_test(another_wallet_is_never_taken_for_the_one_asked_for),
		cmocka_unit_test(the_list_leaves_terminated_ones_out),
		cmocka_unit_test(values_take_lagos_form),
		cmocka_unit_test(mappings_that_cannot_work_are_refused_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
