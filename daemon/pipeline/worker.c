/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c - takes the job line apart, bounds the process's memory, runs what is asked for and says
 * "done". The definitions come with the job, so that a run keeps those it started with.
 */
#include "pipeline/worker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "pipeline/notify.h"
#include "pipeline/pipeline.h"
#include "pipeline/report.h"
#include "plug/plug.h"
#include "store/backup.h"
#include "wire/expr.h"
#include "wire/http.h"
#include "wire/json.h"

struct job {
	struct json_doc *doc;
	json_node *root;
	struct conf_file *files;
	size_t n_files;
	struct arena arena;
	struct open_def *open;
	struct ruling_def *rulings;
	size_t n_open, n_rulings;
};

/* "1081c0" as bytes; empty when it is no such text. */
static struct kv_bytes unhex(struct arena *arena, const char *hex)
{
	size_t n = strlen(hex) / 2;
	char *bytes = arena_alloc(arena, n + 1);

	for (size_t i = 0; i < n; i++) {
		unsigned byte;
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return (struct kv_bytes){"", 0};
		bytes[i] = (char)byte;
	}
	return (struct kv_bytes){bytes, n};
}

static void read_open(struct job *job)
{
	json_node *list = json_get(job->root, "open");

	for (size_t i = 0; i < json_count(list); i++)
		job->n_open += json_count(json_get(json_at(list, i), "forms"));
	job->open = arena_alloc0(&job->arena, job->n_open + 1, sizeof *job->open);
	size_t n = 0;
	for (size_t i = 0; i < json_count(list); i++) {
		json_node *forms = json_get(json_at(list, i), "forms");
		for (size_t k = 0; k < json_count(forms); k++) {
			const char *form = json_text(json_at(forms, k), NULL);
			job->open[n++] = (struct open_def){json_get_text(json_at(list, i), "segment", ""),
				unhex(&job->arena, form ? form : "")};
		}
	}
}

static void read_rulings(struct job *job)
{
	json_node *list = json_get(job->root, "rulings");

	job->n_rulings = json_count(list);
	job->rulings = arena_alloc0(&job->arena, job->n_rulings + 1, sizeof *job->rulings);
	for (size_t i = 0; i < job->n_rulings; i++) {
		json_node *r = json_at(list, i);
		const char *action = json_get_text(r, "action", "");
		job->rulings[i] = (struct ruling_def){
			.segment = json_get_text(r, "segment", ""), .form = unhex(&job->arena, json_get_text(r, "form", "")),
			.ruling = strcmp(action, "link") == 0 ? RULING_LINK : strcmp(action, "create") == 0 ? RULING_CREATE
				: strcmp(action, "ignore") == 0 ? RULING_IGNORE : RULING_NONE,
			.retry = strcmp(action, "retry") == 0, .dest_id = json_get_text(r, "dest_id", ""),
		};
	}
}

static int job_read(struct report *r, struct job *job, struct ferry_error *err)
{
	struct buf line = BUF_INIT;
	int rc = report_read_line(r, &line, err);

	if (rc == 0)
		rc = json_parse(line.s, line.len, "job", &job->doc, err);
	buf_release(&line);
	if (rc != 0)
		return -1;
	job->root = json_root(job->doc);
	read_open(job);
	read_rulings(job);
	json_node *files = json_get(job->root, "files");
	job->n_files = json_count(files);
	job->files = ferry_alloc0(job->n_files, sizeof *job->files);
	for (size_t i = 0; i < job->n_files; i++) {
		json_node *f = json_at(files, i);
		struct conf_file *to = &job->files[i];
		to->kind = (enum conf_kind)json_get_int(f, "kind", CONF_SYNCS);
		to->path = json_get_text(f, "path", "");
		to->text = json_text(json_get(f, "text"), &to->len);
		if (!to->text)
			to->text = "";
	}
	return 0;
}

static void job_release(struct job *job)
{
	json_free(job->doc);
	free(job->files);
	arena_release(&job->arena);
}

/* LMDB's maps are address space, not data, so RLIMIT_DATA bounds just what the worker allocates. */
static int bound_memory(int64_t bytes, struct ferry_error *err)
{
	struct rlimit lim = {(rlim_t)bytes, (rlim_t)bytes};

	if (bytes <= 0)
		return 0;
#ifdef __SANITIZE_ADDRESS__
	return 0;			/* its shadow memory is data too */
#endif
	return setrlimit(RLIMIT_DATA, &lim) == 0 ? 0 : ferry_fail_errno(err, errno, "memory_limit");
}

static void tell_mistakes(struct report *r, struct conf_mistakes *m)
{
	conf_mistakes_sort(m);
	for (size_t i = 0; i < m->n; i++) {
		struct buf b = BUF_INIT;
		report_start(&b, "mistake", NULL);
		jw_text(&b, "file", m->items[i].mark.file);
		jw_int(&b, "line", m->items[i].mark.line);
		jw_int(&b, "column", m->items[i].mark.column);
		jw_text(&b, "text", m->items[i].text);
		report_send(r, &b);
	}
}

static void tell_done(struct report *r, const struct pipeline_result *res)
{
	static const char *const phases[] = {"query", "change_detection", "destination_writes", "finalization"};
	struct buf b = BUF_INIT;

	report_start(&b, "done", NULL);
	jw_text(&b, "status", run_status_name(res->status));
	jw_int(&b, "at", clock_now());
	jw_open(&b, "phases", '{');
	for (int i = 0; i < 4; i++)
		jw_int(&b, phases[i], res->phase_ms[i]);
	jw_close(&b, '}');
	jw_int(&b, "row_errors", report_row_errors(r));
	error_json(&res->error, "error", &b);
	report_send(r, &b);
}

/* ------------------------------------------------------------------- checks */

static void check_expression(const char *text, const struct def_mark *mark, struct conf_mistakes *m)
{
	struct ferry_error err = {0};

	if (text && expr_check(text, &err) != 0)
		conf_mistake(m, mark, "expression '%s': %s", text, err.msg);
}

static void check_expressions(const struct segment_def *seg, struct conf_mistakes *m)
{
	for (size_t i = 0; i < seg->n_key; i++)
		check_expression(seg->key[i], &seg->key_mark, m);
	for (size_t i = 0; i < seg->n_map; i++)
		check_expression(seg->map[i].expr, &seg->map[i].mark, m);
	check_expression(seg->where, &seg->where_mark, m);
	for (size_t i = 0; i < seg->n_skip; i++)
		check_expression(seg->skip[i].when, &seg->skip[i].mark, m);
	for (size_t i = 0; i < seg->n_reject; i++)
		check_expression(seg->reject[i].when, &seg->reject[i].mark, m);
	for (size_t i = 0; i < seg->n_match; i++)
		for (size_t k = 0; k < seg->match[i].n_on; k++)
			check_expression(seg->match[i].on[k], &seg->match[i].mark, m);
	for (size_t i = 0; i < seg->n_statistics; i++)
		check_expression(seg->statistics[i].when, &seg->statistics[i].mark, m);
}

static void do_check(struct report *r, struct job *job, struct pipeline_result *res)
{
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	struct generation *g = conf_load(job->files, job->n_files, &m);

	if (g) {
		plug_check_generation(json_get_text(job->root, "plugins", FERRY_PLUGIN_DIR), g, &m);
		for (size_t i = 0; i < g->n_syncs; i++)
			for (size_t s = 0; s < g->syncs[i].n_segments; s++)
				check_expressions(&g->syncs[i].segments[s], &m);
	}
	tell_mistakes(r, &m);
	res->status = m.n ? RUN_FAILED : RUN_COMPLETED;
	if (m.n)
		ferry_fail(&res->error, FERRY_E_CONFIG, "the configuration has %zu mistake%s", m.n, m.n == 1 ? "" : "s");
	conf_mistakes_release(&m);
	conf_free(g);
}

static void tell_connector(struct report *r, const char *dir, const char *name)
{
	struct ferry_error err = {0};
	struct plug *plug;
	struct buf b = BUF_INIT, data = BUF_INIT;

	if (plug_load(dir, name, &plug, &err) == 0) {
		plug_json(plug, &data);
		plug_unload(plug);
	} else {
		jw_open(&data, NULL, '{');
		jw_text(&data, "name", name);
		error_json(&err, "error", &data);
		jw_close(&data, '}');
	}
	report_start(&b, "item", NULL);
	jw_raw(&b, "data", data.s, data.len);
	report_send(r, &b);
	buf_release(&data);
}

static void do_connectors(struct report *r, struct job *job, struct pipeline_result *res)
{
	const char *dir = json_get_text(job->root, "plugins", FERRY_PLUGIN_DIR);
	struct arena arena = ARENA_INIT;
	char **names;
	size_t n;

	if (plug_list(dir, &arena, &names, &n, &res->error) == 0) {
		for (size_t i = 0; i < n; i++)
			tell_connector(r, dir, names[i]);
		res->status = RUN_COMPLETED;
	}
	arena_release(&arena);
}

/* --------------------------------------------------------- test of a connection */

/* What a test says, passed on at once: {"step"}, {"found"} or {"warning"}. */
struct telling {
	struct ferry_trial api;
	struct report *report;
};

static void tell(struct ferry_trial *trial, const char *what, const char *text)
{
	struct buf b = BUF_INIT;

	report_start(&b, "item", NULL);
	jw_open(&b, "data", '{');
	jw_text(&b, what, text);
	jw_close(&b, '}');
	report_send(((struct telling *)trial->ctx)->report, &b);
}

static void tell_step(struct ferry_trial *trial, const char *name)
{
	tell(trial, "step", name);
}

static void tell_found(struct ferry_trial *trial, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void tell_found(struct ferry_trial *trial, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	tell(trial, "found", text);
}

static void tell_warning(struct ferry_trial *trial, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void tell_warning(struct ferry_trial *trial, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	tell(trial, "warning", text);
}

static void hide(void *ctx, const char *value)
{
	report_secret(ctx, value);
}

static int test_connection(struct report *r, struct job *job, const struct generation *g,
			   struct ferry_error *err)
{
	const char *name = json_get_text(job->root, "connection", "");
	const struct connection_def *c = generation_connection(g, name);
	struct telling telling = {{.step = tell_step, .found = tell_found, .warn = tell_warning}, r};
	struct plug *plug;

	telling.api.ctx = &telling;
	if (!c)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no connection '%s'", name);
	if (plug_load_tester(json_get_text(job->root, "plugins", FERRY_PLUGIN_DIR), c->family, &plug, err) < 0)
		return -1;
	/* a person waits for the answer */
	struct connection_def impatient = *c;
	impatient.retries = 0;
	struct plug_open open = {
		.connection = &impatient,
		.state_dir = json_get_text(job->root, "state", "."),
		.watch = {.ctx = r, .secret = hide},
	};
	int rc = plug_handle_test(plug, &open, &telling.api, err);
	plug_unload(plug);
	return rc;
}

static void do_test(struct report *r, struct job *job, struct pipeline_result *res)
{
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	struct generation *g = conf_load(job->files, job->n_files, &m);

	if (!g)
		ferry_fail(&res->error, FERRY_E_CONFIG, "the configuration has %zu mistake%s", m.n,
			   m.n == 1 ? "" : "s");
	else if (test_connection(r, job, g, &res->error) == 0)
		res->status = RUN_COMPLETED;
	conf_mistakes_release(&m);
	conf_free(g);
}

/* ------------------------------------------------------------- notifications */

static void do_notify(struct report *r, struct job *job, struct pipeline_result *res)
{
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	struct generation *g = conf_load(job->files, job->n_files, &m);

	if (g) {
		notify_send(r, g, json_get(job->root, "messages"));
		res->status = RUN_COMPLETED;
	} else {
		ferry_fail(&res->error, FERRY_E_CONFIG, "the configuration has %zu mistake%s", m.n,
			   m.n == 1 ? "" : "s");
	}
	conf_mistakes_release(&m);
	conf_free(g);
}

/* -------------------------------------------------------------------- backup */

/* An environment is copied: {"environment", "bytes", "done", "total"}; at last {"files", "bytes", "made_at"}. */
static void tell_copied(void *ctx, const char *env, int64_t bytes, int64_t done, int64_t total)
{
	struct buf b = BUF_INIT;

	report_start(&b, "item", NULL);
	jw_open(&b, "data", '{');
	jw_text(&b, "environment", env);
	jw_int(&b, "bytes", bytes);
	jw_int(&b, "done", done);
	jw_int(&b, "total", total);
	jw_close(&b, '}');
	report_send(ctx, &b);
}

static void tell_backup(struct report *r, const struct backup_manifest *m)
{
	struct buf b = BUF_INIT;

	report_start(&b, "item", NULL);
	jw_open(&b, "data", '{');
	jw_int(&b, "files", (int64_t)m->n);
	jw_int(&b, "bytes", m->bytes);
	jw_time(&b, "made_at", m->made_at);
	jw_close(&b, '}');
	report_send(r, &b);
}

static bool backup_stopped(void *ctx)
{
	return report_cancelled(ctx);
}

/* ferry.yaml, connections.d/NAME, syncs.d/NAME: the texts in force, which refer to secrets and have none. */
static const char *file_name(struct arena *arena, const struct conf_file *f)
{
	const char *name = strrchr(f->path, '/');
	const char *folder = f->kind == CONF_CONNECTIONS ? "connections.d/" : f->kind == CONF_SYNCS ? "syncs.d/" : "";

	return arena_printf(arena, "%s%s", folder, name ? name + 1 : f->path);
}

static void do_backup(struct report *r, struct job *job, struct pipeline_result *res)
{
	struct arena arena = ARENA_INIT;
	struct backup_text *texts = arena_alloc0(&arena, job->n_files + 1, sizeof *texts);
	struct backup_manifest made;

	for (size_t i = 0; i < job->n_files; i++)
		texts[i] = (struct backup_text){file_name(&arena, &job->files[i]), job->files[i].text, job->files[i].len};
	struct backup_request request = {
		.state_dir = json_get_text(job->root, "state", "."), .dir = json_get_text(job->root, "dir", ""),
		.version = json_get_text(job->root, "version", "?"),
		.generation = json_get_int(job->root, "generation", 0), .texts = texts, .n_texts = job->n_files,
		.tell = tell_copied, .stopped = backup_stopped, .ctx = r,
	};
	if (backup_make(&request, &arena, &made, &res->error) == 0) {
		tell_backup(r, &made);
		res->status = RUN_COMPLETED;
	}
	arena_release(&arena);
}

/* --------------------------------------------------------------------- runs */

static void do_run(struct report *r, struct job *job, bool promote, struct pipeline_result *res)
{
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	json_node *root = job->root;
	const char *name = json_get_text(root, "sync", "");
	struct generation *g = conf_load(job->files, job->n_files, &m);

	if (!g) {
		struct buf text = BUF_INIT;
		conf_mistakes_print(&m, &text);
		ferry_fail(&res->error, FERRY_E_CONFIG, "%.*s", 900, buf_str(&text));
		buf_release(&text);
	} else {
		const struct sync_def *sync = generation_sync(g, name);
		struct pipeline_options options = {
			.state_dir = json_get_text(root, "state", "."),
			.plugins_dir = json_get_text(root, "plugins", FERRY_PLUGIN_DIR),
			.run = json_get_int(root, "run", 0),
			.preview = json_get_bool(root, "preview", false),
			.verify = json_get_bool(root, "verify", false),
			.full = json_get_bool(root, "full", false),
			.promote_run = promote ? json_get_int(root, "promote_run", 0) : 0,
			.override_guard = json_get_bool(root, "override_guard", false),
			.extract_only = json_get_bool(root, "extract_only", false),
			.limit = json_get_int(root, "limit", 0),
			.open = job->open, .n_open = job->n_open, .rulings = job->rulings, .n_rulings = job->n_rulings,
		};
		if (sync)
			pipeline_run(g, sync, &options, r, res);
		else
			ferry_fail(&res->error, FERRY_E_NOT_FOUND, "there is no sync '%s'", name);
	}
	conf_mistakes_release(&m);
	conf_free(g);
}

int worker_serve(int fd)
{
	struct report *r = report_new(fd);
	struct pipeline_result res = {.status = RUN_FAILED};
	struct job job = {0};

	bool there = job_read(r, &job, &res.error) == 0;
	if (there && bound_memory(json_get_int(job.root, "memory_limit", 0), &res.error) == 0 &&
	    http_init(&res.error) == 0 && report_listen(r, &res.error) == 0) {
		const char *action = json_get_text(job.root, "action", "");
		report_row_error_cap(r, json_get_int(job.root, "row_errors_max", 10000));
		if (strcmp(action, "check") == 0)
			do_check(r, &job, &res);
		else if (strcmp(action, "connectors") == 0)
			do_connectors(r, &job, &res);
		else if (strcmp(action, "test") == 0)
			do_test(r, &job, &res);
		else if (strcmp(action, "backup") == 0)
			do_backup(r, &job, &res);
		else if (strcmp(action, "notify") == 0)
			do_notify(r, &job, &res);
		else if (strcmp(action, "run") == 0 || strcmp(action, "promote") == 0)
			do_run(r, &job, action[0] == 'p', &res);
		else
			ferry_fail(&res.error, FERRY_E_PROTOCOL, "job: unknown action '%s'", action);
	}
	tell_done(r, &res);
	job_release(&job);
	report_free(r);
	http_exit();
	return 0;
}
