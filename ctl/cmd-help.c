/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-help.c - help, version; all help is made from the tables of commands and options. */
#include "ctl.h"

#include <string.h>

#include "table.h"

static const struct column two_columns[] = {{NULL, 0}, {NULL, COLUMN_WRAP}};

static void add_options(struct table *t, uint64_t options)
{
	struct buf text = BUF_INIT;

	for (int i = 0; i < OPTIONS; i++) {
		const struct option_info *o = option_info((enum option_id)i);
		if (!(options & ~OPTIONS_HIDDEN & OPTION_BIT(i)))
			continue;
		if (o->letter)
			buf_addf(&text, "-%c, ", o->letter);
		buf_addf(&text, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
		table_take(t, STYLE_PLAIN, &text);
		table_text(t, STYLE_PLAIN, o->help);
	}
	buf_release(&text);
}

static void print_options(struct ctl *ctl, const char *title, uint64_t options)
{
	struct table t;

	table_init(&t, &ctl->screen, two_columns, 2);
	add_options(&t, options);
	if (t.n) {
		say_heading(ctl, title);
		table_print(&t, 2, &ctl->out);
	}
	table_release(&t);
}

/* Each line of a text is a paragraph, wrapped to the screen. */
static void paragraphs(struct ctl *ctl, enum style style, const char *text)
{
	static const struct column one_column[] = {{NULL, COLUMN_WRAP}};
	const char *end = text + strlen(text), *line;
	struct buf one = BUF_INIT;
	struct table t;
	size_t len;

	table_init(&t, &ctl->screen, one_column, 1);
	while (next_word(&text, end, '\n', &line, &len)) {
		buf_add(&one, line, len);
		table_take(&t, style, &one);
	}
	table_print(&t, 0, &ctl->out);
	table_release(&t);
	buf_release(&one);
}

static void examples(struct ctl *ctl, const char *text)
{
	const char *end = text + strlen(text), *line;
	size_t len;

	say_heading(ctl, "examples");
	while (next_word(&text, end, '\n', &line, &len)) {
		sayf(ctl, STYLE_PLAIN, "  %.*s", (int)len, line);
		say_line(ctl);
	}
}

/* "STATUS: open, ignored": what values of options can be. */
static void print_choices(struct ctl *ctl, const struct command *c)
{
	const char *at = c->choices ? c->choices : "", *end = at + strlen(at), *line, *word;
	struct buf text = BUF_INIT;
	size_t len, n;

	if (c->choices)
		say_line(ctl);
	while (next_word(&at, end, '\n', &line, &len)) {
		const char *w = line;
		for (int i = 0; next_word(&w, line + len, ' ', &word, &n); i++)
			buf_addf(&text, "%s%.*s", i > 1 ? ", " : i ? ": " : "", (int)n, word);
		paragraphs(ctl, STYLE_PLAIN, buf_str(&text));
		buf_reset(&text);
	}
	buf_release(&text);
}

static void help_command(struct ctl *ctl, const struct command *c)
{
	struct buf usage = BUF_INIT;

	buf_addf(&usage, "usage: ferryctl %s%s%s%s", c->name, c->words ? " " : "", c->words ? c->words : "",
		 c->options & ~OPTIONS_HIDDEN ? " [OPTION...]" : "");
	paragraphs(ctl, STYLE_BOLD, buf_str(&usage));
	buf_release(&usage);
	say_line(ctl);
	paragraphs(ctl, STYLE_PLAIN, c->summary);
	if (c->detail) {
		say_line(ctl);
		paragraphs(ctl, STYLE_PLAIN, c->detail);
	}
	print_choices(ctl, c);
	print_options(ctl, "options", c->options);
	print_options(ctl, "options of every command", OPTIONS_GLOBAL);
	if (c->example)
		examples(ctl, c->example);
}

static void help_all(struct ctl *ctl)
{
	struct table t;

	paragraphs(ctl, STYLE_BOLD, "usage: ferryctl COMMAND [ARGUMENT] [OPTION...]");
	say_line(ctl);
	paragraphs(ctl, STYLE_PLAIN, "Shows and steers the runs of a ferry daemon.");
	for (int group = 0; group < GROUPS; group++) {
		table_init(&t, &ctl->screen, two_columns, 2);
		for (const struct command *c = ctl->commands; c->name; c++) {
			if ((int)c->group != group)
				continue;
			table_text(&t, STYLE_PLAIN, c->name);
			table_text(&t, STYLE_PLAIN, c->summary);
		}
		say_heading(ctl, command_groups[group]);
		table_print(&t, 2, &ctl->out);
		table_release(&t);
	}
	print_options(ctl, "options of every command", OPTIONS_GLOBAL);
	say_line(ctl);
	paragraphs(ctl, STYLE_PLAIN, "RUN is a run's number, 'last', or 'last:SYNC'.\n"
		  "The socket is --socket, else FERRY_SOCKET, else /run/ferry/ferry.sock.\n"
		  "'ferryctl help COMMAND' explains a command, 'ferryctl help exit-codes' the exit statuses.");
}

/* The exit statuses, and which error codes end with each. */
static void help_statuses(struct ctl *ctl)
{
	struct buf text = BUF_INIT;
	struct table t;

	table_init(&t, &ctl->screen, two_columns, 2);
	for (const struct exit_status *e = exit_statuses; e->text; e++) {
		buf_addf(&text, "%d", e->status);
		table_take(&t, STYLE_BOLD, &text);
		table_text(&t, STYLE_PLAIN, e->text);
		for (int i = FERRY_OK + 1; i < FERRY_E_CODES; i++) {
			const struct ferry_code_info *info = ferry_code_info(i);
			if (info->exit == e->status && ferry_code_from_name(info->name) == i)
				buf_addf(&text, "%s%s", text.len ? ", " : "", info->name);
		}
		if (text.len) {
			table_text(&t, STYLE_PLAIN, NULL);
			table_take(&t, STYLE_DIM, &text);
		}
	}
	table_print(&t, 0, &ctl->out);
	table_release(&t);
	buf_release(&text);
}

static void option_json(struct buf *out, const struct option_info *o)
{
	char letter[2] = {o->letter, '\0'};

	jw_open(out, NULL, '{');
	jw_text(out, "name", o->name);
	jw_text(out, "letter", o->letter ? letter : NULL);
	jw_text(out, "value", o->value);
	jw_text(out, "help", o->help);
	jw_close(out, '}');
}

static void command_json(struct buf *out, const struct command *c)
{
	jw_open(out, NULL, '{');
	jw_text(out, "command", c->name);
	jw_text(out, "group", command_groups[c->group]);
	jw_text(out, "arguments", c->words);
	jw_text(out, "summary", c->summary);
	jw_text(out, "detail", c->detail);
	jw_open(out, "options", '[');
	for (int i = 0; i < OPTIONS; i++)
		if ((c->options | OPTIONS_GLOBAL) & ~OPTIONS_HIDDEN & OPTION_BIT(i))
			option_json(out, option_info((enum option_id)i));
	jw_close(out, ']');
	jw_close(out, '}');
}

/* One command, or {"data": [all of them]}. */
static void help_json(struct ctl *ctl, const struct command *c)
{
	struct buf out = BUF_INIT;

	if (c) {
		command_json(&out, c);
	} else {
		jw_open(&out, NULL, '{');
		jw_open(&out, "data", '[');
		for (c = ctl->commands; c->name; c++)
			command_json(&out, c);
		jw_close(&out, ']');
		jw_close(&out, '}');
	}
	ctl_json_text(ctl, buf_str(&out), out.len);
	buf_release(&out);
}

static void statuses_json(struct ctl *ctl)
{
	struct buf out = BUF_INIT;

	jw_open(&out, NULL, '{');
	jw_open(&out, "data", '[');
	for (const struct exit_status *e = exit_statuses; e->text; e++) {
		jw_open(&out, NULL, '{');
		jw_int(&out, "exit_status", e->status);
		jw_text(&out, "text", e->text);
		jw_close(&out, '}');
	}
	jw_close(&out, ']');
	jw_close(&out, '}');
	ctl_json_text(ctl, buf_str(&out), out.len);
	buf_release(&out);
}

int cmd_help(struct ctl *ctl, struct ferry_error *err)
{
	const struct command *c = ctl->args.command;

	if (args_has(&ctl->args, OPTION_MANUAL))
		return manual_fill(ctl, err);
	/* either "help COMMAND" or "COMMAND --help" */
	if (c && c->run == cmd_help && ctl->args.n_words) {
		if (strcmp(ctl->args.word[0], "exit-codes") == 0) {
			if (ctl->json)
				statuses_json(ctl);
			else
				help_statuses(ctl);
			return EXIT_FINE;
		}
		c = command_find(ctl->commands, ctl->args.word[0]);
		if (!c)
			return command_unknown(ctl->commands, ctl->args.word[0], err);
	} else if (c && c->run == cmd_help && !args_has(&ctl->args, OPTION_HELP)) {
		c = NULL;
	}
	if (ctl->json)
		help_json(ctl, c);
	else if (c)
		help_command(ctl, c);
	else
		help_all(ctl);
	return EXIT_FINE;
}

int cmd_version(struct ctl *ctl, struct ferry_error *err)
{
	(void)err;
	if (ctl->json) {
		jw_open(&ctl->out, NULL, '{');
		jw_text(&ctl->out, "version", FERRY_VERSION);
		jw_close(&ctl->out, '}');
	} else {
		say(ctl, STYLE_PLAIN, "ferryctl " FERRY_VERSION);
	}
	say_line(ctl);
	return EXIT_FINE;
}

int cmd_welcome(struct ctl *ctl, struct ferry_error *err)
{
	static const char *const hints[][2] = {
		{"ferryctl syncs", "what there is, and when it runs next"},
		{"ferryctl runs", "what has run"},
		{"ferryctl problems", "what waits for a person"},
		{"ferryctl doctor", "whether all is well"},
		{"ferryctl help", "all commands"},
	};

	ctl->hurry = true;
	int rc = cmd_status(ctl, err);
	if (ctl->json || (rc < 0 && err->code != FERRY_E_UNREACHABLE))
		return rc;
	if (rc < 0) {
		sayf(ctl, STYLE_BAD, "%s", err->msg);
		say_line(ctl);
		say_line(ctl);
		say_command(ctl, "systemctl start ferryd", "starts the daemon");
		say_command(ctl, "ferryctl check", "looks for mistakes in its configuration");
		say_command(ctl, "ferryctl doctor", "says what is wrong, and what to do");
		say_command(ctl, "ferryctl help", "lists all commands");
		return ferry_code_info(err->code)->exit;
	}
	say_line(ctl);
	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
		say_command(ctl, hints[i][0], hints[i][1]);
	return EXIT_FINE;
}
