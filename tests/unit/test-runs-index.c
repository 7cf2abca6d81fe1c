/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-runs-index.c - lists of runs against a plain array of them: every filter, page and total, while
 * runs come, change, go, and the clock jumps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/journal_private.h"

#define RUNS_MAX 6000
#define SYNCS 4

static const char *const names[SYNCS] = {"a", "a-b", "b", "cc"};

struct fact {
	int sync, status;		/* sync -1: it went */
	int64_t at;
};

struct world {
	char dir[64];
	struct journal *j;
	struct fact runs[RUNS_MAX + 1];
	int64_t last, now;
	unsigned seed;
};

static void must(int rc, const struct ferry_error *err)
{
	if (rc < 0)
		fail_msg("%s", err->msg);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct ferry_error err = {0};

	snprintf(w->dir, sizeof w->dir, "/tmp/ferry-index-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	must(journal_open(w->dir, &w->j, &err), &err);
	w->seed = 7;
	w->now = 1000;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	journal_close(w->j);
	nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(w);
	return 0;
}

static int64_t below(struct world *w, int64_t n)
{
	w->seed = w->seed * 1103515245 + 12345;
	return (int64_t)(w->seed >> 8) % n;
}

static void put(struct world *w, int64_t id)
{
	const struct fact *f = &w->runs[id];

	journal_put_run(w->j, &(struct journal_run){id, names[f->sync], (enum run_status)f->status, f->at, "{}", 2});
}

static void commit(struct world *w)
{
	struct ferry_error err = {0};

	must(journal_commit(w->j, &err), &err);
}

/* One thing happens: mostly a run comes; one changes, one goes, the clock jumps. */
static void step(struct world *w)
{
	int64_t what = below(w, 100), id = w->last ? 1 + below(w, w->last) : 0;

	w->now += what == 0 ? -500 : what == 1 ? 3000 : below(w, 3);
	if (what < 20 && id && w->runs[id].sync >= 0) {
		w->runs[id].status = (int)below(w, RUN_CANCELLED + 1);
		put(w, id);
	} else if (what < 30 && id && w->runs[id].sync >= 0) {
		w->runs[id].sync = -1;
		journal_delete_run(w->j, id);
	} else if (w->last < RUNS_MAX) {
		/* numbers are never given twice, and some are never used */
		w->last += 1 + (what == 99 ? below(w, 700) : 0);
		if (w->last > RUNS_MAX)
			w->last = RUNS_MAX;
		w->runs[w->last] = (struct fact){(int)(below(w, 9) ? below(w, 2) : 2 + below(w, 2)),
			below(w, 30) ? RUN_COMPLETED : RUN_FAILED, w->now};
		put(w, w->last);
	}
}

static void grow(struct world *w)
{
	for (int64_t i = 1; i <= RUNS_MAX; i++)
		w->runs[i].sync = -1;
	for (int i = 0; w->last < RUNS_MAX; i++) {
		step(w);
		if (i % 50 == 0)
			commit(w);
	}
	commit(w);
}

static bool passes(const struct world *w, const struct journal_filter *f, int64_t id)
{
	const struct fact *r = &w->runs[id];
	bool open = r->status == RUN_QUEUED || r->status == RUN_RUNNING;

	return r->sync >= 0 && (!f->sync || strcmp(names[r->sync], f->sync) == 0) &&
		(f->status == JOURNAL_ANY || (f->status == JOURNAL_OPEN ? open : r->status == f->status)) &&
		(!f->from || r->at >= f->from) && (!f->to || r->at <= f->to) && (!f->below || id < f->below);
}

static void compare(struct world *w, const struct journal_filter *f, int64_t skip, int64_t limit)
{
	struct ferry_error err = {0};
	int64_t ids[100], want[100], total = -1, all = 0;
	size_t n = 999, again = 999, wanted = 0;

	for (int64_t id = w->last; id; id--)
		if (passes(w, f, id) && all++ >= skip && (int64_t)wanted < limit)
			want[wanted++] = id;
	must(journal_list(w->j, f, skip, limit, ids, &n, &total, &err), &err);
	assert_int_equal(total, all);
	assert_int_equal(n, wanted);
	assert_memory_equal(ids, want, n * sizeof *ids);
	/* without the total it stops early, at the same page */
	must(journal_list(w->j, f, skip, limit, ids, &again, NULL, &err), &err);
	assert_int_equal(again, wanted);
	assert_memory_equal(ids, want, n * sizeof *ids);
}

static void compare_many(struct world *w, int times)
{
	for (int i = 0; i < times; i++) {
		struct journal_filter f = {
			.sync = below(w, 2) ? names[below(w, SYNCS)] : NULL,
			.status = (int)below(w, RUN_CANCELLED + 3) - 2,
			.from = below(w, 3) ? 0 : 1000 + below(w, w->now),
			.to = below(w, 3) ? 0 : 1000 + below(w, w->now),
			.below = below(w, 3) ? 0 : 1 + below(w, RUNS_MAX + 500),
		};
		compare(w, &f, below(w, 3) ? below(w, 50) : below(w, RUNS_MAX), below(w, 101));
	}
}

static void lists_are_what_a_plain_search_finds(void **state)
{
	struct world *w = *state;

	grow(w);
	compare_many(w, 3000);
	for (int i = 0; i < 3000; i++)
		step(w);
	commit(w);
	compare_many(w, 1000);
}

static void nothing_is_left_of_runs_that_went(void **state)
{
	struct world *w = *state;
	struct ferry_error err = {0};
	struct kv_txn *txn;

	grow(w);
	for (int64_t id = 1; id <= w->last; id++)
		journal_delete_run(w->j, id);
	commit(w);
	must(kv_begin(w->j->env, KV_READ, &txn, &err), &err);
	assert_int_equal(kv_count(txn, INDEX), 0);
	assert_int_equal(kv_count(txn, BY_SYNC), 0);
	assert_int_equal(kv_count(txn, BLOCKS), 0);
	kv_abort(txn);
}

static int forget_counts(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	static const char built[] = "runs_counted";
	struct world *w = ctx;

	(void)err;
	/* some are left, as if the daemon had died while it counted */
	if (below(w, 2))
		kv_clear(txn, BLOCKS);
	kv_del(txn, STATE, (struct kv_bytes){built, sizeof built - 1});
	return 0;
}

static void a_journal_without_counts_is_counted_when_it_is_opened(void **state)
{
	struct world *w = *state;
	struct ferry_error err = {0};

	grow(w);
	for (int i = 0; i < 4; i++) {
		must(kv_update(w->j->env, forget_counts, w, &err), &err);
		journal_close(w->j);
		w->j = NULL;
		must(journal_open(w->dir, &w->j, &err), &err);
		compare_many(w, 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lists_are_what_a_plain_search_finds, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_left_of_runs_that_went, setup, teardown),
		cmocka_unit_test_setup_teardown(a_journal_without_counts_is_counted_when_it_is_opened, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
