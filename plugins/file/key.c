/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - which row: the texts of the key's fields, as bytes and as a destination id. */
#include "file/destination.h"

#include <string.h>

#define PART_END '\x1f'			/* between the parts of a destination id */

bool key_from_values(const struct shape *s, const struct ferry_value *fields, struct rest_buf *room,
		     struct rest_buf *out)
{
	const char *text;
	size_t len;

	rest_buf_reset(out);
	if (!fields)
		return false;
	for (size_t i = 0; i < s->n_key; i++) {
		const struct ferry_value *v = &fields[s->key[i]];
		if (v->type == FERRY_NULL)
			return false;
		value_text(v, room, &text, &len);
		bytes_put(out, text, len);
	}
	return true;
}

bool key_from_id(const struct shape *s, const char *id, struct rest_buf *out)
{
	rest_buf_reset(out);
	if (!id || !*id)
		return false;
	for (size_t i = 0; i < s->n_key; i++) {
		const char *end = strchrnul(id, PART_END);
		bytes_put(out, id, (size_t)(end - id));
		if (!*end)
			return i + 1 == s->n_key;
		id = end + 1;
	}
	return false;
}

void key_id(const struct shape *s, const struct rest_buf *key, char out[ID_SIZE])
{
	struct bytes b = {key->s, key->s + key->len};
	size_t used = 0, len;

	*out = '\0';
	for (size_t i = 0; i < s->n_key; i++) {
		const char *text = bytes_text(&b, &len);
		if (!b.p || used + len + 2 > ID_SIZE || memchr(text, '\0', len) ||
		    memchr(text, PART_END, len)) {
			*out = '\0';
			return;
		}
		if (i)
			out[used++] = PART_END;
		memcpy(out + used, text, len);
		used += len;
		out[used] = '\0';
	}
}
