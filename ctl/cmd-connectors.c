/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-connectors.c - connectors: which there are, and what one can do and wants to know. */
#include "ctl.h"

#include <string.h>

#include "table.h"

static void add_text(struct buf *out, json_node *value)
{
	const char *text = json_text(value, NULL);
	buf_adds(out, text ? text : json_dump(value, NULL));
}

/* "upsert, mirror" */
static void add_list(struct buf *out, json_node *list)
{
	for (size_t i = 0; i < json_count(list); i++) {
		buf_adds(out, i ? ", " : "");
		add_text(out, json_at(list, i));
	}
}

static int list(struct ctl *ctl, struct ferry_error *err)
{
	static const struct column columns[] = {
		{"CONNECTOR", 0}, {"ROLES", COLUMN_SPARE}, {"MODES", COLUMN_SPARE},
		{"WHAT IT IS FOR", COLUMN_WRAP},
	};
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT, text = BUF_INIT;
	struct table t;

	buf_adds(&path, "/connectors");
	int rc = ctl_get(ctl, &path, &answer, err);
	json_node *items = json_get(answer.root, "data");
	table_init(&t, &ctl->screen, columns, 4);
	for (size_t i = 0; i < json_count(items); i++) {
		json_node *c = json_at(items, i);
		table_text(&t, STYLE_BOLD, json_get_text(c, "name", "?"));
		add_list(&text, json_get(c, "roles"));
		table_take(&t, STYLE_PLAIN, &text);
		add_list(&text, json_get(c, "modes"));
		table_take(&t, STYLE_PLAIN, &text);
		table_text(&t, STYLE_PLAIN, json_get_text(c, "summary", ""));
	}
	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &answer);
	} else if (rc == 0 && !t.n) {
		say(ctl, STYLE_PLAIN, "the plugin folder holds no connector");
		say_line(ctl);
	} else if (rc == 0) {
		table_print(&t, 0, &ctl->out);
	}
	table_release(&t);
	buf_release(&text);
	answer_release(&answer);
	return rc;
}

/* "required; one of a, b; 1 to 100; default 5" and the help, in one text */
static void add_rules(struct buf *out, json_node *option)
{
	json_node *choices = json_get(option, "choices"), *min = json_get(option, "min"),
		  *max = json_get(option, "max");
	json_node *fallback = json_get(option, "default");

	buf_adds(out, json_get_text(option, "help", ""));
	if (json_get_bool(option, "secret", false))
		buf_adds(out, "; secret");
	if (json_count(choices)) {
		buf_adds(out, "; one of ");
		add_list(out, choices);
	} else if (json_text(choices, NULL)) {
		buf_addf(out, "; one of %s", json_text(choices, NULL));
	}
	if (min || max) {
		buf_adds(out, "; ");
		if (min)
			add_text(out, min);
		buf_adds(out, min && max ? " to " : min ? " or more" : "at most ");
		if (max)
			add_text(out, max);
	}
	if (fallback) {
		buf_adds(out, "; default ");
		add_text(out, fallback);
	}
}

static void print_options(struct ctl *ctl, const char *title, json_node *options)
{
	static const struct column columns[] = {
		{"NAME", 0}, {"TYPE", 0}, {"", COLUMN_SPARE}, {"MEANING", COLUMN_WRAP},
	};
	struct buf text = BUF_INIT;
	struct table t;

	if (!json_count(options))
		return;
	table_init(&t, &ctl->screen, columns, 4);
	for (size_t i = 0; i < json_count(options); i++) {
		json_node *o = json_at(options, i);
		int64_t longest = json_get_int(o, "max_length", 0);
		table_text(&t, STYLE_BOLD, json_get_text(o, "name", "?"));
		buf_adds(&text, json_get_text(o, "type", ""));
		if (longest > 0)
			buf_addf(&text, "(%d)", (int)longest);
		table_take(&t, STYLE_PLAIN, &text);
		if (json_get_bool(o, "required", false))
			buf_adds(&text, "required");
		add_list(&text, json_get(o, "flags"));
		table_take(&t, STYLE_CHANGE, &text);
		add_rules(&text, o);
		table_take(&t, STYLE_PLAIN, &text);
	}
	say_heading(ctl, title);
	table_print(&t, 2, &ctl->out);
	table_release(&t);
	buf_release(&text);
}

/* What it does, and how much at once. */
static void add_limits(struct buf *out, json_node *c)
{
	static const struct { const char *name, *text; } words[] = {
		{"ordered", "reads in key order"}, {"windowed", "reads recent records only"},
		{"idempotent", "a write may be repeated"}, {"match_new", "looks for what is there already"},
		{"delete", "can delete"}, {"disable", "can disable"}, {"local", "needs no network"},
	};
	json_node *caps = json_get(c, "capabilities");
	static const struct { const char *member, *before, *after; } sizes[] = {
		{"batch", "at most ", " to a write"}, {"lookup_batch", "", " to a look-up"},
		{"list_page", "", " to a page of its list"},
	};
	const char *sep = "";

	for (size_t i = 0; i < json_count(caps); i++)
		for (size_t w = 0; w < sizeof words / sizeof *words; w++)
			if (strcmp(json_text(json_at(caps, i), NULL), words[w].name) == 0) {
				buf_addf(out, "%s%s", sep, words[w].text);
				sep = "; ";
			}
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int n = (int)json_get_int(c, sizes[i].member, 0);
		if (n > 0) {
			buf_addf(out, "%s%s%d%s", sep, sizes[i].before, n, sizes[i].after);
			sep = "; ";
		}
	}
}

static void print_connector(struct ctl *ctl, json_node *c)
{
	struct buf text = BUF_INIT;

	say(ctl, STYLE_BOLD, json_get_text(c, "name", "?"));
	sayf(ctl, STYLE_PLAIN, "  %s", json_get_text(c, "summary", ""));
	say_line(ctl);
	buf_addf(&text, "family %s", json_get_text(c, "family", "?"));
	if (*json_get_text(c, "resource", ""))
		buf_addf(&text, ", resource %s", json_get_text(c, "resource", ""));
	buf_adds(&text, "; ");
	add_list(&text, json_get(c, "roles"));
	if (json_count(json_get(c, "modes"))) {
		buf_adds(&text, "; modes ");
		add_list(&text, json_get(c, "modes"));
	}
	say(ctl, STYLE_DIM, buf_str(&text));
	say_line(ctl);
	buf_reset(&text);
	add_limits(&text, c);
	say(ctl, STYLE_DIM, buf_str(&text));
	say_line(ctl);
	buf_release(&text);
	print_options(ctl, "connection settings", json_get(c, "connection_options"));
	print_options(ctl, "under source:", json_get(c, "source_options"));
	print_options(ctl, "under destination:", json_get(c, "destination_options"));
	print_options(ctl, "fields", json_get(c, "fields"));
}

int cmd_connectors(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	if (!ctl->args.n_words)
		return list(ctl, err);
	buf_adds(&path, "/connectors");
	path_name(&path, ctl->args.word[0]);
	int rc = ctl_get(ctl, &path, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_connector(ctl, answer.root);
	answer_release(&answer);
	return rc;
}
