/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr.h - SQL expressions over a row, evaluated by an embedded SQLite. The most common forms are
 * evaluated without it, with the same results.
 *
 * An expr_set has the source's columns, lookup tables that its expressions can query, and any
 * number of expressions; one prepared statement computes all of them for a row. The database is a
 * temporary file of its own: no attach, no file functions, no schema changes by expressions, and a
 * bound on the work of one row. The row itself can be named src, as in src.id.
 */
#ifndef FERRY_WIRE_EXPR_H
#define FERRY_WIRE_EXPR_H

#include "base/error.h"

struct expr_set;

int expr_new(struct expr_set **ret, struct ferry_error *err);
void expr_free(struct expr_set *set);

/* A lookup table: created with these columns, filled row by row, indexed on `key` (may be NULL). */
int expr_table(struct expr_set *set, const char *name, const struct ferry_column *columns, size_t n,
	       const char *key, struct ferry_error *err);
int expr_table_add(struct expr_set *set, const char *name, const struct ferry_value *values,
		   size_t n_rows, struct ferry_error *err);
int expr_table_done(struct expr_set *set, const char *name, struct ferry_error *err);

/* Check one expression's syntax alone, without columns (unknown names are not reported). */
int expr_check(const char *text, struct ferry_error *err);

/* Add an expression; its number is the count before. text is copied. */
void expr_add(struct expr_set *set, const char *text);
/* Fix the source's columns and prepare. Errors name the expression and SQLite's reason. */
int expr_prepare(struct expr_set *set, const struct ferry_column *columns, size_t n, struct ferry_error *err);
/* Before expr_prepare: let SQLite evaluate everything. For comparing the two. */
void expr_without_native(struct expr_set *set);
/* Whether expression i is one that is evaluated without SQLite, as long as its values allow. */
bool expr_is_native(const struct expr_set *set, size_t i);
/* Whether expression i is a bare column; its index, else -1. Such ones are copied, not evaluated. */
int expr_column(const struct expr_set *set, size_t i);
/*
 * Evaluate all for one row. out has one value per expression; texts are valid until the next call.
 * FERRY_BOOL goes in as 0/1, FERRY_TIME as ISO 8601 text, DECIMAL as text; results are NULL, INT,
 * TEXT, BYTES or DECIMAL (for a REAL, in the shortest text that reads back the same).
 */
int expr_eval(struct expr_set *set, const struct ferry_value *row, struct ferry_value *out,
	      struct ferry_error *err);

#endif
