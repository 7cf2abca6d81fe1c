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
		if (!(options & ~OPTIONS_HIDDEN & 1U << i))
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

static void lines(struct ctl *ctl, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		screen_addn(&ctl->screen, &ctl->out, STYLE_PLAIN, text, len);
		say_line(ctl);
		text += len + (text[len] == '\n');
	}
}

static void help_command(struct ctl *ctl, const struct command *c)
{
	sayf(ctl, STYLE_BOLD, "usage: ferryctl %s%s%s%s", c->name, *c->words ? " " : "", c->words,
	     c->options & ~OPTIONS_HIDDEN ? " [OPTION...]" : "");
	say_line(ctl);
	say_line(ctl);
	lines(ctl, c->summary);
	if (c->detail) {
		say_line(ctl);
		lines(ctl, c->detail);
	}
	print_options(ctl, "options", c->options);
	print_options(ctl, "options of every command", OPTIONS_GLOBAL);
}

static void help_all(struct ctl *ctl)
{
	struct buf text = BUF_INIT;
	struct table t;

	say(ctl, STYLE_BOLD, "usage: ferryctl COMMAND [ARGUMENT] [OPTION...]");
	say_line(ctl);
	say_line(ctl);
	lines(ctl, "Shows and steers the runs of a ferry daemon.");
	table_init(&t, &ctl->screen, two_columns, 2);
	for (const struct command *c = ctl->commands; c->name; c++) {
		buf_addf(&text, "%s %s", c->name, c->words);
		table_take(&t, STYLE_PLAIN, &text);
		table_text(&t, STYLE_PLAIN, c->summary);
	}
	say_heading(ctl, "commands");
	table_print(&t, 2, &ctl->out);
	table_release(&t);
	buf_release(&text);
	print_options(ctl, "options of every command", OPTIONS_GLOBAL);
	say_line(ctl);
	lines(ctl, "RUN is a run's number, 'last', or 'last:SYNC'.\n"
	      "The socket is --socket, else FERRY_SOCKET, else /run/ferry/ferry.sock.\n"
	      "Exit status: 0 fine; 1 failed, or the run waited for failed; 2 it completed with\n"
	      "errors; 3 wrong usage, or not found; 4 no daemon answers.");
}

/* One line a command: name, arguments, options; between them a tab. What completion reads. */
static void list_commands(struct ctl *ctl)
{
	for (const struct command *c = ctl->commands; c->name; c++) {
		buf_addf(&ctl->out, "%s\t%s\t", c->name, c->words);
		for (int i = 0; i < OPTIONS; i++) {
			const struct option_info *o = option_info((enum option_id)i);
			if ((c->options | OPTIONS_GLOBAL) & ~OPTIONS_HIDDEN & 1U << i)
				buf_addf(&ctl->out, "%s--%s%s", i ? " " : "", o->name,
					 o->value ? "=" : "");
		}
		buf_addf(&ctl->out, "\t%s\n", c->summary);
	}
}

int cmd_help(struct ctl *ctl, struct ferry_error *err)
{
	const struct command *c = ctl->args.command;

	if (args_has(&ctl->args, OPTION_COMMANDS)) {
		list_commands(ctl);
		return EXIT_FINE;
	}
	/* either "help COMMAND" or "COMMAND --help" */
	if (c && c->run == cmd_help && ctl->args.n_words) {
		c = command_find(ctl->commands, ctl->args.word[0]);
		if (!c) {
			ferry_fail(err, FERRY_E_USAGE, "there is no command '%s'",
				   ctl->args.word[0]);
			return ferry_hint(err, "'ferryctl help' lists the commands");
		}
	} else if (c && c->run == cmd_help && !args_has(&ctl->args, OPTION_HELP)) {
		c = NULL;
	}
	if (c)
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
