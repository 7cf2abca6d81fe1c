/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata of the Lago stand-in in its three shapes: a list whose entries are told by their own
 * lago_id (customers, invoices), an object (wallets, plans), and pairs (wallet transactions).
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_MAX = 20,
	PAIR_VALUE_MAX = 100,
	LIST_MAX = 5,
	PAIRS_MAX = 15,
	OBJECT_MAX = 50,
	OBJECT_KEY_MAX = 40,
};

/* -- lists ------------------------------------- */

static struct json_object *find_entry(struct json_object *list, const char *by, const char *value)
{
	for (size_t i = 0; value && i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *have = json_member_text(entry, by);

		if (have && strcmp(have, value) == 0)
			return entry;
	}
	return NULL;
}

static void copy_text(struct json_object *to, struct json_object *from, const char *key)
{
	struct json_object *v = json_member(from, key);

	if (v)
		json_object_object_add(to, key,
				       json_object_new_string(json_object_get_string(v)));
}

static void check_entry(struct json_object *list, struct json_object *entry, size_t value_max,
			struct json_object *details)
{
	const char *key = json_member_text(entry, "key");
	const char *value = json_member_text(entry, "value");
	struct json_object *same = find_entry(list, "key", key);

	if (!key || !*key)
		lago_detail(details, "key", "value_is_mandatory");
	else if (lago_characters(key) > KEY_MAX)
		lago_detail(details, "key", "value_is_too_long");
	if (!value || !*value)
		lago_detail(details, "value", "value_is_mandatory");
	else if (lago_characters(value) > value_max)
		lago_detail(details, "value", "value_is_too_long");
	if (same && same != entry)
		lago_detail(details, "key", "value_already_exist");
}

/*
 * One entry sent: updates the one with its id, else inserts. Insertion comes before the
 * deletion of what was not listed, so a known key without its id collides with itself.
 */
static void put_entry(struct lago *l, struct json_object *list, struct json_object *in,
		      struct json_object *kept, size_t value_max, struct json_object *details)
{
	struct json_object *entry = find_entry(list, "lago_id", json_member_text(in, "id"));
	bool fresh = !entry;
	char id[40];

	if (fresh) {
		entry = json_object_new_object();
		lago_new_id(l, id);
		json_object_object_add(entry, "lago_id", json_object_new_string(id));
	}
	copy_text(entry, in, "key");
	copy_text(entry, in, "value");
	json_object_object_add(
		entry, "display_in_invoice",
		json_object_new_boolean(json_object_get_boolean(
			json_member(in, "display_in_invoice"))));
	if (fresh) {
		standin_format_time(standin_now_ms(), false, id);
		json_object_object_add(entry, "created_at", json_object_new_string(id));
	}
	check_entry(list, entry, value_max, details);
	if (fresh)
		json_object_array_add(list, entry);
	json_object_array_add(kept, json_object_get(entry));
}

void lago_metadata_put(struct lago *l, struct json_object *o, struct json_object *in,
		       size_t value_max, struct json_object *details)
{
	struct json_object *list = json_member(o, "metadata");

	if (!json_object_is_type(in, json_type_array))
		return;
	if (json_object_array_length(in) > LIST_MAX) {
		lago_detail(details, "metadata", "invalid_count");
		return;
	}
	struct json_object *kept = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(in); i++) {
		struct json_object *entry = json_object_array_get_idx(in, i);

		if (json_object_is_type(entry, json_type_object))
			put_entry(l, list, entry, kept, value_max, details);
	}
	json_object_object_add(o, "metadata", kept);
}

/* -- objects and pairs ------------------------------------- */

const char *lago_metadata_object_wrong(struct json_object *in)
{
	if (!json_object_is_type(in, json_type_object))
		return in ? "invalid_type" : NULL;
	if (json_object_object_length(in) > OBJECT_MAX)
		return "too_many_keys";
	json_object_object_foreach(in, key, value)
	{
		if (lago_characters(key) > OBJECT_KEY_MAX ||
		    (value && !json_object_is_type(value, json_type_string)))
			return "invalid_key_value_pair";
	}
	return NULL;
}

const char *lago_metadata_pairs_wrong(struct json_object *in)
{
	if (!json_object_is_type(in, json_type_array))
		return in ? "invalid_type" : NULL;
	if (json_object_array_length(in) > PAIRS_MAX)
		return "too_many_keys";
	for (size_t i = 0; i < json_object_array_length(in); i++) {
		struct json_object *pair = json_object_array_get_idx(in, i);
		const char *key = json_member_text(pair, "key");
		const char *value = json_member_text(pair, "value");

		if (!key || !value || lago_characters(key) > KEY_MAX ||
		    lago_characters(value) > PAIR_VALUE_MAX)
			return "invalid_key_value_pair";
	}
	return NULL;
}

/* -- filters ------------------------------------- */

bool lago_metadata_fits(const struct standin_request *req, struct json_object *list)
{
	static const char name[] = "metadata[";

	for (size_t i = 0; i < req->n_pairs; i++) {
		const char *key = req->pairs[i].name;
		size_t len = strlen(key);

		if (strncmp(key, name, sizeof(name) - 1) != 0 || key[len - 1] != ']')
			continue;
		char *bare = standin_strdup(key + sizeof(name) - 1);

		bare[strlen(bare) - 1] = '\0';
		bool fits = lago_text_is(json_member(find_entry(list, "key", bare), "value"),
					 req->pairs[i].value);

		free(bare);
		if (!fits)
			return false;
	}
	return true;
}

bool lago_filtered(const struct standin_request *req)
{
	for (size_t i = 0; i < req->n_pairs; i++) {
		if (strcmp(req->pairs[i].name, "page") != 0 &&
		    strcmp(req->pairs[i].name, "per_page") != 0)
			return true;
	}
	return false;
}
