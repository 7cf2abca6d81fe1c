/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.c - batches that are acknowledged and not yet in the file.
 *
 * Frames, each with a checksum, one after the other. A frame is on the disk before the next one is
 * written: one that is not whole is at the end, was never acknowledged, and counts for nothing. The
 * journal is also the lock of its file: whoever writes either of them holds it, and only its holder
 * removes it.
 */
#include "file/destination.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x314a4645u		/* "EFJ1" */
#define WAIT_MS 20

void journal_init(struct journal *j, const struct folder *folder, const char *name)
{
	*j = (struct journal){.folder = folder, .name = name, .fd = -1};
	side_name(name, "journal", j->file);
	side_name(name, "new", j->fresh);
}

int journal_exists(const struct journal *j, bool *ret, struct ferry_error *err)
{
	struct stat st;

	return folder_stat(j->folder, j->file, ret, &st, err);
}

static int damaged(const struct journal *j, int64_t at, struct ferry_error *err)
{
	return j->folder->host->fail(err, FERRY_E_DATA, "%s/%s: is damaged at byte %lld: it holds "
				     "rows that are not in %s yet", j->folder->path, j->file,
				     (long long)at, j->name);
}

/* What one whole frame says. */
static bool take_frame(struct journal *j, const struct frame_head *head, const char *p)
{
	struct bytes b = {p, p + head->len};

	switch (head->kind) {
	case FRAME_SHAPE:
		rest_buf_reset(&j->shape);
		rest_add(&j->shape, p, head->len);
		return true;
	case FRAME_BATCH:
		j->ops += bytes_number(&b);
		return b.p;
	case FRAME_MERGED:
		if (head->len != 16)
			return false;
		memcpy(&j->merged_dev, p, 8);
		memcpy(&j->merged_ino, p + 8, 8);
		return true;
	default:
		return false;
	}
}

static bool is_frame(const struct frame_head *head, const char *payload, int64_t left)
{
	return head->magic == MAGIC && head->len <= (uint64_t)left &&
	       head->sum == key_hash(payload, head->len);
}

/* Behind what is not whole: is there a frame? Then it was acknowledged, and damaged since. */
static bool more_frames(const char *p, int64_t size)
{
	struct frame_head head;

	for (int64_t at = 1; size - at >= (int64_t)sizeof head; at++) {
		memcpy(&head, p + at, sizeof head);
		if (is_frame(&head, p + at + sizeof head, size - at - (int64_t)sizeof head))
			return true;
	}
	return false;
}

static int scan(struct journal *j, const char *p, int64_t size, struct ferry_error *err)
{
	struct frame_head head;

	while (size - j->end >= (int64_t)sizeof head) {
		memcpy(&head, p + j->end, sizeof head);
		int64_t left = size - j->end - (int64_t)sizeof head;
		const char *payload = p + j->end + sizeof head;
		if (!is_frame(&head, payload, left) || !take_frame(j, &head, payload))
			break;
		j->end += (int64_t)sizeof head + (int64_t)head.len;
	}
	return more_frames(p + j->end, size - j->end) ? damaged(j, j->end, err) : 0;
}

static void forget(struct journal *j)
{
	j->end = j->ops = j->reserved = 0;
	j->merged_dev = j->merged_ino = 0;
	rest_buf_reset(&j->shape);
}

static int look(struct journal *j, struct ferry_error *err)
{
	struct stat st;

	if (fstat(j->fd, &st) != 0)
		return folder_fail(j->folder, j->file, "cannot look at it", errno, err);
	/* it only ever grows: one of the same length says the same */
	if (j->end && st.st_size == j->end)
		return 0;
	forget(j);
	if (!st.st_size)
		return 0;
	char *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, j->fd, 0);
	if (p == MAP_FAILED)
		return folder_fail(j->folder, j->file, "cannot read", errno, err);
	int status = scan(j, p, st.st_size, err);
	munmap(p, (size_t)st.st_size);
	return status;
}

/* Is what was locked still what the name stands for? */
static bool is_current(const struct journal *j)
{
	struct stat mine, now;

	return fstat(j->fd, &mine) == 0 &&
	       fstatat(j->folder->fd, j->file, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == now.st_ino && mine.st_dev == now.st_dev;
}

static int wait_for_lock(struct journal *j, int64_t until, struct ferry_error *err)
{
	const struct timespec nap = {0, WAIT_MS * 1000000L};

	while (flock(j->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return folder_fail(j->folder, j->file, "cannot lock it", errno, err);
		if (now_ms() >= until)
			return j->folder->host->fail(err, FERRY_E_UNAVAILABLE,
				"%s/%s: another process has been writing it for longer than "
				"'lock_timeout'", j->folder->path, j->name);
		nanosleep(&nap, NULL);
	}
	return 0;
}

/* Then nothing is known of it any more. */
static void close_file(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
	forget(j);
}

/* The file stays open in between, so that another one cannot pass for it. */
int journal_lock(struct journal *j, struct ferry_error *err)
{
	int64_t until = now_ms() + j->folder->lock_ms;

	for (;;) {
		if (j->fd < 0)
			j->fd = openat(j->folder->fd, j->file, O_RDWR | O_CREAT | O_NOFOLLOW |
				       O_NONBLOCK | O_CLOEXEC, 0600);
		if (j->fd < 0)
			return folder_fail(j->folder, j->file, "cannot open it", errno, err);
		if (wait_for_lock(j, until, err))
			return -1;
		if (is_current(j))
			break;
		close_file(j);
	}
	if (look(j, err) == 0)
		return 0;
	close_file(j);
	return -1;
}

void journal_unlock(struct journal *j)
{
	if (j->fd >= 0)
		flock(j->fd, LOCK_UN);
}

int journal_append(struct journal *j, enum frame kind, const struct rest_buf *payload,
		   struct ferry_error *err)
{
	struct frame_head head = {MAGIC, kind, payload->len,
				  key_hash(rest_str(payload), payload->len)};
	const struct folder *f = j->folder;
	int status = 0;

	/* behind what is whole; what may stand there was never acknowledged */
	if (ftruncate(j->fd, j->end) != 0 || lseek(j->fd, j->end, SEEK_SET) < 0)
		return folder_fail(f, j->file, "cannot write", errno, err);
	if (folder_write_all(f, j->fd, j->file, &head, sizeof head, err) ||
	    folder_write_all(f, j->fd, j->file, rest_str(payload), payload->len, err))
		status = -1;
	else if (fsync(j->fd) != 0)
		status = folder_fail(f, j->file, "fsync", errno, err);
	else if (!j->end)
		status = folder_sync(f, err);
	if (status == 0 && take_frame(j, &head, rest_str(payload))) {
		j->end += (int64_t)(sizeof head + payload->len);
		return 0;
	}
	/* a failure here leaves a torn end, which the checksum tells, or a batch that comes again */
	if (ftruncate(j->fd, j->end) != 0)
		close_file(j);
	return -1;
}

int journal_reserve(struct journal *j, size_t more, struct ferry_error *err)
{
	const struct folder *f = j->folder;
	struct stat st;
	bool there;

	if (folder_stat(f, j->name, &there, &st, err))
		return -1;
	int64_t need = (there ? st.st_size : 0) + j->end + (int64_t)more + 4096;
	if (need <= j->reserved)
		return 0;
	int fd = openat(f->fd, j->fresh, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return folder_fail(f, j->fresh, "cannot make it", errno, err);
	int status = fallocate(fd, 0, 0, need) == 0 ? 0 : errno;
	if (status == ENOSPC || status == EDQUOT || status == EFBIG) {
		folder_fail(f, j->fresh, "no room for the new file", status, err);
		if (ftruncate(fd, 0) != 0)
			status = errno;
		close(fd);
		return -1;
	}
	/* a file system that cannot reserve will tell when it is written */
	j->reserved = need;
	close(fd);
	return 0;
}

int journal_drop(struct journal *j, struct ferry_error *err)
{
	const struct folder *f = j->folder;
	int status = 0;

	if (unlinkat(f->fd, j->fresh, 0) != 0 && errno != ENOENT)
		status = folder_fail(f, j->fresh, "cannot remove it", errno, err);
	if (unlinkat(f->fd, j->file, 0) != 0 && errno != ENOENT)
		status = folder_fail(f, j->file, "cannot remove it", errno, err);
	close_file(j);
	return status;
}

void journal_release(struct journal *j)
{
	close_file(j);
	rest_buf_release(&j->shape);
}
