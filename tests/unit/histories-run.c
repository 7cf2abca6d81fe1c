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

#include "model/value.h"
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

/* ---- problems */

void story_forms(struct story *s)
{
	for (int i = 0; i < HISTORY_KEYS; i++) {
		struct ferry_value a = {.i = s->h->keys[i].a, .type = FERRY_INT};
		struct ferry_value b = {.s = s->h->keys[i].b, .len = (uint32_t)strlen(s->h->keys[i].b), .type = FERRY_TEXT};
		struct ferry_value parts[] = {s->h->key_kind == KEY_B ? b : a, b};
		struct ferry_error err = {0};
		struct buf form = BUF_INIT;
		if (key_encode(parts, s->h->key_kind == KEY_BOTH ? 2 : 1, &form, &err) != 0 || form.len > FORM_BYTES)
			story_fail(s, "the form of key %d: %s", i, err.msg);
		s->form_len[i] = form.len;
		memcpy(s->forms[i], form.s, form.len);
		for (size_t k = 0; k < form.len; k++)
			snprintf(s->hex[i] + 2 * k, 3, "%02x", (unsigned char)form.s[k]);
		buf_release(&form);
	}
}

void story_problems(struct story *s, struct run *run)
{
	struct pipeline_options *o = &run->options;

	o->open = s->for_job_open;
	o->rulings = s->for_job;
	for (int i = 0; i < HISTORY_KEYS; i++) {
		struct kv_bytes form = {s->forms[i], s->form_len[i]};
		if (s->open[i])
			s->for_job_open[o->n_open++] = (struct open_def){"main", form};
		if (s->said[i] == WORD_NONE)
			continue;
		snprintf(s->ids[i], sizeof s->ids[i], "k%d", i);
		s->for_job[o->n_rulings++] = (struct ruling_def){
			.segment = "main", .form = form, .retry = s->said[i] == WORD_RETRY,
			.ruling = s->said[i] == WORD_LINK ? RULING_LINK : s->said[i] == WORD_IGNORE ? RULING_IGNORE : RULING_NONE,
			.dest_id = s->said[i] == WORD_LINK ? s->ids[i] : "",
		};
	}
}

/* As the supervisor has it: what is reported although a run knew the word for it is open again. */
static void read_problem(struct story *s, json_node *root, const char *type)
{
	const char *hex = json_get_text(root, "form", "");
	int key = 0;

	while (key < HISTORY_KEYS && strcmp(s->hex[key], hex) != 0)
		key++;
	if (key == HISTORY_KEYS)
		story_fail(s, "a %s of the form %s, which is no key's", type, hex);
	if (strcmp(type, "problem") == 0) {
		if (s->reported[key] && key != s->h->twice && strcmp(json_get_text(root, "code", ""), "QUARANTINED") != 0)
			story_fail(s, "key %d: two problems in one run", key);
		s->reported[key] = true;
		snprintf(s->code[key], sizeof s->code[key], "%s", json_get_text(root, "code", ""));
		if (s->said[key] != WORD_IGNORE) {
			s->said[key] = WORD_NONE;
			s->open[key] = true;
		}
	} else if (strcmp(type, "clear") == 0) {
		s->open[key] = false;
		s->said[key] = WORD_NONE;
	} else if (s->said[key] == WORD_LINK || s->said[key] == WORD_RETRY) {
		s->said[key] = WORD_NONE;
	}
}

/* ---- the report */

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
	bool problem = strcmp(type, "problem") == 0 || strcmp(type, "clear") == 0 || strcmp(type, "ruled") == 0;
	if (problem)
		read_problem(s, root, type);
	if (strcmp(type, "stage") == 0 && strcmp(stage, "apply") == 0 && strcmp(status, "running") == 0)
		s->reached_apply = true;
	if (s->tells && (ended || problem || strcmp(type, "log") == 0 || strcmp(type, "row_error") == 0))
		printf("    %s %s%s\n", type, stage, line + strcspn(line, ","));
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
	/* a promotion has the problems of its preview */
	if (!run->options.promote_run)
		memset(s->reported, 0, sizeof s->reported);
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
