/* SPDX-License-Identifier: Apache-2.0 */
/* sendmail.c - a mail through a program: fed, listened to, waited for, ended when it takes too long. */
#include "wire/sendmail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define LOOK_UP_MS 100
#define SAID_MAX 400			/* of what it says */

struct letter {
	const struct sendmail *s;
	pid_t pid;
	int fd;				/* its standard input, output and error */
	size_t done;
	struct buf said;
};

/* A session of its own: what it leaves behind to deliver later does not end with the worker. */
static int spawn(struct letter *l, int fd)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char t[] = "-t", i[] = "-i", *env[] = {path, locale, NULL};
	char *argv[] = {(char *)(uintptr_t)l->s->program, t, i, NULL};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, defaults;

	posix_spawn_file_actions_init(&fa);
	for (int to = 0; to < 3; to++)
		posix_spawn_file_actions_adddup2(&fa, fd, to);
	posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	sigfillset(&defaults);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	int rc = posix_spawn(&l->pid, l->s->program, &fa, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

static void feed(struct letter *l)
{
	ssize_t n = send(l->fd, l->s->mail + l->done, l->s->len - l->done, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		l->done += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		l->done = l->s->len;	/* it listens no more: its status tells why */
	if (l->done == l->s->len)
		shutdown(l->fd, SHUT_WR);
}

/* 1: it said something, 0: nothing now, -1: it will say no more. */
static int hear(struct letter *l)
{
	char piece[512];
	ssize_t n = recv(l->fd, piece, sizeof piece, MSG_DONTWAIT);

	if (n > 0 && l->said.len < SAID_MAX)
		buf_add(&l->said, piece, (size_t)n < SAID_MAX - l->said.len ? (size_t)n : SAID_MAX - l->said.len);
	return n > 0 ? 1 : n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static int wait_for(struct letter *l, int *ret_status, struct ferry_error *err)
{
	int64_t until = clock_mono() + l->s->timeout_ms * 1000;
	bool open = true;

	while (waitpid(l->pid, ret_status, WNOHANG) == 0) {
		struct pollfd p = {open ? l->fd : -1, (short)(POLLIN | (l->done < l->s->len ? POLLOUT : 0)), 0};
		if (l->s->cancelled && l->s->cancelled(l->s->ctx))
			return ferry_fail(err, FERRY_E_CANCELLED, "%s: cancelled", l->s->program);
		if (clock_mono() > until)
			return ferry_fail(err, FERRY_E_TIMEOUT, "%s did not end within %lld ms", l->s->program,
					  (long long)l->s->timeout_ms);
		/* its end shows at the socket, unless somebody else holds that */
		poll(&p, 1, LOOK_UP_MS);
		if (p.revents & POLLOUT)
			feed(l);
		if (p.revents & (POLLIN | POLLHUP | POLLERR))
			open = hear(l) >= 0;
	}
	l->pid = 0;
	while (l->said.len < SAID_MAX && hear(l) == 1)
		;
	return 0;
}

static int outcome(const struct letter *l, int status, struct ferry_error *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return ferry_fail(err, FERRY_E_UNAVAILABLE, "%s was ended by signal %d", l->s->program, WTERMSIG(status));
	return ferry_fail(err, FERRY_E_UNAVAILABLE, "%s refused the mail with status %d%s%s", l->s->program,
			  WEXITSTATUS(status), l->said.len ? ": " : "", buf_str(&l->said));
}

int sendmail_send(const struct sendmail *s, struct ferry_error *err)
{
	struct letter l = {.s = s, .said = BUF_INIT};
	int pair[2], status = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return ferry_fail_errno(err, errno, "cannot make a socket pair");
	l.fd = pair[0];
	int rc = spawn(&l, pair[1]);
	close(pair[1]);
	if (rc)
		rc = ferry_fail(err, FERRY_E_CONFIG, "cannot start %s: %s", s->program, strerrordesc_np(rc));
	else
		rc = wait_for(&l, &status, err);
	if (rc < 0 && l.pid) {
		kill(-l.pid, SIGKILL);
		waitpid(l.pid, NULL, 0);
	}
	close(l.fd);
	if (rc == 0)
		rc = outcome(&l, status, err);
	buf_release(&l.said);
	return rc;
}
