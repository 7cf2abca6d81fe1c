/* SPDX-License-Identifier: Apache-2.0 */
/* segment.c - small things the stages share. */
#include "pipeline/segment.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "wire/json.h"

enum { PROGRESS_US = 200000 };

bool segment_alike(const struct segment *seg, const struct ferry_value *a, const struct ferry_value *b)
{
	for (size_t f = 0; f < seg->layout.n; f++)
		if (!seg->ignored[f] && !values_alike(&a[f], &b[f]))
			return false;
	return true;
}

bool segment_wants_missing(const struct segment *seg)
{
	return (seg->def->policy.missing == MISSING_DELETE || seg->def->policy.missing == MISSING_DISABLE) &&
		!(seg->source->caps & FERRY_CAP_WINDOWED);
}

void segment_count_reason(struct segment *seg, const char *code, int64_t n)
{
	for (size_t i = 0; i < seg->n_reasons; i++)
		if (strcmp(seg->reasons[i].code, code) == 0) {
			seg->reasons[i].n += n;
			return;
		}
	if (seg->n_reasons < REASONS_MAX)
		seg->reasons[seg->n_reasons++] = (struct plan_reason){arena_strdup(&seg->arena, code), n};
}

static int64_t *counter_of(struct segment *seg, enum ferry_decision d)
{
	return d == FERRY_SKIP ? &seg->counters.skipped : d == FERRY_CONFLICT ? &seg->counters.conflicts : &seg->counters.planned;
}

void segment_count(struct segment *seg, enum ferry_decision d, const char *reason)
{
	seg->decisions[d]++;
	segment_count_reason(seg, reason, 1);
	++*counter_of(seg, d);
}

void segment_uncount(struct segment *seg, const struct plan_entry *e)
{
	if (e->flags & PLAN_ADOPT) {
		seg->counters.unchanged--;
		return;
	}
	seg->decisions[e->decision]--;
	segment_count_reason(seg, e->reason, -1);
	--*counter_of(seg, e->decision);
}

void segment_invalid(struct segment *seg, const char *key, const char *code, const char *field,
		     const char *message, const struct ferry_value *raw)
{
	struct buf text = BUF_INIT;
	bool sensitive = false;

	seg->counters.invalid++;
	segment_count_reason(seg, code, 1);
	for (size_t f = 0; field && f < seg->layout.n; f++)
		if (strcmp(seg->layout.names[f], field) == 0)
			sensitive = seg->sensitive[f];
	if (raw && !sensitive)
		value_show(raw, 200, &text);
	report_row_error(seg->report, &(struct row_error){
		.segment = seg->def->name, .stage = seg->stage, .key = key, .code = code, .field = field,
		.message = message, .raw = raw ? sensitive ? "********" : buf_str(&text) : NULL});
	buf_release(&text);
}

uint32_t segment_layout_id(const struct map_def *map, size_t n)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s\n", map[i].field);
	uint32_t id = (uint32_t)hash64(b.s, b.len);
	buf_release(&b);
	return id;
}

void segment_progress(struct segment *seg)
{
	int64_t now = clock_mono();
	struct buf b = BUF_INIT;

	/* another stage is told at once: a worker's death is put down to the last one heard of */
	if (now - seg->last_progress_us < PROGRESS_US && seg->told == seg->stage)
		return;
	seg->last_progress_us = now;
	seg->told = seg->stage;
	report_start(&b, "progress", seg->def->name);
	jw_text(&b, "stage", stage_name(seg->stage));
	counters_json(&seg->counters, "counters", &b);
	jw_int(&b, "planned", seg->counters.planned);
	jw_int(&b, "done", seg->counters.acknowledged + seg->counters.failed);
	report_send(seg->report, &b);
}

struct hash128 segment_hash(const struct segment *seg, const struct ferry_value *fields, const void *record, size_t len)
{
	if (!seg->any_ignored)
		return hash128(record, len, seg->layout_id);
	struct buf b = BUF_INIT;
	for (size_t f = 0; f < seg->layout.n; f++)
		if (!seg->ignored[f])
			record_encode(&fields[f], 1, &b);
	struct hash128 h = hash128(b.s, b.len, seg->layout_id);
	buf_release(&b);
	return h;
}

void segment_definition(const struct generation *g, const struct segment_def *def, char out[DEFINITION_TEXT])
{
	struct buf b = BUF_INIT;

	conf_segment_text(g, def, &b);
	struct hash128 h = hash128(b.s, b.len, 0);
	snprintf(out, DEFINITION_TEXT, "%016llx%016llx", (unsigned long long)h.hi, (unsigned long long)h.lo);
	buf_release(&b);
}

bool values_alike(const struct ferry_value *a, const struct ferry_value *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same;

	if (a->type == b->type)
		return value_equal(a, b);
	if (a->type == FERRY_NULL || b->type == FERRY_NULL)
		return false;
	if (a->type == FERRY_BOOL || b->type == FERRY_BOOL) {
		/* a boolean is 1 or 0 to many a database */
		const struct ferry_value *other = a->type == FERRY_BOOL ? b : a;
		if (other->type == FERRY_INT)
			return a->i == b->i;
	}
	value_show(a, SIZE_MAX, &x);
	value_show(b, SIZE_MAX, &y);
	same = x.len == y.len && memcmp(buf_str(&x), buf_str(&y), x.len) == 0;
	if (!same && (a->type == FERRY_TIME || b->type == FERRY_TIME)) {
		int64_t t, u;
		same = clock_parse(buf_str(&x), x.len, &t) && clock_parse(buf_str(&y), y.len, &u) && t == u;
	}
	buf_release(&x);
	buf_release(&y);
	return same;
}

static void watch_log(void *ctx, enum ferry_level level, const char *text)
{
	struct segment *seg = ctx;
	report_log(seg->report, seg->def->name, seg->stage, level, "%s", text);
}

static bool watch_cancelled(void *ctx)
{
	struct segment *seg = ctx;
	report_tick(seg->report);
	return report_cancelled(seg->report);
}

static void watch_secret(void *ctx, const char *value)
{
	struct segment *seg = ctx;
	report_secret(seg->report, value);
}

struct plug_watch segment_watch(struct segment *seg)
{
	return (struct plug_watch){seg, watch_log, watch_cancelled, watch_secret};
}
