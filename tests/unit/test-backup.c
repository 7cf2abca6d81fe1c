/* SPDX-License-Identifier: Apache-2.0 */
/* test-backup.c - a copy of what is being written, damage found, and a restore broken off anywhere. */
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/backup.h"
#include "store/envs.h"
#include "store/journal.h"
#include "store/plan_store.h"
#include "store/snapshot.h"

struct place {
	char dir[64];
	char *state, *backup, *other;
	struct arena arena;
};

static void must(int rc, const struct ferry_error *err)
{
	if (rc < 0)
		fail_msg("%s", err->msg);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	snprintf(p->dir, sizeof p->dir, "/tmp/ferry-backup-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->state = ferry_asprintf("%s/state", p->dir);
	p->backup = ferry_asprintf("%s/backup", p->dir);
	p->other = ferry_asprintf("%s/other", p->dir);
	assert_int_equal(mkdir(p->other, 0700), 0);
	*state = p;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int teardown(void **state)
{
	struct place *p = *state;

	remove_tree(p->dir);
	arena_release(&p->arena);
	free(p->state);
	free(p->backup);
	free(p->other);
	free(p);
	return 0;
}

/* ---------------------------------------------------------------------- a state */

static void put_keys(struct snapshot *s, int from, int n)
{
	struct snap_op ops[100];
	char keys[100][16], ids[100][16];
	struct ferry_error err = {0};

	for (int i = 0; i < n; i++) {
		int len = snprintf(keys[i], sizeof keys[i], "key %06d", from + i);
		int id_len = snprintf(ids[i], sizeof ids[i], "id %d", from + i);
		ops[i] = (struct snap_op){.kind = SNAP_PUT, .key = {keys[i], (size_t)len},
			.entry = {.dest_id = ids[i], .dest_id_len = (size_t)id_len, .record = "record", .record_len = 6}};
	}
	must(snapshot_commit(s, ops, (size_t)n, &err), &err);
}

static int count_keys(const char *state_dir)
{
	struct ferry_error err = {0};
	struct snap_reader *r;
	struct snap_entry e;
	struct kv_bytes key;
	struct snapshot *s;
	int n = 0, rc;

	must(snapshot_open(state_dir, "people", "main", &s, &err), &err);
	must(snap_reader_open(s, &r, &err), &err);
	while ((rc = snap_next(r, &key, &e, &err)) == 1) {
		char want[16];
		int len = snprintf(want, sizeof want, "key %06d", n);
		assert_int_equal(key.len, len);
		assert_memory_equal(key.p, want, key.len);
		n++;
	}
	must(rc, &err);
	snap_reader_close(r);
	snapshot_close(s);
	return n;
}

static void put_run(struct journal *j)
{
	struct ferry_error err = {0};
	int64_t id = journal_next_run(j);
	char json[64];
	int n = snprintf(json, sizeof json, "{\"id\":%lld}", (long long)id);

	journal_put_run(j, &(struct journal_run){id, "people", RUN_COMPLETED, id, json, (size_t)n});
	must(journal_commit(j, &err), &err);
}

static int64_t count_runs(const char *state_dir)
{
	struct journal_filter all = {.status = JOURNAL_ANY};
	struct ferry_error err = {0};
	struct journal *j;
	int64_t id, total;
	size_t n;

	must(journal_open(state_dir, &j, &err), &err);
	must(journal_list(j, &all, 0, 1, &id, &n, &total, &err), &err);
	journal_close(j);
	return total;
}

static void make_state(const char *dir, int runs, int keys)
{
	struct ferry_error err = {0};
	struct journal *j;
	struct snapshot *s;
	struct plan_store *plan;

	must(journal_open(dir, &j, &err), &err);
	for (int i = 0; i < runs; i++)
		put_run(j);
	journal_close(j);
	must(snapshot_open(dir, "people", "main", &s, &err), &err);
	for (int i = 0; i < keys; i += 100)
		put_keys(s, i, 100);
	snapshot_close(s);
	must(plan_create(dir, 1, &plan, &err), &err);
	plan_close(plan);
}

static int make_backup(struct place *p, struct backup_manifest *m, struct ferry_error *err)
{
	static const struct backup_text texts[] = {{"ferry.yaml", "a: b\n", 5}, {"syncs.d/x.yaml", "", 0}};
	struct backup_request r = {.state_dir = p->state, .dir = p->backup, .version = "1.2.3", .generation = 7,
		.texts = texts, .n_texts = 2};

	return backup_make(&r, &p->arena, m, err);
}

static void on_damage(void *ctx, const char *env, const char *what)
{
	struct buf *b = ctx;
	buf_addf(b, "%s: %s\n", env, what);
}

static struct envs_verdict verify(const char *dir, bool alone, struct buf *told)
{
	struct envs_verdict v;
	struct ferry_error err = {0};

	buf_reset(told);
	must(envs_verify(dir, alone, on_damage, told, &v, &err), &err);
	return v;
}

/* --------------------------------------------------------------------- there and back */

static void put_back_it_is_the_same(void **state)
{
	struct place *p = *state;
	struct ferry_error err = {0};
	struct backup_manifest m, read;
	struct buf told = BUF_INIT, text = BUF_INIT;
	struct snapshot *s;
	const char *since;
	uint64_t before, after;
	char *aside;

	make_state(p->state, 5, 1000);
	must(make_backup(p, &m, &err), &err);
	assert_int_equal(m.n, 5);
	must(backup_read(p->backup, &p->arena, &read, &err), &err);
	assert_int_equal(read.n, 5);
	assert_int_equal(read.bytes, m.bytes);
	assert_int_equal(read.made_at, m.made_at);
	assert_int_equal(read.generation, 7);
	assert_string_equal(read.ferry, "1.2.3");
	/* the journal first, snapshots after it: what the reasoning of a restore stands on */
	assert_string_equal(read.files[0].path, "journal/data.mdb");
	assert_string_equal(read.files[1].path, "plans/1/data.mdb");
	assert_string_equal(read.files[2].path, "snapshots/people/main/data.mdb");
	must(backup_check(p->backup, &read, &err), &err);
	struct envs_verdict v = verify(p->backup, true, &told);
	assert_int_equal(v.environments, 3);
	assert_int_equal(v.damaged, 0);
	assert_true(v.records > 1000);
	char *config = ferry_asprintf("%s/config/ferry.yaml", p->backup);
	assert_int_equal(buf_read_file(&text, config, 100), 0);
	assert_string_equal(text.s, "a: b\n");
	free(config);
	/* no lock file was left in it: it may lie on something that cannot be written to */
	char *lock = ferry_asprintf("%s/journal/lock.mdb", p->backup);
	assert_int_equal(access(lock, F_OK), -1);
	free(lock);

	must(snapshot_open(p->state, "people", "main", &s, &err), &err);
	must(snapshot_generation(s, &before, &err), &err);
	snapshot_close(s);
	assert_false(restore_occupied(p->other));
	must(restore_copy(p->backup, &read, p->other, &aside, &err), &err);
	must(restore_finish(p->other, &err), &err);
	free(aside);
	assert_true(restore_occupied(p->other));
	assert_int_equal(count_runs(p->other), 5);
	assert_int_equal(count_keys(p->other), 1000);
	/* it is marked, and no plan of before fits any more */
	must(snapshot_open(p->other, "people", "main", &s, &err), &err);
	must(snapshot_note(s, "restored", &p->arena, &since, &err), &err);
	assert_non_null(since);
	must(snapshot_generation(s, &after, &err), &err);
	assert_true(after > before);
	must(snapshot_trust(s, &err), &err);
	must(snapshot_note(s, "restored", &p->arena, &since, &err), &err);
	assert_null(since);
	snapshot_close(s);
	buf_release(&told);
	buf_release(&text);
}

/* One process writes as fast as it can, in the order of runs: the snapshot first, then the journal. */
static void write_on(const char *dir)
{
	struct ferry_error err = {0};
	struct journal *j;
	struct snapshot *s;

	if (journal_open(dir, &j, &err) < 0 || snapshot_open(dir, "people", "main", &s, &err) < 0)
		_exit(1);
	for (int i = 1;; i++) {
		put_keys(s, i * 10, 10);
		put_run(j);
	}
}

static void what_is_being_written_is_copied_whole(void **state)
{
	struct place *p = *state;
	struct ferry_error err = {0};
	struct buf told = BUF_INIT;

	make_state(p->state, 1, 0);
	struct snapshot *s;
	must(snapshot_open(p->state, "people", "main", &s, &err), &err);
	put_keys(s, 0, 10);
	snapshot_close(s);
	pid_t pid = fork();
	if (pid == 0)
		write_on(p->state);
	for (int round = 0; round < 20; round++) {
		struct backup_manifest m;
		char *aside;
		must(make_backup(p, &m, &err), &err);
		must(backup_check(p->backup, &m, &err), &err);
		assert_int_equal(verify(p->backup, true, &told).damaged, 0);
		must(restore_copy(p->backup, &m, p->other, &aside, &err), &err);
		must(restore_finish(p->other, &err), &err);
		free(aside);
		/* a run is told of when its rows are in the snapshot: so they are in the copy, too */
		int64_t runs = count_runs(p->other), keys = count_keys(p->other);
		if (keys < runs * 10)
			fail_msg("%lld runs are told of, and only %lld rows are there", (long long)runs, (long long)keys);
		remove_tree(p->backup);
		remove_tree(p->other);
		assert_int_equal(mkdir(p->other, 0700), 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	buf_release(&told);
}

/* ------------------------------------------------------------------------- damage */

/* Change a byte in the middle of that text, wherever it stands. */
static int damage(const char *dir, const char *env, const char *text)
{
	char *path = ferry_asprintf("%s/%s/data.mdb", dir, env);
	struct buf file = BUF_INIT;
	size_t len = strlen(text);
	int n = 0, fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(buf_read_file(&file, path, 64 << 20), 0);
	for (char *at = file.s; (at = memmem(at, file.len - (size_t)(at - file.s), text, len)); at += len, n++)
		assert_int_equal(pwrite(fd, "~", 1, at - file.s + (off_t)len / 2), 1);
	close(fd);
	buf_release(&file);
	free(path);
	return n;
}

static void each_damaged_record_is_named(void **state)
{
	struct place *p = *state;
	struct buf told = BUF_INIT;

	make_state(p->state, 3, 300);
	assert_int_equal(verify(p->state, false, &told).damaged, 0);
	assert_true(damage(p->state, "snapshots/people/main", "id 42record") + damage(p->state, "snapshots/people/main", "id 42") > 0);
	assert_true(damage(p->state, "journal", "{\"id\":2}") > 0);
	struct envs_verdict v = verify(p->state, false, &told);
	assert_int_equal(v.environments, 3);
	assert_int_equal(v.damaged, 2);
	assert_non_null(strstr(told.s, "snapshots/people/main: table entries: the record with key 0x6b657920303030303432 is damaged"));
	assert_non_null(strstr(told.s, "journal: table runs: the record with key 0x0000000000000002 is damaged"));
	buf_release(&told);
}

/* Whatever is done to the pages of a file, the one who looks lives on and says that it is not whole. */
static void damaged_pages_end_only_their_own_process(void **state)
{
	struct place *p = *state;
	struct buf told = BUF_INIT;
	char *path = ferry_asprintf("%s/snapshots/people/main/data.mdb", p->state);
	struct stat st;

	make_state(p->state, 1, 2000);
	assert_int_equal(stat(path, &st), 0);
	int fd = open(path, O_RDWR);
	char junk[512];
	memset(junk, 0xa5, sizeof junk);
	for (off_t at = 2 * 4096; at < st.st_size; at += 4096)
		assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
	close(fd);
	struct envs_verdict v = verify(p->state, true, &told);
	assert_int_equal(v.environments, 3);
	assert_true(v.damaged > 0);
	assert_non_null(strstr(told.s, "snapshots/people/main: "));
	assert_null(strstr(told.s, "journal: "));
	/* cut short */
	assert_int_equal(truncate(path, 3 * 4096), 0);
	assert_true(verify(p->state, true, &told).damaged > 0);
	free(path);
	buf_release(&told);
}

/* ------------------------------------------------------------------------ refusals */

static void folders_that_are_not_taken(void **state)
{
	struct place *p = *state;
	struct backup_manifest m;
	struct ferry_error err = {0};
	char *inside = ferry_asprintf("%s/plans/9", p->state), *whole = p->backup;

	make_state(p->state, 1, 0);
	static const char *const dirs[][2] = {
		{"relative", "is no absolute path"}, {"/proc/ferry", "cannot be written to"},
		{"/no/such/folder", "cannot be written to"}, {"/etc/passwd", "is no folder"}, {"/etc", "is not empty"},
	};
	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		p->backup = (char *)(uintptr_t)dirs[i][0];
		err = (struct ferry_error){0};
		assert_int_equal(make_backup(p, &m, &err), -1);
		if (!strstr(err.msg, dirs[i][1]))
			fail_msg("%s: %s", dirs[i][0], err.msg);
	}
	p->backup = inside;
	err = (struct ferry_error){0};
	assert_int_equal(make_backup(p, &m, &err), -1);
	assert_non_null(strstr(err.msg, "is a part of what is to be copied"));
	/* an empty one is taken; one that failed leaves nothing behind */
	p->backup = p->other;
	char *journal = ferry_asprintf("%s/journal/data.mdb", p->state);
	assert_int_equal(truncate(journal, 100), 0);
	err = (struct ferry_error){0};
	assert_int_equal(make_backup(p, &m, &err), -1);
	assert_int_equal(rmdir(p->other), 0);
	p->backup = whole;
	free(journal);
	free(inside);
}

#define FILE_OF(path, more) \
	"{\"ferry_backup\":1,\"ferry\":\"1\",\"made_at\":\"2026-01-01T00:00:00Z\",\"files\":[{\"path\":\"" path "\"," \
	"\"kind\":\"journal\",\"version\":1,\"bytes\":1,\"checksum\":\"0123456789abcdef\"" more "}]}"

static void manifests(void **state)
{
	static const struct {
		const char *text;
		int code;		/* OK: it is taken */
	} cases[] = {
		{FILE_OF("journal/data.mdb", ""), FERRY_OK},
		{FILE_OF("snapshots/a/b/data.mdb", ""), FERRY_OK},
		{FILE_OF("plans/12/data.mdb", ""), FERRY_OK},
		{FILE_OF("config/syncs.d/a.yaml", ""), FERRY_OK},
		{FILE_OF("../journal/data.mdb", ""), FERRY_E_DATA},
		{FILE_OF("/etc/data.mdb", ""), FERRY_E_DATA},
		{FILE_OF("snapshots/../b/data.mdb", ""), FERRY_E_DATA},
		{FILE_OF("snapshots/a/../data.mdb", ""), FERRY_E_DATA},
		{FILE_OF("snapshots/a/b/c/data.mdb", ""), FERRY_E_DATA},
		{FILE_OF("snapshots/a/data.mdb", ""), FERRY_E_DATA},
		{FILE_OF("plans/x/data.mdb", ""), FERRY_E_DATA},
		{FILE_OF("plans//data.mdb", ""), FERRY_E_DATA},
		{FILE_OF("config/../../x", ""), FERRY_E_DATA},
		{FILE_OF("config/", ""), FERRY_E_DATA},
		{FILE_OF("journal/lock.mdb", ""), FERRY_E_DATA},
		{FILE_OF("lock", ""), FERRY_E_DATA},
		{FILE_OF("journal/data.mdb", ",\"bytes\":-1"), FERRY_E_DATA},
		{FILE_OF("journal/data.mdb", ",\"checksum\":\"12\""), FERRY_E_DATA},
		{FILE_OF("journal/data.mdb", ",\"checksum\":\"0123456789abcdeg\""), FERRY_E_DATA},
		{FILE_OF("journal/data.mdb", ",\"version\":-1"), FERRY_E_DATA},
		{"{\"ferry_backup\":2,\"made_at\":\"2026-01-01T00:00:00Z\",\"files\":[{}]}", FERRY_E_STORE_VERSION},
		{"{\"ferry_backup\":0}", FERRY_E_DATA},
		{"{\"ferry_backup\":1,\"made_at\":\"never\",\"files\":[{}]}", FERRY_E_DATA},
		{"{\"ferry_backup\":1,\"made_at\":\"2026-01-01T00:00:00Z\",\"files\":[]}", FERRY_E_DATA},
		{"{}", FERRY_E_DATA}, {"[]", FERRY_E_DATA}, {"{", FERRY_E_DATA}, {"", FERRY_E_DATA},
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ferry_error err = {0};
		struct backup_manifest m;
		int rc = backup_parse(cases[i].text, strlen(cases[i].text), &p->arena, &m, &err);
		if ((int)err.code != cases[i].code || rc != (cases[i].code ? -1 : 0))
			fail_msg("%s: %s", cases[i].text, err.msg);
	}
}

static void newer_formats_are_refused(void **state)
{
	struct place *p = *state;
	struct backup_manifest m;
	struct ferry_error err = {0};

	make_state(p->state, 1, 100);
	must(make_backup(p, &m, &err), &err);
	m.files[2].version = 99;
	assert_int_equal(backup_check(p->backup, &m, &err), -1);
	assert_int_equal(err.code, FERRY_E_STORE_VERSION);
	m.files[2].version = 1;
	m.files[2].kind = "telepathy";
	err = (struct ferry_error){0};
	assert_int_equal(backup_check(p->backup, &m, &err), -1);
	assert_int_equal(err.code, FERRY_E_STORE_VERSION);
	m.files[2].kind = "snapshot";
	m.files[2].bytes++;
	err = (struct ferry_error){0};
	assert_int_equal(backup_check(p->backup, &m, &err), -1);
	assert_int_equal(err.code, FERRY_E_STORE_CORRUPT);
}

/* ---------------------------------------------------------------- broken off anywhere */

static bool is_there(const char *dir, const char *name)
{
	char *path = ferry_asprintf("%s/%s", dir, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* Undo the last `n` of the moves that put it in place, as if it had been killed before them. */
static void take_back(const char *state, const char *aside, int n)
{
	static const char *const names[] = {"snapshots", "plans", "journal"};
	char *restored = ferry_asprintf("%s/restored", state), *note = ferry_asprintf("%s/aside", restored);

	assert_int_equal(mkdir(restored, 0700), 0);
	FILE *out = fopen(note, "w");
	fputs(aside, out);
	fclose(out);
	for (int i = 0; i < n; i++) {
		char *in_place = ferry_asprintf("%s/%s", state, names[i / 2]);
		char *other = ferry_asprintf("%s/%s/%s", state, i % 2 ? aside : "restored", names[i / 2]);
		/* each part is two moves: the old one aside, the new one in its place */
		assert_int_equal(i % 2 ? rename(other, in_place) : rename(in_place, other), 0);
		free(in_place);
		free(other);
	}
	free(restored);
	free(note);
}

static void a_restore_broken_off_is_finished(void **state)
{
	struct place *p = *state;
	struct ferry_error err = {0};
	struct backup_manifest m;
	char *aside;

	make_state(p->state, 3, 300);
	must(make_backup(p, &m, &err), &err);
	for (int moves = 0; moves <= 6; moves++) {
		remove_tree(p->other);
		assert_int_equal(mkdir(p->other, 0700), 0);
		make_state(p->other, 1, 100);
		must(restore_copy(p->backup, &m, p->other, &aside, &err), &err);
		/* decided, and nothing is moved yet: what is there still is the old one */
		assert_int_equal(count_runs(p->other), 1);
		must(restore_finish(p->other, &err), &err);
		take_back(p->other, aside, moves);
		must(restore_finish(p->other, &err), &err);
		assert_int_equal(count_runs(p->other), 3);
		assert_int_equal(count_keys(p->other), 300);
		assert_false(is_there(p->other, "restored"));
		char *old = ferry_asprintf("%s/%s", p->other, aside);
		assert_int_equal(count_runs(old), 1);
		assert_int_equal(count_keys(old), 100);
		free(old);
		free(aside);
	}
	/* nothing left to finish is no mistake */
	must(restore_finish(p->other, &err), &err);
}

static void one_that_fails_leaves_what_is_there(void **state)
{
	struct place *p = *state;
	struct ferry_error err = {0};
	struct backup_manifest m;
	char *aside, *file = ferry_asprintf("%s/snapshots/people/main/data.mdb", p->backup);

	make_state(p->state, 3, 300);
	must(make_backup(p, &m, &err), &err);
	make_state(p->other, 1, 100);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(restore_copy(p->backup, &m, p->other, &aside, &err), -1);
	must(restore_finish(p->other, &err), &err);
	assert_int_equal(count_runs(p->other), 1);
	assert_int_equal(count_keys(p->other), 100);
	assert_false(is_there(p->other, "restoring"));
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(put_back_it_is_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_being_written_is_copied_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(each_damaged_record_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_pages_end_only_their_own_process, setup, teardown),
		cmocka_unit_test_setup_teardown(folders_that_are_not_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(manifests, setup, teardown),
		cmocka_unit_test_setup_teardown(newer_formats_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_restore_broken_off_is_finished, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_fails_leaves_what_is_there, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
