/* SPDX-License-Identifier: Apache-2.0 */
/* lock.c - one daemon per state directory. The lock goes with its process, however that ends. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervise/supervisor.h"

/* All folders of the path that are missing, 0700. */
static int make_dir(const char *path, struct ferry_error *err)
{
	char *copy = ferry_strdup(path);
	int e = 0;

	for (char *p = copy + 1; !e; p++) {
		if (*p && *p != '/')
			continue;
		char c = *p;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			e = errno;
		*p = c;
		if (!c)
			break;
	}
	free(copy);
	return e ? ferry_fail_errno(err, e, "cannot make the state directory %s", path) : 0;
}

static int held(const char *path, int fd, struct ferry_error *err)
{
	char pid[24] = "";
	ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	return ferry_fail(err, FERRY_E_LOCKED, "%s is held by the process %s", path,
			  pid[0] ? pid : "?");
}

int state_lock(const char *state_dir, int *ret_fd, struct ferry_error *err)
{
	if (make_dir(state_dir, err) < 0)
		return -1;
	char *path = ferry_asprintf("%s/lock", state_dir);
	int rc = 0, fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		rc = ferry_fail_errno(err, errno, "%s", path);
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = errno == EWOULDBLOCK ? held(path, fd, err)
			: ferry_fail_errno(err, errno, "%s", path);
	if (rc == 0) {
		/* only for people to read: the lock is what counts */
		char pid[24];
		int n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
		if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)n, 0) == n)
			*ret_fd = fd;
		else
			rc = ferry_fail_errno(err, errno, "%s", path);
	}
	if (rc < 0 && fd >= 0)
		close(fd);
	free(path);
	return rc;
}
