/* SPDX-License-Identifier: Apache-2.0 */
/* args.c - the command line. */
#include "args.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static const struct option_info options[OPTIONS] = {
	[OPTION_SOCKET] = {"socket", 0, "PATH", "where the daemon listens"},
	[OPTION_JSON] = {"json", 0, NULL, "print the daemon's answer as JSON"},
	[OPTION_NO_COLOR] = {"no-color", 0, NULL, "no colour, even on a terminal"},
	[OPTION_HELP] = {"help", 'h', NULL, "explain the command"},
	[OPTION_VERSION] = {"version", 0, NULL, "print the version"},
	[OPTION_STATUS] = {"status", 0, "STATUS", "only those with this status"},
	[OPTION_LIMIT] = {"limit", 'n', "N", "how many: to a page, 1 to 100; of --extract-only: records"},
	[OPTION_PAGE] = {"page", 0, "N", "which page, counted from 1"},
	[OPTION_PREVIEW] = {"preview", 0, NULL, "stop when the plan is made; write nothing"},
	[OPTION_VERIFY] = {"verify", 0, NULL, "compare with what the destination holds now"},
	[OPTION_FULL] = {"full", 0, NULL, "take every record for changed"},
	[OPTION_WAIT] = {"wait", 'w', NULL, "show the run's progress until it has ended"},
	[OPTION_SEGMENT] = {"segment", 's', "SEGMENT", "only this segment"},
	[OPTION_FOLLOW] = {"follow", 'f', NULL, "go on until the run has ended"},
	[OPTION_DECISION] = {"decision", 'd', "DECISION", "only this decision"},
	[OPTION_KEY] = {"key", 'k', "KEY", "only the record with this key"},
	[OPTION_DIFF] = {"diff", 0, NULL, "each changed field in full, what it was and what it becomes"},
	[OPTION_SYNC] = {"sync", 0, "SYNC", "only this sync"},
	[OPTION_GROUP] = {"group", 'g', "GROUP", "only problems of this group"},
	[OPTION_LINK] = {"link", 0, "DEST_ID", "it is that record over there"},
	[OPTION_CREATE] = {"create", 0, NULL, "it is none of them: create it"},
	[OPTION_IGNORE] = {"ignore", 0, NULL, "leave it alone, for good or until --until"},
	[OPTION_UNTIL] = {"until", 0, "WHEN", "of --ignore: a span like 30d, or a time"},
	[OPTION_RETRY] = {"retry", 0, NULL, "try it again"},
	[OPTION_REOPEN] = {"reopen", 0, NULL, "take back what was said of it"},
	[OPTION_EXTRACT_ONLY] = {"extract-only", 0, NULL, "keep the source's records and do nothing else"},
	[OPTION_OVERRIDE_GUARD] = {"override-guard", 0, NULL, "whatever the guards say"},
	[OPTION_BEFORE] = {"before", 0, "RUN", "only runs (of the audit: entries) below this number"},
	[OPTION_DAYS] = {"days", 0, "N", "how many days back, 1 to 366; 30 when it is not said"},
	[OPTION_ROLE] = {"role", 0, "ROLE", "what it may do: viewer reads, admin changes things too"},
	[OPTION_EXPIRES] = {"expires", 0, "WHEN", "when it ends: a span like 30d, or a time; 90d when it is not said"},
	[OPTION_ACTOR] = {"actor", 0, "ACTOR", "only by actors whose name has this in it"},
	[OPTION_ACTION] = {"action", 0, "ACTION", "only this action, such as trigger or reload"},
	[OPTION_FROM] = {"from", 0, "TIME", "then or later: a date or a time"},
	[OPTION_TO] = {"to", 0, "TIME", "then or earlier; a date means the end of that day"},
	[OPTION_NOW] = {"now", 0, NULL, "take away what is past its time"},
	[OPTION_RUN] = {"run", 0, "RUN", "only this run"},
	[OPTION_TYPES] = {"types", 0, "TYPES", "only these kinds, such as run,sync.paused"},
	[OPTION_MANUAL] = {"manual", 0, NULL, "fill the manual's template on standard input"},
};

const struct option_info *option_info(enum option_id id)
{
	return &options[id];
}

const struct command *command_find(const struct command *commands, const char *name)
{
	for (; commands->name; commands++)
		if (strcmp(commands->name, name) == 0)
			return commands;
	return NULL;
}

_Static_assert(OPTIONS <= 64, "a command's options are bits of 64");

int command_unknown(const struct command *commands, const char *name, struct ferry_error *err)
{
	const char *nearest = NULL;
	int best = 0;

	for (; commands->name; commands++) {
		int d = text_distance(name, commands->name);
		if (d >= 0 && (!nearest || d < best)) {
			nearest = commands->name;
			best = d;
		}
	}
	ferry_fail(err, FERRY_E_USAGE, "there is no command '%s'", name);
	if (nearest)
		return ferry_hint(err, "did you mean '%s'? 'ferryctl help' lists the commands",
				  nearest);
	return ferry_hint(err, "'ferryctl help' lists the commands");
}

static int unknown_option(const char *arg, struct ferry_error *err)
{
	size_t len = strcspn(arg, "=");
	const char *nearest = NULL;
	char name[40];
	int best = 0;

	ferry_fail(err, FERRY_E_USAGE, "there is no option '%.*s'", (int)len, arg);
	if (len < 3 || len - 2 >= sizeof name)
		return -1;
	memcpy(name, arg + 2, len - 2);
	name[len - 2] = '\0';
	for (int i = 0; i < OPTIONS; i++) {
		int d = text_distance(name, options[i].name);
		if (d >= 0 && (!nearest || d < best) && !(OPTIONS_HIDDEN & OPTION_BIT(i))) {
			nearest = options[i].name;
			best = d;
		}
	}
	return nearest ? ferry_hint(err, "did you mean '--%s'?", nearest) : -1;
}

int option_find(const char *arg, const char **ret_value)
{
	bool is_long = arg[1] == '-';
	size_t len = strcspn(arg, "=");

	for (int i = 0; i < OPTIONS; i++) {
		const struct option_info *o = &options[i];
		if (is_long && strlen(o->name) == len - 2 &&
		    memcmp(o->name, arg + 2, len - 2) == 0) {
			*ret_value = arg[len] ? arg + len + 1 : NULL;
			return i;
		}
		if (!is_long && o->letter && o->letter == arg[1] && (o->value || !arg[2])) {
			*ret_value = arg[2] ? arg + 2 : NULL;
			return i;
		}
	}
	return -1;
}

/* *at is the option's index in argv, and is moved on when the next argument is its value. */
static int take_option(int argc, char *const *argv, int *at, struct args *ret,
		       struct ferry_error *err)
{
	const char *arg = argv[*at], *value = NULL;
	int id = option_find(arg, &value);

	if (id < 0)
		return unknown_option(arg, err);
	const struct option_info *o = &options[id];
	if (!o->value && value)
		return ferry_fail(err, FERRY_E_USAGE, "--%s takes no value", o->name);
	if (o->value && !value) {
		if (*at + 1 >= argc)
			return ferry_fail(err, FERRY_E_USAGE, "--%s needs a value: --%s %s",
					  o->name, o->name, o->value);
		value = argv[++*at];
	}
	ret->value[id] = value ? value : "";
	return 0;
}

static int take_word(const struct command *commands, const char *word, struct args *ret,
		     struct ferry_error *err)
{
	if (!ret->command) {
		ret->command = command_find(commands, word);
		return ret->command ? 0 : command_unknown(commands, word, err);
	}
	if (ret->n_words == sizeof ret->word / sizeof ret->word[0])
		return ferry_fail(err, FERRY_E_USAGE, "too many arguments: '%s'", word);
	ret->word[ret->n_words++] = word;
	return 0;
}

bool next_word(const char **at, const char *end, char separator, const char **ret, size_t *ret_len)
{
	while (*at < end && **at == separator)
		++*at;
	*ret = *at;
	while (*at < end && **at != separator)
		++*at;
	*ret_len = (size_t)(*at - *ret);
	return *ret_len;
}

const char *command_word(const struct command *command, size_t i, size_t *ret_len)
{
	const char *at = command->words ? command->words : "", *end = at + strlen(at), *word;

	do {
		if (!next_word(&at, end, ' ', &word, ret_len))
			return NULL;
	} while (i--);
	return word;
}

const char *command_choices(const struct command *command, const char *kind, size_t *ret_len)
{
	const char *at = command->choices ? command->choices : "", *end = at + strlen(at), *line;
	size_t len = strlen(kind);

	while (next_word(&at, end, '\n', &line, ret_len))
		if (*ret_len > len && memcmp(line, kind, len) == 0 && line[len] == ' ') {
			*ret_len -= len + 1;
			return line + len + 1;
		}
	return NULL;
}

/* Whether a word is one of those between separators; what: "--status" or a command's name. */
static int check_choice(const char *what, const char *word, const char *choices, size_t len, char separator,
			struct ferry_error *err)
{
	const char *at = choices, *end = choices + len, *choice;
	char nearest[40] = "", name[40];
	int best = 0;
	size_t n;

	while (next_word(&at, end, separator, &choice, &n)) {
		snprintf(name, sizeof name, "%.*s", (int)n, choice);
		if (strcmp(name, word) == 0)
			return 0;
		int d = text_distance(word, name);
		if (d >= 0 && (!*nearest || d < best)) {
			memcpy(nearest, name, sizeof name);
			best = d;
		}
	}
	ferry_fail(err, FERRY_E_USAGE, "%s: there is no '%s'", what, word);
	return *nearest ? ferry_hint(err, "did you mean '%s'? possible are: %.*s", nearest, (int)len, choices)
			: ferry_hint(err, "possible are: %.*s", (int)len, choices);
}

static int check_words(const struct args *args, struct ferry_error *err)
{
	const struct command *c = args->command;
	const char *word;
	size_t i, len;

	for (i = 0; (word = command_word(c, i, &len)); i++) {
		bool choice = memchr(word, '|', len);
		if (i >= args->n_words && *word != '[') {
			if (choice)
				ferry_fail(err, FERRY_E_USAGE, "'%s' needs an argument: %.*s", c->name, (int)len, word);
			else
				ferry_fail(err, FERRY_E_USAGE, "'%s' needs an argument", c->name);
			return ferry_hint(err, "usage: ferryctl %s %s", c->name, c->words);
		}
		if (i >= args->n_words)
			return 0;
		if (choice && check_choice(c->name, args->word[i], word + (*word == '['),
					   len - (*word == '[' ? 2 : 0), '|', err))
			return -1;
	}
	if (args->n_words <= i)
		return 0;
	ferry_fail(err, FERRY_E_USAGE, "'%s' takes no '%s'", c->name, args->word[i]);
	return ferry_hint(err, "usage: ferryctl %s%s%s", c->name, c->words ? " " : "", c->words ? c->words : "");
}

static int check(const struct args *args, struct ferry_error *err)
{
	const struct command *c = args->command;
	char what[40];
	size_t len;

	if (!c || args_has(args, OPTION_HELP))
		return 0;
	for (int i = 0; i < OPTIONS; i++) {
		if (!args->value[i])
			continue;
		if (!((c->options | OPTIONS_GLOBAL) & OPTION_BIT(i))) {
			ferry_fail(err, FERRY_E_USAGE, "'%s' has no option --%s", c->name,
				   options[i].name);
			return ferry_hint(err, "'ferryctl help %s' lists its options", c->name);
		}
		const char *choices = options[i].value ? command_choices(c, options[i].value, &len) : NULL;
		snprintf(what, sizeof what, "--%s", options[i].name);
		if (choices && check_choice(what, args->value[i], choices, len, ' ', err))
			return -1;
	}
	return check_words(args, err);
}

int args_parse(const struct command *commands, int argc, char *const *argv, struct args *ret,
	       struct ferry_error *err)
{
	bool words_only = false;

	*ret = (struct args){0};
	/* whatever is wrong before it: it holds for the error, too */
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			ret->value[OPTION_JSON] = "";
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		if (!words_only && strcmp(arg, "--") == 0) {
			words_only = true;
		} else if (!words_only && arg[0] == '-' && arg[1]) {
			if (take_option(argc, argv, &i, ret, err))
				return -1;
		} else if (take_word(commands, arg, ret, err)) {
			return -1;
		}
	}
	return check(ret, err);
}

int args_number(const struct args *args, enum option_id id, int64_t least, int64_t most,
		int64_t fallback, int64_t *ret, struct ferry_error *err)
{
	const char *s = args->value[id];
	char *end;

	*ret = fallback;
	if (!s)
		return 0;
	int64_t n = strtoll(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || n < least || n > most)
		return ferry_fail(err, FERRY_E_USAGE,
				  "--%s '%s': must be a number from %" PRId64 " to %" PRId64,
				  options[id].name, s, least, most);
	*ret = n;
	return 0;
}
