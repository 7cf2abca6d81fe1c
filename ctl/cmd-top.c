/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd-top.c - top: what goes on right now, drawn anew each second.
 *
 * On a terminal it has the other screen to itself. Signals are blocked meanwhile and read between two
 * pictures, so that the terminal is put back as it was whatever ends it.
 */
#include "ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "format.h"
#include "table.h"
#include "view.h"

enum { EACH_MS = 1000, BAR_WIDTH = 16, RUNS_MOST = 20, FAILED_MOST = 5, NEXT_MOST = 8 };

/* What is asked for one picture, and under which name --json has it. */
enum part_of { PART_STATUS, PART_RUNNING, PART_QUEUED, PART_FAILED, PART_NEXT, PARTS };
static const struct {
	const char *name, *path;
} asked[PARTS] = {
	[PART_STATUS] = {"status", "/status"},
	[PART_RUNNING] = {"running", "/runs?status=running&per_page=20"},
	[PART_QUEUED] = {"queued", "/runs?status=queued&per_page=20"},
	[PART_FAILED] = {"failed", "/runs?status=failed&per_page=5"},
	[PART_NEXT] = {"next", "/syncs?sort=next_run_at&per_page=8"},
};

/* What a run had done when it was last seen, for its rate. */
struct seen {
	int64_t run, done;
};

struct top {
	struct ctl *ctl;
	struct answer answers[PARTS];
	struct seen seen[RUNS_MOST];
	size_t n_seen;
	int64_t seen_at;		/* clock_mono; 0: nothing was seen yet */
};

/* All of it or none: what was there before stays when the daemon is away. */
static int ask(struct top *top, struct ferry_error *err)
{
	struct answer now[PARTS];
	int rc = 0;

	for (int i = 0; i < PARTS; i++)
		now[i] = (struct answer)ANSWER_INIT;
	for (int i = 0; rc == 0 && i < PARTS; i++) {
		struct buf path = BUF_INIT;
		buf_adds(&path, asked[i].path);
		rc = ctl_get(top->ctl, &path, &now[i], err);
	}
	for (int i = 0; i < PARTS; i++) {
		answer_release(rc == 0 ? &top->answers[i] : &now[i]);
		if (rc == 0)
			top->answers[i] = now[i];
	}
	return rc;
}

static json_node *list_of(const struct top *top, enum part_of part)
{
	return json_get(top->answers[part].root, "data");
}

static int64_t total_of(const struct top *top, enum part_of part)
{
	return json_get_int(json_get(top->answers[part].root, "pagination"), "total", 0);
}

/* -------------------------------------------------------------------------- JSON */

static void put_json(struct top *top)
{
	struct buf b = BUF_INIT;
	size_t len;

	jw_open(&b, NULL, '{');
	jw_time(&b, "at", clock_now());
	for (int i = 0; i < PARTS; i++) {
		json_node *list = list_of(top, (enum part_of)i);
		const char *text = json_dump(list ? list : top->answers[i].root, &len);
		jw_raw(&b, asked[i].name, text, len);
	}
	jw_close(&b, '}');
	ctl_json_text(top->ctl, b.s, b.len);
	buf_release(&b);
}

/* ----------------------------------------------------------------------- running */

static json_node *running_in(json_node *list)
{
	for (size_t i = json_count(list); i-- > 0;)
		if (strcmp(json_get_text(json_at(list, i), "status", ""), "running") == 0)
			return json_at(list, i);
	return NULL;
}

/* Of a segment that writes, what is written; else what was read, of which nobody knows the whole. */
static bool writes(json_node *segment)
{
	json_node *stage = running_in(json_get(segment, "stages"));

	return strcmp(json_get_text(stage, "name", ""), "apply") == 0 && json_get_int(segment, "planned", 0) > 0;
}

static int64_t done_of(json_node *run)
{
	json_node *segment = running_in(json_get(run, "segments"));

	return writes(segment) ? json_get_int(segment, "done", 0)
		: json_get_int(json_get(segment, "counters"), "extracted", 0);
}

/* Rows a second since the picture before; of a run not seen there, since it began. */
static double rate_of(const struct top *top, json_node *run, int64_t now)
{
	int64_t id = json_get_int(run, "id", 0), done = done_of(run);
	double seconds = json_get_seconds(run, "duration_seconds", 0);

	for (size_t i = 0; i < top->n_seen; i++)
		if (top->seen[i].run == id && now > top->seen_at) {
			done -= top->seen[i].done;
			seconds = (double)(now - top->seen_at) / 1e6;
		}
	/* a segment that follows begins at nothing again */
	return seconds > 0 && done > 0 ? (double)done / seconds : 0;
}

static void remember(struct top *top, int64_t now)
{
	json_node *runs = list_of(top, PART_RUNNING);

	top->n_seen = 0;
	for (size_t i = 0; i < json_count(runs) && i < RUNS_MOST; i++)
		top->seen[top->n_seen++] = (struct seen){json_get_int(json_at(runs, i), "id", 0), done_of(json_at(runs, i))};
	top->seen_at = now;
}

static void add_progress(struct table *t, json_node *segment)
{
	struct screen plain = *t->screen;
	struct buf text = BUF_INIT;

	plain.colour = false;
	if (writes(segment))
		bar_add(&plain, &text, STYLE_PLAIN, json_get_int(segment, "done", 0), json_get_int(segment, "planned", 0),
			BAR_WIDTH);
	table_take(t, STYLE_GOOD, &text);
	if (writes(segment)) {
		format_count(&text, json_get_int(segment, "done", 0));
		buf_adds(&text, " of ");
		format_count(&text, json_get_int(segment, "planned", 0));
	} else {
		format_plural(&text, json_get_int(json_get(segment, "counters"), "extracted", 0), "row read", "rows read");
	}
	table_take(t, STYLE_PLAIN, &text);
	buf_release(&text);
}

static void add_running(struct top *top, struct table *t, json_node *run, int64_t now)
{
	json_node *segment = running_in(json_get(run, "segments"));
	double rate = rate_of(top, run, now);
	struct buf text = BUF_INIT;

	buf_addf(&text, "%" PRId64, json_get_int(run, "id", 0));
	table_take(t, STYLE_BOLD, &text);
	table_text(t, STYLE_PLAIN, json_get_text(run, "sync_id", "?"));
	format_span_short(&text, json_get_seconds(run, "duration_seconds", 0));
	table_take(t, STYLE_PLAIN, &text);
	if (json_get_bool(run, "hung", false))
		table_text(t, STYLE_BAD, "hung");
	else
		table_text(t, STYLE_INFO, json_get_text(running_in(json_get(segment, "stages")), "name", ""));
	add_progress(t, segment);
	if (rate > 0) {
		format_count(&text, (int64_t)(rate + 0.5));
		buf_adds(&text, "/s");
	}
	table_take(t, STYLE_PLAIN, &text);
	table_text(t, STYLE_DIM, json_get_text(segment, "name", ""));
	buf_release(&text);
}

static void draw_running(struct top *top)
{
	static const struct column columns[] = {
		{"RUN", COLUMN_RIGHT}, {"SYNC", COLUMN_SHRINK}, {"FOR", COLUMN_RIGHT}, {"STAGE", 0}, {"", COLUMN_SPARE},
		{"DONE", COLUMN_RIGHT}, {"RATE", COLUMN_RIGHT}, {"SEGMENT", COLUMN_SHRINK | COLUMN_SPARE},
	};
	json_node *runs = list_of(top, PART_RUNNING);
	int64_t now = clock_mono();
	struct table t;

	say_heading(top->ctl, "running");
	table_init(&t, &top->ctl->screen, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < json_count(runs) && i < RUNS_MOST; i++)
		add_running(top, &t, json_at(runs, i), now);
	if (t.n) {
		table_print(&t, 2, &top->ctl->out);
	} else {
		say(top->ctl, STYLE_DIM, "  nothing");
		say_line(top->ctl);
	}
	table_release(&t);
	remember(top, now);
}

/* ----------------------------------------------------------------- queue, failures, next */

/* A block of lines; nothing at all when the list is empty. */
static void draw_list(struct top *top, const char *title, enum part_of part,
		      bool (*add)(struct table *t, json_node *item))
{
	static const struct column columns[] = {
		{NULL, COLUMN_RIGHT}, {"", COLUMN_SHRINK}, {"", 0}, {"", COLUMN_SHRINK | COLUMN_SPARE},
	};
	json_node *items = list_of(top, part);
	struct table t;

	table_init(&t, &top->ctl->screen, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < json_count(items) && add(&t, json_at(items, i)); i++)
		;
	if (t.n) {
		say_heading(top->ctl, title);
		table_print(&t, 2, &top->ctl->out);
	}
	table_release(&t);
}

static void add_moment(struct table *t, int64_t at)
{
	struct buf text = BUF_INIT;

	if (at)
		format_moment(&text, at, clock_now());
	table_take(t, STYLE_PLAIN, &text);
	buf_release(&text);
}

static void add_run(struct table *t, json_node *run)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "%" PRId64, json_get_int(run, "id", 0));
	table_take(t, STYLE_BOLD, &text);
	table_text(t, STYLE_PLAIN, json_get_text(run, "sync_id", "?"));
	buf_release(&text);
}

static bool add_queued(struct table *t, json_node *run)
{
	add_run(t, run);
	add_moment(t, json_get_time(run, "queued_at"));
	table_text(t, STYLE_DIM, json_get_text(run, "trigger", ""));
	return true;
}

static bool add_failed(struct table *t, json_node *run)
{
	json_node *error = json_get(run, "error");
	struct buf text = BUF_INIT;

	add_run(t, run);
	add_moment(t, json_get_time(run, "completed_at"));
	buf_addf(&text, "%s: %s", json_get_text(error, "code", "?"), json_get_text(error, "message", ""));
	table_take(t, STYLE_BAD, &text);
	buf_release(&text);
	return true;
}

static bool add_next(struct table *t, json_node *sync)
{
	int64_t at = json_get_time(sync, "next_run_at");

	if (!at)
		return false;
	table_text(t, STYLE_PLAIN, "");
	table_text(t, STYLE_BOLD, json_get_text(sync, "id", "?"));
	add_moment(t, at);
	table_text(t, STYLE_DIM, json_get_text(json_get(sync, "schedule"), "reason", ""));
	return true;
}

/* ------------------------------------------------------------------------ picture */

static void draw(struct top *top, const char *away)
{
	struct ctl *ctl = top->ctl;
	json_node *status = top->answers[PART_STATUS].root;
	struct buf text = BUF_INIT;

	sayf(ctl, STYLE_BOLD, "ferryd %s", json_get_text(status, "version", "?"));
	buf_adds(&text, "  up ");
	format_span(&text, json_get_seconds(status, "uptime_seconds", 0));
	buf_addf(&text, "  %" PRId64 " syncs  %" PRId64 " running  %" PRId64 " queued  ",
		 json_get_int(status, "syncs", 0), json_get_int(json_get(status, "runs"), "running", 0),
		 total_of(top, PART_QUEUED));
	format_local(&text, clock_now());
	say_rest(ctl, STYLE_PLAIN, 16, buf_str(&text));
	if (away)
		say_rest(ctl, STYLE_BAD, 1, away);
	draw_running(top);
	draw_list(top, "queued", PART_QUEUED, add_queued);
	draw_list(top, "failed last", PART_FAILED, add_failed);
	draw_list(top, "next", PART_NEXT, add_next);
	buf_release(&text);
}

/* ----------------------------------------------------------------------- terminal */

struct terminal {
	struct termios before;
	bool keys;			/* standard input is a terminal too, and was changed */
	int signals;			/* signalfd */
};

static void terminal_take(struct ctl *ctl, struct terminal *t)
{
	struct ferry_error ignored;
	struct termios raw;

	t->keys = tcgetattr(STDIN_FILENO, &t->before) == 0;
	if (t->keys) {
		raw = t->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	buf_adds(&ctl->out, "\033[?1049h\033[?25l");
	(void)ctl_flush(ctl, &ignored);
}

static void terminal_give_back(struct ctl *ctl, struct terminal *t)
{
	struct ferry_error ignored;

	buf_reset(&ctl->out);
	buf_adds(&ctl->out, "\033[?25h\033[?1049l");
	(void)ctl_flush(ctl, &ignored);
	if (t->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
}

/* As many lines of what was drawn as there is room for, each over what stood there before. */
static int show(struct ctl *ctl, struct ferry_error *err)
{
	struct buf frame = ctl->out;
	const char *p = buf_str(&frame), *end;

	ctl->out = (struct buf)BUF_INIT;
	buf_adds(&ctl->out, "\033[H");
	for (int row = 1; row < ctl->screen.rows && (end = strchr(p, '\n')); row++, p = end + 1) {
		buf_add(&ctl->out, p, (size_t)(end - p));
		buf_adds(&ctl->out, "\033[K\n");
	}
	buf_adds(&ctl->out, "\033[J");
	buf_release(&frame);
	return ctl_flush(ctl, err);
}

/* Away for a while (Ctrl-Z), and back. */
static void suspend(struct ctl *ctl, struct terminal *t)
{
	terminal_give_back(ctl, t);
	raise(SIGSTOP);
	terminal_take(ctl, t);
}

/* The next signal that was sent, or 0. */
static int next_signal(const struct terminal *t)
{
	struct signalfd_siginfo info;

	return read(t->signals, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

/* Whether a key says that it is enough. */
static bool enough(struct terminal *t)
{
	char key;
	ssize_t n = read(STDIN_FILENO, &key, 1);

	/* nobody can press a key any more */
	if (n <= 0)
		t->keys = false;
	return n == 1 && (key == 'q' || key == 'Q');
}

/* Until the next picture is due. False: it is to end, by the signal in *ret_signal or, when that is 0, by a key. */
static bool rest(struct ctl *ctl, struct terminal *t, int *ret_signal)
{
	struct pollfd fds[2] = {
		{.fd = t->signals, .events = POLLIN}, {.fd = t->keys ? STDIN_FILENO : -1, .events = POLLIN},
	};

	*ret_signal = 0;
	if (poll(fds, 2, EACH_MS) <= 0)
		return true;
	int signal = fds[0].revents ? next_signal(t) : 0;
	if (signal == SIGWINCH)
		screen_init(&ctl->screen, STDOUT_FILENO, args_has(&ctl->args, OPTION_NO_COLOR));
	else if (signal == SIGTSTP)
		suspend(ctl, t);
	else if (signal)
		*ret_signal = signal;
	return !*ret_signal && !(fds[1].revents && enough(t));
}

/* Picture after picture. */
static int draw_on(struct top *top, struct terminal *t, int *ret_signal, struct ferry_error *err)
{
	struct ferry_error trouble = {0};
	int rc = 0;

	do {
		draw(top, trouble.code == FERRY_OK ? NULL : "the daemon is away; this is how things were");
		if (show(top->ctl, err))
			return -1;
		if (!rest(top->ctl, t, ret_signal))
			return 0;
		trouble = (struct ferry_error){0};
		rc = ask(top, &trouble);
	} while (rc == 0 || trouble.code == FERRY_E_UNREACHABLE);
	if (trouble.code == FERRY_E_CANCELLED) {
		*ret_signal = next_signal(t);
		return 0;
	}
	*err = trouble;
	return -1;
}

static int watch(struct top *top, struct ferry_error *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH};
	struct terminal t;
	sigset_t mine, old;
	int signal = 0;

	sigemptyset(&mine);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaddset(&mine, signals[i]);
	t.signals = signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t.signals < 0)
		return ferry_fail_errno(err, errno, "cannot wait for signals");
	sigprocmask(SIG_BLOCK, &mine, &old);
	terminal_take(top->ctl, &t);
	int rc = draw_on(top, &t, &signal, err);
	terminal_give_back(top->ctl, &t);
	close(t.signals);
	/* Ctrl-C is how one leaves; the others do what they always do, now that the terminal is as it was */
	if (signal && signal != SIGINT)
		raise(signal);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

int cmd_top(struct ctl *ctl, struct ferry_error *err)
{
	struct top top = {.ctl = ctl};

	for (int i = 0; i < PARTS; i++)
		top.answers[i] = (struct answer)ANSWER_INIT;
	int rc = ask(&top, err);
	if (rc == 0 && ctl->json)
		put_json(&top);
	else if (rc == 0 && ctl->screen.terminal)
		rc = watch(&top, err);
	else if (rc == 0)
		draw(&top, NULL);
	for (int i = 0; i < PARTS; i++)
		answer_release(&top.answers[i]);
	return rc;
}
