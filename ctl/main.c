/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - ferryctl, the daemon's command line client.
 *
 * The table below is the only list of commands: it drives the parser, the dispatch, the help and
 * the shells' completion.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

#define DEFAULT_SOCKET "/run/ferry/ferry.sock"

static const struct command commands[] = {
	{"status", "", 0, "the daemon: what it runs, since when, on which configuration",
		NULL, cmd_status},
	{"syncs", "", OPTION(LIMIT) | OPTION(PAGE), "each sync, its last run and its next",
		NULL, cmd_syncs},
	{"runs", "[SYNC]", OPTION(STATUS) | OPTION(LIMIT) | OPTION(PAGE), "runs, the newest first",
		"STATUS is queued, running, preview_ready, completed, failed or cancelled.",
		cmd_runs},
	{"run", "SYNC", OPTION(PREVIEW) | OPTION(VERIFY) | OPTION(FULL) | OPTION(EXTRACT_ONLY) |
		OPTION(LIMIT) | OPTION(WAIT),
		"start a run",
		"With --preview it stops when its plan is made: read it with 'ferryctl plan RUN',\n"
		"carry it out with 'ferryctl promote RUN'. With --extract-only it makes no plan either:\n"
		"'ferryctl records RUN' shows what the source gave. When such a run of the sync is queued\n"
		"already, the request joins it.", cmd_run},
	{"show", "RUN", 0, "a run at one glance: rows, segments, stages, reasons, errors",
		NULL, cmd_show},
	{"logs", "RUN", OPTION(SEGMENT) | OPTION(FOLLOW), "what a run said", NULL, cmd_logs},
	{"errors", "RUN", OPTION(LIMIT) | OPTION(PAGE), "the rows that failed, and why",
		NULL, cmd_errors},
	{"plan", "RUN", OPTION(DECISION) | OPTION(SEGMENT) | OPTION(KEY) | OPTION(DIFF) |
		OPTION(LIMIT) | OPTION(PAGE),
		"what a run decided for each record",
		"DECISION is create, update, delete, disable, skip or conflict.\n"
		"'ferryctl explain REASON' tells what a reason means.", cmd_plan},
	{"history", "SYNC KEY", OPTION(SEGMENT) | OPTION(LIMIT) | OPTION(BEFORE),
		"what runs decided for one record, the newest first",
		"KEY is the record's key as 'ferryctl plan' shows it. Only what is still kept is known.",
		cmd_history},
	{"records", "RUN", OPTION(SEGMENT) | OPTION(LIMIT) | OPTION(PAGE),
		"the records that a run with --extract-only has kept", NULL, cmd_records},
	{"problems", "[ID]", OPTION(SYNC) | OPTION(SEGMENT) | OPTION(GROUP) | OPTION(STATUS) |
		OPTION(LIMIT) | OPTION(PAGE),
		"records that wait for a person, or one of them",
		"STATUS is open (when nothing is said), ignored, resolved, cleared or all.", cmd_problems},
	{"resolve", "[ID]", OPTION(LINK) | OPTION(CREATE) | OPTION(IGNORE) | OPTION(UNTIL) | OPTION(RETRY) |
		OPTION(REOPEN) | OPTION(SYNC) | OPTION(SEGMENT) | OPTION(GROUP),
		"say what is to be done with a problem",
		"One of --link, --create, --ignore, --retry and --reopen; the next run of its sync does so.\n"
		"Without an ID all open problems of --sync are ignored or retried.", cmd_resolve},
	{"promote", "RUN", OPTION(OVERRIDE_GUARD) | OPTION(WAIT), "carry out the plan of a preview",
		"Refused when the definition or the snapshot has changed since. With --override-guard also\n"
		"the plan of a run that a guard has stopped.", cmd_promote},
	{"retry", "RUN", OPTION(WAIT), "run its sync again, on current data",
		"The old run stays as it is; the new one names it.", cmd_retry},
	{"cancel", "RUN", 0, "end a run after the batch under way",
		"What was acknowledged stays; the next run goes on from there.", cmd_cancel},
	{"pause", "SYNC", 0, "have its schedule start no more runs",
		"What is queued or under way goes on; 'ferryctl run SYNC' still starts one.", cmd_pause},
	{"resume", "SYNC", 0, "have its schedule start runs again",
		"What was missed is made up for by one run, unless the schedule has 'catch_up: false'.", cmd_resume},
	{"pin", "SYNC TIER HOURS", 0, "hold an adaptive schedule in a tier",
		"TIER is active, idle or dormant; HOURS is 1 to 336. Nothing is evaluated until then.", cmd_pin},
	{"unpin", "SYNC", 0, "let its runs decide on the tier again", NULL, cmd_unpin},
	{"check", "[DIR]", 0, "look for mistakes in a configuration folder",
		"Runs 'ferryd --check'. Needs no daemon. Exit status 1 when there are mistakes.",
		cmd_check},
	{"reload", "", 0, "have the daemon read its configuration again",
		"With any mistake in it the configuration before stays in force; the mistakes are\n"
		"printed and the exit status is 1.", cmd_reload},
	{"connectors", "[NAME]", 0, "connectors, or one connector's settings and fields",
		NULL, cmd_connectors},
	{"connections", "", OPTION(LIMIT) | OPTION(PAGE), "connections, and the syncs that use them",
		NULL, cmd_connections},
	{"test", "[CONNECTION]", 0, "see whether a connection works, or each of them",
		"Looks at address, credentials, version and permissions, and says what failed. Exit status 1\n"
		"when one does not work.", cmd_test},
	{"explain", "[CODE]", 0, "what an error code or reason code means",
		"Needs no daemon.", cmd_explain},
	{"help", "[COMMAND]", OPTION(COMMANDS), "explain a command", NULL, cmd_help},
	{"version", "", 0, "print the version", NULL, cmd_version},
	{0},
};

/* On standard error for people; as the API's error object on standard output with --json. */
static int report(struct ctl *ctl, const struct ferry_error *err)
{
	const char *refusal = client_refusal(ctl->client), *hint = ferry_error_hint(err);
	struct ferry_error ignored;
	struct screen screen;

	if (ctl->json) {
		struct buf own = BUF_INIT;
		jw_open(&own, NULL, '{');
		jw_open(&own, "error", '{');
		jw_text(&own, "code", ferry_code_info(err->code)->name);
		jw_text(&own, "message", err->msg);
		jw_text(&own, "hint", hint);
		jw_close(&own, '}');
		jw_close(&own, '}');
		buf_reset(&ctl->out);
		ctl_json_text(ctl, refusal ? refusal : own.s, refusal ? strlen(refusal) : own.len);
		buf_release(&own);
		(void)ctl_flush(ctl, &ignored);
		return ferry_code_info(err->code)->exit;
	}
	(void)ctl_flush(ctl, &ignored);
	screen_init(&screen, STDERR_FILENO, args_has(&ctl->args, OPTION_NO_COLOR));
	screen_add(&screen, &ctl->out, STYLE_BAD, "ferryctl: ");
	screen_add(&screen, &ctl->out, STYLE_PLAIN, ferry_code_info(err->code)->name);
	buf_adds(&ctl->out, ": ");
	screen_add(&screen, &ctl->out, STYLE_PLAIN, err->msg);
	buf_addc(&ctl->out, '\n');
	if (*hint) {
		screen_add(&screen, &ctl->out, STYLE_INFO, "hint: ");
		screen_add(&screen, &ctl->out, STYLE_PLAIN, hint);
		buf_addc(&ctl->out, '\n');
	}
	ssize_t n = write(STDERR_FILENO, buf_str(&ctl->out), ctl->out.len);
	(void)n;
	return ferry_code_info(err->code)->exit;
}

static int dispatch(struct ctl *ctl, int argc, char **argv, struct ferry_error *err)
{
	const char *env = getenv("FERRY_SOCKET");
	int rc = args_parse(commands, argc, argv, &ctl->args, err);

	ctl->json = args_has(&ctl->args, OPTION_JSON);
	screen_init(&ctl->screen, STDOUT_FILENO, args_has(&ctl->args, OPTION_NO_COLOR));
	ctl->socket = args_has(&ctl->args, OPTION_SOCKET) ? ctl->args.value[OPTION_SOCKET]
		: env && *env ? env : DEFAULT_SOCKET;
	if (rc)
		return -1;
	if (args_has(&ctl->args, OPTION_HELP))
		return cmd_help(ctl, err);
	if (!ctl->args.command) {
		ferry_fail(err, FERRY_E_USAGE, "no command was given");
		return ferry_hint(err, "'ferryctl help' lists the commands");
	}
	return ctl->args.command->run(ctl, err);
}

int main(int argc, char **argv)
{
	struct ctl ctl = {.commands = commands, .out = BUF_INIT};
	struct ferry_error err = {0};

	setlocale(LC_CTYPE, "");
	int rc = dispatch(&ctl, argc, argv, &err);
	if (rc >= 0 && ctl_flush(&ctl, &err))
		rc = -1;
	if (rc < 0)
		rc = report(&ctl, &err);
	client_free(ctl.client);
	buf_release(&ctl.out);
	return rc;
}
