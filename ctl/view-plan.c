/* SPDX-License-Identifier: Apache-2.0 */
/* view-plan.c - one decision of a plan: what is to be done with a record, and what came of it. */
#include "view.h"

#include <string.h>

#include "model/decision.h"
#include "text.h"

enum { FIELD_WIDTH = 32 };

static const struct {
	const char *sign;
	enum style style;
} looks[FERRY_DECISIONS] = {
	[FERRY_CREATE] = {"+", STYLE_GOOD}, [FERRY_UPDATE] = {"~", STYLE_CHANGE},
	[FERRY_DELETE] = {"-", STYLE_BAD}, [FERRY_DISABLE] = {"/", STYLE_ODD},
	[FERRY_SKIP] = {".", STYLE_DIM}, [FERRY_CONFLICT] = {"!", STYLE_BAD},
};

enum style view_decision_style(int decision)
{
	return decision < 0 ? STYLE_PLAIN : looks[decision].style;
}

/* A value as JSON writes it, so that null, "" and "null" differ; nothing when it is absent. */
static void value_text(struct ctl *ctl, json_node *field, const char *member, struct buf *out)
{
	if (!json_has(field, member))
		return;
	json_node *value = json_get(field, member);
	const char *text = value ? json_dump(value, NULL) : "null";
	text_clean(out, text, strlen(text), ctl->screen.terminal && !ctl->screen.utf8);
}

static int field_width(json_node *fields)
{
	int widest = 0;

	for (size_t i = 0; i < json_count(fields); i++) {
		int w = text_width(json_get_text(json_at(fields, i), "name", ""));
		if (w > widest && json_get_bool(json_at(fields, i), "changed", false))
			widest = w;
	}
	return widest > FIELD_WIDTH ? FIELD_WIDTH : widest;
}

static void print_name(struct ctl *ctl, json_node *field, int width)
{
	const char *name = json_get_text(field, "name", "?");

	sayf(ctl, STYLE_PLAIN, "%s: ", name);
	screen_pad(&ctl->out, width - text_width(name));
}

/* "    email:  "old" -> "new"", each value cut to its share of the line */
static void print_change(struct ctl *ctl, json_node *field, int width)
{
	struct buf before = BUF_INIT, after = BUF_INIT, cut = BUF_INIT;
	bool ascii = !ctl->screen.utf8;
	int room = ctl->screen.width ? ctl->screen.width - width - 11 : INT32_MAX;

	value_text(ctl, field, "before", &before);
	value_text(ctl, field, "after", &after);
	int left = text_width(buf_str(&before)), right = text_width(buf_str(&after));
	room = room < 16 ? 16 : room;
	if (left > room / 2)
		left = room - right > room / 2 ? room - right : room / 2;
	say(ctl, STYLE_PLAIN, "      ");
	print_name(ctl, field, width);
	if (json_has(field, "before")) {
		text_fit(&cut, buf_str(&before), left, ascii);
		say(ctl, STYLE_BAD, buf_str(&cut));
		room -= text_width(buf_str(&cut));
		buf_reset(&cut);
		sayf(ctl, STYLE_DIM, " %s ", mark_text(&ctl->screen, MARK_ARROW));
	}
	text_fit(&cut, buf_str(&after), room, ascii);
	say(ctl, STYLE_GOOD, buf_str(&cut));
	say_line(ctl);
	buf_release(&before);
	buf_release(&after);
	buf_release(&cut);
}

static void print_side(struct ctl *ctl, json_node *field, const char *member, const char *sign,
		       enum style style, int width)
{
	struct buf text = BUF_INIT;

	value_text(ctl, field, member, &text);
	sayf(ctl, style, "    %s ", sign);
	sayf(ctl, style, "%s: ", json_get_text(field, "name", "?"));
	screen_pad(&ctl->out, width - text_width(json_get_text(field, "name", "?")));
	say(ctl, style, buf_str(&text));
	say_line(ctl);
	buf_release(&text);
}

/* What a person reads as a change: a value that was, one that will be; not nothing become nothing. */
static bool shows(json_node *field, const char *member, bool both)
{
	return json_has(field, member) && (both || json_get(field, member));
}

/* Unchanged fields are left out, and with only one side what is empty. */
static void print_diff(struct ctl *ctl, json_node *fields, int decision)
{
	int width = field_width(fields);

	for (size_t i = 0; i < json_count(fields); i++) {
		json_node *f = json_at(fields, i);
		bool both = json_has(f, "before") && json_has(f, "after");
		if (!json_get_bool(f, "changed", false))
			continue;
		if (shows(f, "before", both))
			print_side(ctl, f, "before", "-", STYLE_BAD, width);
		if (decision != FERRY_DELETE && shows(f, "after", both))
			print_side(ctl, f, "after", "+", STYLE_GOOD, width);
	}
}

static void print_changes(struct ctl *ctl, json_node *fields)
{
	int width = field_width(fields);

	for (size_t i = 0; i < json_count(fields); i++)
		if (json_get_bool(json_at(fields, i), "changed", false))
			print_change(ctl, json_at(fields, i), width);
}

/* "done", "rejected value_already_exist: ..." of an action that was applied */
static void print_outcome(struct ctl *ctl, json_node *outcome)
{
	const char *ack = json_get_text(outcome, "ack", ""), *code = json_get_text(outcome, "code", "");
	const char *message = json_get_text(outcome, "message", "");
	bool done = strcmp(ack, "done") == 0 || strcmp(ack, "duplicate") == 0;

	if (!*ack)
		return;
	sayf(ctl, done ? STYLE_GOOD : STYLE_BAD, "  %s %s", mark_text(&ctl->screen, done ? MARK_DONE : MARK_FAILED),
	     ack);
	if (*code)
		sayf(ctl, STYLE_BAD, " %s", code);
	if (*message)
		sayf(ctl, STYLE_PLAIN, ": %s", message);
}

void view_plan_item(struct ctl *ctl, json_node *item, bool diff)
{
	const char *name = json_get_text(item, "decision", "?"),
		   *tier = json_get_text(item, "tier", "none");
	json_node *outcome = json_get(item, "outcome"), *fields = json_get(item, "fields");
	const char *dest_id = json_get_text(item, "dest_id", "");
	int d = decision_from_name(name);

	if (!*dest_id)
		dest_id = json_get_text(outcome, "dest_id", "");
	sayf(ctl, view_decision_style(d), "%s %-8s ", d < 0 ? "?" : looks[d].sign, name);
	say(ctl, STYLE_BOLD, json_get_text(item, "key", "?"));
	sayf(ctl, STYLE_DIM, "  %s", json_get_text(item, "reason", ""));
	if (strcmp(tier, "none") != 0)
		sayf(ctl, STYLE_DIM, "  %s", tier);
	if (*dest_id)
		sayf(ctl, STYLE_DIM, "  %s %s", mark_text(&ctl->screen, MARK_ARROW), dest_id);
	print_outcome(ctl, outcome);
	say_line(ctl);
	if (diff && d != FERRY_SKIP)
		print_diff(ctl, fields, d);
	else if (!diff && d == FERRY_UPDATE)
		print_changes(ctl, fields);
}
