/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.c - a record of Lago as lookup and list give it. */
#include "lago/resource.h"

#include <string.h>

/* ------------------------------------------------------------------- lookup */

const char *lago_text(rest_node *record, const char *name)
{
	const char *s = rest_text(rest_member(record, name), NULL);
	return s ? s : "";
}

rest_node *lago_codes(rest_node *list)
{
	rest_node *codes = rest_array();

	for (size_t i = 0; i < rest_count(list); i++) {
		rest_node *code = rest_member(rest_at(list, i), "code");
		if (rest_text(code, NULL))
			rest_append(codes, rest_share(code));
	}
	return rest_sort_strings(codes);
}

int lago_field(struct lago *h, const char *what, size_t i, rest_node *record,
	       struct ferry_value *ret, struct ferry_error *err)
{
	const char *name = h->layout->names[i];
	enum ferry_type type = h->layout->fields[i] ? h->layout->fields[i]->type : FERRY_NULL;
	bool good = true;

	if (!h->res->read || !h->res->read(h, record, i, ret, &good))
		good = rest_value(rest_path(record, name, NULL), type, &h->pool, ret);
	if (!good)
		return h->api.host->fail(err, FERRY_E_PROTOCOL,
					 "%s: Lago gives '%s' of an unexpected type", what, name);
	if (ret->type == FERRY_DECIMAL && rest_decimal_text(ret->s, ret->len)) {
		lago_normal_decimal(ret->s, ret->len, &h->room);
		*ret = (struct ferry_value){.s = rest_pool_copy(&h->pool, h->room.s, h->room.len),
					    .len = (uint32_t)h->room.len, .type = FERRY_DECIMAL};
	}
	return 0;
}

int lago_found(struct lago *h, const char *what, rest_node *record, const char *id, size_t len,
	       struct ferry_found *ret, struct ferry_error *err)
{
	struct ferry_value *fields = rest_pool_alloc(&h->pool, h->layout->n * sizeof *fields);

	for (size_t i = 0; i < h->layout->n; i++)
		if (lago_field(h, what, i, record, &fields[i], err))
			return -1;
	*ret = (struct ferry_found){FERRY_FOUND, rest_pool_copy(&h->pool, id, len), fields};
	return 0;
}

int lago_resource_lookup(void *handle, const struct ferry_action *actions, size_t n,
			 struct ferry_found *found, struct ferry_error *err)
{
	struct lago *h = handle;

	rest_pool_reset(&h->pool);
	for (size_t i = 0; i < n; i++) {
		rest_node *root, *record;
		const char *id;
		size_t len;
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
		if (h->api.host->cancelled(h->api.host))
			return h->api.host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		if (!lago_identifier(h, &actions[i], &id, &len))
			continue;
		int rc = (h->res->fetch ? h->res->fetch : lago_fetch)(h, id, len, &root, &record,
								      err);
		if (rc < 0)
			return -1;
		if (!rc)
			continue;
		rc = lago_found(h, lago_what(h, "GET", true), record, id, len, &found[i], err);
		rest_free(root);
		if (rc)
			return -1;
	}
	return 0;
}
