/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.h - the command line: one table of options, and the parser driven by it and by the table of
 * commands. Options may stand before or after the command and its arguments.
 */
#ifndef FERRY_CTL_ARGS_H
#define FERRY_CTL_ARGS_H

#include "base/error.h"

struct ctl;

enum option_id {
	OPTION_SOCKET, OPTION_JSON, OPTION_NO_COLOR, OPTION_HELP, OPTION_VERSION,	/* of every command */
	OPTION_STATUS, OPTION_LIMIT, OPTION_PAGE, OPTION_PREVIEW, OPTION_VERIFY, OPTION_FULL,
	OPTION_WAIT, OPTION_SEGMENT, OPTION_FOLLOW, OPTION_DECISION, OPTION_KEY, OPTION_DIFF,
	OPTION_SYNC, OPTION_GROUP, OPTION_LINK, OPTION_CREATE, OPTION_IGNORE, OPTION_UNTIL, OPTION_RETRY,
	OPTION_REOPEN, OPTION_EXTRACT_ONLY, OPTION_OVERRIDE_GUARD, OPTION_BEFORE, OPTION_DAYS,
	OPTION_ROLE, OPTION_EXPIRES, OPTION_ACTOR, OPTION_ACTION, OPTION_FROM, OPTION_TO, OPTION_NOW, OPTION_MANUAL,
	OPTION_RUN, OPTION_TYPES,
	OPTIONS
};

#define OPTION(x) (UINT64_C(1) << OPTION_##x)
#define OPTIONS_GLOBAL (OPTION(SOCKET) | OPTION(JSON) | OPTION(NO_COLOR) | OPTION(HELP) | \
			OPTION(VERSION))
#define OPTIONS_HIDDEN OPTION(MANUAL)

#define OPTION_BIT(i) (UINT64_C(1) << (i))

struct option_info {
	const char *name;
	char letter;			/* 0: none */
	const char *value;		/* what it takes, in capitals; NULL: nothing */
	const char *help;
};

const struct option_info *option_info(enum option_id id);
/* The option an argument names, or -1; *ret_value is what follows '=' or a letter in it, else NULL. */
int option_find(const char *arg, const char **ret_value);

/* Headings of the help and the manual, in their order. */
enum command_group {
	GROUP_LOOK, GROUP_RUN, GROUP_START, GROUP_SCHEDULE, GROUP_PROBLEM, GROUP_CONFIG, GROUP_SYSTEM,
	GROUP_HELP, GROUPS
};

/* How a row is written stands at the head of commands.c. */
struct command {
	const char *name;
	enum command_group group;
	const char *words;		/* its arguments; NULL: none */
	uint64_t options;		/* besides the global ones */
	const char *choices;		/* what values of options can be; NULL: anything */
	const char *summary;		/* one line */
	const char *detail;		/* paragraphs, a line each; NULL: none */
	const char *example;		/* command lines; NULL: none */
	/* Returns the exit status, or -1 with *err filled. */
	int (*run)(struct ctl *ctl, struct ferry_error *err);
};

/* A row of a table that ends with name == NULL; NULL when there is none. */
const struct command *command_find(const struct command *commands, const char *name);
/* That there is no such command, and which one may have been meant. */
int command_unknown(const struct command *commands, const char *name, struct ferry_error *err);

/* The i-th argument in its brackets, if any, as it stands in the row; NULL: there is none. */
const char *command_word(const struct command *command, size_t i, size_t *ret_len);
/* What a value of this kind can be with this command: words between blanks; NULL: anything. */
const char *command_choices(const struct command *command, const char *kind, size_t *ret_len);
/* Each word of a text in turn, from *at; false when there is no more. */
bool next_word(const char **at, const char *end, char separator, const char **ret, size_t *ret_len);

struct args {
	const struct command *command;	/* NULL: none was given */
	const char *value[OPTIONS];	/* NULL: not given; "" for options that take nothing */
	const char *word[3];
	size_t n_words;
};

/*
 * Fill *ret, which borrows argv. On USAGE errors what was understood before is in *ret (so that
 * --json holds for the error too). With --help the arguments are not checked.
 */
int args_parse(const struct command *commands, int argc, char *const *argv, struct args *ret,
	       struct ferry_error *err);

static inline bool args_has(const struct args *args, enum option_id id)
{
	return args->value[id] != NULL;
}
/* An option's number between least and most; fallback when it was not given. */
int args_number(const struct args *args, enum option_id id, int64_t least, int64_t most,
		int64_t fallback, int64_t *ret, struct ferry_error *err);

#endif
