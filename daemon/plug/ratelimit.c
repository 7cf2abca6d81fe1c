/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ratelimit.c - one connection's rate limit, shared through a mapped file.
 *
 * The generic cell rate algorithm: `tat` is the time at which the next turn would come if all came
 * evenly. A turn moves it by one interval and may be had up to `burst` intervals early. Times are
 * nanoseconds of the boot clock, which all processes of a machine share; the file carries the id of
 * the boot it was written in, since after a reboot that clock starts again.
 */
#include "plug/plug-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_SIZE 4096
#define SECOND INT64_C(1000000000)
#define HOLD_MAX (24 * 3600 * SECOND)
#define INTERVAL_MAX (24 * 3600 * SECOND)
#define EARLY_MAX (10 * 365 * 24 * 3600 * SECOND)

/* What stands in the file. Its layout is the same for every version that ever shares it. */
struct shared {
	_Atomic int64_t tat;
	_Atomic int64_t hold_until;
	char boot[40];
};

_Static_assert(sizeof(struct shared) <= FILE_SIZE, "fits the file");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "atomics between processes must not be locks");

struct ratelimit {
	struct shared *shared;
	int64_t interval;		/* nanoseconds between turns; 0: no limit */
	int64_t early;			/* how long before its even time a turn may be had */
	int64_t horizon;		/* a tat further ahead than this is damage */
};

static int64_t boot_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * SECOND + ts.tv_nsec;
}

static void read_boot_id(char id[40])
{
	struct buf text = BUF_INIT;

	memset(id, 0, 40);
	if (buf_read_file(&text, "/proc/sys/kernel/random/boot_id", 4096) == 0)
		memcpy(id, text.s, text.len < 39 ? text.len : 39);
	buf_release(&text);
}

static int open_file(const char *dir, const char *name, struct ferry_error *err)
{
	struct stat st;

	if (!*name || *name == '.' || strchr(name, '/'))
		return ferry_fail(err, FERRY_E_CONFIG, "'%s' cannot be the name of a connection",
				  name);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return ferry_fail_errno(err, errno, "%s", dir);
	char *path = ferry_asprintf("%s/%s", dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		ferry_fail_errno(err, errno, "%s", path);
		goto out;
	}
	int rc = fstat(fd, &st) < 0 ? errno : 0;
	/* blocks are made now: a write through the map to a full disk would be a SIGBUS */
	if (rc == 0 && st.st_size < FILE_SIZE)
		while ((rc = posix_fallocate(fd, 0, FILE_SIZE)) == EINTR)
			;
	if (rc != 0) {
		ferry_fail_errno(err, rc, "%s", path);
		close(fd);
		fd = -1;
	}
out:
	free(path);
	return fd;
}

/* Start anew when the file is from before a reboot. The lock is the kernel's: it dies with us. */
static void adopt(struct shared *s, int fd)
{
	char boot[40];

	read_boot_id(boot);
	if (flock(fd, LOCK_EX) < 0)
		return;
	if (memcmp(s->boot, boot, sizeof boot) != 0) {
		atomic_store(&s->tat, 0);
		atomic_store(&s->hold_until, 0);
		memcpy(s->boot, boot, sizeof boot);
	}
	flock(fd, LOCK_UN);
}

static struct shared *map(const char *dir, const char *name, struct ferry_error *err)
{
	int fd = -1;

	if (dir && (fd = open_file(dir, name, err)) < 0)
		return NULL;
	void *p = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
		       fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	int sys = errno;
	if (p != MAP_FAILED && fd >= 0)
		adopt(p, fd);
	if (fd >= 0)
		close(fd);
	if (p != MAP_FAILED)
		return p;
	ferry_fail_errno(err, sys, "rate limit of '%s'", name);
	return NULL;
}

int ratelimit_open(const char *dir, const char *name, double requests_per_second, int burst,
		   struct ratelimit **ret, struct ferry_error *err)
{
	struct shared *shared = map(dir, name, err);

	if (!shared)
		return -1;
	struct ratelimit *r = ferry_alloc0(1, sizeof *r);
	r->shared = shared;
	if (requests_per_second > 0) {
		/* rounded up: never a bit too fast */
		double interval = (double)SECOND / requests_per_second + 1;
		r->interval = interval < (double)INTERVAL_MAX ? (int64_t)interval : INTERVAL_MAX;
		if (__builtin_mul_overflow(r->interval, burst < 1 ? 1 : burst, &r->early) ||
		    r->early > EARLY_MAX)
			r->early = EARLY_MAX;
	}
	r->horizon = 2 * HOLD_MAX + r->early + 1000 * r->interval;
	*ret = r;
	return 0;
}

void ratelimit_close(struct ratelimit *r)
{
	if (!r)
		return;
	munmap(r->shared, FILE_SIZE);
	free(r);
}

/* A time from the file, as far as it can be believed. */
static int64_t believed(const struct ratelimit *r, int64_t time, int64_t now)
{
	return time > now + r->horizon ? 0 : time;
}

static int64_t span_us(int64_t ns)
{
	return ns > 0 ? (ns + 999) / 1000 : 0;
}

int64_t ratelimit_held(struct ratelimit *r)
{
	int64_t until = atomic_load(&r->shared->hold_until);

	if (!until)
		return 0;
	int64_t now = boot_now();
	return span_us(believed(r, until, now) - now);
}

int64_t ratelimit_take(struct ratelimit *r)
{
	if (!r->interval)
		return ratelimit_held(r);
	int64_t now = boot_now(), next, seen = atomic_load(&r->shared->tat);
	do {
		int64_t tat = believed(r, seen, now);
		next = (tat > now ? tat : now) + r->interval;
	} while (!atomic_compare_exchange_weak(&r->shared->tat, &seen, next));
	int64_t wait = span_us(next - r->early - now), held = ratelimit_held(r);
	return wait > held ? wait : held;
}

/* Never back: a shorter hold does not end a longer one. */
static void advance(const struct ratelimit *r, _Atomic int64_t *at, int64_t to, int64_t now)
{
	int64_t seen = atomic_load(at);

	while (believed(r, seen, now) < to && !atomic_compare_exchange_weak(at, &seen, to))
		;
}

void ratelimit_hold(struct ratelimit *r, int64_t ms)
{
	if (ms <= 0)
		return;
	int64_t now = boot_now();
	int64_t until = now + (ms < HOLD_MAX / 1000000 ? ms * 1000000 : HOLD_MAX);
	advance(r, &r->shared->hold_until, until, now);
	/* after a hold turns come evenly: the other side has had its burst */
	advance(r, &r->shared->tat, until + r->early - r->interval, now);
}
