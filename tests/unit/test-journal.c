/* SPDX-License-Identifier: Apache-2.0 */
/* test-journal.c - the journal: ids, lists, lines, groups, and what a kill -9 leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/problems.h"

#define SECOND ((int64_t)1000000)

struct place {
	char dir[64];
	struct journal *j;
};

static void must(int rc, const struct ferry_error *err)
{
	if (rc < 0)
		fail_msg("%s", err->msg);
}

static void reopen(struct place *p)
{
	struct ferry_error err = {0};

	journal_close(p->j);
	p->j = NULL;
	must(journal_open(p->dir, &p->j, &err), &err);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	snprintf(p->dir, sizeof p->dir, "/tmp/ferry-journal-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	reopen(p);
	*state = p;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct place *p = *state;

	journal_close(p->j);
	nftw(p->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}

static void put(struct journal *j, int64_t id, const char *sync, enum run_status status, int64_t at)
{
	char json[128];
	int n = snprintf(json, sizeof json, "{\"id\":%lld,\"sync_id\":\"%s\"}", (long long)id,
			 sync);

	journal_put_run(j, &(struct journal_run){id, sync, status, at, json, (size_t)n});
}

static void commit(struct journal *j)
{
	struct ferry_error err = {0};
	must(journal_commit(j, &err), &err);
}

static size_t list(struct journal *j, const struct journal_filter *f, int64_t skip, int64_t limit,
		   int64_t *ids, int64_t *total)
{
	struct ferry_error err = {0};
	size_t n = 999;

	must(journal_list(j, f, skip, limit, ids, &n, total, &err), &err);
	return n;
}

/* ----------------------------------------------------------------------- ids */

static void ids_increase_and_are_never_given_twice(void **state)
{
	struct place *p = *state;
	struct buf out = BUF_INIT;
	struct ferry_error err = {0};

	for (int64_t want = 1; want <= 3; want++) {
		int64_t id = journal_next_run(p->j);
		assert_int_equal(id, want);
		put(p->j, id, "a", RUN_QUEUED, SECOND);
	}
	commit(p->j);
	journal_delete_run(p->j, 3);
	commit(p->j);
	reopen(p);
	assert_int_equal(journal_run(p->j, 3, &out, &err), -1);
	assert_int_equal(err.code, FERRY_E_NOT_FOUND);
	assert_int_equal(journal_run(p->j, 2, &out, &err), 0);
	assert_string_equal(out.s, "{\"id\":2,\"sync_id\":\"a\"}");
	assert_int_equal(journal_next_run(p->j), 4);
	buf_release(&out);
}

static void what_is_not_committed_is_not_there(void **state)
{
	struct place *p = *state;
	struct journal_filter all = {.status = -1};
	int64_t ids[10], total;

	put(p->j, journal_next_run(p->j), "a", RUN_QUEUED, SECOND);
	assert_true(journal_pending(p->j) > 0);
	assert_int_equal(list(p->j, &all, 0, 10, ids, &total), 0);
	reopen(p);
	assert_int_equal(journal_pending(p->j), 0);
	assert_int_equal(list(p->j, &all, 0, 10, ids, &total), 0);
	/* the id was never durable, so nobody was told of it */
	assert_int_equal(journal_next_run(p->j), 1);
}

static void rollback_takes_back_the_end_of_a_group(void **state)
{
	struct place *p = *state;
	struct journal_filter all = {.status = -1};
	int64_t ids[10], total;

	put(p->j, journal_next_run(p->j), "a", RUN_QUEUED, SECOND);
	size_t mark = journal_pending(p->j);
	put(p->j, journal_next_run(p->j), "a", RUN_QUEUED, SECOND);
	journal_put_state(p->j, "x", "1", 1);
	journal_rollback(p->j, mark);
	put(p->j, journal_next_run(p->j), "b", RUN_QUEUED, SECOND);
	commit(p->j);
	assert_int_equal(list(p->j, &all, 0, 10, ids, &total), 2);
	assert_int_equal(ids[0], 3);
	assert_int_equal(ids[1], 1);
	struct buf out = BUF_INIT;
	struct ferry_error err = {0};
	assert_int_equal(journal_state(p->j, "x", &out, &err), -1);
	assert_int_equal(err.code, FERRY_E_NOT_FOUND);
}

/* --------------------------------------------------------------------- lists */

/* 250 runs: sync "a" every third, "a-b" and "b" the others; run i is queued at second i. */
static void fill(struct journal *j)
{
	static const char *const syncs[] = {"a", "a-b", "b"};

	for (int i = 1; i <= 250; i++) {
		int64_t id = journal_next_run(j);
		put(j, id, syncs[i % 3], i % 5 ? RUN_COMPLETED : RUN_FAILED, i * SECOND);
	}
	commit(j);
}

static void pages_are_newest_first(void **state)
{
	struct place *p = *state;
	struct journal_filter all = {.status = -1};
	int64_t ids[100], total;

	fill(p->j);
	assert_int_equal(list(p->j, &all, 0, 20, ids, &total), 20);
	assert_int_equal(total, 250);
	for (int i = 0; i < 20; i++)
		assert_int_equal(ids[i], 250 - i);
	assert_int_equal(list(p->j, &all, 240, 20, ids, &total), 10);
	assert_int_equal(ids[9], 1);
	assert_int_equal(total, 250);
	assert_int_equal(list(p->j, &all, 250, 20, ids, &total), 0);
	assert_int_equal(list(p->j, &all, 1000000, 20, ids, &total), 0);
	assert_int_equal(total, 250);
}

static void filters_count_what_they_take(void **state)
{
	struct place *p = *state;
	int64_t ids[100], total;

	fill(p->j);
	struct journal_filter a = {.sync = "a", .status = -1};
	assert_int_equal(list(p->j, &a, 0, 100, ids, &total), 83);
	assert_int_equal(total, 83);
	assert_int_equal(ids[0], 249);
	assert_int_equal(ids[82], 3);
	struct journal_filter failed = {.status = RUN_FAILED};
	assert_int_equal(list(p->j, &failed, 10, 5, ids, &total), 5);
	assert_int_equal(total, 50);
	assert_int_equal(ids[0], 200);
	struct journal_filter both = {.sync = "a-b", .status = RUN_FAILED};
	list(p->j, &both, 0, 100, ids, &total);
	assert_int_equal(total, 17);
	struct journal_filter span = {.status = -1, .from = 10 * SECOND, .to = 12 * SECOND};
	assert_int_equal(list(p->j, &span, 0, 100, ids, &total), 3);
	assert_int_equal(ids[0], 12);
	assert_int_equal(ids[2], 10);
	struct journal_filter none = {.sync = "c", .status = -1};
	assert_int_equal(list(p->j, &none, 0, 100, ids, &total), 0);
	assert_int_equal(total, 0);
	/* the last in the table, so that the walk starts at the table's end */
	struct journal_filter b = {.sync = "b", .status = -1};
	assert_int_equal(list(p->j, &b, 0, 1, ids, NULL), 1);
	assert_int_equal(ids[0], 248);
}

static void a_new_status_takes_the_old_ones_place(void **state)
{
	struct place *p = *state;
	struct journal_filter queued = {.status = RUN_QUEUED}, done = {.sync = "a",
		.status = RUN_COMPLETED};
	int64_t ids[10], total;

	put(p->j, journal_next_run(p->j), "a", RUN_QUEUED, SECOND);
	commit(p->j);
	assert_int_equal(list(p->j, &queued, 0, 10, ids, &total), 1);
	put(p->j, 1, "a", RUN_COMPLETED, SECOND);
	commit(p->j);
	assert_int_equal(list(p->j, &queued, 0, 10, ids, &total), 0);
	assert_int_equal(list(p->j, &done, 0, 10, ids, &total), 1);
	assert_int_equal(total, 1);
}

/* --------------------------------------------------------------------- lines */

static void add_line(struct journal *j, int64_t run, struct journal_tally *t, const char *segment,
		     int n)
{
	char json[64];
	int len = snprintf(json, sizeof json, "{\"n\":%d}", n);

	journal_add_line(j, JOURNAL_LOGS, run, t, segment, json, (size_t)len);
}

static int64_t lines(struct journal *j, int64_t run, const char *segment, int64_t after,
		     int64_t skip, int64_t limit, const char *want)
{
	struct buf items = BUF_INIT;
	struct ferry_error err = {0};
	int64_t total;

	must(journal_lines(j, JOURNAL_LOGS, run, segment, after, skip, limit, &items, &total, &err),
	     &err);
	assert_string_equal(buf_str(&items), want);
	buf_release(&items);
	return total;
}

static void lines_are_capped_and_counted(void **state)
{
	struct place *p = *state;
	struct journal_tally t = {.max = 3}, none = {.max = 0};

	for (int i = 1; i <= 5; i++)
		add_line(p->j, 7, &t, "s", i);
	add_line(p->j, 8, &none, "s", 1);
	commit(p->j);
	assert_int_equal(t.total, 5);
	assert_int_equal(t.stored, 3);
	assert_int_equal(none.total, 1);
	assert_int_equal(lines(p->j, 7, NULL, 0, 0, 10,
			       "{\"seq\":1,\"n\":1},{\"seq\":2,\"n\":2},{\"seq\":3,\"n\":3}"), 3);
	assert_int_equal(lines(p->j, 8, NULL, 0, 0, 10, ""), 0);
	assert_int_equal(lines(p->j, 6, NULL, 0, 0, 10, ""), 0);
}

static void lines_are_paged_and_followed(void **state)
{
	struct place *p = *state;
	struct journal_tally t = {.max = 100};

	for (int i = 1; i <= 6; i++)
		add_line(p->j, 7, &t, i % 2 ? "odd" : "even", i);
	add_line(p->j, 8, &(struct journal_tally){.max = 9}, "odd", 99);
	commit(p->j);
	assert_int_equal(lines(p->j, 7, NULL, 0, 2, 2, "{\"seq\":3,\"n\":3},{\"seq\":4,\"n\":4}"),
			 6);
	assert_int_equal(lines(p->j, 7, NULL, 5, 0, 10, "{\"seq\":6,\"n\":6}"), 1);
	assert_int_equal(lines(p->j, 7, NULL, 6, 0, 10, ""), 0);
	assert_int_equal(lines(p->j, 7, NULL, 60, 0, 10, ""), 0);
	assert_int_equal(lines(p->j, 7, "even", 0, 1, 1, "{\"seq\":4,\"n\":4}"), 3);
	assert_int_equal(lines(p->j, 7, "odd", 1, 0, 9, "{\"seq\":3,\"n\":3},{\"seq\":5,\"n\":5}"),
			 2);
	assert_int_equal(lines(p->j, 7, "eve", 0, 0, 9, ""), 0);
}

static void a_deleted_run_leaves_nothing(void **state)
{
	struct place *p = *state;
	struct journal_filter all = {.status = -1}, of_a = {.sync = "a", .status = -1};
	struct journal_tally t = {.max = 100}, t2 = {.max = 100};
	int64_t ids[10], total;

	for (int i = 0; i < 2; i++)
		put(p->j, journal_next_run(p->j), "a", RUN_COMPLETED, SECOND);
	for (int i = 1; i <= 5; i++)
		add_line(p->j, 1, &t, "s", i);
	add_line(p->j, 2, &t2, "s", 1);
	commit(p->j);
	journal_delete_run(p->j, 1);
	journal_delete_run(p->j, 77);
	commit(p->j);
	assert_int_equal(list(p->j, &all, 0, 10, ids, &total), 1);
	assert_int_equal(total, 1);
	assert_int_equal(list(p->j, &of_a, 0, 10, ids, &total), 1);
	assert_int_equal(ids[0], 2);
	lines(p->j, 1, NULL, 0, 0, 10, "");
	lines(p->j, 2, NULL, 0, 0, 10, "{\"seq\":1,\"n\":1}");
}

static void the_audit_is_newest_first(void **state)
{
	struct place *p = *state;
	const struct journal_audit_filter all = {0};
	struct buf items = BUF_INIT;
	struct ferry_error err = {0};
	int64_t total, next;

	journal_add_audit(p->j, "{\"a\":1}", 7);
	journal_add_audit(p->j, "{}", 2);
	commit(p->j);
	reopen(p);
	journal_add_audit(p->j, "{\"a\":3}", 7);
	commit(p->j);
	must(journal_audit(p->j, &all, 0, 2, &items, &total, &next, &err), &err);
	assert_int_equal(total, 3);
	assert_string_equal(items.s, "{\"id\":3,\"a\":3},{\"id\":2}");
	buf_reset(&items);
	must(journal_audit(p->j, &all, 2, 2, &items, &total, &next, &err), &err);
	assert_string_equal(items.s, "{\"id\":1,\"a\":1}");
	buf_release(&items);
}

static void add_entries(struct place *p, const char *who, const char *action, int n)
{
	char json[160];

	for (int i = 0; i < n; i++) {
		int len = snprintf(json, sizeof json, "{\"at\":\"2026-01-%02dT00:00:00Z\",\"who\":\"%s\",\"action\":\"%s\","
				   "\"target\":\"\\\"action\\\":\\\"odd\\\"\"}", i % 28 + 1, who, action);
		journal_add_audit(p->j, json, (size_t)len);
		if (i % 1000 == 0)
			commit(p->j);
	}
	commit(p->j);
}

static int64_t look(struct place *p, const struct journal_audit_filter *of, int64_t *ret_next)
{
	struct buf items = BUF_INIT;
	struct ferry_error err = {0};
	int64_t total;

	must(journal_audit(p->j, of, 0, 5, &items, &total, ret_next, &err), &err);
	buf_release(&items);
	return total;
}

static void the_audit_is_searched_a_piece_at_a_time(void **state)
{
	struct place *p = *state;
	int64_t next;

	add_entries(p, "uid 7 (ann)", "pause", 3);
	add_entries(p, "uid 0 (root)", "trigger", 20000);
	assert_int_equal(look(p, &(struct journal_audit_filter){.action = "trigger"}, &next), 20000);
	assert_int_equal(next, 4);
	assert_int_equal(look(p, &(struct journal_audit_filter){.actor = "ann"}, &next), 0);
	assert_int_equal(next, 4);
	assert_int_equal(look(p, &(struct journal_audit_filter){.actor = "ann", .before = next}, &next), 3);
	assert_int_equal(next, 0);
	/* what stands in another member is not it */
	assert_int_equal(look(p, &(struct journal_audit_filter){.action = "odd", .before = 100}, &next), 0);
	assert_int_equal(look(p, &(struct journal_audit_filter){.actor = "odd", .before = 100}, &next), 0);
	assert_int_equal(look(p, &(struct journal_audit_filter){.actor = "\"", .before = 100}, &next), 0);
	assert_int_equal(look(p, &(struct journal_audit_filter){.before = 1}, &next), 0);
	assert_int_equal(look(p, &(struct journal_audit_filter){.actor = "", .before = 10}, &next), 9);
}

/* -------------------------------------------------------------------- damage */

/* Commits for ever, and says each id only after its commit. */
static void write_until_killed(const char *dir, int say)
{
	struct journal *j;
	struct journal_tally t = {.max = 1000000};

	if (journal_open(dir, &j, NULL) < 0)
		_exit(1);
	for (;;) {
		int64_t id = journal_next_run(j);
		put(j, id, "a", RUN_RUNNING, id * SECOND);
		for (int i = 0; i < 20; i++)
			add_line(j, id, &(struct journal_tally){.max = 9, .stored = i % 9}, "s", i);
		add_line(j, 1000000, &t, "s", (int)id);
		if (journal_commit(j, NULL) < 0 || write(say, &id, sizeof id) != sizeof id)
			_exit(1);
	}
}

static void what_was_committed_survives_kill_9(void **state)
{
	struct place *p = *state;
	struct ferry_error err = {0};
	struct buf out = BUF_INIT;
	int64_t id = 0, last = 0;
	int fds[2];

	journal_close(p->j);
	p->j = NULL;
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0)
		write_until_killed(p->dir, fds[1]);
	close(fds[1]);
	for (int i = 0; i < 25; i++) {
		assert_int_equal(read(fds[0], &id, sizeof id), sizeof id);
		last = id;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (read(fds[0], &id, sizeof id) == sizeof id)
		last = id;
	close(fds[0]);
	reopen(p);
	for (int64_t i = 1; i <= last; i++) {
		buf_reset(&out);
		must(journal_run(p->j, i, &out, &err), &err);
	}
	assert_true(journal_next_run(p->j) > last);
	buf_release(&out);
}

/* Flip a bit of that text wherever the environment's file has it, and leave the journal closed. */
static int flip(struct place *p, const char *text)
{
	char path[128];
	struct stat st;
	int flipped = 0;

	journal_close(p->j);
	p->j = NULL;
	snprintf(path, sizeof path, "%s/journal/data.mdb", p->dir);
	int fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	char *map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *hit = map;
	while ((hit = memmem(hit, (size_t)(st.st_size - (hit - map)), text, strlen(text)))) {
		hit[3] ^= 4;
		flipped++;
	}
	munmap(map, (size_t)st.st_size);
	close(fd);
	return flipped;
}

static void a_damaged_run_is_said_and_not_used(void **state)
{
	struct place *p = *state;
	struct ferry_error err = {0};
	struct buf out = BUF_INIT;
	static const char text[] = "{\"id\":1,\"mine\":\"abcdefgh\"}";

	journal_put_run(p->j, &(struct journal_run){journal_next_run(p->j), "a", RUN_COMPLETED, SECOND, text,
			sizeof text - 1});
	put(p->j, journal_next_run(p->j), "a", RUN_COMPLETED, SECOND);
	commit(p->j);
	int flipped = flip(p, "abcdefgh");
	assert_true(flipped > 0);
	reopen(p);
	assert_int_equal(journal_run(p->j, 1, &out, &err), -1);
	assert_int_equal(err.code, FERRY_E_STORE_CORRUPT);
	assert_non_null(strstr(err.msg, "runs"));
	/* the others are as good as before, and so is the list */
	struct journal_filter all = {.status = -1};
	int64_t ids[10], total;
	assert_int_equal(list(p->j, &all, 0, 10, ids, &total), 2);
	assert_int_equal(journal_run(p->j, 2, &out, &err), 0);
	buf_release(&out);
}

/* -------------------------------------------------------------------- problems */

static void put_problem(struct journal *j, const char *form, const char *message)
{
	struct problem p = {.arena = ARENA_INIT, .id = problem_next_id(j), .sync = "a", .segment = "s", .form = form,
			    .key = "k", .group = "g", .code = "C", .severity = "error", .message = message,
			    .times = 1, .opened_at = SECOND};

	problem_put(j, &p);
	problem_release(&p);
}

static int64_t find_problem(struct journal *j, const char *form)
{
	struct ferry_error err = {0};
	struct problem p;
	int rc = problem_find(j, "a", "s", form, &p, &err);

	if (rc <= 0)
		return rc;
	int64_t id = p.id;
	problem_release(&p);
	return id;
}

static void a_change_builds_upon_what_is_pending(void **state)
{
	struct place *p = *state;
	struct ferry_error err = {0};
	struct problem_filter all = {.status = -1};
	struct problem one;
	int64_t ids[4], total;
	size_t n;

	put_problem(p->j, "aa", "first");
	assert_int_equal(find_problem(p->j, "aa"), 1);
	assert_int_equal(find_problem(p->j, "ab"), 0);
	/* people see it only when it is durable */
	must(problems_list(p->j, &all, 0, 4, ids, &n, &total, &err), &err);
	assert_int_equal(total, 0);
	size_t mark = journal_pending(p->j);
	must(problem_get(p->j, 1, &one, &err), &err);
	one.status = PROBLEM_CLEARED;
	one.closed_at = 2 * SECOND;
	problem_put(p->j, &one);
	problem_release(&one);
	assert_int_equal(find_problem(p->j, "aa"), 0);
	journal_rollback(p->j, mark);
	assert_int_equal(find_problem(p->j, "aa"), 1);
	commit(p->j);
	reopen(p);
	assert_int_equal(find_problem(p->j, "aa"), 1);
	must(problems_list(p->j, &all, 0, 4, ids, &n, &total, &err), &err);
	assert_int_equal(total, 1);
	put_problem(p->j, "ab", "second");
	assert_int_equal(find_problem(p->j, "ab"), 2);
}

static void a_problem_is_read_as_it_was_put(void **state)
{
	struct place *p = *state;
	struct problem full = {
		.arena = ARENA_INIT, .id = 7, .status = PROBLEM_IGNORED, .sync = "a", .segment = "s", .form = "aa",
		.key = "k\"1", .group = "g", .code = "C", .severity = "warning", .message = "m\n", .field = "f",
		.fields_json = "{\"x\":1.50}", .candidates_json = "[{\"dest_id\":\"d\"}]", .request = "r",
		.answer = "a", .first_run = 1, .last_run = 9, .times = 3, .opened_at = SECOND, .updated_at = 2 * SECOND,
		.resolution = {.action = "ignore", .until = 9 * SECOND, .by = "me", .at = 3 * SECOND, .after_run = 4},
	};
	struct buf one = BUF_INIT, two = BUF_INIT;
	struct ferry_error err = {0};
	struct problem got;

	problem_note(&full, &(struct problem_moment){SECOND, 1, "opened", "g", NULL});
	problem_note(&full, &(struct problem_moment){SECOND, 0, "ignored", "g", "me"});
	problem_put(p->j, &full);
	commit(p->j);
	must(problem_get(p->j, 7, &got, &err), &err);
	problem_json(&full, &one);
	problem_json(&got, &two);
	assert_string_equal(one.s, two.s);
	assert_non_null(strstr(one.s, "1.50"));
	problem_release(&full);
	problem_release(&got);
	buf_release(&one);
	buf_release(&two);
}

static void a_damaged_problem_is_said_and_not_used(void **state)
{
	struct place *p = *state;
	struct problem_filter all = {.status = -1};
	struct ferry_error err = {0};
	struct buf out = BUF_INIT;
	int64_t ids[4];
	size_t n;

	put_problem(p->j, "aa", "abcdefgh");
	put_problem(p->j, "ab", "another");
	commit(p->j);
	assert_true(flip(p, "abcdefgh") > 0);
	reopen(p);
	assert_int_equal(find_problem(p->j, "aa"), -1);
	assert_int_equal(problem_text(p->j, 1, &out, &err), -1);
	assert_int_equal(err.code, FERRY_E_STORE_CORRUPT);
	must(problems_list(p->j, &all, 0, 4, ids, &n, NULL, &err), &err);
	assert_int_equal(n, 2);
	assert_int_equal(find_problem(p->j, "ab"), 2);
	buf_release(&out);
}

static void errors_of_one_key(void **state)
{
	struct place *p = *state;
	struct journal_tally t = {.max = 10};
	struct ferry_error err = {0};
	struct buf items = BUF_INIT;
	static const char *const lines[] = {
		"{\"key\":\"4\",\"raw\":\"a\"}", "{\"key\":\"42\"}", "{\"key\":\"1\",\"raw\":\"\\\"key\\\":\\\"4\\\"\"}",
		"{\"key\":\"4\",\"raw\":\"b\"}",
	};

	for (size_t i = 0; i < 4; i++)
		journal_add_line(p->j, JOURNAL_ERRORS, 3, &t, i ? "s" : "r", lines[i], strlen(lines[i]));
	commit(p->j);
	must(journal_errors_of(p->j, 3, NULL, "4", 10, &items, &err), &err);
	assert_string_equal(buf_str(&items), "{\"seq\":1,\"key\":\"4\",\"raw\":\"a\"},{\"seq\":4,\"key\":\"4\",\"raw\":\"b\"}");
	buf_reset(&items);
	must(journal_errors_of(p->j, 3, "s", "4", 10, &items, &err), &err);
	assert_string_equal(buf_str(&items), "{\"seq\":4,\"key\":\"4\",\"raw\":\"b\"}");
	buf_reset(&items);
	must(journal_errors_of(p->j, 2, NULL, "4", 10, &items, &err), &err);
	assert_string_equal(buf_str(&items), "");
	buf_release(&items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ids_increase_and_are_never_given_twice, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_not_committed_is_not_there, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rollback_takes_back_the_end_of_a_group, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pages_are_newest_first, setup, teardown),
		cmocka_unit_test_setup_teardown(filters_count_what_they_take, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_status_takes_the_old_ones_place, setup,
						teardown),
		cmocka_unit_test_setup_teardown(lines_are_capped_and_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_are_paged_and_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deleted_run_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(the_audit_is_newest_first, setup, teardown),
		cmocka_unit_test_setup_teardown(the_audit_is_searched_a_piece_at_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_committed_survives_kill_9, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_damaged_run_is_said_and_not_used, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_change_builds_upon_what_is_pending, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_problem_is_read_as_it_was_put, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_problem_is_said_and_not_used, setup,
						teardown),
		cmocka_unit_test_setup_teardown(errors_of_one_key, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
