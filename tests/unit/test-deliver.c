/* SPDX-License-Identifier: Apache-2.0 */
/* test-deliver.c - sending again, and narrowing a refused batch, against a scripted destination. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/deliver.h"

enum { ROWS = 1000 };

/* A destination that refuses a batch as a whole when one of its rows is bad, and can fail n times. */
struct there {
	bool bad[ROWS];
	int received[ROWS];
	int calls, fail_first;
	enum ferry_code fail_with;
	bool lose_answer;		/* do the work, then fail */
	int backoffs;
};

static long row_of(const struct ferry_action *action)
{
	return strtol(action->key, NULL, 10);
}

static int apply(void *handle, const struct ferry_action *actions, size_t n, struct ferry_outcome *out, struct ferry_error *err)
{
	struct there *t = handle;
	bool failing = t->calls++ < t->fail_first;

	if (failing && !t->lose_answer) {
		if (t->fail_with == FERRY_E_RATE_LIMIT)
			for (size_t i = 0; i < n; i++)
				out[i].ack = FERRY_ACK_UNSENT;
		return ferry_fail(err, t->fail_with, "failing");
	}
	for (size_t i = 0; i < n; i++)
		if (t->bad[row_of(&actions[i])])
			return ferry_fail(err, FERRY_E_REJECTED, "a row is bad");
	for (size_t i = 0; i < n; i++)
		t->received[row_of(&actions[i])]++;
	if (failing)
		return ferry_fail(err, t->fail_with, "no answer");
	for (size_t i = 0; i < n; i++)
		out[i].ack = FERRY_ACK_DONE;
	return 0;
}

static int backoff(void *ctx, int attempt, const struct ferry_error *why, struct ferry_error *err)
{
	struct there *t = ctx;

	(void)attempt, (void)why, (void)err;
	t->backoffs++;
	return 0;
}

static const struct ferry_connector fragile = {.name = "fragile", .apply = apply};
static const struct ferry_connector idempotent = {.name = "idempotent", .apply = apply, .caps = FERRY_CAP_IDEMPOTENT};

struct scene {
	struct there there;
	struct ferry_action actions[ROWS];
	struct ferry_outcome outcomes[ROWS];
	char keys[ROWS][8];
	struct delivery d;
	struct ferry_error err;
};

static struct scene *scene_new(const struct ferry_connector *api, size_t n)
{
	struct scene *s = calloc(1, sizeof *s);

	for (size_t i = 0; i < n; i++) {
		snprintf(s->keys[i], sizeof s->keys[i], "%zu", i);
		s->actions[i].key = s->keys[i];
	}
	s->d = (struct delivery){.api = api, .handle = &s->there, .actions = s->actions, .outcomes = s->outcomes,
		.n = n, .idempotent = api->caps & FERRY_CAP_IDEMPOTENT, .retries = 3, .backoff = backoff, .ctx = &s->there};
	return s;
}

static size_t count(const struct scene *s, enum ferry_ack ack)
{
	size_t n = 0;
	for (size_t i = 0; i < s->d.n; i++)
		n += s->outcomes[i].ack == ack;
	return n;
}

/* Whatever the place of the bad row: at most 11 further calls for a batch of 1,000. */
static void one_bad_row_in_a_thousand_costs_at_most_eleven_calls(void **state)
{
	(void)state;
	for (size_t bad = 0; bad < ROWS; bad += 37) {
		struct scene *s = scene_new(&idempotent, ROWS);
		s->there.bad[bad] = true;
		assert_int_equal(deliver(&s->d, &s->err), 0);
		assert_in_range(s->there.calls, 2, 12);
		assert_int_equal(s->d.requests, s->there.calls);
		assert_int_equal(count(s, FERRY_ACK_DONE), ROWS - 1);
		assert_int_equal(s->outcomes[bad].ack, FERRY_ACK_REJECTED);
		assert_non_null(strstr(s->outcomes[bad].message, "a row is bad"));
		for (size_t i = 0; i < ROWS; i++)
			assert_int_equal(s->there.received[i], i != bad);
		free(s);
	}
}

static void every_size_and_place_is_narrowed_within_the_bound(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 40; n++) {
		int levels = 0;
		while (((size_t)1 << levels) < n)
			levels++;
		for (size_t bad = 0; bad < n; bad++) {
			struct scene *s = scene_new(&idempotent, n);
			s->there.bad[bad] = true;
			assert_int_equal(deliver(&s->d, &s->err), 0);
			assert_in_range(s->there.calls, 1, 1 + levels + 1);
			assert_int_equal(count(s, FERRY_ACK_DONE), n - 1);
			assert_int_equal(s->outcomes[bad].ack, FERRY_ACK_REJECTED);
			free(s);
		}
	}
}

static void several_bad_rows_are_all_found(void **state)
{
	struct scene *s = scene_new(&idempotent, 300);

	(void)state;
	for (size_t i = 0; i < 300; i += 29)
		s->there.bad[i] = true;
	assert_int_equal(deliver(&s->d, &s->err), 0);
	for (size_t i = 0; i < 300; i++) {
		assert_int_equal(s->outcomes[i].ack, i % 29 ? FERRY_ACK_DONE : FERRY_ACK_REJECTED);
		assert_int_equal(s->there.received[i], i % 29 != 0);
	}
	free(s);
}

static void what_was_not_processed_is_sent_again(void **state)
{
	struct scene *s = scene_new(&fragile, 5);

	(void)state;
	s->there.fail_first = 3;
	s->there.fail_with = FERRY_E_RATE_LIMIT;
	assert_int_equal(deliver(&s->d, &s->err), 0);
	assert_int_equal(s->there.backoffs, 3);
	assert_int_equal(count(s, FERRY_ACK_DONE), 5);
	free(s);
}

static void it_gives_up_after_its_attempts(void **state)
{
	struct scene *s = scene_new(&fragile, 5);

	(void)state;
	s->there.fail_first = 100;
	s->there.fail_with = FERRY_E_RATE_LIMIT;
	assert_int_equal(deliver(&s->d, &s->err), -1);
	assert_int_equal(s->err.code, FERRY_E_RATE_LIMIT);
	assert_int_equal(s->there.calls, 4);
	assert_int_equal(count(s, FERRY_ACK_UNSENT), 5);
	free(s);
}

/* No answer: only a destination that may be sent the same twice is. */
static void rows_in_doubt_are_never_sent_blindly(void **state)
{
	struct scene *s = scene_new(&fragile, 5);

	(void)state;
	s->there.fail_first = 1;
	s->there.fail_with = FERRY_E_NETWORK;
	s->there.lose_answer = true;
	assert_int_equal(deliver(&s->d, &s->err), -1);
	assert_int_equal(s->err.code, FERRY_E_NETWORK);
	assert_int_equal(s->there.calls, 1);
	assert_int_equal(count(s, FERRY_ACK_UNKNOWN), 5);
	free(s);
	s = scene_new(&idempotent, 5);
	s->there.fail_first = 1;
	s->there.fail_with = FERRY_E_NETWORK;
	s->there.lose_answer = true;
	assert_int_equal(deliver(&s->d, &s->err), 0);
	assert_int_equal(s->there.calls, 2);
	free(s);
}

static void refused_credentials_are_not_tried_again(void **state)
{
	struct scene *s = scene_new(&idempotent, 5);

	(void)state;
	s->there.fail_first = 100;
	s->there.fail_with = FERRY_E_AUTH;
	assert_int_equal(deliver(&s->d, &s->err), -1);
	assert_int_equal(s->err.code, FERRY_E_AUTH);
	assert_int_equal(s->there.calls, 1);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_bad_row_in_a_thousand_costs_at_most_eleven_calls),
		cmocka_unit_test(every_size_and_place_is_narrowed_within_the_bound),
		cmocka_unit_test(several_bad_rows_are_all_found),
		cmocka_unit_test(what_was_not_processed_is_sent_again),
		cmocka_unit_test(it_gives_up_after_its_attempts),
		cmocka_unit_test(rows_in_doubt_are_never_sent_blindly),
		cmocka_unit_test(refused_credentials_are_not_tried_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
