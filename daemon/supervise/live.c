/* SPDX-License-Identifier: Apache-2.0 */
/* live.c - one run under way: its worker's events go into its document and the journal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/plan_store.h"
#include "supervise/supervisor.h"

#define ROW_CODES_MAX 50			/* a connector may have codes of its own */

/* --------------------------------------------------------------------- lists */

void live_list_add(struct live_list *list, struct live *live)
{
	if (!list->last)
		list->last = &list->first;
	live->next = NULL;
	*list->last = live;
	list->last = &live->next;
	list->n++;
}

void live_list_del(struct live_list *list, struct live *live)
{
	struct live **at = &list->first;

	while (*at && *at != live)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = live->next;
	if (list->last == &live->next)
		list->last = at;
	live->next = NULL;
	list->n--;
}

static struct live *find_in(const struct live_list *list, int64_t id)
{
	for (struct live *l = list->first; l; l = l->next)
		if (l->doc.id == id)
			return l;
	return NULL;
}

struct live *live_find(const struct supervisor *s, int64_t id)
{
	struct live *l = find_in(&s->running, id);

	if (!l)
		l = find_in(&s->queue, id);
	return l ? l : find_in(&s->ended, id);
}

/* --------------------------------------------------------------- life and death */

struct live *live_new(struct supervisor *s, struct sync_state *st,
		      const struct supervise_request *request, const char *source_name)
{
	struct live *l = ferry_alloc0(1, sizeof *l);

	l->s = s;
	l->sync = st;
	run_doc_init(&l->doc, st->def);
	l->doc.trigger = request->trigger;
	l->doc.preview = request->preview;
	l->doc.verify = request->verify;
	l->doc.full = request->full;
	l->doc.extract_only = request->extract_only;
	l->doc.limit = request->limit;
	l->doc.source_name = ferry_strdup(source_name);
	l->doc.queued_at = supervise_now(l->s);
	l->logs.max = s->gen->daemon.log_lines_max;
	l->errors.max = s->gen->daemon.row_errors_max;
	return l;
}

void live_free(struct live *l)
{
	worker_free(l->worker);
	loop_drop(l->timeout);
	run_doc_release(&l->doc);
	tallies_release(&l->row_codes);
	free(l->stop_by);
	free(l);
}

bool live_hung(const struct live *l)
{
	return l->worker && !l->done && l->silence_ms && worker_silence_ms(l->worker) > l->silence_ms / 2;
}

void live_log(struct live *l, const char *segment, const char *stage, const char *level, const char *message,
	      int64_t at)
{
	struct buf json = BUF_INIT;

	jw_open(&json, NULL, '{');
	jw_time(&json, "at", at);
	jw_text(&json, "segment", segment);
	jw_text(&json, "stage", stage);
	jw_text(&json, "level", level);
	jw_text(&json, "message", message);
	jw_close(&json, '}');
	int64_t seq = journal_add_line(l->s->journal, JOURNAL_LOGS, l->doc.id, &l->logs, segment ? segment : "",
				       json.s, json.len);
	buf_release(&json);
	watch_tell(l->s, &(struct supervise_event){
		.news = NEWS_LOG, .run = &l->doc, .sync = l->doc.sync, .segment = segment, .stage = stage,
		.level = level, .text = message, .number = seq,
	});
}

/* -------------------------------------------------------------------- events */

static int take_log(struct live *l, json_node *event)
{
	live_log(l, json_get_text(event, "segment", NULL), json_get_text(event, "stage", NULL),
		 json_get_text(event, "level", "info"), json_get_text(event, "message", ""),
		 json_get_int(event, "at", supervise_now(l->s)));
	return 0;
}

static int take_row_error(struct live *l, json_node *event)
{
	static const char *const members[] = {"segment", "stage", "key", "code", "field", "message",
		"raw"};
	const char *segment = json_get_text(event, "segment", ""), *code = json_get_text(event, "code", "");
	struct buf json = BUF_INIT;

	if (l->row_codes.n < ROW_CODES_MAX)
		tallies_add(&l->row_codes, code, 1);

	jw_open(&json, NULL, '{');
	jw_time(&json, "at", json_get_int(event, "at", supervise_now(l->s)));
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		size_t len = 0;
		const char *s = json_text(json_get(event, members[i]), &len);
		if (s)
			jw_textn(&json, members[i], s, len);
		else
			jw_null(&json, members[i]);
	}
	jw_close(&json, '}');
	journal_add_line(l->s->journal, JOURNAL_ERRORS, l->doc.id, &l->errors, segment, json.s,
			 json.len);
	buf_release(&json);
	watch_tell(l->s, &(struct supervise_event){.news = NEWS_ROW_ERROR, .run = &l->doc, .sync = l->doc.sync,
		   .number = l->errors.total});
	return 0;
}

static int take_done(struct live *l, json_node *event, struct ferry_error *err)
{
	if (run_doc_done(&l->doc, event, &l->done_status, err) < 0)
		return -1;
	l->done = true;
	worker_done(l->worker);
	return 0;
}

static bool is_problem(const char *type)
{
	return strcmp(type, "problem") == 0 || strcmp(type, "clear") == 0 || strcmp(type, "ruled") == 0;
}

static int take_problem(struct live *l, const char *type, json_node *event, struct ferry_error *err)
{
	if (problems_event(l, type, event, err) < 0)
		return -1;
	group_touch(l->s);
	return 0;
}

static int on_line(void *ctx, json_node *event, struct ferry_error *err)
{
	struct live *l = ctx;
	const char *type = json_get_text(event, "type", "");
	bool change = strcmp(type, "stage") == 0 || strcmp(type, "segment") == 0;

	if (l->done || strcmp(type, "beat") == 0)
		return 0;
	if (strcmp(type, "done") == 0)
		return take_done(l, event, err);
	if (change || strcmp(type, "progress") == 0 || strcmp(type, "log") == 0) {
		if (run_doc_event(&l->doc, event, err) < 0)
			return -1;
		l->dirty |= change;
	}
	if (strcmp(type, "log") == 0)
		take_log(l, event);
	else if (strcmp(type, "row_error") == 0)
		take_row_error(l, event);
	else if (is_problem(type))
		return take_problem(l, type, event, err);
	else if (change || strcmp(type, "progress") == 0)
		watch_tell(l->s, &(struct supervise_event){
			.news = change ? NEWS_STAGE : NEWS_PROGRESS, .run = &l->doc, .sync = l->doc.sync,
			.segment = json_get_text(event, "segment", NULL),
			.stage = json_get_text(event, "stage", NULL),
		});
	group_touch(l->s);
	return 0;
}

/* ----------------------------------------------------------------------- end */

/* What a stop that we asked for makes of the worker's end. */
static void stopped(struct live *l, const struct worker_end *end, enum run_status *status)
{
	bool ours = l->done ? l->done_status == RUN_CANCELLED : end->fate == WORKER_ENDED;
	const char *late = l->done ? "" : "; the worker did not stop in time and was ended";
	struct ferry_error err = {0};

	if (!ours)
		return;
	*status = RUN_CANCELLED;
	switch (l->stop) {
	case STOP_NONE:
		return;
	case STOP_CANCEL:
		ferry_fail(&err, FERRY_E_CANCELLED, "cancelled by %s%s", l->stop_by, late);
		break;
	case STOP_DAEMON:
		ferry_fail(&err, FERRY_E_CANCELLED, "the daemon was stopped%s", late);
		l->doc.interrupted = true;
		break;
	case STOP_JOURNAL:
		*status = RUN_FAILED;
		err = l->s->journal_error;
		if (err.code == FERRY_OK)
			ferry_fail(&err, FERRY_E_DISK_FULL,
				   "the journal could not be written during the run");
		break;
	case STOP_TIMEOUT:
		*status = RUN_FAILED;
		ferry_fail(&err, FERRY_E_TIMEOUT, "the run took longer than its timeout of %lld s%s",
			   (long long)(l->timeout_ms / 1000), late);
		ferry_hint(&err, "Raise the sync's 'timeout:', or see in the run's stages what takes so long.");
		break;
	}
	run_doc_cause(&l->doc, &err);
}

struct log_about live_about(const struct run_doc *d, enum log_event event)
{
	return (struct log_about){
		.event = event, .sync = d->sync, .run = d->id, .segment = d->cause.segment,
		.stage = d->cause.stage < 0 ? NULL : stage_name((enum stage)d->cause.stage), .code = d->cause.code,
	};
}

static void log_end(const struct live *l)
{
	const struct run_doc *d = &l->doc;
	enum log_event event = d->status == RUN_FAILED ? LOG_RUN_FAILED
		: d->status == RUN_COMPLETED ? LOG_RUN_COMPLETED : LOG_EVENT_NONE;
	struct log_about about = live_about(d, event);
	struct counters c;

	run_doc_sum(d, &c);
	if (d->status == RUN_FAILED)
		log_about(&about, FERRY_LOG_ERROR, "run %lld of %s failed: %s: %s", (long long)d->id, d->sync,
			  d->cause.code ? d->cause.code : "INTERNAL", d->cause.message ? d->cause.message : "");
	else
		log_about(&about, FERRY_LOG_INFO,
			  "run %lld of %s: %s, %lld rows, %lld created, %lld updated, %lld row errors",
			  (long long)d->id, d->sync, run_status_name(d->status), (long long)run_doc_rows(&c),
			  (long long)c.created, (long long)c.updated, (long long)run_doc_row_errors(d));
}

/* Plans of runs that are no longer among the sync's latest go. Each run passes by here many times. */
static void drop_old_plans(struct supervisor *s, const char *sync)
{
	enum { AT_ONCE = 16 };
	struct journal_filter of = {.sync = sync, .status = -1};
	int64_t ids[AT_ONCE];
	size_t n = 0;

	if (journal_list(s->journal, &of, retention_of(s, sync)->plans_count, AT_ONCE, ids, &n, NULL, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		plan_remove(supervise_paths(s)->state_dir, ids[i]);
}

/* The document has its end: to the journal, and on with whatever waits for it. */
static void finish(struct live *l, enum run_status status)
{
	struct supervisor *s = l->s;
	struct sync_state *st = l->sync;

	if (status == RUN_FAILED && !l->doc.cause.code)
		run_doc_cause(&l->doc, &(struct ferry_error){.code = FERRY_E_INTERNAL,
			      .msg = "the worker gave no reason"});
	run_doc_end(&l->doc, status, supervise_now(s));
	if (l->doc.cause.message && (status == RUN_FAILED || status == RUN_CANCELLED))
		live_log(l, l->doc.cause.segment,
			l->doc.cause.stage < 0 ? NULL : stage_name((enum stage)l->doc.cause.stage),
			status == RUN_FAILED ? "error" : "warn", l->doc.cause.message, l->doc.completed_at);
	worker_free(l->worker);
	l->worker = NULL;
	loop_drop(l->timeout);
	l->timeout = NULL;
	log_end(l);
	sync_last(st, &l->doc);
	meter_run(&st->meter, &l->doc);
	st->running = NULL;
	schedule_ended(l);
	live_list_del(&s->running, l);
	live_list_add(&s->ended, l);
	trends_ended(s, &l->doc);
	notices_ended(l);
	group_put_doc(s, l);
	watch_run(l, NEWS_END);
	drop_old_plans(s, st->name);
	retention_ran(s);
	group_commit(s);		/* frees it, unless that failed */
	notices_soon(s);
	schedule_plan(s, st);
	schedule_arm(s);
	supervise_tell_status(s);
	queue_dispatch_soon(s);
	supervise_end_if_idle(s);
}

static void on_end(void *ctx, const struct worker_end *end)
{
	struct live *l = ctx;
	enum run_status status = l->done_status;

	if (!l->done) {
		struct ferry_error err = {0};
		struct buf place = BUF_INIT;
		run_doc_place(&l->doc, &place);
		worker_explain(end, buf_str(&place), l->silence_ms, &err);
		buf_release(&place);
		run_doc_cause(&l->doc, &err);
		status = RUN_FAILED;
	}
	stopped(l, end, &status);
	if (l->doc.row_errors < 0 && l->errors.total > run_doc_row_errors(&l->doc))
		l->doc.row_errors = l->errors.total;
	finish(l, status);
}

static void on_timeout(void *ctx)
{
	live_stop(ctx, STOP_TIMEOUT, NULL, CANCEL_GRACE_MS);
}

void live_stop(struct live *l, enum stop_cause cause, const char *by, int64_t grace_ms)
{
	if (!l->worker)
		return;
	if (l->stop == STOP_NONE) {
		l->stop = cause;
		l->stop_by = by ? ferry_strdup(by) : NULL;
	}
	worker_cancel(l->worker, grace_ms);
}

void live_drop(struct live *l, enum run_status status, const struct ferry_error *why)
{
	struct supervisor *s = l->s;

	run_doc_cause(&l->doc, why);
	run_doc_end(&l->doc, status, supervise_now(l->s));
	if (l->sync->queued == l)
		l->sync->queued = NULL;
	live_list_del(&s->queue, l);
	live_list_add(&s->ended, l);
	if (l->doc.promote_of) {
		char key[PROMOTE_KEY];
		promote_key(key, l->doc.promote_of);
		journal_put_state(s->journal, key, NULL, 0);
	}
	sync_last(l->sync, &l->doc);
	meter_run(&l->sync->meter, &l->doc);
	schedule_dropped(l);
	trends_ended(s, &l->doc);
	group_put_doc(s, l);
	watch_run(l, NEWS_END);
}

/* --------------------------------------------------------------------- start */

static int start_worker(struct live *l, struct ferry_error *err)
{
	struct supervisor *s = l->s;
	const struct sync_def *def = l->sync->def;
	struct job job = {
		.action = l->doc.promote_of ? "promote" : "run", .run = l->doc.id, .sync = l->doc.sync,
		.preview = l->doc.preview, .verify = l->doc.verify, .full = l->doc.full,
		.override_guard = l->doc.override_guard, .extract_only = l->doc.extract_only,
		.limit = l->doc.limit, .promote_run = l->doc.promote_of, .memory_limit = def->memory_limit,
	};
	struct problem_lists problems = {BUF_INIT, BUF_INIT};
	struct buf line = BUF_INIT, title = BUF_INIT;

	l->silence_ms = s->gen->daemon.heartbeat_timeout_ms;
	l->timeout_ms = def->timeout_ms;
	buf_addf(&title, "ferry-worker: %s %lld", l->doc.sync, (long long)l->doc.id);
	int rc = problems_for_job(l, &problems, err);
	job.open_json = buf_str(&problems.open);
	job.rulings_json = buf_str(&problems.rulings);
	job_json(&job, &s->paths, s->gen, &line);
	struct worker_setup setup = {
		.program = s->paths.worker, .title = title.s, .job = line.s, .job_len = line.len,
		.silence_ms = l->silence_ms, .line = on_line, .end = on_end, .ctx = l,
	};
	if (rc == 0)
		rc = worker_start(s->loop, &setup, &l->worker, err);
	if (rc == 0 && l->timeout_ms)
		rc = loop_timer(s->loop, l->timeout_ms, on_timeout, l, &l->timeout, err);
	buf_release(&problems.open);
	buf_release(&problems.rulings);
	buf_release(&line);
	buf_release(&title);
	return rc;
}

void live_start(struct live *l)
{
	struct supervisor *s = l->s;
	struct ferry_error err = {0};

	live_list_del(&s->queue, l);
	live_list_add(&s->running, l);
	l->sync->queued = NULL;
	l->sync->running = l;
	l->sync->due = (struct due){0};
	l->doc.status = RUN_RUNNING;
	l->doc.started_at = supervise_now(s);
	struct due_memory before = l->sync->memory;
	size_t mark = group_mark(s);
	schedule_started(l);
	group_put_doc(s, l);
	if (group_commit_or_back(s, mark, &err) < 0) {
		/* it waits until the journal can be written again */
		l->sync->memory = before;
		l->doc.status = RUN_QUEUED;
		l->doc.started_at = 0;
		l->sync->queued = l;
		l->sync->running = NULL;
		live_list_del(&s->running, l);
		live_list_add(&s->queue, l);
		return;
	}
	struct log_about about = live_about(&l->doc, LOG_EVENT_NONE);
	log_about(&about, FERRY_LOG_INFO, "run %lld of %s starts (%s, %s)", (long long)l->doc.id, l->doc.sync,
		  run_trigger_name(l->doc.trigger), l->doc.source_name);
	watch_run(l, NEWS_STARTED);
	notices_soon(s);
	supervise_tell_status(s);
	if (start_worker(l, &err) < 0) {
		run_doc_cause(&l->doc, &err);
		finish(l, RUN_FAILED);
	}
}
