/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-skeleton.c - the connector to copy, compiled as an author outside of this tree would compile
 * his own and driven through the loader as the engine does it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/value.h"
#include "plug-fixture.h"
#include "plug/plug.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *folder;
static struct plug *plug;
static char path[128];

static int setup(void **state)
{
	(void)state;
	struct ferry_error err;

	folder = fixture_folder_make();
	snprintf(path, sizeof path, "%s/people.txt", folder);
	fixture_compile("skeleton", "-Wextra -fvisibility=hidden", "plugins/skeleton/skeleton.c");
	if (plug_load(folder, "skeleton", &plug, &err) < 0)
		fail_msg("%s", err.msg);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	plug_unload(plug);
	fixture_folder_remove();
	return 0;
}

static void put_file(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void assert_file(const char *want)
{
	struct buf text = BUF_INIT;
	assert_int_equal(buf_read_file(&text, path, 1 << 20), 0);
	assert_string_equal(buf_str(&text), want);
	buf_release(&text);
}

/* ---- opening it */

static const char *const names[] = {"id", "name"};
static const struct ferry_field *const no_fields[COUNT(names)];
static const struct ferry_layout layout = {COUNT(names), names, no_fields};

static int open_with(enum ferry_role role, const char *const *keys, struct plug_handle **ret,
		     struct ferry_error *err)
{
	struct def_option given = {.name = "path", .text = path, .is_scalar = true};
	struct connection_def connection = {.name = "text", .options = {&given, 1}};
	struct endpoint_def endpoint = {.connection = "text"};
	struct plug_open open = {
		.role = role,
		.connection = &connection,
		.endpoint = &endpoint,
		.layout = role == FERRY_DESTINATION ? &layout : NULL,
		.mode = FERRY_MODE_UPSERT,
		.keys = keys,
	};

	return plug_handle_open(plug, &open, ret, err);
}

static struct plug_handle *opened(enum ferry_role role)
{
	static const char *const keys[] = {"id", NULL};
	struct plug_handle *h;

	assert_int_equal(open_with(role, keys, &h, NULL), 0);
	return h;
}

/* ---- reading */

struct sink {
	struct ferry_sink public;
	struct buf text;		/* "id,name:1,Ann;2,NULL;" */
	int batches;
};

static int on_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n,
		      bool ordered, struct ferry_error *err)
{
	struct sink *s = (struct sink *)sink;

	(void)err;
	assert_false(ordered);
	for (size_t i = 0; i < n; i++)
		buf_addf(&s->text, "%s%s", columns[i].name, i + 1 < n ? "," : ":");
	s->public.ctx = (void *)n;
	return 0;
}

static int on_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n_rows,
		   struct ferry_error *err)
{
	struct sink *s = (struct sink *)sink;
	size_t width = (size_t)s->public.ctx;

	(void)err;
	s->batches++;
	for (size_t i = 0; i < n_rows * width; i++) {
		value_show(&values[i], 100, &s->text);
		buf_addc(&s->text, (i + 1) % width ? ',' : ';');
	}
	return 0;
}

static int extract(struct plug_handle *h, int64_t limit, struct sink *s, struct ferry_error *err)
{
	struct ferry_extract want = {.limit = limit};

	*s = (struct sink){.public = {.columns = on_columns, .rows = on_rows}};
	return h->api->extract(h->handle, &want, &s->public, err);
}

static void assert_extract(const char *text, int64_t limit, const char *want)
{
	struct plug_handle *h = opened(FERRY_SOURCE);
	struct ferry_error err = {0};
	struct sink s;

	put_file(text, strlen(text));
	assert_int_equal(h->api->validate_setup(h->handle, &err), 0);
	assert_int_equal(extract(h, limit, &s, &err), 0);
	assert_string_equal(buf_str(&s.text), want);
	buf_release(&s.text);
	plug_handle_close(h);
}

static void test_extract(void **state)
{
	(void)state;
	assert_extract("id\tname\n1\tAnn\n2\t\n", 0, "id,name:1,Ann;2,NULL;");
	assert_extract("id\tname\n1\tAnn\n2\tBo", 0, "id,name:1,Ann;2,Bo;");
	assert_extract("id\tname\n1\tAnn\n2\tBo\n", 1, "id,name:1,Ann;");
	assert_extract("id\n7\n\n9\n", 0, "id:7;NULL;9;");
	assert_extract("id\tname\n", 0, "id,name:");
}

static void test_extract_many(void **state)
{
	(void)state;
	struct buf text = BUF_INIT;
	struct plug_handle *h = opened(FERRY_SOURCE);
	struct sink s;

	buf_adds(&text, "id\n");
	for (int i = 0; i < 1200; i++)
		buf_addf(&text, "%d\n", i);
	put_file(text.s, text.len);
	assert_int_equal(extract(h, 0, &s, NULL), 0);
	assert_int_equal(s.batches, 3);
	assert_non_null(strstr(s.text.s, ";1199;"));
	buf_release(&text);
	buf_release(&s.text);
	plug_handle_close(h);
}

static void assert_extract_fails(const char *text, size_t len, enum ferry_code code,
				 const char *why)
{
	struct plug_handle *h = opened(FERRY_SOURCE);
	struct ferry_error err = {0};
	struct sink s;

	put_file(text, len);
	assert_int_equal(extract(h, 0, &s, &err), -1);
	assert_int_equal(err.code, code);
	if (!strstr(err.msg, why))
		fail_msg("'%s' does not say '%s'", err.msg, why);
	buf_release(&s.text);
	plug_handle_close(h);
}

static void test_extract_fails(void **state)
{
	(void)state;
	assert_extract_fails("id\tname\n1\tAnn\n2\n", 16, FERRY_E_DATA,
			     "people.txt:3: not 2 values");
	assert_extract_fails("id\tname\n1\tA\tb\n", 14, FERRY_E_DATA, "people.txt:2: not 2 values");
	assert_extract_fails("id\n1\0002\n", 7, FERRY_E_DATA, "not a text file");
	assert_extract_fails("", 0, FERRY_E_DATA, "must name the columns");
	unlink(path);
	struct plug_handle *h = opened(FERRY_SOURCE);
	struct ferry_error err = {0};
	assert_int_equal(h->api->validate_setup(h->handle, &err), -1);
	assert_int_equal(err.code, FERRY_E_SYSTEM);
	plug_handle_close(h);
}

/* ---- canonicalize */

static void *arena_of(const struct ferry_pure *pure, size_t size)
{
	return arena_alloc(pure->ctx, size);
}

static void test_canonicalize(void **state)
{
	(void)state;
	struct arena arena = ARENA_INIT;
	struct ferry_pure pure = {&arena, arena_of, &layout};
	struct ferry_issue issue = {0};
	struct ferry_value values[2] = {value_int(-42), value_text("")};

	assert_int_equal(plug->api->canonicalize(&pure, values, &issue), 0);
	assert_int_equal(values[0].type, FERRY_TEXT);
	assert_int_equal(values[0].len, 3);
	assert_memory_equal(values[0].s, "-42", 3);
	assert_int_equal(values[1].type, FERRY_NULL);
	values[1] = value_text("a\tb");
	assert_int_equal(plug->api->canonicalize(&pure, values, &issue), -1);
	assert_string_equal(issue.field, "name");
	values[1] = value_time(0);
	assert_int_equal(plug->api->canonicalize(&pure, values, &issue), -1);
	arena_release(&arena);
}

/* ---- writing */

static struct ferry_action action(enum ferry_decision decision, const struct ferry_value *fields)
{
	return (struct ferry_action){.decision = decision,
				     .key = "k",
				     .key_len = 1,
				     .dest_id = "",
				     .fields = fields};
}

static void test_write(void **state)
{
	(void)state;
	struct plug_handle *h = opened(FERRY_DESTINATION);
	struct ferry_value ann[] = {value_text("1"), value_text("Ann")},
			   bo[] = {value_text("2"), value_null()};
	struct ferry_value anna[] = {value_text("1"), value_text("Anna")};
	struct ferry_action create[] = {action(FERRY_CREATE, ann), action(FERRY_CREATE, bo)};
	struct ferry_action update = action(FERRY_UPDATE, anna), gone = action(FERRY_DELETE, NULL);
	struct ferry_outcome outcomes[2] = {0};

	unlink(path);
	assert_int_equal(h->api->validate_setup(h->handle, NULL), 0);
	assert_int_equal(h->api->apply(h->handle, create, 2, outcomes, NULL), 0);
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
	assert_string_equal(outcomes[1].dest_id, "2");
	assert_file("id\tname\n1\tAnn\n2\t\n");
	/* once more, as after a crash: nothing doubles */
	assert_int_equal(h->api->apply(h->handle, create, 2, outcomes, NULL), 0);
	assert_file("id\tname\n1\tAnn\n2\t\n");
	assert_int_equal(h->api->validate_setup(h->handle, NULL), 0);

	memset(outcomes, 0, sizeof outcomes);
	assert_int_equal(h->api->apply(h->handle, &update, 1, outcomes, NULL), 0);
	assert_file("id\tname\n1\tAnna\n2\t\n");
	gone.dest_id = "1";
	memset(outcomes, 0, sizeof outcomes);
	assert_int_equal(h->api->apply(h->handle, &gone, 1, outcomes, NULL), 0);
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_file("id\tname\n2\t\n");
	plug_handle_close(h);
}

/* One bad row is refused by itself; the others are written. */
static void test_write_bad_key(void **state)
{
	(void)state;
	struct plug_handle *h = opened(FERRY_DESTINATION);
	char huge[200];
	memset(huge, 'x', sizeof huge);
	struct ferry_value none[] = {value_null(), value_text("Ann")},
			   bo[] = {value_text("2"), value_text("Bo")};
	struct ferry_value lengthy[] = {value_textn(huge, sizeof huge), value_text("Cy")};
	struct ferry_action create[] = {action(FERRY_CREATE, none), action(FERRY_CREATE, bo),
					action(FERRY_CREATE, lengthy)};
	struct ferry_outcome outcomes[3] = {0};

	unlink(path);
	assert_int_equal(h->api->apply(h->handle, create, 3, outcomes, NULL), 0);
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[0].field, "id");
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
	assert_int_equal(outcomes[2].ack, FERRY_ACK_REJECTED);
	assert_file("id\tname\n2\tBo\n");
	plug_handle_close(h);
}

static void test_write_fails(void **state)
{
	(void)state;
	static const char *const other[] = {"email", NULL}, *const two[] = {"id", "name", NULL};
	struct plug_handle *h = opened(FERRY_DESTINATION), *none;
	struct ferry_value ann[] = {value_text("1"), value_text("Ann")};
	struct ferry_action create = action(FERRY_CREATE, ann);
	struct ferry_outcome outcome = {0};
	struct ferry_error err = {0};

	put_file("id\tmail\n", 8);
	assert_int_equal(h->api->validate_setup(h->handle, &err), -1);
	assert_int_equal(err.code, FERRY_E_SETUP);
	/* nothing was changed, and it says so */
	assert_int_equal(h->api->apply(h->handle, &create, 1, &outcome, &err), -1);
	assert_int_equal(outcome.ack, FERRY_ACK_UNSENT);
	assert_file("id\tmail\n");
	plug_handle_close(h);

	assert_int_equal(open_with(FERRY_DESTINATION, other, &none, &err), -1);
	assert_int_equal(err.code, FERRY_E_CONFIG);
	assert_non_null(strstr(err.msg, "'email' must be in 'map'"));
	assert_int_equal(open_with(FERRY_DESTINATION, two, &none, &err), -1);
	assert_int_equal(open_with(FERRY_DESTINATION, NULL, &none, &err), -1);
}

static void test_lookup(void **state)
{
	(void)state;
	struct plug_handle *h = opened(FERRY_DESTINATION);
	struct ferry_value ann[] = {value_text("1"), value_null()},
			   nobody[] = {value_text("9"), value_null()};
	struct ferry_action actions[] = {action(FERRY_CREATE, nobody), action(FERRY_CREATE, ann)};
	struct ferry_found found[2];

	put_file("id\tname\n1\tAnn\n", 14);
	assert_int_equal(h->api->lookup(h->handle, actions, 2, found, NULL), 0);
	assert_int_equal(found[0].presence, FERRY_ABSENT);
	assert_int_equal(found[1].presence, FERRY_FOUND);
	assert_string_equal(found[1].dest_id, "1");
	assert_memory_equal(found[1].fields[1].s, "Ann", 3);
	/* by the id alone, and a second time over the first answer */
	actions[0] = action(FERRY_DELETE, NULL);
	actions[0].dest_id = "1";
	assert_int_equal(h->api->lookup(h->handle, actions, 1, found, NULL), 0);
	assert_int_equal(found[0].presence, FERRY_FOUND);
	plug_handle_close(h);
}

/* Several workers write to the same file at once, and every row gets there. */
static void test_lanes(void **state)
{
	(void)state;
	pid_t pids[4];

	unlink(path);
	for (int p = 0; p < 4; p++) {
		pids[p] = fork();
		if (pids[p] != 0)
			continue;
		struct plug_handle *h = opened(FERRY_DESTINATION);
		int failed = 0;
		for (int i = 0; i < 10; i++) {
			char key[16];
			snprintf(key, sizeof key, "%d-%d", p, i);
			struct ferry_value fields[] = {value_text(key), value_null()};
			struct ferry_action create = action(FERRY_CREATE, fields);
			struct ferry_outcome outcome = {0};
			failed |= h->api->apply(h->handle, &create, 1, &outcome, NULL);
		}
		_exit(failed ? 1 : 0);
	}
	for (int p = 0; p < 4; p++) {
		int status;
		waitpid(pids[p], &status, 0);
		assert_int_equal(status, 0);
	}
	struct buf text = BUF_INIT;
	size_t lines = 0;
	assert_int_equal(buf_read_file(&text, path, 1 << 20), 0);
	for (size_t i = 0; i < text.len; i++)
		lines += text.s[i] == '\n';
	assert_int_equal(lines, 41);
	buf_release(&text);
}

/* ---- the connector that the manual prints works as printed */

static void write_example(const char *to)
{
	struct buf text = BUF_INIT;
	char *manual = ferry_asprintf("%s/doc/writing-a-connector.md", fixture_source_folder());

	assert_int_equal(buf_read_file(&text, manual, 1 << 20), 0);
	char *from = strstr(text.s, "/* countdown.c"), *end = from ? strstr(from, "\n```") : NULL;
	assert_non_null(end);
	end[1] = '\0';
	FILE *f = fopen(to, "w");
	assert_true(fputs(from, f) >= 0);
	fclose(f);
	free(manual);
	buf_release(&text);
}

static void test_manual(void **state)
{
	(void)state;
	char source[128];
	struct def_option given = {.name = "from", .text = "3", .is_scalar = true};
	struct connection_def connection = {.name = "c"};
	struct endpoint_def endpoint = {.connection = "c", .options = {&given, 1}};
	struct plug_open open = {.role = FERRY_SOURCE,
				 .connection = &connection,
				 .endpoint = &endpoint};
	struct plug *example;
	struct plug_handle *h;
	struct sink s;

	snprintf(source, sizeof source, "%s/countdown.c", folder);
	write_example(source);
	fixture_compile("countdown", "-Wextra -fvisibility=hidden", source);
	assert_int_equal(plug_load(folder, "countdown", &example, NULL), 0);
	assert_int_equal(plug_handle_open(example, &open, &h, NULL), 0);
	assert_int_equal(extract(h, 0, &s, NULL), 0);
	assert_string_equal(buf_str(&s.text), "n:3;2;1;");
	buf_release(&s.text);
	plug_handle_close(h);
	plug_unload(example);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extract),
		cmocka_unit_test(test_extract_many),
		cmocka_unit_test(test_extract_fails),
		cmocka_unit_test(test_canonicalize),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_bad_key),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_manual),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
