/* SPDX-License-Identifier: Apache-2.0 */
/* test-conf-changes.c - which files a new generation was made of, against the one before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "conf/changes.h"

#define FILES_MAX 4

/* A generation of files given as "kind path text"; an empty path ends it. */
struct given {
	struct conf_file files[FILES_MAX];
};

static struct generation made_of(struct given *g)
{
	struct generation ret = {.files = g->files};

	while (ret.n_files < FILES_MAX && g->files[ret.n_files].path) {
		g->files[ret.n_files].len = strlen(g->files[ret.n_files].text);
		ret.n_files++;
	}
	return ret;
}

static void finds(struct given before, struct given now, const char *want)
{
	struct generation a = made_of(&before), b = made_of(&now);
	struct arena arena = ARENA_INIT;
	struct conf_change *changes;
	struct buf found = BUF_INIT;
	char x[17], y[17];

	size_t n = conf_changes(&a, &b, &arena, &changes);
	for (size_t i = 0; i < n; i++)
		buf_addf(&found, "%s%s %s", i ? ", " : "", conf_change_name(changes[i].kind), changes[i].path);
	assert_string_equal(buf_str(&found), want);
	conf_fingerprint(&a, x);
	conf_fingerprint(&b, y);
	assert_int_equal(strcmp(x, y) == 0, n == 0);
	buf_release(&found);
	arena_release(&arena);
}

static void files_that_came_went_and_changed(void **state)
{
	(void)state;
	struct given whole = {{{CONF_DAEMON, "ferry.yaml", "a", 0}, {CONF_CONNECTIONS, "c.d/x", "b", 0},
		{CONF_SYNCS, "a.d/s", "c", 0}}};
	struct given none = {{{0}}};

	finds(none, none, "");
	finds(whole, whole, "");
	finds(none, whole, "added ferry.yaml, added c.d/x, added a.d/s");
	finds(whole, none, "removed ferry.yaml, removed c.d/x, removed a.d/s");
	finds(whole, (struct given){{{CONF_DAEMON, "ferry.yaml", "A", 0}, {CONF_CONNECTIONS, "c.d/y", "b", 0},
		{CONF_SYNCS, "a.d/s", "c", 0}, {CONF_SYNCS, "a.d/t", "", 0}}},
		"changed ferry.yaml, removed c.d/x, added c.d/y, added a.d/t");
	/* the same text under another name is another file, and so is a text that goes from one to the next */
	finds((struct given){{{CONF_SYNCS, "a", "1", 0}, {CONF_SYNCS, "b", "2", 0}}},
	      (struct given){{{CONF_SYNCS, "a", "2", 0}, {CONF_SYNCS, "b", "1", 0}}}, "changed a, changed b");
	finds((struct given){{{CONF_SYNCS, "a", "1", 0}}}, (struct given){{{CONF_SYNCS, "b", "1", 0}}},
	      "removed a, added b");
}

static void the_first_generation_is_all_new(void **state)
{
	(void)state;
	struct given one = {{{CONF_SYNCS, "a", "1", 0}}};
	struct generation g = made_of(&one);
	struct arena arena = ARENA_INIT;
	struct conf_change *changes;

	assert_int_equal(conf_changes(NULL, &g, &arena, &changes), 1);
	assert_int_equal(changes[0].kind, CONF_ADDED);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_came_went_and_changed),
		cmocka_unit_test(the_first_generation_is_all_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
