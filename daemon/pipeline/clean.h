/* SPDX-License-Identifier: Apache-2.0 */
/* clean.h - a worker's line without the secrets it has been given. */
#ifndef FERRY_PIPELINE_CLEAN_H
#define FERRY_PIPELINE_CLEAN_H

#include "conf/redact.h"

/* line: one JSON object. What says which record, segment or stage is meant stays as it is. */
void clean_line(const struct redactor *secrets, struct buf *line);

#endif
