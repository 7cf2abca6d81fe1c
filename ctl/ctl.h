/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl.h - what every command of ferryctl works with.
 *
 * A command adds to ctl->out; the main writes it out when the command has returned, and commands
 * that go on for long call ctl_flush in between.
 */
#ifndef FERRY_CTL_CTL_H
#define FERRY_CTL_CTL_H

#include "args.h"
#include "client.h"
#include "style.h"

/* Exit statuses besides those of error codes; what each means stands in exit_statuses. */
enum { EXIT_FINE = 0, EXIT_RUN_FAILED = 1, EXIT_PARTLY = 2 };

struct exit_status {
	int status;
	const char *text;
};

/* The tables of commands.c; those of commands and statuses end with a row of NULL. */
extern const struct command ferryctl_commands[];
extern const char *const command_groups[GROUPS];
extern const struct exit_status exit_statuses[];

struct ctl {
	struct screen screen;
	const struct command *commands;
	struct args args;
	const char *socket;
	struct client *client;		/* NULL until ctl_client */
	bool json;
	bool hurry;			/* the daemon has a second to answer */
	struct buf out;
};

/* The client, made on first use. */
int ctl_client(struct ctl *ctl, struct client **ret, struct ferry_error *err);
/* GET a path, which is released. */
int ctl_get(struct ctl *ctl, struct buf *path, struct answer *ret, struct ferry_error *err);
int ctl_post(struct ctl *ctl, struct buf *path, const char *body, struct answer *ret,
	     struct ferry_error *err);
/* The answer as it came, with a line end; for a terminal spread over lines, and harmless. */
void ctl_json(struct ctl *ctl, const struct answer *answer);
void ctl_json_text(struct ctl *ctl, const char *json, size_t len);
/* Write ctl->out to standard output; ends the program when nobody reads it any more. */
int ctl_flush(struct ctl *ctl, struct ferry_error *err);
/* The number of the run that argument i names: a number, "last", "last:SYNC". */
int ctl_run_id(struct ctl *ctl, size_t i, int64_t *ret, struct ferry_error *err);
/* Whether a run is over. */
int ctl_run_ended(struct ctl *ctl, int64_t id, bool *ret, struct ferry_error *err);
/* The number that argument i is; USAGE when it is none. what: "problem". */
int ctl_number(struct ctl *ctl, size_t i, const char *what, int64_t *ret, struct ferry_error *err);
/* "page 2 of 7, 134 in all; next: --page 3" when the answer is one page of several. */
void ctl_paging(struct ctl *ctl, json_node *answer);
/* An option whose value is a query parameter; a list of them ends with name == NULL. */
struct ctl_filter {
	const char *name;
	enum option_id option;
};
void ctl_filters(struct ctl *ctl, const struct ctl_filter *filters, struct buf *path);
/* path?...&page=N&per_page=N from --page and --limit */
int ctl_page_query(struct ctl *ctl, int64_t per_page, struct buf *path, struct ferry_error *err);

/* ---- shorthand for adding to ctl->out */

void say(struct ctl *ctl, enum style style, const char *text);
void sayf(struct ctl *ctl, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void say_line(struct ctl *ctl);
/* A heading of a block, on a line of its own after an empty one. */
void say_heading(struct ctl *ctl, const char *text);
/* {"code", "message", "hint"} of an answer, below what it is about. */
void say_error(struct ctl *ctl, json_node *error);
/* A command to go on with and what for, on a line. */
void say_command(struct ctl *ctl, const char *command, const char *why);
/* Text cut to what is left of the line when `used` columns are taken; then a line end. */
void say_rest(struct ctl *ctl, enum style style, int used, const char *text);

/* ---- the commands: their exit status, or -1 with *err filled */

int cmd_status(struct ctl *ctl, struct ferry_error *err);
int cmd_syncs(struct ctl *ctl, struct ferry_error *err);
int cmd_runs(struct ctl *ctl, struct ferry_error *err);
int cmd_health(struct ctl *ctl, struct ferry_error *err);
int cmd_trends(struct ctl *ctl, struct ferry_error *err);
int cmd_top(struct ctl *ctl, struct ferry_error *err);
int cmd_run(struct ctl *ctl, struct ferry_error *err);
int cmd_promote(struct ctl *ctl, struct ferry_error *err);
int cmd_retry(struct ctl *ctl, struct ferry_error *err);
int cmd_cancel(struct ctl *ctl, struct ferry_error *err);
int cmd_show(struct ctl *ctl, struct ferry_error *err);
int cmd_logs(struct ctl *ctl, struct ferry_error *err);
int cmd_errors(struct ctl *ctl, struct ferry_error *err);
int cmd_plan(struct ctl *ctl, struct ferry_error *err);
int cmd_records(struct ctl *ctl, struct ferry_error *err);
int cmd_problems(struct ctl *ctl, struct ferry_error *err);
int cmd_resolve(struct ctl *ctl, struct ferry_error *err);
int cmd_history(struct ctl *ctl, struct ferry_error *err);
int cmd_pause(struct ctl *ctl, struct ferry_error *err);
int cmd_resume(struct ctl *ctl, struct ferry_error *err);
int cmd_pin(struct ctl *ctl, struct ferry_error *err);
int cmd_unpin(struct ctl *ctl, struct ferry_error *err);
int cmd_token(struct ctl *ctl, struct ferry_error *err);
int cmd_audit(struct ctl *ctl, struct ferry_error *err);
int cmd_backup(struct ctl *ctl, struct ferry_error *err);
int cmd_retention(struct ctl *ctl, struct ferry_error *err);
int cmd_check(struct ctl *ctl, struct ferry_error *err);
int cmd_reload(struct ctl *ctl, struct ferry_error *err);
int cmd_connectors(struct ctl *ctl, struct ferry_error *err);
int cmd_connections(struct ctl *ctl, struct ferry_error *err);
int cmd_test(struct ctl *ctl, struct ferry_error *err);
int cmd_notifications(struct ctl *ctl, struct ferry_error *err);
int cmd_notify_test(struct ctl *ctl, struct ferry_error *err);
int cmd_events(struct ctl *ctl, struct ferry_error *err);
int cmd_schema(struct ctl *ctl, struct ferry_error *err);
int cmd_doctor(struct ctl *ctl, struct ferry_error *err);
int cmd_explain(struct ctl *ctl, struct ferry_error *err);
int cmd_help(struct ctl *ctl, struct ferry_error *err);
/* What may stand in the place of the last of n words: a line each, a tab before what it is. Silent on errors. */
void complete_words(struct ctl *ctl, size_t n, char *const *words);
/* Copy a manual page's source from standard input, with what the tables know in the place of lines @...@. */
int manual_fill(struct ctl *ctl, struct ferry_error *err);
/* Without a command: how it stands, and how to go on. */
int cmd_welcome(struct ctl *ctl, struct ferry_error *err);
int cmd_version(struct ctl *ctl, struct ferry_error *err);

#endif
