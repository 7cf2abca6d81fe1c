/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h - the keyword tables as JSON Schema (2020-12), for editors. */
#ifndef FERRY_CONF_SCHEMA_H
#define FERRY_CONF_SCHEMA_H

#include "conf/conf.h"

/* "ferry", "connections", "syncs": the kinds of files. */
const char *conf_kind_name(enum conf_kind kind);
int conf_kind_from_name(const char *name);	/* -1: none */

/*
 * What is known of settings that no keyword is for: rules (JSON schemas, comma-separated) by which they
 * are judged in the objects of that name: "connection", "source", "destination". Without, they are open.
 */
struct conf_schema_rules {
	const char *object;
	const char *json;
};

/* Append the schema of one kind of file. rules ends with object == NULL; NULL: none. */
void conf_schema(enum conf_kind kind, const struct conf_schema_rules *rules, struct buf *out);

#endif
