/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - columns of a source and fields of a layout against JSON objects. */
#include "rest/rest.h"

#include <stdlib.h>
#include <string.h>

int rest_row(const struct rest_api *api, const char *what, const struct rest_column *columns,
	     size_t n, rest_node *node, struct rest_pool *pool, struct ferry_value *ret,
	     struct ferry_error *err)
{
	static const char *const words[] = {"value", "boolean", "integer", "number",
					    "text", "bytes", "time", "JSON"};

	if (rest_kind(node) != REST_OBJECT)
		return api->host->fail(err, FERRY_E_PROTOCOL,
				       "%s: %s gives something else than an object", what,
				       api->peer);
	for (size_t i = 0; i < n; i++) {
		const struct rest_column *c = &columns[i];
		rest_node *member = rest_path(node, c->path, NULL);
		if (!member && c->required)
			return api->host->fail(err, FERRY_E_PROTOCOL,
					       "%s: %s gives an object without '%s'", what,
					       api->peer, c->path);
		if (!rest_value(member, c->type, pool, &ret[i]))
			return api->host->fail(err, FERRY_E_PROTOCOL,
					       "%s: %s gives '%s' that is no %s", what, api->peer,
					       c->path, words[c->type]);
	}
	return 0;
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
