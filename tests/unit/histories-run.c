/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histories-run.c - one run of a generated history: a process of its own that may die at any write of
 * its store, and a reader of what it reports. Knows nothing of what should come of it.
 */
#include "histories.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pipeline/report.h"
#include "wire/json.h"

/* ---- dying at a chosen write of the store: LMDB's calls come here instead of the C library */

static int writes_left = KILL_NEVER;

static void count_write(void)
{
	if (writes_left != KILL_NEVER && writes_left-- == 0) {
		kill(getpid(), SIGKILL);
		for (;;)
			pause();
	}
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	count_write();
	return syscall(SYS_pwrite64, fd, p, n, at);
}

int fdatasync(int fd)
{
	count_write();
	return (int)syscall(SYS_fdatasync, fd);
}

/* ---- the process */

static void live(const struct story *s, const struct run *run, int fd)
{
	struct generation *g = story_load(s);
	struct pipeline_result result = {.status = RUN_FAILED};
	struct report *report = report_new(fd);

	writes_left = run->dies_at_write;
	if (report_listen(report, &result.error) == 0)
		pipeline_run(g, generation_sync(g, "story"), &run->options, report, &result);
	writes_left = KILL_NEVER;
	s->h->status = (int)result.status;
	s->h->code = result.error.code;
	snprintf(s->h->message, sizeof s->h->message, "%s", result.error.msg);
	report_free(report);
	conf_free(g);
	exit(0);
}

static void read_line(struct story *s, const char *line, size_t len)
{
	struct json_doc *doc;
	struct ferry_error err = {0};

	if (json_parse(line, len, "report", &doc, &err) != 0)
		story_fail(s, "a line of the report: %s", err.msg);
	json_node *root = json_root(doc);
	const char *type = json_get_text(root, "type", ""), *stage = json_get_text(root, "stage", "");
	const char *status = json_get_text(root, "status", "");
	bool ended = strcmp(type, "segment") == 0 && strcmp(status, "running") != 0;
	if (ended)
		counters_read(json_get(root, "counters"), &s->counters);
	if (strcmp(type, "stage") == 0 && strcmp(stage, "apply") == 0 && strcmp(status, "running") == 0)
		s->reached_apply = true;
	if (s->tells && (ended || strcmp(type, "log") == 0 || strcmp(type, "row_error") == 0))
		printf("    %s%s\n", stage, line + strcspn(line, ","));
	json_free(doc);
}

/* Read the report until the process closes its end by ending. */
static void read_report(struct story *s, int fd)
{
	struct buf in = BUF_INIT;
	char *end;

	for (;;) {
		ssize_t n = read(fd, buf_room(&in, 8192), 8192);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		in.len += (size_t)n;
		in.s[in.len] = '\0';
		while ((end = memchr(in.s, '\n', in.len))) {
			size_t len = (size_t)(end - in.s);
			*end = '\0';
			read_line(s, in.s, len);
			in.len -= len + 1;
			memmove(in.s, end + 1, in.len);
		}
	}
	buf_release(&in);
}

bool run_process(struct story *s, const struct run *run)
{
	struct history *h = s->h;
	int pair[2], status;

	memset(&s->counters, 0, sizeof s->counters);
	s->reached_apply = false;
	h->lock = 0;
	h->calls = h->lookups = h->effects = 0;
	h->settling = true;
	memset(h->sent, 0, sizeof h->sent);
	memset(h->extracted, 0, sizeof h->extracted);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		story_fail(s, "socketpair: %s", strerror(errno));
	h->cancel_fd = pair[0];
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		live(s, run, pair[1]);
	close(pair[1]);
	if (run->dies_after_us) {
		usleep((useconds_t)run->dies_after_us);
		kill(pid, SIGKILL);
	}
	read_report(s, pair[0]);
	close(pair[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		story_fail(s, "no process: %s", strerror(errno));
	if (h->violation[0])
		story_fail(s, "run %" PRId64 ": %s", run->options.run, h->violation);
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && run->may_die;
	if (!killed && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		story_fail(s, "run %" PRId64 " ended with %s %d", run->options.run,
			   WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	h->doubts |= killed;
	if (s->tells)
		printf("  %s: %s %s\n", killed ? "killed" : run_status_name((enum run_status)h->status),
		       killed ? "" : ferry_code_info(h->code)->name, killed ? "" : h->message);
	return !killed;
}
