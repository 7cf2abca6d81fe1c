/* SPDX-License-Identifier: Apache-2.0 */
/* once.c - one run in the foreground: progress to standard error, a summary to standard output. */
#include "once.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define LIVE_US 200000			/* between two live lines */

struct foreground {
	struct loop *loop;
	struct supervisor *s;
	bool terminal, live_shown, ended;
	int64_t live_at;
	enum stage_status *shown;	/* of each segment's stages */
	size_t n_shown;
	int status;
};

static void clear_live(struct foreground *f)
{
	if (f->live_shown)
		fputs("\r\033[K", stderr);
	f->live_shown = false;
}

static void show_stage(struct foreground *f, const struct segment_doc *seg, enum stage which)
{
	const struct stage_doc *st = &seg->stages[which];

	clear_live(f);
	fprintf(stderr, "%s: %s %s", seg->name, stage_name(which), stage_status_name(st->status));
	if (st->status == STAGE_COMPLETED || st->status == STAGE_FAILED)
		fprintf(stderr, " after %lld.%03d s", (long long)(st->ms / 1000),
			(int)(st->ms % 1000));
	if (st->summary && *st->summary)
		fprintf(stderr, ": %s", st->summary);
	fputc('\n', stderr);
}

/* What has changed since it was shown last. */
static void show_changes(struct foreground *f, const struct run_doc *run)
{
	if (!f->shown) {
		f->n_shown = run->n_segments * STAGES;
		f->shown = ferry_alloc0(f->n_shown, sizeof *f->shown);
	}
	for (size_t i = 0; i < f->n_shown; i++) {
		const struct segment_doc *seg = &run->segments[i / STAGES];
		enum stage_status now = seg->stages[i % STAGES].status;
		if (now == f->shown[i])
			continue;
		f->shown[i] = now;
		if (now != STAGE_SKIPPED)
			show_stage(f, seg, (enum stage)(i % STAGES));
	}
}

static void show_live(struct foreground *f, const struct run_doc *run)
{
	int64_t now = clock_mono();

	if (!f->terminal || run->at_segment < 0 || now - f->live_at < LIVE_US)
		return;
	f->live_at = now;
	f->live_shown = true;
	const struct segment_doc *seg = &run->segments[run->at_segment];
	fprintf(stderr, "\r\033[K%s: %s, %lld extracted", seg->name,
		run->at_stage < 0 ? "" : stage_name((enum stage)run->at_stage),
		(long long)seg->counters.extracted);
	if (seg->planned)
		fprintf(stderr, ", %lld of %lld done", (long long)seg->done,
			(long long)seg->planned);
	fflush(stderr);
}

static void summarize(const struct run_doc *run)
{
	struct counters c;
	int64_t errors = run_doc_row_errors(run), ms = run_doc_ms(run, clock_now());

	run_doc_sum(run, &c);
	printf("run %lld of %s: %s", (long long)run->id, run->sync, run_status_name(run->status));
	if (errors)
		printf(" with %lld row error%s", (long long)errors, errors == 1 ? "" : "s");
	printf(" after %lld.%03d s\n", (long long)(ms / 1000), (int)(ms % 1000));
	printf("%s%lld extracted, %lld created, %lld updated, %lld deleted, %lld disabled, %lld unchanged, "
	       "%lld skipped, %lld conflicts, %lld failed\n", run->preview ? "plan: " : "",
	       (long long)c.extracted, (long long)c.created, (long long)c.updated, (long long)c.deleted,
	       (long long)c.disabled, (long long)c.unchanged, (long long)c.skipped, (long long)c.conflicts,
	       (long long)(c.failed + c.invalid));
	if (run->cause.code) {
		printf("%s: %s\n", run->cause.code, run->cause.message);
		if (run->cause.stage >= 0)
			printf("in stage %s of segment '%s'\n",
			       stage_name((enum stage)run->cause.stage), run->cause.segment);
		if (run->cause.hint[0])
			printf("%s\n", run->cause.hint);
	}
	fflush(stdout);
}

static int exit_status(const struct run_doc *run)
{
	if (run->status == RUN_PREVIEW_READY)
		return 0;
	if (run->status != RUN_COMPLETED)
		return 1;
	struct counters c;
	run_doc_sum(run, &c);
	bool partly = run_doc_row_errors(run) || c.conflicts;
	for (size_t i = 0; i < run->n_segments; i++)
		partly |= run->segments[i].status == SEGMENT_ERROR;
	return partly ? 2 : 0;
}

/* Lines that are written when it has ended are in the summary. */
static void show_warning(struct foreground *f, const struct supervise_event *line)
{
	if (line->run->completed_at || (strcmp(line->level, "warn") != 0 && strcmp(line->level, "error") != 0))
		return;
	clear_live(f);
	fprintf(stderr, "%s\n", line->text);
}

static void on_news(void *ctx, const struct supervise_event *event)
{
	const struct run_doc *run = event->run;
	struct foreground *f = ctx;

	switch (event->news) {
	case NEWS_STARTED:
	case NEWS_STAGE:
		show_changes(f, run);
		break;
	case NEWS_PROGRESS:
		show_live(f, run);
		break;
	case NEWS_LOG:
		show_warning(f, event);
		break;
	case NEWS_END:
		show_changes(f, run);
		clear_live(f);
		summarize(run);
		f->status = exit_status(run);
		f->ended = true;
		supervise_leave(f->s);
		break;
	default:
		break;
	}
}

static void on_signal(void *ctx, int signo)
{
	struct foreground *f = ctx;

	(void)signo;
	supervise_stop(f->s);
}

static char *actor_name(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return ferry_asprintf("ferryd --once, uid %u (%s)", (unsigned)getuid(),
			      pw ? pw->pw_name : "?");
}

static int queue_it(struct supervisor *s, const struct once *once, struct ferry_error *err)
{
	struct supervise_request request = {
		.trigger = TRIGGER_MANUAL, .preview = once->preview, .verify = once->verify, .full = once->full,
	};
	struct supervise_sync sync;
	char *who = actor_name();
	struct supervise_actor actor = {getuid(), who};
	bool coalesced;
	int64_t id;
	int rc;

	if (!supervise_sync_named(s, once->sync, &sync))
		rc = ferry_fail(err, FERRY_E_NOT_FOUND, "there is no sync '%s'", once->sync);
	else if (once->promote)
		rc = supervise_promote(s, once->promote, &actor, &id, err);
	else
		rc = supervise_trigger(s, once->sync, &request, &actor, &id, &coalesced, err);
	free(who);
	return rc;
}

int once_run(struct loop *loop, struct supervisor *s, const struct once *once)
{
	struct foreground f = {.loop = loop, .s = s, .terminal = isatty(2), .status = 1};
	struct ferry_error err = {0};

	struct supervise_watcher watcher = {.fn = on_news, .ctx = &f};

	supervise_watch(s, &watcher);
	if (loop_signal(loop, SIGTERM, on_signal, &f, &err) < 0 ||
	    loop_signal(loop, SIGINT, on_signal, &f, &err) < 0 ||
	    queue_it(s, once, &err) < 0 || loop_run(loop, &err) < 0) {
		log_error(&err);
		f.status = ferry_code_info(err.code)->exit;
	} else if (!f.ended && supervise_fatal(s)->code != FERRY_OK) {
		log_error(supervise_fatal(s));
	}
	supervise_unwatch(s, &watcher);
	free(f.shown);
	return f.status;
}
