/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.h - what the routes take and give, as tables from which the OpenAPI document is made.
 *
 * A member's type is one of
 *   string, integer, number, boolean, any, object   as JSON has them
 *   time           an ISO 8601 text
 *   a name         of another schema
 *   [type]         a list of such        {type}    a map of names to such
 * with "?" behind when it may be null. With "?" behind its name a member may be absent. Objects are
 * closed: what is not in their table is not in the answer.
 */
#ifndef FERRY_API_OPENAPI_H
#define FERRY_API_OPENAPI_H

#include "api/api.h"

struct openapi_member {
	const char *name, *type, *help;	/* help NULL: the name says it */
};

struct openapi_schema {
	const char *name;
	const struct openapi_member *members;	/* ends with name == NULL; NULL: a text, one of the words */
	const char *(*word)(int i);	/* NULL beyond the last one */
};
/* End with name == NULL. */
extern const struct openapi_schema openapi_schemas[];	/* what runs are made of, and all answers */

/* What may stand in a query (by the name in the route's table) or in a path (by what is in the braces). */
struct openapi_parameter {
	const char *id, *name, *type, *help;
	bool in_path, required;
};
extern const struct openapi_parameter openapi_parameters[];

/* The whole document. */
void openapi_json(const char *version, struct buf *out);

#endif
