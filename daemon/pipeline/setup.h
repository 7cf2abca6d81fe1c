/* SPDX-License-Identifier: Apache-2.0 */
/* setup.h - handles and keys, for the stages that need more than the ones setup has opened. */
#ifndef FERRY_PIPELINE_SETUP_H
#define FERRY_PIPELINE_SETUP_H

#include "pipeline/segment.h"

/* Names of the source columns that make the key, ends with NULL; NULL when it is an expression. */
const char *const *setup_key_columns(struct segment *seg);
/* Open a further handle on the segment's source or destination. */
int setup_open_handle(struct segment *seg, enum ferry_role role, struct plug_handle **ret, struct ferry_error *err);

#endif
