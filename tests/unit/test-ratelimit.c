/* SPDX-License-Identifier: Apache-2.0 */
/* test-ratelimit.c - turns are never too many, whoever takes them, and holds stop everyone. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "plug/plug-private.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/ferry-test-rate-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	char command[96];
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

static struct ratelimit *limit(const char *where, const char *name, double per_second, int burst)
{
	struct ratelimit *r;
	struct ferry_error err;

	if (ratelimit_open(where, name, per_second, burst, &r, &err) < 0)
		fail_msg("%s", err.msg);
	return r;
}

static void assert_about(int64_t us, int64_t want)
{
	if (us > want || us < want - 60000)
		fail_msg("%lld us is not about %lld us", (long long)us, (long long)want);
}

/* Turns are given out at once and say how long to wait: two of burst, then one each 100 ms. */
static void test_turns(void **state)
{
	(void)state;
	struct ratelimit *r = limit(NULL, "x", 10, 2);

	assert_int_equal(ratelimit_take(r), 0);
	assert_int_equal(ratelimit_take(r), 0);
	assert_about(ratelimit_take(r), 100001);
	assert_about(ratelimit_take(r), 200001);
	assert_about(ratelimit_take(r), 300001);
	ratelimit_close(r);
	ratelimit_close(NULL);
}

static void test_burst_comes_back(void **state)
{
	(void)state;
	struct ratelimit *r = limit(NULL, "x", 10, 2);

	assert_int_equal(ratelimit_take(r), 0);
	assert_int_equal(ratelimit_take(r), 0);
	assert_true(ratelimit_take(r) > 0);
	clock_sleep_ms(350);
	/* no more than the burst, however long it was quiet */
	assert_int_equal(ratelimit_take(r), 0);
	assert_int_equal(ratelimit_take(r), 0);
	assert_true(ratelimit_take(r) > 0);
	ratelimit_close(r);
}

static void test_no_limit(void **state)
{
	(void)state;
	struct ratelimit *r = limit(NULL, "x", 0, 1);

	for (int i = 0; i < 1000; i++)
		assert_int_equal(ratelimit_take(r), 0);
	/* but who is told to stay away stays away */
	ratelimit_hold(r, 200);
	assert_about(ratelimit_take(r), 200000);
	ratelimit_close(r);
}

static void test_odd_numbers(void **state)
{
	(void)state;
	struct ratelimit *r = limit(NULL, "x", 1e-9, 1000000000);
	assert_int_equal(ratelimit_take(r), 0);
	ratelimit_close(r);
	r = limit(NULL, "x", 1e12, -3);
	assert_true(ratelimit_take(r) <= 1);
	ratelimit_close(r);
}

static void test_hold(void **state)
{
	(void)state;
	struct ratelimit *r = limit(NULL, "x", 10, 5);

	ratelimit_hold(r, 0);
	ratelimit_hold(r, -5);
	assert_int_equal(ratelimit_held(r), 0);
	ratelimit_hold(r, 500);
	assert_about(ratelimit_held(r), 500000);
	/* a shorter one does not end it */
	ratelimit_hold(r, 100);
	assert_about(ratelimit_held(r), 500000);
	/* and after it there is no burst */
	assert_about(ratelimit_take(r), 500001);
	assert_about(ratelimit_take(r), 600001);
	ratelimit_close(r);
}

static void test_shared(void **state)
{
	(void)state;
	struct ratelimit *a = limit(dir, "one", 10, 1), *b = limit(dir, "one", 10, 1);
	struct ratelimit *other = limit(dir, "two", 10, 1);

	assert_int_equal(ratelimit_take(a), 0);
	assert_about(ratelimit_take(b), 100001);
	assert_int_equal(ratelimit_take(other), 0);
	ratelimit_hold(a, 5000);
	assert_about(ratelimit_held(b), 5000000);
	assert_int_equal(ratelimit_held(other), 0);
	/* it outlives those who use it */
	ratelimit_close(a);
	ratelimit_close(b);
	a = limit(dir, "one", 10, 1);
	assert_true(ratelimit_take(a) > 4000000);
	ratelimit_close(a);
	ratelimit_close(other);
}

static void test_file(void **state)
{
	(void)state;
	char path[128];
	struct stat st;
	struct ferry_error err = {0};
	struct ratelimit *r = limit(dir, "file", 1, 1);

	snprintf(path, sizeof path, "%s/file", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 4096);
	ratelimit_close(r);
	assert_int_equal(ratelimit_open(dir, "../x", 1, 1, &r, &err), -1);
	assert_int_equal(ratelimit_open(dir, "", 1, 1, &r, &err), -1);
	assert_int_equal(ratelimit_open("/nonexistent/x", "a", 1, 1, &r, &err), -1);
	assert_non_null(strstr(err.msg, "/nonexistent/x"));
}

static void overwrite(const char *name, const void *bytes, size_t n, long at)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "r+");
	assert_non_null(f);
	fseek(f, at, SEEK_SET);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

/* After a reboot the clock starts again: what the file says of the old one means nothing. */
static void test_reboot(void **state)
{
	(void)state;
	struct ratelimit *r = limit(dir, "boot", 10, 1);

	ratelimit_hold(r, 3600000);
	assert_true(ratelimit_take(r) > 3500000000);
	ratelimit_close(r);
	overwrite("boot", "another-boot", 12, 16);
	r = limit(dir, "boot", 10, 1);
	assert_int_equal(ratelimit_take(r), 0);
	ratelimit_close(r);
}

/* A file with nonsense in it does not stop a connection for years. */
static void test_damage(void **state)
{
	(void)state;
	struct ratelimit *r = limit(dir, "damage", 10, 1);
	int64_t nonsense[2] = {INT64_MAX / 2, INT64_MAX / 2};

	overwrite("damage", nonsense, sizeof nonsense, 0);
	assert_int_equal(ratelimit_held(r), 0);
	assert_int_equal(ratelimit_take(r), 0);
	assert_about(ratelimit_take(r), 100001);
	ratelimit_hold(r, 200);
	assert_about(ratelimit_held(r), 200000);
	ratelimit_close(r);
}

/* ---- several processes, and one that dies in the middle */

#define RATE 200
#define BURST 10
#define PROCESSES 4
#define SPAN_US 1000000

struct tally {
	_Atomic int taken;
};

static void take_until(int64_t end, struct tally *tally)
{
	struct ratelimit *r = limit(dir, "many", RATE, BURST);

	for (;;) {
		int64_t wait = ratelimit_take(r);
		if (clock_mono() + wait > end)
			break;
		if (wait)
			usleep((useconds_t)wait);
		tally->taken++;
	}
	ratelimit_close(r);
}

static void test_many_processes(void **state)
{
	(void)state;
	struct tally *tally = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				   -1, 0);
	int64_t start = clock_mono();
	pid_t pids[PROCESSES + 1];

	for (int i = 0; i < PROCESSES + 1; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			take_until(start + SPAN_US, tally);
			_exit(0);
		}
	}
	usleep(SPAN_US / 4);
	kill(pids[PROCESSES], SIGKILL);
	for (int i = 0; i < PROCESSES + 1; i++)
		waitpid(pids[i], NULL, 0);
	/* never more than the limit, and nearly all of it */
	int most = BURST + RATE * SPAN_US / 1000000;
	if (tally->taken > most || tally->taken < most * 8 / 10)
		fail_msg("%d turns were taken, at most %d are allowed", tally->taken, most);
	munmap(tally, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_burst_comes_back),
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_odd_numbers),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_reboot),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_many_processes),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
