/* SPDX-License-Identifier: Apache-2.0 */
/* spark.h - a row of numbers as a line of little bars. */
#ifndef FERRY_CTL_SPARK_H
#define FERRY_CTL_SPARK_H

#include "style.h"

/*
 * One column a value, from zero to the largest; below zero: there is none, a blank. A value that is not zero
 * is never as low as zero is. When there are more values than `width`, neighbours share a column and the
 * larger one shows. Returns columns used.
 */
int spark_add(const struct screen *screen, struct buf *out, enum style style, const double *values, size_t n,
	      int width);

#endif
