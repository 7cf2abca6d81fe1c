/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - columns of a source and fields of a layout against JSON objects. */
#include "rest/rest.h"

#include <stdlib.h>
#include <string.h>

static int no_object(const struct rest_api *api, const char *what, struct ferry_error *err)
{
	return api->host->fail(err, FERRY_E_PROTOCOL, "%s: %s gives something else than an object",
			       what, api->peer);
}

static int no_member(const struct rest_api *api, const char *what, const struct rest_column *c,
		     struct ferry_error *err)
{
	return api->host->fail(err, FERRY_E_PROTOCOL, "%s: %s gives an object without '%s'", what,
			       api->peer, c->path);
}

static int wrong_type(const struct rest_api *api, const char *what, const struct rest_column *c,
		      struct ferry_error *err)
{
	static const char *const words[] = {"value", "boolean", "integer", "number",
					    "text", "bytes", "time", "JSON"};

	return api->host->fail(err, FERRY_E_PROTOCOL, "%s: %s gives '%s' that is no %s", what,
			       api->peer, c->path, words[c->type]);
}

int rest_row(const struct rest_api *api, const char *what, const struct rest_column *columns,
	     size_t n, rest_node *node, struct rest_pool *pool, struct ferry_value *ret,
	     struct ferry_error *err)
{
	if (rest_kind(node) != REST_OBJECT)
		return no_object(api, what, err);
	for (size_t i = 0; i < n; i++) {
		rest_node *member = rest_path(node, columns[i].path, NULL);
		if (!member && columns[i].required)
			return no_member(api, what, &columns[i], err);
		if (!rest_value(member, columns[i].type, pool, &ret[i]))
			return wrong_type(api, what, &columns[i], err);
	}
	return 0;
}

/* A value as its own memory: texts are borrowed from the answer, or from room. */
static bool own_value(const struct rest_piece *piece, enum ferry_type type, struct rest_buf *room,
		      struct rest_pool *pool, struct ferry_value *ret)
{
	if (!rest_piece_value(piece, type, room, ret))
		return false;
	if (ret->type == FERRY_TEXT || ret->type == FERRY_DECIMAL)
		ret->s = rest_pool_copy(pool, ret->s, ret->len);
	return true;
}

int rest_row_pieces(const struct rest_api *api, const char *what, const struct rest_column *columns,
		    size_t n, const struct rest_piece *object, const struct rest_piece *found,
		    struct rest_pool *pool, struct ferry_value *ret, struct ferry_error *err)
{
	struct rest_buf room = {0};
	int rc = object->kind == REST_OBJECT ? 0 : no_object(api, what, err);

	for (size_t i = 0; i < n && !rc; i++) {
		bool there = found[i].s && found[i].kind != REST_NULL;
		if (!there && columns[i].required)
			rc = no_member(api, what, &columns[i], err);
		else if (!own_value(&found[i], columns[i].type, &room, pool, &ret[i]))
			rc = wrong_type(api, what, &columns[i], err);
	}
	rest_buf_release(&room);
	return rc;
}

void rest_columns_tree(struct rest_tree *tree, const struct rest_column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rest_tree_add(tree, columns[i].path, i);
}

int rest_columns(struct ferry_sink *sink, const struct rest_column *columns, size_t n,
		 struct ferry_error *err)
{
	struct ferry_column *list = rest_alloc(n, sizeof *list);

	for (size_t i = 0; i < n; i++)
		list[i] = (struct ferry_column){columns[i].name, columns[i].type};
	int rc = sink->columns(sink, list, n, false, err);
	free(list);
	return rc;
}

/* ------------------------------------------------------------------- layout */

int rest_check_layout(const struct ferry_host *host, const struct ferry_layout *layout,
		      struct ferry_error *err)
{
	for (size_t i = 0; i < layout->n; i++) {
		size_t len = strlen(layout->names[i]);
		for (size_t k = 0; k < layout->n; k++)
			if (!strncmp(layout->names[k], layout->names[i], len) &&
			    layout->names[k][len] == '.')
				return host->fail(err, FERRY_E_CONFIG,
						  "the fields '%s' and '%s' cannot both be mapped: "
						  "one holds the other",
						  layout->names[i], layout->names[k]);
	}
	return 0;
}

int rest_field(const struct ferry_layout *layout, const char *name)
{
	for (size_t i = 0; layout && i < layout->n; i++)
		if (!strcmp(layout->names[i], name))
			return (int)i;
	return -1;
}
