/* SPDX-License-Identifier: Apache-2.0 */
/* pure.h - putting values into Lago's own form. Does no I/O. */
#ifndef FERRY_PLUGINS_LAGO_PURE_H
#define FERRY_PLUGINS_LAGO_PURE_H

#include "lago/lago.h"

/* Fill *issue; -1, for canonicalize to return. */
int lago_issue(struct ferry_issue *issue, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Make *v that text, in memory of the batch. */
void lago_own(const struct ferry_pure *pure, struct ferry_value *v, enum ferry_type type,
	      const char *s, size_t len);
/*
 * Its database takes no NUL in a text: Lago answers 500 for the whole request, which looks as if it
 * would pass by itself. The row is invalid instead; for the beginning of each canonicalize.
 */
int lago_storable(const struct ferry_pure *pure, const struct ferry_value *fields, struct ferry_issue *issue);
/* ASCII capitals, as Lago answers codes of countries and currencies. */
void lago_capitals(const struct ferry_pure *pure, struct ferry_value *v);
/* Lists of codes are sets: sorted, so that another order is no change. NULL is the empty one. */
bool lago_own_codes(const struct ferry_pure *pure, struct ferry_value *v);
/* JSON without blanks; false when it is none. */
bool lago_own_json(const struct ferry_pure *pure, struct ferry_value *v);
/* Whether it can stand in a path: "." and ".." are taken out on the way, however encoded. */
bool lago_addressable(const struct ferry_value *v);
/* Without the blanks around, as Lago strips some ids. */
void lago_strip(struct ferry_value *v);

#endif
