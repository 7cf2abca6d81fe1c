/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-file-crash.c - a run that dies at any moment: what was acknowledged is there afterwards, nothing is
 * there twice, and the file is whole all the time.
 */
#include "file-fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file/destination.h"

#define JOURNAL ".p.csv.ferry-journal"
#define FRESH ".p.csv.ferry-new"

static const struct ferry_value people[] = {
	INT(1), TEXT("Ann"), DECIMAL("12.50"),
	INT(2), TEXT("Bo"), NOTHING,
	INT(3), TEXT("Cy"), DECIMAL("-0.01"),
};

static void *open_people(struct fixture *f)
{
	void *h = open_destination(f, FERRY_MODE_MIRROR, S("name", "p.csv"));

	if (!h)
		fail_msg("open: %s", f->err.msg);
	return h;
}

/* As the next run begins: what is left of the one before is put right, and nothing stays beside the file. */
static void recover(struct fixture *f)
{
	void *h = open_people(f);

	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	ferry_connector.close(h);
}

/* In another process, which ends without having closed anything; then the journal is as long as returned. */
static size_t die_after(struct fixture *f, size_t batches)
{
	struct stat st;
	char path[512];
	pid_t pid = fork();

	if (!pid) {
		void *h = open_people(f);
		for (size_t i = 0; i < batches; i++)
			if (apply(f, h, FERRY_CREATE, people + i * FIELDS, 1))
				_exit(1);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	snprintf(path, sizeof path, "%s/%s", f->dir, JOURNAL);
	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

static void a_run_that_dies(void **state)
{
	struct fixture *f = *state;

	file_text(f, "p.csv", "id,name,amount\n0,Zoe,\n");
	die_after(f, 2);
	assert_string_equal(file_read(f, "p.csv"), "id,name,amount\n0,Zoe,\n");
	recover(f);
	assert_string_equal(file_read(f, "p.csv"), "id,name,amount\n0,Zoe,\n1,Ann,12.50\n2,Bo,\n");
	assert_string_equal(file_names(f), "p.csv");
}

/* The journal cut at every length: whole batches count, and nothing else. */
static void a_torn_end(void **state)
{
	struct fixture *f = *state;
	char journal[4096], path[512];
	size_t one = die_after(f, 1);

	file_text(f, JOURNAL, "");
	size_t two = die_after(f, 2);
	snprintf(path, sizeof path, "%s/%s", f->dir, JOURNAL);
	FILE *in = fopen(path, "r");
	assert_int_equal(fread(journal, 1, sizeof journal, in), two);
	fclose(in);
	for (size_t len = 0; len <= two; len++) {
		unlink(path);
		char file[512];
		snprintf(file, sizeof file, "%s/p.csv", f->dir);
		unlink(file);
		file_write(f, JOURNAL, journal, len);
		recover(f);
		assert_string_equal(file_read(f, "p.csv"), len < one ? "(none)" : len < two ?
				    "id,name,amount\n1,Ann,12.50\n" :
				    "id,name,amount\n1,Ann,12.50\n2,Bo,\n");
		/* and what comes next is written behind what is whole */
		file_write(f, JOURNAL, journal, len);
		void *h = open_people(f);
		assert_success(f, apply(f, h, FERRY_CREATE, people + 2 * FIELDS, 1));
		ferry_connector.close(h);
		assert_non_null(strstr(file_read(f, "p.csv"), "3,Cy,-0.01\n"));
	}
}

/* What was acknowledged is not dropped in silence when the disk has spoilt it. */
static void a_damaged_journal(void **state)
{
	struct fixture *f = *state;
	char journal[4096], path[512];
	size_t len = die_after(f, 3);

	snprintf(path, sizeof path, "%s/%s", f->dir, JOURNAL);
	FILE *in = fopen(path, "r");
	assert_int_equal(fread(journal, 1, sizeof journal, in), len);
	fclose(in);
	for (size_t at = 0; at < len / 2; at++) {
		journal[at] ^= 1;
		file_write(f, JOURNAL, journal, len);
		journal[at] ^= 1;
		void *h = open_people(f);
		assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_DATA, "is damaged at byte");
		ferry_connector.close(h);
		assert_string_equal(file_read(f, "p.csv"), "(none)");
	}
}

/* Died after the new file took its place and before the journal was removed: it is not merged again. */
static void a_merge_is_not_done_twice(void **state)
{
	struct fixture *f = *state;
	struct folder folder = {.host = &f->host, .path = f->dir, .lock_ms = 50};
	struct journal j;
	struct rest_buf note = {0};
	struct stat st;
	char path[512], journal[4096];

	size_t len = die_after(f, 2);
	snprintf(path, sizeof path, "%s/%s", f->dir, JOURNAL);
	FILE *in = fopen(path, "r");
	assert_int_equal(fread(journal, 1, sizeof journal, in), len);
	fclose(in);
	recover(f);
	snprintf(path, sizeof path, "%s/p.csv", f->dir);
	for (int mine = 0; mine < 2; mine++) {
		file_write(f, JOURNAL, journal, len);
		/* written in place: the same file, of other contents */
		file_text(f, "p.csv", "id,name,amount\n7,Eve,\n");
		assert_int_equal(stat(path, &st), 0);
		uint64_t id[2] = {st.st_dev, st.st_ino + !mine};
		rest_buf_reset(&note);
		rest_add(&note, id, sizeof id);
		folder.fd = openat(AT_FDCWD, f->dir, O_RDONLY);
		journal_init(&j, &folder, "p.csv");
		assert_success(f, journal_lock(&j, &f->err));
		assert_success(f, journal_append(&j, FRAME_MERGED, &note, &f->err));
		journal_release(&j);
		folder_close(&folder);
		recover(f);
		assert_string_equal(file_read(f, "p.csv"), mine ? "id,name,amount\n7,Eve,\n" :
				    "id,name,amount\n7,Eve,\n1,Ann,12.50\n2,Bo,\n");
		assert_string_equal(file_names(f), "p.csv");
	}
	rest_buf_release(&note);
}

/* The settings are other ones by now: what was written is merged as it was meant. */
static void settings_change_in_between(void **state)
{
	struct fixture *f = *state;

	die_after(f, 1);
	void *h = open_destination(f, FERRY_MODE_MIRROR, S("name", "p.csv", "delimiter", ";"));
	assert_success(f, apply(f, h, FERRY_CREATE, people + FIELDS, 1));
	ferry_connector.close(h);
	/* which this one cannot read, and says so */
	assert_non_null(strstr(f->log, "has no column to write for 'id', 'name', 'amount'"));
	assert_string_equal(file_read(f, "p.csv"), "id,name,amount\n1,Ann,12.50\n");
}

static void no_room(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, small;
	char *text = malloc(100000), *end = text + 100000, *p = text;

	p += snprintf(p, (size_t)(end - p), "id,name,amount\n");
	for (int i = 1000; i < 6000; i++)
		p += snprintf(p, (size_t)(end - p), "%d,name,\n", i);
	file_text(f, "p.csv", text);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 40000;
	setrlimit(RLIMIT_FSIZE, &small);
	void *h = open_people(f);
	/* told when it is written, not when it is merged */
	assert_failure(f, apply(f, h, FERRY_CREATE, people, 3), FERRY_E_UNAVAILABLE, "no room for the new file");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_string_equal(file_read(f, "p.csv"), text);
	assert_success(f, apply(f, h, FERRY_CREATE, people, 1));
	ferry_connector.close(h);
	snprintf(p, (size_t)(end - p), "1,Ann,12.50\n");
	assert_string_equal(file_read(f, "p.csv"), text);
	assert_string_equal(file_names(f), "p.csv");
	free(text);
}

/* ------------------------------------------------------------------ killed at any moment */

enum { ROUND_ROWS = 400 };

/* Writes rows FROM.. one by one, telling each that was acknowledged; then closes and ends. */
static void write_rows(struct fixture *f, int64_t from, int tell)
{
	void *h = open_people(f);

	if (ferry_connector.validate_setup(h, &f->err))
		_exit(1);
	for (int64_t i = from; i < from + ROUND_ROWS; i++) {
		struct ferry_value row[FIELDS] = {INT(i), TEXT("name"), NOTHING};
		if (apply(f, h, FERRY_CREATE, row, 1) || write(tell, &i, sizeof i) != sizeof i)
			_exit(1);
		/* every now and then what is written so far is merged, by a handle of its own */
		if (i % 50 == 49) {
			ferry_connector.close(h);
			h = open_people(f);
		}
	}
	ferry_connector.close(h);
	_exit(0);
}

/* The file as it stands: a header and whole lines, each key once. Returns how many rows. */
static int64_t count_rows(struct fixture *f, bool *seen, int64_t most)
{
	char path[512], line[256];
	long long id;
	int64_t n = 0;

	snprintf(path, sizeof path, "%s/p.csv", f->dir);
	FILE *in = fopen(path, "r");
	if (!in)
		return 0;
	assert_non_null(fgets(line, sizeof line, in));
	assert_string_equal(line, "id,name,amount\n");
	memset(seen, 0, (size_t)most);
	while (fgets(line, sizeof line, in)) {
		char end[3] = "";
		assert_int_equal(sscanf(line, "%lld,name%2s", &id, end), 2);
		assert_string_equal(end, ",");
		assert_true(id >= 0 && id < most && !seen[id]);
		assert_int_equal(line[strlen(line) - 1], '\n');
		seen[id] = true;
		n++;
	}
	fclose(in);
	return n;
}

static void killed_at_any_moment(void **state)
{
	struct fixture *f = *state;
	enum { ROUNDS = 40, MOST = ROUNDS * ROUND_ROWS };
	static bool seen[MOST], acked[MOST];
	int64_t id;

	srand(20260131);
	for (int round = 0; round < ROUNDS; round++) {
		int pipes[2];
		assert_int_equal(pipe(pipes), 0);
		pid_t pid = fork();
		if (!pid) {
			close(pipes[0]);
			write_rows(f, round * ROUND_ROWS, pipes[1]);
		}
		close(pipes[1]);
		struct timespec nap = {0, rand() % 40 * 1000000L};
		nanosleep(&nap, NULL);
		count_rows(f, seen, MOST);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(pipes[0], &id, sizeof id) == sizeof id)
			acked[id] = true;
		close(pipes[0]);
		count_rows(f, seen, MOST);
		recover(f);
		assert_true(count_rows(f, seen, MOST) > 0 || round < 3);
		for (int64_t i = 0; i < MOST; i++)
			if (acked[i] && !seen[i])
				fail_msg("row %d was acknowledged and is not there", (int)i);
		/* nothing is left beside it */
		assert_null(strstr(file_names(f), ".p.csv"));
	}
}

/* Several processes write one file: each waits for the others, and no row is lost or doubled. */
static void several_at_once(void **state)
{
	struct fixture *f = *state;
	enum { WRITERS = 4, EACH = 120, MOST = WRITERS * EACH };
	static bool seen[MOST];
	pid_t pids[WRITERS];

	for (int w = 0; w < WRITERS; w++) {
		pids[w] = fork();
		if (pids[w])
			continue;
		void *h = open_people(f);
		for (int64_t i = w * EACH; i < (w + 1) * EACH; i++) {
			struct ferry_value row[FIELDS] = {INT(i), TEXT("name"), NOTHING};
			while (apply(f, h, FERRY_CREATE, row, 1))
				if (f->err.code != FERRY_E_UNAVAILABLE)
					_exit(1);
			if (i % 40 == 39) {
				ferry_connector.close(h);
				h = open_people(f);
			}
		}
		ferry_connector.close(h);
		_exit(0);
	}
	for (int w = 0; w < WRITERS; w++) {
		int status;
		assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
		assert_int_equal(status, 0);
	}
	recover(f);
	assert_int_equal(count_rows(f, seen, MOST), MOST);
	assert_string_equal(file_names(f), "p.csv");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_that_dies),
		TEST(a_torn_end),
		TEST(a_damaged_journal),
		TEST(a_merge_is_not_done_twice),
		TEST(settings_change_in_between),
		TEST(no_room),
		TEST(killed_at_any_moment),
		TEST(several_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
