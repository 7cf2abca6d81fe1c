/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.c - putting a backup back.
 *
 * STATE/restoring is being copied to, and worth nothing. Renamed to STATE/restored it is whole, and
 * that rename decides: from then on only moving is left, which can be done again from any point. Each
 * part (journal, plans, snapshots) that is still below STATE/restored has not been put in place; what
 * stands in its place is the old one, and goes aside.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/backup.h"
#include "store/journal.h"
#include "store/snapshot.h"
#include "wire/json.h"

static const char *const parts[] = {"journal", "plans", "snapshots"};
enum { PARTS = sizeof parts / sizeof parts[0] };

static bool exists(const char *dir, const char *name)
{
	char *path = ferry_asprintf("%s/%s", dir, name);
	struct stat st;
	bool there = lstat(path, &st) == 0;

	free(path);
	return there;
}

bool restore_occupied(const char *state_dir)
{
	for (int i = 0; i < PARTS; i++)
		if (exists(state_dir, parts[i]))
			return true;
	return exists(state_dir, "restored");
}

/* ------------------------------------------------------------------------ copying */

static int copy_bytes(FILE *in, FILE *out)
{
	char chunk[65536];
	size_t n;

	while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
		if (fwrite(chunk, 1, n, out) != n)
			return -1;
	return ferror(in) || fflush(out) != 0 || fsync(fileno(out)) < 0 ? -1 : 0;
}

static int make_parents(char *path, struct ferry_error *err)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		int rc = mkdir(path, 0700) < 0 && errno != EEXIST ? errno : 0;
		*p = '/';
		if (rc)
			return ferry_fail_errno(err, rc, "%s", path);
	}
	return 0;
}

static int copy_file(const char *from_dir, const char *to_dir, const char *rel, struct ferry_error *err)
{
	char *from = ferry_asprintf("%s/%s", from_dir, rel), *to = ferry_asprintf("%s/%s", to_dir, rel);
	int rc = make_parents(to, err);
	FILE *in = rc == 0 ? fopen(from, "rbe") : NULL;

	if (rc == 0 && !in)
		rc = ferry_fail_errno(err, errno, "%s", from);
	FILE *out = rc == 0 ? fopen(to, "wbxe") : NULL;
	if (rc == 0 && (!out || copy_bytes(in, out) < 0))
		rc = ferry_fail_errno(err, errno, "%s", to);
	if (in)
		fclose(in);
	if (out && fclose(out) != 0 && rc == 0)
		rc = ferry_fail_errno(err, errno, "%s", to);
	free(from);
	free(to);
	return rc;
}

/* "snapshots/SYNC/SEGMENT/data.mdb": its run after this one believes nothing. */
static int mark_snapshot(const char *dir, const struct backup_manifest *m, const char *path, struct ferry_error *err)
{
	char *copy = ferry_strdup(path), *save = NULL, since[CLOCK_TEXT];
	struct snapshot *s;

	strtok_r(copy, "/", &save);
	const char *sync = strtok_r(NULL, "/", &save), *segment = strtok_r(NULL, "/", &save);
	clock_format(m->made_at, since);
	int rc = snapshot_open(dir, sync, segment, &s, err);
	if (rc == 0) {
		rc = snapshot_distrust(s, since, err);
		snapshot_close(s);
	}
	free(copy);
	return rc;
}

static int audit(const char *dir, const char *from, const struct backup_manifest *m, struct ferry_error *err)
{
	struct journal *j;
	struct buf json = BUF_INIT, result = BUF_INIT;

	if (journal_open(dir, &j, err) < 0)
		return -1;
	buf_adds(&result, "as it was at ");
	char since[CLOCK_TEXT];
	clock_format(m->made_at, since);
	buf_adds(&result, since);
	jw_open(&json, NULL, '{');
	jw_time(&json, "at", clock_now());
	jw_int(&json, "uid", getuid());
	jw_text(&json, "who", "ferryd --restore");
	jw_text(&json, "action", "restore");
	jw_text(&json, "target", from);
	jw_text(&json, "result", buf_str(&result));
	jw_close(&json, '}');
	journal_add_audit(j, json.s, json.len);
	int rc = journal_commit(j, err);
	journal_close(j);
	buf_release(&json);
	buf_release(&result);
	return rc;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* What root puts back belongs to whom the folder belongs to. */
static int give(const char *path, const struct stat *to, struct ferry_error *err)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int rc = 0;

	while (dir && rc == 0 && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		char *below = ferry_asprintf("%s/%s", path, e->d_name);
		rc = give(below, to, err);
		free(below);
	}
	if (dir)
		closedir(dir);
	if (rc == 0 && lchown(path, to->st_uid, to->st_gid) < 0)
		rc = ferry_fail_errno(err, errno, "%s", path);
	return rc;
}

static int sync_dir(const char *path, struct ferry_error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0 || fsync(fd) < 0)
		rc = ferry_fail_errno(err, errno, "%s", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Folders after what stands in them. */
static int sync_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	return type == FTW_DP ? sync_dir(path, NULL) : 0;
}

static int make_parts(const char *dir, struct ferry_error *err)
{
	for (int i = 0; i < PARTS; i++) {
		char *path = ferry_asprintf("%s/%s", dir, parts[i]);
		int rc = mkdir(path, 0700) < 0 && errno != EEXIST ? ferry_fail_errno(err, errno, "%s", path) : 0;
		free(path);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int fill(const char *dir, const struct backup_manifest *m, const char *to, struct ferry_error *err)
{
	for (size_t i = 0; i < m->n; i++) {
		const char *path = m->files[i].path;
		if (strcmp(m->files[i].kind, "config") != 0 && copy_file(dir, to, path, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->files[i].kind, "snapshot") == 0 && mark_snapshot(to, m, m->files[i].path, err) < 0)
			return -1;
	return make_parts(to, err) < 0 ? -1 : audit(to, dir, m, err);
}

/* The name of the folder for what was there stands in the new one until all is moved. */
static int note_aside(const char *dir, const char *name, struct ferry_error *err)
{
	char *path = ferry_asprintf("%s/aside", dir);
	FILE *out = fopen(path, "we");
	int rc = 0;

	if (!out || fputs(name, out) < 0 || fflush(out) != 0 || fsync(fileno(out)) < 0)
		rc = ferry_fail_errno(err, errno, "%s", path);
	if (out)
		fclose(out);
	free(path);
	return rc;
}

static char *aside_name(void)
{
	char now[CLOCK_TEXT];

	clock_format(clock_now(), now);
	now[19] = '\0';			/* to the second */
	return ferry_asprintf("before-restore-%s", now);
}

int restore_copy(const char *dir, const struct backup_manifest *m, const char *state_dir, char **ret_aside,
		 struct ferry_error *err)
{
	char *to = ferry_asprintf("%s/restoring", state_dir), *whole = ferry_asprintf("%s/restored", state_dir);
	char *aside = aside_name();
	struct stat st;

	/* what an attempt that did not get so far has left */
	nftw(to, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	int rc = mkdir(to, 0700) < 0 ? ferry_fail_errno(err, errno, "%s", to) : 0;
	if (rc == 0)
		rc = fill(dir, m, to, err);
	if (rc == 0)
		rc = note_aside(to, aside, err);
	if (rc == 0 && geteuid() == 0 && stat(state_dir, &st) == 0)
		rc = give(to, &st, err);
	if (rc == 0 && nftw(to, sync_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		rc = ferry_fail_errno(err, errno, "%s", to);
	if (rc == 0 && rename(to, whole) < 0)
		rc = ferry_fail_errno(err, errno, "%s", whole);
	if (rc == 0)
		rc = sync_dir(state_dir, err);
	if (rc < 0)
		nftw(to, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (rc == 0)
		*ret_aside = aside;
	else
		free(aside);
	free(to);
	free(whole);
	return rc;
}

/* ------------------------------------------------------------------ putting in place */

static int move(const char *from_dir, const char *to_dir, const char *name, struct ferry_error *err)
{
	char *from = ferry_asprintf("%s/%s", from_dir, name), *to = ferry_asprintf("%s/%s", to_dir, name);
	int rc = rename(from, to) < 0 ? ferry_fail_errno(err, errno, "%s to %s", from, to) : 0;

	free(from);
	free(to);
	return rc;
}

static int swap(const char *state_dir, const char *whole, const char *aside, struct ferry_error *err)
{
	if (mkdir(aside, 0700) < 0 && errno != EEXIST)
		return ferry_fail_errno(err, errno, "%s", aside);
	for (int i = 0; i < PARTS; i++) {
		if (!exists(whole, parts[i]))
			continue;
		if (exists(state_dir, parts[i]) && move(state_dir, aside, parts[i], err) < 0)
			return -1;
		if (move(whole, state_dir, parts[i], err) < 0)
			return -1;
	}
	rmdir(aside);			/* nothing was there: it goes */
	return sync_dir(state_dir, err);
}

int restore_finish(const char *state_dir, struct ferry_error *err)
{
	char *whole = ferry_asprintf("%s/restored", state_dir), *note = ferry_asprintf("%s/aside", whole);
	struct buf name = BUF_INIT;
	struct stat st;
	int rc = 0;

	if (exists(state_dir, "restored")) {
		if (buf_read_file(&name, note, 200) != 0 || strchr(buf_str(&name), '/') || !name.len) {
			buf_reset(&name);
			buf_adds(&name, "before-restore");
		}
		char *aside = ferry_asprintf("%s/%s", state_dir, name.s);
		rc = swap(state_dir, whole, aside, err);
		if (rc == 0 && geteuid() == 0 && stat(state_dir, &st) == 0 && lchown(aside, st.st_uid, st.st_gid) < 0 &&
		    errno != ENOENT)
			rc = ferry_fail_errno(err, errno, "%s", aside);
		free(aside);
		if (rc == 0) {
			unlink(note);
			rmdir(whole);
		}
	}
	buf_release(&name);
	free(whole);
	free(note);
	return rc < 0 ? ferry_within(err, "putting a restored state in place") : 0;
}
