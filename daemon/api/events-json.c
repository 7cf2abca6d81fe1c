/* SPDX-License-Identifier: Apache-2.0 */
/* events-json.c - what happens, as the data of events. */
#include <stdio.h>
#include <string.h>

#include "api/events.h"

#define TEXT_MAX 2000			/* bytes of a text in an event; the API has all of it */

static const char *const names[EVENT_TYPES] = {
	[EVENT_RUN_QUEUED] = "run.queued", [EVENT_RUN_STARTED] = "run.started", [EVENT_RUN_STAGE] = "run.stage",
	[EVENT_RUN_PROGRESS] = "run.progress", [EVENT_RUN_LOG] = "run.log",
	[EVENT_RUN_ROW_ERRORS] = "run.row_errors", [EVENT_RUN_ENDED] = "run.ended",
	[EVENT_PROBLEM_OPENED] = "problem.opened", [EVENT_PROBLEM_CLOSED] = "problem.closed",
	[EVENT_SYNC_PAUSED] = "sync.paused", [EVENT_SYNC_RESUMED] = "sync.resumed",
	[EVENT_SYNC_PINNED] = "sync.pinned", [EVENT_SYNC_UNPINNED] = "sync.unpinned",
	[EVENT_SYNC_NEXT_RUN] = "sync.next_run", [EVENT_CONFIG_RELOADED] = "config.reloaded",
	[EVENT_CONFIG_REFUSED] = "config.refused", [EVENT_DAEMON_STOPPING] = "daemon.stopping",
};

const char *event_type_name(enum event_type type)
{
	return names[type];
}

int event_types(const char *list, uint32_t *ret, struct ferry_error *err)
{
	*ret = 0;
	for (const char *p = list; *p; p += *p == ',') {
		size_t n = strcspn(p, ",");
		uint32_t found = 0;
		for (int i = 0; i < EVENT_TYPES; i++)
			if (n && strncmp(names[i], p, n) == 0 && (!names[i][n] || names[i][n] == '.'))
				found |= UINT32_C(1) << i;
		if (!found) {
			ferry_fail(err, FERRY_E_USAGE, "'types': there are no events '%.*s'", (int)(n < 60 ? n : 60),
				   p);
			return ferry_hint(err, "Names such as run.log, or first parts of them: run, problem, "
					  "sync, config, daemon; with commas between them.");
		}
		*ret |= found;
		p += n;
	}
	return 0;
}

/* Not cut within a character. */
static void put_text(struct buf *b, const char *key, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n > TEXT_MAX)
		for (n = TEXT_MAX; n && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
			;
	if (s)
		jw_textn(b, key, s, n);
	else
		jw_null(b, key);
}

static void put_run(struct buf *b, const struct run_doc *run)
{
	jw_text(b, "status", run_status_name(run->status));
	jw_text(b, "trigger", run_trigger_name(run->trigger));
	jw_bool(b, "preview", run->preview);
}

static void put_end(struct buf *b, const struct run_doc *run)
{
	struct counters sum;

	put_run(b, run);
	run_doc_sum(run, &sum);
	jw_int(b, "duration_ms", run_doc_ms(run, run->completed_at));
	jw_int(b, "rows_processed", run_doc_rows(&sum));
	jw_int(b, "row_errors", run_doc_row_errors(run));
	put_text(b, "error_code", run->cause.code);
	put_text(b, "error_message", run->cause.message);
}

static void put_place(struct buf *b, const struct supervise_event *e)
{
	jw_text(b, "segment", e->segment);
	jw_text(b, "stage", e->stage);
}

static void put_stage(struct buf *b, const struct supervise_event *e)
{
	const struct segment_doc *seg = e->segment ? run_doc_segment(e->run, e->segment) : NULL;
	int k = e->stage ? stage_from_name(e->stage) : -1;

	put_place(b, e);
	jw_text(b, "status", !seg ? NULL : k < 0 ? segment_status_name(seg->status)
		: stage_status_name(seg->stages[k].status));
	put_text(b, "summary", !seg ? NULL : k < 0 ? seg->reason : seg->stages[k].summary);
}

static void put_progress(struct buf *b, const struct supervise_event *e)
{
	const struct segment_doc *seg = e->segment ? run_doc_segment(e->run, e->segment) : NULL;
	struct counters sum;

	put_place(b, e);
	run_doc_sum(e->run, &sum);
	jw_int(b, "extracted", sum.extracted);
	jw_int(b, "planned", seg ? seg->planned : 0);
	jw_int(b, "done", seg ? seg->done : 0);
	jw_int(b, "rows_processed", run_doc_rows(&sum));
	jw_int(b, "row_errors", run_doc_row_errors(e->run));
}

static void put_log(struct buf *b, const struct supervise_event *e)
{
	if (e->number)
		jw_int(b, "seq", e->number);
	else
		jw_null(b, "seq");
	put_place(b, e);
	jw_text(b, "level", e->level);
	put_text(b, "message", e->text);
}

static void put_problem(struct buf *b, const struct supervise_event *e)
{
	const struct problem *p = e->problem;

	jw_int(b, "problem_id", p->id);
	jw_text(b, "segment", p->segment);
	put_text(b, "key", p->key);
	jw_text(b, "group", p->group);
	jw_text(b, "code", p->code);
	jw_text(b, "severity", p->severity);
	put_text(b, "message", p->message);
	jw_text(b, "change", e->text);
}

static void put_sync(struct supervisor *s, struct buf *b, const char *name)
{
	struct supervise_sync sync;

	if (!supervise_sync_named(s, name, &sync))
		sync = (struct supervise_sync){0};
	jw_time(b, "next_run_at", sync.next_run_at);
	jw_bool(b, "paused", sync.paused_by != NULL);
	jw_text(b, "tier", sync.tier);
	jw_time(b, "pinned_until", sync.pinned_until);
	jw_text(b, "reason", sync.reason);
}

static void put_reload(struct buf *b, const struct supervise_reload *r)
{
	jw_int(b, "generation", r->generation);
	jw_int(b, "syncs", (int64_t)r->syncs);
	put_text(b, "error_message", r->rc < 0 ? r->err->msg : NULL);
}

static enum event_type sync_type(const char *what)
{
	for (int i = EVENT_SYNC_PAUSED; i < EVENT_SYNC_NEXT_RUN; i++)
		if (strcmp(what, names[i] + strlen("sync.")) == 0)
			return (enum event_type)i;
	return EVENT_SYNC_NEXT_RUN;
}

/* The members of its own. */
static enum event_type put_own(struct supervisor *s, const struct supervise_event *e, struct buf *b)
{
	switch (e->news) {
	case NEWS_QUEUED:
	case NEWS_STARTED:
		put_run(b, e->run);
		return e->news == NEWS_QUEUED ? EVENT_RUN_QUEUED : EVENT_RUN_STARTED;
	case NEWS_END:
		put_end(b, e->run);
		return EVENT_RUN_ENDED;
	case NEWS_STAGE:
		put_stage(b, e);
		return EVENT_RUN_STAGE;
	case NEWS_PROGRESS:
		put_progress(b, e);
		return EVENT_RUN_PROGRESS;
	case NEWS_LOG:
		put_log(b, e);
		return EVENT_RUN_LOG;
	case NEWS_ROW_ERROR:
		jw_int(b, "row_errors", e->number);
		return EVENT_RUN_ROW_ERRORS;
	case NEWS_PROBLEM:
		put_problem(b, e);
		return e->number ? EVENT_PROBLEM_OPENED : EVENT_PROBLEM_CLOSED;
	case NEWS_SYNC:
		put_sync(s, b, e->sync);
		return sync_type(e->text);
	case NEWS_RELOAD:
		put_reload(b, e->reload);
		return e->reload->rc < 0 ? EVENT_CONFIG_REFUSED : EVENT_CONFIG_RELOADED;
	case NEWS_STOPPING:
		break;
	}
	return EVENT_DAEMON_STOPPING;
}

enum event_type event_json(struct supervisor *s, const struct supervise_event *e, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_time(out, "at", e->at);
	if (e->sync)
		jw_text(out, "sync_id", e->sync);
	if (e->run)
		jw_int(out, "run_id", e->run->id);
	enum event_type type = put_own(s, e, out);
	jw_close(out, '}');
	return type;
}
