/* SPDX-License-Identifier: Apache-2.0 */
/* customers-fixture.c - see customers-fixture.h */
#include "customers-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

int open_with(struct bench *b, const char *url, const char *key, const char *const *names, size_t n,
		     enum ferry_mode mode)
{
	struct ferry_setting settings[] = {setting_text("url", url), setting_text("api_key", key)};
	struct ferry_open open = {.host = &b->s.host, .connection = "lago", .settings = settings, .n_settings = 2,
				  .role = n ? FERRY_DESTINATION : FERRY_SOURCE, .mode = mode};

	if (n) {
		layout_make(&b->layout, ferry_connector.fields, names, n);
		open.layout = &b->layout.layout;
	}
	b->handle = NULL;
	memset(&b->err, 0, sizeof b->err);
	return ferry_connector.open(&open, &b->handle, &b->err);
}

void begin(struct bench *b, const struct step *steps, enum ferry_mode mode, const char *const *names, size_t n)
{
	scripted_init(&b->s, "https://lago.test/api/v1", steps);
	b->s.credential = "Authorization: Bearer " KEY;
	assert_int_equal(open_with(b, "https://lago.test", KEY, names, n, mode), 0);
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
