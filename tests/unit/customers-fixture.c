/* SPDX-License-Identifier: Apache-2.0 */
/* customers-fixture.c - see customers-fixture.h */
#include "customers-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MISTAKES 2048

struct ferry_open opening(struct bench *b, enum ferry_role role, enum ferry_mode mode, const char *const *names,
			  size_t n, const struct ferry_setting *settings, size_t n_settings)
{
	struct ferry_open open = {.host = &b->s.host, .connection = "lago", .settings = settings, .n_settings = n_settings,
				  .role = role, .mode = mode};

	if (n) {
		layout_make(&b->layout, ferry_connector.fields, names, n);
		open.layout = &b->layout.layout;
	}
	return open;
}

static int open_all(struct bench *b, const char *url, const char *key, const char *const *names, size_t n,
		    enum ferry_mode mode, const struct ferry_setting *more, size_t n_more)
{
	struct ferry_setting settings[16] = {setting_text("url", url), setting_text("api_key", key)};

	assert_true(n_more <= 14);
	if (n_more)
		memcpy(settings + 2, more, n_more * sizeof *more);
	struct ferry_open open = opening(b, n ? FERRY_DESTINATION : FERRY_SOURCE, mode, names, n, settings, 2 + n_more);
	b->handle = NULL;
	memset(&b->err, 0, sizeof b->err);
	pure_init(&b->memory, n ? &b->layout.layout : NULL);
	return ferry_connector.open(&open, &b->handle, &b->err);
}

int open_with(struct bench *b, const char *url, const char *key, const char *const *names, size_t n,
	      enum ferry_mode mode)
{
	return open_all(b, url, key, names, n, mode, NULL, 0);
}

void begin_with(struct bench *b, const struct step *steps, enum ferry_mode mode, const char *const *names, size_t n,
		const struct ferry_setting *settings, size_t n_settings)
{
	scripted_init(&b->s, "https://lago.test/api/v1", steps);
	b->s.credential = "Authorization: Bearer " KEY;
	assert_int_equal(open_all(b, "https://lago.test", KEY, names, n, mode, settings, n_settings), 0);
}

void begin(struct bench *b, const struct step *steps, enum ferry_mode mode, const char *const *names, size_t n)
{
	begin_with(b, steps, mode, names, n, NULL, 0);
}

void end(struct bench *b)
{
	scripted_done(&b->s);
	ferry_connector.close(b->handle);
	pure_release(&b->memory);
	scripted_release(&b->s);
}

__attribute__((format(printf, 3, 4)))
static void mistake(struct ferry_check *check, const char *about, const char *fmt, ...)
{
	char *out = check->ctx;
	size_t len = strlen(out);
	va_list ap;

	len += (size_t)snprintf(out + len, MISTAKES - len, "%s: ", about ? about : "~");
	va_start(ap, fmt);
	len += (size_t)vsnprintf(out + len, MISTAKES - len, fmt, ap);
	va_end(ap);
	assert_true(len + 2 < MISTAKES);
	snprintf(out + len, MISTAKES - len, "\n");
}

const char *checked(const struct ferry_open *open)
{
	static char out[MISTAKES];
	struct ferry_check check = {out, mistake};

	*out = '\0';
	ferry_connector.check(open, &check);
	return out;
}

int apply_one(struct bench *b, const struct ferry_action *a, struct ferry_outcome *out)
{
	memset(out, 0, sizeof *out);
	return ferry_connector.apply(b->handle, a, 1, out, &b->err);
}

bool canonical(struct bench *b, struct ferry_value *fields, struct ferry_issue *issue)
{
	return !ferry_connector.canonicalize(&b->memory.pure, fields, issue);
}

struct ferry_action action(enum ferry_decision decision, const struct ferry_value *fields)
{
	return (struct ferry_action){.decision = decision, .key = "k", .key_len = 1, .dest_id = "", .fields = fields};
}
