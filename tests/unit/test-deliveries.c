/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-deliveries.c - from a run's end to the worker that sends what it tells, with a clock that tests
 * move: once and in order, again after failures, across a daemon's death, and given up after a day.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/outbox.h"
#include "supervise-fixture.h"
#include "wire/digest.h"

#define SECOND ((int64_t)1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

#define SETTINGS \
	"notifications:\n  ops: {slack: https://hooks.slack.com/x}\n" \
	"notify: {on: [failed, recovered, {consecutive_failures: 3}]}\n"

#define FAILS \
	"{\"type\":\"segment\",\"segment\":\"main\",\"status\":\"running\",\"at\":1}\n" \
	"{\"type\":\"done\",\"status\":\"failed\",\"at\":1,\"error\":{\"code\":\"AUTH\",\"message\":\"key refused\"," \
	"\"hint\":\"renew\",\"causes\":[]}}\n"
#define COMPLETES \
	"{\"type\":\"done\",\"status\":\"completed\",\"at\":1,\"row_errors\":0}\n"

struct place {
	struct fixture f;
	int64_t now;
};

static int64_t clock_of(void *ctx)
{
	return ((struct place *)ctx)->now;
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	fixture_make(&p->f);
	p->now = clock_now();
	p->f.clock = (struct supervise_clock){clock_of, p};
	fixture_settings(&p->f, SETTINGS);
	fixture_sync(&p->f, "a-script", NULL);
	fixture_open(&p->f);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	fixture_remove(&p->f);
	free(p);
	return 0;
}

static void state_file(struct place *p, const char *name, const char *text)
{
	char *path = ferry_asprintf("%s/%s", p->f.state, name);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	free(path);
}

/* What workers were given so far, "1:failed 2:recovered ". */
static char *notified(struct place *p)
{
	char *path = ferry_asprintf("%s/notified", p->f.state);
	struct buf text = BUF_INIT;

	buf_add(&text, "", 0);
	(void)buf_read_file(&text, path, 1 << 20);
	free(path);
	return buf_detach(&text);
}

struct wish {
	struct place *p;
	const char *text;
};

static bool was_notified(struct fixture *f, void *ctx)
{
	struct wish *w = ctx;
	char *text = notified(w->p);
	bool same = strcmp(text, w->text) == 0;

	(void)f;
	free(text);
	return same;
}

static void expect_notified(struct place *p, const char *text)
{
	struct wish w = {p, text};

	fixture_until(&p->f, was_notified, &w, 10000);
}

static int64_t count(struct place *p, enum outbox_status status)
{
	struct buf items = BUF_INIT;
	int64_t n;

	assert_int_equal(outbox_list(supervise_journal(p->f.s), (int)status, 0, 100, &items, &n, NULL), 0);
	buf_release(&items);
	return n;
}

struct counted {
	struct place *p;
	enum outbox_status status;
	int64_t n;
};

static bool has_count(struct fixture *f, void *ctx)
{
	struct counted *c = ctx;

	(void)f;
	return count(c->p, c->status) == c->n;
}

static void expect_count(struct place *p, enum outbox_status status, int64_t n)
{
	struct counted c = {p, status, n};

	fixture_until(&p->f, has_count, &c, 10000);
}

struct tried {
	struct place *p;
	char text[30];
};

static bool was_tried(struct fixture *f, void *ctx)
{
	struct tried *t = ctx;
	struct buf items = BUF_INIT;
	int64_t n;

	(void)f;
	assert_int_equal(outbox_list(supervise_journal(t->p->f.s), -1, 0, 100, &items, &n, NULL), 0);
	bool there = strstr(buf_str(&items), t->text);
	buf_release(&items);
	return there;
}

/* The outcome of so many attempts at some message is written down. */
static void expect_attempts(struct place *p, int n)
{
	struct tried t = {.p = p};

	snprintf(t.text, sizeof t.text, "\"attempts\":%d,", n);
	fixture_until(&p->f, was_tried, &t, 10000);
}

static void run(struct place *p, const char *script)
{
	fixture_script(&p->f, script);
	json_free(fixture_run(&p->f, "a-script"));
}

static void later(struct place *p, int64_t us)
{
	p->now += us;
	supervise_look(p->f.s);
}

static void once_and_the_recovery(void **state)
{
	struct place *p = *state;

	run(p, COMPLETES);
	run(p, FAILS);
	expect_notified(p, "1:failed ");
	expect_count(p, OUTBOX_DELIVERED, 1);
	p->now += MINUTE;
	run(p, FAILS);
	p->now += MINUTE;
	run(p, COMPLETES);
	expect_notified(p, "1:failed 2:recovered ");
	p->now += MINUTE;
	run(p, COMPLETES);
	fixture_spin(&p->f, 50);
	expect_notified(p, "1:failed 2:recovered ");
}

/* A target that is away: nothing overtakes, the waits grow, a day later it is given up. */
static void in_order_and_again(void **state)
{
	struct place *p = *state;

	state_file(p, "answer", "down");
	run(p, FAILS);
	/* made while the first is on its way, or after it came back: it waits for it */
	run(p, COMPLETES);
	expect_attempts(p, 1);
	fixture_spin(&p->f, 50);
	expect_notified(p, "1:failed ");
	later(p, 10 * SECOND);
	expect_attempts(p, 2);
	expect_notified(p, "1:failed 1:failed ");
	/* the second one was left alone, and neither comes before the other */
	later(p, 30 * SECOND);
	fixture_spin(&p->f, 50);
	expect_notified(p, "1:failed 1:failed ");
	state_file(p, "answer", "ok");
	later(p, 30 * SECOND);
	expect_notified(p, "1:failed 1:failed 1:failed 2:recovered ");
	expect_count(p, OUTBOX_DELIVERED, 2);
}

static void given_up_after_a_day(void **state)
{
	struct place *p = *state;
	int attempts = 0;

	state_file(p, "answer", "down");
	run(p, FAILS);
	while (count(p, OUTBOX_FAILED) == 0) {
		expect_attempts(p, ++attempts);
		later(p, 2 * HOUR);
	}
	assert_in_range(attempts, 8, 16);
	/* and forgotten after a week */
	for (int i = 0; i < 3; i++)
		later(p, 80 * HOUR);
	expect_count(p, OUTBOX_FAILED, 0);
}

static void a_worker_that_dies(void **state)
{
	struct place *p = *state;

	state_file(p, "answer", "dies");
	run(p, FAILS);
	expect_attempts(p, 1);
	state_file(p, "answer", "ok");
	later(p, 10 * SECOND);
	expect_notified(p, "1:failed 1:failed ");
	expect_count(p, OUTBOX_DELIVERED, 1);
}

/* The daemon goes before anything was sent: the next one sends it, and knows what was told. */
static void a_daemon_that_dies(void **state)
{
	struct place *p = *state;

	state_file(p, "answer", "down");
	run(p, FAILS);
	expect_count(p, OUTBOX_PENDING, 1);
	fixture_close(&p->f);
	state_file(p, "answer", "ok");
	unlink("notified");
	p->now += HOUR / 2;
	fixture_open(&p->f);
	supervise_look(p->f.s);
	expect_count(p, OUTBOX_DELIVERED, 1);
	run(p, FAILS);
	fixture_spin(&p->f, 50);
	assert_int_equal(count(p, OUTBOX_DELIVERED) + count(p, OUTBOX_PENDING), 1);
	run(p, COMPLETES);
	expect_count(p, OUTBOX_DELIVERED, 2);
}

/* What was held back of a sync that goes on failing is told when its time has come, without a run. */
static void held_back_until_it_may(void **state)
{
	struct place *p = *state;

	run(p, FAILS);
	expect_count(p, OUTBOX_DELIVERED, 1);
	p->now += MINUTE;
	run(p, FAILS);
	later(p, 30 * MINUTE);
	fixture_spin(&p->f, 50);
	assert_int_equal(count(p, OUTBOX_DELIVERED), 1);
	later(p, 30 * MINUTE);
	expect_notified(p, "1:failed 2:failed ");
	later(p, 10 * HOUR);
	fixture_spin(&p->f, 50);
	expect_notified(p, "1:failed 2:failed ");
}

static void previews_and_cancelled_runs_say_nothing(void **state)
{
	struct place *p = *state;
	struct supervise_request request = {.trigger = TRIGGER_API, .preview = true};
	bool coalesced;
	int64_t id;

	fixture_script(&p->f, FAILS);
	assert_int_equal(supervise_trigger(p->f.s, "a-script", &request, &tester, &id, &coalesced, NULL), 0);
	json_free(fixture_wait(&p->f, id));
	fixture_script(&p->f, "{\"type\":\"done\",\"status\":\"cancelled\",\"at\":1}\n");
	json_free(fixture_run(&p->f, "a-script"));
	fixture_spin(&p->f, 50);
	assert_int_equal(count(p, OUTBOX_PENDING) + count(p, OUTBOX_DELIVERED), 0);
}

/* Told once while it is silent, then that it has failed. */
static void a_stuck_run(void **state)
{
	struct place *p = *state;

	fixture_close(&p->f);
	fixture_settings(&p->f, SETTINGS "heartbeat_timeout: 1s\n");
	fixture_sync(&p->f, "b-silent", "notify: {on: [stuck, failed]}");
	fixture_open(&p->f);
	json_free(fixture_run(&p->f, "b-silent"));
	expect_notified(p, "1:stuck 2:failed ");
	expect_count(p, OUTBOX_DELIVERED, 2);
}

static void a_target_that_is_gone(void **state)
{
	struct place *p = *state;

	state_file(p, "answer", "down");
	run(p, FAILS);
	expect_count(p, OUTBOX_PENDING, 1);
	fixture_close(&p->f);
	fixture_settings(&p->f, "notifications:\n  other: {slack: https://hooks.slack.com/x}\n");
	fixture_open(&p->f);
	later(p, HOUR);
	expect_count(p, OUTBOX_FAILED, 1);
}

/* RFC 4231: with a short key, and with one that is longer than a block. */
static void signatures(void **state)
{
	uint8_t mac[DIGEST_BYTES], key[131];
	char hex[DIGEST_HEX];

	(void)state;
	digest_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac);
	digest_hex(mac, hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	digest_hmac_sha256(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First", 54, mac);
	digest_hex(mac, hex);
	assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(once_and_the_recovery, setup, teardown),
		cmocka_unit_test_setup_teardown(in_order_and_again, setup, teardown),
		cmocka_unit_test_setup_teardown(given_up_after_a_day, setup, teardown),
		cmocka_unit_test_setup_teardown(a_worker_that_dies, setup, teardown),
		cmocka_unit_test_setup_teardown(a_daemon_that_dies, setup, teardown),
		cmocka_unit_test_setup_teardown(held_back_until_it_may, setup, teardown),
		cmocka_unit_test_setup_teardown(previews_and_cancelled_runs_say_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stuck_run, setup, teardown),
		cmocka_unit_test_setup_teardown(a_target_that_is_gone, setup, teardown),
		cmocka_unit_test(signatures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
