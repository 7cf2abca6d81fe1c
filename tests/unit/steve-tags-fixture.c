/* SPDX-License-Identifier: Apache-2.0 */
/* steve-tags-fixture.c - what the tests of the connector for id tags share. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "steve-tags-fixture.h"

#define PASSWORD "api-pw"

int open_with(struct bench *b, const struct ferry_setting *settings, size_t n_settings, enum ferry_mode mode,
	      const char *const *names, size_t n)
{
	struct ferry_open open = {.host = &b->s.host, .connection = "steve", .settings = settings,
				  .n_settings = n_settings, .role = n ? FERRY_DESTINATION : FERRY_SOURCE, .mode = mode};

	if (n) {
		layout_make(&b->layout, ferry_connector.fields, names, n);
		open.layout = &b->layout.layout;
	}
	b->handle = NULL;
	memset(&b->err, 0, sizeof b->err);
	return ferry_connector.open(&open, &b->handle, &b->err);
}

void begin_stamp(struct bench *b, const struct step *steps, enum ferry_mode mode, bool stamp,
		 const char *const *names, size_t n)
{
	const struct ferry_setting settings[] = {
		setting_text("url", "http://steve.test:8080/steve"), setting_text("username", "etl"),
		setting_text("password", PASSWORD), {"stamp_note", {.i = stamp, .type = FERRY_BOOL}}};

	scripted_init(&b->s, "http://steve.test:8080/steve/api/v1", steps);
	b->s.user = "etl";
	b->s.password = PASSWORD;
	assert_int_equal(open_with(b, settings, 4, mode, names, n), 0);
}

void begin(struct bench *b, const struct step *steps, enum ferry_mode mode, const char *const *names, size_t n)
{
	begin_stamp(b, steps, mode, false, names, n);
}

void end(struct bench *b)
{
	scripted_done(&b->s);
	ferry_connector.close(b->handle);
	scripted_release(&b->s);
}

struct ferry_action action(enum ferry_decision decision, const struct ferry_value *fields)
{
	return (struct ferry_action){.decision = decision, .key = "k", .key_len = 1, .dest_id = "", .fields = fields};
}
