/* SPDX-License-Identifier: Apache-2.0 */
/* problems.c - telling the supervisor what waits for a person, and what no longer does. */
#include "pipeline/problems.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/segment.h"
#include "wire/json.h"

enum { SHOWN_MAX = 500 };

static int compare_open(const void *a, const void *b)
{
	const struct open_problem *x = a, *y = b;
	return kv_compare(x->form, y->form);
}

static int compare_rulings(const void *a, const void *b)
{
	const struct ruling_def *const *x = a, *const *y = b;
	return kv_compare((*x)->form, (*y)->form);
}

void problems_start(struct segment *seg)
{
	const struct pipeline_options *o = seg->options;
	struct problems *p = &seg->problems;

	p->open = arena_alloc0(&seg->arena, o->n_open + 1, sizeof *p->open);
	p->rulings = arena_alloc0(&seg->arena, o->n_rulings + 1, sizeof *p->rulings);
	for (size_t i = 0; i < o->n_open; i++)
		if (strcmp(o->open[i].segment, seg->def->name) == 0)
			p->open[p->n_open++].form = o->open[i].form;
	for (size_t i = 0; i < o->n_rulings; i++)
		if (strcmp(o->rulings[i].segment, seg->def->name) == 0)
			p->rulings[p->n_rulings++] = &o->rulings[i];
	p->ruling_seen = arena_alloc0(&seg->arena, p->n_rulings + 1, sizeof *p->ruling_seen);
	qsort(p->open, p->n_open, sizeof *p->open, compare_open);
	qsort(p->rulings, p->n_rulings, sizeof *p->rulings, compare_rulings);
}

static const struct ruling_def **find_ruling(const struct segment *seg, struct kv_bytes form)
{
	const struct problems *p = &seg->problems;
	struct ruling_def wanted = {.form = form}, *key = &wanted;

	return p->n_rulings ? bsearch(&key, p->rulings, p->n_rulings, sizeof *p->rulings, compare_rulings) : NULL;
}

const struct ruling_def *problems_ruling(const struct segment *seg, struct kv_bytes form)
{
	const struct ruling_def **found = find_ruling(seg, form);
	return found ? *found : NULL;
}

static struct open_problem *find_open(struct segment *seg, struct kv_bytes form)
{
	struct problems *p = &seg->problems;
	struct open_problem wanted = {.form = form};

	return p->n_open ? bsearch(&wanted, p->open, p->n_open, sizeof *p->open, compare_open) : NULL;
}

static void put_form(struct buf *b, struct kv_bytes form)
{
	static const char digits[] = "0123456789abcdef";
	struct buf hex = BUF_INIT;

	for (size_t i = 0; i < form.len; i++) {
		uint8_t c = ((const uint8_t *)form.p)[i];
		buf_addc(&hex, digits[c >> 4]);
		buf_addc(&hex, digits[c & 15]);
	}
	jw_text(b, "form", buf_str(&hex));
	buf_release(&hex);
}

void problem_fields(const struct segment *seg, const struct ferry_value *fields, const char *key, struct buf *out)
{
	jw_open(out, key, '{');
	for (size_t f = 0; f < seg->layout.n; f++) {
		if (seg->sensitive[f] && fields[f].type != FERRY_NULL) {
			jw_text(out, seg->layout.names[f], "********");
		} else if (value_has_bytes(&fields[f]) && fields[f].len > SHOWN_MAX) {
			struct buf cut = BUF_INIT;
			value_show(&fields[f], SHOWN_MAX, &cut);
			jw_text(out, seg->layout.names[f], buf_str(&cut));
			buf_release(&cut);
		} else {
			value_json(&fields[f], seg->layout.names[f], out);
		}
	}
	jw_close(out, '}');
}

static void put_candidates(const struct segment *seg, const struct problem *p, struct buf *b)
{
	struct ferry_value *fields = ferry_alloc0(seg->layout.n + 1, sizeof *fields);

	jw_open(b, "candidates", '[');
	for (size_t i = 0; i < p->n_candidates; i++) {
		const struct plan_hit *hit = &p->candidates[i];
		jw_open(b, NULL, '{');
		jw_text(b, "dest_id", hit->dest_id);
		if (hit->record &&
		    record_decode(hit->record, hit->record_len, fields, seg->layout.n) == (int)seg->layout.n)
			problem_fields(seg, fields, "fields", b);
		jw_close(b, '}');
	}
	jw_close(b, ']');
	free(fields);
}

void problem_report(struct segment *seg, const struct problem *p)
{
	const struct problem_group_info *group = problem_group_find(p->group);
	struct open_problem *open = find_open(seg, p->form);
	struct buf b = BUF_INIT, key = BUF_INIT;

	/* one a key and run: the first one it had */
	if (open && open->reported)
		return;
	if (open)
		open->reported = true;
	if (seg->problems.sent >= seg->generation->daemon.problems_max) {
		seg->problems.unsent++;
		return;
	}
	seg->problems.sent++;
	report_start(&b, "problem", seg->def->name);
	put_form(&b, p->form);
	if (seg->def->n_checks)
		buf_add(&key, p->form.p, p->form.len);
	else
		key_form_show(p->form.p, p->form.len, seg->def->n_key, &key);
	jw_text(&b, "key", buf_str(&key));
	buf_release(&key);
	jw_text(&b, "group", p->group);
	jw_text(&b, "code", p->code);
	jw_text(&b, "severity", group ? group->severity : "error");
	jw_text(&b, "message", p->message);
	if (p->field)
		jw_text(&b, "field", p->field);
	if (p->fields)
		problem_fields(seg, p->fields, "fields", &b);
	if (p->n_candidates)
		put_candidates(seg, p, &b);
	if (p->request)
		jw_text(&b, "request", p->request);
	if (p->answer)
		jw_text(&b, "answer", p->answer);
	report_send(seg->report, &b);
}

void problem_pass(struct segment *seg, struct kv_bytes form)
{
	struct open_problem *open = find_open(seg, form);
	const struct ruling_def **ruling = find_ruling(seg, form);

	if (open)
		open->seen = true;
	if (ruling)
		seg->problems.ruling_seen[ruling - seg->problems.rulings] = true;
}

void problem_ruled(struct segment *seg, struct kv_bytes form)
{
	struct buf b = BUF_INIT;

	if (!problems_ruling(seg, form))
		return;
	report_start(&b, "ruled", seg->def->name);
	put_form(&b, form);
	report_send(seg->report, &b);
}

static void clear(struct segment *seg, struct kv_bytes form, const char *reason)
{
	struct buf b = BUF_INIT;

	report_start(&b, "clear", seg->def->name);
	put_form(&b, form);
	jw_text(&b, "reason", reason);
	report_send(seg->report, &b);
}

/* A source that was cut short, or that gives recent rows only, says nothing of those it did not give. */
void problems_finish(struct segment *seg)
{
	bool whole = !seg->truncated && (seg->def->n_checks || !(seg->source->caps & FERRY_CAP_WINDOWED));

	for (size_t i = 0; i < seg->problems.n_open; i++) {
		const struct open_problem *open = &seg->problems.open[i];
		if (open->reported || (!open->seen && !whole))
			continue;
		clear(seg, open->form, open->seen ? "VALID" : "GONE");
	}
	/* nothing is left of it that a ruling could be about */
	for (size_t i = 0; i < seg->problems.n_rulings && whole; i++)
		if (!seg->problems.ruling_seen[i])
			clear(seg, seg->problems.rulings[i]->form, "GONE");
	if (seg->problems.unsent)
		report_log(seg->report, seg->def->name, seg->stage, FERRY_LOG_WARN,
			   "%lld further problems are counted but not kept (problems_max)", (long long)seg->problems.unsent);
}
