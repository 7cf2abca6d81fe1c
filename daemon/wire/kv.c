/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv.c - LMDB.
 *
 * A map is sparse address space, so it starts at 64 MiB and doubles whenever a transaction finds it
 * full; another process may have grown it meanwhile (MDB_MAP_RESIZED). Debian's 0.9.24 reports a
 * full disk as EIO; statvfs tells it apart.
 */
#include "wire/kv.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "wire/hash.h"

#define TABLES 16
#define MAP_FIRST ((size_t)64 << 20)
#define META "meta"
#define SUM 8				/* bytes of checksum in front of each value */

struct kv_env {
	MDB_env *env;
	MDB_dbi dbi[TABLES], meta;
	const char *names[TABLES];
	char *path;
	bool readonly;
	bool found;			/* its tables are those that are there, and their names ours */
	char kind[48];
	uint32_t version;
};

struct kv_txn {
	struct kv_env *env;
	MDB_txn *txn;
	bool write, full;
	struct ferry_error err;
};

struct kv_cursor {
	struct kv_txn *txn;
	MDB_cursor *cur;
	int table;
	bool unchecked;
};

static bool disk_is_full(const char *path)
{
	struct statvfs v;
	return statvfs(path, &v) == 0 && v.f_bavail * v.f_frsize < ((uint64_t)1 << 20);
}

static int failed(const struct kv_env *env, int rc, const char *what, struct ferry_error *err)
{
	if (rc == ENOSPC || rc == EDQUOT || (rc == EIO && disk_is_full(env->path)))
		return ferry_fail(err, FERRY_E_DISK_FULL, "%s: %s: the disk is full", env->path, what);
	if (rc == ENOMEM)
		return ferry_fail(err, FERRY_E_NOMEM, "%s: %s: out of memory", env->path, what);
	if (rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND || rc == MDB_INVALID || rc == MDB_PANIC)
		return ferry_fail(err, FERRY_E_STORE_CORRUPT, "%s: %s: %s", env->path, what, mdb_strerror(rc));
	return ferry_fail(err, FERRY_E_STORE, "%s: %s: %s", env->path, what, mdb_strerror(rc));
}

/* -------------------------------------------------------------- environment */

static int check_meta(struct kv_env *env, MDB_txn *txn, const char *kind, uint32_t version,
		      struct ferry_error *err)
{
	MDB_val key = {4, "kind"}, value;
	char text[64];

	int rc = mdb_get(txn, env->meta, &key, &value);
	if (rc == MDB_NOTFOUND && !env->readonly) {
		snprintf(text, sizeof text, "%s %u", kind, version);
		value = (MDB_val){strlen(text), text};
		rc = mdb_put(txn, env->meta, &key, &value, 0);
		return rc ? failed(env, rc, "write", err) : 0;
	}
	if (rc)
		return failed(env, rc, "read", err);
	snprintf(text, sizeof text, "%.*s", (int)value.mv_size, (const char *)value.mv_data);
	char *space = strrchr(text, ' ');
	unsigned long found = space ? strtoul(space, NULL, 10) : 0;
	if (space)
		*space = '\0';
	env->version = (uint32_t)found;
	snprintf(env->kind, sizeof env->kind, "%.*s", (int)sizeof env->kind - 1, text);
	if (!kind)
		return 0;
	if (!space || strcmp(text, kind) != 0)
		return ferry_fail(err, FERRY_E_STORE_CORRUPT, "%s: it is no %s store", env->path, kind);
	if (found > version)
		return ferry_fail(err, FERRY_E_STORE_VERSION,
				  "%s: its format is version %lu, this ferry knows up to %u", env->path, found, version);
	return 0;
}

/* Whatever tables there are. */
static int open_found(struct kv_env *env, MDB_txn *txn)
{
	MDB_cursor *cur;
	MDB_val k, v;
	MDB_dbi all;
	size_t n = 0;

	int rc = mdb_dbi_open(txn, NULL, 0, &all);
	if (rc == 0)
		rc = mdb_cursor_open(txn, all, &cur);
	if (rc)
		return rc;
	env->found = true;
	while ((rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT)) == 0) {
		if (n == TABLES)
			rc = MDB_DBS_FULL;
		if (rc || (k.mv_size == strlen(META) && memcmp(k.mv_data, META, k.mv_size) == 0))
			continue;
		env->names[n] = ferry_strndup(k.mv_data, k.mv_size);
		rc = mdb_dbi_open(txn, env->names[n], 0, &env->dbi[n]);
		n++;
		if (rc)
			break;
	}
	mdb_cursor_close(cur);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int open_tables(struct kv_env *env, const char *kind, uint32_t version,
		       const char *const *tables, struct ferry_error *err)
{
	MDB_txn *txn;
	unsigned create = env->readonly ? 0 : MDB_CREATE;
	int rc = mdb_txn_begin(env->env, NULL, env->readonly ? MDB_RDONLY : 0, &txn);

	if (rc)
		return failed(env, rc, "begin", err);
	rc = mdb_dbi_open(txn, META, create, &env->meta);
	if (rc == 0 && check_meta(env, txn, kind, version, err) != 0) {
		mdb_txn_abort(txn);
		return -1;
	}
	if (rc == 0 && !tables)
		rc = open_found(env, txn);
	for (int i = 0; rc == 0 && tables && tables[i]; i++) {
		FERRY_ASSERT(i < TABLES);
		env->names[i] = tables[i];
		rc = mdb_dbi_open(txn, tables[i], create, &env->dbi[i]);
	}
	if (rc) {
		mdb_txn_abort(txn);
		if (rc == MDB_NOTFOUND && env->readonly)
			return ferry_fail(err, FERRY_E_NOT_FOUND, "%s: it has not been made wholly yet", env->path);
		return failed(env, rc, "open tables", err);
	}
	rc = mdb_txn_commit(txn);
	return rc ? failed(env, rc, "commit", err) : 0;
}

/* Make all folders of the path, mode 0700. */
static int make_folders(const char *path)
{
	char *copy = ferry_strdup(path);
	int rc = 0;

	for (char *p = copy + 1; rc == 0; p++) {
		if (*p && *p != '/')
			continue;
		char c = *p;
		*p = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			rc = errno;
		*p = c;
		if (!c)
			break;
	}
	free(copy);
	return rc;
}

static int open_env(const char *path, unsigned flags, const char *kind, uint32_t version,
		    const char *const *tables, struct kv_env **ret, struct ferry_error *err)
{
	struct kv_env *env = ferry_alloc0(1, sizeof *env);
	int rc, dead;

	env->path = ferry_strdup(path);
	bool readonly = env->readonly = flags & MDB_RDONLY;
	rc = readonly ? 0 : make_folders(path);
	if (rc) {
		ferry_fail_errno(err, rc, "%s: cannot be made", path);
		goto out;
	}
	rc = mdb_env_create(&env->env);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(env->env, TABLES + 1);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(env->env, 254);
	struct stat st;
	char *file = ferry_asprintf("%s/data.mdb", path);
	size_t map = MAP_FIRST;
	if (stat(file, &st) == 0)
		while (map < (size_t)st.st_size + MAP_FIRST / 4)
			map *= 2;
	free(file);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env->env, map);
	/* NOTLS: a read transaction belongs to its struct, not to a thread */
	if (rc == 0)
		rc = mdb_env_open(env->env, path, MDB_NOTLS | MDB_NORDAHEAD | flags, 0600);
	if (rc == ENOENT && readonly) {
		ferry_fail(err, FERRY_E_NOT_FOUND, "%s: there is none", path);
		goto out;
	}
	if (rc) {
		failed(env, rc, "open", err);
		goto out;
	}
	mdb_reader_check(env->env, &dead);
	if (open_tables(env, kind, version, tables, err) != 0)
		goto out;
	*ret = env;
	return 0;
out:
	kv_close(env);
	return -1;
}

int kv_open(const char *path, const char *kind, uint32_t version, const char *const *tables,
	    struct kv_env **ret, struct ferry_error *err)
{
	return open_env(path, 0, kind, version, tables, ret, err);
}

int kv_open_read(const char *path, const char *kind, uint32_t version, const char *const *tables,
		 struct kv_env **ret, struct ferry_error *err)
{
	return open_env(path, MDB_RDONLY, kind, version, tables, ret, err);
}

int kv_open_any(const char *path, bool alone, struct kv_env **ret, struct ferry_error *err)
{
	return open_env(path, MDB_RDONLY | (alone ? MDB_NOLOCK : 0), NULL, 0, NULL, ret, err);
}

const char *kv_kind(const struct kv_env *env, uint32_t *ret_version)
{
	*ret_version = env->version;
	return env->kind;
}

void kv_close(struct kv_env *env)
{
	if (!env)
		return;
	if (env->env)
		mdb_env_close(env->env);
	for (int i = 0; env->found && i < TABLES; i++)
		free((char *)(uintptr_t)env->names[i]);
	free(env->path);
	free(env);
}

const char *kv_version(void)
{
	return mdb_version(NULL, NULL, NULL);
}

const char *kv_path(const struct kv_env *env)
{
	return env->path;
}

void kv_clear_stale(struct kv_env *env)
{
	int dead;
	mdb_reader_check(env->env, &dead);
}

int kv_copy(struct kv_env *env, const char *to, struct ferry_error *err)
{
	int rc = mdb_env_copy2(env->env, to, MDB_CP_COMPACT);
	return rc ? failed(env, rc, "copy", err) : 0;
}

/* ------------------------------------------------------------- transactions */

/* Take over the size another process has given the map. */
static int begin(struct kv_env *env, int write, MDB_txn **ret)
{
	for (int tries = 0;; tries++) {
		int rc = mdb_txn_begin(env->env, NULL, write ? 0 : MDB_RDONLY, ret);
		if (rc != MDB_MAP_RESIZED || tries == 3)
			return rc;
		mdb_env_set_mapsize(env->env, 0);
	}
}

int kv_begin(struct kv_env *env, int write, struct kv_txn **ret, struct ferry_error *err)
{
	MDB_txn *raw;
	int rc = begin(env, write, &raw);

	if (rc)
		return failed(env, rc, "begin", err);
	struct kv_txn *txn = ferry_alloc0(1, sizeof *txn);
	txn->env = env;
	txn->txn = raw;
	txn->write = write;
	*ret = txn;
	return 0;
}

static int keep(struct kv_txn *txn, int rc, const char *what)
{
	if (rc == MDB_MAP_FULL || rc == MDB_TXN_FULL)
		txn->full = rc == MDB_MAP_FULL;
	if (txn->err.code == FERRY_OK)
		failed(txn->env, rc, what, &txn->err);
	return -1;
}

static void end(struct kv_txn *txn)
{
	free(txn);
}

void kv_abort(struct kv_txn *txn)
{
	if (!txn)
		return;
	mdb_txn_abort(txn->txn);
	end(txn);
}

void kv_size(const struct kv_env *env, int64_t *ret_used, int64_t *ret_map)
{
	MDB_envinfo info;
	MDB_stat stat;

	mdb_env_info(env->env, &info);
	mdb_env_stat(env->env, &stat);
	*ret_used = ((int64_t)info.me_last_pgno + 1) * stat.ms_psize;
	*ret_map = (int64_t)info.me_mapsize;
}

static int grow(struct kv_env *env, struct ferry_error *err)
{
	MDB_envinfo info;

	mdb_env_info(env->env, &info);
	int rc = mdb_env_set_mapsize(env->env, info.me_mapsize * 2);
	return rc ? failed(env, rc, "grow the map", err) : 0;
}

/* 1: the map was full, has grown, do it again */
static int commit(struct kv_txn *txn, struct ferry_error *err)
{
	struct kv_env *env = txn->env;
	int rc = 0;

	if (txn->err.code != FERRY_OK) {
		mdb_txn_abort(txn->txn);
	} else {
		rc = mdb_txn_commit(txn->txn);
		if (rc)
			keep(txn, rc, "commit");
	}
	bool full = txn->full;
	if (txn->err.code != FERRY_OK && err)
		*err = txn->err;
	rc = txn->err.code == FERRY_OK ? 0 : -1;
	end(txn);
	if (!full)
		return rc;
	if (disk_is_full(env->path))
		return ferry_fail(err, FERRY_E_DISK_FULL, "%s: the disk is full", env->path);
	return grow(env, err) != 0 ? -1 : 1;
}

int kv_update(struct kv_env *env, int (*fn)(struct kv_txn *txn, void *ctx, struct ferry_error *err),
	      void *ctx, struct ferry_error *err)
{
	int rc;

	do {
		/* an attempt that found the map full is no error of the caller's */
		struct ferry_error e = {0};
		struct kv_txn *txn;
		if (kv_begin(env, KV_WRITE, &txn, err) != 0)
			return -1;
		if (fn(txn, ctx, &e) != 0 && !txn->full) {
			kv_abort(txn);
			rc = -1;
		} else {
			rc = commit(txn, &e);
		}
		if (rc < 0 && err)
			*err = e;
	} while (rc > 0);
	return rc;
}

/* ------------------------------------------------------------------- values */

static MDB_val raw(struct kv_bytes b)
{
	return (MDB_val){b.len, (void *)(uintptr_t)b.p};
}

/* Strip and compare the checksum; it covers the key too, so that no record can take another's place. */
static uint64_t checksum(const MDB_val *key, const void *p, size_t len)
{
	return hash64(p, len) ^ (hash64(key->mv_data, key->mv_size) * 0x9E3779B97F4A7C15u);
}

static void key_hex(const MDB_val *key, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < key->mv_size && n + 3 < size && i < 32; i++)
		n += (size_t)snprintf(out + n, size - n, "%02x", ((const uint8_t *)key->mv_data)[i]);
}

static int unwrap(struct kv_txn *txn, int table, const MDB_val *key, const MDB_val *v, struct kv_bytes *ret)
{
	uint64_t sum;

	if (v->mv_size >= SUM) {
		memcpy(&sum, v->mv_data, SUM);
		ret->p = (const char *)v->mv_data + SUM;
		ret->len = v->mv_size - SUM;
		if (sum == checksum(key, ret->p, ret->len))
			return 0;
	}
	char hex[80] = "";
	key_hex(key, hex, sizeof hex);
	if (txn->err.code == FERRY_OK)
		ferry_fail(&txn->err, FERRY_E_STORE_CORRUPT, "%s: table %s: the record with key 0x%s is damaged",
			   txn->env->path, txn->env->names[table], hex);
	return -1;
}

static int give(struct kv_txn *txn, struct ferry_error *err)
{
	if (err)
		*err = txn->err;
	return -1;
}

int kv_get(struct kv_txn *txn, int table, struct kv_bytes key, struct kv_bytes *ret, struct ferry_error *err)
{
	MDB_val k = raw(key), v;

	if (txn->err.code != FERRY_OK)
		return give(txn, err);
	int rc = mdb_get(txn->txn, txn->env->dbi[table], &k, &v);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc)
		keep(txn, rc, "read");
	else
		unwrap(txn, table, &k, &v, ret);
	return txn->err.code == FERRY_OK ? 1 : give(txn, err);
}

static int put(struct kv_txn *txn, int table, struct kv_bytes key, struct kv_bytes value, unsigned flags)
{
	MDB_val k = raw(key), v = {value.len + SUM, NULL};

	if (txn->err.code != FERRY_OK)
		return txn->err.code;
	FERRY_ASSERT(key.len && key.len <= KV_KEY_MAX);
	int rc = mdb_put(txn->txn, txn->env->dbi[table], &k, &v, flags | MDB_RESERVE);
	if (rc == 0) {
		uint64_t sum = checksum(&k, value.p, value.len);
		memcpy(v.mv_data, &sum, SUM);
		if (value.len)
			memcpy((char *)v.mv_data + SUM, value.p, value.len);
	}
	return rc;
}

void kv_put(struct kv_txn *txn, int table, struct kv_bytes key, struct kv_bytes value)
{
	int rc = put(txn, table, key, value, 0);
	if (rc && txn->err.code == FERRY_OK)
		keep(txn, rc, "write");
}

int kv_insert(struct kv_txn *txn, int table, struct kv_bytes key, struct kv_bytes value)
{
	int rc = put(txn, table, key, value, MDB_NOOVERWRITE);
	if (rc == MDB_KEYEXIST)
		return 1;
	if (rc && txn->err.code == FERRY_OK)
		keep(txn, rc, "write");
	return txn->err.code == FERRY_OK ? 0 : -1;
}

void kv_append(struct kv_txn *txn, int table, struct kv_bytes key, struct kv_bytes value)
{
	int rc = put(txn, table, key, value, MDB_APPEND);
	if (rc == MDB_KEYEXIST)
		rc = put(txn, table, key, value, 0);
	if (rc && txn->err.code == FERRY_OK)
		keep(txn, rc, "write");
}

void kv_del(struct kv_txn *txn, int table, struct kv_bytes key)
{
	MDB_val k = raw(key);

	if (txn->err.code != FERRY_OK)
		return;
	int rc = mdb_del(txn->txn, txn->env->dbi[table], &k, NULL);
	if (rc && rc != MDB_NOTFOUND)
		keep(txn, rc, "delete");
}

void kv_clear(struct kv_txn *txn, int table)
{
	if (txn->err.code != FERRY_OK)
		return;
	int rc = mdb_drop(txn->txn, txn->env->dbi[table], 0);
	if (rc)
		keep(txn, rc, "clear");
}

int64_t kv_count(struct kv_txn *txn, int table)
{
	MDB_stat st;
	return mdb_stat(txn->txn, txn->env->dbi[table], &st) == 0 ? (int64_t)st.ms_entries : 0;
}

/* -------------------------------------------------------------------- check */

/* One table wholly. What is found by the way is no error of the walk's. */
static int check_table(struct kv_txn *txn, int table, kv_damaged_fn *fn, void *ctx, int64_t *records)
{
	struct kv_bytes none;
	MDB_cursor *cur;
	MDB_stat st;
	MDB_val k, v;
	size_t n = 0;
	char hex[80];

	int rc = mdb_stat(txn->txn, txn->env->dbi[table], &st);
	if (rc == 0)
		rc = mdb_cursor_open(txn->txn, txn->env->dbi[table], &cur);
	if (rc)
		return rc;
	while ((rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT)) == 0) {
		n++;
		if (unwrap(txn, table, &k, &v, &none) == 0)
			continue;
		txn->err.code = FERRY_OK;
		key_hex(&k, hex, sizeof hex);
		fn(ctx, txn->env->names[table], hex);
	}
	mdb_cursor_close(cur);
	*records += (int64_t)n;
	if (rc == MDB_NOTFOUND && n != st.ms_entries)
		fn(ctx, txn->env->names[table], NULL);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int kv_check(struct kv_env *env, kv_damaged_fn *fn, void *ctx, int64_t *ret_records, struct ferry_error *err)
{
	struct kv_txn *txn;

	*ret_records = 0;
	if (kv_begin(env, KV_READ, &txn, err) < 0)
		return -1;
	for (int i = 0; i < TABLES && env->names[i]; i++)
		if (check_table(txn, i, fn, ctx, ret_records) != 0)
			fn(ctx, env->names[i], NULL);
	kv_abort(txn);
	return 0;
}

/* ------------------------------------------------------------------ cursors */

int kv_cursor_open(struct kv_txn *txn, int table, struct kv_cursor **ret, struct ferry_error *err)
{
	MDB_cursor *cur;

	if (txn->err.code != FERRY_OK)
		return give(txn, err);
	int rc = mdb_cursor_open(txn->txn, txn->env->dbi[table], &cur);
	if (rc) {
		keep(txn, rc, "cursor");
		return give(txn, err);
	}
	*ret = ferry_alloc0(1, sizeof **ret);
	**ret = (struct kv_cursor){txn, cur, table, false};
	return 0;
}

void kv_cursor_close(struct kv_cursor *cur)
{
	if (!cur)
		return;
	mdb_cursor_close(cur->cur);
	free(cur);
}

void kv_cursor_unchecked(struct kv_cursor *cur)
{
	cur->unchecked = true;
}

static int move(struct kv_cursor *cur, MDB_cursor_op op, MDB_val *k, struct kv_bytes *key,
		struct kv_bytes *value, struct ferry_error *err)
{
	struct kv_txn *txn = cur->txn;
	MDB_val v;

	if (txn->err.code != FERRY_OK)
		return give(txn, err);
	int rc = mdb_cursor_get(cur->cur, k, &v, op);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc) {
		keep(txn, rc, "read");
		return give(txn, err);
	}
	*key = (struct kv_bytes){k->mv_data, k->mv_size};
	if (cur->unchecked) {
		size_t head = v.mv_size < SUM ? v.mv_size : SUM;
		*value = (struct kv_bytes){(const char *)v.mv_data + head, v.mv_size - head};
		return 1;
	}
	return unwrap(txn, cur->table, k, &v, value) == 0 ? 1 : give(txn, err);
}

int kv_first(struct kv_cursor *cur, struct kv_bytes *key, struct kv_bytes *value, struct ferry_error *err)
{
	MDB_val k = {0, NULL};
	return move(cur, MDB_FIRST, &k, key, value, err);
}

int kv_last(struct kv_cursor *cur, struct kv_bytes *key, struct kv_bytes *value, struct ferry_error *err)
{
	MDB_val k = {0, NULL};
	return move(cur, MDB_LAST, &k, key, value, err);
}

int kv_next(struct kv_cursor *cur, struct kv_bytes *key, struct kv_bytes *value, struct ferry_error *err)
{
	MDB_val k = {0, NULL};
	return move(cur, MDB_NEXT, &k, key, value, err);
}

int kv_prev(struct kv_cursor *cur, struct kv_bytes *key, struct kv_bytes *value, struct ferry_error *err)
{
	MDB_val k = {0, NULL};
	return move(cur, MDB_PREV, &k, key, value, err);
}

int kv_seek(struct kv_cursor *cur, struct kv_bytes at, struct kv_bytes *key, struct kv_bytes *value,
	    struct ferry_error *err)
{
	MDB_val k = raw(at);
	return move(cur, MDB_SET_RANGE, &k, key, value, err);
}

int kv_seek_below(struct kv_cursor *cur, struct kv_bytes end, struct kv_bytes *key, struct kv_bytes *value,
		  struct ferry_error *err)
{
	int rc = kv_seek(cur, end, key, value, err);
	if (rc < 0)
		return rc;
	return rc == 1 ? kv_prev(cur, key, value, err) : kv_last(cur, key, value, err);
}
