/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - the rows of a batch on their way into a table: which can be written, and by which key each is
 * found. Knows no database.
 */
#ifndef FERRY_PLUGINS_TABLE_BATCH_H
#define FERRY_PLUGINS_TABLE_BATCH_H

#include "table/table.h"

/* Why a value cannot go into its column. */
struct misfit {
	const char *code, *message;
};

/* A row of a batch: which action it is, and the key by which it is to be found. */
struct row {
	size_t action;
	struct ferry_value *key;	/* as many parts as a key has; NULL: the key of its fields */
};

struct row_set {
	struct rowkey *key;
	const struct ferry_action *actions; /* of one decision */
	struct ferry_outcome *outcomes;
	/* NULL when the value can go into that field's column, as far as can be told without asking */
	const struct misfit *(*misfit)(void *ctx, size_t place, const struct ferry_value *v);
	void *ctx;

	struct row *rows, *moved;	/* moved: they get another key than the one they are found by */
	size_t n_rows, n_moved;
	struct ferry_value *keys;
};

/*
 * Take the n actions apart. What is wrong with one is said in its outcome, and a row to be removed that no
 * table can have is one that is gone already. False when memory is out.
 */
bool row_set_take(struct row_set *s, size_t n);
void row_set_release(struct row_set *s);
/* Nothing is known of the rows that were taken but this. */
void row_set_forget(struct row_set *s, enum ferry_ack ack);

#endif
