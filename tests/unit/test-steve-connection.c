/* SPDX-License-Identifier: Apache-2.0 */
/* test-steve-connection.c - what the SteVe connectors share: credentials, setup, check and test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rest/rest.h"
#include "scripted-host.h"

#define PASSWORD "api-pw"
#define FAULT(status, message) status, "{'timestamp':'2026-08-21T10:00:00.000Z','status':" #status ",'error':'x','message':'" message "','path':'p'}"

struct bench {
	struct scripted s;
	void *handle;
	struct ferry_error err;
};

static int open_with(struct bench *b, const struct ferry_setting *settings, size_t n)
{
	struct ferry_open open = {.host = &b->s.host, .connection = "steve", .settings = settings, .n_settings = n,
				  .role = FERRY_SOURCE};

	b->handle = NULL;
	memset(&b->err, 0, sizeof b->err);
	return ferry_connector.open(&open, &b->handle, &b->err);
}

static void begin(struct bench *b, const struct step *steps)
{
	const struct ferry_setting settings[] = {setting_text("url", "http://steve.test:8080/steve"),
						 setting_text("username", "etl"), setting_text("password", PASSWORD)};

	scripted_init(&b->s, "http://steve.test:8080/steve/api/v1", steps);
	b->s.user = "etl";
	b->s.password = PASSWORD;
	assert_int_equal(open_with(b, settings, 3), 0);
}

static void end(struct bench *b)
{
	scripted_done(&b->s);
	ferry_connector.close(b->handle);
	scripted_release(&b->s);
}

/* -- opening ------------------------------------------------------------------------------ */

static void credentials_are_one_kind_or_the_other(void **state)
{
	static const struct step none[] = {{0}};
	const struct ferry_setting url = setting_text("url", "http://s/steve"), user = setting_text("username", "u"),
				   pw = setting_text("password", "p"), key = setting_text("api_key", "k"),
				   colon = setting_text("username", "a:b"), empty = setting_text("password", "");
	const struct ferry_setting bad[][4] = {{url}, {url, user}, {url, pw}, {url, user, pw, key}, {url, colon, pw},
					       {url, user, empty}, {user, pw}};
	const size_t count[] = {1, 2, 2, 4, 3, 3, 2};
	struct bench b;
	(void)state;
	scripted_init(&b.s, "", none);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(open_with(&b, bad[i], count[i]), -1);
		assert_int_equal(b.err.code, FERRY_E_CONFIG);
	}
}

/* webapi.key can be any name. */
static void the_header_of_the_key_can_be_named(void **state)
{
	static const struct step steps[] = {{"GET", "/ocppTags?idTag=ferry%2Echeck", NULL, 200, "[]"}, {0}};
	static const char *const bad[] = {"", "X KEY", "X:", "X\r\nY"};
	struct ferry_setting settings[] = {setting_text("url", "http://s/steve"), setting_text("api_key", "k1"),
					   setting_text("api_key_header", "X-Charge")};
	struct bench b;
	(void)state;
	scripted_init(&b.s, "http://s/steve/api/v1", steps);
	b.s.credential = "X-Charge: k1";
	assert_int_equal(open_with(&b, settings, 3), 0);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), 0);
	end(&b);
	for (size_t i = 0; i < 4; i++) {
		settings[2] = setting_text("api_key_header", bad[i]);
		assert_int_equal(open_with(&b, settings, 3), -1);
		assert_int_equal(b.err.code, FERRY_E_CONFIG);
		assert_non_null(strstr(b.err.msg, "api_key_header"));
	}
}

/* -- validate_setup ----------------------------------------------------------------------- */

static void setup_of(int status, const char *answer, enum ferry_code code, const char *part, const char *hint)
{
	struct step steps[] = {{"GET", "/ocppTags?idTag=ferry%2Echeck", NULL, status, answer}, {0}};
	struct bench b;

	begin(&b, steps);
	assert_int_equal(ferry_connector.validate_setup(b.handle, &b.err), code ? -1 : 0);
	assert_int_equal(b.err.code, code);
	if (code) {
		assert_non_null(strstr(b.err.msg, part));
		assert_non_null(strstr(b.err.hint, hint));
		assert_null(strstr(b.err.msg, PASSWORD));
	}
	end(&b);
}

static void setup_names_what_is_wrong(void **state)
{
	(void)state;
	setup_of(200, "[]", 0, "", "");
	setup_of(FAULT(401, "x"), FERRY_E_AUTH, "401", "api_password");
	setup_of(FAULT(401, "x"), FERRY_E_AUTH, "401", "10 minutes");
	setup_of(401, "<html>proxy", FERRY_E_AUTH, "401", "proxy");
	/* a wrong context path: a servlet container's page, or the web interface's login */
	setup_of(404, "<!doctype html><html>HTTP Status 404", FERRY_E_PROTOCOL, "404", "context path");
	setup_of(FAULT(404, "No static resource"), FERRY_E_PROTOCOL, "404", "context path");
	setup_of(302, "", FERRY_E_PROTOCOL, "302", "url");
	setup_of(200, "<html>login " PASSWORD, FERRY_E_PROTOCOL, "JSON", "web page");
	setup_of(200, "{}", FERRY_E_PROTOCOL, "no array", "");
	setup_of(200, "", FERRY_E_PROTOCOL, "ended in the middle", "");
	setup_of(200, "[", FERRY_E_PROTOCOL, "ended in the middle", "");
	setup_of(200, "[{}", FERRY_E_PROTOCOL, "ended in the middle", "");
	setup_of(200, "[{]", FERRY_E_PROTOCOL, "no name", "");
	setup_of(200, "[{} {}]", FERRY_E_PROTOCOL, "comma", "");
	setup_of(200, "[] []", FERRY_E_PROTOCOL, "more text", "");
	setup_of(FAULT(500, "x"), FERRY_E_UNAVAILABLE, "500", "parentIdTag");
}

/* -- check and test ---------------------------------------------------------------------- */

struct mistakes {
	struct ferry_check api;
	char text[4096];
};

__attribute__((format(printf, 3, 4)))
static void note_mistake(struct ferry_check *check, const char *about, const char *fmt, ...)
{
	struct mistakes *m = check->ctx;
	size_t n = strlen(m->text);
	va_list ap;

	n += (size_t)snprintf(m->text + n, sizeof m->text - n, "%s: ", about ? about : "-");
	va_start(ap, fmt);
	vsnprintf(m->text + n, sizeof m->text - n, fmt, ap);
	va_end(ap);
	strncat(m->text, "\n", sizeof m->text - strlen(m->text) - 1);
}

static void check_with(struct mistakes *m, enum ferry_mode mode, const struct ferry_setting *settings, size_t n)
{
	static const struct step none[] = {{0}};
	struct scripted s;
	struct ferry_open open = {.host = &s.host, .connection = "steve", .settings = settings, .n_settings = n,
				  .role = mode ? FERRY_DESTINATION : FERRY_SOURCE, .mode = mode};

	scripted_init(&s, "", none);
	*m = (struct mistakes){.api = {m, note_mistake}};
	ferry_connector.check(&open, &m->api);
}

static void check_tells_what_open_would_refuse(void **state)
{
	const struct ferry_setting good[] = {setting_text("url", "http://s/steve"), setting_text("username", "u")};
	const struct ferry_setting bad[] = {setting_text("url", "ftp://s"), setting_text("username", "a:b"),
					    setting_text("api_key", "k k"), setting_text("api_key_header", "X Y")};
	struct mistakes m;
	(void)state;
	/* what is a reference is not there */
	check_with(&m, 0, NULL, 0);
	assert_string_equal(m.text, "");
	check_with(&m, FERRY_MODE_UPSERT, good, 2);
	assert_string_equal(m.text, "");
	check_with(&m, FERRY_MODE_UPSERT, bad, 4);
	assert_non_null(strstr(m.text, "url: connection 'steve': url: it must begin with https:// or http://"));
	assert_non_null(strstr(m.text, "username: connection 'steve': username: a colon"));
	assert_non_null(strstr(m.text, "not both"));
	assert_non_null(strstr(m.text, "api_key: api_key has a blank"));
	assert_non_null(strstr(m.text, "api_key_header: "));
}

/* DELETE takes a tag's sessions with it. */
static void check_refuses_to_delete_and_says_why(void **state)
{
	struct mistakes m;
	(void)state;
	check_with(&m, FERRY_MODE_MIRROR, NULL, 0);
	assert_non_null(strstr(m.text, "mode: steve-tags deletes no tag, since SteVe would delete all its charging sessions"));
	assert_non_null(strstr(m.text, "missing: disable"));
}

struct trial {
	struct ferry_trial api;
	char text[2048];
};

static void trial_step(struct ferry_trial *trial, const char *name)
{
	struct trial *t = trial->ctx;
	size_t n = strlen(t->text);
	snprintf(t->text + n, sizeof t->text - n, "%s%s", n ? " | " : "", name);
}

__attribute__((format(printf, 2, 3)))
static void trial_found(struct ferry_trial *trial, const char *fmt, ...)
{
	struct trial *t = trial->ctx;
	size_t n = strlen(t->text);
	va_list ap;

	n += (size_t)snprintf(t->text + n, sizeof t->text - n, ": ");
	va_start(ap, fmt);
	vsnprintf(t->text + n, sizeof t->text - n, fmt, ap);
	va_end(ap);
}

static int try_it(struct trial *t, const struct step *steps, bool legacy, struct ferry_error *err)
{
	const struct ferry_setting basic[] = {setting_text("url", "http://s/steve"), setting_text("username", "u"),
					      setting_text("password", "p")};
	const struct ferry_setting keyed[] = {setting_text("url", "http://s/steve"), setting_text("api_key", "k")};
	struct scripted s;
	struct ferry_open open = {.host = &s.host, .connection = "steve", .settings = legacy ? keyed : basic,
				  .n_settings = legacy ? 2 : 3};

	scripted_init(&s, "http://s/steve/api/v1", steps);
	s.user = legacy ? NULL : "u";
	s.password = "p";
	s.credential = legacy ? "STEVE-API-KEY: k" : NULL;
	*t = (struct trial){.api = {t, trial_step, trial_found, trial_found}};
	*err = (struct ferry_error){0};
	int rc = ferry_connector.test(&open, &t->api, err);
	scripted_done(&s);
	scripted_release(&s);
	return rc;
}

#define LOOK_UP(...) {"GET", "/ocppTags?idTag=ferry%2Echeck", NULL, __VA_ARGS__}
#define NO_SESSION(...) {"GET", "/transactions/0", NULL, __VA_ARGS__}
#define SESSIONS(zone, ...) {"GET", "/transactions?type=ALL&periodType=FROM_TO&from=2000-01-01T00%3A00%3A00%2E000" zone \
	"&to=2000-01-01T00%3A00%3A01%2E000" zone, NULL, __VA_ARGS__}

static void test_goes_step_by_step(void **state)
{
	static const struct step now[] = {LOOK_UP(200, "[]"), NO_SESSION(FAULT(404, "There is no transaction with id 0")),
					  SESSIONS("Z", 200, "[]"), {0}};
	static const struct step older[] = {LOOK_UP(200, "[]"), NO_SESSION(FAULT(500, "No static resource")),
					    SESSIONS("Z", 200, "[]"), {0}};
	static const struct step oldest[] = {LOOK_UP(200, "[]"), SESSIONS("", 200, "[]"), {0}};
	struct ferry_error err;
	struct trial t;
	(void)state;
	assert_int_equal(try_it(&t, now, false, &err), 0);
	assert_string_equal(t.text, "address: an API answers at http://s/steve/api/v1 | credentials: user and API password are "
			    "taken | version: SteVe 3.12 or later | permissions: id tags and charging sessions can be read; "
			    "SteVe lets whom it lets in also write");
	assert_int_equal(try_it(&t, older, false, &err), 0);
	assert_non_null(strstr(t.text, "version: SteVe 3.8 to 3.11"));
	assert_int_equal(try_it(&t, oldest, true, &err), 0);
	assert_non_null(strstr(t.text, "version: SteVe up to 3.7"));
}

static void test_fails_at_the_step_that_failed(void **state)
{
	static const struct step nobody[] = {LOOK_UP(0, NULL, FERRY_E_CONNECT), {0}};
	static const struct step no_context[] = {LOOK_UP(404, "<html>"), {0}};
	static const struct step refused[] = {LOOK_UP(FAULT(401, "Bad credentials")), {0}};
	static const struct step no_sessions[] = {LOOK_UP(200, "[]"), NO_SESSION(FAULT(404, "x")), SESSIONS("Z", 403, ""), {0}};
	struct ferry_error err;
	struct trial t;
	(void)state;
	assert_int_equal(try_it(&t, nobody, false, &err), -1);
	assert_string_equal(t.text, "address");
	assert_int_equal(err.code, FERRY_E_CONNECT);
	assert_int_equal(try_it(&t, no_context, false, &err), -1);
	assert_string_equal(t.text, "address");
	assert_non_null(strstr(err.hint, "context path"));
	assert_int_equal(try_it(&t, refused, false, &err), -1);
	assert_string_equal(t.text, "address: an API answers at http://s/steve/api/v1 | credentials");
	assert_int_equal(err.code, FERRY_E_AUTH);
	assert_int_equal(try_it(&t, no_sessions, false, &err), -1);
	assert_int_equal(err.code, FERRY_E_FORBIDDEN);
	assert_non_null(strstr(t.text, "| permissions"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(credentials_are_one_kind_or_the_other),
		cmocka_unit_test(the_header_of_the_key_can_be_named),
		cmocka_unit_test(setup_names_what_is_wrong),
		cmocka_unit_test(check_tells_what_open_would_refuse),
		cmocka_unit_test(check_refuses_to_delete_and_says_why),
		cmocka_unit_test(test_goes_step_by_step),
		cmocka_unit_test(test_fails_at_the_step_that_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
