/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - GET /metrics: OpenMetrics 1.0 for whoever asks for it, else the Prometheus text format it
 * came from. They differ in what a counter's family and a state set are called.
 *
 * Labels are the configured syncs, and words of fixed lists. Nothing is read from the journal but open
 * problems and notifications; runs and rows are counted since the daemon began.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "api/call.h"
#include "api/events.h"
#include "store/outbox.h"

#define OPEN_METRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PLAIN_TEXT "text/plain; version=0.0.4; charset=utf-8"

enum family {
	BUILD, START, GENERATION, LOADED, RELOAD_GOOD, STOPPING, SYNCS, RUNNING, QUEUED, HUNG, RUNS, ROWS, EXTRACTED,
	REQUESTS, RETRIES, DURATION, LAST_STATUS, LAST_END, LAST_DURATION, LAST_ERRORS, MEMORY_PEAK, NEXT_RUN, PAUSED,
	PROBLEMS, JOURNAL_USED, JOURNAL_MAP, JOURNAL_GOOD, DISK_FREE, DISK_SIZE, NOTIFICATIONS,
	EVENT_CLIENTS, FAMILIES
};

static const struct {
	const char *name, *type, *unit, *help;
} families[FAMILIES] = {
	[BUILD] = {"ferry_build", "info", NULL, "The daemon's version."},
	[START] = {"ferry_start_time_seconds", "gauge", "seconds", "When the daemon began."},
	[GENERATION] = {"ferry_config_generation", "gauge", NULL, "The number of the configuration in force."},
	[LOADED] = {"ferry_config_load_time_seconds", "gauge", "seconds", "When it was taken."},
	[RELOAD_GOOD] = {"ferry_config_reload_success", "gauge", NULL, "1 when the last reload was taken, 0 when it "
		"was refused."},
	[STOPPING] = {"ferry_stopping", "gauge", NULL, "1 when the daemon is about to end."},
	[SYNCS] = {"ferry_syncs", "gauge", NULL, "Configured syncs."},
	[RUNNING] = {"ferry_runs_running", "gauge", NULL, "Runs under way."},
	[QUEUED] = {"ferry_runs_queued", "gauge", NULL, "Runs that wait to be started."},
	[HUNG] = {"ferry_runs_hung", "gauge", NULL, "Running runs that give no sign of life."},
	[RUNS] = {"ferry_runs", "counter", NULL, "Runs that have ended since the daemon began, by how."},
	[ROWS] = {"ferry_rows", "counter", NULL, "Rows processed since the daemon began, by what became of them; "
		"previews do not count."},
	[EXTRACTED] = {"ferry_rows_extracted", "counter", NULL, "Rows that sources gave since the daemon began."},
	[REQUESTS] = {"ferry_apply_requests", "counter", NULL, "Batches sent to destinations since the daemon began."},
	[RETRIES] = {"ferry_apply_retries", "counter", NULL, "How many of them were repeats."},
	[DURATION] = {"ferry_run_duration_seconds", "histogram", "seconds", "How long runs took that have ended since "
		"the daemon began."},
	[LAST_STATUS] = {"ferry_last_run_status", "stateset", NULL, "How the last run has ended."},
	[LAST_END] = {"ferry_last_run_end_time_seconds", "gauge", "seconds", "When the last run has ended."},
	[LAST_DURATION] = {"ferry_last_run_duration_seconds", "gauge", "seconds", "How long the last run took."},
	[LAST_ERRORS] = {"ferry_last_run_row_errors", "gauge", NULL, "Rows that failed in the last run."},
	[MEMORY_PEAK] = {"ferry_last_run_memory_peak_bytes", "gauge", "bytes", "Most memory that the last run's "
		"worker had."},
	[NEXT_RUN] = {"ferry_next_run_time_seconds", "gauge", "seconds", "When the schedule starts the next run; absent "
		"while none is to come."},
	[PAUSED] = {"ferry_sync_paused", "gauge", NULL, "1 when the sync's schedule is paused."},
	[PROBLEMS] = {"ferry_problems_open", "gauge", NULL, "Records that wait for a person."},
	[JOURNAL_USED] = {"ferry_journal_size_bytes", "gauge", "bytes", "What the journal takes."},
	[JOURNAL_MAP] = {"ferry_journal_map_bytes", "gauge", "bytes", "What it may grow to before its map grows."},
	[JOURNAL_GOOD] = {"ferry_journal_writable", "gauge", NULL, "0 when the journal could not be written."},
	[DISK_FREE] = {"ferry_state_disk_free_bytes", "gauge", "bytes", "Free space where the state is kept."},
	[DISK_SIZE] = {"ferry_state_disk_size_bytes", "gauge", "bytes", "All space there."},
	[NOTIFICATIONS] = {"ferry_notifications", "gauge", NULL, "Notifications that are kept, by how their delivery "
		"stands."},
	[EVENT_CLIENTS] = {"ferry_event_clients", "gauge", NULL, "Clients that follow the events."},
};

/* A buffer for each family: syncs are passed through once. */
struct exposition {
	struct buf of[FAMILIES];
	bool open_metrics;
};

static bool is(enum family f, const char *type)
{
	return strcmp(families[f].type, type) == 0;
}

/* ------------------------------------------------------------------------ samples */

/* labels: `a="b",c="d"`, or "". */
static void put(struct exposition *x, enum family f, const char *suffix, const char *labels, const char *value)
{
	struct buf *b = &x->of[f];

	buf_addf(b, "%s%s", families[f].name, suffix);
	if (*labels)
		buf_addf(b, "{%s}", labels);
	buf_addf(b, " %s\n", value);
}

static void put_count(struct exposition *x, enum family f, const char *labels, int64_t n)
{
	char value[24];

	snprintf(value, sizeof value, "%lld", (long long)n);
	put(x, f, is(f, "counter") ? "_total" : "", labels, value);
}

/* Milliseconds as seconds. */
static void put_ms(struct exposition *x, enum family f, const char *suffix, const char *labels, int64_t ms)
{
	char value[32];

	ms = ms < 0 ? 0 : ms;
	snprintf(value, sizeof value, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
	put(x, f, suffix, labels, value);
}

static void put_label(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s%s=\"", b->len ? "," : "", name);
	for (const char *p = value; *p; p++)
		if (*p == '\n')
			buf_adds(b, "\\n");
		else
			buf_addf(b, "%s%c", *p == '\\' || *p == '"' ? "\\" : "", *p);
	buf_addc(b, '"');
}

/* One more label for this sample. */
static void put_with(struct exposition *x, enum family f, const struct buf *labels, const char *name,
		     const char *value, int64_t n)
{
	struct buf more = BUF_INIT;

	buf_add(&more, labels->s, labels->len);
	put_label(&more, name, value);
	put_count(x, f, more.s, n);
	buf_release(&more);
}

/* -------------------------------------------------------------------- of one sync */

static const enum run_status ends[] = {RUN_PREVIEW_READY, RUN_COMPLETED, RUN_FAILED, RUN_CANCELLED};
enum { ENDS = sizeof ends / sizeof *ends };

static void put_histogram(struct exposition *x, const struct meter *m, const struct buf *labels)
{
	struct buf more = BUF_INIT;
	int64_t n = 0;
	char value[24];

	for (int i = 0; i <= METER_BUCKETS; i++) {
		bool last = i == METER_BUCKETS;
		n = last ? m->started : n + m->buckets[i];
		if (!last)
			snprintf(value, sizeof value, "%lld.0", (long long)(meter_bounds_ms[i] / 1000));
		buf_reset(&more);
		buf_add(&more, labels->s, labels->len);
		put_label(&more, "le", last ? "+Inf" : value);
		snprintf(value, sizeof value, "%lld", (long long)n);
		put(x, DURATION, "_bucket", more.s, value);
	}
	snprintf(value, sizeof value, "%lld", (long long)m->started);
	put(x, DURATION, "_count", labels->s, value);
	put_ms(x, DURATION, "_sum", labels->s, m->ms);
	buf_release(&more);
}

static void put_meter(struct exposition *x, const struct meter *m, const struct buf *labels)
{
	const struct {
		const char *kind;
		int64_t n;
	} rows[] = {
		{"created", m->rows.created}, {"updated", m->rows.updated}, {"deleted", m->rows.deleted},
		{"disabled", m->rows.disabled}, {"unchanged", m->rows.unchanged}, {"skipped", m->rows.skipped},
		{"failed", m->rows.failed}, {"conflict", m->rows.conflicts}, {"invalid", m->rows.invalid},
	};

	for (int i = 0; i < ENDS; i++)
		put_with(x, RUNS, labels, "status", run_status_name(ends[i]), m->runs[ends[i]]);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		put_with(x, ROWS, labels, "kind", rows[i].kind, rows[i].n);
	put_count(x, EXTRACTED, labels->s, m->rows.extracted);
	put_count(x, REQUESTS, labels->s, m->rows.requests);
	put_count(x, RETRIES, labels->s, m->rows.retries);
	put_histogram(x, m, labels);
	if (m->memory_peak)
		put_count(x, MEMORY_PEAK, labels->s, m->memory_peak);
}

static void put_last(struct exposition *x, const struct supervise_last *last, const struct buf *labels)
{
	for (int i = 0; i < ENDS; i++)
		put_with(x, LAST_STATUS, labels, families[LAST_STATUS].name, run_status_name(ends[i]),
			 last->status == ends[i]);
	put_ms(x, LAST_END, "", labels->s, last->completed_at / 1000);
	if (last->started_at)
		put_ms(x, LAST_DURATION, "", labels->s, (last->completed_at - last->started_at) / 1000);
	put_count(x, LAST_ERRORS, labels->s, last->row_errors);
}

static void put_sync(struct exposition *x, const struct supervise_sync *sync, const struct buf *labels)
{
	if (sync->meter)
		put_meter(x, sync->meter, labels);
	if (sync->last->run)
		put_last(x, sync->last, labels);
	if (sync->next_run_at)
		put_ms(x, NEXT_RUN, "", labels->s, sync->next_run_at / 1000);
	put_count(x, PAUSED, labels->s, sync->paused_by != NULL);
}

/* ----------------------------------------------------------------------- problems */

/* Problems are told sync by sync. */
struct counting {
	struct exposition *x;
	char *sync;
	int64_t n;
};

static void end_count(struct counting *c)
{
	struct buf labels = BUF_INIT;

	if (c->sync && c->n) {
		put_label(&labels, "sync", c->sync);
		put_count(c->x, PROBLEMS, labels.s, c->n);
		buf_release(&labels);
	}
	free(c->sync);
	c->sync = NULL;
	c->n = 0;
}

static void count_problem(void *ctx, const struct problem_mark *mark)
{
	struct counting *c = ctx;

	if (!c->sync || strcmp(c->sync, mark->sync) != 0) {
		end_count(c);
		c->sync = ferry_strdup(mark->sync);
	}
	c->n += mark->status == PROBLEM_OPEN;
}

static int put_problems(struct exposition *x, struct supervisor *s, struct ferry_error *err)
{
	struct counting counting = {.x = x};

	int rc = problems_walk(supervise_journal(s), NULL, count_problem, &counting, err);
	end_count(&counting);
	return rc;
}

static int put_notifications(struct exposition *x, struct supervisor *s, struct ferry_error *err)
{
	struct buf labels = BUF_INIT;
	int64_t n;

	for (int i = 0; i < OUTBOX_STATUSES; i++) {
		if (outbox_list(supervise_journal(s), i, 0, 0, NULL, &n, err) < 0)
			return -1;
		put_label(&labels, "status", outbox_status_name((enum outbox_status)i));
		put_count(x, NOTIFICATIONS, labels.s, n);
		buf_release(&labels);
	}
	return 0;
}

/* --------------------------------------------------------------------- the daemon */

static void put_store(struct exposition *x, struct supervisor *s)
{
	int64_t used, map;
	struct statvfs v;

	journal_size(supervise_journal(s), &used, &map);
	put_count(x, JOURNAL_USED, "", used);
	put_count(x, JOURNAL_MAP, "", map);
	if (statvfs(supervise_paths(s)->state_dir, &v) < 0)
		return;
	put_count(x, DISK_FREE, "", (int64_t)(v.f_bavail * v.f_frsize));
	put_count(x, DISK_SIZE, "", (int64_t)(v.f_blocks * v.f_frsize));
}

static void put_daemon(struct exposition *x, const struct api *api)
{
	struct supervise_status st;
	struct buf version = BUF_INIT;

	supervise_status(api->s, &st);
	put_label(&version, "version", api->version);
	put(x, BUILD, "_info", version.s, "1");
	buf_release(&version);
	put_ms(x, START, "", "", st.started_at / 1000);
	put_count(x, GENERATION, "", st.generation);
	put_ms(x, LOADED, "", "", st.loaded_at / 1000);
	put_count(x, RELOAD_GOOD, "", st.reload_error == NULL);
	put_count(x, STOPPING, "", st.stopping);
	put_count(x, SYNCS, "", (int64_t)st.syncs);
	put_count(x, RUNNING, "", (int64_t)st.running);
	put_count(x, QUEUED, "", (int64_t)st.queued);
	put_count(x, HUNG, "", (int64_t)st.hung);
	put_count(x, JOURNAL_GOOD, "", st.journal_error == NULL);
	put_count(x, EVENT_CLIENTS, "", (int64_t)events_clients(api->events));
}

/* ------------------------------------------------------------------------ the text */

static void put_family(struct exposition *x, enum family f, struct buf *out)
{
	char name[80];
	const char *type = families[f].type, *suffix = "";

	if (!x->of[f].len)
		return;
	if (!x->open_metrics) {
		suffix = is(f, "counter") ? "_total" : is(f, "info") ? "_info" : "";
		type = is(f, "info") || is(f, "stateset") ? "gauge" : type;
	}
	snprintf(name, sizeof name, "%s%s", families[f].name, suffix);
	buf_addf(out, "# TYPE %s %s\n", name, type);
	if (families[f].unit && x->open_metrics)
		buf_addf(out, "# UNIT %s %s\n", name, families[f].unit);
	buf_addf(out, "# HELP %s %s\n", name, families[f].help);
	buf_add(out, x->of[f].s, x->of[f].len);
}

static void put_syncs(struct exposition *x, struct supervisor *s)
{
	struct supervise_sync sync;
	struct buf labels = BUF_INIT;

	for (size_t i = 0; supervise_sync_at(s, i, &sync); i++) {
		buf_reset(&labels);
		put_label(&labels, "sync", sync.def->name);
		put_sync(x, &sync, &labels);
	}
	buf_release(&labels);
}

int handle_metrics(struct call *c, struct ferry_error *err)
{
	const char *accept = httpd_header(c->req, "Accept");
	struct exposition x = {.open_metrics = accept && strstr(accept, "application/openmetrics-text")};

	put_daemon(&x, c->api);
	put_store(&x, c->s);
	put_syncs(&x, c->s);
	int rc = put_problems(&x, c->s, err);
	if (rc == 0)
		rc = put_notifications(&x, c->s, err);
	for (int f = 0; f < FAMILIES; f++) {
		if (rc == 0)
			put_family(&x, (enum family)f, &c->reply->body);
		buf_release(&x.of[f]);
	}
	buf_adds(&c->reply->body, "# EOF\n");
	c->reply->content_type = rc < 0 ? NULL : x.open_metrics ? OPEN_METRICS : PLAIN_TEXT;
	return rc;
}
