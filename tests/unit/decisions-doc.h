/* SPDX-License-Identifier: Apache-2.0 */
/* decisions-doc.h - doc/decisions.md, made of the decision table. */
#ifndef TEST_DECISIONS_DOC_H
#define TEST_DECISIONS_DOC_H

#include "base/buf.h"
#include "model/decision.h"

/* What a rule asks: "change new; tier strong or medium". */
void decisions_doc_when(const struct decision_rule *rule, struct buf *out);
void decisions_doc(struct buf *out);

#endif
