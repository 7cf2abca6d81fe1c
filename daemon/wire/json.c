/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - reading JSON through json-c, writing it by hand. */
#include "wire/json.h"

#include <inttypes.h>
#include <limits.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define DEPTH 64

struct json_doc {
	json_node *root;
};

/*
 * json-c saturates an integer beyond 64 bits without a word. Find one: a run of 20 digits or more,
 * outside of strings, that is no part of a fraction. Returns its place, or len.
 */
static size_t huge_integer(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		if (s[i] == '"') {
			for (i++; i < len && s[i] != '"'; i++)
				i += s[i] == '\\';
			i++;
		} else if (s[i] >= '0' && s[i] <= '9') {
			size_t from = i, digits;
			while (i < len && s[i] >= '0' && s[i] <= '9')
				i++;
			digits = i - from;
			if (i < len && (s[i] == '.' || s[i] == 'e' || s[i] == 'E')) {
				while (i < len && memchr("0123456789.eE+-", s[i], 15))
					i++;
			} else if (digits >= 20) {
				return from;
			}
		} else {
			i++;
		}
	}
	return len;
}

int json_parse(const char *text, size_t len, const char *what, struct json_doc **ret,
	       struct ferry_error *err)
{
	if (len > INT_MAX)
		return ferry_fail(err, FERRY_E_PROTOCOL, "%s: too long for JSON", what);
	size_t huge = huge_integer(text, len);
	if (huge < len)
		return ferry_fail(err, FERRY_E_PROTOCOL, "%s: the integer at byte %zu is beyond 64 bits", what, huge);
	struct json_tokener *tok = json_tokener_new_ex(DEPTH);
	if (!tok)
		return ferry_fail(err, FERRY_E_NOMEM, "%s: out of memory", what);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	json_node *root = json_tokener_parse_ex(tok, text, (int)len);
	enum json_tokener_error e = json_tokener_get_error(tok);
	size_t end = json_tokener_get_parse_end(tok);
	if (e == json_tokener_continue && len) {
		/* a bare number ends only with the text */
		root = json_tokener_parse_ex(tok, "", 1);
		e = json_tokener_get_error(tok);
		end = len;
	}
	if (e == json_tokener_success)
		while (end < len && strchr(" \t\r\n", text[end]))
			end++;
	int rc = 0;
	if (e != json_tokener_success)
		rc = ferry_fail(err, FERRY_E_PROTOCOL, "%s: not valid JSON at byte %zu: %s", what, end,
				e == json_tokener_continue ? "it ends too early" : json_tokener_error_desc(e));
	else if (end < len)
		rc = ferry_fail(err, FERRY_E_PROTOCOL, "%s: not valid JSON: more text at byte %zu", what, end);
	json_tokener_free(tok);
	if (rc) {
		json_object_put(root);
		return rc;
	}
	*ret = ferry_alloc(sizeof **ret);
	(*ret)->root = root;
	return 0;
}

void json_free(struct json_doc *doc)
{
	if (!doc)
		return;
	json_object_put(doc->root);
	free(doc);
}

json_node *json_root(const struct json_doc *doc)
{
	return doc->root;
}

enum json_kind json_kind(json_node *node)
{
	switch (json_object_get_type(node)) {
	case json_type_null: return JSON_NULL;
	case json_type_boolean: return JSON_BOOL;
	case json_type_int: return JSON_INT;
	case json_type_double: return JSON_NUMBER;
	case json_type_string: return JSON_STRING;
	case json_type_array: return JSON_ARRAY;
	case json_type_object: return JSON_OBJECT;
	}
	return JSON_ABSENT;
}

json_node *json_get(json_node *node, const char *name)
{
	json_node *v = NULL;

	if (json_object_get_type(node) != json_type_object)
		return NULL;
	json_object_object_get_ex(node, name, &v);
	return v;
}

bool json_has(json_node *node, const char *name)
{
	return json_object_get_type(node) == json_type_object && json_object_object_get_ex(node, name, NULL);
}

size_t json_count(json_node *node)
{
	return json_object_get_type(node) == json_type_array ? json_object_array_length(node) : 0;
}

json_node *json_at(json_node *node, size_t i)
{
	return i < json_count(node) ? json_object_array_get_idx(node, i) : NULL;
}

const char *json_text(json_node *node, size_t *len)
{
	if (json_object_get_type(node) != json_type_string)
		return NULL;
	if (len)
		*len = (size_t)json_object_get_string_len(node);
	return json_object_get_string(node);
}

const char *json_get_text(json_node *node, const char *name, const char *fallback)
{
	const char *s = json_text(json_get(node, name), NULL);
	return s ? s : fallback;
}

int64_t json_get_int(json_node *node, const char *name, int64_t fallback)
{
	int64_t v;
	return json_int(json_get(node, name), &v) ? v : fallback;
}

bool json_get_bool(json_node *node, const char *name, bool fallback)
{
	json_node *v = json_get(node, name);
	return json_object_get_type(v) == json_type_boolean ? json_object_get_boolean(v) : fallback;
}

bool json_int(json_node *node, int64_t *ret)
{
	if (json_object_get_type(node) != json_type_int)
		return false;
	/* beyond 64 bits json-c saturates; its unsigned reading tells such a number apart */
	int64_t v = json_object_get_int64(node);
	if (v == INT64_MAX && json_object_get_uint64(node) > INT64_MAX)
		return false;
	*ret = v;
	return true;
}

const char *json_dump(json_node *node, size_t *len)
{
	size_t n;
	const char *s = json_object_to_json_string_length(node,
			JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	if (len)
		*len = s ? n : 0;
	return s ? s : "";
}

bool json_next(json_node *node, void **iter, const char **name, json_node **value)
{
	if (json_object_get_type(node) != json_type_object)
		return false;
	struct lh_entry *e = *iter ? lh_entry_next((struct lh_entry *)*iter)
		: lh_table_head(json_object_get_object(node));
	if (!e)
		return false;
	*iter = e;
	*name = lh_entry_k(e);
	*value = (json_node *)lh_entry_v(e);
	return true;
}

/* ------------------------------------------------------------------ writing */

static void escape(struct buf *b, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t from = 0;

	buf_addc(b, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		size_t n = utf8_length(s + i, len - i);
		if (n > 1)
			i += n - 1;
		if (n > 1 || (n && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f))
			continue;
		buf_add(b, s + from, i - from);
		from = i + 1;
		if (!n) {
			buf_adds(b, "\\ufffd");	/* it must not spoil what it stands in */
			continue;
		}
		const char *two = c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '\n' ? "\\n"
			: c == '\r' ? "\\r" : c == '\t' ? "\\t" : NULL;
		if (two)
			buf_add(b, two, 2);
		else {
			char u[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
			buf_add(b, u, 6);
		}
	}
	buf_add(b, s + from, len - from);
	buf_addc(b, '"');
}

/* A comma when something stands before, then the key. */
static void lead(struct buf *b, const char *key)
{
	if (b->len) {
		char last = b->s[b->len - 1];
		if (last != '{' && last != '[' && last != ',' && last != ':' && last != '\n')
			buf_addc(b, ',');
	}
	if (key) {
		escape(b, key, strlen(key));
		buf_addc(b, ':');
	}
}

void jw_open(struct buf *b, const char *key, char bracket)
{
	lead(b, key);
	buf_addc(b, bracket);
}

void jw_close(struct buf *b, char bracket)
{
	buf_addc(b, bracket);
}

void jw_text(struct buf *b, const char *key, const char *s)
{
	if (s)
		jw_textn(b, key, s, strlen(s));
	else
		jw_null(b, key);
}

void jw_textn(struct buf *b, const char *key, const char *s, size_t len)
{
	lead(b, key);
	escape(b, s, len);
}

void jw_int(struct buf *b, const char *key, int64_t v)
{
	lead(b, key);
	buf_addf(b, "%" PRId64, v);
}

void jw_bool(struct buf *b, const char *key, bool v)
{
	lead(b, key);
	buf_adds(b, v ? "true" : "false");
}

void jw_null(struct buf *b, const char *key)
{
	lead(b, key);
	buf_adds(b, "null");
}

void jw_raw(struct buf *b, const char *key, const char *json, size_t len)
{
	lead(b, key);
	buf_add(b, json, len);
}

void jw_time(struct buf *b, const char *key, int64_t us)
{
	char text[CLOCK_TEXT];

	if (!us) {
		jw_null(b, key);
		return;
	}
	size_t n = clock_format(us, text);
	jw_textn(b, key, text, n);
}
