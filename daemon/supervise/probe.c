/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - short-lived workers. */
#include "supervise/probe.h"

#include <stdlib.h>
#include <string.h>

#include "supervise/worker.h"

#define TIME_MAX_MS 60000
#define ANSWER_MAX (16 * 1024 * 1024)

struct probe {
	struct worker *worker;
	struct loop_source *timeout;
	bool done, timed_out;
	int64_t silence_ms, time_ms;
	struct probe_result result;
	probe_end_fn *end;
	void *ctx;
};

static void take_mistake(struct probe *p, json_node *event)
{
	struct def_mark mark = {
		.file = json_get_text(event, "file", ""),
		.line = (int)json_get_int(event, "line", 0),
		.column = (int)json_get_int(event, "column", 0),
	};
	conf_mistake(&p->result.mistakes, &mark, "%s", json_get_text(event, "text", ""));
}

static int take_item(struct probe *p, json_node *event, struct ferry_error *err)
{
	json_node *data = json_get(event, "data");
	size_t len;

	if (json_kind(data) != JSON_OBJECT)
		return ferry_fail(err, FERRY_E_PROTOCOL, "an item without data");
	const char *s = json_dump(data, &len);
	if (p->result.items.len + len > ANSWER_MAX)
		return ferry_fail(err, FERRY_E_PROTOCOL, "more items than can be");
	jw_raw(&p->result.items, NULL, s, len);
	return 0;
}

static void take_done(struct probe *p, json_node *event)
{
	json_node *error = json_get(event, "error");

	p->done = true;
	if (error && !p->result.mistakes.n) {
		int code = ferry_code_from_name(json_get_text(error, "code", ""));
		p->result.rc = ferry_fail(&p->result.err,
					  code > 0 ? (enum ferry_code)code : FERRY_E_INTERNAL,
					  "%s", json_get_text(error, "message", ""));
		ferry_hint(&p->result.err, "%s", json_get_text(error, "hint", ""));
	}
	worker_done(p->worker);
}

static int on_line(void *ctx, json_node *event, struct ferry_error *err)
{
	struct probe *p = ctx;
	const char *type = json_get_text(event, "type", "");

	if (p->done)
		return 0;
	if (strcmp(type, "mistake") == 0)
		take_mistake(p, event);
	else if (strcmp(type, "item") == 0)
		return take_item(p, event, err);
	else if (strcmp(type, "done") == 0)
		take_done(p, event);
	return 0;
}

static void on_end(void *ctx, const struct worker_end *end)
{
	struct probe *p = ctx;

	if (!p->done && p->timed_out)
		p->result.rc = ferry_fail(&p->result.err, FERRY_E_TIMEOUT,
					  "the worker did not end within %lld s",
					  (long long)(p->time_ms / 1000));
	else if (!p->done) {
		worker_explain(end, "", p->silence_ms, &p->result.err);
		p->result.rc = -1;
	}
	conf_mistakes_sort(&p->result.mistakes);
	p->end(p->ctx, &p->result);
	probe_free(p);
}

static void on_timeout(void *ctx)
{
	struct probe *p = ctx;

	p->timed_out = true;
	worker_kill(p->worker);
}

int probe_start_job(struct loop *loop, const struct job *job, int64_t time_ms, const struct supervise_paths *paths,
		    const struct generation *gen, probe_end_fn *end, void *ctx, struct probe **ret,
		    struct ferry_error *err)
{
	struct probe *p = ferry_alloc0(1, sizeof *p);
	struct buf line = BUF_INIT;

	p->end = end;
	p->ctx = ctx;
	p->time_ms = time_ms;
	p->silence_ms = gen->daemon.heartbeat_timeout_ms;
	job_json(job, paths, gen, &line);
	struct worker_setup setup = {
		.program = paths->worker, .title = "ferry-worker", .job = line.s, .job_len = line.len,
		.silence_ms = p->silence_ms, .line = on_line, .end = on_end, .ctx = p,
	};
	int rc = loop_timer(loop, time_ms, on_timeout, p, &p->timeout, err);
	if (rc == 0)
		rc = worker_start(loop, &setup, &p->worker, err);
	buf_release(&line);
	if (rc < 0) {
		probe_free(p);
		return -1;
	}
	*ret = p;
	return 0;
}

int probe_start(struct loop *loop, const char *action, const char *connection, const struct supervise_paths *paths,
		const struct generation *gen, probe_end_fn *end, void *ctx, struct probe **ret,
		struct ferry_error *err)
{
	struct job job = {.action = action, .sync = "", .connection = connection, .memory_limit = gen->daemon.memory_limit};

	return probe_start_job(loop, &job, TIME_MAX_MS, paths, gen, end, ctx, ret, err);
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	worker_free(p->worker);
	loop_drop(p->timeout);
	conf_mistakes_release(&p->result.mistakes);
	buf_release(&p->result.items);
	free(p);
}
