/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problems.c - the life of problems: workers report, clear and carry out.
 *
 *   open     -> cleared   the worker says so, or its segment went
 *            -> resolved  a person has said what to do (link, create, retry)
 *            -> ignored   a person wants it left alone, for a while or for good
 *   resolved -> closed    a run has carried that out; it stays resolved, and is over
 *            -> open      a run that knew of it reports the key all the same: it did not help
 *   ignored  -> open      it is reported after its time
 *
 * A run that was under way when a person spoke does not know of it. What it reports changes the
 * problem's texts and nothing else: the next run is the first that can do as it was told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "supervise/supervisor.h"

enum { AT_ONCE = 64 };

static const char *copy(struct problem *p, json_node *event, const char *name)
{
	const char *s = json_get_text(event, name, NULL);
	return s ? arena_strdup(&p->arena, s) : NULL;
}

static const char *copy_json(struct problem *p, json_node *event, const char *name, enum json_kind kind)
{
	json_node *v = json_get(event, name);
	return v && json_kind(v) == kind ? arena_strdup(&p->arena, json_dump(v, NULL)) : NULL;
}

static bool hex(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");
	return n && n <= PROBLEM_FORM_MAX && !s[n];
}

static int check_report(json_node *event, struct ferry_error *err)
{
	static const char *const always[] = {"key", "group", "code", "severity", "message"};
	const char *severity = json_get_text(event, "severity", "");

	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		if (!json_get_text(event, always[i], NULL))
			return ferry_fail(err, FERRY_E_PROTOCOL, "a problem without '%s'", always[i]);
	if (strcmp(severity, "error") != 0 && strcmp(severity, "warning") != 0)
		return ferry_fail(err, FERRY_E_PROTOCOL, "a problem of severity '%s'", severity);
	return 0;
}

/* Is there still such a segment? Its definition may have changed since the run began. */
static bool configured(const struct supervisor *s, const char *sync, const char *segment)
{
	const struct sync_def *def = generation_sync(s->gen, sync);

	for (size_t i = 0; def && i < def->n_segments; i++)
		if (strcmp(def->segments[i].name, segment) == 0)
			return true;
	return false;
}

/* ------------------------------------------------------------------- reports */

static bool differs(const char *was, json_node *event, const char *name)
{
	return strcmp(was ? was : "", json_get_text(event, name, "")) != 0;
}

static void take_report(struct problem *p, json_node *event, int64_t run, int64_t now)
{
	bool same = !differs(p->code, event, "code");

	p->key = copy(p, event, "key");
	p->group = copy(p, event, "group");
	p->code = copy(p, event, "code");
	p->severity = copy(p, event, "severity");
	p->message = copy(p, event, "message");
	p->field = copy(p, event, "field");
	p->fields_json = copy_json(p, event, "fields", JSON_OBJECT);
	p->candidates_json = copy_json(p, event, "candidates", JSON_ARRAY);
	/* while it is not sent again, what was said the last time still holds */
	if (json_get_text(event, "request", NULL) || !same) {
		p->request = copy(p, event, "request");
		p->answer = copy(p, event, "answer");
	}
	p->times += p->last_run != run;
	p->last_run = run;
	p->updated_at = now;
}

/* Beyond as many as a person can look at they are only counted; a later run reports them again. */
static void open_new(struct live *l, struct segment_doc *seg, const char *form, json_node *event)
{
	if (seg->problems.open >= l->s->gen->daemon.problems_max)
		return;

	struct problem p = {.arena = ARENA_INIT, .status = PROBLEM_OPEN, .sync = l->doc.sync,
			    .segment = seg->name, .form = form, .first_run = l->doc.id,
			    .opened_at = clock_now()};

	p.id = problem_next_id(l->s->journal);
	take_report(&p, event, l->doc.id, p.opened_at);
	problem_note(&p, &(struct problem_moment){.at = p.opened_at, .run = l->doc.id, .event = "opened",
		     .group = p.group});
	problem_put(l->s->journal, &p);
	seg->problems.opened++;
	seg->problems.open++;
	watch_problem(l->s, &p, "opened");
	problem_release(&p);
}

/* Did a run that knew what a person said report it all the same, or is what was said out of force? */
static bool reopens(const struct problem *p, int64_t run, int64_t now)
{
	if (p->status == PROBLEM_IGNORED)
		return p->resolution.until && p->resolution.until <= now;
	return p->status == PROBLEM_RESOLVED && run > p->resolution.after_run;
}

static void report_again(struct live *l, struct segment_doc *seg, struct problem *p, json_node *event)
{
	bool moved = differs(p->group, event, "group") || differs(p->code, event, "code");
	int64_t now = clock_now();
	struct problem_moment m = {.at = now, .run = l->doc.id};

	take_report(p, event, l->doc.id, now);
	m.group = p->group;
	if (reopens(p, l->doc.id, now)) {
		p->status = PROBLEM_OPEN;
		p->resolution = (struct problem_resolution){0};
		seg->problems.opened++;
		seg->problems.open++;
		m.event = "reopened";
	} else if (moved) {
		m.event = "moved";
	} else if (p->status == PROBLEM_RESOLVED) {
		m.event = "reported";
	}
	if (m.event)
		problem_note(p, &m);
	problem_put(l->s->journal, p);
	if (m.event && strcmp(m.event, "reopened") == 0)
		watch_problem(l->s, p, m.event);
}

/* A damaged one is said, and counts as none: a new one takes its place. */
static bool find(struct live *l, const struct segment_doc *seg, const char *form, struct problem *ret)
{
	struct ferry_error err = {0};
	int rc = problem_find(l->s->journal, l->doc.sync, seg->name, form, ret, &err);

	if (rc < 0)
		log_error(&err);
	return rc == 1;
}

static int on_problem(struct live *l, struct segment_doc *seg, const char *form, json_node *event,
		      struct ferry_error *err)
{
	struct problem p;

	if (check_report(event, err) < 0)
		return -1;
	tallies_add(&seg->problems.groups, json_get_text(event, "group", ""), 1);
	if (!configured(l->s, l->doc.sync, seg->name))
		return 0;
	if (!find(l, seg, form, &p)) {
		open_new(l, seg, form, event);
		return 0;
	}
	report_again(l, seg, &p, event);
	problem_release(&p);
	return 0;
}

/* --------------------------------------------------------------------- closing */

static void close_problem(struct supervisor *s, struct problem *p, int64_t run, const char *event,
			  const char *reason)
{
	p->closed_at = p->updated_at = clock_now();
	p->close_reason = reason;
	problem_note(p, &(struct problem_moment){.at = p->closed_at, .run = run, .event = event,
		     .group = p->group});
	problem_put(s->journal, p);
	watch_problem(s, p, event);
}

/* Whatever was said of it: there is nothing left to be done. */
static void on_clear(struct live *l, struct segment_doc *seg, const char *form, const char *reason)
{
	struct problem p;

	if (!find(l, seg, form, &p))
		return;
	seg->problems.cleared++;
	seg->problems.open -= p.status == PROBLEM_OPEN;
	p.status = PROBLEM_CLEARED;
	close_problem(l->s, &p, l->doc.id, "cleared", reason);
	problem_release(&p);
}

/* A run that began before the person spoke (again) has carried out something else. */
static void on_ruled(struct live *l, struct segment_doc *seg, const char *form)
{
	struct problem p;

	if (!find(l, seg, form, &p))
		return;
	if (p.status == PROBLEM_RESOLVED && l->doc.id > p.resolution.after_run) {
		p.resolution.carried_out_run = l->doc.id;
		p.resolution.carried_out_at = clock_now();
		close_problem(l->s, &p, l->doc.id, "carried_out", "CARRIED_OUT");
	}
	problem_release(&p);
}

int problems_event(struct live *l, const char *type, json_node *event, struct ferry_error *err)
{
	const char *name = json_get_text(event, "segment", ""), *form = json_get_text(event, "form", "");
	struct segment_doc *seg = run_doc_segment(&l->doc, name);

	if (!seg)
		return ferry_fail(err, FERRY_E_PROTOCOL, "an event of an unknown segment '%s'", name);
	if (!hex(form))
		return ferry_fail(err, FERRY_E_PROTOCOL, "a problem whose key form is none");
	if (strcmp(type, "problem") == 0)
		return on_problem(l, seg, form, event, err);
	if (strcmp(type, "clear") == 0)
		on_clear(l, seg, form, json_get_text(event, "reason", NULL));
	else
		on_ruled(l, seg, form);
	return 0;
}

/* ---------------------------------------------------------------------- job */

struct for_job {
	struct run_doc *doc;
	struct problem_lists *lists;
	char segment[128];		/* whose forms are being listed; "" none */
	int64_t now;
};

static void add_open(struct for_job *fj, const struct problem_mark *mark)
{
	struct buf *b = &fj->lists->open;

	if (strcmp(fj->segment, mark->segment) != 0) {
		if (fj->segment[0]) {
			jw_close(b, ']');
			jw_close(b, '}');
		}
		jw_open(b, NULL, '{');
		jw_text(b, "segment", mark->segment);
		jw_open(b, "forms", '[');
		snprintf(fj->segment, sizeof fj->segment, "%s", mark->segment);
	}
	jw_text(b, NULL, mark->form);
}

static void add_ruling(struct for_job *fj, const struct problem_mark *mark)
{
	struct buf *b = &fj->lists->rulings;

	jw_open(b, NULL, '{');
	jw_text(b, "segment", mark->segment);
	jw_text(b, "form", mark->form);
	jw_text(b, "action", mark->action);
	if (mark->dest_id[0])
		jw_text(b, "dest_id", mark->dest_id);
	jw_close(b, '}');
}

static void for_job(void *ctx, const struct problem_mark *mark)
{
	struct for_job *fj = ctx;
	struct segment_doc *seg = run_doc_segment(fj->doc, mark->segment);
	bool over = mark->status == PROBLEM_IGNORED && mark->until && mark->until <= fj->now;

	if (!seg)
		return;
	seg->problems.open += mark->status == PROBLEM_OPEN;
	/* one that is ignored no longer: the worker shall report it or clear it */
	if (mark->status == PROBLEM_OPEN || over)
		add_open(fj, mark);
	else
		add_ruling(fj, mark);
}

int problems_for_job(struct live *l, struct problem_lists *ret, struct ferry_error *err)
{
	struct for_job fj = {.doc = &l->doc, .lists = ret, .now = clock_now()};

	for (size_t i = 0; i < l->doc.n_segments; i++)
		l->doc.segments[i].problems.open = 0;
	jw_open(&ret->open, NULL, '[');
	jw_open(&ret->rulings, NULL, '[');
	int rc = problems_walk(l->s->journal, l->doc.sync, for_job, &fj, err);
	if (fj.segment[0]) {
		jw_close(&ret->open, ']');
		jw_close(&ret->open, '}');
	}
	jw_close(&ret->open, ']');
	jw_close(&ret->rulings, ']');
	return rc;
}

/* ------------------------------------------------------------------ keeping house */

struct orphans {
	const struct supervisor *s;
	int64_t *ids;
	size_t n;
};

static void find_orphan(void *ctx, const struct problem_mark *mark)
{
	struct orphans *o = ctx;

	if (configured(o->s, mark->sync, mark->segment))
		return;
	if (o->n % AT_ONCE == 0)
		o->ids = ferry_realloc(o->ids, o->n + AT_ONCE, sizeof *o->ids);
	o->ids[o->n++] = mark->id;
}

void problems_adopt(struct supervisor *s)
{
	struct orphans o = {.s = s};
	struct ferry_error err = {0};
	struct problem p;

	if (problems_walk(s->journal, NULL, find_orphan, &o, &err) < 0)
		log_error(&err);
	for (size_t i = 0; i < o.n; i++) {
		err = (struct ferry_error){0};
		if (problem_get(s->journal, o.ids[i], &p, &err) < 0) {
			log_error(&err);
			continue;
		}
		p.status = PROBLEM_CLEARED;
		close_problem(s, &p, 0, "cleared", "REMOVED");
		problem_release(&p);
		group_touch(s);
	}
	free(o.ids);
}
