/* SPDX-License-Identifier: Apache-2.0 */
/* backup.c - a backup under way: one at a time, by a worker of its own that nothing here waits for. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "supervise/supervisor.h"

/* Copying a large environment says nothing on the way; so does a file server that is gone. */
#define TIME_MAX_MS ((int64_t)12 * 3600 * 1000)

struct backup {
	struct supervisor *s;
	struct worker *worker;
	struct loop_source *timeout;
	char *dir, *who;
	int64_t uid, done_bytes, total_bytes;
	bool done, late;
	struct supervise_backup result;
	struct ferry_error err;
	supervise_backup_fn *fn;
	void *ctx;
};

static void drop(struct backup *b)
{
	b->s->backup = NULL;
	worker_free(b->worker);
	loop_drop(b->timeout);
	free(b->dir);
	free(b->who);
	free(b);
}

static void conclude(struct backup *b)
{
	struct supervisor *s = b->s;
	struct supervise_actor actor = {b->uid, b->who};

	b->result.err = &b->err;
	if (b->result.rc < 0) {
		log_warn("backup to %s: %s", b->dir, b->err.msg);
		supervise_audit_refused(s, &actor, "backup", b->dir, &b->err);
	} else {
		log_info("backup to %s: %lld files, %lld bytes", b->dir, (long long)b->result.files,
			 (long long)b->result.bytes);
		size_t mark = group_mark(s);
		audit_add(s, &actor, "backup", b->dir, "completed");
		group_commit_or_back(s, mark, NULL);
	}
	b->fn(b->ctx, &b->result);
	drop(b);
}

static void take_item(struct backup *b, json_node *data)
{
	if (json_get(data, "environment")) {
		b->done_bytes = json_get_int(data, "done", 0);
		b->total_bytes = json_get_int(data, "total", 0);
		return;
	}
	const char *at = json_get_text(data, "made_at", "");
	b->result.files = json_get_int(data, "files", 0);
	b->result.bytes = json_get_int(data, "bytes", 0);
	if (!clock_parse(at, strlen(at), &b->result.made_at))
		b->result.made_at = 0;
}

static int on_line(void *ctx, json_node *event, struct ferry_error *err)
{
	struct backup *b = ctx;
	const char *type = json_get_text(event, "type", "");
	json_node *error = json_get(event, "error");

	(void)err;
	if (b->done)
		return 0;
	if (strcmp(type, "item") == 0)
		take_item(b, json_get(event, "data"));
	if (strcmp(type, "done") != 0)
		return 0;
	b->done = true;
	if (error) {
		int code = ferry_code_from_name(json_get_text(error, "code", ""));
		b->result.rc = ferry_fail(&b->err, code > 0 ? (enum ferry_code)code : FERRY_E_INTERNAL, "%s",
					  json_get_text(error, "message", ""));
		ferry_hint(&b->err, "%s", json_get_text(error, "hint", ""));
	}
	worker_done(b->worker);
	return 0;
}

static void on_end(void *ctx, const struct worker_end *end)
{
	struct backup *b = ctx;

	if (!b->done) {
		b->result.rc = -1;
		if (b->late)
			ferry_fail(&b->err, FERRY_E_TIMEOUT, "the backup took longer than %lld hours",
				   (long long)(TIME_MAX_MS / 3600000));
		else
			worker_explain(end, "", 0, &b->err);
	}
	conclude(b);
}

static void on_timeout(void *ctx)
{
	struct backup *b = ctx;

	b->late = true;
	worker_kill(b->worker);
}

static int start(struct backup *b, const char *version, struct ferry_error *err)
{
	struct supervisor *s = b->s;
	struct job job = {.action = "backup", .sync = "", .dir = b->dir, .version = version,
		.generation = s->generation, .memory_limit = s->gen->daemon.memory_limit};
	struct buf line = BUF_INIT;

	job_json(&job, &s->paths, s->gen, &line);
	struct worker_setup setup = {
		.program = s->paths.worker, .title = "ferry-worker: backup", .job = line.s, .job_len = line.len,
		.line = on_line, .end = on_end, .ctx = b,
	};
	int rc = loop_timer(s->loop, TIME_MAX_MS, on_timeout, b, &b->timeout, err);
	if (rc == 0)
		rc = worker_start(s->loop, &setup, &b->worker, err);
	buf_release(&line);
	return rc;
}

int supervise_backup(struct supervisor *s, const char *dir, const char *version, const struct supervise_actor *actor,
		     supervise_backup_fn *fn, void *ctx, struct ferry_error *err)
{
	if (queue_may_change(s, err) < 0)
		return -1;
	if (dir[0] != '/')
		return ferry_fail(err, FERRY_E_USAGE, "'dir' must be an absolute path, not '%s'", dir);
	if (s->backup)
		return ferry_fail(err, FERRY_E_BUSY, "a backup to %s is under way already", s->backup->dir);
	size_t mark = group_mark(s);
	audit_add(s, actor, "backup", dir, "started");
	if (group_commit_or_back(s, mark, err) < 0)
		return -1;
	struct backup *b = ferry_alloc0(1, sizeof *b);
	*b = (struct backup){.s = s, .dir = ferry_strdup(dir), .who = ferry_strdup(actor->name), .uid = actor->uid,
			     .fn = fn, .ctx = ctx};
	s->backup = b;
	if (start(b, version, err) == 0)
		return 0;
	drop(b);
	return -1;
}

bool supervise_backup_progress(const struct supervisor *s, const char **dir, int64_t *done, int64_t *total)
{
	const struct backup *b = s->backup;

	if (!b)
		return false;
	*dir = b->dir;
	*done = b->done_bytes;
	*total = b->total_bytes;
	return true;
}

void backup_release(struct supervisor *s)
{
	struct backup *b = s->backup;

	if (!b)
		return;
	b->result.rc = ferry_fail(&b->err, FERRY_E_UNAVAILABLE, "the daemon is stopping");
	b->result.err = &b->err;
	b->fn(b->ctx, &b->result);
	drop(b);
}
