/* SPDX-License-Identifier: Apache-2.0 */
/* test-file-destination.c - what is written into a file, by mode and decision; looking up and listing. */
#include "file-fixture.h"

#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

static const struct ferry_value people[] = {
	INT(1), TEXT("Ann"), DECIMAL("12.50"),
	INT(2), TEXT("Bo, \"B\""), NOTHING,
	INT(3), TEXT(""), DECIMAL("-0.01"),
};
#define ROW(i) (people + FIELDS * (i))

static void *open_people(struct fixture *f, enum ferry_mode mode, const char *const *settings)
{
	void *h = open_destination(f, mode, settings);

	if (!h)
		fail_msg("open: %s", f->err.msg);
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	return h;
}

static void all_done(size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(outcomes[i].ack, FERRY_ACK_DONE);
}

static void file_is(struct fixture *f, const char *name, const char *text)
{
	assert_string_equal(file_read(f, name), text);
	assert_string_equal(file_names(f), name);	/* nothing is left beside it */
}

static void a_new_file(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char path[512];
	void *h = open_people(f, FERRY_MODE_UPSERT, S("name", "p.csv"));

	assert_string_equal(file_names(f), "");
	assert_success(f, apply(f, h, FERRY_CREATE, people, 3));
	all_done(3);
	assert_string_equal(outcomes[0].dest_id, "1");
	/* acknowledged and durable, but not to be seen in parts */
	assert_string_equal(file_read(f, "p.csv"), "(none)");
	ferry_connector.close(h);
	file_is(f, "p.csv", "id,name,amount\n1,Ann,12.50\n2,\"Bo, \"\"B\"\"\",\n3,\"\",-0.01\n");
	snprintf(path, sizeof path, "%s/p.csv", f->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void json_lines(void **state)
{
	struct fixture *f = *state;
	void *h = open_people(f, FERRY_MODE_MIRROR, S("name", "p.jsonl", "file_mode", "0600"));

	assert_success(f, apply(f, h, FERRY_CREATE, people, 3));
	ferry_connector.close(h);
	file_is(f, "p.jsonl", "{\"id\":1,\"name\":\"Ann\",\"amount\":12.50}\n"
		"{\"id\":2,\"name\":\"Bo, \\\"B\\\"\",\"amount\":null}\n"
		"{\"id\":3,\"name\":\"\",\"amount\":-0.01}\n");
	h = open_people(f, FERRY_MODE_MIRROR, S("name", "p.jsonl"));
	assert_success(f, apply(f, h, FERRY_DELETE, ROW(1), 1));
	struct ferry_value row[] = {INT(3), TEXT("Cy"), NOTHING};
	assert_success(f, apply(f, h, FERRY_UPDATE, row, 1));
	ferry_connector.close(h);
	file_is(f, "p.jsonl", "{\"id\":1,\"name\":\"Ann\",\"amount\":12.50}\n"
		"{\"id\":3,\"name\":\"Cy\",\"amount\":null}\n");
}

/* Rows that nothing is said about stay byte for byte; columns that are not mapped keep their values. */
static void what_is_there_stays(void **state)
{
	struct fixture *f = *state;

	file_text(f, "p.csv", "\xef\xbb\xbf" "note,\"id\",name,amount\r\n"
		  "\"kept\",  1,\"quoted\",1\r\n\"k,2\",2,x,\"2\"\nk3,3,y,3");
	void *h = open_people(f, FERRY_MODE_UPSERT, S("name", "p.csv", "line_end", "crlf"));
	assert_success(f, apply(f, h, FERRY_UPDATE, ROW(1), 1));
	struct ferry_value row[] = {INT(4), TEXT("Di"), INT(4)};
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	ferry_connector.close(h);
	file_is(f, "p.csv", "\xef\xbb\xbf" "note,\"id\",name,amount\r\n"
		"\"kept\",  1,\"quoted\",1\r\n\"k,2\",2,\"Bo, \"\"B\"\"\",\r\nk3,3,y,3\r\n,4,Di,4\r\n");

	file_text(f, "p.jsonl", "{ \"x\": [1, 2],\"id\":1 , \"name\":\"a\"}\n{\"id\":\"2\"}");
	h = open_people(f, FERRY_MODE_UPSERT, S("name", "p.jsonl"));
	assert_success(f, apply(f, h, FERRY_UPDATE, ROW(0), 1));
	ferry_connector.close(h);
	assert_string_equal(file_read(f, "p.jsonl"),
			    "{\"x\":[1, 2],\"id\":1,\"name\":\"Ann\",\"amount\":12.50}\n{\"id\":\"2\"}");
}

static void modes(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value changed[] = {INT(1), TEXT("Anna"), NOTHING};

	file_text(f, "p.csv", "id,name,amount\n1,Ann,1\n");
	/* those that only add leave what is there */
	void *h = open_people(f, FERRY_MODE_APPEND, S("name", "p.csv"));
	assert_success(f, apply(f, h, FERRY_CREATE, changed, 1));
	assert_success(f, apply(f, h, FERRY_CREATE, ROW(1), 1));
	assert_success(f, apply(f, h, FERRY_CREATE, ROW(1), 1));
	ferry_connector.close(h);
	file_is(f, "p.csv", "id,name,amount\n1,Ann,1\n2,\"Bo, \"\"B\"\"\",\n");
	/* mode update makes no rows */
	h = open_people(f, FERRY_MODE_UPDATE, S("name", "p.csv"));
	assert_success(f, apply(f, h, FERRY_UPDATE, changed, 1));
	all_done(1);
	assert_success(f, apply(f, h, FERRY_UPDATE, ROW(2), 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[0].code, "NOT_FOUND");
	ferry_connector.close(h);
	file_is(f, "p.csv", "id,name,amount\n1,Anna,\n2,\"Bo, \"\"B\"\"\",\n");
	/* the others do: of a row that is gone, and instead of one that is there */
	h = open_people(f, FERRY_MODE_MIRROR, S("name", "p.csv"));
	assert_success(f, apply(f, h, FERRY_UPDATE, ROW(2), 1));
	assert_success(f, apply(f, h, FERRY_CREATE, ROW(0), 1));
	assert_success(f, apply(f, h, FERRY_DELETE, ROW(1), 1));
	ferry_connector.close(h);
	file_is(f, "p.csv", "id,name,amount\n1,Ann,12.50\n3,\"\",-0.01\n");
}

static void a_key_that_changes(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value now[] = {INT(7), TEXT("Ann"), NOTHING};

	file_text(f, "p.csv", "id,name,amount\n1,Ann,1\n2,Bo,2\n");
	void *h = open_people(f, FERRY_MODE_MIRROR, S("name", "p.csv"));
	assert_success(f, apply_id(f, h, FERRY_UPDATE, "1", now, NULL));
	assert_string_equal(outcomes[0].dest_id, "7");
	ferry_connector.close(h);
	file_is(f, "p.csv", "id,name,amount\n2,Bo,2\n7,Ann,\n");
}

static void rows_are_disabled(void **state)
{
	struct fixture *f = *state;
	const char *const settings[] = {"name", "p.csv", "disabled_at", "gone", NULL};
	void *h = open_people(f, FERRY_MODE_MIRROR, settings);

	assert_success(f, apply(f, h, FERRY_CREATE, people, 3));
	assert_success(f, apply(f, h, FERRY_DISABLE, ROW(1), 2));
	ferry_connector.close(h);
	file_is(f, "p.csv", "id,name,amount,gone\n1,Ann,12.50,\n"
		"2,\"Bo, \"\"B\"\"\",,2026-01-01T00:00:00Z\n3,\"\",-0.01,2026-01-01T00:00:00Z\n");
	/* one that is disabled counts as absent, and comes back when it is written */
	h = open_people(f, FERRY_MODE_INSERT, settings);
	assert_string_equal(looked_up(f, h, ROW(1)), "absent");
	assert_string_equal(listed(f, h), "1: '1'|'Ann'|'12.50'\n");
	assert_success(f, apply(f, h, FERRY_CREATE, people, 2));
	ferry_connector.close(h);
	file_is(f, "p.csv", "id,name,amount,gone\n1,Ann,12.50,\n2,\"Bo, \"\"B\"\"\",,\n"
		"3,\"\",-0.01,2026-01-01T00:00:00Z\n");
	h = open_people(f, FERRY_MODE_MIRROR, S("name", "q.csv"));
	assert_failure(f, apply(f, h, FERRY_DISABLE, people, 1), FERRY_E_CONFIG, "'disabled_at'");
	ferry_connector.close(h);
}

static void looking_up(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value ours[] = {INT(1), TEXT("Ann"), DECIMAL("12.50")};
	static const struct ferry_value none[] = {INT(9), NOTHING, NOTHING};
	static const struct ferry_value twice[] = {INT(2), NOTHING, NOTHING};

	file_text(f, "p.csv", "id,name,amount\n1,\"Ann\",12.50\n2,a,\n2,b,\n,c,\n3,\"\",\n");
	void *h = open_people(f, FERRY_MODE_MIRROR, S("name", "p.csv"));
	/* what says the same is given in our own type */
	assert_string_equal(looked_up(f, h, ours), "1: 1|'Ann'|12.50\n");
	assert_string_equal(looked_up(f, h, none), "absent");
	assert_string_equal(looked_up(f, h, twice), "several");
	assert_string_equal(looked_up(f, h, ROW(2)), "3: 3|''|NULL\n");
	assert_string_equal(listed(f, h), "1: '1'|'Ann'|'12.50'\n2: '2'|'a'|NULL\n2: '2'|'b'|NULL\n3: '3'|''|NULL\n");
	/* the file has become another one */
	file_text(f, "p.csv", "id,name,amount\n9,Neu,\n");
	assert_string_equal(looked_up(f, h, none), "9: 9|'Neu'|NULL\n");
	assert_string_equal(looked_up(f, h, ours), "absent");
	ferry_connector.close(h);
	h = open_people(f, FERRY_MODE_MIRROR, S("name", "none.jsonl"));
	assert_string_equal(looked_up(f, h, ours), "absent");
	assert_string_equal(listed(f, h), "");
	ferry_connector.close(h);
}

/* A refused row is the only one that is not written. */
static void rows_that_are_refused(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value rows[] = {
		INT(1), TEXT("a\0b"), NOTHING,
		INT(2), TEXT("\xff"), NOTHING,
		NOTHING, TEXT("no key"), NOTHING,
		INT(4), TEXT("fine"), NOTHING,
	};
	void *h = open_people(f, FERRY_MODE_UPSERT, S("name", "p.csv"));

	assert_success(f, apply(f, h, FERRY_CREATE, rows, 4));
	static const char *const codes[] = {"NUL_BYTE", "NOT_UTF8", "NULL_KEY"};
	static const char *const fields[] = {"name", "name", "id"};
	for (int i = 0; i < 3; i++) {
		assert_int_equal(outcomes[i].ack, FERRY_ACK_REJECTED);
		assert_string_equal(outcomes[i].code, codes[i]);
		assert_string_equal(outcomes[i].field, fields[i]);
	}
	assert_int_equal(outcomes[3].ack, FERRY_ACK_DONE);
	ferry_connector.close(h);
	file_is(f, "p.csv", "id,name,amount\n4,fine,\n");
}

static void files_that_will_not_do(void **state)
{
	struct fixture *f = *state;
	char path[512];
	void *h;

	file_text(f, "p.csv", "id,title\n");
	h = open_destination(f, FERRY_MODE_UPSERT, S("name", "p.csv"));
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_SETUP,
		       "p.csv: has no column to write for 'name', 'amount'");
	ferry_connector.close(h);
	snprintf(path, sizeof path, "%s/link.csv", f->dir);
	assert_int_equal(symlink("p.csv", path), 0);
	h = open_destination(f, FERRY_MODE_UPSERT, S("name", "link.csv"));
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_SETUP, "symbolic link");
	ferry_connector.close(h);
	/* found wrong while it is read for the merge: nothing is lost, the next run tries again */
	file_text(f, "p.csv", "id,name,amount\n1,2\n");
	h = open_people(f, FERRY_MODE_UPSERT, S("name", "p.csv"));
	assert_success(f, apply(f, h, FERRY_CREATE, ROW(2), 1));
	ferry_connector.close(h);
	assert_non_null(strstr(f->log, "p.csv:2: 2 fields instead of 3"));
	assert_string_equal(file_read(f, "p.csv"), "id,name,amount\n1,2\n");
	file_text(f, "p.csv", "id,name,amount\n1,2,3\n");
	h = open_people(f, FERRY_MODE_UPSERT, S("name", "p.csv"));
	assert_string_equal(file_read(f, "p.csv"), "id,name,amount\n1,2,3\n3,\"\",-0.01\n");
	ferry_connector.close(h);
}

static void settings_that_contradict(void **state)
{
	struct fixture *f = *state;

	assert_null(open_destination(f, FERRY_MODE_UPSERT, S("name", "*.csv")));
	assert_non_null(strstr(f->err.msg, "exactly one file is written"));
	assert_null(open_destination(f, FERRY_MODE_UPSERT, S("name", "p.csv", "key", "nr")));
	assert_non_null(strstr(f->err.msg, "the key column 'nr' is not mapped"));
	assert_null(open_destination(f, FERRY_MODE_UPSERT, S("name", "p.csv", "disabled_at", "name")));
	assert_non_null(strstr(f->err.msg, "cannot be mapped too"));
	assert_null(open_destination(f, FERRY_MODE_UPSERT, S("name", "p.csv", "file_mode", "0x")));
	assert_non_null(strstr(f->err.msg, "file_mode"));
}

/* Two handles on one file: a batch of each waits for the other's, and none is lost. */
static void two_handles(void **state)
{
	struct fixture *f = *state;
	void *a = open_people(f, FERRY_MODE_UPSERT, S("name", "p.csv"));
	void *b = open_people(f, FERRY_MODE_UPSERT, S("name", "p.csv"));

	assert_success(f, apply(f, a, FERRY_CREATE, ROW(0), 1));
	assert_success(f, apply(f, b, FERRY_CREATE, ROW(1), 1));
	assert_success(f, apply(f, a, FERRY_CREATE, ROW(2), 1));
	ferry_connector.close(b);
	file_is(f, "p.csv", "id,name,amount\n1,Ann,12.50\n2,\"Bo, \"\"B\"\"\",\n3,\"\",-0.01\n");
	static const struct ferry_value row[] = {INT(1), TEXT("A."), NOTHING};
	assert_success(f, apply(f, a, FERRY_UPDATE, row, 1));
	ferry_connector.close(a);
	file_is(f, "p.csv", "id,name,amount\n1,A.,\n2,\"Bo, \"\"B\"\"\",\n3,\"\",-0.01\n");
}

static void another_process_holds_it(void **state)
{
	struct fixture *f = *state;
	char path[512];
	void *h = open_people(f, FERRY_MODE_UPSERT, S("name", "p.csv"));

	snprintf(path, sizeof path, "%s/.p.csv.ferry-journal", f->dir);
	int fd = open(path, O_CREAT | O_RDWR, 0600);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_failure(f, apply(f, h, FERRY_CREATE, people, 1), FERRY_E_UNAVAILABLE,
		       "longer than 'lock_timeout'");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	close(fd);
	assert_success(f, apply(f, h, FERRY_CREATE, people, 1));
	ferry_connector.close(h);
	file_is(f, "p.csv", "id,name,amount\n1,Ann,12.50\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file),
		TEST(json_lines),
		TEST(what_is_there_stays),
		TEST(modes),
		TEST(a_key_that_changes),
		TEST(rows_are_disabled),
		TEST(looking_up),
		TEST(rows_that_are_refused),
		TEST(files_that_will_not_do),
		TEST(settings_that_contradict),
		TEST(two_handles),
		TEST(another_process_holds_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
