/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - reading JSON through json-c, and writing it straight into a buffer.
 *
 * Numbers are exact both ways: integers are 64-bit, any other number keeps the text it was written
 * with. (That is why it is json-c: most parsers make a double of it.)
 */
#ifndef FERRY_WIRE_JSON_H
#define FERRY_WIRE_JSON_H

#include "base/buf.h"
#include "base/error.h"

/* ---- reading: a parsed tree; nodes are borrowed from it. NULL nodes are allowed everywhere. */

struct json_doc;			/* owns the tree */
typedef struct json_object json_node;	/* json-c's own node; opaque here */

enum json_kind { JSON_ABSENT, JSON_NULL, JSON_BOOL, JSON_INT, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Strict RFC 8259, UTF-8 checked, at most 64 levels. `what` names the text in the error. */
int json_parse(const char *text, size_t len, const char *what, struct json_doc **ret,
	       struct ferry_error *err);
void json_free(struct json_doc *doc);
/* The root. A root of null is reported by json_root_kind only. */
json_node *json_root(const struct json_doc *doc);

enum json_kind json_kind(json_node *node);	/* NULL pointer: JSON_NULL */
/* A member; NULL when absent or null, or when node is no object. */
json_node *json_get(json_node *node, const char *name);
bool json_has(json_node *node, const char *name);	/* present, maybe null */
size_t json_count(json_node *node);			/* array length, else 0 */
json_node *json_at(json_node *node, size_t i);
/* Text of a string; NULL for other kinds. len may be NULL. */
const char *json_text(json_node *node, size_t *len);
/* json_text of a member, or fallback. */
const char *json_get_text(json_node *node, const char *name, const char *fallback);
int64_t json_get_int(json_node *node, const char *name, int64_t fallback);
bool json_get_bool(json_node *node, const char *name, bool fallback);
bool json_int(json_node *node, int64_t *ret);		/* false unless JSON_INT in range */
/* The node as JSON text (a number as it was written). Valid until the node is written again or freed. */
const char *json_dump(json_node *node, size_t *len);
/* Walk an object's members; *iter starts as NULL. False at the end. */
bool json_next(json_node *node, void **iter, const char **name, json_node **value);

/* ---- writing: commas are put by looking at what is there; keys NULL inside arrays */

void jw_open(struct buf *b, const char *key, char bracket);	/* '{' or '[' */
void jw_close(struct buf *b, char bracket);			/* '}' or ']' */
void jw_text(struct buf *b, const char *key, const char *s);	/* s == NULL writes null */
void jw_textn(struct buf *b, const char *key, const char *s, size_t len);
void jw_int(struct buf *b, const char *key, int64_t v);
void jw_bool(struct buf *b, const char *key, bool v);
void jw_null(struct buf *b, const char *key);
void jw_raw(struct buf *b, const char *key, const char *json, size_t len);
/* microseconds as an ISO 8601 string; 0 writes null */
void jw_time(struct buf *b, const char *key, int64_t us);

#endif
