/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-ctl-commands.c - the table of commands: whole, and what is made of it: the help, the manual, the
 * completion of a command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl.h"

#define ROWS(c) for (const struct command *c = ferryctl_commands; c->name; c++)

static bool in_capitals(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_'))
			return false;
	return len > 0;
}

static void test_rows(void **state)
{
	int group = 0;

	(void)state;
	ROWS(c) {
		assert_non_null(c->run);
		assert_non_null(c->summary);
		assert_true(c->summary[strlen(c->summary) - 1] != '.');
		assert_ptr_equal(command_find(ferryctl_commands, c->name), c);
		/* the order of the table is that of the headings */
		assert_true((int)c->group >= group);
		group = (int)c->group;
		assert_true(command_groups[group] != NULL);
		if (c->detail)
			assert_true(strchr(".:", c->detail[strlen(c->detail) - 1]) != NULL);
	}
}

/* Brackets close, only what comes last may be left out, a name is in capitals, a choice is not. */
static void test_words(void **state)
{
	const char *word;
	size_t len;

	(void)state;
	ROWS(c) {
		bool optional = false;
		for (size_t i = 0; (word = command_word(c, i, &len)); i++) {
			bool may = *word == '[';
			assert_true(may || !optional);
			assert_true(!may || word[len - 1] == ']');
			optional |= may;
			word += may;
			len -= may ? 2 : 0;
			if (!memchr(word, '|', len))
				assert_true(in_capitals(word, len));
			assert_true(i < sizeof((struct args *)0)->word / sizeof((struct args *)0)->word[0]);
		}
	}
}

/* Each choice belongs to an option that the command has. */
static void test_choices(void **state)
{
	const char *at, *line, *word;
	size_t len, n;

	(void)state;
	ROWS(c) {
		at = c->choices ? c->choices : "";
		while (next_word(&at, at + strlen(at), '\n', &line, &len)) {
			bool known = false;
			const char *w = line;
			assert_true(next_word(&w, line + len, ' ', &word, &n));
			for (int i = 0; i < OPTIONS; i++) {
				const struct option_info *o = option_info((enum option_id)i);
				known |= c->options & OPTION_BIT(i) && o->value && strlen(o->value) == n &&
					memcmp(o->value, word, n) == 0;
			}
			assert_true(known);
		}
	}
}

static void test_options(void **state)
{
	(void)state;
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_info *o = option_info((enum option_id)i);
		assert_non_null(o->name);
		assert_non_null(o->help);
		for (int k = 0; k < i; k++) {
			const struct option_info *other = option_info((enum option_id)k);
			assert_string_not_equal(o->name, other->name);
			assert_true(!o->letter || o->letter != other->letter);
		}
	}
}

/* Every status that a code's table names is explained. */
static void test_statuses(void **state)
{
	(void)state;
	for (int i = 0; i < FERRY_E_CODES; i++) {
		const struct exit_status *e = exit_statuses;
		while (e->text && e->status != ferry_code_info(i)->exit)
			e++;
		assert_non_null(e->text);
	}
}

/* ------------------------------------------------------------------------- the parser */

static int parse(struct args *a, struct ferry_error *err, const char *one, const char *two, const char *three,
		 const char *four)
{
	char *argv[] = {"ferryctl", (char *)(uintptr_t)one, (char *)(uintptr_t)two, (char *)(uintptr_t)three,
		(char *)(uintptr_t)four, NULL};
	int argc = 1;

	while (argv[argc])
		argc++;
	*err = (struct ferry_error){0};
	return args_parse(ferryctl_commands, argc, argv, a, err);
}

static void test_parse_choices(void **state)
{
	struct ferry_error err;
	struct args a;

	(void)state;
	assert_int_equal(parse(&a, &err, "pin", "evs", "idle", "3"), 0);
	assert_int_equal(parse(&a, &err, "pin", "evs", "idel", "3"), -1);
	assert_int_equal(err.code, FERRY_E_USAGE);
	assert_non_null(strstr(err.hint, "did you mean 'idle'?"));
	assert_int_equal(parse(&a, &err, "pin", "evs", NULL, NULL), -1);
	assert_non_null(strstr(err.msg, "active|idle|dormant"));
	assert_int_equal(parse(&a, &err, "runs", "--status", "failed", NULL), 0);
	assert_int_equal(parse(&a, &err, "runs", "--status=fialed", NULL, NULL), -1);
	assert_non_null(strstr(err.hint, "did you mean 'failed'?"));
	/* the same option, other words */
	assert_int_equal(parse(&a, &err, "problems", "--status=failed", NULL, NULL), -1);
	assert_int_equal(parse(&a, &err, "problems", "--status=open", NULL, NULL), 0);
}

/* ------------------------------------------------------------------------ what is made */

static void complete(struct ctl *ctl, size_t n, const char *one, const char *two, const char *three)
{
	char *words[] = {(char *)(uintptr_t)one, (char *)(uintptr_t)two, (char *)(uintptr_t)three};

	buf_reset(&ctl->out);
	ctl->socket = "/nonexistent/ferry.sock";
	complete_words(ctl, n, words);
}

static void test_complete(void **state)
{
	struct ctl ctl = {.commands = ferryctl_commands, .out = BUF_INIT};
	const char *out;

	(void)state;
	complete(&ctl, 1, "sy", NULL, NULL);
	assert_true(strncmp(buf_str(&ctl.out), "syncs\t", 6) == 0);
	complete(&ctl, 1, "", NULL, NULL);
	out = buf_str(&ctl.out);
	ROWS(c)
		assert_non_null(strstr(out, c->name));
	complete(&ctl, 2, "runs", "--st", NULL);
	assert_true(strncmp(buf_str(&ctl.out), "--status\t", 9) == 0);
	complete(&ctl, 3, "runs", "--status", "can");
	assert_string_equal(buf_str(&ctl.out), "cancelled\t\n");
	complete(&ctl, 2, "runs", "--status=can", NULL);
	assert_string_equal(buf_str(&ctl.out), "--status=cancelled\t\n");
	complete(&ctl, 3, "problems", "--status", "o");
	assert_string_equal(buf_str(&ctl.out), "open\t\n");
	complete(&ctl, 3, "pin", "evs", "d");
	assert_string_equal(buf_str(&ctl.out), "dormant\t\n");
	complete(&ctl, 2, "check", "", NULL);
	assert_string_equal(buf_str(&ctl.out), ":folders\n");
	complete(&ctl, 2, "explain", "NEW_IN", NULL);
	assert_true(strncmp(buf_str(&ctl.out), "NEW_IN_SOURCE\t", 14) == 0);
	complete(&ctl, 3, "--no-color", "help", "vers");
	assert_true(strncmp(buf_str(&ctl.out), "version\t", 8) == 0);
	/* hidden ones are not offered, and a daemon that is not there is silence */
	complete(&ctl, 2, "help", "--man", NULL);
	assert_int_equal(ctl.out.len, 0);
	complete(&ctl, 2, "show", "1", NULL);
	assert_int_equal(ctl.out.len, 0);
	complete(&ctl, 2, "nonsense", "", NULL);
	assert_int_equal(ctl.out.len, 0);
	complete(&ctl, 0, NULL, NULL, NULL);
	client_free(ctl.client);
	buf_release(&ctl.out);
}

/* The part of `lines` is filled in, everything else stays. */
static void test_manual(void **state)
{
	static const char template[] = ".Sh BEFORE\n@commands@\n@options@\n@statuses@\nname@example.com\n";
	struct ctl ctl = {.commands = ferryctl_commands, .out = BUF_INIT};
	struct ferry_error err = {0};
	char text[200];

	(void)state;
	stdin = fmemopen((char *)(uintptr_t)template, sizeof template - 1, "r");
	assert_int_equal(manual_fill(&ctl, &err), EXIT_FINE);
	const char *out = buf_str(&ctl.out);
	assert_true(strncmp(out, ".Sh BEFORE\n", 11) == 0);
	assert_non_null(strstr(out, "\nname@example.com\n"));
	assert_null(strstr(out, "@commands@"));
	ROWS(c) {
		snprintf(text, sizeof text, "\n.It Cm %s", c->name);
		assert_non_null(strstr(out, text));
	}
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_info *o = option_info((enum option_id)i);
		snprintf(text, sizeof text, " Fl -%s%s%s\n", o->name, o->value ? " Ar " : "", o->value ? o->value : "");
		assert_int_equal(strstr(out, text) != NULL, !(OPTIONS_HIDDEN & OPTION_BIT(i)));
	}
	assert_non_null(strstr(out, ".It Cm pin Ar SYNC Cm active | Cm idle | Cm dormant Ar HOURS\n"));
	/* a line that begins with a dot is text, not a request */
	assert_null(strstr(out, "\n. "));
	fclose(stdin);
	buf_release(&ctl.out);
}

static void test_help(void **state)
{
	struct ctl ctl = {.commands = ferryctl_commands, .out = BUF_INIT};
	struct ferry_error err = {0};

	(void)state;
	ctl.args.command = command_find(ferryctl_commands, "help");
	assert_int_equal(cmd_help(&ctl, &err), EXIT_FINE);
	ROWS(c)
		assert_non_null(strstr(buf_str(&ctl.out), c->summary));
	for (int i = 0; i < GROUPS; i++)
		assert_non_null(strstr(buf_str(&ctl.out), command_groups[i]));
	buf_reset(&ctl.out);
	ctl.args.n_words = 1;
	ctl.args.word[0] = "exit-codes";
	assert_int_equal(cmd_help(&ctl, &err), EXIT_FINE);
	assert_non_null(strstr(buf_str(&ctl.out), "UNREACHABLE"));
	ctl.args.word[0] = "shwo";
	assert_int_equal(cmd_help(&ctl, &err), -1);
	assert_non_null(strstr(err.hint, "did you mean 'show'?"));
	ROWS(c) {
		buf_reset(&ctl.out);
		ctl.args.word[0] = c->name;
		assert_int_equal(cmd_help(&ctl, &err), EXIT_FINE);
		assert_non_null(strstr(buf_str(&ctl.out), "usage: ferryctl "));
	}
	buf_release(&ctl.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows), cmocka_unit_test(test_words), cmocka_unit_test(test_choices),
		cmocka_unit_test(test_options), cmocka_unit_test(test_statuses), cmocka_unit_test(test_parse_choices),
		cmocka_unit_test(test_complete), cmocka_unit_test(test_manual), cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
