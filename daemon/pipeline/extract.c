/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract.c - the stage extract: lookups first, then the source's rows, batch by batch, through
 * canonicalize, reconcile and decide. The source drives; nothing is read twice.
 */
#include <malloc.h>
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
	if (lookups_load(seg, err) != 0)
		return -1;
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
	/* large rows have made them large, and apply has use for the memory */
	buf_release(&seg->batch.bytes);
	arena_release(&seg->batch.arena);
	malloc_trim(0);
	if (h.guarded)
		*err = stopped;
	return h.guarded ? -1 : 0;
}
