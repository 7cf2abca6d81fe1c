/* SPDX-License-Identifier: Apache-2.0 */
/* test-clean.c - what a worker says, without the secrets it was given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "pipeline/clean.h"

static void cleans(const char *const *secrets, const char *line, const char *want)
{
	struct redactor *r = redact_empty(REDACT_SECRET);
	struct buf b = BUF_INIT;

	for (; *secrets; secrets++)
		redact_add(r, *secrets);
	buf_adds(&b, line);
	clean_line(r, &b);
	assert_string_equal(buf_str(&b), want);
	buf_release(&b);
	redact_free(r);
}

#define SECRETS(...) (const char *const[]){__VA_ARGS__, NULL}

static void a_secret_in_a_message_is_masked(void **state)
{
	(void)state;
	cleans(SECRETS("s3cr3t-word"), "{\"type\":\"log\",\"message\":\"401: bad key s3cr3t-word, s3cr3t-word!\"}",
	       "{\"type\":\"log\",\"message\":\"401: bad key ********, ********!\"}");
	cleans(SECRETS("s3cr3t-word"), "{\"error\":{\"message\":\"x\",\"causes\":[\"a s3cr3t-word\"],\"n\":1.50,\"t\":true,\"z\":null}}",
	       "{\"error\":{\"message\":\"x\",\"causes\":[\"a ********\"],\"n\":1.50,\"t\":true,\"z\":null}}");
}

static void whichever_way_it_is_written(void **state)
{
	(void)state;
	cleans(SECRETS("pa\"ss\\word"), "{\"message\":\"with pa\\\"ss\\\\word in it\"}", "{\"message\":\"with ******** in it\"}");
	cleans(SECRETS("pässwörd"), "{\"message\":\"with p\\u00e4ssw\\u00f6rd\"}", "{\"message\":\"with ********\"}");
	/* within an address or a connection string it is the password that counts */
	cleans(SECRETS("postgresql://ferry:hunter22@db/x"), "{\"message\":\"no route for hunter22\"}",
	       "{\"message\":\"no route for ********\"}");
	cleans(SECRETS("host=db password='hunter 22' dbname=x"), "{\"message\":\"hunter 22?\"}", "{\"message\":\"********?\"}");
	/* in addresses and forms */
	cleans(SECRETS("a.b/c d&ef"), "{\"message\":\"k=a%2Eb%2Fc%20d%26ef&k=a.b%2Fc%20d%26ef\"}", "{\"message\":\"k=********&k=********\"}");
	/* the longer one is taken where two fit */
	cleans(SECRETS("abcdef", "abcdef-ghi"), "{\"message\":\"abcdef-ghi abcdef\"}", "{\"message\":\"******** ********\"}");
}

static void credentials_of_a_header_are_masked_whoever_made_them(void **state)
{
	(void)state;
	cleans(SECRETS("hunter-22"), "{\"message\":\"Authorization: Basic ZmVycnk6aHVudGVyLTIy\\r\\nX: basic rights\"}",
	       "{\"message\":\"Authorization: Basic ********\\r\\nX: basic rights\"}");
	cleans(SECRETS("hunter-22"), "{\"message\":\"got bearer eyJhbGciOiJIUzI1NiJ9.e30.abc, expected another\"}",
	       "{\"message\":\"got bearer ********, expected another\"}");
}

static void words_after_a_scheme_are_words(void **state)
{
	(void)state;
	static const char line[] = "{\"message\":\"Basic authentication. Bearer Authentication failed\"}";

	cleans(SECRETS("hunter-22"), line, line);
}

static void what_names_a_record_stays(void **state)
{
	(void)state;
	static const char line[] = "{\"type\":\"problem\",\"segment\":\"customer\",\"key\":\"customer-17\",\"group\":\"customer\","
		"\"candidates\":[{\"dest_id\":\"customer-1\"}],\"code\":\"customer\",\"name\":\"customer\"}";

	cleans(SECRETS("customer"), line, line);
}

static void short_words_are_no_secrets(void **state)
{
	(void)state;
	cleans(SECRETS("ferry", ""), "{\"message\":\"ferry has no table\"}", "{\"message\":\"ferry has no table\"}");
}

static void what_is_no_json_is_cleaned_as_it_is(void **state)
{
	(void)state;
	cleans(SECRETS("s3cr3t-word"), "{\"message\":\"s3cr3t-word", "{\"message\":\"********");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_in_a_message_is_masked),
		cmocka_unit_test(whichever_way_it_is_written),
		cmocka_unit_test(credentials_of_a_header_are_masked_whoever_made_them),
		cmocka_unit_test(words_after_a_scheme_are_words),
		cmocka_unit_test(what_names_a_record_stays),
		cmocka_unit_test(short_words_are_no_secrets),
		cmocka_unit_test(what_is_no_json_is_cleaned_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
