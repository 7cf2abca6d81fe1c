/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - see explain.h */
#include "lago/explain.h"

#include <string.h>

void lago_explain(const struct lago_word *words, struct rest_refusal *refusal)
{
	for (; words->code; words++) {
		if (strcmp(refusal->code, words->code) != 0)
			continue;
		rest_fit(refusal->message, sizeof refusal->message, words->text,
			 strlen(words->text));
		if (words->field)
			rest_fit(refusal->field, sizeof refusal->field, words->field,
				 strlen(words->field));
		return;
	}
}
