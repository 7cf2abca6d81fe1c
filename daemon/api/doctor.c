/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.c - what only the daemon can see of its own surroundings: who it is, what it may read and write.
 * Facts alone; what is to be thought of them is ferryctl's business.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "api/call.h"
#include "wire/kv.h"

/* {"path", "exists", "uid", "mode": "0700", "readable", "writable"} of a file or folder */
static void put_path(struct buf *b, const char *key, const char *path)
{
	char *whole = realpath(path, NULL), mode[8];
	struct stat st;

	jw_open(b, key, '{');
	jw_text(b, "path", whole ? whole : path);
	free(whole);
	bool there = stat(path, &st) == 0;
	int why = there ? 0 : errno;
	jw_bool(b, "exists", there || why != ENOENT);
	if (there) {
		snprintf(mode, sizeof mode, "%04o", (unsigned)st.st_mode & 07777);
		jw_int(b, "uid", st.st_uid);
		jw_text(b, "mode", mode);
		jw_bool(b, "regular", S_ISREG(st.st_mode));
	}
	jw_bool(b, "readable", faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0);
	jw_bool(b, "writable", faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0);
	jw_close(b, '}');
}

static void put_user(struct buf *b)
{
	const struct passwd *pw = getpwuid(geteuid());

	jw_open(b, "user", '{');
	jw_int(b, "uid", geteuid());
	jw_text(b, "name", pw ? pw->pw_name : NULL);
	jw_close(b, '}');
}

/* A program that was replaced on disk goes on as it was. */
static bool replaced(void)
{
	static const char deleted[] = " (deleted)";
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1), len = sizeof deleted - 1;

	return n > len && memcmp(exe + n - len, deleted, (size_t)len) == 0;
}

static void put_limit(struct buf *b, const char *key, int what)
{
	struct rlimit limit;

	if (getrlimit(what, &limit) || limit.rlim_cur == RLIM_INFINITY)
		jw_null(b, key);
	else
		jw_int(b, key, (int64_t)limit.rlim_cur);
}

static void put_disk(struct buf *b, const char *state_dir)
{
	struct buf path = BUF_INIT;
	struct statvfs v;
	struct stat st;

	jw_open(b, "disk", '{');
	if (statvfs(state_dir, &v) == 0) {
		jw_int(b, "free_bytes", (int64_t)(v.f_bavail * v.f_frsize));
		jw_int(b, "total_bytes", (int64_t)(v.f_blocks * v.f_frsize));
		/* a file system without a bound has no files at all */
		jw_int(b, "free_files", v.f_files ? (int64_t)v.f_favail : INT64_MAX);
	}
	buf_addf(&path, "%s/journal/data.mdb", state_dir);
	jw_int(b, "journal_bytes", stat(buf_str(&path), &st) == 0 ? st.st_size : 0);
	jw_close(b, '}');
	buf_release(&path);
}

/* What a setting refers to: files that must be readable, and by nobody else; variables that must be set. */
static void put_references(struct buf *b, const struct connection_def *connection)
{
	struct conf_reference ref = {BUF_INIT, BUF_INIT, false};

	for (size_t i = 0; i < connection->options.n; i++) {
		const char *text = connection->options.items[i].text;
		while ((text = conf_next_reference(text, &ref))) {
			jw_open(b, NULL, '{');
			jw_text(b, "connection", connection->name);
			jw_text(b, "setting", connection->options.items[i].name);
			jw_text(b, "reference", buf_str(&ref.name));
			jw_bool(b, "missing", ref.missing);
			if (ref.path.len)
				put_path(b, "file", buf_str(&ref.path));
			jw_close(b, '}');
		}
	}
	buf_release(&ref.name);
	buf_release(&ref.path);
}

int handle_doctor(struct call *c, struct ferry_error *err)
{
	const struct generation *g = supervise_generation(c->s);
	const struct supervise_paths *paths = supervise_paths(c->s);
	struct buf *b = &c->reply->body;

	(void)err;
	jw_open(b, NULL, '{');
	jw_text(b, "version", c->api->version);
	jw_text(b, "lmdb", kv_version());
	jw_bool(b, "replaced_on_disk", replaced());
	put_user(b);
	put_path(b, "state", paths->state_dir);
	put_path(b, "config", paths->config_dir);
	put_path(b, "plugins", paths->plugin_dir);
	put_path(b, "worker", paths->worker);
	put_disk(b, paths->state_dir);
	jw_open(b, "limits", '{');
	put_limit(b, "open_files", RLIMIT_NOFILE);
	put_limit(b, "address_space", RLIMIT_AS);
	jw_close(b, '}');
	jw_text(b, "admin_group", supervise_settings(c->s)->admin_group);
	jw_text(b, "role", api_role(c->api, c->req) == API_ADMIN ? "admin" : "viewer");
	jw_open(b, "references", '[');
	for (size_t i = 0; i < g->n_connections; i++)
		put_references(b, &g->connections[i]);
	jw_close(b, ']');
	jw_close(b, '}');
	return 0;
}
