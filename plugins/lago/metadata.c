/* SPDX-License-Identifier: Apache-2.0 */
/* metadata.c - see metadata.h */
#include "lago/metadata.h"

#include <stdio.h>
#include <string.h>

static const char *key_of(const char *field)
{
	return field + strlen(LAGO_METADATA);
}

bool lago_is_metadata(const char *field)
{
	return !strncmp(field, LAGO_METADATA, strlen(LAGO_METADATA));
}

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

bool lago_metadata_mistake(const struct ferry_layout *layout, const char **field, char why[120])
{
	size_t entries = 0;

	for (size_t i = 0; i < layout->n; i++) {
		*field = layout->names[i];
		if (!lago_is_metadata(*field))
			continue;
		size_t n = characters(key_of(*field));
		if (!n || n > LAGO_METADATA_KEY_MAX) {
			snprintf(why, 120, "Lago takes metadata keys of 1 to %d characters",
				 LAGO_METADATA_KEY_MAX);
			return true;
		}
		if (++entries > LAGO_METADATA_MAX) {
			snprintf(why, 120, "Lago takes at most %d metadata entries",
				 LAGO_METADATA_MAX);
			return true;
		}
	}
	return false;
}

static rest_node *find_entry(rest_node *list, const char *key)
{
	for (size_t i = 0; i < rest_count(list); i++) {
		const char *s = rest_text(rest_member(rest_at(list, i), "key"), NULL);
		if (s && !strcmp(s, key))
			return rest_at(list, i);
	}
	return NULL;
}

bool lago_metadata_read(struct lago *h, rest_node *record, const char *field,
			struct ferry_value *ret)
{
	rest_node *entry = find_entry(rest_member(record, "metadata"), key_of(field));

	return rest_value(rest_member(entry, "value"), FERRY_TEXT, &h->pool, ret);
}

static const struct ferry_value *mapped(const struct lago *h, const struct ferry_value *fields,
					const char *key)
{
	for (size_t i = 0; i < h->layout->n; i++)
		if (lago_is_metadata(h->layout->names[i]) &&
		    !strcmp(key_of(h->layout->names[i]), key))
			return &fields[i];
	return NULL;
}

static bool same_text(const struct ferry_value *v, rest_node *node)
{
	size_t len;
	const char *s = rest_text(node, &len);

	return s && v->type == FERRY_TEXT && v->len == len && !memcmp(v->s, s, len);
}

/* Keep one that is there, by its id, with the mapped value if there is one. True: it changes. */
static bool keep_entry(rest_node *list, rest_node *entry, const struct ferry_value *value)
{
	rest_node *there = rest_member(entry, "value");

	if (value && value->type == FERRY_NULL)
		return true;
	rest_node *out = rest_object();
	bool changed = value && !same_text(value, there);
	rest_put(out, "id", rest_share(rest_member(entry, "lago_id")));
	rest_put(out, "key", rest_share(rest_member(entry, "key")));
	if (changed)
		rest_put_value(out, "value", value);
	else
		rest_put(out, "value", rest_share(there));
	/* a customer's entries have that, too */
	if (rest_has(entry, "display_in_invoice"))
		rest_put(out, "display_in_invoice",
			 rest_share(rest_member(entry, "display_in_invoice")));
	rest_append(list, out);
	return changed;
}

rest_node *lago_metadata_merge(const struct lago *h, const struct ferry_value *fields,
			       rest_node *record)
{
	rest_node *old = rest_member(record, "metadata"), *list = rest_array();
	bool changed = false;

	for (size_t i = 0; i < rest_count(old); i++) {
		const char *key = rest_text(rest_member(rest_at(old, i), "key"), NULL);
		if (key)
			changed |= keep_entry(list, rest_at(old, i), mapped(h, fields, key));
	}
	for (size_t i = 0; i < h->layout->n; i++) {
		const char *field = h->layout->names[i];
		if (!lago_is_metadata(field) || fields[i].type == FERRY_NULL ||
		    find_entry(old, key_of(field)))
			continue;
		rest_node *out = rest_object();
		rest_put(out, "key", rest_string(key_of(field), strlen(key_of(field))));
		rest_put_value(out, "value", &fields[i]);
		rest_append(list, out);
		changed = true;
	}
	if (changed)
		return list;
	rest_free(list);
	return NULL;
}
