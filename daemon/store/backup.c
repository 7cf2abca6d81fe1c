/* SPDX-License-Identifier: Apache-2.0 */
/* backup.c - making a backup, and reading what one says of itself. */
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/envs.h"
#include "wire/hash.h"
#include "wire/json.h"
#include "wire/kv.h"

enum { FORMAT = 1, CHUNK = 1 << 20 };
#define MANIFEST "manifest.json"
#define MANIFEST_MAX ((size_t)256 << 20)
#define FILES_MAX 1000000

/* ---------------------------------------------------------------------- checksums */

/* The hash of the hashes of each MiB. */
int backup_checksum(const char *path, int64_t *ret_bytes, uint64_t *ret, struct ferry_error *err)
{
	FILE *in = fopen(path, "rbe");
	struct buf sums = BUF_INIT;
	char *chunk;
	size_t n;

	if (!in)
		return ferry_fail_errno(err, errno, "%s", path);
	chunk = ferry_alloc(CHUNK);
	*ret_bytes = 0;
	while ((n = fread(chunk, 1, CHUNK, in)) > 0) {
		uint64_t sum = hash64(chunk, n);
		buf_add(&sums, &sum, sizeof sum);
		*ret_bytes += (int64_t)n;
	}
	int e = ferror(in) ? errno : 0;
	*ret = hash64(buf_str(&sums), sums.len);
	fclose(in);
	free(chunk);
	buf_release(&sums);
	return e ? ferry_fail_errno(err, e, "%s", path) : 0;
}

/* ------------------------------------------------------------------------- making */

struct making {
	const struct backup_request *r;
	struct arena *arena;
	struct backup_manifest *m;
	size_t cap;
	int64_t done, total;
};

static int sync_path(const char *path, struct ferry_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0) {
		int e = errno;
		if (fd >= 0)
			close(fd);
		return ferry_fail_errno(err, e, "%s", path);
	}
	close(fd);
	return 0;
}

/* All folders of a path below the backup's. */
static int make_folders(const char *dir, const char *rel, struct ferry_error *err)
{
	int rc = 0;

	for (const char *slash = strchr(rel, '/'); slash && rc == 0; slash = strchr(slash + 1, '/')) {
		char *path = ferry_asprintf("%s/%.*s", dir, (int)(slash - rel), rel);
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			rc = ferry_fail_errno(err, errno, "%s", path);
		free(path);
	}
	return rc;
}

/* The file is there: onto the disk with it, and into the manifest. */
static int note_file(struct making *k, const char *rel, const char *kind, uint32_t version, struct ferry_error *err)
{
	char *path = ferry_asprintf("%s/%s", k->r->dir, rel);
	struct backup_file f = {
		.path = arena_strdup(k->arena, rel), .kind = arena_strdup(k->arena, kind), .version = version,
	};

	int rc = sync_path(path, err);
	if (rc == 0)
		rc = backup_checksum(path, &f.bytes, &f.checksum, err);
	free(path);
	if (rc < 0)
		return -1;
	if (k->m->n == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 64;
		struct backup_file *more = arena_alloc0(k->arena, k->cap, sizeof *more);
		if (k->m->n)
			memcpy(more, k->m->files, k->m->n * sizeof *more);
		k->m->files = more;
	}
	k->m->files[k->m->n++] = f;
	k->m->bytes += f.bytes;
	return 0;
}

static int copy_env(struct making *k, const char *env, struct ferry_error *err)
{
	char *from = ferry_asprintf("%s/%s", k->r->state_dir, env), *file = ferry_asprintf("%s/data.mdb", env);
	char *to = ferry_asprintf("%s/%s", k->r->dir, env);
	struct kv_env *e = NULL;
	char kind[48] = "";
	uint32_t version = 0;

	int rc = kv_open_any(from, false, &e, err);
	if (rc == 0) {
		snprintf(kind, sizeof kind, "%s", kv_kind(e, &version));
		rc = make_folders(k->r->dir, file, err);
	}
	if (rc == 0)
		rc = kv_copy(e, to, err);
	kv_close(e);
	if (rc == 0)
		rc = note_file(k, file, kind, version, err);
	free(from);
	free(file);
	free(to);
	return rc;
}

static int one_env(void *ctx, const char *env, struct ferry_error *err)
{
	struct making *k = ctx;
	struct ferry_error gone = {0};

	if (k->r->stopped && k->r->stopped(k->r->ctx))
		return ferry_fail(err, FERRY_E_CANCELLED, "the backup was stopped");
	int64_t before = k->m->bytes;
	int rc = copy_env(k, env, &gone);
	/* one may just be made, with nothing in it yet, and a plan may be dropped, while this looks */
	if (rc < 0 && gone.code == FERRY_E_NOT_FOUND)
		return 0;
	if (rc < 0)
		*err = gone;
	k->done += k->m->bytes - before;
	if (rc == 0 && k->r->tell)
		k->r->tell(k->r->ctx, env, k->m->bytes - before, k->done, k->total);
	return rc;
}

static int put_text(struct making *k, const char *rel, const char *text, size_t len, struct ferry_error *err)
{
	char *path = ferry_asprintf("%s/%s", k->r->dir, rel);
	int rc = make_folders(k->r->dir, rel, err);
	FILE *out = rc == 0 ? fopen(path, "wxe") : NULL;

	if (rc == 0 && (!out || (len && fwrite(text, 1, len, out) != len) || fflush(out) != 0))
		rc = ferry_fail_errno(err, errno, "%s", path);
	if (out)
		fclose(out);
	free(path);
	return rc;
}

static int put_texts(struct making *k, struct ferry_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < k->r->n_texts; i++) {
		const struct backup_text *t = &k->r->texts[i];
		char *rel = ferry_asprintf("config/%s", t->name);
		rc = put_text(k, rel, t->text, t->len, err);
		if (rc == 0)
			rc = note_file(k, rel, "config", 0, err);
		free(rel);
	}
	return rc;
}

static void manifest_json(const struct backup_manifest *m, const char *state_dir, struct buf *b)
{
	char sum[24];

	jw_open(b, NULL, '{');
	jw_int(b, "ferry_backup", FORMAT);
	jw_text(b, "ferry", m->ferry);
	jw_time(b, "made_at", m->made_at);
	jw_int(b, "generation", m->generation);
	jw_text(b, "state_dir", state_dir);
	jw_open(b, "files", '[');
	for (size_t i = 0; i < m->n; i++) {
		const struct backup_file *f = &m->files[i];
		snprintf(sum, sizeof sum, "%016llx", (unsigned long long)f->checksum);
		jw_open(b, NULL, '{');
		jw_text(b, "path", f->path);
		jw_text(b, "kind", f->kind);
		jw_int(b, "version", f->version);
		jw_int(b, "bytes", f->bytes);
		jw_text(b, "checksum", sum);
		jw_close(b, '}');
	}
	jw_close(b, ']');
	jw_close(b, '}');
	buf_addc(b, '\n');
}

/* Under its name only when it is whole and on the disk. */
static int put_manifest(struct making *k, struct ferry_error *err)
{
	char *part = ferry_asprintf("%s/" MANIFEST ".part", k->r->dir);
	char *whole = ferry_asprintf("%s/" MANIFEST, k->r->dir);
	struct buf text = BUF_INIT;

	manifest_json(k->m, k->r->state_dir, &text);
	int rc = put_text(k, MANIFEST ".part", text.s, text.len, err);
	if (rc == 0)
		rc = sync_path(part, err);
	if (rc == 0 && rename(part, whole) < 0)
		rc = ferry_fail_errno(err, errno, "%s", whole);
	if (rc == 0)
		rc = sync_path(k->r->dir, err);
	buf_release(&text);
	free(part);
	free(whole);
	return rc;
}

/* ftw has no context: folders are synced one by one, and what failed is taken away. */
static int sync_folder(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	return type == FTW_DP ? sync_path(path, NULL) : 0;
}

static int remove_below(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	return at->level ? remove(path) : 0;
}

static int add_size(void *ctx, const char *env, struct ferry_error *err)
{
	struct making *k = ctx;
	char *path = ferry_asprintf("%s/%s/data.mdb", k->r->state_dir, env);
	struct stat st;

	(void)err;
	if (stat(path, &st) == 0)
		k->total += (int64_t)st.st_blocks * 512;
	free(path);
	return 0;
}

/* The folder, and room for all in it; compacted it takes less than that. */
static int check_room(struct making *k, struct ferry_error *err)
{
	struct statvfs v;

	if (envs_each(k->r->state_dir, add_size, k, err) < 0)
		return -1;
	if (statvfs(k->r->dir, &v) < 0)
		return ferry_fail_errno(err, errno, "%s", k->r->dir);
	if ((int64_t)(v.f_bavail * v.f_frsize) >= k->total)
		return 0;
	return ferry_fail(err, FERRY_E_DISK_FULL, "%s: the state takes up to %lld MiB, and %lld MiB are free there",
			  k->r->dir, (long long)(k->total >> 20), (long long)((v.f_bavail * v.f_frsize) >> 20));
}

static int is_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)st;
	(void)type;
	return at->level > 0;
}

static bool is_inside(const char *dir, const char *state_dir, const char *what)
{
	char *path = ferry_asprintf("%s/%s", state_dir, what);
	size_t n = strlen(path);
	bool inside = strncmp(dir, path, n) == 0 && (!dir[n] || dir[n] == '/');

	free(path);
	return inside;
}

static int refused(const char *dir, int e, struct ferry_error *err)
{
	ferry_fail_errno(err, e, "%s cannot be written to by the daemon", dir);
	if (e == EROFS)
		return ferry_hint(err, "The daemon's sandbox leaves it only its own folders: choose one below its "
				  "state folder, or allow this one with ReadWritePaths= in a drop-in of "
				  "ferryd.service.");
	if (e == EACCES || e == EPERM)
		return ferry_hint(err, "Make the folder first, empty, and give it to the daemon's user.");
	if (e == ENOENT)
		return ferry_hint(err, "The folder above it must be there. Under systemd the daemon may have a /tmp "
				  "of its own.");
	return -1;
}

static int take_folder(const struct backup_request *r, struct ferry_error *err)
{
	struct stat st;

	if (r->dir[0] != '/')
		return ferry_fail(err, FERRY_E_USAGE, "'%s' is no absolute path", r->dir);
	if (is_inside(r->dir, r->state_dir, "journal") || is_inside(r->dir, r->state_dir, "snapshots") ||
	    is_inside(r->dir, r->state_dir, "plans"))
		return ferry_fail(err, FERRY_E_USAGE, "%s is a part of what is to be copied", r->dir);
	if (mkdir(r->dir, 0700) == 0)
		return 0;
	int e = errno;
	if (e != EEXIST)
		return refused(r->dir, e, err);
	if (stat(r->dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return ferry_fail(err, FERRY_E_USAGE, "%s is no folder", r->dir);
	if (nftw(r->dir, is_entry, 8, FTW_PHYS) != 0) {
		ferry_fail(err, FERRY_E_USAGE, "%s is not empty", r->dir);
		return ferry_hint(err, "Each backup needs a folder of its own.");
	}
	return access(r->dir, W_OK | X_OK) < 0 ? refused(r->dir, errno, err) : 0;
}

int backup_make(const struct backup_request *r, struct arena *arena, struct backup_manifest *ret,
		struct ferry_error *err)
{
	struct making k = {.r = r, .arena = arena, .m = ret};

	*ret = (struct backup_manifest){.ferry = r->version, .made_at = clock_now(), .generation = r->generation};
	if (take_folder(r, err) < 0)
		return -1;
	int rc = check_room(&k, err);
	if (rc == 0)
		rc = envs_each(r->state_dir, one_env, &k, err);
	if (rc == 0)
		rc = put_texts(&k, err);
	if (rc == 0 && nftw(r->dir, sync_folder, 16, FTW_DEPTH | FTW_PHYS) != 0)
		rc = ferry_fail_errno(err, errno, "%s", r->dir);
	if (rc == 0)
		rc = put_manifest(&k, err);
	if (rc < 0)
		nftw(r->dir, remove_below, 16, FTW_DEPTH | FTW_PHYS);
	return rc;
}

/* ------------------------------------------------------------------------ reading */

/* Nothing but what a backup has, so that none can write elsewhere when it is put back. */
static bool is_path(const char *path)
{
	const char *name = strrchr(path, '/');

	if (strncmp(path, "config/", 7) == 0)
		return !strstr(path, "/.") && !strstr(path, "//") && name[1];
	if (!name || strcmp(name, "/data.mdb") != 0)
		return false;
	char *env = ferry_strndup(path, (size_t)(name - path));
	bool ok = envs_is_one(env);
	free(env);
	return ok;
}

static int read_file(json_node *node, size_t i, struct arena *arena, struct backup_file *f, struct ferry_error *err)
{
	const char *sum = json_get_text(node, "checksum", "");
	int64_t version = json_get_int(node, "version", -1);

	f->path = arena_strdup(arena, json_get_text(node, "path", ""));
	f->kind = arena_strdup(arena, json_get_text(node, "kind", ""));
	f->bytes = json_get_int(node, "bytes", -1);
	f->checksum = strtoull(sum, NULL, 16);
	f->version = (uint32_t)version;
	if (!is_path(f->path) || f->bytes < 0 || version < 0 || version > UINT32_MAX || strlen(sum) != 16 ||
	    sum[strspn(sum, "0123456789abcdef")])
		return ferry_fail(err, FERRY_E_DATA, MANIFEST ": file number %zu does not belong to a backup", i + 1);
	return 0;
}

int backup_parse(const char *text, size_t len, struct arena *arena, struct backup_manifest *ret,
		 struct ferry_error *err)
{
	struct ferry_error why = {0};
	struct json_doc *doc = NULL;
	int rc = 0;

	if (json_parse(text, len, MANIFEST, &doc, &why) < 0)
		return ferry_fail(err, FERRY_E_DATA, "%s", why.msg);
	json_node *root = json_root(doc), *files = json_get(root, "files");
	int64_t format = json_get_int(root, "ferry_backup", 0);
	const char *at = json_get_text(root, "made_at", "");
	*ret = (struct backup_manifest){.ferry = arena_strdup(arena, json_get_text(root, "ferry", "?")),
		.generation = json_get_int(root, "generation", 0), .n = json_count(files)};
	if (format > FORMAT)
		rc = ferry_fail(err, FERRY_E_STORE_VERSION, "the backup has format %lld, this ferry knows up to %d",
				(long long)format, FORMAT);
	else if (format < 1 || !clock_parse(at, strlen(at), &ret->made_at) || !ret->n || ret->n > FILES_MAX)
		rc = ferry_fail(err, FERRY_E_DATA, MANIFEST ": it is no manifest of a backup");
	ret->files = rc == 0 ? arena_alloc0(arena, ret->n, sizeof *ret->files) : NULL;
	for (size_t i = 0; rc == 0 && i < ret->n; i++) {
		rc = read_file(json_at(files, i), i, arena, &ret->files[i], err);
		ret->bytes += ret->files[i].bytes;
	}
	json_free(doc);
	return rc;
}

int backup_read(const char *dir, struct arena *arena, struct backup_manifest *ret, struct ferry_error *err)
{
	char *path = ferry_asprintf("%s/" MANIFEST, dir);
	struct buf text = BUF_INIT;

	int e = buf_read_file(&text, path, MANIFEST_MAX);
	int rc;

	if (e == ENOENT)
		rc = ferry_fail(err, FERRY_E_NOT_FOUND, "%s has no " MANIFEST ": it is no backup, or was not finished", dir);
	else
		rc = e ? ferry_fail_errno(err, e, "%s", path) : backup_parse(text.s, text.len, arena, ret, err);
	buf_release(&text);
	free(path);
	return rc;
}

static int check_file(const char *dir, const struct backup_file *f, struct ferry_error *err)
{
	bool config = strcmp(f->kind, "config") == 0;
	char *path;
	uint64_t sum;
	int64_t bytes;

	if (!config && !envs_version(f->kind))
		return ferry_fail(err, FERRY_E_STORE_VERSION, "%s is of a kind '%s' that this ferry does not know", f->path,
				  f->kind);
	if (!config && f->version > envs_version(f->kind))
		return ferry_fail(err, FERRY_E_STORE_VERSION, "%s has format %u, this ferry knows up to %u", f->path,
				  (unsigned)f->version, (unsigned)envs_version(f->kind));
	path = ferry_asprintf("%s/%s", dir, f->path);
	int rc = backup_checksum(path, &bytes, &sum, err);
	free(path);
	if (rc == 0 && (bytes != f->bytes || sum != f->checksum))
		return ferry_fail(err, FERRY_E_STORE_CORRUPT, "%s/%s is not as it was when the backup was made", dir,
				  f->path);
	return rc;
}

int backup_check(const char *dir, const struct backup_manifest *m, struct ferry_error *err)
{
	for (size_t i = 0; i < m->n; i++)
		if (check_file(dir, &m->files[i], err) < 0)
			return -1;
	return 0;
}
