/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c - one worker process and the socket to it.
 *
 * Nothing here waits: the job is written as the socket takes it, lines are read in pieces so that a
 * worker that never stops talking cannot keep the daemon from its other work.
 */
#include "supervise/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define LINE_MAX_BYTES (1024 * 1024)
#define READ_BYTES (64 * 1024)		/* at one turn of the loop */
#define REST_MAX (4 * 1024 * 1024)	/* read of what a worker has left in its socket */
#define TERM_GRACE_MS 5000		/* from SIGTERM to SIGKILL */
#define LEAVE_MS 10000			/* from "done" or a closed socket to SIGKILL */
#define WORKER_FD 3

extern char **environ;

struct worker {
	struct loop *loop;
	pid_t pid;			/* 0: reaped */
	int fd;
	struct loop_source *io, *child, *silence, *ender;
	struct buf in, out;
	size_t out_done;
	int64_t heard;			/* clock_mono of the last line */
	int64_t silence_ms, deadline;	/* of the ender, clock_mono; 0: none */
	bool term_sent, deaf;		/* deaf: its lines are no longer listened to */
	enum worker_fate fate;
	struct ferry_error err;
	int (*line)(void *ctx, json_node *event, struct ferry_error *err);
	void (*end)(void *ctx, const struct worker_end *end);
	void *ctx;
};

/* ------------------------------------------------------------------ ending it */

static void end_group(struct worker *w, int signo)
{
	if (w->pid)
		kill(-w->pid, signo);
}

static void kill_for(struct worker *w, enum worker_fate fate)
{
	if (w->fate == WORKER_LEFT)
		w->fate = fate;
	end_group(w, SIGKILL);
}

void worker_kill(struct worker *w)
{
	kill_for(w, WORKER_ENDED);
}

static void end_within(struct worker *w, int64_t ms)
{
	int64_t at = clock_mono() + ms * 1000;

	if (w->deadline && w->deadline <= at)
		return;
	w->deadline = at;
	loop_timer_set(w->ender, ms);
}

static void on_ender(void *ctx)
{
	struct worker *w = ctx;

	if (w->term_sent) {
		worker_kill(w);
		return;
	}
	w->term_sent = true;
	if (w->fate == WORKER_LEFT)
		w->fate = WORKER_ENDED;
	end_group(w, SIGTERM);
	w->deadline = 0;
	end_within(w, TERM_GRACE_MS);
}

void worker_done(struct worker *w)
{
	end_within(w, LEAVE_MS);
}

static void on_silence(void *ctx)
{
	struct worker *w = ctx;
	int64_t left = w->silence_ms - worker_silence_ms(w);

	if (left > 0)
		loop_timer_set(w->silence, left);
	else
		kill_for(w, WORKER_HUNG);
}

int64_t worker_silence_ms(const struct worker *w)
{
	return (clock_mono() - w->heard) / 1000;
}

/* ------------------------------------------------------------------- talking */

/* Write what the socket takes. A worker that does not read is found by its silence. */
static void flush(struct worker *w)
{
	while (w->out_done < w->out.len) {
		ssize_t n = send(w->fd, w->out.s + w->out_done, w->out.len - w->out_done,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			w->out_done = w->out.len;
			break;
		}
		w->out_done += (size_t)n;
	}
	bool more = w->out_done < w->out.len;
	if (!more) {
		buf_release(&w->out);
		w->out_done = 0;
	}
	loop_io_events(w->io, more ? LOOP_IN | LOOP_OUT : LOOP_IN);
}

static void say(struct worker *w, const char *line, size_t len)
{
	buf_add(&w->out, line, len);
	buf_addc(&w->out, '\n');
	if (w->io)
		flush(w);
}

void worker_cancel(struct worker *w, int64_t grace_ms)
{
	static const char line[] = "{\"type\":\"cancel\"}";

	if (w->io)
		say(w, line, sizeof line - 1);
	end_within(w, grace_ms);
}

static void garbage(struct worker *w, const struct ferry_error *err)
{
	w->err = *err;
	w->deaf = true;
	kill_for(w, WORKER_GARBAGE);
}

static void take_line(struct worker *w, const char *line, size_t len)
{
	struct ferry_error err = {0};
	struct json_doc *doc = NULL;

	int rc = json_parse(line, len, "the worker's line", &doc, &err);
	if (rc == 0 && (json_kind(json_root(doc)) != JSON_OBJECT || !json_get_text(json_root(doc), "type", NULL)))
		rc = ferry_fail(&err, FERRY_E_PROTOCOL,
				"the worker's line is no object with a type");
	if (rc == 0)
		rc = w->line(w->ctx, json_root(doc), &err);
	json_free(doc);
	if (rc < 0)
		garbage(w, &err);
}

/* All whole lines in the buffer; the rest stays. */
static void take_lines(struct worker *w, size_t fresh)
{
	struct ferry_error err = {0};
	char *from = w->in.s, *end = w->in.s + w->in.len, *scan = end - fresh, *nl;

	w->heard = clock_mono();
	while (!w->deaf && (nl = memchr(scan, '\n', (size_t)(end - scan)))) {
		take_line(w, from, (size_t)(nl - from));
		from = scan = nl + 1;
	}
	size_t left = (size_t)(end - from);
	if (w->deaf || !left) {
		if (w->in.cap > READ_BYTES * 2)
			buf_release(&w->in);
		buf_reset(&w->in);
		return;
	}
	memmove(w->in.s, from, left + 1);
	w->in.len = left;
	if (left > LINE_MAX_BYTES) {
		ferry_fail(&err, FERRY_E_PROTOCOL, "the worker's line is longer than 1 MiB");
		garbage(w, &err);
	}
}

static void stop_listening(struct worker *w)
{
	loop_drop(w->io);
	w->io = NULL;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* One read. 1: there may be more, 0: nothing now, -1: it has closed its end. */
static int hear(struct worker *w)
{
	char *to = buf_room(&w->in, READ_BYTES);
	ssize_t n = recv(w->fd, to, READ_BYTES, MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR ? 1 : errno == EAGAIN ? 0 : -1;
	if (n == 0)
		return -1;
	w->in.len += (size_t)n;
	w->in.s[w->in.len] = '\0';
	take_lines(w, (size_t)n);
	return 1;
}

static void on_io(void *ctx, int fd, int events)
{
	struct worker *w = ctx;

	(void)fd;
	if (events & LOOP_OUT)
		flush(w);
	if (hear(w) < 0) {
		stop_listening(w);
		end_within(w, LEAVE_MS);
	}
}

static void on_child(void *ctx, pid_t pid, int status)
{
	struct worker *w = ctx;
	struct worker_end end = {.status = status, .err = &w->err};

	(void)pid;
	/* processes it has left behind go with it */
	end_group(w, SIGKILL);
	w->pid = 0;
	for (int left = REST_MAX / READ_BYTES; left && !w->deaf && w->fd >= 0; left--)
		if (hear(w) != 1)
			break;
	stop_listening(w);
	end.fate = w->fate;
	w->end(w->ctx, &end);
}

/* ------------------------------------------------------------------- starting */

/* Ours without what is said to this daemon alone. */
static char **worker_environment(void)
{
	static const char *const out[] = {"NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=",
		"LISTEN_FDS="};
	size_t n = 0, k = 0;

	while (environ[n])
		n++;
	char **env = ferry_alloc0(n + 1, sizeof *env);
	for (size_t i = 0; i < n; i++) {
		bool keep = true;
		for (size_t o = 0; o < sizeof out / sizeof out[0]; o++)
			if (strncmp(environ[i], out[o], strlen(out[o])) == 0)
				keep = false;
		if (keep)
			env[k++] = environ[i];
	}
	return env;
}

static int spawn(const char *program, const char *title, int sock, pid_t *ret)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	char *argv[] = {(char *)(uintptr_t)title, NULL};
	char **env = worker_environment();

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	/* what a connector prints must not mix with a program's own output */
	posix_spawn_file_actions_adddup2(&fa, 2, 1);
	posix_spawn_file_actions_adddup2(&fa, sock, WORKER_FD);
	posix_spawn_file_actions_addclosefrom_np(&fa, WORKER_FD + 1);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	sigfillset(&defaults);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	int rc = posix_spawn(ret, program, &fa, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	free(env);
	return rc;
}

static int start(struct worker *w, const struct worker_setup *setup, struct ferry_error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return ferry_fail_errno(err, errno, "cannot make a socket pair");
	w->fd = pair[0];
	int rc = spawn(setup->program, setup->title, pair[1], &w->pid);
	close(pair[1]);
	if (rc) {
		w->pid = 0;
		return ferry_fail_errno(err, rc, "cannot start %s", setup->program);
	}
	if (loop_child(w->loop, w->pid, on_child, w, &w->child, err) < 0 ||
	    loop_io(w->loop, w->fd, LOOP_IN, on_io, w, &w->io, err) < 0 ||
	    loop_timer(w->loop, w->silence_ms ? w->silence_ms : -1, on_silence, w, &w->silence,
		       err) < 0 ||
	    loop_timer(w->loop, -1, on_ender, w, &w->ender, err) < 0)
		return -1;
	say(w, setup->job, setup->job_len);
	return 0;
}

int worker_start(struct loop *loop, const struct worker_setup *setup, struct worker **ret,
		 struct ferry_error *err)
{
	struct worker *w = ferry_alloc0(1, sizeof *w);

	w->loop = loop;
	w->fd = -1;
	w->silence_ms = setup->silence_ms;
	w->heard = clock_mono();
	w->line = setup->line;
	w->end = setup->end;
	w->ctx = setup->ctx;
	if (start(w, setup, err) < 0) {
		worker_free(w);
		return -1;
	}
	*ret = w;
	return 0;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	loop_drop(w->child);
	loop_drop(w->silence);
	loop_drop(w->ender);
	stop_listening(w);
	if (w->pid) {
		end_group(w, SIGKILL);
		while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	buf_release(&w->in);
	buf_release(&w->out);
	free(w);
}

/* ------------------------------------------------------------------ explaining */

static void explain_status(int status, const char *place, struct ferry_error *err)
{
	const char *at = *place ? " in " : "";

	if (WIFSIGNALED(status)) {
		int signo = WTERMSIG(status);
		const char *name = sigabbrev_np(signo);
		ferry_fail(err, FERRY_E_WORKER_DIED, "the worker was killed by SIG%s%s%s%s",
			   name ? name : "?", WCOREDUMP(status) ? " (core dumped)" : "", at, place);
		if (signo == SIGKILL)
			ferry_hint(err, "Something outside ferry ended it, often the kernel for lack of memory: "
				   "see the system's log. Rows in doubt are settled by the next run.");
		return;
	}
	if (WEXITSTATUS(status) == FERRY_EXIT_NOMEM)
		ferry_fail(err, FERRY_E_MEMORY_LIMIT, "the worker ran out of memory%s%s", at,
			   place);
	else
		ferry_fail(err, FERRY_E_WORKER_DIED,
			   "the worker left with status %d before its run was done%s%s",
			   WEXITSTATUS(status), at, place);
}

void worker_explain(const struct worker_end *end, const char *place, int64_t silence_ms,
		    struct ferry_error *err)
{
	const char *at = *place ? " in " : "";

	switch (end->fate) {
	case WORKER_GARBAGE:
		ferry_fail(err, FERRY_E_PROTOCOL, "the worker was ended%s%s: %s", at, place,
			   end->err->msg);
		ferry_hint(err, "A connector may have damaged its memory, or worker and daemon are of different versions.");
		break;
	case WORKER_HUNG:
		ferry_fail(err, FERRY_E_HUNG, "no sign of life for %lld s%s%s; the worker was ended",
			   (long long)(silence_ms / 1000), at, place);
		break;
	case WORKER_ENDED:
		ferry_fail(err, FERRY_E_WORKER_DIED,
			   "the worker did not stop when asked to and was ended%s%s", at, place);
		break;
	case WORKER_LEFT:
		explain_status(end->status, place, err);
		break;
	}
}
