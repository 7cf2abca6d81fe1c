/* SPDX-License-Identifier: Apache-2.0 */
/* test-lago-connection.c - testing a connection to a scripted Lago: address, key, version, permissions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "customers-fixture.h"

struct told {
	struct ferry_trial trial;
	char text[2000];		/* "STEP", "=found", "!warning", one a line */
};

__attribute__((format(printf, 3, 0)))
static void add(struct told *t, const char *mark, const char *fmt, va_list ap)
{
	size_t len = strlen(t->text);

	len += (size_t)snprintf(t->text + len, sizeof t->text - len, "%s", mark);
	len += (size_t)vsnprintf(t->text + len, sizeof t->text - len, fmt, ap);
	assert_true(len + 2 < sizeof t->text);
	snprintf(t->text + len, sizeof t->text - len, "\n");
}

static void step(struct ferry_trial *trial, const char *name)
{
	struct told *t = trial->ctx;
	size_t len = strlen(t->text);
	snprintf(t->text + len, sizeof t->text - len, "%s\n", name);
}

__attribute__((format(printf, 2, 3)))
static void found(struct ferry_trial *trial, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(trial->ctx, "=", fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3)))
static void warn(struct ferry_trial *trial, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(trial->ctx, "!", fmt, ap);
	va_end(ap);
}

#define ONE(many) "/" many "?page=1&per_page=1"
#define DENIED 403, "{'status':403,'error':'Forbidden','code':'read_action_not_allowed_for_x'}"
#define REST \
	{"GET", ONE("customers"), NULL, OK("{}")}, {"GET", ONE("billable_metrics"), NULL, OK("{}")}, \
	{"GET", ONE("plans"), NULL, OK("{}")}, {"GET", ONE("subscriptions"), NULL, OK("{}")}, \
	{"GET", ONE("wallets"), NULL, DENIED}, {"GET", ONE("invoices"), NULL, OK("{}")}, {"GET", ONE("events"), NULL, DENIED}

static int try(const struct step *steps, struct told *t, struct ferry_error *err)
{
	const struct ferry_setting settings[] = {setting_text("url", "https://lago.test"), setting_text("api_key", KEY)};
	struct scripted s;
	struct ferry_open open = {.host = &s.host, .connection = "lago", .settings = settings, .n_settings = 2};

	*t = (struct told){.trial = {t, step, found, warn}};
	memset(err, 0, sizeof *err);
	scripted_init(&s, "https://lago.test/api/v1", steps);
	int rc = ferry_connector.test(&open, &t->trial, err);
	scripted_done(&s);
	scripted_release(&s);
	assert_null(strstr(t->text, KEY));
	assert_null(strstr(err->msg, KEY));
	return rc;
}

static void tells_version_and_what_the_key_may_read(void **state)
{
	static const struct step steps[] = {
		{"GET", "^/health", NULL, OK("{'version':'v1.51.0','message':'Success'}")},
		{"GET", ONE("customers"), NULL, OK("{'customers':[]}")}, REST, {0}};
	struct ferry_error err;
	struct told t;
	(void)state;
	assert_int_equal(try(steps, &t, &err), 0);
	assert_string_equal(t.text, "address\n=https://lago.test/api/v1 answers\ncredentials\n=the API key is accepted\n"
				    "version\n=Lago v1.51.0\npermissions\n"
				    "=may read customers, billable_metrics, plans, subscriptions, invoices\n"
				    "!may not read wallets, events (403)\n");
	assert_int_equal(err.code, 0);
}

static void warns_of_a_version_that_stores_parts_of_batches(void **state)
{
	static const struct step steps[] = {
		{"GET", "^/health", NULL, OK("{'version':'1.38.2'}")}, {"GET", ONE("customers"), NULL, DENIED}, REST, {0}};
	struct ferry_error err;
	struct told t;
	(void)state;
	assert_int_equal(try(steps, &t, &err), 0);
	assert_non_null(strstr(t.text, "!Lago before 1.39.0"));
}

static void a_hidden_health_decides_nothing(void **state)
{
	static const struct step steps[] = {
		{"GET", "^/health", NULL, 404, "<html>"}, {"GET", ONE("customers"), NULL, OK("{}")}, REST, {0}};
	struct ferry_error err;
	struct told t;
	(void)state;
	assert_int_equal(try(steps, &t, &err), 0);
	assert_non_null(strstr(t.text, "version\n=the server does not tell\n"));
}

static void names_the_step_that_fails(void **state)
{
	static const struct step silent[] = {{"GET", "^/health", NULL, .failure = FERRY_E_CONNECT}, {0}};
	static const struct step wrong_key[] = {
		{"GET", "^/health", NULL, OK("{}")}, {"GET", ONE("customers"), NULL, 401, "{'status':401,'error':'Unauthorized'}"}, {0}};
	static const struct step no_lago[] = {
		{"GET", "^/health", NULL, 404, ""}, {"GET", ONE("customers"), NULL, 404, "<html>"}, {0}};
	struct ferry_error err;
	struct told t;
	(void)state;
	assert_int_equal(try(silent, &t, &err), -1);
	assert_int_equal(err.code, FERRY_E_CONNECT);
	assert_string_equal(t.text, "address\n");
	assert_int_equal(try(wrong_key, &t, &err), -1);
	assert_int_equal(err.code, FERRY_E_AUTH);
	assert_string_equal(strstr(t.text, "credentials"), "credentials\n");
	assert_int_equal(try(no_lago, &t, &err), -1);
	assert_int_equal(err.code, FERRY_E_PROTOCOL);
	assert_string_equal(strstr(t.text, "credentials"), "credentials\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_version_and_what_the_key_may_read),
		cmocka_unit_test(warns_of_a_version_that_stores_parts_of_batches),
		cmocka_unit_test(a_hidden_health_decides_nothing),
		cmocka_unit_test(names_the_step_that_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
