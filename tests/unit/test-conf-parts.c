/* SPDX-License-Identifier: Apache-2.0 */
/* test-conf-parts.c - units, suggestions, secrets, a segment's text, folders, what is shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/keyword.h"
#include "conf-fixture.h"

/* ---- units and words */

static void durations(void **state)
{
	static const char *const bad[] = {"",	  "5",	 "s",	"1h30m",
					  "1.5h", "-1s", " 1s", "1s ",
					  "05s",  "1S",	 "5 m", "9223372036854775807d",
					  "1min", "0x5s"};
	int64_t v;

	(void)state;
	assert_true(conf_parse_duration("500ms", &v) && v == 500);
	assert_true(conf_parse_duration("0s", &v) && v == 0);
	assert_true(conf_parse_duration("15m", &v) && v == 900000);
	assert_true(conf_parse_duration("2h", &v) && v == 7200000);
	assert_true(conf_parse_duration("366d", &v) && v == 366 * 86400000LL);
	assert_true(conf_parse_duration("1w", &v) && v == 7 * 86400000LL);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(conf_parse_duration(bad[i], &v));
}

static void sizes_limits_and_numbers(void **state)
{
	struct limit_def l;
	int64_t v;
	bool b;

	(void)state;
	assert_true(conf_parse_size("64MiB", &v) && v == 64 << 20);
	assert_true(conf_parse_size("7B", &v) && v == 7);
	assert_true(conf_parse_size("2TiB", &v) && v == 2LL << 40);
	assert_false(conf_parse_size("64MB", &v));
	assert_false(conf_parse_size("64", &v));
	assert_false(conf_parse_size("9223372036854775807KiB", &v));
	assert_true(conf_parse_limit("5%", &l) && l.given && l.percent && l.value == 5);
	assert_true(conf_parse_limit("0", &l) && l.given && !l.percent && l.value == 0);
	assert_false(conf_parse_limit("100.5%", &l));
	assert_false(conf_parse_limit("1.5", &l));
	assert_false(conf_parse_limit("5.%", &l));
	assert_false(conf_parse_limit("%", &l));
	assert_false(conf_parse_limit("-5", &l));
	assert_true(conf_parse_int("-42", &v) && v == -42);
	assert_true(conf_parse_int("9223372036854775807", &v) && v == INT64_MAX);
	assert_false(conf_parse_int("9223372036854775808", &v));
	assert_false(conf_parse_int("010", &v));
	assert_false(conf_parse_int("1_000", &v));
	assert_false(conf_parse_int("+1", &v));
	assert_false(conf_parse_int("1e3", &v));
	assert_false(conf_parse_int("--1", &v));
	assert_true(conf_parse_bool("true", &b) && b);
	assert_true(conf_parse_bool("off", &b) && !b);
	assert_false(conf_parse_bool("1", &b));
	assert_false(conf_parse_bool("TRUE ", &b));
}

static void nearest_words(void **state)
{
	static const char *const words[] = {"destination", "source", "map", "mode", "key", NULL};

	(void)state;
	assert_string_equal(conf_nearest("destinaton", words), "destination");
	assert_string_equal(conf_nearest("detsinatoin", words), "destination");
	assert_string_equal(conf_nearest("SOURCE", words), "source");
	assert_string_equal(conf_nearest("souce", words), "source");
	assert_string_equal(conf_nearest("amp", words), "map");
	assert_string_equal(conf_nearest("made", words), "mode");
	assert_null(conf_nearest("mood", words));
	assert_null(conf_nearest("dest", words));
	assert_null(conf_nearest("x", words));
	assert_null(conf_nearest("", words));
	assert_null(conf_nearest("destinationdestinationdestinationdestinationdestinationdestinatio"
				 "n",
				 words));
}

/* ---- secrets */

static void resolves(const char *text, const char *expected)
{
	struct buf out = BUF_INIT;
	struct ferry_error err = {0};

	if (conf_resolve(text, &out, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(out.s, expected);
	buf_release(&out);
}

static void does_not_resolve(const char *text, const char *words)
{
	struct buf out = BUF_INIT;
	struct ferry_error err = {0};

	buf_adds(&out, "before");
	assert_int_equal(conf_resolve(text, &out, &err), -1);
	assert_int_equal(err.code, FERRY_E_CONFIG);
	if (!strstr(err.msg, words))
		fail_msg("'%s' is not in '%s'", words, err.msg);
	assert_null(strstr(err.msg, "hunter2"));
	assert_string_equal(out.s, "before");
	buf_release(&out);
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void references_are_resolved(void **state)
{
	char dir[] = "/tmp/ferry-test-conf-XXXXXX", path[64], text[128];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/key", dir);
	write_file(path, "hunter2\n\n", 9);
	setenv("FERRY_TEST_SECRET", "hunter2", 1);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	resolves("plain", "plain");
	resolves("", "");
	resolves("${env:FERRY_TEST_SECRET}", "hunter2");
	resolves("a${env:FERRY_TEST_SECRET}b$c$", "ahunter2b$c$");
	resolves("${credential:key}", "hunter2\n");
	resolves("$${env:X} $$${x", "${env:X} $${x");
	snprintf(text, sizeof text, "${file:%s}", path);
	resolves(text, "hunter2\n");
	write_file(path, "hunter2", 7);
	resolves(text, "hunter2");
	write_file(path, "\n", 1);
	resolves(text, "");
	does_not_resolve("hunter2${env:FERRY_TEST_NOT_SET}", "'FERRY_TEST_NOT_SET' is not set");
	does_not_resolve("${credential:other}", "credential 'other' cannot be read: No such file");
	does_not_resolve("${credential:../key}", "cannot hold '/'");
	does_not_resolve("${file:/nowhere/x}", "file '/nowhere/x' cannot be read");
	does_not_resolve("${file:key}", "whole path");
	does_not_resolve("${file:/dev/zero}", "/dev/zero");
	does_not_resolve("${file:/tmp}", "directory");
	does_not_resolve("${hunter2}", "unknown reference");
	does_not_resolve("${env:FERRY_TEST_SECRET}${env:", "closing brace");
	does_not_resolve("${env:}", "names nothing");
	write_file(path, "hunter2\0x", 9);
	does_not_resolve(text, "NUL");
	char *large = ferry_alloc0(1, 65537);
	memset(large, 'x', 65537);
	write_file(path, large, 65537);
	does_not_resolve(text, "too large (at most 64 KiB)");
	write_file(path, large, 65536);
	struct buf out = BUF_INIT;
	assert_int_equal(conf_resolve(text, &out, NULL), 0);
	assert_int_equal(out.len, 65536);
	buf_release(&out);
	free(large);
	unlink(path);
	rmdir(dir);
	unsetenv("CREDENTIALS_DIRECTORY");
	does_not_resolve("${credential:key}", "CREDENTIALS_DIRECTORY is not set");
}

static void references_are_told_from_texts(void **state)
{
	(void)state;
	assert_true(conf_has_reference("a${env:X}"));
	assert_false(conf_has_reference("a$${env:X}"));
	assert_false(conf_has_reference("$5 {x}"));
	assert_true(conf_has_reference("$${a}${env:X}"));
}

/* ---- the text of a segment */

static char *text_of(const char *connections, const char *sync)
{
	struct generation *g = conf_load_ok(connections, sync, NULL);
	struct buf out = BUF_INIT;

	conf_segment_text(g, &g->syncs[0].segments[0], &out);
	conf_free(g);
	return buf_detach(&out);
}

/* Compares the texts of the first segments of two configurations. */
static bool same_text(const char *connections, const char *sync, const char *connections2,
		      const char *sync2)
{
	char *a = text_of(connections, sync), *b = text_of(connections2, sync2);
	bool same = strcmp(a, b) == 0;

	free(a);
	free(b);
	return same;
}

#define LAGO(x)                                                                                    \
	"connections:\n  db: {family: sqlite, path: /tmp/x.db}\n  lago: {family: lago, " x "}\n"

static void segment_text_tells_what_matters(void **state)
{
	char *text = text_of(CONNECTIONS, SYNC);

	(void)state;
	assert_non_null(strstr(text, "${env:KEY}"));
	assert_non_null(strstr(text, "SELECT 1"));
	free(text);
	/* layout, comments, order of keys, schedule, limits: the same */
	assert_true(same_text(CONNECTIONS, SYNC, CONNECTIONS, "# x\nschedule: {every: 1h}\n" SYNC
			      "guards: {max_deletes: 5}\nmode: upsert\n"));
	assert_true(same_text(LAGO("b: 1, a: 2"), SYNC,
			      LAGO("a: 2, rate_limit: {lanes: 9}, b: 1, timeout: 1s"), SYNC));
	/* what is read, written or decided: not */
	assert_false(same_text(LAGO("url: x"), SYNC, LAGO("url: y"), SYNC));
	assert_false(same_text(CONNECTIONS, SYNC, CONNECTIONS, SYNC "where: a = 1\n"));
	assert_false(same_text(CONNECTIONS, SYNC, CONNECTIONS, SYNC "mode: mirror\n"));
	assert_false(same_text(CONNECTIONS, SYNC, CONNECTIONS, SYNC "policy: {none: skip}\n"));
	assert_false(
		same_text(CONNECTIONS, SYNC, CONNECTIONS, SYNC "skip: [{when: a, reason: B}]\n"));
	assert_false(same_text(CONNECTIONS, SYNC, CONNECTIONS,
			       SYNC "lookups: {l: {connection: lago}}\n"));
	assert_false(same_text(CONNECTIONS, SYNC_HEAD "key: a\nmap: {a: x, b: y}\n",
			       CONNECTIONS, SYNC_HEAD "key: a\nmap: {b: y, a: x}\n"));
	assert_false(same_text(CONNECTIONS, SYNC_HEAD "key: [a, b]\nmap: {a: x}\n",
			       CONNECTIONS, SYNC_HEAD "key: [\"a, b\"]\nmap: {a: x}\n"));
}

static void segment_text_has_no_secret(void **state)
{
	char *text = text_of(LAGO("api_key: hunter2, db_password: hunter2, token: '${env:T}'"),
			     SYNC);

	(void)state;
	assert_null(strstr(text, "hunter2"));
	assert_non_null(strstr(text, "${env:T}"));
	free(text);
	assert_true(same_text(LAGO("api_key: a"), SYNC, LAGO("api_key: b"), SYNC));
	assert_false(
		same_text(LAGO("api_key: '${env:A}'"), SYNC, LAGO("api_key: '${env:B}'"), SYNC));
}

/* ---- folders */

static void read_folder(const char *dir, struct arena *arena, size_t *n, struct buf *out,
			struct conf_file **files)
{
	struct conf_mistakes m = CONF_MISTAKES_INIT;

	conf_read_dir(arena, dir, files, n, &m);
	conf_mistakes_sort(&m);
	buf_reset(out);
	buf_add(out, "", 0);
	conf_mistakes_print(&m, out);
	conf_mistakes_release(&m);
}

static void make(const char *dir, const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (text)
		write_file(path, text, strlen(text));
	else
		assert_int_equal(mkdir(path, 0700), 0);
}

static void folders_are_read_in_order(void **state)
{
	char dir[] = "/tmp/ferry-test-conf-XXXXXX", command[64], path[64];
	struct arena arena = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct conf_file *files;
	size_t n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	read_folder(dir, &arena, &n, &out, &files);
	assert_int_equal(n, 0);
	assert_string_equal(out.s, "");
	make(dir, "ferry.yaml", "a");
	make(dir, "connections.d", NULL);
	make(dir, "syncs.d", NULL);
	make(dir, "syncs.d/b.yaml", "bb");
	make(dir, "syncs.d/a.yaml", "");
	make(dir, "syncs.d/.hidden.yaml", "x");
	make(dir, "syncs.d/README", "x");
	make(dir, "connections.d/z.yaml", "z");
	read_folder(dir, &arena, &n, &out, &files);
	assert_string_equal(out.s, "");
	assert_int_equal(n, 4);
	assert_int_equal(files[0].kind, CONF_DAEMON);
	assert_int_equal(files[1].kind, CONF_CONNECTIONS);
	assert_int_equal(files[2].kind, CONF_SYNCS);
	assert_int_equal(files[2].len, 0);
	assert_string_equal(files[3].text, "bb");
	snprintf(path, sizeof path, "%s/syncs.d/b.yaml", dir);
	assert_string_equal(files[3].path, path);
	make(dir, "syncs.d/c.yaml", NULL);
	make(dir, "syncs.d/d.yml", "x");
	read_folder(dir, &arena, &n, &out, &files);
	assert_int_equal(n, 4);
	assert_non_null(strstr(out.s, "/syncs.d/c.yaml: is not a regular file\n"));
	assert_non_null(strstr(out.s, "/syncs.d/d.yml: is not read (rename it to end in .yaml)\n"));
	snprintf(command, sizeof command, "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	read_folder(dir, &arena, &n, &out, &files);
	assert_non_null(strstr(out.s, "cannot be read: No such file or directory\n"));
	buf_release(&out);
	arena_release(&arena);
}

/* ---- what is shipped */

static const char *top_folder(void)
{
	const char *top = getenv("top_srcdir");
	return top ? top : ".";
}

static void load_shipped(const char *folder, size_t connections, size_t syncs)
{
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	struct arena arena = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct conf_file *files;
	size_t n;

	conf_read_dir(&arena, arena_printf(&arena, "%s/%s", top_folder(), folder), &files, &n, &m);
	struct generation *g = conf_load(files, n, &m);
	conf_mistakes_print(&m, &out);
	if (!g)
		fail_msg("%s", buf_str(&out));
	assert_true(g->n_connections >= connections);
	assert_true(g->n_syncs >= syncs);
	conf_free(g);
	buf_release(&out);
	arena_release(&arena);
	conf_mistakes_release(&m);
}

static void shipped_examples_load(void **state)
{
	(void)state;
	load_shipped("conf", 0, 0);
	load_shipped("conf/examples", 3, 4);
}

/* Take the "#" off each setting of ferry.yaml: what stands there is the default. */
static void shipped_settings_are_the_defaults(void **state)
{
	struct arena arena = ARENA_INIT;
	struct buf text = BUF_INIT;
	struct generation *g, *plain = conf_load_ok(NULL, NULL, NULL);

	(void)state;
	assert_int_equal(buf_read_file(&text,
				       arena_printf(&arena, "%s/conf/ferry.yaml", top_folder()),
				       1 << 20),
			 0);
	for (char *s = text.s; (s = strstr(s, "\n#")); s++)
		if (s[2] != ' ' && s[2] != '\n')
			s[1] = ' ';
	/* the first column is a space now, for all of them */
	g = conf_load_ok(NULL, NULL, text.s);
	for (const struct keyword *k = conf_daemon_object.keywords; k->name; k++)
		if (k->fallback)
			assert_non_null(strstr(text.s, arena_printf(&arena, "\n %s: %s\n", k->name, k->fallback)));
	assert_memory_equal(&g->daemon.retention, &plain->daemon.retention, sizeof plain->daemon.retention);
	assert_string_equal(g->daemon.admin_group, plain->daemon.admin_group);
	assert_int_equal(g->daemon.memory_limit, plain->daemon.memory_limit);
	conf_free(g);
	conf_free(plain);
	buf_release(&text);
	arena_release(&arena);
}

/* The row that the manual must have for a keyword. */
static void manual_row(const struct keyword *k, struct buf *out)
{
	struct buf limits = BUF_INIT;

	keyword_limits(k, &limits);
	buf_reset(out);
	buf_addf(out, "| `%s` | %s | %s%s%s | %s | %s |\n", k->name, keyword_type_name(k->type),
		 k->fallback ? "`" : "",
		 k->fallback		       ? k->fallback
		 : k->flags & KEYWORD_REQUIRED ? "required"
					       : "",
		 k->fallback ? "`" : "", buf_str(&limits), k->help);
	buf_release(&limits);
}

static void check_manual(const char *manual, const struct keyword_object *o,
			 const struct keyword_object *except)
{
	struct buf row = BUF_INIT;

	for (const struct keyword *k = o->keywords; k->name; k++) {
		manual_row(k, &row);
		if (!strstr(manual, row.s))
			fail_msg("doc/configuration.md lacks this row of a %s:\n%s", o->name,
				 row.s);
		if (k->object && k->object != except)
			check_manual(manual, k->object, o);
	}
	buf_release(&row);
}

static void manual_says_what_the_tables_say(void **state)
{
	struct arena arena = ARENA_INIT;
	struct buf manual = BUF_INIT;

	(void)state;
	assert_int_equal(
		buf_read_file(&manual,
			      arena_printf(&arena, "%s/doc/configuration.md", top_folder()),
			      1 << 20),
		0);
	check_manual(manual.s, &conf_daemon_object, NULL);
	check_manual(manual.s, &conf_connections_object, NULL);
	check_manual(manual.s, &conf_sync_object, NULL);
	for (int t = 0; t < KEYWORD_TYPES; t++) {
		const char *row = arena_printf(&arena, "| %s | %s |\n", keyword_type_name(t),
					       keyword_type_form(t));
		if (*keyword_type_form(t) && !strstr(manual.s, row))
			fail_msg("doc/configuration.md lacks this row:\n%s", row);
	}
	buf_release(&manual);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes_limits_and_numbers),
		cmocka_unit_test(nearest_words),
		cmocka_unit_test(references_are_resolved),
		cmocka_unit_test(references_are_told_from_texts),
		cmocka_unit_test(segment_text_tells_what_matters),
		cmocka_unit_test(segment_text_has_no_secret),
		cmocka_unit_test(folders_are_read_in_order),
		cmocka_unit_test(shipped_examples_load),
		cmocka_unit_test(shipped_settings_are_the_defaults),
		cmocka_unit_test(manual_says_what_the_tables_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
