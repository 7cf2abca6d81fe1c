/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - the parts of plug_check that plug_check_generation puts together in its own way.
 */
#ifndef FERRY_PLUG_CHECK_H
#define FERRY_PLUG_CHECK_H

#include "plug/plug.h"

/* Everything about an endpoint but its connection. */
void check_endpoint(const struct plug *plug, enum ferry_role role,
		    const struct endpoint_def *endpoint, const struct segment_def *seg,
		    struct conf_mistakes *mistakes);

/* What the connector itself has to say of an endpoint whose settings are right one by one. */
void check_own(const struct plug *plug, enum ferry_role role, const struct connection_def *connection,
	       const struct endpoint_def *endpoint, const struct segment_def *seg,
	       struct conf_mistakes *mistakes);

/*
 * A connection against all connectors that are used through it: each setting must be known to one
 * of them, and each of them must have what it needs.
 */
void check_connection(const struct plug *const *plugs, size_t n,
		      const struct connection_def *connection, struct conf_mistakes *mistakes);

/* The table's entry for a field, a "prefix.*" included; NULL when there is none. */
const struct ferry_field *check_find_field(const struct ferry_field *table, const char *name);

#endif
