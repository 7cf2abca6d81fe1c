/* SPDX-License-Identifier: Apache-2.0 */
/* test-yaml.c - the YAML reader: trees with positions, and all that it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "wire/yaml.h"

static struct yaml_node *read_ok(struct arena *arena, const char *text)
{
	struct yaml_node *root = NULL;
	struct ferry_error err = {0};
	int line, column;

	if (yaml_read(arena, text, strlen(text), &root, &line, &column, &err) < 0)
		fail_msg("%d:%d: %s", line, column, err.msg);
	return root;
}

/* The text is refused at that place with a message that has these words. */
static void refused_n(const char *text, size_t len, int line, int column, const char *words)
{
	struct arena arena = ARENA_INIT;
	struct yaml_node *root;
	struct ferry_error err = {0};
	int at_line = 0, at_column = 0;

	assert_int_equal(yaml_read(&arena, text, len, &root, &at_line, &at_column, &err), -1);
	assert_int_equal(err.code, FERRY_E_CONFIG);
	if (!strstr(err.msg, words))
		fail_msg("'%s' is not in '%s'", words, err.msg);
	assert_int_equal(at_line, line);
	assert_int_equal(at_column, column);
	arena_release(&arena);
}

static void refused(const char *text, int line, int column, const char *words)
{
	refused_n(text, strlen(text), line, column, words);
}

static void builds_a_tree_with_positions(void **state)
{
	struct arena arena = ARENA_INIT;
	struct yaml_node *root = read_ok(&arena, "a: 1\nlist:\n  - x\n  - \"y z\"\n  - {k: "
						 "'v'}\nempty:\n");

	(void)state;
	assert_int_equal(root->kind, YAML_NODE_MAP);
	assert_int_equal(root->n, 3);
	assert_string_equal(root->keys[0]->text, "a");
	assert_string_equal(root->items[0]->text, "1");
	assert_true(root->items[0]->plain);
	assert_int_equal(root->items[0]->line, 1);
	assert_int_equal(root->items[0]->column, 4);
	struct yaml_node *list = root->items[1];
	assert_int_equal(list->kind, YAML_NODE_LIST);
	assert_int_equal(list->n, 3);
	assert_string_equal(list->items[1]->text, "y z");
	assert_int_equal(list->items[1]->len, 3);
	assert_false(list->items[1]->plain);
	assert_int_equal(list->items[1]->line, 4);
	assert_int_equal(list->items[1]->column, 5);
	struct yaml_node *map = list->items[2];
	assert_int_equal(map->kind, YAML_NODE_MAP);
	assert_string_equal(map->keys[0]->text, "k");
	assert_int_equal(map->keys[0]->column, 6);
	assert_string_equal(root->items[2]->text, "");
	assert_true(root->items[2]->plain);
	arena_release(&arena);
}

static void empty_texts_are_empty_maps(void **state)
{
	static const char *const texts[] = {"",	     "\n\n",	   "# nothing\n",
					    "---\n", "---\n...\n", "\xef\xbb\xbf"};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct yaml_node *root = read_ok(&arena, texts[i]);
		assert_int_equal(root->kind, YAML_NODE_MAP);
		assert_int_equal(root->n, 0);
	}
	arena_release(&arena);
}

static void byte_order_mark_is_no_column(void **state)
{
	struct arena arena = ARENA_INIT;
	struct yaml_node *root = read_ok(&arena, "\xef\xbb\xbf" "a: b");

	(void)state;
	assert_string_equal(root->keys[0]->text, "a");
	assert_int_equal(root->keys[0]->column, 1);
	arena_release(&arena);
}

static void refuses_what_configuration_does_not_need(void **state)
{
	(void)state;
	refused("a: &x 1\n", 1, 4, "anchors");
	refused("a: &x [1]\n", 1, 4, "anchors");
	refused("a: 1\nb: *x\n", 2, 4, "aliases");
	refused("a: !!str 1\n", 1, 4, "tags");
	refused("a: !mine {x: 1}\n", 1, 4, "tags");
	refused("a: 1\n<<: {b: 2}\n", 2, 1, "merge keys");
	refused("a: 1\n---\nb: 2\n", 2, 1, "second document");
	refused("? [a, b]\n: 1\n", 1, 3, "single text");
	refused("{{a: b}: c}", 1, 2, "single text");
	refused("a: \"x\\0y\"\n", 1, 4, "NUL");
}

static void quoted_merge_sign_is_a_text(void **state)
{
	struct arena arena = ARENA_INIT;
	struct yaml_node *root = read_ok(&arena, "a: <<\n\"<<\": 1\n");

	(void)state;
	assert_string_equal(root->items[0]->text, "<<");
	assert_string_equal(root->keys[1]->text, "<<");
	arena_release(&arena);
}

static void tells_where_the_text_is_no_yaml(void **state)
{
	(void)state;
	refused("a: b\n\tc: d\n", 2, 1, "tab");
	refused("a: [1, 2\nb: 3\n", 2, 2, "flow sequence");
	refused("a: 'b\n", 2, 1, "quoted scalar");
	refused("a: b: c\n", 1, 5, "mapping values");
}

static void tells_where_the_text_is_no_utf8(void **state)
{
	(void)state;
	refused("a: b\nc: \xc3\xa4\xff\n", 2, 5, "UTF-8");
	refused("\xff\xfe" "a", 1, 1, "UTF-8");
	refused("a: \xc3\n", 1, 5, "UTF-8");
	refused("a: b\x01\n", 1, 5, "control characters");
	refused_n("a: \0", 4, 1, 4, "control characters");
}

/* The classic: nine lines that would become a billion texts. */
static void alias_bomb_is_refused_at_its_first_line(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	buf_adds(&text, "a: &a [x,x,x,x,x,x,x,x,x,x]\n");
	for (char c = 'b'; c < 'k'; c++)
		buf_addf(&text, "%c: &%c [*%c,*%c,*%c,*%c,*%c]\n", c, c, c - 1, c - 1, c - 1, c - 1,
			 c - 1);
	refused(text.s, 1, 4, "anchors");
	buf_release(&text);
}

static void repeat(struct buf *out, const char *s, int n)
{
	buf_reset(out);
	for (int i = 0; i < n; i++)
		buf_adds(out, s);
}

static void deep_nesting_is_refused_fast(void **state)
{
	static const char *const forms[] = {"[", "{a: ", "- ", "[\n", "? "};
	struct arena arena = ARENA_INIT;
	struct yaml_node *root;
	struct ferry_error err;
	struct buf text = BUF_INIT;
	int line, column;

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		repeat(&text, forms[i], 10000);
		int64_t begin = clock_mono();
		assert_int_equal(yaml_read(&arena, text.s, text.len, &root, &line, &column, &err),
				 -1);
		assert_true(clock_mono() - begin < 500 * 1000);
	}
	repeat(&text, "[", 65);
	refused(text.s, 1, 65, "too deep");
	repeat(&text, "[", 64);
	for (int i = 0; i < 64; i++)
		buf_addc(&text, ']');
	assert_non_null(read_ok(&arena, text.s));
	buf_release(&text);
	arena_release(&arena);
}

static void size_is_bounded(void **state)
{
	struct arena arena = ARENA_INIT;
	struct yaml_node *root;
	struct ferry_error err;
	struct buf text = BUF_INIT;
	int line, column;

	(void)state;
	repeat(&text, "- a\n", 199999);
	assert_int_equal(read_ok(&arena, text.s)->n, 199999);
	buf_adds(&text, "- b\n");
	refused(text.s, 200000, 3, "too many values");
	repeat(&text, "# 345678\n", (4 << 20) / 9 + 1);
	assert_int_equal(yaml_read(&arena, text.s, text.len, &root, &line, &column, &err), -1);
	assert_non_null(strstr(err.msg, "4 MiB"));
	buf_release(&text);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_a_tree_with_positions),
		cmocka_unit_test(empty_texts_are_empty_maps),
		cmocka_unit_test(byte_order_mark_is_no_column),
		cmocka_unit_test(refuses_what_configuration_does_not_need),
		cmocka_unit_test(quoted_merge_sign_is_a_text),
		cmocka_unit_test(tells_where_the_text_is_no_yaml),
		cmocka_unit_test(tells_where_the_text_is_no_utf8),
		cmocka_unit_test(alias_bomb_is_refused_at_its_first_line),
		cmocka_unit_test(deep_nesting_is_refused_fast),
		cmocka_unit_test(size_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
