/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h - YAML text to a tree with positions, by libyaml. Bounded: a text of at most 4 MiB, 64
 * levels, 200,000 nodes; anchors and aliases, tags and several documents are refused, with where.
 */
#ifndef FERRY_WIRE_YAML_H
#define FERRY_WIRE_YAML_H

#include "base/arena.h"
#include "base/error.h"

enum yaml_kind { YAML_NODE_SCALAR, YAML_NODE_LIST, YAML_NODE_MAP };

struct yaml_node {
	enum yaml_kind kind;
	int line, column;		/* from 1 */
	/* scalar: NUL-terminated; plain tells an unquoted one ("null", "~" and "" mean nothing there) */
	const char *text;
	size_t len;
	bool plain;
	/* list and map: children in the order written; a map's keys are scalars */
	struct yaml_node **items;	/* list: items; map: values */
	struct yaml_node **keys;	/* map only */
	size_t n;
};

/*
 * Parse into the arena. An empty text gives an empty map. On failure *ret_line and *ret_column say
 * where and err->msg says what, without position.
 */
int yaml_read(struct arena *arena, const char *text, size_t len, struct yaml_node **ret,
	      int *ret_line, int *ret_column, struct ferry_error *err);

#endif
