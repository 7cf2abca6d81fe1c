/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract.c - the stage extract: lookups first, then the source's rows, batch by batch, through
 * canonicalize, reconcile and decide. The source drives; nothing is read twice.
 */
#include <string.h>

#include "base/clock.h"
#include "pipeline/setup.h"

/* Run one of the streaming stages over the batch and account for its time. */
static int timed(struct segment *seg, enum stage stage, int (*fn)(struct segment *, struct ferry_error *),
		 struct ferry_error *err)
{
	int64_t start = clock_mono();

	seg->stage = stage;
	int rc = fn(seg, err);
	seg->spent_us[stage] += clock_mono() - start;
	if (rc == 0)
		seg->stage = STAGE_EXTRACT;
	return rc;
}

static int pass_batch(struct segment *seg, const struct ferry_value *values, size_t n, struct ferry_error *err)
{
	int64_t start = clock_mono();

	seg->counters.extracted += (int64_t)n;
	seg->stage = STAGE_CANONICALIZE;
	int rc = canonicalize_batch(seg, values, n, err);
	seg->spent_us[STAGE_CANONICALIZE] += clock_mono() - start;
	if (rc != 0 || timed(seg, STAGE_RECONCILE, reconcile_batch, err) != 0 ||
	    timed(seg, STAGE_DECIDE, decide_batch, err) != 0)
		return -1;
	segment_progress(seg);
	if (report_cancelled(seg->report))
		return ferry_fail(err, FERRY_E_CANCELLED, "the run was cancelled");
	return 0;
}

static int sink_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n, bool ordered,
			struct ferry_error *err)
{
	struct segment *seg = sink->ctx;

	if (seg->started)
		return ferry_fail(err, FERRY_E_CONNECTOR, "connector %s names its columns twice", seg->source->api->name);
	seg->started = true;
	seg->n_columns = n;
	seg->ordered = seg->ordered && ordered;
	seg->stage = STAGE_CANONICALIZE;
	if (canonicalize_prepare(seg, columns, n, err) != 0)
		return -1;
	seg->stage = STAGE_RECONCILE;
	if (reconcile_start(seg, err) != 0)
		return -1;
	plan_begin(seg->plan, seg->index, seg->ordered, decide_duplicate, seg);
	seg->stage = STAGE_EXTRACT;
	return 0;
}

static int sink_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n_rows, struct ferry_error *err)
{
	struct segment *seg = sink->ctx;

	if (!seg->started)
		return ferry_fail(err, FERRY_E_CONNECTOR, "connector %s gives rows before columns", seg->source->api->name);
	for (size_t at = 0; at < n_rows; at += BATCH_ROWS) {
		size_t n = n_rows - at < BATCH_ROWS ? n_rows - at : BATCH_ROWS;
		if (pass_batch(seg, values + at * seg->n_columns, n, err) != 0)
			return -1;
	}
	return 0;
}

static void sink_page(struct ferry_sink *sink, const char *kind, size_t bytes)
{
	struct segment *seg = sink->ctx;

	seg->page_kind = kind;
	seg->pages++;
	seg->bytes += (int64_t)bytes;
	report_tick(seg->report);
}

static void sink_truncated(struct ferry_sink *sink, const char *reason)
{
	struct segment *seg = sink->ctx;

	seg->truncated = true;
	seg->truncation_reason = arena_strdup(&seg->arena, reason);
}

/* ------------------------------------------------------------------ lookups */

struct loading {
	struct segment *seg;
	const struct lookup_def *def;
	size_t n_columns;
	int64_t rows;
};

static int load_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n, bool ordered,
			struct ferry_error *err)
{
	struct loading *l = sink->ctx;

	(void)ordered;
	l->n_columns = n;
	return expr_table(l->seg->exprs, l->def->name, columns, n, l->def->key, err);
}

static int load_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n_rows, struct ferry_error *err)
{
	struct loading *l = sink->ctx;

	l->rows += (int64_t)n_rows;
	report_tick(l->seg->report);
	if (report_cancelled(l->seg->report))
		return ferry_fail(err, FERRY_E_CANCELLED, "the run was cancelled");
	return expr_table_add(l->seg->exprs, l->def->name, values, n_rows, err);
}

static void load_page(struct ferry_sink *sink, const char *kind, size_t bytes)
{
	(void)sink, (void)kind, (void)bytes;
}

static void load_truncated(struct ferry_sink *sink, const char *reason)
{
	struct loading *l = sink->ctx;

	report_log(l->seg->report, l->seg->def->name, STAGE_EXTRACT, FERRY_LOG_WARN,
		   "lookup '%s' was cut short: %s", l->def->name, reason);
}

static int load_from(struct segment *seg, const struct lookup_def *def, const struct plug *plug,
		     const struct connection_def *connection, struct ferry_error *err)
{
	struct plug_open open = {.role = FERRY_SOURCE, .connection = connection, .endpoint = &def->source,
		.state_dir = seg->options->state_dir, .watch = segment_watch(seg)};
	struct loading l = {seg, def, 0, 0};
	struct ferry_sink sink = {&l, load_columns, load_rows, load_page, load_truncated};
	struct ferry_extract want = {0};
	struct plug_handle *h;

	if (plug_handle_open(plug, &open, &h, err) != 0)
		return -1;
	int rc = plug->api->extract(h->handle, &want, &sink, err);
	plug_handle_close(h);
	if (rc != 0)
		return -1;
	if (!l.n_columns)
		return ferry_fail(err, FERRY_E_CONNECTOR, "connector %s gave no columns", plug->api->name);
	report_log(seg->report, seg->def->name, STAGE_EXTRACT, FERRY_LOG_INFO, "lookup '%s': %lld rows",
		   def->name, (long long)l.rows);
	return expr_table_done(seg->exprs, def->name, err);
}

static int load_lookup(struct segment *seg, const struct lookup_def *def, struct ferry_error *err)
{
	const struct connection_def *c = generation_connection(seg->generation, def->source.connection);
	struct buf name = BUF_INIT;
	struct plug *plug;

	if (!c)
		return ferry_fail(err, FERRY_E_CONFIG, "there is no connection '%s'", def->source.connection);
	plug_name(c->family, def->source.resource, &name);
	int rc = plug_load(seg->options->plugins_dir, name.s, &plug, err);
	buf_release(&name);
	if (rc != 0)
		return -1;
	if (!(plug->api->roles & FERRY_SOURCE) || !plug->api->extract)
		rc = ferry_fail(err, FERRY_E_UNSUPPORTED, "connector %s is no source", plug->api->name);
	else
		rc = load_from(seg, def, plug, c, err);
	plug_unload(plug);
	return rc;
}

/* ------------------------------------------------------------------- revisit */

enum { REVISIT_CHUNK = 256 };

struct revisiting {
	struct ferry_revisit api;
	struct segment *seg;
	struct arena arena;
	struct kv_bytes *keys;
	size_t n, at;
	struct buf last, text;
	bool failed;
	struct ferry_error err;
};

static bool next_revisit(struct ferry_revisit *api, const char **key, size_t *len)
{
	struct revisiting *r = api->ctx;
	struct segment *seg = r->seg;

	if (r->at == r->n) {
		arena_reset(&r->arena);
		r->at = r->n = 0;
		struct kv_bytes after = {r->last.s, r->last.len};
		r->failed = snapshot_pending(seg->snapshot, after, REVISIT_CHUNK, &r->arena, &r->keys, &r->n, &r->err) != 0;
		if (r->failed || !r->n)
			return false;
		buf_reset(&r->last);
		buf_add(&r->last, r->keys[r->n - 1].p, r->keys[r->n - 1].len);
	}
	const struct kv_bytes *k = &r->keys[r->at++];
	buf_reset(&r->text);
	key_form_show(k->p, k->len, seg->def->n_key, &r->text);
	*key = buf_str(&r->text);
	*len = r->text.len;
	return true;
}

/* --------------------------------------------------------------------- stage */

static int read_source(struct segment *seg, struct ferry_error *err)
{
	const struct ferry_connector *api = seg->source->api;
	bool windowed = seg->source->caps & FERRY_CAP_WINDOWED;
	struct revisiting revisit = {.seg = seg};
	struct ferry_sink sink = {seg, sink_columns, sink_rows, sink_page, sink_truncated};
	struct ferry_extract want = {.key_columns = seg->key_columns};

	revisit.api = (struct ferry_revisit){&revisit, next_revisit};
	seg->ordered = want.key_columns && seg->source->caps & FERRY_CAP_ORDERED && seg->def->source.ordered != 0 && !windowed;
	want.want_order = seg->ordered;
	want.revisit = windowed ? &revisit.api : NULL;
	int rc = api->extract(seg->source->handle, &want, &sink, err);
	if (rc == 0 && revisit.failed) {
		*err = revisit.err;
		rc = -1;
	}
	if (rc == 0 && !seg->started)
		rc = ferry_fail(err, FERRY_E_CONNECTOR, "connector %s gave no columns", api->name);
	arena_release(&revisit.arena);
	buf_release(&revisit.last);
	buf_release(&revisit.text);
	return rc;
}

static void fill_header(struct segment *seg, struct plan_header *h)
{
	*h = (struct plan_header){
		.segment = seg->def->name, .definition = seg->definition, .full = seg->options->full,
		.reset = seg->reset, .truncated = seg->truncated, .key_parts = seg->def->n_key,
		.names = seg->layout.names, .sensitive = seg->sensitive, .n_names = seg->layout.n,
	};
}

/* Deletes that a truncated extract has made meaningless become skips. */
static void heed_truncation(struct segment *seg)
{
	int64_t n = seg->decisions[FERRY_DELETE] + seg->decisions[FERRY_DISABLE];

	if (!seg->truncated)
		return;
	report_log(seg->report, seg->def->name, STAGE_EXTRACT, FERRY_LOG_WARN,
		   "the source was cut short (%s): nothing is deleted or disabled in this run", seg->truncation_reason);
	seg->decisions[FERRY_DELETE] = seg->decisions[FERRY_DISABLE] = 0;
	seg->decisions[FERRY_SKIP] += n;
	seg->counters.skipped += n;
	seg->counters.planned -= n;
	for (size_t i = 0; i < seg->n_reasons; i++)
		if (strncmp(seg->reasons[i].code, "MISSING_UPSTREAM_D", 18) == 0) {
			int64_t moved = seg->reasons[i].n;
			seg->reasons[i].n = 0;
			segment_count_reason(seg, "EXTRACT_TRUNCATED", moved);
		}
}

int stage_extract(struct segment *seg, struct ferry_error *err)
{
	struct plan_header h;
	int rc = 0;

	seg->stage = STAGE_EXTRACT;
	if (expr_new(&seg->exprs, err) != 0)
		return -1;
	for (size_t i = 0; i < seg->def->n_lookups; i++)
		if (load_lookup(seg, &seg->def->lookups[i], err) != 0)
			return ferry_within(err, "lookup '%s'", seg->def->lookups[i].name);
	rc = read_source(seg, err);
	if (rc == 0)
		rc = timed(seg, STAGE_RECONCILE, reconcile_rest, err);
	reconcile_stop(seg);
	if (rc != 0)
		return -1;
	seg->stage = STAGE_DECIDE;
	/* duplicates among the last rows are known only now */
	if (plan_flush(seg->plan, err) != 0)
		return -1;
	heed_truncation(seg);
	fill_header(seg, &h);
	h.counters = seg->counters;
	memcpy(h.decisions, seg->decisions, sizeof h.decisions);
	h.reasons = seg->reasons;
	h.n_reasons = seg->n_reasons;
	h.preview = seg->options->preview;
	/* what a guard stops is complete, so that a person can look at it and have it done all the same */
	struct ferry_error stopped = {0};
	h.guarded = check_guards(seg, &h, &stopped) != 0;
	if (snapshot_generation(seg->snapshot, &h.generation, err) != 0 || plan_end(seg->plan, &h, err) != 0)
		return -1;
	problems_finish(seg);
	if (h.guarded)
		*err = stopped;
	return h.guarded ? -1 : 0;
}
