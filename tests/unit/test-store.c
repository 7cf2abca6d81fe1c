/* SPDX-License-Identifier: Apache-2.0 */
/* test-store.c - LMDB underneath, snapshots and plans on top of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/value.h"
#include "store/plan_store.h"
#include "store/snapshot.h"

static char folder[] = "/tmp/ferry-store-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof folder - 7, "XXXXXX", 7);
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char cmd[100];

	(void)state;
	snprintf(cmd, sizeof cmd, "rm -rf %s", folder);
	return system(cmd);
}

static struct kv_bytes text(const char *s)
{
	return (struct kv_bytes){s, strlen(s)};
}

static const char *const tables[] = {"one", "two", NULL};

static int put_many(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	char value[4000];
	int n = *(int *)ctx;

	(void)err;
	memset(value, 'v', sizeof value);
	for (int i = 0; i < n; i++) {
		uint8_t key[8];
		kv_be64(key, (uint64_t)i);
		kv_put(txn, 0, (struct kv_bytes){key, 8}, (struct kv_bytes){value, sizeof value});
	}
	return 0;
}

static void the_map_grows_by_itself(void **state)
{
	struct kv_env *env;
	struct kv_txn *txn;
	struct ferry_error err = {0};
	int n = 40000;			/* 160 MB, more than the first map */

	(void)state;
	assert_int_equal(kv_open(folder, "test", 1, tables, &env, &err), 0);
	assert_int_equal(kv_update(env, put_many, &n, &err), 0);
	assert_int_equal(kv_begin(env, KV_READ, &txn, &err), 0);
	assert_int_equal(kv_count(txn, 0), n);
	kv_abort(txn);
	kv_close(env);
}

static void another_kind_and_a_newer_version_are_refused(void **state)
{
	struct kv_env *env;
	struct ferry_error err = {0};

	(void)state;
	assert_int_equal(kv_open(folder, "test", 2, tables, &env, &err), 0);
	kv_close(env);
	assert_int_equal(kv_open(folder, "test", 1, tables, &env, &err), -1);
	assert_int_equal(err.code, FERRY_E_STORE_VERSION);
	assert_int_equal(kv_open(folder, "other", 2, tables, &env, &err), -1);
	assert_int_equal(err.code, FERRY_E_STORE_CORRUPT);
	assert_int_equal(kv_open(folder, "test", 3, tables, &env, &err), 0);
	kv_close(env);
	char *missing = ferry_asprintf("%s/none", folder);
	assert_int_equal(kv_open_read(missing, "test", 1, tables, &env, &err), -1);
	assert_int_equal(err.code, FERRY_E_NOT_FOUND);
	free(missing);
}

static int put_canary(struct kv_txn *txn, void *ctx, struct ferry_error *err)
{
	(void)ctx, (void)err;
	kv_put(txn, 0, text("key"), text("the quick brown fox"));
	return 0;
}

/* Flip one bit of the value on disk: LMDB would not notice. */
static void a_flipped_bit_is_found(void **state)
{
	struct kv_env *env;
	struct kv_txn *txn;
	struct kv_bytes v;
	struct ferry_error err = {0};
	struct buf b = BUF_INIT;
	char *file = ferry_asprintf("%s/data.mdb", folder);

	(void)state;
	assert_int_equal(kv_open(folder, "test", 1, tables, &env, &err), 0);
	assert_int_equal(kv_update(env, put_canary, NULL, &err), 0);
	kv_close(env);
	assert_int_equal(buf_read_file(&b, file, 1 << 30), 0);
	char *at = memmem(b.s, b.len, "quick", 5);
	assert_non_null(at);
	int fd = open(file, O_WRONLY);
	assert_int_equal(pwrite(fd, "quibk", 5, at - b.s), 5);
	close(fd);
	assert_int_equal(kv_open(folder, "test", 1, tables, &env, &err), 0);
	assert_int_equal(kv_begin(env, KV_READ, &txn, &err), 0);
	assert_int_equal(kv_get(txn, 0, text("key"), &v, &err), -1);
	assert_int_equal(err.code, FERRY_E_STORE_CORRUPT);
	assert_non_null(strstr(err.msg, "table one"));
	assert_non_null(strstr(err.msg, "6b6579"));
	kv_abort(txn);
	kv_close(env);
	buf_release(&b);
	free(file);
}

/* ---------------------------------------------------------------- snapshots */

static struct snap_op put(const char *key, const char *id, uint64_t hash)
{
	return (struct snap_op){.kind = SNAP_PUT, .key = text(key),
		.entry = {.hash = {hash, 0}, .dest_id = id, .dest_id_len = strlen(id), .layout = 7, .record = "rec", .record_len = 3}};
}

static void entries_and_intents_change_in_one_commit(void **state)
{
	struct snapshot *s;
	struct snap_reader *r;
	struct ferry_error err = {0};
	struct snap_entry e;
	int64_t entries, intents, pending;
	uint64_t before, after;
	struct snap_intent two[] = {
		{.key = text("a"), .decision = FERRY_CREATE, .run = 9, .dest_id = "", .record = "rec", .record_len = 3},
		{.key = text("z"), .decision = FERRY_DELETE, .run = 9, .dest_id = "id-z", .dest_id_len = 4, .record = ""},
	};
	struct snap_op intend = {.kind = SNAP_INTEND, .group = 7, .intents = two, .n_intents = 2};
	struct snap_op ack[] = {put("a", "id-a", 5), {.kind = SNAP_INTEND, .group = 7, .intents = two + 1, .n_intents = 1}};

	(void)state;
	assert_int_equal(snapshot_open(folder, "sync", "main", &s, &err), 0);
	assert_int_equal(snapshot_commit(s, &intend, 1, &err), 0);
	assert_int_equal(snapshot_generation(s, &before, &err), 0);
	assert_int_equal(snapshot_counts(s, &entries, &intents, &pending, &err), 0);
	assert_int_equal(entries, 0);
	assert_int_equal(intents, 2);
	struct arena arena = ARENA_INIT;
	struct snap_intent *in;
	uint64_t group;
	size_t n;
	assert_int_equal(snapshot_last_group(s, &group, &err), 0);
	assert_int_equal(group, 7);
	assert_int_equal(snapshot_intents(s, 0, &arena, &group, &in, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(group, 7);
	assert_int_equal(in[0].decision, FERRY_CREATE);
	assert_int_equal(in[0].run, 9);
	assert_memory_equal(in[0].record, "rec", 3);
	assert_int_equal(in[1].decision, FERRY_DELETE);
	assert_memory_equal(in[1].dest_id, "id-z", 4);
	assert_int_equal(snapshot_intents(s, 7, &arena, &group, &in, &n, &err), 0);
	assert_int_equal(n, 0);
	arena_release(&arena);
	assert_int_equal(snapshot_commit(s, ack, 2, &err), 0);
	assert_int_equal(snap_reader_open(s, &r, &err), 0);
	assert_int_equal(snap_has_intent(r, text("z"), &err), 1);
	assert_int_equal(snap_has_intent(r, text("a"), &err), 0);
	snap_reader_close(r);
	struct snap_op settled = {.kind = SNAP_INTEND, .group = 7};
	assert_int_equal(snapshot_commit(s, &settled, 1, &err), 0);
	assert_int_equal(snapshot_generation(s, &after, &err), 0);
	assert_true(after > before);
	assert_int_equal(snapshot_counts(s, &entries, &intents, &pending, &err), 0);
	assert_int_equal(entries, 1);
	assert_int_equal(intents, 0);
	assert_int_equal(snap_reader_open(s, &r, &err), 0);
	assert_int_equal(snap_get(r, text("a"), &e, &err), 1);
	assert_int_equal(e.hash.lo, 5);
	assert_int_equal(e.dest_id_len, 4);
	assert_memory_equal(e.dest_id, "id-a", 4);
	assert_int_equal(e.record_len, 3);
	assert_int_equal(e.layout, 7);
	uint64_t ordinal = e.ordinal;
	assert_int_equal(snap_get(r, text("b"), &e, &err), 0);
	snap_reader_close(r);
	/* an entry keeps its ordinal, a new one gets the next */
	struct snap_op again[] = {put("b", "", 1), put("a", "", 6)};
	assert_int_equal(snapshot_commit(s, again, 2, &err), 0);
	assert_int_equal(snap_reader_open(s, &r, &err), 0);
	assert_int_equal(snap_get(r, text("a"), &e, &err), 1);
	assert_int_equal(e.ordinal, ordinal);
	assert_int_equal(snap_get(r, text("b"), &e, &err), 1);
	assert_true(e.ordinal > ordinal);
	snap_reader_close(r);
	snapshot_close(s);
}

/* A process killed at any moment leaves whole commits: an entry, or its intent, never neither. */
static void a_kill_leaves_whole_commits(void **state)
{
	int hits = 0;

	(void)state;
	for (int round = 0; round < 10; round++) {
		struct ferry_error err = {0};
		pid_t pid = fork();
		if (pid == 0) {
			struct snapshot *s;
			if (snapshot_open(folder, "sync", "kill", &s, &err) != 0)
				_exit(1);
			for (int i = 0;; i++) {
				char key[32], next[32];
				snprintf(key, sizeof key, "%d-%06d", round, i);
				snprintf(next, sizeof next, "%d-%06d", round, i + 1);
				struct snap_intent coming = {.key = text(next), .dest_id = "", .record = ""};
				struct snap_op ops[] = {put(key, "", 1),
					{.kind = SNAP_INTEND, .group = (uint64_t)round + 1, .intents = &coming, .n_intents = 1}};
				if (snapshot_commit(s, ops, 2, &err) != 0)
					_exit(1);
			}
		}
		usleep(20000 + 7000 * (useconds_t)round);
		kill(pid, SIGKILL);
		int status;
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		struct snapshot *s;
		int64_t entries, intents, pending;
		assert_int_equal(snapshot_open(folder, "sync", "kill", &s, &err), 0);
		assert_int_equal(snapshot_counts(s, &entries, &intents, &pending, &err), 0);
		hits += entries > 0;
		assert_in_range(intents, 0, round + 1);
		snapshot_close(s);
	}
	assert_true(hits >= 9);
}

/* -------------------------------------------------------------------- plans */

static struct ferry_value fields[2];
static int duplicates;

static void on_duplicate(void *ctx, const struct plan_entry *e)
{
	(void)ctx;
	duplicates++;
	assert_string_equal(e->reason, "NEW_IN_SOURCE");
}

static void add(struct plan_store *p, int64_t id, const char *name, enum ferry_decision d)
{
	struct buf key = BUF_INIT, rec = BUF_INIT;
	struct ferry_value k = value_int(id);
	struct ferry_error err = {0};

	fields[0] = k;
	fields[1] = value_text(name);
	key_encode(&k, 1, &key, NULL);
	record_encode(fields, 2, &rec);
	struct plan_entry e = {.key = {key.s, key.len}, .decision = d, .reason = "NEW_IN_SOURCE", .dest_id = "",
		.record = rec.s, .record_len = rec.len, .before = d == FERRY_UPDATE ? rec.s : NULL,
		.before_len = rec.len};
	assert_int_equal(plan_add(p, &e, &err), 0);
	buf_release(&key);
	buf_release(&rec);
}

static void a_plan_is_complete_only_with_its_header(void **state)
{
	static const char *const names[] = {"id", "secret"};
	static const bool sensitive[] = {false, true};
	struct plan_store *p, *q;
	struct ferry_error err = {0};
	struct arena arena = ARENA_INIT;
	struct plan_header h, got;

	(void)state;
	assert_int_equal(plan_open_read(folder, 3, &p, &err), -1);
	assert_int_equal(err.code, FERRY_E_NOT_FOUND);
	assert_int_equal(plan_create(folder, 3, &p, &err), 0);
	duplicates = 0;
	plan_begin(p, 0, false, on_duplicate, NULL);
	add(p, 2, "two", FERRY_CREATE);
	add(p, -1, "minus one", FERRY_UPDATE);
	add(p, 10, "ten", FERRY_DELETE);
	add(p, 2, "two again", FERRY_CREATE);
	assert_int_equal(plan_flush(p, &err), 0);
	assert_int_equal(duplicates, 1);
	assert_int_equal(plan_header(p, 0, &arena, &got, &err), -1);
	assert_int_equal(err.code, FERRY_E_NOT_FOUND);
	h = (struct plan_header){.segment = "main", .definition = "d", .generation = 4, .key_parts = 1, .names = names,
		.sensitive = sensitive, .n_names = 2, .counters = {.extracted = 3}, .decisions = {1, 1, 1}};
	assert_int_equal(plan_end(p, &h, &err), 0);
	assert_int_equal(plan_open_read(folder, 3, &q, &err), 0);
	assert_int_equal(plan_header(q, 0, &arena, &got, &err), 0);
	assert_int_equal(got.generation, 4);
	assert_int_equal(got.counters.extracted, 3);
	assert_int_equal(got.decisions[FERRY_DELETE], 1);
	struct plan_entry e[10];
	size_t n;
	assert_int_equal(plan_read(q, 0, &got, ~0u, (struct kv_bytes){NULL, 0}, 2, &arena, e, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(e[0].decision, FERRY_UPDATE);
	assert_int_equal(e[1].decision, FERRY_CREATE);
	assert_int_equal(plan_read(q, 0, &got, ~0u, e[1].key, 10, &arena, e, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(e[0].decision, FERRY_DELETE);
	struct buf page = BUF_INIT;
	int64_t total;
	assert_int_equal(plan_page(q, NULL, FERRY_CREATE, NULL, 0, 10, &total, &page, &err), 0);
	assert_int_equal(total, 1);
	assert_non_null(strstr(page.s, "\"key\":\"2\""));
	assert_non_null(strstr(page.s, "\"after\":\"********\""));
	assert_null(strstr(page.s, "two"));
	buf_reset(&page);
	assert_int_equal(plan_page(q, NULL, -1, "10", 0, 10, &total, &page, &err), 0);
	assert_int_equal(total, 1);
	/* a truncated extract turns its deletes into skips, for readers and for apply alike */
	h.truncated = true;
	assert_int_equal(plan_end(p, &h, &err), 0);
	assert_int_equal(plan_header(q, 0, &arena, &got, &err), 0);
	assert_int_equal(plan_read(q, 0, &got, ~0u, (struct kv_bytes){NULL, 0}, 10, &arena, e, &n, &err), 0);
	assert_int_equal(e[2].decision, FERRY_SKIP);
	assert_string_equal(e[2].reason, "EXTRACT_TRUNCATED");
	plan_close(p);
	plan_close(q);
	buf_release(&page);
	arena_release(&arena);
}

int main(void)
{
#define FRESH(fn) cmocka_unit_test_setup_teardown(fn, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		FRESH(the_map_grows_by_itself),
		FRESH(another_kind_and_a_newer_version_are_refused),
		FRESH(a_flipped_bit_is_found),
		FRESH(entries_and_intents_change_in_one_commit),
		FRESH(a_kill_leaves_whole_commits),
		FRESH(a_plan_is_complete_only_with_its_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
