/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - tests of connections and notification targets, each by a short-lived worker. */
#include <stdlib.h>

#include "supervise/notices.h"

#define TRIALS_MAX 16
#define TRIAL_MS 90000			/* a target may take a minute to answer */

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

/* Write it into the audit and start the worker. */
static int start(struct supervisor *s, const struct job *job, const char *action, const char *target,
		 const struct supervise_actor *actor, supervise_test_fn *fn, void *ctx, struct ferry_error *err)
{
	size_t n = 0;

	for (const struct trial *t = s->trials; t; t = t->next)
		n++;
	if (n >= TRIALS_MAX)
		return ferry_fail(err, FERRY_E_BUSY, "%zu tests are under way already", n);
	size_t mark = group_mark(s);
	audit_add(s, actor, action, target, "started");
	if (group_commit_or_back(s, mark, err) < 0)
		return -1;
	struct trial *t = ferry_alloc(sizeof *t);
	*t = (struct trial){.s = s, .next = s->trials, .fn = fn, .ctx = ctx};
	s->trials = t;
	if (probe_start_job(s->loop, job, TRIAL_MS, &s->paths, s->gen, on_tested, t, &t->probe, err) < 0) {
		trial_drop(t);
		return -1;
	}
	return 0;
}

int supervise_test(struct supervisor *s, const char *connection, const struct supervise_actor *actor,
		   supervise_test_fn *fn, void *ctx, struct ferry_error *err)
{
	struct job job = {
		.action = "test", .sync = "", .connection = connection, .memory_limit = s->gen->daemon.memory_limit,
	};

	if (!generation_connection(s->gen, connection))
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no connection '%s'", connection);
	return start(s, &job, "test", connection, actor, fn, ctx, err);
}

int supervise_notify_test(struct supervisor *s, const char *target, const struct supervise_actor *actor,
			  supervise_test_fn *fn, void *ctx, struct ferry_error *err)
{
	struct message m = {.at = supervise_now(s), .target = target};
	struct buf message = BUF_INIT, messages = BUF_INIT;
	char name[DELIVERY_TEXT];

	if (!generation_target(s->gen, target))
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no notification target '%s'", target);
	delivery_name(name);
	m.delivery = name;
	message_json(&m, &message);
	buf_addf(&messages, "[{\"id\":0,\"message\":%s}]", message.s);
	struct job job = {
		.action = "notify", .sync = "", .messages_json = messages.s, .memory_limit = s->gen->daemon.memory_limit,
	};
	int rc = start(s, &job, "notify-test", target, actor, fn, ctx, err);
	buf_release(&message);
	buf_release(&messages);
	return rc;
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
