/* SPDX-License-Identifier: Apache-2.0 */
/* scan-compare.c - see scan-compare.h */
#include "scan-compare.h"

#include <string.h>

#include "rest/rest.h"

static const char *const paths[] = {"a", "b.a", "b.c", "b.c.a", "c", "long name", "a\xc3\xa9"};
#define PATHS (sizeof paths / sizeof *paths)

static bool same_value(const struct ferry_value *x, const struct ferry_value *y)
{
	if (x->type != y->type)
		return false;
	if (x->type == FERRY_TEXT || x->type == FERRY_DECIMAL)
		return x->len == y->len && !memcmp(x->s, y->s, x->len);
	return x->type == FERRY_NULL || x->i == y->i;
}

/* json-c cuts an integer down to what it can hold, and writes -0 as 0. */
static bool beyond_json_c(const struct rest_piece *piece)
{
	int64_t i;
	return piece->kind == REST_INT && (!rest_read_int(piece->s, piece->len, &i) || (!i && *piece->s == '-'));
}

static const char *compare_piece(const struct rest_piece *piece, rest_node *node, bool present)
{
	static const enum ferry_type types[] = {FERRY_BOOL, FERRY_INT, FERRY_DECIMAL, FERRY_TEXT, FERRY_TIME};
	struct rest_buf room = {0};
	const char *why = NULL, *s;
	size_t len = 0;

	if (present != (piece->s != NULL))
		return "one finds a member, the other does not";
	if (!present)
		return NULL;
	if (piece->kind != rest_kind(node))
		return "a value is of another kind";
	if ((s = rest_text(node, &len)) && !rest_piece_is(piece, s, len))
		why = "a string is another one";
	if (s && len && rest_piece_is(piece, s, len - 1))
		why = "a string equals its own beginning";
	for (size_t i = 0; i < sizeof types / sizeof *types && !beyond_json_c(piece); i++) {
		struct ferry_value x, y;
		bool good = rest_piece_value(piece, types[i], &room, &x);
		if (good != rest_value(node, types[i], NULL, &y))
			why = "a value reads as a type for one only";
		else if (good && !same_value(&x, &y))
			why = "a value is another one";
	}
	rest_buf_release(&room);
	return why;
}

static const char *compare_elements(const char *text, size_t len, rest_node *root)
{
	struct rest_piece piece;
	struct rest_scan s;
	size_t n = 0;

	rest_scan_begin(&s, text, len);
	if (rest_kind(root) != REST_ARRAY)
		return rest_scan_enter(&s, REST_ARRAY) ? "what is no array was entered" : NULL;
	if (!rest_scan_enter(&s, REST_ARRAY))
		return "an array cannot be entered";
	while (rest_scan_element(&s) && rest_scan_value(&s, &piece)) {
		const char *why = compare_piece(&piece, rest_at(root, n++), true);
		if (why)
			return why;
	}
	return rest_scan_end(&s) && n == rest_count(root) ? NULL : "elements are missing";
}

/* json-c's tree has neither integers of many digits nor names with a NUL in them. */
static bool not_for_json_c(const char *text, size_t len)
{
	size_t digits = 0;

	for (size_t i = 0; i < len; i++) {
		digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
		if (digits >= 20 || (i + 6 <= len && !memcmp(text + i, "\\u0000", 6)))
			return true;
	}
	return false;
}

const char *scan_compare(const char *text, size_t len, bool *taken)
{
	struct rest_piece found[PATHS];
	struct rest_tree tree = {0};
	struct rest_scan s;
	rest_node *root = NULL;
	const char *why = NULL;

	for (size_t i = 0; i < PATHS; i++)
		rest_tree_add(&tree, paths[i], i);
	rest_scan_begin(&s, text, len);
	rest_scan_pick(&s, &tree, found);
	*taken = rest_scan_end(&s);
	if (*taken && !not_for_json_c(text, len)) {
		if (!rest_try_parse(text, len, &root))
			why = "json-c does not take it";
		for (size_t i = 0; i < PATHS && !why; i++) {
			bool present;
			rest_node *node = rest_path(root, paths[i], &present);
			why = compare_piece(&found[i], node, present);
		}
		why = why ? why : compare_elements(text, len, root);
	}
	if (s.why && (s.p < text || s.p > text + len))
		why = "the place of the mistake is outside the text";
	rest_free(root);
	rest_tree_release(&tree);
	return why;
}
