/* SPDX-License-Identifier: Apache-2.0 */
/* test-problems.c - problems: kept, reported, ruled on, told to workers, closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/retention.h"
#include "supervise-fixture.h"

#define SYNC "a-script"
#define REPORT(form, group) "{\"type\":\"problem\",\"segment\":\"main\",\"form\":\"" form "\",\"key\":\"k" form "\"," \
	"\"group\":\"" group "\",\"code\":\"CODE_" group "\",\"severity\":\"error\",\"message\":\"what is wrong\"," \
	"\"field\":\"email\",\"fields\":{\"email\":\"a@b.c\"},\"candidates\":[{\"dest_id\":\"d1\"},{\"dest_id\":\"d2\"}]}\n"
#define CLEAR(form) "{\"type\":\"clear\",\"segment\":\"main\",\"form\":\"" form "\",\"reason\":\"VALID\"}\n"
#define RULED(form) "{\"type\":\"ruled\",\"segment\":\"main\",\"form\":\"" form "\"}\n"

static int setup(void **state)
{
	struct fixture *f = ferry_alloc0(1, sizeof *f);

	fixture_make(f);
	fixture_sync(f, SYNC, NULL);
	fixture_open(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_remove(*state);
	free(*state);
	return 0;
}

static struct journal *journal(struct fixture *f)
{
	return supervise_journal(f->s);
}

/* A run that says that; its document. */
static struct json_doc *run(struct fixture *f, const char *script)
{
	fixture_script(f, script);
	return fixture_run(f, SYNC);
}

static void just_run(struct fixture *f, const char *script)
{
	struct json_doc *doc = run(f, script);

	assert_string_equal(text_at(doc, "status"), "completed");
	json_free(doc);
}

static struct json_doc *problem(struct fixture *f, int64_t id)
{
	struct buf text = BUF_INIT;
	struct ferry_error err = {0};
	struct json_doc *doc = NULL;

	if (problem_text(journal(f), id, &text, &err) < 0 ||
	    json_parse(text.s, text.len, "problem", &doc, &err) < 0)
		fail_msg("%s", err.msg);
	buf_release(&text);
	return doc;
}

static void status_is(struct fixture *f, int64_t id, const char *status)
{
	struct json_doc *doc = problem(f, id);

	assert_string_equal(text_at(doc, "status"), status);
	json_free(doc);
}

/* "opened moved": its history, in one line */
static void history_is(struct fixture *f, int64_t id, const char *want)
{
	struct json_doc *doc = problem(f, id);
	json_node *list = at(doc, "history");
	struct buf got = BUF_INIT;

	for (size_t i = 0; i < json_count(list); i++)
		buf_addf(&got, "%s%s", i ? " " : "", json_get_text(json_at(list, i), "event", "?"));
	assert_string_equal(buf_str(&got), want);
	buf_release(&got);
	json_free(doc);
}

static int64_t count(struct fixture *f, int status)
{
	struct problem_filter of = {.status = status};
	int64_t ids[1], total;
	struct ferry_error err = {0};
	size_t n;

	assert_int_equal(problems_list(journal(f), &of, 0, 1, ids, &n, &total, &err), 0);
	return total;
}

static int rule_until(struct fixture *f, int64_t id, const char *action, const char *dest_id,
		      int64_t until, struct ferry_error *err)
{
	struct supervise_ruling r = {action, dest_id, until};
	struct buf out = BUF_INIT;

	*err = (struct ferry_error){0};
	int rc = supervise_resolve(f->s, id, &r, &tester, &out, err);
	buf_release(&out);
	return rc;
}

static void rule(struct fixture *f, int64_t id, const char *action, const char *dest_id)
{
	struct ferry_error err;

	if (rule_until(f, id, action, dest_id, 0, &err) < 0)
		fail_msg("%s", err.msg);
}

/* What the last run was told: its open forms and its rulings as "form:action:dest_id". */
static void told(struct fixture *f, const char *open, const char *rulings)
{
	struct json_doc *job = fixture_job(f);
	json_node *forms = at(job, "open.0.forms"), *list = at(job, "rulings");
	struct buf a = BUF_INIT, b = BUF_INIT;

	for (size_t i = 0; i < json_count(forms); i++)
		buf_addf(&a, "%s%s", i ? " " : "", json_text(json_at(forms, i), NULL));
	for (size_t i = 0; i < json_count(list); i++) {
		json_node *r = json_at(list, i);
		assert_string_equal(json_get_text(r, "segment", ""), "main");
		buf_addf(&b, "%s%s:%s:%s", i ? " " : "", json_get_text(r, "form", ""),
			 json_get_text(r, "action", ""), json_get_text(r, "dest_id", ""));
	}
	assert_string_equal(buf_str(&a), open);
	assert_string_equal(buf_str(&b), rulings);
	buf_release(&a);
	buf_release(&b);
	json_free(job);
}

/* ------------------------------------------------------------------- reported */

static void a_report_opens_moves_and_is_cleared(void **state)
{
	struct fixture *f = *state;

	struct json_doc *doc = run(f, REPORT("aa01", "invalid") REPORT("aa02", "ambiguous"));
	assert_int_equal(int_at(doc, "summary.problems.open"), 2);
	assert_int_equal(int_at(doc, "summary.problems.opened"), 2);
	assert_int_equal(int_at(doc, "summary.problems.cleared"), 0);
	assert_int_equal(int_at(doc, "summary.problems.groups.ambiguous"), 1);
	assert_int_equal(int_at(doc, "segments.0.problems.opened"), 2);
	json_free(doc);
	doc = problem(f, 1);
	assert_string_equal(text_at(doc, "status"), "open");
	assert_string_equal(text_at(doc, "sync"), SYNC);
	assert_string_equal(text_at(doc, "segment"), "main");
	assert_string_equal(text_at(doc, "key"), "kaa01");
	assert_string_equal(text_at(doc, "form"), "aa01");
	assert_string_equal(text_at(doc, "code"), "CODE_invalid");
	assert_string_equal(text_at(doc, "severity"), "error");
	assert_string_equal(text_at(doc, "fields.email"), "a@b.c");
	assert_string_equal(text_at(doc, "candidates.1.dest_id"), "d2");
	assert_int_equal(int_at(doc, "first_run"), 1);
	assert_int_equal(int_at(doc, "times"), 1);
	assert_null(at(doc, "resolution"));
	json_free(doc);

	doc = run(f, REPORT("aa01", "invalid") REPORT("aa02", "rejected"));
	told(f, "aa01 aa02", "");
	assert_int_equal(int_at(doc, "summary.problems.open"), 2);
	assert_int_equal(int_at(doc, "summary.problems.opened"), 0);
	json_free(doc);
	history_is(f, 1, "opened");
	history_is(f, 2, "opened moved");
	doc = problem(f, 2);
	assert_int_equal(int_at(doc, "times"), 2);
	assert_int_equal(int_at(doc, "last_run"), 2);
	assert_string_equal(text_at(doc, "group"), "rejected");
	json_free(doc);

	doc = run(f, CLEAR("aa01") CLEAR("ffff"));
	assert_int_equal(int_at(doc, "summary.problems.open"), 1);
	assert_int_equal(int_at(doc, "summary.problems.cleared"), 1);
	json_free(doc);
	doc = problem(f, 1);
	assert_string_equal(text_at(doc, "status"), "cleared");
	assert_string_equal(text_at(doc, "close_reason"), "VALID");
	assert_non_null(at(doc, "closed_at"));
	json_free(doc);
	/* coming back it is another one */
	just_run(f, REPORT("aa01", "invalid"));
	told(f, "aa02", "");
	status_is(f, 1, "cleared");
	status_is(f, 3, "open");
	assert_int_equal(count(f, PROBLEM_OPEN), 2);
}

static void several_reports_of_a_key_in_one_group_are_one_problem(void **state)
{
	struct fixture *f = *state;

	just_run(f, REPORT("aa01", "one") REPORT("aa01", "two") CLEAR("aa01") REPORT("aa01", "three"));
	assert_int_equal(count(f, -1), 2);
	history_is(f, 1, "opened moved cleared");
	history_is(f, 2, "opened");
	struct json_doc *doc = problem(f, 1);
	assert_int_equal(int_at(doc, "times"), 1);
	json_free(doc);
}

static void a_report_of_no_shape_ends_the_run(void **state)
{
	static const char *const wrong[] = {
		"{\"type\":\"problem\",\"segment\":\"main\",\"form\":\"aa\",\"key\":\"k\",\"group\":\"g\",\"code\":\"C\",\"severity\":\"bad\",\"message\":\"m\"}\n",
		"{\"type\":\"problem\",\"segment\":\"main\",\"form\":\"aa\",\"key\":\"k\",\"group\":\"g\",\"code\":\"C\",\"severity\":\"error\"}\n",
		"{\"type\":\"problem\",\"segment\":\"nobody\",\"form\":\"aa\"}\n",
		"{\"type\":\"clear\",\"segment\":\"main\",\"form\":\"no hex\"}\n",
		"{\"type\":\"ruled\",\"segment\":\"main\"}\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		/* it stays, to be ended */
		char *script = ferry_asprintf("%swait\n", wrong[i]);
		struct json_doc *doc = run(f, script);
		free(script);
		assert_string_equal(text_at(doc, "status"), "failed");
		assert_string_equal(text_at(doc, "error.code"), "PROTOCOL");
		json_free(doc);
	}
	assert_int_equal(count(f, -1), 0);
}

static void no_more_are_kept_than_the_settings_say(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_settings(f, "problems_max: 2\n");
	fixture_open(f);
	struct json_doc *doc = run(f, REPORT("aa01", "g") REPORT("aa02", "g") REPORT("aa03", "g"));
	assert_int_equal(int_at(doc, "summary.problems.open"), 2);
	assert_int_equal(int_at(doc, "summary.problems.groups.g"), 3);
	json_free(doc);
	assert_int_equal(count(f, PROBLEM_OPEN), 2);
	/* those that are there go on, and make room */
	just_run(f, REPORT("aa03", "g") CLEAR("aa01") REPORT("aa02", "h") REPORT("aa04", "g"));
	assert_int_equal(count(f, PROBLEM_OPEN), 2);
	history_is(f, 2, "opened moved");
	status_is(f, 3, "open");
	doc = problem(f, 3);
	assert_string_equal(text_at(doc, "form"), "aa04");
	json_free(doc);
}

static void the_history_keeps_its_end(void **state)
{
	struct fixture *f = *state;
	struct buf script = BUF_INIT;

	for (int i = 0; i < 13; i++)
		buf_adds(&script, REPORT("aa01", "one") REPORT("aa01", "two"));
	just_run(f, buf_str(&script));
	buf_release(&script);
	struct json_doc *doc = problem(f, 1);
	assert_int_equal(json_count(at(doc, "history")), PROBLEM_HISTORY);
	assert_string_equal(text_at(doc, "history.0.event"), "moved");
	assert_string_equal(text_at(doc, "history.19.group"), "two");
	json_free(doc);
}

/* ---------------------------------------------------------------------- ruled on */

static void a_ruling_is_told_until_it_is_carried_out(void **state)
{
	struct fixture *f = *state;

	just_run(f, REPORT("aa01", "ambiguous") REPORT("aa02", "ambiguous"));
	rule(f, 1, "link", "d2");
	struct json_doc *doc = problem(f, 1);
	assert_string_equal(text_at(doc, "status"), "resolved");
	assert_string_equal(text_at(doc, "resolution.action"), "link");
	assert_string_equal(text_at(doc, "resolution.dest_id"), "d2");
	assert_string_equal(text_at(doc, "resolution.by"), tester.name);
	assert_null(at(doc, "resolution.carried_out_at"));
	json_free(doc);
	/* a preview, say, that carries nothing out */
	just_run(f, "");
	told(f, "aa02", "aa01:link:d2");
	/* it is durable */
	fixture_close(f);
	fixture_open(f);
	doc = run(f, RULED("aa01"));
	told(f, "aa02", "aa01:link:d2");
	assert_int_equal(int_at(doc, "summary.problems.open"), 1);
	json_free(doc);
	doc = problem(f, 1);
	assert_string_equal(text_at(doc, "status"), "resolved");
	assert_int_equal(int_at(doc, "resolution.carried_out_run"), 3);
	assert_non_null(at(doc, "closed_at"));
	json_free(doc);
	history_is(f, 1, "opened resolved carried_out");
	just_run(f, "");
	told(f, "aa02", "");
}

static void what_did_not_help_is_open_again(void **state)
{
	struct fixture *f = *state;

	just_run(f, REPORT("aa01", "ambiguous"));
	rule(f, 1, "create", NULL);
	struct json_doc *doc = run(f, REPORT("aa01", "ambiguous"));
	told(f, "", "aa01:create:");
	assert_int_equal(int_at(doc, "summary.problems.opened"), 1);
	assert_int_equal(int_at(doc, "summary.problems.open"), 1);
	json_free(doc);
	status_is(f, 1, "open");
	history_is(f, 1, "opened resolved reopened");
	just_run(f, "");
	told(f, "aa01", "");
}

/* Trigger, and be there while it runs. */
static int64_t run_meanwhile(struct fixture *f, const char *script)
{
	fixture_script(f, script);
	int64_t id = fixture_trigger(f, SYNC);
	fixture_wait_status(f, id, "running");
	fixture_spin(f, 50);
	return id;
}

static void a_run_under_way_does_not_know(void **state)
{
	struct fixture *f = *state;

	just_run(f, REPORT("aa01", "ambiguous"));
	int64_t id = run_meanwhile(f, "wait\n" REPORT("aa01", "ambiguous") RULED("aa01"));
	rule(f, 1, "link", "d1");
	fixture_go(f);
	struct json_doc *doc = fixture_wait(f, id);
	assert_int_equal(int_at(doc, "summary.problems.open"), 0);
	assert_int_equal(int_at(doc, "summary.problems.opened"), 0);
	json_free(doc);
	/* nothing it said makes it forgotten */
	status_is(f, 1, "resolved");
	history_is(f, 1, "opened resolved reported");
	just_run(f, RULED("aa01"));
	told(f, "", "aa01:link:d1");
	history_is(f, 1, "opened resolved reported carried_out");
}

static void a_mind_changed_is_the_newer_one(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err;

	just_run(f, REPORT("aa01", "ambiguous"));
	rule(f, 1, "link", "d1");
	int64_t id = run_meanwhile(f, "wait\n" RULED("aa01"));
	rule(f, 1, "link", "d2");
	fixture_go(f);
	json_free(fixture_wait(f, id));
	just_run(f, RULED("aa01"));
	told(f, "", "aa01:link:d2");
	assert_int_equal(rule_until(f, 1, "retry", NULL, 0, &err), -1);
	assert_int_equal(err.code, FERRY_E_STATE);
	assert_non_null(strstr(err.msg, "run 3 has carried out 'link'"));
}

static void what_clears_itself_needs_no_ruling(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err;

	just_run(f, REPORT("aa01", "ambiguous"));
	int64_t id = run_meanwhile(f, "wait\n" CLEAR("aa01"));
	rule(f, 1, "create", NULL);
	fixture_go(f);
	json_free(fixture_wait(f, id));
	status_is(f, 1, "cleared");
	just_run(f, "");
	told(f, "", "");
	assert_int_equal(rule_until(f, 1, "reopen", NULL, 0, &err), -1);
	assert_int_equal(err.code, FERRY_E_STATE);
	assert_non_null(strstr(err.msg, "cleared (VALID)"));
}

static void what_is_ignored_stays_so_until_its_time(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err;

	just_run(f, REPORT("aa01", "ambiguous") REPORT("aa02", "ambiguous"));
	rule(f, 1, "ignore", NULL);
	assert_int_equal(rule_until(f, 2, "ignore", NULL, clock_now() + 1000000, &err), 0);
	struct json_doc *doc = run(f, REPORT("aa01", "ambiguous") REPORT("aa02", "ambiguous"));
	told(f, "", "aa01:ignore: aa02:ignore:");
	assert_int_equal(int_at(doc, "summary.problems.open"), 0);
	json_free(doc);
	status_is(f, 1, "ignored");
	status_is(f, 2, "ignored");
	fixture_spin(f, 1100);
	/* its time is over: not told any more, to be reported or cleared */
	doc = run(f, REPORT("aa01", "ambiguous") REPORT("aa02", "ambiguous"));
	told(f, "aa02", "aa01:ignore:");
	assert_int_equal(int_at(doc, "summary.problems.open"), 1);
	json_free(doc);
	status_is(f, 1, "ignored");
	status_is(f, 2, "open");
	history_is(f, 2, "opened ignored reopened");
	rule(f, 1, "reopen", NULL);
	status_is(f, 1, "open");
	just_run(f, "");
	told(f, "aa01 aa02", "");
}

static void what_cannot_be_ruled_is_said(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err;

	just_run(f, REPORT("aa01", "ambiguous"));
	static const struct {
		int64_t id;
		const char *action, *dest_id;
		int64_t until;
		int code;
	} cases[] = {
		{1, "link", NULL, 0, FERRY_E_USAGE}, {1, "link", "", 0, FERRY_E_USAGE},
		{1, "create", "d1", 0, FERRY_E_USAGE}, {1, "delete", NULL, 0, FERRY_E_USAGE},
		{1, "retry", NULL, INT64_MAX, FERRY_E_USAGE}, {1, "ignore", NULL, 1, FERRY_E_USAGE},
		{1, "reopen", NULL, 0, FERRY_E_STATE}, {9, "retry", NULL, 0, FERRY_E_NOT_FOUND},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(rule_until(f, cases[i].id, cases[i].action, cases[i].dest_id, cases[i].until,
					    &err), -1);
		assert_int_equal(err.code, cases[i].code);
	}
	status_is(f, 1, "open");
	history_is(f, 1, "opened");
}

static void many_are_ruled_at_once(void **state)
{
	struct fixture *f = *state;
	struct problem_filter of = {.sync = SYNC, .group = "rejected"};
	struct supervise_ruling retry = {.action = "retry"}, link = {.action = "link", .dest_id = "d"};
	struct buf script = BUF_INIT;
	struct ferry_error err = {0};
	int64_t n;

	for (int i = 0; i < 450; i++)
		buf_addf(&script, "{\"type\":\"problem\",\"segment\":\"main\",\"form\":\"%04x\",\"key\":\"%d\",\"group\":\"%s\","
			 "\"code\":\"C\",\"severity\":\"warning\",\"message\":\"m\"}\n", i, i, i % 10 ? "rejected" : "other");
	just_run(f, buf_str(&script));
	buf_release(&script);
	assert_int_equal(count(f, PROBLEM_OPEN), 450);
	assert_int_equal(supervise_resolve_all(f->s, &of, &link, &tester, &n, &err), -1);
	assert_int_equal(err.code, FERRY_E_USAGE);
	assert_int_equal(supervise_resolve_all(f->s, &of, &retry, &tester, &n, &err), 0);
	assert_int_equal(n, 405);
	assert_int_equal(count(f, PROBLEM_OPEN), 45);
	assert_int_equal(count(f, PROBLEM_RESOLVED), 405);
	just_run(f, "");
	struct json_doc *job = fixture_job(f);
	assert_int_equal(json_count(at(job, "open.0.forms")), 45);
	assert_int_equal(json_count(at(job, "rulings")), 405);
	assert_int_equal(int_at(job, "problems_max"), supervise_settings(f->s)->problems_max);
	json_free(job);
}

/* ------------------------------------------------------------------ keeping house */

static void on_reload(void *ctx, const struct supervise_reload *r)
{
	*(int *)ctx = r->rc == 0 ? 1 : -1;
}

static bool reloaded(struct fixture *f, void *ctx)
{
	(void)f;
	return *(int *)ctx != 0;
}

static void problems_go_with_their_sync(void **state)
{
	struct fixture *f = *state;
	int done = 0;

	just_run(f, REPORT("aa01", "ambiguous") REPORT("aa02", "ambiguous"));
	rule(f, 2, "ignore", NULL);
	int64_t id = run_meanwhile(f, "wait\n" REPORT("aa03", "ambiguous"));
	char *path = ferry_asprintf("%s/syncs.d/" SYNC ".yaml", f->config);
	assert_int_equal(unlink(path), 0);
	free(path);
	supervise_reload(f->s, NULL, on_reload, &done);
	fixture_until(f, reloaded, &done, 5000);
	assert_int_equal(done, 1);
	/* what its last run still finds is nobody's */
	fixture_go(f);
	json_free(fixture_wait(f, id));
	struct json_doc *doc = problem(f, 1);
	assert_string_equal(text_at(doc, "status"), "cleared");
	assert_string_equal(text_at(doc, "close_reason"), "REMOVED");
	json_free(doc);
	status_is(f, 2, "cleared");
	assert_int_equal(count(f, -1), 2);
	/* likewise when it went while the daemon was away */
	fixture_sync(f, SYNC, NULL);
	fixture_sync(f, "b-ok", NULL);
	fixture_close(f);
	fixture_open(f);
	just_run(f, REPORT("aa01", "ambiguous"));
	fixture_close(f);
	path = ferry_asprintf("%s/syncs.d/" SYNC ".yaml", f->config);
	assert_int_equal(unlink(path), 0);
	free(path);
	fixture_open(f);
	fixture_spin(f, 200);
	assert_int_equal(count(f, PROBLEM_OPEN), 0);
}

static void only_closed_ones_are_dropped(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	struct buf text = BUF_INIT;

	just_run(f, REPORT("aa01", "g") REPORT("aa02", "g") REPORT("aa03", "g") REPORT("aa04", "g")
		 REPORT("aa05", "g"));
	rule(f, 4, "ignore", NULL);
	rule(f, 5, "link", "d1");
	just_run(f, CLEAR("aa02"));
	just_run(f, CLEAR("aa01"));
	just_run(f, CLEAR("aa03"));
	/* the one that was closed first goes first, one at a time */
	struct retention_place place = {.len = 0};
	struct retention_budget one = {1, 1000}, much = {100, 1000000};
	int64_t n;
	assert_int_equal(retention_drop_problems(journal(f), 0, 1, false, &place, &one, &n, &err), 0);
	assert_int_equal(journal_commit(journal(f), &err), 0);
	assert_int_equal(problem_text(journal(f), 2, &text, &err), -1);
	assert_int_equal(err.code, FERRY_E_NOT_FOUND);
	status_is(f, 1, "cleared");
	assert_int_equal(retention_drop_problems(journal(f), 0, 0, false, &place, &much, &n, &err), 1);
	assert_int_equal(n, 2);
	assert_int_equal(journal_commit(journal(f), &err), 0);
	assert_int_equal(count(f, -1), 2);
	assert_int_equal(count(f, PROBLEM_CLEARED), 0);
	status_is(f, 4, "ignored");
	status_is(f, 5, "resolved");
	/* numbers are not given again, also when the highest is gone */
	fixture_close(f);
	fixture_open(f);
	just_run(f, REPORT("aa09", "g"));
	status_is(f, 6, "open");
	buf_release(&text);
}

/* A daemon of its own, killed when it has said that a ruling is taken. */
static void rule_until_killed(struct fixture *f, int ready)
{
	fixture_open(f);
	just_run(f, REPORT("aa01", "g") REPORT("aa02", "g"));
	rule(f, 2, "link", "d9");
	if (write(ready, "x", 1) != 1)
		_exit(1);
	fixture_spin(f, 60000);
	_exit(0);
}

static void what_was_taken_survives_kill_9(void **state)
{
	struct fixture *f = *state;
	int fds[2];
	char c;

	fixture_close(f);
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0)
		rule_until_killed(f, fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	close(fds[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fixture_open(f);
	status_is(f, 1, "open");
	just_run(f, "");
	told(f, "aa01", "aa02:link:d9");
}

static void pages_and_filters(void **state)
{
	struct fixture *f = *state;
	struct ferry_error err = {0};
	int64_t ids[10], total;
	size_t n;

	just_run(f, REPORT("aa01", "one") REPORT("aa02", "two") REPORT("aa03", "one") CLEAR("aa03"));
	struct problem_filter all = {.status = -1}, one = {.sync = SYNC, .segment = "main", .group = "one",
		.status = PROBLEM_OPEN}, other = {.sync = "b", .status = -1};
	assert_int_equal(problems_list(journal(f), &all, 1, 1, ids, &n, &total, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(ids[0], 2);
	assert_int_equal(total, 3);
	assert_int_equal(problems_list(journal(f), &one, 0, 10, ids, &n, &total, &err), 0);
	assert_int_equal(total, 1);
	assert_int_equal(ids[0], 1);
	assert_int_equal(problems_list(journal(f), &other, 0, 10, ids, &n, &total, &err), 0);
	assert_int_equal(total, 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_report_opens_moves_and_is_cleared),
		T(several_reports_of_a_key_in_one_group_are_one_problem),
		T(a_report_of_no_shape_ends_the_run),
		T(no_more_are_kept_than_the_settings_say),
		T(the_history_keeps_its_end),
		T(a_ruling_is_told_until_it_is_carried_out),
		T(what_did_not_help_is_open_again),
		T(a_run_under_way_does_not_know),
		T(a_mind_changed_is_the_newer_one),
		T(what_clears_itself_needs_no_ruling),
		T(what_is_ignored_stays_so_until_its_time),
		T(what_cannot_be_ruled_is_said),
		T(many_are_ruled_at_once),
		T(problems_go_with_their_sync),
		T(only_closed_ones_are_dropped),
		T(what_was_taken_survives_kill_9),
		T(pages_and_filters),
	};
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
