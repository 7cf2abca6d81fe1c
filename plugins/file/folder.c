/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder.c - the folder a connection names, and the files in it. No name leads out of it: names
 * have no slash, and the kernel is asked not to follow symbolic links that leave it.
 */
#include "file/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int folder_fail(const struct folder *f, const char *name, const char *doing, int errnum,
		struct ferry_error *err)
{
	static const struct {
		int errnum;
		enum ferry_code code;
	} kinds[] = {
		{EACCES, FERRY_E_FORBIDDEN}, {EPERM, FERRY_E_FORBIDDEN}, {EROFS, FERRY_E_FORBIDDEN},
		{ENOENT, FERRY_E_SETUP}, {ENOTDIR, FERRY_E_SETUP}, {ELOOP, FERRY_E_SETUP},
		{ENAMETOOLONG, FERRY_E_CONFIG},
		{ENOSPC, FERRY_E_UNAVAILABLE}, {EDQUOT, FERRY_E_UNAVAILABLE},
		{EFBIG, FERRY_E_UNAVAILABLE}, {EIO, FERRY_E_UNAVAILABLE},
		{ESTALE, FERRY_E_UNAVAILABLE}, {EMFILE, FERRY_E_UNAVAILABLE},
		{ENFILE, FERRY_E_UNAVAILABLE}, {ENOMEM, FERRY_E_NOMEM},
	};
	enum ferry_code code = FERRY_E_SYSTEM;
	char why[100];

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].errnum == errnum)
			code = kinds[i].code;
	f->host->fail(err, code, "%s%s%s: %s: %s", f->path, *name ? "/" : "", name, doing,
		      strerror_r(errnum, why, sizeof why));
	if (err)
		err->sys = errnum;
	return -1;
}

int folder_open(struct folder *f, const struct ferry_open *open, struct ferry_error *err)
{
	f->host = open->host;
	f->path = ferry_setting_text(open, "dir");
	f->lock_ms = ferry_setting_int(open, "lock_timeout", 10000);
	f->fd = -1;
	if (!f->path || !*f->path)
		return f->host->fail(err, FERRY_E_CONFIG, "connection '%s' needs 'dir'",
				     open->connection);
	f->fd = openat(AT_FDCWD, f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->fd < 0 ? folder_fail(f, "", "cannot open the folder", errno, err) : 0;
}

void folder_close(struct folder *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

const char *folder_name_flaw(const char *name, bool pattern)
{
	if (!*name)
		return "is empty";
	if (strchr(name, '/'))
		return "has a slash: it must be the name of a file in the connection's folder";
	if (*name == '.')
		return "begins with a dot, as only ferry's own files do here";
	if (strlen(name) > NAME_LONGEST)
		return "is longer than 200 bytes";
	if (!pattern && strpbrk(name, "*?["))
		return "has a '*', '?' or '[': exactly one file is written";
	return NULL;
}

/* As openat, without leaving the folder; without openat2 symbolic links are not followed at all. */
static int open_beneath(const struct folder *f, const char *name, int flags)
{
	struct open_how how = {.flags = (uint64_t)flags,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	long fd = syscall(SYS_openat2, f->fd, name, &how, sizeof how);

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return openat(f->fd, name, flags | O_NOFOLLOW);
	return (int)fd;
}

int folder_read(const struct folder *f, const char *name, int *ret, struct stat *st,
		struct ferry_error *err)
{
	/* not to wait for whoever writes into a pipe */
	int fd = open_beneath(f, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*ret = -1;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && (errno == EXDEV || errno == ELOOP))
		return f->host->fail(err, FERRY_E_FORBIDDEN,
				     "%s/%s: is a symbolic link that leads out of the folder",
				     f->path, name);
	if (fd < 0)
		return folder_fail(f, name, "cannot open it", errno, err);
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
		close(fd);
		return f->host->fail(err, FERRY_E_SETUP, "%s/%s: is not a file", f->path, name);
	}
	*ret = fd;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int folder_match(const struct folder *f, const char *pattern, char ***ret, size_t *n,
		 struct ferry_error *err)
{
	/* a description of its own: reading moves its place */
	int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	char **names = NULL;

	*n = 0;
	if (!dir) {
		int errnum = errno;
		if (fd >= 0)
			close(fd);
		return folder_fail(f, "", "cannot list the folder", errnum, err);
	}
	while ((e = readdir(dir)))
		if (fnmatch(pattern, e->d_name, FNM_PERIOD) == 0) {
			names = rest_resize(names, *n + 1, sizeof *names);
			names[(*n)++] = rest_copy(e->d_name, strlen(e->d_name));
		}
	closedir(dir);
	*ret = names;
	if (!*n)
		return f->host->fail(err, FERRY_E_SETUP, "%s: there is no file '%s'", f->path,
				     pattern);
	qsort(names, *n, sizeof *names, compare_names);
	return 0;
}

void folder_names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

int folder_stat(const struct folder *f, const char *name, bool *there, struct stat *st,
		struct ferry_error *err)
{
	*there = fstatat(f->fd, name, st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!*there && errno != ENOENT)
		return folder_fail(f, name, "cannot look at it", errno, err);
	return 0;
}

int folder_sync(const struct folder *f, struct ferry_error *err)
{
	return fsync(f->fd) == 0 ? 0 : folder_fail(f, "", "fsync", errno, err);
}

int folder_write_all(const struct folder *f, int fd, const char *name, const void *p, size_t len,
		     struct ferry_error *err)
{
	const char *s = p;

	while (len) {
		ssize_t n = write(fd, s, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return folder_fail(f, name, "cannot write", errno, err);
		s += n;
		len -= (size_t)n;
	}
	return 0;
}

void side_name(const char *name, const char *what, char out[SIDE_NAME])
{
	snprintf(out, SIDE_NAME, ".%.*s.ferry-%s", NAME_LONGEST, name, what);
}
