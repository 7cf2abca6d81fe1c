/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - tests of connections, each by a short-lived worker. */
#include <stdlib.h>

#include "supervise/supervisor.h"

#define TRIALS_MAX 16

struct trial {
	struct supervisor *s;
	struct trial *next;
	struct probe *probe;
	supervise_test_fn *fn;
	void *ctx;
};

static void trial_drop(struct trial *t)
{
	struct trial **at = &t->s->trials;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	free(t);
}

static void on_tested(void *ctx, struct probe_result *result)
{
	struct trial *t = ctx;
	struct supervise_test test = {result->rc, &result->err, &result->items};

	t->fn(t->ctx, &test);
	trial_drop(t);
}

int supervise_test(struct supervisor *s, const char *connection, const struct supervise_actor *actor,
		   supervise_test_fn *fn, void *ctx, struct ferry_error *err)
{
	size_t n = 0;

	if (!generation_connection(s->gen, connection))
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no connection '%s'", connection);
	for (const struct trial *t = s->trials; t; t = t->next)
		n++;
	if (n >= TRIALS_MAX)
		return ferry_fail(err, FERRY_E_BUSY, "%zu connections are being tested already", n);
	size_t mark = group_mark(s);
	audit_add(s, actor, "test", connection, "started");
	if (group_commit_or_back(s, mark, err) < 0)
		return -1;
	struct trial *t = ferry_alloc(sizeof *t);
	*t = (struct trial){.s = s, .next = s->trials, .fn = fn, .ctx = ctx};
	s->trials = t;
	if (probe_start(s->loop, "test", connection, &s->paths, s->gen, on_tested, t, &t->probe, err) < 0) {
		trial_drop(t);
		return -1;
	}
	return 0;
}

void trials_release(struct supervisor *s)
{
	struct ferry_error err = {0};
	struct buf none = BUF_INIT;
	struct supervise_test test = {-1, &err, &none};

	ferry_fail(&err, FERRY_E_UNAVAILABLE, "the daemon is stopping");
	while (s->trials) {
		struct trial *t = s->trials;
		probe_free(t->probe);
		t->fn(t->ctx, &test);
		trial_drop(t);
	}
}
