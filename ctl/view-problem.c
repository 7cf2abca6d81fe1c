/* SPDX-License-Identifier: Apache-2.0 */
/* view-problem.c - a problem in full. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "format.h"
#include "model/decision.h"
#include "table.h"
#include "view.h"

enum { CANDIDATES = 4 };		/* side by side; more only by their ids */

static void add_moment(struct buf *out, int64_t at)
{
	format_moment(out, at, clock_now());
}

static void print_head(struct ctl *ctl, json_node *p)
{
	const char *severity = json_get_text(p, "severity", "error"), *field = json_get_text(p, "field", "");
	const struct problem_group_info *group = problem_group_find(json_get_text(p, "group", ""));
	int64_t opened = json_get_time(p, "opened_at"), times = json_get_int(p, "times", 0);
	struct buf text = BUF_INIT;

	sayf(ctl, STYLE_BOLD, "problem %" PRId64 "  %s/%s  key %s", json_get_int(p, "id", 0),
	     json_get_text(p, "sync", "?"), json_get_text(p, "segment", "?"), json_get_text(p, "key", "?"));
	sayf(ctl, STYLE_INFO, "  %s", json_get_text(p, "status", "?"));
	say_line(ctl);
	sayf(ctl, strcmp(severity, "error") == 0 ? STYLE_BAD : STYLE_CHANGE, "%s  %s", json_get_text(p, "group", "?"),
	     json_get_text(p, "code", "?"));
	if (*field)
		sayf(ctl, STYLE_PLAIN, "  field %s", field);
	say_line(ctl);
	buf_adds(&text, "opened ");
	add_moment(&text, opened);
	buf_addf(&text, " by run %" PRId64, json_get_int(p, "first_run", 0));
	if (times > 1) {
		buf_adds(&text, ", reported by ");
		format_plural(&text, times, "run", "runs");
		buf_addf(&text, ", last by run %" PRId64, json_get_int(p, "last_run", 0));
	}
	say(ctl, STYLE_DIM, buf_str(&text));
	say_line(ctl);
	sayf(ctl, STYLE_PLAIN, "  %s", json_get_text(p, "message", ""));
	say_line(ctl);
	if (group) {
		sayf(ctl, STYLE_DIM, "  %s", group->text);
		say_line(ctl);
	}
	buf_release(&text);
}

/* ---- record and candidates side by side */

/* A value as JSON writes it; NULL when it is absent. */
static const char *value_of(json_node *fields, const char *name)
{
	json_node *v = json_get(fields, name);

	return v ? json_dump(v, NULL) : json_has(fields, name) ? "null" : NULL;
}

static void add_field(struct table *t, const char *name, json_node *fields, json_node *candidates, size_t n)
{
	const char *ours = value_of(fields, name);

	table_text(t, STYLE_PLAIN, name);
	table_text(t, STYLE_PLAIN, ours);
	for (size_t i = 0; i < n; i++) {
		const char *theirs = value_of(json_get(json_at(candidates, i), "fields"), name);
		bool same = ours && theirs && strcmp(ours, theirs) == 0;
		table_text(t, same ? STYLE_GOOD : STYLE_CHANGE, theirs);
	}
}

/* Whether the record or an earlier candidate has a field of that name, so that it stands there already. */
static bool has_earlier(json_node *fields, json_node *candidates, size_t n, const char *name)
{
	if (json_has(fields, name))
		return true;
	for (size_t i = 0; i < n; i++)
		if (json_has(json_get(json_at(candidates, i), "fields"), name))
			return true;
	return false;
}

static void add_fields(struct table *t, json_node *fields, json_node *candidates, size_t n)
{
	const char *name;
	json_node *value;
	void *iter = NULL;

	while (json_next(fields, &iter, &name, &value))
		add_field(t, name, fields, candidates, n);
	for (size_t i = 0; i < n; i++) {
		iter = NULL;
		while (json_next(json_get(json_at(candidates, i), "fields"), &iter, &name, &value))
			if (!has_earlier(fields, candidates, i, name))
				add_field(t, name, fields, candidates, n);
	}
}

static const char *dest_id(json_node *candidates, size_t i)
{
	return json_get_text(json_at(candidates, i), "dest_id", "?");
}

/* Ids come from over there, and titles are printed as they are: they pass through a row. */
static void print_fields(struct ctl *ctl, json_node *p)
{
	struct column columns[2 + CANDIDATES];
	json_node *fields = json_get(p, "fields"), *candidates = json_get(p, "candidates");
	size_t all = json_count(candidates), n = all < CANDIDATES ? all : CANDIDATES;
	struct table t;

	for (size_t i = 0; i < 2 + n; i++)
		columns[i] = (struct column){NULL, i ? COLUMN_SHRINK : 0};
	table_init(&t, &ctl->screen, columns, 2 + n);
	table_text(&t, STYLE_DIM, "");
	table_text(&t, STYLE_DIM, "the record");
	for (size_t i = 0; i < n; i++)
		table_text(&t, STYLE_BOLD, dest_id(candidates, i));
	size_t head = t.n;
	add_fields(&t, fields, candidates, n);
	if (t.n > head || n) {
		say_line(ctl);
		table_print(&t, 2, &ctl->out);
	}
	table_release(&t);
	for (size_t i = n; i < all; i++) {
		sayf(ctl, STYLE_DIM, i == n ? "  also: %s" : ", %s", dest_id(candidates, i));
		if (i + 1 == all)
			say_line(ctl);
	}
}

static void print_exchange(struct ctl *ctl, json_node *p)
{
	static const char *const members[] = {"request", "answer"};

	for (int i = 0; i < 2; i++) {
		const char *text = json_get_text(p, members[i], "");
		if (!*text)
			continue;
		say_heading(ctl, members[i]);
		sayf(ctl, STYLE_PLAIN, "  %s", text);
		say_line(ctl);
	}
}

/* ---- what was said and done */

static void print_resolution(struct ctl *ctl, json_node *p)
{
	json_node *r = json_get(p, "resolution");
	int64_t until = json_get_time(r, "until"), run = json_get_int(r, "carried_out_run", 0);
	const char *to = json_get_text(r, "dest_id", ""), *reason = json_get_text(p, "close_reason", "");
	struct buf text = BUF_INIT;

	if (r) {
		buf_addf(&text, "  %s%s%s", json_get_text(r, "action", "?"), *to ? " " : "", to);
		if (until) {
			buf_adds(&text, " until ");
			format_local(&text, until);
		}
		buf_addf(&text, ", said %s ", json_get_text(r, "by", "?"));
		add_moment(&text, json_get_time(r, "at"));
		if (run > 0)
			buf_addf(&text, "; carried out by run %" PRId64, run);
		else if (strcmp(json_get_text(p, "status", ""), "resolved") == 0)
			buf_adds(&text, "; the next run does so");
		say_heading(ctl, "resolution");
		say(ctl, STYLE_PLAIN, buf_str(&text));
		say_line(ctl);
	} else if (*reason) {
		say_heading(ctl, "over");
		sayf(ctl, STYLE_PLAIN, "  %s", reason);
		say_line(ctl);
	}
	buf_release(&text);
}

static void print_history(struct ctl *ctl, json_node *list)
{
	static const struct column columns[] = {{NULL, 0}, {NULL, 0}, {NULL, COLUMN_SHRINK}, {NULL, COLUMN_SHRINK}};
	struct buf text = BUF_INIT;
	struct table t;

	if (json_count(list) < 2)
		return;
	say_heading(ctl, "history");
	table_init(&t, &ctl->screen, columns, 4);
	for (size_t i = 0; i < json_count(list); i++) {
		json_node *m = json_at(list, i);
		int64_t run = json_get_int(m, "run", 0);
		add_moment(&text, json_get_time(m, "at"));
		table_take(&t, STYLE_DIM, &text);
		table_text(&t, STYLE_PLAIN, json_get_text(m, "event", "?"));
		table_text(&t, STYLE_PLAIN, json_get_text(m, "group", ""));
		if (run > 0)
			buf_addf(&text, "run %" PRId64, run);
		else
			buf_adds(&text, json_get_text(m, "by", ""));
		table_take(&t, STYLE_DIM, &text);
	}
	table_print(&t, 2, &ctl->out);
	table_release(&t);
	buf_release(&text);
}

static void next(struct table *t, int64_t id, const char *what, const char *why)
{
	struct buf command = BUF_INIT;

	buf_addf(&command, "ferryctl resolve %" PRId64 " %s", id, what);
	table_take(t, STYLE_BOLD, &command);
	table_text(t, STYLE_DIM, why);
	buf_release(&command);
}

/* An id that a shell takes as it is; others have to be put into quotes by whoever types them. */
static bool plain(const char *s)
{
	return *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:@%+/")];
}

static void next_links(struct table *t, int64_t id, json_node *candidates, bool in_doubt)
{
	char option[160];

	for (size_t i = 0; i < json_count(candidates) && i < CANDIDATES; i++) {
		if (!plain(dest_id(candidates, i)))
			continue;
		snprintf(option, sizeof option, "--link %s", dest_id(candidates, i));
		next(t, id, option, "it is that record");
	}
	if (!json_count(candidates) || !plain(dest_id(candidates, 0)))
		next(t, id, "--link DEST_ID", "it is that record over there");
	if (in_doubt)
		next(t, id, "--retry", "it is not there: send it again");
	else
		next(t, id, "--create", "it is none of them: make a new one");
}

/* Who it is over there can be said of those that have no counterpart for sure. */
static bool can_be_linked(json_node *p)
{
	static const char *const groups[] = {"ambiguous_match", "review_required", "in_doubt"};
	const char *group = json_get_text(p, "group", "");

	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
		if (strcmp(groups[i], group) == 0)
			return true;
	return json_count(json_get(p, "candidates")) > 0;
}

static void print_next(struct ctl *ctl, json_node *p)
{
	static const struct column columns[] = {{NULL, 0}, {NULL, COLUMN_WRAP}};
	const char *status = json_get_text(p, "status", ""), *group = json_get_text(p, "group", "");
	int64_t id = json_get_int(p, "id", 0);
	struct table t;

	if (strcmp(status, "cleared") == 0 || json_get_int(json_get(p, "resolution"), "carried_out_run", 0) > 0)
		return;
	table_init(&t, &ctl->screen, columns, 2);
	if (strcmp(status, "open") != 0) {
		next(&t, id, "--reopen", "take that back");
	} else {
		if (can_be_linked(p))
			next_links(&t, id, json_get(p, "candidates"), strcmp(group, "in_doubt") == 0);
		else if (strcmp(group, "quarantined") == 0)
			next(&t, id, "--retry", "try it again, once the cause is mended");
		next(&t, id, "--ignore", "leave it alone; with --until 30d only for a while");
	}
	say_heading(ctl, "next");
	table_print(&t, 2, &ctl->out);
	table_release(&t);
}

void view_problem(struct ctl *ctl, json_node *p)
{
	print_head(ctl, p);
	print_fields(ctl, p);
	print_exchange(ctl, p);
	print_resolution(ctl, p);
	print_history(ctl, json_get(p, "history"));
	print_next(ctl, p);
}
