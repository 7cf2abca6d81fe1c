/* SPDX-License-Identifier: Apache-2.0 */
/* test-sendmail.c - a mail through a program: taken, refused, missing, slow, cancelled, never reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "wire/sendmail.h"

static char dir[64], program[96];

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/ferry-mail-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(program, sizeof program, "%s/sendmail", dir);
	return 0;
}

static int teardown(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command);
}

static int send(const char *script, const char *mail, int64_t timeout_ms, bool (*cancelled)(void *ctx),
		struct ferry_error *err)
{
	struct sendmail s = {.program = program, .mail = mail, .len = strlen(mail), .timeout_ms = timeout_ms,
		.cancelled = cancelled};

	*err = (struct ferry_error){0};
	if (script) {
		FILE *f = fopen(program, "w");
		assert_non_null(f);
		fprintf(f, "#!/bin/sh\ncd '%s'\n%s\n", dir, script);
		fclose(f);
		assert_int_equal(chmod(program, 0700), 0);
	}
	return sendmail_send(&s, err);
}

static void expect_file(const char *name, const char *expected)
{
	struct buf text = BUF_INIT;
	char path[200];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(buf_read_file(&text, path, 1 << 24), 0);
	assert_string_equal(text.s, expected);
	buf_release(&text);
}

static bool at_once(void *ctx)
{
	(void)ctx;
	return true;
}

static void taken(void **state)
{
	struct ferry_error err;

	(void)state;
	setenv("FERRY_TEST_SECRET", "x", 1);
	assert_int_equal(send("cat >mail; echo \"$*\" >args; echo \"$FERRY_TEST_SECRET\" >env", "To: a\n\nhello\n", 5000,
			      NULL, &err), 0);
	expect_file("mail", "To: a\n\nhello\n");
	expect_file("args", "-t -i\n");
	expect_file("env", "\n");
}

static void a_large_one(void **state)
{
	char *mail = ferry_alloc(3000001);
	struct ferry_error err;

	(void)state;
	memset(mail, 'x', 3000000);
	mail[3000000] = '\0';
	assert_int_equal(send("wc -c >mail", mail, 10000, NULL, &err), 0);
	expect_file("mail", "3000000\n");
	/* who does not read it to its end is judged by his status */
	assert_int_equal(send("exit 0", mail, 10000, NULL, &err), 0);
	free(mail);
}

static void refused(void **state)
{
	struct ferry_error err;

	(void)state;
	assert_int_equal(send("cat >/dev/null; echo no such user >&2; exit 67", "x", 5000, NULL, &err), -1);
	assert_int_equal(err.code, FERRY_E_UNAVAILABLE);
	assert_non_null(strstr(err.msg, "status 67: no such user"));
	assert_int_equal(send("kill -9 $$", "x", 5000, NULL, &err), -1);
	assert_non_null(strstr(err.msg, "signal 9"));
	assert_int_equal(unlink(program), 0);
	assert_int_equal(send(NULL, "x", 5000, NULL, &err), -1);
	assert_int_equal(err.code, FERRY_E_CONFIG);
	assert_non_null(strstr(err.msg, "No such file"));
}

static void slow(void **state)
{
	struct ferry_error err;
	int64_t began = clock_mono();

	(void)state;
	assert_int_equal(send("sleep 60", "x", 200, NULL, &err), -1);
	assert_int_equal(err.code, FERRY_E_TIMEOUT);
	assert_int_equal(send("sleep 60", "x", 60000, at_once, &err), -1);
	assert_int_equal(err.code, FERRY_E_CANCELLED);
	/* what it has left behind to deliver later keeps nobody waiting, and lives on */
	assert_int_equal(send("sleep 2 & exit 0", "x", 60000, NULL, &err), 0);
	assert_in_range(clock_mono() - began, 0, 30 * 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(taken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_large_one, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(slow, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
