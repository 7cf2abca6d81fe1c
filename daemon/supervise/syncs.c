/* SPDX-License-Identifier: Apache-2.0 */
/* syncs.c - the syncs as the daemon knows them, carried over from generation to generation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "supervise/supervisor.h"

struct sync_state *sync_find(const struct supervisor *s, const char *name)
{
	size_t lo = 0, hi = s->n_syncs;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, s->syncs[mid]->name);
		if (c == 0)
			return s->syncs[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

void sync_last(struct sync_state *st, const struct run_doc *doc)
{
	struct counters sum;

	if (doc->extract_only || doc->completed_at < st->last.completed_at)
		return;
	run_doc_sum(doc, &sum);
	st->last = (struct supervise_last){
		.run = doc->id, .status = doc->status, .trigger = doc->trigger,
		.queued_at = doc->queued_at, .started_at = doc->started_at,
		.completed_at = doc->completed_at, .rows = run_doc_rows(&sum),
		.row_errors = run_doc_row_errors(doc), .interrupted = doc->interrupted,
		.preview = doc->preview,
	};
	snprintf(st->last.code, sizeof st->last.code, "%s", doc->cause.code ? doc->cause.code : "");
}

/* Take a run for the sync's last one; that it was one which only extracts is no failure. */
static int take_last(struct supervisor *s, struct sync_state *st, int64_t id, struct ferry_error *err)
{
	struct buf json = BUF_INIT;
	struct run_doc doc;

	int rc = journal_run(s->journal, id, &json, err);
	if (rc == 0)
		rc = run_doc_read(json.s, json.len, &doc, err);
	if (rc == 0) {
		sync_last(st, &doc);
		run_doc_release(&doc);
	}
	buf_release(&json);
	return rc;
}

/* What the journal knows of the sync's last run. */
static void load_last(struct supervisor *s, struct sync_state *st)
{
	struct journal_filter of = {.sync = st->name, .status = JOURNAL_ANY};
	struct ferry_error err = {0};
	int64_t id;
	size_t n = 1;
	int rc = 0;

	for (int64_t skip = 0; rc == 0 && n && !st->last.run; skip++) {
		rc = journal_list(s->journal, &of, skip, 1, &id, &n, NULL, &err);
		if (rc == 0 && n)
			rc = take_last(s, st, id, &err);
	}
	if (rc < 0)
		log_error(&err);
}

static void state_free(struct sync_state *st)
{
	due_memory_release(&st->memory);
	notify_memory_release(&st->notify);
	free(st->meter);
	free(st->name);
	free(st);
}

/* A sync that went: its queued run goes too. True while a run of it is still under way. */
static bool part_with(struct supervisor *s, struct sync_state *st)
{
	struct ferry_error why = {0};

	st->def = NULL;
	st->due = (struct due){0};
	if (st->queued) {
		ferry_fail(&why, FERRY_E_CANCELLED, "the sync was taken out of the configuration");
		live_drop(st->queued, RUN_CANCELLED, &why);
		group_touch(s);
	}
	return st->running != NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct sync_state *const *)a)->name,
		      (*(struct sync_state *const *)b)->name);
}

void syncs_adopt(struct supervisor *s)
{
	const struct generation *g = s->gen;
	struct sync_state **old = s->syncs;
	size_t n_old = s->n_syncs, n = 0;
	struct sync_state **all = ferry_alloc0(g->n_syncs + n_old, sizeof *all);

	for (size_t i = 0; i < g->n_syncs; i++) {
		struct sync_state *st = sync_find(s, g->syncs[i].name);
		if (!st) {
			st = ferry_alloc0(1, sizeof *st);
			st->name = ferry_strdup(g->syncs[i].name);
			load_last(s, st);
			schedule_recall(s, st);
		}
		st->def = &g->syncs[i];
		schedule_adopt(s, st);
		all[n++] = st;
	}
	for (size_t i = 0; i < n_old; i++) {
		if (generation_sync(g, old[i]->name))
			continue;
		if (part_with(s, old[i]))
			all[n++] = old[i];
		else
			state_free(old[i]);
	}
	free(old);
	qsort(all, n, sizeof *all, by_name);
	s->syncs = all;
	s->n_syncs = n;
	problems_adopt(s);
	notices_adopt(s);
	for (size_t i = 0; i < n; i++)
		schedule_plan(s, all[i]);
	schedule_arm(s);
}

void syncs_release(struct supervisor *s)
{
	for (size_t i = 0; i < s->n_syncs; i++)
		state_free(s->syncs[i]);
	free(s->syncs);
	s->syncs = NULL;
	s->n_syncs = 0;
}
