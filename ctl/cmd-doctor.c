/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-doctor.c - doctor: is all well, and what is to be done where it is not. */
#include "ctl.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "program.h"
#include "table.h"
#include "text.h"

/* The check of a large configuration asks connectors; nobody should wait for longer. */
enum { CHECK_MS = 20000 };

static const char *const level_names[] = {"ok", "warning", "fault"};

/* The daemon's files are looked at by who may: root and the daemon's own user; without a daemon by anybody. */
static void start_check(struct doctor_case *c, struct program *ret)
{
	const struct doctor_facts *d = &c->facts;
	const char *config = json_get_text(json_get(d->doctor, "config"), "path", NULL);
	const char *plugins = json_get_text(json_get(d->doctor, "plugins"), "path", NULL);
	const char *worker = json_get_text(json_get(d->doctor, "worker"), "path", NULL);
	const char *argv[] = {NULL, "--check", config ? "--config" : NULL, config, "--plugins", plugins, "--worker",
		worker, NULL};

	*ret = (struct program){-1, -1};
	if (config && (!plugins || !worker))
		return;
	if (!d->doctor || geteuid() == 0 || (int64_t)geteuid() == json_get_int(json_get(d->doctor, "user"), "uid", -1))
		program_start(ret, argv);
}

static void end_check(struct doctor_case *c, struct program *p)
{
	struct doctor_facts *d = &c->facts;

	d->check_status = program_read(p, CHECK_MS, &d->check_text);
	d->checked = d->check_status >= 0;
}

/* ------------------------------------------------------------------------- showing */

static void print_finding(struct ctl *ctl, const struct finding *g, int width)
{
	static const enum style styles[] = {STYLE_GOOD, STYLE_CHANGE, STYLE_BAD};
	static const enum mark marks[] = {MARK_DONE, MARK_WARNING, MARK_FAILED};
	static const struct column columns[] = {{NULL, 0}, {NULL, 0}, {NULL, COLUMN_WRAP}};
	struct table t;

	table_init(&t, &ctl->screen, columns, 3);
	table_text(&t, styles[g->level], mark_text(&ctl->screen, marks[g->level]));
	struct buf name = BUF_INIT;
	buf_addf(&name, "%-*s", width, g->check);
	table_take(&t, STYLE_BOLD, &name);
	table_text(&t, STYLE_PLAIN, g->what);
	if (*g->todo) {
		table_text(&t, STYLE_PLAIN, NULL);
		table_text(&t, STYLE_PLAIN, NULL);
		buf_addf(&name, "%s %s", mark_text(&ctl->screen, MARK_ARROW), g->todo);
		table_take(&t, STYLE_INFO, &name);
	}
	table_print(&t, 0, &ctl->out);
	table_release(&t);
	buf_release(&name);
}

static void print_findings(struct ctl *ctl, const struct findings *f, const int64_t counts[])
{
	int width = 0;

	for (size_t i = 0; i < f->n; i++)
		width = text_width(f->items[i].check) > width ? text_width(f->items[i].check) : width;
	for (size_t i = 0; i < f->n; i++)
		print_finding(ctl, &f->items[i], width);
	say_line(ctl);
	if (findings_worst(f) == FINDING_OK)
		say(ctl, STYLE_GOOD, "all is well");
	else
		sayf(ctl, counts[FINDING_FAULT] ? STYLE_BAD : STYLE_CHANGE, "%" PRId64 " fault%s, %" PRId64 " warning%s",
		     counts[FINDING_FAULT], counts[FINDING_FAULT] == 1 ? "" : "s", counts[FINDING_WARNING],
		     counts[FINDING_WARNING] == 1 ? "" : "s");
	say_line(ctl);
}

static void findings_json(struct ctl *ctl, const struct findings *f, const int64_t counts[])
{
	struct buf out = BUF_INIT;

	jw_open(&out, NULL, '{');
	jw_text(&out, "status", level_names[findings_worst(f)]);
	jw_int(&out, "faults", counts[FINDING_FAULT]);
	jw_int(&out, "warnings", counts[FINDING_WARNING]);
	jw_open(&out, "checks", '[');
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *g = &f->items[i];
		jw_open(&out, NULL, '{');
		jw_text(&out, "check", g->check);
		jw_text(&out, "status", level_names[g->level]);
		jw_text(&out, "what", g->what);
		jw_text(&out, "todo", *g->todo ? g->todo : NULL);
		jw_close(&out, '}');
	}
	jw_close(&out, ']');
	jw_close(&out, '}');
	ctl_json_text(ctl, buf_str(&out), out.len);
	buf_release(&out);
}

int cmd_doctor(struct ctl *ctl, struct ferry_error *err)
{
	static const int statuses[] = {EXIT_FINE, EXIT_PARTLY, EXIT_RUN_FAILED};
	struct doctor_case c = {.facts = {.version = FERRY_VERSION, .socket = ctl->socket}};
	struct findings findings = {0};
	struct program check;
	int64_t counts[3] = {0};

	(void)err;
	doctor_ask(ctl, &c);
	start_check(&c, &check);
	doctor_look(&c.facts);
	doctor_test_connections(ctl, &c);
	end_check(&c, &check);
	doctor_judge(&c.facts, &findings);
	for (size_t i = 0; i < findings.n; i++)
		counts[findings.items[i].level]++;
	if (ctl->json)
		findings_json(ctl, &findings, counts);
	else
		print_findings(ctl, &findings, counts);
	int status = statuses[findings_worst(&findings)];
	findings_release(&findings);
	doctor_case_release(&c);
	return status;
}
