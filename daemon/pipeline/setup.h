/* SPDX-License-Identifier: Apache-2.0 */
/* setup.h - handles and keys, for the stages that need more than the ones setup has opened. */
#ifndef FERRY_PIPELINE_SETUP_H
#define FERRY_PIPELINE_SETUP_H

#include "pipeline/segment.h"

/* Work out seg->key_columns and destination_keys, before anything is opened: lanes only read them. */
void setup_keys(struct segment *seg);
/* Load a connector by connection and resource. */
int setup_load(struct segment *seg, const struct endpoint_def *e, struct plug **ret,
	       const struct connection_def **ret_connection, struct ferry_error *err);
/* Open a further handle on the segment's source or destination. Lanes call it, too. */
int setup_open_handle(struct segment *seg, enum ferry_role role, struct plug_handle **ret, struct ferry_error *err);

#endif
