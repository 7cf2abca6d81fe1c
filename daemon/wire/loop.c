/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - the event loop by sd-event, word to systemd by sd-daemon. The only file that sees them. */
#include "wire/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define ACCURACY_US 1000		/* sd-event's own default is a quarter of a second */

struct loop_source {
	struct loop *loop;
	struct loop_source *prev, *next;
	sd_event_source *sd;
	union {
		void (*io)(void *ctx, int fd, int events);
		void (*timer)(void *ctx);
		void (*signal)(void *ctx, int signo);
		void (*child)(void *ctx, pid_t pid, int status);
	} fn;
	void *ctx;
};

struct loop {
	sd_event *sd;
	struct loop_source *sources;
	bool quit;
};

static int block_signal(int signo, struct ferry_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return ferry_fail_errno(err, errno, "cannot block signal %d", signo);
	return 0;
}

int loop_new(struct loop **ret, struct ferry_error *err)
{
	sd_event *sd = NULL;

	if (block_signal(SIGCHLD, err) < 0)
		return -1;
	int r = sd_event_new(&sd);
	if (r < 0)
		return ferry_fail_errno(err, -r, "cannot make an event loop");
	*ret = ferry_alloc0(1, sizeof **ret);
	(*ret)->sd = sd;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (loop->sources)
		loop_drop(loop->sources);
	sd_event_unref(loop->sd);
	free(loop);
}

int loop_run(struct loop *loop, struct ferry_error *err)
{
	/* not sd_event_loop: that one can be left only once */
	loop->quit = false;
	while (!loop->quit) {
		int r = sd_event_run(loop->sd, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			return ferry_fail_errno(err, -r, "the event loop failed");
	}
	return 0;
}

void loop_quit(struct loop *loop)
{
	loop->quit = true;
}

static struct loop_source *source_new(struct loop *loop, void *ctx)
{
	struct loop_source *s = ferry_alloc0(1, sizeof *s);
	s->loop = loop;
	s->ctx = ctx;
	s->next = loop->sources;
	if (s->next)
		s->next->prev = s;
	loop->sources = s;
	return s;
}

void loop_drop(struct loop_source *s)
{
	if (!s)
		return;
	if (s->prev)
		s->prev->next = s->next;
	else
		s->loop->sources = s->next;
	if (s->next)
		s->next->prev = s->prev;
	sd_event_source_disable_unref(s->sd);
	free(s);
}

/* The end of every loop_*: hand the source out, or undo it. */
static int source_done(struct loop_source *s, int r, const char *what, struct loop_source **ret,
		       struct ferry_error *err)
{
	if (r < 0) {
		loop_drop(s);
		return ferry_fail_errno(err, -r, "cannot watch %s", what);
	}
	if (ret)
		*ret = s;
	return 0;
}

static uint32_t to_epoll(int events)
{
	return (events & LOOP_IN ? EPOLLIN : 0u) | (events & LOOP_OUT ? EPOLLOUT : 0u);
}

static int on_io(sd_event_source *sd, int fd, uint32_t revents, void *userdata)
{
	struct loop_source *s = userdata;

	(void)sd;
	s->fn.io(s->ctx, fd, (revents & EPOLLIN ? LOOP_IN : 0) | (revents & EPOLLOUT ? LOOP_OUT : 0) |
		 (revents & (EPOLLHUP | EPOLLERR) ? LOOP_HUP : 0));
	return 0;
}

int loop_io(struct loop *loop, int fd, int events, void (*fn)(void *ctx, int fd, int events),
	    void *ctx, struct loop_source **ret, struct ferry_error *err)
{
	struct loop_source *s = source_new(loop, ctx);
	s->fn.io = fn;
	return source_done(s, sd_event_add_io(loop->sd, &s->sd, fd, to_epoll(events), on_io, s),
			   "a file descriptor", ret, err);
}

void loop_io_events(struct loop_source *s, int events)
{
	sd_event_source_set_io_events(s->sd, to_epoll(events));
}

static int on_timer(sd_event_source *sd, uint64_t usec, void *userdata)
{
	struct loop_source *s = userdata;

	(void)sd;
	(void)usec;
	s->fn.timer(s->ctx);
	return 0;
}

int loop_timer(struct loop *loop, int64_t ms, void (*fn)(void *ctx), void *ctx,
	       struct loop_source **ret, struct ferry_error *err)
{
	struct loop_source *s = source_new(loop, ctx);
	s->fn.timer = fn;
	int r = sd_event_add_time_relative(loop->sd, &s->sd, CLOCK_MONOTONIC,
					   ms < 0 ? 0 : (uint64_t)ms * 1000, ACCURACY_US, on_timer, s);
	if (r >= 0 && ms < 0)
		r = sd_event_source_set_enabled(s->sd, SD_EVENT_OFF);
	return source_done(s, r, "the time", ret, err);
}

void loop_timer_set(struct loop_source *s, int64_t ms)
{
	if (ms < 0) {
		sd_event_source_set_enabled(s->sd, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time_relative(s->sd, (uint64_t)ms * 1000);
	sd_event_source_set_enabled(s->sd, SD_EVENT_ONESHOT);
}

static int on_signal(sd_event_source *sd, const struct signalfd_siginfo *si, void *userdata)
{
	struct loop_source *s = userdata;

	(void)sd;
	s->fn.signal(s->ctx, (int)si->ssi_signo);
	return 0;
}

int loop_signal(struct loop *loop, int signo, void (*fn)(void *ctx, int signo), void *ctx,
		struct ferry_error *err)
{
	if (block_signal(signo, err) < 0)
		return -1;
	struct loop_source *s = source_new(loop, ctx);
	s->fn.signal = fn;
	return source_done(s, sd_event_add_signal(loop->sd, &s->sd, signo, on_signal, s),
			   "a signal", NULL, err);
}

static int on_child(sd_event_source *sd, const siginfo_t *si, void *userdata)
{
	struct loop_source *s = userdata;
	int status = si->si_code == CLD_EXITED ? W_EXITCODE(si->si_status & 0xff, 0)
		: si->si_status | (si->si_code == CLD_DUMPED ? WCOREFLAG : 0);

	(void)sd;
	s->fn.child(s->ctx, si->si_pid, status);
	return 0;
}

int loop_child(struct loop *loop, pid_t pid, void (*fn)(void *ctx, pid_t pid, int status),
	       void *ctx, struct loop_source **ret, struct ferry_error *err)
{
	struct loop_source *s = source_new(loop, ctx);
	s->fn.child = fn;
	return source_done(s, sd_event_add_child(loop->sd, &s->sd, pid, WEXITED, on_child, s),
			   "a child process", ret, err);
}

void loop_notify(const char *state)
{
	sd_notify(0, state);
}

int loop_passed_socket(void)
{
	int found = -1, n = sd_listen_fds(true);

	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
		if (found < 0 && sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0)
			found = fd;
		else
			close(fd);
	}
	return found >= 0 && fcntl(found, F_SETFL, O_NONBLOCK) < 0 ? -1 : found;
}

int64_t loop_watchdog_ms(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? (int64_t)(usec / 2000) : 0;
}
