/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manual.c - the parts of ferryctl(1) that the tables know: commands, options, exit statuses. Everything
 * else stands in the page's template, where a line "@commands@" is the place for such a part.
 */
#include "ctl.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Text as roff wants it: nothing of it is a request, a dash can be copied into a shell, and each sentence
 * begins a line.
 */
static void text(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool first = !out->len || out->s[out->len - 1] == '\n';
		if (s[i] == ' ' && i && i + 1 < len && s[i - 1] == '.' && isupper((unsigned char)s[i + 1])) {
			buf_addc(out, '\n');
			continue;
		}
		if (first && (s[i] == '.' || s[i] == '\''))
			buf_adds(out, "\\&");
		if (s[i] == '\\')
			buf_adds(out, "\\e");
		else if (s[i] == '-')
			buf_adds(out, "\\-");
		else
			buf_addc(out, s[i]);
	}
}

/* A sentence out of a summary. */
static void sentence(struct buf *out, const char *s)
{
	size_t len = strlen(s), at = out->len;

	text(out, s, len);
	if (out->len > at)
		out->s[at] = (char)toupper((unsigned char)out->s[at]);
	buf_adds(out, len && s[len - 1] == '.' ? "\n" : ".\n");
}

static void usage_option(struct buf *out, const struct option_info *o)
{
	buf_adds(out, " Oo");
	if (o->letter)
		buf_addf(out, " Fl %c |", o->letter);
	buf_addf(out, " Fl -%s", o->name);
	if (o->value)
		buf_addf(out, " Ar %s", o->value);
	buf_adds(out, " Oc");
}

/* ".It Cm pin Ar SYNC Cm active | Cm idle Ar HOURS", then its options */
static void usage(struct buf *out, const struct command *c)
{
	const char *word, *at, *choice;
	size_t len, n;

	buf_addf(out, ".It Cm %s", c->name);
	for (size_t i = 0; (word = command_word(c, i, &len)); i++) {
		bool may = *word == '[', choices = memchr(word, '|', len);
		const char *end = word + len - may;
		at = word + may;
		buf_adds(out, may ? " Oo" : "");
		for (bool more = false; next_word(&at, end, '|', &choice, &n); more = true)
			buf_addf(out, "%s %s %.*s", more ? " |" : "", choices ? "Cm" : "Ar", (int)n, choice);
		buf_adds(out, may ? " Oc" : "");
	}
	for (int i = 0; i < OPTIONS; i++)
		if (c->options & ~OPTIONS_HIDDEN & OPTION_BIT(i))
			usage_option(out, option_info((enum option_id)i));
	buf_addc(out, '\n');
}

/* "STATUS open ignored": which words an option takes here. */
static void choices(struct buf *out, const struct command *c)
{
	const char *at = c->choices ? c->choices : "", *end = at + strlen(at), *line, *word;
	size_t len, n;

	while (next_word(&at, end, '\n', &line, &len)) {
		const char *w = line;
		bool named = false, more = false;
		while (next_word(&w, line + len, ' ', &word, &n)) {
			buf_addf(out, !named ? ".Ar %.*s\nis " : more ? ", %.*s" : "%.*s", (int)n, word);
			more = named;
			named = true;
		}
		buf_adds(out, ".\n");
	}
}

static void command(struct buf *out, const struct command *c)
{
	const char *at = c->detail ? c->detail : "", *end = at + strlen(at), *line;
	bool more = false;
	size_t len;

	usage(out, c);
	sentence(out, c->summary);
	choices(out, c);
	for (; next_word(&at, end, '\n', &line, &len); more = true) {
		buf_adds(out, more ? ".Pp\n" : "");
		text(out, line, len);
		buf_addc(out, '\n');
	}
	if (c->example) {
		buf_adds(out, ".Bd -literal -offset indent\n");
		text(out, c->example, strlen(c->example));
		buf_adds(out, "\n.Ed\n");
	}
}

static void commands(struct ctl *ctl)
{
	struct buf *out = &ctl->out;

	for (int group = 0; group < GROUPS; group++) {
		buf_addf(out, ".Ss %s\n.Bl -tag -width Ds\n", command_groups[group]);
		for (const struct command *c = ctl->commands; c->name; c++)
			if ((int)c->group == group)
				command(out, c);
		buf_adds(out, ".El\n");
	}
}

static void options(struct ctl *ctl)
{
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_info *o = option_info((enum option_id)i);
		if (OPTIONS_HIDDEN & OPTION_BIT(i))
			continue;
		buf_adds(&ctl->out, ".It");
		if (o->letter)
			buf_addf(&ctl->out, " Fl %c ,", o->letter);
		buf_addf(&ctl->out, " Fl -%s%s%s\n", o->name, o->value ? " Ar " : "", o->value ? o->value : "");
		sentence(&ctl->out, o->help);
	}
}

static void statuses(struct ctl *ctl)
{
	for (const struct exit_status *e = exit_statuses; e->text; e++) {
		buf_addf(&ctl->out, ".It %d\n", e->status);
		sentence(&ctl->out, e->text);
	}
}

int manual_fill(struct ctl *ctl, struct ferry_error *err)
{
	static const struct {
		const char *line;
		void (*fill)(struct ctl *ctl);
	} parts[] = {{"@commands@\n", commands}, {"@options@\n", options}, {"@statuses@\n", statuses}};
	const size_t n_parts = sizeof parts / sizeof parts[0];
	char *line = NULL;
	size_t cap = 0, i;

	while (getline(&line, &cap, stdin) >= 0) {
		for (i = 0; i < n_parts && strcmp(line, parts[i].line); i++)
			;
		if (i < n_parts)
			parts[i].fill(ctl);
		else
			buf_adds(&ctl->out, line);
	}
	free(line);
	return ferror(stdin) ? ferry_fail(err, FERRY_E_SYSTEM, "cannot read standard input") : EXIT_FINE;
}
