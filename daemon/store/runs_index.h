/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runs_index.h - which runs there are, by sync, status and time: what lists are made of. Inside the
 * journal; knows nothing of what stands in a run.
 *
 * A list of a million runs is as quick as one of ten: beside each run's own small record, runs are
 * counted by status in blocks of a thousand numbers, for each sync and for all of them, with the
 * block's earliest and latest moment. Whoever looks for a page or a total takes whole blocks by their
 * counts and reads runs only where the page is, or where a limit in time goes through a block.
 */
#ifndef FERRY_STORE_RUNS_INDEX_H
#define FERRY_STORE_RUNS_INDEX_H

#include "store/journal_private.h"

/* In a write transaction: a run is new, or has another status. */
int runs_index_put(struct kv_txn *txn, int64_t id, const char *sync, enum run_status status,
		   int64_t queued_at, struct ferry_error *err);
/* Take a run out; nothing when it is not there. */
int runs_index_del(struct kv_txn *txn, int64_t id, struct ferry_error *err);
/* As journal_list. */
int runs_index_list(struct kv_txn *txn, const struct journal_filter *f, int64_t skip, int64_t limit,
		    int64_t *ids, size_t *ret_n, int64_t *ret_total, struct ferry_error *err);
/* Count anew what a journal of before there were blocks holds. Nothing when they are there. */
int runs_index_build(struct kv_env *env, struct ferry_error *err);

#endif
