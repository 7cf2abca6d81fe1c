/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.c - reading what the file holds: for each record, or all of it. */
#include "file/destination.h"

#include <string.h>

/* Whether the field says the same as our value: it was written from it, or might have been. */
static bool is_same(struct destination *d, const struct field *f, const struct ferry_value *ours)
{
	const struct dialect *dialect = &d->shape.dialect;
	const char *a, *b;
	size_t a_len, b_len;
	bool there = f && field_text(dialect, f, &d->room, &a, &a_len);

	if (!there || ours->type == FERRY_NULL)
		return !there && ours->type == FERRY_NULL;
	value_text(ours, &d->row, &b, &b_len);
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static struct ferry_value copy_value(struct destination *d, struct ferry_value v)
{
	bool has_text = v.type == FERRY_TEXT || v.type == FERRY_BYTES || v.type == FERRY_DECIMAL ||
			v.type == FERRY_JSON;

	if (has_text)
		v.s = rest_pool_copy(&d->pool, v.s, v.len);
	return v;
}

/*
 * The present record's fields. One that says the same as ours is given as ours: a time is still
 * that time, and no difference.
 */
static const struct ferry_value *take_fields(struct destination *d, const struct ferry_value *ours,
					     struct ferry_error *err)
{
	const struct content *c = &d->content;
	size_t n = d->layout->n;
	struct ferry_value *values = rest_pool_alloc(&d->pool, n * sizeof *values);

	for (size_t i = 0; i < n; i++) {
		const struct field *f = c->at[i];
		const char *why = NULL;
		values[i] = (struct ferry_value){.type = FERRY_NULL};
		if (ours && is_same(d, f, &ours[i])) {
			values[i] = copy_value(d, ours[i]);
		} else if (f) {
			why = field_value(&d->shape.dialect, f, FERRY_NULL, &d->pool, &d->room,
					  &values[i]);
			values[i] = copy_value(d, values[i]);
		}
		if (why) {
			reader_fail_at(&c->reader, c->reader.line, err, "column '%s' %s",
				       d->layout->names[i], why);
			return NULL;
		}
	}
	return values;
}

static int take_found(struct destination *d, const struct ferry_value *ours,
		      struct ferry_found *found, struct ferry_error *err)
{
	char id[ID_SIZE];

	found->presence = FERRY_FOUND;
	found->fields = take_fields(d, ours, err);
	key_id(&d->shape, &d->content.key, id);
	found->dest_id = rest_pool_copy(&d->pool, id, strlen(id));
	return found->fields ? 0 : -1;
}

/* By its fields, else by the id it is known by. */
static int find_action(struct destination *d, const struct ferry_action *a, struct ferry_error *err)
{
	int n = 0;

	if (key_from_values(&d->shape, a->fields, &d->room, &d->key))
		n = destination_find(d, &d->key, false, err);
	if (n == 0 && key_from_id(&d->shape, a->dest_id, &d->key))
		n = destination_find(d, &d->key, false, err);
	return n;
}

int destination_lookup(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err)
{
	struct destination *d = handle;

	rest_pool_reset(&d->pool);
	for (size_t i = 0; i < n; i++)
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
	if (destination_look(d, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		int rows = find_action(d, &actions[i], err);
		if (rows < 0)
			return -1;
		if (rows > 1)
			found[i].presence = FERRY_SEVERAL;
		if (rows == 1 && take_found(d, actions[i].fields, &found[i], err))
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ all rows */

#define LIST_ROWS 256

struct part {
	struct ferry_found found[LIST_ROWS];
	size_t n;
};

static int give(struct destination *d, struct part *part, struct ferry_listing *listing,
		struct ferry_error *err)
{
	const struct ferry_host *host = d->base.folder.host;

	if (!part->n)
		return 0;
	if (host->cancelled(host))
		return host->fail(err, FERRY_E_CANCELLED, "cancelled");
	int status = listing->found(listing, part->found, part->n, err);
	part->n = 0;
	rest_pool_reset(&d->pool);
	return status;
}

static int list_rows(struct destination *d, struct ferry_listing *listing, struct ferry_error *err)
{
	struct content *c = &d->content;
	struct part part = {.n = 0};
	int status;

	while ((status = content_next(c, err)) == READ_RECORD) {
		if (!content_key(c) || content_is_disabled(c))
			continue;
		part.found[part.n] = (struct ferry_found){0};
		if (take_found(d, NULL, &part.found[part.n++], err))
			return -1;
		if (part.n == LIST_ROWS && give(d, &part, listing, err))
			return -1;
	}
	if (status < 0 || (c->there && reader_unchanged(&c->reader, err)))
		return -1;
	return give(d, &part, listing, err);
}

int destination_list(void *handle, struct ferry_listing *listing, struct ferry_error *err)
{
	struct destination *d = handle;

	rest_pool_reset(&d->pool);
	if (merge_pending(&d->journal, err))
		return -1;
	content_close(&d->content);
	d->looked = false;
	if (content_open(&d->content, &d->base.folder, &d->shape, d->name, err))
		return -1;
	return list_rows(d, listing, err);
}
