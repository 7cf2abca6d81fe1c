/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz-expr.c - any bytes as an expression, up to a line "%%"; what follows are the row's texts, one
 * a line. Whatever SQLite takes gives the same with and without native evaluation.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/expr-native.h"
#include "wire/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ferry_column columns[] = {
	{"a", FERRY_TEXT}, {"b", FERRY_TEXT}, {"n", FERRY_INT}, {"d", FERRY_DECIMAL}, {"raw", FERRY_BYTES},
	{"nothing", FERRY_TEXT}, {"two words", FERRY_TEXT}, {"at", FERRY_TIME},
};
enum { WIDTH = sizeof columns / sizeof columns[0], TEXT_MAX = 2000 };

/* A line each for a, b, d, raw and "two words". */
static void make_row(struct ferry_value row[WIDTH], const char *p, const char *end)
{
	static const int places[] = {0, 1, 3, 4, 6};

	memset(row, 0, WIDTH * sizeof *row);
	row[2] = (struct ferry_value){.i = 12, .type = FERRY_INT};
	row[7] = (struct ferry_value){.i = 1700000000123456, .type = FERRY_TIME};
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		const char *line = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		const char *stop = line ? line : end;
		row[places[i]] = (struct ferry_value){.s = p, .len = (uint32_t)(stop - p),
			.type = (uint8_t)columns[places[i]].type};
		p = line ? line + 1 : end;
	}
}

static void check_value(const struct ferry_value *v)
{
	FERRY_ASSERT(v->type == FERRY_NULL || v->type == FERRY_INT || v->type == FERRY_DECIMAL ||
		     v->type == FERRY_TEXT || v->type == FERRY_BYTES);
	if (v->type == FERRY_NULL || v->type == FERRY_INT)
		return;
	FERRY_ASSERT(v->s);
	unsigned sum = 0;
	for (uint32_t i = 0; i < v->len; i++)
		sum += (unsigned char)v->s[i];	/* all of it can be read */
	FERRY_ASSERT(v->type != FERRY_DECIMAL || sum);
}

/* The parser alone must stand anything, too: SQLite would keep most of it away. */
static void parse(const char *text, const struct ferry_value *row)
{
	struct arena arena = ARENA_INIT;
	struct native *e = native_parse(text, columns, WIDTH, &arena);
	struct native_room room = {0};
	struct ferry_value out;

	native_room_reset(&room);
	if (e && native_eval(e, row, &room, &out))
		check_value(&out);
	native_room_release(&room);
	arena_release(&arena);
}

static struct expr_set *prepare(const char *text, bool native)
{
	struct expr_set *set;
	struct ferry_error err;

	FERRY_ASSERT(expr_new(&set, &err) == 0);
	if (!native)
		expr_without_native(set);
	expr_add(set, text);
	if (expr_prepare(set, columns, WIDTH, &err) == 0)
		return set;
	expr_free(set);
	return NULL;
}

static bool same(const struct ferry_value *a, const struct ferry_value *b)
{
	if (a->type != b->type || a->type == FERRY_NULL)
		return a->type == b->type;
	if (a->type == FERRY_INT || a->type == FERRY_TIME)
		return a->i == b->i;
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static void compare(const char *text, const struct ferry_value *row)
{
	struct expr_set *native = prepare(text, true);

	if (native && expr_is_native(native, 0)) {
		struct expr_set *sqlite = prepare(text, false);
		struct ferry_value a, b;
		struct ferry_error err;
		FERRY_ASSERT(sqlite);
		int rc = expr_eval(native, row, &a, &err);
		FERRY_ASSERT(expr_eval(sqlite, row, &b, &err) == rc);
		FERRY_ASSERT(rc != 0 || same(&a, &b));
		expr_free(sqlite);
	}
	expr_free(native);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *input = (const char *)data, *end = input + size;
	const char *cut = size ? memmem(input, size, "\n%%\n", 4) : NULL;
	size_t len = cut ? (size_t)(cut - input) : size;
	struct ferry_value row[WIDTH];

	if (len > TEXT_MAX)
		return 0;
	char *text = ferry_strndup(input, len);
	make_row(row, cut ? cut + 4 : end, end);
	parse(text, row);
	compare(text, row);
	free(text);
	return 0;
}
