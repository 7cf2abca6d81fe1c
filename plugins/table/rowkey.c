/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rowkey.c - the columns that identify a row of a table, and the key of a row: from its fields, and as
 * a destination id and back.
 */
#include "table/table.h"

#include <stdlib.h>
#include <string.h>

#define PART_END '\x1f'			/* between the parts of a destination id */

/* "a, b" into k->names */
static bool split(struct rowkey *k, const char *text)
{
	size_t n = 0;
	char *rest;

	k->text = strdup(text);
	k->names = calloc(strlen(text) + 1, sizeof *k->names);
	if (!k->text || !k->names)
		return false;
	for (char *p = strtok_r(k->text, ",", &rest); p; p = strtok_r(NULL, ",", &rest)) {
		p += strspn(p, " \t");
		size_t len = strlen(p);
		while (len && (p[len - 1] == ' ' || p[len - 1] == '\t'))
			p[--len] = '\0';
		if (len)
			k->names[n++] = p;
	}
	return true;
}

bool rowkey_init(struct rowkey *k, const struct ferry_open *open)
{
	const char *key = ferry_setting_text(open, "key");
	size_t n = open->layout->n;

	*k = (struct rowkey){.layout = open->layout, .open_names = open->keys};
	k->places = calloc(n + 1, sizeof *k->places);
	k->words = calloc(n + 1, sizeof *k->words);
	k->parts = calloc(n + 1, sizeof *k->parts);
	return k->places && k->words && k->parts && (!key || split(k, key));
}

void rowkey_release(struct rowkey *k)
{
	free(k->text);
	free(k->names);
	free(k->places);
	free(k->words);
	free(k->parts);
	*k = (struct rowkey){0};
}

bool rowkey_has(const struct rowkey *k, size_t place)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->places[i] == place)
			return true;
	return false;
}

int rowkey_find(struct rowkey *k, const struct ferry_host *host, const char *table,
		const char *const *primary, struct ferry_error *err)
{
	const char *const *names = k->names ? k->names : k->open_names ? k->open_names : primary;

	k->n = 0;
	for (size_t i = 0; names && names[i]; i++) {
		int place = layout_place(k->layout, names[i]);
		if (place < 0)
			return host->fail(err, FERRY_E_CONFIG,
					  "destination: the key column '%s' of table '%s' is not mapped",
					  names[i], table);
		if (rowkey_has(k, (size_t)place))
			return host->fail(err, FERRY_E_CONFIG, "destination: 'key' names '%s' twice",
					  names[i]);
		k->places[k->n++] = (size_t)place;
	}
	if (!k->n)
		return host->fail(err, FERRY_E_CONFIG,
				  "destination: name the columns that identify a row of table '%s' as 'key'",
				  table);
	return 0;
}

/* ------------------------------------------------------------------ the key of one row */

bool rowkey_from_fields(struct rowkey *k, const struct ferry_value *fields)
{
	if (!fields)
		return false;
	for (size_t i = 0; i < k->n; i++) {
		k->parts[i] = fields[k->places[i]];
		if (k->parts[i].type == FERRY_NULL)
			return false;
	}
	return true;
}

bool rowkey_from_id(struct rowkey *k, const char *dest_id)
{
	if (!dest_id || !*dest_id)
		return false;
	for (size_t i = 0; i < k->n; i++) {
		const char *end = strchrnul(dest_id, PART_END);
		k->parts[i] = (struct ferry_value){
			.s = dest_id, .len = (uint32_t)(end - dest_id), .type = FERRY_TEXT};
		if (!*end)
			return i + 1 == k->n;
		dest_id = end + 1;
	}
	return false;
}

bool rowkey_from_action(struct rowkey *k, const struct ferry_action *a)
{
	return rowkey_from_fields(k, a->before) || rowkey_from_id(k, a->dest_id) ||
	       rowkey_from_fields(k, a->fields);
}

const char *value_print(const struct ferry_value *v, bool words, char buf[MOMENT_TEXT], size_t *len)
{
	switch ((enum ferry_type)v->type) {
	case FERRY_BOOL:
		*len = !words ? 1 : v->i ? 4 : 5;
		return words ? v->i ? "true" : "false" : v->i ? "1" : "0";
	case FERRY_INT:
		*len = integer_text(v->i, buf);
		return buf;
	case FERRY_TIME:
		*len = time_text(v->i, buf);
		return buf;
	case FERRY_NULL:
	case FERRY_DECIMAL:
	case FERRY_TEXT:
	case FERRY_BYTES:
	case FERRY_JSON:
		break;
	}
	*len = v->len;
	return v->len ? v->s : "";
}

void rowkey_id(const struct rowkey *k, char *out, size_t size)
{
	char buf[MOMENT_TEXT];
	size_t used = 0, len;

	*out = '\0';
	for (size_t i = 0; i < k->n; i++) {
		const struct ferry_value *v = &k->parts[i];
		const char *s = value_print(v, k->words[i], buf, &len);
		/* what could not be taken apart again, or is no text, is no id */
		if (v->type == FERRY_BYTES || v->type == FERRY_NULL || used + len + 2 > size ||
		    memchr(s, '\0', len) || memchr(s, PART_END, len)) {
			*out = '\0';
			return;
		}
		if (i)
			out[used++] = PART_END;
		memcpy(out + used, s, len);
		used += len;
		out[used] = '\0';
	}
}

bool rowkey_moves(struct rowkey *k, const struct ferry_action *a, const char *new_id)
{
	char id[DEST_ID_SIZE];

	if (rowkey_from_fields(k, a->before)) {
		rowkey_id(k, id, sizeof id);
		if (*id && strcmp(id, new_id) != 0)
			return true;
	} else if (rowkey_from_id(k, a->dest_id) && strcmp(a->dest_id, new_id) != 0) {
		return true;
	}
	rowkey_from_fields(k, a->fields);
	return false;
}
