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
	OPTION_SOCKET, OPTION_JSON, OPTION_NO_COLOR, OPTION_HELP,	/* of every command */
	OPTION_STATUS, OPTION_LIMIT, OPTION_PAGE, OPTION_PREVIEW, OPTION_VERIFY, OPTION_FULL,
	OPTION_WAIT, OPTION_SEGMENT, OPTION_FOLLOW, OPTION_DECISION, OPTION_KEY, OPTION_DIFF,
	OPTION_SYNC, OPTION_GROUP, OPTION_LINK, OPTION_CREATE, OPTION_IGNORE, OPTION_UNTIL, OPTION_RETRY,
	OPTION_REOPEN, OPTION_EXTRACT_ONLY, OPTION_OVERRIDE_GUARD, OPTION_BEFORE, OPTION_COMMANDS,
	OPTIONS
};

#define OPTION(x) (UINT64_C(1) << OPTION_##x)
#define OPTIONS_GLOBAL (OPTION(SOCKET) | OPTION(JSON) | OPTION(NO_COLOR) | OPTION(HELP))
#define OPTIONS_HIDDEN OPTION(COMMANDS)

struct option_info {
	const char *name;
	char letter;			/* 0: none */
	const char *value;		/* what it takes, in capitals; NULL: nothing */
	const char *help;
};

const struct option_info *option_info(enum option_id id);

struct command {
	const char *name;
	const char *words; /* its arguments: "RUN", "[SYNC]"; brackets: may be left out */
	uint64_t options;		/* besides the global ones */
	const char *summary;		/* one line */
	const char *detail;		/* further lines for 'help COMMAND'; may be NULL */
	/* Returns the exit status, or -1 with *err filled. */
	int (*run)(struct ctl *ctl, struct ferry_error *err);
};

/* A row of a table that ends with name == NULL; NULL when there is none. */
const struct command *command_find(const struct command *commands, const char *name);

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
