/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statistics.c - counts of a segment under names of the operator's own. Those without a condition are
 * the segment's counters; the others are counted record by record: as planned for a preview, else as
 * acknowledged. They are for reading only: one that cannot be worked out is said in the log, and never
 * keeps a record from being delivered or noted.
 */
#include "pipeline/statistics.h"

#include <stdlib.h>

struct statistics {
	struct expr_set *exprs;		/* the conditions, in order */
	struct ferry_value *outs, *fields;
	int64_t *n;			/* by statistic */
	size_t n_exprs;
	bool told;			/* that one could not be worked out */
};

int statistics_start(struct segment *seg, struct ferry_error *err)
{
	const struct segment_def *def = seg->def;

	if (!def->n_statistics)
		return 0;
	struct statistics *st = arena_alloc0(&seg->arena, 1, sizeof *st);
	st->n = arena_alloc0(&seg->arena, def->n_statistics, sizeof *st->n);
	st->outs = arena_alloc0(&seg->arena, def->n_statistics, sizeof *st->outs);
	st->fields = arena_alloc0(&seg->arena, seg->layout.n, sizeof *st->fields);
	seg->statistics = st;
	struct ferry_column *columns = arena_alloc0(&seg->arena, seg->layout.n, sizeof *columns);
	for (size_t f = 0; f < seg->layout.n; f++)
		columns[f].name = seg->layout.names[f];
	if (expr_new(&st->exprs, err) != 0)
		return -1;
	for (size_t i = 0; i < def->n_statistics; i++)
		if (def->statistics[i].when) {
			expr_add(st->exprs, def->statistics[i].when);
			st->n_exprs++;
		}
	if (st->n_exprs && expr_prepare(st->exprs, columns, seg->layout.n, err) != 0)
		return ferry_within(err, "statistics");
	return 0;
}

void statistics_stop(struct segment *seg)
{
	if (seg->statistics)
		expr_free(seg->statistics->exprs);
	seg->statistics = NULL;
}

static bool is_of(enum statistic_of of, enum ferry_decision d)
{
	switch (of) {
	case STATISTIC_WRITTEN: return d == FERRY_CREATE || d == FERRY_UPDATE;
	case STATISTIC_CREATED: return d == FERRY_CREATE;
	case STATISTIC_UPDATED: return d == FERRY_UPDATE;
	case STATISTIC_DELETED: return d == FERRY_DELETE;
	case STATISTIC_DISABLED: return d == FERRY_DISABLE;
	default: return false;
	}
}

static bool wants(const struct segment *seg, enum ferry_decision d)
{
	const struct segment_def *def = seg->def;

	if (!seg->statistics || !seg->statistics->n_exprs)
		return false;
	for (size_t i = 0; i < def->n_statistics; i++)
		if (def->statistics[i].when && is_of(def->statistics[i].of, d))
			return true;
	return false;
}

static void count(struct segment *seg, enum ferry_decision d, const struct ferry_value *fields)
{
	struct statistics *st = seg->statistics;
	const struct segment_def *def = seg->def;
	struct ferry_error err = {0};
	size_t at = 0;

	if (expr_eval(st->exprs, fields, st->outs, &err) != 0) {
		if (!st->told)
			report_log(seg->report, def->name, seg->stage, FERRY_LOG_WARN,
				   "statistics: a record was not counted: %s", err.msg);
		st->told = true;
		return;
	}
	for (size_t i = 0; i < def->n_statistics; i++) {
		if (!def->statistics[i].when)
			continue;
		if (value_true(&st->outs[at++]) && is_of(def->statistics[i].of, d))
			st->n[i]++;
	}
}

static void count_entry(struct segment *seg, const struct plan_entry *e)
{
	const void *record = e->record ? e->record : e->before;
	struct ferry_value *fields = seg->statistics->fields;

	if (!record)
		return;
	record_decode(record, e->record ? e->record_len : e->before_len, fields, seg->layout.n);
	count(seg, e->decision, fields);
}

enum { ENTRIES = 256 };

static int count_decision(struct segment *seg, const struct plan_header *h, enum ferry_decision d,
			  struct ferry_error *err)
{
	struct plan_entry *entries = ferry_alloc0(ENTRIES, sizeof *entries);
	struct arena arena = ARENA_INIT;
	struct buf after = BUF_INIT;
	size_t n;
	int rc;

	do {
		struct kv_bytes from = {buf_str(&after), after.len};
		arena_reset(&arena);
		rc = plan_read(seg->plan, seg->index, h, 1u << d, from, ENTRIES, &arena, entries, &n, err);
		for (size_t i = 0; rc == 0 && i < n; i++)
			count_entry(seg, &entries[i]);
		if (rc == 0 && n) {
			buf_reset(&after);
			buf_add(&after, entries[n - 1].key.p, entries[n - 1].key.len);
		}
	} while (rc == 0 && n);
	free(entries);
	buf_release(&after);
	arena_release(&arena);
	return rc;
}

int statistics_plan(struct segment *seg, struct ferry_error *err)
{
	static const enum ferry_decision writing[] = {FERRY_CREATE, FERRY_UPDATE, FERRY_DELETE, FERRY_DISABLE};
	struct plan_header h;
	int rc = 0;

	for (size_t i = 0; i < sizeof writing / sizeof *writing && rc == 0; i++) {
		if (!wants(seg, writing[i]))
			continue;
		rc = plan_header(seg->plan, seg->index, &seg->arena, &h, err);
		if (rc == 0)
			rc = count_decision(seg, &h, writing[i], err);
	}
	return rc;
}

void statistics_done(struct segment *seg, enum ferry_decision d, const struct ferry_value *fields)
{
	if (fields && wants(seg, d))
		count(seg, d, fields);
}

static int64_t counter(const struct counters *c, enum statistic_of of)
{
	switch (of) {
	case STATISTIC_WRITTEN: return c->created + c->updated;
	case STATISTIC_CREATED: return c->created;
	case STATISTIC_UPDATED: return c->updated;
	case STATISTIC_DELETED: return c->deleted;
	case STATISTIC_DISABLED: return c->disabled;
	case STATISTIC_PROCESSED: return c->extracted;
	case STATISTIC_UNCHANGED: return c->unchanged;
	case STATISTIC_SKIPPED: return c->skipped;
	case STATISTIC_CONFLICTS: return c->conflicts;
	case STATISTIC_INVALID: return c->invalid;
	case STATISTIC_FAILED: return c->failed;
	}
	return 0;
}

/* Of a segment of checks: how many rows each of them has given. */
static void checks_json(const struct segment *seg, struct buf *out)
{
	jw_text(out, "title", seg->def->name);
	jw_open(out, "counts", '{');
	for (size_t i = 0; i < seg->def->n_checks; i++)
		jw_int(out, seg->def->checks[i].name, seg->check_rows[i]);
	jw_close(out, '}');
}

void statistics_json(const struct segment *seg, struct buf *out)
{
	const struct segment_def *def = seg->def;

	jw_open(out, "statistics", '{');
	if (seg->check_rows)
		checks_json(seg, out);
	if (seg->statistics) {
		jw_text(out, "title", def->statistics_title ? def->statistics_title : def->name);
		jw_open(out, "counts", '{');
		for (size_t i = 0; i < def->n_statistics; i++)
			jw_int(out, def->statistics[i].name, def->statistics[i].when ? seg->statistics->n[i]
				: counter(&seg->counters, def->statistics[i].of));
		jw_close(out, '}');
	}
	jw_close(out, '}');
}
