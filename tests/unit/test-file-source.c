/* SPDX-License-Identifier: Apache-2.0 */
/* test-file-source.c - files as rows: what is read, and everything that is refused with its line. */
#include "file-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The rows of one file with these settings beside its name. */
#define ROWS(f, name, text, ...) (file_text(f, name, text), rows_of(f, S("name", name __VA_OPT__(,) __VA_ARGS__)))
#define ROWS_ARE(f, wanted, ...) assert_string_equal(ROWS(f, __VA_ARGS__), wanted)

static void csv(void **state)
{
	struct fixture *f = *state;

	ROWS_ARE(f, "'1'|'Ann, \"A\"'|NULL\n'2'|''|'x\ny'\n", "a.csv",
		 "id,name,note\r\n1,\"Ann, \"\"A\"\"\",\r\n2,\"\",\"x\ny\"");
	assert_string_equal(f->columns, "id:4 name:4 note:4");
	assert_false(f->ordered);
	/* a byte order mark is none of the first name, blank lines are no rows */
	ROWS_ARE(f, "'1'|'2'\n", "a.csv", "\xef\xbb\xbf" "a,b\n\n1,2\n\n");
	assert_string_equal(f->columns, "a:4 b:4");
	/* but where a row has one column, a blank line is NULL */
	ROWS_ARE(f, "'1'\nNULL\n'2'\n", "a.csv", "a\n1\n\n2\n");
	/* only a header */
	ROWS_ARE(f, "", "a.csv", "a,b\n");
	assert_string_equal(f->columns, "a:4 b:4");
	ROWS_ARE(f, "", "a.csv", "a,b");
}

static void dialects(void **state)
{
	struct fixture *f = *state;

	ROWS_ARE(f, "'1'|'a,b'\n", "a.tsv", "id\tname\n1\ta,b\n");
	ROWS_ARE(f, "'1'|'a;b'\n", "a.csv", "id;name\n1;'a;b'\n", "delimiter", ";", "quote", "'");
	ROWS_ARE(f, "NULL|''\n'NULL'|'x'\n", "a.csv", "id,name\nNULL,\n\"NULL\",x\n", "null", "NULL");
	ROWS_ARE(f, "'1'|'a'\n", "a.csv", "1,a\n", "header", "false");
	assert_string_equal(f->columns, "c1:4 c2:4");
	ROWS_ARE(f, "'1'|'a'\n", "a.csv", "1,a\n", "header", "false", "columns", "id, name");
	assert_string_equal(f->columns, "id:4 name:4");
	ROWS_ARE(f, "", "a.csv", "", "header", "false", "columns", "id, name");
	ROWS_ARE(f, "'1'|'a'\n", "export.txt", "id,name\n1,a\n", "format", "csv");
}

static void types(void **state)
{
	struct fixture *f = *state;

	ROWS_ARE(f, "-9223372036854775808|1500|true|@-1|j{\"a\":1}|x00ff|NULL\n", "a.csv",
		 "i,d,b,t,j,x,n\n-9223372036854775808,1.5e3,yes,1969-12-31T23:59:59.999999Z,"
		 "\"{\"\"a\"\":1}\",00ff,\n", "types.i", "int", "types.d", "decimal", "types.b", "bool",
		 "types.t", "time", "types.j", "json", "types.x", "bytes", "types.n", "int");
	assert_string_equal(f->columns, "i:2 d:3 b:1 t:6 j:7 x:5 n:2");
	ROWS_ARE(f, "a.csv:3: column 'i' is no 64-bit integer", "a.csv", "a,i\n1,2\n1,x\n",
		 "types.i", "int");
	ROWS_ARE(f, "a.csv: there is no column 'z' to give a type to", "a.csv", "a\n", "types.z", "int");
	ROWS_ARE(f, "@0|5|'7'\n", "a.jsonl", "{\"t\":\"1970-01-01\",\"n\":\"5\",\"s\":7}\n",
		 "types.t", "time", "types.n", "int", "types.s", "text");
	ROWS_ARE(f, "a.jsonl:1: column 'n' is no 64-bit integer", "a.jsonl", "{\"n\":{}}\n", "types.n", "int");
}

static void json_lines(void **state)
{
	struct fixture *f = *state;

	ROWS_ARE(f, "1|'a\"b'|true|j{\"x\":[1]}|NULL|12.50|18446744073709551616\n"
		 "NULL|'two'|NULL|NULL|NULL|NULL|NULL\n", "a.jsonl",
		 "{\"i\":1,\"s\":\"a\\\"b\",\"b\":true,\"j\":{\"x\":[1]},\"n\":null,\"d\":12.50,\"u\":18446744073709551616}\r\n"
		 "\n{\"s\":\"two\"}");
	assert_string_equal(f->columns, "i:0 s:0 b:0 j:0 n:0 d:0 u:0");
	/* in another order, and one that comes twice */
	ROWS_ARE(f, "1|2\n3|5\n", "a.ndjson", "{\"a\":1,\"b\":2}\n{\"b\":4,\"a\":3,\"b\":5}\n");
	/* with the members named, others are passed over */
	ROWS_ARE(f, "NULL|1\n2|NULL\n", "a.jsonl", "{\"a\":1}\n{\"b\":2,\"c\":3}\n", "columns", "b,a");
	ROWS_ARE(f, "a.jsonl:2: the member 'c' is not in the first row: name all that are wanted as 'columns'",
		 "a.jsonl", "{\"a\":1}\n{\"c\":3}\n");
	ROWS_ARE(f, "'\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2'|'\\'\n", "a.jsonl", "{\"a\":\"\xf0\x9f\x9a\xa2\\ud83d\\udea2\",\"b\":\"\\\\\"}");
}

static void what_is_no_csv(void **state)
{
	struct fixture *f = *state;

	ROWS_ARE(f, "a.csv:3: 1 fields instead of 2", "a.csv", "a,b\n1,2\n3\n");
	ROWS_ARE(f, "a.csv:5: 3 fields instead of 2", "a.csv", "a,b\n1,\"x\ny\"\n3,4\n5,6,7\n");
	ROWS_ARE(f, "a.csv:3: a quote is not closed (byte 3 of the line)", "a.csv", "a,b\n1,2\n3,\"4\n5,6\n");
	ROWS_ARE(f, "a.csv:2: a quote within a field that does not begin with one (byte 2 of the line)",
		 "a.csv", "a,b\n1\"x,2\n");
	ROWS_ARE(f, "a.csv:3: not UTF-8 (byte 4 of the line)", "a.csv", "a,b\n1,2\n3,x\xe4y\n");
	ROWS_ARE(f, "a.csv:1: two columns have the same name", "a.csv", "a,b,a\n");
	ROWS_ARE(f, "a.csv:1: a column has no name", "a.csv", "a,,b\n");
	ROWS_ARE(f, "a.csv:1: the file is empty: not even a header is there", "a.csv", "");
	ROWS_ARE(f, "a.csv: the file is empty and does not say what its columns are: name them as 'columns'",
		 "a.csv", "", "header", "false");
	file_write(f, "a.csv", "a,b\n1,\"x\0y\"\n", 13);
	assert_string_equal(rows_of(f, S("name", "a.csv")), "a.csv:2: a NUL byte (byte 5 of the line)");
	ROWS_ARE(f, "a.csv:2: the last line has no end: is the file still being written?", "a.csv",
		 "a,b\n1,2", "strict_end", "true");
	ROWS_ARE(f, "a.jsonl:2: a comma is missing (byte 7 of the line)", "a.jsonl", "{\"a\":1}\n{\"a\":01}\n");
	ROWS_ARE(f, "a.jsonl:2: it ends too early (byte 6 of the line)", "a.jsonl", "{\"a\":1}\n{\"a\":");
}

static void several_files(void **state)
{
	struct fixture *f = *state;

	file_text(f, "s-2.csv", "id,n\n3,c\n");
	file_text(f, "s-10.csv", "id,n\n1,a\n2,b\n");
	file_text(f, ".s-0.csv", "id,n\n9,z\n");
	assert_string_equal(rows_of(f, S("name", "s-*.csv")), "'1'|'a'\n'2'|'b'\n'3'|'c'\n");
	file_text(f, "s-3.csv", "n,id\n4,d\n");
	assert_string_equal(rows_of(f, S("name", "s-*.csv")),
			    "s-3.csv:1: the header is not that of the files before it");
	assert_non_null(strstr(rows_of(f, S("name", "t-*.csv")), "there is no file 't-*.csv'"));
	/* an empty one among JSON lines is no mistake */
	file_text(f, "j1.jsonl", "");
	file_text(f, "j2.jsonl", "{\"a\":1}\n");
	assert_string_equal(rows_of(f, S("name", "j?.jsonl")), "1\n");
}

static void files_stay_in_their_folder(void **state)
{
	struct fixture *f = *state;
	char path[512], target[512];

	assert_non_null(strstr(rows_of(f, S("name", "../x.csv")), "has a slash"));
	assert_int_equal(f->err.code, FERRY_E_CONFIG);
	assert_non_null(strstr(rows_of(f, S("name", "/etc/passwd", "format", "csv")), "has a slash"));
	assert_non_null(strstr(rows_of(f, S("name", "..", "format", "csv")), "begins with a dot"));
	assert_string_equal(rows_of(f, S("name", "none.csv")), "none.csv: there is no such file");
	assert_int_equal(f->err.code, FERRY_E_SETUP);
	snprintf(path, sizeof path, "%s/link.csv", f->dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_string_equal(rows_of(f, S("name", "link.csv")),
			    "link.csv: is a symbolic link that leads out of the folder");
	unlink(path);
	/* one that stays inside is fine, what is no file is not */
	file_text(f, "a.csv", "a\n1\n");
	assert_int_equal(symlink("a.csv", path), 0);
	assert_string_equal(rows_of(f, S("name", "link.csv")), "'1'\n");
	snprintf(target, sizeof target, "%s/pipe.csv", f->dir);
	assert_int_equal(mkfifo(target, 0600), 0);
	assert_string_equal(rows_of(f, S("name", "pipe.csv")), "pipe.csv: is not a file");
}

static void settings_that_contradict(void **state)
{
	struct fixture *f = *state;

	assert_non_null(strstr(rows_of(f, S("name", "a.txt")), "the end of 'a.txt' does not say which format"));
	assert_non_null(strstr(rows_of(f, S("name", "a.jsonl", "delimiter", ";")), "delimiter: is for format csv only"));
	assert_non_null(strstr(rows_of(f, S("name", "a.csv", "delimiter", "ab")), "is not one ASCII character"));
	assert_non_null(strstr(rows_of(f, S("name", "a.csv", "delimiter", "\"")), "the same character"));
	assert_non_null(strstr(rows_of(f, S("name", "a.csv", "columns", "a")), "with 'header: false' only"));
	assert_non_null(strstr(rows_of(f, S("name", "a.csv", "null", "a,b")), "null: cannot hold the delimiter"));
	assert_non_null(strstr(rows_of(f, S("name", "a.jsonl", "columns", "a, a")), "two columns have the same name"));
}

static void the_key_must_be_there(void **state)
{
	struct fixture *f = *state;

	file_text(f, "a.csv", "id,name\n1,a\n");
	void *h = open_source(f, S("name", "a.csv"), S("id"));
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	assert_int_equal(ferry_connector.capabilities(h) & FERRY_CAP_ORDERED, 0);
	ferry_connector.close(h);
	h = open_source(f, S("name", "a.csv", "sorted", "true"), S("nr"));
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_SETUP,
		       "a.csv: has no column 'nr', which the key needs");
	assert_true(ferry_connector.capabilities(h) & FERRY_CAP_ORDERED);
	ferry_connector.close(h);
	/* the rows of a sorted one are promised to be in order */
	h = open_source(f, S("name", "a.csv", "sorted", "true"), S("id"));
	assert_success(f, extract(f, h, 0));
	assert_true(f->ordered);
	ferry_connector.close(h);
	file_text(f, "a.jsonl", "{\"nr\":1}\n");
	h = open_source(f, S("name", "a.jsonl"), S("id"));
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_SETUP, "has no column 'id'");
	ferry_connector.close(h);
}

/* Rows far longer than what is read at once, and the limit for them. */
static void a_row_of_ten_megabytes(void **state)
{
	struct fixture *f = *state;
	size_t len = 10 * 1024 * 1024;
	char *text = malloc(len + 64);

	memcpy(text, "a,b\n1,\"", 7);
	memset(text + 7, 'x', len);
	memcpy(text + 7 + len, "\"\n2,y\n", 7);
	file_text(f, "a.csv", text);
	const char *rows = rows_of(f, S("name", "a.csv"));
	assert_int_equal(strlen(rows), len + 7 + 8);
	assert_string_equal(rows + len + 7, "'2'|'y'\n");
	assert_string_equal(rows_of(f, S("name", "a.csv", "max_row", "1048576")),
			    "a.csv:2: the row that begins here is longer than 1048576 bytes ('max_row'); "
			    "is a quote not closed?");
	free(text);
}

enum { MANY = 100000, MANY_BYTES = 4 * 1024 * 1024 };

static char *many_lines(void)
{
	char *text = malloc(MANY_BYTES), *end = text + MANY_BYTES, *p = text;

	p += snprintf(p, (size_t)(end - p), "id,name\n");
	for (int i = 0; i < MANY; i++)
		p += snprintf(p, (size_t)(end - p), "%d,\"n \"\"%d\"\"\"\n", i, i);
	return text;
}

static void many_rows(void **state)
{
	struct fixture *f = *state;
	char *text = many_lines();

	file_text(f, "a.csv", text);
	rows_of(f, S("name", "a.csv"));
	assert_int_equal(f->n_rows, MANY);
	assert_non_null(strstr(f->rows, "\n'77777'|'n \"77777\"'\n"));
	void *h = open_source(f, S("name", "a.csv"), NULL);
	assert_success(f, extract(f, h, 10));
	assert_int_equal(f->n_rows, 10);
	f->cancel_after = 3;
	assert_failure(f, extract(f, h, 0), FERRY_E_CANCELLED, "cancelled");
	assert_int_equal(f->n_rows, 3 * 256);
	ferry_connector.close(h);
	free(text);
}

/* A sink that changes the file while it is read. */
struct meddler {
	struct ferry_sink sink;
	struct fixture *f;
	char path[512];
	int how;
};

static int meddle(struct ferry_sink *sink, const struct ferry_value *values, size_t n,
		  struct ferry_error *err)
{
	struct meddler *m = sink->ctx;

	(void)values, (void)n, (void)err;
	if (m->how == 0) {
		FILE *out = fopen(m->path, "a");
		fputs("9,more\n", out);
		fclose(out);
	} else if (m->how == 1) {
		assert_int_equal(truncate(m->path, 40), 0);
	} else if (m->how == 2) {
		file_text(m->f, "other", "id,name\n1,other\n");
		char other[512];
		snprintf(other, sizeof other, "%s/other", m->f->dir);
		assert_int_equal(rename(other, m->path), 0);
	}
	m->how = 3;
	return 0;
}

static int ignore_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n,
			  bool ordered, struct ferry_error *err)
{
	(void)sink, (void)columns, (void)n, (void)ordered, (void)err;
	return 0;
}

static void ignore_page(struct ferry_sink *sink, const char *kind, size_t bytes)
{
	(void)sink, (void)kind, (void)bytes;
}

static void a_file_that_changes_while_it_is_read(void **state)
{
	struct fixture *f = *state;
	char *text = many_lines();
	struct ferry_extract want = {0};

	for (int how = 0; how < 3; how++) {
		struct meddler m = {.f = f, .how = how};
		m.sink = (struct ferry_sink){&m, ignore_columns, meddle, ignore_page, NULL};
		snprintf(m.path, sizeof m.path, "%s/a.csv", f->dir);
		file_text(f, "a.csv", text);
		void *h = open_source(f, S("name", "a.csv"), NULL);
		/* one that was replaced as a whole is still whole */
		if (how == 2)
			assert_success(f, ferry_connector.extract(h, &want, &m.sink, &f->err));
		else
			assert_failure(f, ferry_connector.extract(h, &want, &m.sink, &f->err),
				       FERRY_E_UNAVAILABLE, "a.csv: was changed while it was read");
		ferry_connector.close(h);
	}
	free(text);
}

static char told[512];

static void __attribute__((format(printf, 3, 4)))
tell(struct ferry_check *check, const char *about, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	(void)check;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s> %s\n", about ? about : "-", text);
}

/* --check reports every mistake at its setting. */
static void all_mistakes_at_once(void **state)
{
	struct fixture *f = *state;
	struct ferry_check check = {NULL, tell};

	told[0] = '\0';
	assert_null(open_source(f, S("name", "a/b.csv", "delimiter", "xy", "columns", "a"), S("id")));
	ferry_connector.check(&f->open, &check);
	assert_string_equal(told, "delimiter> delimiter: 'xy' is not one ASCII character (or tab)\n"
			    "name> name: 'a/b.csv' has a slash: it must be the name of a file in the connection's folder\n"
			    "columns> columns: the header names the columns; name them here with 'header: false' only\n"
			    "columns> columns: the key 'id' is not among them\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(csv),
		TEST(dialects),
		TEST(types),
		TEST(json_lines),
		TEST(what_is_no_csv),
		TEST(several_files),
		TEST(files_stay_in_their_folder),
		TEST(settings_that_contradict),
		TEST(the_key_must_be_there),
		TEST(a_row_of_ten_megabytes),
		TEST(many_rows),
		TEST(a_file_that_changes_while_it_is_read),
		TEST(all_mistakes_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
