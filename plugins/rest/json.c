/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - the connectors' one door to json-c: reading answers into values, writing bodies. */
#include "rest/rest.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 64
#define STRICT (JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8)

/* ------------------------------------------------------------------ parsing */

/*
 * What json-c lets pass: integers beyond 64 bits, which it cuts down without a word, and NaN and
 * Infinity, which are no JSON. Returns what is wrong and where, or NULL.
 */
static const char *find_flaw(const char *s, size_t len, size_t *at)
{
	for (size_t i = 0; i < len;) {
		if (s[i] == '"') {
			for (i++; i < len && s[i] != '"'; i++)
				i += s[i] == '\\';
			i++;
		} else if (s[i] >= '0' && s[i] <= '9') {
			*at = i;
			while (i < len && s[i] >= '0' && s[i] <= '9')
				i++;
			bool whole = i == len || !s[i] || !strchr(".eE", s[i]);
			if (whole && i - *at >= 20)
				return "an integer beyond 64 bits";
			while (!whole && i < len && s[i] && strchr("0123456789.eE+-", s[i]))
				i++;
		} else {
			*at = i;
			if (s[i] == 'N' || s[i] == 'I')
				return "no JSON value";
			i++;
		}
	}
	*at = 0;
	return NULL;
}

/* One value at the start of the text; *end is where it ended. NULL in why when it is well. */
static rest_node *parse(struct json_tokener *tok, const char *text, size_t len, size_t *end,
			const char **why)
{
	json_tokener_reset(tok);
	rest_node *root = json_tokener_parse_ex(tok, text, (int)len);
	enum json_tokener_error e = json_tokener_get_error(tok);
	*end = json_tokener_get_parse_end(tok);
	if (e == json_tokener_continue && len) {
		/* a bare number ends only with the text */
		root = json_tokener_parse_ex(tok, "", 1);
		e = json_tokener_get_error(tok);
		*end = len;
	}
	*why = e == json_tokener_success ? NULL
		: e == json_tokener_continue || !len || *end >= len ? "it ends too early"
		: json_tokener_error_desc(e);
	if (*why) {
		json_object_put(root);
		return NULL;
	}
	return root;
}

static struct json_tokener *tokener(int flags)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH);
	if (!tok)
		rest_out_of_memory();
	json_tokener_set_flags(tok, flags);
	return tok;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blank(const char *s, size_t len, size_t at)
{
	while (at < len && blank(s[at]))
		at++;
	return at;
}

/* What is wrong with a text as JSON, and where; NULL when it was parsed. */
static const char *parse_whole(const char *text, size_t len, rest_node **ret, size_t *at)
{
	*ret = NULL;
	*at = 0;
	if (len > INT_MAX)
		return "it is too long";
	const char *why = find_flaw(text, len, at);
	if (why)
		return why;
	struct json_tokener *tok = tokener(STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	*ret = parse(tok, text, len, at, &why);
	json_tokener_free(tok);
	if (!why && skip_blank(text, len, *at) < len) {
		why = "more text follows";
		json_object_put(*ret);
		*ret = NULL;
	}
	return why;
}

int rest_not_json(const struct rest_api *api, const char *what, const char *text, size_t len,
		  size_t at, const char *why, struct ferry_error *err)
{
	char start[96];

	rest_excerpt(api, text, len, start, sizeof start);
	api->host->fail(err, FERRY_E_PROTOCOL,
			"%s: %s's answer is not the promised JSON: %s at byte %zu of %zu: %s", what,
			api->peer, why, at, len, len ? start : "(empty)");
	if (skip_blank(text, len, 0) < len && text[skip_blank(text, len, 0)] == '<')
		rest_hint(err, "a web page came instead of an API answer: check the connection's "
			       "url, and whether a login page or proxy stands in between");
	return -1;
}

int rest_parse(const struct rest_api *api, const char *what, const char *text, size_t len,
	       rest_node **ret, struct ferry_error *err)
{
	size_t at;
	const char *why = parse_whole(text, len, ret, &at);

	return why ? rest_not_json(api, what, text, len, at, why, err) : 0;
}

bool rest_try_parse(const char *text, size_t len, rest_node **ret)
{
	size_t at;
	return !parse_whole(text, len, ret, &at);
}

const char *rest_flaw(const char *text, size_t len, size_t *at)
{
	rest_node *root;
	const char *why = parse_whole(text, len, &root, at);

	rest_free(root);
	return why ? why : "nothing";
}

void rest_free(rest_node *root)
{
	json_object_put(root);
}

/* ------------------------------------------------------------------ walking */

enum rest_kind rest_kind(rest_node *node)
{
	switch (json_object_get_type(node)) {
	case json_type_boolean: return REST_BOOL;
	case json_type_int: return REST_INT;
	case json_type_double: return REST_NUMBER;
	case json_type_string: return REST_STRING;
	case json_type_array: return REST_ARRAY;
	case json_type_object: return REST_OBJECT;
	case json_type_null: break;
	}
	return REST_NULL;
}

bool rest_has(rest_node *node, const char *name)
{
	return rest_kind(node) == REST_OBJECT && json_object_object_get_ex(node, name, NULL);
}

rest_node *rest_member(rest_node *node, const char *name)
{
	rest_node *v = NULL;

	if (rest_kind(node) == REST_OBJECT)
		json_object_object_get_ex(node, name, &v);
	return v;
}

rest_node *rest_path(rest_node *node, const char *path, bool *present)
{
	const char *dot;
	bool there = true;

	while (there && (dot = strchr(path, '.'))) {
		char *name = rest_copy(path, (size_t)(dot - path));
		there = rest_has(node, name);
		node = rest_member(node, name);
		free(name);
		path = dot + 1;
	}
	if (there && *path) {
		there = rest_has(node, path);
		node = rest_member(node, path);
	}
	if (present)
		*present = there;
	return there ? node : NULL;
}

size_t rest_count(rest_node *node)
{
	return rest_kind(node) == REST_ARRAY ? json_object_array_length(node) : 0;
}

rest_node *rest_at(rest_node *node, size_t i)
{
	return i < rest_count(node) ? json_object_array_get_idx(node, i) : NULL;
}

const char *rest_text(rest_node *node, size_t *len)
{
	if (rest_kind(node) != REST_STRING)
		return NULL;
	if (len)
		*len = (size_t)json_object_get_string_len(node);
	return json_object_get_string(node);
}

bool rest_int(rest_node *node, int64_t *ret)
{
	if (rest_kind(node) != REST_INT)
		return false;
	/* json-c keeps numbers up to 2^64; its signed reading saturates */
	int64_t v = json_object_get_int64(node);
	if (v == INT64_MAX && json_object_get_uint64(node) > INT64_MAX)
		return false;
	*ret = v;
	return true;
}

bool rest_next(rest_node *node, void **iter, const char **name, rest_node **value)
{
	if (rest_kind(node) != REST_OBJECT)
		return false;
	struct lh_entry *e = *iter ? lh_entry_next((struct lh_entry *)*iter)
		: lh_table_head(json_object_get_object(node));
	if (!e)
		return false;
	*iter = e;
	*name = lh_entry_k(e);
	*value = (rest_node *)lh_entry_v(e);
	return true;
}

const char *rest_dump(rest_node *node, size_t *len)
{
	size_t n = 0;
	const char *s = json_object_to_json_string_length(node,
			JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	if (!s)
		rest_out_of_memory();
	if (len)
		*len = n;
	return s;
}

/* ------------------------------------------------------------------- values */

static struct ferry_value bytes_value(enum ferry_type type, const char *s, size_t len,
				      struct rest_pool *pool)
{
	if (pool)
		s = rest_pool_copy(pool, s, len);
	return (struct ferry_value){.s = s, .len = (uint32_t)len, .type = (uint8_t)type};
}

static enum ferry_type own_type(rest_node *node)
{
	int64_t i;

	switch (rest_kind(node)) {
	case REST_BOOL: return FERRY_BOOL;
	case REST_INT: return rest_int(node, &i) ? FERRY_INT : FERRY_DECIMAL;
	case REST_NUMBER: return FERRY_DECIMAL;
	case REST_STRING: return FERRY_TEXT;
	case REST_ARRAY:
	case REST_OBJECT: return FERRY_JSON;
	case REST_NULL: break;
	}
	return FERRY_NULL;
}

bool rest_value(rest_node *node, enum ferry_type type, struct rest_pool *pool,
		struct ferry_value *ret)
{
	enum rest_kind kind = rest_kind(node);
	size_t len = 0;
	const char *s;

	*ret = (struct ferry_value){.type = FERRY_NULL};
	if (kind == REST_NULL)
		return true;
	if (type == FERRY_NULL)
		type = own_type(node);
	ret->type = (uint8_t)type;
	switch (type) {
	case FERRY_BOOL:
		ret->i = kind == REST_BOOL && json_object_get_boolean(node);
		return kind == REST_BOOL;
	case FERRY_INT:
		return rest_int(node, &ret->i);
	case FERRY_TIME:
		s = rest_text(node, &len);
		return s && rest_time_parse(s, len, &ret->i);
	case FERRY_DECIMAL:
		s = kind == REST_STRING ? rest_text(node, &len) : rest_dump(node, &len);
		*ret = bytes_value(type, s, len, pool);
		return kind == REST_INT || kind == REST_NUMBER ||
		       (kind == REST_STRING && rest_decimal_text(s, len));
	case FERRY_TEXT:
		s = kind == REST_STRING ? rest_text(node, &len) : rest_dump(node, &len);
		*ret = bytes_value(type, s, len, pool);
		return kind != REST_ARRAY && kind != REST_OBJECT;
	case FERRY_JSON:
		s = rest_dump(node, &len);
		*ret = bytes_value(type, s, len, pool);
		return true;
	default:
		return false;
	}
}

/* ----------------------------------------------------------------- building */

static rest_node *made(rest_node *node)
{
	if (!node)
		rest_out_of_memory();
	return node;
}

rest_node *rest_object(void)
{
	return made(json_object_new_object());
}

rest_node *rest_array(void)
{
	return made(json_object_new_array());
}

rest_node *rest_string(const char *s, size_t len)
{
	return made(json_object_new_string_len(s, (int)len));
}

rest_node *rest_share(rest_node *node)
{
	return json_object_get(node);
}

void rest_put(rest_node *object, const char *name, rest_node *value)
{
	if (json_object_object_add(object, name, value) < 0)
		rest_out_of_memory();
}

void rest_append(rest_node *array, rest_node *value)
{
	if (json_object_array_add(array, value) < 0)
		rest_out_of_memory();
}

static rest_node *number_node(const char *s, size_t len)
{
	char *text = rest_copy(s, len);
	rest_node *node = made(json_object_new_double_s(strtod(text, NULL), text));
	free(text);
	return node;
}

static rest_node *value_node(const struct ferry_value *v)
{
	char time[REST_TIME];
	rest_node *node = NULL;

	switch ((enum ferry_type)v->type) {
	case FERRY_NULL:
		return NULL;
	case FERRY_BOOL:
		return made(json_object_new_boolean(v->i != 0));
	case FERRY_INT:
		return made(json_object_new_int64(v->i));
	case FERRY_DECIMAL:
		return number_node(v->s, v->len);
	case FERRY_TIME:
		return rest_string(time, rest_time_format(v->i, -1, true, time));
	case FERRY_JSON:
		if (rest_try_parse(v->s, v->len, &node))
			return node;
		break;
	case FERRY_TEXT:
	case FERRY_BYTES:
		break;
	}
	return rest_string(v->s, v->len);
}

void rest_put_value(rest_node *object, const char *path, const struct ferry_value *value)
{
	const char *dot;

	while ((dot = strchr(path, '.'))) {
		char *name = rest_copy(path, (size_t)(dot - path));
		rest_node *inner = rest_member(object, name);
		if (rest_kind(inner) != REST_OBJECT) {
			inner = rest_object();
			rest_put(object, name, inner);
		}
		free(name);
		object = inner;
		path = dot + 1;
	}
	rest_put(object, path, value_node(value));
}

void rest_body(struct rest_buf *out, rest_node *root)
{
	size_t len;
	const char *s = rest_dump(root, &len);

	rest_buf_reset(out);
	rest_add(out, s, len);
}

/* ------------------------------------------------------------ string arrays */

static int compare_strings(const void *a, const void *b)
{
	rest_node *x = *(rest_node *const *)a, *y = *(rest_node *const *)b;
	size_t x_len = 0, y_len = 0;
	const char *xs = rest_text(x, &x_len), *ys = rest_text(y, &y_len);
	int c = memcmp(xs ? xs : "", ys ? ys : "", x_len < y_len ? x_len : y_len);

	return c ? c : (x_len > y_len) - (x_len < y_len);
}

rest_node *rest_sort_strings(rest_node *array)
{
	rest_node *sorted = rest_array(), *last = NULL;

	json_object_array_sort(array, compare_strings);
	for (size_t i = 0; i < rest_count(array); i++) {
		rest_node *item = rest_at(array, i);
		if (!last || compare_strings(&last, &item))
			rest_append(sorted, rest_share(item));
		last = item;
	}
	rest_free(array);
	return sorted;
}

rest_node *rest_sorted_strings(const char *json, size_t len)
{
	rest_node *array;

	if (!rest_try_parse(json, len, &array))
		return NULL;
	bool good = rest_kind(array) == REST_ARRAY;
	for (size_t i = 0; i < rest_count(array); i++)
		good = good && rest_kind(rest_at(array, i)) == REST_STRING;
	if (!good) {
		rest_free(array);
		return NULL;
	}
	return rest_sort_strings(array);
}
