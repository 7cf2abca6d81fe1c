/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h - what Lago's codes mean to somebody who has not read its source. Does no I/O. */
#ifndef FERRY_PLUGINS_LAGO_EXPLAIN_H
#define FERRY_PLUGINS_LAGO_EXPLAIN_H

#include "lago/lago.h"

struct lago_word {
	const char *code;		/* "not_voidable"; tables end with NULL */
	const char *field;		/* that it is about, where Lago names none; NULL: none */
	const char *text;
};

/* Put the words of a table in the place of Lago's own, where it has some for the refusal. */
void lago_explain(const struct lago_word *words, struct rest_refusal *refusal);

#endif
