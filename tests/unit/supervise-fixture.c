/* SPDX-License-Identifier: Apache-2.0 */
/* supervise-fixture.c - see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "supervise-fixture.h"

const struct supervise_actor tester = {1000, "uid 1000 (tester)"};

void fixture_file(struct fixture *f, const char *path, const char *text)
{
	char *full = ferry_asprintf("%s/%s", f->config, path);
	FILE *out = fopen(full, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	free(full);
}

void fixture_settings(struct fixture *f, const char *extra)
{
	fixture_file(f, "ferry.yaml", extra);
}

void fixture_sync(struct fixture *f, const char *name, const char *more)
{
	char *path = ferry_asprintf("syncs.d/%s.yaml", name);
	char *text = ferry_asprintf("sync: %s\n%s\n"
				    "source: {connection: db, query: SELECT id FROM t}\n"
				    "key: id\n"
				    "destination: {connection: db, table: u}\n"
				    "map: {id: id}\n", name, more ? more : "");

	fixture_file(f, path, text);
	free(path);
	free(text);
}

void fixture_make(struct fixture *f)
{
	const char *build = getenv("top_builddir");
	char *path;

	*f = (struct fixture){.dir = "/tmp/ferry-test-XXXXXX"};
	assert_non_null(mkdtemp(f->dir));
	f->config = ferry_asprintf("%s/etc", f->dir);
	f->state = ferry_asprintf("%s/state", f->dir);
	f->worker = ferry_asprintf("%s/tests/unit/fixtures/fake-worker", build ? build : ".");
	assert_int_equal(mkdir(f->config, 0755), 0);
	path = ferry_asprintf("%s/connections.d", f->config);
	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
	path = ferry_asprintf("%s/syncs.d", f->config);
	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
	fixture_file(f, "connections.d/db.yaml", "connections:\n  db: {family: sqlite, path: /tmp/none}\n");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fixture_remove(struct fixture *f)
{
	fixture_close(f);
	nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f->config);
	free(f->state);
	free(f->worker);
}

void fixture_open(struct fixture *f)
{
	struct supervise_paths paths = {f->config, f->state, "/none", f->worker};
	struct conf_mistakes mistakes = CONF_MISTAKES_INIT;
	struct buf text = BUF_INIT;
	struct ferry_error err = {0};

	if (loop_new(&f->loop, &err) < 0 || supervise_new(f->loop, &paths, &f->s, &err) < 0)
		fail_msg("%s", err.msg);
	if (f->clock.now)
		supervise_set_clock(f->s, &f->clock);
	if (supervise_load(f->s, &mistakes) < 0) {
		conf_mistakes_print(&mistakes, &text);
		fail_msg("%s", buf_str(&text));
	}
	conf_mistakes_release(&mistakes);
}

void fixture_close(struct fixture *f)
{
	supervise_free(f->s);
	loop_free(f->loop);
	f->s = NULL;
	f->loop = NULL;
}

/* ------------------------------------------------------------------- waiting */

struct until {
	struct fixture *f;
	bool (*done)(struct fixture *f, void *ctx);
	void *ctx;
	int64_t deadline;
	bool late;
	struct loop_source *timer;
};

static void on_look(void *ctx)
{
	struct until *u = ctx;

	u->late = clock_mono() > u->deadline;
	if (u->late || (u->done && u->done(u->f, u->ctx)))
		loop_quit(u->f->loop);
	else
		loop_timer_set(u->timer, 2);
}

static bool run_until(struct fixture *f, bool (*done)(struct fixture *f, void *ctx), void *ctx,
		      int ms)
{
	struct until u = {f, done, ctx, clock_mono() + (int64_t)ms * 1000, false, NULL};
	struct ferry_error err = {0};

	assert_int_equal(loop_timer(f->loop, 0, on_look, &u, &u.timer, &err), 0);
	assert_int_equal(loop_run(f->loop, &err), 0);
	loop_drop(u.timer);
	return !u.late;
}

void fixture_until(struct fixture *f, bool (*done)(struct fixture *f, void *ctx), void *ctx, int ms)
{
	if (!run_until(f, done, ctx, ms))
		fail_msg("it did not happen within %d ms", ms);
}

void fixture_spin(struct fixture *f, int ms)
{
	run_until(f, NULL, NULL, ms);
}

struct wanted {
	int64_t id;
	const char *status;		/* NULL: any that is an end */
};

static bool has_status(struct fixture *f, void *ctx)
{
	const struct wanted *w = ctx;
	struct buf text = BUF_INIT;

	/* a scheduled run may not be there yet */
	bool there = supervise_run_json(f->s, w->id, &text, NULL) == 0;
	buf_release(&text);
	if (!there)
		return false;
	struct json_doc *doc = fixture_doc(f, w->id);
	const char *status = text_at(doc, "status");
	bool ok = w->status ? strcmp(status, w->status) == 0
		: strcmp(status, "queued") != 0 && strcmp(status, "running") != 0;
	json_free(doc);
	return ok;
}

void fixture_wait_status(struct fixture *f, int64_t id, const char *status)
{
	struct wanted w = {id, status};
	fixture_until(f, has_status, &w, 20000);
}

struct json_doc *fixture_wait(struct fixture *f, int64_t id)
{
	fixture_wait_status(f, id, NULL);
	return fixture_doc(f, id);
}

int64_t fixture_trigger(struct fixture *f, const char *sync)
{
	struct supervise_request request = {.trigger = TRIGGER_API};
	struct ferry_error err = {0};
	bool coalesced;
	int64_t id;

	if (supervise_trigger(f->s, sync, &request, &tester, &id, &coalesced, &err) < 0)
		fail_msg("%s", err.msg);
	return id;
}

struct json_doc *fixture_run(struct fixture *f, const char *sync)
{
	return fixture_wait(f, fixture_trigger(f, sync));
}

/* ------------------------------------------------------------------- looking */

struct json_doc *fixture_doc(struct fixture *f, int64_t id)
{
	struct buf text = BUF_INIT;
	struct ferry_error err = {0};
	struct json_doc *doc = NULL;

	if (supervise_run_json(f->s, id, &text, &err) < 0 ||
	    json_parse(text.s, text.len, "run", &doc, &err) < 0)
		fail_msg("%s", err.msg);
	buf_release(&text);
	return doc;
}

json_node *at(const struct json_doc *doc, const char *path)
{
	char *copy = ferry_strdup(path), *save = NULL;
	json_node *node = json_root(doc);

	for (char *part = strtok_r(copy, ".", &save); part; part = strtok_r(NULL, ".", &save))
		node = part[0] >= '0' && part[0] <= '9' ? json_at(node, strtoul(part, NULL, 10))
			: json_get(node, part);
	free(copy);
	return node;
}

const char *text_at(const struct json_doc *doc, const char *path)
{
	const char *s = json_text(at(doc, path), NULL);
	return s ? s : "(none)";
}

int64_t int_at(const struct json_doc *doc, const char *path)
{
	int64_t v;
	return json_int(at(doc, path), &v) ? v : -1;
}

static void state_write(struct fixture *f, const char *name, const char *text)
{
	char *path = ferry_asprintf("%s/%s", f->state, name);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	free(path);
}

void fixture_script(struct fixture *f, const char *lines)
{
	char *go = ferry_asprintf("%s/go", f->state);

	unlink(go);
	free(go);
	state_write(f, "script", lines);
}

void fixture_go(struct fixture *f)
{
	state_write(f, "go", "");
}

struct json_doc *fixture_job(struct fixture *f)
{
	char *path = ferry_asprintf("%s/job", f->state);
	struct buf text = BUF_INIT;
	struct ferry_error err = {0};
	struct json_doc *doc = NULL;

	assert_int_equal(buf_read_file(&text, path, 8 << 20), 0);
	if (json_parse(text.s, text.len, "job", &doc, &err) < 0)
		fail_msg("%s", err.msg);
	buf_release(&text);
	free(path);
	return doc;
}

int failed_stages(const struct json_doc *doc)
{
	json_node *segments = at(doc, "segments");
	int n = 0;

	for (size_t i = 0; i < json_count(segments); i++) {
		json_node *stages = json_get(json_at(segments, i), "stages");
		for (size_t k = 0; k < json_count(stages); k++)
			n += strcmp(json_get_text(json_at(stages, k), "status", ""), "failed") == 0;
	}
	return n;
}
