/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact.h - taking secrets out of texts that others read: those of a whole generation, which only a worker
 * may look up, since reading them may wait for a disk, or those one is told.
 */
#ifndef FERRY_CONF_REDACT_H
#define FERRY_CONF_REDACT_H

#include "base/buf.h"
#include "model/sync.h"

struct redactor;

#define REDACT_SECRET 6			/* passwords that are shorter are words, too */

/* Those that cannot be read are left out. */
struct redactor *redact_new(const struct generation *g);
/* One that knows none, to be told them. What is shorter than `least` bytes is found everywhere, and left out. */
struct redactor *redact_empty(size_t least);
/*
 * A secret's value, also as it stands in JSON or an address; of a URL or connection string its passwords,
 * too. Doing it twice is no mistake.
 */
void redact_add(struct redactor *r, const char *value);
void redact_free(struct redactor *r);
/* Append the text with "********" in the place of each secret's value. */
void redact_text(const struct redactor *r, const char *text, struct buf *out);

#endif
