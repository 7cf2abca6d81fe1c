/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe.c - stands between ferryd and its worker, and notes what the worker has used. ferryd is
 * given this program as --worker; the environment says the rest:
 *
 *   BENCH_WORKER  the worker's program
 *   BENCH_USAGE   file to which one line is added: seconds of processor time; the most memory of its
 *                 own, in KiB; the most it had mapped of files, in KiB (the snapshot: the system can
 *                 take that back at any time, it is on the disk)
 *   BENCH_WATCH   how many milliseconds between two looks at its memory; without it there is none,
 *                 since looking takes time away from what is timed
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOCKET_FD = 3 };

struct memory {
	long own, mapped;		/* KiB */
};

/* Add what a process has now to the most it ever had. */
static void look(pid_t pid, struct memory *most)
{
	char path[64], line[128];
	struct memory now = {0};
	long n;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "Private_Dirty: %ld", &n) == 1 || sscanf(line, "Swap: %ld", &n) == 1)
			now.own += n;
		else if (sscanf(line, "Private_Clean: %ld", &n) == 1 || sscanf(line, "Shared_Clean: %ld", &n) == 1)
			now.mapped += n;
	fclose(f);
	if (now.own > most->own)
		most->own = now.own;
	if (now.mapped > most->mapped)
		most->mapped = now.mapped;
}

static pid_t start(const char *program)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	execl(program, "ferry-worker", (char *)NULL);
	perror(program);
	_exit(127);
}

/* Wait for the end. */
static void watch(pid_t pid, long every_ms, int *status, struct rusage *used, struct memory *most)
{
	struct timespec pause = {every_ms / 1000, every_ms % 1000 * 1000000};

	while (wait4(pid, status, every_ms ? WNOHANG : 0, used) == 0) {
		look(pid, most);
		nanosleep(&pause, NULL);
	}
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int note(const char *path, const struct rusage *used, const struct memory *most)
{
	FILE *f = fopen(path, "ae");

	if (!f)
		return -1;
	fprintf(f, "%.3f %ld %ld\n", seconds(used->ru_utime) + seconds(used->ru_stime), most->own, most->mapped);
	return fclose(f);
}

int main(void)
{
	const char *worker = getenv("BENCH_WORKER"), *usage = getenv("BENCH_USAGE"), *ms = getenv("BENCH_WATCH");
	struct memory most = {0};
	struct rusage used = {0};
	int status = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pid_t pid = worker && usage ? start(worker) : -1;
	if (pid < 0) {
		fprintf(stderr, "observe: BENCH_WORKER and BENCH_USAGE must be set\n");
		return 1;
	}
	close(SOCKET_FD);
	watch(pid, ms ? strtol(ms, NULL, 10) : 0, &status, &used, &most);
	if (note(usage, &used, &most) < 0)
		perror(usage);
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	return WEXITSTATUS(status);
}
