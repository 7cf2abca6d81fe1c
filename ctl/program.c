/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - other programs: becoming ferryd, and reading what a program says. */
#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* Put `to` in the place of the last part of this program's own path. */
static bool beside_us(const char *to, char *out, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", out, size - 1);

	if (n <= 0)
		return false;
	out[n] = '\0';
	char *slash = strrchr(out, '/');
	if (!slash || (size_t)(slash - out) + 2 + strlen(to) > size)
		return false;
	memcpy(slash + 1, to, strlen(to) + 1);
	return true;
}

void ferryd_exec(char **argv)
{
	static const char *const places[] = {"ferryd", "../daemon/ferryd", "../../daemon/ferryd"};
	char path[4096];

	argv[0] = "ferryd";
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (beside_us(places[i], path, sizeof path))
			execv(path, argv);
	execv(FERRY_SBIN_DIR "/ferryd", argv);
	execvp("ferryd", argv);
}

static void become(const char *const *argv, int out)
{
	int null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(127);
	if (argv[0])
		execvp(argv[0], (char *const *)(uintptr_t)argv);
	else
		ferryd_exec((char **)(uintptr_t)argv);
	_exit(127);
}

void program_start(struct program *p, const char *const *argv)
{
	int ends[2];

	*p = (struct program){-1, -1};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	p->pid = fork();
	if (p->pid == 0)
		become(argv, ends[1]);
	close(ends[1]);
	if (p->pid < 0)
		close(ends[0]);
	else
		p->fd = ends[0];
}

int program_read(struct program *p, int timeout_ms, struct buf *out)
{
	int64_t end = clock_mono() + (int64_t)timeout_ms * 1000;
	int status = 0;
	ssize_t n = 1;

	if (p->fd < 0)
		return -1;
	while (n > 0) {
		int64_t left = (end - clock_mono()) / 1000;
		struct pollfd pfd = {.fd = p->fd, .events = POLLIN};
		if (left <= 0 || poll(&pfd, 1, (int)left) <= 0)
			break;
		n = read(p->fd, buf_room(out, 4096), 4096);
		if (n > 0) {
			out->len += (size_t)n;
			out->s[out->len] = '\0';
		}
	}
	close(p->fd);
	if (n)
		kill(p->pid, SIGKILL);
	waitpid(p->pid, &status, 0);
	return n == 0 && WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}
