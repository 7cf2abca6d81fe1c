/* SPDX-License-Identifier: Apache-2.0 */
/* test-manager.c - what the service manager hears, what it hands over, and where the log goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "supervise-fixture.h"
#include "supervise/supervisor.h"
#include "wire/journald.h"

#define SECOND ((int64_t)1000000)

/* A manager that listens, in the fixture's folder. */
static int manager_socket(const struct fixture *f)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof addr.sun_path, "%s/notify", f->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	setenv("NOTIFY_SOCKET", addr.sun_path, 1);
	return fd;
}

/* All that was said since the last time. */
static void hear(int fd, struct buf *out)
{
	char text[4096];
	ssize_t n;

	buf_reset(out);
	while ((n = recv(fd, text, sizeof text, 0)) > 0) {
		buf_add(out, text, (size_t)n);
		buf_addc(out, '\n');
	}
	buf_add(out, "", 0);
}

static int setup(void **state)
{
	struct fixture *f = ferry_alloc0(1, sizeof *f);

	fixture_make(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	fixture_close(f);
	fixture_remove(f);
	free(f);
	return 0;
}

static void the_watchdog_is_fed_while_there_is_progress(void **state)
{
	struct fixture *f = *state;
	struct buf heard = BUF_INIT;
	int fd = manager_socket(f);

	setenv("WATCHDOG_USEC", "100000", 1);
	fixture_sync(f, "a-ok", "");
	fixture_open(f);
	supervise_start(f->s);
	fixture_spin(f, 200);
	hear(fd, &heard);
	assert_non_null(strstr(heard.s, "WATCHDOG=1"));

	/* the journal's group is never committed: so it looks when a commit was due long ago */
	f->s->commit_by = 1;
	fixture_spin(f, 200);
	hear(fd, &heard);
	assert_null(strstr(heard.s, "WATCHDOG=1"));
	f->s->commit_by = 0;
	fixture_spin(f, 200);
	hear(fd, &heard);
	assert_non_null(strstr(heard.s, "WATCHDOG=1"));
	buf_release(&heard);
	close(fd);
}

static void what_is_late_is_named(void **state)
{
	struct fixture *f = *state;

	fixture_sync(f, "a-ok", "");
	fixture_open(f);
	supervise_start(f->s);
	/* what the start itself has to write */
	fixture_spin(f, 300);
	int64_t now = clock_mono();
	assert_null(manager_stuck(f->s, now));
	/* a look each minute at the latest */
	assert_null(manager_stuck(f->s, now + 60 * SECOND));
	assert_non_null(strstr(manager_stuck(f->s, now + 75 * SECOND), "looked at what is due"));

	journal_put_state(f->s->journal, "test", "true", 4);
	group_touch(f->s);
	assert_null(manager_stuck(f->s, now));
	assert_non_null(strstr(manager_stuck(f->s, now + 15 * SECOND), "commits"));
	fixture_spin(f, 300);
	assert_null(manager_stuck(f->s, now + 15 * SECOND));

	/* nobody needs to look when it stops */
	supervise_stop(f->s);
	assert_null(manager_stuck(f->s, now + 75 * SECOND));
}

static void the_status_tells_what_is_going_on(void **state)
{
	struct fixture *f = *state;
	struct buf text = BUF_INIT;

	fixture_sync(f, "a-ok", "schedule: {every: 1h, catch_up: false}\n");
	fixture_sync(f, "b-auth", "");
	fixture_open(f);
	supervise_start(f->s);
	manager_status(f->s, &text);
	assert_non_null(strstr(text.s, "idle; 2 syncs; next: a-ok at "));
	assert_null(strstr(text.s, "failure"));

	json_free(fixture_run(f, "b-auth"));
	buf_reset(&text);
	manager_status(f->s, &text);
	assert_non_null(strstr(text.s, "; last failure: b-auth, run 1, "));

	supervise_stop(f->s);
	buf_reset(&text);
	manager_status(f->s, &text);
	assert_int_equal(strncmp(text.s, "stopping: idle; 2 syncs", 23), 0);
	assert_null(strstr(text.s, "next:"));
	buf_release(&text);
}

static void a_stop_asks_for_the_time_that_the_settings_give(void **state)
{
	struct fixture *f = *state;
	struct buf heard = BUF_INIT;
	int fd = manager_socket(f);

	fixture_settings(f, "stop_timeout: 7m\n");
	fixture_sync(f, "a-ok", "");
	fixture_open(f);
	hear(fd, &heard);
	assert_non_null(strstr(heard.s, "STATUS=idle; 1 sync"));
	supervise_stop(f->s);
	hear(fd, &heard);
	assert_non_null(strstr(heard.s, "EXTEND_TIMEOUT_USEC=450000000\n"));
	assert_non_null(strstr(heard.s, "STOPPING=1\nSTATUS=stopping: "));
	buf_release(&heard);
	close(fd);
}

/* -------------------------------------------------------------- a socket handed over */

/* In a process of its own, since the number of the descriptor is given. */
static int child_takes(int fd, const char *pid)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		char own[24];
		snprintf(own, sizeof own, "%d", (int)getpid());
		dup2(fd, 3);
		setenv("LISTEN_PID", pid ? pid : own, 1);
		setenv("LISTEN_FDS", "1", 1);
		int got = loop_passed_socket();
		_exit(got < 0 ? 100 : getenv("LISTEN_FDS") ? 101 : got);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static void a_socket_is_taken_when_it_is_for_us_and_listens(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	fixture_sync(f, "a-ok", "");
	fixture_open(f);
	snprintf(addr.sun_path, sizeof addr.sun_path, "%s/socket", f->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(child_takes(fd, NULL), 100);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(child_takes(fd, NULL), 3);
	assert_int_equal(child_takes(fd, "1"), 100);
	close(fd);
	assert_int_equal(loop_passed_socket(), -1);
}

/* ------------------------------------------------------------------------- the log */

static char last_line[256], last_sync[64];
static enum ferry_level last_level;

static void keep(const struct log_about *about, enum ferry_level level, const char *text)
{
	snprintf(last_line, sizeof last_line, "%s", text);
	snprintf(last_sync, sizeof last_sync, "%s", about->sync ? about->sync : "");
	last_level = level;
}

/* What comes out of standard error meanwhile. */
static void log_through_pipe(char *out, size_t size, const char *stream)
{
	int pair[2], saved = dup(STDERR_FILENO);
	struct stat st;
	char own[64];

	assert_int_equal(pipe(pair), 0);
	dup2(pair[1], STDERR_FILENO);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream ? stream : own, 1);
	log_init("test", FERRY_LOG_INFO);
	log_warn("a %s", "line");
	dup2(saved, STDERR_FILENO);
	close(pair[1]);
	ssize_t n = read(pair[0], out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	close(pair[0]);
	close(saved);
	unsetenv("JOURNAL_STREAM");
	log_init("test", FERRY_LOG_INFO);
}

static void priorities_are_for_the_journal_alone(void **state)
{
	char out[256];

	(void)state;
	log_through_pipe(out, sizeof out, NULL);
	assert_string_equal(out, "<4>a line\n");
	/* inherited by somebody whose standard error is another one */
	log_through_pipe(out, sizeof out, "1:2");
	assert_string_equal(out, "test: warning: a line\n");
	log_through_pipe(out, sizeof out, "nonsense");
	assert_string_equal(out, "test: warning: a line\n");
}

static void lines_carry_what_they_are_about(void **state)
{
	struct ferry_error err = {0};

	(void)state;
	log_to(keep);
	log_about(&(struct log_about){.sync = "customers", .run = 7}, FERRY_LOG_INFO, "run %d", 7);
	assert_string_equal(last_line, "run 7");
	assert_string_equal(last_sync, "customers");
	log_debug("not wanted");
	assert_string_equal(last_line, "run 7");
	ferry_fail(&err, FERRY_E_CONFIG, "no good");
	log_error(&err);
	assert_int_equal(last_level, FERRY_LOG_ERROR);
	assert_non_null(strstr(last_line, "CONFIG: no good"));
	log_to(NULL);
	/* standard error is no journal here */
	journald_begin();
	log_info("to standard error");
	assert_non_null(strstr(last_line, "CONFIG"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_watchdog_is_fed_while_there_is_progress, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_late_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(the_status_tells_what_is_going_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stop_asks_for_the_time_that_the_settings_give, setup, teardown),
		cmocka_unit_test_setup_teardown(a_socket_is_taken_when_it_is_for_us_and_listens, setup, teardown),
		cmocka_unit_test(priorities_are_for_the_journal_alone),
		cmocka_unit_test(lines_carry_what_they_are_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
